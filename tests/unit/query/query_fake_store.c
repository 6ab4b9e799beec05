/* The store's face over rows in memory: names, customers, accounts, scans. */
/* clang-format off */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include "query_fake_store.h"

#include <stdlib.h>

#include "store_daily.h"

bool store_event_is_bookkeeping(struct str event)
{
    static const char *const seven[] = {
        "contacted",          "case opened", "case closed", "survey shown",
        "experiment exposed", "identify",    "alias",
    };
    for (size_t i = 0; i < ARRAY_LEN(seven); i++) {
        if (str_is(event, seven[i])) {
            return true;
        }
    }
    return false;
}

uint32_t store_event_code(const struct store_snapshot *s, struct str name)
{
    for (uint32_t i = 0; i < s->event_count; i++) {
        if (str_equal(s->events[i], name)) {
            return i;
        }
    }
    return STORE_NO_CODE;
}

struct str store_event_name(const struct store_snapshot *s, uint32_t code)
{
    return s->events[code];
}

uint32_t store_event_codes(const struct store_snapshot *s)
{
    return s->event_count;
}

/* By an id or an identifier, as the store does: who is found need not be called so. */
void store_customer_lookup(const struct store_snapshot *s, struct str text, uint32_t *out)
{
    *out = STORE_NO_CUSTOMER;
    for (uint32_t c = 0; c < s->customer_count; c++) {
        for (size_t i = 0; i < s->customers[c].identifier_count; i++) {
            if (str_equal(s->customers[c].identifiers[i].value, text)) {
                *out = c;
            }
        }
        if (str_equal(s->customers[c].id, text) && *out == STORE_NO_CUSTOMER) {
            *out = c;
        }
    }
}

struct str store_customer_id(const struct store_snapshot *s, uint32_t customer, struct arena *arena)
{
    return str_copy(arena, s->customers[customer].id);
}

uint32_t store_snapshot_customer_bound(const struct store_snapshot *s)
{
    return s->customer_count;
}

bool store_customer_known(const struct store_snapshot *s, uint32_t customer)
{
    return s->customers[customer].known;
}

bool store_customer_identifiers(const struct store_snapshot *s, uint32_t customer,
                                struct arena *arena, struct store_identifier **out,
                                size_t *out_count, struct fail *fail)
{
    (void)arena;
    (void)fail;
    *out = s->customers[customer].identifiers;
    *out_count = s->customers[customer].identifier_count;
    return true;
}

bool store_customer_traits(struct store_snapshot *s, uint32_t customer, struct arena *arena,
                           struct store_field **out, size_t *out_count, struct fail *fail)
{
    (void)arena;
    (void)fail;
    *out = s->customers[customer].traits;
    *out_count = s->customers[customer].trait_count;
    return true;
}

/* Counts `name` among the first `count` of `list`. */
static size_t count_name(struct store_name *list, size_t count, struct str name)
{
    for (size_t i = 0; i < count; i++) {
        if (str_equal(list[i].name, name)) {
            list[i].rows++;
            return count;
        }
    }
    assert_true(count < NAMES_MAX);
    list[count] = (struct store_name){.name = name, .rows = 1};
    return count + 1;
}

static int compare_names(const void *a, const void *b)
{
    const struct store_name *x = a, *y = b;
    return x->rows != y->rows ? (x->rows > y->rows ? -1 : 1) : str_compare(x->name, y->name);
}

/* Events, or channels. */
static size_t names_of_rows(const struct store_snapshot *s, bool channels, struct store_name *list)
{
    size_t count = 0;
    for (size_t i = 0; i < s->row_count; i++) {
        const struct fake_row *row = &s->rows[i];
        if (!channels) {
            count = count_name(list, count, s->events[row->event]);
        }
        for (size_t k = 0; channels && k < row->field_count; k++) {
            if (str_is(row->fields[k].name, "@channel")) {
                count = count_name(list, count, store_value_text(row->fields[k].value));
            }
        }
    }
    qsort(list, count, sizeof *list, compare_names);
    return count;
}

bool store_names(const struct store_snapshot *s, enum store_name_kind kind, struct str event,
                 struct arena *arena, struct store_name **out, size_t *out_count, struct fail *fail)
{
    assert_null(event.data);
    *out = arena_array(arena, 10000, sizeof **out, fail);
    *out_count = 0;
    if (*out == NULL) {
        return false;
    }
    if (kind == STORE_NAME_EVENT || kind == STORE_NAME_CHANNEL) {
        *out_count = names_of_rows(s, kind == STORE_NAME_CHANNEL, *out);
        return true;
    }
    for (size_t i = 0; kind == STORE_NAME_PROPERTY && i < s->row_count; i++) {
        for (size_t k = 0; k < s->rows[i].field_count && *out_count < 10000; k++) {
            (*out)[(*out_count)++].name = s->rows[i].fields[k].name;
        }
    }
    for (size_t i = 0; kind == STORE_NAME_TRAIT && i < s->row_count; i++) {
        for (size_t k = 0; k < s->rows[i].field_count && *out_count < 10000; k++) {
            const struct store_field *field = &s->rows[i].fields[k];
            if (str_starts_c(field->name, "^") && field->value.kind != STORE_NULL) {
                (*out)[(*out_count)++].name = str_after(field->name, 1);
            }
        }
    }
    for (uint32_t c = 0; kind == STORE_NAME_TRAIT && c < s->customer_count; c++) {
        for (size_t k = 0; k < s->customers[c].trait_count && *out_count < 10000; k++) {
            (*out)[(*out_count)++].name = s->customers[c].traits[k].name;
        }
    }
    return true;
}

struct store_scan {
    struct store_snapshot *snapshot;
    struct store_scan_options options;
    size_t most_rows;      /* of one customer */
    uint32_t number;       /* from 1 */
    _Atomic uint32_t next; /* customer, in the order of the layout */
};

static size_t most_rows_of_one(const struct store_snapshot *s)
{
    size_t most = 0;
    size_t *counts = base_alloc_zero((s->customer_count + 1) * sizeof *counts);
    for (size_t i = 0; i < s->row_count; i++) {
        size_t count = ++counts[s->rows[i].customer];
        most = count > most ? count : most;
    }
    base_free(counts);
    return most;
}

bool store_scan_new(struct store_snapshot *snapshot, const struct store_scan_options *options,
                    struct store_scan **out, struct fail *fail)
{
    (void)fail;
    *out = base_alloc_zero(sizeof **out);
    (*out)->snapshot = snapshot;
    (*out)->options = *options;
    (*out)->most_rows = most_rows_of_one(snapshot);
    (*out)->number = ++snapshot->scans;
    snapshot->narrow_scans += options->labels != NULL;
    return true;
}

size_t store_scan_units(const struct store_scan *scan)
{
    return scan->snapshot->customer_count; /* a cursor takes one at a time */
}

void store_scan_free(struct store_scan *scan)
{
    base_free(scan);
}

struct store_cursor {
    struct store_scan *scan;
    struct arena *arena;
    struct store_rows rows;
};

bool store_cursor_new(struct store_scan *scan, struct base_budget *budget,
                      struct store_cursor **out, struct fail *fail)
{
    (void)fail;
    (void)budget; /* what the fake wastes is not the question's */
    *out = base_alloc_zero(sizeof **out);
    (*out)->scan = scan;
    (*out)->arena = arena_new(NULL);
    return true;
}

void store_cursor_free(struct store_cursor *cursor)
{
    arena_free(cursor->arena);
    base_free(cursor);
}

static bool is_sent(const struct store_column_ref *column, struct str field)
{
    return column->of == STORE_COLUMN_TRAIT_SENT && str_starts_c(field, "^") &&
           str_equal(str_after(field, 1), column->name);
}

static bool bears_wanted_trait(const struct store_scan_options *o, const struct fake_row *row)
{
    bool bears = false;
    for (size_t i = 0; i < o->column_count; i++) {
        for (size_t k = 0; k < row->field_count; k++) {
            bears = bears || is_sent(&o->columns[i], row->fields[k].name);
        }
    }
    return bears;
}

static bool wants_row(const struct store_scan_options *o, const struct fake_row *row)
{
    if (bears_wanted_trait(o, row)) {
        return true;
    }
    if ((o->from_ms != 0 || o->to_ms != 0) && (row->ts_ms < o->from_ms || row->ts_ms >= o->to_ms)) {
        return false;
    }
    if (o->without != NULL && o->without[0] != 0) { /* all rows lie there */
        return false;
    }
    if (o->labels != NULL) {
        return row->event < o->label_count && o->labels[row->event] != 0;
    }
    if (o->events == NULL) {
        return true;
    }
    for (size_t i = 0; i < o->event_count; i++) {
        if (o->events[i] == row->event) {
            return true;
        }
    }
    return false;
}

static bool wants_customer(const struct store_scan_options *o, uint32_t customer)
{
    for (size_t i = 0; i < o->customer_count; i++) {
        if (o->customers[i] == customer) {
            return true;
        }
    }
    return o->customers == NULL;
}

static const char *own_name(enum store_column_of of)
{
    switch (of) {
    case STORE_COLUMN_CHANNEL:
        return "@channel";
    case STORE_COLUMN_SOURCE:
        return "@source";
    case STORE_COLUMN_TEXT:
    case STORE_COLUMN_HAS_TEXT:
        return "@text";
    case STORE_COLUMN_SCORE:
        return "@score";
    case STORE_COLUMN_SCALE:
        return "@scale";
    case STORE_COLUMN_PROPERTY:
    case STORE_COLUMN_TRAIT:
    case STORE_COLUMN_TRAIT_SENT:
    case STORE_COLUMN_MESSAGE_ID:
    case STORE_COLUMN_RECEIVED_AT:
    case STORE_COLUMN_ARRIVAL:
        break;
    }
    return "";
}

struct building {
    struct store_cursor *cursor;
    uint32_t *customers, *row_begin, *events;
    uint8_t *labels;
    int64_t *ts_ms, *first, *last;
    int32_t *slots;
    uint64_t *counts;
    struct store_column *columns;
    uint32_t **at, **ends;
    struct store_value **values;
    size_t most_values;          /* of one column */
    const struct fake_row **all; /* of one customer */
};

static void put_value(struct building *b, size_t column, uint32_t at, struct store_value value)
{
    struct store_column *c = &b->columns[column];
    assert_true(c->count < b->most_values);
    b->at[column][c->count] = at;
    b->ends[column][c->count] = at;
    b->values[column][c->count++] = value;
}

static void put_row(struct building *b, const struct fake_row *row)
{
    struct store_rows *rows = &b->cursor->rows;
    const struct store_scan_options *o = &b->cursor->scan->options;
    b->ts_ms[rows->row_count] = row->ts_ms;
    b->slots[rows->row_count] =
        (int32_t)(row->ts_ms / STORE_SLOT_MS - (row->ts_ms % STORE_SLOT_MS < 0));
    b->events[rows->row_count] = row->event;
    b->labels[rows->row_count] = o->labels != NULL ? o->labels[row->event] : 0;
    for (size_t i = 0; i < o->column_count; i++) {
        struct str name = o->columns[i].of == STORE_COLUMN_PROPERTY
                              ? o->columns[i].name
                              : str_from_c(own_name(o->columns[i].of));
        for (size_t k = 0; o->columns[i].of != STORE_COLUMN_TRAIT && k < row->field_count; k++) {
            if (str_equal(row->fields[k].name, name) ||
                is_sent(&o->columns[i], row->fields[k].name)) {
                put_value(b, i, rows->row_count,
                          o->columns[i].of == STORE_COLUMN_HAS_TEXT ? store_value_bool(true)
                                                                    : row->fields[k].value);
            }
        }
    }
    for (size_t i = 0; i < o->column_count; i++) {
        if (o->columns[i].of == STORE_COLUMN_ARRIVAL) {
            put_value(b, i, rows->row_count, store_value_uint(row->arrival + 1));
        }
    }
    rows->row_count++;
}

bool store_events_bearing(struct store_snapshot *s, enum store_column_of of, uint8_t *bears,
                          uint32_t count, struct fail *fail)
{
    (void)fail;
    for (size_t i = 0; i < s->row_count; i++) {
        for (size_t k = 0; k < s->rows[i].field_count; k++) {
            if (s->rows[i].event < count && str_is(s->rows[i].fields[k].name, own_name(of))) {
                bears[s->rows[i].event] = 1;
            }
        }
    }
    return true;
}

/* As a store whose rows are all in one segment that counts them by the hour, by nothing finer and by no values. */
struct store_counts {
    const struct store_snapshot *snapshot;
    const struct store_counting *asked;
    bool known;
};
static const uint8_t counted_segments[1] = {1};

static bool is_counted(const struct store_counting *asked, const struct fake_row *row)
{
    return row->event < asked->code_count && asked->wanted[row->event] != 0;
}

bool store_counts_find(const struct store_snapshot *s, const struct store_counting *asked,
                       struct arena *arena, struct store_counts **out, struct fail *fail)
{
    const int64_t hour_ms = 3600000;
    (void)fail;
    *out = arena_small(arena, sizeof **out);
    **out = (struct store_counts){s, asked, asked->property_count == 0};
    for (size_t i = 0; i < s->row_count; i++) {
        const struct fake_row *row = &s->rows[i];
        int64_t begin_ms = row->ts_ms - ((row->ts_ms % hour_ms) + hour_ms) % hour_ms;
        for (size_t k = 0; k <= asked->stretch_count && is_counted(asked, row); k++) {
            (*out)->known = (*out)->known &&
                            (asked->edges[k] <= begin_ms || asked->edges[k] >= begin_ms + hour_ms);
        }
    }
    return true;
}

const uint8_t *store_counts_segments(const struct store_counts *counts)
{
    return counts->known ? counted_segments : NULL;
}

/* As a store that has counted no days. */
bool store_daily_open(struct store_snapshot *s, int64_t from_ms, int64_t to_ms,
                      struct base_cancel *cancel, struct arena *arena, struct store_daily **out,
                      struct fail *fail)
{
    (void)s;
    (void)from_ms;
    (void)to_ms;
    (void)cancel;
    (void)arena;
    (void)fail;
    *out = NULL;
    return true;
}

bool store_daily_count(struct store_daily *daily, const struct store_daily_question *question,
                       uint64_t *out, bool *out_known, struct fail *fail)
{
    (void)daily;
    (void)question;
    (void)out;
    (void)out_known;
    (void)fail;
    INVARIANT(false);
}

const uint32_t *store_daily_rest(const struct store_daily *daily, size_t *out_count)
{
    (void)daily;
    (void)out_count;
    INVARIANT(false);
}

bool store_counts_fresh(const struct store_counts *counts)
{
    (void)counts; /* there are none */
    return false;
}

bool store_counts_walk(const struct store_counts *counts,
                       bool (*take)(void *context, const struct store_counted *counted,
                                    struct fail *fail),
                       void *context, struct fail *fail)
{
    const struct store_counting *asked = counts->asked;
    uint64_t *sums = calloc(asked->stretch_count, sizeof *sums);
    bool ok = sums != NULL;
    for (size_t i = 0; ok && i < counts->snapshot->row_count; i++) {
        const struct fake_row *row = &counts->snapshot->rows[i];
        const struct store_counted counted = {.event = row->event, .counts = sums};
        uint64_t any = 0;
        for (size_t k = 0; k < asked->stretch_count; k++) {
            sums[k] = row->ts_ms >= asked->edges[k] && row->ts_ms < asked->edges[k + 1];
            any += sums[k];
        }
        ok = any == 0 || !is_counted(asked, row) || take(context, &counted, fail);
    }
    free(sums);
    return ok;
}

/* ---- accounts: identifiers of that kind ---- */

static const struct store_accounts *make_accounts(const struct store_snapshot *s, struct fail *fail)
{
    struct store_accounts *table = arena_small(s->arena, sizeof *table);
    struct store_account *accounts = arena_array(s->arena, NAMES_MAX, sizeof *accounts, fail);
    for (uint32_t c = 0; c < s->customer_count; c++) {
        for (size_t i = 0; i < s->customers[c].identifier_count; i++) {
            struct store_identifier id = s->customers[c].identifiers[i];
            if (!str_is(id.kind, "account")) {
                continue;
            }
            uint32_t a = 0;
            while (a < table->count && str_compare(accounts[a].id, id.value) < 0) {
                a++;
            }
            if (a == table->count || !str_equal(accounts[a].id, id.value)) {
                memmove(&accounts[a + 1], &accounts[a], (table->count++ - a) * sizeof *accounts);
                uint32_t *members = arena_array(s->arena, CUSTOMERS_MAX, sizeof *members, fail);
                accounts[a] = (struct store_account){.id = id.value, .members = members};
            }
            ((uint32_t *)(uintptr_t)accounts[a].members)[accounts[a].member_count++] = c;
        }
    }
    table->at = accounts;
    return table;
}

bool store_accounts_of(struct store_snapshot *s, const struct store_accounts **out,
                       struct fail *fail)
{
    base_lock(&s->lock);
    if (s->accounts == NULL) {
        s->accounts = make_accounts(s, fail);
    }
    *out = s->accounts;
    base_unlock(&s->lock);
    return true;
}

/* The latest member's traits stand for those of the account. */
static const struct fake_customer *bearer_of(struct store_snapshot *s, bool by_account,
                                             uint32_t number)
{
    if (!by_account) {
        return &s->customers[number];
    }
    struct fail fail;
    const struct store_accounts *accounts;
    assert_true(store_accounts_of(s, &accounts, &fail));
    const struct store_account *account = &accounts->at[number];
    return &s->customers[account->members[account->member_count - 1]];
}

bool store_account_traits(struct store_snapshot *s, uint32_t account, struct arena *arena,
                          struct store_field **out, size_t *out_count, struct fail *fail)
{
    (void)fail;
    const struct fake_customer *bearer = bearer_of(s, true, account);
    *out_count = bearer->trait_count;
    *out = arena_small(arena, (bearer->trait_count + 1) * sizeof **out);
    memcpy(*out, bearer->traits, bearer->trait_count * sizeof **out);
    return true;
}

/* Rows of the customer, or of the account's members, in order of time. */
static size_t rows_of(struct building *b, uint32_t number, const struct fake_row **out)
{
    struct store_snapshot *s = b->cursor->scan->snapshot;
    const uint32_t *members = &number;
    uint32_t member_count = 1;
    if (b->cursor->scan->options.by_account) {
        struct fail fail;
        const struct store_accounts *accounts;
        assert_true(store_accounts_of(s, &accounts, &fail));
        members = accounts->at[number].members;
        member_count = accounts->at[number].member_count;
    }
    size_t count = 0;
    for (size_t i = 0; i < s->row_count; i++) {
        for (uint32_t m = 0; m < member_count; m++) {
            if (s->rows[i].customer == members[m]) {
                size_t at = count++;
                for (; at > 0 && (out[at - 1]->ts_ms > s->rows[i].ts_ms ||
                                  (out[at - 1]->ts_ms == s->rows[i].ts_ms &&
                                   out[at - 1]->arrival > s->rows[i].arrival));
                     at--) {
                    out[at] = out[at - 1];
                }
                out[at] = &s->rows[i];
            }
        }
    }
    return count;
}

static void *room(struct store_cursor *cursor, size_t count, size_t size)
{
    struct fail fail;
    void *block = arena_array(cursor->arena, count, size, &fail);
    assert_non_null(block);
    return block;
}

static void put_customer(struct building *b, uint32_t number)
{
    struct store_snapshot *s = b->cursor->scan->snapshot;
    const struct store_scan_options *o = &b->cursor->scan->options;
    struct store_rows *rows = &b->cursor->rows;
    uint32_t c = rows->customer_count, before = rows->row_count;
    int64_t first = STORE_NO_TIME, last = STORE_NO_TIME;
    uint64_t count = 0;
    const struct fake_row **all = b->all;
    size_t all_count = rows_of(b, number, all);
    for (size_t i = 0; i < all_count; i++) {
        if (!store_event_is_bookkeeping(s->events[all[i]->event])) {
            first = first == STORE_NO_TIME ? all[i]->ts_ms : first;
            last = all[i]->ts_ms;
            count++;
        }
        if (wants_row(o, all[i])) {
            put_row(b, all[i]);
        }
    }
    if (rows->row_count == before && !o->every_customer) {
        return;
    }
    b->customers[c] = number;
    b->row_begin[c + 1] = rows->row_count;
    b->first[c] = first;
    b->last[c] = last;
    b->counts[c] = count;
    const struct fake_customer *bearer = bearer_of(s, o->by_account, number);
    for (size_t i = 0; i < o->column_count; i++) {
        for (size_t k = 0; o->columns[i].of == STORE_COLUMN_TRAIT && k < bearer->trait_count; k++) {
            if (str_equal(bearer->traits[k].name, o->columns[i].name)) {
                put_value(b, i, c, bearer->traits[k].value);
            }
        }
    }
    rows->customer_count++;
}

/* Neighbouring rows with the same one string become one entry. */
static void make_runs(struct building *b, size_t column)
{
    struct store_column *c = &b->columns[column];
    uint32_t *at = b->at[column], *last = b->ends[column], kept = 0;
    struct store_value *values = b->values[column];
    for (uint32_t i = 0; i < c->count; i++) {
        bool several = (i > 0 && at[i - 1] == at[i]) || (i + 1 < c->count && at[i + 1] == at[i]);
        if (kept > 0 && !several && last[kept - 1] + 1 == at[i] && values[i].kind == STORE_STRING &&
            values[kept - 1].kind == STORE_STRING &&
            str_equal(store_value_text(values[i]), store_value_text(values[kept - 1])) &&
            (kept < 2 || at[kept - 2] != at[kept - 1])) {
            last[kept - 1] = at[i];
            continue;
        }
        uint32_t row = at[i];
        at[kept] = row;
        last[kept] = row;
        values[kept++] = values[i];
    }
    c->count = kept;
}

/* As large as a batch can become, and no larger: batches of one customer are many. */
static struct building make_rooms(struct store_cursor *cursor)
{
    const struct store_scan *scan = cursor->scan;
    const struct store_snapshot *s = scan->snapshot;
    bool by_account = scan->options.by_account; /* a customer's rows may stand in two of them */
    size_t customers =
        s->batch_customers < s->customer_count ? s->batch_customers : s->customer_count;
    size_t most = by_account ? 2 * s->row_count : customers * scan->most_rows;
    most = by_account || most < s->row_count ? most : s->row_count;
    size_t columns = scan->options.column_count;
    struct building b = {.cursor = cursor,
                         .customers = room(cursor, customers + 1, 4),
                         .row_begin = room(cursor, customers + 2, 4),
                         .events = room(cursor, most + 1, 4),
                         .labels = room(cursor, most + 1, 1),
                         .ts_ms = room(cursor, most + 1, 8),
                         .slots = room(cursor, most + 1, 4),
                         .first = room(cursor, customers + 1, 8),
                         .last = room(cursor, customers + 1, 8),
                         .counts = room(cursor, customers + 1, 8),
                         .columns = room(cursor, columns + 1, sizeof(struct store_column)),
                         .at = room(cursor, columns + 1, sizeof(void *)),
                         .ends = room(cursor, columns + 1, sizeof(void *)),
                         .values = room(cursor, columns + 1, sizeof(void *)),
                         .most_values = 4 * (most + customers),
                         .all = room(cursor, most + 1, sizeof(void *))};
    for (size_t i = 0; i < columns; i++) {
        b.at[i] = room(cursor, b.most_values + 1, 4);
        b.ends[i] = room(cursor, b.most_values + 1, 4);
        b.values[i] = room(cursor, b.most_values + 1, sizeof(struct store_value));
        b.columns[i].at = b.at[i];
        b.columns[i].last = b.ends[i];
        b.columns[i].values = b.values[i];
    }
    return b;
}

bool store_cursor_next(struct store_cursor *cursor, const struct store_rows **out,
                       struct fail *fail)
{
    struct store_scan *scan = cursor->scan;
    struct store_snapshot *s = scan->snapshot;
    if (scan->options.cancel != NULL && base_cancel_due(scan->options.cancel, fail)) {
        return false;
    }
    if (scan->number == s->corrupt_scan) {
        return fail_set(fail, FAIL_CORRUPT, "a block of scan %u", scan->number);
    }
    arena_reset(cursor->arena);
    cursor->rows = (struct store_rows){.customer_count = 0};
    struct building b = make_rooms(cursor);
    uint32_t everybody = s->customer_count;
    if (scan->options.by_account) {
        const struct store_accounts *accounts;
        assert_true(store_accounts_of(s, &accounts, fail));
        everybody = accounts->count;
    }
    while (cursor->rows.customer_count < s->batch_customers) {
        uint32_t place = scan->next++;
        if (place >= everybody) {
            break;
        }
        uint32_t number = s->descending ? everybody - 1 - place : place;
        if (wants_customer(&scan->options, number)) {
            put_customer(&b, number);
        }
    }
    for (size_t i = 0; i < scan->options.column_count; i++) {
        if (scan->options.runs && scan->options.columns[i].of == STORE_COLUMN_PROPERTY) {
            make_runs(&b, i);
        }
    }
    cursor->rows.customers = b.customers;
    cursor->rows.row_begin = b.row_begin;
    cursor->rows.ts_ms = b.ts_ms;
    if (scan->options.labels != NULL) {
        cursor->rows.labels = b.labels;
        cursor->rows.slots = scan->options.slots ? b.slots : NULL;
        cursor->rows.ts_ms = scan->options.slots ? NULL : b.ts_ms;
    } else {
        cursor->rows.events = b.events;
        cursor->rows.columns = b.columns;
    }
    if (scan->options.want_facts) {
        cursor->rows.first_seen_ms = b.first;
        cursor->rows.last_seen_ms = b.last;
        cursor->rows.event_counts = b.counts;
    }
    *out = &cursor->rows;
    return true;
}
