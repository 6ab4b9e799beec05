#include "state_responses.h"

#include "base_json_write.h"

#define COLUMNS                                                                                    \
    "id, survey, version, wave, way, language, user, anonymous, status, reasons, parts,"           \
    " created_ms, shown_ms, answered_ms, finished_ms"
#define PART_BYTES_MAX ((size_t)16 << 20)

static struct state_response row_read(const struct state_rows *rows, struct arena *arena)
{
    return (struct state_response){
        .id = state_get_text(rows, 0, arena),
        .survey = state_get_text(rows, 1, arena),
        .version = state_get_int(rows, 2),
        .wave = state_get_int(rows, 3),
        .way = state_get_text(rows, 4, arena),
        .language = state_get_text(rows, 5, arena),
        .user = state_get_text(rows, 6, arena),
        .anonymous = state_get_text(rows, 7, arena),
        .status = state_get_text(rows, 8, arena),
        .reasons = state_get_text(rows, 9, arena),
        .parts = state_get_int(rows, 10),
        .created_ms = state_get_int(rows, 11),
        .shown_ms = state_get_int(rows, 12),
        .answered_ms = state_get_int(rows, 13),
        .finished_ms = state_get_int(rows, 14),
    };
}

static bool one_row(struct state_link *link, const char *sql, const struct state_value *values,
                    size_t count, struct arena *arena, struct state_response *out, bool *out_found,
                    struct fail *fail)
{
    struct state_rows *rows CLEANUP(state_rows_done) = NULL;
    bool row = false;
    if (!state_select(link, sql, values, count, &rows, fail) || !state_next(rows, &row, fail)) {
        return false;
    }
    if (row) {
        *out = row_read(rows, arena);
    }
    *out_found = row;
    return true;
}

static bool find_in(struct state_link *link, struct str id, struct arena *arena,
                    struct state_response *out, bool *out_found, struct fail *fail)
{
    struct state_value values[] = {state_text(id)};
    return one_row(link, "SELECT " COLUMNS " FROM survey_responses WHERE id = ?1", values, 1, arena,
                   out, out_found, fail);
}

static bool absent(struct fail *fail)
{
    return fail_set(fail, FAIL_ABSENT, "there is no such response");
}

bool state_response_find(struct state *state, struct str id, struct arena *arena,
                         struct state_response *out, bool *out_found, struct fail *fail)
{
    struct state_link *link CLEANUP(state_link_done) = NULL;
    return state_read(state, &link, fail) && find_in(link, id, arena, out, out_found, fail);
}

bool state_response_open(struct state *state, const struct state_response *response,
                         struct arena *arena, struct state_response *out, struct fail *fail)
{
    struct state_link *link CLEANUP(state_link_done) = NULL;
    struct state_value values[] = {state_text(response->id),        state_text(response->survey),
                                   state_int(response->version),    state_int(response->wave),
                                   state_text(response->way),       state_text(response->language),
                                   state_text(response->user),      state_text(response->anonymous),
                                   state_text(response->status),    state_text(response->reasons),
                                   state_int(response->created_ms), state_int(response->shown_ms)};
    bool found = false;
    if (!state_write(state, &link, fail) ||
        !find_in(link, response->id, arena, out, &found, fail)) {
        return false;
    }
    if (found) {
        return true;
    }
    return state_run(link,
                     "INSERT INTO survey_responses (" COLUMNS
                     ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, 0, ?11, ?12, 0, 0)",
                     values, ARRAY_LEN(values), fail) &&
           find_in(link, response->id, arena, out, &found, fail) && state_commit(&link, fail);
}

bool state_response_of(struct state *state, struct str survey, int64_t wave, struct str user,
                       struct str anonymous, struct arena *arena, struct state_response *out,
                       bool *out_found, struct fail *fail)
{
    struct state_link *link CLEANUP(state_link_done) = NULL;
    struct state_value by_user[] = {state_text(survey), state_int(wave), state_text(user)};
    struct state_value by_anonymous[] = {state_text(survey), state_int(wave),
                                         state_text(anonymous)};
    *out_found = false;
    if (!state_read(state, &link, fail)) {
        return false;
    }
    if (user.data != NULL &&
        !one_row(link,
                 "SELECT " COLUMNS " FROM survey_responses WHERE user = ?3 AND survey = ?1"
                 " AND wave = ?2 ORDER BY created_ms DESC, id LIMIT 1",
                 by_user, ARRAY_LEN(by_user), arena, out, out_found, fail)) {
        return false;
    }
    return *out_found || anonymous.data == NULL ||
           one_row(link,
                   "SELECT " COLUMNS " FROM survey_responses WHERE anonymous = ?3 AND survey = ?1"
                   " AND wave = ?2 ORDER BY created_ms DESC, id LIMIT 1",
                   by_anonymous, ARRAY_LEN(by_anonymous), arena, out, out_found, fail);
}

bool state_response_shown(struct state *state, struct str id, int64_t at_ms, struct fail *fail)
{
    struct state_link *link CLEANUP(state_link_done) = NULL;
    struct state_value values[] = {state_text(id), state_int(at_ms)};
    return state_write(state, &link, fail) &&
           state_run(link,
                     "UPDATE survey_responses SET shown_ms = ?2 WHERE id = ?1 AND shown_ms = 0",
                     values, ARRAY_LEN(values), fail) &&
           state_commit(&link, fail);
}

bool state_response_set_status(struct state *state, struct str id, const char *from, const char *to,
                               struct fail *fail)
{
    struct state_link *link CLEANUP(state_link_done) = NULL;
    struct arena *arena CLEANUP(arena_free_at) = arena_new(NULL);
    struct state_response there;
    bool found = false;
    struct state_value values[] = {state_text(id), state_text(str_from_c(to))};
    if (!state_write(state, &link, fail) || !find_in(link, id, arena, &there, &found, fail)) {
        return false;
    }
    if (!found) {
        return absent(fail);
    }
    if (!str_is(there.status, from)) {
        return fail_set(fail, FAIL_CONFLICT, "this response is \"%.*s\" and not \"%s\"",
                        STR_ARG(there.status), from);
    }
    return state_run(link, "UPDATE survey_responses SET status = ?2 WHERE id = ?1", values,
                     ARRAY_LEN(values), fail) &&
           state_commit(&link, fail);
}

bool state_response_suspect(struct state *state, struct str id, struct str reasons,
                            struct fail *fail)
{
    struct state_link *link CLEANUP(state_link_done) = NULL;
    struct state_value values[] = {state_text(id), state_text(reasons)};
    return state_write(state, &link, fail) &&
           state_run(link,
                     "UPDATE survey_responses SET status = 'suspect', reasons = ?2"
                     " WHERE id = ?1 AND status = 'open' AND parts = 0",
                     values, ARRAY_LEN(values), fail) &&
           state_commit(&link, fail);
}

bool state_response_forget(struct state *state, struct str id, struct fail *fail)
{
    struct state_link *link CLEANUP(state_link_done) = NULL;
    struct state_value values[] = {state_text(id)};
    return state_write(state, &link, fail) &&
           state_run(link, "DELETE FROM survey_answers WHERE response = ?1", values, 1, fail) &&
           state_run(link, "DELETE FROM survey_parts WHERE response = ?1", values, 1, fail) &&
           state_commit(&link, fail);
}

/* ---- answers ------------------------------------------------------------------------------------------ */

static bool seq_next(struct state_link *link, struct str id, int64_t *out, struct fail *fail)
{
    struct state_rows *rows CLEANUP(state_rows_done) = NULL;
    struct state_value values[] = {state_text(id)};
    bool row = false;
    if (!state_select(link,
                      "SELECT coalesce(max(seq), 0) + 1 FROM survey_answers"
                      " WHERE response = ?1",
                      values, 1, &rows, fail) ||
        !state_next(rows, &row, fail)) {
        return false;
    }
    *out = state_get_int(rows, 0);
    return true;
}

static bool answer_one(struct state_link *link, struct str id, const struct state_answer *answer,
                       int64_t latest, bool *out_changed, struct fail *fail)
{
    int64_t seq = answer->seq == STATE_SEQ_LATEST ? latest : answer->seq;
    struct state_value values[] = {state_text(id), state_text(answer->question), state_int(seq),
                                   state_text(answer->value)};
    /* An answer that says the same stays where it is: in its part, on the timeline already. */
    if (!state_run(link,
                   "UPDATE survey_answers SET seq = ?3 WHERE response = ?1 AND question = ?2"
                   " AND seq < ?3 AND value = ?4",
                   values, ARRAY_LEN(values), fail)) {
        return false;
    }
    if (!state_run(link,
                   "INSERT INTO survey_answers (response, question, seq, value, part)"
                   " VALUES (?1, ?2, ?3, ?4, 0) ON CONFLICT (response, question) DO UPDATE"
                   " SET seq = excluded.seq, value = excluded.value, part = 0"
                   " WHERE seq < excluded.seq AND value <> excluded.value",
                   values, ARRAY_LEN(values), fail)) {
        return false;
    }
    *out_changed = *out_changed || state_changed(link) > 0;
    return true;
}

/* New answers to one that settled open it again; a suspect stays one. */
static bool touch(struct state_link *link, struct str id, bool finished, bool changed,
                  int64_t now_ms, struct fail *fail)
{
    struct state_value values[] = {state_text(id), state_int(now_ms), state_int(finished ? 1 : 0),
                                   state_int(changed ? 1 : 0)};
    return state_run(link,
                     "UPDATE survey_responses SET answered_ms = max(answered_ms, ?2),"
                     " status = CASE WHEN status = 'settled' AND (?4 OR (?3 AND finished_ms = 0))"
                     "  THEN 'open' ELSE status END,"
                     " finished_ms = CASE WHEN ?3 AND finished_ms = 0 THEN ?2 ELSE finished_ms END"
                     " WHERE id = ?1",
                     values, ARRAY_LEN(values), fail);
}

bool state_response_answer(struct state *state, struct str id, const struct state_answer *answers,
                           size_t count, bool finished, int64_t now_ms, bool *out_changed,
                           struct fail *fail)
{
    struct state_link *link CLEANUP(state_link_done) = NULL;
    struct arena *arena CLEANUP(arena_free_at) = arena_new(NULL);
    struct state_response there;
    bool found = false, changed = false;
    int64_t latest = 0;
    if (!state_write(state, &link, fail) || !find_in(link, id, arena, &there, &found, fail)) {
        return false;
    }
    if (!found) {
        return absent(fail);
    }
    if (str_is(there.status, "discarded")) {
        return fail_set(fail, FAIL_CONFLICT, "this response was discarded");
    }
    if (!seq_next(link, id, &latest, fail)) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        if (!answer_one(link, id, &answers[i], latest, &changed, fail)) {
            return false;
        }
    }
    if (!changed && (!finished || there.finished_ms != 0)) {
        *out_changed = false;
        return state_commit(&link, fail); /* a retry, or an older answer that came late */
    }
    if (!touch(link, id, finished, changed, now_ms, fail) || !state_commit(&link, fail)) {
        return false;
    }
    *out_changed = true;
    return true;
}

bool state_response_answers(struct state *state, struct str id, struct arena *arena,
                            struct state_answer **out, size_t *out_count, struct fail *fail)
{
    struct state_link *link CLEANUP(state_link_done) = NULL;
    struct state_rows *rows CLEANUP(state_rows_done) = NULL;
    struct state_value values[] = {state_text(id)};
    struct state_answer *list = NULL;
    size_t count = 0, capacity = 0;
    bool row = false;
    if (!state_read(state, &link, fail) ||
        !state_select(link,
                      "SELECT question, value, seq, part FROM survey_answers WHERE response = ?1"
                      " ORDER BY question",
                      values, 1, &rows, fail) ||
        !state_next(rows, &row, fail)) {
        return false;
    }
    while (row) {
        if (count == capacity) {
            capacity = capacity == 0 ? 16 : 2 * capacity;
            struct state_answer *grown = arena_array(arena, capacity, sizeof *grown, fail);
            if (grown == NULL) {
                return false;
            }
            if (count > 0) {
                memcpy(grown, list, count * sizeof *grown);
            }
            list = grown;
        }
        list[count++] = (struct state_answer){
            .question = state_get_text(rows, 0, arena),
            .value = state_get_text(rows, 1, arena),
            .seq = state_get_int(rows, 2),
            .part = state_get_int(rows, 3),
        };
        if (!state_next(rows, &row, fail)) {
            return false;
        }
    }
    *out = list;
    *out_count = count;
    return true;
}

/* ---- parts ---------------------------------------------------------------------------------------------- */

/* {"a":5,"b":"words"} of the answers in no part yet. */
static bool gather(struct state_link *link, struct str id, struct arena *arena, struct str *out,
                   size_t *out_count, struct fail *fail)
{
    struct state_rows *rows CLEANUP(state_rows_done) = NULL;
    struct state_value values[] = {state_text(id)};
    CLEANUP(base_buf_done) struct base_buf text = {.limit = PART_BYTES_MAX};
    struct json_writer w = {.out = &text};
    bool row = false;
    if (!state_select(link,
                      "SELECT question, value FROM survey_answers WHERE response = ?1 AND part = 0"
                      " AND value <> 'null' ORDER BY question",
                      values, 1, &rows, fail) ||
        !state_next(rows, &row, fail)) {
        return false;
    }
    size_t count = 0;
    json_begin_object(&w);
    for (; row; count++) {
        json_name(&w, state_get_text(rows, 0, arena));
        json_write_raw(&w, state_get_text(rows, 1, arena));
        if (!state_next(rows, &row, fail)) {
            return false;
        }
    }
    json_end_object(&w);
    if (!base_buf_ok(&text, fail)) {
        return false;
    }
    *out = str_copy(arena, base_buf_view(&text));
    *out_count = count;
    return true;
}

static bool close_in(struct state_link *link, const struct state_response *there,
                     struct state_part *part, struct fail *fail)
{
    struct state_value values[] = {state_text(there->id), state_int(part->part),
                                   state_text(part->answers), state_int(part->finished ? 1 : 0),
                                   state_int(part->at_ms)};
    struct state_value mark[] = {state_text(there->id), state_int(part->part)};
    return state_run(link,
                     "INSERT INTO survey_parts (response, part, answers, finished, at_ms)"
                     " VALUES (?1, ?2, ?3, ?4, ?5)",
                     values, ARRAY_LEN(values), fail) &&
           state_run(link, "UPDATE survey_answers SET part = ?2 WHERE response = ?1 AND part = 0",
                     mark, ARRAY_LEN(mark), fail) &&
           state_run(link,
                     "UPDATE survey_responses SET parts = ?2, status = 'settled' WHERE id = ?1",
                     mark, ARRAY_LEN(mark), fail);
}

bool state_response_close(struct state *state, struct str id, struct arena *arena,
                          struct state_part *out, bool *out_closed, struct fail *fail)
{
    struct state_link *link CLEANUP(state_link_done) = NULL;
    struct state_response there;
    struct state_part part = {0};
    bool found = false;
    size_t count = 0;
    *out_closed = false;
    if (!state_write(state, &link, fail) || !find_in(link, id, arena, &there, &found, fail)) {
        return false;
    }
    if (!found) {
        return absent(fail);
    }
    if (!str_is(there.status, "open")) {
        return true;
    }
    if (!gather(link, id, arena, &part.answers, &count, fail)) {
        return false;
    }
    if (count == 0 && there.finished_ms == 0) {
        /* Everything was passed over: there is nothing to tell, and nothing to come back to. */
        struct state_value only[] = {state_text(id)};
        return state_run(link,
                         "UPDATE survey_responses SET status = 'settled' WHERE id = ?1"
                         " AND answered_ms > 0",
                         only, 1, fail) &&
               state_commit(&link, fail);
    }
    part.response = there.id;
    part.part = there.parts + 1;
    part.finished = there.finished_ms != 0;
    part.at_ms = there.answered_ms;
    if (!close_in(link, &there, &part, fail) || !state_commit(&link, fail)) {
        return false;
    }
    *out = part;
    *out_closed = true;
    return true;
}

bool state_parts_pending(struct state *state, int64_t before_ms, size_t limit, struct arena *arena,
                         struct state_part **out, size_t *out_count, struct fail *fail)
{
    struct state_link *link CLEANUP(state_link_done) = NULL;
    struct state_rows *rows CLEANUP(state_rows_done) = NULL;
    struct state_value values[] = {state_int(before_ms), state_int((int64_t)limit)};
    struct state_part *list = arena_array(arena, limit, sizeof *list, fail);
    size_t count = 0;
    bool row = false;
    if (list == NULL || !state_read(state, &link, fail) ||
        !state_select(link,
                      "SELECT response, part, answers, finished, at_ms FROM survey_parts"
                      " WHERE at_ms < ?1 ORDER BY response, part LIMIT ?2",
                      values, ARRAY_LEN(values), &rows, fail) ||
        !state_next(rows, &row, fail)) {
        return false;
    }
    while (row) {
        list[count++] = (struct state_part){
            .response = state_get_text(rows, 0, arena),
            .part = state_get_int(rows, 1),
            .answers = state_get_text(rows, 2, arena),
            .finished = state_get_int(rows, 3) != 0,
            .at_ms = state_get_int(rows, 4),
        };
        if (!state_next(rows, &row, fail)) {
            return false;
        }
    }
    *out = list;
    *out_count = count;
    return true;
}

bool state_part_done(struct state *state, struct str response, int64_t part, struct fail *fail)
{
    struct state_link *link CLEANUP(state_link_done) = NULL;
    struct state_value values[] = {state_text(response), state_int(part)};
    return state_write(state, &link, fail) &&
           state_run(link, "DELETE FROM survey_parts WHERE response = ?1 AND part = ?2", values,
                     ARRAY_LEN(values), fail) &&
           state_commit(&link, fail);
}

/* Behind all others: where another of this response waits to be written, that one is told first. */
bool state_part_renumber(struct state *state, struct str response, int64_t part, int64_t *out_part,
                         struct fail *fail)
{
    struct state_link *link CLEANUP(state_link_done) = NULL;
    struct arena *arena CLEANUP(arena_free_at) = arena_new(NULL);
    struct state_response there;
    bool found = false;
    if (!state_write(state, &link, fail) || !find_in(link, response, arena, &there, &found, fail)) {
        return false;
    }
    if (!found) {
        return absent(fail);
    }
    struct state_value values[] = {state_text(response), state_int(part),
                                   state_int(there.parts + 1)};
    struct state_value count[] = {values[0], values[2]};
    if (!state_run(link, "UPDATE survey_parts SET part = ?3 WHERE response = ?1 AND part = ?2",
                   values, ARRAY_LEN(values), fail) ||
        !state_run(link, "UPDATE survey_answers SET part = ?3 WHERE response = ?1 AND part = ?2",
                   values, ARRAY_LEN(values), fail) ||
        !state_run(link, "UPDATE survey_responses SET parts = ?2 WHERE id = ?1", count,
                   ARRAY_LEN(count), fail) ||
        !state_commit(&link, fail)) {
        return false;
    }
    *out_part = there.parts + 1;
    return true;
}

bool state_responses_due(struct state *state, int64_t before_ms, size_t limit, struct arena *arena,
                         struct str **out, size_t *out_count, struct fail *fail)
{
    struct state_link *link CLEANUP(state_link_done) = NULL;
    struct state_rows *rows CLEANUP(state_rows_done) = NULL;
    struct state_value values[] = {state_int(before_ms), state_int((int64_t)limit)};
    struct str *list = arena_array(arena, limit, sizeof *list, fail);
    size_t count = 0;
    bool row = false;
    if (list == NULL || !state_read(state, &link, fail) ||
        !state_select(link,
                      "SELECT id FROM survey_responses WHERE status = 'open' AND answered_ms > 0"
                      " AND answered_ms < ?1 ORDER BY answered_ms LIMIT ?2",
                      values, ARRAY_LEN(values), &rows, fail) ||
        !state_next(rows, &row, fail)) {
        return false;
    }
    while (row) {
        list[count++] = state_get_text(rows, 0, arena);
        if (!state_next(rows, &row, fail)) {
            return false;
        }
    }
    *out = list;
    *out_count = count;
    return true;
}

bool state_responses_list(struct state *state, struct str survey, const char *status,
                          struct str cursor, size_t limit, struct arena *arena,
                          struct state_response **out, size_t *out_count, int64_t *out_total,
                          struct fail *fail)
{
    struct state_link *link CLEANUP(state_link_done) = NULL;
    struct state_rows *rows CLEANUP(state_rows_done) = NULL;
    struct state_rows *total CLEANUP(state_rows_done) = NULL;
    struct state_value values[] = {state_text(survey), state_text(str_from_c(status)),
                                   state_text(cursor), state_int((int64_t)limit)};
    struct state_response *list = arena_array(arena, limit, sizeof *list, fail);
    size_t count = 0;
    bool row = false;
    if (list == NULL || !state_read(state, &link, fail) ||
        !state_select(link,
                      "SELECT count(*) FROM survey_responses WHERE survey = ?1 AND status = ?2",
                      values, 2, &total, fail) ||
        !state_next(total, &row, fail)) {
        return false;
    }
    *out_total = state_get_int(total, 0);
    if (!state_select(link,
                      "SELECT " COLUMNS " FROM survey_responses WHERE survey = ?1 AND status = ?2"
                      " AND (?3 IS NULL OR (created_ms, id) < (SELECT created_ms, id FROM"
                      " survey_responses WHERE id = ?3)) ORDER BY created_ms DESC, id DESC"
                      " LIMIT ?4",
                      values, ARRAY_LEN(values), &rows, fail) ||
        !state_next(rows, &row, fail)) {
        return false;
    }
    while (row) {
        list[count++] = row_read(rows, arena);
        if (!state_next(rows, &row, fail)) {
            return false;
        }
    }
    *out = list;
    *out_count = count;
    return true;
}

bool state_responses_of_person(struct state *state, struct str kind, struct str value,
                               struct arena *arena, struct state_response **out, size_t *out_count,
                               struct fail *fail)
{
    struct state_link *link CLEANUP(state_link_done) = NULL;
    struct state_rows *rows CLEANUP(state_rows_done) = NULL;
    struct state_value values[] = {state_text(value)};
    bool user = str_equal(kind, STR("user"));
    size_t capacity = 8;
    *out_count = 0;
    *out = arena_array(arena, capacity, sizeof **out, fail);
    if (*out == NULL) {
        return false;
    }
    if (!user && !str_equal(kind, STR("anonymous"))) {
        return true;
    }
    if (!state_read(state, &link, fail) ||
        !state_select(link,
                      user ? "SELECT " COLUMNS " FROM survey_responses WHERE user = ?1"
                             " ORDER BY created_ms, id"
                           : "SELECT " COLUMNS " FROM survey_responses"
                             " WHERE anonymous = ?1 AND user IS NULL ORDER BY created_ms, id",
                      values, ARRAY_LEN(values), &rows, fail)) {
        return false;
    }
    for (bool row = true;;) {
        if (!state_next(rows, &row, fail)) {
            return false;
        }
        if (!row) {
            return true;
        }
        if (*out_count == capacity) {
            struct state_response *grown = arena_array(arena, capacity * 2, sizeof *grown, fail);
            if (grown == NULL) {
                return false;
            }
            memcpy(grown, *out, capacity * sizeof *grown);
            *out = grown;
            capacity *= 2;
        }
        (*out)[(*out_count)++] = row_read(rows, arena);
    }
}
