/* query_trend.h — the plan of a trend, and the cells that it counts into.
 *
 * What: series with measures over intervals. A tally holds, for each series, one cell for each interval and
 *   one for the whole range (only measures of distinct things count there; others are summed up at the end).
 * Owner: the plan's arena; cells in a worker's.   Threads: a worker's.
 * Failure: FAIL_LIMIT.   Limits/cost: QUERY_SERIES_MAX; 40 bytes a cell, and what sums and percentiles keep.
 * Units: *_ms.   Example: query_trend.c.   Not here: groups (query_tally.h).
 */
#pragma once

#include "query_formula.h"
#include "query_interval.h"
#include "query_tally.h"
#include "stats_sum.h"

#define TREND_SESSION_PAUSE_MS (30 * 60 * 1000)

enum trend_measure {
    TREND_COUNT,
    TREND_CUSTOMERS,
    TREND_SESSIONS,
    TREND_PER_CUSTOMER,
    TREND_SUM,
    TREND_AVG,
    TREND_MIN,
    TREND_MAX,
    TREND_PERCENTILE,
};
struct trend_series { /* series i is matcher i */
    enum trend_measure measure;
    struct query_name of;       /* numeric measures */
    struct query_name currency; /* of sums and averages */
    unsigned percent;           /* of percentiles */
    struct str label;
};
struct trend_body {
    struct trend_series *series;
    size_t series_count;
    uint64_t matchers; /* all of the series' */
    bool has_sessions;
    enum interval interval;
    struct zone_intervals intervals;
    const struct query_formula *formula; /* NULL: none */
    struct str formula_text;
    size_t rolling; /* 0: no smoothing */
    struct {
        size_t series;
        int64_t from_ms, to_ms; /* the interval within the range, or the range */
    } open;
};

struct query_parser;
bool trend_parse(struct query_parser *parser, struct json_value root, struct fail *fail) MUST_USE;
/* Do the customers of an opened cell carry parts that add up to its number? */
bool trend_open_has_value(enum trend_measure measure);

struct trend_narrow; /* query_trend_plain.c */
struct trend_own {   /* of a worker */
    struct query_interval_table intervals;
    struct trend_narrow *narrow; /* where rows are narrow */
    uint64_t customers;          /* stamps: no two customers share one */
    uint64_t sessions;
    uint64_t session[QUERY_SERIES_MAX]; /* the running one, by series; 0: none yet */
    int64_t session_ts_ms[QUERY_SERIES_MAX];
};
/* Of a pass over the range of the exec's plan. */
bool trend_own_new(struct query_worker *worker, void **out, struct fail *fail) MUST_USE;
/* `ts_ms` lies in the range. */
static inline size_t trend_interval(const struct trend_own *own, const struct trend_body *body,
                                    int64_t ts_ms)
{
    return own->intervals.of_slice != NULL ? query_interval_of(&own->intervals, ts_ms)
                                           : zone_intervals_find(&body->intervals, ts_ms);
}
/* Takes a row of the customer into the sessions of all series that count them. */
void trend_run_sessions(struct query_worker *worker, const struct trend_body *body,
                        struct trend_own *own, uint32_t row);
/* Lets the store's counters answer what they can of bare counts (query_trend_counted.c): whatever is asked of an event is
   its name and up to two properties, and intervals begin on whole hours UTC. */
bool trend_choose_counted(struct query_exec *exec, struct query_pass *pass,
                          struct fail *fail) MUST_USE;
/* Does it only count (query_trend_plain.c)? Then this is what its customers are counted with. */
bool trend_is_plain(const struct trend_body *body);
bool trend_count_plain(struct query_worker *worker, uint32_t c, struct fail *fail) MUST_USE;
bool trend_narrow_new(struct query_worker *worker, struct trend_narrow **out,
                      struct fail *fail) MUST_USE;
/* Lets rows come narrow, with slots, where that says all (query_narrow.h). */
void trend_choose_narrow(const struct query_exec *exec, struct query_pass *pass);
void trend_prepare(const struct query_plan *plan, struct query_tally_job *job);
struct query_list_job;
bool trend_open(struct query_exec *exec, struct query_list_job *job, struct fail *fail) MUST_USE;

/* ---- cells ---- */

struct trend_cell {
    uint64_t count;     /* events; of numeric measures numbers */
    uint64_t customers; /* or sessions */
    uint64_t stamp;     /* of the customer or session counted last */
    union {
        struct {
            int64_t whole;           /* whole numbers, while their sum fits */
            struct stats_sum *exact; /* the rest */
        } sum;
        struct store_value extreme;
        struct {
            struct query_vec *doubles; /* numbers that a double holds exactly */
            struct query_vec *wide;    /* store_values: whole numbers beyond 2^53 */
        } list;
    };
};
struct trend_tally {
    struct trend_cell *cells; /* series by series, `stride` each */
    size_t stride;            /* intervals + 1, the last for the whole range; ranking alone: 1 */
    size_t series_count;      /* ranking alone: 1 */
    struct str *currencies;   /* by series: the first met */
    bool *mixed;              /* by series: and another */
};
static inline struct trend_cell *trend_cell(const struct trend_tally *tally, size_t series,
                                            size_t at)
{
    return &tally->cells[series * tally->stride + at];
}

bool trend_tally_new(const struct trend_body *body, size_t intervals, bool rank_only,
                     struct arena *arena, struct trend_tally **out, struct fail *fail) MUST_USE;
bool trend_tally_merge(const struct trend_body *body, struct query_worker *worker,
                       struct trend_tally *into, const struct trend_tally *from,
                       struct fail *fail) MUST_USE;
/* One number into the cell of a numeric measure. */
bool trend_cell_add_number(struct query_worker *worker, enum trend_measure measure,
                           struct trend_cell *cell, struct store_value number,
                           struct fail *fail) MUST_USE;
bool trend_cell_merge(struct query_worker *worker, enum trend_measure measure,
                      struct trend_cell *into, const struct trend_cell *from,
                      struct fail *fail) MUST_USE;
/* The measure's value; percentiles reorder their lists. */
struct store_value trend_cell_value(const struct trend_series *series, struct trend_cell *cell);
/* Of the whole range: adds up the intervals where that has not been counted. */
bool trend_total(struct query_worker *worker, const struct trend_body *body,
                 const struct trend_tally *tally, size_t series, struct store_value *out,
                 struct fail *fail) MUST_USE;
