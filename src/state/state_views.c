#include "state_views.h"

bool state_views_list(struct state *state, struct arena *arena, struct state_view **out,
                      size_t *out_count, struct fail *fail)
{
    struct state_link *link CLEANUP(state_link_done) = NULL;
    struct state_rows *rows CLEANUP(state_rows_done) = NULL;
    int64_t count = 0;
    if (!state_read(state, &link, fail) ||
        !state_count(link, "SELECT count(*) FROM views", &count, fail) ||
        !state_select(link,
                      "SELECT id, name, page, query, owner, updated_ms, pinned FROM views"
                      " ORDER BY pinned DESC, id",
                      NULL, 0, &rows, fail)) {
        return false;
    }
    struct state_view *list = arena_array(arena, (size_t)count, sizeof *list, fail);
    if (list == NULL) {
        return false;
    }
    for (int64_t i = 0; i < count; i++) {
        bool row = false;
        if (!state_next(rows, &row, fail)) {
            return false;
        }
        INVARIANT(row);
        list[i] = (struct state_view){
            .id = state_get_int(rows, 0),
            .name = state_get_text(rows, 1, arena),
            .page = state_get_text(rows, 2, arena),
            .query = state_get_text(rows, 3, arena),
            .owner = state_get_text(rows, 4, arena),
            .updated_ms = state_get_int(rows, 5),
            .pinned = state_get_int(rows, 6) != 0,
        };
    }
    *out = list;
    *out_count = (size_t)count;
    return true;
}

static bool view_check(const struct state_view *view, struct fail *fail)
{
    if (view->name.len == 0 || view->name.len > STATE_VIEW_NAME_BYTES_MAX ||
        !str_is_utf8(view->name)) {
        return fail_input_at(fail, "/name", "a view's name has 1 to %d bytes of UTF-8",
                             STATE_VIEW_NAME_BYTES_MAX);
    }
    if (view->page.len == 0 || view->page.len > STATE_VIEW_NAME_BYTES_MAX ||
        !str_is_utf8(view->page)) {
        return fail_input_at(fail, "/page", "a page's name has 1 to %d bytes of UTF-8",
                             STATE_VIEW_NAME_BYTES_MAX);
    }
    return true;
}

bool state_view_add(struct state *state, const struct state_view *view, int64_t *out_id,
                    struct fail *fail)
{
    struct state_link *link CLEANUP(state_link_done) = NULL;
    int64_t others = 0;
    struct state_value values[] = {state_text(view->name),
                                   state_text(view->page),
                                   state_text(view->query),
                                   state_text(view->owner),
                                   state_int(base_now_ms(state_clock(state))),
                                   state_int(view->pinned ? 1 : 0)};
    if (!view_check(view, fail) || !state_write(state, &link, fail) ||
        !state_count(link, "SELECT count(*) FROM views", &others, fail)) {
        return false;
    }
    if (others >= STATE_VIEWS_MAX) {
        return fail_set(fail, FAIL_LIMIT, "there are %d saved views, and no room for more",
                        STATE_VIEWS_MAX);
    }
    if (!state_run(link,
                   "INSERT INTO views (name, page, query, owner, updated_ms, pinned)"
                   " VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                   values, ARRAY_LEN(values), fail)) {
        return false;
    }
    int64_t id = state_last_id(link);
    if (!state_commit(&link, fail)) {
        return false;
    }
    *out_id = id;
    return true;
}

bool state_view_put(struct state *state, const struct state_view *view, struct fail *fail)
{
    struct state_link *link CLEANUP(state_link_done) = NULL;
    struct state_value values[] = {
        state_text(view->name),          state_text(view->page),
        state_text(view->query),         state_int(base_now_ms(state_clock(state))),
        state_int(view->pinned ? 1 : 0), state_int(view->id)};
    if (!view_check(view, fail) || !state_write(state, &link, fail) ||
        !state_run(link,
                   "UPDATE views SET name = ?1, page = ?2, query = ?3, updated_ms = ?4, pinned = ?5"
                   " WHERE id = ?6",
                   values, ARRAY_LEN(values), fail)) {
        return false;
    }
    if (state_changed(link) == 0) {
        return fail_set(fail, FAIL_ABSENT, "there is no saved view %lld", (long long)view->id);
    }
    return state_commit(&link, fail);
}

bool state_view_delete(struct state *state, int64_t id, struct fail *fail)
{
    struct state_link *link CLEANUP(state_link_done) = NULL;
    struct state_value values[] = {state_int(id)};
    if (!state_write(state, &link, fail) ||
        !state_run(link, "DELETE FROM views WHERE id = ?1", values, ARRAY_LEN(values), fail)) {
        return false;
    }
    if (state_changed(link) == 0) {
        return fail_set(fail, FAIL_ABSENT, "there is no saved view %lld", (long long)id);
    }
    return state_commit(&link, fail);
}
