/* state_internal.h — what the files of this module share.
 *
 * What: the steps of the schema.   Owner: static text.   Threads: immutable.   Failure: none.
 * Limits/cost: none.   Units: none.   Example: state_db.c.   Not here: SQLite (state_db.c alone).
 */
#pragma once

#include "state_db.h"

/* Steps from an empty file to now, in order; a step is never changed once released, only followed by
   another. Step i brings the file from version i to i + 1. */
extern const char *const state_schema_steps[];
extern const int state_schema_version;
