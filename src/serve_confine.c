#include "serve_confine.h"

#include <limits.h>
#include <link.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include "base_confine.h"
#include "base_disk.h"
#include "base_log.h"
#include "net_server.h"

/* ---- files -------------------------------------------------------------------------------------------- */

#define PATHS_MAX 32

struct paths {
    struct base_confine_path list[PATHS_MAX];
    size_t count;
    struct arena *arena;
};

static void add(struct paths *paths, const char *path, unsigned rights)
{
    INVARIANT(paths->count < PATHS_MAX);
    paths->list[paths->count++] = (struct base_confine_path){path, rights};
}

/* The folder of a file: whoever renews the file puts another in its place, which is another to the kernel. */
static void add_folder_of(struct paths *paths, const char *path)
{
    struct str whole = str_from_c(path);
    size_t slash = whole.len;
    while (slash > 0 && whole.data[slash - 1] != '/') {
        slash--;
    }
    add(paths, slash == 0 ? "." : str_copy_c(paths->arena, str_of(whole.data, slash)),
        BASE_CONFINE_READ | BASE_CONFINE_OPTIONAL);
}

/* A setting's file: where it is named, and where links lead. */
static void add_file(struct paths *paths, struct str setting)
{
    if (setting.len == 0) {
        return;
    }
    const char *named = str_copy_c(paths->arena, setting);
    add_folder_of(paths, named);
    char real[PATH_MAX];
    if (realpath(named, real) != NULL) {
        add_folder_of(paths, str_copy_c(paths->arena, str_from_c(real)));
    }
}

/* What the system's libraries read: other libraries, resolvers' and authorities' files, zones. */
static void add_system(struct paths *paths)
{
    static const char *const read[] = {"/etc",
                                       "/usr",
                                       "/lib",
                                       "/lib64",
                                       "/proc/self",
                                       "/sys/devices/system/cpu",
                                       "/run/systemd/resolve",
                                       "/dev/urandom"};
    for (size_t i = 0; i < ARRAY_LEN(read); i++) {
        add(paths, read[i], BASE_CONFINE_READ | BASE_CONFINE_OPTIONAL);
    }
    add(paths, "/dev/null", BASE_CONFINE_READ | BASE_CONFINE_WRITE | BASE_CONFINE_OPTIONAL);
    const char *zones =
        getenv("TZDIR"); /* NOLINT(concurrency-mt-unsafe): the only thread there is */
    if (zones != NULL) {
        add(paths, zones, BASE_CONFINE_READ | BASE_CONFINE_OPTIONAL);
    }
}

/* The program's loader, which the kernel runs together with it. */
static int find_loader(struct dl_phdr_info *info, size_t size, void *out)
{
    (void)size;
    for (size_t i = 0; i < info->dlpi_phnum; i++) {
        if (info->dlpi_phdr[i].p_type == PT_INTERP) {
            /* NOLINTNEXTLINE(performance-no-int-to-ptr): where the loader put the program */
            *(const char **)out = (const char *)(info->dlpi_addr + info->dlpi_phdr[i].p_vaddr);
        }
    }
    return 1; /* the first is the program */
}

static void add_program(struct paths *paths)
{
    const char *loader = NULL;
    dl_iterate_phdr(find_loader, &loader);
    add(paths, "/proc/self/exe", BASE_CONFINE_READ | BASE_CONFINE_RUN);
    if (loader != NULL) {
        add(paths, loader, BASE_CONFINE_READ | BASE_CONFINE_RUN);
    }
}

bool serve_confine_files(const char *data, const struct app_config *config, struct fail *fail)
{
    if (config->confine == 0) {
        return true;
    }
    if (BASE_SANITIZED) { /* its reports are made with another program's help */
        base_log(LOG_WARN, "confine.none", "an instrumented build keeps all its rights", LOG_END);
        return true;
    }
    struct arena *arena CLEANUP(arena_free_at) = arena_new(NULL);
    struct paths paths = {.arena = arena};
    struct str host;
    int port = 0, version = 0;
    if (!net_listen_parse(config->listen, &host, &port)) {
        port = 0; /* said where it is listened on */
    }
    if (!base_make_dirs(data, fail)) {
        return false;
    }
    add(&paths, data, BASE_CONFINE_READ | BASE_CONFINE_WRITE);
    add_system(&paths);
    add_program(&paths);
    add_file(&paths, config->tls_certificate_file);
    add_file(&paths, config->tls_key_file);
    add_file(&paths, config->outgoing_ca_file);
    if (config->secrets_directory.len > 0) {
        add(&paths, str_copy_c(arena, config->secrets_directory),
            BASE_CONFINE_READ | BASE_CONFINE_OPTIONAL);
    }
    if (config->backup_directory.len > 0) {
        const char *backups = str_copy_c(arena, config->backup_directory);
        if (!base_make_dirs(backups, fail)) {
            return false;
        }
        add(&paths, backups, BASE_CONFINE_READ | BASE_CONFINE_WRITE);
    }
    if (!base_confine_files(paths.list, paths.count, (uint16_t)port, &version, fail)) {
        return fail_at(fail, "giving up rights to files (confine = 0 leaves that out)");
    }
    if (version == 0) {
        base_log(LOG_WARN, "confine.files",
                 "this kernel has no Landlock: the server could reach all files of its user",
                 LOG_END);
    }
    return true;
}

/* ---- system calls ------------------------------------------------------------------------------------- */

#define NEW_NAMESPACES                                                                             \
    ((uint32_t)(CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER |      \
                CLONE_NEWPID | CLONE_NEWNET))
#define FAMILIES (1U << AF_UNIX | 1U << AF_INET | 1U << AF_INET6 | 1U << AF_NETLINK)

#define ANY(name)                                                                                  \
    {                                                                                              \
        .number = SYS_##name                                                                       \
    }

/* What a server makes once it serves, its libraries' calls included; and what SQL's child makes until it gives up more. */
static const struct base_confine_call allowed[] = {
    /* files, below the directories that files are bound to */
    ANY(read),
    ANY(write),
    ANY(readv),
    ANY(writev),
    ANY(pread64),
    ANY(pwrite64),
    ANY(openat),
    ANY(close),
    ANY(lseek),
    ANY(fstat),
    ANY(newfstatat),
    ANY(statx),
    ANY(statfs),
    ANY(fstatfs),
    ANY(faccessat),
    ANY(faccessat2),
    ANY(getdents64),
    ANY(mkdirat),
    ANY(unlinkat),
    ANY(renameat),
    ANY(fsync),
    ANY(fdatasync),
    ANY(sync_file_range),
    ANY(ftruncate),
    ANY(fallocate),
    ANY(fchmod),
    ANY(fchown),
    ANY(flock),
    ANY(fcntl),
    ANY(dup3),
    ANY(readlinkat),
    ANY(getcwd),
    ANY(umask),
#ifdef SYS_open /* machines that still have the calls from before *at */
    ANY(open),
    ANY(stat),
    ANY(lstat),
    ANY(access),
    ANY(mkdir),
    ANY(unlink),
    ANY(rmdir),
    ANY(rename),
    ANY(chmod),
    ANY(readlink),
    ANY(dup2),
    ANY(poll),
    ANY(epoll_wait),
    ANY(arch_prctl),
    ANY(vfork),
#endif
    /* memory */
    ANY(mmap),
    ANY(munmap),
    ANY(mremap),
    ANY(mprotect),
    ANY(madvise),
    ANY(brk),
    ANY(mlock),
    ANY(munlock),
    /* threads, and the child */
    {SYS_clone, BASE_CONFINE_WITHOUT, 0, NEW_NAMESPACES},
    ANY(execve),
    ANY(wait4),
    ANY(waitid),
    ANY(kill),
    ANY(tgkill),
    ANY(setpgid),
    ANY(close_range),
    ANY(set_tid_address),
    ANY(set_robust_list),
    ANY(rseq),
    ANY(futex),
    ANY(membarrier),
    ANY(sched_yield),
    ANY(getcpu),
    ANY(sched_getaffinity),
    ANY(sched_setaffinity),
    ANY(getpriority),
    ANY(setpriority),
    ANY(prlimit64),
    ANY(prctl),
    ANY(seccomp),
    ANY(exit),
    ANY(exit_group),
    ANY(getpid),
    ANY(gettid),
    ANY(getuid),
    ANY(geteuid),
    ANY(getgid),
    ANY(getegid),
    ANY(uname),
    ANY(sysinfo),
    ANY(getrandom),
    ANY(getrusage),
    /* signals and time */
    ANY(rt_sigaction),
    ANY(rt_sigprocmask),
    ANY(rt_sigreturn),
    ANY(rt_sigtimedwait),
    ANY(sigaltstack),
    ANY(restart_syscall),
    ANY(clock_gettime),
    ANY(clock_nanosleep),
    ANY(nanosleep),
    ANY(gettimeofday),
    /* the network: no packets, and of the kernel's own sockets the one that lists addresses */
    {SYS_socket, BASE_CONFINE_ONE_OF, 0, FAMILIES},
    {SYS_socketpair, BASE_CONFINE_ONE_OF, 0, 1U << AF_UNIX},
    ANY(bind),
    ANY(connect),
    ANY(accept4),
    ANY(accept),
    ANY(getsockname),
    ANY(getpeername),
    ANY(getsockopt),
    ANY(setsockopt),
    ANY(sendto),
    ANY(recvfrom),
    ANY(sendmsg),
    ANY(sendmmsg),
    ANY(recvmsg),
    ANY(shutdown),
    ANY(ppoll),
    ANY(epoll_create1),
    ANY(epoll_ctl),
    ANY(epoll_pwait),
    ANY(eventfd2),
};

bool serve_confine_calls(const struct app_config *config, struct fail *fail)
{
    if (config->confine == 0) {
        return true;
    }
    if (BASE_SANITIZED) {
        base_log(LOG_WARN, "confine.calls", "an instrumented build: all system calls stay allowed",
                 LOG_END);
        return true;
    }
    if (!base_confine_memory(fail) || !base_confine_calls(allowed, ARRAY_LEN(allowed), fail)) {
        return fail_at(fail, "giving up system calls (confine = 0 leaves that out)");
    }
    return true;
}
