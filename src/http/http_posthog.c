/* PostHog's routes: what its libraries ask for when they start, and the events they send. Keys stand in the body or
 * the query. There are no flags here, and it says so in each of the forms that its libraries of all ages expect:
 * an app that waits for flags must hear that there are none. */
#include "http_internal.h"

static bool key_is_public(struct http_call *call, struct str key)
{
    return access_key_find(app_access(call->http->app), key, call->arena, &call->who) &&
           (call->who.kind == ACCESS_KEY_WRITE || call->who.kind == ACCESS_KEY_CLIENT);
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
    if (!intake_posthog_open(decoder, call->request->body, &call->http->limits, call->work, out,
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
    if (!intake_posthog_decode(decoder, &request, &source, call->work, &items, &fail)) {
        http_refuse_decoding(call, &fail);
        return;
    }
    if (!app_posthog_answers(call->http->app, &items, net_header(call->request, "Accept-Language"),
                             call->address, call->arena, &fail)) {
        http_refuse_storing(call, &fail);
        return;
    }
    if (http_intake_take(call, &source, &items)) {
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
static void write_config(struct json_writer *w, bool surveys)
{
    json_name_c(w, "supportedCompression");
    json_write_raw(w, STR("[\"gzip\",\"gzip-js\"]"));
    json_name_c(w, "hasFeatureFlags");
    json_write_bool(w, true);
    json_name_c(w, "surveys");
    json_write_bool(w, surveys);
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

/* The one flag that there may be: it says that this person is asked a survey. */
static void write_flag(struct json_writer *w, struct str flag)
{
    json_begin_object(w);
    if (flag.len > 0) {
        json_name(w, flag);
        json_begin_object(w);
        json_name_c(w, "key");
        json_write_str(w, flag);
        json_name_c(w, "enabled");
        json_write_bool(w, true);
        json_name_c(w, "variant");
        json_write_null(w);
        json_name_c(w, "reason");
        json_write_raw(w, STR("{\"code\":\"condition_match\",\"condition_index\":0,"
                              "\"description\":\"This person is asked now.\"}"));
        json_name_c(w, "metadata");
        json_write_raw(w, STR("{\"id\":1,\"version\":1,\"payload\":null,\"description\":null}"));
        json_end_object(w);
    }
    json_end_object(w);
}

static void flags_answer(struct http_call *call, struct str flag)
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
    write_flag(&w, flag);
    json_name_c(&w, "featureFlags");
    if (decide && (version.len == 0 || str_is(version, "1"))) {
        json_begin_array(&w);
        if (flag.len > 0) {
            json_write_str(&w, flag);
        }
        json_end_array(&w);
    } else {
        json_begin_object(&w);
        if (flag.len > 0) {
            json_name(&w, flag);
            json_write_bool(&w, true);
        }
        json_end_object(&w);
    }
    json_name_c(&w, "featureFlagPayloads");
    json_write_raw(&w, STR("{}"));
    if (decide || str_is(net_param(call->request, "config"), "true")) {
        write_config(&w, access_may(&call->who, ACCESS_RIGHT_DECIDE));
    }
    json_end_object(&w);
    http_send_json(call, 200, &body);
}

static bool string_member(struct json_value object, const char *name, struct str *out)
{
    struct json_value value;
    if (!json_member(object, str_from_c(name), &value) || json_type_of(value) != JSON_STRING ||
        json_string(value).len == 0) {
        return false;
    }
    *out = json_string(value);
    return true;
}

/* Asks for a page that a person looks at? Servers ask for flags too, and show nobody a survey; a page that names flags
   means only those. */
static bool is_page(struct json_value request)
{
    struct json_value person, list;
    struct str text;
    if ((string_member(request, "evaluation_runtime", &text) && str_is(text, "server")) ||
        (json_member(request, STR("flag_keys_to_evaluate"), &list) &&
         json_type_of(list) == JSON_ARRAY)) {
        return false;
    }
    return !json_member(request, STR("person_properties"), &person) ||
           !string_member(person, "$lib", &text) || str_is(text, "web");
}

/* The operation's input; false where nobody is to be asked. */
static bool flag_input(struct http_call *call, struct str event, struct base_buf *out)
{
    struct json_parser *parser CLEANUP(json_parser_free_at) = json_parser_new();
    struct json_value request;
    struct json_writer w = {.out = out};
    struct str id, device, other, language = net_header(call->request, "Accept-Language");
    struct fail fail;
    if (!json_parse(parser, event, &request, &fail) || !is_page(request) ||
        !string_member(request, "distinct_id", &id)) {
        return false;
    }
    bool has_device = string_member(request, "$device_id", &device);
    bool has_other = string_member(request, "$anon_distinct_id", &other);
    json_begin_object(&w);
    json_name_c(&w, "distinct_id");
    json_write_str(&w, id);
    if (has_device || has_other) {
        json_name_c(&w, "device_id");
        json_write_str(&w, has_other ? other : device);
    }
    json_name_c(&w, "user");
    json_write_bool(&w, has_device ? !str_equal(id, device) : has_other);
    if (language.data != NULL) {
        json_name_c(&w, "language");
        json_write_str(&w, language);
    }
    json_end_object(&w);
    return true;
}

/* Which survey this person is asked, as a flag; empty: none. What cannot be decided asks nobody: a page works without. */
static struct str flag_of(struct http_call *call, struct str request)
{
    CLEANUP(base_buf_done) struct base_buf input = {.limit = HTTP_BODY_BYTES_MAX};
    CLEANUP(base_buf_done) struct base_buf answer = {.limit = (size_t)16 << 10};
    struct json_parser *parser CLEANUP(json_parser_free_at) = json_parser_new();
    struct app_caller caller = {.identity = call->who, .address = call->address};
    struct json_value root;
    struct str flag = STR("");
    struct fail fail;
    if (!access_may(&call->who, ACCESS_RIGHT_DECIDE) || !flag_input(call, request, &input)) {
        return flag;
    }
    if (!app_call(call->http->app, &caller, STR("posthog.flag"), base_buf_view(&input), &answer,
                  &fail) ||
        !json_parse(parser, base_buf_view(&answer), &root, &fail)) {
        base_log(LOG_WARN, "posthog.flag", "nobody was asked: it could not be decided",
                 LOG_S("request_id", call->request->id), LOG_C("why", fail.message), LOG_END);
        return flag;
    }
    return string_member(root, "flag", &flag) ? str_copy(call->arena, flag) : flag;
}

void http_posthog_flags(struct http_call *call)
{
    struct intake_posthog_request request = {0};
    struct intake_decoder *decoder = http_decoder_take(call->http);
    bool opened = open_body(call, decoder, &request);
    http_decoder_give(call->http, decoder);
    if (!opened || !http_key_may(call, key_of(call, request.key))) {
        return;
    }
    flags_answer(call,
                 request.split_.count == 1 ? flag_of(call, request.split_.elements[0]) : STR(""));
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
    write_config(&w, access_may(&call->who, ACCESS_RIGHT_DECIDE));
    json_end_object(&w);
    http_send_json(call, 200, &body);
}

void http_posthog_surveys(struct http_call *call)
{
    if (!http_key_may(call, key_of(call, (struct str){NULL, 0}))) {
        return;
    }
    struct base_buf body = {.limit = (size_t)64 << 20};
    if (!access_may(&call->who, ACCESS_RIGHT_DECIDE)) {
        base_buf_c(&body, "{\"surveys\":[]}"); /* a write key reads nothing */
        http_send_json(call, 200, &body);
        return;
    }
    CLEANUP(base_buf_done) struct base_buf input = {.limit = HTTP_BODY_BYTES_MAX};
    struct json_writer w = {.out = &input};
    struct app_caller caller = {.identity = call->who, .address = call->address};
    struct str language = net_header(call->request, "Accept-Language");
    struct fail fail;
    json_begin_object(&w);
    if (language.data != NULL) {
        json_name_c(&w, "language");
        json_write_str(&w, language);
    }
    json_end_object(&w);
    if (!app_call(call->http->app, &caller, STR("posthog.surveys"), base_buf_view(&input), &body,
                  &fail)) {
        base_buf_done(&body);
        http_problem_fail(call, &fail);
        return;
    }
    http_send_json(call, 200, &body);
}

/* What PostHog's libraries ask for and can do without. Without these lines they would be answered with a page. */
void http_posthog_absent(struct http_call *call)
{
    http_problem(call, 404, "absent", "this part of PostHog's interface is not here", NULL);
}
