/* query_condition.h — conditions applied to rows and customers.
 *
 * What: a leaf tests one value; over a batch it marks rows of which any value passes, or, negated, of which
 *   none does (a missing value too). Clauses are alternatives of leaves.
 * Owner: the worker's buffers.   Threads: the worker's.   Failure: none.
 * Limits/cost: each value of a sparse column once, equal neighbours not again.   Units: *_ms.
 * Example: query_matcher.c.   Not here: reading conditions (query_parse_where.c).
 */
#pragma once

#include "query_exec.h"

/* Does one value that is there pass, negation aside? `fold` is scratch. */
bool query_leaf_test(const struct query_leaf *leaf, struct store_value value,
                     struct base_buf *fold);
/* For a name of the customer. */
bool query_leaf_holds_for_customer(struct query_worker *worker, const struct query_leaf *leaf,
                                   uint32_t c);
/* Sets hit[row] = 1 for rows with masks[row] & bit where the leaf holds. */
void query_leaf_mark_rows(struct query_worker *worker, const struct query_leaf *leaf, uint64_t bit,
                          const uint64_t *masks, uint8_t *any, uint8_t *hit);
/* `value` op operand. */
bool query_comparison_holds(const struct query_comparison *comparison, struct store_value value);
