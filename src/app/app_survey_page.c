#include "app_survey_page.h"

#include "app_internal.h"
#include "ask_page.h"

bool app_survey_page(struct app *app, const struct app_survey_page_request *request,
                     struct arena *arena, struct app_survey_page_reply *out, struct fail *fail)
{
    struct ask_page_request wanted = {
        .survey = request->survey,
        .link = request->link,
        .post = request->post,
        .accept_language = request->accept_language,
        .address = request->address,
    };
    struct ask_page_reply reply = {.html = {.limit = (size_t)16 << 20}};
    if (!ask_form_parse(request->form, arena, &wanted.form, fail) ||
        !ask_page(app->ask, &wanted, arena, &reply, fail) || !base_buf_ok(&reply.html, fail)) {
        base_buf_done(&reply.html);
        return false;
    }
    *out = (struct app_survey_page_reply){reply.status, reply.location, reply.html};
    return true;
}

bool app_survey_style(struct app *app, struct str survey, struct arena *arena, struct base_buf *out,
                      struct fail *fail)
{
    return ask_page_style(app->ask, survey, arena, out, fail);
}

struct str app_survey_script(void)
{
    return ask_page_script();
}
