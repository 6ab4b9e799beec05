/* store_ranges.h — ascending numbers as few ranges: rows, joins, identifiers that belong together.
 *
 * What: numbers are added in ascending order; what adjoins becomes one range.
 * Owner: store_ranges_done.   Threads: one at a time.
 * Failure: FAIL_NO_MEMORY, only where room is made.
 * Limits/cost: 16 bytes a range; a look-up is a binary search.   Units: none.
 * Example: see store_imports.c.   Not here: what the numbers are.
 */
#pragma once

#include "base_mem.h"

struct store_range {
    uint64_t first, end; /* [first, end) */
};
struct store_ranges {
    struct store_range *at;
    size_t count, capacity;
};
void store_ranges_done(struct store_ranges *ranges);
/* Makes room for one more, so that the next adding cannot fail. */
bool store_ranges_room(struct store_ranges *ranges, struct fail *fail) MUST_USE;
/* Nothing below what is there already; an empty range adds nothing. Room must have been made. */
void store_ranges_add(struct store_ranges *ranges, struct store_range range);
bool store_ranges_copy(const struct store_ranges *from, struct store_ranges *out,
                       struct fail *fail) MUST_USE;
bool store_ranges_hold(const struct store_ranges *ranges, uint64_t number);
uint64_t store_ranges_sum(const struct store_ranges *ranges);
/* Does any of them reach into [first, end)? */
bool store_ranges_touch(const struct store_ranges *ranges, uint64_t first, uint64_t end);
