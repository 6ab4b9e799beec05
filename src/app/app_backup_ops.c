/* How the backups of a server stand: for the page that shows it, and for whoever looks after the machine. */
#include "app_backup.h"
#include "app_internal.h"

#define SHOWN_MAX 100    /* generations in an answer; the newest */
#define INTERVALS_LATE 2 /* after so many without a good one it is late */

const char *app_backup_state_name(enum app_backup_state state)
{
    static const char *const names[] = {
        [APP_BACKUP_OFF] = "off",   [APP_BACKUP_UNREADABLE] = "unreadable",
        [APP_BACKUP_LATE] = "late", [APP_BACKUP_FAILING] = "failing",
        [APP_BACKUP_NONE] = "none", [APP_BACKUP_GOOD] = "good",
    };
    return names[state];
}

static const struct app_job_row *row_of(const struct app_job_row *rows, size_t count,
                                        const char *name)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(rows[i].job->name, name) == 0) {
            return &rows[i];
        }
    }
    INVARIANT(false);
    return NULL;
}

/* `good_ms`: of the last good one; 0: there is none. */
static enum app_backup_state state_of(const struct app_job_row *row, int64_t good_ms,
                                      int64_t now_ms)
{
    if (good_ms > 0 && now_ms - good_ms > INTERVALS_LATE * row->every_ms) {
        return APP_BACKUP_LATE;
    }
    if (row->last.failures > 0) {
        return APP_BACKUP_FAILING;
    }
    return good_ms == 0 ? APP_BACKUP_NONE : APP_BACKUP_GOOD;
}

static void look_at_target(const char *target, struct arena *arena, struct app_backup_now *now)
{
    struct fail fail;
    if (!app_backup_list(target, arena, &now->generations, &now->count, &fail)) {
        now->count = 0;
        if (fail.code != FAIL_ABSENT) { /* else the first backup makes it */
            now->problem = str_copy(arena, str_from_c(fail.message));
        }
        return;
    }
    for (size_t i = now->count; i > 0 && now->newest == NULL; i--) {
        now->newest = now->generations[i - 1].damaged == NULL ? &now->generations[i - 1] : NULL;
    }
}

bool app_backup_glance(struct app *app, struct arena *arena, struct app_backup_now *out,
                       struct fail *fail)
{
    struct app_backup_now now = {.backups = APP_BACKUP_OFF, .tests = APP_BACKUP_OFF};
    struct app_job_row *rows;
    size_t count;
    if (!app_jobs_read(app, arena, &rows, &count, fail)) {
        return false;
    }
    now.backup_job = row_of(rows, count, "backups");
    now.test_job = row_of(rows, count, "restore-test");
    if (app->config.backup_directory.len > 0) {
        int64_t now_ms = base_now_ms(app->clock);
        now.backups = state_of(now.backup_job, now.backup_job->last.good_ms, now_ms);
        now.tests = now.test_job->every_ms == 0
                        ? APP_BACKUP_OFF
                        : state_of(now.test_job, now.test_job->last.good_ms, now_ms);
    }
    *out = now;
    return true;
}

bool app_backup_look(struct app *app, struct arena *arena, struct app_backup_now *out,
                     struct fail *fail)
{
    struct app_backup_now now;
    if (!app_backup_glance(app, arena, &now, fail)) {
        return false;
    }
    if (now.backups != APP_BACKUP_OFF) { /* what lies there counts, not what was done once */
        look_at_target(str_copy_c(arena, app->config.backup_directory), arena, &now);
        now.backups = now.problem.data != NULL
                          ? APP_BACKUP_UNREADABLE
                          : state_of(now.backup_job, now.newest == NULL ? 0 : now.newest->moment_ms,
                                     base_now_ms(app->clock));
    }
    *out = now;
    return true;
}

static void write_settings(struct json_writer *w, const struct app_config *config)
{
    const struct {
        const char *name;
        int64_t value;
    } settings[] = {
        {"backup_every_hours", config->backup_every_hours},
        {"backup_keep", config->backup_keep},
        {"restore_test_every_days", config->restore_test_every_days},
        {"restore_test_mb", config->restore_test_mb},
    };
    json_name_c(w, "settings");
    json_begin_object(w);
    for (size_t i = 0; i < ARRAY_LEN(settings); i++) {
        json_name_c(w, settings[i].name);
        json_write_int(w, settings[i].value);
    }
    json_end_object(w);
}

static void write_generations(struct json_writer *w, const struct app_backup_now *now)
{
    json_name_c(w, "total");
    json_write_uint(w, now->count);
    json_name_c(w, "generations");
    json_begin_array(w);
    for (size_t i = 0; i < now->count && i < SHOWN_MAX; i++) {
        app_write_generation(w, &now->generations[now->count - 1 - i]);
    }
    json_end_array(w);
}

bool app_op_backups(struct app *app, const struct app_caller *caller, struct json_value input,
                    struct arena *arena, struct base_buf *out, struct fail *fail)
{
    (void)caller;
    static const char *const members[] = {NULL};
    struct app_backup_now now;
    if (!app_input_members(input, members, fail) || !app_backup_look(app, arena, &now, fail)) {
        return false;
    }
    struct str directory = app->config.backup_directory;
    struct json_writer w = {.out = out};
    json_begin_object(&w);
    app_write_text(&w, "directory", directory.len == 0 ? (struct str){NULL, 0} : directory);
    app_write_text(&w, "data", str_from_c(app->data));
    app_write_text(&w, "state", str_from_c(app_backup_state_name(now.backups)));
    app_write_text(&w, "restore_test_state", str_from_c(app_backup_state_name(now.tests)));
    app_write_text(&w, "problem", now.problem);
    write_settings(&w, &app->config);
    json_name_c(&w, "backup");
    app_write_job(&w, now.backup_job);
    json_name_c(&w, "restore_test");
    app_write_job(&w, now.test_job);
    write_generations(&w, &now);
    json_end_object(&w);
    return base_buf_ok(out, fail);
}
