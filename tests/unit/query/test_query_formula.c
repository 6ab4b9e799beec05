/* clang-format off */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include <math.h>

#include "query_formula.h"

static bool value_of(const char *text, const double *series, double *out)
{
    CLEANUP(arena_free_at) struct arena *arena = arena_new(NULL);
    struct query_formula *formula;
    struct fail fail;
    if (!query_formula_parse(str_from_c(text), 3, NULL, arena, &formula, &fail)) {
        fail_msg("%s: %s", text, fail.message);
    }
    return query_formula_value(formula, series, out);
}

static void formulas_follow_the_usual_precedence(void **state)
{
    (void)state;
    const double series[] = {6, 3, 0};
    const struct {
        const char *text;
        double value;
    } cases[] = {
        {"A", 6},         {"A/B", 2},        {"A+B*2", 12}, {"(A+B)*2", 18}, {"A-B-1", 2},
        {"A/B/2", 1},     {"-A+B", -3},      {"A*-B", -18}, {"--A", 6},      {" 1.5 * A ", 9},
        {"A-(B-1)", 4},   {"C/A", 0},        {".5*A", 3},   {"((A))", 6},    {"2", 2},
        {"A*B/(A-B)", 6}, {"1-2*3+4/2", -3},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        double value;
        assert_true(value_of(cases[i].text, series, &value));
        assert_true(fabs(value - cases[i].value) < 1e-12);
    }
}

static void division_by_zero_is_null_however_deep(void **state)
{
    (void)state;
    const double series[] = {6, 3, 0};
    double value;
    assert_false(value_of("A/C", series, &value));
    assert_false(value_of("0*(A/C)", series, &value));
    assert_false(value_of("1+A/(B-3)", series, &value));
    assert_false(value_of("C/C", series, &value));
}

static void formulas_that_are_none_are_refused(void **state)
{
    (void)state;
    CLEANUP(arena_free_at) struct arena *arena = arena_new(NULL);
    static const char *const bad[] = {"",  "A+",   "+A",   "A B", "(A", "A)", "D",
                                      "a", "A**B", "1..2", "A,B", "()", "é"};
    struct query_path path = query_path_in(NULL, "formula");
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct query_formula *formula;
        struct fail fail;
        assert_false(query_formula_parse(str_from_c(bad[i]), 3, &path, arena, &formula, &fail));
        assert_string_equal(fail.pointer, "/formula");
    }
}

static void deep_and_long_formulas_are_refused_not_overrun(void **state)
{
    (void)state;
    CLEANUP(arena_free_at) struct arena *arena = arena_new(NULL);
    struct query_formula *formula;
    struct fail fail;
    char text[20001];
    memset(text, '(', 20000);
    assert_false(query_formula_parse(str_of(text, 20000), 1, NULL, arena, &formula, &fail));
    memset(text, '-', 20000);
    assert_false(query_formula_parse(str_of(text, 20000), 1, NULL, arena, &formula, &fail));
    for (size_t i = 0; i < 20000; i += 2) {
        text[i] = 'A';
        text[i + 1] = '+';
    }
    assert_false(query_formula_parse(str_of(text, 19999), 1, NULL, arena, &formula, &fail));
    assert_true(query_formula_parse(str_of(text, 199), 1, NULL, arena, &formula, &fail));
    const double one = 1;
    double value;
    assert_true(query_formula_value(formula, &one, &value));
    assert_true(fabs(value - 100) < 1e-9);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(formulas_follow_the_usual_precedence),
        cmocka_unit_test(division_by_zero_is_null_however_deep),
        cmocka_unit_test(formulas_that_are_none_are_refused),
        cmocka_unit_test(deep_and_long_formulas_are_refused_not_overrun),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
