/* state_segments.h — saved segments: a name and its definition in JSON.
 *
 * What: stores definitions as text; what they mean is checked before (query_check_segment).
 * Owner: rows are copied into the arena.   Threads: all safe.   Failure: as state_db.h;
 * FAIL_ABSENT. Limits/cost: STATE_SEGMENTS_MAX; one read or one commit.   Units: *_ms UTC. Example:
 * state_segment_find(state, name, arena, &segment, &found, fail) Not here: who is in a segment
 * (query).
 */
#pragma once

#include "state_db.h"

#define STATE_SEGMENTS_MAX 10000
#define STATE_SEGMENT_NAME_BYTES_MAX 200

struct state_segment {
    struct str name, definition; /* JSON */
    struct str owner;            /* name of who saved it last */
    int64_t updated_ms;
};
/* By name, byte order. */
bool state_segments_list(struct state *state, struct arena *arena, struct state_segment **out,
                         size_t *out_count, struct fail *fail) MUST_USE;
bool state_segment_find(struct state *state, struct str name, struct arena *arena,
                        struct state_segment *out, bool *out_found, struct fail *fail) MUST_USE;
/* Adds or replaces. */
bool state_segment_put(struct state *state, struct str name, struct str definition,
                       struct str owner, struct fail *fail) MUST_USE;
bool state_segment_delete(struct state *state, struct str name,
                          struct fail *fail) MUST_USE; /* FAIL_ABSENT */
