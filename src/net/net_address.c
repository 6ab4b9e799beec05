#include "net_address.h"

#include <arpa/inet.h>
#include <stdio.h>

static const struct {
    const char *word;
    enum net_url_scheme scheme;
    uint16_t port;
} SCHEMES[] = {
    {"http", NET_URL_HTTP, 80},
    {"https", NET_URL_HTTPS, 443},
    {"imap", NET_URL_IMAP, 143},
    {"imaps", NET_URL_IMAPS, 993},
};

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool read_scheme(struct str *rest, unsigned schemes, struct net_url *url, struct fail *fail)
{
    size_t colon = str_find(*rest, STR("://"));
    for (size_t i = 0; colon < rest->len && i < ARRAY_LEN(SCHEMES); i++) {
        size_t len = strlen(SCHEMES[i].word), at = 0;
        while (colon == len && at < len && lower(rest->data[at]) == SCHEMES[i].word[at]) {
            at++;
        }
        if (colon == len && at == len && (SCHEMES[i].scheme & schemes) != 0) {
            url->scheme = SCHEMES[i].scheme;
            url->port = SCHEMES[i].port;
            *rest = str_after(*rest, colon + 3);
            return true;
        }
    }
    return fail_set(fail, FAIL_INPUT, "the address must begin with %s",
                    (schemes & NET_URL_IMAPS) != 0 ? "imaps:// or imap://" : "https:// or http://");
}

static bool read_port(struct str text, struct net_url *url, struct fail *fail)
{
    uint64_t port = 0;
    if (text.len == 0 || text.len > 5 || text.data[0] == '0' || !str_parse_u64(text, &port) ||
        port == 0 || port > UINT16_MAX) {
        return fail_set(fail, FAIL_INPUT, "the port must be a number from 1 to 65535");
    }
    url->port = (uint16_t)port;
    return true;
}

/* Hosts made of digits and dots, or with a part that begins like a number, are read by some libraries as addresses
   in octal, hexadecimal or with parts left out. Only the one usual form is taken. */
static bool looks_numeric(struct str host)
{
    struct str rest = host, part = {NULL, 0};
    while (str_next_part(&rest, '.', &part)) {
    }
    return part.len > 0 && is_digit(part.data[0]);
}

static bool name_valid(struct str host)
{
    struct str rest = host, label;
    while (str_next_part(&rest, '.', &label)) {
        if (label.len == 0 || label.len > 63 || label.data[0] == '-' ||
            label.data[label.len - 1] == '-') {
            return false;
        }
        for (size_t i = 0; i < label.len; i++) {
            char c = label.data[i];
            if (!is_digit(c) && !(c >= 'a' && c <= 'z') && c != '-' && c != '_') {
                return false;
            }
        }
    }
    return host.len > 0 && host.len <= NET_HOST_BYTES_MAX;
}

static bool read_host(struct str text, bool bracketed, struct arena *arena, struct net_url *url,
                      struct fail *fail)
{
    char *copy = str_copy_c(arena, text);
    for (size_t i = 0; i < text.len; i++) {
        copy[i] = lower(copy[i]);
    }
    url->host = str_of(copy, text.len);
    if (!bracketed && url->host.len > 1 && url->host.data[url->host.len - 1] == '.') {
        url->host.len--;
        copy[url->host.len] = '\0';
    }
    struct net_address address;
    bool is_address = net_address_parse(url->host, url->port, &address);
    bool is_v6 = is_address && address.any.sa_family == AF_INET6;
    if (bracketed ? !is_v6 : is_v6 || (!is_address && looks_numeric(url->host))) {
        return fail_set(fail, FAIL_INPUT,
                        "the host is no address in its usual form (203.0.113.7, [2001:db8::1])");
    }
    if (!is_address && !name_valid(url->host)) {
        return fail_set(fail, FAIL_INPUT,
                        "the host must be a name of letters, digits, dots and hyphens");
    }
    url->is_address = is_address;
    return true;
}

static bool read_authority(struct str text, struct arena *arena, struct net_url *url,
                           struct fail *fail)
{
    bool bracketed = text.len > 0 && text.data[0] == '[';
    size_t end = bracketed ? str_find_byte(text, ']') : str_find_byte(text, ':');
    if (bracketed && end == text.len) {
        return fail_set(fail, FAIL_INPUT, "the host's bracket is not closed");
    }
    struct str host = bracketed ? str_of(text.data + 1, end - 1) : str_of(text.data, end);
    struct str rest = str_after(text, bracketed ? end + 1 : end);
    if (rest.len > 0 && rest.data[0] != ':') {
        return fail_set(fail, FAIL_INPUT, "a port must follow the host, after a colon");
    }
    return (rest.len == 0 || read_port(str_after(rest, 1), url, fail)) &&
           read_host(host, bracketed, arena, url, fail);
}

bool net_url_parse(struct str text, unsigned schemes, struct arena *arena, struct net_url *out,
                   struct fail *fail)
{
    struct net_url url = {0};
    if (text.len > NET_URL_BYTES_MAX) {
        return fail_set(fail, FAIL_INPUT, "an address has at most %d bytes", NET_URL_BYTES_MAX);
    }
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.data[i];
        if (c <= ' ' || c >= 0x7f || c == '\\') {
            return fail_set(fail, FAIL_INPUT,
                            "byte %zu is not allowed in an address: spaces, backslashes and "
                            "letters beyond ASCII must be percent-encoded",
                            i + 1);
        }
    }
    struct str rest = text;
    if (!read_scheme(&rest, schemes, &url, fail)) {
        return false;
    }
    size_t end = 0;
    while (end < rest.len && strchr("/?#", rest.data[end]) == NULL) {
        end++;
    }
    struct str authority = str_of(rest.data, end);
    if (str_find_byte(authority, '@') < authority.len) {
        return fail_set(fail, FAIL_INPUT, "an address must hold no name and no password");
    }
    if (!read_authority(authority, arena, &url, fail)) {
        return false;
    }
    rest = str_after(rest, end);
    rest.len = str_find_byte(rest, '#');
    url.path = rest.len == 0         ? STR("/")
               : rest.data[0] == '/' ? str_copy(arena, rest)
                                     : str_format(arena, "/%.*s", STR_ARG(rest));
    const char *word = url.scheme == NET_URL_HTTP    ? "http"
                       : url.scheme == NET_URL_HTTPS ? "https"
                       : url.scheme == NET_URL_IMAP  ? "imap"
                                                     : "imaps";
    bool v6 = str_find_byte(url.host, ':') < url.host.len;
    url.origin = str_format(arena, "%s://%s%.*s%s:%u", word, v6 ? "[" : "", STR_ARG(url.host),
                            v6 ? "]" : "", (unsigned)url.port);
    *out = url;
    return true;
}

/* ---- addresses --------------------------------------------------------------------------------- */

bool net_address_parse(struct str text, uint16_t port, struct net_address *out)
{
    char c[INET6_ADDRSTRLEN];
    struct net_address address = {0};
    if (text.len == 0 || text.len >= sizeof c || memchr(text.data, '\0', text.len) != NULL) {
        return false;
    }
    memcpy(c, text.data, text.len);
    c[text.len] = '\0';
    if (inet_pton(AF_INET, c, &address.v4.sin_addr) == 1) {
        address.v4.sin_family = AF_INET;
        address.v4.sin_port = htons(port);
        address.len = sizeof address.v4;
    } else if (inet_pton(AF_INET6, c, &address.v6.sin6_addr) == 1) {
        address.v6.sin6_family = AF_INET6;
        address.v6.sin6_port = htons(port);
        address.len = sizeof address.v6;
    } else {
        return false;
    }
    *out = address;
    return true;
}

void net_address_format(const struct net_address *address, char *out, size_t room)
{
    const void *bytes = address->any.sa_family == AF_INET ? (const void *)&address->v4.sin_addr
                                                          : (const void *)&address->v6.sin6_addr;
    if (inet_ntop(address->any.sa_family, bytes, out, (socklen_t)room) == NULL) {
        snprintf(out, room, "?");
    }
}

bool net_address_equal(const struct net_address *a, const struct net_address *b)
{
    if (a->any.sa_family != b->any.sa_family) {
        return false;
    }
    if (a->any.sa_family == AF_INET) {
        return a->v4.sin_addr.s_addr == b->v4.sin_addr.s_addr && a->v4.sin_port == b->v4.sin_port;
    }
    return memcmp(&a->v6.sin6_addr, &b->v6.sin6_addr, sizeof a->v6.sin6_addr) == 0 &&
           a->v6.sin6_port == b->v6.sin6_port;
}

/* The registries of special-purpose addresses (RFC 6890 and what followed). */
struct block {
    uint8_t bytes[16];
    uint8_t bits;
    bool nameable; /* private_hosts may open it */
    const char *what;
};

static const struct block V4[] = {
    {{127}, 8, true, "loopback"},
    {{10}, 8, true, "private"},
    {{172, 16}, 12, true, "private"},
    {{192, 168}, 16, true, "private"},
    {{100, 64}, 10, true, "shared (carrier)"},
    {{169, 254}, 16, false, "link-local"},
    {{168, 63, 129, 16}, 32, false, "metadata"},
    {{0}, 8, false, "unspecified"},
    {{192, 0, 0}, 24, false, "reserved"},
    {{192, 0, 2}, 24, false, "documentation"},
    {{198, 51, 100}, 24, false, "documentation"},
    {{203, 0, 113}, 24, false, "documentation"},
    {{192, 88, 99}, 24, false, "reserved"},
    {{198, 18}, 15, false, "reserved"},
    {{224}, 4, false, "multicast"},
    {{240}, 4, false, "reserved"},
};

/* The metadata services of clouds that lie inside blocks that may be opened. */
static const struct block V4_NEVER[] = {
    {{100, 100, 100, 200}, 32, false, "metadata"},
    {{192, 0, 0, 192}, 32, false, "metadata"},
};

static const struct block V6[] = {
    {{[15] = 1}, 128, true, "loopback"},
    {{0xfd, 0x00, 0x0e, 0xc2, [15] = 0}, 32, false, "metadata"},
    {{0xfd, 0x20, 0x00, 0xce, [15] = 0}, 32, false, "metadata"},
    {{0xfc}, 7, true, "private"},
    {{0xfe, 0x80}, 10, false, "link-local"},
    {{0xfe, 0xc0}, 10, false, "site-local"},
    {{0xff}, 8, false, "multicast"},
    {{0x20, 0x01}, 23, false, "reserved"}, /* Teredo, benchmarking, ORCHID */
    {{0x20, 0x01, 0x0d, 0xb8}, 32, false, "documentation"},
    {{0x20, 0x02}, 16, false, "6to4"},
    {{0x3f, 0xff}, 20, false, "documentation"},
};

static bool within(const uint8_t *bytes, const struct block *block)
{
    unsigned whole = block->bits / 8U, left = block->bits % 8U;
    if (memcmp(bytes, block->bytes, whole) != 0) {
        return false;
    }
    uint8_t mask = (uint8_t)(0xff00U >> left);
    return left == 0 || ((bytes[whole] ^ block->bytes[whole]) & mask) == 0;
}

static const char *judge(const uint8_t *bytes, const struct block *blocks, size_t count,
                         bool allow_private)
{
    for (size_t i = 0; i < count; i++) {
        if (within(bytes, &blocks[i])) {
            return allow_private && blocks[i].nameable ? NULL : blocks[i].what;
        }
    }
    return NULL;
}

static const char *judge_v4(const uint8_t bytes[4], bool allow_private)
{
    const char *never = judge(bytes, V4_NEVER, ARRAY_LEN(V4_NEVER), false);
    return never != NULL ? never : judge(bytes, V4, ARRAY_LEN(V4), allow_private);
}

const char *net_address_refused(const struct net_address *address, bool allow_private)
{
    uint8_t bytes[16];
    if (address->any.sa_family == AF_INET) {
        memcpy(bytes, &address->v4.sin_addr, 4);
        return judge_v4(bytes, allow_private);
    }
    if (address->any.sa_family != AF_INET6) {
        return "unknown";
    }
    memcpy(bytes, &address->v6.sin6_addr, 16);
    /* NAT64's well-known prefix is how a network without IPv4 reaches it: what it carries is judged. */
    static const uint8_t nat64[12] = {0x00, 0x64, 0xff, 0x9b};
    if (memcmp(bytes, nat64, sizeof nat64) == 0) {
        return judge_v4(bytes + 12, false);
    }
    static const struct block global = {{0x20}, 3, false, "global"};
    const char *why = judge(bytes, V6, ARRAY_LEN(V6), allow_private);
    if (why != NULL) {
        return why;
    }
    static const struct block ula = {{0xfc}, 7, true, "private"},
                              self = {{[15] = 1}, 128, true, ""};
    bool opened = allow_private && (within(bytes, &ula) || within(bytes, &self));
    /* Mapped, compatible, translated and all other forms outside the one global block. */
    return opened || within(bytes, &global) ? NULL : "reserved";
}

bool net_host_listed(struct str list, struct str host)
{
    struct str word;
    while (str_next_part(&list, ' ', &word)) {
        if (word.len != host.len || word.len == 0) {
            continue;
        }
        size_t i = 0;
        while (i < word.len && lower(word.data[i]) == host.data[i]) {
            i++;
        }
        if (i == word.len) {
            return true;
        }
    }
    return false;
}
