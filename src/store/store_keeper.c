#include "store_keeper.h"

#include "store_advance.h"
#include "store_snapshot.h"
#include "store_writer.h"

/* ---- turns ------------------------------------------------------------------------------------------- */

void store_turn_take(struct store *store, struct store_turn *turn)
{
    struct store_keeper *keeper = &store->keeper;
    base_lock(&keeper->lock);
    while (turn->taken) {
        base_cond_wait(&keeper->changed, &keeper->lock);
    }
    turn->taken = true;
    base_unlock(&keeper->lock);
}

void store_turn_give(struct store *store, struct store_turn *turn)
{
    struct store_keeper *keeper = &store->keeper;
    base_lock(&keeper->lock);
    turn->taken = false;
    base_cond_broadcast(&keeper->changed);
    base_unlock(&keeper->lock);
}

void store_merging_take(struct store *store)
{
    struct store_keeper *keeper = &store->keeper;
    base_lock(&keeper->lock);
    keeper->claims++;
    base_unlock(&keeper->lock);
    base_cancel_now(&keeper->merge_cancel);
    store_turn_take(store, &keeper->merging);
    store_turn_take(store, &keeper->small);
}

void store_merging_give(struct store *store)
{
    struct store_keeper *keeper = &store->keeper;
    struct fail ignored;
    base_lock(&keeper->lock);
    if (--keeper->claims == 0 && !base_cancel_due(&keeper->cancel, &ignored)) {
        atomic_store(&keeper->merge_cancel.cancelled, false);
    }
    base_unlock(&keeper->lock);
    store_turn_give(store, &keeper->small);
    store_turn_give(store, &keeper->merging);
}

void store_merging_let(struct store *store, uint64_t stays_below)
{
    struct store_keeper *keeper = &store->keeper;
    struct fail ignored;
    base_lock(&keeper->lock);
    keeper->stays_below = stays_below;
    if (keeper->claims == 1 && !base_cancel_due(&keeper->cancel, &ignored)) {
        atomic_store(&keeper->merge_cancel.cancelled, false);
    }
    base_unlock(&keeper->lock);
    store_turn_give(store, &keeper->small);
}

void store_merging_let_end(struct store *store)
{
    struct store_keeper *keeper = &store->keeper;
    base_cancel_now(&keeper->merge_cancel);
    store_turn_take(store, &keeper->small);
    base_lock(&keeper->lock);
    keeper->stays_below = 0;
    base_unlock(&keeper->lock);
}

/* ---- sealing ----------------------------------------------------------------------------------------------- */

static uint64_t next_id(void *context)
{
    struct store_seal *seal = context;
    return store_next_file_id(seal->store);
}

/* Does any of the rows that wait stay? */
static bool any_quarantined(const struct store_frozen *frozen)
{
    const struct store_quarantine_live *live = frozen->quarantine;
    uint64_t gone = 0;
    if (live->count > 0) {
        store_quarantine_marks_within(frozen->marks, store_quarantine_live_row(live, 0)->id,
                                      UINT64_MAX, &gone);
    }
    return live->count > gone;
}

static bool write_segment(struct store_seal *seal, const struct store_fresh_view *fresh,
                          const struct store_bulk *bulk, struct fail *fail)
{
    const struct store_segment_build build = {
        .disk = seal->store->disk,
        .names = seal->store->names,
        .view = seal->frozen->identity,
        .fresh = fresh,
        .fresh_count = fresh != NULL ? 1 : 0,
        .bulk = bulk,
        .leave_out = seal->leave_out,
        .mute = seal->mute,
        .apart = bulk != NULL, /* who imports waits for the sealer, and nobody else is there */
    };
    struct store_segment_info *info = &seal->segments[seal->segment_count++];
    info->id = next_id(seal);
    return store_segment_write(&build, info, fail);
}

/* What an import brought lies behind what was fresh when it began. */
static bool write_segments(struct store_seal *seal, struct fail *fail)
{
    const struct store_frozen *frozen = seal->frozen;
    const struct store_fresh_view view = {frozen->fresh, frozen->fresh_count};
    uint32_t fresh = seal->leave_out == NULL ? frozen->fresh_count : seal->rows_left;
    INVARIANT(seal->leave_out == NULL || frozen->bulk == NULL);
    return (fresh == 0 || write_segment(seal, &view, NULL, fail)) &&
           (frozen->bulk == NULL || frozen->bulk->count == 0 ||
            write_segment(seal, NULL, frozen->bulk, fail));
}

static bool seal_dedup(struct store_seal *seal, struct fail *fail)
{
    const struct store *store = seal->store;
    const struct store_bulk *bulk = seal->frozen->bulk;
    if (!store_dedup_seal(store->disk, seal->frozen->dedup,
                          store_dedup_span_ms(store->options.dedup_window_ms), next_id, seal,
                          seal->arena, &seal->dedup, &seal->dedup_count, fail)) {
        return false;
    }
    if (bulk == NULL || bulk->keys.now.count == 0) {
        return true;
    }
    struct store_run_info *dedup =
        arena_array(seal->arena, seal->dedup_count + 1, sizeof *dedup, fail);
    if (dedup == NULL) {
        return false;
    }
    memcpy(dedup, seal->dedup, seal->dedup_count * sizeof *dedup);
    if (!store_dedup_own_seal(store->disk, &bulk->keys, next_id(seal), &dedup[seal->dedup_count],
                              fail)) {
        return false;
    }
    seal->dedup = dedup;
    seal->dedup_count++;
    return true;
}

bool store_seal_write(struct store_seal *seal, struct fail *fail)
{
    struct store *store = seal->store;
    const struct store_frozen *frozen = seal->frozen;
    const struct store_identity_live *live = frozen->live;
    if (!write_segments(seal, fail)) {
        return false;
    }
    seal->has_identity = live->seq_count > 0 || live->edge_count > 0 || live->mark_count > 0;
    if (seal->has_identity && !store_identity_seal(store->disk, live, frozen->identity->numbers,
                                                   next_id(seal), &seal->identity, fail)) {
        return false;
    }
    seal->has_quarantine = any_quarantined(frozen);
    if (seal->has_quarantine &&
        !store_quarantine_seal(store->disk, frozen->quarantine, frozen->marks, next_id(seal),
                               &seal->quarantine, fail)) {
        return false;
    }
    return seal_dedup(seal, fail);
}

static bool fill_ledger(struct store_seal *seal, struct fail *fail)
{
    struct store_ledger lines;
    if (!store_ledger_lines(&seal->frozen->ledger, seal->store->names, seal->arena, &lines, fail)) {
        return false;
    }
    struct store_manifest *next = seal->next;
    next->ledger = arena_array(next->arena, lines.source_count, sizeof *next->ledger, fail);
    if (next->ledger == NULL) {
        return false;
    }
    next->ledger_count = lines.source_count;
    for (size_t i = 0; i < lines.source_count; i++) {
        const struct store_ledger_line *line = &lines.sources[i];
        next->ledger[i] = (struct store_manifest_line){
            .source = str_copy(next->arena, line->source),
            .count = {line->received, line->stored, line->duplicate, line->quarantined,
                      line->refused, line->last_received_ms},
        };
    }
    return true;
}

static bool append_run(struct store_seal *seal, enum store_run_kind kind,
                       const struct store_run_info *infos, size_t count, struct fail *fail)
{
    return store_manifest_splice_runs(seal->next, kind, seal->next->run_count[kind], 0, infos,
                                      count, fail);
}

/* Runs of dedup that nothing can be a duplicate of any more. */
static bool drop_expired(struct store_seal *seal, const struct store_dedup_runs *runs,
                         struct fail *fail)
{
    int64_t now_ms = base_now_ms(seal->store->clock);
    int64_t window_ms = seal->store->options.dedup_window_ms;
    for (size_t i = runs->count; i-- > 0;) {
        const struct store_dedup_run *run = &runs->runs[i];
        /* An hour on top: the clock may be set back a little. */
        if (!run->import && run->last_ms < now_ms - window_ms - 3600 * 1000 &&
            !store_manifest_splice_runs(seal->next, STORE_RUN_DEDUP, i, 1, NULL, 0, fail)) {
            return false;
        }
    }
    return true;
}

/* Files with rows that are gone, or stay for another reason, are written anew: so the bytes really go. */
static bool rewrite_quarantine(struct store_seal *seal, struct fail *fail)
{
    struct store *store = seal->store;
    const struct store_quarantine_marks *marks = seal->frozen->marks;
    CLEANUP(store_opened_done) struct store_opened old = {0};
    store_opened_now(store, &old);
    seal->rewritten = arena_array(seal->arena, old.quarantine->count, sizeof(uint64_t), fail);
    if (seal->rewritten == NULL) {
        return false;
    }
    for (size_t i = old.quarantine->count; i-- > 0;) {
        const struct store_quarantine_file *file = &old.quarantine->files[i];
        struct store_run_info info = {0};
        uint64_t gone;
        if (store_quarantine_marks_within(marks, file->id_first, file->id_last, &gone) == 0) {
            continue;
        }
        bool any = gone < file->count;
        if (any) {
            uint64_t id = next_id(seal);
            seal->rewritten[seal->rewritten_count++] = id;
            if (!store_quarantine_merge(store->disk, file, 1, marks, id, &info, fail)) {
                return false;
            }
        }
        if (!store_manifest_splice_runs(seal->next, STORE_RUN_QUARANTINE, i, 1, &info, any, fail)) {
            return false;
        }
    }
    return true;
}

bool store_seal_manifest(struct store_seal *seal, struct fail *fail)
{
    const struct store_frozen *frozen = seal->frozen;
    if (!store_manifest_copy(seal->store->keeper.manifest, &seal->next, fail)) {
        return false;
    }
    struct store_manifest *next = seal->next;
    next->generation++;
    next->next_file_id = atomic_load(&seal->store->keeper.next_file_id);
    next->journal_from = frozen->journal_id;
    next->next_sequence = frozen->next_sequence;
    next->next_arrival = frozen->next_arrival;
    next->next_quarantine_id = frozen->next_quarantine_id;
    next->rows = frozen->rows;
    next->customers = frozen->customers;
    next->seqs = frozen->identity->seqs;
    next->position = frozen->identity->position;
    next->numbers = frozen->identity->numbers;
    next->any_split = frozen->identity->any_split;
    store_imports_done(&next->imports);
    return store_imports_copy(&frozen->imports, &next->imports, fail) && fill_ledger(seal, fail) &&
           drop_expired(seal, seal->store->writing.dedup_runs, fail) &&
           rewrite_quarantine(seal, fail) &&
           store_manifest_splice_segments(next, next->segment_count, 0, seal->segments,
                                          seal->segment_count, fail) &&
           (!seal->has_identity ||
            append_run(seal, STORE_RUN_IDENTITY, &seal->identity, 1, fail)) &&
           (!seal->has_quarantine ||
            append_run(seal, STORE_RUN_QUARANTINE, &seal->quarantine, 1, fail)) &&
           append_run(seal, STORE_RUN_DEDUP, seal->dedup, seal->dedup_count, fail);
}

/* A seal that failed before there was a manifest leaves nothing behind, lest a full disk fill up further. */
void store_seal_discard(struct store_seal *seal)
{
    for (size_t i = 0; i < seal->segment_count; i++) {
        store_remove_segment(seal->store, seal->segments[i].id);
    }
    if (seal->identity.id != 0) {
        store_remove_run(seal->store, STORE_RUN_IDENTITY, seal->identity.id);
    }
    if (seal->quarantine.id != 0) {
        store_remove_run(seal->store, STORE_RUN_QUARANTINE, seal->quarantine.id);
    }
    for (size_t i = 0; i < seal->dedup_count; i++) {
        store_remove_run(seal->store, STORE_RUN_DEDUP, seal->dedup[i].id);
    }
    for (size_t i = 0; i < seal->rewritten_count; i++) {
        store_remove_run(seal->store, STORE_RUN_QUARANTINE, seal->rewritten[i]);
    }
}

/* The part of a seal that must not run beside a merge's. */
static bool advance(struct store_seal *seal, struct fail *fail)
{
    struct store *store = seal->store;
    store_turn_take(store, &store->keeper.advancing);
    bool filled = store_seal_manifest(seal, fail);
    bool ok = filled && store_advance(store, seal->next, true, fail);
    store_turn_give(store, &store->keeper.advancing);
    if (!filled) {
        store_seal_discard(seal);
        store_manifest_free(seal->next);
    }
    return ok;
}

static bool seal_frozen(struct store *store, struct fail *fail)
{
    CLEANUP(arena_free_at) struct arena *arena = arena_new(NULL);
    struct store_seal seal = {.store = store, .frozen = store->keeper.frozen, .arena = arena};
    if (!store_seal_write(&seal, fail)) {
        store_seal_discard(&seal);
        return false;
    }
    if (!advance(&seal, fail)) {
        return false;
    }
    store_remove_journals(store, seal.frozen->journal_id);
    store_spare_put(store, seal.frozen->bulk);
    store->keeper.frozen->bulk = NULL;
    store_frozen_free(store->keeper.frozen);
    store->keeper.frozen = NULL;
    return true;
}

/* Finishes the seal that was begun, or begins one; twice where `all` is wanted and the first
   only finished an old one. */
bool store_seal_turn(struct store *store, bool all, struct fail *fail)
{
    struct store_keeper *keeper = &store->keeper;
    bool resumed = keeper->frozen != NULL;
    if (!resumed) {
        struct store_freeze freeze = {0};
        store_writer_control(store, store_freeze, &freeze);
        if (freeze.failed) {
            *fail = freeze.fail;
            return false;
        }
        keeper->frozen = freeze.out;
    }
    bool ok = keeper->frozen == NULL || seal_frozen(store, fail);
    atomic_store(&keeper->seal_failed, !ok);
    store_writer_wake(store);
    return ok && resumed && all ? store_seal_turn(store, false, fail) : ok;
}

/* ---- the face --------------------------------------------------------------------------------------------------------- */

static bool may_change(const struct store *store, struct fail *fail)
{
    return !store->options.read_only ||
           fail_set(fail, FAIL_CONFLICT, "the store was opened for reading only");
}

bool store_seal(struct store *store, struct fail *fail)
{
    if (!may_change(store, fail)) {
        return false;
    }
    store_turn_take(store, &store->keeper.sealing);
    bool ok = store_seal_turn(store, true, fail);
    store_turn_give(store, &store->keeper.sealing);
    return ok;
}

bool store_merge(struct store *store, bool quiet, struct fail *fail)
{
    if (!may_change(store, fail)) {
        return false;
    }
    store_turn_take(store, &store->keeper.merging);
    bool ok = store_keeper_merge(store, quiet, fail);
    store_turn_give(store, &store->keeper.merging);
    return ok;
}
