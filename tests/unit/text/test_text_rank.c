/* clang-format off */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include "text_rank.h"

/* Computed from the formula by hand: 3 texts of 12 words in all, one term held by one of them, twice in a
   text of 5 words: ln(1 + 2.5 / 1.5) * 2 * 2.2 / (2 + 1.2 * (.25 + .75 * 5 / 4)). */
static void relevance_is_bm25_in_lucenes_form(void **state)
{
    (void)state;
    struct text_corpus corpus = {.texts = 3, .words = 12, .holding = {1}};
    struct text_hit hit = {.words = 5, .counts = {2}};
    assert_int_equal(text_rank(&corpus, 1, &hit), 1260043);
    corpus.holding[0] = 3; /* in every text: small, not negative */
    assert_true(text_rank(&corpus, 1, &hit) > 0);
    assert_int_equal(text_rank(&corpus, 0, &hit), 0);
}

static void rarer_more_often_and_shorter_are_better(void **state)
{
    (void)state;
    struct text_corpus corpus = {.texts = 1000, .words = 20000, .holding = {500, 3}};
    struct text_hit common = {.words = 20, .counts = {1, 0}},
                    rare = {.words = 20, .counts = {0, 1}};
    struct text_hit twice = {.words = 20, .counts = {2, 0}}, brief = {.words = 5, .counts = {1, 0}};
    assert_true(text_rank(&corpus, 2, &rare) > text_rank(&corpus, 2, &common));
    assert_true(text_rank(&corpus, 2, &twice) > text_rank(&corpus, 2, &common));
    assert_true(text_rank(&corpus, 2, &brief) > text_rank(&corpus, 2, &common));
}

static void corpora_add_up(void **state)
{
    (void)state;
    struct text_hit hits[] = {
        {.words = 3, .counts = {1, 0}}, {.words = 4, .counts = {2, 1}}, {.words = 0}};
    struct text_corpus whole = {0}, a = {0}, b = {0};
    for (size_t i = 0; i < 3; i++) {
        text_corpus_add(&whole, 2, &hits[i]);
        text_corpus_add(i == 1 ? &a : &b, 2, &hits[i]);
    }
    text_corpus_merge(&a, &b);
    assert_memory_equal(&a, &whole, sizeof whole);
    assert_int_equal(whole.texts, 3);
    assert_int_equal(whole.words, 7);
    assert_int_equal(whole.holding[0], 2);
    assert_int_equal(whole.holding[1], 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(relevance_is_bm25_in_lucenes_form),
        cmocka_unit_test(rarer_more_often_and_shorter_are_better),
        cmocka_unit_test(corpora_add_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
