/* store_map.h — a small table from 64-bit keys to 32-bit values, for one commit's scratch work.
 *
 * What: open addressing; emptied in time of what was put in, so that a small commit after a large one
 *   pays nothing. A key is put once; keys must be well mixed (hashes) or pass through store_map_mix.
 * Owner: store_map_done.   Threads: one at a time.   Failure: FAIL_NO_MEMORY from put.
 * Limits/cost: 16 bytes a slot, at most half full.   Units: none.
 * Example: uint32_t at = store_map_find(&map, hash); if (at == STORE_MAP_NONE) ...
 * Not here: tables that readers share (store_identity_live.h).
 */
#pragma once

#include "base_str.h"

#define STORE_MAP_NONE UINT32_MAX

struct store_map_slot {
    uint64_t key;
    uint32_t value; /* STORE_MAP_NONE: empty */
    uint32_t padding;
};

struct store_map {
    struct store_map_slot *slots;
    uint32_t *used; /* slots in the order in which they were filled */
    size_t size;    /* of slots, a power of two */
    size_t count;
};

static inline uint64_t store_map_mix(uint64_t key)
{
    key = (key ^ (key >> 32)) * 0x9E3779B97F4A7C15U;
    return key ^ (key >> 29);
}

uint32_t store_map_find(const struct store_map *map, uint64_t key);
bool store_map_put(struct store_map *map, uint64_t key, uint32_t value, struct fail *fail) MUST_USE;
/* Makes room for so many keys more: putting them cannot fail then. */
bool store_map_room(struct store_map *map, size_t more, struct fail *fail) MUST_USE;
/* Changes the value of a key that is there. */
void store_map_set(struct store_map *map, uint64_t key, uint32_t value);
void store_map_reset(struct store_map *map);
void store_map_done(struct store_map *map);
