/* What a trend's cells keep, and what they come to. */
#include "query_trend.h"

#include <stdlib.h>

#include "query_select.h"

#define WHOLE_IN_DOUBLE (INT64_C(1) << 53)

bool trend_tally_new(const struct trend_body *body, size_t intervals, bool rank_only,
                     struct arena *arena, struct trend_tally **out, struct fail *fail)
{
    struct trend_tally *tally = arena_small(arena, sizeof *tally);
    tally->stride = rank_only ? 1 : intervals + 1;
    tally->series_count = rank_only ? 1 : body->series_count;
    tally->cells =
        arena_array(arena, tally->series_count * tally->stride, sizeof *tally->cells, fail);
    tally->currencies = arena_array(arena, body->series_count, sizeof *tally->currencies, fail);
    tally->mixed = arena_array(arena, body->series_count, sizeof *tally->mixed, fail);
    if (tally->cells == NULL || tally->currencies == NULL || tally->mixed == NULL) {
        return false;
    }
    *out = tally;
    return true;
}

/* ---- numbers ---- */

static bool exact_sum(struct query_worker *worker, struct trend_cell *cell, struct fail *fail)
{
    if (cell->sum.exact == NULL) {
        cell->sum.exact = arena_array(worker->arena, 1, sizeof *cell->sum.exact, fail);
    }
    return cell->sum.exact != NULL;
}

static bool add_to_sum(struct query_worker *worker, struct trend_cell *cell,
                       struct store_value number, struct fail *fail)
{
    int64_t sum;
    if (number.kind == STORE_INT && !__builtin_add_overflow(cell->sum.whole, number.i, &sum)) {
        cell->sum.whole = sum;
        return true;
    }
    if (!exact_sum(worker, cell, fail)) {
        return false;
    }
    if (number.kind == STORE_INT) {
        stats_sum_add_int(cell->sum.exact, number.i);
    } else if (number.kind == STORE_UINT) {
        stats_sum_add_uint(cell->sum.exact, number.u);
    } else {
        stats_sum_add(cell->sum.exact, number.d);
    }
    return true;
}

static bool list_add(struct query_worker *worker, struct query_vec **list, size_t size,
                     const void *element, struct fail *fail)
{
    if (*list == NULL) {
        *list = arena_array(worker->arena, 1, sizeof **list, fail);
        if (*list == NULL) {
            return false;
        }
        query_vec_init(*list, worker->arena, worker->exec->budget, size);
    }
    void *room = query_vec_add(*list, fail);
    if (room == NULL) {
        return false;
    }
    memcpy(room, element, size);
    return true;
}

static bool add_to_list(struct query_worker *worker, struct trend_cell *cell,
                        struct store_value number, struct fail *fail)
{
    bool fits =
        number.kind == STORE_DOUBLE ||
        (number.kind == STORE_INT && number.i >= -WHOLE_IN_DOUBLE && number.i <= WHOLE_IN_DOUBLE);
    if (!fits) {
        return list_add(worker, &cell->list.wide, sizeof number, &number, fail);
    }
    double value = store_value_number(number);
    return list_add(worker, &cell->list.doubles, sizeof value, &value, fail);
}

static void keep_extreme(enum trend_measure measure, struct trend_cell *cell,
                         struct store_value number)
{
    int order = cell->count == 0 ? 0 : query_number_compare(number, cell->extreme);
    if (cell->count == 0 || (measure == TREND_MIN ? order < 0 : order > 0)) {
        cell->extreme = number;
    }
}

bool trend_cell_add_number(struct query_worker *worker, enum trend_measure measure,
                           struct trend_cell *cell, struct store_value number, struct fail *fail)
{
    bool ok = true;
    if (measure == TREND_SUM || measure == TREND_AVG) {
        ok = add_to_sum(worker, cell, number, fail);
    } else if (measure == TREND_PERCENTILE) {
        ok = add_to_list(worker, cell, number, fail);
    } else {
        keep_extreme(measure, cell, number);
    }
    cell->count++;
    return ok;
}

/* ---- merging ---- */

static bool merge_list(struct query_worker *worker, struct query_vec **into,
                       const struct query_vec *from, struct fail *fail)
{
    if (from == NULL) {
        return true;
    }
    if (*into == NULL) {
        *into = arena_array(worker->arena, 1, sizeof **into, fail);
        if (*into == NULL) {
            return false;
        }
        query_vec_init(*into, worker->arena, worker->exec->budget, from->size);
    }
    return query_vec_append(*into, from, fail);
}

bool trend_cell_merge(struct query_worker *worker, enum trend_measure measure,
                      struct trend_cell *into, const struct trend_cell *from, struct fail *fail)
{
    bool ok = true;
    if (from->count == 0 && from->customers == 0) {
        return true;
    }
    switch (measure) {
    case TREND_SUM:
    case TREND_AVG:
        ok = add_to_sum(worker, into, store_value_int(from->sum.whole), fail);
        if (ok && from->sum.exact != NULL) {
            ok = exact_sum(worker, into, fail);
            if (ok) {
                stats_sum_merge(into->sum.exact, from->sum.exact);
            }
        }
        break;
    case TREND_MIN:
    case TREND_MAX:
        keep_extreme(measure, into, from->extreme);
        break;
    case TREND_PERCENTILE:
        ok = merge_list(worker, &into->list.doubles, from->list.doubles, fail) &&
             merge_list(worker, &into->list.wide, from->list.wide, fail);
        break;
    case TREND_COUNT:
    case TREND_CUSTOMERS:
    case TREND_SESSIONS:
    case TREND_PER_CUSTOMER:
        break;
    }
    into->count += from->count;
    into->customers += from->customers;
    return ok;
}

bool trend_tally_merge(const struct trend_body *body, struct query_worker *worker,
                       struct trend_tally *into, const struct trend_tally *from, struct fail *fail)
{
    for (size_t s = 0; s < into->series_count; s++) {
        for (size_t at = 0; at < into->stride; at++) {
            if (!trend_cell_merge(worker, body->series[s].measure, trend_cell(into, s, at),
                                  trend_cell(from, s, at), fail)) {
                return false;
            }
        }
        into->mixed[s] = into->mixed[s] || from->mixed[s];
        if (into->currencies[s].data == NULL && from->currencies[s].data != NULL) {
            into->currencies[s] = str_copy(worker->arena, from->currencies[s]);
        } else if (from->currencies[s].data != NULL &&
                   !str_equal(into->currencies[s], from->currencies[s])) {
            into->mixed[s] = true;
        }
    }
    return true;
}

/* ---- values ---- */

static int compare_wide(const void *a, const void *b)
{
    return query_number_compare(*(const struct store_value *)a, *(const struct store_value *)b);
}

static size_t rank_of_wide(const double *values, size_t count, const struct store_value *list,
                           size_t index)
{
    size_t below = index;
    for (size_t i = 0; i < count; i++) {
        below += query_number_compare(store_value_double(values[i]), list[index]) < 0 ? 1 : 0;
    }
    return below;
}

static struct store_value percentile(struct trend_cell *cell, unsigned percent)
{
    struct query_vec *doubles = cell->list.doubles, *wide = cell->list.wide;
    size_t double_count = doubles == NULL ? 0 : doubles->count;
    size_t wide_count = wide == NULL ? 0 : wide->count;
    size_t count = double_count + wide_count;
    size_t k = query_nearest_rank(count, percent);
    if (wide_count == 0) {
        INVARIANT(doubles != NULL);
        return store_value_double(query_select(doubles->data, double_count, k));
    }
    /* Both lists together: the wide ones (never equal to a double) in order, each with its rank among
       all, which rises; so halving finds the last one at or below k. */
    struct store_value *list = wide->data;
    qsort(list, wide_count, sizeof *list, compare_wide);
    double *values = doubles == NULL ? NULL : doubles->data;
    size_t low = 0, high = wide_count; /* the first `low` have ranks <= k */
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (rank_of_wide(values, double_count, list, middle) <= k) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    if (low > 0 && rank_of_wide(values, double_count, list, low - 1) == k) {
        return list[low - 1];
    }
    return store_value_double(query_select(values, double_count, k - low));
}

static double sum_value(const struct trend_cell *cell)
{
    struct stats_sum sum;
    memset(&sum, 0, sizeof sum);
    if (cell->sum.exact != NULL) {
        sum = *cell->sum.exact;
    }
    stats_sum_add_int(&sum, cell->sum.whole);
    return stats_sum_value(&sum);
}

struct store_value trend_cell_value(const struct trend_series *series, struct trend_cell *cell)
{
    switch (series->measure) {
    case TREND_COUNT:
        return store_value_uint(cell->count);
    case TREND_CUSTOMERS:
    case TREND_SESSIONS:
        return store_value_uint(cell->customers);
    case TREND_PER_CUSTOMER:
        return cell->customers == 0
                   ? store_value_int(0)
                   : store_value_double((double)cell->count / (double)cell->customers);
    case TREND_SUM:
        return store_value_double(sum_value(cell));
    case TREND_AVG:
        return cell->count == 0 ? store_value_int(0)
                                : store_value_double(sum_value(cell) / (double)cell->count);
    case TREND_MIN:
    case TREND_MAX:
        return cell->count == 0 ? store_value_int(0) : cell->extreme;
    case TREND_PERCENTILE:
        return cell->count == 0 ? store_value_int(0) : percentile(cell, series->percent);
    }
    return store_value_int(0);
}

static bool counts_distinct(enum trend_measure measure)
{
    return measure == TREND_CUSTOMERS || measure == TREND_SESSIONS || measure == TREND_PER_CUSTOMER;
}

bool trend_total(struct query_worker *worker, const struct trend_body *body,
                 const struct trend_tally *tally, size_t series, struct store_value *out,
                 struct fail *fail)
{
    const struct trend_series *one = &body->series[series];
    struct trend_cell *counted = trend_cell(tally, series, tally->stride - 1);
    if (counts_distinct(one->measure) || tally->stride == 1) {
        *out = trend_cell_value(one, counted);
        return true;
    }
    struct trend_cell total;
    memset(&total, 0, sizeof total);
    for (size_t at = 0; at + 1 < tally->stride; at++) {
        if (!trend_cell_merge(worker, one->measure, &total, trend_cell(tally, series, at), fail)) {
            return false;
        }
    }
    *out = trend_cell_value(one, &total);
    return true;
}
