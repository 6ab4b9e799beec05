#include "intake_decimal.h"

#include <stdio.h>

#define DIGITS_MAX 38 /* of an unsigned 128-bit number, all of them */
#define EXACT_DOUBLE_MAX ((uint64_t)1 << 53)
#define EXACT_POWER_MAX 22 /* 10^22 is the last power of ten that is a double */
#define EXPONENT_MAX 1000

typedef unsigned __int128 wide;

struct decimal { /* digits * 10^-scale */
    wide digits;
    int scale;
    bool negative;
};

/* "e5", "E-3": all that may follow the digits. */
static bool take_exponent(struct str text, int *scale)
{
    int64_t exponent;
    if (text.data[0] != 'e' && text.data[0] != 'E') {
        return false;
    }
    struct str digits = str_after(text, 1);
    if (digits.len > 1 && digits.data[0] == '+' && digits.data[1] != '-') {
        digits = str_after(digits, 1);
    }
    if (!str_parse_i64(digits, &exponent) || exponent > EXPONENT_MAX || exponent < -EXPONENT_MAX) {
        return false;
    }
    *scale -= (int)exponent;
    return true;
}

/* False also for numbers that are fine but do not fit. */
static bool decimal_parse(struct str text, struct decimal *out)
{
    struct decimal found = {0};
    size_t at = 0;
    if (at < text.len && (text.data[at] == '-' || text.data[at] == '+')) {
        found.negative = text.data[at++] == '-';
    }
    size_t seen = 0, significant = 0;
    bool point = false;
    for (; at < text.len; at++) {
        char c = text.data[at];
        if (c == '.' && !point) {
            point = true;
            continue;
        }
        if (c < '0' || c > '9') {
            break;
        }
        seen++;
        significant += significant > 0 || c != '0' ? 1 : 0;
        if (significant > DIGITS_MAX) {
            return false;
        }
        found.digits = found.digits * 10U + (unsigned)(c - '0');
        found.scale += point ? 1 : 0;
    }
    if (seen == 0 || seen > EXPONENT_MAX) {
        return false;
    }
    if (at < text.len && !take_exponent(str_after(text, at), &found.scale)) {
        return false;
    }
    *out = found;
    return true;
}

static bool wide_mul(wide a, wide b, wide *out)
{
    wide product;
    if (__builtin_mul_overflow(a, b, &product)) {
        return false;
    }
    *out = product;
    return true;
}

/* Whole digits and an exponent, for the one correctly rounded conversion that there is. */
static bool round_by_text(const struct decimal *decimal, struct store_value *out)
{
    char digits[DIGITS_MAX + 2];
    size_t at = sizeof digits;
    wide rest = decimal->digits;
    do {
        digits[--at] = (char)('0' + (int)(rest % 10U));
        rest /= 10U;
    } while (rest > 0);
    char text[DIGITS_MAX + 24];
    int len = snprintf(text, sizeof text, "%s%.*se%d", decimal->negative ? "-" : "",
                       (int)(sizeof digits - at), digits + at, -decimal->scale);
    double value;
    if (!str_parse_double(str_of(text, (size_t)len), &value)) {
        return false;
    }
    *out = store_value_double(value);
    return true;
}

static bool decimal_value(struct decimal decimal, struct store_value *out)
{
    static const double powers[EXACT_POWER_MAX + 1] = {
        1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
        1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
    while (decimal.scale < 0 && wide_mul(decimal.digits, 10U, &decimal.digits)) {
        decimal.scale++;
        if (decimal.digits == 0) {
            decimal.scale = 0;
        }
    }
    while (decimal.scale > 0 && decimal.digits > EXACT_DOUBLE_MAX && decimal.digits % 10U == 0) {
        decimal.digits /= 10U;
        decimal.scale--;
    }
    if (decimal.scale == 0 && decimal.digits <= INT64_MAX) {
        int64_t whole = (int64_t)decimal.digits;
        *out = store_value_int(decimal.negative ? -whole : whole);
        return true;
    }
    if (decimal.scale == 0 && decimal.digits <= UINT64_MAX && !decimal.negative) {
        *out = store_value_uint((uint64_t)decimal.digits);
        return true;
    }
    if (decimal.digits <= EXACT_DOUBLE_MAX && decimal.scale >= 0 &&
        decimal.scale <= EXACT_POWER_MAX) {
        /* Both are doubles without loss, so the one rounding of the division is the right one. */
        double value = (double)(uint64_t)decimal.digits / powers[decimal.scale];
        *out = store_value_double(decimal.negative ? -value : value);
        return true;
    }
    return round_by_text(&decimal, out);
}

bool intake_number(struct str text, struct store_value *out)
{
    struct str trimmed = str_trim(text);
    struct decimal decimal;
    if (decimal_parse(trimmed, &decimal)) {
        return decimal_value(decimal, out);
    }
    double value;
    if (!str_parse_double(trimmed, &value)) {
        return false;
    }
    *out = store_value_double(value);
    return true;
}

bool intake_product(const struct str *texts, size_t count, struct store_value *out)
{
    struct decimal product = {.digits = 1};
    bool exact = true;
    double rounded = 1;
    for (size_t i = 0; i < count; i++) {
        struct store_value factor;
        struct decimal decimal;
        if (!intake_number(texts[i], &factor)) {
            return false;
        }
        rounded *= store_value_number(factor);
        exact = exact && decimal_parse(str_trim(texts[i]), &decimal) &&
                wide_mul(product.digits, decimal.digits, &product.digits);
        if (exact) {
            product.scale += decimal.scale;
            product.negative = product.negative != decimal.negative;
        }
    }
    if (exact) {
        return decimal_value(product, out);
    }
    if (!isfinite(rounded)) {
        return false;
    }
    *out = store_value_double(rounded);
    return true;
}
