#include "store_journal.h"

#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>

#include "base_bytes.h"
#include "base_random.h"
#include "store_frame.h"
#include "store_internal.h"

#define VERSION 1U

static const char file_magic[8] = {'f', 'h', 'j', 'o', 'u', 'r', 'n', 'l'};
static const char frame_magic[4] = {'f', 'h', 'F', 'R'};

void store_journal_path(uint64_t id, char out_path[STORE_JOURNAL_PATH_BYTES])
{
    snprintf(out_path, STORE_JOURNAL_PATH_BYTES, "journal/%016" PRIx64 ".log", id);
}

static struct store_journal_file *file_new(struct disk *disk, struct disk_file *handle, uint64_t id)
{
    struct store_journal_file *file = base_alloc_zero(sizeof *file);
    atomic_store(&file->references, 1);
    file->disk = disk;
    file->file = handle;
    file->id = id;
    return file;
}

struct store_journal_file *store_journal_file_ref(struct store_journal_file *file)
{
    atomic_fetch_add_explicit(&file->references, 1, memory_order_relaxed);
    return file;
}

void store_journal_file_unref(struct store_journal_file *file)
{
    if (file != NULL &&
        atomic_fetch_sub_explicit(&file->references, 1, memory_order_acq_rel) == 1) {
        disk_close(file->file);
        base_free(file);
    }
}

/* ---- writing -------------------------------------------------------------------------------------- */

bool store_journal_create(struct disk *disk, uint64_t id, uint64_t first_sequence,
                          int64_t created_ms, struct store_journal *out, struct fail *fail)
{
    char path[STORE_JOURNAL_PATH_BYTES];
    store_journal_path(id, path);
    uint64_t nonce = base_random_u64(base_random_system());
    uint8_t header[STORE_JOURNAL_HEADER_BYTES] = {0};
    memcpy(header, file_magic, sizeof file_magic);
    base_put_u32(header + 8, VERSION);
    base_put_u32(header + 12, STORE_JOURNAL_HEADER_BYTES);
    base_put_u64(header + 16, id);
    base_put_u64(header + 24, nonce);
    base_put_u64(header + 32, first_sequence);
    base_put_i64(header + 40, created_ms);
    base_put_u64(header + 56, base_hash64(header, 56, 0));
    struct disk_file *handle = NULL;
    if (!disk_open(disk, path, DISK_CREATE_NEW, &handle, fail)) {
        return false;
    }
    if (!disk_write_at(handle, 0, header, sizeof header, fail) || !disk_sync(handle, fail) ||
        !disk_sync_dir(disk, "journal", fail)) {
        disk_close(handle);
        /* It holds nothing. Should it stay, the next opening finds it empty and takes it away. */
        struct fail ignored;
        (void)!disk_remove(disk, path, &ignored);
        return false;
    }
    struct store_journal_file *file = file_new(disk, handle, id);
    file->nonce = nonce;
    file->first_sequence = first_sequence;
    *out = (struct store_journal){
        .file = file,
        .len = STORE_JOURNAL_HEADER_BYTES,
        .next_sequence = first_sequence,
    };
    return true;
}

static uint64_t frame_sum(uint64_t nonce, const uint8_t *length_and_sequence, const void *payload,
                          size_t len)
{
    uint8_t bytes[20];
    memcpy(bytes, length_and_sequence, 12);
    base_put_u64(bytes + 12, base_hash64(payload, len, nonce));
    return base_hash64(bytes, sizeof bytes, nonce);
}

bool store_journal_append(struct store_journal *journal, struct base_buf *frame, struct fail *fail)
{
    INVARIANT(!journal->broken && frame->len >= STORE_JOURNAL_FRAME_BYTES);
    uint8_t *head = (uint8_t *)frame->data;
    size_t len = frame->len - STORE_JOURNAL_FRAME_BYTES;
    memcpy(head, frame_magic, sizeof frame_magic);
    base_put_u32(head + 4, (uint32_t)len);
    base_put_u64(head + 8, journal->next_sequence);
    base_put_u64(head + 16,
                 frame_sum(journal->file->nonce, head + 4, head + STORE_JOURNAL_FRAME_BYTES, len));
    if (!disk_write_at(journal->file->file, journal->len, frame->data, frame->len, fail)) {
        /* A disk without room did nothing wrong: what was written of the frame is cut off again, and the
           next one may be tried. After any other error nobody knows what the file holds. */
        struct fail ignored;
        journal->undone = true;
        journal->broken =
            fail->code != FAIL_LIMIT || !disk_truncate(journal->file->file, journal->len, &ignored);
        return false;
    }
    if (!disk_sync(journal->file->file, fail)) {
        /* The kernel may have dropped the pages and will not say so again: final. */
        journal->broken = true;
        return false;
    }
    journal->len += frame->len;
    journal->next_sequence++;
    journal->undone = false;
    return true;
}

bool store_journal_settle(struct store_journal *journal, struct fail *fail)
{
    if (journal->undone && !disk_sync(journal->file->file, fail)) {
        journal->broken = true;
        return false;
    }
    journal->undone = false;
    return true;
}

/* ---- reading --------------------------------------------------------------------------------------------- */

struct frame {
    uint64_t sequence;
    struct str payload;
};

/* A whole frame at `offset` whose checksum holds? */
static bool frame_at(const struct disk_view *view, uint64_t nonce, uint64_t offset,
                     struct frame *out)
{
    if (view->len - offset < STORE_JOURNAL_FRAME_BYTES) {
        return false;
    }
    const uint8_t *head = view->data + offset;
    uint64_t len = base_get_u32(head + 4);
    if (memcmp(head, frame_magic, sizeof frame_magic) != 0 ||
        len > view->len - offset - STORE_JOURNAL_FRAME_BYTES ||
        (STORE_CHECKSUMS_COUNT &&
         base_get_u64(head + 16) !=
             frame_sum(nonce, head + 4, head + STORE_JOURNAL_FRAME_BYTES, len))) {
        return false;
    }
    out->sequence = base_get_u64(head + 8);
    out->payload = str_of((const char *)head + STORE_JOURNAL_FRAME_BYTES, len);
    return true;
}

/* Is there a whole frame anywhere behind a damaged place? */
static bool frame_behind(const struct disk_view *view, uint64_t nonce, uint64_t offset,
                         struct frame *out)
{
    while (view->len > offset + STORE_JOURNAL_FRAME_BYTES) {
        const uint8_t *found = memchr(view->data + offset, frame_magic[0], view->len - offset);
        if (found == NULL) {
            return false;
        }
        offset = (uint64_t)(found - view->data);
        if (frame_at(view, nonce, offset, out)) {
            return true;
        }
        offset++;
    }
    return false;
}

/* The second of the two frames that end a journal in order: what lies before it is the first, and nobody's commit. */
static bool is_last_of_closed(const struct frame *frame)
{
    return frame->payload.len == STORE_JOURNAL_CLOSED_RECORDS &&
           (uint8_t)frame->payload.data[0] == STORE_FRAME_CLOSED &&
           (uint8_t)frame->payload.data[1] == STORE_FRAME_CLOSED;
}

/* From `at` on nothing is a whole frame of the journal. Is it a torn tail, of which nothing was acknowledged? A frame is
   written only when the one before it was synced: with one behind it, it was whole once. */
static bool is_torn_tail(const struct disk_view *view, struct store_journal_end *at)
{
    struct frame behind;
    if (!frame_behind(view, at->nonce, at->len, &behind)) {
        return true;
    }
    const uint8_t *end = (const uint8_t *)behind.payload.data + behind.payload.len;
    at->spoiled = is_last_of_closed(&behind) && behind.sequence == at->next_sequence + 1 &&
                  end == view->data + view->len; /* nobody went on after it */
    return at->spoiled;
}

static bool header_valid(const struct disk_view *view, uint64_t id)
{
    const uint8_t *header = view->data;
    return view->len >= STORE_JOURNAL_HEADER_BYTES &&
           memcmp(header, file_magic, sizeof file_magic) == 0 &&
           (!STORE_CHECKSUMS_COUNT || base_get_u64(header + 56) == base_hash64(header, 56, 0)) &&
           base_get_u64(header + 16) == id && base_get_u32(header + 8) == VERSION &&
           base_get_u32(header + 12) == STORE_JOURNAL_HEADER_BYTES;
}

static bool read_view(const struct disk_view *view, uint64_t id, bool last,
                      bool (*each)(void *context, uint64_t id, uint64_t payload_offset,
                                   struct str payload, struct fail *fail),
                      void *context, struct store_journal_end *out, struct fail *fail)
{
    char path[STORE_JOURNAL_PATH_BYTES];
    store_journal_path(id, path);
    struct store_journal_end end = {.id = id, .file_len = view->len};
    if (!header_valid(view, id)) {
        /* The header is synced before the first frame is written. */
        if (!last || view->len > STORE_JOURNAL_HEADER_BYTES) {
            return fail_set(fail, FAIL_CORRUPT, "%s: its header is damaged", path);
        }
        end.headless = true;
        *out = end;
        return true;
    }
    end.nonce = base_get_u64(view->data + 24);
    end.first_sequence = base_get_u64(view->data + 32);
    end.next_sequence = end.first_sequence;
    end.len = STORE_JOURNAL_HEADER_BYTES;
    while (end.len < view->len) {
        struct frame frame;
        if (!frame_at(view, end.nonce, end.len, &frame) || frame.sequence != end.next_sequence) {
            if (!last || !is_torn_tail(view, &end)) {
                return fail_set(fail, FAIL_CORRUPT, "%s: the frame at byte %" PRIu64 " is damaged",
                                path, end.len);
            }
            break;
        }
        if (!each(context, id, end.len + STORE_JOURNAL_FRAME_BYTES, frame.payload, fail)) {
            return fail_at(fail, "%s: the frame at byte %" PRIu64, path, end.len);
        }
        end.last_at = end.len;
        end.len += STORE_JOURNAL_FRAME_BYTES + frame.payload.len;
        end.next_sequence++;
    }
    *out = end;
    return true;
}

bool store_journal_read(struct disk *disk, uint64_t id, bool last,
                        bool (*each)(void *context, uint64_t id, uint64_t payload_offset,
                                     struct str payload, struct fail *fail),
                        void *context, struct store_journal_end *out, struct fail *fail)
{
    char path[STORE_JOURNAL_PATH_BYTES];
    store_journal_path(id, path);
    CLEANUP(disk_close_at) struct disk_file *file = NULL;
    struct disk_view view = {0};
    if (!disk_open(disk, path, DISK_READ, &file, fail) || !disk_map(file, &view, fail)) {
        return false;
    }
    bool ok = read_view(&view, id, last, each, context, out, fail);
    disk_unmap(disk, &view);
    return ok;
}

/* Writes the last frame over itself. Its sync may have failed before the program was started again; the kernel then
   shows its bytes, takes them for clean, and the next sync would succeed without writing them. */
static bool write_again(struct disk_file *file, const struct store_journal_end *end,
                        struct fail *fail)
{
    if (end->last_at == 0) {
        return true;
    }
    size_t len = (size_t)(end->len - end->last_at);
    size_t got = 0;
    CLEANUP(arena_free_at) struct arena *arena = arena_new(NULL);
    void *bytes = arena_alloc(arena, len, fail);
    if (bytes == NULL || !disk_read_at(file, end->last_at, bytes, len, &got, fail)) {
        return false;
    }
    return got == len ? disk_write_at(file, end->last_at, bytes, len, fail)
                      : fail_set(fail, FAIL_IO, "the journal became shorter while it was read");
}

bool store_journal_continue(struct disk *disk, const struct store_journal_end *end,
                            struct store_journal *out, struct fail *fail)
{
    char path[STORE_JOURNAL_PATH_BYTES];
    store_journal_path(end->id, path);
    struct disk_file *handle = NULL;
    if (!disk_open(disk, path, DISK_WRITE, &handle, fail)) {
        return false;
    }
    /* What was replayed may never have been synced: it counts only from here on. */
    if ((end->file_len > end->len && !disk_truncate(handle, end->len, fail)) ||
        !write_again(handle, end, fail) || !disk_sync(handle, fail) ||
        !disk_sync_dir(disk, "journal", fail)) {
        disk_close(handle);
        return false;
    }
    struct store_journal_file *file = file_new(disk, handle, end->id);
    file->nonce = end->nonce;
    file->first_sequence = end->first_sequence;
    *out =
        (struct store_journal){.file = file, .len = end->len, .next_sequence = end->next_sequence};
    return true;
}

bool store_journal_open(struct disk *disk, uint64_t id, struct store_journal_file **out,
                        struct fail *fail)
{
    char path[STORE_JOURNAL_PATH_BYTES];
    store_journal_path(id, path);
    struct disk_file *handle = NULL;
    if (!disk_open(disk, path, DISK_READ, &handle, fail)) {
        return false;
    }
    *out = file_new(disk, handle, id);
    return true;
}
