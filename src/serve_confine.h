/* serve_confine.h — which rights a server keeps: its directory, what it reads of the system, the calls it makes.
 *
 * What: files, before the directory is opened: it alone may be written; of the rest only libraries, settings of the
 *   system, zones, authorities, and the files that settings name may be read; nothing may be run but this program
 *   (SQL's child). System calls, when everything has begun. The setting `confine = 0` leaves all of it out, for debuggers.
 * Owner: the process.   Threads: serve_confine_files before any other begins.
 * Failure: FAIL_IO where a directory cannot be made; FAIL_INPUT for a file that settings name and that is absent;
 *   FAIL_INTERNAL. A kernel that cannot confine files is logged as a warning and is no failure.
 * Limits/cost: microseconds.   Units: none.
 * Example: serve.c, main.c.   Not here: how (base_confine.h), what SQL's child gives up besides (sql_confine.h).
 */
#pragma once

#include "app_config.h"

bool serve_confine_files(const char *data, const struct app_config *config,
                         struct fail *fail) MUST_USE;
bool serve_confine_calls(const struct app_config *config, struct fail *fail) MUST_USE;
