/* What people save: segments, views, the organisation's settings. */
#include "app_internal.h"
#include "state_segments.h"
#include "state_settings.h"
#include "state_views.h"

#define DEFINITION_BYTES_MAX ((size_t)256 << 10)

/* A member that is any JSON, as text in the arena. */
static bool input_json(struct json_value input, const char *name, struct arena *arena,
                       struct str *out, struct fail *fail)
{
    struct json_value value;
    if (!json_member(input, str_from_c(name), &value)) {
        return fail_input_at(fail, "", "\"%s\" is missing", name);
    }
    struct base_buf text CLEANUP(base_buf_done) = {.limit = DEFINITION_BYTES_MAX};
    struct json_writer w = {.out = &text};
    json_write_value(&w, value);
    if (!base_buf_ok(&text, fail)) {
        return false;
    }
    *out = str_copy(arena, base_buf_view(&text));
    return true;
}

static bool done(struct base_buf *out, struct fail *fail)
{
    base_buf_c(out, "{}");
    return base_buf_ok(out, fail);
}

/* ---- segments ------------------------------------------------------------------------------------ */

static void write_segment(struct json_writer *w, const struct state_segment *segment)
{
    json_begin_object(w);
    json_name_c(w, "name");
    json_write_str(w, segment->name);
    json_name_c(w, "segment");
    json_write_raw(w, segment->definition);
    json_name_c(w, "owner");
    json_write_str(w, segment->owner);
    json_name_c(w, "updated");
    json_write_instant(w, segment->updated_ms);
    json_end_object(w);
}

bool app_op_segments(struct app *app, const struct app_caller *caller, struct json_value input,
                     struct arena *arena, struct base_buf *out, struct fail *fail)
{
    (void)caller;
    static const char *const members[] = {NULL};
    struct state_segment *segments;
    size_t count;
    if (!app_input_members(input, members, fail) ||
        !state_segments_list(app->state, arena, &segments, &count, fail)) {
        return false;
    }
    struct json_writer w = {.out = out};
    json_begin_object(&w);
    json_name_c(&w, "segments");
    json_begin_array(&w);
    for (size_t i = 0; i < count; i++) {
        write_segment(&w, &segments[i]);
    }
    json_end_array(&w);
    json_end_object(&w);
    return base_buf_ok(out, fail);
}

/* "there is no segment X; did you mean Y?" */
static bool absent_segment(struct app *app, struct str name, struct arena *arena, struct fail *fail)
{
    struct state_segment *segments;
    size_t count;
    if (!state_segments_list(app->state, arena, &segments, &count, fail)) {
        return false;
    }
    struct str nearest = {NULL, 0};
    for (size_t i = 0; i < count && nearest.data == NULL; i++) {
        if (str_nearest_of(name, &segments[i].name, 1) == 0) {
            nearest = segments[i].name;
        }
    }
    return fail_set(fail, FAIL_ABSENT, "there is no segment \"%.*s\"%s%.*s%s", STR_ARG(name),
                    nearest.data == NULL ? "" : "; did you mean \"", STR_ARG(nearest),
                    nearest.data == NULL ? "" : "\"?");
}

bool app_op_segment(struct app *app, const struct app_caller *caller, struct json_value input,
                    struct arena *arena, struct base_buf *out, struct fail *fail)
{
    (void)caller;
    static const char *const members[] = {"name", NULL};
    struct str name;
    struct state_segment segment;
    bool found;
    if (!app_input_members(input, members, fail) || !app_input_name(input, &name, fail) ||
        !state_segment_find(app->state, name, arena, &segment, &found, fail)) {
        return false;
    }
    if (!found) {
        return absent_segment(app, name, arena, fail);
    }
    struct json_writer w = {.out = out};
    write_segment(&w, &segment);
    return base_buf_ok(out, fail);
}

bool app_op_segment_save(struct app *app, const struct app_caller *caller, struct json_value input,
                         struct arena *arena, struct base_buf *out, struct fail *fail)
{
    static const char *const members[] = {"name", "segment", NULL};
    struct str name, definition;
    struct query_env env;
    if (!app_input_members(input, members, fail) || !app_input_name(input, &name, fail) ||
        !input_json(input, "segment", arena, &definition, fail) ||
        !app_query_env(app, &env, fail) || !query_check_segment(&env, definition, name, fail) ||
        !state_segment_put(app->state, name, definition, caller->identity.name, fail) ||
        !access_audit(app->access, &caller->identity, "segment.save", name, definition, fail)) {
        return false;
    }
    return done(out, fail);
}

bool app_op_segment_delete(struct app *app, const struct app_caller *caller,
                           struct json_value input, struct arena *arena, struct base_buf *out,
                           struct fail *fail)
{
    static const char *const members[] = {"name", NULL};
    struct str name;
    struct state_segment segment;
    bool found;
    if (!app_input_members(input, members, fail) || !app_input_name(input, &name, fail) ||
        !state_segment_find(app->state, name, arena, &segment, &found, fail)) {
        return false;
    }
    if (!found) {
        return absent_segment(app, name, arena, fail);
    }
    /* The trail keeps the definition: what was deleted can be saved again. */
    return state_segment_delete(app->state, name, fail) &&
           access_audit(app->access, &caller->identity, "segment.delete", name, segment.definition,
                        fail) &&
           done(out, fail);
}

/* ---- views --------------------------------------------------------------------------------------- */

static void write_view(struct json_writer *w, const struct state_view *view)
{
    json_begin_object(w);
    json_name_c(w, "id");
    json_write_int(w, view->id);
    json_name_c(w, "name");
    json_write_str(w, view->name);
    json_name_c(w, "page");
    json_write_str(w, view->page);
    json_name_c(w, "query");
    json_write_raw(w, view->query);
    json_name_c(w, "owner");
    json_write_str(w, view->owner);
    json_name_c(w, "updated");
    json_write_instant(w, view->updated_ms);
    json_name_c(w, "pinned");
    json_write_bool(w, view->pinned);
    json_end_object(w);
}

bool app_op_views(struct app *app, const struct app_caller *caller, struct json_value input,
                  struct arena *arena, struct base_buf *out, struct fail *fail)
{
    (void)caller;
    static const char *const members[] = {NULL};
    struct state_view *views;
    size_t count;
    if (!app_input_members(input, members, fail) ||
        !state_views_list(app->state, arena, &views, &count, fail)) {
        return false;
    }
    struct json_writer w = {.out = out};
    json_begin_object(&w);
    json_name_c(&w, "views");
    json_begin_array(&w);
    for (size_t i = 0; i < count; i++) {
        write_view(&w, &views[i]);
    }
    json_end_array(&w);
    json_end_object(&w);
    return base_buf_ok(out, fail);
}

static bool read_view(const struct app_caller *caller, struct json_value input, struct arena *arena,
                      struct state_view *out, struct fail *fail)
{
    *out = (struct state_view){.owner = caller->identity.name};
    struct json_value query;
    if (!app_input_name(input, &out->name, fail) ||
        !app_input_str(input, "page", true, &out->page, fail) ||
        !input_json(input, "query", arena, &out->query, fail) ||
        !app_input_bool(input, "pinned", false, &out->pinned, fail)) {
        return false;
    }
    if (!json_member(input, STR("query"), &query) || json_type_of(query) != JSON_OBJECT) {
        return fail_input_at(fail, "/query", "\"query\" must be an object");
    }
    if (out->page.len == 0 || out->page.len > APP_NAME_BYTES_MAX) {
        return fail_input_at(fail, "/page", "a page's name has 1 to %d bytes", APP_NAME_BYTES_MAX);
    }
    return true;
}

bool app_op_view_add(struct app *app, const struct app_caller *caller, struct json_value input,
                     struct arena *arena, struct base_buf *out, struct fail *fail)
{
    static const char *const members[] = {"name", "page", "query", "pinned", NULL};
    struct state_view view;
    int64_t id;
    if (!app_input_members(input, members, fail) || !read_view(caller, input, arena, &view, fail) ||
        !state_view_add(app->state, &view, &id, fail)) {
        return false;
    }
    base_buf_printf(out, "{\"id\":%lld}", (long long)id);
    return base_buf_ok(out, fail);
}

bool app_op_view_save(struct app *app, const struct app_caller *caller, struct json_value input,
                      struct arena *arena, struct base_buf *out, struct fail *fail)
{
    static const char *const members[] = {"id", "name", "page", "query", "pinned", NULL};
    struct state_view view;
    int64_t id;
    return app_input_members(input, members, fail) &&
           app_input_int(input, "id", 1, INT64_MAX, 0, &id, fail) &&
           read_view(caller, input, arena, &view, fail) &&
           (view.id = id, state_view_put(app->state, &view, fail)) && done(out, fail);
}

bool app_op_view_delete(struct app *app, const struct app_caller *caller, struct json_value input,
                        struct arena *arena, struct base_buf *out, struct fail *fail)
{
    (void)caller;
    (void)arena;
    static const char *const members[] = {"id", NULL};
    int64_t id;
    return app_input_members(input, members, fail) &&
           app_input_int(input, "id", 1, INT64_MAX, 0, &id, fail) &&
           state_view_delete(app->state, id, fail) && done(out, fail);
}

/* ---- settings -------------------------------------------------------------------------------------- */

#define ORGANISATION_OTHERWISE STR("Your organisation")

bool app_organisation_as_set(struct app *app, struct arena *arena, struct app_organisation *out,
                             struct fail *fail)
{
    return state_setting_get(app->state, STATE_SETTING_ORGANISATION, (struct str){0}, arena,
                             &out->name, fail) &&
           state_setting_get(app->state, STATE_SETTING_TIMEZONE, (struct str){0}, arena,
                             &out->timezone, fail);
}

static bool write_settings(struct app *app, struct arena *arena, struct base_buf *out,
                           struct fail *fail)
{
    struct str organisation, zone_text;
    if (!state_setting_get(app->state, STATE_SETTING_ORGANISATION, ORGANISATION_OTHERWISE, arena,
                           &organisation, fail) ||
        !state_setting_get(app->state, STATE_SETTING_TIMEZONE, STR("UTC"), arena, &zone_text,
                           fail)) {
        return false;
    }
    struct json_writer w = {.out = out};
    json_begin_object(&w);
    json_name_c(&w, "organisation");
    json_write_str(&w, organisation);
    json_name_c(&w, "timezone");
    json_write_str(&w, zone_text);
    json_end_object(&w);
    return base_buf_ok(out, fail);
}

bool app_op_settings(struct app *app, const struct app_caller *caller, struct json_value input,
                     struct arena *arena, struct base_buf *out, struct fail *fail)
{
    (void)caller;
    static const char *const members[] = {NULL};
    return app_input_members(input, members, fail) && write_settings(app, arena, out, fail);
}

bool app_op_settings_save(struct app *app, const struct app_caller *caller, struct json_value input,
                          struct arena *arena, struct base_buf *out, struct fail *fail)
{
    static const char *const members[] = {"organisation", "timezone", NULL};
    struct str organisation, zone_text;
    if (!app_input_members(input, members, fail) ||
        !app_input_str(input, "organisation", false, &organisation, fail) ||
        !app_input_str(input, "timezone", false, &zone_text, fail)) {
        return false;
    }
    struct state_setting settings[2];
    size_t count = 0;
    if (organisation.data != NULL) {
        organisation = str_trim(organisation);
        if (organisation.len == 0 || organisation.len > APP_NAME_BYTES_MAX) {
            return fail_input_at(fail, "/organisation", "a name has 1 to %d bytes",
                                 APP_NAME_BYTES_MAX);
        }
        settings[count++] = (struct state_setting){STATE_SETTING_ORGANISATION, organisation};
    }
    if (zone_text.data != NULL) {
        const struct zone *zone;
        struct fail unknown = {0};
        if (!zone_find(zone_text, &zone, &unknown)) {
            return fail_input_at(fail, "/timezone", "%s", unknown.message);
        }
        settings[count++] = (struct state_setting){STATE_SETTING_TIMEZONE, zone_text};
    }
    return state_settings_put(app->state, settings, count, fail) && app_count_days(app, fail) &&
           access_audit(app->access, &caller->identity, "settings.save", STR("organisation"),
                        (struct str){NULL, 0}, fail) &&
           write_settings(app, arena, out, fail);
}
