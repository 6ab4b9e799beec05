#include "query_fold.h"

#include "base_unicode.h"

uint32_t query_fold_point(uint32_t point)
{
    return unicode_fold_simple(point);
}

void query_fold(struct str text, struct base_buf *out)
{
    /* A folded point needs at most one byte more than the point (two become three). */
    char *room = text.len == 0 ? NULL : base_buf_room(out, text.len + text.len / 2 + 4);
    if (room == NULL) {
        return;
    }
    size_t at = 0, to = 0;
    while (at < text.len) {
        unsigned char byte = (unsigned char)text.data[at];
        if (byte < 0x80U) {
            room[to++] = (char)unicode_fold_simple(byte);
            at++;
            continue;
        }
        bool valid;
        size_t step = str_utf8_step(str_after(text, at), &valid);
        if (!valid) { /* never in stored text; kept as it is */
            room[to++] = text.data[at++];
            continue;
        }
        size_t len;
        uint32_t point = unicode_decode(str_of(text.data + at, step), &len);
        to += unicode_encode(unicode_fold_simple(point), room + to);
        at += step;
    }
    out->len += to;
}

bool query_fold_contains(struct str text, struct str folded, struct base_buf *scratch)
{
    base_buf_reset(scratch);
    query_fold(text, scratch);
    struct str whole = base_buf_view(scratch);
    return !scratch->failed &&
           (folded.len == 0 || (whole.len >= folded.len && str_find(whole, folded) < whole.len));
}
