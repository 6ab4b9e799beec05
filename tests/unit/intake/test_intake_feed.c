/* Feeds into events. */
#include "intake_test.h"

#include "base_buf.h"
#include "intake_feed.h"

static const struct intake_feed_settings posts = {.kind = INTAKE_FEED_POST,
                                                  .identifier = {"ext.forum", 9}};
static const struct intake_feed_settings reviews = {.kind = INTAKE_FEED_REVIEW,
                                                    .score = {"im:rating", 9},
                                                    .scale = {"stars", 5},
                                                    .identifier = {"ext.store", 9},
                                                    .channel = {"app", 3}};

static bool parse(struct fixture *f, const char *text, const struct intake_feed_settings *settings,
                  struct intake_feed *feed)
{
    return intake_feed_parse(str_from_c(text), settings, f->arena, feed, &f->fail);
}

static void read(struct fixture *f, const char *text, const struct intake_feed_settings *settings)
{
    struct intake_feed feed;
    if (!parse(f, text, settings, &feed)) {
        print_error("%s\n", f->fail.message);
        fail();
    }
    assert_true(
        intake_feed_events(&feed, settings, f->decoder, &f->source, f->arena, &f->got, &f->fail));
    assert_int_equal(f->got.count, feed.count);
}

static void rss_items_become_posts(void **state)
{
    (void)state;
    struct fixture f;
    test_init(&f);
    read(&f,
         "<?xml version=\"1.0\"?><rss version=\"2.0\" xmlns:dc=\"http://purl.org/dc/elements/1.1/\""
         " xmlns:content=\"http://purl.org/rss/1.0/modules/content/\"><channel>"
         "<title>Forum</title><link>https://forum.example/</link>"
         "<item><title>Tent leaks</title><link>https://forum.example/1</link>"
         "<guid isPermaLink=\"false\">t-1</guid><dc:creator>Ann</dc:creator>"
         "<pubDate>Fri, 01 May 2026 08:00:00 +0200</pubDate>"
         "<description>short</description>"
         "<content:encoded><![CDATA[<p>It leaks &amp; I am <b>wet</b>.</p>]]></content:encoded>"
         "</item>"
         "<item><title>Second</title><link>https://forum.example/2</link>"
         "<description>&lt;p&gt;Fine &amp;amp; dry&lt;/p&gt;</description></item>"
         "</channel></rss>",
         &posts);
    assert_int_equal(f.got.count, 2);
    const struct store_item *one = &f.got.items[0], *two = &f.got.items[1];
    assert_stored(one);
    assert_stored(two);
    assert_str(one->event.event, "feedback");
    assert_str(one->event.message_id, "t-1");
    assert_str(one->event.text, "Tent leaks\n\nIt leaks & I am wet.");
    assert_int_equal(one->event.ts_ms, INT64_C(1777615200000));
    assert_true(one->from_import);
    assert_str(identifiers_text(f.arena, &one->event), "ext.forum:Ann");
    assert_str(fields_text(f.arena, one->event.properties, one->event.property_count),
               "kind='post' title='Tent leaks' link='https://forum.example/1' author='Ann'");
    assert_str(two->event.text, "Second\n\nFine & dry");
    assert_str(two->event.message_id, "https://forum.example/2");
    assert_str(identifiers_text(f.arena, &two->event), "ext.forum:item:https://forum.example/2");
    assert_int_equal(two->event.ts_ms, TEST_NOW_MS);
    test_done(&f);
}

static void atom_entries_with_stars_become_reviews(void **state)
{
    (void)state;
    struct fixture f;
    test_init(&f);
    read(&f,
         "<feed xmlns=\"http://www.w3.org/2005/Atom\" xmlns:im=\"http://itunes.apple.com/rss\">"
         "<title>Reviews</title><id>urn:x</id>"
         "<entry><id>123</id><title>Love it</title><updated>2026-04-30T10:00:00-07:00</updated>"
         "<author><name>Bo</name><uri>https://x.example/bo</uri></author>"
         "<link rel=\"related\" href=\"https://no.example\"/><link href=\"https://yes.example\"/>"
         "<im:rating>5</im:rating><content type=\"text\">Best &lt;3 app</content></entry>"
         "<entry><id>124</id><title type=\"html\">&lt;b&gt;Meh&lt;/b&gt;</title>"
         "<updated>2026-04-30T10:00:00Z</updated><published>2026-04-29T10:00:00Z</published>"
         "<im:rating>3.5</im:rating><content type=\"xhtml\">"
         "<div xmlns=\"http://www.w3.org/1999/xhtml\"><p>Slow &lt;b&gt;</p><p>today</p></div>"
         "</content></entry></feed>",
         &reviews);
    assert_int_equal(f.got.count, 2);
    const struct store_item *one = &f.got.items[0], *two = &f.got.items[1];
    assert_stored(one);
    assert_str(one->event.text, "Love it\n\nBest <3 app");
    assert_str(one->event.scale, "stars");
    assert_int_equal(one->event.score.i, 5);
    assert_str(one->event.channel, "app");
    assert_str(identifiers_text(f.arena, &one->event), "ext.store:Bo");
    assert_str(fields_text(f.arena, one->event.properties, one->event.property_count),
               "kind='review' title='Love it' link='https://yes.example' author='Bo'");
    assert_stored(two);
    assert_str(two->event.text, "Meh\n\nSlow <b>\n\ntoday");
    assert_null(two->event.scale.data);
    assert_int_equal(two->event.ts_ms, INT64_C(1777456800000));
    assert_str(fields_text(f.arena, two->event.properties, two->event.property_count),
               "kind='review' title='Meh' rating='3.5'");
    test_done(&f);
}

static void json_feed_items_become_reviews(void **state)
{
    (void)state;
    struct fixture f;
    test_init(&f);
    struct intake_feed_settings settings = reviews;
    settings.score = STR("/_shop/rating/value");
    read(&f,
         "{\"version\":\"https://jsonfeed.org/version/1.1\",\"title\":\"Shop\",\"items\":["
         "{\"id\":\"r1\",\"content_html\":\"<p>Warm</p>\",\"date_published\":"
         "\"2026-05-01T09:00:00Z\",\"authors\":[{\"name\":\"Cy\"}],"
         "\"_shop\":{\"rating\":{\"value\":4}}},"
         "{\"id\":2,\"content_text\":\"Cold\",\"author\":{\"name\":\"Di\"}},7]}",
         &settings);
    assert_int_equal(f.got.count, 2);
    assert_stored(&f.got.items[0]);
    assert_str(f.got.items[0].event.text, "Warm");
    assert_int_equal(f.got.items[0].event.score.i, 4);
    assert_str(identifiers_text(f.arena, &f.got.items[0].event), "ext.store:Cy");
    assert_stored(&f.got.items[1]);
    assert_str(f.got.items[1].event.message_id, "2");
    assert_str(identifiers_text(f.arena, &f.got.items[1].event), "ext.store:Di");
    test_done(&f);
}

/* What a pointer to the score finds may be anything; only a text or a number is one. */
static void a_pointer_of_json_feeds_finds_scalars_only(void **state)
{
    (void)state;
    static const struct {
        const char *pointer, *stars;
        int64_t score; /* -1: none */
    } cases[] = {
        {"/s", "4", 4},           {"/s", "\"4/5\"", 4},
        {"/s", "4.5", -1},        {"/s", "null", -1},
        {"/s", "true", -1},       {"/s", "[4]", -1},
        {"/s/0", "[4]", 4},       {"/s/1", "[4]", -1},
        {"/s/a", "{\"a\":3}", 3}, {"/s/b", "{\"a\":3}", -1},
        {"/s/0", "4", -1},        {"/s/1/x", "[0,{\"x\":\"2\"}]", 2},
        {"s", "4", -1},
    };
    struct fixture f;
    test_init(&f);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct intake_feed_settings settings = reviews;
        settings.score = str_from_c(cases[i].pointer);
        struct str text = str_format(f.arena,
                                     "{\"items\":[{\"id\":\"1\",\"content_text\":\"x\",\"author\":"
                                     "{\"name\":\"A\"},\"s\":%s}]}",
                                     cases[i].stars);
        read(&f, text.data, &settings);
        assert_stored(&f.got.items[0]);
        const struct store_event *event = &f.got.items[0].event;
        assert_int_equal(event->scale.data == NULL ? -1 : event->score.i, cases[i].score);
    }
    test_done(&f);
}

static void what_has_no_id_is_known_by_its_link_or_its_words(void **state)
{
    (void)state;
    struct fixture f;
    test_init(&f);
    read(&f,
         "{\"items\":[{\"url\":\"https://shop.example/1\",\"content_text\":\"a\"},"
         "{\"content_text\":\"b\"},{\"content_text\":\"b\",\"title\":\"\"},{\"content_text\":\"c\"}"
         "]}",
         &posts);
    assert_str(f.got.items[0].event.message_id, "https://shop.example/1");
    assert_holds(f.got.items[1].event.message_id, "item-");
    assert_true(str_equal(f.got.items[1].event.message_id, f.got.items[2].event.message_id));
    assert_false(str_equal(f.got.items[1].event.message_id, f.got.items[3].event.message_id));
    /* An id that is too long to be one is known by its hash. */
    struct base_buf text CLEANUP(base_buf_done) = {0};
    base_buf_c(&text, "{\"items\":[{\"id\":\"");
    for (int i = 0; i < STORE_MESSAGE_ID_BYTES_MAX; i++) {
        base_buf_byte(&text, 'i');
    }
    base_buf_c(&text, "\",\"content_text\":\"a\"}]}");
    base_buf_byte(&text, '\0');
    read(&f, text.data, &posts);
    assert_holds(f.got.items[0].event.message_id, "item-");
    test_done(&f);
}

static void a_title_that_begins_the_words_is_not_said_twice(void **state)
{
    (void)state;
    struct fixture f;
    test_init(&f);
    read(&f,
         "{\"items\":[{\"id\":\"1\",\"title\":\"Warm...\",\"content_text\":\"Warm and dry\"},"
         "{\"id\":\"2\",\"title\":\"Warm\xE2\x80\xA6\",\"content_text\":\"Warm and dry\"},"
         "{\"id\":\"3\",\"title\":\"Cold\",\"content_text\":\"Warm and dry\"},"
         "{\"id\":\"4\",\"title\":\"...\",\"content_text\":\"Warm and dry\"},"
         "{\"id\":\"5\",\"title\":\"Only this\"}]}",
         &posts);
    assert_str(f.got.items[0].event.text, "Warm and dry");
    assert_str(f.got.items[1].event.text, "Warm and dry");
    assert_str(f.got.items[2].event.text, "Cold\n\nWarm and dry");
    assert_str(f.got.items[3].event.text, "Warm and dry");
    assert_str(f.got.items[4].event.text, "Only this");
    test_done(&f);
}

static void an_empty_feed_gives_nothing_and_a_huge_one_is_refused(void **state)
{
    (void)state;
    struct fixture f;
    test_init(&f);
    read(&f, "{\"items\":[]}", &posts);
    assert_int_equal(f.got.count, 0);
    struct base_buf huge CLEANUP(base_buf_done) = {0};
    base_buf_c(&huge, "{\"items\":[]}");
    char *room = base_buf_room(&huge, INTAKE_FEED_BYTES_MAX);
    memset(room, ' ', INTAKE_FEED_BYTES_MAX);
    huge.len += INTAKE_FEED_BYTES_MAX;
    struct intake_feed feed;
    assert_fails(intake_feed_parse(base_buf_view(&huge), &posts, f.arena, &feed, &f.fail), &f.fail,
                 FAIL_LIMIT, "at most 8388608");
    test_done(&f);
}

static void entities_and_depth_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum fail_code code;
        const char *part;
    } bad[] = {
        {"<!DOCTYPE rss [<!ENTITY a \"aaaa\"><!ENTITY b \"&a;&a;&a;\">]><rss><channel><item>"
         "<title>&b;</title></item></channel></rss>",
         FAIL_INPUT, "declares entities"},
        {"<!DOCTYPE rss [<!ENTITY x SYSTEM \"file:///etc/passwd\">]><rss><item><title>&x;</title>"
         "</item></rss>",
         FAIL_INPUT, "declares entities"},
        {"<!DOCTYPE rss [<!ENTITY % x SYSTEM \"http://127.0.0.1/\"> %x;]><rss/>", FAIL_INPUT,
         "declares entities"},
        {"<rss><channel><item><title>&undefined;</title></item></channel></rss>", FAIL_INPUT,
         "line 1"},
        {"<html><body>Not a feed</body></html>", FAIL_INPUT, "is this a web page?"},
        {"<rss><channel><item>", FAIL_INPUT, "line 1"},
        {"", FAIL_INPUT, "empty"},
        {"  \n ", FAIL_INPUT, "empty"},
        {"hello", FAIL_INPUT, "line 1"},
        {"{\"items\":{}}", FAIL_INPUT, "JSON Feed"},
        {"{\"a\":", FAIL_INPUT, "the feed"},
    };
    struct fixture f;
    test_init(&f);
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        struct intake_feed feed;
        assert_fails(parse(&f, bad[i].text, &posts, &feed), &f.fail, bad[i].code, bad[i].part);
    }
    struct base_buf deep CLEANUP(base_buf_done) = {0};
    base_buf_c(&deep, "<rss><item><description>");
    for (int i = 0; i < 100; i++) {
        base_buf_c(&deep, "<a>");
    }
    struct intake_feed feed;
    assert_fails(intake_feed_parse(base_buf_view(&deep), &posts, f.arena, &feed, &f.fail), &f.fail,
                 FAIL_LIMIT, "nested too deeply");
    test_done(&f);
}

static void a_feed_without_end_gives_its_newest(void **state)
{
    (void)state;
    struct fixture f;
    test_init(&f);
    struct base_buf many CLEANUP(base_buf_done) = {0};
    base_buf_c(&many, "<rss><channel>");
    for (int i = 0; i < 1500; i++) {
        base_buf_printf(&many, "<item><guid>%d</guid><title>n %d</title></item>", i, i);
    }
    base_buf_c(&many, "</channel></rss>");
    struct intake_feed feed;
    assert_true(intake_feed_parse(base_buf_view(&many), &posts, f.arena, &feed, &f.fail));
    assert_int_equal(feed.count, INTAKE_FEED_ITEMS_MAX);
    assert_str(feed.items[0].id, "0");
    test_done(&f);
}

static void old_encodings_are_read(void **state)
{
    (void)state;
    struct fixture f;
    test_init(&f);
    read(&f,
         "<?xml version=\"1.0\" encoding=\"windows-1252\"?><rss><channel><item><guid>1</guid>"
         "<title>\x80 5 \x93quoted\x94 caf\xE9</title></item></channel></rss>",
         &posts);
    assert_str(f.got.items[0].event.text,
               "\xE2\x82\xAC 5 \xE2\x80\x9Cquoted\xE2\x80\x9D caf\xC3\xA9");
    read(&f,
         "<?xml version=\"1.0\" encoding=\"iso-8859-1\"?><rss><channel><item><guid>1</guid>"
         "<title>caf\xE9</title></item></channel></rss>",
         &posts);
    assert_str(f.got.items[0].event.text, "caf\xC3\xA9");
    test_done(&f);
}

static void dates_are_read_as_feeds_write_them(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t ms;
    } good[] = {
        {"2026-05-01T09:30:00Z", INT64_C(1777627800000)},
        {"2026-05-01T11:30:00+02:00", INT64_C(1777627800000)},
        {"Fri, 01 May 2026 09:30:00 GMT", INT64_C(1777627800000)},
        {"Fri, 1 May 2026 09:30:00 +0000", INT64_C(1777627800000)},
        {"1 May 2026 11:30 +0200", INT64_C(1777627800000)},
        {"Fri, 01 May 2026 05:30:00 EDT", INT64_C(1777627800000)},
        {"Fri, 01 May 2026 02:30:00 PDT", INT64_C(1777627800000)},
        {"Fri, 01 May 2026 09:30:00", INT64_C(1777627800000)},
        {"  Fri, 01 May 26 09:30:00 Z ", INT64_C(1777627800000)},
        {"2026-05-01 09:30:00", INT64_C(1777627800000)},
        {"Fri, 01 May 2026 04:00:00 -0530", INT64_C(1777627800000)},
    };
    static const char *const bad[] = {"", "soon", "Fri, 32 May 2026 09:30:00 GMT", "1 Foo 2026"};
    int64_t ms;
    for (size_t i = 0; i < ARRAY_LEN(good); i++) {
        if (!intake_feed_time(str_from_c(good[i].text), &ms) || ms != good[i].ms) {
            fail_msg("%s", good[i].text);
        }
    }
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        assert_false(intake_feed_time(str_from_c(bad[i]), &ms));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rss_items_become_posts),
        cmocka_unit_test(atom_entries_with_stars_become_reviews),
        cmocka_unit_test(json_feed_items_become_reviews),
        cmocka_unit_test(a_pointer_of_json_feeds_finds_scalars_only),
        cmocka_unit_test(what_has_no_id_is_known_by_its_link_or_its_words),
        cmocka_unit_test(a_title_that_begins_the_words_is_not_said_twice),
        cmocka_unit_test(an_empty_feed_gives_nothing_and_a_huge_one_is_refused),
        cmocka_unit_test(entities_and_depth_are_refused),
        cmocka_unit_test(a_feed_without_end_gives_its_newest),
        cmocka_unit_test(old_encodings_are_read),
        cmocka_unit_test(dates_are_read_as_feeds_write_them),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
