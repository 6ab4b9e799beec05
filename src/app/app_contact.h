/* app_contact.h — the contact policy as the rest of app uses it: whoever wants to contact a customer asks here.
 *
 * What: reads the policy from state, puts the customer's identifiers and the organisation's zone to it, and asks act,
 *   which writes the `contacted` event before it allows. A survey, a message and the decision API go the same way.
 * Owner: texts lie in the arena given.   Threads: all functions from any thread.
 * Failure: as act.h.   Limits/cost: as act.h, and a read of the state.   Units: *_ms UTC.
 * Example: struct app_contact contact = {.identifiers = ids, .identifier_count = 2, .purpose = STR("survey"),
 *          .channel = STR("web"), .fields = fields, .field_count = 5, .message_id = response};
 *          if (!app_contact_ask(app, &contact, arena, &decision, fail)) return false;
 * Not here: operations (app_contact.c), the rules (act).
 */
#pragma once

#include "act.h"
#include "app.h"
#include "base_json_write.h"

struct app_contact {
    const struct store_identifier *identifiers; /* all that are known of the customer */
    size_t identifier_count;
    struct str purpose, channel;
    const struct store_field
        *fields; /* of the event: survey, version, wave, way, metrics, response */
    size_t field_count;
    struct str message_id; /* of the cause (a response's id), or missing */
    bool look;             /* only look */
};
/* May this customer be contacted now? Allowed means that the contact is on the timeline already. */
bool app_contact_ask(struct app *app, const struct app_contact *contact, struct arena *arena,
                     struct act_decision *out, struct fail *fail) MUST_USE;
/* The caller passed the customer over itself ("sampled-out"): noted once an hour. */
bool app_contact_skip(struct app *app, const struct app_contact *contact, struct str reason,
                      struct fail *fail) MUST_USE;

bool app_policy(struct app *app, struct arena *arena, struct act_policy *out,
                struct fail *fail) MUST_USE;
/* The identifier by which an event reaches this customer: its user id, else its first other one. */
bool app_customer_identifier(struct store_snapshot *snapshot, uint32_t customer,
                             struct arena *arena, struct store_identifier *out,
                             struct fail *fail) MUST_USE;
/* Contacts, skips and consents of one customer, with its zone; contacts reach back `reach_ms` (0: all). */
bool app_customer_record(struct app *app, struct store_snapshot *snapshot, uint32_t customer,
                         int64_t reach_ms, struct arena *arena, struct act_record *out,
                         struct fail *fail) MUST_USE;

/* Who an operation speaks of: the member `customer` (one there is), or userId and anonymousId (who may be new). For a
   caller that may not ask who is known, `customer` may be new too. */
bool app_read_customer(struct app *app, const struct app_caller *caller, struct json_value input,
                       struct arena *arena, struct store_identifier out[2], size_t *out_count,
                       struct fail *fail) MUST_USE;

/* ---- what customers say about contact ---- */

#define APP_PREFERENCES_SOURCE "preferences"
struct app_word {       /* a consent, given or taken back */
    struct str purpose; /* "*": a mute of all, or its end */
    bool granted;
    int64_t until_ms; /* ACT_NO_INSTANT: for good */
    struct str wording, how;
};
/* Durable when it returns. */
bool app_word_write(struct app *app, const struct store_identifier *identifiers, size_t count,
                    const struct app_word *word, struct arena *arena, struct fail *fail) MUST_USE;
/* Purposes, those of the policy first, and the customer's word on each, as an array. */
void app_words_write(struct json_writer *w, const struct act_policy *policy,
                     const struct act_history *history, int64_t now_ms);
/* Opens a customer's link; FAIL_ABSENT for one that is none or has ended. */
struct act_link;
bool app_link_of_customer(struct app *app, struct str token, struct arena *arena,
                          struct act_link *out, struct fail *fail) MUST_USE;
/* The key of customers' links, made where there is none yet. For app_open. */
bool app_preference_key(struct app *app, struct fail *fail) MUST_USE;

/* What a survey module answers to the decision API: a value, written into the member "survey". NULL in struct app: there
   is none, and the member is null. */
struct app_decide_question {
    const struct store_identifier *identifiers;
    size_t identifier_count;
    struct str channel, locale, url;
    bool look;
};
