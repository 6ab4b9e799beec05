/* app_copy.h — all that is known of a customer as one ZIP, made while it is read.
 *
 * What: a stream of the file: README.txt, about-you.html, about-you.json, surveys.json, contacts.json, timeline.ndjson. A
 *   step makes some of it, so that of a million events no more than some megabytes are held.
 * Owner: app_copy_close. The arena given must outlive it.
 * Threads: one at a time, any.
 * Failure: FAIL_ABSENT; FAIL_LIMIT of a file over 4 GiB; as store.h and state_db.h. A failure leaves half a file.
 * Limits/cost: some 32 MB of events at a time; some 20 MB of events a second. It holds its snapshot until it is closed.
 * Units: bytes.   Example: http_preferences.c, app_control.c   Not here: who may (http_routes.c).
 */
#pragma once

#include "app.h"

#define APP_COPY_TYPE "application/zip"
#define APP_COPY_NAME "about-you.zip"

struct app_view;
struct app_copy;
/* The customer's own, of a view that is taken over, whether it succeeds or not: the caller's is empty then. */
bool app_copy_of(struct app_view *view, struct app_copy **out, struct fail *fail) MUST_USE;
/* The same of any customer, for the organisation to hand over: it says who produced it, and stands in the audit trail. */
bool app_copy_open(struct app *app, const struct app_caller *caller, struct str id,
                   struct arena *arena, struct app_copy **out, struct fail *fail) MUST_USE;
/* Appends some of it, which may be nothing; *out_end with the last. `out` may be emptied between steps. */
bool app_copy_next(struct app_copy *copy, struct base_buf *out, bool *out_end,
                   struct fail *fail) MUST_USE;
void app_copy_close(struct app_copy *copy); /* accepts NULL */
