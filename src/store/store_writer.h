/* store_writer.h — the one thread that changes the store: a queue in front, group commit, control jobs.
 *
 * What: batches wait in a queue with a ceiling; the writer takes all that wait, judges them in order, writes
 *   one frame, syncs once, publishes, and only then answers. Control jobs (freeze for a seal, install what the
 *   keeper made, an operator's join or split) run between commits.
 * Owner: the store.
 * Threads: submitting and asking for control from any thread; the rest in the writer thread.
 * Failure: FAIL_BUSY over the ceiling, FAIL_LIMIT without room, FAIL_IO once the journal is broken.
 * Limits/cost: one fdatasync a commit.   Units: as named.
 * Example: see store_keeper.c.   Not here: verdicts (store_judge.h), files (store_journal.h).
 */
#pragma once

#include "store_core.h"

bool store_writer_start(struct store *store, struct fail *fail) MUST_USE;
/* Takes what waits, then stops. Accepts one never started. */
void store_writer_stop(struct store *store);
/* Runs `control` in the writer thread, before any batch that waits, and returns after it. */
void store_writer_control(struct store *store, void (*control)(struct store *store, void *context),
                          void *context);
/* Wakes a writer that waits for a seal. */
void store_writer_wake(struct store *store);

/* ---- commits (store_commit.c); in the writer thread ---------------------------------------------------- */

/* All jobs as one commit; answers each. */
void store_commit(struct store *store, struct store_job *const *jobs, size_t count);
/* A control job: judges as a commit would, and takes it all back. */
struct store_trial {
    struct store_item *items;
    size_t count;
    bool ok;
    struct fail fail;
};
void store_commit_try(struct store *store, void *trial);
/* A commit that `change` fills through the draft, without items. */
bool store_commit_change(struct store *store,
                         bool (*change)(struct store *store, void *context, struct fail *fail),
                         void *context, struct fail *fail) MUST_USE;
/* Writes the frame that says that the store was closed in order. */
void store_commit_closed(struct store *store);
/* What is committed and not sealed holds of memory, large imports aside; and the newer table alone. */
size_t store_commit_bytes(const struct store *store);
size_t store_commit_table_bytes(const struct store *store);
/* Is it time to freeze? */
bool store_commit_seal_due(const struct store *store);
/* Must the next commit, of this kind, wait for a seal? */
bool store_commit_must_wait(const struct store *store, bool bulk);
/* Must a seal be asked for, so that a commit can go on that waits until a large import is sealed? Says so once. */
bool store_commit_press(struct store *store);

/* ---- control jobs of the keeper; in the writer thread (store_freeze.c) --------------------------------- */

/* Begins a new journal and new tables; what was there is in *out. An empty store gives NULL. */
struct store_freeze {
    struct store_frozen *out;
    bool failed;
    struct fail fail;
};
void store_freeze(struct store *store, void *freeze);
void store_frozen_free(struct store_frozen *frozen); /* accepts NULL */

struct store_removed {
    uint64_t rows, customers;
    uint64_t position;                      /* after the splits */
    const struct store_ledger_table *moved; /* by source: quarantined ones, now refused */
    struct store_imports *imports;          /* taken over */
};

/* What the keeper made takes the place of what was there. NULL: stays. References pass to the store. */
struct store_install {
    struct store_segments *segments;
    struct store_identity_runs *identity;
    struct store_dedup_runs *dedup;
    struct store_quarantine_files *quarantine;
    bool sealed; /* the older tables are on disk: they go */
    bool bulk;   /* with rows that nobody has seen before */
    const struct store_quarantine_marks
        *sealed_marks; /* where sealed: those that are in the files */
    /* Of a taking back, the state after it; NULL: answers stay as they are. */
    const struct store_removed *removed;
};
void store_install(struct store *store, void *install);
