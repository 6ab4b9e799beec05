/* Only the database itself is looked at: files of other kinds are opened by the file system below, and are its own from
   then on. */
#include "state_pages.h"

#include <string.h>

#include "base_bytes.h"
#include "base_hash.h"

#define NAME "firsthand"
#define SUMMED_BYTES (STATE_PAGE_BYTES - STATE_PAGE_SUM_BYTES)
#define HEAD_BYTES                                                                                 \
    100 /* SQLite reads the head by itself, also while the page is half written and the log has it whole */

struct pages_file {
    sqlite3_file face; /* first: SQLite knows no more of it */
    sqlite3_file *below;
};

static sqlite3_vfs *below;
static sqlite3_vfs pages_vfs;
static sqlite3_io_methods pages_calls;
static _Thread_local struct state_pages_met met;

static struct pages_file *of(sqlite3_file *file)
{
    return (struct pages_file *)file;
}

static uint64_t sum_of(const uint8_t *page, sqlite3_int64 number)
{
    return base_hash64(page, SUMMED_BYTES, (uint64_t)number);
}

/* ---- reading and writing ---------------------------------------------------------------------------------- */

static int check(const uint8_t *page, sqlite3_int64 number)
{
    static const char magic[16] = "SQLite format 3";
    if (base_get_u64(page + SUMMED_BYTES) == sum_of(page, number) ||
        (number == 1 && memcmp(page, magic, sizeof magic) != 0)) {
        return SQLITE_OK; /* what does not even look like a database SQLite refuses itself */
    }
    met.damaged = (uint32_t)number;
    return SQLITE_IOERR_DATA;
}

static int read_below(sqlite3_file *file, void *into, int len, sqlite3_int64 offset)
{
    int code = file->pMethods->xRead(file, into, len, offset);
    if (code != SQLITE_OK && code != SQLITE_IOERR_SHORT_READ) {
        met.failed = code;
    }
    return code;
}

/* A part of a page is as good as the page. */
static int read_part(sqlite3_file *file, void *into, int len, sqlite3_int64 offset)
{
    uint8_t page[STATE_PAGE_BYTES];
    sqlite3_int64 begin = offset % STATE_PAGE_BYTES, number = offset / STATE_PAGE_BYTES + 1;
    int code = begin + len > STATE_PAGE_BYTES
                   ? SQLITE_IOERR_READ
                   : read_below(file, page, STATE_PAGE_BYTES, offset - begin);
    code = code == SQLITE_OK ? check(page, number) : code;
    if (code == SQLITE_OK) {
        memcpy(into, page + begin, (size_t)len);
    } else {
        memset(into, 0, (size_t)len); /* as where a file ends */
    }
    return code;
}

static int pages_read(sqlite3_file *file, void *into, int len, sqlite3_int64 offset)
{
    sqlite3_file *under = of(file)->below;
    if (offset + len <= HEAD_BYTES) {
        return read_below(under, into, len, offset);
    }
    if (len != STATE_PAGE_BYTES || offset % STATE_PAGE_BYTES != 0) {
        return read_part(under, into, len, offset);
    }
    int code = read_below(under, into, len, offset);
    return code == SQLITE_OK ? check(into, offset / STATE_PAGE_BYTES + 1) : code;
}

/* Where SQLite moves rows from page to page, bytes of where they lay stay in the free room between a page's list of rows
   and the first of them, also when the row itself is deleted and overwritten later, in its new page. What is free is
   written as zeros. Pages of another kind begin with a page's number or with zeros (STATE_PAGES_MAX). */
static void clear_free_room(uint8_t *page, sqlite3_int64 number)
{
    size_t at = number == 1 ? HEAD_BYTES : 0;
    const uint8_t *head = page + at;
    bool inner = head[0] == 0x02 || head[0] == 0x05;
    if (!inner && head[0] != 0x0a && head[0] != 0x0d) {
        return;
    }
    size_t begin = at + (inner ? 12U : 8U) + 2U * ((size_t)head[3] << 8 | head[4]);
    size_t end = (size_t)head[5] << 8 | head[6];
    if (begin < end && end <= SUMMED_BYTES) {
        memset(page + begin, 0, end - begin);
    }
}

static int pages_write(sqlite3_file *file, const void *from, int len, sqlite3_int64 offset)
{
    sqlite3_file *under = of(file)->below;
    uint8_t page[STATE_PAGE_BYTES];
    if (len != STATE_PAGE_BYTES || offset % STATE_PAGE_BYTES != 0) {
        return SQLITE_IOERR_WRITE; /* SQLite writes whole pages; this one has another size, so it is not ours */
    }
    /* SQLite's own copy stays as it is: its log has sums over that one. */
    memcpy(page, from, SUMMED_BYTES);
    clear_free_room(page, offset / STATE_PAGE_BYTES + 1);
    base_put_u64(page + SUMMED_BYTES, sum_of(page, offset / STATE_PAGE_BYTES + 1));
    return under->pMethods->xWrite(under, page, len, offset);
}

/* ---- all else is the same ------------------------------------------------------------------------------------ */

static int pages_close(sqlite3_file *file)
{
    return of(file)->below->pMethods->xClose(of(file)->below);
}

static int pages_truncate(sqlite3_file *file, sqlite3_int64 len)
{
    return of(file)->below->pMethods->xTruncate(of(file)->below, len);
}

static int pages_sync(sqlite3_file *file, int how)
{
    return of(file)->below->pMethods->xSync(of(file)->below, how);
}

static int pages_size(sqlite3_file *file, sqlite3_int64 *out)
{
    return of(file)->below->pMethods->xFileSize(of(file)->below, out);
}

static int pages_lock(sqlite3_file *file, int how)
{
    return of(file)->below->pMethods->xLock(of(file)->below, how);
}

static int pages_unlock(sqlite3_file *file, int how)
{
    return of(file)->below->pMethods->xUnlock(of(file)->below, how);
}

static int pages_is_reserved(sqlite3_file *file, int *out)
{
    return of(file)->below->pMethods->xCheckReservedLock(of(file)->below, out);
}

static int pages_control(sqlite3_file *file, int what, void *with)
{
    return of(file)->below->pMethods->xFileControl(of(file)->below, what, with);
}

static int pages_sector(sqlite3_file *file)
{
    return of(file)->below->pMethods->xSectorSize(of(file)->below);
}

static int pages_characteristics(sqlite3_file *file)
{
    return of(file)->below->pMethods->xDeviceCharacteristics(of(file)->below);
}

static int pages_shm_map(sqlite3_file *file, int region, int len, int extend, void volatile **out)
{
    return of(file)->below->pMethods->xShmMap(of(file)->below, region, len, extend, out);
}

static int pages_shm_lock(sqlite3_file *file, int offset, int count, int how)
{
    return of(file)->below->pMethods->xShmLock(of(file)->below, offset, count, how);
}

static void pages_shm_barrier(sqlite3_file *file)
{
    of(file)->below->pMethods->xShmBarrier(of(file)->below);
}

static int pages_shm_unmap(sqlite3_file *file, int remove)
{
    return of(file)->below->pMethods->xShmUnmap(of(file)->below, remove);
}

/* ---- opening --------------------------------------------------------------------------------------------------- */

static int pages_open(sqlite3_vfs *vfs, sqlite3_filename path, sqlite3_file *file, int flags,
                      int *out_flags)
{
    (void)vfs;
    if ((flags & SQLITE_OPEN_MAIN_DB) == 0) {
        return below->xOpen(below, path, file, flags, out_flags);
    }
    file->pMethods = NULL;
    sqlite3_file *under = (sqlite3_file *)(of(file) + 1);
    int code = below->xOpen(below, path, under, flags, out_flags);
    if (under->pMethods == NULL) {
        return code;
    }
    of(file)->below = under;
    file->pMethods = &pages_calls; /* also after a failure: then it is closed */
    return code;
}

/* No maps (version 2): what is read through one is not seen here. */
static sqlite3_io_methods pages_calls = {
    .iVersion = 2,
    .xClose = pages_close,
    .xRead = pages_read,
    .xWrite = pages_write,
    .xTruncate = pages_truncate,
    .xSync = pages_sync,
    .xFileSize = pages_size,
    .xLock = pages_lock,
    .xUnlock = pages_unlock,
    .xCheckReservedLock = pages_is_reserved,
    .xFileControl = pages_control,
    .xSectorSize = pages_sector,
    .xDeviceCharacteristics = pages_characteristics,
    .xShmMap = pages_shm_map,
    .xShmLock = pages_shm_lock,
    .xShmBarrier = pages_shm_barrier,
    .xShmUnmap = pages_shm_unmap,
};

/* But for opening, all calls are those of the file system below: none of them looks at which one it was called for but
   to find its own data, which are here too. */
static void set_up(void)
{
    below = sqlite3_vfs_find(NULL);
    pages_vfs = *below;
    pages_vfs.zName = NAME;
    pages_vfs.pNext = NULL;
    pages_vfs.szOsFile = (int)sizeof(struct pages_file) + below->szOsFile;
    pages_vfs.xOpen = pages_open;
    sqlite3_vfs_register(&pages_vfs, 0);
}

const char *state_pages_vfs(void)
{
    sqlite3_mutex *lock = sqlite3_mutex_alloc(SQLITE_MUTEX_STATIC_APP1);
    sqlite3_mutex_enter(lock);
    if (below == NULL) {
        set_up();
    }
    sqlite3_mutex_leave(lock);
    return NAME;
}

void state_pages_want(sqlite3 *db)
{
    int bytes = STATE_PAGE_SUM_BYTES;
    sqlite3_file_control(db, "main", SQLITE_FCNTL_RESERVE_BYTES, &bytes);
}

void state_pages_forget(void)
{
    met = (struct state_pages_met){0};
}

struct state_pages_met state_pages_met(void)
{
    return met;
}

int state_pages_swallowed(void)
{
    return met.failed != 0 ? met.failed : met.damaged != 0 ? SQLITE_IOERR_DATA : SQLITE_OK;
}
