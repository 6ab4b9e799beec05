/* Traits as they were: what a customer's events up to and with one have made of a trait.
 *
 * The rows that bear the trait come with every batch (STORE_COLUMN_TRAIT_SENT), so the last of them up to a row
 * decides: it sets the trait, or removes it, itself or by a name above it. In one event a value wins over a removal.
 */
#include "query_exec.h"

/* The entries of the last row in [begin, row] that bears the column: [*out_first, end); none: first == end. */
static uint32_t last_entries(struct query_worker *worker, uint32_t column_index, uint32_t begin,
                             uint32_t row, uint32_t *out_first)
{
    const struct store_column *column = &worker->rows->columns[column_index];
    uint32_t end = query_column_seek(column, &worker->hints[column_index], row + 1);
    uint32_t first = end;
    while (first > 0 && column->at[first - 1] == column->at[end - 1] &&
           column->at[first - 1] >= begin) {
        first--;
    }
    *out_first = first;
    return end;
}

/* The row after the last in [begin, row] that removes everything below the column's name; `begin`: there is none. */
static uint32_t removed_until(struct query_worker *worker, uint32_t column_index, uint32_t begin,
                              uint32_t row)
{
    const struct store_column *column = &worker->rows->columns[column_index];
    uint32_t end = query_column_seek(column, &worker->hints[column_index], row + 1);
    for (; end > 0 && column->at[end - 1] >= begin; end--) {
        if (column->values[end - 1].kind == STORE_NULL) {
            return column->at[end - 1] + 1;
        }
    }
    return begin;
}

/* Values without the removals among them. */
static uint32_t without_nulls(struct query_worker *worker, const struct store_value *values,
                              uint32_t count, const struct store_value **out)
{
    uint32_t nulls = 0;
    for (uint32_t i = 0; i < count; i++) {
        nulls += values[i].kind == STORE_NULL ? 1 : 0;
    }
    *out = values;
    if (nulls == 0 || nulls == count) {
        return count - nulls;
    }
    struct store_value *kept = arena_small(worker->scratch, (count - nulls) * sizeof *kept);
    uint32_t kept_count = 0;
    for (uint32_t i = 0; i < count; i++) {
        if (values[i].kind != STORE_NULL) {
            kept[kept_count++] = values[i];
        }
    }
    *out = kept;
    return kept_count;
}

uint32_t query_past_values(struct query_worker *worker, uint32_t past_index, uint32_t c,
                           uint32_t row, const struct store_value **out)
{
    const struct query_past *past = &worker->exec->plan->pasts[past_index];
    const struct store_column *column = &worker->rows->columns[past->column];
    uint32_t begin = worker->rows->row_begin[c];
    uint32_t first;
    uint32_t end = last_entries(worker, past->column, begin, row, &first);
    if (first == end) {
        return 0;
    }
    for (uint32_t i = 0; i < past->above_count; i++) {
        if (removed_until(worker, past->above[i], begin, row) > column->at[first] + 1) {
            return 0;
        }
    }
    return without_nulls(worker, column->values + first, end - first, out);
}
