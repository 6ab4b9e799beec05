/* store_scan_batch.c — which customers come in a batch, and where their rows are. */
#include "store_scan_cursor.h"

static void drop_moved(const struct store_read_plan *plan, uint32_t first,
                       struct store_spans *spans)
{
    const struct store_moved *moved = plan->moved;
    size_t m = store_moved_find(moved, first);
    if (m == moved->count) {
        return;
    }
    struct store_span *list = spans->spans.data;
    struct store_span_facts *facts = spans->facts.data;
    size_t kept = 0;
    for (size_t i = 0; i < spans->count; i++) {
        while (m < moved->count && moved->numbers[m] < list[i].customer) {
            m++;
        }
        if (m < moved->count && moved->numbers[m] == list[i].customer) {
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

/* Adds the moved number at `at` where it is a root. */
static bool add_root(struct store_cursor *cursor, size_t at, struct store_batch *batch,
                     struct fail *fail)
{
    const struct store_read_plan *plan = &cursor->plan;
    uint32_t root = plan->moved->numbers[at];
    if (plan->moved->root_at[at] != at) {
        return true;
    }
    if (!store_vec_room(&cursor->roots, batch->root_count + 1, sizeof root, cursor->budget, fail)) {
        return false;
    }
    ((uint32_t *)cursor->roots.data)[batch->root_count++] = root;
    batch->rows += plan->moved_rows != NULL ? store_joined_rows(plan, root) : 0;
    return true;
}

static bool find_range(struct store_cursor *cursor, uint32_t first, uint32_t end,
                       struct store_batch *batch, struct fail *fail)
{
    const struct store_read_plan *plan = &cursor->plan;
    for (size_t s = 0; s < plan->segment_count; s++) {
        struct store_spans *spans = &cursor->spans[s];
        spans->count = 0;
        if (!store_spans_range(plan->segments[s], first, end, plan->want_facts, &cursor->reading,
                               spans, fail)) {
            return false;
        }
        if (plan->moved != NULL) {
            drop_moved(plan, first, spans);
        }
    }
    for (size_t m = plan->moved == NULL ? 0 : store_moved_find(plan->moved, first);
         plan->moved != NULL && m < plan->moved->count && plan->moved->numbers[m] < end; m++) {
        if (!add_root(cursor, m, batch, fail)) {
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

/* Where to end a range that has too many rows: around its longest customer, or else in its middle. */
static uint32_t choose_cut(const struct store_cursor *cursor, uint32_t first)
{
    const struct store_read_plan *plan = &cursor->plan;
    const struct store_batch *batch = &cursor->batch;
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
    if (batch->root_count > most_spans) {
        most_spans = batch->root_count;
        middle = ((const uint32_t *)cursor->roots.data)[batch->root_count / 2];
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
    struct store_batch *batch = &cursor->batch;
    uint32_t first = cursor->range_at;
    uint32_t end = cursor->range_end;
    size_t most = (size_t)ROWS_SLACK * cursor->scan->batch_rows;
    for (;;) {
        *batch = (struct store_batch){0};
        if (!find_range(cursor, first, end, batch, fail)) {
            return false;
        }
        for (size_t s = 0; s < plan->segment_count; s++) {
            batch->rows += store_spans_rows(cursor->spans[s].spans.data, cursor->spans[s].count);
        }
        if (batch->fresh.count > 0) {
            const uint32_t *begin = plan->fresh->begin;
            batch->rows += begin[batch->fresh.from + batch->fresh.count] - begin[batch->fresh.from];
        }
        if (batch->rows <= most || end - first == 1) {
            break;
        }
        end = choose_cut(cursor, first);
    }
    cursor->range_at = end;
    bool slices = cursor->scan->sliced && batch->rows > most && batch->root_count == 0;
    return !slices || store_slices_start(cursor, fail);
}

/* Takes customers from the slice of the list until there are rows enough. */
static bool find_listed(struct store_cursor *cursor, struct store_batch *batch, struct fail *fail)
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
        size_t m = plan->moved == NULL ? 0 : store_moved_find(plan->moved, customer);
        bool moved =
            plan->moved != NULL && m < plan->moved->count && plan->moved->numbers[m] == customer;
        if (moved && !add_root(cursor, m, batch, fail)) {
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

bool store_cursor_find(struct store_cursor *cursor, bool *out_found, struct fail *fail)
{
    struct store_scan *scan = cursor->scan;
    *out_found = true;
    if (cursor->slicing) { /* of the same customer */
        return store_slices_next(cursor, fail);
    }
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
        cursor->batch = (struct store_batch){0};
        return find_listed(cursor, &cursor->batch, fail);
    }
    return find_next_range(cursor, fail);
}
