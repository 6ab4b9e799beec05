/* store_scan_piece.c — pieces of decoded rows: their memory, and merging them by customer and time. */
#include "store_read.h"

bool store_piece_init(struct store_piece *piece, size_t column_count, struct fail *fail)
{
    *piece = (struct store_piece){0};
    void *columns = NULL;
    if (!base_alloc_array(column_count, sizeof *piece->columns, &columns, fail)) {
        return false;
    }
    memset(columns, 0, column_count * sizeof *piece->columns);
    piece->columns = columns;
    return true;
}

void store_piece_done(struct store_piece *piece, size_t column_count, struct base_budget *budget)
{
    store_vec_done(&piece->customers, budget);
    store_vec_done(&piece->row_begin, budget);
    store_vec_done(&piece->ts, budget);
    store_vec_done(&piece->events, budget);
    store_vec_done(&piece->first_seen, budget);
    store_vec_done(&piece->last_seen, budget);
    store_vec_done(&piece->event_counts, budget);
    for (size_t c = 0; piece->columns != NULL && c < column_count; c++) {
        store_vec_done(&piece->columns[c].at, budget);
        store_vec_done(&piece->columns[c].last, budget);
        store_vec_done(&piece->columns[c].values, budget);
        store_vec_done(&piece->columns[c].lasts, budget);
    }
    base_free(piece->columns);
    *piece = (struct store_piece){0};
}

bool store_piece_start(struct store_piece *piece, const struct store_read_plan *plan,
                       size_t customers, struct base_budget *budget, struct fail *fail)
{
    piece->customer_count = 0;
    piece->row_count = 0;
    for (size_t c = 0; c < plan->column_count; c++) {
        piece->columns[c].count = 0;
        piece->columns[c].runs = false;
        piece->columns[c].last_count = 0;
    }
    if (!store_vec_room(&piece->customers, customers, sizeof(uint32_t), budget, fail) ||
        !store_vec_room(&piece->row_begin, customers + 1, sizeof(uint32_t), budget, fail)) {
        return false;
    }
    return !plan->want_facts ||
           (store_vec_room(&piece->first_seen, customers, sizeof(int64_t), budget, fail) &&
            store_vec_room(&piece->last_seen, customers, sizeof(int64_t), budget, fail) &&
            store_vec_room(&piece->event_counts, customers, sizeof(uint64_t), budget, fail));
}

static bool column_room(struct store_piece_column *column, size_t more, struct base_budget *budget,
                        struct fail *fail)
{
    size_t count = column->count + more;
    if (count >= UINT32_MAX) {
        return fail_set(fail, FAIL_LIMIT, "more than %u values of one column in one batch",
                        UINT32_MAX - 1);
    }
    return store_vec_room(&column->at, count, sizeof(uint32_t), budget, fail) &&
           store_vec_room(&column->values, count, sizeof(struct store_value), budget, fail);
}

bool store_piece_add(struct store_piece_column *column, uint32_t at, struct store_value value,
                     struct base_budget *budget, struct fail *fail)
{
    if (!column_room(column, 1, budget, fail)) {
        return false;
    }
    ((uint32_t *)column->at.data)[column->count] = at;
    ((struct store_value *)column->values.data)[column->count] = value;
    column->count++;
    return true;
}

bool store_piece_settle_traits(struct store_piece *piece, const struct store_read_plan *plan,
                               struct base_budget *budget, struct fail *fail)
{
    for (size_t c = 0; c < plan->column_count; c++) {
        struct store_piece_column *column = &piece->columns[c];
        if (plan->columns[c].of != STORE_READ_TRAIT_LATEST) {
            continue;
        }
        if (!store_vec_room(&column->at, column->count, sizeof(uint32_t), budget, fail)) {
            return false;
        }
        uint32_t *at = column->at.data;
        const struct store_trait_last *lasts = column->lasts.data;
        for (uint32_t i = 0; i < column->last_count; i++) {
            for (uint32_t v = 0; v < lasts[i].count; v++) {
                at[lasts[i].begin + v] = lasts[i].customer;
            }
        }
    }
    return true;
}

/* ---- merging ------------------------------------------------------------------------------------------ */

struct op { /* copies rows [from, from + count) of one piece */
    uint32_t piece, from, count;
};

struct head {
    uint32_t customer; /* index of the next customer in the piece */
    uint32_t row, end; /* of the customer being merged */
    uint32_t entry;    /* of the column being copied */
};

struct merging {
    struct store_piece_merger *merger;
    const struct store_read_plan *plan;
    struct store_piece *const *pieces;
    size_t piece_count;
    struct head *heads;
    uint32_t *active; /* pieces with rows left of the customer being merged, ascending */
    size_t active_count;
    size_t op_count;
    struct base_budget *budget;
    struct store_piece *out;
    size_t rows;
};

void store_piece_merger_done(struct store_piece_merger *merger, struct base_budget *budget)
{
    store_vec_done(&merger->ops, budget);
    store_vec_done(&merger->heads, budget);
    store_vec_done(&merger->active, budget);
}

static bool add_op(struct merging *m, size_t piece, uint32_t from, uint32_t count,
                   struct fail *fail)
{
    struct op *ops = m->merger->ops.data;
    if (m->op_count > 0) {
        struct op *last = &ops[m->op_count - 1];
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
    ops[m->op_count++] = (struct op){(uint32_t)piece, from, count};
    m->rows += count;
    return true;
}

static int64_t next_ts(const struct merging *m, size_t i)
{
    uint32_t piece = m->active[i];
    return ((const int64_t *)m->pieces[piece]->ts.data)[m->heads[piece].row];
}

/* The piece whose next row comes first, among those with rows left: earlier time, then earlier piece. As a place in
   `active`; also the first row of all the others, to know how long it stays first. */
static size_t first_row(const struct merging *m, int64_t *out_rival_ts, size_t *out_rival)
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
static bool merge_rows(struct merging *m, struct fail *fail)
{
    while (m->active_count > 1) {
        int64_t rival_ts;
        size_t rival;
        size_t best = first_row(m, &rival_ts, &rival);
        uint32_t piece = m->active[best];
        struct head *head = &m->heads[piece];
        uint32_t end =
            stays_first(m->pieces[piece]->ts.data, head->row, head->end, rival_ts, best < rival);
        if (!add_op(m, piece, head->row, end - head->row, fail)) {
            return false;
        }
        head->row = end;
        if (end == head->end) {
            m->active_count--;
            memmove(m->active + best, m->active + best + 1,
                    (m->active_count - best) * sizeof *m->active);
        }
    }
    const struct head *last = &m->heads[m->active[0]];
    return m->active_count == 0 || add_op(m, m->active[0], last->row, last->end - last->row, fail);
}

static void merge_facts(const struct merging *m, uint32_t customer, size_t piece, uint32_t from)
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
static bool merge_customer(struct merging *m, uint32_t number, struct fail *fail)
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
        struct head *head = &m->heads[p];
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
            merge_facts(m, customer, p, head->customer);
        }
        head->customer++;
    }
    if (!merge_rows(m, fail)) {
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
static bool merge_customers(struct merging *m, struct fail *fail)
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

static void copy_rows(struct merging *m)
{
    int64_t *ts_ms = m->out->ts.data;
    uint32_t *events = m->out->events.data;
    const struct op *ops = m->merger->ops.data;
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
static void copy_entries(const struct store_piece_column *in, const struct op *op, uint32_t row,
                         struct head *head, struct store_piece_column *out)
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

static bool copy_column(struct merging *m, size_t c, struct fail *fail)
{
    struct store_piece_column *out = &m->out->columns[c];
    size_t most = 0;
    for (size_t p = 0; p < m->piece_count; p++) {
        m->heads[p].entry = 0;
        most += m->pieces[p]->columns[c].count;
        out->runs |= m->pieces[p]->columns[c].runs;
    }
    most += out->runs ? m->op_count : 0; /* each end of rows may cut an entry in two */
    if (!column_room(out, most, m->budget, fail) ||
        (out->runs && !store_vec_room(&out->last, most, sizeof(uint32_t), m->budget, fail))) {
        return false;
    }
    const struct op *ops = m->merger->ops.data;
    uint32_t row = 0;
    for (size_t i = 0; i < m->op_count && out->count < most; row += ops[i].count, i++) {
        copy_entries(&m->pieces[ops[i].piece]->columns[c], &ops[i], row, &m->heads[ops[i].piece],
                     out);
    }
    return true;
}

/* Per customer the latest of the pieces' deciding places. */
static bool merge_latest(struct merging *m, size_t c, struct fail *fail)
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
        if (best == NULL || best->count == 0) {
            continue;
        }
        struct store_trait_last last = {i, out->count, best->count, best->ts_ms};
        if (!column_room(out, best->count, m->budget, fail)) {
            return false;
        }
        const struct store_value *in_values = best_in->values.data;
        memcpy((struct store_value *)out->values.data + out->count, in_values + best->begin,
               best->count * sizeof *in_values);
        out->count += best->count;
        ((struct store_trait_last *)out->lasts.data)[out->last_count++] = last;
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
    if (!store_piece_start(out, plan, customers, budget, fail) ||
        !store_vec_room(&merger->heads, piece_count, sizeof(struct head), budget, fail) ||
        !store_vec_room(&merger->active, piece_count, sizeof(uint32_t), budget, fail)) {
        return false;
    }
    struct merging m = {.merger = merger,
                        .plan = plan,
                        .pieces = pieces,
                        .piece_count = piece_count,
                        .heads = merger->heads.data,
                        .active = merger->active.data,
                        .budget = budget,
                        .out = out};
    memset(m.heads, 0, piece_count * sizeof *m.heads);
    if (!merge_customers(&m, fail) ||
        !store_vec_room(&out->ts, m.rows, sizeof(int64_t), budget, fail) ||
        !store_vec_room(&out->events, m.rows, sizeof(uint32_t), budget, fail)) {
        return false;
    }
    copy_rows(&m);
    for (size_t c = 0; c < plan->column_count; c++) {
        bool latest = plan->columns[c].of == STORE_READ_TRAIT_LATEST;
        if (!(latest ? merge_latest(&m, c, fail) : copy_column(&m, c, fail))) {
            return false;
        }
    }
    return true;
}
