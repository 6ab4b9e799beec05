#include "store_snapshot.h"
#include "store_writer.h"

/* ---- freezing: between two commits everything fresh is set apart, and new tables begin ------------------ */

void store_frozen_free(struct store_frozen *frozen)
{
    if (frozen == NULL) {
        return;
    }
    store_fresh_unref(frozen->fresh);
    store_bulk_free(frozen->bulk);
    store_identity_view_unref(frozen->identity);
    store_identity_live_unref(frozen->live);
    store_quarantine_live_unref(frozen->quarantine);
    store_quarantine_marks_unref(frozen->marks);
    store_ledger_done(&frozen->ledger);
    store_imports_done(&frozen->imports);
    base_free(frozen);
}

void store_spare_put(struct store *store, struct store_bulk *bulk)
{
    struct store_keeper *keeper = &store->keeper;
    if (bulk != NULL) {
        store_bulk_reset(bulk, 0);
    }
    base_lock(&keeper->lock);
    /* One whose memory alone would have it sealed soon is not kept. */
    bool kept = bulk != NULL && keeper->spare == NULL && atomic_load(&keeper->importing) &&
                store_bulk_bytes(bulk) < STORE_BULK_BYTES_MAX / 2;
    if (kept) {
        keeper->spare = bulk;
    }
    base_unlock(&keeper->lock);
    if (!kept) {
        store_bulk_free(bulk);
    }
}

struct store_bulk *store_spare_take(struct store *store)
{
    base_lock(&store->keeper.lock);
    struct store_bulk *bulk = store->keeper.spare;
    store->keeper.spare = NULL;
    base_unlock(&store->keeper.lock);
    return bulk;
}

static struct store_frozen *frozen_of(struct store *store, const struct store_journal *next,
                                      struct fail *fail)
{
    struct store_writing *writing = &store->writing;
    struct store_frozen *frozen = base_alloc_zero(sizeof *frozen);
    base_lock(&store->lock);
    bool copied = store_ledger_copy(&store->now.ledger, &frozen->ledger, fail) &&
                  store_imports_copy(&store->now.imports, &frozen->imports, fail);
    base_unlock(&store->lock);
    if (!copied) {
        store_frozen_free(frozen);
        return NULL;
    }
    frozen->fresh = store_fresh_ref(writing->fresh);
    frozen->fresh_count = store_fresh_count(writing->fresh);
    frozen->bulk = writing->bulk;
    writing->bulk = NULL;
    frozen->identity = store_identity_view_ref(writing->identity);
    frozen->live = store_identity_live_ref(writing->identity->live[1]);
    frozen->dedup = writing->dedup[1]; /* stays the writer's; frozen while it is older */
    frozen->quarantine = store_quarantine_live_ref(writing->quarantine[1]);
    frozen->marks = store_quarantine_marks_ref(writing->marks);
    frozen->next_arrival = writing->next_arrival;
    frozen->next_quarantine_id = writing->next_quarantine_id;
    frozen->rows = writing->rows;
    frozen->customers = writing->customers;
    frozen->journal_id = next->file->id;
    frozen->next_sequence = next->next_sequence;
    return frozen;
}

static void begin_tables(struct store *store)
{
    struct store_writing *writing = &store->writing;
    const struct store_identity_view *old = writing->identity;
    struct store_identity_view *view = store_identity_view_new(old);
    /* The older slot is free: a freeze begins only when the one before was installed. */
    view->live[0] = view->live[1];
    view->live[1] = store_identity_live_new(store->options.fresh_rows_max, old->seqs,
                                            old->position + 1, old->numbers);
    writing->frozen_bytes = store_commit_table_bytes(store);
    store_identity_view_unref(writing->identity);
    writing->identity = store_identity_view_ref(view);
    writing->dedup[0] = writing->dedup[1];
    writing->dedup[1] = store_dedup_live_new();
    writing->quarantine[0] = writing->quarantine[1];
    writing->quarantine[1] = store_quarantine_live_new();
    struct store_fresh *before = writing->fresh;
    writing->fresh = store_fresh_new(STORE_FRESH_ROWS_MOST);
    store_fresh_follow(writing->fresh, before);
    base_lock(&store->lock);
    struct store_published *now = &store->now;
    struct store_identity_view *old_view = now->identity;
    struct store_snapshot *old_snapshot = now->latest;
    now->latest = NULL;
    now->identity = view;
    now->fresh[0] = now->fresh[1];
    now->fresh_count[0] = now->fresh_count[1];
    now->fresh[1] = writing->fresh;
    now->fresh_count[1] = 0;
    now->quarantine.live[0] = now->quarantine.live[1];
    now->quarantine.live_count[0] = now->quarantine.live_count[1];
    now->quarantine.live[1] = store_quarantine_live_ref(writing->quarantine[1]);
    now->quarantine.live_count[1] = 0;
    now->journal_bytes = writing->journal.len;
    base_unlock(&store->lock);
    store_identity_view_unref(old_view);
    store_snapshot_unref(old_snapshot);
    writing->frozen = true;
    writing->ahead[0] = writing->ahead[1];
    writing->ahead[1] = false;
}

void store_freeze(struct store *store, void *context)
{
    struct store_freeze *freeze = context;
    struct store_writing *writing = &store->writing;
    INVARIANT(!writing->frozen);
    if (writing->journal.broken) {
        *freeze = (struct store_freeze){.failed = true, .fail = writing->broken};
        return;
    }
    /* Not by the journal's own frames: what is fresh may lie in the one before, after a start. */
    if (writing->journal.next_sequence == writing->fresh_sequence && !writing->ahead[1]) {
        *freeze = (struct store_freeze){0}; /* no commit since the last seal */
        return;
    }
    if (!store_journal_settle(&writing->journal, &freeze->fail)) {
        freeze->failed = true;
        writing->broken = freeze->fail;
        atomic_store(&store->read_only_after_failure, true);
        return;
    }
    struct store_journal next;
    freeze->failed = !store_journal_create(store->disk, store_next_file_id(store),
                                           writing->journal.next_sequence,
                                           base_now_ms(store->clock), &next, &freeze->fail);
    if (freeze->failed) {
        return;
    }
    freeze->out = frozen_of(store, &next, &freeze->fail);
    freeze->failed = freeze->out == NULL;
    if (freeze->failed) {
        /* Should the empty file stay, replaying passes over it. */
        char path[STORE_JOURNAL_PATH_BYTES];
        struct fail ignored;
        store_journal_path(next.file->id, path);
        (void)!disk_remove(store->disk, path, &ignored);
        store_journal_file_unref(next.file);
        return;
    }
    store_journal_file_unref(writing->journal.file);
    writing->journal = next;
    writing->fresh_sequence = next.next_sequence;
    begin_tables(store);
}

/* ---- installing ------------------------------------------------------------------------------------------- */

/* With the splits, which the runs hold already; the table of now is empty, and begins behind them. */
static void install_splits(const struct store *store, struct store_identity_view *view,
                           const struct store_removed *removed)
{
    view->any_split = view->any_split || removed->position > view->position;
    view->position = removed->position;
    store_identity_live_unref(view->live[1]);
    view->live[1] = store_identity_live_new(store->options.fresh_rows_max, view->seqs,
                                            view->position + 1, view->numbers);
}

static void install_identity(struct store *store, const struct store_install *install)
{
    struct store_writing *writing = &store->writing;
    struct store_identity_view *view = store_identity_view_new(writing->identity);
    if (install->identity != NULL) {
        store_identity_runs_unref(view->runs);
        view->runs = install->identity;
    }
    if (install->sealed) {
        store_identity_live_unref(view->live[0]);
        view->live[0] = NULL;
    }
    if (install->removed != NULL) {
        install_splits(store, view, install->removed);
    }
    store_identity_view_unref(writing->identity);
    writing->identity = view;
}

static void install_writer(struct store *store, const struct store_install *install)
{
    struct store_writing *writing = &store->writing;
    if (install->dedup != NULL) {
        store_dedup_runs_unref(writing->dedup_runs);
        writing->dedup_runs = install->dedup;
    }
    if (install->quarantine != NULL) {
        store_quarantine_files_unref(writing->quarantine_files);
        writing->quarantine_files = store_quarantine_files_ref(install->quarantine);
    }
    if (install->sealed) {
        store_dedup_live_free(writing->dedup[0]);
        writing->dedup[0] = NULL;
        store_quarantine_live_unref(writing->quarantine[0]);
        writing->quarantine[0] = NULL;
        struct store_quarantine_marks *rest =
            store_quarantine_marks_without(writing->marks, install->sealed_marks);
        store_quarantine_marks_unref(writing->marks);
        writing->marks = rest;
        writing->frozen = false;
        writing->frozen_bytes = 0;
        writing->ahead[0] = false;
        writing->pressed = false;
    }
    if (install->removed != NULL) {
        store_known_reset(&writing->known);
    }
    install_identity(store, install);
    if (install->removed != NULL) {
        writing->rows = install->removed->rows;
        writing->customers = install->removed->customers;
    }
}

/* What was quarantined and is taken back counts as refused. */
static void install_removed_locked(struct store *store, const struct store_removed *removed)
{
    struct store_published *now = &store->now;
    for (size_t i = 0; i < removed->moved->touched_count; i++) {
        uint32_t source = removed->moved->touched[i];
        uint64_t count = removed->moved->counts[source].refused;
        struct store_ledger_count *line = store_ledger_of(&now->ledger, source);
        line->quarantined -= count;
        line->refused += count;
    }
    struct store_imports before = now->imports;
    now->imports = *removed->imports;
    *removed->imports = before;
    now->rows = removed->rows;
    now->customers = removed->customers;
    now->number++;
}

void store_install(struct store *store, void *context)
{
    const struct store_install *install = context;
    install_writer(store, install);
    struct store_fresh *old_fresh = NULL;
    struct store_segments *old_segments = NULL;
    struct store_quarantine_view old_quarantine = {0};
    base_lock(&store->lock);
    struct store_published *now = &store->now;
    struct store_snapshot *old_snapshot = now->latest;
    struct store_identity_view *old_view = now->identity;
    now->latest = NULL;
    now->identity = store_identity_view_ref(store->writing.identity);
    now->number += install->bulk ? 1 : 0;
    if (install->segments != NULL) {
        old_segments = now->segments;
        now->segments = install->segments;
    }
    if (install->quarantine != NULL) {
        old_quarantine.files = now->quarantine.files;
        now->quarantine.files = install->quarantine;
    }
    if (install->sealed) {
        old_fresh = now->fresh[0];
        now->fresh[0] = NULL;
        now->fresh_count[0] = 0;
        old_quarantine.live[0] = now->quarantine.live[0];
        now->quarantine.live[0] = NULL;
        now->quarantine.live_count[0] = 0;
        old_quarantine.marks = now->quarantine.marks;
        now->quarantine.marks = store_quarantine_marks_ref(store->writing.marks);
    }
    if (install->removed != NULL) {
        install_removed_locked(store, install->removed);
    }
    base_unlock(&store->lock);
    store_snapshot_unref(old_snapshot);
    store_identity_view_unref(old_view);
    store_segments_unref(old_segments);
    store_fresh_unref(old_fresh);
    store_quarantine_view_done(&old_quarantine);
}
