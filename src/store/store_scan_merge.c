/* store_scan_merge.c — pieces of decoded rows, those of the sources of a range, merged by customer and time. */
#include "store_scan_merge.h"

void store_piece_merger_done(struct store_piece_merger *merger, struct base_budget *budget)
{
    store_vec_done(&merger->ops, budget);
    store_vec_done(&merger->heads, budget);
    store_vec_done(&merger->active, budget);
    store_vec_done(&merger->first_runs, budget);
}

static bool add_op(struct store_merging *m, size_t piece, uint32_t from, uint32_t count,
                   struct fail *fail)
{
    struct store_merge_op *ops = m->merger->ops.data;
    if (m->op_count > 0) {
        struct store_merge_op *last = &ops[m->op_count - 1];
        if (last->piece == piece && last->from + last->count == from) {
            last->count += count;
            m->rows += count;
            return true;
        }
    }
    if (!store_vec_room(&m->merger->ops, m->op_count + 1, sizeof *ops, m->budget, fail)) {
        return false;
    }
    ops = m->merger->ops.data;
    ops[m->op_count++] = (struct store_merge_op){(uint32_t)piece, from, count};
    m->rows += count;
    return true;
}

static int64_t next_ts(const struct store_merging *m, size_t i)
{
    const struct store_merge_head *head = &m->heads[m->active[i]];
    return ((const int64_t *)m->pieces[head->piece]->ts.data)[head->row];
}

/* The piece whose next row comes first, among those with rows left: earlier time, then earlier piece. As a place in
   `active`; also the first row of all the others, to know how long it stays first. */
static size_t first_row(const struct store_merging *m, int64_t *out_rival_ts, size_t *out_rival)
{
    size_t best = 0;
    size_t rival = SIZE_MAX;
    int64_t best_ts = next_ts(m, 0);
    int64_t rival_ts = 0;
    for (size_t i = 1; i < m->active_count; i++) {
        int64_t ts_ms = next_ts(m, i);
        if (ts_ms < best_ts) {
            rival = best;
            rival_ts = best_ts;
            best = i;
            best_ts = ts_ms;
        } else if (rival == SIZE_MAX || ts_ms < rival_ts) {
            rival = i;
            rival_ts = ts_ms;
        }
    }
    *out_rival = rival;
    *out_rival_ts = rival_ts;
    return best;
}

/* How far the rows of a piece, which come first, go on before the rival's. Mostly pieces lie one after the other in
   time: then to its end. */
static uint32_t stays_first(const int64_t *ts_ms, uint32_t row, uint32_t end, int64_t rival_ts,
                            bool before_rival)
{
    int64_t most =
        before_rival ? rival_ts : rival_ts - 1; /* a rival of the least time has come first */
    if (ts_ms[end - 1] <= most) {
        return end;
    }
    for (row++; ts_ms[row] <= most; row++) {
    }
    return row;
}

/* Merges the rows of the active pieces, by time. */
bool store_merging_rows(struct store_merging *m, struct fail *fail)
{
    while (m->active_count > 1) {
        int64_t rival_ts;
        size_t rival;
        size_t best = first_row(m, &rival_ts, &rival);
        struct store_merge_head *head = &m->heads[m->active[best]];
        const int64_t *ts_ms = m->pieces[head->piece]->ts.data;
        uint32_t end = stays_first(ts_ms, head->row, head->end, rival_ts, best < rival);
        if (!add_op(m, head->piece, head->row, end - head->row, fail)) {
            return false;
        }
        m->tie |= ts_ms[end - 1] == rival_ts;
        head->row = end;
        if (end == head->end) {
            m->active_count--;
            memmove(m->active + best, m->active + best + 1,
                    (m->active_count - best) * sizeof *m->active);
        }
    }
    const struct store_merge_head *last = &m->heads[m->active[0]];
    return m->active_count == 0 || add_op(m, last->piece, last->row, last->end - last->row, fail);
}

void store_merging_facts(const struct store_merging *m, uint32_t customer, size_t piece,
                         uint32_t from)
{
    int64_t *first = m->out->first_seen.data;
    int64_t *last = m->out->last_seen.data;
    uint64_t *count = m->out->event_counts.data;
    const struct store_piece *in = m->pieces[piece];
    uint64_t in_count = ((const uint64_t *)in->event_counts.data)[from];
    int64_t in_first = ((const int64_t *)in->first_seen.data)[from];
    int64_t in_last = ((const int64_t *)in->last_seen.data)[from];
    if (in_count == 0) {
        return;
    }
    if (count[customer] == 0 || in_first < first[customer]) {
        first[customer] = in_first;
    }
    if (count[customer] == 0 || in_last > last[customer]) {
        last[customer] = in_last;
    }
    count[customer] += in_count;
}

/* Adds the customer `number`, which stands next in some pieces; moves their heads past it. */
static bool merge_customer(struct store_merging *m, uint32_t number, struct fail *fail)
{
    struct store_piece *out = m->out;
    uint32_t customer = out->customer_count;
    size_t rows_before = m->rows;
    m->active_count = 0;
    if (m->plan->want_facts) {
        ((int64_t *)out->first_seen.data)[customer] = STORE_NO_TIME;
        ((int64_t *)out->last_seen.data)[customer] = STORE_NO_TIME;
        ((uint64_t *)out->event_counts.data)[customer] = 0;
    }
    for (size_t p = 0; p < m->piece_count; p++) {
        struct store_merge_head *head = &m->heads[p];
        const struct store_piece *in = m->pieces[p];
        if (head->customer == in->customer_count ||
            ((const uint32_t *)in->customers.data)[head->customer] != number) {
            continue;
        }
        const uint32_t *row_begin = in->row_begin.data;
        head->row = row_begin[head->customer];
        head->end = row_begin[head->customer + 1];
        if (head->row < head->end) {
            m->active[m->active_count++] = (uint32_t)p;
        }
        if (m->plan->want_facts) {
            store_merging_facts(m, customer, p, head->customer);
        }
        head->customer++;
    }
    if (!store_merging_rows(m, fail)) {
        return false;
    }
    if (m->rows == rows_before && !m->plan->every_customer) {
        return true;
    }
    if (m->rows >= UINT32_MAX) {
        return fail_set(fail, FAIL_LIMIT, "more than %u rows in one batch", UINT32_MAX - 1);
    }
    ((uint32_t *)out->customers.data)[customer] = number;
    ((uint32_t *)out->row_begin.data)[customer] = (uint32_t)rows_before;
    out->customer_count++;
    return true;
}

/* Plans the order of rows and lays out the customers. */
static bool merge_customers(struct store_merging *m, struct fail *fail)
{
    for (;;) {
        uint32_t number = STORE_NO_CUSTOMER;
        bool any = false;
        for (size_t p = 0; p < m->piece_count; p++) {
            const struct store_piece *in = m->pieces[p];
            if (m->heads[p].customer < in->customer_count) {
                uint32_t next = ((const uint32_t *)in->customers.data)[m->heads[p].customer];
                number = next < number ? next : number;
                any = true;
            }
        }
        if (!any) {
            ((uint32_t *)m->out->row_begin.data)[m->out->customer_count] = (uint32_t)m->rows;
            m->out->row_count = (uint32_t)m->rows;
            return true;
        }
        if (!merge_customer(m, number, fail)) {
            return false;
        }
    }
}

#define FEW_ROWS 8U /* are copied sooner than a call is made */

static void copy_rows(struct store_merging *m)
{
    int64_t *ts_ms = m->out->ts.data;
    uint32_t *events = m->out->events.data;
    const struct store_merge_op *ops = m->merger->ops.data;
    size_t at = 0;
    for (size_t i = 0; i < m->op_count; i++) {
        const struct store_piece *in = m->pieces[ops[i].piece];
        const int64_t *in_ts = in->ts.data;
        const uint32_t *in_events = in->events.data;
        if (ops[i].count <
            FEW_ROWS) { /* as most are where the customers' rows lie in several pieces */
            for (uint32_t r = 0; r < ops[i].count; r++) {
                ts_ms[at + r] = in_ts[ops[i].from + r];
                events[at + r] = in_events[ops[i].from + r];
            }
        } else {
            memcpy(ts_ms + at, in_ts + ops[i].from, ops[i].count * sizeof *ts_ms);
            memcpy(events + at, in_events + ops[i].from, ops[i].count * sizeof *events);
        }
        at += ops[i].count;
    }
}

/* Copies the entries of rows [from, from + count) of a piece's column, runs cut at both ends; they become rows from
   `row` on. */
static void copy_entries(const struct store_piece_column *in, const struct store_merge_op *op,
                         uint32_t row, struct store_merge_head *head,
                         struct store_piece_column *out)
{
    const uint32_t *at = in->at.data;
    const uint32_t *last = store_piece_lasts(in);
    const struct store_value *values = in->values.data;
    uint32_t *out_at = out->at.data;
    uint32_t *out_last = out->runs ? out->last.data : NULL;
    struct store_value *out_values = out->values.data;
    uint32_t end = op->from + op->count;
    /* Rows of a customer that was left out are not in any run. */
    while (head->entry < in->count && last[head->entry] < op->from) {
        head->entry++;
    }
    for (; head->entry < in->count && at[head->entry] < end; head->entry++) {
        uint32_t begins = at[head->entry] > op->from ? at[head->entry] : op->from;
        uint32_t ends = last[head->entry] < end ? last[head->entry] : end - 1;
        out_at[out->count] = row + (begins - op->from);
        if (out_last != NULL) {
            out_last[out->count] = row + (ends - op->from);
        }
        out_values[out->count++] = values[head->entry];
        if (last[head->entry] >= end) {
            break; /* goes on in a later run of rows */
        }
    }
}

/* The first entry of a row not before `row`. */
static uint32_t first_entry(const struct store_piece_column *in, uint32_t row)
{
    const uint32_t *last = store_piece_lasts(in);
    uint32_t low = 0;
    uint32_t high = in->count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (last[middle] < row) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

static bool copy_column(struct store_merging *m, size_t c, struct fail *fail)
{
    struct store_piece_column *out = &m->out->columns[c];
    size_t most = 0;
    for (size_t p = 0; p < m->piece_count; p++) {
        m->heads[p].entry = 0;
        most += m->pieces[p]->columns[c].count;
        out->runs |= m->pieces[p]->columns[c].runs;
    }
    most += out->runs ? m->op_count : 0; /* each end of rows may cut an entry in two */
    if (!store_piece_column_room(out, most, m->budget, fail) ||
        (out->runs && !store_vec_room(&out->last, most, sizeof(uint32_t), m->budget, fail))) {
        return false;
    }
    const struct store_merge_op *ops = m->merger->ops.data;
    uint32_t row = 0;
    for (size_t i = 0; i < m->op_count && out->count < most; row += ops[i].count, i++) {
        const struct store_piece_column *in = &m->pieces[ops[i].piece]->columns[c];
        struct store_merge_head *head = &m->heads[ops[i].piece];
        head->entry = m->seeks ? first_entry(in, ops[i].from) : head->entry;
        copy_entries(in, &ops[i], row, head, out);
    }
    return true;
}

/* What decides the trait of a customer; nothing where that removes it and is all there is. `out->lasts` has room. */
bool store_merging_add_latest(const struct store_merging *m, struct store_piece_column *out,
                              uint32_t customer, const struct store_trait_last *best,
                              const struct store_piece_column *best_in, struct fail *fail)
{
    if (best->count == 0 && !m->seeks) {
        return true;
    }
    struct store_trait_last last = {customer, out->count, best->count, best->ts_ms};
    if (!store_piece_column_room(out, best->count, m->budget, fail)) {
        return false;
    }
    if (best->count > 0) {
        const struct store_value *in_values = best_in->values.data;
        memcpy((struct store_value *)out->values.data + out->count, in_values + best->begin,
               best->count * sizeof *in_values);
    }
    out->count += best->count;
    ((struct store_trait_last *)out->lasts.data)[out->last_count++] = last;
    return true;
}

/* Per customer the latest of the pieces' deciding places. */
static bool merge_latest(struct store_merging *m, size_t c, struct fail *fail)
{
    struct store_piece_column *out = &m->out->columns[c];
    const uint32_t *customers = m->out->customers.data;
    for (size_t p = 0; p < m->piece_count; p++) {
        m->heads[p].entry = 0;
    }
    if (!store_vec_room(&out->lasts, m->out->customer_count, sizeof(struct store_trait_last),
                        m->budget, fail)) {
        return false;
    }
    for (uint32_t i = 0; i < m->out->customer_count; i++) {
        const struct store_trait_last *best = NULL;
        const struct store_piece_column *best_in = NULL;
        for (size_t p = 0; p < m->piece_count; p++) {
            const struct store_piece_column *in = &m->pieces[p]->columns[c];
            const struct store_trait_last *lasts = in->lasts.data;
            const uint32_t *numbers = m->pieces[p]->customers.data;
            uint32_t *entry = &m->heads[p].entry;
            while (*entry < in->last_count && numbers[lasts[*entry].customer] < customers[i]) {
                (*entry)++;
            }
            if (*entry < in->last_count && numbers[lasts[*entry].customer] == customers[i] &&
                (best == NULL || lasts[*entry].ts_ms >= best->ts_ms)) {
                best = &lasts[*entry];
                best_in = in;
            }
        }
        if (best != NULL && !store_merging_add_latest(m, out, i, best, best_in, fail)) {
            return false;
        }
    }
    return true;
}

bool store_merging_start(struct store_merging *m, size_t customers, size_t heads, struct fail *fail)
{
    struct store_piece_merger *merger = m->merger;
    if (!store_piece_start(m->out, m->plan, customers, m->budget, fail) ||
        !store_vec_room(&merger->heads, heads, sizeof(struct store_merge_head), m->budget, fail) ||
        !store_vec_room(&merger->active, heads, sizeof(uint32_t), m->budget, fail)) {
        return false;
    }
    m->heads = merger->heads.data;
    m->active = merger->active.data;
    memset(m->heads, 0, heads * sizeof *m->heads);
    return true;
}

/* Once the order of rows is planned: rows and their columns. */
bool store_merging_copy(struct store_merging *m,
                        bool (*latest)(struct store_merging *m, size_t column, struct fail *fail),
                        struct fail *fail)
{
    if (!store_vec_room(&m->out->ts, m->rows, sizeof(int64_t), m->budget, fail) ||
        !store_vec_room(&m->out->events, m->rows, sizeof(uint32_t), m->budget, fail)) {
        return false;
    }
    copy_rows(m);
    for (size_t c = 0; c < m->plan->column_count; c++) {
        bool is_latest = m->plan->columns[c].of == STORE_READ_TRAIT_LATEST;
        if (!(is_latest ? latest(m, c, fail) : copy_column(m, c, fail))) {
            return false;
        }
    }
    return true;
}

bool store_piece_merge(struct store_piece_merger *merger, const struct store_read_plan *plan,
                       struct store_piece *const *pieces, size_t piece_count,
                       struct base_budget *budget, struct store_piece *out, struct fail *fail)
{
    size_t customers = 0;
    for (size_t p = 0; p < piece_count; p++) {
        customers += pieces[p]->customer_count;
    }
    struct store_merging m = {.merger = merger,
                              .plan = plan,
                              .pieces = pieces,
                              .piece_count = piece_count,
                              .budget = budget,
                              .out = out};
    if (!store_merging_start(&m, customers, piece_count, fail)) {
        return false;
    }
    for (size_t p = 0; p < piece_count; p++) {
        m.heads[p].piece = (uint32_t)p;
    }
    return merge_customers(&m, fail) && store_merging_copy(&m, merge_latest, fail);
}
