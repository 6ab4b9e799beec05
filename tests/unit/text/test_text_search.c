/* clang-format off */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include "text_search.h"

#include <stdio.h>

static struct text_search *parse(struct arena *arena, const char *typed)
{
    struct text_search *search;
    struct fail fail;
    if (!text_search_parse(str_from_c(typed), arena, &search, &fail)) {
        fail_msg("%s: %s", typed, fail.message);
    }
    return search;
}

static struct text_hit look(const char *typed, const char *text)
{
    CLEANUP(arena_free_at) struct arena *arena = arena_new(NULL);
    struct text_hit hit;
    text_search_look(parse(arena, typed), str_from_c(text), &hit);
    return hit;
}

static void expect(const char *typed, const char *text, bool matches)
{
    if (look(typed, text).matches != matches) {
        fail_msg("%s in %s: %s", typed, text, matches ? "not found" : "found");
    }
}

static void all_words_must_be_there_and_the_last_may_be_a_beginning(void **state)
{
    (void)state;
    expect("late delivery", "Delivery was LATE", true);
    expect("late delivery", "late deliveries", false);
    expect("late deliv", "late deliveries", true);
    expect("deliv late", "late delivery", false);
    expect("late", "plate", false);
    expect("late", "later", true);
    expect("strasse",
           "in der Stra\xC3\x9F"
           "e",
           true);
    expect("cafe", "Caf\xC3\xA9", true);
    expect("\xF0\x9F\x91\x8D", "ok \xF0\x9F\x91\x8D", true);
}

static void quotes_hold_words_together(void **state)
{
    (void)state;
    expect("\"late delivery\"", "a late   delivery", true);
    expect("\"late delivery\"", "a late, delivery", true);
    expect("\"late delivery\"", "delivery late", false);
    expect("\"late delivery\"", "late deliverys", false);
    expect("\xE2\x80\x9Clate delivery\xE2\x80\x9D", "late delivery", true);
    expect("\"late del", "late del", true); /* not closed */
    expect("e-mail", "my e mail", true);
    expect("e-mail", "mail e", false);
    expect("e-ma", "e-mailed", true);
    expect("\xE6\x9D\xB1\xE4\xBA\xAC", "\xE5\x9C\xA8\xE6\x9D\xB1\xE4\xBA\xAC\xE3\x81\xA7", true);
    expect("\xE6\x9D\xB1\xE4\xBA\xAC", "\xE4\xBA\xAC\xE6\x9D\xB1", false);
    expect("\"a a b\"", "a a a b", true);
}

static void a_minus_excludes(void **state)
{
    (void)state;
    expect("late -refund", "late again", true);
    expect("late -refund", "late, refund!", false);
    expect("late -refund", "late refunded", true); /* excluded words are whole */
    expect("-\"late delivery\" late", "late late", true);
    expect("-\"late delivery\" late", "late delivery", false);
    expect("-late", "on time", true);
    expect("-late", "late", false);
    expect("late - delivery", "late delivery", true); /* a lone minus is nothing */
}

static void occurrences_and_words_are_counted(void **state)
{
    (void)state;
    struct text_hit hit = look("\"a b\" a", "a b a b c, ab");
    assert_true(hit.matches);
    assert_int_equal(hit.words, 6);
    assert_int_equal(hit.counts[0], 2);
    assert_int_equal(hit.counts[1], 3); /* a, as a beginning of ab too */
    hit = look("x", "nothing here");
    assert_false(hit.matches);
    assert_int_equal(hit.words, 2);
    CLEANUP(arena_free_at) struct arena *arena = arena_new(NULL);
    assert_int_equal(text_search_terms(parse(arena, "late late \"late\" -x")), 1);
    assert_int_equal(text_search_terms(parse(arena, "-x -y")), 0);
}

static void expect_marks(const char *typed, const char *text, size_t most, const char *marks)
{
    CLEANUP(arena_free_at) struct arena *arena = arena_new(NULL);
    struct text_mark found[8];
    char got[200] = "";
    size_t at = 0;
    size_t count = text_search_marks(parse(arena, typed), str_from_c(text), found, most);
    for (size_t i = 0; i < count; i++) {
        at += (size_t)snprintf(got + at, sizeof got - at, "%u-%u ", found[i].from, found[i].to);
    }
    assert_string_equal(got, marks);
}

static void marks_count_as_javascript_does(void **state)
{
    (void)state;
    expect_marks("late", "late, later, plate", 8, "0-4 6-11 ");
    expect_marks("late -x", "\xF0\x9F\x98\x80 l\xC3\xA1te", 8, "3-7 ");
    expect_marks("\"late delivery\" late", "a late  delivery late", 8, "2-16 17-21 ");
    expect_marks("\"a b\" \"b c\"", "a b c", 8, "0-5 ");
    expect_marks("a", "a a a a", 2, "0-1 2-3 ");
    expect_marks("-a b", "b", 8, "0-1 ");
}

static void a_search_needs_a_word_and_has_a_limit(void **state)
{
    (void)state;
    CLEANUP(arena_free_at) struct arena *arena = arena_new(NULL);
    struct text_search *search;
    struct fail fail;
    static const char *const empty[] = {"", "  ", "!?", "\"\"", "-", "- \"\" ."};
    for (size_t i = 0; i < ARRAY_LEN(empty); i++) {
        assert_false(text_search_parse(str_from_c(empty[i]), arena, &search, &fail));
        assert_int_equal(fail.code, FAIL_INPUT);
    }
    char typed[600] = "";
    for (int i = 0; i < 33; i++) {
        snprintf(typed + strlen(typed), sizeof typed - strlen(typed), "w%d ", i);
    }
    assert_false(text_search_parse(str_from_c(typed), arena, &search, &fail));
    assert_non_null(strstr(fail.message, "32"));
    typed[strlen(typed) - 4] = '\0';
    assert_true(text_search_parse(str_from_c(typed), arena, &search, &fail));
    memset(typed, '.', sizeof typed);
    for (int i = 0; i < 130; i += 2) {
        typed[i] = 'a';
    }
    assert_false(text_search_parse(str_of(typed, 130), arena, &search, &fail));
    assert_true(text_search_parse(str_of(typed, 127), arena, &search, &fail));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_words_must_be_there_and_the_last_may_be_a_beginning),
        cmocka_unit_test(quotes_hold_words_together),
        cmocka_unit_test(a_minus_excludes),
        cmocka_unit_test(occurrences_and_words_are_counted),
        cmocka_unit_test(marks_count_as_javascript_does),
        cmocka_unit_test(a_search_needs_a_word_and_has_a_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
