/* state_catalogue.h — what people said of events, properties and traits: owner, description, what is expected,
 * and the rules: renamed, hidden, blocked.
 *
 * What: one row for each name of which something was said. `expected` is a JSON object whose meaning is
 *   app's (app_expect.h); here it is text.
 * Owner: rows are copied into the arena.   Threads: all safe.   Failure: as state_db.h; FAIL_LIMIT past
 *   STATE_CATALOGUE_MAX.
 * Limits/cost: STATE_CATALOGUE_*; one read or one commit.   Units: *_ms UTC.
 * Example: state_catalogue_find(state, STR("event"), STR("Order Completed"), arena, &entry, &found, fail)
 * Not here: which names there are, and how often they were seen (the store).
 */
#pragma once

#include "state_db.h"

#define STATE_CATALOGUE_MAX 20000
#define STATE_CATALOGUE_NAME_BYTES_MAX 200
#define STATE_CATALOGUE_OWNER_BYTES_MAX 200
#define STATE_CATALOGUE_DESCRIPTION_BYTES_MAX 2000

struct state_catalogue_entry {
    struct str kind; /* event, property, trait */
    struct str name;
    struct str owner, description; /* empty: not said */
    struct str expected;           /* a JSON object; missing: anything */
    struct str shown_as;           /* the name that it goes by; missing: its own */
    bool hidden;                   /* from suggestions */
    int64_t blocked_ms;            /* since when it is not taken in; 0: it is */
    int64_t updated_ms;
    struct str updated_by;
};
/* By kind and name, byte order; `kind` missing: all. */
bool state_catalogue_list(struct state *state, struct str kind, struct arena *arena,
                          struct state_catalogue_entry **out, size_t *out_count,
                          struct fail *fail) MUST_USE;
bool state_catalogue_find(struct state *state, struct str kind, struct str name,
                          struct arena *arena, struct state_catalogue_entry *out, bool *out_found,
                          struct fail *fail) MUST_USE;
/* Puts the entry in the place of what was said before; one that says nothing is taken out. */
bool state_catalogue_put(struct state *state, const struct state_catalogue_entry *entry,
                         struct fail *fail) MUST_USE;
