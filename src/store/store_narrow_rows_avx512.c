/* store_narrow_rows_avx512.c — labels of rows and which are kept, 64 rows at a time. */
#include "store_narrow_rows.h"

#if defined(__x86_64__)

#include <immintrin.h>

#define AVX512 __attribute__((target("avx512f,avx512bw,avx512vbmi,avx512vbmi2,popcnt")))
#define LANES 8U       /* times in one register */
#define SLOT_LANES 16U /* slots */

/* The first `rows` of up to 64 rows, as a mask. */
static uint64_t first_rows(size_t rows)
{
    return rows >= STORE_WORD_ROWS ? UINT64_MAX : (UINT64_C(1) << rows) - 1;
}

AVX512 uint32_t store_label_rows_avx512(const uint8_t *table, size_t table_count,
                                        const uint8_t *codes, size_t count, uint8_t *labels)
{
    (void)table_count; /* all of the table is in two registers */
    const __m512i low = _mm512_loadu_si512(table), high = _mm512_loadu_si512(table + 64);
    uint32_t labelled = 0;
    for (size_t i = 0; i < count; i += STORE_WORD_ROWS) {
        uint64_t there = first_rows(count - i);
        __m512i found =
            _mm512_permutex2var_epi8(low, _mm512_maskz_loadu_epi8(there, codes + i), high);
        _mm512_mask_storeu_epi8(labels + i, there, found);
        labelled += (uint32_t)__builtin_popcountll(_mm512_mask_test_epi8_mask(there, found, found));
    }
    return labelled;
}

/* The times of the labelled ones of 64 rows; returns how many. */
AVX512 static inline uint32_t keep_labelled(uint64_t labelled, const int64_t *ts_ms,
                                            int64_t *out_ts)
{
    uint32_t kept = 0;
    for (unsigned at = 0; at < STORE_WORD_ROWS; at += LANES) {
        __mmask8 lanes = (__mmask8)(labelled >> at);
        __m512i eight = _mm512_maskz_loadu_epi64(lanes, ts_ms + at);
        _mm512_storeu_si512(out_ts + kept, _mm512_maskz_compress_epi64(lanes, eight));
        kept += (uint32_t)__builtin_popcount(lanes);
    }
    return kept;
}

AVX512 uint32_t store_keep_rows_avx512(const uint8_t *labels, const int64_t *ts_ms, size_t count,
                                       struct store_times times, uint8_t *out_labels,
                                       int64_t *out_ts, uint64_t *out_words)
{
    const __m512i from = _mm512_set1_epi64(times.from_ms), last = _mm512_set1_epi64(times.last_ms);
    const bool any_time = times.from_ms == INT64_MIN && times.last_ms == INT64_MAX;
    uint32_t kept = 0;
    for (size_t i = 0; i < count; i += STORE_WORD_ROWS) {
        __m512i bytes = _mm512_maskz_loadu_epi8(first_rows(count - i), labels + i);
        uint64_t labelled = _mm512_test_epi8_mask(bytes, bytes);
        uint64_t word = any_time ? labelled : 0;
        uint32_t to = kept;
        if (any_time) {
            to += keep_labelled(labelled, ts_ms + i, out_ts + to);
        }
        for (unsigned at = 0; !any_time && labelled >> at != 0; at += LANES) {
            __mmask8 lanes = (__mmask8)(labelled >> at);
            __m512i eight = _mm512_maskz_loadu_epi64(lanes, ts_ms + i + at);
            lanes = _mm512_mask_cmp_epi64_mask(lanes, eight, from, _MM_CMPINT_NLT);
            lanes = _mm512_mask_cmp_epi64_mask(lanes, eight, last, _MM_CMPINT_LE);
            _mm512_storeu_si512(out_ts + to, _mm512_maskz_compress_epi64(lanes, eight));
            to += (uint32_t)__builtin_popcount(lanes);
            word |= (uint64_t)lanes << at;
            if (at + LANES == STORE_WORD_ROWS) {
                break;
            }
        }
        _mm512_storeu_si512(out_labels + kept, _mm512_maskz_compress_epi8(word, bytes));
        out_words[i / STORE_WORD_ROWS] = word;
        kept = to;
    }
    return kept;
}

AVX512 uint32_t store_keep_slots_avx512(const uint8_t *labels, const int32_t *slots, size_t count,
                                        struct store_slots within, uint8_t *out_labels,
                                        int32_t *out_slots, uint64_t *out_words)
{
    const __m512i from = _mm512_set1_epi32(within.from), last = _mm512_set1_epi32(within.last);
    uint32_t kept = 0;
    for (size_t i = 0; i < count; i += STORE_WORD_ROWS) {
        __m512i bytes = _mm512_maskz_loadu_epi8(first_rows(count - i), labels + i);
        uint64_t labelled = _mm512_test_epi8_mask(bytes, bytes);
        uint64_t word = 0;
        uint32_t to = kept;
        for (unsigned at = 0; at < STORE_WORD_ROWS && labelled >> at != 0; at += SLOT_LANES) {
            __mmask16 lanes = (__mmask16)(labelled >> at);
            __m512i some = _mm512_maskz_loadu_epi32(lanes, slots + i + at);
            lanes = _mm512_mask_cmp_epi32_mask(lanes, some, from, _MM_CMPINT_NLT);
            lanes = _mm512_mask_cmp_epi32_mask(lanes, some, last, _MM_CMPINT_LE);
            _mm512_storeu_si512(out_slots + to, _mm512_maskz_compress_epi32(lanes, some));
            to += (uint32_t)__builtin_popcount(lanes);
            word |= (uint64_t)lanes << at;
        }
        _mm512_storeu_si512(out_labels + kept, _mm512_maskz_compress_epi8(word, bytes));
        out_words[i / STORE_WORD_ROWS] = word;
        kept = to;
    }
    return kept;
}

AVX512 uint32_t store_keep_places_avx512(uint32_t *rows, int32_t *slots, uint32_t count,
                                         struct store_slots within)
{
    const __m512i from = _mm512_set1_epi32(within.from), last = _mm512_set1_epi32(within.last);
    uint32_t kept = 0;
    for (uint32_t i = 0; i < count; i += SLOT_LANES) {
        __mmask16 there = (__mmask16)first_rows(count - i);
        /* Both are read before either is written: what is kept never overtakes what is read. */
        __m512i some = _mm512_maskz_loadu_epi32(there, slots + i);
        __m512i their_rows = _mm512_maskz_loadu_epi32(there, rows + i);
        __mmask16 lanes = _mm512_mask_cmp_epi32_mask(there, some, from, _MM_CMPINT_NLT);
        lanes = _mm512_mask_cmp_epi32_mask(lanes, some, last, _MM_CMPINT_LE);
        _mm512_storeu_si512(slots + kept, _mm512_maskz_compress_epi32(lanes, some));
        _mm512_storeu_si512(rows + kept, _mm512_maskz_compress_epi32(lanes, their_rows));
        kept += (uint32_t)__builtin_popcount(lanes);
    }
    return kept;
}

#endif
