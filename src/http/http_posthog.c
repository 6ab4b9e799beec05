/* PostHog's routes: what its libraries ask for when they start, and the events they send. Keys stand in the body or
 * the query. There are no flags here, and it says so in each of the forms that its libraries of all ages expect:
 * an app that waits for flags must hear that there are none. */
#include "http_internal.h"

static bool key_is_public(struct http_call *call, struct str key)
{
    struct access_identity who;
    return access_key_find(app_access(call->http->app), key, call->arena, &who) &&
           (who.kind == ACCESS_KEY_WRITE || who.kind == ACCESS_KEY_CLIENT);
}

/* From the header, else the body, else the query; empty where there is none. */
static struct str key_of(struct http_call *call, struct str in_body)
{
    struct str key = http_token(call);
    key = key.len > 0 ? key : in_body;
    key = key.len > 0 ? key : net_param(call->request, "token");
    key = key.len > 0 ? key : net_param(call->request, "api_key");
    return key.data == NULL ? STR("") : key;
}

static bool open_body(struct http_call *call, struct intake_decoder *decoder,
                      struct intake_posthog_request *out)
{
    struct fail fail;
    if (!intake_posthog_open(decoder, call->request->body, &call->http->limits, call->arena, out,
                             &fail)) {
        http_refuse_decoding(call, &fail);
        return false;
    }
    return true;
}

/* ---- events --------------------------------------------------------------------------------------- */

static void capture(struct http_call *call, struct intake_decoder *decoder)
{
    struct str token = http_token(call);
    struct intake_posthog_request request;
    struct intake_source source;
    struct intake_items items = {0};
    struct fail fail;
    if (token.len > 0 && !http_key_may(call, token)) {
        return;
    }
    if (!open_body(call, decoder, &request) ||
        (token.len == 0 && !http_key_may(call, key_of(call, request.key))) ||
        !http_intake_source(call, &source)) {
        return;
    }
    struct str sent = net_param(call->request, "_");
    if (request.sent_ms == STORE_NO_TIME && sent.len > 0) {
        /* Beacons say there when they were sent. One that cannot be read says nothing about the clock. */
        (void)!str_parse_i64(sent, &request.sent_ms);
    }
    if (!intake_posthog_decode(decoder, &request, &source, call->arena, &items, &fail)) {
        http_refuse_decoding(call, &fail);
        return;
    }
    if (http_intake_take(call, &items)) {
        struct base_buf body = {.limit = 64};
        base_buf_c(&body, "{\"status\":1}");
        http_send_json(call, 200, &body);
    }
}

void http_posthog_capture(struct http_call *call)
{
    struct intake_decoder *decoder = http_decoder_take(call->http);
    capture(call, decoder);
    http_decoder_give(call->http, decoder);
}

/* ---- flags and configuration ------------------------------------------------------------------------ */

/* Members of the remote config; /decide and /flags with config=true have them among their own. */
static void write_config(struct json_writer *w)
{
    json_name_c(w, "supportedCompression");
    json_write_raw(w, STR("[\"gzip\",\"gzip-js\"]"));
    json_name_c(w, "hasFeatureFlags");
    json_write_bool(w, true);
    json_name_c(w, "surveys");
    json_write_bool(w, true);
    static const char *const off[] = {"sessionRecording", "autocapture_opt_out", "heatmaps",
                                      "capturePerformance"};
    for (size_t i = 0; i < ARRAY_LEN(off); i++) {
        json_name_c(w, off[i]);
        json_write_bool(w, false);
    }
    json_name_c(w, "siteApps");
    json_write_raw(w, STR("[]"));
    json_name_c(w, "elementsChainAsString");
    json_write_bool(w, true);
    json_name_c(w, "defaultIdentifiedOnly");
    json_write_bool(w, true);
    json_name_c(w, "analytics");
    json_write_raw(w, STR("{\"endpoint\":\"/i/v0/e/\"}"));
}

static void flags_answer(struct http_call *call)
{
    struct str version = net_param(call->request, "v");
    bool decide = str_starts_c(call->request->path, "/decide");
    struct base_buf body = {.limit = (size_t)16 << 10};
    struct json_writer w = {.out = &body};
    json_begin_object(&w);
    json_name_c(&w, "errorsWhileComputingFlags");
    json_write_bool(&w, false);
    json_name_c(&w, "requestId");
    json_write_str(&w, call->request->id);
    json_name_c(&w, "evaluatedAt");
    json_write_int(&w, base_now_ms(call->http->clock));
    json_name_c(&w, "flags");
    json_write_raw(&w, STR("{}"));
    json_name_c(&w, "featureFlags");
    json_write_raw(&w,
                   decide && (version.len == 0 || str_is(version, "1")) ? STR("[]") : STR("{}"));
    json_name_c(&w, "featureFlagPayloads");
    json_write_raw(&w, STR("{}"));
    if (decide || str_is(net_param(call->request, "config"), "true")) {
        write_config(&w);
    }
    json_end_object(&w);
    http_send_json(call, 200, &body);
}

void http_posthog_flags(struct http_call *call)
{
    struct str token = http_token(call);
    struct intake_posthog_request request = {0};
    if (token.len == 0) {
        struct intake_decoder *decoder = http_decoder_take(call->http);
        bool opened = open_body(call, decoder, &request);
        http_decoder_give(call->http, decoder);
        if (!opened) {
            return;
        }
    }
    if (http_key_may(call, key_of(call, request.key))) {
        flags_answer(call);
    }
}

void http_posthog_config(struct http_call *call)
{
    struct str key = call->path_values[0];
    if (!key_is_public(call, key)) {
        http_problem(call, 404, "absent", "there is no such write or client key", NULL);
        return;
    }
    struct base_buf body = {.limit = (size_t)16 << 10};
    struct json_writer w = {.out = &body};
    json_begin_object(&w);
    json_name_c(&w, "token");
    json_write_str(&w, key);
    write_config(&w);
    json_end_object(&w);
    http_send_json(call, 200, &body);
}

void http_posthog_surveys(struct http_call *call)
{
    if (!http_key_may(call, key_of(call, (struct str){NULL, 0}))) {
        return;
    }
    struct base_buf body = {.limit = 64};
    base_buf_c(&body, "{\"surveys\":[]}");
    http_send_json(call, 200, &body);
}

/* What PostHog's libraries ask for and can do without. Without these lines they would be answered with a page. */
void http_posthog_absent(struct http_call *call)
{
    http_problem(call, 404, "absent", "this part of PostHog's interface is not here", NULL);
}
