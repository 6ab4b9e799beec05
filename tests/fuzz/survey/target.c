/* A survey's definition: whatever is read is checked, walked and written for a widget. */
#include "ask_check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool segment_find(void *context, struct str name, struct arena *arena, struct str *out,
                         bool *out_found, struct fail *fail)
{
    (void)context;
    (void)name;
    (void)arena;
    (void)fail;
    *out = STR("{\"did\":{\"event\":\"*\"}}");
    *out_found = true;
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *arena = arena_new(NULL);
    struct query_env env = {.zone = zone_utc(), .segment_find = segment_find};
    struct ask_survey survey;
    struct ask_findings found;
    struct fail fail = {0};
    if (!ask_survey_parse_text(arena, str_of((const char *)data, size), &env, &survey, &fail)) {
        INVARIANT(fail.code != FAIL_NONE && str_is_utf8(str_from_c(fail.message)));
        arena_free(arena);
        return 0;
    }
    INVARIANT(survey.question_count <= ASK_QUESTIONS_MAX && survey.language_count > 0);
    INVARIANT(ask_check(&survey, arena, &found, &fail));
    struct ask_answer answers[ASK_QUESTIONS_MAX] = {{0}};
    uint32_t path[ASK_QUESTIONS_MAX], count;
    INVARIANT(ask_walk(&survey, answers, true, path, &count) <= survey.question_count);
    INVARIANT(count <= survey.question_count);
    struct base_buf out = {0};
    struct json_writer w = {.out = &out};
    ask_survey_write(&survey, STR("s"), 1, survey.language_count - 1, &w);
    struct json_parser *parser = json_parser_new();
    struct json_value root;
    INVARIANT(json_parse(parser, base_buf_view(&out), &root, &fail));
    json_parser_free(parser);
    base_buf_done(&out);
    arena_free(arena);
    return 0;
}
