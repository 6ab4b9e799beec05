/* base_disk.h — the file system behind an interface, so that tests can cut the power.
 *
 * What: every module that keeps data does so through a struct disk. disk_real() is the system's;
 *   tests/support has one in memory that loses, tears and reorders what was not synced and makes the
 *   N-th call fail. Paths are relative to the disk's root (the data directory), '/'-separated.
 * Owner: disk_free; files are closed by disk_close.   Threads: a disk may be used by many; a file
 *   handle's calls must not race with its close; disk_read_at and disk_map may run in parallel.
 * Failure: FAIL_IO with path and reason (FAIL_LIMIT for no room: ENOSPC, EDQUOT); FAIL_ABSENT where a
 *   named file does not exist. EINTR and short counts are handled inside.
 * Limits/cost: one system call each, but disk_write_whole.   Units: bytes.
 * Durability: bytes are durable after disk_sync on the file; a file's name (create, rename, remove)
 *   after disk_sync_dir on its folder. Nothing else may be assumed.
 * Example: struct disk_file *f = NULL; if (!disk_open(disk, "journal/1", DISK_CREATE, &f, fail)) ...
 * Not here: SQLite's own files (state), sockets.
 */
#pragma once

#include "base_str.h"

struct disk;
struct disk_file;

enum disk_open_flags {
    DISK_READ = 0,       /* must exist; reading only */
    DISK_WRITE = 1,      /* must exist; reading and writing */
    DISK_CREATE = 2,     /* made where absent; reading and writing */
    DISK_CREATE_NEW = 3, /* must not exist */
};

struct
    disk_view { /* whole file, read-only; valid until disk_unmap, also after the file is removed */
    const uint8_t *data;
    size_t len;
};

struct disk_room {
    uint64_t free_bytes; /* for us: what is kept for root does not count */
    uint64_t total_bytes;
};

struct disk_calls {
    void (*destroy)(struct disk *disk);
    bool (*open)(struct disk *disk, const char *path, enum disk_open_flags how,
                 struct disk_file **out, struct fail *fail);
    void (*close)(struct disk_file *file);
    bool (*read_at)(struct disk_file *file, uint64_t offset, void *into, size_t len,
                    size_t *out_read, struct fail *fail);
    bool (*write_at)(struct disk_file *file, uint64_t offset, const void *from, size_t len,
                     struct fail *fail);
    bool (*truncate)(struct disk_file *file, uint64_t len, struct fail *fail);
    bool (*reserve)(struct disk_file *file, uint64_t len, struct fail *fail);
    bool (*sync)(struct disk_file *file, struct fail *fail); /* fdatasync */
    bool (*size)(struct disk_file *file, uint64_t *out, struct fail *fail);
    bool (*map)(struct disk_file *file, struct disk_view *out, struct fail *fail);
    void (*unmap)(struct disk *disk, struct disk_view *view);
    bool (*rename)(struct disk *disk, const char *from, const char *to, struct fail *fail);
    bool (*remove)(struct disk *disk, const char *path, struct fail *fail);
    bool (*make_dir)(struct disk *disk, const char *path, struct fail *fail);
    bool (*sync_dir)(struct disk *disk, const char *path, struct fail *fail);
    /* Names of the files (no folders) in a folder, sorted by bytes, NUL-terminated, in the arena. */
    bool (*list)(struct disk *disk, const char *path, struct arena *arena, struct str **out,
                 size_t *out_count, struct fail *fail);
    bool (*measure)(struct disk *disk, struct disk_room *out, struct fail *fail);
};
struct disk { /* embedded first in each implementation */
    const struct disk_calls *calls;
};
struct disk_file { /* likewise */
    struct disk *disk;
};

/* Files under `root`, which must exist (base_make_dirs); the folder is held by a descriptor. */
bool disk_real(const char *root, struct disk **out, struct fail *fail) MUST_USE;
void disk_free(struct disk *disk);
/* Makes a directory with its parents, 0700 for what is new. */
bool base_make_dirs(const char *path, struct fail *fail) MUST_USE;

bool disk_open(struct disk *disk, const char *path, enum disk_open_flags how,
               struct disk_file **out, struct fail *fail) MUST_USE;
void disk_close(struct disk_file *file); /* accepts NULL */
void disk_close_at(struct disk_file **file);
/* Reads up to `len`; *out_read is less only at the end of the file. */
bool disk_read_at(struct disk_file *file, uint64_t offset, void *into, size_t len, size_t *out_read,
                  struct fail *fail) MUST_USE;
bool disk_write_at(struct disk_file *file, uint64_t offset, const void *from, size_t len,
                   struct fail *fail) MUST_USE;
bool disk_truncate(struct disk_file *file, uint64_t len, struct fail *fail) MUST_USE;
/* Asks for room up to `len` without changing the size; a disk that cannot is no failure. */
bool disk_reserve(struct disk_file *file, uint64_t len, struct fail *fail) MUST_USE;
bool disk_sync(struct disk_file *file, struct fail *fail) MUST_USE;
bool disk_size(struct disk_file *file, uint64_t *out, struct fail *fail) MUST_USE;
bool disk_map(struct disk_file *file, struct disk_view *out, struct fail *fail) MUST_USE;
void disk_unmap(struct disk *disk, struct disk_view *view); /* accepts zeroed */
bool disk_rename(struct disk *disk, const char *from, const char *to, struct fail *fail) MUST_USE;
bool disk_remove(struct disk *disk, const char *path, struct fail *fail) MUST_USE;
bool disk_make_dir(struct disk *disk, const char *path, struct fail *fail) MUST_USE; /* may exist */
bool disk_sync_dir(struct disk *disk, const char *path,
                   struct fail *fail) MUST_USE; /* "" the root */
bool disk_list(struct disk *disk, const char *path, struct arena *arena, struct str **out,
               size_t *out_count, struct fail *fail) MUST_USE;
bool disk_measure(struct disk *disk, struct disk_room *out, struct fail *fail) MUST_USE;

/* Whole small files: write goes to a temporary name (`path`.tmp), is synced, renamed over `path`, and the
   folder is synced: afterwards either the old or the new file is there, whole. One writer a path. */
bool disk_write_whole(struct disk *disk, const char *path, struct str bytes,
                      struct fail *fail) MUST_USE;
bool disk_read_whole(struct disk *disk, const char *path, struct arena *arena, size_t most,
                     struct str *out, struct fail *fail) MUST_USE;
