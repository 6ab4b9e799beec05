/* store_advance.h — from one manifest to the next.
 *
 * What: opens what a new manifest names, writes it, installs it, and lets go of what only the old one named.
 *   Invariants: (1) a file is removed only after a durable manifest does not name it; (2) after a manifest
 *   could not be written, nothing that either version may name is removed; (3) a journal goes only after
 *   the manifest that makes it needless is durable.
 * Owner: whoever has the turn to advance.
 * Threads: one at a time; never the writer thread, but for store_advance_write.
 * Failure: FAIL_IO, FAIL_LIMIT, FAIL_CORRUPT: the store goes on with the old manifest.
 * Limits/cost: one small file written and synced.   Units: none.
 * Example: see store_keeper.c.   Not here: what new files hold.
 */
#pragma once

#include "store_core.h"
#include "store_writer.h"

struct store_opened { /* references held */
    struct store_segments *segments;
    struct store_identity_runs *identity;
    struct store_dedup_runs *dedup;
    struct store_quarantine_files *quarantine;
};

void store_opened_done(struct store_opened *opened);
/* What is in use now: in the order of the manifest's lists. With the turn. */
void store_opened_now(struct store *store, struct store_opened *out);

/* Makes `next` (taken over) the manifest, durable, and installs what it names. `sealed`: the older tables are in
   it. On failure the new files are removed, where that is safe. */
bool store_advance(struct store *store, struct store_manifest *next, bool sealed,
                   struct fail *fail) MUST_USE;

/* The same without installing: the caller does that with *out. *out_unsure: nobody knows which of the two manifests
   lies on the disk. */
bool store_advance_write(struct store *store, struct store_manifest *next,
                         struct store_install *out, bool *out_unsure, struct fail *fail) MUST_USE;
/* Takes away the files that only `next` (taken over) names, and that. */
void store_advance_abandon(struct store *store, struct store_manifest *next);

/* What cannot be removed now is removed at the next opening: no manifest names it. */
void store_remove_run(struct store *store, enum store_run_kind kind, uint64_t id);
void store_remove_segment(struct store *store, uint64_t id);
/* Journals before `from`, but for those that are pinned: they go with the pin. */
void store_remove_journals(struct store *store, uint64_t from);
/* With the turn to advance. */
void store_pin(struct store *store, struct store_pin *pin);
/* Takes the turn to advance. */
void store_unpin(struct store *store, struct store_pin *pin);

/* A file that takes the place of several. */
struct store_merged {
    enum store_run_kind kind;
    const uint64_t *gone; /* ids of those it was made of */
    size_t count;
    struct store_segment_info segment; /* of STORE_ADVANCE_SEGMENTS */
    struct store_run_info run;         /* of the others */
};
/* As store_advance. Where one of those has gone in the meantime (dropped, too old), the new file goes, and nothing
   changes. With the turn. */
bool store_advance_merged(struct store *store, const struct store_merged *merged,
                          struct fail *fail) MUST_USE;
