/* store_internal.h — what the parts of the store share, and nobody outside may include.
 *
 * What: rows, names, fresh tables, snapshots: the seam between the writing half (journal, identity,
 *   deduplication, fresh rows, ledger, quarantine, manifest, keeper) and the reading half (segments, merge,
 *   scan, timeline).
 * Owner: at each struct.   Threads: at each struct.   Failure: as the functions say.
 * Units: *_ms UTC.
 * Limits/cost: see store_event.h.   Example: none, internal.   Not here: the face (store.h).
 */
#pragma once

#include "store.h"
#include "store_ranges.h"
#include "store_scan.h"

/* The fuzzer looks past the checksums: they would hide everything behind them from it. */
#ifdef FUZZING_BUILD_MODE_UNSAFE_FOR_PRODUCTION
enum { STORE_CHECKSUMS_COUNT = 0 };
#else
enum { STORE_CHECKSUMS_COUNT = 1 };
#endif

/* ---- names: strings <-> dense codes, for the life of the process ------------------------------------ */

enum store_family {
    STORE_FAMILY_EVENT,
    STORE_FAMILY_PROPERTY,
    STORE_FAMILY_TRAIT,
    STORE_FAMILY_CHANNEL,
    STORE_FAMILY_SOURCE,
    STORE_FAMILY_SCALE,
    STORE_FAMILIES,
};
/* Grows only; any thread may read, the writer and the opening of segments add. Names live as long. */
struct store_names;
struct store_names *store_names_new(void);
void store_names_free(struct store_names *names);
uint32_t store_names_intern(struct store_names *names, enum store_family family, struct str name);
uint32_t store_names_find(const struct store_names *names, enum store_family family,
                          struct str name);
struct str store_names_get(const struct store_names *names, enum store_family family,
                           uint32_t code);
uint32_t store_names_count(const struct store_names *names, enum store_family family);
/* Of an event's code: is it one of the seven? */
bool store_names_is_bookkeeping(const struct store_names *names, uint32_t event_code);

/* ---- rows -------------------------------------------------------------------------------------------- */

struct store_cell {
    uint32_t name; /* code in STORE_FAMILY_PROPERTY or _TRAIT */
    struct store_value value;
};

/* One stored row. Immutable once published. Bytes belong to the fresh table or to a reader's arena. */
struct store_row {
    uint32_t original; /* the customer number it was stored under, before any join */
    uint32_t
        customer; /* its root: in a fresh table as of arrival, from a reader as of the reading */
    uint64_t arrival; /* 1, 2, ...: over the whole life of the store */
    int64_t ts_ms, received_at_ms, client_ts_ms,
        sent_at_ms; /* the last two STORE_NO_TIME if none */
    uint32_t event, source;
    uint32_t channel, scale; /* STORE_NO_CODE: missing */
    struct store_value score;
    struct str text, message_id;
    const struct store_cell *properties; /* in the sender's order */
    const struct store_cell *traits;
    uint32_t property_count, trait_count;
};

/* ---- fresh rows: those since the last seal, in order of arrival ----------------------------------------- */

/* Appended to by the writer only; rows below a published count never change. Reference-counted by the
   snapshots that see it. */
struct store_fresh;
const struct store_row *store_fresh_row(const struct store_fresh *fresh, uint32_t index);

/* What one snapshot sees of one fresh table. */
struct store_fresh_view {
    struct store_fresh *fresh;
    uint32_t count;
};

/* ---- identity ---------------------------------------------------------------------------------------------- */

/* An immutable view of joins as of a snapshot. Numbers at or above the bound were not known then. */
struct store_identity_view;
uint32_t store_identity_root(const struct store_identity_view *view, uint32_t number);
/* Joins and splits are numbered 1, 2, ...; a segment says up to which one its rows are laid out. */
uint64_t store_identity_position(const struct store_identity_view *view);
/* False where store_identity_root, which cannot fail, met a damaged file: FAIL_CORRUPT. Whoever asked for
   roots asks this before it gives its result away. */
bool store_identity_sound(const struct store_identity_view *view, struct fail *fail) MUST_USE;
/* Customers whose layout differs from how a segment of identity position `since` lies: every number that
   was or is part of a tree changed after `since` ("moved"). A reference, for store_moved_unref. */
struct store_moved;
bool store_identity_moved(const struct store_identity_view *view, uint64_t since,
                          struct store_moved **out, struct fail *fail) MUST_USE;
/* All numbers under which rows of `root` may lie in segments: members of its tree now, and roots they had
   before (splits). Rows found there belong to `root` only if store_identity_root(original) == root. */
bool store_identity_places(const struct store_identity_view *view, uint32_t root,
                           struct arena *arena, uint32_t **out, size_t *out_count,
                           struct fail *fail) MUST_USE;

/* ---- segments (reading half; format in docs/formats/segment.md) ---------------------------------------------- */

/* An immutable, mapped file of rows sorted by (customer, ts, arrival). Reference-counted. */
struct store_segment;
struct store_segment_info { /* also what the manifest keeps of it */
    uint64_t id;            /* file segments/<id as 16 hex digits>.seg */
    uint64_t bytes;
    uint64_t rows, customers;
    int64_t ts_min_ms, ts_max_ms;
    uint64_t arrival_min, arrival_max;
    uint64_t identity_position; /* rows are laid out by the joins up to this one */
    uint64_t checksum;          /* of the footer: ties the file to the manifest */
};
/* Opens and checks header, footer and (cheaply) every range; interns its names. Per-block checksums are
   checked at first touch of a block. */
bool store_segment_open(struct disk *disk, struct store_names *names,
                        const struct store_segment_info *info, struct store_segment **out,
                        struct fail *fail) MUST_USE;
struct store_segment *store_segment_ref(struct store_segment *segment);
/* At zero references the file is unmapped, and removed where store_segment_doom was called. */
void store_segment_unref(struct store_segment *segment);
void store_segment_doom(struct store_segment *segment);
const struct store_segment_info *store_segment_info(const struct store_segment *segment);
/* So many bytes of one column, about, rows of it give to one block of what it is merged into, at most: rows that follow each
   other lie in two of its own blocks. */
uint64_t store_segment_heft(const struct store_segment *segment);
/* All ledgers aside: every checksum and invariant inside the file, for store_verify. */
bool store_segment_check(struct store_segment *segment,
                         void (*problem)(void *context, const char *path, const char *what),
                         void *context, uint64_t *problems, struct fail *fail) MUST_USE;

/* Writes fresh tables and/or segments, or a table of an import, laid out by the joins in `view`, as one new segment; synced, and its
   folder too, before it returns. `info->id` is given, the rest is filled. The writer of a seal gives fresh
   views, a merge gives segments; both orders are by (root, ts, arrival). `limit_rows` 0: none. */
struct store_bulk;
struct zone;
struct store_segment_build {
    struct disk *disk;
    struct store_names *names;
    const struct store_identity_view *view;
    const struct store_fresh_view *fresh;
    size_t fresh_count;
    struct store_segment *const *segments;
    size_t segment_count;
    const struct store_bulk *bulk; /* NULL: none; else nothing else is given */
    struct base_cancel *cancel;    /* closing stops a merge; NULL: never */
    /* Rows that are not written, by arrival; NULL: none. At least one row must be left. Names and shared strings that
       only they bear are not written either. */
    const struct store_ranges *leave_out;
    const struct store_ranges *mute; /* rows that lose their words, likewise */
    const struct zone *zone;         /* of the days that are counted; NULL: none are */
    bool apart; /* a second thread writes what the caller's has filled; the file is the same */
};
bool store_segment_write(const struct store_segment_build *build, struct store_segment_info *info,
                         struct fail *fail) MUST_USE;

/* Which neighbours to merge next: indexes [*out_first, *out_first + *out_count) of segments in order of
   arrival; false when nothing is worth merging. Size-tiered, so that each row is rewritten O(log n) times; where
   it is `quiet`, all into one once an eighth and more lies beside the largest. Those whose `hefts` (store_segment_heft)
   come to more than STORE_MERGE_HEFT_MAX stay apart: a column of a block may take 4 GiB, and no more. NULL: they are light. */
#define STORE_MERGE_HEFT_MAX (UINT64_C(3) << 30)
bool store_merge_choose(const struct store_segment_info *infos, const uint64_t *hefts, size_t count,
                        bool quiet, size_t *out_first, size_t *out_count);

/* ---- snapshots ------------------------------------------------------------------------------------------------ */

/* Immutable but for the reference count and the reading half's cache. */
struct store_snapshot {
    _Atomic uint32_t references;
    struct store *store;
    uint64_t number;
    struct store_names *names;
    struct store_segment **segments; /* ascending ranges of arrival, which never overlap */
    size_t segment_count;
    struct store_fresh_view fresh[2]; /* older (being sealed) and current */
    size_t fresh_count;
    struct store_identity_view *identity; /* reference held */
    uint32_t customer_bound;
    uint64_t rows, customers;
    /* The reading half's: fresh rows sorted by (root now, ts, arrival), made at the first scan. */
    struct base_mutex cache_lock;
    void *cache; /* guarded by cache_lock */
    void (*cache_free)(void *cache);
    /* Made when first asked for; views identity. */
    struct arena *accounts_arena;          /* guarded by cache_lock */
    const struct store_accounts *accounts; /* guarded by cache_lock */
};
