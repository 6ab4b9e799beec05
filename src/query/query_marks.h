/* query_marks.h — rows as bits, and the loops that make them, portable, with AVX2 and with AVX-512.
 *
 * What: rows' labels or masks to bits, so that rows which matter are found without a look at the others; and the intervals in which rows
 *   lie, as bits of a word. All ways give the same; which one runs is chosen at run time (base_cpu.h).
 * Owner: none.   Threads: any.   Failure: none.
 * Limits/cost: a mark portable some 1 ns a row, with vectors 0.1 ns; an interval 1 ns and 0.3 ns.   Units: rows; slots.
 * Example: query_retention_narrow.c.   Not here: what is counted.
 */
#pragma once

#include "query_slots.h"

#define QUERY_MARK_ROWS 64U

/* The words that bits of so many rows take. */
static inline size_t query_mark_words(size_t rows)
{
    return rows / QUERY_MARK_ROWS + (rows % QUERY_MARK_ROWS != 0);
}

/* Bit i % 64 of word i / 64 says whether table[labels[i]] is not 0. The table has 256 entries. */
void query_mark_rows(const uint8_t *table, const uint8_t *labels, size_t count, uint64_t *words);

/* The same of masks: does mask i have bit `bit`? */
void query_mark_masks(const uint64_t *masks, unsigned bit, size_t count, uint64_t *words);

/* Takes the marks off rows before `since_ms`. */
void query_unmark_before(const int64_t *ts_ms, int64_t since_ms, size_t count, uint64_t *words);

/* The first marked row of [from, end), else `end`. */
static inline uint32_t query_mark_next(const uint64_t *words, uint32_t from, uint32_t end)
{
    if (from >= end) {
        return end;
    }
    uint32_t word = from / QUERY_MARK_ROWS;
    uint64_t bits = words[word] >> from % QUERY_MARK_ROWS << from % QUERY_MARK_ROWS;
    while (bits == 0) {
        if (++word * QUERY_MARK_ROWS >= end) {
            return end;
        }
        bits = words[word];
    }
    uint32_t found = word * QUERY_MARK_ROWS + (uint32_t)__builtin_ctzll(bits);
    return found < end ? found : end;
}

/* The last marked row of [from, end), else `end`. */
static inline uint32_t query_mark_last(const uint64_t *words, uint32_t from, uint32_t end)
{
    if (from >= end) {
        return end;
    }
    uint32_t word = (end - 1) / QUERY_MARK_ROWS;
    uint64_t bits = words[word] & UINT64_MAX >> (QUERY_MARK_ROWS - 1 - (end - 1) % QUERY_MARK_ROWS);
    while (bits == 0) {
        if (word * QUERY_MARK_ROWS <= from) {
            return end;
        }
        bits = words[--word];
    }
    uint32_t found =
        word * QUERY_MARK_ROWS + (QUERY_MARK_ROWS - 1 - (uint32_t)__builtin_clzll(bits));
    return found >= from ? found : end;
}

/* Rows [from, end), in order of time, as far as before slot `end_slot`: bit n for a marked one that lies in interval `first` + n.
   None lies before that interval, and those before `end_slot` lie in 64 intervals. */
uint64_t query_intervals_met(const struct query_slots *table, uint32_t first, const int32_t *slots,
                             const uint64_t *words, uint32_t from, uint32_t end, int32_t end_slot);

/* ---- the parts, for tests ------------------------------------------------------------------------------- */

void query_mark_rows_portable(const uint8_t *table, const uint8_t *labels, size_t count,
                              uint64_t *words);
void query_mark_masks_portable(const uint64_t *masks, unsigned bit, size_t count, uint64_t *words);
void query_unmark_before_portable(const int64_t *ts_ms, int64_t since_ms, size_t count,
                                  uint64_t *words);
uint64_t query_intervals_met_portable(const struct query_slots *table, uint32_t first,
                                      const int32_t *slots, const uint64_t *words, uint32_t from,
                                      uint32_t end, int32_t end_slot);
/* Where base_cpu_level says so. */
void query_mark_rows_avx2(const uint8_t *table, const uint8_t *labels, size_t count,
                          uint64_t *words);
void query_mark_masks_avx2(const uint64_t *masks, unsigned bit, size_t count, uint64_t *words);
void query_unmark_before_avx2(const int64_t *ts_ms, int64_t since_ms, size_t count,
                              uint64_t *words);

void query_mark_rows_avx512(const uint8_t *table, const uint8_t *labels, size_t count,
                            uint64_t *words);
void query_mark_masks_avx512(const uint64_t *masks, unsigned bit, size_t count, uint64_t *words);
void query_unmark_before_avx512(const int64_t *ts_ms, int64_t since_ms, size_t count,
                                uint64_t *words);
uint64_t query_intervals_met_avx512(const struct query_slots *table, uint32_t first,
                                    const int32_t *slots, const uint64_t *words, uint32_t from,
                                    uint32_t end, int32_t end_slot);
