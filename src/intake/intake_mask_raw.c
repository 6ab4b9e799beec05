/* Raw JSON, whole or broken: strings are found by their quotes, masked as what they mean, and written back. */
#include <stdio.h>

#include "base_json_write.h"
#include "intake_mask_keep.h"

#define NAMES_MAX 4 /* levels whose member's name is known */

struct scan {
    const struct intake_mask *mask;
    const struct intake_mask_keep *keep;
    struct arena *arena;
    struct fail *fail;
    struct base_buf out;
    struct str names[NAMES_MAX]; /* names[d]: the member at depth d + 1 that is being read */
    size_t depth;
};

static bool is_any(struct str name, const char *const *list)
{
    for (; *list != NULL; list++) {
        if (str_is(name, *list)) {
            return true;
        }
    }
    return false;
}

/* Members that say who, when and what it is, in the forms that are taken; and traits. */
static const char *const who[] = {"userId",
                                  "anonymousId",
                                  "previousId",
                                  "identifiers",
                                  "message_id",
                                  "messageId",
                                  "groupId",
                                  "event",
                                  "type",
                                  "ts",
                                  "timestamp",
                                  "sentAt",
                                  "originalTimestamp",
                                  "scale",
                                  "channel",
                                  "distinct_id",
                                  "$anon_distinct_id",
                                  "$device_id",
                                  "$user_id",
                                  "alias",
                                  "uuid",
                                  "api_key",
                                  "token",
                                  "writeKey",
                                  NULL};
static const char *const who_inside[] = {
    "distinct_id", "$anon_distinct_id", "$device_id", "$user_id", "alias", "token", NULL};
static const char *const traits[] = {"traits", "$set", "$set_once", NULL};

/* Is the string at hand, a value, to be left as it is? */
static bool protected(const struct scan *scan)
{
    if (scan->depth == 0) {
        return false;
    }
    struct str outer = scan->names[0], inner = scan->depth > 1 ? scan->names[1] : STR("");
    if (is_any(outer, who) ||
        ((str_is(outer, "properties") || str_is(outer, "context")) && is_any(inner, who_inside))) {
        return true;
    }
    if (is_any(outer, traits)) {
        return !intake_mask_wants(scan->mask, "traits", inner);
    }
    if (is_any(inner, traits)) {
        return !intake_mask_wants(scan->mask, "traits", scan->depth > 2 ? scan->names[2] : STR(""));
    }
    if (str_is(outer, "text")) {
        return !intake_mask_wants_text(scan->mask);
    }
    return str_is(outer, "properties") && !intake_mask_wants(scan->mask, "properties", inner);
}

static void put_code(struct base_buf *out, uint32_t code)
{
    if (code < 0x80) {
        base_buf_byte(out, (char)code);
    } else if (code < 0x800) {
        base_buf_byte(out, (char)(0xc0U | code >> 6));
        base_buf_byte(out, (char)(0x80U | (code & 0x3fU)));
    } else if (code < 0x10000) {
        base_buf_byte(out, (char)(0xe0U | code >> 12));
        base_buf_byte(out, (char)(0x80U | (code >> 6 & 0x3fU)));
        base_buf_byte(out, (char)(0x80U | (code & 0x3fU)));
    } else {
        base_buf_byte(out, (char)(0xf0U | code >> 18));
        base_buf_byte(out, (char)(0x80U | (code >> 12 & 0x3fU)));
        base_buf_byte(out, (char)(0x80U | (code >> 6 & 0x3fU)));
        base_buf_byte(out, (char)(0x80U | (code & 0x3fU)));
    }
}

/* Four hex digits at `at`; false where there are none. */
static bool hex4(struct str text, size_t at, uint32_t *out)
{
    uint32_t value = 0;
    for (size_t i = at; i < at + 4; i++) {
        char c = i < text.len ? text.data[i] : '\0';
        bool letter = (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
        if (!letter && !(c >= '0' && c <= '9')) {
            return false;
        }
        value = value << 4 | (uint32_t)(letter ? (c | 0x20) - 'a' + 10 : c - '0');
    }
    *out = value;
    return true;
}

/* What a JSON string means; escapes that are none stay as they are. */
static void unescape(struct str inside, struct base_buf *out)
{
    static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
    for (size_t i = 0; i < inside.len; i++) {
        char c = inside.data[i];
        if (c != '\\' || i + 1 == inside.len) {
            base_buf_byte(out, c);
            continue;
        }
        char escape = inside.data[++i];
        const char *found = strchr(from, escape);
        uint32_t code, low;
        if (escape == 'u' && hex4(inside, i + 1, &code)) {
            i += 4;
            if (code >= 0xd800 && code < 0xdc00 && i + 2 < inside.len &&
                inside.data[i + 1] == '\\' && inside.data[i + 2] == 'u' &&
                hex4(inside, i + 3, &low) && low >= 0xdc00 && low < 0xe000) {
                code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
                i += 6;
            }
            put_code(out, code);
        } else if (escape != '\0' && found != NULL) {
            base_buf_byte(out, to[found - from]);
        } else {
            base_buf_byte(out, '\\');
            base_buf_byte(out, escape);
        }
    }
}

static bool put_string(struct scan *scan, struct str quoted)
{
    struct str inside = str_of(quoted.data + 1, quoted.len - 2);
    struct base_buf plain CLEANUP(base_buf_done) = {.limit = inside.len + 16};
    struct str masked;
    unescape(inside, &plain);
    if (!base_buf_ok(&plain, scan->fail)) {
        return false;
    }
    if (!intake_mask_text_but(scan->mask, base_buf_view(&plain), scan->keep, scan->arena, &masked,
                              scan->fail)) {
        return false;
    }
    if (masked.data == plain.data) { /* nothing was found: the bytes stay as they were written */
        base_buf_str(&scan->out, quoted);
        return true;
    }
    struct json_writer w = {.out = &scan->out};
    json_write_str(&w, masked);
    return true;
}

/* What is in no string: brackets, numbers. Masked where it is no JSON, such as a text without its quotes. */
static bool put_between(struct scan *scan, struct str between)
{
    struct str masked = between;
    bool words = false;
    for (size_t i = 0; i < between.len && !words; i++) {
        char c = between.data[i];
        words = (unsigned char)c >= 0x80 || c == '@' ||
                (c >= 'g' && c <= 'z' && strchr("lnrstu", c) == NULL);
    }
    if (words &&
        !intake_mask_text_but(scan->mask, between, scan->keep, scan->arena, &masked, scan->fail)) {
        return false;
    }
    base_buf_str(&scan->out, masked);
    return true;
}

static size_t string_end(struct str text, size_t at)
{
    for (size_t i = at + 1; i < text.len; i++) {
        if (text.data[i] == '"') {
            return i + 1;
        }
        i += text.data[i] == '\\' ? 1U : 0U;
    }
    return 0;
}

static bool is_name(struct str text, size_t at)
{
    while (at < text.len && strchr(" \t\r\n", text.data[at]) != NULL && text.data[at] != '\0') {
        at++;
    }
    return at < text.len && text.data[at] == ':';
}

static void track(struct scan *scan, char c)
{
    if (c == '{' || c == '[') {
        scan->depth++;
        /* The elements of an array stand under the array's own name. */
        if (scan->depth <= NAMES_MAX && c == '{') {
            scan->names[scan->depth - 1] = STR("");
        }
    } else if ((c == '}' || c == ']') && scan->depth > 0) {
        scan->depth--;
    }
}

static bool scan_json(struct scan *scan, struct str raw)
{
    size_t done = 0;
    for (size_t at = 0; at < raw.len; at++) {
        if (raw.data[at] != '"') {
            track(scan, raw.data[at]);
            continue;
        }
        size_t end = string_end(raw, at);
        if (!put_between(scan, str_of(raw.data + done, at - done))) {
            return false;
        }
        done = at;
        if (end == 0) {
            break; /* never closed: the rest is text */
        }
        struct str quoted = str_of(raw.data + at, end - at);
        if (is_name(raw, end)) {
            if (scan->depth > 0 && scan->depth <= NAMES_MAX) {
                scan->names[scan->depth - 1] = str_of(quoted.data + 1, quoted.len - 2);
            }
            base_buf_str(&scan->out, quoted);
        } else if (protected(scan)) {
            base_buf_str(&scan->out, quoted);
        } else if (!put_string(scan, quoted)) {
            return false;
        }
        done = end;
        at = end - 1;
    }
    return put_between(scan, str_after(raw, done));
}

bool intake_mask_raw(const struct intake_mask *mask, struct str raw,
                     const struct intake_mask_keep *keep, struct arena *arena, struct str *out,
                     struct fail *fail)
{
    struct str trimmed = str_trim(raw);
    if (trimmed.len == 0 || (trimmed.data[0] != '{' && trimmed.data[0] != '[')) {
        return intake_mask_text_but(mask, raw, keep, arena, out, fail);
    }
    struct scan scan = {.mask = mask, .keep = keep, .arena = arena, .fail = fail};
    bool good = scan_json(&scan, raw) && base_buf_ok(&scan.out, fail);
    struct str masked = str_of((const char *)scan.out.data, scan.out.len);
    *out = raw; /* as mostly nothing is masked */
    if (good && !str_equal(masked, raw)) {
        *out = str_copy(arena, masked);
    }
    base_buf_done(&scan.out);
    return good;
}
