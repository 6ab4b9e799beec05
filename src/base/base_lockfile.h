/* base_lockfile.h — one holder for a directory: a lock on a file in it.
 *
 * What: an exclusive flock() on PATH, made where absent. The lock goes with the process, however it ends, so a
 *   file left behind means nothing.
 * Owner: base_lockfile_free gives the lock back.   Threads: one at a time.
 * Failure: FAIL_IO. Held by another process is no failure: *out is NULL.
 * Limits/cost: one descriptor.   Units: none.
 * Example: if (!base_lockfile_take("data/lock", &lock, fail)) ...; if (lock == NULL) speak to the holder
 * Not here: what the holder offers (app_control.h).
 */
#pragma once

#include "base_fail.h"

struct base_lockfile;
bool base_lockfile_take(const char *path, struct base_lockfile **out, struct fail *fail) MUST_USE;
void base_lockfile_free(struct base_lockfile *lock); /* accepts NULL */
