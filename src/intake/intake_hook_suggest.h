/* intake_hook_suggest.h — a first definition for a webhook, guessed from one delivery; and what deliveries look like.
 *
 * What: every value of a sample is listed with its pointer, its type and what it probably is (an id, a time, an address,
 *   words, a score, money); the best of each make a definition that can be tried and corrected. A shape is the list
 *   of pointers and types without any value: it can be kept for help.
 * Owner: what is written lies in the caller's buffer.   Threads: pure.
 * Failure: FAIL_INPUT where the sample is not JSON.
 * Limits/cost: INTAKE_HOOK_SUGGEST_FIELDS_MAX, INTAKE_HOOK_SUGGEST_DEPTH_MAX: what lies beyond is not listed.
 * Units: none.   Example: intake_hook_suggest(sample, STR("zendesk"), &w, fail)
 * Not here: reading deliveries (intake_hook.h).
 */
#pragma once

#include "base_json_write.h"
#include "intake.h"

#define INTAKE_HOOK_SUGGEST_FIELDS_MAX 400
#define INTAKE_HOOK_SUGGEST_DEPTH_MAX 10
#define INTAKE_HOOK_SUGGEST_SAMPLE_BYTES 120

/* Writes {"definition", "fields": [{"pointer", "type", "sample", "role"}], "missing": [roles that were not found]}.
   `source` names the identifiers of the other system: "ext.SOURCE". */
bool intake_hook_suggest(struct str sample, struct str source, struct json_writer *w,
                         struct fail *fail) MUST_USE;
/* Writes the shape, an array of "POINTER TYPE", sorted. Names of members that look like data are "*". */
bool intake_hook_shape(struct str body, struct json_writer *w, struct fail *fail) MUST_USE;
