/* query_members.h — who is in a segment, decided in a pass of its own before the question's.
 *
 * What: what customers did, how often and in which order is told by narrow rows (query_narrow.h), which cost much less than what
 *   questions read beside. So that part of a segment is decided first, and the question reads its members alone: one by one
 *   where they are few, else looked up among all. What else the segment says is decided of these, as ever.
 * Owner: the exec's arena.   Threads: immutable once found.
 * Failure: as query_pass_run.
 * Limits/cost: one pass over the narrow rows of the segment's events; a bit for each customer number and worker, and four bytes
 *   for each member where they are few.
 * Units: none.   Example: query_engine.c.   Not here: deciding (query_segment.h).
 */
#pragma once

#include "query_exec.h"

struct query_members {
    uint64_t *words; /* a bit for each customer number of the snapshot */
    size_t count;
    const uint32_t *list; /* ascending; NULL: so many that all are read in passing */
};
/* Finds the members once for all passes of the exec: exec->members, and exec->segment is then what is left to be decided of
   them. Leaves both as they are where nothing of the segment can be decided so, or where the pass is of one customer. */
bool query_members_find(struct query_exec *exec, const struct query_pass *pass,
                        struct fail *fail) MUST_USE;

/* Leaves nobody but members in the worker's batch, of narrow rows, which is then in the scratch. */
bool query_members_keep(const struct query_members *members, struct query_worker *worker,
                        struct fail *fail) MUST_USE;

static inline bool query_members_have(const struct query_members *members, uint32_t customer)
{
    return (members->words[customer / 64] >> customer % 64 & 1U) != 0;
}
