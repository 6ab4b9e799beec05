#include "net_gzip.h"

#include <strings.h>
#include <zlib.h>

#define GZIP_WINDOW (15 + 16) /* zlib's way of asking for the gzip form */
#define GZIP_LEVEL 5

bool net_gzip(struct str bytes, struct base_buf *out, struct fail *fail)
{
    if (bytes.len > UINT32_MAX) {
        return fail_set(fail, FAIL_LIMIT, "%zu bytes are too many to compress at once", bytes.len);
    }
    z_stream stream = {0};
    if (deflateInit2(&stream, GZIP_LEVEL, Z_DEFLATED, GZIP_WINDOW, 8, Z_DEFAULT_STRATEGY) != Z_OK) {
        return fail_set(fail, FAIL_NO_MEMORY, "no memory to compress an answer");
    }
    size_t room = deflateBound(&stream, (uLong)bytes.len);
    char *at = base_buf_room(out, room);
    if (at == NULL || room > UINT32_MAX) {
        deflateEnd(&stream);
        return base_buf_ok(out, fail) &&
               fail_set(fail, FAIL_LIMIT, "%zu bytes are too many to compress at once", bytes.len);
    }
    stream.next_in = (z_const Bytef *)(uintptr_t)bytes.data;
    stream.avail_in = (uInt)bytes.len;
    stream.next_out = (Bytef *)at;
    stream.avail_out = (uInt)room;
    int end = deflate(&stream, Z_FINISH);
    size_t len = room - stream.avail_out;
    deflateEnd(&stream);
    if (end != Z_STREAM_END) {
        return fail_set(fail, FAIL_INTERNAL, "compressing an answer ended with %d", end);
    }
    out->len += len;
    return true;
}

static bool is_word(struct str a, const char *word)
{
    size_t len = strlen(word);
    return a.len == len && strncasecmp(a.data, word, len) == 0;
}

/* q=0, q=0.0 and so on: "not this one". */
static bool is_refused(struct str parameters)
{
    struct str part;
    while (str_next_part(&parameters, ';', &part)) {
        part = str_trim(part);
        if (part.len > 2 && (part.data[0] == 'q' || part.data[0] == 'Q') && part.data[1] == '=') {
            double q = 1.0;
            return str_parse_double(str_after(part, 2), &q) && q <= 0.0;
        }
    }
    return false;
}

bool net_accepts_gzip(struct str accept_encoding)
{
    bool any = false;
    struct str item;
    while (str_next_part(&accept_encoding, ',', &item)) {
        struct str rest = item;
        struct str name;
        if (!str_next_part(&rest, ';', &name)) {
            continue;
        }
        name = str_trim(name);
        if (is_word(name, "gzip") || is_word(name, "x-gzip")) {
            return !is_refused(rest);
        }
        if (is_word(name, "*")) {
            any = !is_refused(rest);
        }
    }
    return any;
}

bool net_gzip_helps(struct str content_type)
{
    struct str type;
    if (!str_next_part(&content_type, ';', &type)) {
        return false;
    }
    type = str_trim(type);
    return str_starts_c(type, "text/") || str_ends(type, STR("json")) ||
           str_ends(type, STR("xml")) || is_word(type, "application/openmetrics-text") ||
           is_word(type, "application/x-ndjson") || is_word(type, "application/javascript");
}
