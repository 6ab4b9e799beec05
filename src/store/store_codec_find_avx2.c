/* store_codec_find_avx2.c — codes of at most eight bits, out and looked up, 32 at a time.
 *
 * Eight codes of w bits are w whole bytes. Each code is brought into 16 bits with the bits around it, multiplied to the top
 * and shifted down: there is no shift of 16 bits by lanes.
 */
#include "store_codec_find.h"

#include "base_lanes_avx2.h"

#if defined(__x86_64__)

#include <string.h>

#define CODES 32U     /* at a time */
#define TAIL_LEAST 8U /* fewer are taken one by one */

/* How eight codes that begin at bit `bit` of a lane come to stand alone: two bytes each, and what they are multiplied with. */
struct eight {
    uint16_t bytes[8], times[8];
};
static struct eight eight_from(unsigned bit, unsigned width)
{
    struct eight out;
    for (unsigned i = 0; i < 8; i++, bit += width) {
        unsigned low = bit / 8, high = low < 15 ? low + 1 : 0x80; /* else: zero */
        out.bytes[i] = (uint16_t)(low | high << 8);
        out.times[i] = (uint16_t)(1U << (16 - width - bit % 8));
    }
    return out;
}

struct unpacking {
    __m256i first, second; /* bytes of eight codes of each lane, and of the next eight */
    __m256i first_times, second_times;
    __m128i down;
    bool brief;  /* 16 codes begin in eight bytes */
    size_t half; /* bytes of 16 codes */
};

static inline BASE_AVX2 __m256i both(const void *eight)
{
    return _mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i *)eight));
}

static inline BASE_AVX2 void unpack_32(const struct unpacking *u, const uint8_t *at, uint8_t *out)
{
    const __m128i *low = (const __m128i *)(const void *)at;
    const __m128i *high = (const __m128i *)(const void *)(at + u->half);
    __m256i bytes = u->brief ? _mm256_set_m128i(_mm_loadl_epi64(high), _mm_loadl_epi64(low))
                             : _mm256_loadu2_m128i(high, low);
    __m256i a = _mm256_mullo_epi16(_mm256_shuffle_epi8(bytes, u->first), u->first_times);
    __m256i b = _mm256_mullo_epi16(_mm256_shuffle_epi8(bytes, u->second), u->second_times);
    a = _mm256_packus_epi16(_mm256_srl_epi16(a, u->down), _mm256_srl_epi16(b, u->down));
    _mm256_storeu_si256((__m256i *)(void *)out, a);
}

BASE_AVX2 void store_unpack8_avx2(const uint8_t *bits, uint64_t first, unsigned width, size_t count,
                                  uint8_t *out)
{
    const unsigned phase = (unsigned)(first % 8); /* 0 where the width is 8 */
    const struct eight a = eight_from(phase, width), b = eight_from(phase + 8 * width, width);
    const struct unpacking u = {both(a.bytes),
                                both(b.bytes),
                                both(a.times),
                                both(b.times),
                                _mm_cvtsi32_si128((int)(16 - width)),
                                phase + 16 * width <= 64,
                                (size_t)2 * width};
    const uint8_t *at = bits + first / 8;
    size_t done = 0;
    for (; done + CODES <= count; done += CODES, at += 2 * u.half) {
        unpack_32(&u, at, out + done);
    }
    if (count - done >= TAIL_LEAST) {
        uint8_t tail[2 * CODES] = {0};
        memcpy(tail, at, (phase + (count - done) * width + 7) / 8);
        unpack_32(&u, tail, out + done);
    } else {
        store_unpack8_portable(at, phase, width, count - done, out + done);
    }
}

/* Of eight codes those that `hits` chooses: their places from `place` on, and themselves as numbers of 32 bits. */
static inline BASE_AVX2 void put(__m128i codes, unsigned hits, uint32_t place, uint32_t *places,
                                 uint32_t *found)
{
    __m256i lanes = base_lanes_wide(hits);
    __m256i wide = _mm256_permutevar8x32_epi32(_mm256_cvtepu8_epi32(codes), lanes);
    _mm256_storeu_si256((__m256i *)(void *)places,
                        _mm256_add_epi32(lanes, _mm256_set1_epi32((int32_t)place)));
    _mm256_storeu_si256((__m256i *)(void *)found, wide);
}

BASE_AVX2 struct store_found store_find_avx2(const uint8_t *codes, size_t count,
                                             const uint8_t wanted[STORE_FIND_CODES], uint32_t place,
                                             uint32_t *places, uint32_t *found)
{
    const struct base_byte_set set = base_byte_set_of(wanted);
    __m256i most = _mm256_setzero_si256();
    size_t kept = 0;
    for (size_t done = 0; done < count; done += CODES) {
        uint8_t tail[CODES] = {0};
        const uint8_t *from = codes + done;
        uint32_t there = UINT32_MAX;
        if (count - done < CODES) {
            memcpy(tail, from, count - done);
            from = tail;
            there = (1U << (count - done)) - 1;
        }
        __m256i some = _mm256_loadu_si256((const __m256i *)(const void *)from);
        most = _mm256_max_epu8(most, some);
        uint32_t hits = base_byte_set_has(&set, some) & there;
        for (uint32_t at = 0; hits != 0; at += 8, hits >>= 8) {
            unsigned these = hits & UINT8_MAX;
            if (these != 0) {
                put(_mm_loadl_epi64((const __m128i *)(const void *)(from + at)), these,
                    place + (uint32_t)done + at, places + kept, found + kept);
                kept += (size_t)__builtin_popcount(these);
            }
        }
    }
    uint8_t greatest[CODES];
    _mm256_storeu_si256((__m256i *)(void *)greatest, most);
    struct store_found out = {.count = kept};
    for (unsigned i = 0; i < CODES; i++) {
        out.most = greatest[i] > out.most ? greatest[i] : out.most;
    }
    return out;
}

#endif
