/* app_demo_life.h — one customer of the demo, from the first visit to the last.
 *
 * What: a life is drawn from (seed, number of the customer) alone, with whole numbers and no functions whose last
 *   digit depends on the machine; its events are handed out one by one, in order of time but for what
 *   happens later by itself (a delivery).
 * Owner: items handed out live in the caller's arena.   Threads: one at a time.
 * Failure: what `emit` says.   Limits/cost: some microseconds an event.   Units: days since 1970-01-01.
 * Example: app_demo.c.   Not here: tables (app_demo_world.h).
 */
#pragma once

#include "store.h"

struct demo_sink {
    struct arena *arena;
    /* Takes one item; what it views lives in the arena. */
    bool (*emit)(struct demo_sink *sink, const struct store_item *item, struct fail *fail);
};

struct demo_span {
    int64_t first_day, last_day; /* the last included */
    int64_t end_ms;              /* what would happen from here on is not told */
};
/* The life of customer `number`. */
bool demo_live(uint64_t seed, uint64_t number, const struct demo_span *span, struct demo_sink *sink,
               struct fail *fail) MUST_USE;
