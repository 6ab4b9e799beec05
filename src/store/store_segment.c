/* store_segment.c — opening a segment: header, trailer, footer; references; columns and their chunks. */
#include "store_segment.h"

#include <inttypes.h>
#include <stdio.h>

#include "base_bytes.h"
#include "base_hash.h"

const uint8_t store_segment_magic[8] = {'f', 'h', 's', 'e', 'g', '\r', '\n', 0x1a};
const uint8_t store_segment_magic_end[8] = {'f', 'h', 's', 'e', 'g', 'e', 'n', 'd'};

#define COLUMN_BYTES 48U
#define CHUNK_BYTES 24U
#define BLOCK_BYTES 24U
#define GROUP_BYTES 32U

void store_segment_path(uint64_t id, char out[STORE_SEGMENT_PATH_BYTES])
{
    (void)snprintf(out, STORE_SEGMENT_PATH_BYTES, "segments/%016" PRIx64 ".seg", id);
}

static bool bad(struct fail *fail, const char *what)
{
    (void)fail_set(fail, FAIL_CORRUPT, "%s", what);
    return false; /* said outright, so that the compiler knows what is set after success */
}

static const uint8_t *section(const struct store_segment *segment, enum store_segment_tag tag)
{
    return (const uint8_t *)segment->sections[tag].data;
}

/* ---- references --------------------------------------------------------------------------------------- */

struct store_segment *store_segment_ref(struct store_segment *segment)
{
    atomic_fetch_add_explicit(&segment->references, 1, memory_order_relaxed);
    return segment;
}

uint64_t store_segment_heft(const struct store_segment *segment)
{
    uint64_t two = 2 * (uint64_t)segment->longest_chunk;
    return two < segment->info.bytes ? two : segment->info.bytes;
}

void store_segment_doom(struct store_segment *segment)
{
    atomic_store(&segment->doomed, true);
}

void store_segment_unref(struct store_segment *segment)
{
    if (segment == NULL || atomic_fetch_sub(&segment->references, 1) != 1) {
        return;
    }
    disk_unmap(segment->disk, &segment->view);
    if (atomic_load(&segment->doomed)) {
        /* A file that stays is found unnamed by the manifest at the next start, and removed then. */
        struct fail fail;
        bool removed = disk_remove(segment->disk, segment->path, &fail);
        (void)removed;
    }
    for (size_t f = 0; f < STORE_FAMILIES; f++) {
        base_free(segment->codes[f]);
    }
    base_free(segment->columns);
    base_free(segment->property_columns);
    base_free(segment->trait_columns);
    base_free(segment->cubes);
    base_free(segment->day_sets);
    base_free(segment->cube_properties);
    base_free(segment->checked);
    base_free(atomic_load(&segment->bearing[0]));
    base_free(atomic_load(&segment->bearing[1]));
    base_free(segment);
}

const struct store_segment_info *store_segment_info(const struct store_segment *segment)
{
    return &segment->info;
}

/* ---- opening ------------------------------------------------------------------------------------------ */

static bool open_ends(struct store_segment *segment, const struct store_segment_info *info,
                      struct str *out_footer, struct fail *fail)
{
    const uint8_t *data = segment->view.data;
    size_t len = segment->view.len;
    if (len <
            STORE_SEGMENT_HEADER_BYTES + STORE_SEGMENT_FOOTER_BYTES + STORE_SEGMENT_TRAILER_BYTES ||
        memcmp(data, store_segment_magic, 8) != 0) {
        return bad(fail, "not a segment, or cut short");
    }
    segment->version = base_get_u32(data + 8);
    if (segment->version != STORE_SEGMENT_VERSION) {
        (void)fail_set(fail, FAIL_CORRUPT, "version %" PRIu32 ", this program knows version %u",
                       segment->version, STORE_SEGMENT_VERSION);
        return false;
    }
    const uint8_t *trailer = data + len - STORE_SEGMENT_TRAILER_BYTES;
    uint64_t offset = base_get_u64(trailer);
    uint64_t length = base_get_u64(trailer + 8);
    uint64_t checksum = base_get_u64(trailer + 16);
    if (memcmp(trailer + 24, store_segment_magic_end, 8) != 0 || base_get_u32(data + 12) != 0 ||
        base_get_u64(data + 24) != 0) {
        return bad(fail, "malformed header or trailer");
    }
    uint64_t end = len - STORE_SEGMENT_TRAILER_BYTES;
    if (offset % 8 != 0 || offset < STORE_SEGMENT_HEADER_BYTES || offset > end ||
        length != end - offset || length < STORE_SEGMENT_FOOTER_BYTES) {
        return bad(fail, "footer past the end");
    }
    if (STORE_CHECKSUMS_COUNT && base_hash64(data + offset, length, 0) != checksum) {
        return bad(fail, "checksum of the footer");
    }
    if (base_get_u64(data + 16) != info->id || base_get_u64(data + offset) != info->id) {
        return bad(fail, "holds another segment");
    }
    if (STORE_CHECKSUMS_COUNT && checksum != info->checksum) {
        return bad(fail, "not the file that the manifest names");
    }
    segment->footer_offset = offset;
    segment->info.checksum = checksum;
    *out_footer = str_of((const char *)data + offset, length);
    return true;
}

static bool open_footer(struct store_segment *segment, struct str footer, struct fail *fail)
{
    const uint8_t *at = (const uint8_t *)footer.data;
    struct store_segment_info *info = &segment->info;
    info->id = base_get_u64(at);
    info->bytes = segment->view.len;
    info->rows = base_get_u64(at + 8);
    info->customers = base_get_u64(at + 16);
    info->ts_min_ms = base_get_i64(at + 24);
    info->ts_max_ms = base_get_i64(at + 32);
    info->arrival_min = base_get_u64(at + 40);
    info->arrival_max = base_get_u64(at + 48);
    info->identity_position = base_get_u64(at + 56);
    segment->block_count = base_get_u32(at + 68);
    uint32_t sections = base_get_u32(at + 72);
    uint64_t blocks = (info->rows + STORE_SEGMENT_BLOCK_ROWS - 1) / STORE_SEGMENT_BLOCK_ROWS;
    if (info->rows == 0 || info->rows > STORE_SEGMENT_ROWS_MAX || info->customers == 0 ||
        info->customers > info->rows || info->ts_min_ms > info->ts_max_ms ||
        info->arrival_min > info->arrival_max ||
        base_get_u32(at + 64) != STORE_SEGMENT_BLOCK_ROWS || segment->block_count != blocks ||
        base_get_u32(at + 76) != 0) {
        return bad(fail, "footer: impossible numbers");
    }
    size_t body = STORE_SEGMENT_FOOTER_BYTES;
    if (sections > (footer.len - body) / 16) {
        return bad(fail, "footer: sections past the end");
    }
    body += (size_t)sections * 16;
    for (uint32_t s = 0; s < sections; s++) {
        const uint8_t *entry = at + STORE_SEGMENT_FOOTER_BYTES + (size_t)s * 16;
        uint32_t tag = base_get_u32(entry);
        uint64_t length = base_get_u64(entry + 8);
        if (length > footer.len - body) {
            return bad(fail, "footer: sections past the end");
        }
        if (tag < STORE_SEGMENT_TAGS) {
            if (segment->sections[tag].data != NULL) {
                return bad(fail, "footer: a section twice");
            }
            segment->sections[tag] = str_of(footer.data + body, (size_t)length);
        }
        size_t padded = (size_t)(length + 7) / 8 * 8;
        body = padded > footer.len - body ? footer.len : body + padded;
    }
    for (size_t tag = 1; tag < STORE_SEGMENT_TAG_CUBES; tag++) {
        if (segment->sections[tag].data == NULL) {
            return fail_set(fail, FAIL_CORRUPT, "footer: section %zu is missing", tag);
        }
    }
    return true;
}

static bool open_family(struct store_segment *segment, struct store_names *names,
                        enum store_family family, struct str *rest, struct fail *fail)
{
    if (rest->len < 4) {
        return bad(fail, "names cut short");
    }
    uint32_t count = base_get_u32(rest->data);
    *rest = str_after(*rest, 4);
    if (count > rest->len / 2) {
        return bad(fail, "names cut short");
    }
    void *block = NULL;
    if (!base_alloc_array(count, sizeof(uint32_t), &block, fail)) {
        return false;
    }
    uint32_t *codes = block;
    segment->codes[family] = codes;
    segment->code_counts[family] = count;
    for (uint32_t i = 0; i < count; i++) {
        if (rest->len < 2) {
            return bad(fail, "names cut short");
        }
        size_t len = base_get_u16(rest->data);
        if (len == 0 || len > STORE_NAME_BYTES_MAX || len > rest->len - 2) {
            return bad(fail, "a name past the end");
        }
        codes[i] = store_names_intern(names, family, str_of(rest->data + 2, len));
        *rest = str_after(*rest, 2 + len);
    }
    return true;
}

/* A table from the process's codes of a family to 1 + column. */
static bool index_columns(const struct store_segment *segment, enum store_segment_kind kind,
                          uint32_t **out, uint32_t *out_count, struct fail *fail)
{
    uint32_t count = 0;
    for (uint32_t c = 0; c < segment->column_count; c++) {
        const struct store_segment_column *column = &segment->columns[c];
        if (column->kind == kind && column->name >= count) {
            count = column->name + 1;
        }
    }
    void *block = NULL;
    if (!base_alloc_array(count, sizeof(uint32_t), &block, fail)) {
        return false;
    }
    uint32_t *table = block;
    *out = table;
    memset(table, 0, count * sizeof *table);
    for (uint32_t c = 0; c < segment->column_count; c++) {
        const struct store_segment_column *column = &segment->columns[c];
        if (column->kind == kind) {
            if (table[column->name] != 0) {
                return bad(fail, "a column twice");
            }
            table[column->name] = c + 1;
        }
    }
    *out_count = count;
    return true;
}

static bool open_column(struct store_segment *segment, uint32_t at, struct fail *fail)
{
    const uint8_t *entry = section(segment, STORE_SEGMENT_TAG_COLUMNS) + (size_t)at * COLUMN_BYTES;
    struct store_segment_column *column = &segment->columns[at];
    uint32_t name = base_get_u32(entry + 4);
    column->kind = (enum store_segment_kind)entry[0];
    column->name = STORE_NO_CODE;
    column->chunk_first = base_get_u32(entry + 8);
    column->chunk_count = base_get_u32(entry + 12);
    column->dictionary_offset = base_get_u64(entry + 16);
    column->dictionary_length = base_get_u32(entry + 24);
    column->dictionary_count = base_get_u32(entry + 28);
    column->dictionary_checksum = base_get_u64(entry + 32);
    if (entry[0] < STORE_SEGMENT_TS || entry[0] > STORE_SEGMENT_TRAIT ||
        column->chunk_first > segment->chunk_count ||
        column->chunk_count > segment->chunk_count - column->chunk_first ||
        column->chunk_count > segment->block_count) {
        return bad(fail, "columns: impossible numbers");
    }
    uint64_t dictionary =
        column->dictionary_offset != 0 ? 12 + (uint64_t)column->dictionary_count * 4 : 0;
    if (column->dictionary_offset == 0
            ? column->dictionary_length != 0 || column->dictionary_count != 0
            : column->dictionary_length < dictionary ||
                  !store_segment_inside(segment, column->dictionary_offset,
                                        column->dictionary_length)) {
        return bad(fail, "columns: a dictionary past the end");
    }
    if (column->kind < STORE_SEGMENT_PROPERTY) {
        if (segment->own_columns[column->kind] != 0) {
            return bad(fail, "a column twice");
        }
        segment->own_columns[column->kind] = at + 1;
        return true;
    }
    enum store_family family =
        column->kind == STORE_SEGMENT_PROPERTY ? STORE_FAMILY_PROPERTY : STORE_FAMILY_TRAIT;
    if (name >= segment->code_counts[family]) {
        return bad(fail, "columns: a name past its list");
    }
    column->name = segment->codes[family][name];
    return true;
}

static struct store_segment_chunk chunk_get(const struct store_segment *segment, uint32_t at)
{
    const uint8_t *entry = section(segment, STORE_SEGMENT_TAG_CHUNKS) + (size_t)at * CHUNK_BYTES;
    return (struct store_segment_chunk){.block = base_get_u32(entry),
                                        .length = base_get_u32(entry + 4),
                                        .offset = base_get_u64(entry + 8),
                                        .checksum = base_get_u64(entry + 16)};
}

static bool check_chunks(struct store_segment *segment, struct fail *fail)
{
    for (uint32_t c = 0; c < segment->column_count; c++) {
        const struct store_segment_column *column = &segment->columns[c];
        for (uint32_t i = 0; i < column->chunk_count; i++) {
            struct store_segment_chunk chunk = chunk_get(segment, column->chunk_first + i);
            if (!store_segment_inside(segment, chunk.offset, chunk.length) ||
                chunk.block >= segment->block_count) {
                return bad(fail, "a chunk past the end");
            }
            if (i > 0 && chunk_get(segment, column->chunk_first + i - 1).block >= chunk.block) {
                return bad(fail, "chunks do not ascend");
            }
            segment->longest_chunk =
                chunk.length > segment->longest_chunk ? chunk.length : segment->longest_chunk;
        }
    }
    static const enum store_segment_kind needed[] = {
        STORE_SEGMENT_TS, STORE_SEGMENT_EVENT, STORE_SEGMENT_ARRIVAL, STORE_SEGMENT_RECEIVED_AT};
    for (size_t i = 0; i < ARRAY_LEN(needed); i++) {
        uint32_t at = segment->own_columns[needed[i]];
        if (at == 0 || segment->columns[at - 1].chunk_count != segment->block_count) {
            return bad(fail, "a needed column is missing");
        }
    }
    return true;
}

static bool open_columns(struct store_segment *segment, struct store_names *names,
                         struct fail *fail)
{
    struct str rest = segment->sections[STORE_SEGMENT_TAG_NAMES];
    for (int family = 0; family < STORE_FAMILIES; family++) {
        if (!open_family(segment, names, (enum store_family)family, &rest, fail)) {
            return false;
        }
    }
    size_t columns = segment->sections[STORE_SEGMENT_TAG_COLUMNS].len / COLUMN_BYTES;
    size_t chunks = segment->sections[STORE_SEGMENT_TAG_CHUNKS].len / CHUNK_BYTES;
    if (columns >= UINT32_MAX || chunks >= UINT32_MAX) {
        return bad(fail, "footer: impossible numbers");
    }
    segment->column_count = (uint32_t)columns;
    segment->chunk_count = (uint32_t)chunks;
    void *block = NULL;
    if (!base_alloc_array(columns, sizeof *segment->columns, &block, fail)) {
        return false;
    }
    memset(block, 0, columns * sizeof *segment->columns);
    segment->columns = block;
    for (uint32_t c = 0; c < segment->column_count; c++) {
        if (!open_column(segment, c, fail)) {
            return false;
        }
    }
    return check_chunks(segment, fail) &&
           index_columns(segment, STORE_SEGMENT_PROPERTY, &segment->property_columns,
                         &segment->property_column_count, fail) &&
           index_columns(segment, STORE_SEGMENT_TRAIT, &segment->trait_columns,
                         &segment->trait_column_count, fail);
}

static bool check_groups(struct store_segment *segment, struct fail *fail)
{
    size_t groups = segment->sections[STORE_SEGMENT_TAG_GROUPS].len / GROUP_BYTES;
    if (groups == 0 || groups >= UINT32_MAX) {
        return bad(fail, "no directory of customers");
    }
    segment->group_count = (uint32_t)groups;
    uint64_t customers = 0;
    for (uint32_t g = 0; g < segment->group_count; g++) {
        struct store_segment_group group = store_segment_group_get(segment, g);
        if (!store_segment_inside(segment, group.offset, group.length) || group.customers == 0 ||
            group.customers > STORE_SEGMENT_GROUP_CUSTOMERS ||
            group.row_first >= segment->info.rows || group.customer_first == STORE_NO_CUSTOMER) {
            return bad(fail, "directory: impossible numbers");
        }
        if (g == 0 ? group.row_first != 0
                   : store_segment_group_first(segment, g - 1) >= group.customer_first ||
                         store_segment_group_get(segment, g - 1).row_first >= group.row_first) {
            return bad(fail, "directory: groups do not ascend");
        }
        customers += group.customers;
    }
    return customers == segment->info.customers || bad(fail, "directory: customers do not add up");
}

static bool open_rest(struct store_segment *segment, struct fail *fail)
{
    const struct str *sections = segment->sections;
    if (sections[STORE_SEGMENT_TAG_BLOCKS].len != (size_t)segment->block_count * BLOCK_BYTES) {
        return bad(fail, "blocks cut short");
    }
    if (sections[STORE_SEGMENT_TAG_EVENT_SETS].len < 8) {
        return bad(fail, "sets of events cut short");
    }
    segment->event_bits = base_get_u32(sections[STORE_SEGMENT_TAG_EVENT_SETS].data);
    if (segment->event_bits == 0 || segment->event_bits % 8 != 0 ||
        segment->event_bits > STORE_SEGMENT_EVENT_BITS_MAX ||
        sections[STORE_SEGMENT_TAG_EVENT_SETS].len !=
            8 + (size_t)segment->block_count * (segment->event_bits / 8)) {
        return bad(fail, "sets of events cut short");
    }
    if (sections[STORE_SEGMENT_TAG_STATISTICS].len != 48) {
        return bad(fail, "statistics cut short");
    }
    struct store_segment_piece *pieces[] = {&segment->names_statistics,
                                            &segment->counters_statistics};
    for (size_t i = 0; i < 2; i++) {
        const uint8_t *at = section(segment, STORE_SEGMENT_TAG_STATISTICS) + i * 24;
        *pieces[i] = (struct store_segment_piece){base_get_u64(at), base_get_u64(at + 8),
                                                  base_get_u64(at + 16)};
        if (!store_segment_inside(segment, pieces[i]->offset, pieces[i]->length)) {
            return bad(fail, "statistics past the end");
        }
    }
    if (!check_groups(segment, fail)) {
        return false;
    }
    size_t marks = (size_t)segment->chunk_count + segment->group_count + 2;
    if (!store_segment_open_cubes(segment, marks, fail)) {
        return false;
    }
    marks += (size_t)segment->cube_property_count + segment->cube_count;
    if (!store_segment_open_places(segment, marks, fail)) {
        return false;
    }
    marks += segment->block_count;
    if (!store_segment_open_days(segment, marks, fail)) {
        return false;
    }
    marks += 1 + (size_t)segment->day_set_count;
    void *block = NULL;
    if (!base_alloc_array(marks, sizeof *segment->checked, &block, fail)) {
        return false;
    }
    memset(block, 0, marks);
    segment->checked = block;
    return true;
}

bool store_segment_open(struct disk *disk, struct store_names *names,
                        const struct store_segment_info *info, struct store_segment **out,
                        struct fail *fail)
{
    struct store_segment *segment = base_alloc_zero(sizeof *segment);
    atomic_init(&segment->references, 1);
    segment->disk = disk;
    segment->names = names;
    store_segment_path(info->id, segment->path);
    struct disk_file *file = NULL;
    if (!disk_open(disk, segment->path, DISK_READ, &file, fail)) {
        base_free(segment);
        return false;
    }
    bool ok = disk_map(file, &segment->view, fail);
    disk_close(file);
    if (!ok) {
        base_free(segment);
        return false;
    }
    struct str footer;
    if (!open_ends(segment, info, &footer, fail) || !open_footer(segment, footer, fail) ||
        !open_columns(segment, names, fail) || !open_rest(segment, fail)) {
        (void)fail_at(fail, "%s", segment->path);
        store_segment_unref(segment);
        return false;
    }
    *out = segment;
    return true;
}

/* ---- blocks ------------------------------------------------------------------------------------------- */

uint32_t store_segment_block_count(const struct store_segment *segment)
{
    return segment->block_count;
}

uint32_t store_segment_block_rows(const struct store_segment *segment, uint32_t block)
{
    uint64_t first = (uint64_t)block * STORE_SEGMENT_BLOCK_ROWS;
    uint64_t left = segment->info.rows - first;
    return left < STORE_SEGMENT_BLOCK_ROWS ? (uint32_t)left : STORE_SEGMENT_BLOCK_ROWS;
}

struct store_segment_block store_segment_block_get(const struct store_segment *segment,
                                                   uint32_t block)
{
    const uint8_t *at = section(segment, STORE_SEGMENT_TAG_BLOCKS) + (size_t)block * BLOCK_BYTES;
    return (struct store_segment_block){base_get_u32(at), base_get_u32(at + 4),
                                        base_get_i64(at + 8), base_get_i64(at + 16)};
}

bool store_segment_block_may_hold(const struct store_segment *segment, uint32_t block,
                                  const uint8_t *wanted, uint32_t wanted_count)
{
    const uint32_t *codes = segment->codes[STORE_FAMILY_EVENT];
    for (uint32_t e = 0; e < segment->code_counts[STORE_FAMILY_EVENT]; e++) {
        if (codes[e] < wanted_count && wanted[codes[e]] != 0 &&
            store_segment_block_may_hold_code(segment, block, e)) {
            return true;
        }
    }
    return false;
}

bool store_segment_block_may_hold_code(const struct store_segment *segment, uint32_t block,
                                       uint32_t code)
{
    const uint8_t *set = section(segment, STORE_SEGMENT_TAG_EVENT_SETS) + 8 +
                         (size_t)block * (segment->event_bits / 8);
    uint32_t bit = code % segment->event_bits;
    return (set[bit / 8] & (1U << (bit % 8))) != 0;
}

/* ---- columns ------------------------------------------------------------------------------------------ */

struct store_segment_column *store_segment_column_find(const struct store_segment *segment,
                                                       enum store_segment_kind kind, uint32_t name)
{
    uint32_t at = 0;
    if (kind == STORE_SEGMENT_PROPERTY) {
        at = name < segment->property_column_count ? segment->property_columns[name] : 0;
    } else if (kind == STORE_SEGMENT_TRAIT) {
        at = name < segment->trait_column_count ? segment->trait_columns[name] : 0;
    } else {
        at = segment->own_columns[kind];
    }
    return at == 0 ? NULL : &segment->columns[at - 1];
}

uint32_t store_segment_column_count(const struct store_segment *segment)
{
    return segment->column_count;
}

struct store_segment_column *store_segment_column_at(const struct store_segment *segment,
                                                     uint32_t at)
{
    return &segment->columns[at];
}

uint32_t store_segment_codes(const struct store_segment *segment, enum store_family family,
                             const uint32_t **out)
{
    *out = segment->codes[family];
    return segment->code_counts[family];
}

bool store_segment_bytes(const struct store_segment *segment, uint64_t offset, uint64_t length,
                         uint64_t checksum, size_t mark, const uint8_t **out, struct fail *fail)
{
    const uint8_t *bytes = segment->view.data + offset;
    if (STORE_CHECKSUMS_COUNT &&
        atomic_load_explicit(&segment->checked[mark], memory_order_relaxed) == 0) {
        if (base_hash64(bytes, (size_t)length, 0) != checksum) {
            return fail_set(fail, FAIL_CORRUPT, "checksum of the bytes at %" PRIu64, offset);
        }
        atomic_store_explicit(&segment->checked[mark], 1, memory_order_relaxed);
    }
    *out = bytes;
    return true;
}

bool store_segment_chunk_find(const struct store_segment *segment,
                              const struct store_segment_column *column, uint32_t block,
                              const uint8_t **out, size_t *out_len, struct fail *fail)
{
    uint32_t low = 0;
    uint32_t high = column->chunk_count;
    if (column->chunk_count == segment->block_count) { /* the usual case: one for each */
        low = block;
    }
    while (low < high && chunk_get(segment, column->chunk_first + low).block != block) {
        uint32_t middle = low + (high - low) / 2;
        uint32_t found = chunk_get(segment, column->chunk_first + middle).block;
        if (found < block) {
            low = middle + 1;
        } else if (found > block) {
            high = middle;
        } else {
            low = middle;
        }
    }
    if (low >= high) {
        *out = NULL;
        *out_len = 0;
        return true;
    }
    uint32_t at = column->chunk_first + low;
    struct store_segment_chunk chunk = chunk_get(segment, at);
    if (!store_segment_bytes(segment, chunk.offset, chunk.length, chunk.checksum, at, out, fail)) {
        return store_segment_blame(segment, column, block, fail);
    }
    *out_len = chunk.length;
    return true;
}

bool store_segment_blame(const struct store_segment *segment,
                         const struct store_segment_column *column, uint32_t block,
                         struct fail *fail)
{
    static const char *const kinds[] = {
        "",       "ts",      "event", "arrival", "original", "received_at", "client_ts", "sent_at",
        "source", "channel", "scale", "score",   "text",     "message_id",  "property",  "trait"};
    if (column->kind < STORE_SEGMENT_PROPERTY) {
        return fail_at(fail, "%s: block %" PRIu32 ", column %s", segment->path, block,
                       kinds[column->kind]);
    }
    return fail_at(fail, "%s: block %" PRIu32 ", %s column %" PRIu32, segment->path, block,
                   kinds[column->kind], (uint32_t)(column - segment->columns));
}

bool store_segment_ints_open(const struct store_segment *segment,
                             const struct store_segment_column *column, uint32_t block,
                             struct store_ints *out, bool *out_found, struct fail *fail)
{
    const uint8_t *bytes;
    size_t len;
    if (!store_segment_chunk_find(segment, column, block, &bytes, &len, fail)) {
        return false;
    }
    *out_found = bytes != NULL;
    if (bytes == NULL) {
        return true;
    }
    if (!store_ints_open(bytes, len, out, fail)) {
        return store_segment_blame(segment, column, block, fail);
    }
    if (out->count != store_segment_block_rows(segment, block)) {
        fail_set(fail, FAIL_CORRUPT, "values and rows differ");
        return store_segment_blame(segment, column, block, fail);
    }
    return true;
}

bool store_segment_dictionary(const struct store_segment *segment,
                              struct store_segment_column *column, struct store_dictionary *out,
                              struct fail *fail)
{
    const uint8_t *bytes = segment->view.data + column->dictionary_offset;
    if (atomic_load_explicit(&column->dictionary_checked, memory_order_relaxed) == 0) {
        if (STORE_CHECKSUMS_COUNT &&
            base_hash64(bytes, column->dictionary_length, 0) != column->dictionary_checksum) {
            fail_set(fail, FAIL_CORRUPT, "checksum of the dictionary");
            return store_segment_blame(segment, column, 0, fail);
        }
        if (!store_dictionary_open(bytes, column->dictionary_length, out, fail)) {
            return store_segment_blame(segment, column, 0, fail);
        }
        if (out->count != column->dictionary_count) {
            fail_set(fail, FAIL_CORRUPT, "strings of the dictionary do not add up");
            return store_segment_blame(segment, column, 0, fail);
        }
        atomic_store_explicit(&column->dictionary_checked, 1, memory_order_relaxed);
        return true;
    }
    out->count = column->dictionary_count;
    out->offsets = bytes + 8;
    out->bytes = (const char *)bytes + 8 + ((size_t)column->dictionary_count + 1) * 4;
    return true;
}

bool store_segment_values_open(const struct store_segment *segment,
                               struct store_segment_column *column, uint32_t block,
                               struct store_dictionary *dictionary, struct store_values *out,
                               bool *out_found, struct fail *fail)
{
    const uint8_t *bytes;
    size_t len;
    if (!store_segment_chunk_find(segment, column, block, &bytes, &len, fail)) {
        return false;
    }
    *out_found = bytes != NULL;
    if (bytes == NULL) {
        return true;
    }
    bool has_dictionary = column->dictionary_offset != 0;
    if (has_dictionary && !store_segment_dictionary(segment, column, dictionary, fail)) {
        return false;
    }
    if (!store_values_open(bytes, len, store_segment_block_rows(segment, block),
                           has_dictionary ? dictionary : NULL, out, fail)) {
        return store_segment_blame(segment, column, block, fail);
    }
    return true;
}

bool store_segment_row_ts(const struct store_segment *segment, uint32_t row, int64_t *out,
                          struct fail *fail)
{
    const struct store_segment_column *column =
        store_segment_column_find(segment, STORE_SEGMENT_TS, STORE_NO_CODE);
    struct store_ints ints;
    bool found;
    uint32_t block = row / STORE_SEGMENT_BLOCK_ROWS;
    if (!store_segment_ints_open(segment, column, block, &ints, &found, fail)) {
        return false;
    }
    return store_ints_read(&ints, row % STORE_SEGMENT_BLOCK_ROWS, 1, out, fail) ||
           store_segment_blame(segment, column, block, fail);
}
