/* Who asks, and may they? The order: is it our host, whose credential is it, is it forged, does it have the
 * right, is it too fast. A request with a Bearer key is judged by that alone: then no cookie counts, and nothing
 * another site could forge is at stake, since browsers never add such a key by themselves. Basic they do add, for a
 * proxy before us that asks for a password: it counts for events only, whose libraries send their key so. */
#include "http_internal.h"

#include "base_base64.h"

#include <strings.h>

#define TOKEN_BYTES_MAX 512
#define COOKIE_SECURE "__Host-firsthand"
#define COOKIE_PLAIN "firsthand_session"

/* ---- hosts and addresses ---------------------------------------------------------------------------- */

/* "[::1]:80" and "shop:80" without the port. */
static struct str without_port(struct str host)
{
    if (host.len > 0 && host.data[0] == '[') {
        size_t end = str_find_byte(host, ']');
        return end < host.len ? str_of(host.data, end + 1) : host;
    }
    return str_of(host.data, str_find_byte(host, ':'));
}

/* An address is no name that somebody's DNS could point here: rebinding needs a name. */
static bool is_address(struct str host)
{
    if (host.len > 2 && host.data[0] == '[') {
        return true;
    }
    int dots = 0;
    for (size_t i = 0; i < host.len; i++) {
        if (host.data[i] == '.') {
            dots++;
        } else if (host.data[i] < '0' || host.data[i] > '9') {
            return false;
        }
    }
    return dots == 3;
}

static bool same_name(struct str a, struct str b)
{
    return a.len == b.len && strncasecmp(a.data, b.data, a.len) == 0;
}

bool http_host_ok(const struct http *http, struct str host)
{
    struct str name = without_port(host);
    if (is_address(name) || same_name(name, STR("localhost"))) {
        return true;
    }
    for (size_t i = 0; i < http->host_count; i++) {
        if (same_name(name, http->hosts[i])) {
            return true;
        }
    }
    return false;
}

static bool is_loopback(struct str peer)
{
    return str_starts_c(peer, "127.") || str_is(peer, "::1");
}

void http_call_origin(struct http_call *call)
{
    call->address = call->request->peer;
    call->secure = call->request->tls;
    if (!call->http->behind_proxy || !is_loopback(call->request->peer)) {
        return;
    }
    struct str proto = str_trim(net_header(call->request, "X-Forwarded-Proto"));
    call->secure = call->secure || same_name(proto, STR("https"));
    /* The last entry is the one that our own proxy wrote; what stands before it anyone may have sent. */
    struct str chain = net_header(call->request, "X-Forwarded-For");
    struct str entry, last = {0};
    while (chain.data != NULL && str_next_part(&chain, ',', &entry)) {
        last = str_trim(entry);
    }
    if (last.len > 0 && last.len <= 64) {
        call->address = last;
    }
}

/* ---- credentials ------------------------------------------------------------------------------------------ */

static bool base64_decode(struct arena *arena, struct str text, struct str *out)
{
    if (text.len > TOKEN_BYTES_MAX) {
        return false;
    }
    char bytes[TOKEN_BYTES_MAX];
    size_t len = 0;
    unsigned int held = 0;
    int bits = 0;
    for (size_t i = 0; i < text.len && text.data[i] != '='; i++) {
        int digit = base_base64_digit(text.data[i]);
        if (digit < 0) {
            return false;
        }
        held = (held << 6 | (unsigned int)digit) & 0xffffffU;
        bits += 6;
        if (bits >= 8) {
            bits -= 8;
            bytes[len++] = (char)(unsigned char)(held >> bits & 0xffU);
        }
    }
    *out = str_copy(arena, str_of(bytes, len));
    return true;
}

static bool authorization(const struct http_call *call, const char *scheme, struct str *out)
{
    struct str header = str_trim(net_header(call->request, "Authorization"));
    size_t space = str_find_byte(header, ' ');
    if (header.data == NULL || !same_name(str_of(header.data, space), str_from_c(scheme))) {
        return false;
    }
    *out = str_trim(str_after(header, space));
    return true;
}

struct str http_token(struct http_call *call)
{
    struct str rest, pair;
    if (authorization(call, "bearer", &rest)) {
        return rest;
    }
    if (authorization(call, "basic", &rest) && base64_decode(call->arena, rest, &pair)) {
        return str_of(pair.data == NULL ? "" : pair.data, str_find_byte(pair, ':'));
    }
    return (struct str){0};
}

struct str http_cookie_name(const struct http_call *call)
{
    return call->secure ? STR(COOKIE_SECURE) : STR(COOKIE_PLAIN);
}

struct str http_cookie(const struct net_request *request, struct str name)
{
    for (size_t i = 0; i < request->header_count; i++) {
        if (!same_name(request->headers[i].name, STR("cookie"))) {
            continue;
        }
        struct str rest = request->headers[i].value;
        struct str pair;
        while (str_next_part(&rest, ';', &pair)) {
            pair = str_trim(pair);
            size_t equals = str_find_byte(pair, '=');
            if (equals < pair.len && str_equal(str_of(pair.data, equals), name)) {
                return str_after(pair, equals + 1);
            }
        }
    }
    return (struct str){0};
}

void http_set_cookie(struct http_call *call, struct str token)
{
    struct str name = http_cookie_name(call);
    struct str value =
        str_format(call->arena, "%.*s=%.*s; Path=/; HttpOnly; SameSite=Strict%s; Max-Age=%lld",
                   STR_ARG(name), STR_ARG(token), call->secure ? "; Secure" : "",
                   token.data == NULL ? 0LL : (long long)(ACCESS_SESSION_MS / 1000));
    net_reply_header(call->reply, "Set-Cookie", value);
}

/* ---- forgery ------------------------------------------------------------------------------------------------ */

static bool is_json(struct str content_type)
{
    struct str type;
    return content_type.data != NULL && str_next_part(&content_type, ';', &type) &&
           same_name(str_trim(type), STR("application/json"));
}

/* "https://shop.example:8443" names the host that was asked? */
static bool origin_is_ours(struct http_call *call, struct str origin)
{
    struct str host = net_header(call->request, "Host");
    size_t at = str_find(origin, STR("://"));
    return at < origin.len && host.len > 0 && same_name(str_after(origin, at + 3), host);
}

bool http_not_forged(struct http_call *call)
{
    struct str site = net_header(call->request, "Sec-Fetch-Site");
    struct str origin = net_header(call->request, "Origin");
    const char *wrong = NULL;
    if (site.data != NULL && !str_is(site, "same-origin") && !str_is(site, "none")) {
        wrong = "this came from a page of another site";
    } else if (origin.data != NULL && !origin_is_ours(call, origin)) {
        wrong = "this came from a page of another origin";
    } else if (!str_is(net_header(call->request, "X-Firsthand"), "1")) {
        wrong = "requests that change something carry the header X-Firsthand: 1";
    }
    if (wrong != NULL) {
        http_problem(call, 403, "forged", wrong, NULL);
        return false;
    }
    if (call->request->body.len > 0 && !is_json(net_header(call->request, "Content-Type"))) {
        http_problem(call, 415, "not_json", "the body is sent as Content-Type: application/json",
                     NULL);
        return false;
    }
    return true;
}

bool http_form_not_forged(struct http_call *call)
{
    struct str site = net_header(call->request, "Sec-Fetch-Site");
    struct str origin = net_header(call->request, "Origin");
    struct str type = net_header(call->request, "Content-Type");
    struct str media;
    /* A page that tells nobody its address sends "null" for its origin, to itself too. */
    bool other = origin.data != NULL && !str_is(origin, "null") && !origin_is_ours(call, origin);
    if ((site.data != NULL && !str_is(site, "same-origin")) || other) {
        http_problem(call, 403, "forged", "this came from a page of another site", NULL);
        return false;
    }
    if (type.data == NULL || !str_next_part(&type, ';', &media) ||
        !same_name(str_trim(media), STR("application/x-www-form-urlencoded"))) {
        http_problem(call, 415, "not_a_form", "a form is sent as application/x-www-form-urlencoded",
                     NULL);
        return false;
    }
    return true;
}

/* ---- may they? ------------------------------------------------------------------------------------------------ */

static bool is_reading(enum net_method method)
{
    return method == NET_GET || method == NET_HEAD || method == NET_OPTIONS;
}

static bool key_fast_enough(struct http_call *call)
{
    struct str key = str_format(call->arena, "key %lld", (long long)call->who.key_id);
    if (http_limit_take(call->http->per_key, key)) {
        return true;
    }
    http_problem_later(call, 429, "this key sends faster than its limit", 1);
    return false;
}

static void unknown_key(struct http_call *call, struct str token)
{
    net_reply_header(call->reply, "WWW-Authenticate",
                     call->route->class == HTTP_CLASS_INTAKE ? STR("Basic realm=\"firsthand\"")
                                                             : STR("Bearer"));
    http_problem(call, 401, "unknown_key",
                 token.len == 0
                     ? "no key came with this: send one as Authorization: Bearer KEY; firsthand "
                       "keys create makes them"
                     : "there is no such key, or it was revoked or expired",
                 NULL);
}

static bool right_held(struct http_call *call)
{
    if (access_may(&call->who, call->route->right)) {
        return true;
    }
    http_problem(call, 403, "denied",
                 str_format(call->arena, "this needs the right \"%s\"",
                            access_right_name(call->route->right))
                     .data,
                 NULL);
    return false;
}

bool http_key_may(struct http_call *call, struct str token)
{
    struct access *access = app_access(call->http->app);
    if (!access_key_find(access, token, call->arena, &call->who)) {
        unknown_key(call, token);
        return false;
    }
    if (!access_origin_ok(&call->who, net_header(call->request, "Origin"))) {
        http_problem(call, 403, "origin", "this key is not for pages of this origin", NULL);
        return false;
    }
    return right_held(call) && key_fast_enough(call);
}

static bool session_may(struct http_call *call)
{
    struct access *access = app_access(call->http->app);
    bool found = false;
    struct fail fail;
    struct str token = http_cookie(call->request, http_cookie_name(call));
    if (token.data != NULL &&
        !access_session_find(access, token, call->arena, &call->who, &found, &fail)) {
        http_problem_fail(call, &fail);
        return false;
    }
    if (found) {
        call->session = token;
        return true;
    }
    if (call->route->class == HTTP_CLASS_OPEN) {
        return true;
    }
    bool admin = true;
    if (!access_has_admin(access, &admin, &fail)) {
        http_problem_fail(call, &fail);
        return false;
    }
    net_reply_header(call->reply, "WWW-Authenticate", STR("Bearer"));
    http_problem_signed_out(call, !admin, NULL);
    return false;
}

bool http_authorise(struct http_call *call)
{
    switch (call->route->class) {
    case HTTP_CLASS_PAGE:
    case HTTP_CLASS_SHARED:
    case HTTP_CLASS_PROBE:
    case HTTP_CLASS_HOOK:
    case HTTP_CLASS_INTAKE: /* the key may stand in the body: the handler asks http_key_may */
        return true;
    case HTTP_CLASS_LINK:
        return is_reading(call->route->method) || http_form_not_forged(call);
    case HTTP_CLASS_OPEN:
        return (is_reading(call->route->method) || http_not_forged(call)) && session_may(call);
    case HTTP_CLASS_API:
        break;
    }
    struct str token;
    if (authorization(call, "bearer", &token)) {
        return http_key_may(call, token);
    }
    return session_may(call) && (is_reading(call->route->method) || http_not_forged(call)) &&
           right_held(call);
}
