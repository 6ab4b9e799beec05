/* From an older version of the program to this one, with a backup before. */
#include "app_migrate.h"

#include <stdio.h>
#include <sys/stat.h>

#include "app_backup.h"
#include "app_internal.h"
#include "privacy_log.h"

/* ---- the directory, open nowhere else --------------------------------------------------------------------- */

struct migrating {
    const char *data;
    struct arena *arena;
    struct base_lockfile *lock;
    struct disk *disk;
    struct store *store;
};

static void migrating_done(struct migrating *migrating)
{
    struct fail ignored;
    store_close(migrating->store);
    if (migrating->disk != NULL) {
        (void)!disk_remove(migrating->disk, APP_MOMENT_STATE_PATH, &ignored);
    }
    disk_free(migrating->disk);
    base_lockfile_free(migrating->lock);
}

/* Not made where it is not there: what is misspelt is of no version. */
static bool take_directory(struct migrating *migrating, struct fail *fail)
{
    const char *data = migrating->data;
    struct stat status;
    struct disk_file *cut = NULL;
    struct fail absent;
    const char *manifest = str_format(migrating->arena, "%s/MANIFEST", data).data;
    const char *file = str_format(migrating->arena, "%s/state.db", data).data;
    const char *lock = str_format(migrating->arena, "%s/lock", data).data;
    if (stat(manifest, &status) != 0 && stat(file, &status) != 0) {
        return fail_set(fail, FAIL_ABSENT, "%s is no data directory", data);
    }
    if (!base_lockfile_take(lock, &migrating->lock, fail)) {
        return false;
    }
    if (migrating->lock == NULL) {
        return fail_set(fail, FAIL_CONFLICT, "%s is held by another process: stop it first", data);
    }
    if (!disk_real(data, &migrating->disk, fail)) {
        return false;
    }
    if (disk_open(migrating->disk, BACKUP_RESTORING_PATH, DISK_READ, &cut, &absent)) {
        disk_close(cut);
        return fail_set(fail, FAIL_CONFLICT,
                        "%s is being restored, and that was cut: restore into it again first",
                        data);
    }
    return true;
}

/* ---- the backup before ----------------------------------------------------------------------------------------- */

static bool erasures_bytes(struct disk *disk, uint64_t *out, struct fail *fail)
{
    CLEANUP(disk_close_at) struct disk_file *log = NULL;
    struct fail absent = {0};
    *out = 0;
    if (disk_open(disk, PRIVACY_LOG_PATH, DISK_READ, &log, &absent)) {
        return disk_size(log, out, fail);
    }
    if (absent.code != FAIL_ABSENT) {
        *fail = absent;
    }
    return absent.code == FAIL_ABSENT;
}

/* Events and state.db as they are: nothing was moved yet, so that an older program can do with what is restored. */
static bool back_up(struct migrating *migrating, const char *target, struct backup_generation *out,
                    struct fail *fail)
{
    struct app_moment_view view = {.ms = base_now_ms(base_clock_real())};
    struct store_hold *hold = NULL;
    struct fail ignored;
    const char *copy =
        str_format(migrating->arena, "%s/" APP_MOMENT_STATE_PATH, migrating->data).data;
    const struct app_backup backup = {.target = target, .read_back = true};
    (void)!disk_remove(migrating->disk, APP_MOMENT_STATE_PATH, &ignored); /* of one that was cut */
    if (!state_copy(migrating->data, copy, fail) ||
        !erasures_bytes(migrating->disk, &view.erasures_bytes, fail) ||
        !store_hold_take(migrating->store, &hold, fail)) {
        return false;
    }
    view.hold = *hold;
    bool ok = app_backup_write(migrating->data, &view, &backup, migrating->arena, out, fail);
    store_hold_free(hold);
    return ok;
}

/* ---- moving ---------------------------------------------------------------------------------------------------- */

static void note_problem(void *context, const char *what)
{
    char *first = context;
    if (first[0] == '\0') {
        snprintf(first, FAIL_MESSAGE_BYTES, "%s", what);
    }
}

static bool move_state(const char *data, struct fail *fail)
{
    char first[FAIL_MESSAGE_BYTES] = "";
    struct state *state = NULL;
    if (!state_open(data, NULL, &state, fail)) {
        return false;
    }
    bool ok = state_verify(state, note_problem, first, fail) &&
              (first[0] == '\0' ||
               fail_set(fail, FAIL_CORRUPT, "state.db, moved forward: %.150s", first));
    state_close(state);
    return ok;
}

bool app_migrate(const char *data, const char *target, struct arena *arena,
                 struct app_migration *out, struct fail *fail)
{
    CLEANUP(migrating_done) struct migrating migrating = {.data = data, .arena = arena};
    const struct store_options options = {.no_keeper = true};
    struct app_migration migration = {.state_to = state_version_known()};
    /* Opening the store says whether this program can read all of it. */
    if (!take_directory(&migrating, fail) ||
        !store_open(migrating.disk, &options, &migrating.store, fail) ||
        !state_version(data, &migration.state_from, fail)) {
        return false;
    }
    if (migration.state_from == 0) {
        migration.state_from = migration.state_to; /* there is none yet: made when it is opened */
    }
    if (migration.state_from != migration.state_to &&
        (!back_up(&migrating, target, &migration.backup, fail) || !move_state(data, fail))) {
        return false;
    }
    *out = migration;
    return true;
}
