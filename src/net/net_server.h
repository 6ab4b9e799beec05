/* net_server.h — a small HTTP/1.1 server: bounded, with deadlines, answering from workers.
 *
 * What: accepts connections, reads a head, asks `admit` whether and how to go on, reads the whole
 * body, and has `handle` fill in the reply: on the thread that reads (NET_LANE_INLINE, for what
 * never waits) or on a worker, while the connection is suspended. libmicrohttpd does the protocol;
 * what it lets through and should not is refused here: two lengths, a length beside
 * Transfer-Encoding, control bytes, odd methods, overlong heads. A whole request has a deadline,
 * since the library's own time-out counts inactivity only. Owner: net_server_start/net_server_free.
 * `handler` and its context must outlive the server. Threads: `threads` readers, `workers` per
 * lane, one keeper of deadlines. admit, handle and refuse are called from any of them, many at
 * once. Failure: FAIL_IO where the address cannot be had; FAIL_INPUT for a bad address or TLS
 * files. Limits/cost: struct net_server_options. Units: *_ms, *_bytes, counts. Example: struct
 * net_server_options options = {.listen = "127.0.0.1:8080", .handler = &handler}; if
 * (!net_server_start(&options, &server, fail)) ... Not here: what is answered (http), the client
 * (net_client.h).
 */
#pragma once

#include "base_clock.h"
#include "net_http.h"

enum net_lane {
    NET_LANE_INLINE, /* on the reading thread: static bytes, counters; never waits */
    NET_LANE_INTAKE, /* workers for what waits for the disk */
    NET_LANE_WORK, /* workers for everything else; questions may take all of them, intake goes on */
    NET_LANES,
};

struct net_admission { /* filled by admit */
    enum net_lane lane;
    size_t body_bytes_max;
    void *route; /* the handler's own; given back as net_request_route */
};

struct net_handler {
    void *context;
    /* The head is complete. True: read the body within the limits given, then `handle`. False:
       `reply` is the answer; the body is thrown away. Must not wait. */
    bool (*admit)(void *context, struct net_request *request, struct net_admission *out,
                  struct net_reply *reply);
    void (*handle)(void *context, struct net_request *request, void *route,
                   struct net_reply *reply);
    /* Fills the reply where the server itself must refuse: 400, 408, 413, 431, 503. `route` is NULL
       before admit. Sets what an error needs (its form, CORS); status is set already. */
    void (*refuse)(void *context, struct net_request *request, void *route, const char *detail,
                   struct net_reply *reply);
    /* Every reply, once it is on its way or broke off: for counters and logs. May be NULL. */
    void (*answered)(void *context, const struct net_request *request, void *route, int status,
                     size_t reply_bytes, int64_t elapsed_us);
};

struct net_server_options { /* zero = default */
    const char *listen; /* "127.0.0.1:8080", "[::1]:0", "0.0.0.0:80"; port 0: any that is free */
    const struct net_handler *handler;
    const struct base_clock *clock;
    int threads;         /* 2 */
    int intake_workers;  /* 8 */
    int workers;         /* 4 */
    int queue_max;       /* requests waiting for a lane's workers: 512; more get 503 */
    int connections_max; /* 16,384, or as many as the process may have descriptors for */
    int connections_per_address_max; /* 1,024: a whole office may come from one address */
    size_t bodies_bytes_max;         /* of all bodies being held: 256 MiB; more get 503 */
    size_t drain_bytes_max;          /* of a refused body that is read and thrown away: 32 MiB */
    int64_t request_ms;              /* from the first byte of a request to its last: 60,000 */
    int64_t idle_ms;                 /* without any byte: 60,000 */
    const char *tls_certificate_file, *tls_key_file; /* PEM; both or neither */
};

struct net_server;
bool net_server_start(const struct net_server_options *options, struct net_server **out,
                      struct fail *fail) MUST_USE;
int net_server_port(const struct net_server *server);
bool net_server_is_tls(const struct net_server *server);
/* Stops accepting, waits up to `grace_ms` for running requests, then tells the rest that their
   asker is gone, waits for them, and closes everything. Once; then net_server_free. */
void net_server_stop(struct net_server *server, int64_t grace_ms);
void net_server_free(
    struct net_server *server); /* accepts NULL; stops with no grace where not stopped */

struct net_server_counts {
    int64_t connections, connections_total, requests_running, waiting[NET_LANES];
    int64_t refused_malformed, refused_slow, refused_busy;
    size_t body_bytes;
};
void net_server_count(struct net_server *server, struct net_server_counts *out);

void *net_request_route(const struct net_request *request);
/* "1.2.3.4:80", "[::1]:80", "localhost:80" taken apart; false where it is none. */
bool net_listen_parse(struct str text, struct str *out_host, int *out_port);
