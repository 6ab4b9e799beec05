/* store_load.h — from a directory to a store in memory.
 *
 * What: reads the manifest, opens what it names, replays the journals from where it says, and clears away what
 *   nothing names. An empty directory becomes an empty store.
 * Owner: store_open.   Threads: before any other thread of the store.
 * Failure: FAIL_CORRUPT names the file and the place; nothing is skipped in silence. FAIL_IO, FAIL_LIMIT.
 * Limits/cost: about a million journalled events a second.   Units: none.
 * Example: see store.c.   Not here: running (store_writer.h, store_keeper.h).
 */
#pragma once

#include "store_core.h"

#define STORE_FOLDERS 5
extern const char *const store_folders[STORE_FOLDERS];

/* Fills store->writing, store->now, store->keeper.manifest. On failure what was filled is for
   store_close's undoing. */
bool store_load(struct store *store, struct fail *fail) MUST_USE;

/* ---- journals (store_replay.c) --------------------------------------------------------------------------- */

/* Ids of the store's files in a folder, ascending. */
bool store_list_ids(struct disk *disk, const char *folder, const char *suffix, struct arena *arena,
                    uint64_t **out, size_t *out_count, struct fail *fail) MUST_USE;
/* Those from `from` on that can hold frames: files that were made and never begun are left out, but never the
   first. */
bool store_journals_begun(struct disk *disk, uint64_t from, struct arena *arena, uint64_t **out,
                          size_t *out_count, struct fail *fail) MUST_USE;
/* Applies all journals of the manifest; *out is the end of the last. */
bool store_replay(struct store *store, const struct store_manifest *manifest,
                  struct store_journal_end *out, struct fail *fail) MUST_USE;
