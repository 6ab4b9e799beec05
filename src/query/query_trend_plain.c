/* Trends that only count: events and distinct customers, without sessions and without numbers.
 *
 * Most questions are of this kind, and it is asked about the most frequent events: so a row costs its interval, its
 * group where it is not that of the row before, and its cells, without a jump that depends on the row.
 */
#include "query_narrow.h"
#include "query_places.h"
#include "query_slots.h"
#include "query_trend.h"

bool trend_is_plain(const struct trend_body *body)
{
    bool plain = !body->has_sessions;
    for (size_t s = 0; s < body->series_count; s++) {
        enum trend_measure measure = body->series[s].measure;
        plain = plain && (measure == TREND_COUNT || measure == TREND_CUSTOMERS ||
                          measure == TREND_PER_CUSTOMER);
    }
    return plain;
}

/* ---- narrow rows ---------------------------------------------------------------------------------------- */

#define CUSTOMER_BIT 32U /* of a batch's numbers: events below, customers above */

struct trend_narrow_series {
    bool all;                   /* of the rows that come are the series' */
    struct query_places places; /* else these */
};
struct trend_narrow {
    struct query_slots intervals;
    struct trend_narrow_series series[QUERY_SERIES_MAX];
    /* Of this batch, by interval, the last for rows outside of all; brought to the cells at its end. */
    uint64_t *numbers[QUERY_SERIES_MAX];
};

bool trend_narrow_new(struct query_worker *worker, struct trend_narrow **out, struct fail *fail)
{
    const struct trend_body *body = worker->exec->plan->body;
    struct trend_narrow *narrow = arena_array(worker->arena, 1, sizeof *narrow, fail);
    *out = narrow;
    if (narrow == NULL ||
        !query_slots_make(&body->intervals, worker->arena, &narrow->intervals, fail)) {
        return false;
    }
    for (size_t s = 0; s < body->series_count; s++) {
        narrow->numbers[s] =
            arena_array(worker->arena, body->intervals.count + 1, sizeof *narrow->numbers[s], fail);
        if (narrow->numbers[s] == NULL) {
            return false;
        }
    }
    return true;
}

/* Counts a customer's rows, without a jump that depends on them. They come in order of time, so that those of one interval
   follow each other. `words`: which rows are marked; NULL: all. Says whether there was any. */
static inline bool count_rows(const struct query_slots *intervals, uint64_t *numbers,
                              const uint64_t *words, const int32_t *slots, uint32_t from,
                              uint32_t end)
{
    uint32_t last = intervals->none;
    uint64_t any = 0;
    for (uint32_t row = from; row < end; row++) {
        uint64_t marked =
            words == NULL ? 1 : words[row / QUERY_MARK_ROWS] >> row % QUERY_MARK_ROWS & 1U;
        uint32_t interval = query_slots_interval(intervals, slots[row]);
        uint64_t another = marked & (interval != last);
        numbers[interval] += marked | another << CUSTOMER_BIT;
        last = marked != 0 ? interval : last;
        any |= marked & (interval != intervals->none);
    }
    return any != 0;
}

static bool count_series(const struct trend_narrow *narrow, size_t series, const int32_t *slots,
                         uint32_t from, uint32_t end)
{
    uint64_t *numbers = narrow->numbers[series];
    return narrow->series[series].all
               ? count_rows(&narrow->intervals, numbers, NULL, slots, from, end)
               : count_rows(&narrow->intervals, numbers, narrow->series[series].places.words, slots,
                            from, end);
}

/* Does every label fit the series? Then rows need not be marked. */
static bool is_all(const struct query_labels *labels, uint32_t series)
{
    bool all = true;
    for (uint32_t l = 1; l < labels->count; l++) {
        all = all && (labels->masks[l] >> series & 1U) != 0;
    }
    return all;
}

static bool mark_series(struct trend_narrow *narrow, const struct query_worker *worker,
                        size_t series_count, struct fail *fail)
{
    for (uint32_t s = 0; s < series_count; s++) {
        struct trend_narrow_series *series = &narrow->series[s];
        series->all = is_all(worker->labels, s);
        if (!series->all && !query_places_mark(worker, s, &series->places, fail)) {
            return false;
        }
    }
    return true;
}

static void bring_to_cells(const struct trend_narrow *narrow, const struct trend_body *body,
                           const struct trend_tally *tally)
{
    for (size_t s = 0; s < body->series_count; s++) {
        uint64_t *numbers = narrow->numbers[s];
        struct trend_cell *cells = trend_cell(tally, s, 0);
        uint64_t events = 0;
        for (size_t i = 0; i < body->intervals.count; i++) {
            cells[i].count += numbers[i] & UINT32_MAX;
            cells[i].customers += numbers[i] >> CUSTOMER_BIT;
            events += numbers[i] & UINT32_MAX;
            numbers[i] = 0;
        }
        if (body->series[s].measure != TREND_COUNT) { /* of counts the whole is the sum */
            cells[tally->stride - 1].count += events;
        }
    }
}

static bool count_narrow(struct query_worker *worker, struct fail *fail)
{
    const struct trend_body *body = worker->exec->plan->body;
    const struct store_rows *rows = worker->rows;
    struct query_tally_state *state = query_tally_state(worker);
    struct trend_narrow *narrow = ((struct trend_own *)state->own)->narrow;
    if (!mark_series(narrow, worker, body->series_count, fail)) {
        return false;
    }
    for (size_t s = 0; s < body->series_count; s++) {
        uint64_t customers = 0;
        for (uint32_t i = 0; i < rows->customer_count; i++) {
            customers +=
                count_series(narrow, s, rows->slots, rows->row_begin[i], rows->row_begin[i + 1]);
        }
        if (body->series[s].measure != TREND_COUNT) {
            struct trend_tally *tally = state->whole;
            trend_cell(tally, s, tally->stride - 1)->customers += customers;
        }
    }
    bring_to_cells(narrow, body, state->whole);
    return true;
}

void trend_choose_narrow(const struct query_exec *exec, struct query_pass *pass)
{
    const struct query_plan *plan = exec->plan;
    const struct trend_body *body = plan->body;
    if (!trend_is_plain(body) || plan->breakdown != NULL ||
        !query_slots_fit(&body->intervals, plan->range.from_ms, plan->range.to_ms)) {
        return;
    }
    pass->narrow = QUERY_NARROW_MASKS;
    pass->narrow_batch = count_narrow;
    pass->slots = pass->any_order = true;
}

/* ---- rows with all that was asked for ----------------------------------------------------------------- */

struct row { /* what is counted */
    size_t interval;
    uint64_t series; /* bits */
    uint64_t stamp;  /* of the customer */
};

static void count_once(struct trend_cell *cell, uint64_t stamp)
{
    cell->count++;
    cell->customers += cell->stamp != stamp;
    cell->stamp = stamp;
}

static void count(const struct trend_body *body, struct trend_tally *tally, const struct row *row)
{
    for (uint64_t left = row->series; left != 0; left &= left - 1) {
        size_t series = (size_t)__builtin_ctzll(left);
        if (series >= tally->series_count) {
            return; /* ranking looks at the first series alone */
        }
        struct trend_cell *cell = trend_cell(tally, series, tally->stride == 1 ? 0 : row->interval);
        if (body->series[series].measure == TREND_COUNT) {
            cell->count++; /* of the whole range it is the sum */
            continue;
        }
        count_once(cell, row->stamp);
        if (tally->stride > 1) {
            count_once(trend_cell(tally, series, tally->stride - 1), row->stamp);
        }
    }
}

static bool count_in_groups(struct query_worker *worker, const struct trend_body *body, uint32_t c,
                            uint32_t at, const struct row *row, struct fail *fail)
{
    struct query_tally_state *state = query_tally_state(worker);
    struct query_groups *groups = &state->groups;
    if (!query_groups_keep(groups, worker, at) &&
        !query_groups_of_row(groups, worker, c, at, fail)) {
        return false;
    }
    for (size_t i = 0; i < groups->id_count; i++) {
        uint32_t id = groups->ids[i];
        void *tally = id < state->capacity ? state->by_group[id] : NULL;
        if (tally == NULL && !query_tally_at(worker, id, &tally, fail)) {
            return false;
        }
        count(body, tally, row);
    }
    return true;
}

bool trend_count_plain(struct query_worker *worker, uint32_t c, struct fail *fail)
{
    const struct trend_body *body = worker->exec->plan->body;
    const struct query_range *range = &worker->exec->plan->range;
    const struct store_rows *rows = worker->rows;
    struct query_tally_state *state = query_tally_state(worker);
    struct trend_own *own = state->own;
    struct trend_tally *whole = state->whole;
    bool grouped = state->groups.spec.by != NULL;
    struct row row = {.stamp = ++own->customers};
    for (uint32_t at = rows->row_begin[c]; at < rows->row_begin[c + 1]; at++) {
        int64_t ts_ms = rows->ts_ms[at];
        row.series = query_row_mask(worker, at) & body->matchers;
        if (row.series == 0 || ts_ms < range->from_ms || ts_ms >= range->to_ms) {
            continue;
        }
        row.interval = trend_interval(own, body, ts_ms);
        if (whole != NULL) {
            count(body, whole, &row);
        }
        if (grouped && !count_in_groups(worker, body, c, at, &row, fail)) {
            return false;
        }
    }
    return true;
}
