/* net_address.h — where the server may connect to: addresses of URLs, and the guard over them.
 *
 * What: a URL that somebody typed must not become a way into the network that the server stands in. URLs are read
 *   strictly (no user, no odd forms of numbers), their hosts are resolved once, *every* address is judged, and
 *   only judged addresses are connected to. Loopback, private, link-local, multicast, reserved and metadata
 *   addresses are refused, also inside IPv6 forms that carry an IPv4 address. A host that the setting
 *   private_hosts names may be loopback or private; link-local and metadata addresses stay refused.
 * Owner: text in the arena given.   Threads: pure functions.
 * Failure: FAIL_INPUT for a URL that is none; FAIL_DENIED for an address that is refused.
 * Limits/cost: NET_URL_BYTES_MAX, NET_ADDRESSES_MAX.   Units: none.
 * Example: net_url_parse(STR("https://example.com/feed"), NET_URL_HTTP | NET_URL_HTTPS, arena, &url, fail)
 * Not here: connecting (net_client.h).
 */
#pragma once

#include <netinet/in.h>

#include "base_str.h"

#define NET_URL_BYTES_MAX 2048
#define NET_HOST_BYTES_MAX 253
#define NET_ADDRESSES_MAX 16

enum net_url_scheme { NET_URL_HTTP = 1, NET_URL_HTTPS = 2, NET_URL_IMAP = 4, NET_URL_IMAPS = 8 };

struct net_url {
    enum net_url_scheme scheme;
    struct str host; /* lower case, without brackets and final dot */
    bool is_address; /* the host is an address, not a name */
    uint16_t port;
    struct str path;   /* from the first '/', with the query, without the fragment; at least "/" */
    struct str origin; /* "https://host:port": what may be shown and logged */
};
/* `schemes`: those allowed, or'ed. */
bool net_url_parse(struct str text, unsigned schemes, struct arena *arena, struct net_url *out,
                   struct fail *fail) MUST_USE;

struct net_address {
    union {
        struct sockaddr any;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
    };
    socklen_t len;
};
/* An address in text (dotted quad or IPv6), with a port. */
bool net_address_parse(struct str text, uint16_t port, struct net_address *out);
/* "127.0.0.1", "2001:db8::1"; at least INET6_ADDRSTRLEN bytes. */
void net_address_format(const struct net_address *address, char *out, size_t room);
bool net_address_equal(const struct net_address *a, const struct net_address *b);

/* NULL: may be connected to. Else why not: "loopback", "private", ... `allow_private`: the operator named this
   host. */
const char *net_address_refused(const struct net_address *address, bool allow_private);

/* Is `host` one of `list` (names or addresses, separated by spaces)? */
bool net_host_listed(struct str list, struct str host);
