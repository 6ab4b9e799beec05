/* store_build_days.h — the days of a segment's events while its rows come.
 *
 * What: of each frequent event, and of all events but bookkeeping together, how many customers did it on a day and did it last
 *   before on another (store_segment.h says how that is read). Counting is shared with the check of a segment.
 * Owner: whoever made it; store_build_days_free.   Threads: one.
 * Failure: without memory, or where times are too far apart, there are no days; nothing fails for it.
 * Limits/cost: 32 MiB of cells; some 3 ns a row. As many of the most frequent events as have room, 64 at most.
 * Units: rows, days, ms UTC.   Example: none, internal.   Not here: reading (store_segment_days.c).
 */
#pragma once

#include "base_zone.h"
#include "store_build.h"

#define STORE_DAYS_EVENTS_MAX 64U /* the most frequent ones: their codes are the lowest */
#define STORE_DAYS_CELLS_MOST ((size_t)8 << 20)
#define STORE_DAYS_ROWS_A_CELL                                                                     \
    2U /* at least, of customers and days to cells that are not 0; or it does not pay */

/* Cells of one set while rows are counted into it, in the order of the rows. */
struct store_days_counter {
    uint32_t *cells;
    int64_t customer; /* of the row before; -1: none yet */
    uint32_t day;
};
static inline void store_days_count_row(struct store_days_counter *counter, int64_t customer,
                                        uint32_t day)
{
    bool again = counter->customer == customer;
    if (again && counter->day == day) {
        return;
    }
    uint32_t before = again ? counter->day + 1 : 0;
    counter->customer = customer;
    counter->day = day;
    counter->cells[store_days_cells(day) + before]++;
}

struct store_build_days {
    struct arena *arena;
    struct zone_intervals days;
    int64_t slot_first;
    uint16_t *day_of; /* by slot from there */
    uint32_t events;  /* sets[1 + code] is that of an event, sets[0] of all but bookkeeping */
    struct store_days_counter sets[1 + STORE_DAYS_EVENTS_MAX];
    const uint8_t *bookkeeping; /* by code of the file */
};
