#include "base_confine.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/landlock.h>
#include <linux/seccomp.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#if defined(__x86_64__)
#define ARCHITECTURE AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define ARCHITECTURE AUDIT_ARCH_AARCH64
#elif defined(__riscv) && __riscv_xlen == 64
#define ARCHITECTURE AUDIT_ARCH_RISCV64
#else
#error "name this machine's AUDIT_ARCH, so that processes can be confined"
#endif

/* ---- files -------------------------------------------------------------------------------------------- */

/* Debian 12's headers end at version 2; the kernel's documentation (userspace-api/landlock) has the rest. */
#define FS_TRUNCATE (UINT64_C(1) << 14)  /* since version 3 */
#define FS_IOCTL_DEV (UINT64_C(1) << 15) /* 5 */
#define NET_BIND_TCP (UINT64_C(1) << 0)  /* 4 */
#define RULE_NET_PORT 2
#define SCOPE_ABSTRACT_SOCKET (UINT64_C(1) << 0) /* 6 */
#define SCOPE_SIGNAL (UINT64_C(1) << 1)

struct ruleset {
    uint64_t files, net, scoped;
};
struct port_rule {
    uint64_t allowed, port;
};

#define OF_FILES                                                                                   \
    (LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_READ_FILE |   \
     FS_TRUNCATE | FS_IOCTL_DEV)
#define READING (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR)
#define WRITING                                                                                    \
    (LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_REMOVE_DIR |                               \
     LANDLOCK_ACCESS_FS_REMOVE_FILE | LANDLOCK_ACCESS_FS_MAKE_DIR | LANDLOCK_ACCESS_FS_MAKE_REG |  \
     LANDLOCK_ACCESS_FS_MAKE_SOCK | LANDLOCK_ACCESS_FS_REFER | FS_TRUNCATE)
#define NEVER_GIVEN                                                                                \
    (LANDLOCK_ACCESS_FS_MAKE_CHAR | LANDLOCK_ACCESS_FS_MAKE_FIFO | LANDLOCK_ACCESS_FS_MAKE_BLOCK | \
     LANDLOCK_ACCESS_FS_MAKE_SYM | FS_IOCTL_DEV)

static uint64_t known_to(int version)
{
    uint64_t rights = READING | WRITING | NEVER_GIVEN | LANDLOCK_ACCESS_FS_EXECUTE;
    rights &= version < 3 ? ~FS_TRUNCATE : ~0ULL;
    return rights & (version < 5 ? ~FS_IOCTL_DEV : ~0ULL);
}

static int landlock_add(int rules, int type, const void *rule)
{
    return (int)syscall(SYS_landlock_add_rule, rules, type, rule, 0U);
}

static bool allow_path(int rules, uint64_t handled, const struct base_confine_path *path,
                       struct fail *fail)
{
    int descriptor = open(path->path, O_PATH | O_CLOEXEC);
    if (descriptor < 0) {
        return (path->rights & BASE_CONFINE_OPTIONAL) != 0 ||
               fail_set(fail, FAIL_INPUT, "%s: %s", path->path, strerrordesc_np(errno));
    }
    uint64_t rights = ((path->rights & BASE_CONFINE_READ) != 0 ? READING : 0) |
                      ((path->rights & BASE_CONFINE_WRITE) != 0 ? WRITING : 0) |
                      ((path->rights & BASE_CONFINE_RUN) != 0 ? LANDLOCK_ACCESS_FS_EXECUTE : 0);
    struct stat about;
    if (fstat(descriptor, &about) != 0 || !S_ISDIR(about.st_mode)) {
        rights &= OF_FILES;
    }
    const struct landlock_path_beneath_attr rule = {.allowed_access = rights & handled,
                                                    .parent_fd = descriptor};
    bool good = landlock_add(rules, LANDLOCK_RULE_PATH_BENEATH, &rule) == 0;
    int error = errno;
    close(descriptor);
    return good || fail_set(fail, FAIL_INTERNAL, "%s: cannot be named to Landlock: %s", path->path,
                            strerrordesc_np(error));
}

static bool begin_confined(int rules, struct fail *fail)
{
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
        syscall(SYS_landlock_restrict_self, rules, 0U) == 0) {
        return true;
    }
    return fail_set(fail, FAIL_INTERNAL, "Landlock does not confine this process: %s",
                    strerrordesc_np(errno));
}

int base_confine_version(void)
{
    int version =
        (int)syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
    return version < 2 ? 0 : version; /* 1: no file could change its directory */
}

bool base_confine_files(const struct base_confine_path *paths, size_t count, uint16_t port,
                        int *out_version, struct fail *fail)
{
    int version = base_confine_version();
    *out_version = version;
    if (version == 0) {
        return true;
    }
    struct ruleset handled = {
        .files = known_to(version),
        .net = version < 4 ? 0 : NET_BIND_TCP,
        .scoped = version < 6 ? 0 : SCOPE_ABSTRACT_SOCKET | SCOPE_SIGNAL,
    };
    size_t bytes = version < 4 ? 8 : version < 6 ? 16 : sizeof handled;
    int rules = (int)syscall(SYS_landlock_create_ruleset, &handled, bytes, 0U);
    if (rules < 0) {
        return fail_set(fail, FAIL_INTERNAL, "Landlock takes no rules: %s", strerrordesc_np(errno));
    }
    bool good = true;
    for (size_t i = 0; good && i < count; i++) {
        good = allow_path(rules, handled.files, &paths[i], fail);
    }
    const struct port_rule listening = {NET_BIND_TCP, port};
    if (good && handled.net != 0 && landlock_add(rules, RULE_NET_PORT, &listening) != 0) {
        good = fail_set(fail, FAIL_INTERNAL, "port %u cannot be named to Landlock: %s", port,
                        strerrordesc_np(errno));
    }
    good = good && begin_confined(rules, fail);
    close(rules);
    return good;
}

/* ---- system calls ------------------------------------------------------------------------------------- */

#define LOAD(offset) (struct sock_filter) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (offset))
#define RETURN(what) (struct sock_filter) BPF_STMT(BPF_RET | BPF_K, (what))
#define JUMP(how, value, then, otherwise)                                                          \
    (struct sock_filter) BPF_JUMP(BPF_JMP | (how) | BPF_K, (value), (then), (otherwise))
#define ALLOWED RETURN(SECCOMP_RET_ALLOW)
#define REFUSED(error) RETURN(SECCOMP_RET_ERRNO | ((error)&SECCOMP_RET_DATA))

#define CALLS_MAX 256
#define HEAD 6
#define A_CALL_MAX 9
#define FILTER_MAX (HEAD + CALLS_MAX * A_CALL_MAX + 1)

/* The lower half of an argument: what is asked about are ints. */
static uint32_t argument_at(unsigned argument)
{
    size_t at = offsetof(struct seccomp_data, args) + sizeof(uint64_t) * argument;
    return (uint32_t)at; /* little-endian, as all three architectures are */
}

/* The steps for one call, behind a comparison of its number that passes over them. */
static size_t steps_of(const struct base_confine_call *call, struct sock_filter *out)
{
    size_t n = 0;
    switch (call->rule) {
    case BASE_CONFINE_ANY:
        break;
    case BASE_CONFINE_WITHOUT:
        out[n++] = LOAD(argument_at(call->argument));
        out[n++] = JUMP(BPF_JSET, call->bits, 0, 1);
        out[n++] = REFUSED(EPERM);
        break;
    case BASE_CONFINE_ONE_OF:
        out[n++] = LOAD(argument_at(call->argument));
        out[n++] = JUMP(BPF_JGE, 32, 4, 0);
        out[n++] = (struct sock_filter)BPF_STMT(BPF_MISC | BPF_TAX, 0);
        out[n++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_IMM, 1);
        out[n++] = (struct sock_filter)BPF_STMT(BPF_ALU | BPF_LSH | BPF_X, 0);
        out[n++] = JUMP(BPF_JSET, call->bits, 1, 0);
        out[n++] = REFUSED(EPERM);
        break;
    }
    out[n++] = ALLOWED;
    return n;
}

static size_t compile(const struct base_confine_call *allowed, size_t count,
                      struct sock_filter *out)
{
    size_t n = 0;
    out[n++] = LOAD(offsetof(struct seccomp_data, arch));
    out[n++] = JUMP(BPF_JEQ, ARCHITECTURE, 1, 0);
    out[n++] = RETURN(SECCOMP_RET_KILL_PROCESS);
    out[n++] = LOAD(offsetof(struct seccomp_data, nr));
    out[n++] = JUMP(BPF_JEQ, SYS_clone3, 0, 1);
    out[n++] = REFUSED(ENOSYS);
    for (size_t i = 0; i < count; i++) {
        size_t steps = steps_of(&allowed[i], out + n + 1);
        out[n] = JUMP(BPF_JEQ, (uint32_t)allowed[i].number, 0, (uint8_t)steps);
        n += 1 + steps;
    }
    out[n++] = REFUSED(EPERM);
    return n;
}

bool base_confine_calls(const struct base_confine_call *allowed, size_t count, struct fail *fail)
{
    static struct sock_filter program[FILTER_MAX];
    INVARIANT(count <= CALLS_MAX);
    const struct sock_fprog whole = {
        .len = (unsigned short)compile(allowed, count, program),
        .filter = program,
    };
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
        syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, &whole) != 0) {
        return fail_set(fail, FAIL_INTERNAL,
                        "this system does not let the process give up system calls: %s",
                        strerrordesc_np(errno));
    }
    return true;
}

/* ---- memory ------------------------------------------------------------------------------------------- */

bool base_confine_memory(struct fail *fail)
{
    const struct rlimit none = {0, 0};
    if (setrlimit(RLIMIT_CORE, &none) != 0 || prctl(PR_SET_DUMPABLE, 0) != 0) {
        return fail_set(fail, FAIL_INTERNAL, "core dumps cannot be switched off: %s",
                        strerrordesc_np(errno));
    }
    return true;
}
