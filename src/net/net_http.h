/* net_http.h — a request as it arrived and the reply to it: plain data, no library's types.
 *
 * What: what the server (net_server.h) hands to its handler. Everything in a request was checked
 * for form (methods, control bytes, lengths) and bounded before a handler sees it. `path` is as
 * sent:
 *   '/' separates parts, each part is percent-decoded on its own (net_percent_decode), so that an
 *   encoded slash stays inside its part.
 * Owner: a request and all it views live until its reply was sent; `arena` goes with it. But its body goes when
 *   the handler returns, unless the reply is still being made then (`pull`). A reply's header values must live as long
 *   as the request (static, or in its arena).
 * Threads: a request belongs to the thread that handles it; net_request_gone may be asked from any
 *   thread while the handler runs.
 * Failure: as said at each function.
 * Limits/cost: NET_HEADERS_MAX, NET_PARAMS_MAX, NET_REPLY_HEADERS_MAX.
 * Units: *_us steady time, *_bytes.
 * Example: struct str kind = net_param(request, "kind"); net_reply_header(reply, "Allow",
 * STR("GET")); Not here: routes, problems, sessions (http); sockets (net_server.h).
 */
#pragma once

#include "base_buf.h"

#define NET_HEADERS_MAX 100
#define NET_PARAMS_MAX 64
#define NET_REPLY_HEADERS_MAX 32
#define NET_TARGET_BYTES_MAX 8192

enum net_method {
    NET_GET,
    NET_HEAD, /* handlers answer as to GET; the server leaves the body out */
    NET_POST,
    NET_PUT,
    NET_DELETE,
    NET_PATCH,
    NET_OPTIONS,
    NET_METHODS,
};
const char *net_method_name(enum net_method method);

struct net_pair {
    struct str name, value;
};

struct net_exchange; /* the server's own record of a request */

struct net_request {
    enum net_method method;
    struct str path;               /* as sent, begins with '/', without the query */
    struct str query;              /* as sent, without '?' */
    const struct net_pair *params; /* of the query, decoded, in order */
    size_t param_count;
    const struct net_pair *headers; /* names as sent */
    size_t header_count;
    struct str body;    /* whole; empty in `admit` */
    struct str peer;    /* numeric address of the other end of the socket */
    struct str id;      /* unique, for logs and answers */
    bool tls;           /* the connection itself is encrypted */
    int64_t started_us; /* steady, when the head was complete */
    struct arena *arena;
    struct net_exchange *exchange;
};

/* The first header of that name (any case), or missing. */
struct str net_header(const struct net_request *request, const char *name);
/* The first parameter of that name, or missing. */
struct str net_param(const struct net_request *request, const char *name);
/* True when the asker closed its end, or the server stops and waits no longer. For base_cancel:
   cancel.asker_gone = net_request_gone, cancel.asker = request. */
bool net_request_gone(void *request);

struct net_reply {
    int status; /* 0 is answered as 500 */
    struct net_pair headers[NET_REPLY_HEADERS_MAX];
    size_t header_count;
    struct base_buf body;  /* the reply owns it */
    struct str fixed_body; /* instead of `body` where data is not NULL: bytes that live for ever */
    bool no_gzip;          /* leave the body as it is, whatever the asker accepts */
    bool close;            /* end the connection after this reply */
    /* Instead of a body: asked for the next bytes until *out_len is 0 (the end); false breaks the
       connection off, so that a cut answer is never taken for a whole one. `pull_done` is called
       once, always. Each call runs on a worker of NET_LANE_WORK and may wait; between calls, while
       the asker reads, none is held. */
    bool (*pull)(void *context, char *into, size_t room, size_t *out_len);
    void (*pull_done)(void *context);
    void *pull_context;
};

/* Adds a header; the value with control bytes is refused by an INVARIANT (never from input
 * unchecked). */
void net_reply_header(struct net_reply *reply, const char *name, struct str value);

/* "%41" becomes "A"; '+' a space where `plus`. False for a broken escape or a NUL. */
bool net_percent_decode(struct arena *arena, struct str text, bool plus, struct str *out);
/* name=value&...; at most NET_PARAMS_MAX. FAIL_INPUT. */
bool net_params_parse(struct arena *arena, struct str query, const struct net_pair **out,
                      size_t *out_count, struct fail *fail) MUST_USE;
/* No C0 controls, no DEL: may stand in a header. */
bool net_header_text_ok(struct str text);
