/* store_dedup_write.h — a run of deduplication while it is written.
 *
 * What: takes keys in their order and writes them with the starts of their buckets and the filter, for which they are read back
 *   in the end: it takes 1.5 bytes a key, which for hundreds of millions of them is not to be held in memory.
 *   Format: docs/formats/dedup.md.
 * Owner: the caller's; from begin to finish it holds memory and an open file.   Threads: one.
 * Failure: FAIL_IO, FAIL_NO_MEMORY, FAIL_LIMIT; of a put it is told by finish.
 * Limits/cost: UINT32_MAX keys; 4 bytes of memory for 32 to 64 of them.   Units: *_ms UTC.
 * Example: see store_dedup_own.c.   Not here: the order of keys (store_dedup_build.c, store_dedup_own.c).
 */
#pragma once

#include "base_buf.h"
#include "store_bloom.h"
#include "store_dedup.h"

struct store_dedup_writing {
    struct store_run_writer *writer;
    uint64_t filter_blocks;
    struct store_dedup_shape shape;
    int64_t first_ms;
    struct base_buf starts;
    uint64_t bucket; /* those before have their end */
    uint32_t count;
    uint32_t held_bytes;
    uint8_t held[4096]; /* entries that are written together */
};
/* So many keys will be put, of instants from `first_ms` to `last_ms`. */
bool store_dedup_write_begin(struct disk *disk, uint64_t id, uint64_t count, int64_t first_ms,
                             int64_t last_ms, bool import, struct store_dedup_writing *out,
                             struct fail *fail) MUST_USE;
void store_dedup_write_put(struct store_dedup_writing *writing, struct store_dedup_key key,
                           int64_t at_ms);
/* Frees what `writing` holds, in any case. */
bool store_dedup_write_finish(struct store_dedup_writing *writing, struct store_run_info *out,
                              struct fail *fail) MUST_USE;
/* In place of finishing: no file is left. */
void store_dedup_write_abandon(struct store_dedup_writing *writing);
