#include "store_advance.h"
#include "store_keeper.h"

/* More runs of one kind than this are merged whatever their sizes. */
#define RUNS_MOST 10U

/* What a merge works on: chosen and held while nobody else advances; written while others may. */
struct chosen {
    struct arena *arena;
    struct store_opened old;
    size_t *at; /* indexes into the manifest's list and into what is open, ascending */
    size_t count;
    bool from_first; /* nothing older stands beside them */
    bool quiet;      /* hardly anything else is going on */
};

static void chosen_done(struct chosen *chosen)
{
    store_opened_done(&chosen->old);
    arena_free(chosen->arena);
}

static bool neighbours(struct chosen *chosen, size_t first, size_t count, struct fail *fail)
{
    chosen->at = arena_array(chosen->arena, count, sizeof *chosen->at, fail);
    if (chosen->at == NULL) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        chosen->at[i] = first + i;
    }
    chosen->count = count;
    chosen->from_first = first == 0;
    return true;
}

static bool choose_segments(struct store *store, bool quiet, struct chosen *chosen,
                            struct fail *fail)
{
    const struct store_manifest *manifest = store->keeper.manifest;
    size_t first;
    size_t count = manifest->segment_count;
    uint64_t *hefts = arena_array(chosen->arena, count, sizeof *hefts, fail);
    if (hefts == NULL) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        hefts[i] = store_segment_heft(chosen->old.segments->segments[i]);
    }
    return !store_merge_choose(manifest->segments, hefts, count, quiet, &first, &count) ||
           neighbours(chosen, first, count, fail);
}

static bool choose_runs(struct store *store, enum store_run_kind kind, struct chosen *chosen,
                        struct fail *fail)
{
    const struct store_manifest *manifest = store->keeper.manifest;
    size_t count = manifest->run_count[kind];
    uint64_t *bytes = arena_array(chosen->arena, count, sizeof *bytes, fail);
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
    size_t first;
    size_t merged;
    return !store_run_choose(bytes + from, count - from, RUNS_MOST, &first, &merged) ||
           neighbours(chosen, from + first, merged, fail);
}

static bool choose(struct store *store, enum store_run_kind kind, bool quiet, struct chosen *chosen,
                   struct fail *fail)
{
    store_opened_now(store, &chosen->old);
    if (kind == STORE_ADVANCE_SEGMENTS) {
        return choose_segments(store, quiet, chosen, fail);
    }
    if (kind == STORE_RUN_DEDUP) {
        return store_dedup_choose(
            chosen->old.dedup, store_dedup_span_ms(store->options.dedup_window_ms),
            base_now_ms(store->clock), chosen->arena, &chosen->at, &chosen->count, fail);
    }
    return choose_runs(store, kind, chosen, fail);
}

/* ---- writing ------------------------------------------------------------------------------------------- */

static bool write_segment(struct store *store, const struct chosen *chosen,
                          struct store_segment_info *out, struct fail *fail)
{
    base_lock(&store->lock);
    struct store_identity_view *view = store_identity_view_ref(store->now.identity);
    base_unlock(&store->lock);
    struct store_segment_build build = {
        .disk = store->disk,
        .names = store->names,
        .view = view,
        .segments = chosen->old.segments->segments + chosen->at[0],
        .segment_count = chosen->count,
        .cancel = &store->keeper.cancel,
        .zone = atomic_load_explicit(&store->days_zone, memory_order_relaxed),
        .apart = chosen->quiet, /* else the other processors are for who sends and asks */
    };
    bool ok = store_segment_write(&build, out, fail);
    store_identity_view_unref(view);
    return ok;
}

static bool write_dedup(struct store *store, struct chosen *chosen, uint64_t id,
                        struct store_run_info *out, struct fail *fail)
{
    const struct store_dedup_run **runs =
        arena_array(chosen->arena, chosen->count, sizeof *runs, fail);
    if (runs == NULL) {
        return false;
    }
    for (size_t i = 0; i < chosen->count; i++) {
        runs[i] = &chosen->old.dedup->runs[chosen->at[i]];
    }
    return store_dedup_merge(store->disk, runs, chosen->count, id, out, fail);
}

static bool write_merged(struct store *store, enum store_run_kind kind, struct chosen *chosen,
                         struct store_merged *out, struct fail *fail)
{
    uint64_t id = store_next_file_id(store);
    switch (kind) {
    case STORE_ADVANCE_SEGMENTS:
        out->segment.id = id;
        return write_segment(store, chosen, &out->segment, fail);
    case STORE_RUN_IDENTITY:
        return store_identity_merge(store->disk, chosen->old.identity->runs + chosen->at[0],
                                    chosen->count, chosen->from_first, id, &out->run, fail);
    case STORE_RUN_DEDUP:
        return write_dedup(store, chosen, id, &out->run, fail);
    case STORE_RUN_QUARANTINE:
        return store_quarantine_merge(store->disk, chosen->old.quarantine->files + chosen->at[0],
                                      chosen->count, NULL, id, &out->run, fail);
    }
    return fail_set(fail, FAIL_INTERNAL, "there is nothing of that kind to merge");
}

static uint64_t id_of(const struct chosen *chosen, enum store_run_kind kind, size_t at)
{
    const struct store_opened *old = &chosen->old;
    return kind == STORE_ADVANCE_SEGMENTS ? store_segment_info(old->segments->segments[at])->id
           : kind == STORE_RUN_IDENTITY   ? store_run_info_of(old->identity->runs[at].run)->id
           : kind == STORE_RUN_DEDUP      ? store_run_info_of(old->dedup->runs[at].run)->id
                                          : store_run_info_of(old->quarantine->files[at].run)->id;
}

static uint64_t bytes_of(const struct chosen *chosen, enum store_run_kind kind, size_t at)
{
    const struct store_opened *old = &chosen->old;
    return kind == STORE_ADVANCE_SEGMENTS ? store_segment_info(old->segments->segments[at])->bytes
           : kind == STORE_RUN_IDENTITY   ? store_run_info_of(old->identity->runs[at].run)->bytes
           : kind == STORE_RUN_DEDUP      ? store_run_info_of(old->dedup->runs[at].run)->bytes
                                     : store_run_info_of(old->quarantine->files[at].run)->bytes;
}

/* The new file stands beside the old ones for a while. A merge may wait; what comes in may not. */
static bool has_room(struct store *store, const struct chosen *chosen, enum store_run_kind kind)
{
    struct disk_room room;
    struct fail ignored;
    uint64_t needed = store->options.spare_bytes;
    for (size_t i = 0; i < chosen->count; i++) {
        needed += bytes_of(chosen, kind, chosen->at[i]);
    }
    return !disk_measure(store->disk, &room, &ignored) || room.free_bytes >= needed;
}

/* One merge of a kind, where one is worth it and there is room for it. */
static bool merge_one(struct store *store, enum store_run_kind kind, bool quiet, bool *out_any,
                      struct fail *fail)
{
    struct store_turn *advancing = &store->keeper.advancing;
    CLEANUP(chosen_done) struct chosen chosen = {.arena = arena_new(NULL), .quiet = quiet};
    store_turn_take(store, advancing);
    bool ok = choose(store, kind, quiet, &chosen, fail);
    store_turn_give(store, advancing);
    *out_any = ok && chosen.count > 0 && has_room(store, &chosen, kind);
    if (!*out_any) {
        return ok;
    }
    struct store_merged merged = {.kind = kind, .count = chosen.count};
    uint64_t *gone = arena_array(chosen.arena, chosen.count, sizeof *gone, fail);
    if (gone == NULL || !write_merged(store, kind, &chosen, &merged, fail)) {
        return false;
    }
    for (size_t i = 0; i < chosen.count; i++) {
        gone[i] = id_of(&chosen, kind, chosen.at[i]);
    }
    merged.gone = gone;
    store_turn_take(store, advancing);
    ok = store_advance_merged(store, &merged, fail);
    store_turn_give(store, advancing);
    return ok;
}

bool store_keeper_merge(struct store *store, bool quiet, struct fail *fail)
{
    /* Beside intake first what it looks into; where nothing comes in, what is asked. */
    static const enum store_run_kind beside[] = {STORE_RUN_IDENTITY, STORE_RUN_DEDUP,
                                                 STORE_RUN_QUARANTINE, STORE_ADVANCE_SEGMENTS};
    static const enum store_run_kind calm[ARRAY_LEN(beside)] = {
        STORE_RUN_IDENTITY, STORE_ADVANCE_SEGMENTS, STORE_RUN_DEDUP, STORE_RUN_QUARANTINE};
    const enum store_run_kind *kinds = quiet ? calm : beside;
    for (size_t i = 0; i < ARRAY_LEN(beside); i++) {
        bool any = true;
        while (any) {
            if (base_cancel_due(&store->keeper.cancel, fail) ||
                !merge_one(store, kinds[i], quiet, &any, fail)) {
                return false;
            }
        }
    }
    return true;
}
