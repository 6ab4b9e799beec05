#include "state_views.h"
#include "state_internal.h"

static void row_read(const struct state_rows *rows, struct arena *arena, void *out)
{
    *(struct state_view *)out = (struct state_view){
        .id = state_get_int(rows, 0),
        .name = state_get_text(rows, 1, arena),
        .page = state_get_text(rows, 2, arena),
        .query = state_get_text(rows, 3, arena),
        .owner = state_get_text(rows, 4, arena),
        .updated_ms = state_get_int(rows, 5),
        .pinned = state_get_int(rows, 6) != 0,
    };
}

static const struct state_saved VIEWS = {"saved views", "SELECT count(*) FROM views",
                                         STATE_VIEWS_MAX, sizeof(struct state_view), row_read};

bool state_views_list(struct state *state, struct arena *arena, struct state_view **out,
                      size_t *out_count, struct fail *fail)
{
    return state_saved_list(state, &VIEWS,
                            "SELECT id, name, page, query, owner, updated_ms, pinned FROM views"
                            " ORDER BY pinned DESC, id",
                            NULL, 0, arena, out, out_count, fail);
}

static bool view_check(const struct state_view *view, struct fail *fail)
{
    return state_saved_name(view->name, "/name", "a view's name", STATE_VIEW_NAME_BYTES_MAX,
                            fail) &&
           state_saved_name(view->page, "/page", "a page's name", STATE_VIEW_NAME_BYTES_MAX, fail);
}

bool state_view_add(struct state *state, const struct state_view *view, int64_t *out_id,
                    struct fail *fail)
{
    struct state_value values[] = {state_text(view->name),
                                   state_text(view->page),
                                   state_text(view->query),
                                   state_text(view->owner),
                                   state_int(base_now_ms(state_clock(state))),
                                   state_int(view->pinned ? 1 : 0)};
    return view_check(view, fail) &&
           state_saved_add(state, &VIEWS,
                           "INSERT INTO views (name, page, query, owner, updated_ms, pinned)"
                           " VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                           values, ARRAY_LEN(values), out_id, fail);
}

static bool met(bool row, int64_t id, struct fail *fail)
{
    return row || fail_set(fail, FAIL_ABSENT, "there is no saved view %lld", (long long)id);
}

bool state_view_put(struct state *state, const struct state_view *view, struct fail *fail)
{
    struct state_value values[] = {
        state_text(view->name),          state_text(view->page),
        state_text(view->query),         state_int(base_now_ms(state_clock(state))),
        state_int(view->pinned ? 1 : 0), state_int(view->id)};
    bool row;
    return view_check(view, fail) &&
           state_saved_change(
               state,
               "UPDATE views SET name = ?1, page = ?2, query = ?3, updated_ms = ?4, pinned = ?5"
               " WHERE id = ?6",
               values, ARRAY_LEN(values), &row, fail) &&
           met(row, view->id, fail);
}

bool state_view_delete(struct state *state, int64_t id, struct fail *fail)
{
    struct state_value values[] = {state_int(id)};
    bool row;
    return state_saved_change(state, "DELETE FROM views WHERE id = ?1", values, ARRAY_LEN(values),
                              &row, fail) &&
           met(row, id, fail);
}
