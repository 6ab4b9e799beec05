/* base_clock.h — what time it is, behind an interface.
 *
 * What: wall time for events, steady time for durations. base_clock_real() is the system's; a
 *   base_clock_test is set by hand, so that tests can step and stop it.
 * Owner: the real one is static.   Threads: all safe.   Failure: none.   Limits/cost: a vDSO call.
 * Units: *_ms UTC since 1970; *_us since some start.   Example: int64_t now_ms = base_now_ms(clock);
 * Not here: calendars (base_zone.h), text (base_time.h).
 */
#pragma once

#include <stdint.h>

struct base_clock {
    int64_t (*now_ms)(const struct base_clock *clock);
    int64_t (*steady_us)(const struct base_clock *clock);
};
const struct base_clock *base_clock_real(void);

struct base_clock_test {
    struct base_clock clock;
    _Atomic int64_t now_ms_value;
    _Atomic int64_t steady_us_value;
};
void base_clock_test_init(struct base_clock_test *test, int64_t now_ms);
void base_clock_test_step(struct base_clock_test *test,
                          int64_t by_ms); /* both clocks, wall may go back */

static inline int64_t base_now_ms(const struct base_clock *clock)
{
    return clock->now_ms(clock);
}
static inline int64_t base_steady_us(const struct base_clock *clock)
{
    return clock->steady_us(clock);
}
