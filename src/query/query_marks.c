/* query_marks.c — marks and intervals of rows: the portable way, and the choice. */
#include "query_marks.h"

#include "base_cpu.h"

void query_mark_rows_portable(const uint8_t *table, const uint8_t *labels, size_t count,
                              uint64_t *words)
{
    for (size_t first = 0; first < count; first += QUERY_MARK_ROWS) {
        size_t rows = count - first < QUERY_MARK_ROWS ? count - first : QUERY_MARK_ROWS;
        uint64_t word = 0;
        for (size_t i = 0; i < rows; i++) {
            word |= (uint64_t)(table[labels[first + i]] != 0) << i;
        }
        words[first / QUERY_MARK_ROWS] = word;
    }
}

void query_mark_masks_portable(const uint64_t *masks, unsigned bit, size_t count, uint64_t *words)
{
    for (size_t first = 0; first < count; first += QUERY_MARK_ROWS) {
        size_t rows = count - first < QUERY_MARK_ROWS ? count - first : QUERY_MARK_ROWS;
        uint64_t word = 0;
        for (size_t i = 0; i < rows; i++) {
            word |= (masks[first + i] >> bit & 1U) << i;
        }
        words[first / QUERY_MARK_ROWS] = word;
    }
}

void query_unmark_before_portable(const int64_t *ts_ms, int64_t since_ms, size_t count,
                                  uint64_t *words)
{
    for (size_t first = 0; first < count; first += QUERY_MARK_ROWS) {
        size_t rows = count - first < QUERY_MARK_ROWS ? count - first : QUERY_MARK_ROWS;
        uint64_t since = 0;
        for (size_t i = 0; i < rows; i++) {
            since |= (uint64_t)(ts_ms[first + i] >= since_ms) << i;
        }
        words[first / QUERY_MARK_ROWS] &= since;
    }
}

uint64_t query_intervals_met_portable(const struct query_slots *table, uint32_t first,
                                      const int32_t *slots, const uint64_t *words, uint32_t from,
                                      uint32_t end, int32_t end_slot)
{
    uint64_t met = 0;
    for (uint32_t row = from; row < end && slots[row] < end_slot; row++) {
        uint64_t marked = words[row / QUERY_MARK_ROWS] >> row % QUERY_MARK_ROWS & 1U;
        met |= marked << (query_slots_interval(table, slots[row]) - first);
    }
    return met;
}

void query_mark_rows(const uint8_t *table, const uint8_t *labels, size_t count, uint64_t *words)
{
    BASE_CPU_CALL(query_mark_rows, (table, labels, count, words),
                  query_mark_rows_portable(table, labels, count, words));
}

void query_mark_masks(const uint64_t *masks, unsigned bit, size_t count, uint64_t *words)
{
    BASE_CPU_CALL(query_mark_masks, (masks, bit, count, words),
                  query_mark_masks_portable(masks, bit, count, words));
}

void query_unmark_before(const int64_t *ts_ms, int64_t since_ms, size_t count, uint64_t *words)
{
    BASE_CPU_CALL(query_unmark_before, (ts_ms, since_ms, count, words),
                  query_unmark_before_portable(ts_ms, since_ms, count, words));
}

uint64_t query_intervals_met(const struct query_slots *table, uint32_t first, const int32_t *slots,
                             const uint64_t *words, uint32_t from, uint32_t end, int32_t end_slot)
{
    return BASE_CPU_CALL_AVX512(
        query_intervals_met, (table, first, slots, words, from, end, end_slot),
        query_intervals_met_portable(table, first, slots, words, from, end, end_slot));
}
