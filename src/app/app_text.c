#include "app_text.h"

#include "text_rank.h"

_Static_assert(QUERY_TERMS_MAX == TEXT_TERMS_MAX, "a hit of one is a hit of the other");

static bool parse(struct str typed, struct arena *arena, const void **out_search,
                  uint32_t *out_terms, struct fail *fail)
{
    struct text_search *search;
    if (!text_search_parse(typed, arena, &search, fail)) {
        return false;
    }
    *out_search = search;
    *out_terms = text_search_terms(search);
    return true;
}

static void look(const void *search, struct str text, struct query_hit *out)
{
    struct text_hit hit;
    text_search_look(search, text, &hit);
    out->matches = hit.matches;
    out->words = hit.words;
    memcpy(out->counts, hit.counts, sizeof out->counts);
}

static size_t marks(const void *search, struct str text, struct query_mark *out, size_t most)
{
    struct text_mark found[64];
    size_t count =
        text_search_marks(search, text, found, most < ARRAY_LEN(found) ? most : ARRAY_LEN(found));
    for (size_t i = 0; i < count; i++) {
        out[i] = (struct query_mark){found[i].from, found[i].to};
    }
    return count;
}

static int64_t rank(const struct query_corpus *corpus, uint32_t terms, const struct query_hit *hit)
{
    struct text_corpus of_text = {.texts = corpus->texts, .words = corpus->words};
    struct text_hit hit_of_text = {.words = hit->words};
    memcpy(of_text.holding, corpus->holding, sizeof of_text.holding);
    memcpy(hit_of_text.counts, hit->counts, sizeof hit_of_text.counts);
    return text_rank(&of_text, terms, &hit_of_text);
}

const struct query_text *app_text(void)
{
    static const struct query_text functions = {
        .parse = parse, .look = look, .marks = marks, .rank = rank};
    return &functions;
}
