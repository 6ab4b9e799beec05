#include "state_surveys.h"

#define SELECT_SURVEY                                                                              \
    "SELECT s.id, s.status, s.draft, s.owner, s.version, s.created_ms, s.updated_ms,"              \
    " v.definition, v.published_ms FROM surveys s"                                                 \
    " LEFT JOIN survey_versions v ON v.survey = s.id AND v.version = s.version "

static struct state_survey row_read(const struct state_rows *rows, struct arena *arena)
{
    return (struct state_survey){
        .id = state_get_text(rows, 0, arena),
        .status = state_get_text(rows, 1, arena),
        .draft = state_get_text(rows, 2, arena),
        .owner = state_get_text(rows, 3, arena),
        .version = state_get_int(rows, 4),
        .created_ms = state_get_int(rows, 5),
        .updated_ms = state_get_int(rows, 6),
        .definition = state_get_text(rows, 7, arena),
        .published_ms = state_get_int(rows, 8),
    };
}

bool state_surveys_list(struct state *state, struct arena *arena, struct state_survey **out,
                        size_t *out_count, struct fail *fail)
{
    struct state_link *link CLEANUP(state_link_done) = NULL;
    struct state_rows *rows CLEANUP(state_rows_done) = NULL;
    int64_t count = 0;
    if (!state_read(state, &link, fail) ||
        !state_count(link, "SELECT count(*) FROM surveys", &count, fail) ||
        !state_select(link, SELECT_SURVEY "ORDER BY s.id", NULL, 0, &rows, fail)) {
        return false;
    }
    struct state_survey *list = arena_array(arena, (size_t)count, sizeof *list, fail);
    if (list == NULL) {
        return false;
    }
    for (int64_t i = 0; i < count; i++) {
        bool row = false;
        if (!state_next(rows, &row, fail)) {
            return false;
        }
        INVARIANT(row); /* one transaction: as many as were counted */
        list[i] = row_read(rows, arena);
    }
    *out = list;
    *out_count = (size_t)count;
    return true;
}

static bool find_in(struct state_link *link, struct str id, struct arena *arena,
                    struct state_survey *out, bool *out_found, struct fail *fail)
{
    struct state_rows *rows CLEANUP(state_rows_done) = NULL;
    struct state_value values[] = {state_text(id)};
    bool row = false;
    if (!state_select(link, SELECT_SURVEY "WHERE s.id = ?1", values, ARRAY_LEN(values), &rows,
                      fail) ||
        !state_next(rows, &row, fail)) {
        return false;
    }
    if (row) {
        *out = row_read(rows, arena);
    }
    *out_found = row;
    return true;
}

bool state_survey_find(struct state *state, struct str id, struct arena *arena,
                       struct state_survey *out, bool *out_found, struct fail *fail)
{
    struct state_link *link CLEANUP(state_link_done) = NULL;
    return state_read(state, &link, fail) && find_in(link, id, arena, out, out_found, fail);
}

static bool absent(struct str id, struct fail *fail)
{
    return fail_set(fail, FAIL_ABSENT, "there is no survey \"%.*s\"", STR_ARG(id));
}

bool state_survey_add(struct state *state, struct str id, struct str draft, struct str owner,
                      struct fail *fail)
{
    struct state_link *link CLEANUP(state_link_done) = NULL;
    int64_t others = 0;
    struct state_value values[] = {state_text(id), state_text(draft), state_text(owner),
                                   state_int(base_now_ms(state_clock(state)))};
    if (!state_write(state, &link, fail) ||
        !state_count(link, "SELECT count(*) FROM surveys", &others, fail)) {
        return false;
    }
    if (others >= STATE_SURVEYS_MAX) {
        return fail_set(fail, FAIL_LIMIT, "there are %d surveys, and no room for more",
                        STATE_SURVEYS_MAX);
    }
    if (!state_run(link,
                   "INSERT INTO surveys (id, status, draft, version, owner, created_ms, updated_ms)"
                   " VALUES (?1, 'draft', ?2, 0, ?3, ?4, ?4) ON CONFLICT (id) DO NOTHING",
                   values, ARRAY_LEN(values), fail)) {
        return false;
    }
    if (state_changed(link) == 0) {
        return fail_set(fail, FAIL_CONFLICT, "there is a survey \"%.*s\" already", STR_ARG(id));
    }
    return state_commit(&link, fail);
}

bool state_survey_save(struct state *state, struct str id, struct str draft, struct str owner,
                       struct fail *fail)
{
    struct state_link *link CLEANUP(state_link_done) = NULL;
    struct state_value values[] = {state_text(id), state_text(draft), state_text(owner),
                                   state_int(base_now_ms(state_clock(state)))};
    if (!state_write(state, &link, fail) ||
        !state_run(link, "UPDATE surveys SET draft = ?2, owner = ?3, updated_ms = ?4 WHERE id = ?1",
                   values, ARRAY_LEN(values), fail)) {
        return false;
    }
    return state_changed(link) == 0 ? absent(id, fail) : state_commit(&link, fail);
}

static bool publish_in(struct state_link *link, const struct state_survey *survey, struct str owner,
                       int64_t now_ms, struct fail *fail)
{
    struct state_value values[] = {state_text(survey->id), state_int(survey->version + 1),
                                   state_text(survey->draft), state_text(owner), state_int(now_ms)};
    struct state_value live[] = {state_text(survey->id), state_int(survey->version + 1),
                                 state_int(now_ms)};
    return state_run(link,
                     "INSERT INTO survey_versions (survey, version, definition, owner,"
                     " published_ms) VALUES (?1, ?2, ?3, ?4, ?5)",
                     values, ARRAY_LEN(values), fail) &&
           state_run(link,
                     "UPDATE surveys SET status = 'live', draft = NULL, version = ?2,"
                     " updated_ms = ?3 WHERE id = ?1",
                     live, ARRAY_LEN(live), fail);
}

bool state_survey_publish(struct state *state, struct str id, struct str draft, struct str owner,
                          int64_t *out_version, struct fail *fail)
{
    struct arena *arena CLEANUP(arena_free_at) = arena_new(NULL);
    struct state_link *link CLEANUP(state_link_done) = NULL;
    struct state_survey survey;
    bool found = false;
    if (!state_write(state, &link, fail) || !find_in(link, id, arena, &survey, &found, fail)) {
        return false;
    }
    if (!found) {
        return absent(id, fail);
    }
    if (!str_equal(survey.draft, draft)) {
        return fail_set(fail, FAIL_CONFLICT,
                        "the draft was changed in the meantime: look at it and publish again");
    }
    if (!publish_in(link, &survey, owner, base_now_ms(state_clock(state)), fail) ||
        !state_commit(&link, fail)) {
        return false;
    }
    *out_version = survey.version + 1;
    return true;
}

bool state_survey_set_status(struct state *state, struct str id, const char *status,
                             struct fail *fail)
{
    struct arena *arena CLEANUP(arena_free_at) = arena_new(NULL);
    struct state_link *link CLEANUP(state_link_done) = NULL;
    struct state_survey survey;
    bool found = false;
    struct state_value values[] = {state_text(id), state_text(str_from_c(status)),
                                   state_int(base_now_ms(state_clock(state)))};
    if (!state_write(state, &link, fail) || !find_in(link, id, arena, &survey, &found, fail)) {
        return false;
    }
    if (!found) {
        return absent(id, fail);
    }
    if (survey.version == 0) {
        return fail_set(fail, FAIL_CONFLICT, "\"%.*s\" was never published", STR_ARG(id));
    }
    return state_run(link, "UPDATE surveys SET status = ?2, updated_ms = ?3 WHERE id = ?1", values,
                     ARRAY_LEN(values), fail) &&
           state_commit(&link, fail);
}

bool state_survey_delete(struct state *state, struct str id, struct fail *fail)
{
    struct state_link *link CLEANUP(state_link_done) = NULL;
    struct arena *arena CLEANUP(arena_free_at) = arena_new(NULL);
    struct state_survey survey;
    bool found = false;
    struct state_value values[] = {state_text(id)};
    if (!state_write(state, &link, fail) || !find_in(link, id, arena, &survey, &found, fail)) {
        return false;
    }
    if (!found) {
        return absent(id, fail);
    }
    if (survey.version != 0) {
        return fail_set(fail, FAIL_CONFLICT,
                        "\"%.*s\" was published: its answers stay readable; close it instead",
                        STR_ARG(id));
    }
    return state_run(link, "DELETE FROM surveys WHERE id = ?1", values, 1, fail) &&
           state_commit(&link, fail);
}

bool state_survey_versions(struct state *state, struct str id, struct arena *arena,
                           struct state_survey_version **out, size_t *out_count, struct fail *fail)
{
    struct state_link *link CLEANUP(state_link_done) = NULL;
    struct state_rows *rows CLEANUP(state_rows_done) = NULL;
    struct state_value values[] = {state_text(id)};
    struct state_survey_version *list = NULL;
    size_t count = 0, capacity = 0;
    if (!state_read(state, &link, fail) ||
        !state_select(link,
                      "SELECT version, published_ms, definition, owner FROM survey_versions"
                      " WHERE survey = ?1 ORDER BY version",
                      values, ARRAY_LEN(values), &rows, fail)) {
        return false;
    }
    for (bool row = true; row;) {
        if (!state_next(rows, &row, fail)) {
            return false;
        }
        if (!row) {
            break;
        }
        if (count == capacity) {
            capacity = capacity == 0 ? 8 : 2 * capacity;
            struct state_survey_version *grown = arena_array(arena, capacity, sizeof *grown, fail);
            if (grown == NULL) {
                return false;
            }
            if (count > 0) {
                memcpy(grown, list, count * sizeof *grown);
            }
            list = grown;
        }
        list[count++] = (struct state_survey_version){
            .version = state_get_int(rows, 0),
            .published_ms = state_get_int(rows, 1),
            .definition = state_get_text(rows, 2, arena),
            .owner = state_get_text(rows, 3, arena),
        };
    }
    *out = list;
    *out_count = count;
    return true;
}

bool state_survey_version_find(struct state *state, struct str id, int64_t version,
                               struct arena *arena, struct str *out_definition, bool *out_found,
                               struct fail *fail)
{
    struct state_link *link CLEANUP(state_link_done) = NULL;
    struct state_rows *rows CLEANUP(state_rows_done) = NULL;
    struct state_value values[] = {state_text(id), state_int(version)};
    bool row = false;
    if (!state_read(state, &link, fail) ||
        !state_select(link,
                      "SELECT definition FROM survey_versions WHERE survey = ?1 AND version = ?2",
                      values, ARRAY_LEN(values), &rows, fail) ||
        !state_next(rows, &row, fail)) {
        return false;
    }
    if (row) {
        *out_definition = state_get_text(rows, 0, arena);
    }
    *out_found = row;
    return true;
}
