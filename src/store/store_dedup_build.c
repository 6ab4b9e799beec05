#include <stdlib.h>

#include "base_bytes.h"
#include "store_dedup_write.h"

/* Past spans are merged down to one run; in the span of now this many may stand. */
#define RUNS_IN_SPAN 8U
#define ENTRIES_BETWEEN_POLLS 65536U
#define SPANS_IN_WINDOW 4

int64_t store_dedup_span_ms(int64_t window_ms)
{
    return window_ms / SPANS_IN_WINDOW;
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

/* Sorts by the key. Hashes are uniform: parted by their first bits into groups of a few, the rest is little. */
static void sort_entries(const struct store_dedup_entry *entries, size_t count,
                         struct store_dedup_entry *out, uint32_t *ends, uint32_t bits)
{
    size_t groups = (size_t)1 << bits;
    memset(ends, 0, groups * sizeof *ends);
    for (size_t i = 0; i < count; i++) {
        ends[bits == 0 ? 0 : entries[i].key.low >> (64 - bits)]++;
    }
    uint32_t sum = 0;
    for (size_t g = 0; g < groups; g++) {
        uint32_t size = ends[g];
        ends[g] = sum; /* its first, until the entries are put */
        sum += size;
    }
    for (size_t i = 0; i < count; i++) {
        out[ends[bits == 0 ? 0 : entries[i].key.low >> (64 - bits)]++] = entries[i];
    }
    for (size_t i = 1; i < count; i++) {
        struct store_dedup_entry entry = out[i];
        struct store_dedup_key key = store_dedup_key_of(entry.key);
        size_t at = i;
        for (; at > 0 && store_dedup_compare(key, store_dedup_key_of(out[at - 1].key)) < 0; at--) {
            out[at] = out[at - 1];
        }
        out[at] = entry;
    }
}

/* Entries of one span, in any order. */
static bool seal_span(struct disk *disk, const struct store_dedup_entry *entries, size_t count,
                      uint64_t id, struct arena *arena, struct store_run_info *out,
                      struct fail *fail)
{
    int64_t first_ms = INT64_MAX;
    int64_t last_ms = INT64_MIN;
    for (size_t i = 0; i < count; i++) {
        first_ms = entries[i].at_ms < first_ms ? entries[i].at_ms : first_ms;
        last_ms = entries[i].at_ms > last_ms ? entries[i].at_ms : last_ms;
    }
    uint32_t bits = 0;
    while (bits < 24 && count >> bits > 4) {
        bits++;
    }
    struct store_dedup_entry *sorted = arena_array(arena, count, sizeof *sorted, fail);
    uint32_t *ends = arena_array(arena, (size_t)1 << bits, sizeof *ends, fail);
    struct store_dedup_writing writing;
    if (sorted == NULL || ends == NULL) {
        return false;
    }
    sort_entries(entries, count, sorted, ends, bits);
    if (!store_dedup_write_begin(disk, id, count, first_ms, last_ms,
                                 store_dedup_is_for_ever(first_ms), &writing, fail)) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        store_dedup_write_put(&writing, store_dedup_key_of(sorted[i].key), sorted[i].at_ms);
    }
    return store_dedup_write_finish(&writing, out, fail);
}

static int64_t span_of_entry(const struct store_dedup_entry *entry, int64_t span_ms)
{
    return store_dedup_is_for_ever(entry->at_ms) ? INT64_MAX : span_of(entry->at_ms, span_ms);
}

/* Mostly all are of one span, and need not be sorted by time. */
static bool are_of_one_span(const struct store_dedup_entry *entries, size_t count, int64_t span_ms)
{
    for (size_t i = 1; i < count; i++) {
        if (span_of_entry(&entries[i], span_ms) != span_of_entry(&entries[0], span_ms)) {
            return false;
        }
    }
    return true;
}

bool store_dedup_seal(struct disk *disk, const struct store_dedup_live *live, int64_t span_ms,
                      uint64_t (*next_id)(void *context), void *context, struct arena *arena,
                      struct store_run_info **out, size_t *out_count, struct fail *fail)
{
    size_t count = live->count;
    struct store_dedup_entry *entries = arena_alloc(arena, count * sizeof *entries, fail);
    if (entries == NULL) {
        return false;
    }
    count = 0;
    for (size_t i = 0; i < live->size; i++) {
        if (live->slots[i].at_ms != STORE_NO_TIME) {
            entries[count++] = live->slots[i];
        }
    }
    if (!are_of_one_span(entries, count, span_ms)) {
        qsort(entries, count, sizeof entries[0], compare_times);
    }
    struct store_run_info *infos = NULL;
    size_t info_count = 0;
    size_t info_capacity = 0;
    for (size_t from = 0; from < count;) {
        size_t to = from;
        int64_t span = span_of_entry(&entries[from], span_ms);
        while (to < count && span_of_entry(&entries[to], span_ms) == span) {
            to++;
        }
        void *grown = infos;
        if (!base_grow_array(&grown, &info_capacity, info_count + 1, sizeof *infos, fail)) {
            base_free(infos);
            return false;
        }
        infos = grown;
        if (!seal_span(disk, entries + from, to - from, next_id(context), arena, &infos[info_count],
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
static size_t gather(const struct store_dedup_runs *runs, const bool *taken, int64_t span_ms,
                     int64_t span, size_t *out, uint64_t *bytes)
{
    size_t count = 0;
    for (size_t i = 0; i < runs->count; i++) {
        const struct store_dedup_run *run = &runs->runs[i];
        int64_t its = run->import ? INT64_MAX : span_of(run->first_ms, span_ms);
        if (its == span && (taken == NULL || !taken[i])) {
            bytes[count] = store_run_info_of(run->run)->bytes;
            out[count++] = i;
        }
    }
    return count;
}

bool store_dedup_choose(const struct store_dedup_runs *runs, const bool *taken, int64_t span_ms,
                        int64_t now_ms, struct arena *arena, size_t **out, size_t *out_count,
                        struct fail *fail)
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
        size_t count = gather(runs, taken, span_ms, span, chosen, bytes);
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

/* The entries of a run, one after the other. */
struct reading {
    const struct store_dedup_run *run;
    const uint8_t *starts, *entries;
    uint64_t at, bucket;
    struct store_dedup_key key; /* of the entry at `at` */
};

static void look(struct reading *r)
{
    if (r->at == r->run->count) {
        return;
    }
    while (base_get_u32(r->starts + (r->bucket + 1) * sizeof(uint32_t)) <= r->at) {
        r->bucket++;
    }
    r->key = store_dedup_decode(&r->run->shape, r->bucket,
                                r->entries + r->at * store_dedup_entry_bytes(&r->run->shape));
}

static bool reading_init(struct reading *r, const struct store_dedup_run *run, struct fail *fail)
{
    uint64_t buckets = (uint64_t)1 << run->shape.bucket_bits;
    *r = (struct reading){.run = run};
    if (!store_run_at(run->run, STORE_DEDUP_STARTS, 0, (buckets + 1) * sizeof(uint32_t), &r->starts,
                      fail) ||
        !store_run_at(run->run, STORE_DEDUP_ENTRIES, 0,
                      run->count * store_dedup_entry_bytes(&run->shape), &r->entries, fail)) {
        return false;
    }
    uint32_t before = 0;
    for (uint64_t b = 0; b <= buckets; b++) {
        uint32_t start = base_get_u32(r->starts + b * sizeof(uint32_t));
        if (start < before || start > run->count || (b == buckets && start != run->count)) {
            return fail_set(fail, FAIL_CORRUPT,
                            "the buckets of a run of deduplication do not fit "
                            "its number of entries");
        }
        before = start;
    }
    look(r);
    return true;
}

static int64_t when(const struct reading *r)
{
    const struct store_dedup_shape *shape = &r->run->shape;
    return r->run->first_ms + (int64_t)store_dedup_decode_when(
                                  shape, r->entries + r->at * store_dedup_entry_bytes(shape));
}

static void step(struct reading *r)
{
    r->at++;
    look(r);
}

/* Puts the reading at `at` where it belongs: below each stand two whose keys are no less. */
static void sink(struct reading **heap, size_t count, size_t at)
{
    struct reading *sinking = heap[at];
    for (;;) {
        size_t least = 2 * at + 1;
        if (least >= count) {
            break;
        }
        if (least + 1 < count && store_dedup_compare(heap[least + 1]->key, heap[least]->key) < 0) {
            least++;
        }
        if (store_dedup_compare(sinking->key, heap[least]->key) <= 0) {
            break;
        }
        heap[at] = heap[least];
        at = least;
    }
    heap[at] = sinking;
}

static bool merge_entries(struct reading **heap, size_t count, struct store_dedup_writing *writing,
                          struct base_cancel *cancel, struct fail *fail)
{
    for (size_t i = count / 2; i-- > 0;) {
        sink(heap, count, i);
    }
    for (uint64_t done = 0; count > 0; done++) {
        if (done % ENTRIES_BETWEEN_POLLS == 0 && cancel != NULL && base_cancel_due(cancel, fail)) {
            return false;
        }
        store_dedup_write_put(writing, heap[0]->key, when(heap[0]));
        step(heap[0]);
        if (heap[0]->at == heap[0]->run->count) {
            heap[0] = heap[--count];
        }
        if (count > 0) {
            sink(heap, count, 0);
        }
    }
    return true;
}

bool store_dedup_merge(struct disk *disk, const struct store_dedup_run *const *runs, size_t count,
                       uint64_t id, struct base_cancel *cancel, struct store_run_info *out,
                       struct fail *fail)
{
    CLEANUP(arena_free_at) struct arena *arena = arena_new(NULL);
    struct reading *reading = arena_array(arena, count, sizeof *reading, fail);
    struct reading **heap = arena_array(arena, count, sizeof *heap, fail);
    size_t readings = 0;
    if (reading == NULL || heap == NULL) {
        return false;
    }
    int64_t first_ms = INT64_MAX;
    int64_t last_ms = INT64_MIN;
    uint64_t total = 0;
    for (size_t i = 0; i < count; i++) {
        if (!reading_init(&reading[i], runs[i], fail)) {
            return false;
        }
        first_ms = runs[i]->first_ms < first_ms ? runs[i]->first_ms : first_ms;
        last_ms = runs[i]->last_ms > last_ms ? runs[i]->last_ms : last_ms;
        total += runs[i]->count;
        if (runs[i]->count > 0) {
            heap[readings++] = &reading[i];
        }
    }
    struct store_dedup_writing writing;
    if (!store_dedup_write_begin(disk, id, total, first_ms, last_ms, runs[0]->import, &writing,
                                 fail)) {
        return false;
    }
    if (!merge_entries(heap, readings, &writing, cancel, fail)) {
        store_dedup_write_abandon(&writing);
        return false;
    }
    return store_dedup_write_finish(&writing, out, fail);
}

/* ---- forgetting -------------------------------------------------------------------------------------------- */

bool store_dedup_without(struct disk *disk, const struct store_dedup_run *run,
                         bool (*gone)(void *context, struct store_dedup_key key, int64_t at_ms),
                         void *context, uint64_t id, struct store_run_info *out, uint64_t *out_left,
                         bool *out_any, struct fail *fail)
{
    struct reading r;
    *out_left = run->count;
    *out_any = false;
    int64_t first_ms = INT64_MAX;
    int64_t last_ms = INT64_MIN;
    if (!reading_init(&r, run, fail)) {
        return false;
    }
    for (*out_left = 0; r.at < run->count; step(&r)) {
        int64_t at_ms = when(&r);
        if (!gone(context, r.key, at_ms)) {
            first_ms = at_ms < first_ms ? at_ms : first_ms;
            last_ms = at_ms > last_ms ? at_ms : last_ms;
            ++*out_left;
        }
    }
    *out_any = *out_left < run->count;
    if (!*out_any || *out_left == 0) {
        return true;
    }
    struct store_dedup_writing writing;
    if (!reading_init(&r, run, fail) ||
        !store_dedup_write_begin(disk, id, *out_left, first_ms, last_ms, run->import, &writing,
                                 fail)) {
        return false;
    }
    for (; r.at < run->count; step(&r)) {
        int64_t at_ms = when(&r);
        if (!gone(context, r.key, at_ms)) {
            store_dedup_write_put(&writing, r.key, at_ms);
        }
    }
    return store_dedup_write_finish(&writing, out, fail);
}
