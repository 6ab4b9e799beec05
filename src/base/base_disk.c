/* What all disks share: the calls by name, checks of paths, and whole small files. */
#include "base_disk.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base_disk_internal.h"

#define TEMPORARY_SUFFIX ".tmp"

/* Paths stay inside the disk's root: relative, without empty, "." and ".." parts. "" is the root. */
static bool check_path(const char *path, struct fail *fail)
{
    struct str rest = str_from_c(path), part;
    while (rest.len > 0 && str_next_part(&rest, '/', &part)) {
        if (part.len == 0 || str_is(part, ".") || str_is(part, "..") ||
            (rest.data != NULL && rest.len == 0)) {
            return fail_set(fail, FAIL_INTERNAL, "%s is no path inside a disk", path);
        }
    }
    return true;
}

static bool check_file_path(const char *path, struct fail *fail)
{
    if (path[0] == '\0') {
        return fail_set(fail, FAIL_INTERNAL, "a file needs a name");
    }
    return check_path(path, fail);
}

void disk_free(struct disk *disk)
{
    if (disk != NULL) {
        disk->calls->destroy(disk);
    }
}

bool disk_open(struct disk *disk, const char *path, enum disk_open_flags how,
               struct disk_file **out, struct fail *fail)
{
    return check_file_path(path, fail) && disk->calls->open(disk, path, how, out, fail);
}

void disk_close(struct disk_file *file)
{
    if (file != NULL) {
        file->disk->calls->close(file);
    }
}

void disk_close_at(struct disk_file **file)
{
    disk_close(*file);
}

bool disk_read_at(struct disk_file *file, uint64_t offset, void *into, size_t len, size_t *out_read,
                  struct fail *fail)
{
    return file->disk->calls->read_at(file, offset, into, len, out_read, fail);
}

bool disk_write_at(struct disk_file *file, uint64_t offset, const void *from, size_t len,
                   struct fail *fail)
{
    return file->disk->calls->write_at(file, offset, from, len, fail);
}

bool disk_truncate(struct disk_file *file, uint64_t len, struct fail *fail)
{
    return file->disk->calls->truncate(file, len, fail);
}

bool disk_reserve(struct disk_file *file, uint64_t len, struct fail *fail)
{
    return file->disk->calls->reserve(file, len, fail);
}

bool disk_sync(struct disk_file *file, struct fail *fail)
{
    return file->disk->calls->sync(file, fail);
}

bool disk_size(struct disk_file *file, uint64_t *out, struct fail *fail)
{
    return file->disk->calls->size(file, out, fail);
}

bool disk_map(struct disk_file *file, struct disk_view *out, struct fail *fail)
{
    return file->disk->calls->map(file, out, fail);
}

void disk_unmap(struct disk *disk, struct disk_view *view)
{
    if (view->data != NULL) {
        disk->calls->unmap(disk, view);
    }
    *view = (struct disk_view){0};
}

bool disk_rename(struct disk *disk, const char *from, const char *to, struct fail *fail)
{
    return check_file_path(from, fail) && check_file_path(to, fail) &&
           disk->calls->rename(disk, from, to, fail);
}

bool disk_remove(struct disk *disk, const char *path, struct fail *fail)
{
    return check_file_path(path, fail) && disk->calls->remove(disk, path, fail);
}

bool disk_make_dir(struct disk *disk, const char *path, struct fail *fail)
{
    return check_file_path(path, fail) && disk->calls->make_dir(disk, path, fail);
}

bool disk_sync_dir(struct disk *disk, const char *path, struct fail *fail)
{
    return check_path(path, fail) && disk->calls->sync_dir(disk, path, fail);
}

bool disk_list(struct disk *disk, const char *path, struct arena *arena, struct str **out,
               size_t *out_count, struct fail *fail)
{
    return check_path(path, fail) && disk->calls->list(disk, path, arena, out, out_count, fail);
}

bool disk_measure(struct disk *disk, struct disk_room *out, struct fail *fail)
{
    return disk->calls->measure(disk, out, fail);
}

static bool write_temporary(struct disk *disk, const char *path, struct str bytes,
                            struct fail *fail)
{
    CLEANUP(disk_close_at) struct disk_file *file = NULL;
    return disk_open(disk, path, DISK_CREATE, &file, fail) && disk_truncate(file, 0, fail) &&
           disk_write_at(file, 0, bytes.data, bytes.len, fail) && disk_sync(file, fail);
}

bool disk_write_whole(struct disk *disk, const char *path, struct str bytes, struct fail *fail)
{
    CLEANUP(arena_free_at) struct arena *arena = arena_new(NULL);
    const char *temporary = str_format(arena, "%s" TEMPORARY_SUFFIX, path).data;
    if (!write_temporary(disk, temporary, bytes, fail) ||
        !disk_rename(disk, temporary, path, fail)) {
        struct fail ignored; /* what matters is in `fail`; a leftover is overwritten next time */
        (void)!disk_remove(disk, temporary, &ignored);
        return false;
    }
    const char *slash = strrchr(path, '/');
    struct str folder = slash == NULL ? STR("") : str_of(path, (size_t)(slash - path));
    return disk_sync_dir(disk, str_copy_c(arena, folder), fail);
}

bool disk_read_whole(struct disk *disk, const char *path, struct arena *arena, size_t most,
                     struct str *out, struct fail *fail)
{
    CLEANUP(disk_close_at) struct disk_file *file = NULL;
    uint64_t size;
    if (!disk_open(disk, path, DISK_READ, &file, fail) || !disk_size(file, &size, fail)) {
        return false;
    }
    if (size > most) {
        return fail_set(fail, FAIL_LIMIT, "%s has %llu bytes, at most %zu are read", path,
                        (unsigned long long)size, most);
    }
    char *bytes = arena_alloc(arena, (size_t)size, fail);
    size_t len;
    if (bytes == NULL || !disk_read_at(file, 0, bytes, (size_t)size, &len, fail)) {
        return false;
    }
    *out = str_of(bytes, len);
    return true;
}

/* A folder's entry is durable once its parent is synced. */
static bool sync_parent(const char *path, struct arena *arena, struct fail *fail)
{
    const char *slash = strrchr(path, '/');
    struct str parent = slash == NULL   ? STR(".")
                        : slash == path ? STR("/")
                                        : str_of(path, (size_t)(slash - path));
    const char *name = str_copy_c(arena, parent);
    int descriptor = base_folder_open(AT_FDCWD, name);
    if (descriptor < 0) {
        return errno == EACCES || /* may be passed through, not read: its owner's business */
               fail_set(fail, FAIL_IO, "%s cannot be opened: %s", name, strerrordesc_np(errno));
    }
    int error = base_folder_sync(descriptor);
    close(descriptor);
    return error == 0 ||
           fail_set(fail, FAIL_IO, "%s cannot be synced: %s", name, strerrordesc_np(error));
}

static bool make_one(const char *path, struct arena *arena, struct fail *fail)
{
    if (mkdir(path, 0700) == 0) {
        return sync_parent(path, arena, fail);
    }
    int error = errno;
    struct stat status;
    if (stat(path, &status) == 0 && S_ISDIR(status.st_mode)) {
        return true;
    }
    enum fail_code code = error == ENOSPC || error == EDQUOT ? FAIL_LIMIT : FAIL_IO;
    return fail_set(fail, code, "%s cannot be made: %s", path, strerrordesc_np(error));
}

bool base_make_dirs(const char *path, struct fail *fail)
{
    CLEANUP(arena_free_at) struct arena *arena = arena_new(NULL);
    char *part = str_copy_c(arena, str_from_c(path));
    if (part[0] == '\0') {
        return fail_set(fail, FAIL_INPUT, "a directory needs a name");
    }
    for (char *at = part + 1; *at != '\0'; at++) {
        if (*at == '/' && at[-1] != '/') {
            *at = '\0';
            if (!make_one(part, arena, fail)) {
                return false;
            }
            *at = '/';
        }
    }
    size_t len = strlen(part);
    while (len > 1 && part[len - 1] == '/') {
        part[--len] = '\0';
    }
    return make_one(part, arena, fail);
}
