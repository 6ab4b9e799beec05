/* clang-format off */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include "query_fake.h"

/* Now is 2026-05-15T12:00:00Z. */
static const char lines[] =
    "{'c':'ann','e':'Buy','t':'2026-05-01T12:00:00Z','p':{'price':50}}\n"
    "{'c':'ann','e':'Buy','t':'2026-05-10T12:00:00Z','p':{'price':[150,20,'x']}}\n"
    "{'c':'ann','e':'Buy','t':'2026-05-15T12:00:00Z','p':{'price':200}}\n"
    "{'c':'ann','e':'Buy','t':'2026-05-15T12:00:00.001Z','p':{'price':1000}}\n"
    "{'c':'ann','traits':{'plan':'pro','known':'as trait'}}\n"
    "{'c':'bob','e':'Look','t':'2026-01-01T00:30:00+01:00'}\n"
    "{'c':'bob','e':'Buy','t':'2026-05-08T11:59:59.999Z','p':{'price':0.5}}\n"
    "{'c':'bob','traits':{'plan':'free'}}\n"
    "{'c':'cid','e':'identify','t':'2026-05-01T00:00:00Z'}\n"
    "{'c':'dee','e':'Look','t':'2026-06-01T00:00:00Z'}\n"
    "{'c':'dee','traits':{'plan':'pro'},'known':false}\n";

/* Asked about one customer alone: as in the list of all. */
static void is_decided_for(struct fake *fake, const char *segment, struct str got)
{
    struct query_plan *plan;
    struct query_run run = {.snapshot = fake->snapshot, .memory_bytes = fake->memory_bytes};
    struct str text = str_from_c(fake_quotes(fake->arena, segment));
    struct fail fail;
    assert_true(query_segment_plan(&fake->env, text, fake->arena, &plan, &fail));
    for (uint32_t c = 0; c < 4; c++) {
        struct str id = store_customer_id(fake->snapshot, c, fake->arena);
        bool in = false;
        assert_true(query_decide(fake->backend, plan, &run, c, &in, &fail));
        if (in != (str_find(got, id) < got.len)) {
            fail_msg("%s: decided %d for %.*s", segment, in, STR_ARG(id));
        }
    }
}

static void is_for(struct fake *fake, const char *segment, const char *ids)
{
    CLEANUP(base_buf_done) struct base_buf question = {0};
    base_buf_printf(&question, "{'kind':'customers','sort':'id','segment':%s}%c", segment, 0);
    struct str answer = fake_ask(fake, question.data);
    static const char *const all[] = {"ann", "bob", "cid", "dee"};
    CLEANUP(base_buf_done) struct base_buf got = {0};
    for (size_t i = 0; i < ARRAY_LEN(all); i++) {
        struct str id = str_format(fake->arena, "{\"id\":\"%s\"", all[i]);
        if (str_find(answer, id) < answer.len) {
            base_buf_printf(&got, "%s%s", got.len == 0 ? "" : " ", all[i]);
        }
    }
    base_buf_byte(&got, '\0');
    if (strcmp(got.data, ids) != 0) {
        fail_msg("%s: \"%s\", expected \"%s\"", segment, got.data, ids);
    }
    is_decided_for(fake, segment, str_from_c(ids));
}

struct case_of {
    const char *segment, *ids;
};

static void check(const struct case_of *cases, size_t count)
{
    struct fake *fake = fake_new(lines);
    fake_save(fake, "buyers", "{'did':{'event':'Buy'}}");
    fake_save(fake, "pro buyers", "{'all':[{'in':'buyers'},{'trait':['plan','=','pro']}]}");
    for (size_t i = 0; i < count; i++) {
        is_for(fake, cases[i].segment, cases[i].ids);
    }
    fake_free(fake);
}

static void what_a_customer_did_how_often_and_since_when(void **state)
{
    (void)state;
    static const struct case_of cases[] = {
        {"{'did':{'event':'Buy'}}", "ann bob"},
        {"{'did':{'event':'*'}}", "ann bob"},
        {"{'did':{'event':'identify'}}", "cid"},
        {"{'did':{'event':'Look'}}", "bob"},
        {"{'did':{'event':'Buy'},'times':['>=',3]}", "ann"},
        {"{'did':{'event':'Buy'},'times':['=',3]}", "ann"},
        {"{'did':{'event':'Buy'},'times':['=',4]}", ""},
        {"{'did':{'event':'Buy'},'times':['!=',1]}", "ann cid dee"},
        /* More than the number asked for. */
        {"{'did':{'event':'Buy'},'times':['>=',2]}", "ann"},
        {"{'did':{'event':'Buy'},'times':['>',1]}", "ann"},
        {"{'did':{'event':'Buy'},'times':['=',2]}", ""},
        {"{'did':{'event':'Buy'},'times':['!=',2]}", "ann bob cid dee"},
        {"{'did':{'event':'Buy'},'times':['<',2]}", "bob cid dee"},
        {"{'did':{'event':'Buy'},'times':['<=',1]}", "bob cid dee"},
        {"{'did':{'event':'Buy'},'times':['=',0]}", "cid dee"},
        {"{'did':{'event':'Buy'},'times':['<',1]}", "cid dee"},
        {"{'did':{'event':'Buy'},'times':['>=',0]}", "ann bob cid dee"},
        {"{'did':{'event':'Buy','where':[['price','>',100]]}}", "ann"},
        {"{'did':{'event':'Buy','where':[['price','>',500]]}}", ""},
        {"{'did':{'event':'Buy'},'within':'7d'}", "ann"},
        {"{'did':{'event':'Buy'},'within':'8d'}", "ann bob"},
        {"{'did':{'event':'Buy'},'within':'5d','times':['=',2]}", "ann"},
        {"{'did':{'event':'Buy'},'within':'0d'}", "ann"},
        {"{'did':{'event':'Never'}}", ""},
        {"{'not':{'did':{'event':'Never'}}}", "ann bob cid dee"},
    };
    check(cases, ARRAY_LEN(cases));
}

static void aggregates_of_what_a_customer_did(void **state)
{
    (void)state;
    static const struct case_of cases[] = {
        {"{'did':{'event':'Buy'},'sum':'price','times':['=',420]}", "ann"},
        {"{'did':{'event':'Buy'},'sum':'price','times':['<',1]}", "bob cid dee"},
        {"{'did':{'event':'Buy'},'sum':'price','times':['=',0]}", "cid dee"},
        {"{'did':{'event':'Buy'},'sum':'price'}", "ann"},
        {"{'did':{'event':'Buy'},'avg':'price','times':['=',105]}", "ann"},
        {"{'did':{'event':'Buy'},'avg':'price','times':['>=',0]}", "ann bob"},
        {"{'did':{'event':'Buy'},'min':'price','times':['=',20]}", "ann"},
        {"{'did':{'event':'Buy'},'max':'price','times':['<=',200.0]}", "ann bob"},
        {"{'did':{'event':'Look'},'max':'price','times':['!=',7]}", ""},
        {"{'not':{'did':{'event':'Look'},'max':'price','times':['!=',7]}}", "ann bob cid dee"},
        {"{'did':{'event':'Buy'},'within':'5d','sum':'price','times':['=',370]}", "ann"},
    };
    check(cases, ARRAY_LEN(cases));
}

static void traits_first_seen_and_combinations(void **state)
{
    (void)state;
    static const struct case_of cases[] = {
        {"{'trait':['plan','=','pro']}", "ann dee"},
        {"{'trait':['plan','!=','pro']}", "bob cid"},
        {"{'trait':['plan','not set']}", "cid"},
        {"{'trait':['known','=',false]}", "dee"},
        {"{'trait':['traits.known','=','as trait']}", "ann"},
        {"{'trait':['id','in',['bob','dee']]}", "bob dee"},
        {"{'trait':['events','>=',2]}", "ann bob"},
        {"{'trait':['last_seen','>','2026-05-15T12:00:00Z']}", "ann dee"},
        {"{'trait':['first_seen','not set']}", "cid"},
        {"{'first_seen':['<','2026-01-01']}", "bob"}, /* 2025-12-31T23:30Z */
        {"{'first_seen':['=','2026-05-01']}", "ann"},
        {"{'first_seen':['!=','2020-01-01']}", "ann bob"}, /* cid has none, dee only after now */
        {"{'not':{'first_seen':['!=','2020-01-01']}}", "cid dee"},
        {"{'all':[]}", "ann bob cid dee"},
        {"{'any':[]}", ""},
        {"{'all':[{'trait':['plan','=','pro']},{'did':{'event':'Buy'}}]}", "ann"},
        {"{'any':[{'trait':['plan','=','pro']},{'did':{'event':'Buy'}}]}", "ann bob dee"},
        {"{'in':'buyers'}", "ann bob"},
        {"'pro buyers'", "ann"},
        {"{'not':{'in':'pro buyers'}}", "bob cid dee"},
    };
    check(cases, ARRAY_LEN(cases));
}

static void first_seen_is_a_date_of_the_zone(void **state)
{
    (void)state;
    struct fake *fake = fake_new(lines);
    fake_expect_part(
        fake,
        "{'kind':'customers','timezone':'Europe/Oslo','segment':{'first_seen':['<','2026-01-01']}}",
        "'total':0");
    fake_free(fake);
}

static void a_segment_counts_whoever_it_is_over_all_their_time(void **state)
{
    (void)state;
    struct fake *fake = fake_new(lines);
    /* the range is one day; the segment looks at everything up to now */
    fake_expect_part(fake,
                     "{'kind':'trend','series':[{'event':'Buy'}],'interval':'month',"
                     "'range':{'from':'2026-05-08','to':'2026-05-08'},"
                     "'segment':{'did':{'event':'Look'},'within':'365d'}}",
                     "'values':[1],'total':1}");
    fake_expect_part(fake,
                     "{'kind':'trend','series':[{'event':'Buy'}],'interval':'month',"
                     "'range':{'from':'2026-05-08','to':'2026-05-15'},"
                     "'segment':{'not':{'did':{'event':'Look'}}}}",
                     "'values':[3],'total':3}");
    /* at an earlier now, less had happened */
    fake_expect_part(
        fake,
        "{'kind':'customers','as_of':'2026-05-09T00:00:00Z','segment':{'did':{'event':'Buy'},"
        "'times':['=',1]}}",
        "'total':2");
    fake_expect_part(
        fake,
        "{'kind':'funnel','steps':[{'event':'Buy'}],'window':'1d','range':'last 30 days',"
        "'segment':{'trait':['plan','=','free']}}",
        "'count':1");
    fake_expect_part(fake, "{'kind':'customers','segment':{'did':{'event':'Nevr'}}}",
                     "'warnings':['event \\\"Nevr\\\" was never seen']");
    fake_expect_part(fake, "{'kind':'customers','segment':{'trait':['paln','=','pro']}}",
                     "'warnings':['trait \\\"paln\\\" was never seen']");
    fake_free(fake);
}

static void who_cannot_be_in_it_without_an_event_is_not_looked_at_without_one(void **state)
{
    (void)state;
    static const struct {
        const char *segment, *looked_at;
    } cases[] = {
        {"{'did':{'event':'Buy'}}", "'events_scanned':4,'customers':2"},
        {"{'did':{'event':'Buy'},'times':['>=',0]}", "'events_scanned':4,'customers':4"},
        {"{'did':{'event':'Buy'},'times':['!=',2]}", "'events_scanned':4,'customers':4"},
        {"{'not':{'did':{'event':'Buy'}}}", "'events_scanned':4,'customers':4"},
        {"{'all':[{'did':{'event':'Buy'}},{'not':{'did':{'event':'Look'}}}]}",
         "'events_scanned':5,'customers':2"},
        {"{'any':[{'did':{'event':'Buy'}},{'did':{'event':'identify'}}]}",
         "'events_scanned':5,'customers':3"},
        {"{'any':[{'did':{'event':'Buy'}},{'trait':['plan','=','pro']}]}",
         "'events_scanned':4,'customers':4"},
        {"{'sequence':[{'event':'Look'},{'event':'Buy'}],'window':'30d'}",
         "'events_scanned':5,'customers':2"},
    };
    struct fake *fake = fake_new(lines);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct str question =
            str_format(fake->arena, "{'kind':'customers','segment':%s}", cases[i].segment);
        fake_expect_part(fake, str_copy_c(fake->arena, question), cases[i].looked_at);
    }
    fake_free(fake);
}

/* Now is 2026-05-15T12:00:00Z. */
static const char words[] =
    "{'c':'ann','e':'feedback','t':'2026-05-01T12:00:00Z','text':'Late delivery, twice',"
    "'score':3,'scale':'nps','p':{'kind':'survey'}}\n"
    "{'c':'ann','e':'feedback','t':'2026-05-10T12:00:00Z','text':'Better now','score':9,"
    "'scale':'nps','channel':'web'}\n"
    "{'c':'ann','e':'feedback','t':'2026-05-15T12:00:00.001Z','text':'the future','score':0,"
    "'scale':'nps'}\n"
    "{'c':'bob','e':'review','t':'2026-05-14T12:00:00Z','text':'Delivery was late','score':2,"
    "'scale':'stars'}\n"
    "{'c':'bob','e':'feedback','t':'2026-05-14T13:00:00Z','score':6,'scale':'nps'}\n"
    "{'c':'cid','e':'contacted','t':'2026-05-14T12:00:00Z','text':'late delivery?','score':1,"
    "'scale':'nps'}\n"
    "{'c':'dee','e':'feedback','t':'2026-05-14T12:00:00Z','text':''}\n";

static void check_words(const struct case_of *cases, size_t count)
{
    struct fake *fake = fake_new(words);
    fake_save(fake, "late", "{'said':{'text':'late deliv'}}");
    for (size_t i = 0; i < count; i++) {
        is_for(fake, cases[i].segment, cases[i].ids);
    }
    fake_free(fake);
}

static void what_a_customer_said(void **state)
{
    (void)state;
    static const struct case_of cases[] = {
        {"{'said':{}}", "ann bob"},
        {"{'said':{'text':'late deliv'}}", "ann bob"},
        {"{'in':'late'}", "ann bob"},
        {"{'not':{'in':'late'}}", "cid dee"},
        {"{'said':{'text':'\\\"late delivery\\\"'}}", "ann"},
        {"{'said':{'text':'late -twice'}}", "bob"},
        {"{'said':{'text':'-late'}}", "ann"},
        {"{'said':{'text':'late'},'within':'7d'}", "bob"},
        {"{'said':{'text':'future'}}", ""},
        {"{'said':{'text':'better late'}}", ""},
        {"{'said':{'where':[['kind','=','survey']]}}", "ann"},
        {"{'said':{'text':'late','where':[['event','=','review']]}}", "bob"},
        {"{'said':{'text':'late','where':[['channel','set']]}}", ""},
    };
    check_words(cases, ARRAY_LEN(cases));
}

static void how_a_customer_scored(void **state)
{
    (void)state;
    static const struct case_of cases[] = {
        {"{'score':'nps','is':['<=',6]}", "bob"},
        {"{'score':'nps','is':['<=',6],'which':'first'}", "ann bob"},
        {"{'score':'nps','is':['<=',6],'which':'any'}", "ann bob"},
        {"{'score':'nps','is':['<=',6],'which':'any','within':'7d'}", "bob"},
        {"{'score':'nps','is':['>',8],'which':'latest'}", "ann"},
        {"{'score':'nps','is':['!=',6]}", "ann"},
        {"{'score':'nps','is':['=',9.0]}", "ann"},
        {"{'not':{'score':'nps','is':['>=',0]}}", "cid dee"},
        {"{'score':'stars','is':['<',3]}", "bob"},
        {"{'score':'csat','is':['<',3]}", ""},
        {"{'score':'nps','is':['=',0],'which':'any'}", ""},
    };
    check_words(cases, ARRAY_LEN(cases));
}

/* Now is 2026-05-15T12:00:00Z. */
static const char steps[] = "{'c':'ann','e':'A','t':'2026-05-10T10:00:00Z'}\n"
                            "{'c':'ann','e':'A','t':'2026-05-10T10:30:00Z'}\n"
                            "{'c':'ann','e':'X','t':'2026-05-10T10:35:00Z'}\n"
                            "{'c':'ann','e':'B','t':'2026-05-10T10:40:00Z'}\n"
                            "{'c':'ann','e':'C','t':'2026-05-10T11:30:00Z','p':{'price':5}}\n"
                            "{'c':'bob','e':'B','t':'2026-05-10T10:00:00Z'}\n"
                            "{'c':'bob','e':'A','t':'2026-05-10T10:00:00Z'}\n"
                            "{'c':'cid','e':'A','t':'2026-05-10T10:00:00Z'}\n"
                            "{'c':'cid','e':'B','t':'2026-05-10T10:00:00Z'}\n"
                            "{'c':'cid','e':'C','t':'2026-05-15T12:00:00.001Z'}\n"
                            "{'c':'dee','e':'A','t':'2026-05-10T10:00:00Z'}\n"
                            "{'c':'dee','e':'contacted','t':'2026-05-10T10:01:00Z'}\n";

#define A "{'event':'A'}"
#define B "{'event':'B'}"
#define C "{'event':'C'}"

static void what_a_customer_did_in_order(void **state)
{
    (void)state;
    static const struct case_of cases[] = {
        {"{'sequence':[" A "],'window':'0s'}", "ann bob cid dee"},
        {"{'sequence':[" A "," B "],'window':'1h'}", "ann cid"},
        /* The window begins with the later A too, and includes its end. */
        {"{'sequence':[" A "," B "],'window':'10m'}", "ann cid"},
        {"{'sequence':[" A "," B "],'window':'599s'}", "cid"},
        {"{'sequence':[" A "," B "," C "],'window':'1h'}", "ann"},
        {"{'sequence':[" A "," B "," C "],'window':'3599s'}", ""},
        {"{'sequence':[" B "," A "],'window':'1h'}", "bob"},
        /* One event is one step. */
        {"{'sequence':[" A "," A "],'window':'30m'}", "ann"},
        {"{'sequence':[" A "," A "," A "],'window':'1d'}", ""},
        {"{'sequence':[{'event':'*'},{'event':'*'}],'window':'0s'}", "bob cid"},
        /* Nothing after now; all of it within. */
        {"{'sequence':[" B "," C "],'window':'30d'}", "ann"},
        {"{'sequence':[" A "," C "],'window':'30d','within':'122h'}", "ann"},
        {"{'sequence':[" A "," C "],'window':'30d','within':'121h'}", ""},
        /* The seven where they are named. */
        {"{'sequence':[" A ",{'event':'contacted'}],'window':'1m'}", "dee"},
        {"{'sequence':[" A ",{'event':'*'}],'window':'1m'}", "cid"},
        {"{'sequence':[{'event':['A','B']},{'event':'C','where':[['price','>',4]]}],'window':'1h'}",
         "ann"},
        {"{'all':[{'sequence':[" A "," B "],'window':'1h'},{'not':{'sequence':[" B "," C
         "],'window':'50m'}}]}",
         "cid"},
    };
    struct fake *fake = fake_new(steps);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        is_for(fake, cases[i].segment, cases[i].ids);
    }
    fake_free(fake);
}

/* A question's own matchers stand before those of its segment, up to the last there is room for. */
static void a_sequence_may_take_the_last_matchers_of_a_question(void **state)
{
    (void)state;
    struct fake *fake = fake_new(steps);
    CLEANUP(base_buf_done) struct base_buf segment = {0};
    base_buf_c(&segment, "{'all':[");
    for (int i = 0; i < 62; i++) {
        base_buf_c(&segment, "{'did':" A "},");
    }
    base_buf_c(&segment, "{'sequence':[" A "," B "],'window':'1h'}]}");
    base_buf_byte(&segment, '\0');
    is_for(fake, segment.data, "ann cid");
    fake_free(fake);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_a_customer_did_how_often_and_since_when),
        cmocka_unit_test(aggregates_of_what_a_customer_did),
        cmocka_unit_test(traits_first_seen_and_combinations),
        cmocka_unit_test(first_seen_is_a_date_of_the_zone),
        cmocka_unit_test(a_segment_counts_whoever_it_is_over_all_their_time),
        cmocka_unit_test(who_cannot_be_in_it_without_an_event_is_not_looked_at_without_one),
        cmocka_unit_test(what_a_customer_said),
        cmocka_unit_test(how_a_customer_scored),
        cmocka_unit_test(what_a_customer_did_in_order),
        cmocka_unit_test(a_sequence_may_take_the_last_matchers_of_a_question),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
