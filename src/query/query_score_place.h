/* query_score_place.h — inside "adjusted": one customer's places in the frame.
 *
 * What: where anybody was asked in the range, a place for each asking, answered or not; else one place for a
 *   customer who was active in it, answered by their last answer. The rules stand in query_score_adjust.h. The
 *   frame is gathered from these places, and opened by them, so that its numbers open to exactly who is in it.
 * Owner: a worker's arena, on the exec's budget.   Threads: places belong to their worker.
 * Failure: FAIL_LIMIT.   Limits/cost: the customer's rows twice; askings times answers where many answers name
 *   responses of one customer.
 * Units: *_ms.   Example: query_score_adjust.c.   Not here: what is learnt of a place (query_score_past.h).
 */
#pragma once

#include "query_score_adjust.h"

struct score_asking {
    uint32_t row;        /* whose values it is grouped by */
    uint32_t answer_row; /* where answered */
    int64_t at_ms;       /* what lies strictly before it is known of the place */
    struct str response; /* data NULL: names none */
    bool answered;
};
struct score_places {
    struct query_vec list; /* of score_asking, of one customer */
    uint64_t unasked;      /* answers to nothing, of all customers so far */
};
void score_places_init(struct score_places *places, struct query_worker *worker);
/* Was anybody asked in the range? A pass that stops at the first. */
bool score_places_were_asked(struct query_exec *exec, const struct query_score_adjust *adjust,
                             bool *out, struct fail *fail) MUST_USE;
/* Those of customer `c`, in their order; from rows up to score_places_end_ms. */
bool score_places_find(struct score_places *places, struct query_worker *worker,
                       const struct query_score_adjust *adjust, bool were_asked, uint32_t c,
                       struct fail *fail) MUST_USE;
/* Who was asked in the range may answer after it. */
int64_t score_places_end_ms(const struct query_exec *exec);
