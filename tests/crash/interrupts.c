#include "interrupts.h"

#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <unistd.h>

#include "base_fail.h"
#include "base_hash.h"

#define IN_A_ROW_MAX 3U
#define LONG_BYTES 512U /* above it not byte by byte: it would take all night */

static struct interrupts plan;
static bool asked;
static _Atomic uint64_t calls, happened;
static _Thread_local unsigned
    in_a_row; /* by the kernel's leave a call may be interrupted again and again */

void interrupts_ask(const struct interrupts *wanted)
{
    asked = wanted != NULL;
    plan = wanted == NULL ? (struct interrupts){0} : *wanted;
    atomic_store(&calls, 0);
    atomic_store(&happened, 0);
}

uint64_t interrupts_happened(void)
{
    return atomic_load(&happened);
}

uint64_t interrupts_calls(void)
{
    return atomic_load(&calls);
}

static uint64_t dice(uint64_t call)
{
    return base_hash64(&call, sizeof call, plan.seed);
}

/* Is it this call's turn? *out_call is its number. */
static bool is_due(enum interrupts_kind kind, uint64_t *out_call)
{
    if (!asked || (plan.kind != INTERRUPTS_BOTH && plan.kind != kind)) {
        return false;
    }
    *out_call = atomic_fetch_add(&calls, 1) + 1;
    return plan.at == 0 || plan.at == *out_call;
}

static bool interrupted(void)
{
    uint64_t call;
    if (!is_due(INTERRUPTS_EINTR, &call)) {
        return false;
    }
    if (plan.at == 0 && (in_a_row >= IN_A_ROW_MAX || dice(call) % 2 == 0)) {
        in_a_row = 0;
        return false;
    }
    in_a_row++;
    atomic_fetch_add(&happened, 1);
    errno = EINTR;
    return true;
}

/* How much of `len` bytes is done. */
static size_t shortened(size_t len)
{
    uint64_t call;
    if (len < 2 || !is_due(INTERRUPTS_SHORT, &call)) {
        return len;
    }
    atomic_fetch_add(&happened, 1);
    return plan.at != 0 || len <= LONG_BYTES ? 1 : 1 + (size_t)(dice(call) % (len / 4));
}

/* Opening is given its mode in whatever follows; the calls without one leave it alone. */
static mode_t mode_of(int flags, va_list rest)
{
    return (flags & O_CREAT) != 0 ? va_arg(rest, mode_t) : 0;
}

/* The names are the linker's. NOLINTBEGIN(bugprone-reserved-identifier) */
int __real_open64(const char *path, int flags, ...);
int __wrap_open64(const char *path, int flags, ...);
int __wrap_open64(const char *path, int flags, ...)
{
    va_list rest;
    va_start(rest, flags);
    mode_t mode = mode_of(flags, rest);
    va_end(rest);
    return interrupted() ? -1 : __real_open64(path, flags, mode);
}

int __real_openat64(int folder, const char *path, int flags, ...);
int __wrap_openat64(int folder, const char *path, int flags, ...);
int __wrap_openat64(int folder, const char *path, int flags, ...)
{
    va_list rest;
    va_start(rest, flags);
    mode_t mode = mode_of(flags, rest);
    va_end(rest);
    return interrupted() ? -1 : __real_openat64(folder, path, flags, mode);
}

#define WRAP_PART(name, parameters, arguments)                                                     \
    ssize_t __real_##name parameters;                                                              \
    ssize_t __wrap_##name parameters;                                                              \
    ssize_t __wrap_##name parameters                                                               \
    {                                                                                              \
        if (interrupted()) {                                                                       \
            return -1;                                                                             \
        }                                                                                          \
        len = shortened(len);                                                                      \
        return __real_##name arguments;                                                            \
    }
WRAP_PART(read, (int file, void *into, size_t len), (file, into, len))
WRAP_PART(write, (int file, const void *from, size_t len), (file, from, len))
WRAP_PART(pread64, (int file, void *into, size_t len, off_t at), (file, into, len, at))
WRAP_PART(pwrite64, (int file, const void *from, size_t len, off_t at), (file, from, len, at))

#define WRAP_WHOLE(name, parameters, arguments)                                                    \
    int __real_##name parameters;                                                                  \
    int __wrap_##name parameters;                                                                  \
    int __wrap_##name parameters                                                                   \
    {                                                                                              \
        return interrupted() ? -1 : __real_##name arguments;                                       \
    }
WRAP_WHOLE(ftruncate64, (int file, off_t len), (file, len))
WRAP_WHOLE(fallocate64, (int file, int how, off_t at, off_t len), (file, how, at, len))

/* The power stays on: what a sync would do, but for its time, is nothing. */
#define WRAP_SYNC(name)                                                                            \
    int __wrap_##name(int file);                                                                   \
    int __wrap_##name(int file)                                                                    \
    {                                                                                              \
        (void)file;                                                                                \
        return interrupted() ? -1 : 0;                                                             \
    }
WRAP_SYNC(fdatasync)
WRAP_SYNC(fsync)
/* NOLINTEND(bugprone-reserved-identifier) */

/* ---- SQLite's, which lies in a library of its own ------------------------------------------------------------- */

static int sqlite_open(const char *path, int flags, int mode)
{
    return open(path, flags, mode); /* which is wrapped, as all calls of this program are */
}

static int sqlite_truncate(int file, off_t len)
{
    return __wrap_ftruncate64(file, len);
}

static int sqlite_allocate(int file, off_t at, off_t len)
{
    return interrupted() ? EINTR : posix_fallocate(file, at, len);
}

__attribute__((constructor)) static void begin(void)
{
    static const struct {
        const char *name;
        sqlite3_syscall_ptr call;
    } table[] = {
        {"open", (sqlite3_syscall_ptr)sqlite_open},
        {"read", (sqlite3_syscall_ptr)__wrap_read},
        {"write", (sqlite3_syscall_ptr)__wrap_write},
        {"pread", (sqlite3_syscall_ptr)__wrap_pread64},
        {"pread64", (sqlite3_syscall_ptr)__wrap_pread64},
        {"pwrite", (sqlite3_syscall_ptr)__wrap_pwrite64},
        {"pwrite64", (sqlite3_syscall_ptr)__wrap_pwrite64},
        {"ftruncate", (sqlite3_syscall_ptr)sqlite_truncate},
        {"fallocate", (sqlite3_syscall_ptr)sqlite_allocate},
    };
    sqlite3_vfs *vfs = sqlite3_vfs_find(NULL);
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        /* Calls that this build of SQLite does not have are refused. */
        (void)vfs->xSetSystemCall(vfs, table[i].name, table[i].call);
    }
}
