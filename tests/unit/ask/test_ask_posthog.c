/* Which surveys PostHog's widget can show as they are meant. */
#include "ask_posthog.h"
#include "ask_test.h"

#define QUESTIONS(list) "{\"name\":\"A\",\"languages\":[\"en\",\"nb\"],\"questions\":[" list "]}"
#define OPEN(id) "{\"id\":\"" id "\",\"type\":\"open\",\"title\":\"T\"}"
#define NPS(more) "{\"id\":\"n\",\"type\":\"nps\",\"title\":\"T\"" more "}"
#define SINGLE(more)                                                                               \
    "{\"id\":\"s\",\"type\":\"single\",\"title\":\"T\",\"choices\":[{\"id\":\"a\",\"label\":"      \
    "\"A\"},"                                                                                      \
    "{\"id\":\"b\",\"label\":\"B\"}]" more "}"
#define MUST ",\"required\":true"
#define GO(condition, go) ",\"next\":[{\"if\":{" condition "},\"go\":\"" go "\"}]"

static void only_surveys_that_can_be_shown_as_meant_fit(void **state)
{
    (void)state;
    static const struct {
        const char *survey;
        bool fits;
    } cases[] = {
        {QUESTIONS(NPS("")), true},
        {QUESTIONS(NPS("") "," OPEN("o")), true},
        {QUESTIONS("{\"id\":\"y\",\"type\":\"yes_no\",\"title\":\"T\"}"), true},
        /* Of other types: left out, where they may be. */
        {QUESTIONS("{\"id\":\"d\",\"type\":\"date\",\"title\":\"T\"}"), false},
        {QUESTIONS("{\"id\":\"d\",\"type\":\"date\",\"title\":\"T\"}," NPS("")), true},
        {QUESTIONS("{\"id\":\"d\",\"type\":\"date\",\"title\":\"T\"" MUST "}," NPS("")), false},
        {QUESTIONS(NPS(",\"next\":[{\"go\":\"d\"}]") ",{\"id\":\"d\",\"type\":\"date\",\"title\":"
                                                     "\"T\"}," OPEN("o")),
         false},
        /* Recall. */
        {QUESTIONS(NPS("") ",{\"id\":\"o\",\"type\":\"open\",\"title\":\"Why {{n}}?\"}"), false},
        {QUESTIONS(NPS("") ",{\"id\":\"o\",\"type\":\"open\",\"title\":{\"en\":\"Why?\",\"nb\":"
                           "\"Hvorfor {{n}}?\"}}"),
         false},
        {QUESTIONS(NPS("") ",{\"id\":\"o\",\"type\":\"open\",\"title\":\"{{n\"}"), true},
        /* Labels that look the same. */
        {QUESTIONS("{\"id\":\"s\",\"type\":\"single\",\"title\":\"T\",\"choices\":[{\"id\":\"a\","
                   "\"label\":\"A\"},{\"id\":\"b\",\"label\":\"A\"}]}"),
         false},
        /* Jumps: by groups of scores, by choice, always; and none that PostHog's forms cannot say. */
        {QUESTIONS(NPS(MUST GO("\"op\":\"<=\",\"value\":6", "o")) "," SINGLE("") "," OPEN("o")),
         true},
        {QUESTIONS(NPS(MUST GO("\"op\":\"<\",\"value\":6", "o")) "," SINGLE("") "," OPEN("o")),
         false},
        {QUESTIONS(NPS(GO("\"op\":\"<=\",\"value\":6", "o")) "," SINGLE("") "," OPEN("o")), true},
        {QUESTIONS(NPS(GO("\"op\":\"not answered\"", "o")) "," SINGLE("") "," OPEN("o")), false},
        {QUESTIONS(NPS(GO("\"op\":\"!=\",\"value\":20", "o")) "," SINGLE("") "," OPEN("o")), false},
        {QUESTIONS(SINGLE(MUST GO("\"op\":\"=\",\"value\":\"b\"", "o")) "," NPS("") "," OPEN("o")),
         true},
        {QUESTIONS(SINGLE(",\"next\":[{\"go\":\"o\"}]") "," NPS("") "," OPEN("o")), true},
        {QUESTIONS("{\"id\":\"o\",\"type\":\"open\",\"title\":\"T\"" GO(
             "\"op\":\"answered\"", "n") "}," SINGLE("") "," NPS("")),
         false},
        {QUESTIONS(
             SINGLE(MUST) ",{\"id\":\"o\",\"type\":\"open\",\"title\":\"T\",\"next\":[{\"if\":"
                          "{\"question\":\"s\",\"op\":\"=\",\"value\":\"a\"},\"go\":\"end\"}"
                          "]}," NPS("")),
         false},
        {QUESTIONS("{\"id\":\"y\",\"type\":\"yes_no\",\"title\":\"T\"" MUST GO(
             "\"op\":\"=\",\"value\":true", "end") "}," NPS("")),
         true},
        {"{\"name\":\"A\",\"thanks\":\"For {{n}}\",\"questions\":[" NPS("") "]}", false},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct arena *arena = arena_new(NULL);
        struct ask_survey survey;
        struct fail fail;
        if (!parse_survey(arena, cases[i].survey, &survey, &fail)) {
            fail_msg("%s\n  at %s: %s", cases[i].survey, fail.pointer, fail.message);
        }
        if (ask_posthog_fits(&survey) != cases[i].fits) {
            fail_msg("%s: expected to %s", cases[i].survey, cases[i].fits ? "fit" : "be left out");
        }
        arena_free(arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_surveys_that_can_be_shown_as_meant_fit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
