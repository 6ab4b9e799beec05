#include "intake_test.h"

static bool decode(struct fixture *f, const char *route, struct str body)
{
    enum intake_segment_type type;
    struct intake_segment_request request;
    assert_true(intake_segment_route(str_from_c(route), &type));
    return intake_segment_open(f->decoder, body, type, &f->limits, f->arena, &request, &f->fail) &&
           intake_segment_decode(f->decoder, &request, &f->source, f->arena, &f->got, &f->fail);
}

static const struct store_item *decode_one(struct fixture *f, const char *route, const char *body)
{
    if (!decode(f, route, str_from_c(body))) {
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

static void routes_have_long_and_short_names(void **state)
{
    (void)state;
    static const struct {
        const char *word;
        enum intake_segment_type type;
    } cases[] = {
        {"identify", INTAKE_SEGMENT_IDENTIFY}, {"i", INTAKE_SEGMENT_IDENTIFY},
        {"track", INTAKE_SEGMENT_TRACK},       {"t", INTAKE_SEGMENT_TRACK},
        {"page", INTAKE_SEGMENT_PAGE},         {"p", INTAKE_SEGMENT_PAGE},
        {"screen", INTAKE_SEGMENT_SCREEN},     {"s", INTAKE_SEGMENT_SCREEN},
        {"group", INTAKE_SEGMENT_GROUP},       {"g", INTAKE_SEGMENT_GROUP},
        {"alias", INTAKE_SEGMENT_ALIAS},       {"a", INTAKE_SEGMENT_ALIAS},
        {"batch", INTAKE_SEGMENT_BATCH},       {"b", INTAKE_SEGMENT_BATCH},
        {"import", INTAKE_SEGMENT_BATCH},
    };
    enum intake_segment_type type;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        assert_true(intake_segment_route(str_from_c(cases[i].word), &type));
        assert_int_equal(type, cases[i].type);
    }
    assert_false(intake_segment_route(STR("projects"), &type));
    assert_false(intake_segment_route(STR(""), &type));
}

/* The body that PROTOCOLS shows of analytics-node. */
static void a_node_batch_is_taken(void **state)
{
    (void)state;
    struct fixture f;
    test_init(&f);
    const struct store_item *item = decode_one(
        &f, "batch",
        "{\"batch\":[{\"type\":\"track\",\"event\":\"Order\",\"userId\":\"u1\",\"anonymousId\":"
        "null,"
        "\"messageId\":\"node-next-1\",\"timestamp\":\"2026-05-01T09:29:50.000Z\",\"properties\":"
        "{\"revenue\":9.5},\"context\":{\"ip\":\"1.2.3.4\",\"library\":{\"name\":"
        "\"@segment/"
        "analytics-node\",\"version\":\"3.1.0\"}},\"integrations\":{},\"_metadata\":{}}],"
        "\"writeKey\":\"wk\",\"sentAt\":\"2026-05-01T09:29:59.569Z\"}");
    assert_stored(item);
    assert_str(item->event.event, "Order");
    assert_str(item->event.message_id, "node-next-1");
    assert_str(identifiers_text(f.arena, &item->event), "user:u1");
    assert_int_equal(item->event.ts_ms, TEST_NOW_MS - 10000);
    assert_int_equal(item->event.sent_at_ms, TEST_NOW_MS - 431);
    assert_null(item->event.channel.data);
    assert_str(properties_of(&f, item),
               "revenue=9.5d context.library.name='@segment/analytics-node' "
               "context.library.version='3.1.0'");
    test_done(&f);
}

static void types_become_events(void **state)
{
    (void)state;
    static const struct {
        const char *route, *message, *event, *ids, *properties, *traits;
    } cases[] = {
        {"track", "\"event\":\"Signed Up\",\"properties\":{\"plan\":\"pro\"}", "Signed Up",
         "user:u", "plan='pro'", ""},
        {"identify", "\"traits\":{\"plan\":\"pro\",\"old\":null}", "identify", "user:u", "",
         "plan='pro' old=null"},
        {"identify", "\"context\":{\"traits\":{\"plan\":\"pro\"}}", "identify", "user:u", "",
         "plan='pro'"},
        {"identify",
         "\"traits\":{\"plan\":\"pro\"},\"context\":{\"traits\":{\"plan\":\"free\",\"city\":"
         "\"Oslo\"}}",
         "identify", "user:u", "", "plan='pro' city='Oslo'"},
        {"page", "\"name\":\"Home\",\"category\":\"Docs\",\"properties\":{\"url\":\"/\"}", "page",
         "user:u", "url='/' name='Home' category='Docs'", ""},
        {"page", "\"name\":\"Home\",\"properties\":{\"name\":\"Home\"}", "page", "user:u",
         "name='Home'", ""},
        {"page", "\"name\":\"Home\",\"properties\":{\"name\":\"Start\"}", "page", "user:u",
         "name='Start' name='Home'", ""},
        {"screen", "\"name\":\"Cart\"", "screen", "user:u", "name='Cart'", ""},
        {"group", "\"groupId\":\"acme\",\"traits\":{\"seats\":7}", "group", "user:u account:acme",
         "seats=7", ""},
        {"group",
         "\"groupId\":5,\"context\":{\"traits\":{\"role\":\"admin\"}},\"traits\":{\"role\":\"x\"}",
         "group", "user:u account:5", "role='x'", "role='admin'"},
        {"batch", "\"type\":\"track\",\"event\":\"E\"", "E", "user:u", "", ""},
        {"track", "\"type\":\"identify\",\"event\":\"E\"", "identify", "user:u", "", ""},
        {"track", "\"event\":\"E\",\"anonymousId\":\"a\"", "E", "user:u anonymous:a", "", ""},
        {"track", "\"event\":\"E\",\"name\":\"x\",\"unknown\":[1],\"integrations\":{\"All\":true}",
         "E", "user:u", "", ""},
    };
    struct fixture f;
    test_init(&f);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct str body = str_format(f.arena, "{\"userId\":\"u\",%s}", cases[i].message);
        const struct store_item *item = decode_one(&f, cases[i].route, str_copy_c(f.arena, body));
        assert_stored(item);
        assert_str(item->event.event, cases[i].event);
        assert_str(identifiers_text(f.arena, &item->event), cases[i].ids);
        assert_str(properties_of(&f, item), cases[i].properties);
        assert_str(traits_of(&f, item), cases[i].traits);
        assert_int_equal(item->event.ts_ms, TEST_NOW_MS);
    }
    const struct store_item *item =
        decode_one(&f, "a", "{\"userId\":\"u\",\"previousId\":\"p\",\"anonymousId\":\"a\"}");
    assert_stored(item);
    assert_str(item->event.event, "alias");
    assert_str(item->previous_id, "p");
    test_done(&f);
}

static void broken_rules_are_named_with_their_place(void **state)
{
    (void)state;
    static const struct {
        const char *route, *message, *field, *reason;
    } cases[] = {
        {"track", "{\"event\":\"E\"}", "/userId", "a userId or an anonymousId"},
        {"track", "{\"event\":\"E\",\"userId\":\"\",\"anonymousId\":null}", "/userId",
         "no identifier"},
        {"track", "{\"userId\":\"u\"}", "/event", "no event"},
        {"track", "{\"userId\":\"u\",\"event\":\"\"}", "/event", "no event"},
        {"track", "{\"userId\":\"u\",\"event\":7}", "/event", "found a number"},
        {"group", "{\"userId\":\"u\"}", "/groupId", "needs groupId"},
        {"alias", "{\"userId\":\"u\"}", "/previousId", "needs previousId"},
        {"alias", "{\"previousId\":\"p\",\"anonymousId\":\"a\"}", "/userId", "needs userId"},
        {"batch", "{\"userId\":\"u\",\"event\":\"E\"}", "/type", "no type"},
        {"track", "{\"type\":\"trakc\",\"userId\":\"u\"}", "/type", "did you mean \"track\"?"},
        {"track", "{\"type\":5,\"userId\":\"u\"}", "/type", "unknown type"},
        {"track", "{\"userId\":\"u\",\"event\":\"E\",\"properties\":\"x\"}", "/properties",
         "found a string"},
        {"identify", "{\"userId\":\"u\",\"traits\":[]}", "/traits", "found an array"},
        {"identify", "{\"userId\":\"u\",\"context\":[]}", "/context", "found an array"},
        {"identify", "{\"userId\":\"u\",\"context\":{\"traits\":5}}", "/context/traits",
         "found a number"},
        {"track", "{\"userId\":\"u\",\"event\":\"E\",\"timestamp\":\"soon\"}", "/timestamp",
         "ISO 8601"},
        {"track", "{\"userId\":\"u\",\"event\":\"E\",\"originalTimestamp\":{}}",
         "/originalTimestamp", "ISO 8601"},
        {"track", "{\"userId\":\"u\",\"event\":\"E\",\"timestamp\":\"2026-05-03T00:00:00Z\"}",
         "/timestamp", "in the future"},
        {"batch", "[5]", "", "found a number"},
        {"track", "{\"userId\":tru}", "", ""},
    };
    struct fixture f;
    test_init(&f);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        const struct store_item *item = decode_one(&f, cases[i].route, cases[i].message);
        assert_kept_out(item, cases[i].field, cases[i].reason);
    }
    test_done(&f);
}

static void clocks_are_put_right(void **state)
{
    (void)state;
    static const struct {
        const char *times; /* members */
        int64_t stored_s;  /* from now */
    } cases[] = {
        {"\"timestamp\":\"2026-05-01T08:20:00Z\",\"sentAt\":\"2026-05-01T08:30:00Z\"", -600},
        {"\"originalTimestamp\":\"2026-05-01T08:20:00Z\",\"sentAt\":\"2026-05-01T08:30:00Z\"",
         -600},
        {"\"timestamp\":\"2026-05-01T08:20:00Z\",\"originalTimestamp\":\"2026-05-01T08:20:00Z\","
         "\"sentAt\":\"2026-05-01T08:30:00Z\"",
         -600},
        {"\"timestamp\":\"2026-05-01T08:20:00Z\"", -4200},
        {"\"timestamp\":\"2026-05-01T08:20:00Z\",\"sentAt\":\"broken\"", -4200},
        /* set on purpose beside the original: stands */
        {"\"timestamp\":\"2026-04-30T09:30:00Z\",\"originalTimestamp\":\"2026-05-01T08:20:00Z\","
         "\"sentAt\":\"2026-05-01T08:30:00Z\"",
         -86400},
        {"\"sentAt\":\"2026-05-01T08:30:00Z\"", 0},
        {"\"timestamp\":null", 0},
        {"\"timestamp\":\"2026-05-01T09:20:00\"", -600},
        {"\"timestamp\":\"2026-05-01T10:20:00+01:00\"", -600},
        {"\"timestamp\":1777627200000", -600},
        {"\"timestamp\":1777627200", -600},
    };
    struct fixture f;
    test_init(&f);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct str body =
            str_format(f.arena, "{\"userId\":\"u\",\"event\":\"E\",%s}", cases[i].times);
        const struct store_item *item = decode_one(&f, "track", str_copy_c(f.arena, body));
        assert_stored(item);
        assert_int_equal(item->event.ts_ms, TEST_NOW_MS + cases[i].stored_s * 1000);
    }
    /* the batch's sentAt counts for messages without one */
    const struct store_item *item =
        decode_one(&f, "batch",
                   "{\"sentAt\":\"2026-05-01T08:30:00Z\",\"batch\":[{\"type\":\"track\",\"event\":"
                   "\"E\",\"userId\":\"u\",\"timestamp\":\"2026-05-01T08:20:00Z\"}]}");
    assert_int_equal(item->event.ts_ms, TEST_NOW_MS - 600000);
    assert_int_equal(item->event.client_ts_ms, TEST_NOW_MS - 4200000);
    item =
        decode_one(&f, "batch",
                   "{\"sentAt\":\"2026-05-01T08:30:00Z\",\"batch\":[{\"type\":\"track\",\"event\":"
                   "\"E\",\"userId\":\"u\",\"timestamp\":\"2026-05-01T08:20:00Z\",\"sentAt\":"
                   "\"2026-05-01T09:29:59Z\"}]}");
    assert_int_equal(item->event.ts_ms, TEST_NOW_MS - 4200000);
    test_done(&f);
}

static void channels_follow_message_library_source(void **state)
{
    (void)state;
    static const struct {
        const char *members, *channel;
    } cases[] = {
        {"\"channel\":\"web\"", "web"},
        {"\"channel\":\"mobile\"", "app"},
        {"\"channel\":\"browser\"", "web"},
        {"\"channel\":\"phone\"", "phone"},
        {"\"channel\":\"server\"", "source"},
        {"\"channel\":7", "source"},
        {"\"context\":{\"library\":{\"name\":\"analytics.js\"}}", "web"},
        {"\"context\":{\"library\":{\"name\":\"RudderLabs JavaScript SDK\"}}", "web"},
        {"\"context\":{\"library\":{\"name\":\"analytics-ios\"}}", "app"},
        {"\"context\":{\"library\":{\"name\":\"@segment/analytics-react-native\"}}", "app"},
        {"\"context\":{\"library\":{\"name\":\"analytics-kotlin\"}}", "app"},
        {"\"context\":{\"library\":{\"name\":\"@segment/analytics-node\"}}", "source"},
        {"\"context\":{\"library\":\"analytics.js\"}", "source"},
        {"\"channel\":\"server\",\"context\":{\"library\":{\"name\":\"analytics.js\"}}", "web"},
        {"\"context\":{}", "source"},
    };
    struct fixture f;
    test_init(&f);
    f.source.default_channel = STR("source");
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct str body =
            str_format(f.arena, "{\"userId\":\"u\",\"event\":\"E\",%s}", cases[i].members);
        const struct store_item *item = decode_one(&f, "track", str_copy_c(f.arena, body));
        assert_stored(item);
        assert_str(item->event.channel, cases[i].channel);
    }
    test_done(&f);
}

static void addresses_and_user_agents_are_kept_only_on_request(void **state)
{
    (void)state;
    static const char body[] =
        "{\"userId\":\"u\",\"event\":\"E\",\"context\":{\"ip\":\"1.2.3.4\",\"userAgent\":\"UA\","
        "\"userAgentData\":{\"mobile\":true},\"locale\":\"nb-NO\",\"page\":{\"url\":\"/x\"}}}";
    struct fixture f;
    test_init(&f);
    f.source.peer = STR("9.9.9.9");
    assert_str(properties_of(&f, decode_one(&f, "track", body)),
               "context.locale='nb-NO' context.page.url='/x'");
    f.source.keep_address = true;
    assert_str(properties_of(&f, decode_one(&f, "track", body)),
               "context.ip='1.2.3.4' context.locale='nb-NO' context.page.url='/x'");
    f.source.keep_address = false;
    f.source.keep_user_agent = true;
    assert_str(properties_of(&f, decode_one(&f, "track", body)),
               "context.userAgent='UA' context.userAgentData.mobile=true context.locale='nb-NO' "
               "context.page.url='/x'");
    f.source.keep_address = true;
    assert_str(properties_of(&f, decode_one(&f, "track", "{\"userId\":\"u\",\"event\":\"E\"}")),
               "context.ip='9.9.9.9'");
    test_done(&f);
}

static void a_batch_is_judged_message_by_message(void **state)
{
    (void)state;
    struct fixture f;
    test_init(&f);
    assert_true(decode(&f, "b",
                       STR("{\"context\":{\"app\":{\"name\":\"Shop\"}},\"batch\":["
                           "{\"type\":\"track\",\"userId\":\"u\",\"event\":\"A\"},"
                           "{\"type\":\"track\",\"event\":\"B\"},"
                           "{\"type\":\"track\",\"userId\":\"u\",\"event\":\"C\",\"context\":{}},"
                           "{\"broken\":,},"
                           "{\"type\":\"identify\",\"anonymousId\":\"a\"}]}")));
    assert_int_equal(f.got.count, 5);
    assert_stored(&f.got.items[0]);
    assert_str(properties_of(&f, &f.got.items[0]), "context.app.name='Shop'");
    assert_kept_out(&f.got.items[1], "/userId", "no identifier");
    assert_stored(&f.got.items[2]);
    assert_str(properties_of(&f, &f.got.items[2]), "");
    assert_kept_out(&f.got.items[3], "", "");
    assert_str(f.got.items[3].raw, "{\"broken\":,}");
    assert_stored(&f.got.items[4]);
    assert_true(decode(&f, "batch", STR("{\"batch\":[]}")));
    assert_int_equal(f.got.count, 0);
    assert_true(
        decode(&f, "batch", STR("[{\"type\":\"track\",\"userId\":\"u\",\"event\":\"A\"}]")));
    assert_int_equal(f.got.count, 1);
    assert_stored(&f.got.items[0]);
    test_done(&f);
}

static void write_keys_are_found_in_bodies(void **state)
{
    (void)state;
    static const struct {
        const char *body, *key;
    } cases[] = {
        {"{\"writeKey\":\"wk\",\"userId\":\"u\"}", "wk"},
        {"{\"userId\":\"u\"}", NULL},
        {"{\"writeKey\":\"\",\"userId\":\"u\"}", NULL},
        {"{\"writeKey\":5}", NULL},
        {"{\"batch\":[{\"userId\":\"u\"}],\"writeKey\":\"wk\"}", "wk"},
        {"{\"batch\":[{\"writeKey\":\"inner\"}],\"writeKey\":\"outer\"}", "outer"},
        {"{\"batch\":[{\"writeKey\":\"inner\"},{\"writeKey\":\"second\"}]}", "inner"},
        {"{\"batch\":[{\"a\":},{\"writeKey\":\"second\"}]}", "second"},
        {"[{\"writeKey\":\"inner\"}]", "inner"},
        {"{\"batch\":[]}", NULL},
    };
    struct fixture f;
    test_init(&f);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct intake_segment_request request;
        assert_true(intake_segment_open(f.decoder, str_from_c(cases[i].body), INTAKE_SEGMENT_BATCH,
                                        NULL, f.arena, &request, &f.fail));
        assert_str(request.write_key, cases[i].key);
    }
    test_done(&f);
}

static void what_is_no_json_is_refused_whole(void **state)
{
    (void)state;
    static const char *const bodies[] = {
        "", " ", "{", "{\"batch\":[{]}", "{\"batch\":[{}],}", "{\"batch\":[],\"writeKey\":x}"};
    struct fixture f;
    test_init(&f);
    for (size_t i = 0; i < ARRAY_LEN(bodies); i++) {
        if (decode(&f, "batch", str_from_c(bodies[i]))) {
            print_error("taken: %s\n", bodies[i]);
            fail();
        }
        assert_int_equal(f.fail.code, FAIL_INPUT);
    }
    f.limits.events = 1;
    assert_fails(decode(&f, "batch", STR("{\"batch\":[{},{}]}")), &f.fail, FAIL_LIMIT, "1");
    test_done(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(routes_have_long_and_short_names),
        cmocka_unit_test(a_node_batch_is_taken),
        cmocka_unit_test(types_become_events),
        cmocka_unit_test(broken_rules_are_named_with_their_place),
        cmocka_unit_test(clocks_are_put_right),
        cmocka_unit_test(channels_follow_message_library_source),
        cmocka_unit_test(addresses_and_user_agents_are_kept_only_on_request),
        cmocka_unit_test(a_batch_is_judged_message_by_message),
        cmocka_unit_test(write_keys_are_found_in_bodies),
        cmocka_unit_test(what_is_no_json_is_refused_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
