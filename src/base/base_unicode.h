/* base_unicode.h — code points: what they are, and how they look folded.
 *
 * What: the little of Unicode that comparing customers' words needs: the class of a point (part of a word,
 *   a mark, a symbol, ..), simple case folding point by point, and folding for words, which also takes
 *   compatibility forms apart (full width, ligatures) and drops accents.
 * Owner: plain values.   Threads: safe.
 * Failure: none; bytes that are no UTF-8 are one point U+FFFD each, as str_utf8_step counts them.
 * Limits/cost: ASCII is answered from a table or a comparison, others by a look-up.
 * Units: bytes of UTF-8, code points.
 * Example: size_t len; uint32_t point = unicode_decode(text, &len);
 * Not here: words (text), languages, normal forms of whole texts.
 */
#pragma once

#include "base_str.h"

enum unicode_class {
    UNICODE_BETWEEN, /* spaces, punctuation, controls: between words */
    UNICODE_LETTER,  /* letters and numbers: part of a word */
    UNICODE_ALONE,   /* a letter of a script that is written without spaces: a word by itself */
    UNICODE_MARK,    /* belongs to the letter before it */
    UNICODE_SYMBOL,  /* pictures, arrows, signs: a word by itself */
    UNICODE_NOTHING, /* seen by nobody: soft hyphens, joiners, direction marks */
};

/* The first point of a text that is not empty, and its bytes. */
uint32_t unicode_decode(struct str text, size_t *out_len);
/* Bytes written, 1 to 4. */
size_t unicode_encode(uint32_t point, char out[4]);
enum unicode_class unicode_class_of(uint32_t point);
bool unicode_is_space(uint32_t point);

/* Simple case folding (CaseFolding.txt, status C and S): always one point. */
uint32_t unicode_fold_simple(uint32_t point);

#define UNICODE_FOLDED_MAX 24 /* points that one point folds to */
/* Full case folding of the compatibility decomposition, without accents (U+0300 to U+036F) and without what
   is no part of a word. 0 for a lone accent. */
size_t unicode_fold_word(uint32_t point, uint32_t out[UNICODE_FOLDED_MAX]);
