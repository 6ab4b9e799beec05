/* clang-format off */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include "query_fake.h"

static const char lines[] =
    "{'c':'ann','e':'Buy','t':'2026-05-10T12:00:00Z','p':{'price':[150,20,'x']},'channel':'web'}\n"
    "{'c':'ann','e':'Buy','t':'2026-05-01T12:00:00Z','p':{'price':50}}\n"
    "{'c':'ann','e':'contacted','t':'2026-05-11T12:00:00Z','p':{'outcome':'skipped'}}\n"
    "{'c':'ann','e':'feedback','t':'2026-05-11T12:00:00Z','text':'Too late.','channel':'email'}\n"
    "{'c':'bob','e':'Buy','t':'2026-05-08T11:00:00Z','p':{'price':0.5}}\n"
    "{'c':'bob','ids':['email:ann'],'known':true}\n";

static bool plan_of(struct fake *fake, const char *matchers, struct query_plan **out,
                    struct fail *fail)
{
    static const struct str names[] = {STR("price"), STR("text"), STR("channel")};
    struct json_parser *parser = json_parser_new();
    struct json_value root;
    assert_true(json_parse(parser, str_from_c(fake_quotes(fake->arena, matchers)), &root, fail));
    bool good = query_moments_plan(&fake->env, root, names, 3, fake->arena, out, fail);
    json_parser_free(parser);
    return good;
}

static void moments_come_in_order_with_marks_and_values(void **state)
{
    (void)state;
    struct fake *fake = fake_new(lines);
    struct query_plan *plan;
    struct query_moment *moments;
    size_t count;
    struct fail fail;
    struct query_run run = {.snapshot = fake->snapshot, .memory_bytes = fake->memory_bytes};
    assert_true(
        plan_of(fake, "[{'event':'*'},{'event':'Buy','where':[['price','>',100]]}]", &plan, &fail));
    assert_true(query_moments(fake->backend, plan, &run, 0, fake->arena, &moments, &count, &fail));
    assert_int_equal(count, 4);
    static const uint64_t fits[] = {1, 3, 0, 1};
    for (size_t i = 0; i < count; i++) {
        assert_true(moments[i].fits == fits[i]);
        assert_true(i == 0 || moments[i].ts_ms > moments[i - 1].ts_ms ||
                    moments[i].arrival > moments[i - 1].arrival);
    }
    assert_true(str_is(moments[2].event, "contacted") && str_is(moments[3].event, "feedback"));
    assert_int_equal(moments[1].values[0].count, 3);
    assert_true(moments[1].values[0].values[0].i == 150);
    assert_true(str_is(store_value_text(moments[3].values[1].values[0]), "Too late."));
    assert_int_equal(moments[2].values[2].count, 0);
    fake_free(fake);
}

static void no_matcher_marks_nothing(void **state)
{
    (void)state;
    struct fake *fake = fake_new(lines);
    struct query_plan *plan;
    struct query_moment *moments;
    size_t count;
    struct fail fail;
    struct query_run run = {.snapshot = fake->snapshot, .memory_bytes = fake->memory_bytes};
    assert_true(plan_of(fake, "[]", &plan, &fail));
    assert_true(query_moments(fake->backend, plan, &run, 1, fake->arena, &moments, &count, &fail));
    assert_int_equal(count, 1);
    assert_true(moments[0].fits == 0);
    fake_free(fake);
}

static void a_bad_matcher_is_refused_at_its_place(void **state)
{
    (void)state;
    struct fake *fake = fake_new(lines);
    struct query_plan *plan;
    struct fail fail;
    assert_false(plan_of(fake, "[{'event':'*'},{'evnt':'Buy'}]", &plan, &fail));
    assert_int_equal(fail.code, FAIL_INPUT);
    assert_string_equal(fail.pointer, "/1/evnt");
    fake_free(fake);
}

static void a_question_about_one_id_reads_that_one_alone(void **state)
{
    (void)state;
    struct fake *fake = fake_new(lines);
    fake_expect_part(fake,
                     "{'kind':'trend','series':[{'event':'Buy','measure':'sum:price'}],'range':"
                     "{'from':'2026-05-01','to':'2026-05-31'},'interval':'month',"
                     "'segment':{'all':[{'trait':['id','=','ann']},{'did':{'event':'Buy'}}]}}",
                     "'total':220");
    fake_expect_part(fake, "{'kind':'customers','segment':{'trait':['id','=','bob']}}",
                     "'customers':1");
    /* Who is found by another of their identifiers is not called so; "any" and "not" name nobody. */
    fake_expect_part(fake, "{'kind':'customers','segment':{'trait':['id','=','ann']}}",
                     "'total':1");
    fake_expect_part(fake, "{'kind':'customers','segment':{'trait':['id','=','nobody']}}",
                     "'total':0");
    fake_expect_part(fake, "{'kind':'customers','segment':{'not':{'trait':['id','=','ann']}}}",
                     "'total':1");
    fake_expect_part(fake,
                     "{'kind':'customers','segment':{'any':[{'trait':['id','=','ann']},"
                     "{'trait':['id','=','bob']}]}}",
                     "'total':2");
    fake_expect_part(fake, "{'kind':'customers','segment':{'trait':['id','!=','ann']}}",
                     "'total':1");
    fake_free(fake);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(moments_come_in_order_with_marks_and_values),
        cmocka_unit_test(no_matcher_marks_nothing),
        cmocka_unit_test(a_bad_matcher_is_refused_at_its_place),
        cmocka_unit_test(a_question_about_one_id_reads_that_one_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
