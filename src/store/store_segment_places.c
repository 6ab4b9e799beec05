/* store_segment_places.c — the places of less frequent events: in which rows of a block they are, and in which slots. */
#include "base_bytes.h"
#include "store_segment.h"

static const uint8_t *section(const struct store_segment *segment)
{
    return (const uint8_t *)segment->sections[STORE_SEGMENT_TAG_PLACES].data;
}

static struct store_segment_piece piece_of(const struct store_segment *segment, uint32_t block)
{
    const uint8_t *at = section(segment) + (size_t)block * STORE_PLACES_CHUNK_BYTES;
    return (struct store_segment_piece){base_get_u64(at), base_get_u64(at + 8),
                                        base_get_u64(at + 16)};
}

bool store_segment_open_places(struct store_segment *segment, size_t mark, struct fail *fail)
{
    size_t blocks = segment->block_count;
    if (section(segment) == NULL) {
        return true;
    }
    if (segment->sections[STORE_SEGMENT_TAG_PLACES].len != blocks * STORE_PLACES_CHUNK_BYTES) {
        return fail_set(fail, FAIL_CORRUPT, "places of events: cut short");
    }
    for (uint32_t b = 0; b < segment->block_count; b++) {
        struct store_segment_piece piece = piece_of(segment, b);
        if (piece.length > 0 && !store_segment_inside(segment, piece.offset, piece.length)) {
            return fail_set(fail, FAIL_CORRUPT, "places of events: past the end");
        }
    }
    segment->places_mark = mark;
    return true;
}

static bool open_table(const struct store_segment *segment, uint32_t block,
                       struct store_places_table *out, struct fail *fail)
{
    struct store_segment_piece piece = piece_of(segment, block);
    const uint8_t *bytes;
    if (!store_segment_bytes(segment, piece.offset, piece.length, piece.checksum,
                             segment->places_mark + block, &bytes, fail)) {
        return false;
    }
    size_t len = (size_t)piece.length;
    uint32_t count = len < STORE_PLACES_ENTRY_BYTES ? 0 : base_get_u32(bytes);
    if (count == 0 || count > len / STORE_PLACES_ENTRY_BYTES - 1) {
        return fail_set(fail, FAIL_CORRUPT, "cut short");
    }
    size_t table = ((size_t)count + 1) * STORE_PLACES_ENTRY_BYTES;
    *out = (struct store_places_table){.count = count,
                                       .rows = store_segment_block_rows(segment, block),
                                       .block = block,
                                       .entries = bytes + STORE_PLACES_ENTRY_BYTES,
                                       .lists = bytes + table,
                                       .lists_bytes = len - table};
    return true;
}

static bool blame(const struct store_segment *segment, uint32_t block, struct fail *fail)
{
    return fail_at(fail, "%s: block %u, places of events", segment->path, block);
}

bool store_segment_places(const struct store_segment *segment, uint32_t block,
                          struct store_places_table *out, struct fail *fail)
{
    *out = (struct store_places_table){0};
    return section(segment) == NULL || piece_of(segment, block).length == 0 ||
           open_table(segment, block, out, fail) || blame(segment, block, fail);
}

uint32_t store_places_code(const struct store_places_table *table, uint32_t at)
{
    return base_get_u32(table->entries + (size_t)at * STORE_PLACES_ENTRY_BYTES);
}

uint32_t store_places_find(const struct store_places_table *table, uint32_t code)
{
    uint32_t low = 0;
    uint32_t high = table->count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (store_places_code(table, middle) < code) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low < table->count && store_places_code(table, low) == code ? low : table->count;
}

static bool open_lists(const struct store_places_table *table, uint32_t at,
                       struct store_event_places *out, struct fail *fail)
{
    const uint8_t *entry = table->entries + (size_t)at * STORE_PLACES_ENTRY_BYTES;
    uint32_t begin = at == 0 ? 0 : base_get_u32(entry - 4);
    uint32_t end = base_get_u32(entry + 4);
    struct store_ints runs[2];
    if (begin > end || end > table->lists_bytes) {
        return fail_set(fail, FAIL_CORRUPT, "an event past the end");
    }
    if (!store_segment_runs_open(table->lists + begin, end - begin, runs, 2, 2, fail)) {
        return false;
    }
    if (runs[0].count > table->rows) {
        return fail_set(fail, FAIL_CORRUPT, "more places than rows");
    }
    *out = (struct store_event_places){runs[0].count, runs[0], runs[1]};
    return true;
}

bool store_places_open(const struct store_segment *segment, const struct store_places_table *table,
                       uint32_t at, struct store_event_places *out, struct fail *fail)
{
    return open_lists(table, at, out, fail) || blame(segment, table->block, fail);
}

bool store_places_read(const struct store_segment *segment, const struct store_places_table *table,
                       const struct store_event_places *places, uint32_t from, uint32_t count,
                       uint32_t *rows, int32_t *slots, struct fail *fail)
{
    if (count == 0) {
        return true;
    }
    if (!store_ints_read32(&places->rows, from, count, rows, fail) ||
        !store_ints_read32(&places->slots, from, count, (uint32_t *)slots, fail)) {
        return blame(segment, table->block, fail);
    }
    if (rows[count - 1] >= table->rows || !store_ascend32(rows, count)) {
        fail_set(fail, FAIL_CORRUPT, "rows do not ascend");
        return blame(segment, table->block, fail);
    }
    return true;
}
