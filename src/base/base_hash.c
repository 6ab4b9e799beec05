#include "base_hash.h"

#include <xxhash.h>

uint64_t base_hash64(const void *data, size_t len, uint64_t seed)
{
    return XXH3_64bits_withSeed(data, len, seed);
}

static struct base_hash128 of_xxh(XXH128_hash_t hash)
{
    return (struct base_hash128){.low = hash.low64, .high = hash.high64};
}

struct base_hash128 base_hash128(const void *data, size_t len, uint64_t seed)
{
    return of_xxh(XXH3_128bits_withSeed(data, len, seed));
}

struct base_hasher {
    XXH3_state_t *state;
    uint64_t seed;
};

static void begin(struct base_hasher *hasher)
{
    INVARIANT(XXH3_128bits_reset_withSeed(hasher->state, hasher->seed) == XXH_OK);
}

struct base_hasher *base_hasher_new(uint64_t seed)
{
    struct base_hasher *hasher = base_alloc_zero(sizeof *hasher);
    hasher->state = XXH3_createState(); /* the library aligns it to 64 bytes */
    INVARIANT(hasher->state != NULL);
    hasher->seed = seed;
    begin(hasher);
    return hasher;
}

void base_hasher_free(struct base_hasher *hasher)
{
    if (hasher != NULL) {
        XXH3_freeState(hasher->state);
        base_free(hasher);
    }
}

void base_hasher_add(struct base_hasher *hasher, const void *data, size_t len)
{
    if (len > 0) {
        INVARIANT(XXH3_128bits_update(hasher->state, data, len) == XXH_OK);
    }
}

uint64_t base_hasher_end64(struct base_hasher *hasher)
{
    uint64_t hash = XXH3_64bits_digest(hasher->state); /* both widths take their bytes in alike */
    begin(hasher);
    return hash;
}

struct base_hash128 base_hasher_end(struct base_hasher *hasher)
{
    struct base_hash128 hash = of_xxh(XXH3_128bits_digest(hasher->state));
    begin(hasher);
    return hash;
}
