/* ask_decide.h — who is asked which survey, now, and why or why not.
 *
 * What: rules are tried in one order: live, way, wave, whom, when, asked before, sampling; then the contact policy. Whom
 *   and when are segments decided over the live timeline, the event that just arrived with it. The id of a
 *   response follows from survey, wave and customer, so that two tabs, a retry or another way give the same one.
 * Owner: results lie in the arena.   Threads: all safe.
 * Failure: FAIL_ABSENT for a survey that is none; as the store and the policy.
 * Limits/cost: ASK_LIVE_MAX surveys; for each a read of one timeline; a commit and a sync where somebody is asked.
 * Units: *_ms.
 * Example: ask_next(ask, &asker, arena, &w, fail)
 * Not here: the policy (act), pages (ask_page.h).
 */
#pragma once

#include "ask_response.h"

#define ASK_LIVE_MAX 200 /* surveys that are live at once, looked at */

enum ask_rule_of_asking {
    ASK_RULE_LIVE,
    ASK_RULE_WAY,
    ASK_RULE_WAVE,
    ASK_RULE_WHOM,
    ASK_RULE_WHEN,
    ASK_RULE_BEFORE,
    ASK_RULE_SAMPLE,
    ASK_RULE_CONTACT,
    ASK_RULES,
};
extern const char *const ask_rule_names[ASK_RULES];

struct ask_asker {              /* somebody who could be asked */
    struct str user, anonymous; /* at least one */
    struct str event;           /* that just happened, perhaps not arrived yet; or missing */
    struct str language;        /* as in Accept-Language; or missing */
    struct str survey;          /* only this one; missing: any */
    struct str channel;         /* missing: that of the way */
    enum ask_way way;
    bool look;         /* decide, write nothing */
    bool discreet;     /* a public key asks: which segments somebody is in is not told */
    bool only_contact; /* the response is opened later, by whoever answers */
};
/* What is told to a widget: {"survey": {...}, "response", "token"} or {"survey": null, "reason"}. */
bool ask_next(struct ask *ask, const struct ask_asker *asker, struct arena *arena,
              struct json_writer *w, struct fail *fail) MUST_USE;
/* Each rule in order with its verdict, for one customer (any identifier) and survey. */
bool ask_why(struct ask *ask, struct str survey, struct str customer, struct arena *arena,
             struct json_writer *w, struct fail *fail) MUST_USE;

/* ---- for links and pages ---- */

struct ask_candidate {
    const struct state_survey *row;
    const struct ask_survey *survey;
    int64_t wave;
};
struct ask_verdicts {
    bool tried[ASK_RULES], passed[ASK_RULES];
    struct str text[ASK_RULES];
    const char *reason; /* of the first that did not pass; NULL: all but the contact policy did */
    bool resume;        /* asked before, and still at it */
};
/* Every rule but the contact policy's; stops at the first that fails unless `every`. `customer` may be
   STORE_NO_CUSTOMER: nobody yet known. */
bool ask_judge(struct ask *ask, const struct ask_candidate *candidate,
               const struct ask_asker *asker, struct store_snapshot *snapshot, uint32_t customer,
               bool every, struct arena *arena, struct ask_verdicts *out,
               struct fail *fail) MUST_USE;
/* The response that this person has in this wave, whatever the way. */
struct str ask_response_id(const struct ask *ask, struct str survey, int64_t wave, struct str user,
                           struct str anonymous, struct arena *arena);
/* Asks the policy, and opens the response where it allows. */
bool ask_contact_make(struct ask *ask, const struct ask_candidate *candidate,
                      const struct ask_asker *asker, struct str response, struct arena *arena,
                      bool *out_allowed, struct str *out_reason, struct fail *fail) MUST_USE;
struct str ask_token_make(struct ask *ask, struct str response, struct arena *arena);
bool ask_token_open(struct ask *ask, struct str token, struct arena *arena, struct str *out);
