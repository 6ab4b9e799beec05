/* Logic: which edges a survey's rules really have. For questions with few possible answers every answer is tried, so
 * that a rule that can never fire, or a way onward that nothing takes, is found exactly; for the others every rule is
 * taken to be possible. */
#include "ask_check.h"

#define VALUES_MAX (ASK_CHOICES_MAX + 1)

struct edges {
    bool go[ASK_QUESTIONS_MAX + 1];
    bool fired[ASK_RULES_MAX];
};
struct graph {
    struct edges from[ASK_QUESTIONS_MAX];
};

/* The answers that there can be; 0: too many to try. The last is "none" where the question may be skipped. */
static uint32_t possible(const struct ask_question *question, struct ask_answer values[VALUES_MAX],
                         uint32_t picks[ASK_CHOICES_MAX])
{
    uint32_t count = 0;
    if (ask_type_is_score(question->type)) {
        int64_t least, most;
        ask_type_bounds(question->type, &least, &most);
        for (int64_t i = least; i <= most; i++) {
            values[count++] = (struct ask_answer){true, true, store_value_int(i), NULL, 0};
        }
    } else if (question->type == ASK_YES_NO) {
        values[count++] = (struct ask_answer){true, true, store_value_bool(true), NULL, 0};
        values[count++] = (struct ask_answer){true, true, store_value_bool(false), NULL, 0};
    } else if (question->type == ASK_SINGLE) {
        for (uint32_t i = 0; i < question->choice_count; i++) {
            picks[i] = i;
            values[count++] = (struct ask_answer){
                true, true, store_value_str(question->choices[i].id), &picks[i], 1};
        }
    }
    if (count > 0 && !question->required) {
        values[count++] = (struct ask_answer){.seen = true};
    }
    return count;
}

enum holds { NEVER, PERHAPS, CERTAINLY };

static enum holds rule_holds(const struct ask_survey *survey, uint32_t at,
                             const struct ask_rule *rule, const struct ask_answer *own)
{
    if (rule->always) {
        return CERTAINLY;
    }
    if (rule->question > at) { /* not asked yet: it has no answer */
        bool negation =
            rule->op == ASK_NOT_ANSWERED || rule->op == ASK_UNEQUAL || rule->op == ASK_NOT_IN;
        return negation ? PERHAPS : NEVER;
    }
    if (rule->question < at || own == NULL) {
        return PERHAPS;
    }
    struct ask_answer answers[ASK_QUESTIONS_MAX] = {{0}};
    answers[at] = *own;
    return ask_rule_holds(survey, rule, answers) ? CERTAINLY : NEVER;
}

static void follow(const struct ask_survey *survey, uint32_t at, const struct ask_answer *own,
                   struct edges *edges)
{
    const struct ask_question *question = &survey->questions[at];
    for (uint32_t i = 0; i < question->rule_count; i++) {
        enum holds holds = rule_holds(survey, at, &question->rules[i], own);
        if (holds == NEVER) {
            continue;
        }
        edges->fired[i] = true;
        edges->go[question->rules[i].go] = true;
        if (holds == CERTAINLY) {
            return;
        }
    }
    edges->go[at + 1] = true;
}

static void find_edges(const struct ask_survey *survey, struct graph *graph)
{
    for (uint32_t at = 0; at < survey->question_count; at++) {
        struct ask_answer values[VALUES_MAX];
        uint32_t picks[ASK_CHOICES_MAX];
        uint32_t count = possible(&survey->questions[at], values, picks);
        if (count == 0) {
            follow(survey, at, NULL, &graph->from[at]);
        }
        for (uint32_t i = 0; i < count; i++) {
            follow(survey, at, &values[i], &graph->from[at]);
        }
    }
}

static void reach(const struct ask_survey *survey, const struct graph *graph, uint32_t from,
                  bool reached[ASK_QUESTIONS_MAX + 1])
{
    uint32_t waiting[ASK_QUESTIONS_MAX + 1];
    uint32_t count = 0;
    reached[from] = true;
    waiting[count++] = from;
    while (count > 0) {
        uint32_t at = waiting[--count];
        if (at >= survey->question_count) {
            continue;
        }
        for (uint32_t go = 0; go <= survey->question_count; go++) {
            if (graph->from[at].go[go] && !reached[go]) {
                reached[go] = true;
                waiting[count++] = go;
            }
        }
    }
}

static void check_rules(const struct ask_survey *survey, const struct graph *graph, uint32_t at,
                        struct ask_findings *found)
{
    const struct ask_question *question = &survey->questions[at];
    for (uint32_t i = 0; i < question->rule_count; i++) {
        struct str pointer = str_format(found->arena, "/questions/%u/next/%u", at, i);
        if (!graph->from[at].fired[i]) {
            ask_found(found, "dead-branch", ASK_ERROR, pointer,
                      STR("no answer ever takes this branch"),
                      "Change the condition, or take the rule away.");
        }
        bool back[ASK_QUESTIONS_MAX + 1] = {false};
        uint32_t go = question->rules[i].go;
        if (!graph->from[at].fired[i] || go > at) {
            continue;
        }
        reach(survey, graph, go, back);
        if (back[at]) {
            ask_found(found, "loop", ASK_ERROR, pointer,
                      str_format(found->arena, "this leads back to \"%.*s\", again and again",
                                 STR_ARG(survey->questions[go].id)),
                      "Lead to a later question, or to the end.");
        }
    }
}

void ask_check_logic(const struct ask_survey *survey, struct ask_findings *found)
{
    struct graph *graph = arena_small(found->arena, sizeof *graph);
    bool reached[ASK_QUESTIONS_MAX + 1] = {false};
    if (survey->question_count == 0) {
        return;
    }
    find_edges(survey, graph);
    reach(survey, graph, 0, reached);
    for (uint32_t at = 0; at < survey->question_count; at++) {
        if (!reached[at]) {
            ask_found(found, "unreachable", ASK_ERROR,
                      str_format(found->arena, "/questions/%u", at),
                      str_format(found->arena, "nothing leads to \"%.*s\"",
                                 STR_ARG(survey->questions[at].id)),
                      "Let a rule lead there, or take the question away.");
        }
        check_rules(survey, graph, at, found);
    }
    if (!reached[survey->question_count]) {
        ask_found(found, "no-end", ASK_ERROR, STR("/questions"), STR("nothing leads to the end"),
                  "Let a rule go to \"end\".");
    }
}
