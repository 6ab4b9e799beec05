/* store_ranks_loops.h — inside of store_ranks.h: the loops, told how bits are counted.
 *
 * What: the portable way and the one for processors that count bits are the same, but for that.
 * Owner: the caller's.   Threads: one.   Failure: none.   Limits/cost: store_ranks.h.   Units: rows of the block.
 * Example: store_ranks.c.   Not here: which of the two is called (store_ranks.c).
 */
#pragma once

#include "base_bytes.h"
#include "store_ranks.h"

#define RANKS_INLINE static inline __attribute__((always_inline))

RANKS_INLINE uint32_t ranks_bits(uint64_t bits, bool counts)
{
    return counts ? (uint32_t)__builtin_popcountll(bits) : base_bits_set(bits);
}

RANKS_INLINE uint32_t ranks_of(const struct store_ranks *ranks, uint32_t row, bool counts)
{
    uint64_t below = (UINT64_C(1) << row % 64) - 1;
    return ranks->before[row / 64] + ranks_bits(ranks->words[row / 64] & below, counts);
}

RANKS_INLINE uint32_t ranks_count(struct store_ranks *ranks, uint32_t from, uint32_t to,
                                  bool counts)
{
    uint32_t before = 0;
    for (uint32_t w = from / 64; w <= to / 64; w++) {
        ranks->before[w] = before;
        before += ranks_bits(ranks->words[w], counts);
    }
    return before;
}

RANKS_INLINE int ranks_lay(const struct store_ranks *ranks, const struct store_ranked *list,
                           const struct store_laid *out, bool counts)
{
    for (uint32_t i = 0; i < list->count; i++) {
        uint32_t at = ranks_of(ranks, list->rows[i], counts);
        out->labels[at] = list->label;
        if (out->slots != NULL) {
            out->slots[at] = list->slots[i];
        } else {
            out->ts_ms[at] = list->ts_ms[i];
        }
    }
    return 0;
}

RANKS_INLINE uint32_t ranks_close(const struct store_ranks *ranks, const struct store_span *spans,
                                  uint32_t count, uint32_t first, uint32_t base,
                                  struct store_closing closing, bool counts)
{
    uint32_t closed = closing.count, begins = closing.row_begin[closed];
    for (uint32_t i = 0; i < count; i++) {
        uint32_t end = base + ranks_of(ranks, spans[i].end - first, counts);
        closing.customers[closed] = spans[i].customer;
        closed += end > begins;
        begins = end;
        closing.row_begin[closed] = begins;
    }
    return closed;
}
