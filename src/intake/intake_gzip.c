#include "intake_gzip.h"

#include <limits.h>
#define ZLIB_CONST
#include <zlib.h>

#define GZIP_ONLY (16 + MAX_WBITS)

struct intake_gzip {
    z_stream stream;
    bool inside; /* a member has begun and not ended */
};

bool intake_gzip_new(struct intake_gzip **out, struct fail *fail)
{
    struct intake_gzip *gzip = base_alloc_zero(sizeof *gzip);
    if (inflateInit2(&gzip->stream, GZIP_ONLY) != Z_OK) {
        base_free(gzip);
        return fail_set(fail, FAIL_NO_MEMORY, "no memory to inflate gzip");
    }
    *out = gzip;
    return true;
}

void intake_gzip_free(struct intake_gzip *gzip)
{
    if (gzip != NULL) {
        inflateEnd(&gzip->stream);
        base_free(gzip);
    }
}

void intake_gzip_free_at(struct intake_gzip **gzip)
{
    intake_gzip_free(*gzip);
}

bool intake_gzip_is(struct str bytes)
{
    return bytes.len >= 2 && (unsigned char)bytes.data[0] == 0x1FU &&
           (unsigned char)bytes.data[1] == 0x8BU;
}

static unsigned clamp(size_t bytes)
{
    return bytes > INT_MAX ? (unsigned)INT_MAX : (unsigned)bytes;
}

bool intake_gzip_step(struct intake_gzip *gzip, struct str *in, char *into, size_t room,
                      size_t *out_put, struct fail *fail)
{
    z_stream *stream = &gzip->stream;
    if (!gzip->inside) {
        if (in->len == 0) {
            *out_put = 0;
            return true;
        }
        if (inflateReset2(stream, GZIP_ONLY) != Z_OK) {
            return fail_set(fail, FAIL_INTERNAL, "zlib did not start anew");
        }
        gzip->inside = true;
    }
    unsigned offered = clamp(in->len), wanted = clamp(room);
    stream->next_in = (const Bytef *)in->data;
    stream->avail_in = offered;
    stream->next_out = (Bytef *)into;
    stream->avail_out = wanted;
    int code = inflate(stream, Z_NO_FLUSH);
    *in = str_after(*in, offered - stream->avail_in);
    *out_put = wanted - stream->avail_out;
    switch (code) {
    case Z_STREAM_END:
        gzip->inside = false;
        return true;
    case Z_OK:
    case Z_BUF_ERROR: /* no progress was possible: more input, or more room, is needed */
        return true;
    case Z_MEM_ERROR:
        return fail_set(fail, FAIL_NO_MEMORY, "no memory to inflate gzip");
    default:
        if (*out_put > 0) {
            return true; /* what came out before the damage is good; the next step says the rest */
        }
        return fail_set(fail, FAIL_INPUT, "damaged gzip: %s",
                        stream->msg == NULL ? "the bytes do not fit together" : stream->msg);
    }
}

bool intake_gzip_end(const struct intake_gzip *gzip, struct fail *fail)
{
    return !gzip->inside ||
           fail_set(fail, FAIL_INPUT, "the gzip data ends too early: some of it was cut off");
}
