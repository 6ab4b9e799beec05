/* base_lanes_avx2.h — what AVX2 lacks beside AVX-512: chosen lanes moved to the front, and members of a set of bytes.
 *
 * What: which lanes a mask chooses, by table, for instructions that move lanes by number; and a table of 256 bytes as a bit each, so that
 *   32 bytes are looked up at once.
 * Owner: none.   Threads: any.   Failure: none.
 * Limits/cost: tables of 2 KB and 128 bytes; making a set some 10 ns.   Units: lanes.
 * Example: store_narrow_rows_avx2.c.   Not here: processors that are not x86-64.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#if defined(__x86_64__)

#include <immintrin.h>

#define BASE_AVX2 __attribute__((target("avx2,bmi,bmi2,popcnt")))

/* By mask: the numbers of its bits, ascending, a byte each; zeros behind them. */
extern const uint64_t base_lanes_of[256];
/* The same of four lanes of 64 bits, as pairs of 32 bits each. */
extern const uint64_t base_pairs_of[16];

static inline BASE_AVX2 __m256i base_lanes_wide(unsigned mask)
{
    return _mm256_cvtepu8_epi32(
        _mm_loadl_epi64((const __m128i *)(const void *)&base_lanes_of[mask]));
}
static inline BASE_AVX2 __m256i base_pairs_wide(unsigned mask)
{
    return _mm256_cvtepu8_epi32(
        _mm_loadl_epi64((const __m128i *)(const void *)&base_pairs_of[mask]));
}

/* The bytes whose entry of a table of 256 is not 0: a bit of byte c / 8 for c. */
struct base_byte_set {
    __m256i below_128, others;
};

static inline BASE_AVX2 struct base_byte_set base_byte_set_of(const uint8_t *table)
{
    uint32_t words[8];
    for (unsigned i = 0; i < 8; i++) {
        __m256i some = _mm256_loadu_si256((const __m256i *)(const void *)(table + (size_t)32 * i));
        some = _mm256_cmpeq_epi8(some, _mm256_setzero_si256());
        words[i] = ~(uint32_t)_mm256_movemask_epi8(some);
    }
    const __m128i *halves = (const __m128i *)(const void *)words;
    return (struct base_byte_set){_mm256_broadcastsi128_si256(_mm_loadu_si128(halves)),
                                  _mm256_broadcastsi128_si256(_mm_loadu_si128(halves + 1))};
}

/* Which of 32 bytes are members. */
static inline BASE_AVX2 uint32_t base_byte_set_has(const struct base_byte_set *set, __m256i bytes)
{
    const __m256i bits = _mm256_set1_epi64x((int64_t)UINT64_C(0x8040201008040201));
    __m256i byte = _mm256_and_si256(_mm256_srli_epi16(bytes, 3), _mm256_set1_epi8(15));
    __m256i row = _mm256_blendv_epi8(_mm256_shuffle_epi8(set->below_128, byte),
                                     _mm256_shuffle_epi8(set->others, byte), bytes);
    __m256i bit = _mm256_shuffle_epi8(bits, _mm256_and_si256(bytes, _mm256_set1_epi8(7)));
    __m256i is = _mm256_cmpeq_epi8(_mm256_and_si256(row, bit), bit);
    return (uint32_t)_mm256_movemask_epi8(is);
}

#endif
