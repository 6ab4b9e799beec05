#include "state_dashboards.h"
#include "state_internal.h"

static void row_read(const struct state_rows *rows, struct arena *arena, void *out)
{
    *(struct state_dashboard *)out = (struct state_dashboard){
        .id = state_get_int(rows, 0),
        .name = state_get_text(rows, 1, arena),
        .owner = state_get_text(rows, 2, arena),
        .pinned = state_get_int(rows, 3) != 0,
        .updated_ms = state_get_int(rows, 4),
        .definition = state_get_text(rows, 5, arena),
    };
}

static const struct state_saved DASHBOARDS = {"dashboards", "SELECT count(*) FROM dashboards",
                                              STATE_DASHBOARDS_MAX, sizeof(struct state_dashboard),
                                              row_read};

bool state_dashboards_list(struct state *state, struct arena *arena, struct state_dashboard **out,
                           size_t *out_count, struct fail *fail)
{
    return state_saved_list(state, &DASHBOARDS,
                            "SELECT id, name, owner, pinned, updated_ms, NULL FROM dashboards"
                            " ORDER BY pinned DESC, id",
                            NULL, 0, arena, out, out_count, fail);
}

static bool met(bool row, int64_t id, struct fail *fail)
{
    return row || fail_set(fail, FAIL_ABSENT, "there is no dashboard %lld", (long long)id);
}

bool state_dashboard_find(struct state *state, int64_t id, struct arena *arena,
                          struct state_dashboard *out, struct fail *fail)
{
    struct state_value key = state_int(id);
    bool row;
    return state_saved_find(state, &DASHBOARDS,
                            "SELECT id, name, owner, pinned, updated_ms, definition"
                            " FROM dashboards WHERE id = ?1",
                            &key, 1, arena, out, &row, fail) &&
           met(row, id, fail);
}

static bool check(const struct state_dashboard *dashboard, struct fail *fail)
{
    return state_saved_name(dashboard->name, "/name", "a dashboard's name",
                            STATE_DASHBOARD_NAME_BYTES_MAX, fail);
}

bool state_dashboard_add(struct state *state, const struct state_dashboard *dashboard,
                         int64_t *out_id, struct fail *fail)
{
    struct state_value values[] = {state_text(dashboard->name), state_text(dashboard->definition),
                                   state_text(dashboard->owner), state_int(dashboard->pinned),
                                   state_int(base_now_ms(state_clock(state)))};
    return check(dashboard, fail) &&
           state_saved_add(state, &DASHBOARDS,
                           "INSERT INTO dashboards (name, definition, owner, pinned, updated_ms)"
                           " VALUES (?1, ?2, ?3, ?4, ?5)",
                           values, ARRAY_LEN(values), out_id, fail);
}

bool state_dashboard_put(struct state *state, const struct state_dashboard *dashboard,
                         struct fail *fail)
{
    struct state_value values[] = {state_text(dashboard->name), state_text(dashboard->definition),
                                   state_int(dashboard->pinned),
                                   state_int(base_now_ms(state_clock(state))),
                                   state_int(dashboard->id)};
    bool row;
    return check(dashboard, fail) &&
           state_saved_change(state,
                              "UPDATE dashboards SET name = ?1, definition = ?2, pinned = ?3,"
                              " updated_ms = ?4 WHERE id = ?5",
                              values, ARRAY_LEN(values), &row, fail) &&
           met(row, dashboard->id, fail);
}

bool state_dashboard_delete(struct state *state, int64_t id, struct fail *fail)
{
    struct state_value key = state_int(id);
    bool row;
    return state_saved_change(state, "DELETE FROM dashboards WHERE id = ?1", &key, 1, &row, fail) &&
           met(row, id, fail);
}
