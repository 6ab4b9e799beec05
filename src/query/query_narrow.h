/* query_narrow.h — rows as labels: for questions that look at nothing but which events came when.
 *
 * What: where no condition, segment, breakdown or account is asked for, what a row fits follows from its event alone. Then
 *   the scan is asked for labels (store_scan.h) in place of events: one for each different mask, or one for each event.
 * Owner: the exec's arena.   Threads: immutable during a pass.
 * Failure: FAIL_LIMIT.   Limits/cost: QUERY_LABELS_MAX labels; a question that needs more is asked the general way.
 * Units: none.   Example: query_retention_narrow.c.   Not here: reading rows (store_scan.h), what kinds count.
 */
#pragma once

#include "query_exec.h"

#define QUERY_LABELS_MAX 256U /* 0 is no label: its rows are not wanted */

struct query_labels {
    uint8_t *by_code; /* code_count of the exec */
    uint32_t count;   /* labels are below */
    uint64_t masks[QUERY_LABELS_MAX];
    uint32_t codes[QUERY_LABELS_MAX]; /* as shown; where the pass tells events apart */
};
/* *out is NULL where the pass is not to be read that way. `wanted`: the matchers that rows are marked with. */
bool query_labels_choose(const struct query_exec *exec, const struct query_pass *pass,
                         uint64_t wanted, const struct query_labels **out,
                         struct fail *fail) MUST_USE;

/* The matchers that a row fits, whichever way rows came. */
static inline uint64_t query_row_mask(const struct query_worker *worker, uint32_t row)
{
    return worker->labels == NULL ? worker->masks[row]
                                  : worker->labels->masks[worker->rows->labels[row]];
}
