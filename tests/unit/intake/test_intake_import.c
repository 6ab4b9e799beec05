#include "intake_test.h"

#include "base_buf.h"
#include "intake_import.h"

#include <stdio.h>
#include <unistd.h>
#include <zlib.h>

#define LINE(n) "{\"userId\":\"u" n "\",\"event\":\"E\",\"ts\":\"2020-01-01T00:00:00Z\"}\n"

/* A reader that gives a few bytes at a time, and fails at a chosen place. */
struct slow {
    struct str text;
    size_t step;
    size_t fail_after; /* bytes; 0: never */
    size_t given;
};

static bool read_slowly(void *context, void *into, size_t len, size_t *out_read, struct fail *fail)
{
    struct slow *slow = context;
    if (slow->fail_after > 0 && slow->given >= slow->fail_after) {
        return fail_set(fail, FAIL_IO, "the cable was pulled");
    }
    size_t take = len < slow->step ? len : slow->step;
    take = take < slow->text.len ? take : slow->text.len;
    memcpy(into, slow->text.data, take);
    slow->text = str_after(slow->text, take);
    slow->given += take;
    *out_read = take;
    return true;
}

struct run {
    struct store_item *items;
    uint64_t *records;
    size_t count;
};

static void close_import(void *import)
{
    intake_import_close(import);
}

static bool run_options(struct fixture *f, const struct intake_import_options *options, size_t most,
                        struct run *out)
{
    enum { ITEMS_MAX = 4096 };
    struct intake_import *import;
    *out =
        (struct run){.items = arena_array(f->arena, ITEMS_MAX, sizeof *out->items, &f->fail),
                     .records = arena_array(f->arena, ITEMS_MAX, sizeof *out->records, &f->fail)};
    if (!intake_import_open(options, &import, &f->fail)) {
        return false;
    }
    struct intake_import_batch batch;
    bool good;
    while ((good = intake_import_next(import, f->arena, most, &batch, &f->fail)) &&
           batch.count > 0) {
        assert_true(batch.count <= most && out->count + batch.count <= ITEMS_MAX);
        memcpy(out->items + out->count, batch.items, batch.count * sizeof *batch.items);
        memcpy(out->records + out->count, batch.records, batch.count * sizeof *batch.records);
        out->count += batch.count;
        assert_int_equal(intake_import_progress(import).records, out->count);
    }
    arena_defer(f->arena, close_import, import); /* the items view it */
    return good;
}

static bool run(struct fixture *f, enum intake_format format, const char *map, struct str text,
                struct run *out)
{
    struct intake_import_options options = {.reader = intake_reader_of(&text),
                                            .format = format,
                                            .map = str_from_c(map),
                                            .source = &f->source};
    return run_options(f, &options, 3, out);
}

static struct run run_csv(struct fixture *f, const char *map, const char *csv)
{
    struct run got;
    if (!run(f, INTAKE_FORMAT_CSV, map, str_from_c(csv), &got)) {
        print_error("%s: %s\n", f->fail.pointer, f->fail.message);
        fail();
    }
    return got;
}

static struct run run_lines(struct fixture *f, const char *map, const char *lines)
{
    struct run got;
    if (!run(f, INTAKE_FORMAT_NDJSON, map, str_from_c(lines), &got)) {
        print_error("%s: %s\n", f->fail.pointer, f->fail.message);
        fail();
    }
    return got;
}

static struct str properties_of(struct fixture *f, const struct store_item *item)
{
    return fields_text(f->arena, item->event.properties, item->event.property_count);
}

#define MAP_START "{\"customer\":\"who\",\"event\":{\"const\":\"Buy\"},\"ts\":\"at\""

/* ---- CSV ----------------------------------------------------------------------------------------------- */

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
        {"c1,2020-01-01,5", "", "row 1 has 3 cells, the header row 4"},
        {"c1,2020-01-01,5,x,y", "", "row 1 has 5 cells, the header row 4"},
        {",2020-01-01,5,x", "who", "no customer"},
        {"c1,,5,x", "at", "no time"},
        {"c1,soon,5,x", "at", "say its \"format\""},
        {"c1,2020-01-01,five,x", "price", "expected a number"},
        {"c1,2020-01-01,5,\"x", "said", "row 1: a quote is opened and never closed"},
        {"c1,2020-01-01,\"5\"x,x", "price", "row 1: text after a closing quote"},
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
        assert_true(
            str_equal(got.items[i].event.identifiers[0].value, got.items[i].event.message_id));
    }
    assert_false(str_equal(got.items[0].event.message_id, got.items[2].event.message_id));
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
        ids[i] = got.items[i].event.message_id;
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
    assert_true(str_equal(again.items[0].event.message_id, ids[1]));
    assert_true(str_equal(again.items[1].event.message_id, got.items[0].event.message_id));
    /* an id of the map's that is empty is none */
    again = run_csv(&f, MAP_START ",\"message_id\":{\"columns\":[\"id\",\"@row\"]}}",
                    "who,at,id\nc,2020-01-01,\n");
    assert_true(str_starts(again.items[0].event.message_id, STR("row-")));
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

/* ---- lines ----------------------------------------------------------------------------------------------- */

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
    assert_true(str_starts(got.items[0].event.message_id, STR("row-")));
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
    assert_true(str_starts(got.items[1].event.message_id, STR("row-")));
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
    assert_true(str_starts(got.items[1].event.message_id, STR("row-")));
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

/* ---- streams ---------------------------------------------------------------------------------------------- */

static struct str gzip(struct fixture *f, struct str text)
{
    z_stream stream = {0};
    assert_int_equal(deflateInit2(&stream, 6, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY),
                     Z_OK);
    size_t room = deflateBound(&stream, text.len) + 64;
    char *out = arena_alloc(f->arena, room, &f->fail);
    stream.next_in = (Bytef *)str_copy_c(f->arena, text);
    stream.avail_in = (uInt)text.len;
    stream.next_out = (Bytef *)out;
    stream.avail_out = (uInt)room;
    assert_int_equal(deflate(&stream, Z_FINISH), Z_STREAM_END);
    size_t len = room - stream.avail_out;
    deflateEnd(&stream);
    return str_of(out, len);
}

static void the_size_of_reads_does_not_matter(void **state)
{
    (void)state;
    static const char csv[] = "\xEF\xBB\xBFwho,at,said\r\n"
                              "c,2020-01-01,\"two\r\nlines, \"\"quoted\"\"\"\r\n"
                              "\r\n"
                              "d,2020-01-02,\"open\r\n"
                              "e,2020-01-03,x";
    struct fixture f;
    test_init(&f);
    struct str packed = gzip(&f, str_from_c(csv));
    for (size_t step = 1; step <= 80; step++) {
        for (int zipped = 0; zipped < 2; zipped++) {
            struct slow slow = {.text = zipped ? packed : str_from_c(csv), .step = step};
            struct intake_import_options options = {
                .reader = {.read = read_slowly, .context = &slow},
                .format = INTAKE_FORMAT_CSV,
                .map = STR(MAP_START ",\"text\":\"said\"}"),
                .source = &f.source};
            struct run got;
            assert_true(run_options(&f, &options, 2, &got));
            assert_int_equal(got.count, 3);
            assert_str(got.items[0].event.text, "two\r\nlines, \"quoted\"");
            assert_kept_out(&got.items[1], "said", "row 2: a quote is opened and never closed");
            assert_stored(&got.items[2]);
            assert_str(got.items[2].event.text, "x");
        }
        arena_reset(f.arena);
        packed = gzip(&f, str_from_c(csv));
    }
    test_done(&f);
}

static void what_was_read_comes_before_the_failure(void **state)
{
    (void)state;
    struct fixture f;
    test_init(&f);
    static const char lines[] = LINE("1") LINE("2") LINE("3");
    struct slow slow = {.text = str_from_c(lines), .step = 60, .fail_after = 120};
    struct intake_import_options options = {.reader = {.read = read_slowly, .context = &slow},
                                            .source = &f.source};
    struct run got;
    assert_fails(run_options(&f, &options, 10, &got), &f.fail, FAIL_IO, "cable");
    assert_int_equal(got.count, 2);
    struct str packed = gzip(&f, str_from_c(lines));
    packed.len -= 4;
    assert_fails(run(&f, INTAKE_FORMAT_NDJSON, "", packed, &got), &f.fail, FAIL_INPUT,
                 "ends too early");
    test_done(&f);
}

static void records_may_be_large_but_not_endless(void **state)
{
    (void)state;
    struct fixture f;
    test_init(&f);
    size_t most = (size_t)16 << 20;
    CLEANUP(base_buf_done) struct base_buf text = {.limit = 2 * most};
    base_buf_c(&text, "who,at,said\nc,2020-01-01,\"");
    char *room = base_buf_room(&text, most + 64);
    memset(room, 'x', most + 64);
    /* 3 MB in one cell: kept out for its size, as a whole */
    text.len += (size_t)3 << 20;
    base_buf_c(&text, "\"\nd,2020-01-01,y\n");
    struct run got;
    assert_true(run(&f, INTAKE_FORMAT_CSV, MAP_START "}", base_buf_view(&text), &got));
    assert_int_equal(got.count, 2);
    assert_kept_out(&got.items[0], "", "larger than 1048576");
    assert_true(got.items[0].raw.len > (size_t)3 << 20);
    assert_stored(&got.items[1]);
    /* a quote that is never closed before 17 MB of rows: one row is lost, no more */
    base_buf_reset(&text);
    base_buf_c(&text, "who,at,said\nc,2020-01-01,\"open\n");
    while (text.len < most + 4096) {
        base_buf_c(&text, "d,2020-01-01,");
        memset(base_buf_room(&text, 65536), 'y', 65536);
        text.len += 65536;
        base_buf_byte(&text, '\n');
    }
    assert_true(run(&f, INTAKE_FORMAT_CSV, MAP_START "}", base_buf_view(&text), &got));
    assert_int_equal(got.items[0].verdict, STORE_QUARANTINED);
    assert_true(got.count > 250);
    for (size_t i = 1; i < got.count; i++) {
        assert_stored(&got.items[i]);
    }
    /* no line break at all */
    base_buf_reset(&text);
    memset(base_buf_room(&text, most + 64), '{', most + 64);
    text.len += most + 64;
    assert_fails(run(&f, INTAKE_FORMAT_NDJSON, "", base_buf_view(&text), &got), &f.fail, FAIL_LIMIT,
                 "line 1: a record is longer than");
    assert_fails(run(&f, INTAKE_FORMAT_CSV, "{}", base_buf_view(&text), &got), &f.fail, FAIL_LIMIT,
                 "line breaks");
    test_done(&f);
}

/* Many long records, so that memory ends at many different places. */
static struct str long_records(struct fixture *f, bool csv)
{
    CLEANUP(base_buf_done) struct base_buf text = {0};
    base_buf_c(&text, csv ? "who,at,x,y,said\n" : "");
    for (int i = 0; i < 60; i++) {
        base_buf_printf(&text,
                        csv ? "c%d,2020-01-01,2,3,\"say \"\""
                            : "{\"type\":\"identify\",\"userId\":\"c%d\",\"timestamp\":"
                              "\"2020-01-01\",\"traits\":{\"a\":1},\"context\":{\"traits\":"
                              "{\"b\":{\"c\":[1,2]}},\"page\":{\"url\":\"",
                        i);
        for (int k = 0; k < 200; k++) {
            base_buf_c(&text, "some ten b");
        }
        base_buf_c(&text, csv ? "\"\"\"\n" : "\"}}}\n");
    }
    return str_copy(f->arena, base_buf_view(&text));
}

/* With less memory than it takes: a failure that says so, and nothing lost or broken. */
static void running_out_of_memory_is_a_failure_like_others(void **state)
{
    (void)state;
    struct fixture f;
    test_init(&f);
    for (int csv = 0; csv < 2; csv++) {
        struct str text = long_records(&f, csv == 1);
        size_t failures = 0;
        bool good = false;
        for (size_t bytes = 0; !good && bytes < (size_t)8 << 20; bytes += (size_t)16 << 10) {
            struct base_budget *budget = base_budget_new(bytes);
            struct arena *arena = arena_new(budget);
            struct str rest = text;
            struct intake_import_options options = {.reader = intake_reader_of(&rest),
                                                    .format = csv == 1 ? INTAKE_FORMAT_CSV
                                                                       : INTAKE_FORMAT_SEGMENT,
                                                    .source = &f.source};
            if (csv == 1) {
                options.map = STR(MAP_START ",\"text\":\"said\",\"properties\":{\"p\":"
                                            "{\"multiply\":[\"x\",\"y\"]},\"j\":"
                                            "{\"columns\":[\"said\",\"who\"]}}}");
            }
            struct intake_import *import;
            struct intake_import_batch batch;
            assert_true(intake_import_open(&options, &import, &f.fail));
            while ((good = intake_import_next(import, arena, 7, &batch, &f.fail)) &&
                   batch.count > 0) {
                for (size_t i = 0; i < batch.count; i++) {
                    assert_stored(&batch.items[i]);
                }
            }
            if (!good) {
                assert_int_equal(f.fail.code, FAIL_LIMIT);
                failures++;
            }
            intake_import_close(import);
            arena_free(arena);
            base_budget_free(budget);
        }
        assert_true(good && failures > 3);
    }
    test_done(&f);
}

static void descriptors_are_read_to_their_end(void **state)
{
    (void)state;
    struct fixture f;
    test_init(&f);
    FILE *file = tmpfile();
    assert_non_null(file);
    assert_int_equal(fputs(LINE("1") LINE("2"), file) < 0, 0);
    assert_int_equal(fflush(file), 0);
    assert_int_equal(lseek(fileno(file), 0, SEEK_SET), 0);
    struct intake_import_options options = {.reader = intake_reader_of_descriptor(fileno(file)),
                                            .source = &f.source};
    assert_int_equal(options.reader.total_bytes, sizeof(LINE("1") LINE("2")) - 1);
    struct intake_import *import;
    struct intake_import_batch batch;
    assert_true(intake_import_open(&options, &import, &f.fail));
    assert_true(intake_import_next(import, f.arena, 100, &batch, &f.fail));
    assert_int_equal(batch.count, 2);
    struct intake_import_progress progress = intake_import_progress(import);
    assert_int_equal(progress.bytes_read, options.reader.total_bytes);
    assert_int_equal(progress.bytes_total, options.reader.total_bytes);
    assert_int_equal(progress.records, 2);
    assert_true(intake_import_next(import, f.arena, 100, &batch, &f.fail));
    assert_int_equal(batch.count, 0);
    intake_import_close(import);
    fclose(file);
    options.reader = intake_reader_of_descriptor(-1);
    assert_int_equal(options.reader.total_bytes, 0);
    assert_fails(intake_import_open(&options, &import, &f.fail), &f.fail, FAIL_IO, "cannot read");
    intake_import_close(NULL);
    test_done(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(csv_rows_become_events),
        cmocka_unit_test(bad_rows_are_kept_with_their_column),
        cmocka_unit_test(typed_cells_are_judged_by_their_type),
        cmocka_unit_test(times_are_read_by_format_and_zone),
        cmocka_unit_test(rows_without_a_customer_do_as_the_map_says),
        cmocka_unit_test(conditions_choose_rows),
        cmocka_unit_test(texts_may_stand_for_nothing),
        cmocka_unit_test(rows_get_ids_from_what_they_are),
        cmocka_unit_test(too_many_rows_without_ids_end_the_import),
        cmocka_unit_test(lines_of_the_own_form_need_no_map),
        cmocka_unit_test(foreign_lines_are_mapped_by_pointers),
        cmocka_unit_test(foreign_values_keep_their_kind),
        cmocka_unit_test(segment_lines_keep_their_times),
        cmocka_unit_test(posthog_lines_keep_their_times),
        cmocka_unit_test(the_format_is_seen_at_the_first_character),
        cmocka_unit_test(the_size_of_reads_does_not_matter),
        cmocka_unit_test(what_was_read_comes_before_the_failure),
        cmocka_unit_test(records_may_be_large_but_not_endless),
        cmocka_unit_test(running_out_of_memory_is_a_failure_like_others),
        cmocka_unit_test(descriptors_are_read_to_their_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
