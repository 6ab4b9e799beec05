#include "text_words.h"

#include "base_unicode.h"

static void add_point(struct text_word *word, uint32_t point)
{
    uint32_t folded[UNICODE_FOLDED_MAX];
    size_t count = unicode_fold_word(point, folded);
    for (size_t i = 0; i < count; i++) {
        char bytes[4];
        size_t len = unicode_encode(folded[i], bytes);
        if (word->len + len > TEXT_WORD_BYTES_MAX) {
            return;
        }
        memcpy(word->folded + word->len, bytes, len);
        word->len += (uint32_t)len;
    }
}

static enum unicode_class class_at(const struct text_words *words, uint32_t *out_point,
                                   size_t *out_len)
{
    *out_point = unicode_decode(str_after(words->text, words->at), out_len);
    return unicode_class_of(*out_point);
}

/* The rest of a word of which the first letter has been taken. */
static void take_rest(struct text_words *words, struct text_word *word, bool alone)
{
    const char *data = words->text.data;
    while (words->at < words->text.len) {
        unsigned char byte = (unsigned char)data[words->at];
        uint32_t point = byte;
        size_t len = 1;
        enum unicode_class class_of =
            byte < 0x80U ? unicode_class_of(byte) : class_at(words, &point, &len);
        if (class_of == UNICODE_BETWEEN || class_of == UNICODE_SYMBOL ||
            class_of == UNICODE_ALONE || (alone && class_of == UNICODE_LETTER)) {
            return;
        }
        words->at += len;
        if (class_of == UNICODE_NOTHING) {
            continue;
        }
        word->end = words->at;
        if (byte < 0x80U && word->len < TEXT_WORD_BYTES_MAX) {
            word->folded[word->len++] = (char)unicode_fold_simple(byte);
        } else {
            add_point(word, point);
        }
    }
}

bool text_words_next(struct text_words *words, struct text_word *out)
{
    while (words->at < words->text.len) {
        uint32_t point;
        size_t len;
        enum unicode_class class_of = class_at(words, &point, &len);
        out->begin = words->at;
        words->at += len;
        if (class_of == UNICODE_BETWEEN || class_of == UNICODE_MARK ||
            class_of == UNICODE_NOTHING) {
            continue;
        }
        out->end = words->at;
        out->len = 0;
        add_point(out, point);
        if (class_of != UNICODE_SYMBOL) {
            take_rest(words, out, class_of == UNICODE_ALONE);
        }
        if (out->len > 0) {
            return true;
        }
    }
    return false;
}
