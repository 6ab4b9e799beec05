#include <stdlib.h>

#include "store_identity.h"
#include "store_moved.h"

/* The numbers named by the changes after `since`; those of splits besides. */
struct changes {
    struct store_numbers numbers, split;
};

static void changes_done(struct changes *changes)
{
    store_numbers_done(&changes->numbers);
    store_numbers_done(&changes->split);
}

static bool add_change(struct changes *changes, uint32_t child, uint32_t other, bool is_split,
                       struct fail *fail)
{
    return store_numbers_add(&changes->numbers, child, fail) &&
           store_numbers_add(&changes->numbers, other, fail) &&
           (!is_split || (store_numbers_add(&changes->split, child, fail) &&
                          store_numbers_add(&changes->split, other, fail)));
}

struct split_at {
    uint64_t position;
    bool is_split;
};

static bool look_for_split(void *context, const struct store_edge *edge)
{
    struct split_at *at = context;
    at->is_split |= edge->position == at->position && edge->parent == STORE_NO_PARENT;
    return edge->position > at->position; /* newest first */
}

/* The changes of a run from `position` on. */
static bool run_changes(const struct store_identity_view *view,
                        const struct store_identity_run *run, uint64_t position,
                        struct changes *out, struct fail *fail)
{
    for (uint64_t end = run->position_first + run->position_count; position < end; position++) {
        uint32_t child;
        uint32_t other;
        struct split_at at = {.position = position};
        if (!store_identity_run_change(run, position, &child, &other, fail) ||
            (view->any_split && !store_identity_run_edges(run, child, look_for_split, &at, fail)) ||
            !add_change(out, child, other, at.is_split, fail)) {
            return false;
        }
    }
    return true;
}

static bool changed(const struct store_identity_view *view, uint64_t since, struct changes *out,
                    struct fail *fail)
{
    for (size_t i = 0; i < 2; i++) {
        const struct store_live_edge *at =
            view->live[i] == NULL
                ? NULL
                : atomic_load_explicit(&view->live[i]->newest_edge, memory_order_acquire);
        for (; at != NULL && at->edge.position > since; at = at->older) {
            if (at->edge.position > view->position) {
                continue;
            }
            const struct store_edge *edge = &at->edge;
            bool is_split = edge->parent == STORE_NO_PARENT;
            if (!add_change(out, edge->child, is_split ? edge->left : edge->parent, is_split,
                            fail)) {
                return false;
            }
        }
    }
    for (size_t i = view->runs->count; i-- > 0;) {
        const struct store_identity_run *run = &view->runs->runs[i];
        uint64_t first = since + 1 > run->position_first ? since + 1 : run->position_first;
        if (!run_changes(view, run, first, out, fail)) {
            return false;
        }
    }
    return true;
}

/* ---- what moved, remembered -------------------------------------------------------------------------------- */

/* A question about a busy store comes moments after the last one, with a few joins in between, and asks for the same
   `since` of each segment. What was found up to one position is found up to a later one by adding the trees
   that changed in between: a number once moved stays moved, since it was part of a changed tree; its root is another one
   only where its tree changed again. */
#define CACHED 32U

struct cached {
    uint64_t since, upto;
    uint64_t used; /* when last, by the cache's count of uses */
    struct store_moved *found;
};

struct store_moved_cache {
    struct base_mutex lock;
    struct cached at[CACHED]; /* guarded by lock */
    uint64_t uses;            /* guarded by lock */
};

struct store_moved_cache *store_moved_cache_new(void)
{
    struct store_moved_cache *cache = base_alloc_zero(sizeof *cache);
    base_mutex_init(&cache->lock);
    return cache;
}

static void moved_unref_at(struct store_moved **moved)
{
    store_moved_unref(*moved);
}

void store_moved_cache_free(struct store_moved_cache *cache)
{
    if (cache == NULL) {
        return;
    }
    for (size_t i = 0; i < CACHED; i++) {
        store_moved_unref(cache->at[i].found);
    }
    base_mutex_done(&cache->lock);
    base_free(cache);
}

/* What is known for `since` up to a position not behind `position`: a reference and how far it goes. */
static struct store_moved *cache_get(struct store_moved_cache *cache, uint64_t since,
                                     uint64_t position, uint64_t *out_upto)
{
    struct store_moved *found = NULL;
    base_lock(&cache->lock);
    for (size_t i = 0; i < CACHED && found == NULL; i++) {
        struct cached *at = &cache->at[i];
        if (at->found != NULL && at->since == since && at->upto <= position) {
            at->used = ++cache->uses;
            *out_upto = at->upto;
            found = store_moved_ref(at->found);
        }
    }
    base_unlock(&cache->lock);
    return found;
}

/* Keeps the newest for each `since`, in place of the one not used for longest. */
static void cache_put(struct store_moved_cache *cache, uint64_t since, uint64_t upto,
                      struct store_moved *found)
{
    base_lock(&cache->lock);
    struct cached *to = &cache->at[0];
    for (size_t i = 0; i < CACHED; i++) {
        struct cached *at = &cache->at[i];
        if (at->found != NULL && at->since == since) {
            to = at;
            break;
        }
        to = at->found == NULL || at->used < to->used ? at : to;
    }
    struct store_moved *old = NULL;
    if (to->found == NULL || to->since != since || to->upto < upto) {
        old = to->found;
        *to = (struct cached){since, upto, ++cache->uses, store_moved_ref(found)};
    }
    base_unlock(&cache->lock);
    store_moved_unref(old);
}

struct member {
    uint32_t number, root;
};

static int compare_members(const void *a, const void *b)
{
    return store_numbers_compare(&((const struct member *)a)->number,
                                 &((const struct member *)b)->number);
}

/* Those that moved after a position, by number. */
struct members {
    struct member *at;
    size_t count;
};

static void members_done(struct members *members)
{
    base_free(members->at);
}

/* A tree that changed is made of the trees in which those named by its changes are now: joins and splits name
   both sides. So the members of these trees are all that moved. */
static bool moved_after(const struct store_identity_view *view, struct changes *changes,
                        struct members *out, struct fail *fail)
{
    struct store_numbers *roots = &changes->numbers;
    CLEANUP(store_numbers_done) struct store_numbers numbers = {0};
    size_t room = 0;
    void *block = NULL;
    store_numbers_sort(roots);
    for (size_t i = 0; i < roots->count; i++) {
        if (!store_identity_root_of(view, roots->at[i], &roots->at[i], fail)) {
            return false;
        }
    }
    store_numbers_sort(roots);
    for (size_t i = 0; i < roots->count; i++) {
        numbers.count = 0;
        if (!store_identity_members(view, roots->at[i], &numbers, fail) ||
            !base_grow_array(&block, &room, out->count + numbers.count, sizeof *out->at, fail)) {
            return false;
        }
        out->at = block;
        for (size_t k = 0; k < numbers.count; k++) {
            out->at[out->count++] = (struct member){numbers.at[k], roots->at[i]};
        }
    }
    if (out->count > 0) {
        qsort(out->at, out->count, sizeof *out->at, compare_members);
    }
    return true;
}

/* Marks the numbers that splits named. */
static void mark_splits(struct store_moved *moved, const struct store_numbers *split)
{
    for (size_t i = 0; i < split->count; i++) {
        size_t at = store_moved_find(moved, split->at[i]);
        INVARIANT(at < moved->count && moved->numbers[at] == split->at[i]);
        moved->splits[at] = STORE_MOVED_SPLIT;
    }
}

/* Both; those added say what the roots are. `before` may be NULL. */
static struct store_moved *both(const struct store_moved *before, const struct members *added,
                                const struct store_numbers *split, struct fail *fail)
{
    size_t before_count = before == NULL ? 0 : before->count;
    struct store_moved *out = store_moved_new(before_count + added->count, fail);
    if (out == NULL) {
        return NULL;
    }
    out->count = 0;
    for (size_t i = 0, k = 0; i < before_count || k < added->count; out->count++) {
        bool known =
            k == added->count || (i < before_count && before->numbers[i] <= added->at[k].number);
        bool anew = k < added->count && (!known || before->numbers[i] == added->at[k].number);
        out->numbers[out->count] = known ? before->numbers[i] : added->at[k].number;
        out->roots[out->count] = anew ? added->at[k].root : before->roots[i];
        out->splits[out->count] = known ? before->splits[i] & STORE_MOVED_SPLIT : 0;
        i += known;
        k += anew;
    }
    mark_splits(out, split);
    store_moved_lay_out(out);
    return out;
}

bool store_identity_moved(const struct store_identity_view *view, uint64_t since,
                          struct store_moved **out, struct fail *fail)
{
    CLEANUP(moved_unref_at) struct store_moved *before = NULL;
    CLEANUP(changes_done) struct changes changes = {0};
    CLEANUP(members_done) struct members added = {0};
    uint64_t upto = since;
    if (since < view->position) {
        before = cache_get(view->moved, since, view->position, &upto);
    }
    if (before != NULL && upto == view->position) {
        *out = store_moved_ref(before);
        return true;
    }
    if (upto < view->position &&
        (!changed(view, upto, &changes, fail) || !moved_after(view, &changes, &added, fail))) {
        return false;
    }
    *out = both(before, &added, &changes.split, fail);
    if (*out == NULL) {
        return false;
    }
    if (since < view->position) {
        cache_put(view->moved, since, view->position, *out);
    }
    return true;
}

/* ---- places --------------------------------------------------------------------------------------------------- */

static bool copy_out(struct store_numbers *numbers, struct arena *arena, uint32_t **out,
                     size_t *out_count, struct fail *fail)
{
    store_numbers_sort(numbers);
    uint32_t *copy = arena_alloc(arena, numbers->count * sizeof *copy, fail);
    if (copy == NULL) {
        return false;
    }
    if (numbers->count > 0) {
        memcpy(copy, numbers->at, numbers->count * sizeof *copy);
    }
    *out = copy;
    *out_count = numbers->count;
    return true;
}

struct ancestors {
    struct store_numbers *out;
    struct fail *fail;
    bool failed;
};

static bool take_parent(void *context, const struct store_edge *edge)
{
    struct ancestors *to = context;
    if (edge->parent != STORE_NO_PARENT && !store_numbers_add(to->out, edge->parent, to->fail)) {
        to->failed = true;
    }
    return !to->failed;
}

/* Every parent that `number` ever had. */
static bool parents_ever(const struct store_identity_view *view, uint32_t number,
                         struct store_numbers *out, struct fail *fail)
{
    struct ancestors to = {out, fail, false};
    for (size_t i = 0; i < 2 && !to.failed; i++) {
        const struct store_live_number *owner =
            view->live[i] == NULL ? NULL : store_identity_live_number(view->live[i], number);
        const struct store_live_edge *at =
            owner == NULL ? NULL : atomic_load_explicit(&owner->edges, memory_order_acquire);
        for (; at != NULL && !to.failed; at = at->older_of_child) {
            if (at->edge.position <= view->position) {
                take_parent(&to, &at->edge);
            }
        }
    }
    for (size_t i = 0; i < view->runs->count && !to.failed; i++) {
        if (!store_identity_run_edges(&view->runs->runs[i], number, take_parent, &to, fail)) {
            return false;
        }
    }
    return !to.failed;
}

/* Replaces `frontier` by those parents of it that `places` (sorted) lacks, and adds them there. */
static bool step_up(const struct store_identity_view *view, struct store_numbers *places,
                    struct store_numbers *frontier, struct fail *fail)
{
    CLEANUP(store_numbers_done) struct store_numbers parents = {0};
    for (size_t i = 0; i < frontier->count; i++) {
        if (!parents_ever(view, frontier->at[i], &parents, fail)) {
            return false;
        }
    }
    store_numbers_sort(&parents);
    frontier->count = 0;
    size_t known = places->count;
    for (size_t i = 0; i < parents.count; i++) {
        if (bsearch(&parents.at[i], places->at, known, sizeof places->at[0],
                    store_numbers_compare) != NULL) {
            continue;
        }
        if (!store_numbers_add(frontier, parents.at[i], fail) ||
            !store_numbers_add(places, parents.at[i], fail)) {
            return false;
        }
    }
    return true;
}

bool store_identity_places(const struct store_identity_view *view, uint32_t root,
                           struct arena *arena, uint32_t **out, size_t *out_count,
                           struct fail *fail)
{
    CLEANUP(store_numbers_done) struct store_numbers places = {0};
    if (!store_identity_members(view, root, &places, fail)) {
        return false;
    }
    /* Without splits every parent a member ever had is a member itself. */
    if (!view->any_split) {
        return copy_out(&places, arena, out, out_count, fail);
    }
    CLEANUP(store_numbers_done) struct store_numbers frontier = {0};
    for (size_t i = 0; i < places.count; i++) {
        if (!store_numbers_add(&frontier, places.at[i], fail)) {
            return false;
        }
    }
    while (frontier.count > 0) {
        store_numbers_sort(&places);
        if (!step_up(view, &places, &frontier, fail)) {
            return false;
        }
    }
    return copy_out(&places, arena, out, out_count, fail);
}
