/* store_segment_directory.c — a segment's customers and where their rows are; its statistics. */
#include <inttypes.h>

#include "base_bytes.h"
#include "base_checked.h"
#include "store_segment.h"

#define GROUP_BYTES 32U
#define DIRECTORY_RUNS 5U
#define LINE_BYTES 64U /* of a processor's cache */

static const uint8_t *group_entry(const struct store_segment *segment, uint32_t group)
{
    return (const uint8_t *)segment->sections[STORE_SEGMENT_TAG_GROUPS].data +
           (size_t)group * GROUP_BYTES;
}

uint32_t store_segment_group_count(const struct store_segment *segment)
{
    return segment->group_count;
}

uint32_t store_segment_group_first(const struct store_segment *segment, uint32_t group)
{
    return base_get_u32(group_entry(segment, group));
}

struct store_segment_group store_segment_group_get(const struct store_segment *segment,
                                                   uint32_t group)
{
    const uint8_t *at = group_entry(segment, group);
    return (struct store_segment_group){.customer_first = base_get_u32(at),
                                        .customers = base_get_u32(at + 4),
                                        .row_first = base_get_u32(at + 8),
                                        .length = base_get_u32(at + 12),
                                        .offset = base_get_u64(at + 16),
                                        .checksum = base_get_u64(at + 24)};
}

uint32_t store_segment_group_rows(const struct store_segment *segment, uint32_t group)
{
    uint32_t first = store_segment_group_get(segment, group).row_first;
    uint32_t end = group + 1 < segment->group_count
                       ? store_segment_group_get(segment, group + 1).row_first
                       : (uint32_t)segment->info.rows;
    return end - first;
}

uint32_t store_segment_group_find(const struct store_segment *segment, uint32_t customer)
{
    uint32_t low = 0;
    uint32_t high = segment->group_count;
    while (high - low > 1) {
        uint32_t middle = low + (high - low) / 2;
        if (store_segment_group_first(segment, middle) <= customer) {
            low = middle;
        } else {
            high = middle;
        }
    }
    return low;
}

bool store_segment_runs_open(const uint8_t *bytes, size_t len, struct store_ints *out,
                             unsigned count, unsigned same, struct fail *fail)
{
    for (unsigned r = 0; r < count; r++) {
        if (len < 4) {
            return fail_set(fail, FAIL_CORRUPT, "cut short");
        }
        size_t length = base_get_u32(bytes);
        bytes += 4;
        len -= 4;
        if (length > len) {
            return fail_set(fail, FAIL_CORRUPT, "cut short");
        }
        if (!store_ints_open(bytes, length, &out[r], fail)) {
            return false;
        }
        if (r < same && out[r].count != out[0].count) {
            return fail_set(fail, FAIL_CORRUPT, "runs of different lengths");
        }
        bytes += length;
        len -= length;
    }
    return true;
}

static bool read_facts(const struct store_ints *runs, struct store_directory *directory,
                       struct fail *fail)
{
    uint32_t count = directory->count;
    uint32_t bookkeeping[STORE_SEGMENT_GROUP_CUSTOMERS];
    if (!store_ints_read(&runs[2], 0, count, directory->first_ms, fail) ||
        !store_ints_read(&runs[3], 0, count, directory->last_ms, fail) ||
        !store_ints_read_codes(&runs[4], 0, count, UINT32_MAX, bookkeeping, fail)) {
        return false;
    }
    for (uint32_t i = 0; i < count; i++) {
        uint32_t rows = directory->row_begin[i + 1] - directory->row_begin[i];
        if (bookkeeping[i] > rows ||
            !base_i64_add(directory->first_ms[i], directory->last_ms[i], &directory->last_ms[i])) {
            return fail_set(fail, FAIL_CORRUPT, "impossible numbers");
        }
        directory->events[i] = rows - bookkeeping[i];
    }
    return true;
}

static bool read_directory(const struct store_segment *segment, uint32_t group,
                           const uint8_t *bytes, const struct store_segment_group *entry,
                           bool want_facts, struct store_directory *out, struct fail *fail)
{
    struct store_ints runs[DIRECTORY_RUNS];
    uint32_t rows[STORE_SEGMENT_GROUP_CUSTOMERS];
    unsigned wanted = want_facts ? DIRECTORY_RUNS : 2;
    if (!store_segment_runs_open(bytes, entry->length, runs, wanted, wanted, fail)) {
        return false;
    }
    if (runs[0].count != entry->customers) {
        return fail_set(fail, FAIL_CORRUPT, "customers do not add up");
    }
    out->count = entry->customers;
    if (!store_ints_read32(&runs[0], 0, out->count, out->customers, fail) ||
        !store_ints_read32(&runs[1], 0, out->count, rows, fail)) {
        return false;
    }
    uint32_t end = group + 1 < segment->group_count ? store_segment_group_first(segment, group + 1)
                                                    : STORE_NO_CUSTOMER;
    const uint32_t *customers = out->customers;
    if (customers[0] != entry->customer_first || customers[out->count - 1] >= end ||
        !store_ascend32(customers, out->count)) {
        return fail_set(fail, FAIL_CORRUPT, "customers do not ascend");
    }
    uint64_t at = entry->row_first;
    uint64_t row_end = at + store_segment_group_rows(segment, group);
    bool any_without = false;
    for (uint32_t i = 0; i < out->count; i++) {
        out->row_begin[i] = (uint32_t)at;
        any_without |= rows[i] == 0;
        at += rows[i];
    }
    out->row_begin[out->count] = (uint32_t)at;
    if (at != row_end || any_without) { /* so none of them is past the end */
        return fail_set(fail, FAIL_CORRUPT, "rows do not add up");
    }
    out->has_facts = want_facts;
    return !want_facts || read_facts(runs, out, fail);
}

/* Whoever reads customers in their order wants the next group's soon, and its first bytes lie on a page that nobody touched just now. */
static void ask_for_next(const struct store_segment *segment, uint32_t group)
{
    if (group + 1 < segment->group_count) {
        const uint8_t *bytes =
            segment->view.data + store_segment_group_get(segment, group + 1).offset;
        __builtin_prefetch(bytes);
        __builtin_prefetch(bytes + LINE_BYTES);
    }
}

bool store_segment_directory_read(const struct store_segment *segment, uint32_t group,
                                  bool want_facts, struct store_directory *out, struct fail *fail)
{
    struct store_segment_group entry = store_segment_group_get(segment, group);
    const uint8_t *bytes;
    ask_for_next(segment, group);
    if (!store_segment_bytes(segment, entry.offset, entry.length, entry.checksum,
                             segment->chunk_count + group, &bytes, fail) ||
        !read_directory(segment, group, bytes, &entry, want_facts, out, fail)) {
        return fail_at(fail, "%s: customers, group %" PRIu32, segment->path, group);
    }
    return true;
}

/* The group that holds `row`. */
static uint32_t group_of_row(const struct store_segment *segment, uint32_t row)
{
    uint32_t low = 0;
    uint32_t high = segment->group_count;
    while (high - low > 1) {
        uint32_t middle = low + (high - low) / 2;
        if (store_segment_group_get(segment, middle).row_first <= row) {
            low = middle;
        } else {
            high = middle;
        }
    }
    return low;
}

bool store_segment_block_customers(const struct store_segment *segment, uint32_t block,
                                   struct store_directory *directory, uint32_t *out,
                                   struct fail *fail)
{
    uint32_t first = block * STORE_SEGMENT_BLOCK_ROWS;
    uint32_t end = first + store_segment_block_rows(segment, block);
    uint32_t row = first;
    for (uint32_t g = group_of_row(segment, first); row < end; g++) {
        if (!store_segment_directory_read(segment, g, false, directory, fail)) {
            return false;
        }
        for (uint32_t c = 0; c < directory->count; c++) {
            for (; row < directory->row_begin[c + 1] && row < end; row++) {
                out[row - first] = directory->customers[c];
            }
        }
    }
    return true;
}

bool store_segment_block_numbers(const struct store_segment *segment, uint32_t block,
                                 struct store_directory *directory, uint32_t *out,
                                 struct fail *fail)
{
    const struct store_segment_column *column =
        store_segment_column_find(segment, STORE_SEGMENT_ORIGINAL, STORE_NO_CODE);
    struct store_ints ints;
    bool found = false;
    if (column != NULL && !store_segment_ints_open(segment, column, block, &ints, &found, fail)) {
        return false;
    }
    if (!found) {
        return store_segment_block_customers(segment, block, directory, out, fail);
    }
    return store_ints_read_codes(&ints, 0, ints.count, STORE_NO_CUSTOMER, out, fail) ||
           store_segment_blame(segment, column, block, fail);
}

/* ---- statistics --------------------------------------------------------------------------------------- */

#define STATISTICS_RUNS_MAX 6U

/* Opens so many runs of one length; `second` is the number that stands behind theirs. */
static bool open_lines(const struct store_segment *segment, const struct store_segment_piece *piece,
                       size_t mark, uint32_t second, uint64_t most, unsigned runs,
                       struct store_ints *ints, uint32_t *out_count, struct fail *fail)
{
    const uint8_t *bytes;
    if (!store_segment_bytes(segment, piece->offset, piece->length, piece->checksum, mark, &bytes,
                             fail)) {
        return false;
    }
    if (piece->length < 8 || base_get_u32(bytes + 4) != second) {
        return fail_set(fail, FAIL_CORRUPT, "cut short, or of another kind");
    }
    uint32_t count = base_get_u32(bytes);
    *out_count = count;
    if (count == 0) {
        return true;
    }
    if (!store_segment_runs_open(bytes + 8, (size_t)piece->length - 8, ints, runs, runs, fail)) {
        return false;
    }
    if (ints[0].count != count) {
        return fail_set(fail, FAIL_CORRUPT, "lines do not add up");
    }
    return count <= most || fail_set(fail, FAIL_CORRUPT, "more lines than rows can give");
}

/* All lines of the runs, as columns of the arena. */
static bool read_lines(const struct store_ints *ints, unsigned runs, uint32_t count,
                       struct arena *arena, int64_t **out, struct fail *fail)
{
    for (unsigned r = 0; r < runs && count > 0; r++) {
        out[r] = arena_array(arena, count, sizeof **out, fail);
        if (out[r] == NULL || !store_ints_read(&ints[r], 0, count, out[r], fail)) {
            return false;
        }
    }
    return true;
}

/* The process's code for the file's; false where the file has no such name. */
static bool translate(const struct store_segment *segment, enum store_family family, int64_t code,
                      uint32_t *out)
{
    if (code < 0 || code >= segment->code_counts[family]) {
        return false;
    }
    *out = segment->codes[family][code];
    return true;
}

static bool read_statistics(const struct store_segment *segment, struct arena *arena,
                            struct store_statistic **out, size_t *out_count, struct fail *fail)
{
    int64_t *columns[STATISTICS_RUNS_MAX] = {0};
    struct store_ints ints[STATISTICS_RUNS_MAX];
    uint32_t count;
    uint64_t names = 1; /* each event with each name, and by itself */
    for (int f = 0; f < STORE_FAMILIES; f++) {
        names += segment->code_counts[f];
    }
    uint64_t most = segment->code_counts[STORE_FAMILY_EVENT] * names;
    if (!open_lines(segment, &segment->names_statistics,
                    (size_t)segment->chunk_count + segment->group_count, 0, most,
                    STATISTICS_RUNS_MAX, ints, &count, fail) ||
        !read_lines(ints, STATISTICS_RUNS_MAX, count, arena, columns, fail)) {
        return false;
    }
    static const enum store_family families[] = {STORE_FAMILY_EVENT, STORE_FAMILY_PROPERTY,
                                                 STORE_FAMILY_TRAIT, STORE_FAMILY_CHANNEL,
                                                 STORE_FAMILY_SOURCE};
    struct store_statistic *lines = arena_array(arena, count, sizeof *lines, fail);
    if (lines == NULL) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        struct store_statistic *line = &lines[i];
        int64_t kind = columns[0][i];
        if (kind < 0 || kind >= (int64_t)ARRAY_LEN(families) ||
            !translate(segment, STORE_FAMILY_EVENT, columns[1][i], &line->event) ||
            (kind != STORE_STATISTIC_EVENT &&
             !translate(segment, families[kind], columns[2][i], &line->name)) ||
            columns[3][i] <= 0 || (uint64_t)columns[3][i] > segment->info.rows) {
            return fail_set(fail, FAIL_CORRUPT, "impossible numbers");
        }
        line->kind = (enum store_statistic_kind)kind;
        line->rows = (uint64_t)columns[3][i];
        line->first_ms = columns[4][i];
        line->last_ms = columns[5][i];
    }
    *out = lines;
    *out_count = count;
    return true;
}

bool store_segment_statistics(const struct store_segment *segment, struct arena *arena,
                              struct store_statistic **out, size_t *out_count, struct fail *fail)
{
    return read_statistics(segment, arena, out, out_count, fail) ||
           fail_at(fail, "%s: statistics of names", segment->path);
}

#define COUNTERS "%s: counters of events"

/* The lines of one event, which stand together. */
static bool find_event(const struct store_ints *codes, uint32_t code, uint32_t *from,
                       uint32_t *count, struct fail *fail)
{
    uint32_t end;
    if (!store_ints_search(codes, code, from, fail) ||
        !store_ints_search(codes, (int64_t)code + 1, &end, fail)) {
        return false;
    }
    if (end < *from) {
        return fail_set(fail, FAIL_CORRUPT, "lines do not ascend");
    }
    *count = end - *from;
    return true;
}

bool store_segment_counters_begin(const struct store_segment *segment, uint32_t code,
                                  struct store_counters *out, struct fail *fail)
{
    uint32_t count;
    *out = (struct store_counters){.segment = segment};
    if (!open_lines(segment, &segment->counters_statistics,
                    (size_t)segment->chunk_count + segment->group_count + 1,
                    (uint32_t)STORE_SEGMENT_HOUR_MS, segment->info.rows, STORE_COUNTERS_RUNS,
                    out->runs, &count, fail) ||
        (code != STORE_NO_CODE && count > 0 &&
         !find_event(&out->runs[0], code, &out->at, &count, fail))) {
        return fail_at(fail, COUNTERS, segment->path);
    }
    out->end = out->at + count;
    return true;
}

static bool read_counters(struct store_counters *counters, uint32_t count,
                          struct store_statistic_counter *out, struct fail *fail)
{
    const struct store_segment *segment = counters->segment;
    int64_t columns[STORE_COUNTERS_RUNS][STORE_COUNTERS_AT_ONCE];
    for (unsigned r = 0; r < STORE_COUNTERS_RUNS; r++) {
        if (!store_ints_read(&counters->runs[r], counters->at, count, columns[r], fail)) {
            return false;
        }
    }
    for (uint32_t i = 0; i < count; i++) {
        if (i > 0 && columns[0][i] == columns[0][i - 1]) {
            out[i].event = out[i - 1].event;
        } else if (!translate(segment, STORE_FAMILY_EVENT, columns[0][i], &out[i].event)) {
            return fail_set(fail, FAIL_CORRUPT, "an event without a name");
        }
        if (columns[1][i] < INT64_MIN / STORE_SEGMENT_HOUR_MS ||
            columns[1][i] >= INT64_MAX / STORE_SEGMENT_HOUR_MS || columns[2][i] <= 0 ||
            (uint64_t)columns[2][i] > segment->info.rows) {
            return fail_set(fail, FAIL_CORRUPT, "impossible numbers");
        }
        out[i].hour = columns[1][i];
        out[i].rows = (uint64_t)columns[2][i];
    }
    return true;
}

bool store_segment_counters_next(struct store_counters *counters,
                                 struct store_statistic_counter out[STORE_COUNTERS_AT_ONCE],
                                 uint32_t *out_count, struct fail *fail)
{
    /* Up to the end of a frame: one that is read in two parts is unpacked twice. */
    uint32_t left = counters->end - counters->at;
    uint32_t room = STORE_COUNTERS_AT_ONCE - counters->at % STORE_COUNTERS_AT_ONCE;
    uint32_t count = left < room ? left : room;
    if (count > 0 && !read_counters(counters, count, out, fail)) {
        return fail_at(fail, COUNTERS, counters->segment->path);
    }
    counters->at += count;
    *out_count = count;
    return true;
}
