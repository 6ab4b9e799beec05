/* query_segment.h — deciding a segment for one customer.
 *
 * What: evaluates the predicates over the customer's rows in the batch, which hold all that they may look at.
 * Owner: the worker's.   Threads: the worker's.   Failure: none.
 * Limits/cost: each predicate looks at each row of the customer once; a sequence at its steps.   Units: *_ms.
 * Example: query_engine.c.   Not here: reading segments (query_parse_segment.c).
 */
#pragma once

#include "query_exec.h"

bool query_segment_holds(struct query_worker *worker, const struct query_segment *segment,
                         uint32_t c);
/* The same for all customers of a batch at once, a bit each, in the scratch; of a segment of `all`, `any`, `not`, sequences and
   numbers of events (query_segment_batch.c). Rows came as the segment wants them: up to now, and from `from_ms` on. */
bool query_segment_mark(struct query_worker *worker, const struct query_segment *segment,
                        int64_t from_ms, uint64_t **out, struct fail *fail) MUST_USE;
/* The matchers it uses, and from when on it looks at rows (INT64_MAX: at none). */
void query_segment_needs(const struct query_segment *segment, uint64_t *out_matchers,
                         int64_t *out_since_ms);
/* Then customers without such an event need not come. */
bool query_segment_needs_rows(const struct query_segment *segment);
