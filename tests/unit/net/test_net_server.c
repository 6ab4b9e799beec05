/* What well-behaved clients see. */
#include "net_fixture.h"

static void server_answers_with_method_path_and_parameters(void **context)
{
    struct fixture *fixture = *context;
    assert_true(EXCHANGE(fixture, "GET /a%2Fb/c?x=1&y=a%20b+c HTTP/1.1\r\nHost: a\r\n"
                                  "Connection: close\r\n\r\n"));
    assert_non_null(strstr(fixture->text, "HTTP/1.1 200 OK\r\n"));
    assert_non_null(strstr(fixture->text, "GET /a%2Fb/c [x=1;y=a b c;] peer=127.0.0.1 body=0:"));
    assert_non_null(strstr(fixture->text, "X-Request-Id: "));
}

static void server_takes_bodies_with_a_length_and_in_chunks(void **context)
{
    struct fixture *fixture = *context;
    EXCHANGE(fixture,
             "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nConnection: close\r\n\r\n"
             "hello");
    assert_non_null(strstr(fixture->text, "POST /echo [] peer=127.0.0.1 body=5:hello"));
    EXCHANGE(fixture, "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n"
                      "Connection: close\r\n\r\n3\r\nhel\r\n2;x=y\r\nlo\r\n0\r\nX-T: 1\r\n\r\n");
    assert_non_null(strstr(fixture->text, "body=5:hello"));
    EXCHANGE(fixture,
             "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    assert_non_null(strstr(fixture->text, "body=0:"));
    EXCHANGE(
        fixture,
        "POST /inline HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nConnection: close\r\n\r\nhi");
    assert_non_null(strstr(fixture->text, "POST /inline [] peer=127.0.0.1 body=2:hi"));
}

static void server_keeps_the_connection_for_the_next_request(void **context)
{
    struct fixture *fixture = *context;
    int fd = client_open(fixture);
    for (int i = 0; i < 5; i++) {
        static const char request[] =
            "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi";
        client_send(fd, request, sizeof request - 1);
        assert_false(client_read(fixture, fd, 150));
        assert_non_null(strstr(fixture->text, "body=2:hi"));
    }
    close(fd);
    assert_int_equal(atomic_load(&fixture->handled), 5);
}

static void server_answers_pipelined_requests_in_order(void **context)
{
    struct fixture *fixture = *context;
    EXCHANGE(fixture, "GET /one HTTP/1.1\r\nHost: a\r\n\r\nGET /two HTTP/1.1\r\nHost: a\r\n\r\n"
                      "GET /three HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    const char *one = strstr(fixture->text, "GET /one");
    const char *two = strstr(fixture->text, "GET /two");
    const char *three = strstr(fixture->text, "GET /three");
    assert_true(one != NULL && two != NULL && three != NULL && one < two && two < three);
}

static void server_leaves_the_body_out_for_head(void **context)
{
    struct fixture *fixture = *context;
    EXCHANGE(fixture, "HEAD /echo HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    assert_non_null(strstr(fixture->text, "Content-Length: "));
    assert_null(strstr(fixture->text, "HEAD /echo"));
}

static void server_compresses_long_text_only_where_accepted(void **context)
{
    struct fixture *fixture = *context;
    EXCHANGE(fixture,
             "GET /big HTTP/1.1\r\nHost: a\r\nAccept-Encoding: gzip\r\nConnection: close\r\n\r\n");
    assert_non_null(strstr(fixture->text, "Content-Encoding: gzip\r\n"));
    assert_true(fixture->text_len < 1000);
    EXCHANGE(fixture, "GET /big HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    assert_null(strstr(fixture->text, "Content-Encoding"));
    assert_non_null(strstr(fixture->text, "Vary: Accept-Encoding\r\n"));
    assert_true(fixture->text_len > 10000);
    EXCHANGE(fixture,
             "GET /echo HTTP/1.1\r\nHost: a\r\nAccept-Encoding: gzip\r\nConnection: close\r\n\r\n");
    assert_null(strstr(fixture->text, "Content-Encoding"));
}

static void server_streams_an_answer_of_unknown_length(void **context)
{
    struct fixture *fixture = *context;
    EXCHANGE(fixture, "GET /pull HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    assert_int_equal(count_of(fixture->text, "pppppppppp") > 0, 1);
    assert_true(fixture->text_len > 50000);
}

static void server_refuses_a_body_over_the_limit_and_reads_on(void **context)
{
    struct fixture *fixture = *context;
    static char body[FIXTURE_BODY_MAX * 3];
    char head[128];
    memset(body, 'x', sizeof body);
    int fd = client_open(fixture);
    int len =
        snprintf(head, sizeof head, "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: %zu\r\n\r\n",
                 sizeof body);
    client_send(fd, head, (size_t)len);
    client_send(fd, body, sizeof body);
    assert_false(client_read(fixture, fd, 300));
    assert_non_null(strstr(fixture->text, "HTTP/1.1 413 "));
    static const char next[] = "GET /echo HTTP/1.1\r\nHost: a\r\n\r\n";
    client_send(fd, next, sizeof next - 1);
    client_read(fixture, fd, 300);
    assert_non_null(strstr(fixture->text, "HTTP/1.1 200 "));
    close(fd);
    assert_int_equal(atomic_load(&fixture->handled), 1);
}

static void server_refuses_chunks_over_the_limit(void **context)
{
    struct fixture *fixture = *context;
    static char chunk[40000];
    memset(chunk, 'x', sizeof chunk);
    int fd = client_open(fixture);
    static const char head[] =
        "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
    client_send(fd, head, sizeof head - 1);
    for (int i = 0; i < 5; i++) {
        client_send(fd, "9C40\r\n", 6);
        client_send(fd, chunk, sizeof chunk);
        client_send(fd, "\r\n", 2);
    }
    client_send(fd, "0\r\n\r\n", 5);
    client_read(fixture, fd, 300);
    assert_non_null(strstr(fixture->text, "HTTP/1.1 413 "));
    close(fd);
    assert_int_equal(atomic_load(&fixture->handled), 0);
}

static void server_takes_a_body_of_exactly_the_limit(void **context)
{
    struct fixture *fixture = *context;
    static char body[FIXTURE_BODY_MAX];
    char head[128];
    memset(body, 'x', sizeof body);
    int fd = client_open(fixture);
    int len =
        snprintf(head, sizeof head, "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: %zu\r\n\r\n",
                 sizeof body);
    client_send(fd, head, (size_t)len);
    client_send(fd, body, sizeof body);
    client_read(fixture, fd, 300);
    assert_non_null(strstr(fixture->text, "body=100000:"));
    close(fd);
}

static void server_answers_from_the_head_where_admit_says_no(void **context)
{
    struct fixture *fixture = *context;
    int fd = client_open(fixture);
    static const char request[] =
        "POST /denied HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello";
    client_send(fd, request, sizeof request - 1);
    client_read(fixture, fd, 200);
    assert_non_null(strstr(fixture->text, "HTTP/1.1 403 "));
    client_send(fd, request, sizeof request - 1);
    client_read(fixture, fd, 200);
    assert_non_null(strstr(fixture->text, "HTTP/1.1 403 "));
    close(fd);
    assert_int_equal(atomic_load(&fixture->handled), 0);
}

static void handler_learns_that_its_asker_left(void **context)
{
    struct fixture *fixture = *context;
    int fd = client_open(fixture);
    static const char request[] = "GET /slow HTTP/1.1\r\nHost: a\r\n\r\n";
    client_send(fd, request, sizeof request - 1);
    for (int i = 0; i < 100 && atomic_load(&fixture->handled) == 0; i++) {
        poll(NULL, 0, 10);
    }
    assert_int_equal(atomic_load(&fixture->gone_seen), 0);
    close(fd);
    for (int i = 0; i < 200 && atomic_load(&fixture->gone_seen) == 0; i++) {
        poll(NULL, 0, 10);
    }
    assert_int_equal(atomic_load(&fixture->gone_seen), 1);
}

static void server_serves_others_while_all_workers_wait(void **context)
{
    struct fixture *fixture = *context;
    int waiting[4];
    static const char slow[] = "GET /slow HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
    for (int i = 0; i < 4; i++) {
        waiting[i] = client_open(fixture);
        client_send(waiting[i], slow, sizeof slow - 1);
    }
    for (int i = 0; i < 100 && atomic_load(&fixture->handled) < 4; i++) {
        poll(NULL, 0, 10);
    }
    EXCHANGE(fixture, "GET /inline HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    assert_non_null(strstr(fixture->text, "GET /inline"));
    atomic_store(&fixture->let_go, true);
    for (int i = 0; i < 4; i++) {
        assert_true(client_read(fixture, waiting[i], 1500));
        assert_non_null(strstr(fixture->text, "waited"));
        close(waiting[i]);
    }
}

static void server_stop_lets_what_runs_end(void **context)
{
    struct fixture *fixture = *context;
    int fd = client_open(fixture);
    static const char slow[] = "GET /slow HTTP/1.1\r\nHost: a\r\n\r\n";
    client_send(fd, slow, sizeof slow - 1);
    for (int i = 0; i < 100 && atomic_load(&fixture->handled) == 0; i++) {
        poll(NULL, 0, 10);
    }
    atomic_store(&fixture->let_go, true);
    net_server_stop(fixture->server, 3000);
    assert_true(client_read(fixture, fd, 1500));
    assert_non_null(strstr(fixture->text, "waited"));
    assert_non_null(strstr(fixture->text, "Connection: close\r\n"));
    close(fd);
}

static void server_stop_cancels_what_runs_on(void **context)
{
    struct fixture *fixture = *context;
    int fd = client_open(fixture);
    int idle = client_open(fixture);
    static const char slow[] = "GET /slow HTTP/1.1\r\nHost: a\r\n\r\n";
    client_send(fd, slow, sizeof slow - 1);
    for (int i = 0; i < 100 && atomic_load(&fixture->handled) == 0; i++) {
        poll(NULL, 0, 10);
    }
    net_server_stop(fixture->server, 50);
    assert_int_equal(atomic_load(&fixture->gone_seen), 1);
    assert_true(client_read(fixture, idle, 1500));
    close(fd);
    close(idle);
}

static void server_says_busy_when_the_queue_is_full(void **context)
{
    (void)context;
    struct fixture *fixture = base_alloc_zero(sizeof *fixture);
    fixture->options.workers = 1;
    fixture->options.queue_max = 1;
    fixture_start(fixture);
    int fds[3];
    static const char slow[] = "GET /slow HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
    fds[0] = client_open(fixture);
    client_send(fds[0], slow, sizeof slow - 1);
    for (int i = 0; i < 100 && atomic_load(&fixture->handled) == 0; i++) {
        poll(NULL, 0, 10);
    }
    fds[1] = client_open(fixture);
    client_send(fds[1], slow, sizeof slow - 1);
    struct net_server_counts counts = {0};
    for (int i = 0; i < 100 && counts.waiting[NET_LANE_WORK] == 0; i++) {
        poll(NULL, 0, 10);
        net_server_count(fixture->server, &counts);
    }
    fds[2] = client_open(fixture);
    client_send(fds[2], slow, sizeof slow - 1);
    assert_true(client_read(fixture, fds[2], 1500));
    assert_non_null(strstr(fixture->text, "HTTP/1.1 503 "));
    atomic_store(&fixture->let_go, true);
    for (int i = 0; i < 3; i++) {
        close(fds[i]);
    }
    net_server_free(fixture->server);
    base_free(fixture->text);
    base_free(fixture);
}

static void server_names_an_address_it_cannot_have(void **context)
{
    struct fixture *fixture = *context;
    char listen[64];
    struct fail fail = {0};
    struct net_server *other = NULL;
    snprintf(listen, sizeof listen, "127.0.0.1:%d", net_server_port(fixture->server));
    struct net_server_options options = {.listen = listen, .handler = &fixture->handler};
    assert_false(net_server_start(&options, &other, &fail));
    assert_int_equal(fail.code, FAIL_IO);
    assert_non_null(strstr(fail.message, listen));
    options.listen = "nowhere";
    assert_false(net_server_start(&options, &other, &fail));
    assert_int_equal(fail.code, FAIL_INPUT);
    options.listen = "127.0.0.1:0";
    options.tls_certificate_file = "/nonexistent/cert.pem";
    assert_false(net_server_start(&options, &other, &fail));
    assert_int_equal(fail.code, FAIL_INPUT);
    options.tls_key_file = "/nonexistent/key.pem";
    assert_false(net_server_start(&options, &other, &fail));
    assert_null(other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(server_answers_with_method_path_and_parameters),
        TEST(server_takes_bodies_with_a_length_and_in_chunks),
        TEST(server_keeps_the_connection_for_the_next_request),
        TEST(server_answers_pipelined_requests_in_order),
        TEST(server_leaves_the_body_out_for_head),
        TEST(server_compresses_long_text_only_where_accepted),
        TEST(server_streams_an_answer_of_unknown_length),
        TEST(server_refuses_a_body_over_the_limit_and_reads_on),
        TEST(server_refuses_chunks_over_the_limit),
        TEST(server_takes_a_body_of_exactly_the_limit),
        TEST(server_answers_from_the_head_where_admit_says_no),
        TEST(handler_learns_that_its_asker_left),
        TEST(server_serves_others_while_all_workers_wait),
        TEST(server_stop_lets_what_runs_end),
        TEST(server_stop_cancels_what_runs_on),
        cmocka_unit_test(server_says_busy_when_the_queue_is_full),
        TEST(server_names_an_address_it_cannot_have),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
