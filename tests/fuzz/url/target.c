/* Addresses that somebody typed, and the guard over them: what is taken names a host and nothing else, and reads the same
 * when it is written from its parts. The input is one address, or several hosts and one to look for among them. */
#include <arpa/inet.h>

#include "net_address.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define SCHEMES (NET_URL_HTTP | NET_URL_HTTPS | NET_URL_IMAP | NET_URL_IMAPS)

static void check_host(struct str host)
{
    INVARIANT(host.len > 0 && host.len <= NET_HOST_BYTES_MAX);
    for (size_t i = 0; i < host.len; i++) {
        char c = host.data[i];
        INVARIANT((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || strchr("-._:", c) != NULL);
        INVARIANT(c != '\0');
    }
}

static void try_url(struct str text, struct arena *arena)
{
    struct net_url url, again;
    struct fail fail;
    if (!net_url_parse(text, SCHEMES, arena, &url, &fail)) {
        INVARIANT(fail.code == FAIL_INPUT && str_is_utf8(str_from_c(fail.message)));
        return;
    }
    check_host(url.host);
    INVARIANT(url.port > 0 && url.path.len > 0 && url.path.data[0] == '/');
    for (size_t i = 0; i < url.path.len; i++) {
        INVARIANT((unsigned char)url.path.data[i] > 0x20U && url.path.data[i] != 0x7f);
    }
    struct str whole = str_format(arena, "%.*s%.*s", STR_ARG(url.origin), STR_ARG(url.path));
    INVARIANT(net_url_parse(whole, url.scheme, arena, &again, &fail));
    INVARIANT(str_equal(again.host, url.host) && again.port == url.port);
    INVARIANT(str_equal(again.path, url.path) && str_equal(again.origin, url.origin));
    struct net_address address;
    INVARIANT(!url.is_address || net_address_parse(url.host, url.port, &address));
}

static void try_address(struct str text)
{
    struct net_address address, again;
    char shown[INET6_ADDRSTRLEN];
    if (!net_address_parse(text, 443, &address)) {
        return;
    }
    net_address_format(&address, shown, sizeof shown);
    INVARIANT(net_address_parse(str_from_c(shown), 443, &again));
    INVARIANT(net_address_equal(&address, &again));
    const char *strictly = net_address_refused(&address, false);
    const char *allowed = net_address_refused(&address, true);
    INVARIANT(allowed == NULL || strictly != NULL); /* who may do more is not refused more */
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    CLEANUP(arena_free_at) struct arena *arena = arena_new(NULL);
    struct str text = str_of((const char *)data, size);
    struct str rest = text, first;
    try_url(text, arena);
    try_address(text);
    if (size > 0 && str_next_part(&rest, '\n', &first)) {
        INVARIANT(!net_host_listed(rest, first) || first.len > 0);
    }
    return 0;
}
