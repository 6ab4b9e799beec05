/* store_bloom.h — says "surely not there" for one cache line's worth of reading.
 *
 * What: a blocked Bloom filter (Putze, Sanders, Singler 2007): all bits of a key lie in one block of 64
 *   bytes. 12 bits a key, 6 probes: under one false "perhaps" in a hundred.
 * Owner: the caller's bytes.   Threads: building belongs to one thread; asking is pure.
 * Failure: FAIL_NO_MEMORY from init.   Limits/cost: 1.5 bytes a key.   Units: bytes.
 * Example: if (store_bloom_maybe(block_of(...), hash)) look closer.
 * Not here: where the bytes lie (sections of runs).
 */
#pragma once

#include "base_str.h"

#define STORE_BLOOM_BLOCK_BYTES 64U

struct store_bloom {
    uint8_t *bytes;
    uint64_t blocks;
};
/* Of a filter for so many keys. */
uint64_t store_bloom_blocks(uint64_t keys);
bool store_bloom_init(struct store_bloom *bloom, uint64_t keys, struct fail *fail) MUST_USE;
void store_bloom_done(struct store_bloom *bloom);
void store_bloom_add(struct store_bloom *bloom, uint64_t hash);
/* To the key's block, 64 bytes. Blocks ascend with the hashes: who adds keys in their order needs no more of a filter than one. */
void store_bloom_add_to(uint8_t *block, uint64_t hash);

/* The block of a key in a filter of so many blocks. */
static inline uint64_t store_bloom_block(uint64_t hash, uint64_t blocks)
{
    return (uint64_t)(((unsigned __int128)hash * blocks) >> 64);
}

/* `block`: 64 bytes. */
static inline bool store_bloom_maybe(const uint8_t *block, uint64_t hash)
{
    uint64_t bits = (hash ^ (hash >> 31)) * 0xD6E8FEB86659FD93U;
    bits ^= bits >> 32;
    for (int i = 0; i < 6; i++, bits >>= 9) {
        if (((unsigned)block[(bits >> 3) & 63U] >> (bits & 7U) & 1U) == 0) {
            return false;
        }
    }
    return true;
}
