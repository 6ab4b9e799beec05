#include "store_dedup_write.h"

#include "base_bytes.h"

static void writing_done(struct store_dedup_writing *writing)
{
    store_bloom_done(&writing->bloom);
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
                                        .shape = store_dedup_shape_of(count, first_ms, last_ms)};
    out->starts.limit = SIZE_MAX / 2;
    if (count > UINT32_MAX) {
        return fail_set(fail, FAIL_LIMIT, "more than %u message ids in one run", UINT32_MAX);
    }
    if (!store_bloom_init(&out->bloom, count, fail)) {
        return false;
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
    store_bloom_add(&writing->bloom, key.high);
    writing->count++;
}

void store_dedup_write_abandon(struct store_dedup_writing *writing)
{
    store_run_abandon(writing->writer);
    writing_done(writing);
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
    store_run_write(writing->writer, writing->bloom.bytes,
                    writing->bloom.blocks * STORE_BLOOM_BLOCK_BYTES);
    writing_done(writing);
    return store_run_finish(writing->writer, out, fail) && whole;
}
