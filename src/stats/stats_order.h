/* stats_order.h — positions in the order of their values, without recursion or memory of its own.
 *
 * What: heap sort (Williams 1964) of indices by key, ties by place, so that one input has one order.
 * Owner: the caller's arrays.   Threads: pure.   Failure: none; keys are numbers (INVARIANT on NaN).
 * Limits/cost: n log n, some 100 ns a key at a million.   Units: none.
 * Example: stats_order(scores, n, true, order); best = order[0];
 * Not here: medians of streams.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* order[0..count) becomes the places of `keys` from the least up (`descending`: from the greatest down);
   of equal keys the earlier place comes first either way. */
void stats_order(const double *keys, size_t count, bool descending, size_t *order);
/* The middle key, or the mean of the two middles, of `count` > 0 keys; `order` as above. */
double stats_order_median(const double *keys, size_t count, const size_t *order);
