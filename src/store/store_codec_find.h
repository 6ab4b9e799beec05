/* store_codec_find.h — bytes of fixed width, out, and which of them are wanted: the portable way and those of some
 * processors.
 *
 * What: the parts that store_ints_find_codes and store_ints_read_bytes are made of. All ways write the same numbers; which one runs is chosen
 *   at run time (base_cpu.h).
 * Owner: none.   Threads: any.   Failure: none.
 * Limits/cost: portable some 1 ns a code, AVX2 and AVX-512 some 0.1 ns.   Units: bits, codes below 256.
 * Example: store_codec_find.c.   Not here: which codes are packed how (store_codec_ints.c).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define STORE_FIND_CODES 256U /* codes are below this */
#define STORE_FIND_WIDTH_MAX 8U
#define STORE_FIND_ROOM 64U /* what may be written past the last one */

/* `count` values of `width` bits (1 to 8) from bit `first` on, each into a byte. At most STORE_FIND_ROOM bytes past
   the last one are written too. */
void store_unpack8_portable(const uint8_t *bits, uint64_t first, unsigned width, size_t count,
                            uint8_t *out);
/* Which of the codes are wanted: their places, from `place` on, and themselves. Up to STORE_FIND_ROOM further elements
   of both are written too. */
struct store_found {
    size_t count;
    uint8_t most; /* the greatest code, wanted or not */
};
struct store_found store_find_portable(const uint8_t *codes, size_t count,
                                       const uint8_t wanted[STORE_FIND_CODES], uint32_t place,
                                       uint32_t *places, uint32_t *found);

/* Where base_cpu_level says so. Those of AVX-512 read no byte that holds none of the values; unpacking with AVX2 reads up to
   STORE_CODEC_SLACK bytes (store_codec.h) past the last one. */
void store_unpack8_avx2(const uint8_t *bits, uint64_t first, unsigned width, size_t count,
                        uint8_t *out);
struct store_found store_find_avx2(const uint8_t *codes, size_t count,
                                   const uint8_t wanted[STORE_FIND_CODES], uint32_t place,
                                   uint32_t *places, uint32_t *found);
void store_unpack8_avx512(const uint8_t *bits, uint64_t first, unsigned width, size_t count,
                          uint8_t *out);
struct store_found store_find_avx512(const uint8_t *codes, size_t count,
                                     const uint8_t wanted[STORE_FIND_CODES], uint32_t place,
                                     uint32_t *places, uint32_t *found);
