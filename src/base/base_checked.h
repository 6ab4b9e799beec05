/* base_checked.h — integer arithmetic that says when it overflows.
 *
 * What: add, subtract, multiply for the widths used here.   Owner: nothing.   Threads: safe.
 * Failure: false, and *out is untouched.   Limits/cost: one instruction and a branch.
 * Units: the caller's.   Example: if (!base_size_mul(rows, 8, &bytes)) return fail_set(...);
 * Not here: arithmetic on calendar time (base_zone.h).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base_attr.h"

/* NOLINTBEGIN(bugprone-macro-parentheses): a type takes none */
#define BASE_CHECKED(name, type, builtin)                                                          \
    MUST_USE static inline bool name(type a, type b, type *out)                                    \
    {                                                                                              \
        type result;                                                                               \
        if (builtin(a, b, &result)) {                                                              \
            return false;                                                                          \
        }                                                                                          \
        *out = result;                                                                             \
        return true;                                                                               \
    }
/* NOLINTEND(bugprone-macro-parentheses) */

BASE_CHECKED(base_size_add, size_t, __builtin_add_overflow)
BASE_CHECKED(base_size_mul, size_t, __builtin_mul_overflow)
BASE_CHECKED(base_i64_add, int64_t, __builtin_add_overflow)
BASE_CHECKED(base_i64_sub, int64_t, __builtin_sub_overflow)
BASE_CHECKED(base_i64_mul, int64_t, __builtin_mul_overflow)
BASE_CHECKED(base_u64_add, uint64_t, __builtin_add_overflow)
BASE_CHECKED(base_u32_add, uint32_t, __builtin_add_overflow)

#undef BASE_CHECKED
