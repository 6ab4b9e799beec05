/* store_removal_dedup.c — runs of deduplication without the keys of what goes. */
#include <stdlib.h>

#include "store_read.h"
#include "store_removal.h"

/* ---- keys of rows --------------------------------------------------------------------------------------- */

bool store_removal_key(struct store_removal *removal, uint32_t source, struct str message_id,
                       struct fail *fail)
{
    struct store *store = removal->store;
    void *keys = removal->keys;
    struct str name = source == STORE_NO_CODE
                          ? STR("")
                          : store_names_get(store->names, STORE_FAMILY_SOURCE, source);
    if (!base_grow_array(&keys, &removal->key_capacity, removal->key_count + 1,
                         sizeof *removal->keys, fail)) {
        return false;
    }
    removal->keys = keys;
    removal->keys[removal->key_count++] = store_dedup_key(store->salt, name, message_id);
    return true;
}

struct reading { /* a block's message ids */
    struct store_values_scratch scratch;
    struct store_vec rows, values, sources;
};

static void reading_done(struct reading *reading)
{
    store_values_scratch_done(&reading->scratch);
    arena_free(reading->scratch.strings);
    store_vec_done(&reading->rows, NULL);
    store_vec_done(&reading->values, NULL);
    store_vec_done(&reading->sources, NULL);
}

static bool read_sources(struct reading *reading, struct store_segment *segment, uint32_t block,
                         struct fail *fail)
{
    const struct store_segment_column *column =
        store_segment_column_find(segment, STORE_SEGMENT_SOURCE, STORE_NO_CODE);
    uint32_t rows = store_segment_block_rows(segment, block);
    struct store_ints ints;
    bool found = false;
    if (!store_vec_room(&reading->sources, rows, sizeof(int64_t), NULL, fail)) {
        return false;
    }
    memset(reading->sources.data, 0, rows * sizeof(int64_t));
    return column == NULL ||
           (store_segment_ints_open(segment, column, block, &ints, &found, fail) &&
            (!found || store_ints_read(&ints, 0, rows, reading->sources.data, fail)));
}

static uint32_t source_of(const struct store_segment *segment, int64_t shifted)
{
    const uint32_t *codes;
    uint32_t count = store_segment_codes(segment, STORE_FAMILY_SOURCE, &codes);
    return shifted > 0 && shifted <= count ? codes[shifted - 1] : STORE_NO_CODE;
}

bool store_removal_keys_of(struct store_removal *removal, struct store_segment *segment,
                           uint32_t block, const uint8_t *goes, struct fail *fail)
{
    CLEANUP(reading_done) struct reading reading = {.scratch.strings = arena_new(NULL)};
    struct store_segment_column *column =
        store_segment_column_find(segment, STORE_SEGMENT_MESSAGE_ID, STORE_NO_CODE);
    struct store_dictionary dictionary;
    struct store_values values;
    bool found = false;
    if (column == NULL) {
        return true;
    }
    if (!store_segment_values_open(segment, column, block, &dictionary, &values, &found, fail)) {
        return false;
    }
    if (!found) {
        return true;
    }
    uint32_t count = values.entries;
    if (!read_sources(&reading, segment, block, fail) ||
        !store_vec_room(&reading.rows, count, sizeof(uint32_t), NULL, fail) ||
        !store_vec_room(&reading.values, count, sizeof(struct store_value), NULL, fail)) {
        return false;
    }
    uint32_t *rows = reading.rows.data;
    const struct store_value *all = reading.values.data;
    const int64_t *sources = reading.sources.data;
    if (!store_values_rows(&values, 0, count, rows, fail) ||
        !store_values_read(&values, 0, count, NULL, 0, &reading.scratch, reading.values.data,
                           fail)) {
        return store_segment_blame(segment, column, block, fail);
    }
    for (uint32_t i = 0; i < count; i++) {
        if (all[i].kind == STORE_STRING && goes[rows[i]] != 0 &&
            !store_removal_key(removal, source_of(segment, sources[rows[i]]),
                               store_value_text(all[i]), fail)) {
            return false;
        }
    }
    return true;
}

/* ---- runs without them ---------------------------------------------------------------------------------- */

struct wanted { /* the first 80 bits of keys, sorted */
    struct store_dedup_key *at;
    size_t count;
    size_t next; /* those before it are less than the key asked for last */
};

static int compare_keys(const void *a, const void *b)
{
    const struct store_dedup_key *x = a;
    const struct store_dedup_key *y = b;
    return store_dedup_compare(*x, *y);
}

/* A run's keys are asked for in ascending order, from its first one on as often as it is read. */
static bool is_wanted(void *context, struct store_dedup_key key, int64_t at_ms)
{
    struct wanted *wanted = context;
    (void)at_ms;
    if (wanted->next > 0 && store_dedup_compare(wanted->at[wanted->next - 1], key) >= 0) {
        wanted->next = 0;
    }
    while (wanted->next < wanted->count && store_dedup_compare(wanted->at[wanted->next], key) < 0) {
        wanted->next++;
    }
    return wanted->next < wanted->count && store_dedup_compare(wanted->at[wanted->next], key) == 0;
}

/* Most runs hold none of the keys, and are told by their filters. */
static bool holds_any(const struct store_removal *removal, const struct store_dedup_run *run,
                      bool *out, struct fail *fail)
{
    *out = false;
    for (size_t i = 0; i < removal->key_count && !*out; i++) {
        if (!store_dedup_run_find(run, removal->keys[i], out, fail)) {
            return false;
        }
    }
    return true;
}

static bool without_keys(struct store_removal *removal, const struct store_dedup_run *run,
                         uint64_t id, struct store_run_info *out, uint64_t *out_left, bool *out_any,
                         struct fail *fail)
{
    struct wanted wanted = {.count = removal->key_count};
    *out_any = false;
    *out_left = run->count;
    bool any;
    if (!holds_any(removal, run, &any, fail)) {
        return false;
    }
    if (!any) {
        return true;
    }
    CLEANUP(arena_free_at) struct arena *arena = arena_new(NULL);
    wanted.at = arena_array(arena, wanted.count, sizeof *wanted.at, fail);
    if (wanted.at == NULL) {
        return false;
    }
    for (size_t i = 0; i < wanted.count; i++) {
        wanted.at[i] = store_dedup_key_of(removal->keys[i]);
    }
    qsort(wanted.at, wanted.count, sizeof *wanted.at, compare_keys);
    return store_dedup_without(removal->store->disk, run, is_wanted, &wanted, id, out, out_left,
                               out_any, fail);
}

static bool without(struct store_removal *removal, const struct store_dedup_run *run, uint64_t id,
                    struct store_run_info *out, uint64_t *out_left, bool *out_any,
                    struct fail *fail)
{
    if (removal->of->dedup != NULL) {
        return removal->of->dedup(removal, run, id, out, out_left, out_any, fail);
    }
    *out_any = false;
    *out_left = run->count;
    return removal->key_count == 0 || without_keys(removal, run, id, out, out_left, out_any, fail);
}

bool store_removal_dedup(struct store_removal *removal, struct fail *fail)
{
    const struct store_dedup_runs *all = removal->old.dedup;
    struct store_removal_run *dedup = arena_array(removal->arena, removal->dedup_count + all->count,
                                                  sizeof *removal->dedup, fail);
    if (dedup == NULL) {
        return false;
    }
    if (removal->dedup_count > 0) {
        memcpy(dedup, removal->dedup, removal->dedup_count * sizeof *dedup);
    }
    removal->dedup = dedup;
    for (size_t i = 0; i < all->count; i++) {
        const struct store_dedup_run *run = &all->runs[i];
        if (store_run_info_of(run->run)->id < removal->looked_below) {
            continue; /* keys of rows that came since are in no run from before */
        }
        struct store_removal_run *out = &removal->dedup[removal->dedup_count];
        uint64_t id = store_next_file_id(removal->store);
        uint64_t left;
        bool any;
        *out = (struct store_removal_run){.old = store_run_info_of(run->run)->id};
        if (!without(removal, run, id, &out->info, &left, &any, fail)) {
            return false;
        }
        out->any = left > 0;
        removal->dedup_count += any;
        removal->gone.keys += any ? run->count - left : 0;
    }
    return true;
}

/* A run that became too old in the meantime was dropped, and stays so. */
static bool put_old(struct store_removal *removal, struct store_manifest *next, struct fail *fail)
{
    for (size_t i = 0; i < removal->dedup_count; i++) {
        const struct store_removal_run *run = &removal->dedup[i];
        size_t at = store_removal_place(next, STORE_RUN_DEDUP, run->old);
        if (at == next->run_count[STORE_RUN_DEDUP]) {
            store_remove_run(removal->store, STORE_RUN_DEDUP, run->info.id);
        } else if (!store_manifest_splice_runs(next, STORE_RUN_DEDUP, at, 1, &run->info, run->any,
                                               fail)) {
            return false;
        }
    }
    return true;
}

static bool is_old(const struct store_dedup_runs *old, uint64_t id)
{
    for (size_t i = 0; i < old->count; i++) {
        if (store_run_info_of(old->runs[i].run)->id == id) {
            return true;
        }
    }
    return false;
}

/* What the seal that comes along has written just now. */
static bool put_new(struct store_removal *removal, const struct store_dedup_runs *runs,
                    struct store_manifest *next, struct fail *fail)
{
    for (size_t i = 0; i < runs->count; i++) {
        const struct store_dedup_run *run = &runs->runs[i];
        uint64_t id = store_run_info_of(run->run)->id;
        struct store_run_info info = {0};
        uint64_t left;
        bool any;
        bool ours = is_old(removal->old.dedup, id);
        for (size_t k = 0; k < removal->dedup_count; k++) {
            ours = ours || removal->dedup[k].info.id == id;
        }
        if (ours) {
            continue;
        }
        if (!without(removal, run, store_next_file_id(removal->store), &info, &left, &any, fail)) {
            return false;
        }
        if (any && (!store_removal_spare(removal, STORE_RUN_DEDUP, id, fail) ||
                    !store_manifest_splice_runs(next, STORE_RUN_DEDUP,
                                                store_removal_place(next, STORE_RUN_DEDUP, id), 1,
                                                &info, left > 0, fail))) {
            return false;
        }
        removal->gone.keys += any ? run->count - left : 0;
    }
    return true;
}

bool store_removal_put_dedup(struct store_removal *removal, struct store_manifest *next,
                             struct fail *fail)
{
    struct store_dedup_runs *runs;
    if (!put_old(removal, next, fail)) {
        return false;
    }
    if (removal->key_count == 0) {
        return true;
    }
    if (!store_dedup_runs_open(removal->store->disk, next->runs[STORE_RUN_DEDUP],
                               next->run_count[STORE_RUN_DEDUP], removal->old.dedup, &runs, fail)) {
        return false;
    }
    bool ok = put_new(removal, runs, next, fail);
    store_dedup_runs_unref(runs);
    return ok;
}
