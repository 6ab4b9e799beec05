/* app_erase_ops.c — erasing as operations: one, many, a segment; receipts; what happens to those who come back. */
#include "app_erase.h"
#include "state_settings.h"

#define RECEIPTS_PAGE_MAX 200

/* ---- whom ------------------------------------------------------------------------------------------------------- */

static bool add_list(struct app *app, struct store_snapshot *snapshot, struct json_value list,
                     bool anyway, struct arena *arena, struct app_erasure *erasure,
                     struct fail *fail)
{
    struct json_value item;
    size_t at = 0;
    if (json_type_of(list) != JSON_ARRAY || json_count(list) == 0 ||
        json_count(list) > APP_ERASE_CUSTOMERS_MAX) {
        return fail_input_at(fail, "/customers", "expected a list of 1 to %d identifiers",
                             APP_ERASE_CUSTOMERS_MAX);
    }
    for (struct json_iter it = json_iter_of(list); json_next(&it, NULL, &item); at++) {
        if (json_type_of(item) != JSON_STRING) {
            return fail_input_at(fail, "/customers", "number %zu is no text", at + 1);
        }
        /* Which one it is, is said by its place: what is not known is no matter of logs. */
        if (!app_erase_add(app, snapshot, json_string(item), anyway, arena, erasure, fail)) {
            return fail_at(fail, "number %zu of the list", at + 1);
        }
    }
    return true;
}

static bool add_segment(struct app *app, const struct app_caller *caller,
                        struct store_snapshot *snapshot, struct json_value segment,
                        struct arena *arena, struct app_erasure *erasure, struct fail *fail)
{
    struct base_buf text CLEANUP(base_buf_done) = {.limit = (size_t)1 << 20};
    struct json_writer w = {.out = &text};
    struct base_cancel cancel = app_cancel_of(app, caller);
    struct query_run run = {
        .snapshot = snapshot,
        .cancel = &cancel,
        .memory_bytes = (size_t)app->config.query_memory_mb << 20,
        .threads = (int)app->config.query_threads,
    };
    struct query_env env;
    struct query_plan *plan;
    uint32_t *customers;
    size_t count = 0;
    json_write_value(&w, segment);
    if (!base_buf_ok(&text, fail) || !app_query_env(app, &env, fail) ||
        !query_segment_plan(&env, base_buf_view(&text), arena, &plan, fail) ||
        !app_gate_enter(app, &cancel, fail)) {
        return false;
    }
    bool ok = query_segment_customers(app->engine, plan, &run, arena, &customers, &count, fail);
    app_gate_leave(app);
    if (ok && count > APP_ERASE_CUSTOMERS_MAX) {
        return fail_set(fail, FAIL_LIMIT,
                        "%zu customers are in the segment; at most %d are erased at a time", count,
                        APP_ERASE_CUSTOMERS_MAX);
    }
    for (size_t i = 0; ok && i < count; i++) {
        ok = app_erase_add_number(app, snapshot, customers[i], arena, erasure, fail);
    }
    return ok;
}

static bool gather(struct app *app, const struct app_caller *caller, struct json_value input,
                   bool anyway, struct arena *arena, struct app_erasure *erasure, struct fail *fail)
{
    struct json_value customer;
    struct json_value list;
    struct json_value segment;
    bool one = json_member(input, STR("customer"), &customer);
    bool many = json_member(input, STR("customers"), &list);
    bool those = json_member(input, STR("segment"), &segment);
    if (one + many + those != 1) {
        return fail_input_at(fail, "",
                             "expected one of \"customer\", \"customers\" and \"segment\"");
    }
    if (one && (json_type_of(customer) != JSON_STRING || json_string(customer).len == 0)) {
        return fail_input_at(fail, "/customer", "expected an identifier");
    }
    struct store_snapshot *snapshot = store_snapshot_take(app->store);
    bool ok =
        one    ? app_erase_add(app, snapshot, json_string(customer), anyway, arena, erasure, fail)
        : many ? add_list(app, snapshot, list, anyway, arena, erasure, fail)
               : add_segment(app, caller, snapshot, segment, arena, erasure, fail);
    store_snapshot_unref(snapshot);
    return ok;
}

/* ---- erase -------------------------------------------------------------------------------------------------------- */

static bool write_preview(const struct app_erasure *erasure, struct base_buf *out,
                          struct fail *fail)
{
    struct json_writer w = {.out = out};
    json_begin_object(&w);
    json_name_c(&w, "would_erase");
    json_begin_object(&w);
    json_name_c(&w, "customers");
    json_write_uint(&w, erasure->customer_count);
    json_name_c(&w, "events");
    json_write_uint(&w, erasure->events);
    json_name_c(&w, "identifiers");
    json_write_uint(&w, erasure->identifier_count);
    json_end_object(&w);
    json_end_object(&w);
    return base_buf_ok(out, fail);
}

bool app_op_erase(struct app *app, const struct app_caller *caller, struct json_value input,
                  struct arena *arena, struct base_buf *out, struct fail *fail)
{
    static const char *const members[] = {"customer", "customers", "segment", "reason",
                                          "dry_run",  "anyway",    NULL};
    struct app_erasure erasure = {.by = app_caller_name(caller, arena)};
    struct str line;
    bool dry;
    bool anyway;
    if (!app_input_members(input, members, fail) ||
        !app_input_str(input, "reason", false, &erasure.reason, fail) ||
        !app_input_bool(input, "dry_run", false, &dry, fail) ||
        !app_input_bool(input, "anyway", false, &anyway, fail)) {
        return false;
    }
    if (erasure.reason.len > APP_ERASE_REASON_BYTES_MAX) {
        return fail_input_at(fail, "/reason", "a reason has at most %d bytes",
                             APP_ERASE_REASON_BYTES_MAX);
    }
    if (!gather(app, caller, input, anyway, arena, &erasure, fail)) {
        return false;
    }
    if (dry) {
        return write_preview(&erasure, out, fail);
    }
    if (erasure.customer_count == 0 && erasure.identifier_count == 0) {
        return fail_set(fail, FAIL_ABSENT, "there is nobody in the segment");
    }
    if (!app_erase(app, &erasure, arena, &line, fail) ||
        !access_audit(app->access, &caller->identity, "customer.erase", erasure.receipt,
                      (struct str){NULL, 0}, fail)) {
        return false;
    }
    base_buf_str(out, line);
    return base_buf_ok(out, fail);
}

/* ---- receipts ------------------------------------------------------------------------------------------------------ */

bool app_op_receipts(struct app *app, const struct app_caller *caller, struct json_value input,
                     struct arena *arena, struct base_buf *out, struct fail *fail)
{
    (void)caller;
    static const char *const members[] = {"limit", "offset", NULL};
    int64_t limit;
    int64_t offset;
    struct str *lines;
    size_t count;
    size_t total;
    if (!app_input_members(input, members, fail) ||
        !app_input_int(input, "limit", 1, RECEIPTS_PAGE_MAX, 50, &limit, fail) ||
        !app_input_int(input, "offset", 0, INT32_MAX, 0, &offset, fail) ||
        !privacy_log_list(app->erasures, (size_t)offset, (size_t)limit, arena, &lines, &count,
                          &total, fail)) {
        return false;
    }
    struct json_writer w = {.out = out};
    json_begin_object(&w);
    json_name_c(&w, "total");
    json_write_uint(&w, total);
    json_name_c(&w, "receipts");
    json_begin_array(&w);
    for (size_t i = 0; i < count; i++) {
        json_write_raw(&w, lines[i]);
    }
    json_end_array(&w);
    json_end_object(&w);
    return base_buf_ok(out, fail);
}

bool app_op_receipt(struct app *app, const struct app_caller *caller, struct json_value input,
                    struct arena *arena, struct base_buf *out, struct fail *fail)
{
    (void)caller;
    static const char *const members[] = {"receipt", NULL};
    struct str id;
    struct str line;
    bool found;
    if (!app_input_members(input, members, fail) ||
        !app_input_str(input, "receipt", true, &id, fail) ||
        !privacy_log_find(app->erasures, id, arena, &line, &found, fail)) {
        return false;
    }
    if (!found) {
        return fail_set(fail, FAIL_ABSENT, "there is no receipt of this id");
    }
    base_buf_str(out, line);
    return base_buf_ok(out, fail);
}

bool app_op_erasure_verify(struct app *app, const struct app_caller *caller,
                           struct json_value input, struct arena *arena, struct base_buf *out,
                           struct fail *fail)
{
    (void)caller;
    (void)arena;
    static const char *const members[] = {"line", NULL};
    struct privacy_log_state state;
    struct access_audit_state audit;
    struct str line;
    if (!app_input_members(input, members, fail) ||
        !app_input_str(input, "line", false, &line, fail) ||
        !privacy_log_verify(app->erasures, &state, fail) ||
        !access_audit_verify(app->access, &audit, fail)) {
        return false;
    }
    struct json_writer w = {.out = out};
    json_begin_object(&w);
    if (line.data != NULL) {
        json_name_c(&w, "signed");
        json_write_bool(&w, privacy_log_signed(app->erasures, str_trim(line)));
    }
    json_name_c(&w, "receipts");
    json_write_uint(&w, state.lines);
    json_name_c(&w, "changed");
    json_write_uint(&w, state.broken);
    json_name_c(&w, "audit_lines");
    json_write_int(&w, audit.lines);
    json_name_c(&w, "audit_erased");
    json_write_int(&w, audit.erased);
    json_name_c(&w, "audit_removed");
    json_write_int(&w, audit.removed);
    app_write_instant(&w, "audit_cut", audit.cut_ms == 0 ? STORE_NO_TIME : audit.cut_ms);
    json_name_c(&w, "audit_broken");
    json_write_int(&w, audit.broken_id);
    json_end_object(&w);
    return base_buf_ok(out, fail);
}

/* ---- settings ------------------------------------------------------------------------------------------------------- */

static bool write_settings(struct app *app, struct base_buf *out, struct fail *fail)
{
    struct json_writer w = {.out = out};
    base_lock(&app->privacy_lock);
    bool refuse = app->refuse_erased;
    base_unlock(&app->privacy_lock);
    json_begin_object(&w);
    json_name_c(&w, "after_erasure");
    json_write_c(&w, refuse ? "refuse" : "new");
    json_end_object(&w);
    return base_buf_ok(out, fail);
}

bool app_op_privacy(struct app *app, const struct app_caller *caller, struct json_value input,
                    struct arena *arena, struct base_buf *out, struct fail *fail)
{
    (void)caller;
    (void)arena;
    static const char *const members[] = {NULL};
    return app_input_members(input, members, fail) && write_settings(app, out, fail);
}

bool app_op_privacy_save(struct app *app, const struct app_caller *caller, struct json_value input,
                         struct arena *arena, struct base_buf *out, struct fail *fail)
{
    (void)arena;
    static const char *const members[] = {"after_erasure", NULL};
    struct str after;
    if (!app_input_members(input, members, fail) ||
        !app_input_str(input, "after_erasure", true, &after, fail)) {
        return false;
    }
    if (!str_equal(after, STR("new")) && !str_equal(after, STR("refuse"))) {
        return fail_input_at(fail, "/after_erasure",
                             "expected \"new\" (whoever comes back is a new customer) or "
                             "\"refuse\"");
    }
    if (!state_setting_put(app->state, STATE_SETTING_AFTER_ERASURE, after, fail)) {
        return false;
    }
    base_lock(&app->privacy_lock);
    app->refuse_erased = str_equal(after, STR("refuse"));
    base_unlock(&app->privacy_lock);
    return access_audit(app->access, &caller->identity, "privacy.save", STR("after_erasure"), after,
                        fail) &&
           write_settings(app, out, fail);
}
