/* app_insiders.h — who is internal: the organisation's own people, tests and bots, by rule.
 *
 * What: rules that people write become one segment of the one segment language, which questions leave out unless
 *   they say otherwise.
 * Owner: text lies in the arena.   Threads: all safe.   Failure: FAIL_INPUT at the place; as state_db.h.
 * Limits/cost: APP_INSIDERS_*; a question reads one setting.   Units: none.
 * Example: app_insiders_segment(app, arena, &json, &found, fail)
 * Not here: leaving out (query_parse_internal.c).
 */
#pragma once

#include "app_internal.h"

#define APP_INSIDERS_VALUES_MAX 200 /* in each list */
#define APP_INSIDERS_VALUE_BYTES_MAX 200

/* Checks rules as they are saved. */
bool app_insiders_check(struct json_value rules, struct fail *fail) MUST_USE;
/* The segment; *out_found is false where the rules say nothing. */
bool app_insiders_segment(struct app *app, struct arena *arena, struct str *out, bool *out_found,
                          struct fail *fail) MUST_USE;
