/* The server over libmicrohttpd: the only file that knows it.
 *
 * Life of a request: the library reads the request line (begin_request), then the head (first call of
 * serve: form, admit), then the body (further calls), and calls once more without data when all is there
 * (dispatch). Off the reading thread the connection is suspended and the exchange goes through a pool;
 * finish_work resumes it, and the library calls again for the reply (send_reply). end_request frees it.
 *
 * Invariants
 * (1) A suspended connection is always resumed: by the pool's worker, or at once when the pool is full.
 * (2) A reply is queued on a reading thread only.
 * (3) A reply that is pulled goes back and forth: the worker fills a buffer, the reading thread sends it and suspends the
 *     connection again when it is empty.
 * (4) The exchange outlives the library's use of the reply's bytes: both end in end_request. */
#include "net_internal.h"

#include <arpa/inet.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base_random.h"

#define CONNECTIONS_MAX 16384
#define DESCRIPTORS_OF_OTHERS 1024 /* segments, runs, journals, the state, connections out */
#define MEMORY_PER_CONNECTION ((size_t)64 << 10) /* the library's; mapped, so paid for when used */
#define REPLY_BLOCK_BYTES ((size_t)32 << 10)
#define PULL_BYTES ((size_t)256 << 10) /* asked of a handler at once */
#define REPLY_BYTES_PER_MS 10          /* slower readers of an answer than 10 KB/s are cut off */

struct net_server {
    struct net_server_options options; /* defaults filled in; immutable */
    const struct net_handler *handler;
    struct MHD_Daemon *daemon;
    int listener; /* -1 once given up */
    int port;
    bool tls;
    struct arena *pem; /* holds the texts of the TLS files */
    struct net_watches watches;
    struct net_pool intake, work;
    char boot[9];                      /* begins the ids of this run's requests */
    _Atomic uint64_t request_number;   /* counters: plain, nothing else follows from their order */
    _Atomic int64_t connections_total; /* counter */
    _Atomic int64_t malformed, busy;   /* counters */
    _Atomic size_t bodies_bytes;       /* sum over exchanges; a bound, checked when adding */
    _Atomic bool stopping;             /* set once: replies end their connections */
    _Atomic bool gone;                 /* set once: running requests are to give up */
    struct base_mutex lock;            /* guards running */
    struct base_cond idle;
    int64_t running;
    bool stopped;
};

static int64_t now_us(const struct net_server *server)
{
    return base_steady_us(server->options.clock);
}

bool net_server_gave_up(const struct net_server *server)
{
    return atomic_load(&server->gone);
}

static struct net_pool *pool_of(struct net_server *server, enum net_lane lane)
{
    return lane == NET_LANE_INTAKE ? &server->intake : &server->work;
}

/* ---- one request -------------------------------------------------------------------------------- */

static void count_running(struct net_server *server, int by)
{
    base_lock(&server->lock);
    server->running += by;
    if (server->running == 0) {
        base_cond_broadcast(&server->idle);
    }
    base_unlock(&server->lock);
}

/* Gives back all that a request holds. */
static void exchange_free(struct net_server *server, struct net_exchange *exchange)
{
    if (exchange->watch != NULL && exchange->watch->exchange == exchange) {
        exchange->watch->exchange = NULL;
    }
    atomic_fetch_sub(&server->bodies_bytes, exchange->body_counted);
    if (exchange->counted) {
        count_running(server, -1);
    }
    if (exchange->reply.pull_done != NULL) {
        exchange->reply.pull_done(exchange->reply.pull_context);
    }
    base_buf_done(&exchange->pulled);
    base_buf_done(&exchange->reply.body);
    base_buf_done(&exchange->body);
    arena_free(exchange->arena);
    base_free(exchange);
}

/* A request that the library began and never ended: it does so where a head fills its memory in a certain way. */
static void drop_forgotten(struct net_server *server, struct net_watch *watch)
{
    if (watch != NULL && watch->exchange != NULL) {
        exchange_free(server, watch->exchange);
    }
}

static void *begin_request(void *context, const char *uri, struct MHD_Connection *connection)
{
    struct net_server *server = context;
    struct net_exchange *exchange = base_alloc_zero(sizeof *exchange);
    exchange->server = server;
    exchange->connection = connection;
    exchange->descriptor = -1;
    exchange->arena = arena_new(NULL);
    exchange->request.arena = exchange->arena;
    exchange->request.exchange = exchange;
    exchange->request.started_us = now_us(server);
    struct str target = str_from_c(uri);
    if (net_target_ok(target)) {
        exchange->target = str_copy(exchange->arena, target);
    }
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    exchange->watch = info == NULL ? NULL : info->socket_context;
    if (exchange->watch != NULL) {
        exchange->descriptor = exchange->watch->descriptor;
        drop_forgotten(server, exchange->watch);
        exchange->watch->exchange = exchange;
    }
    net_watch_set(&server->watches, exchange->watch,
                  exchange->request.started_us + server->options.request_ms * 1000, true);
    return exchange;
}

static void end_request(void *context, struct MHD_Connection *connection, void **state,
                        enum MHD_RequestTerminationCode how)
{
    (void)connection;
    struct net_server *server = context;
    struct net_exchange *exchange = *state;
    *state = NULL;
    if (exchange == NULL) {
        return;
    }
    if (exchange->phase == NET_PHASE_SENT && server->handler->answered != NULL) {
        server->handler->answered(
            server->handler->context, &exchange->request, exchange->admission.route,
            how == MHD_REQUEST_TERMINATED_COMPLETED_OK ? exchange->reply.status
                                                       : -exchange->reply.status,
            exchange->reply_bytes, now_us(server) - exchange->request.started_us);
    }
    net_watch_set(&server->watches, exchange->watch,
                  now_us(server) + (server->options.idle_ms + server->options.request_ms) * 1000,
                  true);
    exchange_free(server, exchange);
}

struct header_list {
    struct net_exchange *exchange;
    struct net_pair *pairs;
    size_t count;
    bool too_many;
};

static enum MHD_Result collect_header(void *context, enum MHD_ValueKind kind, const char *name,
                                      size_t name_len, const char *value, size_t value_len)
{
    (void)kind;
    struct header_list *list = context;
    if (list->count == NET_HEADERS_MAX) {
        list->too_many = true;
        return MHD_NO;
    }
    list->pairs[list->count++] =
        (struct net_pair){str_of(name, name_len), str_of(value == NULL ? "" : value, value_len)};
    return MHD_YES;
}

static bool method_find(const char *name, enum net_method *out)
{
    for (int i = 0; i < NET_METHODS; i++) {
        if (strcmp(name, net_method_name((enum net_method)i)) == 0) {
            *out = (enum net_method)i;
            return true;
        }
    }
    return false;
}

static struct str peer_text(struct net_exchange *exchange)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(exchange->connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    char text[INET6_ADDRSTRLEN] = "";
    if (info != NULL && info->client_addr != NULL) {
        if (info->client_addr->sa_family == AF_INET) {
            struct sockaddr_in v4;
            memcpy(&v4, info->client_addr, sizeof v4);
            inet_ntop(AF_INET, &v4.sin_addr, text, sizeof text);
        } else if (info->client_addr->sa_family == AF_INET6) {
            struct sockaddr_in6 v6;
            memcpy(&v6, info->client_addr, sizeof v6);
            /* An IPv4 asker on a dual socket is the same asker as on an IPv4 one. */
            if (IN6_IS_ADDR_V4MAPPED(&v6.sin6_addr)) {
                inet_ntop(AF_INET, &v6.sin6_addr.s6_addr[12], text, sizeof text);
            } else {
                inet_ntop(AF_INET6, &v6.sin6_addr, text, sizeof text);
            }
        }
    }
    return str_copy(exchange->arena, str_from_c(text));
}

static void refuse(struct net_exchange *exchange, int status, bool close, const char *detail)
{
    const struct net_handler *handler = exchange->server->handler;
    struct net_reply *reply = &exchange->reply;
    base_buf_done(&reply->body);
    *reply = (struct net_reply){.status = status, .close = close};
    handler->refuse(handler->context, &exchange->request, exchange->admission.route, detail, reply);
    if (status == 503 || status == 429) {
        atomic_fetch_add(&exchange->server->busy, 1);
    }
}

static void refuse_form(struct net_exchange *exchange, int status, const char *detail)
{
    atomic_fetch_add(&exchange->server->malformed, 1);
    refuse(exchange, status, true, detail);
}

/* ---- replies --------------------------------------------------------------------------------------- */

/* More is asked for on a worker, so that no reading thread waits for it: the connection sleeps until it is there. */
static void ask_for_more(struct net_exchange *exchange)
{
    net_watch_set(&exchange->server->watches, exchange->watch, 0, false);
    exchange->pulling = true;
    MHD_suspend_connection(exchange->connection);
    if (!net_pool_push(&exchange->server->work, exchange)) {
        exchange->pulling = false;
        exchange->pull_state = NET_PULL_FAILED;
        MHD_resume_connection(exchange->connection);
    }
}

/* On a worker. */
static void pull_more(struct net_exchange *exchange)
{
    struct net_server *server = exchange->server;
    struct base_buf *pulled = &exchange->pulled;
    size_t len = 0;
    base_buf_reset(pulled);
    exchange->pulled_at = 0;
    char *into = base_buf_room(pulled, PULL_BYTES);
    if (into == NULL || net_request_gone(&exchange->request) ||
        !exchange->reply.pull(exchange->reply.pull_context, into, PULL_BYTES, &len)) {
        exchange->pull_state = NET_PULL_FAILED;
    } else if (len == 0) {
        exchange->pull_state = NET_PULL_ENDED;
    }
    pulled->len = len;
    exchange->pulling = false;
    net_watch_set(&server->watches, exchange->watch,
                  now_us(server) + server->options.idle_ms * 1000, false);
    MHD_resume_connection(exchange->connection);
}

static ssize_t pull_block(void *context, uint64_t position, char *into, size_t room)
{
    (void)position;
    struct net_exchange *exchange = context;
    struct net_server *server = exchange->server;
    size_t left = exchange->pulled.len - exchange->pulled_at;
    if (left == 0) {
        switch (exchange->pull_state) {
        case NET_PULL_MORE:
            ask_for_more(exchange);
            return 0;
        case NET_PULL_ENDED:
            return MHD_CONTENT_READER_END_OF_STREAM;
        case NET_PULL_FAILED:
            return MHD_CONTENT_READER_END_WITH_ERROR;
        }
    }
    size_t len = left < room ? left : room;
    memcpy(into, exchange->pulled.data + exchange->pulled_at, len);
    exchange->pulled_at += len;
    exchange->reply_bytes += len;
    net_watch_set(&server->watches, exchange->watch,
                  now_us(server) + server->options.idle_ms * 1000, false);
    return (ssize_t)len;
}

static enum MHD_Result send_reply(struct net_exchange *exchange)
{
    struct net_server *server = exchange->server;
    struct net_reply *reply = &exchange->reply;
    struct str body =
        reply->fixed_body.data != NULL ? reply->fixed_body : base_buf_view(&reply->body);
    struct MHD_Response *response;
    if (reply->pull != NULL) {
        response = MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, REPLY_BLOCK_BYTES,
                                                     pull_block, exchange, NULL);
    } else {
        exchange->reply_bytes = body.len;
        response = MHD_create_response_from_buffer(body.len, (void *)(uintptr_t)body.data,
                                                   MHD_RESPMEM_PERSISTENT);
    }
    if (response == NULL) {
        return MHD_NO;
    }
    enum MHD_Result ok = MHD_YES;
    for (size_t i = 0; i < reply->header_count && ok == MHD_YES; i++) {
        ok = MHD_add_response_header(response, str_copy_c(exchange->arena, reply->headers[i].name),
                                     str_copy_c(exchange->arena, reply->headers[i].value));
    }
    if (ok == MHD_YES) {
        ok = MHD_add_response_header(response, "X-Request-Id",
                                     str_copy_c(exchange->arena, exchange->request.id));
    }
    if (ok == MHD_YES && (reply->close || atomic_load(&server->stopping))) {
        ok = MHD_add_response_header(response, "Connection", "close");
    }
    net_watch_set(&server->watches, exchange->watch,
                  now_us(server) + server->options.idle_ms * 1000 +
                      (int64_t)(body.len / REPLY_BYTES_PER_MS) * 1000,
                  false);
    if (ok == MHD_YES) {
        ok = MHD_queue_response(exchange->connection, (unsigned int)reply->status, response);
    }
    MHD_destroy_response(response);
    exchange->phase = NET_PHASE_SENT;
    return ok;
}

/* ---- from head to answer ---------------------------------------------------------------------------- */

static bool head_read(struct net_exchange *exchange, const char *method, const char *version,
                      struct net_form *out_form)
{
    struct net_server *server = exchange->server;
    struct net_request *request = &exchange->request;
    struct fail fail;
    request->id = str_format(exchange->arena, "%s%06llx", server->boot,
                             (unsigned long long)atomic_fetch_add(&server->request_number, 1));
    request->peer = peer_text(exchange);
    request->tls = server->tls;
    struct header_list list = {exchange, NULL, 0, false};
    list.pairs = arena_array(exchange->arena, NET_HEADERS_MAX, sizeof *list.pairs, &fail);
    if (list.pairs == NULL) {
        refuse(exchange, 503, true, "out of memory");
        return false;
    }
    MHD_get_connection_values_n(exchange->connection, MHD_HEADER_KIND, collect_header, &list);
    request->headers = list.pairs;
    request->header_count = list.count;
    if (list.too_many) {
        refuse_form(exchange, 431, "too many headers");
        return false;
    }
    if (!method_find(method, &request->method)) {
        refuse_form(exchange, 501, "this method is not one that is spoken here");
        return false;
    }
    if (exchange->target.data == NULL) {
        refuse_form(exchange, 400,
                    "the address is not one: it begins with '/', is plain ASCII and "
                    "at most 8192 bytes long");
        return false;
    }
    size_t mark = str_find_byte(exchange->target, '?');
    request->path = str_of(exchange->target.data, mark);
    request->query = str_after(exchange->target, mark + 1);
    const char *wrong = net_form_check(request, strcmp(version, "HTTP/1.0") == 0, out_form);
    if (wrong != NULL) {
        refuse_form(exchange, 400, wrong);
        return false;
    }
    if (!net_params_parse(exchange->arena, request->query, &request->params, &request->param_count,
                          &fail)) {
        refuse_form(exchange, 400, str_copy_c(exchange->arena, str_from_c(fail.message)));
        return false;
    }
    return true;
}

/* The reply is ready though the body is still coming. A client that is busy sending would not read the
   answer to a connection that is closed on it, so that a moderate body is read and thrown away. */
static enum MHD_Result answer_early(struct net_exchange *exchange, const struct net_form *form)
{
    net_reply_pack(exchange);
    bool waits = net_header(&exchange->request, "Expect").data != NULL;
    bool moderate = form->chunked || (form->has_length && form->length_bytes > 0);
    if (form->has_length && form->length_bytes > exchange->server->options.drain_bytes_max) {
        moderate = false;
    }
    if (exchange->reply.close || waits || !moderate) {
        return send_reply(exchange);
    }
    exchange->phase = NET_PHASE_DRAIN;
    return MHD_YES;
}

static enum MHD_Result take_head(struct net_exchange *exchange, const char *method,
                                 const char *version)
{
    struct net_server *server = exchange->server;
    struct net_form form = {0};
    exchange->counted = true;
    count_running(server, 1);
    if (!head_read(exchange, method, version, &form)) {
        return answer_early(exchange, &form);
    }
    if (atomic_load(&server->gone)) {
        refuse(exchange, 503, true, "the server is stopping");
        return answer_early(exchange, &form);
    }
    if (!server->handler->admit(server->handler->context, &exchange->request, &exchange->admission,
                                &exchange->reply)) {
        return answer_early(exchange, &form);
    }
    exchange->body.limit = exchange->admission.body_bytes_max + 1;
    if (form.length_bytes > exchange->admission.body_bytes_max) {
        refuse(exchange, 413, false, "the body is larger than this address takes");
        return answer_early(exchange, &form);
    }
    exchange->phase = NET_PHASE_BODY;
    return MHD_YES;
}

static void drop_body(struct net_exchange *exchange)
{
    atomic_fetch_sub(&exchange->server->bodies_bytes, exchange->body_counted);
    exchange->body_counted = 0;
    base_buf_done(&exchange->body);
    exchange->request.body = (struct str){0};
}

/* The rest of the body is read and forgotten; then comes the reply. */
static void drain(struct net_exchange *exchange)
{
    drop_body(exchange);
    net_reply_pack(exchange);
    exchange->phase = NET_PHASE_DRAIN;
}

static enum MHD_Result take_body(struct net_exchange *exchange, const char *data, size_t len)
{
    struct net_server *server = exchange->server;
    if (exchange->phase == NET_PHASE_DRAIN) {
        exchange->drained_bytes += len;
        return exchange->drained_bytes <= server->options.drain_bytes_max ? MHD_YES : MHD_NO;
    }
    if (len > exchange->admission.body_bytes_max - exchange->body.len) {
        refuse(exchange, 413, false, "the body is larger than this address takes");
        drain(exchange);
        return MHD_YES;
    }
    size_t sum = atomic_fetch_add(&server->bodies_bytes, len) + len;
    exchange->body_counted += len;
    base_buf_bytes(&exchange->body, data, len);
    if (exchange->body.failed || sum > server->options.bodies_bytes_max) {
        refuse(exchange, 503, false, "too many bodies are being read at once");
        drain(exchange);
    }
    return MHD_YES;
}

static void run_handler(struct net_exchange *exchange)
{
    const struct net_handler *handler = exchange->server->handler;
    handler->handle(handler->context, &exchange->request, exchange->admission.route,
                    &exchange->reply);
    net_reply_pack(exchange);
    /* Until the reply is sent may take a while: thousands may wait for that. What is still being made may look at it. */
    if (exchange->reply.pull == NULL) {
        drop_body(exchange);
    }
}

static void finish_work(struct net_exchange *exchange)
{
    if (exchange->pulling) {
        pull_more(exchange);
        return;
    }
    if (net_request_gone(&exchange->request)) {
        refuse(exchange, 503, true, "the asker left, or the server is stopping");
    } else {
        run_handler(exchange);
    }
    exchange->phase = NET_PHASE_DONE;
    MHD_resume_connection(exchange->connection);
}

static enum MHD_Result dispatch(struct net_exchange *exchange)
{
    struct net_server *server = exchange->server;
    exchange->request.body = base_buf_view(&exchange->body);
    net_watch_set(&server->watches, exchange->watch, 0, false);
    if (exchange->admission.lane == NET_LANE_INLINE) {
        run_handler(exchange);
        return send_reply(exchange);
    }
    /* Suspended before it is handed over: a quick worker would resume what is not suspended yet. */
    exchange->phase = NET_PHASE_RUNNING;
    MHD_suspend_connection(exchange->connection);
    if (!net_pool_push(pool_of(server, exchange->admission.lane), exchange)) {
        refuse(exchange, 503, false, "too many requests are waiting");
        exchange->phase = NET_PHASE_DONE;
        MHD_resume_connection(exchange->connection);
    }
    return MHD_YES;
}

static enum MHD_Result serve(void *context, struct MHD_Connection *connection, const char *url,
                             const char *method, const char *version, const char *data,
                             size_t *data_len, void **state)
{
    (void)context;
    (void)connection;
    (void)url;
    struct net_exchange *exchange = *state;
    if (exchange == NULL) {
        return MHD_NO;
    }
    switch (exchange->phase) {
    case NET_PHASE_HEAD:
        return take_head(exchange, method, version);
    case NET_PHASE_BODY:
    case NET_PHASE_DRAIN:
        if (*data_len > 0) {
            size_t len = *data_len;
            *data_len = 0;
            return take_body(exchange, data, len);
        }
        return exchange->phase == NET_PHASE_BODY ? dispatch(exchange) : send_reply(exchange);
    case NET_PHASE_DONE:
        return send_reply(exchange);
    case NET_PHASE_RUNNING:
        return MHD_YES;
    case NET_PHASE_SENT:
        break;
    }
    return MHD_NO;
}

void *net_request_route(const struct net_request *request)
{
    return request->exchange == NULL ? NULL : request->exchange->admission.route;
}

/* ---- connections, start and stop ------------------------------------------------------------------------ */

static void note_connection(void *context, struct MHD_Connection *connection, void **state,
                            enum MHD_ConnectionNotificationCode code)
{
    struct net_server *server = context;
    if (code == MHD_CONNECTION_NOTIFY_CLOSED) {
        drop_forgotten(server, *state);
        net_watch_free(&server->watches, *state);
        *state = NULL;
        return;
    }
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    if (info == NULL) {
        return;
    }
    int on = 1;
    setsockopt(info->connect_fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    atomic_fetch_add(&server->connections_total, 1);
    *state = net_watch_new(&server->watches, info->connect_fd,
                           now_us(server) + server->options.request_ms * 1000);
}

static bool daemon_start(struct net_server *server, struct fail *fail)
{
    const struct net_server_options *options = &server->options;
    unsigned int flags = MHD_USE_EPOLL_INTERNAL_THREAD | MHD_USE_SUSPEND_RESUME;
    struct MHD_OptionItem items[8];
    size_t n = 0;
    if (options->threads > 1) {
        items[n++] = (struct MHD_OptionItem){MHD_OPTION_THREAD_POOL_SIZE, options->threads, NULL};
    }
    char *certificate = NULL;
    char *key = NULL;
    if (options->tls_certificate_file != NULL) {
        if (!net_pem_read(options->tls_certificate_file, server->pem, &certificate, fail) ||
            !net_pem_read(options->tls_key_file, server->pem, &key, fail)) {
            return false;
        }
        flags |= MHD_USE_TLS;
        items[n++] = (struct MHD_OptionItem){MHD_OPTION_HTTPS_MEM_CERT, 0, certificate};
        items[n++] = (struct MHD_OptionItem){MHD_OPTION_HTTPS_MEM_KEY, 0, key};
        server->tls = true;
    }
    items[n] = (struct MHD_OptionItem){MHD_OPTION_END, 0, NULL};
    int64_t idle_s = options->idle_ms / 1000;
    server->daemon = MHD_start_daemon(
        flags, 0, NULL, NULL, serve, server, MHD_OPTION_LISTEN_SOCKET, server->listener,
        MHD_OPTION_CONNECTION_LIMIT, (unsigned int)options->connections_max,
        MHD_OPTION_PER_IP_CONNECTION_LIMIT, (unsigned int)options->connections_per_address_max,
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, MEMORY_PER_CONNECTION, MHD_OPTION_CONNECTION_TIMEOUT,
        (unsigned int)(idle_s < 1 ? 1 : idle_s), MHD_OPTION_STRICT_FOR_CLIENT, 1,
        MHD_OPTION_URI_LOG_CALLBACK, begin_request, server, MHD_OPTION_NOTIFY_COMPLETED,
        end_request, server, MHD_OPTION_NOTIFY_CONNECTION, note_connection, server,
        MHD_OPTION_ARRAY, items, MHD_OPTION_END);
    if (server->daemon == NULL) {
        return fail_set(fail, server->tls ? FAIL_INPUT : FAIL_IO,
                        server->tls
                            ? "the server did not start; are the TLS certificate and key PEM "
                              "files that belong together?"
                            : "the HTTP server did not start");
    }
    return true;
}

/* As many connections as there may be descriptors for beside those of files: at the limit nothing could be opened any
   more, segments included. Asks for what the process may have. */
static int fitting(int wanted)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) {
        return wanted;
    }
    rlim_t whole = (rlim_t)wanted + DESCRIPTORS_OF_OTHERS;
    if (limit.rlim_cur < whole) {
        limit.rlim_cur = limit.rlim_max < whole ? limit.rlim_max : whole;
        (void)!setrlimit(RLIMIT_NOFILE, &limit); /* what there is then is read again below */
        if (getrlimit(RLIMIT_NOFILE, &limit) != 0) {
            return wanted;
        }
    }
    if (limit.rlim_cur >= whole) {
        return wanted;
    }
    return limit.rlim_cur > 2 * DESCRIPTORS_OF_OTHERS
               ? (int)(limit.rlim_cur - DESCRIPTORS_OF_OTHERS)
               : (int)(limit.rlim_cur / 2);
}

static struct net_server_options with_defaults(const struct net_server_options *given)
{
    struct net_server_options options = *given;
    options.clock = given->clock == NULL ? base_clock_real() : given->clock;
    options.threads = given->threads == 0 ? 2 : given->threads;
    options.intake_workers = given->intake_workers == 0 ? 8 : given->intake_workers;
    options.workers = given->workers == 0 ? 4 : given->workers;
    options.queue_max = given->queue_max == 0 ? 512 : given->queue_max;
    options.connections_max =
        fitting(given->connections_max == 0 ? CONNECTIONS_MAX : given->connections_max);
    options.connections_per_address_max =
        given->connections_per_address_max == 0 ? 1024 : given->connections_per_address_max;
    options.bodies_bytes_max =
        given->bodies_bytes_max == 0 ? (size_t)256 << 20 : given->bodies_bytes_max;
    options.drain_bytes_max =
        given->drain_bytes_max == 0 ? (size_t)32 << 20 : given->drain_bytes_max;
    options.request_ms = given->request_ms == 0 ? 60000 : given->request_ms;
    options.idle_ms = given->idle_ms == 0 ? 60000 : given->idle_ms;
    return options;
}

bool net_server_start(const struct net_server_options *options, struct net_server **out,
                      struct fail *fail)
{
    if ((options->tls_certificate_file == NULL) != (options->tls_key_file == NULL)) {
        return fail_set(fail, FAIL_INPUT, "TLS needs both a certificate and a key");
    }
    struct net_server *server = base_alloc_zero(sizeof *server);
    server->options = with_defaults(options);
    server->handler = options->handler;
    server->listener = -1;
    server->pem = arena_new(NULL);
    base_mutex_init(&server->lock);
    base_cond_init(&server->idle);
    snprintf(server->boot, sizeof server->boot, "%08x",
             (unsigned int)base_random_u64(base_random_system()));
    if (!net_listen(server->options.listen, &server->listener, &server->port, fail) ||
        !net_watches_start(&server->watches, server->options.clock, fail) ||
        !net_pool_start(&server->intake, "net-intake", server->options.intake_workers,
                        server->options.queue_max, finish_work, fail) ||
        !net_pool_start(&server->work, "net-work", server->options.workers,
                        server->options.queue_max, finish_work, fail)) {
        net_server_free(server);
        return false;
    }
    *out = server; /* handlers may ask for it from the first request on */
    if (!daemon_start(server, fail)) {
        *out = NULL;
        net_server_free(server);
        return false;
    }
    return true;
}

int net_server_port(const struct net_server *server)
{
    return server->port;
}

bool net_server_is_tls(const struct net_server *server)
{
    return server->tls;
}

static void wait_idle(struct net_server *server, int64_t grace_ms)
{
    int64_t until_us = now_us(server) + grace_ms * 1000;
    base_lock(&server->lock);
    while (server->running > 0) {
        int64_t left_us = until_us - now_us(server);
        if (left_us <= 0 || !base_cond_wait_us(&server->idle, &server->lock, left_us)) {
            break;
        }
    }
    base_unlock(&server->lock);
}

void net_server_stop(struct net_server *server, int64_t grace_ms)
{
    if (server->stopped) {
        return;
    }
    server->stopped = true;
    atomic_store(&server->stopping, true);
    if (server->daemon != NULL) {
        MHD_quiesce_daemon(server->daemon); /* the listening socket is ours again */
    }
    if (server->listener >= 0) {
        close(server->listener);
        server->listener = -1;
    }
    wait_idle(server, grace_ms);
    atomic_store(&server->gone, true);
    net_pool_stop(&server->intake);
    net_pool_stop(&server->work);
    if (server->daemon != NULL) {
        net_watches_cut_all(&server->watches);
        MHD_stop_daemon(server->daemon);
        server->daemon = NULL;
    }
    net_watches_stop(&server->watches);
    net_pool_done(&server->intake);
    net_pool_done(&server->work);
}

void net_server_free(struct net_server *server)
{
    if (server == NULL) {
        return;
    }
    net_server_stop(server, 0);
    base_cond_done(&server->idle);
    base_mutex_done(&server->lock);
    arena_free(server->pem);
    base_free(server);
}

void net_server_count(struct net_server *server, struct net_server_counts *out)
{
    struct net_server_counts counts = {0};
    base_lock(&server->watches.lock);
    counts.connections = server->watches.count;
    counts.refused_slow = server->watches.cut_count;
    base_unlock(&server->watches.lock);
    base_lock(&server->lock);
    counts.requests_running = server->running;
    base_unlock(&server->lock);
    counts.waiting[NET_LANE_INTAKE] = net_pool_waiting(&server->intake);
    counts.waiting[NET_LANE_WORK] = net_pool_waiting(&server->work);
    counts.connections_total = atomic_load(&server->connections_total);
    counts.refused_malformed = atomic_load(&server->malformed);
    counts.refused_busy = atomic_load(&server->busy);
    counts.body_bytes = atomic_load(&server->bodies_bytes);
    *out = counts;
}
