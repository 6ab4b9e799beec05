#include "access_internal.h"
#include "access_seal.h"

#include <sodium.h>
#include <strings.h>

#define ARGON_OPERATIONS 3U
#define ARGON_BYTES ((size_t)64 << 20)

_Static_assert(ACCESS_PASSWORD_HASH_BYTES >= crypto_pwhash_STRBYTES, "room for argon2id's form");
_Static_assert(ACCESS_DIGEST_BYTES == crypto_hash_sha256_BYTES, "a digest is SHA-256");

/* Of the passwords that leaks hold most often, those long enough to be tried here. */
static const char *const COMMON_PASSWORDS[] = {
    "password",   "12345678",  "123456789", "1234567890",    "password1", "password123",
    "qwertyuiop", "qwerty123", "1q2w3e4r",  "1q2w3e4r5t",    "11111111",  "00000000",
    "iloveyou",   "sunshine",  "princess",  "football",      "baseball",  "superman",
    "trustno1",   "welcome1",  "letmein1",  "passw0rd",      "p@ssw0rd",  "p@ssword",
    "abcd1234",   "abc12345",  "admin123",  "administrator", "asdfghjkl", "zxcvbnm1",
    "1qaz2wsx",   "qazwsxedc", "88888888",  "87654321",      "987654321", "123123123",
    "12341234",   "computer",  "internet",  "starwars",      "michelle",  "jennifer",
    "whatever",   "dragon123", "monkey123", "changeme",      "changeme1", "secret123",
    "test1234",   "qwertyui",  "asdfasdf",  "firsthand",
};

bool access_secret_start(struct fail *fail)
{
    return sodium_init() >= 0 || fail_set(fail, FAIL_INTERNAL, "libsodium does not start");
}

void access_digest(struct str text, uint8_t out[ACCESS_DIGEST_BYTES])
{
    static const unsigned char none[1] = {0};
    const unsigned char *data = text.data == NULL ? none : (const unsigned char *)text.data;
    crypto_hash_sha256(out, data, text.len);
}

void access_hash(struct str text, uint8_t out[ACCESS_HASH_BYTES])
{
    access_digest(text, out);
}

bool access_digest_same(const uint8_t a[ACCESS_DIGEST_BYTES], const uint8_t b[ACCESS_DIGEST_BYTES])
{
    return sodium_memcmp(a, b, ACCESS_DIGEST_BYTES) == 0;
}

static bool hash_now(bool weak, struct str password, char out[ACCESS_PASSWORD_HASH_BYTES],
                     struct fail *fail)
{
    unsigned long long operations = weak ? crypto_pwhash_OPSLIMIT_MIN : ARGON_OPERATIONS;
    size_t bytes = weak ? crypto_pwhash_MEMLIMIT_MIN : ARGON_BYTES;
    memset(out, 0, ACCESS_PASSWORD_HASH_BYTES);
    if (crypto_pwhash_str_alg(out, password.data, password.len, operations, bytes,
                              crypto_pwhash_ALG_ARGON2ID13) != 0) {
        return fail_set(fail, FAIL_NO_MEMORY, "no memory to hash a password");
    }
    return true;
}

bool access_password_hash(struct access *access, struct str password,
                          char out[ACCESS_PASSWORD_HASH_BYTES], struct fail *fail)
{
    if (!access_gate_enter(access, fail)) {
        return false;
    }
    bool ok = hash_now(access->weak_hash, password, out, fail);
    access_gate_leave(access);
    return ok;
}

bool access_password_check(struct access *access, struct str hash, struct str password,
                           bool *out_fits, struct fail *fail)
{
    if (password.len > ACCESS_PASSWORD_BYTES_MAX || hash.len >= ACCESS_PASSWORD_HASH_BYTES) {
        *out_fits = false;
        return true;
    }
    if (!access_gate_enter(access, fail)) {
        return false;
    }
    bool ok = true;
    char form[ACCESS_PASSWORD_HASH_BYTES] = {0};
    struct str typed = password.data == NULL ? STR("") : password;
    if (hash.data == NULL) {
        ok = hash_now(access->weak_hash, typed, form, fail);
        *out_fits = false;
    } else {
        memcpy(form, hash.data, hash.len);
        *out_fits = crypto_pwhash_str_verify(form, typed.data, typed.len) == 0;
    }
    access_gate_leave(access);
    return ok;
}

static bool same_any_case(struct str a, const char *b)
{
    return a.len == strlen(b) && strncasecmp(a.data, b, a.len) == 0;
}

bool access_password_allowed(struct str password, struct str email, struct fail *fail)
{
    if (password.len < ACCESS_PASSWORD_BYTES_MIN || password.len > ACCESS_PASSWORD_BYTES_MAX) {
        return fail_input_at(fail, "/password", "a password has %d to %d characters",
                             ACCESS_PASSWORD_BYTES_MIN, ACCESS_PASSWORD_BYTES_MAX);
    }
    struct str account = str_of(email.data, str_find_byte(email, '@'));
    if ((password.len == email.len && strncasecmp(password.data, email.data, email.len) == 0) ||
        (password.len == account.len &&
         strncasecmp(password.data, account.data, account.len) == 0)) {
        return fail_input_at(fail, "/password", "a password other than the e-mail address");
    }
    for (size_t i = 0; i < ARRAY_LEN(COMMON_PASSWORDS); i++) {
        if (same_any_case(password, COMMON_PASSWORDS[i])) {
            return fail_input_at(fail, "/password",
                                 "this is one of the most common passwords; choose another");
        }
    }
    return true;
}

void access_token_digest(struct str token, uint8_t out[32])
{
    access_digest(token, out);
}

/* ---- signatures of others -------------------------------------------------------------------------------------- */

#define HMAC_BYTES crypto_auth_hmacsha256_BYTES

static void hmac(struct str key, const struct str *parts, size_t count,
                 unsigned char out[HMAC_BYTES])
{
    static const unsigned char none[1] = {0};
    crypto_auth_hmacsha256_state state;
    crypto_auth_hmacsha256_init(&state, key.data == NULL ? none : (const unsigned char *)key.data,
                                key.len);
    for (size_t i = 0; i < count; i++) {
        if (parts[i].len > 0) {
            crypto_auth_hmacsha256_update(&state, (const unsigned char *)parts[i].data,
                                          parts[i].len);
        }
    }
    crypto_auth_hmacsha256_final(&state, out);
    sodium_memzero(&state, sizeof state);
}

struct str access_hmac_hex(struct str key, const struct str *parts, size_t count,
                           struct arena *arena)
{
    unsigned char bytes[HMAC_BYTES];
    char text[2 * HMAC_BYTES + 1];
    hmac(key, parts, count, bytes);
    sodium_bin2hex(text, sizeof text, bytes, sizeof bytes);
    return str_copy(arena, str_from_c(text));
}

struct str access_hmac_base64(struct str key, const struct str *parts, size_t count,
                              struct arena *arena)
{
    unsigned char bytes[HMAC_BYTES];
    char text[sodium_base64_ENCODED_LEN(HMAC_BYTES, sodium_base64_VARIANT_ORIGINAL)];
    hmac(key, parts, count, bytes);
    sodium_bin2base64(text, sizeof text, bytes, sizeof bytes, sodium_base64_VARIANT_ORIGINAL);
    return str_copy(arena, str_from_c(text));
}

bool access_same_text(struct str a, struct str b)
{
    return a.len == b.len && (a.len == 0 || sodium_memcmp(a.data, b.data, a.len) == 0);
}

bool access_base64_decode(struct str text, struct arena *arena, struct str *out)
{
    unsigned char bytes[256];
    size_t len = 0;
    while (text.len > 0 && text.data[text.len - 1] == '=') {
        text.len--;
    }
    if (text.len == 0 || sodium_base642bin(bytes, sizeof bytes, text.data, text.len, NULL, &len,
                                           NULL, sodium_base64_VARIANT_ORIGINAL_NO_PADDING) != 0) {
        return false;
    }
    *out = str_copy(arena, str_of((const char *)bytes, len));
    sodium_memzero(bytes, sizeof bytes);
    return true;
}

/* ---- sealed tokens ------------------------------------------------------------------------------------------ */

#define SEAL_EXTRA (crypto_secretbox_NONCEBYTES + crypto_secretbox_MACBYTES)

_Static_assert(ACCESS_SEAL_KEY_BYTES == crypto_secretbox_KEYBYTES, "the key of a secretbox");

static void seal_key(const uint8_t key[ACCESS_SEAL_KEY_BYTES], const char *what,
                     uint8_t out[ACCESS_SEAL_KEY_BYTES])
{
    crypto_generichash(out, ACCESS_SEAL_KEY_BYTES, (const unsigned char *)what, strlen(what), key,
                       ACCESS_SEAL_KEY_BYTES);
}

struct str access_seal(const uint8_t key[ACCESS_SEAL_KEY_BYTES], const char *what, struct str text,
                       struct base_random *random, struct arena *arena)
{
    INVARIANT(text.len <= ACCESS_SEAL_BYTES_MAX);
    uint8_t derived[ACCESS_SEAL_KEY_BYTES];
    uint8_t bytes[ACCESS_SEAL_BYTES_MAX + SEAL_EXTRA];
    char form[sodium_base64_ENCODED_LEN(sizeof bytes, sodium_base64_VARIANT_URLSAFE_NO_PADDING)];
    seal_key(key, what, derived);
    base_random_fill(random, bytes, crypto_secretbox_NONCEBYTES);
    crypto_secretbox_easy(bytes + crypto_secretbox_NONCEBYTES, (const unsigned char *)text.data,
                          text.len, bytes, derived);
    sodium_bin2base64(form, sizeof form, bytes, text.len + SEAL_EXTRA,
                      sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    sodium_memzero(derived, sizeof derived);
    return str_copy(arena, str_from_c(form));
}

bool access_unseal(const uint8_t key[ACCESS_SEAL_KEY_BYTES], const char *what, struct str token,
                   struct arena *arena, struct str *out)
{
    uint8_t derived[ACCESS_SEAL_KEY_BYTES];
    uint8_t bytes[ACCESS_SEAL_BYTES_MAX + SEAL_EXTRA];
    uint8_t text[ACCESS_SEAL_BYTES_MAX];
    size_t len = 0;
    const char *end = NULL;
    if (token.len == 0 ||
        sodium_base642bin(bytes, sizeof bytes, token.data, token.len, NULL, &len, &end,
                          sodium_base64_VARIANT_URLSAFE_NO_PADDING) != 0 ||
        end != token.data + token.len || len < SEAL_EXTRA) {
        return false;
    }
    seal_key(key, what, derived);
    bool good = crypto_secretbox_open_easy(text, bytes + crypto_secretbox_NONCEBYTES,
                                           len - crypto_secretbox_NONCEBYTES, bytes, derived) == 0;
    sodium_memzero(derived, sizeof derived);
    if (good) {
        *out = str_copy(arena, str_of((const char *)text, len - SEAL_EXTRA));
    }
    return good;
}

void access_pseudonym(struct str secret, struct str text, char out[ACCESS_PSEUDONYM_BYTES])
{
    static const unsigned char none[1] = {0};
    unsigned char key[crypto_generichash_KEYBYTES], digest[crypto_generichash_BYTES_MIN];
    crypto_generichash(key, sizeof key, (const unsigned char *)secret.data, secret.len, NULL, 0);
    crypto_generichash(digest, sizeof digest,
                       text.data == NULL ? none : (const unsigned char *)text.data, text.len, key,
                       sizeof key);
    sodium_bin2hex(out, ACCESS_PSEUDONYM_BYTES, digest, sizeof digest);
    sodium_memzero(key, sizeof key);
}
