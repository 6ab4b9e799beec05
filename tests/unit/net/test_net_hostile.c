/* Requests that no honest client sends. After each the server must still serve others, and none of what was
 * hidden inside may have been handled. */
#include "net_fixture.h"

static void still_serves(struct fixture *fixture)
{
    EXCHANGE(fixture, "GET /echo HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    assert_non_null(strstr(fixture->text, "HTTP/1.1 200 OK"));
}

/* Sends what is not to be handled; the connection must be over soon, with an error if there is an answer. */
static void refused(struct fixture *fixture, const char *data, size_t len)
{
    int before = atomic_load(&fixture->handled);
    bool ended = exchange(fixture, data, len, 1500);
    if (!ended || strstr(fixture->text, "HTTP/1.1 2") != NULL) {
        print_message("sent: %.*s\ngot: %s\n", (int)len, data, fixture->text);
    }
    assert_true(ended);
    assert_null(strstr(fixture->text, "HTTP/1.1 2"));
    assert_int_equal(atomic_load(&fixture->handled), before);
}
#define REFUSED(literal) refused(fixture, literal, sizeof(literal) - 1)

static void smuggling_by_two_lengths_is_refused(void **context)
{
    struct fixture *fixture = *context;
    REFUSED(
        "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\nTransfer-Encoding: chunked\r\n\r\n"
        "0\r\n\r\nGET /hidden HTTP/1.1\r\nHost: a\r\n\r\n");
    REFUSED(
        "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n"
        "0\r\n\r\n");
    REFUSED("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 30\r\n\r\n"
            "helloGET /hidden HTTP/1.1\r\n\r\n");
    REFUSED(
        "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\ncontent-length: 5\r\n\r\nhello");
    REFUSED("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 5, 5\r\n\r\nhello");
    REFUSED("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: +5\r\n\r\nhello");
    REFUSED("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: -5\r\n\r\nhello");
    REFUSED("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 0x5\r\n\r\nhello");
    REFUSED(
        "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999999999999999\r\n\r\nhello");
    still_serves(fixture);
}

static void smuggling_by_transfer_coding_is_refused(void **context)
{
    struct fixture *fixture = *context;
    REFUSED("POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\n0\r\n\r\n");
    REFUSED(
        "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n");
    REFUSED("POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n"
            "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n");
    REFUSED("POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding : chunked\r\n\r\n0\r\n\r\n");
    REFUSED("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\nTransfer-Encoding:\r\n "
            "chunked\r\n\r\n"
            "0\r\n\r\n");
    REFUSED("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\nTransfer-Encoding: "
            "x\r\n\tchunked\r\n\r\n"
            "0\r\n\r\n");
    REFUSED("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n 0\r\n\r\nx");
    REFUSED("POST /echo HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n");
    REFUSED("POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: \x0b"
            "chunked\r\n\r\n0\r\n\r\n");
    still_serves(fixture);
}

static void chunks_that_are_none_are_refused(void **context)
{
    struct fixture *fixture = *context;
    REFUSED("POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: "
            "chunked\r\n\r\nzz\r\nhello\r\n0\r\n\r\n");
    REFUSED("POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: "
            "chunked\r\n\r\n-1\r\nhello\r\n0\r\n\r\n");
    REFUSED("POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
            "ffffffffffffffffffff\r\nhello\r\n0\r\n\r\n");
    REFUSED("POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: "
            "chunked\r\n\r\n5\r\nhelloXX\r\n0\r\n\r\n");
    still_serves(fixture);
}

static void control_bytes_are_refused(void **context)
{
    struct fixture *fixture = *context;
    REFUSED("GET /echo HTTP/1.1\r\nHost: a\r\nX-A: a\x01"
            "b\r\n\r\n");
    REFUSED("GET /echo HTTP/1.1\r\nHost: a\r\nX-A: a\x7f\r\n\r\n");
    REFUSED("GET /echo HTTP/1.1\r\nHost: a\r\nX\x01-A: a\r\n\r\n");
    REFUSED("GET /ec\x01ho HTTP/1.1\r\nHost: a\r\n\r\n");
    REFUSED("GET /ec\xc3\xb8ho HTTP/1.1\r\nHost: a\r\n\r\n");
    REFUSED("GET /a b HTTP/1.1\r\nHost: a\r\n\r\n");
    REFUSED("GET /echo HTTP/1.1\r\nHost: a\r\nX A: a\r\n\r\n");
    still_serves(fixture);
}

static void odd_request_lines_are_refused(void **context)
{
    struct fixture *fixture = *context;
    REFUSED("TRACE /echo HTTP/1.1\r\nHost: a\r\n\r\n");
    REFUSED("CONNECT a:443 HTTP/1.1\r\nHost: a\r\n\r\n");
    REFUSED("get /echo HTTP/1.1\r\nHost: a\r\n\r\n");
    REFUSED("G@T /echo HTTP/1.1\r\nHost: a\r\n\r\n");
    REFUSED("GET echo HTTP/1.1\r\nHost: a\r\n\r\n");
    REFUSED("GET http://evil.example/echo HTTP/1.1\r\nHost: a\r\n\r\n");
    REFUSED("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n");
    REFUSED("GET /echo?x=%zz HTTP/1.1\r\nHost: a\r\n\r\n");
    REFUSED("GET /echo HTTP/2.0\r\nHost: a\r\n\r\n");
    REFUSED("GET /echo HTTP/1.1\r\n\r\n");
    REFUSED("GET /echo HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n");
    REFUSED("GET /echo HTTP/1.1\r\nHost: a/b\r\n\r\n");
    still_serves(fixture);
}

static void heads_without_end_are_refused(void **context)
{
    struct fixture *fixture = *context;
    struct base_buf head = {0};
    base_buf_c(&head, "GET /");
    for (int i = 0; i < 20000; i++) {
        base_buf_c(&head, "aaaaaaaaaa");
    }
    base_buf_c(&head, " HTTP/1.1\r\nHost: a\r\n\r\n");
    refused(fixture, head.data, head.len);
    base_buf_reset(&head);
    base_buf_c(&head, "GET /echo HTTP/1.1\r\nHost: a\r\n");
    for (int i = 0; i < 20000; i++) {
        base_buf_printf(&head, "X-%d: aaaaaaaaaa\r\n", i);
    }
    base_buf_c(&head, "\r\n");
    refused(fixture, head.data, head.len);
    base_buf_reset(&head);
    base_buf_c(&head, "GET /echo HTTP/1.1\r\nHost: a\r\n");
    for (int i = 0; i < 150; i++) {
        base_buf_printf(&head, "X-%d: a\r\n", i);
    }
    base_buf_c(&head, "\r\n");
    refused(fixture, head.data, head.len);
    assert_non_null(strstr(fixture->text, "HTTP/1.1 431 "));
    base_buf_done(&head);
    still_serves(fixture);
}

static void noise_is_refused(void **context)
{
    struct fixture *fixture = *context;
    char noise[3000];
    uint32_t seed = 12345;
    for (int round = 0; round < 20; round++) {
        for (size_t i = 0; i < sizeof noise; i++) {
            seed = seed * 1664525U + 1013904223U;
            noise[i] = (char)(unsigned char)(seed >> 24);
        }
        int fd = client_open(fixture);
        client_send(fd, noise, sizeof noise);
        shutdown(fd, SHUT_WR);
        assert_true(client_read(fixture, fd, 1500));
        assert_null(strstr(fixture->text, "HTTP/1.1 2"));
        close(fd);
    }
    still_serves(fixture);
}

static struct fixture *impatient(void)
{
    struct fixture *fixture = base_alloc_zero(sizeof *fixture);
    fixture->options.request_ms = 700;
    fixture->options.idle_ms = 5000;
    fixture_start(fixture);
    return fixture;
}

static void drip(struct fixture *fixture, const char *head)
{
    int fd = client_open(fixture);
    client_send(fd, head, strlen(head));
    bool ended = false;
    for (int i = 0; i < 40 && !ended; i++) {
        client_send(fd, "x", 1);
        ended = client_read(fixture, fd, 100);
    }
    assert_true(ended);
    close(fd);
}

static void client_that_drips_bytes_is_cut_off(void **context)
{
    (void)context;
    struct fixture *fixture = impatient();
    drip(fixture, "GET /echo HTTP/1.1\r\nX-A: ");
    drip(fixture, "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 90000\r\n\r\n");
    drip(fixture, "G");
    assert_int_equal(atomic_load(&fixture->handled), 0);
    struct net_server_counts counts;
    net_server_count(fixture->server, &counts);
    assert_int_equal(counts.refused_slow, 3);
    still_serves(fixture);
    net_server_free(fixture->server);
    base_free(fixture->text);
    base_free(fixture);
}

static void handler_may_take_longer_than_a_request_may(void **context)
{
    (void)context;
    struct fixture *fixture = impatient();
    int fd = client_open(fixture);
    static const char slow[] = "GET /slow HTTP/1.1\r\nHost: a\r\n\r\n";
    client_send(fd, slow, sizeof slow - 1);
    assert_false(client_read(fixture, fd, 1500));
    atomic_store(&fixture->let_go, true);
    client_read(fixture, fd, 500);
    assert_non_null(strstr(fixture->text, "waited"));
    close(fd);
    net_server_free(fixture->server);
    base_free(fixture->text);
    base_free(fixture);
}

static void one_address_cannot_take_all_connections(void **context)
{
    (void)context;
    struct fixture *fixture = base_alloc_zero(sizeof *fixture);
    fixture->options.threads = 1;
    fixture->options.connections_per_address_max = 5;
    fixture_start(fixture);
    int fds[8];
    int ended = 0;
    for (int i = 0; i < 8; i++) {
        fds[i] = client_open(fixture);
    }
    for (int i = 0; i < 8; i++) {
        ended += client_read(fixture, fds[i], 100) ? 1 : 0;
    }
    assert_int_equal(ended, 3);
    for (int i = 0; i < 8; i++) {
        close(fds[i]);
    }
    poll(NULL, 0, 100);
    still_serves(fixture);
    net_server_free(fixture->server);
    base_free(fixture->text);
    base_free(fixture);
}

static void bodies_together_stay_under_their_ceiling(void **context)
{
    (void)context;
    struct fixture *fixture = base_alloc_zero(sizeof *fixture);
    fixture->options.bodies_bytes_max = 100000;
    fixture_start(fixture);
    static char body[60000];
    static const char head[] = "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 60001\r\n\r\n";
    memset(body, 'x', sizeof body);
    int one = client_open(fixture);
    int two = client_open(fixture);
    client_send(one, head, sizeof head - 1);
    client_send(one, body, sizeof body);
    client_read(fixture, one, 200);
    client_send(two, head, sizeof head - 1);
    client_send(two, body, sizeof body);
    client_send(two, "x", 1);
    client_read(fixture, two, 300);
    assert_non_null(strstr(fixture->text, "HTTP/1.1 503 "));
    client_send(one, "x", 1);
    client_read(fixture, one, 300);
    assert_non_null(strstr(fixture->text, "HTTP/1.1 200 "));
    close(one);
    close(two);
    poll(NULL, 0, 100);
    struct net_server_counts counts;
    net_server_count(fixture->server, &counts);
    assert_int_equal(counts.body_bytes, 0);
    net_server_free(fixture->server);
    base_free(fixture->text);
    base_free(fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(smuggling_by_two_lengths_is_refused),
        TEST(smuggling_by_transfer_coding_is_refused),
        TEST(chunks_that_are_none_are_refused),
        TEST(control_bytes_are_refused),
        TEST(odd_request_lines_are_refused),
        TEST(heads_without_end_are_refused),
        TEST(noise_is_refused),
        cmocka_unit_test(client_that_drips_bytes_is_cut_off),
        cmocka_unit_test(handler_may_take_longer_than_a_request_may),
        cmocka_unit_test(one_address_cannot_take_all_connections),
        cmocka_unit_test(bodies_together_stay_under_their_ceiling),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
