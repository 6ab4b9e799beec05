/* A record that was kept is read again the way it came, by what was kept with it; and what is suggested for it. */
#include "import_run.h"

#include "intake_mail.h"
#include "intake_mend.h"
#include "intake_patch.h"

/* Reads the kept item again, with `raw` instead of its own where that is given. */
static struct store_item again(struct fixture *f, const struct store_item *kept, const char *raw,
                               const struct intake_hook *hook)
{
    struct intake_mend mend = {.raw = raw == NULL ? kept->raw : str_from_c(raw),
                               .kept = kept->raw,
                               .sent_at_ms = kept->event.sent_at_ms,
                               .hook = hook};
    struct store_item item = {0};
    if (!intake_way_read(kept->way, kept->raw, f->arena, &mend.way, &f->fail) ||
        !intake_mend_decode(&mend, f->decoder, &f->source, f->arena, &item, &f->fail)) {
        print_error("%s\n", f->fail.message);
        fail();
    }
    return item;
}

static const struct store_item *own(struct fixture *f, const char *body)
{
    if (!intake_own_decode(f->decoder, str_from_c(body), &f->source, f->arena, &f->got, &f->fail)) {
        print_error("%s\n", f->fail.message);
        fail();
    }
    return &f->got.items[0];
}

static void the_own_form_keeps_the_clock_of_its_envelope(void **state)
{
    (void)state;
    struct fixture f;
    test_init(&f);
    const struct store_item *kept = own(
        &f, "{\"sentAt\":\"2026-05-01T08:30:00Z\",\"events\":[{\"userId\":\"ann\",\"event\":\"A\","
            "\"ts\":\"2026-05-01T08:00:00Z\",\"score\":11,\"scale\":\"nps\"}]}");
    assert_kept_out(kept, "/score", "off the scale");
    assert_str(kept->way, INTAKE_WAY_OWN);
    struct store_item item = again(
        &f, kept, "{\"userId\":\"ann\",\"event\":\"A\",\"ts\":\"2026-05-01T08:00:00Z\"}", NULL);
    assert_stored(&item);
    assert_int_equal(item.event.ts_ms, TEST_NOW_MS - 1800 * 1000); /* the clock was an hour late */
    assert_null(item.event.message_id.data);
    item = again(&f, kept, NULL, NULL);
    assert_kept_out(&item, "/score", "off the scale");
    item = again(&f, kept, "{\"userId\":\"ann\"", NULL);
    assert_int_equal(item.verdict, STORE_QUARANTINED);
    test_done(&f);
}

static void segments_messages_keep_their_route(void **state)
{
    (void)state;
    struct fixture f;
    test_init(&f);
    struct intake_segment_request request;
    static const char body[] = "{\"userId\":\"ann\",\"event\":7,\"messageId\":\"m1\"}";
    assert_true(intake_segment_open(f.decoder, str_from_c(body), INTAKE_SEGMENT_TRACK, NULL,
                                    f.arena, &request, &f.fail));
    assert_true(intake_segment_decode(f.decoder, &request, &f.source, f.arena, &f.got, &f.fail));
    assert_kept_out(&f.got.items[0], "/event", "expected");
    struct store_item item =
        again(&f, &f.got.items[0], "{\"userId\":\"ann\",\"event\":\"Bought\",\"messageId\":\"m1\"}",
              NULL);
    assert_stored(&item);
    assert_str(item.event.event, "Bought");
    assert_str(item.event.message_id, "m1");
    assert_int_equal(item.event.ts_ms, TEST_NOW_MS); /* without a time: that of receipt */
    test_done(&f);
}

static void rows_of_a_file_keep_columns_map_and_id(void **state)
{
    (void)state;
    struct fixture f;
    test_init(&f);
    static const char map[] = "{\"customer\":\"who\",\"event\":{\"const\":\"Order\"},\"ts\":\"at\","
                              "\"delimiter\":\";\",\"properties\":{\"p\":{\"column\":\"a \\\"b\","
                              "\"type\":\"number\"}}}";
    struct run got =
        run_csv(&f, map, "who;at;\"a \"\"b\"\nc1;2020-01-01;x\nc1;2020-01-01;x\nc2;2020-01-01;2\n");
    assert_int_equal(got.count, 3);
    const struct store_item *kept = &got.items[0];
    assert_kept_out(kept, "a \"b", "expected a number");
    struct intake_way way;
    struct str document, record;
    assert_true(intake_way_read(kept->way, kept->raw, f.arena, &way, &f.fail));
    assert_string_equal(intake_way_name(&way), "csv");
    assert_true(intake_mend_document(&way, kept->raw, f.arena, &document, &f.fail));
    assert_str(document, "{\"who\":\"c1\",\"at\":\"2020-01-01\",\"a \\\"b\":\"x\"}");
    assert_true(intake_mend_record(&way, STR("{\"who\":\"c;1\",\"a \\\"b\":5.5}"), f.arena, &record,
                                   &f.fail));
    assert_str(record, "\"c;1\";;\"5.5\"");
    assert_fails(intake_mend_record(&way, STR("{\"whom\":1}"), f.arena, &record, &f.fail), &f.fail,
                 FAIL_INPUT, "no column \"whom\"");
    assert_fails(intake_mend_record(&way, STR("{\"who\":[]}"), f.arena, &record, &f.fail), &f.fail,
                 FAIL_INPUT, "an array");
    assert_fails(intake_mend_record(&way, STR("[]"), f.arena, &record, &f.fail), &f.fail,
                 FAIL_INPUT, "an object of its columns");
    struct store_item item = again(&f, kept, "c1;2020-01-01;5", NULL);
    assert_stored(&item);
    assert_true(item.from_import);
    assert_str(fields_text(f.arena, item.event.properties, item.event.property_count), "p=5");
    /* The id is that of the row as it stands in the file, so importing a mended map's file stores it no second time. */
    struct run fixed = run_csv(&f,
                               "{\"customer\":\"who\",\"event\":{\"const\":\"Order\"},\"ts\":"
                               "\"at\",\"delimiter\":\";\"}",
                               "who;at;\"a \"\"b\"\nc1;2020-01-01;x\n");
    assert_stored(&fixed.items[0]);
    assert_true(str_equal(item.record_id, fixed.items[0].record_id));
    item = again(&f, kept, "c1;2020-01-01", NULL);
    assert_kept_out(&item, "", "2 cells, the header row has 3");
    item = again(&f, kept, "c1;2020-01-01;5\nc1;2020-01-01;6", NULL);
    assert_kept_out(&item, "", "more than one record");
    item = again(&f, kept, "", NULL);
    assert_kept_out(&item, "", "no record in it");
    test_done(&f);
}

static void documents_are_shown_without_the_escapes_that_pages_need(void **state)
{
    (void)state;
    struct fixture f;
    test_init(&f);
    assert_str(
        intake_mend_readable(STR("{\"a\":\"\\u003cb\\u003e \\u0026 \\\\u003c \\n\"}"), f.arena),
        "{\"a\":\"<b> & \\\\u003c \\n\"}");
    assert_str(intake_mend_readable(STR("torn \\"), f.arena), "torn \\");
    assert_str(intake_mend_readable(STR(""), f.arena), "");
    test_done(&f);
}

static void torn_rows_have_no_document(void **state)
{
    (void)state;
    struct fixture f;
    test_init(&f);
    static const char *const rows[] = {"c1,2020-01-01", "c1,2020-01-01,5,6", "c1,\"2020-01-01,5",
                                       "c1,2020-01-01,\xff"};
    const struct str columns[] = {STR("who"), STR("at"), STR("price")};
    const struct intake_way csv = {.form = INTAKE_WAY_IS_FILE,
                                   .format = INTAKE_FORMAT_CSV,
                                   .columns = columns,
                                   .column_count = 3};
    const struct intake_way json = {.form = INTAKE_WAY_IS_OWN};
    struct str document;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        assert_true(intake_mend_document(&csv, str_from_c(rows[i]), f.arena, &document, &f.fail));
        assert_null(document.data);
        assert_true(intake_mend_document(&json, str_from_c(rows[i]), f.arena, &document, &f.fail));
        assert_null(document.data);
    }
    assert_true(intake_mend_document(&json, STR("[1]"), f.arena, &document, &f.fail));
    assert_null(document.data);
    test_done(&f);
}

static void a_webhooks_record_goes_through_its_rule_again(void **state)
{
    (void)state;
    struct fixture f;
    test_init(&f);
    static const char first[] = "{\"rules\":[{\"name\":\"a\",\"event\":{\"const\":\"A\"},\"ts\":"
                                "\"/at\",\"customer\":\"/who\"},{\"name\":\"o\\\"rders\",\"event\":"
                                "{\"const\":\"B\"},\"ts\":\"/at\",\"customer\":\"/name\"}]}";
    static const char mended[] =
        "{\"rules\":[{\"name\":\"a\",\"event\":{\"const\":\"A\"},\"ts\":"
        "\"/at\",\"customer\":\"/who\"},{\"name\":\"o\\\"rders\",\"event\":"
        "{\"const\":\"B\"},\"ts\":\"/at\",\"customer\":\"/who\"}]}";
    struct intake_hook *hook, *better, *without;
    struct intake_hook_result got;
    const struct intake_hook_delivery delivery = {
        .body = STR("{\"at\":\"" TEST_NOW "\",\"who\":\"ann\"}")};
    assert_true(intake_hook_compile(str_from_c(first), NULL, f.arena, &hook, &f.fail));
    assert_true(intake_hook_compile(str_from_c(mended), NULL, f.arena, &better, &f.fail));
    assert_true(intake_hook_compile(STR("{\"event\":{\"const\":\"A\"},\"ts\":\"/at\",\"customer\":"
                                        "\"/who\"}"),
                                    NULL, f.arena, &without, &f.fail));
    assert_true(intake_hook_decode(hook, f.decoder, &delivery, &f.source, f.arena, &got, &f.fail));
    assert_int_equal(got.count, 2);
    assert_stored(&got.items[0]);
    assert_int_equal(got.items[1].verdict, STORE_QUARANTINED);
    struct store_item item = again(&f, &got.items[1], NULL, better);
    assert_stored(&item);
    assert_str(item.event.event, "B");
    struct intake_hook_result sent_again;
    assert_true(
        intake_hook_decode(better, f.decoder, &delivery, &f.source, f.arena, &sent_again, &f.fail));
    assert_true(str_equal(item.record_id, sent_again.items[1].record_id));
    assert_false(str_equal(item.record_id, got.items[0].record_id));
    item = again(&f, &got.items[1], NULL, NULL);
    assert_kept_out(&item, "", "not there any more");
    item = again(&f, &got.items[1], NULL, without);
    assert_kept_out(&item, "", "does not take it any more");
    item = again(&f, &got.items[1], "{", better);
    assert_kept_out(&item, "", "does not take it any more");
    test_done(&f);
}

static void mail_is_read_as_mail_again(void **state)
{
    (void)state;
    struct fixture f;
    test_init(&f);
    struct store_item kept, item;
    static const char mail[] =
        "Subject: Late\r\nDate: Fri, 01 May 2026 09:00:00 +0000\r\n\r\nNo\r\n";
    assert_true(
        intake_mail_decode(f.decoder, str_from_c(mail), &f.source, f.arena, &kept, &f.fail));
    assert_int_equal(kept.verdict, STORE_QUARANTINED);
    assert_str(kept.way, INTAKE_WAY_MAIL);
    item = again(&f, &kept,
                 "From: ann@example.org\r\nSubject: Late\r\nDate: Fri, 01 May 2026 09:00:00 "
                 "+0000\r\n\r\nNo\r\n",
                 NULL);
    assert_stored(&item);
    test_done(&f);
}

static void a_record_without_a_way_is_of_the_form_that_it_looks_like(void **state)
{
    (void)state;
    static const struct {
        const char *way, *raw, *name;
    } cases[] = {
        {NULL, "{\"userId\":\"ann\"}", "own"},
        {NULL, "{\"messageId\":\"m\",\"userId\":\"ann\"}", "segment"},
        {NULL, "{\"distinct_id\":\"ann\"}", "posthog"},
        {NULL, "{\"properties\":{\"distinct_id\":\"ann\"}}", "posthog"},
        {NULL, "torn {", "own"},
        {"", "{}", "own"},
        {"{\"form\":\"from the future\"}", "{\"messageId\":1}", "segment"},
        {"{\"form\":\"ndjsonn\",\"file\":true}", "{}", "own"},
        {"{\"form\":7}", "{}", "own"},
        {"torn {", "{}", "own"},
        {"{\"form\":\"segment\",\"type\":\"page\"}", "{}", "segment"},
        {"{\"form\":\"eml\",\"file\":true}", "", "eml"},
    };
    struct fixture f;
    test_init(&f);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct intake_way way;
        struct str text = cases[i].way == NULL ? (struct str){NULL, 0} : str_from_c(cases[i].way);
        assert_true(intake_way_read(text, str_from_c(cases[i].raw), f.arena, &way, &f.fail));
        assert_string_equal(intake_way_name(&way), cases[i].name);
    }
    struct str way;
    char *huge = arena_alloc(f.arena, STORE_WAY_BYTES_MAX, &f.fail);
    memset(huge, ' ', STORE_WAY_BYTES_MAX);
    memcpy(huge, "{\"a\":", 5);
    memcpy(huge + STORE_WAY_BYTES_MAX - 2, "1}", 2);
    assert_true(intake_way_file(INTAKE_FORMAT_NDJSON, str_of(huge, STORE_WAY_BYTES_MAX), NULL, 0,
                                f.arena, &way, &f.fail));
    assert_null(way.data);
    test_done(&f);
}

/* The first suggestion laid over the record makes it good, or nothing is suggested. */
static void suggestions_make_good_what_goes_wrong_most(void **state)
{
    (void)state;
    static const struct {
        const char *raw, *title;
    } cases[] = {
        {"{\"userId\":\"a\",\"event\":\"A\"}", "Take the time of receipt as its time"},
        {"{\"userId\":\"a\",\"event\":\"A\",\"ts\":\"2026-05-01 08:00\"}",
         "Read ts as a time (without an offset in UTC)"},
        {"{\"userId\":\"a\",\"event\":\"A\",\"ts\":1777622400}",
         "Read ts as a time (without an offset in UTC)"},
        {"{\"userId\":\"a\",\"event\":\"A\",\"ts\":\"2099-01-01T00:00:00Z\"}",
         "Take the time of receipt as its time"},
        {"{\"userId\":\"a\",\"event\":\"A\",\"timestamp\":\"" TEST_NOW "\"}",
         "Take timestamp as ts"},
        {"{\"user_id\":\"a\",\"event\":\"A\",\"ts\":\"" TEST_NOW "\"}", "Take user_id as userId"},
        {"{\"userId\":\"a\",\"event\":\"A\",\"ts\":\"" TEST_NOW "\",\"plan\":\"pro\"}",
         "Keep plan as a property"},
        {"{\"event\":\"A\",\"ts\":\"" TEST_NOW "\",\"email\":\"a@example.org\"}",
         "Take email as identifiers/email"},
        {"{\"userId\":\"a\",\"identifiers\":{\"user\":\"b\"},\"event\":\"A\",\"ts\":\"" TEST_NOW
         "\"}",
         "Keep userId, leave identifiers.user out"},
        {"{\"userId\":\"a\",\"identifiers\":{\"emial\":\"b\"},\"event\":\"A\",\"ts\":\"" TEST_NOW
         "\"}",
         "Take emial as identifiers/email"},
        {"{\"userId\":\"a\",\"event\":\"A\",\"ts\":\"" TEST_NOW
         "\",\"score\":11,\"scale\":\"nps\"}",
         "Leave score and scale out, keep the rest"},
        {"{\"userId\":\"a\",\"event\":\"A\",\"ts\":\"" TEST_NOW
         "\",\"score\":\"9\",\"scale\":\"nps\"}",
         "Read score as a number"},
        {"{\"userId\":\"a\",\"event\":\"A\",\"ts\":\"" TEST_NOW "\",\"score\":9,\"scale\":\"NPS\"}",
         "Write the scale in small letters"},
        {"{\"userId\":\"a\",\"event\":\"A\",\"ts\":\"" TEST_NOW "\",\"score\":9}",
         "Leave the score out, keep the rest"},
        {"{\"userId\":\"a\",\"event\":\"A\",\"ts\":\"" TEST_NOW "\",\"text\":17}",
         "Read text as text"},
        {"{\"userId\":\"a\",\"event\":\"A\",\"ts\":\"" TEST_NOW "\",\"properties\":[]}",
         "Leave properties out"},
        {"{\"event\":\"A\",\"ts\":\"" TEST_NOW "\",\"properties\":{\"email\":\"a@example.org\"}}",
         "Take properties.email as an identifier"},
        {"{\"userId\":\"a\",\"ts\":\"" TEST_NOW "\"}", NULL},
        {"{\"userId\":\"a\"", NULL},
    };
    struct fixture f;
    test_init(&f);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct json_parser *parser CLEANUP(json_parser_free_at) = json_parser_new();
        const struct store_item *kept = own(&f, str_format(f.arena, "%s\n{}\n", cases[i].raw).data);
        assert_int_equal(kept->verdict, STORE_QUARANTINED);
        struct intake_suggestion found[INTAKE_SUGGESTIONS_MAX];
        const struct intake_patch_row row = {TEST_NOW_MS};
        struct intake_patch patch;
        struct intake_way way;
        struct json_value list;
        struct str document, after;
        size_t count;
        assert_true(intake_way_read(kept->way, kept->raw, f.arena, &way, &f.fail));
        assert_true(intake_mend_document(&way, kept->raw, f.arena, &document, &f.fail));
        assert_true(intake_mend_suggest(&way, document, kept->reason, kept->field, f.arena, found,
                                        &count, &f.fail));
        if (cases[i].title == NULL) {
            assert_int_equal(count, 0);
            continue;
        }
        if (count == 0) {
            print_error("nothing for %s: %.*s\n", cases[i].raw, STR_ARG(kept->reason));
        }
        assert_true(count > 0);
        assert_str(found[0].title, cases[i].title);
        assert_true(json_parse(parser, found[0].patch, &list, &f.fail));
        assert_true(intake_patch_parse(list, f.arena, &patch, &f.fail));
        assert_true(intake_patch_apply(&patch, document, &row, f.arena, &after, &f.fail));
        struct store_item item = again(&f, kept, str_copy_c(f.arena, after), NULL);
        assert_stored(&item);
    }
    test_done(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_own_form_keeps_the_clock_of_its_envelope),
        cmocka_unit_test(segments_messages_keep_their_route),
        cmocka_unit_test(rows_of_a_file_keep_columns_map_and_id),
        cmocka_unit_test(documents_are_shown_without_the_escapes_that_pages_need),
        cmocka_unit_test(torn_rows_have_no_document),
        cmocka_unit_test(a_webhooks_record_goes_through_its_rule_again),
        cmocka_unit_test(mail_is_read_as_mail_again),
        cmocka_unit_test(a_record_without_a_way_is_of_the_form_that_it_looks_like),
        cmocka_unit_test(suggestions_make_good_what_goes_wrong_most),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
