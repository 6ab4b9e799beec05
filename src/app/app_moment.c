#include "app_moment.h"

#include "app_internal.h"
#include "app_wire.h"
#include "privacy_log.h"

#define FILES_MAX 1000000
#define FOLDERS_MAX 100

struct app_moment {
    struct app *app;
    struct store_hold *hold;
    int64_t ms;
    uint64_t erasures_bytes;
};

/* ---- taking it -------------------------------------------------------------------------------------------- */

static bool enter(struct app *app, struct fail *fail)
{
    base_lock(&app->gate_lock);
    bool taken = app->moment_taken;
    app->moment_taken = true;
    base_unlock(&app->gate_lock);
    return !taken || fail_set(fail, FAIL_BUSY, "another backup is under way");
}

static void leave(struct app *app)
{
    base_lock(&app->gate_lock);
    app->moment_taken = false;
    base_unlock(&app->gate_lock);
}

/* What stands in the log is erased here; whose receipt comes later has an intent in state, or is erased after the moment. */
static bool measure_erasures(struct app_moment *moment, struct fail *fail)
{
    CLEANUP(disk_close_at) struct disk_file *log = NULL;
    struct fail absent = {0};
    if (disk_open(moment->app->disk, PRIVACY_LOG_PATH, DISK_READ, &log, &absent)) {
        return disk_size(log, &moment->erasures_bytes, fail);
    }
    if (absent.code != FAIL_ABSENT) {
        *fail = absent;
    }
    return absent.code == FAIL_ABSENT;
}

static bool note(void *context, struct fail *fail)
{
    struct app_moment *moment = context;
    moment->ms = base_now_ms(moment->app->clock);
    return measure_erasures(moment, fail) &&
           store_hold_take(moment->app->store, &moment->hold, fail);
}

bool app_moment_take(struct app *app, struct app_moment **out, struct fail *fail)
{
    CLEANUP(arena_free_at) struct arena *arena = arena_new(NULL);
    const char *copy = str_format(arena, "%s/" APP_MOMENT_STATE_PATH, app->data).data;
    struct fail ignored;
    if (!enter(app, fail)) {
        return false;
    }
    struct app_moment *moment = base_alloc_zero(sizeof *moment);
    struct state_moment during = {note, moment};
    moment->app = app;
    (void)!disk_remove(app->disk, APP_MOMENT_STATE_PATH, &ignored); /* of one that was cut */
    if (!state_backup(app->state, copy, &during, fail)) {
        app_moment_free(moment);
        return false;
    }
    *out = moment;
    return true;
}

void app_moment_free(struct app_moment *moment)
{
    struct fail ignored;
    if (moment == NULL) {
        return;
    }
    store_hold_free(moment->hold);
    (void)!disk_remove(moment->app->disk, APP_MOMENT_STATE_PATH, &ignored);
    leave(moment->app);
    base_free(moment);
}

struct app_moment_view app_moment_view(const struct app_moment *moment)
{
    return (struct app_moment_view){*moment->hold, moment->ms, moment->erasures_bytes};
}

/* ---- over the control socket ---------------------------------------------------------------------------------- */

void app_moment_put(struct base_buf *out, const struct app_moment_view *view)
{
    const struct store_hold *hold = &view->hold;
    const uint64_t numbers[] = {hold->directory,    hold->events,       hold->customers,
                                hold->arrivals,     (uint64_t)view->ms, view->erasures_bytes,
                                hold->folder_count, hold->count};
    for (size_t i = 0; i < ARRAY_LEN(numbers); i++) {
        app_wire_put_u64(out, numbers[i]);
    }
    for (size_t i = 0; i < hold->folder_count; i++) {
        app_wire_put_str(out, str_from_c(hold->folders[i]));
    }
    for (size_t i = 0; i < hold->count; i++) {
        const struct store_held_file *file = &hold->files[i];
        app_wire_put_str(out, str_from_c(file->path));
        app_wire_put_u64(out, file->bytes);
        app_wire_put_u64(out, file->checksum);
        app_wire_put_str(out, file->content);
    }
}

static bool get_folders(struct str *at, struct arena *arena, struct store_hold *hold,
                        struct fail *fail)
{
    const char **folders = arena_array(arena, hold->folder_count, sizeof *folders, fail);
    struct str name;
    if (folders == NULL) {
        return false;
    }
    for (size_t i = 0; i < hold->folder_count; i++) {
        if (!app_wire_get_str(at, &name)) {
            return fail_set(fail, FAIL_INTERNAL, "the server's answer could not be read");
        }
        folders[i] = str_copy_c(arena, name);
    }
    hold->folders = folders;
    return true;
}

static bool get_files(struct str *at, struct arena *arena, struct store_hold *hold,
                      struct fail *fail)
{
    struct store_held_file *files = arena_array(arena, hold->count, sizeof *files, fail);
    struct str path, content;
    if (files == NULL) {
        return false;
    }
    for (size_t i = 0; i < hold->count; i++) {
        if (!app_wire_get_str(at, &path) || !app_wire_get_u64(at, &files[i].bytes) ||
            !app_wire_get_u64(at, &files[i].checksum) || !app_wire_get_str(at, &content)) {
            return fail_set(fail, FAIL_INTERNAL, "the server's answer could not be read");
        }
        files[i].path = str_copy_c(arena, path);
        files[i].content = content.data == NULL ? content : str_copy(arena, content);
    }
    hold->files = files;
    return true;
}

bool app_moment_get(struct str bytes, struct arena *arena, struct app_moment_view *out,
                    struct fail *fail)
{
    struct app_moment_view view = {.ms = 0};
    struct store_hold *hold = &view.hold;
    uint64_t ms, folders, files;
    if (!app_wire_get_u64(&bytes, &hold->directory) || !app_wire_get_u64(&bytes, &hold->events) ||
        !app_wire_get_u64(&bytes, &hold->customers) || !app_wire_get_u64(&bytes, &hold->arrivals) ||
        !app_wire_get_u64(&bytes, &ms) || !app_wire_get_u64(&bytes, &view.erasures_bytes) ||
        !app_wire_get_u64(&bytes, &folders) || !app_wire_get_u64(&bytes, &files) ||
        folders > FOLDERS_MAX || files > FILES_MAX) {
        return fail_set(fail, FAIL_INTERNAL, "the server's answer could not be read");
    }
    view.ms = (int64_t)ms;
    hold->folder_count = (size_t)folders;
    hold->count = (size_t)files;
    if (!get_folders(&bytes, arena, hold, fail) || !get_files(&bytes, arena, hold, fail)) {
        return false;
    }
    *out = view;
    return true;
}
