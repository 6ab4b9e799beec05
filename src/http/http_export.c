/* Exports: the answer is pulled as it is read, so that neither side holds it. */
#include "app_export.h"
#include "http_internal.h"

struct pulling {
    struct app_export *export;
    struct str request;    /* its id, for the log */
    struct base_buf bytes; /* what was made and not sent yet, from `at` on */
    size_t at;
    bool end;
};

static bool pull(void *context, char *into, size_t room, size_t *out_len)
{
    struct pulling *pulling = context;
    struct fail fail;
    while (pulling->at == pulling->bytes.len && !pulling->end) {
        base_buf_reset(&pulling->bytes);
        pulling->at = 0;
        if (!app_export_next(pulling->export, &pulling->bytes, &pulling->end, &fail)) {
            if (fail.code != FAIL_CANCELLED) {
                base_log(LOG_WARN, "export_broken", "an export broke off",
                         LOG_S("request", pulling->request), LOG_C("reason", fail.message),
                         LOG_END);
            }
            return false;
        }
    }
    size_t left = pulling->bytes.len - pulling->at;
    *out_len = left < room ? left : room;
    if (*out_len > 0) {
        memcpy(into, pulling->bytes.data + pulling->at, *out_len);
    }
    pulling->at += *out_len;
    return true;
}

static void pull_done(void *context)
{
    struct pulling *pulling = context;
    app_export_close(pulling->export);
    base_buf_done(&pulling->bytes);
    base_free(pulling);
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
    struct pulling *pulling = base_alloc_zero(sizeof *pulling);
    pulling->export = export;
    pulling->request = call->request->id;
    call->reply->pull = pull;
    call->reply->pull_done = pull_done;
    call->reply->pull_context = pulling;
    call->reply->status = 200;
    net_reply_header(call->reply, "Content-Type", str_from_c(app_export_media_type(export)));
    net_reply_header(call->reply, "Content-Disposition",
                     str_format(call->arena, "attachment; filename=\"%.*s\"",
                                STR_ARG(app_export_file_name(export, call->arena))));
    net_reply_header(call->reply, "Cache-Control", STR("no-store"));
}
