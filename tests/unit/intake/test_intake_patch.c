/* JSON Patch: what RFC 6902 says of documents, the values that only a record has, and what is refused. */
#include "intake_test.h"

#include "base_buf.h"
#include "intake_patch.h"

static const struct intake_patch_row received = {INT64_C(1780000000000)};

/* The document after the patch; NULL where something was refused, and then f->fail says why. */
static const char *patched(struct fixture *f, const char *document, const char *patch)
{
    struct json_parser *parser CLEANUP(json_parser_free_at) = json_parser_new();
    struct json_value list;
    struct intake_patch parsed;
    struct str out;
    f->fail = (struct fail){0};
    if (!json_parse(parser, str_from_c(patch), &list, &f->fail) ||
        !intake_patch_parse(list, f->arena, &parsed, &f->fail) ||
        !intake_patch_apply(&parsed, str_from_c(document), &received, f->arena, &out, &f->fail)) {
        return NULL;
    }
    return str_copy_c(f->arena, out);
}

static void operations_do_what_the_standard_says(void **state)
{
    (void)state;
    static const struct {
        const char *document, *patch, *after;
    } cases[] = {
        {"{\"a\":1}", "[]", "{\"a\":1}"},
        {"{\"a\":1}", "[{\"op\":\"add\",\"path\":\"/b\",\"value\":{\"c\":[]}}]",
         "{\"a\":1,\"b\":{\"c\":[]}}"},
        {"{\"a\":1}", "[{\"op\":\"add\",\"path\":\"/a\",\"value\":2}]", "{\"a\":2}"},
        {"{\"a\":[1,2]}", "[{\"op\":\"add\",\"path\":\"/a/1\",\"value\":9}]", "{\"a\":[1,9,2]}"},
        {"{\"a\":[1,2]}", "[{\"op\":\"add\",\"path\":\"/a/-\",\"value\":9}]", "{\"a\":[1,2,9]}"},
        {"{\"a\":[1,2]}", "[{\"op\":\"add\",\"path\":\"/a/2\",\"value\":9}]", "{\"a\":[1,2,9]}"},
        {"{\"a\":[1,2]}", "[{\"op\":\"remove\",\"path\":\"/a/0\"}]", "{\"a\":[2]}"},
        {"{\"a\":[1,2]}", "[{\"op\":\"replace\",\"path\":\"/a/1\",\"value\":\"x\"}]",
         "{\"a\":[1,\"x\"]}"},
        {"{\"a\":[{\"b\":1}]}", "[{\"op\":\"remove\",\"path\":\"/a/0/b\"}]", "{\"a\":[{}]}"},
        {"{\"a\":1,\"b\":2}", "[{\"op\":\"move\",\"from\":\"/a\",\"path\":\"/c\"}]",
         "{\"b\":2,\"c\":1}"},
        {"{\"a\":{\"x\":1}}", "[{\"op\":\"copy\",\"from\":\"/a/x\",\"path\":\"/y\"}]",
         "{\"a\":{\"x\":1},\"y\":1}"},
        {"{\"a/b\":1,\"m~n\":2}",
         "[{\"op\":\"remove\",\"path\":\"/a~1b\"},{\"op\":\"remove\",\"path\":\"/m~0n\"}]", "{}"},
        {"{\"\":1}", "[{\"op\":\"remove\",\"path\":\"/\"}]", "{}"},
        {"{\"a\":1}", "[{\"op\":\"replace\",\"path\":\"\",\"value\":[7]}]", "[7]"},
        {"{\"a\":{\"x\":[1,{\"y\":null}],\"z\":2.0}}",
         "[{\"op\":\"test\",\"path\":\"/a\",\"value\":{\"z\":2,\"x\":[1,{\"y\":null}]}},"
         "{\"op\":\"remove\",\"path\":\"/a\"}]",
         "{}"},
        {"{\"a\":[{\"b\":[5,6]},7]}", "[{\"op\":\"copy\",\"from\":\"/a/0/b/1\",\"path\":\"/c\"}]",
         "{\"a\":[{\"b\":[5,6]},7],\"c\":6}"},
        {"{\"a\":[\"x\",true,18446744073709551615]}",
         "[{\"op\":\"test\",\"path\":\"/a\",\"value\":[\"x\",true,18446744073709551615]},"
         "{\"op\":\"remove\",\"path\":\"/a\"}]",
         "{}"},
        /* Of two members of one name none is left behind. */
        {"{\"a\":1,\"a\":2}", "[{\"op\":\"remove\",\"path\":\"/a\"}]", "{}"},
        {"{\"a\":1,\"a\":2}", "[{\"op\":\"replace\",\"path\":\"/a\",\"value\":3}]", "{\"a\":3}"},
        {"{\"a\":{\"b\":1,\"b\":2}}",
         "[{\"op\":\"test\",\"path\":\"/a\",\"value\":{\"b\":1,\"b\":2}}]",
         "{\"a\":{\"b\":1,\"b\":2}}"},
        {"{\"n\":9007199254740993,\"d\":0.1}", "[{\"op\":\"remove\",\"path\":\"/d\"}]",
         "{\"n\":9007199254740993}"},
    };
    struct fixture f;
    test_init(&f);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        const char *after = patched(&f, cases[i].document, cases[i].patch);
        if (after == NULL) {
            print_error("%s %s: %s\n", cases[i].document, cases[i].patch, f.fail.message);
            fail();
        }
        assert_string_equal(after, cases[i].after);
    }
    test_done(&f);
}

static void values_come_from_the_record_where_that_is_said(void **state)
{
    (void)state;
    static const struct {
        const char *document, *patch, *after;
    } cases[] = {
        {"{}", "[{\"op\":\"add\",\"path\":\"/ts\",\"row\":\"received_at\"}]",
         "{\"ts\":\"2026-05-28T20:26:40.000Z\"}"},
        {"{\"n\":\" 12,5 \"}", "[{\"op\":\"replace\",\"path\":\"/n\",\"read\":\"number\"}]",
         "{\"n\":12.5}"},
        {"{\"n\":\"1\xc2\xa0"
         "489,25\"}",
         "[{\"op\":\"replace\",\"path\":\"/n\",\"read\":\"number\"}]", "{\"n\":1489.25}"},
        {"{\"n\":\"9\"}", "[{\"op\":\"replace\",\"path\":\"/n\",\"read\":\"number\"}]",
         "{\"n\":9}"},
        {"{\"n\":2.5}", "[{\"op\":\"replace\",\"path\":\"/n\",\"read\":\"number\"}]",
         "{\"n\":2.5}"},
        {"{\"n\":\"x y\"}", "[{\"op\":\"replace\",\"path\":\"/n\",\"read\":\"text\"}]",
         "{\"n\":\"x y\"}"},
        {"{\"n\":17}", "[{\"op\":\"replace\",\"path\":\"/n\",\"read\":\"text\"}]",
         "{\"n\":\"17\"}"},
        {"{\"n\":true}", "[{\"op\":\"replace\",\"path\":\"/n\",\"read\":\"text\"}]",
         "{\"n\":\"true\"}"},
        {"{\"n\":\"NPS \"}", "[{\"op\":\"replace\",\"path\":\"/n\",\"read\":\"lower\"}]",
         "{\"n\":\"nps\"}"},
        {"{\"n\":1780000000}", "[{\"op\":\"replace\",\"path\":\"/n\",\"read\":\"instant\"}]",
         "{\"n\":\"2026-05-28T20:26:40.000Z\"}"},
        {"{\"n\":\"2026-05-28 20:26:40\"}",
         "[{\"op\":\"replace\",\"path\":\"/n\",\"read\":\"instant\"}]",
         "{\"n\":\"2026-05-28T20:26:40.000Z\"}"},
    };
    struct fixture f;
    test_init(&f);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        const char *after = patched(&f, cases[i].document, cases[i].patch);
        if (after == NULL) {
            print_error("%s %s: %s\n", cases[i].document, cases[i].patch, f.fail.message);
            fail();
        }
        assert_string_equal(after, cases[i].after);
    }
    test_done(&f);
}

static void what_does_not_fit_a_document_is_said_with_its_operation(void **state)
{
    (void)state;
    static const struct {
        const char *document, *patch, *why;
    } cases[] = {
        {"{}", "[{\"op\":\"remove\",\"path\":\"/a\"}]", "operation 1 (remove): there is nothing"},
        {"{}", "[{\"op\":\"replace\",\"path\":\"/a\",\"value\":1}]", "nothing at \"/a\""},
        {"{}", "[{\"op\":\"add\",\"path\":\"/a/b\",\"value\":1}]", "nothing at \"/a/b\""},
        {"{\"a\":1}", "[{\"op\":\"add\",\"path\":\"/a/b\",\"value\":1}]", "nothing at \"/a/b\""},
        {"{\"a\":[1]}", "[{\"op\":\"remove\",\"path\":\"/a/1\"}]", "nothing at \"/a/1\""},
        {"{\"a\":[1]}", "[{\"op\":\"remove\",\"path\":\"/a/-\"}]", "nothing at \"/a/-\""},
        {"{\"a\":[1]}", "[{\"op\":\"add\",\"path\":\"/a/01\",\"value\":1}]", "nothing at"},
        {"{\"a\":[1]}", "[{\"op\":\"add\",\"path\":\"/a/2\",\"value\":1}]", "nothing at"},
        {"{\"a\":1}", "[{\"op\":\"move\",\"from\":\"/b\",\"path\":\"/c\"}]", "nothing at \"/b\""},
        {"{\"a\":{}}", "[{\"op\":\"move\",\"from\":\"/a\",\"path\":\"/a/b\"}]", "nothing at"},
        {"{\"a\":1}", "[{\"op\":\"remove\",\"path\":\"\"}]", "cannot be removed"},
        {"{\"a\":1}",
         "[{\"op\":\"remove\",\"path\":\"/a\"},{\"op\":\"test\",\"path\":\"/a\",\"value\":1}]",
         "operation 2 (test)"},
        {"{\"a\":\"x\"}", "[{\"op\":\"replace\",\"path\":\"/a\",\"read\":\"number\"}]",
         "cannot be read so"},
        {"{\"a\":[1]}", "[{\"op\":\"copy\",\"from\":\"/a/1\",\"path\":\"/b\"}]",
         "nothing at \"/a/1\""},
        {"{\"a\":1}", "[{\"op\":\"copy\",\"from\":\"/a/b\",\"path\":\"/c\"}]",
         "nothing at \"/a/b\""},
        {"{\"a\":[{}]}", "[{\"op\":\"remove\",\"path\":\"/a/0/b\"}]", "nothing at \"/a/0/b\""},
        {"{\"a\":[1,2]}", "[{\"op\":\"test\",\"path\":\"/a\",\"value\":[1]}]", "(test)"},
        {"{\"a\":[1,2]}", "[{\"op\":\"test\",\"path\":\"/a\",\"value\":[1,3]}]", "(test)"},
        {"{\"a\":{\"b\":1}}", "[{\"op\":\"test\",\"path\":\"/a\",\"value\":{\"c\":1}}]", "(test)"},
        {"{\"a\":{\"b\":1,\"b\":1}}",
         "[{\"op\":\"test\",\"path\":\"/a\",\"value\":{\"b\":1,\"c\":1}}]", "(test)"},
        {"{\"a\":{\"b\":1,\"c\":1}}",
         "[{\"op\":\"test\",\"path\":\"/a\",\"value\":{\"b\":1,\"b\":1}}]", "(test)"},
        {"{\"a\":true}", "[{\"op\":\"test\",\"path\":\"/a\",\"value\":\"true\"}]", "(test)"},
        {"{\"a\":true}", "[{\"op\":\"test\",\"path\":\"/a\",\"value\":false}]", "(test)"},
        {"{\"a\":[]}", "[{\"op\":\"replace\",\"path\":\"/a\",\"read\":\"number\"}]",
         "cannot be read so"},
        {"{\"a\":\"1e999\"}", "[{\"op\":\"replace\",\"path\":\"/a\",\"read\":\"number\"}]",
         "cannot be read so"},
        {"{\"a\":\"11111111111111111111111111111111111111111111111111111111111111111\"}",
         "[{\"op\":\"replace\",\"path\":\"/a\",\"read\":\"number\"}]", "cannot be read so"},
        {"{\"a\":7}", "[{\"op\":\"replace\",\"path\":\"/a\",\"read\":\"lower\"}]",
         "cannot be read so"},
        {"{\"a\":[]}", "[{\"op\":\"replace\",\"path\":\"/a\",\"read\":\"text\"}]",
         "cannot be read so"},
        {"{\"a\":\"soon\"}", "[{\"op\":\"replace\",\"path\":\"/a\",\"read\":\"instant\"}]",
         "cannot be read so"},
    };
    struct fixture f;
    test_init(&f);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        assert_null(patched(&f, cases[i].document, cases[i].patch));
        assert_int_equal(f.fail.code, FAIL_INPUT);
        if (strstr(f.fail.message, cases[i].why) == NULL) {
            print_error("%s: %s\n", cases[i].patch, f.fail.message);
            fail();
        }
    }
    test_done(&f);
}

static void a_patch_that_is_none_is_refused_at_its_place(void **state)
{
    (void)state;
    static const struct {
        const char *patch, *pointer;
    } cases[] = {
        {"{}", ""},
        {"[1]", "/0"},
        {"[{\"path\":\"/a\"}]", "/0"},
        {"[{\"op\":\"remove\",\"path\":\"/a\"},{\"op\":\"drop\",\"path\":\"/a\"}]", "/1/op"},
        {"[{\"op\":\"remove\"}]", "/0"},
        {"[{\"op\":\"remove\",\"path\":\"a\"}]", "/0/path"},
        {"[{\"op\":\"remove\",\"path\":\"/a~2\"}]", "/0/path"},
        {"[{\"op\":\"remove\",\"path\":7}]", "/0/path"},
        {"[{\"op\":\"move\",\"path\":\"/a\"}]", "/0"},
        {"[{\"op\":\"move\",\"path\":\"/a\",\"from\":\"b\"}]", "/0/from"},
        {"[{\"op\":\"add\",\"path\":\"/a\"}]", "/0"},
        {"[{\"op\":\"add\",\"path\":\"/a\",\"value\":1,\"row\":\"received_at\"}]", "/0"},
        {"[{\"op\":\"add\",\"path\":\"/a\",\"row\":\"id\"}]", "/0/row"},
        {"[{\"op\":\"add\",\"path\":\"/a\",\"read\":\"number\"}]", "/0"},
        {"[{\"op\":\"replace\",\"path\":\"/a\",\"read\":\"moon\"}]", "/0/read"},
        {"[{\"op\":\"test\",\"path\":\"/a\",\"row\":\"received_at\"}]", "/0"},
        {"[{\"op\":\"remove\",\"path\":\"/a\",\"what\":1}]", "/0/what"},
    };
    struct fixture f;
    test_init(&f);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        assert_null(patched(&f, "{\"a\":1}", cases[i].patch));
        assert_int_equal(f.fail.code, FAIL_INPUT);
        assert_string_equal(f.fail.pointer, cases[i].pointer);
    }
    struct base_buf many CLEANUP(base_buf_done) = {0};
    for (int round = 0; round < 2; round++) {
        base_buf_reset(&many);
        base_buf_byte(&many, '[');
        for (int i = 0; i < INTAKE_PATCH_OPERATIONS_MAX + round; i++) {
            base_buf_printf(&many, "%s{\"op\":\"add\",\"path\":\"/b\",\"value\":1}",
                            i == 0 ? "" : ",");
        }
        base_buf_bytes(&many, "]", 2);
        assert_int_equal(patched(&f, "{}", many.data) == NULL, round == 1);
    }
    base_buf_reset(&many);
    base_buf_c(&many, "[{\"op\":\"remove\",\"path\":\"");
    for (int i = 0; i <= INTAKE_PATCH_TOKENS_MAX; i++) {
        base_buf_c(&many, "/a");
    }
    base_buf_bytes(&many, "\"}]", 4);
    assert_null(patched(&f, "{}", many.data));
    assert_string_equal(f.fail.pointer, "/0/path");
    test_done(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(operations_do_what_the_standard_says),
        cmocka_unit_test(values_come_from_the_record_where_that_is_said),
        cmocka_unit_test(what_does_not_fit_a_document_is_said_with_its_operation),
        cmocka_unit_test(a_patch_that_is_none_is_refused_at_its_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
