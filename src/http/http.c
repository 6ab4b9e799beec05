#include "http_internal.h"

#define LINK_PER_S 5 /* forms and copies by one customer's link; twice that at once */

/* Pages are no line of the table: they are what is left over. */
static const struct http_route PAGE = {
    .method = NET_GET,
    .path = "other",
    .class = HTTP_CLASS_PAGE,
    .lane = NET_LANE_INLINE,
    .body_bytes_max = 0,
    .handle = http_page,
    .status = 200,
};

/* Nor is the browser snippet, whose files are named at build time. */
static const struct http_route SDK = {
    .method = NET_GET,
    .path = "sdk",
    .class = HTTP_CLASS_SHARED,
    .lane = NET_LANE_INLINE,
    .body_bytes_max = 0,
    .handle = http_sdk,
    .status = 200,
};

static struct http_call *call_new(struct http *http, struct net_request *request,
                                  struct net_reply *reply)
{
    struct http_call *call = arena_small(request->arena, sizeof *call);
    call->http = http;
    call->request = request;
    call->reply = reply;
    call->arena = request->arena;
    http_call_origin(call);
    return call;
}

/* What ends a client's request for intake without a verdict on its events. */
static bool is_refusal(const struct http_call *call, int status)
{
    return call->route != NULL &&
           (call->route->class == HTTP_CLASS_INTAKE || call->route->class == HTTP_CLASS_HOOK) &&
           call->route->right == ACCESS_RIGHT_INTAKE && call->route->lane == NET_LANE_INTAKE &&
           call->request->method == NET_POST && status >= 400 && status != 404 && status != 405;
}

/* The last hand on every reply. A refusal is counted before its sender can read of it, so that who asks for
   the ledger next finds it there. */
static void guard(struct http_call *call)
{
    if (is_refusal(call, call->reply->status)) {
        store_count_refused_request(app_store(call->http->app));
    }
    http_reply_cors(call);
    http_reply_guard(call);
}

static bool is_api(struct str path)
{
    return str_is(path, "/api") || str_starts_c(path, "/api/") || str_is(path, "/v1") ||
           str_starts_c(path, "/v1/");
}

/* Finds the route; false where the answer is already clear from the head. */
static bool route_find(struct http_call *call)
{
    struct net_request *request = call->request;
    struct http_match match;
    if (!http_match(request->method, request->path, call->arena, &match)) {
        http_problem(call, 400, "input", "a broken %-escape in the address", NULL);
        return false;
    }
    call->route = match.route != NULL ? match.route : match.any;
    memcpy(call->path_values, match.values, sizeof call->path_values);
    bool reading = request->method == NET_GET || request->method == NET_HEAD;
    if (match.any == NULL && reading && !is_api(request->path)) {
        call->route = str_starts_c(request->path, "/sdk/") ? &SDK : &PAGE;
        return true;
    }
    if (match.any == NULL) {
        http_problem(call, 404, "absent", "there is nothing at this address", NULL);
        return false;
    }
    if (match.route != NULL) {
        return true;
    }
    net_reply_header(call->reply, "Allow", http_allowed(match.allowed, call->arena));
    if (request->method == NET_OPTIONS) {
        http_send_empty(call, 204);
    } else {
        http_problem(call, 405, "method", "this address knows other methods", NULL);
    }
    return false;
}

static bool host_fits(struct http_call *call)
{
    struct str host = net_header(call->request, "Host");
    if (call->route->class == HTTP_CLASS_PROBE || host.data == NULL ||
        http_host_ok(call->http, host)) {
        return true;
    }
    http_problem(call, 421, "host",
                 "this server is not known under this name; add it to the setting \"hosts\" "
                 "(firsthand.conf or FIRSTHAND_HOSTS)",
                 NULL);
    return false;
}

static bool head_fits(struct http_call *call)
{
    if (!route_find(call) || !host_fits(call)) {
        return false;
    }
    if (!http_limit_take(call->http->per_address, call->address)) {
        http_problem_later(call, 429, "too many requests from this address", 1);
        return false;
    }
    return true;
}

static bool admit(void *context, struct net_request *request, struct net_admission *out,
                  struct net_reply *reply)
{
    struct http *http = context;
    struct http_call *call = call_new(http, request, reply);
    out->route = call;
    if (!head_fits(call)) {
        guard(call);
        return false;
    }
    out->lane = call->route->lane;
    out->body_bytes_max = call->route->body_bytes_max;
    if (call->route->class == HTTP_CLASS_INTAKE && http->limits.sent_bytes < out->body_bytes_max) {
        out->body_bytes_max = http->limits.sent_bytes;
    }
    return true;
}

static void handle(void *context, struct net_request *request, void *route, struct net_reply *reply)
{
    (void)context;
    (void)request;
    struct http_call *call = route;
    CLEANUP(arena_free_at) struct arena *work = arena_new(NULL);
    call->reply = reply;
    call->work = work;
    if (http_authorise(call)) {
        call->route->handle(call);
    }
    call->work = NULL;
    guard(call);
}

static void refuse(void *context, struct net_request *request, void *route, const char *detail,
                   struct net_reply *reply)
{
    struct http_call *call = route;
    if (call == NULL) {
        call = call_new(context, request, reply);
    }
    call->reply = reply;
    int status = reply->status;
    if (status == 503) {
        http_problem_later(call, status, detail, 1);
    } else {
        http_problem(call, status, status == 413 ? "too_large" : "malformed", detail, NULL);
    }
    guard(call);
}

static void answered(void *context, const struct net_request *request, void *route, int status,
                     size_t reply_bytes, int64_t elapsed_us)
{
    (void)request;
    struct http *http = context;
    struct http_call *call = route;
    int sent = status < 0 ? -status : status;
    http_count_reply(http->counters, call == NULL ? NULL : call->route, sent, reply_bytes,
                     elapsed_us);
}

void http_alive(struct http_call *call)
{
    base_buf_c(&call->reply->body, "ok\n");
    call->reply->status = 200;
    net_reply_header(call->reply, "Content-Type", STR("text/plain; charset=utf-8"));
    net_reply_header(call->reply, "Cache-Control", STR("no-store"));
}

void http_ready(struct http_call *call)
{
    const char *reason = app_not_ready(call->http->app);
    if (reason == NULL) {
        http_alive(call);
    } else {
        http_problem_later(call, 503, reason, 5);
    }
}

/* ---- start and stop -------------------------------------------------------------------------------- */

static void host_add(struct http *http, struct str host)
{
    if (host.len > 0 && http->host_count < HTTP_HOSTS_MAX) {
        http->hosts[http->host_count++] = str_copy(http->arena, host);
    }
}

static void hosts_read(struct http *http, struct str hosts, struct str listen)
{
    struct str name;
    while (hosts.data != NULL && str_next_part(&hosts, ' ', &name)) {
        host_add(http, str_trim(name));
    }
    size_t colon = listen.len;
    while (colon > 0 && listen.data[colon - 1] != ':') {
        colon--;
    }
    host_add(http, str_of(listen.data, colon == 0 ? 0 : colon - 1));
}

/* The address to open in a browser on this machine. */
static char *address_of(struct http *http, struct str listen, bool tls)
{
    size_t colon = listen.len;
    while (colon > 0 && listen.data[colon - 1] != ':') {
        colon--;
    }
    struct str host = str_of(listen.data, colon == 0 ? 0 : colon - 1);
    if (str_is(host, "0.0.0.0")) {
        host = STR("127.0.0.1");
    } else if (str_is(host, "[::]")) {
        host = STR("[::1]");
    }
    return str_copy_c(http->arena, str_format(http->arena, "http%s://%.*s:%d", tls ? "s" : "",
                                              STR_ARG(host), net_server_port(http->server)));
}

static const char *text_or_null(struct http *http, struct str text)
{
    return text.len == 0 ? NULL : str_copy_c(http->arena, text);
}

bool http_start(struct app *app, const struct http_options *options, struct http **out,
                struct fail *fail)
{
    const struct app_config *config = app_config_of(app);
    struct http *http = base_alloc_zero(sizeof *http);
    http->app = app;
    http->arena = arena_new(NULL);
    http->clock = app_clock(app);
    http->counters = http_counters_new();
    http->behind_proxy = config->behind_proxy != 0;
    http->limits = (struct intake_limits){
        .sent_bytes = (size_t)config->body_mb * 1000000,
        .body_bytes = (size_t)config->inflated_mb * 1000000,
        .events = (size_t)config->events_per_request,
    };
    base_mutex_init(&http->decoder_lock);
    http->per_address =
        http_limit_new(http->clock, options->address_per_s > 0 ? options->address_per_s : 50000);
    http->per_key =
        http_limit_new(http->clock, options->key_per_s > 0 ? options->key_per_s : 50000);
    http->per_link = http_limit_new(http->clock, LINK_PER_S);
    http->quotas = http_quotas_new(app, http->clock);
    struct str listen = options->listen != NULL ? str_from_c(options->listen) : config->listen;
    hosts_read(http, config->hosts, listen);
    http->handler = (struct net_handler){
        .context = http, .admit = admit, .handle = handle, .refuse = refuse, .answered = answered};
    struct net_server_options server = {
        .listen = str_copy_c(http->arena, listen),
        .handler = &http->handler,
        .clock = http->clock,
        .connections_max = (int)config->connections,
        .connections_per_address_max =
            (int)(config->behind_proxy != 0 ? config->connections
                                            : config->connections_per_address),
        /* One body always has room. */
        .bodies_bytes_max =
            (size_t)(config->bodies_mb > config->body_mb ? config->bodies_mb : config->body_mb) *
            1000000,
        .request_ms = options->request_ms,
        .tls_certificate_file = text_or_null(http, config->tls_certificate_file),
        .tls_key_file = text_or_null(http, config->tls_key_file),
    };
    if (!net_server_start(&server, &http->server, fail)) {
        http_stop(http, 0);
        return false;
    }
    http->address = address_of(http, listen, net_server_is_tls(http->server));
    *out = http;
    return true;
}

const char *http_address(const struct http *http)
{
    return http->address;
}

int http_port(const struct http *http)
{
    return net_server_port(http->server);
}

void http_stop(struct http *http, int64_t grace_ms)
{
    if (http == NULL) {
        return;
    }
    if (http->server != NULL) {
        net_server_stop(http->server, grace_ms);
        net_server_free(http->server);
    }
    while (http->decoder_count > 0) {
        intake_decoder_free(http->decoders[--http->decoder_count]);
    }
    base_mutex_done(&http->decoder_lock);
    http_limit_free(http->per_address);
    http_limit_free(http->per_key);
    http_limit_free(http->per_link);
    http_quotas_free(http->quotas);
    http_counters_free(http->counters);
    arena_free(http->arena);
    base_free(http);
}
