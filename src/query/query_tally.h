/* query_tally.h — counting into groups: which groups there are, which are kept, and what is in them.
 *
 * What: a kind counts into tallies, one for each group and, where it wants, one for all. This part finds the
 *   groups, ranks them, keeps the largest and puts the rest into "(other)", exactly: where tallies cannot
 *   be added up (distinct customers, events with several values) it asks the customers a second time.
 * Owner: tallies lie in the arena of the first worker of the pass that made them, until the exec's end.
 * Threads: the callbacks run on workers; the rest on the caller's.
 * Failure: FAIL_LIMIT and as query_pass_run.
 * Limits/cost: one pass; two or three with many groups. At most `limit` groups are kept.
 * Units: none.   Example: query_funnel.c.   Not here: what is counted.
 */
#pragma once

#include "query_group.h"

struct query_tally_ops {
    /* A new tally, empty. Ranking alone needs less: see query_tally_state. */
    bool (*make)(struct query_worker *worker, void **out, struct fail *fail);
    /* What `from` counted comes to `into`; the customers of both are others, or (fold) the groups are. */
    bool (*merge)(struct query_worker *worker, void *into, const void *from, struct fail *fail);
    /* What groups are ranked by, the largest first. */
    bool (*rank)(struct query_worker *worker, const void *tally, double *out, struct fail *fail);
    /* The kind's own state of a worker. NULL: none */
    bool (*start)(struct query_worker *worker, void **out_own, struct fail *fail);
    bool (*customer)(struct query_worker *worker, uint32_t c, struct fail *fail);
};
struct query_tally_job {
    const struct query_tally_ops *ops;
    bool whole;    /* one tally of all, groups aside */
    bool foldable; /* merging groups is exact where no event was in two */
    size_t cells;  /* how large a tally is: many groups times large tallies take the second pass */
    struct query_pass pass; /* what to read; start and customer are filled here */
    bool rank_only;         /* set for a pass that only ranks */
    struct query_groups_spec spec;
};
/* worker->state during such a pass */
struct query_tally_state {
    struct query_groups groups; /* with a breakdown */
    void **by_group;            /* NULL: not met */
    size_t capacity;
    void *whole;
    void *own;
};
static inline struct query_tally_state *query_tally_state(struct query_worker *worker)
{
    return worker->state;
}
static inline const struct query_tally_job *query_tally_job(const struct query_worker *worker)
{
    return worker->pass->context;
}
/* The tally of a group, made at first sight. */
bool query_tally_at(struct query_worker *worker, uint32_t id, void **out,
                    struct fail *fail) MUST_USE;

struct query_tallies {
    void *whole;
    const struct str *names; /* ranked; "(other)" last, where there is one */
    void **by_group;         /* as many */
    size_t count;
    bool has_other;
    struct query_workers workers; /* whose arena they lie in */
};
/* Fills `out`; query_tallies_free also after a failure (zeroed before). With exactly the groups of `like`, if any. */
bool query_tally_run(struct query_exec *exec, struct query_tally_job *job,
                     const struct query_tallies *like, struct query_tallies *out,
                     struct fail *fail) MUST_USE;
/* The groups alone, for a later pass that is to be like this one: as long as exec. */
const struct query_tallies *query_tallies_groups(struct query_exec *exec,
                                                 const struct query_tallies *tallies);
/* Only the names, for opening "(other)": by_group stays NULL. */
bool query_tally_rank(struct query_exec *exec, struct query_tally_job *job,
                      struct query_tallies *out, struct fail *fail) MUST_USE;
void query_tallies_free(struct query_tallies *tallies);
