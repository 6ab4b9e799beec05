/* store_bulk.h — rows of a large import in memory, by columns, until they are sealed.
 *
 * What: in place of fresh rows (store_fresh.h), which readers can look at, rows that nobody sees before the segment made of
 *   them is installed. Each different value of a column is kept once; a row has its place. So a row takes some fifty
 *   bytes, is appended without a look at its strings but to find them, and a segment is made of it without another.
 * Owner: the writer while it is filled, then the keeper; store_bulk_free.
 * Threads: one at a time.
 * Failure: FAIL_NO_MEMORY, FAIL_LIMIT of a row too many.
 * Limits/cost: STORE_BULK_ROWS_MAX rows; who fills it stops above store_bulk_bytes.   Units: *_ms UTC, bytes.
 * Example: see store_judge.c and store_build_bulk.c.   Not here: when it is sealed (store_commit.c).
 */
#pragma once

#include "store_dedup_own.h"
#include "store_internal.h"

#define STORE_BULK_ROWS_MAX ((uint32_t)1 << 21)
#define STORE_BULK_BYTES_MAX ((size_t)384 << 20) /* sealed above this */

enum store_bulk_own { /* columns that are no property and no trait */
                      STORE_BULK_CLIENT_TS,
                      STORE_BULK_SENT_AT,
                      STORE_BULK_SCORE,
                      STORE_BULK_TEXT,
                      STORE_BULK_MESSAGE_ID,
                      STORE_BULK_OWN,
};
struct store_bulk_column {
    bool trait;
    uint32_t name; /* the process's code; STORE_NO_CODE of own columns */
    /* One entry for each value, in order of rows. `rows` is NULL as long as row i has entry i and no other. */
    uint32_t *rows, *codes; /* codes: place in `values` */
    uint32_t count;
    size_t row_capacity, code_capacity;
    struct store_value *values; /* different ones, unless there are too many of them */
    uint32_t value_count;
    size_t value_capacity;
    uint32_t *slots; /* 1 + place, by hash */
    uint32_t slot_count;
};
struct store_bulk {
    uint32_t capacity, count;
    uint64_t arrival_first; /* of the first row; the others follow */
    int64_t *ts_ms, *received_at_ms;
    uint32_t *original, *events, *sources;
    uint32_t *channels, *scales; /* NULL: none has one */
    struct store_bulk_column *columns;
    size_t column_count, column_capacity;
    uint32_t *property_column, *trait_column; /* by code: 1 + column */
    size_t property_capacity, trait_capacity;
    struct store_dedup_own keys; /* of the rows that have one which nobody looks for */
    struct arena *strings;
    size_t value_bytes;
};

struct store_bulk *store_bulk_new(uint32_t capacity, uint64_t arrival_first);
void store_bulk_free(struct store_bulk *bulk); /* accepts NULL */
/* Empties the table and keeps most of its memory: pages that the system has to clear anew cost as much as filling them. */
void store_bulk_reset(struct store_bulk *bulk, uint64_t arrival_first);
/* Copies the row, whose arrival must be the next. */
bool store_bulk_append(struct store_bulk *bulk, const struct store_row *row,
                       struct fail *fail) MUST_USE;
/* Rows that were judged together, out of a batch of columns (store_columns.h). */
struct store_bulk_field {
    bool trait;
    uint32_t name;
    const struct store_value *values;
    const uint16_t *codes; /* by row of the batch: 1 + the place of its value; 0: none */
    uint32_t *places; /* by value: 1 + its place in the table's column; 0: not looked for yet */
};
struct store_bulk_rows {
    uint32_t count;
    const uint16_t *rows;     /* which of the batch */
    const uint32_t *original; /* by row here */
    const int64_t *ts_ms;     /* by row of the batch, */
    const uint16_t *event_codes;
    const uint32_t *events; /* by those */
    int64_t received_at_ms;
    uint32_t source, channel;
    const struct store_bulk_field *fields;
    size_t field_count;
};
/* As store_bulk_append of each, with the next arrivals. */
bool store_bulk_append_rows(struct store_bulk *bulk, const struct store_bulk_rows *rows,
                            struct fail *fail) MUST_USE;
/* Takes back the rows from `count` on. */
void store_bulk_rollback(struct store_bulk *bulk, uint32_t count);
size_t store_bulk_bytes(const struct store_bulk *bulk);
