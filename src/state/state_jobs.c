#include "state_jobs.h"
#include "state_internal.h"

static void row_read(const struct state_rows *rows, struct arena *arena, void *out)
{
    *(struct state_job *)out = (struct state_job){
        .name = state_get_text(rows, 0, arena),
        .next_ms = state_get_int(rows, 1),
        .last_ms = state_get_int(rows, 2),
        .took_ms = state_get_int(rows, 3),
        .good_ms = state_get_int(rows, 4),
        .failures = state_get_int(rows, 5),
        .runs = state_get_int(rows, 6),
        .why = state_get_text(rows, 7, arena),
        .note = state_get_text(rows, 8, arena),
    };
}

/* The program's own, one for each line of a table: nobody adds any. */
static const struct state_saved JOBS = {"jobs", "SELECT count(*) FROM jobs", INT64_MAX,
                                        sizeof(struct state_job), row_read};

bool state_jobs_list(struct state *state, struct arena *arena, struct state_job **out,
                     size_t *out_count, struct fail *fail)
{
    return state_saved_list(state, &JOBS,
                            "SELECT name, next_ms, last_ms, took_ms, good_ms, failures, runs, why,"
                            " note FROM jobs ORDER BY name",
                            NULL, 0, arena, out, out_count, fail);
}

/* At most so many bytes, cut between characters. */
static struct str cut(struct str text)
{
    size_t at = 0;
    while (at < text.len) {
        bool valid;
        size_t step = str_utf8_step(str_after(text, at), &valid);
        if (!valid || at + step > STATE_JOB_NOTE_BYTES_MAX) {
            break;
        }
        at += step;
    }
    return text.data == NULL ? text : str_of(text.data, at);
}

bool state_job_put(struct state *state, const struct state_job *job, struct fail *fail)
{
    struct state_link *link CLEANUP(state_link_done) = NULL;
    struct state_value values[] = {
        state_text(job->name),   state_int(job->next_ms),   state_int(job->last_ms),
        state_int(job->took_ms), state_int(job->good_ms),   state_int(job->failures),
        state_int(job->runs),    state_text(cut(job->why)), state_text(cut(job->note)),
    };
    return state_write(state, &link, fail) &&
           state_run(link,
                     "INSERT INTO jobs (name, next_ms, last_ms, took_ms, good_ms, failures, runs,"
                     " why, note) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)"
                     " ON CONFLICT (name) DO UPDATE SET next_ms = excluded.next_ms,"
                     " last_ms = excluded.last_ms, took_ms = excluded.took_ms,"
                     " good_ms = excluded.good_ms, failures = excluded.failures,"
                     " runs = excluded.runs, why = excluded.why, note = excluded.note",
                     values, ARRAY_LEN(values), fail) &&
           state_commit(&link, fail);
}
