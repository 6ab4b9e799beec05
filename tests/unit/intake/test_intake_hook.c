/* Webhooks' rules, what they can reach, and guesses. */
#include "intake_test.h"

#include "base_buf.h"
#include "intake_hook.h"
#include "intake_hook_suggest.h"

static struct str header(void *context, const char *name)
{
    (void)context;
    return strcmp(name, "x-topic") == 0 ? STR("orders/create") : (struct str){NULL, 0};
}

static struct intake_hook_result decode(struct fixture *f, const char *definition, const char *body)
{
    struct intake_hook *hook;
    struct intake_hook_result got = {0};
    struct intake_hook_delivery delivery = {.body = str_from_c(body), .header = header};
    if (!intake_hook_compile(str_from_c(definition), NULL, f->arena, &hook, &f->fail) ||
        !intake_hook_decode(hook, f->decoder, &delivery, &f->source, f->arena, &got, &f->fail)) {
        print_error("%s: %s\n", f->fail.pointer, f->fail.message);
        fail();
    }
    return got;
}

static struct str properties_of(struct fixture *f, const struct store_item *item)
{
    return fields_text(f->arena, item->event.properties, item->event.property_count);
}

static void rules_reach_document_element_and_headers(void **state)
{
    (void)state;
    struct fixture f;
    test_init(&f);
    struct intake_hook_result got = decode(
        &f,
        "{\"rules\":[{\"name\":\"parts\",\"each\":\"/list/parts\",\"where\":[[\"@/"
        "by\",\"=\",{\"column\":"
        "\"/who\"}]],\"event\":{\"const\":\"Said\"},\"ts\":\"@/at\",\"message_id\":\"@/id\","
        "\"customer\":\"/who\",\"text\":{\"column\":\"@/html\",\"type\":\"html\"},\"properties\":{"
        "\"topic\":\"@header.X-Topic\",\"other\":\"@header.x-none\",\"cents\":{\"multiply\":[\"/"
        "total\","
        "0.01]},\"skus\":\"/lines/*/sku\",\"deep\":\"/lines/*/tags/*/t\",\"n\":\"@row\"}}]}",
        "{\"who\":\"ann\",\"total\":1999,\"lines\":[{\"sku\":\"A\",\"tags\":[{\"t\":1},{\"t\":2}]},"
        "{\"sku\":\"B\"},{\"x\":0}],\"list\":{\"parts\":[{\"id\":\"1\",\"by\":\"bo\",\"at\":"
        "\"" TEST_NOW "\",\"html\":\"<p>no</p>\"},{\"id\":\"2\",\"by\":\"ann\",\"at\":\"" TEST_NOW
        "\",\"html\":\"<p>Yes &amp;<br>yes</p>\"}]}}");
    assert_int_equal(got.count, 1);
    assert_true(got.taken);
    assert_stored(got.items);
    assert_str(got.rules[0], "parts");
    assert_str(got.items->event.text, "Yes &\nyes");
    assert_str(got.items->event.message_id, "2");
    assert_str(properties_of(&f, got.items),
               "topic='orders/create' cents=19.989999999999998d skus='A' skus='B' deep=1 deep=2 "
               "n='2'");
    test_done(&f);
}

static void several_rules_may_take_one_delivery(void **state)
{
    (void)state;
    struct fixture f;
    test_init(&f);
    static const char *const definition =
        "{\"rules\":[{\"where\":[[\"/t\",\"=\",\"a\"]],\"event\":{\"const\":\"A\"},\"ts\":\"/at\","
        "\"customer\":\"/who\"},{\"event\":{\"const\":\"B\"},\"ts\":\"/at\",\"customer\":\"/"
        "who\"}]}";
    static const char *const body = "{\"t\":\"a\",\"at\":\"" TEST_NOW "\",\"who\":\"ann\"}";
    struct intake_hook_result got = decode(&f, definition, body);
    assert_int_equal(got.count, 2);
    assert_str(got.items[0].event.event, "A");
    assert_str(got.items[1].event.event, "B");
    /* Without an id of the sender's: ids of their own, and the same when it is sent again. */
    assert_false(str_equal(got.items[0].record_id, got.items[1].record_id));
    struct intake_hook_result again = decode(&f, definition, body);
    for (size_t i = 0; i < 2; i++) {
        assert_true(str_equal(got.items[i].record_id, again.items[i].record_id));
        assert_true(got.items[i].record_id.len > 0);
    }
    test_done(&f);
}

static void a_delivery_that_no_rule_takes_is_counted_as_refused(void **state)
{
    (void)state;
    struct fixture f;
    test_init(&f);
    struct intake_hook_result got =
        decode(&f,
               "{\"where\":[[\"/t\",\"=\",\"a\"]],\"event\":{\"const\":\"A\"},\"ts\":\"/at\","
               "\"customer\":\"/who\"}",
               "{\"t\":\"b\"}");
    assert_int_equal(got.count, 1);
    assert_false(got.taken);
    assert_int_equal(got.items->verdict, STORE_REFUSED);
    got = decode(
        &f, "{\"each\":\"\",\"event\":{\"const\":\"A\"},\"ts\":\"@/at\",\"customer\":\"@/who\"}",
        "[]");
    assert_int_equal(got.items->verdict, STORE_REFUSED);
    test_done(&f);
}

static void two_missing_columns_are_not_the_same(void **state)
{
    (void)state;
    struct fixture f;
    test_init(&f);
    static const char *const definition = "{\"where\":[[\"/a\",\"=\",{\"column\":\"/"
                                          "b\"}]],\"event\":{\"const\":\"A\"},\"ts\":\"/at\","
                                          "\"customer\":\"/who\"}";
    static const struct {
        const char *members;
        bool taken;
    } cases[] = {{"", false},
                 {"\"a\":1,", false},
                 {"\"a\":1,\"b\":1,", true},
                 {"\"a\":1,\"b\":1.0,", true},
                 {"\"a\":\"1\",\"b\":1,", false},
                 {"\"a\":\"x\",\"b\":\"x\",", true},
                 {"\"a\":[1],\"b\":[1],", false}};
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct str body =
            str_format(f.arena, "{%s\"at\":\"" TEST_NOW "\",\"who\":\"ann\"}", cases[i].members);
        assert_int_equal(decode(&f, definition, body.data).taken, cases[i].taken);
    }
    test_done(&f);
}

static void what_is_no_delivery_is_refused_whole(void **state)
{
    (void)state;
    struct fixture f;
    test_init(&f);
    struct intake_hook *hook;
    struct intake_hook_result got;
    assert_true(intake_hook_compile(
        STR("{\"each\":\"\",\"event\":{\"const\":\"A\"},\"ts\":\"@/at\",\"customer\":\"@/who\"}"),
        NULL, f.arena, &hook, &f.fail));
    static const char *const bad[] = {"", "x", "{", "7", "\"text\"", "null"};
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        struct intake_hook_delivery delivery = {.body = str_from_c(bad[i])};
        assert_fails(
            intake_hook_decode(hook, f.decoder, &delivery, &f.source, f.arena, &got, &f.fail),
            &f.fail, FAIL_INPUT, "the delivery");
    }
    struct base_buf many CLEANUP(base_buf_done) = {0};
    base_buf_c(&many, "[{}");
    for (int i = 0; i < INTAKE_HOOK_EVENTS_MAX; i++) {
        base_buf_c(&many, ",{}");
    }
    base_buf_c(&many, "]");
    struct intake_hook_delivery delivery = {.body = base_buf_view(&many)};
    assert_fails(intake_hook_decode(hook, f.decoder, &delivery, &f.source, f.arena, &got, &f.fail),
                 &f.fail, FAIL_LIMIT, "at most 2000 events");
    test_done(&f);
}

static void a_definition_that_is_none_is_refused_at_its_place(void **state)
{
    (void)state;
#define RULE "\"event\":{\"const\":\"A\"},\"ts\":\"/at\",\"customer\":\"/who\""
    static const struct {
        const char *definition, *pointer, *words;
    } cases[] = {
        {"{", "", "the definition"},
        {"[]", "", "expected an object"},
        {"{\"event\":{\"const\":\"A\"}}", "", "no ts"},
        {"{" RULE ",\"each\":7}", "/each", "a pointer to an array"},
        {"{" RULE ",\"each\":\"lines\"}", "/each", "a pointer to an array"},
        {"{" RULE ",\"name\":\"\"}", "/name", "1 to 100 bytes"},
        {"{" RULE ",\"name\":1}", "/name", "1 to 100 bytes"},
        {"{\"rules\":{}}", "/rules", "expected 1 to 50 rules"},
        {"{\"rules\":[]}", "/rules", "expected 1 to 50 rules"},
        {"{\"rules\":[7]}", "/rules/0", "a rule is an object"},
        {"{\"rules\":[{" RULE "},{" RULE ",\"each\":\"x\"}]}", "/rules/1/each", "a pointer"},
        {"{\"rules\":[{" RULE "}],\"event\":\"/e\"}", "/event", "unknown member \"event\""},
        {"{" RULE ",\"verify\":true}", "/verify", "\"scheme\""},
        {"{" RULE ",\"verify\":{\"scheme\":7}}", "/verify", "both strings"},
        {"{" RULE ",\"verify\":{\"key\":\"x\"}}", "/verify", "two members"},
        {"{" RULE ",\"verify\":{\"scheme\":\"gitlab\"}}", "/verify/scheme", "github"},
        {"{" RULE ",\"verify\":{\"scheme\":\"github\"}}", "/verify/secret", "missing"},
        {"{" RULE ",\"verify\":{\"scheme\":\"github\",\"secret\":\"\"}}", "/verify/secret",
         "missing"},
    };
    struct fixture f;
    test_init(&f);
    struct intake_hook *hook;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        f.fail = (struct fail){0};
        assert_fails(
            intake_hook_compile(str_from_c(cases[i].definition), NULL, f.arena, &hook, &f.fail),
            &f.fail, FAIL_INPUT, cases[i].words);
        assert_string_equal(f.fail.pointer, cases[i].pointer);
    }
    struct base_buf many CLEANUP(base_buf_done) = {0};
    base_buf_c(&many, "{\"rules\":[{" RULE "}");
    for (int i = 0; i < INTAKE_HOOK_RULES_MAX; i++) {
        base_buf_c(&many, ",{" RULE "}");
    }
    base_buf_c(&many, "]}");
    assert_fails(intake_hook_compile(base_buf_view(&many), NULL, f.arena, &hook, &f.fail), &f.fail,
                 FAIL_INPUT, "1 to 50 rules");
    while (many.len <= INTAKE_HOOK_DEFINITION_BYTES_MAX) {
        base_buf_byte(&many, ' ');
    }
    assert_fails(intake_hook_compile(base_buf_view(&many), NULL, f.arena, &hook, &f.fail), &f.fail,
                 FAIL_LIMIT, "a definition has at most 131072 bytes");
    test_done(&f);
}

static void a_definition_says_how_deliveries_are_signed(void **state)
{
    (void)state;
    struct fixture f;
    test_init(&f);
    struct intake_hook *hook;
    assert_true(intake_hook_compile(STR("{" RULE "}"), NULL, f.arena, &hook, &f.fail));
    assert_int_equal(intake_hook_signed(hook), INTAKE_HOOK_UNSIGNED);
    assert_true(intake_hook_compile(
        STR("{\"rules\":[{" RULE "}],\"verify\":{\"secret\":\"desk\",\"scheme\":\"github\"}}"),
        NULL, f.arena, &hook, &f.fail));
    assert_int_equal(intake_hook_signed(hook), INTAKE_HOOK_GITHUB);
    assert_str(intake_hook_secret(hook), "desk");
    test_done(&f);
}

static void a_delivery_larger_than_a_megabyte_is_refused(void **state)
{
    (void)state;
    struct fixture f;
    test_init(&f);
    struct intake_hook *hook;
    struct intake_hook_result got;
    assert_true(intake_hook_compile(STR("{" RULE "}"), NULL, f.arena, &hook, &f.fail));
    struct base_buf body CLEANUP(base_buf_done) = {0};
    base_buf_c(&body, "{\"at\":\"" TEST_NOW "\",\"who\":\"ann\"}");
    while (body.len < INTAKE_HOOK_BODY_BYTES_MAX) {
        base_buf_byte(&body, ' ');
    }
    struct intake_hook_delivery delivery = {.body = base_buf_view(&body)};
    assert_true(intake_hook_decode(hook, f.decoder, &delivery, &f.source, f.arena, &got, &f.fail));
    assert_true(got.taken);
    base_buf_byte(&body, ' ');
    delivery.body = base_buf_view(&body);
    assert_fails(intake_hook_decode(hook, f.decoder, &delivery, &f.source, f.arena, &got, &f.fail),
                 &f.fail, FAIL_LIMIT, "a delivery has at most 1048576 bytes");
    test_done(&f);
}

static struct str suggest(struct fixture *f, const char *sample)
{
    struct base_buf out CLEANUP(base_buf_done) = {0};
    struct json_writer w = {.out = &out};
    assert_true(intake_hook_suggest(str_from_c(sample), STR("desk"), &w, &f->fail));
    return str_copy(f->arena, base_buf_view(&out));
}

static void guesses_prefer_the_customer_and_their_words(void **state)
{
    (void)state;
    struct fixture f;
    test_init(&f);
    struct str guess = suggest(
        &f,
        "{\"event\":\"review.created\",\"id\":\"e1\",\"created_at\":\"2026-05-01T09:30:00Z\","
        "\"agent\":{\"email\":\"kim@shop.example\",\"id\":1},\"customer\":{\"email\":"
        "\"ola@example.com\",\"id\":\"c9\"},\"rating\":4,\"comment\":\"<p>Very good tent.</p>\"}");
    assert_holds(guess, "\"email\":\"/customer/email\"");
    assert_holds(guess, "\"ext.desk\":\"/customer/id\"");
    assert_holds(guess, "\"text\":{\"column\":\"/comment\",\"type\":\"html\"}");
    assert_holds(guess, "\"score\":{\"column\":\"/rating\",\"type\":\"number\"}");
    assert_holds(guess, "\"message_id\":\"/id\"");
    assert_holds(guess, "[\"/event\",\"=\",\"review.created\"]");
    assert_holds(guess, "\"missing\":[]");
    guess = suggest(&f, "{\"thread\":1,\"messages\":[{\"id\":5,\"timestamp\":1777627800,\"sender\":"
                        "{\"id\":\"s1\"},\"body\":\"where is my order\"}]}");
    assert_holds(guess, "\"each\":\"/messages\"");
    assert_holds(guess,
                 "\"ts\":{\"column\":\"@/timestamp\",\"type\":\"time\",\"format\":\"unix\"}");
    assert_holds(guess, "\"text\":\"@/body\"");
    guess = suggest(&f, "{\"a\":1}");
    assert_holds(guess, "\"missing\":[\"time\",\"id\",\"person\",\"text\"]");
    test_done(&f);
}

static void shapes_hold_no_values_and_no_names_that_are_data(void **state)
{
    (void)state;
    struct fixture f;
    test_init(&f);
    struct base_buf out CLEANUP(base_buf_done) = {0};
    struct json_writer w = {.out = &out};
    assert_true(
        intake_hook_shape(STR("{\"b\":\"secret\",\"a\":[{\"x\":1},{\"x\":\"y\",\"z\":null}],"
                              "\"ola@example.com\":{\"n\":true},\"4471\":0}"),
                          &w, &f.fail));
    assert_str(base_buf_view(&out), "[\"/* number\",\"/*/n boolean\",\"/a/*/x number\",\"/a/*/x "
                                    "string\",\"/a/*/z null\",\"/b string\"]");
    test_done(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rules_reach_document_element_and_headers),
        cmocka_unit_test(several_rules_may_take_one_delivery),
        cmocka_unit_test(a_delivery_that_no_rule_takes_is_counted_as_refused),
        cmocka_unit_test(two_missing_columns_are_not_the_same),
        cmocka_unit_test(what_is_no_delivery_is_refused_whole),
        cmocka_unit_test(a_definition_that_is_none_is_refused_at_its_place),
        cmocka_unit_test(a_definition_says_how_deliveries_are_signed),
        cmocka_unit_test(a_delivery_larger_than_a_megabyte_is_refused),
        cmocka_unit_test(guesses_prefer_the_customer_and_their_words),
        cmocka_unit_test(shapes_hold_no_values_and_no_names_that_are_data),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
