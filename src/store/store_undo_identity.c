/* store_undo_identity.c — the joins and identifiers of an import, and whom nobody knows any more without it. */
#include "store_undo.h"

struct parting {
    struct store_undo *undo;
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

static const struct store_ranges *ranges_of(const struct store_import_entry *entry,
                                            enum store_import_of of)
{
    return &entry->ranges[of];
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
    struct store_undo *undo = parting->undo;
    const struct store_ranges *positions = ranges_of(undo->entry, STORE_IMPORT_POSITIONS);
    int64_t now_ms = base_now_ms(undo->store->clock);
    for (size_t r = 0; r < positions->count; r++) {
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
                .position = parting->base->position + undo->gone.joins + 1,
                .at_ms = now_ms,
            };
            if (stands && !store_identity_live_join(parting->live, &split, fail)) {
                return false;
            }
            undo->gone.joins += stands;
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
    view->position += parting->undo->gone.joins;
    view->any_split = view->any_split || parting->undo->gone.joins > 0;
    parting->after = view;
}

/* ---- customers ------------------------------------------------------------------------------------------------ */

/* Roots, before, of all trees that lost rows or joins. */
static bool touched_roots(const struct parting *parting, struct store_numbers *out,
                          struct fail *fail)
{
    const struct store_undo *undo = parting->undo;
    uint32_t root;
    for (uint32_t n = 0; n < parting->base->numbers; n++) {
        if ((undo->seen[n] & STORE_UNDO_LOST) != 0 &&
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
        if ((parting->undo->seen[members->at[i]] & STORE_UNDO_ROWS) != 0 &&
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
        parting->undo->gone.customers += before && parts.count == 0;
    }
    return true;
}

static bool mark_rowless(struct parting *parting, struct fail *fail)
{
    const struct store_undo *undo = parting->undo;
    for (uint32_t n = 0; n < parting->base->numbers; n++) {
        if ((undo->seen[n] & (STORE_UNDO_LOST | STORE_UNDO_ROWS)) == STORE_UNDO_LOST &&
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
    struct store_undo *undo = parting->undo;
    uint32_t root;
    if (!store_identity_root_of(parting->after, number, &root, parting->fail)) {
        return false;
    }
    if ((undo->seen[root] & STORE_UNDO_TREE) == 0) {
        CLEANUP(store_numbers_done) struct store_numbers members = {0};
        if (!store_identity_members(parting->after, root, &members, parting->fail)) {
            return false;
        }
        unsigned flags = STORE_UNDO_TREE;
        for (size_t i = 0; i < members.count; i++) {
            unsigned seen = undo->seen[members.at[i]];
            flags |= (seen & STORE_UNDO_ROWS) != 0 ? STORE_UNDO_TREE_ROWS : 0U;
            flags |= (seen & STORE_UNDO_LATER) != 0 ? STORE_UNDO_TREE_LATER : 0U;
        }
        undo->seen[root] = (uint8_t)(undo->seen[root] | flags);
    }
    *out = undo->seen[root];
    return true;
}

static bool brought_by_one_taken_back(const struct store_undo *undo, uint64_t seq)
{
    for (size_t i = 0; i < undo->imports.count; i++) {
        const struct store_import_entry *entry = &undo->imports.at[i];
        if (entry->face.state == STORE_IMPORT_TAKEN_BACK &&
            store_ranges_hold(ranges_of(entry, STORE_IMPORT_SEQS), seq)) {
            return true;
        }
    }
    return false;
}

/* An identifier that the import brought is freed where its customer has had no row of others since the import began: then
   nobody else can have used it. So is one of an import taken back before, where nothing is left of the customer. */
static bool is_freed(void *context, uint64_t seq, uint32_t number)
{
    struct parting *parting = context;
    bool own = store_ranges_hold(ranges_of(parting->undo->entry, STORE_IMPORT_SEQS), seq);
    unsigned tree = 0;
    if (parting->failed || (!own && !brought_by_one_taken_back(parting->undo, seq))) {
        return false;
    }
    if (!tree_of(parting, number, &tree)) {
        parting->failed = true;
        return false;
    }
    return own ? (tree & STORE_UNDO_TREE_LATER) == 0 : (tree & STORE_UNDO_TREE_ROWS) == 0;
}

static bool may_free(const struct store_undo *undo, const struct store_identity_run *run)
{
    for (size_t i = 0; i < undo->imports.count; i++) {
        const struct store_import_entry *entry = &undo->imports.at[i];
        if ((entry == undo->entry || entry->face.state == STORE_IMPORT_TAKEN_BACK) &&
            store_ranges_touch(ranges_of(entry, STORE_IMPORT_SEQS), run->seq_first,
                               run->seq_first + run->seq_count)) {
            return true;
        }
    }
    return false;
}

static bool free_identifiers(struct parting *parting, struct fail *fail)
{
    struct store *store = parting->undo->store;
    const struct store_identity_runs *runs = parting->base->runs;
    for (size_t i = 0; i < runs->count; i++) {
        struct store_run_info info = {0};
        uint64_t freed = 0;
        if (!may_free(parting->undo, &runs->runs[i])) {
            continue;
        }
        if (!store_identity_free(store->disk, &runs->runs[i], is_freed, parting,
                                 store_next_file_id(store), &info, &freed, fail)) {
            return false;
        }
        /* The manifest's list begins with the runs that were there before, in their order. */
        if (freed > 0 &&
            !store_manifest_splice_runs(parting->next, STORE_RUN_IDENTITY, i, 1, &info, 1, fail)) {
            store_remove_run(store, STORE_RUN_IDENTITY, info.id);
            return false;
        }
        if (parting->failed) {
            return false;
        }
    }
    return true;
}

/* ---- all together ----------------------------------------------------------------------------------------------- */

static bool append_new(struct parting *parting, struct fail *fail)
{
    struct store *store = parting->undo->store;
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

bool store_undo_identity(struct store_undo *undo, struct store_identity_view *base,
                         struct store_manifest *next, struct fail *fail)
{
    CLEANUP(parting_done)
    struct parting parting = {
        .undo = undo,
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
