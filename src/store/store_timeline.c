/* store_timeline.c — one customer's timeline as whole events, and its traits. */
#include <stdlib.h>

#include "store_read.h"

/* The rows' own columns, in the order in which they are asked for. */
enum {
    OWN_SOURCE,
    OWN_CHANNEL,
    OWN_SCALE,
    OWN_SCORE,
    OWN_TEXT,
    OWN_MESSAGE_ID,
    OWN_RECEIVED_AT,
    OWN_CLIENT_TS,
    OWN_SENT_AT,
    OWN_ARRIVAL,
    OWN_COUNT,
};
static const enum store_read_of own_of[OWN_COUNT] = {
    STORE_READ_SOURCE,  STORE_READ_CHANNEL,    STORE_READ_SCALE,       STORE_READ_SCORE,
    STORE_READ_TEXT,    STORE_READ_MESSAGE_ID, STORE_READ_RECEIVED_AT, STORE_READ_CLIENT_TS,
    STORE_READ_SENT_AT, STORE_READ_ARRIVAL,
};

/* A scan over one customer, whole. */
struct one {
    struct store_scan *scan;
    struct store_cursor *cursor;
    const struct store_rows *rows; /* customer_count 0: none of its rows are wanted */
};

static void one_done(struct one *one)
{
    store_cursor_free(one->cursor);
    store_scan_free(one->scan);
}

static bool one_read(const struct store_sources *sources, uint32_t customer, int64_t from_ms,
                     int64_t to_ms, bool every, const struct store_read_column *columns,
                     size_t column_count, struct one *out, struct fail *fail)
{
    const struct store_scan_options options = {
        .customers = &customer,
        .customer_count = 1,
        .from_ms = from_ms,
        .to_ms = to_ms,
        .every_customer = every,
    };
    return store_scan_over(sources, &options, columns, column_count, &out->scan, fail) &&
           store_cursor_new(out->scan, NULL, &out->cursor, fail) &&
           store_cursor_next(out->cursor, &out->rows, fail);
}

/* ---- which rows ----------------------------------------------------------------------------------------- */

/* Places in timeline order. */
struct place {
    int64_t ts_ms;
    uint64_t arrival;
};

static bool place_before(struct place a, struct place b)
{
    return a.ts_ms != b.ts_ms ? a.ts_ms < b.ts_ms : a.arrival < b.arrival;
}

/* What a read is to give: rows from `first` to `last`, both included. */
struct window {
    struct place first, last;
    size_t count;
};

static bool find_window(const struct store_sources *sources, uint32_t customer,
                        const struct store_timeline_options *options, struct window *out,
                        struct fail *fail)
{
    static const struct store_read_column arrival = {.of = STORE_READ_ARRIVAL};
    CLEANUP(one_done) struct one one = {0};
    if (!one_read(sources, customer, options->from_ms, options->to_ms, false, &arrival, 1, &one,
                  fail)) {
        return false;
    }
    *out = (struct window){0};
    if (one.rows->customer_count == 0) {
        return true;
    }
    const struct store_value *arrivals = one.rows->columns[0].values;
    size_t from = 0;
    size_t to = one.rows->row_count;
    if (options->after_ts_ms != 0 || options->after_arrival != 0) {
        const struct place after = {options->after_ts_ms, options->after_arrival};
        size_t at = 0;
        while (at < to) { /* first row that is not before the place */
            size_t middle = at + (to - at) / 2;
            struct place place = {one.rows->ts_ms[middle], (uint64_t)arrivals[middle].i};
            if (place_before(place, after)) {
                at = middle + 1;
            } else {
                to = middle;
            }
        }
        to = one.rows->row_count;
        if (options->newest_first) {
            to = at;
        } else {
            from = at;
            from += at < to && one.rows->ts_ms[at] == after.ts_ms &&
                    (uint64_t)arrivals[at].i == after.arrival;
        }
    }
    if (options->limit != 0 && to - from > options->limit) {
        if (options->newest_first) {
            from = to - options->limit;
        } else {
            to = from + options->limit;
        }
    }
    if (from == to) {
        return true;
    }
    out->first = (struct place){one.rows->ts_ms[from], (uint64_t)arrivals[from].i};
    out->last = (struct place){one.rows->ts_ms[to - 1], (uint64_t)arrivals[to - 1].i};
    out->count = to - from;
    return true;
}

/* ---- columns -------------------------------------------------------------------------------------------- */

struct all_columns {
    struct store_read_column *columns;
    size_t count, property_first, trait_first;
};

static bool list_columns(const struct store_sources *sources, struct arena *arena,
                         struct all_columns *out, struct fail *fail)
{
    size_t properties = store_names_count(sources->names, STORE_FAMILY_PROPERTY);
    size_t traits = store_names_count(sources->names, STORE_FAMILY_TRAIT);
    out->property_first = OWN_COUNT;
    out->trait_first = OWN_COUNT + properties;
    out->count = out->trait_first + traits;
    out->columns = arena_array(arena, out->count, sizeof *out->columns, fail);
    if (out->columns == NULL) {
        return false;
    }
    for (size_t c = 0; c < out->count; c++) {
        struct store_read_column *column = &out->columns[c];
        if (c < OWN_COUNT) {
            *column = (struct store_read_column){.of = own_of[c], .name = STORE_NO_CODE};
        } else if (c < out->trait_first) {
            column->of = STORE_READ_PROPERTY;
            column->name = (uint32_t)(c - out->property_first);
        } else {
            column->of = STORE_READ_TRAIT_CELL;
            column->name = (uint32_t)(c - out->trait_first);
        }
    }
    return true;
}

/* ---- from columns to events ------------------------------------------------------------------------------ */

static bool copy_value(struct arena *arena, struct store_value value, struct store_value *out,
                       struct fail *fail)
{
    *out = value;
    if (value.kind == STORE_STRING) {
        char *copy = arena_alloc(arena, value.len, fail);
        if (copy == NULL) {
            return false;
        }
        if (value.len > 0) {
            memcpy(copy, value.s, value.len);
        }
        out->s = copy;
    }
    return true;
}

struct making {
    const struct store_sources *sources;
    const struct store_rows *rows;
    uint32_t first, count; /* rows of the batch to give */
    struct arena *arena;
    struct store_timeline_row *out;
};

static void set_own(struct store_timeline_row *row, size_t column, struct store_value value)
{
    switch (column) {
    case OWN_SOURCE:
        row->event.source = store_value_text(value);
        break;
    case OWN_CHANNEL:
        row->event.channel = store_value_text(value);
        break;
    case OWN_SCALE:
        row->event.scale = store_value_text(value);
        break;
    case OWN_SCORE:
        row->event.score = value;
        break;
    case OWN_TEXT:
        row->event.text = store_value_text(value);
        break;
    case OWN_MESSAGE_ID:
        row->event.message_id = store_value_text(value);
        break;
    case OWN_RECEIVED_AT:
        row->event.received_at_ms = value.i;
        break;
    case OWN_CLIENT_TS:
        row->event.client_ts_ms = value.i;
        break;
    case OWN_SENT_AT:
        row->event.sent_at_ms = value.i;
        break;
    default:
        row->arrival = (uint64_t)value.i;
        break;
    }
}

static bool make_own(const struct making *m, struct fail *fail)
{
    for (uint32_t r = 0; r < m->count; r++) {
        m->out[r].event = (struct store_event){
            .event = store_names_get(m->sources->names, STORE_FAMILY_EVENT,
                                     m->rows->events[m->first + r]),
            .ts_ms = m->rows->ts_ms[m->first + r],
            .client_ts_ms = STORE_NO_TIME,
            .sent_at_ms = STORE_NO_TIME,
        };
    }
    for (size_t c = 0; c < OWN_COUNT; c++) {
        const struct store_column *column = &m->rows->columns[c];
        for (uint32_t i = 0; i < column->count; i++) {
            uint32_t at = column->at[i] - m->first;
            struct store_value value;
            if (column->at[i] < m->first || at >= m->count) {
                continue;
            }
            if (!copy_value(m->arena, column->values[i], &value, fail)) {
                return false;
            }
            set_own(&m->out[at], c, value);
        }
    }
    return true;
}

struct named_column {
    struct str name;
    const struct store_column *column;
};

static int compare_named(const void *a, const void *b)
{
    const struct named_column *x = a;
    const struct named_column *y = b;
    return str_compare(x->name, y->name);
}

/* Columns that hold anything, by name in byte order: so that an event looks the same wherever it lies. */
static bool name_columns(const struct making *m, size_t first, size_t end, enum store_family family,
                         struct named_column **out, size_t *out_count, struct fail *fail)
{
    size_t count = 0;
    for (size_t c = first; c < end; c++) {
        count += m->rows->columns[c].count > 0;
    }
    struct named_column *named = arena_array(m->arena, count, sizeof *named, fail);
    if (named == NULL) {
        return false;
    }
    count = 0;
    for (size_t c = first; c < end; c++) {
        if (m->rows->columns[c].count > 0) {
            named[count].name = store_names_get(m->sources->names, family, (uint32_t)(c - first));
            named[count++].column = &m->rows->columns[c];
        }
    }
    if (count > 0) {
        qsort(named, count, sizeof *named, compare_named);
    }
    *out = named;
    *out_count = count;
    return true;
}

static bool make_fields(const struct making *m, size_t first, size_t end, enum store_family family,
                        struct fail *fail)
{
    struct named_column *named;
    size_t named_count;
    uint32_t *ends = arena_array(m->arena, (size_t)m->count + 1, sizeof *ends, fail);
    if (ends == NULL || !name_columns(m, first, end, family, &named, &named_count, fail)) {
        return false;
    }
    size_t total = 0;
    for (size_t n = 0; n < named_count; n++) {
        for (uint32_t i = 0; i < named[n].column->count; i++) {
            uint32_t at = named[n].column->at[i] - m->first;
            if (named[n].column->at[i] >= m->first && at < m->count) {
                ends[at + 1]++;
                total++;
            }
        }
    }
    struct store_field *fields = arena_array(m->arena, total, sizeof *fields, fail);
    if (fields == NULL) {
        return false;
    }
    for (uint32_t r = 0; r < m->count; r++) {
        struct store_event *event = &m->out[r].event;
        size_t count = ends[r + 1];
        ends[r + 1] += ends[r];
        if (family == STORE_FAMILY_PROPERTY) {
            event->properties = fields + ends[r];
            event->property_count = count;
        } else {
            event->traits = fields + ends[r];
            event->trait_count = count;
        }
    }
    for (size_t n = 0; n < named_count;
         n++) { /* ends[r] moves from the begin to the end of row r */
        for (uint32_t i = 0; i < named[n].column->count; i++) {
            uint32_t at = named[n].column->at[i] - m->first;
            if (named[n].column->at[i] < m->first || at >= m->count) {
                continue;
            }
            struct store_field *field = &fields[ends[at]++];
            field->name = named[n].name;
            if (!copy_value(m->arena, named[n].column->values[i], &field->value, fail)) {
                return false;
            }
        }
    }
    return true;
}

static void reverse(struct store_timeline_row *rows, size_t count)
{
    for (size_t i = 0; i < count / 2; i++) {
        struct store_timeline_row row = rows[i];
        rows[i] = rows[count - 1 - i];
        rows[count - 1 - i] = row;
    }
}

static bool read_window(const struct store_sources *sources, uint32_t customer,
                        const struct window *window, struct arena *arena,
                        struct store_timeline_row **out, size_t *out_count, struct fail *fail)
{
    struct all_columns all;
    CLEANUP(one_done) struct one one = {0};
    int64_t end_ms = window->last.ts_ms == INT64_MAX ? INT64_MAX : window->last.ts_ms + 1;
    if (!list_columns(sources, arena, &all, fail) ||
        !one_read(sources, customer, window->first.ts_ms, end_ms, false, all.columns, all.count,
                  &one, fail)) {
        return false;
    }
    struct making m = {.sources = sources, .rows = one.rows, .arena = arena};
    if (one.rows->customer_count != 1) {
        return fail_set(fail, FAIL_INTERNAL, "a timeline changed while it was read");
    }
    /* Rows of the same instant before the first come along. */
    const struct store_value *arrivals = one.rows->columns[OWN_ARRIVAL].values;
    while (m.first < one.rows->row_count &&
           place_before((struct place){one.rows->ts_ms[m.first], (uint64_t)arrivals[m.first].i},
                        window->first)) {
        m.first++;
    }
    if (window->count > one.rows->row_count - m.first) {
        return fail_set(fail, FAIL_INTERNAL, "a timeline changed while it was read");
    }
    m.count = (uint32_t)window->count;
    m.out = arena_array(arena, m.count, sizeof *m.out, fail);
    if (m.out == NULL || !make_own(&m, fail) ||
        !make_fields(&m, all.property_first, all.trait_first, STORE_FAMILY_PROPERTY, fail) ||
        !make_fields(&m, all.trait_first, all.count, STORE_FAMILY_TRAIT, fail)) {
        return false;
    }
    *out = m.out;
    *out_count = m.count;
    return true;
}

bool store_timeline_read(struct store_snapshot *snapshot, uint32_t customer,
                         const struct store_timeline_options *options, struct arena *arena,
                         struct store_timeline_row **out, size_t *out_count, struct fail *fail)
{
    struct store_sources sources;
    struct window window;
    if (!store_sources_of(snapshot, &sources, fail)) {
        return false;
    }
    customer = store_identity_root(sources.identity, customer);
    if (!find_window(&sources, customer, options, &window, fail)) {
        return false;
    }
    if (window.count == 0) {
        *out = arena_small(arena, sizeof **out);
        *out_count = 0;
        return true;
    }
    if (!read_window(&sources, customer, &window, arena, out, out_count, fail)) {
        return false;
    }
    if (options->newest_first) {
        reverse(*out, *out_count);
    }
    return true;
}

/* ---- traits ----------------------------------------------------------------------------------------------- */

/* Latest traits of all names, each with its prefixes. */
static bool list_traits(const struct store_sources *sources, struct arena *arena,
                        struct store_read_column **out, size_t *out_count, struct fail *fail)
{
    uint32_t count = store_names_count(sources->names, STORE_FAMILY_TRAIT);
    struct store_read_column *columns = arena_array(arena, count, sizeof *columns, fail);
    if (columns == NULL) {
        return false;
    }
    for (uint32_t c = 0; c < count; c++) {
        columns[c].of = STORE_READ_TRAIT_LATEST;
        columns[c].name = c;
        if (!store_read_prefixes(sources->names, c, arena, &columns[c], fail)) {
            return false;
        }
    }
    *out = columns;
    *out_count = count;
    return true;
}

bool store_customer_traits(struct store_snapshot *snapshot, uint32_t customer, struct arena *arena,
                           struct store_field **out, size_t *out_count, struct fail *fail)
{
    struct store_sources sources;
    struct store_read_column *columns;
    size_t column_count;
    CLEANUP(one_done) struct one one = {0};
    if (!store_sources_of(snapshot, &sources, fail)) {
        return false;
    }
    customer = store_identity_root(sources.identity, customer);
    /* A customer without any rows of the one instant asked for still comes with its traits. */
    if (!list_traits(&sources, arena, &columns, &column_count, fail) ||
        !one_read(&sources, customer, INT64_MIN, INT64_MIN + 1, true, columns, column_count, &one,
                  fail)) {
        return false;
    }
    struct making m = {.sources = &sources, .rows = one.rows, .arena = arena};
    struct named_column *named = NULL;
    size_t named_count = 0;
    size_t total = 0;
    if (one.rows->customer_count > 0 &&
        !name_columns(&m, 0, column_count, STORE_FAMILY_TRAIT, &named, &named_count, fail)) {
        return false;
    }
    for (size_t n = 0; n < named_count; n++) {
        total += named[n].column->count;
    }
    struct store_field *fields = arena_array(arena, total, sizeof *fields, fail);
    if (fields == NULL) {
        return false;
    }
    total = 0;
    for (size_t n = 0; n < named_count; n++) {
        for (uint32_t i = 0; i < named[n].column->count; i++) {
            fields[total].name = named[n].name;
            if (!copy_value(arena, named[n].column->values[i], &fields[total++].value, fail)) {
                return false;
            }
        }
    }
    *out = fields;
    *out_count = total;
    return true;
}
