/* base_buf.h — bytes that grow, up to a ceiling chosen when the buffer is made.
 *
 * What: append-only bytes. Reaching the ceiling sets `failed`; appends after that do nothing, so a
 *   writer can append freely and ask once at the end (base_buf_ok).
 * Owner: base_buf_done frees; base_buf_take gives the bytes away.   Threads: one at a time.
 * Failure: base_buf_ok: FAIL_LIMIT over the ceiling, FAIL_NO_MEMORY.
 * Limits/cost: amortised O(1) a byte. `data` moves when it grows.   Units: bytes.
 * Example: struct base_buf out = {.limit = 1 << 20}; base_buf_str(&out, STR("hi"));
 *          if (!base_buf_ok(&out, fail)) return false;
 * Not here: JSON (base_json_write.h).
 */
#pragma once

#include "base_str.h"

#define BASE_BUF_LIMIT_DEFAULT ((size_t)1 << 30)

struct base_buf {
    char *data;
    size_t len;
    size_t capacity;
    size_t limit; /* 0: BASE_BUF_LIMIT_DEFAULT */
    bool failed;
    bool no_memory; /* why it failed */
};

void base_buf_done(struct base_buf *buf); /* accepts zeroed; leaves it zeroed but for the limit */
void base_buf_reset(struct base_buf *buf);
/* As base_buf_room, where there may be no room yet. */
char *base_buf_grow(struct base_buf *buf, size_t bytes);
/* Room for `bytes` more at data + len, to be claimed by adding to len; NULL when failed. */
static inline char *base_buf_room(struct base_buf *buf, size_t bytes)
{
    size_t limit = buf->limit == 0 ? BASE_BUF_LIMIT_DEFAULT : buf->limit;
    bool fits = !buf->failed && bytes < buf->capacity - buf->len && bytes + buf->len <= limit;
    return fits ? buf->data + buf->len : base_buf_grow(buf, bytes);
}
static inline void base_buf_bytes(struct base_buf *buf, const void *data, size_t len)
{
    char *room = len == 0 ? NULL : base_buf_room(buf, len);
    if (room != NULL) {
        memcpy(room, data, len);
        buf->len += len;
    }
}
void base_buf_str(struct base_buf *buf, struct str text);
void base_buf_c(struct base_buf *buf, const char *text);
static inline void base_buf_byte(struct base_buf *buf, char byte)
{
    base_buf_bytes(buf, &byte, 1);
}
void base_buf_printf(struct base_buf *buf, const char *format, ...) PRINTF_LIKE(2, 3);
bool base_buf_ok(const struct base_buf *buf, struct fail *fail) MUST_USE;
static inline struct str base_buf_view(const struct base_buf *buf)
{
    return str_of(buf->data, buf->len);
}
/* Gives the bytes to the caller (base_free); the buffer is empty after. NULL when it never held any. */
char *base_buf_take(struct base_buf *buf, size_t *out_len);
