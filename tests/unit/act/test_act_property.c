/* A million random schedules: whatever is asked when, in whatever zone, with clocks going back and many asks at one
 * instant, no cap and no waiting time is ever exceeded; and every decision is that of a second, naive implementation. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>

#include "act_policy.h"
#include "base_random.h"

#define SCHEDULES 1000000
#define ASKS_MAX 9
#define MINUTE ((int64_t)60000)
#define DAY ACT_DAY_MS

static const struct str CHANNELS[] = {{"web", 3}, {"email", 5}, {"sms", 3}};

struct world {
    struct base_random *random;
    struct act_policy policy;
    struct act_contact contacts[ASKS_MAX]; /* by time */
    size_t contact_count;
    struct act_consent consents[3];
    size_t consent_count;
    const struct zone *zone;
};

static int below(struct world *world, int bound)
{
    return (int)base_random_below(world->random, (uint64_t)bound);
}

static void random_limits(struct world *world, struct act_limits *out)
{
    *out = (struct act_limits){.waiting_days = below(world, 3) == 0 ? 0 : below(world, 9)};
    out->cap_count = (size_t)below(world, 3);
    for (size_t i = 0; i < out->cap_count; i++) {
        out->caps[i] = (struct act_cap){1 + below(world, 20), 1 + below(world, 4)};
    }
}

static const struct zone *zones[6];

static void random_world(struct world *world, int64_t begin_ms)
{
    world->contact_count = 0;
    world->zone = zones[below(world, ARRAY_LEN(zones))];
    struct act_policy *policy = &world->policy;
    random_limits(world, &policy->all);
    policy->channel_count = 0;
    if (below(world, 2) == 0) {
        policy->channels[0].name = CHANNELS[1];
        random_limits(world, &policy->channels[0].limits);
        policy->channel_count = 1;
    }
    policy->quiet_from = policy->quiet_to = 0;
    if (below(world, 4) == 0) {
        policy->quiet_from = below(world, 1440);
        policy->quiet_to = below(world, 1440);
    }
    world->consent_count = below(world, 4) == 0 ? (size_t)below(world, 4) : 0;
    int64_t said_ms = begin_ms;
    for (size_t i = 0; i < world->consent_count; i++) {
        said_ms += below(world, 6) * DAY;
        world->consents[i] = (struct act_consent){
            .ts_ms = said_ms,
            .purpose = below(world, 3) == 0   ? ACT_ALL
                       : below(world, 2) == 0 ? STR("survey")
                                              : STR("message"),
            .granted = below(world, 2) == 0,
            .until_ms = below(world, 2) == 0 ? ACT_NO_INSTANT : said_ms + below(world, 9) * DAY,
        };
    }
}

/* ---- the second implementation: it counts every pair, and reads every minute ------------------------------------- */

/* May no window (t - length, t] hold more than most of these and one at `now`? Windows that matter end at a contact. */
static bool naive_fits(const struct world *world, struct str channel, int days, int most,
                       int64_t now_ms)
{
    int64_t ends[ASKS_MAX + 1];
    size_t count = 0;
    for (size_t i = 0; i < world->contact_count; i++) {
        if (channel.data == NULL || str_equal(world->contacts[i].channel, channel)) {
            ends[count++] = world->contacts[i].ts_ms;
        }
    }
    ends[count++] = now_ms;
    for (size_t e = 0; e < count; e++) {
        int inside = 0;
        bool has_now = now_ms > ends[e] - days * DAY && now_ms <= ends[e];
        for (size_t i = 0; i < count; i++) {
            inside += ends[i] > ends[e] - days * DAY && ends[i] <= ends[e];
        }
        if (has_now && inside > most) {
            return false;
        }
    }
    return true;
}

static bool naive_limits(const struct world *world, const struct act_limits *limits,
                         struct str channel, int64_t now_ms)
{
    bool fits =
        limits->waiting_days == 0 || naive_fits(world, channel, limits->waiting_days, 1, now_ms);
    for (size_t i = 0; i < limits->cap_count; i++) {
        fits =
            fits && naive_fits(world, channel, limits->caps[i].days, limits->caps[i].most, now_ms);
    }
    return fits;
}

/* 1 yes, -1 no, 0 nothing said. */
static int naive_word(const struct world *world, struct str purpose, int64_t now_ms)
{
    int word = 0;
    for (size_t i = 0; i < world->consent_count; i++) { /* oldest first: later ones overwrite */
        const struct act_consent *consent = &world->consents[i];
        if (!str_equal(consent->purpose, purpose)) {
            continue;
        }
        bool over = consent->until_ms != ACT_NO_INSTANT && consent->until_ms <= now_ms;
        if (consent->granted) {
            word = over ? 0 : 1;
        } else if (!over) {
            word = -1;
        }
    }
    return word;
}

static bool naive_quiet(const struct world *world, int64_t now_ms)
{
    int from = world->policy.quiet_from;
    int to = world->policy.quiet_to;
    struct civil local = zone_local(world->zone, now_ms);
    int now = local.hour * 60 + local.minute;
    for (int minute = from; minute != to; minute = (minute + 1) % 1440) {
        if (minute == now) {
            return true;
        }
    }
    return false;
}

static bool naive_allows(const struct world *world, struct str purpose, struct str channel,
                         int64_t now_ms)
{
    bool web = str_is(channel, "web");
    bool own =
        world->policy.channel_count > 0 && str_equal(world->policy.channels[0].name, channel);
    return naive_word(world, ACT_ALL, now_ms) >= 0 && naive_word(world, purpose, now_ms) >= 0 &&
           (str_is(purpose, "survey") || naive_word(world, purpose, now_ms) > 0) &&
           (web || !naive_quiet(world, now_ms)) &&
           naive_limits(world, &world->policy.all, (struct str){NULL, 0}, now_ms) &&
           (!own || naive_limits(world, &world->policy.channels[0].limits, channel, now_ms));
}

/* ---- schedules ------------------------------------------------------------------------------------------------------ */

static void add_contact(struct world *world, struct act_contact contact)
{
    size_t place = world->contact_count++;
    while (place > 0 && world->contacts[place - 1].ts_ms > contact.ts_ms) {
        world->contacts[place] = world->contacts[place - 1];
        place--;
    }
    world->contacts[place] = contact;
}

/* Nowhere, in the end, is a window too full. */
static bool never_exceeded(const struct world *world, const struct act_limits *limits,
                           struct str channel)
{
    for (size_t c = 0; c <= limits->cap_count; c++) {
        int days = c == 0 ? limits->waiting_days : limits->caps[c - 1].days;
        int most = c == 0 ? 1 : limits->caps[c - 1].most;
        for (size_t i = 0; i < world->contact_count && days > 0; i++) {
            int inside = 0;
            int64_t end_ms = world->contacts[i].ts_ms;
            for (size_t j = 0; j < world->contact_count; j++) {
                inside += world->contacts[j].ts_ms > end_ms - days * DAY &&
                          world->contacts[j].ts_ms <= end_ms &&
                          (channel.data == NULL || str_equal(world->contacts[j].channel, channel));
            }
            if (inside > most) {
                return false;
            }
        }
    }
    return true;
}

/* "Again at" is right: allowed then, and at no minute, no end of a window and no end of a word before. */
static bool next_is_first(const struct world *world, const struct act_question *question,
                          const struct act_decision *decision)
{
    int64_t end_ms = decision->next_ms;
    if (end_ms == ACT_NEVER) {
        end_ms = question->now_ms + 40 * DAY;
    } else if (!naive_allows(world, question->purpose, question->channel, end_ms)) {
        return false;
    }
    int64_t step = 7 * MINUTE;
    for (int64_t at_ms = question->now_ms; at_ms < end_ms; at_ms += step) {
        if (naive_allows(world, question->purpose, question->channel, at_ms)) {
            return false;
        }
    }
    return naive_allows(world, question->purpose, question->channel, end_ms - 1) == false;
}

static void fail_here(uint64_t seed, int schedule, int ask, const char *what)
{
    fprintf(stderr, "seed %llu, schedule %d, ask %d: %s\n", (unsigned long long)seed, schedule, ask,
            what);
    fail();
}

static int64_t random_step(struct world *world)
{
    switch (below(world, 8)) {
    case 0:
        return 0; /* the same instant again */
    case 1:
        return -(int64_t)below(world, 5 * 1440) * MINUTE; /* the clock goes back */
    case 2:
        return below(world, 10) * DAY; /* exactly on the ends of windows */
    case 3:
        return below(world, 10) * DAY - 1;
    default:
        return (int64_t)base_random_below(world->random, (uint64_t)(3 * DAY));
    }
}

static void no_cap_and_no_waiting_time_is_ever_exceeded(void **state)
{
    (void)state;
    const char *given = getenv("FIRSTHAND_SEED");
    uint64_t seed = given == NULL ? 20260501 : strtoull(given, NULL, 10);
    struct base_random_seeded seeded;
    base_random_seed(&seeded, seed);
    struct world *world = base_alloc_zero(sizeof *world);
    world->random = &seeded.random;
    act_policy_default(&world->policy);
    uint64_t allowed = 0;
    uint64_t skipped = 0;
    uint64_t nexts = 0;
    for (int s = 0; s < SCHEDULES; s++) {
        /* Often a few days before the clocks change in Europe. */
        int64_t now_ms = 1774000000000 + (int64_t)base_random_below(world->random, 12) * 20 * DAY;
        random_world(world, now_ms);
        for (int a = 0; a < ASKS_MAX; a++) {
            now_ms += random_step(world);
            struct act_question question = {below(world, 4) == 0 ? STR("message") : STR("survey"),
                                            CHANNELS[below(world, ARRAY_LEN(CHANNELS))], now_ms};
            struct act_history history = {world->contacts, world->contact_count,
                                          world->consents, world->consent_count,
                                          world->zone,     false};
            struct act_decision decision;
            act_decide(&world->policy, &history, &question, &decision);
            if (decision.allowed !=
                naive_allows(world, question.purpose, question.channel, now_ms)) {
                fail_here(seed, s, a, "the two implementations differ");
            }
            if (decision.allowed) {
                allowed++;
                add_contact(world, (struct act_contact){
                                       now_ms, question.channel, question.purpose, {NULL, 0}});
                continue;
            }
            skipped++;
            if (skipped % 2003 == 0) {
                nexts++;
                if (!next_is_first(world, &question, &decision)) {
                    fail_here(seed, s, a, "the next instant is wrong");
                }
            }
        }
        if (!never_exceeded(world, &world->policy.all, (struct str){NULL, 0}) ||
            (world->policy.channel_count > 0 &&
             !never_exceeded(world, &world->policy.channels[0].limits,
                             world->policy.channels[0].name))) {
            fail_here(seed, s, ASKS_MAX, "a window is too full");
        }
    }
    printf("%llu allowed, %llu skipped, %llu next instants\n", (unsigned long long)allowed,
           (unsigned long long)skipped, (unsigned long long)nexts);
    assert_true(allowed > SCHEDULES && skipped > SCHEDULES && nexts > 100);
    base_free(world);
}

int main(void)
{
    static const char *const names[] = {"UTC",          "Europe/Oslo",         "America/New_York",
                                        "Asia/Kolkata", "Australia/Lord_Howe", "Africa/Casablanca"};
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        struct fail fail;
        if (!zone_find(str_from_c(names[i]), &zones[i], &fail)) {
            return 1;
        }
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_cap_and_no_waiting_time_is_ever_exceeded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
