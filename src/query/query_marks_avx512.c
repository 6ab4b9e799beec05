/* query_marks_avx512.c — marks of 64 labels or eight masks at a time, intervals of sixteen slots. */
#include "query_marks.h"

#if defined(__x86_64__)

#include <immintrin.h>

#define AVX512 __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx512vbmi")))
#define LANES 8U /* masks in one register */
#define SLOT_LANES 16U

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

AVX512 void query_unmark_before_avx512(const int64_t *ts_ms, int64_t since_ms, size_t count,
                                       uint64_t *words)
{
    const __m512i since = _mm512_set1_epi64(since_ms);
    size_t i = 0;
    for (; i + QUERY_MARK_ROWS <= count; i += QUERY_MARK_ROWS) {
        uint64_t kept = 0;
        for (unsigned lane = 0; lane < QUERY_MARK_ROWS; lane += LANES) {
            __m512i rows = _mm512_loadu_si512(ts_ms + i + lane);
            kept |= (uint64_t)_mm512_cmpge_epi64_mask(rows, since) << lane;
        }
        words[i / QUERY_MARK_ROWS] &= kept;
    }
    query_unmark_before_portable(ts_ms + i, since_ms, count - i, words + i / QUERY_MARK_ROWS);
}

AVX512 uint64_t query_intervals_met_avx512(const struct query_slots *table, uint32_t first,
                                           const int32_t *slots, const uint64_t *words,
                                           uint32_t from, uint32_t end, int32_t end_slot)
{
    const __m512i begin = _mm512_set1_epi32(table->first), stop = _mm512_set1_epi32(end_slot);
    const __m512i low = _mm512_set1_epi32(UINT16_MAX), cohort = _mm512_set1_epi32((int)first);
    const __m512i one = _mm512_set1_epi64(1);
    const __m128i shift = _mm_cvtsi32_si128((int)table->shift);
    __m512i met = _mm512_setzero_si512();
    for (uint32_t row = from; row < end; row += SLOT_LANES) {
        uint32_t at = row % QUERY_MARK_ROWS;
        uint64_t marked = words[row / QUERY_MARK_ROWS] >> at;
        if (at > QUERY_MARK_ROWS - SLOT_LANES && row + (QUERY_MARK_ROWS - at) < end) {
            marked |= words[row / QUERY_MARK_ROWS + 1] << (QUERY_MARK_ROWS - at);
        }
        __mmask16 there =
            end - row >= SLOT_LANES ? UINT16_MAX : (__mmask16)((1U << (end - row)) - 1);
        __m512i all = _mm512_maskz_loadu_epi32(there, slots + row);
        __mmask16 before = _mm512_mask_cmplt_epi32_mask(there, all, stop);
        __mmask16 wanted = before & (__mmask16)marked;
        /* Two bytes of the table, and the two behind them: those are cut off. */
        __m512i group = _mm512_srl_epi32(_mm512_sub_epi32(all, begin), shift);
        __m512i interval = _mm512_mask_i32gather_epi32(_mm512_setzero_si512(), wanted, group,
                                                       table->of, sizeof *table->of);
        __m512i period = _mm512_sub_epi32(_mm512_and_si512(interval, low), cohort);
        __m512i few = _mm512_cvtepu32_epi64(_mm512_castsi512_si256(period));
        __m512i more = _mm512_cvtepu32_epi64(_mm512_extracti64x4_epi64(period, 1));
        met = _mm512_mask_or_epi64(met, (__mmask8)wanted, met, _mm512_sllv_epi64(one, few));
        met = _mm512_mask_or_epi64(met, (__mmask8)(wanted >> 8), met, _mm512_sllv_epi64(one, more));
        if (before != there) {
            break;
        }
    }
    return (uint64_t)_mm512_reduce_or_epi64(met);
}

#endif
