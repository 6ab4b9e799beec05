#include "base_clock.h"

#include <stdatomic.h>
#include <time.h>

#include "base_attr.h"

static int64_t read_clock(clockid_t id, int64_t units_a_second)
{
    struct timespec now;
    INVARIANT(clock_gettime(id, &now) == 0);
    return (int64_t)now.tv_sec * units_a_second + now.tv_nsec / (1000000000 / units_a_second);
}

static int64_t real_now_ms(const struct base_clock *clock)
{
    (void)clock;
    return read_clock(CLOCK_REALTIME, 1000);
}

static int64_t real_steady_us(const struct base_clock *clock)
{
    (void)clock;
    return read_clock(CLOCK_MONOTONIC, 1000000);
}

const struct base_clock *base_clock_real(void)
{
    static const struct base_clock real = {.now_ms = real_now_ms, .steady_us = real_steady_us};
    return &real;
}

static int64_t test_now_ms(const struct base_clock *clock)
{
    return atomic_load(&((const struct base_clock_test *)clock)->now_ms_value);
}

static int64_t test_steady_us(const struct base_clock *clock)
{
    return atomic_load(&((const struct base_clock_test *)clock)->steady_us_value);
}

void base_clock_test_init(struct base_clock_test *test, int64_t now_ms)
{
    test->clock = (struct base_clock){.now_ms = test_now_ms, .steady_us = test_steady_us};
    atomic_init(&test->now_ms_value, now_ms);
    atomic_init(&test->steady_us_value, 0);
}

void base_clock_test_step(struct base_clock_test *test, int64_t by_ms)
{
    atomic_fetch_add(&test->now_ms_value, by_ms);
    if (by_ms > 0) { /* steady time never goes back */
        atomic_fetch_add(&test->steady_us_value, by_ms * 1000);
    }
}
