/* query_score_past.h — what a customer had done before an instant, as numbers for a model.
 *
 * What: recency, counts, days, tenure, the most frequent events, earlier answers and asking, the last channel:
 *   chosen without knowing what the organisation sells, from rows strictly before the instant. Read forwards
 *   once: each instant asked for is not before the one asked before it.
 * Owner: embedded; which events and channels have columns of their own lies in the exec's arena.
 * Threads: what is chosen is immutable during a pass; a past belongs to its worker.
 * Failure: FAIL_LIMIT.   Limits/cost: some ns a row; PAST_FEATURES numbers an instant.
 * Units: counts and days as ln(1 + x).
 * Example: query_score_adjust.c.   Not here: what is learnt from them (stats_nonresponse.h).
 */
#pragma once

#include "query_exec.h"

#define PAST_EVENTS 8   /* most frequent events with a column of their own */
#define PAST_CHANNELS 5 /* and channels */

enum past_feature {
    PAST_RECENCY, /* days since the last event; as if ten years, where there was none */
    PAST_NEW,     /* nothing before */
    PAST_COUNT,
    PAST_DAYS, /* with an event, by UTC */
    PAST_TENURE,
    PAST_WEEK, /* events in the last 7 days */
    PAST_MONTH,
    PAST_FEEDBACK,
    PAST_SCORED, /* has answered on this scale before */
    PAST_LAST,   /* the last such answer, 0 to 1 */
    PAST_ASKED,  /* how often before */
    PAST_KNOWN,
    PAST_RECENCY_2, /* squares: what is best may lie in the middle */
    PAST_COUNT_2,
    PAST_TENURE_2,
    PAST_EVENT,
    PAST_CHANNEL = PAST_EVENT + PAST_EVENTS,
    PAST_FEATURES = PAST_CHANNEL + PAST_CHANNELS,
};

/* Chosen once, from the snapshot's names. */
struct past_columns {
    uint8_t *slots;    /* by event code: 1 + its column, 0: none */
    uint32_t feedback; /* code, or STORE_NO_CODE */
    struct str channels[PAST_CHANNELS];
    size_t channel_count;
    uint64_t asked, answer; /* bits of the matchers */
    struct query_name score, channel;
    double lowest, highest; /* of the scale's own numbers */
};
bool past_columns_choose(struct query_exec *exec, struct past_columns *out,
                         struct fail *fail) MUST_USE;

struct score_past {
    uint32_t c, next, end; /* rows before `next` are in */
    uint32_t week, month;  /* first rows that may still count there */
    uint64_t events, days, in_week, in_month, feedback, asked;
    uint64_t counts[PAST_EVENTS];
    int64_t first_ms, last_ms, last_day;
    bool scored;
    double last_score;
    size_t channel; /* PAST_CHANNELS: none */
};
void score_past_begin(struct score_past *past, const struct query_worker *worker, uint32_t c);
/* Takes the rows strictly before `at_ms` in. */
void score_past_advance(struct score_past *past, const struct past_columns *columns,
                        struct query_worker *worker, int64_t at_ms);
void score_past_features(const struct score_past *past, const struct query_worker *worker,
                         int64_t at_ms, float out[PAST_FEATURES]);
