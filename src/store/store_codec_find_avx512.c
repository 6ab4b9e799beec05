/* store_codec_find_avx512.c — codes of at most eight bits, out and looked up, 64 at a time.
 *
 * Eight codes of w bits are w whole bytes: they are brought into one lane of 64 bits, from which one instruction takes
 * eight fields. A table of 256 bytes lies in four registers; two look-ups over 128 each, and the highest bit chooses.
 */
#include "store_codec_find.h"

#if defined(__x86_64__)

#include <immintrin.h>

#define AVX512 __attribute__((target("avx512f,avx512bw,avx512vbmi,avx512vbmi2")))

/* The lowest `count` bits, of 64. */
static uint64_t lowest(size_t count)
{
    return count >= 64 ? UINT64_MAX : (UINT64_C(1) << count) - 1;
}

AVX512 void store_unpack8_avx512(const uint8_t *bits, uint64_t first, unsigned width, size_t count,
                                 uint8_t *out)
{
    const uint64_t each = UINT64_C(0x0101010101010101), numbers = UINT64_C(0x0706050403020100);
    unsigned phase =
        (unsigned)(first % 8); /* 0 where the width is 8: a field never leaves its lane */
    /* Lane i begins i * width bytes on, its field k is k * width bits on: no byte of these products is full. */
    static const uint64_t lanes_numbers[8] = {
        0,
        UINT64_C(0x0101010101010101),
        UINT64_C(0x0202020202020202),
        UINT64_C(0x0303030303030303),
        UINT64_C(0x0404040404040404),
        UINT64_C(0x0505050505050505),
        UINT64_C(0x0606060606060606),
        UINT64_C(0x0707070707070707),
    };
    const __m512i begins =
        _mm512_mullo_epi16(_mm512_loadu_si512(lanes_numbers), _mm512_set1_epi16((int16_t)width));
    const __m512i to_lanes = _mm512_add_epi8(begins, _mm512_set1_epi64((int64_t)numbers));
    const __m512i take = _mm512_set1_epi64((int64_t)(phase * each + width * numbers));
    const __m512i wanted = _mm512_set1_epi8((char)((1U << width) - 1));
    const uint8_t *at = bits + first / 8;
    for (size_t done = 0; done < count; done += 64, at += (size_t)8 * width) {
        size_t here = count - done < 64 ? count - done : 64;
        __mmask64 there = lowest((phase + here * width + 7) / 8);
        __m512i lanes = _mm512_permutexvar_epi8(to_lanes, _mm512_maskz_loadu_epi8(there, at));
        __m512i codes = _mm512_and_si512(_mm512_multishift_epi64_epi8(take, lanes), wanted);
        _mm512_storeu_si512(out + done, codes);
    }
}

/* Bytes as numbers of 32 bits. */
AVX512 static inline void widen(__m512i bytes, size_t count, uint32_t add, uint32_t *out)
{
    const __m512i more = _mm512_set1_epi32((int32_t)add);
    __m128i quarters[4] = {_mm512_castsi512_si128(bytes), _mm512_extracti32x4_epi32(bytes, 1),
                           _mm512_extracti32x4_epi32(bytes, 2),
                           _mm512_extracti32x4_epi32(bytes, 3)};
    for (size_t q = 0; q * 16 < count; q++) {
        __m512i wide = _mm512_add_epi32(_mm512_cvtepu8_epi32(quarters[q]), more);
        _mm512_storeu_si512(out + q * 16, wide);
    }
}

AVX512 struct store_found store_find_avx512(const uint8_t *codes, size_t count,
                                            const uint8_t wanted[STORE_FIND_CODES], uint32_t place,
                                            uint32_t *places, uint32_t *found)
{
    uint8_t numbers[64];
    for (unsigned i = 0; i < 64; i++) {
        numbers[i] = (uint8_t)i;
    }
    const __m512i iota = _mm512_loadu_si512(numbers);
    const __m512i table[4] = {_mm512_loadu_si512(wanted), _mm512_loadu_si512(wanted + 64),
                              _mm512_loadu_si512(wanted + 128), _mm512_loadu_si512(wanted + 192)};
    __m512i most = _mm512_setzero_si512();
    size_t kept = 0;
    for (size_t done = 0; done < count; done += 64) {
        __mmask64 there = lowest(count - done);
        __m512i some = _mm512_maskz_loadu_epi8(there, codes + done);
        __m512i low = _mm512_permutex2var_epi8(table[0], some, table[1]);
        __m512i high = _mm512_permutex2var_epi8(table[2], some, table[3]);
        __m512i is = _mm512_mask_blend_epi8(_mm512_movepi8_mask(some), low, high);
        __mmask64 hits = _mm512_test_epi8_mask(is, is) & there;
        most = _mm512_max_epu8(most, some);
        if (hits == 0) {
            continue;
        }
        size_t more = (size_t)__builtin_popcountll(hits);
        widen(_mm512_maskz_compress_epi8(hits, iota), more, place + (uint32_t)done, places + kept);
        widen(_mm512_maskz_compress_epi8(hits, some), more, 0, found + kept);
        kept += more;
    }
    uint8_t greatest[64];
    _mm512_storeu_si512(greatest, most);
    struct store_found out = {.count = kept};
    for (unsigned i = 0; i < 64; i++) {
        out.most = greatest[i] > out.most ? greatest[i] : out.most;
    }
    return out;
}

#endif
