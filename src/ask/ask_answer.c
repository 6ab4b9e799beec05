#include "ask_answer.h"

#include <math.h>

#include "base_time.h"

/* ---- reading --------------------------------------------------------------------------------------- */

static bool read_whole(const struct ask_question *question, struct json_value json,
                       const struct query_path *at, struct ask_answer *out, struct fail *fail)
{
    int64_t least, most, value = 0;
    ask_type_bounds(question->type, &least, &most);
    if (!query_read_whole(json, at, least, most, &value, fail)) {
        return false;
    }
    out->value = store_value_int(value);
    return true;
}

static bool read_number(const struct ask_question *question, struct json_value json,
                        const struct query_path *at, struct ask_answer *out, struct fail *fail)
{
    enum json_type type = json_type_of(json);
    if (type != JSON_INT && type != JSON_UINT && type != JSON_DOUBLE) {
        return query_refuse(at, fail, "expected a number, not %s", json_type_name(type));
    }
    double value = json_double(json);
    if (!isfinite(value) || (question->has_min && value < question->min) ||
        (question->has_max && value > question->max)) {
        char least[BASE_DOUBLE_CHARS + 1] = "", most[BASE_DOUBLE_CHARS + 1] = "";
        least[base_format_double(question->min, least)] = '\0';
        most[base_format_double(question->max, most)] = '\0';
        return query_refuse(at, fail, "expected a number%s%s%s%s",
                            question->has_min ? " from " : "", question->has_min ? least : "",
                            question->has_max ? " up to " : "", question->has_max ? most : "");
    }
    out->value = type == JSON_INT ? store_value_int(json_int(json)) : store_value_double(value);
    return true;
}

static bool read_words(struct json_value json, const struct query_path *at, struct arena *arena,
                       struct ask_answer *out, struct fail *fail)
{
    struct str text;
    if (!query_read_string(json, at, "the words", &text, fail)) {
        return false;
    }
    if (text.len > ASK_WORDS_BYTES_MAX) {
        return query_refuse(at, fail, "an answer has at most %d bytes, got %zu",
                            ASK_WORDS_BYTES_MAX, text.len);
    }
    text = str_trim(text);
    out->given = text.len > 0;
    out->value = store_value_str(str_copy(arena, text));
    return true;
}

static bool read_date(struct json_value json, const struct query_path *at, struct arena *arena,
                      struct ask_answer *out, struct fail *fail)
{
    struct str text = {NULL, 0};
    struct civil date;
    if (!query_read_string(json, at, "a date such as \"2026-05-01\"", &text, fail)) {
        return false;
    }
    if (!time_parse_date(text, &date)) {
        return query_refuse(at, fail, "expected a date such as \"2026-05-01\"");
    }
    out->value = store_value_str(str_copy(arena, text));
    return true;
}

static bool read_pick(const struct ask_question *question, struct json_value json,
                      const struct query_path *at, uint32_t *out, struct fail *fail)
{
    struct str id;
    if (!query_read_string(json, at, "the id of a choice", &id, fail)) {
        return false;
    }
    *out = ask_choice_find(question->choices, question->choice_count, id);
    return *out != UINT32_MAX || query_refuse(at, fail, "there is no such choice");
}

static bool read_single(const struct ask_question *question, struct json_value json,
                        const struct query_path *at, struct arena *arena, struct ask_answer *out,
                        struct fail *fail)
{
    uint32_t *pick = arena_small(arena, sizeof *pick);
    if (!read_pick(question, json, at, pick, fail)) {
        return false;
    }
    out->picks = pick;
    out->pick_count = 1;
    out->value = store_value_str(question->choices[*pick].id);
    return true;
}

static bool read_list(const struct ask_question *question, struct json_value json,
                      const struct query_path *at, struct arena *arena, struct ask_answer *out,
                      struct fail *fail)
{
    bool rank = question->type == ASK_RANK;
    if (!query_read_array(json, at, "a list of ids of choices", fail)) {
        return false;
    }
    size_t count = json_count(json);
    if (count > question->choice_count || (rank && count != question->choice_count)) {
        return query_refuse(at, fail, "expected %s%u ids", rank ? "all " : "at most ",
                            question->choice_count);
    }
    uint32_t *picks = arena_array(arena, count, sizeof *picks, fail);
    if (picks == NULL) {
        return false;
    }
    struct json_value value;
    size_t i = 0;
    for (struct json_iter it = json_iter_of(json); json_next(&it, NULL, &value); i++) {
        struct query_path place = query_path_at(at, i);
        if (!read_pick(question, value, &place, &picks[i], fail)) {
            return false;
        }
        for (size_t k = 0; k < i; k++) {
            if (picks[k] == picks[i]) {
                return query_refuse(&place, fail, "this choice stands twice");
            }
        }
    }
    out->given = count > 0;
    out->picks = picks;
    out->pick_count = (uint32_t)count;
    return true;
}

static bool read_matrix(const struct ask_question *question, struct json_value json,
                        const struct query_path *at, struct arena *arena, struct ask_answer *out,
                        struct fail *fail)
{
    if (json_type_of(json) != JSON_OBJECT) {
        return query_refuse(at, fail, "expected an object row -> choice, not %s",
                            json_type_name(json_type_of(json)));
    }
    uint32_t *picks = arena_array(arena, question->row_count, sizeof *picks, fail);
    if (picks == NULL) {
        return false;
    }
    for (uint32_t i = 0; i < question->row_count; i++) {
        picks[i] = ASK_NOWHERE;
    }
    struct str name;
    struct json_value value;
    out->given = false;
    for (struct json_iter it = json_iter_of(json); json_next(&it, &name, &value);) {
        struct query_path place = {.up = at, .name = name};
        uint32_t row = ask_choice_find(question->rows, question->row_count, name);
        if (row == UINT32_MAX) {
            return query_refuse(&place, fail, "there is no such row");
        }
        if (!read_pick(question, value, &place, &picks[row], fail)) {
            return false;
        }
        out->given = true;
    }
    out->picks = picks;
    out->pick_count = question->row_count;
    return true;
}

bool ask_answer_read(const struct ask_question *question, struct json_value json,
                     const struct query_path *at, struct arena *arena, struct ask_answer *out,
                     struct fail *fail)
{
    struct ask_answer answer = {.seen = true, .given = true};
    bool ok = true;
    if (json_type_of(json) == JSON_NULL) {
        answer.given = false;
        *out = answer;
        return true;
    }
    switch (question->type) {
    case ASK_NPS:
    case ASK_CSAT:
    case ASK_CES:
    case ASK_STARS:
        ok = read_whole(question, json, at, &answer, fail);
        break;
    case ASK_OPEN:
        ok = read_words(json, at, arena, &answer, fail);
        break;
    case ASK_SINGLE:
        ok = read_single(question, json, at, arena, &answer, fail);
        break;
    case ASK_MULTIPLE:
    case ASK_RANK:
        ok = read_list(question, json, at, arena, &answer, fail);
        break;
    case ASK_YES_NO: {
        bool yes = false;
        ok = query_read_bool(json, at, &yes, fail);
        answer.value = store_value_bool(yes);
        break;
    }
    case ASK_MATRIX:
        ok = read_matrix(question, json, at, arena, &answer, fail);
        break;
    case ASK_NUMBER:
        ok = read_number(question, json, at, &answer, fail);
        break;
    case ASK_DATE:
        ok = read_date(json, at, arena, &answer, fail);
        break;
    case ASK_TYPES:
        break;
    }
    if (ok) {
        *out = answer;
    }
    return ok;
}

/* ---- writing --------------------------------------------------------------------------------------- */

static void write_value(struct json_writer *w, struct store_value value)
{
    switch ((enum store_kind)value.kind) {
    case STORE_BOOL:
        json_write_bool(w, value.b);
        return;
    case STORE_INT:
        json_write_int(w, value.i);
        return;
    case STORE_UINT:
        json_write_uint(w, value.u);
        return;
    case STORE_DOUBLE:
        json_write_double(w, value.d);
        return;
    case STORE_STRING:
        json_write_str(w, store_value_text(value));
        return;
    case STORE_NULL:
        break;
    }
    json_write_null(w);
}

void ask_answer_write(const struct ask_question *question, const struct ask_answer *answer,
                      struct json_writer *w)
{
    if (!answer->given) {
        json_write_null(w);
    } else if (question->type == ASK_MATRIX) {
        json_begin_object(w);
        for (uint32_t i = 0; i < answer->pick_count; i++) {
            if (answer->picks[i] != ASK_NOWHERE) {
                json_name(w, question->rows[i].id);
                json_write_str(w, question->choices[answer->picks[i]].id);
            }
        }
        json_end_object(w);
    } else if (question->type == ASK_MULTIPLE || question->type == ASK_RANK) {
        json_begin_array(w);
        for (uint32_t i = 0; i < answer->pick_count; i++) {
            json_write_str(w, question->choices[answer->picks[i]].id);
        }
        json_end_array(w);
    } else {
        write_value(w, answer->value);
    }
}

static void show_picks(const struct ask_question *question, const struct ask_answer *answer,
                       uint32_t language, struct base_buf *out)
{
    bool first = true;
    for (uint32_t i = 0; i < answer->pick_count; i++) {
        if (answer->picks[i] == ASK_NOWHERE) {
            continue;
        }
        base_buf_c(out, first ? "" : ", ");
        if (question->type == ASK_MATRIX) {
            base_buf_str(out, ask_text_in(question->rows[i].label, language));
            base_buf_c(out, ": ");
        }
        base_buf_str(out, ask_text_in(question->choices[answer->picks[i]].label, language));
        first = false;
    }
}

void ask_answer_show(const struct ask_question *question, const struct ask_answer *answer,
                     uint32_t language, struct base_buf *out)
{
    char digits[BASE_DOUBLE_CHARS];
    if (answer->picks != NULL) {
        show_picks(question, answer, language, out);
    } else if (answer->value.kind == STORE_STRING) {
        base_buf_str(out, store_value_text(answer->value));
    } else if (answer->value.kind == STORE_BOOL) {
        base_buf_c(out, answer->value.b ? "\xE2\x9C\x93" : "\xE2\x9C\x97"); /* check mark, cross */
    } else if (store_value_is_number(answer->value)) {
        base_buf_bytes(out, digits, base_format_double(store_value_number(answer->value), digits));
    }
}

/* ---- the way through --------------------------------------------------------------------------------- */

static bool same_value(struct store_value a, struct store_value b)
{
    if (store_value_is_number(a) && store_value_is_number(b)) {
        return store_value_number(a) == store_value_number(b);
    }
    if (a.kind != b.kind) {
        return false;
    }
    return a.kind == STORE_BOOL
               ? a.b == b.b
               : a.kind == STORE_STRING && str_equal(store_value_text(a), store_value_text(b));
}

static bool has_value(const struct ask_question *question, const struct ask_answer *answer,
                      struct store_value value)
{
    if (answer->picks == NULL) {
        return same_value(answer->value, value);
    }
    /* Of a rank the first place counts; of a matrix any row. */
    uint32_t count = question->type == ASK_RANK ? 1 : answer->pick_count;
    for (uint32_t i = 0; i < count && i < answer->pick_count; i++) {
        if (answer->picks[i] != ASK_NOWHERE &&
            same_value(store_value_str(question->choices[answer->picks[i]].id), value)) {
            return true;
        }
    }
    return false;
}

static bool any_value(const struct ask_question *question, const struct ask_rule *rule,
                      const struct ask_answer *answer)
{
    for (uint32_t i = 0; i < rule->value_count; i++) {
        if (has_value(question, answer, rule->values[i])) {
            return true;
        }
    }
    return false;
}

/* Dates are compared as their text, which sorts as they do. */
static int compare(struct store_value a, struct store_value b)
{
    if (store_value_is_number(a) && store_value_is_number(b)) {
        double x = store_value_number(a), y = store_value_number(b);
        return x < y ? -1 : x > y ? 1 : 0;
    }
    return str_compare(store_value_text(a), store_value_text(b));
}

bool ask_rule_holds(const struct ask_survey *survey, const struct ask_rule *rule,
                    const struct ask_answer *answers)
{
    if (rule->always) {
        return true;
    }
    const struct ask_question *question = &survey->questions[rule->question];
    const struct ask_answer *answer = &answers[rule->question];
    /* As in conditions of questions: a missing answer makes every comparison false but the negations. */
    if (!answer->given) {
        return rule->op == ASK_NOT_ANSWERED || rule->op == ASK_UNEQUAL || rule->op == ASK_NOT_IN;
    }
    switch (rule->op) {
    case ASK_EQUAL:
    case ASK_IN:
        return any_value(question, rule, answer);
    case ASK_UNEQUAL:
    case ASK_NOT_IN:
        return !any_value(question, rule, answer);
    case ASK_ABOVE:
        return compare(answer->value, rule->values[0]) > 0;
    case ASK_AT_LEAST:
        return compare(answer->value, rule->values[0]) >= 0;
    case ASK_BELOW:
        return compare(answer->value, rule->values[0]) < 0;
    case ASK_AT_MOST:
        return compare(answer->value, rule->values[0]) <= 0;
    case ASK_ANSWERED:
        return true;
    case ASK_NOT_ANSWERED:
    case ASK_OPERATORS:
        break;
    }
    return false;
}

static uint32_t go_from(const struct ask_survey *survey, uint32_t at,
                        const struct ask_answer *answers)
{
    const struct ask_question *question = &survey->questions[at];
    for (uint32_t i = 0; i < question->rule_count; i++) {
        if (ask_rule_holds(survey, &question->rules[i], answers)) {
            return question->rules[i].go;
        }
    }
    return at + 1;
}

uint32_t ask_walk(const struct ask_survey *survey, const struct ask_answer *answers, bool finishing,
                  uint32_t *path, uint32_t *out_count)
{
    bool visited[ASK_QUESTIONS_MAX] = {false};
    uint32_t at = 0, count = 0;
    while (at < survey->question_count && !visited[at]) {
        const struct ask_answer *answer = &answers[at];
        bool passed = finishing ? answer->given || !survey->questions[at].required : answer->seen;
        if (!passed) {
            break;
        }
        visited[at] = true;
        if (path != NULL) {
            path[count] = at;
        }
        count++;
        at = go_from(survey, at, answers);
    }
    if (out_count != NULL) {
        *out_count = count;
    }
    /* A loop, which the checks refuse, ends the walk rather than the program. */
    return at < survey->question_count && visited[at] ? survey->question_count : at;
}

uint32_t ask_longest_way(const struct ask_survey *survey, uint32_t from)
{
    uint32_t longest[ASK_QUESTIONS_MAX + 1] = {0};
    for (uint32_t i = survey->question_count; i-- > from;) {
        const struct ask_question *question = &survey->questions[i];
        bool always = false;
        uint32_t after = 0;
        for (uint32_t k = 0; k < question->rule_count; k++) {
            uint32_t go = question->rules[k].go;
            always = always || question->rules[k].always;
            after = go > i && longest[go] > after ? longest[go] : after;
        }
        /* Backwards leads only what the checks refuse. */
        longest[i] = 1 + (!always && longest[i + 1] > after ? longest[i + 1] : after);
    }
    return from < survey->question_count ? longest[from] : 0;
}

struct str ask_recall(const struct ask_survey *survey, struct str text, uint32_t language,
                      const struct ask_answer *answers, struct arena *arena)
{
    size_t at = 0, end = 0, done = 0;
    struct str id;
    if (!ask_recall_next(text, &at, &end, &id)) {
        return text;
    }
    CLEANUP(base_buf_done) struct base_buf out = {.limit = (size_t)8 << 20};
    do {
        uint32_t question = ask_question_find(survey, id);
        base_buf_bytes(&out, text.data + done, at - done);
        if (question != UINT32_MAX && answers[question].given) {
            ask_answer_show(&survey->questions[question], &answers[question], language, &out);
        } else {
            base_buf_c(&out, "\xE2\x80\xA6");
        }
        done = at = end;
    } while (ask_recall_next(text, &at, &end, &id));
    base_buf_str(&out, str_after(text, done));
    return str_copy(arena, base_buf_view(&out));
}
