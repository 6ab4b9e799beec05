#include "base_json_write.h"

#include "base_time.h"

static bool level_is_object(const struct json_writer *w)
{
    return w->depth > 0 && (w->object_bits >> (w->depth - 1) & 1U) != 0;
}

/* Before every value: the comma that is due, and whether a value may stand here. */
static void begin_value(struct json_writer *w)
{
    if (w->after_name) {
        w->after_name = false;
        return;
    }
    INVARIANT(!level_is_object(w));
    if (w->need_comma) {
        base_buf_byte(w->out, ',');
    }
}

static void end_value(struct json_writer *w)
{
    w->need_comma = w->depth > 0; /* a whole document may be followed by the next */
}

static void open_level(struct json_writer *w, bool object)
{
    begin_value(w);
    INVARIANT(w->depth < BASE_JSON_WRITE_DEPTH_MAX);
    uint64_t bit = UINT64_C(1) << w->depth;
    w->object_bits = object ? w->object_bits | bit : w->object_bits & ~bit;
    w->depth++;
    w->need_comma = false;
    base_buf_byte(w->out, object ? '{' : '[');
}

static void close_level(struct json_writer *w, bool object)
{
    INVARIANT(w->depth > 0 && level_is_object(w) == object && !w->after_name);
    w->depth--;
    base_buf_byte(w->out, object ? '}' : ']');
    end_value(w);
}

void json_begin_object(struct json_writer *w)
{
    open_level(w, true);
}

void json_end_object(struct json_writer *w)
{
    close_level(w, true);
}

void json_begin_array(struct json_writer *w)
{
    open_level(w, false);
}

void json_end_array(struct json_writer *w)
{
    close_level(w, false);
}

/* Bytes that stand for themselves, 32 a word: visible ASCII but for what JSON or HTML could take for its own. */
static const uint32_t PLAIN[8] = {
    0,
    ~(1U << ('"' - 0x20) | 1U << ('&' - 0x20) | 1U << ('<' - 0x20) | 1U << ('>' - 0x20)),
    ~(1U << ('\\' - 0x40)),
    ~(1U << (0x7F - 0x60)),
};

static bool is_plain(unsigned char byte)
{
    return (PLAIN[byte / 32] >> byte % 32 & 1U) != 0;
}

static size_t plain_bytes(struct str text)
{
    size_t plain = 0;
    while (plain < text.len && is_plain((unsigned char)text.data[plain])) {
        plain++;
    }
    return plain;
}

static void put_escape(struct base_buf *out, unsigned unit)
{
    static const char digits[] = "0123456789abcdef";
    const char text[] = {'\\',
                         'u',
                         digits[unit >> 12 & 15U],
                         digits[unit >> 8 & 15U],
                         digits[unit >> 4 & 15U],
                         digits[unit & 15U]};
    base_buf_bytes(out, text, sizeof text);
}

static void put_ascii(struct base_buf *out, unsigned char byte)
{
    static const char shorts[][2] = {{'"', '"'},  {'\\', '\\'}, {'\n', 'n'}, {'\r', 'r'},
                                     {'\t', 't'}, {'\b', 'b'},  {'\f', 'f'}};
    for (size_t i = 0; i < ARRAY_LEN(shorts); i++) {
        if (byte == (unsigned char)shorts[i][0]) {
            const char text[] = {'\\', shorts[i][1]};
            base_buf_bytes(out, text, sizeof text);
            return;
        }
    }
    if (byte == 0x7F) {
        base_buf_byte(out, (char)byte);
    } else {
        put_escape(out, byte);
    }
}

/* The character at the start of `rest`, which is not plain ASCII; returns its bytes. */
static size_t put_character(struct base_buf *out, struct str rest)
{
    unsigned char lead = (unsigned char)rest.data[0];
    if (lead < 0x80U) {
        put_ascii(out, lead);
        return 1;
    }
    bool valid;
    size_t step = str_utf8_step(rest, &valid);
    if (!valid) {
        base_buf_c(out, "\xEF\xBF\xBD");
    } else if (str_starts(rest, STR("\xE2\x80\xA8"))) {
        put_escape(out, 0x2028);
    } else if (str_starts(rest, STR("\xE2\x80\xA9"))) {
        put_escape(out, 0x2029);
    } else {
        base_buf_bytes(out, rest.data, step);
    }
    return step;
}

static void put_plain(struct base_buf *out, struct str text)
{
    char *room = base_buf_room(out, text.len + 2);
    if (room == NULL) {
        return;
    }
    *room = '"';
    if (text.len > 0) {
        memcpy(room + 1, text.data, text.len);
    }
    room[text.len + 1] = '"';
    out->len += text.len + 2;
}

static void put_string(struct base_buf *out, struct str text)
{
    size_t plain = plain_bytes(text);
    if (plain == text.len) { /* nearly all of them */
        put_plain(out, text);
        return;
    }
    base_buf_byte(out, '"');
    while (text.len > 0) {
        base_buf_bytes(out, text.data, plain);
        text = str_after(text, plain);
        if (text.len > 0) {
            text = str_after(text, put_character(out, text));
        }
        plain = plain_bytes(text);
    }
    base_buf_byte(out, '"');
}

void json_name(struct json_writer *w, struct str name)
{
    INVARIANT(level_is_object(w) && !w->after_name);
    if (w->need_comma) {
        base_buf_byte(w->out, ',');
    }
    put_string(w->out, name);
    base_buf_byte(w->out, ':');
    w->after_name = true;
}

void json_name_c(struct json_writer *w, const char *name)
{
    json_name(w, str_from_c(name));
}

void json_write_str(struct json_writer *w, struct str text)
{
    begin_value(w);
    put_string(w->out, text);
    end_value(w);
}

void json_write_c(struct json_writer *w, const char *text)
{
    json_write_str(w, str_from_c(text));
}

void json_write_raw(struct json_writer *w, struct str json)
{
    begin_value(w);
    base_buf_str(w->out, json);
    end_value(w);
}

static void write_whole(struct json_writer *w, uint64_t magnitude, bool negative)
{
    char digits[24];
    size_t at = sizeof digits;
    do {
        digits[--at] = (char)('0' + magnitude % 10);
        magnitude /= 10;
    } while (magnitude > 0);
    if (negative) {
        digits[--at] = '-';
    }
    json_write_raw(w, str_of(digits + at, sizeof digits - at));
}

void json_write_int(struct json_writer *w, int64_t v)
{
    write_whole(w, v < 0 ? 0U - (uint64_t)v : (uint64_t)v, v < 0);
}

void json_write_uint(struct json_writer *w, uint64_t v)
{
    write_whole(w, v, false);
}

void json_write_double(struct json_writer *w, double v)
{
    char text[BASE_DOUBLE_CHARS];
    json_write_raw(w, str_of(text, base_format_double(v, text)));
}

void json_write_bool(struct json_writer *w, bool v)
{
    json_write_raw(w, v ? STR("true") : STR("false"));
}

void json_write_null(struct json_writer *w)
{
    json_write_raw(w, STR("null"));
}

void json_write_instant(struct json_writer *w, int64_t ts_ms)
{
    char text[TIME_RFC3339_BYTES];
    json_write_str(w, str_of(text, time_format_rfc3339(ts_ms, text)));
}

/* Calls itself at most BASE_JSON_DEPTH_MAX deep: the parser saw to that. */
static void write_container(struct json_writer *w, struct json_value value, bool object)
{
    struct str name;
    struct json_value inner;
    open_level(w, object);
    for (struct json_iter iter = json_iter_of(value); json_next(&iter, &name, &inner);) {
        if (object) {
            json_name(w, name);
        }
        json_write_value(w, inner);
    }
    close_level(w, object);
}

void json_write_value(struct json_writer *w, struct json_value value)
{
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
        write_container(w, value, false);
        break;
    case JSON_OBJECT:
        write_container(w, value, true);
        break;
    }
}
