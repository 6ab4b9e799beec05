/* query_group.h — into which groups of a breakdown an event falls.
 *
 * What: each value's name (query_value_name) is a group; a missing value is "(none)". A table either makes a
 *   group of every name it meets, or knows the groups already and puts the rest into "(other)", or drops it.
 *   Bins are groups known by their edges.
 * Owner: the worker's arena.   Threads: the worker's.   Failure: FAIL_LIMIT.
 * Limits/cost: one hash look-up a value, none where the neighbour's was the same.
 * Units: none.   Example: query_tally.c.   Not here: ranking, tallies (query_tally.h).
 */
#pragma once

#include "query_exec.h"

#define QUERY_GROUP_NONE "(none)"
#define QUERY_GROUP_OTHER "(other)"

/* A string of the batch, and its id. */
struct query_groups_met {
    const char *text;
    uint64_t batch;
    uint32_t len, id;
};
#define QUERY_GROUPS_MET 64U

struct query_groups_spec {
    const struct query_breakdown *by;
    const struct str *names; /* the groups; NULL: each new value makes one */
    size_t count;
    bool with_other; /* id `count`: whatever is none of the names */
    size_t most;     /* of groups that are made; 0: no limit. One more sets `overflow` */
};
struct query_groups {
    struct query_groups_spec spec;
    struct arena *arena;
    struct str *names;
    size_t count, capacity;
    uint32_t *slots; /* id + 1 */
    size_t slot_count;
    /* Of the last event asked for. */
    uint32_t *ids;
    size_t id_count, id_capacity;
    uint64_t *stamps; /* by id: the last event that had it */
    size_t stamp_capacity;
    uint64_t stamp;
    /* Rows [kept_from, kept_last] of the batch have the ids that are kept. */
    uint64_t kept_batch;
    uint32_t kept_from, kept_last;
    struct query_groups_met met[QUERY_GROUPS_MET]; /* strings looked up, by their address */
    bool several;                                  /* some event had two or more */
    bool overflow;                                 /* more than spec.most */
};
#define QUERY_NO_GROUP UINT32_MAX

bool query_groups_init(struct query_groups *groups, const struct query_groups_spec *spec,
                       struct arena *arena, struct fail *fail) MUST_USE;
/* Number of groups by now, "(other)" and bins counted. */
size_t query_groups_count(const struct query_groups *groups);
/* Is the row one whose ids are those that stand there? */
static inline bool query_groups_keep(const struct query_groups *groups,
                                     const struct query_worker *worker, uint32_t row)
{
    return groups->kept_batch == worker->batch && row >= groups->kept_from &&
           row <= groups->kept_last;
}
/* Fills ids: each once; none where the event is in no group that is asked for. */
bool query_groups_of_row(struct query_groups *groups, struct query_worker *worker, uint32_t c,
                         uint32_t row, struct fail *fail) MUST_USE;
/* Fills ids as for an event without a value. */
bool query_groups_of_nothing(struct query_groups *groups, struct fail *fail) MUST_USE;
/* The id of a name, made where it is new; QUERY_NO_GROUP past the limit. */
bool query_groups_intern(struct query_groups *groups, struct str name, uint32_t *out,
                         struct fail *fail) MUST_USE;
/* Name of a group by its id. */
struct str query_groups_name(const struct query_groups *groups, uint32_t id);
