/* store_scan_cursor.h — cursors from inside: what store_scan.c and store_scan_batch.c share.
 *
 * What: a cursor takes units of customers off the scan, cuts them into batches, and has each batch read.
 * Owner: the cursor; everything keeps its memory from batch to batch.   Threads: one cursor.
 * Failure: FAIL_LIMIT over the budget, FAIL_CORRUPT.   Limits/cost: finding costs some ns a customer and segment.
 * Units: rows.   Example: none, internal.   Not here: reading rows (store_read.h, store_narrow.h).
 */
#pragma once

#include "store_scan_joined.h"

/* What one batch is made of. */
struct store_batch {
    struct store_fresh_pick fresh; /* where roots come apart: of others */
    struct store_fresh_pick fresh_roots;
    size_t root_count;
    size_t rows; /* about */
};

struct store_cursor {
    struct store_scan *scan;
    struct store_account_cursor *by_account; /* then nothing below is used but rows */
    struct store_read_plan plan;             /* the scan's */
    struct store_batch batch;
    struct base_budget *budget;
    struct store_reading reading;
    struct store_joined *joined; /* NULL where nobody moved, as the next */
    struct store_gather *gather;
    struct store_spans *spans;  /* by segment */
    struct store_piece *pieces; /* by segment, then those joined, those gathered, the fresh one */
    struct store_piece **live;  /* of this batch */
    size_t live_count;
    bool joined_next; /* the roots of the batch come by themselves, next */
    struct store_piece merged;
    struct store_piece_merger merger;
    struct store_narrow
        *narrow; /* with labels: in place of pieces, but those of joined and fresh rows */
    struct store_vec roots;       /* uint32_t: joined customers of this batch */
    struct store_vec positions;   /* uint32_t: fresh customers of this batch, where not a range */
    const uint32_t *list;         /* the scan's, or what store_cursor_list gave */
    size_t list_at, list_end;     /* what is left of the part taken from the list */
    uint32_t range_at, range_end; /* customers left of the unit taken */
    /* Of a customer that comes in slices: by segment, then fresh, the rows that are left (struct store_slice). */
    struct store_vec slices;
    uint32_t slice_step;
    bool slicing; /* some are left */
    struct store_column *columns;
    struct store_rows rows;
};

/* Rows of one source that are left to come. */
struct store_slice {
    uint32_t at, end;
};
/* The batch found is one customer, no root, and too long: the first slice of it becomes the batch, and as long as
   `slicing` the next. With facts each slice would bear those of the whole customer. */
bool store_slices_start(struct store_cursor *cursor, struct fail *fail) MUST_USE;
bool store_slices_next(struct store_cursor *cursor, struct fail *fail) MUST_USE;

/* Finds the customers of the next batch: their spans, roots and fresh positions. *out_found is false at the end of the
   scan. */
bool store_cursor_find(struct store_cursor *cursor, bool *out_found, struct fail *fail) MUST_USE;
