/* Answers: their forms, the way through, recall. */
#include "ask_test.h"

static const char every_type[] =
    "{\"name\":\"A\",\"questions\":["
    "{\"id\":\"nps\",\"type\":\"nps\",\"title\":\"T\",\"required\":true,\"next\":["
    "{\"if\":{\"op\":\">=\",\"value\":9},\"go\":\"end\"}]},"
    "{\"id\":\"open\",\"type\":\"open\",\"title\":\"You gave {{nps}} of ten\"},"
    "{\"id\":\"single\",\"type\":\"single\",\"title\":\"T\",\"choices\":[{\"id\":\"a\",\"label\":"
    "\"Alpha\"},"
    "{\"id\":\"b\",\"label\":\"Beta\"}]},"
    "{\"id\":\"multiple\",\"type\":\"multiple\",\"title\":\"T\",\"choices\":[{\"id\":\"a\","
    "\"label\":\"Alpha\"},"
    "{\"id\":\"b\",\"label\":\"Beta\"},{\"id\":\"c\",\"label\":\"Gamma\"}]},"
    "{\"id\":\"rank\",\"type\":\"rank\",\"title\":\"T\",\"choices\":[{\"id\":\"a\",\"label\":"
    "\"Alpha\"},"
    "{\"id\":\"b\",\"label\":\"Beta\"}]},"
    "{\"id\":\"matrix\",\"type\":\"matrix\",\"title\":\"T\",\"rows\":[{\"id\":\"r\",\"label\":"
    "\"Row\"},"
    "{\"id\":\"s\",\"label\":\"Sow\"}],\"choices\":[{\"id\":\"a\",\"label\":\"Alpha\"},{\"id\":"
    "\"b\",\"label\":\"Beta\"}]},"
    "{\"id\":\"yes\",\"type\":\"yes_no\",\"title\":\"T\"},"
    "{\"id\":\"number\",\"type\":\"number\",\"title\":\"T\",\"min\":1,\"max\":5},"
    "{\"id\":\"date\",\"type\":\"date\",\"title\":\"T\"},"
    "{\"id\":\"stars\",\"type\":\"stars\",\"title\":\"T\"}]}";

struct fixture {
    struct arena *arena;
    struct json_parser *parser;
    struct ask_survey survey;
    struct ask_answer answers[ASK_QUESTIONS_MAX];
};

static int set_up(void **state)
{
    struct fixture *fixture = base_alloc_zero(sizeof *fixture);
    struct fail fail;
    fixture->arena = arena_new(NULL);
    fixture->parser = json_parser_new();
    assert_true(parse_survey(fixture->arena, every_type, &fixture->survey, &fail));
    *state = fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    json_parser_free(fixture->parser);
    arena_free(fixture->arena);
    base_free(fixture);
    return 0;
}

static bool read(struct fixture *fixture, const char *id, const char *json, struct fail *fail)
{
    uint32_t at = ask_question_find(&fixture->survey, str_from_c(id));
    struct json_value value;
    struct query_path path = query_path_in(NULL, id);
    assert_true(at != UINT32_MAX);
    assert_true(json_parse(fixture->parser, str_from_c(json), &value, fail));
    *fail = (struct fail){0};
    return ask_answer_read(&fixture->survey.questions[at], value, &path, fixture->arena,
                           &fixture->answers[at], fail);
}

static void answers_are_read_strictly_and_written_back(void **state)
{
    static const struct {
        const char *id, *json, *shown;
    } good[] = {
        {"nps", "10", "10"},
        {"open", "\"late again\"", "late again"},
        {"single", "\"b\"", "Beta"},
        {"multiple", "[\"c\",\"a\"]", "Gamma, Alpha"},
        {"rank", "[\"b\",\"a\"]", "Beta, Alpha"},
        {"matrix", "{\"s\":\"b\"}", "Sow: Beta"},
        {"yes", "false", "\xE2\x9C\x97"},
        {"number", "2.5", "2.5"},
        {"date", "\"2026-05-01\"", "2026-05-01"},
        {"stars", "null", ""},
        {"multiple", "[]", NULL},
    };
    static const struct {
        const char *id, *json, *pointer;
    } bad[] = {
        {"nps", "11", "/nps"},
        {"nps", "-1", "/nps"},
        {"nps", "7.5", "/nps"},
        {"nps", "\"7\"", "/nps"},
        {"open", "7", "/open"},
        {"single", "\"z\"", "/single"},
        {"multiple", "\"a\"", "/multiple"},
        {"multiple", "[\"a\",\"a\"]", "/multiple/1"},
        {"rank", "[\"a\"]", "/rank"},
        {"matrix", "{\"t\":\"a\"}", "/matrix/t"},
        {"matrix", "{\"r\":\"z\"}", "/matrix/r"},
        {"yes", "\"yes\"", "/yes"},
        {"number", "0", "/number"},
        {"number", "6", "/number"},
        {"date", "\"2026-02-30\"", "/date"},
        {"stars", "0", "/stars"},
    };
    struct fixture *fixture = *state;
    struct fail fail;
    for (size_t i = 0; i < ARRAY_LEN(good); i++) {
        if (!read(fixture, good[i].id, good[i].json, &fail)) {
            fail_msg("%s: %s", good[i].json, fail.message);
        }
        uint32_t at = ask_question_find(&fixture->survey, str_from_c(good[i].id));
        CLEANUP(base_buf_done) struct base_buf out = {0}, shown = {0};
        struct json_writer w = {.out = &out};
        ask_answer_write(&fixture->survey.questions[at], &fixture->answers[at], &w);
        ask_answer_show(&fixture->survey.questions[at], &fixture->answers[at], 0, &shown);
        assert_true(fixture->answers[at].seen);
        assert_true(str_is(base_buf_view(&out), good[i].shown == NULL ? "null" : good[i].json));
        assert_true(str_is(base_buf_view(&shown), good[i].shown == NULL ? "" : good[i].shown));
    }
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        if (read(fixture, bad[i].id, bad[i].json, &fail)) {
            fail_msg("%s took %s", bad[i].id, bad[i].json);
        }
        assert_int_equal(fail.code, FAIL_INPUT);
        assert_string_equal(fail.pointer, bad[i].pointer);
    }
}

static void the_way_follows_from_the_answers(void **state)
{
    struct fixture *fixture = *state;
    const struct ask_survey *survey = &fixture->survey;
    struct fail fail;
    uint32_t path[ASK_QUESTIONS_MAX], count;
    assert_int_equal(ask_walk(survey, fixture->answers, false, path, &count), 0);
    assert_int_equal(ask_walk(survey, fixture->answers, true, path, &count), 0); /* required */
    assert_true(read(fixture, "nps", "9", &fail));
    assert_int_equal(ask_walk(survey, fixture->answers, false, path, &count), 10);
    assert_int_equal(count, 1);
    assert_true(read(fixture, "nps", "8", &fail));
    assert_int_equal(ask_walk(survey, fixture->answers, false, path, &count), 1);
    assert_int_equal(ask_walk(survey, fixture->answers, true, path, &count), 10);
    assert_int_equal(count, 10);
    assert_true(read(fixture, "open", "null", &fail)); /* passed over */
    assert_int_equal(ask_walk(survey, fixture->answers, false, path, &count), 2);
}

static void earlier_answers_are_recalled_as_text(void **state)
{
    struct fixture *fixture = *state;
    struct fail fail;
    struct str title = ask_text_in(fixture->survey.questions[1].title, 0);
    assert_true(str_is(ask_recall(&fixture->survey, title, 0, fixture->answers, fixture->arena),
                       "You gave \xE2\x80\xA6 of ten"));
    assert_true(read(fixture, "nps", "4", &fail));
    assert_true(str_is(ask_recall(&fixture->survey, title, 0, fixture->answers, fixture->arena),
                       "You gave 4 of ten"));
    assert_true(read(fixture, "open", "\"<b>{{nps}}</b>\"", &fail));
    /* An answer that looks like a recall is not looked into again. */
    assert_true(str_is(ask_recall(&fixture->survey, STR("{{ open }} {{nope}} {{"), 0,
                                  fixture->answers, fixture->arena),
                       "<b>{{nps}}</b> \xE2\x80\xA6 {{"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(answers_are_read_strictly_and_written_back, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(the_way_follows_from_the_answers, set_up, tear_down),
        cmocka_unit_test_setup_teardown(earlier_answers_are_recalled_as_text, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
