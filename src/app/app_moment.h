/* app_moment.h — a moment of the whole directory, events and state, held while it is copied.
 *
 * What: state is copied into DIR/state.held, and the store's files are held where they lie: whoever may read the directory
 *   reads them there, also another process than the one that holds them. No commit of state lies between the two
 *   halves, so that they agree as after a crash then.
 * Owner: app_moment_free, before app_close; a view lies in the arena given.
 * Threads: any; one moment of a directory at a time.
 * Failure: FAIL_BUSY while another is held; as store_hold.h and state_db.h.
 * Limits/cost: writes state once; commits of state wait for a moment of the store.   Units: *_ms UTC.
 * Example: app_control.c   Not here: where it is copied to (app_backup.h).
 */
#pragma once

#include "base_buf.h"
#include "store_hold.h"

struct app;

#define APP_MOMENT_STATE_PATH "state.held"

struct app_moment_view {
    struct store_hold hold; /* not to be given back by itself */
    int64_t ms;
    uint64_t erasures_bytes; /* of the log of erasures then; 0: there was none */
};
struct app_moment;
bool app_moment_take(struct app *app, struct app_moment **out, struct fail *fail) MUST_USE;
void app_moment_free(struct app_moment *moment); /* accepts NULL */
struct app_moment_view app_moment_view(const struct app_moment *moment);

/* For the control socket. */
void app_moment_put(struct base_buf *out, const struct app_moment_view *view);
bool app_moment_get(struct str bytes, struct arena *arena, struct app_moment_view *out,
                    struct fail *fail) MUST_USE;
