/* Imports of lines: the own form, foreign JSON by a map, what other tools export. */
#include "import_run.h"

static void lines_of_the_own_form_need_no_map(void **state)
{
    (void)state;
    struct fixture f;
    test_init(&f);
    struct run got =
        run_lines(&f, "",
                  "\n" LINE("1") "\r\n"
                                 "{\"userId\":5\n"
                                 "{\"message_id\":\"m\",\"userId\":\"u\",\"event\":\"E\","
                                 "\"ts\":\"2020-01-01T00:00:00Z\",\"sentAt\":"
                                 "\"2020-01-01T00:10:00Z\"}\n"
                                 "[1]\n"
                                 "{\"userId\":\"u\",\"event\":\"E\",\"ts\":"
                                 "\"2020-01-01T00:00:00Z\"}");
    assert_int_equal(got.count, 5);
    assert_stored(&got.items[0]);
    assert_true(str_starts(got.items[0].record_id, STR("row-")));
    assert_int_equal(got.items[1].verdict, STORE_QUARANTINED);
    assert_str(got.items[1].raw, "{\"userId\":5");
    assert_stored(&got.items[2]);
    assert_str(got.items[2].event.message_id, "m");
    /* a file's age is no clock error */
    assert_int_equal(got.items[2].event.ts_ms, INT64_C(1577836800000));
    assert_int_equal(got.items[2].event.sent_at_ms, INT64_C(1577836800000) + 600000);
    assert_kept_out(&got.items[3], "", "found an array");
    assert_stored(&got.items[4]);
    const uint64_t lines[] = {2, 4, 5, 6, 7};
    for (size_t i = 0; i < 5; i++) {
        assert_int_equal(got.records[i], lines[i]);
    }
    test_done(&f);
}

static void foreign_lines_are_mapped_by_pointers(void **state)
{
    (void)state;
    struct fixture f;
    test_init(&f);
    struct run got = run_lines(
        &f,
        "{\"customer\":\"/user/id\",\"event\":\"kind\",\"ts\":{\"column\":\"/at/"
        "0\",\"format\":\"unix\"},"
        "\"message_id\":\"n\",\"properties\":{\"all\":\"/data\",\"first\":\"/data/list/0/"
        "x~1y\",\"n\":\"n\","
        "\"as_text\":{\"column\":\"n\",\"type\":\"string\"},\"twice\":{\"multiply\":[\"n\",\"n\"]},"
        "\"flag\":{\"column\":\"flag\",\"type\":\"boolean\"}},\"traits\":{\"plan\":\"plan\"},"
        "\"where\":[[\"n\",\"!=\",13],[\"flag\",\"=\",true]]}",
        "{\"user\":{\"id\":7},\"kind\":\"Seen\",\"at\":[1234567890],\"n\":1.5,\"flag\":true,"
        "\"plan\":null,"
        "\"data\":{\"a\":1,\"list\":[{\"x/y\":\"z\"}]}}\n"
        "{\"user\":{\"id\":7},\"kind\":\"Seen\",\"at\":[1234567890],\"n\":13,\"flag\":true}\n"
        "{\"user\":{\"id\":7},\"kind\":\"Seen\",\"at\":[1234567890],\"n\":\"13\",\"flag\":\"true\"}"
        "\n"
        "{\"user\":{\"id\":{}},\"kind\":\"Seen\",\"at\":[1234567890],\"n\":2,\"flag\":true}\n"
        "{\"user\":{},\"kind\":\"Seen\",\"at\":[1234567890],\"n\":3,\"flag\":true}\n"
        "{\"user\":{\"id\":\"u\"},\"kind\":\"Seen\",\"at\":[],\"n\":4,\"flag\":true}\n"
        "{\"user\":{\"id\":\"u\"},\"kind\":\"\",\"at\":[1234567890],\"n\":5,\"flag\":true}\n"
        "nonsense\n"
        "7\n");
    assert_int_equal(got.count, 9);
    assert_stored(&got.items[0]);
    assert_str(got.items[0].event.event, "Seen");
    assert_str(got.items[0].event.message_id, "1.5");
    assert_str(identifiers_text(f.arena, &got.items[0].event), "user:7");
    assert_int_equal(got.items[0].event.ts_ms, INT64_C(1234567890000));
    assert_str(properties_of(&f, &got.items[0]),
               "all.a=1 all.list.x/y='z' first='z' n=1.5d as_text='1.5' twice=2.25d flag=true");
    assert_str(fields_text(f.arena, got.items[0].event.traits, got.items[0].event.trait_count),
               "plan=null");
    assert_int_equal(got.items[1].verdict, STORE_REFUSED);
    assert_int_equal(got.items[2].verdict, STORE_REFUSED);
    assert_kept_out(&got.items[3], "/user/id", "found an object");
    assert_kept_out(&got.items[4], "/user/id", "no customer");
    assert_kept_out(&got.items[5], "/at/0", "no time");
    assert_kept_out(&got.items[6], "kind", "no event");
    assert_int_equal(got.items[7].verdict, STORE_QUARANTINED);
    assert_kept_out(&got.items[8], "", "found a number");
    test_done(&f);
}

static void foreign_values_keep_their_kind(void **state)
{
    (void)state;
    struct fixture f;
    test_init(&f);
    struct run got = run_lines(
        &f,
        "{\"customer\":\"/ids/1\",\"event\":{\"const\":\"E\"},\"ts\":\"t\",\"missing\":[\"-\"],"
        "\"message_id\":{\"columns\":[\"big\",\"flag\"]},\"properties\":{\"big\":\"big\",\"flag\":"
        "{\"column\":\"flag\",\"type\":\"string\"},\"none\":\"none\",\"c\":{\"const\":1.5},"
        "\"d\":{\"const\":18446744073709551615},\"e\":{\"const\":true},\"deep\":\"/ids/9/x\"},"
        "\"where\":[[\"big\",\">\",18446744073709551613],[\"flag\",\"!=\",\"true\"],"
        "[\"ids\",\"set\"],[\"ids\",\"!=\",\"x\"],[\"none\",\"not set\"]]}",
        "{\"ids\":[\"a\",\"b\"],\"t\":1234567890,\"big\":18446744073709551614,\"flag\":true,"
        "\"none\":\"-\"}\n");
    assert_stored(&got.items[0]);
    assert_str(identifiers_text(f.arena, &got.items[0].event), "user:b");
    assert_str(got.items[0].event.message_id, "18446744073709551614|true");
    assert_str(properties_of(&f, &got.items[0]),
               "big=18446744073709551614u flag='true' c=1.5d d=18446744073709551615u e=true");
    test_done(&f);
}

static void segment_lines_keep_their_times(void **state)
{
    (void)state;
    struct fixture f;
    test_init(&f);
    struct run got;
    assert_true(
        run(&f, INTAKE_FORMAT_SEGMENT, "",
            STR("{\"type\":\"track\",\"userId\":\"u\",\"event\":\"E\",\"messageId\":\"m\","
                "\"timestamp\":\"2020-01-01T00:00:00Z\",\"sentAt\":\"2019-01-01T00:00:00Z\"}\n"
                "{\"type\":\"page\",\"userId\":\"u\",\"receivedAt\":\"2020-01-01T00:00:00Z\"}\n"
                "{\"type\":\"page\",\"userId\":\"u\"}\n"
                "{\"userId\":\"u\"}\n"),
            &got));
    assert_int_equal(got.count, 4);
    assert_stored(&got.items[0]);
    assert_str(got.items[0].event.message_id, "m");
    assert_int_equal(got.items[0].event.ts_ms, INT64_C(1577836800000));
    assert_stored(&got.items[1]);
    assert_int_equal(got.items[1].event.ts_ms, INT64_C(1577836800000));
    assert_true(str_starts(got.items[1].record_id, STR("row-")));
    assert_kept_out(&got.items[2], "/timestamp", "no time");
    assert_kept_out(&got.items[3], "/type", "no type");
    assert_fails(run(&f, INTAKE_FORMAT_SEGMENT, "{}", STR("{}"), &got), &f.fail, FAIL_INPUT,
                 "no map");
    test_done(&f);
}

static void posthog_lines_keep_their_times(void **state)
{
    (void)state;
    struct fixture f;
    test_init(&f);
    struct run got;
    assert_true(run(&f, INTAKE_FORMAT_POSTHOG, "",
                    STR("{\"event\":\"E\",\"distinct_id\":\"u\",\"uuid\":\"m\",\"timestamp\":"
                        "\"2020-01-01T00:00:00Z\",\"sent_at\":\"2019-01-01T00:00:00Z\"}\n"
                        "{\"event\":\"$pageview\",\"distinct_id\":\"u\",\"timestamp\":"
                        "\"2020-01-01 00:00:01\"}\n"
                        "{\"event\":\"E\",\"distinct_id\":\"u\"}\n"
                        "{\"event\":\"E\"}\n"),
                    &got));
    assert_int_equal(got.count, 4);
    assert_stored(&got.items[0]);
    assert_str(got.items[0].event.message_id, "m");
    assert_int_equal(got.items[0].event.ts_ms, INT64_C(1577836800000));
    assert_true(got.items[0].from_import && got.items[0].space == STORE_SPACE_ONE);
    assert_stored(&got.items[1]);
    assert_int_equal(got.items[1].event.ts_ms, INT64_C(1577836801000));
    assert_true(str_starts(got.items[1].record_id, STR("row-")));
    assert_kept_out(&got.items[2], "/timestamp", "no time");
    assert_kept_out(&got.items[3], "/distinct_id", "no distinct_id");
    assert_fails(run(&f, INTAKE_FORMAT_POSTHOG, "{}", STR("{}"), &got), &f.fail, FAIL_INPUT,
                 "no map");
    test_done(&f);
}

static void the_format_is_seen_at_the_first_character(void **state)
{
    (void)state;
    struct fixture f;
    test_init(&f);
    struct run got;
    assert_true(run(&f, INTAKE_FORMAT_AUTO, "", STR("\n " LINE("1")), &got));
    assert_int_equal(got.count, 1);
    assert_true(run(&f, INTAKE_FORMAT_AUTO, MAP_START "}", STR("who,at\nc,2020-01-01\n"), &got));
    assert_int_equal(got.count, 1);
    assert_fails(run(&f, INTAKE_FORMAT_AUTO, "", STR("[{}]"), &got), &f.fail, FAIL_INPUT,
                 "JSON array");
    assert_fails(run(&f, INTAKE_FORMAT_AUTO, "", STR(""), &got), &f.fail, FAIL_INPUT, "empty");
    assert_true(run(&f, INTAKE_FORMAT_NDJSON, "", STR(""), &got));
    assert_int_equal(got.count, 0);
    test_done(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_of_the_own_form_need_no_map),
        cmocka_unit_test(foreign_lines_are_mapped_by_pointers),
        cmocka_unit_test(foreign_values_keep_their_kind),
        cmocka_unit_test(segment_lines_keep_their_times),
        cmocka_unit_test(posthog_lines_keep_their_times),
        cmocka_unit_test(the_format_is_seen_at_the_first_character),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
