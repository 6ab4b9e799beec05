/* raw_search.h — a word looked for in all bytes of a simulated disk's files.
 *
 * What: as they are, and in every zstd frame that lies in them. For erasing: nothing may be found.
 * Owner: the arena.   Threads: the test's.   Failure: fails the test.
 * Limits/cost: reads everything.   Units: none.
 * Example: assert_null(raw_file_with(sim, arena, "canary"));
 * Not here: real directories (tests/support/raw.mjs).
 */
#pragma once

#include "disk_sim.h"

/* The first file of a store that holds the word, or NULL. */
const char *raw_file_with(struct disk_sim *sim, struct arena *arena, const char *word);
