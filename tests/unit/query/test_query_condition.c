/* clang-format off */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include "query_fake.h"

/* Six events, numbered by the property n. */
static const char lines[] =
    "{'c':'ann','e':'Buy','t':'2026-05-01T10:00:00Z','p':{'n':1,'price':5,'name':'Late "
    "Delivery','ok':true}}\n"
    "{'c':'ann','e':'Buy','t':'2026-05-02T10:00:00Z','p':{'n':2,'price':5.5,'name':'late','ok':"
    "false,'tags':['a','b']}}\n"
    "{'c':'bob','e':'Buy','t':'2026-05-03T10:00:00Z','p':{'n':3,'price':'5','when':'2026-05-01T02:"
    "00:00+02:00','tags':['b','c']}}\n"
    "{'c':'bob','e':'Buy','t':'2026-05-04T10:00:00Z','p':{'n':4,'price':9007199254740993,'name':'',"
    "'mixed':[1,'x',true]}}\n"
    "{'c':'bob','e':'Buy','t':'2026-05-05T10:00:00Z','channel':'web','source':'shop','text':'"
    "Gr\xc3\x96\xc3\x9f"
    "e','score':9,'scale':'nps','p':{'n':5,'channel':'mine','customer.x':7}}\n"
    "{'c':'cid','e':'Buy','t':'2026-05-06T10:00:00Z','p':{'n':6,'price':-1e300,'big':"
    "18446744073709551615}}\n"
    "{'c':'cid','e':'identify','t':'2026-05-07T10:00:00Z','p':{'n':7}}\n"
    "{'c':'ann','traits':{'plan':'pro','age':40,'tags':['x','y'],'id':'trait id'}}\n"
    "{'c':'bob','traits':{'plan':'free'},'known':false}\n";

/* The numbers n of the events for which the conditions hold. */
static void holds_for(struct fake *fake, const char *where, const char *numbers)
{
    CLEANUP(base_buf_done) struct base_buf question = {0};
    CLEANUP(base_buf_done) struct base_buf one = {0};
    base_buf_printf(&question,
                    "{'kind':'trend','series':[{'event':'Buy','where':%s}],"
                    "'interval':'quarter','range':{'from':'2026-05-01','to':'2026-05-31'},"
                    "'breakdown':'n','limit':20}%c",
                    where, 0);
    struct str answer = fake_ask(fake, question.data);
    for (int n = 1; n <= 7; n++) {
        base_buf_reset(&one);
        base_buf_printf(&one, "\"group\":\"%d\"%c", n, 0);
        bool is_there = str_find(answer, str_from_c(one.data)) < answer.len;
        bool should = strchr(numbers, '0' + n) != NULL;
        if (is_there != should) {
            fail_msg("%s: event %d %s", where, n, is_there ? "holds" : "does not hold");
        }
    }
}

struct condition {
    const char *where, *numbers;
};

static void check(const struct condition *cases, size_t count)
{
    struct fake *fake = fake_new(lines);
    for (size_t i = 0; i < count; i++) {
        holds_for(fake, cases[i].where, cases[i].numbers);
    }
    fake_free(fake);
}

static void comparing_never_converts(void **state)
{
    (void)state;
    static const struct condition cases[] = {
        {"[]", "123456"},
        {"[['price','=',5]]", "1"},
        {"[['price','=',5.0]]", "1"},
        {"[['price','=','5']]", "3"},
        {"[['price','!=',5]]", "23456"},
        {"[['price','>',5]]", "24"},
        {"[['price','>=',5]]", "124"},
        {"[['price','<',5.5]]", "16"},
        {"[['price','<=',5.5]]", "126"},
        {"[['price','>','4']]", "3"},
        {"[['price','=',9007199254740992]]", ""},
        {"[['price','=',9007199254740993]]", "4"},
        {"[['price','>',9007199254740992.0]]", "4"},
        {"[['big','=',18446744073709551615]]", "6"},
        {"[['big','>',18446744073709551614]]", "6"},
        {"[['ok','=',true]]", "1"},
        {"[['ok','!=',true]]", "23456"},
        {"[['ok','=',1]]", ""},
        {"[['ok','>',false]]", "1"},
        {"[['name','=','']]", "4"},
        {"[['n','>',1],['n','<',4]]", "23"},
    };
    check(cases, ARRAY_LEN(cases));
}

static void missing_fails_all_but_the_negations(void **state)
{
    (void)state;
    static const struct condition cases[] = {
        {"[['name','set']]", "124"},        {"[['name','not set']]", "356"},
        {"[['nothing','set']]", ""},        {"[['nothing','not set']]", "123456"},
        {"[['nothing','=',1]]", ""},        {"[['nothing','!=',1]]", "123456"},
        {"[['nothing','in',[1]]]", ""},     {"[['nothing','not in',[1]]]", "123456"},
        {"[['nothing','>',1]]", ""},        {"[['nothing','contains','']]", ""},
        {"[['theme','=','delivery']]", ""}, {"[['sentiment','not set']]", "123456"},
    };
    check(cases, ARRAY_LEN(cases));
}

static void lists_and_several_values(void **state)
{
    (void)state;
    static const struct condition cases[] = {
        {"[['n','in',[1,3,5]]]", "135"},
        {"[['n','not in',[1,3,5]]]", "246"},
        {"[['n','in',[]]]", ""},
        {"[['n','not in',[]]]", "123456"},
        {"[['n','in',['1',2.0,true]]]", "2"},
        {"[['n','in',[10,11,12,13,14,15,2,6]]]", "26"},
        {"[['tags','=','b']]", "23"},
        {"[['tags','!=','b']]", "1456"},
        {"[['tags','=','a'],['tags','=','b']]", "2"},
        {"[['tags','not in',['a']]]", "13456"},
        {"[['mixed','=',1]]", "4"},
        {"[['mixed','=','x']]", "4"},
        {"[['mixed','=',true]]", "4"},
        {"[{'any':[['n','=',1],['n','=',6]]}]", "16"},
        {"[{'any':[['n','=',1],{'any':[['n','=',6],['ok','!=',true]]}]},['n','<',6]]", "12345"},
        {"[{'any':[]}]", ""},
    };
    check(cases, ARRAY_LEN(cases));
}

static void texts_fold_start_and_match(void **state)
{
    (void)state;
    static const struct condition cases[] = {
        {"[['name','contains','LATE']]", "12"},
        {"[['name','contains','']]", "124"},
        {"[['text','contains','gr\xc3\xb6\xc3\x9f"
         "E']]",
         "5"},
        {"[['text','contains','GR\xc3\x96\xe1\xba\x9e']]", "5"},
        {"[['text','contains','gross']]", ""},
        {"[['price','contains','5']]", "3"},
        {"[['name','starts with','Late']]", "1"},
        {"[['name','starts with','late']]", "2"},
        {"[['name','matches','^[Ll]ate$']]", "2"},
        {"[['name','matches','liver']]", "1"},
        {"[['name','matches','(?i)LATE']]", "12"},
        {"[['ok','matches','true']]", ""},
        {"[['ts','starts with','2026-05-03T10:00:00.000Z']]", "3"},
        {"[['ts','contains','-05-04t']]", "4"},
    };
    check(cases, ARRAY_LEN(cases));
}

static void instants_compare_as_instants(void **state)
{
    (void)state;
    static const struct condition cases[] = {
        {"[['when','=','2026-05-01T00:00:00Z']]", "3"},
        {"[['when','in',['2026-04-30T23:00:00-01:00']]]", "3"},
        {"[['when','>','2026-05-01T01:00:00+02:00']]", "3"},
        {"[['when','<','2026-05-01T01:30:00Z']]", "3"},
        {"[['when','starts with','2026-05-01T02']]", "3"},
        {"[['ts','>=','2026-05-05T12:00:00+02:00']]", "56"},
        {"[['ts','=','2026-05-05T12:00:00+02:00']]", "5"},
        {"[['ts','!=','2026-05-05T12:00:00+02:00']]", "12346"},
        {"[['ts','in',['2026-05-05T12:00:00+02:00']]]", "5"},
        {"[['ts','<','2026-05-03']]", "12"},
        {"[['ts','>',5]]", ""},
    };
    check(cases, ARRAY_LEN(cases));
}

static void own_fields_and_properties_of_their_name(void **state)
{
    (void)state;
    static const struct condition cases[] = {
        {"[['channel','=','web']]", "5"},
        {"[['properties.channel','=','mine']]", "5"},
        {"[['channel','not set']]", "12346"},
        {"[['source','=','shop']]", "5"},
        {"[['score','>=',9]]", "5"},
        {"[['scale','=','nps']]", "5"},
        {"[['event','=','Buy']]", "123456"},
        {"[['event','in',['Sell']]]", ""},
        {"[['event','contains','buy']]", "123456"},
        {"[['event','!=','Buy']]", ""},
    };
    check(cases, ARRAY_LEN(cases));
}

static void traits_and_built_ins_of_the_customer(void **state)
{
    (void)state;
    static const struct condition cases[] = {
        {"[['customer.plan','=','pro']]", "12"},
        {"[['customer.plan','!=','pro']]", "3456"},
        {"[['customer.plan','not set']]", "6"},
        {"[['customer.age','>',39.5]]", "12"},
        {"[['customer.tags','=','y']]", "12"},
        {"[['customer.id','=','bob']]", "345"},
        {"[['customer.id','in',['ann','cid']]]", "126"},
        {"[['customer.traits.id','=','trait id']]", "12"},
        {"[['customer.known','=',false]]", "345"},
        {"[['customer.events','=',1]]", "6"},
        {"[['customer.events','>',2]]", "345"},
        {"[['customer.first_seen','=','2026-05-01T10:00:00Z']]", "12"},
        {"[['customer.last_seen','>=','2026-05-05T10:00:00Z']]", "3456"},
        {"[['customer.x','=',7]]", ""},
        {"[['properties.customer.x','=',7]]", "5"},
        {"[{'any':[['customer.plan','=','pro'],['n','=',4]]}]", "124"},
    };
    check(cases, ARRAY_LEN(cases));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(comparing_never_converts),
        cmocka_unit_test(missing_fails_all_but_the_negations),
        cmocka_unit_test(lists_and_several_values),
        cmocka_unit_test(texts_fold_start_and_match),
        cmocka_unit_test(instants_compare_as_instants),
        cmocka_unit_test(own_fields_and_properties_of_their_name),
        cmocka_unit_test(traits_and_built_ins_of_the_customer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
