#include "store_dedup.h"

#include <stdatomic.h>

#include "base_bytes.h"
#include "store_bloom.h"

#define SIZE_FIRST 64U

uint64_t store_dedup_seed(uint64_t salt, struct str source)
{
    return base_hash64(source.data, source.len, salt);
}

struct base_hash128 store_dedup_key(uint64_t salt, struct str source, struct str message_id)
{
    return base_hash128(message_id.data, message_id.len, store_dedup_seed(salt, source));
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

void store_dedup_live_soon(const struct store_dedup_live *live, struct base_hash128 key)
{
    if (live->size > 0) {
        const char *slot = (const char *)&live->slots[(size_t)key.low & (live->size - 1)];
        __builtin_prefetch(slot);
        __builtin_prefetch(slot + 2 * sizeof live->slots[0]); /* a probe or two further */
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

/* ---- how a run writes its entries ------------------------------------------------------------------------ */

struct store_dedup_shape store_dedup_shape_of(uint64_t count, int64_t first_ms, int64_t last_ms)
{
    struct store_dedup_shape shape = {0};
    while (shape.bucket_bits < 26 && count >> shape.bucket_bits > STORE_DEDUP_BUCKET_ENTRIES) {
        shape.bucket_bits++;
    }
    shape.key_bytes = (STORE_DEDUP_KEY_BITS - shape.bucket_bits + 7) / 8;
    for (uint64_t most = (uint64_t)last_ms - (uint64_t)first_ms; most > 0; most >>= 8) {
        shape.when_bytes++;
    }
    return shape;
}

/* What is left of a key behind its bucket, moved to the front of so many bytes: 16 bytes, the greatest first. */
void store_dedup_encode(const struct store_dedup_shape *shape, struct store_dedup_key key,
                        uint64_t when, uint8_t *out)
{
    unsigned __int128 bits = ((unsigned __int128)key.high << 64 | (uint64_t)key.low << 48)
                             << shape->bucket_bits;
    /* Whole words: what is too much is written over, or is not looked at. */
    base_put_u64(out, __builtin_bswap64((uint64_t)(bits >> 64)));
    base_put_u64(out + 8, __builtin_bswap64((uint64_t)bits));
    for (uint32_t i = 0; i < shape->when_bytes; i++) {
        out[shape->key_bytes + i] = (uint8_t)(when >> 8 * i);
    }
}

struct store_dedup_key store_dedup_decode(const struct store_dedup_shape *shape, uint64_t bucket,
                                          const uint8_t *entry)
{
    uint8_t bytes[16] = {0};
    memcpy(bytes, entry, shape->key_bytes);
    unsigned __int128 bits = ((unsigned __int128)__builtin_bswap64(base_get_u64(bytes)) << 64 |
                              __builtin_bswap64(base_get_u64(bytes + 8))) >>
                             shape->bucket_bits;
    bits |= shape->bucket_bits == 0 ? 0 : (unsigned __int128)bucket << (128 - shape->bucket_bits);
    return (struct store_dedup_key){(uint64_t)(bits >> 64), (uint16_t)((uint64_t)bits >> 48)};
}

uint64_t store_dedup_decode_when(const struct store_dedup_shape *shape, const uint8_t *entry)
{
    uint64_t when = 0;
    for (uint32_t i = 0; i < shape->when_bytes; i++) {
        when |= (uint64_t)entry[shape->key_bytes + i] << 8 * i;
    }
    return when;
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
    if (store_run_len(run->run, STORE_DEDUP_META) != STORE_DEDUP_META_BYTES ||
        !store_run_at(run->run, STORE_DEDUP_META, 0, STORE_DEDUP_META_BYTES, &meta, fail)) {
        return damaged(run, "its description has another length than expected", fail);
    }
    run->count = base_get_u64(meta);
    run->first_ms = base_get_i64(meta + 8);
    run->last_ms = base_get_i64(meta + 16);
    run->import = base_get_u64(meta + 24) != 0;
    run->shape = (struct store_dedup_shape){base_get_u32(meta + 32), meta[36], meta[37]};
    struct store_dedup_shape expected =
        store_dedup_shape_of(run->count, run->first_ms, run->last_ms);
    if (run->count == 0 || run->last_ms < run->first_ms ||
        memcmp(&run->shape, &expected, sizeof expected) != 0 ||
        store_run_len(run->run, STORE_DEDUP_STARTS) !=
            (((uint64_t)1 << run->shape.bucket_bits) + 1) * sizeof(uint32_t)) {
        return damaged(run, "its description does not fit together", fail);
    }
    if (store_run_len(run->run, STORE_DEDUP_ENTRIES) !=
        run->count * store_dedup_entry_bytes(&run->shape)) {
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

/* The entries of a bucket. */
static bool bucket_at(const struct store_dedup_run *run, uint64_t bucket, const uint8_t **out,
                      uint32_t *out_count, struct fail *fail)
{
    const uint8_t *starts;
    if (!store_run_at(run->run, STORE_DEDUP_STARTS, bucket * sizeof(uint32_t), 2 * sizeof(uint32_t),
                      &starts, fail)) {
        return false;
    }
    uint32_t first = base_get_u32(starts);
    uint32_t end = base_get_u32(starts + 4);
    if (end < first || end > run->count) {
        return damaged(run, "its buckets are out of order", fail);
    }
    uint64_t bytes = store_dedup_entry_bytes(&run->shape);
    *out_count = end - first;
    return end == first || store_run_at(run->run, STORE_DEDUP_ENTRIES, first * bytes,
                                        (end - first) * bytes, out, fail);
}

/* Is an entry of the key among those of its bucket, whose instant counts? */
static bool find_key(const struct store_dedup_run *run, struct store_dedup_key key, int64_t at_ms,
                     int64_t window_ms, bool *out, struct fail *fail)
{
    const struct store_dedup_shape *shape = &run->shape;
    const uint8_t *entries = NULL;
    uint32_t count;
    uint8_t wanted[STORE_DEDUP_ENTRY_ROOM];
    if (!bucket_at(run, store_dedup_bucket(shape, key), &entries, &count, fail)) {
        return false;
    }
    store_dedup_encode(shape, key, 0, wanted);
    uint32_t bytes = store_dedup_entry_bytes(shape);
    uint32_t low = 0;
    for (uint32_t high = count; low < high;) {
        uint32_t middle = low + (high - low) / 2;
        if (memcmp(entries + (size_t)middle * bytes, wanted, shape->key_bytes) < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    for (; low < count && !*out; low++) {
        const uint8_t *entry = entries + (size_t)low * bytes;
        if (memcmp(entry, wanted, shape->key_bytes) != 0) {
            break;
        }
        int64_t first_ms = run->first_ms + (int64_t)store_dedup_decode_when(shape, entry);
        *out = run->import || at_ms <= first_ms || at_ms - first_ms <= window_ms;
    }
    return true;
}

static bool find_in(const struct store_dedup_run *run, struct base_hash128 key, int64_t at_ms,
                    int64_t window_ms, bool *out, struct fail *fail)
{
    uint64_t blocks = store_run_len(run->run, STORE_DEDUP_BLOOM) / STORE_BLOOM_BLOCK_BYTES;
    const uint8_t *block;
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
    return find_key(run, store_dedup_key_of(key), at_ms, window_ms, out, fail);
}

bool store_dedup_run_find(const struct store_dedup_run *run, struct base_hash128 key, bool *out,
                          struct fail *fail)
{
    *out = false;
    return find_in(run, key, run->last_ms, INT64_MAX, out, fail);
}

static bool is_all_of(const struct store_dedup_run *run, uint64_t import)
{
    return import != 0 && run->import && run->first_ms == run->last_ms &&
           run->first_ms == store_dedup_for_ever(import);
}

bool store_dedup_runs_any_but(const struct store_dedup_runs *runs, uint64_t import)
{
    bool any = false;
    for (size_t i = 0; i < runs->count && !any; i++) {
        any = !is_all_of(&runs->runs[i], import);
    }
    return any;
}

bool store_dedup_runs_find(const struct store_dedup_runs *runs, struct base_hash128 key,
                           int64_t at_ms, int64_t window_ms, uint64_t but_import, bool *out,
                           struct fail *fail)
{
    bool found = false;
    for (size_t i = runs->count; i-- > 0 && !found;) {
        if (!is_all_of(&runs->runs[i], but_import) &&
            !find_in(&runs->runs[i], key, at_ms, window_ms, &found, fail)) {
            return false;
        }
    }
    *out = found;
    return true;
}

/* Entries of one bucket: in order, and within the time of their run. */
static bool check_bucket(const struct store_dedup_run *run, uint64_t bucket, uint32_t *seen,
                         struct fail *fail)
{
    const struct store_dedup_shape *shape = &run->shape;
    const uint8_t *entries = NULL;
    uint32_t count;
    if (!bucket_at(run, bucket, &entries, &count, fail)) {
        return false;
    }
    uint32_t bytes = store_dedup_entry_bytes(shape);
    uint64_t most = (uint64_t)run->last_ms - (uint64_t)run->first_ms;
    for (uint32_t i = 0; i < count; i++) {
        const uint8_t *entry = entries + (size_t)i * bytes;
        if (i > 0 && memcmp(entry - bytes, entry, shape->key_bytes) > 0) {
            return damaged(run, "entries are out of order", fail);
        }
        if (store_dedup_decode_when(shape, entry) > most) {
            return damaged(run, "an entry lies outside of the time of its run", fail);
        }
    }
    *seen += count;
    return true;
}

bool store_dedup_run_check(const struct store_dedup_run *run,
                           void (*problem)(void *context, const char *path, const char *what),
                           void *context, uint64_t *problems, struct fail *fail)
{
    struct fail found;
    bool ok = store_run_check(run->run, &found);
    uint32_t seen = 0;
    for (uint64_t b = 0; ok && b < (uint64_t)1 << run->shape.bucket_bits; b++) {
        ok = check_bucket(run, b, &seen, &found);
    }
    if (ok && seen != run->count) {
        ok = damaged(run, "its buckets hold another number of entries than it has", &found);
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
