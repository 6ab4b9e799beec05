#include "state_sources.h"
#include "state_internal.h"

#define COLUMNS                                                                                    \
    "SELECT name, default_channel, settings, created_ms,"                                          \
    " (SELECT count(*) FROM keys WHERE source = sources.name AND revoked_ms = 0) FROM sources"

static void row_read(const struct state_rows *rows, struct arena *arena, void *out)
{
    *(struct state_source *)out = (struct state_source){
        .name = state_get_text(rows, 0, arena),
        .default_channel = state_get_text(rows, 1, arena),
        .settings = state_get_text(rows, 2, arena),
        .created_ms = state_get_int(rows, 3),
        .keys = state_get_int(rows, 4),
    };
}

static const struct state_saved SOURCES = {"sources", "SELECT count(*) FROM sources",
                                           STATE_SOURCES_MAX, sizeof(struct state_source),
                                           row_read};

bool state_sources_list(struct state *state, struct arena *arena, struct state_source **out,
                        size_t *out_count, struct fail *fail)
{
    return state_saved_list(state, &SOURCES, COLUMNS " ORDER BY name", NULL, 0, arena, out,
                            out_count, fail);
}

bool state_source_find(struct state *state, struct str name, struct arena *arena,
                       struct state_source *out, bool *out_found, struct fail *fail)
{
    struct state_value key = state_text(name);
    return state_saved_find(state, &SOURCES, COLUMNS " WHERE name = ?1", &key, 1, arena, out,
                            out_found, fail);
}

bool state_source_put(struct state *state, struct str name, struct str default_channel,
                      struct str settings, struct fail *fail)
{
    struct state_link *link CLEANUP(state_link_done) = NULL;
    return state_write(state, &link, fail) &&
           state_source_put_in(link, name, default_channel, settings,
                               base_now_ms(state_clock(state)), fail) &&
           state_commit(&link, fail);
}

bool state_source_put_in(struct state_link *link, struct str name, struct str default_channel,
                         struct str settings, int64_t now_ms, struct fail *fail)
{
    if (name.len == 0 || name.len > STATE_SOURCE_NAME_BYTES_MAX || !str_is_utf8(name) ||
        str_find_byte(name, '\n') < name.len) {
        return fail_input_at(fail, "/name", "a source's name is one line of 1 to %d bytes of UTF-8",
                             STATE_SOURCE_NAME_BYTES_MAX);
    }
    if (default_channel.len > STATE_SOURCE_NAME_BYTES_MAX || !str_is_utf8(default_channel)) {
        return fail_input_at(fail, "/default_channel",
                             "a channel's name has at most %d bytes of UTF-8",
                             STATE_SOURCE_NAME_BYTES_MAX);
    }
    if (settings.len > STATE_SOURCE_SETTINGS_BYTES_MAX || !str_is_utf8(settings)) {
        return fail_input_at(fail, "/settings", "settings have at most %zu bytes of UTF-8",
                             STATE_SOURCE_SETTINGS_BYTES_MAX);
    }
    struct state_value values[] = {state_text(name), state_text(default_channel),
                                   state_text(settings), state_int(now_ms)};
    return state_saved_room(link, &SOURCES, fail) &&
           state_run(link,
                     "INSERT INTO sources (name, default_channel, settings, created_ms)"
                     " VALUES (?1, NULLIF(?2, ''), COALESCE(?3, '{}'), ?4)"
                     " ON CONFLICT (name) DO UPDATE SET"
                     " default_channel = CASE WHEN ?2 IS NULL THEN default_channel"
                     " ELSE NULLIF(?2, '') END,"
                     " settings = COALESCE(?3, settings)",
                     values, ARRAY_LEN(values), fail);
}

/* ---- quotas --------------------------------------------------------------------------------------------- */

bool state_quota_find(struct state *state, struct str source, struct state_quota *out,
                      struct fail *fail)
{
    struct state_link *link CLEANUP(state_link_done) = NULL;
    struct state_rows *rows CLEANUP(state_rows_done) = NULL;
    struct state_value values[] = {state_text(source)};
    bool row = false;
    if (!state_read(state, &link, fail) ||
        !state_select(link,
                      "SELECT minute_end_ms, minute_events, day_end_ms, day_events FROM quotas"
                      " WHERE source = ?1",
                      values, ARRAY_LEN(values), &rows, fail) ||
        !state_next(rows, &row, fail)) {
        return false;
    }
    *out = (struct state_quota){0};
    if (row) {
        *out = (struct state_quota){state_get_int(rows, 0), state_get_int(rows, 1),
                                    state_get_int(rows, 2), state_get_int(rows, 3)};
    }
    return true;
}

bool state_quota_put(struct state *state, struct str source, const struct state_quota *quota,
                     struct fail *fail)
{
    struct state_link *link CLEANUP(state_link_done) = NULL;
    struct state_value values[] = {state_text(source), state_int(quota->minute_end_ms),
                                   state_int(quota->minute_events), state_int(quota->day_end_ms),
                                   state_int(quota->day_events)};
    return state_write(state, &link, fail) &&
           state_run(link,
                     "INSERT INTO quotas (source, minute_end_ms, minute_events, day_end_ms,"
                     " day_events) VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT (source) DO UPDATE SET"
                     " minute_end_ms = excluded.minute_end_ms,"
                     " minute_events = excluded.minute_events,"
                     " day_end_ms = excluded.day_end_ms, day_events = excluded.day_events",
                     values, ARRAY_LEN(values), fail) &&
           state_commit(&link, fail);
}
