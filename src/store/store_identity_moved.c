#include "store_identity.h"

#include <stdlib.h>

/* The numbers named by the changes after `since`. */
static bool changed(const struct store_identity_view *view, uint64_t since,
                    struct store_numbers *out, struct fail *fail)
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
            if (!store_numbers_add(out, edge->child, fail) ||
                !store_numbers_add(out, edge->parent == STORE_NO_PARENT ? edge->left : edge->parent,
                                   fail)) {
                return false;
            }
        }
    }
    for (size_t i = view->runs->count; i-- > 0;) {
        const struct store_identity_run *run = &view->runs->runs[i];
        uint64_t end = run->position_first + run->position_count;
        for (uint64_t position = since + 1 > run->position_first ? since + 1 : run->position_first;
             position < end; position++) {
            uint32_t child;
            uint32_t parent;
            if (!store_identity_run_change(run, position, &child, &parent, fail) ||
                !store_numbers_add(out, child, fail) || !store_numbers_add(out, parent, fail)) {
                return false;
            }
        }
    }
    return true;
}

/* ---- what moved, remembered -------------------------------------------------------------------------------- */

/* A question about a busy store comes moments after the last one, with a few joins in between, and asks for the same
   `since` of each segment. What was found up to one position is found up to a later one by adding the trees
   that changed in between: a number once moved stays moved, since it was part of a changed tree. */
#define CACHED 32U

struct found { /* immutable but for the references */
    _Atomic uint32_t references;
    size_t count;
    uint32_t numbers[]; /* ascending, unique */
};

struct cached {
    uint64_t since, upto;
    uint64_t used; /* when last, by the cache's count of uses */
    struct found *found;
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

static void found_unref(struct found *found)
{
    if (found != NULL &&
        atomic_fetch_sub_explicit(&found->references, 1, memory_order_acq_rel) == 1) {
        base_free(found);
    }
}

static void found_unref_at(struct found **found)
{
    found_unref(*found);
}

void store_moved_cache_free(struct store_moved_cache *cache)
{
    if (cache == NULL) {
        return;
    }
    for (size_t i = 0; i < CACHED; i++) {
        found_unref(cache->at[i].found);
    }
    base_mutex_done(&cache->lock);
    base_free(cache);
}

/* What is known for `since` up to a position not behind `position`: a reference and how far it goes. */
static struct found *cache_get(struct store_moved_cache *cache, uint64_t since, uint64_t position,
                               uint64_t *out_upto)
{
    struct found *found = NULL;
    base_lock(&cache->lock);
    for (size_t i = 0; i < CACHED && found == NULL; i++) {
        struct cached *at = &cache->at[i];
        if (at->found != NULL && at->since == since && at->upto <= position) {
            at->used = ++cache->uses;
            *out_upto = at->upto;
            found = at->found;
            atomic_fetch_add_explicit(&found->references, 1, memory_order_relaxed);
        }
    }
    base_unlock(&cache->lock);
    return found;
}

/* Keeps the newest for each `since`, in place of the one not used for longest. */
static void cache_put(struct store_moved_cache *cache, uint64_t since, uint64_t upto,
                      struct found *found)
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
    struct found *old = NULL;
    if (to->found == NULL || to->since != since || to->upto < upto) {
        old = to->found;
        atomic_fetch_add_explicit(&found->references, 1, memory_order_relaxed);
        *to = (struct cached){since, upto, ++cache->uses, found};
    }
    base_unlock(&cache->lock);
    found_unref(old);
}

/* A tree that changed is made of the trees in which those named by its changes are now: joins and splits name
   both sides. So the members of these trees are all that moved. */
static bool moved_after(const struct store_identity_view *view, uint64_t since,
                        struct store_numbers *out, struct fail *fail)
{
    CLEANUP(store_numbers_done) struct store_numbers roots = {0};
    if (!changed(view, since, &roots, fail)) {
        return false;
    }
    store_numbers_sort(&roots);
    for (size_t i = 0; i < roots.count; i++) {
        if (!store_identity_root_of(view, roots.at[i], &roots.at[i], fail)) {
            return false;
        }
    }
    store_numbers_sort(&roots);
    for (size_t i = 0; i < roots.count; i++) {
        if (!store_identity_members(view, roots.at[i], out, fail)) {
            return false;
        }
    }
    store_numbers_sort(out);
    return true;
}

static struct found *found_new(size_t count, struct fail *fail)
{
    void *block = NULL;
    if (!base_alloc_array(sizeof(struct found) + count * sizeof(uint32_t), 1, &block, fail)) {
        return NULL;
    }
    struct found *found = block;
    atomic_store(&found->references, 1);
    found->count = 0;
    return found;
}

/* Both, ascending and unique; `before` may be NULL. */
static struct found *both(const struct found *before, const struct store_numbers *added,
                          struct fail *fail)
{
    size_t before_count = before == NULL ? 0 : before->count;
    struct found *out = found_new(before_count + added->count, fail);
    if (out == NULL) {
        return NULL;
    }
    size_t i = 0;
    size_t k = 0;
    while (i < before_count || k < added->count) {
        bool left = k == added->count || (i < before_count && before->numbers[i] <= added->at[k]);
        uint32_t number = left ? before->numbers[i] : added->at[k];
        i += i < before_count && before->numbers[i] == number;
        k += k < added->count && added->at[k] == number;
        out->numbers[out->count++] = number;
    }
    return out;
}

static bool hand_out(const struct found *found, struct arena *arena, uint32_t **out,
                     size_t *out_count, struct fail *fail)
{
    uint32_t *copy = arena_alloc(arena, found->count * sizeof *copy, fail);
    if (copy == NULL) {
        return false;
    }
    if (found->count > 0) {
        memcpy(copy, found->numbers, found->count * sizeof *copy);
    }
    *out = copy;
    *out_count = found->count;
    return true;
}

bool store_identity_moved(const struct store_identity_view *view, uint64_t since,
                          struct arena *arena, uint32_t **out, size_t *out_count, struct fail *fail)
{
    CLEANUP(found_unref_at) struct found *before = NULL;
    CLEANUP(found_unref_at) struct found *found = NULL;
    CLEANUP(store_numbers_done) struct store_numbers added = {0};
    uint64_t upto = since;
    if (since < view->position) {
        before = cache_get(view->moved, since, view->position, &upto);
    }
    if (upto < view->position && !moved_after(view, upto, &added, fail)) {
        return false;
    }
    if (before != NULL && upto == view->position) {
        return hand_out(before, arena, out, out_count, fail);
    }
    found = both(before, &added, fail);
    if (found == NULL) {
        return false;
    }
    if (since < view->position) {
        cache_put(view->moved, since, view->position, found);
    }
    return hand_out(found, arena, out, out_count, fail);
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
