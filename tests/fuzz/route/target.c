/* A request on its way to an operation: the first byte of an input chooses the method, the first line is the address, the second
 * the cookies, the third what it is authorised by, and the rest is the body. What reaches the operation is one object of JSON, and what is
 * refused is answered with one. */
#include "http_assets.h"
#include "http_internal.h"
#include "net_internal.h"

/* No pages. */
const struct http_asset http_assets[1];
const size_t http_asset_count = 0;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool is_object(struct str text)
{
    struct json_parser *parser CLEANUP(json_parser_free_at) = json_parser_new();
    struct json_value root;
    struct fail fail;
    return json_parse(parser, text, &root, &fail) && json_type_of(root) == JSON_OBJECT;
}

static void try_route(struct http_call *call)
{
    struct base_buf input CLEANUP(base_buf_done) = {0};
    struct fail fail;
    if (!http_input(call, &input)) {
        INVARIANT(call->reply->status >= 400 && call->reply->status < 500);
        INVARIANT(is_object(base_buf_view(&call->reply->body)));
    } else if (base_buf_ok(&input, &fail) && call->route->params[0].name != NULL) {
        INVARIANT(is_object(base_buf_view(&input)));
    }
}

static void try_address(struct http_call *call, enum net_method method, struct str target)
{
    struct http_match match;
    struct fail fail = {0};
    size_t mark = str_find_byte(target, '?');
    if (!net_target_ok(target) ||
        !net_params_parse(call->arena, str_after(target, mark + 1), &call->request->params,
                          &call->request->param_count, &fail) ||
        !http_match(method, str_of(target.data, mark), call->arena, &match)) {
        return;
    }
    INVARIANT(http_allowed(match.allowed, call->arena).len > 0 || match.any == NULL);
    if (match.route == NULL) {
        return;
    }
    INVARIANT((match.allowed & 1U << method) != 0);
    call->route = match.route;
    memcpy(call->path_values, match.values, sizeof match.values);
    http_reply_guard(call);
    if (match.route->operation != NULL) {
        try_route(call);
    }
}

static void try_credentials(struct http_call *call, struct str whole)
{
    const struct str names[] = {http_cookie_name(call), STR("theme"), STR("")};
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        struct str value = http_cookie(call->request, names[i]);
        INVARIANT(value.len <= whole.len && str_find_byte(value, ';') == value.len);
    }
    INVARIANT(http_token(call).len <= whole.len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    CLEANUP(arena_free_at) struct arena *arena = arena_new(NULL);
    if (size == 0) {
        return 0;
    }
    struct str whole = str_of((const char *)data + 1, size - 1), rest = whole;
    struct str target = {0}, cookies = {0}, authorization = {0};
    if (!str_next_part(&rest, '\n', &target) || !str_next_part(&rest, '\n', &cookies) ||
        !str_next_part(&rest, '\n', &authorization)) {
        return 0;
    }
    const struct net_pair headers[] = {{STR("cookie"), cookies},
                                       {STR("Authorization"), authorization},
                                       {STR("Cookie"), authorization}};
    struct net_request request = {
        .headers = headers, .header_count = ARRAY_LEN(headers), .body = rest, .arena = arena};
    struct net_reply reply = {0};
    struct http_call call = {
        .request = &request, .reply = &reply, .arena = arena, .secure = data[0] >= 0x80};
    try_credentials(&call, whole);
    try_address(&call, (enum net_method)(data[0] % NET_METHODS), target);
    base_buf_done(&reply.body);
    return 0;
}
