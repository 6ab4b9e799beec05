/* store_scan_piece.c — pieces of decoded rows: their memory. */
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

bool store_piece_column_room(struct store_piece_column *column, size_t more,
                             struct base_budget *budget, struct fail *fail)
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
    if (!store_piece_column_room(column, 1, budget, fail)) {
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
