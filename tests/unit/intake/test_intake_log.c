/* Access logs: every request becomes an event, however its line came out. */
#include <stdio.h>

#include "intake_import.h"
#include "intake_test.h"

static void hashed(struct str secret, struct str text, char out[INTAKE_PSEUDONYM_BYTES])
{
    struct base_hash128 hash = base_hash128(text.data, text.len, secret.len);
    snprintf(out, INTAKE_PSEUDONYM_BYTES, "%016llx%016llx", (unsigned long long)hash.high,
             (unsigned long long)hash.low);
}

static void begin(struct fixture *f)
{
    test_init(f);
    f->source.pseudonym = hashed;
    f->source.secret = STR("secret");
}

static void close_import(void *import)
{
    intake_import_close(import);
}

static struct intake_import_batch read_log(struct fixture *f, const char *text)
{
    struct str *rest = arena_small(f->arena, sizeof *rest);
    *rest = str_from_c(text);
    struct intake_import_options options = {
        .reader = intake_reader_of(rest), .format = INTAKE_FORMAT_ACCESS_LOG, .source = &f->source};
    struct intake_import *import = NULL;
    struct intake_import_batch batch = {0};
    assert_true(intake_import_open(&options, &import, &f->fail));
    assert_true(intake_import_next(import, f->arena, 100, &batch, &f->fail));
    arena_defer(f->arena, close_import, import);
    return batch;
}

static struct str properties(struct fixture *f, const struct store_item *item)
{
    return fields_text(f->arena, item->event.properties, item->event.property_count);
}

#define WHEN "[17/May/2015:10:05:03 +0000]"

static void requests_have_their_parts(void **state)
{
    (void)state;
    struct fixture f;
    begin(&f);
    struct intake_import_batch got = read_log(
        &f, "203.0.113.7 - - " WHEN " \"GET /a/b?q=1&r=2 HTTP/1.1\" 200 5120 \"http://x.example/\" "
            "\"Mozilla/5.0 (X11; Linux) Firefox/120\"\n"
            "203.0.113.7 - frank [17/May/2015:12:05:03 +0200] \"POST /c HTTP/1.0\" 304 -\n");
    assert_int_equal(got.count, 2);
    assert_stored(&got.items[0]);
    assert_str(got.items[0].event.event, "Request");
    assert_str(got.items[0].event.channel, "web");
    assert_int_equal(got.items[0].event.ts_ms, INT64_C(1431857103000));
    assert_str(
        properties(&f, &got.items[0]),
        "method='GET' path='/a/b' query='q=1&r=2' protocol='HTTP/1.1' status=200 bytes=5120 "
        "referrer='http://x.example/' agent='Mozilla/5.0 (X11; Linux) Firefox/120' bot=false");
    assert_str(got.items[0].event.identifiers[0].kind, "anonymous");
    assert_int_equal(got.items[0].event.identifiers[0].value.len, 32);
    assert_stored(&got.items[1]);
    assert_int_equal(got.items[1].event.ts_ms, INT64_C(1431857103000));
    assert_str(identifiers_text(f.arena, &got.items[1].event), "user:frank");
    assert_str(properties(&f, &got.items[1]),
               "method='POST' path='/c' protocol='HTTP/1.0' status=304 bot=true");
    test_done(&f);
}

static void equal_lines_are_events_of_their_own_and_ids_follow_from_them(void **state)
{
    (void)state;
    struct fixture f;
    begin(&f);
    static const char line[] = "a.example - - " WHEN " \"GET / HTTP/1.1\" 200 1\n"
                               "a.example - - " WHEN " \"GET / HTTP/1.1\" 200 1\n";
    struct intake_import_batch got = read_log(&f, line), again = read_log(&f, line);
    assert_false(str_equal(got.items[0].record_id, got.items[1].record_id));
    assert_true(str_equal(got.items[1].record_id, again.items[1].record_id));
    test_done(&f);
}

static void lines_that_are_odd_are_requests_too(void **state)
{
    (void)state;
    static const struct {
        const char *line, *properties;
    } cases[] = {
        {"a - - " WHEN " \"GET /x HTTP/1.1\" 200 5 \"-\" \"Googlebot/2.1; +http://www.goo",
         "method='GET' path='/x' protocol='HTTP/1.1' status=200 bytes=5 "
         "agent='Googlebot/2.1; +http://www.goo' bot=true"},
        {"a - - " WHEN " \"\\x16\\x03\\x01\" 400 226 \"-\" \"-\"",
         "request='\\x16\\x03\\x01' status=400 bytes=226 bot=true"},
        {"a - - " WHEN " \"-\" 408 - \"-\" \"-\"", "status=408 bot=true"},
        {"a - - " WHEN " \"GET /a b\\\"c HTTP/1.1\" 404 0 \"x\\\\y\" \"Opera\"",
         "method='GET' path='/a b\"c' protocol='HTTP/1.1' status=404 bytes=0 referrer='x\\y' "
         "agent='Opera' bot=false"},
        {"a - - " WHEN " \"GET /\" 200 5", "method='GET' path='/' status=200 bytes=5 bot=true"},
        {"a - - " WHEN " \"GET /? HTTP/1.1\" 200 5 \"-\" \"Lynx\" 0.004 extra",
         "method='GET' path='/' protocol='HTTP/1.1' status=200 bytes=5 agent='Lynx' bot=false"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct fixture f;
        begin(&f);
        struct intake_import_batch got = read_log(&f, cases[i].line);
        assert_int_equal(got.count, 1);
        assert_stored(&got.items[0]);
        assert_str(properties(&f, &got.items[0]), cases[i].properties);
        test_done(&f);
    }
}

static void lines_without_client_time_or_status_are_quarantined(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"- - - " WHEN " \"GET / HTTP/1.1\" 200 5", "client"},
        {"a - - [yesterday] \"GET / HTTP/1.1\" 200 5", "time"},
        {"a - -", "time"},
        {"a - - " WHEN " \"GET / HTTP/1.1\" - 5", "status"},
        {"a - - " WHEN " \"GET / HTTP/1.1\" 200 five", "bytes"},
        {"a - - " WHEN " \"GET /\xff HTTP/1.1\" 200 5", ""},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct fixture f;
        begin(&f);
        struct intake_import_batch got = read_log(&f, cases[i][0]);
        assert_int_equal(got.items[0].verdict, STORE_QUARANTINED);
        assert_str(got.items[0].field, cases[i][1]);
        test_done(&f);
    }
}

static void addresses_are_kept_only_where_that_is_asked_for(void **state)
{
    (void)state;
    static const char line[] = "203.0.113.7 - - " WHEN " \"GET / HTTP/1.1\" 200 5";
    struct fixture f;
    begin(&f);
    struct intake_import_batch got = read_log(&f, line);
    for (size_t i = 0; i < got.items[0].event.identifier_count; i++) {
        assert_int_equal(str_find(got.items[0].event.identifiers[i].value, STR("203")),
                         got.items[0].event.identifiers[i].value.len);
    }
    f.source.keep_address = true;
    got = read_log(&f, line);
    assert_str(got.items[0].event.properties[0].name, "address");
    assert_str(store_value_text(got.items[0].event.properties[0].value), "203.0.113.7");
    f.source.keep_address = false;
    f.source.secret = STR("another");
    struct intake_import_batch other = read_log(&f, line);
    assert_false(str_equal(got.items[0].event.identifiers[0].value,
                           other.items[0].event.identifiers[0].value));
    test_done(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(requests_have_their_parts),
        cmocka_unit_test(equal_lines_are_events_of_their_own_and_ids_follow_from_them),
        cmocka_unit_test(lines_that_are_odd_are_requests_too),
        cmocka_unit_test(lines_without_client_time_or_status_are_quarantined),
        cmocka_unit_test(addresses_are_kept_only_where_that_is_asked_for),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
