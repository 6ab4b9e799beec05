/* store_build_block.c — blocks: their memory, and how they go out as encoded chunks. */
#include "base_bytes.h"
#include "store_build.h"

/* ---- memory ---------------------------------------------------------------------------------------------- */

bool store_build_block_init(struct store_build_block *block, struct fail *fail)
{
    for (size_t i = 0; i <= STORE_BUILD_INTS; i++) {
        void *memory = NULL;
        if (!base_alloc_array(STORE_SEGMENT_BLOCK_ROWS, sizeof(int64_t), &memory, fail)) {
            return false;
        }
        if (i < STORE_BUILD_INTS) {
            block->ints[i] = memory;
        } else {
            block->customers = memory;
        }
    }
    block->directory.limit = SIZE_MAX / 2;
    block->groups.limit = SIZE_MAX / 2;
    return true;
}

bool store_build_block_columns(struct store_build_block *block, size_t columns, struct fail *fail)
{
    void *memory = NULL;
    if (!base_alloc_array(columns, sizeof *block->entries, &memory, fail)) {
        return false;
    }
    memset(memory, 0, columns * sizeof *block->entries);
    block->entries = memory;
    return true;
}

void store_build_block_done(struct store_build_block *block, size_t columns)
{
    for (size_t i = 0; i < STORE_BUILD_INTS; i++) {
        base_free(block->ints[i]);
    }
    base_free(block->customers);
    for (size_t c = 0; block->entries != NULL && c < columns; c++) {
        store_vec_done(&block->entries[c].at, NULL);
        store_vec_done(&block->entries[c].values, NULL);
        store_vec_done(&block->entries[c].codes, NULL);
    }
    base_free(block->entries);
    base_buf_done(&block->directory);
    base_buf_done(&block->groups);
}

bool store_build_entries_room(struct store_build_entries *entries, size_t count, struct fail *fail)
{
    return store_vec_room(&entries->at, count, sizeof(uint32_t), NULL, fail) &&
           store_vec_room(&entries->codes, count, sizeof(uint32_t), NULL, fail) &&
           store_vec_room(&entries->values, count, sizeof(struct store_value), NULL, fail);
}

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
    return store_words_get(&build->words_written, left, out, fail);
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

static bool put_ints(struct store_build *build, const struct store_build_block *block, int column,
                     struct fail *fail)
{
    size_t begin = store_build_begin_chunk(build);
    return store_ints_encode(block->ints[column], block->rows, &build->out, fail) &&
           end_column(build, begin, &build->int_chunks[column], fail);
}

static bool put_times(struct store_build *build, const struct store_build_block *block,
                      struct fail *fail)
{
    size_t begin = store_build_begin_chunk(build);
    return store_ints_encode_times(block->ints[STORE_BUILD_TS], block->rows, &build->out, fail) &&
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
static bool put_received(struct store_build *build, const struct store_build_block *block,
                         struct fail *fail)
{
    int64_t *received = block->ints[STORE_BUILD_RECEIVED_AT];
    const int64_t *ts_ms = block->ints[STORE_BUILD_TS];
    uint8_t form[8] = {0};
    size_t begin = store_build_begin_chunk(build);
    base_buf_bytes(&build->out, form, sizeof form);
    if (!store_ints_encode(received, block->rows, &build->out, fail)) {
        return false;
    }
    for (uint32_t i = 0; i < block->rows; i++) {
        received[i] = (int64_t)((uint64_t)received[i] - (uint64_t)ts_ms[i]);
    }
    base_buf_reset(&build->spare);
    if (!store_ints_encode(received, block->rows, &build->spare, fail)) {
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

static bool put_values(struct store_build *build, const struct store_build_block *block, size_t at,
                       struct fail *fail)
{
    struct store_build_column *column = &build->columns[at];
    const struct store_build_entries *entries = &block->entries[at];
    const struct store_values_input input = {
        .entries = entries->count,
        .rows = block->rows,
        .at = entries->at.data,
        .values = entries->values.data,
        .codes = column->dictionary.count > 0 ? entries->codes.data : NULL,
    };
    size_t begin = store_build_begin_chunk(build);
    store_words_begin(&build->words_written, column->kind, column->name);
    return store_values_encode(&input, &build->encoder, &build->out, fail) &&
           end_column(build, begin, &column->chunks, fail);
}

static bool put_block_entry(struct store_build *build, const struct store_build_block *block,
                            struct fail *fail)
{
    const int64_t *ts_ms = block->ints[STORE_BUILD_TS];
    int64_t least = ts_ms[0];
    int64_t most = ts_ms[0];
    uint8_t set[STORE_SEGMENT_EVENT_BITS_MAX / 8] = {0};
    for (uint32_t i = 0; i < block->rows; i++) {
        least = ts_ms[i] < least ? ts_ms[i] : least;
        most = ts_ms[i] > most ? ts_ms[i] : most;
        uint32_t bit = (uint32_t)block->ints[STORE_BUILD_EVENT][i] % build->event_bits;
        set[bit / 8] = (uint8_t)(set[bit / 8] | 1U << (bit % 8));
    }
    uint8_t entry[24];
    base_put_u32(entry, block->customer_first);
    base_put_u32(entry + 4, block->customer_last);
    base_put_i64(entry + 8, least);
    base_put_i64(entry + 16, most);
    base_buf_bytes(&build->blocks, entry, sizeof entry);
    base_buf_bytes(&build->event_sets, set, build->event_bits / 8);
    build->info.ts_min_ms = least < build->info.ts_min_ms ? least : build->info.ts_min_ms;
    build->info.ts_max_ms = most > build->info.ts_max_ms ? most : build->info.ts_max_ms;
    return base_buf_ok(&build->blocks, fail) && base_buf_ok(&build->event_sets, fail);
}

/* The chunks of the block's groups, and what the footer tells of them, with their places in the file. */
static bool put_directory(struct store_build *build, struct store_build_block *block,
                          struct fail *fail)
{
    uint64_t first = build->out_at + build->out.len;
    base_buf_bytes(&build->out, block->directory.data, block->directory.len);
    for (size_t at = 0; at < block->groups.len; at += STORE_BUILD_GROUP_BYTES) {
        char *offset = block->groups.data + at + STORE_BUILD_GROUP_OFFSET;
        base_put_u64(offset, base_get_u64(offset) + first);
    }
    base_buf_bytes(&build->groups, block->groups.data, block->groups.len);
    base_buf_reset(&block->directory);
    base_buf_reset(&block->groups);
    return base_buf_ok(&build->out, fail) && base_buf_ok(&build->groups, fail);
}

static bool put_rows(struct store_build *build, struct store_build_block *block, struct fail *fail)
{
    bool original = any_other(block->ints[STORE_BUILD_ORIGINAL], block->rows, block->customers);
    bool channel = any_other(block->ints[STORE_BUILD_CHANNEL], block->rows, NULL);
    bool scale = any_other(block->ints[STORE_BUILD_SCALE], block->rows, NULL);
    if (!put_times(build, block, fail) || !put_ints(build, block, STORE_BUILD_EVENT, fail) ||
        !put_ints(build, block, STORE_BUILD_ARRIVAL, fail) ||
        (original && !put_ints(build, block, STORE_BUILD_ORIGINAL, fail)) ||
        !put_received(build, block, fail) || !put_ints(build, block, STORE_BUILD_SOURCE, fail) ||
        (channel && !put_ints(build, block, STORE_BUILD_CHANNEL, fail)) ||
        (scale && !put_ints(build, block, STORE_BUILD_SCALE, fail))) {
        return false;
    }
    for (size_t c = 0; c < build->column_count; c++) {
        if (block->entries[c].count > 0 && !put_values(build, block, c, fail)) {
            return false;
        }
        block->entries[c].count = 0;
    }
    return store_build_places_put(build, block, fail) && put_block_entry(build, block, fail);
}

bool store_build_write_block(struct store_build *build, struct store_build_block *block,
                             struct fail *fail)
{
    if (!put_directory(build, block, fail)) {
        return false;
    }
    if (block->rows == 0) {
        return true;
    }
    store_build_days_count(build, block);
    if (!store_build_cubes_count(build, block, fail) || !put_rows(build, block, fail)) {
        return false;
    }
    build->info.rows += block->rows;
    block->rows = 0;
    return write_out(build, fail);
}
