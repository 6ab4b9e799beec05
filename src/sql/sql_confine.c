#include "sql_confine.h"

#include <errno.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include "base_confine.h"

#define CPU_S_MAX 3600 /* a backstop: the program ends the child at the statement's deadline */
#define SPARE_BYTES ((size_t)1 << 30) /* of addresses: the program itself, batches */

static const struct base_confine_call allowed[] = {
    /* the socket, and messages to standard error */
    {.number = SYS_read},
    {.number = SYS_write},
    {.number = SYS_close},
    /* memory */
    {.number = SYS_mmap},
    {.number = SYS_munmap},
    {.number = SYS_mremap},
    {.number = SYS_mprotect},
    {.number = SYS_madvise},
    {.number = SYS_brk},
    /* clocks, identity, randomness */
    {.number = SYS_clock_gettime},
    {.number = SYS_gettimeofday},
    {.number = SYS_getpid},
    {.number = SYS_gettid},
    {.number = SYS_getrandom},
    /* the end, orderly or not */
    {.number = SYS_exit},
    {.number = SYS_exit_group},
    {.number = SYS_rt_sigreturn},
    {.number = SYS_rt_sigprocmask},
    {.number = SYS_rt_sigaction},
    {.number = SYS_tgkill},
    {.number = SYS_futex},
    {.number = SYS_sched_yield},
#if BASE_SANITIZED
    {.number = SYS_sigaltstack},
    {.number = SYS_readlink},
    {.number = SYS_sched_getaffinity},
    {.number = SYS_prctl},
    {.number = SYS_clock_nanosleep},
#endif
};

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
    if (!BASE_SANITIZED) { /* they need terabytes of addresses, and files to report to */
        good = good && prctl(PR_SET_DUMPABLE, 0) == 0 && limit(RLIMIT_NOFILE, 3) &&
               limit(RLIMIT_AS, memory_bytes + SPARE_BYTES);
    }
    if (!good) {
        return fail_set(fail, FAIL_INTERNAL, "the process that runs SQL cannot be limited: %s",
                        strerrordesc_np(errno));
    }
    return base_confine_calls(allowed, ARRAY_LEN(allowed), fail);
}
