/* Our surveys in PostHog's form: which of them can be shown so, and how. */
#include "ask_posthog.h"

#include <stdio.h>
#include <stdlib.h>

#define LEFT_OUT UINT32_MAX
#define BUCKETS 3

/* ---- what its widget can do --------------------------------------------------------------------------- */

static bool is_shown(const struct ask_question *question)
{
    return ask_type_is_score(question->type) || question->type == ASK_OPEN ||
           question->type == ASK_SINGLE || question->type == ASK_MULTIPLE ||
           question->type == ASK_YES_NO;
}

static bool has_recall(const struct ask_survey *survey, struct ask_text text)
{
    for (uint32_t i = 0; i < survey->language_count; i++) {
        size_t at = 0, end;
        struct str id;
        if (ask_recall_next(ask_text_in(text, i), &at, &end, &id)) {
            return true;
        }
    }
    return false;
}

/* Answers come back as labels: two that look the same could not be told apart. */
static bool labels_differ(const struct ask_survey *survey, const struct ask_question *question)
{
    for (uint32_t language = 0; language < survey->language_count; language++) {
        for (uint32_t i = 0; i < question->choice_count; i++) {
            for (uint32_t j = 0; j < i; j++) {
                if (str_equal(ask_text_in(question->choices[i].label, language),
                              ask_text_in(question->choices[j].label, language))) {
                    return false;
                }
            }
        }
    }
    return true;
}

/* Where each question stands in PostHog's list; LEFT_OUT: it does not. Returns how many do. */
static uint32_t places_of(const struct ask_survey *survey, uint32_t places[ASK_QUESTIONS_MAX])
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < survey->question_count; i++) {
        places[i] = is_shown(&survey->questions[i]) ? count++ : LEFT_OUT;
    }
    return count;
}

/* ---- jumps -------------------------------------------------------------------------------------------- */

/* Where an answer leads, or (given false) none. */
static uint32_t go_of(const struct ask_survey *survey, uint32_t at, const struct ask_answer *answer)
{
    struct ask_answer answers[ASK_QUESTIONS_MAX] = {0};
    answers[at] = *answer;
    const struct ask_question *question = &survey->questions[at];
    for (uint32_t i = 0; i < question->rule_count; i++) {
        if (ask_rule_holds(survey, &question->rules[i], answers)) {
            return question->rules[i].go;
        }
    }
    return at + 1;
}

static uint32_t go_of_score(const struct ask_survey *survey, uint32_t at, int64_t score)
{
    struct ask_answer answer = {.seen = true, .given = true, .value = store_value_int(score)};
    return go_of(survey, at, &answer);
}

static uint32_t go_of_choice(const struct ask_survey *survey, uint32_t at, uint32_t choice)
{
    struct ask_answer answer = {
        .seen = true,
        .given = true,
        .value = store_value_str(survey->questions[at].choices[choice].id),
        .picks = &choice,
        .pick_count = 1,
    };
    return go_of(survey, at, &answer);
}

static uint32_t go_of_yes(const struct ask_survey *survey, uint32_t at, bool yes)
{
    struct ask_answer answer = {.seen = true, .given = true, .value = store_value_bool(yes)};
    return go_of(survey, at, &answer);
}

/* The three groups of scores that PostHog can tell apart, by their last one. */
static void buckets_of(enum ask_type type, int64_t last[BUCKETS])
{
    int64_t least, most;
    ask_type_bounds(type, &least, &most);
    last[0] = most == 10 ? 6 : most / 2;
    last[1] = most == 10 ? 8 : most / 2 + 1;
    last[2] = most;
}

/* Does every score of a group lead to the same question? */
static bool groups_agree(const struct ask_survey *survey, uint32_t at, uint32_t go[BUCKETS])
{
    int64_t last[BUCKETS], least, most;
    buckets_of(survey->questions[at].type, last);
    ask_type_bounds(survey->questions[at].type, &least, &most);
    int64_t score = least;
    for (size_t i = 0; i < BUCKETS; i++) {
        go[i] = go_of_score(survey, at, score);
        for (; score <= last[i]; score++) {
            if (go_of_score(survey, at, score) != go[i]) {
                return false;
            }
        }
    }
    return true;
}

/* A place to jump to must be there; what follows in the list needs no jump. */
static bool can_go(const struct ask_survey *survey, const uint32_t *places, uint32_t go)
{
    return go >= survey->question_count || places[go] != LEFT_OUT;
}

static bool jumps_fit(const struct ask_survey *survey, const uint32_t *places, uint32_t at)
{
    const struct ask_question *question = &survey->questions[at];
    uint32_t go[BUCKETS];
    if (question->rule_count == 0) {
        return true;
    }
    for (uint32_t i = 0; i < question->rule_count; i++) {
        if ((!question->rules[i].always && question->rules[i].question != at) ||
            !can_go(survey, places, question->rules[i].go)) {
            return false;
        }
    }
    if (question->rules[0].always) {
        return true;
    }
    struct ask_answer none = {.seen = true};
    if ((!question->required && go_of(survey, at, &none) != at + 1) ||
        !can_go(survey, places, at + 1)) {
        return false;
    }
    return question->type == ASK_SINGLE || question->type == ASK_YES_NO ||
           (ask_type_is_score(question->type) && groups_agree(survey, at, go));
}

bool ask_posthog_fits(const struct ask_survey *survey)
{
    uint32_t places[ASK_QUESTIONS_MAX];
    if (places_of(survey, places) == 0 || has_recall(survey, survey->thanks) ||
        has_recall(survey, survey->intro)) {
        return false;
    }
    for (uint32_t i = 0; i < survey->question_count; i++) {
        const struct ask_question *question = &survey->questions[i];
        if (places[i] == LEFT_OUT && (question->required || question->rule_count > 0)) {
            return false;
        }
        if (has_recall(survey, question->title) || has_recall(survey, question->description) ||
            !labels_differ(survey, question) || !jumps_fit(survey, places, i)) {
            return false;
        }
    }
    return true;
}

/* ---- writing ------------------------------------------------------------------------------------------ */

struct writing {
    const struct ask_survey *survey;
    const uint32_t *places;
    uint32_t language;
    struct json_writer *w;
};

static void text_of(const struct writing *writing, const char *name, struct ask_text text)
{
    struct str in = ask_text_in(text, writing->language);
    json_name_c(writing->w, name);
    json_write_str(writing->w, in.data == NULL ? STR("") : in);
}

static void word(struct json_writer *w, const char *name, const char *value)
{
    json_name_c(w, name);
    json_write_c(w, value);
}

static void write_go(const struct writing *writing, uint32_t go)
{
    if (go < writing->survey->question_count) {
        json_write_uint(writing->w, writing->places[go]);
    } else {
        json_write_c(writing->w, "end");
    }
}

static void write_buckets(const struct writing *writing, uint32_t at)
{
    static const char *const of_nps[BUCKETS] = {"detractors", "passives", "promoters"};
    static const char *const of_others[BUCKETS] = {"negative", "neutral", "positive"};
    uint32_t go[BUCKETS];
    bool nps = writing->survey->questions[at].type == ASK_NPS;
    bool agree = groups_agree(writing->survey, at, go);
    INVARIANT(agree);
    for (size_t i = 0; i < BUCKETS; i++) {
        json_name_c(writing->w, nps ? of_nps[i] : of_others[i]);
        write_go(writing, go[i]);
    }
}

static void write_branching(const struct writing *writing, uint32_t at)
{
    const struct ask_question *question = &writing->survey->questions[at];
    struct json_writer *w = writing->w;
    if (question->rule_count == 0) {
        return;
    }
    json_name_c(w, "branching");
    json_begin_object(w);
    if (question->rules[0].always && question->rules[0].go >= writing->survey->question_count) {
        word(w, "type", "end");
    } else if (question->rules[0].always) {
        word(w, "type", "specific_question");
        json_name_c(w, "index");
        write_go(writing, question->rules[0].go);
    } else {
        word(w, "type", "response_based");
        json_name_c(w, "responseValues");
        json_begin_object(w);
        if (question->type == ASK_SINGLE) {
            for (uint32_t i = 0; i < question->choice_count; i++) {
                char index[16];
                snprintf(index, sizeof index, "%u", i);
                json_name_c(w, index);
                write_go(writing, go_of_choice(writing->survey, at, i));
            }
        } else if (question->type == ASK_YES_NO) {
            json_name_c(w, "positive");
            write_go(writing, go_of_yes(writing->survey, at, true));
            json_name_c(w, "negative");
            write_go(writing, go_of_yes(writing->survey, at, false));
        } else {
            write_buckets(writing, at);
        }
        json_end_object(w);
    }
    json_end_object(w);
}

static void write_rating(const struct writing *writing, const struct ask_question *question)
{
    int64_t least, most;
    ask_type_bounds(question->type, &least, &most);
    word(writing->w, "type", "rating");
    json_name_c(writing->w, "scale");
    json_write_int(writing->w, most);
    word(writing->w, "display", "number");
    text_of(writing, "lowerBoundLabel", question->low_label);
    text_of(writing, "upperBoundLabel", question->high_label);
}

static void write_choices(const struct writing *writing, const struct ask_question *question)
{
    word(writing->w, "type", question->type == ASK_SINGLE ? "single_choice" : "multiple_choice");
    json_name_c(writing->w, "choices");
    json_begin_array(writing->w);
    for (uint32_t i = 0; i < question->choice_count; i++) {
        json_write_str(writing->w, ask_text_in(question->choices[i].label, writing->language));
    }
    json_end_array(writing->w);
}

static void write_question(const struct writing *writing, uint32_t at)
{
    const struct ask_question *question = &writing->survey->questions[at];
    struct json_writer *w = writing->w;
    json_begin_object(w);
    json_name_c(w, "id");
    json_write_str(w, question->id);
    if (question->type == ASK_OPEN) {
        word(w, "type", "open");
    } else if (ask_type_is_score(question->type)) {
        write_rating(writing, question);
    } else if (question->type == ASK_YES_NO) {
        /* Thumbs up and down, 1 and 2: a form without words, in every language. */
        word(w, "type", "rating");
        json_name_c(w, "scale");
        json_write_int(w, 2);
        word(w, "display", "emoji");
    } else {
        write_choices(writing, question);
    }
    text_of(writing, "question", question->title);
    text_of(writing, "description", question->description);
    word(w, "descriptionContentType", "text"); /* ours are words, never markup */
    json_name_c(w, "optional");
    json_write_bool(w, !question->required);
    write_branching(writing, at);
    json_end_object(w);
}

static void write_appearance(const struct writing *writing)
{
    const struct ask_survey *survey = writing->survey;
    struct json_writer *w = writing->w;
    static const struct {
        const char *name;
        enum ask_colour_of colour;
    } colours[] = {
        {"backgroundColor", ASK_BACKGROUND},     {"textColor", ASK_TEXT},
        {"submitButtonColor", ASK_ACCENT},       {"submitButtonTextColor", ASK_ACCENT_TEXT},
        {"ratingButtonActiveColor", ASK_ACCENT},
    };
    json_name_c(w, "appearance");
    json_begin_object(w);
    for (size_t i = 0; i < ARRAY_LEN(colours); i++) {
        struct str colour = survey->colours[colours[i].colour];
        if (colour.len > 0) {
            json_name_c(w, colours[i].name);
            json_write_str(w, colour);
        }
    }
    json_name_c(w, "whiteLabel");
    json_write_bool(w, true);
    struct str thanks = ask_text_in(survey->thanks, writing->language);
    json_name_c(w, "displayThankYouMessage");
    json_write_bool(w, thanks.len > 0);
    if (thanks.len > 0) {
        json_name_c(w, "thankYouMessageHeader");
        json_write_str(w, thanks);
        word(w, "thankYouMessageDescriptionContentType", "text");
    }
    json_end_object(w);
}

static void nothing(struct json_writer *w, const char *name)
{
    json_name_c(w, name);
    json_write_null(w);
}

static void write_survey(const struct writing *writing, const struct state_survey *row,
                         int64_t wave, struct arena *arena)
{
    struct json_writer *w = writing->w;
    json_begin_object(w);
    json_name_c(w, "id");
    json_write_str(w, row->id);
    json_name_c(w, "name");
    json_write_str(w, writing->survey->name);
    text_of(writing, "description", writing->survey->intro);
    word(w, "type", "popover");
    json_name_c(w, "start_date");
    json_write_instant(w, row->published_ms);
    nothing(w, "end_date");
    json_name_c(w, "questions");
    json_begin_array(w);
    for (uint32_t i = 0; i < writing->survey->question_count; i++) {
        if (writing->places[i] != LEFT_OUT) {
            write_question(writing, i);
        }
    }
    json_end_array(w);
    write_appearance(writing);
    nothing(w, "conditions");
    nothing(w, "linked_flag_key");
    nothing(w, "targeting_flag_key");
    json_name_c(w, "internal_targeting_flag_key");
    json_write_str(w, str_format(arena, ASK_POSTHOG_FLAG "%.*s", STR_ARG(row->id)));
    json_name_c(w, "feature_flag_keys");
    json_begin_array(w);
    json_end_array(w);
    /* With a number here its widget waits for flags, and forgets that it was seen when the next wave comes. */
    json_name_c(w, "current_iteration");
    json_write_int(w, wave);
    json_name_c(w, "current_iteration_start_date");
    json_write_instant(w, row->published_ms);
    json_name_c(w, "enable_partial_responses");
    json_write_bool(w, true);
    json_end_object(w);
}

/* ---- which -------------------------------------------------------------------------------------------- */

struct offered {
    struct state_survey row;
    struct ask_survey survey;
    int64_t wave;
};

static int by_priority(const void *a, const void *b)
{
    const struct offered *x = a;
    const struct offered *y = b;
    if (x->survey.priority != y->survey.priority) {
        return x->survey.priority > y->survey.priority ? -1 : 1;
    }
    return str_compare(x->row.id, y->row.id);
}

static bool offered_of(struct ask *ask, struct arena *arena, struct offered **out,
                       size_t *out_count, struct fail *fail)
{
    struct query_env env;
    struct state_survey *rows;
    size_t row_count, count = 0;
    if (!ask->env.query_env(ask->env.context, &env, fail) ||
        !state_surveys_list(ask->state, arena, &rows, &row_count, fail)) {
        return false;
    }
    size_t most = row_count < ASK_LIVE_MAX ? row_count : ASK_LIVE_MAX;
    struct offered *list = arena_array(arena, most, sizeof *list, fail);
    if (list == NULL) {
        return false;
    }
    for (size_t i = 0; i < row_count && count < most; i++) {
        struct offered *here = &list[count];
        struct fail broken = {0}; /* one that names a segment that is gone keeps no other back */
        if (!str_is(rows[i].status, "live") || rows[i].definition.data == NULL ||
            !ask_survey_parse_text(arena, rows[i].definition, &env, &here->survey, &broken)) {
            continue;
        }
        here->row = rows[i];
        here->wave = ask_wave_at(&here->survey, env.now_ms);
        bool widget = (here->survey.ways >> ASK_WAY_WIDGET & 1U) != 0;
        count += widget && here->wave > 0 && ask_posthog_fits(&here->survey);
    }
    if (count > 1) {
        qsort(list, count, sizeof *list, by_priority);
    }
    *out = list;
    *out_count = count;
    return true;
}

bool ask_posthog_write(struct ask *ask, struct str accept, struct arena *arena,
                       struct json_writer *w, struct fail *fail)
{
    struct offered *list;
    size_t count;
    if (!offered_of(ask, arena, &list, &count, fail)) {
        return false;
    }
    json_begin_array(w);
    for (size_t i = 0; i < count; i++) {
        uint32_t places[ASK_QUESTIONS_MAX];
        const struct ask_survey *survey = &list[i].survey;
        (void)places_of(survey, places);
        struct writing writing = {survey, places, ask_language_choose(survey, accept), w};
        write_survey(&writing, &list[i].row, list[i].wave, arena);
    }
    json_end_array(w);
    return true;
}

/* Was somebody asked? ask_next says so as a widget hears it. */
static bool is_asked(struct str answer, bool *out, struct fail *fail)
{
    struct json_parser *parser CLEANUP(json_parser_free_at) = json_parser_new();
    struct json_value root, survey;
    if (!json_parse(parser, answer, &root, fail)) {
        return false;
    }
    *out = json_member(root, STR("survey"), &survey) && json_type_of(survey) == JSON_OBJECT;
    return true;
}

bool ask_posthog_next(struct ask *ask, const struct ask_asker *asker, struct arena *arena,
                      struct str *out_survey, struct fail *fail)
{
    struct offered *list;
    size_t count;
    *out_survey = (struct str){NULL, 0};
    if (!offered_of(ask, arena, &list, &count, fail)) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        CLEANUP(base_buf_done) struct base_buf answer = {.limit = ASK_SURVEY_BYTES_MAX * 2};
        struct json_writer w = {.out = &answer};
        struct ask_asker one = *asker;
        bool asked = false;
        one.survey = list[i].row.id;
        if (!ask_next(ask, &one, arena, &w, fail) || !base_buf_ok(&answer, fail) ||
            !is_asked(base_buf_view(&answer), &asked, fail)) {
            return false;
        }
        if (asked) {
            *out_survey = list[i].row.id;
            return true;
        }
    }
    return true;
}
