/* Is the file whole, of this program, and laid out as its version says? */
#include <stdio.h>
#include <sys/stat.h>

#include "base_buf.h"
#include "state_internal.h"

#define FILE_NAME "state.db"
#define WHAT_BYTES 300

struct report {
    void (*problem)(void *context, const char *what);
    void *context;
    uint64_t problems;
    bool none; /* no step of the schema was made yet */
};

static void say(struct report *report, const char *what)
{
    report->problems++;
    report->problem(report->context, what);
}

/* Each row of `sql` is something wrong, but for one that says `fine`. */
static bool each_row(struct state_link *link, const char *sql, const char *fine,
                     struct report *report, struct fail *fail)
{
    struct arena *arena CLEANUP(arena_free_at) = arena_new(NULL);
    struct state_rows *rows CLEANUP(state_rows_done) = NULL;
    bool row = true;
    if (!state_select(link, sql, NULL, 0, &rows, fail)) {
        return false;
    }
    for (;;) {
        if (!state_next(rows, &row, fail)) {
            return false;
        }
        if (!row) {
            return true;
        }
        struct str what = state_get_text(rows, 0, arena);
        if (fine == NULL || !str_is(what, fine)) {
            say(report, str_copy_c(arena, what));
        }
    }
}

/* ---- the layout ------------------------------------------------------------------------------------------- */

/* Tables and indices, each with the text that made it. */
static bool layout_read(struct state_link *link, struct arena *arena, struct str *out,
                        struct fail *fail)
{
    struct state_rows *rows CLEANUP(state_rows_done) = NULL;
    struct base_buf text CLEANUP(base_buf_done) = {.limit = (size_t)1 << 20};
    bool row = true;
    if (!state_select(link,
                      "SELECT type, name, coalesce(sql, '') FROM sqlite_schema"
                      " WHERE name NOT LIKE 'sqlite_stat%' ORDER BY type, name",
                      NULL, 0, &rows, fail)) {
        return false;
    }
    for (;;) {
        if (!state_next(rows, &row, fail)) {
            return false;
        }
        if (!row) {
            break;
        }
        for (int i = 0; i < 3; i++) {
            base_buf_str(&text, state_get_text(rows, i, arena));
            base_buf_byte(&text, i == 2 ? '\n' : ' ');
        }
    }
    if (!base_buf_ok(&text, fail)) {
        return false;
    }
    *out = str_copy(arena, base_buf_view(&text));
    return true;
}

static bool expected_layout(int version, struct arena *arena, struct str *out, struct fail *fail)
{
    const struct state_schema schema = {state_schema.steps, version};
    struct state *memory = NULL;
    struct state_link *link = NULL;
    if (!state_open_memory(&schema, &memory, fail)) {
        return false;
    }
    bool ok = state_write(memory, &link, fail) && layout_read(link, arena, out, fail);
    state_link_done(&link);
    state_close(memory);
    return ok;
}

static bool check_layout(struct state_link *link, int version, struct report *report,
                         struct fail *fail)
{
    struct arena *arena CLEANUP(arena_free_at) = arena_new(NULL);
    struct str is, should;
    if (!layout_read(link, arena, &is, fail) || !expected_layout(version, arena, &should, fail)) {
        return false;
    }
    if (!str_equal(is, should)) {
        say(report, "its tables are not those that its version has");
    }
    return true;
}

/* ---- what no rule of the schema says -------------------------------------------------------------------------- */

/* None of them names a customer. */
static const char *const INVARIANTS[] = {
    "SELECT 'survey ' || id || ' has no version ' || version FROM surveys s WHERE version > 0"
    " AND NOT EXISTS (SELECT 1 FROM survey_versions v"
    "                 WHERE v.survey = s.id AND v.version = s.version)",
    "SELECT 'a response to ' || survey || ' is to a version that is not there'"
    " FROM survey_responses r WHERE NOT EXISTS (SELECT 1 FROM survey_versions v"
    "                                           WHERE v.survey = r.survey AND v.version = "
    "r.version)",
    "SELECT 'a part of a response is beyond those that it has' FROM survey_parts p"
    " JOIN survey_responses r ON r.id = p.response WHERE p.part > r.parts",
    "SELECT 'line ' || (id - 1) || ' of the audit trail is missing' FROM audit a WHERE id > 1"
    " AND NOT EXISTS (SELECT 1 FROM audit b WHERE b.id = a.id - 1)",
    "SELECT 'the log of jobs has a run of ' || name || ' that is none' FROM jobs"
    " WHERE runs < 0 OR failures < 0 OR failures > runs OR good_ms > last_ms",
};

static bool pragma_number(struct state_link *link, const char *sql, int *out, struct fail *fail)
{
    int64_t number;
    if (!state_count(link, sql, &number, fail)) {
        return false;
    }
    *out = (int)number;
    return true;
}

static bool check_head(struct state_link *link, int *out_version, struct report *report,
                       struct fail *fail)
{
    char what[WHAT_BYTES];
    int id;
    if (!pragma_number(link, "PRAGMA user_version", out_version, fail) ||
        !pragma_number(link, "PRAGMA application_id", &id, fail)) {
        return false;
    }
    if (*out_version > state_schema.version) {
        snprintf(what, sizeof what,
                 "it was written by a newer version of firsthand (%d, this one knows %d)",
                 *out_version, state_schema.version);
        say(report, what);
    } else if (id != STATE_APPLICATION_ID && (id != 0 || *out_version == state_schema.version)) {
        say(report, "its head is not that of a file of firsthand");
    }
    return true;
}

static bool check_all(struct state_link *link, struct report *report, struct fail *fail)
{
    int version;
    if (!each_row(link, "PRAGMA integrity_check", "ok", report, fail) ||
        !each_row(
            link,
            "SELECT 'a row of ' || \"table\" || ' refers to nothing' FROM pragma_foreign_key_check",
            NULL, report, fail) ||
        !check_head(link, &version, report, fail)) {
        return false;
    }
    report->none = version < 1;
    if (report->none || version > state_schema.version) {
        return true;
    }
    if (!check_layout(link, version, report, fail)) {
        return false;
    }
    for (size_t i = 0; version == state_schema.version && i < ARRAY_LEN(INVARIANTS); i++) {
        if (!each_row(link, INVARIANTS[i], NULL, report, fail)) {
            return false;
        }
    }
    return true;
}

/* What cannot be read because of damage is a problem, not a failure. */
static bool check_as_far(struct state_link *link, struct report *report, struct fail *fail)
{
    struct fail damage = {0};
    uint64_t before = report->problems;
    if (check_all(link, report, &damage)) {
        return true;
    }
    /* Tables that are not as they should be make questions wrong. */
    if (damage.code == FAIL_CORRUPT || report->problems > before) {
        say(report, damage.message);
        return true;
    }
    *fail = damage;
    return false;
}

bool state_verify(struct state *state, void (*problem)(void *context, const char *what),
                  void *context, struct fail *fail)
{
    struct state_link *link CLEANUP(state_link_done) = NULL;
    struct report report = {problem, context, 0, false};
    return state_read(state, &link, fail) && check_as_far(link, &report, fail);
}

static bool path_status(const char *directory, struct stat *out)
{
    struct arena *arena CLEANUP(arena_free_at) = arena_new(NULL);
    return stat(str_format(arena, "%s/" FILE_NAME, directory).data, out) == 0;
}

bool state_is_there(const char *directory)
{
    struct stat status;
    return path_status(directory, &status);
}

bool state_verify_file(const char *directory, void (*problem)(void *context, const char *what),
                       void *context, struct state_verify_result *out, struct fail *fail)
{
    struct report report = {problem, context, 0, false};
    struct state *state = NULL;
    struct state_link *link = NULL;
    struct stat status;
    struct fail damage = {0};
    *out = (struct state_verify_result){0};
    if (!path_status(directory, &status)) {
        out->none = true;
        return true;
    }
    bool ok = state_open_to_look(directory, &state, &damage) && state_read(state, &link, &damage);
    ok = ok && check_as_far(link, &report, &damage);
    state_link_done(&link);
    state_close(state);
    if (!ok && damage.code == FAIL_CORRUPT) {
        say(&report, damage.message);
        ok = true;
    }
    if (!ok) {
        *fail = damage;
        return false;
    }
    out->bytes = (uint64_t)status.st_size;
    out->problems = report.problems;
    out->none = report.none;
    return true;
}
