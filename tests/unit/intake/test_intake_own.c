#include "intake_test.h"

#include "base_buf.h"

static const struct store_item *decode_one(struct fixture *f, const char *body)
{
    if (!intake_own_decode(f->decoder, str_from_c(body), &f->source, f->arena, &f->got, &f->fail)) {
        print_error("refused: %s\n", f->fail.message);
        fail();
    }
    assert_int_equal(f->got.count, 1);
    return &f->got.items[0];
}

static bool decode(struct fixture *f, const char *body)
{
    return intake_own_decode(f->decoder, str_from_c(body), &f->source, f->arena, &f->got, &f->fail);
}

/* An event that is fine, with more members. */
static const struct store_item *decode_with(struct fixture *f, const char *members)
{
    struct str body =
        str_format(f->arena, "{\"userId\":\"u1\",\"event\":\"Order\",\"ts\":\"" TEST_NOW "\"%s%s}",
                   members[0] == '\0' ? "" : ",", members);
    return decode_one(f, str_copy_c(f->arena, body));
}

static void whole_event_is_taken_over(void **state)
{
    (void)state;
    struct fixture f;
    test_init(&f);
    f.source.may_join_users = true;
    const struct store_item *item = decode_one(
        &f, "{\"message_id\":\"m1\",\"userId\":\"u1\",\"anonymousId\":\"a1\",\"identifiers\":"
            "{\"email\":\"x@example.org\",\"account\":[\"acme\",7],\"ext.crm\":9},\"event\":"
            "\"feedback\",\"ts\":\"2026-05-01T11:00:00.250+02:00\",\"channel\":\"survey\","
            "\"properties\":{\"kind\":\"survey\"},\"traits\":{\"plan\":\"pro\"},\"text\":\"Fine\","
            "\"score\":9,\"scale\":\"nps\"}");
    assert_stored(item);
    const struct store_event *event = &item->event;
    assert_str(event->source, "shop");
    assert_str(event->message_id, "m1");
    assert_str(event->event, "feedback");
    assert_int_equal(event->ts_ms, TEST_NOW_MS - 1800000 + 250);
    assert_int_equal(event->received_at_ms, TEST_NOW_MS);
    assert_int_equal(event->client_ts_ms, STORE_NO_TIME);
    assert_int_equal(event->sent_at_ms, STORE_NO_TIME);
    assert_str(event->channel, "survey");
    assert_str(event->text, "Fine");
    assert_str(event->scale, "nps");
    assert_int_equal(event->score.kind, STORE_INT);
    assert_int_equal(event->score.i, 9);
    assert_str(fields_text(f.arena, event->properties, event->property_count), "kind='survey'");
    assert_str(fields_text(f.arena, event->traits, event->trait_count), "plan='pro'");
    assert_str(identifiers_text(f.arena, event),
               "user:u1 anonymous:a1 email:x@example.org account:acme account:7 ext.crm:9");
    assert_null(item->previous_id.data);
    assert_true(item->may_join_users);
    assert_false(item->from_import);
    test_done(&f);
}

static void smallest_event_leaves_the_rest_missing(void **state)
{
    (void)state;
    struct fixture f;
    test_init(&f);
    const struct store_item *item = decode_with(&f, "");
    assert_stored(item);
    assert_null(item->event.message_id.data);
    assert_null(item->event.channel.data);
    assert_null(item->event.text.data);
    assert_null(item->event.scale.data);
    assert_int_equal(item->event.property_count, 0);
    assert_int_equal(item->event.trait_count, 0);
    f.source.default_channel = STR("web");
    assert_str(decode_with(&f, "\"channel\":\"\"")->event.channel, "web");
    assert_str(decode_with(&f, "\"channel\":null")->event.channel, "web");
    assert_str(decode_with(&f, "\"channel\":\"app\"")->event.channel, "app");
    test_done(&f);
}

static void broken_rules_are_named_with_their_place(void **state)
{
    (void)state;
    static const struct {
        const char *body, *field, *reason;
    } cases[] = {
        {"{\"event\":\"E\",\"ts\":\"" TEST_NOW "\"}", "/userId", "no identifier"},
        {"{\"userId\":\"\",\"event\":\"E\",\"ts\":\"" TEST_NOW "\"}", "/userId", "no identifier"},
        {"{\"identifiers\":{\"account\":\"acme\"},\"event\":\"E\",\"ts\":\"" TEST_NOW "\"}",
         "/userId", "an account is no customer"},
        {"{\"userId\":true,\"event\":\"E\",\"ts\":\"" TEST_NOW "\"}", "/userId",
         "a string or a whole number, found a boolean"},
        {"{\"userId\":1.5,\"event\":\"E\",\"ts\":\"" TEST_NOW "\"}", "/userId", "whole number"},
        {"{\"userId\":1e17,\"event\":\"E\",\"ts\":\"" TEST_NOW "\"}", "/userId", "as strings"},
        {"{\"userId\":\"u\",\"ts\":\"" TEST_NOW "\"}", "/event", "no event"},
        {"{\"userId\":\"u\",\"event\":\"\",\"ts\":\"" TEST_NOW "\"}", "/event", "no event"},
        {"{\"userId\":\"u\",\"event\":5,\"ts\":\"" TEST_NOW "\"}", "/event",
         "a string, found a number"},
        {"{\"userId\":\"u\",\"event\":\"E\"}", "/ts", "no time"},
        {"{\"userId\":\"u\",\"event\":\"E\",\"ts\":null}", "/ts", "no time"},
        {"{\"userId\":\"u\",\"event\":\"E\",\"ts\":\"yesterday\"}", "/ts", "RFC 3339"},
        {"{\"userId\":\"u\",\"event\":\"E\",\"ts\":\"2026-05-01T09:30:00\"}", "/ts", "offset"},
        {"{\"userId\":\"u\",\"event\":\"E\",\"ts\":1777627800}", "/ts", "found a number"},
        {"{\"userId\":\"u\",\"event\":\"E\",\"ts\":\"1969-12-31T23:59:59Z\"}", "/ts",
         "before 1970"},
        {"{\"userId\":\"u\",\"event\":\"E\",\"ts\":\"2026-05-02T09:30:01Z\"}", "/ts",
         "more than 24 hours in the future"},
        {"{\"userId\":\"u\",\"event\":\"E\",\"ts\":\"" TEST_NOW "\",\"sentAt\":\"now\"}", "/sentAt",
         "RFC 3339"},
        {"{\"userId\":\"u\",\"event\":\"E\",\"ts\":\"" TEST_NOW "\",\"identifiers\":[]}",
         "/identifiers", "found an array"},
        {"{\"userId\":\"u\",\"event\":\"E\",\"ts\":\"" TEST_NOW
         "\",\"identifiers\":{\"mail\":\"x\"}}",
         "/identifiers/mail", "did you mean \"email\"?"},
        {"{\"userId\":\"u\",\"event\":\"E\",\"ts\":\"" TEST_NOW
         "\",\"identifiers\":{\"ext.\":\"x\"}}",
         "/identifiers/ext.", "the kinds are"},
        {"{\"userId\":\"u\",\"event\":\"E\",\"ts\":\"" TEST_NOW
         "\",\"identifiers\":{\"account\":[\"a\",{}]}}",
         "/identifiers/account/1", "found an object"},
        {"{\"userId\":\"u\",\"event\":\"E\",\"ts\":\"" TEST_NOW
         "\",\"identifiers\":{\"user\":\"other\"}}",
         "/identifiers/user", "differ"},
        {"{\"userId\":\"u\",\"event\":\"E\",\"ts\":\"" TEST_NOW "\",\"properties\":[1]}",
         "/properties", "an object, found an array"},
        {"{\"userId\":\"u\",\"event\":\"E\",\"ts\":\"" TEST_NOW "\",\"traits\":\"x\"}", "/traits",
         "an object, found a string"},
        {"{\"userId\":\"u\",\"event\":\"E\",\"ts\":\"" TEST_NOW "\",\"properties\":{\"\":1}}",
         "/properties/", "empty"},
        {"{\"userId\":\"u\",\"event\":\"E\",\"ts\":\"" TEST_NOW "\",\"userid\":\"u\"}", "/userid",
         "did you mean \"userId\"?"},
        {"{\"userId\":\"u\",\"event\":\"E\",\"timestamp\":\"" TEST_NOW "\"}", "/timestamp",
         "did you mean \"ts\"?"},
        {"{\"userId\":\"u\",\"event\":\"E\",\"ts\":\"" TEST_NOW "\",\"a/b~c\":1}", "/a~1b~0c",
         "into properties"},
        {"{\"userId\":\"u\",\"event\":\"E\",\"ts\":\"" TEST_NOW "\",\"previousId\":\"p\"}",
         "/previousId", "alias only"},
        {"{\"userId\":\"u\",\"event\":\"alias\",\"ts\":\"" TEST_NOW "\"}", "/previousId",
         "an alias needs previousId"},
        {"{\"anonymousId\":\"a\",\"previousId\":\"p\",\"event\":\"alias\",\"ts\":\"" TEST_NOW "\"}",
         "/userId", "an alias needs userId"},
        {"{\"userId\":\"u\",\"event\":\"E\",\"ts\":\"" TEST_NOW "\",\"x\":01}", "", "number"},
        {"[7]", "", "found a number"},
    };
    struct fixture f;
    test_init(&f);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        const struct store_item *item = decode_one(&f, cases[i].body);
        assert_kept_out(item, cases[i].field, cases[i].reason);
        assert_str(item->event.source, "shop");
        assert_int_equal(item->event.received_at_ms, TEST_NOW_MS);
    }
    test_done(&f);
}

static void score_and_scale_stand_together(void **state)
{
    (void)state;
    static const struct {
        const char *members, *field; /* field NULL: stored */
    } cases[] = {
        {"\"score\":0,\"scale\":\"nps\"", NULL},
        {"\"score\":10,\"scale\":\"nps\"", NULL},
        {"\"score\":10.0,\"scale\":\"nps\"", NULL},
        {"\"score\":11,\"scale\":\"nps\"", "/score"},
        {"\"score\":-1,\"scale\":\"nps\"", "/score"},
        {"\"score\":9.5,\"scale\":\"nps\"", "/score"},
        {"\"score\":1,\"scale\":\"csat\"", NULL},
        {"\"score\":5,\"scale\":\"csat\"", NULL},
        {"\"score\":0,\"scale\":\"csat\"", "/score"},
        {"\"score\":6,\"scale\":\"csat\"", "/score"},
        {"\"score\":1,\"scale\":\"ces\"", NULL},
        {"\"score\":7,\"scale\":\"ces\"", NULL},
        {"\"score\":8,\"scale\":\"ces\"", "/score"},
        {"\"score\":5,\"scale\":\"stars\"", NULL},
        {"\"score\":0,\"scale\":\"stars\"", "/score"},
        {"\"score\":6,\"scale\":\"stars\"", "/score"},
        {"\"score\":5,\"scale\":\"NPS\"", "/scale"},
        {"\"score\":5,\"scale\":\"smileys\"", "/scale"},
        {"\"score\":5", "/scale"},
        {"\"scale\":\"nps\"", "/score"},
        {"\"score\":null,\"scale\":null", NULL},
        {"\"score\":\"9\",\"scale\":\"nps\"", "/score"},
        {"\"score\":9,\"scale\":5", "/scale"},
        {"\"score\":18446744073709551615,\"scale\":\"nps\"", "/score"},
    };
    struct fixture f;
    test_init(&f);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        const struct store_item *item = decode_with(&f, cases[i].members);
        if (cases[i].field == NULL) {
            assert_stored(item);
        } else {
            assert_kept_out(item, cases[i].field, "");
        }
    }
    test_done(&f);
}

static void ids_are_text_or_whole_numbers(void **state)
{
    (void)state;
    static const struct {
        const char *json, *id;
    } cases[] = {
        {"\"u1\"", "u1"},
        {"17", "17"},
        {"-3", "-3"},
        {"9223372036854775807", "9223372036854775807"},
        {"18446744073709551615", "18446744073709551615"},
        {"5.0", "5"},
        {"1e3", "1000"},
        {"\" u \"", " u "},
        {"\"\\u00e9\\n\"", "\xC3\xA9\n"},
    };
    struct fixture f;
    test_init(&f);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct str body = str_format(
            f.arena, "{\"userId\":%s,\"message_id\":%s,\"event\":\"E\",\"ts\":\"" TEST_NOW "\"}",
            cases[i].json, cases[i].json);
        const struct store_item *item = decode_one(&f, str_copy_c(f.arena, body));
        assert_stored(item);
        assert_str(item->event.identifiers[0].value, cases[i].id);
        assert_str(item->event.message_id, cases[i].id);
    }
    test_done(&f);
}

static void ids_and_names_have_a_longest_length(void **state)
{
    (void)state;
    static const struct {
        const char *member;
        size_t longest;
        const char *field;
    } cases[] = {
        {"anonymousId", STORE_IDENTIFIER_BYTES_MAX, "/anonymousId"},
        {"message_id", STORE_MESSAGE_ID_BYTES_MAX, "/message_id"},
        {"channel", STORE_NAME_BYTES_MAX, "/channel"},
    };
    struct fixture f;
    test_init(&f);
    char text[600];
    memset(text, 'x', sizeof text);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        int len = (int)cases[i].longest;
        struct str fits = str_format(f.arena, "\"%s\":\"%.*s\"", cases[i].member, len, text);
        struct str over = str_format(f.arena, "\"%s\":\"%.*s\"", cases[i].member, len + 1, text);
        assert_stored(decode_with(&f, str_copy_c(f.arena, fits)));
        assert_kept_out(decode_with(&f, str_copy_c(f.arena, over)), cases[i].field, "longer than");
    }
    struct str name =
        str_format(f.arena, "\"properties\":{\"a\":{\"%.*s\":1}}", STORE_NAME_BYTES_MAX - 2, text);
    assert_stored(decode_with(&f, str_copy_c(f.arena, name)));
    name =
        str_format(f.arena, "\"properties\":{\"a\":{\"%.*s\":1}}", STORE_NAME_BYTES_MAX - 1, text);
    assert_int_equal(decode_with(&f, str_copy_c(f.arena, name))->verdict, STORE_QUARANTINED);
    test_done(&f);
}

static void properties_flatten_and_keep_every_value(void **state)
{
    (void)state;
    static const struct {
        const char *json, *fields;
    } cases[] = {
        {"{}", ""},
        {"{\"a\":1,\"b\":\"x\",\"c\":true,\"d\":1.5,\"e\":2.0}", "a=1 b='x' c=true d=1.5d e=2"},
        {"{\"a\":\"\"}", "a=''"},
        {"{\"a\":null,\"b\":[],\"c\":{},\"d\":[null],\"e\":[[]],\"f\":[{}]}", ""},
        {"{\"address\":{\"city\":\"Bergen\",\"geo\":{\"lat\":60.5}}}",
         "address.city='Bergen' address.geo.lat=60.5d"},
        {"{\"tags\":[\"x\",\"y\",\"x\"]}", "tags='x' tags='y' tags='x'"},
        {"{\"m\":[[1,2],[3,[4]]]}", "m=1 m=2 m=3 m=4"},
        {"{\"products\":[{\"sku\":\"a\",\"n\":1},{\"sku\":\"b\"}]}",
         "products.sku='a' products.n=1 products.sku='b'"},
        {"{\"a\":{\"b\":1},\"a.b\":2}", "a.b=1 a.b=2"},
        {"{\"a\":1,\"a\":2}", "a=1 a=2"},
        {"{\"x\":9223372036854775807,\"y\":18446744073709551615,\"z\":-9223372036854775808}",
         "x=9223372036854775807 y=18446744073709551615u z=-9223372036854775808"},
        {"{\"x\":1e300,\"y\":-0.0,\"z\":1e3}", "x=1.0000000000000001e+300d y=0 z=1000"},
        {"{\"at\":\"2026-05-01T09:30:00Z\"}", "at='2026-05-01T09:30:00Z'"},
        {"{\"a\":[1,{\"b\":2},null,\"c\"]}", "a=1 a.b=2 a='c'"},
    };
    struct fixture f;
    test_init(&f);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct str members = str_format(f.arena, "\"properties\":%s", cases[i].json);
        const struct store_item *item = decode_with(&f, str_copy_c(f.arena, members));
        assert_stored(item);
        assert_str(fields_text(f.arena, item->event.properties, item->event.property_count),
                   cases[i].fields);
    }
    test_done(&f);
}

static void traits_go_with_null_and_empty_arrays(void **state)
{
    (void)state;
    static const struct {
        const char *json, *fields;
    } cases[] = {
        {"{\"a\":null}", "a=null"},
        {"{\"a\":[]}", "a=null"},
        {"{\"a\":[null,[]]}", "a=null"},
        {"{\"a\":{}}", ""},
        {"{\"a\":{\"b\":null,\"c\":[]}}", "a.b=null a.c=null"},
        {"{\"a\":[1,null,2]}", "a=1 a=2"},
        {"{\"a\":[{\"b\":null},{\"b\":1}]}", "a.b=1"},
        {"{\"a\":\"\"}", "a=''"},
    };
    struct fixture f;
    test_init(&f);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct str members = str_format(f.arena, "\"traits\":%s", cases[i].json);
        const struct store_item *item = decode_with(&f, str_copy_c(f.arena, members));
        assert_stored(item);
        assert_str(fields_text(f.arena, item->event.traits, item->event.trait_count),
                   cases[i].fields);
    }
    test_done(&f);
}

static void too_many_values_are_kept_out(void **state)
{
    (void)state;
    struct fixture f;
    test_init(&f);
    CLEANUP(base_buf_done) struct base_buf fits = {0};
    base_buf_c(&fits, "\"traits\":{\"t\":1},\"properties\":{\"n\":[0");
    for (int i = 1; i < STORE_FIELDS_MAX - 1; i++) {
        base_buf_c(&fits, ",1");
    }
    struct str members = str_format(f.arena, "%.*s]}", STR_ARG(base_buf_view(&fits)));
    assert_stored(decode_with(&f, str_copy_c(f.arena, members)));
    members = str_format(f.arena, "%.*s,1]}", STR_ARG(base_buf_view(&fits)));
    assert_kept_out(decode_with(&f, str_copy_c(f.arena, members)), "/traits/t", "more than 2000");
    test_done(&f);
}

static void clocks_follow_the_contract(void **state)
{
    (void)state;
    static const struct {
        const char *ts, *sent_at;
        int64_t stored_s; /* from now */
        bool keeps_client;
    } cases[] = {
        {"2026-05-01T09:30:00Z", NULL, 0, false},
        {"2026-05-01T09:30:00Z", "2026-05-01T09:29:01Z", 0, false}, /* 59 s: the network */
        {"2026-05-01T09:30:00Z", "2026-05-01T09:30:59Z", 0, false},
        {"2026-05-01T09:20:00Z", "2026-05-01T09:29:00Z", -540, true},     /* 60 s: the clock */
        {"2026-05-01T08:20:00Z", "2026-05-01T08:30:00Z", -600, true},     /* an hour slow */
        {"2026-05-01T08:20:00Z", "2026-05-01T08:29:59.100Z", -600, true}, /* 3600.9 s are 3600 */
        {"2026-05-01T10:20:00Z", "2026-05-01T10:30:00Z", -600, true},     /* an hour fast */
        {"2026-05-01T10:20:00Z", "2026-05-01T10:29:59.995Z", -600,
         true}, /* -3599.995 s are -3600 */
        {"1999-01-01T00:00:00Z", "1999-01-01T00:00:10Z", -10, true},
        {"2026-05-01T09:35:00Z", NULL, 300, false}, /* five minutes ahead stay */
        {"2026-05-01T09:35:01Z", NULL, 0, true},    /* more becomes now */
        {"2026-05-02T09:30:00Z", NULL, 0, true},    /* exactly 24 hours too */
        {"1970-01-01T00:00:00Z", NULL, -TEST_NOW_MS / 1000, false},
    };
    struct fixture f;
    test_init(&f);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct str sent = cases[i].sent_at == NULL
                              ? STR("")
                              : str_format(f.arena, ",\"sentAt\":\"%s\"", cases[i].sent_at);
        struct str body =
            str_format(f.arena, "{\"userId\":\"u\",\"event\":\"E\",\"ts\":\"%s\"%.*s}", cases[i].ts,
                       STR_ARG(sent));
        const struct store_item *item = decode_one(&f, str_copy_c(f.arena, body));
        assert_stored(item);
        assert_int_equal(item->event.ts_ms, TEST_NOW_MS + cases[i].stored_s * 1000);
        int64_t client_ms;
        assert_true(time_parse_rfc3339(str_from_c(cases[i].ts), &client_ms));
        assert_int_equal(item->event.client_ts_ms,
                         cases[i].keeps_client ? client_ms : STORE_NO_TIME);
        assert_true((item->event.sent_at_ms == STORE_NO_TIME) == (cases[i].sent_at == NULL));
    }
    f.source.floor_ms = TEST_NOW_MS - 1000;
    assert_kept_out(
        decode_one(&f, "{\"userId\":\"u\",\"event\":\"E\",\"ts\":\"2026-05-01T09:29:58Z\"}"), "/ts",
        "before 2026-05-01T09:29:59.000Z");
    test_done(&f);
}

static void alias_names_what_is_joined(void **state)
{
    (void)state;
    struct fixture f;
    test_init(&f);
    const struct store_item *item = decode_one(
        &f, "{\"event\":\"alias\",\"previousId\":5,\"userId\":\"u\",\"ts\":\"" TEST_NOW "\"}");
    assert_stored(item);
    assert_str(item->previous_id, "5");
    assert_false(item->may_join_users);
    item =
        decode_one(&f, "{\"event\":\"alias\",\"previousId\":\"u\",\"identifiers\":{\"user\":\"u\"},"
                       "\"ts\":\"" TEST_NOW "\"}");
    assert_stored(item);
    assert_str(identifiers_text(f.arena, &item->event), "user:u");
    test_done(&f);
}

static void equal_identifiers_count_once(void **state)
{
    (void)state;
    struct fixture f;
    test_init(&f);
    const struct store_item *item = decode_with(
        &f, "\"anonymousId\":\"a\",\"identifiers\":{\"user\":\"u1\",\"anonymous\":[\"a\",\"b\"],"
            "\"email\":\"\",\"account\":null}");
    assert_stored(item);
    assert_str(identifiers_text(f.arena, &item->event), "user:u1 anonymous:a anonymous:b");
    test_done(&f);
}

static void identifiers_and_places_are_bounded(void **state)
{
    (void)state;
    struct fixture f;
    test_init(&f);
    struct str members = STR("\"identifiers\":{\"account\":[0");
    for (int i = 1; i < 99; i++) {
        members = str_format(f.arena, "%.*s,%d", STR_ARG(members), i);
    }
    struct str whole = str_format(f.arena, "%.*s]}", STR_ARG(members));
    assert_stored(decode_with(&f, str_copy_c(f.arena, whole)));
    whole = str_format(f.arena, "%.*s,100]}", STR_ARG(members));
    assert_kept_out(decode_with(&f, str_copy_c(f.arena, whole)), "/userId", "more than 100");
    struct str name = STR("");
    for (int i = 0; i < 200; i++) {
        name = str_format(f.arena, "%.*s\xC3\xA9", STR_ARG(name));
    }
    whole = str_format(f.arena, "\"%.*s\":1", STR_ARG(name));
    const struct store_item *item = decode_with(&f, str_copy_c(f.arena, whole));
    assert_int_equal(item->verdict, STORE_QUARANTINED);
    assert_int_equal(item->field.len, 249);
    assert_true(str_is_utf8(item->field) && str_is_utf8(item->reason));
    test_done(&f);
}

/* ---- bodies ---------------------------------------------------------------------------------------- */

#define GOOD "{\"userId\":\"u\",\"event\":\"E\",\"ts\":\"" TEST_NOW "\"}"
#define BAD "{\"userId\":\"u\",\"event\":\"E\"}"

static void bodies_are_one_an_array_or_lines(void **state)
{
    (void)state;
    static const struct {
        const char *body, *verdicts;
    } cases[] = {
        {GOOD, "s"},
        {"  \n" GOOD "\r\n ", "s"},
        {"{\n \"userId\": \"u\",\n \"event\": \"E\",\n \"ts\": \"" TEST_NOW "\"\n}\n", "s"},
        {"[]", ""},
        {"[" GOOD "," BAD ",\n" GOOD "]", "sqs"},
        {"[1,null,\"x\"," GOOD "]", "qqqs"},
        {GOOD "\n" GOOD, "ss"},
        {GOOD "\r\n\r\n" BAD "\r\n" GOOD "\r\n", "sqs"},
        {GOOD "\n{\"userId\":\n" GOOD "\n", "sqs"},
        {"{\"userId\":\"u\n" GOOD "\n", "qs"},
        {"{\"a\":1\n" GOOD "\nnonsense\n", "qsq"},
        {"{\"a\":tru}", "q"},
    };
    struct fixture f;
    test_init(&f);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        assert_true(decode(&f, cases[i].body));
        char verdicts[8] = "";
        assert_true(f.got.count < sizeof verdicts);
        for (size_t k = 0; k < f.got.count; k++) {
            verdicts[k] = f.got.items[k].verdict == STORE_STORED ? 's' : 'q';
        }
        assert_string_equal(verdicts, cases[i].verdicts);
    }
    test_done(&f);
}

static void what_is_no_json_is_refused_whole(void **state)
{
    (void)state;
    static const char *const bodies[] = {
        "",
        "  \n",
        "nonsense",
        "{",
        "{\n \"userId\": \"u\",\n",
        "[" GOOD,
        "[" GOOD "}",
        "5",
        "\"x\"",
        "a=b&c=d",
        "[" GOOD "] x",
        "{\"a\":\"x",
        "\x1f\x8b",
    };
    struct fixture f;
    test_init(&f);
    for (size_t i = 0; i < ARRAY_LEN(bodies); i++) {
        bool good = decode(&f, bodies[i]);
        if (good) {
            print_error("taken: %s\n", bodies[i]);
        }
        assert_false(good);
        assert_int_equal(f.fail.code, FAIL_INPUT);
        assert_true(strlen(f.fail.message) > 10);
    }
    test_done(&f);
}

static bool open_own(struct fixture *f, const char *body, struct intake_own_request *out)
{
    return intake_own_open(f->decoder, str_from_c(body), &f->limits, f->arena, out, &f->fail);
}

static void envelope_bears_key_and_time_of_sending(void **state)
{
    (void)state;
    struct fixture f;
    test_init(&f);
    struct intake_own_request request;
    assert_true(open_own(
        &f, "{\"key\":\"ck_1\",\"sentAt\":\"2026-05-01T10:30:00Z\",\"events\":[" GOOD "," GOOD "]}",
        &request));
    assert_true(str_is(request.key, "ck_1"));
    assert_true(intake_own_decode_opened(f.decoder, &request, &f.source, f.arena, &f.got, &f.fail));
    assert_int_equal(f.got.count, 2);
    assert_stored(&f.got.items[0]);
    /* The sender's clock is an hour ahead, so its event was an hour earlier. */
    assert_int_equal(f.got.items[1].event.ts_ms, TEST_NOW_MS - 3600000);
    assert_true(decode(&f, "{\"events\":[" GOOD "]}"));
    assert_int_equal(f.got.items[0].event.ts_ms, TEST_NOW_MS);
    assert_true(open_own(&f, "{\"events\":[],\"key\":null}", &request));
    assert_null(request.key.data);
    assert_true(open_own(&f, GOOD, &request));
    assert_null(request.key.data);
    assert_true(open_own(&f, "[" GOOD "]", &request));
    assert_null(request.key.data);
    test_done(&f);
}

static void envelope_with_anything_else_in_it_is_refused_whole(void **state)
{
    (void)state;
    static const char *const bodies[][2] = {
        {"{\"events\":[],\"keys\":\"ck_1\"}", "\"keys\" beside \"events\""},
        {"{\"events\":[],\"key\":1}", "\"key\""},
        {"{\"sentAt\":\"yesterday\",\"events\":[]}", "\"sentAt\""},
        {"{\"sentAt\":1700000000000,\"events\":[]}", "\"sentAt\""},
    };
    struct fixture f;
    test_init(&f);
    for (size_t i = 0; i < ARRAY_LEN(bodies); i++) {
        assert_fails(decode(&f, bodies[i][0]), &f.fail, FAIL_INPUT, bodies[i][1]);
    }
    assert_false(decode(&f, "{\"events\":[],\"events\":[]}"));
    assert_true(decode(&f, "{\"events\":7}"));
    assert_kept_out(&f.got.items[0], "/events", "unknown member");
    assert_true(decode(&f, "{\"events\":[1," GOOD "]}"));
    assert_kept_out(&f.got.items[0], "", "expected an event");
    assert_stored(&f.got.items[1]);
    test_done(&f);
}

static void more_events_than_the_limit_refuse_the_request(void **state)
{
    (void)state;
    struct fixture f;
    test_init(&f);
    f.limits.events = 2;
    assert_true(decode(&f, "[" GOOD "," GOOD "]"));
    assert_fails(decode(&f, "[" GOOD "," GOOD "," GOOD "]"), &f.fail, FAIL_LIMIT, "2");
    assert_true(decode(&f, GOOD "\n" GOOD));
    assert_fails(decode(&f, GOOD "\n" GOOD "\n" GOOD), &f.fail, FAIL_LIMIT, "2");
    test_done(&f);
}

static void an_event_too_large_is_kept_out_alone(void **state)
{
    (void)state;
    struct fixture f;
    test_init(&f);
    f.limits.event_bytes = sizeof(GOOD) - 1;
    assert_true(decode(&f, "[" GOOD "," BAD ",{\"userId\":\"u\",\"event\":\"Long name\",\"ts\":"
                           "\"" TEST_NOW "\"}]"));
    assert_stored(&f.got.items[0]);
    assert_kept_out(&f.got.items[2], "", "larger than");
    f.limits.event_bytes = SIZE_MAX; /* never above what the store takes */
    CLEANUP(base_buf_done) struct base_buf body = {0};
    base_buf_c(&body, "{\"userId\":\"u\",\"event\":\"E\",\"ts\":\"" TEST_NOW "\",\"text\":\"");
    char *room = base_buf_room(&body, STORE_EVENT_BYTES_MAX);
    memset(room, 'x', STORE_EVENT_BYTES_MAX);
    body.len += STORE_EVENT_BYTES_MAX;
    base_buf_c(&body, "\"}");
    assert_true(
        intake_own_decode(f.decoder, base_buf_view(&body), &f.source, f.arena, &f.got, &f.fail));
    assert_kept_out(&f.got.items[0], "", "larger than 1048576");
    assert_int_equal(f.got.items[0].raw.len, body.len);
    test_done(&f);
}

static void bad_bytes_and_depth_are_kept_out_alone(void **state)
{
    (void)state;
    struct fixture f;
    test_init(&f);
    assert_true(decode(&f, "[{\"userId\":\"\xff\"}," GOOD ",{\"userId\":\"\\ud800\"}]"));
    assert_kept_out(&f.got.items[0], "", "not valid UTF-8");
    assert_stored(&f.got.items[1]);
    assert_int_equal(f.got.items[2].verdict, STORE_QUARANTINED);
    CLEANUP(base_buf_done) struct base_buf deep = {0};
    base_buf_c(&deep, "{\"properties\":");
    for (int i = 0; i < 40; i++) {
        base_buf_c(&deep, "[");
    }
    for (int i = 0; i < 40; i++) {
        base_buf_c(&deep, "]");
    }
    base_buf_c(&deep, "}");
    assert_true(
        intake_own_decode(f.decoder, base_buf_view(&deep), &f.source, f.arena, &f.got, &f.fail));
    assert_kept_out(&f.got.items[0], "", "deeper than 32");
    test_done(&f);
}

static void running_out_of_memory_refuses_the_request(void **state)
{
    (void)state;
    struct fixture f;
    test_init(&f);
    struct base_budget *budget = base_budget_new(200 * 1024);
    struct arena *small = arena_new(budget);
    CLEANUP(base_buf_done) struct base_buf body = {0};
    for (int i = 0; i < 3000; i++) {
        base_buf_c(&body, GOOD "\n");
    }
    assert_fails(
        intake_own_decode(f.decoder, base_buf_view(&body), &f.source, small, &f.got, &f.fail),
        &f.fail, FAIL_LIMIT, "memory");
    arena_free(small);
    base_budget_free(budget);
    test_done(&f);
}

static void counts_add_up(void **state)
{
    (void)state;
    struct store_item items[5] = {
        {.verdict = STORE_STORED},      {.verdict = STORE_DUPLICATE},
        {.verdict = STORE_QUARANTINED}, {.verdict = STORE_QUARANTINED},
        {.verdict = STORE_REFUSED},
    };
    struct intake_counts counts = {.received = 1, .stored = 1};
    intake_count(items, ARRAY_LEN(items), &counts);
    assert_int_equal(counts.received, 6);
    assert_int_equal(counts.stored, 2);
    assert_int_equal(counts.duplicate, 1);
    assert_int_equal(counts.quarantined, 2);
    assert_int_equal(counts.refused, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whole_event_is_taken_over),
        cmocka_unit_test(smallest_event_leaves_the_rest_missing),
        cmocka_unit_test(broken_rules_are_named_with_their_place),
        cmocka_unit_test(score_and_scale_stand_together),
        cmocka_unit_test(ids_are_text_or_whole_numbers),
        cmocka_unit_test(ids_and_names_have_a_longest_length),
        cmocka_unit_test(properties_flatten_and_keep_every_value),
        cmocka_unit_test(traits_go_with_null_and_empty_arrays),
        cmocka_unit_test(too_many_values_are_kept_out),
        cmocka_unit_test(clocks_follow_the_contract),
        cmocka_unit_test(alias_names_what_is_joined),
        cmocka_unit_test(equal_identifiers_count_once),
        cmocka_unit_test(identifiers_and_places_are_bounded),
        cmocka_unit_test(bodies_are_one_an_array_or_lines),
        cmocka_unit_test(what_is_no_json_is_refused_whole),
        cmocka_unit_test(envelope_bears_key_and_time_of_sending),
        cmocka_unit_test(envelope_with_anything_else_in_it_is_refused_whole),
        cmocka_unit_test(more_events_than_the_limit_refuse_the_request),
        cmocka_unit_test(an_event_too_large_is_kept_out_alone),
        cmocka_unit_test(bad_bytes_and_depth_are_kept_out_alone),
        cmocka_unit_test(running_out_of_memory_refuses_the_request),
        cmocka_unit_test(counts_add_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
