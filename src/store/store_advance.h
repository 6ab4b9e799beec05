/* store_advance.h — from one manifest to the next.
 *
 * What: opens what a new manifest names, writes it, installs it, and lets go of what only the old one named.
 *   Invariants: (1) a file is removed only after a durable manifest does not name it; (2) after a manifest
 *   could not be written, nothing that either version may name is removed; (3) a journal goes only after
 *   the manifest that makes it needless is durable.
 * Owner: whoever has the keeper's turn.
 * Threads: one at a time, never the writer thread.
 * Failure: FAIL_IO, FAIL_LIMIT, FAIL_CORRUPT: the store goes on with the old manifest.
 * Limits/cost: one small file written and synced.   Units: none.
 * Example: see store_keeper.c.   Not here: what new files hold.
 */
#pragma once

#include "store_core.h"

struct store_opened { /* references held */
    struct store_segments *segments;
    struct store_identity_runs *identity;
    struct store_dedup_runs *dedup;
    struct store_quarantine_files *quarantine;
};

void store_opened_done(struct store_opened *opened);
/* What is in use now. Only the holder of the turn changes it. */
void store_opened_now(struct store *store, struct store_opened *out);

/* Makes `next` (taken over) the manifest, durable, and installs what it names. `sealed`: the older tables are in
   it. On failure the new files are removed, where that is safe. */
bool store_advance(struct store *store, struct store_manifest *next, bool sealed,
                   struct fail *fail) MUST_USE;

/* What cannot be removed now is removed at the next opening: no manifest names it. */
void store_remove_run(struct store *store, enum store_run_kind kind, uint64_t id);
void store_remove_segment(struct store *store, uint64_t id);
/* Journals before `from`. */
void store_remove_journals(struct store *store, uint64_t from);
