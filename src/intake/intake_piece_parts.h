/* intake_piece_parts.h — a piece of a file, inside.
 *
 * What: its bytes, and the columns that are made of them.
 * Owner: intake_piece_free.   Threads: one at a time (intake_piece.h).
 * Failure: none.   Limits/cost: arrays of STORE_COLUMNS_ROWS_MAX, touched as far as there are rows.
 * Units: bytes, records.   Example: none, internal.   Not here: the face (intake_piece.h).
 */
#pragma once

#include "intake_import_parts.h"
#include "intake_piece.h"

struct intake_piece_field { /* of the map's properties, then of its traits */
    struct store_value *values;
    uint16_t *codes;
};
struct intake_piece {
    const struct intake_import *import;
    struct intake_source source; /* as it was when the piece was read */
    char *text;                  /* INTAKE_CSV_PADDING bytes more than they are */
    size_t len, capacity;
    /* Where there are quotes: its records as they were found. */
    bool quotes;
    struct intake_csv_record *found;
    size_t found_count, found_capacity;
    uint64_t first_record; /* of the file */
    uint32_t records;      /* rows and items */
    uint32_t lines;        /* the same, and blank ones */
    struct arena *arena;   /* of what is made of it, until it is read anew */
    struct arena *lasting; /* of its arrays */
    struct store_columns columns;
    /* What the columns view, by row. */
    struct str *raws, *identifiers, *events;
    int64_t *ts_ms;
    uint16_t *event_codes;
    struct base_hash128 *hashes;
    uint32_t *nths, *row_records;
    struct intake_piece_field *fields;
    struct store_columns_field *columns_fields;
    /* By item. */
    struct store_item *items;
    struct intake_late_id *late;
    uint32_t *items_before, *item_records;
    size_t item_capacity, late_capacity, before_capacity, record_capacity;
};
