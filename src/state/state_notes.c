#include "state_notes.h"
#include "state_internal.h"

const char *const state_note_kinds[] = {"release", "incident", "campaign", "other", NULL};

#define COLUMNS "id, at_ms, until_ms, kind, text, owner, updated_ms"
/* A moment lies in [from, to) by itself, a stretch where any part of it does. */
#define TOUCHES                                                                                    \
    " FROM notes WHERE at_ms < ?2 AND (at_ms >= ?1 OR until_ms > ?1)"                              \
    " AND (?3 IS NULL OR kind = ?3)"

static void row_read(const struct state_rows *rows, struct arena *arena, void *out)
{
    *(struct state_note *)out = (struct state_note){
        .id = state_get_int(rows, 0),
        .at_ms = state_get_int(rows, 1),
        .until_ms = state_get_int(rows, 2),
        .kind = state_get_text(rows, 3, arena),
        .text = state_get_text(rows, 4, arena),
        .owner = state_get_text(rows, 5, arena),
        .updated_ms = state_get_int(rows, 6),
    };
}

static const struct state_saved NOTES = {"notes", "SELECT count(*) FROM notes", STATE_NOTES_MAX,
                                         sizeof(struct state_note), row_read};

static bool count_notes(struct state_link *link, const struct state_value *values, int64_t *out,
                        struct fail *fail)
{
    struct state_rows *rows CLEANUP(state_rows_done) = NULL;
    bool row = false;
    if (!state_select(link, "SELECT count(*)" TOUCHES, values, 3, &rows, fail) ||
        !state_next(rows, &row, fail)) {
        return false;
    }
    INVARIANT(row);
    *out = state_get_int(rows, 0);
    return true;
}

bool state_notes_list(struct state *state, int64_t from_ms, int64_t to_ms, struct str kind,
                      struct arena *arena, struct state_note **out, size_t *out_count,
                      int64_t *out_total, struct fail *fail)
{
    struct state_link *link CLEANUP(state_link_done) = NULL;
    struct state_value values[] = {state_int(from_ms), state_int(to_ms),
                                   kind.data == NULL ? state_null() : state_text(kind),
                                   state_int(STATE_NOTES_LISTED_MAX)};
    return state_read(state, &link, fail) && count_notes(link, values, out_total, fail) &&
           state_saved_list_in(link, &NOTES,
                               "SELECT " COLUMNS " FROM (SELECT " COLUMNS TOUCHES
                               " ORDER BY at_ms DESC, id DESC LIMIT ?4) ORDER BY at_ms, id",
                               values, ARRAY_LEN(values), arena, out, out_count, fail);
}

bool state_notes_each(struct state *state,
                      bool (*each)(void *context, const struct state_note *note, struct fail *fail),
                      void *context, struct fail *fail)
{
    struct state_link *link CLEANUP(state_link_done) = NULL;
    struct state_rows *rows CLEANUP(state_rows_done) = NULL;
    bool row = true;
    if (!state_read(state, &link, fail) ||
        !state_select(link, "SELECT " COLUMNS " FROM notes ORDER BY at_ms, id", NULL, 0, &rows,
                      fail)) {
        return false;
    }
    while (state_next(rows, &row, fail)) {
        if (!row) {
            return true;
        }
        struct arena *arena CLEANUP(arena_free_at) = arena_new(NULL);
        struct state_note note;
        row_read(rows, arena, &note);
        if (!each(context, &note, fail)) {
            return false;
        }
    }
    return false;
}

static bool met(bool row, int64_t id, struct fail *fail)
{
    return row || fail_set(fail, FAIL_ABSENT, "there is no note %lld", (long long)id);
}

bool state_note_find(struct state *state, int64_t id, struct arena *arena, struct state_note *out,
                     struct fail *fail)
{
    struct state_value key = state_int(id);
    bool row;
    return state_saved_find(state, &NOTES, "SELECT " COLUMNS " FROM notes WHERE id = ?1", &key, 1,
                            arena, out, &row, fail) &&
           met(row, id, fail);
}

static bool note_check(const struct state_note *note, struct fail *fail)
{
    if (!state_saved_name(note->text, "/text", "a note", STATE_NOTE_TEXT_BYTES_MAX, fail)) {
        return false;
    }
    if (note->until_ms != 0 && note->until_ms <= note->at_ms) {
        return fail_input_at(fail, "/until", "\"until\" must be after \"at\"");
    }
    for (size_t i = 0; state_note_kinds[i] != NULL; i++) {
        if (str_is(note->kind, state_note_kinds[i])) {
            return true;
        }
    }
    const char *nearest = str_nearest(note->kind, state_note_kinds, 4);
    return fail_input_at(fail, "/kind",
                         "a note's kind is release, incident, campaign or other%s%s%s",
                         nearest == NULL ? "" : "; did you mean \"", nearest == NULL ? "" : nearest,
                         nearest == NULL ? "" : "\"?");
}

bool state_note_add(struct state *state, const struct state_note *note, int64_t *out_id,
                    struct fail *fail)
{
    struct state_value values[] = {
        state_int(note->at_ms),  state_int(note->until_ms),
        state_text(note->kind),  state_text(note->text),
        state_text(note->owner), state_int(base_now_ms(state_clock(state)))};
    return note_check(note, fail) &&
           state_saved_add(state, &NOTES,
                           "INSERT INTO notes (at_ms, until_ms, kind, text, owner, updated_ms)"
                           " VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                           values, ARRAY_LEN(values), out_id, fail);
}

bool state_note_put(struct state *state, const struct state_note *note, struct fail *fail)
{
    struct state_value values[] = {state_int(note->at_ms),
                                   state_int(note->until_ms),
                                   state_text(note->kind),
                                   state_text(note->text),
                                   state_int(base_now_ms(state_clock(state))),
                                   state_int(note->id)};
    bool row;
    return note_check(note, fail) &&
           state_saved_change(state,
                              "UPDATE notes SET at_ms = ?1, until_ms = ?2, kind = ?3, text = ?4,"
                              " updated_ms = ?5 WHERE id = ?6",
                              values, ARRAY_LEN(values), &row, fail) &&
           met(row, note->id, fail);
}

bool state_note_delete(struct state *state, int64_t id, struct fail *fail)
{
    struct state_value values[] = {state_int(id)};
    bool row;
    return state_saved_change(state, "DELETE FROM notes WHERE id = ?1", values, ARRAY_LEN(values),
                              &row, fail) &&
           met(row, id, fail);
}
