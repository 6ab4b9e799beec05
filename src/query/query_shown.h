/* query_shown.h — names as they are shown: events and properties that go by another name.
 *
 * What: what was stored under several names is one event, or one property, for every question. Names in a
 *   question are taken for the shown ones when it is parsed; rows are laid over with shown codes, and columns
 *   of one shown name put together, as they come out of a scan. Nothing behind that knows of it.
 * Owner: the run's arena and the worker's.   Threads: as query_exec.h.
 * Failure: FAIL_LIMIT.   Limits/cost: nothing where nothing is renamed; else a pass over the batch's codes.
 * Units: none.   Example: query_engine.c   Not here: who renames what (app).
 */
#pragma once

#include "query_exec.h"

/* The name that it goes by: itself where it was not renamed. */
struct str query_shown_event(const struct query_renames *renames, struct str name);
struct str query_shown_property(const struct query_renames *renames, struct str name);

/* Of a run: which codes are shown as which, and which columns are read beside the plan's. */
bool query_shown_bind(struct query_exec *exec, struct fail *fail) MUST_USE;
/* Lays shown codes and columns over the batch that worker->rows is. */
bool query_shown_rows(struct query_worker *worker, struct fail *fail) MUST_USE;
