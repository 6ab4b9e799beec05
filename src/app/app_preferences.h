/* app_preferences.h — the customer's own page and copy, behind a sealed link.
 *
 * What: one use case for http: a token and what was asked in, a whole answer out, or the stream of the copy. Reading changes nothing; a form does what
 *   it says and leads back to the page.
 * Owner: texts lie in the arena; the caller takes the body, or the copy, which holds on to the arena.   Threads: from any thread.
 * Failure: what a customer did wrong, and a link that does not open, are answers with their status, no failures.
 * Limits/cost: a page some milliseconds; a copy: app_copy.h.
 * Units: *_bytes.
 * Example: app_preferences(app, &(struct app_preference_request){.token = token}, arena, &reply, fail)
 * Not here: HTML (act), headers (http).
 */
#pragma once

#include "app.h"

struct app_copy;
struct app_preference_request {
    struct str token;
    bool send; /* a form was sent: `body` */
    bool copy; /* the download */
    struct str body;
    struct str before; /* place in the timeline, from the page before; or missing */
    struct str done;   /* what was just done; or missing */
};
struct app_preference_reply {
    int status;
    const char *content_type;
    struct base_buf body;
    struct str location;   /* with 303 */
    struct app_copy *copy; /* in place of a body, where one was asked for */
};
bool app_preferences(struct app *app, const struct app_preference_request *request,
                     struct arena *arena, struct app_preference_reply *out,
                     struct fail *fail) MUST_USE;
struct str app_preferences_style(void);
