/* Reading questions: their types, choices and limits. */
#include "ask_survey.h"

#include <math.h>

enum member_of_question {
    MEMBER_ID,
    MEMBER_TYPE,
    MEMBER_TITLE,
    MEMBER_DESCRIPTION,
    MEMBER_REQUIRED,
    MEMBER_CHOICES,
    MEMBER_ROWS,
    MEMBER_MIN,
    MEMBER_MAX,
    MEMBER_LOW_LABEL,
    MEMBER_HIGH_LABEL,
    MEMBER_NEXT,
    MEMBERS,
};
static const char *const member_names[MEMBERS] = {
    "id",   "type", "title", "description", "required",   "choices",
    "rows", "min",  "max",   "low_label",   "high_label", "next"};

static bool has_choices(enum ask_type type)
{
    return type == ASK_SINGLE || type == ASK_MULTIPLE || type == ASK_RANK || type == ASK_MATRIX;
}

/* Members that only some types take. */
static bool takes(enum ask_type type, enum member_of_question member)
{
    switch (member) {
    case MEMBER_CHOICES:
        return has_choices(type);
    case MEMBER_ROWS:
        return type == ASK_MATRIX;
    case MEMBER_MIN:
    case MEMBER_MAX:
        return type == ASK_NUMBER;
    case MEMBER_LOW_LABEL:
    case MEMBER_HIGH_LABEL:
        return ask_type_is_score(type);
    case MEMBER_ID:
    case MEMBER_TYPE:
    case MEMBER_TITLE:
    case MEMBER_DESCRIPTION:
    case MEMBER_REQUIRED:
    case MEMBER_NEXT:
    case MEMBERS:
        break;
    }
    return true;
}

static bool refuse_foreign(enum ask_type type, const struct query_member *members,
                           const struct query_path *path, struct fail *fail)
{
    for (int i = 0; i < MEMBERS; i++) {
        if (members[i].place != 0 && !takes(type, (enum member_of_question)i)) {
            struct query_path at = query_path_in(path, members[i].name);
            return query_refuse(&at, fail, "a question of type \"%s\" takes no \"%s\"",
                                ask_type_name(type), members[i].name);
        }
    }
    return true;
}

static bool parse_id(const struct ask_parse *parse, const struct query_member *member,
                     const struct query_path *up, struct str *out, struct fail *fail)
{
    struct query_path at = query_path_in(up, member->name);
    struct str text;
    if (!query_read_needed(up, member, "an id", fail) ||
        !query_read_string(member->value, &at, "an id", &text, fail)) {
        return false;
    }
    if (!ask_id_ok(text)) {
        return query_refuse(&at, fail,
                            "an id has 1 to %d characters of a-z, A-Z, 0-9, \"_\" and \"-\"",
                            ASK_ID_BYTES_MAX);
    }
    *out = str_copy(parse->arena, text);
    return true;
}

static bool parse_choice(const struct ask_parse *parse, struct json_value value,
                         const struct query_path *at, struct ask_choice *out, struct fail *fail)
{
    struct query_member members[] = {{.name = "id"}, {.name = "label"}};
    return query_read_object(value, at, "a choice", members, ARRAY_LEN(members), fail) &&
           parse_id(parse, &members[0], at, &out->id, fail) &&
           ask_parse_text(parse, &members[1], at, true, &out->label, fail);
}

static bool parse_choices(const struct ask_parse *parse, const struct query_member *member,
                          const struct query_path *up, uint32_t least,
                          const struct ask_choice **out, uint32_t *out_count, struct fail *fail)
{
    struct query_path at = query_path_in(up, member->name);
    if (!query_read_needed(up, member, "a list of {\"id\", \"label\"}", fail) ||
        !query_read_array(member->value, &at, "a list of {\"id\", \"label\"}", fail)) {
        return false;
    }
    size_t count = json_count(member->value);
    if (count < least || count > ASK_CHOICES_MAX) {
        return query_refuse(&at, fail, "expected %u to %d entries, got %zu", least, ASK_CHOICES_MAX,
                            count);
    }
    struct ask_choice *choices = arena_array(parse->arena, count, sizeof *choices, fail);
    if (choices == NULL) {
        return false;
    }
    struct json_value value;
    uint32_t i = 0;
    for (struct json_iter it = json_iter_of(member->value); json_next(&it, NULL, &value); i++) {
        struct query_path place = query_path_at(&at, i);
        if (!parse_choice(parse, value, &place, &choices[i], fail)) {
            return false;
        }
        if (ask_choice_find(choices, i, choices[i].id) != UINT32_MAX) {
            struct query_path id = query_path_in(&place, "id");
            return query_refuse(&id, fail, "\"%.*s\" is the id of another entry already",
                                STR_ARG(choices[i].id));
        }
    }
    *out = choices;
    *out_count = (uint32_t)count;
    return true;
}

static bool parse_number(const struct query_member *member, const struct query_path *up, bool *has,
                         double *out, struct fail *fail)
{
    struct query_path at = query_path_in(up, member->name);
    if (member->place == 0) {
        return true;
    }
    enum json_type type = json_type_of(member->value);
    if (type != JSON_INT && type != JSON_UINT && type != JSON_DOUBLE) {
        return query_refuse(&at, fail, "expected a number, not %s", json_type_name(type));
    }
    *out = json_double(member->value);
    *has = true;
    return isfinite(*out) || query_refuse(&at, fail, "expected a number");
}

static bool parse_limits(const struct query_member *members, const struct query_path *path,
                         struct ask_question *question, struct fail *fail)
{
    if (!parse_number(&members[MEMBER_MIN], path, &question->has_min, &question->min, fail) ||
        !parse_number(&members[MEMBER_MAX], path, &question->has_max, &question->max, fail)) {
        return false;
    }
    if (question->has_min && question->has_max && question->max < question->min) {
        struct query_path at = query_path_in(path, "max");
        return query_refuse(&at, fail, "\"max\" is below \"min\"");
    }
    return true;
}

static bool parse_type(const struct query_member *members, const struct query_path *path,
                       struct ask_question *question, struct fail *fail)
{
    const char *names[ASK_TYPES];
    size_t type = 0;
    struct query_path at = query_path_in(path, "type");
    for (int i = 0; i < ASK_TYPES; i++) {
        names[i] = ask_type_name((enum ask_type)i);
    }
    if (!query_read_needed(path, &members[MEMBER_TYPE], "a type", fail) ||
        !query_read_choice(members[MEMBER_TYPE].value, &at, names, ASK_TYPES, &type, fail)) {
        return false;
    }
    question->type = (enum ask_type)type;
    return refuse_foreign(question->type, members, path, fail);
}

static bool parse_question(const struct ask_parse *parse, const struct query_member *members,
                           const struct query_path *path, struct ask_question *question,
                           struct fail *fail)
{
    struct query_path required = query_path_in(path, "required");
    if (!parse_id(parse, &members[MEMBER_ID], path, &question->id, fail) ||
        !parse_type(members, path, question, fail) ||
        !ask_parse_text(parse, &members[MEMBER_TITLE], path, true, &question->title, fail) ||
        !ask_parse_text(parse, &members[MEMBER_DESCRIPTION], path, false, &question->description,
                        fail) ||
        !ask_parse_text(parse, &members[MEMBER_LOW_LABEL], path, false, &question->low_label,
                        fail) ||
        !ask_parse_text(parse, &members[MEMBER_HIGH_LABEL], path, false, &question->high_label,
                        fail) ||
        (members[MEMBER_REQUIRED].place != 0 &&
         !query_read_bool(members[MEMBER_REQUIRED].value, &required, &question->required, fail)) ||
        !parse_limits(members, path, question, fail)) {
        return false;
    }
    return (!has_choices(question->type) ||
            parse_choices(parse, &members[MEMBER_CHOICES], path, 2, &question->choices,
                          &question->choice_count, fail)) &&
           (question->type != ASK_MATRIX ||
            parse_choices(parse, &members[MEMBER_ROWS], path, 1, &question->rows,
                          &question->row_count, fail));
}

/* Logic may name any question: it is read once all are known. */
static bool parse_all(const struct ask_parse *parse, struct json_value list,
                      const struct query_path *at, struct query_member (*members)[MEMBERS],
                      struct ask_question *questions, struct fail *fail)
{
    struct json_value value;
    uint32_t i = 0;
    for (struct json_iter it = json_iter_of(list); json_next(&it, NULL, &value); i++) {
        struct query_path place = query_path_at(at, i);
        for (int k = 0; k < MEMBERS; k++) {
            members[i][k] = (struct query_member){.name = member_names[k]};
        }
        if (!query_read_object(value, &place, "a question", members[i], MEMBERS, fail) ||
            !parse_question(parse, members[i], &place, &questions[i], fail)) {
            return false;
        }
        parse->survey->question_count = i;
        if (ask_question_find(parse->survey, questions[i].id) != UINT32_MAX) {
            struct query_path id = query_path_in(&place, "id");
            return query_refuse(&id, fail, "\"%.*s\" is the id of another question already",
                                STR_ARG(questions[i].id));
        }
        parse->survey->question_count = i + 1;
    }
    size_t values = 0;
    for (uint32_t k = 0; k < i; k++) {
        values += questions[k].row_count > 0      ? questions[k].row_count
                  : questions[k].choice_count > 0 ? questions[k].choice_count
                                                  : 1;
    }
    if (values > ASK_VALUES_MAX) {
        return query_refuse(at, fail, "all choices and rows together are at most %d, got %zu",
                            ASK_VALUES_MAX, values);
    }
    for (uint32_t k = 0; k < i; k++) {
        struct query_path place = query_path_at(at, k);
        if (!ask_parse_logic(parse, questions, k, &members[k][MEMBER_NEXT], &place, fail)) {
            return false;
        }
    }
    return true;
}

bool ask_parse_questions(const struct ask_parse *parse, const struct query_member *member,
                         struct fail *fail)
{
    struct query_path at = query_path_in(NULL, member->name);
    if (!query_read_needed(NULL, member, "a list of questions", fail) ||
        !query_read_array(member->value, &at, "a list of questions", fail)) {
        return false;
    }
    size_t count = json_count(member->value);
    if (count > ASK_QUESTIONS_MAX) {
        return query_refuse(&at, fail, "a survey has at most %d questions, got %zu",
                            ASK_QUESTIONS_MAX, count);
    }
    struct ask_question *questions = arena_array(parse->arena, count, sizeof *questions, fail);
    struct query_member(*members)[MEMBERS] =
        arena_array(parse->arena, count, sizeof *members, fail);
    if (questions == NULL || members == NULL) {
        return false;
    }
    parse->survey->questions = questions;
    parse->survey->question_count = 0;
    return parse_all(parse, member->value, &at, members, questions, fail);
}
