#include "store_quarantine.h"

#include <inttypes.h>
#include <stdatomic.h>

#include "base_bytes.h"

struct base_hash128 store_quarantine_hash(uint64_t salt, struct str source, struct str raw)
{
    return base_hash128(raw.data, raw.len, base_hash64(source.data, source.len, salt));
}

/* ---- since the last seal ---------------------------------------------------------------------------- */

struct store_quarantine_live *store_quarantine_live_new(void)
{
    struct store_quarantine_live *live = base_alloc_zero(sizeof *live);
    atomic_store(&live->references, 1);
    live->arena = arena_new(NULL);
    return live;
}

struct store_quarantine_live *store_quarantine_live_ref(struct store_quarantine_live *live)
{
    atomic_fetch_add_explicit(&live->references, 1, memory_order_relaxed);
    return live;
}

void store_quarantine_live_unref(struct store_quarantine_live *live)
{
    if (live == NULL ||
        atomic_fetch_sub_explicit(&live->references, 1, memory_order_acq_rel) != 1) {
        return;
    }
    for (uint32_t i = 0; i < STORE_QUARANTINE_BLOCKS; i++) {
        base_free(live->blocks[i]);
    }
    for (uint32_t i = 0; i < live->file_count; i++) {
        store_journal_file_unref(live->files[i]);
    }
    store_map_done(&live->by_hash);
    arena_free(live->arena);
    base_free(live);
}

static uint32_t file_index(struct store_quarantine_live *live, struct store_journal_file *file)
{
    for (uint32_t i = 0; i < live->file_count; i++) {
        if (live->files[i] == file) {
            return i;
        }
    }
    INVARIANT(live->file_count < STORE_QUARANTINE_JOURNALS);
    live->files[live->file_count] = store_journal_file_ref(file);
    return live->file_count++;
}

/* Thousands of rows of one file came the same way: it is kept once. */
static struct str way_of(struct store_quarantine_live *live, struct str way)
{
    if (way.data == NULL) {
        return way;
    }
    for (uint32_t i = live->way_count; i-- > 0;) {
        if (str_equal(live->ways[i], way)) {
            return live->ways[i];
        }
    }
    struct str copy = str_copy(live->arena, way);
    if (live->way_count < STORE_QUARANTINE_WAYS) {
        live->ways[live->way_count++] = copy;
    }
    return copy;
}

/* A second row of one hash is made only where the first is gone: the newer is the one to be found. */
static bool index_hash(struct store_quarantine_live *live, struct base_hash128 hash,
                       struct fail *fail)
{
    uint32_t before = store_map_find(&live->by_hash, hash.low);
    if (before == STORE_MAP_NONE) {
        return store_map_put(&live->by_hash, hash.low, live->count, fail);
    }
    if (store_quarantine_live_row(live, before)->hash.high == hash.high) {
        store_map_set(&live->by_hash, hash.low, live->count);
    }
    return true;
}

bool store_quarantine_live_room(struct store_quarantine_live *live, size_t rows, struct fail *fail)
{
    size_t end =
        (live->count + rows + STORE_QUARANTINE_BLOCK_ROWS - 1) / STORE_QUARANTINE_BLOCK_ROWS;
    if (end > STORE_QUARANTINE_BLOCKS) {
        return fail_set(fail, FAIL_LIMIT, "too many quarantined rows wait to be sealed");
    }
    for (size_t block = live->count / STORE_QUARANTINE_BLOCK_ROWS; block < end; block++) {
        void *made = NULL;
        if (live->blocks[block] != NULL) {
            continue;
        }
        if (!base_alloc_array(STORE_QUARANTINE_BLOCK_ROWS, sizeof live->blocks[0][0], &made,
                              fail)) {
            return false;
        }
        live->blocks[block] = made;
    }
    return store_map_room(&live->by_hash, rows, fail);
}

bool store_quarantine_live_add(struct store_quarantine_live *live, struct store_journal_file *file,
                               const struct store_frame_quarantine *row, struct str source,
                               uint64_t raw_at, struct fail *fail)
{
    if (!store_quarantine_live_room(live, 1, fail)) {
        return false;
    }
    char *raw = NULL;
    if (file == NULL) {
        raw = arena_alloc(live->arena, row->raw.len, fail);
        if (raw == NULL) {
            return false;
        }
        if (row->raw.len > 0) {
            memcpy(raw, row->raw.data, row->raw.len);
        }
    }
    if (!index_hash(live, row->hash, fail)) {
        return false;
    }
    atomic_fetch_add_explicit(&live->kept_bytes, store_quarantine_row_bytes(row->raw.len),
                              memory_order_relaxed);
    live->blocks[live->count / STORE_QUARANTINE_BLOCK_ROWS]
                [live->count % STORE_QUARANTINE_BLOCK_ROWS] = (struct store_quarantine_live_row){
        .id = row->id,
        .source = source,
        .reason = str_copy(live->arena, row->reason),
        .field = row->field.data == NULL ? row->field : str_copy(live->arena, row->field),
        .way = way_of(live, row->way),
        .received_at_ms = row->received_at_ms,
        .sent_at_ms = row->sent_at_ms,
        .raw_bytes = row->raw_bytes,
        .raw_len = (uint32_t)row->raw.len,
        .file = file == NULL ? 0 : file_index(live, file),
        .raw_at = raw_at,
        .raw = raw,
        .hash = row->hash,
    };
    live->count++;
    return true;
}

const struct store_quarantine_live_row *
store_quarantine_live_row(const struct store_quarantine_live *live, uint32_t index)
{
    return &live->blocks[index / STORE_QUARANTINE_BLOCK_ROWS][index % STORE_QUARANTINE_BLOCK_ROWS];
}

uint64_t store_quarantine_live_find(const struct store_quarantine_live *live,
                                    struct base_hash128 hash)
{
    uint32_t at = store_map_find(&live->by_hash, hash.low);
    if (at == STORE_MAP_NONE) {
        return 0;
    }
    const struct store_quarantine_live_row *row = store_quarantine_live_row(live, at);
    return row->hash.high == hash.high ? row->id : 0;
}

const struct store_quarantine_live_row *
store_quarantine_live_get(const struct store_quarantine_live *live, uint32_t count, uint64_t id)
{
    uint32_t low = 0;
    uint32_t high = count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (store_quarantine_live_row(live, middle)->id < id) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    const struct store_quarantine_live_row *row =
        low < count ? store_quarantine_live_row(live, low) : NULL;
    return row != NULL && row->id == id ? row : NULL;
}

void store_quarantine_live_face(const struct store_quarantine_live_row *row,
                                struct store_quarantine_row *out)
{
    *out = (struct store_quarantine_row){
        .id = row->id,
        .source = row->source,
        .reason = row->reason,
        .field = row->field,
        .way = row->way,
        .received_at_ms = row->received_at_ms,
        .sent_at_ms = row->sent_at_ms,
        .raw_bytes = row->raw_bytes,
    };
}

bool store_quarantine_live_raw(const struct store_quarantine_live *live,
                               const struct store_quarantine_live_row *row, size_t most,
                               struct arena *arena, struct str *out, struct fail *fail)
{
    size_t len = row->raw_len < most ? row->raw_len : most;
    char *bytes = arena_alloc(arena, len, fail);
    size_t got = 0;
    if (bytes != NULL && row->raw != NULL) {
        memcpy(bytes, row->raw, len);
        *out = str_of(bytes, len);
        return true;
    }
    if (bytes == NULL ||
        !disk_read_at(live->files[row->file]->file, row->raw_at, bytes, len, &got, fail)) {
        return false;
    }
    if (got != len) {
        return fail_set(fail, FAIL_CORRUPT,
                        "the journal ends inside of quarantined record q%" PRIu64, row->id);
    }
    *out = str_of(bytes, len);
    return true;
}

/* ---- sealed ---------------------------------------------------------------------------------------------- */

static bool damaged(const struct store_quarantine_file *file, const char *what, struct fail *fail)
{
    char path[STORE_RUN_PATH_BYTES];
    store_run_path(STORE_RUN_QUARANTINE, store_run_info_of(file->run)->id, path);
    return fail_set(fail, FAIL_CORRUPT, "%s: %s", path, what);
}

static bool read_meta(struct store_quarantine_file *file, struct fail *fail)
{
    const uint8_t *meta;
    if (!store_run_at(file->run, STORE_QUARANTINE_META, 0, STORE_QUARANTINE_META_BYTES, &meta,
                      fail)) {
        return false;
    }
    file->count = base_get_u64(meta);
    file->id_first = base_get_u64(meta + 8);
    file->id_last = base_get_u64(meta + 16);
    uint64_t rows = store_run_len(file->run, STORE_QUARANTINE_ROWS);
    uint64_t hashes = store_run_len(file->run, STORE_QUARANTINE_BY_HASH);
    if (file->count == 0 || rows % STORE_QUARANTINE_ROW_BYTES != 0 ||
        rows / STORE_QUARANTINE_ROW_BYTES != file->count ||
        hashes / STORE_QUARANTINE_BY_HASH_BYTES != file->count) {
        return damaged(file, "a section has another length than its count says", fail);
    }
    return true;
}

static bool open_file(struct disk *disk, const struct store_run_info *info,
                      const struct store_quarantine_files *open, struct store_quarantine_file *out,
                      struct fail *fail)
{
    for (size_t i = 0; open != NULL && i < open->count; i++) {
        if (store_run_info_of(open->files[i].run)->id == info->id) {
            *out = open->files[i];
            store_run_ref(out->run);
            return true;
        }
    }
    if (!store_run_open(disk, STORE_RUN_QUARANTINE, info, &out->run, fail)) {
        return false;
    }
    if (!read_meta(out, fail)) {
        store_run_unref(out->run);
        return false;
    }
    return true;
}

bool store_quarantine_files_open(struct disk *disk, const struct store_run_info *infos,
                                 size_t count, const struct store_quarantine_files *open,
                                 struct store_quarantine_files **out, struct fail *fail)
{
    struct store_quarantine_files *set =
        base_alloc_zero(sizeof *set + count * sizeof set->files[0]);
    atomic_store(&set->references, 1);
    for (size_t i = 0; i < count; i++) {
        if (!open_file(disk, &infos[i], open, &set->files[i], fail)) {
            store_quarantine_files_unref(set);
            return false;
        }
        set->count++;
    }
    *out = set;
    return true;
}

struct store_quarantine_files *store_quarantine_files_ref(struct store_quarantine_files *files)
{
    atomic_fetch_add_explicit(&files->references, 1, memory_order_relaxed);
    return files;
}

void store_quarantine_files_unref(struct store_quarantine_files *files)
{
    if (files == NULL ||
        atomic_fetch_sub_explicit(&files->references, 1, memory_order_acq_rel) != 1) {
        return;
    }
    for (size_t i = 0; i < files->count; i++) {
        store_run_unref(files->files[i].run);
    }
    base_free(files);
}

static bool row_bytes(const struct store_quarantine_file *file, uint64_t at, const uint8_t **out,
                      struct fail *fail)
{
    return store_run_at(file->run, STORE_QUARANTINE_ROWS, at * STORE_QUARANTINE_ROW_BYTES,
                        STORE_QUARANTINE_ROW_BYTES, out, fail);
}

static bool find_in(const struct store_quarantine_file *file,
                    const struct store_quarantine_marks *marks, struct base_hash128 hash,
                    uint64_t *out, struct fail *fail)
{
    uint64_t low = 0;
    uint64_t high = file->count;
    const uint8_t *entry;
    while (low < high) {
        uint64_t middle = low + (high - low) / 2;
        if (!store_run_at(file->run, STORE_QUARANTINE_BY_HASH,
                          middle * STORE_QUARANTINE_BY_HASH_BYTES, STORE_QUARANTINE_BY_HASH_BYTES,
                          &entry, fail)) {
            return false;
        }
        if (base_get_u64(entry) < hash.low) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    for (; low < file->count && *out == 0; low++) {
        const uint8_t *row;
        if (!store_run_at(file->run, STORE_QUARANTINE_BY_HASH, low * STORE_QUARANTINE_BY_HASH_BYTES,
                          STORE_QUARANTINE_BY_HASH_BYTES, &entry, fail)) {
            return false;
        }
        if (base_get_u64(entry) != hash.low) {
            break;
        }
        if (!row_bytes(file, base_get_u32(entry + 8), &row, fail)) {
            return false;
        }
        if (base_get_u64(row + 64) == hash.high &&
            !store_quarantine_gone(marks, base_get_u64(row))) {
            *out = base_get_u64(row);
        }
    }
    return true;
}

bool store_quarantine_files_find(const struct store_quarantine_files *files,
                                 const struct store_quarantine_marks *marks,
                                 struct base_hash128 hash, uint64_t *out, struct fail *fail)
{
    uint64_t found = 0;
    for (size_t i = files->count; i-- > 0 && found == 0;) {
        if (!find_in(&files->files[i], marks, hash, &found, fail)) {
            return false;
        }
    }
    *out = found;
    return true;
}

/* `at` is one more than where it lies; 0: not known. */
static bool way_at(const struct store_quarantine_file *file, uint32_t at, struct str *out,
                   struct fail *fail)
{
    const uint8_t *len;
    const uint8_t *text;
    *out = (struct str){0};
    if (at == 0) {
        return true;
    }
    if (!store_run_at(file->run, STORE_QUARANTINE_WAYS_SECTION, at - 1, 4, &len, fail) ||
        !store_run_at(file->run, STORE_QUARANTINE_WAYS_SECTION, (uint64_t)at + 3, base_get_u32(len),
                      &text, fail)) {
        return false;
    }
    *out = str_of((const char *)text, base_get_u32(len));
    return true;
}

bool store_quarantine_file_row(const struct store_quarantine_file *file, uint64_t at,
                               size_t raw_most, struct store_quarantine_row *out, struct fail *fail)
{
    const uint8_t *row;
    const uint8_t *text;
    const uint8_t *raw;
    if (!row_bytes(file, at, &row, fail)) {
        return false;
    }
    size_t source_len = base_get_u16(row + 44);
    size_t reason_len = base_get_u16(row + 46);
    size_t field_len = base_get_u16(row + 48);
    bool has_field = field_len != STORE_QUARANTINE_NO_FIELD;
    size_t raw_len = base_get_u32(row + 40);
    raw_len = raw_len < raw_most ? raw_len : raw_most;
    size_t words_len = source_len + reason_len + (has_field ? field_len : 0);
    bool has_sent_at = (row[54] & STORE_QUARANTINE_HAS_SENT_AT) != 0;
    struct str way;
    if (!way_at(file, base_get_u32(row + 50), &way, fail) ||
        !store_run_at(file->run, STORE_QUARANTINE_TEXT, base_get_u64(row + 32),
                      words_len + (has_sent_at ? 8 : 0), &text, fail) ||
        !store_run_at(file->run, STORE_QUARANTINE_RAW, base_get_u64(row + 24), raw_len, &raw,
                      fail)) {
        return false;
    }
    const char *at_text = (const char *)text;
    *out = (struct store_quarantine_row){
        .id = base_get_u64(row),
        .source = str_of(at_text, source_len),
        .reason = str_of(at_text + source_len, reason_len),
        .field = has_field ? str_of(at_text + source_len + reason_len, field_len) : (struct str){0},
        .way = way,
        .received_at_ms = base_get_i64(row + 8),
        .sent_at_ms = has_sent_at ? base_get_i64(text + words_len) : STORE_NO_TIME,
        .raw_bytes = base_get_u64(row + 16),
        .raw = str_of((const char *)raw, raw_len),
    };
    return true;
}

bool store_quarantine_file_seek(const struct store_quarantine_file *file, uint64_t id,
                                uint64_t *out, struct fail *fail)
{
    uint64_t low = 0;
    uint64_t high = file->count;
    while (low < high) {
        uint64_t middle = low + (high - low) / 2;
        const uint8_t *row;
        if (!row_bytes(file, middle, &row, fail)) {
            return false;
        }
        if (base_get_u64(row) < id) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    *out = low;
    return true;
}

bool store_quarantine_files_get(const struct store_quarantine_files *files, uint64_t id,
                                size_t raw_most, struct store_quarantine_row *out, bool *out_found,
                                struct fail *fail)
{
    *out_found = false;
    for (size_t i = files->count; i-- > 0 && !*out_found;) {
        const struct store_quarantine_file *file = &files->files[i];
        uint64_t at;
        if (id < file->id_first || id > file->id_last) {
            continue;
        }
        if (!store_quarantine_file_seek(file, id, &at, fail) ||
            (at < file->count && !store_quarantine_file_row(file, at, raw_most, out, fail))) {
            return false;
        }
        *out_found = at < file->count && out->id == id;
    }
    return true;
}

static bool check_rows(const struct store_quarantine_file *file, struct fail *fail)
{
    if (!store_run_check(file->run, fail)) {
        return false;
    }
    uint64_t last_id = 0;
    uint64_t last_hash = 0;
    for (uint64_t i = 0; i < file->count; i++) {
        struct store_quarantine_row row;
        const uint8_t *entry;
        if (!store_quarantine_file_row(file, i, SIZE_MAX, &row, fail) ||
            !store_run_at(file->run, STORE_QUARANTINE_BY_HASH, i * STORE_QUARANTINE_BY_HASH_BYTES,
                          STORE_QUARANTINE_BY_HASH_BYTES, &entry, fail)) {
            return false;
        }
        if (row.id <= last_id || row.id < file->id_first || row.id > file->id_last ||
            base_get_u64(entry) < last_hash || base_get_u32(entry + 8) >= file->count) {
            return damaged(file, "rows are out of order", fail);
        }
        last_id = row.id;
        last_hash = base_get_u64(entry);
    }
    return true;
}

bool store_quarantine_file_check(const struct store_quarantine_file *file,
                                 void (*problem)(void *context, const char *path, const char *what),
                                 void *context, uint64_t *problems, struct fail *fail)
{
    struct fail found;
    if (check_rows(file, &found)) {
        return true;
    }
    if (found.code != FAIL_CORRUPT) {
        *fail = found;
        return false;
    }
    char path[STORE_RUN_PATH_BYTES];
    store_run_path(STORE_RUN_QUARANTINE, store_run_info_of(file->run)->id, path);
    problem(context, path, found.message);
    ++*problems;
    return true;
}
