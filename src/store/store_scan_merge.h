/* store_scan_merge.h — merging pieces from inside: what store_scan_merge.c and store_scan_join.c share.
 *
 * What: rows are planned first, as copies of parts of pieces in their new order, and then copied, column by column.
 * Owner: vectors of the merger, which keep their memory.   Threads: one cursor.
 * Failure: FAIL_LIMIT.   Limits/cost: some ns a row and column.   Units: rows of pieces.
 * Example: none, internal.   Not here: what pieces are (store_read.h), narrow rows (store_narrow.h).
 */
#pragma once

#include "store_read.h"

struct store_merge_op { /* copies rows [from, from + count) of one piece */
    uint32_t piece, from, count;
};

struct
    store_merge_head { /* by piece; joining, by run of the customer being merged, but for entries */
    uint32_t piece;    /* index */
    uint32_t customer; /* index of the next customer in the piece */
    uint32_t row, end; /* of the customer being merged */
    uint32_t entry;    /* of the column being copied */
};

struct store_merging {
    struct store_piece_merger *merger;
    const struct store_read_plan *plan;
    struct store_piece *const *pieces;
    size_t piece_count;
    struct store_merge_head *heads;
    uint32_t *active; /* heads with rows left of the customer being merged, ascending */
    size_t active_count;
    size_t op_count;
    struct base_budget *budget;
    struct store_piece *out;
    size_t rows;
    bool seeks;                    /* rows of a piece are not copied in their order */
    const struct store_runs *runs; /* joining */
    bool tie;                      /* two heads had rows of one time */
};

bool store_merging_start(struct store_merging *m, size_t customers, size_t heads,
                         struct fail *fail) MUST_USE;
/* Plans the rows of the active heads, by time. */
bool store_merging_rows(struct store_merging *m, struct fail *fail) MUST_USE;
/* Adds what is known of a piece's customer to that of a merged one. */
void store_merging_facts(const struct store_merging *m, uint32_t customer, size_t piece,
                         uint32_t from);
/* What decides the trait of a customer. `out->lasts` has room. */
bool store_merging_add_latest(const struct store_merging *m, struct store_piece_column *out,
                              uint32_t customer, const struct store_trait_last *best,
                              const struct store_piece_column *best_in, struct fail *fail) MUST_USE;
/* Once the order of rows is planned: rows and their columns. */
bool store_merging_copy(struct store_merging *m,
                        bool (*latest)(struct store_merging *m, size_t column, struct fail *fail),
                        struct fail *fail) MUST_USE;
