/* sql_encode.h — rows of the store, laid out as the bytes of a batch.
 *
 * What: one window of rows at a time, column after column, texts at the end (sql_wire.h).
 * Owner: the caller's; what it views lives as long as the store's batch.
 * Threads: one at a time.   Failure: in the buffer (base_buf_ok).
 * Limits/cost: linear in rows and columns.   Units: as the fields.
 * Example: sql_scan.c.   Not here: which rows (sql_scan.h).
 */
#pragma once

#include "sql_scan.h"

#define SQL_NO_COLUMN SIZE_MAX

struct sql_encode {
    const struct sql_world *world;
    const struct sql_scan_request *request;
    const struct store_rows *rows;
    size_t columns_at[SQL_FIELDS]; /* where the scan has a field's column; SQL_NO_COLUMN */
    size_t names_at;               /* the first of the named ones */
    size_t bag_at;                 /* the first of those that the JSON is made of */
    const uint32_t *bag_order;     /* these columns by name */
    uint32_t *bag_places;          /* of these columns, while rows are walked */
    const struct sql_names *names; /* what the JSON is made of */
    /* Kept rows, ascending, and whose they are; of `customers` both are places of customers. */
    const uint32_t *kept, *owner;
    struct arena *arena;   /* for a moment: ids */
    struct base_buf texts; /* of this window; kept for the next */
    const char *last_text; /* the newest text put there, and its place */
    size_t last_len, last_at;
};

/* The frame of rows kept[from..to). */
void sql_encode_batch(struct sql_encode *encode, size_t from, size_t to, bool last,
                      struct base_buf *out);
