/* access.h — who may do what: people, sessions, links, keys, rights, the audit trail.
 *
 * What: opens over a state and answers one question for every request: who is this, with which
 * rights? Passwords are argon2id behind a gate of two; every token is 192 bits or more of
 * randomness and lies hashed; guesses are throttled by account and by address before any hash is
 * computed. Owner: access_open/access_close; the state must outlive it. Text in results lies in the
 * arena given. Threads: all functions from any thread. Failure: FAIL_DENIED for a wrong secret (one
 * sentence for all reasons), FAIL_LIMIT for too many guesses (out_retry_s says when), FAIL_INPUT
 * with a pointer for what a person typed, FAIL_CONFLICT, FAIL_ABSENT. Limits/cost: a password check
 * some 100 ms and 64 MiB, at most two at once; a key look-up under 1 us; a session look-up one read
 * of the state. Units: *_ms UTC, *_s. Example: if (access_key_find(access, token, arena, &identity)
 * && access_may(&identity, ACCESS_RIGHT_INTAKE)) ... Not here: cookies, headers, CSRF (http).
 */
#pragma once

#include "base_clock.h"
#include "base_random.h"
#include "state_db.h"

struct access;
struct access_options { /* zero = default */
    const struct base_clock *clock;
    struct base_random *random;
    bool weak_hash_for_tests; /* the least argon2id there is, so that tests take milliseconds */
    int64_t audit_cut_max;    /* ACCESS_AUDIT_CUT_MAX; tests: fewer */
};
bool access_open(struct state *state, const struct access_options *options, struct access **out,
                 struct fail *fail) MUST_USE;
/* Writes the last uses of keys that are not written yet. Accepts NULL. */
void access_close(struct access *access);

/* ---- rights -------------------------------------------------------------------------------------
 */

enum access_right {
    ACCESS_RIGHT_INTAKE,     /* send events */
    ACCESS_RIGHT_JOIN_USERS, /* alias between two known users; join and split customers */
    ACCESS_RIGHT_ASK,  /* questions, customers, timelines, names, saved segments and views: read */
    ACCESS_RIGHT_SAVE, /* save and delete segments and views */
    ACCESS_RIGHT_PIPELINE,     /* ledger, quarantine, live, status, metrics, sources: read */
    ACCESS_RIGHT_MEND,         /* mend and replay what is in quarantine */
    ACCESS_RIGHT_KEYS,         /* list, create, revoke keys; create sources */
    ACCESS_RIGHT_SETTINGS,     /* change the organisation's settings */
    ACCESS_RIGHT_PEOPLE,       /* add people, make sign-in links */
    ACCESS_RIGHT_DECIDE,       /* evaluate flags, show surveys */
    ACCESS_RIGHT_OWN_SESSIONS, /* see and end one's own sessions; sign out */
    ACCESS_RIGHTS,
};
const char *
access_right_name(enum access_right right); /* the name of the scope: "intake", "ask", ... */

enum access_kind {
    ACCESS_NOBODY,
    ACCESS_PERSON,
    ACCESS_KEY_WRITE,
    ACCESS_KEY_CLIENT,
    ACCESS_KEY_SECRET,
    ACCESS_OPERATOR, /* who may open the data directory: command line, control socket */
    ACCESS_SERVER,   /* the program itself, by a rule that somebody set: for the trail only */
    ACCESS_KINDS,
};
enum access_role { ACCESS_ROLE_VIEWER, ACCESS_ROLE_MEMBER, ACCESS_ROLE_ADMIN, ACCESS_ROLES };
const char *access_role_name(enum access_role role);
bool access_role_parse(struct str name, enum access_role *out);
const char *access_key_kind_name(enum access_kind kind); /* "write", "client", "secret" */
bool access_key_kind_parse(struct str name, enum access_kind *out);

/* Who asks. Values; text lies in the arena it was made with. */
struct access_identity {
    enum access_kind kind;
    uint32_t rights; /* bit r: enum access_right r */
    int64_t user_id, session_id, key_id;
    struct str name; /* of the person or key: for owner and audit */
    struct str email;
    enum access_role role;
    struct str source;          /* of a key: what its events are filed under */
    struct str default_channel; /* of that source, or missing */
    struct str origins;         /* of a key: allowed origins, each followed by '\n'; empty: any */
};
bool access_may(const struct access_identity *identity, enum access_right right);
/* The one table of rights. */
uint32_t access_rights_of_role(enum access_role role);
uint32_t access_rights_of_key(enum access_kind kind);
struct access_identity access_operator(void);
struct access_identity access_server(void); /* has no rights */
/* Whether a key may be used from a page of that origin; a missing origin (no browser) always may.
 */
bool access_origin_ok(const struct access_identity *identity, struct str origin);

/* ---- keys
 * ------------------------------------------------------------------------------------------ */

#define ACCESS_KEYS_MAX 10000
#define ACCESS_ORIGINS_MAX 20

struct access_key {
    int64_t id;
    enum access_kind kind;
    struct str name, source;
    struct str shown;           /* public keys: the whole; secret: missing */
    struct str prefix;          /* "pk_ab12" */
    struct str origins, scopes; /* each followed by '\n' */
    int64_t created_ms;
    int64_t last_used_ms, revoked_ms, expires_ms; /* 0: never */
};
struct access_key_options {
    enum access_kind kind;
    struct str name;
    struct str source;         /* missing: as `name`; made where there is none */
    const struct str *origins; /* "https://shop.example"; public keys only */
    size_t origin_count;
    const struct str
        *scopes; /* names of rights; secret keys only; none: all that such a key may have */
    size_t scope_count;
    int64_t expires_ms; /* 0: never */
};
/* `out_token` is the whole key, the only time a secret one is seen. */
bool access_key_create(struct access *access, const struct access_identity *by,
                       const struct access_key_options *options, struct arena *arena,
                       struct str *out_token, int64_t *out_id, struct fail *fail) MUST_USE;
bool access_keys_list(struct access *access, struct arena *arena, struct access_key **out,
                      size_t *out_count, struct fail *fail) MUST_USE;
/* FAIL_ABSENT; revoking twice is success. */
bool access_key_revoke(struct access *access, const struct access_identity *by, int64_t id,
                       struct fail *fail) MUST_USE;
/* False for one that is unknown, revoked or expired. Notes the use. */
bool access_key_find(struct access *access, struct str token, struct arena *arena,
                     struct access_identity *out);
/* Makes the last uses durable: at once where `now`, else when a minute has passed since the last time.
   Cheap when there is nothing to do; never from a thread that must not wait. */
bool access_keys_write_uses(struct access *access, bool now, struct fail *fail) MUST_USE;
/* Reads keys and sources anew: after sources changed, or after another process wrote. */
bool access_keys_refresh(struct access *access, struct fail *fail) MUST_USE;

/* ---- people and sessions
 * ------------------------------------------------------------------------------ */

#define ACCESS_PASSWORD_BYTES_MIN 8
#define ACCESS_PASSWORD_BYTES_MAX 128
#define ACCESS_LINK_MS ((int64_t)15 * 60 * 1000)
#define ACCESS_SESSION_IDLE_MS ((int64_t)12 * 3600 * 1000)
#define ACCESS_SESSION_MS ((int64_t)14 * 86400 * 1000)

struct access_user {
    int64_t id;
    struct str name, email;
    enum access_role role;
    bool has_password;
    int64_t created_ms;
};
/* Where the request comes from, for the throttle, the list of sessions and the audit trail. */
struct access_from {
    struct str address;
    struct str agent; /* User-Agent, cut */
};

bool access_has_admin(struct access *access, bool *out, struct fail *fail) MUST_USE;
/* A new token for the first administrator; older ones end. FAIL_CONFLICT where there is one. */
bool access_setup_token(struct access *access, struct arena *arena, struct str *out,
                        struct fail *fail) MUST_USE;
struct access_setup {
    struct str token, name, email, password;
};
/* Makes the first administrator and signs in. All of it or nothing. */
bool access_setup(struct access *access, const struct access_setup *setup,
                  const struct access_from *from, struct arena *arena, struct str *out_session,
                  struct access_identity *out, int64_t *out_retry_s, struct fail *fail) MUST_USE;
/* A missing password: signs in by links only. */
bool access_user_add(struct access *access, const struct access_identity *by, struct str name,
                     struct str email, struct str password, enum access_role role, int64_t *out_id,
                     struct fail *fail) MUST_USE;
bool access_users_list(struct access *access, struct arena *arena, struct access_user **out,
                       size_t *out_count, struct fail *fail) MUST_USE;
/* A one-time sign-in link's token, good for ACCESS_LINK_MS. FAIL_ABSENT for an unknown e-mail. */
bool access_link_create(struct access *access, const struct access_identity *by, struct str email,
                        struct arena *arena, struct str *out, struct fail *fail) MUST_USE;

/* `out_session` is the session's token (for the cookie). On FAIL_LIMIT *out_retry_s is set. */
bool access_sign_in(struct access *access, struct str email, struct str password,
                    const struct access_from *from, struct arena *arena, struct str *out_session,
                    struct access_identity *out, int64_t *out_retry_s, struct fail *fail) MUST_USE;
bool access_sign_in_link(struct access *access, struct str token, const struct access_from *from,
                         struct arena *arena, struct str *out_session, struct access_identity *out,
                         int64_t *out_retry_s, struct fail *fail) MUST_USE;
/* *out_found false for one that is unknown, ended, idle or too old. */
bool access_session_find(struct access *access, struct str token, struct arena *arena,
                         struct access_identity *out, bool *out_found, struct fail *fail) MUST_USE;

struct access_session {
    int64_t id, created_ms, last_seen_ms;
    bool current;
    struct str agent;
};
bool access_sessions_list(struct access *access, const struct access_identity *who,
                          struct arena *arena, struct access_session **out, size_t *out_count,
                          struct fail *fail) MUST_USE;
/* One of one's own. FAIL_ABSENT. */
bool access_session_end(struct access *access, const struct access_identity *who, int64_t id,
                        struct fail *fail) MUST_USE;
/* Removes sessions and links that have run out; how many of each. Nothing depends on it but room. */
bool access_sweep(struct access *access, int64_t *out_sessions, int64_t *out_links,
                  struct fail *fail) MUST_USE;

/* SHA-256, for random tokens of others that lie hashed at rest. */
#define ACCESS_HASH_BYTES 32
void access_hash(struct str text, uint8_t out[ACCESS_HASH_BYTES]);

/* ---- the audit trail
 * ------------------------------------------------------------------------------------ */

/* Appends one line, linked to the one before by its hash. `detail` is JSON or missing; no secrets,
   no words of customers. */
bool access_audit(struct access *access, const struct access_identity *by, const char *action,
                  struct str object, struct str detail, struct fail *fail) MUST_USE;
/* Reads the whole trail: does each line stand where it stood, with the words that it had? */
struct access_audit_state {
    int64_t lines;
    int64_t erased;    /* whose words were taken out when a customer was erased */
    int64_t removed;   /* older lines, which are not there any more: access_audit_cut took them */
    int64_t cut_ms;    /* when it did last; 0: never */
    int64_t broken_id; /* the first line that does not fit; 0: all do */
};
bool access_audit_verify(struct access *access, struct access_audit_state *out,
                         struct fail *fail) MUST_USE;
/* Removes the oldest lines, up to the first that is from `before_ms` or later, ACCESS_AUDIT_CUT_MAX at most, and appends
   the line ACCESS_AUDIT_CUT, by which the rest is still known to be whole. FAIL_CORRUPT where the trail does not hold:
   then nothing is removed. Removed lines lie in the state's log until state_scrub. */
#define ACCESS_AUDIT_CUT "audit.cut"
#define ACCESS_AUDIT_CUT_MAX 100000
bool access_audit_cut(struct access *access, const struct access_identity *by, int64_t before_ms,
                      int64_t *out_removed, struct fail *fail) MUST_USE;
/* How many that would remove in all. */
bool access_audit_old(struct access *access, int64_t before_ms, int64_t *out,
                      struct fail *fail) MUST_USE;
