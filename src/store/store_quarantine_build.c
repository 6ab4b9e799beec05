#include <stdlib.h>

#include "base_buf.h"
#include "base_bytes.h"
#include "store_quarantine.h"

/* Rows, hashes and text are small and gathered in memory; raw bytes are copied through piece by piece, last but
   for the ways, since they may be large. */
struct build {
    struct base_buf rows, by_hash, text, ways;
    struct { /* of the newest ones, so that each is written once */
        uint32_t at, len;
    } known_ways[STORE_QUARANTINE_WAYS];
    uint32_t known_way_count;
    uint64_t raw_at;
    uint64_t count, id_first, id_last;
};

static void build_done(struct build *build)
{
    base_buf_done(&build->rows);
    base_buf_done(&build->by_hash);
    base_buf_done(&build->text);
    base_buf_done(&build->ways);
}

static uint16_t short_len(size_t len)
{
    return (uint16_t)(len < STORE_QUARANTINE_NO_FIELD ? len : STORE_QUARANTINE_NO_FIELD - 1U);
}

/* One more than where the way lies; 0: none. */
static uint32_t add_way(struct build *build, struct str way)
{
    if (way.data == NULL) {
        return 0;
    }
    for (uint32_t i = build->known_way_count; i-- > 0;) {
        struct str known =
            str_of(build->ways.data + build->known_ways[i].at + 4, build->known_ways[i].len);
        if (str_equal(known, way)) {
            return build->known_ways[i].at + 1;
        }
    }
    uint32_t at = (uint32_t)build->ways.len;
    uint8_t len[4];
    base_put_u32(len, (uint32_t)way.len);
    base_buf_bytes(&build->ways, len, sizeof len);
    base_buf_str(&build->ways, way);
    bool written = build->ways.len == at + sizeof len + way.len; /* there was memory for it */
    if (written && build->known_way_count < ARRAY_LEN(build->known_ways)) {
        build->known_ways[build->known_way_count].at = at;
        build->known_ways[build->known_way_count].len = (uint32_t)way.len;
        build->known_way_count++;
    }
    return at + 1;
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
    base_put_u32(bytes + 50, add_way(build, row->way));
    bool has_sent_at = row->sent_at_ms != STORE_NO_TIME;
    bytes[54] = has_sent_at ? STORE_QUARANTINE_HAS_SENT_AT : 0;
    base_put_u64(bytes + 56, hash.low);
    base_put_u64(bytes + 64, hash.high);
    base_buf_bytes(&build->rows, bytes, sizeof bytes);
    base_buf_bytes(&build->text, row->source.data, source_len);
    base_buf_bytes(&build->text, row->reason.data, reason_len);
    base_buf_bytes(&build->text, row->field.data, row->field.data == NULL ? 0 : field_len);
    uint8_t sent_at[8];
    base_put_i64(sent_at, row->sent_at_ms);
    base_buf_bytes(&build->text, sent_at, has_sent_at ? sizeof sent_at : 0);
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
        !base_buf_ok(&build->text, fail) || !base_buf_ok(&build->ways, fail) ||
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

static bool finish(const struct build *build, struct store_run_writer *writer,
                   struct store_run_info *out, struct fail *fail)
{
    store_run_begin(writer);
    store_run_write(writer, build->ways.data, build->ways.len);
    return store_run_finish(writer, out, fail);
}

bool store_quarantine_seal(struct disk *disk, const struct store_quarantine_live *live,
                           const struct store_quarantine_marks *marks, uint64_t id,
                           struct store_run_info *out, struct fail *fail)
{
    CLEANUP(build_done) struct build build = {0};
    for (uint32_t i = 0; i < live->count; i++) {
        const struct store_quarantine_live_row *row = store_quarantine_live_row(live, i);
        struct store_quarantine_row face;
        if (!store_quarantine_gone(marks, row->id)) {
            store_quarantine_live_face(row, &face);
            store_quarantine_marks_lay(marks, &face);
            add_row(&build, &face, row->raw_len, row->hash);
        }
    }
    struct store_run_writer *writer = NULL;
    if (!begin(disk, id, &build, &writer, fail)) {
        return false;
    }
    CLEANUP(arena_free_at) struct arena *arena = arena_new(NULL);
    for (uint32_t i = 0; i < live->count; i++) {
        const struct store_quarantine_live_row *row = store_quarantine_live_row(live, i);
        struct str raw;
        if (store_quarantine_gone(marks, row->id)) {
            continue;
        }
        if (!store_quarantine_live_raw(live, row, SIZE_MAX, arena, &raw, fail)) {
            store_run_abandon(writer);
            return false;
        }
        store_run_write(writer, raw.data, raw.len);
        arena_reset(arena);
    }
    return finish(&build, writer, out, fail);
}

/* ---- from files ---------------------------------------------------------------------------------------- */

/* All but the raw bytes of the rows that stay. */
static bool add_file(struct build *build, const struct store_quarantine_file *file,
                     const struct store_quarantine_marks *marks, struct fail *fail)
{
    for (uint64_t i = 0; i < file->count; i++) {
        struct store_quarantine_row row;
        const uint8_t *bytes;
        if (!store_quarantine_file_row(file, i, SIZE_MAX, &row, fail) ||
            !store_run_at(file->run, STORE_QUARANTINE_ROWS, i * STORE_QUARANTINE_ROW_BYTES,
                          STORE_QUARANTINE_ROW_BYTES, &bytes, fail)) {
            return false;
        }
        if (!store_quarantine_gone(marks, row.id)) {
            store_quarantine_marks_lay(marks, &row);
            add_row(build, &row, row.raw.len,
                    (struct base_hash128){base_get_u64(bytes + 56), base_get_u64(bytes + 64)});
        }
    }
    return true;
}

static bool copy_raw(const struct store_quarantine_file *file,
                     const struct store_quarantine_marks *marks, struct store_run_writer *writer,
                     struct fail *fail)
{
    for (uint64_t i = 0; i < file->count; i++) {
        struct store_quarantine_row row;
        if (!store_quarantine_file_row(file, i, SIZE_MAX, &row, fail)) {
            return false;
        }
        if (!store_quarantine_gone(marks, row.id)) {
            store_run_write(writer, row.raw.data, row.raw.len);
        }
    }
    return true;
}

bool store_quarantine_merge(struct disk *disk, const struct store_quarantine_file *files,
                            size_t count, const struct store_quarantine_marks *marks, uint64_t id,
                            struct store_run_info *out, struct fail *fail)
{
    CLEANUP(build_done) struct build build = {0};
    for (size_t f = 0; f < count; f++) {
        if (!add_file(&build, &files[f], marks, fail)) {
            return false;
        }
    }
    struct store_run_writer *writer = NULL;
    if (!begin(disk, id, &build, &writer, fail)) {
        return false;
    }
    for (size_t f = 0; f < count; f++) {
        if (!copy_raw(&files[f], marks, writer, fail)) {
            store_run_abandon(writer);
            return false;
        }
    }
    return finish(&build, writer, out, fail);
}
