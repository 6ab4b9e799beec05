#include "state_segments.h"
#include "state_internal.h"

#define COLUMNS "SELECT name, definition, owner, updated_ms FROM segments"

static void row_read(const struct state_rows *rows, struct arena *arena, void *out)
{
    *(struct state_segment *)out = (struct state_segment){
        .name = state_get_text(rows, 0, arena),
        .definition = state_get_text(rows, 1, arena),
        .owner = state_get_text(rows, 2, arena),
        .updated_ms = state_get_int(rows, 3),
    };
}

static const struct state_saved SEGMENTS = {"saved segments", "SELECT count(*) FROM segments",
                                            STATE_SEGMENTS_MAX, sizeof(struct state_segment),
                                            row_read};

bool state_segments_list(struct state *state, struct arena *arena, struct state_segment **out,
                         size_t *out_count, struct fail *fail)
{
    return state_saved_list(state, &SEGMENTS, COLUMNS " ORDER BY name", NULL, 0, arena, out,
                            out_count, fail);
}

bool state_segment_find(struct state *state, struct str name, struct arena *arena,
                        struct state_segment *out, bool *out_found, struct fail *fail)
{
    struct state_value key = state_text(name);
    return state_saved_find(state, &SEGMENTS, COLUMNS " WHERE name = ?1", &key, 1, arena, out,
                            out_found, fail);
}

bool state_segment_put(struct state *state, struct str name, struct str definition,
                       struct str owner, struct fail *fail)
{
    struct state_value values[] = {state_text(name), state_text(definition), state_text(owner),
                                   state_int(base_now_ms(state_clock(state)))};
    return state_saved_name(name, "/name", "a segment's name", STATE_SEGMENT_NAME_BYTES_MAX,
                            fail) &&
           state_saved_add(state, &SEGMENTS,
                           "INSERT INTO segments (name, definition, owner, updated_ms)"
                           " VALUES (?1, ?2, ?3, ?4) ON CONFLICT (name) DO UPDATE SET"
                           " definition = excluded.definition, owner = excluded.owner,"
                           " updated_ms = excluded.updated_ms",
                           values, ARRAY_LEN(values), NULL, fail);
}

bool state_segment_delete(struct state *state, struct str name, struct fail *fail)
{
    struct state_value values[] = {state_text(name)};
    bool row;
    return state_saved_change(state, "DELETE FROM segments WHERE name = ?1", values,
                              ARRAY_LEN(values), &row, fail) &&
           (row || fail_set(fail, FAIL_ABSENT, "there is no saved segment '%.*s'", STR_ARG(name)));
}
