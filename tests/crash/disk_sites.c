#include "disk_sites.h"

#include <stdio.h>
#include <stdlib.h>

#include "base_disk.h"
#include "base_thread.h"

#define SITES_MAX 4096U

struct site {
    const char *function;
    const void *address; /* where the call returns to */
    unsigned long long calls, failed;
};

extern const char __executable_start; /* the linker's: addresses count from there */

static struct site sites[SITES_MAX];
static size_t site_count;
static struct base_mutex lock;

__attribute__((constructor)) static void begin(void)
{
    base_mutex_init(&lock);
}

__attribute__((destructor)) static void end(void)
{
    const char *path = getenv("FIRSTHAND_CRASH_SITES");
    FILE *file = path == NULL ? NULL : fopen(path, "ae");
    for (size_t i = 0; file != NULL && i < site_count; i++) {
        fprintf(file, "%s %llx %llu %llu\n", sites[i].function,
                (unsigned long long)((const char *)sites[i].address - &__executable_start),
                sites[i].calls, sites[i].failed);
    }
    if (file != NULL) {
        fclose(file);
    }
}

static bool note(const char *function, const void *address, bool ok)
{
    base_lock(&lock);
    size_t i = 0;
    while (i < site_count && sites[i].address != address) {
        i++;
    }
    if (i == site_count) {
        INVARIANT(site_count < SITES_MAX);
        sites[site_count++] = (struct site){.function = function, .address = address};
    }
    sites[i].calls++;
    sites[i].failed += !ok;
    base_unlock(&lock);
    return ok;
}

/* The names are the linker's. NOLINTBEGIN(bugprone-reserved-identifier) */
#define WRAP(name, parameters, arguments)                                                          \
    bool __real_##name parameters;                                                                 \
    bool __wrap_##name parameters;                                                                 \
    bool __wrap_##name parameters                                                                  \
    {                                                                                              \
        return note(#name, __builtin_return_address(0), __real_##name arguments);                  \
    }

WRAP(disk_open,
     (struct disk * disk, const char *path, enum disk_open_flags how, struct disk_file **out,
      struct fail *fail),
     (disk, path, how, out, fail))
WRAP(disk_read_at,
     (struct disk_file * file, uint64_t offset, void *into, size_t len, size_t *out_read,
      struct fail *fail),
     (file, offset, into, len, out_read, fail))
WRAP(disk_write_at,
     (struct disk_file * file, uint64_t offset, const void *from, size_t len, struct fail *fail),
     (file, offset, from, len, fail))
WRAP(disk_truncate, (struct disk_file * file, uint64_t len, struct fail *fail), (file, len, fail))
WRAP(disk_reserve, (struct disk_file * file, uint64_t len, struct fail *fail), (file, len, fail))
WRAP(disk_sync, (struct disk_file * file, struct fail *fail), (file, fail))
WRAP(disk_size, (struct disk_file * file, uint64_t *out, struct fail *fail), (file, out, fail))
WRAP(disk_map, (struct disk_file * file, struct disk_view *out, struct fail *fail),
     (file, out, fail))
WRAP(disk_rename, (struct disk * disk, const char *from, const char *to, struct fail *fail),
     (disk, from, to, fail))
WRAP(disk_remove, (struct disk * disk, const char *path, struct fail *fail), (disk, path, fail))
WRAP(disk_make_dir, (struct disk * disk, const char *path, struct fail *fail), (disk, path, fail))
WRAP(disk_sync_dir, (struct disk * disk, const char *path, struct fail *fail), (disk, path, fail))
WRAP(disk_list,
     (struct disk * disk, const char *path, struct arena *arena, struct str **out,
      size_t *out_count, struct fail *fail),
     (disk, path, arena, out, out_count, fail))
WRAP(disk_measure, (struct disk * disk, struct disk_room *out, struct fail *fail),
     (disk, out, fail))
WRAP(disk_write_whole, (struct disk * disk, const char *path, struct str bytes, struct fail *fail),
     (disk, path, bytes, fail))
WRAP(disk_read_whole,
     (struct disk * disk, const char *path, struct arena *arena, size_t most, struct str *out,
      struct fail *fail),
     (disk, path, arena, most, out, fail))
/* NOLINTEND(bugprone-reserved-identifier) */
