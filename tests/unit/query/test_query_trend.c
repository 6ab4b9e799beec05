/* clang-format off */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include "query_fake.h"

#define RANGE "'range':{'from':'2026-05-01','to':'2026-05-03'}"

static const char lines[] =
    "{'c':'ann','e':'Buy','t':'2026-05-01T10:00:00Z','p':{'price':5,'country':'NL'}}\n"
    "{'c':'ann','e':'Buy','t':'2026-05-01T10:10:00Z','p':{'price':0.1,'country':'NL'}}\n"
    "{'c':'ann','e':'Look','t':'2026-05-01T10:35:00Z'}\n"
    "{'c':'ann','e':'Buy','t':'2026-05-01T11:05:00Z','p':{'price':0.2,'country':'DE'}}\n"
    "{'c':'ann','e':'Buy','t':'2026-05-01T11:35:00.001Z','p':{'price':'free'}}\n"
    "{'c':'ann','e':'Buy','t':'2026-05-03T23:59:59.999Z','p':{'price':[1,2,'x'],'country':['NL','"
    "BE']}}\n"
    "{'c':'bob','e':'Buy','t':'2026-04-30T23:59:59.999Z','p':{'price':100}}\n"
    "{'c':'bob','e':'Buy','t':'2026-05-03T00:00:00Z','p':{'price':7,'country':'DE'}}\n"
    "{'c':'bob','e':'Buy','t':'2026-05-04T00:00:00Z','p':{'price':100}}\n"
    "{'c':'bob','e':'identify','t':'2026-05-02T00:00:00Z'}\n"
    "{'c':'bob','traits':{'plan':'pro'}}\n";

static void measured(struct fake *fake, const char *measure, const char *values, const char *total)
{
    CLEANUP(base_buf_done) struct base_buf question = {0};
    CLEANUP(base_buf_done) struct base_buf answer = {0};
    base_buf_printf(&question,
                    "{'kind':'trend','series':[{'event':'Buy','measure':'%s'}]," RANGE "}%c",
                    measure, 0);
    base_buf_printf(&answer,
                    "{'kind':'trend','intervals':['2026-05-01','2026-05-02','2026-05-03'],"
                    "'series':[{'series':0,'label':'Buy','group':null,'values':[%s],'total':%s}],"
                    "'partial':[],'warnings':[]%c",
                    values, total, 0);
    fake_expect(fake, question.data, answer.data);
}

static void every_measure_over_days_and_in_total(void **state)
{
    (void)state;
    struct fake *fake = fake_new(lines);
    measured(fake, "count", "4,0,2", "6");
    measured(fake, "customers", "1,0,2", "2");
    measured(fake, "per_customer", "4,0,1", "3");
    measured(fake, "sessions", "2,0,2", "4"); /* 30 minutes are no break, a ms more is */
    measured(fake, "sum:price", "5.3,0,10", "15.3");
    measured(fake, "avg:price", "1.7666666666666666,0,3.3333333333333335", "2.5500000000000003");
    measured(fake, "min:price", "0.1,0,1", "0.1");
    measured(fake, "max:price", "5,0,7", "7");
    measured(fake, "p50:price", "0.2,0,2", "1");
    measured(fake, "p90:price", "5,0,7", "7");
    measured(fake, "p99:price", "5,0,7", "7");
    measured(fake, "sum:properties.price", "5.3,0,10", "15.3");
    measured(fake, "sum:customer.events", "24,0,9", "33");
    fake_free(fake);
}

static void matching_names_star_and_the_seven(void **state)
{
    (void)state;
    struct fake *fake = fake_new(lines);
    fake_expect(fake,
                "{'kind':'trend'," RANGE ",'interval':'month','series':[{'event':'*'},"
                "{'event':'identify'},{'event':['*','identify']},{'event':['Look','Never']}]}",
                "{'kind':'trend','intervals':['2026-05-01'],'series':["
                "{'series':0,'label':'*','group':null,'values':[7],'total':7},"
                "{'series':1,'label':'identify','group':null,'values':[1],'total':1},"
                "{'series':2,'label':'*, identify','group':null,'values':[8],'total':8},"
                "{'series':3,'label':'Look, Never','group':null,'values':[1],'total':1}],"
                "'partial':['2026-05-01'],'warnings':['event \\\"Never\\\" was never seen']");
    fake_free(fake);
}

static void groups_are_ranked_by_the_first_series_and_the_rest_is_other(void **state)
{
    (void)state;
    struct fake *fake = fake_new(lines);
    fake_expect(
        fake,
        "{'kind':'trend'," RANGE ",'interval':'week','breakdown':'country',"
        "'series':[{'event':'Buy'}]}",
        "{'kind':'trend','intervals':['2026-04-27'],'series':["
        "{'series':0,'label':'Buy','group':'NL','values':[3],'total':3},"
        "{'series':0,'label':'Buy','group':'DE','values':[2],'total':2},"
        "{'series':0,'label':'Buy','group':'(none)','values':[1],'total':1},"
        "{'series':0,'label':'Buy','group':'BE','values':[1],'total':1}],"
        "'partial':['2026-04-27'],'warnings':['some have several values of the breakdown and "
        "count in each of their groups: groups need not add up']");
    /* the event in NL and BE counts once in the rest, too */
    fake_expect_part(fake,
                     "{'kind':'trend'," RANGE ",'interval':'week','breakdown':'country','limit':1,"
                     "'series':[{'event':'Buy','measure':'customers'}]}",
                     "{'series':0,'label':'Buy','group':'DE','values':[2],'total':2},"
                     "{'series':0,'label':'Buy','group':'(other)','values':[1],'total':1}]");
    fake_expect_part(
        fake,
        "{'kind':'trend'," RANGE ",'interval':'week','breakdown':'country','limit':2,"
        "'series':[{'event':'Look'},{'event':'Buy'}]}",
        "'series':[{'series':0,'label':'Look','group':'(none)','values':[1],'total':1},"
        "{'series':0,'label':'Look','group':'BE','values':[0],'total':0},"
        "{'series':0,'label':'Look','group':'(other)','values':[0],'total':0},"
        "{'series':1,'label':'Buy','group':'(none)','values':[1],'total':1},"
        "{'series':1,'label':'Buy','group':'BE','values':[1],'total':1},"
        "{'series':1,'label':'Buy','group':'(other)','values':[5],'total':5}]");
    fake_expect_part(fake,
                     "{'kind':'trend'," RANGE ",'interval':'week','breakdown':'customer.plan',"
                     "'series':[{'event':'Buy','measure':'sum:price'}]}",
                     "'group':'(none)','values':[8.3],'total':8.3},"
                     "{'series':0,'label':'Buy','group':'pro','values':[7],'total':7}]");
    fake_expect_part(fake,
                     "{'kind':'trend'," RANGE ",'breakdown':'x','series':[{'event':'Never'}]}",
                     "'series':[],'partial':[],'warnings':['event \\\"Never\\\" was never seen',"
                     "'property \\\"x\\\" was never seen']");
    fake_free(fake);
}

static void names_of_groups_are_written_one_way(void **state)
{
    (void)state;
    struct fake *fake = fake_new(
        "{'c':'a','e':'A','t':'2026-05-01T10:00:00Z','p':{'g':[5,'5',5.0]}}\n"
        "{'c':'a','e':'A','t':'2026-05-01T10:00:01Z','p':{'g':'2026-05-01T02:00:00+02:00'}}\n"
        "{'c':'a','e':'A','t':'2026-05-01T10:00:02Z','p':{'g':'2026-05-01T00:00:00.000Z'}}\n"
        "{'c':'a','e':'A','t':'2026-05-01T10:00:03Z','p':{'g':'(other)'}}\n"
        "{'c':'a','e':'A','t':'2026-05-01T10:00:04Z','p':{'g':'(none)'}}\n"
        "{'c':'a','e':'A','t':'2026-05-01T10:00:05Z'}\n"
        "{'c':'a','e':'A','t':'2026-05-01T10:00:06Z','p':{'g':''}}\n"
        "{'c':'a','e':'A','t':'2026-05-01T10:00:07Z','p':{'g':true}}\n");
    fake_expect_part(
        fake,
        "{'kind':'trend'," RANGE ",'interval':'month','breakdown':'g','series':[{'event':'A'}]}",
        "'series':[{'series':0,'label':'A','group':'(none)','values':[2],'total':2},"
        "{'series':0,'label':'A','group':'2026-05-01T00:00:00.000Z','values':[2],'total':2},"
        "{'series':0,'label':'A','group':'','values':[1],'total':1},"
        "{'series':0,'label':'A','group':'5','values':[1],'total':1},"
        "{'series':0,'label':'A','group':'true','values':[1],'total':1},"
        "{'series':0,'label':'A','group':'(other)','values':[1],'total':1}],"
        "'partial':['2026-05-01'],'warnings':[]");
    fake_free(fake);
}

/* Values that are made on the fly lie at one address. */
static void groups_by_instants_and_ids_are_told_apart(void **state)
{
    (void)state;
    struct fake *fake = fake_new("{'c':'a','e':'A','t':'2026-05-01T10:00:00Z'}\n"
                                 "{'c':'a','e':'A','t':'2026-05-01T10:00:01Z'}\n"
                                 "{'c':'b','e':'A','t':'2026-05-01T10:00:02Z'}\n");
    fake_expect_part(
        fake,
        "{'kind':'trend'," RANGE
        ",'interval':'week','breakdown':'ts','limit':2,'series':[{'event':'A'}]}",
        "'group':'2026-05-01T10:00:00.000Z','values':[1],'total':1},"
        "{'series':0,'label':'A','group':'2026-05-01T10:00:01.000Z','values':[1],'total':1},"
        "{'series':0,'label':'A','group':'(other)','values':[1],'total':1}]");
    fake_expect_part(fake,
                     "{'kind':'trend'," RANGE
                     ",'interval':'week','breakdown':'customer.id','series':[{'event':'A'}]}",
                     "'group':'a','values':[2],'total':2},{'series':0,'label':'A','group':'b','"
                     "values':[1],'total':1}]");
    fake_expect_part(
        fake,
        "{'kind':'trend'," RANGE
        ",'interval':'week','breakdown':'customer.last_seen','series':[{'event':'A'}]}",
        "'group':'2026-05-01T10:00:01.000Z','values':[2],'total':2},"
        "{'series':0,'label':'A','group':'2026-05-01T10:00:02.000Z','values':[1],'total':1}]");
    fake_free(fake);
}

static void bins_stand_in_order_and_empty_ones_are_left_out(void **state)
{
    (void)state;
    struct fake *fake = fake_new(lines);
    fake_expect_part(
        fake,
        "{'kind':'trend'," RANGE ",'interval':'month',"
        "'breakdown':{'by':'price','bins':[0,0.2,2,7.5]},'series':[{'event':'Buy'}]}",
        "'series':[{'series':0,'label':'Buy','group':'[0,0.2)','values':[1],'total':1},"
        "{'series':0,'label':'Buy','group':'[0.2,2)','values':[2],'total':2},"
        "{'series':0,'label':'Buy','group':'[2,7.5)','values':[3],'total':3},"
        "{'series':0,'label':'Buy','group':'(none)','values':[1],'total':1}]");
    fake_expect_part(
        fake,
        "{'kind':'trend','range':{'from':'2026-04-01','to':'2026-06-01'},'interval':'quarter',"
        "'breakdown':{'by':'price','bins':[7]},'series':[{'event':'Buy','measure':'customers'}]}",
        "'group':'\\u003c7','values':[1],'total':1},"
        "{'series':0,'label':'Buy','group':'\\u003e=7','values':[1],'total':1},"
        "{'series':0,'label':'Buy','group':'(none)','values':[1],'total':1}]");
    fake_free(fake);
}

static void the_range_before_has_the_same_groups(void **state)
{
    (void)state;
    struct fake *fake = fake_new("{'c':'a','e':'A','t':'2026-05-02T10:00:00Z','p':{'g':'x'}}\n"
                                 "{'c':'a','e':'A','t':'2026-05-03T10:00:00Z','p':{'g':'y'}}\n"
                                 "{'c':'a','e':'A','t':'2026-05-03T11:00:00Z','p':{'g':'y'}}\n"
                                 "{'c':'b','e':'A','t':'2026-04-29T11:00:00Z','p':{'g':'z'}}\n"
                                 "{'c':'b','e':'A','t':'2026-04-28T11:00:00Z','p':{'g':'x'}}\n"
                                 "{'c':'b','e':'A','t':'2026-04-27T11:00:00Z','p':{'g':'x'}}\n");
    fake_expect(fake,
                "{'kind':'trend'," RANGE
                ",'breakdown':'g','compare':'previous','series':[{'event':'A'}]}",
                "{'kind':'trend','intervals':['2026-05-01','2026-05-02','2026-05-03'],'series':["
                "{'series':0,'label':'A','group':'y','values':[0,0,2],'total':2},"
                "{'series':0,'label':'A','group':'x','values':[0,1,0],'total':1}],"
                "'previous':{'intervals':['2026-04-28','2026-04-29','2026-04-30'],'series':["
                "{'series':0,'label':'A','group':'y','values':[0,0,0],'total':0},"
                "{'series':0,'label':'A','group':'x','values':[1,0,0],'total':1}],'partial':[],"
                "'range':{'from':'2026-04-28T00:00:00.000Z','to':'2026-05-01T00:00:00.000Z'}},"
                "'partial':[],'warnings':[]");
    fake_expect_part(
        fake,
        "{'kind':'trend'," RANGE ",'breakdown':'g','limit':1,'compare':'previous',"
        "'series':[{'event':'A'}]}",
        "'series':[{'series':0,'label':'A','group':'y','values':[0,0,0],'total':0},"
        "{'series':0,'label':'A','group':'(other)','values':[1,1,0],'total':2}],'partial':[],");
    fake_expect_part(
        fake,
        "{'kind':'trend','range':'last 2 weeks','interval':'week','compare':'previous',"
        "'series':[{'event':'A'}]}",
        "{'kind':'trend','intervals':['2026-05-04','2026-05-11'],'series':[{'series':0,"
        "'label':'A','group':null,'values':[0,0],'total':0}],'previous':{'intervals':["
        "'2026-04-20','2026-04-27'],'series':[{'series':0,'label':'A','group':null,"
        "'values':[0,6],'total':6}],'partial':[],'range':{'from':'2026-04-20T00:00:00.000Z','to':'"
        "2026-05-04T00:00:00.000Z'}},'partial':['2026-05-11']");
    fake_expect_part(
        fake,
        "{'kind':'trend','range':{'from':'2026-05-02T12:00:00Z','to':'2026-05-04T00:00:00Z'},"
        "'compare':'previous','series':[{'event':'A'}]}",
        "'previous':{'intervals':['2026-05-01','2026-05-02'],'series':[{'series':0,'label':'A',"
        "'group':null,'values':[0,1],'total':1}],'partial':['2026-05-02'],");
    fake_free(fake);
}

/* 2^53 + 1 and 2: as doubles they would make 2^53 + 2, their sum is 2^53 + 3. What leaves the window leaves whole. */
static void rolling_means_of_whole_numbers_are_of_their_exact_sum(void **state)
{
    (void)state;
    struct fake *fake =
        fake_new("{'c':'a','e':'B','t':'2026-05-01T10:00:00Z','p':{'n':9007199254740993}}\n"
                 "{'c':'a','e':'B','t':'2026-05-02T10:00:00Z','p':{'n':2}}\n"
                 "{'c':'a','e':'B','t':'2026-05-03T10:00:00Z','p':{'n':18446744073709551615}}\n"
                 "{'c':'a','e':'B','t':'2026-05-04T10:00:00Z','p':{'n':-9223372036854775808}}\n"
                 "{'c':'a','e':'B','t':'2026-05-05T10:00:00Z','p':{'n':4}}\n"
                 "{'c':'a','e':'B','t':'2026-05-06T10:00:00Z','p':{'n':5}}\n");
    fake_expect_part(fake,
                     "{'kind':'trend','range':{'from':'2026-05-01','to':'2026-05-06'},'rolling':2,"
                     "'series':[{'event':'B','measure':'max:n'}]}",
                     "'values':[9007199254740992,4503599627370498,9223372036854775808,"
                     "4611686018427387904,-4611686018427387904,4.5]");
    fake_free(fake);
}

static void formulas_and_rolling_means(void **state)
{
    (void)state;
    struct fake *fake = fake_new(lines);
    fake_expect_part(
        fake,
        "{'kind':'trend'," RANGE ",'formula':'A/B','series':[{'event':'Buy'},{'event':'Look'}]}",
        "'series':[{'series':0,'label':'A/B','group':null,'values':[4,null,null],'total':6}]");
    fake_expect_part(fake, "{'kind':'trend'," RANGE ",'rolling':2,'series':[{'event':'Buy'}]}",
                     "'values':[4,2,1],'total':6}");
    fake_expect_part(fake,
                     "{'kind':'trend'," RANGE ",'rolling':2,'formula':'A/B',"
                     "'series':[{'event':'Buy'},{'event':'Buy','measure':'customers'}]}",
                     "'values':[4,4,1],'total':3}");
    fake_expect_part(fake,
                     "{'kind':'trend'," RANGE
                     ",'interval':'month','formula':'B/A','breakdown':'country',"
                     "'series':[{'event':'Buy'},{'event':'Look'}]}",
                     "'series':[{'series':0,'label':'B/A','group':'NL','values':[0],'total':0},"
                     "{'series':0,'label':'B/A','group':'DE','values':[0],'total':0},"
                     "{'series':0,'label':'B/A','group':'(none)','values':[1],'total':1},"
                     "{'series':0,'label':'B/A','group':'BE','values':[0],'total':0}]");
    fake_free(fake);
}

static void zones_cut_days_and_label_hours(void **state)
{
    (void)state;
    struct fake *fake = fake_new("{'c':'a','e':'A','t':'2026-03-29T00:30:00Z'}\n"
                                 "{'c':'a','e':'A','t':'2026-03-29T01:30:00Z'}\n"
                                 "{'c':'a','e':'A','t':'2026-03-29T22:30:00Z'}\n");
    fake_expect_part(
        fake,
        "{'kind':'trend','timezone':'Europe/Oslo','interval':'hour','range':{'from':"
        "'2026-03-29T01:00:00+01:00','to':'2026-03-29T04:00:00+02:00'},'series':[{'event':'A'}]}",
        "'intervals':['2026-03-29T01:00:00+01:00','2026-03-29T03:00:00+02:00'],"
        "'series':[{'series':0,'label':'A','group':null,'values':[1,1],'total':2}],'partial':[]");
    fake_expect_part(
        fake,
        "{'kind':'trend','timezone':'Europe/Oslo','range':{'from':'2026-03-29','to':'2026-03-30'},"
        "'series':[{'event':'A'}]}",
        "'values':[2,1],'total':3}");
    fake_free(fake);
}

static void sums_are_exact_and_percentiles_keep_64_bits(void **state)
{
    (void)state;
    struct fake *fake = fake_new(
        "{'c':'a','e':'A','t':'2026-05-01T01:00:00Z','p':{'v':1e308}}\n"
        "{'c':'b','e':'A','t':'2026-05-01T01:00:00Z','p':{'v':1}}\n"
        "{'c':'c','e':'A','t':'2026-05-01T01:00:00Z','p':{'v':-1e308}}\n"
        "{'c':'d','e':'A','t':'2026-05-01T01:00:00Z','p':{'w':9007199254740993}}\n"
        "{'c':'e','e':'A','t':'2026-05-01T01:00:00Z','p':{'w':[9007199254740995,0.5,1e300]}}\n"
        "{'c':'f','e':'A','t':'2026-05-01T01:00:00Z','p':{'x':[9223372036854775807,"
        "9223372036854775807]}}\n"
        "{'c':'g','e':'A','t':'2026-05-01T01:00:00Z','p':{'x':18446744073709551615}}\n");
#define ASK(measure)                                                                               \
    "{'kind':'trend'," RANGE ",'interval':'month','series':[{'event':'A','measure':'" measure "'}" \
    "]}"
    fake_expect_part(fake, ASK("sum:v"), "'values':[1],'total':1}");
    fake_expect_part(fake, ASK("sum:x"),
                     "'values':[36893488147419103000],'total':36893488147419103000}");
    fake_expect_part(fake, ASK("min:w"), "'values':[0.5],'total':0.5}");
    fake_expect_part(fake, ASK("p50:w"), "'values':[9007199254740993],'total':9007199254740993}");
    fake_expect_part(fake, ASK("p90:w"), "'values':[1e+300],'total':1e+300}");
    fake_expect_part(fake, ASK("max:x"),
                     "'values':[18446744073709551615],'total':18446744073709551615}");
    fake_expect_part(fake, ASK("p50:x"),
                     "'values':[9223372036854775807],'total':9223372036854775807}");
    fake_free(fake);
}

static void mixed_currencies_earn_a_warning(void **state)
{
    (void)state;
    struct fake *fake =
        fake_new("{'c':'a','e':'A','t':'2026-05-01T01:00:00Z','p':{'v':1,'currency':'EUR'}}\n"
                 "{'c':'b','e':'A','t':'2026-05-01T01:00:00Z','p':{'v':1,'currency':'EUR'}}\n"
                 "{'c':'c','e':'B','t':'2026-05-01T01:00:00Z','p':{'v':1,'currency':'NOK'}}\n"
                 "{'c':'c','e':'A','t':'2026-05-01T01:00:00Z','p':{'currency':'SEK'}}\n"
                 "{'c':'c','e':'C','t':'2026-05-01T01:00:00Z','p':{'v':2}}\n");
    fake_expect_part(fake, ASK("sum:v"), "'warnings':[]");
    fake_expect_part(fake,
                     "{'kind':'trend'," RANGE
                     ",'series':[{'event':'A'},{'event':['A','B'],'measure':'avg:v'}]}",
                     "'warnings':['amounts of more than one currency are added up (series 1)']");
    fake_expect_part(fake,
                     "{'kind':'trend'," RANGE
                     ",'breakdown':'currency','series':[{'event':'*','measure':'sum:v'}]}",
                     "'warnings':['amounts of more than one currency are added up (series 0)']");
    fake_expect_part(fake, "{'kind':'trend'," RANGE ",'series':[{'event':'C','measure':'sum:v'}]}",
                     "'warnings':[]");
    fake_free(fake);
}

/* Many groups take the passes that few do not: ranking alone, then only the groups that are kept. */
static void many_groups_give_the_same_as_few(void **state)
{
    (void)state;
    CLEANUP(base_buf_done) struct base_buf text = {0};
    for (int i = 0; i < 1500; i++) {
        base_buf_printf(
            &text, "{'c':'c%d','e':'A','t':'2026-05-0%dT01:00:00Z','p':{'g':'g%04d','v':%d}}\n",
            i % 40, i % 3 + 1, i / (i < 20 ? 10 : 1), i);
    }
    base_buf_byte(&text, '\0');
    struct fake *fake = fake_new(text.data);
    fake_expect_part(
        fake,
        "{'kind':'trend'," RANGE ",'breakdown':'g','limit':2,'series':[{'event':'A'},"
        "{'event':'A','measure':'customers'},{'event':'A','measure':'p50:v'}]}",
        "'series':[{'series':0,'label':'A','group':'g0000','values':[4,3,3],'total':10},"
        "{'series':0,'label':'A','group':'g0001','values':[3,4,3],'total':10},"
        "{'series':0,'label':'A','group':'(other)','values':[493,493,494],'total':1480},"
        "{'series':1,'label':'A','group':'g0000','values':[4,3,3],'total':10},"
        "{'series':1,'label':'A','group':'g0001','values':[3,4,3],'total':10},"
        "{'series':1,'label':'A','group':'(other)','values':[40,40,40],'total':40},"
        "{'series':2,'label':'A','group':'g0000','values':[3,4,5],'total':4},"
        "{'series':2,'label':'A','group':'g0001','values':[15,13,14],'total':14},"
        "{'series':2,'label':'A','group':'(other)','values':[759,760,758],'total':759}]");
    fake_free(fake);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_measure_over_days_and_in_total),
        cmocka_unit_test(matching_names_star_and_the_seven),
        cmocka_unit_test(groups_are_ranked_by_the_first_series_and_the_rest_is_other),
        cmocka_unit_test(names_of_groups_are_written_one_way),
        cmocka_unit_test(groups_by_instants_and_ids_are_told_apart),
        cmocka_unit_test(bins_stand_in_order_and_empty_ones_are_left_out),
        cmocka_unit_test(the_range_before_has_the_same_groups),
        cmocka_unit_test(formulas_and_rolling_means),
        cmocka_unit_test(rolling_means_of_whole_numbers_are_of_their_exact_sum),
        cmocka_unit_test(zones_cut_days_and_label_hours),
        cmocka_unit_test(sums_are_exact_and_percentiles_keep_64_bits),
        cmocka_unit_test(mixed_currencies_earn_a_warning),
        cmocka_unit_test(many_groups_give_the_same_as_few),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
