/* ask_posthog.h — our surveys for PostHog's libraries, and what they send back.
 *
 * What: a survey that PostHog's widget can show as it is meant is written in PostHog's form; one person is asked through
 *   a flag named after it, so that whom, when, sampling and the contact policy are decided here and not in a page; what
 *   comes back becomes answers of the person's response. A survey that its widget would show wrongly (a recall, a
 *   required matrix, a jump that its forms cannot say) is not offered to it: "fits".
 * Owner: results lie in the arena or the writer.   Threads: all safe.
 * Failure: FAIL_INPUT at a pointer into the event's properties for an answer that is none; else as ask_next, ask_take.
 * Limits/cost: ASK_LIVE_MAX surveys; as ask_next and ask_take.
 * Units: *_ms.
 * Example: ask_posthog_next(ask, &asker, arena, &survey, fail)
 * Not here: events and keys (intake_posthog.h, http_posthog.c); answers that are no surveys of ours.
 */
#pragma once

#include "ask_decide.h"

#define ASK_POSTHOG_FLAG                                                                           \
    "survey-targeting-" /* and the survey's id; its widget reads such flags without a sound */

bool ask_posthog_fits(const struct ask_survey *survey);
/* Those live that fit and are asked by widgets, as an array; in the language of an Accept-Language header. */
bool ask_posthog_write(struct ask *ask, struct str accept, struct arena *arena,
                       struct json_writer *w, struct fail *fail) MUST_USE;
/* The survey that this person is asked now, of those; missing: none. Its response is open, and the contact
   written down, as with ask_next. */
bool ask_posthog_next(struct ask *ask, const struct ask_asker *asker, struct arena *arena,
                      struct str *out_survey, struct fail *fail) MUST_USE;

enum ask_posthog_kind { ASK_POSTHOG_SHOWN, ASK_POSTHOG_ANSWERED };

struct ask_posthog_event { /* of one survey, as PostHog's libraries send it */
    enum ask_posthog_kind kind;
    struct str survey;
    struct str user, anonymous;   /* at least one */
    struct str language;          /* as in Accept-Language; or missing */
    struct str address;           /* of the asker's network end; missing: a program's */
    struct json_value properties; /* of the event, an object */
    int64_t at_ms;
    bool finished;
};
struct ask_posthog_taken {
    bool ours; /* else the survey is none of ours, or closed: nothing was done */
    struct store_field fields[ASK_FIELDS_MAX]; /* that events of this response carry */
    size_t field_count;
    struct str response;
};
bool ask_posthog_take(struct ask *ask, const struct ask_posthog_event *event, struct arena *arena,
                      struct ask_posthog_taken *out, struct fail *fail) MUST_USE;
