/* store_columns.h — records of a large import by columns.
 *
 * What: says of many records at once what a struct store_item says of one: each different value once, and of each row its
 *   place among them. Only records that are alike can be said so: of one source, with one identifier, without a
 *   message_id, an alias, a score or words, and whose time is the one that was written. The others are items, and
 *   stand between the rows. What becomes of a row is what would become of its item, which store_columns_item makes.
 * Owner: the caller; all must stay until `done` was called.   Threads: one at a time.
 * Failure: as store_submit_bulk.
 * Limits/cost: STORE_COLUMNS_ROWS_MAX rows and items; some 60 bytes and a tenth of a microsecond a row.   Units: *_ms UTC.
 * Example: see intake_columns.c.   Not here: reading files (intake_columns.h), judging (store_judge.h).
 */
#pragma once

#include "store.h"

#define STORE_COLUMNS_ROWS_MAX ((uint32_t)1 << 15)

struct store_columns_field { /* a property or a trait */
    struct str name;
    bool trait;
    const struct store_value *values; /* different ones; no STORE_NULL */
    uint32_t value_count;
    const uint16_t *codes; /* by row: 1 + the place of its value; 0: it has none */
};
struct store_columns_bad { /* a row that was not stored, and is no duplicate */
    struct store_columns_bad *next;
    uint32_t row;
    enum store_verdict verdict;
    struct str reason, field;
};
struct store_columns {
    struct store_item shared; /* what is the same of all rows: all but the following */
    struct str kind;          /* of identifiers */
    uint32_t count;           /* rows */
    const struct str *raws, *identifiers;
    const int64_t *ts_ms;
    const struct str *events; /* different names */
    uint32_t event_count;
    const uint16_t *event_codes;        /* by row: its place among them */
    const struct base_hash128 *records; /* of record_id (store_record.h) ... */
    const uint32_t *nths;               /* ... and the occurrence */
    const struct store_columns_field
        *fields; /* names are different, those of properties, and those of traits */
    size_t field_count;
    /* Others, in order: items_before[i] rows come before items[i]. */
    struct store_item *items;
    const uint32_t *items_before;
    size_t item_count;

    struct arena *arena;                /* for what is found out: */
    uint64_t out_stored, out_duplicate; /* rows; not the items, which have their verdicts */
    struct store_columns_bad *out_bad;  /* in order, and their number */
    uint64_t out_bad_count;
};

/* The row as an item, in the arena. */
bool store_columns_item(const struct store_columns *columns, uint32_t row, struct arena *arena,
                        struct store_item *out, struct fail *fail) MUST_USE;
/* As store_submit_bulk. */
void store_submit_columns(struct store *store, struct store_columns *columns,
                          void (*done)(void *context, const struct fail *fail), void *context);
