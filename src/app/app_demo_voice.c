#include "app_demo_voice.h"

#include <stdio.h>
#include <string.h>

/* ---- words ------------------------------------------------------------------------------------------ */

struct said {
    char bytes[DEMO_SAY_BYTES];
    struct str text; /* missing: nothing was said */
    const char *language;
};

static void say(struct demo_life *life, enum demo_words occasion, const struct demo_order *about,
                struct said *out)
{
    const struct demo_speaker speaker = {
        .country = life->place->country,
        .city = life->place->city,
        .product = demo_products[about != NULL ? about->product : demo_dice(life, 13)].name,
        .days = about != NULL ? about->days : 3,
    };
    out->text = demo_say(life->random, occasion, &speaker, out->bytes, &out->language);
}

/* ---- surveys: asked, shown, begun, finished ------------------------------------------------------------ */

struct survey {
    const char *id, *metric, *answers, *way, *channel; /* static: events view names */
    unsigned sample; /* percent of the occasions on which it is asked */
};
static const struct survey after_delivery = {
    DEMO_SURVEY_DELIVERY, "nps", "answers.nps", "email", "email", 50};
static const struct survey after_support = {
    DEMO_SURVEY_SUPPORT, "csat", "answers.csat", "email", "email", 50};
static const struct survey checkout_ease = {
    DEMO_SURVEY_CHECKOUT, "ces", "answers.ces", "widget", "app", 12};

/* The shop's contact policy: a week between any two contacts, four in a year. */
#define WAITING_MS (7 * DAY_MS)
#define CAP_MS (365 * DAY_MS)
#define CAP 4

static const char *policy_says(const struct demo_life *life, int64_t ts_ms)
{
    if (life->muted) {
        return "muted";
    }
    if (life->contacts > 0 && life->contacted_ms[life->contacts - 1] + WAITING_MS > ts_ms) {
        return "waiting-time";
    }
    size_t within = 0;
    for (size_t i = 0; i < life->contacts; i++) {
        within += life->contacted_ms[i] > ts_ms - CAP_MS ? 1 : 0;
    }
    return within >= CAP ? "cap" : "allowed";
}

static void remember_contact(struct demo_life *life, int64_t ts_ms)
{
    if (life->contacts == DEMO_CONTACTS_MAX) {
        memmove(life->contacted_ms, life->contacted_ms + 1,
                (DEMO_CONTACTS_MAX - 1) * sizeof life->contacted_ms[0]);
        life->contacts--;
    }
    life->contacted_ms[life->contacts++] = ts_ms;
}

static void with_survey(struct demo_life *life, const struct survey *survey, const char *response)
{
    demo_with_text(life, "survey", survey->id);
    demo_with(life, "version", store_value_int(1));
    demo_with(life, "wave", store_value_int(1));
    demo_with_text(life, "way", survey->way);
    demo_with_text(life, "metrics", survey->metric);
    if (response != NULL) {
        demo_with_text(life, "response", response);
    }
}

/* Asks where the policy allows it; *out_response is "" where nobody opened the question. */
static bool ask(struct demo_life *life, const struct survey *survey, struct demo_moment *at,
                char out_response[24], struct fail *fail)
{
    char response[24];
    snprintf(response, sizeof response, "r_%016llx",
             (unsigned long long)base_random_u64(life->random));
    const char *reason =
        demo_chance(life, survey->sample) ? policy_says(life, at->ts_ms) : "sampled-out";
    bool allowed = strcmp(reason, "allowed") == 0;
    at->source = "surveys";
    at->channel = survey->channel;
    demo_with_text(life, "purpose", "survey");
    demo_with_text(life, "outcome", allowed ? "allowed" : "skipped");
    demo_with_text(life, "reason", reason);
    with_survey(life, survey, allowed ? response : NULL);
    out_response[0] = '\0';
    if (!demo_did(life, at, "contacted", fail)) {
        return false;
    }
    if (!allowed) {
        return true;
    }
    remember_contact(life, at->ts_ms);
    bool widget = strcmp(survey->way, "widget") == 0;
    if (!widget && !demo_chance(life, 72)) {
        return true;
    }
    at->ts_ms += widget ? 400 : (1 + (int64_t)demo_dice(life, 240)) * MINUTE_MS;
    with_survey(life, survey, response);
    memcpy(out_response, response, sizeof response);
    return demo_did(life, at, "survey shown", fail);
}

/* Those who come often answer more often, and those who were let down turn away: the raw score flatters. */
static bool answers(struct demo_life *life, bool let_down)
{
    unsigned often = life->visits_per_mille / 4;
    unsigned percent = 26 + (often < 40 ? often : 40);
    return demo_chance(life, let_down ? percent / 2 : percent);
}

static bool answer(struct demo_life *life, const struct survey *survey, const char *response,
                   struct demo_moment at, int score, const struct said *why, struct fail *fail)
{
    bool finished = !demo_chance(life, 9);
    at.ts_ms += 5000 + (int64_t)demo_dice(life, 90000);
    at.channel = "survey";
    demo_with_text(life, "kind", "survey");
    with_survey(life, survey, response);
    demo_with(life, "finished", store_value_bool(finished));
    demo_with(life, survey->answers, store_value_int(score));
    struct str text = {NULL, 0};
    if (finished && why->text.data != NULL) {
        text = why->text;
        demo_with_text(life, "language", why->language);
    }
    return demo_said(life, &at, text, survey->metric, score, fail);
}

static int within(int value, int least, int most)
{
    return value < least ? least : value > most ? most : value;
}

static enum demo_words words_for(struct demo_life *life, const struct demo_order *order, int nps)
{
    if (order->late) {
        return DEMO_WORDS_LATE;
    }
    if (nps >= 9) {
        return life->planner_user && demo_chance(life, 40) ? DEMO_WORDS_PLANNER : DEMO_WORDS_GOOD;
    }
    return nps >= 6 ? DEMO_WORDS_MIDDLING : DEMO_WORDS_SIZE;
}

bool demo_survey_delivery(struct demo_life *life, const struct demo_order *order,
                          struct demo_moment at, struct fail *fail)
{
    char response[24];
    if (!life->known) {
        return true; /* there is no address to write to */
    }
    /* The day after, in the daytime: between 8 and 17 UTC. */
    at.ts_ms =
        (order->delivered_day + 1) * DAY_MS + (480 + (int64_t)demo_dice(life, 540)) * MINUTE_MS;
    if (!ask(life, &after_delivery, &at, response, fail)) {
        return false;
    }
    if (response[0] == '\0' || !answers(life, order->late)) {
        return true;
    }
    int nps = within(life->mood / 10 + (int)demo_dice(life, 3), 0, 10);
    struct said why = {.text = {NULL, 0}};
    if (demo_chance(life, nps <= 6 ? 60 : 35)) {
        say(life, words_for(life, order, nps), order, &why);
    }
    return answer(life, &after_delivery, response, at, nps, &why, fail);
}

bool demo_survey_checkout(struct demo_life *life, struct demo_moment at, bool hung,
                          struct fail *fail)
{
    char response[24];
    at.ts_ms += 3000;
    if (!ask(life, &checkout_ease, &at, response, fail)) {
        return false;
    }
    if (response[0] == '\0' || !answers(life, false)) {
        return true;
    }
    int ces = within((hung ? 1 : 4) + life->mood / 30 + (int)demo_dice(life, 3) - 1, 1, 7);
    struct said why = {.text = {NULL, 0}};
    if (hung && demo_chance(life, 50)) {
        say(life, DEMO_WORDS_FAULT, NULL, &why);
    }
    return answer(life, &checkout_ease, response, at, ces, &why, fail);
}

static bool survey_support(struct demo_life *life, struct demo_moment at, bool trouble,
                           struct fail *fail)
{
    char response[24];
    int64_t day = at.ts_ms / DAY_MS + 2;
    at.ts_ms = day * DAY_MS + (480 + (int64_t)demo_dice(life, 540)) * MINUTE_MS;
    if (!life->known) {
        return true;
    }
    if (!ask(life, &after_support, &at, response, fail)) {
        return false;
    }
    if (response[0] == '\0' || !answers(life, trouble)) {
        return true;
    }
    bool helped = demo_chance(life, trouble ? 40 : 85);
    int csat = within((helped ? 4 : 1) + (int)demo_dice(life, 2), 1, 5);
    struct said why = {.text = {NULL, 0}};
    if (demo_chance(life, 40)) {
        say(life, helped ? DEMO_WORDS_HELPED : DEMO_WORDS_UNHELPED, NULL, &why);
    }
    return answer(life, &after_support, response, at, csat, &why, fail);
}

/* ---- tickets and reviews ------------------------------------------------------------------------------- */

bool demo_ask_support(struct demo_life *life, struct demo_moment at, enum demo_words words,
                      const struct demo_order *about, struct fail *fail)
{
    struct said said;
    say(life, words, about, &said);
    at.source = "support";
    at.channel = demo_chance(life, 60) ? "email" : "chat";
    demo_with_text(life, "kind", "ticket");
    demo_with_text(life, "language", said.language);
    return demo_said(life, &at, said.text, NULL, 0, fail) &&
           (!demo_chance(life, 50) || survey_support(life, at, words != DEMO_WORDS_QUESTION, fail));
}

bool demo_review(struct demo_life *life, const struct demo_order *order, struct demo_moment at,
                 bool leaks, struct fail *fail)
{
    at.ts_ms += (4 + (int64_t)demo_dice(life, 10)) * DAY_MS;
    at.channel = "review";
    int stars = leaks             ? 1 + (int)demo_dice(life, 2)
                : life->mood > 55 ? 4 + (int)demo_dice(life, 2)
                                  : 3;
    struct said said;
    say(life,
        leaks        ? DEMO_WORDS_ZIP
        : stars >= 4 ? DEMO_WORDS_GOOD
                     : DEMO_WORDS_MIDDLING,
        order, &said);
    demo_with_text(life, "kind", "review");
    demo_with_text(life, "language", said.language);
    demo_with_text(life, "product", demo_products[order->product].name);
    return demo_said(life, &at, said.text, "stars", stars, fail);
}
