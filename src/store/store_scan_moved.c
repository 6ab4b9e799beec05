/* store_scan_moved.c — customers that were joined or split since segments were laid out.
 *
 * Their rows lie under other numbers, among rows that may belong to others by now. They are found through the
 * directory, read whole with the number they were stored under, kept where that number's root is wanted, and
 * sorted by (ts, arrival). That costs a random access or two for each such customer, and they are few.
 */
#include <stdlib.h>

#include "store_read.h"

enum { RAW_ARRIVAL, RAW_ORIGINAL, RAW_OWN }; /* columns of the raw pieces; then the plan's */

struct store_gather {
    size_t segment_count;
    struct store_spans *spans;  /* by segment */
    struct store_piece *pieces; /* by segment: raw rows */
    bool planned;
    /* Latest traits as cells, with those of their prefixes. The plan's filter, unless what is left out
       would be missed: first and last times, traits, customers without wanted rows. */
    struct store_read_plan raw;
    struct store_read_column *columns;
    uint32_t *column_at; /* by column of the plan: its first raw column */
    struct arena *arena;
    struct store_vec places; /* uint32_t */
    struct store_vec rows;   /* struct raw_row */
};

struct raw_row {
    uint32_t root; /* index in the wanted roots */
    uint32_t piece, row;
    int64_t ts_ms;
    int64_t arrival;
};

struct store_gather *store_gather_new(size_t segment_count)
{
    struct store_gather *gather = base_alloc_zero(sizeof *gather);
    gather->segment_count = segment_count;
    gather->spans = base_alloc_zero(segment_count * sizeof *gather->spans);
    gather->pieces = base_alloc_zero(segment_count * sizeof *gather->pieces);
    gather->arena = arena_new(NULL);
    return gather;
}

void store_gather_free(struct store_gather *gather, struct base_budget *budget)
{
    if (gather == NULL) {
        return;
    }
    for (size_t s = 0; s < gather->segment_count; s++) {
        store_spans_done(&gather->spans[s], budget);
        store_piece_done(&gather->pieces[s], gather->raw.column_count, budget);
    }
    store_vec_done(&gather->places, budget);
    store_vec_done(&gather->rows, budget);
    arena_free(gather->arena);
    base_free(gather->spans);
    base_free(gather->pieces);
    base_free(gather->columns);
    base_free(gather->column_at);
    base_free(gather);
}

/* Lays out the raw columns; once per cursor. */
static bool make_raw_plan(struct store_gather *gather, const struct store_read_plan *plan,
                          struct fail *fail)
{
    if (gather->planned) {
        return true;
    }
    size_t most = RAW_OWN + plan->column_count;
    for (size_t c = 0; c < plan->column_count; c++) {
        most += plan->columns[c].prefix_count;
    }
    void *block = NULL;
    if (!base_alloc_array(most, sizeof *gather->columns, &block, fail)) {
        return false;
    }
    base_free(gather->columns);
    gather->columns = block;
    block = NULL;
    if (!base_alloc_array(plan->column_count, sizeof *gather->column_at, &block, fail)) {
        return false;
    }
    base_free(gather->column_at);
    gather->column_at = block;
    gather->columns[RAW_ARRIVAL] = (struct store_read_column){.of = STORE_READ_ARRIVAL};
    gather->columns[RAW_ORIGINAL] = (struct store_read_column){.of = STORE_READ_ORIGINAL};
    size_t count = RAW_OWN;
    for (size_t c = 0; c < plan->column_count; c++) {
        const struct store_read_column *column = &plan->columns[c];
        gather->column_at[c] = (uint32_t)count;
        gather->columns[count] = *column;
        if (column->of == STORE_READ_TRAIT_LATEST) {
            gather->columns[count].of = STORE_READ_TRAIT_CELL;
        }
        count++;
        for (size_t p = 0; p < column->prefix_count; p++) {
            gather->columns[count++] = (struct store_read_column){.of = STORE_READ_TRAIT_CELL,
                                                                  .name = column->prefixes[p]};
        }
    }
    for (size_t s = 0; s < gather->segment_count; s++) {
        if (gather->pieces[s].columns == NULL &&
            !store_piece_init(&gather->pieces[s], count, fail)) {
            return false;
        }
    }
    gather->raw = *plan;
    gather->raw.columns = gather->columns;
    gather->raw.column_count = count;
    gather->raw.own_count = 0;
    gather->raw.any_latest = false;
    gather->raw.property_runs = false;
    if (plan->want_facts || plan->any_latest || plan->every_customer) {
        gather->raw.wanted = NULL;
        gather->raw.all_times = true;
    }
    gather->raw.want_facts = false;
    gather->planned = true;
    return true;
}

static int compare_numbers(const void *a, const void *b)
{
    uint32_t x;
    uint32_t y;
    memcpy(&x, a, sizeof x);
    memcpy(&y, b, sizeof y);
    return x < y ? -1 : x > y;
}

/* All numbers under which rows of the roots may lie, ascending, each once. */
static bool find_places(struct store_gather *gather, const struct store_read_plan *plan,
                        const uint32_t *roots, size_t count, struct base_budget *budget,
                        size_t *out_count, struct fail *fail)
{
    size_t found = 0;
    arena_reset(gather->arena);
    for (size_t r = 0; r < count; r++) {
        uint32_t *places;
        size_t place_count;
        if (!store_identity_places(plan->identity, roots[r], gather->arena, &places, &place_count,
                                   fail) ||
            !store_vec_room(&gather->places, found + place_count, sizeof *places, budget, fail)) {
            return false;
        }
        for (size_t p = 0; p < place_count; p++) {
            ((uint32_t *)gather->places.data)[found++] = places[p];
        }
    }
    uint32_t *all = gather->places.data;
    if (found > 0) {
        qsort(all, found, sizeof *all, compare_numbers);
    }
    size_t kept = 0;
    for (size_t i = 0; i < found; i++) {
        if (kept == 0 || all[kept - 1] != all[i]) {
            all[kept++] = all[i];
        }
    }
    *out_count = kept;
    return true;
}

static int compare_rows(const void *a, const void *b)
{
    const struct raw_row *x = a;
    const struct raw_row *y = b;
    if (x->root != y->root) {
        return x->root < y->root ? -1 : 1;
    }
    if (x->ts_ms != y->ts_ms) {
        return x->ts_ms < y->ts_ms ? -1 : 1;
    }
    return x->arrival < y->arrival ? -1 : x->arrival > y->arrival;
}

/* Adds those rows of a raw piece whose customer now is one of the roots. */
static bool take_rows(struct store_gather *gather, const struct store_read_plan *plan,
                      size_t segment, const uint32_t *roots, size_t root_count,
                      struct base_budget *budget, size_t *count, struct fail *fail)
{
    const struct store_piece *piece = &gather->pieces[segment];
    const struct store_value *arrivals = piece->columns[RAW_ARRIVAL].values.data;
    const struct store_value *originals = piece->columns[RAW_ORIGINAL].values.data;
    const int64_t *ts_ms = piece->ts.data;
    if (!store_vec_room(&gather->rows, *count + piece->row_count, sizeof(struct raw_row), budget,
                        fail)) {
        return false;
    }
    struct raw_row *rows = gather->rows.data;
    const uint32_t *found = NULL;
    for (uint32_t r = 0; r < piece->row_count; r++) {
        if (r == 0 || originals[r].i != originals[r - 1].i) { /* neighbours are mostly of one */
            uint32_t root = store_identity_root(plan->identity, (uint32_t)originals[r].i);
            found = bsearch(&root, roots, root_count, sizeof *roots, compare_numbers);
        }
        if (found != NULL) {
            rows[(*count)++] = (struct raw_row){.root = (uint32_t)(found - roots),
                                                .piece = (uint32_t)segment,
                                                .row = r,
                                                .ts_ms = ts_ms[r],
                                                .arrival = arrivals[r].i};
        }
    }
    return true;
}

/* ---- from raw rows to the piece ------------------------------------------------------------------------- */

struct gathering {
    const struct store_gather *gather;
    const struct store_read_plan *plan;
    struct base_budget *budget;
    struct store_piece *out;
    bool keep_all;
};

/* The values of one raw row: [*out_from, *out_to) of its column. */
static const struct store_value *values_of(const struct store_gather *gather,
                                           const struct raw_row *row, size_t column,
                                           uint32_t *out_count)
{
    const struct store_piece_column *in = &gather->pieces[row->piece].columns[column];
    const uint32_t *at = in->at.data;
    uint32_t low = 0;
    uint32_t high = in->count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (at[middle] < row->row) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    uint32_t end = low;
    while (end < in->count && at[end] == row->row) {
        end++;
    }
    *out_count = end - low;
    const struct store_value *values = in->values.data;
    return end == low ? NULL : values + low;
}

static bool has_null(const struct store_gather *gather, const struct raw_row *row, size_t column)
{
    uint32_t count;
    const struct store_value *values = values_of(gather, row, column, &count);
    for (uint32_t v = 0; v < count; v++) {
        if (values[v].kind == STORE_NULL) {
            return true;
        }
    }
    return false;
}

/* Does the row decide the trait? Its values, if it sets any, are added. */
static bool decide(const struct gathering *g, const struct raw_row *row, size_t column,
                   uint32_t customer, bool *out_decides, struct fail *fail)
{
    size_t raw = g->gather->column_at[column];
    struct store_piece_column *into = &g->out->columns[column];
    struct store_trait_last last = {customer, into->count, 0, row->ts_ms};
    uint32_t count;
    const struct store_value *values = values_of(g->gather, row, raw, &count);
    *out_decides = count > 0;
    for (size_t p = 0; p < g->plan->columns[column].prefix_count && !*out_decides; p++) {
        *out_decides = has_null(g->gather, row, raw + 1 + p);
    }
    if (!*out_decides) {
        return true;
    }
    for (uint32_t v = 0; v < count; v++) {
        if (values[v].kind != STORE_NULL) {
            if (!store_piece_add(into, customer, values[v], g->budget, fail)) {
                return false;
            }
            last.count++;
        }
    }
    if (!store_vec_room(&into->lasts, (size_t)into->last_count + 1, sizeof last, g->budget, fail)) {
        return false;
    }
    ((struct store_trait_last *)into->lasts.data)[into->last_count++] = last;
    return true;
}

static bool add_latest(const struct gathering *g, const struct raw_row *rows, size_t count,
                       uint32_t customer, struct fail *fail)
{
    for (size_t c = g->plan->own_count; g->plan->any_latest && c < g->plan->column_count; c++) {
        bool decides = g->plan->columns[c].of != STORE_READ_TRAIT_LATEST;
        for (size_t i = count; i-- > 0 && !decides;) {
            if (!decide(g, &rows[i], c, customer, &decides, fail)) {
                return false;
            }
        }
    }
    return true;
}

static void add_facts(const struct gathering *g, const struct raw_row *rows, size_t count,
                      uint32_t customer)
{
    int64_t first = STORE_NO_TIME;
    int64_t last = STORE_NO_TIME;
    uint64_t events = 0;
    for (size_t i = 0; i < count; i++) {
        const uint32_t *codes = g->gather->pieces[rows[i].piece].events.data;
        if (!store_names_is_bookkeeping(g->plan->names, codes[rows[i].row])) {
            first = events == 0 ? rows[i].ts_ms : first;
            last = rows[i].ts_ms;
            events++;
        }
    }
    ((int64_t *)g->out->first_seen.data)[customer] = first;
    ((int64_t *)g->out->last_seen.data)[customer] = last;
    ((uint64_t *)g->out->event_counts.data)[customer] = events;
}

static bool is_bearer(const struct gathering *g, const struct raw_row *row)
{
    bool bears = false;
    for (size_t c = g->plan->own_count; c < g->plan->column_count && !bears; c++) {
        uint32_t count = 0;
        if (g->plan->columns[c].of == STORE_READ_TRAIT_CELL) {
            values_of(g->gather, row, g->gather->column_at[c], &count);
        }
        bears = count > 0;
    }
    return bears;
}

static bool add_row(const struct gathering *g, const struct raw_row *row, struct fail *fail)
{
    struct store_piece *out = g->out;
    uint32_t event = ((const uint32_t *)g->gather->pieces[row->piece].events.data)[row->row];
    if (!store_read_wants(g->plan, event, row->ts_ms) &&
        !(g->plan->bearers_come && is_bearer(g, row))) {
        return true;
    }
    uint32_t at = out->row_count++;
    ((int64_t *)out->ts.data)[at] = row->ts_ms;
    ((uint32_t *)out->events.data)[at] = event;
    for (size_t c = 0; c < g->plan->column_count; c++) {
        if (g->plan->columns[c].of == STORE_READ_TRAIT_LATEST) {
            continue;
        }
        uint32_t count;
        const struct store_value *values =
            values_of(g->gather, row, g->gather->column_at[c], &count);
        for (uint32_t v = 0; v < count; v++) {
            if (!store_piece_add(&out->columns[c], at, values[v], g->budget, fail)) {
                return false;
            }
        }
    }
    return true;
}

/* Adds one root with its rows, sorted. */
static bool add_root(const struct gathering *g, uint32_t root, const struct raw_row *rows,
                     size_t count, struct fail *fail)
{
    struct store_piece *out = g->out;
    uint32_t customer = out->customer_count;
    uint32_t begin = out->row_count;
    for (size_t i = 0; i < count; i++) {
        if (!add_row(g, &rows[i], fail)) {
            return false;
        }
    }
    if (out->row_count == begin && !g->keep_all) {
        return true;
    }
    ((uint32_t *)out->customers.data)[customer] = root;
    ((uint32_t *)out->row_begin.data)[customer] = begin;
    if (g->plan->want_facts) {
        add_facts(g, rows, count, customer);
    }
    out->customer_count++;
    return add_latest(g, rows, count, customer, fail);
}

bool store_piece_from_moved(const struct store_read_plan *plan, const uint32_t *roots, size_t count,
                            const struct store_piece_order *order, struct store_reading *reading,
                            struct store_gather *gather, struct store_piece *out, struct fail *fail)
{
    struct base_budget *budget = reading->budget;
    size_t places;
    size_t row_count = 0;
    if (!make_raw_plan(gather, plan, fail) ||
        !find_places(gather, plan, roots, count, budget, &places, fail)) {
        return false;
    }
    const struct store_piece_order raw_order = {.alone = true};
    for (size_t s = 0; s < gather->segment_count; s++) {
        struct store_spans *spans = &gather->spans[s];
        spans->count = 0;
        if (!store_spans_list(plan->segments[s], gather->places.data, places, false, reading, spans,
                              fail)) {
            return false;
        }
        if (spans->count > 0 &&
            (!store_piece_from_segment(&gather->raw, plan->segments[s], spans, &raw_order, reading,
                                       &gather->pieces[s], fail) ||
             !take_rows(gather, plan, s, roots, count, budget, &row_count, fail))) {
            return false;
        }
    }
    if (!store_piece_start(out, plan, count, budget, fail) ||
        !store_vec_room(&out->ts, row_count, sizeof(int64_t), budget, fail) ||
        !store_vec_room(&out->events, row_count, sizeof(uint32_t), budget, fail)) {
        return false;
    }
    struct raw_row *rows = gather->rows.data;
    if (row_count > 0) {
        qsort(rows, row_count, sizeof *rows, compare_rows);
    }
    struct gathering g = {
        .gather = gather, .plan = plan, .budget = budget, .out = out, .keep_all = order->keep_all};
    for (size_t from = 0; from < row_count;) {
        size_t to = from;
        while (to < row_count && rows[to].root == rows[from].root) {
            to++;
        }
        if (!add_root(&g, roots[rows[from].root], rows + from, to - from, fail)) {
            return false;
        }
        from = to;
    }
    ((uint32_t *)out->row_begin.data)[out->customer_count] = out->row_count;
    return true;
}
