#include "store_manifest.h"

#include "base_buf.h"
#include "base_bytes.h"

#define VERSION 3U
#define FIXED_BYTES 152U
#define SEGMENT_BYTES 80U
#define RUN_BYTES 24U

static const char manifest_magic[8] = {'f', 'h', 'm', 'a', 'n', 'i', 'f', '1'};

struct store_manifest *store_manifest_new(void)
{
    struct store_manifest *manifest = base_alloc_zero(sizeof *manifest);
    manifest->arena = arena_new(NULL);
    return manifest;
}

void store_manifest_free(struct store_manifest *manifest)
{
    if (manifest != NULL) {
        store_imports_done(&manifest->imports);
        arena_free(manifest->arena);
        base_free(manifest);
    }
}

void store_manifest_free_at(struct store_manifest **manifest)
{
    store_manifest_free(*manifest);
}

static void *copy_array(struct arena *arena, const void *from, size_t count, size_t size,
                        struct fail *fail)
{
    void *copy = arena_array(arena, count, size, fail);
    if (copy != NULL && count > 0) {
        memcpy(copy, from, count * size);
    }
    return copy;
}

bool store_manifest_copy(const struct store_manifest *from, struct store_manifest **out,
                         struct fail *fail)
{
    CLEANUP(store_manifest_free_at) struct store_manifest *copy = store_manifest_new();
    struct arena *arena = copy->arena;
    *copy = *from;
    copy->arena = arena;
    if (!store_imports_copy(&from->imports, &copy->imports, fail)) {
        return false;
    }
    copy->segments =
        copy_array(arena, from->segments, from->segment_count, sizeof *copy->segments, fail);
    copy->ledger = copy_array(arena, from->ledger, from->ledger_count, sizeof *copy->ledger, fail);
    if (copy->segments == NULL || copy->ledger == NULL) {
        return false;
    }
    for (size_t i = 0; i < from->ledger_count; i++) {
        copy->ledger[i].source = str_copy(arena, from->ledger[i].source);
    }
    for (size_t i = 0; i < ARRAY_LEN(copy->runs); i++) {
        copy->runs[i] =
            copy_array(arena, from->runs[i], from->run_count[i], sizeof *copy->runs[i], fail);
        if (copy->runs[i] == NULL) {
            return false;
        }
    }
    *out = copy;
    copy = NULL;
    return true;
}

static void *splice(struct arena *arena, const void *old, size_t old_count, size_t first,
                    size_t gone, const void *infos, size_t count, size_t size, struct fail *fail)
{
    INVARIANT(first + gone <= old_count);
    char *out = arena_array(arena, old_count - gone + count, size, fail);
    if (out == NULL) {
        return NULL;
    }
    const char *from = old;
    if (first > 0) {
        memcpy(out, from, first * size);
    }
    if (count > 0) {
        memcpy(out + first * size, infos, count * size);
    }
    if (old_count > first + gone) {
        memcpy(out + (first + count) * size, from + (first + gone) * size,
               (old_count - first - gone) * size);
    }
    return out;
}

bool store_manifest_splice_runs(struct store_manifest *manifest, enum store_run_kind kind,
                                size_t first, size_t gone, const struct store_run_info *infos,
                                size_t count, struct fail *fail)
{
    struct store_run_info *out =
        splice(manifest->arena, manifest->runs[kind], manifest->run_count[kind], first, gone, infos,
               count, sizeof *infos, fail);
    if (out == NULL) {
        return false;
    }
    manifest->runs[kind] = out;
    manifest->run_count[kind] += count - gone;
    return true;
}

bool store_manifest_splice_segments(struct store_manifest *manifest, size_t first, size_t gone,
                                    const struct store_segment_info *infos, size_t count,
                                    struct fail *fail)
{
    struct store_segment_info *out =
        splice(manifest->arena, manifest->segments, manifest->segment_count, first, gone, infos,
               count, sizeof *infos, fail);
    if (out == NULL) {
        return false;
    }
    manifest->segments = out;
    manifest->segment_count += count - gone;
    return true;
}

/* ---- bytes ---------------------------------------------------------------------------------------- */

static void put_u64(struct base_buf *out, uint64_t v)
{
    uint8_t bytes[8];
    base_put_u64(bytes, v);
    base_buf_bytes(out, bytes, sizeof bytes);
}

static void encode_fixed(const struct store_manifest *manifest, struct base_buf *out)
{
    base_buf_bytes(out, manifest_magic, sizeof manifest_magic);
    const uint64_t words[] = {
        VERSION,
        manifest->generation,
        manifest->salt,
        (uint64_t)manifest->created_ms,
        manifest->next_file_id,
        manifest->journal_from,
        manifest->next_sequence,
        manifest->next_arrival,
        manifest->next_quarantine_id,
        manifest->rows,
        manifest->customers,
        manifest->seqs,
        manifest->position,
        manifest->numbers | (uint64_t)manifest->any_split << 32,
        manifest->segment_count | (uint64_t)manifest->ledger_count << 32,
        manifest->run_count[STORE_RUN_IDENTITY],
        manifest->run_count[STORE_RUN_DEDUP],
        manifest->run_count[STORE_RUN_QUARANTINE],
    };
    _Static_assert(sizeof words + sizeof manifest_magic == FIXED_BYTES, "as documented");
    for (size_t i = 0; i < ARRAY_LEN(words); i++) {
        put_u64(out, words[i]);
    }
}

static void encode_segment(const struct store_segment_info *info, struct base_buf *out)
{
    const uint64_t words[] = {
        info->id,
        info->bytes,
        info->rows,
        info->customers,
        (uint64_t)info->ts_min_ms,
        (uint64_t)info->ts_max_ms,
        info->arrival_min,
        info->arrival_max,
        info->identity_position,
        info->checksum,
    };
    _Static_assert(sizeof words == SEGMENT_BYTES, "as documented");
    for (size_t i = 0; i < ARRAY_LEN(words); i++) {
        put_u64(out, words[i]);
    }
}

static void encode_line(const struct store_manifest_line *line, struct base_buf *out)
{
    const struct store_ledger_count *count = &line->count;
    const uint64_t words[] = {
        count->received,    count->stored,  count->duplicate,
        count->quarantined, count->refused, (uint64_t)count->last_received_ms,
        line->source.len,
    };
    for (size_t i = 0; i < ARRAY_LEN(words); i++) {
        put_u64(out, words[i]);
    }
    base_buf_str(out, line->source);
}

bool store_manifest_encode(const struct store_manifest *manifest, struct base_buf *out,
                           struct fail *fail)
{
    INVARIANT(out->len == 0);
    encode_fixed(manifest, out);
    for (size_t i = 0; i < manifest->segment_count; i++) {
        encode_segment(&manifest->segments[i], out);
    }
    for (size_t kind = STORE_RUN_IDENTITY; kind <= STORE_RUN_QUARANTINE; kind++) {
        for (size_t i = 0; i < manifest->run_count[kind]; i++) {
            put_u64(out, manifest->runs[kind][i].id);
            put_u64(out, manifest->runs[kind][i].bytes);
            put_u64(out, manifest->runs[kind][i].checksum);
        }
    }
    for (size_t i = 0; i < manifest->ledger_count; i++) {
        encode_line(&manifest->ledger[i], out);
    }
    store_imports_encode(&manifest->imports, out);
    if (!base_buf_ok(out, fail)) {
        return false;
    }
    put_u64(out, base_hash64(out->data, out->len, 0));
    return base_buf_ok(out, fail);
}

bool store_manifest_write(struct disk *disk, struct store_manifest *manifest, struct fail *fail)
{
    CLEANUP(base_buf_done) struct base_buf out = {.limit = STORE_MANIFEST_BYTES_MAX};
    return store_manifest_encode(manifest, &out, fail) &&
           disk_write_whole(disk, STORE_MANIFEST_PATH, base_buf_view(&out), fail);
}

struct cursor {
    const uint8_t *at, *end;
};

static bool get_u64(struct cursor *cursor, uint64_t *out)
{
    if (cursor->end - cursor->at < 8) {
        return false;
    }
    *out = base_get_u64(cursor->at);
    cursor->at += 8;
    return true;
}

static bool decode_segments(struct store_manifest *manifest, struct cursor *cursor, uint64_t count,
                            struct fail *fail)
{
    if (count > (uint64_t)(cursor->end - cursor->at) / SEGMENT_BYTES) {
        return fail_set(fail, FAIL_CORRUPT, STORE_MANIFEST_PATH " ends too early");
    }
    manifest->segments = arena_array(manifest->arena, count, sizeof *manifest->segments, fail);
    if (manifest->segments == NULL) {
        return false;
    }
    manifest->segment_count = count;
    for (size_t i = 0; i < count; i++, cursor->at += SEGMENT_BYTES) {
        manifest->segments[i] = (struct store_segment_info){
            .id = base_get_u64(cursor->at),
            .bytes = base_get_u64(cursor->at + 8),
            .rows = base_get_u64(cursor->at + 16),
            .customers = base_get_u64(cursor->at + 24),
            .ts_min_ms = base_get_i64(cursor->at + 32),
            .ts_max_ms = base_get_i64(cursor->at + 40),
            .arrival_min = base_get_u64(cursor->at + 48),
            .arrival_max = base_get_u64(cursor->at + 56),
            .identity_position = base_get_u64(cursor->at + 64),
            .checksum = base_get_u64(cursor->at + 72),
        };
    }
    return true;
}

static bool decode_runs(struct store_manifest *manifest, struct cursor *cursor, size_t kind,
                        uint64_t count, struct fail *fail)
{
    if (count > (uint64_t)(cursor->end - cursor->at) / RUN_BYTES) {
        return fail_set(fail, FAIL_CORRUPT, STORE_MANIFEST_PATH " ends too early");
    }
    struct store_run_info *runs = arena_array(manifest->arena, count, sizeof *runs, fail);
    if (runs == NULL) {
        return false;
    }
    for (size_t i = 0; i < count; i++, cursor->at += RUN_BYTES) {
        runs[i] = (struct store_run_info){
            .id = base_get_u64(cursor->at),
            .bytes = base_get_u64(cursor->at + 8),
            .checksum = base_get_u64(cursor->at + 16),
        };
    }
    manifest->runs[kind] = runs;
    manifest->run_count[kind] = count;
    return true;
}

static bool decode_ledger(struct store_manifest *manifest, struct cursor *cursor, uint64_t count,
                          struct fail *fail)
{
    if (count > (uint64_t)(cursor->end - cursor->at) / 56) {
        return fail_set(fail, FAIL_CORRUPT, STORE_MANIFEST_PATH " ends too early");
    }
    manifest->ledger = arena_array(manifest->arena, count, sizeof *manifest->ledger, fail);
    if (manifest->ledger == NULL) {
        return false;
    }
    manifest->ledger_count = count;
    for (size_t i = 0; i < count; i++) {
        uint64_t words[7];
        for (size_t w = 0; w < ARRAY_LEN(words); w++) {
            if (!get_u64(cursor, &words[w])) {
                return fail_set(fail, FAIL_CORRUPT, STORE_MANIFEST_PATH " ends too early");
            }
        }
        if (words[6] > (uint64_t)(cursor->end - cursor->at)) {
            return fail_set(fail, FAIL_CORRUPT, STORE_MANIFEST_PATH " ends too early");
        }
        manifest->ledger[i] = (struct store_manifest_line){
            .source = str_copy(manifest->arena, str_of((const char *)cursor->at, words[6])),
            .count = {words[0], words[1], words[2], words[3], words[4], (int64_t)words[5]},
        };
        cursor->at += words[6];
    }
    return true;
}

static bool decode(struct store_manifest *manifest, struct str bytes, struct fail *fail)
{
    const uint8_t *data = (const uint8_t *)bytes.data;
    if (bytes.len < FIXED_BYTES + 8 || memcmp(data, manifest_magic, sizeof manifest_magic) != 0 ||
        (STORE_CHECKSUMS_COUNT &&
         base_get_u64(data + bytes.len - 8) != base_hash64(data, bytes.len - 8, 0))) {
        return fail_set(fail, FAIL_CORRUPT, STORE_MANIFEST_PATH " is damaged");
    }
    uint64_t words[(FIXED_BYTES - 8) / 8];
    for (size_t i = 0; i < ARRAY_LEN(words); i++) {
        words[i] = base_get_u64(data + 8 + i * 8);
    }
    if (words[0] > VERSION) {
        return fail_set(fail, FAIL_CONFLICT,
                        STORE_MANIFEST_PATH
                        " was written by a newer version of firsthand (version %llu of the files, "
                        "this one knows %u); install that version, or restore a backup",
                        (unsigned long long)words[0], VERSION);
    }
    if (words[0] < VERSION) {
        return fail_set(fail, FAIL_CONFLICT,
                        STORE_MANIFEST_PATH
                        " is of version %llu of the files, from before there was a release; this "
                        "program reads version %u",
                        (unsigned long long)words[0], VERSION);
    }
    manifest->generation = words[1];
    manifest->salt = words[2];
    manifest->created_ms = (int64_t)words[3];
    manifest->next_file_id = words[4];
    manifest->journal_from = words[5];
    manifest->next_sequence = words[6];
    manifest->next_arrival = words[7];
    manifest->next_quarantine_id = words[8];
    manifest->rows = words[9];
    manifest->customers = words[10];
    manifest->seqs = words[11];
    manifest->position = words[12];
    manifest->numbers = (uint32_t)words[13];
    manifest->any_split = words[13] >> 32 != 0;
    struct cursor cursor = {data + FIXED_BYTES, data + bytes.len - 8};
    if (!decode_segments(manifest, &cursor, (uint32_t)words[14], fail)) {
        return false;
    }
    for (size_t kind = STORE_RUN_IDENTITY; kind <= STORE_RUN_QUARANTINE; kind++) {
        if (!decode_runs(manifest, &cursor, kind, words[14 + kind], fail)) {
            return false;
        }
    }
    if (!decode_ledger(manifest, &cursor, words[14] >> 32, fail)) {
        return false;
    }
    struct str rest = str_of((const char *)cursor.at, (size_t)(cursor.end - cursor.at));
    return store_imports_decode(rest, &manifest->imports, fail) ||
           fail_at(fail, STORE_MANIFEST_PATH);
}

bool store_manifest_decode(struct str bytes, struct store_manifest **out, struct fail *fail)
{
    CLEANUP(store_manifest_free_at) struct store_manifest *manifest = store_manifest_new();
    if (!decode(manifest, bytes, fail)) {
        return false;
    }
    *out = manifest;
    manifest = NULL;
    return true;
}

bool store_manifest_read(struct disk *disk, struct store_manifest **out, struct fail *fail)
{
    CLEANUP(arena_free_at) struct arena *arena = arena_new(NULL);
    struct str bytes;
    return disk_read_whole(disk, STORE_MANIFEST_PATH, arena, STORE_MANIFEST_BYTES_MAX, &bytes,
                           fail) &&
           store_manifest_decode(bytes, out, fail);
}
