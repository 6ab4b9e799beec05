
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>

#include "app.h"

static void names_of_operations_are_unique_and_all_say_what_they_do(void **state)
{
    (void)state;
    for (size_t i = 0; i < app_operation_count; i++) {
        assert_true(strlen(app_operations[i].summary) > 10);
        assert_true((unsigned)app_operations[i].right < ACCESS_RIGHTS);
        for (size_t j = 0; j < i; j++) {
            assert_string_not_equal(app_operations[i].name, app_operations[j].name);
        }
    }
}

/* Rights and names are decided before anything of the app is touched, so there need not be one. */
static void a_caller_without_the_right_is_refused_by_every_operation(void **state)
{
    (void)state;
    struct app_caller nobody = {.identity = {.kind = ACCESS_NOBODY}};
    for (size_t i = 0; i < app_operation_count; i++) {
        struct fail fail;
        struct base_buf out = {0};
        assert_false(
            app_call(NULL, &nobody, str_from_c(app_operations[i].name), STR("{}"), &out, &fail));
        assert_int_equal(fail.code, FAIL_DENIED);
        assert_int_equal(out.len, 0);
    }
}

static void an_unknown_operation_and_input_that_is_no_object_are_refused(void **state)
{
    (void)state;
    struct fail fail;
    struct base_buf out = {0};
    struct app_caller caller = app_operator();
    assert_false(app_call(NULL, &caller, STR("fly"), STR("{}"), &out, &fail));
    assert_int_equal(fail.code, FAIL_ABSENT);
    assert_false(app_call(NULL, &caller, STR("status"), STR("[]"), &out, &fail));
    assert_int_equal(fail.code, FAIL_INPUT);
    assert_false(app_call(NULL, &caller, STR("status"), STR("{"), &out, &fail));
    assert_int_equal(fail.code, FAIL_INPUT);
    assert_false(app_call(NULL, &caller, STR("status"), STR("{\"verbos\":1}"), &out, &fail));
    assert_int_equal(fail.code, FAIL_INPUT);
    assert_string_equal(fail.pointer, "/verbos");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_of_operations_are_unique_and_all_say_what_they_do),
        cmocka_unit_test(a_caller_without_the_right_is_refused_by_every_operation),
        cmocka_unit_test(an_unknown_operation_and_input_that_is_no_object_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
