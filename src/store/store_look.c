/* store_look — a quick look at the files of an open store: are they there, as long as they were, with their heads and
 * footers whole? What lies between is for store_verify. */
#include <inttypes.h>
#include <stdio.h>

#include "store_core.h"
#include "store_hold.h"

struct look {
    struct disk *disk;
    void (*problem)(void *context, const char *path, const char *what);
    void *context;
};

static void look_at_length(struct look *look, const struct store_held_file *held)
{
    CLEANUP(disk_close_at) struct disk_file *file = NULL;
    struct fail fail = {0};
    uint64_t bytes = 0;
    char what[100];
    if (held->content.data != NULL) {
        return;
    }
    if (!disk_open(look->disk, held->path, DISK_READ, &file, &fail) ||
        !disk_size(file, &bytes, &fail)) {
        look->problem(look->context, held->path, fail.message);
    } else if (bytes < held->bytes) {
        (void)snprintf(what, sizeof what, "%" PRIu64 " bytes, of %" PRIu64 " that it had", bytes,
                       held->bytes);
        look->problem(look->context, held->path, what);
    }
}

static void look_at_segment(struct look *look, struct store_snapshot *snapshot,
                            const struct store_segment_info *info)
{
    struct store_segment *again = NULL;
    struct fail fail = {0};
    char path[64];
    if (store_segment_open(look->disk, snapshot->names, info, &again, &fail)) {
        store_segment_unref(again);
        return;
    }
    (void)snprintf(path, sizeof path, "segments/%016" PRIx64 ".seg", info->id);
    look->problem(look->context, path, fail.message);
}

bool store_look(struct store *store,
                void (*problem)(void *context, const char *path, const char *what), void *context,
                uint64_t *out_files, struct fail *fail)
{
    struct look look = {store->disk, problem, context};
    struct store_hold *hold;
    if (!store_hold_take(store, &hold, fail)) {
        return false;
    }
    for (size_t i = 0; i < hold->count; i++) {
        look_at_length(&look, &hold->files[i]);
    }
    *out_files = hold->count;
    store_hold_free(hold);
    struct store_snapshot *snapshot = store_snapshot_take(store);
    for (size_t i = 0; i < snapshot->segment_count; i++) {
        look_at_segment(&look, snapshot, store_segment_info(snapshot->segments[i]));
    }
    store_snapshot_unref(snapshot);
    return true;
}
