/* query_retention.h — the plan of a retention question, and one customer's cohorts.
 *
 * What: a customer belongs to the cohort of the calendar interval of its first start in the range (or, with
 *   "every", of each interval in which it started) and has returned in period n if it came back in the n-th
 *   interval after (bounded), or from its beginning on (unbounded).
 * Owner: the plan's arena; a history belongs to a worker.   Threads: the worker's.
 * Failure: FAIL_LIMIT.   Limits/cost: one pass over the customer's rows; QUERY_PERIODS_MAX.
 * Units: *_ms.   Example: query_retention.c.   Not here: groups and counting.
 */
#pragma once

#include "query_exec.h"

#define QUERY_PERIODS_MAX 1000
#define QUERY_RETENTION_CELLS_MAX 2000000

enum retention_matcher { RETENTION_START, RETENTION_RETURN }; /* numbers of the matchers */

struct retention_body {
    enum interval interval;
    size_t cohorts, periods;
    struct zone_intervals intervals; /* of the cohorts, and the periods after the last of them */
    bool unbounded, every;
    struct {
        bool by_period;
        size_t cohort, period;
        bool gone;
    } open;
};

struct retention_start { /* the customer's first in its cohort */
    size_t cohort;
    uint32_t row;
};
struct retention_return { /* the last of the customer's in this interval */
    size_t interval;
    uint32_t row;
};
struct retention_history {
    struct query_vec *starts, *returns; /* ascending */
    bool returned_ever;
    uint32_t last_row; /* of all returns, also past the intervals */
    int64_t last_ms;
};
bool retention_history_new(struct arena *arena, struct base_budget *budget,
                           struct retention_history **out, struct fail *fail) MUST_USE;
/* Takes in the rows [begin, end) of one customer. */
bool retention_history_load(struct retention_history *history, const struct retention_body *body,
                            const struct query_range *range, const int64_t *ts_ms,
                            const uint64_t *masks, uint32_t begin, uint32_t end,
                            struct fail *fail) MUST_USE;
/* Calls `returned` for each period in which this start's customer came back. */
void retention_periods(const struct retention_history *history, const struct retention_body *body,
                       const struct retention_start *start,
                       void (*returned)(void *context, size_t period), void *context);

/* ---- of narrow rows (query_retention_narrow.c) ---- */

/* Bounded, by the first start, with few periods, all borders those of slots: else rows must not be narrow. */
bool retention_narrow_fits(const struct query_plan *plan);
struct retention_narrow;
/* For a worker whose rows are narrow, with slots. */
bool retention_narrow_new(struct query_worker *worker, struct retention_narrow **out,
                          struct fail *fail) MUST_USE;
/* The periods in which customer `c` came back, a bit each. *out_cohort is SIZE_MAX where there was no start. */
bool retention_narrow_walk(struct retention_narrow *narrow, const struct query_worker *worker,
                           uint32_t c, uint64_t *out_came, size_t *out_cohort,
                           struct fail *fail) MUST_USE;

struct query_parser;
bool retention_parse(struct query_parser *parser, struct json_value root,
                     struct fail *fail) MUST_USE;
