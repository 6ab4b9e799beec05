/* access_internal.h — what the files of this module share.
 *
 * What: the inside of struct access, hashing, the gate and throttle before it, rows of the audit trail.
 * Owner: access.c makes and frees.   Threads: as said at each member.   Failure: as said at each function.
 * Limits/cost: ACCESS_HASH_SLOTS.   Units: *_ms.   Example: access_user.c.   Not here: the face (access.h).
 */
#pragma once

#include "access.h"
#include "base_buf.h"
#include "base_thread.h"

#define ACCESS_DIGEST_BYTES 32
#define ACCESS_PASSWORD_HASH_BYTES 128
#define ACCESS_HASH_SLOTS 2 /* password checks at once: 64 MiB each */
#define ACCESS_HASH_WAITING_MAX 16
#define ACCESS_GUESS_WAYS 8
#define ACCESS_GUESS_SETS 1024
#define ACCESS_GUESSES_AT_ONCE 20  /* and after that ... */
#define ACCESS_GUESSES_PER_HOUR 80 /* so that no hour sees more than 100 */
#define ACCESS_SESSIONS_PER_USER_MAX 100
#define ACCESS_NAME_BYTES_MAX 200
#define ACCESS_AGENT_BYTES_MAX 200

/* Sixty-four bits of a seeded hash of an account or address, and what it has left. */
struct access_guess {
    uint64_t who;
    double left;
    int64_t at_ms;
};

struct access_key_entry { /* immutable but for last_used_ms, which the keys' lock guards */
    uint8_t digest[ACCESS_DIGEST_BYTES];
    struct access_identity identity;
    int64_t expires_ms;
    int64_t last_used_ms;
    bool used; /* since it was last written */
};

struct access {
    struct state *state;
    const struct base_clock *clock;
    struct base_random *random;
    bool weak_hash;
    int64_t audit_cut_max;

    struct base_mutex key_lock; /* guards what follows, to the empty line */
    struct arena *key_arena;
    struct access_key_entry *keys;
    size_t key_count;
    uint32_t *key_slots; /* open addressing by the digest's first bytes; UINT32_MAX empty */
    size_t key_slot_count;
    int64_t keys_written_ms;
    uint64_t key_readings, key_reading_used; /* of two at once the later one stays */

    struct base_mutex gate_lock; /* guards the next two */
    struct base_cond gate_free;
    int gate_used, gate_waiting;

    struct base_mutex guess_lock; /* guards guesses */
    uint64_t guess_seed;
    struct access_guess (*guesses)[ACCESS_GUESS_WAYS];
};

/* ---- access_secret.c: the only user of libsodium ---- */
bool access_secret_start(struct fail *fail) MUST_USE;
void access_digest(struct str text, uint8_t out[ACCESS_DIGEST_BYTES]);
bool access_digest_same(const uint8_t a[ACCESS_DIGEST_BYTES], const uint8_t b[ACCESS_DIGEST_BYTES]);
/* Both go through the gate: FAIL_BUSY when too many wait. */
bool access_password_hash(struct access *access, struct str password,
                          char out[ACCESS_PASSWORD_HASH_BYTES], struct fail *fail) MUST_USE;
/* A missing hash costs as much time as a real one, and never fits. */
bool access_password_check(struct access *access, struct str hash, struct str password,
                           bool *out_fits, struct fail *fail) MUST_USE;
/* FAIL_INPUT at /password. */
bool access_password_allowed(struct str password, struct str email, struct fail *fail) MUST_USE;

/* ---- access_guess.c ---- */
bool access_gate_enter(struct access *access, struct fail *fail) MUST_USE;
void access_gate_leave(struct access *access);
/* Takes one guess from both; FAIL_LIMIT and the seconds to wait. A missing account: the address alone. */
bool access_guess_take(struct access *access, struct str account, struct str address,
                       int64_t *out_retry_s, struct fail *fail) MUST_USE;
/* It was no guess: the right secret was given. */
void access_guess_give(struct access *access, struct str account, struct str address);

/* ---- access_session.c ---- */
bool access_session_begin(struct access *access, struct state_link *link, int64_t user_id,
                          const struct access_from *from, struct arena *arena,
                          struct str *out_token, int64_t *out_id, struct fail *fail) MUST_USE;
struct state_value access_digest_value(const uint8_t digest[ACCESS_DIGEST_BYTES]);

/* ---- access_audit.c ---- */
bool access_audit_in(struct access *access, struct state_link *link,
                     const struct access_identity *by, const char *action, struct str object,
                     struct str detail, struct fail *fail) MUST_USE;

/* ---- access_audit_cut.c ---- */
struct access_anchor {                 /* what the newest line ACCESS_AUDIT_CUT says */
    int64_t line, at_ms;               /* its own; line 0: there is none */
    bool holds;                        /* it was sealed here; else the rest says nothing */
    int64_t last;                      /* the last line that was removed, */
    uint8_t hash[ACCESS_DIGEST_BYTES]; /* and its hash */
};
bool access_anchor_find(struct state_link *link, struct access_anchor *out,
                        struct fail *fail) MUST_USE;

/* One line of printable text of 1 to `most` bytes. */
bool access_line_ok(struct str text, size_t most);
