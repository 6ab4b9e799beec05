/* Restoring: a mark first, the manifest last, and the mark away when all is durable. */
#include "backup_internal.h"

static bool mark(struct disk *into, struct fail *fail)
{
    CLEANUP(disk_close_at) struct disk_file *file = NULL;
    return disk_open(into, BACKUP_RESTORING_PATH, DISK_CREATE, &file, fail) &&
           disk_sync(file, fail) && disk_sync_dir(into, "", fail);
}

static struct str folder_of(struct str path)
{
    size_t slash = str_find_byte(path, '/');
    return slash == path.len ? STR("") : str_of(path.data, slash);
}

static bool is_entry(const struct backup_generation *generation, struct str folder, struct str name)
{
    for (size_t i = 0; i < generation->count; i++) {
        struct str path = generation->entries[i].path;
        if (str_equal(folder, folder_of(path)) && str_ends(path, name) &&
            path.len == folder.len + (folder.len > 0) + name.len) {
            return true;
        }
    }
    return false;
}

/* What another generation left here, restored in part: a journal of it would be read. */
static bool clear_folder(struct disk *into, const struct backup_generation *generation,
                         struct str folder, struct arena *arena, struct fail *fail)
{
    struct str *names;
    size_t count;
    const char *at = str_copy_c(arena, folder);
    if (!disk_list(into, at, arena, &names, &count, fail)) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        bool kept = folder.len == 0 &&
                    (str_is(names[i], BACKUP_RESTORING_PATH) || str_is(names[i], BACKUP_LOCK_PATH));
        const char *path =
            str_format(arena, "%s%s%.*s", at, folder.len > 0 ? "/" : "", STR_ARG(names[i])).data;
        if (!kept && !is_entry(generation, folder, names[i]) && !disk_remove(into, path, fail)) {
            return false;
        }
    }
    return true;
}

static bool prepare_folders(struct disk *into, const struct backup_generation *generation,
                            struct arena *arena, struct fail *fail)
{
    for (size_t i = 0; i < generation->folder_count; i++) {
        if (!disk_make_dir(into, str_copy_c(arena, generation->folders[i]), fail) ||
            !clear_folder(into, generation, generation->folders[i], arena, fail)) {
            return false;
        }
    }
    return clear_folder(into, generation, STR(""), arena, fail);
}

static bool restore_file(struct disk *target, const struct backup_entry *entry, struct disk *into,
                         struct base_cancel *cancel, struct arena *arena, struct fail *fail)
{
    CLEANUP(disk_close_at) struct disk_file *from = NULL;
    CLEANUP(disk_close_at) struct disk_file *to = NULL;
    const char *object = backup_object_path(entry->object, arena).data;
    struct base_hash128 hash;
    uint64_t size;
    if (!disk_open(target, object, DISK_READ, &from, fail) || !disk_size(from, &size, fail)) {
        if (fail->code == FAIL_ABSENT) {
            fail_set(fail, FAIL_CORRUPT, "%s is not there", object);
        }
        return false;
    }
    if (size != entry->bytes) {
        return fail_set(fail, FAIL_CORRUPT, "%s has %llu bytes, %llu were written", object,
                        (unsigned long long)size, (unsigned long long)entry->bytes);
    }
    if (!disk_open(into, str_copy_c(arena, entry->path), DISK_CREATE, &to, fail) ||
        !disk_truncate(to, 0, fail) ||
        !backup_copy(&(struct backup_bytes){.file = from, .len = size}, to, cancel, &hash, fail)) {
        return false;
    }
    if (!backup_hash_equal(hash, entry->hash)) {
        return fail_set(fail, FAIL_CORRUPT,
                        "%s is damaged: its bytes are not those that were written", object);
    }
    return disk_sync(to, fail);
}

static bool sync_folders(struct disk *into, const struct backup_generation *generation,
                         struct arena *arena, struct fail *fail)
{
    for (size_t i = 0; i < generation->folder_count; i++) {
        if (!disk_sync_dir(into, str_copy_c(arena, generation->folders[i]), fail)) {
            return false;
        }
    }
    return disk_sync_dir(into, "", fail);
}

bool backup_restore(struct disk *target, const struct backup_generation *generation,
                    struct disk *into, struct base_cancel *cancel, struct fail *fail)
{
    CLEANUP(arena_free_at) struct arena *arena = arena_new(NULL);
    if (!mark(into, fail) || !prepare_folders(into, generation, arena, fail)) {
        return false;
    }
    for (size_t i = 0; i < generation->count; i++) {
        if (!restore_file(target, &generation->entries[i], into, cancel, arena, fail)) {
            return false;
        }
    }
    return sync_folders(into, generation, arena, fail) &&
           disk_remove(into, BACKUP_RESTORING_PATH, fail) && disk_sync_dir(into, "", fail);
}
