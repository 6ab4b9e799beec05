#include "store_load.h"

#include <inttypes.h>

#include "base_random.h"
#include "store_advance.h"
#include "store_snapshot.h"

const char *const store_folders[STORE_FOLDERS] = {"journal", "segments", "identity", "dedup",
                                                  "quarantine"};

/* ---- a new store ------------------------------------------------------------------------------------------ */

/* Without a manifest there may be nothing but what an interrupted first opening leaves. */
static bool check_empty(struct disk *disk, struct fail *fail)
{
    CLEANUP(arena_free_at) struct arena *arena = arena_new(NULL);
    for (size_t i = 1; i < STORE_FOLDERS; i++) {
        struct str *names;
        size_t count;
        if (!disk_list(disk, store_folders[i], arena, &names, &count, fail)) {
            return false;
        }
        if (count > 0) {
            return fail_set(fail, FAIL_CORRUPT,
                            STORE_MANIFEST_PATH " is missing, but %s/ holds files",
                            store_folders[i]);
        }
    }
    uint64_t *ids;
    size_t count;
    if (!store_list_ids(disk, "journal", ".log", arena, &ids, &count, fail)) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        char path[STORE_JOURNAL_PATH_BYTES];
        CLEANUP(disk_close_at) struct disk_file *file = NULL;
        uint64_t len;
        store_journal_path(ids[i], path);
        if (!disk_open(disk, path, DISK_READ, &file, fail) || !disk_size(file, &len, fail)) {
            return false;
        }
        if (len > STORE_JOURNAL_HEADER_BYTES) {
            return fail_set(fail, FAIL_CORRUPT,
                            STORE_MANIFEST_PATH " is missing, but %s holds events", path);
        }
        if (!disk_remove(disk, path, fail)) {
            return false;
        }
    }
    return true;
}

static bool create(struct store *store, struct store_manifest **out, struct fail *fail)
{
    struct disk *disk = store->disk;
    if (store->options.read_only) {
        return fail_set(fail, FAIL_ABSENT, "there is no store here");
    }
    for (size_t i = 0; i < STORE_FOLDERS; i++) {
        if (!disk_make_dir(disk, store_folders[i], fail)) {
            return false;
        }
    }
    struct store_journal journal = {0};
    int64_t now_ms = base_now_ms(store->clock);
    if (!disk_sync_dir(disk, "", fail) || !check_empty(disk, fail) ||
        !store_journal_create(disk, 1, 1, now_ms, &journal, fail)) {
        return false;
    }
    store_journal_file_unref(journal.file);
    CLEANUP(store_manifest_free_at) struct store_manifest *manifest = store_manifest_new();
    manifest->generation = 1;
    manifest->salt = base_random_u64(base_random_system());
    manifest->created_ms = now_ms;
    manifest->next_file_id = 2;
    manifest->journal_from = 1;
    manifest->next_sequence = 1;
    manifest->next_arrival = 1;
    manifest->next_quarantine_id = 1;
    if (!store_manifest_write(disk, manifest, fail)) {
        return false;
    }
    *out = manifest;
    manifest = NULL;
    return true;
}

/* ---- what the manifest names --------------------------------------------------------------------------------- */

static bool open_segments(struct store *store, const struct store_manifest *manifest,
                          struct fail *fail)
{
    struct store_segments *set = store_segments_new(manifest->segment_count);
    store->now.segments = set;
    uint64_t rows = 0;
    uint64_t arrival = 0;
    for (size_t i = 0; i < manifest->segment_count; i++) {
        const struct store_segment_info *info = &manifest->segments[i];
        if (info->arrival_min <= arrival || info->arrival_max < info->arrival_min) {
            return fail_set(fail, FAIL_CORRUPT,
                            STORE_MANIFEST_PATH ": segments overlap in the order of arrival");
        }
        arrival = info->arrival_max;
        rows += info->rows;
        if (!store_segment_open(store->disk, store->names, info, &set->segments[i], fail)) {
            return fail->code != FAIL_ABSENT
                       ? false
                       : fail_set(fail, FAIL_CORRUPT,
                                  "segments/%016" PRIx64
                                  ".seg: the manifest names it, but it is not there",
                                  info->id);
        }
        set->count++;
    }
    if (rows != manifest->rows) {
        return fail_set(fail, FAIL_CORRUPT,
                        STORE_MANIFEST_PATH ": it counts %" PRIu64 " rows, its segments %" PRIu64,
                        manifest->rows, rows);
    }
    return true;
}

static bool open_identity(struct store *store, const struct store_manifest *manifest,
                          struct fail *fail)
{
    struct store_identity_runs *runs;
    if (!store_identity_runs_open(store->disk, manifest->runs[STORE_RUN_IDENTITY],
                                  manifest->run_count[STORE_RUN_IDENTITY], NULL, &runs, fail)) {
        return false;
    }
    struct store_identity_view from = {
        .salt = manifest->salt,
        .damage = &store->damage,
        .moved = store->moved,
        .runs = runs,
        .numbers = manifest->numbers,
        .seqs = manifest->seqs,
        .position = manifest->position,
        .any_split = manifest->any_split,
    };
    struct store_identity_view *view = store_identity_view_new(&from);
    store_identity_runs_unref(runs);
    view->live[1] = store_identity_live_new(store->options.fresh_rows_max, manifest->seqs,
                                            manifest->position + 1, manifest->numbers);
    store->writing.identity = view;
    uint64_t seqs = 0;
    uint64_t positions = 0;
    uint64_t numbers = 0;
    for (size_t i = 0; i < runs->count; i++) {
        seqs += runs->runs[i].seq_count;
        positions += runs->runs[i].position_count;
        numbers += runs->runs[i].number_count;
    }
    if (seqs != manifest->seqs || positions != manifest->position || numbers != manifest->numbers) {
        return fail_set(fail, FAIL_CORRUPT,
                        STORE_MANIFEST_PATH ": its counts of customers are not those of its runs");
    }
    return true;
}

static bool open_rest(struct store *store, const struct store_manifest *manifest, struct fail *fail)
{
    struct store_writing *writing = &store->writing;
    if (!store_dedup_runs_open(store->disk, manifest->runs[STORE_RUN_DEDUP],
                               manifest->run_count[STORE_RUN_DEDUP], NULL, &writing->dedup_runs,
                               fail) ||
        !store_quarantine_files_open(store->disk, manifest->runs[STORE_RUN_QUARANTINE],
                                     manifest->run_count[STORE_RUN_QUARANTINE], NULL,
                                     &writing->quarantine_files, fail)) {
        return false;
    }
    for (size_t i = 0; i < manifest->ledger_count; i++) {
        const struct store_manifest_line *line = &manifest->ledger[i];
        uint32_t source = store_names_intern(store->names, STORE_FAMILY_SOURCE, line->source);
        if (!store_ledger_room(&store->now.ledger, source, fail)) {
            return false;
        }
        store_ledger_add(&store->now.ledger, source, &line->count);
        if (line->count.last_received_ms > store->now.last_event_received_ms) {
            store->now.last_event_received_ms = line->count.last_received_ms;
        }
    }
    return true;
}

/* ---- clearing away --------------------------------------------------------------------------------------------- */

static bool named(const struct store_manifest *manifest, size_t kind, uint64_t id)
{
    if (kind == 0) {
        for (size_t i = 0; i < manifest->segment_count; i++) {
            if (manifest->segments[i].id == id) {
                return true;
            }
        }
        return false;
    }
    for (size_t i = 0; i < manifest->run_count[kind]; i++) {
        if (manifest->runs[kind][i].id == id) {
            return true;
        }
    }
    return false;
}

/* Everything needed was opened and read: what nothing names is left over from something interrupted. Also
   learns which ids were ever used. */
static bool clear_away(struct store *store, const struct store_manifest *manifest,
                       uint64_t journal_last, struct fail *fail)
{
    CLEANUP(arena_free_at) struct arena *arena = arena_new(NULL);
    uint64_t next_id = manifest->next_file_id;
    static const char *const suffixes[] = {".seg", ".run", ".run", ".q"};
    uint64_t *ids;
    size_t count;
    for (size_t kind = 0; kind < ARRAY_LEN(suffixes); kind++) {
        if (!store_list_ids(store->disk, store_folders[kind + 1], suffixes[kind], arena, &ids,
                            &count, fail)) {
            return false;
        }
        for (size_t i = 0; i < count; i++) {
            next_id = ids[i] >= next_id ? ids[i] + 1 : next_id;
            if (store->options.read_only || named(manifest, kind, ids[i])) {
                continue;
            }
            if (kind == 0) {
                store_remove_segment(store, ids[i]);
            } else {
                store_remove_run(store, (enum store_run_kind)kind, ids[i]);
            }
        }
    }
    if (!store_list_ids(store->disk, "journal", ".log", arena, &ids, &count, fail)) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        next_id = ids[i] >= next_id ? ids[i] + 1 : next_id;
        bool gone = ids[i] < manifest->journal_from || ids[i] > journal_last;
        if (gone && !store->options.read_only) {
            char path[STORE_JOURNAL_PATH_BYTES];
            struct fail ignored;
            store_journal_path(ids[i], path);
            (void)!disk_remove(store->disk, path, &ignored);
        }
    }
    atomic_store(&store->keeper.next_file_id, next_id);
    return true;
}

/* ---- all together ------------------------------------------------------------------------------------------------- */

static void publish(struct store *store)
{
    struct store_writing *writing = &store->writing;
    struct store_published *now = &store->now;
    now->number = 1;
    store_imports_interrupt(&now->imports);
    now->fresh[1] = writing->fresh;
    now->fresh_count[1] = store_fresh_count(writing->fresh);
    now->identity = store_identity_view_ref(writing->identity);
    now->quarantine.files = store_quarantine_files_ref(writing->quarantine_files);
    now->quarantine.live[1] = store_quarantine_live_ref(writing->quarantine[1]);
    now->quarantine.marks = store_quarantine_marks_ref(writing->marks);
    now->quarantine.live_count[1] = writing->quarantine[1]->count;
    now->rows = writing->rows;
    now->customers = writing->customers;
    now->event_codes = store_names_count(store->names, STORE_FAMILY_EVENT);
}

static bool read_manifest(struct store *store, struct store_manifest **out, struct fail *fail)
{
    if (store_manifest_read(store->disk, out, fail)) {
        return true;
    }
    return fail->code == FAIL_ABSENT && create(store, out, fail);
}

bool store_load(struct store *store, struct fail *fail)
{
    struct store_writing *writing = &store->writing;
    store->now.last_commit_ms = store->now.last_event_received_ms = STORE_NO_TIME;
    struct store_manifest *manifest = NULL;
    if (!read_manifest(store, &manifest, fail)) {
        return false;
    }
    store->keeper.manifest = manifest;
    store->salt = manifest->salt;
    if (!store_imports_copy(&manifest->imports, &store->now.imports, fail)) {
        return false;
    }
    writing->next_arrival = manifest->next_arrival;
    writing->next_quarantine_id = manifest->next_quarantine_id;
    writing->rows = manifest->rows;
    writing->customers = manifest->customers;
    writing->fresh = store_fresh_new(STORE_FRESH_ROWS_MOST);
    writing->dedup[1] = store_dedup_live_new();
    writing->quarantine[1] = store_quarantine_live_new();
    writing->marks = store_quarantine_marks_new();
    store_frame_writer_init(&writing->frame, store->names, STORE_JOURNAL_FRAME_BYTES);
    struct store_journal_end end;
    /* The manifest that was read must be the one that stays, before anything it does not name goes. */
    if (!store->options.read_only && !disk_sync_dir(store->disk, "", fail)) {
        return false;
    }
    if (!open_segments(store, manifest, fail) || !open_identity(store, manifest, fail) ||
        !open_rest(store, manifest, fail) || !store_replay(store, manifest, &end, fail) ||
        !clear_away(store, manifest, end.id, fail)) {
        return false;
    }
    if (!store->options.read_only &&
        !store_journal_continue(store->disk, &end, &writing->journal, fail)) {
        return false;
    }
    writing->opened_sequence = end.next_sequence;
    writing->fresh_sequence = manifest->next_sequence;
    publish(store);
    store->now.journal_bytes = end.len;
    return true;
}
