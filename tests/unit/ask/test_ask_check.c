/* Every check finds what it is for, at its place, and is silent about the rest. */
#include "ask_test.h"

#define Q(id, type, more) "{\"id\":\"" id "\",\"type\":\"" type "\",\"title\":\"T " id "\"" more "}"
#define SURVEY(questions, more) "{\"name\":\"A\",\"questions\":[" questions "]" more "}"

/* The codes with their pointers, one after the other. */
static void finds(const char *text, const char *expected)
{
    struct arena *arena = arena_new(NULL);
    struct ask_survey survey;
    struct ask_findings found;
    struct fail fail;
    if (!parse_survey(arena, text, &survey, &fail)) {
        fail_msg("%s at %s: %s", text, fail.pointer, fail.message);
    }
    assert_true(ask_check(&survey, arena, &found, &fail));
    CLEANUP(base_buf_done) struct base_buf all = {0};
    for (size_t i = 0; i < found.count; i++) {
        base_buf_printf(&all, "%s%s%.*s", i == 0 ? "" : " ", found.list[i].code,
                        STR_ARG(found.list[i].pointer));
        assert_true(found.list[i].message.len > 10 && found.list[i].fix.len > 5);
    }
    base_buf_byte(&all, '\0');
    assert_string_equal(all.data, expected);
    arena_free(arena);
}

static void logic_is_checked(void **state)
{
    (void)state;
    finds(SURVEY("", ""), "empty/questions");
    finds(SURVEY(Q("a", "nps", "") "," Q("b", "open", ""), ""), "");
    finds(SURVEY(Q("a", "nps", ",\"next\":[{\"go\":\"c\"}]") "," Q("b", "open",
                                                                   "") "," Q("c", "open", ""),
                 ""),
          "unreachable/questions/1");
    finds(SURVEY(Q("a", "open", "") "," Q("b", "open", ",\"next\":[{\"go\":\"a\"}]"), ""),
          "loop/questions/1/next/0 no-end/questions");
    finds(SURVEY(Q("a", "nps", ",\"next\":[{\"go\":\"a\"}]"), ""),
          "loop/questions/0/next/0 no-end/questions");
    /* Every answer up to ten is taken by the first; the question must be answered. */
    finds(
        SURVEY(Q("a", "nps",
                 ",\"required\":true,\"next\":[{\"if\":{\"op\":\"<=\",\"value\":10},"
                 "\"go\":\"b\"},{\"if\":{\"op\":\"=\",\"value\":3},\"go\":\"end\"}]") "," Q("b",
                                                                                            "open",
                                                                                            ""),
               ""),
        "dead-branch/questions/0/next/1");
    /* Where it may be skipped, a last rule is for those who did. */
    finds(SURVEY(Q("a", "nps",
                   ",\"next\":[{\"if\":{\"op\":\"<=\",\"value\":10},\"go\":\"b\"},"
                   "{\"go\":\"end\"}]") "," Q("b", "open", ""),
                 ""),
          "");
    /* All choices lead away: what follows in order is not reached. */
    finds(SURVEY(Q("a", "yes_no",
                   ",\"required\":true,\"next\":[{\"if\":{\"op\":\"=\",\"value\":"
                   "true},\"go\":\"c\"},{\"if\":{\"op\":\"=\",\"value\":false},"
                   "\"go\":\"end\"}]") "," Q("b", "open", "") "," Q("c", "open", ""),
                 ""),
          "unreachable/questions/1");
    /* A rule about a question that comes later has nothing to look at. */
    finds(SURVEY(Q("a", "open",
                   ",\"next\":[{\"if\":{\"question\":\"b\",\"op\":\"=\",\"value\":3},"
                   "\"go\":\"end\"}]") "," Q("b", "nps", ""),
                 ""),
          "dead-branch/questions/0/next/0");
}

static void texts_are_checked(void **state)
{
    (void)state;
    finds("{\"name\":\"A\",\"languages\":[\"en\",\"de\"],\"questions\":[{\"id\":\"a\",\"type\":"
          "\"single\",\"title\":{\"en\":\"A\",\"de\":\"A\"},\"choices\":[{\"id\":\"x\",\"label\":"
          "\"X\"},{\"id\":\"y\",\"label\":{\"en\":\"Y\",\"de\":\"Y\"}}]}],\"thanks\":\"Thanks\"}",
          "translation/questions/0/choices/0/label translation/thanks");
    finds(SURVEY("{\"id\":\"a\",\"type\":\"csat\",\"title\":\"How are speed and price?\"}", ""),
          "double-question/questions/0/title");
    finds(SURVEY("{\"id\":\"a\",\"type\":\"open\",\"title\":\"Who? And why?\"}", ""),
          "double-question/questions/0/title");
    finds(SURVEY("{\"id\":\"a\",\"type\":\"open\",\"title\":\"What went well and what did not?\"}",
                 ""),
          "");
    finds(SURVEY("{\"id\":\"a\",\"type\":\"open\",\"title\":\"You said {{b}} and {{zz}}\"}," Q(
                     "b", "open", ""),
                 ",\"thanks\":\"Bye {{a}}\""),
          "recall/questions/0/title");
    finds(SURVEY("{\"id\":\"a\",\"type\":\"single\",\"title\":\"T\",\"choices\":[{\"id\":\"x\","
                 "\"label\":\"Same\"},{\"id\":\"y\",\"label\":\"Same\"}]}",
                 ""),
          "same-label/questions/0/choices/1/label");
}

static void contrast_is_that_of_wcag(void **state)
{
    (void)state;
    assert_float_equal(ask_contrast(STR("#000000"), STR("#ffffff")), 21.0, 1e-9);
    assert_float_equal(ask_contrast(STR("#777777"), STR("#ffffff")), 4.478, 0.001);
    assert_float_equal(ask_contrast(STR("#FFFFFF"), STR("#767676")), 4.542, 0.001);
    finds(SURVEY(Q("a", "open", ""), ",\"theme\":{\"text\":\"#bbbbbb\"}"), "contrast/theme/text");
    finds(SURVEY(Q("a", "open", ""),
                 ",\"theme\":{\"accent\":\"#ffff00\",\"accent_text\":\"#000000\"}"),
          "contrast/theme/accent");
    finds(SURVEY(Q("a", "open", ""), ",\"theme\":{\"dark_background\":\"#dddddd\"}"),
          "contrast/theme/dark_text contrast/theme/dark_accent");
}

static void length_is_that_of_the_longest_way(void **state)
{
    (void)state;
    struct arena *arena = arena_new(NULL);
    struct base_buf text = {0};
    struct ask_survey survey;
    struct ask_findings found;
    struct fail fail;
    base_buf_c(&text, "{\"name\":\"A\",\"questions\":[");
    for (int i = 0; i < 8; i++) {
        base_buf_printf(&text,
                        "%s{\"id\":\"q%d\",\"type\":\"open\",\"title\":\"Four words are here\"}",
                        i == 0 ? "" : ",", i);
    }
    base_buf_c(&text, "]}");
    base_buf_byte(&text, '\0');
    assert_true(parse_survey(arena, text.data, &survey, &fail));
    assert_true(ask_check(&survey, arena, &found, &fail));
    assert_int_equal(found.seconds, 8 * 29);
    assert_int_equal(found.count, 1);
    assert_string_equal(found.list[0].code, "length");
    base_buf_done(&text);
    assert_true(parse_survey(arena,
                             SURVEY(Q("a", "yes_no",
                                      ",\"next\":[{\"if\":{\"op\":\"=\","
                                      "\"value\":true},\"go\":\"end\"}]") "," Q("b", "open", ""),
                                    ""),
                             &survey, &fail));
    assert_true(ask_check(&survey, arena, &found, &fail));
    assert_int_equal(found.seconds, 32); /* 3.5 and 28.5 */
    arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(logic_is_checked),
        cmocka_unit_test(texts_are_checked),
        cmocka_unit_test(contrast_is_that_of_wcag),
        cmocka_unit_test(length_is_that_of_the_longest_way),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
