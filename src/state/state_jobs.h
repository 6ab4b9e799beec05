/* state_jobs.h — when each job runs next, and what became of it last.
 *
 * What: one row a job, written after every run, so that a restart neither forgets nor repeats a schedule.
 * Owner: rows are copied into the arena.   Threads: all safe.   Failure: as state_db.h.
 * Limits/cost: one read or one commit; STATE_JOB_NOTE_BYTES_MAX.   Units: *_ms UTC or of duration.
 * Example: state_job_put(state, &(struct state_job){.name = STR("feeds"), .next_ms = now_ms}, fail)
 * Not here: what jobs do and who runs them (app_jobs).
 */
#pragma once

#include "state_db.h"

#define STATE_JOB_NOTE_BYTES_MAX 1000

struct state_job {
    struct str name;
    int64_t next_ms;  /* due then */
    int64_t last_ms;  /* when the last run began; 0: never ran */
    int64_t took_ms;  /* of the last run */
    int64_t good_ms;  /* when the last good run began; 0: none yet */
    int64_t failures; /* in a row, up to now */
    int64_t runs;     /* ever */
    struct str why;   /* of the last run, where it failed; else missing */
    struct str note;  /* what the last good run did: "3 feeds, 12 new items"; or missing */
};
/* By name, byte order. */
bool state_jobs_list(struct state *state, struct arena *arena, struct state_job **out,
                     size_t *out_count, struct fail *fail) MUST_USE;
/* Adds or replaces. Long texts are cut. */
bool state_job_put(struct state *state, const struct state_job *job, struct fail *fail) MUST_USE;
