/* What a source's settings may say. */
#include "intake_settings.h"

#include "base_buf.h"
#include "intake_test.h"

static bool parse(const char *text, struct intake_settings *out, struct fail *fail)
{
    struct json_parser *parser CLEANUP(json_parser_free_at) = json_parser_new();
    struct json_value root;
    assert_true(json_parse(parser, str_from_c(text), &root, fail));
    return intake_settings_parse(root, out, fail);
}

static void members_left_out_or_null_are_as_if_never_set(void **state)
{
    (void)state;
    struct intake_settings settings;
    struct fail fail = {0};
    assert_true(parse("{}", &settings, &fail));
    assert_null(settings.zone);
    assert_false(settings.keep_address);
    assert_true(parse("{\"zone\":null,\"keep_user_agent\":true}", &settings, &fail));
    assert_null(settings.zone);
    assert_true(settings.keep_user_agent);
}

static void what_is_wrong_is_named_by_its_pointer(void **state)
{
    (void)state;
    static const struct {
        const char *text, *pointer, *words;
    } cases[] = {
        {"{\"zone\":5}", "/settings/zone", "Europe/Oslo"},
        {"{\"zone\":\"Europe/Osslo\"}", "/settings/zone", "Osslo"},
        {"{\"zonne\":\"UTC\"}", "/settings/zonne", "did you mean \"zone\"?"},
        {"{\"keep_address\":\"yes\"}", "/settings/keep_address", "true or false"},
        {"{\"keep_user_agent\":1}", "/settings/keep_user_agent", "true or false"},
        {"{\"heed_gpc\":\"yes\"}", "/settings/heed_gpc", "true or false"},
        {"{\"origins\":\"https://shop.example\"}", "/settings/origins", "a list"},
        {"{\"origins\":[\"https://shop.example\",7]}", "/settings/origins/1", "https://"},
        {"{\"origins\":[\"https://shop.example/\"]}", "/settings/origins/0", "no path"},
        {"[]", "/settings", "an object"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct intake_settings settings = {.keep_address = true};
        struct fail fail = {0};
        assert_false(parse(cases[i].text, &settings, &fail));
        assert_string_equal(fail.pointer, cases[i].pointer);
        assert_holds(str_from_c(fail.message), cases[i].words);
        assert_true(settings.keep_address); /* an output is written on success only */
    }
}

static void up_to_twenty_origins_are_taken(void **state)
{
    (void)state;
    for (int count = 0; count <= INTAKE_ORIGINS_MAX + 1; count++) {
        struct base_buf text CLEANUP(base_buf_done) = {0};
        struct intake_settings settings;
        struct fail fail = {0};
        base_buf_c(&text, "{\"origins\":[");
        for (int i = 0; i < count; i++) {
            base_buf_printf(&text, "%s\"https://shop%d.example\"", i == 0 ? "" : ",", i);
        }
        base_buf_bytes(&text, "]}", 3);
        assert_int_equal(parse(text.data, &settings, &fail), count <= INTAKE_ORIGINS_MAX);
        if (count <= INTAKE_ORIGINS_MAX) {
            assert_int_equal(settings.origin_count, count);
        } else {
            assert_string_equal(fail.pointer, "/settings/origins");
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(members_left_out_or_null_are_as_if_never_set),
        cmocka_unit_test(what_is_wrong_is_named_by_its_pointer),
        cmocka_unit_test(up_to_twenty_origins_are_taken),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
