/* query_list.h — lists of customers: who belongs, in which order, one page, and what they said.
 *
 * What: one pass in which the kind says of each customer whether it belongs and with which value; the largest
 *   `limit` by the plan's sort are kept, from after the cursor. For `customers` and for every "open".
 * Owner: the exec's arena.   Threads: workers keep a page each, merged after.
 * Failure: FAIL_LIMIT and as query_pass_run.
 * Limits/cost: O(customers x log limit); ids are looked up for ties only. Verbatims take a second pass.
 * Units: *_ms.   Example: query_retention.c.   Not here: who belongs.
 */
#pragma once

#include "query_group.h"
#include "stats_sum.h"

#define QUERY_VERBATIMS_MAX 50
#define QUERY_VERBATIMS_AROUND_MS (INT64_C(30) * 24 * 60 * 60 * 1000)

struct query_list_job {
    struct query_pass pass; /* what to read; start and customer are filled here */
    const void *context;    /* the kind's; worker->pass->context is this job */
    bool with_value;
    bool
        other_number; /* the number is neither the total nor the sum of the values: averages, ... */
    struct query_groups_spec spec; /* by NULL: the cell is of all groups */
    uint32_t wanted_group;         /* else of this one */
    bool with_verbatims;
    int64_t said_from_ms, said_to_ms; /* the opened interval or range */
    /* The kind's own state of a worker. NULL: none */
    bool (*start)(struct query_worker *worker, void **out_own, struct fail *fail);
    bool (*belongs)(struct query_worker *worker, uint32_t c, bool *out,
                    struct store_value *out_value, struct fail *fail);
};
struct query_list_state { /* worker->state during the pass */
    struct query_groups groups;
    void *own;
    struct query_list_entry *entries; /* a heap, the last of the page on top */
    size_t entry_count;
    uint64_t total, after; /* members; those after the cursor */
    struct stats_sum sum;  /* of the members' values */
    struct query_vec *members;
};
static inline const struct query_list_job *query_list_job(const struct query_worker *worker)
{
    return worker->pass->context;
}
static inline struct query_list_state *query_list_state(struct query_worker *worker)
{
    return worker->state;
}
/* Does an event of the customer fall into the opened group? */
bool query_list_in_group(struct query_worker *worker, uint32_t c, uint32_t row, bool *out,
                         struct fail *fail) MUST_USE;
/* The same for an event without a value. */
bool query_list_nothing_in_group(struct query_worker *worker, bool *out,
                                 struct fail *fail) MUST_USE;

/* Fills spec and wanted_group for the plan's open group. "(other)" is found by ranking the groups of the asked range,
   with the job that `prepare` makes of its plan. */
struct query_tally_job;
bool query_list_group(struct query_exec *exec,
                      void (*prepare)(const struct query_plan *plan, struct query_tally_job *job),
                      struct query_list_job *job, struct fail *fail) MUST_USE;

/* Writes "total", "customers", "cursor" and, where asked, "verbatims". */
bool query_list_run(struct query_exec *exec, struct query_list_job *job, struct json_writer *w,
                    struct fail *fail) MUST_USE;

/* Traits in order of name, as one object: a scalar, or an array where there are several values. */
void query_traits_write(struct json_writer *w, const struct store_field *traits, size_t count);

/* query_verbatim.c: writes "verbatims" of the customers, or the members of the accounts (ascending numbers). */
bool query_verbatims_write(struct query_exec *exec, const struct query_list_job *job,
                           const uint32_t *customers, size_t count, struct json_writer *w,
                           struct fail *fail) MUST_USE;
