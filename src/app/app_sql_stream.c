#include <stdio.h>

#include "app_internal.h"
#include "app_sql.h"
#include "app_sql_question.h"
#include "base_plain.h"

struct app_sql {
    struct app *app;
    struct app_caller caller;
    struct arena *arena;
    struct store_snapshot *snapshot;
    struct base_cancel cancel;
    struct sql_answer *answer;
    enum app_sql_form form;
    struct str *names; /* of the columns; each once, so that no member of an object hides another */
    size_t count;
    struct base_buf made; /* and not yet given */
    bool counted;         /* among those that run */
    bool end;
};

/* ---- columns ------------------------------------------------------------------------------------------ */

static bool is_taken(const struct app_sql *sql, struct str name)
{
    for (size_t i = 0; i < sql->count; i++) {
        if (str_equal(sql->names[i], name)) {
            return true;
        }
    }
    return false;
}

static struct str free_name(const struct app_sql *sql, struct str wanted)
{
    struct str name = wanted;
    for (int n = 2; is_taken(sql, name); n++) {
        name = str_format(sql->arena, "%.*s %d", STR_ARG(wanted), n);
    }
    return str_copy(sql->arena, name);
}

static void end_cell(struct app_sql *sql, size_t column, size_t count)
{
    base_buf_c(&sql->made, column + 1 == count ? "\r\n" : ",");
}

static bool take_columns(void *context, const struct str *names, size_t count, struct fail *fail)
{
    struct app_sql *sql = context;
    sql->names = arena_array(sql->arena, count, sizeof *sql->names, fail);
    if (sql->names == NULL) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        sql->names[i] = free_name(sql, names[i]);
        sql->count++;
        if (sql->form == APP_SQL_CSV) {
            base_csv_cell(&sql->made, sql->names[i], false);
            end_cell(sql, i, count);
        }
    }
    return base_buf_ok(&sql->made, fail);
}

/* ---- rows ------------------------------------------------------------------------------------------------ */

static void write_csv(struct app_sql *sql, const struct sql_value *value)
{
    if (value->type == SQL_TEXT) {
        base_csv_cell(&sql->made, value->s, false);
    } else if (value->type == SQL_BLOB) {
        struct base_buf text CLEANUP(base_buf_done) = {0};
        app_sql_hex(&text, value->s);
        base_csv_cell(&sql->made, base_buf_view(&text), false);
    } else if (value->type == SQL_INT) {
        base_buf_printf(&sql->made, "%lld", (long long)value->i);
    } else if (value->type == SQL_REAL) {
        struct json_writer w = {.out = &sql->made};
        json_write_double(&w, value->d);
    }
}

static bool take_row(void *context, const struct sql_value *values, size_t count, struct fail *fail)
{
    struct app_sql *sql = context;
    if (sql->form == APP_SQL_CSV) {
        for (size_t i = 0; i < count; i++) {
            write_csv(sql, &values[i]);
            end_cell(sql, i, count);
        }
        return base_buf_ok(&sql->made, fail);
    }
    struct json_writer w = {.out = &sql->made};
    json_begin_object(&w);
    for (size_t i = 0; i < count; i++) {
        json_name(&w, sql->names[i]);
        app_sql_write_value(&w, &values[i]);
    }
    json_end_object(&w);
    base_buf_byte(&sql->made, '\n');
    return base_buf_ok(&sql->made, fail);
}

/* ---- the stream ------------------------------------------------------------------------------------------- */

static bool count_in(struct app_sql *sql, struct fail *fail)
{
    struct app *app = sql->app;
    base_lock(&app->gate_lock);
    sql->counted = app->sql_streams_running < APP_SQL_STREAMS_MAX;
    app->sql_streams_running += sql->counted ? 1 : 0;
    base_unlock(&app->gate_lock);
    return sql->counted || fail_set(fail, FAIL_BUSY,
                                    "%d answers of SQL are on their way already; try again when "
                                    "one has ended",
                                    APP_SQL_STREAMS_MAX);
}

static bool start(struct app_sql *sql, struct str input, struct fail *fail)
{
    struct json_parser *parser CLEANUP(json_parser_free_at) = json_parser_new();
    struct json_value root, limit;
    struct sql_question question;
    if (!json_parse(parser, input.len == 0 ? STR("{}") : input, &root, fail)) {
        return false;
    }
    if (json_type_of(root) != JSON_OBJECT) {
        return fail_input_at(fail, "", "expected an object, got %s",
                             json_type_name(json_type_of(root)));
    }
    if (!app_sql_question(sql->app, root, sql->arena, &question, fail)) {
        return false;
    }
    if (!json_member(root, STR("limit"), &limit) || json_type_of(limit) == JSON_NULL) {
        question.limits.rows = UINT64_MAX;
    }
    question.limits.result_bytes = SIZE_MAX;
    question.cancel = &sql->cancel;
    const struct sql_sink sink = {.context = sql, .columns = take_columns, .row = take_row};
    return sql_answer_open(sql->snapshot, &question, &sink, &sql->answer, fail);
}

bool app_sql_open(struct app *app, const struct app_caller *caller, struct str input,
                  enum app_sql_form form, struct app_sql **out, struct fail *fail)
{
    if (!access_may(&caller->identity, ACCESS_RIGHT_ASK)) {
        return fail_set(fail, FAIL_DENIED, "this needs the right \"%s\"",
                        access_right_name(ACCESS_RIGHT_ASK));
    }
    struct app_sql *sql = base_alloc_zero(sizeof *sql);
    sql->app = app;
    sql->caller = *caller;
    sql->arena = arena_new(NULL);
    sql->form = form;
    sql->cancel = app_cancel_of(app, &sql->caller);
    sql->snapshot = store_snapshot_take(app->store);
    if (!count_in(sql, fail) || !start(sql, input, fail)) {
        app_sql_close(sql);
        return false;
    }
    *out = sql;
    return true;
}

bool app_sql_next(struct app_sql *sql, struct base_buf *out, bool *out_end, struct fail *fail)
{
    if (sql->made.len == 0 && !sql->end) {
        /* The time that a reader took is not the statement's. */
        sql->cancel.deadline_us =
            base_steady_us(sql->app->clock) + sql->app->config.query_time_ms * 1000;
        if (!sql_answer_step(sql->answer, &sql->end, fail)) {
            return false;
        }
    }
    base_buf_str(out, base_buf_view(&sql->made));
    base_buf_reset(&sql->made);
    *out_end = sql->end;
    return base_buf_ok(out, fail);
}

void app_sql_close(struct app_sql *sql)
{
    if (sql == NULL) {
        return;
    }
    sql_answer_close(sql->answer);
    store_snapshot_unref(sql->snapshot);
    if (sql->counted) {
        base_lock(&sql->app->gate_lock);
        sql->app->sql_streams_running--;
        base_unlock(&sql->app->gate_lock);
    }
    base_buf_done(&sql->made);
    arena_free(sql->arena);
    base_free(sql);
}
