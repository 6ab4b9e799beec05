/* SQL: read what is asked, wait for a free place, run it over a snapshot, write the answer. */
#include <stdio.h>

#include "app_internal.h"
#include "app_sql_question.h"

#define ANSWER_BYTES_MAX ((size_t)240 << 20) /* a frame of the control socket holds it */

/* ---- the question ------------------------------------------------------------------------------------ */

static bool read_param(struct json_value value, size_t place, struct sql_value *out,
                       struct fail *fail)
{
    switch (json_type_of(value)) {
    case JSON_NULL:
        *out = (struct sql_value){.type = SQL_NULL};
        return true;
    case JSON_BOOL:
        *out = (struct sql_value){.type = SQL_INT, .i = json_bool(value) ? 1 : 0};
        return true;
    case JSON_INT:
        *out = (struct sql_value){.type = SQL_INT, .i = json_int(value)};
        return true;
    case JSON_UINT:
    case JSON_DOUBLE:
        *out = (struct sql_value){.type = SQL_REAL, .d = json_double(value)};
        return true;
    case JSON_STRING:
        *out = (struct sql_value){.type = SQL_TEXT, .s = json_string(value)};
        return true;
    case JSON_ARRAY:
    case JSON_OBJECT:
        break;
    }
    char pointer[FAIL_POINTER_BYTES];
    snprintf(pointer, sizeof pointer, "/params/%zu", place);
    return fail_input_at(fail, pointer,
                         "a parameter is a text, a number, true, false or null, not %s",
                         json_type_name(json_type_of(value)));
}

static bool read_params(struct json_value input, struct arena *arena, struct sql_question *out,
                        struct fail *fail)
{
    struct json_value list, value;
    if (!json_member(input, STR("params"), &list) || json_type_of(list) == JSON_NULL) {
        return true;
    }
    if (json_type_of(list) != JSON_ARRAY) {
        return fail_input_at(fail, "/params", "\"params\" must be an array");
    }
    struct sql_value *params = arena_array(arena, json_count(list), sizeof *params, fail);
    if (params == NULL) {
        return false;
    }
    struct str name;
    size_t count = 0;
    for (struct json_iter it = json_iter_of(list); json_next(&it, &name, &value); count++) {
        if (!read_param(value, count, &params[count], fail)) {
            return false;
        }
    }
    out->params = params;
    out->param_count = count;
    return true;
}

bool app_sql_question(struct app *app, struct json_value input, struct arena *arena,
                      struct sql_question *out, struct fail *fail)
{
    static const char *const members[] = {"sql", "params", "limit", NULL};
    const struct zone *zone;
    int64_t limit;
    struct sql_question question = {0};
    if (!app_input_members(input, members, fail) ||
        !app_input_str(input, "sql", true, &question.statement, fail) ||
        !app_input_int(input, "limit", 1, app->config.sql_rows, app->config.sql_rows, &limit,
                       fail) ||
        !read_params(input, arena, &question, fail) || !app_zone(app, &zone, fail)) {
        return false;
    }
    question.zone = zone_name(zone);
    question.limits = (struct sql_limits){
        .memory_bytes = (size_t)app->config.sql_memory_mb << 20,
        .rows = (uint64_t)limit,
        .result_bytes = (size_t)app->config.sql_result_mb << 20,
    };
    *out = question;
    return true;
}

/* ---- the answer ---------------------------------------------------------------------------------------- */

static bool write_columns(void *context, const struct str *names, size_t count, struct fail *fail)
{
    struct json_writer *w = context;
    json_begin_object(w);
    json_name_c(w, "columns");
    json_begin_array(w);
    for (size_t i = 0; i < count; i++) {
        json_write_str(w, names[i]);
    }
    json_end_array(w);
    json_name_c(w, "rows");
    json_begin_array(w);
    return base_buf_ok(w->out, fail);
}

void app_sql_hex(struct base_buf *out, struct str bytes)
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < bytes.len; i++) {
        base_buf_byte(out, digits[(unsigned char)bytes.data[i] >> 4]);
        base_buf_byte(out, digits[(unsigned char)bytes.data[i] & 0x0FU]);
    }
}

static void write_blob(struct json_writer *w, struct str bytes)
{
    struct base_buf text CLEANUP(base_buf_done) = {0};
    app_sql_hex(&text, bytes);
    json_write_str(w, base_buf_view(&text));
}

void app_sql_write_value(struct json_writer *w, const struct sql_value *value)
{
    switch (value->type) {
    case SQL_NULL:
        json_write_null(w);
        break;
    case SQL_INT:
        json_write_int(w, value->i);
        break;
    case SQL_REAL:
        json_write_double(w, value->d);
        break;
    case SQL_TEXT:
        json_write_str(w, value->s);
        break;
    case SQL_BLOB:
        write_blob(w, value->s);
        break;
    }
}

static bool write_row(void *context, const struct sql_value *values, size_t count,
                      struct fail *fail)
{
    struct json_writer *w = context;
    json_begin_array(w);
    for (size_t i = 0; i < count; i++) {
        app_sql_write_value(w, &values[i]);
    }
    json_end_array(w);
    if (w->out->len > ANSWER_BYTES_MAX) {
        return fail_set(fail, FAIL_LIMIT, "the answer has more than %zu MB as JSON",
                        ANSWER_BYTES_MAX >> 20);
    }
    return base_buf_ok(w->out, fail);
}

bool app_op_sql(struct app *app, const struct app_caller *caller, struct json_value input,
                struct arena *arena, struct base_buf *out, struct fail *fail)
{
    struct sql_question question;
    if (!app_sql_question(app, input, arena, &question, fail)) {
        return false;
    }
    struct base_cancel cancel = app_cancel_of(app, caller);
    question.cancel = &cancel;
    if (!app_gate_enter(app, &cancel, fail)) {
        return false;
    }
    int64_t began_us = base_steady_us(app->clock);
    struct json_writer w = {.out = out};
    const struct sql_sink sink = {.context = &w, .columns = write_columns, .row = write_row};
    struct sql_outcome outcome;
    struct store_snapshot *snapshot = store_snapshot_take(app->store);
    bool good = sql_run(snapshot, &question, &sink, &outcome, fail);
    store_snapshot_unref(snapshot);
    app_gate_leave(app);
    if (!good) {
        base_buf_reset(out);
        return false;
    }
    json_end_array(&w);
    json_name_c(&w, "row_count");
    json_write_uint(&w, outcome.rows);
    json_name_c(&w, "truncated");
    json_write_bool(&w, outcome.truncated);
    json_name_c(&w, "rows_scanned");
    json_write_uint(&w, outcome.rows_scanned);
    json_name_c(&w, "elapsed_ms");
    json_write_int(&w, (base_steady_us(app->clock) - began_us) / 1000);
    json_end_object(&w);
    return base_buf_ok(out, fail);
}

/* ---- what may be asked for --------------------------------------------------------------------------------- */

static void write_column(struct json_writer *w, struct str name, const char *type,
                         const char *meaning)
{
    json_begin_object(w);
    json_name_c(w, "name");
    json_write_str(w, name);
    app_write_text(w, "type", str_from_c(type));
    app_write_text(w, "meaning", str_from_c(meaning));
    json_end_object(w);
}

static bool write_table(const struct store_snapshot *snapshot,
                        const struct sql_described_table *table, struct arena *arena,
                        struct json_writer *w, struct fail *fail)
{
    struct store_name *names;
    size_t count;
    enum store_name_kind kind =
        strcmp(table->named, "traits") == 0 ? STORE_NAME_TRAIT : STORE_NAME_PROPERTY;
    if (!store_names(snapshot, kind, (struct str){NULL, 0}, arena, &names, &count, fail)) {
        return false;
    }
    json_begin_object(w);
    json_name_c(w, "name");
    json_write_c(w, table->name);
    json_name_c(w, "meaning");
    json_write_c(w, table->meaning);
    json_name_c(w, "columns");
    json_begin_array(w);
    for (size_t c = 0; c < table->column_count; c++) {
        const struct sql_described_column *column = &table->columns[c];
        write_column(w, str_from_c(column->name), column->type, column->meaning);
    }
    json_end_array(w);
    json_name_c(w, "named");
    json_begin_array(w);
    for (size_t i = 0; i < count && i < SQL_NAMES_MAX; i++) {
        json_write_str(w, str_format(arena, "%s.%.*s", table->named, STR_ARG(names[i].name)));
    }
    json_end_array(w);
    json_end_object(w);
    return true;
}

bool app_op_sql_schema(struct app *app, const struct app_caller *caller, struct json_value input,
                       struct arena *arena, struct base_buf *out, struct fail *fail)
{
    (void)caller;
    static const char *const members[] = {NULL};
    if (!app_input_members(input, members, fail)) {
        return false;
    }
    struct store_snapshot *snapshot = store_snapshot_take(app->store);
    struct json_writer w = {.out = out};
    size_t count;
    const struct sql_described_table *tables = sql_tables(&count);
    bool good = true;
    json_begin_object(&w);
    json_name_c(&w, "tables");
    json_begin_array(&w);
    for (size_t t = 0; good && t < count; t++) {
        good = write_table(snapshot, &tables[t], arena, &w, fail);
    }
    store_snapshot_unref(snapshot);
    if (!good) {
        base_buf_reset(out);
        return false;
    }
    json_end_array(&w);
    json_end_object(&w);
    return base_buf_ok(out, fail);
}
