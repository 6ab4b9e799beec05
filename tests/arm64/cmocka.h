/* A stand-in for what the tests of loops use of cmocka: Debian's package of it is of the machine that builds, not of the one that is
   built for (scripts/arm64.py). As cmocka does, a test that fails says where, and the others go on. */
#pragma once

#include <setjmp.h>
#include <stdio.h>
#include <string.h>

struct CMUnitTest {
    const char *name;
    void (*run)(void **state);
};
#define cmocka_unit_test(test)                                                                     \
    {                                                                                              \
#test, test                                                                                \
    }

enum { TEST_FAILED = 1, TEST_SKIPPED = 2 };
static jmp_buf test_end;

#define fail_msg(...)                                                                              \
    do {                                                                                           \
        printf("%s:%d: ", __FILE__, __LINE__);                                                     \
        printf(__VA_ARGS__);                                                                       \
        printf("\n");                                                                              \
        longjmp(test_end, TEST_FAILED);                                                            \
    } while (0)
/* As cmocka's: the tests say why where they call it. */
#define skip() longjmp(test_end, TEST_SKIPPED)

#define assert_true(condition)                                                                     \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            fail_msg("not so: %s", #condition);                                                    \
        }                                                                                          \
    } while (0)
#define assert_false(condition) assert_true(!(condition))
#define assert_int_equal(a, b) assert_true((unsigned long long)(a) == (unsigned long long)(b))
#define assert_int_not_equal(a, b) assert_true((unsigned long long)(a) != (unsigned long long)(b))
#define assert_memory_equal(a, b, bytes) assert_true(memcmp((a), (b), (bytes)) == 0)

static inline int run_tests(const struct CMUnitTest *tests, size_t count)
{
    volatile int failed = 0;
    for (volatile size_t i = 0; i < count; i = i + 1) {
        void *state = NULL;
        int how = setjmp(test_end);
        if (how == 0) {
            tests[i].run(&state);
        }
        printf("%s %s\n",
               how == 0              ? "ok"
               : how == TEST_SKIPPED ? "skipped"
                                     : "not ok",
               tests[i].name);
        failed = failed + (how == TEST_FAILED);
    }
    return failed;
}
#define cmocka_run_group_tests(tests, setup, teardown) run_tests(tests, ARRAY_LEN(tests))
