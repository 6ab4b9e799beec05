#include "store_advance.h"
#include "store_keeper.h"

/* More runs of one kind than this are merged whatever their sizes. */
#define RUNS_MOST 10U

static bool merge_segments(struct store *store, bool *out_any, struct fail *fail)
{
    const struct store_manifest *manifest = store->keeper.manifest;
    size_t first;
    size_t count;
    *out_any = store_merge_choose(manifest->segments, manifest->segment_count, &first, &count);
    if (!*out_any) {
        return true;
    }
    CLEANUP(store_opened_done) struct store_opened old = {0};
    store_opened_now(store, &old);
    base_lock(&store->lock);
    struct store_identity_view *view = store_identity_view_ref(store->now.identity);
    base_unlock(&store->lock);
    struct store_segment_build build = {
        .disk = store->disk,
        .names = store->names,
        .view = view,
        .segments = old.segments->segments + first,
        .segment_count = count,
        .cancel = &store->keeper.cancel,
    };
    struct store_segment_info info = {.id = store_next_file_id(store)};
    struct store_manifest *next = NULL;
    bool ok = store_segment_write(&build, &info, fail) &&
              store_manifest_copy(manifest, &next, fail) &&
              store_manifest_splice_segments(next, first, count, &info, 1, fail);
    store_identity_view_unref(view);
    if (!ok) {
        store_manifest_free(next);
        return false;
    }
    next->generation++;
    next->next_file_id = atomic_load(&store->keeper.next_file_id);
    return store_advance(store, next, false, fail);
}

/* Replaces runs [first, first + count) by `info`. */
static bool advance_runs(struct store *store, enum store_run_kind kind, size_t first, size_t count,
                         const struct store_run_info *info, struct fail *fail)
{
    struct store_manifest *next = NULL;
    if (!store_manifest_copy(store->keeper.manifest, &next, fail) ||
        !store_manifest_splice_runs(next, kind, first, count, info, 1, fail)) {
        store_manifest_free(next);
        return false;
    }
    next->generation++;
    next->next_file_id = atomic_load(&store->keeper.next_file_id);
    return store_advance(store, next, false, fail);
}

static bool choose_runs(const struct store_manifest *manifest, enum store_run_kind kind,
                        struct arena *arena, size_t *out_first, size_t *out_count, bool *out_any,
                        struct fail *fail)
{
    size_t count = manifest->run_count[kind];
    uint64_t *bytes = arena_array(arena, count, sizeof *bytes, fail);
    if (bytes == NULL) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        bytes[i] = manifest->runs[kind][i].bytes;
    }
    /* Quarantine files that are large already stay as they are; newer ones are looked at alone. */
    size_t from = 0;
    for (size_t i = 0; kind == STORE_RUN_QUARANTINE && i < count; i++) {
        from = bytes[i] > STORE_QUARANTINE_FILE_BYTES_MAX / 4 ? i + 1 : from;
    }
    *out_any = store_run_choose(bytes + from, count - from, RUNS_MOST, out_first, out_count);
    *out_first += *out_any ? from : 0;
    return true;
}

static bool merge_identity(struct store *store, bool *out_any, struct fail *fail)
{
    CLEANUP(arena_free_at) struct arena *arena = arena_new(NULL);
    CLEANUP(store_opened_done) struct store_opened old = {0};
    size_t first = 0;
    size_t count = 0;
    struct store_run_info info;
    if (!choose_runs(store->keeper.manifest, STORE_RUN_IDENTITY, arena, &first, &count, out_any,
                     fail)) {
        return false;
    }
    if (!*out_any) {
        return true;
    }
    store_opened_now(store, &old);
    return store_identity_merge(store->disk, old.identity->runs + first, count, first == 0,
                                store_next_file_id(store), &info, fail) &&
           advance_runs(store, STORE_RUN_IDENTITY, first, count, &info, fail);
}

static bool merge_quarantine(struct store *store, bool *out_any, struct fail *fail)
{
    CLEANUP(arena_free_at) struct arena *arena = arena_new(NULL);
    CLEANUP(store_opened_done) struct store_opened old = {0};
    size_t first = 0;
    size_t count = 0;
    struct store_run_info info;
    if (!choose_runs(store->keeper.manifest, STORE_RUN_QUARANTINE, arena, &first, &count, out_any,
                     fail)) {
        return false;
    }
    if (!*out_any) {
        return true;
    }
    store_opened_now(store, &old);
    return store_quarantine_merge(store->disk, old.quarantine->files + first, count,
                                  store_next_file_id(store), &info, fail) &&
           advance_runs(store, STORE_RUN_QUARANTINE, first, count, &info, fail);
}

static bool merge_dedup(struct store *store, bool *out_any, struct fail *fail)
{
    CLEANUP(arena_free_at) struct arena *arena = arena_new(NULL);
    CLEANUP(store_opened_done) struct store_opened old = {0};
    size_t *chosen;
    size_t count;
    struct store_run_info info;
    struct store_manifest *next = NULL;
    store_opened_now(store, &old);
    if (!store_dedup_choose(old.dedup, store_dedup_span_ms(store->options.dedup_window_ms),
                            base_now_ms(store->clock), arena, &chosen, &count, fail)) {
        return false;
    }
    *out_any = count > 0;
    if (count == 0) {
        return true;
    }
    const struct store_dedup_run **runs = arena_array(arena, count, sizeof *runs, fail);
    if (runs == NULL) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        runs[i] = &old.dedup->runs[chosen[i]];
    }
    if (!store_dedup_merge(store->disk, runs, count, store_next_file_id(store), &info, fail) ||
        !store_manifest_copy(store->keeper.manifest, &next, fail)) {
        return false;
    }
    /* From behind, so that the places of those before stay; the first is replaced. */
    bool ok = true;
    for (size_t i = count; ok && i-- > 0;) {
        ok = store_manifest_splice_runs(next, STORE_RUN_DEDUP, chosen[i], 1, &info, i == 0, fail);
    }
    if (!ok) {
        store_manifest_free(next);
        return false;
    }
    next->generation++;
    next->next_file_id = atomic_load(&store->keeper.next_file_id);
    return store_advance(store, next, false, fail);
}

bool store_keeper_merge(struct store *store, struct fail *fail)
{
    bool (*const merges[])(struct store * store, bool *out_any, struct fail *fail) = {
        merge_identity, merge_dedup, merge_quarantine, merge_segments};
    for (size_t i = 0; i < ARRAY_LEN(merges); i++) {
        bool any = true;
        while (any) {
            if (base_cancel_due(&store->keeper.cancel, fail) || !merges[i](store, &any, fail)) {
                return false;
            }
        }
    }
    return true;
}
