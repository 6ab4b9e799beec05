/* The way out, against a server of raw sockets that misbehaves on request. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>
#include <zlib.h>

#include "base_buf.h"
#include "net_client.h"

struct server {
    int listener;
    uint16_t port;
    struct base_thread thread;
    _Atomic bool stopping;
    struct base_mutex lock; /* guards the rest */
    char seen[8192];        /* the last request's head and body */
    int requests;
};

static struct server server;

static void say(int at, const char *text)
{
    size_t len = strlen(text);
    while (len > 0) {
        ssize_t sent = send(at, text, len, MSG_NOSIGNAL);
        if (sent <= 0) {
            return;
        }
        text += sent;
        len -= (size_t)sent;
    }
}

static void say_gzip_bomb(int at)
{
    enum { ZEROS = 8 << 20 };
    unsigned char *zeros = base_alloc_zero(ZEROS), *out = base_alloc_zero(1 << 16);
    z_stream z = {.next_in = zeros, .avail_in = ZEROS, .next_out = out, .avail_out = 1 << 16};
    assert_int_equal(deflateInit2(&z, 9, Z_DEFLATED, 31, 8, Z_DEFAULT_STRATEGY), Z_OK);
    assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
    char head[128];
    snprintf(head, sizeof head,
             "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %lu\r\n\r\n",
             z.total_out);
    say(at, head);
    send(at, out, z.total_out, MSG_NOSIGNAL);
    deflateEnd(&z);
    base_free(zeros);
    base_free(out);
}

static void answer(int at, const char *path)
{
    char line[256];
    if (strcmp(path, "/ok") == 0) {
        say(at,
            "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nETag: \"v1\"\r\nLast-Modified: Sat, "
            "28 Nov 2026 08:00:00 GMT\r\nSet-Cookie: a=b\r\nRetry-After: 7\r\n"
            "Content-Length: 5\r\n\r\nhello");
    } else if (strcmp(path, "/same") == 0) {
        say(at, "HTTP/1.1 304 Not Modified\r\nETag: \"v1\"\r\n\r\n");
    } else if (strcmp(path, "/huge") == 0) {
        say(at, "HTTP/1.1 200 OK\r\n\r\n");
        char block[4096];
        memset(block, 'x', sizeof block - 1);
        block[sizeof block - 1] = '\0';
        for (int i = 0; i < 1000 && !server.stopping; i++) {
            if (send(at, block, sizeof block - 1, MSG_NOSIGNAL) < 0) {
                return;
            }
        }
    } else if (strcmp(path, "/bomb") == 0) {
        say_gzip_bomb(at);
    } else if (strcmp(path, "/heads") == 0) {
        say(at, "HTTP/1.1 200 OK\r\n");
        for (int i = 0; i < 4000; i++) {
            say(at, "X-Long: 0123456789012345678901234567890123456789\r\n");
        }
        say(at, "Content-Length: 0\r\n\r\n");
    } else if (strcmp(path, "/slow") == 0) {
        say(at, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n");
        for (int i = 0; i < 12 && !server.stopping; i++) {
            say(at, "x");
            poll(NULL, 0, 50);
        }
    } else if (strcmp(path, "/loop") == 0) {
        say(at, "HTTP/1.1 302 Found\r\nLocation: /loop\r\nContent-Length: 0\r\n\r\n");
    } else if (strcmp(path, "/moved") == 0) {
        say(at, "HTTP/1.1 301 Moved\r\nLocation: ok\r\nContent-Length: 3\r\n\r\nold");
    } else if (strcmp(path, "/inside") == 0) {
        say(at, "HTTP/1.1 302 Found\r\nLocation: http://169.254.169.254/latest\r\n"
                "Content-Length: 0\r\n\r\n");
    } else if (strcmp(path, "/file") == 0) {
        say(at, "HTTP/1.1 302 Found\r\nLocation: file:///etc/passwd\r\nContent-Length: 0\r\n\r\n");
    } else if (strcmp(path, "/other") == 0) {
        snprintf(line, sizeof line,
                 "HTTP/1.1 302 Found\r\nLocation: http://inner.test:%u/ok\r\nContent-Length: "
                 "0\r\n\r\n",
                 (unsigned)server.port);
        say(at, line);
    } else if (strcmp(path, "/cut") == 0) {
        say(at, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this");
    } else if (strcmp(path, "/nonsense") == 0) {
        say(at, "this is not HTTP\r\n\r\n");
    } else {
        say(at, "HTTP/1.1 404 Not Found\r\nContent-Length: 4\r\n\r\nnone");
    }
}

static void serve_one(int at)
{
    char head[8192];
    size_t len = 0;
    struct pollfd one = {.fd = at, .events = POLLIN};
    while (len < sizeof head - 1 && poll(&one, 1, 1000) > 0) {
        ssize_t got = recv(at, head + len, sizeof head - 1 - len, 0);
        if (got <= 0) {
            break;
        }
        len += (size_t)got;
        head[len] = '\0';
        const char *end = strstr(head, "\r\n\r\n");
        const char *length = strstr(head, "Content-Length: ");
        int64_t body = 0;
        if (length != NULL) {
            struct str digits = str_from_c(length + 16);
            digits.len = str_find_byte(digits, '\r');
            assert_true(str_parse_i64(digits, &body));
        }
        if (end != NULL && len >= (size_t)(end + 4 - head) + (size_t)body) {
            break;
        }
    }
    char path[256] = "";
    if (len > 0) {
        sscanf(head, "%*s %255s", path);
        base_lock(&server.lock);
        memcpy(server.seen, head, len + 1);
        server.requests++;
        base_unlock(&server.lock);
        answer(at, path);
    }
    shutdown(at, SHUT_WR);
    char rest[512];
    while (poll(&one, 1, 200) > 0 && recv(at, rest, sizeof rest, 0) > 0) {
    }
    close(at);
}

static void serve(void *context)
{
    (void)context;
    while (!server.stopping) {
        struct pollfd one = {.fd = server.listener, .events = POLLIN};
        if (poll(&one, 1, 20) > 0) {
            int at = accept(server.listener, NULL, NULL);
            if (at >= 0) {
                serve_one(at);
            }
        }
    }
}

/* Names of the tests: what they resolve to may change from call to call. */
static struct {
    int calls;
    struct str hosts;
} resolver;

static bool resolve(void *context, const char *host, uint16_t port, struct net_address *out,
                    size_t *out_count, struct fail *fail)
{
    (void)context;
    static const struct {
        const char *host, *addresses;
    } names[] = {
        {"good.test", "127.0.0.1"},
        {"inner.test", "10.0.0.1"},
        {"mixed.test", "8.8.8.8 127.0.0.1"},
        {"v6.test", "::1"},
        {"mapped.test", "::ffff:127.0.0.1"},
        {"metadata.test", "169.254.169.254"},
        {"empty.test", ""},
    };
    resolver.calls++;
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        if (strcmp(host, names[i].host) != 0) {
            continue;
        }
        struct str list = str_from_c(names[i].addresses), word;
        *out_count = 0;
        while (str_next_part(&list, ' ', &word)) {
            if (word.len > 0) {
                assert_true(net_address_parse(word, port, &out[(*out_count)++]));
            }
        }
        return true;
    }
    /* Rebinding: a good address at the first look, a forbidden one at the next. */
    if (strcmp(host, "rebind.test") == 0) {
        *out_count = 1;
        return net_address_parse(resolver.calls == 1 ? STR("127.0.0.1") : STR("169.254.169.254"),
                                 port, out);
    }
    return fail_set(fail, FAIL_IO, "%s: the name is not known", host);
}

struct world {
    struct net_client *client;
    struct arena *arena;
};

static struct str url_of(struct world *world, const char *host, const char *path)
{
    return str_format(world->arena, "http://%s:%u%s", host, (unsigned)server.port, path);
}

static int set_up(void **state)
{
    static struct world world;
    resolver.calls = 0;
    world.arena = arena_new(NULL);
    struct net_client_options options = {.user_agent = STR("firsthand/test"),
                                         .private_hosts =
                                             STR("127.0.0.1 good.test metadata.test rebind.test"),
                                         .resolve = resolve};
    world.client = net_client_new(&options);
    /* The server takes one connection after the other: once it has answered this one, nothing of the test
       before, whose client may have hung up, is still on its way. */
    struct net_fetch last = {.url = url_of(&world, "127.0.0.1", "/ok"), .deadline_ms = 20000};
    net_fetch_all(world.client, &last, 1, world.arena, NULL);
    assert_true(last.good);
    base_lock(&server.lock);
    server.requests = 0;
    base_unlock(&server.lock);
    *state = &world;
    return 0;
}

static int tear_down(void **state)
{
    struct world *world = *state;
    net_client_free(world->client);
    arena_free(world->arena);
    return 0;
}

static struct net_fetch get(struct world *world, const char *host, const char *path)
{
    struct net_fetch fetch = {.url = url_of(world, host, path), .deadline_ms = 5000};
    net_fetch_all(world->client, &fetch, 1, world->arena, NULL);
    return fetch;
}

static int requests_seen(void)
{
    base_lock(&server.lock);
    int count = server.requests;
    base_unlock(&server.lock);
    return count;
}

static bool seen(const char *text)
{
    base_lock(&server.lock);
    bool found = strstr(server.seen, text) != NULL;
    base_unlock(&server.lock);
    return found;
}

static void an_answer_comes_with_what_the_next_request_needs(void **state)
{
    struct world *world = *state;
    struct net_fetch fetch = get(world, "127.0.0.1", "/ok");
    assert_true(fetch.good);
    assert_int_equal(fetch.status, 200);
    assert_true(str_is(fetch.answer, "hello"));
    assert_true(str_is(fetch.answer_type, "text/plain"));
    assert_true(str_is(fetch.answer_etag, "\"v1\""));
    assert_true(str_is(fetch.answer_last_modified, "Sat, 28 Nov 2026 08:00:00 GMT"));
    assert_int_equal(fetch.retry_after_s, 7);
    assert_true(seen("User-Agent: firsthand/test\r\n"));
    assert_false(seen("Cookie"));
    assert_false(seen("If-None-Match"));

    struct net_fetch next = {.url = url_of(world, "good.test", "/same"),
                             .etag = fetch.answer_etag,
                             .last_modified = fetch.answer_last_modified};
    net_fetch_all(world->client, &next, 1, world->arena, NULL);
    assert_true(next.good && next.not_modified);
    assert_int_equal(next.answer.len, 0);
    assert_true(seen("If-None-Match: \"v1\"\r\n"));
    assert_true(seen("If-Modified-Since: Sat, 28 Nov 2026 08:00:00 GMT\r\n"));
    assert_true(seen("Host: good.test:"));
    assert_false(seen("Cookie"));
}

static void an_answer_of_any_status_is_an_answer(void **state)
{
    struct net_fetch fetch = get(*state, "127.0.0.1", "/absent");
    assert_true(fetch.good);
    assert_int_equal(fetch.status, 404);
    assert_true(str_is(fetch.answer, "none"));
}

static void a_post_sends_its_body_and_no_header_is_smuggled(void **state)
{
    struct world *world = *state;
    const struct str headers[] = {STR("X-One: 1"), STR("X-Two: 2\r\nX-Three: 3")};
    struct net_fetch fetch = {.method = NET_FETCH_POST,
                              .url = url_of(world, "127.0.0.1", "/ok"),
                              .body = STR("{\"a\":1}"),
                              .content_type = STR("application/json"),
                              .headers = headers,
                              .header_count = 2};
    net_fetch_all(world->client, &fetch, 1, world->arena, NULL);
    assert_true(fetch.good);
    assert_true(seen("POST /ok HTTP/1.1\r\n"));
    assert_true(seen("Content-Type: application/json\r\n"));
    assert_true(seen("\r\n\r\n{\"a\":1}"));
    assert_true(seen("X-One: 1\r\n"));
    assert_false(seen("X-Three"));
}

static void what_is_too_large_is_cut_off(void **state)
{
    struct world *world = *state;
    static const char *const paths[] = {"/huge", "/bomb", "/heads"};
    for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
        struct net_fetch fetch = {.url = url_of(world, "127.0.0.1", paths[i]), .bytes_max = 100000};
        net_fetch_all(world->client, &fetch, 1, world->arena, NULL);
        assert_false(fetch.good);
        assert_int_equal(fetch.fail.code, FAIL_LIMIT);
        assert_non_null(strstr(fetch.fail.message, "more than 100000 bytes"));
    }
}

static void what_is_too_slow_is_given_up(void **state)
{
    struct world *world = *state;
    struct net_fetch fetch = {.url = url_of(world, "127.0.0.1", "/slow?token=secret"),
                              .deadline_ms = 200};
    fetch.url = url_of(world, "127.0.0.1", "/slow");
    int64_t began_us = base_steady_us(base_clock_real());
    net_fetch_all(world->client, &fetch, 1, world->arena, NULL);
    assert_true(base_steady_us(base_clock_real()) - began_us < 3000000);
    assert_false(fetch.good);
    assert_int_equal(fetch.fail.code, FAIL_IO);
    assert_non_null(strstr(fetch.fail.message, "did not answer in time"));
}

static void a_cancelled_fetch_ends_at_once(void **state)
{
    struct world *world = *state;
    struct base_cancel cancel = {.clock = base_clock_real()};
    base_cancel_now(&cancel);
    struct net_fetch fetch = {.url = url_of(world, "127.0.0.1", "/slow")};
    net_fetch_all(world->client, &fetch, 1, world->arena, &cancel);
    assert_false(fetch.good);
    assert_int_equal(fetch.fail.code, FAIL_CANCELLED);
    struct base_cancel later = {.clock = base_clock_real(),
                                .deadline_us = base_steady_us(base_clock_real()) + 300000};
    net_fetch_all(world->client, &fetch, 1, world->arena, &later);
    assert_false(fetch.good);
    assert_int_equal(fetch.fail.code, FAIL_LIMIT);
}

static void broken_answers_are_failures_that_name_no_path(void **state)
{
    static const char *const paths[] = {"/cut", "/nonsense"};
    for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
        struct net_fetch fetch = get(*state, "127.0.0.1", paths[i]);
        assert_false(fetch.good);
        assert_int_equal(fetch.fail.code, FAIL_IO);
        assert_null(strstr(fetch.fail.message, paths[i]));
    }
}

static void redirects_are_off_bounded_and_judged(void **state)
{
    struct world *world = *state;
    struct net_fetch off = get(world, "127.0.0.1", "/moved");
    assert_true(off.good);
    assert_int_equal(off.status, 301);

    struct net_fetch fetch = {.url = url_of(world, "127.0.0.1", "/moved"), .redirects_max = 3};
    net_fetch_all(world->client, &fetch, 1, world->arena, NULL);
    assert_true(fetch.good);
    assert_int_equal(fetch.status, 200);
    assert_true(str_is(fetch.answer, "hello"));
    assert_true(str_ends(fetch.final_url, STR("/ok")));

    int before = requests_seen();
    fetch = (struct net_fetch){.url = url_of(world, "127.0.0.1", "/loop"), .redirects_max = 3};
    net_fetch_all(world->client, &fetch, 1, world->arena, NULL);
    assert_false(fetch.good);
    assert_non_null(strstr(fetch.fail.message, "redirects too often"));
    assert_int_equal(requests_seen() - before, 4);

    static const struct {
        const char *path;
        enum fail_code code;
    } cases[] = {{"/inside", FAIL_DENIED}, {"/other", FAIL_DENIED}, {"/file", FAIL_INPUT}};
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        fetch = (struct net_fetch){.url = url_of(world, "127.0.0.1", cases[i].path),
                                   .redirects_max = 3};
        net_fetch_all(world->client, &fetch, 1, world->arena, NULL);
        assert_false(fetch.good);
        assert_int_equal(fetch.fail.code, cases[i].code);
    }
}

static void names_that_lead_inside_are_refused_before_anything_is_sent(void **state)
{
    struct world *world = *state;
    static const char *const hosts[] = {"inner.test", "mixed.test", "v6.test", "mapped.test",
                                        "metadata.test"};
    for (size_t i = 0; i < ARRAY_LEN(hosts); i++) {
        struct net_fetch fetch = get(world, hosts[i], "/ok?key=secret");
        assert_false(fetch.good);
        assert_int_equal(fetch.fail.code, FAIL_DENIED);
        assert_non_null(strstr(fetch.fail.message, "address, which is not connected to"));
        assert_null(strstr(fetch.fail.message, "secret"));
    }
    struct net_fetch fetch = get(world, "empty.test", "/ok");
    assert_false(fetch.good);
    fetch = get(world, "unknown.test", "/ok");
    assert_false(fetch.good);
    assert_int_equal(fetch.fail.code, FAIL_IO);
    assert_int_equal(requests_seen(), 0);
}

/* The name is looked up once; what it says later is not asked. */
static void a_rebinding_name_never_reaches_the_second_address(void **state)
{
    struct world *world = *state;
    struct net_fetch fetch = get(world, "rebind.test", "/ok");
    assert_true(fetch.good);
    assert_int_equal(resolver.calls, 1);
    assert_int_equal(requests_seen(), 1);
    fetch = get(world, "rebind.test", "/ok");
    assert_false(fetch.good);
    assert_int_equal(fetch.fail.code, FAIL_DENIED);
    assert_int_equal(resolver.calls, 2);
    assert_int_equal(requests_seen(), 1);
}

static void many_are_fetched_at_once_and_fail_alone(void **state)
{
    struct world *world = *state;
    struct net_fetch fetches[NET_FETCHES_MAX] = {0};
    for (size_t i = 0; i < NET_FETCHES_MAX; i++) {
        fetches[i].url = i % 4 == 3 ? STR("http://10.0.0.1/") : url_of(world, "127.0.0.1", "/ok");
    }
    net_fetch_all(world->client, fetches, NET_FETCHES_MAX, world->arena, NULL);
    for (size_t i = 0; i < NET_FETCHES_MAX; i++) {
        assert_int_equal(fetches[i].good, i % 4 != 3);
        assert_int_equal(fetches[i].fail.code, i % 4 == 3 ? FAIL_DENIED : FAIL_NONE);
    }
}

static int start(void **state)
{
    (void)state;
    base_mutex_init(&server.lock);
    server.listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof at;
    struct fail fail;
    assert_int_equal(bind(server.listener, (struct sockaddr *)&at, sizeof at), 0);
    assert_int_equal(listen(server.listener, 100), 0);
    assert_int_equal(getsockname(server.listener, (struct sockaddr *)&at, &len), 0);
    server.port = ntohs(at.sin_port);
    assert_true(base_thread_start(&server.thread, "test-server", serve, NULL, &fail));
    return 0;
}

static int stop(void **state)
{
    (void)state;
    server.stopping = true;
    base_thread_join(&server.thread);
    close(server.listener);
    base_mutex_done(&server.lock);
    return 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(an_answer_comes_with_what_the_next_request_needs),
        TEST(an_answer_of_any_status_is_an_answer),
        TEST(a_post_sends_its_body_and_no_header_is_smuggled),
        TEST(what_is_too_large_is_cut_off),
        TEST(what_is_too_slow_is_given_up),
        TEST(a_cancelled_fetch_ends_at_once),
        TEST(broken_answers_are_failures_that_name_no_path),
        TEST(redirects_are_off_bounded_and_judged),
        TEST(names_that_lead_inside_are_refused_before_anything_is_sent),
        TEST(a_rebinding_name_never_reaches_the_second_address),
        TEST(many_are_fetched_at_once_and_fail_alone),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
