/* state_views.h — saved views: a question kept under a name, for a page of the interface.
 *
 * What: name, page and question (JSON text).   Owner: rows are copied into the arena.
 * Threads: all safe.   Failure: as state_db.h; FAIL_ABSENT for an id that is none.
 * Limits/cost: STATE_VIEWS_MAX; one read or one commit.   Units: *_ms UTC.
 * Example: state_view_add(state, &view, &id, fail)
 * Not here: running the question (query).
 */
#pragma once

#include "state_db.h"

#define STATE_VIEWS_MAX 10000
#define STATE_VIEW_NAME_BYTES_MAX 200

struct state_view {
    int64_t id;
    struct str name, page, query; /* query: JSON */
    struct str owner;             /* who saved it first */
    int64_t updated_ms;
    bool pinned; /* stands first, for everybody */
};
bool state_views_list(struct state *state, struct arena *arena, struct state_view **out,
                      size_t *out_count,
                      struct fail *fail) MUST_USE; /* pinned ones first, then by id */
/* id, updated_ms are given by the store. */
bool state_view_add(struct state *state, const struct state_view *view, int64_t *out_id,
                    struct fail *fail) MUST_USE;
bool state_view_put(struct state *state, const struct state_view *view, struct fail *fail) MUST_USE;
bool state_view_delete(struct state *state, int64_t id, struct fail *fail) MUST_USE;
