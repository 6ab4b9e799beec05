/* query_answer.h — the JSON around and inside answers.
 *
 * What: the envelope that every answer carries, and small pieces that kinds share.
 * Owner: the writer's buffer.   Threads: the caller's.
 * Failure: as query_backend_run.   Limits/cost: none.   Units: *_ms.
 * Example: query_engine.c.   Not here: the kinds' own members.
 */
#pragma once

#include "query_exec.h"

bool query_answer_write(struct query_exec *exec, struct base_buf *out, struct fail *fail) MUST_USE;

/* A string, number or boolean as JSON; whole numbers exactly. */
void query_answer_value(struct json_writer *w, struct store_value value);
/* "name": [labels]. */
void query_answer_labels(struct json_writer *w, const char *name, const struct query_plan *plan,
                         enum interval interval, const struct zone_intervals *intervals);
/* "partial": the labels of those that the range cuts or that are not over by now. */
void query_answer_partial(struct json_writer *w, const struct query_plan *plan,
                          enum interval interval, const struct zone_intervals *intervals,
                          const struct query_range *range);
