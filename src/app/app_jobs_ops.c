/* Jobs as people see them; and those that belong to no other subject. */
#include "app_internal.h"

void app_write_job(struct json_writer *w, const struct app_job_row *row)
{
    const struct state_job *last = &row->last;
    json_begin_object(w);
    json_name_c(w, "name");
    json_write_c(w, row->job->name);
    json_name_c(w, "summary");
    json_write_c(w, row->job->summary);
    json_name_c(w, "every_s");
    json_write_int(w, row->every_ms / 1000);
    json_name_c(w, "running");
    json_write_bool(w, row->running);
    json_name_c(w, "waiting");
    json_write_bool(w, row->requested);
    app_write_instant(w, "next", last->next_ms);
    app_write_instant(w, "last", last->runs == 0 ? STORE_NO_TIME : last->last_ms);
    app_write_instant(w, "last_good", last->good_ms == 0 ? STORE_NO_TIME : last->good_ms);
    json_name_c(w, "took_ms");
    json_write_int(w, last->took_ms);
    json_name_c(w, "ok");
    if (last->runs == 0) {
        json_write_null(w);
    } else {
        json_write_bool(w, last->failures == 0);
    }
    json_name_c(w, "runs");
    json_write_int(w, last->runs);
    json_name_c(w, "failures");
    json_write_int(w, last->failures);
    app_write_text(w, "why", last->why);
    app_write_text(w, "note", last->note);
    json_end_object(w);
}

bool app_jobs_read(struct app *app, struct arena *arena, struct app_job_row **out,
                   size_t *out_count, struct fail *fail)
{
    if (!app_jobs_list(app->jobs, arena, out, fail)) {
        return false;
    }
    *out_count = app_job_count;
    return true;
}

bool app_op_jobs(struct app *app, const struct app_caller *caller, struct json_value input,
                 struct arena *arena, struct base_buf *out, struct fail *fail)
{
    (void)caller;
    static const char *const members[] = {NULL};
    struct app_job_row *rows;
    if (!app_input_members(input, members, fail) || !app_jobs_list(app->jobs, arena, &rows, fail)) {
        return false;
    }
    struct json_writer w = {.out = out};
    json_begin_object(&w);
    json_name_c(&w, "jobs");
    json_begin_array(&w);
    for (size_t i = 0; i < app_job_count; i++) {
        app_write_job(&w, &rows[i]);
    }
    json_end_array(&w);
    json_end_object(&w);
    return base_buf_ok(out, fail);
}

bool app_op_job_run(struct app *app, const struct app_caller *caller, struct json_value input,
                    struct arena *arena, struct base_buf *out, struct fail *fail)
{
    (void)caller;
    static const char *const members[] = {"name", "wait", NULL};
    struct str name;
    bool wait;
    struct app_job_row *rows;
    if (!app_input_members(input, members, fail) ||
        !app_input_str(input, "name", true, &name, fail) ||
        !app_input_bool(input, "wait", true, &wait, fail)) {
        return false;
    }
    /* Without a server there is no thread that would do it later. */
    if (!(wait || app->control == NULL ? app_jobs_run(app->jobs, name, 0, fail)
                                       : app_jobs_request(app->jobs, name, fail)) ||
        !app_jobs_list(app->jobs, arena, &rows, fail)) {
        return false;
    }
    struct json_writer w = {.out = out};
    for (size_t i = 0; i < app_job_count; i++) {
        if (str_is(name, rows[i].job->name)) {
            app_write_job(&w, &rows[i]);
        }
    }
    return base_buf_ok(out, fail);
}

bool app_job_sign_ins(struct app_job_run *run, struct fail *fail)
{
    int64_t sessions, links;
    if (!access_sweep(run->app->access, &sessions, &links, fail)) {
        return false;
    }
    run->note = str_format(run->arena, "%lld sessions, %lld links removed", (long long)sessions,
                           (long long)links);
    return true;
}
