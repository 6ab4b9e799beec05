

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "base_buf.h"
#include "base_json.h"

static struct arena *arena;

static int open_arena(void **state)
{
    (void)state;
    arena = arena_new(NULL);
    return 0;
}

static int close_arena(void **state)
{
    (void)state;
    arena_free(arena);
    return 0;
}

static const struct str names[] = {{"batch", 5}, {"events", 6}};

static struct json_split split(const char *text)
{
    struct json_split out = {0};
    struct fail fail;
    if (!json_split(arena, str_from_c(text), names, ARRAY_LEN(names), 1000, &out, &fail)) {
        fail_msg("%s: %s", text, fail.message);
    }
    return out;
}

static void assert_elements(const struct json_split *out, size_t count, const char *const *texts)
{
    assert_int_equal(out->count, count);
    for (size_t i = 0; i < count; i++) {
        assert_true(str_is(out->elements[i], texts[i]));
    }
}

static void bare_array_is_cut_into_its_elements(void **state)
{
    (void)state;
    struct json_split out =
        split(" [ {\"a\":[1,{\"x\":\"]}\"}]} , \"s,\\\"]\" ,[],{}, -1.5e3 ,null\n]\r\n");
    const char *const expected[] = {
        "{\"a\":[1,{\"x\":\"]}\"}]}", "\"s,\\\"]\"", "[]", "{}", "-1.5e3", "null",
    };
    assert_elements(&out, ARRAY_LEN(expected), expected);
    assert_true(out.array);
    assert_int_equal(out.envelope.len, 0);
}

static void envelope_is_the_text_without_the_batch(void **state)
{
    (void)state;
    struct json_split out = split("\xEF\xBB\xBF{\"sentAt\":\"x\", \"batch\" : [ {\"a\":1} "
                                  ",{\"batch\":[2]}] ,\"context\":{\"batch\":[9]}} ");
    assert_elements(&out, 2, (const char *const[]){"{\"a\":1}", "{\"batch\":[2]}"});
    assert_true(out.array);
    assert_true(
        str_is(out.envelope, "{\"sentAt\":\"x\", \"batch\" : [] ,\"context\":{\"batch\":[9]}} "));
    out = split("{\"events\":[]}");
    assert_int_equal(out.count, 0);
    assert_true(out.array);
    assert_true(str_is(out.envelope, "{\"events\":[]}"));
}

static void text_without_a_batch_is_one_element(void **state)
{
    (void)state;
    const char *const texts[] = {
        "{\"event\":\"a\",\"list\":[1,2]}", "{\"batch\":{\"a\":1}}", "{}", "5", "\"[\"", "true",
    };
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        struct str padded = str_format(arena, " %s\n", texts[i]);
        struct json_split out = split(padded.data);
        assert_elements(&out, 1, &texts[i]);
        assert_false(out.array);
        assert_int_equal(out.envelope.len, 0);
    }
}

static void a_bad_element_does_not_spoil_its_batch(void **state)
{
    (void)state;
    struct json_split out =
        split("[{\"a\":1},{\"a\":tru,,:},{\"b\":01},\"\\x\",nonsense,{\"c\":3}]");
    const char *const expected[] = {"{\"a\":1}", "{\"a\":tru,,:}", "{\"b\":01}",
                                    "\"\\x\"",   "nonsense",       "{\"c\":3}"};
    assert_elements(&out, ARRAY_LEN(expected), expected);
}

static void deep_element_is_cut_and_left_to_the_parser(void **state)
{
    (void)state;
    char text[2 * 1000 + 8] = "[";
    memset(text + 1, '[', 1000);
    memset(text + 1001, ']', 1000);
    memcpy(text + 2001, ",5]", 4);
    struct json_split out = split(text);
    assert_int_equal(out.count, 2);
    assert_int_equal(out.elements[0].len, 2000);
    assert_true(str_is(out.elements[1], "5"));
}

static void what_does_not_fit_together_is_no_json(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *message;
    } cases[] = {
        {"", "byte 0: there is no JSON"},
        {" ", "byte 1: there is no JSON"},
        {"[1", "byte 2: expected"},
        {"[1,]", "byte 3: expected a value"},
        {"[,1]", "byte 1: expected a value"},
        {"[1 2]", "byte 3: expected ',' or ']'"},
        {"[{} {}]", "byte 4: expected ',' or ']'"},
        {"[1]]", "byte 3: expected the end"},
        {"[[1}]", "byte 3: expected ']'"},
        {"[{\"a\":[1}]", "byte 8: expected ']'"},
        {"[{\"a\":(]}", "byte 7: expected '}'"},
        {"[{\"a\":1]", "byte 7: expected '}'"},
        {"[\"abc]", "byte 1: a string is not closed"},
        {"[\"abc\\\"]", "byte 1: a string is not closed"},
        {"[{\"abc]", "byte 2: a string is not closed"},
        {"[\"abcdefgh\\", "byte 1: a string is not closed"},
        {"[[[", "byte 1: a bracket is not closed"},
        {"{\"batch\":[1],}", "byte 13: expected a member's name"},
        {"{\"batch\" [1]}", "byte 9: expected ':'"},
        {"{batch:[1]}", "byte 1: expected a member's name"},
        {"{\"batch\":}", "byte 9: expected a value"},
        {"{\"batch\":[1]} x", "byte 14: expected the end"},
        {"{\"a\":1 \"b\":2}", "byte 7: expected ',' or '}'"},
        {"}", "byte 0: expected a value"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct json_split out;
        struct fail fail = {0};
        if (json_split(arena, str_from_c(cases[i].text), names, ARRAY_LEN(names), 1000, &out,
                       &fail)) {
            fail_msg("taken: %s", cases[i].text);
        }
        assert_int_equal(fail.code, FAIL_INPUT);
        if (!str_starts_c(str_from_c(fail.message), cases[i].message) &&
            !str_ends(str_from_c(fail.message), STR("is expected"))) {
            fail_msg("%s: %s", cases[i].text, fail.message);
        }
    }
}

static void a_second_batch_is_refused_and_not_lost(void **state)
{
    (void)state;
    struct json_split out;
    struct fail fail;
    assert_false(json_split(arena, STR("{\"batch\":[1],\"x\":0,\"events\":[2]}"), names, 2, 10,
                            &out, &fail));
    assert_int_equal(fail.code, FAIL_INPUT);
    assert_string_equal(fail.message, "byte 19: a second batch, \"events\"");
    assert_true(json_split(arena, STR("{\"batch\":[1],\"events\":5}"), names, 2, 10, &out, &fail));
    assert_true(
        json_split(arena, STR("{\"batch\":[1],\"events\":[2]}"), names, 1, 10, &out, &fail));
    assert_true(str_is(out.envelope, "{\"batch\":[],\"events\":[2]}"));
}

static void limits_are_kept(void **state)
{
    (void)state;
    struct json_split out = {.count = 77};
    struct fail fail;
    size_t *lines = NULL;
    assert_true(json_split(arena, STR("[1,2,3]"), NULL, 0, 3, &out, &fail));
    out.count = 77;
    assert_false(json_split(arena, STR("[1,2,3]"), NULL, 0, 2, &out, &fail));
    assert_int_equal(fail.code, FAIL_LIMIT);
    assert_false(json_split_lines(arena, STR("1\n2\n\n3"), 2, &out, &lines, &fail));
    assert_int_equal(fail.code, FAIL_LIMIT);
    assert_int_equal(out.count, 77);
    char deep[1100];
    memset(deep, '[', sizeof deep);
    assert_false(json_split(arena, str_of(deep, sizeof deep), NULL, 0, 2, &out, &fail));
    assert_int_equal(fail.code, FAIL_LIMIT);
    /* The elements count against the arena's budget. */
    CLEANUP(base_free_at) void *block = NULL;
    size_t count = 100000;
    assert_true(base_alloc_array(2 * count + 1, 1, &block, &fail));
    char *text = block;
    for (size_t i = 0; i < 2 * count; i++) {
        text[i] = i == 0 ? '[' : i % 2 == 0 ? ',' : '1';
    }
    text[2 * count] = ']';
    struct base_budget *budget = base_budget_new(1 << 20);
    struct arena *small = arena_new(budget);
    assert_false(json_split(small, str_of(text, 2 * count + 1), NULL, 0, count, &out, &fail));
    assert_int_equal(fail.code, FAIL_LIMIT);
    arena_free(small);
    base_budget_free(budget);
    assert_true(json_split(arena, str_of(text, 2 * count + 1), NULL, 0, count, &out, &fail));
    assert_int_equal(out.count, count);
    assert_true(out.elements[count - 1].data == text + 2 * count - 1);
}

static void lines_are_cut_with_their_numbers(void **state)
{
    (void)state;
    struct json_split out;
    struct fail fail;
    size_t *lines = NULL;
    assert_true(json_split_lines(arena, STR("\xEF\xBB\xBF{\"a\":1}\r\n\n  \n [2] \n{bad"), 10, &out,
                                 &lines, &fail));
    assert_elements(&out, 3, (const char *const[]){"{\"a\":1}", "[2]", "{bad"});
    assert_int_equal(lines[0], 1);
    assert_int_equal(lines[1], 4);
    assert_int_equal(lines[2], 5);
    assert_false(out.array);
    assert_true(json_split_lines(arena, STR(""), 10, &out, &lines, &fail));
    assert_int_equal(out.count, 0);
    CLEANUP(base_buf_done) struct base_buf many = {0};
    for (int i = 0; i < 100; i++) {
        base_buf_printf(&many, "%d\n", i);
    }
    assert_true(json_split_lines(arena, base_buf_view(&many), 100, &out, &lines, &fail));
    for (size_t i = 0; i < 100; i++) {
        int64_t number;
        assert_int_equal(lines[i], i + 1);
        assert_true(str_parse_i64(out.elements[i], &number));
        assert_int_equal(number, i);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bare_array_is_cut_into_its_elements),
        cmocka_unit_test(envelope_is_the_text_without_the_batch),
        cmocka_unit_test(text_without_a_batch_is_one_element),
        cmocka_unit_test(a_bad_element_does_not_spoil_its_batch),
        cmocka_unit_test(deep_element_is_cut_and_left_to_the_parser),
        cmocka_unit_test(what_does_not_fit_together_is_no_json),
        cmocka_unit_test(a_second_batch_is_refused_and_not_lost),
        cmocka_unit_test(limits_are_kept),
        cmocka_unit_test(lines_are_cut_with_their_numbers),
    };
    return cmocka_run_group_tests(tests, open_arena, close_arena);
}
