#include "query_tally.h"

#include <stdlib.h>

#define CELLS_MOST ((size_t)4 << 20) /* of all groups of a first pass together, a worker */
#define GROUPS_MOST ((size_t)1024)

static bool tally_start(struct query_worker *worker, struct fail *fail)
{
    const struct query_tally_job *job = query_tally_job(worker);
    struct query_tally_state *state = arena_small(worker->arena, sizeof *state);
    worker->state = state;
    return (job->spec.by == NULL ||
            query_groups_init(&state->groups, &job->spec, worker->arena, fail)) &&
           (!job->whole || job->ops->make(worker, &state->whole, fail)) &&
           (job->ops->start == NULL || job->ops->start(worker, &state->own, fail));
}

static bool tally_customer(struct query_worker *worker, uint32_t c, struct fail *fail)
{
    if (!query_tally_job(worker)->ops->customer(worker, c, fail)) {
        return false;
    }
    worker->stop = query_tally_state(worker)->groups.overflow;
    return true;
}

bool query_tally_at(struct query_worker *worker, uint32_t id, void **out, struct fail *fail)
{
    struct query_tally_state *state = query_tally_state(worker);
    if (id >= state->capacity) {
        void **grown = query_arena_grow(worker->arena, state->by_group, state->capacity,
                                        &state->capacity, (size_t)id + 1, sizeof *grown, fail);
        if (grown == NULL) {
            return false;
        }
        state->by_group = grown;
    }
    if (state->by_group[id] == NULL &&
        !query_tally_job(worker)->ops->make(worker, &state->by_group[id], fail)) {
        return false;
    }
    *out = state->by_group[id];
    return true;
}

/* ---- merging workers ---- */

static bool merge_group(struct query_worker *into, const struct query_tally_state *from,
                        uint32_t id, struct fail *fail)
{
    struct query_tally_state *state = query_tally_state(into);
    bool by_name = state->groups.spec.names == NULL && state->groups.spec.by->edge_count == 0;
    uint32_t at = id;
    if (by_name && !query_groups_intern(&state->groups, from->groups.names[id], &at, fail)) {
        return false;
    }
    void *tally;
    return at == QUERY_NO_GROUP ||
           (query_tally_at(into, at, &tally, fail) &&
            query_tally_job(into)->ops->merge(into, tally, from->by_group[id], fail));
}

static bool merge_workers(const struct query_tally_job *job, struct query_workers *workers,
                          struct fail *fail)
{
    struct query_worker *into = workers->list[0];
    struct query_tally_state *state = query_tally_state(into);
    for (int i = 1; i < workers->count; i++) {
        const struct query_tally_state *from = query_tally_state(workers->list[i]);
        if (job->whole && !job->ops->merge(into, state->whole, from->whole, fail)) {
            return false;
        }
        state->groups.several = state->groups.several || from->groups.several;
        for (uint32_t id = 0; id < from->capacity; id++) {
            if (from->by_group[id] != NULL && !merge_group(into, from, id, fail)) {
                return false;
            }
        }
    }
    query_workers_keep_first(workers);
    return true;
}

/* One pass, merged into its first worker. *out_overflow: given up, as there are too many groups. */
static bool run_pass(struct query_exec *exec, struct query_tally_job *job,
                     const struct query_groups_spec *spec, bool rank_only,
                     struct query_workers *out, bool *out_overflow, struct fail *fail)
{
    job->spec = *spec;
    job->rank_only = rank_only;
    job->pass.start = tally_start;
    job->pass.customer = tally_customer;
    job->pass.context = job;
    uint64_t events_scanned = exec->events_scanned, customers = exec->customers;
    if (!query_pass_run(exec, &job->pass, out, fail)) {
        return false;
    }
    *out_overflow = out->stopped;
    if (out->stopped) {
        return true;
    }
    if (!merge_workers(job, out, fail)) {
        return false;
    }
    if (query_tally_state(out->list[0])->groups.overflow) {
        /* Too many groups among all workers, though not in one of them: as if one had stopped, so that
           the answer's stats do not tell which it was. */
        *out_overflow = true;
        exec->events_scanned = events_scanned;
        exec->customers = customers;
    }
    return true;
}

/* ---- ranking ---- */

struct ranked {
    struct str name;
    double rank;
    uint32_t id;
};

static int compare_ranked(const void *a, const void *b)
{
    const struct ranked *x = a, *y = b;
    if (x->rank != y->rank) {
        return x->rank > y->rank ? -1 : 1;
    }
    return str_compare(x->name, y->name);
}

struct ranking {
    struct ranked *list; /* the kept ones first; then the rest */
    size_t kept, count;
};

static bool rank_groups(struct query_exec *exec, const struct query_tally_job *job,
                        struct query_worker *worker, struct ranking *out, struct fail *fail)
{
    const struct query_tally_state *state = query_tally_state(worker);
    struct ranked *list = arena_alloc(exec->arena, (state->capacity + 1) * sizeof *list, fail);
    if (list == NULL) {
        return false;
    }
    size_t count = 0, others = 0;
    struct ranked other = {.id = QUERY_NO_GROUP};
    for (uint32_t id = 0; id < state->capacity; id++) {
        if (state->by_group[id] == NULL) {
            continue;
        }
        struct ranked one = {.name = query_groups_name(&state->groups, id), .id = id};
        if (!job->ops->rank(worker, state->by_group[id], &one.rank, fail)) {
            return false;
        }
        if (str_is(one.name, QUERY_GROUP_OTHER)) { /* a value of that name is no group of its own */
            other = one;
            others = 1;
        } else {
            list[count++] = one;
        }
    }
    if (job->spec.by->edge_count == 0) { /* bins stand in their own order, all of them */
        qsort(list, count, sizeof *list, compare_ranked);
        out->kept = count < job->spec.by->limit ? count : job->spec.by->limit;
    } else {
        out->kept = count;
    }
    if (others > 0) {
        list[count] = other;
    }
    out->list = list;
    out->count = count + others;
    return true;
}

static bool name_groups(struct query_exec *exec, const struct ranking *ranking,
                        struct query_tallies *out, struct fail *fail)
{
    bool has_other = ranking->count > ranking->kept;
    size_t count = ranking->kept + (has_other ? 1 : 0);
    struct str *names = arena_alloc(exec->arena, (count + 1) * sizeof *names, fail);
    if (names == NULL) {
        return false;
    }
    for (size_t i = 0; i < ranking->kept; i++) {
        names[i] = str_copy(exec->arena, ranking->list[i].name);
    }
    if (has_other) {
        names[ranking->kept] = STR(QUERY_GROUP_OTHER);
    }
    out->names = names;
    out->count = count;
    out->has_other = has_other;
    return true;
}

/* Takes the tallies of a pass with groups as found; the rest is folded into one. */
static bool take_found(struct query_exec *exec, const struct query_tally_job *job,
                       const struct ranking *ranking, struct query_tallies *out, struct fail *fail)
{
    struct query_worker *worker = out->workers.list[0];
    struct query_tally_state *state = query_tally_state(worker);
    out->by_group = arena_array(exec->arena, out->count + 1, sizeof *out->by_group, fail);
    if (out->by_group == NULL) {
        return false;
    }
    for (size_t i = 0; i < ranking->kept; i++) {
        out->by_group[i] = state->by_group[ranking->list[i].id];
    }
    if (!out->has_other) {
        return true;
    }
    void *other;
    if (!job->ops->make(worker, &other, fail)) {
        return false;
    }
    for (size_t i = ranking->kept; i < ranking->count; i++) {
        if (!job->ops->merge(worker, other, state->by_group[ranking->list[i].id], fail)) {
            return false;
        }
    }
    out->by_group[ranking->kept] = other;
    return true;
}

/* A pass with the groups known; groups that nobody is in get an empty tally. */
static bool run_fixed(struct query_exec *exec, struct query_tally_job *job,
                      struct query_tallies *out, struct fail *fail)
{
    const struct query_breakdown *by = job->spec.by;
    struct query_groups_spec spec = {.by = by,
                                     .names = out->names,
                                     .count = out->count - (out->has_other ? 1 : 0),
                                     .with_other = out->has_other};
    bool overflow;
    query_workers_free(&out->workers);
    if (!run_pass(exec, job, &spec, false, &out->workers, &overflow, fail)) {
        return false;
    }
    struct query_worker *worker = out->workers.list[0];
    out->whole = query_tally_state(worker)->whole;
    out->by_group = arena_array(exec->arena, out->count + 1, sizeof *out->by_group, fail);
    if (out->by_group == NULL) {
        return false;
    }
    for (size_t i = 0; i < out->count; i++) {
        uint32_t id = (uint32_t)i;
        for (uint32_t bin = 0; by->edge_count > 0 && bin <= by->edge_count + 1; bin++) {
            if (str_equal(query_groups_name(&query_tally_state(worker)->groups, bin),
                          out->names[i])) {
                id = bin;
            }
        }
        if (!query_tally_at(worker, id, &out->by_group[i], fail)) {
            return false;
        }
    }
    return true;
}

static void warn_several(struct query_exec *exec, const struct query_tally_state *state)
{
    if (state->groups.several) {
        query_exec_warn(exec,
                        "some have several values of the breakdown and count in each of their "
                        "groups: groups need not add up");
    }
}

/* First pass: counts whole tallies while the groups are few, and ranks alone where they are many. */
static bool find_groups(struct query_exec *exec, struct query_tally_job *job, bool rank_only,
                        struct query_tallies *out, struct ranking *ranking, bool *out_whole_tallies,
                        struct fail *fail)
{
    const struct query_breakdown *by = job->spec.by;
    size_t affordable = CELLS_MOST / (job->cells == 0 ? 1 : job->cells);
    size_t most = affordable > GROUPS_MOST ? GROUPS_MOST : affordable;
    struct query_groups_spec spec = {.by = by, .most = most > by->limit ? most : by->limit + 1};
    bool overflow = rank_only;
    *out_whole_tallies = !rank_only;
    if (!rank_only && !run_pass(exec, job, &spec, false, &out->workers, &overflow, fail)) {
        return false;
    }
    if (overflow) {
        *out_whole_tallies = false;
        spec.most = 0;
        query_workers_free(&out->workers);
        if (!run_pass(exec, job, &spec, true, &out->workers, &overflow, fail)) {
            return false;
        }
    }
    struct query_worker *worker = out->workers.list[0];
    if (!rank_only) { /* opening a cell shows no groups */
        warn_several(exec, query_tally_state(worker));
    }
    return rank_groups(exec, job, worker, ranking, fail) && name_groups(exec, ranking, out, fail);
}

static bool run_ungrouped(struct query_exec *exec, struct query_tally_job *job,
                          struct query_tallies *out, struct fail *fail)
{
    struct query_groups_spec none = {.by = NULL};
    bool overflow;
    if (!run_pass(exec, job, &none, false, &out->workers, &overflow, fail)) {
        return false;
    }
    out->whole = query_tally_state(out->workers.list[0])->whole;
    return true;
}

bool query_tally_run(struct query_exec *exec, struct query_tally_job *job,
                     const struct query_tallies *like, struct query_tallies *out, struct fail *fail)
{
    *out = (struct query_tallies){.whole = NULL};
    if (job->spec.by == NULL) {
        return run_ungrouped(exec, job, out, fail);
    }
    if (like != NULL) {
        out->names = like->names;
        out->count = like->count;
        out->has_other = like->has_other;
        return run_fixed(exec, job, out, fail);
    }
    struct ranking ranking;
    bool whole_tallies;
    if (!find_groups(exec, job, false, out, &ranking, &whole_tallies, fail)) {
        return false;
    }
    const struct query_tally_state *state = query_tally_state(out->workers.list[0]);
    bool exact = !out->has_other || (job->foldable && !state->groups.several);
    if (whole_tallies && exact) {
        out->whole = state->whole;
        return take_found(exec, job, &ranking, out, fail);
    }
    return run_fixed(exec, job, out, fail);
}

const struct query_tallies *query_tallies_groups(struct query_exec *exec,
                                                 const struct query_tallies *tallies)
{
    struct query_tallies *groups = arena_small(exec->arena, sizeof *groups);
    *groups = (struct query_tallies){
        .names = tallies->names, .count = tallies->count, .has_other = tallies->has_other};
    return groups;
}

bool query_tally_rank(struct query_exec *exec, struct query_tally_job *job,
                      struct query_tallies *out, struct fail *fail)
{
    *out = (struct query_tallies){.whole = NULL};
    struct ranking ranking;
    bool whole_tallies;
    return find_groups(exec, job, true, out, &ranking, &whole_tallies, fail);
}

void query_tallies_free(struct query_tallies *tallies)
{
    query_workers_free(&tallies->workers);
}
