/* Why a text is no JSON, and where: read only after the parser has refused it. */
#include "base_json_internal.h"

#include <stdarg.h>
#include <stdio.h>

struct checker {
    struct str text;
    size_t at;
    struct fail *fail;
    int depth;            /* of containers that are open */
    uint32_t object_bits; /* bit d: level d is an object */
};

_Static_assert(BASE_JSON_DEPTH_MAX <= 32, "one bit a level");

static bool wrong(struct checker *c, size_t at, const char *what)
{
    return fail_set(c->fail, FAIL_INPUT, "byte %zu: %s", at, what);
}

/* What stands at the place, for "expected X, not Y". */
static bool unexpected(struct checker *c, const char *expected)
{
    if (c->at >= c->text.len) {
        return fail_set(c->fail, FAIL_INPUT, "byte %zu: the text ends where %s is expected", c->at,
                        expected);
    }
    unsigned char byte = (unsigned char)c->text.data[c->at];
    if (byte > 0x20 && byte < 0x7F) {
        return fail_set(c->fail, FAIL_INPUT, "byte %zu: expected %s, not '%c'", c->at, expected,
                        byte);
    }
    return fail_set(c->fail, FAIL_INPUT, "byte %zu: expected %s, not byte 0x%02x", c->at, expected,
                    byte);
}

static int peek(const struct checker *c)
{
    return c->at < c->text.len ? (unsigned char)c->text.data[c->at] : -1;
}

static bool take(struct checker *c, char byte)
{
    if (peek(c) != (unsigned char)byte) {
        return false;
    }
    c->at++;
    return true;
}

static void skip_space(struct checker *c)
{
    while (peek(c) == ' ' || peek(c) == '\t' || peek(c) == '\n' || peek(c) == '\r') {
        c->at++;
    }
}

static bool take_digits(struct checker *c)
{
    size_t from = c->at;
    while (peek(c) >= '0' && peek(c) <= '9') {
        c->at++;
    }
    return c->at > from;
}

static bool check_number(struct checker *c)
{
    size_t from = c->at;
    take(c, '-');
    if (take(c, '0')) {
        if (peek(c) >= '0' && peek(c) <= '9') {
            return wrong(c, from, "a number begins with 0");
        }
    } else if (!take_digits(c)) {
        return unexpected(c, "a digit");
    }
    if (take(c, '.') && !take_digits(c)) {
        return unexpected(c, "a digit");
    }
    if (take(c, 'e') || take(c, 'E')) {
        if (!take(c, '-')) {
            take(c, '+');
        }
        if (!take_digits(c)) {
            return unexpected(c, "a digit");
        }
    }
    return true;
}

static bool take_hex4(struct checker *c, unsigned *out)
{
    unsigned value = 0;
    for (int i = 0; i < 4; i++) {
        int byte = peek(c);
        unsigned digit;
        if (byte >= '0' && byte <= '9') {
            digit = (unsigned)(byte - '0');
        } else if ((byte | 0x20) >= 'a' && (byte | 0x20) <= 'f') {
            digit = (unsigned)((byte | 0x20) - 'a') + 10;
        } else {
            return unexpected(c, "a hexadecimal digit");
        }
        value = value << 4 | digit;
        c->at++;
    }
    *out = value;
    return true;
}

/* Behind the backslash. */
static bool check_escape(struct checker *c)
{
    size_t from = c->at - 1;
    if (!take(c, 'u')) {
        if (peek(c) < 1 || strchr("\"\\/bfnrt", peek(c)) == NULL) {
            return unexpected(c, "one of \"\\/bfnrtu");
        }
        c->at++;
        return true;
    }
    unsigned unit = 0, second = 0;
    if (!take_hex4(c, &unit)) {
        return false;
    }
    if (unit < 0xD800 || unit > 0xDFFF) {
        return true;
    }
    if (unit > 0xDBFF || !take(c, '\\') || !take(c, 'u')) {
        return wrong(c, from, "half of a surrogate pair");
    }
    if (!take_hex4(c, &second)) {
        return false;
    }
    return (second >= 0xDC00 && second <= 0xDFFF) || wrong(c, from, "half of a surrogate pair");
}

static bool check_string(struct checker *c)
{
    size_t from = c->at;
    c->at++;
    while (c->at < c->text.len) {
        bool valid;
        size_t step = str_utf8_step(str_after(c->text, c->at), &valid);
        int byte = peek(c);
        if (!valid) {
            return wrong(c, c->at, "not UTF-8");
        }
        if (byte < 0x20) {
            return fail_set(c->fail, FAIL_INPUT,
                            "byte %zu: byte 0x%02x in a string must be escaped", c->at,
                            (unsigned)byte);
        }
        c->at += step;
        if (byte == '"') {
            return true;
        }
        if (byte == '\\' && !check_escape(c)) {
            return false;
        }
    }
    return wrong(c, from, "a string is not closed");
}

static bool check_word(struct checker *c, const char *word)
{
    for (size_t i = 0; word[i] != '\0'; i++) {
        if (!take(c, word[i])) {
            return fail_set(c->fail, FAIL_INPUT, "byte %zu: expected %s", c->at, word);
        }
    }
    return true;
}

static bool in_object(const struct checker *c)
{
    return c->depth > 0 && (c->object_bits >> (c->depth - 1) & 1U) != 0;
}

static bool check_name(struct checker *c)
{
    skip_space(c);
    if (peek(c) != '"') {
        return unexpected(c, "a member's name");
    }
    if (!check_string(c)) {
        return false;
    }
    skip_space(c);
    return take(c, ':') || unexpected(c, "':'");
}

/* A value, or the beginning of one that holds more: then *opened. */
static bool check_value(struct checker *c, bool *opened)
{
    *opened = false;
    skip_space(c);
    if (c->depth >= BASE_JSON_DEPTH_MAX) {
        return fail_set(c->fail, FAIL_LIMIT, "byte %zu: nested deeper than %d levels", c->at,
                        BASE_JSON_DEPTH_MAX);
    }
    switch (peek(c)) {
    case '{':
    case '[':
        if (peek(c) == '{') {
            c->object_bits |= 1U << c->depth;
        } else {
            c->object_bits &= ~(1U << c->depth);
        }
        c->depth++;
        c->at++;
        *opened = true;
        return true;
    case '"':
        return check_string(c);
    case 't':
        return check_word(c, "true");
    case 'f':
        return check_word(c, "false");
    case 'n':
        return check_word(c, "null");
    default:
        if (peek(c) == '-' || (peek(c) >= '0' && peek(c) <= '9')) {
            return check_number(c);
        }
        return unexpected(c, "a value");
    }
}

/* Behind a value: closes what ends here; *more when another value must follow. */
static bool check_after(struct checker *c, bool *more)
{
    while (c->depth > 0) {
        skip_space(c);
        bool object = in_object(c);
        if (take(c, ',')) {
            *more = true;
            return !object || check_name(c);
        }
        if (!take(c, object ? '}' : ']')) {
            return unexpected(c, object ? "',' or '}'" : "',' or ']'");
        }
        c->depth--;
    }
    *more = false;
    return true;
}

bool json_check(struct str text, struct fail *fail)
{
    struct checker c = {.text = text, .fail = fail};
    if (str_starts(text, STR(JSON_BOM))) {
        c.at = strlen(JSON_BOM);
    }
    skip_space(&c);
    if (c.at >= text.len) {
        return fail_set(fail, FAIL_INPUT, "byte %zu: there is no JSON", c.at);
    }
    bool more = true;
    while (more) {
        bool opened;
        if (!check_value(&c, &opened)) {
            return false;
        }
        if (opened) {
            skip_space(&c);
            bool object = in_object(&c);
            if (take(&c, object ? '}' : ']')) {
                c.depth--;
            } else if (object && !check_name(&c)) {
                return false;
            } else {
                continue;
            }
        }
        if (!check_after(&c, &more)) {
            return false;
        }
    }
    skip_space(&c);
    return c.at == text.len || unexpected(&c, "the end");
}

static bool is_number_byte(char byte)
{
    return (byte >= '0' && byte <= '9') || byte == '-' || byte == '+' || byte == '.' ||
           byte == 'e' || byte == 'E';
}

bool json_next_number(struct str text, size_t *at, struct str *out)
{
    bool in_string = false;
    for (size_t i = *at; i < text.len; i++) {
        char byte = text.data[i];
        if (in_string) {
            if (byte == '\\') {
                i++;
            } else if (byte == '"') {
                in_string = false;
            }
        } else if (byte == '"') {
            in_string = true;
        } else if (byte == '-' || (byte >= '0' && byte <= '9')) {
            size_t end = i;
            while (end < text.len && is_number_byte(text.data[end])) {
                end++;
            }
            *out = str_of(text.data + i, end - i);
            *at = end;
            return true;
        }
    }
    *at = text.len;
    return false;
}
