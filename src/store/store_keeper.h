/* store_keeper.h — sealing and merging, beside the writer.
 *
 * What: a seal takes what the writer froze, writes it as a segment and as runs, names them in a new manifest,
 *   installs them, and only then drops the old journal. A merge does the same with neighbours. One seal and one
 *   merge may run at a time, beside each other, so that a long merge holds up no events; only the step from one
 *   manifest to the next is taken by one of them alone. Each has its turn.
 * Owner: the store.
 * Threads: two of its own, or whoever calls store_seal and store_merge.
 * Failure: a failed seal is tried again, later each time; the journal keeps everything.
 * Limits/cost: a seal writes each fresh row once.   Units: as named.
 * Example: see store.c.   Not here: what is written (store_segment.h and the runs).
 */
#pragma once

#include "store_core.h"

bool store_keeper_start(struct store *store, struct fail *fail) MUST_USE;
void store_keeper_stop(struct store *store); /* accepts one never started */

void store_turn_take(struct store *store, struct store_turn *turn);
void store_turn_give(struct store *store, struct store_turn *turn);

/* Merges until nothing is worth it. With the turn to merge. (store_keeper_merge.c) */
bool store_keeper_merge(struct store *store, struct fail *fail) MUST_USE;
