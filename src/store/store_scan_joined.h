/* store_scan_joined.h — customers that were joined since segments were laid out, as one piece.
 *
 * What: a joined customer's rows lie in each segment as one run for each number that it had, in timeline order. They are
 *   read as any customer's are, all of a batch in the order of their places, and the runs of each root are put together.
 *   What that cannot tell is left to gathering (store_scan_moved.c): roots that something was split off, and those with rows
 *   of one time in two runs.
 * Owner: the cursor; everything keeps its memory from batch to batch.   Threads: one cursor.
 * Failure: FAIL_LIMIT over the budget, FAIL_CORRUPT.   Limits/cost: some 0.2 us a run, and what its rows cost.
 * Units: none.   Example: store_scan.c.   Not here: who moved (store_moved.h).
 */
#pragma once

#include "store_narrow.h"
#include "store_scan_plan.h"

struct store_joined {
    size_t segment_count, column_count;
    struct store_spans *spans;    /* by segment */
    struct store_piece *pieces;   /* by segment; of wide scans */
    struct store_narrow *parts;   /* of narrow ones */
    struct store_piece **sources; /* those of this batch */
    struct store_piece_merger merger;
    struct store_vec places; /* uint32_t: indices of the moved numbers of this batch, ascending */
    size_t place_count;
    struct store_vec numbers; /* uint32_t: the same as numbers */
    struct store_vec runs;    /* struct store_run_of */
    struct store_roots left;  /* of this batch: for gathering */
};

bool store_joined_new(const struct store_read_plan *plan, struct store_joined **out,
                      struct fail *fail) MUST_USE;
void store_joined_free(struct store_joined *joined, struct base_budget *budget); /* accepts NULL */

/* Where the rows of all moved numbers are, of a scan over ranges, so that no batch has to look through the directory. */
bool store_joined_plan(struct store_scan *scan, struct fail *fail) MUST_USE;
/* How many rows a root has in the segments, as planned. */
size_t store_joined_rows(const struct store_read_plan *plan, uint32_t root);

/* Reads the roots (ascending; moved) into `out`, or as one more piece of `narrow`. `joined->left` is what is to be gathered,
   ascending. */
bool store_joined_wide(struct store_joined *joined, const struct store_read_plan *plan,
                       const uint32_t *roots, size_t count, const struct store_piece_order *order,
                       struct store_reading *reading, struct store_piece *out,
                       struct fail *fail) MUST_USE;
bool store_joined_narrow(struct store_joined *joined, const struct store_read_plan *plan,
                         const uint32_t *roots, size_t count, struct store_reading *reading,
                         struct store_narrow *narrow, struct fail *fail) MUST_USE;
