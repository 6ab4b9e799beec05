/* query_pairs.h — each row of one kind with the first of another kind that comes after it, for all customers of a batch.
 *
 * What: the rows where a search from before would end, those of the second kind and the first ones of customers, are written down in
 *   order; which of them is the next after a row is how many stand before it, which the marks tell without a search.
 * Owner: the caller's.   Threads: the worker's.
 * Failure: FAIL_LIMIT.   Limits/cost: linear; some 2 ns a row of the first kind.   Units: *_ms; rows of the batch.
 * Example: query_time_between.c.   Not here: one customer at a time (query_places_after).
 */
#pragma once

#include "query_times.h"

struct query_pairs {
    const uint64_t *from, *to; /* marked rows, with a word behind (query_places.h) */
    const struct store_rows *rows;
    int64_t window_ms; /* pairs are no further apart */
};
/* Adds the time of each pair; *customers grows by those who have one. */
bool query_pairs_find(const struct query_pairs *pairs, const struct query_worker *worker,
                      struct query_times *times, uint64_t *customers, struct fail *fail) MUST_USE;

/* ---- the parts, for tests ------------------------------------------------------------------------------- */

struct query_pairs_ends {
    const uint64_t *begins; /* marked first rows of customers; and the one behind all */
    const uint32_t *rows;   /* ends of searches, ascending */
};
struct query_pairs_found {
    struct query_times_room times; /* for one more than there are rows of the first kind */
    uint64_t customers;
};
void query_pairs_find_portable(const struct query_pairs *pairs, const struct query_pairs_ends *ends,
                               struct query_pairs_found *out);
/* With the instruction that counts bits, where base_cpu_level says AVX2 or more. */
void query_pairs_find_avx2(const struct query_pairs *pairs, const struct query_pairs_ends *ends,
                           struct query_pairs_found *out);
