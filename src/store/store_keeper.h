/* store_keeper.h — sealing and merging, beside the writer.
 *
 * What: a seal takes what the writer froze, writes it as a segment and as runs, names them in a new manifest,
 *   installs them, and only then drops the old journal. A merge does the same with neighbours. One seal, one
 *   merge and, beside it, a small one may run at a time, so that a long merge holds up neither events nor
 *   small merges; only the step from one manifest to the next is taken by one of them alone. Each has its turn.
 * Owner: the store.
 * Threads: three of its own (store_keeper_threads.c), or whoever calls store_seal and store_merge.
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
/* Both turns of merges, from whoever has them: what is being merged is given up, and merged another time. People who are to
   be erased do not wait for minutes. */
void store_merging_take(struct store *store);
void store_merging_give(struct store *store);
/* In between: segments and keys in files from this number on may be merged, where they are small, until it is ended. Else what
   comes in the meantime would lie about in hundreds of pieces, which intake looks through. */
void store_merging_let(struct store *store, uint64_t stays_below);
void store_merging_let_end(struct store *store);

/* One seal under way: what was frozen, the files made of it, the manifest that names them. */
struct store_seal {
    struct store *store;
    const struct store_frozen *frozen;
    /* Of a removal: rows of the frozen that are not written, or lose their words; NULL: none. */
    const struct store_ranges *leave_out, *mute;
    uint32_t rows_left; /* only with leave_out: how many are written */
    struct arena *arena;
    struct store_manifest *next;
    struct store_segment_info segments[2]; /* of fresh rows; of rows of a large import */
    size_t segment_count;
    struct store_run_info identity, quarantine;
    bool has_identity, has_quarantine;
    struct store_run_info *dedup;
    size_t dedup_count;
    uint64_t *rewritten; /* ids of quarantine files */
    size_t rewritten_count;
};
/* With the turn to seal; the manifest with the turn to advance as well. */
bool store_seal_write(struct store_seal *seal, struct fail *fail) MUST_USE;
bool store_seal_manifest(struct store_seal *seal, struct fail *fail) MUST_USE;
/* Takes away the files of one that failed before there was a manifest. */
void store_seal_discard(struct store_seal *seal);
/* With the turn to seal: seals what is fresh; `all`: also what came while an older seal was finished. */
bool store_seal_turn(struct store *store, bool all, struct fail *fail) MUST_USE;

/* Merges until nothing is worth it; `quiet`: with what is left for quiet times. With the turn to merge.
   (store_keeper_merge.c) */
bool store_keeper_merge(struct store *store, bool quiet, struct fail *fail) MUST_USE;
/* While something is being merged: small merges of what it leaves alone. Nothing where nothing is. Without any turn. */
bool store_keeper_merge_beside(struct store *store, struct fail *fail) MUST_USE;
