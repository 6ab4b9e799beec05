#include "intake_window.h"

#include <errno.h>
#include <stdint.h>
#include <sys/stat.h>
#include <unistd.h>

#include "intake_internal.h"

#define WINDOW_BYTES_FIRST ((size_t)1 << 20)
#define RAW_BYTES ((size_t)256 << 10)
#define SNIFF_BYTES 4 /* of the longest mark looked for */

static bool read_memory(void *context, void *into, size_t len, size_t *out_read, struct fail *fail)
{
    (void)fail;
    struct str *text = context;
    size_t take = len < text->len ? len : text->len;
    if (take > 0) {
        memcpy(into, text->data, take);
    }
    *text = str_after(*text, take);
    *out_read = take;
    return true;
}

struct intake_reader intake_reader_of(struct str *text)
{
    return (struct intake_reader){.read = read_memory, .context = text, .total_bytes = text->len};
}

static bool read_descriptor(void *context, void *into, size_t len, size_t *out_read,
                            struct fail *fail)
{
    int descriptor = (int)(intptr_t)context;
    for (;;) {
        ssize_t got = read(descriptor, into, len);
        if (got >= 0) {
            *out_read = (size_t)got;
            return true;
        }
        if (errno != EINTR) {
            return fail_set(fail, FAIL_IO, "cannot read: %s", strerrordesc_np(errno));
        }
    }
}

struct intake_reader intake_reader_of_descriptor(int descriptor)
{
    struct intake_reader reader = {.read = read_descriptor,
                                   .context = (void *)(intptr_t)descriptor};
    struct stat status;
    if (fstat(descriptor, &status) == 0 && S_ISREG(status.st_mode) && status.st_size > 0) {
        reader.total_bytes = (uint64_t)status.st_size;
    }
    return reader;
}

void intake_window_done(struct intake_window *window)
{
    intake_gzip_free(window->gzip);
    base_free(window->raw);
    base_free(window->data);
    *window = (struct intake_window){0};
}

/* Reads into the raw buffer behind what is there. */
static bool read_raw(struct intake_window *window, struct fail *fail)
{
    size_t got;
    if (!window->reader.read(window->reader.context, window->raw + window->raw_len,
                             RAW_BYTES - window->raw_len, &got, fail)) {
        return false;
    }
    window->raw_len += got;
    window->raw_end = got == 0;
    window->bytes_read += got;
    return true;
}

static bool make_room(struct intake_window *window, struct fail *fail)
{
    if (window->at > 0) {
        window->len -= window->at;
        memmove(window->data, window->data + window->at, window->len);
        window->at = 0;
    }
    if (window->len < window->capacity) {
        return true;
    }
    if (window->capacity >= INTAKE_WINDOW_BYTES_MAX) {
        return fail_set(fail, FAIL_LIMIT,
                        "a record is longer than %zu bytes; does the file have line breaks?",
                        INTAKE_WINDOW_BYTES_MAX);
    }
    void *block = window->data;
    size_t wider = window->capacity == 0 ? WINDOW_BYTES_FIRST : window->capacity * 2;
    if (!base_realloc_array(&block, wider, 1, fail)) {
        return false;
    }
    window->data = block;
    window->capacity = wider;
    return true;
}

static bool inflate_more(struct intake_window *window, struct fail *fail)
{
    for (;;) {
        struct str in = str_of(window->raw + window->raw_at, window->raw_len - window->raw_at);
        size_t before = in.len, put;
        if (!intake_gzip_step(window->gzip, &in, window->data + window->len,
                              window->capacity - window->len, &put, fail)) {
            return false;
        }
        window->raw_at += before - in.len;
        window->len += put;
        if (put > 0) {
            return true;
        }
        if (before != in.len) {
            continue;
        }
        if (window->raw_end) {
            window->end = true;
            return intake_gzip_end(window->gzip, fail);
        }
        memmove(window->raw, window->raw + window->raw_at, in.len);
        window->raw_len = in.len;
        window->raw_at = 0;
        if (!read_raw(window, fail)) {
            return false;
        }
    }
}

bool intake_window_more(struct intake_window *window, struct fail *fail)
{
    if (!make_room(window, fail)) {
        return false;
    }
    if (window->gzip != NULL) {
        return inflate_more(window, fail);
    }
    size_t waiting = window->raw_len - window->raw_at; /* of the beginning, already read */
    size_t got = window->capacity - window->len;
    if (waiting > 0) {
        got = waiting < got ? waiting : got;
        memcpy(window->data + window->len, window->raw + window->raw_at, got);
        window->raw_at += got;
    } else {
        if (!window->reader.read(window->reader.context, window->data + window->len, got, &got,
                                 fail)) {
            return false;
        }
        window->bytes_read += got;
        window->end = got == 0;
    }
    window->len += got;
    return true;
}

static bool is_utf16(struct str text)
{
    return str_starts_c(text, "\xFF\xFE") || str_starts_c(text, "\xFE\xFF");
}

static bool begin(struct intake_window *window, struct fail *fail)
{
    void *raw = NULL;
    if (!base_alloc_array(RAW_BYTES, 1, &raw, fail)) {
        return false;
    }
    window->raw = raw;
    while (window->raw_len < SNIFF_BYTES && !window->raw_end) {
        if (!read_raw(window, fail)) {
            return false;
        }
    }
    if (intake_gzip_is(str_of(window->raw, window->raw_len)) &&
        !intake_gzip_new(&window->gzip, fail)) {
        return false;
    }
    while (window->len < SNIFF_BYTES && !window->end) {
        if (!intake_window_more(window, fail)) {
            return false;
        }
    }
    struct str text = intake_window_text(window);
    if (is_utf16(text)) {
        return fail_set(fail, FAIL_INPUT, "the file is UTF-16; save it as UTF-8");
    }
    intake_window_skip(window, text.len - intake_without_bom(text).len);
    return true;
}

bool intake_window_init(struct intake_window *window, const struct intake_reader *reader,
                        struct fail *fail)
{
    *window = (struct intake_window){.reader = *reader};
    if (!begin(window, fail)) {
        intake_window_done(window);
        return false;
    }
    return true;
}
