/* text_search.h — what a person types to find words, and which texts hold them.
 *
 * What: `late delivery` asks for both words, the last one as the beginning of a word; `"late delivery"` for
 *   the phrase; `-refund` that it is not there. What folds into several words (e-mail, don't, 東京) is a
 *   phrase. Texts and search are folded alike (text_words.h).
 * Owner: a search lies in the arena it was parsed into.   Threads: immutable after parsing.
 * Failure: FAIL_INPUT (no word, too many), saying so.
 * Limits/cost: one step over the text, comparing each word with those looked for; nothing is kept.
 * Units: marks are in UTF-16 code units, as JavaScript counts text.
 * Example: if (text_search_parse(STR("late deliv"), arena, &search, fail)) {
 *              struct text_hit hit; text_search_look(search, text, &hit); }
 * Not here: which texts there are (query), order by relevance (text_rank.h).
 */
#pragma once

#include "base_str.h"

#define TEXT_TERMS_MAX 32 /* words and phrases that must be there */
#define TEXT_SLOTS_MAX 64 /* words in all */

struct text_search;
bool text_search_parse(struct str typed, struct arena *arena, struct text_search **out,
                       struct fail *fail) MUST_USE;
/* How many words and phrases must be there; 0 where it only excludes. */
uint32_t text_search_terms(const struct text_search *search);

struct text_hit {
    bool matches;                    /* all terms are there, nothing that is excluded */
    uint32_t words;                  /* in the text, whether it matches or not */
    uint16_t counts[TEXT_TERMS_MAX]; /* how often each term is there, at most UINT16_MAX */
};
void text_search_look(const struct text_search *search, struct str text, struct text_hit *out);

struct text_mark { /* [from, to), UTF-16 code units */
    uint32_t from, to;
};
/* Where the terms are, ascending and apart; at most `most`. */
size_t text_search_marks(const struct text_search *search, struct str text, struct text_mark *out,
                         size_t most);
