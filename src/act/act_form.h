/* act_form.h — what a customer asks for on their own page: the form that was sent, read strictly.
 *
 * What: application/x-www-form-urlencoded of one of the page's forms becomes one wish.
 * Owner: texts lie in the arena.   Threads: values.
 * Failure: FAIL_INPUT with a sentence for the customer, where it is no form of ours.
 * Limits/cost: ACT_FORM_BYTES_MAX; NET_PARAMS_MAX fields.   Units: days.
 * Example: act_form_read(body, &policy, arena, &form, fail)   Not here: doing it (app).
 */
#pragma once

#include "act_policy.h"
#include "store_event.h"

#define ACT_FORM_BYTES_MAX ((size_t)64 << 10)
#define ACT_CORRECTION_BYTES_MAX 1000

enum act_wish { ACT_WISH_MUTE, ACT_WISH_UNMUTE, ACT_WISH_AGREE, ACT_WISH_CORRECT, ACT_WISH_ERASE };

struct act_form {
    enum act_wish wish;
    struct str purpose; /* of mute, unmute, agree: one of the policy's, or "*" */
    int64_t days;       /* of mute; 0: for good */
    struct store_field corrections[ACT_CORRECTIONS_MAX]; /* of correct; STORE_NULL removes */
    size_t correction_count;
};
bool act_form_read(struct str body, const struct act_policy *policy, struct arena *arena,
                   struct act_form *out, struct fail *fail) MUST_USE;
