/* store_removal_quarantine.c — quarantined records that go; the ledger counts them as refused. */
#include "store_removal.h"

/* The rows of one file that go, as marks that say so. */
static bool mark_gone(struct store_removal *removal, const struct store_quarantine_file *file,
                      struct store_quarantine_mark *out, uint64_t *out_count, struct fail *fail)
{
    *out_count = 0;
    for (uint64_t i = 0; i < file->count; i++) {
        struct store_quarantine_row row;
        if (!store_quarantine_file_row(file, i, removal->of->quarantine_raw, &row, fail)) {
            return false;
        }
        if (!removal->of->quarantined(removal, &row)) {
            continue;
        }
        uint32_t code = store_names_intern(removal->store->names, STORE_FAMILY_SOURCE, row.source);
        if (!store_ledger_room(&removal->moved, code, fail)) {
            return false;
        }
        store_ledger_of(&removal->moved, code)->refused++;
        removal->gone.quarantined++;
        out[(*out_count)++] = (struct store_quarantine_mark){.id = row.id, .gone = true};
    }
    return true;
}

/* The file without what is marked. */
static bool write_rest(struct store_removal *removal, const struct store_quarantine_file *file,
                       const struct store_quarantine_mark *list, uint64_t count,
                       struct store_run_info *out, struct fail *fail)
{
    struct store *store = removal->store;
    struct store_quarantine_marks *none = store_quarantine_marks_new();
    struct store_quarantine_marks *marks = store_quarantine_marks_add(none, list, count);
    bool ok =
        store_quarantine_merge(store->disk, file, 1, marks, store_next_file_id(store), out, fail);
    store_quarantine_marks_unref(marks);
    store_quarantine_marks_unref(none);
    return ok;
}

static bool put_file(struct store_removal *removal, const struct store_quarantine_file *file,
                     struct store_manifest *next, struct fail *fail)
{
    struct store *store = removal->store;
    CLEANUP(arena_free_at) struct arena *arena = arena_new(NULL);
    struct store_quarantine_mark *list = arena_array(arena, file->count, sizeof *list, fail);
    struct store_run_info info = {0};
    uint64_t id = store_run_info_of(file->run)->id;
    uint64_t count;
    if (list == NULL || !mark_gone(removal, file, list, &count, fail)) {
        return false;
    }
    if (count == 0) {
        return true;
    }
    bool known = store_removal_place(store->keeper.manifest, STORE_RUN_QUARANTINE, id) <
                 store->keeper.manifest->run_count[STORE_RUN_QUARANTINE];
    bool rest = count < file->count;
    size_t at = store_removal_place(next, STORE_RUN_QUARANTINE, id);
    if ((!known && !store_removal_spare(removal, STORE_RUN_QUARANTINE, id, fail)) ||
        (rest && !write_rest(removal, file, list, count, &info, fail))) {
        return false;
    }
    if (!store_manifest_splice_runs(next, STORE_RUN_QUARANTINE, at, 1, &info, rest, fail)) {
        store_remove_run(store, STORE_RUN_QUARANTINE, info.id);
        return false;
    }
    return true;
}

/* Of the files that `next` names: the seal that comes along may have written some anew. */
bool store_removal_quarantine(struct store_removal *removal, struct store_manifest *next,
                              struct fail *fail)
{
    struct store_quarantine_files *files;
    if (removal->of->quarantined == NULL) {
        return true;
    }
    if (!store_quarantine_files_open(removal->store->disk, next->runs[STORE_RUN_QUARANTINE],
                                     next->run_count[STORE_RUN_QUARANTINE], removal->old.quarantine,
                                     &files, fail)) {
        return false;
    }
    bool ok = true;
    for (size_t i = 0; ok && i < files->count; i++) {
        ok = put_file(removal, &files->files[i], next, fail);
    }
    store_quarantine_files_unref(files);
    return ok;
}
