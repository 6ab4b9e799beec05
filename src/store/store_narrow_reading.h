/* store_narrow_reading.h — inside of reading narrow rows out of one segment.
 *
 * What: what the ways of finding rows share: windows of all rows whose names are looked at (store_narrow_segment.c), and places
 *   of events (store_narrow_places.c).
 * Owner: the stack of one read; memory is the cursor's reading.   Threads: one cursor.
 * Failure: FAIL_LIMIT over the budget, FAIL_CORRUPT.   Limits/cost: as store_narrow.h.
 * Units: rows of the segment, unless said; ms UTC.   Example: none, internal.   Not here: pieces (store_narrow.h).
 */
#pragma once

#include "store_narrow.h"
#include "store_narrow_rows.h"
#include "store_scan_segment.h"

/* Of so many events at most places are merged. */
#define STORE_NARROW_LISTS_MAX 16U

struct store_narrowing { /* of one segment */
    const struct store_read_plan *plan;
    struct store_segment *segment;
    struct store_reading *reading;
    const struct store_span *spans; /* those not closed yet */
    const struct store_span *spans_end;
    bool gaps;             /* there are rows between them */
    const uint8_t *labels; /* by the file's codes */
    uint32_t event_count;
    uint32_t wanted[STORE_NARROW_LISTS_MAX]; /* the file's codes that have a label */
    uint32_t wanted_count;                   /* of all of them; above the most: they are not told */
    struct store_segment_column *events, *ts;
    struct store_narrow_piece *piece;
    bool in_slots;
    bool is_open; /* what follows */
    uint32_t open_block;
    struct store_ints open_events, open_ts;
    uint32_t unpolled; /* rows since the question was last asked whether it goes on */
};

struct store_labelling { /* rows of one block */
    uint32_t block;
    bool any;      /* one may be wanted */
    bool in_times; /* all of them are */
    bool gaps;     /* some may lie between spans */
    struct store_times times;
    const struct store_ints *events, *ts;
};

/* The span's rows are those added since the one before it was closed. */
static inline void store_narrow_close_span(struct store_narrowing *n, uint32_t rows_end)
{
    struct store_narrow_piece *piece = n->piece;
    uint32_t *row_begin = piece->row_begin.data;
    if (rows_end > row_begin[piece->customer_count]) {
        ((uint32_t *)piece->customers.data)[piece->customer_count++] = n->spans->customer;
        row_begin[piece->customer_count] = rows_end;
    }
    n->spans++;
}

/* The slots of times that begin and end with one; false where they do not. */
static inline bool store_narrow_slots_within(const struct store_labelling *l,
                                             struct store_slots *out)
{
    *out = (struct store_slots){INT32_MIN, INT32_MAX};
    if (l->in_times) {
        return true;
    }
    bool begins = l->times.from_ms != INT64_MIN;
    bool ends = l->times.last_ms != INT64_MAX;
    store_slots_of(&l->times.from_ms, begins ? 1 : 0, &out->from);
    store_slots_of(&l->times.last_ms, ends ? 1 : 0, &out->last);
    return !(begins && l->times.from_ms % STORE_SLOT_MS != 0) &&
           !(ends && (l->times.last_ms + 1) % STORE_SLOT_MS != 0);
}

/* Closes the spans that end at or before the row; all rows before it are taken in. */
void store_narrow_close_before(struct store_narrowing *n, uint32_t row);
/* Takes in rows [from, to) of the block by the places of the wanted events, where these are known and few for the `rows` rows
   that the spans have there; *out_taken is false where they are not, and nothing was done. */
bool store_narrow_take_places(struct store_narrowing *n, const struct store_labelling *l,
                              uint32_t from, uint32_t to, uint32_t rows, bool *out_taken,
                              struct fail *fail) MUST_USE;
