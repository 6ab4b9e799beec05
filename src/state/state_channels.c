#include "state_channels.h"
#include "state_internal.h"

#define COLUMNS                                                                                    \
    "SELECT id, kind, name, definition, paused, token_hash IS NOT NULL, created_ms, next_ms,"      \
    " last_ms, good_ms, failures, why, note, position, shapes FROM channels"

static void row_read(const struct state_rows *rows, struct arena *arena, void *out)
{
    *(struct state_channel *)out = (struct state_channel){
        .id = state_get_int(rows, 0),
        .kind = state_get_text(rows, 1, arena),
        .name = state_get_text(rows, 2, arena),
        .definition = state_get_text(rows, 3, arena),
        .paused = state_get_int(rows, 4) != 0,
        .addressed = state_get_int(rows, 5) != 0,
        .created_ms = state_get_int(rows, 6),
        .next_ms = state_get_int(rows, 7),
        .last_ms = state_get_int(rows, 8),
        .good_ms = state_get_int(rows, 9),
        .failures = state_get_int(rows, 10),
        .why = state_get_text(rows, 11, arena),
        .note = state_get_text(rows, 12, arena),
        .position = state_get_text(rows, 13, arena),
        .shapes = state_get_text(rows, 14, arena),
    };
}

static const struct state_saved CHANNELS = {"channels", "SELECT count(*) FROM channels",
                                            STATE_CHANNELS_MAX, sizeof(struct state_channel),
                                            row_read};

bool state_channels_list(struct state *state, struct str kind, struct arena *arena,
                         struct state_channel **out, size_t *out_count, struct fail *fail)
{
    struct state_value values[] = {state_text(kind)};
    return state_saved_list(state, &CHANNELS,
                            COLUMNS " WHERE ?1 IS NULL OR kind = ?1 ORDER BY name", values, 1,
                            arena, out, out_count, fail);
}

bool state_channel_find(struct state *state, int64_t id, struct arena *arena,
                        struct state_channel *out, bool *out_found, struct fail *fail)
{
    struct state_value key = state_int(id);
    return state_saved_find(state, &CHANNELS, COLUMNS " WHERE id = ?1", &key, 1, arena, out,
                            out_found, fail);
}

bool state_channel_find_token(struct state *state, struct str digest, struct arena *arena,
                              struct state_channel *out, bool *out_found, struct fail *fail)
{
    struct state_value key = state_blob(digest);
    return state_saved_find(state, &CHANNELS, COLUMNS " WHERE token_hash = ?1", &key, 1, arena, out,
                            out_found, fail);
}

bool state_channel_add(struct state *state, const struct state_channel *channel, struct str digest,
                       int64_t *out_id, struct fail *fail)
{
    struct state_value values[] = {state_text(channel->kind), state_text(channel->name),
                                   state_text(channel->definition), state_blob(digest),
                                   state_int(base_now_ms(state_clock(state)))};
    if (state_saved_add(state, &CHANNELS,
                        "INSERT INTO channels (kind, name, definition, token_hash, created_ms)"
                        " VALUES (?1, ?2, ?3, ?4, ?5)",
                        values, ARRAY_LEN(values), out_id, fail)) {
        return true;
    }
    if (fail->code == FAIL_CONFLICT) {
        fail_input_at(fail, "/name", "there is a channel of this name already");
        fail->code = FAIL_CONFLICT;
    }
    return false;
}

/* One statement about one channel; FAIL_ABSENT where there is none. */
static bool change(struct state *state, const char *sql, const struct state_value *values,
                   size_t count, struct fail *fail)
{
    bool row;
    return state_saved_change(state, sql, values, count, &row, fail) &&
           (row || fail_set(fail, FAIL_ABSENT, "there is no such channel"));
}

bool state_channel_define(struct state *state, int64_t id, struct str definition, struct fail *fail)
{
    struct state_value values[] = {state_int(id), state_text(definition)};
    return change(state,
                  "UPDATE channels SET definition = ?2, position = NULL, next_ms = 0, failures = 0,"
                  " why = NULL WHERE id = ?1",
                  values, ARRAY_LEN(values), fail);
}

bool state_channel_pause(struct state *state, int64_t id, bool paused, struct fail *fail)
{
    struct state_value values[] = {state_int(id), state_int(paused ? 1 : 0)};
    return change(state, "UPDATE channels SET paused = ?2, next_ms = 0 WHERE id = ?1", values,
                  ARRAY_LEN(values), fail);
}

bool state_channel_token(struct state *state, int64_t id, struct str digest, struct fail *fail)
{
    struct state_value values[] = {state_int(id), state_blob(digest)};
    return change(state, "UPDATE channels SET token_hash = ?2 WHERE id = ?1", values,
                  ARRAY_LEN(values), fail);
}

bool state_channel_hasten(struct state *state, int64_t id, struct fail *fail)
{
    struct state_value values[] = {state_int(id)};
    return change(state, "UPDATE channels SET next_ms = 0 WHERE id = ?1", values, ARRAY_LEN(values),
                  fail);
}

bool state_channel_note(struct state *state, const struct state_channel *channel, struct fail *fail)
{
    struct state_value values[] = {
        state_int(channel->id),      state_int(channel->next_ms),   state_int(channel->last_ms),
        state_int(channel->good_ms), state_int(channel->failures),  state_text(channel->why),
        state_text(channel->note),   state_text(channel->position),
    };
    return change(state,
                  "UPDATE channels SET next_ms = ?2, last_ms = ?3, good_ms = ?4, failures = ?5,"
                  " why = ?6, note = ?7, position = ?8 WHERE id = ?1",
                  values, ARRAY_LEN(values), fail);
}

bool state_channel_shapes(struct state *state, int64_t id, struct str shapes, struct fail *fail)
{
    struct state_value values[] = {state_int(id), state_text(shapes)};
    return change(state, "UPDATE channels SET shapes = ?2 WHERE id = ?1", values, ARRAY_LEN(values),
                  fail);
}

bool state_channel_remove(struct state *state, int64_t id, struct fail *fail)
{
    struct state_value values[] = {state_int(id)};
    return change(state, "DELETE FROM channels WHERE id = ?1", values, ARRAY_LEN(values), fail);
}
