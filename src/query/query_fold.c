#include "query_fold.h"

#include <utf8proc.h>

#define CAPITAL_I_WITH_DOT 0x130U /* folds to two letters only, so simple folding leaves it */

uint32_t query_fold_point(uint32_t point)
{
    if (point < 0x80U) {
        return point >= 'A' && point <= 'Z' ? point + ('a' - 'A') : point;
    }
    if (point == CAPITAL_I_WITH_DOT) {
        return point;
    }
    utf8proc_int32_t folded[8];
    int last_class = 0;
    utf8proc_ssize_t count =
        utf8proc_decompose_char((utf8proc_int32_t)point, folded, 8, UTF8PROC_CASEFOLD, &last_class);
    if (count == 1) {
        return (uint32_t)folded[0];
    }
    /* Full folding gives several points: where a simple folding exists beside it (capital sharp s,
       Greek with prosgegrammeni), it is the lower case; where none does, that is the point itself. */
    return (uint32_t)utf8proc_tolower((utf8proc_int32_t)point);
}

static size_t put_point(uint32_t point, char out[4])
{
    return (size_t)utf8proc_encode_char((utf8proc_int32_t)point, (utf8proc_uint8_t *)out);
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
            room[to++] = (char)query_fold_point(byte);
            at++;
            continue;
        }
        utf8proc_int32_t point;
        utf8proc_ssize_t step = utf8proc_iterate((const utf8proc_uint8_t *)text.data + at,
                                                 (utf8proc_ssize_t)(text.len - at), &point);
        if (step <= 0) { /* never in stored text; kept as it is */
            room[to++] = text.data[at++];
            continue;
        }
        to += put_point(query_fold_point((uint32_t)point), room + to);
        at += (size_t)step;
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
