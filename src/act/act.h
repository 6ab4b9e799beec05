/* act.h — contacting customers: decided on the server, one at a time for each customer, and written down first.
 *
 * What: act_contact asks the policy (act_policy.h) over the customer's own timeline and, where it allows, makes
 *   the `contacted` event durable before it says so: the timeline is the only truth, and joins of customers join
 *   their contacts. A skipped contact is written down too, once an hour at most for each customer, purpose and
 *   reason, so that a page that asks at every view does not flood the timeline.
 * Owner: act_new/act_free; the store must outlive it. Decisions lie in the arena given.
 * Threads: all functions from any thread. Those that speak of the same customer wait for each other; no lock is
 *   held while the disk is waited for.
 * Failure: FAIL_INPUT for what is no identifier; FAIL_BUSY where too many decisions are under way; else as
 *   store_submit: then nobody may be contacted.
 * Limits/cost: ACT_IDENTIFIERS_MAX, ACT_UNDER_WAY_MAX; a point read, and one sync where something is written.
 * Units: *_ms UTC.
 * Example: if (!act_contact(act, &request, arena, &decision, fail)) return false;
 *          if (decision.allowed) send();
 * Not here: who is asked what (ask), the settings' place (app).
 */
#pragma once

#include "act_history.h"
#include "base_random.h"

#define ACT_IDENTIFIERS_MAX 8
#define ACT_FIELDS_MAX 32
#define ACT_UNDER_WAY_MAX 256
#define ACT_SKIP_LOG_MS ((int64_t)3600000)
#define ACT_SOURCE "contact-policy"

struct act;
struct act_options {
    struct store *store;
    const struct base_clock *clock;
    struct base_random *random;
};
struct act *act_new(const struct act_options *options);
void act_free(struct act *act); /* accepts NULL; nothing may be under way */

struct act_request {
    const struct store_identifier *identifiers; /* who: all that are known, as on an event */
    size_t identifier_count;
    struct str purpose, channel; /* channel may be missing */
    const struct act_policy *policy;
    const struct zone *zone; /* where the customer has none of their own */
    const struct store_field
        *fields; /* further properties of the event: survey, version, response, ... */
    size_t field_count;
    /* Of the cause; asked again with it, a contact that was allowed is allowed again and not counted twice.
       Missing: every ask is one of its own. */
    struct str message_id;
    bool look; /* only look: nothing is written */
};
/* Is it a request at all? FAIL_INPUT with the place. The others ask this first. */
bool act_request_check(const struct store_identifier *identifiers, size_t identifier_count,
                       struct str purpose, struct str channel, struct str message_id,
                       struct fail *fail) MUST_USE;
bool act_contact(struct act *act, const struct act_request *request, struct arena *arena,
                 struct act_decision *out, struct fail *fail) MUST_USE;
/* Writes down that the caller itself passed this customer over, with a reason word of its own ("sampled-out").
   Held to once an hour likewise. *out_written may be NULL. */
bool act_skip(struct act *act, const struct act_request *request, struct str reason,
              bool *out_written, struct fail *fail) MUST_USE;
