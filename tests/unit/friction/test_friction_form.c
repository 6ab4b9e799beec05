/* clang-format off */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include <string.h>

#include "friction_form.h"

static char text[4096];

/* ' stands for ". */
static struct str quotes(const char *json)
{
    size_t len = strlen(json);
    assert_true(len < sizeof text);
    for (size_t i = 0; i <= len; i++) {
        text[i] = json[i] == '\'' ? '"' : json[i];
    }
    return str_of(text, len);
}

static void reads(const char *json, struct arena *arena, struct json_parser *parser,
                  struct friction_form *out)
{
    struct fail fail;
    struct json_value root;
    assert_true(json_parse(parser, quotes(json), &root, &fail));
    if (!friction_form_read(root, STR("/wrong"), arena, out, &fail)) {
        fail_msg("%s: %s", json, fail.message);
    }
}

static void refuses(const char *json, const char *pointer, const char *part)
{
    struct arena *arena = arena_new(NULL);
    struct json_parser *parser = json_parser_new();
    struct friction_form form;
    struct fail fail;
    struct json_value root;
    assert_true(json_parse(parser, quotes(json), &root, &fail));
    assert_false(friction_form_read(root, STR("/wrong"), arena, &form, &fail));
    assert_int_equal(fail.code, FAIL_INPUT);
    assert_string_equal(fail.pointer, pointer);
    if (strstr(fail.message, part) == NULL) {
        fail_msg("\"%s\" does not hold \"%s\"", fail.message, part);
    }
    json_parser_free(parser);
    arena_free(arena);
}

static void what_is_left_out_is_as_by_default(void **state)
{
    (void)state;
    struct arena *arena = arena_new(NULL);
    struct json_parser *parser = json_parser_new();
    struct friction_form form;
    struct friction_rules rules;
    friction_rules_default(&rules);
    reads("{}", arena, parser, &form);
    assert_memory_equal(form.rules.score_at_most, rules.score_at_most, sizeof rules.score_at_most);
    assert_true(form.rules.answer_within_ms == rules.answer_within_ms);
    assert_false(form.has_failures || form.has_begin || form.has_done);
    assert_int_equal(form.channel_count, 5);
    reads("{'scores':null,'steps':null}", arena, parser, &form);
    assert_true(form.rules.steps_within_ms == rules.steps_within_ms);
    json_parser_free(parser);
    arena_free(arena);
}

static void every_member_is_read(void **state)
{
    (void)state;
    struct arena *arena = arena_new(NULL);
    struct json_parser *parser = json_parser_new();
    struct friction_form form;
    reads("{'scores':{'nps':4,'csat':false},'failures':[{'event':'Pay Failed'}],"
          "'repeated':{'times':3,'within':'10s','after':'1h'},"
          "'steps':{'begin':{'event':'A'},'done':{'event':'B'},'within':'2d'},"
          "'answers':{'within':'1d','channels':['fax']}}",
          arena, parser, &form);
    assert_true(form.rules.score_at_most[0] == 4 && form.rules.score_at_most[1] == FRICTION_OFF);
    assert_true(form.rules.score_at_most[2] == 3);
    assert_true(form.has_failures && json_count(form.failures) == 1);
    assert_true(form.rules.repeated_times == 3 && form.rules.repeated_within_ms == 10000 &&
                form.rules.repeated_after_ms == 3600000);
    assert_true(form.has_begin && form.has_done && form.rules.steps_within_ms == 172800000);
    assert_true(form.rules.answer_within_ms == 86400000 && form.channel_count == 1 &&
                str_is(form.channels[0], "fax"));
    json_parser_free(parser);
    arena_free(arena);
}

static void false_switches_a_rule_off(void **state)
{
    (void)state;
    struct arena *arena = arena_new(NULL);
    struct json_parser *parser = json_parser_new();
    struct friction_form form;
    reads("{'scores':false,'failures':false,'repeated':false,'steps':false,'answers':false}", arena,
          parser, &form);
    for (size_t s = 0; s < FRICTION_SCALES; s++) {
        assert_true(form.rules.score_at_most[s] == FRICTION_OFF);
    }
    assert_false(form.rules.failures);
    assert_true(form.rules.repeated_times == FRICTION_OFF &&
                form.rules.steps_within_ms == FRICTION_OFF &&
                form.rules.answer_within_ms == FRICTION_OFF);
    json_parser_free(parser);
    arena_free(arena);
}

static void what_does_not_belong_is_refused_at_its_place(void **state)
{
    (void)state;
    refuses("[]", "/wrong", "an object");
    refuses("{'scoers':{}}", "/wrong/scoers", "did you mean \"scores\"");
    refuses("{'scores':{'npps':1}}", "/wrong/scores/npps", "did you mean \"nps\"");
    refuses("{'scores':{'nps':11}}", "/wrong/scores/nps", "from 0 to 10");
    refuses("{'scores':{'nps':6.5}}", "/wrong/scores/nps", "whole number");
    refuses("{'failures':{}}", "/wrong/failures", "a list");
    refuses("{'failures':true}", "/wrong/failures", "a list");
    refuses("{'repeated':{'times':1}}", "/wrong/repeated/times", "from 2 to 1000");
    refuses("{'repeated':{'within':30}}", "/wrong/repeated/within", "a duration");
    refuses("{'steps':{'within':'0s'}}", "/wrong/steps/within", "a duration");
    refuses("{'steps':{'within':'3651d'}}", "/wrong/steps/within", "3650 days");
    refuses("{'answers':{'channels':'email'}}", "/wrong/answers/channels", "a list");
    refuses("{'answers':{'channels':[1]}}", "/wrong/answers/channels", "a list");
}

static void a_list_has_at_most_fifty(void **state)
{
    (void)state;
    char many[2048] = "{'failures':[";
    for (int i = 0; i < FRICTION_FAILURES_MAX + 1; i++) {
        strncat(many, i == 0 ? "1" : ",1", sizeof many - strlen(many) - 1);
    }
    strncat(many, "]}", sizeof many - strlen(many) - 1);
    refuses(many, "/wrong/failures", "at most 50");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_left_out_is_as_by_default),
        cmocka_unit_test(every_member_is_read),
        cmocka_unit_test(false_switches_a_rule_off),
        cmocka_unit_test(what_does_not_belong_is_refused_at_its_place),
        cmocka_unit_test(a_list_has_at_most_fifty),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
