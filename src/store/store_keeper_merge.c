#include "store_advance.h"
#include "store_keeper.h"

/* More runs of one kind than this are merged whatever their sizes. */
#define RUNS_MOST 10U
/* What is merged beside another merge reads no more than this: a second or two. */
#define SMALL_BYTES ((uint64_t)128 << 20)

/* What a merge works on: chosen and held while nobody else advances; written while others may. */
struct chosen {
    struct arena *arena;
    struct store_opened old;
    size_t *at; /* indexes into the manifest's list and into what is open, ascending */
    size_t count;
    bool from_first;            /* nothing older stands beside them */
    bool quiet;                 /* hardly anything else is going on */
    struct store_holding taken; /* by a merge that this one is beside; none: count 0 */
    uint64_t stays_below;       /* files with lower numbers are not to be merged */
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

static bool choose_segments(struct store *store, struct chosen *chosen, struct fail *fail)
{
    const struct store_manifest *manifest = store->keeper.manifest;
    size_t first;
    size_t count = manifest->segment_count;
    size_t from = 0;
    if (count == 0) {
        return true;
    }
    uint64_t *hefts = arena_array(chosen->arena, count, sizeof *hefts, fail);
    if (hefts == NULL) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        hefts[i] = store_segment_heft(chosen->old.segments->segments[i]);
        from = manifest->segments[i].id < chosen->stays_below ? i + 1 : from;
    }
    return !store_merge_choose(manifest->segments + from, hefts + from, count - from, chosen->quiet,
                               &first, &count) ||
           neighbours(chosen, from + first, count, fail);
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

/* Is the run being merged already, or to stay? */
static bool is_taken(const struct chosen *chosen, uint64_t id)
{
    bool taken = id < chosen->stays_below;
    for (size_t i = 0; i < chosen->taken.count && chosen->taken.kind == STORE_RUN_DEDUP; i++) {
        taken |= chosen->taken.ids[i] == id;
    }
    return taken;
}

static bool choose_dedup(struct store *store, struct chosen *chosen, struct fail *fail)
{
    const struct store_dedup_runs *runs = chosen->old.dedup;
    bool *taken = arena_array(chosen->arena, runs->count, sizeof *taken, fail);
    if (taken == NULL) {
        return false;
    }
    for (size_t i = 0; i < runs->count; i++) {
        taken[i] = is_taken(chosen, store_run_info_of(runs->runs[i].run)->id);
    }
    return store_dedup_choose(runs, taken, store_dedup_span_ms(store->options.dedup_window_ms),
                              base_now_ms(store->clock), chosen->arena, &chosen->at, &chosen->count,
                              fail);
}

static bool choose(struct store *store, enum store_run_kind kind, struct chosen *chosen,
                   struct fail *fail)
{
    store_opened_now(store, &chosen->old);
    switch (kind) {
    case STORE_ADVANCE_SEGMENTS:
        return choose_segments(store, chosen, fail);
    case STORE_RUN_DEDUP:
        return choose_dedup(store, chosen, fail);
    case STORE_RUN_IDENTITY:
    case STORE_RUN_QUARANTINE:
        break;
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
        .cancel = &store->keeper.merge_cancel,
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
    return store_dedup_merge(store->disk, runs, chosen->count, id, &store->keeper.merge_cancel, out,
                             fail);
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

static uint64_t bytes_chosen(const struct chosen *chosen, enum store_run_kind kind)
{
    uint64_t bytes = 0;
    for (size_t i = 0; i < chosen->count; i++) {
        bytes += bytes_of(chosen, kind, chosen->at[i]);
    }
    return bytes;
}

/* The new file stands beside the old ones for a while. A merge may wait; what comes in may not. */
static bool has_room(struct store *store, const struct chosen *chosen, enum store_run_kind kind)
{
    struct disk_room room;
    struct fail ignored;
    uint64_t needed = store->options.spare_bytes + bytes_chosen(chosen, kind);
    return !disk_measure(store->disk, &room, &ignored) || room.free_bytes >= needed;
}

/* ---- one merge -------------------------------------------------------------------------------------------- */

/* What is worth merging, if anything is and there is room for it. With the turn for small merges, so that nobody chooses the same. */
static bool choose_worth(struct store *store, enum store_run_kind kind, struct chosen *chosen,
                         struct fail *fail)
{
    struct store_turn *advancing = &store->keeper.advancing;
    store_turn_take(store, advancing);
    bool ok = choose(store, kind, chosen, fail);
    store_turn_give(store, advancing);
    if (ok && chosen->count > 0 && !has_room(store, chosen, kind)) {
        chosen->count = 0;
    }
    return ok;
}

static bool ids_chosen(const struct chosen *chosen, enum store_run_kind kind,
                       struct store_holding *out, struct fail *fail)
{
    uint64_t *ids = arena_array(chosen->arena, chosen->count, sizeof *ids, fail);
    for (size_t i = 0; ids != NULL && i < chosen->count; i++) {
        ids[i] = id_of(chosen, kind, chosen->at[i]);
    }
    *out = (struct store_holding){.kind = kind, .ids = ids, .count = chosen->count};
    return ids != NULL;
}

static bool merge_chosen(struct store *store, struct chosen *chosen,
                         const struct store_holding *files, struct fail *fail)
{
    struct store_turn *advancing = &store->keeper.advancing;
    struct store_merged merged = {.kind = files->kind, .gone = files->ids, .count = files->count};
    if (!write_merged(store, files->kind, chosen, &merged, fail)) {
        return false;
    }
    store_turn_take(store, advancing);
    bool ok = store_advance_merged(store, &merged, fail);
    store_turn_give(store, advancing);
    return ok;
}

static void hold(struct store *store, const struct store_holding *held)
{
    base_lock(&store->keeper.lock);
    store->keeper.held = held;
    base_unlock(&store->keeper.lock);
}

/* One merge of a kind. The turn for small merges is given back before the work. */
static bool merge_one(struct store *store, enum store_run_kind kind, bool quiet, bool *out_any,
                      struct fail *fail)
{
    CLEANUP(chosen_done) struct chosen chosen = {.arena = arena_new(NULL), .quiet = quiet};
    struct store_holding files = {0};
    store_turn_take(store, &store->keeper.small);
    bool ok = choose_worth(store, kind, &chosen, fail) &&
              (chosen.count == 0 || ids_chosen(&chosen, kind, &files, fail));
    *out_any = ok && chosen.count > 0;
    hold(store, *out_any ? &files : NULL);
    store_turn_give(store, &store->keeper.small);
    if (*out_any) {
        ok = merge_chosen(store, &chosen, &files, fail);
        hold(store, NULL);
    }
    return ok;
}

/* Beside intake first what it looks into; where nothing comes in, what is asked. */
static const enum store_run_kind beside_intake[] = {STORE_RUN_IDENTITY, STORE_RUN_DEDUP,
                                                    STORE_RUN_QUARANTINE, STORE_ADVANCE_SEGMENTS};
static const enum store_run_kind in_quiet[ARRAY_LEN(beside_intake)] = {
    STORE_RUN_IDENTITY, STORE_ADVANCE_SEGMENTS, STORE_RUN_DEDUP, STORE_RUN_QUARANTINE};

bool store_keeper_merge(struct store *store, bool quiet, struct fail *fail)
{
    const enum store_run_kind *kinds = quiet ? in_quiet : beside_intake;
    for (size_t i = 0; i < ARRAY_LEN(beside_intake); i++) {
        bool any = true;
        while (any) {
            if (base_cancel_due(&store->keeper.merge_cancel, fail) ||
                !merge_one(store, kinds[i], quiet, &any, fail)) {
                return false;
            }
        }
    }
    return true;
}

/* ---- beside another ------------------------------------------------------------------------------------- */

/* What is being merged now, copied; count 0: nothing. And what is to stay. */
static bool copy_held(struct store *store, struct chosen *chosen, struct fail *fail)
{
    uint64_t *ids = NULL;
    base_lock(&store->keeper.lock);
    const struct store_holding *held = store->keeper.held;
    if (held != NULL) {
        chosen->taken = *held;
        ids = arena_array(chosen->arena, held->count, sizeof *ids, fail);
        if (ids != NULL) {
            memcpy(ids, held->ids, held->count * sizeof *ids);
        }
    }
    chosen->taken.ids = ids;
    chosen->stays_below = store->keeper.stays_below;
    base_unlock(&store->keeper.lock);
    return held == NULL || ids != NULL;
}

/* Of keys more can be merged beside others. A merge of segments holds the rows of a batch, which is memory enough for one; other
   runs are small, and done soon. Beside who wants files to stay: what there are many of. */
static bool may_beside(const struct chosen *chosen, enum store_run_kind kind)
{
    if (chosen->stays_below > 0) {
        return kind == STORE_ADVANCE_SEGMENTS || kind == STORE_RUN_DEDUP;
    }
    return chosen->taken.count > 0 && (chosen->taken.kind != kind || kind == STORE_RUN_DEDUP);
}

/* One small merge of a kind. With the turn for small merges. */
static bool merge_small(struct store *store, enum store_run_kind kind, bool *out_any,
                        struct fail *fail)
{
    CLEANUP(chosen_done) struct chosen chosen = {.arena = arena_new(NULL)};
    struct store_holding files;
    *out_any = false;
    if (base_cancel_due(&store->keeper.merge_cancel, fail) || !copy_held(store, &chosen, fail)) {
        return false;
    }
    if (!may_beside(&chosen, kind)) {
        return true;
    }
    if (!choose_worth(store, kind, &chosen, fail)) {
        return false;
    }
    *out_any = chosen.count > 0 && bytes_chosen(&chosen, kind) <= SMALL_BYTES;
    return !*out_any ||
           (ids_chosen(&chosen, kind, &files, fail) && merge_chosen(store, &chosen, &files, fail));
}

bool store_keeper_merge_beside(struct store *store, struct fail *fail)
{
    bool ok = true;
    for (size_t i = 0; ok && i < ARRAY_LEN(beside_intake); i++) {
        for (bool any = true; ok && any;) {
            store_turn_take(store, &store->keeper.small);
            ok = merge_small(store, beside_intake[i], &any, fail);
            store_turn_give(store, &store->keeper.small);
        }
    }
    return ok;
}
