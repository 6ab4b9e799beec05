/* store_build_leave.c — rows that are left out of what is written anew: one batch of the build's scan without them. */
#include "store_build.h"

void store_build_left_done(struct store_build_left *left)
{
    for (size_t c = 0; c < left->column_count; c++) {
        store_vec_done(&left->at[c], NULL);
        store_vec_done(&left->values[c], NULL);
    }
    base_free(left->at);
    base_free(left->values);
    base_free(left->columns);
    store_vec_done(&left->place, NULL);
    store_vec_done(&left->customers, NULL);
    store_vec_done(&left->row_begin, NULL);
    store_vec_done(&left->ts_ms, NULL);
    store_vec_done(&left->events, NULL);
}

bool store_build_left_init(struct store_build_left *left, size_t column_count, struct fail *fail)
{
    void *at = NULL;
    void *values = NULL;
    void *columns = NULL;
    *left = (struct store_build_left){0};
    if (!base_alloc_array(column_count, sizeof *left->at, &at, fail) ||
        !base_alloc_array(column_count, sizeof *left->values, &values, fail) ||
        !base_alloc_array(column_count, sizeof *left->columns, &columns, fail)) {
        base_free(at);
        base_free(values);
        return false;
    }
    memset(at, 0, column_count * sizeof *left->at);
    memset(values, 0, column_count * sizeof *left->values);
    left->at = at;
    left->values = values;
    left->columns = columns;
    left->column_count = column_count;
    return true;
}

#define GONE UINT32_MAX

/* Where each row of the batch stands among those that stay. */
static bool place_rows(struct store_build_left *left, const struct store_ranges *leave_out,
                       const struct store_rows *rows, struct fail *fail)
{
    const struct store_column *arrivals = &rows->columns[STORE_BUILD_IN_ARRIVAL];
    if (!store_vec_room(&left->place, (size_t)rows->row_count + 1, sizeof(uint32_t), NULL, fail)) {
        return false;
    }
    uint32_t *place = left->place.data;
    INVARIANT(arrivals->count == rows->row_count);
    left->rows.row_count = 0;
    for (uint32_t r = 0; r < rows->row_count; r++) {
        bool gone =
            leave_out != NULL && store_ranges_hold(leave_out, (uint64_t)arrivals->values[r].i);
        place[r] = gone ? GONE : left->rows.row_count++;
    }
    return true;
}

static bool keep_customers(struct store_build_left *left, const struct store_rows *rows,
                           struct fail *fail)
{
    size_t count = rows->customer_count;
    if (!store_vec_room(&left->customers, count, sizeof(uint32_t), NULL, fail) ||
        !store_vec_room(&left->row_begin, count + 1, sizeof(uint32_t), NULL, fail) ||
        !store_vec_room(&left->ts_ms, rows->row_count, sizeof(int64_t), NULL, fail) ||
        !store_vec_room(&left->events, rows->row_count, sizeof(uint32_t), NULL, fail)) {
        return false;
    }
    const uint32_t *place = left->place.data;
    uint32_t *customers = left->customers.data;
    uint32_t *row_begin = left->row_begin.data;
    int64_t *ts_ms = left->ts_ms.data;
    uint32_t *events = left->events.data;
    uint32_t kept = 0;
    uint32_t at = 0;
    for (size_t c = 0; c < count; c++) {
        uint32_t begin = at;
        for (uint32_t r = rows->row_begin[c]; r < rows->row_begin[c + 1]; r++) {
            if (place[r] != GONE) {
                ts_ms[at] = rows->ts_ms[r];
                events[at++] = rows->events[r];
            }
        }
        if (at > begin) {
            customers[kept] = rows->customers[c];
            row_begin[kept++] = begin;
        }
    }
    row_begin[kept] = at;
    left->rows.customer_count = kept;
    left->rows.customers = customers;
    left->rows.row_begin = row_begin;
    left->rows.ts_ms = ts_ms;
    left->rows.events = events;
    return true;
}

/* `mute`: rows that have no value here any more; NULL: none. */
static bool keep_column(struct store_build_left *left, size_t c, const struct store_rows *rows,
                        const struct store_ranges *mute, struct fail *fail)
{
    const struct store_column *in = &rows->columns[c];
    const struct store_value *arrivals = rows->columns[STORE_BUILD_IN_ARRIVAL].values;
    if (!store_vec_room(&left->at[c], in->count, sizeof(uint32_t), NULL, fail) ||
        !store_vec_room(&left->values[c], in->count, sizeof(struct store_value), NULL, fail)) {
        return false;
    }
    const uint32_t *place = left->place.data;
    uint32_t *at = left->at[c].data;
    struct store_value *values = left->values[c].data;
    uint32_t kept = 0;
    for (uint32_t i = 0; i < in->count; i++) {
        bool muted = mute != NULL && store_ranges_hold(mute, (uint64_t)arrivals[in->at[i]].i);
        if (place[in->at[i]] != GONE && !muted) {
            at[kept] = place[in->at[i]];
            values[kept++] = in->values[i];
        }
    }
    left->columns[c] = (struct store_column){.count = kept, .at = at, .last = at, .values = values};
    return true;
}

bool store_build_leave(struct store_build_left *left, const struct store_segment_build *in,
                       const struct store_rows *rows, const struct store_rows **out,
                       struct fail *fail)
{
    if (!place_rows(left, in->leave_out, rows, fail) || !keep_customers(left, rows, fail)) {
        return false;
    }
    for (size_t c = 0; c < left->column_count; c++) {
        const struct store_ranges *mute = c == STORE_BUILD_IN_TEXT ? in->mute : NULL;
        if (!keep_column(left, c, rows, mute, fail)) {
            return false;
        }
    }
    left->rows.columns = left->columns;
    *out = &left->rows;
    return true;
}
