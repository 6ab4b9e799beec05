/* store_timeline.c — one customer's timeline as whole events, and its traits. */
#include <stdlib.h>

#include "store_whole.h"

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

/* ---- whole rows ---------------------------------------------------------------------------------------- */

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
    struct store_whole_columns all;
    CLEANUP(one_done) struct one one = {0};
    int64_t end_ms = window->last.ts_ms == INT64_MAX ? INT64_MAX : window->last.ts_ms + 1;
    if (!store_whole_columns(sources, arena, &all, fail) ||
        !one_read(sources, customer, window->first.ts_ms, end_ms, false, all.columns, all.count,
                  &one, fail)) {
        return false;
    }
    struct store_whole m = {.sources = sources, .rows = one.rows, .arena = arena};
    if (one.rows->customer_count != 1) {
        return fail_set(fail, FAIL_INTERNAL, "a timeline changed while it was read");
    }
    /* Rows of the same instant before the first come along. */
    const struct store_value *arrivals = one.rows->columns[STORE_WHOLE_ARRIVAL].values;
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
    if (m.out == NULL || !store_whole_make(&m, &all, fail)) {
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
    customer = store_identity_root(snapshot->identity, customer);
    if (!store_sources_of_few(snapshot, &customer, 1, arena, &sources, fail)) {
        return false;
    }
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
    customer = store_identity_root(snapshot->identity, customer);
    if (!store_sources_of_few(snapshot, &customer, 1, arena, &sources, fail)) {
        return false;
    }
    /* A customer without any rows of the one instant asked for still comes with its traits. */
    if (!list_traits(&sources, arena, &columns, &column_count, fail) ||
        !one_read(&sources, customer, INT64_MIN, INT64_MIN + 1, true, columns, column_count, &one,
                  fail)) {
        return false;
    }
    struct store_whole m = {.sources = &sources, .rows = one.rows, .arena = arena};
    struct store_whole_name *named = NULL;
    size_t named_count = 0;
    size_t total = 0;
    if (one.rows->customer_count > 0 &&
        !store_whole_names(&m, 0, column_count, STORE_FAMILY_TRAIT, &named, &named_count, fail)) {
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
            if (!store_whole_copy(arena, named[n].column->values[i], &fields[total++].value,
                                  fail)) {
                return false;
            }
        }
    }
    *out = fields;
    *out_count = total;
    return true;
}
