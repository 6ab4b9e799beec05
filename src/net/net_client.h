/* net_client.h — the way out: fetches over HTTP and HTTPS, and lines over IMAP, to where the operator said.
 *
 * What: several fetches run at once on the caller's thread (one multi handle). Each has a deadline and a limit on
 *   bytes; its host is resolved once, every address judged (net_address.h), and only those connected to. Redirects
 *   are off unless asked for, bounded, and judged like a first address; https never leads to http. Certificates are
 *   checked. No cookies, no proxy or password from the environment. Conditional requests: give the etag and
 *   last_modified of the answer before, and a 304 has no body.
 * Owner: net_client_new/free; results lie in the arena given.
 * Threads: a client is immutable and may be shared; a call belongs to its thread; a net_wire to one thread.
 * Failure: each fetch has its own `fail`: FAIL_DENIED (the guard), FAIL_INPUT (the URL), FAIL_LIMIT (too large),
 *   FAIL_IO (network, certificate, deadline), FAIL_CANCELLED. Messages name host and port, never path, query,
 *   user or password. An answer of any status is no failure.
 * Limits/cost: NET_FETCHES_MAX at once; names are resolved one after the other, by the system's resolver.
 * Units: *_ms, *_bytes.
 * Example: struct net_fetch fetch = {.url = STR("https://example.com/feed"), .bytes_max = 1 << 20};
 *          net_fetch_all(client, &fetch, 1, arena, NULL);
 * Not here: what is fetched (intake), when (app_jobs).
 */
#pragma once

#include "base_thread.h"
#include "net_address.h"

#define NET_FETCHES_MAX 64
#define NET_FETCH_DEADLINE_MS 30000
#define NET_FETCH_HEAD_BYTES_MAX ((size_t)64 << 10)
#define NET_FETCH_REDIRECTS_MAX 5

struct net_client;
struct net_client_options { /* zero = default */
    struct str user_agent;
    struct str
        private_hosts; /* names and addresses that may be loopback or private, separated by spaces */
    const char *ca_file; /* PEM; NULL: the system's */
    /* Resolves `host`; NULL: the system's resolver. For tests. */
    bool (*resolve)(void *context, const char *host, uint16_t port, struct net_address *out,
                    size_t *out_count, struct fail *fail);
    void *resolve_context;
};
struct net_client *net_client_new(const struct net_client_options *options);
void net_client_free(struct net_client *client); /* accepts NULL */

enum net_fetch_method { NET_FETCH_GET, NET_FETCH_POST };

struct net_fetch {
    enum net_fetch_method method;
    struct str url;
    struct str body, content_type;  /* of a POST */
    struct str accept;              /* missing: everything */
    struct str etag, last_modified; /* of the answer before, or missing */
    const struct str *headers;      /* further whole header lines, "Name: value" */
    size_t header_count;
    int64_t deadline_ms; /* for all of it; 0: NET_FETCH_DEADLINE_MS */
    size_t bytes_max;    /* of the body after inflation; 0: 1 MiB */
    int redirects_max;   /* 0: none is followed */

    /* What came of it. */
    bool good; /* there is an answer, of whatever status */
    struct fail fail;
    int status;
    bool not_modified;                                         /* 304 */
    struct str answer;                                         /* the body */
    struct str answer_type, answer_etag, answer_last_modified; /* missing where not sent */
    struct str final_url;                                      /* after redirects */
    int64_t retry_after_s;                                     /* 0: not said */
};
/* Runs them all, at most NET_FETCHES_MAX; returns when each has ended. `cancel` may be NULL. */
void net_fetch_all(const struct net_client *client, struct net_fetch *fetches, size_t count,
                   struct arena *arena, struct base_cancel *cancel);

/* ---- a connection for lines, signed in ------------------------------------------------------------- */

struct net_wire;
struct net_wire_options {
    struct str
        url; /* imaps://host[:port], or imap://host[:port]: then STARTTLS comes before anything else */
    struct str user, password;
    int64_t deadline_ms; /* for everything on this connection */
    struct base_cancel *cancel;
};
/* Connects, secures, signs in (the strongest way both know). A wrong password is FAIL_DENIED. */
bool net_wire_open(const struct net_client *client, const struct net_wire_options *options,
                   struct net_wire **out, struct fail *fail) MUST_USE;
void net_wire_close(struct net_wire *wire); /* accepts NULL */
void net_wire_close_at(struct net_wire **wire);
bool net_wire_send(struct net_wire *wire, struct str bytes, struct fail *fail) MUST_USE;
/* At least a byte and at most `room`; *out_len 0 only at the end of the connection. */
bool net_wire_receive(struct net_wire *wire, char *into, size_t room, size_t *out_len,
                      struct fail *fail) MUST_USE;
