/* clang-format off */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include "query_fake.h"

struct refused {
    const char *question, *pointer, *part;
};

static void check(const struct refused *cases, size_t count)
{
    struct fake *fake = fake_new("");
    fake_save(fake, "big spenders", "{'did':{'event':'Buy'}}");
    fake_save(fake, "ring a", "{'in':'ring b'}");
    fake_save(fake, "ring b", "{'all':[{'in':'ring a'}]}");
    fake_save(fake, "itself", "{'not':{'in':'itself'}}");
    fake_save(fake, "broken", "{'did':{'evnt':'Buy'}}");
    for (size_t i = 0; i < count; i++) {
        fake_expect_refused(fake, cases[i].question, cases[i].pointer, cases[i].part);
    }
    fake_free(fake);
}

static void questions_as_a_whole_are_refused_with_a_place(void **state)
{
    (void)state;
    static const struct refused cases[] = {
        {"{", "", ""},
        {"[]", "", "object"},
        {"'trend'", "", "object"},
        {"{}", "/kind", "missing"},
        {"{'kind':5}", "/kind", "string"},
        {"{'kind':'trnd'}", "/kind", "did you mean \"trend\""},
        {"{'kind':'poem'}", "/kind", "none of"},
        {"{'kind':'themes'}", "/kind", "not supported yet"},
        {"{'kind':'trend','serie':[]}", "/serie", "did you mean \"series\""},
        {"{'kind':'trend','series':[{'event':'A'}],'kind':'trend'}", "/kind", "twice"},
        {"{'kind':'verbatims','per':'account'}", "/per", "counts no customers"},
        {"{'kind':'score','metric':'nps','per':'account'}", "/per", "counts no customers"},
        {"{'kind':'trend','series':[{'event':'A'}],'per':'person'}", "/per", "account"},
        {"{'kind':'trend','series':[{'event':'A'}],'as_of':'today'}", "/as_of", "RFC 3339"},
        {"{'kind':'trend','series':[{'event':'A'}],'as_of':5}", "/as_of", "string"},
        {"{'kind':'trend','series':[{'event':'A'}],'a/b~c':5}", "/a~1b~0c", "no member"},
    };
    check(cases, ARRAY_LEN(cases));
}

#define RANGE(range) "{'kind':'trend','series':[{'event':'A'}],'range':" range "}"

static void ranges_and_intervals_are_refused_with_a_place(void **state)
{
    (void)state;
    static const struct refused cases[] = {
        {RANGE("5"), "/range", "last N"},
        {RANGE("'last days'"), "/range", "last N"},
        {RANGE("'last 0 days'"), "/range", "1 to"},
        {RANGE("'last 5 fortnights'"), "/range", "last N"},
        {RANGE("'last  5 days'"), "/range", "last N"},
        {RANGE("'last 5 days ago'"), "/range", "last N"},
        {RANGE("'last -5 days'"), "/range", "last N"},
        {RANGE("'last 99999999999999999999 days'"), "/range", "last N"},
        {RANGE("'last 999999999 days'"), "/range", "1 to"},
        {RANGE("'last 600000 days'"), "/range", "20000 intervals"},
        {RANGE("{}"), "/range/from", "missing"},
        {RANGE("{'from':'2026-05-01'}"), "/range/to", "missing"},
        {RANGE("{'to':'2026-05-01'}"), "/range/from", "missing"},
        {RANGE("{'from':'2026-05-01','to':'2026-05-02','by':1}"), "/range/by", "no member"},
        {RANGE("{'from':'2026-05-02','to':'2026-05-01'}"), "/range/to", "empty"},
        {RANGE("{'to':'2026-05-01','from':'2026-05-02'}"), "/range/to", "empty"},
        {RANGE("{'from':'2026-05-01T00:00:00Z','to':'2026-05-01T00:00:00Z'}"), "/range/to",
         "empty"},
        {RANGE("{'from':'2026-02-30','to':'2026-03-01'}"), "/range/from", "date"},
        {RANGE("{'from':'2026-05-01T00:00:00','to':'2026-06-01'}"), "/range/from", "offset"},
        {RANGE("{'from':'2026-05-01','to':20260601}"), "/range/to", "string"},
        {"{'kind':'trend','series':[{'event':'A'}],'timezone':'Europe/Olso'}", "/timezone",
         "Europe/Oslo"},
        {"{'kind':'trend','series':[{'event':'A'}],'timezone':5}", "/timezone", "string"},
        {"{'kind':'trend','series':[{'event':'A'}],'timezone':'Pacific/Apia',"
         "'range':{'from':'2011-12-30','to':'2011-12-30'}}",
         "/range/to", "empty"},
        {"{'kind':'trend','series':[{'event':'A'}],'interval':'dya'}", "/interval",
         "did you mean \"day\""},
        {"{'kind':'trend','series':[{'event':'A'}],'interval':'hour','range':'last 5 quarters',"
         "'timezone':'UTC','compare':'previous','rolling':0}",
         "/rolling", "from 1"},
    };
    check(cases, ARRAY_LEN(cases));
}

#define WHERE(where) "{'kind':'trend','series':[{'event':'A','where':" where "}]}"

static void matchers_and_conditions_are_refused_with_a_place(void **state)
{
    (void)state;
    static const struct refused cases[] = {
        {"{'kind':'trend'}", "/series", "missing"},
        {"{'kind':'trend','series':{}}", "/series", "list of series"},
        {"{'kind':'trend','series':[]}", "/series", "1 to 26"},
        {"{'kind':'trend','series':['A']}", "/series/0", "object"},
        {"{'kind':'trend','series':[{}]}", "/series/0/event", "missing"},
        {"{'kind':'trend','series':[{'event':'A'},{'evnt':'A'}]}", "/series/1/evnt",
         "did you mean \"event\""},
        {"{'kind':'trend','series':[{'event':5}]}", "/series/0/event", "string"},
        {"{'kind':'trend','series':[{'event':[]}]}", "/series/0/event", "list"},
        {"{'kind':'trend','series':[{'event':['A',null]}]}", "/series/0/event/1", "string"},
        {WHERE("5"), "/series/0/where", "list of conditions"},
        {WHERE("['price','>',5]"), "/series/0/where/0", "condition"},
        {WHERE("[[]]"), "/series/0/where/0/0", "name of a property"},
        {WHERE("[[5,'=',5]]"), "/series/0/where/0/0", "string"},
        {WHERE("[['','=',5]]"), "/series/0/where/0/0", "name"},
        {WHERE("[['price']]"), "/series/0/where/0/1", "operator"},
        {WHERE("[['price','==',5]]"), "/series/0/where/0/1", "did you mean \"=\""},
        {WHERE("[['price','contain','x']]"), "/series/0/where/0/1", "did you mean \"contains\""},
        {WHERE("[['price','>']]"), "/series/0/where/0/2", "value"},
        {WHERE("[['price','>',1,2]]"), "/series/0/where/0/3", "no more"},
        {WHERE("[['price','set',1]]"), "/series/0/where/0/2", "no value"},
        {WHERE("[['price','=',null]]"), "/series/0/where/0/2", "null"},
        {WHERE("[['price','=',[1]]]"), "/series/0/where/0/2", "array"},
        {WHERE("[['price','!=',{}]]"), "/series/0/where/0/2", "object"},
        {WHERE("[['price','in',5]]"), "/series/0/where/0/2", "list of values"},
        {WHERE("[['price','in',[5,null]]]"), "/series/0/where/0/2/1", "null"},
        {WHERE("[['price','contains',5]]"), "/series/0/where/0/2", "string"},
        {WHERE("[['price','starts with',true]]"), "/series/0/where/0/2", "string"},
        {WHERE("[['price','matches','(']]"), "/series/0/where/0/2", "RE2"},
        {WHERE("[['price','matches','((a{1,100}){1,100}){1,100}']]"), "/series/0/where/0/2", "RE2"},
        {WHERE("[['then.','=','pro']]"), "/series/0/where/0/0", "trait after \"then.\""},
        {WHERE("[['customer.','=','pro']]"), "/series/0/where/0/0", "trait"},
        {WHERE("[{'any':5}]"), "/series/0/where/0/any", "list of conditions"},
        {WHERE("[{'all':[]}]"), "/series/0/where/0/all", "no member"},
        {WHERE("[{}]"), "/series/0/where/0/any", "missing"},
        {WHERE("[{'any':[['a','=',1],['b','<>',1]]}]"), "/series/0/where/0/any/1/1", "none of"},
        {WHERE("[{'any':[{'any':[['b','=']]}]}]"), "/series/0/where/0/any/0/any/0/2", "value"},
        {"{'kind':'trend','series':[{'event':'A','measure':'cuont'}]}", "/series/0/measure",
         "did you mean \"count\""},
        {"{'kind':'trend','series':[{'event':'A','measure':'sum:'}]}", "/series/0/measure", ""},
        {"{'kind':'trend','series':[{'event':'A','measure':'sum:then.'}]}", "/series/0/measure",
         "trait"},
        {"{'kind':'trend','series':[{'event':'A','measure':5}]}", "/series/0/measure", "string"},
    };
    check(cases, ARRAY_LEN(cases));
}

#define TREND(rest) "{'kind':'trend','series':[{'event':'A'},{'event':'B'}]," rest "}"

static void trends_are_refused_with_a_place(void **state)
{
    (void)state;
    static const struct refused cases[] = {
        {TREND("'formula':'A/C'"), "/formula", "last is B"},
        {TREND("'formula':'A/'"), "/formula", "character 3"},
        {TREND("'formula':'(A'"), "/formula", ")"},
        {TREND("'formula':'A B'"), "/formula", "ended"},
        {TREND("'formula':'a'"), "/formula", "letter"},
        {TREND("'formula':''"), "/formula", "number"},
        {TREND("'formula':'1.2.3'"), "/formula", "not a number"},
        {TREND("'formula':5"), "/formula", "string"},
        {TREND("'rolling':1.5"), "/rolling", "whole"},
        {TREND("'compare':'last'"), "/compare", "previous"},
        {TREND("'limit':0"), "/limit", "1 to 1000"},
        {TREND("'limit':1001"), "/limit", "1 to 1000"},
        {TREND("'breakdown':5"), "/breakdown", "name of a property"},
        {TREND("'breakdown':'then.'"), "/breakdown", "trait"},
        {TREND("'breakdown':{'by':'price'}"), "/breakdown/bins", "missing"},
        {TREND("'breakdown':{'bins':[1]}"), "/breakdown/by", "missing"},
        {TREND("'breakdown':{'by':'price','bins':[]}"), "/breakdown/bins", "edges"},
        {TREND("'breakdown':{'by':'price','bins':[1,'2']}"), "/breakdown/bins/1", "number"},
        {TREND("'breakdown':{'by':'price','bins':[1,3,2]}"), "/breakdown/bins/2", "rise"},
        {TREND("'breakdown':{'by':'price','bins':[1,1.0]}"), "/breakdown/bins/1", "rise"},
        {TREND("'breakdown':{'by':'price','bins':[1]},'limit':5"), "/limit", "bins"},
        {TREND("'limit':5,'breakdown':{'by':'price','bins':[1]}"), "/breakdown/bins", "bins"},
        {TREND("'open':5"), "/open", "object"},
        {TREND("'open':{'serie':0}"), "/open/serie", "did you mean \"series\""},
        {TREND("'open':{'series':2}"), "/open/series", "0 to 1"},
        {TREND("'open':{'interval':'2020-01-01'}"), "/open/interval", "none of the answer's"},
        {TREND("'open':{'interval':5}"), "/open/interval", "string"},
        {TREND("'open':{'group':'x'}"), "/open/group", "no breakdown"},
        {TREND("'open':{'previous':true}"), "/open/previous", "compare"},
        {TREND("'open':{'step':1}"), "/open/step", "no member"},
        {TREND("'open':{'limit':0}"), "/open/limit", "1 to"},
        {TREND("'open':{'sort':''}"), "/open/sort", "expected"},
        {TREND("'open':{'sort':5}"), "/open/sort", "string"},
        {TREND("'open':{'cursor':'zz'}"), "/open/cursor", "no cursor"},
        {TREND("'breakdown':{'by':'p','bins':[1]},'open':{'group':'[1,2)'}"), "/open/group",
         "bins"},
    };
    check(cases, ARRAY_LEN(cases));
}

#define FUNNEL(rest)                                                                               \
    "{'kind':'funnel','steps':[{'event':'A'},{'event':'B'},{'event':'C'}]," rest "}"

static void funnels_are_refused_with_a_place(void **state)
{
    (void)state;
    static const struct refused cases[] = {
        {"{'kind':'funnel'}", "/steps", "missing"},
        {"{'kind':'funnel','window':'7d'}", "/steps", "missing"},
        {"{'kind':'funnel','steps':[{'event':'A'}]}", "/window", "missing"},
        {"{'kind':'funnel','steps':[],'window':'7d'}", "/steps", "1 to 20"},
        {"{'kind':'funnel','steps':[{'event':'A'},{'evnt':'B'}],'window':'7d'}", "/steps/1/evnt",
         "did you mean \"event\""},
        {"{'kind':'funnel','steps':[{'event':'A','optional':true}],'window':'7d'}",
         "/steps/0/optional", "first step"},
        {"{'kind':'funnel','steps':[{'event':'A'},{'event':'A','optional':1}],'window':'7d'}",
         "/steps/1/optional", "true or false"},
        {"{'kind':'funnel','steps':[{'event':'A'},{'event':'A','optional':true}],'window':'7d','"
         "order':'any'}",
         "/steps/1/optional", "any"},
        {FUNNEL("'window':'7'"), "/window", "duration"},
        {FUNNEL("'window':'-7d'"), "/window", "duration"},
        {FUNNEL("'window':7"), "/window", "string"},
        {FUNNEL("'window':'7d','order':'orderd'"), "/order", "did you mean \"ordered\""},
        {FUNNEL("'window':'7d','count':'visits'"), "/count", "entries"},
        {FUNNEL("'window':'7d','attribution':'frist'"), "/attribution", "did you mean \"first\""},
        {FUNNEL("'window':'7d','attribution':{'step':4}"), "/attribution/step", "1 to 3"},
        {FUNNEL("'window':'7d','attribution':{}"), "/attribution/step", "missing"},
        {FUNNEL("'window':'7d','exclude':{'event':'R'}"), "/exclude", "list"},
        {FUNNEL("'window':'7d','exclude':[{'event':'R','between':[1]}]"), "/exclude/0/between/1",
         "two numbers"},
        {FUNNEL("'window':'7d','exclude':[{'event':'R','between':[2,1]}]"), "/exclude/0/between/1",
         "greater"},
        {FUNNEL("'window':'7d','exclude':[{'event':'R','between':[1,4]}]"), "/exclude/0/between/1",
         "1 to 3"},
        {FUNNEL("'window':'7d','exclude':[{'event':'R','between':[1,2,3]}]"),
         "/exclude/0/between/2", "no more"},
        {FUNNEL("'window':'7d','exclude':[{'between':[1,2]}]"), "/exclude/0/event", "missing"},
        {FUNNEL("'window':'7d','interval':'day'"), "/interval", "no member"},
        {FUNNEL("'window':'7d','open':{}"), "/open/step", "missing"},
        {FUNNEL("'window':'7d','open':{'step':0}"), "/open/step", "1 to 3"},
        {FUNNEL("'window':'7d','open':{'step':1,'outcome':'dropped'}"), "/open/step", "first step"},
        {FUNNEL("'window':'7d','open':{'step':2,'outcome':'droped'}"), "/open/outcome",
         "did you mean \"dropped\""},
    };
    check(cases, ARRAY_LEN(cases));
}

#define RETENTION(rest) "{'kind':'retention','start':{'event':'A'},'return':{'event':'*'}," rest "}"

static void retention_is_refused_with_a_place(void **state)
{
    (void)state;
    static const struct refused cases[] = {
        {"{'kind':'retention','return':{'event':'A'}}", "/start", "missing"},
        {"{'kind':'retention','start':{'event':'A'}}", "/return", "missing"},
        {"{'kind':'retention','start':'A','return':{'event':'A'}}", "/start", "object"},
        {"{'kind':'retention','start':{},'return':{'event':'A'}}", "/start/event", "missing"},
        {RETENTION("'periods':0"), "/periods", "1 to"},
        {RETENTION("'periods':'12'"), "/periods", "whole"},
        {RETENTION("'periods':1000,'interval':'hour','range':'last 600 days'"), "/periods",
         "cells"},
        {RETENTION("'mode':'rolling'"), "/mode", "bounded"},
        {RETENTION("'cohort':'all'"), "/cohort", "every"},
        {RETENTION("'open':{'period':1}"), "/open/cohort", "missing"},
        {RETENTION("'open':{'cohort':'2020-01-06'}"), "/open/cohort", "none of the answer's"},
        {RETENTION("'open':{'cohort':'2026-05-11','period':12}"), "/open/period", "0 to 11"},
        {RETENTION("'open':{'cohort':'2026-05-11','period':1}"), "/open/period", "not begun"},
        {RETENTION("'open':{'cohort':'2026-05-11','outcome':'gone'}"), "/open/period", "needs"},
    };
    check(cases, ARRAY_LEN(cases));
}

#define SEGMENT(segment) "{'kind':'customers','segment':" segment "}"

static void segments_are_refused_with_a_place(void **state)
{
    (void)state;
    static const struct refused cases[] = {
        {SEGMENT("5"), "/segment", "object"},
        {SEGMENT("{}"), "/segment", "one of all"},
        {SEGMENT("{'al':[]}"), "/segment/al", "did you mean \"all\""},
        {SEGMENT("{'all':{}}"), "/segment/all", "list of predicates"},
        {SEGMENT("{'all':['x']}"), "/segment/all/0", "object"},
        {SEGMENT("{'all':[],'any':[]}"), "/segment/any", "cannot stand beside"},
        {SEGMENT("{'any':[],'all':[]}"), "/segment/all", "cannot stand beside"},
        {SEGMENT("{'not':[]}"), "/segment/not", "object"},
        {SEGMENT("{'not':{'did':{}}}"), "/segment/not/did/event", "missing"},
        {SEGMENT("{'did':{'event':'A','times':['>',1]}}"), "/segment/did/times", "no member"},
        {SEGMENT("{'did':{'event':'A'},'times':5}"), "/segment/times", "comparison"},
        {SEGMENT("{'did':{'event':'A'},'times':[]}"), "/segment/times/0", "operator"},
        {SEGMENT("{'did':{'event':'A'},'times':['>']}"), "/segment/times/1", "value"},
        {SEGMENT("{'did':{'event':'A'},'times':['in',1]}"), "/segment/times/0", "none of"},
        {SEGMENT("{'did':{'event':'A'},'times':['>',1.5]}"), "/segment/times/1", "whole"},
        {SEGMENT("{'did':{'event':'A'},'times':['>',-1]}"), "/segment/times/1", "whole"},
        {SEGMENT("{'did':{'event':'A'},'times':['>',1,2]}"), "/segment/times/2", "no more"},
        {SEGMENT("{'did':{'event':'A'},'sum':'price','times':['>','x']}"), "/segment/times/1",
         "number"},
        {SEGMENT("{'did':{'event':'A'},'sum':'price','avg':'price'}"), "/segment/avg",
         "cannot stand"},
        {SEGMENT("{'avg':'price','did':{'event':'A'},'sum':'price'}"), "/segment/sum",
         "cannot stand"},
        {SEGMENT("{'did':{'event':'A'},'within':'30'}"), "/segment/within", "duration"},
        {SEGMENT("{'trait':['plan','=','pro'],'within':'30d'}"), "/segment/within",
         "does not belong"},
        {SEGMENT("{'trait':{'any':[]}}"), "/segment/trait", "condition"},
        {SEGMENT("{'trait':['plan','=']}"), "/segment/trait/2", "value"},
        {SEGMENT("{'trait':['plan','is','pro']}"), "/segment/trait/1", "none of"},
        {SEGMENT("{'first_seen':['<',5]}"), "/segment/first_seen/1", "date"},
        {SEGMENT("{'first_seen':['<','2026-05-01T00:00:00Z']}"), "/segment/first_seen/1", "date"},
        {SEGMENT("{'first_seen':'2026-05-01'}"), "/segment/first_seen", "comparison"},
        {SEGMENT("{'sequence':[{'event':'A'}]}"), "/segment/window", "is missing"},
        {SEGMENT("{'sequence':[],'window':'1h'}"), "/segment/sequence", "1 to 20"},
        {SEGMENT("{'sequence':{'event':'A'},'window':'1h'}"), "/segment/sequence", "a list"},
        {SEGMENT("{'all':[{'sequence':[{'event':'A'},{'evnt':'B'}],'window':'1h'}]}"),
         "/segment/all/0/sequence/1/evnt", "did you mean"},
        {SEGMENT("{'sequence':[{'event':'A','optional':true}],'window':'1h'}"),
         "/segment/sequence/0/optional", "no member"},
        {SEGMENT("{'sequence':[{'event':'A'}],'window':'soon'}"), "/segment/window", "duration"},
        {SEGMENT("{'sequence':[{'event':'A'}],'window':'1h','within':5}"), "/segment/within",
         "duration"},
        {SEGMENT("{'sequence':[{'event':'A'}],'window':'1h','times':['>',1]}"), "/segment/times",
         "does not belong"},
        {SEGMENT("{'did':{'event':'A'},'window':'1h'}"), "/segment/window", "does not belong"},
        {SEGMENT("{'all':[{'said':{'theme':'x'}}]}"), "/segment/all/0/said/theme",
         "not supported yet"},
        {SEGMENT("{'said':{'sentiment':'x'}}"), "/segment/said/sentiment", "not supported yet"},
        {SEGMENT("{'said':{'text':'..'}}"), "/segment/said/text", "no word"},
        {SEGMENT("{'said':{'text':5}}"), "/segment/said/text", "words to look for"},
        {SEGMENT("{'said':{'words':'x'}}"), "/segment/said/words", "no member"},
        {SEGMENT("{'said':'late'}"), "/segment/said", "said"},
        {SEGMENT("{'said':{'where':[['a']]}}"), "/segment/said/where/0/1", "operator"},
        {SEGMENT("{'said':{},'times':['=',1]}"), "/segment/times", "does not belong"},
        {SEGMENT("{'score':'npss','is':['<=',6]}"), "/segment/score", "did you mean"},
        {SEGMENT("{'score':'nps'}"), "/segment/is", "comparison"},
        {SEGMENT("{'score':'nps','is':['<=','6']}"), "/segment/is/1", "number"},
        {SEGMENT("{'score':'nps','is':['in',[6]]}"), "/segment/is/0", ""},
        {SEGMENT("{'score':'nps','is':['=',6],'which':'last'}"), "/segment/which", "latest"},
        {SEGMENT("{'score':'nps','is':['=',6],'within':'9'}"), "/segment/within", ""},
        {SEGMENT("{'predicted':['churn','>',0.7]}"), "/segment/predicted", "not supported yet"},
        {SEGMENT("{'in':5}"), "/segment/in", "string"},
        {SEGMENT("{'in':'big spender'}"), "/segment/in", "did you mean \"big spenders\""},
        {SEGMENT("'big spender'"), "/segment", "did you mean \"big spenders\""},
        {SEGMENT("{'all':[{'in':'big spenders'},{'in':'nobody at all'}]}"), "/segment/all/1/in",
         "no saved segment"},
        {SEGMENT("{'in':'ring a'}"), "/segment/in", "contain itself"},
        {SEGMENT("'itself'"), "/segment", "contain itself"},
        {SEGMENT("{'not':{'in':'broken'}}"), "/segment/not/in", "in the saved segment \"broken\""},
        {SEGMENT(
             "{'not':{'not':{'not':{'not':{'not':{'not':{'not':{'not':{'not':{'not':{'not':{'not':"
             "{'not':{'not':{'not':{'not':{'all':[]}}}}}}}}}}}}}}}}}"),
         "/segment/not/not/not/not/not/not/not/not/not/not/not/not/not/not/not/not", "16 deep"},
    };
    check(cases, ARRAY_LEN(cases));
}

static void lists_are_refused_with_a_place(void **state)
{
    (void)state;
    static const struct refused cases[] = {
        {"{'kind':'customers','limit':5000}", "/limit", "1 to 1000"},
        {"{'kind':'customers','sort':'-'}", "/sort", "expected"},
        {"{'kind':'customers','cursor':5}", "/cursor", "string"},
        {"{'kind':'customers','cursor':'0011'}", "/cursor", "no cursor"},
        {"{'kind':'customers','search':5}", "/search", "string"},
        {"{'kind':'customers','breakdown':'x'}", "/breakdown", "is for"},
        {"{'kind':'customers','open':{}}", "/open", "open"},
        {"{'kind':'customers','serch':'x'}", "/serch", "did you mean \"search\""},
    };
    check(cases, ARRAY_LEN(cases));
}

static void too_many_conditions_matchers_and_bytes_are_refused(void **state)
{
    (void)state;
    struct fake *fake = fake_new("");
    CLEANUP(base_buf_done) struct base_buf text = {0};
    base_buf_c(&text, "{'kind':'trend','series':[{'event':'A','where':[");
    for (int i = 0; i < 501; i++) {
        base_buf_printf(&text, "%s['a','=',%d]", i == 0 ? "" : ",", i);
    }
    base_buf_c(&text, "]}]}");
    base_buf_byte(&text, '\0');
    fake_expect_refused(fake, text.data, "/series/0/where", "500 conditions");

    base_buf_reset(&text);
    base_buf_c(&text, "{'kind':'customers','segment':{'any':[");
    for (int i = 0; i < 65; i++) {
        base_buf_printf(&text, "%s{'did':{'event':'e%d'}}", i == 0 ? "" : ",", i);
    }
    base_buf_c(&text, "]}}");
    base_buf_byte(&text, '\0');
    fake_expect_refused(fake, text.data, "/segment/any/64/did", "64 matchers");

    CLEANUP(arena_free_at) struct arena *arena = arena_new(NULL);
    struct query_plan *plan;
    struct fail fail;
    base_buf_reset(&text);
    char *room = base_buf_room(&text, QUERY_BYTES_MAX + 1);
    memset(room, ' ', QUERY_BYTES_MAX + 1);
    assert_false(query_parse(&fake->env, str_of(room, QUERY_BYTES_MAX + 1), arena, &plan, &fail));
    assert_int_equal(fail.code, FAIL_LIMIT);
    fake_free(fake);
}

static void a_plan_tells_its_kind_and_instant(void **state)
{
    (void)state;
    struct fake *fake = fake_new("");
    CLEANUP(arena_free_at) struct arena *arena = arena_new(NULL);
    struct query_plan *plan;
    struct fail fail;
    assert_true(query_parse(&fake->env, STR("{\"kind\":\"customers\"}"), arena, &plan, &fail));
    assert_string_equal(query_plan_kind(plan), "customers");
    assert_true(query_plan_as_of_ms(plan) == fake->env.now_ms);
    assert_false(query_plan_has_as_of(plan));
    assert_false(query_plan_is_open(plan));
    const char *opened = "{'kind':'trend','series':[{'event':'A'}],'open':{},"
                         "'as_of':'2026-05-01T00:00:00.250+02:00'}";
    assert_true(
        query_parse(&fake->env, str_from_c(fake_quotes(arena, opened)), arena, &plan, &fail));
    assert_true(query_plan_as_of_ms(plan) == INT64_C(1777586400250));
    assert_true(query_plan_has_as_of(plan));
    assert_true(query_plan_is_open(plan));
    fake_free(fake);
}

static void a_segment_is_checked_by_itself(void **state)
{
    (void)state;
    struct fake *fake = fake_new("");
    struct fail fail;
    CLEANUP(arena_free_at) struct arena *arena = arena_new(NULL);
    fake_save(fake, "vip", "{'did':{'event':'Buy'}}");
    fake_save(fake, "loop", "{'in':'mine'}");
    struct str good = str_from_c(fake_quotes(arena, "{'all':[{'in':'vip'}]}"));
    struct str cycle = str_from_c(fake_quotes(arena, "{'all':[{'in':'vip'},{'in':'loop'}]}"));
    struct str bad = str_from_c(fake_quotes(arena, "{'al':[]}"));
    assert_true(query_check_segment(&fake->env, good, STR("mine"), &fail));
    assert_false(query_check_segment(&fake->env, cycle, STR("mine"), &fail));
    assert_string_equal(fail.pointer, "/all/1/in");
    assert_true(query_check_segment(&fake->env, good, (struct str){NULL, 0}, &fail));
    assert_false(query_check_segment(&fake->env, bad, STR("mine"), &fail));
    assert_string_equal(fail.pointer, "/al");
    assert_false(query_check_segment(&fake->env, STR("nonsense"), STR("mine"), &fail));
    assert_int_equal(fail.code, FAIL_INPUT);
    fake_free(fake);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(questions_as_a_whole_are_refused_with_a_place),
        cmocka_unit_test(ranges_and_intervals_are_refused_with_a_place),
        cmocka_unit_test(matchers_and_conditions_are_refused_with_a_place),
        cmocka_unit_test(trends_are_refused_with_a_place),
        cmocka_unit_test(funnels_are_refused_with_a_place),
        cmocka_unit_test(retention_is_refused_with_a_place),
        cmocka_unit_test(segments_are_refused_with_a_place),
        cmocka_unit_test(lists_are_refused_with_a_place),
        cmocka_unit_test(too_many_conditions_matchers_and_bytes_are_refused),
        cmocka_unit_test(a_plan_tells_its_kind_and_instant),
        cmocka_unit_test(a_segment_is_checked_by_itself),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
