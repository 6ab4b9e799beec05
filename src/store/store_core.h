/* store_core.h — the store itself: what belongs to the writer, what is published, what the keeper keeps.
 *
 * What: three parts with three owners. `writer` is touched by the writer thread alone; `now` is what snapshots
 *   are made of, under `lock`, held for moments and never across I/O; `keeper` is touched by whoever holds one
 *   of its turns. What passes between them goes through the writer's queue as a control job.
 * Owner: store_open/store_close.   Threads: as said at each struct.
 * Failure: none here.   Limits/cost: none.   Units: as named.
 * Example: none, internal.   Not here: the face (store.h), the seam to the reading half (store_internal.h).
 */
#pragma once

#include "base_checked.h"
#include "store_dedup.h"
#include "store_draft.h"
#include "store_bulk.h"
#include "store_fresh.h"
#include "store_identity.h"
#include "store_known.h"
#include "store_ledger.h"
#include "store_manifest.h"
#include "store_quarantine.h"

#define STORE_ITEMS_MAX ((size_t)1 << 20)    /* in one submit */
#define STORE_COMMIT_ITEMS ((size_t)1 << 16) /* batches are gathered up to here */
#define STORE_COMMIT_BYTES ((size_t)64 << 20)
#define STORE_WAITING_ITEMS ((size_t)1 << 19) /* above this, submitting is refused as busy */
/* Of options.waiting_bytes_max a table is sealed above so many eighths: two of them, one being sealed, leave a quarter for
   batches that wait for it. */
#define STORE_TABLE_EIGHTHS 3U
#define STORE_FRESH_ROWS_MOST ((uint32_t)1 << 24) /* never more in one table */

/* ---- snapshots' shared list of segments ------------------------------------------------------------- */

struct store_segments {
    _Atomic uint32_t references;
    size_t count;
    struct store_segment *segments[]; /* references held */
};
struct store_segments *store_segments_new(size_t count);
struct store_segments *store_segments_ref(struct store_segments *segments);
void store_segments_unref(struct store_segments *segments); /* accepts NULL */

/* ---- published: guarded by store->lock ---------------------------------------------------------------- */

struct store_published {
    uint64_t number;
    struct store_segments *segments;
    struct store_fresh *fresh[2]; /* older (or NULL) and current */
    uint32_t fresh_count[2];
    struct store_identity_view *identity;
    struct store_quarantine_view quarantine;
    struct store_ledger_table ledger;
    struct store_imports imports;
    uint64_t rows, customers;
    uint64_t requests_refused;
    uint32_t event_codes;
    uint64_t journal_bytes;
    int64_t last_commit_ms, last_event_received_ms;
    struct store_snapshot
        *latest; /* a reference, or NULL: of `number`, shared by those who ask next */
};

/* ---- the writer thread's ---------------------------------------------------------------------------------- */

struct store_result { /* of one item, until its commit is durable */
    enum store_verdict verdict;
    struct str reason, field;
    uint64_t arrival, quarantine_id;
    bool absent;
    bool keyed;              /* the item was looked at before: */
    struct base_hash128 key; /* of deduplication */
    bool simple;             /* of a large import, with one identifier and nothing to join: */
    struct base_hash128 who; /* by which it may be known */
};

static inline void store_result_give(const struct store_result *result, struct store_item *item)
{
    item->verdict = result->verdict;
    item->reason = result->reason;
    item->field = result->field;
    item->out_arrival = result->arrival;
    item->out_quarantine_id = result->quarantine_id;
    item->out_absent = result->absent;
}

struct store_pending { /* a quarantined row of the commit under way */
    struct store_frame_quarantine row;
    struct str source;
    size_t raw_at; /* in the frame */
};

/* Names of which the code is known without looking for it. */
#define STORE_JUDGE_RECENT 64U

struct store_writing {
    struct store_identity_view *identity; /* of the last commit */
    struct store_dedup_live *dedup[2];    /* older (or NULL) and current */
    struct store_dedup_runs *dedup_runs;
    struct store_fresh *fresh; /* the current table; the reference is the published one's */
    struct store_quarantine_live *quarantine[2];
    struct store_quarantine_files *quarantine_files;
    struct store_quarantine_marks *marks; /* the published ones; a reference */
    struct store_journal journal;
    uint64_t opened_sequence; /* the next one when the store was opened */
    uint64_t fresh_sequence;  /* of the first frame that is neither sealed nor set apart for it */
    struct fail broken;       /* why nothing is taken any more, where journal.broken */
    uint64_t next_arrival, next_quarantine_id;
    uint64_t rows, customers;
    bool frozen;         /* an older table waits to be sealed, */
    size_t frozen_bytes; /* of so much memory */
    /* Of a large import: commits that are in no journal, and durable only once they are sealed. */
    struct store_bulk *bulk; /* its rows since the last freeze; NULL: none */
    bool ahead[2];           /* the older and the current tables hold such commits */
    bool pressed;            /* a seal was asked for, for a commit that waits for it */
    struct store_known known;
    /* Scratch of the commit under way. */
    bool in_bulk; /* it is in no journal */
    struct store_frame_writer frame;
    struct store_draft draft;
    struct store_ledger_table delta;
    struct store_map pending_by_hash;
    struct store_pending *pending;
    size_t pending_count, pending_capacity;
    uint64_t pending_bytes;
    struct store_map pending_mark_by_id; /* by store_map_mix(id) */
    struct store_quarantine_mark *pending_marks;
    size_t pending_mark_count, pending_mark_capacity;
    uint64_t import; /* of the item judged last; 0: none */
    struct store_import_span *spans;
    size_t span_count, span_capacity;
    struct store_cell *cells;
    size_t cell_capacity;
    /* 1 + the code of the name that was met last in each place (store_judge.c). */
    uint32_t recent[STORE_FAMILIES][STORE_JUDGE_RECENT];
    struct store_identifier *ids; /* of an item whose ids are of one name space */
    size_t id_capacity;
    struct store_result *results;
    size_t result_capacity;
};

/* ---- the queue in front of the writer ----------------------------------------------------------------------- */

struct store_columns;
struct store_job {
    struct store_job *next;
    struct store_item *items; /* of a submit */
    size_t count;
    struct store_columns *columns; /* of one of a large import, in place of items; else NULL */
    size_t records;                /* in either */
    size_t bytes;
    void (*control)(struct store *store,
                    void *context); /* of a control job; runs in the writer thread */
    void *context;
    void (*done)(void *context, const struct fail *fail);
    void *done_context;
    bool bulk;      /* of a large import: in no journal */
    bool allocated; /* freed by the writer */
};
struct store_amount {
    size_t items, bytes;
};
struct store_queue { /* guarded by lock */
    struct base_mutex lock;
    struct base_cond changed;
    struct store_job *first, *last;                 /* submits */
    struct store_job *control_first, *control_last; /* before any submit */
    struct store_amount waiting; /* batches, large imports aside, until they were answered */
    struct store_amount taken;   /* of these, by the commit that runs */
    size_t rows_bytes; /* of what is committed and not sealed, as of the writer's last look */
    bool stop;
};

/* ---- the keeper ------------------------------------------------------------------------------------------------ */

/* What a seal has to put on disk: the state of the store between two commits. */
struct store_frozen {
    struct store_fresh *fresh;
    uint32_t fresh_count;
    struct store_bulk *bulk;              /* or NULL */
    struct store_identity_view *identity; /* as of then: live[1] is what is sealed */
    struct store_identity_live *live;
    struct store_dedup_live *dedup;
    struct store_quarantine_live *quarantine;
    struct store_quarantine_marks *marks;
    struct store_ledger_table ledger;
    struct store_imports imports;
    uint64_t next_arrival, next_quarantine_id, rows, customers;
    uint64_t journal_id, next_sequence; /* the journal begun after it */
};

struct store_turn {
    bool taken; /* guarded by the keeper's lock */
};

/* Journals that stay though no manifest needs them any more (store_hold.h). */
struct store_pin {
    struct store_pin *next;
    uint64_t journal_from;
};

struct store_holding { /* files that are being merged: nobody else may choose them */
    enum store_run_kind kind;
    const uint64_t *ids;
    size_t count;
};

struct store_keeper {
    struct base_mutex lock;
    struct base_cond changed;
    /* Taken in this order, where several are. `small`: to choose what to merge, and for small merges beside a long one. */
    struct store_turn merging, small, sealing, advancing;
    bool seal_wanted, merge_wanted, beside_wanted; /* guarded by lock */
    /* Guarded by lock: what who has the turn to merge is merging; NULL: nothing. */
    const struct store_holding *held;
    /* Guarded by lock: where somebody has claimed that nothing be merged, and lets newer files be merged beside: those below
       stay as they are. 0: all do. */
    uint64_t stays_below;
    uint32_t claims;          /* guarded by lock: of those who want nothing to be merged */
    bool stop;                /* guarded by lock */
    struct store_bulk *spare; /* guarded by lock: an emptied table of an import, or NULL */
    struct store_pin *pins;   /* guarded by lock */
    struct base_thread sealer, merger, beside;
    struct base_cancel cancel;
    struct base_cancel
        merge_cancel; /* merges end with this one: also where somebody is to be erased */
    /* Of whoever has the turn to seal. */
    struct store_frozen *frozen; /* a seal begun and not finished, or NULL */
    /* Of whoever has the turn to advance. */
    struct store_manifest *manifest; /* the newest that was written */
    /* The writer asks these. */
    _Atomic bool seal_failed; /* the last try to seal failed; plain flag */
    /* A large import is under way: what it leaves is merged after it. Plain flag. */
    _Atomic bool importing;
    _Atomic uint64_t next_file_id;
};

/* ---- leases -------------------------------------------------------------------------------------------------------- */

struct store_lease {
    struct store_snapshot *snapshot;
    int64_t as_of_ms;
    int64_t put_us; /* steady */
};
struct store_leases { /* guarded by lock */
    struct base_mutex lock;
    struct store_lease at[STORE_LEASES_MAX]; /* oldest first */
    int count;
};

struct store {
    struct disk *disk;
    struct store_options options; /* defaults filled in */
    const struct base_clock *clock;
    struct store_names *names;
    uint64_t salt;
    struct store_damage damage;
    struct store_moved_cache *moved;
    struct base_mutex lock;
    struct store_published now; /* guarded by lock */
    struct store_writing writing;
    struct store_queue queue;
    struct base_thread writer;
    struct store_keeper keeper;
    struct store_leases leases;
    _Atomic(const struct zone *) days_zone; /* NULL: merged segments count no days */
    _Atomic bool read_only_after_failure;   /* plain flag for status */
    void (*committed)(void *context, const struct store_item *items, size_t count);
    void *committed_context;
};

/* ---- between the parts --------------------------------------------------------------------------------------------- */

static inline uint64_t store_next_file_id(struct store *store)
{
    return atomic_fetch_add(&store->keeper.next_file_id, 1);
}
/* A table of a large import that was sealed, for the next one of it; and the other way round: an empty one, or NULL. */
void store_spare_put(struct store *store, struct store_bulk *bulk);
struct store_bulk *store_spare_take(struct store *store);
/* What is quarantined now; store_quarantine_view_done. */
void store_quarantine_view_take(struct store *store, struct store_quarantine_view *out);
/* Is `name` sixteen hexadecimal digits and then `suffix`? Then it is one of the store's files. */
bool store_file_id(struct str name, const char *suffix, uint64_t *out);
