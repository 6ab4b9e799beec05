/* base_cpu.h — which vector instructions loops may use: the one place that asks the processor.
 *
 * What: a level, found at start: the portable one, AVX2, AVX-512. Loops that have a twin for a level are called by BASE_CPU_CALL; all twins
 *   write the same. The level can be lowered, for tests and measurements, and never raised past what processor and system can do.
 * Owner: none.   Threads: the level is read by all; it is lowered before there are others.
 * Failure: FAIL_INPUT for a name that is no level.
 * Limits/cost: one load a call.   Units: none.
 * Example: size_t done = BASE_CPU_CALL(store_unzigzag, (values, count), 0);
 * Not here: the loops (*_avx2.c, *_avx512.c, each beside its portable twin).
 */
#pragma once

#include "base_fail.h"

enum base_cpu {
    BASE_CPU_PORTABLE,
    BASE_CPU_AVX2,   /* and what came with it: counting and finding bits */
    BASE_CPU_AVX512, /* with all that our loops need of it, permutations of bytes included */
};

enum base_cpu base_cpu_level(void);
/* At most this level from now on, and as much of it as there is: a greater one than before gives back what was taken. */
void base_cpu_limit(enum base_cpu most);
/* By name: "portable", "avx2", "avx512". */
const char *base_cpu_name(enum base_cpu level);
bool base_cpu_limit_named(const char *name, struct fail *fail) MUST_USE;

/* Calls name_avx512 or name_avx2 with these arguments (in parentheses), or has the value of `otherwise`, the portable way: all of one type.
   The other two are for loops that have one twin: with AVX2, for both levels, or with AVX-512, for that one.
   BASE_CPU_TWINS keeps what only x86-64 has. */
#if defined(__x86_64__)
#define BASE_CPU_CALL(name, arguments, otherwise)                                                  \
    (base_cpu_level() >= BASE_CPU_AVX512 ? name##_avx512 arguments                                 \
                                         : BASE_CPU_CALL_AVX2(name, arguments, otherwise))
#define BASE_CPU_CALL_AVX2(name, arguments, otherwise)                                             \
    (base_cpu_level() >= BASE_CPU_AVX2 ? name##_avx2 arguments : (otherwise))
#define BASE_CPU_CALL_AVX512(name, arguments, otherwise)                                           \
    (base_cpu_level() >= BASE_CPU_AVX512 ? name##_avx512 arguments : (otherwise))
#define BASE_CPU_TWINS(...) __VA_ARGS__
#else
#define BASE_CPU_CALL(name, arguments, otherwise) (otherwise)
#define BASE_CPU_CALL_AVX2(name, arguments, otherwise) (otherwise)
#define BASE_CPU_CALL_AVX512(name, arguments, otherwise) (otherwise)
#define BASE_CPU_TWINS(...)
#endif
