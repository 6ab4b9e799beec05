/* clang-format off */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include "query_fake.h"

/* What ann's plan was: nothing, free, pro, pro, nothing; her address goes with everything in it. */
static const char lines[] =
    "{'c':'ann','e':'Buy','t':'2026-05-01T10:00:00Z','p':{'n':1}}\n"
    "{'c':'ann','e':'identify','t':'2026-05-02T10:00:00Z','sent':{'plan':'free','age':30}}\n"
    "{'c':'ann','e':'Buy','t':'2026-05-03T10:00:00Z','p':{'n':2}}\n"
    "{'c':'ann','e':'Buy','t':'2026-05-04T10:00:00Z','p':{'n':3},"
    "'sent':{'plan':['pro','team'],'address.city':'Oslo','address.zip':7}}\n"
    "{'c':'ann','e':'identify','t':'2026-05-05T10:00:00Z','sent':{'address':null}}\n"
    "{'c':'ann','e':'Buy','t':'2026-05-06T10:00:00Z','p':{'n':4}}\n"
    "{'c':'ann','e':'identify','t':'2026-05-07T10:00:00Z','sent':{'plan':null,'address':null,"
    "'address.city':'Bergen'}}\n"
    "{'c':'ann','e':'Buy','t':'2026-05-07T10:00:00Z','p':{'n':5}}\n"
    "{'c':'bob','e':'Buy','t':'2026-05-04T10:00:00Z','p':{'n':6}}\n"
    "{'c':'bob','e':'identify','t':'2026-05-20T10:00:00Z','sent':{'plan':'pro'}}\n"
    "{'c':'ann','traits':{'address.city':'Bergen','age':30}}\n"
    "{'c':'bob','traits':{'plan':'pro'}}\n";

#define TREND                                                                                      \
    "{'kind':'trend','interval':'quarter','range':{'from':'2026-05-01','to':'2026-05-31'},"

/* The numbers n of the purchases for which the conditions hold. */
static void holds_for(struct fake *fake, const char *where, const char *numbers)
{
    CLEANUP(base_buf_done) struct base_buf question = {0};
    base_buf_printf(&question,
                    TREND "'breakdown':'n','limit':20,'series':[{'event':'Buy','where':[%s]}]}%c",
                    where, 0);
    struct str answer = fake_ask(fake, question.data);
    for (int n = 1; n <= 6; n++) {
        struct str group = str_format(fake->arena, "\"group\":\"%d\"", n);
        bool is_there = str_find(answer, group) < answer.len;
        if (is_there != (strchr(numbers, '0' + n) != NULL)) {
            fail_msg("%s: purchase %d %s", where, n, is_there ? "holds" : "does not hold");
        }
    }
}

static void condition_sees_the_trait_as_it_was_right_after_the_event(void **state)
{
    (void)state;
    struct fake *fake = fake_new(lines);
    holds_for(fake, "['then.plan','=','free']", "2");
    holds_for(fake, "['then.plan','=','pro']", "34");
    holds_for(fake, "['then.plan','=','team']", "34");
    holds_for(fake, "['then.plan','!=','pro']", "1256");
    holds_for(fake, "['then.plan','set']", "234");
    holds_for(fake, "['then.plan','not set']", "156");
    holds_for(fake, "['then.plan','in',['free','team']]", "234");
    holds_for(fake, "['then.age','>',29]", "2345");
    holds_for(fake, "['then.plan','=','pro'],['then.age','=',30]", "34");
    holds_for(fake, "{'any':[['then.plan','=','free'],['then.address.city','=','Bergen']]}", "25");
    holds_for(fake, "['customer.plan','=','pro']", "6");
    fake_free(fake);
}

static void removing_what_stands_above_removes_unless_the_same_event_sets(void **state)
{
    (void)state;
    struct fake *fake = fake_new(lines);
    holds_for(fake, "['then.address.city','=','Oslo']", "3");
    holds_for(fake, "['then.address.zip','=',7]", "3");
    holds_for(fake, "['then.address.city','=','Bergen']", "5");
    holds_for(fake, "['then.address','set']", "");
    fake_free(fake);
}

static void breakdown_measure_and_segment_take_it(void **state)
{
    (void)state;
    struct fake *fake = fake_new(lines);
    fake_expect(
        fake, TREND "'breakdown':'then.plan','series':[{'event':'Buy'}]}",
        "{'kind':'trend','intervals':['2026-04-01'],'series':["
        "{'series':0,'label':'Buy','group':'(none)','values':[3],'total':3},"
        "{'series':0,'label':'Buy','group':'pro','values':[2],'total':2},"
        "{'series':0,'label':'Buy','group':'team','values':[2],'total':2},"
        "{'series':0,'label':'Buy','group':'free','values':[1],'total':1}],"
        "'partial':['2026-04-01'],'warnings':['some have several values of the breakdown and "
        "count in each of their groups: groups need not add up']");
    fake_expect_part(fake, TREND "'series':[{'event':'Buy','measure':'sum:then.age'}]}",
                     "'total':120");
    fake_expect_part(fake,
                     TREND "'series':[{'event':'Buy'}],'segment':{'did':{'event':'Buy','where':"
                           "[['then.plan','=','free']]}}}",
                     "'total':5");
    fake_expect_part(fake,
                     TREND "'series':[{'event':'Buy'}],'segment':{'did':{'event':'Buy'},'max':"
                           "'then.age','times':['=',30]}}",
                     "'total':5");
    fake_free(fake);
}

/* The events that set the trait come along in the engine; no answer may count them. */
static void rows_that_only_bear_the_trait_are_not_counted(void **state)
{
    (void)state;
    struct fake *fake = fake_new(lines);
    fake_expect_part(fake,
                     "{'kind':'trend','interval':'day','range':{'from':'2026-05-06',"
                     "'to':'2026-05-06'},'series':[{'event':'*','where':[['then.plan','=','pro']]"
                     "}]}",
                     "'values':[1],'total':1");
    fake_expect_part(fake,
                     "{'kind':'funnel','steps':[{'event':'Buy','where':[['then.plan','=','pro']]},"
                     "{'event':'Buy'}],'window':'1d','range':{'from':'2026-05-06','to':"
                     "'2026-05-06'}}",
                     "'count':1,'rate_from_start':1");
    fake_expect_part(fake,
                     TREND "'series':[{'event':'Buy','where':[['then.plan','=','pro']]}],"
                           "'open':{}}",
                     "'total':1,'customers':[{'id':'ann'");
    fake_free(fake);
}

static void trait_that_was_never_sent_is_warned_of(void **state)
{
    (void)state;
    struct fake *fake = fake_new(lines);
    fake_expect_part(fake, TREND "'series':[{'event':'Buy','where':[['then.plam.x','set']]}]}",
                     "plam.x\\' was never seen");
    fake_expect_part(fake, TREND "'series':[{'event':'Buy','where':[['then.address.zip','set']]}]}",
                     "'warnings':[]");
    fake_free(fake);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(condition_sees_the_trait_as_it_was_right_after_the_event),
        cmocka_unit_test(removing_what_stands_above_removes_unless_the_same_event_sets),
        cmocka_unit_test(breakdown_measure_and_segment_take_it),
        cmocka_unit_test(rows_that_only_bear_the_trait_are_not_counted),
        cmocka_unit_test(trait_that_was_never_sent_is_warned_of),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
