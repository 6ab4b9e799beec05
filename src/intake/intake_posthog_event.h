/* intake_posthog_event.h — what the parts of PostHog's decoder share: one event, read.
 *
 * What: the members that mean something, found once; then each part takes what is its own into the draft.
 * Owner: values view the parsed event.   Threads: as the decoder.
 * Failure: as intake_internal.h: false without `hard` means that a judgement was put down.
 * Limits/cost: INTAKE_POSTHOG_FRAMES_MAX of an exception.   Units: *_ms.
 * Example: see intake_posthog.c.   Not here: the face (intake_posthog.h).
 */
#pragma once

#include "intake_internal.h"
#include "intake_posthog.h"

#define INTAKE_POSTHOG_FRAMES_MAX                                                                  \
    100 /* of the stacks of one exception; further ones are left out */
#define INTAKE_POSTHOG_QUESTIONS_MAX 200
#define INTAKE_OFFSET_MAX_MS (INT64_C(366) * 86400000)

enum posthog_kind {
    POSTHOG_OTHER,
    POSTHOG_IDENTIFY,
    POSTHOG_SET_EVENT,
    POSTHOG_ALIAS,
    POSTHOG_GROUP,
    POSTHOG_EXCEPTION,
    POSTHOG_FLAG,
    POSTHOG_SURVEY_SHOWN,
    POSTHOG_SURVEY_SENT,
    POSTHOG_SURVEY_DISMISSED,
    POSTHOG_SURVEY_ABANDONED, /* the page was left; it may be taken up again */
    POSTHOG_SNAPSHOT,
};

enum posthog_top {
    POSTHOG_TOP_EVENT,
    POSTHOG_TOP_ID,
    POSTHOG_TOP_UUID,
    POSTHOG_TOP_TIME,
    POSTHOG_TOP_OFFSET,
    POSTHOG_TOP_SENT,
    POSTHOG_TOP_SET,
    POSTHOG_TOP_SET_ONCE,
    POSTHOG_TOP_PROPERTIES,
    POSTHOG_TOPS,
};

enum posthog_inner { /* members of properties */
                     POSTHOG_ID,
                     POSTHOG_SET,
                     POSTHOG_SET_ONCE,
                     POSTHOG_UNSET,
                     POSTHOG_GROUPS,
                     POSTHOG_ANON_ID,
                     POSTHOG_ALIAS_ID,
                     POSTHOG_GROUP_TYPE,
                     POSTHOG_GROUP_KEY,
                     POSTHOG_GROUP_SET,
                     POSTHOG_IS_IDENTIFIED,
                     POSTHOG_DEVICE_ID,
                     POSTHOG_USER_ID,
                     POSTHOG_PERSON_PROFILE,
                     POSTHOG_LIB,
                     POSTHOG_IP,
                     POSTHOG_INSERT_ID,
                     POSTHOG_IGNORE_SENT,
                     POSTHOG_EXCEPTIONS,
                     POSTHOG_FLAG_KEY,
                     POSTHOG_FLAG_RESPONSE,
                     POSTHOG_SURVEY_ID,
                     POSTHOG_ITERATION,
                     POSTHOG_SUBMISSION,
                     POSTHOG_COMPLETED,
                     POSTHOG_QUESTIONS,
                     POSTHOG_SESSION,
                     POSTHOG_INNERS,
};

struct intake_posthog_event {
    enum posthog_kind kind;
    struct json_value top[POSTHOG_TOPS];
    struct json_value value[POSTHOG_INNERS];
    bool top_has[POSTHOG_TOPS]; /* and is not null */
    bool has[POSTHOG_INNERS];
};

/* A string that is not empty. */
bool intake_posthog_text(const struct intake_posthog_event *event, enum posthog_inner inner,
                         struct str *out);

/* ---- intake_posthog_facts.c ---- */
/* $set, $set_once, $unset: traits. */
bool intake_posthog_person(struct intake_draft *draft, const struct intake_posthog_event *event);
/* $group_set: properties of the group's event. */
bool intake_posthog_group_facts(struct intake_draft *draft,
                                const struct intake_posthog_event *event);
/* $exception_list, without the lines of source around each frame. */
bool intake_posthog_exception(struct intake_draft *draft, const struct intake_posthog_event *event);

/* ---- intake_posthog_survey.c ---- */
static inline bool intake_posthog_is_survey(enum posthog_kind kind)
{
    return kind == POSTHOG_SURVEY_SHOWN || kind == POSTHOG_SURVEY_SENT ||
           kind == POSTHOG_SURVEY_DISMISSED || kind == POSTHOG_SURVEY_ABANDONED;
}
/* Is it a member of properties that becomes something else in survey events? */
bool intake_posthog_survey_member(struct str name);
bool intake_posthog_survey(struct intake_draft *draft, const struct intake_posthog_event *event);
