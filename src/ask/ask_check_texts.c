/* Texts: translations, recalls, two questions in one, two choices with one label. */
#include "ask_check.h"

static void check_translations(const struct ask_survey *survey, struct ask_text text,
                               struct str pointer, struct ask_findings *found)
{
    if (text.in == NULL) {
        return;
    }
    for (uint32_t i = 1; i < survey->language_count; i++) {
        if (text.in[i].data == NULL) {
            ask_found(found, "translation", ASK_WARNING, pointer,
                      str_format(found->arena, "\"%.*s\" is missing; \"%.*s\" is shown instead",
                                 STR_ARG(survey->languages[i]), STR_ARG(survey->languages[0])),
                      "Add the translation.");
        }
    }
}

/* `before`: questions with a lower index have been asked when the text is shown. */
static void check_recall(const struct ask_survey *survey, struct ask_text text, uint32_t before,
                         struct str pointer, struct ask_findings *found)
{
    for (uint32_t i = 0; text.in != NULL && i < survey->language_count; i++) {
        size_t at = 0, end = 0;
        struct str id;
        for (; ask_recall_next(text.in[i], &at, &end, &id); at = end) {
            uint32_t question = ask_question_find(survey, id);
            if (question < before) {
                continue;
            }
            ask_found(
                found, "recall", ASK_ERROR, pointer,
                question == UINT32_MAX
                    ? str_format(found->arena, "\"{{%.*s}}\" recalls no question", STR_ARG(id))
                    : str_format(found->arena, "\"{{%.*s}}\" recalls an answer that comes later",
                                 STR_ARG(id)),
                "Recall an earlier question.");
            return;
        }
    }
}

/* "and" in the languages that surveys here are mostly written in; others are not judged. */
static const struct {
    const char *language, *word;
} AND[] = {{"en", " and "}, {"de", " und "}, {"nl", " en "}, {"fr", " et "},
           {"es", " y "},   {"nb", " og "},  {"da", " og "}, {"sv", " och "}};

static bool joins(struct str text, struct str language)
{
    for (size_t i = 0; i < ARRAY_LEN(AND); i++) {
        if (str_starts_c(language, AND[i].language) &&
            str_find(text, str_from_c(AND[i].word)) < text.len) {
            return true;
        }
    }
    return false;
}

/* A score on two things at once says nothing about either. */
static void check_double(const struct ask_survey *survey, uint32_t at, struct str pointer,
                         struct ask_findings *found)
{
    const struct ask_question *question = &survey->questions[at];
    for (uint32_t i = 0; i < survey->language_count; i++) {
        struct str text = question->title.in[i];
        size_t first = str_find_byte(text, '?');
        bool twice = first < text.len && str_find_byte(str_after(text, first + 1), '?') <
                                             str_after(text, first + 1).len;
        if (!twice && !(ask_type_is_score(question->type) && joins(text, survey->languages[i]))) {
            continue;
        }
        ask_found(found, "double-question", ASK_WARNING, pointer,
                  twice ? STR("this asks two questions at once")
                        : STR("this may ask about two things with one answer"),
                  "Ask one thing in each question.");
        return;
    }
}

static void check_labels(const struct ask_survey *survey, const struct ask_choice *choices,
                         uint32_t count, struct str pointer, struct ask_findings *found)
{
    for (uint32_t i = 0; i < count; i++) {
        struct str at = str_format(found->arena, "%.*s/%u/label", STR_ARG(pointer), i);
        check_translations(survey, choices[i].label, at, found);
        for (uint32_t k = 0; k < i; k++) {
            if (str_equal(ask_text_in(choices[i].label, 0), ask_text_in(choices[k].label, 0))) {
                ask_found(found, "same-label", ASK_WARNING, at,
                          STR("another entry has the same label"), "Tell them apart.");
                break;
            }
        }
    }
}

static void check_question(const struct ask_survey *survey, uint32_t at, struct ask_findings *found)
{
    const struct ask_question *question = &survey->questions[at];
    struct arena *arena = found->arena;
    const struct {
        const char *name;
        struct ask_text text;
    } texts[] = {{"title", question->title},
                 {"description", question->description},
                 {"low_label", question->low_label},
                 {"high_label", question->high_label}};
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        struct str pointer = str_format(arena, "/questions/%u/%s", at, texts[i].name);
        check_translations(survey, texts[i].text, pointer, found);
        check_recall(survey, texts[i].text, at, pointer, found);
    }
    check_double(survey, at, str_format(arena, "/questions/%u/title", at), found);
    check_labels(survey, question->choices, question->choice_count,
                 str_format(arena, "/questions/%u/choices", at), found);
    check_labels(survey, question->rows, question->row_count,
                 str_format(arena, "/questions/%u/rows", at), found);
}

void ask_check_texts(const struct ask_survey *survey, struct ask_findings *found)
{
    check_translations(survey, survey->title, STR("/title"), found);
    check_translations(survey, survey->intro, STR("/intro"), found);
    check_recall(survey, survey->title, 0, STR("/title"), found);
    check_recall(survey, survey->intro, 0, STR("/intro"), found);
    for (uint32_t i = 0; i < survey->question_count; i++) {
        check_question(survey, i, found);
    }
    check_translations(survey, survey->thanks, STR("/thanks"), found);
    check_recall(survey, survey->thanks, survey->question_count, STR("/thanks"), found);
}
