#include "state_settings.h"

bool state_setting_get(struct state *state, const char *name, struct str otherwise,
                       struct arena *arena, struct str *out, struct fail *fail)
{
    struct state_link *link CLEANUP(state_link_done) = NULL;
    struct state_rows *rows CLEANUP(state_rows_done) = NULL;
    struct state_value values[] = {state_text(str_from_c(name))};
    bool row = false;
    if (!state_read(state, &link, fail) ||
        !state_select(link, "SELECT value FROM settings WHERE name = ?1", values, ARRAY_LEN(values),
                      &rows, fail) ||
        !state_next(rows, &row, fail)) {
        return false;
    }
    *out = row ? state_get_text(rows, 0, arena) : otherwise;
    return true;
}

bool state_settings_put(struct state *state, const struct state_setting *settings, size_t count,
                        struct fail *fail)
{
    struct state_link *link CLEANUP(state_link_done) = NULL;
    if (!state_write(state, &link, fail)) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        struct state_value values[] = {state_text(str_from_c(settings[i].name)),
                                       state_text(settings[i].value)};
        if (!state_run(link,
                       "INSERT INTO settings (name, value) VALUES (?1, ?2)"
                       " ON CONFLICT (name) DO UPDATE SET value = excluded.value",
                       values, ARRAY_LEN(values), fail)) {
            return false;
        }
    }
    return state_commit(&link, fail);
}

bool state_setting_put(struct state *state, const char *name, struct str value, struct fail *fail)
{
    struct state_setting setting = {name, value};
    return state_settings_put(state, &setting, 1, fail);
}
