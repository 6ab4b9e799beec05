/* store_dedup_own.h — keys of a large import that nobody looks for before they are sealed.
 *
 * What: all of them are different (intake made their ids up, and counts equal records), so that they are only kept until
 *   they are written: parted by their first bits while they come, so that a seal sorts one part after the other, each
 *   small enough for the processor's caches.
 * Owner: the embedding table of rows (store_bulk.h): its writer while it is filled, then the keeper.
 * Threads: one at a time.
 * Failure: FAIL_NO_MEMORY, FAIL_IO.
 * Limits/cost: 16 bytes a key, in memory that a reset keeps; some 15 ns to add and write one.   Units: none.
 * Example: see store_judge.c and store_keeper.c.   Not here: keys that are looked for (store_dedup.h).
 */
#pragma once

#include "store_dedup.h"

#define STORE_DEDUP_OWN_PARTS 256U

struct store_dedup_own_chunk;
struct store_dedup_own_part {
    uint32_t last;  /* chunk, its number + 1; those before are linked to it */
    uint32_t count; /* keys */
};
struct store_dedup_own_state {
    struct store_dedup_own_part parts[STORE_DEDUP_OWN_PARTS];
    uint32_t chunks, count;
    uint32_t least, most; /* import */
};
struct store_dedup_own {
    struct store_dedup_own_state now, before; /* before: the commit under way */
    struct store_dedup_own_chunk **slabs;
    size_t slab_count, slab_capacity;
};
void store_dedup_own_done(struct store_dedup_own *own);
/* Empties it and keeps its memory. */
void store_dedup_own_reset(struct store_dedup_own *own);
size_t store_dedup_own_bytes(const struct store_dedup_own *own); /* of what is in use */
void store_dedup_own_begin(struct store_dedup_own *own);         /* a commit */
bool store_dedup_own_add(struct store_dedup_own *own, struct base_hash128 key, uint32_t import,
                         struct fail *fail) MUST_USE;
void store_dedup_own_rollback(struct store_dedup_own *own); /* to the last begin */
/* Writes them, at least one, as a run of imports. */
bool store_dedup_own_seal(struct disk *disk, const struct store_dedup_own *own, uint64_t id,
                          struct store_run_info *out, struct fail *fail) MUST_USE;
