#include "store_scan_joined.h"

#include <stdlib.h>

bool store_joined_new(const struct store_read_plan *plan, struct store_joined **out,
                      struct fail *fail)
{
    struct store_joined *joined = base_alloc_zero(sizeof *joined);
    size_t segments = plan->segment_count;
    joined->segment_count = segments;
    joined->column_count = plan->column_count;
    joined->spans = base_alloc_zero(segments * sizeof *joined->spans);
    joined->pieces = base_alloc_zero(segments * sizeof *joined->pieces);
    joined->sources = base_alloc_zero(segments * sizeof *joined->sources);
    joined->parts = plan->labels != NULL ? store_narrow_new(segments) : NULL;
    for (size_t s = 0; s < segments; s++) {
        if (!store_piece_init(&joined->pieces[s], plan->column_count, fail)) {
            store_joined_free(joined, NULL);
            return false;
        }
    }
    *out = joined;
    return true;
}

void store_joined_free(struct store_joined *joined, struct base_budget *budget)
{
    if (joined == NULL) {
        return;
    }
    for (size_t s = 0; s < joined->segment_count; s++) {
        store_spans_done(&joined->spans[s], budget);
        store_piece_done(&joined->pieces[s], joined->column_count, budget);
    }
    store_narrow_free(joined->parts, joined->segment_count, budget);
    store_piece_merger_done(&joined->merger, budget);
    struct store_vec *all[] = {&joined->places, &joined->numbers, &joined->runs,
                               &joined->left.numbers};
    for (size_t i = 0; i < ARRAY_LEN(all); i++) {
        store_vec_done(all[i], budget);
    }
    base_free(joined->spans);
    base_free(joined->pieces);
    base_free(joined->sources);
    base_free(joined);
}

bool store_roots_add(struct store_roots *roots, uint32_t number, struct base_budget *budget,
                     struct fail *fail)
{
    if (!store_vec_room(&roots->numbers, roots->count + 1, sizeof number, budget, fail)) {
        return false;
    }
    ((uint32_t *)roots->numbers.data)[roots->count++] = number;
    return true;
}

/* ---- where the rows are ------------------------------------------------------------------------------- */

/* Looks the moved numbers up in a segment's directory, and what is known of them where facts are wanted. */
static bool look_up(struct store_scan *scan, size_t s, struct store_spans *spans,
                    struct store_moved_rows *rows, struct store_span_facts *facts,
                    struct fail *fail)
{
    const struct store_moved *moved = scan->moved;
    struct store_reading reading = {.cancel = scan->cancel};
    if (!store_spans_list(scan->plan.segments[s], moved->numbers, moved->count, facts != NULL,
                          &reading, spans, fail)) {
        return false;
    }
    const struct store_span *list = spans->spans.data;
    for (size_t i = 0, m = 0; i < spans->count; i++) {
        while (moved->numbers[m] < list[i].customer) {
            m++;
        }
        rows->at[m] = (struct store_rows_at){list[i].begin, list[i].end};
        if (facts != NULL) {
            facts[m] = ((const struct store_span_facts *)spans->facts.data)[i];
        }
    }
    return true;
}

static bool plan_segment(struct store_scan *scan, size_t s, const struct store_moved_rows **out,
                         struct store_span_facts **out_facts, struct fail *fail)
{
    struct store_moved *moved = scan->moved;
    uint64_t id = store_segment_info(scan->plan.segments[s])->id;
    *out_facts = NULL;
    *out = store_moved_rows_find(moved, id);
    if (*out != NULL && !scan->plan.want_facts) {
        return true;
    }
    if (scan->plan
            .want_facts) { /* these are not kept: a question that wants them reads the whole directory */
        *out_facts = arena_array(scan->arena, moved->count, sizeof **out_facts, fail);
        if (*out_facts == NULL) {
            return false;
        }
    }
    struct store_moved_rows *rows = store_moved_rows_new(moved, id, fail);
    struct store_spans spans = {0};
    bool ok = rows != NULL && look_up(scan, s, &spans, rows, *out_facts, fail);
    store_spans_done(&spans, NULL);
    if (!ok) {
        base_free(rows);
        return false;
    }
    *out = store_moved_rows_keep(moved, rows);
    if (*out == NULL) { /* for this scan alone */
        arena_defer(scan->arena, base_free, rows);
        *out = rows;
    }
    return true;
}

bool store_joined_plan(struct store_scan *scan, struct fail *fail)
{
    struct store_read_plan *plan = &scan->plan;
    const struct store_moved_rows **rows =
        arena_array(scan->arena, plan->segment_count, sizeof(struct store_moved_rows *), fail);
    struct store_span_facts **facts =
        arena_array(scan->arena, plan->segment_count, sizeof(struct store_span_facts *), fail);
    if (rows == NULL || facts == NULL) {
        return false;
    }
    for (size_t s = 0; s < plan->segment_count; s++) {
        if (!plan_segment(scan, s, &rows[s], &facts[s], fail)) {
            return false;
        }
    }
    plan->moved_rows = rows;
    plan->moved_facts = facts;
    return true;
}

size_t store_joined_rows(const struct store_read_plan *plan, uint32_t root)
{
    const struct store_moved *moved = plan->moved;
    size_t begin;
    size_t end;
    size_t rows = 0;
    store_moved_tree(moved, store_moved_find(moved, root), &begin, &end);
    for (size_t s = 0; s < plan->segment_count; s++) {
        for (size_t k = begin; k < end; k++) {
            struct store_rows_at at = plan->moved_rows[s]->at[moved->by_root[k]];
            rows += at.end - at.begin;
        }
    }
    return rows;
}

static int compare_indices(const void *a, const void *b)
{
    uint32_t x;
    uint32_t y;
    memcpy(&x, a, sizeof x);
    memcpy(&y, b, sizeof y);
    return (x > y) - (x < y);
}

/* The numbers of the roots, in the order in which their rows lie in every segment. */
static bool find_places(struct store_joined *joined, const struct store_read_plan *plan,
                        const uint32_t *roots, size_t count, struct base_budget *budget,
                        struct fail *fail)
{
    const struct store_moved *moved = plan->moved;
    joined->place_count = 0;
    joined->left.count = 0;
    for (size_t r = 0; r < count; r++) {
        size_t root = store_moved_find(moved, roots[r]);
        size_t begin;
        size_t end;
        if ((moved->splits[root] & STORE_MOVED_APART) != 0) {
            if (!store_roots_add(&joined->left, roots[r], budget, fail)) {
                return false;
            }
            continue;
        }
        store_moved_tree(moved, root, &begin, &end);
        if (!store_vec_room(&joined->places, joined->place_count + (end - begin), sizeof(uint32_t),
                            budget, fail)) {
            return false;
        }
        memcpy((uint32_t *)joined->places.data + joined->place_count, moved->by_root + begin,
               (end - begin) * sizeof(uint32_t));
        joined->place_count += end - begin;
    }
    uint32_t *places = joined->places.data;
    if (joined->place_count > 0) {
        qsort(places, joined->place_count, sizeof *places, compare_indices);
    }
    if (!store_vec_room(&joined->numbers, joined->place_count, sizeof(uint32_t), budget, fail)) {
        return false;
    }
    uint32_t *numbers = joined->numbers.data;
    for (size_t p = 0; p < joined->place_count; p++) {
        numbers[p] = moved->numbers[places[p]];
    }
    return true;
}

static bool find_spans(struct store_joined *joined, const struct store_read_plan *plan, size_t s,
                       struct store_reading *reading, struct fail *fail)
{
    struct store_spans *spans = &joined->spans[s];
    spans->count = 0;
    if (plan->moved_rows == NULL) { /* of a list */
        return store_spans_list(plan->segments[s], joined->numbers.data, joined->place_count,
                                plan->want_facts, reading, spans, fail);
    }
    if (!store_vec_room(&spans->spans, joined->place_count, sizeof(struct store_span),
                        reading->budget, fail) ||
        (plan->want_facts &&
         !store_vec_room(&spans->facts, joined->place_count, sizeof(struct store_span_facts),
                         reading->budget, fail))) {
        return false;
    }
    const uint32_t *places = joined->places.data;
    const struct store_rows_at *rows = plan->moved_rows[s]->at;
    struct store_span *list = spans->spans.data;
    for (size_t p = 0; p < joined->place_count; p++) {
        struct store_rows_at at = rows[places[p]];
        if (at.begin == at.end) {
            continue;
        }
        list[spans->count] = (struct store_span){plan->moved->numbers[places[p]], at.begin, at.end};
        if (plan->want_facts) {
            ((struct store_span_facts *)spans->facts.data)[spans->count] =
                plan->moved_facts[s][places[p]];
        }
        spans->count++;
    }
    return true;
}

/* ---- runs --------------------------------------------------------------------------------------------- */

/* Adds the customers of a piece, numbers that ascend, as runs. */
static bool add_runs(struct store_joined *joined, const struct store_moved *moved, uint32_t piece,
                     const uint32_t *customers, uint32_t count, size_t *run_count,
                     struct base_budget *budget, struct fail *fail)
{
    const uint32_t *numbers = joined->numbers.data;
    const uint32_t *places = joined->places.data;
    if (!store_vec_room(&joined->runs, *run_count + count, sizeof(struct store_run_of), budget,
                        fail)) {
        return false;
    }
    struct store_run_of *runs = joined->runs.data;
    for (uint32_t c = 0, p = 0; c < count; c++) {
        while (numbers[p] < customers[c]) {
            p++;
        }
        runs[(*run_count)++] = (struct store_run_of){moved->root_at[places[p]], piece, c};
    }
    return true;
}

static int compare_runs(const void *a, const void *b)
{
    const struct store_run_of *x = a;
    const struct store_run_of *y = b;
    if (x->root != y->root) {
        return x->root < y->root ? -1 : 1;
    }
    if (x->piece != y->piece) {
        return x->piece < y->piece ? -1 : 1;
    }
    return (x->customer > y->customer) - (x->customer < y->customer);
}

static struct store_runs sort_runs(struct store_joined *joined, const struct store_moved *moved,
                                   size_t count)
{
    if (count > 0) {
        qsort(joined->runs.data, count, sizeof(struct store_run_of), compare_runs);
    }
    return (struct store_runs){moved->numbers, joined->runs.data, count};
}

static void sort_left(struct store_joined *joined)
{
    if (joined->left.count > 0) {
        qsort(joined->left.numbers.data, joined->left.count, sizeof(uint32_t), compare_indices);
    }
}

bool store_joined_wide(struct store_joined *joined, const struct store_read_plan *plan,
                       const uint32_t *roots, size_t count, const struct store_piece_order *order,
                       struct store_reading *reading, struct store_piece *out, struct fail *fail)
{
    struct base_budget *budget = reading->budget;
    /* What decides a trait, and what is known of a customer, may lie under one number and the wanted rows under another. */
    const struct store_piece_order own = {.keep_all = order->keep_all || plan->want_facts ||
                                                      plan->any_latest};
    size_t sources = 0;
    size_t run_count = 0;
    if (!find_places(joined, plan, roots, count, budget, fail)) {
        return false;
    }
    for (size_t s = 0; s < joined->segment_count; s++) {
        struct store_piece *piece = &joined->pieces[s];
        if (!find_spans(joined, plan, s, reading, fail)) {
            return false;
        }
        if (joined->spans[s].count == 0) {
            continue;
        }
        if (!store_piece_from_segment(plan, plan->segments[s], &joined->spans[s], &own, reading,
                                      piece, fail) ||
            !add_runs(joined, plan->moved, (uint32_t)sources, piece->customers.data,
                      piece->customer_count, &run_count, budget, fail)) {
            return false;
        }
        joined->sources[sources++] = piece;
    }
    const struct store_runs runs = sort_runs(joined, plan->moved, run_count);
    if (!store_piece_join(&joined->merger, plan, &runs, joined->sources, sources, order->keep_all,
                          budget, out, &joined->left, fail)) {
        return false;
    }
    sort_left(joined);
    return true;
}

bool store_joined_narrow(struct store_joined *joined, const struct store_read_plan *plan,
                         const uint32_t *roots, size_t count, struct store_reading *reading,
                         struct store_narrow *narrow, struct fail *fail)
{
    struct base_budget *budget = reading->budget;
    struct store_narrow *parts = joined->parts;
    size_t run_count = 0;
    store_narrow_start(parts, plan, false);
    if (!find_places(joined, plan, roots, count, budget, fail)) {
        return false;
    }
    for (size_t s = 0; s < joined->segment_count; s++) {
        if (!find_spans(joined, plan, s, reading, fail)) {
            return false;
        }
        if (joined->spans[s].count == 0) {
            continue;
        }
        if (!store_narrow_add_segment(parts, plan->segments[s], &joined->spans[s], reading, fail)) {
            return false;
        }
        uint32_t at = (uint32_t)parts->count - 1;
        const struct store_narrow_piece *piece = &parts->pieces[at];
        if (!add_runs(joined, plan->moved, at, piece->customers.data, piece->customer_count,
                      &run_count, budget, fail)) {
            return false;
        }
    }
    const struct store_runs runs = sort_runs(joined, plan->moved, run_count);
    if (!store_narrow_join(narrow, &runs, parts, &joined->left, budget, fail)) {
        return false;
    }
    sort_left(joined);
    return true;
}
