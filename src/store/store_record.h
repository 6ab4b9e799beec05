/* store_record.h — the id of a record that came without one: its bytes' hash, and which occurrence of them it is.
 *
 * What: "row-HASH-N". Whoever reads files and whoever stores them write it here, so that it is always the same.
 * Owner: the caller's bytes.   Threads: safe.   Failure: none.
 * Limits/cost: STORE_RECORD_ID_BYTES; some ns.   Units: none.
 * Example: size_t len = store_record_id_end(id, store_record_id_begin(hash, id), nth);
 * Not here: which occurrence it is (intake_repeats.h), what is a duplicate (store_dedup.h).
 */
#pragma once

#include "base_bytes.h"
#include "base_hash.h"

#define STORE_RECORD_ID_BYTES 64

/* Eight hexadecimal digits, the highest first. */
static inline void store_record_hex(char *out, uint32_t number)
{
    const uint64_t ones = UINT64_C(0x0101010101010101);
    uint64_t x = number;
    x = (x << 16 | x) & UINT64_C(0x0000FFFF0000FFFF);
    x = (x << 8 | x) & UINT64_C(0x00FF00FF00FF00FF);
    x = (x << 4 | x) & UINT64_C(0x0F0F0F0F0F0F0F0F);
    uint64_t letters = (x + 6 * ones) >> 4 & ones; /* 10 and above */
    x += '0' * ones + letters * ('a' - '0' - 10);
    base_put_u64(out, __builtin_bswap64(x));
}

/* All but the number of the occurrence; returns the length so far. */
static inline size_t store_record_id_begin(struct base_hash128 hash,
                                           char out[STORE_RECORD_ID_BYTES])
{
    static const char before[] = {'r', 'o', 'w', '-'};
    memcpy(out, before, sizeof before);
    store_record_hex(out + 4, (uint32_t)(hash.high >> 32));
    store_record_hex(out + 12, (uint32_t)hash.high);
    store_record_hex(out + 20, (uint32_t)(hash.low >> 32));
    store_record_hex(out + 28, (uint32_t)hash.low);
    out[36] = '-';
    return 37;
}

/* Puts the number behind `len` bytes; returns the whole length. */
static inline size_t store_record_id_end(char out[STORE_RECORD_ID_BYTES], size_t len, uint32_t nth)
{
    char digits[10];
    size_t count = 0;
    do {
        digits[count++] = (char)('0' + nth % 10);
        nth /= 10;
    } while (nth > 0);
    while (count > 0) {
        out[len++] = digits[--count];
    }
    return len;
}
