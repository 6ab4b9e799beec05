/* act_policy_form.h — the contact policy as JSON, read and written.
 *
 * What: the form of GET and PUT /api/v1/policy, and what lies in state. Members left out keep their default;
 *   unknown ones are refused at their pointer, with the nearest.
 * Owner: texts of a read policy lie in the arena.   Threads: safe.   Failure: FAIL_INPUT with a pointer.
 * Limits/cost: ACT_*_MAX.   Units: days; "HH:MM".
 * Example: act_policy_read(root, arena, &policy, fail)   Not here: what it means (act_policy.h).
 */
#pragma once

#include "act_policy.h"
#include "base_json_write.h"

bool act_policy_read(struct json_value form, struct arena *arena, struct act_policy *out,
                     struct fail *fail) MUST_USE;
/* The whole policy as one object; reading it gives the same policy. */
void act_policy_write(struct json_writer *w, const struct act_policy *policy);
