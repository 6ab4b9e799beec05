/* Setting up, signing in and out, cookies. */
#include "http_fixture.h"

static const char *setup_body(struct fixture *fixture, struct str token, const char *rest)
{
    return str_format(fixture->arena,
                      "{\"token\":\"%.*s\",\"name\":\"Astrid\",\"email\":\"a@b.example\","
                      "\"password\":\"" PASSWORD "\"%s}",
                      STR_ARG(token), rest)
        .data;
}

static void setup_makes_the_first_administrator_once(void **state)
{
    struct fixture *fixture = *state;
    struct fail fail;
    struct str token;
    assert_int_equal(get(fixture, "/api/v1/session", ""), 401);
    assert_true(body_has(fixture, "\"setup\":true"));
    assert_true(access_setup_token(fixture->app.access, fixture->arena, &token, &fail));
    const char *body = setup_body(fixture, token,
                                  ",\"organisation\":\"Fjordline\","
                                  "\"timezone\":\"Europe/Oslo\"");
    assert_int_equal(post(fixture, "/api/v1/setup", SAME, body), 200);
    assert_true(head_has(fixture, "Set-Cookie: firsthand_session="));
    assert_true(body_has(fixture, "\"role\":\"admin\""));
    assert_true(body_has(fixture, "\"organisation\":{\"name\":\"Fjordline\""));
    assert_string_equal(fixture->app.operation, "settings.save");
    assert_non_null(strstr(fixture->app.input, "Europe/Oslo"));
    assert_int_equal(post(fixture, "/api/v1/setup", SAME, body), 401);
    assert_int_equal(get(fixture, "/api/v1/session", ""), 401);
    assert_true(body_has(fixture, "\"setup\":false"));
}

static void setup_with_an_unknown_zone_uses_nothing_up(void **state)
{
    struct fixture *fixture = *state;
    struct fail fail;
    struct str token;
    assert_true(access_setup_token(fixture->app.access, fixture->arena, &token, &fail));
    assert_int_equal(post(fixture, "/api/v1/setup", SAME,
                          setup_body(fixture, token,
                                     ",\"organisation\":\"F\","
                                     "\"timezone\":\"Europe/Olso\"")),
                     422);
    assert_true(body_has(fixture, "\"pointer\":\"/timezone\""));
    assert_int_equal(post(fixture, "/api/v1/setup", SAME,
                          setup_body(fixture, token, ",\"organisation\":\"F\",\"zone\":\"x\"")),
                     422);
    assert_true(body_has(fixture, "\"pointer\":\"/zone\""));
    assert_int_equal(post(fixture, "/api/v1/setup", SAME, setup_body(fixture, token, "")), 422);
    assert_int_equal(
        post(fixture, "/api/v1/setup", SAME, setup_body(fixture, token, ",\"organisation\":\"F\"")),
        200);
}

static void cookie_from_reply(struct fixture *fixture)
{
    const char *at = strstr(fixture->reply, "Set-Cookie: ");
    assert_non_null(at);
    snprintf(fixture->cookie, sizeof fixture->cookie, "Cookie: %.*s\r\n",
             (int)(strcspn(at, ";") - 12), at + 12);
}

static void sign_in_gives_a_session_and_sign_out_ends_it(void **state)
{
    struct fixture *fixture = *state;
    assert_int_equal(post(fixture, "/api/v1/sign-in", SAME,
                          "{\"email\":\"astrid@fjordline.example\",\"password\":\"" PASSWORD "\"}"),
                     200);
    assert_true(head_has(fixture, "; Path=/; HttpOnly; SameSite=Strict; Max-Age=1209600\r\n"));
    assert_false(head_has(fixture, "Secure"));
    cookie_from_reply(fixture);
    assert_int_equal(get(fixture, "/api/v1/session", fixture->cookie), 200);
    assert_true(body_has(fixture, "\"name\":\"Astrid Dahl\""));
    assert_true(body_has(fixture, "\"version\":\"" APP_VERSION "\""));
    assert_int_equal(post(fixture, "/api/v1/sign-out", both(fixture, fixture->cookie, SAME), "{}"),
                     204);
    assert_true(head_has(fixture, "Max-Age=0"));
    assert_int_equal(get(fixture, "/api/v1/session", fixture->cookie), 401);
}

static void sign_in_with_something_wrong_says_only_that(void **state)
{
    struct fixture *fixture = *state;
    char first[1024];
    assert_int_equal(post(fixture, "/api/v1/sign-in", SAME,
                          "{\"email\":\"astrid@fjordline.example\",\"password\":\"wrong one\"}"),
                     401);
    snprintf(first, sizeof first, "%.*s", (int)strcspn(fixture->body, "r"), fixture->body);
    assert_int_equal(post(fixture, "/api/v1/sign-in", SAME,
                          "{\"email\":\"nobody@fjordline.example\",\"password\":\"wrong one\"}"),
                     401);
    assert_memory_equal(fixture->body, first, strlen(first));
    assert_false(head_has(fixture, "Set-Cookie"));
    assert_int_equal(post(fixture, "/api/v1/sign-in", SAME, "{\"email\":1,\"password\":\"x\"}"),
                     422);
    assert_int_equal(post(fixture, "/api/v1/sign-in", SAME, "{\"email\":"), 400);
}

static void sign_in_too_often_says_when_to_come_again(void **state)
{
    struct fixture *fixture = *state;
    int status = 0;
    for (int i = 0; i < 30 && status != 429; i++) {
        status = post(fixture, "/api/v1/sign-in", SAME,
                      "{\"email\":\"astrid@fjordline.example\",\"password\":\"wrong one\"}");
    }
    assert_int_equal(status, 429);
    assert_true(head_has(fixture, "Retry-After: "));
}

static void signing_in_again_ends_the_session_before(void **state)
{
    struct fixture *fixture = *state;
    char old[128];
    snprintf(old, sizeof old, "%s", fixture->cookie);
    assert_int_equal(post(fixture, "/api/v1/sign-in", both(fixture, fixture->cookie, SAME),
                          "{\"email\":\"astrid@fjordline.example\",\"password\":\"" PASSWORD "\"}"),
                     200);
    cookie_from_reply(fixture);
    assert_string_not_equal(old, fixture->cookie);
    assert_int_equal(get(fixture, "/api/v1/session", old), 401);
    assert_int_equal(get(fixture, "/api/v1/session", fixture->cookie), 200);
}

static void link_signs_in_once(void **state)
{
    struct fixture *fixture = *state;
    struct fail fail;
    struct str token;
    struct access_identity operator= access_operator();
    assert_true(access_link_create(fixture->app.access, &operator, STR("astrid@fjordline.example"),
                                   fixture->arena, &token, &fail));
    const char *body = str_format(fixture->arena, "{\"token\":\"%.*s\"}", STR_ARG(token)).data;
    assert_int_equal(post(fixture, "/api/v1/sign-in/link", SAME, body), 200);
    assert_int_equal(post(fixture, "/api/v1/sign-in/link", SAME, body), 401);
}

static void cookie_is_bound_to_the_host_behind_tls(void **state)
{
    struct fixture *fixture = *state;
    static const char secure[] = SAME "X-Forwarded-Proto: https\r\n";
    assert_int_equal(post(fixture, "/api/v1/sign-in", secure,
                          "{\"email\":\"astrid@fjordline.example\",\"password\":\"" PASSWORD "\"}"),
                     200);
    assert_true(head_has(fixture, "Set-Cookie: __Host-firsthand="));
    assert_true(head_has(fixture, "; Secure; "));
    assert_true(head_has(fixture, "Strict-Transport-Security: "));
    cookie_from_reply(fixture);
    assert_int_equal(get(fixture, "/api/v1/session",
                         both(fixture, fixture->cookie, "X-Forwarded-Proto: https\r\n")),
                     200);
    /* The name without the prefix is not taken over TLS: another host of the domain could have set it. */
    const char *equals = strchr(fixture->cookie, '=');
    const char *plain =
        str_format(fixture->arena, "Cookie: firsthand_session%sX-Forwarded-Proto: https\r\n",
                   equals)
            .data;
    assert_int_equal(get(fixture, "/api/v1/session", plain), 401);
}

static void sessions_are_listed_and_ended(void **state)
{
    struct fixture *fixture = *state;
    assert_int_equal(get(fixture, "/api/v1/sessions", fixture->cookie), 200);
    assert_true(body_has(fixture, "\"current\":true"));
    assert_true(body_has(fixture, "\"agent\":\"tests\""));
    const char *headers = both(fixture, fixture->cookie, SAME);
    assert_int_equal(ask(fixture, "DELETE", "/api/v1/sessions/999", headers, NULL, 0), 404);
    assert_int_equal(ask(fixture, "DELETE", "/api/v1/sessions/x", headers, NULL, 0), 404);
    assert_int_equal(ask(fixture, "DELETE", "/api/v1/sessions/1", headers, NULL, 0), 204);
    assert_int_equal(get(fixture, "/api/v1/sessions", fixture->cookie), 401);
}

static void bearer_key_is_judged_alone(void **state)
{
    struct fixture *fixture = *state;
    /* A signed-in browser does not lend its rights to a wrong key. */
    assert_int_equal(get(fixture, "/api/v1/ledger",
                         both(fixture, fixture->cookie, "Authorization: Bearer sk_wrong\r\n")),
                     401);
    assert_int_equal(get(fixture, "/api/v1/ledger",
                         both(fixture, fixture->cookie, bearer(fixture, fixture->write_key))),
                     403);
    /* What a browser adds for a proxy before us that asks for a password is no key of ours. */
    assert_int_equal(get(fixture, "/api/v1/ledger",
                         both(fixture, fixture->cookie, basic(fixture, STR("somebody")))),
                     200);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST_EMPTY(setup_makes_the_first_administrator_once),
        TEST_EMPTY(setup_with_an_unknown_zone_uses_nothing_up),
        TEST(sign_in_gives_a_session_and_sign_out_ends_it),
        TEST(sign_in_with_something_wrong_says_only_that),
        TEST(sign_in_too_often_says_when_to_come_again),
        TEST(signing_in_again_ends_the_session_before),
        TEST(link_signs_in_once),
        TEST(cookie_is_bound_to_the_host_behind_tls),
        TEST(sessions_are_listed_and_ended),
        TEST(bearer_key_is_judged_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
