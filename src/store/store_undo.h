/* store_undo.h — taking an import back: what its parts share.
 *
 * What: first, beside intake, the segments and runs that hold something of it are written anew without it; then,
 *   in the writer thread between two commits, all that is fresh is sealed, the joins it made are split, and one
 *   manifest puts it all in place. Nothing is changed before that manifest is durable.
 * Owner: store_import_undo, which holds the turns to seal and to merge for as long as it takes.
 * Threads: one at a time.
 * Failure: FAIL_CONFLICT, FAIL_CORRUPT, FAIL_IO, FAIL_LIMIT: the store is as before.
 * Limits/cost: reads all segments; a byte a customer and 16 bytes a row taken back in memory. While it lasts nothing is
 *   sealed, so at most twice the usual number of fresh rows comes in.
 * Units: none.   Example: see store_undo.c.   Not here: which rows are whose (store_imports.h).
 */
#pragma once

#include "store_advance.h"
#include "store_keeper.h"

enum store_undo_seen {                      /* of a customer's number, or of the tree under it */
                       STORE_UNDO_ROWS = 1, /* has rows that stay */
                       STORE_UNDO_LATER =
                           2,               /* has rows that stay and came after the import began */
                       STORE_UNDO_LOST = 4, /* had rows of the import */
                       STORE_UNDO_TREE = 8, /* of a root: the next two are known */
                       STORE_UNDO_TREE_ROWS = 16,
                       STORE_UNDO_TREE_LATER = 32,
};
struct store_undo_segment { /* in place of `old` */
    uint64_t old;
    struct store_segment_info info;
    bool any; /* rows are left */
};
struct store_undo_run {
    uint64_t old;
    struct store_run_info info;
    bool any;
};
struct store_undo {
    struct store *store;
    struct arena *arena;
    uint64_t number;
    struct store_imports imports;           /* as they are before */
    const struct store_import_entry *entry; /* the one taken back */
    struct store_opened old;
    uint8_t *seen; /* enum store_undo_seen by number */
    uint32_t seen_count;
    struct store_undo_segment *segments;
    size_t segment_count;
    struct store_undo_run *dedup;
    size_t dedup_count;
    struct store_ledger_table moved; /* by source: quarantined records, as refused */
    struct store_import_gone gone;
    bool failed;
    struct fail fail;
};

/* The first row of the import; UINT64_MAX: it has none. */
uint64_t store_undo_first(const struct store_undo *undo);
void store_undo_see(struct store_undo *undo, uint32_t number, uint64_t arrival);
/* Room for all numbers below `count`. */
bool store_undo_room(struct store_undo *undo, uint32_t count, struct fail *fail) MUST_USE;

/* Rows, keys, segments and runs of deduplication (store_undo_rows.c). */
bool store_undo_rows(struct store_undo *undo, struct fail *fail) MUST_USE;
/* Joins, identifiers, customers; into `next`. `base`: as everything is before (store_undo_identity.c). */
bool store_undo_identity(struct store_undo *undo, struct store_identity_view *base,
                         struct store_manifest *next, struct fail *fail) MUST_USE;
