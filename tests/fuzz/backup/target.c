/* A generation's list, which whoever can write to the target can write with a hash that holds: no path leads out of the
 * directory, and what was read says the same when it is written and read again. */
#include "backup_internal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define NUMBER 7

static void check_name(struct str name)
{
    INVARIANT(name.len > 0 && !str_is(name, ".") && !str_is(name, ".."));
    INVARIANT(str_find_byte(name, '/') == name.len && str_find_byte(name, '\0') == name.len);
}

static void check(const struct backup_generation *generation)
{
    INVARIANT(generation->number == NUMBER && generation->count <= BACKUP_FILES_MAX);
    INVARIANT(generation->folder_count <= BACKUP_FOLDERS_MAX);
    for (size_t i = 0; i < generation->folder_count; i++) {
        check_name(generation->folders[i]);
    }
    for (size_t i = 0; i < generation->count; i++) {
        struct str path = generation->entries[i].path;
        size_t slash = str_find_byte(path, '/');
        check_name(str_of(path.data, slash));
        if (slash < path.len) {
            check_name(str_after(path, slash + 1));
        }
        check_name(generation->entries[i].object);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    CLEANUP(arena_free_at) struct arena *arena = arena_new(NULL);
    struct base_buf text CLEANUP(base_buf_done) = {0}, again CLEANUP(base_buf_done) = {0};
    struct backup_generation generation = {0}, other = {0};
    char sum[BACKUP_HASH_CHARS + 1];
    struct fail fail = {0};
    base_buf_bytes(&text, data, size);
    backup_hash_text(base_hash128(data, size, 0), sum);
    base_buf_byte(&text, '\n');
    base_buf_c(&text, sum);
    base_buf_byte(&text, '\n');
    if (!backup_list_decode(base_buf_view(&text), NUMBER, arena, &generation, &fail)) {
        INVARIANT(fail.code == FAIL_CORRUPT || fail.code == FAIL_LIMIT);
        return 0;
    }
    check(&generation);
    INVARIANT(backup_list_encode(&generation, &again, &fail));
    INVARIANT(backup_list_decode(base_buf_view(&again), NUMBER, arena, &other, &fail));
    INVARIANT(other.count == generation.count && other.bytes == generation.bytes &&
              other.directory == generation.directory && other.moment_ms == generation.moment_ms);
    return 0;
}
