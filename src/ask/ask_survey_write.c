/* A survey in one language, for whoever shows it. */
#include "ask_answer.h"

static void write_text(struct json_writer *w, const char *name, struct ask_text text,
                       uint32_t language)
{
    struct str in = ask_text_in(text, language);
    if (in.data != NULL) {
        json_name_c(w, name);
        json_write_str(w, in);
    }
}

static void write_choices(struct json_writer *w, const char *name, const struct ask_choice *choices,
                          uint32_t count, uint32_t language)
{
    if (count == 0) {
        return;
    }
    json_name_c(w, name);
    json_begin_array(w);
    for (uint32_t i = 0; i < count; i++) {
        json_begin_object(w);
        json_name_c(w, "id");
        json_write_str(w, choices[i].id);
        write_text(w, "label", choices[i].label, language);
        json_end_object(w);
    }
    json_end_array(w);
}

static void write_operand(struct json_writer *w, struct store_value value)
{
    if (value.kind == STORE_STRING) {
        json_write_str(w, store_value_text(value));
    } else if (value.kind == STORE_BOOL) {
        json_write_bool(w, value.b);
    } else {
        json_write_double(w, store_value_number(value));
    }
}

static void write_rule(const struct ask_survey *survey, const struct ask_rule *rule,
                       struct json_writer *w)
{
    json_begin_object(w);
    if (!rule->always) {
        bool list = rule->op == ASK_IN || rule->op == ASK_NOT_IN;
        json_name_c(w, "if");
        json_begin_object(w);
        json_name_c(w, "question");
        json_write_str(w, survey->questions[rule->question].id);
        json_name_c(w, "op");
        json_write_c(w, ask_operator_names[rule->op]);
        if (rule->value_count > 0) {
            json_name_c(w, "value");
        }
        if (list) {
            json_begin_array(w);
        }
        for (uint32_t i = 0; i < rule->value_count; i++) {
            write_operand(w, rule->values[i]);
        }
        if (list) {
            json_end_array(w);
        }
        json_end_object(w);
    }
    json_name_c(w, "go");
    if (rule->go < survey->question_count) {
        json_write_str(w, survey->questions[rule->go].id);
    } else {
        json_write_c(w, "end");
    }
    json_end_object(w);
}

static void write_question(const struct ask_survey *survey, const struct ask_question *question,
                           uint32_t language, struct json_writer *w)
{
    json_begin_object(w);
    json_name_c(w, "id");
    json_write_str(w, question->id);
    json_name_c(w, "type");
    json_write_c(w, ask_type_name(question->type));
    write_text(w, "title", question->title, language);
    write_text(w, "description", question->description, language);
    json_name_c(w, "required");
    json_write_bool(w, question->required);
    write_choices(w, "choices", question->choices, question->choice_count, language);
    write_choices(w, "rows", question->rows, question->row_count, language);
    if (question->has_min) {
        json_name_c(w, "min");
        json_write_double(w, question->min);
    }
    if (question->has_max) {
        json_name_c(w, "max");
        json_write_double(w, question->max);
    }
    write_text(w, "low_label", question->low_label, language);
    write_text(w, "high_label", question->high_label, language);
    if (question->rule_count > 0) {
        json_name_c(w, "next");
        json_begin_array(w);
        for (uint32_t i = 0; i < question->rule_count; i++) {
            write_rule(survey, &question->rules[i], w);
        }
        json_end_array(w);
    }
    json_end_object(w);
}

void ask_survey_write(const struct ask_survey *survey, struct str id, int64_t version,
                      uint32_t language, struct json_writer *w)
{
    struct str title = ask_text_in(survey->title, language);
    json_begin_object(w);
    json_name_c(w, "id");
    json_write_str(w, id);
    json_name_c(w, "version");
    json_write_int(w, version);
    json_name_c(w, "language");
    json_write_str(w, survey->languages[language]);
    json_name_c(w, "dir");
    json_write_c(w, ask_language_is_rtl(survey->languages[language]) ? "rtl" : "ltr");
    json_name_c(w, "title");
    json_write_str(w, title.data != NULL ? title : survey->name);
    write_text(w, "intro", survey->intro, language);
    write_text(w, "thanks", survey->thanks, language);
    json_name_c(w, "pages");
    json_write_c(w, survey->one_page ? "all" : "one");
    json_name_c(w, "theme");
    json_begin_object(w);
    for (int i = 0; i < ASK_COLOURS; i++) {
        json_name_c(w, ask_colour_names[i]);
        json_write_str(w, survey->colours[i]);
    }
    json_end_object(w);
    json_name_c(w, "questions");
    json_begin_array(w);
    for (uint32_t i = 0; i < survey->question_count; i++) {
        write_question(survey, &survey->questions[i], language, w);
    }
    json_end_array(w);
    json_end_object(w);
}
