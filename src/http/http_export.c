/* Exports: the answer is pulled as it is read, so that neither side holds it. */
#include "app_export.h"
#include "http_internal.h"

static bool next(void *export, struct base_buf *out, bool *out_end, struct fail *fail)
{
    return app_export_next(export, out, out_end, fail);
}

static void close_export(void *export)
{
    app_export_close(export);
}

void http_export(struct http_call *call)
{
    struct base_buf input CLEANUP(base_buf_done) = {0};
    struct app_caller caller = {.identity = call->who,
                                .gone = net_request_gone,
                                .gone_context = call->request,
                                .address = call->address};
    struct app_export *export;
    struct fail fail;
    if (!http_input(call, &input)) {
        return;
    }
    if (!base_buf_ok(&input, &fail) ||
        !app_export_open(call->http->app, &caller, base_buf_view(&input), &export, &fail)) {
        http_problem_fail(call, &fail);
        return;
    }
    http_send_stream(call,
                     &(struct http_stream){.context = export, .next = next, .close = close_export},
                     str_from_c(app_export_media_type(export)));
    net_reply_header(call->reply, "Content-Disposition",
                     str_format(call->arena, "attachment; filename=\"%.*s\"",
                                STR_ARG(app_export_file_name(export, call->arena))));
}
