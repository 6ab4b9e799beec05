/* Opening a body: gzip whatever the headers say, the limits, the byte-order mark. */
#include "base_buf.h"
#include "intake_gzip.h"
#include "intake_internal.h"

#define RATIO_FREE_BYTES ((size_t)1 << 20)
#define INFLATE_STEP_BYTES ((size_t)64 << 10)

static bool too_large(size_t limit, struct fail *fail)
{
    return fail_set(fail, FAIL_LIMIT, "more than %zu bytes after inflation; send less at once",
                    limit);
}

static bool inflate_all(struct str sent, const struct intake_limits *limits, struct base_buf *out,
                        struct fail *fail)
{
    CLEANUP(intake_gzip_free_at) struct intake_gzip *gzip = NULL;
    if (!intake_gzip_new(&gzip, fail)) {
        return false;
    }
    struct str rest = sent;
    for (;;) {
        char *into = base_buf_room(out, INFLATE_STEP_BYTES);
        if (into == NULL) {
            return base_buf_ok(out, fail);
        }
        size_t left = rest.len, put;
        if (!intake_gzip_step(gzip, &rest, into, INFLATE_STEP_BYTES, &put, fail)) {
            return false;
        }
        out->len += put;
        if (out->len > limits->body_bytes) {
            return too_large(limits->body_bytes, fail);
        }
        size_t taken = sent.len - rest.len;
        if (out->len > RATIO_FREE_BYTES && out->len / limits->inflate_ratio > taken) {
            return fail_set(fail, FAIL_LIMIT,
                            "inflates more than %zu to 1: this looks like a decompression bomb",
                            limits->inflate_ratio);
        }
        if (put == 0 && rest.len == left) {
            return intake_gzip_end(gzip, fail);
        }
    }
}

bool intake_body_open(struct arena *arena, struct str sent, const struct intake_limits *limits,
                      struct str *out, struct fail *fail)
{
    struct intake_limits all = intake_limits_of(limits);
    if (sent.len > all.sent_bytes) {
        return fail_set(fail, FAIL_LIMIT, "more than %zu bytes; send less at once", all.sent_bytes);
    }
    if (!intake_gzip_is(sent)) {
        if (sent.len > all.body_bytes) {
            return too_large(all.body_bytes, fail);
        }
        *out = intake_without_bom(sent);
        return true;
    }
    CLEANUP(base_buf_done)
    struct base_buf text = {.limit = all.body_bytes + 2 * INFLATE_STEP_BYTES};
    if (!inflate_all(sent, &all, &text, fail)) {
        return false;
    }
    size_t len;
    char *data = base_buf_take(&text, &len);
    arena_defer(arena, base_free, data);
    *out = intake_without_bom(str_of(data, len));
    return true;
}
