#include "app_hooks.h"

#include "access_seal.h"
#include "app_channels.h"
#include "base_log.h"
#include "intake_hook_suggest.h"

#define SHAPES_BYTES_MAX ((size_t)256 << 10)
#define NOTE_EVERY_MS 60000
#define PREVIEW_MOST 100

/* ---- signatures --------------------------------------------------------------------------------------------- */

static struct str header(const struct intake_hook_delivery *delivery, const char *name)
{
    return delivery->header == NULL ? (struct str){NULL, 0}
                                    : delivery->header(delivery->context, name);
}

static bool denied(struct fail *fail, const char *why)
{
    return fail_set(fail, FAIL_DENIED, "the signature does not fit: %s", why);
}

static bool in_time(struct str seconds, int64_t now_ms, struct fail *fail)
{
    int64_t s;
    if (!str_parse_i64(seconds, &s) || s < 0 || s > INT64_C(100000000000)) {
        return denied(fail, "its time is missing");
    }
    int64_t apart_ms = now_ms - s * 1000;
    return (apart_ms <= APP_HOOK_TOLERANCE_MS && apart_ms >= -APP_HOOK_TOLERANCE_MS) ||
           denied(fail, "it was made more than 5 minutes ago, or the clocks differ");
}

/* "v1,BASE64 v1,BASE64": any of them, as keys are rotated. */
static bool verify_standard(struct str secret, struct str body,
                            const struct intake_hook_delivery *delivery, int64_t now_ms,
                            struct arena *arena, struct fail *fail)
{
    struct str id = header(delivery, "webhook-id"), at = header(delivery, "webhook-timestamp");
    struct str list = header(delivery, "webhook-signature"), one, key;
    if (id.data == NULL || list.data == NULL || !in_time(at, now_ms, fail)) {
        return id.data == NULL || list.data == NULL
                   ? denied(fail, "webhook-id or webhook-signature is missing")
                   : false;
    }
    struct str text = str_starts_c(secret, "whsec_") ? str_after(secret, 6) : secret;
    if (!access_base64_decode(text, arena, &key)) {
        return denied(fail, "the secret is not whsec_ and base64");
    }
    const struct str parts[] = {id, STR("."), at, STR("."), body};
    struct str expected = str_format(
        arena, "v1,%.*s", STR_ARG(access_hmac_base64(key, parts, ARRAY_LEN(parts), arena)));
    while (str_next_part(&list, ' ', &one)) {
        if (access_same_text(one, expected)) {
            return true;
        }
    }
    return denied(fail, "the secret, or the body, is another");
}

/* "t=1700000000,v1=HEX,v1=HEX" */
static bool verify_stripe(struct str secret, struct str body,
                          const struct intake_hook_delivery *delivery, int64_t now_ms,
                          struct arena *arena, struct fail *fail)
{
    struct str list = header(delivery, "stripe-signature"), rest = list, part, at = {NULL, 0};
    while (rest.data != NULL && str_next_part(&rest, ',', &part)) {
        at = str_starts_c(str_trim(part), "t=") ? str_after(str_trim(part), 2) : at;
    }
    if (at.data == NULL) {
        return denied(fail, "stripe-signature is missing");
    }
    if (!in_time(at, now_ms, fail)) {
        return false;
    }
    const struct str parts[] = {at, STR("."), body};
    struct str expected = access_hmac_hex(secret, parts, ARRAY_LEN(parts), arena);
    for (rest = list; str_next_part(&rest, ',', &part);) {
        part = str_trim(part);
        if (str_starts_c(part, "v1=") && access_same_text(str_after(part, 3), expected)) {
            return true;
        }
    }
    return denied(fail, "the secret, or the body, is another");
}

static bool verify_plain(struct str sent, struct str expected, struct fail *fail)
{
    if (sent.data == NULL) {
        return denied(fail, "its header is missing");
    }
    return access_same_text(sent, expected) || denied(fail, "the secret, or the body, is another");
}

bool app_hook_verify(enum intake_hook_scheme scheme, struct str secret, struct str signed_body,
                     const struct intake_hook_delivery *delivery, int64_t now_ms,
                     struct arena *arena, struct fail *fail)
{
    struct str body[] = {signed_body};
    struct str at;
    switch (scheme) {
    case INTAKE_HOOK_UNSIGNED:
        return true;
    case INTAKE_HOOK_STANDARD:
        return verify_standard(secret, signed_body, delivery, now_ms, arena, fail);
    case INTAKE_HOOK_STRIPE:
        return verify_stripe(secret, signed_body, delivery, now_ms, arena, fail);
    case INTAKE_HOOK_GITHUB:
        return verify_plain(
            header(delivery, "x-hub-signature-256"),
            str_format(arena, "sha256=%.*s", STR_ARG(access_hmac_hex(secret, body, 1, arena))),
            fail);
    case INTAKE_HOOK_SHOPIFY:
        return verify_plain(header(delivery, "x-shopify-hmac-sha256"),
                            access_hmac_base64(secret, body, 1, arena), fail);
    case INTAKE_HOOK_ZENDESK: {
        at = header(delivery, "x-zendesk-webhook-signature-timestamp");
        const struct str parts[] = {at, signed_body};
        return verify_plain(header(delivery, "x-zendesk-webhook-signature"),
                            access_hmac_base64(secret, parts, ARRAY_LEN(parts), arena), fail);
    }
    case INTAKE_HOOK_SCHEMES:
        break;
    }
    return denied(fail, "no such scheme");
}

/* ---- deliveries --------------------------------------------------------------------------------------------- */

bool app_hook_check(struct app *app, struct str definition, struct arena *arena, struct fail *fail)
{
    struct intake_hook *hook;
    const struct zone *zone;
    if (!app_zone(app, &zone, fail) || !intake_hook_compile(definition, zone, arena, &hook, fail)) {
        return false;
    }
    return intake_hook_signed(hook) == INTAKE_HOOK_UNSIGNED ||
           app_secret_name_ok(intake_hook_secret(hook)) ||
           fail_input_at(fail, "/verify/secret",
                         "the name of a file in secrets_directory, not the secret itself");
}

static bool compile(struct app *app, struct str definition, struct arena *arena,
                    struct intake_hook **out, struct fail *fail)
{
    const struct zone *zone;
    return app_zone(app, &zone, fail) && intake_hook_compile(definition, zone, arena, out, fail);
}

/* Keeps what deliveries look like, the newest first: helpful when a sender changes its form. */
static bool note_shape(struct app *app, const struct state_channel *channel, struct str body,
                       struct arena *arena, struct fail *fail)
{
    struct base_buf shape CLEANUP(base_buf_done) = {.limit = SHAPES_BYTES_MAX};
    struct base_buf all CLEANUP(base_buf_done) = {.limit = SHAPES_BYTES_MAX * 2};
    struct json_parser *parser CLEANUP(json_parser_free_at) = json_parser_new();
    struct json_writer one = {.out = &shape}, w = {.out = &all};
    struct json_value old, value, fields;
    struct str known = channel->shapes.data == NULL ? STR("[]") : channel->shapes;
    if (!intake_hook_shape(body, &one, fail) || !base_buf_ok(&shape, fail) ||
        !json_parse(parser, known, &old, fail)) {
        return false;
    }
    if (str_find(known, base_buf_view(&shape)) < known.len) {
        return true;
    }
    json_begin_array(&w);
    json_begin_object(&w);
    app_write_instant(&w, "at", base_now_ms(app->clock));
    json_name_c(&w, "fields");
    json_write_raw(&w, base_buf_view(&shape));
    json_end_object(&w);
    size_t kept = 1;
    for (struct json_iter it = json_iter_of(old); json_next(&it, NULL, &value);) {
        if (kept < APP_CHANNEL_SHAPES_MAX && json_member(value, STR("fields"), &fields)) {
            json_write_value(&w, value);
            kept++;
        }
    }
    json_end_array(&w);
    return base_buf_ok(&all, fail) &&
           state_channel_shapes(app->state, channel->id, str_copy(arena, base_buf_view(&all)),
                                fail);
}

/* A failing note must not cost a delivery: what was stored is stored. */
static void note_delivery(struct app *app, struct state_channel *channel, struct str body,
                          const struct fail *why, struct str note, struct arena *arena)
{
    struct fail fail = {0};
    int64_t now_ms = base_now_ms(app->clock);
    bool news =
        (why == NULL) != (channel->why.data == NULL) || now_ms - channel->last_ms >= NOTE_EVERY_MS;
    bool good = (why != NULL || note_shape(app, channel, body, arena, &fail)) &&
                (!news || app_channel_settle(app, channel, 0, why, note, &fail));
    if (!good) {
        base_log(LOG_WARN, "webhook.note", "a delivery could not be noted",
                 LOG_S("channel", channel->name), LOG_C("why", fail.message), LOG_END);
    }
}

static bool allowed(struct app *app, const struct intake_hook *hook, struct str signed_body,
                    const struct intake_hook_delivery *delivery, struct arena *arena,
                    struct fail *fail)
{
    struct str secret;
    return intake_hook_signed(hook) == INTAKE_HOOK_UNSIGNED ||
           (app_secret_read(app, intake_hook_secret(hook), arena, &secret, fail) &&
            app_hook_verify(intake_hook_signed(hook), secret, signed_body, delivery,
                            base_now_ms(app->clock), arena, fail));
}

static bool take(struct app *app, struct state_channel *channel, struct str signed_body,
                 const struct intake_hook_delivery *delivery, struct arena *arena,
                 struct intake_hook_result *out, struct fail *fail)
{
    struct intake_hook *hook;
    struct intake_source source;
    struct intake_decoder *decoder CLEANUP(intake_decoder_free_at) = intake_decoder_new();
    return compile(app, channel->definition, arena, &hook, fail) &&
           allowed(app, hook, signed_body, delivery, arena, fail) &&
           app_channel_source(app, channel, arena, &source, fail) &&
           intake_hook_decode(hook, decoder, delivery, &source, arena, out, fail) &&
           app_take(app, out->items, out->count, fail);
}

bool app_hook_take(struct app *app, struct str token, struct str signed_body,
                   const struct intake_hook_delivery *delivery, struct arena *arena,
                   struct intake_counts *out, struct fail *fail)
{
    uint8_t digest[STATE_CHANNEL_TOKEN_BYTES];
    struct state_channel channel;
    struct intake_hook_result result;
    bool found;
    access_token_digest(token, digest);
    if (!state_channel_find_token(app->state, str_of((const char *)digest, sizeof digest), arena,
                                  &channel, &found, fail)) {
        return false;
    }
    if (!found) {
        return fail_set(fail, FAIL_ABSENT, "there is no webhook at this address");
    }
    if (channel.paused) {
        return fail_set(fail, FAIL_CONFLICT, "this webhook is paused");
    }
    if (!take(app, &channel, signed_body, delivery, arena, &result, fail)) {
        note_delivery(app, &channel, delivery->body, fail, (struct str){NULL, 0}, arena);
        return false;
    }
    struct intake_counts counts = {0};
    intake_count(result.items, result.count, &counts);
    note_delivery(app, &channel, delivery->body, NULL,
                  result.taken ? app_channel_tally(arena, result.items, result.count)
                               : STR("no rule took the newest delivery"),
                  arena);
    *out = counts;
    return true;
}

/* ---- trying a definition out ------------------------------------------------------------------------------------ */

/* A payload: text, or the JSON itself. */
static bool input_payload(struct json_value input, struct arena *arena, struct str *out,
                          struct fail *fail)
{
    struct json_value value;
    if (!json_member(input, STR("payload"), &value)) {
        return fail_input_at(fail, "/payload", "\"payload\" is missing: paste a sample delivery");
    }
    if (json_type_of(value) == JSON_STRING) {
        *out = str_copy(arena, json_string(value));
        return true;
    }
    struct base_buf text CLEANUP(base_buf_done) = {.limit = INTAKE_HOOK_BODY_BYTES_MAX * 4};
    struct json_writer w = {.out = &text};
    json_write_value(&w, value);
    if (!base_buf_ok(&text, fail)) {
        return false;
    }
    *out = str_copy(arena, base_buf_view(&text));
    return true;
}

/* The headers of a sample: an object of names and values. */
static struct str sample_header(void *context, const char *name)
{
    const struct json_value *headers = context;
    struct str key;
    struct json_value value;
    if (headers == NULL || json_type_of(*headers) != JSON_OBJECT) {
        return (struct str){NULL, 0};
    }
    for (struct json_iter it = json_iter_of(*headers); json_next(&it, &key, &value);) {
        bool same = key.len == strlen(name);
        for (size_t i = 0; same && i < key.len; i++) {
            char c = key.data[i];
            same = (c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c) == name[i];
        }
        if (same && json_type_of(value) == JSON_STRING) {
            return json_string(value);
        }
    }
    return (struct str){NULL, 0};
}

static bool input_text(struct json_value input, struct arena *arena, struct str *out,
                       struct fail *fail)
{
    struct base_buf text CLEANUP(base_buf_done) = {.limit = INTAKE_HOOK_DEFINITION_BYTES_MAX};
    struct json_writer w = {.out = &text};
    struct json_value value;
    if (!json_member(input, STR("definition"), &value)) {
        return fail_input_at(fail, "/definition", "\"definition\" is missing");
    }
    json_write_value(&w, value);
    if (!base_buf_ok(&text, fail)) {
        return false;
    }
    *out = str_copy(arena, base_buf_view(&text));
    return true;
}

/* What a sample would become. Nothing is stored. What is wrong with the definition is part of the answer. */
bool app_op_webhook_preview(struct app *app, const struct app_caller *caller,
                            struct json_value input, struct arena *arena, struct base_buf *out,
                            struct fail *fail)
{
    (void)caller;
    static const char *const members[] = {"name", "definition", "payload", "headers", NULL};
    struct str name, definition, payload;
    struct json_value headers;
    struct intake_hook *hook;
    struct intake_hook_result result;
    struct intake_source source;
    struct intake_decoder *decoder CLEANUP(intake_decoder_free_at) = intake_decoder_new();
    if (!app_input_members(input, members, fail) ||
        !app_input_str(input, "name", false, &name, fail) ||
        !input_text(input, arena, &definition, fail) ||
        !input_payload(input, arena, &payload, fail)) {
        return false;
    }
    bool has_headers = json_member(input, STR("headers"), &headers);
    struct intake_hook_delivery delivery = {.body = payload,
                                            .header = has_headers ? sample_header : NULL,
                                            .context = has_headers ? &headers : NULL};
    struct state_channel channel = {.kind = STR("webhook"),
                                    .name = name.len > 0 ? name : STR("webhook")};
    struct fail problem = {0};
    struct json_writer w = {.out = out};
    json_begin_object(&w);
    bool good = compile(app, definition, arena, &hook, &problem);
    if (good) {
        if (!app_channel_source(app, &channel, arena, &source, fail)) {
            return false;
        }
        good = intake_hook_decode(hook, decoder, &delivery, &source, arena, &result, &problem);
    }
    json_name_c(&w, "problem");
    if (good) {
        json_write_null(&w);
        app_channel_write_items(&w, result.items, result.rules, result.count, PREVIEW_MOST);
        json_name_c(&w, "taken");
        json_write_bool(&w, result.taken);
    } else {
        json_begin_object(&w);
        app_write_text(&w, "pointer", str_from_c(problem.pointer));
        app_write_text(&w, "detail", str_from_c(problem.message));
        json_end_object(&w);
        app_channel_write_items(&w, NULL, NULL, 0, 0);
        json_name_c(&w, "taken");
        json_write_bool(&w, false);
    }
    json_end_object(&w);
    return base_buf_ok(out, fail);
}

bool app_op_webhook_suggest(struct app *app, const struct app_caller *caller,
                            struct json_value input, struct arena *arena, struct base_buf *out,
                            struct fail *fail)
{
    (void)app;
    (void)caller;
    static const char *const members[] = {"name", "payload", NULL};
    struct str name, payload;
    struct json_writer w = {.out = out};
    return app_input_members(input, members, fail) &&
           app_input_str(input, "name", false, &name, fail) &&
           input_payload(input, arena, &payload, fail) &&
           intake_hook_suggest(payload, name.len > 0 ? name : STR("webhook"), &w, fail) &&
           base_buf_ok(out, fail);
}
