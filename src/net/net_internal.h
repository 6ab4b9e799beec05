/* net_internal.h — what the files of the server share: exchanges, lanes of workers, deadlines.
 *
 * What: an exchange is one request with its reply; a lane is a bounded queue with workers; a watch is the
 *   deadline of one connection, looked at by the keeper.
 * Owner: exchanges belong to the connection's thread of the library, but for the time they lie in a lane,
 *   when the connection is suspended and they belong to the lane or its worker.
 * Threads: as said at each struct.   Failure: as said at each function.
 * Limits/cost: net_server.h.   Units: *_us steady.
 * Example: net_server.c.   Not here: the library's types (net_server.c alone).
 */
#pragma once

#include "base_thread.h"
#include "net_server.h"

/* Guarded by the owning struct net_watches' lock, but `descriptor`: immutable. */
struct net_watch {
    struct net_watch *next, *previous;
    int descriptor;
    int64_t deadline_us; /* 0: none */
    bool reading;        /* a request is awaited, or its rest */
    bool left;           /* the other side sends nothing more */
    int ended_looks;     /* of the keeper, one after the other, that found all that it sent read */
    bool cut;
    /* The request under way, or NULL; the connection's own thread only. */
    struct net_exchange *exchange;
};
struct net_watches {
    struct base_mutex lock;
    struct base_cond wake;
    struct net_watch *head;
    int64_t count, cut_count;
    bool stopping;
    const struct base_clock *clock;
    struct base_thread keeper;
    int leaving; /* an epoll that tells which of them left */
};
bool net_watches_start(struct net_watches *watches, const struct base_clock *clock,
                       struct fail *fail) MUST_USE;
void net_watches_stop(struct net_watches *watches);
struct net_watch *net_watch_new(struct net_watches *watches, int descriptor, int64_t deadline_us);
void net_watch_free(struct net_watches *watches, struct net_watch *watch);
/* `reading`: what comes until then is of the client; else the server answers, and whoever sent all may have closed that
   side. */
void net_watch_set(struct net_watches *watches, struct net_watch *watch, int64_t deadline_us,
                   bool reading);
/* Breaks off every connection that is not being answered by a worker. */
void net_watches_cut_all(struct net_watches *watches);

enum net_phase {
    NET_PHASE_HEAD,    /* the request line is there */
    NET_PHASE_BODY,    /* admitted; the body is coming */
    NET_PHASE_DRAIN,   /* the reply is ready; the rest of the body is thrown away */
    NET_PHASE_RUNNING, /* in a lane; the connection is suspended */
    NET_PHASE_DONE,    /* the reply is ready */
    NET_PHASE_SENT,    /* the reply was handed to the library */
};

struct net_exchange {
    struct net_server *server;
    struct net_exchange *next; /* in a lane's queue */
    void *connection;          /* the library's */
    struct net_watch *watch;
    struct arena *arena;
    struct net_request request;
    struct net_reply reply;
    struct net_admission admission;
    struct base_buf body;
    size_t body_counted;  /* bytes of it in the server's sum */
    size_t drained_bytes; /* of a body that is thrown away */
    size_t reply_bytes;
    enum net_phase phase;
    int descriptor;
    struct str target; /* as sent: path and query; missing where it was too long or odd */
    bool counted;      /* among the running */
    /* Of a reply that is pulled: a worker fills `pulled` while the connection is suspended, the reading thread empties
       it. Handed over by the pool's lock and the library's own. */
    struct base_buf pulled;
    size_t pulled_at; /* bytes of it that were sent */
    bool pulling;     /* in a lane for more */
    enum { NET_PULL_MORE, NET_PULL_ENDED, NET_PULL_FAILED } pull_state;
};

/* A bounded queue with workers. Guarded by `lock`, but for what is fixed at start. */
struct net_pool {
    struct base_mutex lock;
    struct base_cond wake;
    struct net_exchange *head, *tail;
    int64_t waiting;
    int queue_max;
    bool stopping;
    void (*work)(struct net_exchange *exchange);
    struct base_thread *threads;
    int thread_count;
};
bool net_pool_start(struct net_pool *pool, const char *name, int threads, int queue_max,
                    void (*work)(struct net_exchange *exchange), struct fail *fail) MUST_USE;
/* Works off what is queued, then ends the threads. Accepts one never started. */
void net_pool_stop(struct net_pool *pool);
/* After net_pool_stop, when nobody pushes any more. */
void net_pool_done(struct net_pool *pool);
/* False when the queue is full or the pool stops. */
bool net_pool_push(struct net_pool *pool, struct net_exchange *exchange);
int64_t net_pool_waiting(struct net_pool *pool);

/* ---- net_form.c: what the library lets through and should not ---- */

/* What the head says of the body, and whether the head is well formed: NULL, or what is wrong with it. */
struct net_form {
    bool chunked;
    bool has_length;
    uint64_t length_bytes;
};
const char *net_form_check(const struct net_request *request, bool http_1_0, struct net_form *out);

/* ---- net_listen.c ---- */

/* A listening socket there; *out_port is the real one where 0 was asked for. */
bool net_listen(const char *listen_on, int *out_socket, int *out_port, struct fail *fail) MUST_USE;
/* The text of a PEM file. */
bool net_pem_read(const char *path, struct arena *arena, char **out, struct fail *fail) MUST_USE;

/* ---- net_exchange.c ---- */

/* A path with or without a query, of visible ASCII. */
bool net_target_ok(struct str target);
/* Compresses the reply's body where that helps and the asker accepts it. */
void net_reply_pack(struct net_exchange *exchange);
/* The server stops and waits no longer for what is running. */
bool net_server_gave_up(const struct net_server *server);
