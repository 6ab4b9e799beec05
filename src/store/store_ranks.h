/* store_ranks.h — rows of one block as bits, and how many lie before each: what puts rows of several lists into one order.
 *
 * What: rows are marked, list by list, and counted once; then a row's place among all of them is told by its rank, and so is where a
 *   customer's rows end. No list is merged with another, and nothing has to be foretold.
 * Owner: the caller's; 12 KB.   Threads: one at a time.   Failure: none.
 * Limits/cost: half a nanosecond for 64 rows of the stretch, 1 to 2 for each row marked and laid and each span; three times that where
 *   the processor counts no bits.   Units: rows of the block, unless said.
 * Example: store_narrow_places.c.   Not here: reading the lists (store_segment_places.c).
 */
#pragma once

#include "store_read.h"

#define STORE_RANK_WORDS (STORE_SEGMENT_BLOCK_ROWS / 64U)

struct store_ranks {
    uint64_t words[STORE_RANK_WORDS + 1];
    uint32_t before[STORE_RANK_WORDS +
                    1]; /* marked rows before each word; of [from, to] once they are counted */
};
struct store_ranked { /* rows of one list, all of them marked; NULL where there is no such column */
    const uint32_t *rows;
    uint32_t count;
    uint8_t label;
    const int32_t *slots;
    const int64_t *ts_ms;
};
struct store_laid { /* where rows go, by rank */
    uint8_t *labels;
    int32_t *slots; /* NULL: times are wanted */
    int64_t *ts_ms; /* NULL: slots are */
};
struct store_closing { /* customers whose rows are closed, as in struct store_narrow_piece */
    uint32_t *customers, *row_begin;
    uint32_t count;
};

/* No row of [from, to) is marked; those of other words mean nothing. */
void store_ranks_clear(struct store_ranks *ranks, uint32_t from, uint32_t to);
void store_ranks_mark(struct store_ranks *ranks, const uint32_t *rows, uint32_t count);
/* How many rows of [from, to) are marked. */
uint32_t store_ranks_count(struct store_ranks *ranks, uint32_t from, uint32_t to);
void store_ranks_lay(const struct store_ranks *ranks, const struct store_ranked *list,
                     const struct store_laid *out);
/* Closes spans that end in (from, to]: rows of the piece begin at `base` with the first marked one. The block begins with
   row `first` of the segment, which spans are told by. */
void store_ranks_close(const struct store_ranks *ranks, const struct store_span *spans,
                       uint32_t count, uint32_t first, uint32_t base,
                       struct store_closing *closing);

/* ---- the parts, for tests ------------------------------------------------------------------------------- */

uint32_t store_ranks_count_portable(struct store_ranks *ranks, uint32_t from, uint32_t to);
uint32_t store_ranks_count_avx2(struct store_ranks *ranks, uint32_t from, uint32_t to);
int store_ranks_lay_portable(const struct store_ranks *ranks, const struct store_ranked *list,
                             const struct store_laid *out);
int store_ranks_lay_avx2(const struct store_ranks *ranks, const struct store_ranked *list,
                         const struct store_laid *out);
uint32_t store_ranks_close_portable(const struct store_ranks *ranks, const struct store_span *spans,
                                    uint32_t count, uint32_t first, uint32_t base,
                                    struct store_closing closing);
uint32_t store_ranks_close_avx2(const struct store_ranks *ranks, const struct store_span *spans,
                                uint32_t count, uint32_t first, uint32_t base,
                                struct store_closing closing);
