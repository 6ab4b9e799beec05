/* What became of what arrived: ledger, quarantine, the live view, the state of the server. */
#include <stdio.h>

#include "app_backup.h"
#include "app_internal.h"
#include "base_base64.h"
#include "app_room.h"
#include "intake_mend.h"

#define QUARANTINE_PAGE_MAX 500

struct str app_quarantine_id(uint64_t id, char out[32])
{
    int len = snprintf(out, 32, "q%llu", (unsigned long long)id);
    return str_of(out, (size_t)len);
}

bool app_quarantine_id_parse(struct str text, uint64_t *out)
{
    return text.len > 1 && text.data[0] == 'q' && str_parse_u64(str_after(text, 1), out);
}

static void write_counts(struct json_writer *w, const struct store_ledger_line *line)
{
    const struct {
        const char *name;
        uint64_t n;
    } counts[] = {
        {"received", line->received},   {"stored", line->stored},
        {"duplicate", line->duplicate}, {"quarantined", line->quarantined},
        {"refused", line->refused},
    };
    for (size_t i = 0; i < ARRAY_LEN(counts); i++) {
        json_name_c(w, counts[i].name);
        json_write_uint(w, counts[i].n);
    }
}

bool app_ledger_balanced(const struct store_ledger *ledger)
{
    struct store_ledger_line sum = {0};
    for (size_t i = 0; i < ledger->source_count; i++) {
        const struct store_ledger_line *line = &ledger->sources[i];
        if (line->received != line->stored + line->duplicate + line->quarantined + line->refused) {
            return false;
        }
        sum.received += line->received;
        sum.stored += line->stored;
    }
    const struct store_ledger_line *total = &ledger->total;
    return sum.received == total->received && sum.stored == total->stored &&
           total->received ==
               total->stored + total->duplicate + total->quarantined + total->refused;
}

bool app_op_ledger(struct app *app, const struct app_caller *caller, struct json_value input,
                   struct arena *arena, struct base_buf *out, struct fail *fail)
{
    (void)caller;
    static const char *const members[] = {NULL};
    struct store_ledger ledger;
    if (!app_input_members(input, members, fail) ||
        !store_ledger_read(app->store, arena, &ledger, fail)) {
        return false;
    }
    struct json_writer w = {.out = out};
    json_begin_object(&w);
    json_name_c(&w, "balanced");
    json_write_bool(&w, app_ledger_balanced(&ledger));
    json_name_c(&w, "total");
    json_begin_object(&w);
    write_counts(&w, &ledger.total);
    json_end_object(&w);
    json_name_c(&w, "sources");
    json_begin_array(&w);
    for (size_t i = 0; i < ledger.source_count; i++) {
        json_begin_object(&w);
        json_name_c(&w, "source");
        json_write_str(&w, ledger.sources[i].source);
        write_counts(&w, &ledger.sources[i]);
        app_write_instant(&w, "last_received", ledger.sources[i].last_received_ms);
        json_end_object(&w);
    }
    json_end_array(&w);
    json_name_c(&w, "requests_refused");
    json_write_uint(&w, ledger.requests_refused);
    json_end_object(&w);
    return base_buf_ok(out, fail);
}

/* Invalid UTF-8 becomes U+FFFD in the writer; a preview may end inside a character. */
static void write_row(struct json_writer *w, const struct store_quarantine_row *row,
                      const char *raw_name)
{
    char id[32];
    json_name_c(w, "id");
    json_write_str(w, app_quarantine_id(row->id, id));
    app_write_text(w, "source", row->source);
    app_write_instant(w, "received_at", row->received_at_ms);
    app_write_text(w, "reason", row->reason);
    app_write_text(w, "field", row->field);
    json_name_c(w, "bytes");
    json_write_uint(w, row->raw_bytes);
    app_write_text(w, raw_name, row->raw);
}

bool app_op_quarantine(struct app *app, const struct app_caller *caller, struct json_value input,
                       struct arena *arena, struct base_buf *out, struct fail *fail)
{
    (void)caller;
    static const char *const members[] = {"source", "reason", "field", "limit", "cursor", NULL};
    struct str source, reason, field, cursor;
    int64_t limit;
    uint64_t before = 0;
    if (!app_input_members(input, members, fail) ||
        !app_input_str(input, "source", false, &source, fail) ||
        !app_input_str(input, "reason", false, &reason, fail) ||
        !app_input_str(input, "field", false, &field, fail) ||
        !app_input_str(input, "cursor", false, &cursor, fail) ||
        !app_input_int(input, "limit", 1, QUARANTINE_PAGE_MAX, 50, &limit, fail)) {
        return false;
    }
    if (cursor.data != NULL && !app_quarantine_id_parse(cursor, &before)) {
        return fail_input_at(fail, "/cursor", "\"cursor\" must be one that an answer gave");
    }
    struct store_quarantine_row *rows;
    size_t count;
    uint64_t total;
    struct store_quarantine_filter filter = {source, reason, field, before, (size_t)limit + 1};
    if (!store_quarantine_list(app->store, &filter, arena, &rows, &count, &total, fail)) {
        return false;
    }
    size_t shown = count > (size_t)limit ? (size_t)limit : count;
    struct json_writer w = {.out = out};
    json_begin_object(&w);
    json_name_c(&w, "total");
    json_write_uint(&w, total);
    json_name_c(&w, "rows");
    json_begin_array(&w);
    for (size_t i = 0; i < shown; i++) {
        json_begin_object(&w);
        write_row(&w, &rows[i], "preview");
        json_end_object(&w);
    }
    json_end_array(&w);
    json_name_c(&w, "cursor");
    if (count > shown) {
        char id[32];
        json_write_str(&w, app_quarantine_id(rows[shown - 1].id, id));
    } else {
        json_write_null(&w);
    }
    json_end_object(&w);
    return base_buf_ok(out, fail);
}

bool app_op_quarantine_row(struct app *app, const struct app_caller *caller,
                           struct json_value input, struct arena *arena, struct base_buf *out,
                           struct fail *fail)
{
    (void)caller;
    static const char *const members[] = {"id", NULL};
    struct str id_text;
    uint64_t id;
    struct store_quarantine_row row;
    struct intake_way way;
    struct str document;
    struct str encoded;
    if (!app_input_members(input, members, fail) ||
        !app_input_str(input, "id", true, &id_text, fail)) {
        return false;
    }
    if (!app_quarantine_id_parse(id_text, &id)) {
        return fail_input_at(fail, "/id", "\"id\" must be like q17");
    }
    if (!store_quarantine_get(app->store, id, arena, &row, fail) ||
        !intake_way_read(row.way, row.raw, arena, &way, fail) ||
        !intake_mend_document(&way, row.raw, arena, &document, fail) ||
        !base_base64_encode(row.raw, arena, &encoded, fail)) {
        return false;
    }
    struct json_writer w = {.out = out};
    json_begin_object(&w);
    write_row(&w, &row, "raw");
    json_name_c(&w, "raw_base64");
    json_write_str(&w, encoded);
    json_name_c(&w, "form");
    json_write_c(&w, intake_way_name(&way));
    /* What a patch is laid over: the record as JSON, or null where it is none. */
    app_write_text(&w, "document",
                   document.data == NULL ? document : intake_mend_readable(document, arena));
    json_end_object(&w);
    return base_buf_ok(out, fail);
}

bool app_op_live(struct app *app, const struct app_caller *caller, struct json_value input,
                 struct arena *arena, struct base_buf *out, struct fail *fail)
{
    (void)caller;
    (void)arena;
    static const char *const members[] = {"after", "limit", NULL};
    int64_t after, limit;
    if (!app_input_members(input, members, fail) ||
        !app_input_int(input, "after", 0, INT64_MAX, 0, &after, fail) ||
        !app_input_int(input, "limit", 1, APP_LIVE_ITEMS, 100, &limit, fail)) {
        return false;
    }
    struct json_writer w = {.out = out};
    json_begin_object(&w);
    app_live_write(app->live, (uint64_t)after, (size_t)limit, &w);
    json_end_object(&w);
    return base_buf_ok(out, fail);
}

static void write_backups(struct json_writer *w, const struct app_backup_now *now)
{
    const int64_t last_ms = now->backup_job->last.good_ms, test_ms = now->test_job->last.good_ms;
    app_write_text(w, "backups", str_from_c(app_backup_state_name(now->backups)));
    app_write_instant(w, "last_backup", last_ms == 0 ? STORE_NO_TIME : last_ms);
    app_write_text(w, "restore_tests", str_from_c(app_backup_state_name(now->tests)));
    app_write_instant(w, "last_restore_test", test_ms == 0 ? STORE_NO_TIME : test_ms);
}

bool app_op_status(struct app *app, const struct app_caller *caller, struct json_value input,
                   struct arena *arena, struct base_buf *out, struct fail *fail)
{
    (void)caller;
    static const char *const members[] = {NULL};
    struct app_backup_now backups;
    if (!app_input_members(input, members, fail) ||
        !app_backup_glance(app, arena, &backups, fail)) {
        return false;
    }
    struct app_room_now room = app_room_look(app->room);
    struct store_status status;
    store_status_read(app->store, &status);
    const struct {
        const char *name;
        uint64_t n;
    } counts[] = {
        {"events", status.events},
        {"customers", status.customers},
        {"segments", status.segments},
        {"fresh_rows", status.fresh_rows},
        {"journal_bytes", status.journal_bytes},
        {"segment_bytes", status.segment_bytes},
        {"quarantined", status.quarantined},
        {"quarantine_bytes", status.quarantine_bytes},
        {"quarantine_bytes_max", status.quarantine_bytes_max},
        {"event_names", status.names_events},
        {"property_names", status.names_properties},
        {"disk_free_bytes", room.free_bytes},
        {"disk_low_bytes", room.low_bytes},
        {"disk_full_bytes", room.full_bytes},
        {"ballast_bytes", room.ballast_bytes},
    };
    struct json_writer w = {.out = out};
    json_begin_object(&w);
    json_name_c(&w, "version");
    json_write_c(&w, APP_VERSION);
    json_name_c(&w, "uptime_s");
    json_write_int(&w, (base_now_ms(app->clock) - app->started_ms) / 1000);
    for (size_t i = 0; i < ARRAY_LEN(counts); i++) {
        json_name_c(&w, counts[i].name);
        json_write_uint(&w, counts[i].n);
    }
    json_name_c(&w, "disk");
    json_write_c(&w, app_room_state_name(room.state));
    json_name_c(&w, "leases");
    json_write_int(&w, status.leases);
    json_name_c(&w, "oldest_lease_s");
    if (status.oldest_lease_s < 0) {
        json_write_null(&w);
    } else {
        json_write_int(&w, status.oldest_lease_s);
    }
    app_write_instant(&w, "last_event_at", status.last_event_received_ms);
    write_backups(&w, &backups);
    const char *why = app_not_ready(app);
    json_name_c(&w, "not_ready");
    if (why == NULL) {
        json_write_null(&w);
    } else {
        json_write_c(&w, why);
    }
    json_end_object(&w);
    return base_buf_ok(out, fail);
}

bool app_op_seal(struct app *app, const struct app_caller *caller, struct json_value input,
                 struct arena *arena, struct base_buf *out, struct fail *fail)
{
    (void)caller;
    (void)arena;
    static const char *const members[] = {NULL};
    if (!app_input_members(input, members, fail) || !store_seal(app->store, fail) ||
        !store_merge(app->store, false, fail)) {
        return false;
    }
    base_buf_c(out, "{}");
    return base_buf_ok(out, fail);
}
