/* sql_engine.h — one statement in SQLite, and nothing but reading.
 *
 * What: an empty database in memory with three virtual tables (sql_table.h), limits, and an authorizer that lets
 *   nothing through but SELECT over them.
 * Owner: the child.   Threads: one.
 * Failure: FAIL_INPUT with line and column, FAIL_LIMIT.
 * Limits/cost: struct sql_limits, and SQLite's own set in sql_engine.c.
 * Units: bytes.   Example: sql_child.c.   Not here: the socket (sql_feed.h).
 */
#pragma once

#include "sql_feed.h"

struct sql_engine;
/* Touches whatever reads a file, so that the process may be confined. */
bool sql_engine_open(struct sql_door *door, struct sql_engine **out, struct fail *fail) MUST_USE;
/* Runs the door's statement to its end and sends the answer. */
bool sql_engine_run(struct sql_engine *engine, bool *out_truncated, struct fail *fail) MUST_USE;
