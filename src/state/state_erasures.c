#include "state_erasures.h"

#define COLUMNS "SELECT id, customer, asked_ms, due_ms, closed_ms, closed_by, note FROM erasures"

static struct state_erasure row_read(const struct state_rows *rows, struct arena *arena)
{
    return (struct state_erasure){
        .id = state_get_int(rows, 0),
        .customer = state_get_text(rows, 1, arena),
        .asked_ms = state_get_int(rows, 2),
        .due_ms = state_get_int(rows, 3),
        .closed_ms = state_get_int(rows, 4),
        .closed_by = state_get_text(rows, 5, arena),
        .note = state_get_text(rows, 6, arena),
    };
}

bool state_erasure_add(struct state *state, struct str customer, int64_t now_ms, int64_t due_ms,
                       struct state_erasure *out, struct fail *fail)
{
    struct arena *arena CLEANUP(arena_free_at) = arena_new(NULL);
    struct state_link *link CLEANUP(state_link_done) = NULL;
    struct state_rows *rows CLEANUP(state_rows_done) = NULL;
    struct state_value values[] = {state_text(customer), state_int(now_ms), state_int(due_ms)};
    int64_t open = 0;
    bool row = false;
    if (!state_write(state, &link, fail) ||
        !state_select(link, COLUMNS " WHERE customer = ?1 AND closed_ms IS NULL", values, 1, &rows,
                      fail) ||
        !state_next(rows, &row, fail)) {
        return false;
    }
    if (row) {
        *out = row_read(rows, arena);
        out->customer = customer;
        return true; /* nothing was changed */
    }
    state_rows_done(&rows);
    if (!state_count(link, "SELECT count(*) FROM erasures WHERE closed_ms IS NULL", &open, fail)) {
        return false;
    }
    if (open >= STATE_ERASURES_OPEN_MAX) {
        return fail_set(fail, FAIL_LIMIT,
                        "there are %d open wishes to be erased, and no room for more",
                        STATE_ERASURES_OPEN_MAX);
    }
    if (!state_run(link, "INSERT INTO erasures (customer, asked_ms, due_ms) VALUES (?1, ?2, ?3)",
                   values, ARRAY_LEN(values), fail)) {
        return false;
    }
    *out = (struct state_erasure){
        .id = state_last_id(link), .customer = customer, .asked_ms = now_ms, .due_ms = due_ms};
    return state_commit(&link, fail);
}

bool state_erasure_find(struct state *state, struct str customer, struct arena *arena,
                        struct state_erasure *out, bool *out_found, struct fail *fail)
{
    struct state_link *link CLEANUP(state_link_done) = NULL;
    struct state_rows *rows CLEANUP(state_rows_done) = NULL;
    struct state_value values[] = {state_text(customer)};
    bool row = false;
    if (!state_read(state, &link, fail) ||
        !state_select(link, COLUMNS " WHERE customer = ?1 ORDER BY id DESC LIMIT 1", values,
                      ARRAY_LEN(values), &rows, fail) ||
        !state_next(rows, &row, fail)) {
        return false;
    }
    if (row) {
        *out = row_read(rows, arena);
    }
    *out_found = row;
    return true;
}

bool state_erasures_list(struct state *state, bool open_only, int64_t offset, int64_t limit,
                         struct arena *arena, struct state_erasure **out, size_t *out_count,
                         int64_t *out_open, struct fail *fail)
{
    struct state_link *link CLEANUP(state_link_done) = NULL;
    struct state_rows *rows CLEANUP(state_rows_done) = NULL;
    struct state_value values[] = {state_int(limit), state_int(offset), state_int(open_only)};
    struct state_erasure *list = arena_array(arena, (size_t)limit, sizeof *list, fail);
    size_t count = 0;
    bool row = false;
    if (list == NULL || !state_read(state, &link, fail) ||
        !state_count(link, "SELECT count(*) FROM erasures WHERE closed_ms IS NULL", out_open,
                     fail) ||
        !state_select(link,
                      COLUMNS " WHERE closed_ms IS NULL OR ?3 = 0"
                              " ORDER BY closed_ms IS NOT NULL,"
                              " CASE WHEN closed_ms IS NULL THEN due_ms ELSE -closed_ms END, id"
                              " LIMIT ?1 OFFSET ?2",
                      values, ARRAY_LEN(values), &rows, fail)) {
        return false;
    }
    for (;;) {
        if (!state_next(rows, &row, fail)) {
            return false;
        }
        if (!row) {
            break;
        }
        list[count++] = row_read(rows, arena);
    }
    *out = list;
    *out_count = count;
    return true;
}

bool state_erasure_close(struct state *state, int64_t id, struct str by, struct str note,
                         int64_t now_ms, struct fail *fail)
{
    struct state_link *link CLEANUP(state_link_done) = NULL;
    struct state_rows *rows CLEANUP(state_rows_done) = NULL;
    struct state_value values[] = {state_int(id), state_int(now_ms), state_text(by),
                                   state_text(note)};
    bool row = false;
    if (!state_write(state, &link, fail) ||
        !state_select(link, "SELECT closed_ms FROM erasures WHERE id = ?1", values, 1, &rows,
                      fail) ||
        !state_next(rows, &row, fail)) {
        return false;
    }
    if (!row) {
        return fail_set(fail, FAIL_ABSENT, "there is no wish to be erased of number %lld",
                        (long long)id);
    }
    if (!state_is_null(rows, 0)) {
        return fail_set(fail, FAIL_CONFLICT, "wish %lld is closed already", (long long)id);
    }
    state_rows_done(&rows);
    return state_run(link,
                     "UPDATE erasures SET closed_ms = ?2, closed_by = ?3, note = ?4 WHERE id = ?1",
                     values, ARRAY_LEN(values), fail) &&
           state_commit(&link, fail);
}
