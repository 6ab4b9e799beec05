/* Hosted surveys. The address is all that it takes; what a form changes is held together by the sealed token in it,
 * which no page of another site can have. */
#include "app_survey_page.h"
#include "http_internal.h"

static void answer(struct http_call *call, bool post)
{
    struct app_survey_page_request request = {
        .survey = call->path_values[0],
        .link = call->path_values[1],
        .post = post,
        .form = post ? call->request->body : call->request->query,
        .accept_language = net_header(call->request, "Accept-Language"),
        .address = call->address,
    };
    struct app_survey_page_reply reply;
    struct fail fail;
    if (!app_survey_page(call->http->app, &request, call->arena, &reply, &fail)) {
        http_problem_fail(call, &fail);
        return;
    }
    call->reply->status = reply.status;
    call->reply->body = reply.html;
    net_reply_header(call->reply, "Cache-Control", STR("no-store"));
    net_reply_header(call->reply, "Content-Type", STR("text/html; charset=utf-8"));
    net_reply_header(call->reply, "Vary", STR("Accept-Language"));
    if (reply.location.data != NULL) {
        net_reply_header(call->reply, "Location", reply.location);
    }
}

void http_survey_page(struct http_call *call)
{
    answer(call, false);
}

void http_survey_send(struct http_call *call)
{
    answer(call, true);
}

void http_survey_style(struct http_call *call)
{
    struct fail fail;
    if (!app_survey_style(call->http->app, call->path_values[0], call->arena, &call->reply->body,
                          &fail)) {
        http_problem_fail(call, &fail);
        return;
    }
    call->reply->status = 200;
    net_reply_header(call->reply, "Content-Type", STR("text/css; charset=utf-8"));
    net_reply_header(call->reply, "Cache-Control", STR("public, max-age=60"));
}

void http_survey_script(struct http_call *call)
{
    call->reply->status = 200;
    call->reply->fixed_body = app_survey_script();
    net_reply_header(call->reply, "Content-Type", STR("text/javascript; charset=utf-8"));
    net_reply_header(call->reply, "Cache-Control", STR("public, max-age=3600"));
}
