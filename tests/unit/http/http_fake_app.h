/* http_fake_app.h — a stand-in for app: remembers what it was asked, answers what it was told to.
 *
 * What: the functions of app.h and of store.h that http calls.   Owner: the test.
 * Threads: what the handlers write is guarded by `lock`.   Failure: none.   Limits/cost: none.   Units: *_ms.
 * Example: http_fixture.h.   Not here: access, state and intake, which are the real ones.
 */
#pragma once

#include "app.h"
#include "base_thread.h"
#include "state_db.h"

struct app {
    struct base_clock_test clock;
    struct state *state;
    struct access *access;
    struct app_config config;
    const char *not_ready;
    struct base_mutex lock; /* guards the rest */
    char operation[64];
    char input[4096];
    enum access_kind asked_by;
    struct fail call_fail; /* code FAIL_NONE: calls succeed */
    struct fail take_fail;
    int calls, taken, refused_requests;
    bool trusted;
    char source[64];
    char channel[64];
    uint64_t quota_minute;  /* of every source */
    struct app_quota quota; /* as written last, whatever the source */
    int quota_writes;
};
