/* ask_old.h — responses and personal links that are past their time.
 *
 * What: a response is old when it was silent since before an instant: settled, discarded, or a suspect that nobody decided
 *   about in all that time. Its row, answers and link go; what it told stays on the timeline. A link that can still be used
 *   stays, however old. Suspects are discarded as a person would do it: the ledger counts them as refused.
 * Owner: values.   Threads: all safe.
 * Failure: as state_db.h and the store; FAIL_CANCELLED. What was removed before a failure stays removed.
 * Limits/cost: a commit for each STATE_RESPONSES_AT_ONCE; counting reads the index of responses.   Units: *_ms.
 * Example: ask_old_remove(ask, now_ms - 400 * DAY_MS, cancel, &gone, fail)
 * Not here: when (app_retention.h); answers that lie on the timeline leave after ASK_FORGET_MS in any case.
 */
#pragma once

#include "ask.h"

struct ask_old {
    int64_t responses; /* suspects among them */
    int64_t suspects;  /* that waited for a person */
    int64_t links;
};
bool ask_old_count(struct ask *ask, int64_t before_ms, struct ask_old *out,
                   struct fail *fail) MUST_USE;
/* `cancel` may be NULL. Bytes of what went lie in the log of the state until state_scrub. */
bool ask_old_remove(struct ask *ask, int64_t before_ms, struct base_cancel *cancel,
                    struct ask_old *out, struct fail *fail) MUST_USE;
