#include "sql_encode.h"

#include <stdlib.h>

#define STORE_ROWS 16384       /* of the store's batches */
#define AHEAD_CUSTOMERS_MAX 16 /* so few are over at once: it is worth a look whether they are */

/* ---- opening a scan ----------------------------------------------------------------------------------- */

struct sql_scan {
    struct sql_world world;
    struct arena *arena;
    struct sql_scan_request request;
    struct sql_encode encode;
    struct store_scan_options options;
    struct store_column_ref *columns;
    uint32_t *codes; /* of wanted events; by_event: one of them after the other */
    size_t code_count, pass;
    bool every_code;
    size_t only_at; /* the column that a row must have to be kept; SQL_NO_COLUMN */
    size_t channel_at;
    struct store_scan *scan;
    struct store_cursor *cursor;
    uint32_t *kept, *owner;
    size_t kept_capacity, owner_capacity, kept_count, kept_at;
    size_t window;   /* rows of the next batch: fewer after one of many bytes */
    uint64_t *tally; /* only counts of events are wanted: what is left of each; NULL: rows are */
    struct store_rows tallied; /* rows made of them */
    bool ended;
};

static bool names_event(const struct sql_scan *scan, struct str name)
{
    const struct sql_list *events = &scan->request.events;
    for (size_t i = 0; !events->all && i < events->count; i++) {
        if (str_equal(events->texts[i], name)) {
            return true;
        }
    }
    return events->all;
}

static int compare_codes(const void *a, const void *b, void *names)
{
    const struct str *all = names;
    return str_compare(all[*(const uint32_t *)a], all[*(const uint32_t *)b]);
}

static bool choose_events(struct sql_scan *scan, struct fail *fail)
{
    const struct sql_world *world = &scan->world;
    size_t count = world->event_name_count;
    bool words = scan->request.table == SQL_VERBATIMS;
    uint8_t *bearing = arena_array(scan->arena, count, 1, fail);
    scan->codes = arena_array(scan->arena, count, sizeof *scan->codes, fail);
    if (bearing == NULL || scan->codes == NULL ||
        (words && !store_events_bearing(world->snapshot, STORE_COLUMN_TEXT, bearing,
                                        (uint32_t)count, fail))) {
        return false;
    }
    for (uint32_t code = 0; code < count; code++) {
        struct str name = world->event_names[code];
        if (names_event(scan, name) &&
            (!words || (bearing[code] != 0 && !store_event_is_bookkeeping(name)))) {
            scan->codes[scan->code_count++] = code;
        }
    }
    scan->every_code = scan->code_count == count;
    if (scan->request.by_event) {
        qsort_r(scan->codes, scan->code_count, sizeof *scan->codes, compare_codes,
                world->event_names);
    }
    return true;
}

static int compare_numbers(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

/* Whom an id may mean: it is a user's or an anonymous one, or written as kind:value. Who bears another id is left
   out, so that a condition never finds a customer under a name that the column does not show. */
static void find_customer(struct sql_scan *scan, struct str id, uint32_t *numbers, size_t *count)
{
    struct store_identifier forms[3] = {{STR("user"), id}, {STR("anonymous"), id}};
    size_t colon = str_find_byte(id, ':'), form_count = 2;
    if (colon < id.len) {
        forms[form_count++] =
            (struct store_identifier){str_of(id.data, colon), str_after(id, colon + 1)};
    }
    for (size_t i = 0; i < form_count; i++) {
        uint32_t number;
        store_customer_find(scan->world.snapshot, forms[i], &number);
        if (number != STORE_NO_CUSTOMER &&
            str_equal(store_customer_id(scan->world.snapshot, number, scan->arena), id)) {
            numbers[(*count)++] = number;
        }
    }
}

static bool choose_customers(struct sql_scan *scan, struct fail *fail)
{
    const struct sql_list *list = &scan->request.customers;
    if (list->all) {
        return true;
    }
    uint32_t *numbers = arena_array(scan->arena, 3 * list->count + 1, sizeof *numbers, fail);
    size_t found = 0, count = 0;
    if (numbers == NULL) {
        return false;
    }
    for (size_t i = 0; i < list->count; i++) {
        find_customer(scan, list->texts[i], numbers, &found);
    }
    qsort(numbers, found, sizeof *numbers, compare_numbers);
    for (size_t i = 0; i < found; i++) {
        if (i == 0 || numbers[i] != numbers[i - 1]) {
            numbers[count++] = numbers[i];
        }
    }
    scan->options.customers = numbers;
    scan->options.customer_count = count;
    scan->ended = scan->ended || count == 0;
    return true;
}

static enum store_column_of column_of(enum sql_field field)
{
    switch (field) {
    case SQL_FIELD_RECEIVED_AT:
        return STORE_COLUMN_RECEIVED_AT;
    case SQL_FIELD_ID:
        return STORE_COLUMN_ARRIVAL;
    case SQL_FIELD_CHANNEL:
        return STORE_COLUMN_CHANNEL;
    case SQL_FIELD_SOURCE:
        return STORE_COLUMN_SOURCE;
    case SQL_FIELD_MESSAGE_ID:
        return STORE_COLUMN_MESSAGE_ID;
    case SQL_FIELD_TEXT:
        return STORE_COLUMN_TEXT;
    case SQL_FIELD_SCORE:
        return STORE_COLUMN_SCORE;
    case SQL_FIELD_SCALE:
        return STORE_COLUMN_SCALE;
    case SQL_FIELD_CUSTOMER:
    case SQL_FIELD_EVENT:
    case SQL_FIELD_TS:
    case SQL_FIELD_BAG:
    case SQL_FIELD_KNOWN:
    case SQL_FIELD_FIRST_SEEN:
    case SQL_FIELD_LAST_SEEN:
    case SQL_FIELD_EVENTS:
    case SQL_FIELD_IDENTIFIERS:
    case SQL_FIELDS:
        break;
    }
    return STORE_COLUMN_PROPERTY; /* none */
}

/* Which fields a table has; a request for others is none of ours. */
static bool fields_fit(const struct sql_scan_request *request)
{
    const struct sql_table_schema *schema = &sql_schema[request->table];
    uint32_t has = 0;
    for (size_t c = 0; c < schema->described->column_count; c++) {
        has |= SQL_FIELD_BIT(schema->columns[c].field);
    }
    return (request->fields & ~has) == 0;
}

static size_t add_column(struct sql_scan *scan, enum store_column_of of, struct str name)
{
    scan->columns[scan->options.column_count] = (struct store_column_ref){of, name};
    return scan->options.column_count++;
}

static bool choose_columns(struct sql_scan *scan, struct fail *fail)
{
    struct sql_encode *encode = &scan->encode;
    const struct sql_scan_request *request = &scan->request;
    bool customers = request->table == SQL_CUSTOMERS;
    bool bag = (request->fields & SQL_FIELD_BIT(SQL_FIELD_BAG)) != 0;
    enum store_column_of named = customers ? STORE_COLUMN_TRAIT : STORE_COLUMN_PROPERTY;
    encode->names = customers ? &scan->world.traits : &scan->world.properties;
    encode->bag_order = encode->names->in_order;
    size_t most = SQL_FIELDS + 2 + request->name_count + (bag ? encode->names->count : 0);
    scan->columns = arena_array(scan->arena, most, sizeof *scan->columns, fail);
    encode->bag_places =
        arena_array(scan->arena, encode->names->count, sizeof *encode->bag_places, fail);
    if (scan->columns == NULL || encode->bag_places == NULL) {
        return false;
    }
    for (size_t f = 0; f < SQL_FIELDS; f++) {
        enum store_column_of of = column_of((enum sql_field)f);
        bool asked = of != STORE_COLUMN_PROPERTY && (request->fields & SQL_FIELD_BIT(f)) != 0;
        encode->columns_at[f] = asked ? add_column(scan, of, (struct str){NULL, 0}) : SQL_NO_COLUMN;
    }
    scan->channel_at = request->channels.all || customers
                           ? SQL_NO_COLUMN
                           : add_column(scan, STORE_COLUMN_CHANNEL, (struct str){NULL, 0});
    scan->only_at = request->table == SQL_VERBATIMS
                        ? add_column(scan, STORE_COLUMN_HAS_TEXT, (struct str){NULL, 0})
                        : SQL_NO_COLUMN;
    encode->names_at = scan->options.column_count;
    for (size_t n = 0; n < request->name_count; n++) {
        if (request->names[n] >= encode->names->columns) {
            return fail_set(fail, FAIL_CORRUPT, "a scan for a name that is not there");
        }
        add_column(scan, named, encode->names->names[request->names[n]]);
    }
    encode->bag_at = scan->options.column_count;
    for (size_t n = 0; bag && n < encode->names->count; n++) {
        add_column(scan, named, encode->names->names[n]);
    }
    scan->options.columns = scan->columns;
    return true;
}

static bool prepare(struct sql_scan *scan, struct fail *fail)
{
    const struct sql_scan_request *request = &scan->request;
    bool customers = request->table == SQL_CUSTOMERS;
    scan->options.cancel = scan->world.cancel;
    scan->options.batch_rows = STORE_ROWS;
    scan->options.every_customer = customers;
    scan->options.want_facts = customers;
    if (request->from_ms != INT64_MIN || request->to_ms != INT64_MAX) {
        scan->options.from_ms = request->from_ms;
        scan->options.to_ms = request->to_ms;
        scan->ended = request->from_ms >= request->to_ms;
    }
    if (!fields_fit(request)) {
        return fail_set(fail, FAIL_CORRUPT, "a scan for a column that is not there");
    }
    if (!choose_columns(scan, fail) || !choose_customers(scan, fail)) {
        return false;
    }
    if (customers) {
        scan->options.events = arena_small(scan->arena, sizeof(uint32_t)); /* no rows at all */
        return true;
    }
    if (!choose_events(scan, fail)) {
        return false;
    }
    scan->ended = scan->ended || scan->code_count == 0;
    /* How many of each event: one pass that counts, instead of a pass for each. */
    if (request->by_event && (request->fields & ~SQL_FIELD_BIT(SQL_FIELD_EVENT)) == 0 &&
        request->name_count == 0) {
        scan->tally =
            arena_array(scan->arena, scan->world.event_name_count, sizeof *scan->tally, fail);
        return scan->tally != NULL;
    }
    return true;
}

bool sql_scan_open(const struct sql_world *world, struct str request, struct sql_scan **out,
                   struct fail *fail)
{
    struct sql_scan *scan = base_alloc_zero(sizeof *scan);
    scan->world = *world;
    scan->arena = arena_new(world->budget);
    scan->encode.arena = arena_new(world->budget);
    scan->encode.world = &scan->world;
    scan->encode.request = &scan->request;
    scan->window = SQL_BATCH_ROWS / 16; /* the first one small: a statement may want no more */
    struct str copy = str_copy(scan->arena, request);
    if (!sql_scan_read(copy, scan->arena, &scan->request, fail) || !prepare(scan, fail)) {
        sql_scan_free(scan);
        return false;
    }
    *out = scan;
    return true;
}

static void close_pass(struct sql_scan *scan)
{
    store_cursor_free(scan->cursor);
    store_scan_free(scan->scan);
    scan->cursor = NULL;
    scan->scan = NULL;
}

void sql_scan_free(struct sql_scan *scan)
{
    if (scan != NULL) {
        close_pass(scan);
        base_free(scan->kept);
        base_free(scan->owner);
        base_buf_done(&scan->encode.texts);
        arena_free(scan->encode.arena);
        arena_free(scan->arena);
        base_free(scan);
    }
}

uint32_t sql_scan_id(const struct sql_scan *scan)
{
    return scan->request.id;
}

/* ---- walking ---------------------------------------------------------------------------------------------- */

static bool passes_by_event(const struct sql_scan *scan)
{
    return scan->request.by_event && scan->tally == NULL;
}

static bool open_pass(struct sql_scan *scan, struct fail *fail)
{
    if (scan->request.table != SQL_CUSTOMERS) {
        scan->options.events = scan->codes + scan->pass;
        scan->options.event_count = passes_by_event(scan) ? 1 : scan->code_count;
        if (scan->every_code && !passes_by_event(scan)) {
            scan->options.events = NULL;
            scan->options.event_count = 0;
        }
    }
    return store_scan_new(scan->world.snapshot, &scan->options, &scan->scan, fail) &&
           store_cursor_new(scan->scan, scan->world.budget, &scan->cursor, fail);
}

static bool in_channels(const struct sql_scan *scan, const struct store_column *channels,
                        uint32_t row, uint32_t *place)
{
    while (*place < channels->count && channels->at[*place] < row) {
        (*place)++;
    }
    const struct sql_list *wanted = &scan->request.channels;
    for (uint32_t p = *place; p < channels->count && channels->at[p] == row; p++) {
        for (size_t i = 0; i < wanted->count; i++) {
            if (str_equal(store_value_text(channels->values[p]), wanted->texts[i])) {
                return true;
            }
        }
    }
    return false;
}

static bool bears(const struct store_column *column, uint32_t row, uint32_t *place)
{
    while (*place < column->count && column->at[*place] < row) {
        (*place)++;
    }
    return *place < column->count && column->at[*place] == row;
}

/* Chooses the rows of the store's batch that go out. */
static bool keep(struct sql_scan *scan, const struct store_rows *rows, struct fail *fail)
{
    bool customers = scan->request.table == SQL_CUSTOMERS;
    size_t most = customers ? rows->customer_count : rows->row_count;
    void *kept = scan->kept, *owner = scan->owner;
    bool good = base_grow_array(&kept, &scan->kept_capacity, most + 1, sizeof(uint32_t), fail) &&
                base_grow_array(&owner, &scan->owner_capacity, most + 1, sizeof(uint32_t), fail);
    scan->kept = kept;
    scan->owner = owner;
    if (!good) {
        return false;
    }
    size_t count = 0;
    uint32_t channel_place = 0, only_place = 0;
    for (uint32_t c = 0; c < rows->customer_count; c++) {
        uint32_t begin = customers ? c : rows->row_begin[c];
        uint32_t end = customers ? c + 1 : rows->row_begin[c + 1];
        for (uint32_t r = begin; r < end; r++) {
            if ((scan->channel_at == SQL_NO_COLUMN ||
                 in_channels(scan, &rows->columns[scan->channel_at], r, &channel_place)) &&
                (scan->only_at == SQL_NO_COLUMN ||
                 bears(&rows->columns[scan->only_at], r, &only_place))) {
                scan->kept[count] = r;
                scan->owner[count++] = c;
            }
        }
    }
    scan->kept_at = 0;
    scan->kept_count = count;
    scan->encode.rows = rows;
    scan->encode.kept = scan->kept;
    scan->encode.owner = scan->owner;
    return true;
}

static bool read_rows(struct sql_scan *scan, const struct store_rows **out, struct fail *fail)
{
    return !base_cancel_due(scan->world.cancel, fail) &&
           (scan->cursor != NULL || open_pass(scan, fail)) &&
           store_cursor_next(scan->cursor, out, fail);
}

static bool count_events(struct sql_scan *scan, struct fail *fail)
{
    const struct store_rows *rows;
    do {
        if (!read_rows(scan, &rows, fail) || !keep(scan, rows, fail)) {
            return false;
        }
        for (size_t i = 0; i < scan->kept_count; i++) {
            scan->tally[rows->events[scan->kept[i]]]++;
        }
    } while (rows->customer_count > 0);
    close_pass(scan);
    uint32_t *events = arena_array(scan->arena, SQL_BATCH_ROWS, sizeof *events, fail);
    scan->tallied.events = events;
    scan->encode.rows = &scan->tallied;
    scan->kept_at = scan->kept_count = 0;
    return events != NULL;
}

/* The next of the counted events, as the rows that were counted. */
static bool advance_tally(struct sql_scan *scan, struct fail *fail)
{
    if (scan->kept_at < scan->kept_count) {
        return true;
    }
    if (scan->tallied.events == NULL && !count_events(scan, fail)) {
        return false;
    }
    uint32_t *events = (uint32_t *)(uintptr_t)scan->tallied.events;
    size_t count = 0;
    while (scan->pass < scan->code_count && count < SQL_BATCH_ROWS) {
        uint32_t code = scan->codes[scan->pass];
        if (scan->tally[code] == 0) {
            scan->pass++;
            continue;
        }
        scan->tally[code]--;
        events[count++] = code;
    }
    void *kept = scan->kept;
    bool good = base_grow_array(&kept, &scan->kept_capacity, count + 1, sizeof(uint32_t), fail);
    scan->kept = kept;
    for (uint32_t i = 0; good && i < count; i++) {
        scan->kept[i] = i;
    }
    scan->encode.kept = scan->kept;
    scan->kept_at = 0;
    scan->kept_count = good ? count : 0;
    scan->ended = count == 0;
    return good;
}

/* Moves on to rows that go out, or to the end. */
static bool advance(struct sql_scan *scan, struct fail *fail)
{
    if (scan->tally != NULL && !scan->ended) {
        return advance_tally(scan, fail);
    }
    while (!scan->ended && scan->kept_at == scan->kept_count) {
        const struct store_rows *rows;
        if (!read_rows(scan, &rows, fail)) {
            return false;
        }
        if (rows->customer_count > 0) {
            if (!keep(scan, rows, fail)) {
                return false;
            }
            continue;
        }
        close_pass(scan);
        scan->pass++;
        scan->ended = !passes_by_event(scan) || scan->pass == scan->code_count;
    }
    return true;
}

/* Fewer rows where they have many bytes, so that a batch stays small enough. */
static void encode_window(struct sql_scan *scan, struct base_buf *out, size_t *out_count)
{
    size_t begun = out->len;
    for (;;) {
        size_t left = scan->kept_count - scan->kept_at;
        size_t count = left < scan->window ? left : scan->window;
        sql_encode_batch(&scan->encode, scan->kept_at, scan->kept_at + count, false, out);
        if (count > 1 && (out->failed || out->len - begun > 2 * SQL_BATCH_BYTES_AIM)) {
            scan->window = count / 2;
            out->len = begun;
            out->failed = false;
            continue;
        }
        if (out->len - begun < SQL_BATCH_BYTES_AIM / 2 && scan->window < SQL_BATCH_ROWS) {
            scan->window *= 2;
        }
        *out_count = count;
        return;
    }
}

bool sql_scan_next(struct sql_scan *scan, struct base_buf *out, uint32_t *out_rows, bool *out_last,
                   struct fail *fail)
{
    size_t begun = out->len, count = 0;
    if (!advance(scan, fail)) {
        return false;
    }
    if (scan->ended) {
        sql_encode_batch(&scan->encode, 0, 0, true, out);
    } else {
        encode_window(scan, out, &count);
        scan->kept_at += count;
        bool ahead =
            !scan->request.customers.all && scan->options.customer_count <= AHEAD_CUSTOMERS_MAX;
        if (ahead && !advance(scan, fail)) {
            return false;
        }
        if (scan->ended && !out->failed) {
            out->data[begun + SQL_FRAME_HEAD_BYTES + 8] = 1;
        }
    }
    *out_rows = (uint32_t)count;
    *out_last = scan->ended;
    return base_buf_ok(out, fail);
}
