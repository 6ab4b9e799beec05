#include "state_sim.h"

#include <sqlite3.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "scratch.h"

struct state_sim {
    char folder[SCRATCH_BYTES];
    struct disk_sim *disk;
};
static struct state_sim *sims[STATE_SIMS_MAX];

/* What SQLite knows of a file; its own file system's part follows. */
struct sim_file {
    sqlite3_file face;
    sqlite3_file *real; /* empty; for locks and shared memory */
    struct state_sim *sim;
    struct disk_file *file;
    bool syncs_folder; /* with its next sync, as SQLite's own does for a new journal or log */
};

static sqlite3_vfs *system_vfs;
static sqlite3_vfs sim_vfs;
static sqlite3_io_methods sim_calls;

static struct sim_file *of(sqlite3_file *file)
{
    return (struct sim_file *)file;
}

/* The disk that a path lies on, and its path there; NULL: it lies on none. */
static struct state_sim *find(const char *path, const char **out_inside)
{
    for (size_t i = 0; path != NULL && i < STATE_SIMS_MAX; i++) {
        size_t len = sims[i] == NULL ? 0 : strlen(sims[i]->folder);
        if (len > 0 && strncmp(path, sims[i]->folder, len) == 0 && path[len] == '/') {
            *out_inside = path + len + 1;
            return sims[i];
        }
    }
    return NULL;
}

/* ---- a file --------------------------------------------------------------------------------------------------- */

static int code_of(const struct fail *fail, int otherwise)
{
    return fail->code == FAIL_LIMIT ? SQLITE_FULL : otherwise;
}

static int sim_close(sqlite3_file *file)
{
    disk_close(of(file)->file);
    return of(file)->real->pMethods->xClose(of(file)->real);
}

static int sim_read(sqlite3_file *file, void *into, int len, sqlite3_int64 offset)
{
    struct fail fail;
    size_t got = 0;
    if (!disk_read_at(of(file)->file, (uint64_t)offset, into, (size_t)len, &got, &fail)) {
        return SQLITE_IOERR_READ;
    }
    memset((char *)into + got, 0, (size_t)len - got);
    return got == (size_t)len ? SQLITE_OK : SQLITE_IOERR_SHORT_READ;
}

static int sim_write(sqlite3_file *file, const void *from, int len, sqlite3_int64 offset)
{
    struct fail fail;
    return disk_write_at(of(file)->file, (uint64_t)offset, from, (size_t)len, &fail)
               ? SQLITE_OK
               : code_of(&fail, SQLITE_IOERR_WRITE);
}

static int sim_truncate(sqlite3_file *file, sqlite3_int64 len)
{
    struct fail fail;
    return disk_truncate(of(file)->file, (uint64_t)len, &fail) ? SQLITE_OK : SQLITE_IOERR_TRUNCATE;
}

static int sim_sync(sqlite3_file *file, int how)
{
    struct fail fail;
    struct sim_file *open = of(file);
    (void)how;
    if (!disk_sync(open->file, &fail)) {
        return SQLITE_IOERR_FSYNC;
    }
    if (open->syncs_folder && !disk_sync_dir(disk_sim_disk(open->sim->disk), "", &fail)) {
        return SQLITE_IOERR_DIR_FSYNC;
    }
    open->syncs_folder = false;
    return SQLITE_OK;
}

static int sim_size(sqlite3_file *file, sqlite3_int64 *out)
{
    struct fail fail;
    uint64_t size;
    if (!disk_size(of(file)->file, &size, &fail)) {
        return SQLITE_IOERR_FSTAT;
    }
    *out = (sqlite3_int64)size;
    return SQLITE_OK;
}

static int sim_lock(sqlite3_file *file, int how)
{
    return of(file)->real->pMethods->xLock(of(file)->real, how);
}

static int sim_unlock(sqlite3_file *file, int how)
{
    return of(file)->real->pMethods->xUnlock(of(file)->real, how);
}

static int sim_is_reserved(sqlite3_file *file, int *out)
{
    return of(file)->real->pMethods->xCheckReservedLock(of(file)->real, out);
}

static int sim_control(sqlite3_file *file, int what, void *with)
{
    return of(file)->real->pMethods->xFileControl(of(file)->real, what, with);
}

static int sim_sector(sqlite3_file *file)
{
    return of(file)->real->pMethods->xSectorSize(of(file)->real);
}

static int sim_characteristics(sqlite3_file *file)
{
    return of(file)->real->pMethods->xDeviceCharacteristics(of(file)->real);
}

static int sim_shm_map(sqlite3_file *file, int region, int len, int extend, void volatile **out)
{
    return of(file)->real->pMethods->xShmMap(of(file)->real, region, len, extend, out);
}

static int sim_shm_lock(sqlite3_file *file, int offset, int count, int how)
{
    return of(file)->real->pMethods->xShmLock(of(file)->real, offset, count, how);
}

static void sim_shm_barrier(sqlite3_file *file)
{
    of(file)->real->pMethods->xShmBarrier(of(file)->real);
}

static int sim_shm_unmap(sqlite3_file *file, int remove)
{
    return of(file)->real->pMethods->xShmUnmap(of(file)->real, remove);
}

/* ---- the file system ---------------------------------------------------------------------------------------------- */

static bool is_log(int flags)
{
    return (flags & (SQLITE_OPEN_MAIN_JOURNAL | SQLITE_OPEN_SUPER_JOURNAL | SQLITE_OPEN_WAL)) != 0;
}

static int sim_open(sqlite3_vfs *vfs, sqlite3_filename path, sqlite3_file *file, int flags,
                    int *out_flags)
{
    const char *inside;
    struct fail fail;
    struct sim_file *open = of(file);
    struct state_sim *sim = find(path, &inside);
    (void)vfs;
    if (sim == NULL) {
        return system_vfs->xOpen(system_vfs, path, file, flags, out_flags);
    }
    *open = (struct sim_file){.sim = sim, .real = (sqlite3_file *)(open + 1)};
    int code = system_vfs->xOpen(system_vfs, path, open->real, flags, out_flags);
    if (code != SQLITE_OK) {
        return code;
    }
    /* Where only the empty file was made by the program itself, this one is made now. */
    if (!disk_open(disk_sim_disk(sim->disk), inside, DISK_CREATE, &open->file, &fail)) {
        open->real->pMethods->xClose(open->real);
        return code_of(&fail, SQLITE_CANTOPEN);
    }
    open->syncs_folder = (flags & SQLITE_OPEN_CREATE) != 0 && is_log(flags);
    open->face.pMethods = &sim_calls;
    return SQLITE_OK;
}

static int sim_delete(sqlite3_vfs *vfs, const char *path, int syncs_folder)
{
    const char *inside;
    struct fail fail;
    struct state_sim *sim = find(path, &inside);
    (void)vfs;
    if (sim == NULL) {
        return system_vfs->xDelete(system_vfs, path, syncs_folder);
    }
    if (!disk_remove(disk_sim_disk(sim->disk), inside, &fail)) {
        return fail.code == FAIL_ABSENT ? SQLITE_IOERR_DELETE_NOENT : SQLITE_IOERR_DELETE;
    }
    return !syncs_folder || disk_sync_dir(disk_sim_disk(sim->disk), "", &fail)
               ? SQLITE_OK
               : SQLITE_IOERR_DIR_FSYNC;
}

/* An empty file counts as none, as with SQLite's own. */
static int sim_access(sqlite3_vfs *vfs, const char *path, int how, int *out)
{
    const char *inside;
    struct fail fail;
    uint64_t size = 0;
    struct state_sim *sim = find(path, &inside);
    (void)vfs;
    if (sim == NULL) {
        return system_vfs->xAccess(system_vfs, path, how, out);
    }
    CLEANUP(disk_close_at) struct disk_file *file = NULL;
    if (!disk_open(disk_sim_disk(sim->disk), inside, DISK_READ, &file, &fail)) {
        *out = 0;
        return fail.code == FAIL_ABSENT ? SQLITE_OK : SQLITE_IOERR_ACCESS;
    }
    if (!disk_size(file, &size, &fail)) {
        return SQLITE_IOERR_ACCESS;
    }
    *out = how != SQLITE_ACCESS_EXISTS || size > 0;
    return SQLITE_OK;
}

static sqlite3_io_methods sim_calls = {
    .iVersion = 2,
    .xClose = sim_close,
    .xRead = sim_read,
    .xWrite = sim_write,
    .xTruncate = sim_truncate,
    .xSync = sim_sync,
    .xFileSize = sim_size,
    .xLock = sim_lock,
    .xUnlock = sim_unlock,
    .xCheckReservedLock = sim_is_reserved,
    .xFileControl = sim_control,
    .xSectorSize = sim_sector,
    .xDeviceCharacteristics = sim_characteristics,
    .xShmMap = sim_shm_map,
    .xShmLock = sim_shm_lock,
    .xShmBarrier = sim_shm_barrier,
    .xShmUnmap = sim_shm_unmap,
};

/* Before the program asks for the default. */
__attribute__((constructor)) static void begin(void)
{
    system_vfs = sqlite3_vfs_find(NULL);
    sim_vfs = *system_vfs;
    sim_vfs.zName = "simulated";
    sim_vfs.pNext = NULL;
    sim_vfs.szOsFile = (int)sizeof(struct sim_file) + system_vfs->szOsFile;
    sim_vfs.xOpen = sim_open;
    sim_vfs.xDelete = sim_delete;
    sim_vfs.xAccess = sim_access;
    sqlite3_vfs_register(&sim_vfs, 1);
}

/* ---- disks --------------------------------------------------------------------------------------------------------- */

static void put_empty(const struct state_sim *sim, struct str name)
{
    char path[2 * SCRATCH_BYTES];
    snprintf(path, sizeof path, "%s/%.*s", sim->folder, STR_ARG(name));
    FILE *file = fopen(path, "ae");
    INVARIANT(file != NULL && fclose(file) == 0);
}

struct state_sim *state_sim_new(struct disk_sim *disk)
{
    struct state_sim *sim = base_alloc_zero(sizeof *sim);
    CLEANUP(arena_free_at) struct arena *arena = arena_new(NULL);
    struct fail fail;
    struct str *names;
    size_t count, i = 0;
    while (i < STATE_SIMS_MAX && sims[i] != NULL) {
        i++;
    }
    INVARIANT(i < STATE_SIMS_MAX && scratch_make(sim->folder));
    sim->disk = disk;
    sims[i] = sim;
    INVARIANT(disk_list(disk_sim_disk(disk), "", arena, &names, &count, &fail));
    for (size_t f = 0; f < count; f++) {
        put_empty(sim, names[f]);
    }
    return sim;
}

void state_sim_free(struct state_sim *sim)
{
    for (size_t i = 0; i < STATE_SIMS_MAX; i++) {
        sims[i] = sims[i] == sim ? NULL : sims[i];
    }
    INVARIANT(scratch_remove(sim->folder));
    disk_sim_free(sim->disk);
    base_free(sim);
}

struct disk_sim *state_sim_disk(struct state_sim *sim)
{
    return sim->disk;
}

const char *state_sim_folder(const struct state_sim *sim)
{
    return sim->folder;
}

/* ---- what the program does by itself, through base_disk.h -------------------------------------------------------------- */

/* A real folder that stands for a simulated disk: its files are the empty ones. */
struct both {
    struct disk disk;
    struct disk *real;
    struct disk *simulated;
};

static struct both *both_of(struct disk *disk)
{
    return (struct both *)disk;
}

static void both_destroy(struct disk *disk)
{
    disk_free(both_of(disk)->real);
    base_free(disk);
}

static bool both_open(struct disk *disk, const char *path, enum disk_open_flags how,
                      struct disk_file **out, struct fail *fail)
{
    return disk_open(both_of(disk)->simulated, path, how, out, fail);
}

/* Files are the simulated disk's own; what is called for a disk is asked of it here. */
static void both_unmap(struct disk *disk, struct disk_view *view)
{
    disk_unmap(both_of(disk)->simulated, view);
}

static bool both_make_dir(struct disk *disk, const char *path, struct fail *fail)
{
    return disk_make_dir(both_of(disk)->simulated, path, fail);
}

static bool both_list(struct disk *disk, const char *path, struct arena *arena, struct str **out,
                      size_t *out_count, struct fail *fail)
{
    return disk_list(both_of(disk)->simulated, path, arena, out, out_count, fail);
}

static bool both_measure(struct disk *disk, struct disk_room *out, struct fail *fail)
{
    return disk_measure(both_of(disk)->simulated, out, fail);
}

static bool both_rename(struct disk *disk, const char *from, const char *to, struct fail *fail)
{
    struct fail absent; /* files that SQLite never opened have no empty ones */
    bool renamed = disk_rename(both_of(disk)->simulated, from, to, fail);
    if (renamed) {
        (void)!disk_rename(both_of(disk)->real, from, to, &absent);
    }
    return renamed;
}

static bool both_remove(struct disk *disk, const char *path, struct fail *fail)
{
    struct fail absent;
    bool removed = disk_remove(both_of(disk)->simulated, path, fail);
    if (removed || fail->code == FAIL_ABSENT) {
        (void)!disk_remove(both_of(disk)->real, path, &absent);
    }
    return removed;
}

static bool both_sync_dir(struct disk *disk, const char *path, struct fail *fail)
{
    return disk_sync_dir(both_of(disk)->simulated, path, fail);
}

/* The names are the linker's. NOLINTBEGIN(bugprone-reserved-identifier) */
bool __real_disk_real(const char *root, struct disk **out, struct fail *fail);
bool __wrap_disk_real(const char *root, struct disk **out, struct fail *fail);
bool __wrap_disk_real(const char *root, struct disk **out, struct fail *fail)
{
    static const struct disk_calls calls = {.destroy = both_destroy,
                                            .open = both_open,
                                            .unmap = both_unmap,
                                            .rename = both_rename,
                                            .remove = both_remove,
                                            .make_dir = both_make_dir,
                                            .list = both_list,
                                            .measure = both_measure,
                                            .sync_dir = both_sync_dir};
    struct disk *real = NULL;
    size_t i = 0;
    if (!__real_disk_real(root, &real, fail)) {
        return false;
    }
    while (i < STATE_SIMS_MAX && (sims[i] == NULL || strcmp(sims[i]->folder, root) != 0)) {
        i++;
    }
    if (i == STATE_SIMS_MAX) {
        *out = real;
        return true;
    }
    struct both *both = base_alloc_zero(sizeof *both);
    *both = (struct both){
        .disk.calls = &calls, .real = real, .simulated = disk_sim_disk(sims[i]->disk)};
    *out = &both->disk;
    return true;
}

int __real_unlink(const char *path);
int __wrap_unlink(const char *path);
int __wrap_unlink(const char *path)
{
    const char *inside;
    struct fail fail;
    struct state_sim *sim = find(path, &inside);
    if (sim != NULL) {
        (void)!disk_remove(disk_sim_disk(sim->disk), inside, &fail);
    }
    return __real_unlink(path);
}
/* NOLINTEND(bugprone-reserved-identifier) */
