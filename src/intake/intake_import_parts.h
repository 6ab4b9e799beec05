/* intake_import_parts.h — what the parts of reading a file share.
 *
 * What: the import itself, and how records become drafts of events, whoever reads them: one after the other
 *   (intake_import.c), or in pieces that several threads read at once (intake_piece.h).
 * Owner: intake_import_open/intake_import_close.   Threads: what is not changed after opening may be read by any.
 * Failure: as intake_import.h.   Limits/cost: none of its own.   Units: *_ms UTC, bytes.
 * Example: none, internal.   Not here: the faces (intake_import.h, intake_piece.h).
 */
#pragma once

#include "intake_import.h"
#include "intake_map.h"
#include "intake_mbox.h"
#include "intake_window.h"

struct intake_import {
    struct intake_window window;
    const struct intake_source *source;
    enum intake_format format;
    struct intake_decoder *decoder;
    struct intake_repeats *repeats;
    struct arena *arena; /* header, map */
    struct intake_header header;
    struct intake_csv_cell *cells; /* room for one more than the header has */
    char delimiter;
    bool mapped;
    struct intake_map map;
    struct str way, known_raw; /* as of a draft */
    struct intake_mbox mbox;
    uint64_t lines;   /* taken from the window, blank ones too */
    uint64_t records; /* of CSV: without blank lines and the header */
    uint64_t returned;
    bool expected; /* room was made for all records that will come */
    bool failed;   /* `late` is to be returned by the next call */
    struct fail late;
};

/* Who reads a record, and into what. */
struct intake_reading {
    struct intake_decoder *decoder;
    const struct intake_source *source;
    struct arena *arena;
    struct intake_late_id *late_id;
};
/* Begins the draft of a record, whose bytes are copied. False: hard. */
bool intake_import_draft(const struct intake_import *import, const struct intake_reading *reading,
                         const struct intake_places *places, struct str raw,
                         struct intake_draft *draft, struct fail *fail) MUST_USE;
/* So many records were read in all so far, with the bytes that were: makes room for those that will come. */
void intake_import_expect(struct intake_import *import);

/* ---- CSV (intake_import_csv.c) ----------------------------------------------------------------------------- */

/* Reads the header row. */
bool intake_csv_header(struct intake_import *import, struct fail *fail) MUST_USE;
/* FAIL_INPUT: a CSV without a map; with its columns, and a map to start from. */
bool intake_csv_no_map(const struct intake_header *header, struct fail *fail);
/* The record at the window's beginning; INTAKE_CSV_MORE: more of the file must be read first. */
enum intake_csv_result intake_csv_peek(struct intake_import *import, size_t capacity,
                                       struct intake_csv_record *out);
/* The next record that is not blank. */
bool intake_csv_next(struct intake_import *import, size_t capacity, struct intake_csv_record *out,
                     bool *found, struct fail *fail) MUST_USE;
/* The record as an item; `cells` as they were scanned. */
bool intake_csv_item(const struct intake_import *import, const struct intake_reading *reading,
                     const struct intake_csv_record *record, const struct intake_csv_cell *cells,
                     uint64_t number, struct store_item *item, struct fail *fail) MUST_USE;
