/* Events over HTTP: what each client gets to hear. */
#include "http_fixture.h"

#include "net_gzip.h"

#define EVENT "{\"userId\":\"u1\",\"event\":\"A\",\"ts\":\"2023-11-14T00:00:00Z\"}"
#define TRACK                                                                                      \
    "{\"userId\":\"u1\",\"event\":\"A\",\"type\":\"track\",\"timestamp\":\"2023-11-14T00:00:"      \
    "00Z\"}"

static void own_events_are_answered_with_the_ledger(void **state)
{
    struct fixture *fixture = *state;
    const char *key = bearer(fixture, fixture->write_key);
    assert_int_equal(post(fixture, "/api/v1/events", key, EVENT), 200);
    assert_string_equal(fixture->body, "{\"received\":1,\"stored\":1,\"duplicate\":0,"
                                       "\"quarantined\":0,\"refused\":0,\"verdicts\":[]}");
    assert_string_equal(fixture->app.source, "shop");
    assert_string_equal(fixture->app.channel, "web");
    assert_false(fixture->app.trusted);
    assert_int_equal(post(fixture, "/api/v1/events", key, "[" EVENT ",{\"event\":\"A\"}]"), 200);
    assert_true(body_has(fixture, "\"received\":2,\"stored\":1"));
    assert_true(body_has(fixture, "{\"index\":1,\"verdict\":\"quarantined\",\"reason\":\""));
    assert_int_equal(post(fixture, "/api/v1/events", key, EVENT "\n" EVENT "\n"), 200);
    assert_true(body_has(fixture, "\"received\":2,\"stored\":2"));
    assert_int_equal(fixture->app.taken, 5);
    assert_int_equal(fixture->app.refused_requests, 0);
}

static void secret_key_is_trusted_to_join(void **state)
{
    struct fixture *fixture = *state;
    assert_int_equal(post(fixture, "/api/v1/events", bearer(fixture, fixture->secret_key), EVENT),
                     200);
    assert_true(fixture->app.trusted);
    assert_int_equal(post(fixture, "/v1/track", basic(fixture, fixture->secret_key), TRACK), 200);
    assert_int_equal(post(fixture, "/v1/track", basic(fixture, fixture->client_key), TRACK), 200);
    assert_false(fixture->app.trusted);
}

static void own_key_may_stand_in_the_envelope(void **state)
{
    struct fixture *fixture = *state;
    const char *body = str_format(fixture->arena, "{\"key\":\"%.*s\",\"events\":[" EVENT "]}",
                                  STR_ARG(fixture->client_key))
                           .data;
    assert_int_equal(post(fixture, "/api/v1/events",
                          "Content-Type: text/plain;charset=UTF-8\r\nOrigin: https://a.example\r\n",
                          body),
                     200);
    assert_true(head_has(fixture, "Access-Control-Allow-Origin: https://a.example\r\n"));
    assert_int_equal(fixture->app.taken, 1);
    assert_int_equal(
        post(fixture, "/api/v1/events", "", "{\"key\":\"ck_wrong\",\"events\":[" EVENT "]}"), 401);
    assert_int_equal(post(fixture, "/api/v1/events", "", "{\"events\":[" EVENT "]}"), 401);
    assert_int_equal(post(fixture, "/api/v1/events", "", EVENT), 401);
    assert_int_equal(
        post(fixture, "/api/v1/events", "", "{\"key\":\"x\",\"sent\":1,\"events\":[]}"), 400);
    /* A key in the header is the one that counts. */
    assert_int_equal(post(fixture, "/api/v1/events", bearer(fixture, STR("ck_wrong")), body), 401);
    assert_int_equal(fixture->app.taken, 1);
}

static void segment_calls_succeed_in_every_form(void **state)
{
    struct fixture *fixture = *state;
    const char *key = basic(fixture, fixture->write_key);
    static const char *const words[] = {"track",    "t", "page",   "p",     "screen", "s",
                                        "identify", "i", "group",  "g",     "alias",  "a",
                                        "batch",    "b", "import", "batch/"};
    for (size_t i = 0; i < ARRAY_LEN(words); i++) {
        const char *target = str_format(fixture->arena, "/v1/%s", words[i]).data;
        assert_int_equal(post(fixture, target, key, "{\"batch\":[" TRACK "]}"), 200);
        assert_string_equal(fixture->body, "{\"success\":true}");
    }
    assert_int_equal(post(fixture, "/v1/nothing", key, TRACK), 404);
    assert_int_equal(get(fixture, "/v1/track", key), 405);
    assert_true(head_has(fixture, "Allow: POST, OPTIONS\r\n"));
}

static void segment_key_may_stand_in_the_body(void **state)
{
    struct fixture *fixture = *state;
    const char *body = str_format(fixture->arena, "{\"writeKey\":\"%.*s\",\"batch\":[" TRACK "]}",
                                  STR_ARG(fixture->write_key))
                           .data;
    assert_int_equal(post(fixture, "/v1/b", "Content-Type: text/plain\r\n", body), 200);
    assert_int_equal(
        post(fixture, "/v1/b", "", "{\"writeKey\":\"pk_wrong\",\"batch\":[" TRACK "]}"), 401);
    assert_int_equal(post(fixture, "/v1/b", "", "{\"batch\":[" TRACK "]}"), 401);
    /* A wrong key in the header is not mended by a right one in the body. */
    assert_int_equal(post(fixture, "/v1/b", basic(fixture, STR("pk_wrong")), body), 401);
    assert_int_equal(fixture->app.refused_requests, 3);
    assert_int_equal(fixture->app.taken, 1);
}

static void bad_event_never_fails_its_batch(void **state)
{
    struct fixture *fixture = *state;
    assert_int_equal(post(fixture, "/v1/batch", basic(fixture, fixture->write_key),
                          "{\"batch\":[" TRACK ",{\"type\":\"track\"},17," TRACK "]}"),
                     200);
    assert_int_equal(fixture->app.taken, 4);
}

static void not_json_is_refused_whole(void **state)
{
    struct fixture *fixture = *state;
    const char *key = bearer(fixture, fixture->write_key);
    assert_int_equal(post(fixture, "/v1/track", key, "hello"), 400);
    assert_int_equal(post(fixture, "/v1/track", key, ""), 400);
    assert_int_equal(post(fixture, "/v1/track", key, "\x1f\x8b\x08 cut"), 400);
    assert_true(head_has(fixture, "Content-Type: application/problem+json\r\n"));
    assert_true(body_has(fixture, "\"request_id\":\""));
    assert_int_equal(fixture->app.taken, 0);
    assert_int_equal(fixture->app.refused_requests, 3);
}

static void gzip_is_known_by_its_bytes(void **state)
{
    struct fixture *fixture = *state;
    struct base_buf packed = {0};
    struct fail fail;
    assert_true(net_gzip(STR("{\"batch\":[" TRACK "," TRACK "]}"), &packed, &fail));
    const char *headers = both(fixture, basic(fixture, fixture->write_key),
                               "Content-Type: application/x-www-form-urlencoded\r\n");
    assert_int_equal(ask(fixture, "POST", "/v1/batch", headers, packed.data, packed.len), 200);
    assert_int_equal(fixture->app.taken, 2);
    base_buf_done(&packed);
}

static void bomb_and_bulk_are_refused_whole(void **state)
{
    struct fixture *fixture = *state;
    const char *key = bearer(fixture, fixture->write_key);
    static char zeros[3000000];
    struct base_buf packed = {0};
    struct fail fail;
    memset(zeros, ' ', sizeof zeros);
    assert_true(net_gzip(str_of(zeros, sizeof zeros), &packed, &fail));
    assert_int_equal(ask(fixture, "POST", "/v1/batch", key, packed.data, packed.len), 413);
    base_buf_done(&packed);
    assert_int_equal(ask(fixture, "POST", "/v1/batch", key, zeros, sizeof zeros), 413);
    assert_true(body_has(fixture, "\"status\":413"));
    struct base_buf many = {0};
    base_buf_byte(&many, '[');
    for (int i = 0; i < 101; i++) {
        base_buf_c(&many, i == 0 ? EVENT : "," EVENT);
    }
    base_buf_byte(&many, ']');
    assert_int_equal(ask(fixture, "POST", "/api/v1/events", key, many.data, many.len), 413);
    base_buf_done(&many);
    assert_int_equal(fixture->app.taken, 0);
    assert_int_equal(fixture->app.refused_requests, 3);
}

static void no_room_asks_to_come_again(void **state)
{
    struct fixture *fixture = *state;
    const char *headers =
        both(fixture, basic(fixture, fixture->write_key), "Origin: https://shop.example\r\n");
    static const struct {
        enum fail_code code;
        int status;
    } cases[] = {{FAIL_BUSY, 503}, {FAIL_LIMIT, 503}, {FAIL_IO, 503}, {FAIL_NO_MEMORY, 503}};
    base_log_set(LOG_ERROR, LOG_FORM_LOGFMT, -1, NULL);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        fail_set(&fixture->app.take_fail, cases[i].code, "secret path /data");
        assert_int_equal(post(fixture, "/v1/track", headers, TRACK), cases[i].status);
        assert_true(head_has(fixture, "Retry-After: "));
        assert_true(head_has(fixture, "Access-Control-Allow-Origin: https://shop.example\r\n"));
    }
    assert_int_equal(fixture->app.refused_requests, 4);
}

static void quota_goes_on_after_a_restart_and_is_written_every_few_seconds(void **state)
{
    struct fixture *fixture = *state;
    struct app *app = &fixture->app;
    const char *key = bearer(fixture, fixture->write_key);
    /* The minute ends 40 s after the fixture's clock began; one event was counted before the start. */
    app->quota_minute = 3;
    app->quota = (struct app_quota){.minute_end_ms = INT64_C(1700000040000), .minute_events = 1};
    assert_int_equal(post(fixture, "/api/v1/events", key, EVENT), 200);
    assert_int_equal(app->quota_writes, 1);
    assert_int_equal(app->quota.minute_events, 2);
    assert_int_equal(post(fixture, "/api/v1/events", key, EVENT), 200);
    assert_int_equal(app->quota_writes, 1);
    assert_int_equal(post(fixture, "/api/v1/events", key, EVENT), 429);
    assert_true(head_has(fixture, "Retry-After: 40\r\n"));
    assert_int_equal(app->taken, 2);
    base_clock_test_step(&app->clock, 5000);
    assert_int_equal(post(fixture, "/api/v1/events", key, EVENT), 429);
    assert_int_equal(app->quota_writes, 2);
    assert_int_equal(app->quota.minute_events, 3);
    base_clock_test_step(&app->clock, 35000);
    assert_int_equal(post(fixture, "/api/v1/events", key, EVENT), 200);
    assert_int_equal(app->quota.minute_events, 1);
    assert_int_equal(app->quota.minute_end_ms, INT64_C(1700000100000));
}

static void key_of_some_origins_is_refused_from_others(void **state)
{
    struct fixture *fixture = *state;
    struct fail fail;
    struct access_identity operator= access_operator();
    struct str origin = STR("https://shop.example");
    struct str token;
    int64_t id;
    struct access_key_options options = {
        .kind = ACCESS_KEY_WRITE, .name = STR("page"), .origins = &origin, .origin_count = 1};
    assert_true(access_key_create(fixture->app.access, &operator, & options, fixture->arena, &token,
                                  &id, &fail));
    const char *key = basic(fixture, token);
    assert_int_equal(
        post(fixture, "/v1/track", both(fixture, key, "Origin: https://shop.example\r\n"), TRACK),
        200);
    assert_int_equal(
        post(fixture, "/v1/track", both(fixture, key, "Origin: https://evil.example\r\n"), TRACK),
        403);
    assert_true(head_has(fixture, "Access-Control-Allow-Origin: https://evil.example\r\n"));
    assert_int_equal(post(fixture, "/v1/track", key, TRACK), 200);
}

#define CAPTURE "{\"event\":\"A\",\"distinct_id\":\"u1\",\"uuid\":\"m1\"}"

static void posthog_is_answered_in_its_own_words(void **state)
{
    struct fixture *fixture = *state;
    static const char *const targets[] = {"/batch", "/batch/",   "/capture", "/capture/",
                                          "/e",     "/e/?ver=1", "/i/v0/e",  "/i/v0/e/"};
    const char *body = str_format(fixture->arena, "{\"api_key\":\"%.*s\",\"batch\":[" CAPTURE "]}",
                                  STR_ARG(fixture->write_key))
                           .data;
    for (size_t i = 0; i < ARRAY_LEN(targets); i++) {
        assert_int_equal(post(fixture, targets[i], "Content-Type: text/plain\r\n", body), 200);
        assert_string_equal(fixture->body, "{\"status\":1}");
        assert_int_equal(post(fixture, targets[i], bearer(fixture, fixture->client_key), CAPTURE),
                         200);
        assert_int_equal(post(fixture, targets[i], "", CAPTURE), 401);
        assert_int_equal(get(fixture, targets[i], ""), 405);
    }
    assert_false(fixture->app.trusted);
    assert_int_equal(post(fixture, "/e/", bearer(fixture, fixture->secret_key), CAPTURE), 200);
    assert_true(fixture->app.trusted);
    assert_int_equal(fixture->app.refused_requests, 8);
}

static void posthog_is_told_to_come_again_where_there_is_no_room(void **state)
{
    struct fixture *fixture = *state;
    const char *headers =
        both(fixture, bearer(fixture, fixture->write_key), "Origin: https://shop.example\r\n");
    base_log_set(LOG_ERROR, LOG_FORM_LOGFMT, -1, NULL);
    fail_set(&fixture->app.take_fail, FAIL_BUSY, "too much");
    assert_int_equal(post(fixture, "/e/", headers, CAPTURE), 503);
    fail_set(&fixture->app.take_fail, FAIL_IO, "broken");
    assert_int_equal(post(fixture, "/batch/", headers, CAPTURE), 503);
    assert_true(head_has(fixture, "Retry-After: "));
    assert_true(head_has(fixture, "Access-Control-Allow-Origin: https://shop.example\r\n"));
    assert_int_equal(post(fixture, "/flags/?v=2", headers, "{}"), 200);
    assert_int_equal(post(fixture, "/flags/?v=2", "", "nonsense"), 400);
    /* What is asked is no event: only those count as refused. */
    assert_int_equal(fixture->app.refused_requests, 2);
}

static void settings_lead_the_library_back_here(void **state)
{
    struct fixture *fixture = *state;
    const char *target =
        str_format(fixture->arena, "/v1/projects/%.*s/settings", STR_ARG(fixture->write_key)).data;
    assert_int_equal(get(fixture, target,
                         "Host: data.shop.example\r\nX-Forwarded-Proto: https\r\n"
                         "Origin: https://shop.example\r\n"),
                     200);
    assert_true(body_has(fixture, "\"apiHost\":\"data.shop.example/v1\",\"protocol\":\"https\""));
    assert_true(body_has(fixture, "\"metrics\":{\"sampleRate\":0}"));
    assert_true(head_has(fixture, "Access-Control-Allow-Origin: https://shop.example\r\n"));
    assert_int_equal(get(fixture, "/v1/projects/pk_wrong/settings", ""), 404);
    target =
        str_format(fixture->arena, "/v1/projects/%.*s/settings", STR_ARG(fixture->secret_key)).data;
    assert_int_equal(get(fixture, target, ""), 404);
}

static void deliveries_need_no_key_and_no_cookie_but_the_address(void **state)
{
    struct fixture *fixture = *state;
    int refused = fixture->app.refused_requests;
    assert_int_equal(post(fixture, "/hooks/known", "X-Topic: orders\r\n", "{\"a\":1}"), 200);
    assert_true(body_has(fixture, "{\"received\":3,\"stored\":2,\"duplicate\":1,\"quarantined\":0,"
                                  "\"refused\":0}"));
    assert_string_equal(fixture->app.input, "{\"a\":1}");
    assert_string_equal(fixture->app.channel, "orders");
    assert_int_equal(post(fixture, "/hooks/other", "", "{}"), 404);
    assert_int_equal(fixture->app.refused_requests, refused);
    static const struct {
        enum fail_code code;
        int status;
    } cases[] = {{FAIL_INPUT, 400}, {FAIL_DENIED, 401}, {FAIL_CONFLICT, 409}, {FAIL_LIMIT, 413}};
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        fail_set(&fixture->app.take_fail, cases[i].code, "told so");
        assert_int_equal(post(fixture, "/hooks/known", "", "{}"), cases[i].status);
        assert_int_equal(fixture->app.refused_requests, refused + (int)i + 1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(own_events_are_answered_with_the_ledger),
        TEST(own_key_may_stand_in_the_envelope),
        TEST(secret_key_is_trusted_to_join),
        TEST(segment_calls_succeed_in_every_form),
        TEST(segment_key_may_stand_in_the_body),
        TEST(bad_event_never_fails_its_batch),
        TEST(not_json_is_refused_whole),
        TEST(gzip_is_known_by_its_bytes),
        TEST(bomb_and_bulk_are_refused_whole),
        TEST(no_room_asks_to_come_again),
        TEST(quota_goes_on_after_a_restart_and_is_written_every_few_seconds),
        TEST(key_of_some_origins_is_refused_from_others),
        TEST(posthog_is_answered_in_its_own_words),
        TEST(posthog_is_told_to_come_again_where_there_is_no_room),
        TEST(settings_lead_the_library_back_here),
        TEST(deliveries_need_no_key_and_no_cookie_but_the_address),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
