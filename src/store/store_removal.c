/* store_removal.c — the order of the steps of a removal, and the one manifest. */
#include "store_removal.h"

#include "base_mention.h"

bool store_removal_spare(struct store_removal *removal, enum store_run_kind kind, uint64_t id,
                         struct fail *fail)
{
    void *spares = removal->spares;
    if (!base_grow_array(&spares, &removal->spare_capacity, removal->spare_count + 1,
                         sizeof *removal->spares, fail)) {
        return false;
    }
    removal->spares = spares;
    removal->spares[removal->spare_count++] = (struct store_removal_spare){kind, id};
    return true;
}

bool store_removal_room(struct store_removal *removal, uint32_t count, struct fail *fail)
{
    if (count <= removal->seen_count) {
        return true;
    }
    void *seen = NULL;
    if (!base_alloc_array(count, 1, &seen, fail)) {
        return false;
    }
    memset(seen, 0, count);
    if (removal->seen_count > 0) {
        memcpy(seen, removal->seen, removal->seen_count);
    }
    base_free(removal->seen);
    removal->seen = seen;
    removal->seen_count = count;
    return true;
}

/* ---- the manifest -------------------------------------------------------------------------------------------- */

static size_t place_of_segment(const struct store_manifest *manifest, uint64_t id)
{
    size_t at = 0;
    while (at < manifest->segment_count && manifest->segments[at].id != id) {
        at++;
    }
    return at;
}

size_t store_removal_place(const struct store_manifest *manifest, enum store_run_kind kind,
                           uint64_t id)
{
    size_t at = 0;
    while (at < manifest->run_count[kind] && manifest->runs[kind][at].id != id) {
        at++;
    }
    return at;
}

static bool put_segments(struct store_removal *removal, struct store_manifest *next,
                         struct fail *fail)
{
    for (size_t i = 0; i < removal->segment_count; i++) {
        const struct store_removal_segment *segment = &removal->segments[i];
        size_t at = place_of_segment(next, segment->old);
        INVARIANT(at < next->segment_count); /* nobody merges meanwhile */
        if (!store_manifest_splice_segments(next, at, 1, &segment->info, segment->any, fail)) {
            return false;
        }
    }
    return true;
}

static void move_ledger(const struct store_removal *removal, struct store_manifest *next)
{
    for (size_t i = 0; i < removal->moved.touched_count; i++) {
        uint32_t source = removal->moved.touched[i];
        struct str name = store_names_get(removal->store->names, STORE_FAMILY_SOURCE, source);
        for (size_t k = 0; k < next->ledger_count; k++) {
            if (str_equal(next->ledger[k].source, name)) {
                next->ledger[k].count.quarantined -= removal->moved.counts[source].refused;
                next->ledger[k].count.refused += removal->moved.counts[source].refused;
            }
        }
    }
}

static bool fill(struct store_removal *removal, const struct store_seal *seal,
                 struct store_identity_view *base, struct fail *fail)
{
    struct store_manifest *next = seal->next;
    if (!put_segments(removal, next, fail) || !store_removal_put_dedup(removal, next, fail) ||
        !store_removal_identity(removal, base, next, fail) ||
        !store_removal_quarantine(removal, next, fail)) {
        return false;
    }
    move_ledger(removal, next);
    next->rows -= removal->gone.rows;
    next->imports.rows_gone += removal->gone.rows;
    if (removal->of->note != NULL) {
        removal->of->note(removal, &next->imports);
    }
    return true;
}

/* ---- the last step: between two commits, in the writer thread ----------------------------------------------- */

static bool copy_imports(struct store *store, struct store_imports *out, struct fail *fail)
{
    base_lock(&store->lock);
    bool ok = store_imports_copy(&store->now.imports, out, fail);
    base_unlock(&store->lock);
    return ok;
}

/* The manifest that seals what is fresh and stays, if anything is; files that it names are there. */
static bool seal_next(struct store_removal *removal, struct store_seal *seal, struct fail *fail)
{
    struct store *store = removal->store;
    struct store_freeze freeze = {0};
    INVARIANT(store->keeper.frozen == NULL);
    if (store->writing.ahead[1]) {
        return fail_set(fail, FAIL_BUSY, "a large import is being stored; try again");
    }
    store_freeze(store, &freeze);
    if (freeze.failed) {
        *fail = freeze.fail;
        return false;
    }
    /* Should anything fail from here on, it is a seal that was begun, and is finished like any other. */
    store->keeper.frozen = freeze.out;
    seal->frozen = freeze.out;
    if (seal->frozen == NULL) {
        if (!store_manifest_copy(store->keeper.manifest, &seal->next, fail)) {
            return false;
        }
        seal->next->generation++;
        seal->next->next_file_id = atomic_load(&store->keeper.next_file_id);
        store_imports_done(&seal->next->imports);
        return copy_imports(store, &seal->next->imports, fail);
    }
    seal->leave_out = &removal->rows;
    seal->mute = &removal->muted;
    if (!store_removal_fresh(removal, seal->frozen, &seal->rows_left, fail)) {
        return false;
    }
    if (!store_seal_write(seal, fail) || !store_seal_manifest(seal, fail)) {
        store_seal_discard(seal);
        return false;
    }
    return true;
}

static bool advance(struct store_removal *removal, struct store_seal *seal, struct fail *fail)
{
    struct store *store = removal->store;
    struct store_install install;
    struct store_imports imports = {0};
    bool unsure = false;
    uint64_t rows = seal->next->rows;
    uint64_t customers = seal->next->customers;
    uint64_t position = seal->next->position;
    if (!store_imports_copy(&seal->next->imports, &imports, fail)) {
        return false;
    }
    seal->next->next_file_id = atomic_load(&store->keeper.next_file_id);
    struct store_manifest *next = seal->next;
    seal->next = NULL;
    if (!store_advance_write(store, next, &install, &unsure, fail)) {
        store_imports_done(&imports);
        if (unsure) { /* what comes next would be judged by a state that may not be the durable one */
            store->writing.journal.broken = true;
            store->writing.broken = *fail;
            atomic_store(&store->read_only_after_failure, true);
        }
        return false;
    }
    const struct store_removed removed = {rows, customers, position, &removal->moved, &imports};
    install.sealed = seal->frozen != NULL;
    install.sealed_marks = seal->frozen != NULL ? seal->frozen->marks : NULL;
    install.removed = &removed;
    store_install(store, &install);
    store_imports_done(&imports);
    return true;
}

static void last_step(struct store *store, void *context)
{
    struct store_removal *removal = context;
    struct store_seal seal = {.store = store, .arena = removal->arena};
    /* As of now: freezing sets it apart, and changes nothing in it. */
    struct store_identity_view *base = store_identity_view_ref(store->writing.identity);
    bool ok = store_removal_room(removal, base->numbers, &removal->fail) &&
              removal->of->stands(removal, &removal->fail) &&
              seal_next(removal, &seal, &removal->fail);
    ok =
        ok && fill(removal, &seal, base, &removal->fail) && advance(removal, &seal, &removal->fail);
    if (seal.next != NULL) {
        store_advance_abandon(store, seal.next);
    }
    store_identity_view_unref(base);
    removal->failed = !ok;
}

/* ---- all together -------------------------------------------------------------------------------------------------- */

static void discard(struct store_removal *removal)
{
    for (size_t i = 0; i < removal->segment_count; i++) {
        if (removal->segments[i].any && removal->segments[i].info.id != 0) { /* it was begun */
            store_remove_segment(removal->store, removal->segments[i].info.id);
        }
    }
    for (size_t i = 0; i < removal->dedup_count; i++) {
        if (removal->dedup[i].any) {
            store_remove_run(removal->store, STORE_RUN_DEDUP, removal->dedup[i].info.id);
        }
    }
}

/* Files on the way are named by no manifest, whichever is the durable one. */
static void remove_spares(const struct store_removal *removal)
{
    for (size_t i = 0; i < removal->spare_count; i++) {
        store_remove_run(removal->store, removal->spares[i].kind, removal->spares[i].id);
    }
}

void store_removal_done(struct store_removal *removal)
{
    store_opened_done(&removal->old);
    store_imports_done(&removal->imports);
    store_ledger_done(&removal->moved);
    store_ranges_done(&removal->rows);
    store_ranges_done(&removal->muted);
    base_mention_free(removal->mention);
    base_free(removal->seen);
    base_free(removal->keys);
    base_free(removal->spares);
    arena_free(removal->arena);
}

static bool find_rows(struct store_removal *removal, struct fail *fail)
{
    struct store *store = removal->store;
    base_lock(&store->lock);
    struct store_identity_view *view = store_identity_view_ref(store->now.identity);
    base_unlock(&store->lock);
    bool ok = store_removal_room(removal, view->numbers, fail) &&
              store_removal_rows(removal, fail) && store_removal_segments(removal, view, fail) &&
              store_removal_dedup(removal, fail);
    store_identity_view_unref(view);
    return ok;
}

struct finding {
    struct store_removal *removal;
    struct fail *fail;
    bool ok;
};

static void find_calmly(void *context)
{
    struct finding *finding = context;
    base_thread_calm();
    finding->ok = find_rows(finding->removal, finding->fail);
}

/* The same while others send and ask, who come first: it may write all rows anew, on two threads. */
static bool find_rows_beside(struct store_removal *removal, struct fail *fail)
{
    struct finding finding = {removal, fail, false};
    struct base_thread thread = {0};
    if (!base_thread_start(&thread, "store-removal", find_calmly, &finding, fail)) {
        return false;
    }
    base_thread_join(&thread);
    return finding.ok;
}

static void discard_all(struct store_removal *removal)
{
    remove_spares(removal);
    if (!atomic_load(&removal->store->read_only_after_failure)) {
        discard(removal);
    }
}

/* Each round finds what was sealed during the one before; so many segments may be left for the end, without seals. */
#define SEGMENTS_FEW 1U
#define ROUNDS_MAX 5

/* With the turns to seal and to merge, after all that was fresh was sealed. */
static bool run_sealed(struct store_removal *removal,
                       bool (*prepare)(struct store_removal *removal, struct fail *fail),
                       struct fail *fail)
{
    struct store *store = removal->store;
    struct store_turn *advancing = &store->keeper.advancing;
    if (!prepare(removal, fail)) {
        return false;
    }
    store_turn_take(store, advancing);
    store_opened_now(store, &removal->old);
    bool ok = find_rows(removal, fail);
    if (ok) {
        store_writer_control(store, last_step, removal);
        ok = !removal->failed;
        if (!ok) {
            *fail = removal->fail;
        }
    }
    store_turn_give(store, advancing);
    return ok;
}

/* After a seal that came along with it, or was begun and failed. */
static void finish_seal(struct store *store, bool ok)
{
    struct store_keeper *keeper = &store->keeper;
    if (ok && keeper->frozen != NULL) {
        store_remove_journals(store, keeper->frozen->journal_id);
        store_frozen_free(keeper->frozen);
        keeper->frozen = NULL;
    }
    if (keeper->frozen != NULL) {
        atomic_store(&keeper->seal_failed, true);
    }
    store_writer_wake(store);
}

/* All that is sealed by now and was not looked at yet, while what comes is sealed too: the files stay, as nobody merges. */
static bool run_beside_seals(struct store_removal *removal,
                             bool (*prepare)(struct store_removal *removal, struct fail *fail),
                             size_t *out_segments, struct fail *fail)
{
    struct store *store = removal->store;
    store_turn_take(store, &store->keeper.sealing);
    bool ok = store_seal_turn(store, true, fail);
    finish_seal(store, ok);
    ok = ok && prepare(removal, fail);
    store_turn_take(store, &store->keeper.advancing);
    store_opened_now(store, &removal->old);
    uint64_t next_file_id = atomic_load(&store->keeper.next_file_id);
    store_turn_give(store, &store->keeper.advancing);
    store_turn_give(store, &store->keeper.sealing);
    store_merging_let(store, next_file_id);
    ok = ok && find_rows_beside(removal, fail);
    store_merging_let_end(store);
    *out_segments = 0;
    for (size_t i = 0; i < removal->old.segments->count; i++) {
        *out_segments +=
            store_segment_info(removal->old.segments->segments[i])->id >= removal->looked_below;
    }
    store_opened_done(&removal->old);
    removal->old = (struct store_opened){0};
    removal->looked_below = next_file_id;
    return ok;
}

bool store_removal_run(struct store_removal *removal,
                       bool (*prepare)(struct store_removal *removal, struct fail *fail),
                       struct fail *fail)
{
    struct store *store = removal->store;
    if (store->options.read_only) {
        return fail_set(fail, FAIL_CONFLICT, "the store was opened for reading only");
    }
    removal->arena = arena_new(NULL);
    store_merging_take(store);
    bool ok = true;
    size_t segments = SIZE_MAX;
    for (int round = 0; ok && segments > SEGMENTS_FEW && round < ROUNDS_MAX; round++) {
        ok = run_beside_seals(removal, prepare, &segments, fail);
    }
    if (ok) {
        store_turn_take(store, &store->keeper.sealing);
        ok = store_seal_turn(store, true, fail) && run_sealed(removal, prepare, fail);
        finish_seal(store, ok);
        store_turn_give(store, &store->keeper.sealing);
    }
    if (ok) {
        remove_spares(removal);
    } else {
        discard_all(removal);
    }
    store_merging_give(store);
    if (ok) {
        store_lease_revoke_all(store);
    }
    return ok;
}
