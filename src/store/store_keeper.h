/* store_keeper.h — sealing and merging, beside the writer.
 *
 * What: a seal takes what the writer froze, writes it as a segment and as runs, names them in a new manifest,
 *   installs them, and only then drops the old journal. A merge does the same with neighbours. One of them runs at
 *   a time: the keeper's turn.
 * Owner: the store.
 * Threads: a thread of its own, or whoever calls store_seal and store_merge.
 * Failure: a failed seal is tried again, later each time; the journal keeps everything.
 * Limits/cost: a seal writes each fresh row once.   Units: as named.
 * Example: see store.c.   Not here: what is written (store_segment.h and the runs).
 */
#pragma once

#include "store_core.h"

bool store_keeper_start(struct store *store, struct fail *fail) MUST_USE;
void store_keeper_stop(struct store *store); /* accepts one never started */

/* Merges until nothing is worth it. With the turn. (store_keeper_merge.c) */
bool store_keeper_merge(struct store *store, struct fail *fail) MUST_USE;
