/* store_narrow.h — narrow pieces: rows of nothing but time and label, for scans that ask for no more.
 *
 * What: what store_read.h's pieces are to ordinary scans: a piece for each source, and one merged from them. Rows
 *   bear one byte in place of a code, and only wanted ones are kept, so that much less is written and read again.
 *   Where slots are asked for (store_event.h), rows bear these in place of times, which are not read at all but of the few
 *   customers of whom several pieces have rows in one slot.
 * Owner: the cursor; pieces keep their memory from batch to batch.   Threads: one cursor.
 * Failure: FAIL_LIMIT over the budget, FAIL_CORRUPT.   Limits/cost: some 2 ns a row.
 * Units: ms UTC.   Example: none, internal.   Not here: what labels mean (query).
 */
#pragma once

#include "store_read.h"

struct store_narrow_piece {
    uint32_t customer_count, row_count;
    struct store_vec customers; /* uint32_t, ascending; each has rows */
    struct store_vec row_begin; /* uint32_t, one more */
    struct store_vec ts;        /* int64_t; where times were read */
    struct store_vec slots;     /* int32_t; where slots were read or are asked for */
    struct store_vec labels;    /* uint8_t */
};
/* Rows behind the last that a piece has room for: they are written or read along with others, and mean nothing. */
#define STORE_NARROW_SLACK 64U

struct store_narrow; /* a cursor's: a piece for each source, and the merged one */
struct store_narrow *store_narrow_new(size_t piece_count);
void store_narrow_free(struct store_narrow *narrow, size_t piece_count,
                       struct base_budget *budget); /* accepts NULL */

/* Forgets the pieces of the batch before. With `in_slots` no times are read but of who has rows of one slot in several pieces. */
void store_narrow_start(struct store_narrow *narrow, const struct store_read_plan *plan,
                        bool in_slots);
/* Adds the rows of a segment's spans that the plan wants. Pieces are added in the order of arrival. */
bool store_narrow_add_segment(struct store_narrow *narrow, struct store_segment *segment,
                              const struct store_spans *spans, struct store_reading *reading,
                              struct fail *fail) MUST_USE;
/* Adds what an ordinary piece holds. */
bool store_narrow_add_piece(struct store_narrow *narrow, const struct store_piece *from,
                            struct base_budget *budget, struct fail *fail) MUST_USE;
/* Adds the runs of joined customers, which are customers of the pieces of `parts`, as store_piece_join does. Both with times. */
bool store_narrow_join(struct store_narrow *narrow, const struct store_runs *runs,
                       const struct store_narrow *parts, struct store_roots *tied,
                       struct base_budget *budget, struct fail *fail) MUST_USE;
/* All that was added, by customer, then by (ts, order of pieces); with slots where the plan asks for them. *out is NULL where it
   was added in slots, and these do not tell the order of too many customers: it is to be added once more, with times. */
bool store_narrow_merge(struct store_narrow *narrow, struct base_budget *budget,
                        const struct store_narrow_piece **out, struct fail *fail) MUST_USE;

/* ---- inside (store_narrow*.c only) ---------------------------------------------------------------------- */

/* What a piece was read from, to read customers of it once more: slots do not tell which of two rows came first. */
struct store_narrow_origin {
    struct store_segment *segment; /* NULL: no segment alone; the piece has times */
    const struct store_spans *spans;
    struct store_reading *reading;
};
struct store_narrow_head { /* of a piece that is being merged */
    uint32_t number;       /* of its next customer; STORE_NO_CUSTOMER: none left */
    uint32_t next;         /* index of that one */
};
struct store_narrow_rows { /* of one customer in one piece */
    const int64_t *ts_ms;
    const uint8_t *labels;
    uint32_t count;
};
struct store_narrow_slots { /* the same, where slots were read */
    const int32_t *slots;
    const uint8_t *labels;
    uint32_t count;
};
struct store_narrow {
    struct store_narrow_piece *pieces;
    struct store_narrow_origin *origins; /* of the pieces */
    size_t count;                        /* of this batch */
    const struct store_read_plan *plan;
    bool in_slots;
    uint32_t read_again; /* customers of the last merge */
    bool
        slots_fail; /* slots do not tell the order of too many customers: times are read from then on */
    struct store_narrow_piece merged;
    struct store_narrow_piece *again; /* by piece: one customer of it, with times */
    struct store_narrow_head *heads;
    struct store_narrow_rows *sources; /* of the customer that is merged */
    struct store_narrow_slots *slot_sources;
    struct store_narrow_piece aside;    /* what others than the largest have of it */
    struct store_narrow_piece laid[2];  /* what some of several pieces have of it, by slots */
    struct store_vec run_begin;         /* uint32_t: where the runs of one customer begin */
    struct store_vec run_ts, run_label; /* a customer's rows while they are put in order */
};
/* Empty. */
struct store_narrow_piece *store_narrow_next_piece(struct store_narrow *narrow,
                                                   struct store_narrow_origin origin);
enum store_narrow_of { STORE_NARROW_TIMES, STORE_NARROW_SLOTS };
bool store_narrow_room(struct store_narrow_piece *piece, enum store_narrow_of of, size_t customers,
                       size_t rows, struct base_budget *budget, struct fail *fail) MUST_USE;
/* The rows of a customer of piece `piece`, with their times, as narrow->again[piece]. */
bool store_narrow_read_again(struct store_narrow *narrow, size_t piece, uint32_t customer,
                             struct fail *fail) MUST_USE;
