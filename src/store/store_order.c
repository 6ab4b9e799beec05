/* store_order.c — sorting rows by customer, then each customer's by time. */
#include "store_order.h"

#include <stdlib.h>
#include <string.h>

struct keyed_row {
    uint32_t root, row;
};

#define DIGIT_BITS 11
#define DIGITS (1U << DIGIT_BITS)

/* Stable radix sort by root, least digit first; ends with the result in `rows`. */
static void sort_by_root(struct keyed_row *rows, struct keyed_row *spare, size_t count,
                         uint32_t most)
{
    struct keyed_row *from = rows;
    struct keyed_row *to = spare;
    for (unsigned shift = 0; shift < 32 && (most >> shift) != 0; shift += DIGIT_BITS) {
        uint32_t starts[DIGITS] = {0};
        for (size_t i = 0; i < count; i++) {
            starts[(from[i].root >> shift) % DIGITS]++;
        }
        uint32_t sum = 0;
        for (size_t d = 0; d < DIGITS; d++) {
            uint32_t here = starts[d];
            starts[d] = sum;
            sum += here;
        }
        for (size_t i = 0; i < count; i++) {
            to[starts[(from[i].root >> shift) % DIGITS]++] = from[i];
        }
        struct keyed_row *swap = from;
        from = to;
        to = swap;
    }
    if (from != rows) {
        memcpy(rows, from, count * sizeof *rows);
    }
}

static bool timed_before(const struct store_timed_row *x, const struct store_timed_row *y)
{
    return x->ts_ms != y->ts_ms ? x->ts_ms < y->ts_ms : x->row < y->row;
}

static int compare_timed(const void *a, const void *b)
{
    return timed_before(a, b) ? -1 : timed_before(b, a);
}

/* Mostly they are already. */
void store_timed_rows_sort(struct store_timed_row *rows, size_t count)
{
    size_t late = 0;
    for (size_t i = 1; i < count; i++) {
        late += timed_before(&rows[i], &rows[i - 1]);
    }
    if (late == 0) {
        return;
    }
    if (count > 32) {
        qsort(rows, count, sizeof *rows, compare_timed);
        return;
    }
    for (size_t i = 1; i < count; i++) {
        struct store_timed_row row = rows[i];
        size_t j = i;
        for (; j > 0 && timed_before(&row, &rows[j - 1]); j--) {
            rows[j] = rows[j - 1];
        }
        rows[j] = row;
    }
}

struct work {
    struct keyed_row *keyed, *spare;
    struct store_timed_row *timed;
};

static void work_done(struct work *work)
{
    base_free(work->keyed);
    base_free(work->spare);
    base_free(work->timed);
}

static bool work_init(struct work *work, size_t rows, struct fail *fail)
{
    void *block = NULL;
    if (!base_alloc_spread(rows, sizeof *work->keyed, &block, fail)) {
        return false;
    }
    work->keyed = block;
    if (!base_alloc_spread(rows, sizeof *work->spare, &block, fail)) {
        return false;
    }
    work->spare = block;
    if (!base_alloc_array(rows, sizeof *work->timed, &block, fail)) {
        return false;
    }
    work->timed = block;
    return true;
}

static void fill(struct store_order *order, const struct work *work, const int64_t *ts_ms,
                 const uint32_t *events)
{
    enum { AHEAD = 24 }; /* a row's time lies anywhere */
    uint32_t customers = 0;
    uint32_t at = 0;
    while (at < order->row_count) {
        uint32_t customer = work->keyed[at].root;
        uint32_t end = at;
        for (; end < order->row_count && work->keyed[end].root == customer; end++) {
            uint32_t row = work->keyed[end].row;
            if (end + AHEAD < order->row_count) {
                uint32_t soon = work->keyed[end + AHEAD].row;
                __builtin_prefetch(&ts_ms[soon]);
                __builtin_prefetch(&events[soon]);
            }
            work->timed[end - at] = (struct store_timed_row){ts_ms[row], row, events[row]};
        }
        store_timed_rows_sort(work->timed, end - at);
        order->customers[customers] = customer;
        order->begin[customers] = at;
        for (uint32_t i = at; i < end; i++) {
            const struct store_timed_row *timed = &work->timed[i - at];
            order->rows[i] = timed->row;
            order->ts_ms[i] = timed->ts_ms;
            order->events[i] = timed->event;
        }
        customers++;
        at = end;
    }
    order->begin[customers] = at;
    order->customer_count = customers;
}

static bool make(const struct work *work, const int64_t *ts_ms, const uint32_t *events,
                 struct arena *arena, struct store_order *order, struct fail *fail)
{
    size_t rows = order->row_count;
    uint32_t customers = 0;
    for (size_t i = 0; i < rows; i++) {
        customers += i == 0 || work->keyed[i].root != work->keyed[i - 1].root;
    }
    order->customers = arena_alloc(arena, customers * sizeof *order->customers, fail);
    order->begin = arena_alloc(arena, ((size_t)customers + 1) * sizeof *order->begin, fail);
    order->rows = arena_alloc(arena, rows * sizeof *order->rows, fail);
    order->ts_ms = arena_alloc(arena, rows * sizeof *order->ts_ms, fail);
    order->events = arena_alloc(arena, rows * sizeof *order->events, fail);
    if (order->customers == NULL || order->begin == NULL || order->rows == NULL ||
        order->ts_ms == NULL || order->events == NULL) {
        return false;
    }
    fill(order, work, ts_ms, events);
    return true;
}

bool store_order_make(const uint32_t *customers, const int64_t *ts_ms, const uint32_t *events,
                      uint32_t row_count, struct arena *arena, struct store_order *out,
                      struct fail *fail)
{
    struct store_order order = {.row_count = row_count};
    struct work work = {0};
    bool ok = work_init(&work, row_count, fail);
    if (ok) {
        uint32_t most = 0;
        for (uint32_t i = 0; i < row_count; i++) {
            work.keyed[i] = (struct keyed_row){customers[i], i};
            most = customers[i] > most ? customers[i] : most;
        }
        sort_by_root(work.keyed, work.spare, row_count, most);
        ok = make(&work, ts_ms, events, arena, &order, fail);
    }
    work_done(&work);
    if (ok) {
        *out = order;
    }
    return ok;
}
