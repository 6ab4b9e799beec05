/* ask_survey.h — what a survey is: languages, questions, logic, look, whom and when.
 *
 * What: the JSON of a definition (docs/reference/surveys.md) is read strictly into these structs. A text stands in
 *   several languages; the first language of the survey is the one that is shown where another is missing.
 * Owner: everything lies in the arena of the parse; strings are copied.   Threads: immutable after parsing.
 * Failure: FAIL_INPUT at the JSON pointer, with what was expected and the nearest name.
 * Limits/cost: ASK_*_MAX; some 50 us for an ordinary survey.
 * Units: *_ms.
 * Example: struct ask_survey survey; if (!ask_survey_parse(arena, json, &env, &survey, fail)) return false;
 * Not here: what is unwise though valid (ask_check.h); answers (ask_answer.h).
 */
#pragma once

#include "base_json.h"
#include "query.h"
#include "query_read.h"

#define ASK_SURVEY_BYTES_MAX ((size_t)256 << 10)
#define ASK_QUESTIONS_MAX 100
#define ASK_CHOICES_MAX 50
#define ASK_LANGUAGES_MAX 30
#define ASK_RULES_MAX 30
#define ASK_ID_BYTES_MAX 40
#define ASK_VALUES_MAX                                                                             \
    1500 /* that the answers of one response can have: they are properties of one event */
#define ASK_TEXT_BYTES_MAX 2000
#define ASK_NAME_BYTES_MAX 200

enum ask_type {
    ASK_NPS,
    ASK_CSAT,
    ASK_CES,
    ASK_STARS,
    ASK_OPEN,
    ASK_SINGLE,
    ASK_MULTIPLE,
    ASK_YES_NO,
    ASK_RANK,
    ASK_MATRIX,
    ASK_NUMBER,
    ASK_DATE,
    ASK_TYPES,
};
const char *ask_type_name(enum ask_type type);
/* A scale of scores: its name is the type's, its answers are whole numbers from least to most. */
bool ask_type_is_score(enum ask_type type);
void ask_type_bounds(enum ask_type type, int64_t *out_least, int64_t *out_most);

/* One string for each language of the survey, in its order; missing where there is no translation. */
struct ask_text {
    const struct str *in; /* NULL: the text was left out */
};

struct ask_choice {
    struct str id;
    struct ask_text label;
};

enum ask_operator {
    ASK_EQUAL,
    ASK_UNEQUAL,
    ASK_ABOVE,
    ASK_AT_LEAST,
    ASK_BELOW,
    ASK_AT_MOST,
    ASK_IN,
    ASK_NOT_IN,
    ASK_ANSWERED,
    ASK_NOT_ANSWERED,
    ASK_OPERATORS,
};
extern const char *const ask_operator_names[ASK_OPERATORS];

struct ask_rule { /* "next": the first rule that holds says where to go */
    bool always;  /* no "if" */
    uint32_t question;
    enum ask_operator op;
    const struct store_value *values; /* one; of "in" and "not in" any number; else none */
    uint32_t value_count;
    uint32_t go; /* index of a question; question_count: the end */
};

struct ask_question {
    struct str id;
    enum ask_type type;
    struct ask_text title, description, low_label, high_label;
    bool required;
    const struct ask_choice *choices, *rows;
    uint32_t choice_count, row_count;
    bool has_min, has_max;
    double min, max; /* number */
    const struct ask_rule *rules;
    uint32_t rule_count;
};

enum ask_way { ASK_WAY_HOSTED, ASK_WAY_LINK, ASK_WAY_WIDGET, ASK_WAY_EMAIL, ASK_WAY_API, ASK_WAYS };
extern const char *const ask_way_names[ASK_WAYS];

enum ask_colour_of {
    ASK_ACCENT,
    ASK_ACCENT_TEXT,
    ASK_BACKGROUND,
    ASK_TEXT,
    ASK_DARK_ACCENT,
    ASK_DARK_ACCENT_TEXT,
    ASK_DARK_BACKGROUND,
    ASK_DARK_TEXT,
    ASK_COLOURS,
};
extern const char *const ask_colour_names[ASK_COLOURS];
extern const char *const ask_colour_defaults[ASK_COLOURS];

struct ask_survey {
    struct str name;
    const struct str *languages; /* the first is the default */
    uint32_t language_count;
    struct ask_text title, intro, thanks;
    const struct ask_question *questions;
    uint32_t question_count;
    bool one_page;                   /* all questions on one page; else one by one */
    struct str colours[ASK_COLOURS]; /* "#rrggbb" */
    uint32_t ways;                   /* bit w: enum ask_way w */
    int64_t priority;                /* 0 to 100; the highest is asked first */
    struct str whom;                 /* JSON of a segment; missing: everybody */
    bool has_when;
    struct str when_did, when_did_not; /* JSON of segments made of "when"; missing: no such part */
    struct str when_event; /* the event's name where "did" is one event without conditions */
    int64_t delay_ms;
    double share;                          /* 0 to 1 */
    int64_t share_period_ms;               /* 0: once for all */
    int64_t waves_from_ms, waves_every_ms; /* every 0: one wave */
    int64_t waves_most;                    /* 0: no end */
};

/* The environment (zone, saved segments) is for "whom" and "when"; its now_ms does not matter. */
bool ask_survey_parse(struct arena *arena, struct json_value json, const struct query_env *env,
                      struct ask_survey *out, struct fail *fail) MUST_USE;
bool ask_survey_parse_text(struct arena *arena, struct str text, const struct query_env *env,
                           struct ask_survey *out, struct fail *fail) MUST_USE;
/* In the language, else in the default one; missing where the text was left out. */
struct str ask_text_in(struct ask_text text, uint32_t language);
/* UINT32_MAX where there is none. */
uint32_t ask_question_find(const struct ask_survey *survey, struct str id);
uint32_t ask_choice_find(const struct ask_choice *choices, uint32_t count, struct str id);
/* Of an Accept-Language header, or a tag alone: the best of the survey's languages; 0 where none fits. */
uint32_t ask_language_choose(const struct ask_survey *survey, struct str accept);
bool ask_language_is_rtl(struct str tag);
/* The wave at an instant, from 1; 0: none is open (before the first, after the last). */
int64_t ask_wave_at(const struct ask_survey *survey, int64_t at_ms);
/* 1 to 40 of a-z, A-Z, 0-9, '_', '-'. */
bool ask_id_ok(struct str id);
/* The next "{{QID}}" of a text at or after *at: its place and the id within; false: none. */
bool ask_recall_next(struct str text, size_t *at, size_t *out_end, struct str *out_id);

/* ---- parts of the parse, by file ---- */

struct ask_parse {
    struct arena *arena;
    const struct query_env *env;
    struct ask_survey *survey;
};
/* A text: a string (of the default language) or an object language -> string. */
bool ask_parse_text(const struct ask_parse *parse, const struct query_member *member,
                    const struct query_path *up, bool needed, struct ask_text *out,
                    struct fail *fail) MUST_USE;
bool ask_parse_questions(const struct ask_parse *parse, const struct query_member *member,
                         struct fail *fail) MUST_USE;
bool ask_parse_logic(const struct ask_parse *parse, struct ask_question *questions, uint32_t at,
                     const struct query_member *member, const struct query_path *up,
                     struct fail *fail) MUST_USE;
bool ask_parse_aim(const struct ask_parse *parse, const struct query_member *members,
                   struct fail *fail) MUST_USE;
/* Members of a definition that ask_parse_aim reads stand together, in this order. */
enum ask_aim { ASK_AIM_WHOM, ASK_AIM_WHEN, ASK_AIM_SAMPLING, ASK_AIM_WAVES, ASK_AIM_COUNT };
