/* One customer's starts and returns: no store, no groups. */
#include "query_retention.h"

static bool vec_new(struct arena *arena, struct base_budget *budget, size_t size,
                    struct query_vec **out, struct fail *fail)
{
    *out = arena_array(arena, 1, sizeof **out, fail);
    if (*out == NULL) {
        return false;
    }
    query_vec_init(*out, arena, budget, size);
    return true;
}

bool retention_history_new(struct arena *arena, struct base_budget *budget,
                           struct retention_history **out, struct fail *fail)
{
    *out = arena_array(arena, 1, sizeof **out, fail);
    return *out != NULL &&
           vec_new(arena, budget, sizeof(struct retention_start), &(*out)->starts, fail) &&
           vec_new(arena, budget, sizeof(struct retention_return), &(*out)->returns, fail);
}

static bool add_start(struct retention_history *history, const struct retention_body *body,
                      size_t interval, uint32_t row, struct fail *fail)
{
    const struct retention_start *starts = history->starts->data;
    size_t count = history->starts->count;
    if (count > 0 && (!body->every || starts[count - 1].cohort == interval)) {
        return true;
    }
    struct retention_start *start = query_vec_add(history->starts, fail);
    if (start == NULL) {
        return false;
    }
    *start = (struct retention_start){interval, row};
    return true;
}

static bool add_return(struct retention_history *history, size_t interval, uint32_t row,
                       struct fail *fail)
{
    struct retention_return *returns = history->returns->data;
    size_t count = history->returns->count;
    if (count > 0 && returns[count - 1].interval == interval) {
        returns[count - 1].row = row;
        return true;
    }
    struct retention_return *one = query_vec_add(history->returns, fail);
    if (one == NULL) {
        return false;
    }
    *one = (struct retention_return){interval, row};
    return true;
}

bool retention_history_load(struct retention_history *history, const struct retention_body *body,
                            const struct query_range *range, const int64_t *ts_ms,
                            const uint64_t *masks, uint32_t begin, uint32_t end, struct fail *fail)
{
    const uint64_t start_bit = UINT64_C(1) << RETENTION_START;
    const uint64_t return_bit = UINT64_C(1) << RETENTION_RETURN;
    const int64_t *begins = body->intervals.begins;
    size_t interval = 0;
    bool placed = false;
    history->starts->count = history->returns->count = 0;
    history->returned_ever = false;
    for (uint32_t row = begin; row < end; row++) {
        uint64_t bits = masks[row] & (start_bit | return_bit);
        int64_t at_ms = ts_ms[row];
        if (bits == 0 || at_ms < begins[0]) {
            continue;
        }
        if ((bits & return_bit) != 0) {
            history->returned_ever = true;
            history->last_row = row;
            history->last_ms = at_ms;
        }
        if (at_ms >= begins[body->intervals.count]) {
            continue; /* counts as the last return only */
        }
        if (!placed || at_ms >= begins[interval + 1]) {
            interval = zone_intervals_find(&body->intervals, at_ms);
            placed = true;
        }
        bool starts = (bits & start_bit) != 0 && at_ms >= range->from_ms && at_ms < range->to_ms;
        if ((starts && !add_start(history, body, interval, row, fail)) ||
            ((bits & return_bit) != 0 && !add_return(history, interval, row, fail))) {
            return false;
        }
    }
    return true;
}

static void unbounded_periods(const struct retention_history *history,
                              const struct retention_body *body,
                              const struct retention_start *start,
                              void (*returned)(void *context, size_t period), void *context)
{
    if (!history->returned_ever || history->last_row <= start->row) {
        return;
    }
    for (size_t n = 0; n < body->periods; n++) {
        if (n > 0 && history->last_ms < body->intervals.begins[start->cohort + n]) {
            return;
        }
        returned(context, n);
    }
}

void retention_periods(const struct retention_history *history, const struct retention_body *body,
                       const struct retention_start *start,
                       void (*returned)(void *context, size_t period), void *context)
{
    if (body->unbounded) {
        unbounded_periods(history, body, start, returned, context);
        return;
    }
    const struct retention_return *returns = history->returns->data;
    size_t count = history->returns->count, low = 0, high = count;
    while (low < high) { /* the first in or after the cohort's interval */
        size_t middle = low + (high - low) / 2;
        if (returns[middle].interval < start->cohort) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    for (size_t i = low; i < count && returns[i].interval - start->cohort < body->periods; i++) {
        size_t period = returns[i].interval - start->cohort;
        if (period > 0 || returns[i].row > start->row) {
            returned(context, period);
        }
    }
}
