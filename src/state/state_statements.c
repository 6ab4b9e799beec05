/* Statements of a link: found among those kept, bound, stepped, read. */
#include "state_pages.h"
#include "state_sqlite.h"

static bool statement_find(struct state_link *link, const char *sql, struct state_rows **out,
                           struct fail *fail)
{
    for (int i = 0; i < link->statement_count; i++) {
        struct state_rows *rows = &link->statements[i];
        if (!rows->in_use && (rows->sql == sql || strcmp(rows->sql, sql) == 0)) {
            rows->in_use = true;
            *out = rows;
            return true;
        }
    }
    sqlite3_stmt *statement = NULL;
    if (sqlite3_prepare_v3(link->db, sql, -1, SQLITE_PREPARE_PERSISTENT, &statement, NULL) !=
        SQLITE_OK) {
        state_fail_of(fail, link->db, sqlite3_extended_errcode(link->db));
        return false;
    }
    struct state_rows *rows;
    if (link->statement_count < STATE_STATEMENTS_MAX) {
        rows = &link->statements[link->statement_count++];
        rows->cached = true;
    } else {
        rows = base_alloc_zero(sizeof *rows);
    }
    rows->link = link;
    rows->statement = statement;
    rows->sql = sql;
    rows->in_use = true;
    *out = rows;
    return true;
}

static int bind_one(sqlite3_stmt *statement, int at, const struct state_value *value)
{
    const char *data = value->s.data == NULL ? "" : value->s.data;
    switch (value->kind) {
    case STATE_NULL:
        return sqlite3_bind_null(statement, at);
    case STATE_INT:
        return sqlite3_bind_int64(statement, at, value->i);
    case STATE_DOUBLE:
        return sqlite3_bind_double(statement, at, value->d);
    case STATE_TEXT:
        return sqlite3_bind_text64(statement, at, data, value->s.len, SQLITE_STATIC, SQLITE_UTF8);
    case STATE_BLOB:
        return sqlite3_bind_blob64(statement, at, data, value->s.len, SQLITE_STATIC);
    }
    return SQLITE_MISUSE;
}

bool state_select(struct state_link *link, const char *sql, const struct state_value *values,
                  size_t count, struct state_rows **out, struct fail *fail)
{
    struct state_rows *rows = NULL;
    if (!statement_find(link, sql, &rows, fail)) {
        return false;
    }
    INVARIANT((size_t)sqlite3_bind_parameter_count(rows->statement) == count);
    for (size_t i = 0; i < count; i++) {
        int code = bind_one(rows->statement, (int)i + 1, &values[i]);
        if (code != SQLITE_OK) {
            state_rows_done(&rows);
            state_fail_of(fail, link->db, code);
            return false;
        }
    }
    *out = rows;
    return true;
}

bool state_next(struct state_rows *rows, bool *out_row, struct fail *fail)
{
    state_pages_forget();
    int code = sqlite3_step(rows->statement);
    if (code != SQLITE_ROW && code != SQLITE_DONE) {
        return state_fail_of(fail, rows->link->db, sqlite3_extended_errcode(rows->link->db));
    }
    code = code == SQLITE_ROW && state_pages_met().failed != 0 ? state_pages_swallowed() : code;
    if (code != SQLITE_ROW && code != SQLITE_DONE) { /* it goes on, as if that were in the file */
        return state_fail_of(fail, NULL, code);
    }
    *out_row = code == SQLITE_ROW;
    return true;
}

void state_rows_done(struct state_rows **rows)
{
    struct state_rows *done = *rows;
    if (done == NULL) {
        return;
    }
    sqlite3_reset(done->statement);
    sqlite3_clear_bindings(done->statement);
    done->in_use = false;
    if (!done->cached) {
        sqlite3_finalize(done->statement);
        base_free(done);
    }
    *rows = NULL;
}

bool state_run(struct state_link *link, const char *sql, const struct state_value *values,
               size_t count, struct fail *fail)
{
    struct state_rows *rows CLEANUP(state_rows_done) = NULL;
    if (!state_select(link, sql, values, count, &rows, fail)) {
        return false;
    }
    bool row = true;
    while (row) {
        if (!state_next(rows, &row, fail)) {
            return false;
        }
    }
    return true;
}

bool state_count(struct state_link *link, const char *sql, int64_t *out, struct fail *fail)
{
    struct state_rows *rows CLEANUP(state_rows_done) = NULL;
    bool row = false;
    if (!state_select(link, sql, NULL, 0, &rows, fail) || !state_next(rows, &row, fail)) {
        return false;
    }
    INVARIANT(row);
    *out = state_get_int(rows, 0);
    return true;
}

int64_t state_changed(struct state_link *link)
{
    return sqlite3_changes64(link->db);
}

int64_t state_last_id(struct state_link *link)
{
    return sqlite3_last_insert_rowid(link->db);
}

bool state_is_null(const struct state_rows *rows, int column)
{
    return sqlite3_column_type(rows->statement, column) == SQLITE_NULL;
}

int64_t state_get_int(const struct state_rows *rows, int column)
{
    return sqlite3_column_int64(rows->statement, column);
}

double state_get_double(const struct state_rows *rows, int column)
{
    return sqlite3_column_double(rows->statement, column);
}

struct str state_get_text(const struct state_rows *rows, int column, struct arena *arena)
{
    if (state_is_null(rows, column)) {
        return (struct str){0};
    }
    const unsigned char *text = sqlite3_column_text(rows->statement, column);
    size_t len = (size_t)sqlite3_column_bytes(rows->statement, column);
    return text == NULL || len == 0 ? STR("") : str_copy(arena, str_of((const char *)text, len));
}

struct str state_get_blob(const struct state_rows *rows, int column, struct arena *arena)
{
    if (state_is_null(rows, column)) {
        return (struct str){0};
    }
    const void *bytes = sqlite3_column_blob(rows->statement, column);
    size_t len = (size_t)sqlite3_column_bytes(rows->statement, column);
    return bytes == NULL || len == 0 ? STR("") : str_copy(arena, str_of(bytes, len));
}
