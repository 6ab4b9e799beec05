#include "store_identity_live.h"

#include "store_map.h"

#define BUCKETS_LEAST 256U
#define BUCKETS_MOST (1U << 18)

struct store_identity_live *store_identity_live_new(uint32_t rows_expected, uint64_t seq_first,
                                                    uint64_t position_first, uint32_t number_first)
{
    uint32_t buckets = BUCKETS_LEAST;
    while (buckets < rows_expected && buckets < BUCKETS_MOST) {
        buckets *= 2;
    }
    struct store_identity_live *live = base_alloc_zero(sizeof *live);
    atomic_store(&live->references, 1);
    live->arena = arena_new(NULL);
    live->seq_first = seq_first;
    live->position_first = position_first;
    live->number_first = number_first;
    live->mask = buckets - 1;
    live->ident_buckets = base_alloc_zero(sizeof live->ident_buckets[0] * buckets);
    live->number_buckets = base_alloc_zero(sizeof live->number_buckets[0] * buckets);
    return live;
}

struct store_identity_live *store_identity_live_ref(struct store_identity_live *live)
{
    atomic_fetch_add_explicit(&live->references, 1, memory_order_relaxed);
    return live;
}

void store_identity_live_unref(struct store_identity_live *live)
{
    if (live == NULL ||
        atomic_fetch_sub_explicit(&live->references, 1, memory_order_acq_rel) != 1) {
        return;
    }
    arena_free(live->arena);
    base_free(live->ident_buckets);
    base_free(live->number_buckets);
    base_free(live);
}

const struct store_live_number *store_identity_live_numbers(const struct store_identity_live *live,
                                                            uint32_t bucket)
{
    return atomic_load_explicit(&live->number_buckets[bucket], memory_order_acquire);
}

static size_t number_bucket(const struct store_identity_live *live, uint32_t number)
{
    return (size_t)store_map_mix(number) & live->mask;
}

const struct store_live_ident *store_identity_live_bucket(const struct store_identity_live *live,
                                                          uint64_t hash)
{
    return atomic_load_explicit(&live->ident_buckets[hash & live->mask], memory_order_acquire);
}

static struct store_live_number *find_number(const struct store_identity_live *live,
                                             uint32_t number)
{
    struct store_live_number *at = atomic_load_explicit(
        &live->number_buckets[number_bucket(live, number)], memory_order_acquire);
    while (at != NULL && at->number != number) {
        at = at->next_in_bucket;
    }
    return at;
}

const struct store_live_number *store_identity_live_number(const struct store_identity_live *live,
                                                           uint32_t number)
{
    return find_number(live, number);
}

static struct store_live_number *number_of(struct store_identity_live *live, uint32_t number,
                                           struct fail *fail)
{
    struct store_live_number *found = find_number(live, number);
    if (found != NULL) {
        return found;
    }
    found = arena_array(live->arena, 1, sizeof *found, fail);
    if (found == NULL) {
        return NULL;
    }
    size_t bucket = number_bucket(live, number);
    found->number = number;
    found->next_in_bucket =
        atomic_load_explicit(&live->number_buckets[bucket], memory_order_relaxed);
    atomic_store_explicit(&live->number_buckets[bucket], found, memory_order_release);
    return found;
}

bool store_identity_live_add(struct store_identity_live *live, uint64_t hash, uint32_t number,
                             struct store_identifier id, bool member, struct fail *fail)
{
    struct store_live_number *owner = number_of(live, number, fail);
    size_t text = id.kind.len + id.value.len;
    struct store_live_ident *ident =
        owner == NULL ? NULL : arena_alloc(live->arena, sizeof *ident + text + 1, fail);
    if (ident == NULL) {
        return false;
    }
    memset(ident, 0, sizeof *ident);
    char *at = (char *)(ident + 1);
    memcpy(at, id.kind.data, id.kind.len);
    if (id.value.len > 0) {
        memcpy(at + id.kind.len, id.value.data, id.value.len);
    }
    ident->id =
        (struct store_identifier){str_of(at, id.kind.len), str_of(at + id.kind.len, id.value.len)};
    ident->hash = hash;
    ident->seq = live->seq_first + live->seq_count;
    ident->number = number;
    ident->member = member;
    size_t bucket = hash & live->mask;
    ident->next_in_bucket =
        atomic_load_explicit(&live->ident_buckets[bucket], memory_order_relaxed);
    atomic_store_explicit(&live->ident_buckets[bucket], ident, memory_order_release);
    if (owner->last_ident == NULL) {
        atomic_store_explicit(&owner->idents, ident, memory_order_release);
    } else {
        atomic_store_explicit(&owner->last_ident->next_of_number, ident, memory_order_release);
    }
    owner->last_ident = ident;
    if (live->last_ident == NULL) {
        live->first_ident = ident;
    } else {
        live->last_ident->next_by_seq = ident;
    }
    live->last_ident = ident;
    live->seq_count++;
    return true;
}

bool store_identity_live_join(struct store_identity_live *live, const struct store_edge *edge,
                              struct fail *fail)
{
    INVARIANT(edge->position == live->position_first + live->edge_count);
    struct store_live_number *child = number_of(live, edge->child, fail);
    struct store_live_number *parent = child == NULL || edge->parent == STORE_NO_PARENT
                                           ? NULL
                                           : number_of(live, edge->parent, fail);
    if (child == NULL || (parent == NULL && edge->parent != STORE_NO_PARENT)) {
        return false;
    }
    struct store_live_edge *link = arena_array(live->arena, 1, sizeof *link, fail);
    if (link == NULL) {
        return false;
    }
    link->edge = *edge;
    link->older = atomic_load_explicit(&live->newest_edge, memory_order_relaxed);
    link->older_of_child = atomic_load_explicit(&child->edges, memory_order_relaxed);
    if (parent != NULL) {
        link->older_of_parent = atomic_load_explicit(&parent->children, memory_order_relaxed);
        atomic_store_explicit(&parent->children, link, memory_order_release);
    }
    atomic_store_explicit(&child->edges, link, memory_order_release);
    atomic_store_explicit(&live->newest_edge, link, memory_order_release);
    live->edge_count++;
    return true;
}

bool store_identity_live_mark(struct store_identity_live *live, uint32_t number,
                              enum store_mark mark, struct fail *fail)
{
    struct store_live_number *owner = number_of(live, number, fail);
    if (owner == NULL) {
        return false;
    }
    live->mark_count += owner->mark == STORE_MARK_NONE;
    owner->mark = (uint8_t)mark;
    return true;
}
