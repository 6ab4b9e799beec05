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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_come_by_rows_then_byte_order),
        cmocka_unit_test(names_that_are_none_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
