#include "access_internal.h"

#define TOKEN_BYTES 32
#define TOKEN_CHARS_MAX 64
#define SEEN_EVERY_MS 60000
#define DELETE_OLD "DELETE FROM sessions WHERE created_ms < ?1 OR last_seen_ms < ?2"

struct state_value access_digest_value(const uint8_t digest[ACCESS_DIGEST_BYTES])
{
    return state_blob(str_of((const char *)digest, ACCESS_DIGEST_BYTES));
}

bool access_session_begin(struct access *access, struct state_link *link, int64_t user_id,
                          const struct access_from *from, struct arena *arena,
                          struct str *out_token, int64_t *out_id, struct fail *fail)
{
    int64_t now_ms = base_now_ms(access->clock);
    struct state_value old[] = {state_int(now_ms - ACCESS_SESSION_MS),
                                state_int(now_ms - ACCESS_SESSION_IDLE_MS)};
    struct state_value many[] = {state_int(user_id), state_int(ACCESS_SESSIONS_PER_USER_MAX - 1)};
    if (!state_run(link, DELETE_OLD, old, ARRAY_LEN(old), fail) ||
        !state_run(link,
                   "DELETE FROM sessions WHERE user_id = ?1 AND id NOT IN (SELECT id FROM sessions"
                   " WHERE user_id = ?1 ORDER BY last_seen_ms DESC, id DESC LIMIT ?2)",
                   many, ARRAY_LEN(many), fail)) {
        return false;
    }
    struct str token = base_random_token(access->random, arena, TOKEN_BYTES);
    uint8_t digest[ACCESS_DIGEST_BYTES];
    access_digest(token, digest);
    struct str agent = from->agent.data == NULL ? STR("") : from->agent;
    if (agent.len > ACCESS_AGENT_BYTES_MAX) {
        agent.len = ACCESS_AGENT_BYTES_MAX;
    }
    if (!str_is_utf8(agent)) {
        agent = STR("?");
    }
    struct state_value values[] = {access_digest_value(digest), state_int(user_id),
                                   state_int(now_ms), state_text(agent)};
    if (!state_run(link,
                   "INSERT INTO sessions (token_hash, user_id, created_ms, last_seen_ms, agent)"
                   " VALUES (?1, ?2, ?3, ?3, ?4)",
                   values, ARRAY_LEN(values), fail)) {
        return false;
    }
    *out_token = token;
    *out_id = state_last_id(link);
    return true;
}

static void note_seen(struct access *access, int64_t id, int64_t now_ms)
{
    /* Reading goes on when the disk is full: then a session merely looks idle for longer than it was. */
    struct fail fail;
    struct state_link *link CLEANUP(state_link_done) = NULL;
    struct state_value values[] = {state_int(now_ms), state_int(id)};
    if (state_write(access->state, &link, &fail) &&
        state_run(link, "UPDATE sessions SET last_seen_ms = ?1 WHERE id = ?2", values,
                  ARRAY_LEN(values), &fail)) {
        bool done = state_commit(&link, &fail);
        (void)done;
    }
}

/* *out_seen_ms is when it was seen last. */
static bool session_read(struct access *access, struct str token, int64_t now_ms,
                         struct arena *arena, struct access_identity *out, bool *out_found,
                         int64_t *out_seen_ms, struct fail *fail)
{
    uint8_t digest[ACCESS_DIGEST_BYTES];
    access_digest(token, digest);
    struct state_link *link CLEANUP(state_link_done) = NULL;
    struct state_rows *rows CLEANUP(state_rows_done) = NULL;
    struct state_value values[] = {access_digest_value(digest),
                                   state_int(now_ms - ACCESS_SESSION_MS),
                                   state_int(now_ms - ACCESS_SESSION_IDLE_MS)};
    bool row = false;
    if (!state_read(access->state, &link, fail) ||
        !state_select(link,
                      "SELECT s.id, s.last_seen_ms, u.id, u.name, u.email, u.role FROM sessions s"
                      " JOIN users u ON u.id = s.user_id WHERE s.token_hash = ?1"
                      " AND s.created_ms >= ?2 AND s.last_seen_ms >= ?3",
                      values, ARRAY_LEN(values), &rows, fail) ||
        !state_next(rows, &row, fail)) {
        return false;
    }
    enum access_role role = ACCESS_ROLE_VIEWER;
    if (row && !access_role_parse(state_get_text(rows, 5, arena), &role)) {
        return fail_set(fail, FAIL_CORRUPT, "a person with a role that is none");
    }
    if (row) {
        *out = (struct access_identity){
            .kind = ACCESS_PERSON,
            .rights = access_rights_of_role(role),
            .session_id = state_get_int(rows, 0),
            .user_id = state_get_int(rows, 2),
            .name = state_get_text(rows, 3, arena),
            .email = state_get_text(rows, 4, arena),
            .role = role,
        };
        *out_seen_ms = state_get_int(rows, 1);
    }
    *out_found = row;
    return true;
}

bool access_session_find(struct access *access, struct str token, struct arena *arena,
                         struct access_identity *out, bool *out_found, struct fail *fail)
{
    if (token.len == 0 || token.len > TOKEN_CHARS_MAX) {
        *out_found = false;
        return true;
    }
    int64_t now_ms = base_now_ms(access->clock);
    int64_t seen_ms = 0;
    bool found = false;
    if (!session_read(access, token, now_ms, arena, out, &found, &seen_ms, fail)) {
        return false;
    }
    if (found && now_ms - seen_ms >= SEEN_EVERY_MS) {
        note_seen(access, out->session_id, now_ms);
    }
    *out_found = found;
    return true;
}

bool access_sessions_list(struct access *access, const struct access_identity *who,
                          struct arena *arena, struct access_session **out, size_t *out_count,
                          struct fail *fail)
{
    struct state_link *link CLEANUP(state_link_done) = NULL;
    struct state_rows *rows CLEANUP(state_rows_done) = NULL;
    int64_t now_ms = base_now_ms(access->clock);
    struct state_value values[] = {state_int(who->user_id), state_int(now_ms - ACCESS_SESSION_MS),
                                   state_int(now_ms - ACCESS_SESSION_IDLE_MS)};
    struct access_session *list =
        arena_array(arena, ACCESS_SESSIONS_PER_USER_MAX, sizeof *list, fail);
    if (list == NULL || !state_read(access->state, &link, fail) ||
        !state_select(link,
                      "SELECT id, created_ms, last_seen_ms, agent FROM sessions WHERE user_id = ?1"
                      " AND created_ms >= ?2 AND last_seen_ms >= ?3"
                      " ORDER BY last_seen_ms DESC, id DESC",
                      values, ARRAY_LEN(values), &rows, fail)) {
        return false;
    }
    size_t count = 0;
    bool row = true;
    while (count < ACCESS_SESSIONS_PER_USER_MAX) {
        if (!state_next(rows, &row, fail)) {
            return false;
        }
        if (!row) {
            break;
        }
        list[count].id = state_get_int(rows, 0);
        list[count].created_ms = state_get_int(rows, 1);
        list[count].last_seen_ms = state_get_int(rows, 2);
        list[count].agent = state_get_text(rows, 3, arena);
        list[count].current = list[count].id == who->session_id;
        count++;
    }
    *out = list;
    *out_count = count;
    return true;
}

bool access_session_end(struct access *access, const struct access_identity *who, int64_t id,
                        struct fail *fail)
{
    struct state_link *link CLEANUP(state_link_done) = NULL;
    struct state_value values[] = {state_int(id), state_int(who->user_id)};
    if (!state_write(access->state, &link, fail) ||
        !state_run(link, "DELETE FROM sessions WHERE id = ?1 AND user_id = ?2", values,
                   ARRAY_LEN(values), fail)) {
        return false;
    }
    if (state_changed(link) == 0) {
        return fail_set(fail, FAIL_ABSENT, "there is no such session");
    }
    return access_audit_in(access, link, who, "session.end", (struct str){0}, (struct str){0},
                           fail) &&
           state_commit(&link, fail);
}

bool access_sweep(struct access *access, int64_t *out_sessions, int64_t *out_links,
                  struct fail *fail)
{
    struct state_link *link CLEANUP(state_link_done) = NULL;
    int64_t now_ms = base_now_ms(access->clock), sessions, links;
    struct state_value old[] = {state_int(now_ms - ACCESS_SESSION_MS),
                                state_int(now_ms - ACCESS_SESSION_IDLE_MS)};
    struct state_value now[] = {state_int(now_ms)};
    if (!state_write(access->state, &link, fail) ||
        !state_run(link, DELETE_OLD, old, ARRAY_LEN(old), fail)) {
        return false;
    }
    sessions = state_changed(link);
    if (!state_run(link, "DELETE FROM one_time_links WHERE expires_ms <> 0 AND expires_ms < ?1",
                   now, 1, fail)) {
        return false;
    }
    links = state_changed(link);
    if (!state_commit(&link, fail)) {
        return false;
    }
    *out_sessions = sessions;
    *out_links = links;
    return true;
}
