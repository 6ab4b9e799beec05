/* The customer's own page. Its address is the right to it: 24 bytes of randomness and a seal, so that nobody else
 * can know it, and no page of another site can send one of its forms. Nothing here is logged but the route. */
#include "app_copy.h"
#include "app_preferences.h"
#include "http_internal.h"

static bool next(void *copy, struct base_buf *out, bool *out_end, struct fail *fail)
{
    return app_copy_next(copy, out, out_end, fail);
}

static void close_copy(void *copy)
{
    app_copy_close(copy);
}

static void copy_send(struct http_call *call, struct app_copy *copy)
{
    http_send_stream(call,
                     &(struct http_stream){.context = copy, .next = next, .close = close_copy},
                     STR(APP_COPY_TYPE));
    net_reply_header(call->reply, "Content-Disposition",
                     STR("attachment; filename=\"" APP_COPY_NAME "\""));
}

static void reply_send(struct http_call *call, struct app_preference_reply *reply)
{
    if (reply->copy != NULL) {
        copy_send(call, reply->copy);
        return;
    }
    call->reply->status = reply->status;
    call->reply->body = reply->body;
    net_reply_header(call->reply, "Cache-Control", STR("no-store"));
    if (reply->content_type != NULL) {
        net_reply_header(call->reply, "Content-Type", str_from_c(reply->content_type));
    }
    if (reply->location.data != NULL) {
        net_reply_header(call->reply, "Location", reply->location);
    }
}

static void answer(struct http_call *call, bool send, bool copy)
{
    struct app_preference_request request = {
        .token = call->path_values[0],
        .send = send,
        .copy = copy,
        .body = call->request->body,
        .before = net_param(call->request, "before"),
        .done = net_param(call->request, "done"),
    };
    struct app_preference_reply reply;
    struct fail fail;
    /* What writes or packs is held to what a person does. */
    if ((send || copy) && !http_limit_take(call->http->per_link, request.token)) {
        http_problem_later(call, 429, "too many requests with this link", 1);
        return;
    }
    if (!app_preferences(call->http->app, &request, call->arena, &reply, &fail)) {
        http_problem_fail(call, &fail);
        return;
    }
    reply_send(call, &reply);
}

void http_preferences(struct http_call *call)
{
    answer(call, false, false);
}

void http_preferences_send(struct http_call *call)
{
    answer(call, true, false);
}

void http_preferences_copy(struct http_call *call)
{
    answer(call, false, true);
}

void http_preferences_style(struct http_call *call)
{
    call->reply->status = 200;
    call->reply->fixed_body = app_preferences_style();
    net_reply_header(call->reply, "Content-Type", STR("text/css; charset=utf-8"));
    net_reply_header(call->reply, "Cache-Control", STR("public, max-age=3600"));
}

void http_customer_export(struct http_call *call)
{
    struct app_caller caller = {.identity = call->who,
                                .gone = net_request_gone,
                                .gone_context = call->request,
                                .address = call->address};
    struct app_copy *copy;
    struct fail fail;
    if (!app_copy_open(call->http->app, &caller, call->path_values[0], call->arena, &copy, &fail)) {
        http_problem_fail(call, &fail);
        return;
    }
    copy_send(call, copy);
}
