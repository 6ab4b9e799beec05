#include "http_internal.h"

#define INPUT_BYTES_MAX (HTTP_BODY_BYTES_MAX + ((size_t)256 << 10))

static bool write_param(struct http_call *call, const struct http_param *param, struct str value,
                        struct json_writer *w)
{
    if (!str_is_utf8(value)) {
        http_problem(call, 400, "input",
                     str_format(call->arena, "'%s' is not UTF-8", param->name).data, NULL);
        return false;
    }
    json_name_c(w, param->member);
    if (param->type == HTTP_TEXT) {
        json_write_str(w, value);
        return true;
    }
    int64_t number;
    if (!str_parse_i64(value, &number)) {
        /* A path that names nothing is not found; a parameter that is no number is wrong. */
        struct str detail = str_format(call->arena, "'%s' must be a whole number", param->name);
        if (param->in_path) {
            http_problem(call, 404, "absent", "there is no such thing", NULL);
        } else {
            http_problem(call, 422, "input", detail.data,
                         str_format(call->arena, "/%s", param->member).data);
        }
        return false;
    }
    json_write_int(w, number);
    return true;
}

static bool write_params(struct http_call *call, struct json_writer *w)
{
    const struct http_param *params = call->route->params;
    for (int i = 0; i < HTTP_PARAMS_MAX && params[i].name != NULL; i++) {
        struct str value =
            params[i].in_path ? call->path_values[i] : net_param(call->request, params[i].name);
        /* An empty parameter of the query is one left out, as forms send it. */
        if (value.data == NULL || (value.len == 0 && !params[i].in_path)) {
            continue;
        }
        if (!write_param(call, &params[i], value, w)) {
            return false;
        }
    }
    return true;
}

/* Parameters that the route does not know are refused: a misspelt "limt" must not be silently nothing. */
static bool params_known(struct http_call *call)
{
    const struct http_param *params = call->route->params;
    for (size_t i = 0; i < call->request->param_count; i++) {
        struct str name = call->request->params[i].name;
        const char *known[HTTP_PARAMS_MAX];
        size_t count = 0;
        bool found = false;
        for (int j = 0; j < HTTP_PARAMS_MAX && params[j].name != NULL; j++) {
            if (!params[j].in_path) {
                known[count++] = params[j].name;
                found = found || str_is(name, params[j].name);
            }
        }
        if (!found) {
            const char *near = str_nearest(name, known, count);
            struct str detail = str_format(call->arena, "there is no parameter '%.*s' here%s%s%s",
                                           (int)(name.len > 60 ? 60 : name.len), name.data,
                                           near == NULL ? "" : "; did you mean '",
                                           near == NULL ? "" : near, near == NULL ? "" : "'?");
            http_problem(call, 422, "input", detail.data, NULL);
            return false;
        }
    }
    return true;
}

static bool is_path_member(const struct http_route *route, struct str name)
{
    for (int i = 0; i < HTTP_PARAMS_MAX && route->params[i].name != NULL; i++) {
        if (str_is(name, route->params[i].member)) {
            return true;
        }
    }
    return false;
}

static bool write_body(struct http_call *call, struct json_writer *w)
{
    struct str body = str_trim(call->request->body);
    if (body.len == 0) {
        return true;
    }
    struct json_parser *parser CLEANUP(json_parser_free_at) = json_parser_new();
    struct json_value root, value;
    struct fail fail;
    if (!json_parse(parser, body, &root, &fail)) {
        http_problem(call, 400, "not_json", fail.message, NULL);
        return false;
    }
    if (json_type_of(root) != JSON_OBJECT) {
        http_problem(call, 422, "input",
                     str_format(call->arena, "expected an object, got %s",
                                json_type_name(json_type_of(root)))
                         .data,
                     "");
        return false;
    }
    struct str name;
    for (struct json_iter it = json_iter_of(root); json_next(&it, &name, &value);) {
        if (is_path_member(call->route, name)) {
            http_problem(
                call, 422, "input",
                str_format(call->arena, "'%.*s' stands in the address already", STR_ARG(name)).data,
                str_format(call->arena, "/%.*s", STR_ARG(name)).data);
            return false;
        }
        json_name(w, name);
        json_write_value(w, value);
    }
    return true;
}

bool http_input(struct http_call *call, struct base_buf *out)
{
    *out = (struct base_buf){.limit = INPUT_BYTES_MAX};
    struct json_writer w = {.out = out};
    bool plain = call->route->params[0].name == NULL && call->request->body.len > 0;
    if (!params_known(call)) {
        return false;
    }
    if (plain) {
        /* Nothing to add: the operation reads the very bytes that were sent. */
        struct json_parser *parser CLEANUP(json_parser_free_at) = json_parser_new();
        struct json_value root;
        struct fail fail;
        if (!json_parse(parser, call->request->body, &root, &fail)) {
            http_problem(call, 400, "not_json", fail.message, NULL);
            return false;
        }
        base_buf_str(out, call->request->body);
        return true;
    }
    json_begin_object(&w);
    if (!write_body(call, &w) || !write_params(call, &w)) {
        base_buf_done(out);
        return false;
    }
    json_end_object(&w);
    return true;
}

void http_operation(struct http_call *call)
{
    struct base_buf input CLEANUP(base_buf_done) = {0};
    if (!http_input(call, &input)) {
        return;
    }
    struct fail fail;
    struct app_caller caller = {.identity = call->who,
                                .gone = net_request_gone,
                                .gone_context = call->request,
                                .address = call->address};
    struct base_buf answer = {0};
    if (!base_buf_ok(&input, &fail) ||
        !app_call(call->http->app, &caller, str_from_c(call->route->operation),
                  base_buf_view(&input), &answer, &fail)) {
        base_buf_done(&answer);
        http_problem_fail(call, &fail);
        return;
    }
    if (call->route->status == 204) {
        base_buf_done(&answer);
        http_send_empty(call, 204);
        return;
    }
    http_send_json(call, call->route->status, &answer);
}
