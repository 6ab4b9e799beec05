#include "store_hold.h"

#include <inttypes.h>
#include <stdio.h>

#include "base_bytes.h"
#include "store_advance.h"
#include "store_keeper.h"
#include "store_load.h"
#include "store_snapshot.h"
#include "store_writer.h"

struct hold {               /* the face, with what keeps the files */
    struct store_hold face; /* first: the two are cast into each other */
    struct arena *arena;
    struct store *store;
    struct store_opened opened;
    struct store_pin pin;
    bool pinned;
    struct store_held_file *files;
    size_t capacity;
    struct base_buf manifest;
    /* Of the moment, from the writer thread. */
    uint64_t journal_id, journal_len;
};

static void add(struct hold *hold, const struct store_held_file *file)
{
    INVARIANT(hold->face.count < hold->capacity);
    hold->files[hold->face.count] = *file;
    hold->files[hold->face.count].path = str_copy_c(hold->arena, str_from_c(file->path));
    hold->face.count++;
}

/* In the writer thread: between two commits. */
static void note_moment(struct store *store, void *context)
{
    struct hold *hold = context;
    const struct store_writing *writing = &store->writing;
    hold->journal_id = writing->journal.file->id;
    hold->journal_len = writing->journal.len;
    hold->face.events = writing->rows;
    hold->face.customers = writing->customers;
    hold->face.arrivals = writing->next_arrival;
}

static void add_segments(struct hold *hold, const struct store_manifest *manifest)
{
    for (size_t i = 0; i < manifest->segment_count; i++) {
        const struct store_segment_info *info = &manifest->segments[i];
        char path[STORE_RUN_PATH_BYTES];
        snprintf(path, sizeof path, "segments/%016" PRIx64 ".seg", info->id);
        add(hold, &(struct store_held_file){
                      .path = path, .bytes = info->bytes, .checksum = info->checksum});
    }
}

static void add_runs(struct hold *hold, const struct store_manifest *manifest)
{
    for (enum store_run_kind kind = STORE_RUN_IDENTITY; kind <= STORE_RUN_QUARANTINE; kind++) {
        for (size_t i = 0; i < manifest->run_count[kind]; i++) {
            const struct store_run_info *info = &manifest->runs[kind][i];
            char path[STORE_RUN_PATH_BYTES];
            store_run_path(kind, info->id, path);
            add(hold, &(struct store_held_file){
                          .path = path, .bytes = info->bytes, .checksum = info->checksum});
        }
    }
}

/* Journals before the last one end with their last frame; of the last one only what was synced belongs to the moment. */
static bool add_journals(struct hold *hold, const uint64_t *ids, size_t count, struct fail *fail)
{
    for (size_t i = 0; i < count && ids[i] <= hold->journal_id; i++) {
        char path[STORE_JOURNAL_PATH_BYTES];
        struct store_held_file held = {.path = path, .bytes = hold->journal_len};
        CLEANUP(disk_close_at) struct disk_file *file = NULL;
        store_journal_path(ids[i], path);
        if (ids[i] != hold->journal_id &&
            (!disk_open(hold->store->disk, path, DISK_READ, &file, fail) ||
             !disk_size(file, &held.bytes, fail))) {
            return false;
        }
        add(hold, &held);
    }
    return true;
}

static uint64_t directory_of(const struct store_manifest *manifest)
{
    uint8_t words[16];
    base_put_u64(words, manifest->salt);
    base_put_i64(words + 8, manifest->created_ms);
    return base_hash64(words, sizeof words, 0);
}

static size_t files_of(const struct store_manifest *manifest)
{
    size_t count = manifest->segment_count;
    for (enum store_run_kind kind = STORE_RUN_IDENTITY; kind <= STORE_RUN_QUARANTINE; kind++) {
        count += manifest->run_count[kind];
    }
    return count;
}

/* With the turn to advance: the manifest, what it names and the first journal stay as they are. */
static bool fill(struct hold *hold, struct fail *fail)
{
    struct store *store = hold->store;
    const struct store_manifest *manifest = store->keeper.manifest;
    uint64_t *ids;
    size_t count;
    store_opened_now(store, &hold->opened);
    hold->pin.journal_from = manifest->journal_from;
    store_pin(store, &hold->pin);
    hold->pinned = true;
    store_writer_control(store, note_moment, hold);
    if (!store_journals_begun(store->disk, manifest->journal_from, hold->arena, &ids, &count,
                              fail)) {
        return false;
    }
    hold->capacity = files_of(manifest) + count + 1;
    hold->files = arena_array(hold->arena, hold->capacity, sizeof *hold->files, fail);
    if (hold->files == NULL || !store_manifest_encode(manifest, &hold->manifest, fail)) {
        return false;
    }
    hold->face.files = hold->files;
    hold->face.directory = directory_of(manifest);
    add_segments(hold, manifest);
    add_runs(hold, manifest);
    if (!add_journals(hold, ids, count, fail)) {
        return false;
    }
    add(hold, &(struct store_held_file){.path = STORE_MANIFEST_PATH,
                                        .bytes = hold->manifest.len,
                                        .content = base_buf_view(&hold->manifest)});
    return true;
}

bool store_hold_take(struct store *store, struct store_hold **out, struct fail *fail)
{
    if (store->options.read_only) {
        return fail_set(fail, FAIL_CONFLICT, "the store was opened for reading only");
    }
    struct hold *hold = base_alloc_zero(sizeof *hold);
    hold->arena = arena_new(NULL);
    hold->store = store;
    hold->face.folders = store_folders;
    hold->face.folder_count = STORE_FOLDERS;
    hold->manifest.limit = STORE_MANIFEST_BYTES_MAX;
    store_turn_take(store, &store->keeper.advancing);
    bool ok = fill(hold, fail);
    store_turn_give(store, &store->keeper.advancing);
    if (!ok) {
        store_hold_free(&hold->face);
        return false;
    }
    *out = &hold->face;
    return true;
}

void store_hold_free(struct store_hold *face)
{
    if (face == NULL) {
        return;
    }
    struct hold *hold = (struct hold *)face;
    if (hold->pinned) {
        store_unpin(hold->store, &hold->pin);
    }
    store_opened_done(&hold->opened);
    base_buf_done(&hold->manifest);
    arena_free(hold->arena);
    base_free(hold);
}
