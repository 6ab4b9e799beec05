/* The level of vector instructions: lowered, given back, and never above what there is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base_cpu.h"
#include "base_mem.h"
#include "base_str.h"

#define CPUINFO_BYTES_MAX ((size_t)1 << 20)

static const enum base_cpu all[] = {BASE_CPU_PORTABLE, BASE_CPU_AVX2, BASE_CPU_AVX512};

static __attribute__((unused)) enum base_cpu name_avx2(enum base_cpu level)
{
    return level == BASE_CPU_AVX2 || level == BASE_CPU_AVX512 ? BASE_CPU_AVX2 : BASE_CPU_PORTABLE;
}
static __attribute__((unused)) enum base_cpu name_avx512(enum base_cpu level)
{
    return level == BASE_CPU_AVX512 ? BASE_CPU_AVX512 : BASE_CPU_PORTABLE;
}

static void the_level_is_lowered_and_given_back(void **state)
{
    (void)state;
    const enum base_cpu can = base_cpu_level();
    for (size_t i = 0; i < ARRAY_LEN(all); i++) {
        base_cpu_limit(all[i]);
        assert_int_equal(base_cpu_level(), all[i] < can ? all[i] : can);
    }
    base_cpu_limit(BASE_CPU_PORTABLE);
    base_cpu_limit(BASE_CPU_AVX512);
    assert_int_equal(base_cpu_level(), can);
}

static void each_level_calls_its_own_twin(void **state)
{
    (void)state;
    const enum base_cpu can = base_cpu_level();
    for (size_t i = 0; i < ARRAY_LEN(all); i++) {
        base_cpu_limit(all[i]);
        const enum base_cpu level = base_cpu_level();
        assert_int_equal(BASE_CPU_CALL(name, (level), BASE_CPU_PORTABLE), level);
        assert_int_equal(BASE_CPU_CALL_AVX2(name, (level), BASE_CPU_PORTABLE), name_avx2(level));
        assert_int_equal(BASE_CPU_CALL_AVX512(name, (level), BASE_CPU_PORTABLE),
                         name_avx512(level));
    }
    base_cpu_limit(can);
}

static void levels_have_names(void **state)
{
    (void)state;
    const enum base_cpu can = base_cpu_level();
    struct fail fail = {.code = FAIL_NONE};
    assert_true(base_cpu_limit_named("portable", &fail));
    assert_int_equal(base_cpu_level(), BASE_CPU_PORTABLE);
    assert_true(base_cpu_limit_named("avx2", &fail));
    assert_int_equal(base_cpu_level(), can < BASE_CPU_AVX2 ? can : BASE_CPU_AVX2);
    static const char *const no_names[] = {"", "AVX2", "avx", "avx5120", "portable "};
    for (size_t i = 0; i < ARRAY_LEN(no_names); i++) {
        fail.code = FAIL_NONE;
        base_cpu_limit(BASE_CPU_PORTABLE);
        assert_false(base_cpu_limit_named(no_names[i], &fail));
        assert_int_equal(fail.code, FAIL_INPUT);
        assert_int_equal(base_cpu_level(), BASE_CPU_PORTABLE);
    }
    for (size_t i = 0; i < ARRAY_LEN(all); i++) {
        assert_true(base_cpu_limit_named(base_cpu_name(all[i]), &fail));
        assert_int_equal(base_cpu_level(), all[i] < can ? all[i] : can);
    }
    base_cpu_limit(BASE_CPU_PORTABLE);
    assert_true(base_cpu_limit_named("avx512", &fail));
    assert_int_equal(base_cpu_level(), can);
}

#if defined(__x86_64__)

/* What the kernel says of the processor, which asks it in a way of its own. */
static void the_level_is_what_the_kernel_says(void **state)
{
    (void)state;
    char *text = base_alloc_zero(CPUINFO_BYTES_MAX);
    FILE *file = fopen("/proc/cpuinfo", "re");
    if (file == NULL) {
        base_free(text);
        skip(); /* a system that does not say: there is nothing to compare with */
    }
    text[fread(text, 1, CPUINFO_BYTES_MAX - 1, file)] = '\0';
    assert_int_equal(fclose(file), 0);
    bool avx2 = strstr(text, " avx2 ") != NULL && strstr(text, " bmi2 ") != NULL;
    bool avx512 = avx2 && strstr(text, " avx512_vbmi2 ") != NULL;
    assert_int_equal(base_cpu_level(), avx512 ? BASE_CPU_AVX512
                                       : avx2 ? BASE_CPU_AVX2
                                              : BASE_CPU_PORTABLE);
    base_free(text);
}

#else

static void the_level_is_what_the_kernel_says(void **state)
{
    (void)state;
    assert_int_equal(base_cpu_level(), BASE_CPU_PORTABLE);
}

#endif

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_level_is_what_the_kernel_says),
        cmocka_unit_test(the_level_is_lowered_and_given_back),
        cmocka_unit_test(each_level_calls_its_own_twin),
        cmocka_unit_test(levels_have_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
