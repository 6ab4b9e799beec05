/* store_daily.h — how many customers did something in stretches of days, for most without a look at their rows.
 *
 * What: the segment with the most customers tells how many of its own did it (store_segment.h, days of events). Those who have
 *   rows elsewhere too, or were joined since, are taken out of that number, and are the rest, whose rows are to be read.
 * Owner: the arena.   Threads: one; the snapshot must outlive it.
 * Failure: FAIL_LIMIT, FAIL_CORRUPT.
 * Limits/cost: a read of some 100 KB for each question and year; of the rest their rows in that segment, some 5 ns each. Of more than
 *   one in STORE_DAILY_REST_ONE_IN of the customers it would not pay.
 * Units: ms UTC, customers.   Example: query_daily.c.   Not here: reading the rest (store_scan.h).
 */
#pragma once

#include "store.h"

#define STORE_DAILY_REST_ONE_IN 6U

struct store_daily;
/* `cancel` NULL: never. *out is NULL where no segment can tell, or it would not pay. */
bool store_daily_open(struct store_snapshot *snapshot, int64_t from_ms, int64_t to_ms,
                      struct base_cancel *cancel, struct arena *arena, struct store_daily **out,
                      struct fail *fail) MUST_USE;
/* The rest: roots, ascending; never NULL. */
const uint32_t *store_daily_rest(const struct store_daily *daily, size_t *out_count);

struct store_daily_question {
    const uint8_t *wanted; /* by event code: 1 where it is */
    uint32_t code_count;
    const int64_t *edges; /* stretch_count + 1, ascending, from from_ms to to_ms */
    size_t stretch_count;
};
/* Of all but the rest, how many did one of the wanted events in each stretch, and, last, at all. *out_known is false where that cannot
   be told. */
bool store_daily_count(struct store_daily *daily, const struct store_daily_question *question,
                       uint64_t *out, bool *out_known, struct fail *fail) MUST_USE;
