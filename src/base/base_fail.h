/* base_fail.h — the one error type.
 *
 * What: a function that can fail returns bool, is MUST_USE, and takes `struct fail *` last. The
 *   detector fills it with fail_set(); callers may put context in front with fail_at().
 * Owner: the caller's stack; never NULL; untouched on success. No heap, so it works out of memory.
 * Threads: a struct fail belongs to one thread.
 * Failure: none.   Limits/cost: a message is cut at FAIL_MESSAGE_BYTES - 1, at a UTF-8 boundary.
 * Units: none.
 * Example: if (size > MAX) return fail_set(fail, FAIL_LIMIT, "%zu bytes, at most %d", size, MAX);
 * Not here: exit codes (cli) and HTTP statuses (http), one table each.
 */
#pragma once

#include <stdbool.h>

#include "base_attr.h"

#define FAIL_MESSAGE_BYTES 512
#define FAIL_POINTER_BYTES 256

enum fail_code {
    FAIL_NONE = 0,
    FAIL_INPUT,     /* what the user or client gave is wrong; the message says where and how */
    FAIL_DENIED,    /* understood, and not allowed */
    FAIL_ABSENT,    /* the thing asked for does not exist */
    FAIL_CONFLICT,  /* exists already, or the state forbids it now */
    FAIL_LIMIT,     /* over a named limit */
    FAIL_BUSY,      /* try again later */
    FAIL_CANCELLED, /* the asker went away or time ran out */
    FAIL_IO,        /* the system said no */
    FAIL_CORRUPT,   /* stored bytes are not what was written */
    FAIL_NO_MEMORY,
    FAIL_INTERNAL, /* should not happen; a bug if seen */
};

struct fail {
    enum fail_code code;
    char message[FAIL_MESSAGE_BYTES];
    char pointer[FAIL_POINTER_BYTES]; /* JSON pointer into the input, "" where there is none */
};

/* Fills `fail`, empties its pointer, and returns false, so that a detector can say `return fail_set(...)`. */
bool fail_set(struct fail *fail, enum fail_code code, const char *format, ...) PRINTF_LIKE(3, 4);

/* As fail_set(FAIL_INPUT), for an input that has JSON pointers: names the place too. */
bool fail_input_at(struct fail *fail, const char *pointer, const char *format, ...)
    PRINTF_LIKE(3, 4);

/* Puts "context: " in front of the message there is; the code and pointer stay. Returns false. */
bool fail_at(struct fail *fail, const char *format, ...) PRINTF_LIKE(2, 3);

/* What no compiler sees across files: these three are always false. Spares warnings about outputs that
   only success fills. */
static inline bool fail_is_false(bool always_false)
{
    (void)always_false;
    return false;
}
#define fail_set(...) fail_is_false(fail_set(__VA_ARGS__))
#define fail_input_at(...) fail_is_false(fail_input_at(__VA_ARGS__))
#define fail_at(...) fail_is_false(fail_at(__VA_ARGS__))

/* "input", "denied", ...: stable lower-case words, used in problem types and logs. */
const char *fail_code_name(enum fail_code code);
