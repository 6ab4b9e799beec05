/* Deliveries of other systems. Whoever knows the token in the path may deliver; cookies and keys are not looked at. */
#include "app_hooks.h"
#include "http_internal.h"

static struct str find_header(void *context, const char *name)
{
    return net_header(context, name);
}

static void refuse(struct http_call *call, const struct fail *fail)
{
    /* Senders come again after 409, 429 and 5xx, and give up after the others: as it should be. */
    if (fail->code == FAIL_INPUT) {
        http_problem(call, 400, "not_json", fail->message, NULL);
    } else if (fail->code == FAIL_DENIED) {
        http_problem(call, 401, "signature", fail->message, NULL);
    } else if (fail->code == FAIL_LIMIT) {
        http_problem(call, 413, "too_large", fail->message, NULL);
    } else {
        http_problem_fail(call, fail);
    }
}

static void write_count(struct json_writer *w, const char *name, uint64_t count)
{
    json_name_c(w, name);
    json_write_uint(w, count);
}

void http_hook(struct http_call *call)
{
    struct intake_counts counts;
    struct fail fail;
    struct intake_hook_delivery delivery = {.header = find_header, .context = call->request};
    if (!intake_body_open(call->work, call->request->body, &call->http->limits, &delivery.body,
                          &fail) ||
        !app_hook_take(call->http->app, call->path_values[0], call->request->body, &delivery,
                       call->arena, &counts, &fail)) {
        refuse(call, &fail);
        return;
    }
    struct base_buf body = {.limit = 1024};
    struct json_writer w = {.out = &body};
    json_begin_object(&w);
    write_count(&w, "received", counts.received);
    write_count(&w, "stored", counts.stored);
    write_count(&w, "duplicate", counts.duplicate);
    write_count(&w, "quarantined", counts.quarantined);
    write_count(&w, "refused", counts.refused);
    json_end_object(&w);
    http_send_json(call, 200, &body);
}
