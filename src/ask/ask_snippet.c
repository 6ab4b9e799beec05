/* One tap in a mail: a table of links, which mail programs show without scripts or style sheets. */
#include "ask_links.h"
#include "ask_page.h"

static void cell(struct base_buf *out, const struct ask_survey *survey, struct str link,
                 struct str question, struct str value, struct str label)
{
    base_buf_c(out, "<td style=\"padding:2px\"><a href=\"");
    ask_html_text(out, link);
    base_buf_c(out, str_find_byte(link, '?') < link.len ? "&amp;q=" : "?q=");
    ask_url_text(out, question);
    base_buf_c(out, "&amp;a=");
    ask_url_text(out, value);
    base_buf_printf(out,
                    "\" style=\"display:inline-block;min-width:24px;padding:8px 6px;text-align:"
                    "center;text-decoration:none;border-radius:4px;color:%.*s;"
                    "background-color:%.*s\">",
                    STR_ARG(survey->colours[ASK_ACCENT_TEXT]),
                    STR_ARG(survey->colours[ASK_ACCENT]));
    ask_html_text(out, label);
    base_buf_c(out, "</a></td>");
}

static void cells(struct base_buf *out, const struct ask_survey *survey,
                  const struct ask_question *question, struct str link, uint32_t language,
                  struct arena *arena)
{
    int64_t least, most;
    struct str tag = survey->languages[language];
    if (question->type == ASK_YES_NO) {
        cell(out, survey, link, question->id, STR("yes"), ask_word(tag, ASK_WORD_YES));
        cell(out, survey, link, question->id, STR("no"), ask_word(tag, ASK_WORD_NO));
        return;
    }
    if (question->type == ASK_SINGLE) {
        for (uint32_t i = 0; i < question->choice_count; i++) {
            cell(out, survey, link, question->id, question->choices[i].id,
                 ask_text_in(question->choices[i].label, language));
        }
        return;
    }
    ask_type_bounds(question->type, &least, &most);
    for (int64_t i = least; i <= most; i++) {
        struct str digits = str_format(arena, "%lld", (long long)i);
        cell(out, survey, link, question->id, digits, digits);
    }
}

static bool fits_a_tap(const struct ask_question *question)
{
    return ask_type_is_score(question->type) || question->type == ASK_YES_NO ||
           question->type == ASK_SINGLE;
}

bool ask_snippet(struct ask *ask, struct str survey, struct str question, struct str link,
                 struct str language, struct arena *arena, struct json_writer *w, struct fail *fail)
{
    struct query_env env;
    struct ask_survey parsed;
    if (!ask->env.query_env(ask->env.context, &env, fail) ||
        !ask_library_version(ask->state, &env, survey, 0, arena, &parsed, fail)) {
        return false;
    }
    uint32_t at = 0;
    while (question.data == NULL && at < parsed.question_count &&
           !fits_a_tap(&parsed.questions[at])) {
        at++;
    }
    if (question.data != NULL) {
        at = ask_question_find(&parsed, question);
    }
    if (at >= parsed.question_count || !fits_a_tap(&parsed.questions[at])) {
        return fail_input_at(fail, "/question",
                             "expected a question with a score, yes and no, or one choice");
    }
    uint32_t in = ask_language_choose(&parsed, language);
    CLEANUP(base_buf_done) struct base_buf html = {.limit = (size_t)1 << 20};
    base_buf_c(&html, "<p>");
    ask_html_text(&html, ask_text_in(parsed.questions[at].title, in));
    base_buf_c(&html, "</p><table role=\"presentation\" cellpadding=\"0\" cellspacing=\"0\"><tr>");
    cells(&html, &parsed, &parsed.questions[at], link, in, arena);
    base_buf_c(&html, "</tr></table>");
    if (!base_buf_ok(&html, fail)) {
        return false;
    }
    json_begin_object(w);
    json_name_c(w, "question");
    json_write_str(w, parsed.questions[at].id);
    json_name_c(w, "html");
    json_write_str(w, base_buf_view(&html));
    json_end_object(w);
    return true;
}
