/* Dashboards: pages of saved views and texts under one filter. */
#include <stdio.h>

#include "app_internal.h"
#include "state_dashboards.h"

#define DEFINITION_BYTES_MAX ((size_t)256 << 10)
#define TILES_MAX 60
#define TEXT_BYTES_MAX 4000

/* ---- checking ---------------------------------------------------------------------------------------- */

/* A fault found in a part of the input, at its place in the whole. */
static bool within(const char *place, struct fail *fail)
{
    char pointer[FAIL_POINTER_BYTES];
    snprintf(pointer, sizeof pointer, "%s%s", place, fail->pointer);
    snprintf(fail->pointer, sizeof fail->pointer, "%s", pointer);
    return false;
}

static bool one_of(struct json_value input, const char *name, const char *const *words,
                   const char *expected, struct fail *fail)
{
    struct str text;
    if (!app_input_str(input, name, false, &text, fail)) {
        return false;
    }
    for (size_t i = 0; text.data != NULL && words[i] != NULL; i++) {
        if (str_is(text, words[i])) {
            return true;
        }
    }
    char pointer[FAIL_POINTER_BYTES];
    snprintf(pointer, sizeof pointer, "/%s", name);
    return text.data == NULL || fail_input_at(fail, pointer, "\"%s\" must be %s", name, expected);
}

static bool check_tile(struct json_value tile, struct fail *fail)
{
    static const char *const members[] = {"view", "text", "width", NULL};
    static const char *const widths[] = {"half", "full", NULL};
    struct json_value view;
    struct str text;
    int64_t id;
    if (json_type_of(tile) != JSON_OBJECT) {
        return fail_input_at(fail, "", "a tile must be an object");
    }
    if (!app_input_members(tile, members, fail) ||
        !one_of(tile, "width", widths, "half or full", fail) ||
        !app_input_str(tile, "text", false, &text, fail) ||
        !app_input_int(tile, "view", 1, INT64_MAX, 0, &id, fail)) {
        return false;
    }
    if (json_member(tile, STR("view"), &view) == (text.data != NULL)) {
        return fail_input_at(fail, "", "a tile has either a \"view\" or a \"text\"");
    }
    if (text.data == NULL && id == 0) {
        return fail_input_at(fail, "/view", "\"view\" must be the number of a saved view");
    }
    if (text.data != NULL && (text.len == 0 || text.len > TEXT_BYTES_MAX)) {
        return fail_input_at(fail, "/text", "a text has 1 to %d bytes", TEXT_BYTES_MAX);
    }
    return true;
}

static bool check_tiles(struct json_value input, struct fail *fail)
{
    struct json_value tiles, tile;
    struct str name;
    size_t at = 0;
    if (!json_member(input, STR("tiles"), &tiles)) {
        return fail_input_at(fail, "", "\"tiles\" is missing");
    }
    if (json_type_of(tiles) != JSON_ARRAY || json_count(tiles) > TILES_MAX) {
        return fail_input_at(fail, "/tiles", "\"tiles\" must be an array of at most %d", TILES_MAX);
    }
    for (struct json_iter it = json_iter_of(tiles); json_next(&it, &name, &tile); at++) {
        if (!check_tile(tile, fail)) {
            char place[FAIL_POINTER_BYTES];
            snprintf(place, sizeof place, "/tiles/%zu", at);
            return within(place, fail);
        }
    }
    return true;
}

/* What a question says of range and segment is judged when it is asked; here only their shape is. */
static bool check_filters(struct json_value input, struct fail *fail)
{
    static const char *const compares[] = {"previous", "year", "weekday", NULL};
    static const char *const either[] = {"range", "segment"};
    for (size_t i = 0; i < ARRAY_LEN(either); i++) {
        struct json_value value;
        enum json_type type = JSON_NULL;
        if (json_member(input, str_from_c(either[i]), &value)) {
            type = json_type_of(value);
        }
        if (type != JSON_NULL && type != JSON_STRING && type != JSON_OBJECT) {
            char pointer[FAIL_POINTER_BYTES];
            snprintf(pointer, sizeof pointer, "/%s", either[i]);
            return fail_input_at(fail, pointer, "\"%s\" must be a string or an object", either[i]);
        }
    }
    return one_of(input, "compare", compares, "previous, year or weekday", fail);
}

/* ---- reading and writing ------------------------------------------------------------------------------ */

static bool read_definition(struct json_value input, struct arena *arena, struct str *out,
                            struct fail *fail)
{
    static const char *const members[] = {"tiles", "range", "compare", "segment", NULL};
    struct base_buf text CLEANUP(base_buf_done) = {.limit = DEFINITION_BYTES_MAX};
    struct json_writer w = {.out = &text};
    struct json_value definition;
    if (!json_member(input, STR("definition"), &definition) ||
        json_type_of(definition) != JSON_OBJECT) {
        return fail_input_at(fail, "/definition", "\"definition\" must be an object");
    }
    if (!app_input_members(definition, members, fail) || !check_tiles(definition, fail) ||
        !check_filters(definition, fail)) {
        return within("/definition", fail);
    }
    json_write_value(&w, definition);
    if (!base_buf_ok(&text, fail)) {
        return false;
    }
    *out = str_copy(arena, base_buf_view(&text));
    return true;
}

static bool read_dashboard(const struct app_caller *caller, struct json_value input,
                           struct arena *arena, struct state_dashboard *out, struct fail *fail)
{
    *out = (struct state_dashboard){.owner = caller->identity.name};
    return app_input_name(input, &out->name, fail) &&
           app_input_bool(input, "pinned", false, &out->pinned, fail) &&
           read_definition(input, arena, &out->definition, fail);
}

static void write_dashboard(struct json_writer *w, const struct state_dashboard *dashboard)
{
    json_begin_object(w);
    json_name_c(w, "id");
    json_write_int(w, dashboard->id);
    json_name_c(w, "name");
    json_write_str(w, dashboard->name);
    json_name_c(w, "owner");
    json_write_str(w, dashboard->owner);
    json_name_c(w, "updated");
    json_write_instant(w, dashboard->updated_ms);
    json_name_c(w, "pinned");
    json_write_bool(w, dashboard->pinned);
    if (dashboard->definition.data != NULL) {
        json_name_c(w, "definition");
        json_write_raw(w, dashboard->definition);
    }
    json_end_object(w);
}

static bool answer_dashboard(struct app *app, int64_t id, struct arena *arena, struct base_buf *out,
                             struct fail *fail)
{
    struct state_dashboard dashboard;
    if (!state_dashboard_find(app->state, id, arena, &dashboard, fail)) {
        return false;
    }
    struct json_writer w = {.out = out};
    write_dashboard(&w, &dashboard);
    return base_buf_ok(out, fail);
}

/* ---- operations ------------------------------------------------------------------------------------------ */

bool app_op_dashboards(struct app *app, const struct app_caller *caller, struct json_value input,
                       struct arena *arena, struct base_buf *out, struct fail *fail)
{
    (void)caller;
    static const char *const members[] = {NULL};
    struct state_dashboard *list;
    size_t count;
    if (!app_input_members(input, members, fail) ||
        !state_dashboards_list(app->state, arena, &list, &count, fail)) {
        return false;
    }
    struct json_writer w = {.out = out};
    json_begin_object(&w);
    json_name_c(&w, "dashboards");
    json_begin_array(&w);
    for (size_t i = 0; i < count; i++) {
        write_dashboard(&w, &list[i]);
    }
    json_end_array(&w);
    json_end_object(&w);
    return base_buf_ok(out, fail);
}

static bool only_id(struct json_value input, int64_t *out, struct fail *fail)
{
    static const char *const members[] = {"id", NULL};
    return app_input_members(input, members, fail) &&
           app_input_int(input, "id", 1, INT64_MAX, 0, out, fail);
}

bool app_op_dashboard(struct app *app, const struct app_caller *caller, struct json_value input,
                      struct arena *arena, struct base_buf *out, struct fail *fail)
{
    (void)caller;
    int64_t id;
    return only_id(input, &id, fail) && answer_dashboard(app, id, arena, out, fail);
}

bool app_op_dashboard_add(struct app *app, const struct app_caller *caller, struct json_value input,
                          struct arena *arena, struct base_buf *out, struct fail *fail)
{
    static const char *const members[] = {"name", "definition", "pinned", NULL};
    struct state_dashboard dashboard;
    int64_t id;
    return app_input_members(input, members, fail) &&
           read_dashboard(caller, input, arena, &dashboard, fail) &&
           state_dashboard_add(app->state, &dashboard, &id, fail) &&
           answer_dashboard(app, id, arena, out, fail);
}

bool app_op_dashboard_save(struct app *app, const struct app_caller *caller,
                           struct json_value input, struct arena *arena, struct base_buf *out,
                           struct fail *fail)
{
    static const char *const members[] = {"id", "name", "definition", "pinned", NULL};
    struct state_dashboard dashboard;
    int64_t id;
    return app_input_members(input, members, fail) &&
           app_input_int(input, "id", 1, INT64_MAX, 0, &id, fail) &&
           read_dashboard(caller, input, arena, &dashboard, fail) &&
           (dashboard.id = id, state_dashboard_put(app->state, &dashboard, fail)) &&
           answer_dashboard(app, id, arena, out, fail);
}

bool app_op_dashboard_delete(struct app *app, const struct app_caller *caller,
                             struct json_value input, struct arena *arena, struct base_buf *out,
                             struct fail *fail)
{
    struct state_dashboard dashboard;
    int64_t id;
    if (!only_id(input, &id, fail) ||
        !state_dashboard_find(app->state, id, arena, &dashboard, fail)) {
        return false;
    }
    /* The trail keeps the definition: what was deleted can be made again. */
    if (!state_dashboard_delete(app->state, id, fail) ||
        !access_audit(app->access, &caller->identity, "dashboard.delete", dashboard.name,
                      dashboard.definition, fail)) {
        return false;
    }
    base_buf_c(out, "{}");
    return base_buf_ok(out, fail);
}
