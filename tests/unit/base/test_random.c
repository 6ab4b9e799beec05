

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "base_random.h"

/* The generator's reference: state 1, 2, 3, 4, first outputs as in the authors' xoshiro256starstar.c. */
static void seeded_numbers_are_xoshiro256starstar(void **state)
{
    (void)state;
    struct base_random_seeded seeded;
    base_random_seed(&seeded, 0);
    /* splitmix64 of seed 0. */
    assert_true(seeded.state[0] == 0xE220A8397B1DCDAFU);
    assert_true(seeded.state[1] == 0x6E789E6AA1B965F4U);
    for (size_t i = 0; i < 4; i++) {
        seeded.state[i] = i + 1;
    }
    const uint64_t expected[] = {11520U, 0U, 1509978240U, 1215971899390074240U};
    for (size_t i = 0; i < ARRAY_LEN(expected); i++) {
        assert_true(base_random_u64(&seeded.random) == expected[i]);
    }
}

static void a_seed_repeats_and_another_differs(void **state)
{
    (void)state;
    struct base_random_seeded a, b, c;
    base_random_seed(&a, 42);
    base_random_seed(&b, 42);
    base_random_seed(&c, 43);
    int same = 0;
    for (int i = 0; i < 100; i++) {
        uint64_t number = base_random_u64(&a.random);
        assert_true(number == base_random_u64(&b.random));
        same += number == base_random_u64(&c.random) ? 1 : 0;
    }
    assert_int_equal(same, 0);
}

static void numbers_below_a_bound_reach_all_of_it_evenly(void **state)
{
    (void)state;
    struct base_random_seeded seeded;
    base_random_seed(&seeded, 7);
    int counts[6] = {0};
    for (int i = 0; i < 60000; i++) {
        uint64_t dice = base_random_below(&seeded.random, 6);
        assert_true(dice < 6);
        counts[dice]++;
    }
    for (int i = 0; i < 6; i++) {
        assert_in_range(counts[i], 9600, 10400); /* four standard deviations */
    }
    assert_int_equal(base_random_below(&seeded.random, 1), 0);
    /* Two thirds of the range, where taking remainders would favour the lower half. */
    uint64_t bound = UINT64_MAX / 3 * 2;
    int low = 0;
    for (int i = 0; i < 10000; i++) {
        uint64_t number = base_random_below(&seeded.random, bound);
        assert_true(number < bound);
        low += number < bound / 2 ? 1 : 0;
    }
    assert_in_range(low, 4800, 5200);
}

static void unit_numbers_lie_in_zero_to_one(void **state)
{
    (void)state;
    struct base_random_seeded seeded;
    base_random_seed(&seeded, 9);
    double sum = 0;
    for (int i = 0; i < 10000; i++) {
        double unit = base_random_unit(&seeded.random);
        assert_true(unit >= 0 && unit < 1);
        sum += unit;
    }
    assert_true(sum > 4880 && sum < 5120);
}

static void fill_ends_where_it_was_told(void **state)
{
    (void)state;
    struct base_random_seeded seeded;
    base_random_seed(&seeded, 9);
    for (size_t len = 0; len < 40; len++) {
        unsigned char bytes[48] = {0};
        base_random_fill(&seeded.random, bytes, len);
        for (size_t i = len; i < sizeof bytes; i++) {
            assert_int_equal(bytes[i], 0);
        }
    }
}

static void system_randomness_differs_each_time(void **state)
{
    (void)state;
    struct base_random *random = base_random_system();
    assert_true(base_random_u64(random) != base_random_u64(random));
}

static void sequence_fill(struct base_random *random, void *into, size_t bytes)
{
    (void)random;
    memset(into, 0xFB, bytes);
}

static void tokens_are_plain_letters_of_the_right_length(void **state)
{
    (void)state;
    CLEANUP(arena_free_at) struct arena *arena = arena_new(NULL);
    struct base_random fixed = {.fill = sequence_fill};
    assert_true(str_is(base_random_hex(&fixed, arena, 3), "fbfbfb"));
    assert_true(str_is(base_random_token(&fixed, arena, 3), "-_v7"));
    assert_true(str_is(base_random_token(&fixed, arena, 2), "-_s"));
    assert_true(str_is(base_random_token(&fixed, arena, 1), "-w"));
    assert_true(str_is(base_random_token(&fixed, arena, 0), ""));
    struct str token = base_random_token(base_random_system(), arena, 32);
    assert_int_equal(token.len, 43);
    assert_int_equal(token.data[43], '\0');
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(seeded_numbers_are_xoshiro256starstar),
        cmocka_unit_test(a_seed_repeats_and_another_differs),
        cmocka_unit_test(numbers_below_a_bound_reach_all_of_it_evenly),
        cmocka_unit_test(unit_numbers_lie_in_zero_to_one),
        cmocka_unit_test(fill_ends_where_it_was_told),
        cmocka_unit_test(system_randomness_differs_each_time),
        cmocka_unit_test(tokens_are_plain_letters_of_the_right_length),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
