/* clang-format off */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include "query_fake_store.h"

#include <stdlib.h>

#include "app_text.h"
#include "base_time.h"

/* ---- loading ---- */

char *fake_quotes(struct arena *arena, const char *text)
{
    char *copy = str_copy_c(arena, str_from_c(text));
    for (char *at = copy; *at != '\0'; at++) {
        *at = *at == '\'' ? '"' : *at;
    }
    return copy;
}

static uint32_t customer_of(struct store_snapshot *s, struct str id)
{
    for (uint32_t i = 0; i < s->customer_count; i++) {
        if (str_equal(s->customers[i].id, id)) {
            return i;
        }
    }
    assert_true(s->customer_count < CUSTOMERS_MAX);
    struct fake_customer *c = &s->customers[s->customer_count];
    c->id = str_copy(s->arena, id);
    c->known = true;
    c->identifiers[c->identifier_count++] = (struct store_identifier){STR("user"), c->id};
    return s->customer_count++;
}

static uint32_t event_of(struct store_snapshot *s, struct str name)
{
    for (uint32_t i = 0; i < s->event_count; i++) {
        if (str_equal(s->events[i], name)) {
            return i;
        }
    }
    assert_true(s->event_count < NAMES_MAX);
    s->events[s->event_count] = str_copy(s->arena, name);
    return s->event_count++;
}

static struct store_value value_of(struct store_snapshot *s, struct json_value json)
{
    switch (json_type_of(json)) {
    case JSON_BOOL:
        return store_value_bool(json_bool(json));
    case JSON_INT:
        return store_value_int(json_int(json));
    case JSON_UINT:
        return store_value_uint(json_uint(json));
    case JSON_DOUBLE:
        return store_value_double(json_double(json));
    case JSON_STRING:
        return store_value_str(str_copy(s->arena, json_string(json)));
    case JSON_NULL:
        return (struct store_value){.kind = STORE_NULL};
    case JSON_ARRAY:
    case JSON_OBJECT:
        break;
    }
    fail_msg("a property is a scalar or a list of scalars");
    return store_value_int(0);
}

static void add_field(struct store_snapshot *s, struct store_field *fields, size_t *count,
                      size_t most, struct str name, struct json_value value)
{
    if (json_type_of(value) == JSON_ARRAY) {
        struct json_value element;
        for (struct json_iter it = json_iter_of(value); json_next(&it, NULL, &element);) {
            add_field(s, fields, count, most, name, element);
        }
        return;
    }
    assert_true(*count < most);
    fields[(*count)++] = (struct store_field){str_copy(s->arena, name), value_of(s, value)};
}

static void add_object(struct store_snapshot *s, struct store_field *fields, size_t *count,
                       size_t most, struct json_value object)
{
    struct str name;
    struct json_value value;
    for (struct json_iter it = json_iter_of(object); json_next(&it, &name, &value);) {
        add_field(s, fields, count, most, name, value);
    }
}

static void add_event(struct store_snapshot *s, uint32_t customer, struct json_value line,
                      struct json_value event)
{
    static const char *const own[] = {"text", "score", "scale", "channel", "source"};
    struct json_value value;
    struct store_field fields[64];
    size_t count = 0;
    assert_true(s->row_count < ROWS_MAX);
    struct fake_row *row = &s->rows[s->row_count];
    assert_true(json_member(line, STR("t"), &value));
    assert_true(time_parse_rfc3339(json_string(value), &row->ts_ms));
    row->customer = customer;
    row->event = event_of(s, json_string(event));
    row->arrival = s->row_count++;
    if (json_member(line, STR("p"), &value)) {
        add_object(s, fields, &count, 64, value);
    }
    if (json_member(line, STR("sent"), &value)) {
        struct str name;
        struct json_value sent;
        for (struct json_iter it = json_iter_of(value); json_next(&it, &name, &sent);) {
            add_field(s, fields, &count, 64, str_format(s->arena, "^%.*s", STR_ARG(name)), sent);
        }
    }
    for (size_t i = 0; i < ARRAY_LEN(own); i++) {
        if (json_member(line, str_from_c(own[i]), &value) &&
            !(json_type_of(value) == JSON_STRING && json_string(value).len == 0)) {
            add_field(s, fields, &count, 64, str_format(s->arena, "@%s", own[i]), value);
        }
    }
    row->fields = arena_small(s->arena, (count + 1) * sizeof fields[0]);
    memcpy(row->fields, fields, count * sizeof fields[0]);
    row->field_count = count;
}

static void add_line(struct store_snapshot *s, struct str text)
{
    CLEANUP(json_parser_free_at) struct json_parser *parser = json_parser_new();
    struct json_value line, value;
    struct fail fail;
    if (!json_parse(parser, text, &line, &fail)) {
        fail_msg("%.*s: %s", STR_ARG(text), fail.message);
    }
    assert_true(json_member(line, STR("c"), &value));
    uint32_t number = customer_of(s, json_string(value));
    struct fake_customer *customer = &s->customers[number];
    if (json_member(line, STR("traits"), &value)) {
        customer->trait_count = 0;
        add_object(s, customer->traits, &customer->trait_count, 64, value);
    }
    if (json_member(line, STR("known"), &value)) {
        customer->known = json_bool(value);
    }
    if (json_member(line, STR("ids"), &value)) {
        struct json_value id;
        for (struct json_iter it = json_iter_of(value); json_next(&it, NULL, &id);) {
            struct str rest = str_copy(s->arena, json_string(id)), kind;
            assert_true(str_next_part(&rest, ':', &kind));
            customer->identifiers[customer->identifier_count++] =
                (struct store_identifier){kind, rest};
        }
    }
    if (json_member(line, STR("e"), &value)) {
        add_event(s, number, line, value);
    }
}

static int compare_rows(const void *a, const void *b)
{
    const struct fake_row *x = a, *y = b;
    if (x->customer != y->customer) {
        return x->customer < y->customer ? -1 : 1;
    }
    if (x->ts_ms != y->ts_ms) {
        return x->ts_ms < y->ts_ms ? -1 : 1;
    }
    return x->arrival < y->arrival ? -1 : 1;
}

void fake_add(struct fake *fake, const char *lines)
{
    struct store_snapshot *s = fake->snapshot;
    struct str rest = str_from_c(fake_quotes(fake->arena, lines)), line;
    while (str_next_part(&rest, '\n', &line)) {
        if (str_trim(line).len > 0) {
            add_line(s, line);
        }
    }
    qsort(s->rows, s->row_count, sizeof s->rows[0], compare_rows);
    s->accounts = NULL;
}

void fake_save(struct fake *fake, const char *name, const char *segment)
{
    struct store_snapshot *s = fake->snapshot;
    s->saved[s->saved_count++] =
        (struct saved){str_from_c(name), str_from_c(fake_quotes(fake->arena, segment))};
}

static bool segment_find(void *context, struct str name, struct arena *arena, struct str *out_json,
                         bool *out_found, struct fail *fail)
{
    (void)arena;
    (void)fail;
    struct store_snapshot *s = context;
    *out_found = false;
    for (size_t i = 0; i < s->saved_count; i++) {
        if (str_equal(s->saved[i].name, name)) {
            *out_json = s->saved[i].json;
            *out_found = true;
        }
    }
    return true;
}

static bool segment_names(void *context, struct arena *arena, struct str **out, size_t *out_count,
                          struct fail *fail)
{
    struct store_snapshot *s = context;
    *out = arena_array(arena, s->saved_count, sizeof **out, fail);
    for (size_t i = 0; i < s->saved_count; i++) {
        (*out)[i] = s->saved[i].name;
    }
    *out_count = s->saved_count;
    return *out != NULL;
}

struct fake *fake_new(const char *lines)
{
    struct fail fail;
    struct fake *fake = base_alloc_zero(sizeof *fake);
    struct arena *arena = arena_new(NULL);
    fake->arena = arena;
    fake->memory_bytes = (size_t)256 << 20;
    fake->snapshot = arena_array(arena, 1, sizeof *fake->snapshot, &fail);
    struct store_snapshot *s = fake->snapshot;
    s->arena = arena;
    s->rows = arena_array(arena, ROWS_MAX, sizeof *s->rows, &fail);
    s->customers = arena_array(arena, CUSTOMERS_MAX, sizeof *s->customers, &fail);
    s->batch_customers = 3;
    base_mutex_init(&s->lock);
    assert_true(base_pool_new(3, &fake->pool, &fail));
    fake->backend = query_engine_new(fake->pool);
    fake->env = (struct query_env){.zone = zone_utc(),
                                   .context = s,
                                   .segment_find = segment_find,
                                   .segment_names = segment_names};
    fake->env.text = app_text();
    assert_true(time_parse_rfc3339(STR("2026-05-15T12:00:00Z"), &fake->env.now_ms));
    fake_add(fake, lines);
    return fake;
}

void fake_free(struct fake *fake)
{
    query_backend_free(fake->backend);
    base_pool_free(fake->pool);
    base_mutex_done(&fake->snapshot->lock);
    arena_free(fake->arena);
    base_free(fake);
}

/* ---- asking ---- */

static bool ask_once(struct fake *fake, const char *question, int threads, struct base_buf *out,
                     struct fail *fail)
{
    CLEANUP(arena_free_at) struct arena *arena = arena_new(NULL);
    struct query_plan *plan;
    struct query_run run = {.snapshot = fake->snapshot,
                            .cancel = fake->cancel,
                            .memory_bytes = fake->memory_bytes,
                            .threads = threads};
    return query_parse(&fake->env, str_from_c(fake_quotes(arena, question)), arena, &plan, fail) &&
           query_backend_run(fake->backend, plan, &run, out, fail);
}

static struct str without_time(struct fake *fake, struct str answer)
{
    size_t at = str_find(answer, STR(",\"elapsed_ms\""));
    assert_true(at < answer.len);
    return str_copy(fake->arena, str_of(answer.data, at));
}

struct str fake_ask(struct fake *fake, const char *question)
{
    struct str first = {NULL, 0};
    for (int layout = 0; layout < 4; layout++) {
        CLEANUP(base_buf_done) struct base_buf out = {0};
        struct fail fail;
        fake->snapshot->descending = layout % 2 == 1;
        fake->snapshot->batch_customers = layout < 2 ? 1 : 1000;
        if (!ask_once(fake, question, layout % 3 + 1, &out, &fail)) {
            fail_msg("%s: %s (%s)", question, fail.message, fail.pointer);
        }
        struct str answer = without_time(fake, base_buf_view(&out));
        if (layout > 0 && !str_equal(answer, first)) {
            fail_msg("%s: answers differ with the layout:\n%.*s\n%.*s", question, STR_ARG(first),
                     STR_ARG(answer));
        }
        first = answer;
    }
    return first;
}

void fake_expect(struct fake *fake, const char *question, const char *answer)
{
    struct str got = fake_ask(fake, question);
    got.len = str_find(got, STR(",\"as_of\""));
    struct str expected = str_from_c(fake_quotes(fake->arena, answer));
    if (!str_equal(got, expected)) {
        fail_msg("%s:\n     got %.*s\nexpected %.*s", question, STR_ARG(got), STR_ARG(expected));
    }
}

void fake_expect_part(struct fake *fake, const char *question, const char *part)
{
    struct str got = fake_ask(fake, question);
    struct str expected = str_from_c(fake_quotes(fake->arena, part));
    if (str_find(got, expected) == got.len) {
        fail_msg("%s:\n     got %.*s\nwithout  %.*s", question, STR_ARG(got), STR_ARG(expected));
    }
}

static void check_fail(const char *question, const struct fail *fail, enum fail_code code,
                       const char *pointer, const char *part)
{
    if (fail->code != code || !str_is(str_from_c(fail->pointer), pointer)) {
        fail_msg("%s: %s at \"%s\" (%s), expected %s at \"%s\"", question,
                 fail_code_name(fail->code), fail->pointer, fail->message, fail_code_name(code),
                 pointer);
    }
    if (strstr(fail->message, part) == NULL) {
        fail_msg("%s: \"%s\" lacks \"%s\"", question, fail->message, part);
    }
}

void fake_expect_fail(struct fake *fake, const char *question, enum fail_code code,
                      const char *pointer, const char *part)
{
    CLEANUP(base_buf_done) struct base_buf out = {0};
    struct fail fail;
    if (ask_once(fake, question, 2, &out, &fail)) {
        fail_msg("%s: answered", question);
    }
    assert_int_equal(out.len, 0);
    check_fail(question, &fail, code, pointer, part);
}

void fake_expect_refused(struct fake *fake, const char *question, const char *pointer,
                         const char *part)
{
    CLEANUP(arena_free_at) struct arena *arena = arena_new(NULL);
    struct query_plan *plan;
    struct fail fail;
    if (query_parse(&fake->env, str_from_c(fake_quotes(arena, question)), arena, &plan, &fail)) {
        fail_msg("%s: taken", question);
    }
    check_fail(question, &fail, FAIL_INPUT, pointer, part);
}
