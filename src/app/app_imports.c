/* Imports: the list, what taking one back would take, and taking it back. */
#include <inttypes.h>

#include "app_internal.h"

static void write_gone(struct json_writer *w, const char *name,
                       const struct store_import_gone *gone)
{
    json_name_c(w, name);
    json_begin_object(w);
    json_name_c(w, "events");
    json_write_uint(w, gone->rows);
    json_name_c(w, "quarantined");
    json_write_uint(w, gone->quarantined);
    json_name_c(w, "joins");
    json_write_uint(w, gone->joins);
}

static void write_counts(struct json_writer *w, const struct store_import *import)
{
    const struct {
        const char *name;
        uint64_t n;
    } counts[] = {
        {"received", import->received},   {"stored", import->stored},
        {"duplicate", import->duplicate}, {"quarantined", import->quarantined},
        {"refused", import->refused},
    };
    for (size_t i = 0; i < ARRAY_LEN(counts); i++) {
        json_name_c(w, counts[i].name);
        json_write_uint(w, counts[i].n);
    }
}

static void write_taken_back(struct json_writer *w, const struct store_import_gone *gone)
{
    write_gone(w, "taken_back", gone);
    json_name_c(w, "customers");
    json_write_uint(w, gone->customers);
    json_end_object(w);
}

static bool may_be_taken_back(const struct store_import *import)
{
    return !import->forgotten &&
           (import->state == STORE_IMPORT_ENDED || import->state == STORE_IMPORT_STOPPED);
}

static void write_import(struct json_writer *w, const struct store_import *import)
{
    json_begin_object(w);
    json_name_c(w, "number");
    json_write_uint(w, import->number);
    app_write_text(w, "source", import->source);
    app_write_text(w, "name", import->name);
    json_name_c(w, "state");
    json_write_str(w, str_from_c(store_import_state_name(import->state)));
    app_write_instant(w, "begun_at", import->begun_ms);
    app_write_instant(w, "ended_at", import->ended_ms);
    write_counts(w, import);
    json_name_c(w, "may_be_taken_back");
    json_write_bool(w, may_be_taken_back(import));
    app_write_instant(w, "taken_back_at", import->taken_back_ms);
    if (import->state == STORE_IMPORT_TAKEN_BACK) {
        write_taken_back(w, &import->gone);
    }
    json_end_object(w);
}

bool app_op_imports(struct app *app, const struct app_caller *caller, struct json_value input,
                    struct arena *arena, struct base_buf *out, struct fail *fail)
{
    (void)caller;
    static const char *const members[] = {NULL};
    struct store_import *imports;
    size_t count;
    if (!app_input_members(input, members, fail) ||
        !store_import_list(app->store, arena, &imports, &count, fail)) {
        return false;
    }
    struct json_writer w = {.out = out};
    json_begin_object(&w);
    json_name_c(&w, "imports");
    json_begin_array(&w);
    for (size_t i = 0; i < count; i++) {
        write_import(&w, &imports[i]);
    }
    json_end_array(&w);
    json_end_object(&w);
    return base_buf_ok(out, fail);
}

static bool read_number(struct json_value input, uint64_t *out, struct fail *fail)
{
    static const char *const members[] = {"number", NULL};
    struct json_value given;
    int64_t number;
    if (!app_input_members(input, members, fail)) {
        return false;
    }
    if (!json_member(input, STR("number"), &given)) {
        return fail_input_at(fail, "/number", "expected the number of an import, as its list says");
    }
    if (!app_input_int(input, "number", 1, INT64_MAX, 1, &number, fail)) {
        return false;
    }
    *out = (uint64_t)number;
    return true;
}

bool app_op_import_preview(struct app *app, const struct app_caller *caller,
                           struct json_value input, struct arena *arena, struct base_buf *out,
                           struct fail *fail)
{
    (void)caller;
    (void)arena;
    struct store_import_gone gone;
    uint64_t number;
    if (!read_number(input, &number, fail) ||
        !store_import_preview(app->store, number, &gone, fail)) {
        return false;
    }
    struct json_writer w = {.out = out};
    json_begin_object(&w);
    json_name_c(&w, "number");
    json_write_uint(&w, number);
    write_gone(&w, "takes", &gone);
    json_end_object(&w);
    json_end_object(&w);
    return base_buf_ok(out, fail);
}

bool app_op_import_undo(struct app *app, const struct app_caller *caller, struct json_value input,
                        struct arena *arena, struct base_buf *out, struct fail *fail)
{
    struct store_import_gone gone;
    uint64_t number;
    if (!read_number(input, &number, fail)) {
        return false;
    }
    app_room_for_removal(app->room);
    if (!store_import_undo(app->store, number, &gone, fail)) {
        return false;
    }
    app_once_forget(app->once_memory);
    struct json_writer w = {.out = out};
    json_begin_object(&w);
    json_name_c(&w, "number");
    json_write_uint(&w, number);
    write_taken_back(&w, &gone);
    json_end_object(&w);
    return base_buf_ok(out, fail) &&
           access_audit(app->access, &caller->identity, "import.undo", STR("import"),
                        str_format(arena, "%" PRIu64, number), fail);
}
