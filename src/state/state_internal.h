/* state_internal.h — what the files of this module share.
 *
 * What: the steps of the schema.   Owner: static text.   Threads: immutable.   Failure: none.
 * Limits/cost: none.   Units: none.   Example: state_db.c.   Not here: SQLite (state_db.c alone).
 */
#pragma once

#include "state_db.h"

/* Steps from an empty file to now, in order; a step is never changed once released, only followed by
   another. Step i brings the file from version i to i + 1. */
struct state_schema {
    const char *const *steps;
    int version; /* how many steps */
};
extern const struct state_schema state_schema;

/* state_open with steps of the caller's: for tests of moving forward. */
bool state_open_schema(const char *directory, const struct state_options *options,
                       const struct state_schema *schema, struct state **out,
                       struct fail *fail) MUST_USE;
