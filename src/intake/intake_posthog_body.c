/* Requests of PostHog's libraries: whatever was wrapped around the JSON is taken off, by looking at the bytes. */
#include "intake_internal.h"

#include "base_base64.h"
#include "intake_posthog.h"

#define WRAPS_MAX 4 /* a form with base64 of gzip of JSON is as deep as it gets */

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    char lower = (char)(c | 0x20);
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

/* %-escapes become bytes; '+' stays, since base64 has it and libraries differ in escaping it. */
static bool percent_decode(struct arena *arena, struct str text, struct str *out, struct fail *fail)
{
    char *to = arena_alloc(arena, text.len + 1, fail);
    if (to == NULL) {
        return false;
    }
    size_t len = 0;
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] != '%') {
            to[len++] = text.data[i];
            continue;
        }
        int high = i + 2 < text.len ? hex_digit(text.data[i + 1]) : -1;
        int low = high < 0 ? -1 : hex_digit(text.data[i + 2]);
        if (low < 0) {
            return fail_set(fail, FAIL_INPUT, "a broken %%-escape in the form");
        }
        to[len++] = (char)(unsigned char)(high * 16 + low);
        i += 2;
    }
    *out = str_of(to, len);
    return true;
}

static bool not_json(struct fail *fail)
{
    return fail_set(fail, FAIL_INPUT,
                    "the body is not JSON: expected an object, an array, or either in base64, in a "
                    "form's \"data\", or packed by gzip");
}

static bool base64_decode(struct arena *arena, struct str text, struct str *out, struct fail *fail)
{
    char *to = arena_alloc(arena, text.len / 4 * 3 + 4, fail);
    if (to == NULL) {
        return false;
    }
    size_t len = 0;
    unsigned int held = 0;
    int bits = 0;
    for (size_t i = 0; i < text.len && text.data[i] != '='; i++) {
        int digit = base_base64_digit(text.data[i]);
        if (digit < 0) {
            return not_json(fail);
        }
        held = (held << 6 | (unsigned int)digit) & 0xffffffU;
        bits += 6;
        if (bits >= 8) {
            bits -= 8;
            to[len++] = (char)(unsigned char)(held >> bits & 0xffU);
        }
    }
    *out = str_of(to, len);
    return true;
}

/* name=value&...: the value of `name`; missing where there is none. */
static struct str form_value(struct str form, const char *name)
{
    struct str pair;
    while (str_next_part(&form, '&', &pair)) {
        size_t equals = str_find_byte(pair, '=');
        if (equals < pair.len && str_is(str_of(pair.data, equals), name)) {
            return str_after(pair, equals + 1);
        }
    }
    return (struct str){NULL, 0};
}

static bool is_json(struct str text)
{
    return text.len > 0 && (text.data[0] == '{' || text.data[0] == '[');
}

/* Takes wraps off until JSON is left: gzip, the form, its escapes, base64. */
static bool unwrap(struct arena *arena, struct str body, const struct intake_limits *limits,
                   struct str *out, struct fail *fail)
{
    struct str text = body;
    for (int wraps = 0; wraps < WRAPS_MAX; wraps++) {
        if (!intake_body_open(arena, text, limits, &text, fail)) {
            return false;
        }
        text = str_trim(text);
        if (text.len == 0) {
            return fail_set(fail, FAIL_INPUT, "the body is empty: expected JSON");
        }
        if (is_json(text)) {
            *out = text;
            return true;
        }
        struct str value = form_value(text, "data");
        if (value.data != NULL) {
            if (!percent_decode(arena, value, &text, fail)) {
                return false;
            }
            if (is_json(str_trim(text))) {
                continue;
            }
        }
        if (!base64_decode(arena, str_trim(text), &text, fail)) {
            return false;
        }
    }
    return not_json(fail);
}

/* ---- whose it is ---------------------------------------------------------------------------------- */

static bool text_member(struct json_value object, const char *name, struct arena *arena,
                        struct str *out)
{
    struct json_value value;
    if (!json_member(object, str_from_c(name), &value) || json_type_of(value) != JSON_STRING ||
        json_string(value).len == 0) {
        return false;
    }
    *out = str_copy(arena, json_string(value));
    return true;
}

static bool find_key(struct json_value object, struct arena *arena, struct str *out)
{
    struct json_value properties;
    return text_member(object, "api_key", arena, out) || text_member(object, "token", arena, out) ||
           (json_member(object, STR("properties"), &properties) &&
            (text_member(properties, "token", arena, out) ||
             text_member(properties, "api_key", arena, out)));
}

static void find_sent(struct json_value object, const struct zone *zone, int64_t *out_ms)
{
    struct json_value sent;
    if (json_member(object, STR("sent_at"), &sent) || json_member(object, STR("sentAt"), &sent)) {
        /* One that cannot be read says nothing about the clock. */
        (void)!intake_read_instant(sent, zone, out_ms);
    }
}

bool intake_posthog_open(struct intake_decoder *decoder, struct str body,
                         const struct intake_limits *limits, struct arena *arena,
                         struct intake_posthog_request *out, struct fail *fail)
{
    static const struct str names[] = {{"batch", 5}};
    struct intake_posthog_request request = {.sent_ms = STORE_NO_TIME};
    struct str text;
    if (!unwrap(arena, body, limits, &text, fail) ||
        !json_split(arena, text, names, ARRAY_LEN(names), intake_limits_of(limits).events,
                    &request.split_, fail)) {
        return false;
    }
    struct json_value root;
    struct fail why;
    bool found = false;
    if (request.split_.array && request.split_.envelope.len > 0) {
        if (!json_parse(decoder->envelope, request.split_.envelope, &root, fail)) {
            return fail_at(fail, "around the batch");
        }
        found = find_key(root, arena, &request.key);
        find_sent(root, NULL, &request.sent_ms);
    }
    for (size_t i = 0; !found && i < request.split_.count; i++) {
        if (json_parse(decoder->parser, request.split_.elements[i], &root, &why)) {
            found = true; /* the first event that can be read speaks for all */
            (void)!find_key(root, arena, &request.key);
        }
    }
    *out = request;
    return true;
}

bool intake_posthog_decode(struct intake_decoder *decoder,
                           const struct intake_posthog_request *request,
                           const struct intake_source *source, struct arena *arena,
                           struct intake_items *out, struct fail *fail)
{
    const struct json_split *split = &request->split_;
    int64_t sent_ms = request->sent_ms;
    struct json_value root;
    if (source->local_zone != NULL && split->array && split->envelope.len > 0) {
        /* Read again, now that the zone of the sender's clock is known. */
        if (!json_parse(decoder->envelope, split->envelope, &root, fail)) {
            return fail_at(fail, "around the batch");
        }
        find_sent(root, source->local_zone, &sent_ms);
    }
    struct store_item *items = arena_array(arena, split->count, sizeof *items, fail);
    if (items == NULL) {
        return false;
    }
    for (size_t i = 0; i < split->count; i++) {
        struct intake_draft draft;
        if (!intake_draft_begin(&draft, decoder, source, &intake_posthog_places, split->elements[i],
                                arena, fail) ||
            !intake_posthog_message(&draft, sent_ms, &items[i])) {
            return false;
        }
    }
    *out = (struct intake_items){items, split->count};
    return true;
}
