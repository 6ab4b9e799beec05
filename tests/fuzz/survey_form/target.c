/* What a form posts to a survey of every type of question: each answer that is taken can be written and read again,
 * and the page that shows it holds no markup of the sender's. */
#include "ask_page.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define CHOICES                                                                                    \
    "\"choices\":[{\"id\":\"a\",\"label\":\"A\"},{\"id\":\"b\",\"label\":\"B\"},{\"id\":\"c\","    \
    "\"label\":\"C\"}]"
static const char definition[] =
    "{\"name\":\"A\",\"pages\":\"all\",\"questions\":["
    "{\"id\":\"nps\",\"type\":\"nps\",\"title\":\"T\"},{\"id\":\"csat\",\"type\":\"csat\","
    "\"title\":\"{{open}}\"},"
    "{\"id\":\"open\",\"type\":\"open\",\"title\":\"T\"},{\"id\":\"single\",\"type\":\"single\","
    "\"title\":\"T\"," CHOICES
    "},{\"id\":\"multiple\",\"type\":\"multiple\",\"title\":\"T\"," CHOICES
    "},{\"id\":\"yes\",\"type\":\"yes_no\",\"title\":\"T\"},{\"id\":\"rank\",\"type\":\"rank\","
    "\"title\":\"T\"," CHOICES "},{\"id\":\"matrix\",\"type\":\"matrix\",\"title\":\"T\",\"rows\":["
    "{\"id\":\"r\",\"label\":\"R\"}]," CHOICES
    "},{\"id\":\"number\",\"type\":\"number\",\"title\":\"T\",\"min\":0},{\"id\":\"date\",\"type\":"
    "\"date\","
    "\"title\":\"T\"}]}";

static void read_again(const struct ask_question *question, const struct ask_answer *answer,
                       struct arena *arena)
{
    struct base_buf out = {0};
    struct json_writer w = {.out = &out};
    struct json_parser *parser = json_parser_new();
    struct json_value root;
    struct ask_answer again;
    struct fail fail;
    ask_answer_write(question, answer, &w);
    INVARIANT(json_parse(parser, base_buf_view(&out), &root, &fail));
    INVARIANT(ask_answer_read(question, root, NULL, arena, &again, &fail));
    INVARIANT(again.given == answer->given);
    json_parser_free(parser);
    base_buf_done(&out);
}

/* Every '<' of the page begins a tag of ours. */
static void show(const struct ask_survey *survey, const struct ask_answer *answers,
                 const enum ask_form_problem *problems, struct arena *arena)
{
    uint32_t shown[ASK_QUESTIONS_MAX];
    for (uint32_t i = 0; i < survey->question_count; i++) {
        shown[i] = i;
    }
    struct ask_page page = {.kind = ASK_PAGE_QUESTIONS,
                            .slug = STR("s"),
                            .survey = survey,
                            .language_tag = STR("en"),
                            .answers = answers,
                            .shown = shown,
                            .shown_count = survey->question_count,
                            .token = STR("t"),
                            .problems = problems};
    struct base_buf out = {0};
    ask_page_write(&page, arena, &out);
    static const char *const tags[] = {"!doctype", "html",     "head",     "meta",   "title",
                                       "link",     "script",   "body",     "main",   "h1",
                                       "p",        "form",     "input",    "div",    "label",
                                       "span",     "button",   "fieldset", "legend", "select",
                                       "option",   "textarea", "ul",       "li",     "a"};
    for (size_t i = 0; i < out.len; i++) {
        bool known = out.data[i] != '<';
        size_t from = i + 1 < out.len && out.data[i + 1] == '/' ? i + 2 : i + 1;
        for (size_t k = 0; !known && k < ARRAY_LEN(tags); k++) {
            known = str_starts_c(str_of(out.data + from, out.len - from), tags[k]);
        }
        INVARIANT(known);
    }
    base_buf_done(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *arena = arena_new(NULL);
    struct query_env env = {.zone = zone_utc()};
    struct ask_survey survey;
    struct ask_form form;
    struct fail fail = {0};
    INVARIANT(ask_survey_parse_text(arena, str_from_c(definition), &env, &survey, &fail));
    if (ask_form_parse(str_of((const char *)data, size), arena, &form, &fail)) {
        struct ask_answer answers[ASK_QUESTIONS_MAX] = {{0}};
        enum ask_form_problem problems[ASK_QUESTIONS_MAX] = {ASK_FORM_FINE};
        for (uint32_t i = 0; i < survey.question_count; i++) {
            INVARIANT(ask_form_answer(&form, &survey.questions[i], arena, &answers[i], &problems[i],
                                      &fail));
            INVARIANT(!answers[i].given || problems[i] == ASK_FORM_FINE);
            if (answers[i].given) {
                read_again(&survey.questions[i], &answers[i], arena);
            }
        }
        show(&survey, answers, problems, arena);
    }
    arena_free(arena);
    return 0;
}
