/* query_marks_avx512.c — marks of 64 labels or eight masks at a time, intervals of eight. */
#include "query_marks.h"

#if defined(__x86_64__)

#include <immintrin.h>

#define AVX512 __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx512vbmi")))
#define LANES 8U /* times or masks in one register */

bool query_marks_have_avx512(void)
{
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
           __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq") &&
           __builtin_cpu_supports("avx512vbmi");
}

AVX512 void query_mark_rows_avx512(const uint8_t *table, const uint8_t *labels, size_t count,
                                   uint64_t *words)
{
    const __m512i a = _mm512_loadu_si512(table), b = _mm512_loadu_si512(table + 64);
    const __m512i c = _mm512_loadu_si512(table + 128), d = _mm512_loadu_si512(table + 192);
    for (size_t i = 0; i < count; i += QUERY_MARK_ROWS) {
        size_t left = count - i;
        __mmask64 there = left >= QUERY_MARK_ROWS ? UINT64_MAX : (UINT64_C(1) << left) - 1;
        __m512i rows = _mm512_maskz_loadu_epi8(there, labels + i);
        __m512i low = _mm512_permutex2var_epi8(a, rows, b);
        __m512i high = _mm512_permutex2var_epi8(c, rows, d);
        __m512i found = _mm512_mask_blend_epi8(_mm512_movepi8_mask(rows), low, high);
        words[i / QUERY_MARK_ROWS] = _mm512_mask_test_epi8_mask(there, found, found);
    }
}

AVX512 void query_mark_masks_avx512(const uint64_t *masks, unsigned bit, size_t count,
                                    uint64_t *words)
{
    const __m512i wanted = _mm512_set1_epi64((long long)(UINT64_C(1) << bit));
    size_t i = 0;
    for (; i + QUERY_MARK_ROWS <= count; i += QUERY_MARK_ROWS) {
        uint64_t word = 0;
        for (unsigned lane = 0; lane < QUERY_MARK_ROWS; lane += LANES) {
            __m512i rows = _mm512_loadu_si512(masks + i + lane);
            word |= (uint64_t)_mm512_test_epi64_mask(rows, wanted) << lane;
        }
        words[i / QUERY_MARK_ROWS] = word;
    }
    query_mark_masks_portable(masks + i, bit, count - i, words + i / QUERY_MARK_ROWS);
}

AVX512 uint64_t query_intervals_met_avx512(const struct query_interval_table *table, uint32_t first,
                                           const int64_t *ts_ms, const uint64_t *words,
                                           uint32_t from, uint32_t end, int64_t end_ms)
{
    const __m512i begin = _mm512_set1_epi64(table->begins[0]), stop = _mm512_set1_epi64(end_ms);
    const __m128i shift = _mm_cvtsi32_si128((int)table->shift);
    const __m256i cohort = _mm256_set1_epi32((int)first), one = _mm256_set1_epi32(1);
    __m512i met = _mm512_setzero_si512();
    for (uint32_t row = from; row < end; row += LANES) {
        uint32_t at = row % QUERY_MARK_ROWS;
        uint64_t marked = words[row / QUERY_MARK_ROWS] >> at;
        if (at > QUERY_MARK_ROWS - LANES && row + (QUERY_MARK_ROWS - at) < end) {
            marked |= words[row / QUERY_MARK_ROWS + 1] << (QUERY_MARK_ROWS - at);
        }
        __mmask8 there = end - row >= LANES ? UINT8_MAX : (__mmask8)((1U << (end - row)) - 1);
        __m512i ts = _mm512_maskz_loadu_epi64(there, ts_ms + row);
        __mmask8 before = _mm512_mask_cmplt_epi64_mask(there, ts, stop);
        __mmask8 wanted = before & (__mmask8)marked;
        __m512i slice = _mm512_srl_epi64(_mm512_sub_epi64(ts, begin), shift);
        __m256i interval = _mm512_mask_i64gather_epi32(_mm256_setzero_si256(), wanted, slice,
                                                       table->of_slice, sizeof *table->of_slice);
        __m512i next = _mm512_mask_i32gather_epi64(_mm512_setzero_si512(), wanted,
                                                   _mm256_add_epi32(interval, one), table->begins,
                                                   sizeof *table->begins);
        __mmask8 later = _mm512_mask_cmpge_epi64_mask(wanted, ts, next);
        interval = _mm256_mask_add_epi32(interval, later, interval, one);
        __m512i period = _mm512_cvtepu32_epi64(_mm256_sub_epi32(interval, cohort));
        met =
            _mm512_mask_or_epi64(met, wanted, met, _mm512_sllv_epi64(_mm512_set1_epi64(1), period));
        if (before != there) {
            break;
        }
    }
    return (uint64_t)_mm512_reduce_or_epi64(met);
}

#else

bool query_marks_have_avx512(void)
{
    return false;
}

void query_mark_masks_avx512(const uint64_t *masks, unsigned bit, size_t count, uint64_t *words)
{
    query_mark_masks_portable(masks, bit, count, words);
}

void query_mark_rows_avx512(const uint8_t *table, const uint8_t *labels, size_t count,
                            uint64_t *words)
{
    query_mark_rows_portable(table, labels, count, words);
}

uint64_t query_intervals_met_avx512(const struct query_interval_table *table, uint32_t first,
                                    const int64_t *ts_ms, const uint64_t *words, uint32_t from,
                                    uint32_t end, int64_t end_ms)
{
    return query_intervals_met_portable(table, first, ts_ms, words, from, end, end_ms);
}

#endif
