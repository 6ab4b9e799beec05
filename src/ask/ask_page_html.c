/* The page as bytes. Everything that somebody wrote goes through ask_html_text. */
#include "ask_page.h"

static void html(struct base_buf *out, const char *text)
{
    base_buf_c(out, text);
}

/* Marks that turn the direction of the text around them: U+202A to 202E, U+2066 to 2069. */
static size_t turning_mark(struct str text, size_t i)
{
    if (text.len - i < 3 || (unsigned char)text.data[i] != 0xE2) {
        return 0;
    }
    unsigned char b = (unsigned char)text.data[i + 1], c = (unsigned char)text.data[i + 2];
    bool turning = (b == 0x80 && c >= 0xAA && c <= 0xAE) || (b == 0x81 && c >= 0xA6 && c <= 0xA9);
    return turning ? 3 : 0;
}

void ask_html_text(struct base_buf *out, struct str text)
{
    for (size_t i = 0; i < text.len; i++) {
        size_t mark = turning_mark(text, i);
        char c = text.data[i];
        if (mark > 0) {
            i += mark - 1;
        } else if (c == '&') {
            html(out, "&amp;");
        } else if (c == '<') {
            html(out, "&lt;");
        } else if (c == '>') {
            html(out, "&gt;");
        } else if (c == '"') {
            html(out, "&quot;");
        } else if (c == '\'') {
            html(out, "&#39;");
        } else if ((unsigned char)c >= 0x20U || c == '\n' || c == '\t') {
            base_buf_byte(out, c);
        }
    }
}

void ask_url_text(struct base_buf *out, struct str text)
{
    for (size_t i = 0; i < text.len; i++) {
        char c = text.data[i];
        bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                     c == '-' || c == '_' || c == '.' || c == '~';
        if (plain) {
            base_buf_byte(out, c);
        } else {
            base_buf_printf(out, "%%%02X", (unsigned int)(unsigned char)c);
        }
    }
}

static void word(const struct ask_page *page, struct base_buf *out, enum ask_word which)
{
    ask_html_text(out, ask_word(page->language_tag, which));
}

static void text_of(const struct ask_page *page, struct arena *arena, struct base_buf *out,
                    struct ask_text text)
{
    ask_html_text(out, ask_recall(page->survey, ask_text_in(text, page->language), page->language,
                                  page->answers, arena));
}

/* ---- inputs ------------------------------------------------------------------------------------------ */

struct drawing {
    const struct ask_page *page;
    const struct ask_question *question;
    const struct ask_answer *answer;
    uint32_t at;
    struct arena *arena;
    struct base_buf *out;
};

static bool picked(const struct ask_answer *answer, uint32_t choice)
{
    for (uint32_t i = 0; i < answer->pick_count; i++) {
        if (answer->picks[i] == choice) {
            return true;
        }
    }
    return false;
}

static void option(const struct drawing *d, const char *type, struct str part, struct str value,
                   bool checked, struct str label, struct str spoken)
{
    html(d->out, "<label><input type=\"");
    html(d->out, type);
    html(d->out, "\" name=\"a.");
    ask_html_text(d->out, d->question->id);
    if (part.len > 0) {
        html(d->out, ".");
        ask_html_text(d->out, part);
    }
    html(d->out, "\" value=\"");
    ask_html_text(d->out, value);
    html(d->out, checked ? "\" checked" : "\"");
    html(d->out,
         d->question->required && strcmp(type, "radio") == 0 && part.len == 0 ? " required>" : ">");
    html(d->out, spoken.len > 0 ? "<span aria-hidden=\"true\">" : "<span>");
    ask_html_text(d->out, label);
    html(d->out, "</span>");
    if (spoken.len > 0) {
        html(d->out, "<span class=\"unseen\">");
        ask_html_text(d->out, spoken);
        html(d->out, "</span>");
    }
    html(d->out, "</label>");
}

static void draw_scale(const struct drawing *d)
{
    static const char star[] = "\xE2\x98\x85";
    int64_t least, most;
    ask_type_bounds(d->question->type, &least, &most);
    bool ends = d->question->low_label.in != NULL || d->question->high_label.in != NULL;
    html(d->out, "<div class=\"scale\">");
    for (int64_t i = least; i <= most; i++) {
        struct str digits = str_format(d->arena, "%lld", (long long)i);
        bool stars = d->question->type == ASK_STARS;
        bool checked = d->answer->given && store_value_number(d->answer->value) == (double)i;
        option(d, "radio", STR(""), digits, checked,
               stars ? str_format(d->arena, "%lld %s", (long long)i, star) : digits,
               stars ? digits : STR(""));
    }
    html(d->out, "</div>");
    if (ends) {
        html(d->out, "<div class=\"ends\"><span>");
        text_of(d->page, d->arena, d->out, d->question->low_label);
        html(d->out, "</span><span>");
        text_of(d->page, d->arena, d->out, d->question->high_label);
        html(d->out, "</span></div>");
    }
}

static void draw_choices(const struct drawing *d, const char *type)
{
    html(d->out, "<div class=\"options\">");
    for (uint32_t i = 0; i < d->question->choice_count; i++) {
        option(d, type, STR(""), d->question->choices[i].id, picked(d->answer, i),
               ask_text_in(d->question->choices[i].label, d->page->language), STR(""));
    }
    html(d->out, "</div>");
}

static void draw_yes_no(const struct drawing *d)
{
    bool yes = d->answer->given && d->answer->value.b, no = d->answer->given && !yes;
    html(d->out, "<div class=\"options\">");
    option(d, "radio", STR(""), STR("yes"), yes, ask_word(d->page->language_tag, ASK_WORD_YES),
           STR(""));
    option(d, "radio", STR(""), STR("no"), no, ask_word(d->page->language_tag, ASK_WORD_NO),
           STR(""));
    html(d->out, "</div>");
}

/* A rank without JavaScript and without dragging: each entry has a place to choose. */
static void draw_rank(const struct drawing *d)
{
    const struct ask_question *question = d->question;
    html(d->out, "<div class=\"places\">");
    for (uint32_t i = 0; i < question->choice_count; i++) {
        base_buf_printf(d->out, "<label for=\"q%u-%u\">", d->at, i);
        ask_html_text(d->out, ask_text_in(question->choices[i].label, d->page->language));
        base_buf_printf(d->out, "</label><select id=\"q%u-%u\" name=\"a.", d->at, i);
        ask_html_text(d->out, question->id);
        html(d->out, ".");
        ask_html_text(d->out, question->choices[i].id);
        html(d->out, "\"><option value=\"\">");
        word(d->page, d->out, ASK_WORD_PLACE);
        html(d->out, "</option>");
        for (uint32_t place = 0; place < question->choice_count; place++) {
            bool here = place < d->answer->pick_count && d->answer->picks[place] == i;
            base_buf_printf(d->out, "<option value=\"%u\"%s>%u</option>", place + 1,
                            here ? " selected" : "", place + 1);
        }
        html(d->out, "</select>");
    }
    html(d->out, "</div>");
}

static void draw_matrix(const struct drawing *d)
{
    const struct ask_question *question = d->question;
    for (uint32_t row = 0; row < question->row_count; row++) {
        html(d->out, "<fieldset class=\"row\"><legend class=\"title\">");
        ask_html_text(d->out, ask_text_in(question->rows[row].label, d->page->language));
        html(d->out, "</legend><div class=\"options\">");
        for (uint32_t i = 0; i < question->choice_count; i++) {
            bool checked = row < d->answer->pick_count && d->answer->picks[row] == i;
            option(d, "radio", question->rows[row].id, question->choices[i].id, checked,
                   ask_text_in(question->choices[i].label, d->page->language), STR(""));
        }
        html(d->out, "</div></fieldset>");
    }
}

static void draw_field(const struct drawing *d)
{
    const struct ask_question *question = d->question;
    char digits[BASE_DOUBLE_CHARS + 1];
    CLEANUP(base_buf_done) struct base_buf value = {.limit = (size_t)1 << 20};
    if (d->answer->given) {
        ask_answer_show(question, d->answer, d->page->language, &value);
    }
    bool words = question->type == ASK_OPEN;
    html(d->out, words ? "<textarea rows=\"5\"" : "<input");
    base_buf_printf(d->out, " id=\"q%u\" name=\"a.", d->at);
    ask_html_text(d->out, question->id);
    base_buf_printf(d->out, "\" aria-describedby=\"q%u-hint\"%s", d->at,
                    question->required ? " required" : "");
    if (words) {
        base_buf_printf(d->out, " maxlength=\"%d\">", ASK_WORDS_BYTES_MAX / 4);
        ask_html_text(d->out, base_buf_view(&value));
        html(d->out, "</textarea>");
        return;
    }
    html(d->out, question->type == ASK_DATE
                     ? " type=\"date\""
                     : " type=\"number\" inputmode=\"decimal\" step=\"any\"");
    if (question->has_min) {
        digits[base_format_double(question->min, digits)] = '\0';
        base_buf_printf(d->out, " min=\"%s\"", digits);
    }
    if (question->has_max) {
        digits[base_format_double(question->max, digits)] = '\0';
        base_buf_printf(d->out, " max=\"%s\"", digits);
    }
    html(d->out, " value=\"");
    ask_html_text(d->out, base_buf_view(&value));
    html(d->out, "\">");
}

static void draw_input(const struct drawing *d)
{
    switch (d->question->type) {
    case ASK_NPS:
    case ASK_CSAT:
    case ASK_CES:
    case ASK_STARS:
        draw_scale(d);
        return;
    case ASK_SINGLE:
        draw_choices(d, "radio");
        return;
    case ASK_MULTIPLE:
        draw_choices(d, "checkbox");
        return;
    case ASK_YES_NO:
        draw_yes_no(d);
        return;
    case ASK_RANK:
        draw_rank(d);
        return;
    case ASK_MATRIX:
        draw_matrix(d);
        return;
    case ASK_OPEN:
    case ASK_NUMBER:
    case ASK_DATE:
    case ASK_TYPES:
        break;
    }
    draw_field(d);
}

static bool is_field(enum ask_type type)
{
    return type == ASK_OPEN || type == ASK_NUMBER || type == ASK_DATE;
}

static const enum ask_word problem_words[] = {ASK_WORD_REQUIRED, ASK_WORD_WRONG, ASK_WORD_RANK};

/* Index into problem_words, or -1. */
static int problem_of(const struct ask_page *page, uint32_t at)
{
    if (page->problems != NULL && page->problems[at] != ASK_FORM_FINE) {
        return page->problems[at] == ASK_FORM_NO_RANK ? 2 : 1;
    }
    return page->missing != NULL && page->missing[at] ? 0 : -1;
}

static void draw_question(const struct drawing *d)
{
    const struct ask_page *page = d->page;
    bool field = is_field(d->question->type);
    int problem = problem_of(page, d->at);
    if (field) {
        base_buf_printf(d->out, "<div class=\"question\"><label class=\"title\" for=\"q%u\">",
                        d->at);
    } else {
        base_buf_printf(d->out,
                        "<fieldset aria-describedby=\"q%u-hint\" id=\"q%u\">"
                        "<legend class=\"title\">",
                        d->at, d->at);
    }
    text_of(page, d->arena, d->out, d->question->title);
    if (!d->question->required) {
        html(d->out, " <span class=\"optional\">(");
        word(page, d->out, ASK_WORD_OPTIONAL);
        html(d->out, ")</span>");
    }
    html(d->out, field ? "</label>" : "</legend>");
    base_buf_printf(d->out, "<div id=\"q%u-hint\">", d->at);
    if (d->question->description.in != NULL) {
        html(d->out, "<p class=\"hint\">");
        text_of(page, d->arena, d->out, d->question->description);
        html(d->out, "</p>");
    }
    if (problem >= 0) {
        html(d->out, "<p class=\"wrong\">");
        word(page, d->out, problem_words[problem]);
        html(d->out, "</p>");
    }
    html(d->out, "</div>");
    draw_input(d);
    html(d->out, field ? "</div>" : "</fieldset>");
    html(d->out, "<input type=\"hidden\" name=\"q\" value=\"");
    ask_html_text(d->out, d->question->id);
    html(d->out, "\">\n");
}

/* ---- around the questions ------------------------------------------------------------------------------- */

static void write_address(const struct ask_page *page, struct base_buf *out)
{
    html(out, "/s/");
    ask_url_text(out, page->slug);
    if (page->link.data != NULL) {
        html(out, "/");
        ask_url_text(out, page->link);
    }
}

static void write_problems(const struct ask_page *page, struct arena *arena, struct base_buf *out)
{
    bool any = false;
    for (uint32_t i = 0; i < page->shown_count; i++) {
        uint32_t at = page->shown[i];
        if (problem_of(page, at) < 0) {
            continue;
        }
        if (!any) {
            html(out, "<div class=\"problems\" role=\"alert\"><p>");
            word(page, out, ASK_WORD_MEND);
            html(out, "</p><ul>");
        }
        any = true;
        base_buf_printf(out, "<li><a href=\"#q%u\">", at);
        text_of(page, arena, out, page->survey->questions[at].title);
        html(out, "</a></li>");
    }
    html(out, any ? "</ul></div>" : "");
}

static void write_progress(const struct ask_page *page, struct arena *arena, struct base_buf *out)
{
    if (page->survey->one_page || page->survey->question_count < 2 || page->shown_count == 0) {
        return;
    }
    struct str pattern = ask_word(page->language_tag, ASK_WORD_PROGRESS);
    struct str first = str_format(arena, "%u", page->passed + 1);
    struct str all =
        str_format(arena, "%u", page->passed + ask_longest_way(page->survey, page->shown[0]));
    html(out, "<p class=\"progress\">");
    for (size_t i = 0; i < pattern.len; i++) {
        if (str_starts_c(str_after(pattern, i), "{1}") ||
            str_starts_c(str_after(pattern, i), "{2}")) {
            ask_html_text(out, pattern.data[i + 1] == '1' ? first : all);
            i += 2;
        } else {
            base_buf_byte(out, pattern.data[i]);
        }
    }
    html(out, "</p>");
}

static void write_form(const struct ask_page *page, struct arena *arena, struct base_buf *out)
{
    html(out, "<form method=\"post\" action=\"");
    write_address(page, out);
    html(out, "\"><input type=\"hidden\" name=\"t\" value=\"");
    ask_html_text(out, page->token);
    html(out, "\"><input type=\"hidden\" name=\"w\" value=\"\">"
              "<div class=\"leave\" aria-hidden=\"true\"><label>");
    word(page, out, ASK_WORD_LEAVE);
    html(out, "<input type=\"text\" name=\"website\" value=\"\" tabindex=\"-1\" "
              "autocomplete=\"off\"></label></div>\n");
    for (uint32_t i = 0; i < page->shown_count; i++) {
        uint32_t at = page->shown[i];
        struct drawing drawing = {page, &page->survey->questions[at], &page->answers[at], at, arena,
                                  out};
        draw_question(&drawing);
    }
    html(out, "<div class=\"buttons\"><button>");
    word(page, out, page->confirm ? ASK_WORD_CONFIRM : page->last ? ASK_WORD_SEND : ASK_WORD_NEXT);
    html(out, "</button>");
    if (page->back.data != NULL) {
        html(out, "<a class=\"back\" href=\"");
        ask_html_text(out, page->back);
        html(out, "\">");
        word(page, out, ASK_WORD_BACK);
        html(out, "</a>");
    }
    html(out, "</div></form>\n");
}

static void write_languages(const struct ask_page *page, struct base_buf *out)
{
    if (page->survey == NULL || page->survey->language_count < 2) {
        return;
    }
    html(out, "<nav aria-label=\"");
    word(page, out, ASK_WORD_LANGUAGE);
    html(out, "\"><ul class=\"languages\">");
    for (uint32_t i = 0; i < page->survey->language_count; i++) {
        struct str tag = page->survey->languages[i];
        bool here = i == page->language;
        html(out, "<li lang=\"");
        ask_html_text(out, tag);
        html(out, here ? "\"><span aria-current=\"true\">" : "\"><a href=\"");
        if (!here) {
            write_address(page, out);
            html(out, "?lang=");
            ask_url_text(out, tag);
            if (page->resume.data != NULL) {
                html(out, "&amp;");
                ask_html_text(out, page->resume);
            }
            html(out, "\">");
        }
        ask_html_text(out, ask_language_name(tag));
        html(out, here ? "</span></li>" : "</a></li>");
    }
    html(out, "</ul></nav>");
}

static void write_head(const struct ask_page *page, struct str title, struct base_buf *out)
{
    html(out, "<!doctype html><html lang=\"");
    ask_html_text(out, page->language_tag);
    html(out, ask_language_is_rtl(page->language_tag) ? "\" dir=\"rtl\">" : "\" dir=\"ltr\">");
    html(out, "<head><meta charset=\"utf-8\"><meta name=\"viewport\" "
              "content=\"width=device-width,initial-scale=1\"><meta name=\"robots\" "
              "content=\"noindex\"><link rel=\"icon\" href=\"data:,\"><title>");
    ask_html_text(out, title);
    html(out, "</title>");
    if (page->survey != NULL) {
        html(out, "<link rel=\"stylesheet\" href=\"/s/");
        ask_url_text(out, page->slug);
        html(out, "/survey.css\">");
    }
    if (page->kind == ASK_PAGE_QUESTIONS) {
        html(out, "<script src=\"/s/");
        ask_url_text(out, page->slug);
        html(out, "/survey.js\" defer></script>");
    }
    html(out, "</head><body><main>\n<h1>");
    ask_html_text(out, title);
    html(out, "</h1>\n");
}

static void write_thanks(const struct ask_page *page, struct arena *arena, struct base_buf *out)
{
    html(out, "<p class=\"hint\" role=\"status\">");
    if (page->survey->thanks.in != NULL) {
        text_of(page, arena, out, page->survey->thanks);
    } else {
        word(page, out, ASK_WORD_THANKS);
    }
    html(out, "</p>");
    if (page->again.data != NULL) {
        html(out, "<p><a href=\"");
        ask_html_text(out, page->again);
        html(out, "\">");
        word(page, out, ASK_WORD_CHANGE);
        html(out, "</a></p>");
    }
}

void ask_page_write(const struct ask_page *page, struct arena *arena, struct base_buf *out)
{
    struct str title = ask_word(page->language_tag, page->message);
    if (page->survey != NULL) {
        title = ask_text_in(page->survey->title, page->language);
        title = title.data == NULL ? page->survey->name : title;
    }
    INVARIANT(page->kind == ASK_PAGE_MESSAGE || page->survey != NULL);
    write_head(page, title, out);
    switch (page->kind) {
    case ASK_PAGE_QUESTIONS:
        if (page->survey->intro.in != NULL && page->shown_count > 0 && page->shown[0] == 0) {
            html(out, "<p class=\"hint\">");
            text_of(page, arena, out, page->survey->intro);
            html(out, "</p>");
        }
        write_problems(page, arena, out);
        write_progress(page, arena, out);
        write_form(page, arena, out);
        write_languages(page, out);
        break;
    case ASK_PAGE_THANKS:
        write_thanks(page, arena, out);
        break;
    case ASK_PAGE_MESSAGE:
        html(out, "<p>");
        word(page, out,
             page->message == ASK_WORD_CLOSED  ? ASK_WORD_CLOSED_MORE
             : page->message == ASK_WORD_ENDED ? ASK_WORD_ENDED_MORE
                                               : ASK_WORD_ABSENT_MORE);
        html(out, "</p>");
        break;
    }
    html(out, "</main></body></html>\n");
}
