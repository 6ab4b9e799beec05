/* state_dashboards.h — dashboards: pages of saved views under one filter.
 *
 * What: a name, and a definition as a JSON object; what may stand in it is checked before (app_dashboards.c).
 * Owner: rows are copied into the arena.   Threads: all safe.   Failure: as state_db.h; FAIL_ABSENT;
 *   FAIL_LIMIT past STATE_DASHBOARDS_MAX.
 * Limits/cost: STATE_DASHBOARDS_MAX; one read or one commit.   Units: *_ms UTC.
 * Example: state_dashboard_find(state, 3, arena, &dashboard, fail)
 * Not here: the views on it (state_views.h), and whether they are still there.
 */
#pragma once

#include "state_db.h"

#define STATE_DASHBOARDS_MAX 500
#define STATE_DASHBOARD_NAME_BYTES_MAX 200

struct state_dashboard {
    int64_t id;
    struct str name;
    struct str definition; /* JSON; missing in a list */
    struct str owner;      /* name of who made it */
    bool pinned;           /* stands first, for everybody */
    int64_t updated_ms;
};
/* Without their definitions; pinned ones first, then by id. */
bool state_dashboards_list(struct state *state, struct arena *arena, struct state_dashboard **out,
                           size_t *out_count, struct fail *fail) MUST_USE;
bool state_dashboard_find(struct state *state, int64_t id, struct arena *arena,
                          struct state_dashboard *out, struct fail *fail) MUST_USE;
/* id, updated_ms are given by the store. */
bool state_dashboard_add(struct state *state, const struct state_dashboard *dashboard,
                         int64_t *out_id, struct fail *fail) MUST_USE;
/* Its owner stays. */
bool state_dashboard_put(struct state *state, const struct state_dashboard *dashboard,
                         struct fail *fail) MUST_USE;
bool state_dashboard_delete(struct state *state, int64_t id, struct fail *fail) MUST_USE;
