/* Reading skip logic: rules are tried in order, the first that holds says where to go. */
#include "ask_survey.h"

const char *const ask_operator_names[ASK_OPERATORS] = {
    "=", "!=", ">", ">=", "<", "<=", "in", "not in", "answered", "not answered"};

static bool refuse_question(const struct ask_parse *parse, const struct query_path *at,
                            struct str id, const char *also, struct fail *fail)
{
    const struct ask_survey *survey = parse->survey;
    struct str ids[ASK_QUESTIONS_MAX];
    for (uint32_t i = 0; i < survey->question_count; i++) {
        ids[i] = survey->questions[i].id;
    }
    size_t near = str_nearest_of(id, ids, survey->question_count);
    struct str nearest = near == SIZE_MAX ? STR("") : ids[near];
    return query_refuse(at, fail, "there is no question \"%.*s\"%s%s%.*s%s", STR_ARG(id), also,
                        nearest.len == 0 ? "" : "; did you mean \"", STR_ARG(nearest),
                        nearest.len == 0 ? "" : "\"?");
}

/* What an answer to the question can be compared with. */
static bool value_fits(const struct ask_question *question, struct store_value value,
                       const struct query_path *at, struct fail *fail)
{
    switch (question->type) {
    case ASK_NPS:
    case ASK_CSAT:
    case ASK_CES:
    case ASK_STARS:
    case ASK_NUMBER:
        return store_value_is_number(value) ||
               query_refuse(at, fail, "expected a number: \"%.*s\" is a question of type \"%s\"",
                            STR_ARG(question->id), ask_type_name(question->type));
    case ASK_YES_NO:
        return value.kind == STORE_BOOL ||
               query_refuse(at, fail, "expected true or false: \"%.*s\" is a yes/no question",
                            STR_ARG(question->id));
    case ASK_SINGLE:
    case ASK_MULTIPLE:
    case ASK_RANK:
    case ASK_MATRIX:
        break;
    case ASK_OPEN:
    case ASK_DATE:
    case ASK_TYPES:
        return value.kind == STORE_STRING || query_refuse(at, fail, "expected a string");
    }
    struct str ids[ASK_CHOICES_MAX];
    for (uint32_t i = 0; i < question->choice_count; i++) {
        ids[i] = question->choices[i].id;
    }
    struct str word = value.kind == STORE_STRING ? store_value_text(value) : STR("");
    if (ask_choice_find(question->choices, question->choice_count, word) != UINT32_MAX) {
        return true;
    }
    size_t near = str_nearest_of(word, ids, question->choice_count);
    struct str nearest = near == SIZE_MAX ? STR("") : ids[near];
    return query_refuse(at, fail, "expected the id of a choice of \"%.*s\"%s%.*s%s",
                        STR_ARG(question->id), nearest.len == 0 ? "" : "; did you mean \"",
                        STR_ARG(nearest), nearest.len == 0 ? "" : "\"?");
}

static bool parse_values(const struct ask_parse *parse, const struct ask_question *question,
                         const struct query_member *member, const struct query_path *up,
                         struct ask_rule *rule, struct fail *fail)
{
    struct query_path at = query_path_in(up, member->name);
    bool none = rule->op == ASK_ANSWERED || rule->op == ASK_NOT_ANSWERED;
    bool many = rule->op == ASK_IN || rule->op == ASK_NOT_IN;
    if (none) {
        return member->place == 0 ||
               query_refuse(&at, fail, "\"%s\" takes no value", ask_operator_names[rule->op]);
    }
    if (!query_read_needed(up, member, "what the answer is compared with", fail)) {
        return false;
    }
    if (!many) {
        struct store_value *value = arena_small(parse->arena, sizeof *value);
        rule->values = value;
        rule->value_count = 1;
        return query_read_scalar(member->value, &at, parse->arena, value, fail) &&
               value_fits(question, *value, &at, fail);
    }
    if (!query_read_array(member->value, &at, "a list", fail)) {
        return false;
    }
    size_t count = json_count(member->value);
    if (count == 0 || count > ASK_CHOICES_MAX) {
        return query_refuse(&at, fail, "expected 1 to %d values", ASK_CHOICES_MAX);
    }
    struct store_value *values = arena_array(parse->arena, count, sizeof *values, fail);
    if (values == NULL) {
        return false;
    }
    struct json_value value;
    size_t i = 0;
    for (struct json_iter it = json_iter_of(member->value); json_next(&it, NULL, &value); i++) {
        struct query_path place = query_path_at(&at, i);
        if (!query_read_scalar(value, &place, parse->arena, &values[i], fail) ||
            !value_fits(question, values[i], &place, fail)) {
            return false;
        }
    }
    rule->values = values;
    rule->value_count = (uint32_t)count;
    return true;
}

static bool is_order(enum ask_operator op)
{
    return op == ASK_ABOVE || op == ASK_AT_LEAST || op == ASK_BELOW || op == ASK_AT_MOST;
}

static bool has_order(enum ask_type type)
{
    return ask_type_is_score(type) || type == ASK_NUMBER || type == ASK_DATE;
}

static bool parse_if(const struct ask_parse *parse, const struct query_member *member, uint32_t own,
                     const struct query_path *up, struct ask_rule *rule, struct fail *fail)
{
    struct query_member members[] = {{.name = "question"}, {.name = "op"}, {.name = "value"}};
    struct query_path at = query_path_in(up, member->name);
    struct query_path question_at = query_path_in(&at, "question");
    struct query_path op_at = query_path_in(&at, "op");
    size_t op = 0;
    struct str id;
    rule->question = own;
    if (!query_read_object(member->value, &at, "a condition", members, ARRAY_LEN(members), fail)) {
        return false;
    }
    if (members[0].place != 0) {
        if (!query_read_string(members[0].value, &question_at, "a question's id", &id, fail)) {
            return false;
        }
        rule->question = ask_question_find(parse->survey, id);
        if (rule->question == UINT32_MAX) {
            return refuse_question(parse, &question_at, id, "", fail);
        }
    }
    if (!query_read_needed(&at, &members[1], "a comparison", fail) ||
        !query_read_choice(members[1].value, &op_at, ask_operator_names, ASK_OPERATORS, &op,
                           fail)) {
        return false;
    }
    rule->op = (enum ask_operator)op;
    const struct ask_question *question = &parse->survey->questions[rule->question];
    if (is_order(rule->op) && !has_order(question->type)) {
        return query_refuse(&op_at, fail, "answers of type \"%s\" have no order",
                            ask_type_name(question->type));
    }
    return parse_values(parse, question, &members[2], &at, rule, fail);
}

static bool parse_go(const struct ask_parse *parse, const struct query_member *member,
                     const struct query_path *up, uint32_t *out, struct fail *fail)
{
    struct query_path at = query_path_in(up, member->name);
    struct str id;
    if (!query_read_needed(up, member, "a question's id or \"end\"", fail) ||
        !query_read_string(member->value, &at, "a question's id or \"end\"", &id, fail)) {
        return false;
    }
    *out = ask_question_find(parse->survey, id);
    if (*out == UINT32_MAX && str_is(id, "end")) {
        *out = parse->survey->question_count;
    }
    return *out != UINT32_MAX || refuse_question(parse, &at, id, ", and it is not \"end\"", fail);
}

static bool parse_rule(const struct ask_parse *parse, struct json_value value, uint32_t own,
                       const struct query_path *at, struct ask_rule *rule, struct fail *fail)
{
    struct query_member members[] = {{.name = "if"}, {.name = "go"}};
    rule->always = true;
    if (!query_read_object(value, at, "a rule", members, ARRAY_LEN(members), fail) ||
        !parse_go(parse, &members[1], at, &rule->go, fail)) {
        return false;
    }
    rule->always = members[0].place == 0;
    return rule->always || parse_if(parse, &members[0], own, at, rule, fail);
}

bool ask_parse_logic(const struct ask_parse *parse, struct ask_question *questions, uint32_t own,
                     const struct query_member *member, const struct query_path *up,
                     struct fail *fail)
{
    struct query_path at = query_path_in(up, member->name);
    if (member->place == 0) {
        return true;
    }
    if (!query_read_array(member->value, &at, "a list of rules", fail)) {
        return false;
    }
    size_t count = json_count(member->value);
    if (count > ASK_RULES_MAX) {
        return query_refuse(&at, fail, "a question has at most %d rules", ASK_RULES_MAX);
    }
    struct ask_rule *rules = arena_array(parse->arena, count, sizeof *rules, fail);
    if (rules == NULL) {
        return false;
    }
    struct json_value value;
    uint32_t i = 0;
    for (struct json_iter it = json_iter_of(member->value); json_next(&it, NULL, &value); i++) {
        struct query_path place = query_path_at(&at, i);
        if (!parse_rule(parse, value, own, &place, &rules[i], fail)) {
            return false;
        }
    }
    questions[own].rules = rules;
    questions[own].rule_count = (uint32_t)count;
    return true;
}
