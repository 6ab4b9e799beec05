/* clang-format off */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include "query_set.h"

static struct store_value text(const char *c)
{
    return store_value_str(str_from_c(c));
}

static void integers_and_doubles_compare_without_rounding(void **state)
{
    (void)state;
    const int64_t big = (INT64_C(1) << 53) + 1; /* no double holds it */
    assert_true(query_number_compare(store_value_int(5), store_value_double(5.0)) == 0);
    assert_true(query_number_compare(store_value_int(5), store_value_double(5.5)) < 0);
    assert_true(query_number_compare(store_value_int(6), store_value_double(5.5)) > 0);
    assert_true(query_number_compare(store_value_int(-5), store_value_double(-5.5)) > 0);
    assert_true(query_number_compare(store_value_int(-6), store_value_double(-5.5)) < 0);
    assert_true(query_number_compare(store_value_int(big), store_value_double(0x1p53)) > 0);
    assert_true(query_number_compare(store_value_int(big), store_value_int(big + 1)) < 0);
    assert_true(query_number_compare(store_value_int(INT64_MAX), store_value_double(1e19)) < 0);
    assert_true(query_number_compare(store_value_int(INT64_MIN), store_value_double(-1e19)) > 0);
    assert_true(query_number_compare(store_value_uint(UINT64_MAX), store_value_int(-1)) > 0);
    assert_true(
        query_number_compare(store_value_uint(UINT64_MAX), store_value_uint(UINT64_MAX - 1)) > 0);
    assert_true(query_number_compare(store_value_uint(UINT64_MAX), store_value_double(1e20)) < 0);
    assert_true(query_number_compare(store_value_uint(UINT64_MAX), store_value_double(0.5)) > 0);
    assert_true(query_number_compare(store_value_double(0.25), store_value_double(0.5)) < 0);
    assert_true(query_number_compare(store_value_double(1e300), store_value_int(INT64_MAX)) > 0);
}

static void values_of_different_types_have_no_order(void **state)
{
    (void)state;
    int order;
    assert_false(query_value_order(store_value_int(5), text("5"), &order));
    assert_false(query_value_order(store_value_bool(true), store_value_int(1), &order));
    assert_false(query_value_order(text("true"), store_value_bool(true), &order));
    assert_false(query_value_equal(store_value_int(5), text("5")));
    assert_false(query_value_equal(store_value_bool(true), store_value_int(1)));
    assert_true(query_value_equal(store_value_int(5), store_value_double(5.0)));
    assert_true(query_value_order(store_value_bool(false), store_value_bool(true), &order));
    assert_true(order < 0);
}

static void two_instants_compare_as_instants_other_strings_by_bytes(void **state)
{
    (void)state;
    int order;
    assert_true(query_value_equal(text("2026-05-01T00:00:00Z"), text("2026-05-01T02:00:00+02:00")));
    assert_true(query_value_equal(text("2026-05-01T00:00:00.0001Z"), text("2026-05-01T00:00:00Z")));
    assert_true(
        query_value_order(text("2026-05-01T01:00:00Z"), text("2026-05-01T02:00:00+02:00"), &order));
    assert_true(order > 0);
    assert_true(query_value_order(text("2026-05-01"), text("2026-05-01T02:00:00+02:00"), &order));
    assert_true(order < 0);
    assert_false(query_value_equal(text("2026-05-01T00:00:00"), text("2026-05-01T00:00:00Z")));
    assert_true(query_value_order(text("B"), text("a"), &order));
    assert_true(order < 0);
    assert_true(query_value_order(text("\xc3\xa9"), text("z"), &order)); /* bytes, not letters */
    assert_true(order > 0);
}

static void names_of_values_are_shortest_and_instants_in_utc(void **state)
{
    (void)state;
    const struct {
        struct store_value value;
        const char *name;
    } cases[] = {
        {store_value_int(5), "5"},
        {store_value_int(0), "0"},
        {store_value_int(-17), "-17"},
        {store_value_int(INT64_MIN), "-9223372036854775808"},
        {store_value_uint(UINT64_MAX), "18446744073709551615"},
        {store_value_double(0.1), "0.1"},
        {store_value_double(1e21), "1e+21"},
        {store_value_bool(true), "true"},
        {store_value_bool(false), "false"},
        {store_value_str(STR("")), ""},
        {store_value_str(STR("NL")), "NL"},
        {store_value_str(STR("2026-05-01T02:00:00+02:00")), "2026-05-01T00:00:00.000Z"},
        {store_value_str(STR("2026-05-01")), "2026-05-01"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char scratch[QUERY_VALUE_CHARS];
        struct str name = query_value_name(cases[i].value, scratch);
        assert_true(str_is(name, cases[i].name));
    }
}

static void a_set_finds_what_equals_a_member(void **state)
{
    (void)state;
    CLEANUP(arena_free_at) struct arena *arena = arena_new(NULL);
    struct fail fail;
    struct store_value values[1000];
    for (uint32_t i = 0; i < 1000; i++) {
        values[i] = i % 2 == 0 ? store_value_int((int64_t)i * 1000003)
                               : store_value_str(str_format(arena, "name %u", i));
    }
    values[7] = text("2026-05-01T00:00:00Z");
    values[9] = store_value_double(0.5);
    values[11] = store_value_bool(true);
    static const uint32_t sizes[] = {0, 1, 4, 5, 16, 1000};
    for (size_t s = 0; s < 6; s++) {
        struct query_set set;
        assert_true(query_set_make(arena, values, sizes[s], &set, &fail));
        for (uint32_t i = 0; i < 1000; i++) {
            assert_true(query_set_has(&set, values[i]) == (i < sizes[s]));
        }
        assert_true(query_set_has(&set, text("2026-04-30T23:00:00-01:00")) == (sizes[s] > 7));
        assert_true(query_set_has(&set, store_value_bool(true)) == (sizes[s] > 11));
        assert_false(query_set_has(&set, store_value_bool(false)));
        assert_false(query_set_has(&set, text("0.5")));
        assert_false(query_set_has(&set, store_value_int(1)));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(integers_and_doubles_compare_without_rounding),
        cmocka_unit_test(values_of_different_types_have_no_order),
        cmocka_unit_test(two_instants_compare_as_instants_other_strings_by_bytes),
        cmocka_unit_test(names_of_values_are_shortest_and_instants_in_utc),
        cmocka_unit_test(a_set_finds_what_equals_a_member),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
