/* The decision API and asking: for a public key in a page as for a server. The key stands in Authorization or in the body, so
 * that a page can send it as plain text without asking first (CORS). */
#include "http_internal.h"

#define KEY_MEMBER "key"

/* The body without its key, as the operation's input; the key is given back. */
static bool body_read(struct http_call *call, struct base_buf *out, struct str *out_key)
{
    struct json_parser *parser CLEANUP(json_parser_free_at) = json_parser_new();
    struct json_value root, value;
    struct json_writer w = {.out = out};
    struct fail fail;
    struct str name;
    *out_key = (struct str){NULL, 0};
    if (!json_parse(parser, call->request->body, &root, &fail)) {
        http_problem(call, 400, "not_json", fail.message, NULL);
        return false;
    }
    if (json_type_of(root) != JSON_OBJECT) {
        http_problem(call, 422, "input", "expected an object", "");
        return false;
    }
    json_begin_object(&w);
    for (struct json_iter it = json_iter_of(root); json_next(&it, &name, &value);) {
        if (!str_is(name, KEY_MEMBER)) {
            json_name(&w, name);
            json_write_value(&w, value);
        } else if (json_type_of(value) == JSON_STRING) {
            *out_key = str_copy(call->arena, json_string(value));
        }
    }
    json_end_object(&w);
    return true;
}

void http_decide(struct http_call *call)
{
    struct base_buf input CLEANUP(base_buf_done) = {.limit = call->route->body_bytes_max * 2};
    struct base_buf answer = {0};
    struct fail fail;
    struct str key, token = http_token(call);
    if (token.len > 0 && !http_key_may(call, token)) {
        return; /* before the body is looked at */
    }
    if (call->request->body.len == 0 && token.len == 0) {
        http_key_may(call, token);
        return;
    }
    if (!body_read(call, &input, &key) || (token.len == 0 && !http_key_may(call, key))) {
        return;
    }
    struct app_caller caller = {.identity = call->who,
                                .gone = net_request_gone,
                                .gone_context = call->request,
                                .address = call->address};
    if (!base_buf_ok(&input, &fail) ||
        !app_call(call->http->app, &caller, str_from_c(call->route->operation),
                  base_buf_view(&input), &answer, &fail)) {
        base_buf_done(&answer);
        http_problem_fail(call, &fail);
        return;
    }
    http_send_json(call, call->route->status, &answer);
}
