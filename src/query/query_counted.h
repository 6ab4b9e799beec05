/* query_counted.h — rows that need not be read: segments have counted them by event, values and hour.
 *
 * What: where all that is asked of a row is its event, its time and up to two properties, the store's counters
 *   (store.h) give the rows of most segments as sums. A pass takes these first, on its first worker, as one row for each
 *   different event and values, with its counts; then it reads the rows of the other segments and the fresh ones.
 * Owner: the exec's arena.   Threads: immutable; the walk belongs to the first worker.
 * Failure: FAIL_LIMIT, FAIL_CORRUPT.   Limits/cost: a few ns a cell of 256 hours' pages; see decision 33.
 * Units: *_ms.   Example: query_trend_counted.c.   Not here: what is counted.
 */
#pragma once

#include "query_exec.h"

struct query_counted {
    struct store_counting asked;
    const struct store_counts *counts;
    uint32_t columns[STORE_COUNTED_PROPERTIES_MAX]; /* of the plan, by property asked for */
    uint64_t matchers;
    /* worker->rows is one row, marked; so many such rows lie in the stretches. */
    bool (*take)(struct query_worker *worker, const uint64_t *counts, struct fail *fail);
};
/* Sets pass->counted where it may be answered so; the rows wanted are those of pass->matchers, between the edges. */
bool query_counted_choose(struct query_exec *exec, struct query_pass *pass, const int64_t *edges,
                          size_t stretch_count,
                          bool (*take)(struct query_worker *worker, const uint64_t *counts,
                                       struct fail *fail),
                          struct fail *fail) MUST_USE;
/* Is more asked of the pass's rows than their event and time? */
bool query_counted_needs_more(const struct query_exec *exec, const struct query_pass *pass);
/* Takes all that was counted. */
bool query_counted_walk(struct query_worker *worker, struct fail *fail) MUST_USE;
