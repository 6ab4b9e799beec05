/* store_scan_plan.h — a scan as it is planned: columns with codes, the filter, units of work.
 *
 * What: what store_scan.c and store_scan_plan.c share.   Owner: the scan; all in its arena.
 * Threads: immutable but for next_unit.   Failure: FAIL_LIMIT, FAIL_NO_MEMORY.
 * Limits/cost: planning is linear in the groups of customers (512 or 16 Ki rows each).
 * Units: rows.   Example: none, internal.   Not here: reading.
 */
#pragma once

#include "store_read.h"

#define STORE_SCAN_BATCH_ROWS 65536U
#define STORE_SCAN_SLICE ((size_t)256) /* customers of a list that a cursor takes at once */

struct store_account_scan;
struct store_scan {
    struct arena *arena;
    struct store_account_scan *by_account; /* then nothing below is used */
    struct store_read_plan plan;
    struct store_moved *moved; /* the plan's; a reference, or NULL */
    uint32_t *asked;           /* columns of the plan, by column asked for */
    size_t asked_count;
    const uint32_t *list; /* the customers asked for, where listed */
    size_t list_count;
    bool listed;
    uint32_t *bounds; /* unit u is customers [bounds[u], bounds[u + 1]), where not listed */
    size_t unit_count;
    uint32_t batch_rows;
    bool ordered; /* batches of one cursor ascend: see store_scan_over */
    bool sliced;  /* see store_scan_slice */
    bool leaves;  /* see store_scan_leave_words */
    struct base_cancel *cancel;
    _Atomic size_t next_unit; /* any cursor; a plain counter, nothing hangs on its order */
};

bool store_scan_plan_columns(struct store_scan *scan, const struct store_sources *sources,
                             const struct store_scan_options *options, struct fail *fail) MUST_USE;
bool store_scan_plan_own_columns(struct store_scan *scan, const struct store_sources *sources,
                                 const struct store_read_column *columns, size_t count,
                                 struct fail *fail) MUST_USE;
/* Filter, moved customers, units. */
bool store_scan_plan_rows(struct store_scan *scan, const struct store_sources *sources,
                          const struct store_scan_options *options, struct fail *fail) MUST_USE;
