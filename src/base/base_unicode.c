#include "base_unicode.h"

#include <utf8proc.h>

#define CAPITAL_I_WITH_DOT 0x130U /* folds to two letters only, so simple folding leaves it */
#define ZERO_WIDTH_SPACE 0x200BU  /* a format character that parts words all the same */
#define REPLACEMENT 0xFFFDU

uint32_t unicode_decode(struct str text, size_t *out_len)
{
    unsigned char lead = (unsigned char)text.data[0];
    if (lead < 0x80U) {
        *out_len = 1;
        return lead;
    }
    utf8proc_int32_t point;
    utf8proc_ssize_t step =
        utf8proc_iterate((const utf8proc_uint8_t *)text.data, (utf8proc_ssize_t)text.len, &point);
    if (step > 0) {
        *out_len = (size_t)step;
        return (uint32_t)point;
    }
    bool valid;
    *out_len = str_utf8_step(text, &valid);
    return REPLACEMENT;
}

size_t unicode_encode(uint32_t point, char out[4])
{
    return (size_t)utf8proc_encode_char((utf8proc_int32_t)point, (utf8proc_uint8_t *)out);
}

/* Scripts whose words stand without spaces between them: Thai, Lao, Myanmar, Khmer, Tai, kana, Han. */
static bool is_unspaced(uint32_t point)
{
    static const struct {
        uint32_t from, to;
    } ranges[] = {
        {0x0E00, 0x0EFF}, {0x1000, 0x109F}, {0x1780, 0x17FF},   {0x1950, 0x19FF},
        {0x1A20, 0x1AAF}, {0x3005, 0x3007}, {0x3041, 0x30FF},   {0x31F0, 0x31FF},
        {0x3400, 0x4DBF}, {0x4E00, 0x9FFF}, {0xA9E0, 0xA9FF},   {0xAA60, 0xAADF},
        {0xF900, 0xFAFF}, {0xFF66, 0xFF9F}, {0x1AFF0, 0x1B16F}, {0x20000, 0x3FFFF},
    };
    for (size_t i = 0; i < ARRAY_LEN(ranges); i++) {
        if (point >= ranges[i].from && point <= ranges[i].to) {
            return true;
        }
    }
    return false;
}

static enum unicode_class class_beyond_ascii(uint32_t point)
{
    static const uint8_t classes[] = {
        [UTF8PROC_CATEGORY_LU] = UNICODE_LETTER,  [UTF8PROC_CATEGORY_LL] = UNICODE_LETTER,
        [UTF8PROC_CATEGORY_LT] = UNICODE_LETTER,  [UTF8PROC_CATEGORY_LM] = UNICODE_LETTER,
        [UTF8PROC_CATEGORY_LO] = UNICODE_LETTER,  [UTF8PROC_CATEGORY_ND] = UNICODE_LETTER,
        [UTF8PROC_CATEGORY_NL] = UNICODE_LETTER,  [UTF8PROC_CATEGORY_NO] = UNICODE_LETTER,
        [UTF8PROC_CATEGORY_MN] = UNICODE_MARK,    [UTF8PROC_CATEGORY_MC] = UNICODE_MARK,
        [UTF8PROC_CATEGORY_ME] = UNICODE_MARK,    [UTF8PROC_CATEGORY_SO] = UNICODE_SYMBOL,
        [UTF8PROC_CATEGORY_CF] = UNICODE_NOTHING,
    };
    size_t category = (size_t)utf8proc_category((utf8proc_int32_t)point);
    if (category >= ARRAY_LEN(classes) || point == ZERO_WIDTH_SPACE || point == REPLACEMENT) {
        return UNICODE_BETWEEN;
    }
    enum unicode_class class_of = (enum unicode_class)classes[category];
    return class_of == UNICODE_LETTER && is_unspaced(point) ? UNICODE_ALONE : class_of;
}

enum unicode_class unicode_class_of(uint32_t point)
{
    if (point >= 0x80U) {
        return class_beyond_ascii(point);
    }
    bool letter = (point | 0x20U) >= 'a' && (point | 0x20U) <= 'z';
    return letter || (point >= '0' && point <= '9') ? UNICODE_LETTER : UNICODE_BETWEEN;
}

bool unicode_is_space(uint32_t point)
{
    if (point < 0x80U) {
        return point == ' ' || (point >= '\t' && point <= '\r');
    }
    utf8proc_category_t category = utf8proc_category((utf8proc_int32_t)point);
    return category == UTF8PROC_CATEGORY_ZS || category == UTF8PROC_CATEGORY_ZL ||
           category == UTF8PROC_CATEGORY_ZP || point == 0x85U;
}

uint32_t unicode_fold_simple(uint32_t point)
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

size_t unicode_fold_word(uint32_t point, uint32_t out[UNICODE_FOLDED_MAX])
{
    if (point < 0x80U) {
        out[0] = unicode_fold_simple(point);
        return 1;
    }
    utf8proc_int32_t folded[UNICODE_FOLDED_MAX];
    int last_class = 0;
    utf8proc_ssize_t count = utf8proc_decompose_char(
        (utf8proc_int32_t)point, folded, UNICODE_FOLDED_MAX,
        (utf8proc_option_t)(UTF8PROC_CASEFOLD | UTF8PROC_COMPAT | UTF8PROC_DECOMPOSE), &last_class);
    if (count <= 0 || count > UNICODE_FOLDED_MAX) {
        out[0] = point;
        return 1;
    }
    size_t kept = 0;
    for (utf8proc_ssize_t i = 0; i < count; i++) {
        uint32_t part = (uint32_t)folded[i];
        bool accent = part >= 0x300U && part <= 0x36FU;
        enum unicode_class class_of = unicode_class_of(part);
        if (!accent && class_of != UNICODE_BETWEEN && class_of != UNICODE_NOTHING) {
            out[kept++] = part;
        }
    }
    return kept;
}
