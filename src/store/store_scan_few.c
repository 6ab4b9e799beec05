/* store_scan_few.c — fresh rows of few customers: found by their numbers, in place of sorting those of everybody. */
#include "store_fresh.h"
#include "store_read.h"

/* Rows of all customers so far, one customer after the other; places are over the views together. */
struct few {
    struct store_vec rows; /* struct store_timed_row */
    size_t count;
};

static void few_done(struct few *few)
{
    store_vec_done(&few->rows, NULL);
}

/* Appends one customer's rows in order of time: those under its own number and under those joined into it. */
static bool gather_one(struct few *few, const struct store_fresh_index *index,
                       const struct store_identity_view *identity, uint32_t root,
                       struct arena *arena, struct fail *fail)
{
    uint32_t *numbers;
    size_t number_count;
    size_t begin = few->count;
    if (!store_identity_places(identity, root, arena, &numbers, &number_count, fail)) {
        return false;
    }
    uint32_t before = 0; /* rows of the views before */
    for (size_t v = 0; v < index->view_count; v++) {
        size_t from = few->count;
        for (size_t n = 0; n < number_count; n++) {
            if (store_identity_root(identity, numbers[n]) == root &&
                !store_fresh_rows_of(index->views[v].fresh, index->views[v].count, numbers[n],
                                     &few->rows, &few->count, fail)) {
                return false;
            }
        }
        struct store_timed_row *rows = few->rows.data;
        for (size_t i = from; before > 0 && i < few->count; i++) {
            rows[i].row += before;
        }
        before += index->views[v].count;
    }
    if (few->count - begin > 1) {
        store_timed_rows_sort((struct store_timed_row *)few->rows.data + begin, few->count - begin);
    }
    return true;
}

static bool gather(struct few *few, struct store_fresh_index *index,
                   const struct store_identity_view *identity, const uint32_t *customers,
                   size_t count, struct arena *arena, struct fail *fail)
{
    for (size_t c = 0; c < count; c++) {
        size_t begin = few->count;
        if (!gather_one(few, index, identity, customers[c], arena, fail)) {
            return false;
        }
        if (few->count > begin) {
            index->customers[index->customer_count] = customers[c];
            index->begin[index->customer_count++] = (uint32_t)begin;
        }
    }
    index->row_count = (uint32_t)few->count;
    index->begin[index->customer_count] = index->row_count;
    return true;
}

static bool lay_out(const struct few *few, struct store_fresh_index *index, struct arena *arena,
                    struct fail *fail)
{
    const struct store_timed_row *timed = few->rows.data;
    index->rows = arena_array(arena, index->row_count, sizeof *index->rows, fail);
    index->ts_ms = arena_array(arena, index->row_count, sizeof *index->ts_ms, fail);
    index->events = arena_array(arena, index->row_count, sizeof *index->events, fail);
    if (index->rows == NULL || index->ts_ms == NULL || index->events == NULL) {
        return false;
    }
    for (uint32_t i = 0; i < index->row_count; i++) {
        index->rows[i] = timed[i].row;
        index->ts_ms[i] = timed[i].ts_ms;
        index->events[i] = timed[i].event;
    }
    return true;
}

bool store_fresh_index_make_few(const struct store_fresh_view *views, size_t view_count,
                                const struct store_identity_view *identity,
                                const uint32_t *customers, size_t customer_count,
                                struct arena *arena, struct store_fresh_index *out,
                                struct fail *fail)
{
    struct store_fresh_index index = {.view_count = view_count};
    CLEANUP(few_done) struct few few = {0};
    INVARIANT(view_count <= ARRAY_LEN(index.views));
    for (size_t v = 0; v < view_count; v++) {
        index.views[v] = views[v];
    }
    index.customers = arena_array(arena, customer_count, sizeof *index.customers, fail);
    index.begin = arena_array(arena, customer_count + 1, sizeof *index.begin, fail);
    if (index.customers == NULL || index.begin == NULL ||
        !gather(&few, &index, identity, customers, customer_count, arena, fail) ||
        !lay_out(&few, &index, arena, fail)) {
        return false;
    }
    *out = index;
    return true;
}
