/* friction_form.h — the rules as people write them: JSON.
 *
 * What: reads {"scores", "failures", "repeated", "steps", "answers"}; what is left out is as by default, false switches
 *   a rule off. Matchers are kept as they stand: their language is the query module's.
 * Owner: texts lie in the arena, matchers in the document.   Threads: safe.
 * Failure: FAIL_INPUT at the place, its pointer beginning at the rules' object.
 * Limits/cost: FRICTION_*_MAX.   Units: *_ms.
 * Example: friction_form_read(value, STR("/wrong"), arena, &form, fail)
 * Not here: what the rules do (friction.h).
 */
#pragma once

#include "base_json.h"
#include "friction.h"

#define FRICTION_FAILURES_MAX 50
#define FRICTION_CHANNELS_MAX 50
#define FRICTION_TIMES_MAX 1000
#define FRICTION_DAYS_MAX 3650

struct friction_form {
    struct friction_rules rules;
    /* Of the language of questions; the flags say whether people wrote them, else they are to be guessed. */
    bool has_failures, has_begin, has_done;
    struct json_value failures, begin, done;
    struct str channels[FRICTION_CHANNELS_MAX]; /* words there expect an answer */
    size_t channel_count;
};
/* `at`: the pointer of the object, for refusals. An object without members: all as by default. */
bool friction_form_read(struct json_value value, struct str at, struct arena *arena,
                        struct friction_form *out, struct fail *fail) MUST_USE;
