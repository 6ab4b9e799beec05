/* Is a directory that nobody holds whole? */
#include "app_internal.h"

struct report {
    void (*problem)(void *context, const char *path, const char *what);
    void *context;
};

static void say_state_problem(void *context, const char *what)
{
    struct report *report = context;
    report->problem(report->context, "state.db", what);
}

static bool verify_locked(const char *data, struct report *report, struct app_verified *out,
                          struct fail *fail)
{
    struct disk *disk = NULL;
    struct store_verify_result events;
    struct state_verify_result state;
    if (!disk_real(data, &disk, fail)) {
        return false;
    }
    bool ok = store_verify(disk, report->problem, report->context, &events, fail) &&
              state_verify_file(data, say_state_problem, report, &state, fail);
    disk_free(disk);
    if (ok && state.none && events.rows > 0) {
        say_state_problem(report, "it is missing, or holds nothing, beside events");
        state.problems++;
    }
    if (ok) {
        *out = (struct app_verified){events.files,    events.bytes, events.rows,
                                     events.problems, state.bytes,  state.problems};
    }
    return ok;
}

bool app_verify(const char *data,
                void (*problem)(void *context, const char *path, const char *what), void *context,
                struct app_verified *out, struct fail *fail)
{
    struct arena *arena CLEANUP(arena_free_at) = arena_new(NULL);
    struct report report = {problem, context};
    struct base_lockfile *lock = NULL;
    if (!base_lockfile_take(str_format(arena, "%s/lock", data).data, &lock, fail)) {
        return false;
    }
    if (lock == NULL) {
        return fail_set(fail, FAIL_CONFLICT,
                        "%s is held by a running server; stop it first, or verify a backup", data);
    }
    bool ok = verify_locked(data, &report, out, fail);
    base_lockfile_free(lock);
    return ok;
}
