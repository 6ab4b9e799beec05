/* clang-format off */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include "query_fold.h"

static void check(const char *text, const char *folded)
{
    CLEANUP(base_buf_done) struct base_buf out = {0};
    query_fold(str_from_c(text), &out);
    base_buf_byte(&out, '\0');
    assert_string_equal(out.data, folded);
}

static void folding_is_simple_and_point_by_point(void **state)
{
    (void)state;
    check("", "");
    check("Late DELIVERY 42", "late delivery 42");
    check("Stra\xc3\x9f"
          "e",
          "stra\xc3\x9f"
          "e"); /* sharp s stays */
    check("STRA\xe1\xba\x9e"
          "E",
          "stra\xc3\x9f"
          "e"); /* the capital one is the small one */
    check("\xc3\x84RGER", "\xc3\xa4rger");
    check("\xce\xa3\xcf\x82", "\xcf\x83\xcf\x83"); /* capital and final sigma */
    check("\xc4\xb0", "\xc4\xb0");                 /* capital i with dot: full folding only */
    check("\xe2\x84\xaa", "k");                    /* Kelvin */
    check("\xc5\xbf", "s");                        /* long s */
    check("\xe1\xbe\x88", "\xe1\xbe\x80");         /* alpha with prosgegrammeni */
    check("\xef\xac\x80", "\xef\xac\x80");         /* ligature ff */
    check("\xd0\x96\xd0\xb6", "\xd0\xb6\xd0\xb6");
    check("\xc8\xba", "\xe2\xb1\xa5");             /* grows from two bytes to three */
    check("\xf0\x90\x90\x80", "\xf0\x90\x90\xa8"); /* Deseret */
}

static void a_text_of_points_that_grow_fits(void **state)
{
    (void)state;
    CLEANUP(base_buf_done) struct base_buf text = {0};
    CLEANUP(base_buf_done) struct base_buf out = {0};
    for (int i = 0; i < 5000; i++) {
        base_buf_c(&text, "\xc8\xba");
    }
    query_fold(base_buf_view(&text), &out);
    assert_int_equal(out.len, 15000);
    assert_false(out.failed);
}

static void containing_folds_both_sides(void **state)
{
    (void)state;
    CLEANUP(base_buf_done) struct base_buf scratch = {0};
    assert_true(query_fold_contains(STR("My parcel was LATE"), STR("late"), &scratch));
    assert_true(query_fold_contains(STR("late"), STR("late"), &scratch));
    assert_true(query_fold_contains(STR("anything"), STR(""), &scratch));
    assert_true(query_fold_contains(STR(""), STR(""), &scratch));
    assert_false(query_fold_contains(STR("lat"), STR("late"), &scratch));
    assert_false(query_fold_contains(STR(""), STR("late"), &scratch));
    assert_false(query_fold_contains(STR("l ate"), STR("late"), &scratch));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(folding_is_simple_and_point_by_point),
        cmocka_unit_test(a_text_of_points_that_grow_fits),
        cmocka_unit_test(containing_folds_both_sides),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
