/* Objects: a file's bytes in the target, under a name that says which file it was and what its bytes hash to. */
#include "backup_internal.h"

#include <inttypes.h>
#include <stdio.h>

void backup_hash_text(struct base_hash128 hash, char out[BACKUP_HASH_CHARS + 1])
{
    snprintf(out, BACKUP_HASH_CHARS + 1, "%016" PRIx64 "%016" PRIx64, hash.high, hash.low);
}

static bool hex_parse(struct str text, uint64_t *out)
{
    uint64_t value = 0;
    for (size_t i = 0; i < text.len; i++) {
        char c = text.data[i];
        unsigned digit;
        if (c >= '0' && c <= '9') {
            digit = (unsigned)(c - '0');
        } else if (c >= 'a' && c <= 'f') {
            digit = (unsigned)(c - 'a') + 10;
        } else {
            return false;
        }
        value = value << 4 | digit;
    }
    *out = value;
    return true;
}

bool backup_hash_parse(struct str text, struct base_hash128 *out)
{
    return text.len == BACKUP_HASH_CHARS && hex_parse(str_of(text.data, 16), &out->high) &&
           hex_parse(str_after(text, 16), &out->low);
}

struct str backup_object_begin(const char *path, uint64_t checksum, struct arena *arena)
{
    const char *slash = strrchr(path, '/');
    return str_format(arena, "%s.%016" PRIx64 ".", slash == NULL ? path : slash + 1, checksum);
}

struct str backup_object_path(struct str object, struct arena *arena)
{
    return str_format(arena, BACKUP_OBJECTS "/%.*s", STR_ARG(object));
}

static void free_hasher(struct base_hasher **hasher)
{
    base_hasher_free(*hasher);
}

static bool read_part(const struct backup_bytes *from, uint64_t at, char *into, size_t len,
                      struct fail *fail)
{
    size_t got;
    if (from->content.data != NULL) {
        memcpy(into, from->content.data + at, len);
        return true;
    }
    return disk_read_at(from->file, at, into, len, &got, fail) &&
           (got == len || fail_set(fail, FAIL_CORRUPT, "it ends after %llu of %llu bytes",
                                   (unsigned long long)(at + got), (unsigned long long)from->len));
}

bool backup_copy(const struct backup_bytes *from, struct disk_file *to, struct base_cancel *cancel,
                 struct base_hash128 *out, struct fail *fail)
{
    CLEANUP(arena_free_at) struct arena *arena = arena_new(NULL);
    CLEANUP(free_hasher) struct base_hasher *hasher = base_hasher_new(0);
    char *step = arena_alloc(arena, BACKUP_STEP_BYTES, fail);
    if (step == NULL) {
        return false;
    }
    for (uint64_t at = 0; at < from->len;) {
        size_t len =
            from->len - at < BACKUP_STEP_BYTES ? (size_t)(from->len - at) : BACKUP_STEP_BYTES;
        if ((cancel != NULL && base_cancel_due(cancel, fail)) ||
            !read_part(from, at, step, len, fail) ||
            (to != NULL && !disk_write_at(to, at, step, len, fail))) {
            return false;
        }
        base_hasher_add(hasher, step, len);
        at += len;
    }
    *out = base_hasher_end(hasher);
    return true;
}

bool backup_object_check(struct disk *target, const struct backup_entry *entry,
                         struct base_cancel *cancel, const char **out_problem, struct fail *fail)
{
    CLEANUP(arena_free_at) struct arena *arena = arena_new(NULL);
    CLEANUP(disk_close_at) struct disk_file *file = NULL;
    const char *path = backup_object_path(entry->object, arena).data;
    struct base_hash128 hash;
    uint64_t size;
    struct fail why = {0};
    if (!disk_open(target, path, DISK_READ, &file, &why)) {
        *out_problem = "it is not there";
        if (why.code != FAIL_ABSENT) {
            *fail = why;
        }
        return why.code == FAIL_ABSENT;
    }
    if (!disk_size(file, &size, fail)) {
        return false;
    }
    if (size != entry->bytes) {
        *out_problem = "it has another size than was written";
        return true;
    }
    if (!backup_copy(&(struct backup_bytes){.file = file, .len = size}, NULL, cancel, &hash,
                     fail)) {
        return fail_at(fail, "%s", path);
    }
    *out_problem =
        backup_hash_equal(hash, entry->hash) ? NULL : "its bytes are not those that were written";
    return true;
}
