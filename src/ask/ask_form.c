#include "ask_form.h"

#include "base_time.h"
#include "net_http.h"

/* ---- pairs ------------------------------------------------------------------------------------------- */

static bool decode(struct str text, struct arena *arena, struct str *out, struct fail *fail)
{
    if (!net_percent_decode(arena, text, true, out) || !str_is_utf8(*out)) {
        return fail_set(fail, FAIL_INPUT, "this is not what a form sends");
    }
    return true;
}

bool ask_form_parse(struct str body, struct arena *arena, struct ask_form *out, struct fail *fail)
{
    if (body.len > ASK_FORM_BYTES_MAX) {
        return fail_set(fail, FAIL_INPUT, "a form has at most %zu bytes", ASK_FORM_BYTES_MAX);
    }
    size_t most = 1;
    for (size_t i = 0; i < body.len; i++) {
        most += body.data[i] == '&' ? 1 : 0;
    }
    if (most > ASK_FORM_FIELDS_MAX) {
        return fail_set(fail, FAIL_INPUT, "a form has at most %d fields", ASK_FORM_FIELDS_MAX);
    }
    struct ask_field *fields = arena_array(arena, most, sizeof *fields, fail);
    if (fields == NULL) {
        return false;
    }
    struct str rest = body, pair;
    size_t count = 0;
    while (rest.data != NULL && str_next_part(&rest, '&', &pair)) {
        size_t equals = str_find_byte(pair, '=');
        if (pair.len == 0) {
            continue;
        }
        if (!decode(str_of(pair.data, equals), arena, &fields[count].name, fail) ||
            !decode(str_after(pair, equals + 1), arena, &fields[count].value, fail)) {
            return false;
        }
        count++;
    }
    *out = (struct ask_form){fields, count};
    return true;
}

struct str ask_form_get(const struct ask_form *form, const char *name)
{
    for (size_t i = 0; i < form->count; i++) {
        if (str_is(form->fields[i].name, name)) {
            return form->fields[i].value;
        }
    }
    return (struct str){NULL, 0};
}

/* ---- answers ------------------------------------------------------------------------------------------ */

/* "a.QID" or "a.QID.PART": the part, empty for none; missing where the field is another's. */
static bool is_field(struct str name, const struct ask_question *question, struct str *out_part)
{
    if (!str_starts_c(name, "a.")) {
        return false;
    }
    struct str rest = str_after(name, 2);
    if (!str_starts(rest, question->id)) {
        return false;
    }
    rest = str_after(rest, question->id.len);
    if (rest.len > 0 && rest.data[0] != '.') {
        return false;
    }
    *out_part = str_after(rest, 1);
    return true;
}

static struct ask_answer scalar(struct store_value value)
{
    return (struct ask_answer){.seen = true, .given = true, .value = value};
}

static bool one_number(const struct ask_question *question, struct str text, struct ask_answer *out)
{
    double value;
    int64_t whole;
    if (!str_parse_double(text, &value) || (question->has_min && value < question->min) ||
        (question->has_max && value > question->max)) {
        return false;
    }
    *out = scalar(str_parse_i64(text, &whole) ? store_value_int(whole) : store_value_double(value));
    return true;
}

static bool one_pick(const struct ask_question *question, struct str text, struct arena *arena,
                     struct ask_answer *out)
{
    uint32_t *pick = arena_small(arena, sizeof *pick);
    *pick = ask_choice_find(question->choices, question->choice_count, text);
    if (*pick == UINT32_MAX) {
        return false;
    }
    *out = scalar(store_value_str(question->choices[*pick].id));
    out->picks = pick;
    out->pick_count = 1;
    return true;
}

bool ask_form_one(const struct ask_question *question, struct str text, struct arena *arena,
                  struct ask_answer *out)
{
    int64_t least, most, value;
    struct civil date;
    text = str_trim(text);
    switch (question->type) {
    case ASK_NPS:
    case ASK_CSAT:
    case ASK_CES:
    case ASK_STARS:
        ask_type_bounds(question->type, &least, &most);
        if (!str_parse_i64(text, &value) || value < least || value > most) {
            return false;
        }
        *out = scalar(store_value_int(value));
        return true;
    case ASK_OPEN:
        if (text.len > ASK_WORDS_BYTES_MAX || text.len == 0) {
            return false;
        }
        *out = scalar(store_value_str(str_copy(arena, text)));
        return true;
    case ASK_YES_NO:
        *out = scalar(store_value_bool(str_is(text, "yes")));
        return str_is(text, "yes") || str_is(text, "no");
    case ASK_NUMBER:
        return one_number(question, text, out);
    case ASK_DATE:
        *out = scalar(store_value_str(str_copy(arena, text)));
        return time_parse_date(text, &date);
    case ASK_SINGLE:
    case ASK_MULTIPLE:
        return one_pick(question, text, arena, out);
    case ASK_RANK:
    case ASK_MATRIX:
    case ASK_TYPES:
        break;
    }
    return false;
}

static bool all_picks(const struct ask_form *form, const struct ask_question *question,
                      uint32_t *picks, struct ask_answer *out)
{
    uint32_t count = 0;
    struct str part;
    for (size_t i = 0; i < form->count; i++) {
        if (!is_field(form->fields[i].name, question, &part) || part.len > 0) {
            continue;
        }
        uint32_t pick =
            ask_choice_find(question->choices, question->choice_count, form->fields[i].value);
        bool twice = false;
        for (uint32_t k = 0; k < count; k++) {
            twice = twice || picks[k] == pick;
        }
        if (pick == UINT32_MAX) {
            return false;
        }
        if (!twice) {
            picks[count++] = pick;
        }
    }
    *out =
        (struct ask_answer){.seen = true, .given = count > 0, .picks = picks, .pick_count = count};
    return true;
}

/* Places 1 to n, each once; all left empty: passed over. */
static bool all_places(const struct ask_form *form, const struct ask_question *question,
                       uint32_t *picks, struct ask_answer *out)
{
    uint32_t filled = 0;
    struct str part;
    for (uint32_t i = 0; i < question->choice_count; i++) {
        picks[i] = ASK_NOWHERE;
    }
    for (size_t i = 0; i < form->count; i++) {
        struct str value = form->fields[i].value;
        int64_t place;
        if (!is_field(form->fields[i].name, question, &part) || value.len == 0) {
            continue;
        }
        uint32_t choice = ask_choice_find(question->choices, question->choice_count, part);
        if (choice == UINT32_MAX || !str_parse_i64(value, &place) || place < 1 ||
            place > question->choice_count || picks[place - 1] != ASK_NOWHERE) {
            return false;
        }
        picks[place - 1] = choice;
        filled++;
    }
    for (uint32_t i = 0; i < question->choice_count; i++) {
        for (uint32_t k = 0; k < i && filled > 0; k++) {
            if (picks[i] == picks[k]) {
                return false; /* one choice in two places, or a place left out */
            }
        }
    }
    if (filled != 0 && filled != question->choice_count) {
        return false;
    }
    *out = (struct ask_answer){
        .seen = true, .given = filled > 0, .picks = picks, .pick_count = question->choice_count};
    return true;
}

static bool all_rows(const struct ask_form *form, const struct ask_question *question,
                     uint32_t *picks, struct ask_answer *out)
{
    bool any = false;
    struct str part;
    for (uint32_t i = 0; i < question->row_count; i++) {
        picks[i] = ASK_NOWHERE;
    }
    for (size_t i = 0; i < form->count; i++) {
        if (!is_field(form->fields[i].name, question, &part)) {
            continue;
        }
        uint32_t row = ask_choice_find(question->rows, question->row_count, part);
        uint32_t pick =
            ask_choice_find(question->choices, question->choice_count, form->fields[i].value);
        if (row == UINT32_MAX || pick == UINT32_MAX) {
            return false;
        }
        picks[row] = pick;
        any = true;
    }
    *out = (struct ask_answer){
        .seen = true, .given = any, .picks = picks, .pick_count = question->row_count};
    return true;
}

static bool answer_many(const struct ask_form *form, const struct ask_question *question,
                        struct arena *arena, struct ask_answer *out,
                        enum ask_form_problem *out_problem, struct fail *fail)
{
    uint32_t *picks = arena_array(arena, ASK_CHOICES_MAX, sizeof *picks, fail);
    if (picks == NULL) {
        return false;
    }
    if (question->type == ASK_RANK) {
        *out_problem = all_places(form, question, picks, out) ? ASK_FORM_FINE : ASK_FORM_NO_RANK;
    } else if (question->type == ASK_MATRIX) {
        *out_problem = all_rows(form, question, picks, out) ? ASK_FORM_FINE : ASK_FORM_WRONG;
    } else {
        *out_problem = all_picks(form, question, picks, out) ? ASK_FORM_FINE : ASK_FORM_WRONG;
    }
    return true;
}

bool ask_form_answer(const struct ask_form *form, const struct ask_question *question,
                     struct arena *arena, struct ask_answer *out,
                     enum ask_form_problem *out_problem, struct fail *fail)
{
    *out = (struct ask_answer){0};
    if (question->type == ASK_RANK || question->type == ASK_MATRIX ||
        question->type == ASK_MULTIPLE) {
        return answer_many(form, question, arena, out, out_problem, fail);
    }
    struct str name = str_format(arena, "a.%.*s", STR_ARG(question->id));
    struct str value = ask_form_get(form, str_copy_c(arena, name));
    *out_problem = ASK_FORM_FINE;
    if (str_trim(value).len == 0) {
        out->seen = true;
        return true;
    }
    struct ask_answer answer;
    if (ask_form_one(question, value, arena, &answer)) {
        *out = answer;
    } else {
        *out_problem = ASK_FORM_WRONG;
    }
    return true;
}
