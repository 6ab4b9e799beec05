#include "app_insiders.h"

#include <stdio.h>

#include "app_names.h"
#include "app_rules.h"
#include "net_address.h"
#include "state_segments.h"
#include "state_settings.h"

#define SEGMENT_BYTES_MAX ((size_t)512 << 10)
#define RULES_BYTES_MAX ((size_t)256 << 10)
#define EVENTS_MAX 500 /* more are read as every event */

/* Words that the programs put into the names they give themselves. */
#define BOT_PATTERN                                                                                \
    "(?i)bot\\b|bot/|crawl|spider|slurp|headless|lighthouse|pagespeed|pingdom|uptime|statuscake|"  \
    "facebookexternalhit|embedly|preview|phantomjs|puppeteer|playwright|selenium|curl/|wget/|"     \
    "python-requests|python-urllib|go-http-client|okhttp|java/|libwww|scrapy|httpclient|axios/"

/* Where senders put them, if their source keeps them. */
static const char *const address_names[] = {"context.ip", "$ip", "address"};

/* ---- checking ------------------------------------------------------------------------------------------ */

enum form { FORM_TEXTS, FORM_SWITCH, FORM_CONDITIONS };
static const struct {
    const char *name;
    enum form form;
} members[] = {{"email_domains", FORM_TEXTS}, {"customers", FORM_TEXTS},
               {"addresses", FORM_TEXTS},     {"segments", FORM_TEXTS},
               {"traits", FORM_CONDITIONS},   {"bots", FORM_SWITCH}};

/* An address: *out is missing. A range of IPv4: how its addresses begin, "192.0.2.". */
static bool parse_range(struct str text, struct str *out)
{
    size_t slash = str_find_byte(text, '/');
    struct net_address address;
    uint64_t bits = 0;
    *out = (struct str){NULL, 0};
    if (!net_address_parse(str_of(text.data, slash), 0, &address)) {
        return false;
    }
    if (slash == text.len) {
        return true;
    }
    if (!str_parse_u64(str_after(text, slash + 1), &bits) || bits == 0 || bits % 8 != 0 ||
        bits > 24 || address.any.sa_family != AF_INET) {
        return false;
    }
    size_t end = 0;
    for (uint64_t dots = 0; end < slash && dots < bits / 8; end++) {
        dots += text.data[end] == '.';
    }
    *out = str_of(text.data, end);
    return true;
}

static bool check_text(const char *pointer, const char *list, struct json_value value,
                       struct fail *fail)
{
    struct str text =
        json_type_of(value) == JSON_STRING ? json_string(value) : (struct str){NULL, 0};
    if (text.len == 0 || text.len > APP_INSIDERS_VALUE_BYTES_MAX) {
        return fail_input_at(fail, pointer, "expected a text of 1 to %d bytes",
                             APP_INSIDERS_VALUE_BYTES_MAX);
    }
    if (strcmp(list, "email_domains") == 0 &&
        (str_find_byte(text, '@') != text.len || str_find_byte(text, '.') == text.len)) {
        return fail_input_at(fail, pointer, "expected a domain such as shop.example, without @");
    }
    struct str start;
    if (strcmp(list, "addresses") == 0 && !parse_range(text, &start)) {
        return fail_input_at(fail, pointer,
                             "expected an address, or a range that ends at a dot: 10.0.0.0/8, "
                             "172.16.0.0/16, 192.0.2.0/24");
    }
    return true;
}

static bool check_list(const char *name, enum form form, struct json_value list, struct fail *fail)
{
    char pointer[FAIL_POINTER_BYTES];
    snprintf(pointer, sizeof pointer, "/%s", name);
    if (json_type_of(list) != JSON_ARRAY || json_count(list) > APP_INSIDERS_VALUES_MAX) {
        return fail_input_at(fail, pointer, "\"%s\" must be a list of at most %d", name,
                             APP_INSIDERS_VALUES_MAX);
    }
    struct json_value value;
    size_t index = 0;
    for (struct json_iter it = json_iter_of(list); json_next(&it, NULL, &value); index++) {
        snprintf(pointer, sizeof pointer, "/%s/%zu", name, index);
        if (form == FORM_TEXTS ? !check_text(pointer, name, value, fail)
                               : json_type_of(value) != JSON_ARRAY &&
                                     !fail_input_at(fail, pointer,
                                                    "expected a condition such as "
                                                    "[\"role\", \"=\", \"staff\"]")) {
            return false;
        }
    }
    return true;
}

bool app_insiders_check(struct json_value rules, struct fail *fail)
{
    for (size_t i = 0; i < ARRAY_LEN(members); i++) {
        struct json_value value;
        bool given = json_member(rules, str_from_c(members[i].name), &value) &&
                     json_type_of(value) != JSON_NULL;
        bool on;
        if (members[i].form == FORM_SWITCH
                ? !app_input_bool(rules, members[i].name, false, &on, fail)
                : given && !check_list(members[i].name, members[i].form, value, fail)) {
            return false;
        }
    }
    return true;
}

/* ---- as a segment -------------------------------------------------------------------------------------- */

struct making {
    struct app *app;
    struct arena *arena;
    struct json_value rules;
    struct json_writer w;
    size_t parts;
};

static bool list_of(const struct making *m, const char *name, struct json_value *out)
{
    return json_member(m->rules, str_from_c(name), out) && json_type_of(*out) == JSON_ARRAY &&
           json_count(*out) > 0;
}

static void begin_trait(struct making *m)
{
    json_begin_object(&m->w);
    json_name_c(&m->w, "trait");
    json_begin_array(&m->w);
    m->parts++;
}

static void end_trait(struct making *m)
{
    json_end_array(&m->w);
    json_end_object(&m->w);
}

/* "@shop.example" and "@mail.shop.example" at the end. */
static struct str domain_pattern(struct arena *arena, struct str domain)
{
    struct base_buf text CLEANUP(base_buf_done) = {0};
    base_buf_c(&text, "(?i)@([^@]*\\.)?");
    for (size_t i = 0; i < domain.len; i++) {
        bool plain = (domain.data[i] >= 'a' && domain.data[i] <= 'z') ||
                     (domain.data[i] >= 'A' && domain.data[i] <= 'Z') ||
                     (domain.data[i] >= '0' && domain.data[i] <= '9') ||
                     (unsigned char)domain.data[i] >= 0x80U;
        if (!plain) {
            base_buf_byte(&text, '\\');
        }
        base_buf_byte(&text, domain.data[i]);
    }
    base_buf_c(&text, "$");
    return str_copy(arena, base_buf_view(&text));
}

static void put_domains(struct making *m)
{
    struct json_value list, value;
    if (!list_of(m, "email_domains", &list)) {
        return;
    }
    for (struct json_iter it = json_iter_of(list); json_next(&it, NULL, &value);) {
        static const char *const names[] = {"traits.email", "id"};
        for (size_t i = 0; i < ARRAY_LEN(names); i++) {
            begin_trait(m);
            json_write_c(&m->w, names[i]);
            json_write_c(&m->w, "matches");
            json_write_str(&m->w, domain_pattern(m->arena, json_string(value)));
            end_trait(m);
        }
    }
}

static void put_customers(struct making *m)
{
    struct json_value list;
    if (list_of(m, "customers", &list)) {
        begin_trait(m);
        json_write_c(&m->w, "id");
        json_write_c(&m->w, "in");
        json_write_value(&m->w, list);
        end_trait(m);
    }
}

static void put_traits(struct making *m)
{
    struct json_value list, value;
    if (!list_of(m, "traits", &list)) {
        return;
    }
    for (struct json_iter it = json_iter_of(list); json_next(&it, NULL, &value);) {
        json_begin_object(&m->w);
        json_name_c(&m->w, "trait");
        json_write_value(&m->w, value);
        json_end_object(&m->w);
        m->parts++;
    }
}

/* A saved segment that was deleted since says nothing any more. */
static bool put_segments(struct making *m, struct fail *fail)
{
    struct json_value list, value;
    if (!list_of(m, "segments", &list)) {
        return true;
    }
    for (struct json_iter it = json_iter_of(list); json_next(&it, NULL, &value);) {
        struct state_segment segment;
        bool found;
        if (!state_segment_find(m->app->state, json_string(value), m->arena, &segment, &found,
                                fail)) {
            return false;
        }
        if (found) {
            json_begin_object(&m->w);
            json_name_c(&m->w, "in");
            json_write_str(&m->w, segment.name);
            json_end_object(&m->w);
            m->parts++;
        }
    }
    return true;
}

/* The events that bear one of these properties: no others need be read to find who sent them. */
static bool bearers(struct making *m, const char *const *names, size_t count,
                    struct store_name **out, size_t *out_count, struct fail *fail)
{
    struct store_snapshot *snapshot = store_snapshot_take(m->app->store);
    struct query_renames renames;
    bool good = app_rules_renames(m->app->rules, m->arena, &renames, fail);
    *out_count = 0;
    *out = arena_small(m->arena, EVENTS_MAX * sizeof **out);
    for (size_t i = 0; i < count && good; i++) {
        struct store_name *events;
        size_t event_count;
        good = app_names_events(snapshot, &renames, STORE_NAME_PROPERTY, str_from_c(names[i]),
                                m->arena, &events, &event_count, fail);
        for (size_t k = 0; good && k < event_count && *out_count < EVENTS_MAX; k++) {
            (*out)[(*out_count)++] = events[k];
        }
    }
    store_snapshot_unref(snapshot);
    return good;
}

static void begin_did(struct making *m, const struct store_name *events, size_t count)
{
    json_begin_object(&m->w);
    json_name_c(&m->w, "did");
    json_begin_object(&m->w);
    json_name_c(&m->w, "event");
    json_begin_array(&m->w);
    if (count == EVENTS_MAX) {
        json_write_c(&m->w, "*");
    }
    for (size_t i = 0; i < count; i++) {
        json_write_str(&m->w, str_copy(m->arena, events[i].name));
    }
    json_end_array(&m->w);
    json_name_c(&m->w, "where");
    json_begin_array(&m->w);
    json_begin_object(&m->w);
    json_name_c(&m->w, "any");
    json_begin_array(&m->w);
    m->parts++;
}

static void end_did(struct making *m)
{
    json_end_array(&m->w);
    json_end_object(&m->w);
    json_end_array(&m->w);
    json_end_object(&m->w);
    json_end_object(&m->w);
}

static void begin_condition(struct making *m, const char *name, const char *op)
{
    json_begin_array(&m->w);
    json_write_str(&m->w, str_format(m->arena, "properties.%s", name));
    json_write_c(&m->w, op);
}

static bool put_bots(struct making *m, struct fail *fail)
{
    static const char *const names[] = {"context.userAgent", "$raw_user_agent", "$user_agent",
                                        "user_agent", "bot"};
    struct json_value on;
    struct store_name *events;
    size_t count;
    if (!json_member(m->rules, STR("bots"), &on) || json_type_of(on) != JSON_BOOL ||
        !json_bool(on)) {
        return true;
    }
    if (!bearers(m, names, ARRAY_LEN(names), &events, &count, fail)) {
        return false;
    }
    if (count == 0) {
        return true;
    }
    begin_did(m, events, count);
    for (size_t i = 0; i + 1 < ARRAY_LEN(names); i++) {
        begin_condition(m, names[i], "matches");
        json_write_c(&m->w, BOT_PATTERN);
        json_end_array(&m->w);
    }
    begin_condition(m, "bot", "="); /* from the log of a web server */
    json_write_bool(&m->w, true);
    json_end_array(&m->w);
    end_did(m);
    return true;
}

static bool put_addresses(struct making *m, struct fail *fail)
{
    struct json_value list, value;
    struct store_name *events;
    size_t count;
    if (!list_of(m, "addresses", &list)) {
        return true;
    }
    if (!bearers(m, address_names, ARRAY_LEN(address_names), &events, &count, fail)) {
        return false;
    }
    if (count == 0) {
        return true;
    }
    begin_did(m, events, count);
    for (struct json_iter it = json_iter_of(list); json_next(&it, NULL, &value);) {
        struct str start;
        bool range = parse_range(json_string(value), &start) && start.data != NULL;
        for (size_t i = 0; i < ARRAY_LEN(address_names); i++) {
            begin_condition(m, address_names[i], range ? "starts with" : "=");
            json_write_str(&m->w, range ? start : json_string(value));
            json_end_array(&m->w);
        }
    }
    end_did(m);
    return true;
}

static bool put_rules(struct making *m, struct fail *fail)
{
    json_begin_object(&m->w);
    json_name_c(&m->w, "any");
    json_begin_array(&m->w);
    put_domains(m);
    put_customers(m);
    put_traits(m);
    if (!put_segments(m, fail) || !put_bots(m, fail) || !put_addresses(m, fail)) {
        return false;
    }
    json_end_array(&m->w);
    json_end_object(&m->w);
    return true;
}

static bool make(struct app *app, struct arena *arena, struct json_value rules, struct str *out,
                 bool *out_found, struct fail *fail)
{
    struct base_buf text CLEANUP(base_buf_done) = {.limit = SEGMENT_BYTES_MAX};
    struct making m = {.app = app, .arena = arena, .rules = rules, .w = {.out = &text}};
    if (!put_rules(&m, fail) || !base_buf_ok(&text, fail)) {
        return false;
    }
    *out = str_copy(arena, base_buf_view(&text));
    *out_found = m.parts > 0;
    return true;
}

bool app_insiders_segment(struct app *app, struct arena *arena, struct str *out, bool *out_found,
                          struct fail *fail)
{
    struct json_parser *parser CLEANUP(json_parser_free_at) = json_parser_new();
    struct str text;
    struct json_value rules;
    return state_setting_get(app->state, STATE_SETTING_INTERNAL, STR("{}"), arena, &text, fail) &&
           json_parse(parser, text, &rules, fail) && make(app, arena, rules, out, out_found, fail);
}

/* ---- operations ---------------------------------------------------------------------------------------- */

/* How many there are now: one pass, as any question. */
static bool count_insiders(struct app *app, const struct app_caller *caller, struct arena *arena,
                           int64_t *out, struct fail *fail)
{
    struct json_parser *parser CLEANUP(json_parser_free_at) = json_parser_new();
    struct base_buf answer CLEANUP(base_buf_done) = {0};
    struct json_value question, root, total;
    if (!json_parse(parser, STR("{\"kind\":\"customers\",\"internal\":\"only\",\"limit\":1}"),
                    &question, fail) ||
        !app_op_query(app, caller, question, arena, &answer, fail) ||
        !json_parse(parser, base_buf_view(&answer), &root, fail)) {
        return false;
    }
    INVARIANT(json_member(root, STR("total"), &total));
    *out = json_int(total);
    return true;
}

bool app_op_internal(struct app *app, const struct app_caller *caller, struct json_value input,
                     struct arena *arena, struct base_buf *out, struct fail *fail)
{
    static const char *const none[] = {NULL};
    struct str rules, segment;
    bool found;
    int64_t customers = 0;
    if (!app_input_members(input, none, fail) ||
        !state_setting_get(app->state, STATE_SETTING_INTERNAL, STR("{}"), arena, &rules, fail) ||
        !app_insiders_segment(app, arena, &segment, &found, fail) ||
        (found && !count_insiders(app, caller, arena, &customers, fail))) {
        return false;
    }
    struct json_writer w = {.out = out};
    json_begin_object(&w);
    json_name_c(&w, "rules");
    json_write_raw(&w, rules);
    json_name_c(&w, "segment");
    if (found) {
        json_write_raw(&w, segment);
    } else {
        json_write_null(&w);
    }
    json_name_c(&w, "customers");
    json_write_int(&w, customers);
    json_end_object(&w);
    return base_buf_ok(out, fail);
}

/* The rules as they are, with the members given in their place; null takes one away. */
static bool merge(struct str before, struct json_value given, struct arena *arena, struct str *out,
                  struct fail *fail)
{
    struct json_parser *parser CLEANUP(json_parser_free_at) = json_parser_new();
    struct base_buf text CLEANUP(base_buf_done) = {.limit = RULES_BYTES_MAX};
    struct json_writer w = {.out = &text};
    struct json_value old, value;
    if (!json_parse(parser, before, &old, fail)) {
        return false;
    }
    json_begin_object(&w);
    for (size_t i = 0; i < ARRAY_LEN(members); i++) {
        struct str name = str_from_c(members[i].name);
        if ((json_member(given, name, &value) || json_member(old, name, &value)) &&
            json_type_of(value) != JSON_NULL) {
            json_name(&w, name);
            json_write_value(&w, value);
        }
    }
    json_end_object(&w);
    if (!base_buf_ok(&text, fail)) {
        return false;
    }
    *out = str_copy(arena, base_buf_view(&text));
    return true;
}

/* Segments that are named anew must be there; one that was deleted since stands in nobody's way. */
static bool find_segments(struct app *app, struct json_value given, struct arena *arena,
                          struct fail *fail)
{
    struct json_value list, value;
    size_t index = 0;
    if (!json_member(given, STR("segments"), &list) || json_type_of(list) != JSON_ARRAY) {
        return true;
    }
    for (struct json_iter it = json_iter_of(list); json_next(&it, NULL, &value); index++) {
        struct state_segment saved;
        bool found;
        if (!state_segment_find(app->state, json_string(value), arena, &saved, &found, fail)) {
            return false;
        }
        if (!found) {
            char pointer[64];
            snprintf(pointer, sizeof pointer, "/segments/%zu", index);
            return fail_input_at(fail, pointer, "there is no saved segment \"%.*s\"",
                                 STR_ARG(json_string(value)));
        }
    }
    return true;
}

/* The rules are read as a question would, so that what is saved can be asked. */
static bool try_rules(struct app *app, struct str rules, struct arena *arena, struct fail *fail)
{
    struct json_parser *parser CLEANUP(json_parser_free_at) = json_parser_new();
    struct json_value root;
    struct query_env env;
    struct str segment;
    struct fail why;
    bool found;
    if (!json_parse(parser, rules, &root, fail) || !app_query_env(app, &env, fail) ||
        !make(app, arena, root, &segment, &found, fail)) {
        return false;
    }
    if (found && !query_check_segment(&env, segment, STR(""), &why)) {
        return fail_input_at(fail, "/traits", "%s", why.message);
    }
    return true;
}

bool app_op_internal_save(struct app *app, const struct app_caller *caller, struct json_value input,
                          struct arena *arena, struct base_buf *out, struct fail *fail)
{
    static const char *const names[] = {"email_domains", "customers", "addresses", "segments",
                                        "traits",        "bots",      NULL};
    struct str before, rules;
    if (!app_input_members(input, names, fail) || !app_insiders_check(input, fail) ||
        !find_segments(app, input, arena, fail) ||
        !state_setting_get(app->state, STATE_SETTING_INTERNAL, STR("{}"), arena, &before, fail) ||
        !merge(before, input, arena, &rules, fail) || !try_rules(app, rules, arena, fail) ||
        !state_setting_put(app->state, STATE_SETTING_INTERNAL, rules, fail) ||
        !access_audit(app->access, &caller->identity, "internal.save", STR(""), rules, fail)) {
        return false;
    }
    base_buf_c(out, "{}");
    return base_buf_ok(out, fail);
}
