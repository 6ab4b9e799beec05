/* What a form posts: which values are answers, and what is wrong with the others. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "ask_form.h"
#include "base_buf.h"

#define CHOICES                                                                                    \
    "\"choices\":[{\"id\":\"a\",\"label\":\"A\"},{\"id\":\"b\",\"label\":\"B\"},{\"id\":\"c\","    \
    "\"label\":\"C\"}]"
static const char definition[] =
    "{\"name\":\"A\",\"questions\":["
    "{\"id\":\"nps\",\"type\":\"nps\",\"title\":\"T\"},"
    "{\"id\":\"open\",\"type\":\"open\",\"title\":\"T\"},"
    "{\"id\":\"one\",\"type\":\"single\",\"title\":\"T\"," CHOICES "},"
    "{\"id\":\"many\",\"type\":\"multiple\",\"title\":\"T\"," CHOICES "},"
    "{\"id\":\"yes\",\"type\":\"yes_no\",\"title\":\"T\"},"
    "{\"id\":\"rank\",\"type\":\"rank\",\"title\":\"T\"," CHOICES "},"
    "{\"id\":\"matrix\",\"type\":\"matrix\",\"title\":\"T\",\"rows\":[{\"id\":\"r\",\"label\":"
    "\"R\"},{\"id\":\"s\",\"label\":\"S\"}]," CHOICES "},"
    "{\"id\":\"n\",\"type\":\"number\",\"title\":\"T\",\"min\":0,\"max\":10},"
    "{\"id\":\"date\",\"type\":\"date\",\"title\":\"T\"}]}";

struct world {
    struct arena *arena;
    struct ask_survey survey;
    struct fail fail;
};

static struct world world_new(void)
{
    struct query_env env = {.zone = zone_utc()};
    struct world w = {.arena = arena_new(NULL)};
    if (!ask_survey_parse_text(w.arena, str_from_c(definition), &env, &w.survey, &w.fail)) {
        fail_msg("%s: %s", w.fail.pointer, w.fail.message);
    }
    return w;
}

static enum ask_form_problem answer(struct world *w, const char *body, const char *question,
                                    struct ask_answer *out)
{
    struct ask_form form;
    enum ask_form_problem problem = ASK_FORM_FINE;
    if (!ask_form_parse(str_from_c(body), w->arena, &form, &w->fail)) {
        fail_msg("%s: %s", body, w->fail.message);
    }
    uint32_t at = ask_question_find(&w->survey, str_from_c(question));
    assert_true(at != UINT32_MAX);
    assert_true(
        ask_form_answer(&form, &w->survey.questions[at], w->arena, out, &problem, &w->fail));
    return problem;
}

static void values_that_are_answers_are_taken(void **state)
{
    (void)state;
    static const char *const good[][2] = {
        {"nps", "a.nps=0"},
        {"nps", "a.nps=+10+"},
        {"open", "a.open=x"},
        {"one", "a.one=c"},
        {"many", "a.many=a&a.many=c&a.many=a"},
        {"yes", "a.yes=no"},
        {"rank", "a.rank.a=2&a.rank.b=1&a.rank.c=3"},
        {"matrix", "a.matrix.r=a"},
        {"n", "a.n=2.5"},
        {"n", "a.n=10"},
        {"date", "a.date=2024-02-29"},
    };
    struct world w = world_new();
    for (size_t i = 0; i < ARRAY_LEN(good); i++) {
        struct ask_answer got;
        assert_int_equal(answer(&w, good[i][1], good[i][0], &got), ASK_FORM_FINE);
        assert_true(got.seen && got.given);
    }
    arena_free(w.arena);
}

static void values_that_are_none_are_wrong_and_give_nothing(void **state)
{
    (void)state;
    static const struct {
        const char *question, *body;
        enum ask_form_problem problem;
    } bad[] = {
        {"nps", "a.nps=11", ASK_FORM_WRONG},
        {"nps", "a.nps=-1", ASK_FORM_WRONG},
        {"nps", "a.nps=7.5", ASK_FORM_WRONG},
        {"one", "a.one=d", ASK_FORM_WRONG},
        {"many", "a.many=a&a.many=d", ASK_FORM_WRONG},
        {"yes", "a.yes=maybe", ASK_FORM_WRONG},
        {"n", "a.n=ten", ASK_FORM_WRONG},
        {"n", "a.n=-0.5", ASK_FORM_WRONG},
        {"n", "a.n=10.5", ASK_FORM_WRONG},
        {"date", "a.date=2026-02-29", ASK_FORM_WRONG},
        {"matrix", "a.matrix.t=a", ASK_FORM_WRONG},
        {"matrix", "a.matrix.r=d", ASK_FORM_WRONG},
        {"rank", "a.rank.a=1&a.rank.b=2", ASK_FORM_NO_RANK},            /* a place is left out */
        {"rank", "a.rank.a=1&a.rank.b=1&a.rank.c=2", ASK_FORM_NO_RANK}, /* two in one */
        {"rank", "a.rank.a=1&a.rank.a=2&a.rank.b=3", ASK_FORM_NO_RANK}, /* one in two */
        {"rank", "a.rank.a=0&a.rank.b=1&a.rank.c=2", ASK_FORM_NO_RANK},
        {"rank", "a.rank.a=4&a.rank.b=1&a.rank.c=2", ASK_FORM_NO_RANK},
        {"rank", "a.rank.a=x", ASK_FORM_NO_RANK},
        {"rank", "a.rank.d=1", ASK_FORM_NO_RANK},
    };
    struct world w = world_new();
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        struct ask_answer got;
        assert_int_equal(answer(&w, bad[i].body, bad[i].question, &got), bad[i].problem);
        assert_false(got.given);
    }
    struct base_buf words CLEANUP(base_buf_done) = {0};
    for (int over = 0; over < 2; over++) {
        struct ask_answer got;
        base_buf_reset(&words);
        base_buf_c(&words, "a.open=");
        for (size_t i = 0; i < (size_t)ASK_WORDS_BYTES_MAX + (size_t)over; i++) {
            base_buf_byte(&words, 'w');
        }
        base_buf_byte(&words, '\0');
        assert_int_equal(answer(&w, words.data, "open", &got),
                         over == 1 ? ASK_FORM_WRONG : ASK_FORM_FINE);
    }
    arena_free(w.arena);
}

/* "a.one" is no field of a question "o", nor of "one.x". */
static void fields_of_other_questions_say_nothing(void **state)
{
    (void)state;
    struct world w = world_new();
    struct ask_answer got;
    assert_int_equal(answer(&w, "a.ranks.a=1&b.rank.a=1&rank=1&a.rankx=2", "rank", &got),
                     ASK_FORM_FINE);
    assert_true(got.seen && !got.given);
    assert_int_equal(answer(&w, "a.oner=a&a.on=b&one=c", "one", &got), ASK_FORM_FINE);
    assert_true(got.seen && !got.given);
    assert_int_equal(answer(&w, "a.nps=+&a.nps=9", "nps", &got), ASK_FORM_FINE);
    assert_false(got.given); /* the first of a name counts */
    arena_free(w.arena);
}

static void what_is_no_form_or_too_large_is_refused(void **state)
{
    (void)state;
    struct world w = world_new();
    struct ask_form form;
    static const char *const bad[] = {"a=%", "a=%4", "a=%zz", "%ff=a", "a=%c3", "a=%00"};
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        assert_false(ask_form_parse(str_from_c(bad[i]), w.arena, &form, &w.fail));
        assert_int_equal(w.fail.code, FAIL_INPUT);
        assert_non_null(strstr(w.fail.message, "a form sends"));
    }
    struct base_buf many CLEANUP(base_buf_done) = {0};
    for (int i = 1; i < ASK_FORM_FIELDS_MAX; i++) {
        base_buf_c(&many, "a=1&");
    }
    base_buf_c(&many, "b=2");
    assert_true(ask_form_parse(base_buf_view(&many), w.arena, &form, &w.fail));
    assert_int_equal(form.count, ASK_FORM_FIELDS_MAX);
    assert_true(str_is(ask_form_get(&form, "b"), "2") && str_is(ask_form_get(&form, "a"), "1"));
    assert_null(ask_form_get(&form, "c").data);
    base_buf_c(&many, "&c=3");
    assert_false(ask_form_parse(base_buf_view(&many), w.arena, &form, &w.fail));
    assert_non_null(strstr(w.fail.message, "fields"));
    base_buf_reset(&many);
    while (many.len < ASK_FORM_BYTES_MAX) {
        base_buf_byte(&many, 'a');
    }
    assert_true(ask_form_parse(base_buf_view(&many), w.arena, &form, &w.fail));
    base_buf_byte(&many, 'a');
    assert_false(ask_form_parse(base_buf_view(&many), w.arena, &form, &w.fail));
    assert_non_null(strstr(w.fail.message, "bytes"));
    arena_free(w.arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_that_are_answers_are_taken),
        cmocka_unit_test(values_that_are_none_are_wrong_and_give_nothing),
        cmocka_unit_test(fields_of_other_questions_say_nothing),
        cmocka_unit_test(what_is_no_form_or_too_large_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
