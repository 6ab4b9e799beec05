/* Answers that are pulled as they are made, so that neither side holds them. */
#include "http_internal.h"

struct pulling {
    struct http_stream stream;
    struct str route, request; /* for the log */
    struct base_buf bytes;     /* what was made and not sent yet, from `at` on */
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
        if (!pulling->stream.next(pulling->stream.context, &pulling->bytes, &pulling->end, &fail)) {
            if (fail.code != FAIL_CANCELLED) {
                base_log(LOG_WARN, "stream_broken", "an answer broke off",
                         LOG_S("route", pulling->route), LOG_S("request", pulling->request),
                         LOG_C("why", fail_code_name(fail.code)), LOG_END);
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
    pulling->stream.close(pulling->stream.context);
    base_buf_done(&pulling->bytes);
    base_free(pulling);
}

void http_send_stream(struct http_call *call, const struct http_stream *stream,
                      struct str media_type)
{
    struct pulling *pulling = base_alloc_zero(sizeof *pulling);
    pulling->stream = *stream;
    pulling->route = str_from_c(call->route->path);
    pulling->request = call->request->id;
    call->reply->pull = pull;
    call->reply->pull_done = pull_done;
    call->reply->pull_context = pulling;
    call->reply->status = 200;
    net_reply_header(call->reply, "Content-Type", media_type);
    net_reply_header(call->reply, "Cache-Control", STR("no-store"));
}
