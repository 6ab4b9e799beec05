/* clang-format off */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include <math.h>

#include "query_fake.h"

/* Now is 2026-05-15T12:00:00Z. Two days: six answers on the 1st, three on the 2nd. */
#define ASKED(c, day, response, channel)                                                           \
    "{'c':'" c "','e':'contacted','t':'2026-05-" day "T08:00:00Z','channel':'" channel "','p':"    \
    "{'purpose':'survey','outcome':'allowed','metrics':['nps','csat'],'response':'" response       \
    "'}}\n"
#define SHOWN(c, day, response)                                                                    \
    "{'c':'" c "','e':'survey shown','t':'2026-05-" day "T08:30:00Z','p':{'metrics':'nps',"        \
    "'response':'" response "'}}\n"
#define ANSWER(c, day, response, score, finished)                                                  \
    "{'c':'" c "','e':'feedback','t':'2026-05-" day "T09:00:00Z','score':" score                   \
    ",'scale':'nps','channel':'survey','p':{'kind':'survey','metrics':['nps'],'response':"         \
    "'" response "','finished':" finished "}}\n"
#define REVIEW(c, day, score)                                                                      \
    "{'c':'" c "','e':'review','t':'2026-05-" day "T09:00:00Z','score':" score                     \
    ",'scale':'nps','channel':'review'}\n"

static const char lines[] = ASKED("ann", "01", "r1", "email") SHOWN("ann", "01", "r1")
    ANSWER("ann", "01", "r1", "10", "true") ASKED("bob", "01", "r2", "email")
        ANSWER("bob", "03", "r2", "9", "false") ASKED("cid", "01", "r3", "app")
            SHOWN("cid", "01",
                  "r3") "{'c':'cid','e':'contacted','t':'2026-05-01T08:00:00Z','p':{'purpose':'"
                        "survey','outcome':"
                        "'skipped','metrics':['nps'],'response':'r9'}}\n"
                        "{'c':'cid','e':'contacted','t':'2026-05-01T08:00:00Z','p':{'purpose':'"
                        "message','outcome':"
                        "'allowed','metrics':['nps']}}\n"
                        /* A second score of the same response, and another scale. */
                        "{'c':'ann','e':'feedback','t':'2026-05-01T09:00:00Z','score':5,'scale':'"
                        "csat','p':{'kind':"
                        "'survey','metrics':['csat'],'response':'r1','question':'q2'}}\n" REVIEW(
                            "dee", "01", "8") REVIEW("dee", "01", "6") REVIEW("eve", "01", "7")
                            REVIEW("eve", "01", "0") REVIEW("eve", "02", "10")
                                REVIEW("fay", "02", "9");

#define RANGE "'range':{'from':'2026-05-01','to':'2026-05-02'}"
#define ASK(rest) "{'kind':'score','metric':'nps'," RANGE rest "}"
#define DISTRIBUTION(d) "'distribution':{" d "}"

static void a_score_comes_with_n_interval_distribution_and_its_way(void **state)
{
    (void)state;
    struct fake *fake = fake_new(lines);
    /* 5 answers on the 1st: 1 promoter, 2 passives, 2 detractors; 2 on the 2nd. */
    fake_expect(
        fake, ASK(",'least':1"),
        "{'kind':'score','metric':'nps','least':1,'intervals':['2026-05-01','2026-05-02'],"
        "'series':[{'group':null,'values':[{'value':-20,'n':5,'low':-63.74448497847231,'high':"
        "38.74448497847231,'distribution':{'0':1,'1':0,'2':0,'3':0,'4':0,'5':0,'6':1,'7':1,'8':1,"
        "'9':0,'10':1},'asked':3,'shown':2,'started':1,'finished':1,'silent':1},"
        "{'value':null,'n':2,'low':null,'high':null,'distribution':{'0':0,'1':0,'2':0,'3':0,'4':0,"
        "'5':0,'6':0,'7':0,'8':0,'9':1,'10':1},'asked':0,'shown':0,'started':0,'finished':0,"
        "'silent':0}],'total':{'value':14.285714285714286,'n':7,'low':-39.583602584364925,'high':"
        "59.583602584364925,'distribution':{'0':1,'1':0,'2':0,'3':0,'4':0,'5':0,'6':1,'7':1,'8':1,"
        "'9':1,'10':2},'asked':3,'shown':2,'started':1,'finished':1,'silent':1}}],'partial':[],"
        "'warnings':[]");
    fake_expect_part(fake, ASK(""),
                     "'least':30,'intervals':['2026-05-01','2026-05-02'],'series':[{'group':null,"
                     "'values':[{'value':null,'n':5,'low':null,'high':null,");
    fake_expect_part(fake, ASK(",'least':7"), "'total':{'value':14.285714285714286,'n':7,");
    fake_expect_part(fake, ASK(",'least':8"), "'total':{'value':null,'n':7,");
    fake_free(fake);
}

static void who_answers_after_the_range_was_not_silent(void **state)
{
    (void)state;
    struct fake *fake = fake_new(lines);
#define WAY(silent) "'finished':1,'silent':" silent "},{"
    fake_expect_part(fake, ASK(""), WAY("1"));
    fake_expect_part(fake, ASK(",'as_of':'2026-05-02T00:00:00Z'"), WAY("2"));
    /* Conditions narrow what is counted, not what is an answer. */
    fake_expect_part(fake, ASK(",'where':[['channel','=','email']]"),
                     "'asked':2,'shown':0,'started':0,'finished':0,'silent':0},{");
    fake_free(fake);
}

static void groups_are_ranked_by_answers(void **state)
{
    (void)state;
    struct fake *fake = fake_new(lines);
    fake_expect_part(fake, ASK(",'breakdown':'channel','interval':'month','limit':1"),
                     "'series':[{'group':'review','values':[{'value':null,'n':6,");
    fake_expect_part(fake, ASK(",'breakdown':'channel','interval':'month','limit':1"),
                     "{'group':'(other)','values':[{'value':null,'n':1,");
    fake_expect_part(fake, ASK(",'breakdown':'channel','interval':'month','least':6"),
                     "{'group':'app','values':[{'value':null,'n':0,");
    fake_expect_part(fake, ASK(",'segment':{'said':{}}"), "'total':{'value':null,'n':0,");
    fake_expect_part(fake, ASK(",'segment':{'score':'nps','is':['>=',9]},'interval':'month'"),
                     "'values':[{'value':null,'n':5,");
    fake_free(fake);
}

static void shares_and_means_have_their_own_intervals(void **state)
{
    (void)state;
    static const char of[] =
        "{'c':'a','e':'A','t':'2026-05-01T10:00:00Z','score':5,'scale':'csat'}\n"
        "{'c':'b','e':'A','t':'2026-05-01T10:00:00Z','score':4,'scale':'csat'}\n"
        "{'c':'c','e':'A','t':'2026-05-01T10:00:00Z','score':3,'scale':'csat'}\n"
        "{'c':'d','e':'A','t':'2026-05-01T10:00:00Z','score':5,'scale':'csat'}\n"
        "{'c':'e','e':'A','t':'2026-05-01T10:00:00Z','score':4,'scale':'csat'}\n"
        "{'c':'a','e':'A','t':'2026-05-01T10:00:00Z','score':7,'scale':'ces'}\n"
        "{'c':'b','e':'A','t':'2026-05-01T10:00:00Z','score':7,'scale':'ces'}\n"
        "{'c':'c','e':'A','t':'2026-05-01T10:00:00Z','score':7,'scale':'ces'}\n"
        "{'c':'d','e':'A','t':'2026-05-01T10:00:00Z','score':7,'scale':'ces'}\n"
        "{'c':'e','e':'A','t':'2026-05-01T10:00:00Z','score':7,'scale':'ces'}\n";
    struct fake *fake = fake_new(of);
    fake_expect_part(fake, "{'kind':'score','metric':'csat','least':1,'interval':'month'}",
                     "{'value':0.8,'n':5,'low':0.37553");
    fake_expect_part(fake, "{'kind':'score','metric':'csat','least':1,'interval':'month'}",
                     "'distribution':{'1':0,'2':0,'3':1,'4':2,'5':2},");
    fake_expect_part(fake, "{'kind':'score','metric':'ces','least':1,'interval':'month'}",
                     "{'value':7,'n':5,'low':7,'high':7,'distribution':{'1':0,'2':0,'3':0,'4':0,"
                     "'5':0,'6':0,'7':5},");
    fake_expect_part(fake, "{'kind':'score','metric':'stars','least':1,'interval':'month'}",
                     "{'value':null,'n':0,");
    fake_free(fake);
}

static void add_answers(struct base_buf *text, const char *day, const char *group, int score,
                        int count)
{
    for (int i = 0; i < count; i++) {
        base_buf_printf(text,
                        "{'c':'c%d','e':'A','t':'2026-05-%sT10:00:00Z','score':%d,'scale':'nps',"
                        "'p':{'g':'%s'}}\n",
                        i, day, score, group);
    }
}

static double number_at(struct json_value object, const char *name)
{
    struct json_value value;
    assert_true(json_member(object, str_from_c(name), &value));
    return json_type_of(value) == JSON_NULL ? (double)NAN : json_double(value);
}

/* The differences of the groups, in their order. */
static size_t differences_of(struct fake *fake, const char *question, struct json_parser *parser,
                             struct json_value *out)
{
    CLEANUP(base_buf_done) struct base_buf whole = {0};
    struct json_value root, series, one;
    struct fail fail;
    size_t count = 0;
    base_buf_str(&whole, fake_ask(fake, question));
    base_buf_c(&whole, "}}");
    struct str kept = str_copy(fake->arena, base_buf_view(&whole));
    assert_true(json_parse(parser, kept, &root, &fail));
    assert_true(json_member(root, STR("series"), &series));
    for (struct json_iter it = json_iter_of(series); json_next(&it, NULL, &one); count++) {
        assert_true(json_member(one, STR("difference"), &out[count]));
    }
    return count;
}

/* x: 100 answers a day, NPS 0 then 60; y: 60 and 60, unchanged; z: too few. Expected values computed apart
   from the formulas of METHODS 1 and 4. */
static void a_change_is_clear_or_not_however_often_one_looks(void **state)
{
    (void)state;
    CLEANUP(base_buf_done) struct base_buf text = {0};
    add_answers(&text, "01", "x", 10, 50);
    add_answers(&text, "01", "x", 0, 50);
    add_answers(&text, "02", "x", 10, 80);
    add_answers(&text, "02", "x", 0, 20);
    add_answers(&text, "01", "y", 10, 40);
    add_answers(&text, "01", "y", 0, 20);
    add_answers(&text, "02", "y", 10, 39);
    add_answers(&text, "02", "y", 0, 21);
    add_answers(&text, "01", "z", 10, 5);
    add_answers(&text, "02", "z", 10, 6);
    add_answers(&text, "02", "w", 10, 40);
    base_buf_byte(&text, '\0');
    struct fake *fake = fake_new(text.data);
    CLEANUP(json_parser_free_at) struct json_parser *parser = json_parser_new();
    struct json_value found[4];
    const char *question = "{'kind':'score','metric':'nps','range':{'from':'2026-05-02','to':"
                           "'2026-05-02'},'compare':'previous','breakdown':'g','least':5}";
    assert_int_equal(differences_of(fake, question, parser, found), 4);
    assert_float_equal(number_at(found[0], "value"), 60, 1e-9); /* x */
    assert_float_equal(number_at(found[0], "low"), 16.9212179, 1e-6);
    assert_float_equal(number_at(found[0], "high"), 103.0787821, 1e-6);
    assert_float_equal(number_at(found[0], "p"), 0.0038298, 1e-6);
    assert_float_equal(number_at(found[1], "value"), -3.3333333, 1e-6); /* y */
    assert_float_equal(number_at(found[1], "p"), 1, 0);
    assert_int_equal(json_type_of(found[2]), JSON_NULL);    /* w has no day before */
    assert_float_equal(number_at(found[3], "value"), 0, 0); /* z: 11 answers, no test */
    assert_true(isnan(number_at(found[3], "p")));
    fake_expect_part(fake, question, "'p':1,'clear':false}");
    fake_expect_part(fake, question, "'clear':true}");
    fake_expect_part(fake, question,
                     "'previous':{'intervals':['2026-05-01'],'series':[{'group':'x','values':[{"
                     "'value':0,'n':100,");
    fake_free(fake);
}

static void cells_open_to_whom_they_count(void **state)
{
    (void)state;
    static const struct {
        const char *open, *total, *ids;
    } cases[] = {
        {"", "4", "ann 1 dee 2 eve 3 fay 1"},
        {"'interval':'2026-05-01'", "3", "ann 1 dee 2 eve 2"},
        {"'part':'answers','interval':'2026-05-02'", "2", "eve 1 fay 1"},
        {"'part':'promoters'", "3", "ann 1 eve 1 fay 1"},
        {"'part':'passives'", "2", "dee 1 eve 1"},
        {"'part':'detractors'", "2", "dee 1 eve 1"},
        {"'value':10", "2", "ann 1 eve 1"},
        {"'value':3", "0", ""},
        {"'funnel':'asked'", "3", "ann 1 bob 1 cid 1"},
        {"'funnel':'shown'", "2", "ann 1 cid 1"},
        {"'funnel':'started'", "1", "ann 1"},
        {"'funnel':'finished'", "1", "ann 1"},
        {"'funnel':'silent'", "1", "cid 1"},
        {"'group':'review'", "3", "dee 2 eve 3 fay 1"},
        {"'group':'email','funnel':'asked'", "2", "ann 1 bob 1"},
        {"'group':'app','funnel':'silent'", "1", "cid 1"},
    };
    struct fake *fake = fake_new(lines);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct str question =
            str_format(fake->arena, ASK(",'breakdown':'channel','open':{%s%s'sort':'id'}") "%c",
                       cases[i].open, cases[i].open[0] == '\0' ? "" : ",", 0);
        struct str answer = fake_ask(fake, question.data);
        CLEANUP(base_buf_done) struct base_buf got = {0};
        for (size_t at = 0; at < answer.len;) {
            struct str rest = str_after(answer, at);
            size_t id = str_find(rest, STR("{\"id\":\"")),
                   value = str_find(rest, STR("\"value\":"));
            if (id == rest.len || value == rest.len) {
                break;
            }
            base_buf_printf(&got, "%s%.3s %c", got.len == 0 ? "" : " ", rest.data + id + 7,
                            rest.data[value + 8]);
            at += value + 9;
        }
        base_buf_byte(&got, '\0');
        struct str total = str_format(fake->arena, "\"total\":%s,", cases[i].total);
        if (strcmp(got.data, cases[i].ids) != 0 || str_find(answer, total) == answer.len) {
            fail_msg("%s: \"%s\" in %.*s", cases[i].open, got.data, STR_ARG(answer));
        }
    }
    fake_expect_part(fake, ASK(",'open':{'part':'promoters','was':2}"),
                     "'moved':{'was':2,'now':3}");
    fake_expect_part(fake, ASK(",'open':{'was':14.2}"), "'cursor':null,'verbatims'");
    fake_expect_part(fake, ASK(",'compare':'previous','open':{'previous':true}"), "'total':0,");
    fake_free(fake);
}

static void questions_for_scores_are_refused_with_a_place(void **state)
{
    (void)state;
    static const struct {
        const char *question, *pointer, *part;
    } cases[] = {
        {"{'kind':'score'}", "/metric", "nps, csat, ces or stars"},
        {"{'kind':'score','metric':'nsp'}", "/metric", "nps"},
        {ASK(",'least':0"), "/least", "1"},
        {ASK(",'least':'many'"), "/least", ""},
        {ASK(",'adjusted':1"), "/adjusted", ""},
        {ASK(",'open':{'frame':'silent'}"), "/open/frame", "adjusted"},
        {ASK(",'adjusted':true,'open':{'frame':'quiet'}"), "/open/frame", "silent"},
        {ASK(",'adjusted':true,'open':{'frame':'all','funnel':'asked'}"), "/open/funnel", "frame"},
        {ASK(",'adjusted':true,'compare':'previous','open':{'frame':'all','previous':true}"),
         "/open/frame", "compared"},
        {ASK(",'compare':'before'"), "/compare", "previous"},
        {ASK(",'interval':'year'"), "/interval", "month"},
        {ASK(",'where':[['a','=']]"), "/where/0/2", "value"},
        {ASK(",'metrics':'nps'"), "/metrics", "did you mean"},
        {ASK(",'breakdown':{'by':'a'}"), "/breakdown/bins", ""},
        {ASK(",'open':{'part':'satisfied'}"), "/open/part", "promoters"},
        {ASK(",'open':{'value':11}"), "/open/value", "10"},
        {ASK(",'open':{'funnel':'skipped'}"), "/open/funnel", "asked"},
        {ASK(",'open':{'part':'passives','value':3}"), "/open/value", "part"},
        {ASK(",'open':{'previous':true}"), "/open/previous", "compare"},
        {ASK(",'open':{'interval':'2026-05-03'}"), "/open/interval", "none of"},
        {ASK(",'open':{'group':'x'}"), "/open/group", "no breakdown"},
        {ASK(",'open':{'step':1}"), "/open/step", ""},
        {"{'kind':'score','metric':'stars','open':{'part':'promoters'}}", "/open/part", "answers"},
    };
    struct fake *fake = fake_new(lines);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        fake_expect_refused(fake, cases[i].question, cases[i].pointer, cases[i].part);
    }
    fake_expect_part(fake, ASK(",'adjusted':false,'limit':3"), "'warnings':['\\\"limit\\\" has no");
    fake_free(fake);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_score_comes_with_n_interval_distribution_and_its_way),
        cmocka_unit_test(who_answers_after_the_range_was_not_silent),
        cmocka_unit_test(groups_are_ranked_by_answers),
        cmocka_unit_test(shares_and_means_have_their_own_intervals),
        cmocka_unit_test(a_change_is_clear_or_not_however_often_one_looks),
        cmocka_unit_test(cells_open_to_whom_they_count),
        cmocka_unit_test(questions_for_scores_are_refused_with_a_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
