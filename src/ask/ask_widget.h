/* ask_widget.h — answers that come as JSON: from widgets with a token, from programs with a secret key.
 *
 * What: shown, answer, and a whole response at once. All are safe to send again.
 * Owner: answers are appended to the writer.   Threads: all safe.
 * Failure: FAIL_DENIED for a token that is none; FAIL_INPUT at /answers/QID; FAIL_CONFLICT for a closed survey.
 * Limits/cost: as ask_response.h.   Units: *_ms.
 * Example: app_survey_live.c.   Not here: which survey (ask_decide.h).
 */
#pragma once

#include "ask_decide.h"

bool ask_widget_shown(struct ask *ask, struct str response, struct str token, struct arena *arena,
                      struct json_writer *w, struct fail *fail) MUST_USE;
struct ask_reply { /* what a widget sends */
    struct str response, token;
    int64_t seq;
    bool has_answers;
    struct json_value answers;
    bool finished;
    struct str address; /* where it came from; missing: from a program that we trust */
};
bool ask_widget_answer(struct ask *ask, const struct ask_reply *reply, struct arena *arena,
                       struct json_writer *w, struct fail *fail) MUST_USE;

struct ask_submission { /* a response from a program */
    struct str survey, user, anonymous, language;
    struct str
        message_id; /* the sender's id of it: sent again, it is the same response; missing: a new one */
    struct json_value answers;
    bool finished;
};
bool ask_submit(struct ask *ask, const struct ask_submission *submission, struct arena *arena,
                struct json_writer *w, struct fail *fail) MUST_USE;
/* The response, its version of the survey, and that the token is its own. */
bool ask_response_load(struct ask *ask, struct str response, struct str token, struct arena *arena,
                       struct state_response *out, struct ask_survey *out_survey,
                       struct fail *fail) MUST_USE;
