/* Rows into columns, columns into row groups, row groups into a file. */
#include "base_bytes.h"
#include "base_hash.h"
#include "base_zstd.h"
#include "parquet_internal.h"

static const char MAGIC[4] = {'P', 'A', 'R', '1'};

/* Numbers of the format. */
enum { PHYSICAL_BOOL = 0, PHYSICAL_INT64 = 2, PHYSICAL_DOUBLE = 5, PHYSICAL_BYTES = 6 };
enum { ENCODING_PLAIN = 0, ENCODING_RLE = 3, ENCODING_DICTIONARY = 8 };
enum { PAGE_DATA = 0, PAGE_DICTIONARY = 2 };
enum { CODEC_ZSTD = 6 };
enum { OPTIONAL = 1 };
enum { CONVERTED_UTF8 = 0, CONVERTED_INSTANT_MS = 9, CONVERTED_JSON = 19 };
enum { LOGICAL_TEXT = 1, LOGICAL_INSTANT = 8, LOGICAL_JSON = 12 };

struct column {
    struct str name;
    enum parquet_type type;
    struct base_buf present; /* a bit a row, as far as the last row that has a value */
    struct base_buf values;  /* plain: 8 bytes, a byte (bool), or length and bytes */
    uint32_t count;          /* of values */
};
struct parquet_writer {
    struct arena *arena;
    struct column *columns;
    size_t column_count;
    uint32_t rows; /* of the group under way */
    size_t bytes;  /* of its values */
    uint64_t at;   /* bytes of the file so far */
    int64_t total_rows;
    struct base_buf groups; /* their part of the footer */
    size_t group_count;
    struct base_zipper *zipper;
    struct base_buf page, packed, header; /* of the page being written */
};

/* ---- rows ------------------------------------------------------------------------------------------- */

bool parquet_open(const struct parquet_column *columns, size_t count, struct base_buf *out,
                  struct parquet_writer **out_writer, struct fail *fail)
{
    struct parquet_writer *writer = base_alloc_zero(sizeof *writer);
    writer->arena = arena_new(NULL);
    writer->zipper = base_zipper_new();
    writer->groups.limit = PARQUET_FOOTER_BYTES_MAX;
    writer->columns = arena_array(writer->arena, count, sizeof *writer->columns, fail);
    if (writer->columns == NULL) {
        parquet_free(writer);
        return false;
    }
    writer->column_count = count;
    for (size_t c = 0; c < count; c++) {
        writer->columns[c].name = str_copy(writer->arena, columns[c].name);
        writer->columns[c].type = columns[c].type;
    }
    base_buf_bytes(out, MAGIC, sizeof MAGIC);
    writer->at = sizeof MAGIC;
    *out_writer = writer;
    return true;
}

void parquet_free(struct parquet_writer *writer)
{
    if (writer == NULL) {
        return;
    }
    for (size_t c = 0; c < writer->column_count; c++) {
        base_buf_done(&writer->columns[c].present);
        base_buf_done(&writer->columns[c].values);
    }
    base_buf_done(&writer->groups);
    base_buf_done(&writer->page);
    base_buf_done(&writer->packed);
    base_buf_done(&writer->header);
    base_zipper_free(writer->zipper);
    arena_free(writer->arena);
    base_free(writer);
}

static struct column *begin_value(struct parquet_writer *writer, size_t c, bool fits)
{
    INVARIANT(c < writer->column_count && fits);
    struct column *column = &writer->columns[c];
    while (column->present.len <= writer->rows / 8 && !column->present.failed) {
        base_buf_byte(&column->present, 0);
    }
    if (!column->present.failed) {
        unsigned int bit = 1U << writer->rows % 8;
        column->present.data[writer->rows / 8] =
            (char)((unsigned char)column->present.data[writer->rows / 8] | bit);
    }
    column->count++;
    return column;
}

static enum parquet_type type_of(const struct parquet_writer *writer, size_t c)
{
    INVARIANT(c < writer->column_count);
    return writer->columns[c].type;
}

void parquet_put_bool(struct parquet_writer *writer, size_t c, bool v)
{
    struct column *column = begin_value(writer, c, type_of(writer, c) == PARQUET_BOOL);
    base_buf_byte(&column->values, v ? 1 : 0);
    writer->bytes++;
}

static void put_eight(struct parquet_writer *writer, struct column *column, uint64_t bits)
{
    uint8_t bytes[8];
    base_put_u64(bytes, bits);
    base_buf_bytes(&column->values, bytes, sizeof bytes);
    writer->bytes += sizeof bytes;
}

void parquet_put_int(struct parquet_writer *writer, size_t c, int64_t v)
{
    enum parquet_type type = type_of(writer, c);
    put_eight(writer, begin_value(writer, c, type == PARQUET_INT || type == PARQUET_INSTANT),
              (uint64_t)v);
}

void parquet_put_double(struct parquet_writer *writer, size_t c, double v)
{
    uint64_t bits;
    memcpy(&bits, &v, sizeof bits);
    put_eight(writer, begin_value(writer, c, type_of(writer, c) == PARQUET_DOUBLE), bits);
}

void parquet_put_text(struct parquet_writer *writer, size_t c, struct str v)
{
    enum parquet_type type = type_of(writer, c);
    struct column *column = begin_value(writer, c, type == PARQUET_TEXT || type == PARQUET_JSON);
    uint8_t len[4];
    INVARIANT(v.len <= INT32_MAX);
    base_put_u32(len, (uint32_t)v.len);
    base_buf_bytes(&column->values, len, sizeof len);
    base_buf_str(&column->values, v);
    writer->bytes += sizeof len + v.len;
}

/* ---- dictionaries ------------------------------------------------------------------------------------- */

/* The distinct texts of a column, numbered in order of appearance, and the number of each value. */
struct dictionary {
    uint32_t *slots; /* number + 1; 0: empty */
    uint32_t mask;
    struct str *texts;
    uint32_t *numbers; /* by value */
    uint32_t count;
    size_t bytes; /* of the texts, with their lengths */
};

static struct str text_at(const struct column *column, size_t *at)
{
    uint32_t len = base_get_u32(column->values.data + *at);
    struct str text = str_of(column->values.data + *at + 4, len);
    *at += 4 + (size_t)len;
    return text;
}

static uint32_t number_of(struct dictionary *d, struct str text)
{
    uint32_t slot = (uint32_t)base_hash64(text.data, text.len, 0) & d->mask;
    while (d->slots[slot] != 0 && !str_equal(d->texts[d->slots[slot] - 1], text)) {
        slot = (slot + 1) & d->mask;
    }
    if (d->slots[slot] == 0) {
        d->texts[d->count] = text;
        d->bytes += 4 + text.len;
        d->slots[slot] = ++d->count;
    }
    return d->slots[slot] - 1;
}

/* False in *out_worth where the texts hardly repeat. */
static bool dictionary_make(const struct column *column, struct arena *arena,
                            struct dictionary *out, bool *out_worth, struct fail *fail)
{
    struct dictionary d = {0};
    uint32_t distinct_most = column->count / 2;
    uint32_t size = 16;
    *out_worth = false;
    if (column->count < 2) {
        return true;
    }
    while (size < 2 * (distinct_most + 1)) {
        size *= 2;
    }
    d.mask = size - 1;
    d.slots = arena_array(arena, size, sizeof *d.slots, fail);
    d.texts = arena_array(arena, (size_t)distinct_most + 1, sizeof *d.texts, fail);
    d.numbers = arena_array(arena, column->count, sizeof *d.numbers, fail);
    if (d.slots == NULL || d.texts == NULL || d.numbers == NULL) {
        return false;
    }
    size_t at = 0;
    for (uint32_t i = 0; i < column->count; i++) {
        d.numbers[i] = number_of(&d, text_at(column, &at));
        if (d.count > distinct_most || d.bytes > PARQUET_DICTIONARY_BYTES) {
            return true;
        }
    }
    *out = d;
    *out_worth = true;
    return true;
}

/* ---- pages -------------------------------------------------------------------------------------------- */

struct chunk { /* one column in one row group */
    uint64_t dictionary_at, data_at;
    uint64_t plain_bytes, packed_bytes; /* with their headers */
    bool has_dictionary;
};

/* The page in writer->page, compressed, with its header. */
static bool put_page(struct parquet_writer *writer, struct base_buf *out, int page_type,
                     uint32_t values, int encoding, struct chunk *chunk, struct fail *fail)
{
    struct base_buf *header = &writer->header;
    if (!base_buf_ok(&writer->page, fail)) {
        return false;
    }
    base_buf_reset(&writer->packed);
    base_buf_reset(header);
    if (!base_zip_whole(writer->zipper, writer->page.data, writer->page.len, &writer->packed,
                        fail)) {
        return false;
    }
    struct parquet_thrift page = {.out = header};
    parquet_thrift_int(&page, 1, PARQUET_THRIFT_I32, page_type);
    parquet_thrift_int(&page, 2, PARQUET_THRIFT_I32, (int64_t)writer->page.len);
    parquet_thrift_int(&page, 3, PARQUET_THRIFT_I32, (int64_t)writer->packed.len);
    struct parquet_thrift own = parquet_thrift_struct(&page, page_type == PAGE_DATA ? 5 : 7);
    parquet_thrift_int(&own, 1, PARQUET_THRIFT_I32, values);
    parquet_thrift_int(&own, 2, PARQUET_THRIFT_I32, encoding);
    if (page_type == PAGE_DATA) {
        parquet_thrift_int(&own, 3, PARQUET_THRIFT_I32, ENCODING_RLE);
        parquet_thrift_int(&own, 4, PARQUET_THRIFT_I32, ENCODING_RLE);
    }
    parquet_thrift_end(&own);
    parquet_thrift_end(&page);
    base_buf_str(out, base_buf_view(header));
    base_buf_str(out, base_buf_view(&writer->packed));
    chunk->plain_bytes += header->len + writer->page.len;
    chunk->packed_bytes += header->len + writer->packed.len;
    writer->at += header->len + writer->packed.len;
    return base_buf_ok(header, fail) && base_buf_ok(out, fail);
}

static uint32_t present_at(const void *from, size_t row)
{
    const struct column *column = from;
    return row / 8 < column->present.len
               ? (unsigned int)(unsigned char)column->present.data[row / 8] >> row % 8 & 1U
               : 0;
}

static void put_levels(struct parquet_writer *writer, const struct column *column)
{
    struct base_buf *page = &writer->page;
    base_buf_bytes(page, "\0\0\0\0", 4);
    parquet_put_hybrid(page, present_at, column, writer->rows, 1);
    if (!page->failed) {
        base_put_u32(page->data, (uint32_t)(page->len - 4));
    }
}

static void put_plain(struct base_buf *page, const struct column *column)
{
    if (column->type != PARQUET_BOOL) {
        base_buf_str(page, base_buf_view(&column->values));
        return;
    }
    for (uint32_t i = 0; i < column->count; i += 8) {
        unsigned int byte = 0;
        for (uint32_t b = i; b < column->count && b < i + 8; b++) {
            byte |= (unsigned int)column->values.data[b] << (b - i);
        }
        base_buf_byte(page, (char)byte);
    }
}

static uint32_t number_at(const void *from, size_t i)
{
    return ((const uint32_t *)from)[i];
}

static bool put_dictionary(struct parquet_writer *writer, const struct dictionary *d,
                           struct base_buf *out, struct chunk *chunk, struct fail *fail)
{
    base_buf_reset(&writer->page);
    for (uint32_t i = 0; i < d->count; i++) {
        uint8_t len[4];
        base_put_u32(len, (uint32_t)d->texts[i].len);
        base_buf_bytes(&writer->page, len, sizeof len);
        base_buf_str(&writer->page, d->texts[i]);
    }
    chunk->has_dictionary = true;
    chunk->dictionary_at = writer->at;
    return put_page(writer, out, PAGE_DICTIONARY, d->count, ENCODING_PLAIN, chunk, fail);
}

static bool put_column(struct parquet_writer *writer, const struct column *column,
                       struct base_buf *out, struct chunk *chunk, struct fail *fail)
{
    CLEANUP(arena_free_at) struct arena *arena = arena_new(NULL);
    struct dictionary d;
    bool worth = false;
    bool texts = column->type == PARQUET_TEXT || column->type == PARQUET_JSON;
    if (!base_buf_ok(&column->present, fail) || !base_buf_ok(&column->values, fail) ||
        (texts && !dictionary_make(column, arena, &d, &worth, fail)) ||
        (worth && !put_dictionary(writer, &d, out, chunk, fail))) {
        return false;
    }
    base_buf_reset(&writer->page);
    put_levels(writer, column);
    if (worth) {
        unsigned int bits = parquet_bits_for(d.count);
        base_buf_byte(&writer->page, (char)bits);
        parquet_put_hybrid(&writer->page, number_at, d.numbers, column->count, bits);
    } else {
        put_plain(&writer->page, column);
    }
    chunk->data_at = writer->at;
    return put_page(writer, out, PAGE_DATA, writer->rows,
                    worth ? ENCODING_DICTIONARY : ENCODING_PLAIN, chunk, fail);
}

/* ---- row groups ------------------------------------------------------------------------------------------ */

static int physical_of(enum parquet_type type)
{
    switch (type) {
    case PARQUET_BOOL:
        return PHYSICAL_BOOL;
    case PARQUET_DOUBLE:
        return PHYSICAL_DOUBLE;
    case PARQUET_INT:
    case PARQUET_INSTANT:
        return PHYSICAL_INT64;
    case PARQUET_TEXT:
    case PARQUET_JSON:
        break;
    }
    return PHYSICAL_BYTES;
}

static void describe_chunk(struct parquet_writer *writer, const struct column *column,
                           const struct chunk *chunk)
{
    struct parquet_thrift about = {.out = &writer->groups};
    parquet_thrift_int(&about, 2, PARQUET_THRIFT_I64, (int64_t)chunk->data_at);
    struct parquet_thrift meta = parquet_thrift_struct(&about, 3);
    parquet_thrift_int(&meta, 1, PARQUET_THRIFT_I32, physical_of(column->type));
    parquet_thrift_list(&meta, 2, PARQUET_THRIFT_I32, chunk->has_dictionary ? 3 : 2);
    parquet_thrift_varint(meta.out, base_zigzag(ENCODING_PLAIN));
    parquet_thrift_varint(meta.out, base_zigzag(ENCODING_RLE));
    if (chunk->has_dictionary) {
        parquet_thrift_varint(meta.out, base_zigzag(ENCODING_DICTIONARY));
    }
    parquet_thrift_list(&meta, 3, PARQUET_THRIFT_BINARY, 1);
    parquet_thrift_varint(meta.out, column->name.len);
    base_buf_str(meta.out, column->name);
    parquet_thrift_int(&meta, 4, PARQUET_THRIFT_I32, CODEC_ZSTD);
    parquet_thrift_int(&meta, 5, PARQUET_THRIFT_I64, writer->rows);
    parquet_thrift_int(&meta, 6, PARQUET_THRIFT_I64, (int64_t)chunk->plain_bytes);
    parquet_thrift_int(&meta, 7, PARQUET_THRIFT_I64, (int64_t)chunk->packed_bytes);
    parquet_thrift_int(&meta, 9, PARQUET_THRIFT_I64, (int64_t)chunk->data_at);
    if (chunk->has_dictionary) {
        parquet_thrift_int(&meta, 11, PARQUET_THRIFT_I64, (int64_t)chunk->dictionary_at);
    }
    struct parquet_thrift statistics = parquet_thrift_struct(&meta, 12);
    parquet_thrift_int(&statistics, 3, PARQUET_THRIFT_I64, (int64_t)writer->rows - column->count);
    parquet_thrift_end(&statistics);
    parquet_thrift_end(&meta);
    parquet_thrift_end(&about);
}

static bool put_group(struct parquet_writer *writer, struct base_buf *out, struct fail *fail)
{
    struct parquet_thrift group = {.out = &writer->groups};
    uint64_t plain_bytes = 0;
    if (writer->rows == 0) {
        return true;
    }
    parquet_thrift_list(&group, 1, PARQUET_THRIFT_STRUCT, writer->column_count);
    for (size_t c = 0; c < writer->column_count; c++) {
        struct column *column = &writer->columns[c];
        struct chunk chunk = {0};
        if (!put_column(writer, column, out, &chunk, fail)) {
            return false;
        }
        describe_chunk(writer, column, &chunk);
        plain_bytes += chunk.plain_bytes;
        base_buf_reset(&column->present);
        base_buf_reset(&column->values);
        column->count = 0;
    }
    parquet_thrift_int(&group, 2, PARQUET_THRIFT_I64, (int64_t)plain_bytes);
    parquet_thrift_int(&group, 3, PARQUET_THRIFT_I64, writer->rows);
    parquet_thrift_end(&group);
    writer->group_count++;
    writer->total_rows += writer->rows;
    writer->rows = 0;
    writer->bytes = 0;
    return base_buf_ok(&writer->groups, fail);
}

bool parquet_row_end(struct parquet_writer *writer, struct base_buf *out, struct fail *fail)
{
    writer->rows++;
    return (writer->rows < PARQUET_GROUP_ROWS && writer->bytes < PARQUET_GROUP_BYTES) ||
           put_group(writer, out, fail);
}

/* ---- the footer -------------------------------------------------------------------------------------------- */

static void describe_column(struct base_buf *out, const struct column *column)
{
    static const struct {
        int converted, logical; /* -1, 0: none */
    } meanings[] = {
        [PARQUET_BOOL] = {-1, 0},
        [PARQUET_INT] = {-1, 0},
        [PARQUET_DOUBLE] = {-1, 0},
        [PARQUET_TEXT] = {CONVERTED_UTF8, LOGICAL_TEXT},
        [PARQUET_JSON] = {CONVERTED_JSON, LOGICAL_JSON},
        [PARQUET_INSTANT] = {CONVERTED_INSTANT_MS, LOGICAL_INSTANT},
    };
    struct parquet_thrift element = {.out = out};
    parquet_thrift_int(&element, 1, PARQUET_THRIFT_I32, physical_of(column->type));
    parquet_thrift_int(&element, 3, PARQUET_THRIFT_I32, OPTIONAL);
    parquet_thrift_text(&element, 4, column->name);
    if (meanings[column->type].logical != 0) {
        parquet_thrift_int(&element, 6, PARQUET_THRIFT_I32, meanings[column->type].converted);
        struct parquet_thrift logical = parquet_thrift_struct(&element, 10);
        struct parquet_thrift which =
            parquet_thrift_struct(&logical, meanings[column->type].logical);
        if (column->type == PARQUET_INSTANT) {
            parquet_thrift_true(&which, 1); /* UTC */
            struct parquet_thrift unit = parquet_thrift_struct(&which, 2);
            struct parquet_thrift ms = parquet_thrift_struct(&unit, 1);
            parquet_thrift_end(&ms);
            parquet_thrift_end(&unit);
        }
        parquet_thrift_end(&which);
        parquet_thrift_end(&logical);
    }
    parquet_thrift_end(&element);
}

bool parquet_end(struct parquet_writer *writer, struct base_buf *out, struct fail *fail)
{
    if (!put_group(writer, out, fail)) {
        return false;
    }
    size_t before = out->len;
    struct parquet_thrift file = {.out = out};
    parquet_thrift_int(&file, 1, PARQUET_THRIFT_I32, 1);
    parquet_thrift_list(&file, 2, PARQUET_THRIFT_STRUCT, writer->column_count + 1);
    struct parquet_thrift root = {.out = out};
    parquet_thrift_text(&root, 4, STR("events"));
    parquet_thrift_int(&root, 5, PARQUET_THRIFT_I32, (int64_t)writer->column_count);
    parquet_thrift_end(&root);
    for (size_t c = 0; c < writer->column_count; c++) {
        describe_column(out, &writer->columns[c]);
    }
    parquet_thrift_int(&file, 3, PARQUET_THRIFT_I64, writer->total_rows);
    parquet_thrift_list(&file, 4, PARQUET_THRIFT_STRUCT, writer->group_count);
    base_buf_str(out, base_buf_view(&writer->groups));
    parquet_thrift_text(&file, 6, STR("firsthand"));
    parquet_thrift_end(&file);
    uint8_t len[4];
    base_put_u32(len, (uint32_t)(out->len - before));
    base_buf_bytes(out, len, sizeof len);
    base_buf_bytes(out, MAGIC, sizeof MAGIC);
    return base_buf_ok(out, fail);
}
