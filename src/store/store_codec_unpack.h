/* store_codec_unpack.h — bits of fixed width, out: the portable way and those of some processors.
 *
 * What: the parts that store_unpack, store_unpack32, store_unzigzag and store_sum_up are made of, and widths for packing. All of them write the same numbers; which one
 *   runs is chosen at run time (base_cpu.h).
 * Owner: none.   Threads: any.   Failure: none.
 * Limits/cost: portable some 1 ns a value, AVX2 and AVX-512 some 0.1 to 0.2 ns.   Units: bits, values.
 * Example: store_codec_pack.c.   Not here: which integers are packed how (store_codec_ints.c).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Widths up to which they may be called. */
#define STORE_UNPACK_WIDTH_MAX 57U   /* a value and the bits before it fit into 8 bytes */
#define STORE_UNPACK32_WIDTH_MAX 25U /* into 4 */
/* Bits are asked for so far ahead of where they are unpacked: what a processor asks for by itself ends with each page, and after
   that comes a wait for memory, which was a tenth of a funnel's time. */
#define STORE_UNPACK_AHEAD_BYTES 1024U

void store_unpack_portable(const uint8_t *bits, uint64_t first, unsigned width, size_t count,
                           uint64_t *out);
void store_unpack32_portable(const uint8_t *bits, uint64_t first, unsigned width, size_t count,
                             uint32_t *out); /* width at most 32 */

/* Distances in zigzag form become what they stand for; each value becomes the sum of it and all before it, beginning
   with *sum, which ends as the last one. */
void store_unzigzag_portable(uint64_t *values, size_t count);
void store_sum_up_portable(uint64_t *values, size_t count, uint64_t *sum);

void store_unzigzag32_portable(uint32_t *values, size_t count);
void store_sum_up32_portable(uint32_t *values, size_t count, uint32_t *sum);

void store_join_parts_portable(const uint32_t *heads, const uint32_t *rests, int32_t part,
                               uint32_t base, size_t count, int64_t *out);

/* How many bits each value has, as store_bits_of says it. */
void store_widths_portable(const uint64_t *values, size_t count, uint8_t *out);
void store_widths(const uint64_t *values, size_t count, uint8_t *out);

/* Where base_cpu_level says so. They return how many values they wrote, from the first: all but a few. Those of AVX-512 read no byte
   that holds none of the values, those of AVX2 as many as the portable ones: STORE_CODEC_SLACK (store_codec.h) past the
   last one. Width at least 1. */
size_t store_unpack_avx2(const uint8_t *bits, uint64_t first, unsigned width, size_t count,
                         uint64_t *out);
size_t store_unpack32_avx2(const uint8_t *bits, uint64_t first, unsigned width, size_t count,
                           uint32_t *out);
size_t store_unzigzag_avx2(uint64_t *values, size_t count);
size_t store_sum_up_avx2(uint64_t *values, size_t count, uint64_t *sum);
size_t store_unzigzag32_avx2(uint32_t *values, size_t count);
size_t store_sum_up32_avx2(uint32_t *values, size_t count, uint32_t *sum);
size_t store_join_parts_avx2(const uint32_t *heads, const uint32_t *rests, int32_t part,
                             uint32_t base, size_t count, int64_t *out);

size_t store_unpack_avx512(const uint8_t *bits, uint64_t first, unsigned width, size_t count,
                           uint64_t *out);
size_t store_unpack32_avx512(const uint8_t *bits, uint64_t first, unsigned width, size_t count,
                             uint32_t *out);
size_t store_widths_avx512(const uint64_t *values, size_t count, uint8_t *out);
size_t store_unzigzag_avx512(uint64_t *values, size_t count);
size_t store_sum_up_avx512(uint64_t *values, size_t count, uint64_t *sum);
size_t store_unzigzag32_avx512(uint32_t *values, size_t count);
size_t store_sum_up32_avx512(uint32_t *values, size_t count, uint32_t *sum);
size_t store_join_parts_avx512(const uint32_t *heads, const uint32_t *rests, int32_t part,
                               uint32_t base, size_t count, int64_t *out);
