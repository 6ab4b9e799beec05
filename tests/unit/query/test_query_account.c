/* clang-format off */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include "query_fake.h"

/* ann is of acme and of beta, bob of acme, cid of beta, dan of none. */
static const char lines[] =
    "{'c':'ann','ids':['account:acme','account:beta','email:ann@mail.test'],'traits':{'plan':'pro'}"
    "}\n"
    "{'c':'bob','ids':['account:acme'],'traits':{'plan':'free','seats':7},'known':false}\n"
    "{'c':'cid','ids':['account:beta'],'known':false}\n"
    "{'c':'dan'}\n"
    "{'c':'ann','e':'Invite','t':'2026-05-01T10:00:00Z','sent':{'stage':'trial'}}\n"
    "{'c':'bob','e':'Accept','t':'2026-05-01T10:10:00Z','text':'so easy'}\n"
    "{'c':'cid','e':'Invite','t':'2026-05-02T10:00:00Z'}\n"
    "{'c':'dan','e':'Invite','t':'2026-05-02T11:00:00Z'}\n"
    "{'c':'dan','e':'Accept','t':'2026-05-02T12:00:00Z'}\n"
    "{'c':'bob','e':'Pay','t':'2026-05-09T10:00:00Z','p':{'price':30}}\n"
    "{'c':'ann','e':'Pay','t':'2026-05-10T10:00:00Z','p':{'price':5}}\n";

#define RANGE "'interval':'quarter','range':{'from':'2026-05-01','to':'2026-05-31'}"
#define PER "'per':'account'," RANGE

static void customer_counts_in_each_of_its_accounts_and_in_none_without(void **state)
{
    (void)state;
    struct fake *fake = fake_new(lines);
    fake_expect_part(
        fake, "{'kind':'trend','series':[{'event':'Invite','measure':'customers'}]," RANGE "}",
        "'total':3");
    fake_expect_part(fake,
                     "{'kind':'trend','series':[{'event':'Invite','measure':'customers'}]," PER "}",
                     "'total':2");
    fake_expect_part(fake,
                     "{'kind':'trend','series':[{'event':'Pay','measure':'sum:price'}]," PER "}",
                     "'total':40");
    fake_expect_part(fake,
                     "{'kind':'trend','series':[{'event':'Pay','measure':'per_customer'}]," PER "}",
                     "'total':1.5");
    fake_free(fake);
}

static void timeline_of_an_account_is_that_of_all_its_customers(void **state)
{
    (void)state;
    struct fake *fake = fake_new(lines);
    fake_expect_part(fake,
                     "{'kind':'funnel','steps':[{'event':'Invite'},{'event':'Accept'}],"
                     "'window':'1d','per':'account','range':{'from':'2026-05-01','to':'2026-05-31'}"
                     "}",
                     "{'step':2,'label':'Accept','count':1,");
    fake_expect_part(fake, "{'kind':'trend','series':[{'event':'*','measure':'sessions'}]," PER "}",
                     "'total':6");
    fake_expect_part(fake,
                     "{'kind':'retention','start':{'event':'Invite'},'return':{'event':'Pay'},"
                     "'periods':3,'per':'account','range':{'from':'2026-05-01','to':'2026-05-31'}}",
                     "{'start':'2026-04-27','size':2,'returned':[0,2,0]}");
    fake_expect_part(fake,
                     "{'kind':'trend','series':[{'event':'Accept','where':[['then.stage','=',"
                     "'trial']]}]," PER "}",
                     "'total':1");
    fake_free(fake);
}

static void segment_is_decided_for_the_account_as_a_whole(void **state)
{
    (void)state;
    struct fake *fake = fake_new(lines);
    const char *both = "{'kind':'customers','per':'account','sort':'id','segment':{'all':["
                       "{'did':{'event':'Invite'}},{'did':{'event':'Accept'}}]}}";
    fake_expect_part(fake, both, "'total':1,'customers':[{'id':'acme'");
    fake_expect_part(fake,
                     "{'kind':'customers','per':'account','segment':{'trait':['id','=','beta']}}",
                     "'total':1,'customers':[{'id':'beta'");
    fake_expect_part(fake,
                     "{'kind':'customers','per':'account','segment':{'trait':['known','=',true]}}",
                     "'total':2");
    fake_expect_part(fake,
                     "{'kind':'customers','per':'account','segment':{'trait':['seats','=',7]}}",
                     "'total':1,'customers':[{'id':'acme'");
    fake_free(fake);
}

static void list_shows_accounts_with_the_facts_of_all_their_customers(void **state)
{
    (void)state;
    struct fake *fake = fake_new(lines);
    fake_expect(fake, "{'kind':'customers','per':'account','sort':'id'}",
                "{'kind':'customers','total':2,'customers':["
                "{'id':'acme','first_seen':'2026-05-01T10:00:00.000Z',"
                "'last_seen':'2026-05-10T10:00:00.000Z','events':4,'traits':{'plan':'free',"
                "'seats':7}},"
                "{'id':'beta','first_seen':'2026-05-01T10:00:00.000Z',"
                "'last_seen':'2026-05-10T10:00:00.000Z','events':3,'traits':{}}],"
                "'cursor':null,'partial':[],'warnings':[]");
    fake_expect_part(fake, "{'kind':'customers','per':'account','sort':'-events','limit':1}",
                     "'total':2,'customers':[{'id':'acme'");
    fake_expect_part(fake, "{'kind':'customers','per':'account','search':'ANN@'}", "'total':2");
    fake_expect_part(fake, "{'kind':'customers','per':'account','search':'bob'}",
                     "'total':1,'customers':[{'id':'acme'");
    fake_free(fake);
}

static void opened_cell_lists_the_accounts_that_it_counted(void **state)
{
    (void)state;
    struct fake *fake = fake_new(lines);
    fake_expect_part(fake,
                     "{'kind':'trend','series':[{'event':'Pay','measure':'sum:price'}]," PER
                     ",'open':{'sort':'-value'}}",
                     "'total':2,'customers':[{'id':'acme'");
    fake_expect_part(fake,
                     "{'kind':'trend','series':[{'event':'Pay','measure':'sum:price'}]," PER
                     ",'open':{'sort':'-value'}}",
                     "'value':35}");
    /* What was said is said by people. */
    fake_expect_part(fake, "{'kind':'trend','series':[{'event':'Pay'}]," PER ",'open':{}}",
                     "'verbatims':[{'id':'2','customer':'bob'");
    fake_free(fake);
}

static void breakdown_by_the_account(void **state)
{
    (void)state;
    struct fake *fake = fake_new(lines);
    fake_expect_part(
        fake, "{'kind':'trend','series':[{'event':'Pay'}],'breakdown':'customer.id'," PER "}",
        "'group':'acme','values':[2],'total':2},{'series':0,'label':'Pay','group':'beta',"
        "'values':[1],'total':1}");
    fake_free(fake);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(customer_counts_in_each_of_its_accounts_and_in_none_without),
        cmocka_unit_test(timeline_of_an_account_is_that_of_all_its_customers),
        cmocka_unit_test(segment_is_decided_for_the_account_as_a_whole),
        cmocka_unit_test(list_shows_accounts_with_the_facts_of_all_their_customers),
        cmocka_unit_test(opened_cell_lists_the_accounts_that_it_counted),
        cmocka_unit_test(breakdown_by_the_account),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
