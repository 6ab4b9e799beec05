#include "query_path.h"

#include <stdarg.h>
#include <stdio.h>

#define PATH_NODES_MAX 80 /* JSON nests at most 32 deep, and saved segments close their insides */

static void append(char *out, size_t *len, const char *text, size_t bytes)
{
    if (*len + bytes < FAIL_POINTER_BYTES) {
        memcpy(out + *len, text, bytes);
        *len += bytes;
    } else {
        *len = FAIL_POINTER_BYTES; /* full: nothing after it may stand as if it came next */
    }
}

static void append_name(char *out, size_t *len, struct str name)
{
    for (size_t i = 0; i < name.len; i++) {
        if (name.data[i] == '~') {
            append(out, len, "~0", 2);
        } else if (name.data[i] == '/') {
            append(out, len, "~1", 2);
        } else {
            append(out, len, name.data + i, 1);
        }
    }
}

/* RFC 6901. */
static void path_text(const struct query_path *path, char out[FAIL_POINTER_BYTES])
{
    const struct query_path *nodes[PATH_NODES_MAX];
    size_t count = 0;
    for (const struct query_path *node = path; node != NULL; node = node->up) {
        if (node->closed) {
            count = 0;
        } else if (count < PATH_NODES_MAX) {
            nodes[count++] = node;
        }
    }
    size_t len = 0;
    char number[24];
    while (count > 0) {
        const struct query_path *node = nodes[--count];
        append(out, &len, "/", 1);
        if (node->is_index) {
            int digits = snprintf(number, sizeof number, "%zu", node->index);
            append(out, &len, number, (size_t)digits);
        } else {
            append_name(out, &len, node->name);
        }
    }
    if (len >= FAIL_POINTER_BYTES) {
        len = strnlen(out, FAIL_POINTER_BYTES - 1);
    }
    out[len] = '\0';
    query_text_trim(out);
}

void query_text_trim(char *text)
{
    size_t len = strlen(text);
    for (int dropped = 0; dropped < 4 && !str_is_utf8(str_of(text, len)); dropped++) {
        text[--len] = '\0';
    }
}

bool query_refuse(const struct query_path *path, struct fail *fail, const char *format, ...)
{
    char pointer[FAIL_POINTER_BYTES] = {0};
    char message[FAIL_MESSAGE_BYTES];
    path_text(path, pointer);
    va_list args;
    va_start(args, format);
    vsnprintf(message, sizeof message, format, args);
    va_end(args);
    query_text_trim(message);
    return fail_input_at(fail, pointer, "%s", message);
}

bool query_refuse_at(const struct query_path *path, struct fail *fail)
{
    if (fail->code == FAIL_INPUT && fail->pointer[0] == '\0') {
        path_text(path, fail->pointer);
    }
    return false;
}
