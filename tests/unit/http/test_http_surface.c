/* Operations' input and problems, hosts, pages, probes, metrics, OpenAPI, rates. */
#include "http_fixture.h"

static void operation_gets_path_query_and_body(void **state)
{
    struct fixture *fixture = *state;
    const char *key = bearer(fixture, fixture->secret_key);
    assert_int_equal(get(fixture, "/api/v1/customers/email%3Aa%40b/timeline?limit=5&before=", key),
                     200);
    assert_string_equal(fixture->app.operation, "timeline");
    assert_string_equal(fixture->app.input, "{\"id\":\"email:a@b\",\"limit\":5}");
    assert_string_equal(fixture->body, "{\"answer\":1}");
    assert_int_equal(
        ask(fixture, "PUT", "/api/v1/segments/my%20s", key, "{\"segment\":{\"a\":[1]}}", 21), 200);
    assert_string_equal(fixture->app.input, "{\"segment\":{\"a\":[1]},\"name\":\"my s\"}");
    assert_int_equal(post(fixture, "/api/v1/query", key, " {\"kind\": \"trend\"} "), 200);
    assert_string_equal(fixture->app.input, " {\"kind\": \"trend\"} ");
    assert_int_equal(fixture->app.asked_by, ACCESS_KEY_SECRET);
    assert_int_equal(post(fixture, "/api/v1/views", key, "{}"), 201);
    assert_int_equal(ask(fixture, "DELETE", "/api/v1/views/3", key, NULL, 0), 204);
    assert_string_equal(fixture->body, "");
}

static void operation_input_that_is_wrong_is_named(void **state)
{
    struct fixture *fixture = *state;
    const char *key = bearer(fixture, fixture->secret_key);
    assert_int_equal(get(fixture, "/api/v1/live?afer=1", key), 422);
    assert_true(body_has(fixture, "did you mean 'after'"));
    assert_int_equal(get(fixture, "/api/v1/live?after=x", key), 422);
    assert_true(body_has(fixture, "\"pointer\":\"/after\""));
    assert_int_equal(ask(fixture, "DELETE", "/api/v1/views/x", key, NULL, 0), 404);
    assert_int_equal(post(fixture, "/api/v1/query", key, "{\"a\":"), 400);
    assert_int_equal(ask(fixture, "PUT", "/api/v1/segments/a", key, "[]", 2), 422);
    assert_int_equal(ask(fixture, "PUT", "/api/v1/segments/a", key, "{\"name\":\"b\"}", 12), 422);
    assert_true(body_has(fixture, "\"pointer\":\"/name\""));
    assert_int_equal(fixture->app.calls, 0);
}

static void failures_become_problems(void **state)
{
    struct fixture *fixture = *state;
    const char *key = bearer(fixture, fixture->secret_key);
    static const struct {
        enum fail_code code;
        int status;
    } cases[] = {{FAIL_INPUT, 422},     {FAIL_DENIED, 403}, {FAIL_ABSENT, 404},
                 {FAIL_CONFLICT, 409},  {FAIL_LIMIT, 422},  {FAIL_BUSY, 503},
                 {FAIL_CANCELLED, 503}, {FAIL_IO, 500},     {FAIL_CORRUPT, 500},
                 {FAIL_INTERNAL, 500}};
    base_log_set(LOG_ERROR, LOG_FORM_LOGFMT, -1, NULL);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        fail_set(&fixture->app.call_fail, cases[i].code, "words <b> of why");
        assert_int_equal(post(fixture, "/api/v1/query", key, "{}"), cases[i].status);
        assert_true(head_has(fixture, "Content-Type: application/problem+json\r\n"));
        assert_true(head_has(fixture, "Retry-After: ") == (cases[i].status == 503));
        assert_true(body_has(fixture, "of why") == (cases[i].status != 500));
        assert_false(body_has(fixture, "<b>"));
    }
    fail_input_at(&fixture->app.call_fail, "/steps/1/evnt", "unknown");
    assert_int_equal(post(fixture, "/api/v1/query", key, "{}"), 422);
    assert_true(body_has(fixture, "\"type\":\"urn:firsthand:problem:input\""));
    assert_true(body_has(fixture, "\"pointer\":\"/steps/1/evnt\""));
}

static void only_our_own_hosts_are_answered(void **state)
{
    struct fixture *fixture = *state;
    static const char *const ours[] = {
        "localhost",   "LOCALHOST:8080",      "127.0.0.1:1",          "[::1]:8080",
        "192.168.1.7", "events.shop.example", "Data.Shop.Example:443"};
    static const char *const others[] = {
        "evil.example", "localhost.evil.example", "127.0.0.1.evil.example", "shop.example", "1.2.3",
        "localhost."};
    for (size_t i = 0; i < ARRAY_LEN(ours); i++) {
        get(fixture, "/", str_format(fixture->arena, "Host: %s\r\n", ours[i]).data);
        assert_int_equal(fixture->status, 200);
    }
    for (size_t i = 0; i < ARRAY_LEN(others); i++) {
        const char *host = str_format(fixture->arena, "Host: %s\r\n", others[i]).data;
        assert_int_equal(get(fixture, "/", host), 421);
        assert_int_equal(get(fixture, "/api/v1/session", both(fixture, host, fixture->cookie)),
                         421);
        assert_int_equal(post(fixture, "/v1/track", host, "{}"), 421);
        assert_int_equal(get(fixture, "/livez", host), 200);
    }
    assert_true(http_host_ok(fixture->http, STR("localhost")));
}

static void pages_are_served_for_addresses_of_the_interface(void **state)
{
    struct fixture *fixture = *state;
    static const char *const pages[] = {"/",
                                        "/customers",
                                        "/customers/a%40b.example",
                                        "/sign-in",
                                        "/journeys/funnels?x=1",
                                        "/settings/keys/"};
    for (size_t i = 0; i < ARRAY_LEN(pages); i++) {
        assert_int_equal(get(fixture, pages[i], "Accept-Encoding: gzip\r\n"), 200);
        assert_true(body_has(fixture, "<title>firsthand"));
        assert_true(head_has(fixture, "Cache-Control: no-store\r\n"));
        assert_true(head_has(fixture, "require-trusted-types-for 'script'"));
    }
    assert_int_equal(get(fixture, "/favicon.ico", ""), 404);
    assert_int_equal(get(fixture, "/assets/none.js", ""), 404);
    assert_int_equal(get(fixture, "/api/none", ""), 404);
    assert_int_equal(get(fixture, "/v1/projects", ""), 405);
    assert_int_equal(post(fixture, "/customers", "", "{}"), 404);
    assert_int_equal(ask(fixture, "HEAD", "/", "", NULL, 0), 200);
    assert_string_equal(fixture->body, "");
}

static void assets_may_be_kept_for_ever(void **state)
{
    struct fixture *fixture = *state;
    assert_int_equal(get(fixture, "/assets/app-1A2B.js", ""), 200);
    assert_true(head_has(fixture, "Cache-Control: public, max-age=31536000, immutable\r\n"));
    assert_true(head_has(fixture, "ETag: \"d1\"\r\n"));
    assert_string_equal(fixture->body, "console.log('x')");
    assert_int_equal(get(fixture, "/assets/app-1A2B.js", "Accept-Encoding: gzip\r\n"), 200);
    assert_true(head_has(fixture, "Content-Encoding: gzip\r\n"));
    assert_int_equal(get(fixture, "/assets/app-1A2B.js", "If-None-Match: \"d1\"\r\n"), 304);
    assert_string_equal(fixture->body, "");
}

static void snippet_is_for_pages_of_all_hosts(void **state)
{
    struct fixture *fixture = *state;
    static const char *const paths[] = {"/sdk/firsthand.js", "/sdk/firsthand-1A2B.js"};
    for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
        assert_int_equal(get(fixture, paths[i], "Origin: https://a.example\r\n"), 200);
        assert_string_equal(fixture->body, "console.log('x')");
        assert_true(head_has(fixture, i == 0 ? "Cache-Control: public, max-age=300\r\n"
                                             : "Cache-Control: public, max-age=31536000, "
                                               "immutable\r\n"));
        assert_true(head_has(fixture, "Access-Control-Allow-Origin: *\r\n"));
        assert_false(head_has(fixture, "Access-Control-Allow-Credentials"));
        assert_true(head_has(fixture, "Cross-Origin-Resource-Policy: cross-origin\r\n"));
        assert_true(head_has(fixture, "X-Content-Type-Options: nosniff\r\n"));
        assert_true(head_has(fixture, "Content-Type: text/javascript;charset=utf-8\r\n"));
        assert_int_equal(get(fixture, paths[i], "If-None-Match: \"d2\"\r\n"), 304);
    }
    assert_int_equal(get(fixture, "/sdk/none.js", ""), 404);
    assert_int_equal(get(fixture, "/sdk/", ""), 404);
    assert_int_equal(get(fixture, "/sdk/../firsthand.js", ""), 404);
    assert_int_equal(post(fixture, "/sdk/firsthand.js", "", "{}"), 404);
    /* Only the snippet is shared: pages stay ours. */
    assert_int_equal(get(fixture, "/assets/app-1A2B.js", "Origin: https://a.example\r\n"), 200);
    assert_false(head_has(fixture, "Access-Control-Allow-Origin"));
    assert_true(head_has(fixture, "Cross-Origin-Resource-Policy: same-origin\r\n"));
}

static void probes_say_why_not_ready(void **state)
{
    struct fixture *fixture = *state;
    assert_int_equal(get(fixture, "/livez", ""), 200);
    assert_int_equal(get(fixture, "/readyz", ""), 200);
    fixture->app.not_ready = "the disk failed";
    assert_int_equal(get(fixture, "/livez", ""), 200);
    assert_int_equal(get(fixture, "/readyz", ""), 503);
    assert_true(body_has(fixture, "the disk failed"));
}

/* Once for each family, before its samples, families contiguous. */
static void metrics_check(struct fixture *fixture, bool open_metrics)
{
    char seen[64][96];
    size_t count = 0;
    char family[96] = "";
    for (char *line = fixture->body; *line != '\0';) {
        char *end = strchr(line, '\n');
        assert_non_null(end);
        *end = '\0';
        assert_true(*line != '\0');
        if (strncmp(line, "# TYPE ", 7) == 0) {
            assert_int_equal(sscanf(line, "# TYPE %95s", family), 1);
            for (size_t i = 0; i < count; i++) {
                assert_string_not_equal(seen[i], family);
            }
            assert_true(count < ARRAY_LEN(seen));
            memcpy(seen[count++], family, sizeof family);
        } else if (line[0] != '#') {
            assert_memory_equal(line, family, strlen(family));
        }
        if (strcmp(line, "# EOF") == 0) {
            assert_true(open_metrics && end[1] == '\0');
        }
        line = end + 1;
    }
    assert_true(count > 10);
}

static void metrics_follow_both_forms(void **state)
{
    struct fixture *fixture = *state;
    const char *key = bearer(fixture, fixture->secret_key);
    get(fixture, "/livez", "");
    assert_int_equal(get(fixture, "/metrics", key), 200);
    assert_true(head_has(fixture, "Content-Type: text/plain; version=0.0.4; charset=utf-8\r\n"));
    assert_true(body_has(fixture, "# TYPE firsthand_http_requests_total counter\n"));
    assert_true(
        body_has(fixture, "firsthand_events_total{source=\"we\\\"b\\n\",verdict=\"stored\"} 7\n"));
    assert_true(body_has(fixture, "route=\"/livez\",status=\"2xx\"} 1\n"));
    assert_true(body_has(fixture, "firsthand_ledger_imbalance 0\n"));
    assert_true(body_has(fixture, "le=\"+Inf\"} 1\n"));
    assert_true(body_has(fixture, "firsthand_job_runs_total{job=\"feeds\"} 7\n"));
    assert_true(body_has(fixture, "firsthand_job_failing{job=\"feeds\"} 2\n"));
    assert_true(
        body_has(fixture, "firsthand_job_last_good_timestamp_seconds{job=\"feeds\"} 1.500\n"));
    assert_false(body_has(fixture, "# EOF"));
    metrics_check(fixture, false);
    assert_int_equal(
        get(fixture, "/metrics", both(fixture, key, "Accept: application/openmetrics-text\r\n")),
        200);
    assert_true(body_has(fixture, "# TYPE firsthand_http_requests counter\n"));
    assert_true(body_has(fixture, "# TYPE firsthand_build info\n"));
    assert_true(body_has(fixture, "# EOF\n"));
    metrics_check(fixture, true);
}

static void openapi_describes_every_route(void **state)
{
    struct fixture *fixture = *state;
    struct fail fail;
    struct json_value root, paths, path, operation, value;
    assert_int_equal(get(fixture, "/openapi.json", bearer(fixture, fixture->secret_key)), 200);
    struct json_parser *parser = json_parser_new();
    assert_true(json_parse(parser, str_from_c(fixture->body), &root, &fail));
    assert_true(json_member(root, STR("openapi"), &value));
    assert_true(str_is(json_string(value), "3.1.0"));
    assert_true(json_member(root, STR("paths"), &paths));
    struct str *ids = base_alloc_zero(http_route_count * sizeof *ids);
    size_t count = 0;
    for (size_t i = 0; i < http_route_count; i++) {
        char method[16] = "";
        const char *name = net_method_name(http_routes[i].method);
        for (size_t j = 0; name[j] != '\0'; j++) {
            method[j] = (char)(name[j] | 0x20);
        }
        assert_true(json_member(paths, str_from_c(http_routes[i].path), &path));
        assert_true(json_member(path, str_from_c(method), &operation));
        assert_true(json_member(operation, STR("operationId"), &value));
        for (size_t j = 0; j < count; j++) {
            assert_false(str_equal(ids[j], json_string(value)));
        }
        ids[count++] = json_string(value);
    }
    base_free(ids);
    json_parser_free(parser);
}

static void address_that_asks_too_fast_is_told_so(void **state)
{
    struct fixture *fixture = *state;
    struct fail fail;
    http_stop(fixture->http, 0);
    struct http_options options = {.address_per_s = 5};
    assert_true(http_start(&fixture->app, &options, &fixture->http, &fail));
    int fine = 0;
    for (int i = 0; i < 20; i++) {
        fine += get(fixture, "/livez", "X-Forwarded-For: 9.9.9.9, 10.0.0.1\r\n") == 200 ? 1 : 0;
    }
    assert_int_equal(fine, 10);
    assert_int_equal(fixture->status, 429);
    assert_true(head_has(fixture, "Retry-After: 1\r\n"));
    /* Behind our proxy the asker is the address that the proxy wrote, last. */
    assert_int_equal(get(fixture, "/livez", "X-Forwarded-For: 10.0.0.1, 10.0.0.2\r\n"), 200);
    base_clock_test_step(&fixture->app.clock, 1000);
    assert_int_equal(get(fixture, "/livez", "X-Forwarded-For: 10.0.0.1\r\n"), 200);
}

static void key_that_sends_too_fast_is_told_so(void **state)
{
    struct fixture *fixture = *state;
    struct fail fail;
    http_stop(fixture->http, 0);
    struct http_options options = {.key_per_s = 5};
    assert_true(http_start(&fixture->app, &options, &fixture->http, &fail));
    int fine = 0;
    for (int i = 0; i < 12; i++) {
        fine += get(fixture, "/api/v1/status", bearer(fixture, fixture->secret_key)) == 200 ? 1 : 0;
    }
    assert_int_equal(fine, 10);
    assert_int_equal(fixture->status, 429);
    assert_int_equal(post(fixture, "/v1/track", bearer(fixture, fixture->write_key), "{}"), 200);
}

static void answers_about_people_are_kept_by_no_cache(void **state)
{
    struct fixture *fixture = *state;
    static const char *const targets[] = {"/api/v1/session", "/api/v1/customers/x", "/api/v1/keys"};
    for (size_t i = 0; i < ARRAY_LEN(targets); i++) {
        assert_int_equal(get(fixture, targets[i], fixture->cookie), 200);
        assert_true(head_has(fixture, "Cache-Control: no-store\r\n"));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(operation_gets_path_query_and_body),
        TEST(operation_input_that_is_wrong_is_named),
        TEST(failures_become_problems),
        TEST(only_our_own_hosts_are_answered),
        TEST(pages_are_served_for_addresses_of_the_interface),
        TEST(assets_may_be_kept_for_ever),
        TEST(snippet_is_for_pages_of_all_hosts),
        TEST(probes_say_why_not_ready),
        TEST(metrics_follow_both_forms),
        TEST(openapi_describes_every_route),
        TEST(address_that_asks_too_fast_is_told_so),
        TEST(key_that_sends_too_fast_is_told_so),
        TEST(answers_about_people_are_kept_by_no_cache),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
