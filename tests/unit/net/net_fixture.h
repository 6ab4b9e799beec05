/* net_fixture.h — a server with a small handler, and a client that sends exactly the bytes it is told to.
 *
 * What: /echo answers with method, parameters and body; /slow waits until its asker is gone or it is let go;
 *   /big answers with many bytes; /pull streams.
 * Owner: the test.   Threads: the handler's are the server's.   Failure: asserts, on the test's thread only.
 * Limits/cost: a port of 127.0.0.1 that the system chooses.   Units: *_ms.
 * Example: test_net_server.c.   Not here: the tests.
 */
#pragma once

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base_thread.h"
#include "net_server.h"

#define FIXTURE_BODY_MAX 100000

struct fixture {
    struct net_server *server;
    struct net_handler handler;
    struct net_server_options options;
    _Atomic int handled, refused, answered, gone_seen, pull_ended;
    _Atomic bool let_go;
    char *text; /* what the client got last */
    size_t text_len;
};

static inline bool fixture_admit(void *context, struct net_request *request,
                                 struct net_admission *out, struct net_reply *reply)
{
    (void)context;
    out->body_bytes_max = FIXTURE_BODY_MAX;
    out->lane = str_is(request->path, "/inline") ? NET_LANE_INLINE : NET_LANE_WORK;
    if (str_is(request->path, "/denied")) {
        reply->status = 403;
        base_buf_c(&reply->body, "denied");
        return false;
    }
    return true;
}

static inline bool fixture_pull(void *context, char *into, size_t room, size_t *out_len)
{
    int *left = context;
    size_t len = *left > 0 ? (room < 1000 ? room : 1000) : 0;
    memset(into, 'p', len);
    --*left;
    *out_len = len;
    return true;
}

static inline void fixture_pull_done(void *context)
{
    int *left = context;
    *left = -100;
}

static inline void fixture_wait(struct fixture *fixture, struct net_request *request)
{
    for (int i = 0; i < 500 && !atomic_load(&fixture->let_go); i++) {
        if (net_request_gone(request)) {
            atomic_fetch_add(&fixture->gone_seen, 1);
            return;
        }
        poll(NULL, 0, 10);
    }
}

static inline void fixture_handle(void *context, struct net_request *request, void *route,
                                  struct net_reply *reply)
{
    (void)route;
    struct fixture *fixture = context;
    atomic_fetch_add(&fixture->handled, 1);
    reply->status = 200;
    net_reply_header(reply, "Content-Type", STR("text/plain"));
    if (str_is(request->path, "/slow")) {
        fixture_wait(fixture, request);
        base_buf_c(&reply->body, "waited");
    } else if (str_is(request->path, "/big")) {
        for (int i = 0; i < 1000; i++) {
            base_buf_c(&reply->body, "0123456789");
        }
    } else if (str_is(request->path, "/pull")) {
        int *left = arena_small(request->arena, sizeof *left);
        *left = 50;
        reply->pull = fixture_pull;
        reply->pull_done = fixture_pull_done;
        reply->pull_context = left;
    } else {
        base_buf_printf(&reply->body, "%s %.*s [", net_method_name(request->method),
                        STR_ARG(request->path));
        for (size_t i = 0; i < request->param_count; i++) {
            base_buf_printf(&reply->body, "%.*s=%.*s;", STR_ARG(request->params[i].name),
                            STR_ARG(request->params[i].value));
        }
        base_buf_printf(&reply->body, "] peer=%.*s body=%zu:", STR_ARG(request->peer),
                        request->body.len);
        base_buf_str(&reply->body,
                     str_of(request->body.data, request->body.len < 100 ? request->body.len : 100));
    }
}

static inline void fixture_refuse(void *context, struct net_request *request, void *route,
                                  const char *detail, struct net_reply *reply)
{
    (void)request;
    (void)route;
    struct fixture *fixture = context;
    atomic_fetch_add(&fixture->refused, 1);
    base_buf_printf(&reply->body, "refused: %s", detail);
}

static inline void fixture_answered(void *context, const struct net_request *request, void *route,
                                    int status, size_t bytes, int64_t elapsed_us)
{
    (void)request;
    (void)route;
    (void)status;
    (void)bytes;
    (void)elapsed_us;
    struct fixture *fixture = context;
    atomic_fetch_add(&fixture->answered, 1);
}

static inline void fixture_start(struct fixture *fixture)
{
    struct fail fail = {0};
    fixture->handler = (struct net_handler){.context = fixture,
                                            .admit = fixture_admit,
                                            .handle = fixture_handle,
                                            .refuse = fixture_refuse,
                                            .answered = fixture_answered};
    fixture->options.listen = "127.0.0.1:0";
    fixture->options.handler = &fixture->handler;
    if (!net_server_start(&fixture->options, &fixture->server, &fail)) {
        fail_msg("%s", fail.message);
    }
}

static inline int fixture_set_up(void **state)
{
    struct fixture *fixture = base_alloc_zero(sizeof *fixture);
    fixture_start(fixture);
    *state = fixture;
    return 0;
}

static inline int fixture_tear_down(void **state)
{
    struct fixture *fixture = *state;
    net_server_free(fixture->server);
    base_free(fixture->text);
    base_free(fixture);
    return 0;
}

static inline int client_open(const struct fixture *fixture)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((uint16_t)net_server_port(fixture->server)),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof address), 0);
    return fd;
}

static inline void client_send(int fd, const char *data, size_t len)
{
    while (len > 0) {
        ssize_t sent = send(fd, data, len, MSG_NOSIGNAL);
        if (sent <= 0) {
            return; /* the server may have ended the connection: what it said is still to be read */
        }
        data += sent;
        len -= (size_t)sent;
    }
}

/* Reads until the end of the connection, or until nothing came for `quiet_ms`. True: it ended. */
static inline bool client_read(struct fixture *fixture, int fd, int quiet_ms)
{
    struct base_buf got = {.limit = (size_t)8 << 20};
    bool ended = false;
    for (;;) {
        struct pollfd poller = {.fd = fd, .events = POLLIN};
        if (poll(&poller, 1, quiet_ms) <= 0) {
            break;
        }
        char *at = base_buf_room(&got, 65536);
        assert_non_null(at);
        ssize_t len = recv(fd, at, 65536, 0);
        if (len <= 0) {
            ended = true;
            break;
        }
        got.len += (size_t)len;
    }
    base_buf_byte(&got, '\0');
    base_free(fixture->text);
    fixture->text = base_buf_take(&got, &fixture->text_len);
    fixture->text_len--;
    return ended;
}

/* Sends the bytes and reads all there is. */
static inline bool exchange(struct fixture *fixture, const char *data, size_t len, int quiet_ms)
{
    int fd = client_open(fixture);
    client_send(fd, data, len);
    bool ended = client_read(fixture, fd, quiet_ms);
    close(fd);
    return ended;
}
#define EXCHANGE(fixture, literal) exchange(fixture, literal, sizeof(literal) - 1, 1500)

static inline int count_of(const char *text, const char *needle)
{
    int count = 0;
    for (const char *at = strstr(text, needle); at != NULL; at = strstr(at + 1, needle)) {
        count++;
    }
    return count;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_set_up, fixture_tear_down)
