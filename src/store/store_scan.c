/* store_scan.c — scans and their cursors: from the customers of a batch to its merged rows. */
#include "store_scan_account.h"
#include "store_scan_cursor.h"

bool store_scan_new(struct store_snapshot *snapshot, const struct store_scan_options *options,
                    struct store_scan **out, struct fail *fail)
{
    struct store_sources sources;
    struct store_scan *scan = base_alloc_zero(sizeof *scan);
    scan->arena = arena_new(NULL);
    if (options->by_account) {
        INVARIANT(options->labels == NULL);
        if (!store_account_scan_new(snapshot, options, scan->arena, &scan->by_account, fail)) {
            store_scan_free(scan);
            return false;
        }
        *out = scan;
        return true;
    }
    /* Who lists nobody gives the cursors their lists later. */
    bool ready = options->without_fresh ? store_sources_sealed(snapshot, &sources)
                 : options->customer_count == 0
                     ? store_sources_of(snapshot, &sources, fail)
                     : store_sources_of_few(snapshot, options->customers, options->customer_count,
                                            scan->arena, &sources, fail);
    if (!ready || !store_scan_plan_columns(scan, &sources, options, fail) ||
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
    scan->ordered = true;
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
        store_moved_unref(scan->moved);
        arena_free(scan->arena);
        base_free(scan);
    }
}

size_t store_scan_units(const struct store_scan *scan)
{
    return scan->by_account != NULL ? store_account_scan_units(scan->by_account) : scan->unit_count;
}

void store_scan_slice(struct store_scan *scan)
{
    scan->sliced = true;
}

void store_scan_leave_words(struct store_scan *scan)
{
    scan->leaves = scan->plan.segment_count <= STORE_LEFT_SEGMENTS_MAX;
}

/* ---- cursors ------------------------------------------------------------------------------------------ */

/* Places of pieces behind those of segments. */
enum { PIECE_JOINED, PIECE_GATHERED, PIECE_FRESH, PIECES };

static size_t piece_count(const struct store_scan *scan)
{
    return scan->plan.segment_count + PIECES;
}

static struct store_piece *piece_of(const struct store_cursor *cursor, size_t which)
{
    return &cursor->pieces[cursor->plan.segment_count + which];
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
    cursor->reading.values.leave = scan->leaves;
    cursor->reading.cancel = scan->cancel;
    cursor->spans = base_alloc_zero(scan->plan.segment_count * sizeof *cursor->spans);
    cursor->pieces = base_alloc_zero(piece_count(scan) * sizeof *cursor->pieces);
    cursor->live = base_alloc_zero(piece_count(scan) * sizeof *cursor->live);
    cursor->columns = base_alloc_zero(scan->asked_count * sizeof *cursor->columns);
    cursor->narrow = scan->plan.labels != NULL ? store_narrow_new(piece_count(scan)) : NULL;
    bool ok = store_piece_init(&cursor->merged, columns, fail);
    if (scan->plan.moved != NULL) {
        cursor->gather = store_gather_new(scan->plan.segment_count);
        ok = ok && store_joined_new(&scan->plan, &cursor->joined, fail);
    }
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
    store_narrow_free(cursor->narrow, piece_count(cursor->scan), budget);
    store_vec_done(&cursor->roots, budget);
    store_vec_done(&cursor->positions, budget);
    store_vec_done(&cursor->slices, budget);
    store_joined_free(cursor->joined, budget);
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

/* Which pieces of the batch that was found come now. */
enum part { PART_ALL, PART_SEGMENTS, PART_JOINED };

/* Tells the fresh customers of the range that are roots of the batch from the others. */
static bool split_fresh(struct store_cursor *cursor, struct fail *fail)
{
    struct store_batch *batch = &cursor->batch;
    const uint32_t *roots = cursor->roots.data;
    const uint32_t *customers = cursor->plan.fresh->customers;
    uint32_t count = batch->fresh.count;
    uint32_t from = batch->fresh.from;
    if (!store_vec_room(&cursor->positions, 2 * (size_t)count, sizeof(uint32_t), cursor->budget,
                        fail)) {
        return false;
    }
    uint32_t *others = cursor->positions.data;
    uint32_t *of_roots = others + count;
    batch->fresh = (struct store_fresh_pick){.list = others};
    batch->fresh_roots = (struct store_fresh_pick){.list = of_roots};
    size_t r = 0;
    for (uint32_t at = from; at < from + count; at++) {
        while (r < batch->root_count && roots[r] < customers[at]) {
            r++;
        }
        if (r < batch->root_count && roots[r] == customers[at]) {
            of_roots[batch->fresh_roots.count++] = at;
        } else {
            others[batch->fresh.count++] = at;
        }
    }
    return true;
}

/* Roots come apart from the others, so that nothing has to be merged into what is one piece. What a list asked for, or has to
   ascend, comes at once. */
static bool next_part(struct store_cursor *cursor, enum part *out, struct fail *fail)
{
    *out = PART_ALL;
    if (cursor->joined_next) {
        cursor->joined_next = false;
        *out = PART_JOINED;
        return true;
    }
    if (cursor->batch.root_count == 0 || cursor->scan->ordered || cursor->scan->listed) {
        return true;
    }
    cursor->joined_next = true;
    *out = PART_SEGMENTS;
    return cursor->batch.fresh.count == 0 || split_fresh(cursor, fail);
}

static bool make_fresh(struct store_cursor *cursor, const struct store_fresh_pick *pick,
                       const struct store_piece_order *order, struct store_piece **out,
                       struct fail *fail)
{
    const struct store_read_plan *plan = &cursor->plan;
    *out = piece_of(cursor, PIECE_FRESH);
    cursor->reading.rows_scanned += store_fresh_pick_rows(plan->fresh, pick);
    return store_piece_from_fresh(plan, pick, order, cursor->budget, *out, fail);
}

/* The roots of the batch: those that can be joined run by run, and the others. */
static bool make_roots(struct store_cursor *cursor, const struct store_piece_order *order,
                       struct fail *fail)
{
    const struct store_read_plan *plan = &cursor->plan;
    struct store_roots *left = &cursor->joined->left;
    struct store_piece *piece = piece_of(cursor, PIECE_JOINED);
    if (!store_joined_wide(cursor->joined, plan, cursor->roots.data, cursor->batch.root_count,
                           order, &cursor->reading, piece, fail)) {
        return false;
    }
    cursor->live[cursor->live_count++] = piece;
    if (left->count == 0) {
        return true;
    }
    piece = piece_of(cursor, PIECE_GATHERED);
    cursor->live[cursor->live_count++] = piece;
    return store_piece_from_moved(plan, left->numbers.data, left->count, order, &cursor->reading,
                                  cursor->gather, piece, fail);
}

static const struct store_fresh_pick *fresh_of(const struct store_batch *batch, enum part part)
{
    return part == PART_JOINED ? &batch->fresh_roots : &batch->fresh;
}

/* Decodes every source's part of the batch. */
static bool make_pieces(struct store_cursor *cursor, enum part part, struct fail *fail)
{
    const struct store_read_plan *plan = &cursor->plan;
    const struct store_batch *batch = &cursor->batch;
    const struct store_fresh_pick *fresh = fresh_of(batch, part);
    bool roots = batch->root_count > 0 && part != PART_SEGMENTS;
    size_t sources = roots + (size_t)(fresh->count > 0);
    for (size_t s = 0; s < plan->segment_count; s++) {
        sources += part != PART_JOINED && cursor->spans[s].count > 0;
    }
    struct store_piece_order order = {
        .alone = sources <= 1,
        .keep_all = plan->every_customer || (sources > 1 && (plan->want_facts || plan->any_latest)),
    };
    cursor->live_count = 0;
    for (size_t s = 0; s < plan->segment_count && part != PART_JOINED; s++) {
        if (cursor->spans[s].count > 0) {
            struct store_piece *piece = &cursor->pieces[s];
            cursor->live[cursor->live_count++] = piece;
            if (!store_piece_from_segment(plan, plan->segments[s], &cursor->spans[s], &order,
                                          &cursor->reading, piece, fail)) {
                return false;
            }
        }
    }
    return (!roots || make_roots(cursor, &order, fail)) &&
           (fresh->count == 0 ||
            make_fresh(cursor, fresh, &order, &cursor->live[cursor->live_count++], fail));
}

/* The whole batch as one piece; no customers: it has no wanted rows. */
static bool make_whole(struct store_cursor *cursor, enum part part, const struct store_piece **out,
                       struct fail *fail)
{
    const struct store_read_plan *plan = &cursor->plan;
    struct store_piece *piece = &cursor->merged;
    if (!make_pieces(cursor, part, fail)) {
        return false;
    }
    if (cursor->live_count == 0) {
        piece->customer_count = 0;
    } else if (cursor->live_count == 1) {
        piece = cursor->live[0];
    } else if (!store_piece_merge(&cursor->merger, plan, cursor->live, cursor->live_count,
                                  cursor->budget, piece, fail)) {
        return false;
    }
    *out = piece;
    return !plan->any_latest || piece->customer_count == 0 ||
           store_piece_settle_traits(piece, plan, cursor->budget, fail);
}

static bool make_narrow_roots(struct store_cursor *cursor, struct fail *fail)
{
    const struct store_read_plan *plan = &cursor->plan;
    const struct store_piece_order order = {.alone = true};
    const struct store_roots *left = &cursor->joined->left;
    struct store_piece *wide = piece_of(cursor, PIECE_GATHERED);
    if (!store_joined_narrow(cursor->joined, plan, cursor->roots.data, cursor->batch.root_count,
                             &cursor->reading, cursor->narrow, fail)) {
        return false;
    }
    return left->count == 0 ||
           (store_piece_from_moved(plan, left->numbers.data, left->count, &order, &cursor->reading,
                                   cursor->gather, wide, fail) &&
            store_narrow_add_piece(cursor->narrow, wide, cursor->budget, fail));
}

/* Slots alone are worth reading where few customers can have rows of one slot in several pieces: whole times of these are read
   one by one. */
#define SHARED_ONE_IN 8U

static bool reads_slots(const struct store_cursor *cursor, enum part part)
{
    size_t most = 0, all = 0;
    for (size_t s = 0; s < cursor->plan.segment_count && part != PART_JOINED; s++) {
        size_t rows = store_spans_rows(cursor->spans[s].spans.data, cursor->spans[s].count);
        most = rows > most ? rows : most;
        all += rows;
    }
    const struct store_fresh_pick *fresh = fresh_of(&cursor->batch, part);
    all += store_fresh_pick_rows(cursor->plan.fresh, fresh);
    bool roots = cursor->batch.root_count > 0 && part != PART_SEGMENTS;
    bool few = all - most <= most / SHARED_ONE_IN && !cursor->narrow->slots_fail;
    return cursor->plan.slots && !roots && (few || cursor->plan.any_order);
}

static bool gather_narrow(struct store_cursor *cursor, enum part part, bool in_slots,
                          struct fail *fail)
{
    const struct store_read_plan *plan = &cursor->plan;
    const struct store_batch *batch = &cursor->batch;
    const struct store_piece_order order = {.alone = true};
    const struct store_fresh_pick *fresh = fresh_of(batch, part);
    struct store_piece *wide;
    store_narrow_start(cursor->narrow, plan, in_slots);
    for (size_t s = 0; s < plan->segment_count && part != PART_JOINED; s++) {
        if (cursor->spans[s].count > 0 &&
            !store_narrow_add_segment(cursor->narrow, plan->segments[s], &cursor->spans[s],
                                      &cursor->reading, fail)) {
            return false;
        }
    }
    return (batch->root_count == 0 || part == PART_SEGMENTS || make_narrow_roots(cursor, fail)) &&
           (fresh->count == 0 ||
            (make_fresh(cursor, fresh, &order, &wide, fail) &&
             store_narrow_add_piece(cursor->narrow, wide, cursor->budget, fail)));
}

/* The same, of narrow rows: once more with times, where slots turn out not to do. */
static bool make_narrow(struct store_cursor *cursor, enum part part,
                        const struct store_narrow_piece **out, struct fail *fail)
{
    uint64_t scanned = cursor->reading.rows_scanned; /* a row counts once */
    if (!gather_narrow(cursor, part, reads_slots(cursor, part), fail) ||
        !store_narrow_merge(cursor->narrow, cursor->budget, out, fail)) {
        return false;
    }
    if (*out != NULL) {
        return true;
    }
    cursor->reading.rows_scanned = scanned;
    return gather_narrow(cursor, part, false, fail) &&
           store_narrow_merge(cursor->narrow, cursor->budget, out, fail);
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

static void show_narrow(struct store_cursor *cursor, const struct store_narrow_piece *piece)
{
    cursor->rows = (struct store_rows){
        .customer_count = piece->customer_count,
        .customers = piece->customers.data,
        .row_begin = piece->row_begin.data,
        .row_count = piece->row_count,
        .ts_ms = cursor->plan.slots ? NULL : piece->ts.data,
        .slots = cursor->plan.slots ? piece->slots.data : NULL,
        .labels = piece->labels.data,
    };
}

/* Reads the batch found, or one part of it, and shows it. */
static bool read_batch(struct store_cursor *cursor, struct fail *fail)
{
    enum part part;
    const struct store_piece *piece;
    const struct store_narrow_piece *narrow;
    if (!next_part(cursor, &part, fail)) {
        return false;
    }
    if (cursor->narrow != NULL) {
        if (!make_narrow(cursor, part, &narrow, fail)) {
            return false;
        }
        show_narrow(cursor, narrow);
        return true;
    }
    if (!make_whole(cursor, part, &piece, fail)) {
        return false;
    }
    show_piece(cursor, piece);
    return true;
}

bool store_cursor_next(struct store_cursor *cursor, const struct store_rows **out,
                       struct fail *fail)
{
    if (cursor->by_account != NULL) {
        return store_account_cursor_next(cursor->by_account, out, fail);
    }
    for (bool found = true; found;) {
        if (cursor->scan->cancel != NULL && base_cancel_due(cursor->scan->cancel, fail)) {
            return false;
        }
        arena_reset(cursor->reading.values.strings);
        cursor->rows = (struct store_rows){0};
        if ((!cursor->joined_next && !store_cursor_find(cursor, &found, fail)) ||
            (found && !read_batch(cursor, fail))) {
            return false;
        }
        if (cursor->rows.customer_count > 0) {
            break;
        }
    }
    *out = &cursor->rows;
    return true;
}
