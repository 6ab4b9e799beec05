/* Surveys at work: what the module needs from here, and the operations around asking and answering. */
#include "app_contact.h"
#include "app_internal.h"
#include "ask_widget.h"

#include "act.h"
#include "base_log.h"

/* ---- what ask needs ------------------------------------------------------------------------------------ */

static bool query_env_of(void *context, struct query_env *out, struct fail *fail)
{
    return app_query_env(context, out, fail);
}

static bool submit(void *context, struct store_item *items, size_t count, struct fail *fail)
{
    return app_take(context, items, count, fail);
}

static struct app_contact contact_of(const struct ask_contact *contact)
{
    return (struct app_contact){
        .identifiers = contact->identifiers,
        .identifier_count = contact->identifier_count,
        .purpose = STR("survey"),
        .channel = contact->channel,
        .fields = contact->fields,
        .field_count = contact->field_count,
        .message_id = contact->message_id,
        .look = contact->look,
    };
}

static bool contact(void *context, const struct ask_contact *wanted, struct arena *arena,
                    bool *out_allowed, struct str *out_reason, struct fail *fail)
{
    struct app_contact asked = contact_of(wanted);
    struct act_decision decision;
    if (!app_contact_ask(context, &asked, arena, &decision, fail)) {
        return false;
    }
    *out_allowed = decision.allowed;
    *out_reason = str_from_c(decision.reason);
    return true;
}

static bool skip(void *context, const struct ask_contact *wanted, struct str reason,
                 struct fail *fail)
{
    struct app_contact skipped = contact_of(wanted);
    return app_contact_skip(context, &skipped, reason, fail);
}

/* The survey that POST /api/v1/decide names. */
static bool decide_survey(struct app *app, const struct app_decide_question *question,
                          struct arena *arena, struct json_writer *w, struct fail *fail)
{
    struct ask_asker asker = {.language = question->locale,
                              .channel = question->channel,
                              .look = question->look,
                              .way = str_is(question->channel, "email") ? ASK_WAY_EMAIL
                                                                        : ASK_WAY_WIDGET};
    for (size_t i = 0; i < question->identifier_count; i++) {
        if (str_is(question->identifiers[i].kind, "user")) {
            asker.user = question->identifiers[i].value;
        } else if (str_is(question->identifiers[i].kind, "anonymous")) {
            asker.anonymous = question->identifiers[i].value;
        }
    }
    if (asker.user.data == NULL && asker.anonymous.data == NULL) {
        json_write_null(w); /* known by e-mail alone: a personal link is the way */
        return true;
    }
    return ask_next(app->ask, &asker, arena, w, fail);
}

bool app_ask_open(struct app *app, bool recover, struct fail *fail)
{
    struct ask_options options = {
        .store = app->store,
        .state = app->state,
        .engine = app->engine,
        .clock = app->clock,
        .random = app->random,
        .env = {.context = app,
                .query_env = query_env_of,
                .submit = submit,
                .contact = contact,
                .skip = skip},
    };
    if (!ask_new(&options, &app->ask, fail)) {
        return false;
    }
    app->decide_survey = decide_survey;
    struct fail cut;
    if (recover && !ask_recover(app->ask, &cut)) {
        /* The job tries again; a server that cannot write answers can still be looked at. */
        base_log(LOG_WARN, "surveys.recover", "answers cut off by a crash are not written yet",
                 LOG_C("why", cut.message), LOG_END);
    }
    return true;
}

bool app_job_surveys(struct app_job_run *run, struct fail *fail)
{
    int64_t settled = 0;
    if (!ask_settle_due(run->app->ask, run->cancel, &settled, fail)) {
        return false;
    }
    run->note = str_format(run->arena, "%lld responses settled", (long long)settled);
    return true;
}

/* ---- widgets ---------------------------------------------------------------------------------------------- */

static bool input_id(struct json_value input, const char *name, bool required, struct str *out,
                     struct fail *fail)
{
    if (!app_input_str(input, name, required, out, fail)) {
        return false;
    }
    if (out->len > ASK_CUSTOMER_ID_BYTES_MAX) {
        return fail_set(fail, FAIL_INPUT, "\"%s\" has at most %d bytes", name,
                        ASK_CUSTOMER_ID_BYTES_MAX);
    }
    if (out->len == 0) {
        *out = (struct str){NULL, 0};
    }
    return true;
}

static bool finish(struct base_buf *out, size_t before, bool good, struct fail *fail)
{
    if (!good || !base_buf_ok(out, fail)) {
        out->len = before;
        return false;
    }
    return true;
}

bool app_op_ask_next(struct app *app, const struct app_caller *caller, struct json_value input,
                     struct arena *arena, struct base_buf *out, struct fail *fail)
{
    static const char *const members[] = {"anonymousId", "userId", "url", "locale",
                                          "event",       "survey", NULL};
    struct ask_asker asker = {.way = ASK_WAY_WIDGET,
                              .discreet = !access_may(&caller->identity, ACCESS_RIGHT_ASK)};
    struct json_writer w = {.out = out};
    size_t before = out->len;
    if (!app_input_members(input, members, fail) ||
        !input_id(input, "anonymousId", false, &asker.anonymous, fail) ||
        !input_id(input, "userId", false, &asker.user, fail) ||
        !app_input_str(input, "locale", false, &asker.language, fail) ||
        !app_input_str(input, "event", false, &asker.event, fail) ||
        !app_input_str(input, "survey", false, &asker.survey, fail)) {
        return false;
    }
    if (asker.anonymous.data == NULL && asker.user.data == NULL) {
        return fail_input_at(fail, "", "\"anonymousId\" or \"userId\" is missing");
    }
    return finish(out, before, ask_next(app->ask, &asker, arena, &w, fail), fail);
}

bool app_op_ask_shown(struct app *app, const struct app_caller *caller, struct json_value input,
                      struct arena *arena, struct base_buf *out, struct fail *fail)
{
    (void)caller;
    static const char *const members[] = {"response", "token", NULL};
    struct json_writer w = {.out = out};
    size_t before = out->len;
    struct str response, token;
    return app_input_members(input, members, fail) &&
           app_input_str(input, "response", true, &response, fail) &&
           app_input_str(input, "token", true, &token, fail) &&
           finish(out, before, ask_widget_shown(app->ask, response, token, arena, &w, fail), fail);
}

bool app_op_ask_answer(struct app *app, const struct app_caller *caller, struct json_value input,
                       struct arena *arena, struct base_buf *out, struct fail *fail)
{
    static const char *const members[] = {"response", "token", "seq", "answers", "finished", NULL};
    struct json_writer w = {.out = out};
    size_t before = out->len;
    struct ask_reply reply = {.address = caller->address};
    if (!app_input_members(input, members, fail) ||
        !app_input_str(input, "response", true, &reply.response, fail) ||
        !app_input_str(input, "token", true, &reply.token, fail) ||
        !app_input_int(input, "seq", 1, INT64_MAX / 2, 1, &reply.seq, fail) ||
        !app_input_bool(input, "finished", false, &reply.finished, fail)) {
        return false;
    }
    reply.has_answers = json_member(input, STR("answers"), &reply.answers);
    return finish(out, before, ask_widget_answer(app->ask, &reply, arena, &w, fail), fail);
}

/* ---- programs, and why ------------------------------------------------------------------------------------- */

bool app_op_survey_respond(struct app *app, const struct app_caller *caller,
                           struct json_value input, struct arena *arena, struct base_buf *out,
                           struct fail *fail)
{
    (void)caller;
    static const char *const members[] = {"id",         "userId",  "anonymousId", "language",
                                          "message_id", "answers", "finished",    NULL};
    struct json_writer w = {.out = out};
    size_t before = out->len;
    struct ask_submission submission = {.finished = true};
    if (!app_input_members(input, members, fail) ||
        !app_input_str(input, "id", true, &submission.survey, fail) ||
        !input_id(input, "userId", false, &submission.user, fail) ||
        !input_id(input, "anonymousId", false, &submission.anonymous, fail) ||
        !app_input_str(input, "language", false, &submission.language, fail) ||
        !input_id(input, "message_id", false, &submission.message_id, fail) ||
        !app_input_bool(input, "finished", true, &submission.finished, fail)) {
        return false;
    }
    if (!json_member(input, STR("answers"), &submission.answers)) {
        return fail_input_at(fail, "/answers",
                             "\"answers\" is missing: an object from question to "
                             "answer");
    }
    return finish(out, before, ask_submit(app->ask, &submission, arena, &w, fail), fail);
}

bool app_op_survey_why(struct app *app, const struct app_caller *caller, struct json_value input,
                       struct arena *arena, struct base_buf *out, struct fail *fail)
{
    (void)caller;
    static const char *const members[] = {"id", "customer", NULL};
    struct json_writer w = {.out = out};
    size_t before = out->len;
    struct str id, customer;
    return app_input_members(input, members, fail) && app_input_str(input, "id", true, &id, fail) &&
           app_input_str(input, "customer", true, &customer, fail) &&
           finish(out, before, ask_why(app->ask, id, customer, arena, &w, fail), fail);
}
