#include "store_advance.h"

#include <inttypes.h>
#include <stdio.h>

#include "store_keeper.h"
#include "store_writer.h"

/* ---- files that nobody needs ------------------------------------------------------------------------------ */

/* What cannot be removed now is removed at the next opening: no manifest names it. */
void store_remove_run(struct store *store, enum store_run_kind kind, uint64_t id)
{
    char path[STORE_RUN_PATH_BYTES];
    struct fail ignored;
    store_run_path(kind, id, path);
    (void)!disk_remove(store->disk, path, &ignored);
}

void store_remove_segment(struct store *store, uint64_t id)
{
    char path[STORE_RUN_PATH_BYTES];
    struct fail ignored;
    snprintf(path, sizeof path, "segments/%016" PRIx64 ".seg", id);
    (void)!disk_remove(store->disk, path, &ignored);
}

/* ---- installing what a manifest names ------------------------------------------------------------------------- */

/* The segments of `next`: those open already are taken over, new ones are opened. */
static bool open_segments(struct store *store, const struct store_manifest *next,
                          const struct store_segments *old, struct store_segments **out,
                          struct fail *fail)
{
    struct store_segments *set = store_segments_new(next->segment_count);
    for (size_t i = 0; i < next->segment_count; i++) {
        struct store_segment *segment = NULL;
        for (size_t k = 0; k < old->count && segment == NULL; k++) {
            if (store_segment_info(old->segments[k])->id == next->segments[i].id) {
                segment = store_segment_ref(old->segments[k]);
            }
        }
        if (segment == NULL &&
            !store_segment_open(store->disk, store->names, &next->segments[i], &segment, fail)) {
            store_segments_unref(set);
            return false;
        }
        set->segments[set->count++] = segment;
    }
    *out = set;
    return true;
}

void store_opened_done(struct store_opened *opened)
{
    store_segments_unref(opened->segments);
    store_identity_runs_unref(opened->identity);
    store_dedup_runs_unref(opened->dedup);
    store_quarantine_files_unref(opened->quarantine);
}

/* What is in use now; only the holder of the turn changes it, so the references last. */
void store_opened_now(struct store *store, struct store_opened *out)
{
    base_lock(&store->lock);
    out->segments = store_segments_ref(store->now.segments);
    out->identity = store_identity_runs_ref(store->now.identity->runs);
    out->quarantine = store_quarantine_files_ref(store->now.quarantine.files);
    base_unlock(&store->lock);
    out->dedup = store_dedup_runs_ref(store->writing.dedup_runs);
}

/* Opens and checks what was written before the manifest names it: a file that cannot be read back must not be
   relied on. */
static bool open_all(struct store *store, const struct store_manifest *next,
                     const struct store_opened *old, struct store_opened *out, struct fail *fail)
{
    struct disk *disk = store->disk;
    return open_segments(store, next, old->segments, &out->segments, fail) &&
           store_identity_runs_open(disk, next->runs[STORE_RUN_IDENTITY],
                                    next->run_count[STORE_RUN_IDENTITY], old->identity,
                                    &out->identity, fail) &&
           store_dedup_runs_open(disk, next->runs[STORE_RUN_DEDUP],
                                 next->run_count[STORE_RUN_DEDUP], old->dedup, &out->dedup, fail) &&
           store_quarantine_files_open(disk, next->runs[STORE_RUN_QUARANTINE],
                                       next->run_count[STORE_RUN_QUARANTINE], old->quarantine,
                                       &out->quarantine, fail);
}

static bool named_run(const struct store_manifest *manifest, enum store_run_kind kind, uint64_t id)
{
    for (size_t i = 0; i < manifest->run_count[kind]; i++) {
        if (manifest->runs[kind][i].id == id) {
            return true;
        }
    }
    return false;
}

static bool named_segment(const struct store_manifest *manifest, uint64_t id)
{
    for (size_t i = 0; i < manifest->segment_count; i++) {
        if (manifest->segments[i].id == id) {
            return true;
        }
    }
    return false;
}

/* Files that were in use and are not named any more go when their last reader does. */
static void doom_unnamed(const struct store_manifest *next, const struct store_opened *old)
{
    for (size_t i = 0; i < old->segments->count; i++) {
        if (!named_segment(next, store_segment_info(old->segments->segments[i])->id)) {
            store_segment_doom(old->segments->segments[i]);
        }
    }
    for (size_t i = 0; i < old->identity->count; i++) {
        struct store_run *run = old->identity->runs[i].run;
        if (!named_run(next, STORE_RUN_IDENTITY, store_run_info_of(run)->id)) {
            store_run_doom(run);
        }
    }
    for (size_t i = 0; i < old->dedup->count; i++) {
        struct store_run *run = old->dedup->runs[i].run;
        if (!named_run(next, STORE_RUN_DEDUP, store_run_info_of(run)->id)) {
            store_run_doom(run);
        }
    }
    for (size_t i = 0; i < old->quarantine->count; i++) {
        struct store_run *run = old->quarantine->files[i].run;
        if (!named_run(next, STORE_RUN_QUARANTINE, store_run_info_of(run)->id)) {
            store_run_doom(run);
        }
    }
}

/* Removes files that `next` names and the manifest in use does not. */
static void remove_newcomers(struct store *store, const struct store_manifest *next)
{
    const struct store_manifest *now = store->keeper.manifest;
    for (size_t i = 0; i < next->segment_count; i++) {
        if (!named_segment(now, next->segments[i].id)) {
            store_remove_segment(store, next->segments[i].id);
        }
    }
    for (enum store_run_kind kind = STORE_RUN_IDENTITY; kind <= STORE_RUN_QUARANTINE; kind++) {
        for (size_t i = 0; i < next->run_count[kind]; i++) {
            if (!named_run(now, kind, next->runs[kind][i].id)) {
                store_remove_run(store, kind, next->runs[kind][i].id);
            }
        }
    }
}

/* Did a manifest that could not be written change nothing? Then the old one can still be read. */
static bool old_manifest_stands(struct store *store)
{
    CLEANUP(store_manifest_free_at) struct store_manifest *found = NULL;
    struct fail ignored;
    return store_manifest_read(store->disk, &found, &ignored) &&
           found->generation == store->keeper.manifest->generation;
}

void store_advance_abandon(struct store *store, struct store_manifest *next)
{
    remove_newcomers(store, next);
    store_manifest_free(next);
}

bool store_advance_write(struct store *store, struct store_manifest *next,
                         struct store_install *out, bool *out_unsure, struct fail *fail)
{
    *out_unsure = false;
    CLEANUP(store_opened_done) struct store_opened old = {0};
    CLEANUP(store_opened_done) struct store_opened opened = {0};
    store_opened_now(store, &old);
    bool readable = open_all(store, next, &old, &opened, fail);
    if (!readable || !store_manifest_write(store->disk, next, fail)) {
        *out_unsure = readable && !old_manifest_stands(store);
        if (!*out_unsure) {
            remove_newcomers(store, next);
        }
        store_manifest_free(next);
        return false;
    }
    store_manifest_free(store->keeper.manifest);
    store->keeper.manifest = next;
    doom_unnamed(next, &old);
    *out = (struct store_install){
        .segments = opened.segments,
        .identity = opened.identity,
        .dedup = opened.dedup,
        .quarantine = opened.quarantine,
    };
    opened = (struct store_opened){0};
    return true;
}

bool store_advance(struct store *store, struct store_manifest *next, bool sealed, struct fail *fail)
{
    struct store_install install;
    bool unsure;
    if (!store_advance_write(store, next, &install, &unsure, fail)) {
        return false;
    }
    install.sealed = sealed;
    install.sealed_marks = sealed ? store->keeper.frozen->marks : NULL;
    install.bulk = sealed && store->keeper.frozen->bulk != NULL;
    store_writer_control(store, store_install, &install);
    return true;
}

static size_t place_of(const struct store_manifest *manifest, enum store_run_kind kind, uint64_t id)
{
    size_t count =
        kind == STORE_ADVANCE_SEGMENTS ? manifest->segment_count : manifest->run_count[kind];
    for (size_t i = 0; i < count; i++) {
        if (id == (kind == STORE_ADVANCE_SEGMENTS ? manifest->segments[i].id
                                                  : manifest->runs[kind][i].id)) {
            return i;
        }
    }
    return SIZE_MAX;
}

static void remove_merged(struct store *store, const struct store_merged *merged)
{
    if (merged->kind == STORE_ADVANCE_SEGMENTS) {
        store_remove_segment(store, merged->segment.id);
    } else {
        store_remove_run(store, merged->kind, merged->run.id);
    }
}

/* From behind: the new one stands where the first of those stood. */
static bool splice_merged(struct store_manifest *next, const struct store_merged *merged,
                          struct fail *fail)
{
    for (size_t i = merged->count; i-- > 0;) {
        size_t at = place_of(next, merged->kind, merged->gone[i]);
        bool ok =
            merged->kind == STORE_ADVANCE_SEGMENTS
                ? store_manifest_splice_segments(next, at, 1, &merged->segment, i == 0, fail)
                : store_manifest_splice_runs(next, merged->kind, at, 1, &merged->run, i == 0, fail);
        if (!ok) {
            return false;
        }
    }
    return true;
}

bool store_advance_merged(struct store *store, const struct store_merged *merged, struct fail *fail)
{
    const struct store_manifest *manifest = store->keeper.manifest;
    for (size_t i = 0; i < merged->count; i++) {
        if (place_of(manifest, merged->kind, merged->gone[i]) == SIZE_MAX) {
            remove_merged(store, merged);
            return true;
        }
    }
    struct store_manifest *next = NULL;
    if (!store_manifest_copy(manifest, &next, fail) || !splice_merged(next, merged, fail)) {
        remove_merged(store, merged);
        store_manifest_free(next);
        return false;
    }
    next->generation++;
    next->next_file_id = atomic_load(&store->keeper.next_file_id);
    return store_advance(store, next, false, fail);
}

/* ---- journals --------------------------------------------------------------------------------------------- */

static uint64_t first_pinned(struct store *store, uint64_t from)
{
    base_lock(&store->keeper.lock);
    for (const struct store_pin *pin = store->keeper.pins; pin != NULL; pin = pin->next) {
        from = pin->journal_from < from ? pin->journal_from : from;
    }
    base_unlock(&store->keeper.lock);
    return from;
}

void store_pin(struct store *store, struct store_pin *pin)
{
    base_lock(&store->keeper.lock);
    pin->next = store->keeper.pins;
    store->keeper.pins = pin;
    base_unlock(&store->keeper.lock);
}

void store_unpin(struct store *store, struct store_pin *pin)
{
    struct store_keeper *keeper = &store->keeper;
    store_turn_take(store, &keeper->advancing);
    base_lock(&keeper->lock);
    struct store_pin **at = &keeper->pins;
    while (*at != pin) {
        at = &(*at)->next;
    }
    *at = pin->next;
    base_unlock(&keeper->lock);
    store_remove_journals(store, keeper->manifest->journal_from);
    store_turn_give(store, &keeper->advancing);
}

/* Journals before `from` hold nothing that is needed any more. What cannot be removed now goes at the next
   opening. */
void store_remove_journals(struct store *store, uint64_t from)
{
    CLEANUP(arena_free_at) struct arena *arena = arena_new(NULL);
    struct fail ignored;
    struct str *names;
    size_t count;
    from = first_pinned(store, from);
    if (!disk_list(store->disk, "journal", arena, &names, &count, &ignored)) {
        return;
    }
    for (size_t i = 0; i < count; i++) {
        uint64_t id;
        if (store_file_id(names[i], ".log", &id) && id < from) {
            char path[STORE_JOURNAL_PATH_BYTES];
            store_journal_path(id, path);
            (void)!disk_remove(store->disk, path, &ignored);
        }
    }
}
