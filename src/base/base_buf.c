#include "base_buf.h"

#include <stdarg.h>
#include <stdio.h>

#include "base_checked.h"

void base_buf_done(struct base_buf *buf)
{
    base_free(buf->data);
    *buf = (struct base_buf){.limit = buf->limit};
}

void base_buf_reset(struct base_buf *buf)
{
    buf->len = 0;
    buf->failed = false;
    buf->no_memory = false;
}

char *base_buf_grow(struct base_buf *buf, size_t bytes)
{
    size_t limit = buf->limit == 0 ? BASE_BUF_LIMIT_DEFAULT : buf->limit;
    size_t needed;
    if (buf->failed || !base_size_add(buf->len, bytes, &needed) || needed > limit ||
        needed == SIZE_MAX) {
        buf->failed = true;
        return NULL;
    }
    struct fail fail;
    void *data = buf->data;
    /* One byte more than asked for: printf ends with a NUL, and room for nothing is not NULL. */
    if (!base_grow_array(&data, &buf->capacity, needed + 1, 1, &fail)) {
        buf->failed = true;
        buf->no_memory = true;
        return NULL;
    }
    buf->data = data;
    return buf->data + buf->len;
}

void base_buf_str(struct base_buf *buf, struct str text)
{
    base_buf_bytes(buf, text.data, text.len);
}

void base_buf_c(struct base_buf *buf, const char *text)
{
    base_buf_bytes(buf, text, strlen(text));
}

void base_buf_printf(struct base_buf *buf, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int wanted = vsnprintf(NULL, 0, format, args);
    va_end(args);
    if (wanted <= 0) {
        return;
    }
    char *room = base_buf_room(buf, (size_t)wanted);
    if (room == NULL) {
        return;
    }
    va_start(args, format);
    vsnprintf(room, (size_t)wanted + 1, format, args);
    va_end(args);
    buf->len += (size_t)wanted;
}

bool base_buf_ok(const struct base_buf *buf, struct fail *fail)
{
    if (!buf->failed) {
        return true;
    }
    if (buf->no_memory) {
        return fail_set(fail, FAIL_NO_MEMORY, "no memory for more than %zu bytes", buf->len);
    }
    size_t limit = buf->limit == 0 ? BASE_BUF_LIMIT_DEFAULT : buf->limit;
    return fail_set(fail, FAIL_LIMIT, "the result is larger than %zu bytes", limit);
}

char *base_buf_take(struct base_buf *buf, size_t *out_len)
{
    char *data = buf->data;
    *out_len = buf->len;
    *buf = (struct base_buf){.limit = buf->limit};
    return data;
}
