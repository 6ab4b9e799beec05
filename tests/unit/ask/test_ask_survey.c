/* Reading definitions: everything wrong is refused at its place, everything right is read as it stands. */
#include "ask_test.h"

#include "ask_template.h"

#define HEAD "{\"name\":\"A\",\"questions\":"
#define ONE "[{\"id\":\"a\",\"type\":\"nps\",\"title\":\"How?\"}]"

static void refused(const char *text, const char *pointer, const char *says)
{
    struct arena *arena = arena_new(NULL);
    struct ask_survey survey;
    struct fail fail;
    assert_false(parse_survey(arena, text, &survey, &fail));
    assert_int_equal(fail.code, FAIL_INPUT);
    if (strcmp(fail.pointer, pointer) != 0 || strstr(fail.message, says) == NULL) {
        fail_msg("%s\n  at %s: %s\n  expected %s: %s", text, fail.pointer, fail.message, pointer,
                 says);
    }
    arena_free(arena);
}

static void definitions_are_refused_at_the_place_of_the_mistake(void **state)
{
    (void)state;
    refused("[]", "", "expected a survey, an object");
    refused("{}", "/name", "\"name\" is missing");
    refused("{\"name\":\" \",\"questions\":[]}", "/name", "1 to 200 bytes");
    refused("{\"name\":\"A\"}", "/questions", "\"questions\" is missing");
    refused("{\"name\":\"A\",\"question\":[]}", "/question", "did you mean \"questions\"?");
    refused(HEAD "{}}", "/questions", "a list of questions");
    refused(HEAD "[{\"id\":\"a\",\"type\":\"npss\",\"title\":\"T\"}]}", "/questions/0/type",
            "did you mean \"nps\"?");
    refused(HEAD "[{\"id\":\"a b\",\"type\":\"nps\",\"title\":\"T\"}]}", "/questions/0/id",
            "an id has");
    refused(HEAD "[{\"id\":\"a\",\"type\":\"nps\"}]}", "/questions/0/title", "is missing");
    refused(HEAD "[{\"id\":\"a\",\"type\":\"nps\",\"title\":\"\"}]}", "/questions/0/title",
            "empty");
    refused(HEAD "[{\"id\":\"a\",\"type\":\"nps\",\"title\":7}]}", "/questions/0/title",
            "expected a text");
    refused(HEAD "[{\"id\":\"a\",\"type\":\"nps\",\"title\":{\"de\":\"T\"}}]}",
            "/questions/0/title/de", "none of the survey's languages");
    refused("{\"name\":\"A\",\"languages\":[\"en\",\"de\"],\"questions\":"
            "[{\"id\":\"a\",\"type\":\"nps\",\"title\":{\"de\":\"T\"}}]}",
            "/questions/0/title", "the survey's first language");
    refused(HEAD "[{\"id\":\"a\",\"type\":\"nps\",\"title\":\"T\"},"
                 "{\"id\":\"a\",\"type\":\"nps\",\"title\":\"T\"}]}",
            "/questions/1/id", "another question already");
    refused(HEAD "[{\"id\":\"a\",\"type\":\"single\",\"title\":\"T\"}]}", "/questions/0/choices",
            "is missing");
    refused(HEAD "[{\"id\":\"a\",\"type\":\"single\",\"title\":\"T\",\"choices\":[]}]}",
            "/questions/0/choices", "expected 2 to 50 entries, got 0");
    refused(HEAD "[{\"id\":\"a\",\"type\":\"nps\",\"title\":\"T\",\"choices\":[]}]}",
            "/questions/0/choices", "takes no \"choices\"");
    refused(HEAD "[{\"id\":\"a\",\"type\":\"number\",\"title\":\"T\",\"min\":5,\"max\":4}]}",
            "/questions/0/max", "below \"min\"");
    refused(HEAD "[{\"id\":\"a\",\"type\":\"nps\",\"title\":\"T\\u0007\"}]}", "/questions/0/title",
            "control characters");
}

static void logic_is_refused_at_the_place_of_the_mistake(void **state)
{
    (void)state;
#define RULE(rule) HEAD "[{\"id\":\"a\",\"type\":\"nps\",\"title\":\"T\",\"next\":[" rule "]}]}"
    refused(RULE("{\"go\":\"z\"}"), "/questions/0/next/0/go", "there is no question \"z\"");
    refused(RULE("{}"), "/questions/0/next/0/go", "is missing");
    refused(RULE("{\"goo\":\"end\"}"), "/questions/0/next/0/goo", "did you mean \"go\"?");
    refused(RULE("{\"if\":{\"op\":\"<<\",\"value\":1},\"go\":\"end\"}"),
            "/questions/0/next/0/if/op", "is none of");
    refused(RULE("{\"if\":{\"op\":\"<\",\"value\":\"1\"},\"go\":\"end\"}"),
            "/questions/0/next/0/if/value", "expected a number");
    refused(RULE("{\"if\":{\"op\":\"answered\",\"value\":1},\"go\":\"end\"}"),
            "/questions/0/next/0/if/value", "takes no value");
    refused(RULE("{\"if\":{\"op\":\"in\",\"value\":[]},\"go\":\"end\"}"),
            "/questions/0/next/0/if/value", "expected 1 to");
    refused(RULE("{\"if\":{\"question\":\"aa\",\"op\":\"=\",\"value\":1},\"go\":\"end\"}"),
            "/questions/0/next/0/if/question", "there is no question \"aa\"");
    refused(HEAD
            "[{\"id\":\"a\",\"type\":\"single\",\"title\":\"T\",\"choices\":[{\"id\":\"yes\","
            "\"label\":\"Y\"},{\"id\":\"no\",\"label\":\"N\"}],\"next\":[{\"if\":{\"op\":\"=\","
            "\"value\":\"yess\"},\"go\":\"end\"}]}]}",
            "/questions/0/next/0/if/value", "did you mean \"yes\"?");
    refused(HEAD "[{\"id\":\"a\",\"type\":\"open\",\"title\":\"T\",\"next\":[{\"if\":{\"op\":\">\","
                 "\"value\":\"x\"},\"go\":\"end\"}]}]}",
            "/questions/0/next/0/if/op", "have no order");
}

static void whom_and_when_are_refused_at_the_place_of_the_mistake(void **state)
{
    (void)state;
    refused(HEAD ONE ",\"whom\":{\"dit\":{\"event\":\"A\"}}}", "/whom/dit",
            "did you mean \"did\"?");
    refused(HEAD ONE ",\"whom\":\"prro\"}", "/whom", "did you mean");
    refused(HEAD ONE ",\"whom\":{\"all\":[{\"did\":{\"event\":7}}]}}", "/whom/all/0/did/event", "");
    refused(HEAD ONE ",\"when\":{}}", "/when", "expected \"did\" or \"did_not\"");
    refused(HEAD ONE ",\"when\":{\"did\":{\"evnt\":\"A\"}}}", "/when/did/evnt", "did you mean");
    refused(HEAD ONE ",\"when\":{\"did\":{\"event\":\"A\"},\"within\":\"7\"}}", "/when/within", "");
    refused(HEAD ONE ",\"when\":{\"did\":{\"event\":\"A\"},\"delay\":\"x\"}}", "/when/delay",
            "a duration");
    refused(HEAD ONE ",\"when\":{\"did_not\":{\"event\":\"A\"}}}", "/when/for", "is missing");
    refused(HEAD ONE ",\"when\":{\"did_not\":{\"evnt\":\"A\"},\"for\":\"7d\"}}",
            "/when/did_not/evnt", "did you mean");
    refused(HEAD ONE ",\"when\":{\"did_not\":{\"event\":\"A\"},\"for\":\"7d\",\"within\":\"1d\"}}",
            "/when/within", "belongs beside \"did\"");
    refused(HEAD ONE ",\"sampling\":{\"share\":1.5}}", "/sampling/share", "a share above 0");
    refused(HEAD ONE ",\"waves\":{\"from\":\"2026-13-01\",\"every\":\"90d\"}}", "/waves/from",
            "expected a date");
    refused(HEAD ONE ",\"waves\":{\"from\":\"2026-01-01\",\"every\":\"1s\"}}", "/waves/every",
            "at least an hour");
    refused(HEAD ONE ",\"ways\":[\"widgt\"]}", "/ways/0", "did you mean \"widget\"?");
    refused(HEAD ONE ",\"theme\":{\"accent\":\"red\"}}", "/theme/accent", "expected a colour");
    refused(HEAD ONE ",\"languages\":[\"english\"]}", "/languages/0", "a language tag");
    refused(HEAD ONE ",\"languages\":[]}", "/languages", "1 to 30 languages");
    refused(HEAD ONE ",\"pages\":\"two\"}", "/pages", "is none of");
    refused(HEAD ONE ",\"priority\":101}", "/priority", "from 0 to 100");
}

static void a_definition_is_read_as_it_stands(void **state)
{
    (void)state;
    struct arena *arena = arena_new(NULL);
    struct ask_survey survey;
    struct fail fail;
    assert_true(parse_survey(
        arena,
        "{\"name\":\" A \",\"languages\":[\"en\",\"pt-BR\"],\"questions\":["
        "{\"id\":\"a\",\"type\":\"nps\",\"title\":{\"en\":\"How?\",\"pt-BR\":\"Como?\"},"
        "\"required\":true,\"next\":[{\"if\":{\"op\":\"<=\",\"value\":6},\"go\":\"c\"},"
        "{\"go\":\"end\"}]},"
        "{\"id\":\"b\",\"type\":\"number\",\"title\":\"N\",\"min\":0.5,\"max\":3},"
        "{\"id\":\"c\",\"type\":\"matrix\",\"title\":\"M "
        "{{a}}\",\"rows\":[{\"id\":\"r\",\"label\":\"R\"}],"
        "\"choices\":[{\"id\":\"x\",\"label\":\"X\"},{\"id\":\"y\",\"label\":\"Y\"}]}],"
        "\"whom\":\"pro\",\"when\":{\"did\":{\"event\":\"Search\"},\"times\":[\">=\",3],"
        "\"within\":\"10m\",\"delay\":\"1h\"},\"sampling\":{\"share\":0.25,\"period\":\"30d\"},"
        "\"waves\":{\"from\":\"2026-01-01\",\"every\":\"90d\",\"most\":2},\"ways\":[\"widget\"],"
        "\"pages\":\"all\",\"priority\":7}",
        &survey, &fail));
    assert_true(str_is(survey.name, "A"));
    assert_int_equal(survey.question_count, 3);
    assert_true(str_is(ask_text_in(survey.questions[0].title, 1), "Como?"));
    assert_true(str_is(ask_text_in(survey.questions[1].title, 1), "N"));
    assert_int_equal(survey.questions[0].rules[0].go, 2);
    assert_int_equal(survey.questions[0].rules[1].go, 3);
    assert_true(survey.questions[0].required && survey.one_page);
    assert_true(str_is(survey.whom, "{\"in\":\"pro\"}"));
    assert_int_equal(survey.delay_ms, 3600000);
    assert_null(survey.when_event.data); /* three times is more than one event */
    assert_int_equal(survey.ways, 1U << ASK_WAY_WIDGET);
    int64_t from = survey.waves_from_ms, every = 90 * 86400000LL;
    assert_int_equal(ask_wave_at(&survey, from - 1), 0);
    assert_int_equal(ask_wave_at(&survey, from), 1);
    assert_int_equal(ask_wave_at(&survey, from + every), 2);
    assert_int_equal(ask_wave_at(&survey, from + 2 * every), 0);
    arena_free(arena);
}

static void languages_are_chosen_as_readers_ask(void **state)
{
    (void)state;
    struct arena *arena = arena_new(NULL);
    struct ask_survey survey;
    struct fail fail;
    assert_true(parse_survey(arena,
                             "{\"name\":\"A\",\"languages\":[\"en\",\"nb\",\"ar\",\"pt-BR\"],"
                             "\"questions\":[]}",
                             &survey, &fail));
    assert_int_equal(ask_language_choose(&survey, STR("nb-NO,nb;q=0.9,en;q=0.8")), 1);
    assert_int_equal(ask_language_choose(&survey, STR("no")), 1);
    assert_int_equal(ask_language_choose(&survey, STR("de, ar;q=0.5, en;q=0.4")), 2);
    assert_int_equal(ask_language_choose(&survey, STR("pt")), 3);
    assert_int_equal(ask_language_choose(&survey, STR("PT-br")), 3);
    assert_int_equal(ask_language_choose(&survey, STR("*")), 0);
    assert_int_equal(ask_language_choose(&survey, STR("ar;q=0, nb;q=abc")), 0);
    assert_int_equal(ask_language_choose(&survey, (struct str){NULL, 0}), 0);
    assert_true(ask_language_is_rtl(STR("ar-EG")) && !ask_language_is_rtl(STR("arn")));
    arena_free(arena);
}

static void fifteen_templates_are_valid_and_clean(void **state)
{
    (void)state;
    bool types[ASK_TYPES] = {false};
    assert_int_equal(ask_template_count, 15);
    for (size_t i = 0; i < ask_template_count; i++) {
        struct arena *arena = arena_new(NULL);
        struct ask_survey survey;
        struct ask_findings found;
        struct fail fail;
        if (!parse_survey(arena, ask_templates[i].survey, &survey, &fail)) {
            fail_msg("%s at %s: %s", ask_templates[i].name, fail.pointer, fail.message);
        }
        assert_true(ask_check(&survey, arena, &found, &fail));
        if (found.count != 0) {
            fail_msg("%s: %.*s: %.*s", ask_templates[i].name, STR_ARG(found.list[0].pointer),
                     STR_ARG(found.list[0].message));
        }
        assert_true(found.seconds > 0 && found.seconds <= ASK_LONG_S);
        assert_true(strlen(ask_templates[i].summary) > 20);
        for (uint32_t q = 0; q < survey.question_count; q++) {
            types[survey.questions[q].type] = true;
        }
        arena_free(arena);
    }
    for (int i = 0; i < ASK_TYPES; i++) {
        assert_true(types[i]); /* together they use every type */
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(definitions_are_refused_at_the_place_of_the_mistake),
        cmocka_unit_test(logic_is_refused_at_the_place_of_the_mistake),
        cmocka_unit_test(whom_and_when_are_refused_at_the_place_of_the_mistake),
        cmocka_unit_test(a_definition_is_read_as_it_stands),
        cmocka_unit_test(languages_are_chosen_as_readers_ask),
        cmocka_unit_test(fifteen_templates_are_valid_and_clean),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
