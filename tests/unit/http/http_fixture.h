/* http_fixture.h — the routes over a stand-in app, a browser and programs that ask it.
 *
 * What: set-up with an administrator, keys of all kinds, and ask(), which sends a request and keeps the reply.
 * Owner: the test.   Threads: one client; handlers on the server's.   Failure: asserts.
 * Limits/cost: a directory under /tmp, a port that the system chooses.   Units: *_ms.
 * Example: test_http_session.c.   Not here: the tests.
 */
#pragma once

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "http_fake_app.h"
#include "http_internal.h"

#define PASSWORD "correct horse battery"
#define SAME "X-Firsthand: 1\r\nContent-Type: application/json\r\n"

struct fixture {
    char directory[64];
    struct app app;
    struct http *http;
    struct arena *arena;
    struct str write_key, client_key, secret_key;
    char cookie[128]; /* "Cookie: ...\r\n" */
    int status;       /* of the last reply */
    char reply[1 << 18];
    char *body;
};

/* Sends a whole request; `headers` are lines ended by CRLF. */
static inline int ask(struct fixture *fixture, const char *method, const char *target,
                      const char *headers, const char *body, size_t body_len)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((uint16_t)http_port(fixture->http)),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof address), 0);
    struct base_buf request = {0};
    bool has_host = strstr(headers, "Host: ") != NULL;
    base_buf_printf(&request, "%s %s HTTP/1.1\r\n%sConnection: close\r\n%s", method, target,
                    has_host ? "" : "Host: localhost\r\n", headers);
    if (body != NULL) {
        base_buf_printf(&request, "Content-Length: %zu\r\n", body_len);
    }
    base_buf_c(&request, "\r\n");
    base_buf_bytes(&request, body, body_len);
    assert_int_equal(send(fd, request.data, request.len, MSG_NOSIGNAL), (ssize_t)request.len);
    base_buf_done(&request);
    size_t len = 0;
    for (;;) {
        ssize_t got = recv(fd, fixture->reply + len, sizeof fixture->reply - 1 - len, 0);
        if (got <= 0) {
            break;
        }
        len += (size_t)got;
    }
    close(fd);
    fixture->reply[len] = '\0';
    fixture->status = 0;
    assert_int_equal(sscanf(fixture->reply, "HTTP/1.1 %d", &fixture->status), 1);
    char *end = strstr(fixture->reply, "\r\n\r\n");
    assert_non_null(end);
    fixture->body = end + 4;
    return fixture->status;
}

static inline int get(struct fixture *fixture, const char *target, const char *headers)
{
    return ask(fixture, "GET", target, headers, NULL, 0);
}

static inline int post(struct fixture *fixture, const char *target, const char *headers,
                       const char *body)
{
    return ask(fixture, "POST", target, headers, body, strlen(body));
}

/* A header of the last reply, as "Name: value" somewhere in the head? */
static inline bool head_has(const struct fixture *fixture, const char *text)
{
    const char *at = strstr(fixture->reply, text);
    return at != NULL && at < fixture->body;
}

static inline bool body_has(const struct fixture *fixture, const char *text)
{
    return strstr(fixture->body, text) != NULL;
}

static inline const char *bearer(struct fixture *fixture, struct str key)
{
    return str_format(fixture->arena, "Authorization: Bearer %.*s\r\n", STR_ARG(key)).data;
}

/* "key:" in base64, as Segment's libraries send it. */
static inline const char *basic(struct fixture *fixture, struct str key)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    struct str text = str_format(fixture->arena, "%.*s:", STR_ARG(key));
    struct base_buf out = {0};
    for (size_t i = 0; i < text.len; i += 3) {
        uint32_t bits = 0;
        for (size_t j = 0; j < 3; j++) {
            bits = bits << 8 | (i + j < text.len ? (unsigned char)text.data[i + j] : 0U);
        }
        for (size_t j = 0; j < 4; j++) {
            base_buf_byte(&out, i + j > text.len ? '=' : digits[bits >> (18 - 6 * j) & 63U]);
        }
    }
    const char *line =
        str_format(fixture->arena, "Authorization: Basic %.*s\r\n", STR_ARG(base_buf_view(&out)))
            .data;
    base_buf_done(&out);
    return line;
}

/* Headers put together. */
static inline const char *both(struct fixture *fixture, const char *a, const char *b)
{
    return str_format(fixture->arena, "%s%s", a, b).data;
}

static inline struct str make_key(struct fixture *fixture, enum access_kind kind)
{
    struct fail fail;
    struct str token;
    int64_t id;
    struct access_identity operator= access_operator();
    struct access_key_options options = {.kind = kind, .name = STR("shop")};
    assert_true(access_key_create(fixture->app.access, &operator, & options, fixture->arena, &token,
                                  &id, &fail));
    return token;
}

static inline void sign_in(struct fixture *fixture)
{
    struct fail fail;
    struct str token, session;
    struct access_identity who;
    int64_t retry_s;
    assert_true(access_setup_token(fixture->app.access, fixture->arena, &token, &fail));
    struct access_setup setup = {token, STR("Astrid Dahl"), STR("astrid@fjordline.example"),
                                 STR(PASSWORD)};
    struct access_from from = {STR("127.0.0.1"), STR("tests")};
    assert_true(access_setup(fixture->app.access, &setup, &from, fixture->arena, &session, &who,
                             &retry_s, &fail));
    snprintf(fixture->cookie, sizeof fixture->cookie, "Cookie: firsthand_session=%.*s\r\n",
             STR_ARG(session));
}

static inline struct fixture *fixture_new(void)
{
    struct fixture *fixture = base_alloc_zero(sizeof *fixture);
    struct fail fail = {0};
    snprintf(fixture->directory, sizeof fixture->directory, "/tmp/firsthand-http-XXXXXX");
    assert_non_null(mkdtemp(fixture->directory));
    fixture->arena = arena_new(NULL);
    base_clock_test_init(&fixture->app.clock, 1700000000000);
    base_mutex_init(&fixture->app.lock);
    fixture->app.config = (struct app_config){
        .listen = STR("127.0.0.1:0"),
        .hosts = STR("events.shop.example data.shop.example"),
        .behind_proxy = 1,
        .body_mb = 1,
        .inflated_mb = 2,
        .events_per_request = 100,
    };
    struct access_options options = {.clock = &fixture->app.clock.clock,
                                     .weak_hash_for_tests = true};
    assert_true(state_open(fixture->directory, NULL, &fixture->app.state, &fail));
    assert_true(access_open(fixture->app.state, &options, &fixture->app.access, &fail));
    struct http_options http = {0};
    if (!http_start(&fixture->app, &http, &fixture->http, &fail)) {
        fail_msg("%s", fail.message);
    }
    return fixture;
}

static inline int set_up(void **state)
{
    struct fixture *fixture = fixture_new();
    sign_in(fixture);
    fixture->write_key = make_key(fixture, ACCESS_KEY_WRITE);
    fixture->client_key = make_key(fixture, ACCESS_KEY_CLIENT);
    fixture->secret_key = make_key(fixture, ACCESS_KEY_SECRET);
    *state = fixture;
    return 0;
}

static inline int set_up_empty(void **state)
{
    *state = fixture_new();
    return 0;
}

static inline int tear_down(void **state)
{
    struct fixture *fixture = *state;
    static const char *const names[] = {"state.db", "state.db-wal", "state.db-shm"};
    char path[128];
    http_stop(fixture->http, 1000);
    access_close(fixture->app.access);
    state_close(fixture->app.state);
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        snprintf(path, sizeof path, "%s/%s", fixture->directory, names[i]);
        unlink(path);
    }
    assert_int_equal(rmdir(fixture->directory), 0);
    base_mutex_done(&fixture->app.lock);
    arena_free(fixture->arena);
    base_free(fixture);
    return 0;
}

/* The route's path with something in place of each {part}. */
static inline const char *filled(struct fixture *fixture, const struct http_route *route)
{
    struct base_buf out = {0};
    for (const char *at = route->path; *at != '\0'; at++) {
        if (*at != '{') {
            base_buf_byte(&out, *at);
            continue;
        }
        base_buf_c(&out, strncmp(at, "{type}", 6) == 0 ? "track" : "7");
        at = strchr(at, '}');
    }
    const char *path = str_copy_c(fixture->arena, base_buf_view(&out));
    base_buf_done(&out);
    return path;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
#define TEST_EMPTY(name) cmocka_unit_test_setup_teardown(name, set_up_empty, tear_down)
