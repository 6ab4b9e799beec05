/* store_scan.h — reading timelines: batches of whole customers, rows in timeline order.
 *
 * What: a scan says which columns, events, times and customers are wanted; each worker thread takes a
 *   cursor and gets batch after batch, each of whole customers with their rows by (ts, arrival), merged
 *   over segments, fresh rows and joined customers. Who reads never sees where rows lie.
 * Owner: scan and cursors: the caller, freed before the snapshot. A batch lives until the cursor's next.
 * Threads: a scan may be shared by many cursors; a cursor belongs to one thread.
 * Failure: FAIL_LIMIT over the budget, FAIL_CORRUPT, FAIL_CANCELLED.
 * Limits/cost: only named columns are read; blocks without a wanted event or time are skipped. The order of
 *   customers is not promised (joined ones may come last); each customer comes exactly once.
 * Units: *_ms UTC.
 * Example:
 *   struct store_scan *scan; if (!store_scan_new(snapshot, &options, &scan, fail)) ...
 *   struct store_cursor *cursor; if (!store_cursor_new(scan, budget, &cursor, fail)) ...
 *   const struct store_rows *rows;
 *   while (store_cursor_next(cursor, &rows, fail) && rows->customer_count > 0) { ... }
 * Not here: what the rows mean (query).
 */
#pragma once

#include "store.h"

enum store_column_of {
    STORE_COLUMN_PROPERTY, /* by row */
    STORE_COLUMN_TRAIT, /* the trait as latest known, by customer; never filtered by event or time */
    /* By row, the trait as that event sent it: STORE_NULL removes it, and all below it. Rows that bear it come
       whatever the filter, so that what it was at any other row can be told (query_past.c). */
    STORE_COLUMN_TRAIT_SENT,
    STORE_COLUMN_CHANNEL,     /* by row, a string */
    STORE_COLUMN_SOURCE,      /* by row, a string */
    STORE_COLUMN_TEXT,        /* by row, a string */
    STORE_COLUMN_SCORE,       /* by row, a number */
    STORE_COLUMN_SCALE,       /* by row, a string */
    STORE_COLUMN_MESSAGE_ID,  /* by row, a string */
    STORE_COLUMN_RECEIVED_AT, /* by row, an int: ms */
    STORE_COLUMN_ARRIVAL,     /* by row, an int: as in store_timeline_row */
    STORE_COLUMN_HAS_TEXT,    /* by row, true where there is one: no text is unpacked for it */
};
struct store_column_ref {
    enum store_column_of of;
    struct str name; /* of a property or trait */
};

#define STORE_CUTS_MAX 8U

struct store_scan_options {
    const struct store_column_ref *columns;
    size_t column_count;
    bool runs; /* properties: neighbouring rows with the same single value may come as one entry */
    /* Only rows of these events (codes); NULL: all. Customers come with the rows that are left. */
    const uint32_t *events;
    size_t event_count;
    int64_t from_ms, to_ms; /* only rows with from_ms <= ts < to_ms; both 0: all */
    bool every_customer;    /* also customers left without rows, with an empty run */
    bool want_facts;        /* fill first_seen_ms, last_seen_ms, events */
    /* Accounts in place of customers: `customers`, here and in the rows, are their numbers (store_accounts_of), and
       an account's timeline is that of all its members together; a customer comes in each of its accounts. Customers
       without an account are left out. The rows of an account come whole, at once. */
    bool by_account;
    /* Only these customers (roots, ascending, unique); NULL: all. */
    const uint32_t *customers;
    size_t customer_count;
    /* Labels in place of events, for who looks at nothing but which event came when: by event code the byte that its
       rows bear, 0 where they are not wanted. Then there are no columns, facts, accounts or customers without rows, and
       `events` is not looked at. Much less is written and read again so. NULL: none. */
    const uint8_t *labels;
    uint32_t label_count;
    /* With labels: slots in place of times, which is enough for days and hours, and quicker. */
    bool slots;
    bool any_order; /* with slots: rows of one slot may come in any order, which is quicker again */
    /* With labels, for who asks of times no more than on which side of some instants they are (before; at it or after): these, of
       which `from_ms` and `to_ms` need not be. Rows then bear any time of their slot on the same side of all, which is quicker where
       they are few, and rows of one slot come in any order. At most STORE_CUTS_MAX; 0: times are whole. */
    const int64_t *cuts;
    size_t cut_count;
    /* Segments that are left out: by place, as store_counts_segments gives them; NULL: none. Not with accounts, facts,
       traits, or customers without rows. */
    const uint8_t *without;
    bool without_fresh;         /* nor the fresh rows */
    uint32_t batch_rows;        /* aimed at; 0: 65,536. A longer customer comes alone, whole */
    struct base_cancel *cancel; /* polled between blocks; NULL: never */
};

/* Values of one column in a batch, in order; several values of a row stand together. An entry is the value of rows
   [at, last]: of one row, but for properties that were asked for with `runs`. */
struct store_column {
    uint32_t count;
    const uint32_t *at; /* row index in the batch (trait: customer index), ascending */
    const uint32_t *last;
    const struct store_value *values; /* strings live as long as the batch */
};

/* Which events, by code below `count`, have a row that bears a text (or a score): bears[code] = 1, others are
   left as they are. The first call for a segment looks through that column's places and keeps the answer. */
bool store_events_bearing(struct store_snapshot *snapshot, enum store_column_of text_or_score,
                          uint8_t *bears, uint32_t count, struct fail *fail) MUST_USE;

struct store_rows {
    uint32_t customer_count;   /* 0: the end */
    const uint32_t *customers; /* numbers of roots */
    const uint32_t *row_begin; /* customer_count + 1: rows [row_begin[c], row_begin[c + 1]) */
    uint32_t row_count;
    const int64_t *ts_ms;
    const int32_t *slots;               /* as asked for, in place of ts_ms: see store_codec.h */
    const uint32_t *events;             /* codes, as store_event_code; NULL with labels */
    const uint8_t *labels;              /* as asked for; else NULL */
    const struct store_column *columns; /* as asked */
    /* With want_facts, per customer, over all its rows but the bookkeeping ones, whatever the filters;
       STORE_NO_TIME and 0 where it has no other. */
    const int64_t *first_seen_ms;
    const int64_t *last_seen_ms;
    const uint64_t *event_counts;
};

struct store_scan;
bool store_scan_new(struct store_snapshot *snapshot, const struct store_scan_options *options,
                    struct store_scan **out, struct fail *fail) MUST_USE;
void store_scan_free(struct store_scan *scan); /* accepts NULL; after its cursors */
/* As many cursors find something to read at most. */
size_t store_scan_units(const struct store_scan *scan);

struct store_cursor;
bool store_cursor_new(struct store_scan *scan, struct base_budget *budget,
                      struct store_cursor **out, struct fail *fail) MUST_USE;
void store_cursor_free(struct store_cursor *cursor);
bool store_cursor_next(struct store_cursor *cursor, const struct store_rows **out,
                       struct fail *fail) MUST_USE;
/* Rows looked at so far, for the answer's stats. */
uint64_t store_cursor_rows_scanned(const struct store_cursor *cursor);

/* ---- one timeline, whole events ------------------------------------------------------------------- */

struct store_timeline_options {
    bool newest_first;
    size_t limit;           /* 0: all */
    int64_t from_ms, to_ms; /* as in a scan */
    /* Goes on after this place (exclusive) in the asked direction; both 0: from the beginning. */
    int64_t after_ts_ms;
    uint64_t after_arrival;
};
struct store_timeline_row {
    struct store_event event; /* in the arena */
    uint64_t arrival; /* over the whole life of the store: orders rows of equal ts, never changes */
    uint32_t number;  /* of the customer that it was stored under, before any join */
};
/* Under a millisecond for an ordinary customer. */
bool store_timeline_read(struct store_snapshot *snapshot, uint32_t customer,
                         const struct store_timeline_options *options, struct arena *arena,
                         struct store_timeline_row **out, size_t *out_count,
                         struct fail *fail) MUST_USE;
/* All traits as latest known, flattened, by name in byte order; several values stand together. */
bool store_customer_traits(struct store_snapshot *snapshot, uint32_t customer, struct arena *arena,
                           struct store_field **out, size_t *out_count, struct fail *fail) MUST_USE;

/* ---- all timelines, whole events ------------------------------------------------------------------- */

/* A walk gives every row that is wanted, as a whole event, customer after customer (by number, so in the order
   in which they were first seen) and in timeline order within each. What it holds is bounded: some
   STORE_WALK_ROWS rows, or those of one customer whose rows lie apart because of joins; and at most 8 MiB of strings, or
   one event's. */
#define STORE_WALK_ROWS 2048U
struct store_walk_options {
    const uint32_t *events; /* codes; NULL: all */
    size_t event_count;
    struct str source;      /* missing: all */
    int64_t from_ms, to_ms; /* as in a scan */
    /* As in a scan; must outlive the walk. */
    const uint32_t *customers;
    size_t customer_count;
    uint32_t batch_rows; /* held at a time, about; 0: STORE_WALK_ROWS */
    struct base_cancel *cancel;
};
struct store_walk;
/* The snapshot must outlive it. */
bool store_walk_new(struct store_snapshot *snapshot, const struct store_walk_options *options,
                    struct base_budget *budget, struct store_walk **out,
                    struct fail *fail) MUST_USE;
void store_walk_free(struct store_walk *walk); /* accepts NULL */
struct store_walk_row {
    uint32_t customer; /* a root */
    struct store_timeline_row row;
};
/* The next rows; none at the end. They live until the next call. */
bool store_walk_next(struct store_walk *walk, const struct store_walk_row **out, size_t *out_count,
                     struct fail *fail) MUST_USE;

/* One of the customers that were joined into one, and the identifiers that came with it. */
struct store_member {
    uint32_t number;
    uint32_t joined_into; /* a number; STORE_NO_CUSTOMER: it is the root */
    bool has_rows;        /* of its own */
    size_t identifier_count;
    const struct store_identifier *identifiers; /* in order of arrival; user ids come first */
};
/* The root, then those joined into it in the order of joining. In the arena. */
bool store_customer_members(const struct store_snapshot *snapshot, uint32_t customer,
                            struct arena *arena, struct store_member **out, size_t *out_count,
                            struct fail *fail) MUST_USE;
