#include "app_export.h"

#include <stdio.h>

#include "app_internal.h"
#include "base_time.h"
#include "export.h"

struct app_export {
    struct app *app;
    struct arena *arena;
    struct base_budget *budget;
    struct base_cancel cancel;
    struct export_stream *stream;
    enum export_format format;
    bool counted; /* among the exports that run */
};

/* ---- what is asked for ---------------------------------------------------------------------------------- */

/* "event": a name or several, as codes of the snapshot. Names never seen match nothing. */
static bool find_events(struct json_value input, const struct store_snapshot *snapshot,
                        struct arena *arena, struct store_walk_options *out, struct fail *fail)
{
    struct json_value value, element;
    if (!json_member(input, STR("event"), &value) || json_type_of(value) == JSON_NULL) {
        return true;
    }
    bool list = json_type_of(value) == JSON_ARRAY;
    size_t count = list ? json_count(value) : 1;
    if ((!list && json_type_of(value) != JSON_STRING) || count == 0) {
        return fail_input_at(fail, "/event", "expected the name of an event, or a list of them");
    }
    uint32_t *codes = arena_array(arena, count, sizeof *codes, fail);
    if (codes == NULL) {
        return false;
    }
    out->events = codes;
    if (!list) {
        codes[out->event_count] = store_event_code(snapshot, json_string(value));
        out->event_count += codes[out->event_count] != STORE_NO_CODE ? 1 : 0;
        return true;
    }
    size_t place = 0;
    for (struct json_iter it = json_iter_of(value); json_next(&it, NULL, &element); place++) {
        if (json_type_of(element) != JSON_STRING) {
            char pointer[64];
            snprintf(pointer, sizeof pointer, "/event/%zu", place);
            return fail_input_at(fail, pointer, "expected the name of an event, not %s",
                                 json_type_name(json_type_of(element)));
        }
        codes[out->event_count] = store_event_code(snapshot, json_string(element));
        out->event_count += codes[out->event_count] != STORE_NO_CODE ? 1 : 0;
    }
    return true;
}

/* "from" and "to" of an address are a "range": put into that form, so that there is one way to read it. */
static bool gather_range(struct json_value input, struct json_parser *parser, struct base_buf *text,
                         struct json_value *out, struct fail *fail)
{
    struct str from, to, name;
    struct json_value value;
    if (!app_input_str(input, "from", false, &from, fail) ||
        !app_input_str(input, "to", false, &to, fail)) {
        return false;
    }
    if (from.data == NULL && to.data == NULL) {
        *out = input;
        return true;
    }
    if (from.data == NULL || to.data == NULL) {
        return fail_input_at(fail, from.data == NULL ? "/from" : "/to",
                             "\"from\" and \"to\" stand together");
    }
    if (json_member(input, STR("range"), &value)) {
        return fail_input_at(fail, "/range", "either \"range\", or \"from\" and \"to\"");
    }
    struct json_writer w = {.out = text};
    json_begin_object(&w);
    for (struct json_iter it = json_iter_of(input); json_next(&it, &name, &value);) {
        if (!str_is(name, "from") && !str_is(name, "to")) {
            json_name(&w, name);
            json_write_value(&w, value);
        }
    }
    json_name_c(&w, "range");
    json_begin_object(&w);
    json_name_c(&w, "from");
    json_write_str(&w, from);
    json_name_c(&w, "to");
    json_write_str(&w, to);
    json_end_object(&w);
    json_end_object(&w);
    return base_buf_ok(text, fail) && json_parse(parser, base_buf_view(text), out, fail);
}

/* The segment's customers: a question like any other, with its time and its place at the gate. */
static bool find_customers(struct app_export *export, const struct app_caller *caller,
                           const struct query_plan *segment, struct store_snapshot *snapshot,
                           struct store_walk_options *out, struct fail *fail)
{
    struct app *app = export->app;
    struct base_cancel cancel = app_cancel_of(app, caller);
    struct query_run run = {
        .snapshot = snapshot,
        .cancel = &cancel,
        .memory_bytes = (size_t)app->config.query_memory_mb << 20,
        .threads = (int)app->config.query_threads,
    };
    uint32_t *customers;
    if (!app_gate_enter(app, &cancel, fail)) {
        return false;
    }
    bool ok = query_segment_customers(app->engine, segment, &run, export->arena, &customers,
                                      &out->customer_count, fail);
    app_gate_leave(app);
    if (ok) {
        out->customers = customers;
    }
    return ok;
}

static bool open_stream(struct app_export *export, const struct app_caller *caller,
                        struct json_value input, struct store_snapshot *snapshot, struct fail *fail)
{
    struct app *app = export->app;
    struct base_buf text CLEANUP(base_buf_done) = {.limit = QUERY_BYTES_MAX};
    struct json_parser *parser CLEANUP(json_parser_free_at) = json_parser_new();
    struct export_options options = {.rows = {.cancel = &export->cancel}};
    struct query_env env;
    struct query_scope scope;
    struct json_value root;
    struct str format;
    if (!app_input_str(input, "format", false, &format, fail) ||
        (format.data != NULL && !export_format_parse(format, &options.format, fail)) ||
        !app_input_str(input, "source", false, &options.rows.source, fail) ||
        !gather_range(input, parser, &text, &root, fail) || !app_query_env(app, &env, fail) ||
        !query_scope_parse(&env, root, export->arena, &scope, fail) ||
        !find_events(input, snapshot, export->arena, &options.rows, fail) ||
        (scope.segment != NULL &&
         !find_customers(export, caller, scope.segment, snapshot, &options.rows, fail))) {
        return false;
    }
    export->format = options.format;
    if (scope.ranged) {
        options.rows.from_ms = scope.from_ms;
        options.rows.to_ms = scope.to_ms;
    }
    options.whole =
        !scope.ranged && options.rows.events == NULL && options.rows.source.data == NULL;
    return export_open(snapshot, &options, export->budget, &export->stream, fail);
}

/* ---- opening and closing ----------------------------------------------------------------------------------- */

static bool count_in(struct app_export *export, struct fail *fail)
{
    struct app *app = export->app;
    base_lock(&app->gate_lock);
    export->counted = app->exports_running < APP_EXPORTS_MAX;
    app->exports_running += export->counted ? 1 : 0;
    base_unlock(&app->gate_lock);
    return export->counted ||
           fail_set(fail, FAIL_BUSY, "%d exports are running already; try again when one has ended",
                    APP_EXPORTS_MAX);
}

static bool begin(struct app_export *export, const struct app_caller *caller, struct str input,
                  struct fail *fail)
{
    static const char *const members[] = {"format", "range", "from",   "to",      "timezone",
                                          "as_of",  "event", "source", "segment", NULL};
    struct json_parser *parser CLEANUP(json_parser_free_at) = json_parser_new();
    struct json_value root;
    if (!access_may(&caller->identity, ACCESS_RIGHT_ASK)) {
        return fail_set(fail, FAIL_DENIED, "this needs the right \"%s\"",
                        access_right_name(ACCESS_RIGHT_ASK));
    }
    if (!json_parse(parser, input.len == 0 ? STR("{}") : input, &root, fail)) {
        return false;
    }
    if (json_type_of(root) != JSON_OBJECT) {
        return fail_input_at(fail, "", "expected an object, got %s",
                             json_type_name(json_type_of(root)));
    }
    if (!app_input_members(root, members, fail) || !count_in(export, fail)) {
        return false;
    }
    struct store_snapshot *snapshot = store_snapshot_take(export->app->store);
    bool ok = open_stream(export, caller, root, snapshot, fail);
    store_snapshot_unref(snapshot);
    return ok &&
           access_audit(export->app->access, &caller->identity, "export",
                        str_from_c(export_ending(export->format)), (struct str){NULL, 0}, fail);
}

bool app_export_open(struct app *app, const struct app_caller *caller, struct str input,
                     struct app_export **out, struct fail *fail)
{
    struct app_export *export = base_alloc_zero(sizeof *export);
    export->app = app;
    export->budget = base_budget_new((size_t)app->config.query_memory_mb << 20);
    export->arena = arena_new(export->budget);
    export->cancel.clock = app->clock;
    export->cancel.asker_gone = caller->gone;
    export->cancel.asker = caller->gone_context;
    if (!begin(export, caller, input, fail)) {
        app_export_close(export);
        return false;
    }
    *out = export;
    return true;
}

void app_export_close(struct app_export *export)
{
    if (export == NULL) {
        return;
    }
    export_close(export->stream);
    arena_free(export->arena);
    base_budget_free(export->budget);
    if (export->counted) {
        base_lock(&export->app->gate_lock);
        export->app->exports_running--;
        base_unlock(&export->app->gate_lock);
    }
    base_free(export);
}

bool app_export_next(struct app_export *export, struct base_buf *out, bool *out_end,
                     struct fail *fail)
{
    return !base_cancel_due(&export->cancel, fail) &&
           export_next(export->stream, out, out_end, fail);
}

bool app_export_step(struct app_export *export, struct base_buf *out, bool *out_end,
                     struct fail *fail)
{
    size_t before = out->len;
    do {
        if (!app_export_next(export, out, out_end, fail)) {
            return false;
        }
    } while (!*out_end && out->len - before < APP_EXPORT_STEP_BYTES);
    return true;
}

const char *app_export_media_type(const struct app_export *export)
{
    return export_media_type(export->format);
}

struct str app_export_file_name(const struct app_export *export, struct arena *arena)
{
    char now[TIME_RFC3339_BYTES];
    time_format_rfc3339(base_now_ms(export->app->clock), now);
    return str_format(arena, "firsthand-%.10s.%s", now, export_ending(export->format));
}
