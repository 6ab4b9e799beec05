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
        {"{\"mask\":\"email\"}", "/settings/mask", "a list of at most 100"},
        {"{\"mask\":[\"ip\",\"emial\"]}", "/settings/mask/1", "did you mean \"email\"?"},
        {"{\"mask\":[7]}", "/settings/mask/0", "email, phone, card, iban or ip"},
        {"{\"patterns\":{}}", "/settings/patterns", "a list of at most 20"},
        {"{\"patterns\":[\"[0-9]\"]}", "/settings/patterns/0", "\"pattern\": \"...\""},
        {"{\"patterns\":[{\"name\":\"a\",\"pattern\":\"b\"},{\"name\":\"a\"}]}",
         "/settings/patterns/1", "\"pattern\": \"...\""},
        {"{\"patterns\":[{\"name\":1,\"pattern\":\"b\"}]}", "/settings/patterns/0", "expected"},
        {"{\"patterns\":[{\"name\":\"a\",\"pattern\":2}]}", "/settings/patterns/0", "expected"},
        {"{\"patterns\":[{\"name\":\"a\",\"pattern\":\"b\",\"more\":1}]}", "/settings/patterns/0",
         "expected"},
        {"{\"mask_fields\":\"text\"}", "/settings/mask_fields", "a list"},
        {"{\"mask_fields\":[\"text\",true]}", "/settings/mask_fields/1", "a string"},
        {"{\"mail_kind\":\"letter\"}", "/settings/mail_kind", "ticket, survey, review"},
        {"{\"mail_kind\":1}", "/settings/mail_kind", "ticket, survey, review"},
        {"{\"own_domains\":\"shop.example\"}", "/settings/own_domains", "a list"},
        {"{\"own_domains\":[\"shop.example\",\"Shop.example\"]}", "/settings/own_domains/1",
         "in lower case"},
        {"{\"own_domains\":[\"me@shop.example\"]}", "/settings/own_domains/0", "a domain"},
        {"{\"own_domains\":[\"shop\"]}", "/settings/own_domains/0", "a domain"},
        {"{\"own_domains\":[\".example\"]}", "/settings/own_domains/0", "a domain"},
        {"{\"own_domains\":[\"shop.\"]}", "/settings/own_domains/0", "a domain"},
        {"{\"own_domains\":[null]}", "/settings/own_domains/0", "a domain"},
        {"{\"keep_mail_text\":\"no\"}", "/settings/keep_mail_text", "true or false"},
        {"{\"quota_minute\":0}", "/settings/quota_minute", "1 to 1000000000000"},
        {"{\"quota_day\":1000000000001}", "/settings/quota_day", "1 to 1000000000000"},
        {"{\"quota_day\":1.5}", "/settings/quota_day", "a whole number"},
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

static void everything_that_can_be_set_is_read(void **state)
{
    (void)state;
    struct json_parser *parser CLEANUP(json_parser_free_at) = json_parser_new();
    struct json_value root;
    struct intake_settings settings;
    struct fail fail = {0};
    assert_true(
        json_parse(parser,
                   STR("{\"mask\":[\"email\",\"ip\"],\"patterns\":[{\"name\":\"order\","
                       "\"pattern\":\"ORD-[0-9]+\"}],\"mask_fields\":[\"text\","
                       "\"traits.phone\"],\"mail_kind\":\"ticket\",\"own_domains\":"
                       "[\"shop.example\"],\"keep_mail_text\":true,\"quota_minute\":1,"
                       "\"quota_day\":1000000000000,\"keep_address\":true,\"heed_gpc\":true}"),
                   &root, &fail));
    assert_true(intake_settings_parse(root, &settings, &fail));
    assert_int_equal(settings.mask, 1U << INTAKE_MASK_EMAIL | 1U << INTAKE_MASK_IP);
    assert_int_equal(settings.pattern_count, 1);
    assert_str(settings.patterns[0].pattern, "ORD-[0-9]+");
    assert_int_equal(settings.mask_field_count, 2);
    assert_true(settings.has_mail && settings.mail.keep_text);
    assert_str(settings.mail.kind, "ticket");
    assert_int_equal(settings.mail.own_domain_count, 1);
    assert_true(settings.quota_minute == 1 && settings.quota_day == (uint64_t)INTAKE_QUOTA_MAX);
    assert_true(settings.keep_address && settings.heed_gpc && !settings.keep_user_agent);
    struct intake_mask *mask = NULL;
    assert_true(intake_settings_mask(&settings, &mask, &fail));
    assert_non_null(mask);
    intake_mask_free(mask);
}

/* JSON allows it, and lists have room for one. */
static void of_a_member_that_stands_twice_the_last_counts(void **state)
{
    (void)state;
    static const struct {
        const char *member, *before, *after; /* of an item, around its number */
        int most;
    } lists[] = {
        {"origins", "\"https://shop", ".example\"", INTAKE_ORIGINS_MAX},
        {"own_domains", "\"shop", ".example\"", INTAKE_MAIL_OWN_DOMAINS_MAX},
        {"mask_fields", "\"traits.a", "\"", INTAKE_MASK_FIELDS_MAX},
        {"patterns", "{\"name\":\"a", "\",\"pattern\":\"x\"}", INTAKE_MASK_PATTERNS_MAX},
    };
    for (size_t i = 0; i < ARRAY_LEN(lists); i++) {
        struct base_buf text CLEANUP(base_buf_done) = {0};
        struct intake_settings settings;
        struct fail fail = {0};
        for (int time = 0; time < 3; time++) {
            base_buf_printf(&text, "%s\"%s\":[", time == 0 ? "{" : ",", lists[i].member);
            for (int n = 0; n < lists[i].most - time; n++) {
                base_buf_printf(&text, "%s%s%d%s", n == 0 ? "" : ",", lists[i].before, n,
                                lists[i].after);
            }
            base_buf_byte(&text, ']');
        }
        base_buf_bytes(&text, "}", 2);
        assert_true(parse(text.data, &settings, &fail));
        assert_int_equal(settings.origin_count + settings.mail.own_domain_count +
                             settings.mask_field_count + settings.pattern_count,
                         lists[i].most - 2);
    }
    struct intake_settings settings;
    struct fail fail = {0};
    assert_true(parse("{\"heed_gpc\":true,\"heed_gpc\":null}", &settings, &fail));
    assert_false(settings.heed_gpc);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(members_left_out_or_null_are_as_if_never_set),
        cmocka_unit_test(what_is_wrong_is_named_by_its_pointer),
        cmocka_unit_test(up_to_twenty_origins_are_taken),
        cmocka_unit_test(everything_that_can_be_set_is_read),
        cmocka_unit_test(of_a_member_that_stands_twice_the_last_counts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
