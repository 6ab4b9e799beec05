#include "store_snapshot.h"

/* The seam's struct, with what only the writing half needs to know. */
struct snapshot {
    struct store_snapshot face; /* first: the two are cast into each other */
    struct store_segments *segments;
    uint32_t event_codes;
};

struct store_segments *store_segments_new(size_t count)
{
    struct store_segments *segments =
        base_alloc_zero(sizeof *segments + count * sizeof segments->segments[0]);
    atomic_store(&segments->references, 1);
    return segments;
}

struct store_segments *store_segments_ref(struct store_segments *segments)
{
    atomic_fetch_add_explicit(&segments->references, 1, memory_order_relaxed);
    return segments;
}

void store_segments_unref(struct store_segments *segments)
{
    if (segments == NULL ||
        atomic_fetch_sub_explicit(&segments->references, 1, memory_order_acq_rel) != 1) {
        return;
    }
    for (size_t i = 0; i < segments->count; i++) {
        store_segment_unref(segments->segments[i]);
    }
    base_free(segments);
}

static struct store_snapshot *make_locked(struct store *store)
{
    struct store_published *now = &store->now;
    struct snapshot *snapshot = base_alloc_zero(sizeof *snapshot);
    struct store_snapshot *face = &snapshot->face;
    snapshot->segments = store_segments_ref(now->segments);
    snapshot->event_codes = now->event_codes;
    atomic_store(&face->references, 1);
    face->store = store;
    face->number = now->number;
    face->names = store->names;
    face->segments = snapshot->segments->segments;
    face->segment_count = snapshot->segments->count;
    for (size_t i = 0; i < 2; i++) {
        if (now->fresh[i] != NULL && now->fresh_count[i] > 0) {
            face->fresh[face->fresh_count++] = (struct store_fresh_view){
                .fresh = store_fresh_ref(now->fresh[i]), .count = now->fresh_count[i]};
        }
    }
    face->identity = store_identity_view_ref(now->identity);
    face->customer_bound = now->identity->numbers;
    face->rows = now->rows;
    face->customers = now->customers;
    base_mutex_init(&face->cache_lock);
    return face;
}

struct store_snapshot *store_snapshot_take(struct store *store)
{
    base_lock(&store->lock);
    if (store->now.latest == NULL) {
        store->now.latest = make_locked(store);
    }
    struct store_snapshot *snapshot = store_snapshot_ref(store->now.latest);
    base_unlock(&store->lock);
    return snapshot;
}

struct store_snapshot *store_snapshot_ref(struct store_snapshot *snapshot)
{
    atomic_fetch_add_explicit(&snapshot->references, 1, memory_order_relaxed);
    return snapshot;
}

void store_snapshot_unref(struct store_snapshot *face)
{
    if (face == NULL ||
        atomic_fetch_sub_explicit(&face->references, 1, memory_order_acq_rel) != 1) {
        return;
    }
    struct snapshot *snapshot = (struct snapshot *)face;
    if (face->cache != NULL) {
        face->cache_free(face->cache);
    }
    arena_free(face->accounts_arena);
    base_mutex_done(&face->cache_lock);
    store_segments_unref(snapshot->segments);
    for (size_t i = 0; i < face->fresh_count; i++) {
        store_fresh_unref(face->fresh[i].fresh);
    }
    store_identity_view_unref(face->identity);
    base_free(snapshot);
}

uint64_t store_snapshot_number(const struct store_snapshot *snapshot)
{
    return snapshot->number;
}

uint64_t store_snapshot_events(const struct store_snapshot *snapshot)
{
    return snapshot->rows;
}

uint64_t store_snapshot_customers(const struct store_snapshot *snapshot)
{
    return snapshot->customers;
}

uint32_t store_snapshot_customer_bound(const struct store_snapshot *snapshot)
{
    return snapshot->customer_bound;
}

/* ---- names of events ----------------------------------------------------------------------------------- */

static uint32_t event_codes(const struct store_snapshot *face)
{
    return ((const struct snapshot *)face)->event_codes;
}

uint32_t store_event_code(const struct store_snapshot *snapshot, struct str name)
{
    uint32_t code = store_names_find(snapshot->names, STORE_FAMILY_EVENT, name);
    return code < event_codes(snapshot) ? code : STORE_NO_CODE;
}

struct str store_event_name(const struct store_snapshot *snapshot, uint32_t code)
{
    return store_names_get(snapshot->names, STORE_FAMILY_EVENT, code);
}

uint32_t store_event_codes(const struct store_snapshot *snapshot)
{
    return event_codes(snapshot);
}

/* ---- leases ----------------------------------------------------------------------------------------------- */

void store_leases_init(struct store_leases *leases)
{
    base_mutex_init(&leases->lock);
}

/* Takes lease `at` out; its snapshot goes to the caller. */
static struct store_snapshot *remove_locked(struct store_leases *leases, int at)
{
    struct store_snapshot *snapshot = leases->at[at].snapshot;
    leases->count--;
    for (int i = at; i < leases->count; i++) {
        leases->at[i] = leases->at[i + 1];
    }
    return snapshot;
}

/* Those that are over, or all; returned through *out, to be given back without the lock. */
static int collect_locked(struct store *store, bool all,
                          struct store_snapshot *out[STORE_LEASES_MAX])
{
    struct store_leases *leases = &store->leases;
    int64_t over_us = base_steady_us(store->clock) - (int64_t)STORE_LEASE_MS * 1000;
    int count = 0;
    while (leases->count > 0 && (all || leases->at[0].put_us <= over_us)) {
        out[count++] = remove_locked(leases, 0);
    }
    return count;
}

static void give_back(struct store *store, bool all)
{
    struct store_snapshot *over[STORE_LEASES_MAX];
    base_lock(&store->leases.lock);
    int count = collect_locked(store, all, over);
    base_unlock(&store->leases.lock);
    for (int i = 0; i < count; i++) {
        store_snapshot_unref(over[i]);
    }
}

void store_leases_prune(struct store *store)
{
    give_back(store, false);
}

void store_lease_revoke_all(struct store *store)
{
    give_back(store, true);
}

void store_leases_done(struct store *store)
{
    store_lease_revoke_all(store);
    base_mutex_done(&store->leases.lock);
}

void store_lease_put(struct store *store, struct store_snapshot *snapshot, int64_t as_of_ms)
{
    store_leases_prune(store);
    struct store_leases *leases = &store->leases;
    struct store_snapshot *replaced = NULL;
    base_lock(&leases->lock);
    for (int i = 0; i < leases->count && replaced == NULL; i++) {
        if (leases->at[i].as_of_ms == as_of_ms) {
            replaced = remove_locked(leases, i);
        }
    }
    if (replaced == NULL && leases->count == STORE_LEASES_MAX) {
        replaced = remove_locked(leases, 0);
    }
    leases->at[leases->count++] = (struct store_lease){
        .snapshot = store_snapshot_ref(snapshot),
        .as_of_ms = as_of_ms,
        .put_us = base_steady_us(store->clock),
    };
    base_unlock(&leases->lock);
    store_snapshot_unref(replaced);
}

struct store_snapshot *store_lease_find(struct store *store, int64_t as_of_ms)
{
    store_leases_prune(store);
    struct store_snapshot *found = NULL;
    base_lock(&store->leases.lock);
    for (int i = 0; i < store->leases.count && found == NULL; i++) {
        if (store->leases.at[i].as_of_ms == as_of_ms) {
            found = store_snapshot_ref(store->leases.at[i].snapshot);
        }
    }
    base_unlock(&store->leases.lock);
    return found;
}
