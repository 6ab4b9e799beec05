/* Findings, contrast, and the checks put together. */
#include "ask_check.h"

#include <math.h>

void ask_found(struct ask_findings *found, const char *code, enum ask_severity severity,
               struct str pointer, struct str message, const char *fix)
{
    if (found->count == ASK_FINDINGS_MAX) {
        return;
    }
    found->list[found->count++] =
        (struct ask_finding){code, severity, str_copy(found->arena, pointer),
                             str_copy(found->arena, message), str_from_c(fix)};
    found->errors += severity == ASK_ERROR ? 1 : 0;
}

/* ---- contrast: relative luminance as WCAG 2.2 defines it -------------------------------------------------- */

static double channel(struct str colour, size_t at)
{
    int value = 0;
    for (size_t i = at; i < at + 2; i++) {
        char c = colour.data[i];
        value = value * 16 + (c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);
    }
    double v = value / 255.0;
    return v <= 0.04045 ? v / 12.92 : pow((v + 0.055) / 1.055, 2.4);
}

static double luminance(struct str colour)
{
    return 0.2126 * channel(colour, 1) + 0.7152 * channel(colour, 3) + 0.0722 * channel(colour, 5);
}

double ask_contrast(struct str a, struct str b)
{
    double x = luminance(a), y = luminance(b);
    return (fmax(x, y) + 0.05) / (fmin(x, y) + 0.05);
}

static void check_pair(const struct ask_survey *survey, enum ask_colour_of front,
                       enum ask_colour_of back, double least, enum ask_severity severity,
                       struct ask_findings *found)
{
    double ratio = ask_contrast(survey->colours[front], survey->colours[back]);
    if (ratio >= least) {
        return;
    }
    ask_found(
        found, "contrast", severity, str_format(found->arena, "/theme/%s", ask_colour_names[front]),
        str_format(found->arena, "\"%s\" on \"%s\" has a contrast of %.1f : 1; %s needs %.1f : 1",
                   ask_colour_names[front], ask_colour_names[back], ratio,
                   least > 4 ? "text" : "what is pressed", least),
        "Choose a darker or lighter colour.");
}

static void check_contrast(const struct ask_survey *survey, struct ask_findings *found)
{
    for (int dark = 0; dark < 2; dark++) {
        int from = dark == 1 ? ASK_DARK_ACCENT : ASK_ACCENT;
        enum ask_colour_of accent = (enum ask_colour_of)from;
        enum ask_colour_of accent_text = (enum ask_colour_of)(from + 1);
        enum ask_colour_of background = (enum ask_colour_of)(from + 2);
        enum ask_colour_of text = (enum ask_colour_of)(from + 3);
        check_pair(survey, text, background, 4.5, ASK_ERROR, found);
        check_pair(survey, accent_text, accent, 4.5, ASK_ERROR, found);
        check_pair(survey, accent, background, 3.0, ASK_ERROR, found);
    }
}

/* ---- length ------------------------------------------------------------------------------------------------ */

static int64_t words_of(struct str text)
{
    int64_t words = 0;
    bool in = false;
    for (size_t i = 0; i < text.len; i++) {
        bool space = text.data[i] == ' ' || text.data[i] == '\n' || text.data[i] == '\t';
        words += !space && !in ? 1 : 0;
        in = !space;
    }
    return words;
}

/* Seconds to read (some 4 words a second) and to answer. */
static double seconds_of(const struct ask_question *question)
{
    static const double answering[ASK_TYPES] = {
        [ASK_NPS] = 5,   [ASK_CSAT] = 4,   [ASK_CES] = 5,      [ASK_STARS] = 4,
        [ASK_OPEN] = 28, [ASK_SINGLE] = 5, [ASK_MULTIPLE] = 9, [ASK_YES_NO] = 3,
        [ASK_RANK] = 18, [ASK_MATRIX] = 4, [ASK_NUMBER] = 6,   [ASK_DATE] = 7};
    int64_t words =
        words_of(ask_text_in(question->title, 0)) + words_of(ask_text_in(question->description, 0));
    for (uint32_t i = 0; i < question->choice_count; i++) {
        words += words_of(ask_text_in(question->choices[i].label, 0));
    }
    for (uint32_t i = 0; i < question->row_count; i++) {
        words += words_of(ask_text_in(question->rows[i].label, 0));
    }
    double each = answering[question->type];
    return (double)words / 4.0 + (question->type == ASK_MATRIX ? each * question->row_count : each);
}

/* The longest way: questions only lead forward here, as loops are errors of their own. */
static void check_length(const struct ask_survey *survey, struct ask_findings *found)
{
    double longest[ASK_QUESTIONS_MAX + 1] = {0};
    for (uint32_t i = survey->question_count; i-- > 0;) {
        const struct ask_question *question = &survey->questions[i];
        double after = longest[i + 1];
        bool always = false;
        for (uint32_t k = 0; k < question->rule_count; k++) {
            uint32_t go = question->rules[k].go;
            always = always || question->rules[k].always;
            after = go > i && longest[go] > after ? longest[go] : after;
        }
        if (always) { /* what follows in order may not be reached: count only where rules lead */
            after = 0;
            for (uint32_t k = 0; k < question->rule_count; k++) {
                uint32_t go = question->rules[k].go;
                after = go > i && longest[go] > after ? longest[go] : after;
            }
        }
        longest[i] = seconds_of(question) + after;
    }
    found->seconds = (int64_t)(longest[0] + 0.5);
    if (found->seconds > ASK_LONG_S) {
        ask_found(
            found, "length", ASK_WARNING, STR("/questions"),
            str_format(found->arena, "the longest way through takes about %.1f minutes%s",
                       (double)found->seconds / 60.0,
                       found->seconds > ASK_TOO_LONG_S ? ": most people will not finish" : ""),
            "Leave questions out, or ask them in another survey.");
    }
}

bool ask_check(const struct ask_survey *survey, struct arena *arena, struct ask_findings *out,
               struct fail *fail)
{
    struct ask_findings found = {.arena = arena};
    found.list = arena_array(arena, ASK_FINDINGS_MAX, sizeof *found.list, fail);
    if (found.list == NULL) {
        return false;
    }
    if (survey->question_count == 0) {
        ask_found(&found, "empty", ASK_ERROR, STR("/questions"), STR("there is no question yet"),
                  "Add a question.");
    }
    ask_check_logic(survey, &found);
    ask_check_texts(survey, &found);
    check_contrast(survey, &found);
    check_length(survey, &found);
    /* Few, and errors first; a stable order within each. */
    struct ask_finding *sorted = arena_array(arena, found.count, sizeof *sorted, fail);
    if (sorted == NULL) {
        return false;
    }
    size_t at = 0;
    for (int severity = ASK_ERROR; severity <= ASK_WARNING; severity++) {
        for (size_t i = 0; i < found.count; i++) {
            if ((int)found.list[i].severity == severity) {
                sorted[at++] = found.list[i];
            }
        }
    }
    found.list = sorted;
    *out = found;
    return true;
}

void ask_findings_write(const struct ask_findings *found, struct json_writer *w)
{
    json_name_c(w, "findings");
    json_begin_array(w);
    for (size_t i = 0; i < found->count; i++) {
        const struct ask_finding *finding = &found->list[i];
        json_begin_object(w);
        json_name_c(w, "code");
        json_write_c(w, finding->code);
        json_name_c(w, "severity");
        json_write_c(w, finding->severity == ASK_ERROR ? "error" : "warning");
        json_name_c(w, "pointer");
        json_write_str(w, finding->pointer);
        json_name_c(w, "message");
        json_write_str(w, finding->message);
        json_name_c(w, "fix");
        json_write_str(w, finding->fix);
        json_end_object(w);
    }
    json_end_array(w);
    json_name_c(w, "errors");
    json_write_uint(w, found->errors);
    json_name_c(w, "seconds");
    json_write_int(w, found->seconds);
}
