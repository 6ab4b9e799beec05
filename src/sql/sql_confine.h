/* sql_confine.h — takes from the child whatever running SQL does not need.
 *
 * What: limits of memory, time and files, then a list of system calls: memory, its socket, clocks and the end. All
 *   others are refused: no file can be opened, no process started, no socket made. It cannot be undone.
 * Owner: the process.   Threads: before any other.
 * Failure: FAIL_INTERNAL where the system does not allow it: then no statement is run.
 * Limits/cost: microseconds.   Units: *_bytes.   Example: sql_child.c.
 * Not here: what SQL itself may do (sql_engine.c).
 */
#pragma once

#include "sql.h"

/* Everything that reads a file (the zone, randomness) must have been touched before. */
bool sql_confine(size_t memory_bytes, struct fail *fail) MUST_USE;
