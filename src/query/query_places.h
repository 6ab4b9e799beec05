/* query_places.h — where in a batch the rows of a matcher are.
 *
 * What: a bit for each row of the batch, and the first marked row after another one. What was found last is kept, so that looks
 *   in rising order cost one pass over a batch's bits, however many they are and whoever's rows lie in between.
 * Owner: the worker's scratch: until the next batch.   Threads: the worker's.
 * Failure: FAIL_LIMIT.   Limits/cost: some 0.1 ns a row and matcher.   Units: rows of the batch.
 * Example: query_time_between.c.   Not here: making bits (query_marks.h).
 */
#pragma once

#include "query_exec.h"
#include "query_marks.h"

#define QUERY_NO_ROW UINT32_MAX

struct query_places {
    uint64_t *words;
    uint32_t rows;         /* of the batch */
    uint32_t asked, found; /* the last look: no row between them is marked; none yet: both 0 */
};
/* The rows of the worker's batch that fit matcher `matcher`. */
bool query_places_mark(const struct query_worker *worker, uint32_t matcher,
                       struct query_places *out, struct fail *fail) MUST_USE;

/* The first after `row` and before `end`, or QUERY_NO_ROW. */
static inline uint32_t query_places_after(struct query_places *places, uint32_t row, uint32_t end)
{
    if (row < places->asked || row >= places->found) {
        places->asked = row;
        places->found = query_mark_next(places->words, row + 1, places->rows);
    }
    return places->found < end ? places->found : QUERY_NO_ROW;
}
