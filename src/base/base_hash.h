/* base_hash.h — hashes: for tables, for checksums on disk, for identities of raw bytes.
 *
 * What: XXH3 (xxHash 0.8, stable format) in 64 and 128 bits.   Owner: nothing.   Threads: safe.
 * Failure: none.   Limits/cost: several GB/s. Not for secrets: those use libsodium (access).
 * Units: bytes.   Example: uint64_t sum = base_hash64(page, len, 0);
 * Not here: password hashes, signatures.
 */
#pragma once

#include "base_str.h"

struct base_hash128 {
    uint64_t low, high;
};

uint64_t base_hash64(const void *data, size_t len, uint64_t seed);
struct base_hash128 base_hash128(const void *data, size_t len, uint64_t seed);
static inline uint64_t base_hash_str(struct str text)
{
    return base_hash64(text.data, text.len, 0);
}
/* A streamed hash over several pieces; in 128 bits it is equal to base_hash128 of them joined. */
struct base_hasher;
struct base_hasher *base_hasher_new(uint64_t seed);
void base_hasher_free(struct base_hasher *hasher);
void base_hasher_add(struct base_hasher *hasher, const void *data, size_t len);
struct base_hash128 base_hasher_end(struct base_hasher *hasher); /* and starts anew */
/* The same in 64 bits: equal to base_hash64 of the pieces joined. */
uint64_t base_hasher_end64(struct base_hasher *hasher);
