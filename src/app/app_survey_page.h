/* app_survey_page.h — the hosted page of a survey, for whoever has its address.
 *
 * What: GET shows and changes nothing, POST takes a form and leads on. What the page is, is ask_page.h's.
 * Owner: the reply's bytes are the caller's; the location lies in the arena.   Threads: all safe.
 * Failure: FAIL_INPUT for a body that is no form; else only the disk and memory.
 * Limits/cost: a read or some commits.   Units: none.
 * Example: app_survey_page(app, &request, arena, &reply, fail)
 * Not here: headers (http).
 */
#pragma once

#include "app.h"

struct app_survey_page_request {
    struct str survey, link; /* link missing: the public address */
    bool post;
    struct str form; /* a POST's body, a GET's query, as sent */
    struct str accept_language, address;
};
struct app_survey_page_reply {
    int status;
    struct str location; /* missing: html is a page */
    struct base_buf html;
};
bool app_survey_page(struct app *app, const struct app_survey_page_request *request,
                     struct arena *arena, struct app_survey_page_reply *out,
                     struct fail *fail) MUST_USE;
bool app_survey_style(struct app *app, struct str survey, struct arena *arena, struct base_buf *out,
                      struct fail *fail) MUST_USE;
struct str app_survey_script(void);
