#include "store_run.h"

#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>

#include "base_buf.h"
#include "base_bytes.h"
#include "store_internal.h"

#define HEADER_BYTES 64U
#define ALIGNED 64U
#define TRAILER_BYTES 16U
#define BUFFER_BYTES ((size_t)64 * STORE_RUN_PAGE_BYTES)
#define FOOTER_FIXED_BYTES 16U
#define FOOTER_SECTION_BYTES 16U

static const char run_magic[8] = {'f', 'h', 'r', 'u', 'n', 'v', '0', '1'};
static const char run_end[8] = {'f', 'h', 'r', 'u', 'n', 'e', 'n', 'd'};

struct section {
    uint64_t offset, len;
};

struct store_run {
    _Atomic uint32_t references; /* any thread */
    _Atomic bool doomed;         /* any thread */
    /* Immutable after open. */
    struct disk *disk;
    enum store_run_kind kind;
    struct store_run_info info;
    struct disk_view view;
    uint32_t section_count;
    struct section sections[STORE_RUN_SECTIONS_MAX];
    uint64_t sums_offset;
    uint64_t page_count;
    _Atomic uint8_t *checked; /* per page: 1 once its checksum was seen to match; any thread */
};

void store_run_path(enum store_run_kind kind, uint64_t id, char out_path[STORE_RUN_PATH_BYTES])
{
    snprintf(out_path, STORE_RUN_PATH_BYTES, "%s/%016" PRIx64 ".%s", store_run_folder(kind), id,
             kind == STORE_RUN_QUARANTINE ? "q" : "run");
}

const char *store_run_folder(enum store_run_kind kind)
{
    return kind == STORE_RUN_IDENTITY ? "identity"
           : kind == STORE_RUN_DEDUP  ? "dedup"
                                      : "quarantine";
}

static bool corrupt(const struct store_run *run, struct fail *fail, const char *what)
{
    char path[STORE_RUN_PATH_BYTES];
    store_run_path(run->kind, run->info.id, path);
    return fail_set(fail, FAIL_CORRUPT, "%s: %s", path, what);
}

static bool read_footer(struct store_run *run, struct fail *fail)
{
    const uint8_t *data = run->view.data;
    uint64_t len = run->view.len;
    if (len != run->info.bytes) {
        return corrupt(run, fail, "its length is not what the manifest says");
    }
    if (len < HEADER_BYTES + FOOTER_FIXED_BYTES + 8 + TRAILER_BYTES ||
        memcmp(data, run_magic, sizeof run_magic) != 0 ||
        (STORE_CHECKSUMS_COUNT && base_get_u64(data + 56) != base_hash64(data, 56, 0)) ||
        base_get_u32(data + 8) != (uint32_t)run->kind || base_get_u64(data + 16) != run->info.id ||
        base_get_u32(data + 12) != STORE_RUN_PAGE_BYTES) {
        return corrupt(run, fail, "its header is damaged");
    }
    uint64_t body_end = len - TRAILER_BYTES;
    uint64_t footer = base_get_u64(data + body_end);
    if (memcmp(data + body_end + 8, run_end, sizeof run_end) != 0 || footer < HEADER_BYTES ||
        footer > body_end - FOOTER_FIXED_BYTES - 8) {
        return corrupt(run, fail, "its end is damaged");
    }
    run->section_count = base_get_u32(data + footer);
    run->sums_offset = base_get_u64(data + footer + 8);
    run->page_count = (run->sums_offset + STORE_RUN_PAGE_BYTES - 1) / STORE_RUN_PAGE_BYTES;
    if (run->section_count > STORE_RUN_SECTIONS_MAX || run->sums_offset < HEADER_BYTES ||
        run->sums_offset > footer || footer - run->sums_offset != run->page_count * 8 ||
        body_end - footer !=
            FOOTER_FIXED_BYTES + (uint64_t)run->section_count * FOOTER_SECTION_BYTES + 8) {
        return corrupt(run, fail, "its footer is damaged");
    }
    uint64_t sum = base_get_u64(data + body_end - 8);
    if (sum != run->info.checksum ||
        (STORE_CHECKSUMS_COUNT &&
         sum != base_hash64(data + run->sums_offset, body_end - 8 - run->sums_offset, 0))) {
        return corrupt(run, fail, "the checksum of its footer does not match");
    }
    for (uint32_t i = 0; i < run->section_count; i++) {
        const uint8_t *at = data + footer + FOOTER_FIXED_BYTES + (size_t)i * FOOTER_SECTION_BYTES;
        run->sections[i] = (struct section){base_get_u64(at), base_get_u64(at + 8)};
        if (run->sections[i].offset > run->sums_offset ||
            run->sections[i].len > run->sums_offset - run->sections[i].offset) {
            return corrupt(run, fail, "a section lies outside of the file");
        }
    }
    return true;
}

static void run_free(struct store_run *run)
{
    disk_unmap(run->disk, &run->view);
    base_free(run->checked);
    base_free(run);
}

bool store_run_open(struct disk *disk, enum store_run_kind kind, const struct store_run_info *info,
                    struct store_run **out, struct fail *fail)
{
    struct store_run *run = base_alloc_zero(sizeof *run);
    atomic_store(&run->references, 1);
    run->disk = disk;
    run->kind = kind;
    run->info = *info;
    char path[STORE_RUN_PATH_BYTES];
    store_run_path(kind, info->id, path);
    CLEANUP(disk_close_at) struct disk_file *file = NULL;
    if (!disk_open(disk, path, DISK_READ, &file, fail) || !disk_map(file, &run->view, fail) ||
        !read_footer(run, fail)) {
        if (fail->code == FAIL_ABSENT) {
            corrupt(run, fail, "the manifest names it, but it is not there");
        }
        run_free(run);
        return false;
    }
    void *checked = NULL;
    if (!base_alloc_array(run->page_count, 1, &checked, fail)) {
        run_free(run);
        return false;
    }
    memset(checked, 0, run->page_count);
    run->checked = checked;
    *out = run;
    return true;
}

struct store_run *store_run_ref(struct store_run *run)
{
    atomic_fetch_add_explicit(&run->references, 1, memory_order_relaxed);
    return run;
}

void store_run_unref(struct store_run *run)
{
    if (run == NULL || atomic_fetch_sub_explicit(&run->references, 1, memory_order_acq_rel) != 1) {
        return;
    }
    if (atomic_load(&run->doomed)) {
        /* What cannot be removed now is removed at the next opening: the manifest does not name it. */
        char path[STORE_RUN_PATH_BYTES];
        store_run_path(run->kind, run->info.id, path);
        struct fail ignored;
        (void)!disk_remove(run->disk, path, &ignored);
    }
    run_free(run);
}

void store_run_doom(struct store_run *run)
{
    atomic_store(&run->doomed, true);
}

const struct store_run_info *store_run_info_of(const struct store_run *run)
{
    return &run->info;
}

uint64_t store_run_len(const struct store_run *run, uint32_t section)
{
    return section < run->section_count ? run->sections[section].len : 0;
}

static bool page_is_whole(const struct store_run *run, uint64_t page)
{
    uint64_t from = page * STORE_RUN_PAGE_BYTES;
    uint64_t len = run->sums_offset - from;
    len = len > STORE_RUN_PAGE_BYTES ? STORE_RUN_PAGE_BYTES : len;
    return base_hash64(run->view.data + from, len, page) ==
           base_get_u64(run->view.data + run->sums_offset + page * 8);
}

static bool check_page(const struct store_run *run, uint64_t page, struct fail *fail)
{
    if (STORE_CHECKSUMS_COUNT && !page_is_whole(run, page)) {
        char path[STORE_RUN_PATH_BYTES];
        store_run_path(run->kind, run->info.id, path);
        return fail_set(fail, FAIL_CORRUPT, "%s: the page at byte %" PRIu64 " is damaged", path,
                        page * STORE_RUN_PAGE_BYTES);
    }
    atomic_store_explicit(&run->checked[page], 1, memory_order_relaxed);
    return true;
}

bool store_run_at(const struct store_run *run, uint32_t section, uint64_t at, uint64_t len,
                  const uint8_t **out, struct fail *fail)
{
    if (section >= run->section_count || at > run->sections[section].len ||
        len > run->sections[section].len - at) {
        return corrupt(run, fail, "it refers to bytes outside of a section");
    }
    uint64_t offset = run->sections[section].offset + at;
    if (len > 0) {
        uint64_t last = (offset + len - 1) / STORE_RUN_PAGE_BYTES;
        for (uint64_t page = offset / STORE_RUN_PAGE_BYTES; page <= last; page++) {
            if (atomic_load_explicit(&run->checked[page], memory_order_relaxed) == 0 &&
                !check_page(run, page, fail)) {
                return false;
            }
        }
    }
    *out = run->view.data + offset;
    return true;
}

bool store_run_check(const struct store_run *run, struct fail *fail)
{
    for (uint64_t page = 0; page < run->page_count; page++) {
        if (!check_page(run, page, fail)) {
            return false;
        }
    }
    return true;
}

/* ---- writing ------------------------------------------------------------------------------------- */

struct store_run_writer {
    struct disk *disk;
    enum store_run_kind kind;
    uint64_t id;
    struct disk_file *file;
    struct base_buf buffer; /* bytes from `flushed` on, a whole number of pages when it is full */
    uint64_t flushed;       /* written to the file */
    struct base_buf sums;
    uint32_t section_count;
    struct section sections[STORE_RUN_SECTIONS_MAX];
    bool failed;
    struct fail fail;
};

bool store_run_writer_new(struct disk *disk, enum store_run_kind kind, uint64_t id,
                          struct store_run_writer **out, struct fail *fail)
{
    char path[STORE_RUN_PATH_BYTES];
    store_run_path(kind, id, path);
    struct disk_file *file = NULL;
    /* A file of this name can only be the rest of an attempt that the manifest never named. */
    if (!disk_open(disk, path, DISK_CREATE, &file, fail)) {
        return false;
    }
    if (!disk_truncate(file, 0, fail)) {
        disk_close(file);
        return false;
    }
    struct store_run_writer *writer = base_alloc_zero(sizeof *writer);
    writer->disk = disk;
    writer->kind = kind;
    writer->id = id;
    writer->file = file;
    writer->buffer.limit = BUFFER_BYTES;
    uint8_t header[HEADER_BYTES] = {0};
    memcpy(header, run_magic, sizeof run_magic);
    base_put_u32(header + 8, (uint32_t)kind);
    base_put_u32(header + 12, STORE_RUN_PAGE_BYTES);
    base_put_u64(header + 16, id);
    base_put_u64(header + 56, base_hash64(header, 56, 0));
    base_buf_bytes(&writer->buffer, header, sizeof header);
    *out = writer;
    return true;
}

static uint64_t position(const struct store_run_writer *writer)
{
    return writer->flushed + writer->buffer.len;
}

static void flush(struct store_run_writer *writer, bool summed)
{
    struct base_buf *buffer = &writer->buffer;
    for (size_t at = 0; summed && at < buffer->len; at += STORE_RUN_PAGE_BYTES) {
        size_t len = buffer->len - at;
        len = len > STORE_RUN_PAGE_BYTES ? STORE_RUN_PAGE_BYTES : len;
        uint8_t sum[8];
        base_put_u64(sum, base_hash64(buffer->data + at, len,
                                      (writer->flushed + at) / STORE_RUN_PAGE_BYTES));
        base_buf_bytes(&writer->sums, sum, sizeof sum);
    }
    if (!writer->failed && buffer->len > 0 &&
        !disk_write_at(writer->file, writer->flushed, buffer->data, buffer->len, &writer->fail)) {
        writer->failed = true;
    }
    writer->flushed += buffer->len;
    base_buf_reset(buffer);
}

static void put(struct store_run_writer *writer, const void *data, size_t len, bool summed)
{
    const char *from = data;
    while (len > 0) {
        size_t room = BUFFER_BYTES - writer->buffer.len;
        size_t part = len < room ? len : room;
        base_buf_bytes(&writer->buffer, from, part);
        if (writer->buffer.failed && !writer->failed) {
            writer->failed = true;
            fail_set(&writer->fail, FAIL_NO_MEMORY, "no memory to write a run");
        }
        if (writer->failed) {
            return;
        }
        from += part;
        len -= part;
        if (writer->buffer.len == BUFFER_BYTES) {
            flush(writer, summed);
        }
    }
}

static void align(struct store_run_writer *writer)
{
    static const uint8_t zeros[ALIGNED];
    size_t over = (size_t)(position(writer) % ALIGNED);
    if (over > 0) {
        put(writer, zeros, ALIGNED - over, true);
    }
}

static void end_section(struct store_run_writer *writer)
{
    if (writer->section_count > 0) {
        struct section *last = &writer->sections[writer->section_count - 1];
        last->len = position(writer) - last->offset;
    }
}

void store_run_begin(struct store_run_writer *writer)
{
    INVARIANT(writer->section_count < STORE_RUN_SECTIONS_MAX);
    end_section(writer);
    align(writer);
    writer->sections[writer->section_count++].offset = position(writer);
}

void store_run_write(struct store_run_writer *writer, const void *data, size_t len)
{
    put(writer, data, len, true);
}

uint64_t store_run_written(const struct store_run_writer *writer)
{
    return position(writer) - writer->sections[writer->section_count - 1].offset;
}

bool store_run_read_back(const struct store_run_writer *writer, uint32_t section, uint64_t at,
                         void *into, size_t len, struct fail *fail)
{
    if (writer->failed) { /* then less is there than was written */
        *fail = writer->fail;
        return false;
    }
    INVARIANT(section < writer->section_count);
    uint64_t offset = writer->sections[section].offset + at;
    INVARIANT(offset + len <= position(writer));
    size_t in_file = offset >= writer->flushed         ? 0
                     : writer->flushed - offset >= len ? len
                                                       : (size_t)(writer->flushed - offset);
    size_t got = 0;
    if (in_file > 0 && !disk_read_at(writer->file, offset, into, in_file, &got, fail)) {
        return false;
    }
    if (got < in_file) {
        return fail_set(fail, FAIL_IO, "a file being written is shorter than what was written");
    }
    if (len > in_file) {
        memcpy((char *)into + in_file, writer->buffer.data + (offset + in_file - writer->flushed),
               len - in_file);
    }
    return true;
}

static void writer_free(struct store_run_writer *writer)
{
    disk_close(writer->file);
    base_buf_done(&writer->buffer);
    base_buf_done(&writer->sums);
    base_free(writer);
}

static void write_footer(struct store_run_writer *writer)
{
    end_section(writer);
    align(writer);
    uint64_t sums_offset = position(writer);
    flush(writer, true);
    uint64_t footer = sums_offset + writer->sums.len;
    uint8_t bytes[FOOTER_FIXED_BYTES + STORE_RUN_SECTIONS_MAX * FOOTER_SECTION_BYTES] = {0};
    base_put_u32(bytes, writer->section_count);
    base_put_u64(bytes + 8, sums_offset);
    size_t len = FOOTER_FIXED_BYTES;
    for (uint32_t i = 0; i < writer->section_count; i++, len += FOOTER_SECTION_BYTES) {
        base_put_u64(bytes + len, writer->sections[i].offset);
        base_put_u64(bytes + len + 8, writer->sections[i].len);
    }
    base_buf_bytes(&writer->sums, bytes, len);
    uint8_t end[8 + TRAILER_BYTES];
    base_put_u64(end, base_hash64(writer->sums.data, writer->sums.len, 0));
    base_put_u64(end + 8, footer);
    memcpy(end + 16, run_end, sizeof run_end);
    base_buf_bytes(&writer->sums, end, sizeof end);
    if (writer->sums.failed && !writer->failed) {
        writer->failed = true;
        fail_set(&writer->fail, FAIL_NO_MEMORY, "no memory to write a run");
    }
    put(writer, writer->sums.data, writer->sums.len, false);
    flush(writer, false);
}

bool store_run_finish(struct store_run_writer *writer, struct store_run_info *out,
                      struct fail *fail)
{
    if (!writer->failed) {
        write_footer(writer);
    }
    if (!writer->failed &&
        (!disk_sync(writer->file, &writer->fail) ||
         !disk_sync_dir(writer->disk, store_run_folder(writer->kind), &writer->fail))) {
        writer->failed = true;
    }
    if (writer->failed) {
        *fail = writer->fail;
        store_run_abandon(writer);
        return false;
    }
    *out = (struct store_run_info){
        .id = writer->id,
        .bytes = writer->flushed,
        .checksum = base_get_u64(writer->sums.data + writer->sums.len - TRAILER_BYTES - 8),
    };
    writer_free(writer);
    return true;
}

void store_run_abandon(struct store_run_writer *writer)
{
    if (writer == NULL) {
        return;
    }
    char path[STORE_RUN_PATH_BYTES];
    store_run_path(writer->kind, writer->id, path);
    struct fail ignored;
    (void)!disk_remove(writer->disk, path, &ignored);
    writer_free(writer);
}

/* ---- choosing -------------------------------------------------------------------------------------- */

bool store_run_choose(const uint64_t *bytes, size_t count, size_t most, size_t *out_first,
                      size_t *out_count)
{
    /* From the newest backwards: as long as the next older one is no larger than twice what was gathered,
       it belongs to the same tier. */
    if (count >= 4) {
        size_t first = count - 1;
        uint64_t sum = bytes[first];
        while (first > 0 && bytes[first - 1] <= 2 * sum) {
            sum += bytes[--first];
        }
        if (count - first >= 4) {
            *out_first = first;
            *out_count = count - first;
            return true;
        }
    }
    if (count <= most || count < 2) {
        return false;
    }
    size_t best = 0;
    for (size_t i = 1; i + 1 < count; i++) {
        if (bytes[i] + bytes[i + 1] < bytes[best] + bytes[best + 1]) {
            best = i;
        }
    }
    *out_first = best;
    *out_count = 2;
    return true;
}
