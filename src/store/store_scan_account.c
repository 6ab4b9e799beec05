/* store_scan_account.c — scans by account: members read at once, their rows put together. */
#include "store_scan_account.h"

#include <stdlib.h>

#define MEMBERS_LEAST 64U /* of a unit, where accounts have so many in all */
#define MEMBERS_MOST 16384U

/* What is given for one column asked for. */
struct account_column {
    enum store_column_of of;
    uint32_t inner; /* of the inner scan's columns; of STORE_COLUMN_TRAIT: the trait as sent */
    const uint32_t *above; /* of STORE_COLUMN_TRAIT: the names above it, as sent */
    uint32_t above_count;
};

struct store_account_scan {
    const struct store_accounts *accounts;
    struct store_scan *inner; /* reads no unit of its own: cursors are given lists */
    struct account_column *columns;
    size_t column_count;
    size_t inner_count;   /* columns of the inner scan as asked; the last is the arrival */
    const uint32_t *only; /* accounts asked for; NULL: all */
    uint32_t
        *bounds; /* unit u is accounts [bounds[u], bounds[u + 1]), of `only` where that is given */
    size_t unit_count;
    bool every_customer, want_facts;
    _Atomic size_t next_unit; /* any cursor; a plain counter, nothing hangs on its order */
};

/* ---- planning ------------------------------------------------------------------------------------------- */

struct inner_columns {
    struct store_column_ref *refs;
    uint32_t count;
};

static uint32_t add_inner(struct inner_columns *inner, enum store_column_of of, struct str name)
{
    inner->refs[inner->count] = (struct store_column_ref){of, name};
    return inner->count++;
}

static size_t count_dots(struct str name)
{
    size_t dots = 0;
    for (size_t i = 0; i < name.len; i++) {
        dots += name.data[i] == '.';
    }
    return dots;
}

/* The latest value of a trait follows from what the members' events sent. */
static bool plan_columns(struct store_account_scan *scan, const struct store_scan_options *options,
                         struct arena *arena, struct inner_columns *inner, struct fail *fail)
{
    size_t most = options->column_count + 1;
    for (size_t c = 0; c < options->column_count; c++) {
        most += count_dots(options->columns[c].name);
    }
    scan->columns = arena_array(arena, options->column_count, sizeof *scan->columns, fail);
    inner->refs = arena_array(arena, most, sizeof *inner->refs, fail);
    uint32_t *above = arena_array(arena, most, sizeof *above, fail);
    if (scan->columns == NULL || inner->refs == NULL || above == NULL) {
        return false;
    }
    for (size_t c = 0; c < options->column_count; c++) {
        const struct store_column_ref *ref = &options->columns[c];
        struct account_column *column = &scan->columns[c];
        bool latest = ref->of == STORE_COLUMN_TRAIT;
        column->of = ref->of;
        column->inner = add_inner(inner, latest ? STORE_COLUMN_TRAIT_SENT : ref->of, ref->name);
        column->above = above;
        for (size_t i = 0; latest && i < ref->name.len; i++) {
            if (ref->name.data[i] == '.') {
                above[column->above_count++] =
                    add_inner(inner, STORE_COLUMN_TRAIT_SENT, str_of(ref->name.data, i));
            }
        }
        above += column->above_count;
    }
    (void)add_inner(inner, STORE_COLUMN_ARRIVAL, STR(""));
    scan->column_count = options->column_count;
    scan->inner_count = inner->count;
    return true;
}

static const struct store_account *account_at(const struct store_account_scan *scan, uint32_t place,
                                              uint32_t *out_number)
{
    *out_number = scan->only != NULL ? scan->only[place] : place;
    return &scan->accounts->at[*out_number];
}

/* Cuts wherever there are members enough for a batch's rows, as far as the average tells. */
static bool make_units(struct store_account_scan *scan, const struct store_snapshot *snapshot,
                       const struct store_scan_options *options, struct arena *arena,
                       struct fail *fail)
{
    uint32_t count = scan->only != NULL ? (uint32_t)options->customer_count : scan->accounts->count;
    uint64_t rows = options->batch_rows != 0 ? options->batch_rows : STORE_SCAN_BATCH_ROWS;
    uint64_t members = snapshot->rows == 0 ? 1 : rows * snapshot->customers / snapshot->rows;
    members = members < MEMBERS_LEAST ? MEMBERS_LEAST : members;
    members = members > MEMBERS_MOST ? MEMBERS_MOST : members;
    scan->bounds = arena_array(arena, (size_t)count + 1, sizeof *scan->bounds, fail);
    if (scan->bounds == NULL) {
        return false;
    }
    uint64_t filled = 0;
    for (uint32_t place = 0; place < count; place++) {
        uint32_t number;
        filled += account_at(scan, place, &number)->member_count;
        if (filled >= members || place + 1 == count) {
            scan->bounds[++scan->unit_count] = place + 1;
            filled = 0;
        }
    }
    return true;
}

bool store_account_scan_new(struct store_snapshot *snapshot,
                            const struct store_scan_options *options, struct arena *arena,
                            struct store_account_scan **out, struct fail *fail)
{
    static const uint32_t nobody = 0;
    struct store_account_scan *scan = arena_small(arena, sizeof *scan);
    struct inner_columns inner = {0};
    *out = scan;
    if (!store_accounts_of(snapshot, &scan->accounts, fail) ||
        !plan_columns(scan, options, arena, &inner, fail)) {
        return false;
    }
    if (options->customers != NULL) {
        uint32_t *only = arena_array(arena, options->customer_count, sizeof *only, fail);
        if (only == NULL) {
            return false;
        }
        if (options->customer_count > 0) {
            memcpy(only, options->customers, options->customer_count * sizeof *only);
        }
        scan->only = only;
    }
    scan->every_customer = options->every_customer;
    scan->want_facts = options->want_facts;
    const struct store_scan_options of_members = {
        .columns = inner.refs,
        .column_count = inner.count,
        .events = options->events,
        .event_count = options->event_count,
        .from_ms = options->from_ms,
        .to_ms = options->to_ms,
        /* Who has no wanted row counts for the facts of the account, and for its being there. */
        .every_customer = options->every_customer || options->want_facts,
        .want_facts = options->want_facts,
        .customers = &nobody,
        .customer_count = 0,
        .batch_rows = UINT32_MAX,
        .cancel = options->cancel,
    };
    return make_units(scan, snapshot, options, arena, fail) &&
           store_scan_new(snapshot, &of_members, &scan->inner, fail);
}

void store_account_scan_done(struct store_account_scan *scan)
{
    if (scan != NULL) {
        store_scan_free(scan->inner);
    }
}

size_t store_account_scan_units(const struct store_account_scan *scan)
{
    return scan->unit_count;
}

/* ---- cursors -------------------------------------------------------------------------------------------- */

/* A row of an account being put together. */
struct account_row {
    int64_t ts_ms, arrival;
    uint32_t row; /* of the inner batch */
};

struct store_account_cursor {
    struct store_account_scan *scan;
    struct store_cursor *inner;
    struct base_budget *budget;
    const struct store_rows *members; /* the inner batch */
    struct store_vec list;            /* uint32_t: the unit's members */
    struct store_vec
        entries; /* uint32_t, by inner column and row: the first entry at or after it */
    struct store_vec account_rows; /* struct account_row */
    struct store_piece out;
    struct store_column *columns;
    struct store_rows rows;
};

bool store_account_cursor_new(struct store_account_scan *scan, struct base_budget *budget,
                              struct store_account_cursor **out, struct fail *fail)
{
    struct store_account_cursor *cursor = base_alloc_zero(sizeof *cursor);
    cursor->scan = scan;
    cursor->budget = budget;
    cursor->columns = base_alloc_zero((scan->column_count + 1) * sizeof *cursor->columns);
    if (!store_piece_init(&cursor->out, scan->column_count, fail) ||
        !store_cursor_new(scan->inner, budget, &cursor->inner, fail)) {
        store_account_cursor_free(cursor);
        return false;
    }
    *out = cursor;
    return true;
}

void store_account_cursor_free(struct store_account_cursor *cursor)
{
    store_cursor_free(cursor->inner);
    store_vec_done(&cursor->list, cursor->budget);
    store_vec_done(&cursor->entries, cursor->budget);
    store_vec_done(&cursor->account_rows, cursor->budget);
    store_piece_done(&cursor->out, cursor->scan->column_count, cursor->budget);
    base_free(cursor->columns);
    base_free(cursor);
}

uint64_t store_account_cursor_scanned(const struct store_account_cursor *cursor)
{
    return store_cursor_rows_scanned(cursor->inner);
}

static int compare_numbers(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a;
    uint32_t y = *(const uint32_t *)b;
    return x < y ? -1 : x > y;
}

/* The members of accounts [from, to), ascending, each once. */
static bool list_members(struct store_account_cursor *cursor, uint32_t from, uint32_t to,
                         size_t *out_count, struct fail *fail)
{
    size_t count = 0;
    for (uint32_t place = from; place < to; place++) {
        uint32_t number;
        const struct store_account *account = account_at(cursor->scan, place, &number);
        if (!store_vec_room(&cursor->list, count + account->member_count, sizeof(uint32_t),
                            cursor->budget, fail)) {
            return false;
        }
        memcpy((uint32_t *)cursor->list.data + count, account->members,
               account->member_count * sizeof(uint32_t));
        count += account->member_count;
    }
    uint32_t *list = cursor->list.data;
    qsort(list, count, sizeof *list, compare_numbers);
    size_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        if (kept == 0 || list[kept - 1] != list[i]) {
            list[kept++] = list[i];
        }
    }
    *out_count = kept;
    return true;
}

static uint32_t *entries_of(const struct store_account_cursor *cursor, size_t inner)
{
    return (uint32_t *)cursor->entries.data + inner * ((size_t)cursor->members->row_count + 1);
}

/* For each row and column where its entries begin; they end where the next row's begin. */
static bool index_entries(struct store_account_cursor *cursor, struct fail *fail)
{
    const struct store_rows *members = cursor->members;
    size_t columns = cursor->scan->inner_count;
    if (!store_vec_room(&cursor->entries, columns * ((size_t)members->row_count + 1),
                        sizeof(uint32_t), cursor->budget, fail)) {
        return false;
    }
    for (size_t c = 0; c < columns; c++) {
        uint32_t *entries = entries_of(cursor, c);
        const struct store_column *column = &members->columns[c];
        uint32_t entry = 0;
        for (uint32_t row = 0; row < members->row_count; row++) {
            while (entry < column->count && column->at[entry] < row) {
                entry++;
            }
            entries[row] = entry;
        }
        entries[members->row_count] = column->count;
    }
    return true;
}

static int compare_rows(const void *a, const void *b)
{
    const struct account_row *x = a;
    const struct account_row *y = b;
    if (x->ts_ms != y->ts_ms) {
        return x->ts_ms < y->ts_ms ? -1 : 1;
    }
    return x->arrival < y->arrival ? -1 : x->arrival > y->arrival;
}

/* ---- putting together ------------------------------------------------------------------------------------ */

/* An account being put together: those of its members that the inner batch holds. */
struct account {
    uint32_t number, members, row_count;
    int64_t first_ms, last_ms;
    uint64_t events;
};

static void add_facts(const struct store_rows *members, uint32_t c, struct account *account)
{
    if (members->event_counts[c] == 0) {
        return;
    }
    bool first = account->events == 0 || members->first_seen_ms[c] < account->first_ms;
    bool last = account->events == 0 || members->last_seen_ms[c] > account->last_ms;
    account->first_ms = first ? members->first_seen_ms[c] : account->first_ms;
    account->last_ms = last ? members->last_seen_ms[c] : account->last_ms;
    account->events += members->event_counts[c];
}

/* Finds the members in the batch and puts their rows in order. */
static bool gather(struct store_account_cursor *cursor, const struct store_account *of,
                   struct account *account, struct fail *fail)
{
    const struct store_rows *members = cursor->members;
    const struct store_column *arrivals = &members->columns[cursor->scan->inner_count - 1];
    for (uint32_t m = 0; m < of->member_count; m++) {
        const uint32_t *found = bsearch(&of->members[m], members->customers,
                                        members->customer_count, sizeof *found, compare_numbers);
        if (found == NULL) {
            continue; /* has no row that anybody wants */
        }
        uint32_t c = (uint32_t)(found - members->customers);
        uint32_t count = account->row_count;
        if (!store_vec_room(&cursor->account_rows,
                            (size_t)count + members->row_begin[c + 1] - members->row_begin[c],
                            sizeof(struct account_row), cursor->budget, fail)) {
            return false;
        }
        struct account_row *rows = cursor->account_rows.data;
        for (uint32_t row = members->row_begin[c]; row < members->row_begin[c + 1]; row++) {
            rows[count++] = (struct account_row){members->ts_ms[row], arrivals->values[row].i, row};
        }
        account->row_count = count;
        account->members++;
        if (cursor->scan->want_facts) {
            add_facts(members, c, account);
        }
    }
    if (account->members > 1 && account->row_count > 1) {
        qsort(cursor->account_rows.data, account->row_count, sizeof(struct account_row),
              compare_rows);
    }
    return true;
}

/* Does the row pass the filter, or bear a trait that is wanted as sent? */
static bool is_wanted(const struct store_account_cursor *cursor, const struct account_row *row)
{
    const struct store_account_scan *scan = cursor->scan;
    bool wanted =
        store_read_wants(&scan->inner->plan, cursor->members->events[row->row], row->ts_ms);
    for (size_t c = 0; c < scan->column_count && !wanted; c++) {
        const uint32_t *entries = entries_of(cursor, scan->columns[c].inner);
        wanted = scan->columns[c].of == STORE_COLUMN_TRAIT_SENT &&
                 entries[row->row + 1] > entries[row->row];
    }
    return wanted;
}

static bool add_row(struct store_account_cursor *cursor, const struct account_row *row,
                    struct fail *fail)
{
    const struct store_account_scan *scan = cursor->scan;
    struct store_piece *out = &cursor->out;
    uint32_t at = out->row_count;
    if (!store_vec_room(&out->ts, (size_t)at + 1, sizeof(int64_t), cursor->budget, fail) ||
        !store_vec_room(&out->events, (size_t)at + 1, sizeof(uint32_t), cursor->budget, fail)) {
        return false;
    }
    ((int64_t *)out->ts.data)[at] = row->ts_ms;
    ((uint32_t *)out->events.data)[at] = cursor->members->events[row->row];
    for (size_t c = 0; c < scan->column_count; c++) {
        if (scan->columns[c].of == STORE_COLUMN_TRAIT) {
            continue;
        }
        const uint32_t *entries = entries_of(cursor, scan->columns[c].inner);
        const struct store_value *values = cursor->members->columns[scan->columns[c].inner].values;
        for (uint32_t e = entries[row->row]; e < entries[row->row + 1]; e++) {
            if (!store_piece_add(&out->columns[c], at, values[e], cursor->budget, fail)) {
                return false;
            }
        }
    }
    if (++out->row_count == UINT32_MAX) {
        return fail_set(fail, FAIL_LIMIT, "more than %u rows in one batch", UINT32_MAX - 1);
    }
    return true;
}

static bool has_null(const struct store_account_cursor *cursor, uint32_t inner, uint32_t row)
{
    const uint32_t *entries = entries_of(cursor, inner);
    const struct store_value *values = cursor->members->columns[inner].values;
    bool found = false;
    for (uint32_t e = entries[row]; e < entries[row + 1]; e++) {
        found |= values[e].kind == STORE_NULL;
    }
    return found;
}

/* The last row that sets or removes the trait decides; inside one event a value wins over a removal. */
static bool add_latest(struct store_account_cursor *cursor, size_t c, uint32_t customer,
                       uint32_t row_count, struct fail *fail)
{
    const struct account_column *column = &cursor->scan->columns[c];
    const struct account_row *rows = cursor->account_rows.data;
    const uint32_t *entries = entries_of(cursor, column->inner);
    const struct store_value *values = cursor->members->columns[column->inner].values;
    bool decided = false;
    for (uint32_t i = row_count; i-- > 0 && !decided;) {
        uint32_t row = rows[i].row;
        decided = entries[row + 1] > entries[row];
        for (uint32_t a = 0; a < column->above_count && !decided; a++) {
            decided = has_null(cursor, column->above[a], row);
        }
        for (uint32_t e = entries[row]; decided && e < entries[row + 1]; e++) {
            if (values[e].kind != STORE_NULL && !store_piece_add(&cursor->out.columns[c], customer,
                                                                 values[e], cursor->budget, fail)) {
                return false;
            }
        }
    }
    return true;
}

static bool add_account(struct store_account_cursor *cursor, const struct account *account,
                        struct fail *fail)
{
    const struct store_account_scan *scan = cursor->scan;
    const struct account_row *rows = cursor->account_rows.data;
    struct store_piece *out = &cursor->out;
    uint32_t customer = out->customer_count;
    uint32_t begin = out->row_count;
    for (uint32_t i = 0; i < account->row_count; i++) {
        if (is_wanted(cursor, &rows[i]) && !add_row(cursor, &rows[i], fail)) {
            return false;
        }
    }
    if (account->members == 0 || (out->row_count == begin && !scan->every_customer)) {
        return true;
    }
    for (size_t c = 0; c < scan->column_count; c++) {
        if (scan->columns[c].of == STORE_COLUMN_TRAIT &&
            !add_latest(cursor, c, customer, account->row_count, fail)) {
            return false;
        }
    }
    ((uint32_t *)out->customers.data)[customer] = account->number;
    ((uint32_t *)out->row_begin.data)[customer] = begin;
    if (scan->want_facts) {
        bool any = account->events > 0;
        ((int64_t *)out->first_seen.data)[customer] = any ? account->first_ms : STORE_NO_TIME;
        ((int64_t *)out->last_seen.data)[customer] = any ? account->last_ms : STORE_NO_TIME;
        ((uint64_t *)out->event_counts.data)[customer] = account->events;
    }
    out->customer_count++;
    return true;
}

/* Empties what is given and makes room for so many accounts. */
static bool start(struct store_account_cursor *cursor, size_t accounts, struct fail *fail)
{
    const struct store_read_plan shape = {.column_count = cursor->scan->column_count,
                                          .want_facts = cursor->scan->want_facts};
    return store_piece_start(&cursor->out, &shape, accounts, cursor->budget, fail);
}

static void show(struct store_account_cursor *cursor)
{
    const struct store_piece *out = &cursor->out;
    ((uint32_t *)out->row_begin.data)[out->customer_count] = out->row_count;
    for (size_t c = 0; c < cursor->scan->column_count; c++) {
        cursor->columns[c] = (struct store_column){.count = out->columns[c].count,
                                                   .at = out->columns[c].at.data,
                                                   .last = out->columns[c].at.data,
                                                   .values = out->columns[c].values.data};
    }
    cursor->rows = (struct store_rows){
        .customer_count = out->customer_count,
        .customers = out->customers.data,
        .row_begin = out->row_begin.data,
        .row_count = out->row_count,
        .ts_ms = out->ts.data,
        .events = out->events.data,
        .columns = cursor->columns,
    };
    if (cursor->scan->want_facts) {
        cursor->rows.first_seen_ms = out->first_seen.data;
        cursor->rows.last_seen_ms = out->last_seen.data;
        cursor->rows.event_counts = out->event_counts.data;
    }
}

static bool read_unit(struct store_account_cursor *cursor, size_t unit, struct fail *fail)
{
    const struct store_account_scan *scan = cursor->scan;
    uint32_t from = scan->bounds[unit];
    uint32_t to = scan->bounds[unit + 1];
    size_t count;
    if (!start(cursor, to - from, fail) || !list_members(cursor, from, to, &count, fail)) {
        return false;
    }
    store_cursor_list(cursor->inner, cursor->list.data, count);
    if (!store_cursor_next(cursor->inner, &cursor->members, fail)) {
        return false;
    }
    if (cursor->members->customer_count == 0) {
        return true;
    }
    if (!index_entries(cursor, fail)) {
        return false;
    }
    for (uint32_t place = from; place < to; place++) {
        struct account account = {0};
        const struct store_account *of = account_at(scan, place, &account.number);
        if (!gather(cursor, of, &account, fail) || !add_account(cursor, &account, fail)) {
            return false;
        }
    }
    return true;
}

bool store_account_cursor_next(struct store_account_cursor *cursor, const struct store_rows **out,
                               struct fail *fail)
{
    struct store_account_scan *scan = cursor->scan;
    for (;;) {
        size_t unit = atomic_fetch_add_explicit(&scan->next_unit, 1, memory_order_relaxed);
        if (unit >= scan->unit_count) {
            cursor->rows = (struct store_rows){0};
            *out = &cursor->rows;
            return true;
        }
        if (!read_unit(cursor, unit, fail)) {
            return false;
        }
        if (cursor->out.customer_count > 0) {
            show(cursor);
            *out = &cursor->rows;
            return true;
        }
    }
}
