/* stats_sum.h — exact sums of doubles and integers.
 *
 * What: a superaccumulator: every finite double and 64-bit integer is added without any rounding; the sum
 *   is rounded once, to the nearest double (ties to even), when it is read. So no order of work, and no
 *   split over threads, can show in the answer.
 *   Method: a fixed-point number as wide as the doubles' whole range (Kulisch & Miranker 1986; Neal 2015,
 *   "Fast exact summation using small and large superaccumulators").
 * Owner: a value of fixed size; zeroed is 0.   Threads: one at a time; merge after.
 * Failure: none; INVARIANT on infinities and NaN.   Limits/cost: some ns an addition; < 600 bytes.
 * Units: the caller's.   Example: struct stats_sum s = {0}; stats_sum_add(&s, 0.1); stats_sum_value(&s);
 * Not here: means with intervals (stats_*).
 */
#pragma once

#include <stdint.h>

#define STATS_SUM_WORDS 70

struct stats_sum {
    int64_t words[STATS_SUM_WORDS]; /* each carries 32 bits of the number, and slack for carries */
    uint32_t pending;               /* additions since the last carry */
};

void stats_sum_add(struct stats_sum *sum, double value);
void stats_sum_add_int(struct stats_sum *sum, int64_t value);
void stats_sum_add_uint(struct stats_sum *sum, uint64_t value);
void stats_sum_merge(struct stats_sum *into, const struct stats_sum *from);
double stats_sum_value(const struct stats_sum *sum);
