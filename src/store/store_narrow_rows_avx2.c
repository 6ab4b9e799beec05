/* store_narrow_rows_avx2.c — labels of 32 rows at a time, and which are kept of eight. */
#include "store_narrow_rows.h"

#include "base_lanes_avx2.h"

#if defined(__x86_64__)

#define CODES 32U /* labels at a time */
#define ROWS 8U   /* rows kept or not at a time */
#define PART 16U  /* bytes of the table that one instruction looks up */

/* A code is looked up in all parts; in those that it does not lie in it finds 0. */
BASE_AVX2 uint32_t store_label_rows_avx2(const uint8_t *table, size_t table_count,
                                         const uint8_t *codes, size_t count, uint8_t *labels)
{
    const size_t parts = (table_count + PART - 1) / PART;
    const __m256i zero = _mm256_setzero_si256();
    uint32_t labelled = 0;
    size_t i = 0;
    for (; i + CODES <= count; i += CODES) {
        __m256i some = _mm256_loadu_si256((const void *)(codes + i)), found = zero;
        for (size_t p = 0; p < parts; p++) {
            __m256i part =
                _mm256_broadcastsi128_si256(_mm_loadu_si128((const void *)(table + p * PART)));
            __m256i at = _mm256_adds_epu8(some, _mm256_set1_epi8(0x70)); /* 16 and more: no place */
            found = _mm256_or_si256(found, _mm256_shuffle_epi8(part, at));
            some = _mm256_sub_epi8(some, _mm256_set1_epi8(PART));
        }
        _mm256_storeu_si256((void *)(labels + i), found);
        uint32_t none = (uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(found, zero));
        labelled += CODES - (uint32_t)__builtin_popcount(none);
    }
    return labelled + store_label_rows_portable(table, codes + i, count - i, labels + i);
}

static inline BASE_AVX2 __m128i eight_labels(const uint8_t *labels)
{
    return _mm_loadl_epi64((const void *)labels);
}

static inline BASE_AVX2 unsigned which_labelled(__m128i labels)
{
    __m128i none = _mm_cmpeq_epi8(labels, _mm_setzero_si128());
    return ~(unsigned)_mm_movemask_epi8(none) & UINT8_MAX;
}

static inline BASE_AVX2 void put_labels(__m128i labels, unsigned kept, uint8_t *out)
{
    __m128i lanes = _mm_loadl_epi64((const void *)&base_lanes_of[kept]);
    _mm_storel_epi64((void *)out, _mm_shuffle_epi8(labels, lanes));
}

BASE_AVX2 uint32_t store_keep_rows_avx2(const uint8_t *labels, const int64_t *ts_ms, size_t count,
                                        struct store_times times, uint8_t *out_labels,
                                        int64_t *out_ts, uint64_t *out_words)
{
    const __m256i from = _mm256_set1_epi64x(times.from_ms);
    const __m256i last = _mm256_set1_epi64x(times.last_ms);
    uint32_t kept = 0;
    uint64_t word = 0;
    size_t i = 0;
    for (; i + ROWS <= count; i += ROWS) {
        __m128i eight = eight_labels(labels + i);
        unsigned keep = which_labelled(eight);
        if (keep != 0) {
            __m256i low = _mm256_loadu_si256((const void *)(ts_ms + i));
            __m256i high = _mm256_loadu_si256((const void *)(ts_ms + i + 4));
            __m256i low_out =
                _mm256_or_si256(_mm256_cmpgt_epi64(from, low), _mm256_cmpgt_epi64(low, last));
            __m256i high_out =
                _mm256_or_si256(_mm256_cmpgt_epi64(from, high), _mm256_cmpgt_epi64(high, last));
            keep &= ~((unsigned)_mm256_movemask_pd(_mm256_castsi256_pd(low_out)) |
                      (unsigned)_mm256_movemask_pd(_mm256_castsi256_pd(high_out)) << 4);
            unsigned below = keep & 15U;
            int64_t *to = out_ts + kept;
            _mm256_storeu_si256((void *)to,
                                _mm256_permutevar8x32_epi32(low, base_pairs_wide(below)));
            _mm256_storeu_si256((void *)(to + __builtin_popcount(below)),
                                _mm256_permutevar8x32_epi32(high, base_pairs_wide(keep >> 4)));
            put_labels(eight, keep, out_labels + kept);
            kept += (uint32_t)__builtin_popcount(keep);
        }
        word |= (uint64_t)keep << i % STORE_WORD_ROWS;
        if (i % STORE_WORD_ROWS == STORE_WORD_ROWS - ROWS) {
            out_words[i / STORE_WORD_ROWS] = word;
            word = 0;
        }
    }
    if (i < count) {
        uint64_t rest;
        kept += store_keep_rows_portable(labels + i, ts_ms + i, count - i, times, out_labels + kept,
                                         out_ts + kept, &rest);
        word |= rest << i % STORE_WORD_ROWS;
    }
    if (count % STORE_WORD_ROWS != 0) {
        out_words[count / STORE_WORD_ROWS] = word;
    }
    return kept;
}

static inline BASE_AVX2 unsigned which_within(__m256i slots, __m256i from, __m256i last)
{
    __m256i out = _mm256_or_si256(_mm256_cmpgt_epi32(from, slots), _mm256_cmpgt_epi32(slots, last));
    return ~(unsigned)_mm256_movemask_ps(_mm256_castsi256_ps(out)) & UINT8_MAX;
}

BASE_AVX2 uint32_t store_keep_slots_avx2(const uint8_t *labels, const int32_t *slots, size_t count,
                                         struct store_slots within, uint8_t *out_labels,
                                         int32_t *out_slots, uint64_t *out_words)
{
    const __m256i from = _mm256_set1_epi32(within.from), last = _mm256_set1_epi32(within.last);
    uint32_t kept = 0;
    uint64_t word = 0;
    size_t i = 0;
    for (; i + ROWS <= count; i += ROWS) {
        __m128i eight = eight_labels(labels + i);
        unsigned keep = which_labelled(eight);
        if (keep != 0) {
            __m256i some = _mm256_loadu_si256((const void *)(slots + i));
            keep &= which_within(some, from, last);
            _mm256_storeu_si256((void *)(out_slots + kept),
                                _mm256_permutevar8x32_epi32(some, base_lanes_wide(keep)));
            put_labels(eight, keep, out_labels + kept);
            kept += (uint32_t)__builtin_popcount(keep);
        }
        word |= (uint64_t)keep << i % STORE_WORD_ROWS;
        if (i % STORE_WORD_ROWS == STORE_WORD_ROWS - ROWS) {
            out_words[i / STORE_WORD_ROWS] = word;
            word = 0;
        }
    }
    if (i < count) {
        uint64_t rest;
        kept += store_keep_slots_portable(labels + i, slots + i, count - i, within,
                                          out_labels + kept, out_slots + kept, &rest);
        word |= rest << i % STORE_WORD_ROWS;
    }
    if (count % STORE_WORD_ROWS != 0) {
        out_words[count / STORE_WORD_ROWS] = word;
    }
    return kept;
}

BASE_AVX2 uint32_t store_keep_places_avx2(uint32_t *rows, int32_t *slots, uint32_t count,
                                          struct store_slots within)
{
    const __m256i from = _mm256_set1_epi32(within.from), last = _mm256_set1_epi32(within.last);
    uint32_t kept = 0, i = 0;
    for (; i + ROWS <= count; i += ROWS) {
        /* Both are read before either is written: what is kept never overtakes what is read. */
        __m256i some = _mm256_loadu_si256((const void *)(slots + i));
        __m256i their_rows = _mm256_loadu_si256((const void *)(rows + i));
        unsigned keep = which_within(some, from, last);
        __m256i lanes = base_lanes_wide(keep);
        _mm256_storeu_si256((void *)(slots + kept), _mm256_permutevar8x32_epi32(some, lanes));
        _mm256_storeu_si256((void *)(rows + kept), _mm256_permutevar8x32_epi32(their_rows, lanes));
        kept += (uint32_t)__builtin_popcount(keep);
    }
    for (; i < count; i++) {
        bool keep = (int)(slots[i] >= within.from) & (int)(slots[i] <= within.last);
        rows[kept] = rows[i];
        slots[kept] = slots[i];
        kept += keep;
    }
    return kept;
}

#endif
