/* app_demo_voice.h — what one customer of the demo says, and what they are asked.
 *
 * What: tickets, reviews and surveys that follow from what happened. Surveys go the whole way: the contact policy's
 *   answer, shown, begun, finished; who answers depends on how often they come and on what went wrong, so that
 *   those who answer are not like those who were asked (docs/demo.md, story 5).
 * Owner: the caller's life.   Threads: one at a time.   Failure: what the sink says.   Limits/cost: none.
 * Units: *_ms UTC.   Example: app_demo_life.c.   Not here: sentences (app_demo_words.h).
 */
#pragma once

#include "app_demo_event.h"
#include "app_demo_words.h"

/* The surveys of the demo, as `survey` names them; app_demo_survey.c defines them. */
#define DEMO_SURVEY_DELIVERY "after-delivery" /* NPS and why, by e-mail, a day after the parcel */
#define DEMO_SURVEY_SUPPORT "after-support"   /* CSAT and why, by e-mail, after a ticket */
#define DEMO_SURVEY_CHECKOUT "checkout-ease"  /* CES, in the app, after an order */

struct demo_survey {
    const char *id, *definition;
};
#define DEMO_SURVEYS 3
extern const struct demo_survey demo_surveys[DEMO_SURVEYS]; /* app_demo_surveys.c */

bool demo_ask_support(struct demo_life *life, struct demo_moment at, enum demo_words words,
                      const struct demo_order *about, struct fail *fail) MUST_USE;
bool demo_review(struct demo_life *life, const struct demo_order *order, struct demo_moment at,
                 bool leaks, struct fail *fail) MUST_USE;
bool demo_survey_delivery(struct demo_life *life, const struct demo_order *order,
                          struct demo_moment at, struct fail *fail) MUST_USE;
bool demo_survey_checkout(struct demo_life *life, struct demo_moment at, bool hung,
                          struct fail *fail) MUST_USE;
