

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "base_buf.h"

static void buffer_grows_by_what_is_appended(void **state)
{
    (void)state;
    struct fail fail;
    CLEANUP(base_buf_done) struct base_buf buf = {0};
    for (int i = 0; i < 10000; i++) {
        base_buf_byte(&buf, (char)('a' + i % 26));
    }
    base_buf_c(&buf, "-");
    base_buf_str(&buf, STR("str"));
    base_buf_str(&buf, (struct str){NULL, 0});
    base_buf_printf(&buf, "%s%d", "=", 42);
    base_buf_printf(&buf, "%s", "");
    assert_true(base_buf_ok(&buf, &fail));
    assert_int_equal(buf.len, 10007);
    assert_true(str_ends(base_buf_view(&buf), STR("-str=42")));
    assert_int_equal(buf.data[27], 'b');
}

static void buffer_fails_past_its_limit_and_says_so(void **state)
{
    (void)state;
    struct fail fail;
    CLEANUP(base_buf_done) struct base_buf buf = {.limit = 8};
    base_buf_c(&buf, "12345678");
    assert_true(base_buf_ok(&buf, &fail));
    base_buf_byte(&buf, '9');
    assert_false(base_buf_ok(&buf, &fail));
    assert_int_equal(fail.code, FAIL_LIMIT);
    base_buf_c(&buf, "x");
    assert_true(str_is(base_buf_view(&buf), "12345678"));
    assert_null(base_buf_room(&buf, 0));
    base_buf_reset(&buf);
    assert_true(base_buf_ok(&buf, &fail));
    base_buf_c(&buf, "again");
    assert_true(str_is(base_buf_view(&buf), "again"));
}

static void printf_may_fill_the_last_byte(void **state)
{
    (void)state;
    struct fail fail;
    CLEANUP(base_buf_done) struct base_buf buf = {.limit = 8};
    base_buf_printf(&buf, "%d", 12345678);
    assert_true(base_buf_ok(&buf, &fail));
    assert_true(str_is(base_buf_view(&buf), "12345678"));
    base_buf_printf(&buf, "%d", 9);
    assert_false(base_buf_ok(&buf, &fail));
    assert_int_equal(buf.len, 8);
}

static void room_is_claimed_by_hand(void **state)
{
    (void)state;
    CLEANUP(base_buf_done) struct base_buf buf = {0};
    assert_non_null(base_buf_room(&buf, 0));
    char *room = base_buf_room(&buf, 3);
    memcpy(room, "abc", 3);
    assert_int_equal(buf.len, 0);
    buf.len += 3;
    assert_true(str_is(base_buf_view(&buf), "abc"));
    assert_null(base_buf_room(&buf, SIZE_MAX - 1));
}

static void taken_bytes_belong_to_the_taker(void **state)
{
    (void)state;
    struct base_buf buf = {.limit = 100};
    size_t len = 1;
    assert_null(base_buf_take(&buf, &len));
    assert_int_equal(len, 0);
    base_buf_c(&buf, "mine");
    CLEANUP(base_free_at) char *taken = base_buf_take(&buf, &len);
    assert_memory_equal(taken, "mine", 4);
    assert_int_equal(len, 4);
    assert_int_equal(buf.len, 0);
    assert_null(buf.data);
    assert_int_equal(buf.limit, 100);
    base_buf_done(&buf);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(buffer_grows_by_what_is_appended),
        cmocka_unit_test(buffer_fails_past_its_limit_and_says_so),
        cmocka_unit_test(printf_may_fill_the_last_byte),
        cmocka_unit_test(room_is_claimed_by_hand),
        cmocka_unit_test(taken_bytes_belong_to_the_taker),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
