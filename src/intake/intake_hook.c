#include "intake_hook.h"

#include <stdio.h>

#include "base_json_write.h"
#include "intake_map.h"
#include "intake_way.h"

struct rule {
    struct str name;
    struct intake_map map;
    struct intake_column each; /* of an array; no tokens: the document itself */
    bool has_each;
};

struct intake_hook {
    struct rule *rules;
    size_t count;
    enum intake_hook_scheme scheme;
    struct str secret;
};

enum intake_hook_scheme intake_hook_signed(const struct intake_hook *hook)
{
    return hook->scheme;
}

struct str intake_hook_secret(const struct intake_hook *hook)
{
    return hook->secret;
}

/* ---- compiling ------------------------------------------------------------------------------------------ */

/* The failure's place, below the rule. */
static bool within(struct fail *fail, size_t rule, bool alone)
{
    if (!alone) {
        char pointer[FAIL_POINTER_BYTES];
        snprintf(pointer, sizeof pointer, "/rules/%zu%.*s", rule, FAIL_POINTER_BYTES - 32,
                 fail->pointer);
        memcpy(fail->pointer, pointer, sizeof pointer);
    }
    return false;
}

static bool take_each(struct json_value value, struct arena *arena, struct rule *rule,
                      struct fail *fail)
{
    const struct intake_compile compile = {.zone = zone_utc(), .arena = arena, .fail = fail};
    const struct intake_path root = {.name = STR("")};
    const struct intake_path at = {.up = &root, .name = STR("each")};
    rule->has_each = true;
    if (json_type_of(value) != JSON_STRING ||
        (json_string(value).len > 0 && json_string(value).data[0] != '/')) {
        return fail_input_at(fail, "/each",
                             "expected a pointer to an array, such as \"/messages\", or \"\" where "
                             "the body itself is one");
    }
    return json_string(value).len == 0 ||
           intake_compile_column(&compile, json_string(value), &at, &rule->each);
}

/* A rule is a map with two members more: the map is compiled without them. */
static bool compile_rule(struct json_value json, const struct zone *zone, struct arena *arena,
                         struct rule *rule, struct fail *fail)
{
    struct base_buf text CLEANUP(base_buf_done) = {.limit = INTAKE_HOOK_DEFINITION_BYTES_MAX * 2};
    struct json_parser *parser CLEANUP(json_parser_free_at) = json_parser_new();
    struct json_writer w = {.out = &text};
    struct json_value value, map;
    struct str name;
    if (json_type_of(json) != JSON_OBJECT) {
        return fail_input_at(fail, "", "a rule is an object, found %s",
                             json_type_name(json_type_of(json)));
    }
    json_begin_object(&w);
    for (struct json_iter it = json_iter_of(json); json_next(&it, &name, &value);) {
        if (str_is(name, "name")) {
            if (json_type_of(value) != JSON_STRING || json_string(value).len == 0 ||
                json_string(value).len > INTAKE_HOOK_NAME_BYTES_MAX) {
                return fail_input_at(fail, "/name", "a rule's name has 1 to %d bytes",
                                     INTAKE_HOOK_NAME_BYTES_MAX);
            }
            rule->name = str_copy(arena, json_string(value));
        } else if (str_is(name, "each")) {
            if (!take_each(value, arena, rule, fail)) {
                return false;
            }
        } else {
            json_name(&w, name);
            json_write_value(&w, value);
        }
    }
    json_end_object(&w);
    return base_buf_ok(&text, fail) && json_parse(parser, base_buf_view(&text), &map, fail) &&
           intake_map_compile(map, NULL, zone, arena, &rule->map, fail);
}

static bool compile_verify(struct json_value verify, struct arena *arena, struct intake_hook *hook,
                           struct fail *fail)
{
    static const char *const names[INTAKE_HOOK_SCHEMES] = {
        "none", "standard-webhooks", "github", "stripe", "shopify", "zendesk"};
    struct json_value value;
    struct str name;
    if (json_type_of(verify) != JSON_OBJECT) {
        return fail_input_at(fail, "/verify", "expected {\"scheme\": ..., \"secret\": ...}");
    }
    for (struct json_iter it = json_iter_of(verify); json_next(&it, &name, &value);) {
        bool scheme = str_is(name, "scheme");
        if ((!scheme && !str_is(name, "secret")) || json_type_of(value) != JSON_STRING) {
            return fail_input_at(fail, "/verify",
                                 "\"verify\" has two members, \"scheme\" and \"secret\", both "
                                 "strings");
        }
        if (!scheme) {
            hook->secret = str_copy(arena, json_string(value));
            continue;
        }
        size_t i = 0;
        while (i < INTAKE_HOOK_SCHEMES && !str_is(json_string(value), names[i])) {
            i++;
        }
        if (i == INTAKE_HOOK_SCHEMES) {
            return fail_input_at(fail, "/verify/scheme",
                                 "expected none, standard-webhooks, github, stripe, shopify or "
                                 "zendesk");
        }
        hook->scheme = (enum intake_hook_scheme)i;
    }
    if (hook->scheme != INTAKE_HOOK_UNSIGNED && hook->secret.len == 0) {
        return fail_input_at(fail, "/verify/secret",
                             "the name of the file or credential that holds the secret is missing");
    }
    return true;
}

static bool compile_rules(struct json_value root, struct json_value rules, const struct zone *zone,
                          struct arena *arena, struct intake_hook *hook, struct fail *fail)
{
    struct json_value value;
    struct str name;
    for (struct json_iter it = json_iter_of(root); json_next(&it, &name, &value);) {
        if (!str_is(name, "rules") && !str_is(name, "verify")) {
            char pointer[FAIL_POINTER_BYTES];
            snprintf(pointer, sizeof pointer, "/%.*s", STR_ARG(name));
            return fail_input_at(fail, pointer,
                                 "unknown member \"%.*s\"; beside \"rules\" there is \"verify\"",
                                 STR_ARG(name));
        }
    }
    if (json_type_of(rules) != JSON_ARRAY || json_count(rules) == 0 ||
        json_count(rules) > INTAKE_HOOK_RULES_MAX) {
        return fail_input_at(fail, "/rules", "expected 1 to %d rules", INTAKE_HOOK_RULES_MAX);
    }
    hook->rules = arena_array(arena, json_count(rules), sizeof *hook->rules, fail);
    if (hook->rules == NULL) {
        return false;
    }
    for (struct json_iter it = json_iter_of(rules); json_next(&it, NULL, &value); hook->count++) {
        struct rule *rule = &hook->rules[hook->count];
        rule->name = str_format(arena, "%zu", hook->count + 1);
        if (!compile_rule(value, zone, arena, rule, fail)) {
            return within(fail, hook->count, false);
        }
    }
    return true;
}

bool intake_hook_compile(struct str definition, const struct zone *zone, struct arena *arena,
                         struct intake_hook **out, struct fail *fail)
{
    struct json_parser *parser CLEANUP(json_parser_free_at) = json_parser_new();
    struct json_value root, rules, verify;
    struct intake_hook *hook = arena_small(arena, sizeof *hook);
    if (definition.len > INTAKE_HOOK_DEFINITION_BYTES_MAX) {
        return fail_set(fail, FAIL_LIMIT, "a definition has at most %zu bytes",
                        INTAKE_HOOK_DEFINITION_BYTES_MAX);
    }
    if (!json_parse(parser, definition, &root, fail)) {
        return fail_at(fail, "the definition");
    }
    if (json_type_of(root) != JSON_OBJECT) {
        return fail_input_at(fail, "",
                             "the definition: expected an object, a map or {\"rules\": "
                             "[...]}");
    }
    if (json_member(root, STR("verify"), &verify) && !compile_verify(verify, arena, hook, fail)) {
        return false;
    }
    if (json_member(root, STR("rules"), &rules)) {
        if (!compile_rules(root, rules, zone, arena, hook, fail)) {
            return false;
        }
    } else {
        hook->rules = arena_small(arena, sizeof *hook->rules);
        hook->count = 1;
        hook->rules->name = STR("1");
        if (!compile_rule(root, zone, arena, hook->rules, fail)) {
            return false;
        }
    }
    *out = hook;
    return true;
}

/* ---- a delivery ------------------------------------------------------------------------------------------ */

struct run {
    const struct intake_hook *hook;
    struct intake_decoder *decoder;
    const struct intake_hook_delivery *delivery;
    const struct intake_source *source;
    struct intake_repeats
        *repeats; /* gives ids to events that have none, the same for a delivery sent again */
    struct arena *arena;
    struct str known_raw; /* of one record that is read again */
    struct json_value root;
    struct intake_hook_result out;
    size_t capacity;
    struct fail *fail;
};

static bool room(struct run *run)
{
    if (run->out.count < run->capacity) {
        return true;
    }
    if (run->capacity >= INTAKE_HOOK_EVENTS_MAX) {
        return fail_set(run->fail, FAIL_LIMIT, "one delivery makes at most %d events",
                        INTAKE_HOOK_EVENTS_MAX);
    }
    size_t more = run->capacity == 0 ? 16 : run->capacity * 4;
    more = more > INTAKE_HOOK_EVENTS_MAX ? INTAKE_HOOK_EVENTS_MAX : more;
    struct store_item *items = arena_array(run->arena, more, sizeof *items, run->fail);
    struct str *rules = arena_array(run->arena, more, sizeof *rules, run->fail);
    if (items == NULL || rules == NULL) {
        return false;
    }
    if (run->out.count > 0) {
        memcpy(items, run->out.items, run->out.count * sizeof *items);
        memcpy(rules, run->out.rules, run->out.count * sizeof *rules);
    }
    run->out.items = items;
    run->out.rules = rules;
    run->capacity = more;
    return true;
}

/* What the quarantine would show: the element's own bytes, not a whole delivery for each. */
static bool raw_of(struct run *run, const struct intake_record *record, struct str *out)
{
    if (!record->has_element) {
        *out = run->delivery->body;
        return true;
    }
    struct base_buf text CLEANUP(base_buf_done) = {.limit = INTAKE_HOOK_BODY_BYTES_MAX * 4};
    struct json_writer w = {.out = &text};
    json_write_value(&w, record->element);
    if (!base_buf_ok(&text, run->fail)) {
        return false;
    }
    *out = str_copy(run->arena, base_buf_view(&text));
    return true;
}

static bool apply(struct run *run, size_t rule_at, struct intake_record *record)
{
    const struct rule *rule = &run->hook->rules[rule_at];
    struct intake_draft draft;
    bool holds;
    if (!raw_of(run, record, &record->raw) ||
        !intake_draft_begin(&draft, run->decoder, run->source, &rule->map.places, record->raw,
                            run->arena, run->fail)) {
        return false;
    }
    bool good = draft.reason.data == NULL; /* not too large */
    if (good && !intake_where_holds(&rule->map, record, &draft, &holds)) {
        return !draft.hard;
    }
    if (good && !holds) {
        return true;
    }
    if (!room(run)) {
        return false;
    }
    draft.way = intake_way_webhook(rule->name, run->arena);
    draft.known_raw = run->known_raw;
    draft.repeats = run->repeats;
    struct store_item *item = &run->out.items[run->out.count];
    good = good && intake_map_apply(&rule->map, record, &draft);
    /* Without an id of the sender's: the same for the same rule and bytes. */
    if (!intake_draft_end(&draft, good, item)) {
        return false;
    }
    run->out.rules[run->out.count++] = rule->name;
    run->out.taken = true;
    return true;
}

static bool apply_each(struct run *run, size_t rule_at, struct intake_record *record)
{
    const struct rule *rule = &run->hook->rules[rule_at];
    struct json_value list = run->root;
    if (rule->each.token_count > 0 && !intake_map_find(run->root, &rule->each, &list)) {
        return true;
    }
    if (json_type_of(list) != JSON_ARRAY) {
        return true;
    }
    record->has_element = true;
    record->number = 0;
    for (struct json_iter it = json_iter_of(list); json_next(&it, NULL, &record->element);) {
        record->number++;
        if (json_type_of(record->element) == JSON_OBJECT && !apply(run, rule_at, record)) {
            return false;
        }
    }
    return true;
}

static bool refuse_whole(struct run *run)
{
    static const struct intake_places nowhere;
    struct intake_draft draft;
    if (!room(run) || !intake_draft_begin(&draft, run->decoder, run->source, &nowhere,
                                          run->delivery->body, run->arena, run->fail)) {
        return false;
    }
    draft.refused = true;
    intake_judge(&draft, STR("where"), "no rule takes it: the conditions of none hold");
    if (!intake_draft_end(&draft, false, run->out.items)) {
        return false;
    }
    run->out.rules[0] = STR("");
    run->out.count = 1;
    return true;
}

static bool run_rules(struct run *run)
{
    for (size_t i = 0; i < run->hook->count; i++) {
        struct intake_record record = {.number = 1,
                                       .root = run->root,
                                       .header = run->delivery->header,
                                       .header_context = run->delivery->context};
        bool good =
            run->hook->rules[i].has_each ? apply_each(run, i, &record) : apply(run, i, &record);
        if (!good) {
            return false;
        }
    }
    return run->out.count > 0 || refuse_whole(run);
}

bool intake_hook_decode(const struct intake_hook *hook, struct intake_decoder *decoder,
                        const struct intake_hook_delivery *delivery,
                        const struct intake_source *source, struct arena *arena,
                        struct intake_hook_result *out, struct fail *fail)
{
    struct run run = {.hook = hook,
                      .decoder = decoder,
                      .delivery = delivery,
                      .source = source,
                      .arena = arena,
                      .fail = fail};
    if (delivery->body.len > INTAKE_HOOK_BODY_BYTES_MAX) {
        return fail_set(fail, FAIL_LIMIT, "a delivery has at most %zu bytes",
                        INTAKE_HOOK_BODY_BYTES_MAX);
    }
    if (!json_parse(decoder->parser, delivery->body, &run.root, fail)) {
        return fail_at(fail, "the delivery");
    }
    if (json_type_of(run.root) != JSON_OBJECT && json_type_of(run.root) != JSON_ARRAY) {
        return fail_set(fail, FAIL_INPUT, "the delivery: expected an object or an array, found %s",
                        json_type_name(json_type_of(run.root)));
    }
    run.repeats = intake_repeats_new((size_t)4 << 20);
    bool good = run_rules(&run);
    intake_repeats_free(run.repeats);
    if (good) {
        *out = run.out;
    }
    return good;
}

bool intake_hook_again(const struct intake_hook *hook, struct str rule,
                       struct intake_decoder *decoder, struct str raw, struct str known_raw,
                       const struct intake_source *source, struct arena *arena,
                       struct store_item *out, bool *out_taken, struct fail *fail)
{
    const struct intake_hook_delivery delivery = {.body = raw};
    struct run run = {.hook = hook,
                      .decoder = decoder,
                      .delivery = &delivery,
                      .source = source,
                      .known_raw = known_raw,
                      .arena = arena,
                      .fail = fail};
    size_t at = 0;
    *out_taken = false;
    while (at < hook->count && !str_equal(hook->rules[at].name, rule)) {
        at++;
    }
    if (at == hook->count || !json_parse(decoder->parser, raw, &run.root, fail)) {
        return at == hook->count || fail->code == FAIL_INPUT || fail->code == FAIL_LIMIT;
    }
    struct intake_record record = {.number = 1,
                                   .root = run.root,
                                   .has_element = hook->rules[at].has_each,
                                   .element = run.root};
    run.repeats = intake_repeats_new((size_t)1 << 20);
    bool good = true;
    /* Those before it too: which of the events out of the same bytes it is, is part of its id. */
    for (size_t i = 0; i <= at && good; i++) {
        good = hook->rules[i].has_each != hook->rules[at].has_each || apply(&run, i, &record);
    }
    intake_repeats_free(run.repeats);
    *out_taken = good && run.out.count > 0 && str_equal(run.out.rules[run.out.count - 1], rule);
    if (*out_taken) {
        *out = run.out.items[run.out.count - 1];
    }
    return good;
}
