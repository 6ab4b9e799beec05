/* store_scan_segment.h — one piece from one segment, while it is being made.
 *
 * What: what the parts of making a piece share: stretches of rows within blocks and the rows selected.
 * Owner: vectors of struct store_reading.   Threads: one cursor.   Failure: FAIL_CORRUPT, FAIL_LIMIT.
 * Limits/cost: see store_read.h.   Units: rows of a block unless said otherwise.
 * Example: none, internal.   Not here: merging pieces.
 */
#pragma once

#include "store_read.h"

/* Rows [from, to) of one block, of spans that are read in one go. Those selected are rows [piece_from, piece_to)
   of the piece. */
struct store_stretch {
    uint32_t block, from, to;
    uint32_t piece_from, piece_to;
    size_t span; /* the first of the spans */
    bool gaps;   /* rows may lie between them, which are not selected */
};
struct store_segment_read {
    const struct store_read_plan *plan;
    struct store_segment *segment;
    const struct store_span *spans;
    size_t span_count;
    const uint32_t *span_customers; /* index in the piece; UINT32_MAX: left out */
    const struct store_stretch *stretches;
    size_t stretch_count;
    const uint32_t *selected; /* by row of the piece: row of its block */
    struct store_reading *reading;
    struct store_piece *piece;
};

/* Fills stretches, selected, and the piece's times and events (store_scan_select.c). */
bool store_segment_select(struct store_segment_read *read, struct fail *fail) MUST_USE;

bool store_segment_read_own(const struct store_segment_read *read, size_t column,
                            struct fail *fail) MUST_USE;
bool store_segment_read_values(const struct store_segment_read *read, size_t column,
                               enum store_segment_kind kind, struct fail *fail) MUST_USE;
/* What the values of one block bear in the rows of a stretch, which has some. `places_only`: true in place of each. */
bool store_segment_read_stretch(const struct store_segment_read *read,
                                const struct store_stretch *stretch,
                                const struct store_values *values,
                                const struct store_segment_column *column, bool places_only,
                                struct store_piece_column *into, struct fail *fail) MUST_USE;
/* A property by runs (store_scan_runs.c). */
bool store_segment_read_runs(const struct store_segment_read *read, size_t column,
                             struct fail *fail) MUST_USE;
bool store_segment_read_latest(const struct store_segment_read *read, size_t column, bool want_ts,
                               struct fail *fail) MUST_USE;
#define STORE_WINDOW 256U /* rows picked at once: those of one frame of integers */
/* Values of an integer column for selected rows (ascending, of one block). */
bool store_segment_pick_ints(const struct store_ints *ints, const uint32_t *rows, uint32_t count,
                             int64_t *out, struct fail *fail) MUST_USE;
bool store_segment_pick_codes(const struct store_ints *ints, const uint32_t *rows, uint32_t count,
                              uint32_t bound, uint32_t *out, struct fail *fail) MUST_USE;
