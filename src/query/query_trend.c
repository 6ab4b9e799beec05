/* Trends: measures of series over intervals, in groups. */
#include "query_trend.h"

#include <stdio.h>

#include "query_answer.h"
#include "query_compare.h"
#include "query_kind.h"

static const struct trend_body *body_of(const struct query_worker *worker)
{
    return worker->exec->plan->body;
}

static bool make(struct query_worker *worker, void **out, struct fail *fail)
{
    const struct trend_body *body = body_of(worker);
    struct trend_tally *tally;
    if (!trend_tally_new(body, body->intervals.count, query_tally_job(worker)->rank_only,
                         worker->arena, &tally, fail)) {
        return false;
    }
    *out = tally;
    return true;
}

static bool merge(struct query_worker *worker, void *into, const void *from, struct fail *fail)
{
    return trend_tally_merge(body_of(worker), worker, into, from, fail);
}

static bool rank(struct query_worker *worker, const void *tally, double *out, struct fail *fail)
{
    struct store_value total;
    if (!trend_total(worker, body_of(worker), tally, 0, &total, fail)) {
        return false;
    }
    *out = store_value_number(total);
    return true;
}

bool trend_own_new(struct query_worker *worker, void **out, struct fail *fail)
{
    struct trend_own *own = arena_array(worker->arena, 1, sizeof *own, fail);
    *out = own;
    return own != NULL &&
           query_interval_table_make(&body_of(worker)->intervals, worker->arena, &own->intervals,
                                     fail) &&
           (worker->labels == NULL || trend_narrow_new(worker, &own->narrow, fail));
}

/* ---- counting one event of one series into one tally ---- */

struct event { /* an event of the customer, and where it counts */
    uint32_t c, row;
    size_t interval;
    uint64_t stamp; /* of measures that count distinct things */
    const struct store_value *numbers;
    uint32_t number_count;
};

static bool note_currency(struct query_worker *worker, struct trend_tally *tally, size_t series,
                          const struct event *event, struct fail *fail)
{
    const struct trend_series *one = &body_of(worker)->series[series];
    const struct store_value *values;
    uint32_t count = query_row_values(worker, one->currency, event->c, event->row, &values);
    for (uint32_t i = 0; i < count; i++) {
        if (values[i].kind != STORE_STRING) {
            continue;
        }
        struct str name = store_value_text(values[i]);
        if (tally->currencies[series].data != NULL) {
            tally->mixed[series] =
                tally->mixed[series] || !str_equal(tally->currencies[series], name);
            continue;
        }
        char *copy = arena_alloc(worker->arena, name.len + 1, fail);
        if (copy == NULL) {
            return false;
        }
        memcpy(copy, name.data, name.len);
        tally->currencies[series] = str_of(copy, name.len);
    }
    return true;
}

static void count_distinct(struct trend_cell *cell, uint64_t stamp)
{
    cell->count++;
    if (cell->stamp != stamp) {
        cell->stamp = stamp;
        cell->customers++;
    }
}

static bool count_numbers(struct query_worker *worker, struct trend_tally *tally, size_t series,
                          const struct event *event, struct trend_cell *cell, struct fail *fail)
{
    enum trend_measure measure = body_of(worker)->series[series].measure;
    uint64_t before = cell->count;
    for (uint32_t i = 0; i < event->number_count; i++) {
        if (store_value_is_number(event->numbers[i]) &&
            !trend_cell_add_number(worker, measure, cell, event->numbers[i], fail)) {
            return false;
        }
    }
    bool adds = measure == TREND_SUM || measure == TREND_AVG;
    return !adds || tally->mixed[series] || cell->count == before ||
           note_currency(worker, tally, series, event, fail);
}

static bool count_event(struct query_worker *worker, struct trend_tally *tally, size_t series,
                        const struct event *event, struct fail *fail)
{
    if (series >= tally->series_count) {
        return true; /* ranking looks at the first series alone */
    }
    struct trend_cell *total = trend_cell(tally, series, tally->stride - 1);
    struct trend_cell *cell =
        tally->stride == 1 ? total : trend_cell(tally, series, event->interval);
    switch (body_of(worker)->series[series].measure) {
    case TREND_COUNT:
        cell->count++;
        return true;
    case TREND_CUSTOMERS:
    case TREND_SESSIONS:
    case TREND_PER_CUSTOMER:
        count_distinct(cell, event->stamp);
        if (cell != total) {
            count_distinct(total, event->stamp);
        }
        return true;
    case TREND_SUM:
    case TREND_AVG:
    case TREND_MIN:
    case TREND_MAX:
    case TREND_PERCENTILE:
        break;
    }
    return count_numbers(worker, tally, series, event, cell, fail);
}

static bool count_row(struct query_worker *worker, struct event *event, uint64_t bits,
                      struct fail *fail)
{
    struct query_tally_state *state = query_tally_state(worker);
    const struct trend_own *own = state->own;
    const struct trend_body *body = body_of(worker);
    if (state->groups.spec.by != NULL &&
        !query_groups_of_row(&state->groups, worker, event->c, event->row, fail)) {
        return false;
    }
    for (uint64_t left = bits; left != 0; left &= left - 1) {
        size_t series = (size_t)__builtin_ctzll(left);
        const struct trend_series *one = &body->series[series];
        event->stamp = one->measure == TREND_SESSIONS ? own->session[series] : own->customers;
        if (one->measure >= TREND_SUM) {
            event->number_count =
                query_row_values(worker, one->of, event->c, event->row, &event->numbers);
        }
        if (state->whole != NULL && !count_event(worker, state->whole, series, event, fail)) {
            return false;
        }
        for (size_t i = 0; i < state->groups.id_count; i++) {
            void *tally;
            if (!query_tally_at(worker, state->groups.ids[i], &tally, fail) ||
                !count_event(worker, tally, series, event, fail)) {
                return false;
            }
        }
    }
    return true;
}

/* Sessions of a series are runs of all events but the seven, and those of the seven that it names. */
void trend_run_sessions(struct query_worker *worker, const struct trend_body *body,
                        struct trend_own *own, uint32_t row)
{
    const struct query_exec *exec = worker->exec;
    uint32_t code = worker->rows->events[row];
    int64_t ts_ms = worker->rows->ts_ms[row];
    if (code >= exec->code_count) {
        return;
    }
    for (size_t s = 0; s < body->series_count; s++) {
        if (body->series[s].measure != TREND_SESSIONS ||
            (!exec->code_is_own[code] && (exec->code_masks[code] >> s & 1U) == 0)) {
            continue;
        }
        if (own->session[s] == 0 || ts_ms - own->session_ts_ms[s] > TREND_SESSION_PAUSE_MS) {
            own->session[s] = ++own->sessions;
        }
        own->session_ts_ms[s] = ts_ms;
    }
}

static bool customer(struct query_worker *worker, uint32_t c, struct fail *fail)
{
    const struct trend_body *body = body_of(worker);
    const struct query_range *range = &worker->exec->plan->range;
    struct trend_own *own = query_tally_state(worker)->own;
    const struct store_rows *rows = worker->rows;
    struct event event = {.c = c};
    own->customers++;
    for (size_t s = 0; s < body->series_count; s++) {
        own->session[s] = 0;
    }
    for (uint32_t row = rows->row_begin[c]; row < rows->row_begin[c + 1]; row++) {
        int64_t ts_ms = rows->ts_ms[row];
        uint64_t bits = worker->masks[row] & body->matchers;
        if (ts_ms < range->from_ms || (bits == 0 && !body->has_sessions)) {
            continue;
        }
        if (ts_ms >= range->to_ms) {
            break;
        }
        if (body->has_sessions) {
            trend_run_sessions(worker, body, own, row);
        }
        event.interval = trend_interval(own, body, ts_ms);
        event.row = row;
        if (bits != 0 && !count_row(worker, &event, bits, fail)) {
            return false;
        }
    }
    return true;
}

/* ---- running ---- */

static const struct query_tally_ops ops = {
    .make = make, .merge = merge, .rank = rank, .start = trend_own_new, .customer = customer};
static const struct query_tally_ops plain_ops = {.make = make,
                                                 .merge = merge,
                                                 .rank = rank,
                                                 .start = trend_own_new,
                                                 .customer = trend_count_plain};

void trend_prepare(const struct query_plan *plan, struct query_tally_job *job)
{
    const struct trend_body *body = plan->body;
    bool foldable = true;
    for (size_t s = 0; s < body->series_count; s++) {
        enum trend_measure measure = body->series[s].measure;
        foldable = foldable && (measure == TREND_COUNT || measure >= TREND_SUM);
    }
    *job = (struct query_tally_job){
        .ops = trend_is_plain(body) ? &plain_ops : &ops,
        .whole = plan->breakdown == NULL,
        .foldable = foldable,
        .cells = body->series_count * (body->intervals.count + 1),
        .pass = {.from_ms = plan->range.from_ms,
                 .to_ms = plan->range.to_ms,
                 .matchers = body->matchers,
                 .every_event = body->has_sessions},
        .spec = {.by = plan->breakdown},
    };
}

static bool has_mixed_currencies(const struct query_tallies *tallies, size_t series)
{
    struct str first = {NULL, 0};
    for (size_t g = 0; g < (tallies->whole != NULL ? 1 : tallies->count); g++) {
        const struct trend_tally *tally =
            tallies->whole != NULL ? tallies->whole : tallies->by_group[g];
        struct str currency = tally->currencies[series];
        if (tally->mixed[series] ||
            (first.data != NULL && currency.data != NULL && !str_equal(first, currency))) {
            return true;
        }
        first = currency.data != NULL ? currency : first;
    }
    return false;
}

static void warn_currencies(struct query_exec *exec, const struct trend_body *body,
                            const struct query_tallies *tallies)
{
    char list[QUERY_SERIES_MAX * 4] = "";
    size_t len = 0;
    for (size_t s = 0; s < body->series_count; s++) {
        if (has_mixed_currencies(tallies, s)) {
            int wrote = snprintf(list + len, sizeof list - len, "%s%zu", len == 0 ? "" : ", ", s);
            len += wrote < 0 ? 0 : (size_t)wrote;
        }
    }
    if (len > 0) {
        query_exec_warn(exec, "amounts of more than one currency are added up (series %s)", list);
    }
}

/* ---- the answer ---- */

struct line { /* one series of the answer */
    size_t series;
    struct str label;
    const struct str *group; /* NULL: none */
    struct trend_tally *tally;
};

/* A value, a number or null, as the answer shows it. */
struct shown {
    bool is_null;
    struct store_value value;
};

static struct shown formula_shown(const struct trend_body *body, const double *values)
{
    double value;
    if (!query_formula_value(body->formula, values, &value)) {
        return (struct shown){.is_null = true};
    }
    return (struct shown){.value = store_value_double(value)};
}

static struct shown value_at(const struct trend_body *body, const struct line *line, size_t at)
{
    if (body->formula == NULL) {
        return (struct shown){.value = trend_cell_value(&body->series[line->series],
                                                        trend_cell(line->tally, line->series, at))};
    }
    double values[QUERY_SERIES_MAX];
    for (size_t s = 0; s < body->series_count; s++) {
        values[s] =
            store_value_number(trend_cell_value(&body->series[s], trend_cell(line->tally, s, at)));
    }
    return formula_shown(body, values);
}

static bool total_of(struct query_worker *worker, const struct trend_body *body,
                     const struct line *line, struct shown *out, struct fail *fail)
{
    if (body->formula == NULL) {
        *out = (struct shown){.is_null = false};
        return trend_total(worker, body, line->tally, line->series, &out->value, fail);
    }
    double values[QUERY_SERIES_MAX];
    for (size_t s = 0; s < body->series_count; s++) {
        struct store_value total;
        if (!trend_total(worker, body, line->tally, s, &total, fail)) {
            return false;
        }
        values[s] = store_value_number(total);
    }
    *out = formula_shown(body, values);
    return true;
}

static void window_takes(struct stats_sum *sum, struct store_value value)
{
    if (value.kind == STORE_INT) {
        stats_sum_add_int(sum, value.i);
    } else if (value.kind == STORE_UINT) {
        stats_sum_add_uint(sum, value.u);
    } else {
        stats_sum_add(sum, value.d);
    }
}

/* Whole numbers leave as whole numbers: as doubles they would leave a trace of their last digits. */
static void window_gives(struct stats_sum *sum, struct store_value value)
{
    if (value.kind == STORE_DOUBLE) {
        stats_sum_add(sum, -value.d);
    } else if (value.kind == STORE_UINT) { /* above INT64_MAX */
        stats_sum_add_int(sum, INT64_MIN);
        stats_sum_add_int(sum, -(int64_t)(value.u - ((uint64_t)1 << 63)));
    } else if (value.i == INT64_MIN) {
        stats_sum_add_uint(sum, (uint64_t)1 << 63);
    } else {
        stats_sum_add_int(sum, -value.i);
    }
}

static bool in_window(struct shown shown)
{
    return !shown.is_null && isfinite(store_value_number(shown.value));
}

/* Each becomes the mean of it and up to k - 1 before it; the sum is exact, so taking away what leaves the
   window leaves no trace of it. */
static void smooth(const struct shown *values, size_t count, size_t k, struct shown *out)
{
    struct stats_sum sum;
    memset(&sum, 0, sizeof sum);
    size_t numbers = 0;
    for (size_t i = 0; i < count; i++) {
        if (in_window(values[i])) {
            window_takes(&sum, values[i].value);
            numbers++;
        }
        if (i >= k && in_window(values[i - k])) {
            window_gives(&sum, values[i - k].value);
            numbers--;
        }
        out[i] = (struct shown){.is_null = numbers == 0};
        if (numbers > 0) {
            out[i].value = store_value_double(stats_sum_value(&sum) / (double)numbers);
        }
    }
}

static void write_shown(struct json_writer *w, struct shown shown)
{
    if (shown.is_null) {
        json_write_null(w);
    } else {
        query_answer_value(w, shown.value);
    }
}

static bool write_line(struct query_exec *exec, struct query_worker *worker,
                       const struct line *line, struct json_writer *w, struct fail *fail)
{
    const struct trend_body *body = exec->plan->body;
    size_t count = body->intervals.count;
    struct shown total;
    struct shown *values = arena_alloc(exec->arena, 2 * count * sizeof *values, fail);
    if (values == NULL || !total_of(worker, body, line, &total, fail)) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        values[i] = value_at(body, line, i);
    }
    if (body->rolling > 0) {
        smooth(values, count, body->rolling, values + count);
        values += count;
    }
    json_begin_object(w);
    json_name_c(w, "series");
    json_write_uint(w, line->series);
    json_name_c(w, "label");
    json_write_str(w, line->label);
    json_name_c(w, "group");
    if (line->group == NULL) {
        json_write_null(w);
    } else {
        json_write_str(w, *line->group);
    }
    json_name_c(w, "values");
    json_begin_array(w);
    for (size_t i = 0; i < count; i++) {
        write_shown(w, values[i]);
    }
    json_end_array(w);
    json_name_c(w, "total");
    write_shown(w, total);
    json_end_object(w);
    return true;
}

/* "intervals", "series". */
static bool write_tallies(struct query_exec *exec, const struct query_tallies *tallies,
                          struct json_writer *w, struct fail *fail)
{
    const struct trend_body *body = exec->plan->body;
    bool grouped = exec->plan->breakdown != NULL;
    size_t series_count = body->formula != NULL ? 1 : body->series_count;
    query_answer_labels(w, "intervals", exec->plan, body->interval, &body->intervals);
    json_name_c(w, "series");
    json_begin_array(w);
    for (size_t s = 0; s < series_count; s++) {
        for (size_t g = 0; g < (grouped ? tallies->count : 1); g++) {
            struct line line = {
                .series = s,
                .label = body->formula != NULL ? body->formula_text : body->series[s].label,
                .group = grouped ? &tallies->names[g] : NULL,
                .tally = grouped ? tallies->by_group[g] : tallies->whole,
            };
            struct query_worker *worker =
                tallies->workers.count > 0 ? tallies->workers.list[0] : NULL;
            if (!write_line(exec, worker, &line, w, fail)) {
                return false;
            }
        }
    }
    json_end_array(w);
    return true;
}

static bool tally(struct query_exec *exec, const void *shown, struct query_tallies *out,
                  struct fail *fail)
{
    struct query_tally_job job;
    trend_prepare(exec->plan, &job);
    trend_choose_narrow(exec, &job.pass);
    return trend_choose_counted(exec, &job.pass, fail) &&
           query_tally_run(exec, &job, shown, out, fail);
}

static bool write_range(struct query_exec *exec, const void *shown, const void **out_shown,
                        struct json_writer *w, struct fail *fail)
{
    struct query_tallies tallies = {.whole = NULL};
    bool ok = tally(exec, shown, &tallies, fail) && write_tallies(exec, &tallies, w, fail);
    if (ok && shown == NULL) {
        warn_currencies(exec, exec->plan->body, &tallies);
    }
    *out_shown = query_tallies_groups(exec, &tallies);
    query_tallies_free(&tallies);
    return ok;
}

static void write_partial(const struct query_plan *plan, struct json_writer *w)
{
    const struct trend_body *body = plan->body;
    query_answer_partial(w, plan, body->interval, &body->intervals, &plan->range);
}

static bool trend_run(struct query_exec *exec, struct json_writer *w, struct fail *fail)
{
    static const struct query_part part = {.write = write_range, .partial = write_partial};
    return query_part_write(exec, &part, w, fail);
}

const struct query_kind query_kind_trend = {
    .name = "trend", .parse = trend_parse, .run = trend_run, .open = trend_open};
