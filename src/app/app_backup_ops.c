/* Backups as people and commands see them. */
#include "app_backup.h"
#include "app_internal.h"

#define KEEP_MAX 9999

static void write_uint(struct json_writer *w, const char *name, uint64_t value)
{
    json_name_c(w, name);
    json_write_uint(w, value);
}

void app_write_generation(struct json_writer *w, const struct backup_generation *generation)
{
    json_begin_object(w);
    write_uint(w, "generation", generation->number);
    if (generation->damaged != NULL) {
        json_name_c(w, "damaged");
        json_write_c(w, generation->damaged);
    } else {
        app_write_instant(w, "moment", generation->moment_ms);
        write_uint(w, "events", generation->events);
        write_uint(w, "customers", generation->customers);
        write_uint(w, "files", generation->count);
        write_uint(w, "bytes", generation->bytes);
        write_uint(w, "copied_bytes", generation->copied);
        app_write_text(w, "version", generation->version);
        app_write_text(w, "damaged", (struct str){NULL, 0});
    }
    json_end_object(w);
}

bool app_op_backup_make(struct app *app, const struct app_caller *caller, struct json_value input,
                        struct arena *arena, struct base_buf *out, struct fail *fail)
{
    static const char *const members[] = {"target", "keep", "verify", NULL};
    struct base_cancel cancel = {
        .clock = app->clock, .asker_gone = caller->gone, .asker = caller->gone_context};
    struct app_backup backup = {.cancel = &cancel};
    struct backup_generation made;
    struct str target;
    int64_t keep;
    if (!app_input_members(input, members, fail) ||
        !app_input_str(input, "target", true, &target, fail) ||
        !app_input_int(input, "keep", 0, KEEP_MAX, 0, &keep, fail) ||
        !app_input_bool(input, "verify", false, &backup.read_back, fail)) {
        return false;
    }
    if (target.len == 0 || target.data[0] != '/' || str_find_byte(target, '\0') < target.len) {
        return fail_input_at(fail, "/target",
                             "\"target\" must be a folder from the root, like "
                             "/mnt/backup");
    }
    backup.target = str_copy_c(arena, target);
    backup.keep = (uint64_t)keep;
    if (!app_backup_make(app, &backup, arena, &made, fail)) {
        return false;
    }
    struct json_writer w = {.out = out};
    app_write_generation(&w, &made);
    return base_buf_ok(out, fail);
}
