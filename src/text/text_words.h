/* text_words.h — a text as words, folded so that spellings of one word are equal.
 *
 * What: cuts a text into words from the left: runs of letters, numbers and their marks; in scripts without
 *   spaces (Han, kana, Thai, ..) each letter is a word, and so is each picture (👍). Words are folded
 *   (base_unicode.h): case, width, ligatures and accents make no difference. Format characters inside a
 *   word (soft hyphens, direction marks) are passed over.
 * Owner: values; `text` must outlive the walk.   Threads: safe.   Failure: none, whatever the bytes.
 * Limits/cost: one step over the text. A word is compared by its first TEXT_WORD_BYTES_MAX folded bytes.
 * Units: bytes of UTF-8.
 * Example: struct text_words words = {.text = text};
 *          for (struct text_word word; text_words_next(&words, &word);) { ... }
 * Not here: stems, languages; what is looked for (text_search.h).
 */
#pragma once

#include "base_str.h"

#define TEXT_WORD_BYTES_MAX 64

struct text_word {
    size_t begin, end; /* its bytes in the text */
    uint32_t len;
    char folded[TEXT_WORD_BYTES_MAX];
};
struct text_words {
    struct str text;
    size_t at;
};
/* False at the end. */
bool text_words_next(struct text_words *words, struct text_word *out);
