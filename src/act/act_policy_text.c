/* What a rule says, in words for people. */
#include "act_policy.h"

static struct str instant_text(struct arena *arena, int64_t at_ms)
{
    char text[TIME_RFC3339_BYTES];
    size_t len = time_format_rfc3339(at_ms, text);
    return str_copy(arena, str_of(text, len));
}

static struct str where(const struct act_rule *rule, struct arena *arena)
{
    return rule->channel.data == NULL
               ? STR("over all channels")
               : str_format(arena, "in the channel \"%.*s\"", STR_ARG(rule->channel));
}

static struct str quiet_text(const struct act_rule *rule, const struct act_policy *policy,
                             struct arena *arena)
{
    return str_format(
        arena, "It is %s the quiet hours from %02d:%02d to %02d:%02d at the customer's clock.",
        rule->passed ? "outside" : "within", policy->quiet_from / 60, policy->quiet_from % 60,
        policy->quiet_to / 60, policy->quiet_to % 60);
}

struct str act_rule_text(const struct act_rule *rule, const struct act_policy *policy,
                         struct arena *arena)
{
    struct str until =
        rule->passed || rule->next_ms == ACT_NEVER
            ? STR("")
            : str_format(arena, " until %.*s", STR_ARG(instant_text(arena, rule->next_ms)));
    switch (rule->kind) {
    case ACT_RULE_MUTE_ALL:
        return rule->passed
                   ? STR("The customer has not muted all contact.")
                   : str_format(arena, "The customer has muted all contact%.*s.", STR_ARG(until));
    case ACT_RULE_MUTE:
        return rule->passed
                   ? STR("The customer has not muted this purpose.")
                   : str_format(arena, "The customer has muted this purpose%.*s.", STR_ARG(until));
    case ACT_RULE_CONSENT:
        return rule->passed ? STR("The purpose has the customer's consent, or needs none.")
                            : STR("The purpose needs the customer's consent, and there is none.");
    case ACT_RULE_HISTORY:
        return STR("The customer has more contacts than can be counted.");
    case ACT_RULE_QUIET:
        return quiet_text(rule, policy, arena);
    case ACT_RULE_WAITING:
        return str_format(arena, "%s %d days without another contact %.*s.",
                          rule->passed ? "There were" : "There were not yet", rule->days,
                          STR_ARG(where(rule, arena)));
    case ACT_RULE_CAP:
        break;
    }
    return str_format(arena, "%d of at most %d contacts in %d days %.*s.", rule->count, rule->most,
                      rule->days, STR_ARG(where(rule, arena)));
}
