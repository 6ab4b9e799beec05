#include "store_keeper.h"
#include "store_load.h"
#include "store_snapshot.h"
#include "store_writer.h"

#define DAY_MS ((int64_t)24 * 3600 * 1000)
#define DEDUP_WINDOW_MS (7 * DAY_MS)
#define QUARANTINE_BYTES_MAX ((uint64_t)1 << 30)
#define WAITING_BYTES_MAX ((uint64_t)160 << 20)
#define FRESH_ROWS_MAX 262144U
#define FRESH_ROWS_LIMIT (1U << 22)
#define JOURNAL_BYTES_MAX ((uint64_t)256 << 20)
#define BULK_ROWS_LIMIT (1U << 24)
/* Above this a store is sealed when it closes, so that it opens fast. */
#define CLOSE_ROWS 20000U

const char *store_verdict_name(enum store_verdict verdict)
{
    static const char *const names[] = {"stored", "duplicate", "quarantined", "refused"};
    return names[verdict];
}

/* ---- opening and closing ------------------------------------------------------------------------------------ */

static bool resolve(const struct store_options *given, struct store_options *out, struct fail *fail)
{
    struct store_options options = given == NULL ? (struct store_options){0} : *given;
    options.clock = options.clock == NULL ? base_clock_real() : options.clock;
    options.dedup_window_ms =
        options.dedup_window_ms == 0 ? DEDUP_WINDOW_MS : options.dedup_window_ms;
    options.fresh_rows_max = options.fresh_rows_max == 0 ? FRESH_ROWS_MAX : options.fresh_rows_max;
    options.journal_bytes_max =
        options.journal_bytes_max == 0 ? JOURNAL_BYTES_MAX : options.journal_bytes_max;
    options.quarantine_bytes_max =
        options.quarantine_bytes_max == 0 ? QUARANTINE_BYTES_MAX : options.quarantine_bytes_max;
    options.waiting_bytes_max =
        options.waiting_bytes_max == 0 ? WAITING_BYTES_MAX : options.waiting_bytes_max;
    options.bulk_rows_max =
        options.bulk_rows_max == 0 ? STORE_BULK_ROWS_MAX : options.bulk_rows_max;
    if (options.bulk_rows_max > BULK_ROWS_LIMIT) {
        return fail_set(fail, FAIL_INPUT, "at most %u rows of an import in memory",
                        BULK_ROWS_LIMIT);
    }
    if (options.dedup_window_ms < DAY_MS || options.dedup_window_ms > 30 * DAY_MS) {
        return fail_set(fail, FAIL_INPUT, "the window of deduplication is 1 to 30 days");
    }
    if (options.fresh_rows_max > FRESH_ROWS_LIMIT) {
        return fail_set(fail, FAIL_INPUT, "at most %u fresh rows", FRESH_ROWS_LIMIT);
    }
    *out = options;
    return true;
}

static void free_store(struct store *store)
{
    struct store_writing *writing = &store->writing;
    struct store_published *now = &store->now;
    store_leases_done(store);
    store_snapshot_unref(now->latest);
    store_segments_unref(now->segments);
    store_fresh_unref(now->fresh[0]);
    store_fresh_unref(now->fresh[1] != NULL ? now->fresh[1] : writing->fresh);
    store_identity_view_unref(now->identity);
    store_quarantine_view_done(&now->quarantine);
    store_ledger_done(&now->ledger);
    store_imports_done(&now->imports);
    store_identity_view_unref(writing->identity);
    store_dedup_live_free(writing->dedup[0]);
    store_dedup_live_free(writing->dedup[1]);
    store_dedup_runs_unref(writing->dedup_runs);
    store_quarantine_live_unref(writing->quarantine[0]);
    store_quarantine_live_unref(writing->quarantine[1]);
    store_quarantine_marks_unref(writing->marks);
    store_quarantine_files_unref(writing->quarantine_files);
    store_journal_file_unref(writing->journal.file);
    store_frame_writer_done(&writing->frame);
    store_draft_done(&writing->draft);
    store_ledger_done(&writing->delta);
    store_map_done(&writing->pending_by_hash);
    base_free(writing->pending);
    store_map_done(&writing->pending_mark_by_id);
    base_free(writing->pending_marks);
    base_free(writing->spans);
    base_free(writing->cells);
    base_free(writing->ids);
    base_free(writing->results);
    store_bulk_free(writing->bulk);
    store_bulk_free(store->keeper.spare);
    store_known_reset(&writing->known);
    store_frozen_free(store->keeper.frozen);
    store_manifest_free(store->keeper.manifest);
    store_names_free(store->names);
    store_moved_cache_free(store->moved);
    base_cond_done(&store->keeper.changed);
    base_mutex_done(&store->keeper.lock);
    base_cond_done(&store->queue.changed);
    base_mutex_done(&store->queue.lock);
    base_mutex_done(&store->damage.lock);
    base_mutex_done(&store->lock);
    base_free(store);
}

bool store_open(struct disk *disk, const struct store_options *options, struct store **out,
                struct fail *fail)
{
    struct store_options resolved;
    if (!resolve(options, &resolved, fail)) {
        return false;
    }
    struct store *store = base_alloc_zero(sizeof *store);
    store->disk = disk;
    store->options = resolved;
    store->clock = resolved.clock;
    store->names = store_names_new();
    store->moved = store_moved_cache_new();
    base_mutex_init(&store->lock);
    base_mutex_init(&store->damage.lock);
    base_mutex_init(&store->queue.lock);
    base_cond_init(&store->queue.changed);
    base_mutex_init(&store->keeper.lock);
    base_cond_init(&store->keeper.changed);
    store->keeper.cancel.clock = store->keeper.merge_cancel.clock = resolved.clock;
    store_leases_init(&store->leases);
    if (!store_load(store, fail)) {
        free_store(store);
        return false;
    }
    if (!resolved.read_only && !store_writer_start(store, fail)) {
        free_store(store);
        return false;
    }
    if (!resolved.read_only && !resolved.no_keeper && !store_keeper_start(store, fail)) {
        store_writer_stop(store);
        free_store(store);
        return false;
    }
    *out = store;
    return true;
}

void store_count_days_in(struct store *store, const struct zone *zone)
{
    atomic_store_explicit(&store->days_zone, zone, memory_order_relaxed);
}

void store_close(struct store *store)
{
    if (store == NULL) {
        return;
    }
    if (!store->options.read_only) {
        store_keeper_stop(store);
        base_lock(&store->lock);
        uint32_t fresh = store->now.fresh_count[0] + store->now.fresh_count[1];
        base_unlock(&store->lock);
        struct fail ignored;
        if (!store->options.no_keeper && fresh > CLOSE_ROWS &&
            !atomic_load(&store->read_only_after_failure)) {
            /* What cannot be sealed stays in the journal. */
            (void)!store_seal(store, &ignored);
        }
        store_writer_stop(store);
    }
    free_store(store);
}

void store_set_listener(struct store *store,
                        void (*committed)(void *context, const struct store_item *items,
                                          size_t count),
                        void *context)
{
    store->committed_context = context;
    store->committed = committed;
}

/* ---- ledger and quarantine -------------------------------------------------------------------------------------- */

void store_count_refused_request(struct store *store)
{
    base_lock(&store->lock);
    store->now.requests_refused++;
    base_unlock(&store->lock);
}

static void ledger_done(struct store_ledger_table *table)
{
    store_ledger_done(table);
}

bool store_ledger_read(struct store *store, struct arena *arena, struct store_ledger *out,
                       struct fail *fail)
{
    CLEANUP(ledger_done) struct store_ledger_table copy = {0};
    base_lock(&store->lock);
    bool copied = store_ledger_copy(&store->now.ledger, &copy, fail);
    uint64_t requests_refused = store->now.requests_refused;
    base_unlock(&store->lock);
    struct store_ledger ledger;
    if (!copied || !store_ledger_lines(&copy, store->names, arena, &ledger, fail)) {
        return false;
    }
    ledger.requests_refused = requests_refused;
    *out = ledger;
    return true;
}

void store_quarantine_view_take(struct store *store, struct store_quarantine_view *out)
{
    base_lock(&store->lock);
    const struct store_quarantine_view *now = &store->now.quarantine;
    out->files = store_quarantine_files_ref(now->files);
    for (size_t i = 0; i < 2; i++) {
        out->live[i] = now->live[i] == NULL ? NULL : store_quarantine_live_ref(now->live[i]);
        out->live_count[i] = now->live_count[i];
    }
    out->marks = store_quarantine_marks_ref(now->marks);
    base_unlock(&store->lock);
}

bool store_quarantine_list(struct store *store, const struct store_quarantine_filter *filter,
                           struct arena *arena, struct store_quarantine_row **out,
                           size_t *out_count, uint64_t *out_total, struct fail *fail)
{
    CLEANUP(store_quarantine_view_done) struct store_quarantine_view view = {0};
    store_quarantine_view_take(store, &view);
    return store_quarantine_view_list(&view, filter, arena, out, out_count, out_total, fail);
}

bool store_quarantine_groups(struct store *store, struct arena *arena,
                             struct store_quarantine_group **out, size_t *out_count,
                             uint64_t *out_rest, struct fail *fail)
{
    CLEANUP(store_quarantine_view_done) struct store_quarantine_view view = {0};
    store_quarantine_view_take(store, &view);
    return store_quarantine_view_groups(&view, arena, out, out_count, out_rest, fail);
}

bool store_quarantine_get(struct store *store, uint64_t id, struct arena *arena,
                          struct store_quarantine_row *out, struct fail *fail)
{
    CLEANUP(store_quarantine_view_done) struct store_quarantine_view view = {0};
    store_quarantine_view_take(store, &view);
    return store_quarantine_view_get(&view, id, arena, out, fail);
}

/* ---- status ---------------------------------------------------------------------------------------------------------- */

static uint64_t quarantined_locked(const struct store_quarantine_view *view)
{
    uint64_t rows = view->live_count[0] + (uint64_t)view->live_count[1] - view->marks->gone;
    for (size_t i = 0; i < view->files->count; i++) {
        rows += view->files->files[i].count;
    }
    return rows;
}

static void lease_status(struct store *store, struct store_status *out)
{
    store_leases_prune(store);
    base_lock(&store->leases.lock);
    out->leases = store->leases.count;
    out->oldest_lease_s = -1;
    if (out->leases > 0) {
        out->oldest_lease_s =
            (base_steady_us(store->clock) - store->leases.at[0].put_us) / (1000 * 1000);
    }
    base_unlock(&store->leases.lock);
}

void store_status_read(struct store *store, struct store_status *out)
{
    struct store_status status = {0};
    base_lock(&store->lock);
    const struct store_published *now = &store->now;
    status.events = now->rows;
    status.customers = now->customers;
    status.segments = now->segments->count;
    status.fresh_rows = now->fresh_count[0] + (uint64_t)now->fresh_count[1];
    status.journal_bytes = now->journal_bytes;
    for (size_t i = 0; i < now->segments->count; i++) {
        status.segment_bytes += store_segment_info(now->segments->segments[i])->bytes;
    }
    status.quarantined = quarantined_locked(&now->quarantine);
    status.quarantine_bytes = store_quarantine_bytes(now->quarantine.files, now->quarantine.live);
    status.quarantine_bytes_max = store->options.quarantine_bytes_max;
    status.last_commit_ms = now->last_commit_ms;
    status.last_event_received_ms = now->last_event_received_ms;
    base_unlock(&store->lock);
    status.names_events = store_names_count(store->names, STORE_FAMILY_EVENT);
    status.names_properties = store_names_count(store->names, STORE_FAMILY_PROPERTY);
    status.read_only_after_failure = atomic_load(&store->read_only_after_failure);
    lease_status(store, &status);
    *out = status;
}
