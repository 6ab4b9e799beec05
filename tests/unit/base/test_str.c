

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "base_str.h"

static const struct str none = {NULL, 0};

static void empty_texts_are_equal_whatever_they_point_at(void **state)
{
    (void)state;
    assert_true(str_equal(none, STR("")));
    assert_true(str_starts(STR("a"), none) && str_ends(none, none));
    assert_true(str_is(none, ""));
    assert_false(str_is(none, "a"));
    assert_int_equal(str_compare(none, STR("")), 0);
    assert_int_equal(str_from_c(NULL).len, 0);
}

static void comparison_is_by_bytes_and_a_prefix_comes_first(void **state)
{
    (void)state;
    assert_true(str_compare(STR("a"), STR("ab")) < 0);
    assert_true(str_compare(STR("Z"), STR("a")) < 0);
    assert_true(str_compare(STR("\xC3\xA9"), STR("z")) > 0);
    assert_true(str_compare(STR("a\0b"), STR("a\0c")) < 0);
    assert_false(str_equal(STR("a\0b"), STR("a\0c")));
}

static void searching_gives_the_position_or_the_length(void **state)
{
    (void)state;
    assert_int_equal(str_find_byte(STR("a,b"), ','), 1);
    assert_int_equal(str_find_byte(STR("ab"), ','), 2);
    assert_int_equal(str_find_byte(none, ','), 0);
    assert_int_equal(str_find(STR("hello"), STR("ll")), 2);
    assert_int_equal(str_find(STR("hello"), STR("lo!")), 5);
    assert_int_equal(str_find(STR("hello"), none), 0);
    assert_int_equal(str_find(none, STR("x")), 0);
}

static void trimming_takes_ascii_space_only(void **state)
{
    (void)state;
    assert_true(str_is(str_trim(STR(" \t\r\n a b \n")), "a b"));
    assert_true(str_is(str_trim(STR(" \n")), ""));
    assert_true(str_is(str_trim(STR("\xC2\xA0x")), "\xC2\xA0x"));
    assert_true(str_is(str_trim(none), ""));
    assert_true(str_is(str_after(STR("abc"), 1), "bc"));
    assert_int_equal(str_after(STR("abc"), 9).len, 0);
}

static void parts_end_with_the_text(void **state)
{
    (void)state;
    struct str rest = STR("a,,b"), part;
    assert_true(str_next_part(&rest, ',', &part) && str_is(part, "a"));
    assert_true(str_next_part(&rest, ',', &part) && str_is(part, ""));
    assert_true(str_next_part(&rest, ',', &part) && str_is(part, "b"));
    assert_false(str_next_part(&rest, ',', &part));
    rest = STR("a,");
    assert_true(str_next_part(&rest, ',', &part) && str_is(part, "a"));
    assert_true(str_next_part(&rest, ',', &part) && str_is(part, ""));
    assert_false(str_next_part(&rest, ',', &part));
}

static void copies_live_in_the_arena(void **state)
{
    (void)state;
    CLEANUP(arena_free_at) struct arena *arena = arena_new(NULL);
    char text[] = "abc";
    struct str copy = str_copy(arena, str_of(text, 3));
    text[0] = 'x';
    assert_true(str_is(copy, "abc"));
    assert_int_equal(copy.data[3], '\0');
    assert_string_equal(str_copy_c(arena, none), "");
    assert_true(str_is(str_format(arena, "%d-%s", 7, "x"), "7-x"));
    assert_true(str_is(str_format(arena, "%s", ""), ""));
}

static void utf8_is_told_from_what_is_not(void **state)
{
    (void)state;
    static const struct {
        struct str text;
        bool valid;
        size_t step; /* of its beginning */
    } cases[] = {
        {{"a", 1}, true, 1},
        {{"\xC2\x80", 2}, true, 2},
        {{"\xE0\xA0\x80", 3}, true, 3},
        {{"\xED\x9F\xBF", 3}, true, 3},
        {{"\xEF\xBF\xBF", 3}, true, 3},
        {{"\xF0\x90\x80\x80", 4}, true, 4},
        {{"\xF4\x8F\xBF\xBF", 4}, true, 4},
        {{"\x80", 1}, false, 1},             /* no lead */
        {{"\xC1\xBF", 2}, false, 1},         /* overlong */
        {{"\xE0\x9F\xBF", 3}, false, 1},     /* overlong */
        {{"\xED\xA0\x80", 3}, false, 1},     /* surrogate */
        {{"\xF0\x8F\xBF\xBF", 4}, false, 1}, /* overlong */
        {{"\xF4\x90\x80\x80", 4}, false, 1}, /* past U+10FFFF */
        {{"\xF5\x80\x80\x80", 4}, false, 1},
        {{"\xC3", 1}, false, 1}, /* cut off */
        {{"\xE2\x82", 2}, false, 2},
        {{"\xF0\x9F\x98", 3}, false, 3},
        {{"\xE2\x82\x41", 3}, false, 2},
        {{"\xC3\xC3\xA9", 3}, false, 1},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        bool valid;
        assert_int_equal(str_utf8_step(cases[i].text, &valid), cases[i].step);
        assert_int_equal(valid, cases[i].valid);
        assert_int_equal(str_is_utf8(cases[i].text), cases[i].valid);
    }
    assert_true(str_is_utf8(STR("gr\xC3\xBC\xC3\x9F \xF0\x9F\x98\x80")));
    assert_true(str_is_utf8(none));
}

static void whole_numbers_are_digits_in_range(void **state)
{
    (void)state;
    int64_t i = 5;
    uint64_t u = 5;
    assert_true(str_parse_i64(STR("-9223372036854775808"), &i) && i == INT64_MIN);
    assert_true(str_parse_i64(STR("9223372036854775807"), &i) && i == INT64_MAX);
    assert_true(str_parse_u64(STR("18446744073709551615"), &u) && u == UINT64_MAX);
    i = 5;
    u = 5;
    static const char *const bad[] = {
        "", "-", "+1", " 1", "1 ", "1.0", "0x1", "9223372036854775808", "-9223372036854775809",
    };
    for (size_t k = 0; k < ARRAY_LEN(bad); k++) {
        assert_false(str_parse_i64(str_from_c(bad[k]), &i));
    }
    assert_false(str_parse_u64(STR("18446744073709551616"), &u));
    assert_false(str_parse_u64(STR("99999999999999999999"), &u));
    assert_false(str_parse_u64(STR("-1"), &u));
    assert_false(str_parse_u64(none, &u));
    assert_int_equal(i, 5);
    assert_int_equal(u, 5);
}

static void decimals_are_numbers_and_nothing_else(void **state)
{
    (void)state;
    double v = 0;
    assert_true(str_parse_double(STR("1.5e3"), &v) && v >= 1500 && v <= 1500);
    assert_true(str_parse_double(STR("+.5"), &v) && v >= 0.5 && v <= 0.5);
    assert_true(str_parse_double(STR("-2."), &v) && v >= -2 && v <= -2);
    assert_true(str_parse_double(STR("1E+2"), &v) && v >= 100 && v <= 100);
    assert_true(str_parse_double(STR("1e-400"), &v) && v >= 0 && v <= 0);
    static const char *const bad[] = {
        "",     ".",   "-",  "e5", "1e",    "1e+", "inf",   "nan",
        "0x10", "1,5", " 1", "1 ", "1e400", "--1", "1.2.3",
    };
    for (size_t k = 0; k < ARRAY_LEN(bad); k++) {
        assert_false(str_parse_double(str_from_c(bad[k]), &v));
    }
}

static void nearest_name_is_close_enough_to_be_meant(void **state)
{
    (void)state;
    static const char *const names[] = {"country", "county", "plan", "channel"};
    assert_string_equal(str_nearest(STR("contry"), names, ARRAY_LEN(names)), "country");
    assert_string_equal(str_nearest(STR("plna"), names, ARRAY_LEN(names)), "plan"); /* swapped */
    assert_string_equal(str_nearest(STR("PLAN"), names, ARRAY_LEN(names)), "plan");
    assert_null(str_nearest(STR("revenue"), names, ARRAY_LEN(names)));
    assert_null(str_nearest(STR(""), names, ARRAY_LEN(names)));
    assert_null(str_nearest(STR("x"), (const char *const[]){"y"}, 1));
    const struct str views[] = {{"channel", 7}, {"plan", 4}};
    assert_int_equal(str_nearest_of(STR("chanel"), views, 2), 0);
    assert_true(str_nearest_of(STR("zzzz"), views, 2) == SIZE_MAX);
}

static void origins_are_scheme_host_and_port(void **state)
{
    (void)state;
    static const char *const good[] = {"https://shop.example", "http://localhost:8080",
                                       "https://xn--bcher-kva.example", "http://[::1]:80"};
    static const char *const bad[] = {
        "",
        "https://",
        "shop.example",
        "ftp://shop.example",
        "https://shop.example/",
        "https://Shop.example",
        "https://*.shop.example",
        "https://me@shop.example",
        "https://shop.example?a",
        "https://shop.example#a",
        "https://shop example",
        ("https://b\xc3\xbc"
         "cher.example"),
    };
    for (size_t i = 0; i < ARRAY_LEN(good); i++) {
        assert_true(str_is_origin(str_from_c(good[i])));
    }
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        assert_false(str_is_origin(str_from_c(bad[i])));
    }
    char longest[STR_ORIGIN_BYTES_MAX + 1] = "https://";
    memset(longest + 8, 'a', sizeof longest - 8);
    assert_true(str_is_origin(str_of(longest, STR_ORIGIN_BYTES_MAX)));
    assert_false(str_is_origin(str_of(longest, STR_ORIGIN_BYTES_MAX + 1)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(empty_texts_are_equal_whatever_they_point_at),
        cmocka_unit_test(comparison_is_by_bytes_and_a_prefix_comes_first),
        cmocka_unit_test(searching_gives_the_position_or_the_length),
        cmocka_unit_test(trimming_takes_ascii_space_only),
        cmocka_unit_test(parts_end_with_the_text),
        cmocka_unit_test(copies_live_in_the_arena),
        cmocka_unit_test(utf8_is_told_from_what_is_not),
        cmocka_unit_test(whole_numbers_are_digits_in_range),
        cmocka_unit_test(decimals_are_numbers_and_nothing_else),
        cmocka_unit_test(nearest_name_is_close_enough_to_be_meant),
        cmocka_unit_test(origins_are_scheme_host_and_port),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
