/* store_removal.h — taking rows out for good: an import taken back, people erased, what is past its time.
 *
 * What: one mechanism, told by `struct store_removal_of` what goes. First, beside intake and seals, the rows are found and the
 *   segments and runs that hold something of them are written anew without it; then, without seals, the same of what was
 *   sealed meanwhile; then, in the writer thread between two
 *   commits, all that is fresh is sealed without it too, joins are split and identifiers freed where that is asked for,
 *   and one manifest puts it all in place. Nothing is changed before that manifest is durable.
 * Owner: store_removal_run, which holds the turn to merge for as long as it takes, and at its end the one to seal.
 * Threads: one at a time.
 * Failure: FAIL_BUSY where what goes changed meanwhile (try again), FAIL_CONFLICT, FAIL_CORRUPT, FAIL_IO, FAIL_LIMIT:
 *   the store is as before.
 * Limits/cost: reads all segments; a byte a customer and some 24 bytes a row that goes in memory. While its end lasts nothing
 *   is sealed, so at most twice the usual number of fresh rows comes in.
 * Units: none.   Example: see store_removal_people.c.
 * Not here: which rows are an import's (store_imports.h), deciding whom to erase (privacy).
 */
#pragma once

#include "store_advance.h"
#include "store_keeper.h"

enum store_removal_seen { /* of a customer's number, or of the tree under it */
                          STORE_REMOVAL_ROWS = 1, /* has rows that stay */
                          STORE_REMOVAL_LATER =
                              2, /* has rows that stay and came after the import began */
                          STORE_REMOVAL_LOST = 4, /* had rows that go */
                          STORE_REMOVAL_TREE = 8, /* of a root: these are known: */
                          STORE_REMOVAL_TREE_ROWS = 16,
                          STORE_REMOVAL_TREE_LATER = 32,
                          STORE_REMOVAL_CHOSEN = 64, /* one of the people */
                          STORE_REMOVAL_TREE_LOST = 128,
};
struct store_removal_segment { /* in place of `old` */
    uint64_t old;
    struct store_segment_info info;
    bool any; /* rows are left */
};
struct store_removal_run {
    uint64_t old;
    struct store_run_info info;
    bool any;
};
struct store_removal_row {
    uint32_t number; /* it was stored under */
    uint64_t arrival;
    uint32_t event, source; /* of the process; only where `reads_rows` */
    int64_t ts_ms;          /* likewise */
    bool has_words;         /* likewise */
};
struct store_removal_spare { /* a file that was written on the way, and that no manifest names */
    enum store_run_kind kind;
    uint64_t id;
};
enum store_removal_fate { STORE_REMOVAL_STAYS, STORE_REMOVAL_GOES, STORE_REMOVAL_MUTED };

struct store_removal;
struct store_removal_of {
    bool reads_rows;       /* `fate` looks at event, source and time of a row */
    bool rows_known;       /* removal->rows is filled before they are looked for */
    bool takes_keys;       /* what the rows would be duplicates of goes with them */
    size_t quarantine_raw; /* how many bytes of a quarantined record `quarantined` looks at */
    enum store_removal_fate (*fate)(const struct store_removal *removal,
                                    const struct store_removal_row *row);
    /* Before anything is frozen, in the writer thread: is what goes still what was looked at? */
    bool (*stands)(struct store_removal *removal, struct fail *fail);
    bool (*quarantined)(const struct store_removal *removal,
                        const struct store_quarantine_row *row);
    /* Which identifiers go; `tree`: enum store_removal_seen of the tree that the number is in then. */
    bool (*frees)(const struct store_removal *removal, uint64_t seq, uint32_t number,
                  unsigned tree);
    /* Could it free any of this run? NULL: of any. */
    bool (*may_free)(const struct store_removal *removal, const struct store_identity_run *run);
    /* A run of deduplication without an import's keys; NULL: none goes but by takes_keys. */
    bool (*dedup)(struct store_removal *removal, const struct store_dedup_run *run, uint64_t id,
                  struct store_run_info *out, uint64_t *out_left, bool *out_any, struct fail *fail);
    const struct store_ranges *(*joins)(const struct store_removal *removal); /* to be split */
    void (*note)(struct store_removal *removal, struct store_imports *imports);
};

struct store_removal {
    const struct store_removal_of *of;
    struct store *store;
    struct arena *arena;
    struct store_opened old;
    uint64_t looked_below; /* files of `old` with lower numbers were looked at before */
    uint8_t *seen;         /* enum store_removal_seen by number */
    uint32_t seen_count;
    struct store_ranges rows;  /* by arrival: these go */
    struct store_ranges muted; /* by arrival: these lose their words */
    struct store_removal_segment *segments;
    size_t segment_count, segments_written;
    struct store_removal_run *dedup;
    size_t dedup_count;
    struct base_hash128 *keys; /* of deduplication, of the rows that go */
    size_t key_count, key_capacity;
    struct store_removal_spare *spares;
    size_t spare_count, spare_capacity;
    struct store_ledger_table moved; /* by source: quarantined records, as refused */
    struct store_gone gone;
    bool failed;
    struct fail fail;

    /* of an import (store_removal_import.c) */
    uint64_t number;
    struct store_imports imports;           /* as they are before */
    const struct store_import_entry *entry; /* the one taken back */
    /* of people (store_removal_people.c) */
    const struct store_erasure *people;
    struct base_mention *mention; /* what quarantined records are searched for */
    uint32_t chosen_below;        /* numbers known when they were chosen */
    /* of what is past its time (store_removal_old.c) */
    const struct store_cut *cut;
    const uint8_t **cut_events; /* by rule, by code of the process: does it speak of this event? */
    uint32_t *cut_sources;      /* by rule; STORE_NO_CODE: of all */
    uint32_t cut_event_codes;
};

/* All of it; on success leases are revoked and removal->gone says what went. The caller has filled `of`, `store` and its
   own part, and calls store_removal_done. `prepare` runs with the turns, after what was fresh was sealed; where it is called
   a second time, of what it knows of rows that were looked at nothing may have become wrong (FAIL_BUSY). */
bool store_removal_run(struct store_removal *removal,
                       bool (*prepare)(struct store_removal *removal, struct fail *fail),
                       struct fail *fail) MUST_USE;
void store_removal_done(struct store_removal *removal);

/* Room for all numbers below `count`. */
bool store_removal_room(struct store_removal *removal, uint32_t count, struct fail *fail) MUST_USE;
/* A file that is not named in the end. */
bool store_removal_spare(struct store_removal *removal, enum store_run_kind kind, uint64_t id,
                         struct fail *fail) MUST_USE;

/* Rows: what is sealed, and then what is frozen (store_removal_rows.c). */
bool store_removal_rows(struct store_removal *removal, struct fail *fail) MUST_USE;
bool store_removal_fresh(struct store_removal *removal, const struct store_frozen *frozen,
                         uint32_t *out_left, struct fail *fail) MUST_USE;
/* Of rows that are fresh, whether frozen or not: which go. */
bool store_removal_fresh_rows(struct store_removal *removal, const struct store_fresh *fresh,
                              uint32_t count, struct fail *fail) MUST_USE;
/* Segments anew, without them. */
bool store_removal_segments(struct store_removal *removal, struct store_identity_view *view,
                            struct fail *fail) MUST_USE;
/* Runs of deduplication (store_removal_dedup.c): before, and in `next` what came along with the seal. */
bool store_removal_dedup(struct store_removal *removal, struct fail *fail) MUST_USE;
bool store_removal_put_dedup(struct store_removal *removal, struct store_manifest *next,
                             struct fail *fail) MUST_USE;
/* Keys of those rows of a block for which `goes` is not 0. */
bool store_removal_keys_of(struct store_removal *removal, struct store_segment *segment,
                           uint32_t block, const uint8_t *goes, struct fail *fail) MUST_USE;
bool store_removal_key(struct store_removal *removal, uint32_t source, struct str message_id,
                       struct fail *fail) MUST_USE;
/* Joins, identifiers, customers; into `next`. `base`: as everything is before (store_removal_identity.c). */
bool store_removal_identity(struct store_removal *removal, struct store_identity_view *base,
                            struct store_manifest *next, struct fail *fail) MUST_USE;
/* Quarantined records, of the files that `next` names (store_removal_quarantine.c). */
bool store_removal_quarantine(struct store_removal *removal, struct store_manifest *next,
                              struct fail *fail) MUST_USE;

size_t store_removal_place(const struct store_manifest *manifest, enum store_run_kind kind,
                           uint64_t id);
