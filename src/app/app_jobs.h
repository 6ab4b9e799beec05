/* app_jobs.h — what the server does by itself, on a schedule.
 *
 * What: one table of named jobs (app_job_table); two threads of a serving process run those that are due, one after
 *   the other: one those that take moments, one those that may take hours (`slow`), so that a first backup keeps no
 *   feed waiting. When each runs next and how its last run ended lies in `state`, so that a restart neither
 *   forgets nor repeats. Intervals are jittered; a job that fails waits longer each time. A job may also be
 *   run at once, by whoever asks: it never runs twice at the same time.
 *   To add a job: a line in app_jobs_table.c, and its function beside its subject.
 * Owner: app_jobs_new, app_jobs_free; the table must stay.
 * Threads: every function from any thread, but new and free. A job's `run` is called without a lock held; it must
 *   ask `cancel` between steps.
 * Failure: a run that fails is noted with its reason (which must name no customer and no secret) and logged once;
 *   app_jobs_run: what the job said, FAIL_ABSENT, FAIL_BUSY where it is running already.
 * Limits/cost: APP_JOB_RUN_MS, APP_JOB_SLOW_RUN_MS for one run; a commit after each.   Units: *_ms.
 * Example: {"sign-ins", 3600000, app_job_sign_ins, "Removes sessions and links that have run out."},
 * Not here: what jobs do.
 */
#pragma once

#include "base_random.h"
#include "base_thread.h"
#include "state_jobs.h"

struct app;

#define APP_JOB_RUN_MS ((int64_t)10 * 60 * 1000) /* a run is cancelled after this */
#define APP_JOB_SLOW_RUN_MS ((int64_t)12 * 3600 * 1000)

struct app_job_run { /* what a run gets */
    struct app *app;
    struct base_cancel *cancel; /* the server stops, or the time is up */
    struct arena *arena;        /* freed after the run */
    struct str note; /* out: what was done, one line without customers' words; or missing */
};
struct app_job {
    const char *name;
    int64_t every_ms;
    bool (*run)(struct app_job_run *run, struct fail *fail);
    const char *summary; /* one sentence */
    /* Of a job whose interval is a setting: that; 0: it does not run by itself. NULL: every_ms. */
    int64_t (*interval)(const struct app *app);
    bool slow; /* may take hours: runs on the thread of such */
};
extern const struct app_job app_job_table[];
extern const size_t app_job_count;

struct app_jobs;
struct app_jobs_options {
    struct app *app; /* handed to the jobs, not touched here */
    struct state *state;
    const struct base_clock *clock;
    struct base_random *random; /* of the jitter; used under a lock */
    const struct app_job *table;
    size_t count;
};
bool app_jobs_new(const struct app_jobs_options *options, struct app_jobs **out,
                  struct fail *fail) MUST_USE;
/* Begins the scheduler's threads. */
bool app_jobs_start(struct app_jobs *jobs, struct fail *fail) MUST_USE;
/* Cancels runs, lets none begin any more, and waits for the threads. Accepts NULL; may be called twice. */
void app_jobs_stop(struct app_jobs *jobs);
/* Stops first. Accepts NULL. */
void app_jobs_free(struct app_jobs *jobs);

/* Runs what is due now of the slow, or of the others, one after the other; says when the next is. For the threads, and
   for tests. */
int64_t app_jobs_run_due(struct app_jobs *jobs, bool slow);
/* Runs one now, on this thread; waits for a run under way to end first, for at most `wait_ms`. */
bool app_jobs_run(struct app_jobs *jobs, struct str name, int64_t wait_ms,
                  struct fail *fail) MUST_USE;
/* Makes a job due now, and wakes its thread: for what was just added by hand. */
void app_jobs_hasten(struct app_jobs *jobs, const char *name);
/* The same of a name that somebody gave: FAIL_ABSENT where there is none, FAIL_BUSY where it runs or waits already. */
bool app_jobs_request(struct app_jobs *jobs, struct str name, struct fail *fail) MUST_USE;

struct app_job_row {
    const struct app_job *job;
    struct state_job last; /* next_ms of a job that never ran is when it will */
    int64_t every_ms;      /* 0: it does not run by itself, and has no next time */
    bool running;
    bool requested; /* it was asked for, and waits for its thread */
};
/* One for each job of the table, in its order. */
bool app_jobs_list(struct app_jobs *jobs, struct arena *arena, struct app_job_row **out,
                   struct fail *fail) MUST_USE;
