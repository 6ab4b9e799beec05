/* app_migrate.h — a directory of an older version of the program, brought to this one's.
 *
 * What: looks which versions its parts are of; where one is older, backs the whole directory up as it is, and then moves
 *   it forward. A server does the moving by itself when it starts, with a copy of the file that it changes beside it;
 *   this is the same with a backup of everything before it.
 * Owner: the caller's; the generation lies in the arena.
 * Threads: one; the directory must be open nowhere, which its lock makes sure of.
 * Failure: FAIL_ABSENT where there is none; FAIL_CONFLICT where another process holds it, or a newer version wrote it;
 *   FAIL_CORRUPT; else as app_backup.h. Cut at any moment it can be started again.
 * Limits/cost: a backup, and as much room as state.db takes.   Units: none.
 * Example: app_migrate("shop", "shop.before-upgrade", arena, &migration, fail)
 * Not here: the steps (state_schema.c), the way back (app_restore).
 */
#pragma once

#include "backup.h"

struct app_migration {
    int state_from, state_to;        /* equal: nothing was older, and nothing was done */
    struct backup_generation backup; /* where something was done */
};
/* `target` as of a backup. */
bool app_migrate(const char *data, const char *target, struct arena *arena,
                 struct app_migration *out, struct fail *fail) MUST_USE;
