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
    uint64_t *words;       /* one of zeros stands before and behind them */
    uint32_t rows;         /* of the batch */
    uint32_t asked, found; /* the last look: no row between them is marked; none yet: both 0 */
};
/* Words for all rows of the worker's batch, none of them marked. */
uint64_t *query_places_room(const struct query_worker *worker, struct fail *fail);
/* The rows of the worker's batch that fit matcher `matcher`. */
bool query_places_mark(const struct query_worker *worker, uint32_t matcher,
                       struct query_places *out, struct fail *fail) MUST_USE;

/* Takes away the marks of rows outside the range. */
void query_places_clip(uint64_t *words, const struct store_rows *rows,
                       const struct query_range *range);

/* The first after `row` and before `end`, or QUERY_NO_ROW. */
static inline uint32_t query_places_after(struct query_places *places, uint32_t row, uint32_t end)
{
    if (row < places->asked || row >= places->found) {
        places->asked = row;
        places->found = query_mark_next(places->words, row + 1, places->rows);
    }
    return places->found < end ? places->found : QUERY_NO_ROW;
}

/* The first marked row of [from, end), else `end`: as query_mark_next, without a jump where it lies near. */
static inline uint32_t query_places_next(const uint64_t *words, uint32_t from, uint32_t end)
{
    for (; from < end; from += QUERY_MARK_ROWS) {
        const uint64_t *word = words + from / QUERY_MARK_ROWS;
        uint32_t bit = from % QUERY_MARK_ROWS;
        uint64_t bits = word[0] >> bit | word[1] << 1 << (QUERY_MARK_ROWS - 1 - bit);
        if (bits != 0) {
            uint32_t found = from + (uint32_t)__builtin_ctzll(bits);
            return found < end ? found : end;
        }
    }
    return end;
}

/* The last marked row before `end`; there is one. */
static inline uint32_t query_places_before(const uint64_t *words, uint32_t end)
{
    for (;; end -= QUERY_MARK_ROWS) {
        const uint64_t *word = words + (end - 1) / QUERY_MARK_ROWS;
        uint32_t bit = (end - 1) % QUERY_MARK_ROWS;
        uint64_t bits = word[0] << (QUERY_MARK_ROWS - 1 - bit) | word[-1] >> 1 >> bit;
        if (bits != 0) {
            return end - 1 - (uint32_t)__builtin_clzll(bits);
        }
    }
}
