/* store_read.h — what scan, timeline and build share: pieces of decoded rows, and how they merge.
 *
 * What: a read plan says what is wanted from which sources. For a range (or list) of customers each source
 *   (a segment, the customers joined since, the fresh rows) gives a piece: its customers and their rows that
 *   pass the filter, decoded. Pieces of one range are merged by customer, then by (ts, order of pieces):
 *   segments have disjoint, ascending ranges of arrival, fresh rows arrived last, and the rows of a joined
 *   customer come from all segments in one piece, so the order of pieces decides equal times.
 * Owner: plans: the scan. Pieces and vectors: the cursor; they keep their memory from batch to batch.
 * Threads: a plan is immutable; everything else belongs to one cursor.
 * Failure: FAIL_LIMIT over the budget, FAIL_CORRUPT.   Limits/cost: a few ns a row and column.
 * Units: *_ms UTC.   Example: none, internal.   Not here: the face (store_scan.h), the file (store_segment.h).
 */
#pragma once

#include "store_fresh.h"
#include "store_internal.h"
#include "store_moved.h"
#include "store_order.h"
#include "store_segment.h"
#include "store_vec.h"

/* ---- what is wanted ----------------------------------------------------------------------------------- */

enum store_read_of {
    STORE_READ_PROPERTY,     /* by row */
    STORE_READ_TRAIT_LATEST, /* by customer */
    STORE_READ_TRAIT_CELL,   /* by row, as sent: STORE_NULL removes */
    STORE_READ_CHANNEL,
    STORE_READ_SOURCE,
    STORE_READ_SCALE,
    STORE_READ_TEXT,
    STORE_READ_HAS_TEXT, /* true where there is one */
    STORE_READ_SCORE,
    STORE_READ_MESSAGE_ID,
    STORE_READ_RECEIVED_AT,
    STORE_READ_CLIENT_TS,
    STORE_READ_SENT_AT,
    STORE_READ_ARRIVAL,      /* an int */
    STORE_READ_ORIGINAL,     /* an int */
    STORE_READ_CHANNEL_CODE, /* codes of the process, as ints */
    STORE_READ_SOURCE_CODE,
    STORE_READ_SCALE_CODE,
};
struct store_read_column {
    enum store_read_of of;
    uint32_t name; /* code of a property or trait; STORE_NO_CODE: nothing bears it */
    const uint32_t
        *prefixes; /* of a latest trait: codes of its dotted prefixes, whose removal removes it */
    size_t prefix_count;
};

/* Fills in the prefixes: "address.city.name" is removed by removing "address.city" or "address". */
bool store_read_prefixes(const struct store_names *names, uint32_t trait, struct arena *arena,
                         struct store_read_column *column, struct fail *fail) MUST_USE;

/* Fresh rows of one or two tables in timeline order. Immutable once made. */
struct store_fresh_index {
    struct store_fresh_view views[2];
    size_t view_count;
    uint32_t row_count, customer_count;
    uint32_t *customers; /* roots, ascending */
    uint32_t *begin;     /* customer_count + 1: rows [begin[c], begin[c + 1]) of what follows */
    uint32_t *rows;      /* position over the views together */
    int64_t *ts_ms;
    uint32_t *events;
};
bool store_fresh_index_make(const struct store_fresh_view *views, size_t view_count,
                            const struct store_identity_view *identity, struct arena *arena,
                            struct store_fresh_index *out, struct fail *fail) MUST_USE;
/* The same of these customers alone (roots, ascending, unique), without a look at the rows of all others. */
bool store_fresh_index_make_few(const struct store_fresh_view *views, size_t view_count,
                                const struct store_identity_view *identity,
                                const uint32_t *customers, size_t customer_count,
                                struct arena *arena, struct store_fresh_index *out,
                                struct fail *fail) MUST_USE;
static inline const struct store_row *store_fresh_index_row(const struct store_fresh_index *index,
                                                            uint32_t at)
{
    uint32_t row = index->rows[at];
    if (row < index->views[0].count) {
        return store_fresh_row(index->views[0].fresh, row);
    }
    return store_fresh_row(index->views[1].fresh, row - index->views[0].count);
}

/* In the order of the index rows lie far apart in memory: asks for those that come soon, so that they are there when they
   are read. Called before row `at`. */
static inline void store_fresh_index_soon(const struct store_fresh_index *index, uint32_t at)
{
    enum { ROW_AHEAD = 16, CELLS_AHEAD = 8, LINE = 64 };
    if (at + ROW_AHEAD >= index->row_count) {
        return;
    }
    const char *row = (const char *)store_fresh_index_row(index, at + ROW_AHEAD);
    for (size_t line = 0; line < sizeof(struct store_row); line += LINE) {
        __builtin_prefetch(row + line);
    }
    /* Cells and the strings behind them were copied in together (store_fresh.c). */
    const struct store_row *nearer = store_fresh_index_row(index, at + CELLS_AHEAD);
    const char *cells = (const char *)nearer->properties;
    for (size_t line = 0; line < nearer->property_count * (sizeof(struct store_cell) + 8);
         line += LINE) {
        __builtin_prefetch(cells + line);
    }
}

/* Customers of the index: positions [0, count) of `list`, or [from, from + count) where it is NULL; of one alone, where
   `row_end` is not 0, only those of its rows that lie in [row_first, row_end) of the index. */
struct store_fresh_pick {
    const uint32_t *list;
    uint32_t from, count;
    uint32_t row_first, row_end;
};
size_t store_fresh_pick_rows(const struct store_fresh_index *index,
                             const struct store_fresh_pick *pick);
uint32_t store_fresh_index_find(const struct store_fresh_index *index,
                                uint32_t customer); /* first not less */

struct store_read_plan {
    const struct store_names *names;
    const struct store_identity_view *identity;
    struct store_segment *const *segments;
    size_t segment_count;
    const struct store_fresh_index *fresh; /* NULL: none */
    const struct store_moved *moved;       /* NULL: nobody. Left out of ranges, joined instead */
    /* Of a scan over ranges: by segment and index of a moved number its rows there, and what is known of them where facts are
       wanted; else NULL. */
    const struct store_moved_rows *const *moved_rows;
    struct store_span_facts *const *moved_facts;
    const struct store_read_column *columns; /* each once; the rows' own ones first */
    size_t column_count;
    size_t own_count;   /* columns [0, own_count) are neither properties nor traits */
    bool property_runs; /* equal values of neighbouring rows may come as one entry */
    bool any_latest;    /* one of the columns is STORE_READ_TRAIT_LATEST */
    /* By code of a property, or trait for STORE_READ_TRAIT_CELL: 1 + its column, 0: not wanted. */
    const uint32_t *property_slots, *cell_slots;
    uint32_t property_slot_count, cell_slot_count;
    /* Filter of rows. `wanted` by event code, NULL: all events; codes at or above the count: unwanted. */
    const uint8_t *wanted;
    uint32_t wanted_count;
    const uint8_t *
        labels; /* by event code, `wanted_count`: what narrow rows bear; NULL: rows are not narrow */
    bool slots;     /* narrow rows bear slots in place of times */
    bool any_order; /* rows of one slot may come in any order */
    /* Narrow rows bear any time of their slot, but where one of these slots is theirs; and come in any order in it. */
    bool coarse;
    uint32_t cut_count;
    int32_t cut_slots[STORE_CUTS_MAX + 2]; /* with the edges of the filter */
    bool all_times;
    int64_t from_ms, last_ms; /* both included */
    bool every_customer, want_facts;
    bool bearers_come; /* rows that bear a STORE_READ_TRAIT_CELL come whatever the filter */
};

static inline bool store_read_wants(const struct store_read_plan *plan, uint32_t event,
                                    int64_t ts_ms)
{
    if (!plan->all_times && (ts_ms < plan->from_ms || ts_ms > plan->last_ms)) {
        return false;
    }
    return plan->wanted == NULL || (event < plan->wanted_count && plan->wanted[event] != 0);
}

/* ---- pieces ------------------------------------------------------------------------------------------- */

/* The place that decides a trait of one customer: values [begin, begin + count), none where it removes. */
struct store_trait_last {
    uint32_t customer; /* index in the piece */
    uint32_t begin, count;
    int64_t ts_ms; /* set only where pieces are merged */
};
struct store_piece_column {
    uint32_t count;
    struct store_vec at;     /* uint32_t: row, of a latest trait: customer; ascending */
    bool runs;               /* entries are of rows [at, last]; else of one row each */
    struct store_vec last;   /* uint32_t */
    struct store_vec values; /* struct store_value */
    uint32_t last_count;
    struct store_vec lasts; /* struct store_trait_last, of a latest trait; customers ascending */
};
struct store_piece {
    uint32_t customer_count, row_count;
    struct store_vec customers;             /* uint32_t */
    struct store_vec row_begin;             /* uint32_t, one more */
    struct store_vec ts;                    /* int64_t */
    struct store_vec events;                /* uint32_t */
    struct store_vec first_seen, last_seen; /* int64_t; with facts */
    struct store_vec event_counts;          /* uint64_t; with facts */
    struct store_piece_column *columns;     /* plan->column_count */
};
/* The last rows of a column's entries. */
static inline const uint32_t *store_piece_lasts(const struct store_piece_column *column)
{
    return column->runs ? column->last.data : column->at.data;
}
bool store_piece_init(struct store_piece *piece, size_t column_count, struct fail *fail) MUST_USE;
void store_piece_done(struct store_piece *piece, size_t column_count, struct base_budget *budget);
/* Empties it and makes room for so many customers (rows and columns are the caller's). */
bool store_piece_start(struct store_piece *piece, const struct store_read_plan *plan,
                       size_t customers, struct base_budget *budget, struct fail *fail) MUST_USE;
/* Room for so many values more. */
bool store_piece_column_room(struct store_piece_column *column, size_t more,
                             struct base_budget *budget, struct fail *fail) MUST_USE;
/* One value more. Rows come in ascending order. */
bool store_piece_add(struct store_piece_column *column, uint32_t at, struct store_value value,
                     struct base_budget *budget, struct fail *fail) MUST_USE;
/* Latest traits: from `lasts` to values by customer, as the face promises. Done once, at the end. */
bool store_piece_settle_traits(struct store_piece *piece, const struct store_read_plan *plan,
                               struct base_budget *budget, struct fail *fail) MUST_USE;

/* How a piece is filled. */
struct store_piece_order {
    bool keep_all; /* customers without wanted rows stay */
    bool alone;    /* no other piece of this range: times of latest traits are not needed */
};
bool store_piece_from_fresh(const struct store_read_plan *plan, const struct store_fresh_pick *pick,
                            const struct store_piece_order *order, struct base_budget *budget,
                            struct store_piece *out, struct fail *fail) MUST_USE;

/* Rows [begin, end) of one customer in one segment, and what the directory knows of them. */
struct store_span {
    uint32_t customer, begin, end;
};
struct store_span_facts {
    int64_t first_ms, last_ms; /* of the rows that are no bookkeeping; nothing where count is 0 */
    uint64_t count;
};
struct store_spans {
    size_t count;
    struct store_vec spans;            /* struct store_span, ascending and apart */
    struct store_vec facts;            /* struct store_span_facts, with facts */
    struct store_directory *directory; /* the group read last, of the one segment it is used for */
    uint32_t directory_group;
};
void store_spans_done(struct store_spans *spans, struct base_budget *budget);
static inline size_t store_spans_rows(const struct store_span *spans, size_t count)
{
    size_t rows = 0;
    for (size_t i = 0; i < count; i++) {
        rows += spans[i].end - spans[i].begin;
    }
    return rows;
}
/* So many rows between two spans are read over and left out after: that costs less than beginning anew. */
#define STORE_GAP_ROWS 128U
/* How many spans from `at` on can be read in one go, and the row at which they end; whether rows lie between them. */
static inline size_t store_spans_in_one_go(const struct store_span *spans, size_t count, size_t at,
                                           uint32_t *out_end, bool *out_gaps)
{
    size_t next = at + 1;
    *out_end = spans[at].end;
    *out_gaps = false;
    for (; next < count && spans[next].begin - *out_end <= STORE_GAP_ROWS; next++) {
        *out_gaps |= spans[next].begin != *out_end;
        *out_end = spans[next].end;
    }
    return next - at;
}

/* What reading segments needs besides; keeps its memory. */
struct store_reading {
    struct base_budget *budget;
    struct base_cancel *cancel;
    uint64_t rows_scanned;
    struct store_values_scratch values; /* .strings: reset by the cursor before each batch */
    struct store_vec stretches, selected, span_customers, wanted, bearers, codes, names, rows,
        picks, deciding, places, place_times;
};
void store_reading_done(struct store_reading *reading);
bool store_piece_from_segment(const struct store_read_plan *plan, struct store_segment *segment,
                              const struct store_spans *spans,
                              const struct store_piece_order *order, struct store_reading *reading,
                              struct store_piece *out, struct fail *fail) MUST_USE;

/* Merges pieces in their order into `out`; customers without rows are left out unless the plan wants every
   customer. */
struct store_piece_merger {
    struct store_vec ops;   /* runs of rows to copy */
    struct store_vec heads; /* where each piece stands */
    struct store_vec active;
    struct store_vec first_runs; /* uint32_t: joining, by customer its first run */
};
void store_piece_merger_done(struct store_piece_merger *merger, struct base_budget *budget);
bool store_piece_merge(struct store_piece_merger *merger, const struct store_read_plan *plan,
                       struct store_piece *const *pieces, size_t piece_count,
                       struct base_budget *budget, struct store_piece *out,
                       struct fail *fail) MUST_USE;

/* What lies of a joined customer under one number in one piece: a customer of that piece. */
struct store_run_of {
    uint32_t root; /* index in the moved numbers */
    uint32_t piece, customer;
};
struct store_runs {
    const uint32_t *numbers;       /* those moved */
    const struct store_run_of *at; /* by root, then piece, then customer */
    size_t count;
};
struct store_roots { /* a list of numbers */
    struct store_vec numbers;
    size_t count;
};
bool store_roots_add(struct store_roots *roots, uint32_t number, struct base_budget *budget,
                     struct fail *fail) MUST_USE;
/* Puts the runs of each root together, pieces lying in the order of arrival. Where two runs of one piece have rows (or decide
   a trait) at the same time, only the arrival of each row tells their order: such roots are left out and added to
   `tied`. `keep_all`: roots without rows stay. */
bool store_piece_join(struct store_piece_merger *merger, const struct store_read_plan *plan,
                      const struct store_runs *runs, struct store_piece *const *pieces,
                      size_t piece_count, bool keep_all, struct base_budget *budget,
                      struct store_piece *out, struct store_roots *tied,
                      struct fail *fail) MUST_USE;

/* ---- spans and joined customers ----------------------------------------------------------------------- */

/* Adds the customers of [first, end) that the segment holds, ascending. */
bool store_spans_range(struct store_segment *segment, uint32_t first, uint32_t end, bool want_facts,
                       struct store_reading *reading, struct store_spans *out,
                       struct fail *fail) MUST_USE;
/* Adds those of `customers` (ascending) that the segment holds. */
bool store_spans_list(struct store_segment *segment, const uint32_t *customers, size_t count,
                      bool want_facts, struct store_reading *reading, struct store_spans *out,
                      struct fail *fail) MUST_USE;

/* Memory for gathering rows of customers of which only each row's number tells whose they are. */
struct store_gather;
struct store_gather *store_gather_new(size_t segment_count);
void store_gather_free(struct store_gather *gather, struct base_budget *budget);
/* The rows of `roots` (ascending, each its own root now) from all segments, by (ts, arrival). Only roots that
   have rows there become customers of the piece. */
bool store_piece_from_moved(const struct store_read_plan *plan, const uint32_t *roots, size_t count,
                            const struct store_piece_order *order, struct store_reading *reading,
                            struct store_gather *gather, struct store_piece *out,
                            struct fail *fail) MUST_USE;

/* ---- scans over chosen sources ------------------------------------------------------------------------ */

struct store_sources {
    struct store_names *names;
    const struct store_identity_view *identity;
    struct store_segment *const *segments;
    size_t segment_count;
    const struct store_fresh_index *fresh; /* NULL: none */
};
/* As store_scan_new, but over `sources` and with columns as read (each once, the rows' own ones first), in place of the
   options' columns. Batches of one cursor have ascending customers. Sources must outlive the scan. */
bool store_scan_over(const struct store_sources *sources, const struct store_scan_options *options,
                     const struct store_read_column *columns, size_t column_count,
                     struct store_scan **out, struct fail *fail) MUST_USE;
/* A customer of very many rows comes in several batches, one after the other, instead of whole. */
void store_scan_slice(struct store_scan *scan);
/* Strings of heaps come as places (store_codec.h), for store_words.h over the same segments; of a scan over chosen sources with no
   latest traits and no runs. Strings of dictionaries and of fresh rows live as long as their sources. */
void store_scan_leave_words(struct store_scan *scan);
/* The snapshot's sources, with fresh rows sorted (once per snapshot). */
/* Without the fresh rows, which then need not be sorted. Always true. */
bool store_sources_sealed(const struct store_snapshot *snapshot, struct store_sources *out);
bool store_sources_of(struct store_snapshot *snapshot, struct store_sources *out,
                      struct fail *fail) MUST_USE;
/* Enough of them for a scan over these customers (roots, ascending, unique): where they are few and nobody has asked
   for all yet, fresh rows of others are left alone. What is made lies in the arena. */
bool store_sources_of_few(struct store_snapshot *snapshot, const uint32_t *customers, size_t count,
                          struct arena *arena, struct store_sources *out,
                          struct fail *fail) MUST_USE;
