/* The one form of small things that people save. */
#include <string.h>

#include "state_internal.h"

#define FIRST_ROOM 16

bool state_saved_list_in(struct state_link *link, const struct state_saved *saved, const char *sql,
                         const struct state_value *values, size_t count, struct arena *arena,
                         void *out, size_t *out_count, struct fail *fail)
{
    struct state_rows *rows CLEANUP(state_rows_done) = NULL;
    size_t room = FIRST_ROOM, used = 0;
    char *list = arena_array(arena, room, saved->size, fail);
    if (list == NULL || !state_select(link, sql, values, count, &rows, fail)) {
        return false;
    }
    for (;;) {
        bool row = false;
        if (!state_next(rows, &row, fail)) {
            return false;
        }
        if (!row) {
            break;
        }
        if (used == room) {
            char *larger = arena_array(arena, room * 2, saved->size, fail);
            if (larger == NULL) {
                return false;
            }
            memcpy(larger, list, used * saved->size);
            list = larger;
            room *= 2;
        }
        saved->read(rows, arena, list + used * saved->size);
        used++;
    }
    memcpy(out, &list, sizeof list); /* the caller's pointer has the type of the rows */
    *out_count = used;
    return true;
}

bool state_saved_list(struct state *state, const struct state_saved *saved, const char *sql,
                      const struct state_value *values, size_t count, struct arena *arena,
                      void *out, size_t *out_count, struct fail *fail)
{
    struct state_link *link CLEANUP(state_link_done) = NULL;
    return state_read(state, &link, fail) &&
           state_saved_list_in(link, saved, sql, values, count, arena, out, out_count, fail);
}

bool state_saved_find(struct state *state, const struct state_saved *saved, const char *sql,
                      const struct state_value *values, size_t count, struct arena *arena,
                      void *out, bool *out_found, struct fail *fail)
{
    struct state_link *link CLEANUP(state_link_done) = NULL;
    struct state_rows *rows CLEANUP(state_rows_done) = NULL;
    bool row = false;
    if (!state_read(state, &link, fail) || !state_select(link, sql, values, count, &rows, fail) ||
        !state_next(rows, &row, fail)) {
        return false;
    }
    if (row) {
        saved->read(rows, arena, out);
    }
    *out_found = row;
    return true;
}

bool state_saved_room(struct state_link *link, const struct state_saved *saved, struct fail *fail)
{
    int64_t others = 0;
    if (!state_count(link, saved->count, &others, fail)) {
        return false;
    }
    return others < saved->most ||
           fail_set(fail, FAIL_LIMIT, "there are %lld %s, and no room for more",
                    (long long)saved->most, saved->things);
}

bool state_saved_add(struct state *state, const struct state_saved *saved, const char *sql,
                     const struct state_value *values, size_t count, int64_t *out_id,
                     struct fail *fail)
{
    struct state_link *link CLEANUP(state_link_done) = NULL;
    if (!state_write(state, &link, fail) || !state_saved_room(link, saved, fail) ||
        !state_run(link, sql, values, count, fail)) {
        return false;
    }
    int64_t id = state_last_id(link);
    if (!state_commit(&link, fail)) {
        return false;
    }
    if (out_id != NULL) {
        *out_id = id;
    }
    return true;
}

bool state_saved_change(struct state *state, const char *sql, const struct state_value *values,
                        size_t count, bool *out_met, struct fail *fail)
{
    struct state_link *link CLEANUP(state_link_done) = NULL;
    if (!state_write(state, &link, fail) || !state_run(link, sql, values, count, fail)) {
        return false;
    }
    *out_met = state_changed(link) != 0;
    return !*out_met || state_commit(&link, fail);
}

bool state_saved_name(struct str name, const char *pointer, const char *whose, int bytes_max,
                      struct fail *fail)
{
    return (name.len > 0 && name.len <= (size_t)bytes_max && str_is_utf8(name)) ||
           fail_input_at(fail, pointer, "%s has 1 to %d bytes of UTF-8", whose, bytes_max);
}
