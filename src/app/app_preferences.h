/* app_preferences.h — the customer's own page and copy, behind a sealed link.
 *
 * What: one use case for http: a token and what was asked in, a whole answer out. Reading changes nothing; a form does what
 *   it says and leads back to the page.
 * Owner: texts lie in the arena; the caller takes the body.   Threads: from any thread.
 * Failure: what a customer did wrong, and a link that does not open, are answers with their status, no failures.
 * Limits/cost: APP_COPY_BYTES_MAX; a page some milliseconds, a copy some 20 MB of events a second.
 * Units: *_bytes.
 * Example: app_preferences(app, &(struct app_preference_request){.token = token}, arena, &reply, fail)
 * Not here: HTML (act), headers (http).
 */
#pragma once

#include "app.h"

#define APP_COPY_BYTES_MAX ((size_t)256 << 20) /* packed */

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
    const char *file_name; /* NULL: shown, not saved */
};
bool app_preferences(struct app *app, const struct app_preference_request *request,
                     struct arena *arena, struct app_preference_reply *out,
                     struct fail *fail) MUST_USE;
/* The same copy of any customer, for the organisation to hand over: it says who produced it. FAIL_ABSENT. */
bool app_customer_copy(struct app *app, const struct app_caller *caller, struct str id,
                       struct arena *arena, struct app_preference_reply *out,
                       struct fail *fail) MUST_USE;
struct str app_preferences_style(void);
