/* Backups and restored directories: which folders may be used, who may use them, which moment is copied. */
#include "app_backup.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app_internal.h"
#include "app_room.h"
#include "privacy_log.h"

#define STATE_PATH "state.db"
#define CONFIG_PATH "firsthand.conf"
#define LOCK_PATH "lock"
#define ERASURES_BYTES_MAX ((size_t)1 << 30)

/* ---- folders --------------------------------------------------------------------------------------------- */

static bool is_dir(const char *folder, const char *name, struct arena *arena)
{
    struct stat status;
    return stat(str_format(arena, "%s/%s", folder, name).data, &status) == 0 &&
           S_ISDIR(status.st_mode);
}

static bool is_there(const char *folder, const char *name, struct arena *arena)
{
    struct stat status;
    return stat(str_format(arena, "%s/%s", folder, name).data, &status) == 0;
}

/* Nothing in it but a lock that nobody needs to hold. */
static bool is_empty(const char *folder, bool *out, struct fail *fail)
{
    DIR *dir = opendir(folder);
    const struct dirent *entry;
    if (dir == NULL) {
        return fail_set(fail, FAIL_IO, "%s cannot be listed: %s", folder, strerrordesc_np(errno));
    }
    bool empty = true;
    errno = 0;
    /* Safe: no other thread has this stream. NOLINTNEXTLINE(concurrency-mt-unsafe) */
    while (empty && (entry = readdir(dir)) != NULL) {
        empty = strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0 ||
                strcmp(entry->d_name, LOCK_PATH) == 0 || strcmp(entry->d_name, "lost+found") == 0;
    }
    closedir(dir);
    *out = empty;
    return true;
}

static bool lies_in(const char *inner, const char *outer)
{
    size_t len = strlen(outer);
    return strncmp(inner, outer, len) == 0 &&
           (inner[len] == '\0' || inner[len] == '/' || outer[len - 1] == '/');
}

/* Neither may lie in the other: a backup in the directory goes with it. */
static bool apart(const char *data, const char *target, struct fail *fail)
{
    char real_data[PATH_MAX], real_target[PATH_MAX];
    if (realpath(data, real_data) == NULL || realpath(target, real_target) == NULL) {
        return fail_set(fail, FAIL_IO, "%s cannot be found: %s", target, strerrordesc_np(errno));
    }
    if (lies_in(real_target, real_data) || lies_in(real_data, real_target)) {
        return fail_set(fail, FAIL_INPUT, "%s and %s must not lie in one another", target, data);
    }
    return true;
}

/* Makes `made` where it is not there, and not where it may not be. */
static bool make_apart(const char *other, const char *made, struct fail *fail)
{
    struct stat status;
    bool was_there = stat(made, &status) == 0;
    if (!base_make_dirs(made, fail)) {
        return false;
    }
    if (!apart(other, made, fail)) {
        if (!was_there) {
            rmdir(made);
        }
        return false;
    }
    return true;
}

static bool is_target(const char *target, struct arena *arena)
{
    return is_dir(target, "generations", arena) && is_dir(target, "objects", arena);
}

static bool check_target(const char *target, struct arena *arena, struct fail *fail)
{
    return is_target(target, arena) ||
           fail_set(fail, FAIL_ABSENT, "%s holds no backups of firsthand", target);
}

static bool lock_target(const char *target, struct arena *arena, struct base_lockfile **out,
                        struct fail *fail)
{
    const char *path = str_format(arena, "%s/" LOCK_PATH, target).data;
    return base_lockfile_take(path, out, fail) &&
           (*out != NULL ||
            fail_set(fail, FAIL_BUSY, "another backup to %s, or from it, is under way", target));
}

static void unlock_at(struct base_lockfile **lock)
{
    base_lockfile_free(*lock);
}

static void free_disk_at(struct disk **disk)
{
    disk_free(*disk);
}

/* ---- making ---------------------------------------------------------------------------------------------- */

/* Into the directory's own file system only while there is room on it. */
static bool has_room(const char *data, const char *target, struct disk *disk, struct fail *fail)
{
    CLEANUP(arena_free_at) struct arena *arena = arena_new(NULL);
    struct stat of_data, of_target;
    struct app_config config;
    struct app_room *room = NULL;
    if (stat(data, &of_data) != 0 || stat(target, &of_target) != 0 ||
        of_data.st_dev != of_target.st_dev) {
        return true;
    }
    bool ok = app_config_load(data, arena, &config, NULL, fail) &&
              app_room_open(disk, &config, base_clock_real(), &room, fail) &&
              app_room_may_work(room, fail);
    app_room_free(room);
    return ok;
}

static bool write_generation(const char *data, const struct app_moment_view *moment,
                             const struct app_backup *backup, struct disk *target,
                             struct arena *arena, struct backup_generation *out, struct fail *fail)
{
    CLEANUP(free_disk_at) struct disk *disk = NULL;
    if (!disk_real(data, &disk, fail) || !has_room(data, backup->target, disk, fail)) {
        return false;
    }
    const struct backup_file files[] = {
        {STATE_PATH, disk, APP_MOMENT_STATE_PATH, 0},
        {CONFIG_PATH, disk, CONFIG_PATH, 0},
        {PRIVACY_LOG_PATH, disk, PRIVACY_LOG_PATH, moment->erasures_bytes},
    };
    size_t count = ARRAY_LEN(files) - (moment->erasures_bytes == 0);
    struct backup_source source = {.hold = &moment->hold,
                                   .disk = disk,
                                   .files = files,
                                   .file_count = count,
                                   .moment_ms = moment->ms,
                                   .version = STR(APP_VERSION)};
    struct backup_options options = {
        .cancel = backup->cancel, .read_back = backup->read_back, .keep = backup->keep};
    return backup_make(target, &source, &options, arena, out, fail);
}

static bool open_target(const char *data, const char *target, struct arena *arena,
                        struct base_lockfile **out_lock, struct disk **out, struct fail *fail)
{
    bool empty;
    if (!make_apart(data, target, fail) || !is_empty(target, &empty, fail)) {
        return false;
    }
    if (!empty && !is_dir(target, "objects", arena)) {
        return fail_set(fail, FAIL_CONFLICT,
                        "%s holds other things than backups: give them a folder of their own",
                        target);
    }
    return lock_target(target, arena, out_lock, fail) && disk_real(target, out, fail);
}

bool app_backup_write(const char *data, const struct app_moment_view *moment,
                      const struct app_backup *backup, struct arena *arena,
                      struct backup_generation *out, struct fail *fail)
{
    CLEANUP(unlock_at) struct base_lockfile *lock = NULL;
    CLEANUP(free_disk_at) struct disk *target = NULL;
    return open_target(data, backup->target, arena, &lock, &target, fail) &&
           (write_generation(data, moment, backup, target, arena, out, fail) ||
            fail_at(fail, "%s", backup->target));
}

bool app_backup_make(struct app *app, const struct app_backup *backup, struct arena *arena,
                     struct backup_generation *out, struct fail *fail)
{
    struct app_moment *moment;
    if (!app_moment_take(app, &moment, fail)) {
        return false;
    }
    struct app_moment_view view = app_moment_view(moment);
    bool ok = app_backup_write(app->data, &view, backup, arena, out, fail);
    app_moment_free(moment);
    return ok;
}

static void write_uint(struct json_writer *w, const char *name, uint64_t value)
{
    json_name_c(w, name);
    json_write_uint(w, value);
}

void app_write_generation(struct json_writer *w, const struct backup_generation *generation)
{
    json_begin_object(w);
    write_uint(w, "generation", generation->number);
    app_write_text(w, "damaged", str_from_c(generation->damaged));
    if (generation->damaged == NULL) {
        app_write_instant(w, "moment", generation->moment_ms);
        write_uint(w, "events", generation->events);
        write_uint(w, "customers", generation->customers);
        write_uint(w, "files", generation->count);
        write_uint(w, "bytes", generation->bytes);
        write_uint(w, "copied_bytes", generation->copied);
        app_write_text(w, "version", generation->version);
    }
    json_end_object(w);
}

/* ---- looking ----------------------------------------------------------------------------------------------- */

bool app_backup_list(const char *target, struct arena *arena, struct backup_generation **out,
                     size_t *out_count, struct fail *fail)
{
    CLEANUP(free_disk_at) struct disk *disk = NULL;
    return check_target(target, arena, fail) && disk_real(target, &disk, fail) &&
           backup_list(disk, arena, out, out_count, fail);
}

/* Reading needs no lock where none can be made: a target may be mounted for reading only. */
static bool lock_for_reading(const char *target, struct arena *arena, struct base_lockfile **out,
                             struct fail *fail)
{
    return access(target, W_OK) != 0 || lock_target(target, arena, out, fail);
}

bool app_backup_verify(const char *target, uint64_t generation, struct base_cancel *cancel,
                       void (*problem)(void *context, const char *path, const char *what),
                       void *context, struct backup_verify_result *out, struct fail *fail)
{
    CLEANUP(arena_free_at) struct arena *arena = arena_new(NULL);
    CLEANUP(unlock_at) struct base_lockfile *lock = NULL;
    CLEANUP(free_disk_at) struct disk *disk = NULL;
    return check_target(target, arena, fail) && lock_for_reading(target, arena, &lock, fail) &&
           disk_real(target, &disk, fail) &&
           backup_verify(disk, generation, cancel, problem, context, out, fail);
}

/* ---- restoring ------------------------------------------------------------------------------------------------ */

static bool may_restore_into(const struct app_restore *restore, struct arena *arena,
                             struct fail *fail)
{
    const char *data = restore->data;
    bool empty;
    if (!(restore->within ? base_make_dirs(data, fail) : make_apart(restore->target, data, fail)) ||
        !is_empty(data, &empty, fail)) {
        return false;
    }
    return empty || is_there(data, BACKUP_RESTORING_PATH, arena) ||
           fail_set(fail, FAIL_CONFLICT,
                    "%s is not empty: restore into a new directory, and look at it before it takes "
                    "the place of another",
                    data);
}

struct first_problem {
    char what[200];
    uint64_t count;
};

static void note_problem(void *context, const char *path, const char *what)
{
    struct first_problem *first = context;
    if (first->count++ == 0) {
        snprintf(first->what, sizeof first->what, "%s: %s", path, what);
    }
}

static bool read_whole(struct disk *disk, struct fail *fail)
{
    struct first_problem first = {.count = 0};
    struct store_verify_result result;
    if (!store_verify(disk, note_problem, &first, &result, fail)) {
        return false;
    }
    return first.count == 0 ||
           fail_set(fail, FAIL_CORRUPT,
                    "what was backed up was damaged before (%llu problems; the first is %s)",
                    (unsigned long long)first.count, first.what);
}

static void note_state_problem(void *context, const char *what)
{
    note_problem(context, STATE_PATH, what);
}

/* As any command would; then it must answer with what was counted at the moment of the backup. */
static bool open_once(const char *data, struct app_restored *out, struct fail *fail)
{
    struct app_options options = {.data = data};
    struct first_problem first = {.count = 0};
    struct app *app = NULL;
    if (!app_open(&options, &app, fail)) {
        return false;
    }
    struct store_snapshot *snapshot = store_snapshot_take(app->store);
    out->events = store_snapshot_events(snapshot);
    out->customers = store_snapshot_customers(snapshot);
    store_snapshot_unref(snapshot);
    bool ok = state_verify(app->state, note_state_problem, &first, fail);
    app_close(app);
    if (ok && first.count > 0) {
        ok = fail_set(fail, FAIL_CORRUPT, "%s", first.what);
    }
    if (ok &&
        (out->events != out->generation.events || out->customers != out->generation.customers)) {
        ok = fail_set(fail, FAIL_CORRUPT,
                      "it has %llu events of %llu customers, %llu of %llu were backed up",
                      (unsigned long long)out->events, (unsigned long long)out->customers,
                      (unsigned long long)out->generation.events,
                      (unsigned long long)out->generation.customers);
    }
    return ok;
}

/* The newest log of erasures that the target has: of the last generation whose list can be read. */
static bool newest_erasures(const char *target, struct arena *arena, struct str *out,
                            struct fail *fail)
{
    CLEANUP(free_disk_at) struct disk *disk = NULL;
    struct backup_generation *all;
    size_t count;
    bool there = false;
    if (!disk_real(target, &disk, fail) || !backup_list(disk, arena, &all, &count, fail)) {
        return false;
    }
    while (count > 0 && all[count - 1].damaged != NULL) {
        count--;
    }
    *out = (struct str){NULL, 0};
    return count == 0 || backup_read(disk, &all[count - 1], PRIVACY_LOG_PATH, ERASURES_BYTES_MAX,
                                     arena, out, &there, fail);
}

/* Who was erased after the moment of the backup is erased here too. */
static bool erase_again(const struct app_restore *restore, struct arena *arena,
                        struct app_restored *out, struct fail *fail)
{
    struct app_options options = {.data = restore->data};
    struct str logs[2] = {{NULL, 0}, restore->erasures};
    struct app *app = NULL;
    if (!newest_erasures(restore->target, arena, &logs[0], fail) ||
        !app_open(&options, &app, fail)) {
        return false;
    }
    bool ok = true;
    for (size_t i = 0; ok && i < ARRAY_LEN(logs); i++) {
        size_t count = 0;
        ok = logs[i].data == NULL || app_erasures_replay(app, logs[i], &count, fail);
        out->erasures += count;
    }
    app_close(app);
    return ok || fail_at(fail, "erasing who was erased since");
}

static bool write_files(const struct app_restore *restore, struct arena *arena,
                        struct backup_generation *out, struct fail *fail)
{
    CLEANUP(unlock_at) struct base_lockfile *target_lock = NULL;
    CLEANUP(unlock_at) struct base_lockfile *lock = NULL;
    CLEANUP(free_disk_at) struct disk *target = NULL;
    CLEANUP(free_disk_at) struct disk *into = NULL;
    const char *path = str_format(arena, "%s/" LOCK_PATH, restore->data).data;
    if (!lock_for_reading(restore->target, arena, &target_lock, fail) ||
        !disk_real(restore->target, &target, fail) || !disk_real(restore->data, &into, fail) ||
        !base_lockfile_take(path, &lock, fail)) {
        return false;
    }
    if (lock == NULL) {
        return fail_set(fail, FAIL_BUSY, "%s is held by another process", restore->data);
    }
    return (backup_find(target, restore->generation, arena, out, fail) &&
            backup_restore(target, out, into, restore->cancel, fail)) ||
           fail_at(fail, "%s", restore->target);
}

static bool check_written(const char *data, struct app_restored *out, struct fail *fail)
{
    CLEANUP(free_disk_at) struct disk *disk = NULL;
    return disk_real(data, &disk, fail) && read_whole(disk, fail) && open_once(data, out, fail);
}

bool app_restore(const struct app_restore *restore, struct arena *arena, struct app_restored *out,
                 struct fail *fail)
{
    struct app_restored restored = {.events = 0};
    if (!check_target(restore->target, arena, fail) || !may_restore_into(restore, arena, fail) ||
        !write_files(restore, arena, &restored.generation, fail) ||
        !check_written(restore->data, &restored, fail) ||
        !erase_again(restore, arena, &restored, fail)) {
        return false;
    }
    *out = restored;
    return true;
}
