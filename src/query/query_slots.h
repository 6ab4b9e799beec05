/* query_slots.h — intervals of slots: for questions that ask for days and hours, and never for an instant.
 *
 * What: a table from slots (quarters of an hour, store_event.h) to intervals, where all borders that the question knows are
 *   borders of slots. Then the store need not read the rest of a time.
 * Owner: the arena.   Threads: immutable.   Failure: FAIL_LIMIT.
 * Limits/cost: QUERY_SLOTS_MAX slots; a look-up without a branch.   Units: slots; ms UTC.
 * Example: query_retention_narrow.c.   Not here: instants (query_interval.h).
 */
#pragma once

#include "base_zone.h"
#include "store_scan.h"

#define QUERY_SLOTS_MAX ((size_t)1 << 20) /* thirty years */

struct query_slots {
    int32_t first;
    unsigned
        shift; /* all borders lie a multiple of 2^shift slots after the first: no more are told apart than need be */
    uint32_t count;     /* of such groups of slots */
    uint32_t none;      /* stands for no interval: the number of intervals */
    const uint16_t *of; /* the interval in which group n lies; a few may be read past the end */
};
/* Are from_ms, to_ms and all borders of the intervals borders of slots, and not too many? */
bool query_slots_fit(const struct zone_intervals *intervals, int64_t from_ms, int64_t to_ms);
/* For those that fit: of slots within the intervals, and outside none. */
bool query_slots_make(const struct zone_intervals *intervals, struct arena *arena,
                      struct query_slots *out, struct fail *fail) MUST_USE;

/* slots->none outside all. */
static inline uint32_t query_slots_interval(const struct query_slots *slots, int32_t slot)
{
    uint32_t at = ((uint32_t)slot - (uint32_t)slots->first) >> slots->shift;
    return slots->of[at < slots->count ? at : slots->count];
}
/* The first slot at or after an instant that a slot begins with. */
static inline int32_t query_slot_at(int64_t ts_ms)
{
    int64_t slot = ts_ms / STORE_SLOT_MS;
    return slot > INT32_MAX ? INT32_MAX : slot < INT32_MIN ? INT32_MIN : (int32_t)slot;
}
