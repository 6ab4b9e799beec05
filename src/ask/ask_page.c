/* The flow of the hosted page: whose response it is, what is shown, what a form brings. */
#include "ask_page.h"

#include "access.h"
#include "ask_page_data.h"
#include "ask_spam.h"

#define TOKEN_KIND "survey-page"

/* ---- the token of a rendered page ------------------------------------------------------------------------ */

struct rendered {
    struct str response, way, language;
    int64_t version, wave, at_ms;
};

static struct str seal_page(struct ask *ask, const struct rendered *page, struct arena *arena)
{
    struct str text = str_format(
        arena, "%.*s %lld %lld %.*s %.*s %lld", STR_ARG(page->response), (long long)page->version,
        (long long)page->wave, STR_ARG(page->way), STR_ARG(page->language), (long long)page->at_ms);
    return access_seal(ask->key, TOKEN_KIND, text, ask->random, arena);
}

static bool unseal_page(struct ask *ask, struct str token, struct arena *arena,
                        struct rendered *out)
{
    struct str text, version, wave, at;
    if (token.len > 512 || !access_unseal(ask->key, TOKEN_KIND, token, arena, &text)) {
        return false;
    }
    return str_next_part(&text, ' ', &out->response) && str_next_part(&text, ' ', &version) &&
           str_next_part(&text, ' ', &wave) && str_next_part(&text, ' ', &out->way) &&
           str_next_part(&text, ' ', &out->language) && str_next_part(&text, ' ', &at) &&
           str_parse_i64(version, &out->version) && str_parse_i64(wave, &out->wave) &&
           str_parse_i64(at, &out->at_ms);
}

/* ---- one request ------------------------------------------------------------------------------------------- */

struct visit {
    struct ask *ask;
    const struct ask_page_request *request;
    struct arena *arena;
    struct query_env env;
    int64_t now_ms;
    struct state_survey row;
    struct ask_survey survey; /* of the response's version */
    bool has_link;
    struct state_survey_link link;
    struct state_response response; /* id set; the rest where it is kept already */
    bool kept;
    int64_t version, wave;
    struct str way;
    uint32_t language;
    struct ask_answer *answers;
    struct ask_page_reply *reply;
};

static struct str field(const struct visit *visit, const char *name)
{
    return ask_form_get(&visit->request->form, name);
}

static bool show_message(struct visit *visit, int status, enum ask_word message)
{
    struct str asked = visit->request->accept_language;
    struct str tag = str_of(asked.data, str_find_byte(asked, ','));
    tag = str_of(tag.data, str_find_byte(tag, ';'));
    bool known = tag.len >= 2 && tag.len <= 20 && str_is_utf8(tag) && ask_id_ok(tag);
    struct ask_page page = {.kind = ASK_PAGE_MESSAGE,
                            .slug = visit->request->survey,
                            .language_tag = known ? tag : STR("en"),
                            .message = message};
    visit->reply->status = status;
    ask_page_write(&page, visit->arena, &visit->reply->html);
    return true;
}

static void choose_language(struct visit *visit)
{
    struct str asked = field(visit, "lang");
    struct str given = visit->kept ? visit->response.language : (struct str){NULL, 0};
    visit->language =
        ask_language_choose(&visit->survey, asked.len > 0   ? asked
                                            : given.len > 0 ? given
                                                            : visit->request->accept_language);
}

/* The address of this page with parameters; the language stays as it was chosen. */
static struct str address(const struct visit *visit, struct str at, bool resume)
{
    CLEANUP(base_buf_done) struct base_buf out = {.limit = 8192};
    base_buf_c(&out, "/s/");
    ask_url_text(&out, visit->request->survey);
    if (visit->request->link.data != NULL) {
        base_buf_byte(&out, '/');
        ask_url_text(&out, visit->request->link);
    }
    base_buf_c(&out, "?lang=");
    ask_url_text(&out, visit->survey.languages[visit->language]);
    if (resume && !visit->has_link) {
        base_buf_c(&out, "&r=");
        ask_url_text(&out, ask_token_make(visit->ask, visit->response.id, visit->arena));
    }
    if (at.data != NULL) {
        base_buf_c(&out, "&at=");
        ask_url_text(&out, at);
    }
    return str_copy(visit->arena, base_buf_view(&out));
}

/* ---- whose response ------------------------------------------------------------------------------------------ */

enum found { FOUND, NOT_FOUND, FOUND_ENDED, FOUND_FAILED };

static enum found find_link(struct visit *visit, struct fail *fail)
{
    uint8_t digest[ACCESS_HASH_BYTES];
    bool found = false;
    access_hash(visit->request->link, digest);
    if (!state_survey_link_find(visit->ask->state, str_of((const char *)digest, sizeof digest),
                                visit->arena, &visit->link, &found, fail)) {
        return FOUND_FAILED;
    }
    if (!found || !str_equal(visit->link.survey, visit->row.id)) {
        return NOT_FOUND;
    }
    visit->has_link = true;
    visit->response.id = visit->link.response;
    bool ended = visit->link.revoked_ms != 0 ||
                 (visit->link.expires_ms != 0 && visit->now_ms >= visit->link.expires_ms);
    return ended ? FOUND_ENDED : FOUND;
}

/* The response that the request is about: the link's, the form's, that of ?r=, or none yet. */
static enum found find_response(struct visit *visit, struct rendered *page, struct fail *fail)
{
    struct str resumed;
    bool posted = visit->request->post;
    if (posted && (!unseal_page(visit->ask, field(visit, "t"), visit->arena, page) ||
                   visit->now_ms - page->at_ms > ASK_TOKEN_MS)) {
        return FOUND_ENDED;
    }
    if (visit->request->link.data != NULL) {
        enum found found = find_link(visit, fail);
        if (found != FOUND) {
            return found;
        }
    } else if (posted) {
        visit->response.id = page->response;
    } else if (ask_token_open(visit->ask, field(visit, "r"), visit->arena, &resumed)) {
        visit->response.id = resumed;
    }
    if (posted && !str_equal(page->response, visit->response.id)) {
        return FOUND_ENDED; /* the token of another page */
    }
    if (visit->response.id.data != NULL) {
        struct str id = visit->response.id;
        if (!state_response_find(visit->ask->state, id, visit->arena, &visit->response,
                                 &visit->kept, fail)) {
            return FOUND_FAILED;
        }
        visit->response.id = id;
    }
    return visit->kept && !str_equal(visit->response.survey, visit->row.id) ? NOT_FOUND : FOUND;
}

static bool way_open(const struct visit *visit)
{
    enum ask_way way = visit->has_link ? ASK_WAY_LINK : ASK_WAY_HOSTED;
    bool offered = (visit->survey.ways >> way & 1U) != 0 ||
                   (visit->has_link && (visit->survey.ways >> ASK_WAY_EMAIL & 1U) != 0);
    return str_is(visit->row.status, "live") && offered;
}

/* ---- showing --------------------------------------------------------------------------------------------------- */

static bool show_thanks(struct visit *visit)
{
    struct str again = visit->has_link && !visit->link.once && visit->survey.question_count > 0
                           ? address(visit, visit->survey.questions[0].id, true)
                           : (struct str){NULL, 0};
    struct ask_page page = {.kind = ASK_PAGE_THANKS,
                            .slug = visit->request->survey,
                            .link = visit->request->link,
                            .survey = &visit->survey,
                            .language = visit->language,
                            .language_tag = visit->survey.languages[visit->language],
                            .answers = visit->answers,
                            .again = again};
    visit->reply->status = 200;
    ask_page_write(&page, visit->arena, &visit->reply->html);
    return true;
}

struct showing {
    const enum ask_form_problem *problems;
    const bool *missing;
    int status;
    uint32_t at; /* the question, where one is asked for; ASK_NOWHERE: by the way */
    bool confirm;
};

static bool show_questions(struct visit *visit, const struct showing *showing, struct fail *fail)
{
    const struct ask_survey *survey = &visit->survey;
    uint32_t path[ASK_QUESTIONS_MAX], passed = 0;
    uint32_t *shown = arena_array(visit->arena, survey->question_count, sizeof *shown, fail);
    uint32_t count = 0;
    if (shown == NULL) {
        return false;
    }
    uint32_t next = ask_walk(survey, visit->answers, false, path, &passed);
    uint32_t at = showing->at != ASK_NOWHERE ? showing->at : next;
    if (survey->one_page) {
        for (uint32_t i = 0; i < survey->question_count; i++) {
            shown[count++] = i;
        }
    } else if (at < survey->question_count) {
        shown[count++] = at;
    }
    struct str back = {NULL, 0};
    uint32_t before = 0;
    for (uint32_t i = 0; i < passed && !survey->one_page && visit->kept; i++) {
        if (path[i] == at) {
            break;
        }
        before++;
        back = address(visit, survey->questions[path[i]].id, true);
    }
    struct rendered rendered = {visit->response.id, visit->way,  survey->languages[visit->language],
                                visit->version,     visit->wave, visit->now_ms};
    struct ask_page page = {
        .kind = ASK_PAGE_QUESTIONS,
        .slug = visit->request->survey,
        .link = visit->request->link,
        .survey = survey,
        .language = visit->language,
        .language_tag = survey->languages[visit->language],
        .answers = visit->answers,
        .shown = shown,
        .shown_count = count,
        .passed = before,
        .last = survey->one_page || ask_longest_way(survey, at) <= 1,
        .confirm = showing->confirm,
        .back = back,
        .token = seal_page(visit->ask, &rendered, visit->arena),
        .resume =
            visit->kept && !visit->has_link
                ? str_format(visit->arena, "r=%.*s",
                             STR_ARG(ask_token_make(visit->ask, visit->response.id, visit->arena)))
                : (struct str){NULL, 0},
        .problems = showing->problems,
        .missing = showing->missing,
    };
    visit->reply->status = showing->status;
    ask_page_write(&page, visit->arena, &visit->reply->html);
    return true;
}

/* One tap in a mail: the link says what was tapped, and a person confirms it here. */
static void preselect(struct visit *visit, struct showing *showing)
{
    struct ask_answer answer;
    uint32_t question = ask_question_find(&visit->survey, field(visit, "q"));
    if (question == UINT32_MAX || !ask_form_one(&visit->survey.questions[question],
                                                field(visit, "a"), visit->arena, &answer)) {
        return;
    }
    visit->answers[question] = answer;
    showing->at = question;
    showing->confirm = true;
    visit->way = STR("email");
}

static bool get(struct visit *visit, struct fail *fail)
{
    struct showing showing = {.status = 200, .at = ASK_NOWHERE};
    uint32_t wanted = ask_question_find(&visit->survey, field(visit, "at"));
    bool over = visit->kept && visit->response.finished_ms != 0;
    bool may_change = visit->has_link && !visit->link.once;
    if (over && !(may_change && wanted != UINT32_MAX)) {
        return show_thanks(visit);
    }
    if (!visit->kept && !way_open(visit)) {
        return show_message(visit, 200, ASK_WORD_CLOSED);
    }
    if (visit->kept && wanted != UINT32_MAX) {
        showing.at = wanted;
    }
    if (!over) {
        preselect(visit, &showing);
    }
    if (showing.at == ASK_NOWHERE && visit->kept && !visit->survey.one_page &&
        ask_walk(&visit->survey, visit->answers, false, NULL, NULL) >=
            visit->survey.question_count) {
        /* All seen, and not finished: a required one was passed over, or the end was cut off. */
        showing.at = ask_walk(&visit->survey, visit->answers, true, NULL, NULL);
        if (showing.at >= visit->survey.question_count) {
            showing.at = visit->survey.question_count - 1;
        }
    }
    return show_questions(visit, &showing, fail);
}

/* ---- taking ------------------------------------------------------------------------------------------------------ */

static struct str suspicion(struct visit *visit, const struct rendered *page)
{
    struct str work = field(visit, "w"), token = field(visit, "t");
    bool worked = ask_work_ok(token, work);
    bool honey = field(visit, "website").len > 0;
    bool fast = visit->now_ms - page->at_ms < ASK_FAST_MS;
    bool false_work = work.len > 0 && !worked;
    bool rate =
        !ask_rate_ok(visit->ask->rates, visit->request->address, visit->row.id, ASK_RATE_MOST) &&
        !worked;
    return str_format(visit->arena, "%s%s%s%s", honey ? "honeypot\n" : "", fast ? "too-fast\n" : "",
                      false_work ? "false-work\n" : "", rate ? "rate\n" : "");
}

static bool keep(struct visit *visit, const struct rendered *page, struct fail *fail)
{
    if (visit->kept) {
        return true;
    }
    struct str reasons = visit->has_link ? STR("") : suspicion(visit, page);
    struct state_response response = {
        .id = visit->response.id,
        .survey = visit->row.id,
        .version = page->version,
        .wave = page->wave,
        .way = page->way,
        .language = page->language,
        .user = visit->has_link ? visit->link.customer : (struct str){NULL, 0},
        .status = reasons.len > 0 ? STR("suspect") : STR("open"),
        .reasons = reasons,
        .created_ms = visit->now_ms,
    };
    if (response.user.data == NULL) {
        response.anonymous = response.id;
    }
    visit->kept = true;
    return state_response_open(visit->ask->state, &response, visit->arena, &visit->response,
                               fail) &&
           ask_show(visit->ask, &visit->survey, &visit->response, page->at_ms, fail);
}

/* Answers of the questions that the form says it showed. *out_wrong: one cannot be taken as it is. */
static bool read_form(struct visit *visit, struct ask_answer *given,
                      enum ask_form_problem *problems, bool *missing, bool *out_wrong,
                      struct fail *fail)
{
    const struct ask_form *form = &visit->request->form;
    *out_wrong = false;
    for (size_t i = 0; i < form->count; i++) {
        if (!str_is(form->fields[i].name, "q")) {
            continue;
        }
        uint32_t at = ask_question_find(&visit->survey, form->fields[i].value);
        if (at == UINT32_MAX) {
            continue;
        }
        if (!ask_form_answer(form, &visit->survey.questions[at], visit->arena, &given[at],
                             &problems[at], fail)) {
            return false;
        }
        bool none = given[at].seen && !given[at].given;
        missing[at] = none && visit->survey.questions[at].required;
        if (missing[at]) {
            given[at] = (struct ask_answer){.seen = false};
        }
        *out_wrong = *out_wrong || problems[at] != ASK_FORM_FINE;
    }
    return true;
}

static bool lead_on(struct visit *visit)
{
    visit->reply->status = 303;
    visit->reply->location = address(visit, (struct str){NULL, 0}, true);
    return true;
}

static bool take_form(struct visit *visit, struct ask_answer *given, bool wrong,
                      struct showing *showing, struct fail *fail)
{
    const struct ask_survey *survey = &visit->survey;
    struct ask_taken taken;
    struct ask_take take = {.response = visit->response.id,
                            .seq = STATE_SEQ_LATEST,
                            .answers = given,
                            .finished = survey->one_page && !wrong};
    if (!ask_take(visit->ask, survey, &take, visit->arena, &taken, fail)) {
        return false;
    }
    bool at_end = !survey->one_page && taken.next == survey->question_count;
    if (at_end && !wrong) {
        take.finished = true;
        if (!ask_take(visit->ask, survey, &take, visit->arena, &taken, fail)) {
            return false;
        }
    }
    bool lacking = false;
    for (uint32_t i = 0; i < survey->question_count; i++) {
        /* With all on one page a required question counts only where the way leads to it. */
        lacking = lacking || (showing->missing[i] && (!survey->one_page || taken.next == i));
    }
    if (!wrong && !lacking) {
        return lead_on(visit);
    }
    if (!ask_answers_read(visit->ask, survey, visit->response.id, visit->arena, &visit->answers,
                          fail)) {
        return false;
    }
    for (uint32_t i = 0; i < survey->question_count && !survey->one_page; i++) {
        if (showing->missing[i] || showing->problems[i] != ASK_FORM_FINE) {
            showing->at = i;
        }
    }
    showing->status = 422;
    return show_questions(visit, showing, fail);
}

static bool post(struct visit *visit, const struct rendered *page, struct fail *fail)
{
    uint32_t count = visit->survey.question_count;
    struct ask_answer *given = arena_array(visit->arena, count, sizeof *given, fail);
    enum ask_form_problem *problems = arena_array(visit->arena, count, sizeof *problems, fail);
    bool *missing = arena_array(visit->arena, count, sizeof *missing, fail);
    bool wrong = false;
    if (given == NULL || problems == NULL || missing == NULL) {
        return false;
    }
    if (!visit->kept && !way_open(visit)) {
        return show_message(visit, 200, ASK_WORD_CLOSED);
    }
    bool over = visit->kept && visit->response.finished_ms != 0;
    if (over && !(visit->has_link && !visit->link.once)) {
        return lead_on(visit); /* sent again: it has arrived */
    }
    struct showing showing = {problems, missing, 200, ASK_NOWHERE, false};
    return read_form(visit, given, problems, missing, &wrong, fail) && keep(visit, page, fail) &&
           take_form(visit, given, wrong, &showing, fail);
}

/* ---- the whole ------------------------------------------------------------------------------------------------------ */

static bool prepare(struct visit *visit, const struct rendered *page, struct fail *fail)
{
    struct ask *ask = visit->ask;
    visit->version = visit->kept            ? visit->response.version
                     : visit->request->post ? page->version
                                            : visit->row.version;
    if (!ask_library_version(ask->state, &visit->env, visit->row.id, visit->version, visit->arena,
                             &visit->survey, fail)) {
        return false;
    }
    visit->way = visit->has_link ? STR("link") : STR("hosted");
    visit->wave = visit->has_link ? visit->link.wave : ask_wave_at(&visit->survey, visit->now_ms);
    visit->wave = visit->wave == 0 ? 1 : visit->wave;
    choose_language(visit);
    if (visit->request->post && !visit->kept) {
        visit->language = ask_language_choose(&visit->survey, page->language);
    }
    if (visit->response.id.data == NULL) {
        visit->response.id = ask_response_mint(ask, visit->arena);
    }
    if (visit->kept) {
        return ask_answers_read(ask, &visit->survey, visit->response.id, visit->arena,
                                &visit->answers, fail);
    }
    visit->answers =
        arena_array(visit->arena, visit->survey.question_count, sizeof *visit->answers, fail);
    return visit->answers != NULL;
}

bool ask_page(struct ask *ask, const struct ask_page_request *request, struct arena *arena,
              struct ask_page_reply *out, struct fail *fail)
{
    struct visit visit = {.ask = ask,
                          .request = request,
                          .arena = arena,
                          .now_ms = base_now_ms(ask->clock),
                          .reply = out};
    struct rendered page = {0};
    bool found = false;
    if (!ask->env.query_env(ask->env.context, &visit.env, fail) ||
        !state_survey_find(ask->state, request->survey, arena, &visit.row, &found, fail)) {
        return false;
    }
    if (!found || visit.row.version == 0) {
        return show_message(&visit, 404, ASK_WORD_ABSENT);
    }
    switch (find_response(&visit, &page, fail)) {
    case FOUND_FAILED:
        return false;
    case NOT_FOUND:
        return show_message(&visit, 404, ASK_WORD_ENDED);
    case FOUND_ENDED:
        return show_message(&visit, 410, ASK_WORD_ENDED);
    case FOUND:
        break;
    }
    if (!prepare(&visit, &page, fail)) {
        return false;
    }
    return request->post ? post(&visit, &page, fail) : get(&visit, fail);
}

/* ---- style and script -------------------------------------------------------------------------------------------------- */

bool ask_page_style(struct ask *ask, struct str survey, struct arena *arena, struct base_buf *out,
                    struct fail *fail)
{
    static const char *const names[ASK_COLOURS] = {
        "light-accent", "light-accent-text", "light-ground", "light-ink",
        "dark-accent",  "dark-accent-text",  "dark-ground",  "dark-ink"};
    struct query_env env;
    struct ask_survey parsed;
    if (!ask->env.query_env(ask->env.context, &env, fail) ||
        !ask_library_version(ask->state, &env, survey, 0, arena, &parsed, fail)) {
        return false;
    }
    base_buf_c(out, ":root{");
    for (int i = 0; i < ASK_COLOURS; i++) {
        base_buf_printf(out, "--%s:%.*s;", names[i], STR_ARG(parsed.colours[i]));
    }
    base_buf_c(out, "}\n");
    base_buf_str(out, str_from_c(ask_page_css));
    return base_buf_ok(out, fail);
}

struct str ask_page_script(void)
{
    return str_from_c(ask_page_js);
}
