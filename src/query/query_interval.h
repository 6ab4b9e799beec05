/* query_interval.h — which interval an instant lies in, without searching.
 *
 * What: time is cut into slices of equal length, none longer than the shortest interval, so that at most one interval
 *   begins within a slice: a look-up and a comparison tell where an instant lies, whatever the calendar.
 * Owner: the arena; the intervals must live as long.   Threads: immutable.
 * Failure: FAIL_LIMIT.   Limits/cost: QUERY_SLICES_MAX slices; some 1 ns, without a branch.   Units: ms.
 * Example: query_trend.h.   Not here: calendars (base_zone.h).
 */
#pragma once

#include "base_zone.h"

#define QUERY_SLICES_MAX ((size_t)65536)

struct query_interval_table {
    const int64_t *begins;
    const uint32_t
        *of_slice;  /* the interval in which a slice begins; NULL: there would be too many */
    unsigned shift; /* a slice is 2^shift ms long */
};
bool query_interval_table_make(const struct zone_intervals *intervals, struct arena *arena,
                               struct query_interval_table *out, struct fail *fail) MUST_USE;

/* `ts_ms` must lie in one of the intervals. */
static inline uint32_t query_interval_of(const struct query_interval_table *table, int64_t ts_ms)
{
    uint32_t at = table->of_slice[((uint64_t)ts_ms - (uint64_t)table->begins[0]) >> table->shift];
    return at + (ts_ms >= table->begins[at + 1]);
}
