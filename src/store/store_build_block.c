/* store_build_block.c — blocks: rows come in merged order, and go out as encoded chunks. */
#include "base_bytes.h"
#include "store_build.h"

/* ---- chunks --------------------------------------------------------------------------------------------- */

size_t store_build_begin_chunk(const struct store_build *build)
{
    return build->out.len;
}

void store_build_put_piece(const struct store_segment_piece *piece,
                           uint8_t out[STORE_BUILD_PIECE_BYTES])
{
    base_put_u64(out, piece->offset);
    base_put_u64(out + 8, piece->length);
    base_put_u64(out + 16, piece->checksum);
}

bool store_build_end_chunk(struct store_build *build, size_t begin, struct store_segment_piece *out,
                           struct fail *fail)
{
    static const char zero[8] = {0};
    if (!base_buf_ok(&build->out, fail)) {
        return false;
    }
    *out = (struct store_segment_piece){
        .offset = build->out_at + begin,
        .length = build->out.len - begin,
        .checksum = base_hash64(build->out.data + begin, build->out.len - begin, 0)};
    base_buf_bytes(&build->out, zero, (8 - build->out.len % 8) % 8);
    return base_buf_ok(&build->out, fail);
}

static bool write_out(struct store_build *build, struct fail *fail)
{
    if (!disk_write_at(build->file, build->out_at, build->out.data, build->out.len, fail)) {
        return false;
    }
    build->out_at += build->out.len;
    base_buf_reset(&build->out);
    return true;
}

/* ---- words that are too many to be held ------------------------------------------------------------------ */

bool store_build_find_words(void *context, struct store_value left, struct str *out,
                            struct fail *fail)
{
    struct store_build *build = context;
    return store_words_get(&build->words, left, out, fail);
}

/* Behind what waits in `out`, whose length is final by then. */
bool store_build_take_pages(void *context, const void *bytes, size_t len, struct fail *fail)
{
    struct store_build *build = context;
    return base_buf_ok(&build->out, fail) &&
           disk_write_at(build->file, build->out_at + build->out.len + build->encoder.taken, bytes,
                         len, fail);
}

/* Adds `len` bytes of the file, which were just written. */
static bool hash_file(struct store_build *build, uint64_t from, uint64_t len,
                      struct base_hasher *hasher, struct fail *fail)
{
    CLEANUP(base_free_at) void *block = NULL;
    if (!base_alloc_array(STORE_ENCODER_PAGES_BYTES, 1, &block, fail)) {
        return false;
    }
    while (len > 0) {
        size_t wanted = len < STORE_ENCODER_PAGES_BYTES ? (size_t)len : STORE_ENCODER_PAGES_BYTES;
        size_t got = 0;
        if (!disk_read_at(build->file, from, block, wanted, &got, fail)) {
            return false;
        }
        if (got != wanted) {
            return fail_set(fail, FAIL_IO, "%s ends before what was written to it", build->path);
        }
        base_hasher_add(hasher, block, got);
        from += got;
        len -= got;
    }
    return true;
}

/* Ends a chunk whose pages lie in the file already. Its beginning, which says where they are, was not known before the last
   of them, so that the checksum is made of what is read back. */
static bool end_long_chunk(struct store_build *build, size_t begin, struct store_segment_piece *out,
                           struct fail *fail)
{
    static const char zero[8] = {0};
    uint64_t taken = build->encoder.taken;
    build->encoder.taken = 0;
    if (!base_buf_ok(&build->out, fail)) {
        return false;
    }
    size_t head = build->out.len - begin;
    *out = (struct store_segment_piece){.offset = build->out_at + begin, .length = head + taken};
    struct base_hasher *hasher = base_hasher_new(0);
    base_hasher_add(hasher, build->out.data + begin, head);
    bool ok = write_out(build, fail) && hash_file(build, build->out_at, taken, hasher, fail);
    out->checksum = base_hasher_end64(hasher);
    base_hasher_free(hasher);
    build->out_at += taken;
    size_t pad = (8 - build->out_at % 8) % 8;
    ok = ok && (pad == 0 || disk_write_at(build->file, build->out_at, zero, pad, fail));
    build->out_at += pad;
    return ok;
}

/* ---- blocks ------------------------------------------------------------------------------------------------ */

/* Ends a chunk of the block that is being written, for one column. */
static bool end_column(struct store_build *build, size_t begin, struct store_build_chunks *chunks,
                       struct fail *fail)
{
    struct store_segment_piece piece;
    if (!(build->encoder.taken > 0 ? end_long_chunk(build, begin, &piece, fail)
                                   : store_build_end_chunk(build, begin, &piece, fail))) {
        return false;
    }
    if (piece.length > UINT32_MAX) {
        return fail_set(fail, FAIL_LIMIT, "a column of one block takes more than 4 GiB");
    }
    if (!store_vec_room(&chunks->entries, (size_t)chunks->count + 1,
                        sizeof(struct store_segment_chunk), NULL, fail)) {
        return false;
    }
    ((struct store_segment_chunk *)chunks->entries.data)[chunks->count++] =
        (struct store_segment_chunk){.block = (uint32_t)(build->blocks.len / 24),
                                     .length = (uint32_t)piece.length,
                                     .offset = piece.offset,
                                     .checksum = piece.checksum};
    return true;
}

static bool put_ints(struct store_build *build, int column, struct fail *fail)
{
    size_t begin = store_build_begin_chunk(build);
    return store_ints_encode(build->ints[column], build->rows, &build->out, fail) &&
           end_column(build, begin, &build->int_chunks[column], fail);
}

static bool put_times(struct store_build *build, struct fail *fail)
{
    size_t begin = store_build_begin_chunk(build);
    return store_ints_encode_times(build->ints[STORE_BUILD_TS], build->rows, &build->out, fail) &&
           end_column(build, begin, &build->int_chunks[STORE_BUILD_TS], fail);
}

static bool any_other(const int64_t *values, uint32_t count, const int64_t *usual)
{
    for (uint32_t i = 0; i < count; i++) {
        if (values[i] != (usual != NULL ? usual[i] : 0)) {
            return true;
        }
    }
    return false;
}

/* Instants of receipt, or their distances from ts: whichever is smaller. */
static bool put_received(struct store_build *build, struct fail *fail)
{
    int64_t *received = build->ints[STORE_BUILD_RECEIVED_AT];
    const int64_t *ts_ms = build->ints[STORE_BUILD_TS];
    uint8_t form[8] = {0};
    size_t begin = store_build_begin_chunk(build);
    base_buf_bytes(&build->out, form, sizeof form);
    if (!store_ints_encode(received, build->rows, &build->out, fail)) {
        return false;
    }
    for (uint32_t i = 0; i < build->rows; i++) {
        received[i] = (int64_t)((uint64_t)received[i] - (uint64_t)ts_ms[i]);
    }
    base_buf_reset(&build->spare);
    if (!store_ints_encode(received, build->rows, &build->spare, fail)) {
        return false;
    }
    if (build->spare.len < build->out.len - begin - sizeof form) {
        form[0] = 1;
        build->out.len = begin;
        base_buf_bytes(&build->out, form, sizeof form);
        base_buf_bytes(&build->out, build->spare.data, build->spare.len);
    }
    return end_column(build, begin, &build->int_chunks[STORE_BUILD_RECEIVED_AT], fail);
}

static bool put_values(struct store_build *build, struct store_build_column *column,
                       struct fail *fail)
{
    const struct store_values_input input = {
        .entries = column->entries,
        .rows = build->rows,
        .at = column->at.data,
        .values = column->values.data,
        .codes = column->dictionary.count > 0 ? column->codes.data : NULL,
    };
    size_t begin = store_build_begin_chunk(build);
    store_words_begin(&build->words, column->kind, column->name);
    return store_values_encode(&input, &build->encoder, &build->out, fail) &&
           end_column(build, begin, &column->chunks, fail);
}

static bool put_block_entry(struct store_build *build, struct fail *fail)
{
    const int64_t *ts_ms = build->ints[STORE_BUILD_TS];
    int64_t least = ts_ms[0];
    int64_t most = ts_ms[0];
    uint8_t set[STORE_SEGMENT_EVENT_BITS_MAX / 8] = {0};
    for (uint32_t i = 0; i < build->rows; i++) {
        least = ts_ms[i] < least ? ts_ms[i] : least;
        most = ts_ms[i] > most ? ts_ms[i] : most;
        uint32_t bit = (uint32_t)build->ints[STORE_BUILD_EVENT][i] % build->event_bits;
        set[bit / 8] = (uint8_t)(set[bit / 8] | 1U << (bit % 8));
    }
    uint8_t entry[24];
    base_put_u32(entry, build->customer_first);
    base_put_u32(entry + 4, build->customer_last);
    base_put_i64(entry + 8, least);
    base_put_i64(entry + 16, most);
    base_buf_bytes(&build->blocks, entry, sizeof entry);
    base_buf_bytes(&build->event_sets, set, build->event_bits / 8);
    build->info.ts_min_ms = least < build->info.ts_min_ms ? least : build->info.ts_min_ms;
    build->info.ts_max_ms = most > build->info.ts_max_ms ? most : build->info.ts_max_ms;
    return base_buf_ok(&build->blocks, fail) && base_buf_ok(&build->event_sets, fail);
}

bool store_build_flush_block(struct store_build *build, struct fail *fail)
{
    if (build->rows == 0) {
        return true;
    }
    store_build_days_count(build);
    if (!store_build_cubes_count(build, fail)) {
        return false;
    }
    bool original = any_other(build->ints[STORE_BUILD_ORIGINAL], build->rows, build->customers);
    bool channel = any_other(build->ints[STORE_BUILD_CHANNEL], build->rows, NULL);
    bool scale = any_other(build->ints[STORE_BUILD_SCALE], build->rows, NULL);
    if (!put_times(build, fail) || !put_ints(build, STORE_BUILD_EVENT, fail) ||
        !put_ints(build, STORE_BUILD_ARRIVAL, fail) ||
        (original && !put_ints(build, STORE_BUILD_ORIGINAL, fail)) || !put_received(build, fail) ||
        !put_ints(build, STORE_BUILD_SOURCE, fail) ||
        (channel && !put_ints(build, STORE_BUILD_CHANNEL, fail)) ||
        (scale && !put_ints(build, STORE_BUILD_SCALE, fail))) {
        return false;
    }
    for (size_t c = 0; c < build->column_count; c++) {
        struct store_build_column *column = &build->columns[c];
        if (column->entries > 0 && !put_values(build, column, fail)) {
            return false;
        }
        column->entries = 0;
    }
    if (!store_build_places_put(build, fail) || !put_block_entry(build, fail)) {
        return false;
    }
    build->info.rows += build->rows;
    build->rows = 0;
    return write_out(build, fail);
}

/* ---- rows ----------------------------------------------------------------------------------------------- */

/* The scan's columns, in this order; then those of build->columns from STORE_BUILD_CLIENT_TS on. */
enum {
    IN_ARRIVAL = STORE_BUILD_IN_ARRIVAL,
    IN_ORIGINAL,
    IN_RECEIVED_AT,
    IN_SOURCE,
    IN_CHANNEL,
    IN_SCALE,
    IN_VALUES
};

struct adding {
    struct store_build *build;
    const struct store_rows *rows;
    uint32_t from, count; /* rows of the batch that go into the block now */
    uint32_t *entries;    /* by column of the scan: the next entry */
};

/* One integer a row; rows without one have 0. `codes` maps, and makes room for 0. */
static void add_ints(struct adding *adding, size_t in, int out, const uint32_t *codes)
{
    const struct store_column *column = &adding->rows->columns[in];
    int64_t *into = adding->build->ints[out] + adding->build->rows;
    uint32_t *entry = &adding->entries[in];
    memset(into, 0, adding->count * sizeof *into);
    for (; *entry < column->count && column->at[*entry] < adding->from + adding->count;
         (*entry)++) {
        int64_t value = column->values[*entry].i;
        into[column->at[*entry] - adding->from] = codes != NULL ? (int64_t)codes[value] + 1 : value;
    }
}

static bool has_name(const struct store_build_column *column)
{
    return column->name != STORE_NO_CODE;
}

/* The rows that were counted have a value in this column. */
static bool count_name(struct store_build *build, const struct store_build_column *column,
                       struct fail *fail)
{
    bool trait = column->kind == STORE_SEGMENT_TRAIT;
    uint32_t name = build->codes[trait ? STORE_FAMILY_TRAIT : STORE_FAMILY_PROPERTY][column->name];
    bool ok = store_build_count_into(
        build, trait ? STORE_STATISTIC_TRAIT : STORE_STATISTIC_PROPERTY, name, fail);
    store_build_count_forget(build);
    return ok;
}

/* Mostly a customer's row says the same as the one before. */
static bool code_of_string(struct store_build *build, const struct store_build_column *column,
                           struct store_value value, uint32_t *out, struct fail *fail)
{
    struct str text;
    *out = 0;
    if (column->dictionary.count == 0 ||
        store_value_len(&value) > STORE_DICTIONARY_STRING_BYTES_MAX) {
        return true;
    }
    if (!store_words_get(&build->words, value, &text, fail)) {
        return false;
    }
    if (column->entries > 0) {
        uint32_t code = ((const uint32_t *)column->codes.data)[column->entries - 1];
        struct str before = code > 0 ? column->dictionary.strings[code - 1] : (struct str){NULL, 0};
        if (code > 0 && str_equal(before, text)) {
            *out = code;
            return true;
        }
    }
    *out = store_build_dictionary_find(&column->dictionary, text);
    return true;
}

static bool add_value(struct adding *adding, struct store_build_column *column, uint32_t row,
                      struct store_value value, struct fail *fail)
{
    struct store_build *build = adding->build;
    uint32_t at = column->entries;
    uint32_t code = 0;
    if (column->kind == STORE_SEGMENT_CLIENT_TS || column->kind == STORE_SEGMENT_SENT_AT) {
        value = store_value_int((int64_t)((uint64_t)value.i - (uint64_t)adding->rows->ts_ms[row]));
    } else if (value.kind == STORE_STRING) {
        if (!code_of_string(build, column, value, &code, fail)) {
            return false;
        }
    }
    ((uint32_t *)column->at.data)[at] = build->rows + (row - adding->from);
    ((uint32_t *)column->codes.data)[at] = code;
    ((struct store_value *)column->values.data)[at] = value;
    column->entries++;
    return true;
}

static bool column_room(struct store_build_column *column, uint32_t more, struct fail *fail)
{
    size_t entries = (size_t)column->entries + more;
    if (entries > STORE_SEGMENT_BLOCK_ROWS / 2 && entries < STORE_SEGMENT_BLOCK_ROWS) {
        entries = STORE_SEGMENT_BLOCK_ROWS; /* as many as it gets, and not half as many again */
    }
    return store_vec_room(&column->at, entries, sizeof(uint32_t), NULL, fail) &&
           store_vec_room(&column->codes, entries, sizeof(uint32_t), NULL, fail) &&
           store_vec_room(&column->values, entries, sizeof(struct store_value), NULL, fail);
}

static bool add_values(struct adding *adding, struct fail *fail)
{
    struct store_build *build = adding->build;
    for (size_t c = 0; c < build->column_count; c++) {
        const struct store_column *in = &adding->rows->columns[IN_VALUES + c];
        uint32_t *entry = &adding->entries[IN_VALUES + c];
        if (!column_room(&build->columns[c], in->count - *entry, fail)) {
            return false;
        }
        struct store_build_column *column = &build->columns[c];
        uint32_t counted = UINT32_MAX;
        store_words_begin(&build->words, column->kind, column->name);
        for (; *entry < in->count && in->at[*entry] < adding->from + adding->count; (*entry)++) {
            uint32_t row = in->at[*entry];
            if (!add_value(adding, column, row, in->values[*entry], fail)) {
                return false;
            }
            if (has_name(column) && in->values[*entry].kind != STORE_NULL && counted != row) {
                counted = row; /* several values of one row count once */
                store_build_count_row(&build->counting,
                                      build->codes[STORE_FAMILY_EVENT][adding->rows->events[row]],
                                      adding->rows->ts_ms[row]);
            }
        }
        if (has_name(column) && !count_name(build, column, fail)) {
            return false;
        }
    }
    return true;
}

/* Puts the chosen rows of the batch into the block, which has room. `customer` is that of the first. */
static bool add_rows(struct adding *adding, uint32_t *customer, struct fail *fail)
{
    struct store_build *build = adding->build;
    const struct store_rows *rows = adding->rows;
    int64_t *ts_ms = build->ints[STORE_BUILD_TS] + build->rows;
    int64_t *events = build->ints[STORE_BUILD_EVENT] + build->rows;
    int64_t *customers = build->customers + build->rows;
    for (uint32_t i = 0; i < adding->count; i++) {
        uint32_t row = adding->from + i;
        while (rows->row_begin[*customer + 1] <= row) {
            (*customer)++;
        }
        ts_ms[i] = rows->ts_ms[row];
        events[i] = build->codes[STORE_FAMILY_EVENT][rows->events[row]];
        customers[i] = rows->customers[*customer];
    }
    if (build->rows == 0) {
        build->customer_first = (uint32_t)customers[0];
    }
    build->customer_last = (uint32_t)customers[adding->count - 1];
    add_ints(adding, IN_ARRIVAL, STORE_BUILD_ARRIVAL, NULL);
    add_ints(adding, IN_ORIGINAL, STORE_BUILD_ORIGINAL, NULL);
    add_ints(adding, IN_RECEIVED_AT, STORE_BUILD_RECEIVED_AT, NULL);
    add_ints(adding, IN_SOURCE, STORE_BUILD_SOURCE, build->codes[STORE_FAMILY_SOURCE]);
    add_ints(adding, IN_CHANNEL, STORE_BUILD_CHANNEL, build->codes[STORE_FAMILY_CHANNEL]);
    add_ints(adding, IN_SCALE, STORE_BUILD_SCALE, build->codes[STORE_FAMILY_SCALE]);
    if (!add_values(adding, fail) ||
        !store_build_count_block(build, build->rows, adding->count, fail)) {
        return false;
    }
    build->rows += adding->count;
    return build->rows < STORE_SEGMENT_BLOCK_ROWS || store_build_flush_block(build, fail);
}

bool store_build_add(struct store_build *build, const struct store_rows *rows, struct fail *fail)
{
    for (uint32_t c = 0; c < rows->customer_count; c++) {
        uint32_t from = rows->row_begin[c];
        if (!store_build_add_customer(build, rows->customers[c], rows->row_begin[c + 1] - from,
                                      rows->ts_ms + from, rows->events + from, fail)) {
            return false;
        }
    }
    CLEANUP(base_free_at) void *entries = NULL;
    size_t columns = IN_VALUES + build->column_count;
    if (!base_alloc_array(columns, sizeof(uint32_t), &entries, fail)) {
        return false;
    }
    memset(entries, 0, columns * sizeof(uint32_t));
    struct adding adding = {.build = build, .rows = rows, .entries = entries};
    uint32_t customer = 0;
    while (adding.from < rows->row_count) {
        uint32_t room = STORE_SEGMENT_BLOCK_ROWS - build->rows;
        uint32_t left = rows->row_count - adding.from;
        adding.count = left < room ? left : room;
        if (!add_rows(&adding, &customer, fail)) {
            return false;
        }
        adding.from += adding.count;
    }
    return true;
}
