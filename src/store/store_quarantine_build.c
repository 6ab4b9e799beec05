#include <stdlib.h>

#include "base_buf.h"
#include "base_bytes.h"
#include "store_quarantine.h"

/* Rows, hashes and text are small and gathered in memory; raw bytes are copied through piece by piece, last,
   since they may be large. */
struct build {
    struct base_buf rows, by_hash, text;
    uint64_t raw_at;
    uint64_t count, id_first, id_last;
};

static void build_done(struct build *build)
{
    base_buf_done(&build->rows);
    base_buf_done(&build->by_hash);
    base_buf_done(&build->text);
}

static uint16_t short_len(size_t len)
{
    return (uint16_t)(len < STORE_QUARANTINE_NO_FIELD ? len : STORE_QUARANTINE_NO_FIELD - 1U);
}

static void add_row(struct build *build, const struct store_quarantine_row *row, size_t raw_len,
                    struct base_hash128 hash)
{
    uint8_t bytes[STORE_QUARANTINE_ROW_BYTES] = {0};
    uint16_t source_len = short_len(row->source.len);
    uint16_t reason_len = short_len(row->reason.len);
    uint16_t field_len = short_len(row->field.len);
    base_put_u64(bytes, row->id);
    base_put_i64(bytes + 8, row->received_at_ms);
    base_put_u64(bytes + 16, row->raw_bytes);
    base_put_u64(bytes + 24, build->raw_at);
    base_put_u64(bytes + 32, build->text.len);
    base_put_u32(bytes + 40, (uint32_t)raw_len);
    base_put_u16(bytes + 44, source_len);
    base_put_u16(bytes + 46, reason_len);
    base_put_u16(bytes + 48,
                 row->field.data == NULL ? (uint16_t)STORE_QUARANTINE_NO_FIELD : field_len);
    base_put_u64(bytes + 56, hash.low);
    base_put_u64(bytes + 64, hash.high);
    base_buf_bytes(&build->rows, bytes, sizeof bytes);
    base_buf_bytes(&build->text, row->source.data, source_len);
    base_buf_bytes(&build->text, row->reason.data, reason_len);
    base_buf_bytes(&build->text, row->field.data, row->field.data == NULL ? 0 : field_len);
    uint8_t entry[STORE_QUARANTINE_BY_HASH_BYTES];
    base_put_u64(entry, hash.low);
    base_put_u32(entry + 8, (uint32_t)build->count);
    base_buf_bytes(&build->by_hash, entry, sizeof entry);
    if (build->count++ == 0) {
        build->id_first = row->id;
    }
    build->id_last = row->id;
    build->raw_at += raw_len;
}

static int compare_hashes(const void *a, const void *b)
{
    uint64_t x = base_get_u64(a);
    uint64_t y = base_get_u64(b);
    if (x == y) {
        x = base_get_u32((const uint8_t *)a + 8);
        y = base_get_u32((const uint8_t *)b + 8);
    }
    return (x > y) - (x < y);
}

/* All sections but the raw bytes, whose section is begun. */
static bool begin(struct disk *disk, uint64_t id, struct build *build,
                  struct store_run_writer **out, struct fail *fail)
{
    if (!base_buf_ok(&build->rows, fail) || !base_buf_ok(&build->by_hash, fail) ||
        !base_buf_ok(&build->text, fail) ||
        !store_run_writer_new(disk, STORE_RUN_QUARANTINE, id, out, fail)) {
        return false;
    }
    if (build->count > 0) {
        qsort(build->by_hash.data, build->count, STORE_QUARANTINE_BY_HASH_BYTES, compare_hashes);
    }
    uint8_t meta[STORE_QUARANTINE_META_BYTES];
    base_put_u64(meta, build->count);
    base_put_u64(meta + 8, build->id_first);
    base_put_u64(meta + 16, build->id_last);
    store_run_begin(*out);
    store_run_write(*out, meta, sizeof meta);
    store_run_begin(*out);
    store_run_write(*out, build->rows.data, build->rows.len);
    store_run_begin(*out);
    store_run_write(*out, build->by_hash.data, build->by_hash.len);
    store_run_begin(*out);
    store_run_write(*out, build->text.data, build->text.len);
    store_run_begin(*out);
    return true;
}

bool store_quarantine_seal(struct disk *disk, const struct store_quarantine_live *live, uint64_t id,
                           struct store_run_info *out, struct fail *fail)
{
    CLEANUP(build_done) struct build build = {0};
    for (uint32_t i = 0; i < live->count; i++) {
        const struct store_quarantine_live_row *row = store_quarantine_live_row(live, i);
        struct store_quarantine_row face = {
            .id = row->id,
            .source = row->source,
            .reason = row->reason,
            .field = row->field,
            .received_at_ms = row->received_at_ms,
            .raw_bytes = row->raw_bytes,
        };
        add_row(&build, &face, row->raw_len, row->hash);
    }
    struct store_run_writer *writer = NULL;
    if (!begin(disk, id, &build, &writer, fail)) {
        return false;
    }
    CLEANUP(arena_free_at) struct arena *arena = arena_new(NULL);
    for (uint32_t i = 0; i < live->count; i++) {
        struct str raw;
        if (!store_quarantine_live_raw(live, store_quarantine_live_row(live, i), SIZE_MAX, arena,
                                       &raw, fail)) {
            store_run_abandon(writer);
            return false;
        }
        store_run_write(writer, raw.data, raw.len);
        arena_reset(arena);
    }
    return store_run_finish(writer, out, fail);
}

bool store_quarantine_merge(struct disk *disk, const struct store_quarantine_file *files,
                            size_t count, uint64_t id, struct store_run_info *out,
                            struct fail *fail)
{
    CLEANUP(build_done) struct build build = {0};
    for (size_t f = 0; f < count; f++) {
        for (uint64_t i = 0; i < files[f].count; i++) {
            struct store_quarantine_row row;
            const uint8_t *bytes;
            if (!store_quarantine_file_row(&files[f], i, SIZE_MAX, &row, fail) ||
                !store_run_at(files[f].run, STORE_QUARANTINE_ROWS, i * STORE_QUARANTINE_ROW_BYTES,
                              STORE_QUARANTINE_ROW_BYTES, &bytes, fail)) {
                return false;
            }
            add_row(&build, &row, row.raw.len,
                    (struct base_hash128){base_get_u64(bytes + 56), base_get_u64(bytes + 64)});
        }
    }
    struct store_run_writer *writer = NULL;
    if (!begin(disk, id, &build, &writer, fail)) {
        return false;
    }
    for (size_t f = 0; f < count; f++) {
        uint64_t len = store_run_len(files[f].run, STORE_QUARANTINE_RAW);
        const uint8_t *raw;
        if (!store_run_at(files[f].run, STORE_QUARANTINE_RAW, 0, len, &raw, fail)) {
            store_run_abandon(writer);
            return false;
        }
        store_run_write(writer, raw, len);
    }
    return store_run_finish(writer, out, fail);
}
