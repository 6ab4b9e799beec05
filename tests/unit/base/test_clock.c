

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "base_attr.h"
#include "base_clock.h"

static void real_clocks_go_forward(void **state)
{
    (void)state;
    const struct base_clock *clock = base_clock_real();
    int64_t now_ms = base_now_ms(clock), steady_us = base_steady_us(clock);
    assert_true(now_ms > INT64_C(1600000000000) && now_ms < INT64_C(100000000000000));
    assert_true(base_steady_us(clock) >= steady_us);
}

static void test_clock_stands_until_it_is_stepped(void **state)
{
    (void)state;
    struct base_clock_test test;
    base_clock_test_init(&test, 1000);
    assert_int_equal(base_now_ms(&test.clock), 1000);
    int64_t steady_us = base_steady_us(&test.clock);
    base_clock_test_step(&test, 250);
    assert_int_equal(base_now_ms(&test.clock), 1250);
    assert_int_equal(base_steady_us(&test.clock), steady_us + 250000);
}

static void wall_time_may_go_back_and_steady_time_does_not(void **state)
{
    (void)state;
    struct base_clock_test test;
    base_clock_test_init(&test, 1000);
    base_clock_test_step(&test, 10);
    int64_t steady_us = base_steady_us(&test.clock);
    base_clock_test_step(&test, -5000);
    assert_int_equal(base_now_ms(&test.clock), -3990);
    assert_int_equal(base_steady_us(&test.clock), steady_us);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(real_clocks_go_forward),
        cmocka_unit_test(test_clock_stands_until_it_is_stepped),
        cmocka_unit_test(wall_time_may_go_back_and_steady_time_does_not),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
