/* base_bytes.h — little-endian numbers in bytes: the only way to read or write disk and wire formats.
 *
 * What: put and get of fixed-width numbers and LEB128 varints, never by laying a struct over bytes; counting bits.
 * Owner: the caller's memory.   Threads: safe.
 * Failure: base_varint_get returns false at the end of the bytes or past 10 bytes.
 * Limits/cost: one load or store.   Units: bytes.   Example: base_put_u32(page + 4, rows);
 * Not here: growing buffers (base_buf.h).
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

static inline void base_put_u16(void *at, uint16_t v)
{
    memcpy(at, &v, sizeof v);
}
static inline void base_put_u32(void *at, uint32_t v)
{
    memcpy(at, &v, sizeof v);
}
static inline void base_put_u64(void *at, uint64_t v)
{
    memcpy(at, &v, sizeof v);
}
static inline void base_put_i64(void *at, int64_t v)
{
    memcpy(at, &v, sizeof v);
}
static inline uint16_t base_get_u16(const void *at)
{
    uint16_t v;
    memcpy(&v, at, sizeof v);
    return v;
}
static inline uint32_t base_get_u32(const void *at)
{
    uint32_t v;
    memcpy(&v, at, sizeof v);
    return v;
}
static inline uint64_t base_get_u64(const void *at)
{
    uint64_t v;
    memcpy(&v, at, sizeof v);
    return v;
}
static inline int64_t base_get_i64(const void *at)
{
    int64_t v;
    memcpy(&v, at, sizeof v);
    return v;
}

/* How many bits are set: where the compiler may not use an instruction for it, its own way is a call. */
static inline uint32_t base_bits_set(uint64_t bits)
{
    bits -= bits >> 1 & UINT64_C(0x5555555555555555);
    bits = (bits & UINT64_C(0x3333333333333333)) + (bits >> 2 & UINT64_C(0x3333333333333333));
    bits = (bits + (bits >> 4)) & UINT64_C(0x0f0f0f0f0f0f0f0f);
    return (uint32_t)(bits * UINT64_C(0x0101010101010101) >> 56);
}

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__,
               "formats are little-endian; add swaps here");

#define BASE_VARINT_BYTES_MAX 10

/* Writes 1 to 10 bytes, returns how many. */
static inline size_t base_varint_put(uint8_t *at, uint64_t v)
{
    size_t n = 0;
    while (v >= 0x80U) {
        at[n++] = (uint8_t)(v | 0x80U);
        v >>= 7;
    }
    at[n++] = (uint8_t)v;
    return n;
}

/* Reads from *at, never at or past `end`; moves *at behind it. */
static inline bool base_varint_get(const uint8_t **at, const uint8_t *end, uint64_t *out)
{
    uint64_t v = 0;
    const uint8_t *p = *at;
    for (unsigned shift = 0; shift < 70; shift += 7) {
        if (p == end) {
            return false;
        }
        uint8_t byte = *p++;
        if (shift == 63 && byte > 1) {
            return false;
        }
        v |= (uint64_t)(byte & 0x7FU) << shift;
        if (byte < 0x80U) {
            *at = p;
            *out = v;
            return true;
        }
    }
    return false;
}

static inline uint64_t base_zigzag(int64_t v)
{
    return ((uint64_t)v << 1) ^ (uint64_t)(v >> 63);
}
static inline int64_t base_unzigzag(uint64_t v)
{
    return (int64_t)(v >> 1) ^ -(int64_t)(v & 1U);
}
