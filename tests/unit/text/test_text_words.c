/* clang-format off */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include "text_words.h"

#include "base_buf.h"

/* The folded words, each behind a bar. */
static void expect(const char *text, const char *words)
{
    CLEANUP(base_buf_done) struct base_buf out = {0};
    struct text_words walk = {.text = str_from_c(text)};
    size_t before = 0;
    for (struct text_word word; text_words_next(&walk, &word);) {
        base_buf_byte(&out, '|');
        base_buf_bytes(&out, word.folded, word.len);
        assert_true(word.begin >= before && word.end > word.begin && word.end <= strlen(text));
        before = word.end;
    }
    base_buf_byte(&out, '\0');
    assert_string_equal(out.data, words);
}

static void words_are_runs_of_letters_numbers_and_marks(void **state)
{
    (void)state;
    expect("", "");
    expect("  ...!? \n\t", "");
    expect("Late DELIVERY, twice!", "|late|delivery|twice");
    expect("don't e-mail me@example.com", "|don|t|e|mail|me|example|com");
    expect("snake_case x2 1,000.50", "|snake|case|x2|1|000|50");
    expect("\xCC\x81", ""); /* an accent without a letter */
}

static void spellings_of_one_word_are_equal(void **state)
{
    (void)state;
    expect("Stra\xC3\x9F"
           "e STRASSE",
           "|strasse|strasse");
    expect("CAF\xC3\x89 cafe\xCC\x81 cafe", "|cafe|cafe|cafe");
    expect("\xEF\xBD\x8C\xEF\xBD\x81te \xEF\xAC\x81ne", "|late|fine"); /* full width, ligature */
    expect("re\xC2\xAD"
           "fund re\xE2\x80\xAE"
           "fund",
           "|refund|refund"); /* soft hyphen, override */
    expect("re\xE2\x80\x8B"
           "fund",
           "|re|fund"); /* zero width space */
}

static void scripts_without_spaces_and_pictures_are_words_one_by_one(void **state)
{
    (void)state;
    expect("\xE6\x9D\xB1\xE4\xBA\xACtower", "|\xE6\x9D\xB1|\xE4\xBA\xAC|tower");
    expect("ok\xF0\x9F\x91\x8D\xF0\x9F\x91\x8D!", "|ok|\xF0\x9F\x91\x8D|\xF0\x9F\x91\x8D");
    expect("\xE0\xB8\x81\xE0\xB9\x88\xE0\xB8\x82", "|\xE0\xB8\x81\xE0\xB9\x88|\xE0\xB8\x82");
}

static void long_words_are_cut_and_any_bytes_are_taken(void **state)
{
    (void)state;
    CLEANUP(base_buf_done) struct base_buf text = {0};
    for (size_t i = 0; i < 1000000; i++) {
        base_buf_byte(&text, 'a');
    }
    struct text_words walk = {.text = base_buf_view(&text)};
    struct text_word word;
    assert_true(text_words_next(&walk, &word));
    assert_int_equal(word.len, TEXT_WORD_BYTES_MAX);
    assert_int_equal(word.end, 1000000);
    assert_false(text_words_next(&walk, &word));
    expect("a\xFF"
           "b\xC3",
           "|a|b");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_are_runs_of_letters_numbers_and_marks),
        cmocka_unit_test(spellings_of_one_word_are_equal),
        cmocka_unit_test(scripts_without_spaces_and_pictures_are_words_one_by_one),
        cmocka_unit_test(long_words_are_cut_and_any_bytes_are_taken),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
