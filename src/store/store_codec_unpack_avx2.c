/* store_codec_unpack_avx2.c — bits of fixed width, out, eight values at a time.
 *
 * As with AVX-512, each eight values of a run begin at the same bit of a byte. Bytes move within 16 only, so each half of a register gets its
 * own bytes: as few as hold the values, so that no more is read past the run than the portable way reads.
 */
#include "store_codec_unpack.h"

#if defined(__x86_64__)

#include <immintrin.h>

#define AVX2 __attribute__((target("avx2")))

/* How values come out of a register of two halves: the bytes of each lane, how far it is shifted, and what is kept. */
struct lanes {
    __m256i bytes, by, wanted;
    size_t second; /* where the second half's bytes begin */
};

/* Values of 32 bits: four in each half. */
static AVX2 struct lanes lanes_32(unsigned phase, unsigned width, bool one_load)
{
    uint32_t bytes[8], shifts[8];
    unsigned second = one_load ? 0 : (phase + 4 * width) / 8;
    for (unsigned i = 0; i < 8; i++) {
        unsigned bit = phase + i * width - (i < 4 ? 0 : 8 * second);
        bytes[i] = bit / 8 * UINT32_C(0x01010101) + UINT32_C(0x03020100);
        shifts[i] = bit % 8;
    }
    return (struct lanes){_mm256_loadu_si256((const void *)bytes),
                          _mm256_loadu_si256((const void *)shifts),
                          _mm256_set1_epi32((int32_t)((UINT32_C(1) << width) - 1)), second};
}

/* Values of 64 bits from bit `first` on: two in each half. */
static AVX2 struct lanes lanes_64(unsigned first, unsigned width)
{
    uint64_t bytes[4], shifts[4];
    unsigned second = (first + 2 * width) / 8;
    for (unsigned i = 0; i < 4; i++) {
        unsigned bit = first + i * width - 8 * (i < 2 ? first / 8 : second);
        bytes[i] = bit / 8 * UINT64_C(0x0101010101010101) + UINT64_C(0x0706050403020100);
        shifts[i] = bit % 8;
    }
    return (struct lanes){_mm256_loadu_si256((const void *)bytes),
                          _mm256_loadu_si256((const void *)shifts),
                          _mm256_set1_epi64x((int64_t)((UINT64_C(1) << width) - 1)), second};
}

enum load { /* of bytes: how many of them hold the values */
            EIGHT_FOR_ALL,
            EIGHT_FOR_EACH_HALF,
            SIXTEEN_FOR_EACH_HALF,
};

static inline AVX2 __attribute__((always_inline)) __m256i load(const uint8_t *first,
                                                               const uint8_t *second, enum load how)
{
    const __m128i *low = (const void *)first, *high = (const void *)second;
    return how == EIGHT_FOR_ALL ? _mm256_broadcastsi128_si256(_mm_loadl_epi64(low))
           : how == EIGHT_FOR_EACH_HALF
               ? _mm256_set_m128i(_mm_loadl_epi64(high), _mm_loadl_epi64(low))
               : _mm256_loadu2_m128i(high, low);
}

static inline AVX2 __attribute__((always_inline)) __m256i eight_of(const struct lanes *lanes,
                                                                   const uint8_t *at, enum load how)
{
    __m256i all = _mm256_shuffle_epi8(load(at, at + lanes->second, how), lanes->bytes);
    return _mm256_and_si256(_mm256_srlv_epi32(all, lanes->by), lanes->wanted);
}

/* By how much the bytes read may pass those of the values: at most by 8, for all widths. */
static inline enum load how_32(unsigned width)
{
    return width <= 7 ? EIGHT_FOR_ALL : width <= 14 ? EIGHT_FOR_EACH_HALF : SIXTEEN_FOR_EACH_HALF;
}

static inline AVX2 __attribute__((always_inline)) size_t unpack_32(const uint8_t *at,
                                                                   unsigned phase, unsigned width,
                                                                   size_t count, uint32_t *out,
                                                                   enum load how)
{
    const struct lanes lanes = lanes_32(phase, width, how == EIGHT_FOR_ALL);
    size_t done = 0;
    for (; done + 8 <= count; done += 8, at += width) {
        __builtin_prefetch(at + STORE_UNPACK_AHEAD_BYTES);
        _mm256_storeu_si256((void *)(out + done), eight_of(&lanes, at, how));
    }
    return done;
}

AVX2 size_t store_unpack32_avx2(const uint8_t *bits, uint64_t first, unsigned width, size_t count,
                                uint32_t *out)
{
    const uint8_t *at = bits + first / 8;
    unsigned phase = (unsigned)(first % 8);
    switch (how_32(width)) {
    case EIGHT_FOR_ALL:
        return unpack_32(at, phase, width, count, out, EIGHT_FOR_ALL);
    case EIGHT_FOR_EACH_HALF:
        return unpack_32(at, phase, width, count, out, EIGHT_FOR_EACH_HALF);
    case SIXTEEN_FOR_EACH_HALF:
        break;
    }
    return unpack_32(at, phase, width, count, out, SIXTEEN_FOR_EACH_HALF);
}

/* Unpacked as numbers of 32 bits, and made longer. */
static inline AVX2 __attribute__((always_inline)) size_t unpack_narrow(const uint8_t *at,
                                                                       unsigned phase,
                                                                       unsigned width, size_t count,
                                                                       uint64_t *out, enum load how)
{
    const struct lanes lanes = lanes_32(phase, width, how == EIGHT_FOR_ALL);
    size_t done = 0;
    for (; done + 8 <= count; done += 8, at += width) {
        __m256i all = eight_of(&lanes, at, how);
        __m256i low = _mm256_cvtepu32_epi64(_mm256_castsi256_si128(all));
        __m256i high = _mm256_cvtepu32_epi64(_mm256_extracti128_si256(all, 1));
        _mm256_storeu_si256((void *)(out + done), low);
        _mm256_storeu_si256((void *)(out + done + 4), high);
    }
    return done;
}

static inline AVX2 __attribute__((always_inline)) __m256i
four_of(const struct lanes *lanes, const uint8_t *first, const uint8_t *at, enum load how)
{
    __m256i all = _mm256_shuffle_epi8(load(first, at + lanes->second, how), lanes->bytes);
    return _mm256_and_si256(_mm256_srlv_epi64(all, lanes->by), lanes->wanted);
}

static inline AVX2 __attribute__((always_inline)) size_t unpack_wide(const uint8_t *at,
                                                                     unsigned phase, unsigned width,
                                                                     size_t count, uint64_t *out,
                                                                     enum load how)
{
    const struct lanes a = lanes_64(phase, width), b = lanes_64(phase + 4 * width, width);
    const size_t b_first = (phase + 4 * width) / 8;
    size_t done = 0;
    for (; done + 8 <= count; done += 8, at += width) {
        _mm256_storeu_si256((void *)(out + done), four_of(&a, at, at, how));
        _mm256_storeu_si256((void *)(out + done + 4), four_of(&b, at + b_first, at, how));
    }
    return done;
}

#define WIDE_EIGHT_BYTES_MAX                                                                       \
    28U /* two such values lie in eight bytes, whichever bit they begin at */

AVX2 size_t store_unpack_avx2(const uint8_t *bits, uint64_t first, unsigned width, size_t count,
                              uint64_t *out)
{
    const uint8_t *at = bits + first / 8;
    unsigned phase = (unsigned)(first % 8);
    if (width > WIDE_EIGHT_BYTES_MAX) {
        return unpack_wide(at, phase, width, count, out, SIXTEEN_FOR_EACH_HALF);
    }
    if (width > STORE_UNPACK32_WIDTH_MAX) {
        return unpack_wide(at, phase, width, count, out, EIGHT_FOR_EACH_HALF);
    }
    switch (how_32(width)) {
    case EIGHT_FOR_ALL:
        return unpack_narrow(at, phase, width, count, out, EIGHT_FOR_ALL);
    case EIGHT_FOR_EACH_HALF:
        return unpack_narrow(at, phase, width, count, out, EIGHT_FOR_EACH_HALF);
    case SIXTEEN_FOR_EACH_HALF:
        break;
    }
    return unpack_narrow(at, phase, width, count, out, SIXTEEN_FOR_EACH_HALF);
}

/* ---- what values stand for ----------------------------------------------------------------------------- */

AVX2 size_t store_unzigzag_avx2(uint64_t *values, size_t count)
{
    const __m256i one = _mm256_set1_epi64x(1), zero = _mm256_setzero_si256();
    size_t done = 0;
    for (; done + 4 <= count; done += 4) {
        __m256i four = _mm256_loadu_si256((const void *)(values + done));
        __m256i sign = _mm256_sub_epi64(zero, _mm256_and_si256(four, one));
        _mm256_storeu_si256((void *)(values + done),
                            _mm256_xor_si256(_mm256_srli_epi64(four, 1), sign));
    }
    return done;
}

/* What comes before is added last, so that from four values to the next there is one addition to wait for. */
AVX2 size_t store_sum_up_avx2(uint64_t *values, size_t count, uint64_t *sum)
{
    const __m256i zero = _mm256_setzero_si256();
    __m256i before = _mm256_set1_epi64x((int64_t)*sum);
    size_t done = 0;
    for (; done + 4 <= count; done += 4) {
        __m256i four = _mm256_loadu_si256((const void *)(values + done));
        four = _mm256_add_epi64(four, _mm256_slli_si256(four, 8));
        __m256i second = _mm256_permute4x64_epi64(four, 0x50);
        four = _mm256_add_epi64(four, _mm256_blend_epi32(zero, second, 0xF0));
        _mm256_storeu_si256((void *)(values + done), _mm256_add_epi64(four, before));
        before = _mm256_add_epi64(before, _mm256_permute4x64_epi64(four, 0xFF));
    }
    *sum = done > 0 ? values[done - 1] : *sum;
    return done;
}

AVX2 size_t store_unzigzag32_avx2(uint32_t *values, size_t count)
{
    const __m256i one = _mm256_set1_epi32(1), zero = _mm256_setzero_si256();
    size_t done = 0;
    for (; done + 8 <= count; done += 8) {
        __m256i all = _mm256_loadu_si256((const void *)(values + done));
        __m256i sign = _mm256_sub_epi32(zero, _mm256_and_si256(all, one));
        _mm256_storeu_si256((void *)(values + done),
                            _mm256_xor_si256(_mm256_srli_epi32(all, 1), sign));
    }
    return done;
}

AVX2 size_t store_sum_up32_avx2(uint32_t *values, size_t count, uint32_t *sum)
{
    const __m256i zero = _mm256_setzero_si256(), last = _mm256_set1_epi32(7);
    const __m256i third = _mm256_set1_epi32(3);
    __m256i before = _mm256_set1_epi32((int32_t)*sum);
    size_t done = 0;
    for (; done + 8 <= count; done += 8) {
        __m256i all = _mm256_loadu_si256((const void *)(values + done));
        all = _mm256_add_epi32(all, _mm256_slli_si256(all, 4));
        all = _mm256_add_epi32(all, _mm256_slli_si256(all, 8));
        __m256i half = _mm256_permutevar8x32_epi32(all, third);
        all = _mm256_add_epi32(all, _mm256_blend_epi32(zero, half, 0xF0));
        _mm256_storeu_si256((void *)(values + done), _mm256_add_epi32(all, before));
        before = _mm256_add_epi32(before, _mm256_permutevar8x32_epi32(all, last));
    }
    *sum = done > 0 ? values[done - 1] : *sum;
    return done;
}

AVX2 size_t store_join_parts_avx2(const uint32_t *heads, const uint32_t *rests, int32_t part,
                                  uint32_t base, size_t count, int64_t *out)
{
    const __m256i times = _mm256_set1_epi64x(part);
    const __m128i more = _mm_set1_epi32((int32_t)base);
    size_t done = 0;
    for (; done + 4 <= count; done += 4) {
        __m256i head = _mm256_cvtepi32_epi64(_mm_loadu_si128((const void *)(heads + done)));
        __m128i rest = _mm_add_epi32(_mm_loadu_si128((const void *)(rests + done)), more);
        _mm256_storeu_si256((void *)(out + done), _mm256_add_epi64(_mm256_mul_epi32(head, times),
                                                                   _mm256_cvtepi32_epi64(rest)));
    }
    return done;
}

#endif
