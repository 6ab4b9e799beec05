/* Every route with every kind of credential, and every route against forgery: over the whole table, so that a new
 * line is covered on the day it is added. */
#include "http_fixture.h"

static const char *body_for(const struct http_route *route)
{
    return route->method == NET_GET || route->method == NET_DELETE ? NULL : "{}";
}

static int ask_route(struct fixture *fixture, const struct http_route *route, const char *headers)
{
    const char *body = body_for(route);
    return ask(fixture, net_method_name(route->method), filled(fixture, route), headers, body,
               body == NULL ? 0 : strlen(body));
}

static bool needs_right(const struct http_route *route)
{
    return (route->class == HTTP_CLASS_API || route->class == HTTP_CLASS_INTAKE) &&
           route->handle != http_segment_settings && route->handle != http_posthog_config &&
           route->handle != http_posthog_absent;
}

static void nobody_gets_past_a_route_that_needs_a_right(void **state)
{
    struct fixture *fixture = *state;
    for (size_t i = 0; i < http_route_count; i++) {
        const struct http_route *route = &http_routes[i];
        if (!needs_right(route)) {
            continue;
        }
        assert_int_equal(ask_route(fixture, route, SAME), 401);
        assert_true(head_has(fixture, "WWW-Authenticate: "));
        assert_int_equal(ask_route(fixture, route, bearer(fixture, STR("sk_unknown"))), 401);
        assert_int_equal(ask_route(fixture, route, "Authorization: Bearer\r\n"), 401);
        assert_int_equal(ask_route(fixture, route, "Authorization: Digest x\r\n"), 401);
    }
    assert_int_equal(fixture->app.calls, 0);
    assert_int_equal(fixture->app.taken, 0);
}

static void keys_get_what_their_kind_may_and_nothing_else(void **state)
{
    struct fixture *fixture = *state;
    struct {
        struct str key;
        enum access_kind kind;
    } keys[] = {{fixture->write_key, ACCESS_KEY_WRITE},
                {fixture->client_key, ACCESS_KEY_CLIENT},
                {fixture->secret_key, ACCESS_KEY_SECRET}};
    int denied = 0;
    int let_in = 0;
    for (size_t k = 0; k < ARRAY_LEN(keys); k++) {
        for (size_t i = 0; i < http_route_count; i++) {
            const struct http_route *route = &http_routes[i];
            if (!needs_right(route)) {
                continue;
            }
            int calls = fixture->app.calls;
            int status = ask_route(fixture, route, bearer(fixture, keys[k].key));
            if ((access_rights_of_key(keys[k].kind) >> route->right & 1U) != 0) {
                assert_true(status != 401 && status != 403);
                let_in++;
            } else {
                assert_int_equal(status, 403);
                assert_int_equal(fixture->app.calls, calls);
                denied++;
            }
        }
    }
    assert_true(denied > 50 && let_in > 20);
}

static void public_keys_reach_no_route_that_reads(void **state)
{
    struct fixture *fixture = *state;
    for (size_t i = 0; i < http_route_count; i++) {
        const struct http_route *route = &http_routes[i];
        if (route->class != HTTP_CLASS_API) {
            continue;
        }
        assert_int_equal(ask_route(fixture, route, bearer(fixture, fixture->write_key)), 403);
        assert_int_equal(ask_route(fixture, route, bearer(fixture, fixture->client_key)), 403);
        assert_int_equal(ask_route(fixture, route, basic(fixture, fixture->write_key)), 401);
    }
    assert_int_equal(fixture->app.calls, 0);
}

static void administrator_reaches_all_but_intake(void **state)
{
    struct fixture *fixture = *state;
    const char *headers = both(fixture, fixture->cookie, SAME);
    for (size_t i = 0; i < http_route_count; i++) {
        const struct http_route *route = &http_routes[i];
        if (!needs_right(route) || route->handle == http_sign_out) {
            continue;
        }
        int status = ask_route(fixture, route, headers);
        if (route->class == HTTP_CLASS_INTAKE) {
            assert_int_equal(status, 401);
        } else if (route->handle == http_session_end) {
            assert_int_equal(status, 404);
        } else {
            assert_int_equal(status, route->status);
        }
    }
}

static void viewer_may_look_and_not_touch(void **state)
{
    struct fixture *fixture = *state;
    struct fail fail;
    struct access_identity operator= access_operator();
    struct access_identity who;
    struct access_from from = {STR("127.0.0.1"), STR("tests")};
    struct str session;
    int64_t id, retry_s;
    assert_true(access_user_add(fixture->app.access, &operator, STR("Vi"), STR("vi@x.example"),
                                STR(PASSWORD), ACCESS_ROLE_VIEWER, &id, &fail));
    assert_true(access_sign_in(fixture->app.access, STR("vi@x.example"), STR(PASSWORD), &from,
                               fixture->arena, &session, &who, &retry_s, &fail));
    const char *headers =
        str_format(fixture->arena, "Cookie: firsthand_session=%.*s\r\n" SAME, STR_ARG(session))
            .data;
    assert_int_equal(get(fixture, "/api/v1/ledger", headers), 200);
    assert_int_equal(post(fixture, "/api/v1/query", headers, "{}"), 200);
    assert_int_equal(post(fixture, "/api/v1/views", headers, "{}"), 403);
    assert_int_equal(get(fixture, "/api/v1/keys", headers), 403);
    assert_int_equal(ask(fixture, "PUT", "/api/v1/settings", headers, "{}", 2), 403);
    assert_true(body_has(fixture, "settings"));
}

/* Whatever another site can make a signed-in browser send must change nothing. */
static void forged_requests_change_nothing(void **state)
{
    struct fixture *fixture = *state;
    static const char *const forged[] = {
        "Content-Type: application/json\r\n",
        SAME "Sec-Fetch-Site: cross-site\r\n",
        SAME "Sec-Fetch-Site: same-site\r\n",
        SAME "Origin: https://evil.example\r\n",
        SAME "Origin: null\r\n",
        SAME "Origin: http://localhost.evil.example\r\n",
        "Content-Type: text/plain\r\n",
        "Content-Type: application/x-www-form-urlencoded\r\n",
        "",
    };
    int tried = 0;
    for (size_t i = 0; i < http_route_count; i++) {
        const struct http_route *route = &http_routes[i];
        if (route->method == NET_GET || route->class == HTTP_CLASS_INTAKE ||
            route->class == HTTP_CLASS_LINK || route->class == HTTP_CLASS_HOOK) {
            continue;
        }
        for (size_t j = 0; j < ARRAY_LEN(forged); j++) {
            int status = ask_route(fixture, route, both(fixture, fixture->cookie, forged[j]));
            assert_int_equal(status, 403);
            tried++;
        }
        if (body_for(route) != NULL) {
            assert_int_equal(ask_route(fixture, route,
                                       both(fixture, fixture->cookie,
                                            "X-Firsthand: 1\r\nContent-Type: text/plain\r\n")),
                             415);
        }
    }
    assert_true(tried > 100);
    assert_int_equal(fixture->app.calls, 0);
}

/* A form of a customer's page bears no header of ours: its unguessable address stands in for that. */
static void forms_of_other_sites_reach_no_page_behind_a_link(void **state)
{
    struct fixture *fixture = *state;
#define FORM "Content-Type: application/x-www-form-urlencoded\r\n"
    static const struct {
        const char *headers;
        int status;
    } cases[] = {
        {FORM "Sec-Fetch-Site: cross-site\r\n", 403},
        {FORM "Sec-Fetch-Site: same-site\r\n", 403},
        {FORM "Sec-Fetch-Site: none\r\n", 403},
        {FORM "Origin: https://evil.example\r\n", 403},
        {FORM "Sec-Fetch-Site: cross-site\r\nOrigin: null\r\n", 403},
        {"Content-Type: text/plain\r\n", 415},
        {"Content-Type: application/json\r\n", 415},
        {"", 415},
        {FORM, 303},
        {FORM "Sec-Fetch-Site: same-origin\r\nOrigin: null\r\n", 303},
        {FORM "Sec-Fetch-Site: same-origin\r\nOrigin: http://localhost\r\n", 303},
    };
    int passed = 0;
    for (size_t i = 0; i < http_route_count; i++) {
        const struct http_route *route = &http_routes[i];
        if (route->class != HTTP_CLASS_LINK || route->method == NET_GET) {
            continue;
        }
        for (size_t j = 0; j < ARRAY_LEN(cases); j++) {
            int calls = fixture->app.calls;
            assert_int_equal(ask_route(fixture, route, cases[j].headers), cases[j].status);
            assert_int_equal(fixture->app.calls, calls + (cases[j].status == 303));
            passed += cases[j].status == 303;
        }
    }
    assert_true(passed > 0);
}

static void pages_behind_a_link_are_kept_nowhere_and_run_nothing(void **state)
{
    struct fixture *fixture = *state;
    for (size_t i = 0; i < http_route_count; i++) {
        const struct http_route *route = &http_routes[i];
        if (route->class != HTTP_CLASS_LINK || route->method != NET_GET) {
            continue;
        }
        assert_int_equal(ask_route(fixture, route, ""), 200);
        assert_true(head_has(fixture, "Content-Security-Policy: default-src 'none'; style-src"));
        /* A survey's page may run the one script that we send with it. */
        assert_int_equal(head_has(fixture, "script-src"), route->handle == http_survey_page);
        assert_int_equal(head_has(fixture, "script-src 'self'; img-src"),
                         route->handle == http_survey_page);
        assert_true(head_has(fixture, "Referrer-Policy: no-referrer\r\n"));
        assert_true(head_has(fixture, "X-Frame-Options: DENY\r\n"));
        assert_true(head_has(fixture, "Cache-Control: no-store\r\n") ||
                    strchr(route->path, '{') == NULL);
    }
}

static void honest_browsers_pass(void **state)
{
    struct fixture *fixture = *state;
    assert_int_equal(post(fixture, "/api/v1/query",
                          both(fixture, fixture->cookie,
                               SAME "Sec-Fetch-Site: same-origin\r\nOrigin: http://localhost\r\n"),
                          "{}"),
                     200);
    assert_int_equal(post(fixture, "/api/v1/query",
                          both(fixture, fixture->cookie,
                               "X-Firsthand: 1\r\nContent-Type: application/json; charset=utf-8\r\n"
                               "Host: data.shop.example\r\nOrigin: https://data.shop.example\r\n"),
                          "{}"),
                     200);
}

static void pages_of_other_origins_are_let_in_for_intake_only(void **state)
{
    struct fixture *fixture = *state;
    for (size_t i = 0; i < http_route_count; i++) {
        const struct http_route *route = &http_routes[i];
        ask_route(fixture, route, "Origin: https://shop.example\r\n");
        bool open = route->class == HTTP_CLASS_INTAKE;
        assert_true(head_has(fixture, "Access-Control-Allow-Origin: https://shop.example\r\n") ==
                    open);
        ask(fixture, "OPTIONS", filled(fixture, route),
            "Origin: https://shop.example\r\nAccess-Control-Request-Method: POST\r\n"
            "Access-Control-Request-Headers: authorization,x-odd\r\n",
            NULL, 0);
        assert_int_equal(fixture->status, 204);
        assert_true(head_has(fixture, "Access-Control-Allow-Headers: authorization,x-odd\r\n") ==
                    open);
        assert_true(head_has(fixture, "Access-Control-Allow-Origin") == open);
    }
}

static void every_reply_bears_the_guarding_headers(void **state)
{
    struct fixture *fixture = *state;
    static const char *const targets[] = {"/",
                                          "/customers/x",
                                          "/assets/app-1A2B.js",
                                          "/api/v1/none",
                                          "/livez",
                                          "/api/v1/session",
                                          "/v1/none",
                                          "/%zz"};
    for (size_t i = 0; i < ARRAY_LEN(targets); i++) {
        get(fixture, targets[i], "");
        assert_true(head_has(fixture, "X-Content-Type-Options: nosniff\r\n"));
        assert_true(head_has(fixture, "Content-Security-Policy: default-src 'none'"));
        assert_true(head_has(fixture, "frame-ancestors 'none'"));
        assert_true(head_has(fixture, "Referrer-Policy: no-referrer\r\n"));
        assert_true(head_has(fixture, "X-Request-Id: "));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(nobody_gets_past_a_route_that_needs_a_right),
        TEST(keys_get_what_their_kind_may_and_nothing_else),
        TEST(public_keys_reach_no_route_that_reads),
        TEST(administrator_reaches_all_but_intake),
        TEST(viewer_may_look_and_not_touch),
        TEST(forged_requests_change_nothing),
        TEST(forms_of_other_sites_reach_no_page_behind_a_link),
        TEST(pages_behind_a_link_are_kept_nowhere_and_run_nothing),
        TEST(honest_browsers_pass),
        TEST(pages_of_other_origins_are_let_in_for_intake_only),
        TEST(every_reply_bears_the_guarding_headers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
