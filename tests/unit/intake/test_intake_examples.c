/* The maps in examples/, and the one that docs/how-to/import.md begins with. The folder is the argument. */
#include "intake_test.h"

#include "base_disk.h"
#include "intake_import.h"

static const char *examples;

static struct str read_example(struct fixture *f, const char *name)
{
    struct disk *disk;
    struct str text = {NULL, 0};
    if (!disk_real(examples, &disk, &f->fail) ||
        !disk_read_whole(disk, name, f->arena, (size_t)1 << 20, &text, &f->fail)) {
        print_error("%s\n", f->fail.message);
        fail();
    }
    disk_free(disk);
    return text;
}

static void close_import(void *import)
{
    intake_import_close(import);
}

static struct intake_import_batch import(struct fixture *f, struct str map, const char *csv)
{
    struct str text = str_from_c(csv);
    struct intake_import_options options = {
        .reader = intake_reader_of(&text), .map = map, .source = &f->source};
    struct intake_import *import;
    struct intake_import_batch batch;
    if (!intake_import_open(&options, &import, &f->fail)) {
        print_error("%s: %s\n", f->fail.pointer, f->fail.message);
        fail();
    }
    assert_true(intake_import_next(import, f->arena, 100, &batch, &f->fail));
    arena_defer(f->arena, close_import, import); /* the items view it */
    return batch;
}

static struct str properties_of(struct fixture *f, const struct store_item *item)
{
    return fields_text(f->arena, item->event.properties, item->event.property_count);
}

static void order_lines_have_their_revenue(void **state)
{
    (void)state;
    struct fixture f;
    test_init(&f);
    struct intake_import_batch got =
        import(&f, read_example(&f, "online-retail.json"),
               "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n"
               "536365,85123A,\"HEART, WHITE\",6,2011-07-01 08:26:00,2.55,17850,United Kingdom\n"
               "C536379,D,Discount,-1,2010-12-01 09:41:00,27.50,,France\n"
               "C536379,D,Discount,-1,2010-12-01 09:41:00,27.50,,France\n");
    assert_int_equal(got.count, 3);
    for (size_t i = 0; i < got.count; i++) {
        assert_stored(&got.items[i]);
        assert_str(got.items[i].event.event, "Order Line");
    }
    assert_str(identifiers_text(f.arena, &got.items[0].event), "user:17850");
    assert_int_equal(got.items[0].event.ts_ms, INT64_C(1309505160000)); /* summer time */
    assert_str(properties_of(&f, &got.items[0]),
               "invoice='536365' sku='85123A' description='HEART, WHITE' quantity=6 "
               "price=2.5499999999999998d revenue=15.300000000000001d");
    assert_str(fields_text(f.arena, got.items[0].event.traits, 1), "country='United Kingdom'");
    assert_str(properties_of(&f, &got.items[1]),
               "invoice='C536379' sku='D' description='Discount' quantity=-1 price=27.5d "
               "revenue=-27.5d");
    /* two equal rows: two events of two nameless customers */
    for (size_t i = 1; i < 3; i++) {
        assert_str(got.items[i].event.identifiers[0].kind, "anonymous");
    }
    assert_false(str_equal(got.items[1].event.identifiers[0].value,
                           got.items[2].event.identifiers[0].value));
    test_done(&f);
}

static void clicks_have_their_day(void **state)
{
    (void)state;
    struct fixture f;
    test_init(&f);
    struct intake_import_batch got =
        import(&f, read_example(&f, "eshop-clickstream.json"),
               "year,month,day,click_order,country,session_id,page_1_main_category,"
               "page_2_clothing_model_index,colour,location,model_photography,price,price_2,page\n"
               "2008,4,1,2,29,1,1,8,1,6,1,33,2,1\n");
    assert_int_equal(got.count, 1);
    assert_stored(&got.items[0]);
    assert_str(got.items[0].event.event, "Click");
    assert_int_equal(got.items[0].event.ts_ms, INT64_C(1207008000000));
    assert_str(identifiers_text(f.arena, &got.items[0].event), "user:1");
    assert_str(properties_of(&f, &got.items[0]),
               "click=2 category='1' model='8' colour='1' location='6' photography='1' price=33 "
               "above_average='2' page=1");
    test_done(&f);
}

static void the_first_map_of_the_guide_works(void **state)
{
    (void)state;
    struct fixture f;
    test_init(&f);
    struct intake_import_batch got =
        import(&f,
               STR("{\"customer\": \"client\",\n \"event\": {\"const\": \"Order Completed\"},\n"
                   " \"ts\": {\"column\": \"when\", \"timezone\": \"Europe/Oslo\"},\n"
                   " \"message_id\": \"order\",\n"
                   " \"properties\": {\"price\": {\"column\": \"amount\", \"type\": \"number\"}},\n"
                   " \"traits\": {\"country\": \"country\"}}"),
               "order,when,client,amount,country\n1001,2026-04-01 09:30:00,c42,49.90,NO\n");
    assert_int_equal(got.count, 1);
    assert_stored(&got.items[0]);
    assert_str(got.items[0].event.message_id, "1001");
    assert_int_equal(got.items[0].event.ts_ms, INT64_C(1775028600000));
    assert_str(properties_of(&f, &got.items[0]), "price=49.899999999999999d");
    test_done(&f);
}

/* ---- surveys, reviews, orders: columns as such tools export them ------------------------------------------- */

struct row_case {
    const char *map, *csv, *who, *event, *properties, *text, *scale;
    int64_t ts_ms;
    int score;
};

static void rows_of_usual_exports_become_events(void **state)
{
    (void)state;
    static const struct row_case cases[] = {
        {"delighted.json",
         "Response ID,Person Name,Person Email,Score,Comment,Finished,Tags,Created At\n"
         "r1,Ann Lee,ann@example.com,9,\"Fast, friendly\",yes,vip,2026-04-01 10:00:00 UTC\n",
         "email:ann@example.com", "feedback", "kind='survey' finished=true tags='vip'",
         "Fast, friendly", "nps", INT64_C(1775037600000), 9},
        {"surveymonkey.json",
         "Respondent ID,Collector ID,Start Date,End Date,Email Address,First Name,Last Name,"
         "How likely is it that you would recommend us?,What is the main reason for your score?\n"
         "77,5,04/01/2026 09:58:00 AM,04/01/2026 10:00:00 AM,bo@example.com,Bo,Ek,3,Too slow\n",
         "email:bo@example.com", "feedback", "kind='survey' collector='5'", "Too slow", "nps",
         INT64_C(1775037600000), 3},
        {"typeform.json",
         "#,How satisfied are you with our service?,What could we do better?,email,"
         "Start Date (UTC),Submit Date (UTC),Network ID\n"
         "t1,4,Answer the phone,cy@example.com,2026-04-01 09:58:00,2026-04-01 10:00:00,ab12\n",
         "email:cy@example.com", "feedback", "kind='survey' network='ab12'", "Answer the phone",
         "csat", INT64_C(1775037600000), 4},
        {"reviews.json",
         "review_id,author,rating,title,review,product,country,date\n"
         "v1,lamp_fan,5,Great,Bright and cheap,Lamp,NO,2026-04-01T10:00:00Z\n",
         "ext.reviews:lamp_fan", "feedback", "kind='review' title='Great' product='Lamp'",
         "Bright and cheap", "stars", INT64_C(1775037600000), 5},
        {"orders.json",
         "order_id,customer_id,email,created_at,status,total,currency,items\n"
         "o1,c42,ann@example.com,2026-04-01T10:00:00Z,paid,49.5,EUR,2\n",
         "user:c42 email:ann@example.com", "Order Completed",
         "order='o1' revenue=49.5d currency='EUR' items=2", NULL, NULL, INT64_C(1775037600000), 0},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct fixture f;
        test_init(&f);
        struct intake_import_batch got = import(&f, read_example(&f, cases[i].map), cases[i].csv);
        assert_int_equal(got.count, 1);
        assert_stored(&got.items[0]);
        const struct store_event *event = &got.items[0].event;
        assert_str(event->event, cases[i].event);
        assert_str(identifiers_text(f.arena, event), cases[i].who);
        assert_str(properties_of(&f, &got.items[0]), cases[i].properties);
        assert_str(event->text, cases[i].text);
        assert_str(event->scale, cases[i].scale);
        assert_int_equal(event->ts_ms, cases[i].ts_ms);
        assert_true(cases[i].scale == NULL || event->score.i == cases[i].score);
        test_done(&f);
    }
}

static void a_cancelled_order_is_left_out(void **state)
{
    (void)state;
    struct fixture f;
    test_init(&f);
    struct intake_import_batch got =
        import(&f, read_example(&f, "orders.json"),
               "order_id,customer_id,email,created_at,status,total,currency,items\n"
               "o2,c42,,2026-04-01T10:00:00Z,cancelled,49.5,EUR,2\n");
    assert_int_equal(got.items[0].verdict, STORE_REFUSED);
    test_done(&f);
}

int main(int argc, char **argv)
{
    if (argc < 2) {
        print_error("usage: test_intake_examples EXAMPLES\n");
        return 2;
    }
    examples = argv[1];
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(order_lines_have_their_revenue),
        cmocka_unit_test(clicks_have_their_day),
        cmocka_unit_test(the_first_map_of_the_guide_works),
        cmocka_unit_test(rows_of_usual_exports_become_events),
        cmocka_unit_test(a_cancelled_order_is_left_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
