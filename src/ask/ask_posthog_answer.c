/* What PostHog's libraries send back of our surveys: seen, answered, answered further. Every message has all answers so
 * far; the newest counts, by the time at which it was sent. */
#include "ask_posthog.h"
#include "ask_spam.h"

#define RESPONSE_PREFIX "$survey_response_"

/* ---- one answer --------------------------------------------------------------------------------------- */

struct reading {
    const struct ask_survey *survey;
    struct json_value properties;
    struct json_writer *w;
    struct fail *fail;
};

static bool refuse(const struct reading *reading, const struct ask_question *question,
                   const char *expected)
{
    return fail_input_at(reading->fail, "/properties/$survey_questions",
                         "the answer to \"%.*s\": expected %s", STR_ARG(question->id), expected);
}

/* The question's answer as it was sent, in either form; false: there is none. */
static bool find_answer(const struct reading *reading, const struct ask_question *question,
                        struct arena *arena, struct json_value *out)
{
    struct json_value list, entry, id;
    if (json_member(reading->properties, STR("$survey_questions"), &list) &&
        json_type_of(list) == JSON_ARRAY) {
        for (struct json_iter it = json_iter_of(list); json_next(&it, NULL, &entry);) {
            if (json_member(entry, STR("id"), &id) && json_type_of(id) == JSON_STRING &&
                str_equal(json_string(id), question->id) &&
                json_member(entry, STR("response"), out) && json_type_of(*out) != JSON_NULL) {
                return true;
            }
        }
    }
    struct str name = str_format(arena, RESPONSE_PREFIX "%.*s", STR_ARG(question->id));
    return json_member(reading->properties, name, out) && json_type_of(*out) != JSON_NULL;
}

/* The choice with that label, in whichever language it was shown. */
static bool choice_of(const struct reading *reading, const struct ask_question *question,
                      struct json_value label, struct str *out)
{
    for (uint32_t language = 0;
         json_type_of(label) == JSON_STRING && language < reading->survey->language_count;
         language++) {
        for (uint32_t i = 0; i < question->choice_count; i++) {
            if (str_equal(ask_text_in(question->choices[i].label, language), json_string(label))) {
                *out = question->choices[i].id;
                return true;
            }
        }
    }
    return refuse(reading, question, "the label of one of its choices");
}

static bool write_choices(const struct reading *reading, const struct ask_question *question,
                          struct json_value labels)
{
    struct json_value label;
    struct str id = {NULL, 0};
    if (json_type_of(labels) != JSON_ARRAY) {
        return refuse(reading, question, "an array of labels");
    }
    json_begin_array(reading->w);
    for (struct json_iter it = json_iter_of(labels); json_next(&it, NULL, &label);) {
        if (!choice_of(reading, question, label, &id)) {
            return false;
        }
        json_write_str(reading->w, id);
    }
    json_end_array(reading->w);
    return true;
}

static bool number_of(struct json_value answer, int64_t *out)
{
    if (json_type_of(answer) == JSON_INT) {
        *out = json_int(answer);
        return true;
    }
    return json_type_of(answer) == JSON_STRING && str_parse_i64(str_trim(json_string(answer)), out);
}

static bool write_answer(const struct reading *reading, const struct ask_question *question,
                         struct json_value answer)
{
    struct str id = {NULL, 0};
    int64_t number = 0;
    json_name(reading->w, question->id);
    if (question->type == ASK_OPEN) {
        if (json_type_of(answer) != JSON_STRING) {
            return refuse(reading, question, "words");
        }
        json_write_str(reading->w, json_string(answer));
        return true;
    }
    if (question->type == ASK_SINGLE) {
        if (!choice_of(reading, question, answer, &id)) {
            return false;
        }
        json_write_str(reading->w, id);
        return true;
    }
    if (question->type == ASK_MULTIPLE) {
        return write_choices(reading, question, answer);
    }
    if (!number_of(answer, &number)) {
        return refuse(reading, question, "a whole number");
    }
    if (question->type != ASK_YES_NO) {
        json_write_int(reading->w, number);
        return true;
    }
    json_write_bool(reading->w, number == 1);
    return number == 1 || number == 2 || refuse(reading, question, "1 for yes, 2 for no");
}

static bool is_empty(struct json_value answer)
{
    return (json_type_of(answer) == JSON_STRING && str_trim(json_string(answer)).len == 0) ||
           (json_type_of(answer) == JSON_ARRAY && json_count(answer) == 0);
}

static bool is_offered(const struct ask_question *question)
{
    return ask_type_is_score(question->type) || question->type == ASK_OPEN ||
           question->type == ASK_SINGLE || question->type == ASK_MULTIPLE ||
           question->type == ASK_YES_NO;
}

/* Those that were given, in our form; what was passed over is so only once the whole is finished. */
static bool read_answers(const struct ask_survey *survey, const struct ask_posthog_event *event,
                         struct arena *arena, struct ask_answer **out, struct fail *fail)
{
    CLEANUP(base_buf_done) struct base_buf text = {.limit = (size_t)4 << 20};
    struct json_parser *parser CLEANUP(json_parser_free_at) = json_parser_new();
    struct json_writer w = {.out = &text};
    struct reading reading = {survey, event->properties, &w, fail};
    struct json_value object, answer;
    struct query_path root = query_path_in(NULL, "properties");
    struct query_path at = query_path_in(&root, "$survey_questions");
    json_begin_object(&w);
    for (uint32_t i = 0; i < survey->question_count; i++) {
        const struct ask_question *question = &survey->questions[i];
        if (is_offered(question) && find_answer(&reading, question, arena, &answer) &&
            !is_empty(answer) && !write_answer(&reading, question, answer)) {
            return false;
        }
    }
    json_end_object(&w);
    *out = arena_array(arena, survey->question_count, sizeof **out, fail);
    return *out != NULL && base_buf_ok(&text, fail) &&
           json_parse(parser, base_buf_view(&text), &object, fail) &&
           ask_answers_parse(survey, object, &at, arena, *out, fail);
}

/* ---- whose response ------------------------------------------------------------------------------------- */

static bool open_response(struct ask *ask, const struct state_survey *row,
                          const struct ask_survey *survey, const struct ask_posthog_event *event,
                          int64_t wave, struct arena *arena, struct state_response *out,
                          struct fail *fail)
{
    struct state_response response = {
        .id = ask_response_id(ask, row->id, wave, event->user, event->anonymous, arena),
        .survey = row->id,
        .version = row->version,
        .wave = wave,
        .way = str_from_c(ask_way_names[ASK_WAY_WIDGET]),
        .language = survey->languages[ask_language_choose(survey, event->language)],
        .user = event->user,
        .anonymous = event->anonymous,
        .status = STR("open"),
        .reasons = STR(""),
        .created_ms = base_now_ms(ask->clock),
    };
    return state_response_open(ask->state, &response, arena, out, fail);
}

/* The survey as it was when this person was asked, and the response; `ours` false: none of ours. */
static bool find_response(struct ask *ask, const struct ask_posthog_event *event,
                          struct arena *arena, struct ask_survey *survey,
                          struct state_response *out, bool *out_ours, struct fail *fail)
{
    struct query_env env;
    struct state_survey row;
    bool found = false;
    *out_ours = false;
    if (!state_survey_find(ask->state, event->survey, arena, &row, &found, fail)) {
        return false;
    }
    if (!found || row.definition.data == NULL) {
        return true;
    }
    if (!ask->env.query_env(ask->env.context, &env, fail) ||
        !ask_survey_parse_text(arena, row.definition, &env, survey, fail)) {
        return false;
    }
    int64_t wave = ask_wave_at(survey, env.now_ms);
    wave = wave == 0 ? 1 : wave;
    if (!state_response_of(ask->state, row.id, wave, event->user, event->anonymous, arena, out,
                           &found, fail)) {
        return false;
    }
    if (!found && str_is(row.status, "closed")) {
        return true;
    }
    *out_ours = true;
    if (!found) {
        return open_response(ask, &row, survey, event, wave, arena, out, fail);
    }
    return out->version == row.version ||
           ask_library_version(ask->state, &env, row.id, out->version, arena, survey, fail);
}

/* ---- taking ----------------------------------------------------------------------------------------------- */

static bool take_answers(struct ask *ask, const struct ask_survey *survey,
                         const struct state_response *response,
                         const struct ask_posthog_event *event, struct arena *arena,
                         struct fail *fail)
{
    struct ask_answer *answers;
    struct ask_taken taken;
    if (!read_answers(survey, event, arena, &answers, fail)) {
        return false;
    }
    if (response->answered_ms == 0 && event->address.data != NULL &&
        !ask_rate_ok(ask->rates, event->address, response->survey, ASK_RATE_WIDGET_MOST) &&
        !state_response_suspect(ask->state, response->id, STR("rate\n"), fail)) {
        return false;
    }
    struct ask_take take = {.response = response->id,
                            .seq = event->at_ms > 0 ? event->at_ms : 1,
                            .answers = answers,
                            .finished = event->finished};
    return ask_take(ask, survey, &take, arena, &taken, fail);
}

bool ask_posthog_take(struct ask *ask, const struct ask_posthog_event *event, struct arena *arena,
                      struct ask_posthog_taken *out, struct fail *fail)
{
    struct ask_survey survey;
    struct state_response response;
    *out = (struct ask_posthog_taken){.ours = false};
    if (!find_response(ask, event, arena, &survey, &response, &out->ours, fail)) {
        return false;
    }
    if (!out->ours) {
        return true;
    }
    out->response = response.id;
    out->field_count = ask_fields_of(&survey, &response, out->fields);
    return event->kind == ASK_POSTHOG_SHOWN
               ? state_response_shown(ask->state, response.id, event->at_ms, fail)
               : take_answers(ask, &survey, &response, event, arena, fail);
}
