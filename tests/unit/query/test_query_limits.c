/* clang-format off */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include "query_fake.h"

static struct fake *many(void)
{
    CLEANUP(base_buf_done) struct base_buf text = {0};
    for (int i = 0; i < 3000; i++) {
        base_buf_printf(
            &text, "{'c':'c%d','e':'A','t':'2026-05-01T%02d:%02d:%02dZ','p':{'g':'g%d','v':%d}}\n",
            i % 300, i / 3600, i / 60 % 60, i % 60, i, i);
    }
    base_buf_byte(&text, '\0');
    return fake_new(text.data);
}

static const char *const questions[] = {
    "{'kind':'trend','series':[{'event':'A','measure':'p50:v'},{'event':'A','measure':'sum:v'}],'"
    "breakdown':'g','limit':5,'interval':'hour'}",
    "{'kind':'trend','series':[{'event':'A','measure':'customers'}],'breakdown':'g','range':'last "
    "600 days'}",
    "{'kind':'funnel','steps':[{'event':'A'},{'event':'A'}],'window':'1d','breakdown':'g','count':'"
    "entries'}",
    "{'kind':'retention','start':{'event':'A'},'return':{'event':'A'},'breakdown':'g'}",
    "{'kind':'lifecycle','interval':'hour','range':'last 500 days'}",
    "{'kind':'stickiness','event':'A','open':{'intervals':1}}",
    "{'kind':'time_between','from':{'event':'A'},'to':{'event':'A'}}",
    "{'kind':'paths','start':{'event':'A'},'by':'g','gap':'1d','steps':20}",
    "{'kind':'paths','end':{'event':'A'},'by':'v','gap':'1d','open':{'depth':3}}",
    "{'kind':'customers','sort':'id'}",
    /* Twenty of them are members, who are listed; and all, who are looked up. */
    "{'kind':'customers','segment':{'did':{'event':'A'},'within':'1249820s'}}",
    "{'kind':'trend','series':[{'event':'A','measure':'customers'}],'segment':{'did':{'event':'A'},"
    "'times':['>=',2]}}",
    "{'kind':'trend','series':[{'event':'A'}],'open':{}}",
};

/* Whatever the budget, a question is answered whole or fails with the limit; nothing else. */
static void memory_runs_out_as_a_limit_at_every_size(void **state)
{
    (void)state;
    struct fake *fake = many();
    for (size_t i = 0; i < ARRAY_LEN(questions); i++) {
        bool failed = false;
        CLEANUP(arena_free_at) struct arena *arena = arena_new(NULL);
        struct query_plan *plan;
        struct fail fail;
        char *text = fake_quotes(arena, questions[i]);
        assert_true(query_parse(&fake->env, str_from_c(text), arena, &plan, &fail));
        for (size_t bytes = 1000; bytes < (size_t)64 << 20; bytes += bytes / 4) {
            CLEANUP(base_buf_done) struct base_buf out = {0};
            struct query_run run = {
                .snapshot = fake->snapshot, .memory_bytes = bytes, .threads = 2};
            if (!query_backend_run(fake->backend, plan, &run, &out, &fail)) {
                assert_int_equal(fail.code, FAIL_LIMIT);
                assert_int_equal(out.len, 0);
                failed = true;
            }
        }
        assert_true(failed);
    }
    fake_free(fake);
}

static void a_question_stops_when_cancelled_or_late(void **state)
{
    (void)state;
    struct fake *fake = many();
    struct base_clock_test clock;
    base_clock_test_init(&clock, 0);
    for (size_t i = 0; i < ARRAY_LEN(questions); i++) {
        struct base_cancel cancelled = {.clock = &clock.clock};
        base_cancel_now(&cancelled);
        fake->cancel = &cancelled;
        fake_expect_fail(fake, questions[i], FAIL_CANCELLED, "", "");
        struct base_cancel late = {.clock = &clock.clock, .deadline_us = 1};
        base_clock_test_step(&clock, 1000);
        fake->cancel = &late;
        fake_expect_fail(fake, questions[i], FAIL_LIMIT, "", "longer");
    }
    fake_free(fake);
}

static void an_answer_that_does_not_fit_leaves_the_buffer_as_it_was(void **state)
{
    (void)state;
    struct fake *fake = many();
    CLEANUP(arena_free_at) struct arena *arena = arena_new(NULL);
    struct query_plan *plan;
    struct fail fail;
    char *text = fake_quotes(arena, "{'kind':'customers','limit':1000}");
    assert_true(query_parse(&fake->env, str_from_c(text), arena, &plan, &fail));
    CLEANUP(base_buf_done) struct base_buf out = {.limit = 2000};
    base_buf_c(&out, "before");
    struct query_run run = {.snapshot = fake->snapshot, .memory_bytes = 1 << 28};
    assert_false(query_backend_run(fake->backend, plan, &run, &out, &fail));
    assert_int_equal(fail.code, FAIL_LIMIT);
    assert_int_equal(out.len, 6);
    fake_free(fake);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(memory_runs_out_as_a_limit_at_every_size),
        cmocka_unit_test(a_question_stops_when_cancelled_or_late),
        cmocka_unit_test(an_answer_that_does_not_fit_leaves_the_buffer_as_it_was),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
