#include "text_rank.h"

#include <math.h>

#define K1 1.2
#define B 0.75
#define MILLIONTHS 1e6

void text_corpus_add(struct text_corpus *corpus, uint32_t terms, const struct text_hit *hit)
{
    corpus->texts++;
    corpus->words += hit->words;
    for (uint32_t i = 0; i < terms; i++) {
        corpus->holding[i] += hit->counts[i] > 0 ? 1 : 0;
    }
}

void text_corpus_merge(struct text_corpus *into, const struct text_corpus *from)
{
    into->texts += from->texts;
    into->words += from->words;
    for (size_t i = 0; i < TEXT_TERMS_MAX; i++) {
        into->holding[i] += from->holding[i];
    }
}

int64_t text_rank(const struct text_corpus *corpus, uint32_t terms, const struct text_hit *hit)
{
    double texts = (double)corpus->texts;
    double mean = texts > 0 ? (double)corpus->words / texts : 0;
    double length = mean > 0 ? (double)hit->words / mean : 1;
    double sum = 0;
    for (uint32_t i = 0; i < terms; i++) {
        double holding = (double)corpus->holding[i], times = (double)hit->counts[i];
        double rarity = log(1 + (texts - holding + 0.5) / (holding + 0.5));
        sum += rarity * times * (K1 + 1) / (times + K1 * (1 - B + B * length));
    }
    return llround(sum * MILLIONTHS);
}
