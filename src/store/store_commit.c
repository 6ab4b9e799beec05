#include "store_import.h"
#include "store_judge.h"
#include "store_snapshot.h"
#include "store_writer.h"

/* ---- the commit's scratch ---------------------------------------------------------------------------- */

#define JUDGED_AHEAD 8 /* items of which the writer knows that they come */

struct marks { /* how things were before */
    struct store_fresh_mark fresh;
    uint32_t bulk;
    uint64_t next_arrival, next_quarantine_id, rows;
};

/* Is the table of a large import full? It has no room for twice as much. */
static bool bulk_is_over(const struct store *store)
{
    const struct store_bulk *bulk = store->writing.bulk;
    return bulk != NULL && (bulk->count >= store->options.bulk_rows_max ||
                            store_bulk_bytes(bulk) >= STORE_BULK_BYTES_MAX);
}

size_t store_commit_table_bytes(const struct store *store)
{
    const struct store_writing *writing = &store->writing;
    const struct store_dedup_live *dedup = writing->dedup[1];
    const struct store_quarantine_live *quarantine = writing->quarantine[1];
    return store_fresh_bytes(writing->fresh) + dedup->size * sizeof dedup->slots[0] +
           arena_used(writing->identity->live[1]->arena) + arena_used(quarantine->arena) +
           quarantine->count * sizeof(struct store_quarantine_live_row);
}

size_t store_commit_bytes(const struct store *store)
{
    return store->writing.frozen_bytes + store_commit_table_bytes(store);
}

/* Is more waiting to be sealed than `times` the ordinary? */
static bool over(const struct store *store, uint64_t times)
{
    const struct store_writing *writing = &store->writing;
    const struct store_options *options = &store->options;
    return !options->no_keeper &&
           (store_fresh_count(writing->fresh) >= times * options->fresh_rows_max ||
            writing->quarantine[1]->count >= times * options->fresh_rows_max ||
            writing->marks->count >= times * options->fresh_rows_max ||
            store_commit_table_bytes(store) >=
                times * (options->waiting_bytes_max / 8 * STORE_TABLE_EIGHTHS) ||
            bulk_is_over(store) || writing->journal.len >= times * options->journal_bytes_max);
}

static bool is_ahead(const struct store_writing *writing)
{
    return writing->ahead[0] || writing->ahead[1];
}

static void begin_bulk(struct store *store)
{
    struct store_writing *writing = &store->writing;
    atomic_store(&store->keeper.importing, true);
    if (writing->bulk == NULL) {
        writing->bulk = store_spare_take(store);
        if (writing->bulk != NULL) {
            writing->bulk->arrival_first = writing->next_arrival;
            return;
        }
        writing->bulk = store_bulk_new(
            store->options.bulk_rows_max + (uint32_t)STORE_BULK_ITEMS_MAX, writing->next_arrival);
    }
}

static bool begin(struct store *store, size_t items, struct marks *out, struct fail *fail)
{
    struct store_writing *writing = &store->writing;
    if (!writing->in_bulk && is_ahead(writing)) {
        /* In a journal it would stand behind what is in none. */
        return fail_set(fail, atomic_load(&store->keeper.seal_failed) ? FAIL_LIMIT : FAIL_BUSY,
                        "a large import is being stored");
    }
    if (writing->journal.broken) {
        return fail_set(fail, FAIL_IO, "the store takes no more events: %s",
                        writing->broken.message);
    }
    /* A seal that fails again and again must not turn into memory without bound. */
    if (atomic_load(&store->keeper.seal_failed) && over(store, 2)) {
        return fail_set(fail, FAIL_LIMIT,
                        "the rows that wait cannot be sealed, and memory is full");
    }
    if (writing->in_bulk) {
        begin_bulk(store);
        store_dedup_own_begin(&writing->bulk->keys);
    }
    *out = (struct marks){
        .bulk = writing->bulk != NULL ? writing->bulk->count : 0,
        .fresh = store_fresh_mark_get(writing->fresh),
        .next_arrival = writing->next_arrival,
        .next_quarantine_id = writing->next_quarantine_id,
        .rows = writing->rows,
    };
    store_frame_reset(&writing->frame);
    store_draft_begin(&writing->draft, writing->identity, &writing->frame, writing->customers);
    store_ledger_reset(&writing->delta);
    store_map_reset(&writing->pending_by_hash);
    writing->pending_count = 0;
    writing->pending_bytes = 0;
    store_map_reset(&writing->pending_mark_by_id);
    writing->pending_mark_count = 0;
    store_import_reset(store);
    void *results = writing->results;
    if (!base_grow_array(&results, &writing->result_capacity, items, sizeof writing->results[0],
                         fail)) {
        return false;
    }
    writing->results = results;
    return store_dedup_live_begin(writing->dedup[1], items, fail);
}

static void rollback(struct store *store, const struct marks *marks)
{
    struct store_writing *writing = &store->writing;
    store_fresh_rollback(writing->fresh, marks->fresh);
    store_dedup_live_rollback(writing->dedup[1]);
    if (writing->in_bulk) {
        store_bulk_rollback(writing->bulk, marks->bulk);
        store_dedup_own_rollback(&writing->bulk->keys);
        store_known_reset(&writing->known);
    }
    writing->next_arrival = marks->next_arrival;
    writing->next_quarantine_id = marks->next_quarantine_id;
    writing->rows = marks->rows;
}

/* The end of the frame: what the counts are after it. */
static bool write_frame(struct store *store, struct fail *fail)
{
    struct store_writing *writing = &store->writing;
    store_draft_finish(&writing->draft);
    for (size_t i = 0; i < writing->delta.touched_count; i++) {
        uint32_t source = writing->delta.touched[i];
        store_frame_ledger(&writing->frame, source, &writing->delta.counts[source]);
    }
    store_frame_customers(&writing->frame, writing->draft.customers);
    if (!store_import_write(store, fail) || !store_frame_ok(&writing->frame, fail)) {
        return false;
    }
    bool room = store_quarantine_live_room(writing->quarantine[1], writing->pending_count, fail);
    base_lock(&store->lock);
    for (size_t i = 0; i < writing->delta.touched_count && room; i++) {
        room = store_ledger_room(&store->now.ledger, writing->delta.touched[i], fail);
    }
    base_unlock(&store->lock);
    if (!room) {
        return false;
    }
    if (writing->in_bulk) {
        writing->ahead[1] = true;
        return true;
    }
    if (!store_journal_append(&writing->journal, &writing->frame.bytes, fail)) {
        if (writing->journal.broken) {
            writing->broken = *fail;
            atomic_store(&store->read_only_after_failure, true);
            fail->code = FAIL_IO;
        }
        return false;
    }
    return true;
}

/* ---- after the sync: nothing here may fail ------------------------------------------------------------- */

static void apply_quarantine(struct store_writing *writing)
{
    uint64_t frame_at = writing->in_bulk ? 0 : writing->journal.len - writing->frame.bytes.len;
    struct store_journal_file *file = writing->in_bulk ? NULL : writing->journal.file;
    struct fail fail;
    for (size_t i = 0; i < writing->pending_count; i++) {
        const struct store_pending *pending = &writing->pending[i];
        bool added = store_quarantine_live_add(writing->quarantine[1], file, &pending->row,
                                               pending->source, frame_at + pending->raw_at, &fail);
        INVARIANT(added);
    }
    if (writing->pending_mark_count > 0) {
        struct store_quarantine_marks *marks = store_quarantine_marks_add(
            writing->marks, writing->pending_marks, writing->pending_mark_count);
        store_quarantine_marks_unref(writing->marks);
        writing->marks = marks;
    }
}

/* The view after the commit: the same where it changed nothing about identity. */
static struct store_identity_view *next_view(struct store_writing *writing)
{
    const struct store_draft *draft = &writing->draft;
    if (draft->ident_count == 0 && draft->edge_count == 0) {
        return store_identity_view_ref(writing->identity);
    }
    struct store_identity_view *view = store_identity_view_new(writing->identity);
    view->numbers = draft->next_number;
    view->seqs += draft->ident_count;
    view->position += draft->edge_count;
    view->any_split = draft->any_split;
    return view;
}

static void publish(struct store *store, bool changed)
{
    struct store_writing *writing = &store->writing;
    struct store_identity_view *view = next_view(writing);
    store_identity_view_unref(writing->identity);
    writing->identity = store_identity_view_ref(view);
    writing->customers = writing->draft.customers;
    int64_t now_ms = base_now_ms(store->clock);
    base_lock(&store->lock);
    struct store_published *now = &store->now;
    struct store_identity_view *old_view = now->identity;
    struct store_snapshot *old_snapshot = NULL;
    now->identity = view;
    now->fresh_count[1] = store_fresh_count(writing->fresh);
    now->quarantine.live_count[1] = writing->quarantine[1]->count;
    struct store_quarantine_marks *old_marks = now->quarantine.marks;
    now->quarantine.marks = store_quarantine_marks_ref(writing->marks);
    now->rows = writing->rows;
    now->customers = writing->customers;
    for (size_t i = 0; i < writing->delta.touched_count; i++) {
        uint32_t source = writing->delta.touched[i];
        store_ledger_add(&now->ledger, source, &writing->delta.counts[source]);
        int64_t last_ms = writing->delta.counts[source].last_received_ms;
        now->last_event_received_ms =
            last_ms > now->last_event_received_ms ? last_ms : now->last_event_received_ms;
    }
    store_import_publish_locked(store);
    now->last_commit_ms = now_ms;
    now->journal_bytes = writing->journal.len;
    if (changed) {
        now->number++;
        now->event_codes = store_names_count(store->names, STORE_FAMILY_EVENT);
        old_snapshot = now->latest;
        now->latest = NULL;
    }
    base_unlock(&store->lock);
    store_identity_view_unref(old_view);
    store_quarantine_marks_unref(old_marks);
    store_snapshot_unref(old_snapshot);
}

static void finish(struct store *store, uint64_t rows_before)
{
    struct store_writing *writing = &store->writing;
    bool changed = writing->rows != rows_before || writing->draft.ident_count > 0 ||
                   writing->draft.edge_count > 0;
    store_draft_apply(&writing->draft);
    apply_quarantine(writing);
    publish(store, changed);
}

/* ---- commits --------------------------------------------------------------------------------------------- */

static bool judge_all(struct store *store, struct store_job *const *jobs, size_t count,
                      struct fail *fail)
{
    struct store_result *result = store->writing.results;
    for (size_t j = 0; j < count; j++) {
        if (jobs[j]->columns != NULL && !store_judge_columns(store, jobs[j]->columns, fail)) {
            return false;
        }
        for (size_t i = 0; i < jobs[j]->count; i++) {
            store_judge_look(store, &jobs[j]->items[i], &result[i]);
        }
        for (size_t i = 0; i < jobs[j]->count; i++, result++) {
            const struct store_item *item = &jobs[j]->items[i];
            if (i + JUDGED_AHEAD < jobs[j]->count) {
                store_judge_soon(store, result + JUDGED_AHEAD);
            }
            if (!store_import_before(store, item, fail) ||
                !store_judge_item(store, item, result, fail)) {
                return false;
            }
            store_import_after(store, item, result->verdict);
        }
    }
    return true;
}

static void give_results(struct store *store, struct store_job *const *jobs, size_t count)
{
    const struct store_result *result = store->writing.results;
    for (size_t j = 0; j < count; j++) {
        for (size_t i = 0; i < jobs[j]->count; i++, result++) {
            store_result_give(result, &jobs[j]->items[i]);
        }
    }
}

static void tell_listener(struct store *store, struct store_job *const *jobs, size_t count)
{
    for (size_t j = 0; j < count; j++) {
        if (store->committed != NULL) {
            store->committed(store->committed_context, jobs[j]->items, jobs[j]->count);
        }
    }
}

void store_commit(struct store *store, struct store_job *const *jobs, size_t count)
{
    struct marks marks;
    struct fail fail;
    size_t items = 0;
    store->writing.in_bulk = jobs[0]->bulk;
    for (size_t j = 0; j < count; j++) {
        items += jobs[j]->count + (jobs[j]->columns != NULL ? jobs[j]->columns->item_count : 0);
    }
    bool begun = begin(store, items, &marks, &fail);
    bool ok = begun && judge_all(store, jobs, count, &fail) && write_frame(store, &fail);
    if (ok) {
        store_fresh_enter(store->writing.fresh);
        finish(store, marks.rows);
        give_results(store, jobs, count);
        if (!store->writing.in_bulk) {
            tell_listener(store, jobs, count);
        }
    } else if (begun) {
        rollback(store, &marks);
    }
    store->writing.in_bulk = false;
    for (size_t j = 0; j < count; j++) {
        jobs[j]->done(jobs[j]->done_context, ok ? NULL : &fail);
    }
}

void store_commit_try(struct store *store, void *context)
{
    struct store_trial *trial = context;
    struct marks marks;
    store->writing.in_bulk = false;
    struct store_job job = {.items = trial->items, .count = trial->count};
    struct store_job *const jobs[] = {&job};
    bool begun = begin(store, trial->count, &marks, &trial->fail);
    trial->ok = begun && judge_all(store, jobs, 1, &trial->fail);
    if (begun) {
        rollback(store, &marks);
    }
    if (trial->ok) {
        give_results(store, jobs, 1);
    }
}

bool store_commit_change(struct store *store,
                         bool (*change)(struct store *store, void *context, struct fail *fail),
                         void *context, struct fail *fail)
{
    struct marks marks;
    if (!begin(store, 0, &marks, fail)) {
        return false;
    }
    if (!change(store, context, fail) || !write_frame(store, fail)) {
        rollback(store, &marks);
        return false;
    }
    finish(store, marks.rows);
    return true;
}

/* A frame of so many records that say nothing but that the store was closed. */
static bool append_closed(struct store *store, uint64_t records)
{
    struct store_writing *writing = &store->writing;
    struct fail ignored;
    store_frame_reset(&writing->frame);
    for (uint64_t i = 0; i < records; i++) {
        store_frame_closed(&writing->frame);
    }
    return store_frame_ok(&writing->frame, &ignored) &&
           store_journal_append(&writing->journal, &writing->frame.bytes, &ignored);
}

void store_commit_closed(struct store *store)
{
    struct store_journal *journal = &store->writing.journal;
    if (journal->broken || journal->next_sequence == store->writing.opened_sequence) {
        return;
    }
    /* Without them the next opening works as well; they only let damage of the last commit be told from a torn tail. The
       second lies in a page of its own, so that no page holds both the last commit and all that tells that it was. */
    uint64_t begin = journal->len + STORE_JOURNAL_FRAME_BYTES;
    uint64_t fill = STORE_JOURNAL_PAGE_BYTES - begin % STORE_JOURNAL_PAGE_BYTES;
    if (append_closed(store, fill < STORE_JOURNAL_CLOSED_RECORDS + 1
                                 ? fill + STORE_JOURNAL_PAGE_BYTES
                                 : fill)) {
        (void)!append_closed(store, STORE_JOURNAL_CLOSED_RECORDS);
    }
}

bool store_commit_seal_due(const struct store *store)
{
    return !store->writing.frozen && over(store, 1);
}

bool store_commit_must_wait(const struct store *store, bool bulk)
{
    if (atomic_load(&store->keeper.seal_failed)) {
        return false;
    }
    if (!bulk && is_ahead(&store->writing)) {
        return !store->options.no_keeper;
    }
    return (store->writing.frozen && over(store, 1)) || over(store, 2) || bulk_is_over(store);
}

bool store_commit_press(struct store *store)
{
    struct store_writing *writing = &store->writing;
    bool due = is_ahead(writing) && !writing->pressed && !store->options.no_keeper;
    writing->pressed = writing->pressed || due;
    return due;
}

bool store_bulk_may(const struct store_item *items, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (items[i].mends != 0 || items[i].once_count > 0 ||
            str_starts_c(items[i].event.message_id, "row-")) {
            return false;
        }
    }
    return true;
}
