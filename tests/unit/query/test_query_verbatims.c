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
    "{'c':'ann','e':'feedback','t':'2026-05-01T12:00:00Z','text':'Late delivery, twice','score':3,"
    "'scale':'nps','channel':'web','source':'shop','p':{'kind':'survey','survey':'s1'}}\n"
    "{'c':'ann','e':'feedback','t':'2026-05-10T12:00:00Z','text':'Better now','score':9,"
    "'scale':'nps'}\n"
    "{'c':'ann','traits':{'plan':'pro'}}\n"
    "{'c':'bob','e':'review','t':'2026-05-14T12:00:00Z','text':'late, late, late'}\n"
    "{'c':'bob','e':'feedback','t':'2026-05-14T12:00:00Z','text':'The delivery was late again'}\n"
    "{'c':'cid','e':'contacted','t':'2026-05-14T12:00:00Z','text':'late delivery?'}\n"
    "{'c':'dee','e':'feedback','t':'2026-05-14T12:00:00Z','text':''}\n"
    "{'c':'dee','e':'Buy','t':'2026-05-14T12:00:00Z'}\n"
    "{'c':'dee','e':'feedback','t':'2026-06-20T12:00:00Z','text':'\\ud83d\\ude00 l\\u00e1te'}\n";

#define RANGE "'range':{'from':'2026-05-01','to':'2026-06-30'}"
#define ASK(rest) "{'kind':'verbatims'," RANGE rest "}"

/* The ids of the page in order, after "total/customers/searched". */
static void is(struct fake *fake, const char *question, const char *expected)
{
    CLEANUP(json_parser_free_at) struct json_parser *parser = json_parser_new();
    struct json_value root, value, element;
    struct str answer = fake_ask(fake, question);
    struct fail fail;
    CLEANUP(base_buf_done) struct base_buf got = {0}, whole = {0};
    base_buf_str(&whole, answer);
    base_buf_c(&whole, "}}");
    assert_true(json_parse(parser, base_buf_view(&whole), &root, &fail));
    static const char *const counts[] = {"total", "customers", "searched"};
    for (size_t i = 0; i < ARRAY_LEN(counts); i++) {
        assert_true(json_member(root, str_from_c(counts[i]), &value));
        base_buf_printf(&got, "%lld%s", (long long)json_int(value), i < 2 ? "/" : ":");
    }
    assert_true(json_member(root, STR("verbatims"), &value));
    for (struct json_iter it = json_iter_of(value); json_next(&it, NULL, &element);) {
        struct json_value id;
        assert_true(json_member(element, STR("id"), &id));
        base_buf_printf(&got, " %.*s", STR_ARG(json_string(id)));
    }
    base_buf_byte(&got, '\0');
    if (strcmp(got.data, expected) != 0) {
        fail_msg("%s: \"%s\", expected \"%s\"", question, got.data, expected);
    }
}

static void words_come_with_where_when_and_by_whom_they_were_said(void **state)
{
    (void)state;
    struct fake *fake = fake_new(lines);
    fake_expect(fake, ASK(",'limit':1,'sort':'ts'"),
                "{'kind':'verbatims','total':5,'customers':3,'searched':5,'verbatims':[{'id':'1',"
                "'customer':'ann','ts':'2026-05-01T12:00:00.000Z','channel':'web','event':"
                "'feedback','kind':'survey','source':'shop','survey':'s1','question':null,"
                "'language':null,'text':'Late delivery, twice','score':3,'scale':'nps','themes':[],"
                "'sentiment':null}],'people':[{'id':'ann','traits':{'plan':'pro'}}],'cursor':'"
                "01b54ee021b2b53aef0002"
                "0000000000000000313737373633363830303030302031',"
                "'partial':[],'warnings':[]");
    fake_free(fake);
}

static void they_are_sorted_by_time_and_score(void **state)
{
    (void)state;
    struct fake *fake = fake_new(lines);
    is(fake, ASK(""), "5/3/5: 8 4 3 2 1");
    is(fake, ASK(",'sort':'-ts'"), "5/3/5: 8 4 3 2 1");
    is(fake, ASK(",'sort':'ts'"), "5/3/5: 1 2 3 4 8");
    is(fake, ASK(",'sort':'score'"), "5/3/5: 1 2 8 4 3");
    is(fake, ASK(",'sort':'-score'"), "5/3/5: 2 1 8 4 3");
    is(fake, "{'kind':'verbatims'}", "4/2/4: 4 3 2 1"); /* the last 30 days */
    is(fake, "{'kind':'verbatims','range':{'from':'2027-01-01','to':'2027-01-02'}}", "0/0/0:");
    fake_free(fake);
}

static void conditions_and_segments_narrow_them(void **state)
{
    (void)state;
    struct fake *fake = fake_new(lines);
    is(fake, ASK(",'where':[['channel','=','web']]"), "1/1/1: 1");
    is(fake, ASK(",'where':[['event','=','review']]"), "1/1/1: 3");
    is(fake, ASK(",'where':[['event','=','contacted']]"), "0/0/0:");
    is(fake, ASK(",'where':[['text','contains','NOW']]"), "1/1/1: 2");
    is(fake, ASK(",'where':[['customer.plan','=','pro']]"), "2/1/2: 2 1");
    is(fake, ASK(",'segment':{'did':{'event':'Buy'}}"), "1/1/1: 8");
    is(fake, ASK(",'segment':{'score':'nps','is':['>',8]}"), "2/1/2: 2 1");
    fake_expect_part(fake, ASK(",'where':[['unheard','=','x']]"),
                     "'warnings':['property \\\"unheard\\\" was never seen']");
    fake_free(fake);
}

static void words_are_found_and_ranked(void **state)
{
    (void)state;
    struct fake *fake = fake_new(lines);
    is(fake, ASK(",'text':'late'"), "4/3/5: 3 8 1 4");
    is(fake, ASK(",'text':'late','sort':'-ts'"), "4/3/5: 8 4 3 1");
    is(fake, ASK(",'text':'late deliv'"), "2/2/5: 1 4");
    is(fake, ASK(",'text':'late -delivery'"), "2/2/5: 3 8");
    is(fake, ASK(",'text':'-late'"), "1/1/5: 2");
    is(fake, ASK(",'text':'\\\"late late\\\"'"), "1/1/5: 3");
    is(fake, ASK(",'text':'late','where':[['event','=','feedback']]"), "3/3/4: 8 1 4");
    fake_expect_part(fake, ASK(",'text':'late','where':[['event','=','review']]"),
                     "'relevance':0.452072,'matches':[[0,4],[6,10],[12,16]]}]");
    fake_expect_part(fake, ASK(",'text':'late','sort':'-ts','limit':1"),
                     "'sentiment':null,'matches':[[3,7]]}]");
    fake_free(fake);
}

/* Too little memory for all candidates: the same answer in two passes. */
static void ranking_does_not_need_all_at_once(void **state)
{
    (void)state;
    CLEANUP(base_buf_done) struct base_buf text = {0};
    for (int i = 0; i < 2500; i++) {
        base_buf_printf(&text, "{'c':'c%d','e':'A','t':'2026-05-01T%02d:%02d:00Z','text':'late",
                        i % 50, i / 60 % 24, i % 60);
        for (int k = 0; k < i % 7; k++) {
            base_buf_c(&text, i % 3 == 0 ? " late" : " other");
        }
        base_buf_c(&text, "'}\n");
    }
    base_buf_byte(&text, '\0');
    struct fake *fake = fake_new(text.data);
    struct str roomy = fake_ask(fake, ASK(",'text':'late oth','limit':20"));
    fake->memory_bytes = (size_t)1 << 20; /* 1,024 candidates of 32 bytes */
    struct str narrow = fake_ask(fake, ASK(",'text':'late oth','limit':20"));
    assert_true(str_find(roomy, STR("\"total\":1428,")) < roomy.len);
    assert_true(str_equal(roomy, narrow));
    fake_free(fake);
}

static struct str cursor_of(struct fake *fake, const char *question)
{
    struct str answer = fake_ask(fake, question);
    size_t at = str_find(answer, STR("\"cursor\":\""));
    if (at == answer.len) {
        return (struct str){NULL, 0};
    }
    struct str rest = str_after(answer, at + strlen("\"cursor\":\"")), cursor;
    assert_true(str_next_part(&rest, '"', &cursor));
    return cursor;
}

static void a_page_goes_on_with_its_cursor(void **state)
{
    (void)state;
    static const struct {
        const char *rest, *pages[3];
    } cases[] = {
        {"", {"5/3/5: 8 4", "5/3/5: 3 2", "5/3/5: 1"}},
        {",'sort':'ts'", {"5/3/5: 1 2", "5/3/5: 3 4", "5/3/5: 8"}},
        {",'sort':'-score'", {"5/3/5: 2 1", "5/3/5: 8 4", "5/3/5: 3"}},
        {",'text':'late'", {"4/3/5: 3 8", "4/3/5: 1 4", NULL}},
    };
    struct fake *fake = fake_new(lines);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct str cursor = STR("");
        for (size_t page = 0; page < 3 && cases[i].pages[page] != NULL; page++) {
            assert_non_null(cursor.data);
            struct str question =
                cursor.len == 0
                    ? str_format(fake->arena, ASK(",'limit':2%s") "%c", cases[i].rest, 0)
                    : str_format(fake->arena, ASK(",'limit':2%s,'cursor':'%.*s'") "%c",
                                 cases[i].rest, STR_ARG(cursor), 0);
            is(fake, question.data, cases[i].pages[page]);
            cursor = cursor_of(fake, question.data);
        }
        assert_null(cursor.data);
    }
    struct str cursor = cursor_of(fake, ASK(",'limit':2"));
    struct str other =
        str_format(fake->arena, ASK(",'sort':'ts','cursor':'%.*s'") "%c", STR_ARG(cursor), 0);
    fake_expect_refused(fake, other.data, "/cursor", "another sort");
    fake_free(fake);
}

static void one_is_opened_whole_by_its_id(void **state)
{
    (void)state;
    CLEANUP(base_buf_done) struct base_buf text = {0};
    base_buf_c(&text, "{'c':'ann','e':'feedback','t':'2001-05-01T12:00:00Z','text':'x");
    for (int i = 0; i < 10000; i++) {
        base_buf_c(&text, "\xC3\xA9");
    }
    base_buf_c(&text, "'}\n{'c':'ann','e':'feedback','t':'2026-05-01T12:00:00Z','text':'later'}\n");
    base_buf_byte(&text, '\0');
    struct fake *fake = fake_new(text.data);
    is(fake, "{'kind':'verbatims','id':'1'}", "1/1/1: 1");
    is(fake, "{'kind':'verbatims','id':'3'}", "0/0/0:");
    struct str whole = fake_ask(fake, "{'kind':'verbatims','id':'1'}");
    assert_true(whole.len > 20000);
    assert_true(str_find(whole, STR("\"cut\"")) == whole.len);
    struct str page =
        fake_ask(fake, "{'kind':'verbatims','range':{'from':'2001-01-01','to':'2002-01-01'}}");
    assert_true(page.len < 17000 && page.len > 16000);
    assert_true(str_find(page, STR("\xC3\xA9\",\"cut\":true,")) < page.len);
    fake_expect_part(fake, "{'kind':'verbatims','id':'2','range':'last 2 days'}",
                     "'warnings':['\\\"range\\\" does not restrict one verbatim']");
    fake_free(fake);
}

static void questions_for_verbatims_are_refused_with_a_place(void **state)
{
    (void)state;
    static const struct {
        const char *question, *pointer, *part;
    } cases[] = {
        {ASK(",'sort':'relevance'"), "/sort", "text"},
        {ASK(",'sort':'-relevance','text':'x'"), "/sort", "relevance"},
        {ASK(",'sort':'tss'"), "/sort", "did you mean"},
        {ASK(",'text':''"), "/text", "no word"},
        {ASK(",'text':'!?'"), "/text", "no word"},
        {ASK(",'text':['late']"), "/text", "words to look for"},
        {ASK(",'limit':0"), "/limit", "1"},
        {ASK(",'limit':1001"), "/limit", "1000"},
        {ASK(",'cursor':'00'"), "/cursor", "no cursor"},
        {ASK(",'cursor':5"), "/cursor", "cursor"},
        {"{'kind':'verbatims','id':7}", "/id", "id of a verbatim"},
        {"{'kind':'verbatims','id':'x'}", "/id", "number"},
        {ASK(",'breakdown':'channel'"), "/breakdown", "score"},
        {ASK(",'open':{}"), "/open", "no numbers"},
        {ASK(",'txt':'late'"), "/txt", "did you mean"},
        {ASK(",'where':[['a','=']]"), "/where/0/2", "value"},
    };
    struct fake *fake = fake_new(lines);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        fake_expect_refused(fake, cases[i].question, cases[i].pointer, cases[i].part);
    }
    fake->env.text = NULL;
    fake_expect_refused(fake, ASK(",'text':'late'"), "/text", "cannot be looked for");
    fake_free(fake);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_come_with_where_when_and_by_whom_they_were_said),
        cmocka_unit_test(they_are_sorted_by_time_and_score),
        cmocka_unit_test(conditions_and_segments_narrow_them),
        cmocka_unit_test(words_are_found_and_ranked),
        cmocka_unit_test(ranking_does_not_need_all_at_once),
        cmocka_unit_test(a_page_goes_on_with_its_cursor),
        cmocka_unit_test(one_is_opened_whole_by_its_id),
        cmocka_unit_test(questions_for_verbatims_are_refused_with_a_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
