#include "base_fail.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void base_invariant_broken(const char *condition, const char *file, int line)
{
    fprintf(stderr, "firsthand: broken invariant at %s:%d: %s\n", file, line, condition);
    abort();
}

/* Cuts a text that did not fit back to its last whole UTF-8 character. */
static void cut_at_character(char *text, size_t capacity)
{
    size_t len = strnlen(text, capacity);
    size_t at = len;
    while (at > 0 && ((unsigned char)text[at - 1] & 0xC0U) == 0x80U) {
        at--;
    }
    if (at == 0) {
        return;
    }
    unsigned char lead = (unsigned char)text[at - 1];
    size_t wants = lead >= 0xF0U ? 4 : lead >= 0xE0U ? 3 : lead >= 0xC0U ? 2 : 1;
    if (len - (at - 1) < wants) {
        text[at - 1] = '\0';
    }
}

static void format_message(struct fail *fail, const char *format, va_list args) PRINTF_LIKE(2, 0);

/* Through a copy: an argument may be the message that is replaced. */
static void format_message(struct fail *fail, const char *format, va_list args)
{
    char message[FAIL_MESSAGE_BYTES];
    int wanted = vsnprintf(message, sizeof message, format, args);
    if (wanted < 0) {
        message[0] = '\0';
    } else if ((size_t)wanted >= sizeof message) {
        cut_at_character(message, sizeof message);
    }
    memcpy(fail->message, message, strlen(message) + 1);
}

bool(fail_set)(struct fail *fail, enum fail_code code, const char *format, ...)
{
    fail->code = code;
    va_list args;
    va_start(args, format);
    format_message(fail, format, args);
    va_end(args);
    fail->pointer[0] = '\0';
    return false;
}

bool(fail_input_at)(struct fail *fail, const char *pointer, const char *format, ...)
{
    fail->code = FAIL_INPUT;
    va_list args;
    va_start(args, format);
    format_message(fail, format, args);
    va_end(args);
    size_t len = strnlen(pointer, sizeof fail->pointer - 1);
    bool cut = pointer[len] != '\0';
    memmove(fail->pointer, pointer, len); /* may be the pointer itself */
    fail->pointer[len] = '\0';
    if (cut) {
        cut_at_character(fail->pointer, sizeof fail->pointer);
    }
    return false;
}

bool(fail_at)(struct fail *fail, const char *format, ...)
{
    char context[FAIL_MESSAGE_BYTES];
    va_list args;
    va_start(args, format);
    int wanted = vsnprintf(context, sizeof context, format, args);
    va_end(args);
    if (wanted < 0) {
        return false;
    }
    char whole[2 * FAIL_MESSAGE_BYTES + 4];
    snprintf(whole, sizeof whole, "%s: %s", context, fail->message);
    size_t len = strnlen(whole, sizeof fail->message - 1);
    memcpy(fail->message, whole, len);
    fail->message[len] = '\0';
    if (whole[len] != '\0') {
        cut_at_character(fail->message, sizeof fail->message);
    }
    return false;
}

const char *fail_code_name(enum fail_code code)
{
    switch (code) {
    case FAIL_NONE:
        return "none";
    case FAIL_INPUT:
        return "input";
    case FAIL_DENIED:
        return "denied";
    case FAIL_ABSENT:
        return "absent";
    case FAIL_CONFLICT:
        return "conflict";
    case FAIL_LIMIT:
        return "limit";
    case FAIL_BUSY:
        return "busy";
    case FAIL_CANCELLED:
        return "cancelled";
    case FAIL_IO:
        return "io";
    case FAIL_CORRUPT:
        return "corrupt";
    case FAIL_NO_MEMORY:
        return "no_memory";
    case FAIL_INTERNAL:
        return "internal";
    }
    return "internal";
}
