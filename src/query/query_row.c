/* The values of a name at a row or customer of the batch. */
#include "query_exec.h"

uint32_t query_column_seek(const struct store_column *column, uint32_t *hint, uint32_t index)
{
    uint32_t at = *hint <= column->count ? *hint : 0;
    if (at > 0 && column->last[at - 1] >= index) {
        at = 0; /* a step back: search anew */
    }
    uint32_t step = 1, low = at;
    while (low + step <= column->count && column->last[low + step - 1] < index) {
        low += step;
        step *= 2;
    }
    uint32_t high = low + step - 1 < column->count ? low + step - 1 : column->count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (column->last[middle] < index) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    *hint = low;
    return low;
}

static uint32_t column_values(struct query_worker *worker, uint32_t column_index, uint32_t index,
                              const struct store_value **out)
{
    const struct store_column *column = &worker->rows->columns[column_index];
    uint32_t first = query_column_seek(column, &worker->hints[column_index], index);
    uint32_t end = first;
    while (end < column->count && column->at[end] <= index) {
        end++;
    }
    *out = end > first ? column->values + first : NULL;
    return end - first;
}

static uint32_t one_value(struct query_worker *worker, struct store_value value,
                          const struct store_value **out)
{
    worker->one = value;
    *out = &worker->one;
    return 1;
}

static uint32_t one_instant(struct query_worker *worker, int64_t at_ms,
                            const struct store_value **out)
{
    if (at_ms == STORE_NO_TIME) {
        return 0;
    }
    size_t len = time_format_rfc3339(at_ms, worker->one_text);
    return one_value(worker, store_value_str(str_of(worker->one_text, len)), out);
}

uint32_t query_customer_values(struct query_worker *worker, struct query_name name, uint32_t c,
                               const struct store_value **out)
{
    const struct store_rows *rows = worker->rows;
    const struct query_exec *exec = worker->exec;
    switch (name.from) {
    case QUERY_FROM_TRAIT_COLUMN:
        return column_values(worker, name.column, c, out);
    case QUERY_FROM_CUSTOMER_ID:
        return one_value(
            worker, store_value_str(query_who_id(exec, rows->customers[c], worker->scratch)), out);
    case QUERY_FROM_CUSTOMER_KNOWN:
        return one_value(worker, store_value_bool(query_who_known(exec, rows->customers[c])), out);
    case QUERY_FROM_FIRST_SEEN:
        return one_instant(worker, rows->first_seen_ms[c], out);
    case QUERY_FROM_LAST_SEEN:
        return one_instant(worker, rows->last_seen_ms[c], out);
    case QUERY_FROM_EVENT_COUNT:
        return one_value(worker, store_value_uint(rows->event_counts[c]), out);
    case QUERY_FROM_NOTHING:
    case QUERY_FROM_ROW_COLUMN:
    case QUERY_FROM_EVENT:
    case QUERY_FROM_TS:
    case QUERY_FROM_PAST:
        break;
    }
    return 0;
}

uint32_t query_row_values(struct query_worker *worker, struct query_name name, uint32_t c,
                          uint32_t row, const struct store_value **out)
{
    switch (name.from) {
    case QUERY_FROM_ROW_COLUMN:
        return column_values(worker, name.column, row, out);
    case QUERY_FROM_EVENT:
        return one_value(worker,
                         store_value_str(query_event_name(worker->exec, worker->rows->events[row])),
                         out);
    case QUERY_FROM_TS:
        return one_instant(worker, worker->rows->ts_ms[row], out);
    case QUERY_FROM_PAST:
        return query_past_values(worker, name.column, c, row, out);
    case QUERY_FROM_NOTHING:
        return 0;
    case QUERY_FROM_TRAIT_COLUMN:
    case QUERY_FROM_CUSTOMER_ID:
    case QUERY_FROM_CUSTOMER_KNOWN:
    case QUERY_FROM_FIRST_SEEN:
    case QUERY_FROM_LAST_SEEN:
    case QUERY_FROM_EVENT_COUNT:
        break;
    }
    return query_customer_values(worker, name, c, out);
}

uint32_t query_row_last(const struct query_worker *worker, struct query_name name, uint32_t c,
                        uint32_t row)
{
    if (query_name_is_of_customer(name)) {
        return worker->rows->row_begin[c + 1] - 1;
    }
    if (name.from != QUERY_FROM_ROW_COLUMN) {
        return row;
    }
    const struct store_column *column = &worker->rows->columns[name.column];
    uint32_t entry = worker->hints[name.column];
    return entry < column->count && column->at[entry] <= row ? column->last[entry] : row;
}
