/* Personal links to surveys. */
#include "state_responses.h"

#define COLUMNS                                                                                    \
    "id, survey, customer, response, token_hash, once, wave, created_ms, expires_ms, revoked_ms"

static struct state_survey_link row_read(const struct state_rows *rows, struct arena *arena)
{
    return (struct state_survey_link){
        .id = state_get_int(rows, 0),
        .survey = state_get_text(rows, 1, arena),
        .customer = state_get_text(rows, 2, arena),
        .response = state_get_text(rows, 3, arena),
        .token_hash = state_get_blob(rows, 4, arena),
        .once = state_get_int(rows, 5) != 0,
        .wave = state_get_int(rows, 6),
        .created_ms = state_get_int(rows, 7),
        .expires_ms = state_get_int(rows, 8),
        .revoked_ms = state_get_int(rows, 9),
    };
}

bool state_survey_links_add(struct state *state, const struct state_survey_link *links,
                            size_t count, struct fail *fail)
{
    struct state_link *link CLEANUP(state_link_done) = NULL;
    int64_t others = 0;
    if (!state_write(state, &link, fail) ||
        !state_count(link, "SELECT count(*) FROM survey_links", &others, fail)) {
        return false;
    }
    if (others + (int64_t)count > STATE_LINKS_MAX) {
        return fail_set(fail, FAIL_LIMIT, "there are %lld links, and at most %d", (long long)others,
                        STATE_LINKS_MAX);
    }
    for (size_t i = 0; i < count; i++) {
        struct state_value values[] = {
            state_text(links[i].survey),    state_blob(links[i].token_hash),
            state_text(links[i].customer),  state_text(links[i].response),
            state_int(links[i].wave),       state_int(links[i].once ? 1 : 0),
            state_int(links[i].created_ms), state_int(links[i].expires_ms)};
        if (!state_run(link,
                       "INSERT INTO survey_links (survey, token_hash, customer, response, wave,"
                       " once, created_ms, expires_ms, revoked_ms)"
                       " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, 0)"
                       /* Made again: the new token is the one that opens it. */
                       " ON CONFLICT (response) DO UPDATE SET token_hash = excluded.token_hash,"
                       " once = excluded.once, created_ms = excluded.created_ms,"
                       " expires_ms = excluded.expires_ms, revoked_ms = 0",
                       values, ARRAY_LEN(values), fail)) {
            return false;
        }
    }
    return state_commit(&link, fail);
}

bool state_survey_link_holds(struct state *state, struct str response, bool *out, struct fail *fail)
{
    struct state_link *link CLEANUP(state_link_done) = NULL;
    struct state_rows *rows CLEANUP(state_rows_done) = NULL;
    struct state_value values[] = {state_text(response)};
    return state_read(state, &link, fail) &&
           state_select(link, "SELECT 1 FROM survey_links WHERE response = ?1", values, 1, &rows,
                        fail) &&
           state_next(rows, out, fail);
}

bool state_survey_link_find(struct state *state, struct str token_hash, struct arena *arena,
                            struct state_survey_link *out, bool *out_found, struct fail *fail)
{
    struct state_link *link CLEANUP(state_link_done) = NULL;
    struct state_rows *rows CLEANUP(state_rows_done) = NULL;
    struct state_value values[] = {state_blob(token_hash)};
    bool row = false;
    if (!state_read(state, &link, fail) ||
        !state_select(link, "SELECT " COLUMNS " FROM survey_links WHERE token_hash = ?1", values, 1,
                      &rows, fail) ||
        !state_next(rows, &row, fail)) {
        return false;
    }
    if (row) {
        *out = row_read(rows, arena);
    }
    *out_found = row;
    return true;
}

bool state_survey_links_list(struct state *state, struct str survey, int64_t before_id,
                             size_t limit, struct arena *arena, struct state_survey_link **out,
                             size_t *out_count, int64_t *out_total, struct fail *fail)
{
    struct state_link *link CLEANUP(state_link_done) = NULL;
    struct state_rows *rows CLEANUP(state_rows_done) = NULL;
    struct state_rows *total CLEANUP(state_rows_done) = NULL;
    struct state_value values[] = {state_text(survey),
                                   state_int(before_id == 0 ? INT64_MAX : before_id),
                                   state_int((int64_t)limit)};
    struct state_survey_link *list = arena_array(arena, limit, sizeof *list, fail);
    size_t count = 0;
    bool row = false;
    if (list == NULL || !state_read(state, &link, fail) ||
        !state_select(link, "SELECT count(*) FROM survey_links WHERE survey = ?1", values, 1,
                      &total, fail) ||
        !state_next(total, &row, fail)) {
        return false;
    }
    *out_total = state_get_int(total, 0);
    if (!state_select(link,
                      "SELECT " COLUMNS " FROM survey_links WHERE survey = ?1 AND id < ?2"
                      " ORDER BY id DESC LIMIT ?3",
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

bool state_survey_links_of(struct state *state, struct str customer, struct arena *arena,
                           struct state_survey_link **out, size_t *out_count, struct fail *fail)
{
    struct state_link *link CLEANUP(state_link_done) = NULL;
    struct state_rows *rows CLEANUP(state_rows_done) = NULL;
    struct state_value values[] = {state_text(customer), state_int(STATE_LINKS_OF_MAX)};
    struct state_survey_link *list = arena_array(arena, STATE_LINKS_OF_MAX, sizeof *list, fail);
    size_t count = 0;
    bool row = false;
    if (list == NULL || !state_read(state, &link, fail) ||
        !state_select(link,
                      "SELECT " COLUMNS " FROM survey_links WHERE customer = ?1"
                      " ORDER BY id DESC LIMIT ?2",
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

bool state_survey_link_revoke(struct state *state, struct str survey, int64_t id, struct fail *fail)
{
    struct state_link *link CLEANUP(state_link_done) = NULL;
    struct state_value values[] = {state_text(survey), state_int(id),
                                   state_int(base_now_ms(state_clock(state)))};
    if (!state_write(state, &link, fail) ||
        !state_run(link,
                   "UPDATE survey_links SET revoked_ms = CASE WHEN revoked_ms = 0 THEN ?3 ELSE"
                   " revoked_ms END WHERE survey = ?1 AND id = ?2",
                   values, ARRAY_LEN(values), fail)) {
        return false;
    }
    return state_changed(link) == 0 ? fail_set(fail, FAIL_ABSENT, "there is no such link")
                                    : state_commit(&link, fail);
}
