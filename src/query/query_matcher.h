/* query_matcher.h — which matchers each row of a batch fits.
 *
 * What: binding names of events to the codes of a snapshot, and marking rows with one bit for each matcher.
 * Owner: the exec's arena, the worker's buffers.   Threads: the worker's.
 * Failure: FAIL_LIMIT.   Limits/cost: one look-up a row, and a pass over the row bytes for each clause.
 * Units: none.   Example: query_engine.c.   Not here: conditions (query_condition.h).
 */
#pragma once

#include "query_exec.h"

/* Fills code_masks, code_is_own and code_count. */
bool query_matchers_bind(struct query_exec *exec, struct fail *fail) MUST_USE;
/* Codes of the customers' own events that bear texts (or scores), in the exec's arena. */
bool query_events_bearing(struct query_exec *exec, enum query_bearing bears, const uint32_t **out,
                          size_t *out_count, struct fail *fail) MUST_USE;
/* Adds a warning for each name of an event that the snapshot does not know. */
void query_matchers_warn_unseen(struct query_exec *exec);
/* Fills worker->masks for the batch, for the matchers in `wanted`. */
bool query_matchers_mark(struct query_worker *worker, uint64_t wanted, struct fail *fail) MUST_USE;
