/* query_lanes_avx512.h — eight looks for a marked row at a time: as query_places_next and query_places_before.
 *
 * What: rows stand in lanes of 64 bits. The words are read from the byte on that a row's bit lies in, so that each look
 *   sees 57 rows at least, whichever row it begins at.
 * Owner: none.   Threads: any.   Failure: none.   Limits/cost: some 2 ns for all eight that lie near.   Units: rows.
 * Example: query_funnel_avx512.c.   Not here: the portable ways (query_places.h), processors without AVX-512.
 */
#pragma once

#include "query_marks.h"

#if defined(__x86_64__)

#include <immintrin.h>

#define QUERY_AVX512 __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx512cd,popcnt")))
#define QUERY_LANE_ROWS 8U

/* The first marked rows of [from, end), else `end`; of lanes that are not asked, `end`. */
static inline QUERY_AVX512 __m512i query_lanes_next(const uint64_t *words, __mmask8 asked,
                                                    __m512i from, __m512i end)
{
    const __m512i zero = _mm512_setzero_si512(), seven = _mm512_set1_epi64(7);
    const __m512i last = _mm512_set1_epi64(QUERY_MARK_ROWS - 1);
    const __m512i rows = _mm512_set1_epi64(QUERY_MARK_ROWS);
    __m512i found = end;
    __mmask8 left = _mm512_mask_cmplt_epu64_mask(asked, from, end);
    while (left != 0) {
        __m512i byte = _mm512_srli_epi64(from, 3), bit = _mm512_and_si512(from, seven);
        __m512i bits = _mm512_mask_i64gather_epi64(zero, left, byte, words, 1);
        bits = _mm512_srlv_epi64(bits, bit);
        __mmask8 some = _mm512_test_epi64_mask(bits, bits);
        __m512i lowest = _mm512_and_si512(bits, _mm512_sub_epi64(zero, bits));
        __m512i at = _mm512_sub_epi64(_mm512_add_epi64(from, last), _mm512_lzcnt_epi64(lowest));
        found = _mm512_mask_min_epu64(found, some, at, end);
        from = _mm512_add_epi64(from, _mm512_sub_epi64(rows, bit));
        left = _mm512_mask_cmplt_epu64_mask(left & (__mmask8)~some, from, end);
    }
    return found;
}

/* The last marked rows before `before`; there is one for each lane that is asked. */
static inline QUERY_AVX512 __m512i query_lanes_before(const uint64_t *words, __mmask8 asked,
                                                      __m512i before)
{
    const __m512i zero = _mm512_setzero_si512(), seven = _mm512_set1_epi64(7);
    const __m512i one = _mm512_set1_epi64(1), rows = _mm512_set1_epi64(QUERY_MARK_ROWS);
    __m512i found = zero;
    while (asked != 0) {
        __m512i row = _mm512_sub_epi64(before, one);
        __m512i byte = _mm512_sub_epi64(_mm512_srli_epi64(row, 3), seven);
        __m512i above = _mm512_andnot_si512(row, seven); /* bits of its byte behind it */
        __m512i bits = _mm512_mask_i64gather_epi64(zero, asked, byte, words, 1);
        bits = _mm512_sllv_epi64(bits, above);
        __mmask8 some = _mm512_test_epi64_mask(bits, bits);
        found = _mm512_mask_sub_epi64(found, some, row, _mm512_lzcnt_epi64(bits));
        before = _mm512_sub_epi64(before, _mm512_sub_epi64(rows, above));
        asked &= (__mmask8)~some;
    }
    return found;
}

#endif
