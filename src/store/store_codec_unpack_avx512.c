/* store_codec_unpack_avx512.c — bits of fixed width, out, eight or sixteen values at a time.
 *
 * Eight values of w bits are w whole bytes, so each eight of a run begin at the same bit of a byte: which bytes go to
 * which lane, and how far each lane is shifted, is worked out once for a run.
 */
#include "store_codec_unpack.h"

#if defined(__x86_64__)

#include <immintrin.h>

#define AVX512 __attribute__((target("avx512f,avx512bw,avx512cd,avx512vbmi")))

/* Bytes that hold `bits` bits, as a mask for loading them. */
static uint64_t bytes_of(unsigned bits)
{
    unsigned bytes = (bits + 7) / 8;
    return bytes >= 64 ? UINT64_MAX : (UINT64_C(1) << bytes) - 1;
}

AVX512 size_t store_unpack_avx512(const uint8_t *bits, uint64_t first, unsigned width, size_t count,
                                  uint64_t *out)
{
    uint64_t bytes[8], shifts[8];
    unsigned phase = (unsigned)(first % 8);
    for (unsigned i = 0; i < 8; i++) {
        unsigned bit = phase + i * width;
        bytes[i] = bit / 8 * UINT64_C(0x0101010101010101) + UINT64_C(0x0706050403020100);
        shifts[i] = bit % 8;
    }
    const __m512i to_lanes = _mm512_loadu_si512(bytes), by = _mm512_loadu_si512(shifts);
    const __m512i wanted = _mm512_set1_epi64((int64_t)((UINT64_C(1) << width) - 1));
    const __mmask64 there = bytes_of(phase + 8 * width);
    const uint8_t *at = bits + first / 8;
    size_t done = 0;
    for (; done + 8 <= count; done += 8, at += width) {
        __m512i eight = _mm512_permutexvar_epi8(to_lanes, _mm512_maskz_loadu_epi8(there, at));
        eight = _mm512_and_si512(_mm512_srlv_epi64(eight, by), wanted);
        _mm512_storeu_si512(out + done, eight);
    }
    return done;
}

AVX512 size_t store_unpack32_avx512(const uint8_t *bits, uint64_t first, unsigned width,
                                    size_t count, uint32_t *out)
{
    uint32_t bytes[16], shifts[16];
    unsigned phase = (unsigned)(first % 8);
    for (unsigned i = 0; i < 16; i++) {
        unsigned bit = phase + i * width;
        bytes[i] = bit / 8 * UINT32_C(0x01010101) + UINT32_C(0x03020100);
        shifts[i] = bit % 8;
    }
    const __m512i to_lanes = _mm512_loadu_si512(bytes), by = _mm512_loadu_si512(shifts);
    const __m512i wanted = _mm512_set1_epi32((int32_t)((UINT32_C(1) << width) - 1));
    const __mmask64 there = bytes_of(phase + 16 * width);
    const uint8_t *at = bits + first / 8;
    size_t done = 0;
    for (; done + 16 <= count; done += 16, at += (size_t)2 * width) {
        __builtin_prefetch(at + STORE_UNPACK_AHEAD_BYTES);
        __m512i all = _mm512_permutexvar_epi8(to_lanes, _mm512_maskz_loadu_epi8(there, at));
        all = _mm512_and_si512(_mm512_srlv_epi32(all, by), wanted);
        _mm512_storeu_si512(out + done, all);
    }
    return done;
}

AVX512 size_t store_widths_avx512(const uint64_t *values, size_t count, uint8_t *out)
{
    const __m512i all = _mm512_set1_epi64(64);
    size_t done = 0;
    for (; done + 8 <= count; done += 8) {
        __m512i eight = _mm512_lzcnt_epi64(_mm512_loadu_si512(values + done));
        _mm_storel_epi64((__m128i *)(out + done),
                         _mm512_cvtepi64_epi8(_mm512_sub_epi64(all, eight)));
    }
    return done;
}

AVX512 size_t store_unzigzag_avx512(uint64_t *values, size_t count)
{
    const __m512i one = _mm512_set1_epi64(1), zero = _mm512_setzero_si512();
    size_t done = 0;
    for (; done + 8 <= count; done += 8) {
        __m512i eight = _mm512_loadu_si512(values + done);
        __m512i sign = _mm512_sub_epi64(zero, _mm512_and_si512(eight, one));
        _mm512_storeu_si512(values + done, _mm512_xor_si512(_mm512_srli_epi64(eight, 1), sign));
    }
    return done;
}

AVX512 size_t store_sum_up_avx512(uint64_t *values, size_t count, uint64_t *sum)
{
    const __m512i zero = _mm512_setzero_si512(), last = _mm512_set1_epi64(7);
    __m512i before = _mm512_set1_epi64((int64_t)*sum);
    size_t done = 0;
    for (; done + 8 <= count; done += 8) {
        __m512i eight = _mm512_loadu_si512(values + done);
        eight = _mm512_add_epi64(eight, _mm512_alignr_epi64(eight, zero, 7));
        eight = _mm512_add_epi64(eight, _mm512_alignr_epi64(eight, zero, 6));
        eight = _mm512_add_epi64(eight, _mm512_alignr_epi64(eight, zero, 4));
        _mm512_storeu_si512(values + done, _mm512_add_epi64(eight, before));
        before = _mm512_add_epi64(before, _mm512_permutexvar_epi64(last, eight));
    }
    *sum = done > 0 ? values[done - 1] : *sum;
    return done;
}

AVX512 size_t store_unzigzag32_avx512(uint32_t *values, size_t count)
{
    const __m512i one = _mm512_set1_epi32(1), zero = _mm512_setzero_si512();
    size_t done = 0;
    for (; done + 16 <= count; done += 16) {
        __m512i all = _mm512_loadu_si512(values + done);
        __m512i sign = _mm512_sub_epi32(zero, _mm512_and_si512(all, one));
        _mm512_storeu_si512(values + done, _mm512_xor_si512(_mm512_srli_epi32(all, 1), sign));
    }
    return done;
}

AVX512 size_t store_sum_up32_avx512(uint32_t *values, size_t count, uint32_t *sum)
{
    const __m512i zero = _mm512_setzero_si512(), last = _mm512_set1_epi32(15);
    __m512i before = _mm512_set1_epi32((int32_t)*sum);
    size_t done = 0;
    for (; done + 16 <= count; done += 16) {
        __m512i all = _mm512_loadu_si512(values + done);
        all = _mm512_add_epi32(all, _mm512_alignr_epi32(all, zero, 15));
        all = _mm512_add_epi32(all, _mm512_alignr_epi32(all, zero, 14));
        all = _mm512_add_epi32(all, _mm512_alignr_epi32(all, zero, 12));
        all = _mm512_add_epi32(all, _mm512_alignr_epi32(all, zero, 8));
        _mm512_storeu_si512(values + done, _mm512_add_epi32(all, before));
        before = _mm512_add_epi32(before, _mm512_permutexvar_epi32(last, all));
    }
    *sum = done > 0 ? values[done - 1] : *sum;
    return done;
}

AVX512 size_t store_join_parts_avx512(const uint32_t *heads, const uint32_t *rests, int32_t part,
                                      uint32_t base, size_t count, int64_t *out)
{
    const __m512i times = _mm512_set1_epi64(part);
    const __m256i more = _mm256_set1_epi32((int32_t)base);
    size_t done = 0;
    for (; done + 8 <= count; done += 8) {
        __m512i head = _mm512_cvtepi32_epi64(_mm256_loadu_si256((const void *)(heads + done)));
        __m256i rest = _mm256_add_epi32(_mm256_loadu_si256((const void *)(rests + done)), more);
        _mm512_storeu_si512(out + done, _mm512_add_epi64(_mm512_mul_epi32(head, times),
                                                         _mm512_cvtepi32_epi64(rest)));
    }
    return done;
}

#endif
