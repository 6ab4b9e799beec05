/* app_expect.h — what is expected of a property or trait, and the question that finds what is not.
 *
 * What: an expectation is {"type": "string"|"number"|"boolean"} or {"values": [scalars]}, or both. What is
 *   unexpected is a condition of the question language, so that the number counted is the number opened.
 * Owner: values view the parsed JSON.   Threads: values.
 * Failure: FAIL_INPUT at the place, below /expected.
 * Limits/cost: APP_EXPECT_VALUES_MAX values.   Units: none.
 * Example: if (!app_expect_check(value, fail)) ...; app_expect_where(&w, value, "properties.", name)
 * Not here: how often it happens (app_catalogue_measure.c).
 */
#pragma once

#include "base_json_write.h"
#include "store_event.h"

#define APP_EXPECT_VALUES_MAX 200
#define APP_EXPECT_VALUE_BYTES_MAX 200

bool app_expect_check(struct json_value expected, struct fail *fail) MUST_USE;
/* The list of conditions that a row fulfils which bears an unexpected value of the name. */
void app_expect_where(struct json_writer *w, struct json_value expected, const char *prefix,
                      struct str name);
/* The same of a customer's trait, as a segment. */
void app_expect_segment(struct json_writer *w, struct json_value expected, struct str trait);
