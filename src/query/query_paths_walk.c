/* One customer's events, and where a path goes on from each: no store, no counting. */
#include "query_paths.h"

bool paths_walk_new(struct arena *arena, struct base_budget *budget, struct paths_walk **out,
                    struct fail *fail)
{
    struct paths_walk *walk = arena_array(arena, 1, sizeof *walk, fail);
    if (walk == NULL) {
        return false;
    }
    walk->events = arena_array(arena, 1, sizeof *walk->events, fail);
    if (walk->events == NULL) {
        return false;
    }
    query_vec_init(walk->events, arena, budget, sizeof(struct paths_event));
    *out = walk;
    return true;
}

/* Where `one` leads to, whose neighbour (in the direction of the walk) is known already. A neighbour of the
   same name stands for where it leads itself: so runs are passed over without walking them for each start. */
static uint32_t next_of(const struct paths_body *body, const struct paths_event *one,
                        const struct paths_event *neighbour, uint32_t neighbour_index)
{
    int64_t pause_ms =
        body->backwards ? one->ts_ms - neighbour->ts_ms : neighbour->ts_ms - one->ts_ms;
    if (pause_ms > body->gap_ms) {
        return PATHS_NOWHERE;
    }
    return body->collapse && one->name == neighbour->name ? neighbour->next : neighbour_index;
}

void paths_walk_link(struct paths_walk *walk, const struct paths_body *body)
{
    struct paths_event *events = walk->events->data;
    uint32_t count = (uint32_t)walk->events->count;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t at = body->backwards ? i : count - 1 - i;
        uint32_t neighbour = body->backwards ? at - 1 : at + 1;
        events[at].next =
            i == 0 ? PATHS_NOWHERE : next_of(body, &events[at], &events[neighbour], neighbour);
    }
}

uint32_t paths_walk_from(const struct paths_walk *walk, const struct paths_body *body, uint32_t at,
                         uint32_t names[QUERY_PATHS_NAMES_MAX])
{
    const struct paths_event *events = walk->events->data;
    uint32_t count = 0;
    for (; at != PATHS_NOWHERE && count <= body->steps; at = events[at].next) {
        names[count++] = events[at].name;
    }
    return count;
}
