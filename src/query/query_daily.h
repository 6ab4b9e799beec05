/* query_daily.h — customers who need not be asked: a segment has counted them by day.
 *
 * What: where all that is asked is how many customers did an event in each interval, and intervals begin with days, the store
 *   tells it of most of them (store_daily.h). A pass takes these numbers first, on its first worker, and then reads the rows of
 *   the others alone.
 * Owner: the exec's arena.   Threads: immutable; taking belongs to the first worker.
 * Failure: FAIL_LIMIT, FAIL_CORRUPT.   Limits/cost: as store_daily.h.
 * Units: *_ms.   Example: query_trend_counted.c.   Not here: what is counted.
 */
#pragma once

#include "query_exec.h"

struct query_daily {
    size_t stretch_count;
    const uint64_t *counts[QUERY_SERIES_MAX]; /* by matcher: by stretch, and last of all together */
    bool (*take)(struct query_worker *worker, const struct query_daily *daily, struct fail *fail);
};
/* Sets pass->daily, and pass->only to the others, where it may be answered so, for each matcher of the pass. */
bool query_daily_choose(struct query_exec *exec, struct query_pass *pass, const int64_t *edges,
                        size_t stretch_count,
                        bool (*take)(struct query_worker *worker, const struct query_daily *daily,
                                     struct fail *fail),
                        struct fail *fail) MUST_USE;
