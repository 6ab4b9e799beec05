/* store_build_footer.c — what a segment tells about its rows: directory, statistics, footer. */
#include <stdlib.h>

#include "base_bytes.h"
#include "store_build.h"

/* ---- runs of integers behind their lengths ---------------------------------------------------------------- */

bool store_build_put_run(const int64_t *values, uint32_t count, struct base_buf *out,
                         struct fail *fail)
{
    size_t at = out->len;
    base_buf_bytes(out, "\0\0\0\0", 4);
    if (!store_ints_encode(values, count, out, fail)) {
        return false;
    }
    base_put_u32(out->data + at, (uint32_t)(out->len - at - 4));
    return true;
}

/* ---- the directory ---------------------------------------------------------------------------------------- */

/* The group goes to the block that is being filled. */
static bool flush_group(struct store_build *build, struct fail *fail)
{
    static const char zero[8] = {0};
    struct store_build_group *group = &build->group;
    struct base_buf *out = &build->filling->directory;
    uint32_t count = group->count;
    if (count == 0) {
        return true;
    }
    uint64_t rows = 0;
    for (uint32_t i = 0; i < count; i++) {
        rows += (uint64_t)group->rows[i];
        group->last_ms[i] -= group->first_ms[i];
    }
    size_t begin = out->len;
    if (!store_build_put_run(group->customers, count, out, fail) ||
        !store_build_put_run(group->rows, count, out, fail) ||
        !store_build_put_run(group->first_ms, count, out, fail) ||
        !store_build_put_run(group->last_ms, count, out, fail) ||
        !store_build_put_run(group->bookkeeping, count, out, fail) || !base_buf_ok(out, fail)) {
        return false;
    }
    size_t length = out->len - begin;
    uint8_t entry[STORE_BUILD_GROUP_BYTES];
    base_put_u32(entry, (uint32_t)group->customers[0]);
    base_put_u32(entry + 4, count);
    base_put_u32(entry + 8, group->row_first);
    base_put_u32(entry + 12, (uint32_t)length);
    base_put_u64(entry + STORE_BUILD_GROUP_OFFSET, begin);
    base_put_u64(entry + 24, base_hash64(out->data + begin, length, 0));
    base_buf_bytes(out, zero, (8 - out->len % 8) % 8);
    base_buf_bytes(&build->filling->groups, entry, sizeof entry);
    build->info.customers += count;
    group->row_first += (uint32_t)rows;
    group->count = 0;
    return base_buf_ok(out, fail) && base_buf_ok(&build->filling->groups, fail);
}

bool store_build_add_customer(struct store_build *build, uint32_t customer, uint32_t rows,
                              const int64_t *ts_ms, const uint32_t *events, struct fail *fail)
{
    struct store_build_group *group = &build->group;
    bool goes_on = group->count > 0 && group->customers[group->count - 1] == (int64_t)customer;
    if (!goes_on && group->count > 0) {
        uint64_t sum = rows;
        for (uint32_t i = 0; i < group->count; i++) {
            sum += (uint64_t)group->rows[i];
        }
        if ((group->count == STORE_SEGMENT_GROUP_CUSTOMERS || sum > STORE_SEGMENT_GROUP_ROWS) &&
            !flush_group(build, fail)) {
            return false;
        }
    }
    uint32_t at = goes_on ? group->count - 1 : group->count;
    if (!goes_on) {
        group->customers[at] = customer;
        group->rows[at] = 0;
        group->first_ms[at] = ts_ms[0];
        group->last_ms[at] = ts_ms[0];
        group->bookkeeping[at] = 0;
        group->count++;
    }
    for (uint32_t i = 0; i < rows; i++) {
        if (build->bookkeeping[events[i]] != 0) {
            group->bookkeeping[at]++;
        } else {
            if (group->rows[at] + i + 1 - group->bookkeeping[at] == 1) { /* the first such */
                group->first_ms[at] = ts_ms[i];
            }
            group->last_ms[at] = ts_ms[i];
        }
    }
    group->rows[at] += rows;
    return true;
}

/* ---- statistics --------------------------------------------------------------------------------------------- */

static uint64_t line_hash(uint64_t key0, uint64_t key1)
{
    return store_map_mix(key0 * UINT64_C(0x9E3779B97F4A7C15) ^ store_map_mix(key1));
}

static bool grow_lines(struct store_build_lines *lines, struct fail *fail)
{
    uint32_t size = lines->mask == 0 ? 1024 : (lines->mask + 1) * 2;
    void *block = NULL;
    if (!base_alloc_array(size, sizeof(uint32_t), &block, fail)) {
        return false;
    }
    uint32_t *slots = block;
    memset(slots, 0, size * sizeof *slots);
    const struct store_build_line *all = lines->lines.data;
    for (uint32_t i = 0; i < lines->count; i++) {
        uint32_t at = (uint32_t)line_hash(all[i].key[0], all[i].key[1]) & (size - 1);
        while (slots[at] != 0) {
            at = (at + 1) & (size - 1);
        }
        slots[at] = i + 1;
    }
    base_free(lines->slots);
    lines->slots = slots;
    lines->mask = size - 1;
    return true;
}

const struct store_build_line *store_build_line_find(const struct store_build_lines *lines,
                                                     uint64_t key0, uint64_t key1)
{
    const struct store_build_line *all = lines->lines.data;
    if (lines->mask == 0) {
        return NULL;
    }
    uint32_t at = (uint32_t)line_hash(key0, key1) & lines->mask;
    for (; lines->slots[at] != 0; at = (at + 1) & lines->mask) {
        const struct store_build_line *line = &all[lines->slots[at] - 1];
        if (line->key[0] == key0 && line->key[1] == key1) {
            return line;
        }
    }
    return NULL;
}

/* The line of a key, made where there is none; NULL with `fail`. */
static struct store_build_line *line_of(struct store_build_lines *lines, uint64_t key0,
                                        uint64_t key1, struct fail *fail)
{
    if ((lines->mask == 0 || lines->count >= lines->mask / 2) && !grow_lines(lines, fail)) {
        return NULL;
    }
    struct store_build_line *all = lines->lines.data;
    uint32_t at = (uint32_t)line_hash(key0, key1) & lines->mask;
    for (; lines->slots[at] != 0; at = (at + 1) & lines->mask) {
        struct store_build_line *line = &all[lines->slots[at] - 1];
        if (line->key[0] == key0 && line->key[1] == key1) {
            return line;
        }
    }
    if (!store_vec_room(&lines->lines, (size_t)lines->count + 1, sizeof *all, NULL, fail)) {
        return NULL;
    }
    all = lines->lines.data;
    all[lines->count++] =
        (struct store_build_line){.key = {key0, key1}, .first_ms = INT64_MAX, .last_ms = INT64_MIN};
    lines->slots[at] = lines->count;
    return &all[lines->count - 1];
}

bool store_build_count_many(struct store_build_lines *lines, uint64_t key0, uint64_t key1,
                            const struct store_build_line *counted, struct fail *fail)
{
    struct store_build_line *line = line_of(lines, key0, key1, fail);
    if (line == NULL) {
        return false;
    }
    line->rows += counted->rows;
    line->first_ms = counted->first_ms < line->first_ms ? counted->first_ms : line->first_ms;
    line->last_ms = counted->last_ms > line->last_ms ? counted->last_ms : line->last_ms;
    return true;
}

bool store_build_count(struct store_build_lines *lines, uint64_t key0, uint64_t key1, uint64_t row,
                       int64_t ts_ms, struct fail *fail)
{
    struct store_build_line *line = line_of(lines, key0, key1, fail);
    if (line == NULL) {
        return false;
    }
    if (line->row != row) {
        line->row = row;
        line->rows++;
        line->first_ms = ts_ms < line->first_ms ? ts_ms : line->first_ms;
        line->last_ms = ts_ms > line->last_ms ? ts_ms : line->last_ms;
    }
    return true;
}

static int compare_lines(const void *a, const void *b)
{
    const struct store_build_line *x = a;
    const struct store_build_line *y = b;
    if (x->key[0] != y->key[0]) {
        return x->key[0] < y->key[0] ? -1 : 1;
    }
    int64_t i = (int64_t)x->key[1]; /* hours may be negative */
    int64_t j = (int64_t)y->key[1];
    return i < j ? -1 : i > j;
}

enum { LINE_KIND, LINE_EVENT, LINE_NAME, LINE_ROWS, LINE_FIRST, LINE_LAST };

static int64_t line_field(const struct store_build_line *line, int field)
{
    switch (field) {
    case LINE_KIND:
        return (int64_t)(line->key[0] >> 32);
    case LINE_EVENT:
        return (int64_t)(line->key[0] & UINT32_MAX);
    case LINE_NAME:
        return (int64_t)line->key[1];
    case LINE_ROWS:
        return (int64_t)line->rows;
    case LINE_FIRST:
        return line->first_ms;
    default:
        return line->last_ms;
    }
}

/* `second` stands behind the number of lines. */
static bool put_lines(struct store_build *build, struct store_build_lines *lines, uint32_t second,
                      const int *fields, size_t field_count, struct store_segment_piece *out,
                      struct fail *fail)
{
    struct store_build_line *all = lines->lines.data;
    if (lines->count > 0) {
        qsort(all, lines->count, sizeof *all, compare_lines);
    }
    CLEANUP(base_free_at) void *block = NULL;
    if (!base_alloc_array(lines->count, sizeof(int64_t), &block, fail)) {
        return false;
    }
    int64_t *values = block;
    size_t begin = store_build_begin_chunk(build);
    uint8_t header[8] = {0};
    base_put_u32(header, lines->count);
    base_put_u32(header + 4, second);
    base_buf_bytes(&build->out, header, sizeof header);
    for (size_t f = 0; f < field_count; f++) {
        for (uint32_t i = 0; i < lines->count; i++) {
            values[i] = line_field(&all[i], fields[f]);
        }
        if (lines->count > 0 && !store_build_put_run(values, lines->count, &build->out, fail)) {
            return false;
        }
    }
    return store_build_end_chunk(build, begin, out, fail);
}

/* ---- the footer ----------------------------------------------------------------------------------------------- */

struct footer {
    struct base_buf names, columns, chunks, sets, statistics, cubes, days;
    uint32_t chunk_count;
};

static void footer_done(struct footer *footer)
{
    base_buf_done(&footer->names);
    base_buf_done(&footer->columns);
    base_buf_done(&footer->chunks);
    base_buf_done(&footer->sets);
    base_buf_done(&footer->statistics);
    base_buf_done(&footer->cubes);
    base_buf_done(&footer->days);
}

static void put_names(const struct store_build *build, struct base_buf *out)
{
    uint8_t number[4];
    for (int f = 0; f < STORE_FAMILIES; f++) {
        base_put_u32(number, build->name_counts[f]);
        base_buf_bytes(out, number, 4);
        for (uint32_t i = 0; i < build->name_counts[f]; i++) {
            struct str name =
                store_names_get(build->in->names, (enum store_family)f, build->names[f][i]);
            base_put_u16(number, (uint16_t)name.len);
            base_buf_bytes(out, number, 2);
            base_buf_str(out, name);
        }
    }
}

static void put_column(struct footer *footer, enum store_segment_kind kind, uint32_t name,
                       const struct store_build_chunks *chunks,
                       const struct store_segment_piece *dictionary, uint32_t dictionary_count)
{
    uint8_t entry[48] = {0};
    if (chunks->count == 0) {
        return;
    }
    entry[0] = (uint8_t)kind;
    base_put_u32(entry + 4, name);
    base_put_u32(entry + 8, footer->chunk_count);
    base_put_u32(entry + 12, chunks->count);
    base_put_u64(entry + 16, dictionary->offset);
    base_put_u32(entry + 24, (uint32_t)dictionary->length);
    base_put_u32(entry + 28, dictionary_count);
    base_put_u64(entry + 32, dictionary->checksum);
    base_buf_bytes(&footer->columns, entry, sizeof entry);
    const struct store_segment_chunk *all = chunks->entries.data;
    for (uint32_t i = 0; i < chunks->count; i++) {
        uint8_t chunk[24];
        base_put_u32(chunk, all[i].block);
        base_put_u32(chunk + 4, all[i].length);
        base_put_u64(chunk + 8, all[i].offset);
        base_put_u64(chunk + 16, all[i].checksum);
        base_buf_bytes(&footer->chunks, chunk, sizeof chunk);
    }
    footer->chunk_count += chunks->count;
}

static bool put_columns(struct store_build *build, struct footer *footer, struct fail *fail)
{
    static const enum store_segment_kind ints[STORE_BUILD_INTS] = {
        STORE_SEGMENT_TS,       STORE_SEGMENT_EVENT,       STORE_SEGMENT_ARRIVAL,
        STORE_SEGMENT_ORIGINAL, STORE_SEGMENT_RECEIVED_AT, STORE_SEGMENT_SOURCE,
        STORE_SEGMENT_CHANNEL,  STORE_SEGMENT_SCALE};
    const struct store_segment_piece none = {0};
    for (int i = 0; i < STORE_BUILD_INTS; i++) {
        put_column(footer, ints[i], 0, &build->int_chunks[i], &none, 0);
    }
    for (size_t c = 0; c < build->column_count; c++) {
        const struct store_build_column *column = &build->columns[c];
        struct store_segment_piece dictionary = {0};
        if (column->dictionary.count > 0 && column->chunks.count > 0) {
            size_t begin = store_build_begin_chunk(build);
            if (!store_dictionary_encode(column->dictionary.strings, column->dictionary.count,
                                         &build->out, fail) ||
                !store_build_end_chunk(build, begin, &dictionary, fail)) {
                return false;
            }
        }
        uint32_t name = 0;
        if (column->kind == STORE_SEGMENT_PROPERTY) {
            name = build->codes[STORE_FAMILY_PROPERTY][column->name];
        } else if (column->kind == STORE_SEGMENT_TRAIT) {
            name = build->codes[STORE_FAMILY_TRAIT][column->name];
        }
        put_column(footer, column->kind, name, &column->chunks, &dictionary,
                   column->dictionary.count);
    }
    return true;
}

static bool put_statistics(struct store_build *build, struct footer *footer, struct fail *fail)
{
    static const int names[] = {LINE_KIND, LINE_EVENT, LINE_NAME, LINE_ROWS, LINE_FIRST, LINE_LAST};
    static const int hours[] = {LINE_EVENT, LINE_NAME, LINE_ROWS};
    struct store_segment_piece pieces[2];
    if (!put_lines(build, &build->names_lines, 0, names, ARRAY_LEN(names), &pieces[0], fail) ||
        !put_lines(build, &build->hours_lines, (uint32_t)STORE_SEGMENT_HOUR_MS, hours,
                   ARRAY_LEN(hours), &pieces[1], fail)) {
        return false;
    }
    for (size_t i = 0; i < ARRAY_LEN(pieces); i++) {
        uint8_t entry[24];
        base_put_u64(entry, pieces[i].offset);
        base_put_u64(entry + 8, pieces[i].length);
        base_put_u64(entry + 16, pieces[i].checksum);
        base_buf_bytes(&footer->statistics, entry, sizeof entry);
    }
    return true;
}

static void put_head(const struct store_build *build, uint32_t sections, struct base_buf *out)
{
    const struct store_segment_info *info = &build->info;
    uint8_t head[STORE_SEGMENT_FOOTER_BYTES] = {0};
    base_put_u64(head, info->id);
    base_put_u64(head + 8, info->rows);
    base_put_u64(head + 16, info->customers);
    base_put_i64(head + 24, info->ts_min_ms);
    base_put_i64(head + 32, info->ts_max_ms);
    base_put_u64(head + 40, info->arrival_min);
    base_put_u64(head + 48, info->arrival_max);
    base_put_u64(head + 56, info->identity_position);
    base_put_u32(head + 64, STORE_SEGMENT_BLOCK_ROWS);
    base_put_u32(head + 68, (uint32_t)(build->blocks.len / 24));
    base_put_u32(head + 72, sections);
    base_buf_bytes(out, head, sizeof head);
}

/* Puts footer and trailer behind what is in `out`. */
static bool put_footer(struct store_build *build, struct footer *footer, struct fail *fail)
{
    static const char zero[8] = {0};
    const struct {
        enum store_segment_tag tag;
        const struct base_buf *body;
        bool left_out;
    } all[] = {
        {STORE_SEGMENT_TAG_NAMES, &footer->names, false},
        {STORE_SEGMENT_TAG_COLUMNS, &footer->columns, false},
        {STORE_SEGMENT_TAG_CHUNKS, &footer->chunks, false},
        {STORE_SEGMENT_TAG_BLOCKS, &build->blocks, false},
        {STORE_SEGMENT_TAG_EVENT_SETS, &footer->sets, false},
        {STORE_SEGMENT_TAG_GROUPS, &build->groups, false},
        {STORE_SEGMENT_TAG_STATISTICS, &footer->statistics, false},
        {STORE_SEGMENT_TAG_CUBES, &footer->cubes, footer->cubes.len == 0},
        {STORE_SEGMENT_TAG_PLACES, &build->block_places, !build->any_places},
        {STORE_SEGMENT_TAG_DAYS, &footer->days, footer->days.len == 0},
    };
    size_t begin = store_build_begin_chunk(build);
    const struct base_buf *bodies[ARRAY_LEN(all)];
    uint32_t tags[ARRAY_LEN(all)];
    uint32_t sections = 0;
    for (size_t i = 0; i < ARRAY_LEN(all); i++) {
        tags[sections] = all[i].tag;
        bodies[sections] = all[i].body;
        sections += !all[i].left_out;
    }
    put_head(build, sections, &build->out);
    for (size_t i = 0; i < sections; i++) {
        uint8_t entry[16] = {0};
        if (!base_buf_ok(bodies[i], fail)) {
            return false;
        }
        base_put_u32(entry, tags[i]);
        base_put_u64(entry + 8, bodies[i]->len);
        base_buf_bytes(&build->out, entry, sizeof entry);
    }
    for (size_t i = 0; i < sections; i++) {
        base_buf_bytes(&build->out, bodies[i]->data, bodies[i]->len);
        base_buf_bytes(&build->out, zero, (8 - bodies[i]->len % 8) % 8);
    }
    struct store_segment_piece piece;
    if (!store_build_end_chunk(build, begin, &piece, fail)) {
        return false;
    }
    uint8_t trailer[STORE_SEGMENT_TRAILER_BYTES];
    base_put_u64(trailer, piece.offset);
    base_put_u64(trailer + 8, piece.length);
    base_put_u64(trailer + 16, piece.checksum);
    memcpy(trailer + 24, store_segment_magic_end, 8);
    base_buf_bytes(&build->out, trailer, sizeof trailer);
    build->info.checksum = piece.checksum;
    return base_buf_ok(&build->out, fail);
}

bool store_build_finish(struct store_build *build, struct fail *fail)
{
    CLEANUP(footer_done) struct footer footer = {0};
    if (!store_build_writer_await(build, fail) ||
        !store_build_write_block(build, build->filling, fail) || !flush_group(build, fail) ||
        !store_build_write_block(build, build->filling, fail)) {
        return false;
    }
    put_names(build, &footer.names);
    uint8_t bits[8] = {0};
    base_put_u32(bits, build->event_bits);
    base_buf_bytes(&footer.sets, bits, sizeof bits);
    base_buf_bytes(&footer.sets, build->event_sets.data, build->event_sets.len);
    if (!put_columns(build, &footer, fail) || !put_statistics(build, &footer, fail) ||
        !store_build_cubes_put(build, &footer.cubes, fail) ||
        !store_build_days_put(build, &footer.days, fail) || !put_footer(build, &footer, fail) ||
        !disk_write_at(build->file, build->out_at, build->out.data, build->out.len, fail)) {
        return false;
    }
    build->info.bytes = build->out_at + build->out.len;
    return disk_sync(build->file, fail);
}
