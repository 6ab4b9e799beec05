#include "ask_widget.h"

#include "ask_spam.h"

static bool version_of(struct ask *ask, const struct state_response *response, struct arena *arena,
                       struct ask_survey *out, struct fail *fail)
{
    struct query_env env;
    return ask->env.query_env(ask->env.context, &env, fail) &&
           ask_library_version(ask->state, &env, response->survey, response->version, arena, out,
                               fail);
}

bool ask_response_load(struct ask *ask, struct str response, struct str token, struct arena *arena,
                       struct state_response *out, struct ask_survey *out_survey, struct fail *fail)
{
    struct str sealed;
    bool found = false;
    if (!ask_token_open(ask, token, arena, &sealed) || !str_equal(sealed, response)) {
        return fail_set(fail, FAIL_DENIED, "this token is not of that response");
    }
    if (!state_response_find(ask->state, response, arena, out, &found, fail)) {
        return false;
    }
    if (!found) {
        return fail_set(fail, FAIL_ABSENT, "there is no such response");
    }
    return version_of(ask, out, arena, out_survey, fail);
}

bool ask_widget_shown(struct ask *ask, struct str response, struct str token, struct arena *arena,
                      struct json_writer *w, struct fail *fail)
{
    struct state_response row;
    struct ask_survey survey;
    if (!ask_response_load(ask, response, token, arena, &row, &survey, fail) ||
        !ask_show(ask, &survey, &row, base_now_ms(ask->clock), fail)) {
        return false;
    }
    json_begin_object(w);
    json_name_c(w, "accepted");
    json_write_bool(w, true);
    json_end_object(w);
    return true;
}

static void write_taken(const struct ask_survey *survey, const struct ask_taken *taken,
                        struct json_writer *w)
{
    json_name_c(w, "accepted");
    json_write_bool(w, true);
    json_name_c(w, "finished");
    json_write_bool(w, taken->finished);
    json_name_c(w, "next");
    if (taken->next < survey->question_count) {
        json_write_str(w, survey->questions[taken->next].id);
    } else {
        json_write_null(w);
    }
}

/* Only the first answers of a response are counted, so that a long survey is no mass. */
static bool watch_rate(struct ask *ask, const struct state_response *row, struct str address,
                       struct fail *fail)
{
    if (address.data == NULL || row->answered_ms != 0 ||
        ask_rate_ok(ask->rates, address, row->survey, ASK_RATE_WIDGET_MOST)) {
        return true;
    }
    return state_response_suspect(ask->state, row->id, STR("rate\n"), fail);
}

bool ask_widget_answer(struct ask *ask, const struct ask_reply *reply, struct arena *arena,
                       struct json_writer *w, struct fail *fail)
{
    struct state_response row;
    struct ask_survey survey;
    struct ask_taken taken;
    struct query_path at = query_path_in(NULL, "answers");
    if (!ask_response_load(ask, reply->response, reply->token, arena, &row, &survey, fail)) {
        return false;
    }
    struct ask_answer *answers = arena_array(arena, survey.question_count, sizeof *answers, fail);
    struct ask_take take = {
        .response = row.id, .seq = reply->seq, .answers = answers, .finished = reply->finished};
    if (answers == NULL ||
        (reply->has_answers &&
         !ask_answers_parse(&survey, reply->answers, &at, arena, answers, fail)) ||
        !watch_rate(ask, &row, reply->address, fail) ||
        !ask_take(ask, &survey, &take, arena, &taken, fail)) {
        return false;
    }
    json_begin_object(w);
    write_taken(&survey, &taken, w);
    json_end_object(w);
    return true;
}

/* ---- from programs ---------------------------------------------------------------------------------- */

static struct str submission_id(struct ask *ask, const struct ask_submission *submission,
                                struct arena *arena)
{
    if (submission->message_id.data == NULL) {
        return ask_response_mint(ask, arena);
    }
    struct str all = str_format(arena, "%.*s\n%.*s", STR_ARG(submission->survey),
                                STR_ARG(submission->message_id));
    struct base_hash128 hash = base_hash128(all.data, all.len, 1);
    return str_format(arena, "r_%016llx%016llx", (unsigned long long)hash.high,
                      (unsigned long long)hash.low);
}

static bool open_submission(struct ask *ask, const struct ask_submission *submission,
                            const struct state_survey *row, const struct ask_survey *survey,
                            struct arena *arena, struct state_response *out, struct fail *fail)
{
    int64_t now_ms = base_now_ms(ask->clock);
    int64_t wave = ask_wave_at(survey, now_ms);
    struct state_response response = {
        .id = submission_id(ask, submission, arena),
        .survey = row->id,
        .version = row->version,
        .wave = wave == 0 ? 1 : wave,
        .way = STR("api"),
        .language = survey->languages[ask_language_choose(survey, submission->language)],
        .user = submission->user,
        .anonymous = submission->anonymous,
        .status = STR("open"),
        .reasons = STR(""),
        .created_ms = now_ms,
    };
    if (response.user.data == NULL && response.anonymous.data == NULL) {
        response.anonymous = response.id;
    }
    return state_response_open(ask->state, &response, arena, out, fail);
}

bool ask_submit(struct ask *ask, const struct ask_submission *submission, struct arena *arena,
                struct json_writer *w, struct fail *fail)
{
    struct state_survey row;
    struct state_response response;
    struct ask_survey survey, own;
    struct query_env env;
    struct ask_taken taken;
    struct query_path at = query_path_in(NULL, "answers");
    if (!ask->env.query_env(ask->env.context, &env, fail) ||
        !ask_library_find(ask->state, submission->survey, arena, &row, fail) ||
        !ask_library_version(ask->state, &env, row.id, 0, arena, &survey, fail)) {
        return false;
    }
    if (str_is(row.status, "closed")) {
        return fail_set(fail, FAIL_CONFLICT, "\"%.*s\" is closed", STR_ARG(row.id));
    }
    struct ask_answer *answers = arena_array(arena, survey.question_count, sizeof *answers, fail);
    /* Read before anything is kept: a bad submission leaves nothing behind. */
    if (answers == NULL ||
        !ask_answers_parse(&survey, submission->answers, &at, arena, answers, fail) ||
        !open_submission(ask, submission, &row, &survey, arena, &response, fail)) {
        return false;
    }
    own = survey;
    if (response.version != row.version &&
        (!version_of(ask, &response, arena, &own, fail) ||
         (answers = arena_array(arena, own.question_count, sizeof *answers, fail)) == NULL ||
         !ask_answers_parse(&own, submission->answers, &at, arena, answers, fail))) {
        return false;
    }
    struct ask_take take = {.response = response.id,
                            .seq = STATE_SEQ_LATEST,
                            .answers = answers,
                            .finished = submission->finished};
    if (!ask_take(ask, &own, &take, arena, &taken, fail)) {
        return false;
    }
    json_begin_object(w);
    json_name_c(w, "response");
    json_write_str(w, response.id);
    json_name_c(w, "token");
    json_write_str(w, ask_token_make(ask, response.id, arena));
    write_taken(&own, &taken, w);
    json_end_object(w);
    return true;
}
