#include "base_str.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

int str_compare(struct str a, struct str b)
{
    size_t shorter = a.len < b.len ? a.len : b.len;
    int order = shorter == 0 ? 0 : memcmp(a.data, b.data, shorter);
    if (order != 0) {
        return order;
    }
    return a.len < b.len ? -1 : a.len > b.len ? 1 : 0;
}

size_t str_find_byte(struct str a, char byte)
{
    const char *at = a.len == 0 ? NULL : memchr(a.data, byte, a.len);
    return at == NULL ? a.len : (size_t)(at - a.data);
}

size_t str_find(struct str a, struct str needle)
{
    if (needle.len == 0) {
        return 0;
    }
    const char *at = a.len == 0 ? NULL : memmem(a.data, a.len, needle.data, needle.len);
    return at == NULL ? a.len : (size_t)(at - a.data);
}

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

struct str str_trim(struct str a)
{
    while (a.len > 0 && is_space(a.data[a.len - 1])) {
        a.len--;
    }
    while (a.len > 0 && is_space(a.data[0])) {
        a.data++;
        a.len--;
    }
    return a;
}

bool str_next_part(struct str *rest, char separator, struct str *out)
{
    if (rest->data == NULL) {
        return false;
    }
    size_t at = str_find_byte(*rest, separator);
    *out = str_of(rest->data, at);
    if (at == rest->len) {
        *rest = (struct str){NULL, 0};
    } else {
        *rest = str_of(rest->data + at + 1, rest->len - at - 1);
    }
    return true;
}

char *str_copy_c(struct arena *arena, struct str a)
{
    struct fail fail;
    char *copy = arena_alloc(arena, a.len + 1, &fail);
    if (copy == NULL) {
        /* Copies follow the size of inputs that were bounded before; past the budget they are charged
           like other small things, and the next budgeted allocation reports it. */
        copy = arena_small(arena, a.len + 1);
    }
    if (a.len > 0) {
        memcpy(copy, a.data, a.len);
    }
    copy[a.len] = '\0';
    return copy;
}

struct str str_copy(struct arena *arena, struct str a)
{
    return str_of(str_copy_c(arena, a), a.len);
}

struct str str_format(struct arena *arena, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int wanted = vsnprintf(NULL, 0, format, args);
    va_end(args);
    if (wanted <= 0) {
        return STR("");
    }
    char *text = arena_small(arena, (size_t)wanted + 1);
    va_start(args, format);
    vsnprintf(text, (size_t)wanted + 1, format, args);
    va_end(args);
    return str_of(text, (size_t)wanted);
}

/* The bytes that may follow a lead: surrogates, overlong forms and what is past U+10FFFF are cut off
   at the second byte (Unicode 15, table 3-7). */
static bool utf8_second(unsigned char lead, unsigned char second)
{
    switch (lead) {
    case 0xE0U:
        return second >= 0xA0U && second <= 0xBFU;
    case 0xEDU:
        return second >= 0x80U && second <= 0x9FU;
    case 0xF0U:
        return second >= 0x90U && second <= 0xBFU;
    case 0xF4U:
        return second >= 0x80U && second <= 0x8FU;
    default:
        return second >= 0x80U && second <= 0xBFU;
    }
}

size_t str_utf8_step(struct str a, bool *out_valid)
{
    const unsigned char *at = (const unsigned char *)a.data;
    unsigned char lead = at[0];
    *out_valid = lead < 0x80U;
    if (lead < 0xC2U || lead > 0xF4U) {
        return 1;
    }
    size_t wants = lead >= 0xF0U ? 4 : lead >= 0xE0U ? 3 : 2;
    if (a.len < 2 || !utf8_second(lead, at[1])) {
        return 1;
    }
    for (size_t i = 2; i < wants; i++) {
        if (i >= a.len || (at[i] & 0xC0U) != 0x80U) {
            return i;
        }
    }
    *out_valid = true;
    return wants;
}

bool str_is_utf8(struct str a)
{
    while (a.len > 0) {
        bool valid;
        size_t step = str_utf8_step(a, &valid);
        if (!valid) {
            return false;
        }
        a = str_after(a, step);
    }
    return true;
}

bool str_parse_u64(struct str a, uint64_t *out)
{
    if (a.len == 0 || a.len > 20) {
        return false;
    }
    uint64_t value = 0;
    for (size_t i = 0; i < a.len; i++) {
        char c = a.data[i];
        if (c < '0' || c > '9' || __builtin_mul_overflow(value, 10U, &value) ||
            __builtin_add_overflow(value, (uint64_t)(c - '0'), &value)) {
            return false;
        }
    }
    *out = value;
    return true;
}

bool str_parse_i64(struct str a, int64_t *out)
{
    bool negative = a.len > 0 && a.data[0] == '-';
    uint64_t magnitude;
    if (!str_parse_u64(negative ? str_after(a, 1) : a, &magnitude)) {
        return false;
    }
    if (negative) {
        if (magnitude > (uint64_t)INT64_MAX + 1U) {
            return false;
        }
        *out = (int64_t)(0U - magnitude);
        return true;
    }
    if (magnitude > (uint64_t)INT64_MAX) {
        return false;
    }
    *out = (int64_t)magnitude;
    return true;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Sign, digits with at most one point, at least one digit, exponent: and nothing else. */
static bool is_decimal(struct str a)
{
    size_t i = 0;
    if (i < a.len && (a.data[i] == '-' || a.data[i] == '+')) {
        i++;
    }
    size_t digits = 0;
    while (i < a.len && is_digit(a.data[i])) {
        i++;
        digits++;
    }
    if (i < a.len && a.data[i] == '.') {
        i++;
        while (i < a.len && is_digit(a.data[i])) {
            i++;
            digits++;
        }
    }
    if (digits == 0) {
        return false;
    }
    if (i < a.len && (a.data[i] == 'e' || a.data[i] == 'E')) {
        i++;
        if (i < a.len && (a.data[i] == '-' || a.data[i] == '+')) {
            i++;
        }
        size_t exponent = 0;
        while (i < a.len && is_digit(a.data[i])) {
            i++;
            exponent++;
        }
        if (exponent == 0) {
            return false;
        }
    }
    return i == a.len;
}

#define DECIMAL_CHARS_MAX 400

bool str_parse_double(struct str a, double *out)
{
    if (a.len > DECIMAL_CHARS_MAX || !is_decimal(a)) {
        return false;
    }
    char text[DECIMAL_CHARS_MAX + 1];
    memcpy(text, a.data, a.len);
    text[a.len] = '\0';
    /* The process never leaves the "C" locale, so the point is a point. */
    double value = strtod(text, NULL);
    if (value > 1.7976931348623157e308 || value < -1.7976931348623157e308) {
        return false;
    }
    *out = value;
    return true;
}

#define NEAREST_CHARS_MAX 64

/* Damerau's distance with adjacent swaps (optimal string alignment), over bytes, ASCII case folded. */
static size_t edits(struct str a, struct str b)
{
    size_t rows[3][NEAREST_CHARS_MAX + 1];
    for (size_t j = 0; j <= b.len; j++) {
        rows[0][j] = j;
    }
    for (size_t i = 1; i <= a.len; i++) {
        size_t *now = rows[i % 3], *before = rows[(i + 2) % 3], *earlier = rows[(i + 1) % 3];
        now[0] = i;
        for (size_t j = 1; j <= b.len; j++) {
            unsigned x = (unsigned char)a.data[i - 1] | 0x20U;
            unsigned y = (unsigned char)b.data[j - 1] | 0x20U;
            size_t best = before[j - 1] + (x == y ? 0 : 1);
            best = before[j] + 1 < best ? before[j] + 1 : best;
            best = now[j - 1] + 1 < best ? now[j - 1] + 1 : best;
            if (i > 1 && j > 1 && x == ((unsigned char)b.data[j - 2] | 0x20U) &&
                y == ((unsigned char)a.data[i - 2] | 0x20U) && earlier[j - 2] + 1 < best) {
                best = earlier[j - 2] + 1;
            }
            now[j] = best;
        }
    }
    return rows[a.len % 3][b.len];
}

size_t str_nearest_of(struct str name, const struct str *candidates, size_t count)
{
    size_t nearest = SIZE_MAX, least = SIZE_MAX;
    if (name.len == 0 || name.len > NEAREST_CHARS_MAX) {
        return SIZE_MAX;
    }
    for (size_t i = 0; i < count; i++) {
        struct str candidate = candidates[i];
        if (candidate.len == 0 || candidate.len > NEAREST_CHARS_MAX) {
            continue;
        }
        size_t longer = candidate.len > name.len ? candidate.len : name.len;
        size_t allowed = longer / 3 == 0 ? 1 : longer / 3;
        size_t distance = edits(name, candidate);
        if (distance <= allowed && distance < longer && distance < least) {
            least = distance;
            nearest = i;
        }
    }
    return nearest;
}

const char *str_nearest(struct str name, const char *const *candidates, size_t count)
{
    const char *nearest = NULL;
    size_t least = SIZE_MAX;
    for (size_t i = 0; i < count; i++) {
        struct str candidate = str_from_c(candidates[i]);
        if (str_nearest_of(name, &candidate, 1) == 0) {
            size_t distance = edits(name, candidate);
            if (distance < least) {
                least = distance;
                nearest = candidates[i];
            }
        }
    }
    return nearest;
}

bool str_is_origin(struct str text)
{
    size_t at = str_starts_c(text, "https://") ? 8 : str_starts_c(text, "http://") ? 7 : 0;
    if (at == 0 || text.len == at || text.len > STR_ORIGIN_BYTES_MAX) {
        return false;
    }
    for (size_t i = at; i < text.len; i++) {
        unsigned char c = (unsigned char)text.data[i];
        if (c <= 0x20U || c >= 0x7fU || c == '/' || c == '@' || c == '?' || c == '#' || c == '*' ||
            (c >= 'A' && c <= 'Z')) {
            return false;
        }
    }
    return true;
}
