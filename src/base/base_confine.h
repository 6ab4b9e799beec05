/* base_confine.h — gives up rights a process does not need: files, ports, system calls. It cannot be undone.
 *
 * What: files by Landlock (only the paths listed, and what lies below them), TCP ports that may be listened on,
 *   signals only to processes of its own; system calls by a seccomp filter (only those listed). Children keep both. An allowed call may
 *   be bound to arguments. What is refused fails with EPERM or EACCES; clone3 fails with ENOSYS, so that libc takes clone,
 *   whose flags can be looked at.
 * Owner: the process.
 * Threads: base_confine_files before the second thread begins (a thread keeps the rights it began with);
 *   base_confine_calls binds every thread there is.
 * Failure: FAIL_INPUT for a path that cannot be opened (an absent one that is OPTIONAL is passed over), FAIL_INTERNAL.
 *   A kernel without Landlock, or with one that cannot move files between directories, is no failure: *out_version is 0.
 * Limits/cost: 256 calls; microseconds, and some nanoseconds a system call.   Units: none.
 * Example: serve_confine.c, sql_confine.c
 * Not here: what a process needs (those who call).
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base_fail.h"

/* Instrumented code needs more: terabytes of addresses, calls of its own. */
#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define BASE_SANITIZED 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define BASE_SANITIZED 1
#endif
#ifndef BASE_SANITIZED
#define BASE_SANITIZED 0
#endif

enum {
    BASE_CONFINE_READ = 1,
    BASE_CONFINE_WRITE = 2, /* and make, rename, remove below it */
    BASE_CONFINE_RUN = 4,
    BASE_CONFINE_OPTIONAL = 8,
};

struct base_confine_path {
    const char *path;
    unsigned rights; /* BASE_CONFINE_* */
};

/* Of this kernel's Landlock, as far as it is of use here; 0: none. */
int base_confine_version(void);
/* `port`: the one that may be listened on (0: any that the system gives). `*out_version`: Landlock's, 0 without it. */
bool base_confine_files(const struct base_confine_path *paths, size_t count, uint16_t port,
                        int *out_version, struct fail *fail) MUST_USE;

/* Which arguments a call may have: any; none of `bits` set; or a number below 32 whose bit in `bits` is set. */
enum base_confine_rule { BASE_CONFINE_ANY, BASE_CONFINE_WITHOUT, BASE_CONFINE_ONE_OF };

struct base_confine_call {
    int number; /* SYS_* */
    enum base_confine_rule rule;
    unsigned argument; /* from 0 */
    uint32_t bits;
};

/* Whatever is not listed is refused, and no later program gains rights (set-user-id programs included). */
bool base_confine_calls(const struct base_confine_call *allowed, size_t count,
                        struct fail *fail) MUST_USE;

/* No core dump, and no look inside by other processes of the same user. */
bool base_confine_memory(struct fail *fail) MUST_USE;
