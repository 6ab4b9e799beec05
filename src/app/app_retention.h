/* app_retention.h — how long things are kept: rules, the daily cut, what comes in too old.
 *
 * What: rules by event, by source or for all say for how many days events, or only their words, are kept; quarantined
 *   records go by when they came. A job cuts once a day; an event that is past its time already when it comes in is
 *   refused. Rules lie in state as JSON, and are read once.
 * Owner: app_retention_new/app_retention_free.   Threads: all safe; a lock of its own.
 * Failure: FAIL_INPUT with the place in the rules.   Limits/cost: APP_RETENTION_RULES_MAX; a cut reads all segments.
 * Units: days; *_ms UTC.   Example: see app_retention.c.   Not here: taking out (store.h), erasing people (app_erase.h).
 */
#pragma once

#include "app_internal.h"

#define APP_RETENTION_RULES_MAX 100
#define APP_RETENTION_DAYS_MAX 36500

struct app_retention;
/* Reads the rules. For app_open. */
bool app_retention_open(struct app *app, struct fail *fail) MUST_USE;
void app_retention_free(struct app_retention *retention); /* accepts NULL */
/* Refuses what is past its time already. For app_take. */
void app_retention_refuse(struct app *app, struct store_item *items, size_t count);
bool app_retention_refuses_nothing(struct app *app); /* however old */
