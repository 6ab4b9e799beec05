/* clang-format off */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include <float.h>
#include <math.h>

#include "stats_sum.h"

static double sum_of(const double *values, size_t count)
{
    struct stats_sum sum = {0};
    for (size_t i = 0; i < count; i++) {
        stats_sum_add(&sum, values[i]);
    }
    return stats_sum_value(&sum);
}

static void nothing_sums_to_zero(void **state)
{
    (void)state;
    struct stats_sum sum = {0};
    assert_true(stats_sum_value(&sum) == 0);
    stats_sum_add(&sum, -0.0);
    assert_true(stats_sum_value(&sum) == 0 && !signbit(stats_sum_value(&sum)));
}

static void one_value_comes_back_as_it_went_in(void **state)
{
    (void)state;
    const double values[] = {1,       -1,      0.1,     -0.1,         DBL_MAX,   -DBL_MAX,
                             DBL_MIN, 5e-324,  -5e-324, 2.5e-310,     1e300,     -1e-300,
                             M_PI,    0x1p-33, 0x1p63,  4503599627.5, 1e15 + 0.3};
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        assert_true(sum_of(&values[i], 1) == values[i]);
    }
}

static void small_parts_are_not_lost_beside_great_ones(void **state)
{
    (void)state;
    const double hidden[] = {1e308, 1, -1e308};
    assert_true(sum_of(hidden, 3) == 1);
    const double tiny[] = {5e-324, DBL_MAX, -DBL_MAX};
    assert_true(sum_of(tiny, 3) == 5e-324);
    const double beyond[] = {DBL_MAX, DBL_MAX, -DBL_MAX};
    assert_true(sum_of(beyond, 3) == DBL_MAX);
    const double tenths[] = {0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1};
    assert_true(sum_of(tenths, 10) == 1); /* a loop of additions gives 0.9999999999999999 */
}

static void ties_round_to_even_and_sticky_bits_break_them(void **state)
{
    (void)state;
    const double tie_down[] = {0x1p53, 1};
    assert_true(sum_of(tie_down, 2) == 0x1p53);
    const double tie_up[] = {0x1p53, 3};
    assert_true(sum_of(tie_up, 2) == 0x1p53 + 4);
    const double above_tie[] = {0x1p53, 1, 5e-324};
    assert_true(sum_of(above_tie, 3) == 0x1p53 + 2);
    const double below_tie[] = {0x1p53, 1, -5e-324};
    assert_true(sum_of(below_tie, 3) == 0x1p53);
    const double carries[] = {0x1p53 - 1, 0.5};
    assert_true(sum_of(carries, 2) == 0x1p53);
}

static void a_sum_past_the_greatest_double_is_infinite(void **state)
{
    (void)state;
    const double values[] = {DBL_MAX, DBL_MAX};
    assert_true(isinf(sum_of(values, 2)));
    const double negative[] = {-DBL_MAX, -DBL_MAX};
    assert_true(sum_of(negative, 2) < 0 && isinf(sum_of(negative, 2)));
}

static void integers_are_exact_beyond_53_bits(void **state)
{
    (void)state;
    struct stats_sum sum = {0};
    stats_sum_add_int(&sum, INT64_MIN);
    stats_sum_add_int(&sum, INT64_MAX);
    stats_sum_add_int(&sum, 1);
    assert_true(stats_sum_value(&sum) == 0);
    stats_sum_add_uint(&sum, UINT64_MAX);
    stats_sum_add_int(&sum, -INT64_MAX);
    stats_sum_add_int(&sum, -INT64_MAX);
    assert_true(stats_sum_value(&sum) == 1);
    stats_sum_add(&sum, 0.25);
    assert_true(stats_sum_value(&sum) == 1.25);
    struct stats_sum odd = {0};
    stats_sum_add_int(&odd, (INT64_C(1) << 53) + 1);
    stats_sum_add_int(&odd, (INT64_C(1) << 53) + 1);
    assert_true(stats_sum_value(&odd) == (double)((INT64_C(1) << 54) + 2));
}

static uint64_t next_random(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

static void order_and_splits_do_not_show(void **state)
{
    (void)state;
    uint64_t seed = 0x9E3779B97F4A7C15U;
    for (int round = 0; round < 50; round++) {
        double values[64];
        for (size_t i = 0; i < 64; i++) {
            int exponent = (int)(next_random(&seed) % 600U) - 300;
            double mantissa = (double)(int64_t)next_random(&seed);
            values[i] = ldexp(mantissa, exponent);
        }
        double forwards = sum_of(values, 64);
        struct stats_sum backwards = {0}, parts[3] = {{{0}, 0}, {{0}, 0}, {{0}, 0}};
        for (size_t i = 64; i-- > 0;) {
            stats_sum_add(&backwards, values[i]);
            stats_sum_add(&parts[i % 3], values[i]);
        }
        assert_true(stats_sum_value(&backwards) == forwards);
        stats_sum_merge(&parts[0], &parts[2]);
        stats_sum_merge(&parts[1], &parts[0]);
        assert_true(stats_sum_value(&parts[1]) == forwards);
    }
}

static void as_exact_as_128_bit_integers(void **state)
{
    (void)state;
    uint64_t seed = 42;
    struct stats_sum sum = {0};
    __int128 expected = 0;
    for (int i = 0; i < 100000; i++) {
        int64_t value = (int64_t)next_random(&seed);
        stats_sum_add_int(&sum, value);
        expected += value;
        if (i % 1000 == 0) {
            assert_true(stats_sum_value(&sum) == (double)expected);
        }
    }
    assert_true(stats_sum_value(&sum) == (double)expected);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_sums_to_zero),
        cmocka_unit_test(one_value_comes_back_as_it_went_in),
        cmocka_unit_test(small_parts_are_not_lost_beside_great_ones),
        cmocka_unit_test(ties_round_to_even_and_sticky_bits_break_them),
        cmocka_unit_test(a_sum_past_the_greatest_double_is_infinite),
        cmocka_unit_test(integers_are_exact_beyond_53_bits),
        cmocka_unit_test(order_and_splits_do_not_show),
        cmocka_unit_test(as_exact_as_128_bit_integers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
