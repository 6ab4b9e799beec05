/* app_rules.h — rules about names: what goes by another name, what is hidden, what is not taken in.
 *
 * What: the catalogue's rules, in memory, so that neither a question nor an event waits for SQLite.
 * Owner: app_rules_free.   Threads: all safe; one lock, held for moments.
 * Failure: as state_db.h when loading; FAIL_LIMIT for memory.
 * Limits/cost: APP_RULES_*; an event costs a look-up for each of its names where something is blocked.
 * Units: counts of events, *_ms.
 * Example: app_rules_apply(app->rules, items, count, arena, fail)
 * Not here: what a rename means to a question (query_shown.h), changing rules (app_catalogue_say.c).
 */
#pragma once

#include "query.h"
#include "state_catalogue.h"

#define APP_RULES_RENAMES_MAX 1000

struct app_rules;
struct app_rules *app_rules_new(void);
void app_rules_free(struct app_rules *rules); /* accepts NULL */
/* Takes the rules as they are in `state` now; after every change. */
bool app_rules_load(struct app_rules *rules, struct state *state, struct fail *fail) MUST_USE;

bool app_rules_renames(struct app_rules *rules, struct arena *arena, struct query_renames *out,
                       struct fail *fail) MUST_USE;
bool app_rules_hidden(struct app_rules *rules, struct str kind, struct str name);
/* How often a blocked name was refused or left out since the process began. */
uint64_t app_rules_turned_away(struct app_rules *rules, struct str kind, struct str name);

/* Refuses blocked events, and takes blocked properties and traits out of the others. `trial`: is not counted. */
bool app_rules_apply(struct app_rules *rules, bool trial, struct store_item *items, size_t count,
                     struct arena *arena, struct fail *fail) MUST_USE;
/* Would app_rules_apply change nothing, whatever comes? */
bool app_rules_block_nothing(struct app_rules *rules);
/* Is the event one that the product itself writes, or that everything else rests on? */
bool app_rules_is_reserved(struct str event);
