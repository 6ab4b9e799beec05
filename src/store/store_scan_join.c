/* store_scan_join.c — the runs of joined customers, put together by root and time. */
#include "store_scan_merge.h"

/* The deciding place of one customer of a piece; NULL where it has none. */
static const struct store_trait_last *find_last(const struct store_piece_column *column,
                                                uint32_t customer)
{
    const struct store_trait_last *lasts = column->lasts.data;
    uint32_t low = 0;
    uint32_t high = column->last_count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (lasts[middle].customer < customer) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low < column->last_count && lasts[low].customer == customer ? &lasts[low] : NULL;
}

/* The latest of the runs' deciding places; *out_tie where two of one piece are of one time. */
static const struct store_trait_last *
latest_of_runs(const struct store_merging *m, const struct store_run_of *runs, size_t count,
               size_t c, const struct store_piece_column **out_in, bool *out_tie)
{
    const struct store_trait_last *best = NULL;
    for (size_t r = 0; r < count; r++) {
        const struct store_piece_column *in = &m->pieces[runs[r].piece]->columns[c];
        const struct store_trait_last *last = find_last(in, runs[r].customer);
        if (last != NULL && (best == NULL || last->ts_ms >= best->ts_ms)) {
            *out_tie |= best != NULL && last->ts_ms == best->ts_ms && in == *out_in;
            best = last;
            *out_in = in;
        }
    }
    return best;
}

static size_t runs_of_root(const struct store_runs *runs, size_t at)
{
    size_t end = at + 1;
    while (end < runs->count && runs->at[end].root == runs->at[at].root) {
        end++;
    }
    return end - at;
}

static bool join_latest(struct store_merging *m, size_t c, struct fail *fail)
{
    struct store_piece_column *out = &m->out->columns[c];
    const uint32_t *first_runs = m->merger->first_runs.data;
    if (!store_vec_room(&out->lasts, m->out->customer_count, sizeof(struct store_trait_last),
                        m->budget, fail)) {
        return false;
    }
    for (uint32_t i = 0; i < m->out->customer_count; i++) {
        const struct store_piece_column *in = NULL;
        bool tie = false;
        const struct store_trait_last *best = latest_of_runs(
            m, m->runs->at + first_runs[i], runs_of_root(m->runs, first_runs[i]), c, &in, &tie);
        if (best != NULL && !store_merging_add_latest(m, out, i, best, in, fail)) {
            return false;
        }
    }
    return true;
}

/* Does only the order of arrival tell what of the root comes first? Not between pieces, which lie in that order. */
static bool is_tied(const struct store_merging *m, const struct store_run_of *runs, size_t count)
{
    bool together = false; /* two runs of one piece */
    bool tie = m->tie;
    for (size_t r = 1; r < count; r++) {
        together |= runs[r].piece == runs[r - 1].piece;
    }
    for (size_t c = m->plan->own_count; together && m->plan->any_latest && !tie; c++) {
        if (c == m->plan->column_count) {
            break;
        }
        const struct store_piece_column *in = NULL;
        if (m->plan->columns[c].of == STORE_READ_TRAIT_LATEST) {
            (void)latest_of_runs(m, runs, count, c, &in, &tie);
        }
    }
    return together && tie;
}

/* Adds the root whose runs these are, unless it is tied. */
static bool join_root(struct store_merging *m, size_t first, size_t count, bool keep_all,
                      bool *out_tied, struct fail *fail)
{
    const struct store_run_of *runs = m->runs->at + first;
    struct store_piece *out = m->out;
    uint32_t customer = out->customer_count;
    size_t rows_before = m->rows;
    size_t ops_before = m->op_count;
    struct store_merge_op *ops = m->merger->ops.data;
    uint32_t last_count = ops_before == 0 ? 0 : ops[ops_before - 1].count;
    m->tie = false;
    m->active_count = 0;
    if (m->plan->want_facts) {
        ((int64_t *)out->first_seen.data)[customer] = STORE_NO_TIME;
        ((int64_t *)out->last_seen.data)[customer] = STORE_NO_TIME;
        ((uint64_t *)out->event_counts.data)[customer] = 0;
    }
    for (size_t r = 0; r < count; r++) {
        const uint32_t *row_begin = m->pieces[runs[r].piece]->row_begin.data;
        m->heads[r].piece = runs[r].piece;
        m->heads[r].row = row_begin[runs[r].customer];
        m->heads[r].end = row_begin[runs[r].customer + 1];
        if (m->heads[r].row < m->heads[r].end) {
            m->active[m->active_count++] = (uint32_t)r;
        }
        if (m->plan->want_facts) {
            store_merging_facts(m, customer, runs[r].piece, runs[r].customer);
        }
    }
    if (!store_merging_rows(m, fail)) {
        return false;
    }
    *out_tied = is_tied(m, runs, count);
    if (*out_tied) {
        ops = m->merger->ops.data;
        m->rows = rows_before;
        m->op_count = ops_before;
        if (ops_before > 0) { /* rows may have been added to it */
            ops[ops_before - 1].count = last_count;
        }
        return true;
    }
    if (m->rows == rows_before && !keep_all) {
        return true;
    }
    if (m->rows >= UINT32_MAX) {
        return fail_set(fail, FAIL_LIMIT, "more than %u rows in one batch", UINT32_MAX - 1);
    }
    ((uint32_t *)m->merger->first_runs.data)[customer] = (uint32_t)first;
    ((uint32_t *)out->customers.data)[customer] = m->runs->numbers[runs->root];
    ((uint32_t *)out->row_begin.data)[customer] = (uint32_t)rows_before;
    out->customer_count++;
    return true;
}

bool store_piece_join(struct store_piece_merger *merger, const struct store_read_plan *plan,
                      const struct store_runs *runs, struct store_piece *const *pieces,
                      size_t piece_count, bool keep_all, struct base_budget *budget,
                      struct store_piece *out, struct store_roots *tied, struct fail *fail)
{
    struct store_merging m = {.merger = merger,
                              .plan = plan,
                              .runs = runs,
                              .pieces = pieces,
                              .piece_count = piece_count,
                              .budget = budget,
                              .out = out,
                              .seeks = true};
    size_t heads = runs->count > piece_count ? runs->count : piece_count;
    if (!store_merging_start(&m, runs->count, heads, fail) ||
        !store_vec_room(&merger->first_runs, runs->count, sizeof(uint32_t), budget, fail)) {
        return false;
    }
    for (size_t at = 0; at < runs->count;) {
        size_t count = runs_of_root(runs, at);
        bool is_tied_root;
        if (!join_root(&m, at, count, keep_all, &is_tied_root, fail) ||
            (is_tied_root &&
             !store_roots_add(tied, runs->numbers[runs->at[at].root], budget, fail))) {
            return false;
        }
        at += count;
    }
    ((uint32_t *)out->row_begin.data)[out->customer_count] = (uint32_t)m.rows;
    out->row_count = (uint32_t)m.rows;
    return store_merging_copy(&m, join_latest, fail);
}
