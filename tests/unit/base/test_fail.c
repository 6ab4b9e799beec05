

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "aborts.h"
#include "base_fail.h"

#include <string.h>

static void detector_says_code_and_message(void **state)
{
    (void)state;
    struct fail fail;
    assert_false(fail_set(&fail, FAIL_LIMIT, "%d rows, at most %d", 5, 4));
    assert_int_equal(fail.code, FAIL_LIMIT);
    assert_string_equal(fail.message, "5 rows, at most 4");
    assert_string_equal(fail.pointer, "");
}

static void context_goes_in_front_and_keeps_code_and_pointer(void **state)
{
    (void)state;
    struct fail fail;
    assert_false(fail_input_at(&fail, "/steps/0", "unknown event"));
    assert_false(fail_at(&fail, "reading %s", "question"));
    assert_int_equal(fail.code, FAIL_INPUT);
    assert_string_equal(fail.message, "reading question: unknown event");
    assert_string_equal(fail.pointer, "/steps/0");
}

static void message_may_be_made_of_the_one_it_replaces(void **state)
{
    (void)state;
    struct fail fail;
    fail_set(&fail, FAIL_IO, "disk full");
    fail_set(&fail, FAIL_LIMIT, "cannot write: %s", fail.message);
    assert_string_equal(fail.message, "cannot write: disk full");
    fail_input_at(&fail, "/a", "x");
    fail_input_at(&fail, fail.pointer, "again %s", fail.pointer);
    assert_string_equal(fail.message, "again /a");
    assert_string_equal(fail.pointer, "/a");
    fail_set(&fail, FAIL_INPUT, "at %s", fail.pointer);
    assert_string_equal(fail.message, "at /a");
    assert_string_equal(fail.pointer, "");
}

static void long_message_is_cut_at_a_character(void **state)
{
    (void)state;
    char text[2 * FAIL_MESSAGE_BYTES];
    for (size_t lead = 0; lead < 4; lead++) {
        memset(text, 'x', lead);
        size_t len = lead;
        while (len + 3 < sizeof text) { /* U+20AC, three bytes */
            memcpy(text + len, "\xE2\x82\xAC", 3);
            len += 3;
        }
        text[len] = '\0';
        struct fail fail;
        fail_set(&fail, FAIL_INPUT, "%s", text);
        size_t kept = strlen(fail.message);
        assert_true(kept >= FAIL_MESSAGE_BYTES - 4 && kept < FAIL_MESSAGE_BYTES);
        assert_int_equal((kept - lead) % 3, 0);
        fail_set(&fail, FAIL_INPUT, "short");
        fail_at(&fail, "%s", text);
        kept = strlen(fail.message);
        assert_int_equal((kept - lead) % 3, 0);
        fail_input_at(&fail, text, "%s", "m");
        kept = strlen(fail.pointer);
        assert_true(kept >= FAIL_POINTER_BYTES - 4 && kept < FAIL_POINTER_BYTES);
        assert_int_equal((kept - lead) % 3, 0);
    }
}

static void every_code_has_a_name(void **state)
{
    (void)state;
    assert_string_equal(fail_code_name(FAIL_INPUT), "input");
    assert_string_equal(fail_code_name(FAIL_NO_MEMORY), "no_memory");
    for (int a = FAIL_NONE; a <= FAIL_INTERNAL; a++) {
        for (int b = FAIL_NONE; b < a; b++) {
            assert_string_not_equal(fail_code_name((enum fail_code)a),
                                    fail_code_name((enum fail_code)b));
        }
    }
}

static void break_invariant(void *context)
{
    INVARIANT(context != NULL);
}

static void broken_invariant_aborts(void **state)
{
    (void)state;
    assert_true(aborts(break_invariant, NULL));
    assert_false(aborts(break_invariant, &(int){0}));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(detector_says_code_and_message),
        cmocka_unit_test(context_goes_in_front_and_keeps_code_and_pointer),
        cmocka_unit_test(message_may_be_made_of_the_one_it_replaces),
        cmocka_unit_test(long_message_is_cut_at_a_character),
        cmocka_unit_test(every_code_has_a_name),
        cmocka_unit_test(broken_invariant_aborts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
