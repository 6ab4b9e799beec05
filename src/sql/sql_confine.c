#include "sql_confine.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANITIZED 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED 1
#endif
#ifndef SANITIZED
#define SANITIZED 0
#endif

#if defined(__x86_64__)
#define ARCHITECTURE AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define ARCHITECTURE AUDIT_ARCH_AARCH64
#elif defined(__riscv) && __riscv_xlen == 64
#define ARCHITECTURE AUDIT_ARCH_RISCV64
#else
#error "name this machine's AUDIT_ARCH, so that the child that runs SQL can be confined"
#endif

#define CPU_S_MAX 3600 /* a backstop: the program ends the child at the statement's deadline */
#define SPARE_BYTES ((size_t)1 << 30) /* of addresses: the program itself, batches */

static const int allowed[] = {
    /* the socket, and messages to standard error */
    SYS_read,
    SYS_write,
    SYS_close,
    /* memory */
    SYS_mmap,
    SYS_munmap,
    SYS_mremap,
    SYS_mprotect,
    SYS_madvise,
    SYS_brk,
    /* clocks, identity, randomness */
    SYS_clock_gettime,
    SYS_gettimeofday,
    SYS_getpid,
    SYS_gettid,
    SYS_getrandom,
    /* the end, orderly or not */
    SYS_exit,
    SYS_exit_group,
    SYS_rt_sigreturn,
    SYS_rt_sigprocmask,
    SYS_rt_sigaction,
    SYS_tgkill,
    SYS_futex,
    SYS_sched_yield,
#if SANITIZED
    SYS_sigaltstack,
    SYS_readlink,
    SYS_sched_getaffinity,
    SYS_prctl,
    SYS_clock_nanosleep,
#endif
};

#define LOAD(offset) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (offset))
#define RETURN(what) BPF_STMT(BPF_RET | BPF_K, (what))
#define EQUAL(value, then, otherwise)                                                              \
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (value), (then), (otherwise))
#define REFUSED (SECCOMP_RET_ERRNO | (EPERM & SECCOMP_RET_DATA))
#define HEAD 4

static bool filter(struct fail *fail)
{
    struct sock_filter program[HEAD + 2 * ARRAY_LEN(allowed) + 1] = {
        LOAD(offsetof(struct seccomp_data, arch)),
        EQUAL(ARCHITECTURE, 1, 0),
        RETURN(SECCOMP_RET_KILL_PROCESS),
        LOAD(offsetof(struct seccomp_data, nr)),
    };
    size_t at = HEAD;
    for (size_t i = 0; i < ARRAY_LEN(allowed); i++) {
        program[at++] = (struct sock_filter)EQUAL((uint32_t)allowed[i], 0, 1);
        program[at++] = (struct sock_filter)RETURN(SECCOMP_RET_ALLOW);
    }
    program[at++] = (struct sock_filter)RETURN(REFUSED);
    const struct sock_fprog whole = {.len = (unsigned short)at, .filter = program};
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
        prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &whole, 0, 0) != 0) {
        return fail_set(fail, FAIL_INTERNAL,
                        "this system does not let the process that runs SQL confine itself: %s",
                        strerrordesc_np(errno));
    }
    return true;
}

static bool limit(int resource, rlim_t most)
{
    const struct rlimit limits = {most, most};
    return setrlimit((__rlimit_resource_t)resource, &limits) == 0;
}

bool sql_confine(size_t memory_bytes, struct fail *fail)
{
    /* Ended with the thread that waits for it; no core and no look inside for others. */
    bool good = prctl(PR_SET_PDEATHSIG, SIGKILL) == 0 && limit(RLIMIT_CORE, 0) &&
                limit(RLIMIT_CPU, CPU_S_MAX) && limit(RLIMIT_FSIZE, 0);
    if (!SANITIZED) { /* they need terabytes of addresses, and files to report to */
        good = good && prctl(PR_SET_DUMPABLE, 0) == 0 && limit(RLIMIT_NOFILE, 3) &&
               limit(RLIMIT_AS, memory_bytes + SPARE_BYTES);
    }
    if (!good) {
        return fail_set(fail, FAIL_INTERNAL, "the process that runs SQL cannot be limited: %s",
                        strerrordesc_np(errno));
    }
    return filter(fail);
}
