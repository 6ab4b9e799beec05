/* store_undo.c — taking an import back: preview, the order of its steps, the one manifest. */
#include "store_undo.h"

#include <inttypes.h>

/* ---- may it be? ------------------------------------------------------------------------------------------- */

static bool may_undo(const struct store_imports *imports, uint64_t number, struct fail *fail)
{
    const struct store_import_entry *entry = store_imports_find(imports, number);
    if (entry == NULL) {
        return fail_set(fail, FAIL_ABSENT, "there is no import %" PRIu64, number);
    }
    if (entry->face.state == STORE_IMPORT_RUNNING) {
        return fail_set(fail, FAIL_CONFLICT,
                        "import %" PRIu64 " is running; stop it, or wait until it has ended",
                        number);
    }
    if (entry->face.state == STORE_IMPORT_TAKEN_BACK) {
        return fail_set(fail, FAIL_CONFLICT, "import %" PRIu64 " was taken back already", number);
    }
    if (entry->face.forgotten) {
        return fail_set(fail, FAIL_CONFLICT,
                        "import %" PRIu64
                        " cannot be taken back any more: it lies too far behind, or "
                        "in too many pieces",
                        number);
    }
    return true;
}

static bool copy_imports(struct store *store, struct store_imports *out, struct fail *fail)
{
    base_lock(&store->lock);
    bool ok = store_imports_copy(&store->now.imports, out, fail);
    base_unlock(&store->lock);
    return ok;
}

/* How many of the import's records lie in quarantine still. */
static bool count_quarantined(struct store *store, const struct store_ranges *ids, uint64_t *out,
                              struct fail *fail)
{
    CLEANUP(store_quarantine_view_done) struct store_quarantine_view view = {0};
    store_quarantine_view_take(store, &view);
    *out = 0;
    for (size_t i = 0; i < ARRAY_LEN(view.live); i++) {
        for (uint32_t k = 0; view.live[i] != NULL && k < view.live_count[i]; k++) {
            uint64_t id = store_quarantine_live_row(view.live[i], k)->id;
            *out += store_ranges_hold(ids, id) && !store_quarantine_gone(view.marks, id);
        }
    }
    for (size_t i = 0; i < view.files->count; i++) {
        const struct store_quarantine_file *file = &view.files->files[i];
        bool touched = store_ranges_touch(ids, file->id_first, file->id_last + 1);
        for (uint64_t k = 0; touched && k < file->count; k++) {
            struct store_quarantine_row row;
            if (!store_quarantine_file_row(file, k, 0, &row, fail)) {
                return false;
            }
            *out += store_ranges_hold(ids, row.id) && !store_quarantine_gone(view.marks, row.id);
        }
    }
    return true;
}

static bool preview(struct store *store, const struct store_imports *imports, uint64_t number,
                    struct store_import_gone *out, struct fail *fail)
{
    if (!may_undo(imports, number, fail)) {
        return false;
    }
    const struct store_import_entry *entry = store_imports_find(imports, number);
    *out = (struct store_import_gone){
        .rows = store_ranges_sum(&entry->ranges[STORE_IMPORT_ARRIVALS]),
        .joins = store_ranges_sum(&entry->ranges[STORE_IMPORT_POSITIONS]),
    };
    return count_quarantined(store, &entry->ranges[STORE_IMPORT_QUARANTINE], &out->quarantined,
                             fail);
}

bool store_import_preview(struct store *store, uint64_t number, struct store_import_gone *out,
                          struct fail *fail)
{
    struct store_imports imports = {0};
    bool ok = copy_imports(store, &imports, fail) && preview(store, &imports, number, out, fail);
    store_imports_done(&imports);
    return ok;
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

static size_t place_of_run(const struct store_manifest *manifest, enum store_run_kind kind,
                           uint64_t id)
{
    size_t at = 0;
    while (at < manifest->run_count[kind] && manifest->runs[kind][at].id != id) {
        at++;
    }
    return at;
}

static bool put_segments(struct store_undo *undo, struct store_manifest *next, struct fail *fail)
{
    for (size_t i = 0; i < undo->segment_count; i++) {
        const struct store_undo_segment *segment = &undo->segments[i];
        size_t at = place_of_segment(next, segment->old);
        INVARIANT(at < next->segment_count); /* nobody merges meanwhile */
        if (!store_manifest_splice_segments(next, at, 1, &segment->info, segment->any, fail)) {
            return false;
        }
    }
    return true;
}

/* A run that became too old in the meantime was dropped, and stays so. */
static bool put_dedup(struct store_undo *undo, struct store_manifest *next, struct fail *fail)
{
    for (size_t i = 0; i < undo->dedup_count; i++) {
        const struct store_undo_run *run = &undo->dedup[i];
        size_t at = place_of_run(next, STORE_RUN_DEDUP, run->old);
        if (at == next->run_count[STORE_RUN_DEDUP]) {
            store_remove_run(undo->store, STORE_RUN_DEDUP, run->info.id);
        } else if (!store_manifest_splice_runs(next, STORE_RUN_DEDUP, at, 1, &run->info, run->any,
                                               fail)) {
            return false;
        }
    }
    return true;
}

/* The rows of the import in one file, as marks that say that they are gone; counted as refused. */
static bool mark_gone(struct store_undo *undo, const struct store_quarantine_file *file,
                      struct store_quarantine_mark *out, uint64_t *out_count, struct fail *fail)
{
    const struct store_ranges *ids = &undo->entry->ranges[STORE_IMPORT_QUARANTINE];
    *out_count = 0;
    for (uint64_t i = 0; i < file->count; i++) {
        struct store_quarantine_row row;
        if (!store_quarantine_file_row(file, i, 0, &row, fail)) {
            return false;
        }
        if (!store_ranges_hold(ids, row.id)) {
            continue;
        }
        uint32_t code = store_names_intern(undo->store->names, STORE_FAMILY_SOURCE, row.source);
        if (!store_ledger_room(&undo->moved, code, fail)) {
            return false;
        }
        store_ledger_of(&undo->moved, code)->refused++;
        undo->gone.quarantined++;
        out[(*out_count)++] = (struct store_quarantine_mark){.id = row.id, .gone = true};
    }
    return true;
}

static bool put_file(struct store_undo *undo, const struct store_quarantine_file *file,
                     struct store_manifest *next, struct fail *fail)
{
    struct store *store = undo->store;
    CLEANUP(arena_free_at) struct arena *arena = arena_new(NULL);
    struct store_quarantine_mark *list = arena_array(arena, file->count, sizeof *list, fail);
    struct store_run_info info = {0};
    uint64_t count;
    if (list == NULL || !mark_gone(undo, file, list, &count, fail)) {
        return false;
    }
    if (count == 0) {
        return true;
    }
    size_t at = place_of_run(next, STORE_RUN_QUARANTINE, store_run_info_of(file->run)->id);
    if (count == file->count) {
        return store_manifest_splice_runs(next, STORE_RUN_QUARANTINE, at, 1, &info, 0, fail);
    }
    struct store_quarantine_marks *none = store_quarantine_marks_new();
    struct store_quarantine_marks *marks = store_quarantine_marks_add(none, list, count);
    bool ok =
        store_quarantine_merge(store->disk, file, 1, marks, store_next_file_id(store), &info, fail);
    store_quarantine_marks_unref(marks);
    store_quarantine_marks_unref(none);
    if (ok && !store_manifest_splice_runs(next, STORE_RUN_QUARANTINE, at, 1, &info, 1, fail)) {
        store_remove_run(store, STORE_RUN_QUARANTINE, info.id);
        ok = false;
    }
    return ok;
}

/* Of the files that `next` names: the seal that comes along may have written some anew. */
static bool put_quarantine(struct store_undo *undo, struct store_manifest *next, struct fail *fail)
{
    const struct store_ranges *ids = &undo->entry->ranges[STORE_IMPORT_QUARANTINE];
    struct store_quarantine_files *files;
    if (ids->count == 0) {
        return true;
    }
    if (!store_quarantine_files_open(undo->store->disk, next->runs[STORE_RUN_QUARANTINE],
                                     next->run_count[STORE_RUN_QUARANTINE], undo->old.quarantine,
                                     &files, fail)) {
        return false;
    }
    bool ok = true;
    for (size_t i = 0; ok && i < files->count; i++) {
        const struct store_quarantine_file *file = &files->files[i];
        ok = !store_ranges_touch(ids, file->id_first, file->id_last + 1) ||
             put_file(undo, file, next, fail);
    }
    store_quarantine_files_unref(files);
    return ok;
}

static void move_ledger(const struct store_undo *undo, struct store_manifest *next)
{
    for (size_t i = 0; i < undo->moved.touched_count; i++) {
        uint32_t source = undo->moved.touched[i];
        struct str name = store_names_get(undo->store->names, STORE_FAMILY_SOURCE, source);
        for (size_t k = 0; k < next->ledger_count; k++) {
            if (str_equal(next->ledger[k].source, name)) {
                next->ledger[k].count.quarantined -= undo->moved.counts[source].refused;
                next->ledger[k].count.refused += undo->moved.counts[source].refused;
            }
        }
    }
}

/* What is known of the import from now on; its ranges of identifiers stay, for those taken back after it. */
static void note_gone(const struct store_undo *undo, struct store_imports *imports)
{
    struct store_import_entry *entry = store_imports_find(imports, undo->number);
    INVARIANT(entry != NULL);
    entry->face.state = STORE_IMPORT_TAKEN_BACK;
    entry->face.taken_back_ms = base_now_ms(undo->store->clock);
    entry->face.gone = undo->gone;
    store_ranges_done(&entry->ranges[STORE_IMPORT_ARRIVALS]);
    store_ranges_done(&entry->ranges[STORE_IMPORT_POSITIONS]);
    store_ranges_done(&entry->ranges[STORE_IMPORT_QUARANTINE]);
    imports->rows_gone += undo->gone.rows;
}

static bool fill(struct store_undo *undo, const struct store_frozen *frozen,
                 struct store_manifest *next, struct fail *fail)
{
    struct store *store = undo->store;
    struct store_identity_view *base = frozen != NULL ? frozen->identity : store->writing.identity;
    const struct store_import_entry *now = store_imports_find(&next->imports, undo->number);
    if (now == NULL || now->face.received != undo->entry->face.received) {
        return fail_set(fail, FAIL_BUSY, "more of the import came in; try again");
    }
    if (!store_undo_room(undo, base->numbers, fail)) {
        return false;
    }
    for (uint32_t i = 0; frozen != NULL && i < frozen->fresh_count; i++) {
        const struct store_row *row = store_fresh_row(frozen->fresh, i);
        store_undo_see(undo, row->original, row->arrival);
    }
    if (!put_segments(undo, next, fail) || !put_dedup(undo, next, fail) ||
        !store_undo_identity(undo, base, next, fail) || !put_quarantine(undo, next, fail)) {
        return false;
    }
    move_ledger(undo, next);
    next->rows -= undo->gone.rows;
    note_gone(undo, &next->imports);
    return true;
}

/* ---- the last step: between two commits, in the writer thread ----------------------------------------------- */

/* The manifest that seals what is fresh, if anything is; files that it names are there. */
static bool seal_next(struct store_undo *undo, struct store_seal *seal, struct fail *fail)
{
    struct store *store = undo->store;
    struct store_freeze freeze = {0};
    INVARIANT(store->keeper.frozen == NULL);
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
    if (!store_seal_write(seal, fail) || !store_seal_manifest(seal, fail)) {
        store_seal_discard(seal);
        return false;
    }
    return true;
}

static bool advance(struct store_undo *undo, struct store_seal *seal, struct fail *fail)
{
    struct store *store = undo->store;
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
    const struct store_undone undone = {rows, customers, position, &undo->moved, &imports};
    install.sealed = seal->frozen != NULL;
    install.sealed_marks = seal->frozen != NULL ? seal->frozen->marks : NULL;
    install.undone = &undone;
    store_install(store, &install);
    store_imports_done(&imports);
    return true;
}

static void last_step(struct store *store, void *context)
{
    struct store_undo *undo = context;
    struct store_seal seal = {.store = store, .arena = undo->arena};
    bool ok = seal_next(undo, &seal, &undo->fail) &&
              fill(undo, seal.frozen, seal.next, &undo->fail) && advance(undo, &seal, &undo->fail);
    if (seal.next != NULL) {
        store_advance_abandon(store, seal.next);
    }
    undo->failed = !ok;
}

/* ---- the face ------------------------------------------------------------------------------------------------------ */

static void discard(struct store_undo *undo)
{
    for (size_t i = 0; i < undo->segment_count; i++) {
        if (undo->segments[i].any) {
            store_remove_segment(undo->store, undo->segments[i].info.id);
        }
    }
    for (size_t i = 0; i < undo->dedup_count; i++) {
        if (undo->dedup[i].any) {
            store_remove_run(undo->store, STORE_RUN_DEDUP, undo->dedup[i].info.id);
        }
    }
}

static void undo_done(struct store_undo *undo)
{
    store_opened_done(&undo->old);
    store_imports_done(&undo->imports);
    store_ledger_done(&undo->moved);
    base_free(undo->seen);
    arena_free(undo->arena);
}

/* With the turns to seal and to merge, after all that was fresh was sealed. */
static bool undo_sealed(struct store_undo *undo, struct fail *fail)
{
    struct store *store = undo->store;
    struct store_turn *advancing = &store->keeper.advancing;
    if (!copy_imports(store, &undo->imports, fail) ||
        !may_undo(&undo->imports, undo->number, fail)) {
        return false;
    }
    undo->entry = store_imports_find(&undo->imports, undo->number);
    store_turn_take(store, advancing);
    store_opened_now(store, &undo->old);
    bool ok = store_undo_rows(undo, fail);
    if (ok) {
        store_writer_control(store, last_step, undo);
        ok = !undo->failed;
        *fail = undo->fail;
    }
    store_turn_give(store, advancing);
    if (!ok && !atomic_load(&store->read_only_after_failure)) {
        discard(undo);
    }
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

bool store_import_undo(struct store *store, uint64_t number, struct store_import_gone *out,
                       struct fail *fail)
{
    struct store_import_gone ignored;
    if (store->options.read_only) {
        return fail_set(fail, FAIL_CONFLICT, "the store was opened for reading only");
    }
    if (!store_import_preview(store, number, &ignored, fail)) {
        return false;
    }
    CLEANUP(undo_done)
    struct store_undo undo = {.store = store, .number = number, .arena = arena_new(NULL)};
    store_turn_take(store, &store->keeper.sealing);
    store_turn_take(store, &store->keeper.merging);
    bool ok = store_seal_turn(store, true, fail) && undo_sealed(&undo, fail);
    finish_seal(store, ok);
    store_turn_give(store, &store->keeper.merging);
    store_turn_give(store, &store->keeper.sealing);
    if (ok) {
        store_lease_revoke_all(store);
        *out = undo.gone;
    }
    return ok;
}
