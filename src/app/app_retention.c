#include "app_retention.h"

#include <inttypes.h>

#include "app_erase.h"
#include "state_settings.h"

#define DAY_MS INT64_C(86400000)
#define RULES_BYTES_MAX ((size_t)1 << 20)
#define NO_RULES "{}"

/* Kinds of data that are no events: an age each. */
enum kind { KIND_QUARANTINE, KIND_RESPONSES, KIND_AUDIT, KINDS };
static const struct {
    const char *member;
    int64_t least;
} KIND[KINDS] = {
    [KIND_QUARANTINE] = {"quarantine_days", 1},
    [KIND_RESPONSES] = {"responses_days", APP_RETENTION_RESPONSES_DAYS_MIN},
    [KIND_AUDIT] = {"audit_days", APP_RETENTION_AUDIT_DAYS_MIN},
};

struct rules {
    struct rule {
        struct str event, source; /* missing: all */
        int64_t days;
        bool words_only;
    } at[APP_RETENTION_RULES_MAX];
    size_t count;
    int64_t days[KINDS]; /* 0: for ever */
};

struct app_retention {
    struct base_mutex lock; /* guards the rest */
    struct arena *arena;
    struct rules rules;
};

/* ---- reading ------------------------------------------------------------------------------------------------- */

static bool read_name(struct json_value item, const char *name, size_t at, struct arena *arena,
                      struct str *out, struct fail *fail)
{
    struct json_value value;
    *out = (struct str){NULL, 0};
    if (!json_member(item, str_from_c(name), &value) || json_type_of(value) == JSON_NULL) {
        return true;
    }
    if (json_type_of(value) != JSON_STRING || json_string(value).len == 0 ||
        json_string(value).len > STORE_NAME_BYTES_MAX) {
        return fail_input_at(fail, "/rules", "rule %zu: \"%s\" has 1 to %d bytes", at + 1, name,
                             STORE_NAME_BYTES_MAX);
    }
    *out = str_copy(arena, json_string(value));
    return true;
}

static bool read_rule(struct json_value item, size_t at, struct arena *arena, struct rule *out,
                      struct fail *fail)
{
    static const char *const members[] = {"event", "source", "keep_days", "words", NULL};
    if (json_type_of(item) != JSON_OBJECT) {
        return fail_input_at(fail, "/rules", "rule %zu is no object", at + 1);
    }
    if (!app_input_members(item, members, fail) ||
        !read_name(item, "event", at, arena, &out->event, fail) ||
        !read_name(item, "source", at, arena, &out->source, fail) ||
        !app_input_int(item, "keep_days", 1, APP_RETENTION_DAYS_MAX, 0, &out->days, fail) ||
        !app_input_bool(item, "words", false, &out->words_only, fail)) {
        return false;
    }
    return out->days > 0 ||
           fail_input_at(fail, "/rules", "rule %zu: \"keep_days\" is missing: for how many days",
                         at + 1);
}

static bool read_rules(struct json_value input, struct arena *arena, struct rules *out,
                       struct fail *fail)
{
    static const char *const members[] = {"rules", "quarantine_days", "responses_days",
                                          "audit_days", NULL};
    struct json_value list;
    struct json_value item;
    *out = (struct rules){.count = 0};
    if (!app_input_members(input, members, fail)) {
        return false;
    }
    for (int kind = 0; kind < KINDS; kind++) {
        if (!app_input_int(input, KIND[kind].member, KIND[kind].least, APP_RETENTION_DAYS_MAX, 0,
                           &out->days[kind], fail)) {
            return false;
        }
    }
    if (!json_member(input, STR("rules"), &list)) {
        return true;
    }
    if (json_type_of(list) != JSON_ARRAY || json_count(list) > APP_RETENTION_RULES_MAX) {
        return fail_input_at(fail, "/rules", "expected a list of at most %d rules",
                             APP_RETENTION_RULES_MAX);
    }
    for (struct json_iter it = json_iter_of(list); json_next(&it, NULL, &item);) {
        if (!read_rule(item, out->count, arena, &out->at[out->count], fail)) {
            return false;
        }
        out->count++;
    }
    return true;
}

static bool write_rules(const struct rules *rules, struct base_buf *out, struct fail *fail)
{
    struct json_writer w = {.out = out};
    json_begin_object(&w);
    json_name_c(&w, "rules");
    json_begin_array(&w);
    for (size_t i = 0; i < rules->count; i++) {
        json_begin_object(&w);
        app_write_text(&w, "event", rules->at[i].event);
        app_write_text(&w, "source", rules->at[i].source);
        json_name_c(&w, "words");
        json_write_bool(&w, rules->at[i].words_only);
        json_name_c(&w, "keep_days");
        json_write_int(&w, rules->at[i].days);
        json_end_object(&w);
    }
    json_end_array(&w);
    for (int kind = 0; kind < KINDS; kind++) {
        json_name_c(&w, KIND[kind].member);
        if (rules->days[kind] > 0) {
            json_write_int(&w, rules->days[kind]);
        } else {
            json_write_null(&w);
        }
    }
    json_end_object(&w);
    return base_buf_ok(out, fail);
}

/* ---- what is in force ---------------------------------------------------------------------------------------- */

static bool take_rules(struct app_retention *retention, struct str text, struct fail *fail)
{
    struct json_parser *parser CLEANUP(json_parser_free_at) = json_parser_new();
    struct arena *arena = arena_new(NULL);
    struct json_value root;
    struct rules rules;
    if (!json_parse(parser, text, &root, fail) || !read_rules(root, arena, &rules, fail)) {
        arena_free(arena);
        return false;
    }
    base_lock(&retention->lock);
    struct arena *before = retention->arena;
    retention->arena = arena;
    retention->rules = rules;
    base_unlock(&retention->lock);
    arena_free(before);
    return true;
}

static void copy_rules(struct app_retention *retention, struct arena *arena, struct rules *out)
{
    base_lock(&retention->lock);
    *out = retention->rules;
    for (size_t i = 0; i < out->count; i++) {
        struct rule *rule = &out->at[i];
        rule->event = rule->event.data == NULL ? rule->event : str_copy(arena, rule->event);
        rule->source = rule->source.data == NULL ? rule->source : str_copy(arena, rule->source);
    }
    base_unlock(&retention->lock);
}

bool app_retention_open(struct app *app, struct fail *fail)
{
    struct arena *arena CLEANUP(arena_free_at) = arena_new(NULL);
    struct str text;
    app->retention = base_alloc_zero(sizeof *app->retention);
    base_mutex_init(&app->retention->lock);
    return state_setting_get(app->state, STATE_SETTING_RETENTION, STR(NO_RULES), arena, &text,
                             fail) &&
           take_rules(app->retention, text, fail);
}

void app_retention_free(struct app_retention *retention)
{
    if (retention != NULL) {
        base_mutex_done(&retention->lock);
        arena_free(retention->arena);
        base_free(retention);
    }
}

static bool is_past(const struct rules *rules, const struct store_event *event, int64_t now_ms)
{
    for (size_t i = 0; i < rules->count; i++) {
        const struct rule *rule = &rules->at[i];
        if (!rule->words_only && event->ts_ms < now_ms - rule->days * DAY_MS &&
            (rule->event.data == NULL || str_equal(rule->event, event->event)) &&
            (rule->source.data == NULL || str_equal(rule->source, event->source))) {
            return true;
        }
    }
    return false;
}

void app_retention_refuse(struct app *app, struct store_item *items, size_t count)
{
    int64_t now_ms = base_now_ms(app->clock);
    base_lock(&app->retention->lock);
    for (size_t i = 0; app->retention->rules.count > 0 && i < count; i++) {
        if (items[i].verdict == STORE_STORED &&
            is_past(&app->retention->rules, &items[i].event, now_ms)) {
            items[i].verdict = STORE_REFUSED;
            items[i].reason = STR("it is older than such events are kept");
        }
    }
    base_unlock(&app->retention->lock);
}

bool app_retention_refuses_nothing(struct app *app)
{
    base_lock(&app->retention->lock);
    bool nothing = app->retention->rules.count == 0;
    base_unlock(&app->retention->lock);
    return nothing;
}

/* ---- cutting -------------------------------------------------------------------------------------------------- */

static int64_t before_ms(const struct rules *rules, enum kind kind, int64_t now_ms)
{
    return rules->days[kind] > 0 ? now_ms - rules->days[kind] * DAY_MS : STORE_NO_TIME;
}

static void cut_of(const struct rules *rules, int64_t now_ms, struct store_cut_rule *out,
                   struct store_cut *cut)
{
    for (size_t i = 0; i < rules->count; i++) {
        const struct rule *rule = &rules->at[i];
        out[i] = (struct store_cut_rule){rule->event, rule->source, now_ms - rule->days * DAY_MS,
                                         rule->words_only};
    }
    *cut = (struct store_cut){
        .rules = out,
        .rule_count = rules->count,
        .quarantine_before_ms = before_ms(rules, KIND_QUARANTINE, now_ms),
    };
}

static struct app_retention_state state_of(const struct rules *rules, int64_t now_ms)
{
    return (struct app_retention_state){before_ms(rules, KIND_RESPONSES, now_ms),
                                        before_ms(rules, KIND_AUDIT, now_ms)};
}

static bool cut_store(struct app *app, const struct rules *rules, int64_t now_ms,
                      struct store_gone *out, struct fail *fail)
{
    struct store_cut_rule list[APP_RETENTION_RULES_MAX];
    struct store_cut cut;
    *out = (struct store_gone){.rows = 0};
    if (rules->count == 0 && rules->days[KIND_QUARANTINE] == 0) {
        return true;
    }
    cut_of(rules, now_ms, list, &cut);
    if (!store_cut_preview(app->store, &cut, out, fail)) {
        return false;
    }
    if (out->rows + out->texts + out->quarantined > 0) {
        if (!store_cut_old(app->store, &cut, out, fail)) {
            return false;
        }
        app_once_forget(app->once_memory);
    }
    return true;
}

/* What the trail is told, but of itself: that is the line by which it is cut. */
static bool tell(struct app *app, const struct store_gone *events, const struct ask_old *surveys,
                 struct fail *fail)
{
    const struct {
        const char *name;
        uint64_t count;
    } counts[] = {
        {"events", events->rows},
        {"words", events->texts},
        {"quarantined", events->quarantined},
        {"customers", events->customers},
        {"responses", (uint64_t)surveys->responses},
        {"suspects", (uint64_t)surveys->suspects},
        {"links", (uint64_t)surveys->links},
    };
    const struct access_identity by = access_server();
    struct base_buf text CLEANUP(base_buf_done) = {.limit = 1024};
    struct json_writer w = {.out = &text};
    uint64_t sum = 0;
    json_begin_object(&w);
    for (size_t i = 0; i < ARRAY_LEN(counts); i++) {
        json_name_c(&w, counts[i].name);
        json_write_uint(&w, counts[i].count);
        sum += counts[i].count;
    }
    json_end_object(&w);
    return sum == 0 ||
           (base_buf_ok(&text, fail) && access_audit(app->access, &by, "retention.cut",
                                                     STR("retention"), base_buf_view(&text), fail));
}

/* Also where a part failed: what went is told. The log is emptied even if nothing went: a crash may have come before. */
static bool cut_state(struct app_job_run *run, const struct rules *rules, int64_t now_ms,
                      const struct store_gone *events, struct app_retention_gone *out,
                      struct fail *fail)
{
    struct app *app = run->app;
    struct app_retention_state old = state_of(rules, now_ms);
    struct fail why = {0};
    *out = (struct app_retention_gone){.audit = 0};
    bool good = app_retention_state_remove(app, &old, run->cancel, out, &why);
    if (!tell(app, events, &out->surveys, fail)) {
        return false;
    }
    if (!good) {
        *fail = why;
        return false;
    }
    return (rules->days[KIND_RESPONSES] == 0 && rules->days[KIND_AUDIT] == 0) ||
           app_scrub(app, fail);
}

bool app_job_retention(struct app_job_run *run, struct fail *fail)
{
    struct app *app = run->app;
    struct store_gone events;
    struct app_retention_gone gone;
    struct rules rules;
    int64_t now_ms = base_now_ms(app->clock);
    if (!app_scrub_again(app, fail)) {
        return false;
    }
    copy_rules(app->retention, run->arena, &rules);
    if (!cut_store(app, &rules, now_ms, &events, fail) ||
        !cut_state(run, &rules, now_ms, &events, &gone, fail)) {
        return false;
    }
    run->note =
        str_format(run->arena,
                   "%" PRIu64 " events, the words of %" PRIu64 ", %" PRIu64
                   " rows of the quarantine, %" PRIu64 " customers, %" PRId64
                   " responses to surveys (%" PRId64 " had waited for a person), %" PRId64
                   " personal links, %" PRId64 " lines of the audit trail",
                   events.rows, events.texts, events.quarantined, events.customers,
                   gone.surveys.responses, gone.surveys.suspects, gone.surveys.links, gone.audit);
    return true;
}

/* ---- operations ------------------------------------------------------------------------------------------------ */

static bool write_now(struct app *app, struct arena *arena, struct base_buf *out, struct fail *fail)
{
    struct rules rules;
    copy_rules(app->retention, arena, &rules);
    return write_rules(&rules, out, fail);
}

bool app_op_retention(struct app *app, const struct app_caller *caller, struct json_value input,
                      struct arena *arena, struct base_buf *out, struct fail *fail)
{
    (void)caller;
    static const char *const members[] = {NULL};
    return app_input_members(input, members, fail) && write_now(app, arena, out, fail);
}

bool app_op_retention_save(struct app *app, const struct app_caller *caller,
                           struct json_value input, struct arena *arena, struct base_buf *out,
                           struct fail *fail)
{
    struct base_buf text CLEANUP(base_buf_done) = {.limit = RULES_BYTES_MAX};
    struct rules rules;
    if (!read_rules(input, arena, &rules, fail) || !write_rules(&rules, &text, fail) ||
        !state_setting_put(app->state, STATE_SETTING_RETENTION, base_buf_view(&text), fail) ||
        !take_rules(app->retention, base_buf_view(&text), fail)) {
        return false;
    }
    return access_audit(app->access, &caller->identity, "retention.save", STR("retention"),
                        base_buf_view(&text), fail) &&
           write_now(app, arena, out, fail);
}

/* Of the rules in force, or of others that are given. */
bool app_op_retention_preview(struct app *app, const struct app_caller *caller,
                              struct json_value input, struct arena *arena, struct base_buf *out,
                              struct fail *fail)
{
    (void)caller;
    struct store_cut_rule list[APP_RETENTION_RULES_MAX];
    struct store_cut cut;
    struct store_gone gone;
    struct app_retention_state old;
    struct app_retention_gone state;
    struct rules rules;
    int64_t now_ms = base_now_ms(app->clock);
    if (json_count(input) > 0) {
        if (!read_rules(input, arena, &rules, fail)) {
            return false;
        }
    } else {
        copy_rules(app->retention, arena, &rules);
    }
    cut_of(&rules, now_ms, list, &cut);
    old = state_of(&rules, now_ms);
    if (!store_cut_preview(app->store, &cut, &gone, fail) ||
        !app_retention_state_count(app, &old, &state, fail)) {
        return false;
    }
    struct json_writer w = {.out = out};
    json_begin_object(&w);
    json_name_c(&w, "events");
    json_write_uint(&w, gone.rows);
    json_name_c(&w, "words");
    json_write_uint(&w, gone.texts);
    json_name_c(&w, "quarantined");
    json_write_uint(&w, gone.quarantined);
    json_name_c(&w, "responses");
    json_write_int(&w, state.surveys.responses);
    json_name_c(&w, "suspects");
    json_write_int(&w, state.surveys.suspects);
    json_name_c(&w, "links");
    json_write_int(&w, state.surveys.links);
    json_name_c(&w, "audit");
    json_write_int(&w, state.audit);
    json_end_object(&w);
    return base_buf_ok(out, fail);
}
