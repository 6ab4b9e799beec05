/* Events come in. A request is either taken as a whole, each event with its verdict, or refused as a whole, and
 * then counted as such. The answer follows only once everything is durable. Statuses are chosen for what
 * clients do with them: 400, 401, 403 and 413 end their tries, 429 and 503 make them come again. */
#include "http_internal.h"

#include <strings.h>

#define LATER_S 1
#define NO_ROOM_S 5

struct intake_decoder *http_decoder_take(struct http *http)
{
    struct intake_decoder *decoder = NULL;
    base_lock(&http->decoder_lock);
    if (http->decoder_count > 0) {
        decoder = http->decoders[--http->decoder_count];
    }
    base_unlock(&http->decoder_lock);
    return decoder == NULL ? intake_decoder_new() : decoder;
}

void http_decoder_give(struct http *http, struct intake_decoder *decoder)
{
    base_lock(&http->decoder_lock);
    if (http->decoder_count < HTTP_DECODERS_MAX) {
        http->decoders[http->decoder_count++] = decoder;
        decoder = NULL;
    }
    base_unlock(&http->decoder_lock);
    intake_decoder_free(decoder);
}

/* Nothing of the request was stored. Counting is `answered`'s, by the status. */
void http_refuse_decoding(struct http_call *call, const struct fail *fail)
{
    if (fail->code == FAIL_INPUT) {
        http_problem(call, 400, "not_json", fail->message,
                     fail->pointer[0] != '\0' ? fail->pointer : NULL);
    } else if (fail->code == FAIL_LIMIT) {
        http_problem(call, 413, "too_large", fail->message, NULL);
    } else {
        http_problem_fail(call, fail);
    }
}

void http_refuse_storing(struct http_call *call, const struct fail *fail)
{
    if (fail->code == FAIL_BUSY) {
        http_problem_later(call, 503, fail->message, LATER_S);
    } else if (fail->code == FAIL_LIMIT) {
        /* Not logged each time: the log says when room ran out, and it would fill a disk that is full. */
        http_problem_later(call, 503, "no room to store events", NO_ROOM_S);
    } else if (fail->code == FAIL_IO) {
        base_log(LOG_ERROR, "intake.refused", "events could not be stored",
                 LOG_S("request_id", call->request->id), LOG_C("why", fail->message), LOG_END);
        http_problem_later(call, 503,
                           "the disk failed; nothing can be stored until this was looked at", 60);
    } else {
        http_problem_fail(call, fail);
    }
}

/* Only browsers say what page a request comes from; servers and apps say nothing, and are not asked. */
static bool page_may_send(struct http_call *call, const struct intake_source *source)
{
    struct str origin = net_header(call->request, "Origin");
    bool allowed = source->origin_count == 0 || origin.data == NULL;
    for (size_t i = 0; i < source->origin_count && !allowed; i++) {
        allowed = str_equal(origin, source->origins[i]);
    }
    if (!allowed) {
        http_problem(call, 403, "origin",
                     "this source takes no events from pages of this origin; its setting "
                     "\"origins\" names those that may send",
                     NULL);
    }
    return allowed;
}

bool http_intake_source(struct http_call *call, struct intake_source *out)
{
    struct fail fail;
    bool trusted = access_may(&call->who, ACCESS_RIGHT_JOIN_USERS);
    if (!app_source(call->http->app, call->who.source, trusted, call->arena, out, &fail)) {
        http_problem_fail(call, &fail);
        return false;
    }
    out->limits = &call->http->limits;
    out->peer = call->address;
    return page_may_send(call, out);
}

/* What a person says on purpose is no tracking: words, scores, answers, and what they decide about consent. */
static bool is_said(const struct store_event *event)
{
    return event->text.len > 0 || event->scale.len > 0 ||
           str_starts(event->event, STR("survey ")) || str_is(event->event, "consent");
}

/* A browser whose person asked, by Global Privacy Control, not to be tracked says so in each request. Each event gets its
   verdict, so that what is left out is counted and not a gap. */
static void heed_signal(struct http_call *call, const struct intake_source *source,
                        const struct intake_items *items)
{
    if (!source->heed_gpc || !str_is(net_header(call->request, "Sec-GPC"), "1")) {
        return;
    }
    for (size_t i = 0; i < items->count; i++) {
        struct store_item *item = &items->items[i];
        if (item->verdict == STORE_REFUSED ||
            (item->verdict == STORE_STORED && is_said(&item->event))) {
            continue;
        }
        item->verdict = STORE_REFUSED;
        item->reason =
            STR("the person's browser asks not to be tracked (Sec-GPC), which this source "
                "heeds");
        item->field = (struct str){NULL, 0};
    }
}

bool http_intake_take(struct http_call *call, const struct intake_source *source,
                      const struct intake_items *items)
{
    struct fail fail;
    struct http_quotas *quotas = call->http->quotas;
    heed_signal(call, source, items);
    int64_t wait_s = http_quota_take(quotas, source, items->count);
    if (wait_s > 0) {
        http_problem_later(call, 429,
                           "this source has sent as many events as its quota allows for now; "
                           "nothing of this request was stored",
                           wait_s);
        return false;
    }
    if (!app_take(call->http->app, items->items, items->count, &fail)) {
        http_quota_give_back(quotas, source, items->count);
        http_refuse_storing(call, &fail);
        return false;
    }
    if (!access_keys_write_uses(app_access(call->http->app), false, &fail)) {
        base_log(LOG_WARN, "access.uses", "the last uses of keys were not written",
                 LOG_C("why", fail.message), LOG_END);
    }
    return true;
}

/* ---- the own form ---------------------------------------------------------------------------------- */

static void own_answer(struct http_call *call, const struct intake_items *items)
{
    struct intake_counts counts = {0};
    intake_count(items->items, items->count, &counts);
    struct base_buf body = {.limit = (size_t)64 << 20};
    struct json_writer w = {.out = &body};
    json_begin_object(&w);
    json_name_c(&w, "received");
    json_write_uint(&w, counts.received);
    json_name_c(&w, "stored");
    json_write_uint(&w, counts.stored);
    json_name_c(&w, "duplicate");
    json_write_uint(&w, counts.duplicate);
    json_name_c(&w, "quarantined");
    json_write_uint(&w, counts.quarantined);
    json_name_c(&w, "refused");
    json_write_uint(&w, counts.refused);
    json_name_c(&w, "verdicts");
    json_begin_array(&w);
    for (size_t i = 0; i < items->count; i++) {
        const struct store_item *item = &items->items[i];
        if (item->verdict == STORE_STORED) {
            continue;
        }
        json_begin_object(&w);
        json_name_c(&w, "index");
        json_write_uint(&w, i);
        json_name_c(&w, "verdict");
        json_write_c(&w, store_verdict_name(item->verdict));
        json_name_c(&w, "reason");
        if (item->reason.data == NULL) {
            json_write_null(&w);
        } else {
            json_write_str(&w, item->reason);
        }
        json_name_c(&w, "field");
        if (item->field.data == NULL) {
            json_write_null(&w);
        } else {
            json_write_str(&w, item->field);
        }
        json_end_object(&w);
    }
    json_end_array(&w);
    json_end_object(&w);
    http_send_json(call, 200, &body);
}

static void own_take(struct http_call *call, struct intake_decoder *decoder)
{
    struct str token = http_token(call);
    bool known = token.len > 0;
    if (known && !http_key_may(call, token)) {
        return;
    }
    struct str text;
    struct intake_own_request request;
    struct intake_source source;
    struct intake_items items = {0};
    struct fail fail;
    if (!intake_body_open(call->work, call->request->body, &call->http->limits, &text, &fail) ||
        !intake_own_open(decoder, text, &call->http->limits, call->work, &request, &fail)) {
        http_refuse_decoding(call, &fail);
        return;
    }
    if (!known && !http_key_may(call, request.key.data == NULL ? STR("") : request.key)) {
        return;
    }
    if (!http_intake_source(call, &source)) {
        return;
    }
    if (!intake_own_decode_opened(decoder, &request, &source, call->work, &items, &fail)) {
        http_refuse_decoding(call, &fail);
        return;
    }
    if (http_intake_take(call, &source, &items)) {
        own_answer(call, &items);
    }
}

void http_own_events(struct http_call *call)
{
    struct intake_decoder *decoder = http_decoder_take(call->http);
    own_take(call, decoder);
    http_decoder_give(call->http, decoder);
}

/* ---- Segment's ------------------------------------------------------------------------------------------ */

static void success_send(struct http_call *call)
{
    struct base_buf body = {.limit = 64};
    base_buf_c(&body, "{\"success\":true}");
    http_send_json(call, 200, &body);
}

static void segment_take(struct http_call *call, struct intake_decoder *decoder,
                         enum intake_segment_type type)
{
    struct str token = http_token(call);
    bool known = token.len > 0;
    if (known && !http_key_may(call, token)) {
        return;
    }
    struct str text;
    struct intake_segment_request request;
    struct intake_source source;
    struct intake_items items = {0};
    struct fail fail;
    if (!intake_body_open(call->work, call->request->body, &call->http->limits, &text, &fail) ||
        !intake_segment_open(decoder, text, type, &call->http->limits, call->work, &request,
                             &fail)) {
        http_refuse_decoding(call, &fail);
        return;
    }
    struct str key = request.write_key;
    key = key.len > 0 ? key : net_param(call->request, "writeKey");
    if (!known && !http_key_may(call, key.data == NULL ? STR("") : key)) {
        return;
    }
    if (!http_intake_source(call, &source)) {
        return;
    }
    if (!intake_segment_decode(decoder, &request, &source, call->work, &items, &fail)) {
        http_refuse_decoding(call, &fail);
        return;
    }
    if (http_intake_take(call, &source, &items)) {
        success_send(call);
    }
}

void http_segment_events(struct http_call *call)
{
    enum intake_segment_type type;
    if (!intake_segment_route(call->path_values[0], &type)) {
        http_problem(call, 404, "absent", "there is no such call in Segment's API", NULL);
        return;
    }
    struct intake_decoder *decoder = http_decoder_take(call->http);
    segment_take(call, decoder, type);
    http_decoder_give(call->http, decoder);
}

/* What is sent when a page is left bears no header: the key stands in the query. */
void http_rudder_beacon(struct http_call *call)
{
    struct intake_decoder *decoder = http_decoder_take(call->http);
    segment_take(call, decoder, INTAKE_SEGMENT_BATCH);
    http_decoder_give(call->http, decoder);
}

void http_segment_settings(struct http_call *call)
{
    struct str key = call->path_values[0];
    struct access_identity who;
    if (!access_key_find(app_access(call->http->app), key, call->arena, &who) ||
        (who.kind != ACCESS_KEY_WRITE && who.kind != ACCESS_KEY_CLIENT)) {
        http_problem(call, 404, "absent", "there is no such write key", NULL);
        return;
    }
    struct base_buf body = {.limit = (size_t)16 << 10};
    struct json_writer w = {.out = &body};
    json_begin_object(&w);
    json_name_c(&w, "integrations");
    json_begin_object(&w);
    json_name_c(&w, "Segment.io");
    json_begin_object(&w);
    json_name_c(&w, "apiKey");
    json_write_str(&w, key);
    json_name_c(&w, "apiHost");
    json_write_str(&w,
                   str_format(call->arena, "%.*s/v1", STR_ARG(net_header(call->request, "Host"))));
    json_name_c(&w, "protocol");
    json_write_c(&w, call->secure ? "https" : "http");
    json_end_object(&w);
    json_end_object(&w);
    /* A sample rate other than 0 would have the library send its own metrics to another host. */
    json_name_c(&w, "plan");
    json_write_raw(&w, STR("{\"track\":{\"__default\":{\"enabled\":true}}}"));
    json_name_c(&w, "edgeFunction");
    json_write_raw(&w, STR("{}"));
    json_name_c(&w, "middlewareSettings");
    json_write_raw(&w, STR("{}"));
    json_name_c(&w, "enabledMiddleware");
    json_write_raw(&w, STR("{}"));
    json_name_c(&w, "remotePlugins");
    json_write_raw(&w, STR("[]"));
    json_name_c(&w, "analyticsNextEnabled");
    json_write_bool(&w, true);
    json_name_c(&w, "metrics");
    json_write_raw(&w, STR("{\"sampleRate\":0}"));
    json_end_object(&w);
    http_send_json(call, 200, &body);
}
