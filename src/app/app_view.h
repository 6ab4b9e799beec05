/* app_view.h — one customer as of one snapshot: what their own page and their copy both show.
 *
 * What: the record, consents, identifiers and traits of a customer, read once.
 * Owner: app_view_done; texts lie in the arena given.   Threads: one at a time.
 * Failure: as store.h and state_db.h.   Limits/cost: some reads of state, the customer's identifiers and traits.
 * Units: none.
 * Example: app_copy.c   Not here: events (act_page.h, app_copy.h).
 */
#pragma once

#include "act_link.h"
#include "act_page.h"
#include "app_contact.h"
#include "app_internal.h"

struct app_view {
    struct app *app;
    struct store_snapshot *snapshot; /* a reference */
    uint32_t customer;
    struct act_link link;
    struct store_identifier identifier; /* by which events reach them */
    struct act_policy *policy;
    struct act_record record;
    struct act_page page;
    struct str produced_by; /* of a copy that is handed over; missing: the customer's own */
    struct arena *arena;
};
/* What is known of view->customer: app, snapshot, customer, arena and link are given. (app_preferences.c) */
bool app_view_read(struct app_view *view, struct fail *fail) MUST_USE;
void app_view_done(struct app_view *view);
