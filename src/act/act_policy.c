#include "act_policy.h"

#define MINUTE_MS ((int64_t)60000)
#define MINUTES_A_DAY 1440
/* An answer settles in a few rounds: each round moves on to where some rule ends. */
#define ROUNDS_MAX 4096

void act_policy_default(struct act_policy *out)
{
    *out = (struct act_policy){
        .all = {.waiting_days = 7, .caps = {{365, 4}}, .cap_count = 1},
        .quiet_from = 21 * 60,
        .quiet_to = 8 * 60,
        .quiet_except = {STR("web"), STR("app")},
        .quiet_except_count = 2,
        .purposes =
            {
                {
                    .name = STR("survey"),
                    .title = STR("Questions about your experience"),
                    .reason =
                        STR("Asking our own customers, seldom, how we did is in our legitimate "
                            "interest; each of them can end it at any time."),
                    .wording = STR("You may ask me now and then about my experience."),
                },
                {
                    .name = STR("message"),
                    .title = STR("News and offers"),
                    .needs_consent = true,
                    .wording = STR("You may send me news and offers."),
                },
            },
        .purpose_count = 2,
        .corrections = {STR("name"), STR("language"), STR("timezone")},
        .correction_count = 3,
    };
}

const struct act_purpose *act_policy_purpose(const struct act_policy *policy, struct str name)
{
    for (size_t i = 0; i < policy->purpose_count; i++) {
        if (str_equal(policy->purposes[i].name, name)) {
            return &policy->purposes[i];
        }
    }
    return NULL;
}

static int reach_days(const struct act_limits *limits, int days)
{
    days = limits->waiting_days > days ? limits->waiting_days : days;
    for (size_t i = 0; i < limits->cap_count; i++) {
        days = limits->caps[i].days > days ? limits->caps[i].days : days;
    }
    return days;
}

int64_t act_policy_reach_ms(const struct act_policy *policy)
{
    int days = reach_days(&policy->all, 0);
    for (size_t i = 0; i < policy->channel_count; i++) {
        days = reach_days(&policy->channels[i].limits, days);
    }
    return days * ACT_DAY_MS;
}

/* ---- consent ---------------------------------------------------------------------------------------------- */

enum act_consent_state act_consent_at(const struct act_history *history, struct str purpose,
                                      int64_t at_ms, const struct act_consent **out_by)
{
    *out_by = NULL;
    for (size_t i = history->consent_count; i > 0; i--) {
        const struct act_consent *consent = &history->consents[i - 1];
        if (!str_equal(consent->purpose, purpose)) {
            continue;
        }
        bool over = consent->until_ms != ACT_NO_INSTANT && at_ms >= consent->until_ms;
        if (over && !consent->granted) {
            continue;
        }
        *out_by = consent;
        return over               ? ACT_CONSENT_NONE
               : consent->granted ? ACT_CONSENT_GRANTED
                                  : ACT_CONSENT_WITHDRAWN;
    }
    return ACT_CONSENT_NONE;
}

/* When a mute ends by itself: the customer's earlier words come back in force then, which may be a mute too. */
static int64_t mute_next(const struct act_history *history, struct str purpose, int64_t at_ms)
{
    const struct act_consent *by;
    while (act_consent_at(history, purpose, at_ms, &by) == ACT_CONSENT_WITHDRAWN) {
        if (by->until_ms == ACT_NO_INSTANT) {
            return ACT_NEVER;
        }
        at_ms = by->until_ms;
    }
    return at_ms;
}

static int64_t consent_next(const struct act_policy *policy, const struct act_history *history,
                            struct str purpose, int64_t at_ms)
{
    const struct act_purpose *known = act_policy_purpose(policy, purpose);
    const struct act_consent *by;
    if (known != NULL && !known->needs_consent) {
        return at_ms;
    }
    /* After a mute for a while a consent from before may count again: the rule of mutes gets us there. */
    for (;;) {
        switch (act_consent_at(history, purpose, at_ms, &by)) {
        case ACT_CONSENT_GRANTED:
            return at_ms;
        case ACT_CONSENT_NONE:
            return ACT_NEVER;
        case ACT_CONSENT_WITHDRAWN:
            if (by->until_ms == ACT_NO_INSTANT) {
                return ACT_NEVER;
            }
            at_ms = by->until_ms;
        }
    }
}

/* ---- quiet hours -------------------------------------------------------------------------------------------- */

static bool quiet_minute(const struct act_policy *policy, int minute)
{
    int from = policy->quiet_from;
    int to = policy->quiet_to;
    return from < to ? minute >= from && minute < to : from > to && (minute >= from || minute < to);
}

static int minute_at(const struct zone *zone, int64_t at_ms)
{
    struct civil local = zone_local(zone, at_ms);
    return local.hour * 60 + local.minute;
}

static bool quiet_spares(const struct act_policy *policy, struct str channel)
{
    bool spared = policy->quiet_from == policy->quiet_to;
    for (size_t i = 0; i < policy->quiet_except_count && !spared; i++) {
        spared = channel.data != NULL && str_equal(policy->quiet_except[i], channel);
    }
    return spared;
}

/* The first instant from then on at which the customer's clock shows no quiet minute. */
static int64_t quiet_next(const struct act_policy *policy, const struct zone *zone, int64_t at_ms)
{
    int minute = minute_at(zone, at_ms);
    if (!quiet_minute(policy, minute)) {
        return at_ms;
    }
    struct civil local = zone_local(zone, at_ms);
    int64_t whole_ms =
        at_ms - local.second * (int64_t)1000 - local.ms; /* this minute's beginning */
    int left = policy->quiet_to - minute;
    int64_t end_ms = whole_ms + (left <= 0 ? left + MINUTES_A_DAY : left) * MINUTE_MS;
    if (zone_offset_s(zone, at_ms) == zone_offset_s(zone, end_ms)) {
        return end_ms;
    }
    /* The clock is changed in between: minute by minute, as people at that clock would see it. */
    for (end_ms = whole_ms + MINUTE_MS; quiet_minute(policy, minute_at(zone, end_ms));) {
        end_ms += MINUTE_MS;
        if (end_ms > at_ms + 3 * ACT_DAY_MS) {
            return ACT_NEVER;
        }
    }
    return end_ms;
}

/* ---- windows -------------------------------------------------------------------------------------------------- */

#define INSTANTS_MAX                                                                               \
    2048 /* the newest; a cap counts to ACT_MOST_MAX, so those before them change nothing */
_Static_assert(INSTANTS_MAX >= 2 * ACT_MOST_MAX, "room for a full window on both sides of now");

/* Contacts of one channel or of all, rising. */
struct instants {
    int64_t at_ms[INSTANTS_MAX];
    size_t count;
    bool cut; /* there were more */
};

static void instants_read(struct instants *out, const struct act_history *history,
                          struct str channel)
{
    size_t kept = 0;
    out->cut = false;
    for (size_t i = history->contact_count; i > 0; i--) {
        const struct act_contact *contact = &history->contacts[i - 1];
        if (channel.data != NULL &&
            (contact->channel.data == NULL || !str_equal(contact->channel, channel))) {
            continue;
        }
        if (kept == INSTANTS_MAX) {
            out->cut = true;
            break;
        }
        out->at_ms[INSTANTS_MAX - ++kept] = contact->ts_ms;
    }
    memmove(out->at_ms, out->at_ms + INSTANTS_MAX - kept, kept * sizeof *out->at_ms);
    out->count = kept;
}

static size_t first_after(const struct instants *in, int64_t at_ms)
{
    size_t from = 0;
    size_t to = in->count;
    while (from < to) {
        size_t middle = from + (to - from) / 2;
        if (in->at_ms[middle] <= at_ms) {
            from = middle + 1;
        } else {
            to = middle;
        }
    }
    return from;
}

/* Would a contact at that instant, as one of most + 1, lie with `most` others inside one window? The contacts with
   this one among them at `place` are looked at in runs of most + 1. */
static bool window_full(const struct instants *in, int64_t window_ms, int most, int64_t at_ms)
{
    size_t place =
        first_after(in, at_ms); /* where it would stand: behind those of the same instant */
    size_t run = (size_t)most;  /* others */
    if (in->count < run) {
        return false;
    }
    size_t first = place < run ? 0 : place - run;
    for (size_t i = first; i <= place && i + run <= in->count; i++) {
        /* Of the run i .. i + run (with the new one at `place`) the first and the last instant. */
        int64_t begin_ms = i == place ? at_ms : in->at_ms[i];
        int64_t end_ms = i + run == place ? at_ms : in->at_ms[i + run - 1];
        if (end_ms - begin_ms < window_ms) {
            return true;
        }
    }
    return false;
}

/* Room is made only when a contact leaves a window: at its instant and the window's length. */
static int64_t window_next(const struct instants *in, int64_t window_ms, int most, int64_t at_ms)
{
    while (window_full(in, window_ms, most, at_ms)) {
        size_t leaves = first_after(in, at_ms - window_ms);
        if (leaves == in->count) {
            return ACT_NEVER;
        }
        at_ms = in->at_ms[leaves] + window_ms;
    }
    return at_ms;
}

static int window_count(const struct instants *in, int64_t window_ms, int64_t at_ms)
{
    return (int)(first_after(in, at_ms) - first_after(in, at_ms - window_ms));
}

/* ---- the decision ---------------------------------------------------------------------------------------------- */

struct deciding {
    const struct act_policy *policy;
    const struct act_history *history;
    const struct act_question *question;
    struct instants all, channel;
};

static int64_t rule_next(const struct deciding *d, const struct act_rule *rule, int64_t at_ms)
{
    const struct instants *in = rule->channel.data == NULL ? &d->all : &d->channel;
    switch (rule->kind) {
    case ACT_RULE_MUTE_ALL:
        return mute_next(d->history, ACT_ALL, at_ms);
    case ACT_RULE_MUTE:
        return mute_next(d->history, d->question->purpose, at_ms);
    case ACT_RULE_CONSENT:
        return consent_next(d->policy, d->history, d->question->purpose, at_ms);
    case ACT_RULE_HISTORY:
        return ACT_NEVER; /* there only where it forbids */
    case ACT_RULE_QUIET:
        return quiet_next(d->policy, d->history->zone, at_ms);
    case ACT_RULE_WAITING:
    case ACT_RULE_CAP:
        break;
    }
    return window_next(in, rule->days * ACT_DAY_MS, rule->most, at_ms);
}

static void add_rule(const struct deciding *d, struct act_decision *out, struct act_rule rule)
{
    int64_t now_ms = d->question->now_ms;
    if (rule.kind == ACT_RULE_WAITING || rule.kind == ACT_RULE_CAP) {
        rule.count = window_count(rule.channel.data == NULL ? &d->all : &d->channel,
                                  rule.days * ACT_DAY_MS, now_ms);
    }
    rule.next_ms = rule_next(d, &rule, now_ms);
    rule.passed = rule.next_ms == now_ms;
    INVARIANT(out->rule_count < ACT_RULES_MAX);
    out->rules[out->rule_count++] = rule;
}

static void add_limits(const struct deciding *d, struct act_decision *out,
                       const struct act_limits *limits, struct str channel)
{
    if (limits->waiting_days > 0) {
        add_rule(d, out,
                 (struct act_rule){.kind = ACT_RULE_WAITING,
                                   .reason = ACT_REASON_WAITING,
                                   .channel = channel,
                                   .days = limits->waiting_days,
                                   .most = 1});
    }
    for (size_t i = 0; i < limits->cap_count; i++) {
        add_rule(d, out,
                 (struct act_rule){.kind = ACT_RULE_CAP,
                                   .reason = ACT_REASON_CAP,
                                   .channel = channel,
                                   .days = limits->caps[i].days,
                                   .most = limits->caps[i].most});
    }
}

static const struct act_channel *channel_of(const struct act_policy *policy, struct str name)
{
    for (size_t i = 0; i < policy->channel_count && name.data != NULL; i++) {
        if (str_equal(policy->channels[i].name, name)) {
            return &policy->channels[i];
        }
    }
    return NULL;
}

static void add_rules(const struct deciding *d, struct act_decision *out)
{
    const struct act_channel *channel = channel_of(d->policy, d->question->channel);
    add_rule(d, out, (struct act_rule){.kind = ACT_RULE_MUTE_ALL, .reason = ACT_REASON_MUTED});
    add_rule(d, out, (struct act_rule){.kind = ACT_RULE_MUTE, .reason = ACT_REASON_MUTED});
    add_rule(d, out, (struct act_rule){.kind = ACT_RULE_CONSENT, .reason = ACT_REASON_CONSENT});
    bool cut = d->all.cut && first_after(&d->all, d->question->now_ms) < ACT_MOST_MAX;
    if (d->history->truncated || cut) {
        add_rule(d, out, (struct act_rule){.kind = ACT_RULE_HISTORY, .reason = ACT_REASON_HISTORY});
    }
    if (!quiet_spares(d->policy, d->question->channel)) {
        add_rule(d, out, (struct act_rule){.kind = ACT_RULE_QUIET, .reason = ACT_REASON_QUIET});
    }
    add_limits(d, out, &d->policy->all, (struct str){NULL, 0});
    if (channel != NULL) {
        add_limits(d, out, &channel->limits, channel->name);
    }
}

/* The first instant that suits every rule: each in turn moves it on, until none does. */
static int64_t all_next(const struct deciding *d, const struct act_decision *decision)
{
    int64_t at_ms = d->question->now_ms;
    for (int round = 0; round < ROUNDS_MAX; round++) {
        int64_t before_ms = at_ms;
        for (size_t i = 0; i < decision->rule_count; i++) {
            at_ms = rule_next(d, &decision->rules[i], at_ms);
            if (at_ms == ACT_NEVER) {
                return ACT_NEVER;
            }
        }
        if (at_ms == before_ms) {
            return at_ms;
        }
    }
    return ACT_NEVER;
}

void act_decide(const struct act_policy *policy, const struct act_history *history,
                const struct act_question *question, struct act_decision *out)
{
    struct deciding d;
    d.policy = policy;
    d.history = history;
    d.question = question;
    instants_read(&d.all, history, (struct str){NULL, 0});
    if (channel_of(policy, question->channel) != NULL) {
        instants_read(&d.channel, history, question->channel);
    }
    *out = (struct act_decision){.allowed = true, .reason = ACT_REASON_ALLOWED};
    add_rules(&d, out);
    for (size_t i = 0; i < out->rule_count; i++) {
        if (!out->rules[i].passed && out->allowed) {
            out->allowed = false;
            out->reason = out->rules[i].reason;
        }
    }
    out->next_ms = out->allowed ? question->now_ms : all_next(&d, out);
}
