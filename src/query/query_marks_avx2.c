/* query_marks_avx2.c — marks of 32 labels or four masks at a time. Intervals are looked up one by one, as portably: gathering is slow
 * in many processors that have AVX2 and no more. */
#include "query_marks.h"

#include "base_lanes_avx2.h"

#if defined(__x86_64__)

#define LABELS 32U
#define LANES 4U /* masks in one register */

BASE_AVX2 void query_mark_rows_avx2(const uint8_t *table, const uint8_t *labels, size_t count,
                                    uint64_t *words)
{
    const struct base_byte_set set = base_byte_set_of(table);
    size_t i = 0;
    for (; i + QUERY_MARK_ROWS <= count; i += QUERY_MARK_ROWS) {
        __m256i low = _mm256_loadu_si256((const void *)(labels + i));
        __m256i high = _mm256_loadu_si256((const void *)(labels + i + LABELS));
        words[i / QUERY_MARK_ROWS] =
            base_byte_set_has(&set, low) | (uint64_t)base_byte_set_has(&set, high) << LABELS;
    }
    query_mark_rows_portable(table, labels + i, count - i, words + i / QUERY_MARK_ROWS);
}

BASE_AVX2 void query_mark_masks_avx2(const uint64_t *masks, unsigned bit, size_t count,
                                     uint64_t *words)
{
    const __m128i to_top = _mm_cvtsi32_si128((int)(QUERY_MARK_ROWS - 1 - bit));
    size_t i = 0;
    for (; i + QUERY_MARK_ROWS <= count; i += QUERY_MARK_ROWS) {
        uint64_t word = 0;
        for (unsigned lane = 0; lane < QUERY_MARK_ROWS; lane += LANES) {
            __m256i rows = _mm256_loadu_si256((const void *)(masks + i + lane));
            __m256d tops = _mm256_castsi256_pd(_mm256_sll_epi64(rows, to_top));
            word |= (uint64_t)(unsigned)_mm256_movemask_pd(tops) << lane;
        }
        words[i / QUERY_MARK_ROWS] = word;
    }
    query_mark_masks_portable(masks + i, bit, count - i, words + i / QUERY_MARK_ROWS);
}

BASE_AVX2 void query_unmark_before_avx2(const int64_t *ts_ms, int64_t since_ms, size_t count,
                                        uint64_t *words)
{
    const __m256i since = _mm256_set1_epi64x(since_ms);
    size_t i = 0;
    for (; i + QUERY_MARK_ROWS <= count; i += QUERY_MARK_ROWS) {
        uint64_t before = 0;
        for (unsigned lane = 0; lane < QUERY_MARK_ROWS; lane += LANES) {
            __m256i rows = _mm256_loadu_si256((const void *)(ts_ms + i + lane));
            __m256d less = _mm256_castsi256_pd(_mm256_cmpgt_epi64(since, rows));
            before |= (uint64_t)(unsigned)_mm256_movemask_pd(less) << lane;
        }
        words[i / QUERY_MARK_ROWS] &= ~before;
    }
    query_unmark_before_portable(ts_ms + i, since_ms, count - i, words + i / QUERY_MARK_ROWS);
}

#endif
