/* base_attr.h — the few compiler attributes and macros the whole tree shares.
 *
 * What: MUST_USE, CLEANUP, PRINTF_LIKE, ARRAY_LEN, INVARIANT. Macros live here and nowhere else, but for the choice between twins (base_cpu.h).
 * Owner: nothing is owned.   Threads: all safe.   Failure: INVARIANT aborts, with the place.
 * Limits/cost: INVARIANT is one predictable branch, and on in every build.
 * Units: none.   Example: CLEANUP(base_buf_done) struct base_buf out = {0};
 * Not here: locks (base_thread.h).
 */
#pragma once

#include <stddef.h>

#define MUST_USE __attribute__((warn_unused_result))
#define PRINTF_LIKE(format_at, args_at) __attribute__((format(printf, format_at, args_at)))
#define CLEANUP(fn) __attribute__((cleanup(fn)))
#define ARRAY_LEN(array) (sizeof(array) / sizeof((array)[0]))

/* A bug in this program, never bad input: stops at once, naming the place. */
#define INVARIANT(condition)                                                                       \
    do {                                                                                           \
        if (__builtin_expect(!(condition), 0)) {                                                   \
            base_invariant_broken(#condition, __FILE__, __LINE__);                                 \
        }                                                                                          \
    } while (0)

__attribute__((noreturn)) void base_invariant_broken(const char *condition, const char *file,
                                                     int line);
