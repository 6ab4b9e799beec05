#include "state_segments.h"

static struct state_segment row_read(const struct state_rows *rows, struct arena *arena)
{
    return (struct state_segment){
        .name = state_get_text(rows, 0, arena),
        .definition = state_get_text(rows, 1, arena),
        .owner = state_get_text(rows, 2, arena),
        .updated_ms = state_get_int(rows, 3),
    };
}

bool state_segments_list(struct state *state, struct arena *arena, struct state_segment **out,
                         size_t *out_count, struct fail *fail)
{
    struct state_link *link CLEANUP(state_link_done) = NULL;
    struct state_rows *rows CLEANUP(state_rows_done) = NULL;
    if (!state_read(state, &link, fail)) {
        return false;
    }
    int64_t count = 0;
    if (!state_count(link, "SELECT count(*) FROM segments", &count, fail) ||
        !state_select(link,
                      "SELECT name, definition, owner, updated_ms FROM segments ORDER BY name",
                      NULL, 0, &rows, fail)) {
        return false;
    }
    struct state_segment *list = arena_array(arena, (size_t)count, sizeof *list, fail);
    if (list == NULL) {
        return false;
    }
    for (int64_t i = 0; i < count; i++) {
        bool row = false;
        if (!state_next(rows, &row, fail)) {
            return false;
        }
        INVARIANT(row); /* one transaction: as many as were counted */
        list[i] = row_read(rows, arena);
    }
    *out = list;
    *out_count = (size_t)count;
    return true;
}

bool state_segment_find(struct state *state, struct str name, struct arena *arena,
                        struct state_segment *out, bool *out_found, struct fail *fail)
{
    struct state_link *link CLEANUP(state_link_done) = NULL;
    struct state_rows *rows CLEANUP(state_rows_done) = NULL;
    struct state_value values[] = {state_text(name)};
    bool row = false;
    if (!state_read(state, &link, fail) ||
        !state_select(link,
                      "SELECT name, definition, owner, updated_ms FROM segments WHERE name = ?1",
                      values, ARRAY_LEN(values), &rows, fail) ||
        !state_next(rows, &row, fail)) {
        return false;
    }
    if (row) {
        *out = row_read(rows, arena);
    }
    *out_found = row;
    return true;
}

bool state_segment_put(struct state *state, struct str name, struct str definition,
                       struct str owner, struct fail *fail)
{
    if (name.len == 0 || name.len > STATE_SEGMENT_NAME_BYTES_MAX || !str_is_utf8(name)) {
        return fail_input_at(fail, "/name", "a segment's name has 1 to %d bytes of UTF-8",
                             STATE_SEGMENT_NAME_BYTES_MAX);
    }
    struct state_link *link CLEANUP(state_link_done) = NULL;
    int64_t others = 0;
    struct state_value values[] = {state_text(name), state_text(definition), state_text(owner),
                                   state_int(base_now_ms(state_clock(state)))};
    if (!state_write(state, &link, fail) ||
        !state_count(link, "SELECT count(*) FROM segments", &others, fail)) {
        return false;
    }
    if (others >= STATE_SEGMENTS_MAX) {
        return fail_set(fail, FAIL_LIMIT, "there are %d saved segments, and no room for more",
                        STATE_SEGMENTS_MAX);
    }
    return state_run(link,
                     "INSERT INTO segments (name, definition, owner, updated_ms)"
                     " VALUES (?1, ?2, ?3, ?4) ON CONFLICT (name) DO UPDATE SET"
                     " definition = excluded.definition, owner = excluded.owner,"
                     " updated_ms = excluded.updated_ms",
                     values, ARRAY_LEN(values), fail) &&
           state_commit(&link, fail);
}

bool state_segment_delete(struct state *state, struct str name, struct fail *fail)
{
    struct state_link *link CLEANUP(state_link_done) = NULL;
    struct state_value values[] = {state_text(name)};
    if (!state_write(state, &link, fail) ||
        !state_run(link, "DELETE FROM segments WHERE name = ?1", values, ARRAY_LEN(values), fail)) {
        return false;
    }
    if (state_changed(link) == 0) {
        return fail_set(fail, FAIL_ABSENT, "there is no saved segment '%.*s'", STR_ARG(name));
    }
    return state_commit(&link, fail);
}
