/* ask_spam.h — keeping machines out without asking third parties, and without turning people away.
 *
 * What: a page that is rendered carries a sealed token with the response's id and the moment; what comes back too
 *   fast, fills a field that people do not see, comes in masses from one network without having worked for it, or
 *   claims work that it did not do, is a suspect. A suspect is kept apart, with reasons, never dropped.
 * Owner: ask_rates_new/ask_rates_free.   Threads: rates have their own lock; the rest are values.
 * Failure: none: a suspicion is an answer.
 * Limits/cost: ASK_RATE_SLOTS networks are remembered.   Units: *_ms.
 * Example: if (!ask_rate_ok(rates, address, survey, ASK_RATE_MOST)) ask_suspect(&reasons, "rate");
 * Not here: what is done with suspects (ask_suspect.c).
 */
#pragma once

#include "base_buf.h"
#include "base_clock.h"

#define ASK_RATE_SLOTS 4096
#define ASK_RATE_MOST                                                                              \
    300 /* new responses from one network in ASK_RATE_MS, without work: a school, not a farm */
#define ASK_RATE_WIDGET_MOST 6000 /* the same by widgets, which ask by customer already */
#define ASK_RATE_MS ((int64_t)10 * 60 * 1000)
#define ASK_FAST_MS 1500 /* nobody reads and answers a page in less */
#define ASK_WORK_BITS 12 /* zero bits of a SHA-256: some 4,000 tries, under 300 ms on a phone */

struct ask_rates;
struct ask_rates *ask_rates_new(const struct base_clock *clock);
void ask_rates_free(struct ask_rates *rates); /* accepts NULL */
/* Counts one more; false when there were too many of late. */
bool ask_rate_ok(struct ask_rates *rates, struct str address, struct str survey, uint32_t most);
/* "192.0.2." of IPv4, the first 56 bits of IPv6: people behind one router share it. */
struct str ask_address_prefix(struct str address, char out[48]);
/* Did a page work for its token? `nonce` as the page's script sends it. */
bool ask_work_ok(struct str token, struct str nonce);
