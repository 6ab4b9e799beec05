/* clang-format off */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include "query_fake.h"

static const char lines[] =
    "{'c':'ann','e':'Buy','t':'2026-05-01T10:00:00Z','p':{'price':5,'g':'x'}}\n"
    "{'c':'ann','e':'Buy','t':'2026-05-01T10:05:00Z','p':{'price':[7,0.5],'g':['x','y']}}\n"
    "{'c':'ann','e':'Buy','t':'2026-05-02T10:00:00Z','p':{'price':11,'g':'x'}}\n"
    "{'c':'bob','e':'Buy','t':'2026-05-01T23:00:00Z','p':{'price':0,'g':'z'}}\n"
    "{'c':'bob','e':'Buy','t':'2026-04-30T23:00:00Z','p':{'price':3,'g':'z'}}\n"
    "{'c':'cid','e':'Buy','t':'2026-05-01T12:00:00Z','p':{'price':'free'}}\n"
    "{'c':'ann','e':'feedback','t':'2026-05-20T00:00:00Z','text':'fine','channel':'survey','score':"
    "9,'scale':'nps'}\n"
    "{'c':'ann','e':'feedback','t':'2026-06-05T00:00:00Z','text':'too late'}\n"
    "{'c':'bob','e':'feedback','t':'2026-04-20T00:00:00Z','text':'slow'}\n"
    "{'c':'bob','e':'feedback','t':'2026-04-20T00:00:00Z','text':'slower'}\n"
    "{'c':'dee','e':'feedback','t':'2026-05-01T00:00:00Z','text':'not of this cell'}\n";

#define ASK(measure, open, rest)                                                                   \
    "{'kind':'trend','series':[{'event':'Look'},{'event':'Buy','measure':'" measure "'}],"         \
    "'range':{'from':'2026-05-01','to':'2026-05-02'},'open':{'series':1," open "}" rest "}"
#define WHO(id, first, last, events, more)                                                         \
    "{'id':'" id "','first_seen':'" first "','last_seen':'" last "','events':" events              \
    ",'traits':{}" more "}"
#define ANN(more) WHO("ann", "2026-05-01T10:00:00.000Z", "2026-06-05T00:00:00.000Z", "5", more)
#define BOB(more) WHO("bob", "2026-04-20T00:00:00.000Z", "2026-05-01T23:00:00.000Z", "4", more)
#define CID(more) WHO("cid", "2026-05-01T12:00:00.000Z", "2026-05-01T12:00:00.000Z", "1", more)

#define SAID(id, customer, day, channel, text, score, scale)                                       \
    "{'id':'" id "','customer':'" customer "','ts':'" day "T00:00:00.000Z','channel':" channel     \
    ",'event':'feedback','kind':null,'source':null,'survey':null,'question':null,"                 \
    "'language':null,'text':'" text "','score':" score ",'scale':" scale                           \
    ",'themes':[],'sentiment':null}"

static void a_cell_of_counts_opens_to_parts_that_add_up(void **state)
{
    (void)state;
    struct fake *fake = fake_new(lines);
    fake_expect(
        fake, ASK("count", "'interval':'2026-05-01','sort':'id'", ""),
        "{'kind':'customers','total':3,'customers':[" ANN(",'value':2") "," BOB(
            ",'value':"
            "1") "," CID(",'value':1") "],'cursor':null,'verbatims':[" SAID("7", "ann",
                                                                            "2026-05-20",
                                                                            "'survey'", "fine", "9",
                                                                            "'nps'") "," SAID("10",
                                                                                              "bob",
                                                                                              "2026"
                                                                                              "-04-"
                                                                                              "20",
                                                                                              "nul"
                                                                                              "l",
                                                                                              "slow"
                                                                                              "er",
                                                                                              "nul"
                                                                                              "l",
                                                                                              "nul"
                                                                                              "l") "," SAID("9",
                                                                                                            "bob",
                                                                                                            "2026-04-20",
                                                                                                            "null",
                                                                                                            "slow",
                                                                                                            "null",
                                                                                                            "null") "],'verbatims_total':3,"
                                                                                                                    "'partial':[],'warnings':['event "
                                                                                                                    "\\\"Look\\\" was never seen']");
    fake_free(fake);
}

static void a_number_that_is_no_longer_what_was_shown_says_so(void **state)
{
    (void)state;
    struct fake *fake = fake_new(lines);
#define MOVED(was, now) "'cursor':null,'moved':{'was':" was ",'now':" now "},'verbatims'"
#define STAYED "'cursor':null,'verbatims'"
    fake_expect_part(fake, ASK("count", "'was':4", ""), MOVED("4", "5"));
    fake_expect_part(fake, ASK("count", "'was':5", ""), STAYED);
    fake_expect_part(fake, ASK("count", "'was':null", ""), STAYED);
    fake_expect_part(fake, ASK("customers", "'was':2", ""), MOVED("2", "3"));
    fake_expect_part(fake, ASK("customers", "'was':3.0", ""), STAYED);
    fake_expect_part(fake, ASK("sum:price", "'was':23.5", ""), STAYED);
    fake_expect_part(fake, ASK("sum:price", "'was':23", ""), MOVED("23", "23.5"));
    fake_expect_part(fake, ASK("avg:price", "'was':1", ""), STAYED);
    fake_free(fake);
}

static void each_measure_opens_to_those_it_counted(void **state)
{
    (void)state;
    struct fake *fake = fake_new(lines);
#define LIST(text) "'customers':[" text "],'cursor':null"
    fake_expect_part(
        fake, ASK("count", "'sort':'-value'", ""),
        "'total':3," LIST(ANN(",'value':3") "," BOB(",'value':1") "," CID(",'value':1")));
    fake_expect_part(fake, ASK("customers", "'sort':'id'", ""),
                     "'total':3," LIST(ANN("") "," BOB("") "," CID("")));
    fake_expect_part(fake, ASK("per_customer", "'sort':'id'", ""),
                     "'total':3," LIST(ANN("") "," BOB("") "," CID("")));
    fake_expect_part(
        fake, ASK("sessions", "'sort':'value'", ""),
        "'total':3," LIST(BOB(",'value':1") "," CID(",'value':1") "," ANN(",'value':2")));
    fake_expect_part(fake, ASK("sum:price", "'sort':'id'", ""),
                     "'total':2," LIST(ANN(",'value':23.5") "," BOB(",'value':0")));
    fake_expect_part(fake, ASK("avg:price", "'sort':'id'", ""),
                     "'total':2," LIST(ANN("") "," BOB("")));
    fake_expect_part(fake, ASK("p90:price", "'interval':'2026-05-02'", ""),
                     "'total':1," LIST(ANN("")));
    fake_expect_part(fake, ASK("min:nothing", "'interval':'2026-05-02'", ""),
                     "'total':0,'customers':[],'cursor':null,'verbatims':[]");
    fake_free(fake);
}

static void groups_previous_and_formulas_open(void **state)
{
    (void)state;
    struct fake *fake = fake_new(lines);
#define BY ",'breakdown':'g','limit':1,'compare':'previous'"
    fake_expect_part(fake, ASK("count", "'group':'x'", BY), "'total':1," LIST(ANN(",'value':3")));
    fake_expect_part(fake, ASK("count", "'group':'y'", BY), "'total':1," LIST(ANN(",'value':1")));
    fake_expect_part(fake, ASK("count", "'group':'(none)'", BY),
                     "'total':1," LIST(CID(",'value':1")));
    /* ranked by Look, which nobody did: (none) alone is kept, by name */
    fake_expect_part(fake, ASK("count", "'group':'(other)','sort':'id'", BY),
                     "'total':2," LIST(ANN(",'value':3") "," BOB(",'value':1")));
    fake_expect_part(fake, ASK("count", "'group':null,'interval':null,'previous':true", BY),
                     "'total':1," LIST(BOB(",'value':1")));
    fake_expect_part(fake,
                     ASK("count", "'group':'(other)','previous':true,'interval':'2026-04-30'", BY),
                     "'total':1," LIST(BOB(",'value':1")));
    fake_expect_part(fake, ASK("count", "'group':'(other)'", ",'breakdown':'g'"), "'total':0");
    fake_expect_part(fake,
                     ASK("count", "'group':'[7,8)'", ",'breakdown':{'by':'price','bins':[1,7,8]}"),
                     "'total':1," LIST(ANN(",'value':1")));
    fake_expect_part(
        fake, ASK("count", "'group':'\\u003c1'", ",'breakdown':{'by':'price','bins':[1,7,8]}"),
        "'total':2");
    fake_expect_part(fake,
                     ASK("count", "'group':'(none)'", ",'breakdown':{'by':'price','bins':[1,7,8]}"),
                     "'total':1," LIST(CID(",'value':1")));
    fake_expect_part(fake,
                     ASK("customers", "'interval':'2026-05-01'", ",'formula':'A/B','rolling':2"),
                     "'total':3");
    fake_free(fake);
}

static void a_page_of_a_cell_goes_on_with_its_cursor(void **state)
{
    (void)state;
    struct fake *fake = fake_new(lines);
    struct str answer = fake_ask(fake, ASK("count", "'sort':'-value','limit':1", ""));
    struct str cursor = str_after(answer, str_find(answer, STR("\"cursor\":\"")) + 10);
    cursor.len = str_find_byte(cursor, '"');
    struct str question =
        str_format(fake->arena, ASK("count", "'sort':'-value','limit':1,'cursor':'%.*s'", "") "%c",
                   STR_ARG(cursor), 0);
    fake_expect_part(fake, question.data,
                     "'total':3,'customers':[" BOB(",'value':1") "],'cursor':'");
    fake_free(fake);
}

static void steps_of_funnels_open_to_who_reached_and_who_dropped(void **state)
{
    (void)state;
    struct fake *fake = fake_new("{'c':'ann','e':'A','t':'2026-05-01T00:00:00Z','p':{'g':'x'}}\n"
                                 "{'c':'ann','e':'B','t':'2026-05-01T01:00:00Z'}\n"
                                 "{'c':'ann','e':'A','t':'2026-05-01T02:00:00Z','p':{'g':'y'}}\n"
                                 "{'c':'ann','e':'B','t':'2026-05-01T03:00:00Z'}\n"
                                 "{'c':'ann','e':'A','t':'2026-05-01T04:00:00Z','p':{'g':'y'}}\n"
                                 "{'c':'bob','e':'A','t':'2026-05-01T00:00:00Z'}\n"
                                 "{'c':'cid','e':'A','t':'2026-05-01T00:00:00Z'}\n"
                                 "{'c':'cid','e':'C','t':'2026-05-01T01:00:00Z'}\n");
#define FUNNEL(open, rest)                                                                         \
    "{'kind':'funnel','steps':[{'event':'A'},{'event':'B','optional':true},{'event':'C'}],"        \
    "'window':'1d','range':{'from':'2026-05-01','to':'2026-05-01'},'open':{'sort':'id'," open      \
    "}" rest "}"
#define IDS(text) "'total':" text
    fake_expect_part(fake, FUNNEL("'step':1", ""), IDS("3,"));
    fake_expect_part(fake, FUNNEL("'step':2", ""), IDS("1,'customers':[{'id':'ann'"));
    fake_expect_part(fake, FUNNEL("'step':2,'outcome':'dropped'", ""),
                     IDS("1,'customers':[{'id':'bob'"));
    fake_expect_part(fake, FUNNEL("'step':3,'outcome':'reached'", ""),
                     IDS("1,'customers':[{'id':'cid'"));
    fake_expect_part(fake, FUNNEL("'step':3,'outcome':'dropped'", ""),
                     IDS("2,'customers':[{'id':'ann'"));
    fake_expect_part(fake, FUNNEL("'step':2", ",'count':'entries'"), "'traits':{},'value':2}");
    fake_expect_part(fake, FUNNEL("'step':2,'group':'y'", ",'count':'entries','breakdown':'g'"),
                     "'traits':{},'value':1}");
    fake_expect_part(fake, FUNNEL("'step':1,'group':'y'", ",'count':'entries','breakdown':'g'"),
                     "'traits':{},'value':2}");
    fake_expect_part(fake, FUNNEL("'step':1,'group':'y'", ",'breakdown':'g'"), IDS("0,"));
    fake_expect_part(fake, FUNNEL("'step':1,'group':'(other)'", ",'breakdown':'g','limit':1"),
                     IDS("1,'customers':[{'id':'ann'"));
    fake_expect_part(
        fake, FUNNEL("'step':1,'group':'(none)'", ",'breakdown':'g','attribution':{'step':3}"),
        IDS("3,"));
    fake_free(fake);
}

static void cells_of_retention_open_to_who_returned_and_who_is_gone(void **state)
{
    (void)state;
    struct fake *fake =
        fake_new("{'c':'ann','e':'Join','t':'2026-04-28T10:00:00Z','p':{'plan':'free'}}\n"
                 "{'c':'ann','e':'Use','t':'2026-05-06T10:00:00Z'}\n"
                 "{'c':'bob','e':'Join','t':'2026-04-28T10:00:00Z','p':{'plan':'pro'}}\n"
                 "{'c':'cid','e':'Join','t':'2026-05-05T10:00:00Z'}\n");
#define RETENTION(open, rest)                                                                      \
    "{'kind':'retention','start':{'event':'Join'},'return':{'event':'Use'},'periods':3,"           \
    "'range':{'from':'2026-04-27','to':'2026-05-10'},'open':{'sort':'id'," open "}" rest "}"
    fake_expect_part(fake, RETENTION("'cohort':'2026-04-27'", ""),
                     IDS("2,'customers':[{'id':'ann'"));
    fake_expect_part(fake, RETENTION("'cohort':'2026-04-27','period':1", ""),
                     IDS("1,'customers':[{'id':'ann'"));
    fake_expect_part(fake, RETENTION("'cohort':'2026-04-27','period':1,'outcome':'gone'", ""),
                     IDS("1,'customers':[{'id':'bob'"));
    fake_expect_part(fake, RETENTION("'cohort':'2026-04-27','period':2,'outcome':'gone'", ""),
                     IDS("2,"));
    fake_expect_part(fake, RETENTION("'cohort':'2026-04-27','group':'pro'", ",'breakdown':'plan'"),
                     IDS("1,'customers':[{'id':'bob'"));
    fake_expect_part(fake, RETENTION("'cohort':'2026-05-04','group':'pro'", ",'breakdown':'plan'"),
                     IDS("0,"));
    fake_expect_part(fake, RETENTION("'cohort':'2026-05-04'", ",'segment':{'did':{'event':'Use'}}"),
                     IDS("0,"));
    fake_free(fake);
}

static void at_most_fifty_verbatims_the_newest(void **state)
{
    (void)state;
    CLEANUP(base_buf_done) struct base_buf text = {0};
    for (int i = 0; i < 130; i++) {
        base_buf_printf(&text,
                        "{'c':'c%d','e':'A','t':'2026-05-01T%02d:%02d:00Z','text':'no %d.'}\n",
                        i % 5, i / 60, i % 60, i);
    }
    base_buf_byte(&text, '\0');
    struct fake *fake = fake_new(text.data);
    const char *question = "{'kind':'trend','series':[{'event':'A'}],'range':{'from':'2026-05-01','"
                           "to':'2026-05-01'},'open':{}}";
    struct str answer = fake_ask(fake, question);
    assert_true(str_find(answer, STR("\"no 129.\"")) < str_find(answer, STR("\"no 128.\"")));
    assert_true(str_find(answer, STR("\"no 80.\"")) < answer.len);
    assert_true(str_find(answer, STR("\"no 79.\"")) == answer.len);
    assert_true(str_find(answer, STR("\"verbatims_total\":130")) < answer.len);
    fake_free(fake);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_cell_of_counts_opens_to_parts_that_add_up),
        cmocka_unit_test(a_number_that_is_no_longer_what_was_shown_says_so),
        cmocka_unit_test(each_measure_opens_to_those_it_counted),
        cmocka_unit_test(groups_previous_and_formulas_open),
        cmocka_unit_test(a_page_of_a_cell_goes_on_with_its_cursor),
        cmocka_unit_test(steps_of_funnels_open_to_who_reached_and_who_dropped),
        cmocka_unit_test(cells_of_retention_open_to_who_returned_and_who_is_gone),
        cmocka_unit_test(at_most_fifty_verbatims_the_newest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
