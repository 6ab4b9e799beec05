/* The guard: every form of an address that has ever been used to get past one. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <stdio.h>

#include "net_address.h"

#define ALL (NET_URL_HTTP | NET_URL_HTTPS | NET_URL_IMAP | NET_URL_IMAPS)

static bool parses(const char *text, struct net_url *out)
{
    static struct arena *arena;
    struct fail fail = {0};
    arena = arena == NULL ? arena_new(NULL) : arena;
    arena_reset(arena);
    bool good = net_url_parse(str_from_c(text), ALL, arena, out, &fail);
    assert_true(good || fail.code == FAIL_INPUT);
    assert_true(good || fail.message[0] != '\0');
    return good;
}

/* Would a connection be made to what this URL names? */
static bool reachable(const char *text)
{
    struct net_url url;
    struct net_address address;
    if (!parses(text, &url)) {
        return false;
    }
    /* A name is judged once it is resolved: here it must be an address. */
    assert_true(url.is_address);
    assert_true(net_address_parse(url.host, url.port, &address));
    return net_address_refused(&address, false) == NULL;
}

static void good_urls_are_taken_apart(void **state)
{
    (void)state;
    struct net_url url;
    assert_true(parses("https://Example.COM/feed.xml?a=1&b=/x#part", &url));
    assert_int_equal(url.scheme, NET_URL_HTTPS);
    assert_true(str_is(url.host, "example.com"));
    assert_int_equal(url.port, 443);
    assert_true(str_is(url.path, "/feed.xml?a=1&b=/x"));
    assert_true(str_is(url.origin, "https://example.com:443"));
    assert_true(parses("HTTP://example.com:8080", &url));
    assert_true(str_is(url.path, "/"));
    assert_int_equal(url.port, 8080);
    assert_true(parses("http://example.com?q", &url));
    assert_true(str_is(url.path, "/?q"));
    assert_true(parses("https://example.com./x", &url));
    assert_true(str_is(url.host, "example.com"));
    assert_true(parses("imaps://mail.example.com", &url));
    assert_int_equal(url.port, 993);
    assert_true(parses("imap://mail.example.com", &url));
    assert_int_equal(url.port, 143);
    assert_true(parses("https://[2606:4700::1111]:8443/x", &url));
    assert_true(str_is(url.host, "2606:4700::1111"));
    assert_true(str_is(url.origin, "https://[2606:4700::1111]:8443"));
    assert_true(parses("https://xn--bcher-kva.example/", &url));
    assert_true(parses("https://a_b.example/", &url));
}

static void what_is_no_usual_url_is_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",
        "x",
        "example.com",
        "//example.com",
        "/feed",
        "http:/example.com",
        "http//example.com",
        "ftp://example.com",
        "file:///etc/passwd",
        "gopher://example.com",
        "dict://127.0.0.1:11211",
        "ldap://example.com",
        "smb://example.com",
        "javascript:alert(1)",
        "data:text/plain,x",
        "jar:http://example.com!/",
        "unix:///run/x",
        "http+unix://x",
        "httpss://example.com",
        "http://",
        "http:///x",
        "http://:80/",
        "http://?x",
        "http://#x",
        "http://.",
        "http://user@example.com/",
        "http://user:pass@example.com/",
        "http://@example.com/",
        "http://example.com@127.0.0.1/",
        "http://127.0.0.1:80@example.com/",
        "http://a:b@c@example.com",
        "http://example.com\\@127.0.0.1/",
        "http://example.com\\.evil/",
        "http:\\\\example.com\\",
        "http://exa mple.com/",
        "http://example.com/a b",
        "http://example.com/\t",
        "http://example.com/\r\nHost: evil",
        "http://example.com/\x01",
        "http://ex\xC3\xA4mple.com/",
        "http://example.com/\xC3\xA4",
        "http://\xE2\x91\xA0/",
        ("http://example\xE3\x80\x82"
         "com/"),
        "http://example.com:",
        "http://example.com:0/",
        "http://example.com:65536/",
        "http://example.com:99999999/",
        "http://example.com:-1/",
        "http://example.com:+80/",
        "http://example.com:080/",
        "http://example.com:8o/",
        "http://example.com:80:80/",
        "http://example.com: 80/",
        "http://[::1",
        "http://[::1]x/",
        "http://[]/",
        "http://[127.0.0.1]/",
        "http://[example.com]/",
        "http://[::1%25eth0]/",
        "http://[fe80::1%eth0]/",
        "http://::1/",
        "http://2606:4700::1111/",
        "http://[::1]]/",
        "http://[[::1]]/",
        "http://-a.example/",
        "http://a-.example/",
        "http://a..example/",
        "http://.example.com/",
        "http://example.com../",
        "http://exa%6dple.com/",
        "http://%31%32%37.0.0.1/",
        "http://example.com%00.evil/",
        "http://ex*mple.com/",
        "http://ex!mple.com/",
        "http://ex'mple.com/",
        "http://(example.com)/",
        "http://<x>/",
        "http://a,b.example/",
        "http://a;b.example/",
        "http://a$b.example/",
        "http://a&b.example/",
        "http://a=b.example/",
        "http://~a.example/",
        "http://a|b.example/",
        "http://^.example/",
        "http://aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffff1234.example/",
    };
    struct net_url url;
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        if (parses(bad[i], &url)) {
            fail_msg("taken: %s", bad[i]);
        }
    }
    char longer[NET_URL_BYTES_MAX + 32];
    memset(longer, 'a', sizeof longer);
    memcpy(longer, "http://example.com/", 19);
    longer[NET_URL_BYTES_MAX + 1] = '\0';
    assert_false(parses(longer, &url));
    longer[NET_URL_BYTES_MAX] = '\0';
    assert_true(parses(longer, &url));
}

static void odd_forms_of_addresses_reach_nothing(void **state)
{
    (void)state;
    /* Every one of these is 127.0.0.1, 10.0.0.1, 169.254.169.254 or the like to some library. */
    static const char *const hosts[] = {
        "127.0.0.1",
        "127.0.0.1.",
        "127.1",
        "127.0.1",
        "127",
        "0",
        "0.0.0.0",
        "00.0.0.0",
        "0x0",
        "0x7f000001",
        "0x7f.0x0.0x0.0x1",
        "0x7f.1",
        "0X7F000001",
        "2130706433",
        "02130706433",
        "017700000001",
        "0177.0.0.1",
        "0177.0.0.01",
        "0177.1",
        "127.0.0.01",
        "127.00.0.1",
        "127.0.0.0x1",
        "127.0x0.0.1",
        "127.0.0.1.1",
        "256.0.0.1",
        "127.0.0.256",
        "1.2.3",
        "127.0.0.1e0",
        "3232235521",
        "0xC0A80001",
        "0xa9fea9fe",
        "2852039166",
        "0251.0376.0251.0376",
        "0xA9.0xFE.0xA9.0xFE",
        "169.254.169.254",
        "169.254.43518",
        "169.16689662",
        "169.254.0xa9fe",
        "169.254.169.254.",
        "10.0.0.1",
        "10.1",
        "167772161",
        "012.0.0.1",
        "172.16.0.1",
        "172.31.255.255",
        "192.168.0.1",
        "192.168.1",
        "100.64.0.1",
        "100.127.255.255",
        "100.100.100.200",
        "168.63.129.16",
        "192.0.0.192",
        "192.0.0.1",
        "192.0.2.1",
        "198.18.0.1",
        "198.19.255.255",
        "198.51.100.1",
        "203.0.113.1",
        "192.88.99.1",
        "224.0.0.1",
        "239.255.255.255",
        "240.0.0.1",
        "255.255.255.255",
        "0.0.0.1",
        "127.255.255.254",
        "[::1]",
        "[::]",
        "[0:0:0:0:0:0:0:1]",
        "[0000::0001]",
        "[::127.0.0.1]",
        "[::7f00:1]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "[::FFFF:7F00:0001]",
        "[0:0:0:0:0:ffff:127.0.0.1]",
        "[::ffff:10.0.0.1]",
        "[::ffff:192.168.0.1]",
        "[::ffff:169.254.169.254]",
        "[::ffff:a9fe:a9fe]",
        "[::ffff:8.8.8.8]",
        "[::ffff:0:127.0.0.1]",
        "[::ffff:0:7f00:1]",
        "[64:ff9b::127.0.0.1]",
        "[64:ff9b::7f00:1]",
        "[64:ff9b::10.0.0.1]",
        "[64:ff9b::a9fe:a9fe]",
        "[64:ff9b::192.168.1.1]",
        "[64:ff9b:1::1]",
        "[64:ff9b:1::7f00:1]",
        "[64:ff9b::1:0:0]",
        "[2002:7f00:1::]",
        "[2002:7f00:1::1]",
        "[2002:a00:1::]",
        "[2002:a9fe:a9fe::]",
        "[2002:c0a8:101::1]",
        "[2002:808:808::1]",
        "[2001::1]",
        "[2001:0:7f00:1::]",
        "[2001:0000:4136:e378:8000:63bf:3fff:fdd2]",
        "[2001:10::1]",
        "[2001:20::1]",
        "[2001:2::1]",
        "[2001:db8::1]",
        "[3fff::1]",
        "[fc00::1]",
        "[fd00::1]",
        "[fdff:ffff::1]",
        "[fd00:ec2::254]",
        "[fd20:ce::254]",
        "[fe80::1]",
        "[febf::1]",
        "[fec0::1]",
        "[feff::1]",
        "[ff02::1]",
        "[ff0e::1]",
        "[100::1]",
        "[4000::1]",
        "[5f00::1]",
        "[::2]",
        "[1::]",
        "[0:1::]",
    };
    static const struct {
        const char *before, *after;
    } forms[] = {{"http://", ""},       {"https://", "/"},    {"http://", ":80/x"},
                 {"HTTPS://", ":8443"}, {"imaps://", "/"},    {"http://", "?x=1"},
                 {"http://", "#f"},     {"http://", ":1/a@b"}};
    int tried = 0;
    for (size_t i = 0; i < ARRAY_LEN(hosts); i++) {
        for (size_t j = 0; j < ARRAY_LEN(forms); j++) {
            char url[128];
            snprintf(url, sizeof url, "%s%s%s", forms[j].before, hosts[i], forms[j].after);
            if (reachable(url)) {
                fail_msg("reachable: %s", url);
            }
            tried++;
        }
    }
    assert_true(tried > 900);
}

static void addresses_of_the_internet_are_reachable(void **state)
{
    (void)state;
    static const char *const good[] = {
        "http://8.8.8.8/",         "http://1.1.1.1/",
        "http://9.255.255.255/",   "http://11.0.0.0/",
        "http://126.255.255.255/", "http://128.0.0.1/",
        "http://172.15.255.255/",  "http://172.32.0.0/",
        "http://192.167.255.255/", "http://192.169.0.0/",
        "http://100.63.255.255/",  "http://100.128.0.0/",
        "http://169.253.255.255/", "http://169.255.0.0/",
        "http://198.17.255.255/",  "http://198.20.0.0/",
        "http://223.255.255.255/", "http://[2606:4700::1111]/",
        "http://[2a00:1450::1]/",  "http://[2001:200::1]/",
        "http://[2003::1]/",       "http://[64:ff9b::8.8.8.8]/",
    };
    for (size_t i = 0; i < ARRAY_LEN(good); i++) {
        if (!reachable(good[i])) {
            fail_msg("not reachable: %s", good[i]);
        }
    }
}

static void a_named_host_may_be_private_but_never_metadata(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool opened;
    } cases[] = {
        {"127.0.0.1", true},        {"10.1.2.3", true},         {"192.168.3.4", true},
        {"172.20.0.1", true},       {"100.64.0.9", true},       {"::1", true},
        {"fd12::1", true},          {"169.254.169.254", false}, {"169.254.1.1", false},
        {"100.100.100.200", false}, {"168.63.129.16", false},   {"fd00:ec2::254", false},
        {"fe80::1", false},         {"0.0.0.0", false},         {"::", false},
        {"224.0.0.1", false},       {"255.255.255.255", false}, {"::ffff:127.0.0.1", false},
        {"64:ff9b::7f00:1", false}, {"2002:7f00:1::", false},   {"192.0.0.192", false},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct net_address address;
        assert_true(net_address_parse(str_from_c(cases[i].text), 80, &address));
        assert_non_null(net_address_refused(&address, false));
        if ((net_address_refused(&address, true) == NULL) != cases[i].opened) {
            fail_msg("%s", cases[i].text);
        }
    }
    assert_true(net_host_listed(STR("127.0.0.1 Mail.internal"), STR("mail.internal")));
    assert_true(net_host_listed(STR("  a  b "), STR("b")));
    assert_false(net_host_listed(STR("mail.internal"), STR("mail.interna")));
    assert_false(net_host_listed(STR("mail.internal"), STR("evil.mail.internal")));
    assert_false(net_host_listed(STR(""), STR("")));
}

static void every_address_of_a_refused_block_is_refused(void **state)
{
    (void)state;
    static const struct {
        uint32_t from, to;
    } blocks[] = {{0x7f000000U, 0x7fffffffU}, {0x0a000000U, 0x0affffffU},
                  {0xac100000U, 0xac1fffffU}, {0xc0a80000U, 0xc0a8ffffU},
                  {0xa9fe0000U, 0xa9feffffU}, {0x64400000U, 0x647fffffU},
                  {0x00000000U, 0x00ffffffU}, {0xe0000000U, 0xffffffffU}};
    for (size_t b = 0; b < ARRAY_LEN(blocks); b++) {
        uint32_t step = (blocks[b].to - blocks[b].from) / 509U + 1U;
        for (uint64_t n = blocks[b].from; n <= blocks[b].to; n += step) {
            struct net_address address = {.len = sizeof(struct sockaddr_in)};
            address.v4.sin_family = AF_INET;
            address.v4.sin_addr.s_addr = htonl((uint32_t)n);
            assert_non_null(net_address_refused(&address, false));
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_urls_are_taken_apart),
        cmocka_unit_test(what_is_no_usual_url_is_refused),
        cmocka_unit_test(odd_forms_of_addresses_reach_nothing),
        cmocka_unit_test(addresses_of_the_internet_are_reachable),
        cmocka_unit_test(a_named_host_may_be_private_but_never_metadata),
        cmocka_unit_test(every_address_of_a_refused_block_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
