/* store_scan.c — scans and their cursors: from units of customers to merged batches. */
#include "store_scan_account.h"

bool store_scan_new(struct store_snapshot *snapshot, const struct store_scan_options *options,
                    struct store_scan **out, struct fail *fail)
{
    struct store_sources sources;
    if (!store_sources_of(snapshot, &sources, fail)) {
        return false;
    }
    struct store_scan *scan = base_alloc_zero(sizeof *scan);
    scan->arena = arena_new(NULL);
    if (options->by_account) {
        if (!store_account_scan_new(snapshot, options, scan->arena, &scan->by_account, fail)) {
            store_scan_free(scan);
            return false;
        }
        *out = scan;
        return true;
    }
    if (!store_scan_plan_columns(scan, &sources, options, fail) ||
        !store_scan_plan_rows(scan, &sources, options, fail)) {
        store_scan_free(scan);
        return false;
    }
    *out = scan;
    return true;
}

bool store_scan_over(const struct store_sources *sources, const struct store_scan_options *options,
                     const struct store_read_column *columns, size_t column_count,
                     struct store_scan **out, struct fail *fail)
{
    struct store_scan *scan = base_alloc_zero(sizeof *scan);
    scan->arena = arena_new(NULL);
    if (!store_scan_plan_own_columns(scan, sources, columns, column_count, fail) ||
        !store_scan_plan_rows(scan, sources, options, fail)) {
        store_scan_free(scan);
        return false;
    }
    *out = scan;
    return true;
}

void store_scan_free(struct store_scan *scan)
{
    if (scan != NULL) {
        store_account_scan_done(scan->by_account);
        arena_free(scan->arena);
        base_free(scan);
    }
}

void store_scan_slice(struct store_scan *scan)
{
    scan->sliced = true;
}

/* ---- cursors ------------------------------------------------------------------------------------------ */

/* What one batch is made of. */
struct batch {
    struct store_fresh_pick fresh;
    size_t root_count;
    size_t rows; /* about */
};

struct store_cursor {
    struct store_scan *scan;
    struct store_account_cursor *by_account; /* then nothing below is used but rows */
    struct store_read_plan plan;             /* the scan's; its times change from slice to slice */
    struct batch batch;
    struct base_budget *budget;
    struct store_reading reading;
    struct store_gather *gather;
    struct store_spans *spans;  /* by segment */
    struct store_piece *pieces; /* by segment, then the gathered one, then the fresh one */
    struct store_piece **live;  /* of this batch */
    size_t live_count;
    struct store_piece merged;
    struct store_piece_merger merger;
    struct store_vec roots;       /* uint32_t: joined customers of this batch */
    struct store_vec positions;   /* uint32_t: fresh customers of this batch, of a list */
    const uint32_t *list;         /* the scan's, or what store_cursor_list gave */
    size_t list_at, list_end;     /* what is left of the part taken from the list */
    uint32_t range_at, range_end; /* customers left of the unit taken */
    struct store_vec slices; /* int64_t: where the slices of a long customer begin, but the first */
    size_t slice_at, slice_count; /* slices [slice_at, slice_count) are left; 0 of 0: not slicing */
    struct store_column *columns;
    struct store_rows rows;
};

static size_t piece_count(const struct store_scan *scan)
{
    return scan->plan.segment_count + 2;
}

bool store_cursor_new(struct store_scan *scan, struct base_budget *budget,
                      struct store_cursor **out, struct fail *fail)
{
    struct store_cursor *cursor = base_alloc_zero(sizeof *cursor);
    if (scan->by_account != NULL) {
        cursor->scan = scan;
        if (!store_account_cursor_new(scan->by_account, budget, &cursor->by_account, fail)) {
            base_free(cursor);
            return false;
        }
        *out = cursor;
        return true;
    }
    size_t columns = scan->plan.column_count;
    cursor->scan = scan;
    cursor->plan = scan->plan;
    cursor->list = scan->list;
    cursor->budget = budget;
    cursor->reading.budget = budget;
    cursor->reading.values.budget = budget;
    cursor->reading.values.strings = arena_new(budget);
    cursor->reading.cancel = scan->cancel;
    cursor->gather = store_gather_new(scan->plan.segment_count);
    cursor->spans = base_alloc_zero(scan->plan.segment_count * sizeof *cursor->spans);
    cursor->pieces = base_alloc_zero(piece_count(scan) * sizeof *cursor->pieces);
    cursor->live = base_alloc_zero(piece_count(scan) * sizeof *cursor->live);
    cursor->columns = base_alloc_zero(scan->asked_count * sizeof *cursor->columns);
    bool ok = store_piece_init(&cursor->merged, columns, fail);
    for (size_t p = 0; ok && p < piece_count(scan); p++) {
        ok = store_piece_init(&cursor->pieces[p], columns, fail);
    }
    if (!ok) {
        store_cursor_free(cursor);
        return false;
    }
    *out = cursor;
    return true;
}

void store_cursor_free(struct store_cursor *cursor)
{
    if (cursor == NULL) {
        return;
    }
    if (cursor->by_account != NULL) {
        store_account_cursor_free(cursor->by_account);
        base_free(cursor);
        return;
    }
    struct base_budget *budget = cursor->budget;
    size_t columns = cursor->scan->plan.column_count;
    for (size_t p = 0; p < piece_count(cursor->scan); p++) {
        store_piece_done(&cursor->pieces[p], columns, budget);
    }
    for (size_t s = 0; s < cursor->scan->plan.segment_count; s++) {
        store_spans_done(&cursor->spans[s], budget);
    }
    store_piece_done(&cursor->merged, columns, budget);
    store_piece_merger_done(&cursor->merger, budget);
    store_vec_done(&cursor->roots, budget);
    store_vec_done(&cursor->positions, budget);
    store_vec_done(&cursor->slices, budget);
    store_gather_free(cursor->gather, budget);
    store_reading_done(&cursor->reading);
    base_free(cursor->spans);
    base_free(cursor->pieces);
    base_free(cursor->live);
    base_free(cursor->columns);
    base_free(cursor);
}

uint64_t store_cursor_rows_scanned(const struct store_cursor *cursor)
{
    return cursor->by_account != NULL ? store_account_cursor_scanned(cursor->by_account)
                                      : cursor->reading.rows_scanned;
}

void store_cursor_list(struct store_cursor *cursor, const uint32_t *customers, size_t count)
{
    cursor->list = customers;
    cursor->list_at = 0;
    cursor->list_end = count;
}

/* First position in an ascending list that is not less. */
static size_t lower_bound(const uint32_t *list, size_t count, uint32_t number)
{
    size_t low = 0;
    while (low < count) {
        size_t middle = low + (count - low) / 2;
        if (list[middle] < number) {
            low = middle + 1;
        } else {
            count = middle;
        }
    }
    return low;
}

static void drop_moved(const struct store_read_plan *plan, uint32_t first,
                       struct store_spans *spans)
{
    size_t m = lower_bound(plan->moved, plan->moved_count, first);
    if (m == plan->moved_count) {
        return;
    }
    struct store_span *list = spans->spans.data;
    struct store_span_facts *facts = spans->facts.data;
    size_t kept = 0;
    for (size_t i = 0; i < spans->count; i++) {
        while (m < plan->moved_count && plan->moved[m] < list[i].customer) {
            m++;
        }
        if (m < plan->moved_count && plan->moved[m] == list[i].customer) {
            continue;
        }
        list[kept] = list[i];
        if (plan->want_facts) {
            facts[kept] = facts[i];
        }
        kept++;
    }
    spans->count = kept;
}

static bool add_root(struct store_cursor *cursor, uint32_t root, struct batch *batch,
                     struct fail *fail)
{
    if (store_identity_root(cursor->scan->plan.identity, root) != root) {
        return true;
    }
    if (!store_vec_room(&cursor->roots, batch->root_count + 1, sizeof root, cursor->budget, fail)) {
        return false;
    }
    ((uint32_t *)cursor->roots.data)[batch->root_count++] = root;
    return true;
}

static bool find_range(struct store_cursor *cursor, uint32_t first, uint32_t end,
                       struct batch *batch, struct fail *fail)
{
    const struct store_read_plan *plan = &cursor->plan;
    for (size_t s = 0; s < plan->segment_count; s++) {
        struct store_spans *spans = &cursor->spans[s];
        spans->count = 0;
        if (!store_spans_range(plan->segments[s], first, end, plan->want_facts, &cursor->reading,
                               spans, fail)) {
            return false;
        }
        drop_moved(plan, first, spans);
    }
    for (size_t m = lower_bound(plan->moved, plan->moved_count, first);
         plan->segment_count > 0 && m < plan->moved_count && plan->moved[m] < end; m++) {
        if (!add_root(cursor, plan->moved[m], batch, fail)) {
            return false;
        }
    }
    if (plan->fresh != NULL) {
        batch->fresh.from = store_fresh_index_find(plan->fresh, first);
        batch->fresh.count = store_fresh_index_find(plan->fresh, end) - batch->fresh.from;
    }
    return true;
}

#define ROWS_SLACK 4U /* a batch may have so many times the rows aimed at before it is cut */

/* Cuts the one customer found into slices by time, after the longest of its spans. */
static bool make_slices(struct store_cursor *cursor, struct fail *fail)
{
    const struct store_read_plan *plan = &cursor->plan;
    uint32_t step = cursor->scan->batch_rows;
    size_t longest = 0;
    struct store_span span = {0};
    for (size_t s = 0; s < plan->segment_count; s++) {
        const struct store_span *list = cursor->spans[s].spans.data;
        if (cursor->spans[s].count > 0 && list[0].end - list[0].begin > span.end - span.begin) {
            span = list[0];
            longest = s;
        }
    }
    cursor->slice_at = 0;
    cursor->slice_count = 0;
    if (span.end - span.begin <= ROWS_SLACK * step) {
        return true;
    }
    int64_t before = INT64_MIN;
    for (uint32_t row = span.begin + step; row < span.end && row > span.begin; row += step) {
        int64_t ts_ms;
        if (!store_segment_row_ts(plan->segments[longest], row, &ts_ms, fail) ||
            !store_vec_room(&cursor->slices, cursor->slice_count + 2, sizeof ts_ms, cursor->budget,
                            fail)) {
            return false;
        }
        if (ts_ms > before) {
            ((int64_t *)cursor->slices.data)[cursor->slice_count++] = ts_ms;
            before = ts_ms;
        }
    }
    cursor->slice_count++; /* one more slice than there are cuts */
    return true;
}

/* Sets the times of the next slice. */
static void next_slice(struct store_cursor *cursor)
{
    const int64_t *cuts = cursor->slices.data;
    size_t at = cursor->slice_at++;
    cursor->plan.all_times = false;
    cursor->plan.from_ms = at == 0 ? INT64_MIN : cuts[at - 1];
    cursor->plan.last_ms = at + 1 == cursor->slice_count ? INT64_MAX : cuts[at] - 1;
}

static size_t span_rows(const struct store_spans *spans)
{
    const struct store_span *list = spans->spans.data;
    size_t rows = 0;
    for (size_t i = 0; i < spans->count; i++) {
        rows += list[i].end - list[i].begin;
    }
    return rows;
}

/* Where to end a range that has too many rows: around its longest customer, or else in its middle. */
static uint32_t choose_cut(const struct store_cursor *cursor, uint32_t first)
{
    const struct store_read_plan *plan = &cursor->plan;
    const struct batch *batch = &cursor->batch;
    uint32_t longest = first;
    uint32_t most = 0;
    uint32_t middle = first;
    size_t most_spans = 0;
    for (size_t s = 0; s < plan->segment_count; s++) {
        const struct store_spans *spans = &cursor->spans[s];
        const struct store_span *list = spans->spans.data;
        for (size_t i = 0; i < spans->count; i++) {
            if (list[i].end - list[i].begin > most) {
                most = list[i].end - list[i].begin;
                longest = list[i].customer;
            }
        }
        if (spans->count > most_spans) {
            most_spans = spans->count;
            middle = list[spans->count / 2].customer;
        }
    }
    if (batch->fresh.count > most_spans) {
        middle = plan->fresh->customers[batch->fresh.from + batch->fresh.count / 2];
    }
    uint32_t cut = most >= cursor->scan->batch_rows ? longest : middle;
    return cut > first ? cut : first + 1;
}

/* Finds the first customers of what is left of the unit, with rows for one batch. */
static bool find_next_range(struct store_cursor *cursor, struct fail *fail)
{
    const struct store_read_plan *plan = &cursor->plan;
    struct batch *batch = &cursor->batch;
    uint32_t first = cursor->range_at;
    uint32_t end = cursor->range_end;
    for (;;) {
        *batch = (struct batch){0};
        if (!find_range(cursor, first, end, batch, fail)) {
            return false;
        }
        for (size_t s = 0; s < plan->segment_count; s++) {
            batch->rows += span_rows(&cursor->spans[s]);
        }
        if (batch->fresh.count > 0) {
            const uint32_t *begin = plan->fresh->begin;
            batch->rows += begin[batch->fresh.from + batch->fresh.count] - begin[batch->fresh.from];
        }
        if (batch->rows <= (size_t)ROWS_SLACK * cursor->scan->batch_rows || end - first == 1) {
            break;
        }
        end = choose_cut(cursor, first);
    }
    cursor->range_at = end;
    return !cursor->scan->sliced || end - first != 1 || batch->root_count > 0 ||
           make_slices(cursor, fail);
}

/* Takes customers from the slice of the list until there are rows enough. */
static bool find_listed(struct store_cursor *cursor, struct batch *batch, struct fail *fail)
{
    const struct store_read_plan *plan = &cursor->plan;
    size_t most = cursor->list_end - cursor->list_at;
    if (!store_vec_room(&cursor->positions, most, sizeof(uint32_t), cursor->budget, fail)) {
        return false;
    }
    uint32_t *positions = cursor->positions.data;
    batch->fresh.list = positions;
    for (size_t s = 0; s < plan->segment_count; s++) {
        cursor->spans[s].count = 0;
    }
    while (cursor->list_at < cursor->list_end && batch->rows < cursor->scan->batch_rows) {
        uint32_t customer = cursor->list[cursor->list_at++];
        size_t m = lower_bound(plan->moved, plan->moved_count, customer);
        bool moved = m < plan->moved_count && plan->moved[m] == customer;
        if (moved && plan->segment_count > 0 && !add_root(cursor, customer, batch, fail)) {
            return false;
        }
        for (size_t s = 0; s < plan->segment_count && !moved; s++) {
            struct store_spans *spans = &cursor->spans[s];
            size_t before = spans->count;
            if (!store_spans_list(plan->segments[s], &customer, 1, plan->want_facts,
                                  &cursor->reading, spans, fail)) {
                return false;
            }
            if (spans->count > before) {
                const struct store_span *span =
                    (const struct store_span *)spans->spans.data + before;
                batch->rows += span->end - span->begin;
            }
        }
        if (plan->fresh != NULL) {
            uint32_t at = store_fresh_index_find(plan->fresh, customer);
            if (at < plan->fresh->customer_count && plan->fresh->customers[at] == customer) {
                positions[batch->fresh.count++] = at;
                batch->rows += plan->fresh->begin[at + 1] - plan->fresh->begin[at];
            }
        }
    }
    return true;
}

/* Decodes every source's part of the batch. */
static bool make_pieces(struct store_cursor *cursor, const struct batch *batch, struct fail *fail)
{
    const struct store_read_plan *plan = &cursor->plan;
    size_t sources = (batch->root_count > 0) + (size_t)(batch->fresh.count > 0);
    for (size_t s = 0; s < plan->segment_count; s++) {
        sources += cursor->spans[s].count > 0;
    }
    struct store_piece_order order = {
        .alone = sources <= 1,
        .keep_all = plan->every_customer || (sources > 1 && (plan->want_facts || plan->any_latest)),
    };
    cursor->live_count = 0;
    for (size_t s = 0; s < plan->segment_count; s++) {
        if (cursor->spans[s].count > 0) {
            struct store_piece *piece = &cursor->pieces[s];
            cursor->live[cursor->live_count++] = piece;
            if (!store_piece_from_segment(plan, plan->segments[s], &cursor->spans[s], &order,
                                          &cursor->reading, piece, fail)) {
                return false;
            }
        }
    }
    if (batch->root_count > 0) {
        struct store_piece *piece = &cursor->pieces[plan->segment_count];
        cursor->live[cursor->live_count++] = piece;
        if (!store_piece_from_moved(plan, cursor->roots.data, batch->root_count, &order,
                                    &cursor->reading, cursor->gather, piece, fail)) {
            return false;
        }
    }
    if (batch->fresh.count > 0) {
        struct store_piece *piece = &cursor->pieces[plan->segment_count + 1];
        cursor->live[cursor->live_count++] = piece;
        if (!store_piece_from_fresh(plan, &batch->fresh, &order, cursor->budget, piece, fail)) {
            return false;
        }
        const uint32_t *begin = plan->fresh->begin;
        for (uint32_t i = 0; i < batch->fresh.count; i++) {
            uint32_t at = batch->fresh.list != NULL ? batch->fresh.list[i] : batch->fresh.from + i;
            cursor->reading.rows_scanned += begin[at + 1] - begin[at];
        }
    }
    return true;
}

static void show_piece(struct store_cursor *cursor, const struct store_piece *piece)
{
    const struct store_scan *scan = cursor->scan;
    for (size_t c = 0; c < scan->asked_count; c++) {
        const struct store_piece_column *column = &piece->columns[scan->asked[c]];
        cursor->columns[c] = (struct store_column){.count = column->count,
                                                   .at = column->at.data,
                                                   .last = store_piece_lasts(column),
                                                   .values = column->values.data};
    }
    cursor->rows = (struct store_rows){
        .customer_count = piece->customer_count,
        .customers = piece->customers.data,
        .row_begin = piece->row_begin.data,
        .row_count = piece->row_count,
        .ts_ms = piece->ts.data,
        .events = piece->events.data,
        .columns = cursor->columns,
    };
    if (scan->plan.want_facts) {
        cursor->rows.first_seen_ms = piece->first_seen.data;
        cursor->rows.last_seen_ms = piece->last_seen.data;
        cursor->rows.event_counts = piece->event_counts.data;
    }
}

/* Finds the customers of the next batch; false in *out_found at the end of the scan. */
static bool find_batch(struct store_cursor *cursor, bool *out_found, struct fail *fail)
{
    struct store_scan *scan = cursor->scan;
    *out_found = true;
    if (cursor->slice_at < cursor->slice_count) { /* of the same customer */
        next_slice(cursor);
        return true;
    }
    cursor->plan.all_times = scan->plan.all_times;
    cursor->plan.from_ms = scan->plan.from_ms;
    cursor->plan.last_ms = scan->plan.last_ms;
    if (cursor->list_at == cursor->list_end && cursor->range_at == cursor->range_end) {
        size_t unit = atomic_fetch_add_explicit(&scan->next_unit, 1, memory_order_relaxed);
        if (unit >= scan->unit_count) {
            *out_found = false;
            return true;
        }
        if (scan->listed) {
            size_t end = (unit + 1) * STORE_SCAN_SLICE;
            cursor->list_at = unit * STORE_SCAN_SLICE;
            cursor->list_end = end < scan->list_count ? end : scan->list_count;
        } else {
            cursor->range_at = scan->bounds[unit];
            cursor->range_end = scan->bounds[unit + 1];
        }
    }
    if (scan->listed) {
        cursor->batch = (struct batch){0};
        return find_listed(cursor, &cursor->batch, fail);
    }
    if (!find_next_range(cursor, fail)) {
        return false;
    }
    if (cursor->slice_count > cursor->slice_at) {
        next_slice(cursor);
    }
    return true;
}

bool store_cursor_next(struct store_cursor *cursor, const struct store_rows **out,
                       struct fail *fail)
{
    const struct store_read_plan *plan = &cursor->plan;
    if (cursor->by_account != NULL) {
        return store_account_cursor_next(cursor->by_account, out, fail);
    }
    for (;;) {
        if (cursor->scan->cancel != NULL && base_cancel_due(cursor->scan->cancel, fail)) {
            return false;
        }
        arena_reset(cursor->reading.values.strings);
        bool found;
        if (!find_batch(cursor, &found, fail)) {
            return false;
        }
        if (!found) {
            cursor->rows = (struct store_rows){0};
            *out = &cursor->rows;
            return true;
        }
        if (!make_pieces(cursor, &cursor->batch, fail)) {
            return false;
        }
        struct store_piece *piece = cursor->live_count > 0 ? cursor->live[0] : &cursor->merged;
        if (cursor->live_count > 1) {
            piece = &cursor->merged;
            if (!store_piece_merge(&cursor->merger, plan, cursor->live, cursor->live_count,
                                   cursor->budget, piece, fail)) {
                return false;
            }
        }
        if (cursor->live_count == 0 || piece->customer_count == 0) {
            continue;
        }
        if (plan->any_latest && !store_piece_settle_traits(piece, plan, cursor->budget, fail)) {
            return false;
        }
        show_piece(cursor, piece);
        *out = &cursor->rows;
        return true;
    }
}
