#include "store_identity_run.h"

#include <stdlib.h>

#include "base_buf.h"
#include "base_bytes.h"
#include "store_bloom.h"
#include "store_map.h"

/* One writer serves sealing and merging: a frozen table is first put into sections in memory, and then both are
   lists of inputs with sorted sections, merged from front to back. */

struct input {
    uint64_t seq_count, position_count, mark_count;
    const uint8_t *sections[STORE_IDENTITY_SECTIONS];
    uint64_t len[STORE_IDENTITY_SECTIONS];
    uint64_t heap_base; /* where its identifiers begin in the merged heap */
};

struct build {
    struct store_run_writer *writer;
    struct input *inputs;
    size_t count;
    uint64_t seq_first, position_first;
    uint32_t number_first, number_count;
    bool oldest;
};

static uint64_t total(const struct build *build, uint32_t section)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < build->count; i++) {
        sum += build->inputs[i].len[section];
    }
    return sum;
}

/* ---- merging one sorted section ------------------------------------------------------------------------ */

struct merge {
    const struct build *build;
    uint32_t section;
    uint32_t entry_bytes;
    int (*compare)(const void *a, const void *b); /* ties: the earlier input first */
    uint64_t *at;                                 /* per input */
};

/* The next entry in order, and its input; NULL at the end. There are few inputs: a linear look is fine. */
static const uint8_t *merge_next(struct merge *merge, const struct input **out_input)
{
    const uint8_t *best = NULL;
    size_t best_input = 0;
    for (size_t i = 0; i < merge->build->count; i++) {
        const struct input *input = &merge->build->inputs[i];
        if (merge->at[i] >= input->len[merge->section]) {
            continue;
        }
        const uint8_t *entry = input->sections[merge->section] + merge->at[i];
        if (best == NULL || merge->compare(entry, best) < 0) {
            best = entry;
            best_input = i;
        }
    }
    if (best != NULL) {
        merge->at[best_input] += merge->entry_bytes;
        *out_input = &merge->build->inputs[best_input];
    }
    return best;
}

static struct merge merge_begin(const struct build *build, uint32_t section, uint32_t entry_bytes,
                                int (*compare)(const void *a, const void *b))
{
    uint64_t *at = base_alloc_zero(build->count * sizeof *at);
    return (struct merge){build, section, entry_bytes, compare, at};
}

static int order(uint64_t a, uint64_t b)
{
    return (a > b) - (a < b);
}

static int compare_u64(const void *a, const void *b)
{
    return order(base_get_u64(a), base_get_u64(b));
}

static int compare_u32(const void *a, const void *b)
{
    return order(base_get_u32(a), base_get_u32(b));
}

static int compare_index(const void *a, const void *b)
{
    int by_hash = compare_u64(a, b);
    return by_hash != 0
               ? by_hash
               : order(base_get_u64((const uint8_t *)a + 8), base_get_u64((const uint8_t *)b + 8));
}

static int compare_by_number(const void *a, const void *b)
{
    int by_number = compare_u32(a, b);
    return by_number != 0
               ? by_number
               : order(base_get_u64((const uint8_t *)a + 4), base_get_u64((const uint8_t *)b + 4));
}

/* Both of an edge (child, parent, position, ...) and of a join by parent (parent, child, position). */
static int compare_position_second(const void *a, const void *b)
{
    int by_number = compare_u32(a, b);
    return by_number != 0
               ? by_number
               : order(base_get_u64((const uint8_t *)a + 8), base_get_u64((const uint8_t *)b + 8));
}

/* ---- sections -------------------------------------------------------------------------------------------- */

static void write_meta(const struct build *build, uint64_t marks)
{
    uint64_t seqs = 0;
    uint64_t positions = 0;
    for (size_t i = 0; i < build->count; i++) {
        seqs += build->inputs[i].seq_count;
        positions += build->inputs[i].position_count;
    }
    uint8_t meta[STORE_IDENTITY_META_BYTES];
    base_put_u64(meta, build->seq_first);
    base_put_u64(meta + 8, seqs);
    base_put_u64(meta + 16, build->position_first);
    base_put_u64(meta + 24, positions);
    base_put_u32(meta + 32, build->number_first);
    base_put_u32(meta + 36, build->number_count);
    base_put_u64(meta + 40, marks);
    store_run_begin(build->writer);
    store_run_write(build->writer, meta, sizeof meta);
}

static void write_plain(const struct build *build, uint32_t section)
{
    store_run_begin(build->writer);
    for (size_t i = 0; i < build->count; i++) {
        store_run_write(build->writer, build->inputs[i].sections[section],
                        build->inputs[i].len[section]);
    }
}

static void write_bloom(const struct build *build, const struct store_bloom *bloom, bool any)
{
    store_run_begin(build->writer);
    if (any) {
        store_run_write(build->writer, bloom->bytes, bloom->blocks * STORE_BLOOM_BLOCK_BYTES);
    }
}

static bool write_index(const struct build *build, struct fail *fail)
{
    CLEANUP(store_bloom_done) struct store_bloom bloom = {0};
    uint64_t entries = total(build, STORE_IDENTITY_INDEX) / STORE_IDENTITY_INDEX_BYTES;
    if (!store_bloom_init(&bloom, entries, fail)) {
        return false;
    }
    struct merge merge =
        merge_begin(build, STORE_IDENTITY_INDEX, STORE_IDENTITY_INDEX_BYTES, compare_index);
    const struct input *input = NULL;
    const uint8_t *entry;
    store_run_begin(build->writer);
    while ((entry = merge_next(&merge, &input)) != NULL) {
        uint8_t moved[STORE_IDENTITY_INDEX_BYTES];
        memcpy(moved, entry, sizeof moved);
        base_put_u64(moved + 8, base_get_u64(entry + 8) + input->heap_base);
        store_run_write(build->writer, moved, sizeof moved);
        store_bloom_add(&bloom, base_get_u64(entry));
    }
    base_free(merge.at);
    write_bloom(build, &bloom, entries > 0);
    return true;
}

static void write_by_number(const struct build *build)
{
    struct merge merge =
        merge_begin(build, STORE_IDENTITY_BY_NUMBER, STORE_IDENTITY_BY_NUMBER_BYTES, compare_u32);
    const struct input *input = NULL;
    const uint8_t *entry;
    store_run_begin(build->writer);
    while ((entry = merge_next(&merge, &input)) != NULL) {
        uint8_t moved[STORE_IDENTITY_BY_NUMBER_BYTES];
        memcpy(moved, entry, sizeof moved);
        base_put_u64(moved + 4, base_get_u64(entry + 4) + input->heap_base);
        store_run_write(build->writer, moved, sizeof moved);
    }
    base_free(merge.at);
}

/* A section keyed by a number, followed by the filter over its keys. */
static bool write_keyed(const struct build *build, uint32_t section, uint32_t entry_bytes,
                        struct fail *fail)
{
    CLEANUP(store_bloom_done) struct store_bloom bloom = {0};
    uint64_t entries = total(build, section) / entry_bytes;
    if (!store_bloom_init(&bloom, entries, fail)) {
        return false;
    }
    struct merge merge = merge_begin(build, section, entry_bytes, compare_position_second);
    const struct input *input = NULL;
    const uint8_t *entry;
    store_run_begin(build->writer);
    while ((entry = merge_next(&merge, &input)) != NULL) {
        store_run_write(build->writer, entry, entry_bytes);
        store_bloom_add(&bloom, store_map_mix(base_get_u32(entry)));
    }
    base_free(merge.at);
    write_bloom(build, &bloom, entries > 0);
    return true;
}

/* The newest word on each number; "has rows" need not be said where nothing older says otherwise. Written into
   memory first, since its count stands in the front of the file. */
static bool gather_marks(const struct build *build, struct base_buf *out, struct fail *fail)
{
    struct merge merge =
        merge_begin(build, STORE_IDENTITY_MARKS, STORE_IDENTITY_MARK_BYTES, compare_u32);
    const struct input *input = NULL;
    const uint8_t *entry;
    const uint8_t *held = NULL;
    do {
        entry = merge_next(&merge, &input);
        bool other = held != NULL && (entry == NULL || base_get_u32(entry) != base_get_u32(held));
        if (other && !(build->oldest && base_get_u32(held + 4) == STORE_MARK_HAS_ROWS)) {
            base_buf_bytes(out, held, STORE_IDENTITY_MARK_BYTES);
        }
        held = entry;
    } while (entry != NULL);
    base_free(merge.at);
    return base_buf_ok(out, fail);
}

static bool write_sections(struct build *build, struct fail *fail)
{
    uint64_t heap = 0;
    for (size_t i = 0; i < build->count; i++) {
        build->inputs[i].heap_base = heap;
        heap += build->inputs[i].len[STORE_IDENTITY_HEAP];
    }
    CLEANUP(base_buf_done) struct base_buf marks = {0};
    if (!gather_marks(build, &marks, fail)) {
        return false;
    }
    write_meta(build, marks.len / STORE_IDENTITY_MARK_BYTES);
    write_plain(build, STORE_IDENTITY_HEAP);
    if (!write_index(build, fail)) {
        return false;
    }
    write_by_number(build);
    if (!write_keyed(build, STORE_IDENTITY_EDGES, STORE_IDENTITY_EDGE_BYTES, fail) ||
        !write_keyed(build, STORE_IDENTITY_BY_PARENT, STORE_IDENTITY_BY_PARENT_BYTES, fail)) {
        return false;
    }
    write_plain(build, STORE_IDENTITY_BY_POSITION);
    store_run_begin(build->writer);
    store_run_write(build->writer, marks.data, marks.len);
    return true;
}

static bool write_run(struct disk *disk, struct build *build, uint64_t id,
                      struct store_run_info *out, struct fail *fail)
{
    if (!store_run_writer_new(disk, STORE_RUN_IDENTITY, id, &build->writer, fail)) {
        return false;
    }
    if (!write_sections(build, fail)) {
        store_run_abandon(build->writer);
        return false;
    }
    return store_run_finish(build->writer, out, fail);
}

/* ---- sealing ---------------------------------------------------------------------------------------------- */

static void put_ident(struct base_buf *sections, const struct store_live_ident *ident)
{
    uint8_t kind = store_identity_kind_code(ident->id.kind);
    struct str kind_text = kind == STORE_IDENTITY_KIND_OTHER ? ident->id.kind : STR("");
    uint64_t offset = sections[STORE_IDENTITY_HEAP].len;
    uint8_t head[STORE_IDENTITY_HEAP_BYTES];
    base_put_u32(head, ident->number);
    head[4] = ident->member;
    head[5] = kind;
    base_put_u16(head + 6, (uint16_t)kind_text.len);
    base_put_u16(head + 8, (uint16_t)ident->id.value.len);
    base_buf_bytes(&sections[STORE_IDENTITY_HEAP], head, sizeof head);
    base_buf_str(&sections[STORE_IDENTITY_HEAP], kind_text);
    base_buf_str(&sections[STORE_IDENTITY_HEAP], ident->id.value);
    uint8_t index[STORE_IDENTITY_INDEX_BYTES];
    base_put_u64(index, ident->hash);
    base_put_u64(index + 8, offset);
    base_put_u32(index + 16, ident->number);
    base_buf_bytes(&sections[STORE_IDENTITY_INDEX], index, sizeof index);
    uint8_t by_number[STORE_IDENTITY_BY_NUMBER_BYTES];
    base_put_u32(by_number, ident->number);
    base_put_u64(by_number + 4, offset);
    base_buf_bytes(&sections[STORE_IDENTITY_BY_NUMBER], by_number, sizeof by_number);
}

static void put_edge(struct base_buf *sections, const struct store_identity_live *live,
                     const struct store_edge *edge)
{
    uint8_t entry[STORE_IDENTITY_EDGE_BYTES] = {0};
    base_put_u32(entry, edge->child);
    base_put_u32(entry + 4, edge->parent);
    base_put_u64(entry + 8, edge->position);
    base_put_i64(entry + 16, edge->at_ms);
    base_put_u32(entry + 24, edge->height);
    base_put_u32(entry + 28, edge->left);
    base_buf_bytes(&sections[STORE_IDENTITY_EDGES], entry, sizeof entry);
    if (edge->parent != STORE_NO_PARENT) {
        uint8_t by_parent[STORE_IDENTITY_BY_PARENT_BYTES];
        base_put_u32(by_parent, edge->parent);
        base_put_u32(by_parent + 4, edge->child);
        base_put_u64(by_parent + 8, edge->position);
        base_buf_bytes(&sections[STORE_IDENTITY_BY_PARENT], by_parent, sizeof by_parent);
    }
    /* Edges come newest first; their order by position has room made for it beforehand. */
    uint8_t *at = (uint8_t *)sections[STORE_IDENTITY_BY_POSITION].data +
                  (edge->position - live->position_first) * STORE_IDENTITY_BY_POSITION_BYTES;
    base_put_u32(at, edge->child);
    base_put_u32(at + 4, edge->parent == STORE_NO_PARENT ? edge->left : edge->parent);
}

static void put_marks(struct base_buf *marks, const struct store_identity_live *live)
{
    for (uint32_t i = 0; live->mark_count > 0 && i <= live->mask; i++) {
        const struct store_live_number *number = atomic_load(&live->number_buckets[i]);
        for (; number != NULL; number = number->next_in_bucket) {
            if (number->mark != STORE_MARK_NONE) {
                uint8_t mark[STORE_IDENTITY_MARK_BYTES];
                base_put_u32(mark, number->number);
                base_put_u32(mark + 4, number->mark);
                base_buf_bytes(marks, mark, sizeof mark);
            }
        }
    }
}

static void sort(struct base_buf *section, size_t entry_bytes,
                 int (*compare)(const void *a, const void *b))
{
    if (section->len > entry_bytes) {
        qsort(section->data, section->len / entry_bytes, entry_bytes, compare);
    }
}

static bool gather_live(const struct store_identity_live *live, struct base_buf *sections,
                        struct fail *fail)
{
    struct base_buf *by_position = &sections[STORE_IDENTITY_BY_POSITION];
    if (live->edge_count > 0 &&
        base_buf_room(by_position, live->edge_count * STORE_IDENTITY_BY_POSITION_BYTES) != NULL) {
        by_position->len = live->edge_count * STORE_IDENTITY_BY_POSITION_BYTES;
    }
    if (!base_buf_ok(by_position, fail)) {
        return false;
    }
    for (const struct store_live_ident *ident = live->first_ident; ident != NULL;
         ident = ident->next_by_seq) {
        put_ident(sections, ident);
    }
    for (const struct store_live_edge *edge = atomic_load(&live->newest_edge); edge != NULL;
         edge = edge->older) {
        put_edge(sections, live, &edge->edge);
    }
    put_marks(&sections[STORE_IDENTITY_MARKS], live);
    for (size_t i = 0; i < STORE_IDENTITY_SECTIONS; i++) {
        if (!base_buf_ok(&sections[i], fail)) {
            return false;
        }
    }
    sort(&sections[STORE_IDENTITY_INDEX], STORE_IDENTITY_INDEX_BYTES, compare_index);
    sort(&sections[STORE_IDENTITY_BY_NUMBER], STORE_IDENTITY_BY_NUMBER_BYTES, compare_by_number);
    sort(&sections[STORE_IDENTITY_EDGES], STORE_IDENTITY_EDGE_BYTES, compare_position_second);
    sort(&sections[STORE_IDENTITY_BY_PARENT], STORE_IDENTITY_BY_PARENT_BYTES,
         compare_position_second);
    sort(&sections[STORE_IDENTITY_MARKS], STORE_IDENTITY_MARK_BYTES, compare_u32);
    return true;
}

bool store_identity_seal(struct disk *disk, const struct store_identity_live *live,
                         uint32_t number_bound, uint64_t id, struct store_run_info *out,
                         struct fail *fail)
{
    struct base_buf sections[STORE_IDENTITY_SECTIONS] = {0};
    bool ok = gather_live(live, sections, fail);
    if (ok) {
        struct input input = {
            .seq_count = live->seq_count,
            .position_count = live->edge_count,
            .mark_count = live->mark_count,
        };
        for (size_t i = 0; i < STORE_IDENTITY_SECTIONS; i++) {
            input.sections[i] = (const uint8_t *)sections[i].data;
            input.len[i] = sections[i].len;
        }
        struct build build = {
            .inputs = &input,
            .count = 1,
            .seq_first = live->seq_first,
            .position_first = live->position_first,
            .number_first = live->number_first,
            .number_count = number_bound - live->number_first,
        };
        ok = write_run(disk, &build, id, out, fail);
    }
    for (size_t i = 0; i < STORE_IDENTITY_SECTIONS; i++) {
        base_buf_done(&sections[i]);
    }
    return ok;
}

/* ---- merging ---------------------------------------------------------------------------------------------- */

static bool input_of_run(const struct store_identity_run *run, struct input *out, struct fail *fail)
{
    out->seq_count = run->seq_count;
    out->position_count = run->position_count;
    out->mark_count = run->mark_count;
    for (uint32_t i = 0; i < STORE_IDENTITY_SECTIONS; i++) {
        out->len[i] = store_run_len(run->run, i);
        if (!store_run_at(run->run, i, 0, out->len[i], &out->sections[i], fail)) {
            return false;
        }
    }
    return true;
}

/* The length of the heap entry at `at`; 0: it does not lie wholly in the heap. */
static uint64_t entry_len(const uint8_t *heap, uint64_t len, uint64_t at)
{
    if (len - at < STORE_IDENTITY_HEAP_BYTES) {
        return 0;
    }
    uint64_t whole = STORE_IDENTITY_HEAP_BYTES + (uint64_t)base_get_u16(heap + at + 6) +
                     base_get_u16(heap + at + 8);
    return whole <= len - at ? whole : 0;
}

bool store_identity_run_each(const struct store_identity_run *run,
                             bool (*each)(void *context, uint64_t seq, uint32_t number),
                             void *context, struct fail *fail)
{
    uint64_t len = store_run_len(run->run, STORE_IDENTITY_HEAP);
    const uint8_t *heap;
    if (!store_run_at(run->run, STORE_IDENTITY_HEAP, 0, len, &heap, fail)) {
        return false;
    }
    uint64_t seq = run->seq_first;
    for (uint64_t at = 0; at < len; seq++) {
        uint64_t whole = entry_len(heap, len, at);
        if (whole == 0) {
            return fail_set(fail, FAIL_CORRUPT, "an identifier reaches past the end of its run");
        }
        if ((heap[at + 4] & STORE_IDENTITY_FREED) == 0 &&
            !each(context, seq, base_get_u32(heap + at))) {
            return true;
        }
        at += whole;
    }
    return true;
}

/* A copy of the heap, in which those to be freed are. */
static bool free_in_heap(const struct store_identity_run *run,
                         bool (*freed)(void *context, uint64_t seq, uint32_t number), void *context,
                         uint8_t *heap, uint64_t *out_freed, struct fail *fail)
{
    uint64_t len = store_run_len(run->run, STORE_IDENTITY_HEAP);
    uint64_t seq = run->seq_first;
    for (uint64_t at = 0; at < len; seq++) {
        uint64_t whole = entry_len(heap, len, at);
        if (whole == 0) {
            return fail_set(fail, FAIL_CORRUPT, "an identifier reaches past the end of its run");
        }
        if ((heap[at + 4] & STORE_IDENTITY_FREED) == 0 &&
            freed(context, seq, base_get_u32(heap + at))) {
            size_t text = STORE_IDENTITY_HEAP_BYTES + (size_t)base_get_u16(heap + at + 6);
            heap[at + 4] |= STORE_IDENTITY_FREED;
            memset(heap + at + text, 0, whole - text);
            ++*out_freed;
        }
        at += whole;
    }
    return true;
}

bool store_identity_free(struct disk *disk, const struct store_identity_run *run,
                         bool (*freed)(void *context, uint64_t seq, uint32_t number), void *context,
                         uint64_t id, struct store_run_info *out, uint64_t *out_freed,
                         struct fail *fail)
{
    CLEANUP(arena_free_at) struct arena *arena = arena_new(NULL);
    struct input input = {0};
    *out_freed = 0;
    if (!input_of_run(run, &input, fail)) {
        return false;
    }
    uint64_t len = input.len[STORE_IDENTITY_HEAP];
    uint8_t *heap = arena_alloc(arena, len + 1, fail);
    if (heap == NULL) {
        return false;
    }
    if (len > 0) {
        memcpy(heap, input.sections[STORE_IDENTITY_HEAP], len);
    }
    if (!free_in_heap(run, freed, context, heap, out_freed, fail)) {
        return false;
    }
    if (*out_freed == 0) {
        return true;
    }
    input.sections[STORE_IDENTITY_HEAP] = heap;
    struct build build = {
        .inputs = &input,
        .count = 1,
        .seq_first = run->seq_first,
        .position_first = run->position_first,
        .number_first = run->number_first,
        .number_count = run->number_count,
    };
    return write_run(disk, &build, id, out, fail);
}

bool store_identity_merge(struct disk *disk, const struct store_identity_run *runs, size_t count,
                          bool oldest, uint64_t id, struct store_run_info *out, struct fail *fail)
{
    CLEANUP(arena_free_at) struct arena *arena = arena_new(NULL);
    struct input *inputs = arena_array(arena, count, sizeof *inputs, fail);
    if (inputs == NULL) {
        return false;
    }
    struct build build = {
        .inputs = inputs,
        .count = count,
        .seq_first = runs[0].seq_first,
        .position_first = runs[0].position_first,
        .number_first = runs[0].number_first,
        .oldest = oldest,
    };
    for (size_t i = 0; i < count; i++) {
        build.number_count += runs[i].number_count;
        if (!input_of_run(&runs[i], &inputs[i], fail)) {
            return false;
        }
    }
    return write_run(disk, &build, id, out, fail);
}
