#include <stdlib.h>

#include "base_buf.h"
#include "base_bytes.h"
#include "store_bloom.h"
#include "store_dedup.h"

/* Past spans are merged down to one run; in the span of now this many may stand. */
#define RUNS_IN_SPAN 8U
#define SPANS_IN_WINDOW 4

int64_t store_dedup_span_ms(int64_t window_ms)
{
    return window_ms / SPANS_IN_WINDOW;
}

static int compare_entries(const void *a, const void *b)
{
    const struct store_dedup_entry *x = a;
    const struct store_dedup_entry *y = b;
    if (x->key.low != y->key.low) {
        return x->key.low < y->key.low ? -1 : 1;
    }
    if (x->key.high != y->key.high) {
        return x->key.high < y->key.high ? -1 : 1;
    }
    return (x->at_ms > y->at_ms) - (x->at_ms < y->at_ms);
}

/* Imports last, since their time is the greatest of all. */
static int compare_times(const void *a, const void *b)
{
    const struct store_dedup_entry *x = a;
    const struct store_dedup_entry *y = b;
    return (x->at_ms > y->at_ms) - (x->at_ms < y->at_ms);
}

static int64_t span_of(int64_t at_ms, int64_t span_ms)
{
    return at_ms >= 0 ? at_ms / span_ms : -((-at_ms + span_ms - 1) / span_ms);
}

struct build {
    struct store_run_writer *writer;
    struct store_bloom bloom;
    int64_t base_ms;
    bool import;
};

static bool begin(struct disk *disk, uint64_t id, uint64_t count, int64_t first_ms, int64_t last_ms,
                  bool import, struct build *out, struct fail *fail)
{
    *out = (struct build){.base_ms = first_ms, .import = import};
    if (!store_bloom_init(&out->bloom, count, fail)) {
        return false;
    }
    if (!store_run_writer_new(disk, STORE_RUN_DEDUP, id, &out->writer, fail)) {
        store_bloom_done(&out->bloom);
        return false;
    }
    uint8_t meta[STORE_DEDUP_META_BYTES];
    base_put_u64(meta, count);
    base_put_i64(meta + 8, first_ms);
    base_put_i64(meta + 16, first_ms);
    base_put_i64(meta + 24, last_ms);
    base_put_u64(meta + 32, import);
    store_run_begin(out->writer);
    store_run_write(out->writer, meta, sizeof meta);
    store_run_begin(out->writer);
    return true;
}

static void put(struct build *build, struct base_hash128 key, int64_t at_ms)
{
    uint8_t entry[STORE_DEDUP_ENTRY_BYTES];
    base_put_u64(entry, key.low);
    base_put_u64(entry + 8, key.high);
    base_put_u32(entry + 16, (uint32_t)(build->import ? 0 : at_ms - build->base_ms));
    store_run_write(build->writer, entry, sizeof entry);
    store_bloom_add(&build->bloom, key.low);
}

static bool finish(struct build *build, struct store_run_info *out, struct fail *fail)
{
    store_run_begin(build->writer);
    store_run_write(build->writer, build->bloom.bytes,
                    build->bloom.blocks * STORE_BLOOM_BLOCK_BYTES);
    store_bloom_done(&build->bloom);
    return store_run_finish(build->writer, out, fail);
}

/* Entries of one span, in any order. */
static bool seal_span(struct disk *disk, struct store_dedup_entry *entries, size_t count,
                      uint64_t id, struct store_run_info *out, struct fail *fail)
{
    bool import = entries[0].at_ms == STORE_DEDUP_FOR_EVER;
    int64_t first_ms = import ? 0 : entries[0].at_ms;
    int64_t last_ms = import ? 0 : entries[count - 1].at_ms;
    qsort(entries, count, sizeof entries[0], compare_entries);
    struct build build;
    if (!begin(disk, id, count, first_ms, last_ms, import, &build, fail)) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        put(&build, entries[i].key, entries[i].at_ms);
    }
    return finish(&build, out, fail);
}

bool store_dedup_seal(struct disk *disk, const struct store_dedup_live *live, int64_t span_ms,
                      uint64_t (*next_id)(void *context), void *context, struct arena *arena,
                      struct store_run_info **out, size_t *out_count, struct fail *fail)
{
    struct store_dedup_entry *entries = arena_alloc(arena, live->count * sizeof *entries, fail);
    if (entries == NULL) {
        return false;
    }
    size_t count = 0;
    for (size_t i = 0; i < live->size; i++) {
        if (live->slots[i].at_ms != STORE_NO_TIME) {
            entries[count++] = live->slots[i];
        }
    }
    if (count > 1) {
        qsort(entries, count, sizeof entries[0], compare_times);
    }
    struct store_run_info *infos = NULL;
    size_t info_count = 0;
    size_t info_capacity = 0;
    for (size_t from = 0; from < count;) {
        size_t to = from;
        int64_t span = span_of(entries[from].at_ms, span_ms);
        while (to < count && span_of(entries[to].at_ms, span_ms) == span) {
            to++;
        }
        void *grown = infos;
        if (!base_grow_array(&grown, &info_capacity, info_count + 1, sizeof *infos, fail)) {
            base_free(infos);
            return false;
        }
        infos = grown;
        if (!seal_span(disk, entries + from, to - from, next_id(context), &infos[info_count],
                       fail)) {
            base_free(infos);
            return false;
        }
        info_count++;
        from = to;
    }
    struct store_run_info *copy = arena_alloc(arena, info_count * sizeof *copy, fail);
    if (copy != NULL && info_count > 0) {
        memcpy(copy, infos, info_count * sizeof *copy);
    }
    base_free(infos);
    *out = copy;
    *out_count = info_count;
    return copy != NULL;
}

/* ---- merging --------------------------------------------------------------------------------------------- */

/* The runs of one span (or of imports, span INT64_MAX), in *out. */
static size_t gather(const struct store_dedup_runs *runs, int64_t span_ms, int64_t span,
                     size_t *out, uint64_t *bytes)
{
    size_t count = 0;
    for (size_t i = 0; i < runs->count; i++) {
        const struct store_dedup_run *run = &runs->runs[i];
        int64_t its = run->import ? INT64_MAX : span_of(run->first_ms, span_ms);
        if (its == span) {
            bytes[count] = store_run_info_of(run->run)->bytes;
            out[count++] = i;
        }
    }
    return count;
}

bool store_dedup_choose(const struct store_dedup_runs *runs, int64_t span_ms, int64_t now_ms,
                        struct arena *arena, size_t **out, size_t *out_count, struct fail *fail)
{
    size_t *chosen = arena_array(arena, runs->count, sizeof *chosen, fail);
    uint64_t *bytes = arena_array(arena, runs->count, sizeof *bytes, fail);
    if (chosen == NULL || bytes == NULL) {
        return false;
    }
    *out_count = 0;
    *out = chosen;
    for (size_t i = 0; i < runs->count; i++) {
        const struct store_dedup_run *run = &runs->runs[i];
        int64_t span = run->import ? INT64_MAX : span_of(run->first_ms, span_ms);
        bool past = span < span_of(now_ms, span_ms);
        size_t count = gather(runs, span_ms, span, chosen, bytes);
        size_t first = 0;
        if (past && count > 1) {
            *out_count = count;
            return true;
        }
        if (store_run_choose(bytes, count, RUNS_IN_SPAN, &first, &count)) {
            *out = chosen + first;
            *out_count = count;
            return true;
        }
    }
    return true;
}

static const uint8_t *entry_of(const uint8_t *entries, uint64_t at)
{
    return entries + at * STORE_DEDUP_ENTRY_BYTES;
}

static int compare_encoded(const uint8_t *a, const uint8_t *b)
{
    uint64_t x = base_get_u64(a);
    uint64_t y = base_get_u64(b);
    if (x == y) {
        x = base_get_u64(a + 8);
        y = base_get_u64(b + 8);
    }
    return (x > y) - (x < y);
}

bool store_dedup_merge(struct disk *disk, const struct store_dedup_run *const *runs, size_t count,
                       uint64_t id, struct store_run_info *out, struct fail *fail)
{
    CLEANUP(arena_free_at) struct arena *arena = arena_new(NULL);
    const uint8_t **entries = arena_array(arena, count, sizeof *entries, fail);
    uint64_t *at = arena_array(arena, count, sizeof *at, fail);
    if (entries == NULL || at == NULL) {
        return false;
    }
    int64_t first_ms = INT64_MAX;
    int64_t last_ms = INT64_MIN;
    uint64_t total = 0;
    for (size_t i = 0; i < count; i++) {
        if (!store_run_at(runs[i]->run, STORE_DEDUP_ENTRIES, 0,
                          runs[i]->count * STORE_DEDUP_ENTRY_BYTES, &entries[i], fail)) {
            return false;
        }
        first_ms = runs[i]->first_ms < first_ms ? runs[i]->first_ms : first_ms;
        last_ms = runs[i]->last_ms > last_ms ? runs[i]->last_ms : last_ms;
        total += runs[i]->count;
    }
    struct build build;
    if (!begin(disk, id, total, first_ms, last_ms, runs[0]->import, &build, fail)) {
        return false;
    }
    for (uint64_t done = 0; done < total; done++) {
        size_t best = count;
        for (size_t i = 0; i < count; i++) {
            if (at[i] < runs[i]->count &&
                (best == count || compare_encoded(entry_of(entries[i], at[i]),
                                                  entry_of(entries[best], at[best])) < 0)) {
                best = i;
            }
        }
        const uint8_t *entry = entry_of(entries[best], at[best]++);
        put(&build, (struct base_hash128){base_get_u64(entry), base_get_u64(entry + 8)},
            runs[best]->base_ms + base_get_u32(entry + 16));
    }
    return finish(&build, out, fail);
}

/* ---- forgetting -------------------------------------------------------------------------------------------- */

int store_dedup_compare_keys(const void *a, const void *b)
{
    const struct base_hash128 *x = a;
    const struct base_hash128 *y = b;
    if (x->low != y->low) {
        return x->low < y->low ? -1 : 1;
    }
    return (x->high > y->high) - (x->high < y->high);
}

struct forgetting {
    const uint8_t *entries;
    const struct base_hash128 *keys;
    size_t key_count, at; /* keys before `at` are below the entry looked at */
};

/* Entries are asked for in their order. */
static bool forgotten(struct forgetting *f, uint64_t entry)
{
    const uint8_t *bytes = entry_of(f->entries, entry);
    struct base_hash128 key = {base_get_u64(bytes), base_get_u64(bytes + 8)};
    while (f->at < f->key_count && store_dedup_compare_keys(&f->keys[f->at], &key) < 0) {
        f->at++;
    }
    return f->at < f->key_count && store_dedup_compare_keys(&f->keys[f->at], &key) == 0;
}

bool store_dedup_without(struct disk *disk, const struct store_dedup_run *run,
                         const struct base_hash128 *keys, size_t key_count, uint64_t id,
                         struct store_run_info *out, uint64_t *out_left, bool *out_any,
                         struct fail *fail)
{
    struct forgetting f = {.keys = keys, .key_count = key_count};
    if (!store_run_at(run->run, STORE_DEDUP_ENTRIES, 0, run->count * STORE_DEDUP_ENTRY_BYTES,
                      &f.entries, fail)) {
        return false;
    }
    *out_left = 0;
    for (uint64_t i = 0; i < run->count; i++) {
        *out_left += !forgotten(&f, i);
    }
    *out_any = *out_left < run->count;
    if (!*out_any || *out_left == 0) {
        return true;
    }
    struct build build;
    if (!begin(disk, id, *out_left, run->first_ms, run->last_ms, run->import, &build, fail)) {
        return false;
    }
    f.at = 0;
    for (uint64_t i = 0; i < run->count; i++) {
        const uint8_t *entry = entry_of(f.entries, i);
        if (!forgotten(&f, i)) {
            put(&build, (struct base_hash128){base_get_u64(entry), base_get_u64(entry + 8)},
                run->base_ms + base_get_u32(entry + 16));
        }
    }
    return finish(&build, out, fail);
}
