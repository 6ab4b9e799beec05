/* act_link.h — a customer's own link: who it speaks for and when it ends, sealed.
 *
 * What: the token of /p/TOKEN. Nobody but us can read, change or make one; it opens as nothing else.
 * Owner: texts lie in the arena.   Threads: all safe.   Failure: false for what is no link of ours.
 * Limits/cost: some microseconds.   Units: *_ms UTC.
 * Example: struct str token = act_link_make(key, &link, random, arena);
 * Not here: the page behind it (act_page.h).
 */
#pragma once

#include "access_seal.h"
#include "store_event.h"

#define ACT_LINK_DAYS 90 /* where nothing else is said */
#define ACT_LINK_DAYS_MAX 3650

struct act_link {
    struct store_identifier customer;
    int64_t expires_ms;
};
struct str act_link_make(const uint8_t key[ACCESS_SEAL_KEY_BYTES], const struct act_link *link,
                         struct base_random *random, struct arena *arena);
/* Also opens one that has ended: the caller asks the clock. */
bool act_link_open(const uint8_t key[ACCESS_SEAL_KEY_BYTES], struct str token, struct arena *arena,
                   struct act_link *out);
/* "kind:value" apart; false where that is no identifier. */
bool act_identifier_parse(struct str text, struct store_identifier *out);
