#include "access_internal.h"

#define EMAIL_BYTES_MAX 254
#define LINK_BYTES 32
#define TOKEN_CHARS_MAX 64

static const char NOT_RIGHT[] = "the e-mail address or the password is not right";
static const char LINK_SPENT[] = "this link was used already, is too old, or never was one";

static bool email_ok(struct str email)
{
    if (!access_line_ok(email, EMAIL_BYTES_MAX)) {
        return false;
    }
    size_t at = str_find_byte(email, '@');
    struct str host = str_after(email, at + 1);
    return at > 0 && host.len > 0 && str_find_byte(host, '@') == host.len &&
           str_find_byte(email, ' ') == email.len;
}

static bool person_check(struct str name, struct str email, struct fail *fail)
{
    if (!access_line_ok(name, ACCESS_NAME_BYTES_MAX)) {
        return fail_input_at(fail, "/name", "a name is one line of 1 to %d bytes",
                             ACCESS_NAME_BYTES_MAX);
    }
    if (!email_ok(email)) {
        return fail_input_at(fail, "/email", "this is no e-mail address");
    }
    return true;
}

static bool user_insert(struct access *access, struct state_link *link, struct str name,
                        struct str email, struct str hash, enum access_role role, int64_t *out_id,
                        struct fail *fail)
{
    struct state_value values[] = {state_text(email), state_text(name),
                                   state_text(str_from_c(access_role_name(role))), state_text(hash),
                                   state_int(base_now_ms(access->clock))};
    struct fail why = {0};
    if (!state_run(link,
                   "INSERT INTO users (email, name, role, password, created_ms)"
                   " VALUES (?1, ?2, ?3, ?4, ?5)",
                   values, ARRAY_LEN(values), &why)) {
        if (why.code == FAIL_CONFLICT) {
            return fail_set(fail, FAIL_CONFLICT, "there is somebody with this e-mail address");
        }
        *fail = why;
        return false;
    }
    *out_id = state_last_id(link);
    return true;
}

bool access_user_add(struct access *access, const struct access_identity *by, struct str name,
                     struct str email, struct str password, enum access_role role, int64_t *out_id,
                     struct fail *fail)
{
    char hash[ACCESS_PASSWORD_HASH_BYTES] = "";
    if (!person_check(name, email, fail)) {
        return false;
    }
    if (password.data != NULL && (!access_password_allowed(password, email, fail) ||
                                  !access_password_hash(access, password, hash, fail))) {
        return false;
    }
    struct arena *arena CLEANUP(arena_free_at) = arena_new(NULL);
    struct state_link *link CLEANUP(state_link_done) = NULL;
    int64_t id = 0;
    if (!state_write(access->state, &link, fail) ||
        !user_insert(access, link, name, email,
                     password.data == NULL ? (struct str){0} : str_from_c(hash), role, &id, fail) ||
        !access_audit_in(access, link, by, "user.add", str_format(arena, "%lld", (long long)id),
                         str_format(arena, "{\"role\":\"%s\"}", access_role_name(role)), fail) ||
        !state_commit(&link, fail)) {
        return false;
    }
    *out_id = id;
    return true;
}

bool access_users_list(struct access *access, struct arena *arena, struct access_user **out,
                       size_t *out_count, struct fail *fail)
{
    struct state_link *link CLEANUP(state_link_done) = NULL;
    struct state_rows *rows CLEANUP(state_rows_done) = NULL;
    int64_t count = 0;
    if (!state_read(access->state, &link, fail) ||
        !state_count(link, "SELECT count(*) FROM users", &count, fail) ||
        !state_select(link,
                      "SELECT id, name, email, role, password IS NOT NULL, created_ms FROM users"
                      " ORDER BY id",
                      NULL, 0, &rows, fail)) {
        return false;
    }
    struct access_user *list = arena_array(arena, (size_t)count, sizeof *list, fail);
    if (list == NULL) {
        return false;
    }
    for (int64_t i = 0; i < count; i++) {
        bool row = false;
        if (!state_next(rows, &row, fail)) {
            return false;
        }
        INVARIANT(row);
        list[i] = (struct access_user){
            .id = state_get_int(rows, 0),
            .name = state_get_text(rows, 1, arena),
            .email = state_get_text(rows, 2, arena),
            .has_password = state_get_int(rows, 4) != 0,
            .created_ms = state_get_int(rows, 5),
        };
        if (!access_role_parse(state_get_text(rows, 3, arena), &list[i].role)) {
            return fail_set(fail, FAIL_CORRUPT, "a person with a role that is none");
        }
    }
    *out = list;
    *out_count = (size_t)count;
    return true;
}

/* ---- the first administrator ------------------------------------------------------------------------------ */

static bool admins_count(struct state_link *link, int64_t *out, struct fail *fail)
{
    return state_count(link, "SELECT count(*) FROM users WHERE role = 'admin'", out, fail);
}

bool access_has_admin(struct access *access, bool *out, struct fail *fail)
{
    struct state_link *link CLEANUP(state_link_done) = NULL;
    int64_t admins = 0;
    if (!state_read(access->state, &link, fail) || !admins_count(link, &admins, fail)) {
        return false;
    }
    *out = admins > 0;
    return true;
}

/* Each person and purpose has one link at a time: the newest. */
static bool link_insert(struct access *access, struct state_link *link, const char *purpose,
                        int64_t user_id, int64_t expires_ms, struct arena *arena, struct str *out,
                        struct fail *fail)
{
    int64_t now_ms = base_now_ms(access->clock);
    struct str token = base_random_token(access->random, arena, LINK_BYTES);
    uint8_t digest[ACCESS_DIGEST_BYTES];
    access_digest(token, digest);
    struct state_value user = user_id == 0 ? state_null() : state_int(user_id);
    struct state_value old[] = {state_text(str_from_c(purpose)), user, state_int(now_ms)};
    struct state_value values[] = {access_digest_value(digest), state_text(str_from_c(purpose)),
                                   user, state_int(now_ms), state_int(expires_ms)};
    if (!state_run(link,
                   "DELETE FROM one_time_links WHERE (purpose = ?1 AND user_id IS ?2)"
                   " OR (expires_ms <> 0 AND expires_ms < ?3)",
                   old, ARRAY_LEN(old), fail) ||
        !state_run(link,
                   "INSERT INTO one_time_links (token_hash, purpose, user_id, created_ms,"
                   " expires_ms) VALUES (?1, ?2, ?3, ?4, ?5)",
                   values, ARRAY_LEN(values), fail)) {
        return false;
    }
    *out = token;
    return true;
}

/* Uses a link up. FAIL_DENIED where it is none. */
static bool link_spend(struct access *access, struct state_link *link, const char *purpose,
                       struct str token, int64_t *out_user_id, struct fail *fail)
{
    uint8_t digest[ACCESS_DIGEST_BYTES];
    access_digest(token.len > TOKEN_CHARS_MAX ? STR("") : token, digest);
    struct state_value values[] = {access_digest_value(digest), state_text(str_from_c(purpose)),
                                   state_int(base_now_ms(access->clock))};
    struct state_rows *rows CLEANUP(state_rows_done) = NULL;
    bool row = false;
    if (!state_select(link,
                      "SELECT user_id FROM one_time_links WHERE token_hash = ?1 AND purpose = ?2"
                      " AND (expires_ms = 0 OR expires_ms >= ?3)",
                      values, ARRAY_LEN(values), &rows, fail) ||
        !state_next(rows, &row, fail)) {
        return false;
    }
    if (!row) {
        return fail_set(fail, FAIL_DENIED, "%s", LINK_SPENT);
    }
    int64_t user_id = state_get_int(rows, 0);
    state_rows_done(&rows);
    if (!state_run(link, "DELETE FROM one_time_links WHERE token_hash = ?1", values, 1, fail)) {
        return false;
    }
    *out_user_id = user_id;
    return true;
}

bool access_setup_token(struct access *access, struct arena *arena, struct str *out,
                        struct fail *fail)
{
    struct state_link *link CLEANUP(state_link_done) = NULL;
    int64_t admins = 0;
    if (!state_write(access->state, &link, fail) || !admins_count(link, &admins, fail)) {
        return false;
    }
    if (admins > 0) {
        return fail_set(fail, FAIL_CONFLICT, "there is an administrator already");
    }
    struct str token;
    if (!link_insert(access, link, "setup", 0, 0, arena, &token, fail) ||
        !state_commit(&link, fail)) {
        return false;
    }
    *out = token;
    return true;
}

static bool setup_commit(struct access *access, const struct access_setup *setup, struct str hash,
                         const struct access_from *from, struct arena *arena,
                         struct str *out_session, struct access_identity *out, struct fail *fail)
{
    struct state_link *link CLEANUP(state_link_done) = NULL;
    int64_t admins = 0;
    int64_t nobody = 0;
    if (!state_write(access->state, &link, fail) ||
        !link_spend(access, link, "setup", setup->token, &nobody, fail) ||
        !admins_count(link, &admins, fail)) {
        return false;
    }
    if (admins > 0) {
        return fail_set(fail, FAIL_DENIED, "%s", LINK_SPENT);
    }
    struct access_identity who = {
        .kind = ACCESS_PERSON,
        .rights = access_rights_of_role(ACCESS_ROLE_ADMIN),
        .name = setup->name,
        .email = setup->email,
        .role = ACCESS_ROLE_ADMIN,
    };
    struct str token;
    if (!user_insert(access, link, setup->name, setup->email, hash, ACCESS_ROLE_ADMIN, &who.user_id,
                     fail) ||
        !state_run(link, "DELETE FROM one_time_links WHERE purpose = 'setup'", NULL, 0, fail) ||
        !access_session_begin(access, link, who.user_id, from, arena, &token, &who.session_id,
                              fail) ||
        !access_audit_in(access, link, &who, "setup", (struct str){0}, (struct str){0}, fail) ||
        !state_commit(&link, fail)) {
        return false;
    }
    *out_session = token;
    *out = who;
    return true;
}

static bool setup_token_fits(struct access *access, struct str token, bool *out, struct fail *fail)
{
    uint8_t digest[ACCESS_DIGEST_BYTES];
    access_digest(token.len > TOKEN_CHARS_MAX ? STR("") : token, digest);
    struct state_link *link CLEANUP(state_link_done) = NULL;
    struct state_rows *rows CLEANUP(state_rows_done) = NULL;
    struct state_value values[] = {access_digest_value(digest)};
    return state_read(access->state, &link, fail) &&
           state_select(link,
                        "SELECT 1 FROM one_time_links WHERE token_hash = ?1 AND purpose = 'setup'",
                        values, ARRAY_LEN(values), &rows, fail) &&
           state_next(rows, out, fail);
}

bool access_setup(struct access *access, const struct access_setup *setup,
                  const struct access_from *from, struct arena *arena, struct str *out_session,
                  struct access_identity *out, int64_t *out_retry_s, struct fail *fail)
{
    bool fits = false;
    char hash[ACCESS_PASSWORD_HASH_BYTES];
    if (!access_guess_take(access, (struct str){0}, from->address, out_retry_s, fail)) {
        return false;
    }
    /* Asked before the form is judged: who has no token learns nothing, and computes no hash. */
    if (!setup_token_fits(access, setup->token, &fits, fail)) {
        return false;
    }
    if (!fits) {
        return fail_set(fail, FAIL_DENIED, "%s", LINK_SPENT);
    }
    access_guess_give(access, (struct str){0}, from->address);
    return person_check(setup->name, setup->email, fail) &&
           access_password_allowed(setup->password, setup->email, fail) &&
           access_password_hash(access, setup->password, hash, fail) &&
           setup_commit(access, setup, str_from_c(hash), from, arena, out_session, out, fail);
}

/* ---- signing in ----------------------------------------------------------------------------------------------- */

/* *out_id 0 where there is nobody of that address. */
static bool user_by_email(struct access *access, struct str email, struct arena *arena,
                          int64_t *out_id, struct str *out_hash, struct fail *fail)
{
    struct state_link *link CLEANUP(state_link_done) = NULL;
    struct state_rows *rows CLEANUP(state_rows_done) = NULL;
    struct state_value values[] = {state_text(email)};
    bool row = false;
    if (!state_read(access->state, &link, fail) ||
        !state_select(link, "SELECT id, password FROM users WHERE email = ?1", values,
                      ARRAY_LEN(values), &rows, fail) ||
        !state_next(rows, &row, fail)) {
        return false;
    }
    *out_id = row ? state_get_int(rows, 0) : 0;
    *out_hash = row ? state_get_text(rows, 1, arena) : (struct str){0};
    return true;
}

static bool identity_read(struct state_link *link, int64_t user_id, struct arena *arena,
                          struct access_identity *out, struct fail *fail)
{
    struct state_rows *rows CLEANUP(state_rows_done) = NULL;
    struct state_value values[] = {state_int(user_id)};
    bool row = false;
    enum access_role role;
    if (!state_select(link, "SELECT name, email, role FROM users WHERE id = ?1", values,
                      ARRAY_LEN(values), &rows, fail) ||
        !state_next(rows, &row, fail)) {
        return false;
    }
    if (!row || !access_role_parse(state_get_text(rows, 2, arena), &role)) {
        return fail_set(fail, FAIL_DENIED, "%s", NOT_RIGHT);
    }
    *out = (struct access_identity){
        .kind = ACCESS_PERSON,
        .rights = access_rights_of_role(role),
        .user_id = user_id,
        .name = state_get_text(rows, 0, arena),
        .email = state_get_text(rows, 1, arena),
        .role = role,
    };
    return true;
}

static bool session_open(struct access *access, struct state_link **link, int64_t user_id,
                         const char *action, const struct access_from *from, struct arena *arena,
                         struct str *out_session, struct access_identity *out, struct fail *fail)
{
    struct access_identity who;
    struct str token;
    if (!identity_read(*link, user_id, arena, &who, fail) ||
        !access_session_begin(access, *link, user_id, from, arena, &token, &who.session_id, fail) ||
        !access_audit_in(access, *link, &who, action, (struct str){0}, (struct str){0}, fail) ||
        !state_commit(link, fail)) {
        return false;
    }
    *out_session = token;
    *out = who;
    return true;
}

bool access_sign_in(struct access *access, struct str email, struct str password,
                    const struct access_from *from, struct arena *arena, struct str *out_session,
                    struct access_identity *out, int64_t *out_retry_s, struct fail *fail)
{
    int64_t user_id = 0;
    struct str hash = {0};
    bool fits = false;
    if (!access_guess_take(access, email, from->address, out_retry_s, fail) ||
        !user_by_email(access, email, arena, &user_id, &hash, fail) ||
        !access_password_check(access, hash, password, &fits, fail)) {
        return false;
    }
    struct state_link *link CLEANUP(state_link_done) = NULL;
    if (!fits) {
        struct access_identity nobody = {0};
        struct fail unwritten = {0};
        /* The trail is worth less than the answer: a full disk must not change what is said. */
        if (!access_audit(access, &nobody, "sign-in.denied", from->address, (struct str){0},
                          &unwritten)) {
            unwritten.code = FAIL_NONE;
        }
        return fail_set(fail, FAIL_DENIED, "%s", NOT_RIGHT);
    }
    access_guess_give(access, email, from->address);
    return state_write(access->state, &link, fail) &&
           session_open(access, &link, user_id, "sign-in", from, arena, out_session, out, fail);
}

bool access_link_create(struct access *access, const struct access_identity *by, struct str email,
                        struct arena *arena, struct str *out, struct fail *fail)
{
    int64_t user_id = 0;
    struct str hash;
    if (!user_by_email(access, email, arena, &user_id, &hash, fail)) {
        return false;
    }
    if (user_id == 0) {
        return fail_set(fail, FAIL_ABSENT, "there is nobody with this e-mail address");
    }
    struct state_link *link CLEANUP(state_link_done) = NULL;
    struct str token;
    if (!state_write(access->state, &link, fail) ||
        !link_insert(access, link, "sign-in", user_id, base_now_ms(access->clock) + ACCESS_LINK_MS,
                     arena, &token, fail) ||
        !access_audit_in(access, link, by, "user.link",
                         str_format(arena, "%lld", (long long)user_id), (struct str){0}, fail) ||
        !state_commit(&link, fail)) {
        return false;
    }
    *out = token;
    return true;
}

bool access_sign_in_link(struct access *access, struct str token, const struct access_from *from,
                         struct arena *arena, struct str *out_session, struct access_identity *out,
                         int64_t *out_retry_s, struct fail *fail)
{
    if (!access_guess_take(access, (struct str){0}, from->address, out_retry_s, fail)) {
        return false;
    }
    struct state_link *link CLEANUP(state_link_done) = NULL;
    int64_t user_id = 0;
    if (!state_write(access->state, &link, fail) ||
        !link_spend(access, link, "sign-in", token, &user_id, fail) ||
        !session_open(access, &link, user_id, "sign-in.link", from, arena, out_session, out,
                      fail)) {
        return false;
    }
    access_guess_give(access, (struct str){0}, from->address);
    return true;
}
