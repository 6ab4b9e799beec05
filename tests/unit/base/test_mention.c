/* Does a text speak of someone: plainly, escaped, inside of base64; and base64 itself. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base_base64.h"
#include "base_mention.h"

static struct fail fail;

static struct base_mention *mention_of(const char *const *words, size_t count)
{
    struct str list[8] = {{0}};
    struct base_mention *mention = NULL;
    for (size_t i = 0; i < count; i++) {
        list[i] = str_from_c(words[i]);
    }
    assert_true(base_mention_new(list, count, &mention, &fail));
    return mention;
}

static void a_word_counts_where_it_stands_for_itself(void **state)
{
    (void)state;
    static const char *const words[] = {"ann-4711", "Ann@Example.org", "7", "joe", "zoë"};
    static const struct {
        const char *text;
        bool spoken;
    } cases[] = {
        {"ann-4711", true},
        {"(ann-4711)", true},
        {"to ann-4711.", true},
        {"ann-47110", false},
        {"xann-4711", false},
        {"ann-4711-b", false},
        {"mailto:ann@example.ORG", true},
        {"ann@example.org.uk", false},
        {"joann@example.org", false},
        {"{\"id\":7}", false},
        {"{\"id\":\"7\"}", true},
        {"a,7,b", true},
        {"17", false},
        {"\"joe\"", true},
        {"hello joe", false}, /* three bytes stand in anything */
        {"hello zoë!", true},
        {"zoëx", false},
        {"", false},
    };
    struct base_mention *mention = mention_of(words, ARRAY_LEN(words));
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        if (base_mention_in(mention, str_from_c(cases[i].text)) != cases[i].spoken) {
            fail_msg("%s", cases[i].text);
        }
    }
    base_mention_free(mention);
}

static void escapes_hide_nobody(void **state)
{
    (void)state;
    static const char *const words[] = {"ann/4711@x", "z\xf0\x9f\x98\x80"
                                                      "long"};
    static const struct {
        const char *text;
        bool spoken;
    } cases[] = {
        {"\"ann\\/4711@x\"", true},
        {"\"\\u0061nn\\u002f4711@x\"", true},
        {"q=ann%2F4711%40x", true},
        {"ann/4711=40x", true},
        {"{\"d\":\"YW5uLzQ3MTFAeA==\"}", true},
        {"YW5u\r\nLzQ3\r\nMTFAeA==", true},
        {"\"z\\ud83d\\ude00long\"", true},
        {"\"z\\ud83dlong\"", false},
        {"\\u00", false},
        {"%", false},
        {"\\", false},
    };
    struct base_mention *mention = mention_of(words, ARRAY_LEN(words));
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        if (base_mention_in(mention, str_from_c(cases[i].text)) != cases[i].spoken) {
            fail_msg("%s", cases[i].text);
        }
    }
    base_mention_free(mention);
}

static void names_are_replaced_and_the_rest_stays(void **state)
{
    (void)state;
    static const char *const words[] = {"ann@example.org", "user:ann@example.org"};
    struct base_mention *mention = mention_of(words, ARRAY_LEN(words));
    struct base_buf out = {0};
    size_t count = base_mention_replace(
        mention, STR("{\"a\":\"user:ann@example.org\",\"b\":\"ann@example.org, bob@example.org\"}"),
        STR("[erased]"), &out);
    assert_int_equal(count, 2);
    assert_true(str_equal(base_buf_view(&out),
                          STR("{\"a\":\"[erased]\",\"b\":\"[erased], bob@example.org\"}")));
    base_buf_done(&out);
    base_mention_free(mention);
}

static void nobody_is_in_no_text(void **state)
{
    (void)state;
    struct base_mention *mention = mention_of(NULL, 0);
    struct base_buf out = {0};
    assert_false(base_mention_in(mention, STR("anything")));
    assert_int_equal(base_mention_replace(mention, STR("anything"), STR("x"), &out), 0);
    assert_true(str_equal(base_buf_view(&out), STR("anything")));
    base_buf_done(&out);
    base_mention_free(mention);
}

static void base64_comes_back_as_it_was(void **state)
{
    (void)state;
    struct arena *arena = arena_new(NULL);
    char bytes[40];
    struct str text;
    struct str back;
    for (size_t i = 0; i < sizeof bytes; i++) {
        bytes[i] = (char)(i * 37 + 200);
    }
    for (size_t len = 0; len <= sizeof bytes; len++) {
        assert_true(base_base64_encode(str_of(bytes, len), arena, &text, &fail));
        assert_int_equal(text.len, (len + 2) / 3 * 4);
        assert_true(base_base64_decode(text, arena, &back, &fail));
        assert_int_equal(back.len, len);
        assert_true(len == 0 || memcmp(back.data, bytes, len) == 0);
    }
    assert_true(base_base64_encode(STR("any carnal pleas"), arena, &text, &fail));
    assert_true(str_is(text, "YW55IGNhcm5hbCBwbGVhcw=="));
    assert_false(base_base64_decode(STR("YW5"), arena, &back, &fail));
    assert_int_equal(fail.code, FAIL_INPUT);
    assert_false(base_base64_decode(STR("YW!="), arena, &back, &fail));
    assert_int_equal(fail.code, FAIL_INPUT);
    arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_word_counts_where_it_stands_for_itself),
        cmocka_unit_test(escapes_hide_nobody),
        cmocka_unit_test(names_are_replaced_and_the_rest_stays),
        cmocka_unit_test(nobody_is_in_no_text),
        cmocka_unit_test(base64_comes_back_as_it_was),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
