/* clang-format off */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include "query_fake.h"

static const char lines[] =
    "{'c':'ann','e':'Buy','t':'2026-05-01T10:00:00Z','channel':'web','p':{'country':'NL','n':5}}\n"
    "{'c':'ann','e':'Buy','t':'2026-05-01T10:00:00Z','channel':'app','p':{'country':['DE','NL','NL'"
    "],'n':'5'}}\n"
    "{'c':'bob','e':'Look','t':'2026-05-01T10:00:00Z','channel':'web','p':{'country':'BE','n':5.0}}"
    "\n"
    "{'c':'bob','e':'identify','t':'2026-05-01T10:00:00Z','p':{'country':'Norway'},"
    "'sent':{'stage':'trial'}}\n"
    "{'c':'bob','e':'Look','t':'2026-05-02T10:00:00Z'}\n"
    "{'c':'ann','traits':{'plan':'pro'}}\n"
    "{'c':'bob','traits':{'plan':'pro'}}\n"
    "{'c':'cid','traits':{'plan':'free'}}\n";

static void values_are(struct fake *fake, const char *name, const char *event, const char *prefix,
                       size_t limit, const char *expected)
{
    for (int threads = 1; threads <= 3; threads++) {
        CLEANUP(arena_free_at) struct arena *arena = arena_new(NULL);
        CLEANUP(base_buf_done) struct base_buf got = {0};
        struct query_run run = {
            .snapshot = fake->snapshot, .memory_bytes = 1 << 24, .threads = threads};
        struct query_value *values;
        size_t count;
        struct fail fail;
        if (!query_values(fake->backend, &run, str_from_c(name), str_from_c(event),
                          str_from_c(prefix), limit, arena, &values, &count, &fail)) {
            fail_msg("%s: %s", name, fail.message);
        }
        for (size_t i = 0; i < count; i++) {
            struct store_value v = values[i].value;
            base_buf_printf(&got, "%s", got.len == 0 ? "" : " ");
            if (v.kind == STORE_STRING) {
                base_buf_printf(&got, "'%.*s'", (int)v.len, v.s);
            } else {
                base_buf_printf(&got, "%d", v.kind == STORE_BOOL ? (int)v.b : (int)v.i);
            }
            base_buf_printf(&got, ":%d", (int)values[i].count);
        }
        base_buf_byte(&got, '\0');
        assert_string_equal(got.data, expected);
    }
}

static void values_come_by_rows_then_byte_order(void **state)
{
    (void)state;
    struct fake *fake = fake_new(lines);
    values_are(fake, "country", NULL, NULL, 10, "'NL':2 'BE':1 'DE':1 'Norway':1");
    values_are(fake, "country", NULL, NULL, 2, "'NL':2 'BE':1");
    values_are(fake, "country", "Buy", NULL, 10, "'NL':2 'DE':1");
    values_are(fake, "country", "Never", NULL, 10, "");
    values_are(fake, "country", NULL, "N", 10, "'NL':2 'Norway':1");
    values_are(fake, "n", NULL, NULL, 10, "5:2 '5':1");
    values_are(fake, "channel", NULL, NULL, 10, "'web':2 'app':1");
    values_are(fake, "event", NULL, NULL, 10, "'Buy':2 'Look':2 'identify':1");
    values_are(fake, "customer.plan", NULL, NULL, 10, "'pro':2 'free':1");
    values_are(fake, "customer.plan", "Look", NULL, 10, "'pro':1");
    values_are(fake, "then.stage", NULL, NULL, 10, "'trial':2");
    values_are(fake, "then.stage", "Look", NULL, 10, "'trial':1");
    values_are(fake, "theme", NULL, NULL, 10, "");
    fake_free(fake);
}

static void names_that_are_none_are_refused(void **state)
{
    (void)state;
    struct fake *fake = fake_new(lines);
    struct query_run run = {.snapshot = fake->snapshot, .memory_bytes = 1 << 24};
    struct query_value *values;
    size_t count;
    struct fail fail;
    struct str none = {NULL, 0};
    assert_false(query_values(fake->backend, &run, STR("then."), none, none, 10, fake->arena,
                              &values, &count, &fail));
    assert_int_equal(fail.code, FAIL_INPUT);
    fake_free(fake);
}

static void shapes_are(struct fake *fake, const char *name, const char *expected)
{
    int64_t from_ms = 0, to_ms = 0;
    assert_true(time_parse_rfc3339(STR("2026-05-01T00:00:00Z"), &from_ms));
    assert_true(time_parse_rfc3339(STR("2026-05-02T00:00:00Z"), &to_ms));
    for (int threads = 1; threads <= 3; threads++) {
        struct query_run run = {
            .snapshot = fake->snapshot, .memory_bytes = 1 << 24, .threads = threads};
        struct str names[] = {str_from_c(name)};
        struct query_shapes_options options = {
            .names = names, .count = 1, .from_ms = from_ms, .to_ms = to_ms};
        struct query_shapes shapes;
        struct fail fail;
        if (!query_shapes(fake->backend, &run, &options, fake->arena, &shapes, &fail)) {
            fail_msg("%s: %s", name, fail.message);
        }
        const struct query_shape *shape = &shapes.names[0];
        struct str got =
            str_format(fake->arena, "%d rows of %d: text %d, instant %d, number %d, boolean %d",
                       (int)shape->bearers, (int)shape->customers, (int)shape->strings,
                       (int)shape->instants, (int)shape->numbers, (int)shape->booleans);
        assert_string_equal(got.data, expected);
    }
}

static void shapes_count_rows_customers_and_types(void **state)
{
    (void)state;
    struct fake *fake = fake_new(
        "{'c':'ann','e':'Buy','t':'2026-05-01T10:00:00Z','p':{'n':5,'at':'2026-05-01T10:00:00Z'}}\n"
        "{'c':'ann','e':'Buy','t':'2026-05-01T11:00:00Z','p':{'n':['5',6,7],'at':'2026-05-01'}}\n"
        "{'c':'bob','e':'identify','t':'2026-05-01T10:00:00Z','p':{'n':true}}\n"
        "{'c':'bob','e':'Buy','t':'2026-04-30T10:00:00Z','p':{'n':'before'}}\n"
        "{'c':'bob','e':'Buy','t':'2026-05-02T00:00:00Z','p':{'n':'after'}}\n"
        "{'c':'ann','traits':{'plan':'pro'}}\n"
        "{'c':'cid','traits':{'plan':7}}\n");
    shapes_are(fake, "properties.n", "3 rows of 2: text 1, instant 0, number 2, boolean 1");
    shapes_are(fake, "at", "2 rows of 1: text 2, instant 1, number 0, boolean 0");
    shapes_are(fake, "never", "0 rows of 0: text 0, instant 0, number 0, boolean 0");
    shapes_are(fake, "customer.traits.plan", "2 rows of 2: text 1, instant 0, number 1, boolean 0");
    fake_free(fake);
}

static void shapes_of_events_are_those_met_in_the_range(void **state)
{
    (void)state;
    struct fake *fake = fake_new(lines);
    struct query_run run = {.snapshot = fake->snapshot, .memory_bytes = 1 << 24};
    struct query_shapes_options options = {.from_ms = INT64_MIN};
    struct query_shapes shapes;
    struct fail fail;
    assert_true(time_parse_rfc3339(STR("2026-05-02T00:00:00Z"), &options.to_ms));
    assert_true(query_shapes(fake->backend, &run, &options, fake->arena, &shapes, &fail));
    assert_int_equal(shapes.rows, 4);
    assert_int_equal(shapes.event_count, 3);
    for (size_t i = 0; i < shapes.event_count; i++) {
        bool buy = str_is(shapes.events[i].name, "Buy");
        assert_int_equal(shapes.events[i].shape.bearers, buy ? 2 : 1);
        assert_int_equal(shapes.events[i].shape.customers, 1);
    }
    fake_free(fake);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_come_by_rows_then_byte_order),
        cmocka_unit_test(names_that_are_none_are_refused),
        cmocka_unit_test(shapes_count_rows_customers_and_types),
        cmocka_unit_test(shapes_of_events_are_those_met_in_the_range),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
