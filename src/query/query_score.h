/* query_score.h — the plan of a question for scores, and what is counted for one cell of its answer.
 *
 * What: answers on one scale by level, and the way to them: who was asked, shown the survey, began, finished
 *   it, and who stayed silent. All are events of the cell's interval and group; value and interval are
 *   computed from the counts alone, so that cells of threads and groups are added up.
 * Owner: the plan's arena; cells lie with their tally.   Threads: immutable; an own belongs to a worker.
 * Failure: FAIL_LIMIT.   Limits/cost: a pass over the rows that bear scores or belong to surveys.
 * Units: *_ms; NPS in points, shares 0 to 1.
 * Example: query_score.c.   Not here: the mathematics (stats_score.h, stats_compare.h).
 */
#pragma once

#include "query_score_adjust.h"

#define SCORE_LEVELS 11
#define SCORE_LEAST                                                                                \
    30 /* answers under which no score is shown, unless the question says otherwise */
#define SCORE_LEAST_MIN 5 /* and never under this */

enum score_metric { SCORE_NPS, SCORE_CSAT, SCORE_CES, SCORE_STARS }; /* as query_metrics */
struct score_scale {
    unsigned low, high; /* levels */
    unsigned from;      /* CSAT: the share of this level and above */
};
extern const struct score_scale score_scales[];

/* Numbers of the matchers. */
enum score_matcher {
    SCORE_ANSWER,
    SCORE_ASKED,
    SCORE_SHOWN,
    SCORE_STARTED,
    SCORE_FINISHED,
    SCORE_REPLIED, /* as STARTED, whatever the question's conditions */
};
#define SCORE_BIT(matcher) (UINT64_C(1) << (matcher))
enum score_way { WAY_ASKED, WAY_SHOWN, WAY_STARTED, WAY_FINISHED, WAY_SILENT, WAYS };
extern const char *const score_ways[WAYS];

struct score_cell {
    uint64_t levels[SCORE_LEVELS]; /* answers by level */
    uint64_t ways[WAYS];
};

enum score_open { SCORE_OPEN_ANSWERS, SCORE_OPEN_LEVELS, SCORE_OPEN_WAY, SCORE_OPEN_FRAME };
enum score_frame_part {
    SCORE_FRAME_ALL,
    SCORE_FRAME_ANSWERED,
    SCORE_FRAME_SILENT,
    SCORE_FRAME_PARTS
};
struct score_body {
    enum score_metric metric;
    uint64_t least;
    bool adjusted;
    struct query_score_adjust adjust; /* where adjusted */
    enum interval interval;
    struct zone_intervals intervals;
    struct query_name score, response;
    struct {
        int64_t from_ms, to_ms; /* the interval within the range, or the range */
        enum score_open what;
        unsigned low, high; /* levels, both included */
        enum score_way way;
        enum score_frame_part frame; /* of "adjusted" */
        bool is_number; /* the list is a number of the answer, not those behind a score */
    } open;
};

struct query_parser;
bool score_parse(struct query_parser *parser, struct json_value root, struct fail *fail) MUST_USE;

/* ---- silence: of one customer, who was asked and did not begin (query_score_silent.c) ---- */

struct score_started { /* an answer begun, by its response and place */
    struct str response;
    uint32_t row;
};
struct score_own { /* of a worker */
    struct query_vec *started;
    uint32_t last_row; /* of all that were started; has_last */
    bool has_last;
};
bool score_own_new(struct query_worker *worker, void **out, struct fail *fail) MUST_USE;
/* Takes in what customer `c` began, up to now. */
bool score_own_load(struct query_worker *worker, struct score_own *own, uint32_t c,
                    struct fail *fail) MUST_USE;
/* Was nothing begun after the asking at `row`: of the same response, where it has one? */
bool score_is_silent(struct query_worker *worker, const struct score_own *own, uint32_t c,
                     uint32_t row);

/* ---- from counts to what is shown (query_score_cell.c) ---- */

uint64_t score_cell_n(const struct score_body *body, const struct score_cell *cell);
void score_cell_merge(struct score_cell *into, const struct score_cell *from);
/* ROW of the query contract; with its "adjusted" where there is one, of interval `at`. */
bool score_cell_write(const struct score_body *body, const struct score_cell *cell,
                      const struct query_score_adjusted *adjusted, size_t at, struct json_writer *w,
                      struct fail *fail) MUST_USE;

struct score_difference {
    bool has_value, has_test;
    double value, low, high, p;
};
bool score_cell_compare(const struct score_body *body, const struct score_cell *before,
                        const struct score_cell *now, struct score_difference *out,
                        struct fail *fail) MUST_USE;
/* Corrects the p of all of them together. */
bool score_differences_adjust(struct score_difference *list, size_t count, struct arena *arena,
                              struct fail *fail) MUST_USE;
void score_difference_write(struct json_writer *w, const struct score_difference *difference);

/* The level of an answer; false where it is none of the scale. */
static inline bool score_level(const struct score_body *body, struct store_value value,
                               unsigned *out)
{
    const struct score_scale *scale = &score_scales[body->metric];
    if (value.kind != STORE_INT || value.i < (int64_t)scale->low ||
        value.i > (int64_t)scale->high) {
        return false;
    }
    *out = (unsigned)value.i;
    return true;
}
