/* The system's file system, below one directory that is held by a descriptor. */
#include "base_disk.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base_disk_internal.h"

struct real_disk {
    struct disk disk;
    int root;
    char *name; /* of the root, for messages */
};

/* So much of a file is written out while more comes. All of a gigabyte at once, with the sync at its end, holds up whoever else
   syncs meanwhile: a journal for 170 to 310 ms, in place of 20 to 70. */
#define WRITE_OUT_BYTES ((uint64_t)8 << 20)

struct real_file {
    struct disk_file file;
    int descriptor;
    uint64_t written_out; /* begun, up to here */
    char *path;
};

/* A view of an empty file: mmap takes no length of 0. */
static const uint8_t nothing[1];

static struct real_disk *disk_of(struct disk *disk)
{
    return (struct real_disk *)disk;
}

static struct real_file *file_of(struct disk_file *file)
{
    return (struct real_file *)file;
}

static enum fail_code code_of(int error)
{
    switch (error) {
    case ENOENT:
        return FAIL_ABSENT;
    case EEXIST:
        return FAIL_CONFLICT;
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
        return FAIL_LIMIT;
    case ENOMEM:
        return FAIL_NO_MEMORY;
    default:
        return FAIL_IO;
    }
}

static bool say(struct fail *fail, const struct real_disk *disk, const char *path, const char *what,
                int error)
{
    const char *reason = strerrordesc_np(error);
    return fail_set(fail, code_of(error), "%s/%s cannot be %s: %s", disk->name, path, what,
                    reason == NULL ? "unknown error" : reason);
}

static bool say_file(struct fail *fail, struct real_file *file, const char *what, int error)
{
    return say(fail, disk_of(file->file.disk), file->path, what, error);
}

static char *copy_text(const char *text)
{
    size_t bytes = strlen(text) + 1;
    char *copy = base_alloc_zero(bytes);
    memcpy(copy, text, bytes);
    return copy;
}

static bool real_open(struct disk *disk, const char *path, enum disk_open_flags how,
                      struct disk_file **out, struct fail *fail)
{
    int flags = O_CLOEXEC;
    switch (how) {
    case DISK_READ:
        flags |= O_RDONLY;
        break;
    case DISK_WRITE:
        flags |= O_RDWR;
        break;
    case DISK_CREATE:
        flags |= O_RDWR | O_CREAT;
        break;
    case DISK_CREATE_NEW:
        flags |= O_RDWR | O_CREAT | O_EXCL;
        break;
    }
    int descriptor;
    do {
        descriptor = openat(disk_of(disk)->root, path, flags, 0600);
    } while (descriptor < 0 && errno == EINTR);
    if (descriptor < 0) {
        return say(fail, disk_of(disk), path, "opened", errno);
    }
    struct real_file *file = base_alloc_zero(sizeof *file);
    file->file.disk = disk;
    file->descriptor = descriptor;
    file->path = copy_text(path);
    *out = &file->file;
    return true;
}

static void real_close(struct disk_file *file)
{
    /* Nothing is lost with a failing close: what had to last was synced. Linux always frees the
       descriptor, so an EINTR is not tried again. */
    close(file_of(file)->descriptor);
    base_free(file_of(file)->path);
    base_free(file);
}

static bool check_range(struct real_file *file, uint64_t offset, uint64_t len, struct fail *fail)
{
    uint64_t end;
    if (__builtin_add_overflow(offset, len, &end) || end > (uint64_t)INT64_MAX) {
        return say_file(fail, file, "that large", EFBIG);
    }
    return true;
}

static bool real_read_at(struct disk_file *file, uint64_t offset, void *into, size_t len,
                         size_t *out_read, struct fail *fail)
{
    struct real_file *real = file_of(file);
    if (!check_range(real, offset, len, fail)) {
        return false;
    }
    char *at = into;
    size_t done = 0;
    while (done < len) {
        ssize_t got = pread(real->descriptor, at + done, len - done, (off_t)(offset + done));
        if (got == 0) {
            break;
        }
        if (got > 0) {
            done += (size_t)got;
        } else if (errno != EINTR) {
            return say_file(fail, real, "read", errno);
        }
    }
    *out_read = done;
    return true;
}

/* Only begins it, and is only a hint: what goes wrong is told by the sync. */
static void write_out(struct real_file *real, uint64_t end)
{
    if (end >= real->written_out + WRITE_OUT_BYTES) {
        (void)sync_file_range(real->descriptor, (off_t)real->written_out,
                              (off_t)(end - real->written_out), SYNC_FILE_RANGE_WRITE);
        real->written_out = end;
    }
}

static bool real_write_at(struct disk_file *file, uint64_t offset, const void *from, size_t len,
                          struct fail *fail)
{
    struct real_file *real = file_of(file);
    if (!check_range(real, offset, len, fail)) {
        return false;
    }
    const char *at = from;
    size_t done = 0;
    while (done < len) {
        ssize_t put = pwrite(real->descriptor, at + done, len - done, (off_t)(offset + done));
        if (put > 0) {
            done += (size_t)put;
        } else if (put == 0) {
            return say_file(fail, real, "written", EIO);
        } else if (errno != EINTR) {
            return say_file(fail, real, "written", errno);
        }
    }
    write_out(real, offset + len);
    return true;
}

static bool real_truncate(struct disk_file *file, uint64_t len, struct fail *fail)
{
    struct real_file *real = file_of(file);
    if (!check_range(real, len, 0, fail)) {
        return false;
    }
    int result;
    do {
        result = ftruncate(real->descriptor, (off_t)len);
    } while (result != 0 && errno == EINTR);
    return result == 0 || say_file(fail, real, "cut", errno);
}

static bool real_reserve(struct disk_file *file, uint64_t len, struct fail *fail)
{
    struct real_file *real = file_of(file);
    if (!check_range(real, len, 0, fail)) {
        return false;
    }
    if (len == 0) {
        return true;
    }
    int result;
    do {
        result = fallocate(real->descriptor, FALLOC_FL_KEEP_SIZE, 0, (off_t)len);
    } while (result != 0 && errno == EINTR);
    return result == 0 || errno == EOPNOTSUPP || errno == ENOSYS ||
           say_file(fail, real, "given room", errno);
}

static bool real_sync(struct disk_file *file, struct fail *fail)
{
    struct real_file *real = file_of(file);
    int result;
    do {
        result = fdatasync(real->descriptor);
    } while (result != 0 && errno == EINTR);
    return result == 0 || say_file(fail, real, "synced", errno);
}

static bool real_size(struct disk_file *file, uint64_t *out, struct fail *fail)
{
    struct stat status;
    if (fstat(file_of(file)->descriptor, &status) != 0) {
        return say_file(fail, file_of(file), "measured", errno);
    }
    *out = (uint64_t)status.st_size;
    return true;
}

static bool real_map(struct disk_file *file, struct disk_view *out, struct fail *fail)
{
    uint64_t size;
    if (!real_size(file, &size, fail)) {
        return false;
    }
    if (size == 0) {
        *out = (struct disk_view){.data = nothing, .len = 0};
        return true;
    }
    void *data = mmap(NULL, (size_t)size, PROT_READ, MAP_SHARED, file_of(file)->descriptor, 0);
    if (data == MAP_FAILED) {
        return say_file(fail, file_of(file), "mapped", errno);
    }
    *out = (struct disk_view){.data = data, .len = (size_t)size};
    return true;
}

static void real_unmap(struct disk *disk, struct disk_view *view)
{
    (void)disk;
    if (view->len > 0) {
        void *data;
        memcpy(&data, &view->data, sizeof data); /* munmap takes no pointer to const */
        INVARIANT(munmap(data, view->len) == 0);
    }
}

static bool real_rename(struct disk *disk, const char *from, const char *to, struct fail *fail)
{
    struct real_disk *real = disk_of(disk);
    return renameat(real->root, from, real->root, to) == 0 ||
           say(fail, real, from, "renamed", errno);
}

static bool real_remove(struct disk *disk, const char *path, struct fail *fail)
{
    struct real_disk *real = disk_of(disk);
    return unlinkat(real->root, path, 0) == 0 || say(fail, real, path, "removed", errno);
}

static bool real_make_dir(struct disk *disk, const char *path, struct fail *fail)
{
    struct real_disk *real = disk_of(disk);
    if (mkdirat(real->root, path, 0700) == 0) {
        return true;
    }
    int error = errno;
    struct stat status;
    return (error == EEXIST && fstatat(real->root, path, &status, 0) == 0 &&
            S_ISDIR(status.st_mode)) ||
           say(fail, real, path, "made", error);
}

int base_folder_open(int at, const char *path)
{
    int folder;
    do {
        folder = openat(at, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    } while (folder < 0 && errno == EINTR);
    return folder;
}

int base_folder_sync(int folder)
{
    int error;
    do {
        error = fsync(folder) == 0 ? 0 : errno;
    } while (error == EINTR);
    return error == EINVAL ? 0 : error;
}

static int open_dir(struct real_disk *disk, const char *path, struct fail *fail)
{
    int descriptor = base_folder_open(disk->root, path[0] == '\0' ? "." : path);
    if (descriptor < 0) {
        say(fail, disk, path, "opened", errno);
    }
    return descriptor;
}

static bool real_sync_dir(struct disk *disk, const char *path, struct fail *fail)
{
    struct real_disk *real = disk_of(disk);
    int descriptor = open_dir(real, path, fail);
    if (descriptor < 0) {
        return false;
    }
    int error = base_folder_sync(descriptor);
    close(descriptor);
    return error == 0 || say(fail, real, path, "synced", error);
}

static int compare_names(const void *a, const void *b)
{
    return str_compare(*(const struct str *)a, *(const struct str *)b);
}

static bool is_file(DIR *dir, const struct dirent *entry)
{
    struct stat status;
    return entry->d_type == DT_REG ||
           (entry->d_type == DT_UNKNOWN &&
            fstatat(dirfd(dir), entry->d_name, &status, AT_SYMLINK_NOFOLLOW) == 0 &&
            S_ISREG(status.st_mode));
}

static bool read_names(struct real_disk *disk, const char *path, DIR *dir, struct arena *arena,
                       struct str **names, size_t *count, struct fail *fail)
{
    size_t capacity = 0;
    for (;;) {
        errno = 0;
        /* Safe: no other thread has this stream. NOLINTNEXTLINE(concurrency-mt-unsafe) */
        const struct dirent *entry = readdir(dir);
        if (entry == NULL) {
            return errno == 0 || say(fail, disk, path, "listed", errno);
        }
        if (!is_file(dir, entry)) {
            continue;
        }
        void *block = *names;
        if (!base_grow_array(&block, &capacity, *count + 1, sizeof **names, fail)) {
            return false;
        }
        *names = block;
        (*names)[(*count)++] = str_copy(arena, str_from_c(entry->d_name));
    }
}

static bool real_list(struct disk *disk, const char *path, struct arena *arena, struct str **out,
                      size_t *out_count, struct fail *fail)
{
    struct real_disk *real = disk_of(disk);
    int descriptor = open_dir(real, path, fail);
    if (descriptor < 0) {
        return false;
    }
    DIR *dir = fdopendir(descriptor);
    if (dir == NULL) {
        int error = errno;
        close(descriptor);
        return say(fail, real, path, "listed", error);
    }
    CLEANUP(base_free_at) struct str *names = NULL;
    size_t count = 0;
    bool read = read_names(real, path, dir, arena, &names, &count, fail);
    closedir(dir);
    struct str *kept = read ? arena_array(arena, count, sizeof *kept, fail) : NULL;
    if (kept == NULL) {
        return false;
    }
    if (count > 0) {
        memcpy(kept, names, count * sizeof *kept);
        qsort(kept, count, sizeof *kept, compare_names);
    }
    *out = kept;
    *out_count = count;
    return true;
}

static bool real_measure(struct disk *disk, struct disk_room *out, struct fail *fail)
{
    struct statvfs status;
    if (fstatvfs(disk_of(disk)->root, &status) != 0) {
        return say(fail, disk_of(disk), "", "measured", errno);
    }
    out->free_bytes = (uint64_t)status.f_bavail * (uint64_t)status.f_frsize;
    out->total_bytes = (uint64_t)status.f_blocks * (uint64_t)status.f_frsize;
    return true;
}

static void real_destroy(struct disk *disk)
{
    close(disk_of(disk)->root);
    base_free(disk_of(disk)->name);
    base_free(disk);
}

bool disk_real(const char *root, struct disk **out, struct fail *fail)
{
    static const struct disk_calls calls = {
        .destroy = real_destroy,
        .open = real_open,
        .close = real_close,
        .read_at = real_read_at,
        .write_at = real_write_at,
        .truncate = real_truncate,
        .reserve = real_reserve,
        .sync = real_sync,
        .size = real_size,
        .map = real_map,
        .unmap = real_unmap,
        .rename = real_rename,
        .remove = real_remove,
        .make_dir = real_make_dir,
        .sync_dir = real_sync_dir,
        .list = real_list,
        .measure = real_measure,
    };
    int descriptor = base_folder_open(AT_FDCWD, root);
    if (descriptor < 0) {
        int error = errno;
        return fail_set(fail, code_of(error), "%s cannot be opened: %s", root,
                        strerrordesc_np(error));
    }
    struct real_disk *disk = base_alloc_zero(sizeof *disk);
    disk->disk.calls = &calls;
    disk->root = descriptor;
    disk->name = copy_text(root);
    *out = &disk->disk;
    return true;
}
