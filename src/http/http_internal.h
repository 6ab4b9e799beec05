/* http_internal.h — what the parts of http share: routes, calls, replies.
 *
 * What: a route is a line of the one table; a call is one request on its way through auth and handler.
 * Owner: calls lie in their request's arena; struct http is http.c's.   Threads: at each struct.
 * Failure: as said at each function.   Limits/cost: HTTP_*_MAX.
 * Units: *_ms.   Example: http_session.c.   Not here: sockets (net), the face (http.h).
 */
#pragma once

#include "base_json_write.h"
#include "base_log.h"
#include "http.h"
#include "net_server.h"

#define HTTP_PARAMS_MAX 6
#define HTTP_BODY_BYTES_MAX ((size_t)1 << 20) /* of everything but events */

enum http_class {
    HTTP_CLASS_PAGE,   /* pages and their files: anyone */
    HTTP_CLASS_SHARED, /* the browser snippet: anyone, and pages of other hosts (CORS) */
    HTTP_CLASS_OPEN,   /* anyone; what changes something still answers to CSRF */
    HTTP_CLASS_PROBE,  /* anyone, under any Host: for what looks after the process */
    HTTP_CLASS_HOOK,   /* who knows the token in the path; no cookie and no key counts */
    HTTP_CLASS_API,    /* a signed-in person, or a key in Authorization */
    HTTP_CLASS_LINK,   /* pages for customers: their address is the right; forms, no scripts */
    HTTP_CLASS_INTAKE, /* a key in Authorization or the body; from pages of other hosts (CORS) */
};

enum http_param_type { HTTP_TEXT, HTTP_WHOLE };

struct http_param {
    const char *name;   /* NULL ends the list */
    const char *member; /* of the operation's input */
    bool in_path;
    enum http_param_type type;
    const char *note;
};

struct http_call;

struct http_route {
    enum net_method method;
    const char *path; /* "/api/v1/customers/{id}": {x} is one part, percent-decoded */
    enum http_class class;
    enum access_right right; /* for API and INTAKE */
    enum net_lane lane;
    size_t body_bytes_max;
    void (*handle)(struct http_call *call);
    const char *operation; /* for http_operation: what app is asked */
    int status;            /* of success: 200, 201, 204 */
    const char *summary;
    const char *request;  /* what the body is, or NULL */
    const char *response; /* what the answer is */
    struct http_param params[HTTP_PARAMS_MAX];
};
extern const struct http_route http_routes[];
extern const size_t http_route_count;

/* One request. Belongs to the thread that handles it; lives in the request's arena. */
struct http_call {
    struct http *http;
    struct net_request *request;
    struct net_reply *reply;
    const struct http_route *route;
    struct arena *arena; /* the request's */
    struct arena
        *work; /* until the handler returns: of what is decoded, which the reply does not hold */
    struct str path_values[HTTP_PARAMS_MAX]; /* by index of the route's parameter */
    struct access_identity who;
    struct str session; /* the cookie's token, or missing */
    struct str address; /* the asker's, also behind a proxy */
    bool secure;        /* the asker's connection is encrypted, also behind a proxy */
};

/* ---- http_router.c ---- */
struct http_match {
    const struct http_route *route; /* NULL: none */
    const struct http_route *any; /* of that path, whatever the method; NULL: the path is unknown */
    uint32_t allowed;             /* bit m: enum net_method m */
    struct str values[HTTP_PARAMS_MAX];
};
/* A trailing slash does not matter; HEAD is GET. False for a broken escape in the path. */
bool http_match(enum net_method method, struct str path, struct arena *arena,
                struct http_match *out);
/* "GET, HEAD, OPTIONS" */
struct str http_allowed(uint32_t allowed, struct arena *arena);

/* ---- http_reply.c ---- */
struct http_status {
    int status;
    const char *title;
};
int http_status_of(enum fail_code code);
const char *http_status_title(int status);
void http_send_json(struct http_call *call, int status, struct base_buf *body); /* takes the body */
void http_send_empty(struct http_call *call, int status);
/* Sends what `next` makes, piece by piece, until *out_end; where it fails the connection breaks off, so that a cut
   answer is never taken for a whole one. `close` is called once, always. (http_stream.c) */
struct http_stream {
    void *context;
    bool (*next)(void *context, struct base_buf *out, bool *out_end, struct fail *fail);
    void (*close)(void *context);
};
void http_send_stream(struct http_call *call, const struct http_stream *stream,
                      struct str media_type);
/* A problem in its usual form. `pointer` may be NULL. */
void http_problem(struct http_call *call, int status, const char *kind, const char *detail,
                  const char *pointer);
/* 401 with the member "setup": whether there is no administrator yet. */
/* `organisation`: JSON of what is set already, for the page that makes the first administrator; or NULL. */
void http_problem_signed_out(struct http_call *call, bool setup, const struct str *organisation);
void http_problem_fail(struct http_call *call, const struct fail *fail);
/* `retry_s` > 0 adds Retry-After. */
void http_problem_later(struct http_call *call, int status, const char *detail, int64_t retry_s);
/* Headers that every reply bears, with the policy for its class of page. */
void http_reply_guard(struct http_call *call);
/* CORS, where the route is open to other origins: also on errors. */
void http_reply_cors(struct http_call *call);

/* ---- http_auth.c ---- */
bool http_host_ok(const struct http *http, struct str host);
/* The asker's address and whether the connection is encrypted, believing a proxy only where told to. */
void http_call_origin(struct http_call *call);
/* Finds out who asks and whether the route is theirs; answers the problem itself where not. */
bool http_authorise(struct http_call *call);
/* The token of `Authorization: Bearer X` or the user of Basic; missing: neither. */
struct str http_token(struct http_call *call);
/* Sec-Fetch-Site, Origin, the custom header and JSON: for what changes something. Answers where not. */
bool http_not_forged(struct http_call *call);
/* The same for a form of one of our own pages without scripts: it cannot bear a header. */
bool http_form_not_forged(struct http_call *call);
/* For intake: the key's right, origin and rate. Answers where not. */
bool http_key_may(struct http_call *call, struct str token);
/* The first cookie of that name; missing: there is none. */
struct str http_cookie(const struct net_request *request, struct str name);
struct str http_cookie_name(const struct http_call *call);
void http_set_cookie(struct http_call *call, struct str token); /* missing: takes it away */

/* ---- http_limit.c ---- */
struct http_limit;
struct http_limit *http_limit_new(const struct base_clock *clock, int64_t per_s);
void http_limit_free(struct http_limit *limit);
/* False: too fast. */
bool http_limit_take(struct http_limit *limit, struct str who);

/* ---- http_quota.c ---- */
struct http_quotas;
struct http_quotas *http_quotas_new(struct app *app, const struct base_clock *clock);
/* Writes down what was counted; before the app is closed. Accepts NULL. */
void http_quotas_free(struct http_quotas *quotas);
/* Takes `count` events from the source's quotas: 0. Or nothing, and the seconds after which there is room. */
int64_t http_quota_take(struct http_quotas *quotas, const struct intake_source *source,
                        uint64_t count);
/* What was taken for events that could not be stored. */
void http_quota_give_back(struct http_quotas *quotas, const struct intake_source *source,
                          uint64_t count);

/* ---- http_input.c ---- */
/* The operation's input: the body's members, then the path's and the query's. Answers where it is not JSON. */
bool http_input(struct http_call *call, struct base_buf *out);

/* ---- http_intake.c: what all decoders' handlers share ---- */
struct intake_decoder *http_decoder_take(struct http *http);
void http_decoder_give(struct http *http, struct intake_decoder *decoder);
/* Answers what a decoder would not take: 400 or 413. */
void http_refuse_decoding(struct http_call *call, const struct fail *fail);
/* Answers what could not be stored: 429 or 503, to come again. */
void http_refuse_storing(struct http_call *call, const struct fail *fail);
/* The key's source, ready for decoding; answers where it cannot be had. */
bool http_intake_source(struct http_call *call, struct intake_source *out);
/* Stores the items, within the source's quotas; true once they are durable, else it has answered. */
bool http_intake_take(struct http_call *call, const struct intake_source *source,
                      const struct intake_items *items);

/* ---- handlers ---- */
void http_operation(struct http_call *call);
void http_own_events(struct http_call *call);
void http_hook(struct http_call *call);
void http_segment_events(struct http_call *call);
void http_segment_settings(struct http_call *call);
void http_decide(struct http_call *call);
void http_export(struct http_call *call);
void http_sql(struct http_call *call);
void http_survey_page(struct http_call *call);
void http_survey_send(struct http_call *call);
void http_survey_style(struct http_call *call);
void http_survey_script(struct http_call *call);
void http_rudder_beacon(struct http_call *call);
void http_rudder_config(struct http_call *call);
void http_posthog_capture(struct http_call *call);
void http_posthog_flags(struct http_call *call);
void http_posthog_config(struct http_call *call);
void http_posthog_surveys(struct http_call *call);
void http_posthog_absent(struct http_call *call);
void http_preferences(struct http_call *call);
void http_preferences_send(struct http_call *call);
void http_preferences_copy(struct http_call *call);
void http_customer_export(struct http_call *call);
void http_preferences_style(struct http_call *call);
void http_session_show(struct http_call *call);
void http_setup(struct http_call *call);
void http_sign_in(struct http_call *call);
void http_sign_in_link(struct http_call *call);
void http_sign_out(struct http_call *call);
void http_sessions(struct http_call *call);
void http_session_end(struct http_call *call);
void http_page(struct http_call *call);
void http_sdk(struct http_call *call);
void http_alive(struct http_call *call);
void http_ready(struct http_call *call);
void http_metrics(struct http_call *call);
void http_openapi_show(struct http_call *call);

/* ---- http_count.c ---- */
struct http_counters;
struct http_counters *http_counters_new(void);
void http_counters_free(struct http_counters *counters);
void http_count_reply(struct http_counters *counters, const struct http_route *route, int status,
                      size_t bytes, int64_t elapsed_us);
void http_counters_write(struct http_counters *counters, bool open_metrics, struct base_buf *out);

#define HTTP_HOSTS_MAX 32
#define HTTP_DECODERS_MAX 16

struct http { /* immutable after start, but for what says otherwise */
    struct app *app;
    struct net_server *server;
    struct net_handler handler;
    struct arena *arena;
    const struct base_clock *clock;
    struct str hosts[HTTP_HOSTS_MAX];
    size_t host_count;
    bool behind_proxy;
    struct intake_limits limits;
    char *address;
    struct http_limit *per_address, *per_key, *per_link; /* their own locks */
    struct http_quotas *quotas;                          /* its own lock */
    struct http_counters *counters;                      /* atomics */
    struct base_mutex decoder_lock;                      /* guards the next two */
    struct intake_decoder *decoders[HTTP_DECODERS_MAX];
    int decoder_count;
};
