/* access_seal.h — tokens that carry something and cannot be read, changed or made by anyone else.
 *
 * What: a text is encrypted and authenticated (XSalsa20-Poly1305) under a key that follows from the caller's secret and
 *   from what the token is for, so that a token of one kind never opens as another. For links that customers get.
 * Owner: texts lie in the arena.   Threads: all safe.
 * Failure: access_unseal is false for whatever was not made by access_seal with the same key and purpose.
 * Limits/cost: ACCESS_SEAL_BYTES_MAX; some microseconds.   Units: bytes.
 * Example: access_seal(key, "preferences", text, arena, &token)
 * Not here: where the key lies (state), when a token ends (its text).
 */
#pragma once

#include "base_random.h"

#define ACCESS_SEAL_KEY_BYTES 32
#define ACCESS_SEAL_BYTES_MAX 2048

/* SHA-256 of a random token, as it is kept. */
void access_token_digest(struct str token, uint8_t out[32]);
/* HMAC-SHA256 (RFC 2104) over the parts, one after the other; in lower-case hex, or in base64. For signatures of
   others' deliveries. */
struct str access_hmac_hex(struct str key, const struct str *parts, size_t count,
                           struct arena *arena);
struct str access_hmac_base64(struct str key, const struct str *parts, size_t count,
                              struct arena *arena);
/* Takes the same time whichever byte differs. */
bool access_same_text(struct str a, struct str b);
/* Standard base64, padded or not. */
bool access_base64_decode(struct str text, struct arena *arena, struct str *out);

/* URL-safe base64. `what` has at most 64 bytes; `text` at most ACCESS_SEAL_BYTES_MAX (INVARIANT). */
struct str access_seal(const uint8_t key[ACCESS_SEAL_KEY_BYTES], const char *what, struct str text,
                       struct base_random *random, struct arena *arena);
bool access_unseal(const uint8_t key[ACCESS_SEAL_KEY_BYTES], const char *what, struct str token,
                   struct arena *arena, struct str *out);

/* What stands for a text that is not kept (an address): the same for the same text and secret, and nothing that leads
   back to it without the secret. 32 hex digits and a NUL. */
#define ACCESS_PSEUDONYM_BYTES 33
void access_pseudonym(struct str secret, struct str text, char out[ACCESS_PSEUDONYM_BYTES]);
