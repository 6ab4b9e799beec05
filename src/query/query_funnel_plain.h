/* query_funnel_plain.h — plain funnels: whose steps come in order, all of them needed, and nothing excluded.
 *
 * What: the level and the entry of all customers of a batch. Entries are not tried one by one. From one goes the earliest path to
 *   the next level, whatever its time; where that is too long, the latest path to the same row, found backwards, tells
 *   of all entries up to its own whether they can do it. They are passed over if not, and if so the next level is looked for from there.
 * Owner: the caller's.   Threads: any.   Failure: none.
 * Limits/cost: linear in the rows' words of 64, times steps at worst; with AVX-512, eight customers at a time.
 * Units: *_ms; rows and customers of the batch.
 * Example: query_funnel_walk.c.   Not here: other funnels (query_funnel_walk.c), counting (query_funnel.c).
 */
#pragma once

#include "query.h"

struct funnel_plain {
    /* Marked rows of each step, of the first those in the range; one word of zeros before and behind (query_places.h). */
    const uint64_t *steps[QUERY_STEPS_MAX];
    uint32_t step_count;
    int64_t window_ms;
    const int64_t *ts_ms;
    uint32_t customer_count;
    const uint32_t *row_begin; /* customer_count + 1 */
};
struct funnel_chosen { /* by customer */
    uint32_t *levels;  /* highest level of an entry; 0: none */
    uint32_t *entries; /* row of the first entry of that level, where there is one */
};
/* `room` has FUNNEL_ROOM(customers) numbers. */
#define FUNNEL_ROOM_EACH 10U
#define FUNNEL_ROOM(customers) (FUNNEL_ROOM_EACH * ((size_t)(customers) + 8))
void funnel_choose(const struct funnel_plain *plain, uint32_t *room, struct funnel_chosen *chosen);

/* The times between steps of all chosen paths: steps[s] gets those since step s - 1, as many as paths that reached it, and
   has room for FUNNEL_PAUSES_SPARE more than customers. Only with a window of up to UINT32_MAX ms. */
#define FUNNEL_PAUSES_SPARE 8U
struct funnel_pauses {
    uint32_t *times_ms[QUERY_STEPS_MAX];
    size_t counts[QUERY_STEPS_MAX];
};
void funnel_pauses(const struct funnel_plain *plain, const struct funnel_chosen *chosen,
                   struct funnel_pauses *out);

/* ---- the parts, for tests ------------------------------------------------------------------------------- */

void funnel_choose_portable(const struct funnel_plain *plain, struct funnel_chosen *chosen);
void funnel_pauses_portable(const struct funnel_plain *plain, const struct funnel_chosen *chosen,
                            struct funnel_pauses *out);
/* Where base_cpu_level says so. AVX2 has no lanes that are looked up and put apart at once: it goes the portable way
   (docs/decisions/0043-levels.md). */
void funnel_choose_avx512(const struct funnel_plain *plain, uint32_t *room,
                          struct funnel_chosen *chosen);
void funnel_pauses_avx512(const struct funnel_plain *plain, const struct funnel_chosen *chosen,
                          struct funnel_pauses *out);
