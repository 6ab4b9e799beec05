/* The operations on the quarantine that change it, and its groups. */
#include "app_mend.h"

#include <stdio.h>

#define GROUPS_MAX 200
#define GROUPS_USUAL 50

/* ---- what is asked -------------------------------------------------------------------------------------- */

static bool input_ids(struct json_value input, struct arena *arena, struct app_mend_work *work,
                      struct fail *fail)
{
    struct json_value list, value;
    if (!json_member(input, STR("ids"), &list) || json_type_of(list) == JSON_NULL) {
        return true;
    }
    if (json_type_of(list) != JSON_ARRAY || json_count(list) == 0 ||
        json_count(list) > APP_MEND_ROWS_MAX) {
        return fail_input_at(fail, "/ids", "\"ids\" must be an array of 1 to %d ids, such as q17",
                             APP_MEND_ROWS_MAX);
    }
    uint64_t *ids = arena_array(arena, json_count(list), sizeof *ids, fail);
    if (ids == NULL) {
        return false;
    }
    for (struct json_iter it = json_iter_of(list); json_next(&it, NULL, &value);) {
        if (json_type_of(value) != JSON_STRING ||
            !app_quarantine_id_parse(json_string(value), &ids[work->id_count])) {
            char pointer[FAIL_POINTER_BYTES];
            snprintf(pointer, sizeof pointer, "/ids/%zu", work->id_count);
            return fail_input_at(fail, pointer, "an id is like q17");
        }
        work->id_count++;
    }
    work->ids = ids;
    return true;
}

static bool input_rows(struct json_value input, struct arena *arena, struct app_mend_work *work,
                       struct fail *fail)
{
    struct store_quarantine_filter *filter = &work->filter;
    struct str cursor;
    int64_t limit, examples;
    if (!input_ids(input, arena, work, fail) ||
        !app_input_str(input, "source", false, &filter->source, fail) ||
        !app_input_str(input, "reason", false, &filter->reason, fail) ||
        !app_input_str(input, "field", false, &filter->field, fail) ||
        !app_input_str(input, "cursor", false, &cursor, fail) ||
        !app_input_int(input, "limit", 1, APP_MEND_ROWS_MAX, APP_MEND_ROWS_MAX, &limit, fail) ||
        !app_input_bool(input, "dry_run", false, &work->dry_run, fail) ||
        !app_input_int(input, "examples", 0, APP_MEND_EXAMPLES_MAX, work->dry_run ? 5 : 0,
                       &examples, fail)) {
        return false;
    }
    bool filtered = filter->source.data != NULL || filter->reason.data != NULL;
    if (work->ids != NULL && (filtered || filter->field.data != NULL || cursor.data != NULL)) {
        return fail_input_at(fail, "/ids",
                             "either \"ids\", or \"source\", \"reason\" and \"field\"");
    }
    /* Everything that lies there is never meant by leaving things out. */
    if (work->ids == NULL && !filtered) {
        return fail_input_at(fail, "",
                             "which rows? Give \"ids\", or \"reason\", \"source\" or both");
    }
    if (cursor.data != NULL && !app_quarantine_id_parse(cursor, &filter->before_id)) {
        return fail_input_at(fail, "/cursor", "\"cursor\" must be one that an answer gave");
    }
    filter->limit = (size_t)limit;
    work->examples = (size_t)examples;
    return true;
}

static bool input_patch(struct json_value input, struct arena *arena, struct app_mend_fix *fix,
                        struct fail *fail)
{
    struct json_value patch;
    if (!json_member(input, STR("patch"), &patch) || json_type_of(patch) == JSON_NULL) {
        return true;
    }
    if (intake_patch_parse(patch, arena, &fix->patch, fail)) {
        return true;
    }
    if (fail->code == FAIL_INPUT) {
        char pointer[FAIL_POINTER_BYTES];
        snprintf(pointer, sizeof pointer, "/patch%.*s", FAIL_POINTER_BYTES - 8, fail->pointer);
        memcpy(fail->pointer, pointer, sizeof pointer);
    }
    return false;
}

static bool input_text(struct json_value input, struct app_mend_work *work, struct fail *fail)
{
    struct app_mend_fix *fix = &work->fix;
    if (!app_input_str(input, "text", false, &fix->text, fail)) {
        return false;
    }
    if (fix->text.data != NULL && (work->id_count != 1 || fix->patch.count > 0)) {
        return fail_input_at(fail, "/text",
                             "\"text\" stands for one record: with one id, and without a patch");
    }
    return fix->text.len <= APP_MEND_TEXT_BYTES_MAX ||
           fail_input_at(fail, "/text", "\"text\" has at most %zu bytes", APP_MEND_TEXT_BYTES_MAX);
}

/* The map itself; kept as text, for it is compiled with each record's columns. */
static bool input_map(struct json_value input, struct arena *arena, struct app_mend_fix *fix,
                      struct fail *fail)
{
    struct base_buf text CLEANUP(base_buf_done) = {.limit = STORE_WAY_BYTES_MAX};
    struct json_writer w = {.out = &text};
    struct json_value map;
    if (!json_member(input, STR("map"), &map) || json_type_of(map) == JSON_NULL) {
        return true;
    }
    if (json_type_of(map) != JSON_OBJECT) {
        return fail_input_at(fail, "/map", "\"map\" must be an import map, an object");
    }
    json_write_value(&w, map);
    if (!base_buf_ok(&text, fail)) {
        return false;
    }
    fix->map = str_copy(arena, base_buf_view(&text));
    return true;
}

/* ---- answers ------------------------------------------------------------------------------------------------ */

static const char *outcome(const struct app_mend_example *example)
{
    return example->stored      ? "stored"
           : example->duplicate ? "duplicate"
           : example->refused   ? "refused"
           : example->absent    ? "absent"
           : example->unfit     ? "unfit"
                                : "quarantined";
}

static void write_examples(struct json_writer *w, const struct app_mend_result *result)
{
    json_name_c(w, "examples");
    json_begin_array(w);
    for (size_t i = 0; i < result->example_count; i++) {
        const struct app_mend_example *example = &result->examples[i];
        char id[32];
        json_begin_object(w);
        json_name_c(w, "id");
        json_write_str(w, app_quarantine_id(example->id, id));
        app_write_text(w, "source", example->source);
        app_write_text(w, "before", example->before);
        app_write_text(w, "after", example->after);
        json_name_c(w, "verdict");
        json_write_c(w, outcome(example));
        app_write_text(w, "reason", example->reason);
        app_write_text(w, "field", example->field);
        json_end_object(w);
    }
    json_end_array(w);
}

static bool write_result(const struct app_mend_work *work, const struct app_mend_result *result,
                         struct base_buf *out, struct fail *fail)
{
    const struct {
        const char *name;
        uint64_t n;
    } counts[] = {
        {"rows", result->rows},           {"stored", result->stored},
        {"duplicate", result->duplicate}, {"quarantined", result->quarantined},
        {"refused", result->refused},     {"absent", result->absent},
        {"unfit", result->unfit},
    };
    struct json_writer w = {.out = out};
    char id[32];
    json_begin_object(&w);
    json_name_c(&w, "dry_run");
    json_write_bool(&w, work->dry_run);
    for (size_t i = 0; i < ARRAY_LEN(counts); i++) {
        json_name_c(&w, counts[i].name);
        json_write_uint(&w, counts[i].n);
    }
    app_write_text(&w, "cursor",
                   result->more ? app_quarantine_id(result->last_id, id) : (struct str){NULL, 0});
    write_examples(&w, result);
    json_end_object(&w);
    return base_buf_ok(out, fail);
}

/* ---- the operations --------------------------------------------------------------------------------------------- */

static bool audit(struct app *app, const struct app_caller *caller, const char *action,
                  const struct app_mend_work *work, const struct app_mend_result *result,
                  struct arena *arena, struct fail *fail)
{
    if (work->dry_run || result->rows == 0) {
        return true;
    }
    struct str detail =
        str_format(arena, "%llu rows: %llu stored, %llu duplicate, %llu refused, %llu stay",
                   (unsigned long long)result->rows, (unsigned long long)result->stored,
                   (unsigned long long)result->duplicate, (unsigned long long)result->refused,
                   (unsigned long long)result->quarantined);
    struct str object = work->filter.source.data != NULL ? work->filter.source : STR("");
    return access_audit(app->access, &caller->identity, action, object, detail, fail);
}

static bool run(struct app *app, const struct app_caller *caller, const char *action,
                const struct app_mend_work *work, struct arena *arena, struct base_buf *out,
                struct fail *fail)
{
    struct app_mend_result result;
    return app_mend(app, caller, work, arena, &result, fail) &&
           audit(app, caller, action, work, &result, arena, fail) &&
           write_result(work, &result, out, fail);
}

bool app_op_quarantine_fix(struct app *app, const struct app_caller *caller,
                           struct json_value input, struct arena *arena, struct base_buf *out,
                           struct fail *fail)
{
    static const char *const members[] = {"ids",     "source", "reason",   "field",
                                          "cursor",  "limit",  "patch",    "text",
                                          "dry_run", "map",    "examples", NULL};
    struct app_mend_work work = {.fix.verb = APP_MEND_FIX};
    if (!app_input_members(input, members, fail) || !input_rows(input, arena, &work, fail) ||
        !input_patch(input, arena, &work.fix, fail) || !input_text(input, &work, fail) ||
        !input_map(input, arena, &work.fix, fail)) {
        return false;
    }
    if (work.fix.patch.count == 0 && work.fix.text.data == NULL) {
        return fail_input_at(fail, "",
                             "a fix has a \"patch\" or a \"text\"; rows as they are are "
                             "taken by quarantine/replay");
    }
    return run(app, caller, "quarantine.fix", &work, arena, out, fail);
}

bool app_op_quarantine_replay(struct app *app, const struct app_caller *caller,
                              struct json_value input, struct arena *arena, struct base_buf *out,
                              struct fail *fail)
{
    static const char *const members[] = {"ids",   "source",  "reason", "field",    "cursor",
                                          "limit", "dry_run", "map",    "examples", NULL};
    struct app_mend_work work = {.fix.verb = APP_MEND_REPLAY};
    return app_input_members(input, members, fail) && input_rows(input, arena, &work, fail) &&
           input_map(input, arena, &work.fix, fail) &&
           run(app, caller, "quarantine.replay", &work, arena, out, fail);
}

bool app_op_quarantine_discard(struct app *app, const struct app_caller *caller,
                               struct json_value input, struct arena *arena, struct base_buf *out,
                               struct fail *fail)
{
    static const char *const members[] = {"ids",   "source",  "reason",   "field", "cursor",
                                          "limit", "dry_run", "examples", NULL};
    struct app_mend_work work = {.fix.verb = APP_MEND_DISCARD};
    return app_input_members(input, members, fail) && input_rows(input, arena, &work, fail) &&
           run(app, caller, "quarantine.discard", &work, arena, out, fail);
}

/* ---- groups -------------------------------------------------------------------------------------------------------- */

static bool write_suggestion(struct app_mend_reader *reader, uint64_t id, struct json_writer *w,
                             struct fail *fail)
{
    struct arena *arena CLEANUP(arena_free_at) = arena_new(NULL);
    struct store_quarantine_row row;
    struct app_mend_suggestion suggestion = {0};
    struct fail why = {0};
    if (!store_quarantine_get(reader->app->store, id, arena, &row, &why)) {
        *fail = why;
        if (why.code != FAIL_ABSENT) {
            return false;
        }
    } else if (!app_mend_suggest(reader, &row, arena, &suggestion, fail)) {
        return false;
    }
    json_name_c(w, "suggestion");
    if (suggestion.title.data == NULL) {
        json_write_null(w);
        return true;
    }
    json_begin_object(w);
    app_write_text(w, "title", suggestion.title);
    json_name_c(w, "patch");
    json_write_raw(w, suggestion.patch);
    json_end_object(w);
    return true;
}

bool app_op_quarantine_groups(struct app *app, const struct app_caller *caller,
                              struct json_value input, struct arena *arena, struct base_buf *out,
                              struct fail *fail)
{
    (void)caller;
    static const char *const members[] = {"limit", NULL};
    struct intake_decoder *decoder CLEANUP(intake_decoder_free_at) = intake_decoder_new();
    struct app_mend_reader reader = {.app = app, .decoder = decoder, .arena = arena};
    struct store_quarantine_group *groups;
    size_t count;
    uint64_t rest;
    int64_t limit;
    if (!app_input_members(input, members, fail) ||
        !app_input_int(input, "limit", 1, GROUPS_MAX, GROUPS_USUAL, &limit, fail) ||
        !store_quarantine_groups(app->store, arena, &groups, &count, &rest, fail)) {
        return false;
    }
    struct json_writer w = {.out = out};
    uint64_t total = rest;
    json_begin_object(&w);
    json_name_c(&w, "groups");
    json_begin_array(&w);
    for (size_t i = 0; i < count; i++) {
        const struct store_quarantine_group *group = &groups[i];
        char id[32];
        total += group->rows;
        if (i >= (size_t)limit) {
            rest += group->rows;
            continue;
        }
        json_begin_object(&w);
        app_write_text(&w, "source", group->source);
        app_write_text(&w, "reason", group->reason);
        app_write_text(&w, "field", group->field);
        json_name_c(&w, "rows");
        json_write_uint(&w, group->rows);
        app_write_text(&w, "newest", app_quarantine_id(group->id, id));
        if (!write_suggestion(&reader, group->id, &w, fail)) {
            return false;
        }
        json_end_object(&w);
    }
    json_end_array(&w);
    json_name_c(&w, "total");
    json_write_uint(&w, total);
    json_name_c(&w, "rest");
    json_write_uint(&w, rest);
    json_end_object(&w);
    return base_buf_ok(out, fail);
}
