/* store_removal_identity.c — joins that are split, customers without rows, identifiers that are freed. */
#include "store_removal.h"

struct parting {
    struct store_removal *removal;
    struct store_identity_view *base;  /* before */
    struct store_identity_live *live;  /* splits and marks: what is new */
    struct store_identity_view *after; /* base with that on top */
    struct store_manifest *next;
    struct fail *fail;
    bool failed;
};

static void parting_done(struct parting *parting)
{
    store_identity_live_unref(parting->live);
    store_identity_view_unref(parting->after);
}

/* ---- joins -------------------------------------------------------------------------------------------------- */

/* The child of the join at that position, where it stands still. */
static bool standing(const struct parting *parting, uint64_t position, struct store_edge *out,
                     bool *out_stands, struct fail *fail)
{
    const struct store_identity_runs *runs = parting->base->runs;
    for (size_t i = 0; i < runs->count; i++) {
        const struct store_identity_run *run = &runs->runs[i];
        uint32_t child;
        uint32_t parent;
        if (position < run->position_first ||
            position - run->position_first >= run->position_count) {
            continue;
        }
        if (!store_identity_run_change(run, position, &child, &parent, fail) ||
            !store_identity_edge(parting->base, child, out, fail)) {
            return false;
        }
        *out_stands = out->position == position && out->parent != STORE_NO_PARENT;
        return true;
    }
    return fail_set(fail, FAIL_CORRUPT, "a join of an import is not there");
}

/* Each join that nobody undid since is split, as an operator would. */
static bool split_joins(struct parting *parting, struct fail *fail)
{
    struct store_removal *removal = parting->removal;
    const struct store_ranges *positions =
        removal->of->joins == NULL ? NULL : removal->of->joins(removal);
    int64_t now_ms = base_now_ms(removal->store->clock);
    for (size_t r = 0; positions != NULL && r < positions->count; r++) {
        for (uint64_t p = positions->at[r].first; p < positions->at[r].end; p++) {
            struct store_edge edge;
            bool stands = false;
            if (!standing(parting, p, &edge, &stands, fail)) {
                return false;
            }
            const struct store_edge split = {
                .child = edge.child,
                .parent = STORE_NO_PARENT,
                .left = edge.parent,
                .position = parting->base->position + removal->gone.joins + 1,
                .at_ms = now_ms,
            };
            if (stands && !store_identity_live_join(parting->live, &split, fail)) {
                return false;
            }
            removal->gone.joins += stands;
        }
    }
    return true;
}

/* The view after: what was fresh is the older table, the splits are the current one. */
static void look_after(struct parting *parting)
{
    struct store_identity_view *view = store_identity_view_new(parting->base);
    store_identity_live_unref(view->live[0]);
    view->live[0] = view->live[1];
    view->live[1] = store_identity_live_ref(parting->live);
    view->position += parting->removal->gone.joins;
    view->any_split = view->any_split || parting->removal->gone.joins > 0;
    parting->after = view;
}

/* ---- customers ------------------------------------------------------------------------------------------------ */

/* Roots, before, of all trees that lost rows or joins. */
static bool touched_roots(const struct parting *parting, struct store_numbers *out,
                          struct fail *fail)
{
    const struct store_removal *removal = parting->removal;
    uint32_t root;
    for (uint32_t n = 0; n < parting->base->numbers; n++) {
        if ((removal->seen[n] & STORE_REMOVAL_LOST) != 0 &&
            (!store_identity_root_of(parting->base, n, &root, fail) ||
             !store_numbers_add(out, root, fail))) {
            return false;
        }
    }
    const struct store_live_edge *edge = atomic_load(&parting->live->newest_edge);
    for (; edge != NULL; edge = edge->older) {
        if (!store_identity_root_of(parting->base, edge->edge.child, &root, fail) ||
            !store_numbers_add(out, root, fail)) {
            return false;
        }
    }
    store_numbers_sort(out);
    return true;
}

/* One tree from before: had it rows, and how many of its parts have rows now? */
static bool recount(const struct parting *parting, uint32_t root, struct store_numbers *members,
                    struct store_numbers *parts, bool *out_before, struct fail *fail)
{
    *out_before = false;
    members->count = parts->count = 0;
    if (!store_identity_members(parting->base, root, members, fail)) {
        return false;
    }
    for (size_t i = 0; i < members->count; i++) {
        enum store_mark mark;
        uint32_t part;
        if (!store_identity_mark_of(parting->base, members->at[i], &mark, fail)) {
            return false;
        }
        *out_before = *out_before || mark != STORE_MARK_ROWLESS;
        if ((parting->removal->seen[members->at[i]] & STORE_REMOVAL_ROWS) != 0 &&
            (!store_identity_root_of(parting->after, members->at[i], &part, fail) ||
             !store_numbers_add(parts, part, fail))) {
            return false;
        }
    }
    store_numbers_sort(parts);
    return true;
}

static bool count_customers(struct parting *parting, struct fail *fail)
{
    CLEANUP(store_numbers_done) struct store_numbers roots = {0};
    CLEANUP(store_numbers_done) struct store_numbers members = {0};
    CLEANUP(store_numbers_done) struct store_numbers parts = {0};
    if (!touched_roots(parting, &roots, fail)) {
        return false;
    }
    for (size_t i = 0; i < roots.count; i++) {
        bool before;
        if (!recount(parting, roots.at[i], &members, &parts, &before, fail)) {
            return false;
        }
        parting->next->customers = parting->next->customers - before + parts.count;
        parting->removal->gone.customers += before && parts.count == 0;
    }
    return true;
}

static bool mark_rowless(struct parting *parting, struct fail *fail)
{
    const struct store_removal *removal = parting->removal;
    for (uint32_t n = 0; n < parting->base->numbers; n++) {
        if ((removal->seen[n] & (STORE_REMOVAL_LOST | STORE_REMOVAL_ROWS)) == STORE_REMOVAL_LOST &&
            !store_identity_live_mark(parting->live, n, STORE_MARK_ROWLESS, fail)) {
            return false;
        }
    }
    return true;
}

/* ---- identifiers ---------------------------------------------------------------------------------------------- */

/* What rows the tree has in which `number` is now; asked once a tree. */
static bool tree_of(struct parting *parting, uint32_t number, unsigned *out)
{
    struct store_removal *removal = parting->removal;
    uint32_t root;
    if (!store_identity_root_of(parting->after, number, &root, parting->fail)) {
        return false;
    }
    if ((removal->seen[root] & STORE_REMOVAL_TREE) == 0) {
        CLEANUP(store_numbers_done) struct store_numbers members = {0};
        if (!store_identity_members(parting->after, root, &members, parting->fail)) {
            return false;
        }
        unsigned flags = STORE_REMOVAL_TREE;
        for (size_t i = 0; i < members.count; i++) {
            unsigned seen = removal->seen[members.at[i]];
            flags |= (seen & STORE_REMOVAL_LOST) != 0 ? STORE_REMOVAL_TREE_LOST : 0U;
            flags |= (seen & STORE_REMOVAL_ROWS) != 0 ? STORE_REMOVAL_TREE_ROWS : 0U;
            flags |= (seen & STORE_REMOVAL_LATER) != 0 ? STORE_REMOVAL_TREE_LATER : 0U;
        }
        removal->seen[root] = (uint8_t)(removal->seen[root] | flags);
    }
    *out = removal->seen[root];
    return true;
}

static bool is_freed(void *context, uint64_t seq, uint32_t number)
{
    struct parting *parting = context;
    unsigned tree = 0;
    if (parting->failed) {
        return false;
    }
    if (!tree_of(parting, number, &tree)) {
        parting->failed = true;
        return false;
    }
    return parting->removal->of->frees(parting->removal, seq, number, tree);
}

static bool free_in_run(struct parting *parting, const struct store_identity_run *run,
                        struct fail *fail)
{
    struct store_removal *removal = parting->removal;
    struct store *store = removal->store;
    struct store_run_info info = {0};
    uint64_t id = store_run_info_of(run->run)->id;
    uint64_t freed = 0;
    if (!store_identity_free(store->disk, run, is_freed, parting, store_next_file_id(store), &info,
                             &freed, fail)) {
        return false;
    }
    removal->gone.identifiers += freed;
    bool known = store_removal_place(store->keeper.manifest, STORE_RUN_IDENTITY, id) <
                 store->keeper.manifest->run_count[STORE_RUN_IDENTITY];
    if (freed > 0 &&
        ((!known && !store_removal_spare(removal, STORE_RUN_IDENTITY, id, fail)) ||
         !store_manifest_splice_runs(parting->next, STORE_RUN_IDENTITY,
                                     store_removal_place(parting->next, STORE_RUN_IDENTITY, id), 1,
                                     &info, 1, fail))) {
        store_remove_run(store, STORE_RUN_IDENTITY, info.id);
        return false;
    }
    return !parting->failed;
}

/* Of the runs that `next` names: the seal that comes along may have written one just now. */
static bool free_identifiers(struct parting *parting, struct fail *fail)
{
    const struct store_removal *removal = parting->removal;
    struct store_identity_runs *runs;
    if (!store_identity_runs_open(removal->store->disk, parting->next->runs[STORE_RUN_IDENTITY],
                                  parting->next->run_count[STORE_RUN_IDENTITY],
                                  removal->old.identity, &runs, fail)) {
        return false;
    }
    bool ok = true;
    for (size_t i = 0; ok && i < runs->count; i++) {
        bool may = removal->of->may_free == NULL || removal->of->may_free(removal, &runs->runs[i]);
        ok = !may || free_in_run(parting, &runs->runs[i], fail);
    }
    store_identity_runs_unref(runs);
    return ok;
}

/* ---- all together ----------------------------------------------------------------------------------------------- */

static bool append_new(struct parting *parting, struct fail *fail)
{
    struct store *store = parting->removal->store;
    struct store_manifest *next = parting->next;
    struct store_run_info info = {0};
    if (parting->live->edge_count == 0 && parting->live->mark_count == 0) {
        return true;
    }
    if (!store_identity_seal(store->disk, parting->live, parting->base->numbers,
                             store_next_file_id(store), &info, fail)) {
        return false;
    }
    if (!store_manifest_splice_runs(next, STORE_RUN_IDENTITY, next->run_count[STORE_RUN_IDENTITY],
                                    0, &info, 1, fail)) {
        store_remove_run(store, STORE_RUN_IDENTITY, info.id);
        return false;
    }
    next->position = parting->after->position;
    next->any_split = parting->after->any_split;
    return true;
}

bool store_removal_identity(struct store_removal *removal, struct store_identity_view *base,
                            struct store_manifest *next, struct fail *fail)
{
    CLEANUP(parting_done)
    struct parting parting = {
        .removal = removal,
        .base = base,
        .live = store_identity_live_new(0, base->seqs, base->position + 1, base->numbers),
        .next = next,
        .fail = fail,
    };
    if (!split_joins(&parting, fail)) {
        return false;
    }
    look_after(&parting);
    return mark_rowless(&parting, fail) && count_customers(&parting, fail) &&
           free_identifiers(&parting, fail) && append_new(&parting, fail);
}
