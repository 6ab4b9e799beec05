/* sql_spawn.h — starting and ending the child.
 *
 * What: the program's own file, started anew with a socket as its only door. Spawned, not forked: no lock, no thread
 *   and no memory of this process goes along; every other descriptor is closed.
 * Owner: sql_child_start/sql_child_end.   Threads: a child belongs to the thread that started it: when that thread ends,
 *   the system ends the child.
 * Failure: FAIL_BUSY where the system has no room for a process.
 * Limits/cost: a few ms.   Units: none.   Example: sql_serve.c.
 * Not here: what the child may still do (sql_confine.h).
 */
#pragma once

#include <sys/types.h>

#include "sql.h"

#define SQL_CHILD_ARGUMENT "sql-child"

struct sql_child {
    pid_t pid;
    int socket; /* does not block */
};
/* `zone` is the child's TZ. */
bool sql_child_start(struct str zone, struct sql_child *out, struct fail *fail) MUST_USE;
/* Ends it, whatever it does, and waits. *out_signal: what had ended it before, or 0. */
void sql_child_end(struct sql_child *child, int *out_signal);
