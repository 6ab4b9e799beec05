/* Backups that are made by themselves, and the test that something can be made of them. */
#include <sys/stat.h>
#include <unistd.h>

#include "app_backup.h"
#include "app_internal.h"

#define HOUR_MS 3600000LL
#define MB 1000000ULL
#define TEST_FOLDER                                                                                \
    "restore-test" /* of the target: where the room for it is, and the right to write */

int64_t app_backups_interval(const struct app *app)
{
    return app->config.backup_directory.len == 0 ? 0 : app->config.backup_every_hours * HOUR_MS;
}

int64_t app_restore_test_interval(const struct app *app)
{
    return app->config.backup_directory.len == 0
               ? 0
               : app->config.restore_test_every_days * 24 * HOUR_MS;
}

static bool target_of(struct app_job_run *run, const char **out, struct fail *fail)
{
    struct str directory = run->app->config.backup_directory;
    *out = str_copy_c(run->arena, directory);
    return directory.len > 0 ||
           fail_set(fail, FAIL_INPUT, "backup_directory is not set in firsthand.conf");
}

bool app_job_backups(struct app_job_run *run, struct fail *fail)
{
    struct app_backup backup = {.keep = (uint64_t)run->app->config.backup_keep,
                                .cancel = run->cancel};
    struct backup_generation made;
    if (!target_of(run, &backup.target, fail) ||
        !app_backup_make(run->app, &backup, run->arena, &made, fail)) {
        return false;
    }
    run->note =
        str_format(run->arena, "generation %llu: %llu events, %llu MB, %llu MB of it new",
                   (unsigned long long)made.number, (unsigned long long)made.events,
                   (unsigned long long)(made.bytes / MB), (unsigned long long)(made.copied / MB));
    return true;
}

/* ---- restoring as a test ---------------------------------------------------------------------------------- */

/* What a restore makes: files, and folders of files. */
static void remove_restored(const char *folder, const struct backup_generation *generation,
                            struct arena *arena)
{
    struct disk *disk = NULL;
    struct fail ignored;
    struct str *names;
    size_t count;
    if (!disk_real(folder, &disk, &ignored)) {
        return;
    }
    for (size_t i = 0; i <= generation->folder_count; i++) {
        struct str within = i < generation->folder_count ? generation->folders[i] : STR("");
        const char *path = str_copy_c(arena, within);
        if (!disk_list(disk, path, arena, &names, &count, &ignored)) {
            continue;
        }
        for (size_t k = 0; k < count; k++) {
            struct str name =
                str_format(arena, "%s%s%.*s", path, within.len > 0 ? "/" : "", STR_ARG(names[k]));
            (void)!disk_remove(disk, name.data, &ignored);
        }
        rmdir(str_format(arena, "%s/%s", folder, path).data);
    }
    disk_free(disk);
    rmdir(folder);
}

static void note_problem(void *context, const char *path, const char *what)
{
    struct app_job_run *run = context;
    if (run->note.data == NULL) {
        run->note = str_format(run->arena, "%s: %s", path, what);
    }
}

/* Too large to be restored only to see whether it can be: every byte is read back instead. */
static bool read_back(struct app_job_run *run, const char *target, uint64_t number,
                      struct fail *fail)
{
    struct backup_verify_result result;
    if (!app_backup_verify(target, number, run->cancel, note_problem, run, &result, fail)) {
        return false;
    }
    if (result.problems > 0) {
        return fail_set(fail, FAIL_CORRUPT, "%llu problems; the first is %.*s",
                        (unsigned long long)result.problems, STR_ARG(run->note));
    }
    run->note = str_format(run->arena,
                           "generation %llu: read back without problems; not restored, since it is "
                           "larger than restore_test_mb",
                           (unsigned long long)number);
    return true;
}

static bool restore(struct app_job_run *run, const char *target,
                    const struct backup_generation *generation, struct fail *fail)
{
    const char *folder = str_format(run->arena, "%s/" TEST_FOLDER, target).data;
    struct app_restore asked = {.target = target,
                                .generation = generation->number,
                                .data = folder,
                                .within = true,
                                .cancel = run->cancel};
    struct app_restored restored;
    remove_restored(folder, generation, run->arena); /* of a test that was cut */
    bool ok = app_restore(&asked, run->arena, &restored, fail);
    remove_restored(folder, generation, run->arena);
    if (ok) {
        run->note =
            str_format(run->arena,
                       "generation %llu: restored, read whole, opened; %llu events of %llu "
                       "customers, as backed up",
                       (unsigned long long)generation->number, (unsigned long long)restored.events,
                       (unsigned long long)restored.customers);
    }
    return ok;
}

bool app_job_restore_test(struct app_job_run *run, struct fail *fail)
{
    struct backup_generation *all;
    const char *target;
    size_t count;
    if (!target_of(run, &target, fail) ||
        !app_backup_list(target, run->arena, &all, &count, fail)) {
        return false;
    }
    if (count == 0 || all[count - 1].damaged != NULL) {
        return count == 0 ? fail_set(fail, FAIL_ABSENT, "there is no backup in it yet")
                          : fail_set(fail, FAIL_CORRUPT, "the newest list is damaged: %.180s",
                                     all[count - 1].damaged);
    }
    const struct backup_generation *newest = &all[count - 1];
    return newest->bytes > (uint64_t)run->app->config.restore_test_mb * MB
               ? read_back(run, target, newest->number, fail)
               : restore(run, target, newest, fail);
}
