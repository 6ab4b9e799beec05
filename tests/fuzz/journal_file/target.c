/* A journal's file of arbitrary bytes, its checksums passed over: refused as damage, or read as whole frames that lie one behind
 * the other; and where a last one was torn, the file can be gone on with. */
#include "disk_sim.h"
#include "store_journal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define ID 1

struct seen {
    const uint8_t *data;
    uint64_t end; /* of the last frame */
    size_t frames;
};

static bool see(void *context, uint64_t id, uint64_t payload_offset, struct str payload,
                struct fail *fail)
{
    struct seen *seen = context;
    (void)fail;
    INVARIANT(id == ID && payload_offset == seen->end + STORE_JOURNAL_FRAME_BYTES);
    INVARIANT(memcmp(payload.data, seen->data + payload_offset, payload.len) == 0);
    seen->end = payload_offset + payload.len;
    seen->frames++;
    return true;
}

static bool count(void *context, uint64_t id, uint64_t payload_offset, struct str payload,
                  struct fail *fail)
{
    (void)id;
    (void)payload_offset;
    (void)payload;
    (void)fail;
    ++*(size_t *)context;
    return true;
}

/* One more frame: then there is one more, and nothing torn. */
static void go_on(struct disk *disk, const struct store_journal_end *end, size_t frames)
{
    struct store_journal journal;
    struct store_journal_end after;
    struct fail fail;
    size_t counted = 0;
    struct base_buf frame CLEANUP(base_buf_done) = {0};
    base_buf_bytes(&frame, "012345678901234567890123payload", STORE_JOURNAL_FRAME_BYTES + 7);
    INVARIANT(store_journal_continue(disk, end, &journal, &fail));
    INVARIANT(store_journal_append(&journal, &frame, &fail));
    store_journal_file_unref(journal.file);
    INVARIANT(store_journal_read(disk, ID, true, count, &counted, &after, &fail));
    INVARIANT(counted == frames + 1 && after.len == after.file_len);
    INVARIANT(after.len == end->len + frame.len && after.last_at == end->len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char path[STORE_JOURNAL_PATH_BYTES];
    struct fail fail = {0};
    struct disk_sim *sim = disk_sim_new(1);
    struct disk *disk = disk_sim_disk(sim);
    store_journal_path(ID, path);
    INVARIANT(disk_make_dir(disk, "journal", &fail));
    INVARIANT(disk_write_whole(disk, path, str_of((const char *)data, size), &fail));
    for (int last = 0; last < 2; last++) {
        struct seen seen = {.data = data, .end = STORE_JOURNAL_HEADER_BYTES};
        struct store_journal_end end;
        if (!store_journal_read(disk, ID, last == 1, see, &seen, &end, &fail)) {
            INVARIANT(fail.code == FAIL_CORRUPT);
            continue;
        }
        INVARIANT(end.file_len == size && end.len <= size);
        INVARIANT(end.headless || end.next_sequence - end.first_sequence == seen.frames);
        INVARIANT(last == 1 || end.len == size);
        if (last == 1 && !end.headless) {
            go_on(disk, &end, seen.frames);
        }
    }
    disk_sim_free(sim);
    return 0;
}
