/* store_scan_fresh.c — fresh rows: sorting them once per snapshot, and pieces from them. */
#include "store_read.h"

/* ---- the index ---------------------------------------------------------------------------------------- */

struct index_work {
    uint32_t *roots, *events;
    int64_t *ts_ms;
};

static void index_work_done(struct index_work *work)
{
    base_free(work->roots);
    base_free(work->ts_ms);
    base_free(work->events);
}

static bool index_work_init(struct index_work *work, size_t rows, struct fail *fail)
{
    void *block = NULL;
    if (!base_alloc_array(rows, sizeof *work->roots, &block, fail)) {
        return false;
    }
    work->roots = block;
    if (!base_alloc_array(rows, sizeof *work->ts_ms, &block, fail)) {
        return false;
    }
    work->ts_ms = block;
    if (!base_alloc_array(rows, sizeof *work->events, &block, fail)) {
        return false;
    }
    work->events = block;
    return true;
}

bool store_fresh_index_make(const struct store_fresh_view *views, size_t view_count,
                            const struct store_identity_view *identity, struct arena *arena,
                            struct store_fresh_index *out, struct fail *fail)
{
    struct store_fresh_index index = {.view_count = view_count};
    size_t rows = 0;
    INVARIANT(view_count <= ARRAY_LEN(index.views));
    for (size_t v = 0; v < view_count; v++) {
        index.views[v] = views[v];
        rows += views[v].count;
    }
    INVARIANT(rows < UINT32_MAX);
    struct index_work work = {0};
    if (!index_work_init(&work, rows, fail)) {
        index_work_done(&work);
        return false;
    }
    uint32_t at = 0;
    for (size_t v = 0; v < view_count; v++) {
        for (uint32_t i = 0; i < views[v].count; i++, at++) {
            const struct store_row *row = store_fresh_row(views[v].fresh, i);
            work.roots[at] = store_identity_root(identity, row->original);
            work.ts_ms[at] = row->ts_ms;
            work.events[at] = row->event;
        }
    }
    struct store_order order;
    bool ok =
        store_order_make(work.roots, work.ts_ms, work.events, (uint32_t)rows, arena, &order, fail);
    index_work_done(&work);
    if (ok) {
        index.row_count = order.row_count;
        index.customer_count = order.customer_count;
        index.customers = order.customers;
        index.begin = order.begin;
        index.rows = order.rows;
        index.ts_ms = order.ts_ms;
        index.events = order.events;
        *out = index;
    }
    return ok;
}

/* ---- pieces ------------------------------------------------------------------------------------------- */

/* Values of one column that stand in the row itself, not in its lists of cells; false: missing. */
static bool own_value(const struct store_read_plan *plan, enum store_read_of of,
                      const struct store_row *row, struct store_value *out)
{
    switch (of) {
    case STORE_READ_CHANNEL:
        if (row->channel == STORE_NO_CODE) {
            return false;
        }
        *out = store_value_str(store_names_get(plan->names, STORE_FAMILY_CHANNEL, row->channel));
        return true;
    case STORE_READ_SOURCE:
        *out = store_value_str(store_names_get(plan->names, STORE_FAMILY_SOURCE, row->source));
        return true;
    case STORE_READ_SCALE:
        if (row->scale == STORE_NO_CODE) {
            return false;
        }
        *out = store_value_str(store_names_get(plan->names, STORE_FAMILY_SCALE, row->scale));
        return true;
    case STORE_READ_TEXT:
        *out = store_value_str(row->text);
        return row->text.data != NULL;
    case STORE_READ_HAS_TEXT:
        *out = store_value_bool(true);
        return row->text.data != NULL;
    case STORE_READ_SCORE:
        *out = row->score;
        return row->scale != STORE_NO_CODE;
    case STORE_READ_MESSAGE_ID:
        *out = store_value_str(row->message_id);
        return row->message_id.data != NULL;
    case STORE_READ_RECEIVED_AT:
        *out = store_value_int(row->received_at_ms);
        return true;
    case STORE_READ_CLIENT_TS:
        *out = store_value_int(row->client_ts_ms);
        return row->client_ts_ms != STORE_NO_TIME;
    case STORE_READ_SENT_AT:
        *out = store_value_int(row->sent_at_ms);
        return row->sent_at_ms != STORE_NO_TIME;
    case STORE_READ_ARRIVAL:
        *out = store_value_int((int64_t)row->arrival);
        return true;
    case STORE_READ_ORIGINAL:
        *out = store_value_int(row->original);
        return true;
    case STORE_READ_CHANNEL_CODE:
        *out = store_value_int(row->channel);
        return row->channel != STORE_NO_CODE;
    case STORE_READ_SOURCE_CODE:
        *out = store_value_int(row->source);
        return true;
    case STORE_READ_SCALE_CODE:
        *out = store_value_int(row->scale);
        return row->scale != STORE_NO_CODE;
    case STORE_READ_PROPERTY:
    case STORE_READ_TRAIT_LATEST:
    case STORE_READ_TRAIT_CELL:
        break;
    }
    return false;
}

static bool add_cells(const uint32_t *slots, uint32_t slot_count, const struct store_cell *cells,
                      uint32_t count, uint32_t at, struct store_piece *out,
                      struct base_budget *budget, struct fail *fail)
{
    for (uint32_t i = 0; i < count; i++) {
        uint32_t slot = cells[i].name < slot_count ? slots[cells[i].name] : 0;
        if (slot != 0 &&
            !store_piece_add(&out->columns[slot - 1], at, cells[i].value, budget, fail)) {
            return false;
        }
    }
    return true;
}

static bool add_row_values(const struct store_read_plan *plan, const struct store_row *row,
                           uint32_t at, struct store_piece *out, struct base_budget *budget,
                           struct fail *fail)
{
    for (size_t c = 0; c < plan->own_count; c++) {
        struct store_value value;
        if (own_value(plan, plan->columns[c].of, row, &value) &&
            !store_piece_add(&out->columns[c], at, value, budget, fail)) {
            return false;
        }
    }
    return add_cells(plan->property_slots, plan->property_slot_count, row->properties,
                     row->property_count, at, out, budget, fail) &&
           add_cells(plan->cell_slots, plan->cell_slot_count, row->traits, row->trait_count, at,
                     out, budget, fail);
}

static bool is_prefix(const struct store_read_column *column, uint32_t name)
{
    for (size_t p = 0; p < column->prefix_count; p++) {
        if (column->prefixes[p] == name) {
            return true;
        }
    }
    return false;
}

/* Says whether the row sets or removes the trait; inside one event a value wins over a removal. */
static bool row_decides(const struct store_read_column *column, const struct store_row *row,
                        bool *out_sets)
{
    bool decides = false;
    *out_sets = false;
    for (uint32_t i = 0; i < row->trait_count; i++) {
        const struct store_cell *cell = &row->traits[i];
        if (cell->name == column->name) {
            decides = true;
            *out_sets |= cell->value.kind != STORE_NULL;
        } else if (cell->value.kind == STORE_NULL && is_prefix(column, cell->name)) {
            decides = true;
        }
    }
    return decides;
}

/* The latest row of [begin, end) that decides the trait gives its values. */
static bool add_latest(const struct store_read_plan *plan, uint32_t begin, uint32_t end,
                       uint32_t customer, const struct store_read_column *column,
                       struct store_piece_column *into, struct base_budget *budget,
                       struct fail *fail)
{
    for (uint32_t i = end; i-- > begin;) {
        const struct store_row *row = store_fresh_index_row(plan->fresh, i);
        bool sets;
        if (row->trait_count == 0 || !row_decides(column, row, &sets)) {
            continue;
        }
        struct store_trait_last last = {customer, into->count, 0, row->ts_ms};
        for (uint32_t t = 0; sets && t < row->trait_count; t++) {
            const struct store_cell *cell = &row->traits[t];
            if (cell->name == column->name && cell->value.kind != STORE_NULL) {
                if (!store_piece_add(into, customer, cell->value, budget, fail)) {
                    return false;
                }
                last.count++;
            }
        }
        if (!store_vec_room(&into->lasts, (size_t)into->last_count + 1, sizeof last, budget,
                            fail)) {
            return false;
        }
        ((struct store_trait_last *)into->lasts.data)[into->last_count++] = last;
        return true;
    }
    return true;
}

static void add_facts(const struct store_read_plan *plan, uint32_t begin, uint32_t end,
                      uint32_t customer, struct store_piece *out)
{
    int64_t first = STORE_NO_TIME;
    int64_t last = STORE_NO_TIME;
    uint64_t count = 0;
    for (uint32_t i = begin; i < end; i++) {
        if (store_names_is_bookkeeping(plan->names, plan->fresh->events[i])) {
            continue;
        }
        first = count == 0 ? plan->fresh->ts_ms[i] : first;
        last = plan->fresh->ts_ms[i];
        count++;
    }
    ((int64_t *)out->first_seen.data)[customer] = first;
    ((int64_t *)out->last_seen.data)[customer] = last;
    ((uint64_t *)out->event_counts.data)[customer] = count;
}

static bool is_bearer(const struct store_read_plan *plan, const struct store_row *row)
{
    for (uint32_t t = 0; t < row->trait_count; t++) {
        uint32_t name = row->traits[t].name;
        if (name < plan->cell_slot_count && plan->cell_slots[name] != 0) {
            return true;
        }
    }
    return false;
}

/* Rows of one customer that pass the filter; the customer itself is added by the caller. */
static bool add_rows(const struct store_read_plan *plan, uint32_t begin, uint32_t end,
                     struct store_piece *out, struct base_budget *budget, struct fail *fail)
{
    const struct store_fresh_index *fresh = plan->fresh;
    int64_t *ts_ms = out->ts.data;
    uint32_t *events = out->events.data;
    for (uint32_t i = begin; i < end; i++) {
        if (plan->column_count > 0) {
            store_fresh_index_soon(fresh, i);
        }
        if (!store_read_wants(plan, fresh->events[i], fresh->ts_ms[i]) &&
            !(plan->bearers_come && is_bearer(plan, store_fresh_index_row(fresh, i)))) {
            continue;
        }
        ts_ms[out->row_count] = fresh->ts_ms[i];
        events[out->row_count] = fresh->events[i];
        if (plan->column_count > 0 && !add_row_values(plan, store_fresh_index_row(fresh, i),
                                                      out->row_count, out, budget, fail)) {
            return false;
        }
        out->row_count++;
    }
    return true;
}

uint32_t store_fresh_index_find(const struct store_fresh_index *index, uint32_t customer)
{
    uint32_t low = 0;
    uint32_t high = index->customer_count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (index->customers[middle] < customer) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

/* Rows [begin, end) of the customer at a position. */
static bool add_customer(const struct store_read_plan *plan, uint32_t position, uint32_t begin,
                         uint32_t end, const struct store_piece_order *order,
                         struct base_budget *budget, struct store_piece *out, struct fail *fail)
{
    const struct store_fresh_index *fresh = plan->fresh;
    uint32_t at = out->customer_count;
    uint32_t *row_begin = out->row_begin.data;
    row_begin[at] = out->row_count;
    if (!add_rows(plan, begin, end, out, budget, fail)) {
        return false;
    }
    if (out->row_count == row_begin[at] && !order->keep_all) {
        return true;
    }
    ((uint32_t *)out->customers.data)[at] = fresh->customers[position];
    if (plan->want_facts) {
        add_facts(plan, begin, end, at, out);
    }
    for (size_t k = plan->own_count; plan->any_latest && k < plan->column_count; k++) {
        if (plan->columns[k].of == STORE_READ_TRAIT_LATEST &&
            !add_latest(plan, begin, end, at, &plan->columns[k], &out->columns[k], budget, fail)) {
            return false;
        }
    }
    out->customer_count++;
    return true;
}

/* Of whom, and which of their rows. */
static uint32_t picked(const struct store_fresh_index *index, const struct store_fresh_pick *pick,
                       uint32_t i, uint32_t *out_begin, uint32_t *out_end)
{
    uint32_t position = pick->list != NULL ? pick->list[i] : pick->from + i;
    bool whole = pick->row_end == 0;
    *out_begin = whole ? index->begin[position] : pick->row_first;
    *out_end = whole ? index->begin[position + 1] : pick->row_end;
    return position;
}

size_t store_fresh_pick_rows(const struct store_fresh_index *index,
                             const struct store_fresh_pick *pick)
{
    size_t rows = 0;
    for (uint32_t i = 0; i < pick->count; i++) {
        uint32_t begin;
        uint32_t end;
        (void)picked(index, pick, i, &begin, &end);
        rows += end - begin;
    }
    return rows;
}

bool store_piece_from_fresh(const struct store_read_plan *plan, const struct store_fresh_pick *pick,
                            const struct store_piece_order *order, struct base_budget *budget,
                            struct store_piece *out, struct fail *fail)
{
    size_t rows = store_fresh_pick_rows(plan->fresh, pick);
    if (!store_piece_start(out, plan, pick->count, budget, fail) ||
        !store_vec_room(&out->ts, rows, sizeof(int64_t), budget, fail) ||
        !store_vec_room(&out->events, rows, sizeof(uint32_t), budget, fail)) {
        return false;
    }
    for (uint32_t i = 0; i < pick->count; i++) {
        uint32_t begin;
        uint32_t end;
        uint32_t position = picked(plan->fresh, pick, i, &begin, &end);
        if (!add_customer(plan, position, begin, end, order, budget, out, fail)) {
            return false;
        }
    }
    ((uint32_t *)out->row_begin.data)[out->customer_count] = out->row_count;
    return true;
}
