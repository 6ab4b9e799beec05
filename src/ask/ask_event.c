/* What a response says on the timeline. */
#include "ask_response.h"

static void field(struct store_field *fields, size_t *count, const char *name,
                  struct store_value value)
{
    fields[(*count)++] = (struct store_field){str_from_c(name), value};
}

static void field_text(struct store_field *fields, size_t *count, const char *name, struct str text)
{
    if (text.data != NULL) {
        field(fields, count, name, store_value_str(text));
    }
}

size_t ask_fields_of(const struct ask_survey *survey, const struct state_response *response,
                     struct store_field fields[ASK_FIELDS_MAX])
{
    size_t count = 0;
    bool asked[ASK_TYPES] = {false};
    field_text(fields, &count, "survey", response->survey);
    field(fields, &count, "version", store_value_int(response->version));
    field(fields, &count, "wave", store_value_int(response->wave));
    field_text(fields, &count, "way", response->way);
    field_text(fields, &count, "response", response->id);
    field_text(fields, &count, "language", response->language);
    for (uint32_t i = 0; i < survey->question_count; i++) {
        enum ask_type type = survey->questions[i].type;
        if (ask_type_is_score(type) && !asked[type]) {
            asked[type] = true;
            field_text(fields, &count, "metrics", str_from_c(ask_type_name(type)));
        }
    }
    return count;
}

size_t ask_identifiers_of(const struct state_response *response,
                          struct store_identifier identifiers[2])
{
    size_t count = 0;
    if (response->user.data != NULL) {
        identifiers[count++] = (struct store_identifier){STR("user"), response->user};
    }
    if (response->anonymous.data != NULL) {
        identifiers[count++] = (struct store_identifier){STR("anonymous"), response->anonymous};
    }
    return count;
}

/* ---- parts --------------------------------------------------------------------------------------------- */

struct making {
    const struct ask_survey *survey;
    const struct state_response *response;
    const struct state_part *part;
    const struct ask_answer *answers;
    bool later;    /* than a part that the timeline has */
    struct str id; /* RESPONSE, or RESPONSE/2 */
    struct store_identifier *identifiers;
    size_t identifier_count;
    int64_t now_ms;
    struct arena *arena;
};

static size_t values_of(const struct ask_answer *answer)
{
    return answer->picks == NULL ? 1 : answer->pick_count;
}

static void add_answer(const struct making *making, uint32_t at, struct store_field *fields,
                       size_t *count)
{
    const struct ask_question *question = &making->survey->questions[at];
    const struct ask_answer *answer = &making->answers[at];
    struct str name = str_format(making->arena, "answers.%.*s", STR_ARG(question->id));
    if (answer->picks == NULL || question->type == ASK_SINGLE) {
        fields[(*count)++] = (struct store_field){name, answer->value};
        return;
    }
    for (uint32_t i = 0; i < answer->pick_count; i++) {
        if (answer->picks[i] == ASK_NOWHERE) {
            continue;
        }
        struct str of = question->type != ASK_MATRIX
                            ? name
                            : str_format(making->arena, "%.*s.%.*s", STR_ARG(name),
                                         STR_ARG(question->rows[i].id));
        fields[(*count)++] =
            (struct store_field){of, store_value_str(question->choices[answer->picks[i]].id)};
    }
}

static bool is_score(const struct making *making, uint32_t at)
{
    return making->answers[at].given && ask_type_is_score(making->survey->questions[at].type);
}

static bool is_words(const struct making *making, uint32_t at)
{
    return making->answers[at].given && making->survey->questions[at].type == ASK_OPEN;
}

static uint32_t first_of(const struct making *making,
                         bool (*is)(const struct making *making, uint32_t at))
{
    for (uint32_t i = 0; i < making->survey->question_count; i++) {
        if (is(making, i)) {
            return i;
        }
    }
    return ASK_NOWHERE;
}

static struct store_item item_of(const struct making *making, struct str message_id,
                                 const struct store_field *fields, size_t count, uint32_t score,
                                 uint32_t words)
{
    struct store_item item = {
        .event = {.source = STR(ASK_SOURCE),
                  .message_id = message_id,
                  .event = STR("feedback"),
                  .ts_ms = making->part->at_ms,
                  .received_at_ms = making->now_ms,
                  .client_ts_ms = STORE_NO_TIME,
                  .sent_at_ms = STORE_NO_TIME,
                  .channel = STR("survey"),
                  .properties = fields,
                  .property_count = count,
                  .identifiers = making->identifiers,
                  .identifier_count = making->identifier_count},
        .verdict = STORE_STORED,
        .from_import =
            true, /* known for ever: written again after however long a rest, it is a duplicate */
    };
    if (score != ASK_NOWHERE) {
        item.event.score = making->answers[score].value;
        item.event.scale = str_from_c(ask_type_name(making->survey->questions[score].type));
    }
    if (words != ASK_NOWHERE) {
        item.event.text = store_value_text(making->answers[words].value);
    }
    return item;
}

static bool make_main(const struct making *making, struct store_item *out, uint32_t *out_score,
                      uint32_t *out_words, struct fail *fail)
{
    const struct ask_survey *survey = making->survey;
    size_t most = ASK_FIELDS_MAX, count;
    for (uint32_t i = 0; i < survey->question_count; i++) {
        most += values_of(&making->answers[i]);
    }
    struct store_field *fields = arena_array(making->arena, most, sizeof *fields, fail);
    if (fields == NULL) {
        return false;
    }
    *out_score = first_of(making, is_score);
    *out_words = first_of(making, is_words);
    count = ask_fields_of(survey, making->response, fields);
    field_text(fields, &count, "kind", STR("survey"));
    field(fields, &count, "finished", store_value_bool(making->part->finished));
    if (*out_words != ASK_NOWHERE) {
        field_text(fields, &count, "text_question", survey->questions[*out_words].id);
    }
    for (uint32_t i = 0; i < survey->question_count; i++) {
        if (making->answers[i].given && survey->questions[i].type != ASK_OPEN) {
            add_answer(making, i, fields, &count);
        }
    }
    if (making->later) {
        uint32_t first = *out_score != ASK_NOWHERE ? *out_score : *out_words;
        for (uint32_t i = 0; first == ASK_NOWHERE && i < survey->question_count; i++) {
            first = making->answers[i].given ? i : first;
        }
        field(fields, &count, "part", store_value_int(making->part->part));
        field_text(fields, &count, "question",
                   first == ASK_NOWHERE ? STR("end") : survey->questions[first].id);
    }
    *out = item_of(making, making->id, fields, count, *out_score, *out_words);
    return true;
}

static bool make_further(const struct making *making, uint32_t at, struct store_item *out,
                         struct fail *fail)
{
    const struct ask_question *question = &making->survey->questions[at];
    struct store_field *fields = arena_array(making->arena, ASK_FIELDS_MAX, sizeof *fields, fail);
    if (fields == NULL) {
        return false;
    }
    bool words = question->type == ASK_OPEN;
    size_t count = ask_fields_of(making->survey, making->response, fields);
    field_text(fields, &count, "kind", STR("survey"));
    field_text(fields, &count, "question", question->id);
    field(fields, &count, "finished", store_value_bool(making->part->finished));
    if (making->later) {
        field(fields, &count, "part", store_value_int(making->part->part));
    }
    *out = item_of(
        making, str_format(making->arena, "%.*s/%.*s", STR_ARG(making->id), STR_ARG(question->id)),
        fields, count, words ? ASK_NOWHERE : at, words ? at : ASK_NOWHERE);
    return true;
}

static bool read_answers(struct making *making, struct fail *fail)
{
    struct json_parser *parser CLEANUP(json_parser_free_at) = json_parser_new();
    struct json_value root;
    struct ask_answer *answers =
        arena_array(making->arena, making->survey->question_count, sizeof *answers, fail);
    making->answers = answers;
    return answers != NULL && json_parse(parser, making->part->answers, &root, fail) &&
           ask_answers_parse(making->survey, root, NULL, making->arena, answers, fail);
}

bool ask_events_of(const struct ask_telling *telling, struct arena *arena, struct store_item **out,
                   size_t *out_count, struct fail *fail)
{
    const struct ask_survey *survey = telling->survey;
    const struct state_response *response = telling->response;
    const struct state_part *part = telling->part;
    struct store_identifier identifiers[2];
    struct making making = {.survey = survey,
                            .response = response,
                            .part = part,
                            .later = part->part > 1 && !telling->forgotten,
                            .now_ms = telling->now_ms,
                            .arena = arena};
    making.identifier_count = ask_identifiers_of(response, identifiers);
    making.identifiers = arena_array(arena, 2, sizeof *identifiers, fail);
    if (making.identifiers == NULL || !read_answers(&making, fail)) {
        return false;
    }
    memcpy(making.identifiers, identifiers, sizeof identifiers);
    making.id = part->part == 1
                    ? response->id
                    : str_format(arena, "%.*s/%lld", STR_ARG(response->id), (long long)part->part);
    struct store_item *items = arena_array(arena, survey->question_count + 1U, sizeof *items, fail);
    uint32_t score, words;
    size_t count = 1;
    if (items == NULL || !make_main(&making, &items[0], &score, &words, fail)) {
        return false;
    }
    for (uint32_t i = 0; i < survey->question_count; i++) {
        bool further = (is_score(&making, i) && i != score) || (is_words(&making, i) && i != words);
        if (further && !make_further(&making, i, &items[count++], fail)) {
            return false;
        }
    }
    *out = items;
    *out_count = count;
    return true;
}
