/* store_order.h — rows in the order of timelines: by customer, time and arrival.
 *
 * What: given each row's customer, time and event, in order of arrival, says in which order they stand in a segment.
 * Owner: what is made lies in the arena.   Threads: one at a time.
 * Failure: FAIL_NO_MEMORY, FAIL_LIMIT of the arena's budget.
 * Limits/cost: some 30 ns a row; 40 bytes a row while it works.   Units: *_ms UTC.
 * Example: see store_scan_fresh.c.   Not here: where rows come from (store_fresh.h, store_bulk.h).
 */
#pragma once

#include "base_mem.h"

struct store_order {
    uint32_t row_count, customer_count;
    uint32_t *customers; /* ascending */
    uint32_t *begin;     /* customer_count + 1: rows [begin[c], begin[c + 1]) of what follows */
    uint32_t *rows;      /* position by arrival */
    int64_t *ts_ms;
    uint32_t *events;
};
bool store_order_make(const uint32_t *customers, const int64_t *ts_ms, const uint32_t *events,
                      uint32_t row_count, struct arena *arena, struct store_order *out,
                      struct fail *fail) MUST_USE;

/* What a row is sorted and chosen by. */
struct store_timed_row {
    int64_t ts_ms;
    uint32_t row; /* its place: places follow arrival, which decides equal times */
    uint32_t event;
};
/* Rows of one customer into order of time, then of arrival. */
void store_timed_rows_sort(struct store_timed_row *rows, size_t count);
