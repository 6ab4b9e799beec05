/* Questions: parse, wait for a free place, run over a snapshot or a lease, keep a lease for opening. */
#include <stdio.h>

#include "app_insiders.h"
#include "app_internal.h"
#include "app_names.h"
#include "app_rules.h"
#include "app_text.h"
#include "state_segments.h"
#include "state_settings.h"

bool app_zone(struct app *app, const struct zone **out, struct fail *fail)
{
    struct arena *arena CLEANUP(arena_free_at) = arena_new(NULL);
    struct str name;
    return state_setting_get(app->state, STATE_SETTING_TIMEZONE, STR("UTC"), arena, &name, fail) &&
           zone_find(name, out, fail);
}

bool app_count_days(struct app *app, struct fail *fail)
{
    const struct zone *zone;
    if (!app_zone(app, &zone, fail)) {
        return false;
    }
    store_count_days_in(app->store, zone);
    return true;
}

static bool segment_find(void *context, struct str name, struct arena *arena, struct str *out_json,
                         bool *out_found, struct fail *fail)
{
    const struct app *app = context;
    struct state_segment segment;
    if (!state_segment_find(app->state, name, arena, &segment, out_found, fail)) {
        return false;
    }
    if (*out_found) {
        *out_json = segment.definition;
    }
    return true;
}

static bool segment_names(void *context, struct arena *arena, struct str **out, size_t *out_count,
                          struct fail *fail)
{
    const struct app *app = context;
    struct state_segment *segments;
    size_t count;
    if (!state_segments_list(app->state, arena, &segments, &count, fail)) {
        return false;
    }
    struct str *names = arena_array(arena, count, sizeof *names, fail);
    if (names == NULL) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        names[i] = segments[i].name;
    }
    *out = names;
    *out_count = count;
    return true;
}

static bool find_renames(void *context, struct arena *arena, struct query_renames *out,
                         struct fail *fail)
{
    const struct app *app = context;
    return app_rules_renames(app->rules, arena, out, fail);
}

static bool find_internal(void *context, struct arena *arena, struct str *out_json, bool *out_found,
                          struct fail *fail)
{
    return app_insiders_segment(context, arena, out_json, out_found, fail);
}

bool app_query_env(struct app *app, struct query_env *out, struct fail *fail)
{
    const struct zone *zone;
    if (!app_zone(app, &zone, fail)) {
        return false;
    }
    *out = (struct query_env){
        .zone = zone,
        .now_ms = base_now_ms(app->clock),
        .text = app_text(),
        .context = app,
        .segment_find = segment_find,
        .segment_names = segment_names,
        .renames = find_renames,
    };
    return true;
}

/* Questions that wait for a place; more are told to come back. */
#define QUESTIONS_WAITING_MAX 64
#define GATE_POLL_US 50000

bool app_gate_enter(struct app *app, struct base_cancel *cancel, struct fail *fail)
{
    base_lock(&app->gate_lock);
    if (app->questions_waiting >= QUESTIONS_WAITING_MAX) {
        base_unlock(&app->gate_lock);
        return fail_set(fail, FAIL_BUSY, "%d questions are waiting already; try again in a moment",
                        QUESTIONS_WAITING_MAX);
    }
    app->questions_waiting++;
    bool stop = false;
    while (app->questions_running >= app->config.queries_at_once && !stop) {
        base_cond_wait_us(&app->gate_free, &app->gate_lock, GATE_POLL_US);
        base_unlock(&app->gate_lock);
        stop = base_cancel_due(cancel, fail);
        base_lock(&app->gate_lock);
    }
    app->questions_waiting--;
    if (!stop) {
        app->questions_running++;
    }
    base_unlock(&app->gate_lock);
    return !stop;
}

void app_gate_leave(struct app *app)
{
    base_lock(&app->gate_lock);
    app->questions_running--;
    base_cond_signal(&app->gate_free);
    base_unlock(&app->gate_lock);
}

struct base_cancel app_cancel_of(const struct app *app, const struct app_caller *caller)
{
    return (struct base_cancel){
        .deadline_us = base_steady_us(app->clock) + app->config.query_time_ms * 1000,
        .clock = app->clock,
        .asker_gone = caller->gone,
        .asker = caller->gone_context,
    };
}

bool app_op_query(struct app *app, const struct app_caller *caller, struct json_value input,
                  struct arena *arena, struct base_buf *out, struct fail *fail)
{
    struct base_buf text CLEANUP(base_buf_done) = {.limit = QUERY_BYTES_MAX};
    struct json_writer w = {.out = &text};
    json_write_value(&w, input);
    struct query_env env;
    struct query_plan *plan;
    if (!base_buf_ok(&text, fail) || !app_query_env(app, &env, fail)) {
        return false;
    }
    env.internal = find_internal; /* of people's questions; surveys and policies see everybody */
    if (!query_parse(&env, base_buf_view(&text), arena, &plan, fail)) {
        return false;
    }
    struct base_cancel cancel = app_cancel_of(app, caller);
    if (!app_gate_enter(app, &cancel, fail)) {
        return false;
    }
    int64_t as_of_ms = query_plan_as_of_ms(plan);
    bool opens = query_plan_is_open(plan);
    struct store_snapshot *snapshot =
        opens && query_plan_has_as_of(plan) ? store_lease_find(app->store, as_of_ms) : NULL;
    if (snapshot == NULL) {
        snapshot = store_snapshot_take(app->store);
    }
    struct query_run run = {
        .snapshot = snapshot,
        .cancel = &cancel,
        .memory_bytes = (size_t)app->config.query_memory_mb << 20,
        .threads = (int)app->config.query_threads,
    };
    bool good = query_backend_run(app->engine, plan, &run, out, fail);
    if (good && !opens) {
        store_lease_put(app->store, snapshot, as_of_ms);
    }
    store_snapshot_unref(snapshot);
    app_gate_leave(app);
    return good;
}

static bool parse_name_kind(struct str kind, enum store_name_kind *out, struct fail *fail)
{
    static const char *const words[] = {"event", "property", "trait", "channel", "source"};
    for (size_t i = 0; i < ARRAY_LEN(words); i++) {
        if (str_is(kind, words[i])) {
            *out = (enum store_name_kind)i;
            return true;
        }
    }
    return fail_input_at(fail, "/kind",
                         "\"kind\" must be event, property, trait, channel or source");
}

/* Case is folded for ASCII only: names are typed by machines, and this is completion. */
static bool starts_folded(struct str text, struct str prefix)
{
    if (prefix.len > text.len) {
        return false;
    }
    for (size_t i = 0; i < prefix.len; i++) {
        unsigned char a = (unsigned char)text.data[i], b = (unsigned char)prefix.data[i];
        a = a >= 'A' && a <= 'Z' ? (unsigned char)(a | 0x20U) : a;
        b = b >= 'A' && b <= 'Z' ? (unsigned char)(b | 0x20U) : b;
        if (a != b) {
            return false;
        }
    }
    return true;
}

bool app_op_names(struct app *app, const struct app_caller *caller, struct json_value input,
                  struct arena *arena, struct base_buf *out, struct fail *fail)
{
    (void)caller;
    static const char *const members[] = {"kind", "event", "prefix", "limit", "hidden", NULL};
    struct str kind_text, event, prefix;
    struct query_renames renames;
    int64_t limit, hidden;
    enum store_name_kind kind = STORE_NAME_EVENT;
    if (!app_input_members(input, members, fail) ||
        !app_input_str(input, "kind", true, &kind_text, fail) ||
        !app_input_str(input, "event", false, &event, fail) ||
        !app_input_str(input, "prefix", false, &prefix, fail) ||
        !app_input_int(input, "limit", 1, 10000, 1000, &limit, fail) ||
        !app_input_int(input, "hidden", 0, 1, 0, &hidden, fail) ||
        !parse_name_kind(kind_text, &kind, fail) ||
        !app_rules_renames(app->rules, arena, &renames, fail)) {
        return false;
    }
    struct store_snapshot *snapshot = store_snapshot_take(app->store);
    struct store_name *names;
    size_t count;
    bool good = app_names_shown(snapshot, &renames, kind, event, arena, &names, &count, fail);
    struct json_writer w = {.out = out};
    if (good) {
        json_begin_object(&w);
        json_name_c(&w, "names");
        json_begin_array(&w);
        int64_t written = 0;
        for (size_t i = 0; i < count && written < limit; i++) {
            if (!starts_folded(names[i].name, prefix) ||
                (hidden == 0 && app_rules_hidden(app->rules, kind_text, names[i].name))) {
                continue;
            }
            json_begin_object(&w);
            json_name_c(&w, "name");
            json_write_str(&w, names[i].name);
            json_name_c(&w, "count");
            json_write_uint(&w, names[i].rows);
            app_write_instant(&w, "first_seen", names[i].first_ms);
            app_write_instant(&w, "last_seen", names[i].last_ms);
            json_end_object(&w);
            written++;
        }
        json_end_array(&w);
        json_end_object(&w);
    }
    store_snapshot_unref(snapshot);
    return good && base_buf_ok(out, fail);
}

bool app_op_values(struct app *app, const struct app_caller *caller, struct json_value input,
                   struct arena *arena, struct base_buf *out, struct fail *fail)
{
    static const char *const members[] = {"property", "event", "prefix", "limit", NULL};
    struct str property, event, prefix;
    int64_t limit;
    if (!app_input_members(input, members, fail) ||
        !app_input_str(input, "property", true, &property, fail) ||
        !app_input_str(input, "event", false, &event, fail) ||
        !app_input_str(input, "prefix", false, &prefix, fail) ||
        !app_input_int(input, "limit", 1, 1000, 50, &limit, fail)) {
        return false;
    }
    struct base_cancel cancel = app_cancel_of(app, caller);
    struct query_renames renames;
    if (!app_rules_renames(app->rules, arena, &renames, fail) ||
        !app_gate_enter(app, &cancel, fail)) {
        return false;
    }
    struct query_run run = {
        .renames = &renames,
        .snapshot = store_snapshot_take(app->store),
        .cancel = &cancel,
        .memory_bytes = (size_t)app->config.query_memory_mb << 20,
        .threads = (int)app->config.query_threads,
    };
    struct query_value *values;
    size_t count;
    bool good = query_values(app->engine, &run, property, event, prefix, (size_t)limit, arena,
                             &values, &count, fail);
    struct json_writer w = {.out = out};
    if (good) {
        json_begin_object(&w);
        json_name_c(&w, "values");
        json_begin_array(&w);
        for (size_t i = 0; i < count; i++) {
            json_begin_object(&w);
            json_name_c(&w, "value");
            store_json_value(&w, values[i].value);
            json_name_c(&w, "count");
            json_write_uint(&w, values[i].count);
            json_end_object(&w);
        }
        json_end_array(&w);
        json_end_object(&w);
    }
    store_snapshot_unref(run.snapshot);
    app_gate_leave(app);
    return good && base_buf_ok(out, fail);
}
