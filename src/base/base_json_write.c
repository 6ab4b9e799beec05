#include "base_json_write.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base_time.h"

size_t base_shortest_digits(double v, char digits[24], int *out_exponent); /* base_json.cc */

/* ---- numbers ----------------------------------------------------------------------------------- */

static size_t put_zeros(char *out, int count)
{
    for (int i = 0; i < count; i++) {
        out[i] = '0';
    }
    return count > 0 ? (size_t)count : 0;
}

/* ECMA-262, Number::toString: plain between 1e-7 and 1e21, else with an exponent. */
size_t base_format_double(double v, char *out)
{
    if (v == 0) {
        out[0] = '0';
        out[1] = '\0';
        return 1;
    }
    size_t len = 0;
    if (v < 0) {
        out[len++] = '-';
        v = -v;
    }
    char digits[24];
    int exponent;
    size_t count = base_shortest_digits(v, digits, &exponent);
    int point = exponent + 1; /* digits before the point */
    int digit_count = (int)count;
    if (digit_count <= point && point <= 21) {
        memcpy(out + len, digits, count);
        len += count;
        len += put_zeros(out + len, point - digit_count);
    } else if (0 < point && point <= 21) {
        memcpy(out + len, digits, (size_t)point);
        len += (size_t)point;
        out[len++] = '.';
        memcpy(out + len, digits + point, count - (size_t)point);
        len += count - (size_t)point;
    } else if (-6 < point && point <= 0) {
        out[len++] = '0';
        out[len++] = '.';
        len += put_zeros(out + len, -point);
        memcpy(out + len, digits, count);
        len += count;
    } else {
        out[len++] = digits[0];
        if (count > 1) {
            out[len++] = '.';
            memcpy(out + len, digits + 1, count - 1);
            len += count - 1;
        }
        int written = snprintf(out + len, 8, "e%c%d", exponent < 0 ? '-' : '+', abs(exponent));
        len += (size_t)written;
    }
    out[len] = '\0';
    return len;
}

/* ---- nesting ------------------------------------------------------------------------------------- */

static bool in_object(const struct json_writer *w)
{
    return w->depth > 0 && (w->object_bits >> (w->depth - 1) & 1U) != 0;
}

static void before_value(struct json_writer *w)
{
    INVARIANT(!in_object(w) || w->after_name);
    if (w->need_comma && !w->after_name) {
        base_buf_byte(w->out, ',');
    }
    w->after_name = false;
    w->need_comma = true;
}

static void begin(struct json_writer *w, char bracket, bool object)
{
    before_value(w);
    INVARIANT(w->depth < BASE_JSON_WRITE_DEPTH_MAX);
    uint64_t bit = (uint64_t)1 << w->depth;
    w->object_bits = object ? w->object_bits | bit : w->object_bits & ~bit;
    w->depth++;
    w->need_comma = false;
    base_buf_byte(w->out, bracket);
}

static void end(struct json_writer *w, char bracket, bool object)
{
    INVARIANT(w->depth > 0 && in_object(w) == object && !w->after_name);
    w->depth--;
    w->need_comma = true;
    base_buf_byte(w->out, bracket);
}

void json_begin_object(struct json_writer *w)
{
    begin(w, '{', true);
}

void json_end_object(struct json_writer *w)
{
    end(w, '}', true);
}

void json_begin_array(struct json_writer *w)
{
    begin(w, '[', false);
}

void json_end_array(struct json_writer *w)
{
    end(w, ']', false);
}

/* ---- text ------------------------------------------------------------------------------------------ */

static size_t plain_run(const unsigned char *at, size_t len)
{
    size_t i = 0;
    while (i < len && at[i] >= 0x20 && at[i] < 0x7F && at[i] != '"' && at[i] != '\\' &&
           at[i] != '<' && at[i] != '>' && at[i] != '&') {
        i++;
    }
    return i;
}

/* Length of the valid UTF-8 character at `at`, or 0. */
static size_t character(const unsigned char *at, size_t left)
{
    unsigned char lead = at[0];
    size_t wants = lead >= 0xF0U ? 4 : lead >= 0xE0U ? 3 : 2;
    if (lead < 0xC2U || wants > left || !str_is_utf8(str_of((const char *)at, wants))) {
        return 0;
    }
    return wants;
}

static void put_ascii(struct base_buf *out, unsigned char c)
{
    static const char hex[] = "0123456789abcdef";
    const char *simple = c == '"'    ? "\\\""
                         : c == '\\' ? "\\\\"
                         : c == '\n' ? "\\n"
                         : c == '\r' ? "\\r"
                         : c == '\t' ? "\\t"
                                     : NULL;
    if (simple != NULL) {
        base_buf_c(out, simple);
        return;
    }
    char escaped[6] = {'\\', 'u', '0', '0', hex[c >> 4], hex[c & 15U]};
    base_buf_bytes(out, escaped, sizeof escaped);
}

static void put_text(struct base_buf *out, struct str text)
{
    const unsigned char *at = (const unsigned char *)text.data;
    size_t left = text.len;
    base_buf_byte(out, '"');
    while (left > 0) {
        size_t step = plain_run(at, left);
        if (step > 0) {
            base_buf_bytes(out, at, step);
        } else if (at[0] < 0x80U) {
            put_ascii(out, at[0]);
            step = 1;
        } else {
            step = character(at, left);
            if (step == 0) {
                base_buf_c(out, "\xEF\xBF\xBD");
                step = 1;
            } else if (step == 3 && at[0] == 0xE2U && at[1] == 0x80U && (at[2] & 0xFEU) == 0xA8U) {
                base_buf_c(out, at[2] == 0xA8U ? "\\u2028" : "\\u2029");
            } else {
                base_buf_bytes(out, at, step);
            }
        }
        at += step;
        left -= step;
    }
    base_buf_byte(out, '"');
}

void json_name(struct json_writer *w, struct str name)
{
    INVARIANT(in_object(w) && !w->after_name);
    if (w->need_comma) {
        base_buf_byte(w->out, ',');
    }
    put_text(w->out, name);
    base_buf_byte(w->out, ':');
    w->after_name = true;
}

void json_name_c(struct json_writer *w, const char *name)
{
    json_name(w, str_from_c(name));
}

void json_write_str(struct json_writer *w, struct str text)
{
    before_value(w);
    put_text(w->out, text);
}

void json_write_c(struct json_writer *w, const char *text)
{
    json_write_str(w, str_from_c(text));
}

/* ---- the other values ---------------------------------------------------------------------------------- */

void json_write_uint(struct json_writer *w, uint64_t v)
{
    char text[24];
    size_t at = sizeof text;
    do {
        text[--at] = (char)('0' + v % 10);
        v /= 10;
    } while (v > 0);
    before_value(w);
    base_buf_bytes(w->out, text + at, sizeof text - at);
}

void json_write_int(struct json_writer *w, int64_t v)
{
    if (v >= 0) {
        json_write_uint(w, (uint64_t)v);
        return;
    }
    char text[24];
    int len = snprintf(text, sizeof text, "%lld", (long long)v);
    before_value(w);
    base_buf_bytes(w->out, text, (size_t)len);
}

void json_write_double(struct json_writer *w, double v)
{
    if (!isfinite(v)) {
        json_write_null(w);
        return;
    }
    char text[BASE_DOUBLE_CHARS];
    size_t len = base_format_double(v, text);
    before_value(w);
    base_buf_bytes(w->out, text, len);
}

void json_write_bool(struct json_writer *w, bool v)
{
    before_value(w);
    base_buf_c(w->out, v ? "true" : "false");
}

void json_write_null(struct json_writer *w)
{
    before_value(w);
    base_buf_c(w->out, "null");
}

void json_write_instant(struct json_writer *w, int64_t ts_ms)
{
    char text[TIME_RFC3339_BYTES];
    size_t len = time_format_rfc3339(ts_ms, text);
    json_write_str(w, str_of(text, len));
}

void json_write_raw(struct json_writer *w, struct str json)
{
    before_value(w);
    base_buf_str(w->out, json);
}

/* Depth is bounded by the parser (BASE_JSON_DEPTH_MAX). */
void json_write_value(struct json_writer *w,
                      struct json_value value) /* NOLINT(misc-no-recursion) */
{
    struct str name;
    struct json_value inner;
    switch (json_type_of(value)) {
    case JSON_NULL:
        json_write_null(w);
        break;
    case JSON_BOOL:
        json_write_bool(w, json_bool(value));
        break;
    case JSON_INT:
        json_write_int(w, json_int(value));
        break;
    case JSON_UINT:
        json_write_uint(w, json_uint(value));
        break;
    case JSON_DOUBLE:
        json_write_double(w, json_double(value));
        break;
    case JSON_STRING:
        json_write_str(w, json_string(value));
        break;
    case JSON_ARRAY:
        json_begin_array(w);
        for (struct json_iter it = json_iter_of(value); json_next(&it, NULL, &inner);) {
            json_write_value(w, inner);
        }
        json_end_array(w);
        break;
    case JSON_OBJECT:
        json_begin_object(w);
        for (struct json_iter it = json_iter_of(value); json_next(&it, &name, &inner);) {
            json_name(w, name);
            json_write_value(w, inner);
        }
        json_end_object(w);
        break;
    }
}
