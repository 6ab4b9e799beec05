#include "sql_table.h"

#include <sqlite3.h>

#include "base_time.h"

#define BY_EVENT_MAX 512 /* with more names, so many passes cost more than sorting */

/* What the planner reckons with: rows left by a condition, as one in so many. */
#define ONE_IN_EVENT 10.0
#define ONE_IN_CHANNEL 4.0
#define ONE_IN_BOUND 3.0
#define ONE_IN_WORDS 20.0
#define COST_OF_SCAN 60.0 /* in rows: a question to the program and its answer */

struct table {
    sqlite3_vtab base;
    struct sql_tables *all;
    enum sql_table which;
};

struct cursor {
    sqlite3_vtab_cursor base;
    struct sql_feed *feed;
    struct arena *arena; /* of the request's lists */
    bool at_row;
    sqlite3_int64 row;
};

struct registered {
    struct sql_tables *all;
    enum sql_table which;
};

static size_t fixed_count(enum sql_table table)
{
    return sql_schema[table].described->column_count;
}

/* ---- tables ------------------------------------------------------------------------------------------ */

static int connect(sqlite3 *db, void *context, int count, const char *const *arguments,
                   sqlite3_vtab **out, char **error)
{
    (void)count;
    (void)arguments;
    const struct registered *registered = context;
    const struct sql_described_table *described = sql_schema[registered->which].described;
    struct base_buf sql CLEANUP(base_buf_done) = {0};
    base_buf_c(&sql, "CREATE TABLE x(");
    for (size_t c = 0; c < described->column_count; c++) {
        base_buf_printf(&sql, "%s%s %s", c == 0 ? "" : ", ", described->columns[c].name,
                        described->columns[c].type);
    }
    size_t name_count;
    const struct str *names = sql_names_of(registered->all, registered->which, &name_count);
    sql_names_declare(&sql, described->named, names, name_count);
    base_buf_bytes(&sql, ")", 2);
    struct fail fail;
    if (!base_buf_ok(&sql, &fail)) {
        return SQLITE_NOMEM;
    }
    registered->all->declaring = true;
    int code = sqlite3_declare_vtab(db, sql.data);
    registered->all->declaring = false;
    if (code != SQLITE_OK) {
        *error = sqlite3_mprintf("%s: %s", described->name, sqlite3_errmsg(db));
        return code;
    }
    struct table *table = base_alloc_zero(sizeof *table);
    table->all = registered->all;
    table->which = registered->which;
    *out = &table->base;
    return SQLITE_OK;
}

static int disconnect(sqlite3_vtab *table)
{
    base_free(table);
    return SQLITE_OK;
}

/* ---- planning -------------------------------------------------------------------------------------------- */

/* What a scan takes, two letters a condition, in the order of its operands:
     C E H (customer, event, channel) with e (=) or i (IN); T M (ts, ts_ms) with e g G l L (= >= > <= <).
   In front stand the columns that are used, in hex, and b where rows come event by event. */

static char operator_of(unsigned char op)
{
    switch (op) {
    case SQLITE_INDEX_CONSTRAINT_EQ:
        return 'e';
    case SQLITE_INDEX_CONSTRAINT_GE:
        return 'g';
    case SQLITE_INDEX_CONSTRAINT_GT:
        return 'G';
    case SQLITE_INDEX_CONSTRAINT_LE:
        return 'l';
    case SQLITE_INDEX_CONSTRAINT_LT:
        return 'L';
    default:
        return '\0';
    }
}

static char target_of(enum sql_table table, int column)
{
    if (column < 0 || (size_t)column >= fixed_count(table)) {
        return '\0';
    }
    const struct sql_column *meant = &sql_schema[table].columns[column];
    if (meant->field == SQL_FIELD_CUSTOMER) {
        return 'C';
    }
    if (meant->field == SQL_FIELD_EVENT && meant->form == SQL_FORM_PLAIN) {
        return 'E';
    }
    if (meant->field == SQL_FIELD_CHANNEL) {
        return 'H';
    }
    if (meant->field == SQL_FIELD_TS) {
        return meant->form == SQL_FORM_INSTANT ? 'T' : 'M';
    }
    return '\0';
}

struct planned {
    struct base_buf letters;
    int operands;
    bool customer, event, channel;
    double rows;
};

static bool *chosen(struct planned *planned, char target)
{
    return target == 'C' ? &planned->customer : target == 'E' ? &planned->event : &planned->channel;
}

static void plan_condition(const struct table *table, sqlite3_index_info *info, int i,
                           struct planned *planned)
{
    const struct sqlite3_index_constraint *condition = &info->aConstraint[i];
    char target = target_of(table->which, condition->iColumn), op = operator_of(condition->op);
    bool time = target == 'T' || target == 'M';
    if (condition->usable == 0 || target == '\0' || op == '\0' || (!time && op != 'e') ||
        (!time && *chosen(planned, target)) ||
        (target != 'M' && strcmp(sqlite3_vtab_collation(info, i), "BINARY") != 0)) {
        return;
    }
    bool many = !time && sqlite3_vtab_in(info, i, -1) != 0 && sqlite3_vtab_in(info, i, 1) != 0;
    if (time && sqlite3_vtab_in(info, i, -1) != 0) {
        return;
    }
    base_buf_byte(&planned->letters, target);
    base_buf_byte(&planned->letters, many ? 'i' : op);
    info->aConstraintUsage[i].argvIndex = ++planned->operands;
    double one_in = target == 'E' ? ONE_IN_EVENT : target == 'H' ? ONE_IN_CHANNEL : ONE_IN_BOUND;
    if (target == 'C') {
        const struct sql_open *open = &table->all->door->open;
        one_in = open->customers > 0 ? (double)open->customers : 1.0;
    }
    planned->rows = planned->rows / one_in * (many ? 3.0 : 1.0);
    if (!time) {
        *chosen(planned, target) = true;
    }
}

/* Rows of a customer stand together, and an event's may be made to. Enough for GROUP BY and DISTINCT; by event, names
   come in order too. */
static bool plan_order(const struct table *table, const sqlite3_index_info *info, bool *out_sorted)
{
    bool grouping = sqlite3_vtab_distinct((sqlite3_index_info *)(uintptr_t)info) == 1 ||
                    sqlite3_vtab_distinct((sqlite3_index_info *)(uintptr_t)info) == 2;
    bool event = false, customer = false;
    *out_sorted = false;
    if (info->nOrderBy < 1 || info->nOrderBy > 2 || (info->nOrderBy == 2 && !grouping)) {
        return false;
    }
    for (int i = 0; i < info->nOrderBy; i++) {
        char target = target_of(table->which, info->aOrderBy[i].iColumn);
        event = event || (target == 'E' && (grouping || info->aOrderBy[i].desc == 0));
        customer = customer || (target == 'C' && grouping);
    }
    bool few = table->all->door->open.event_name_count <= BY_EVENT_MAX;
    if ((event ? 1 : 0) + (customer ? 1 : 0) != info->nOrderBy || (event && !few)) {
        return false;
    }
    *out_sorted = event;
    return true;
}

static double rows_of(const struct table *table)
{
    const struct sql_open *open = &table->all->door->open;
    double rows = table->which == SQL_CUSTOMERS ? (double)open->customers : (double)open->events;
    return table->which == SQL_VERBATIMS ? rows / ONE_IN_WORDS : rows;
}

static int best_index(sqlite3_vtab *base, sqlite3_index_info *info)
{
    const struct table *table = (const struct table *)base;
    struct planned planned = {.rows = rows_of(table)};
    bool by_event;
    bool ordered = plan_order(table, info, &by_event);
    base_buf_printf(&planned.letters, "%llx%s:", (unsigned long long)info->colUsed,
                    by_event ? "," : "");
    for (int i = 0; i < info->nConstraint; i++) {
        plan_condition(table, info, i, &planned);
    }
    bool one = table->which == SQL_CUSTOMERS && planned.customer;
    planned.rows = planned.rows < 1.0 ? 1.0 : planned.rows;
    info->idxStr = sqlite3_mprintf("%.*s", (int)planned.letters.len, planned.letters.data);
    info->needToFreeIdxStr = 1;
    info->orderByConsumed = ordered ? 1 : 0;
    info->estimatedRows = (sqlite3_int64)planned.rows;
    info->estimatedCost = COST_OF_SCAN + planned.rows;
    info->idxFlags = one && planned.operands == 1 && strstr(info->idxStr, "Ce") != NULL
                         ? SQLITE_INDEX_SCAN_UNIQUE
                         : 0;
    base_buf_done(&planned.letters);
    return info->idxStr == NULL ? SQLITE_NOMEM : SQLITE_OK;
}

/* ---- instants ------------------------------------------------------------------------------------------------ */

static int64_t after(int64_t ms)
{
    return ms == INT64_MAX ? ms : ms + 1;
}

static void narrow(struct sql_scan_request *request, char op, int64_t at, int64_t behind)
{
    int64_t from = op == 'e' || op == 'g' ? at : op == 'G' ? behind : INT64_MIN;
    int64_t to = op == 'e' || op == 'l' ? behind : op == 'L' ? at : INT64_MAX;
    request->from_ms = from > request->from_ms ? from : request->from_ms;
    request->to_ms = to < request->to_ms ? to : request->to_ms;
}

/* An operand of another type than the column's may be converted before it is compared: it is left to SQLite. */
static void take_bound(struct sql_scan_request *request, char target, char op, sqlite3_value *value)
{
    int type = sqlite3_value_type(value);
    if (target == 'M' && type == SQLITE_INTEGER) {
        int64_t ms = sqlite3_value_int64(value);
        narrow(request, op, ms, after(ms));
    } else if (target == 'T' && type == SQLITE_TEXT) {
        struct str text =
            str_of((const char *)sqlite3_value_text(value), (size_t)sqlite3_value_bytes(value));
        narrow(request, op, sql_instant_bound(text, false), sql_instant_bound(text, true));
    }
}

/* ---- walking ---------------------------------------------------------------------------------------------------- */

static int open_cursor(sqlite3_vtab *table, sqlite3_vtab_cursor **out)
{
    (void)table;
    struct cursor *cursor = base_alloc_zero(sizeof *cursor);
    cursor->arena = arena_new(NULL);
    *out = &cursor->base;
    return SQLITE_OK;
}

static int close_cursor(sqlite3_vtab_cursor *base)
{
    struct cursor *cursor = (struct cursor *)base;
    sql_feed_free(cursor->feed);
    arena_free(cursor->arena);
    base_free(cursor);
    return SQLITE_OK;
}

struct listing { /* the operands of one condition */
    struct arena *arena;
    struct sql_list *list;
    size_t capacity;
    bool other; /* one is of another type: all of it is left to SQLite */
};

static void list_value(struct listing *listing, sqlite3_value *value)
{
    int type = sqlite3_value_type(value);
    if (type != SQLITE_TEXT) {
        listing->other = listing->other || type != SQLITE_NULL; /* NULL equals nothing */
        return;
    }
    struct sql_list *list = listing->list;
    if (list->count == listing->capacity) {
        struct fail fail;
        size_t capacity = listing->capacity == 0 ? 4 : 2 * listing->capacity;
        struct str *texts = arena_array(listing->arena, capacity, sizeof *texts, &fail);
        if (texts == NULL) {
            listing->other = true;
            return;
        }
        memcpy(texts, list->texts, list->count * sizeof *texts);
        list->texts = texts;
        listing->capacity = capacity;
    }
    struct str text =
        str_of((const char *)sqlite3_value_text(value), (size_t)sqlite3_value_bytes(value));
    list->texts[list->count++] = str_copy(listing->arena, text);
}

static void take_list(struct cursor *cursor, struct sql_list *list, bool many, sqlite3_value *value)
{
    *list = (struct sql_list){.texts = arena_small(cursor->arena, sizeof(struct str))};
    struct listing listing = {.arena = cursor->arena, .list = list};
    sqlite3_value *each = NULL;
    if (!many) {
        list_value(&listing, value);
    }
    for (int code = many ? sqlite3_vtab_in_first(value, &each) : SQLITE_DONE;
         code == SQLITE_OK && each != NULL; code = sqlite3_vtab_in_next(value, &each)) {
        list_value(&listing, each);
    }
    list->all = listing.other;
}

static void take_fields(const struct table *table, struct cursor *cursor, uint64_t used,
                        struct sql_scan_request *request)
{
    size_t fixed = fixed_count(table->which), count;
    for (size_t c = 0; c < fixed; c++) {
        if ((used >> c & 1U) != 0) {
            request->fields |= SQL_FIELD_BIT(sql_schema[table->which].columns[c].field);
        }
    }
    struct sql_named *named = &table->all->named[table->which];
    sql_names_of(table->all, table->which, &count);
    if (used >> fixed == 0) {
        return;
    }
    for (uint32_t n = 0; n < count; n++) {
        if (named->used[n]) {
            named->places[n] = (uint32_t)request->name_count++;
        }
    }
    struct fail fail;
    request->names = arena_array(cursor->arena, request->name_count, sizeof(uint32_t), &fail);
    if (request->names == NULL) {
        request->name_count = 0; /* reading such a column then fails, and says so */
        return;
    }
    for (uint32_t n = 0; n < count; n++) {
        if (named->used[n]) {
            request->names[named->places[n]] = n;
        }
    }
}

static int fail_code(struct cursor *cursor, const struct fail *fail)
{
    if (fail->code == FAIL_NO_MEMORY || fail->code == FAIL_LIMIT) {
        return SQLITE_NOMEM;
    }
    sqlite3_free(cursor->base.pVtab->zErrMsg);
    cursor->base.pVtab->zErrMsg = sqlite3_mprintf("%s", fail->message);
    return SQLITE_ERROR;
}

static int next(sqlite3_vtab_cursor *base)
{
    struct cursor *cursor = (struct cursor *)base;
    struct fail fail;
    cursor->row++;
    return sql_feed_next(cursor->feed, &cursor->at_row, &fail) ? SQLITE_OK
                                                               : fail_code(cursor, &fail);
}

static int filter(sqlite3_vtab_cursor *base, int number, const char *plan, int count,
                  sqlite3_value **operands)
{
    (void)number;
    struct cursor *cursor = (struct cursor *)base;
    const struct table *table = (const struct table *)base->pVtab;
    unsigned long long used = 0;
    int letters = 0;
    sql_feed_free(cursor->feed);
    arena_reset(cursor->arena);
    struct sql_scan_request request = {.table = table->which,
                                       .customers = {.all = true},
                                       .events = {.all = true},
                                       .channels = {.all = true},
                                       .from_ms = INT64_MIN,
                                       .to_ms = INT64_MAX};
    for (; plan[letters] != ':' && plan[letters] != ','; letters++) {
        char digit = plan[letters];
        used = used << 4 | (unsigned)(digit <= '9' ? digit - '0' : digit - 'a' + 10);
    }
    request.by_event = plan[letters] == ',';
    letters += request.by_event ? 2 : 1;
    for (int i = 0; i < count; i++) {
        char target = plan[letters + 2 * i], op = plan[letters + 2 * i + 1];
        if (target == 'T' || target == 'M') {
            take_bound(&request, target, op, operands[i]);
        } else {
            take_list(cursor,
                      target == 'C'   ? &request.customers
                      : target == 'E' ? &request.events
                                      : &request.channels,
                      op == 'i', operands[i]);
        }
    }
    take_fields(table, cursor, used, &request);
    cursor->feed = sql_feed_new(table->all->door, &request);
    cursor->row = 0;
    return next(base);
}

static int at_end(sqlite3_vtab_cursor *base)
{
    return ((const struct cursor *)base)->at_row ? 0 : 1;
}

static int row_number(sqlite3_vtab_cursor *base, sqlite3_int64 *out)
{
    *out = ((const struct cursor *)base)->row;
    return SQLITE_OK;
}

/* ---- values ------------------------------------------------------------------------------------------------------- */

static void give(sqlite3_context *context, struct sql_value value)
{
    switch (value.type) {
    case SQL_NULL:
        sqlite3_result_null(context);
        break;
    case SQL_INT:
        sqlite3_result_int64(context, value.i);
        break;
    case SQL_REAL:
        sqlite3_result_double(context, value.d);
        break;
    case SQL_TEXT:
    case SQL_BLOB:
        /* A copy: SQLite may still hold the value when the batch is gone. */
        sqlite3_result_text64(context, value.s.data, value.s.len, SQLITE_TRANSIENT, SQLITE_UTF8);
        break;
    }
}

static void give_event(const struct table *table, sqlite3_context *context, enum sql_form form,
                       int64_t code)
{
    struct str name = table->all->door->open.event_names[code];
    if (form == SQL_FORM_OWN) {
        sqlite3_result_int(context, table->all->own[code]);
    } else { /* lives as long as the process */
        sqlite3_result_text64(context, name.data, name.len, SQLITE_STATIC, SQLITE_UTF8);
    }
}

static int column(sqlite3_vtab_cursor *base, sqlite3_context *context, int index)
{
    const struct cursor *cursor = (const struct cursor *)base;
    const struct table *table = (const struct table *)base->pVtab;
    size_t fixed = fixed_count(table->which);
    struct sql_value value;
    if ((size_t)index >= fixed) {
        size_t name = (size_t)index - fixed;
        if (!table->all->named[table->which].used[name] ||
            !sql_feed_name(cursor->feed, table->all->named[table->which].places[name], &value)) {
            return SQLITE_INTERNAL;
        }
        give(context, value);
        return SQLITE_OK;
    }
    const struct sql_column *meant = &sql_schema[table->which].columns[index];
    if (!sql_feed_field(cursor->feed, meant->field, &value)) {
        return SQLITE_INTERNAL; /* better no answer than a wrong one */
    }
    if (meant->field == SQL_FIELD_EVENT) {
        give_event(table, context, meant->form, value.i);
    } else if (meant->form == SQL_FORM_INSTANT && value.type == SQL_INT) {
        char shown[TIME_RFC3339_BYTES];
        sqlite3_result_text(context, shown, (int)time_format_rfc3339(value.i, shown),
                            SQLITE_TRANSIENT);
    } else {
        give(context, value);
    }
    return SQLITE_OK;
}

bool sql_tables_register(struct sql_tables *tables, struct sqlite3 *db)
{
    static const sqlite3_module module = {
        .iVersion = 2,
        .xConnect = connect, /* no xCreate: the tables are there, and no others can be made */
        .xBestIndex = best_index,
        .xDisconnect = disconnect,
        .xOpen = open_cursor,
        .xClose = close_cursor,
        .xFilter = filter,
        .xNext = next,
        .xEof = at_end,
        .xColumn = column,
        .xRowid = row_number,
    };
    static struct registered registered[SQL_TABLES];
    for (int t = 0; t < SQL_TABLES; t++) {
        registered[t] = (struct registered){tables, (enum sql_table)t};
        if (sqlite3_create_module(db, sql_schema[t].described->name, &module, &registered[t]) !=
            SQLITE_OK) {
            return false;
        }
    }
    return true;
}
