/* Imports of CSV: maps, types, times, bad rows, ids. */
#include "import_run.h"

static void csv_rows_become_events(void **state)
{
    (void)state;
    struct fixture f;
    test_init(&f);
    struct run got = run_csv(
        &f,
        MAP_START
        ",\"channel\":{\"const\":\"web\"},\"message_id\":{\"columns\":[\"id\",\"@row\"]},"
        "\"properties\":{\"price\":{\"column\":\"price\",\"type\":\"number\"},\"sum\":"
        "{\"multiply\":[\"n\",\"price\"]},\"sku\":\"id\",\"row\":{\"column\":\"@row\",\"type\":"
        "\"number\"},\"note\":{\"const\":7},\"gift\":{\"column\":\"gift\",\"type\":\"boolean\"},"
        "\"paid\":{\"column\":\"at\",\"type\":\"time\"}},"
        "\"traits\":{\"land\":\"land\"},\"text\":\"said\",\"score\":\"stars\",\"scale\":"
        "{\"const\":\"stars\"}}",
        "who,at,id,n,price,gift,land,said,stars\r\n"
        "c1,2020-01-01 10:00:00,A|1,6,2.55,yes,NO,\"Good, \"\"really\"\"\",5\r\n"
        "c2,2020-06-01T12:00:00+02:00,B,,3,,,,\r\n");
    assert_int_equal(got.count, 2);
    const struct store_event *event = &got.items[0].event;
    assert_stored(&got.items[0]);
    assert_true(got.items[0].from_import);
    assert_str(event->source, "shop");
    assert_str(event->event, "Buy");
    assert_str(event->channel, "web");
    assert_str(event->message_id, "A\\|1|1");
    assert_int_equal(event->ts_ms, INT64_C(1577872800000));
    assert_int_equal(event->client_ts_ms, STORE_NO_TIME);
    assert_str(identifiers_text(f.arena, event), "user:c1");
    assert_str(properties_of(&f, &got.items[0]),
               "price=2.5499999999999998d sum=15.300000000000001d sku='A|1' row=1 note=7 gift=true "
               "paid='2020-01-01T10:00:00.000Z'");
    assert_str(fields_text(f.arena, event->traits, event->trait_count), "land='NO'");
    assert_str(event->text, "Good, \"really\"");
    assert_str(event->scale, "stars");
    assert_int_equal(event->score.i, 5);
    event = &got.items[1].event;
    assert_stored(&got.items[1]);
    assert_int_equal(event->ts_ms, INT64_C(1591005600000));
    assert_str(properties_of(&f, &got.items[1]),
               "price=3 sku='B' row=2 note=7 paid='2020-06-01T10:00:00.000Z'");
    assert_int_equal(event->trait_count, 0);
    assert_null(event->text.data);
    assert_null(event->scale.data);
    assert_str(event->message_id, "B|2");
    assert_int_equal(got.records[0], 1);
    assert_int_equal(got.records[1], 2);
    test_done(&f);
}

static void bad_rows_are_kept_with_their_column(void **state)
{
    (void)state;
    static const struct {
        const char *row, *field, *reason;
    } cases[] = {
        {"c1,2020-01-01,5", "", "3 cells, the header row has 4"},
        {"c1,2020-01-01,5,x,y", "", "5 cells, the header row has 4"},
        {",2020-01-01,5,x", "who", "no customer"},
        {"c1,,5,x", "at", "no time"},
        {"c1,soon,5,x", "at", "say its \"format\""},
        {"c1,2020-01-01,five,x", "price", "expected a number"},
        {"c1,2020-01-01,5,\"x", "said", "a quote is opened and never closed"},
        {"c1,2020-01-01,\"5\"x,x", "price", "text after a closing quote"},
        {"c1,2020-01-01,5,\xff", "", "UTF-8"},
        {"c1,2090-01-01,5,x", "at", "in the future"},
        {"c1,1960-01-01,5,x", "at", "before 1970"},
    };
    struct fixture f;
    test_init(&f);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct str csv =
            str_format(f.arena, "who,at,price,said\n%s\nc2,2020-01-01,5,fine\n", cases[i].row);
        struct run got = run_csv(
            &f, MAP_START ",\"properties\":{\"p\":{\"column\":\"price\",\"type\":\"number\"}}}",
            str_copy_c(f.arena, csv));
        assert_int_equal(got.count, 2);
        assert_kept_out(&got.items[0], cases[i].field, cases[i].reason);
        assert_str(got.items[0].raw, cases[i].row);
        assert_true(got.items[0].from_import);
        assert_stored(&got.items[1]);
    }
    struct run got = run_csv(&f, MAP_START ",\"score\":\"price\",\"scale\":\"said\"}",
                             "who,at,price,said\nc,2020-01-01,11,nps\nc,2020-01-01,3,smile\n"
                             "c,2020-01-01,3,\nc,2020-01-01,,nps\n");
    assert_kept_out(&got.items[0], "price", "0 to 10");
    assert_kept_out(&got.items[1], "said", "unknown scale");
    assert_kept_out(&got.items[2], "said", "needs its scale");
    assert_stored(&got.items[3]);
    test_done(&f);
}

static void typed_cells_are_judged_by_their_type(void **state)
{
    (void)state;
    static const struct {
        const char *value, *cell, *reason; /* reason NULL: the property; else why not */
    } cases[] = {
        {"{\"column\":\"x\",\"type\":\"boolean\"}", "False", NULL},
        {"{\"column\":\"x\",\"type\":\"boolean\"}", "maybe", "expected true or false"},
        {"{\"column\":\"x\",\"type\":\"time\",\"format\":\"%Y\"}", "May",
         "no time in the format %Y"},
        {"{\"column\":\"x\",\"type\":\"time\"}", "May", "no time in a usual form"},
        {"{\"multiply\":[\"x\",\"x\"]}", "1e200", "too large"},
        {"{\"multiply\":[\"x\",\"x\"]}", "a lot", "expected a number"},
        {"{\"columns\":[\"x\",\"who\"]}", "a", NULL},
    };
    static const char *const shown[] = {"p=false", NULL, NULL, NULL, NULL, NULL, "p='a c'"};
    struct fixture f;
    test_init(&f);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct str map =
            str_format(f.arena, MAP_START ",\"properties\":{\"p\":%s}}", cases[i].value);
        struct str csv = str_format(f.arena, "who,at,x\nc,2020-01-01,%s\n", cases[i].cell);
        struct run got = run_csv(&f, str_copy_c(f.arena, map), str_copy_c(f.arena, csv));
        if (cases[i].reason == NULL) {
            assert_stored(&got.items[0]);
            assert_str(properties_of(&f, &got.items[0]), shown[i]);
        } else {
            assert_kept_out(&got.items[0], "x", cases[i].reason);
        }
    }
    struct str id = str_format(f.arena, "%0513d", 7);
    struct str csv = str_format(f.arena, "who;at;id\n%.*s;2020-01-01;1\nc;2020-01-01;%.*s\n",
                                STR_ARG(id), STR_ARG(id));
    struct run got = run_csv(&f, MAP_START ",\"message_id\":\"id\",\"delimiter\":\";\"}",
                             str_copy_c(f.arena, csv));
    assert_kept_out(&got.items[0], "who", "longer than 512");
    assert_kept_out(&got.items[1], "id", "longer than 512");
    test_done(&f);
}

static void times_are_read_by_format_and_zone(void **state)
{
    (void)state;
    static const struct {
        const char *ts, *cells; /* of columns a, b, c */
        const char *expected;
    } cases[] = {
        {"{\"column\":\"a\",\"timezone\":\"Europe/London\"}", "2011-07-01 08:26:00,,",
         "2011-07-01T07:26:00.000Z"},
        {"{\"column\":\"a\",\"timezone\":\"Europe/London\"}", "2010-12-01 08:26:00,,",
         "2010-12-01T08:26:00.000Z"},
        {"{\"column\":\"a\",\"timezone\":\"Europe/London\"}", "2011-07-01T08:26:00Z,,",
         "2011-07-01T08:26:00.000Z"},
        {"{\"columns\":[\"a\",\"b\",\"c\"],\"format\":\"%Y %m %d\"}", "2008,4,1",
         "2008-04-01T00:00:00.000Z"},
        {"{\"column\":\"a\",\"format\":\"%d/%m/%Y %H:%M\"}", "05/06/2019 07:08,,",
         "2019-06-05T07:08:00.000Z"},
        {"{\"column\":\"a\",\"format\":\"unix\"}", "1234567890,,", "2009-02-13T23:31:30.000Z"},
        {"{\"column\":\"a\",\"format\":\"unix_ms\"}", "1234567890123,,",
         "2009-02-13T23:31:30.123Z"},
        {"{\"column\":\"a\",\"format\":\"rfc3339\"}", "2009-02-13T23:31:30.5+01:00,,",
         "2009-02-13T22:31:30.500Z"},
        {"\"a\"", "2009-02-13,,", "2009-02-13T00:00:00.000Z"},
        {"\"a\"", " 1234567890 ,,", "2009-02-13T23:31:30.000Z"},
        {"{\"const\":\"2020-02-02\",\"timezone\":\"Europe/Oslo\"}", ",,",
         "2020-02-01T23:00:00.000Z"},
    };
    struct fixture f;
    test_init(&f);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct str map = str_format(
            f.arena, "{\"customer\":\"who\",\"event\":{\"const\":\"E\"},\"ts\":%s}", cases[i].ts);
        struct str csv = str_format(f.arena, "who,a,b,c\nu,%s\n", cases[i].cells);
        struct run got = run_csv(&f, str_copy_c(f.arena, map), str_copy_c(f.arena, csv));
        assert_int_equal(got.count, 1);
        assert_stored(&got.items[0]);
        char text[TIME_RFC3339_BYTES];
        time_format_rfc3339(got.items[0].event.ts_ms, text);
        assert_string_equal(text, cases[i].expected);
    }
    /* without a zone in the map, the source's */
    assert_true(zone_find(STR("Europe/Oslo"), &f.source.zone, &f.fail));
    struct run got = run_csv(&f, MAP_START "}", "who,at\nu,2020-01-01 10:00\n");
    assert_int_equal(got.items[0].event.ts_ms, INT64_C(1577869200000));
    test_done(&f);
}

static void rows_without_a_customer_do_as_the_map_says(void **state)
{
    (void)state;
    static const char csv[] = "who,at\n,2020-01-01\nc,2020-01-01\n,2020-01-01\n";
    struct fixture f;
    test_init(&f);
    struct run got = run_csv(&f, MAP_START ",\"anonymous\":\"skip\"}", csv);
    assert_int_equal(got.items[0].verdict, STORE_REFUSED);
    assert_holds(got.items[0].reason, "left out");
    assert_int_equal(got.items[1].verdict, STORE_STORED);
    assert_int_equal(got.items[2].verdict, STORE_REFUSED);
    got = run_csv(&f, MAP_START ",\"anonymous\":\"each\"}", csv);
    for (size_t i = 0; i < 3; i += 2) {
        assert_stored(&got.items[i]);
        assert_int_equal(got.items[i].event.identifier_count, 1);
        assert_str(got.items[i].event.identifiers[0].kind, "anonymous");
        assert_true(str_equal(got.items[i].event.identifiers[0].value, got.items[i].record_id));
    }
    assert_false(str_equal(got.items[0].record_id, got.items[2].record_id));
    got = run_csv(&f,
                  "{\"event\":{\"const\":\"E\"},\"ts\":\"at\",\"identifiers\":{\"email\":"
                  "\"who\",\"account\":{\"const\":\"acme\"}}}",
                  csv);
    assert_kept_out(&got.items[0], "customer", "no customer");
    assert_stored(&got.items[1]);
    assert_str(identifiers_text(f.arena, &got.items[1].event), "email:c account:acme");
    test_done(&f);
}

static void conditions_choose_rows(void **state)
{
    (void)state;
    static const struct {
        const char *where;
        const char *taken; /* of rows 1 to 5 */
    } cases[] = {
        {"[]", "12345"},
        {"[[\"n\",\"=\",5]]", "1"},
        {"[[\"n\",\"=\",\"5\"]]", ""},
        {"[[\"n\",\"=\",\"5.0\"]]", "1"},
        {"[[\"n\",\"!=\",5]]", "2345"},
        {"[[\"n\",\">\",5]]", "3"},
        {"[[\"n\",\">=\",5]]", "13"},
        {"[[\"n\",\"<\",5]]", "2"},
        {"[[\"n\",\"<=\",5]]", "12"},
        {"[[\"n\",\"in\",[5,40]]]", "13"},
        {"[[\"n\",\"in\",[]]]", ""},
        {"[[\"n\",\"not in\",[5,40]]]", "245"},
        {"[[\"n\",\"not in\",[]]]", "12345"},
        {"[[\"n\",\"set\"]]", "1235"},
        {"[[\"n\",\"not set\"]]", "4"},
        {"[[\"s\",\"contains\",\"es\"]]", "1"},
        {"[[\"s\",\"contains\",\"\"]]", "1235"},
        {"[[\"s\",\"starts with\",\"T\"]]", "12"},
        {"[[\"s\",\">\",\"Two\"]]", "35"},
        {"[[\"s\",\"=\",true]]", "5"},
        {"[[\"s\",\"!=\",\"Test\"],[\"n\",\"set\"]]", "235"},
        {"[{\"any\":[[\"n\",\">\",5],[\"s\",\"=\",\"Two\"]]}]", "23"},
        {"[[\"d\",\">=\",\"2020-01-02T00:00:00Z\"]]", "235"},
        {"[[\"@row\",\"<=\",2]]", "12"},
    };
    struct fixture f;
    test_init(&f);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct str map = str_format(f.arena, MAP_START ",\"where\":%s}", cases[i].where);
        struct run got = run_csv(&f, str_copy_c(f.arena, map),
                                 "who,at,n,s,d\n"
                                 "c,2020-01-01,5.0,Test,2020-01-01T00:00:00Z\n"
                                 "c,2020-01-01,-3,Two,2020-01-01T23:00:00-01:00\n"
                                 "c,2020-01-01,40,a,2020-01-03T00:00:00Z\n"
                                 "c,2020-01-01,,,\n"
                                 "c,2020-01-01,x,true,zz\n");
        char taken[8] = "";
        for (size_t k = 0, at = 0; k < got.count; k++) {
            if (got.items[k].verdict == STORE_STORED) {
                taken[at++] = (char)('1' + k);
            } else {
                assert_int_equal(got.items[k].verdict, STORE_REFUSED);
            }
        }
        if (strcmp(taken, cases[i].taken) != 0) {
            print_error("where %s: took %s, expected %s\n", cases[i].where, taken, cases[i].taken);
        }
        assert_string_equal(taken, cases[i].taken);
    }
    test_done(&f);
}

static void texts_may_stand_for_nothing(void **state)
{
    (void)state;
    struct fixture f;
    test_init(&f);
    struct run got = run_csv(&f,
                             MAP_START ",\"missing\":[\"NA\",\"-\"],\"properties\":{\"p\":\"p\"},"
                                       "\"text\":\"t\",\"score\":\"s\",\"scale\":{\"const\":"
                                       "\"nps\"}}",
                             "who,at,p,t,s\nc,2020-01-01,NA,-,NA\nNA,2020-01-01,x,x,1\n");
    assert_stored(&got.items[0]);
    assert_int_equal(got.items[0].event.property_count, 0);
    assert_null(got.items[0].event.text.data);
    assert_null(got.items[0].event.scale.data);
    assert_kept_out(&got.items[1], "who", "no customer");
    test_done(&f);
}

static void rows_get_ids_from_what_they_are(void **state)
{
    (void)state;
    struct fixture f;
    test_init(&f);
    struct run got = run_csv(
        &f, MAP_START "}", "who,at\nc,2020-01-01\nd,2020-01-01\nc,2020-01-01\n\"c\",2020-01-01\n");
    struct str ids[4];
    for (size_t i = 0; i < 4; i++) {
        assert_stored(&got.items[i]);
        assert_null(got.items[i].event.message_id.data); /* it is not the sender's */
        ids[i] = got.items[i].record_id;
        for (size_t k = 0; k < i; k++) {
            assert_false(str_equal(ids[i], ids[k]));
        }
    }
    assert_true(str_ends(ids[0], STR("-1")) && str_ends(ids[2], STR("-2")));
    ids[0].len -= 2;
    ids[2].len -= 2;
    assert_true(str_equal(ids[0], ids[2]));
    /* the same rows elsewhere, with other line breaks: the same ids */
    struct run again = run_csv(&f, MAP_START "}", "who,at\r\nd,2020-01-01\r\nc,2020-01-01");
    assert_true(str_equal(again.items[0].record_id, ids[1]));
    assert_true(str_equal(again.items[1].record_id, got.items[0].record_id));
    /* an id of the map's that is empty is none */
    again = run_csv(&f, MAP_START ",\"message_id\":{\"columns\":[\"id\",\"@row\"]}}",
                    "who,at,id\nc,2020-01-01,\n");
    assert_true(str_starts(again.items[0].record_id, STR("row-")));
    test_done(&f);
}

static void too_many_rows_without_ids_end_the_import(void **state)
{
    (void)state;
    struct fixture f;
    test_init(&f);
    struct str text = STR(LINE("1") LINE("2"));
    struct intake_import_options options = {
        .reader = intake_reader_of(&text), .source = &f.source, .repeats_bytes_max = 1};
    struct run got;
    assert_fails(run_options(&f, &options, 10, &got), &f.fail, FAIL_LIMIT, "message_id");
    test_done(&f);
}

/* JSON allows a member twice; a list has room for its own items only. */
static void of_a_list_that_stands_twice_the_last_counts(void **state)
{
    (void)state;
    struct fixture f;
    test_init(&f);
    struct run got = run_csv(&f,
                             MAP_START ",\"missing\":[\"a\",\"b\",\"d\",\"e\",\"f\"],"
                                       "\"missing\":[\"x\"],\"properties\":{\"p\":\"p\"},"
                                       "\"properties\":{\"q\":\"p\"}}",
                             "who,at,p\nc,2020-01-01,a\nc,2020-01-01,x\n");
    assert_int_equal(got.count, 2);
    assert_str(properties_of(&f, &got.items[0]), "q='a'");
    assert_str(properties_of(&f, &got.items[1]), "");
    test_done(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(of_a_list_that_stands_twice_the_last_counts),
        cmocka_unit_test(csv_rows_become_events),
        cmocka_unit_test(bad_rows_are_kept_with_their_column),
        cmocka_unit_test(typed_cells_are_judged_by_their_type),
        cmocka_unit_test(times_are_read_by_format_and_zone),
        cmocka_unit_test(rows_without_a_customer_do_as_the_map_says),
        cmocka_unit_test(conditions_choose_rows),
        cmocka_unit_test(texts_may_stand_for_nothing),
        cmocka_unit_test(rows_get_ids_from_what_they_are),
        cmocka_unit_test(too_many_rows_without_ids_end_the_import),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
