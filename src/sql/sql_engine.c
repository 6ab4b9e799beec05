#include "sql_engine.h"

#include <sqlite3.h>
#include <stdio.h>
#include <time.h>

#include "sql_table.h"

#define VALUE_BYTES_MAX (4 << 20) /* of one text or blob on the way */
#define GROUP_BY_ORDER 0x4        /* SQLite's number of "GROUP BY covers ORDER BY" */
#define PLACE_NAMES_MAX 4096      /* looked at for a name that was meant */

#define NOTHING_CHANGES "nothing can be changed here"
#define ONE_SELECT ": a statement is one SELECT (or WITH, VALUES, EXPLAIN)"

struct sql_engine {
    struct sql_door *door;
    sqlite3 *db;
    sqlite3_stmt *statement;
    struct sql_tables tables;
    uint8_t *own;
    char denied[FAIL_MESSAGE_BYTES]; /* what the authorizer said no to, first */
};

/* ---- what may be done ------------------------------------------------------------------------------ */

static int deny(struct sql_engine *engine, const char *before, const char *name, const char *after)
{
    if (engine->denied[0] == '\0') {
        snprintf(engine->denied, sizeof engine->denied, "%s%s%s", before, name, after);
    }
    return SQLITE_DENY;
}

static int authorize(void *context, int action, const char *first, const char *second,
                     const char *database, const char *inside)
{
    (void)database;
    (void)inside;
    struct sql_engine *engine = context;
    if (engine->tables.declaring) {
        return SQLITE_OK;
    }
    switch (action) {
    case SQLITE_SELECT:
    case SQLITE_RECURSIVE:
        return SQLITE_OK;
    case SQLITE_READ:
        if (sql_table_find(first) != SQL_TABLES) {
            sql_tables_note(&engine->tables, first, second);
            return SQLITE_OK;
        }
        /* Without a column nothing is read: so the rows of a WITH's table are counted. */
        if (second[0] == '\0' || sqlite3_stricmp(first, "json_each") == 0 ||
            sqlite3_stricmp(first, "json_tree") == 0) {
            return SQLITE_OK;
        }
        return deny(engine, "\"", first,
                    "\" may not be read: there are events, customers and verbatims");
    case SQLITE_FUNCTION:
        if (sqlite3_stricmp(second, "load_extension") == 0) {
            return deny(engine, "the function ", second, " is not allowed");
        }
        return SQLITE_OK;
    default:
        return deny(engine, "", NOTHING_CHANGES, ONE_SELECT);
    }
}

/* ---- opening ---------------------------------------------------------------------------------------- */

static void set_limits(sqlite3 *db, const struct sql_limits *limits)
{
    static const int set[][2] = {
        {SQLITE_LIMIT_LENGTH, VALUE_BYTES_MAX},
        {SQLITE_LIMIT_SQL_LENGTH, (int)SQL_STATEMENT_BYTES_MAX},
        {SQLITE_LIMIT_COLUMN, SQL_FIXED_MAX + SQL_NAMES_MAX},
        {SQLITE_LIMIT_EXPR_DEPTH, 200},
        {SQLITE_LIMIT_COMPOUND_SELECT, 50},
        {SQLITE_LIMIT_VDBE_OP, 250000},
        {SQLITE_LIMIT_FUNCTION_ARG, 100},
        {SQLITE_LIMIT_ATTACHED, 0},
        {SQLITE_LIMIT_LIKE_PATTERN_LENGTH, 1000},
        {SQLITE_LIMIT_VARIABLE_NUMBER, SQL_PARAMS_MAX},
        {SQLITE_LIMIT_TRIGGER_DEPTH, 0},
        {SQLITE_LIMIT_WORKER_THREADS, 0},
    };
    for (size_t i = 0; i < ARRAY_LEN(set); i++) {
        sqlite3_limit(db, set[i][0], set[i][1]);
    }
    sqlite3_db_config(db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    sqlite3_db_config(db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
    sqlite3_db_config(db, SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0, NULL);
    /* "x" is a column, never a text: a misspelt one must not be silently itself. */
    sqlite3_db_config(db, SQLITE_DBCONFIG_DQS_DML, 0, NULL);
    sqlite3_db_config(db, SQLITE_DBCONFIG_DQS_DDL, 0, NULL);
    /* Our tables give rows grouped by customer that are not sorted by it. SQLite 3.40 takes them for sorted where ORDER
       BY names what GROUP BY does; without this one optimisation it sorts the groups itself. */
    sqlite3_test_control(SQLITE_TESTCTRL_OPTIMIZATIONS, db, GROUP_BY_ORDER);
    sqlite3_hard_heap_limit64((sqlite3_int64)limits->memory_bytes);
}

static bool read_events(struct sql_engine *engine, struct fail *fail)
{
    const struct sql_open *open = &engine->door->open;
    engine->own = arena_array(engine->door->arena, open->event_name_count, 1, fail);
    if (engine->own == NULL) {
        return false;
    }
    for (size_t code = 0; code < open->event_name_count; code++) {
        engine->own[code] = store_event_is_bookkeeping(open->event_names[code]) ? 0 : 1;
    }
    return true;
}

bool sql_engine_open(struct sql_door *door, struct sql_engine **out, struct fail *fail)
{
    struct sql_engine *engine = base_alloc_zero(sizeof *engine);
    unsigned char seed[8];
    engine->door = door;
    sqlite3_config(SQLITE_CONFIG_SINGLETHREAD);
    if (!read_events(engine, fail)) {
        return false;
    }
    engine->tables.door = door;
    engine->tables.own = engine->own;
    int code = sqlite3_open_v2(":memory:", &engine->db, SQLITE_OPEN_READWRITE, NULL);
    if (code == SQLITE_OK) {
        /* What is sorted lies in memory, where its limit holds; there is no file to put it in. */
        code = sqlite3_exec(engine->db,
                            "PRAGMA temp_store = MEMORY;"
                            /* made at first use, which the authorizer would see as writing */
                            "SELECT 1 FROM json_each('[]'), json_tree('[]')",
                            NULL, NULL, NULL);
    }
    if (code != SQLITE_OK || !sql_tables_register(&engine->tables, engine->db)) {
        return fail_set(fail, FAIL_INTERNAL, "SQLite: %s", sqlite3_errmsg(engine->db));
    }
    set_limits(engine->db, &door->open.limits);
    sqlite3_set_authorizer(engine->db, authorize, engine);
    sqlite3_randomness(sizeof seed, seed);
    tzset();
    *out = engine;
    return true;
}

/* ---- errors ------------------------------------------------------------------------------------------- */

/* The line and column of a byte, from 1; columns count characters. */
static void place_of(struct str text, size_t offset, size_t *line, size_t *column)
{
    *line = 1;
    *column = 1;
    for (size_t i = 0; i < offset && i < text.len; i++) {
        if (text.data[i] == '\n') {
            (*line)++;
            *column = 1;
        } else if (((unsigned char)text.data[i] & 0xC0U) != 0x80U) {
            (*column)++;
        }
    }
}

static size_t add_names(struct str *list, size_t count, const struct str *names, size_t more)
{
    for (size_t i = 0; i < more && count < PLACE_NAMES_MAX; i++) {
        list[count++] = names[i];
    }
    return count;
}

/* What "no such column: x" may have meant: a column, the name of a property or a trait, or a table. */
static struct str nearest(const struct sql_engine *engine, struct str wrong, bool table)
{
    static struct str list[PLACE_NAMES_MAX];
    const struct sql_open *open = &engine->door->open;
    size_t count = 0;
    for (size_t t = 0; t < SQL_TABLES; t++) {
        const struct sql_described_table *described = sql_schema[t].described;
        if (table) {
            list[count++] = str_from_c(described->name);
        }
        for (size_t c = 0; !table && c < described->column_count; c++) {
            list[count++] = str_from_c(described->columns[c].name);
        }
    }
    size_t fixed = count;
    if (!table) {
        count = add_names(list, count, open->properties, open->property_count);
        count = add_names(list, count, open->traits, open->trait_count);
    }
    size_t dot = str_find_byte(wrong, '.');
    struct str last = dot < wrong.len ? str_after(wrong, dot + 1) : wrong;
    for (size_t i = fixed; i < count; i++) {
        if (str_equal(list[i], last) || str_equal(list[i], wrong)) {
            bool trait = i >= fixed + open->property_count;
            return str_format(engine->door->arena, "\"%s.%.*s\"", trait ? "traits" : "properties",
                              STR_ARG(list[i]));
        }
    }
    size_t at = str_nearest_of(last, list, fixed);
    return at == SIZE_MAX ? (struct str){NULL, 0} : list[at];
}

static struct str hint(const struct sql_engine *engine, struct str message)
{
    struct str column = STR("no such column: "), table = STR("no such table: ");
    bool is_table = str_starts(message, table);
    if (!is_table && !str_starts(message, column)) {
        return STR("");
    }
    struct str meant =
        nearest(engine, str_after(message, is_table ? table.len : column.len), is_table);
    return meant.data == NULL
               ? STR("")
               : str_format(engine->door->arena, "; did you mean %.*s?", STR_ARG(meant));
}

static bool fail_of(struct sql_engine *engine, int code, size_t behind, struct fail *fail)
{
    const struct sql_limits *limits = &engine->door->open.limits;
    struct str message = str_from_c(sqlite3_errmsg(engine->db));
    int offset = sqlite3_error_offset(engine->db);
    switch (code & 0xff) {
    case SQLITE_NOMEM:
    case SQLITE_FULL:
        return fail_set(fail, FAIL_LIMIT,
                        "the statement needs more than the %zu MB of memory it may have; narrow it "
                        "by event, customer or ts, or group by customer or event",
                        limits->memory_bytes >> 20);
    case SQLITE_TOOBIG:
        return fail_set(fail, FAIL_LIMIT, "a text of the statement has more than %d bytes",
                        VALUE_BYTES_MAX);
    case SQLITE_INTERNAL:
        return fail_set(fail, FAIL_INTERNAL, "SQLite: %.*s", STR_ARG(message));
    default:
        break;
    }
    if (engine->denied[0] != '\0') {
        message = str_from_c(engine->denied);
    }
    if (offset < 0) {
        return fail_set(fail, FAIL_INPUT, "%.*s%.*s", STR_ARG(message),
                        STR_ARG(hint(engine, message)));
    }
    size_t line, column;
    place_of(engine->door->open.statement, behind + (size_t)offset, &line, &column);
    return fail_set(fail, FAIL_INPUT, "line %zu, column %zu: %.*s%.*s", line, column,
                    STR_ARG(message), STR_ARG(hint(engine, message)));
}

/* ---- running --------------------------------------------------------------------------------------------- */

static bool prepare(struct sql_engine *engine, struct fail *fail)
{
    struct str text = engine->door->open.statement;
    const char *at = str_copy_c(engine->door->arena, text), *begin = at;
    while (*at != '\0') {
        sqlite3_stmt *statement = NULL;
        const char *tail = at;
        int code = sqlite3_prepare_v3(engine->db, at, -1, 0, &statement, &tail);
        if (code != SQLITE_OK) {
            return fail_of(engine, code, (size_t)(at - begin), fail);
        }
        if (statement != NULL && engine->statement != NULL) {
            sqlite3_finalize(statement);
            size_t line, column;
            place_of(text, (size_t)(at - begin), &line, &column);
            return fail_set(fail, FAIL_INPUT,
                            "line %zu, column %zu: a second statement; one at a time", line,
                            column);
        }
        engine->statement = statement != NULL ? statement : engine->statement;
        at = tail;
    }
    if (engine->statement == NULL) {
        return fail_set(fail, FAIL_INPUT, "there is no statement");
    }
    /* What answers without a column is a command. */
    if (sqlite3_stmt_readonly(engine->statement) == 0 ||
        sqlite3_column_count(engine->statement) == 0) {
        return fail_set(fail, FAIL_INPUT, "%s%s", NOTHING_CHANGES, ONE_SELECT);
    }
    return true;
}

static bool bind(struct sql_engine *engine, struct fail *fail)
{
    const struct sql_open *open = &engine->door->open;
    int wanted = sqlite3_bind_parameter_count(engine->statement);
    if ((size_t)wanted != open->param_count) {
        return fail_set(fail, FAIL_INPUT, "the statement has %d parameters, %zu were given", wanted,
                        open->param_count);
    }
    for (int i = 1; i <= wanted; i++) {
        const struct sql_value *value = &open->params[i - 1];
        if (value->type == SQL_INT) {
            sqlite3_bind_int64(engine->statement, i, value->i);
        } else if (value->type == SQL_REAL) {
            sqlite3_bind_double(engine->statement, i, value->d);
        } else if (value->type != SQL_NULL) {
            sqlite3_bind_text64(engine->statement, i, value->s.data, value->s.len, SQLITE_STATIC,
                                SQLITE_UTF8);
        }
    }
    return true;
}

static bool send_columns(struct sql_engine *engine, int count, struct fail *fail)
{
    if (count > SQL_COLUMNS_MAX) {
        return fail_set(fail, FAIL_LIMIT, "the answer has %d columns, at most %d", count,
                        SQL_COLUMNS_MAX);
    }
    struct base_buf frame CLEANUP(base_buf_done) = {0};
    size_t begun = sql_frame_begin(&frame, SQL_FRAME_COLUMNS);
    sql_count_put(&frame, (uint64_t)count);
    for (int i = 0; i < count; i++) {
        sql_text_put(&frame, str_from_c(sqlite3_column_name(engine->statement, i)));
    }
    sql_frame_end(&frame, begun);
    sql_door_send(&frame);
    return true;
}

static size_t read_row(sqlite3_stmt *statement, int count, struct sql_value *values)
{
    size_t bytes = 0;
    for (int i = 0; i < count; i++) {
        struct sql_value *value = &values[i];
        switch (sqlite3_column_type(statement, i)) {
        case SQLITE_INTEGER:
            *value = (struct sql_value){.type = SQL_INT, .i = sqlite3_column_int64(statement, i)};
            break;
        case SQLITE_FLOAT:
            *value = (struct sql_value){.type = SQL_REAL, .d = sqlite3_column_double(statement, i)};
            break;
        case SQLITE_TEXT:
            value->type = SQL_TEXT;
            value->s.data = (const char *)sqlite3_column_text(statement, i);
            value->s.len = (size_t)sqlite3_column_bytes(statement, i);
            break;
        case SQLITE_BLOB:
            value->type = SQL_BLOB;
            value->s.data = sqlite3_column_blob(statement, i);
            value->s.len = (size_t)sqlite3_column_bytes(statement, i);
            break;
        default:
            *value = (struct sql_value){.type = SQL_NULL};
            break;
        }
        bytes += value->type == SQL_TEXT || value->type == SQL_BLOB ? 2 + value->s.len : 9;
    }
    return bytes;
}

bool sql_engine_run(struct sql_engine *engine, bool *out_truncated, struct fail *fail)
{
    if (!prepare(engine, fail) || !bind(engine, fail)) {
        return false;
    }
    const struct sql_limits *limits = &engine->door->open.limits;
    int count = sqlite3_column_count(engine->statement), code;
    if (!send_columns(engine, count, fail)) {
        return false;
    }
    struct sql_value values[SQL_COLUMNS_MAX];
    uint64_t rows = 0;
    size_t bytes = 0;
    *out_truncated = false;
    while ((code = sqlite3_step(engine->statement)) == SQLITE_ROW) {
        size_t row = read_row(engine->statement, count, values);
        if (row > SQL_ROW_BYTES_MAX) {
            return fail_set(fail, FAIL_LIMIT, "a row of the answer has more than %zu MB",
                            SQL_ROW_BYTES_MAX >> 20);
        }
        bytes += row;
        if (rows == limits->rows || bytes > limits->result_bytes) {
            *out_truncated = true;
            break;
        }
        sql_door_row(engine->door, values, (size_t)count);
        rows++;
    }
    if (code != SQLITE_ROW && code != SQLITE_DONE) {
        return fail_of(engine, code, 0, fail);
    }
    sql_door_flush(engine->door);
    return true;
}
