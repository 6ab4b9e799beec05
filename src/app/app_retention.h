/* app_retention.h — how long things are kept: rules, the daily cut, what comes in too old.
 *
 * What: rules by event, by source or for all say for how many days events, or only their words, are kept; other kinds of
 *   data have an age each: quarantined records by when they came, responses to surveys by when they fell silent, lines of
 *   the audit trail by when they were written. A job cuts once a day; an event that is past its time already when it
 *   comes in is refused. Rules lie in state as JSON, and are read once.
 * Owner: app_retention_new/app_retention_free.   Threads: all safe; a lock of its own.
 * Failure: FAIL_INPUT with the place in the rules.   Limits/cost: APP_RETENTION_RULES_MAX; a cut reads all segments.
 * Units: days; *_ms UTC.   Example: see app_retention.c.   Not here: taking out (store.h, ask_old.h, access.h), erasing people (app_erase.h).
 */
#pragma once

#include "app_internal.h"
#include "ask_old.h"

#define APP_RETENTION_RULES_MAX 100
#define APP_RETENTION_DAYS_MAX 36500
#define APP_RETENTION_RESPONSES_DAYS_MIN 30 /* a page may be answered for so long */
#define APP_RETENTION_AUDIT_DAYS_MIN 90 /* whoever sets this may not hide what they did before */

struct app_retention;
/* Reads the rules. For app_open. */
bool app_retention_open(struct app *app, struct fail *fail) MUST_USE;
void app_retention_free(struct app_retention *retention); /* accepts NULL */
/* Refuses what is past its time already. For app_take. */
void app_retention_refuse(struct app *app, struct store_item *items, size_t count);
bool app_retention_refuses_nothing(struct app *app); /* however old */

/* ---- app_retention_state.c: what lies in state ------------------------------------------------------- */

struct app_retention_state { /* from before these instants; STORE_NO_TIME: all is kept */
    int64_t responses_before_ms, audit_before_ms;
};
struct app_retention_gone {
    struct ask_old surveys;
    int64_t audit; /* lines */
};
bool app_retention_state_count(struct app *app, const struct app_retention_state *old,
                               struct app_retention_gone *out, struct fail *fail) MUST_USE;
/* The audit trail last. On failure *out has what went so far. */
bool app_retention_state_remove(struct app *app, const struct app_retention_state *old,
                                struct base_cancel *cancel, struct app_retention_gone *out,
                                struct fail *fail) MUST_USE;
