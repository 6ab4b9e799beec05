/* Surveys that PostHog's libraries showed. A response may be sent many times, each time with all answers so far; the
 * words and scores of one response count once, so only its end (completed, or put away) becomes `feedback`, whose
 * message_id is the response's. What came before stays on the timeline under its own name. */
#include "intake_posthog_event.h"

#include <stdio.h>

#define ANSWER_PREFIX "answers."
#define RESPONSE_PREFIX "$survey_response"

struct response {
    struct intake_draft *draft;
    const struct intake_posthog_event *event;
    bool ended;       /* nothing comes after it */
    bool finished;    /* ... and it was answered to the end */
    size_t answered;  /* questions that have an answer */
    struct str words; /* the first answer in words */
};

bool intake_posthog_survey_member(struct str name)
{
    return str_starts_c(name, "$survey_") && !str_is(name, "$survey_name");
}

static bool is_given(struct json_value answer)
{
    switch (json_type_of(answer)) {
    case JSON_NULL:
        return false;
    case JSON_STRING:
        return str_trim(json_string(answer)).len > 0;
    case JSON_ARRAY:
        return json_count(answer) > 0;
    case JSON_BOOL:
    case JSON_INT:
    case JSON_UINT:
    case JSON_DOUBLE:
    case JSON_OBJECT:
        break;
    }
    return true;
}

static bool is_number_text(struct str text)
{
    double number;
    return str_parse_double(str_trim(text), &number);
}

/* One answer: under answers.ID, or, where it is the first in words of a response that ended, the event's text. */
static bool take_answer(struct response *response, struct str id, struct json_value answer,
                        const struct intake_path *at)
{
    struct intake_draft *draft = response->draft;
    if (!is_given(answer)) {
        return true;
    }
    response->answered++;
    if (response->words.data == NULL && json_type_of(answer) == JSON_STRING &&
        !is_number_text(json_string(answer))) {
        if (!intake_keep(draft, json_string(answer), &response->words)) {
            return false;
        }
        if (response->ended) {
            return true;
        }
    }
    char name[STORE_NAME_BYTES_MAX];
    size_t prefix_len = sizeof ANSWER_PREFIX - 1;
    if (id.len == 0 || id.len > sizeof name - prefix_len) {
        return intake_judge(draft, intake_path_pointer(draft->arena, at),
                            "a question's id has 1 to %zu bytes", sizeof name - prefix_len);
    }
    memcpy(name, ANSWER_PREFIX, prefix_len);
    memcpy(name + prefix_len, id.data, id.len);
    return intake_flatten_value(draft, &draft->decoder->properties,
                                str_of(name, prefix_len + id.len), answer, at);
}

/* The newer form: [{"id", "question", "response"}]; questions not answered have no response. */
static bool take_questions(struct response *response)
{
    struct intake_path root = {.name = STR("/properties/$survey_questions")};
    struct intake_path at = {.up = &root};
    struct json_value question, id, answer;
    size_t left = INTAKE_POSTHOG_QUESTIONS_MAX;
    for (struct json_iter it = json_iter_of(response->event->value[POSTHOG_QUESTIONS]);
         left > 0 && json_next(&it, NULL, &question); at.index++, left--) {
        char number[24];
        struct str name = str_of(number, (size_t)snprintf(number, sizeof number, "%zu", at.index));
        if (json_member(question, STR("id"), &id) && json_type_of(id) == JSON_STRING &&
            json_string(id).len > 0) {
            name = json_string(id);
        }
        struct intake_path inside = {.up = &at, .name = STR("response")};
        if (json_member(question, inside.name, &answer) &&
            !take_answer(response, name, answer, &inside)) {
            return false;
        }
    }
    return true;
}

/* The older form: $survey_response of the first question, $survey_response_N or _ID of the others. */
static bool take_responses(struct response *response)
{
    struct intake_path root = {.name = STR("/properties")};
    struct intake_path at = {.up = &root};
    struct json_value value;
    for (struct json_iter it = json_iter_of(response->event->top[POSTHOG_TOP_PROPERTIES]);
         json_next(&it, &at.name, &value);) {
        if (!str_starts_c(at.name, RESPONSE_PREFIX)) {
            continue;
        }
        struct str rest = str_after(at.name, sizeof RESPONSE_PREFIX - 1);
        if (rest.len == 0) {
            rest = STR("_0");
        }
        if (rest.data[0] == '_' && !take_answer(response, str_after(rest, 1), value, &at)) {
            return false;
        }
    }
    return true;
}

/* Answers that stand in either form, or in both: the newer one where it has any. */
static bool take_answers(struct response *response)
{
    if (response->event->has[POSTHOG_QUESTIONS] &&
        json_type_of(response->event->value[POSTHOG_QUESTIONS]) == JSON_ARRAY &&
        !take_questions(response)) {
        return false;
    }
    return response->answered > 0 || !response->event->top_has[POSTHOG_TOP_PROPERTIES] ||
           take_responses(response);
}

static bool add_text(struct intake_draft *draft, const char *name, struct str text)
{
    struct intake_path place = {.name = STR("/properties")};
    struct str kept;
    return intake_keep(draft, text, &kept) &&
           intake_add_field(draft, &draft->decoder->properties, str_from_c(name),
                            store_value_str(kept), &place);
}

static bool add_bool(struct intake_draft *draft, const char *name, bool value)
{
    struct intake_path place = {.name = STR("/properties")};
    return intake_add_field(draft, &draft->decoder->properties, str_from_c(name),
                            store_value_bool(value), &place);
}

/* survey, response, wave, way: what all three events say. */
static bool take_frame(struct intake_draft *draft, const struct intake_posthog_event *event,
                       struct str *out_response)
{
    struct str survey;
    *out_response = (struct str){NULL, 0};
    struct intake_path iteration = {.name = STR("/properties/$survey_iteration")};
    if (event->has[POSTHOG_SUBMISSION] &&
        !intake_take_id(draft, event->value[POSTHOG_SUBMISSION],
                        STR("/properties/$survey_submission_id"), STORE_MESSAGE_ID_BYTES_MAX,
                        out_response)) {
        return false;
    }
    return (!intake_posthog_text(event, POSTHOG_SURVEY_ID, &survey) ||
            add_text(draft, "survey", survey)) &&
           add_text(draft, "way", STR("widget")) &&
           (out_response->data == NULL || add_text(draft, "response", *out_response)) &&
           (!event->has[POSTHOG_ITERATION] ||
            intake_flatten_value(draft, &draft->decoder->properties, STR("wave"),
                                 event->value[POSTHOG_ITERATION], &iteration));
}

bool intake_posthog_survey(struct intake_draft *draft, const struct intake_posthog_event *event)
{
    struct str id;
    struct response response = {.draft = draft, .event = event};
    if (!take_frame(draft, event, &id)) {
        return false;
    }
    if (event->kind == POSTHOG_SURVEY_SHOWN) {
        return true;
    }
    bool partial = event->has[POSTHOG_COMPLETED] &&
                   json_type_of(event->value[POSTHOG_COMPLETED]) == JSON_BOOL &&
                   !json_bool(event->value[POSTHOG_COMPLETED]);
    response.finished = event->kind == POSTHOG_SURVEY_SENT && !partial;
    response.ended = response.finished || event->kind == POSTHOG_SURVEY_DISMISSED;
    if (!take_answers(&response) || !add_bool(draft, "finished", response.finished)) {
        return false;
    }
    if (!response.ended || response.answered == 0) {
        return true;
    }
    draft->event = STR("feedback");
    draft->text = response.words;
    draft->message_id = id;
    return add_text(draft, "kind", STR("survey"));
}
