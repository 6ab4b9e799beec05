/* Notes on time: releases, incidents, campaigns, shown on every chart over time. */
#include <stdio.h>

#include "app_internal.h"
#include "state_notes.h"

/* What is said of a time: a date, a reading of the organisation's clock, or an instant with offset. A date is the
   whole day: its beginning, or where `end`, the instant after it. Absent: *out is `otherwise`. */
static bool input_time(struct app *app, struct json_value input, const char *name, bool end,
                       int64_t otherwise, int64_t *out, struct fail *fail)
{
    struct str text;
    const struct zone *zone;
    struct civil date;
    struct time_reading reading;
    *out = otherwise;
    if (!app_input_str(input, name, false, &text, fail)) {
        return false;
    }
    if (text.data == NULL) {
        return true;
    }
    if (!app_zone(app, &zone, fail)) {
        return false;
    }
    if (time_parse_date(text, &date)) {
        int64_t days = time_days_from_civil(date.year, date.month, date.day);
        *out = zone_day_begin(zone, end ? days + 1 : days);
        return true;
    }
    if (!time_parse_usual(text, &reading)) {
        char pointer[FAIL_POINTER_BYTES];
        snprintf(pointer, sizeof pointer, "/%s", name);
        return fail_input_at(
            fail, pointer,
            "\"%s\" must be a date, \"2026-05-01\", or a time, \"2026-05-01 09:30\" or "
            "\"2026-05-01T09:30:00+02:00\"",
            name);
    }
    *out = reading.has_instant ? reading.instant_ms : zone_instant(zone, &reading.local);
    return true;
}

static void write_note(struct json_writer *w, const struct state_note *note)
{
    json_begin_object(w);
    json_name_c(w, "id");
    json_write_int(w, note->id);
    json_name_c(w, "at");
    json_write_instant(w, note->at_ms);
    json_name_c(w, "until");
    if (note->until_ms == 0) {
        json_write_null(w);
    } else {
        json_write_instant(w, note->until_ms);
    }
    json_name_c(w, "kind");
    json_write_str(w, note->kind);
    json_name_c(w, "text");
    json_write_str(w, note->text);
    json_name_c(w, "owner");
    json_write_str(w, note->owner);
    json_name_c(w, "updated");
    json_write_instant(w, note->updated_ms);
    json_end_object(w);
}

bool app_op_notes(struct app *app, const struct app_caller *caller, struct json_value input,
                  struct arena *arena, struct base_buf *out, struct fail *fail)
{
    (void)caller;
    static const char *const members[] = {"from", "to", "kind", NULL};
    int64_t from_ms, to_ms, total;
    struct str kind;
    struct state_note *notes;
    size_t count;
    if (!app_input_members(input, members, fail) ||
        !input_time(app, input, "from", false, INT64_MIN, &from_ms, fail) ||
        !input_time(app, input, "to", true, INT64_MAX, &to_ms, fail) ||
        !app_input_str(input, "kind", false, &kind, fail)) {
        return false;
    }
    if (to_ms <= from_ms) {
        return fail_input_at(fail, "/to", "\"to\" must be after \"from\"");
    }
    if (!state_notes_list(app->state, from_ms, to_ms, kind, arena, &notes, &count, &total, fail)) {
        return false;
    }
    struct json_writer w = {.out = out};
    json_begin_object(&w);
    json_name_c(&w, "total");
    json_write_int(&w, total);
    json_name_c(&w, "notes");
    json_begin_array(&w);
    for (size_t i = 0; i < count; i++) {
        write_note(&w, &notes[i]);
    }
    json_end_array(&w);
    json_end_object(&w);
    return base_buf_ok(out, fail);
}

static bool read_note(struct app *app, const struct app_caller *caller, struct json_value input,
                      struct state_note *out, struct fail *fail)
{
    *out = (struct state_note){.owner = caller->identity.name};
    int64_t now_ms = base_now_ms(app->clock);
    if (!app_input_str(input, "text", true, &out->text, fail) ||
        !app_input_str(input, "kind", false, &out->kind, fail) ||
        !input_time(app, input, "at", false, now_ms, &out->at_ms, fail) ||
        !input_time(app, input, "until", true, 0, &out->until_ms, fail)) {
        return false;
    }
    out->text = str_trim(out->text);
    if (out->kind.data == NULL) {
        out->kind = STR("other");
    }
    return true;
}

static bool answer_note(struct app *app, int64_t id, struct arena *arena, struct base_buf *out,
                        struct fail *fail)
{
    struct state_note note;
    if (!state_note_find(app->state, id, arena, &note, fail)) {
        return false;
    }
    struct json_writer w = {.out = out};
    write_note(&w, &note);
    return base_buf_ok(out, fail);
}

bool app_op_note_add(struct app *app, const struct app_caller *caller, struct json_value input,
                     struct arena *arena, struct base_buf *out, struct fail *fail)
{
    static const char *const members[] = {"at", "until", "kind", "text", NULL};
    struct state_note note;
    int64_t id;
    return app_input_members(input, members, fail) && read_note(app, caller, input, &note, fail) &&
           state_note_add(app->state, &note, &id, fail) && answer_note(app, id, arena, out, fail);
}

bool app_op_note_save(struct app *app, const struct app_caller *caller, struct json_value input,
                      struct arena *arena, struct base_buf *out, struct fail *fail)
{
    static const char *const members[] = {"id", "at", "until", "kind", "text", NULL};
    struct state_note note;
    struct str at;
    int64_t id;
    if (!app_input_members(input, members, fail) ||
        !app_input_int(input, "id", 1, INT64_MAX, 0, &id, fail) ||
        /* A note that is changed does not move to now for want of a time. */
        !app_input_str(input, "at", true, &at, fail) ||
        !read_note(app, caller, input, &note, fail)) {
        return false;
    }
    note.id = id;
    return state_note_put(app->state, &note, fail) && answer_note(app, id, arena, out, fail);
}

bool app_op_note_delete(struct app *app, const struct app_caller *caller, struct json_value input,
                        struct arena *arena, struct base_buf *out, struct fail *fail)
{
    static const char *const members[] = {"id", NULL};
    struct state_note note;
    int64_t id;
    if (!app_input_members(input, members, fail) ||
        !app_input_int(input, "id", 1, INT64_MAX, 0, &id, fail) ||
        !state_note_find(app->state, id, arena, &note, fail)) {
        return false;
    }
    /* The trail keeps the text: what was deleted can be written again. */
    if (!state_note_delete(app->state, id, fail) ||
        !access_audit(app->access, &caller->identity, "note.delete", note.kind, note.text, fail)) {
        return false;
    }
    base_buf_c(out, "{}");
    return base_buf_ok(out, fail);
}
