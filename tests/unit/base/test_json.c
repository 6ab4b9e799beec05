

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "aborts.h"
#include "base_json.h"

#include <math.h>

static struct json_parser *parser;

static int open_parser(void **state)
{
    (void)state;
    parser = json_parser_new();
    return 0;
}

static int close_parser(void **state)
{
    (void)state;
    json_parser_free(parser);
    return 0;
}

static struct json_value parsed(struct str text)
{
    struct fail fail;
    struct json_value value = {0};
    if (!json_parse(parser, text, &value, &fail)) {
        fail_msg("%.*s: %s", STR_ARG(text), fail.message);
    }
    return value;
}

static void assert_refused(struct str text, enum fail_code code, const char *message)
{
    struct fail fail = {0};
    struct json_value value;
    assert_false(json_parse(parser, text, &value, &fail));
    assert_int_equal(fail.code, code);
    assert_string_equal(fail.message, message);
}

static void members_are_found_by_name_and_the_last_wins(void **state)
{
    (void)state;
    struct json_value root = parsed(STR("{\"a\":1,\"b\":{\"a\":2},\"a\":3,\"\\u0061b\":4}")), found;
    assert_int_equal(json_type_of(root), JSON_OBJECT);
    assert_true(json_member(root, STR("a"), &found));
    assert_int_equal(json_int(found), 3);
    assert_true(json_member(root, STR("ab"), &found));
    assert_int_equal(json_int(found), 4);
    assert_false(json_member(root, STR("c"), &found));
    assert_true(json_member(root, STR("b"), &found) && json_member(found, STR("a"), &found));
    assert_int_equal(json_int(found), 2);
    assert_false(json_member(found, STR("a"), &found)); /* no object */
    assert_int_equal(json_count(root), 4);
}

static void iteration_shows_members_in_the_order_of_the_text(void **state)
{
    (void)state;
    struct json_value root = parsed(STR("{\"z\":[1,[2,[]],{}],\"a\":\"x\",\"z\":null}")), value;
    static const char *const names[] = {"z", "a", "z"};
    static const enum json_type types[] = {JSON_ARRAY, JSON_STRING, JSON_NULL};
    struct str name;
    size_t count = 0;
    for (struct json_iter it = json_iter_of(root); json_next(&it, &name, &value); count++) {
        assert_true(str_is(name, names[count]));
        assert_int_equal(json_type_of(value), types[count]);
    }
    assert_int_equal(count, 3);
    struct json_iter it = json_iter_of(root);
    assert_true(json_next(&it, NULL, &value));
    assert_int_equal(json_count(value), 3);
    it = json_iter_of(value);
    name = STR("left over");
    assert_true(json_next(&it, &name, &value));
    assert_int_equal(json_int(value), 1);
    assert_int_equal(name.len, 0);
    assert_true(json_next(&it, NULL, &value));
    assert_int_equal(json_count(value), 2);
    assert_true(json_next(&it, NULL, &value));
    assert_int_equal(json_type_of(value), JSON_OBJECT);
    assert_false(json_next(&it, NULL, &value));
    assert_false(json_next(&it, NULL, &value));
}

static void numbers_have_the_narrowest_type_that_holds_them(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum json_type type;
        double number;
    } cases[] = {
        {"0", JSON_INT, 0},
        {"-0", JSON_INT, 0},
        {"9223372036854775807", JSON_INT, 9223372036854775807.0},
        {"-9223372036854775808", JSON_INT, -9223372036854775808.0},
        {"9223372036854775808", JSON_UINT, 9223372036854775808.0},
        {"18446744073709551615", JSON_UINT, 18446744073709551615.0},
        {"18446744073709551616", JSON_DOUBLE, 18446744073709551616.0},
        {"-9223372036854775809", JSON_DOUBLE, -9223372036854775809.0},
        {"123456789012345678901234567890", JSON_DOUBLE, 123456789012345678901234567890.0},
        {"1.0", JSON_DOUBLE, 1},
        {"1e3", JSON_DOUBLE, 1000},
        {"0.1", JSON_DOUBLE, 0.1},
        {"1e-400", JSON_DOUBLE, 0},
        {"1.7976931348623157e308", JSON_DOUBLE, 1.7976931348623157e308},
        {"5e-324", JSON_DOUBLE, 5e-324},
    };
    CLEANUP(arena_free_at) struct arena *arena = arena_new(NULL);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct json_value value = parsed(str_from_c(cases[i].text)); /* as the whole document */
        assert_int_equal(json_type_of(value), cases[i].type);
        struct json_iter it = json_iter_of(parsed(str_format(arena, "[ %s ]", cases[i].text)));
        assert_true(json_next(&it, NULL, &value));
        assert_int_equal(json_type_of(value), cases[i].type);
        assert_true(fabs(json_double(value) - cases[i].number) <= 0);
    }
}

static void big_whole_numbers_leave_others_and_strings_alone(void **state)
{
    (void)state;
    struct json_value root = parsed(
        STR("\xEF\xBB\xBF{\"18446744073709551616\":\"\\\"18446744073709551616\",\"a\":"
            "18446744073709551616,"
            "\"b\":9223372036854775807,\"c\":18446744073709551615,\"d\":-9223372036854775808}"));
    struct json_value value;
    assert_true(json_member(root, STR("18446744073709551616"), &value));
    assert_true(str_is(json_string(value), "\"18446744073709551616"));
    assert_true(json_member(root, STR("a"), &value) && json_type_of(value) == JSON_DOUBLE);
    assert_true(json_member(root, STR("b"), &value) && json_int(value) == INT64_MAX);
    assert_true(json_member(root, STR("c"), &value) && json_uint(value) == UINT64_MAX);
    assert_true(json_member(root, STR("d"), &value) && json_int(value) == INT64_MIN);
}

static void infinite_numbers_are_refused_by_place(void **state)
{
    (void)state;
    assert_refused(STR("[1e308,1e309]"), FAIL_INPUT, "byte 7: a number beyond what a double holds");
    assert_refused(STR("[18446744073709551616, -1e999]"), FAIL_INPUT,
                   "byte 23: a number beyond what a double holds");
    char digits[400];
    memset(digits, '7', sizeof digits);
    assert_refused(str_of(digits, sizeof digits), FAIL_INPUT,
                   "byte 0: a number beyond what a double holds");
    struct json_value value = parsed(str_of(digits, 308));
    assert_true(json_double(value) > 7e307);
}

static void strings_are_unescaped_utf8(void **state)
{
    (void)state;
    struct json_value value = parsed(STR("\"\\u00e9\\ud83d\\ude00\\u0000\\n\\/\xC3\xA9\""));
    assert_true(str_equal(json_string(value), STR("\xC3\xA9\xF0\x9F\x98\x80\0\n/\xC3\xA9")));
}

static void depth_is_bounded(void **state)
{
    (void)state;
    char text[200];
    for (size_t depth = 30; depth <= 40; depth++) {
        memset(text, '[', depth);
        memset(text + depth, ']', depth);
        if (depth <= BASE_JSON_DEPTH_MAX) {
            parsed(str_of(text, 2 * depth));
        } else {
            assert_refused(str_of(text, 2 * depth), FAIL_LIMIT,
                           "byte 32: nested deeper than 32 levels");
        }
        /* A scalar inside is a level too. */
        text[depth] = '1';
        memset(text + depth + 1, ']', depth);
        if (depth < BASE_JSON_DEPTH_MAX) {
            parsed(str_of(text, 2 * depth + 1));
        } else {
            assert_refused(str_of(text, 2 * depth + 1), FAIL_LIMIT,
                           "byte 32: nested deeper than 32 levels");
        }
    }
    /* Not a matter of how many there are. */
    parsed(STR("[[[[]],[[]],[[]]],{\"a\":{\"b\":[]}},[[[[[[[[]]]]]]]]]"));
}

static void refusals_say_what_and_where(void **state)
{
    (void)state;
    static const struct {
        struct str text;
        const char *message;
    } cases[] = {
        {{NULL, 0}, "byte 0: there is no JSON"},
        {{" \n", 2}, "byte 2: there is no JSON"},
        {{"\xEF\xBB\xBF", 3}, "byte 3: there is no JSON"},
        {{"[1", 2}, "byte 2: the text ends where ',' or ']' is expected"},
        {{"[1 2]", 5}, "byte 3: expected ',' or ']', not '2'"},
        {{"[1,]", 4}, "byte 3: expected a value, not ']'"},
        {{"[1]]", 4}, "byte 3: expected the end, not ']'"},
        {{"[1}", 3}, "byte 2: expected ',' or ']', not '}'"},
        {{"{\"a\":1,}", 8}, "byte 7: expected a member's name, not '}'"},
        {{"{\"a\" 1}", 7}, "byte 5: expected ':', not '1'"},
        {{"{a:1}", 5}, "byte 1: expected a member's name, not 'a'"},
        {{"{\"a\":1 \"b\":2}", 13}, "byte 7: expected ',' or '}', not '\"'"},
        {{"[01]", 4}, "byte 1: a number begins with 0"},
        {{"[1.]", 4}, "byte 3: expected a digit, not ']'"},
        {{"[1e]", 4}, "byte 3: expected a digit, not ']'"},
        {{"[-]", 3}, "byte 2: expected a digit, not ']'"},
        {{"[+1]", 4}, "byte 1: expected a value, not '+'"},
        {{"[.5]", 4}, "byte 1: expected a value, not '.'"},
        {{"[NaN]", 5}, "byte 1: expected a value, not 'N'"},
        {{"[nul]", 5}, "byte 4: expected null"},
        {{"[truex]", 7}, "byte 5: expected ',' or ']', not 'x'"},
        {{"\"abc", 4}, "byte 0: a string is not closed"},
        {{"[\"a\nb\"]", 7}, "byte 3: byte 0x0a in a string must be escaped"},
        {{"[\"a\0b\"]", 7}, "byte 3: byte 0x00 in a string must be escaped"},
        {{"[1\0]", 4}, "byte 2: expected ',' or ']', not byte 0x00"},
        {{"[1]\0", 4}, "byte 3: expected the end, not byte 0x00"},
        {{"[\"\\x\"]", 6}, "byte 3: expected one of \"\\/bfnrtu, not 'x'"},
        {{"[\"\\u12g4\"]", 10}, "byte 6: expected a hexadecimal digit, not 'g'"},
        {{"[\"\\ud800\"]", 10}, "byte 2: half of a surrogate pair"},
        {{"[\"\\udc00\"]", 10}, "byte 2: half of a surrogate pair"},
        {{"[\"\\ud800\\u0041\"]", 16}, "byte 2: half of a surrogate pair"},
        {{"[\"a\xFF\"]", 6}, "byte 3: not UTF-8"},
        {{"[\"\xED\xA0\x80\"]", 7}, "byte 2: not UTF-8"},
        {{"[\xC3\xA9]", 4}, "byte 1: expected a value, not byte 0xc3"},
        {{"[1 /* x */]", 11}, "byte 3: expected ',' or ']', not '/'"},
        {{"[]\xEF\xBB\xBF", 5}, "byte 2: expected the end, not byte 0xef"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        assert_refused(cases[i].text, FAIL_INPUT, cases[i].message);
    }
}

static void refusal_leaves_the_parser_usable(void **state)
{
    (void)state;
    for (int i = 0; i < 5; i++) {
        assert_refused(STR("[1,"), FAIL_INPUT, "byte 3: the text ends where a value is expected");
        assert_int_equal(json_count(parsed(STR("[1,2]"))), 2);
    }
}

static void mark_at_the_start_is_skipped(void **state)
{
    (void)state;
    assert_int_equal(json_int(parsed(STR("\xEF\xBB\xBF 5"))), 5);
    assert_refused(STR("\xEF\xBB\xBF[x]"), FAIL_INPUT, "byte 4: expected a value, not 'x'");
}

static void large_documents_come_and_go(void **state)
{
    (void)state;
    struct fail fail;
    size_t count = 3000000;
    CLEANUP(base_free_at) void *block = NULL;
    assert_true(base_alloc_array(2 * count + 1, 1, &block, &fail));
    char *text = block;
    for (size_t i = 0; i < count; i++) {
        text[2 * i] = i == 0 ? '[' : ',';
        text[2 * i + 1] = '7';
    }
    text[2 * count] = ']';
    for (int i = 0; i < 2; i++) {
        struct json_value root = parsed(str_of(text, 2 * count + 1)), value;
        assert_int_equal(json_count(root), count);
        assert_int_equal(json_count(parsed(STR("[1,2,3]"))), 3);
        /* Texts just above and below powers of two. */
        for (size_t len = 1022; len < 1027; len++) {
            text[2 * len] = ']';
            assert_int_equal(json_count(parsed(str_of(text, 2 * len + 1))), len);
            text[2 * len] = ',';
        }
        struct json_iter it = json_iter_of(parsed(STR("[7]")));
        assert_true(json_next(&it, NULL, &value) && json_int(value) == 7);
    }
}

static void ask_for_the_wrong_type(void *context)
{
    struct json_value *value = context;
    json_int(*value);
}

static void asking_for_the_wrong_type_aborts(void **state)
{
    (void)state;
    struct json_value value = parsed(STR("\"5\""));
    assert_true(aborts(ask_for_the_wrong_type, &value));
    value = parsed(STR("5.5"));
    assert_true(aborts(ask_for_the_wrong_type, &value));
    value = parsed(STR("5"));
    assert_false(aborts(ask_for_the_wrong_type, &value));
}

static void types_have_names_for_messages(void **state)
{
    (void)state;
    assert_string_equal(json_type_name(json_type_of(parsed(STR("null")))), "null");
    assert_string_equal(json_type_name(json_type_of(parsed(STR("true")))), "a boolean");
    assert_true(json_bool(parsed(STR("true"))));
    assert_false(json_bool(parsed(STR("false"))));
    assert_string_equal(json_type_name(JSON_UINT), "a number");
    assert_string_equal(json_type_name(JSON_OBJECT), "an object");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(members_are_found_by_name_and_the_last_wins),
        cmocka_unit_test(iteration_shows_members_in_the_order_of_the_text),
        cmocka_unit_test(numbers_have_the_narrowest_type_that_holds_them),
        cmocka_unit_test(big_whole_numbers_leave_others_and_strings_alone),
        cmocka_unit_test(infinite_numbers_are_refused_by_place),
        cmocka_unit_test(strings_are_unescaped_utf8),
        cmocka_unit_test(depth_is_bounded),
        cmocka_unit_test(refusals_say_what_and_where),
        cmocka_unit_test(refusal_leaves_the_parser_usable),
        cmocka_unit_test(mark_at_the_start_is_skipped),
        cmocka_unit_test(large_documents_come_and_go),
        cmocka_unit_test(asking_for_the_wrong_type_aborts),
        cmocka_unit_test(types_have_names_for_messages),
    };
    return cmocka_run_group_tests(tests, open_parser, close_parser);
}
