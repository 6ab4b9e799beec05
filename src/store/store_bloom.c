#include "store_bloom.h"

#define BITS_PER_KEY 12U

uint64_t store_bloom_blocks(uint64_t keys)
{
    return keys * BITS_PER_KEY / 8 / STORE_BLOOM_BLOCK_BYTES + 1;
}

bool store_bloom_init(struct store_bloom *bloom, uint64_t keys, struct fail *fail)
{
    uint64_t blocks = store_bloom_blocks(keys);
    void *bytes = NULL;
    if (!base_alloc_array(blocks, STORE_BLOOM_BLOCK_BYTES, &bytes, fail)) {
        return false;
    }
    memset(bytes, 0, blocks * STORE_BLOOM_BLOCK_BYTES);
    *bloom = (struct store_bloom){bytes, blocks};
    return true;
}

void store_bloom_done(struct store_bloom *bloom)
{
    base_free(bloom->bytes);
    *bloom = (struct store_bloom){0};
}

void store_bloom_add(struct store_bloom *bloom, uint64_t hash)
{
    store_bloom_add_to(
        bloom->bytes + store_bloom_block(hash, bloom->blocks) * STORE_BLOOM_BLOCK_BYTES, hash);
}

void store_bloom_add_to(uint8_t *block, uint64_t hash)
{
    uint64_t bits = (hash ^ (hash >> 31)) * 0xD6E8FEB86659FD93U;
    bits ^= bits >> 32;
    for (int i = 0; i < 6; i++, bits >>= 9) {
        block[(bits >> 3) & 63U] |= (uint8_t)(1U << (bits & 7U));
    }
}
