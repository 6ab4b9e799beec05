#include "act_zip.h"

#include <zlib.h>

#include "base_bytes.h"
#include "base_time.h"

/* The format: APPNOTE 6.3, sections 4.3.7 (local header), 4.3.9 (what follows the data), 4.3.12 (directory), 4.3.16 (end).
   Sizes are not known when an entry begins, and its header is gone when they are: they follow the data. */
#define LOCAL_BYTES 30
#define DESCRIPTOR_BYTES 16
#define CENTRAL_BYTES 46
#define END_BYTES 22
#define NAME_BYTES_MAX 64
#define ROOM ((size_t)64 << 10)
#define LEVEL 6

struct entry {
    char name[NAME_BYTES_MAX + 1];
    uint32_t crc, packed, size;
    uint32_t offset; /* of the local header */
};

struct act_zip {
    struct base_buf *out;
    uint64_t place; /* in the file: how much was written */
    z_stream stream;
    bool open; /* an entry is */
    struct entry entries[ACT_ZIP_ENTRIES_MAX];
    size_t count;
    uint16_t dos_time, dos_date;
};

bool act_zip_new(int64_t now_ms, struct act_zip **zip, struct fail *fail)
{
    struct act_zip *made = base_alloc_zero(sizeof *made);
    struct civil now = time_civil_from_ms(now_ms);
    /* A clock that is not set stands before 1980, where such a date begins. */
    if (now.year < 1980) {
        now = (struct civil){.year = 1980, .month = 1, .day = 1};
    }
    made->dos_time = (uint16_t)(now.hour << 11 | now.minute << 5 | now.second / 2);
    made->dos_date = (uint16_t)((now.year - 1980) << 9 | now.month << 5 | now.day);
    /* Negative: no header of zlib's own. */
    if (deflateInit2(&made->stream, LEVEL, Z_DEFLATED, -15, 8, Z_DEFAULT_STRATEGY) != Z_OK) {
        base_free(made);
        return fail_set(fail, FAIL_NO_MEMORY, "no memory to pack a copy");
    }
    *zip = made;
    return true;
}

void act_zip_free(struct act_zip *zip)
{
    if (zip != NULL) {
        deflateEnd(&zip->stream);
        base_free(zip);
    }
}

void act_zip_free_at(struct act_zip **zip)
{
    act_zip_free(*zip);
}

void act_zip_into(struct act_zip *zip, struct base_buf *out)
{
    zip->out = out;
}

static void put(struct act_zip *zip, const void *data, size_t len)
{
    base_buf_bytes(zip->out, data, len);
    zip->place += len;
}

/* Runs the bytes in hand through the stream until it wants no more room. */
static bool pump(struct act_zip *zip, int flush, struct fail *fail)
{
    struct entry *entry = &zip->entries[zip->count - 1];
    int end;
    do {
        char *room = base_buf_room(zip->out, ROOM);
        if (room == NULL) {
            return base_buf_ok(zip->out, fail);
        }
        zip->stream.next_out = (Bytef *)room;
        zip->stream.avail_out = (uInt)ROOM;
        end = deflate(&zip->stream, flush);
        size_t made = ROOM - zip->stream.avail_out;
        zip->out->len += made;
        zip->place += made;
        entry->packed += (uint32_t)made;
    } while (zip->stream.avail_out == 0);
    return (flush != Z_FINISH || end == Z_STREAM_END) ||
           fail_set(fail, FAIL_INTERNAL, "packing a copy ended with %d", end);
}

static bool entry_end(struct act_zip *zip, struct fail *fail)
{
    if (!zip->open) {
        return true;
    }
    zip->stream.next_in = NULL;
    zip->stream.avail_in = 0;
    if (!pump(zip, Z_FINISH, fail)) {
        return false;
    }
    const struct entry *entry = &zip->entries[zip->count - 1];
    char after[DESCRIPTOR_BYTES];
    base_put_u32(after, 0x08074b50);
    base_put_u32(after + 4, entry->crc);
    base_put_u32(after + 8, entry->packed);
    base_put_u32(after + 12, entry->size);
    put(zip, after, sizeof after);
    deflateReset(&zip->stream);
    zip->open = false;
    return base_buf_ok(zip->out, fail);
}

/* What a local header and one of the directory share, from the version needed on. */
static void put_common(const struct act_zip *zip, const struct entry *entry, char *at)
{
    base_put_u16(at, 20); /* version needed: deflate */
    /* Names are UTF-8; sizes follow the data: what was sent is not gone back to. */
    base_put_u16(at + 2, 1 << 11 | 1 << 3);
    base_put_u16(at + 4, 8); /* deflate */
    base_put_u16(at + 6, zip->dos_time);
    base_put_u16(at + 8, zip->dos_date);
    base_put_u32(at + 10, entry->crc);
    base_put_u32(at + 14, entry->packed);
    base_put_u32(at + 18, entry->size);
    base_put_u16(at + 22, (uint16_t)strlen(entry->name));
    base_put_u16(at + 24, 0); /* no extra field */
}

bool act_zip_entry(struct act_zip *zip, const char *name, struct fail *fail)
{
    if (!entry_end(zip, fail)) {
        return false;
    }
    if (zip->count == ACT_ZIP_ENTRIES_MAX || strlen(name) > NAME_BYTES_MAX) {
        return fail_set(fail, FAIL_LIMIT, "a copy has at most %d files", ACT_ZIP_ENTRIES_MAX);
    }
    if (zip->place > UINT32_MAX) {
        return fail_set(fail, FAIL_LIMIT, "a copy has at most 4 GiB");
    }
    struct entry *entry = &zip->entries[zip->count++];
    *entry = (struct entry){.offset = (uint32_t)zip->place}; /* the header says nothing yet */
    memcpy(entry->name, name, strlen(name) + 1);
    char header[LOCAL_BYTES];
    base_put_u32(header, 0x04034b50);
    put_common(zip, entry, header + 4);
    entry->crc = (uint32_t)crc32(0, NULL, 0);
    put(zip, header, sizeof header);
    put(zip, entry->name, strlen(entry->name));
    zip->open = true;
    return base_buf_ok(zip->out, fail);
}

bool act_zip_add(struct act_zip *zip, struct str bytes, struct fail *fail)
{
    struct entry *entry = &zip->entries[zip->count - 1];
    INVARIANT(zip->open);
    if (bytes.len > UINT32_MAX - entry->size) {
        return fail_set(fail, FAIL_LIMIT, "a copy's file has at most 4 GiB");
    }
    if (bytes.len == 0) {
        return true;
    }
    entry->size += (uint32_t)bytes.len;
    entry->crc = (uint32_t)crc32(entry->crc, (const Bytef *)bytes.data, (uInt)bytes.len);
    zip->stream.next_in = (z_const Bytef *)(uintptr_t)bytes.data;
    zip->stream.avail_in = (uInt)bytes.len;
    return pump(zip, Z_NO_FLUSH, fail);
}

bool act_zip_end(struct act_zip *zip, struct fail *fail)
{
    if (!entry_end(zip, fail)) {
        return false;
    }
    uint64_t begin = zip->place;
    if (begin > UINT32_MAX) {
        return fail_set(fail, FAIL_LIMIT, "a copy has at most 4 GiB");
    }
    for (size_t i = 0; i < zip->count; i++) {
        char header[CENTRAL_BYTES] = {0};
        base_put_u32(header, 0x02014b50);
        base_put_u16(header + 4, 20);
        put_common(zip, &zip->entries[i], header + 6);
        base_put_u32(header + 42, zip->entries[i].offset);
        put(zip, header, sizeof header);
        put(zip, zip->entries[i].name, strlen(zip->entries[i].name));
    }
    char end[END_BYTES] = {0};
    base_put_u32(end, 0x06054b50);
    base_put_u16(end + 8, (uint16_t)zip->count);
    base_put_u16(end + 10, (uint16_t)zip->count);
    base_put_u32(end + 12, (uint32_t)(zip->place - begin));
    base_put_u32(end + 16, (uint32_t)begin);
    put(zip, end, sizeof end);
    return base_buf_ok(zip->out, fail);
}
