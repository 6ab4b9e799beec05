/* app_control.h — DIR/control.sock: commands beside a running server.
 *
 * What: a Unix socket, owner only, peers checked by uid. Each connection speaks frames (app_wire.h): a greeting
 *   with the version, then calls of operations and batches of items, one at a time.
 * Owner: app_control_start/app_control_stop.
 * Threads: one that accepts, one for each connection.
 * Failure: FAIL_IO where the socket cannot be made. A socket left behind is removed: DIR/lock is the
 *   authority on who holds DIR.
 * Limits/cost: APP_CONTROL_CONNECTIONS_MAX at once.   Units: none.   Example: app.c, app_link.c.
 * Not here: the operations (app_operations.c).
 */
#pragma once

#include "app.h"

#define APP_CONTROL_CONNECTIONS_MAX 32

struct app_control;
bool app_control_start(struct app *app, struct app_control **out, struct fail *fail) MUST_USE;
void app_control_stop(
    struct app_control *control); /* accepts NULL; ends connections, waits for calls */

/* A connected socket to the server that holds `data`. FAIL_BUSY where nobody listens (yet). */
bool app_control_connect(const char *data, int *out_socket, struct fail *fail) MUST_USE;
