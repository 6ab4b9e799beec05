#include "base_cpu.h"

#include <string.h>

static const char *const names[] = {"portable", "avx2", "avx512"};

static enum base_cpu level;

#if defined(__x86_64__)

/* __builtin_cpu_supports asks what the system saves of the registers, too. */
static enum base_cpu highest(void)
{
    __builtin_cpu_init();
    bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi") &&
                __builtin_cpu_supports("bmi2") && __builtin_cpu_supports("popcnt");
    bool avx512 = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                  __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq") &&
                  __builtin_cpu_supports("avx512cd") && __builtin_cpu_supports("avx512vbmi") &&
                  __builtin_cpu_supports("avx512vbmi2");
    return !avx2 ? BASE_CPU_PORTABLE : !avx512 ? BASE_CPU_AVX2 : BASE_CPU_AVX512;
}

#else

static enum base_cpu highest(void)
{
    return BASE_CPU_PORTABLE;
}

#endif

/* Before main: no thread finds it unset, and no loop has to look. */
__attribute__((constructor)) static void begin(void)
{
    level = highest();
}

enum base_cpu base_cpu_level(void)
{
    return level;
}

void base_cpu_limit(enum base_cpu most)
{
    enum base_cpu can = highest();
    level = most < can ? most : can;
}

const char *base_cpu_name(enum base_cpu of)
{
    return names[of];
}

bool base_cpu_limit_named(const char *name, struct fail *fail)
{
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        if (strcmp(name, names[i]) == 0) {
            base_cpu_limit((enum base_cpu)i);
            return true;
        }
    }
    return fail_set(fail, FAIL_INPUT,
                    "not a level of vector instructions: portable, avx2 or avx512");
}
