/* text_rank.h — how well a text answers a search.
 *
 * What: BM25 in the form of Lucene (Robertson and Zaragoza 2009; METHODS 14): the sum over the terms of
 *   ln(1 + (N - n + .5) / (n + .5)) * f * (k1 + 1) / (f + k1 * (1 - b + b * words / mean words)),
 *   k1 = 1.2, b = .75; never negative. In millionths, rounded, so that what is equal on paper is equal here.
 * Owner: values.   Threads: safe.   Failure: none.
 * Limits/cost: two logarithms' worth a term.   Units: millionths.
 * Example: text_rank(&corpus, terms, &hit)
 * Not here: finding (text_search.h).
 */
#pragma once

#include "text_search.h"

struct text_corpus {
    uint64_t texts, words;            /* in all texts that are searched */
    uint64_t holding[TEXT_TERMS_MAX]; /* texts that hold the term */
};
void text_corpus_add(struct text_corpus *corpus, uint32_t terms, const struct text_hit *hit);
void text_corpus_merge(struct text_corpus *into, const struct text_corpus *from);
int64_t text_rank(const struct text_corpus *corpus, uint32_t terms, const struct text_hit *hit);
