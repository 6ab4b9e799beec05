/* act_policy.h — may this customer be contacted now? A pure decision over what is known of them.
 *
 * What: policy (one waiting time and sliding caps over all contacts, the same by channel, quiet hours, purposes
 *   and whether they need consent) and history (contacts made, consents said) and an instant give allowed or
 *   skipped, a stable reason, the instant at which it would be allowed again, and every rule with its verdict.
 *   A cap [days, most] holds in each window (t - days, t] that holds the contact, those that end after it
 *   too: a clock that went back cannot make room. The waiting time is the cap [days, 1]. Days are 24 hours.
 * Owner: values; texts lie where policy and history were read into.   Threads: safe.   Failure: none.
 * Limits/cost: some 100 ns a rule; ACT_*_MAX.   Units: *_ms UTC; minutes of the local day.
 * Example: act_decide(&policy, &history, &(struct act_question){.purpose = STR("survey"),
 *          .channel = STR("email"), .now_ms = now}, &decision);
 * Not here: where contacts and consents come from (act_history.h), JSON (act_policy_form.h).
 */
#pragma once

#include "base_zone.h"

#define ACT_CAPS_MAX 8
#define ACT_CHANNELS_MAX 32
#define ACT_PURPOSES_MAX 32
#define ACT_EXCEPT_MAX 16
#define ACT_CORRECTIONS_MAX 32
#define ACT_DAYS_MAX 3650
#define ACT_MOST_MAX 1000
#define ACT_DAY_MS ((int64_t)86400000)
#define ACT_NEVER INT64_MAX /* not by waiting: only by a word of the customer's or a new policy */
#define ACT_NO_INSTANT INT64_MIN /* of an `until` that was not given */
#define ACT_ALL STR("*")         /* the purpose that stands for all of them, in a mute */

/* Stable words: on the timeline, in answers, in questions. */
#define ACT_REASON_ALLOWED "allowed"
#define ACT_REASON_MUTED "muted"
#define ACT_REASON_CONSENT "no-consent"
#define ACT_REASON_QUIET "quiet-hours"
#define ACT_REASON_WAITING "waiting-time"
#define ACT_REASON_CAP "cap"
#define ACT_REASON_HISTORY "history-too-long"

struct act_cap {
    int days, most;
};
struct act_limits {
    int waiting_days; /* 0: none */
    struct act_cap caps[ACT_CAPS_MAX];
    size_t cap_count;
};
struct act_channel {
    struct str name;
    struct act_limits limits;
};
struct act_purpose {
    struct str name, title; /* title: as customers read it */
    bool needs_consent;
    struct str reason;  /* why it may go without consent; kept with the policy */
    struct str wording; /* what a customer agrees to */
};
struct act_policy {
    struct act_limits all;
    struct act_channel channels[ACT_CHANNELS_MAX];
    size_t channel_count;
    int quiet_from, quiet_to; /* minutes of the local day; equal: no quiet hours */
    struct str quiet_except[ACT_EXCEPT_MAX];
    size_t quiet_except_count;
    struct act_purpose purposes[ACT_PURPOSES_MAX];
    size_t purpose_count;
    struct str corrections[ACT_CORRECTIONS_MAX]; /* traits that customers may correct */
    size_t correction_count;
};
/* 7 days, 4 in 365 days, quiet from 21 to 8 but on the organisation's own pages. */
void act_policy_default(struct act_policy *out);
/* NULL: the policy does not name it; then it needs consent. */
const struct act_purpose *act_policy_purpose(const struct act_policy *policy, struct str name);
/* How far back contacts matter. */
int64_t act_policy_reach_ms(const struct act_policy *policy);

struct act_contact { /* that was allowed */
    int64_t ts_ms;
    struct str channel;
    struct str purpose, message_id;
};
struct act_consent {
    int64_t ts_ms;
    struct str purpose;
    bool granted;
    int64_t until_ms; /* ACT_NO_INSTANT: for good */
    struct str wording, how, source;
};
struct act_history {
    const struct act_contact *contacts; /* by ts_ms */
    size_t contact_count;
    const struct act_consent *consents; /* in timeline order */
    size_t consent_count;
    const struct zone *zone; /* the customer's */
    bool truncated;          /* there are more contacts than were read */
};

enum act_consent_state { ACT_CONSENT_NONE, ACT_CONSENT_GRANTED, ACT_CONSENT_WITHDRAWN };
/* What the customer's word on a purpose is at an instant: the last one said. A withdrawal for a while that is over
   leaves what was said before; a grant that ran out leaves nothing. *out_by: the consent that decides, or NULL. */
enum act_consent_state act_consent_at(const struct act_history *history, struct str purpose,
                                      int64_t at_ms, const struct act_consent **out_by);

struct act_question {
    struct str purpose;
    struct str channel; /* missing: none in particular */
    int64_t now_ms;
};
enum act_rule_kind {
    ACT_RULE_MUTE_ALL,
    ACT_RULE_MUTE,
    ACT_RULE_CONSENT,
    ACT_RULE_HISTORY,
    ACT_RULE_QUIET,
    ACT_RULE_WAITING,
    ACT_RULE_CAP,
};
struct act_rule {
    enum act_rule_kind kind;
    const char *reason; /* what it is called where it forbids */
    bool passed;
    int64_t next_ms; /* when this rule alone would allow: the asked instant, later, or ACT_NEVER */
    struct str channel; /* of a rule for one channel; else missing */
    int days, most;     /* of waiting time and cap */
    int count;          /* contacts in the window that ends now */
};
#define ACT_RULES_MAX (5 + 2 * (ACT_CAPS_MAX + 1))
struct act_decision {
    bool allowed;
    bool repeated; /* the very contact asked for was allowed before, under the same message_id */
    const char *reason; /* ACT_REASON_*, of the first rule that forbids */
    int64_t next_ms;    /* the asked instant where allowed; ACT_NEVER: not by waiting */
    struct act_rule rules[ACT_RULES_MAX];
    size_t rule_count;
};
void act_decide(const struct act_policy *policy, const struct act_history *history,
                const struct act_question *question, struct act_decision *out);
/* A sentence for people about a rule and its verdict, in the arena. */
struct str act_rule_text(const struct act_rule *rule, const struct act_policy *policy,
                         struct arena *arena);
