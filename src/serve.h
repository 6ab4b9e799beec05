/* serve.h — the life of a server process: start, say where, wait for a signal, stop cleanly.
 *
 * What: the hook that main.c hands to cli, because cli and http stand on one level.
 * Owner: the app stays the caller's.   Threads: the main thread.
 * Failure: as http_start.   Limits/cost: SERVE_GRACE_MS for running requests to end.   Units: *_ms.
 * Example: main.c.   Not here: routes (http), opening the directory (app).
 */
#pragma once

#include "cli.h"

bool serve_run(struct app *app, const struct cli_serve_options *options, struct fail *fail);
