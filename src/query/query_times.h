/* query_times.h — how long it took, many times over, and percentiles of that.
 *
 * What: lengths of time in no order. Nearly all are under seven weeks, and those are kept in 32 bits; longer ones stand apart,
 *   as doubles, which hold every ms. Percentiles are by nearest rank: counted by first digits, as often as it takes.
 * Owner: the arena's; a zeroed one is not yet one.   Threads: one at a time.
 * Failure: FAIL_LIMIT over the budget.   Limits/cost: a percentile some 2 ns a time, no memory.   Units: ms, not below 0.
 * Example: query_time_between.c.   Not here: numbers of any kind (query_select.h).
 */
#pragma once

#include "query_exec.h"

struct query_times {
    struct query_vec brief;  /* uint32_t: up to QUERY_TIMES_BRIEF_MAX */
    struct query_vec longer; /* double */
};
#define QUERY_TIMES_BRIEF_MAX ((int64_t)UINT32_MAX)

void query_times_init(struct query_times *times, struct arena *arena, struct base_budget *budget);
static inline size_t query_times_count(const struct query_times *times)
{
    return times->brief.count + times->longer.count;
}
static inline bool query_times_add(struct query_times *times, int64_t time_ms, struct fail *fail)
{
    if (time_ms > QUERY_TIMES_BRIEF_MAX) {
        double *longer = query_vec_add(&times->longer, fail);
        if (longer != NULL) {
            *longer = (double)time_ms;
        }
        return longer != NULL;
    }
    uint32_t *brief = query_vec_add(&times->brief, fail);
    if (brief != NULL) {
        *brief = (uint32_t)time_ms;
    }
    return brief != NULL;
}
/* Room for so many more of each, for who writes them there and counts them. */
struct query_times_room {
    uint32_t *brief;
    double *longer;
    size_t brief_count, longer_count;
};
bool query_times_room(struct query_times *times, size_t count, struct query_times_room *out,
                      struct fail *fail) MUST_USE;
static inline void query_times_added(struct query_times *times, const struct query_times_room *room)
{
    times->brief.count += room->brief_count;
    times->longer.count += room->longer_count;
}
bool query_times_append(struct query_times *into, const struct query_times *from,
                        struct fail *fail) MUST_USE;
/* For each percentage the smallest with at least that share of all at or below it; there is a time. Changes their order. */
void query_times_percentiles(struct query_times *times, const unsigned *percents, size_t count,
                             int64_t *out);
