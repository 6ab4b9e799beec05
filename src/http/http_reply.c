#include "http_internal.h"

/* The one table from our failures to HTTP. */
int http_status_of(enum fail_code code)
{
    switch (code) {
    case FAIL_INPUT:
    case FAIL_LIMIT:
        return 422;
    case FAIL_DENIED:
        return 403;
    case FAIL_ABSENT:
        return 404;
    case FAIL_CONFLICT:
        return 409;
    case FAIL_BUSY:
    case FAIL_CANCELLED:
    case FAIL_NO_MEMORY:
        return 503;
    case FAIL_NONE:
    case FAIL_IO:
    case FAIL_CORRUPT:
    case FAIL_INTERNAL:
        break;
    }
    return 500;
}

static const struct http_status STATUSES[] = {
    {200, "OK"},
    {201, "Created"},
    {204, "No content"},
    {400, "Malformed request"},
    {401, "Not signed in"},
    {403, "Not allowed"},
    {404, "Not found"},
    {405, "Method not allowed"},
    {408, "Too slow"},
    {409, "Conflict"},
    {413, "Too large"},
    {415, "Not JSON"},
    {421, "Not this host"},
    {422, "Cannot be done as asked"},
    {429, "Too many requests"},
    {431, "Headers too large"},
    {500, "Server error"},
    {501, "Not spoken here"},
    {503, "Not now"},
};

const char *http_status_title(int status)
{
    for (size_t i = 0; i < ARRAY_LEN(STATUSES); i++) {
        if (STATUSES[i].status == status) {
            return STATUSES[i].title;
        }
    }
    return "Error";
}

static const char PAGE_POLICY[] =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'; require-trusted-types-for 'script'";

/* Pages for customers have no script at all. */
static const char LINK_POLICY[] =
    "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'";

/* A survey's page may run our own script, which works for its token; it runs without, too. */
static const char SURVEY_POLICY[] =
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'";

static bool is_survey(const struct http_route *route)
{
    return route->handle == http_survey_page || route->handle == http_survey_send;
}

void http_reply_guard(struct http_call *call)
{
    struct net_reply *reply = call->reply;
    bool link = call->route != NULL && call->route->class == HTTP_CLASS_LINK;
    bool page = link || (call->route != NULL && call->route->class == HTTP_CLASS_PAGE);
    net_reply_header(reply, "X-Content-Type-Options", STR("nosniff"));
    net_reply_header(reply, "Referrer-Policy", STR("no-referrer"));
    net_reply_header(reply, "Content-Security-Policy",
                     link   ? str_from_c(is_survey(call->route) ? SURVEY_POLICY : LINK_POLICY)
                     : page ? str_from_c(PAGE_POLICY)
                            : STR("default-src 'none'; frame-ancestors 'none'"));
    net_reply_header(reply, "X-Frame-Options", STR("DENY"));
    bool shared = call->route != NULL && (call->route->class == HTTP_CLASS_INTAKE ||
                                          call->route->class == HTTP_CLASS_SHARED);
    net_reply_header(reply, "Cross-Origin-Resource-Policy",
                     shared ? STR("cross-origin") : STR("same-origin"));
    if (page) {
        net_reply_header(reply, "Cross-Origin-Opener-Policy", STR("same-origin"));
        net_reply_header(reply, "Permissions-Policy",
                         STR("camera=(), geolocation=(), microphone=(), payment=(), usb=()"));
    }
    if (call->secure) {
        net_reply_header(reply, "Strict-Transport-Security", STR("max-age=31536000"));
    }
}

void http_reply_cors(struct http_call *call)
{
    /* The same bytes for everyone and no credential in sight: nothing to vary by. */
    if (call->route != NULL && call->route->class == HTTP_CLASS_SHARED) {
        net_reply_header(call->reply, "Access-Control-Allow-Origin", STR("*"));
        return;
    }
    if (call->route == NULL || call->route->class != HTTP_CLASS_INTAKE) {
        return;
    }
    struct net_reply *reply = call->reply;
    struct str origin = net_header(call->request, "Origin");
    net_reply_header(reply, "Vary", STR("Origin"));
    if (origin.data == NULL || origin.len == 0) {
        return;
    }
    net_reply_header(reply, "Access-Control-Allow-Origin", origin);
    net_reply_header(reply, "Access-Control-Allow-Credentials", STR("true"));
    net_reply_header(reply, "Access-Control-Expose-Headers",
                     STR("ETag, Retry-After, X-Request-Id, X-SSE-Support"));
    if (call->request->method == NET_OPTIONS) {
        struct str wanted = net_header(call->request, "Access-Control-Request-Headers");
        net_reply_header(reply, "Access-Control-Allow-Methods", STR("GET, POST, OPTIONS"));
        net_reply_header(reply, "Access-Control-Allow-Headers",
                         wanted.data != NULL && wanted.len > 0 && wanted.len <= 1000
                             ? wanted
                             : STR("authorization, content-type, x-retry-count, anonymousid, "
                                   "sentat, if-none-match, x-api-key"));
        net_reply_header(reply, "Access-Control-Max-Age", STR("86400"));
    }
}

void http_send_json(struct http_call *call, int status, struct base_buf *body)
{
    struct fail fail;
    if (!base_buf_ok(body, &fail)) {
        base_buf_done(body);
        http_problem_fail(call, &fail);
        return;
    }
    call->reply->status = status;
    call->reply->body = *body;
    *body = (struct base_buf){0};
    net_reply_header(call->reply, "Content-Type", STR("application/json"));
    net_reply_header(call->reply, "Cache-Control", STR("no-store"));
}

void http_send_empty(struct http_call *call, int status)
{
    call->reply->status = status;
    net_reply_header(call->reply, "Cache-Control", STR("no-store"));
}

/* `organisation`: what is set of {"name","timezone"} before there is an administrator; else NULL. */
static void problem_send(struct http_call *call, int status, const char *kind, const char *detail,
                         const char *pointer, const bool *setup, const struct str *organisation)
{
    struct base_buf body = {.limit = (size_t)64 << 10};
    struct json_writer w = {.out = &body};
    json_begin_object(&w);
    json_name_c(&w, "type");
    json_write_str(&w, str_format(call->arena, "urn:firsthand:problem:%s", kind));
    json_name_c(&w, "title");
    json_write_c(&w, http_status_title(status));
    json_name_c(&w, "status");
    json_write_int(&w, status);
    json_name_c(&w, "detail");
    json_write_c(&w, detail);
    if (pointer != NULL) {
        json_name_c(&w, "pointer");
        json_write_c(&w, pointer);
    }
    json_name_c(&w, "request_id");
    json_write_str(&w, call->request->id);
    if (setup != NULL) {
        json_name_c(&w, "setup");
        json_write_bool(&w, *setup);
    }
    if (organisation != NULL) {
        json_name_c(&w, "organisation");
        json_write_raw(&w, *organisation);
    }
    json_end_object(&w);
    base_buf_done(&call->reply->body);
    call->reply->status = status;
    call->reply->body = body;
    net_reply_header(call->reply, "Content-Type", STR("application/problem+json"));
    net_reply_header(call->reply, "Cache-Control", STR("no-store"));
}

void http_problem(struct http_call *call, int status, const char *kind, const char *detail,
                  const char *pointer)
{
    problem_send(call, status, kind, detail, pointer, NULL, NULL);
}

void http_problem_signed_out(struct http_call *call, bool setup, const struct str *organisation)
{
    problem_send(call, 401, "signed_out",
                 setup ? "there is no administrator yet: open the link that the server printed"
                       : "sign in, or send a secret key as Authorization: Bearer",
                 NULL, &setup, organisation);
}

void http_problem_later(struct http_call *call, int status, const char *detail, int64_t retry_s)
{
    net_reply_header(call->reply, "Retry-After",
                     str_format(call->arena, "%lld", (long long)(retry_s < 1 ? 1 : retry_s)));
    http_problem(call, status, status == 429 ? "too_fast" : "busy", detail, NULL);
}

void http_problem_fail(struct http_call *call, const struct fail *fail)
{
    int status = http_status_of(fail->code);
    if (status == 500) {
        base_log(LOG_ERROR, "http.failed", "a request failed",
                 LOG_C("route", call->route == NULL ? "-" : call->route->path),
                 LOG_S("request_id", call->request->id), LOG_C("code", fail_code_name(fail->code)),
                 LOG_C("why", fail->message), LOG_END);
        http_problem(call, status, fail_code_name(fail->code),
                     "the server could not do this; its log says why, under this request_id", NULL);
    } else if (status == 503) {
        http_problem_later(call, status, fail->message, 1);
    } else {
        http_problem(call, status, fail_code_name(fail->code), fail->message,
                     fail->pointer[0] != '\0' ? fail->pointer : NULL);
    }
}
