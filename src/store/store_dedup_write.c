#include "store_dedup_write.h"

#include "base_bytes.h"

static void writing_done(struct store_dedup_writing *writing)
{
    base_buf_done(&writing->starts);
}

/* The next bucket begins behind what there is. Errors are told by finish. */
static void put_start(struct store_dedup_writing *writing)
{
    uint8_t start[sizeof(uint32_t)];
    base_put_u32(start, writing->count);
    base_buf_bytes(&writing->starts, start, sizeof start);
}

bool store_dedup_write_begin(struct disk *disk, uint64_t id, uint64_t count, int64_t first_ms,
                             int64_t last_ms, bool import, struct store_dedup_writing *out,
                             struct fail *fail)
{
    *out = (struct store_dedup_writing){.first_ms = first_ms,
                                        .filter_blocks = store_bloom_blocks(count),
                                        .shape = store_dedup_shape_of(count, first_ms, last_ms)};
    out->starts.limit = SIZE_MAX / 2;
    if (count > UINT32_MAX) {
        return fail_set(fail, FAIL_LIMIT, "more than %u message ids in one run", UINT32_MAX);
    }
    if (!store_run_writer_new(disk, STORE_RUN_DEDUP, id, &out->writer, fail)) {
        writing_done(out);
        return false;
    }
    uint8_t meta[STORE_DEDUP_META_BYTES] = {0};
    base_put_u64(meta, count);
    base_put_i64(meta + 8, first_ms);
    base_put_i64(meta + 16, last_ms);
    base_put_u64(meta + 24, import);
    base_put_u32(meta + 32, out->shape.bucket_bits);
    meta[36] = (uint8_t)out->shape.key_bytes;
    meta[37] = (uint8_t)out->shape.when_bytes;
    store_run_begin(out->writer);
    store_run_write(out->writer, meta, sizeof meta);
    store_run_begin(out->writer);
    put_start(out);
    return true;
}

/* Ends the buckets before this one. */
static void end_buckets(struct store_dedup_writing *writing, uint64_t bucket)
{
    for (; writing->bucket < bucket; writing->bucket++) {
        put_start(writing);
    }
}

static void write_held(struct store_dedup_writing *writing)
{
    store_run_write(writing->writer, writing->held, writing->held_bytes);
    writing->held_bytes = 0;
}

void store_dedup_write_put(struct store_dedup_writing *writing, struct store_dedup_key key,
                           int64_t at_ms)
{
    end_buckets(writing, store_dedup_bucket(&writing->shape, key));
    if (writing->held_bytes + STORE_DEDUP_ENTRY_ROOM > sizeof writing->held) {
        write_held(writing);
    }
    store_dedup_encode(&writing->shape, key, (uint64_t)at_ms - (uint64_t)writing->first_ms,
                       writing->held + writing->held_bytes);
    writing->held_bytes += store_dedup_entry_bytes(&writing->shape);
    writing->count++;
}

void store_dedup_write_abandon(struct store_dedup_writing *writing)
{
    store_run_abandon(writing->writer);
    writing_done(writing);
}

/* ---- the filter ------------------------------------------------------------------------------------------- */

#define BACK_BYTES 65536U /* of entries, read back at once */

struct filtering {
    struct store_dedup_writing *writing;
    uint64_t bucket; /* of the key seen last */
    uint64_t at;     /* blocks before this one are written */
    uint8_t block[STORE_BLOOM_BLOCK_BYTES];
};

static void write_blocks(struct filtering *f, uint64_t end)
{
    for (; f->at < end; f->at++) {
        store_run_write(f->writing->writer, f->block, sizeof f->block);
        memset(f->block, 0, sizeof f->block);
    }
}

/* Entries [from, from + count). */
static void filter_entries(struct filtering *f, const uint8_t *entries, uint32_t from,
                           uint32_t count)
{
    const struct store_dedup_writing *writing = f->writing;
    const struct store_dedup_shape *shape = &writing->shape;
    const char *starts = writing->starts.data;
    uint32_t size = store_dedup_entry_bytes(shape);
    for (uint32_t i = 0; i < count; i++) {
        while (base_get_u32(starts + (f->bucket + 1) * sizeof(uint32_t)) <= from + i) {
            f->bucket++;
        }
        struct store_dedup_key key =
            store_dedup_decode(shape, f->bucket, entries + (size_t)i * size);
        write_blocks(f, store_bloom_block(key.high, writing->filter_blocks));
        store_bloom_add_to(f->block, key.high);
    }
}

static bool write_filter(struct store_dedup_writing *writing, struct fail *fail)
{
    CLEANUP(base_free_at) void *entries = NULL;
    struct filtering f = {.writing = writing};
    uint32_t size = store_dedup_entry_bytes(&writing->shape);
    uint32_t at_once = BACK_BYTES / size;
    if (!base_alloc_array(at_once, size, &entries, fail)) {
        return false;
    }
    for (uint32_t from = 0; from < writing->count;) {
        uint32_t left = writing->count - from;
        uint32_t count = left < at_once ? left : at_once;
        if (!store_run_read_back(writing->writer, STORE_DEDUP_ENTRIES, (uint64_t)from * size,
                                 entries, (size_t)count * size, fail)) {
            return false;
        }
        filter_entries(&f, entries, from, count);
        from += count;
    }
    write_blocks(&f, writing->filter_blocks);
    return true;
}

bool store_dedup_write_finish(struct store_dedup_writing *writing, struct store_run_info *out,
                              struct fail *fail)
{
    write_held(writing);
    end_buckets(writing, (uint64_t)1 << writing->shape.bucket_bits);
    struct str starts = base_buf_view(&writing->starts);
    bool whole = base_buf_ok(&writing->starts, fail);
    store_run_begin(writing->writer);
    store_run_write(writing->writer, starts.data, starts.len);
    store_run_begin(writing->writer);
    if (!whole || !write_filter(writing, fail)) {
        store_dedup_write_abandon(writing);
        return false;
    }
    writing_done(writing);
    return store_run_finish(writing->writer, out, fail);
}
