/* What people type into a search, and what they wrote: the first line looks into the rest. */
#include "text_rank.h"
#include "text_words.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_marks(const struct text_search *search, struct str text)
{
    struct text_mark marks[20];
    size_t count = text_search_marks(search, text, marks, ARRAY_LEN(marks));
    INVARIANT(count <= ARRAY_LEN(marks));
    for (size_t i = 0; i < count; i++) {
        INVARIANT(marks[i].from < marks[i].to && marks[i].to <= text.len);
        INVARIANT(i == 0 || marks[i - 1].to < marks[i].from);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str rest = str_of((const char *)data, size), typed;
    CLEANUP(arena_free_at) struct arena *arena = arena_new(NULL);
    struct text_search *search;
    struct fail fail;
    if (!str_next_part(&rest, '\n', &typed)) {
        return 0;
    }
    if (!text_search_parse(typed, arena, &search, &fail)) {
        INVARIANT(fail.code == FAIL_INPUT);
        return 0;
    }
    uint32_t terms = text_search_terms(search);
    INVARIANT(terms <= TEXT_TERMS_MAX);
    struct text_hit hit;
    text_search_look(search, rest, &hit);
    struct text_corpus corpus = {0};
    text_corpus_add(&corpus, terms, &hit);
    INVARIANT(text_rank(&corpus, terms, &hit) >= 0);
    INVARIANT(hit.words <= rest.len);
    check_marks(search, rest);
    /* What a person copies out of a text finds it. */
    struct text_words words = {.text = rest};
    struct text_word word;
    if (text_words_next(&words, &word)) {
        struct str copied = str_of(rest.data + word.begin, word.end - word.begin);
        INVARIANT(text_search_parse(copied, arena, &search, &fail));
        text_search_look(search, rest, &hit);
        INVARIANT(hit.matches);
    }
    return 0;
}
