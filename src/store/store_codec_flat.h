/* store_codec_flat.h — inside the codec of integers: what runs and parted integers are made of.
 *
 * What: opening and reading integers in one of the flat encodings, and the frames two of them consist of.
 * Owner: views point into the encoded bytes.   Threads: values; safe.
 * Failure: FAIL_CORRUPT; hostile bytes never make it read out of bounds.
 * Limits/cost: as store_codec.h.   Units: bits, bytes, values.   Example: none, internal (store_codec_*.c).
 * Not here: what callers outside the codec use (store_codec.h).
 */
#pragma once

#include "base_bytes.h"
#include "store_codec.h"

#define STORE_INTS_HEADER_BYTES 16U

static inline bool store_ints_bad(struct fail *fail, const char *what)
{
    return fail_set(fail, FAIL_CORRUPT, "integers: %s", what);
}

bool store_flat_open(const uint8_t *bytes, size_t len, struct store_ints_flat *out,
                     struct fail *fail) MUST_USE;
bool store_flat_read(const struct store_ints_flat *flat, uint32_t from, uint32_t count,
                     int64_t *out, struct fail *fail) MUST_USE;
/* The same modulo 2^32 (store_codec_parted.c). */
bool store_flat_read32(const struct store_ints_flat *flat, uint32_t from, uint32_t count,
                       uint32_t *out, struct fail *fail) MUST_USE;
/* The smallest flat encoding. */
bool store_flat_encode(const int64_t *values, uint32_t count, struct base_buf *out,
                       struct fail *fail) MUST_USE;

/* Value `at` of packed ones. */
static inline uint64_t store_unpack_one(const uint8_t *bits, uint32_t at, unsigned width)
{
    uint64_t bit = (uint64_t)at * width;
    uint64_t value;
    if (width == 0) {
        return 0;
    }
    if (width > 57) { /* may lie in nine bytes */
        store_unpack(bits, bit, width, 1, &value);
        return value;
    }
    return base_get_u64(bits + bit / 8) >> bit % 8 & UINT64_MAX >> (64 - width);
}

struct store_frame {
    const uint8_t *bits, *places; /* packed values; places of the exceptions, and then these */
    uint32_t first, count;        /* values */
    unsigned width, exceptions, exception_width;
    uint64_t base;
};
/* Frame `at` of frames or deltas. */
bool store_frame_open(const struct store_ints_flat *flat, uint32_t at, struct store_frame *out,
                      struct fail *fail) MUST_USE;

/* Integers in two parts (store_codec_parted.c). */
bool store_parted_open(const uint8_t *bytes, size_t len, struct store_ints *out,
                       struct fail *fail) MUST_USE;
bool store_parted_read(const struct store_ints *ints, uint32_t from, uint32_t count, int64_t *out,
                       struct fail *fail) MUST_USE;
