#include "app_experience.h"

#include <stdio.h>

#include "app_names.h"
#include "app_rules.h"
#include "state_settings.h"

#define NAME_BYTES_MAX 200

static struct str written(struct arena *arena, const struct base_buf *text)
{
    return str_copy(arena, base_buf_view(text));
}

static struct str as_json(struct arena *arena, struct json_value value)
{
    struct base_buf text CLEANUP(base_buf_done) = {.limit = APP_EXPERIENCE_BYTES_MAX};
    struct json_writer w = {.out = &text};
    json_write_value(&w, value);
    return written(arena, &text);
}

static struct str name_as_json(struct arena *arena, struct str name)
{
    struct base_buf text CLEANUP(base_buf_done) = {.limit = APP_EXPERIENCE_BYTES_MAX};
    struct json_writer w = {.out = &text};
    json_write_str(&w, name);
    return written(arena, &text);
}

/* ---- what counts as value ------------------------------------------------------------------------------ */

static bool read_name(struct json_value rule, const char *member, bool needed, struct arena *arena,
                      struct str *out, struct fail *fail)
{
    char pointer[64];
    struct json_value value;
    snprintf(pointer, sizeof pointer, "/value/%s", member);
    if (!json_member(rule, str_from_c(member), &value)) {
        return !needed || fail_input_at(fail, pointer, "expected the name of a property");
    }
    if (json_type_of(value) != JSON_STRING || json_string(value).len == 0 ||
        json_string(value).len > NAME_BYTES_MAX) {
        return fail_input_at(fail, pointer, "expected a name of 1 to %d bytes", NAME_BYTES_MAX);
    }
    *out = str_copy(arena, json_string(value));
    return true;
}

/* "currency": the name of a property, or {"is": "EUR"}. */
static bool read_currency(struct json_value rule, struct arena *arena, struct app_value_rule *out,
                          struct fail *fail)
{
    struct json_value value, is;
    if (!json_member(rule, STR("currency"), &value) || json_type_of(value) != JSON_OBJECT) {
        return read_name(rule, "currency", false, arena, &out->currency, fail);
    }
    if (!json_member(value, STR("is"), &is) || json_count(value) != 1 ||
        json_type_of(is) != JSON_STRING || json_string(is).len == 0 ||
        json_string(is).len > NAME_BYTES_MAX) {
        return fail_input_at(fail, "/value/currency",
                             "expected the name of a property, or {\"is\": \"EUR\"}");
    }
    out->currency_is = str_copy(arena, json_string(is));
    return true;
}

static bool read_value(struct json_value rule, struct arena *arena, struct app_value_rule *out,
                       struct fail *fail)
{
    static const char *const members[] = {"event", "where", "property", "currency", NULL};
    struct json_value event, where;
    struct fail why;
    if (json_type_of(rule) != JSON_OBJECT) {
        return fail_input_at(fail, "/value", "expected an object");
    }
    if (!app_input_members(rule, members, &why)) {
        char pointer[FAIL_POINTER_BYTES];
        snprintf(pointer, sizeof pointer, "/value%.200s", why.pointer);
        return fail_input_at(fail, pointer, "%s", why.message);
    }
    if (!json_member(rule, STR("event"), &event)) {
        return fail_input_at(fail, "/value/event", "expected the name of an event, or a list");
    }
    *out = (struct app_value_rule){.known = true, .event = as_json(arena, event)};
    if (json_member(rule, STR("where"), &where)) {
        out->where = as_json(arena, where);
    }
    return read_name(rule, "property", true, arena, &out->property, fail) &&
           read_currency(rule, arena, out, fail);
}

/* Names that shops give to what was paid; the first that is in use is taken, on the event that bears it most. What is
   only looked at or put into a cart was not paid. */
static bool guess_value(struct store_snapshot *snapshot, const struct query_renames *renames,
                        struct arena *arena, struct app_value_rule *out, struct fail *fail)
{
    static const char *const properties[] = {"revenue", "total", "order_total", "amount", "value"};
    static const char *const bought[] = {"order",   "purchase", "paid",    "payment", "charge",
                                         "invoice", "sale",     "subscri", "renew",   NULL};
    for (size_t i = 0; i < ARRAY_LEN(properties) && !out->known; i++) {
        struct store_name *events, *currencies;
        size_t count, currency_count;
        if (!app_names_events(snapshot, renames, STORE_NAME_PROPERTY, str_from_c(properties[i]),
                              arena, &events, &count, fail) ||
            !app_names_events(snapshot, renames, STORE_NAME_PROPERTY, STR("currency"), arena,
                              &currencies, &currency_count, fail)) {
            return false;
        }
        for (size_t e = 0; e < count && !out->known; e++) {
            if ((i > 0 && !friction_name_holds(events[e].name, bought)) ||
                friction_name_fails(events[e].name) || friction_name_looks(events[e].name)) {
                continue;
            }
            *out = (struct app_value_rule){.known = true,
                                           .guessed = true,
                                           .event = name_as_json(arena, events[e].name),
                                           .property = str_from_c(properties[i])};
            for (size_t c = 0; c < currency_count; c++) {
                if (str_equal(currencies[c].name, events[e].name)) {
                    out->currency = STR("currency");
                }
            }
        }
    }
    return true;
}

void app_value_write_rule(struct json_writer *w, const struct app_value_rule *rule)
{
    json_name_c(w, "rule");
    if (!rule->known) {
        json_write_null(w);
        return;
    }
    json_begin_object(w);
    json_name_c(w, "event");
    json_write_raw(w, rule->event);
    if (rule->where.data != NULL) {
        json_name_c(w, "where");
        json_write_raw(w, rule->where);
    }
    json_name_c(w, "property");
    json_write_str(w, rule->property);
    if (rule->currency.data != NULL) {
        json_name_c(w, "currency");
        json_write_str(w, rule->currency);
    }
    if (rule->currency_is.data != NULL) {
        json_name_c(w, "currency");
        json_begin_object(w);
        json_name_c(w, "is");
        json_write_str(w, rule->currency_is);
        json_end_object(w);
    }
    json_end_object(w);
}

/* ---- all matchers, as one list -------------------------------------------------------------------------- */

struct listing {
    struct json_writer w;
    int count;
    struct app_experience *rules;
    struct arena *arena;
};

static void put_event(struct listing *l, struct str event_json, struct str where_json)
{
    json_begin_object(&l->w);
    json_name_c(&l->w, "event");
    json_write_raw(&l->w, event_json);
    if (where_json.data != NULL) {
        json_name_c(&l->w, "where");
        json_write_raw(&l->w, where_json);
    }
    json_end_object(&l->w);
    l->count++;
}

static int put_value(struct listing *l)
{
    put_event(l, l->rules->value.event, l->rules->value.where);
    return l->count - 1;
}

static int put_written(struct listing *l, struct json_value matcher)
{
    json_write_value(&l->w, matcher);
    return l->count++;
}

static void put_failures(struct listing *l, const struct store_name *events, size_t count)
{
    struct app_experience *rules = l->rules;
    struct json_value one;
    rules->failures_at = l->count;
    if (rules->form.has_failures) {
        for (struct json_iter it = json_iter_of(rules->form.failures);
             json_next(&it, NULL, &one);) {
            put_written(l, one);
            rules->failure_count++;
        }
        return;
    }
    rules->failures_guessed = rules->form.rules.failures;
    for (size_t i = 0; i < count && rules->failure_count < FRICTION_FAILURES_MAX; i++) {
        if (friction_name_fails(events[i].name)) {
            put_event(l, name_as_json(l->arena, events[i].name), (struct str){NULL, 0});
            rules->failure_count++;
        }
    }
}

static void put_begin(struct listing *l, const struct store_name *events, size_t count)
{
    struct app_experience *rules = l->rules;
    if (rules->form.has_begin) {
        rules->begin_at = put_written(l, rules->form.begin);
        return;
    }
    for (size_t i = 0; i < count && rules->begin_at < 0; i++) {
        if (friction_name_begins(events[i].name)) {
            rules->begin_at = l->count;
            rules->begin_guessed = true;
            put_event(l, name_as_json(l->arena, events[i].name), (struct str){NULL, 0});
        }
    }
}

static bool list_matchers(struct app_experience *rules, const struct store_name *events,
                          size_t count, struct arena *arena, struct fail *fail)
{
    struct base_buf text CLEANUP(base_buf_done) = {.limit = 2 * APP_EXPERIENCE_BYTES_MAX};
    struct listing l = {.w = {.out = &text}, .rules = rules, .arena = arena};
    json_begin_array(&l.w);
    rules->value_at = rules->value.known ? put_value(&l) : -1;
    rules->begin_at = rules->done_at = -1;
    put_begin(&l, events, count);
    /* What is paid is what is finished, where nobody says otherwise. */
    rules->done_guessed = !rules->form.has_done && rules->value.known;
    if (rules->form.has_done) {
        rules->done_at = put_written(&l, rules->form.done);
    } else if (rules->value.known) {
        rules->done_at = put_value(&l);
    }
    put_failures(&l, events, count);
    json_end_array(&l.w);
    rules->matchers = written(arena, &text);
    return base_buf_ok(&text, fail);
}

bool app_experience_read(struct app *app, struct store_snapshot *snapshot, struct json_value rules,
                         struct arena *arena, struct app_experience *out, struct fail *fail)
{
    struct json_parser *parser = json_parser_new();
    struct json_value value, wrong, none;
    struct query_renames renames;
    struct store_name *events;
    size_t count;
    *out = (struct app_experience){.value_at = -1};
    arena_defer(arena, (void (*)(void *))json_parser_free, parser);
    bool has_wrong = json_member(rules, STR("wrong"), &wrong);
    return json_parse(parser, STR("{}"), &none, fail) &&
           app_rules_renames(app->rules, arena, &renames, fail) &&
           (json_member(rules, STR("value"), &value)
                ? read_value(value, arena, &out->value, fail)
                : guess_value(snapshot, &renames, arena, &out->value, fail)) &&
           friction_form_read(has_wrong ? wrong : none, STR("/wrong"), arena, &out->form, fail) &&
           app_names_shown(snapshot, &renames, STORE_NAME_EVENT, (struct str){NULL, 0}, arena,
                           &events, &count, fail) &&
           list_matchers(out, events, count, arena, fail);
}

/* A plan of all matchers. A refusal of one of the list is one at its place in the rules. */
static bool plan(const struct query_env *env, const struct app_experience *rules,
                 struct arena *arena, struct query_plan **out, struct fail *fail)
{
    struct json_parser *parser CLEANUP(json_parser_free_at) = json_parser_new();
    struct json_value matchers;
    const struct app_value_rule *value = &rules->value;
    const struct str names[APP_EXPERIENCE_VALUES] = {
        [APP_EXPERIENCE_TEXT] = STR("text"),
        [APP_EXPERIENCE_CHANNEL] = STR("channel"),
        [APP_EXPERIENCE_SCALE] = STR("scale"),
        [APP_EXPERIENCE_SCORE] = STR("score"),
        [APP_EXPERIENCE_OUTCOME] = STR("properties.outcome"),
        [APP_EXPERIENCE_PURPOSE] = STR("properties.purpose"),
        [APP_EXPERIENCE_AMOUNT] = value->known ? value->property : STR("revenue"),
        [APP_EXPERIENCE_CURRENCY] =
            value->currency.data != NULL ? value->currency : STR("currency"),
    };
    if (!json_parse(parser, rules->matchers, &matchers, fail)) {
        return false;
    }
    if (query_moments_plan(env, matchers, names, APP_EXPERIENCE_VALUES, arena, out, fail)) {
        return true;
    }
    struct str rest = str_from_c(fail->pointer), number, first;
    uint64_t at = 0;
    if (fail->code == FAIL_INPUT && str_next_part(&rest, '/', &first) &&
        str_next_part(&rest, '/', &number) && str_parse_u64(number, &at)) {
        struct fail why = *fail;
        struct str inner = rest.data == NULL ? STR("") : str_format(arena, "/%.*s", STR_ARG(rest));
        const char *base = (int)at == rules->value_at   ? "/value"
                           : (int)at == rules->begin_at ? "/wrong/steps/begin"
                           : (int)at == rules->done_at  ? "/wrong/steps/done"
                                                        : NULL;
        struct str where = base != NULL ? str_format(arena, "%s%.*s", base, STR_ARG(inner))
                                        : str_format(arena, "/wrong/failures/%d%.*s",
                                                     (int)at - rules->failures_at, STR_ARG(inner));
        return fail_input_at(fail, str_copy_c(arena, where), "%s", why.message);
    }
    return false;
}

/* ---- one customer ---------------------------------------------------------------------------------------- */

static bool read_setting(struct app *app, struct arena *arena, struct json_parser *parser,
                         struct json_value *out, struct fail *fail)
{
    struct str text;
    return state_setting_get(app->state, STATE_SETTING_EXPERIENCE, STR("{}"), arena, &text, fail) &&
           json_parse(parser, text, out, fail);
}

bool app_lived_read(struct app *app, const struct app_caller *caller, struct str id,
                    struct app_lived *out, struct fail *fail)
{
    struct json_value rules;
    struct query_plan *made;
    size_t memory = (size_t)app->config.query_memory_mb << 20;
    struct base_cancel cancel = app_cancel_of(app, caller);
    *out = (struct app_lived){.parser = json_parser_new(),
                              .snapshot = store_snapshot_take(app->store),
                              .budget = base_budget_new(memory)};
    out->arena = arena_new(out->budget);
    struct query_run run = {.snapshot = out->snapshot, .cancel = &cancel, .memory_bytes = memory};
    return app_query_env(app, &out->env, fail) &&
           app_find_customer(out->snapshot, id, &out->customer, fail) &&
           read_setting(app, out->arena, out->parser, &rules, fail) &&
           app_experience_read(app, out->snapshot, rules, out->arena, &out->rules, fail) &&
           plan(&out->env, &out->rules, out->arena, &made, fail) &&
           query_moments(app->engine, made, &run, out->customer, out->arena, &out->moments,
                         &out->count, fail);
}

void app_lived_done(struct app_lived *lived)
{
    arena_free(lived->arena);
    base_budget_free(lived->budget);
    store_snapshot_unref(lived->snapshot);
    json_parser_free(lived->parser);
}

bool app_lived_fits(const struct query_moment *moment, int place)
{
    return place >= 0 && (moment->fits >> place & 1U) != 0;
}

struct store_value app_lived_value(const struct query_moment *moment,
                                   enum app_experience_value which)
{
    return moment->values[which].count > 0 ? moment->values[which].values[0]
                                           : (struct store_value){.kind = STORE_NULL};
}

struct str app_lived_text(const struct query_moment *moment, enum app_experience_value which)
{
    struct store_value value = app_lived_value(moment, which);
    return value.kind == STORE_STRING ? store_value_text(value) : (struct str){NULL, 0};
}

/* ---- operations ------------------------------------------------------------------------------------------- */

/* The matchers of a list, from one place on. */
static void write_matchers(struct json_writer *w, struct json_value list, int from, size_t count)
{
    struct json_value one;
    int i = 0;
    json_begin_array(w);
    for (struct json_iter it = json_iter_of(list); json_next(&it, NULL, &one); i++) {
        if (i >= from && i < from + (int)count) {
            json_write_value(w, one);
        }
    }
    json_end_array(w);
}

static void write_one(struct json_writer *w, const char *name, struct json_value list, int at,
                      bool guessed)
{
    struct json_value one;
    int i = 0;
    json_name_c(w, name);
    json_begin_object(w);
    json_name_c(w, "guessed");
    json_write_bool(w, guessed);
    json_name_c(w, "matcher");
    for (struct json_iter it = json_iter_of(list); json_next(&it, NULL, &one); i++) {
        if (i == at) {
            json_write_value(w, one);
        }
    }
    if (at < 0) {
        json_write_null(w);
    }
    json_end_object(w);
}

static void write_limit(struct json_writer *w, const char *name, int64_t limit)
{
    json_name_c(w, name);
    if (limit == FRICTION_OFF) {
        json_write_bool(w, false);
    } else {
        json_write_int(w, limit);
    }
}

/* What holds now: what was written, the limits that hold by default, and what was guessed. */
static void write_in_force(struct json_writer *w, const struct app_experience *rules,
                           struct json_value matchers)
{
    const struct friction_rules *limits = &rules->form.rules;
    json_name_c(w, "value");
    json_begin_object(w);
    json_name_c(w, "guessed");
    json_write_bool(w, rules->value.guessed);
    app_value_write_rule(w, &rules->value);
    json_end_object(w);
    json_name_c(w, "failures");
    json_begin_object(w);
    json_name_c(w, "guessed");
    json_write_bool(w, rules->failures_guessed);
    json_name_c(w, "matchers");
    write_matchers(w, matchers, rules->failures_at, limits->failures ? rules->failure_count : 0);
    json_end_object(w);
    write_one(w, "begin", matchers, rules->begin_at, rules->begin_guessed);
    write_one(w, "done", matchers, rules->done_at, rules->done_guessed);
    json_name_c(w, "scores");
    json_begin_object(w);
    for (size_t s = 0; s < FRICTION_SCALES; s++) {
        write_limit(w, friction_scales[s], limits->score_at_most[s]);
    }
    json_end_object(w);
    write_limit(w, "repeated_times", limits->repeated_times);
    write_limit(w, "repeated_within_ms", limits->repeated_within_ms);
    write_limit(w, "repeated_after_ms", limits->repeated_after_ms);
    write_limit(w, "steps_within_ms", limits->steps_within_ms);
    write_limit(w, "answer_within_ms", limits->answer_within_ms);
    json_name_c(w, "answer_channels");
    json_begin_array(w);
    for (size_t i = 0; i < rules->form.channel_count; i++) {
        json_write_str(w, rules->form.channels[i]);
    }
    json_end_array(w);
}

bool app_op_experience(struct app *app, const struct app_caller *caller, struct json_value input,
                       struct arena *arena, struct base_buf *out, struct fail *fail)
{
    (void)caller;
    static const char *const none[] = {NULL};
    struct json_parser *parser CLEANUP(json_parser_free_at) = json_parser_new();
    struct json_parser *second CLEANUP(json_parser_free_at) = json_parser_new();
    struct json_value set, matchers;
    struct app_experience rules;
    if (!app_input_members(input, none, fail) || !read_setting(app, arena, parser, &set, fail)) {
        return false;
    }
    struct store_snapshot *snapshot = store_snapshot_take(app->store);
    bool good = app_experience_read(app, snapshot, set, arena, &rules, fail) &&
                json_parse(second, rules.matchers, &matchers, fail);
    store_snapshot_unref(snapshot);
    if (!good) {
        return false;
    }
    struct json_writer w = {.out = out};
    json_begin_object(&w);
    json_name_c(&w, "set");
    json_write_value(&w, set);
    json_name_c(&w, "in_force");
    json_begin_object(&w);
    write_in_force(&w, &rules, matchers);
    json_end_object(&w);
    json_end_object(&w);
    return base_buf_ok(out, fail);
}

/* The setting as it is, with the members given in their place; null takes one away. */
static bool merge(struct json_value before, struct json_value given, struct arena *arena,
                  struct str *out, struct fail *fail)
{
    static const char *const members[] = {"value", "wrong"};
    struct base_buf text CLEANUP(base_buf_done) = {.limit = APP_EXPERIENCE_BYTES_MAX};
    struct json_writer w = {.out = &text};
    struct json_value value;
    json_begin_object(&w);
    for (size_t i = 0; i < ARRAY_LEN(members); i++) {
        struct str name = str_from_c(members[i]);
        if ((json_member(given, name, &value) || json_member(before, name, &value)) &&
            json_type_of(value) != JSON_NULL) {
            json_name(&w, name);
            json_write_value(&w, value);
        }
    }
    json_end_object(&w);
    *out = written(arena, &text);
    return base_buf_ok(&text, fail);
}

/* Read as when a customer is looked at, so that what is saved can be used. */
static bool try_rules(struct app *app, struct str text, struct arena *arena, struct fail *fail)
{
    struct json_parser *parser CLEANUP(json_parser_free_at) = json_parser_new();
    struct json_value root;
    struct app_experience rules;
    struct query_env env;
    struct query_plan *made;
    struct store_snapshot *snapshot = store_snapshot_take(app->store);
    bool good = json_parse(parser, text, &root, fail) && app_query_env(app, &env, fail) &&
                app_experience_read(app, snapshot, root, arena, &rules, fail) &&
                plan(&env, &rules, arena, &made, fail);
    store_snapshot_unref(snapshot);
    return good;
}

bool app_op_experience_save(struct app *app, const struct app_caller *caller,
                            struct json_value input, struct arena *arena, struct base_buf *out,
                            struct fail *fail)
{
    static const char *const members[] = {"value", "wrong", NULL};
    struct json_parser *parser CLEANUP(json_parser_free_at) = json_parser_new();
    struct json_value before;
    struct str rules;
    if (!app_input_members(input, members, fail) ||
        !read_setting(app, arena, parser, &before, fail) ||
        !merge(before, input, arena, &rules, fail) || !try_rules(app, rules, arena, fail) ||
        !state_setting_put(app->state, STATE_SETTING_EXPERIENCE, rules, fail) ||
        !access_audit(app->access, &caller->identity, "experience.save", STR(""), rules, fail)) {
        return false;
    }
    base_buf_c(out, "{}");
    return base_buf_ok(out, fail);
}
