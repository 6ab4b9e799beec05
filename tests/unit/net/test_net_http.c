/* Paths, parameters, headers, gzip: no sockets. */
#include "net_fixture.h"

#include <zlib.h>

#include "net_gzip.h"
#include "net_internal.h"

static bool decoded_is(const char *text, bool plus, const char *wanted)
{
    struct arena *arena = arena_new(NULL);
    struct str out;
    bool same = net_percent_decode(arena, str_from_c(text), plus, &out) && str_is(out, wanted);
    arena_free(arena);
    return same;
}

static void percent_decoding_takes_whole_escapes_only(void **state)
{
    (void)state;
    struct arena *arena = arena_new(NULL);
    struct str out;
    assert_true(decoded_is("a%20b%C3%B8", false, "a b\xc3\xb8"));
    assert_true(decoded_is("a+b", true, "a b"));
    assert_true(decoded_is("a+b", false, "a+b"));
    assert_true(decoded_is("%2F%2f", false, "//"));
    assert_true(decoded_is("", false, ""));
    assert_false(net_percent_decode(arena, STR("%"), false, &out));
    assert_false(net_percent_decode(arena, STR("%4"), false, &out));
    assert_false(net_percent_decode(arena, STR("%zz"), false, &out));
    assert_false(net_percent_decode(arena, STR("a%00b"), false, &out));
    arena_free(arena);
}

static void params_are_read_in_order_and_bounded(void **state)
{
    (void)state;
    struct arena *arena = arena_new(NULL);
    const struct net_pair *pairs;
    size_t count;
    struct fail fail = {0};
    assert_true(net_params_parse(arena, STR("a=1&b=x%26y&&c&a=2"), &pairs, &count, &fail));
    assert_int_equal(count, 4);
    assert_true(str_is(pairs[1].value, "x&y"));
    assert_true(str_is(pairs[2].name, "c"));
    assert_int_equal(pairs[2].value.len, 0);
    assert_non_null(pairs[2].value.data);
    char many[512];
    for (size_t i = 0; i < 256; i++) {
        memcpy(many + i * 2, "a&", 2);
    }
    assert_false(net_params_parse(arena, str_of(many, sizeof many), &pairs, &count, &fail));
    assert_int_equal(fail.code, FAIL_INPUT);
    assert_false(net_params_parse(arena, STR("a=%f"), &pairs, &count, &fail));
    arena_free(arena);
}

static const char *form_of(const struct net_pair *headers, size_t count, bool http_1_0)
{
    struct net_request request = {.headers = headers, .header_count = count};
    struct net_form form;
    return net_form_check(&request, http_1_0, &form);
}

static void form_refuses_what_two_parties_could_read_two_ways(void **state)
{
    (void)state;
    struct net_pair both[] = {{STR("Content-Length"), STR("3")},
                              {STR("transfer-encoding"), STR("chunked")}};
    assert_non_null(form_of(both, 2, false));
    struct net_pair twice[] = {{STR("Content-Length"), STR("3")},
                               {STR("content-length"), STR("3")}};
    assert_non_null(form_of(twice, 2, false));
    assert_null(form_of(twice, 1, false));
    static const char *const lengths[] = {"+3",  "-1", "3 ",  "0x3",
                                          "3,3", "",   "1e3", "9999999999999999999"};
    for (size_t i = 0; i < ARRAY_LEN(lengths); i++) {
        struct net_pair bad[] = {{STR("Content-Length"), str_from_c(lengths[i])}};
        assert_non_null(form_of(bad, 1, false));
    }
    static const char *const codings[] = {"gzip", "chunked, gzip", "gzip, chunked", "identity",
                                          "",     "chunked;q=1"};
    for (size_t i = 0; i < ARRAY_LEN(codings); i++) {
        struct net_pair bad[] = {{STR("Transfer-Encoding"), str_from_c(codings[i])}};
        assert_non_null(form_of(bad, 1, false));
    }
    struct net_pair chunked[] = {{STR("Transfer-Encoding"), STR("Chunked")}};
    assert_null(form_of(chunked, 1, false));
    assert_non_null(form_of(chunked, 1, true));
    struct net_pair controls[] = {{STR("X-A"), STR("a\x01")}};
    assert_non_null(form_of(controls, 1, false));
    struct net_pair name[] = {{STR("X A"), STR("a")}};
    assert_non_null(form_of(name, 1, false));
    struct net_pair folded[] = {{STR("Transfer-Encodingchunked"), STR("")}};
    assert_non_null(form_of(folded, 1, false));
    struct net_pair folded_length[] = {{STR("content-length0"), STR("5")}};
    assert_non_null(form_of(folded_length, 1, false));
    struct net_pair hosts[] = {{STR("Host"), STR("a")}, {STR("Host"), STR("b")}};
    assert_non_null(form_of(hosts, 2, false));
    struct net_pair host[] = {{STR("Host"), STR("a/b")}};
    assert_non_null(form_of(host, 1, false));
}

static void listen_addresses_are_taken_apart(void **state)
{
    (void)state;
    struct str host;
    int port;
    assert_true(net_listen_parse(STR("127.0.0.1:8080"), &host, &port));
    assert_true(str_is(host, "127.0.0.1"));
    assert_int_equal(port, 8080);
    assert_true(net_listen_parse(STR("[::1]:0"), &host, &port));
    assert_true(str_is(host, "::1"));
    static const char *const bad[] = {"8080",   ":",     "a:",   "a:b",  "a:70000",
                                      "::1:80", "[::1]", "[::1", "a:-1", ""};
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        assert_false(net_listen_parse(str_from_c(bad[i]), &host, &port));
    }
}

static void gzip_is_used_where_it_is_accepted_and_helps(void **state)
{
    (void)state;
    assert_true(net_accepts_gzip(STR("gzip")));
    assert_true(net_accepts_gzip(STR("br, GZIP;q=0.5")));
    assert_true(net_accepts_gzip(STR("*")));
    assert_false(net_accepts_gzip(STR("gzip;q=0")));
    assert_false(net_accepts_gzip(STR("*, gzip;q=0.0")));
    assert_false(net_accepts_gzip(STR("br")));
    assert_false(net_accepts_gzip(STR("")));
    assert_false(net_accepts_gzip((struct str){0}));
    assert_true(net_gzip_helps(STR("application/problem+json")));
    assert_true(net_gzip_helps(STR("text/plain; charset=utf-8")));
    assert_false(net_gzip_helps(STR("image/png")));
}

static void gzip_comes_back_the_same(void **state)
{
    (void)state;
    static char bytes[200000];
    static char back[200000];
    struct base_buf packed = {0};
    struct fail fail;
    for (size_t i = 0; i < sizeof bytes; i++) {
        bytes[i] = (char)(i * i % 251);
    }
    assert_true(net_gzip(str_of(bytes, sizeof bytes), &packed, &fail));
    assert_true(packed.len < sizeof bytes);
    z_stream stream = {0};
    assert_int_equal(inflateInit2(&stream, 15 + 16), Z_OK);
    stream.next_in = (Bytef *)packed.data;
    stream.avail_in = (uInt)packed.len;
    stream.next_out = (Bytef *)back;
    stream.avail_out = sizeof back;
    assert_int_equal(inflate(&stream, Z_FINISH), Z_STREAM_END);
    inflateEnd(&stream);
    assert_memory_equal(bytes, back, sizeof bytes);
    base_buf_done(&packed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(percent_decoding_takes_whole_escapes_only),
        cmocka_unit_test(params_are_read_in_order_and_bounded),
        cmocka_unit_test(form_refuses_what_two_parties_could_read_two_ways),
        cmocka_unit_test(listen_addresses_are_taken_apart),
        cmocka_unit_test(gzip_is_used_where_it_is_accepted_and_helps),
        cmocka_unit_test(gzip_comes_back_the_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
