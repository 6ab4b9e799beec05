/* Surveys: the operations around their definitions. */
#include "app_internal.h"
#include "ask_library.h"

/* The pointer of a refusal begins at the definition; the request has it as a member. */
static bool refuse_definition(struct fail *fail)
{
    if (fail->code == FAIL_INPUT) {
        char inner[FAIL_POINTER_BYTES];
        memcpy(inner, fail->pointer, sizeof inner);
        static const char outer[] = "/definition";
        size_t len = sizeof outer - 1, more = strlen(inner);
        memcpy(fail->pointer, outer, len + 1);
        if (len + more < sizeof fail->pointer) {
            memcpy(fail->pointer + len, inner, more + 1);
        }
    }
    return false;
}

static bool definition_of(struct json_value input, struct json_value *out, struct fail *fail)
{
    return json_member(input, STR("definition"), out) ||
           fail_input_at(fail, "/definition", "\"definition\" is missing: expected a survey");
}

static bool ended(struct base_buf *out, size_t before, bool good, struct fail *fail)
{
    if (!good || !base_buf_ok(out, fail)) {
        out->len = before;
        return false;
    }
    return true;
}

bool app_op_surveys(struct app *app, const struct app_caller *caller, struct json_value input,
                    struct arena *arena, struct base_buf *out, struct fail *fail)
{
    (void)caller;
    static const char *const members[] = {NULL};
    struct json_writer w = {.out = out};
    size_t before = out->len;
    return app_input_members(input, members, fail) &&
           ended(out, before, ask_library_list(app->state, arena, &w, fail), fail);
}

bool app_op_survey(struct app *app, const struct app_caller *caller, struct json_value input,
                   struct arena *arena, struct base_buf *out, struct fail *fail)
{
    (void)caller;
    static const char *const members[] = {"id", "version", NULL};
    struct json_writer w = {.out = out};
    size_t before = out->len;
    struct query_env env;
    struct str id;
    int64_t version;
    return app_input_members(input, members, fail) && app_input_str(input, "id", true, &id, fail) &&
           app_input_int(input, "version", 1, INT64_MAX, 0, &version, fail) &&
           app_query_env(app, &env, fail) &&
           ended(out, before, ask_library_show(app->state, &env, id, version, arena, &w, fail),
                 fail);
}

static bool save(struct app *app, const struct app_caller *caller, struct json_value input,
                 bool must_be_new, struct arena *arena, struct base_buf *out, struct fail *fail)
{
    static const char *const members[] = {"id", "definition", NULL};
    struct json_writer w = {.out = out};
    size_t before = out->len;
    struct query_env env;
    struct json_value definition;
    struct str id;
    if (!app_input_members(input, members, fail) ||
        !app_input_str(input, "id", !must_be_new, &id, fail) ||
        !definition_of(input, &definition, fail) || !app_query_env(app, &env, fail)) {
        return false;
    }
    if (!ended(out, before,
               ask_library_save(app->state, &env, id, definition, must_be_new,
                                caller->identity.name, arena, &w, &id, fail),
               fail)) {
        return refuse_definition(fail);
    }
    return access_audit(app->access, &caller->identity, "survey.save", id, (struct str){NULL, 0},
                        fail);
}

bool app_op_survey_add(struct app *app, const struct app_caller *caller, struct json_value input,
                       struct arena *arena, struct base_buf *out, struct fail *fail)
{
    return save(app, caller, input, true, arena, out, fail);
}

bool app_op_survey_save(struct app *app, const struct app_caller *caller, struct json_value input,
                        struct arena *arena, struct base_buf *out, struct fail *fail)
{
    return save(app, caller, input, false, arena, out, fail);
}

bool app_op_survey_check(struct app *app, const struct app_caller *caller, struct json_value input,
                         struct arena *arena, struct base_buf *out, struct fail *fail)
{
    (void)caller;
    static const char *const members[] = {"definition", NULL};
    struct json_writer w = {.out = out};
    size_t before = out->len;
    struct query_env env;
    struct json_value definition;
    if (!app_input_members(input, members, fail) || !definition_of(input, &definition, fail) ||
        !app_query_env(app, &env, fail)) {
        return false;
    }
    return ended(out, before, ask_library_check(&env, definition, arena, &w, fail), fail) ||
           refuse_definition(fail);
}

bool app_op_survey_publish(struct app *app, const struct app_caller *caller,
                           struct json_value input, struct arena *arena, struct base_buf *out,
                           struct fail *fail)
{
    static const char *const members[] = {"id", NULL};
    struct json_writer w = {.out = out};
    size_t before = out->len;
    struct query_env env;
    struct str id;
    return app_input_members(input, members, fail) && app_input_str(input, "id", true, &id, fail) &&
           app_query_env(app, &env, fail) &&
           ended(out, before,
                 ask_library_publish(app->state, &env, id, caller->identity.name, arena, &w, fail),
                 fail) &&
           access_audit(app->access, &caller->identity, "survey.publish", id, (struct str){NULL, 0},
                        fail);
}

static bool set_status(struct app *app, const struct app_caller *caller, struct json_value input,
                       const char *status, const char *action, struct arena *arena,
                       struct base_buf *out, struct fail *fail)
{
    static const char *const members[] = {"id", NULL};
    struct json_writer w = {.out = out};
    size_t before = out->len;
    struct str id;
    return app_input_members(input, members, fail) && app_input_str(input, "id", true, &id, fail) &&
           ended(out, before, ask_library_set_status(app->state, id, status, arena, &w, fail),
                 fail) &&
           access_audit(app->access, &caller->identity, action, id, (struct str){NULL, 0}, fail);
}

bool app_op_survey_pause(struct app *app, const struct app_caller *caller, struct json_value input,
                         struct arena *arena, struct base_buf *out, struct fail *fail)
{
    return set_status(app, caller, input, "paused", "survey.pause", arena, out, fail);
}

bool app_op_survey_close(struct app *app, const struct app_caller *caller, struct json_value input,
                         struct arena *arena, struct base_buf *out, struct fail *fail)
{
    return set_status(app, caller, input, "closed", "survey.close", arena, out, fail);
}

bool app_op_survey_delete(struct app *app, const struct app_caller *caller, struct json_value input,
                          struct arena *arena, struct base_buf *out, struct fail *fail)
{
    static const char *const members[] = {"id", NULL};
    struct state_survey survey;
    struct str id;
    if (!app_input_members(input, members, fail) || !app_input_str(input, "id", true, &id, fail) ||
        !ask_library_find(app->state, id, arena, &survey, fail) ||
        !state_survey_delete(app->state, id, fail) ||
        /* The trail keeps the draft: what was deleted can be saved again. */
        !access_audit(app->access, &caller->identity, "survey.delete", id, survey.draft, fail)) {
        return false;
    }
    base_buf_c(out, "{}");
    return base_buf_ok(out, fail);
}

bool app_op_survey_templates(struct app *app, const struct app_caller *caller,
                             struct json_value input, struct arena *arena, struct base_buf *out,
                             struct fail *fail)
{
    (void)app;
    (void)caller;
    (void)arena;
    static const char *const members[] = {NULL};
    struct json_writer w = {.out = out};
    if (!app_input_members(input, members, fail)) {
        return false;
    }
    ask_library_templates(&w);
    return base_buf_ok(out, fail);
}
