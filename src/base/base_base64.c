#include "base_base64.h"

static const char DIGITS[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

bool base_base64_encode(struct str bytes, struct arena *arena, struct str *out, struct fail *fail)
{
    size_t len = (bytes.len + 2) / 3 * 4;
    char *text = arena_alloc(arena, len + 1, fail);
    if (text == NULL) {
        return false;
    }
    for (size_t i = 0, o = 0; i < bytes.len; i += 3, o += 4) {
        uint32_t group = 0;
        for (size_t k = 0; k < 3; k++) {
            group = group << 8 | (i + k < bytes.len ? (unsigned char)bytes.data[i + k] : 0U);
        }
        for (size_t k = 0; k < 4; k++) {
            bool padding = k > bytes.len - i;
            text[o + k] = padding ? '=' : DIGITS[group >> (18 - 6 * k) & 63U];
        }
    }
    *out = str_of(text, len);
    return true;
}

int base_base64_digit(char c)
{
    if (c >= 'A' && c <= 'Z') {
        return c - 'A';
    }
    if (c >= 'a' && c <= 'z') {
        return c - 'a' + 26;
    }
    if (c >= '0' && c <= '9') {
        return c - '0' + 52;
    }
    return c == '+' || c == '-' ? 62 : c == '/' || c == '_' ? 63 : -1;
}

/* Of the standard alphabet alone; 64: it is none. */
static uint32_t value_of(char c)
{
    int digit = c == '-' || c == '_' ? -1 : base_base64_digit(c);
    return digit < 0 ? 64 : (uint32_t)digit;
}

bool base_base64_decode(struct str text, struct arena *arena, struct str *out, struct fail *fail)
{
    size_t len = text.len;
    size_t at = 0;
    uint32_t group = 0;
    while (len > 0 && text.len - len < 2 && text.data[len - 1] == '=') {
        len--;
    }
    char *bytes = arena_alloc(arena, text.len / 4 * 3 + 1, fail);
    if (bytes == NULL) {
        return false;
    }
    if (text.len % 4 != 0) {
        return fail_set(fail, FAIL_INPUT, "base64 comes in groups of four digits");
    }
    for (size_t i = 0; i < len; i++) {
        uint32_t value = value_of(text.data[i]);
        if (value > 63) {
            return fail_set(fail, FAIL_INPUT, "digit %zu is none of base64", i + 1);
        }
        group = group << 6 | value;
        if (i % 4 > 0) {
            bytes[at++] = (char)(group >> (6 - 2 * (i % 4)) & 0xFFU);
        }
    }
    *out = str_of(bytes, at);
    return true;
}
