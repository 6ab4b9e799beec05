/* Responses and personal links that are past their time. */
#include "state_responses.h"

#define NONE_PENDING "NOT EXISTS (SELECT 1 FROM survey_parts p WHERE p.response = r.id)"
#define SILENT "r.answered_ms < ?1 AND r.created_ms < ?1 AND r.finished_ms < ?1"
#define OLD_RESPONSE "r.status IN ('settled', 'discarded') AND " SILENT " AND " NONE_PENDING
#define OLD_SUSPECT "r.status = 'suspect' AND " SILENT
/* A link is old with its response; one that was never used once it cannot be any more. */
#define OLD_UNUSED_LINK                                                                            \
    "l.created_ms < ?1 AND ((l.revoked_ms > 0 AND l.revoked_ms < ?1)"                              \
    "  OR (l.expires_ms > 0 AND l.expires_ms < ?1)"                                                \
    "  OR EXISTS (SELECT 1 FROM surveys s WHERE s.id = l.survey AND s.status = 'closed'))"         \
    " AND NOT EXISTS (SELECT 1 FROM survey_responses r WHERE r.id = l.response)"

bool state_responses_prune(struct state *state, int64_t before_ms, int64_t *out_pruned,
                           struct fail *fail)
{
    struct state_link *link CLEANUP(state_link_done) = NULL;
    struct state_value values[] = {state_int(before_ms), state_int(STATE_PRUNED_AT_ONCE)};
    if (!state_write(state, &link, fail) ||
        !state_run(link,
                   "DELETE FROM survey_answers WHERE part > 0 AND response IN (SELECT r.id FROM"
                   " survey_responses r WHERE r.status = 'settled' AND r.answered_ms < ?1"
                   " AND " NONE_PENDING
                   /* Of those that have any still: they alone make room for the next. */
                   " AND EXISTS (SELECT 1 FROM survey_answers a WHERE a.response = r.id"
                   "  AND a.part > 0) LIMIT ?2)",
                   values, ARRAY_LEN(values), fail)) {
        return false;
    }
    *out_pruned = state_changed(link);
    /* Asked, never begun: the timeline knows that they were asked. */
    return state_run(link,
                     "DELETE FROM survey_responses WHERE id IN (SELECT id FROM survey_responses"
                     " WHERE status = 'open' AND answered_ms = 0 AND created_ms < ?1 LIMIT ?2)",
                     values, ARRAY_LEN(values), fail) &&
           state_commit(&link, fail);
}

static bool count_of(struct state_link *link, const char *sql, const struct state_value *before,
                     int64_t *out, struct fail *fail)
{
    struct state_rows *rows CLEANUP(state_rows_done) = NULL;
    bool row = false;
    if (!state_select(link, sql, before, 1, &rows, fail) || !state_next(rows, &row, fail)) {
        return false;
    }
    *out = state_get_int(rows, 0);
    return true;
}

bool state_responses_old_count(struct state *state, int64_t before_ms,
                               struct state_responses_old *out, struct fail *fail)
{
    struct state_link *link CLEANUP(state_link_done) = NULL;
    struct state_value before = state_int(before_ms);
    struct state_responses_old old;
    if (!state_read(state, &link, fail) ||
        !count_of(link, "SELECT count(*) FROM survey_responses r WHERE " OLD_RESPONSE, &before,
                  &old.responses, fail) ||
        !count_of(link, "SELECT count(*) FROM survey_responses r WHERE " OLD_SUSPECT, &before,
                  &old.suspects, fail) ||
        !count_of(link,
                  "SELECT (SELECT count(*) FROM survey_links l JOIN survey_responses r"
                  "  ON r.id = l.response WHERE (" OLD_RESPONSE ") OR (" OLD_SUSPECT "))"
                  " + (SELECT count(*) FROM survey_links l WHERE " OLD_UNUSED_LINK ")",
                  &before, &old.links, fail)) {
        return false;
    }
    *out = old;
    return true;
}

bool state_suspects_old_discard(struct state *state, int64_t before_ms, int64_t *out_discarded,
                                struct fail *fail)
{
    struct state_link *link CLEANUP(state_link_done) = NULL;
    struct state_value values[] = {state_int(before_ms), state_int(STATE_RESPONSES_AT_ONCE)};
    /* The same rows each time: in the order of an index, and none changes its place before the last statement. */
#define THESE                                                                                      \
    "(SELECT r.id FROM survey_responses r WHERE " OLD_SUSPECT                                      \
    " ORDER BY r.status, r.answered_ms, r.id LIMIT ?2)"
    if (!state_write(state, &link, fail) ||
        !state_run(link, "DELETE FROM survey_answers WHERE response IN " THESE, values,
                   ARRAY_LEN(values), fail) ||
        !state_run(link, "UPDATE survey_responses SET status = 'discarded' WHERE id IN " THESE,
                   values, ARRAY_LEN(values), fail)) {
        return false;
    }
#undef THESE
    int64_t discarded = state_changed(link);
    if (!state_commit(&link, fail)) {
        return false;
    }
    *out_discarded = discarded;
    return true;
}

bool state_responses_old_remove(struct state *state, int64_t before_ms,
                                struct state_responses_old *out, struct fail *fail)
{
    struct state_link *link CLEANUP(state_link_done) = NULL;
    struct state_value values[] = {state_int(before_ms), state_int(STATE_RESPONSES_AT_ONCE)};
    struct state_responses_old gone = {0};
#define THESE                                                                                      \
    "(SELECT r.id FROM survey_responses r WHERE " OLD_RESPONSE                                     \
    " ORDER BY r.status, r.answered_ms, r.id LIMIT ?2)"
    if (!state_write(state, &link, fail) ||
        !state_run(link, "DELETE FROM survey_links WHERE response IN " THESE, values,
                   ARRAY_LEN(values), fail)) {
        return false;
    }
    gone.links = state_changed(link);
    if (!state_run(link, "DELETE FROM survey_responses WHERE id IN " THESE, values,
                   ARRAY_LEN(values), fail)) {
        return false;
    }
#undef THESE
    gone.responses = state_changed(link);
    if (!state_run(link,
                   "DELETE FROM survey_links WHERE id IN (SELECT l.id FROM survey_links l"
                   " WHERE " OLD_UNUSED_LINK " LIMIT ?2)",
                   values, ARRAY_LEN(values), fail)) {
        return false;
    }
    gone.links += state_changed(link);
    if (!state_commit(&link, fail)) {
        return false;
    }
    *out = gone;
    return true;
}
