#include "intake_posthog.h"
#include "base_buf.h"
#include "intake_mask.h"
#include "intake_test.h"

#define MINTED "0190b5a0-0000-7000-8000-000000000001"

static bool decode(struct fixture *f, struct str body)
{
    struct intake_posthog_request request;
    return intake_posthog_open(f->decoder, body, &f->limits, f->arena, &request, &f->fail) &&
           intake_posthog_decode(f->decoder, &request, &f->source, f->arena, &f->got, &f->fail);
}

static const struct store_item *decode_one(struct fixture *f, const char *body)
{
    if (!decode(f, str_from_c(body))) {
        print_error("refused: %s\n", f->fail.message);
        fail();
    }
    assert_int_equal(f->got.count, 1);
    return &f->got.items[0];
}

static struct str properties_of(struct fixture *f, const struct store_item *item)
{
    return fields_text(f->arena, item->event.properties, item->event.property_count);
}

static struct str traits_of(struct fixture *f, const struct store_item *item)
{
    return fields_text(f->arena, item->event.traits, item->event.trait_count);
}

static struct str once_of(struct fixture *f, const struct store_item *item)
{
    return fields_text(f->arena, item->once, item->once_count);
}

/* ---- bodies --------------------------------------------------------------------------------------- */

static void every_wrap_comes_off(void **state)
{
    (void)state;
    static const char *const bodies[] = {
        "{\"event\":\"A\",\"distinct_id\":\"u\",\"token\":\"k\"}",
        " \n{\"event\":\"A\",\"distinct_id\":\"u\",\"api_key\":\"k\"} ",
        "\xEF\xBB\xBF[{\"event\":\"A\",\"distinct_id\":\"u\",\"properties\":{\"token\":\"k\"}}]",
        "{\"api_key\":\"k\",\"batch\":[{\"event\":\"A\",\"distinct_id\":\"u\"}]}",
        "{\"token\":\"k\",\"batch\":[{\"event\":\"A\",\"distinct_id\":\"u\"}]}",
        "data=eyJldmVudCI6IkEiLCJkaXN0aW5jdF9pZCI6InUiLCJ0b2tlbiI6ImsifQ%3D%3D&compression=base64",
        "compression=base64&data=eyJldmVudCI6IkEiLCJkaXN0aW5jdF9pZCI6InUiLCJ0b2tlbiI6ImsifQ==",
        "data=eyJldmVudCI6IkEiLCJkaXN0aW5jdF9pZCI6InUiLCJ0b2tlbiI6ImsifQ",
        "data=%7B%22event%22%3A%22A%22%2C%22distinct_id%22%3a%22u%22,%22token%22:%22k%22%7D",
        "eyJldmVudCI6IkEiLCJkaXN0aW5jdF9pZCI6InUiLCJ0b2tlbiI6ImsifQ==",
    };
    struct fixture f;
    test_init(&f);
    for (size_t i = 0; i < ARRAY_LEN(bodies); i++) {
        struct intake_posthog_request request;
        struct str body = str_from_c(bodies[i]);
        if (!intake_posthog_open(f.decoder, body, NULL, f.arena, &request, &f.fail)) {
            fail_msg("%s: %s", bodies[i], f.fail.message);
        }
        assert_str(request.key, "k");
        assert_str(decode_one(&f, bodies[i])->event.event, "A");
    }
    test_done(&f);
}

static void what_is_no_json_in_any_form_is_refused(void **state)
{
    (void)state;
    static const char *const bodies[] = {
        "",
        "  ",
        "hello",
        "hello world",
        "data=",
        "data=%7",
        "data=%zz",
        "{",
        "[}",
        "<xml/>",
        "a=b&c=d",
        "data=aGk=",
        "7",
        "null",
        "[1,",
        "{]}",
        "data=%7B",
        "\x1f\x8b cut",
        "data=data=data=data=data=e30",
    };
    struct fixture f;
    test_init(&f);
    for (size_t i = 0; i < ARRAY_LEN(bodies); i++) {
        if (decode(&f, str_from_c(bodies[i]))) {
            fail_msg("taken: %s", bodies[i]);
        }
        assert_int_equal(f.fail.code, FAIL_INPUT);
    }
    f.limits.events = 2;
    assert_fails(decode(&f, STR("[{},{},{}]")), &f.fail, FAIL_LIMIT, "2");
    f.limits.sent_bytes = 8;
    assert_fails(decode(&f, STR("[{},{},{}]")), &f.fail, FAIL_LIMIT, "8 bytes");
    test_done(&f);
}

/* ---- who ------------------------------------------------------------------------------------------ */

static void the_kind_of_an_id_is_guessed_from_its_event(void **state)
{
    (void)state;
    static const struct {
        const char *event, *ids;
        enum store_space space;
    } cases[] = {
        {"\"distinct_id\":\"u\"", "user:u", STORE_SPACE_ONE},
        {"\"distinct_id\":7", "user:7", STORE_SPACE_ONE},
        {"\"properties\":{\"distinct_id\":\"u\"}", "user:u", STORE_SPACE_ONE},
        {"\"distinct_id\":\"u\",\"properties\":{\"distinct_id\":\"other\"}", "user:u",
         STORE_SPACE_ONE},
        {"\"distinct_id\":\"" MINTED "\"", "anonymous:" MINTED, STORE_SPACE_ONE},
        {"\"distinct_id\":\"0190b5a0-0000-4000-8000-000000000001\"",
         "user:0190b5a0-0000-4000-8000-000000000001", STORE_SPACE_ONE},
        {"\"distinct_id\":\"d\",\"properties\":{\"$device_id\":\"d\"}", "anonymous:d",
         STORE_SPACE_ONE},
        {"\"distinct_id\":\"u\",\"properties\":{\"$device_id\":\"d\"}", "user:u", STORE_SPACE_ONE},
        {"\"distinct_id\":\"d\",\"properties\":{\"$is_identified\":false}", "anonymous:d",
         STORE_SPACE_ONE},
        {"\"distinct_id\":\"d\",\"properties\":{\"$process_person_profile\":false}", "anonymous:d",
         STORE_SPACE_ONE},
        {"\"distinct_id\":\"u\",\"properties\":{\"$is_identified\":true,\"$device_id\":\"u\"}",
         "user:u", STORE_SPACE_ONE_USER},
        {"\"distinct_id\":\"" MINTED "\",\"properties\":{\"$user_id\":\"" MINTED "\"}",
         "user:" MINTED, STORE_SPACE_ONE_USER},
        {"\"event\":\"$identify\",\"distinct_id\":\"" MINTED "\"", "user:" MINTED,
         STORE_SPACE_ONE_USER},
        {"\"event\":\"$identify\",\"properties\":{\"distinct_id\":\"u\",\"$anon_distinct_id\":"
         "\"d\"}",
         "user:u anonymous:d", STORE_SPACE_ONE_USER},
        {"\"event\":\"$identify\",\"distinct_id\":\"u\",\"properties\":{\"$anon_distinct_id\":"
         "\"u\"}",
         "user:u", STORE_SPACE_ONE_USER},
        {"\"event\":\"B\",\"distinct_id\":\"u\",\"properties\":{\"$anon_distinct_id\":\"d\"}",
         "user:u", STORE_SPACE_ONE},
        {"\"event\":\"$create_alias\",\"distinct_id\":\"u\",\"properties\":{\"alias\":\"v\"}",
         "user:u user:v", STORE_SPACE_ONE},
        {"\"event\":\"$create_alias\",\"distinct_id\":\"u\",\"properties\":{\"alias\":\"" MINTED
         "\"}",
         "user:u anonymous:" MINTED, STORE_SPACE_ONE},
        {"\"event\":\"$create_alias\",\"properties\":{\"distinct_id\":\"d\",\"$device_id\":\"d\","
         "\"alias\":\"u\"}",
         "anonymous:d user:u", STORE_SPACE_ONE},
        {"\"distinct_id\":\"u\",\"properties\":{\"$groups\":{\"company\":\"acme\",\"project\":7,"
         "\"none\":null,\"empty\":\"\"}}",
         "user:u account:acme account:project:7", STORE_SPACE_ONE},
        {"\"event\":\"$groupidentify\",\"distinct_id\":\"u\",\"properties\":{\"$group_type\":"
         "\"organization\",\"$group_key\":\"acme\"}",
         "user:u account:acme", STORE_SPACE_ONE},
    };
    struct fixture f;
    test_init(&f);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        const struct store_item *item =
            decode_one(&f, str_format(f.arena, "{\"event\":\"A\",%s}", cases[i].event).data);
        assert_stored(item);
        assert_str(identifiers_text(f.arena, &item->event), cases[i].ids);
        assert_int_equal(item->space, cases[i].space);
        assert_null(item->previous_id.data);
    }
    test_done(&f);
}

static void events_that_cannot_be_taken_say_where_and_why(void **state)
{
    (void)state;
    static const struct {
        const char *event, *field, *reason;
    } cases[] = {
        {"7", "", "expected an event"},
        {"{\"event\":\"A\"}", "/distinct_id", "no distinct_id"},
        {"{\"event\":\"A\",\"distinct_id\":\"\"}", "/distinct_id", "no distinct_id"},
        {"{\"event\":\"A\",\"distinct_id\":{}}", "/distinct_id", "expected a string"},
        {"{\"distinct_id\":\"u\"}", "/event", "no event"},
        {"{\"event\":7,\"distinct_id\":\"u\"}", "/event", "expected a string"},
        {"{\"event\":\"A\",\"distinct_id\":\"u\",\"timestamp\":\"soon\"}", "/timestamp", "ISO"},
        {"{\"event\":\"A\",\"distinct_id\":\"u\",\"timestamp\":\"2030-01-01T00:00:00Z\"}",
         "/timestamp", "24 hours"},
        {"{\"event\":\"A\",\"distinct_id\":\"u\",\"offset\":-5}", "/offset", "milliseconds"},
        {"{\"event\":\"A\",\"distinct_id\":\"u\",\"offset\":\"5\"}", "/offset", "milliseconds"},
        {"{\"event\":\"A\",\"distinct_id\":\"u\",\"properties\":[]}", "/properties", "object"},
        {"{\"event\":\"A\",\"distinct_id\":\"u\",\"$set\":7}", "/$set", "object"},
        {"{\"event\":\"A\",\"distinct_id\":\"u\",\"properties\":{\"$set_once\":7}}",
         "/properties/$set_once", "object"},
        {"{\"event\":\"A\",\"distinct_id\":\"u\",\"properties\":{\"$unset\":\"a\"}}",
         "/properties/$unset", "array"},
        {"{\"event\":\"A\",\"distinct_id\":\"u\",\"properties\":{\"$unset\":[\"a\",7]}}",
         "/properties/$unset/1", "name"},
        {"{\"event\":\"A\",\"distinct_id\":\"u\",\"properties\":{\"$groups\":7}}",
         "/properties/$groups", "object"},
        {"{\"event\":\"A\",\"distinct_id\":\"u\",\"properties\":{\"$groups\":{\"a/b\":[]}}}",
         "/properties/$groups/a~1b", "string"},
        {"{\"event\":\"A\",\"distinct_id\":\"u\",\"properties\":{\"\":1}}", "/properties", "1 to"},
        {"{\"event\":\"$create_alias\",\"distinct_id\":\"u\"}", "/properties/alias", "alias"},
        {"{\"event\":\"$create_alias\",\"distinct_id\":\"u\",\"properties\":{\"alias\":\"null\"}}",
         "/properties/alias", "no id of a person"},
        {"{\"event\":\"$identify\",\"distinct_id\":\"undefined\",\"properties\":{"
         "\"$anon_distinct_id\":\"d\"}}",
         "/distinct_id", "no id of a person"},
        {"{\"event\":\"$groupidentify\",\"distinct_id\":\"u\"}", "/properties/$group_type",
         "$group_type"},
        {"{\"event\":\"$groupidentify\",\"distinct_id\":\"u\",\"properties\":{\"$group_type\":"
         "\"company\"}}",
         "/properties/$group_key", "$group_key"},
        {"{\"event\":\"$groupidentify\",\"distinct_id\":\"$company_acme\",\"properties\":{"
         "\"$group_type\":\"company\",\"$group_key\":\"acme\"}}",
         "/distinct_id", "an account is no customer"},
        {"{\"event\":\"$exception\",\"distinct_id\":\"u\",\"properties\":{\"$exception_list\":7}}",
         "/properties/$exception_list", "array"},
    };
    struct fixture f;
    test_init(&f);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        const char *body = str_format(f.arena, "[%s]", cases[i].event).data;
        assert_kept_out(decode_one(&f, body), cases[i].field, cases[i].reason);
    }
    const struct store_item *item =
        decode_one(&f, "{\"event\":\"$snapshot\",\"distinct_id\":\"u\"}");
    assert_int_equal(item->verdict, STORE_REFUSED);
    assert_holds(item->reason, "recordings");
    test_done(&f);
}

/* ---- when ----------------------------------------------------------------------------------------- */

static void times_follow_the_sender_as_far_as_its_clock_is_right(void **state)
{
    (void)state;
    static const struct {
        const char *body;
        int64_t ago_ms;
    } cases[] = {
        {"{\"event\":\"A\",\"distinct_id\":\"u\"}", 0},
        {"{\"event\":\"A\",\"distinct_id\":\"u\",\"offset\":1500}", 1500},
        {"{\"event\":\"A\",\"distinct_id\":\"u\",\"offset\":1500.7}", 1500},
        {"{\"event\":\"A\",\"distinct_id\":\"u\",\"timestamp\":\"2026-05-01T09:20:00\"}", 600000},
        {"{\"sent_at\":\"2026-05-01T09:29:50Z\",\"batch\":[{\"event\":\"A\",\"distinct_id\":\"u\","
         "\"timestamp\":\"2026-05-01T09:20:00Z\"}]}",
         600000},
        {"{\"sent_at\":\"2026-05-01T08:30:00Z\",\"batch\":[{\"event\":\"A\",\"distinct_id\":\"u\","
         "\"timestamp\":\"2026-05-01T08:20:00Z\"}]}",
         600000},
        {"{\"sentAt\":\"2026-05-01T08:30:00Z\",\"event\":\"A\",\"distinct_id\":\"u\","
         "\"timestamp\":\"2026-05-01T08:20:00Z\",\"sent_at\":\"2026-05-01T08:30:00Z\"}",
         600000},
        {"{\"sent_at\":\"2026-05-01T08:30:00Z\",\"batch\":[{\"event\":\"A\",\"distinct_id\":\"u\","
         "\"timestamp\":\"2026-05-01T08:20:00Z\",\"properties\":{\"$ignore_sent_at\":true}}]}",
         4200000},
        {"{\"sent_at\":\"whenever\",\"batch\":[{\"event\":\"A\",\"distinct_id\":\"u\","
         "\"timestamp\":\"2026-05-01T09:20:00Z\"}]}",
         600000},
    };
    struct fixture f;
    test_init(&f);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        const struct store_item *item = decode_one(&f, cases[i].body);
        assert_stored(item);
        assert_int_equal(TEST_NOW_MS - item->event.ts_ms, cases[i].ago_ms);
    }
    test_done(&f);
}

/* ---- what ----------------------------------------------------------------------------------------- */

static void events_become_what_they_mean(void **state)
{
    (void)state;
    static const struct {
        const char *event, *name, *properties, *traits, *once;
    } cases[] = {
        {"\"event\":\"Order\",\"properties\":{\"price\":9.5,\"items\":[{\"sku\":\"a\"}],\"token\":"
         "\"k\",\"$insert_id\":\"i\",\"$time\":1,\"$sdk_debug_x\":1,\"$current_url\":\"/\","
         "\"$ip\":\"1.2.3.4\",\"$raw_user_agent\":\"M\",\"gone\":null}",
         "Order", "price=9.5d items.sku='a' $current_url='/'", "", ""},
        {"\"event\":\"$pageview\",\"properties\":{\"$pathname\":\"/\"}", "$pageview",
         "$pathname='/'", "", ""},
        {"\"event\":\"$identify\",\"$set\":{\"a\":1,\"b\":null},\"$set_once\":{\"a\":2,\"c\":3,"
         "\"d\":null}",
         "identify", "", "a=1 b=null", "c=3"},
        {"\"event\":\"X\",\"properties\":{\"$set\":{\"a\":{\"b\":1}},\"$set_once\":{\"a\":{\"b\":2,"
         "\"c\":3}},\"$unset\":[\"d\"]},\"$set\":{\"e\":2}",
         "X", "", "a.b=1 e=2 d=null", "a.c=3"},
        {"\"event\":\"$set\",\"properties\":{\"$unset\":[\"a\"],\"$set_once\":{\"a\":5}}",
         "identify", "", "a=null", "a=5"},
        {"\"event\":\"$create_alias\",\"properties\":{\"alias\":\"v\",\"x\":1}", "alias", "x=1", "",
         ""},
        {"\"event\":\"$groupidentify\",\"properties\":{\"$group_type\":\"company\",\"$group_key\":"
         "\"acme\",\"$group_set\":{\"seats\":4,\"in\":{\"city\":\"Oslo\"}}}",
         "group", "seats=4 in.city='Oslo'", "", ""},
        {"\"event\":\"X\",\"properties\":{\"$groups\":{\"company\":\"acme\"}}", "X",
         "$groups.company='acme'", "", ""},
        {"\"event\":\"$feature_flag_called\",\"properties\":{\"$feature_flag\":\"f\","
         "\"$feature_flag_response\":\"test\"}",
         "experiment exposed",
         "$feature_flag='f' $feature_flag_response='test' experiment='f' variant='test'", "", ""},
        {"\"event\":\"$feature_flag_called\",\"properties\":{\"$feature_flag\":\"f\","
         "\"$feature_flag_response\":false}",
         "$feature_flag_called", "$feature_flag='f' $feature_flag_response=false", "", ""},
        {"\"event\":\"$exception\",\"properties\":{\"$exception_level\":\"error\","
         "\"$exception_list\":[{\"type\":\"E\",\"value\":\"v\",\"mechanism\":{\"handled\":true},"
         "\"stacktrace\":{\"type\":\"raw\",\"frames\":[{\"filename\":\"a.js\",\"lineno\":7,"
         "\"context_line\":\"x\",\"pre_context\":[\"y\"]},{\"function\":\"g\",\"in_app\":true}]}}]"
         "}",
         "$exception",
         "$exception_level='error' $exception_list.type='E' $exception_list.value='v' "
         "$exception_list.mechanism.handled=true $exception_list.frames.filename='a.js' "
         "$exception_list.frames.lineno=7 $exception_list.frames.function='g' "
         "$exception_list.frames.in_app=true",
         "", ""},
    };
    struct fixture f;
    test_init(&f);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        const struct store_item *item =
            decode_one(&f, str_format(f.arena, "{\"distinct_id\":\"u\",%s}", cases[i].event).data);
        assert_stored(item);
        assert_str(item->event.event, cases[i].name);
        assert_str(properties_of(&f, item), cases[i].properties);
        assert_str(traits_of(&f, item), cases[i].traits);
        assert_str(once_of(&f, item), cases[i].once);
    }
    test_done(&f);
}

static void a_deep_stack_is_cut_and_kept(void **state)
{
    (void)state;
    struct fixture f;
    test_init(&f);
    struct base_buf body = {0};
    base_buf_c(&body, "{\"event\":\"$exception\",\"distinct_id\":\"u\",\"properties\":{"
                      "\"$exception_list\":[{\"stacktrace\":{\"frames\":[");
    for (int i = 0; i < 1000; i++) {
        base_buf_printf(&body,
                        "%s{\"filename\":\"f\",\"lineno\":%d,\"pre_context\":[\"a\",\"b\",\"c\"]}",
                        i == 0 ? "" : ",", i);
    }
    base_buf_c(&body, "]}}]}}");
    assert_true(decode(&f, base_buf_view(&body)));
    assert_stored(&f.got.items[0]);
    assert_int_equal(f.got.items[0].event.property_count, 200);
    base_buf_done(&body);
    test_done(&f);
}

static void ids_and_channels_follow_from_the_library(void **state)
{
    (void)state;
    static const struct {
        const char *event, *message_id, *channel;
    } cases[] = {
        {"\"uuid\":\"m\",\"properties\":{\"$insert_id\":\"i\",\"$lib\":\"web\"}", "m", "web"},
        {"\"properties\":{\"$insert_id\":\"i\",\"$lib\":\"posthog-ios\"}", "i", "app"},
        {"\"properties\":{\"$lib\":\"posthog-android\"}", NULL, "app"},
        {"\"properties\":{\"$lib\":\"posthog-react-native\"}", NULL, "app"},
        {"\"properties\":{\"$lib\":\"posthog-flutter\"}", NULL, "app"},
        {"\"properties\":{\"$lib\":\"posthog-node\"}", NULL, "till"},
        {"\"properties\":{\"$lib\":7}", NULL, "till"},
        {"\"x\":1", NULL, "till"},
    };
    struct fixture f;
    test_init(&f);
    f.source.default_channel = STR("till");
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        const struct store_item *item = decode_one(
            &f,
            str_format(f.arena, "{\"event\":\"A\",\"distinct_id\":\"u\",%s}", cases[i].event).data);
        assert_stored(item);
        assert_str(item->event.message_id, cases[i].message_id);
        assert_str(item->event.channel, cases[i].channel);
    }
    f.source.keep_address = true;
    f.source.keep_user_agent = true;
    f.source.peer = STR("192.0.2.1");
    const struct store_item *item = decode_one(
        &f, "{\"event\":\"A\",\"distinct_id\":\"u\",\"properties\":{\"$raw_user_agent\":\"M\"}}");
    assert_str(properties_of(&f, item), "$raw_user_agent='M' $ip='192.0.2.1'");
    item = decode_one(&f, "{\"event\":\"A\",\"distinct_id\":\"u\",\"properties\":{\"$ip\":\"x\"}}");
    assert_str(properties_of(&f, item), "$ip='x'");
    test_done(&f);
}

/* ---- surveys -------------------------------------------------------------------------------------- */

#define SURVEY "\"$survey_id\":\"s\",\"$survey_submission_id\":\"r\","

static void a_response_is_feedback_once_it_has_ended(void **state)
{
    (void)state;
    static const struct {
        const char *event, *properties, *name, *id, *text, *got;
    } cases[] = {
        {"survey shown", "\"$survey_id\":\"s\",\"$survey_iteration\":2", "survey shown", "m", NULL,
         "survey='s' way='widget' wave=2"},
        {"survey sent",
         SURVEY "\"$survey_completed\":true,\"$survey_questions\":[{\"id\":\"q1\",\"response\":9},"
                "{\"id\":\"q2\",\"response\":\"good\"},{\"id\":\"q3\",\"response\":[\"a\",\"b\"]},"
                "{\"id\":\"q4\",\"response\":\"more\"},{\"id\":\"q5\"},{\"id\":\"q6\",\"response\":"
                "\" \"}],\"$survey_response_q1\":9",
         "feedback", "r", "good",
         "survey='s' way='widget' response='r' answers.q1=9 answers.q3='a' answers.q3='b' "
         "answers.q4='more' finished=true kind='survey'"},
        {"survey sent",
         SURVEY "\"$survey_completed\":false,\"$survey_questions\":[{\"id\":\"q1\",\"response\":"
                "\"words\"}]",
         "survey sent", "m", NULL,
         "survey='s' way='widget' response='r' answers.q1='words' finished=false"},
        {"survey sent",
         "\"$survey_id\":\"s\",\"$survey_response\":\"7\",\"$survey_response_1\":\"so\","
         "\"$survey_response_2\":[\"x\"]",
         "feedback", "m", "so",
         "survey='s' way='widget' answers.0='7' answers.2='x' finished=true kind='survey'"},
        {"survey dismissed",
         SURVEY "\"$survey_questions\":[{\"id\":\"q1\",\"response\":3}],"
                "\"$survey_partially_completed\":true",
         "feedback", "r", NULL,
         "survey='s' way='widget' response='r' answers.q1=3 finished=false kind='survey'"},
        {"survey dismissed", SURVEY "\"$survey_questions\":[{\"id\":\"q1\"}]", "survey dismissed",
         "m", NULL, "survey='s' way='widget' response='r' finished=false"},
        {"survey abandoned", SURVEY "\"$survey_questions\":[{\"id\":\"q1\",\"response\":3}]",
         "survey abandoned", "m", NULL,
         "survey='s' way='widget' response='r' answers.q1=3 finished=false"},
        {"survey sent", "\"$survey_id\":\"s\"", "survey sent", "m", NULL,
         "survey='s' way='widget' finished=true"},
    };
    struct fixture f;
    test_init(&f);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        const struct store_item *item =
            decode_one(&f, str_format(f.arena,
                                      "{\"event\":\"%s\",\"uuid\":\"m\",\"distinct_id\":\"u\","
                                      "\"properties\":{%s}}",
                                      cases[i].event, cases[i].properties)
                               .data);
        assert_stored(item);
        assert_str(item->event.event, cases[i].name);
        assert_str(item->event.message_id, cases[i].id);
        assert_str(item->event.text, cases[i].text);
        assert_str(properties_of(&f, item), cases[i].got);
    }
    test_done(&f);
}

static void what_is_set_once_is_masked_like_other_traits(void **state)
{
    (void)state;
    static const char event[] =
        "{\"event\":\"A\",\"uuid\":\"" MINTED "\",\"distinct_id\":\"a@shop.example\","
        "\"properties\":{\"note\":\"to b@shop.example\",\"$device_id\":\"" MINTED
        "\",\"$set_once\":{\"mail\":\"c@shop.example\"}}}";
    struct fixture f;
    struct str traits = STR("traits");
    struct intake_mask_options options = {.kinds = 1U << INTAKE_MASK_EMAIL};
    struct intake_mask *mask = NULL;
    test_init(&f);
    assert_true(intake_mask_new(&options, &mask, &f.fail));
    f.source.mask = mask;
    const struct store_item *item = decode_one(&f, event);
    assert_str(properties_of(&f, item), "note='to [email]' $device_id='" MINTED "'");
    assert_str(once_of(&f, item), "mail='c@shop.example'");
    assert_str(identifiers_text(f.arena, &item->event), "user:a@shop.example");
    assert_holds(item->raw, "c@shop.example");
    intake_mask_free(mask);
    options.fields = &traits;
    options.field_count = 1;
    assert_true(intake_mask_new(&options, &mask, &f.fail));
    f.source.mask = mask;
    item = decode_one(&f, event);
    assert_str(once_of(&f, item), "mail='[email]'");
    assert_int_equal(str_find(item->raw, STR("c@shop.example")), item->raw.len);
    intake_mask_free(mask);
    test_done(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_wrap_comes_off),
        cmocka_unit_test(what_is_no_json_in_any_form_is_refused),
        cmocka_unit_test(the_kind_of_an_id_is_guessed_from_its_event),
        cmocka_unit_test(events_that_cannot_be_taken_say_where_and_why),
        cmocka_unit_test(times_follow_the_sender_as_far_as_its_clock_is_right),
        cmocka_unit_test(events_become_what_they_mean),
        cmocka_unit_test(a_deep_stack_is_cut_and_kept),
        cmocka_unit_test(ids_and_channels_follow_from_the_library),
        cmocka_unit_test(a_response_is_feedback_once_it_has_ended),
        cmocka_unit_test(what_is_set_once_is_masked_like_other_traits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
