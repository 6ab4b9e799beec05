#include "store_dedup.h"

#include <stdatomic.h>

#include "base_bytes.h"
#include "store_bloom.h"

#define SIZE_FIRST 64U

struct base_hash128 store_dedup_key(uint64_t salt, struct str source, struct str message_id)
{
    return base_hash128(message_id.data, message_id.len,
                        base_hash64(source.data, source.len, salt));
}

/* ---- since the last seal ----------------------------------------------------------------------------- */

struct store_dedup_live *store_dedup_live_new(void)
{
    return base_alloc_zero(sizeof(struct store_dedup_live));
}

void store_dedup_live_free(struct store_dedup_live *live)
{
    if (live == NULL) {
        return;
    }
    base_free(live->slots);
    base_free(live->undo);
    base_free(live);
}

static size_t slot_of(const struct store_dedup_live *live, struct base_hash128 key)
{
    size_t i = (size_t)key.low & (live->size - 1);
    while (live->slots[i].at_ms != STORE_NO_TIME &&
           (live->slots[i].key.low != key.low || live->slots[i].key.high != key.high)) {
        i = (i + 1) & (live->size - 1);
    }
    return i;
}

bool store_dedup_live_begin(struct store_dedup_live *live, size_t puts, struct fail *fail)
{
    live->undo_count = 0;
    void *undo = live->undo;
    if (!base_grow_array(&undo, &live->undo_capacity, puts, sizeof live->undo[0], fail)) {
        return false;
    }
    live->undo = undo;
    if ((live->count + puts) * 3 <= live->size * 2) {
        return true;
    }
    size_t size = live->size == 0 ? SIZE_FIRST : live->size;
    while ((live->count + puts) * 3 > size * 2) {
        size *= 2;
    }
    void *slots = NULL;
    if (!base_alloc_array(size, sizeof live->slots[0], &slots, fail)) {
        return false;
    }
    struct store_dedup_live grown = *live;
    grown.slots = slots;
    grown.size = size;
    for (size_t i = 0; i < size; i++) {
        grown.slots[i].at_ms = STORE_NO_TIME;
    }
    for (size_t i = 0; i < live->size; i++) {
        if (live->slots[i].at_ms != STORE_NO_TIME) {
            grown.slots[slot_of(&grown, live->slots[i].key)] = live->slots[i];
        }
    }
    base_free(live->slots);
    *live = grown;
    return true;
}

void store_dedup_live_put(struct store_dedup_live *live, struct base_hash128 key, int64_t at_ms)
{
    INVARIANT(live->undo_count < live->undo_capacity);
    size_t slot = slot_of(live, key);
    int64_t before = live->slots[slot].at_ms;
    live->undo[live->undo_count++] = (struct store_dedup_undo){slot, before};
    live->count += before == STORE_NO_TIME;
    live->slots[slot] = (struct store_dedup_entry){key, at_ms};
}

/* Taken back last first, so that every probe finds the table as it was. */
void store_dedup_live_rollback(struct store_dedup_live *live)
{
    while (live->undo_count > 0) {
        struct store_dedup_undo undo = live->undo[--live->undo_count];
        live->slots[undo.slot].at_ms = undo.at_ms;
        live->count -= undo.at_ms == STORE_NO_TIME;
    }
}

bool store_dedup_live_find(const struct store_dedup_live *live, struct base_hash128 key,
                           int64_t *out_at_ms)
{
    if (live->count == 0) {
        return false;
    }
    int64_t at_ms = live->slots[slot_of(live, key)].at_ms;
    if (at_ms == STORE_NO_TIME) {
        return false;
    }
    *out_at_ms = at_ms;
    return true;
}

/* ---- sealed ------------------------------------------------------------------------------------------------ */

static bool damaged(const struct store_dedup_run *run, const char *what, struct fail *fail)
{
    char path[STORE_RUN_PATH_BYTES];
    store_run_path(STORE_RUN_DEDUP, store_run_info_of(run->run)->id, path);
    return fail_set(fail, FAIL_CORRUPT, "%s: %s", path, what);
}

static bool read_meta(struct store_dedup_run *run, struct fail *fail)
{
    const uint8_t *meta;
    if (!store_run_at(run->run, STORE_DEDUP_META, 0, STORE_DEDUP_META_BYTES, &meta, fail)) {
        return false;
    }
    run->count = base_get_u64(meta);
    run->base_ms = base_get_i64(meta + 8);
    run->first_ms = base_get_i64(meta + 16);
    run->last_ms = base_get_i64(meta + 24);
    run->import = base_get_u64(meta + 32) != 0;
    uint64_t len = store_run_len(run->run, STORE_DEDUP_ENTRIES);
    if (len % STORE_DEDUP_ENTRY_BYTES != 0 || len / STORE_DEDUP_ENTRY_BYTES != run->count) {
        return damaged(run, "its entries have another length than its count says", fail);
    }
    return true;
}

static bool open_run(struct disk *disk, const struct store_run_info *info,
                     const struct store_dedup_runs *open, struct store_dedup_run *out,
                     struct fail *fail)
{
    for (size_t i = 0; open != NULL && i < open->count; i++) {
        if (store_run_info_of(open->runs[i].run)->id == info->id) {
            *out = open->runs[i];
            store_run_ref(out->run);
            return true;
        }
    }
    if (!store_run_open(disk, STORE_RUN_DEDUP, info, &out->run, fail)) {
        return false;
    }
    if (!read_meta(out, fail)) {
        store_run_unref(out->run);
        return false;
    }
    return true;
}

bool store_dedup_runs_open(struct disk *disk, const struct store_run_info *infos, size_t count,
                           const struct store_dedup_runs *open, struct store_dedup_runs **out,
                           struct fail *fail)
{
    struct store_dedup_runs *set = base_alloc_zero(sizeof *set + count * sizeof set->runs[0]);
    atomic_store(&set->references, 1);
    for (size_t i = 0; i < count; i++) {
        if (!open_run(disk, &infos[i], open, &set->runs[i], fail)) {
            store_dedup_runs_unref(set);
            return false;
        }
        set->count++;
    }
    *out = set;
    return true;
}

struct store_dedup_runs *store_dedup_runs_ref(struct store_dedup_runs *runs)
{
    atomic_fetch_add_explicit(&runs->references, 1, memory_order_relaxed);
    return runs;
}

void store_dedup_runs_unref(struct store_dedup_runs *runs)
{
    if (runs == NULL ||
        atomic_fetch_sub_explicit(&runs->references, 1, memory_order_acq_rel) != 1) {
        return;
    }
    for (size_t i = 0; i < runs->count; i++) {
        store_run_unref(runs->runs[i].run);
    }
    base_free(runs);
}

static bool entry_at(const struct store_dedup_run *run, uint64_t at, const uint8_t **out,
                     struct fail *fail)
{
    return store_run_at(run->run, STORE_DEDUP_ENTRIES, at * STORE_DEDUP_ENTRY_BYTES,
                        STORE_DEDUP_ENTRY_BYTES, out, fail);
}

/* The first entry whose low half is not below `low`; halves are uniform, so proportion guesses well. */
static bool lower(const struct store_dedup_run *run, uint64_t key, uint64_t *out, struct fail *fail)
{
    uint64_t low = 0;
    uint64_t high = run->count;
    uint64_t low_key = 0;
    uint64_t high_key = UINT64_MAX;
    for (int round = 0; low < high; round++) {
        uint64_t middle = low + (high - low) / 2;
        if (round < 6 && high_key > low_key && key >= low_key && key <= high_key) {
            middle = low + (uint64_t)(((unsigned __int128)(key - low_key) * (high - low)) /
                                      ((unsigned __int128)(high_key - low_key) + 1));
        }
        const uint8_t *entry;
        if (!entry_at(run, middle, &entry, fail)) {
            return false;
        }
        uint64_t found = base_get_u64(entry);
        if (found < key) {
            low = middle + 1;
            low_key = found;
        } else {
            high = middle;
            high_key = found;
        }
    }
    *out = low;
    return true;
}

static bool find_in(const struct store_dedup_run *run, struct base_hash128 key, int64_t at_ms,
                    int64_t window_ms, bool *out, struct fail *fail)
{
    uint64_t blocks = store_run_len(run->run, STORE_DEDUP_BLOOM) / STORE_BLOOM_BLOCK_BYTES;
    const uint8_t *block;
    uint64_t at;
    if (blocks == 0 || (!run->import && at_ms > run->last_ms && at_ms - run->last_ms > window_ms)) {
        return true;
    }
    if (!store_run_at(run->run, STORE_DEDUP_BLOOM,
                      store_bloom_block(key.low, blocks) * STORE_BLOOM_BLOCK_BYTES,
                      STORE_BLOOM_BLOCK_BYTES, &block, fail)) {
        return false;
    }
    if (!store_bloom_maybe(block, key.low)) {
        return true;
    }
    if (!lower(run, key.low, &at, fail)) {
        return false;
    }
    for (; at < run->count && !*out; at++) {
        const uint8_t *entry;
        if (!entry_at(run, at, &entry, fail)) {
            return false;
        }
        if (base_get_u64(entry) != key.low) {
            break;
        }
        int64_t first_ms = run->base_ms + base_get_u32(entry + 16);
        *out = base_get_u64(entry + 8) == key.high &&
               (run->import || at_ms <= first_ms || at_ms - first_ms <= window_ms);
    }
    return true;
}

bool store_dedup_runs_find(const struct store_dedup_runs *runs, struct base_hash128 key,
                           int64_t at_ms, int64_t window_ms, bool *out, struct fail *fail)
{
    bool found = false;
    for (size_t i = runs->count; i-- > 0 && !found;) {
        if (!find_in(&runs->runs[i], key, at_ms, window_ms, &found, fail)) {
            return false;
        }
    }
    *out = found;
    return true;
}

bool store_dedup_run_check(const struct store_dedup_run *run,
                           void (*problem)(void *context, const char *path, const char *what),
                           void *context, uint64_t *problems, struct fail *fail)
{
    struct fail found;
    bool ok = store_run_check(run->run, &found);
    struct base_hash128 last = {0};
    for (uint64_t i = 0; ok && i < run->count; i++) {
        const uint8_t *entry;
        ok = entry_at(run, i, &entry, &found);
        struct base_hash128 key = {0};
        if (ok) {
            key = (struct base_hash128){base_get_u64(entry), base_get_u64(entry + 8)};
            int64_t at_ms = run->base_ms + base_get_u32(entry + 16);
            if (key.low < last.low || (key.low == last.low && key.high < last.high)) {
                ok = damaged(run, "entries are out of order", &found);
            } else if (at_ms < run->first_ms || at_ms > run->last_ms) {
                ok = damaged(run, "an entry lies outside of the time of its run", &found);
            }
        }
        last = key;
    }
    if (!ok) {
        if (found.code != FAIL_CORRUPT) {
            *fail = found;
            return false;
        }
        char path[STORE_RUN_PATH_BYTES];
        store_run_path(STORE_RUN_DEDUP, store_run_info_of(run->run)->id, path);
        problem(context, path, found.message);
        ++*problems;
    }
    return true;
}
