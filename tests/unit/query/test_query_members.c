/* Who is in a segment, decided before the question is asked: the same as decided row by row, and with less read. */
/* clang-format off */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include "base_random.h"
#include "query_fake_store.h"

#define CUSTOMERS 300U
#define ROWS 4000U

/* Now is 2026-05-15T12:00:00Z; some rows lie after it. Few have D, and a tenth of all C. */
static struct fake *crowd(void)
{
    CLEANUP(base_buf_done) struct base_buf text = {0};
    struct base_random_seeded seeded;
    base_random_seed(&seeded, 21);
    for (uint32_t i = 0; i < ROWS; i++) {
        uint32_t customer = (uint32_t)base_random_below(&seeded.random, CUSTOMERS);
        uint64_t kind = base_random_below(&seeded.random, 100);
        const char *event = kind < 50 ? "A" : kind < 90 ? "B" : customer % 10 == 0 ? "C" : "A";
        event = kind == 99 && customer % 40 == 0 ? "D" : kind == 98 ? "identify" : event;
        base_buf_printf(&text, "{'c':'c%u','e':'%s','t':'2026-05-%02dT%02d:%02d:00Z'}\n", customer,
                        event, 1 + (int)base_random_below(&seeded.random, 16),
                        (int)base_random_below(&seeded.random, 24),
                        (int)base_random_below(&seeded.random, 4) * 15);
    }
    for (uint32_t c = 0; c < CUSTOMERS; c += 3) {
        base_buf_printf(&text, "{'c':'c%u','traits':{'plan':'%s'}}\n", c,
                        c % 2 == 0 ? "pro" : "free");
    }
    base_buf_byte(&text, '\0');
    return fake_new(text.data);
}

/* @A stands for a matcher of event A, and so on: bare, or with a condition that always holds and asks for more than the
   event. */
static char *written(struct arena *arena, const char *template, bool bare)
{
    CLEANUP(base_buf_done) struct base_buf out = {0};
    for (const char *c = template; *c != '\0'; c++) {
        if (*c != '@') {
            base_buf_byte(&out, *c);
            continue;
        }
        c++;
        base_buf_printf(&out, "{'event':'%s'%s}",
                        *c == 'i'   ? "identify"
                        : *c == '*' ? "*"
                                    : (char[]){*c, '\0'},
                        bare ? "" : ",'where':[['nothing','not set']]");
    }
    return str_copy_c(arena, base_buf_view(&out));
}

static const char *const segments[] = {
    /* few */
    "{'did':@D}",
    "{'did':@C,'times':['>=',2],'within':'7d'}",
    "{'all':[{'did':@C},{'not':{'did':@A,'within':'2d'}}]}",
    "{'all':[{'did':@i,'within':'3d'},{'any':[{'did':@D},{'did':@C,'times':['=',1]}]}]}",
    "{'did':@Z}",
    /* many */
    "{'did':@A}",
    "{'did':@*,'times':['>',10]}",
    "{'did':@A,'times':['!=',0],'within':'300h'}",
    "{'all':[{'did':@B,'within':'5d'},{'did':@A,'times':['<',4],'within':'6d'}]}",
    "{'all':[{'did':@B,'times':['<=',3]},{'did':@A,'times':['=',7]}]}",
    "{'any':[{'did':@C},{'did':@B,'times':['>=',8]}]}",
    "{'sequence':[@A,@B],'window':'12h'}",
    "{'sequence':[@A,@B,@A],'window':'3d','within':'6d'}",
    "{'all':[{'sequence':[@B,@C],'window':'2d'},{'not':{'sequence':[@C,@B],'window':'1d'}}]}",
    "{'all':[{'all':[{'did':@A,'within':'9d'},{'all':[]}]},{'not':{'any':[]}}]}",
    /* what events do not tell is decided of those who are left */
    "{'all':[{'did':@A,'within':'4d'},{'trait':['plan','=','pro']}]}",
    "{'all':[{'did':@C},{'trait':['plan','not set']},{'did':@B,'times':['<',5]}]}",
    "{'all':[{'all':[{'first_seen':['>','2026-05-02']},{'did':@B}]},{'not':{'did':@C}}]}",
    "{'all':[{'did':@D},{'did':{'event':'A','where':[['nothing','not set']]},'within':'8d'}]}",
};

static const char *const questions[] = {
    "{'kind':'customers','sort':'id','limit':1000,'segment':%s}",
    "{'kind':'customers','segment':%s}",
    "{'kind':'trend','series':[{'event':'A'},{'event':'B','measure':'customers'}],'range':'last 9 "
    "days','segment':%s}",
    "{'kind':'trend','series':[{'event':'A','measure':'per_customer'}],'breakdown':'plan','segment'"
    ":%s}",
    "{'kind':'trend','series':[{'event':'B','measure':'customers'}],'range':{'from':'2026-05-01','"
    "to':'2026-05-12'},"
    "'compare':'previous','segment':%s}",
    "{'kind':'trend','series':[{'event':'A'}],'open':{'interval':'2026-05-14'},'segment':%s}",
    "{'kind':'funnel','steps':[{'event':'A'},{'event':'B'}],'window':'3d','segment':%s}",
    "{'kind':'retention','start':{'event':'A'},'return':{'event':'*'},'interval':'day','segment':%"
    "s}",
    "{'kind':'paths','start':{'event':'B'},'steps':2,'gap':'1d','segment':%s}",
    "{'kind':'stickiness','event':'A','segment':%s}",
    "{'kind':'lifecycle','interval':'week','segment':%s}",
    "{'kind':'time_between','from':{'event':'A'},'to':{'event':'C'},'window':'5d','segment':%s}",
};

static struct str answer_of(struct fake *fake, const char *question, const char *segment, bool bare)
{
    CLEANUP(base_buf_done) struct base_buf text = {0};
    const char *at = strstr(question, "%s");
    assert_non_null(at);
    base_buf_str(&text, str_of(question, (size_t)(at - question)));
    base_buf_c(&text, written(fake->arena, segment, bare));
    base_buf_c(&text, at + 2);
    struct str answer = fake_ask(fake, str_copy_c(fake->arena, base_buf_view(&text)));
    answer.len = str_find(answer, STR("\"stats\"")); /* of what was read */
    return answer;
}

static void whoever_is_in_it_by_events_alone_is_in_it_by_rows(void **state)
{
    (void)state;
    struct fake *fake = crowd();
    for (size_t s = 0; s < ARRAY_LEN(segments); s++) {
        for (size_t q = 0; q < ARRAY_LEN(questions); q++) {
            struct str bare = answer_of(fake, questions[q], segments[s], true);
            struct str whole = answer_of(fake, questions[q], segments[s], false);
            struct str warnings = STR("\"warnings\""); /* "nothing" was never seen */
            bare.len = str_find(bare, warnings);
            whole.len = str_find(whole, warnings);
            if (!str_equal(bare, whole)) {
                fail_msg("%s of %s:\n%.*s\n%.*s", questions[q], segments[s], STR_ARG(bare),
                         STR_ARG(whole));
            }
        }
    }
    fake_free(fake);
}

/* How many of a question's scans, in each of the layouts, were of labels. */
static uint32_t narrow_scans(struct fake *fake, const char *question)
{
    enum { LAYOUTS = 4 };
    uint32_t before = fake->snapshot->narrow_scans;
    fake_ask(fake, question);
    uint32_t after = fake->snapshot->narrow_scans - before;
    assert_int_equal(after % LAYOUTS, 0);
    return after / LAYOUTS;
}

static void it_is_decided_first_where_events_tell_it_and_nobody_is_in_it_without_one(void **state)
{
    (void)state;
    struct fake *fake = crowd();
    static const struct {
        const char *segment;
        uint32_t narrow;
    } cases[] = {
        {"{'did':{'event':'A'}}", 1},
        {"{'all':[{'did':{'event':'A'}},{'trait':['plan','=','pro']}]}", 1},
        {"{'all':[{'trait':['plan','=','pro']},{'not':{'did':{'event':'A'}}}]}", 0},
        {"{'not':{'did':{'event':'A'}}}", 0},
        {"{'did':{'event':'A'},'times':['<',3]}", 0},
        {"{'any':[{'did':{'event':'A'}},{'trait':['plan','=','pro']}]}", 0},
        {"{'did':{'event':'A','where':[['price','>',1]]}}", 0},
        {"{'did':{'event':'A'},'sum':'price'}", 0},
        {"{'sequence':[{'event':'A'},{'event':'B','where':[['price','>',1]]}],'window':'1d'}", 0},
        {"{'all':[{'did':{'event':'A'}},{'trait':['id','=','c1']}]}", 0}, /* one is read */
        {"{'trait':['plan','=','pro']}", 0},
        {"{'said':{}}", 0},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct str question =
            str_format(fake->arena, "{'kind':'customers','segment':%s}", cases[i].segment);
        assert_int_equal(narrow_scans(fake, str_copy_c(fake->arena, question)), cases[i].narrow);
    }
    /* With "per", accounts are counted. */
    assert_int_equal(
        narrow_scans(fake, "{'kind':'customers','per':'account','segment':{'did':{'event':'A'}}}"),
        0);
    fake_free(fake);
}

/* Of the others no row comes, and what is left to read of members may be narrow too; once is enough for both ranges. */
static void a_question_reads_the_rows_of_members_alone(void **state)
{
    (void)state;
    CLEANUP(base_buf_done) struct base_buf text = {0};
    for (int c = 0; c < 40; c++) {
        base_buf_printf(&text, "{'c':'c%d','e':'Look','t':'2026-05-10T12:00:00Z'}\n", c);
        base_buf_printf(&text, "{'c':'c%d','e':'Look','t':'2026-05-03T12:00:00Z'}\n", c);
        base_buf_printf(&text, "{'c':'c%d','e':'%s','t':'2026-05-12T12:00:00Z'}\n", c,
                        c < 3 ? "Buy" : "Pay");
    }
    base_buf_byte(&text, '\0');
    struct fake *fake = fake_new(text.data);
    /* Three are listed: their Buy, then their Look in the range. */
    static const char of_three[] = "{'kind':'trend','series':[{'event':'Look'}],'range':{'from':'"
                                   "2026-05-08','to':'2026-05-14'},"
                                   "'interval':'week','segment':{'did':{'event':'Buy'}}}";
    fake_expect_part(fake, of_three, "'events_scanned':6,'customers':3");
    assert_int_equal(narrow_scans(fake, of_three), 2);
    /* Thirty-seven are looked up: what comes of the three others does not count. */
    static const char of_most[] = "{'kind':'trend','series':[{'event':'Look'}],'range':{'from':'"
                                  "2026-05-08','to':'2026-05-14'},"
                                  "'interval':'week','segment':{'did':{'event':'Pay'}}}";
    fake_expect_part(fake, of_most, "'events_scanned':74,'customers':37");
    fake_expect_part(fake, of_most, "'total':37");
    static const char compared[] =
        "{'kind':'trend','series':[{'event':'Look'}],'range':{'from':'2026-05-08','to':'2026-05-14'"
        "},"
        "'compare':'previous','interval':'week','segment':{'did':{'event':'Buy'}}}";
    fake_expect_part(fake, compared, "'events_scanned':9,'customers':3");
    assert_int_equal(narrow_scans(fake, compared), 3);
    /* Of whom nothing but who they are is asked, no row is read twice. */
    fake_expect_part(fake, "{'kind':'customers','segment':{'did':{'event':'Buy'}}}",
                     "'events_scanned':3,'customers':3");
    fake_free(fake);
}

static void damage_found_in_either_pass_fails_the_question(void **state)
{
    (void)state;
    struct fake *fake = crowd();
    static const char *const asked[] = {
        "{'kind':'customers','segment':{'did':{'event':'D'}}}",
        "{'kind':'retention','start':{'event':'A'},'return':{'event':'A'},'interval':'day',"
        "'segment':{'did':{'event':'B'}}}",
    };
    for (size_t i = 0; i < ARRAY_LEN(asked); i++) {
        for (uint32_t pass = 1; pass <= 2; pass++) {
            fake->snapshot->corrupt_scan = fake->snapshot->scans + pass;
            fake_expect_fail(fake, asked[i], FAIL_CORRUPT, "", "a block of scan");
        }
        fake->snapshot->corrupt_scan = fake->snapshot->scans + 2 * 4 + 1;
        fake_ask(fake, asked[i]); /* there are two */
        fake->snapshot->corrupt_scan = 0;
    }
    fake_free(fake);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whoever_is_in_it_by_events_alone_is_in_it_by_rows),
        cmocka_unit_test(it_is_decided_first_where_events_tell_it_and_nobody_is_in_it_without_one),
        cmocka_unit_test(a_question_reads_the_rows_of_members_alone),
        cmocka_unit_test(damage_found_in_either_pass_fails_the_question),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
