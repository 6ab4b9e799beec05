#include "query_condition.h"

#include "query_fold.h"
#include "base_regex.h"

static bool order_passes(enum query_operator op, int order)
{
    switch (op) {
    case QUERY_ABOVE:
        return order > 0;
    case QUERY_AT_LEAST:
        return order >= 0;
    case QUERY_BELOW:
        return order < 0;
    case QUERY_AT_MOST:
        return order <= 0;
    case QUERY_EQUAL:
        return order == 0;
    case QUERY_IN:
    case QUERY_CONTAINS:
    case QUERY_STARTS_WITH:
    case QUERY_MATCHES:
    case QUERY_IS_SET:
        break;
    }
    return false;
}

/* As query_value_order, with the operand's instant known beforehand. */
static bool compare_passes(const struct query_leaf *leaf, struct store_value value)
{
    int order;
    if (value.kind == STORE_STRING && leaf->value.kind == STORE_STRING) {
        int64_t at_ms;
        if (leaf->is_instant && query_instant_of(value, &at_ms)) {
            order = at_ms < leaf->instant_ms ? -1 : at_ms > leaf->instant_ms ? 1 : 0;
        } else {
            order = str_compare(store_value_text(value), store_value_text(leaf->value));
        }
        return order_passes(leaf->op, order);
    }
    return query_value_order(value, leaf->value, &order) && order_passes(leaf->op, order);
}

bool query_leaf_test(const struct query_leaf *leaf, struct store_value value, struct base_buf *fold)
{
    switch (leaf->op) {
    case QUERY_IS_SET:
        return true;
    case QUERY_IN:
        return query_set_has(&leaf->set, value);
    case QUERY_CONTAINS:
        return value.kind == STORE_STRING &&
               query_fold_contains(store_value_text(value), store_value_text(leaf->value), fold);
    case QUERY_STARTS_WITH:
        return value.kind == STORE_STRING &&
               str_starts(store_value_text(value), store_value_text(leaf->value));
    case QUERY_MATCHES:
        return value.kind == STORE_STRING &&
               base_regex_matches(leaf->regex, store_value_text(value));
    case QUERY_EQUAL:
    case QUERY_ABOVE:
    case QUERY_AT_LEAST:
    case QUERY_BELOW:
    case QUERY_AT_MOST:
        break;
    }
    return compare_passes(leaf, value);
}

bool query_comparison_holds(const struct query_comparison *comparison, struct store_value value)
{
    return order_passes(comparison->op, query_number_compare(value, comparison->value)) !=
           comparison->negated;
}

bool query_leaf_holds_for_customer(struct query_worker *worker, const struct query_leaf *leaf,
                                   uint32_t c)
{
    const struct store_value *values;
    uint32_t count = query_customer_values(worker, leaf->name, c, &values);
    for (uint32_t i = 0; i < count; i++) {
        if (query_leaf_test(leaf, values[i], &worker->fold)) {
            return !leaf->negated;
        }
    }
    return leaf->negated;
}

/* ---- over the rows of a batch: marks any[row] where a value passes ---- */

/* Stored strings repeat, and columns give equal ones at the same address, or once for a run of rows: one test serves
   all of them. */
static void mark_column(struct query_worker *worker, const struct query_leaf *leaf, uint64_t bit,
                        const uint64_t *masks, uint8_t *any)
{
    const struct store_column *column = &worker->rows->columns[leaf->name.column];
    const char *last = NULL;
    uint32_t last_len = 0;
    bool last_passes = false;
    for (uint32_t i = 0; i < column->count; i++) {
        uint32_t row = column->at[i], end = column->last[i] + 1;
        while (row < end && ((masks[row] & bit) == 0 || any[row] != 0)) {
            row++;
        }
        if (row == end) {
            continue;
        }
        struct store_value value = column->values[i];
        bool is_text = value.kind == STORE_STRING;
        if (!is_text || last == NULL || value.s != last || value.len != last_len) {
            last = is_text ? value.s : NULL;
            last_len = is_text ? value.len : 0;
            last_passes = query_leaf_test(leaf, value, &worker->fold);
        }
        if (last_passes) {
            memset(any + row, 1, end - row);
        }
    }
}

static void mark_events(struct query_worker *worker, const struct query_leaf *leaf, uint64_t bit,
                        const uint64_t *masks, uint8_t *any)
{
    const struct store_rows *rows = worker->rows;
    uint32_t last = STORE_NO_CODE;
    bool last_passes = false;
    for (uint32_t row = 0; row < rows->row_count; row++) {
        if ((masks[row] & bit) == 0) {
            continue;
        }
        if (rows->events[row] != last) {
            last = rows->events[row];
            struct str name = query_event_name(worker->exec, last);
            last_passes = query_leaf_test(leaf, store_value_str(name), &worker->fold);
        }
        any[row] = last_passes ? 1 : 0;
    }
}

static void mark_times(struct query_worker *worker, const struct query_leaf *leaf, uint64_t bit,
                       const uint64_t *masks, uint8_t *any)
{
    const struct store_rows *rows = worker->rows;
    bool compares = leaf->is_instant && leaf->op != QUERY_IN;
    for (uint32_t row = 0; row < rows->row_count; row++) {
        if ((masks[row] & bit) == 0) {
            continue;
        }
        int64_t ts_ms = rows->ts_ms[row];
        if (compares) {
            int order = ts_ms < leaf->instant_ms ? -1 : ts_ms > leaf->instant_ms ? 1 : 0;
            any[row] = order_passes(leaf->op, order) ? 1 : 0;
            continue;
        }
        char text[TIME_RFC3339_BYTES];
        struct str written = str_of(text, time_format_rfc3339(ts_ms, text));
        any[row] = query_leaf_test(leaf, store_value_str(written), &worker->fold) ? 1 : 0;
    }
}

/* From one row to the next a trait is mostly the same values at the same place. */
static void mark_pasts(struct query_worker *worker, const struct query_leaf *leaf, uint64_t bit,
                       const uint64_t *masks, uint8_t *any)
{
    const struct store_rows *rows = worker->rows;
    for (uint32_t c = 0; c < rows->customer_count; c++) {
        const struct store_value *last = NULL;
        uint8_t last_passes = 0;
        for (uint32_t row = rows->row_begin[c]; row < rows->row_begin[c + 1]; row++) {
            const struct store_value *values;
            uint32_t count = 0;
            if ((masks[row] & bit) == 0 ||
                (count = query_past_values(worker, leaf->name.column, c, row, &values)) == 0) {
                continue;
            }
            if (values != last) {
                last = values;
                last_passes = 0;
                for (uint32_t i = 0; i < count && last_passes == 0; i++) {
                    last_passes = query_leaf_test(leaf, values[i], &worker->fold) ? 1 : 0;
                }
            }
            any[row] = last_passes;
        }
    }
}

static void mark_customers(struct query_worker *worker, const struct query_leaf *leaf, uint64_t bit,
                           const uint64_t *masks, uint8_t *hit)
{
    const struct store_rows *rows = worker->rows;
    for (uint32_t c = 0; c < rows->customer_count; c++) {
        uint32_t row = rows->row_begin[c], end = rows->row_begin[c + 1];
        while (row < end && (masks[row] & bit) == 0) {
            row++;
        }
        if (row == end || !query_leaf_holds_for_customer(worker, leaf, c)) {
            continue;
        }
        for (; row < end; row++) {
            hit[row] = 1;
        }
    }
}

void query_leaf_mark_rows(struct query_worker *worker, const struct query_leaf *leaf, uint64_t bit,
                          const uint64_t *masks, uint8_t *any, uint8_t *hit)
{
    uint32_t row_count = worker->rows->row_count;
    if (query_name_is_of_customer(leaf->name)) {
        mark_customers(worker, leaf, bit, masks, hit);
        return;
    }
    memset(any, 0, row_count);
    if (leaf->name.from == QUERY_FROM_ROW_COLUMN) {
        mark_column(worker, leaf, bit, masks, any);
    } else if (leaf->name.from == QUERY_FROM_EVENT) {
        mark_events(worker, leaf, bit, masks, any);
    } else if (leaf->name.from == QUERY_FROM_TS) {
        mark_times(worker, leaf, bit, masks, any);
    } else if (leaf->name.from == QUERY_FROM_PAST) {
        mark_pasts(worker, leaf, bit, masks, any);
    }
    uint8_t flip = leaf->negated ? 1 : 0;
    for (uint32_t row = 0; row < row_count; row++) {
        hit[row] |= any[row] ^ flip;
    }
}
