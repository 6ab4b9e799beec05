#include "query_score_past.h"

#include "query_shown.h"

#include <math.h>

#define DAY_MS INT64_C(86400000)
#define WEEK_MS (7 * DAY_MS)
#define MONTH_MS (30 * DAY_MS)
#define LONG_AGO_DAYS 3650.0

static bool is_own(const struct query_exec *exec, uint32_t code)
{
    return code < exec->code_count && exec->code_is_own[code];
}

/* The most frequent events but feedback, which has a column anyway; names come most frequent first. */
static bool choose_events(struct query_exec *exec, struct past_columns *out, struct fail *fail)
{
    struct store_name *names;
    size_t count, taken = 0;
    out->slots = arena_array(exec->arena, exec->code_count, sizeof *out->slots, fail);
    if (out->slots == NULL || !store_names(exec->snapshot, STORE_NAME_EVENT, (struct str){NULL, 0},
                                           exec->arena, &names, &count, fail)) {
        return false;
    }
    out->feedback = store_event_code(exec->snapshot, STR("feedback"));
    for (size_t i = 0; i < count && taken < PAST_EVENTS; i++) {
        uint32_t code =
            query_event_code(exec, query_shown_event(&exec->plan->renames, names[i].name));
        if (is_own(exec, code) && code != out->feedback && out->slots[code] == 0) {
            out->slots[code] = (uint8_t)(1 + taken++);
        }
    }
    return true;
}

bool past_columns_choose(struct query_exec *exec, struct past_columns *out, struct fail *fail)
{
    struct store_name *names;
    size_t count;
    if (!choose_events(exec, out, fail) ||
        !store_names(exec->snapshot, STORE_NAME_CHANNEL, (struct str){NULL, 0}, exec->arena, &names,
                     &count, fail)) {
        return false;
    }
    out->channel_count = count < PAST_CHANNELS ? count : PAST_CHANNELS;
    for (size_t i = 0; i < out->channel_count; i++) {
        out->channels[i] = names[i].name;
    }
    return true;
}

void score_past_begin(struct score_past *past, const struct query_worker *worker, uint32_t c)
{
    *past = (struct score_past){.c = c,
                                .next = worker->rows->row_begin[c],
                                .end = worker->rows->row_begin[c + 1],
                                .week = worker->rows->row_begin[c],
                                .month = worker->rows->row_begin[c],
                                .last_day = INT64_MIN,
                                .channel = PAST_CHANNELS};
}

static void take_score(struct score_past *past, const struct past_columns *columns,
                       struct query_worker *worker, uint32_t row)
{
    const struct store_value *values;
    if (query_row_values(worker, columns->score, past->c, row, &values) > 0 &&
        store_value_is_number(values[0])) {
        double share = (store_value_number(values[0]) - columns->lowest) /
                       (columns->highest - columns->lowest);
        past->scored = true;
        past->last_score = fmin(fmax(share, 0), 1);
    }
}

static void take_channel(struct score_past *past, const struct past_columns *columns,
                         struct query_worker *worker, uint32_t row)
{
    const struct store_value *values;
    if (query_row_values(worker, columns->channel, past->c, row, &values) == 0) {
        return;
    }
    struct str name = store_value_text(values[0]);
    past->channel = PAST_CHANNELS;
    for (size_t i = 0; i < columns->channel_count; i++) {
        if (str_equal(name, columns->channels[i])) {
            past->channel = i;
            return;
        }
    }
}

static void take_row(struct score_past *past, const struct past_columns *columns,
                     struct query_worker *worker, uint32_t row)
{
    uint32_t code = worker->rows->events[row];
    int64_t ts_ms = worker->rows->ts_ms[row];
    past->asked += (worker->masks[row] & columns->asked) != 0;
    if (!is_own(worker->exec, code)) {
        return;
    }
    if ((worker->masks[row] & columns->answer) != 0) {
        take_score(past, columns, worker, row);
    }
    int64_t day = ts_ms / DAY_MS - (ts_ms % DAY_MS < 0);
    past->first_ms = past->events == 0 ? ts_ms : past->first_ms;
    past->last_ms = ts_ms;
    past->days += day != past->last_day;
    past->last_day = day;
    past->events++;
    past->in_week++;
    past->in_month++;
    past->feedback += code == columns->feedback;
    if (columns->slots[code] != 0) {
        past->counts[columns->slots[code] - 1]++;
    }
    take_channel(past, columns, worker, row);
}

/* Rows of the window that have become too old for it. */
static void leave(const struct score_past *past, const struct query_worker *worker,
                  int64_t since_ms, uint32_t *at, uint64_t *in)
{
    for (; *at < past->next && worker->rows->ts_ms[*at] < since_ms; (*at)++) {
        *in -= is_own(worker->exec, worker->rows->events[*at]);
    }
}

void score_past_advance(struct score_past *past, const struct past_columns *columns,
                        struct query_worker *worker, int64_t at_ms)
{
    for (; past->next < past->end && worker->rows->ts_ms[past->next] < at_ms; past->next++) {
        take_row(past, columns, worker, past->next);
    }
    leave(past, worker, query_ms_add(at_ms, -WEEK_MS), &past->week, &past->in_week);
    leave(past, worker, query_ms_add(at_ms, -MONTH_MS), &past->month, &past->in_month);
}

static double log_count(uint64_t count)
{
    return log1p((double)count);
}

void score_past_features(const struct score_past *past, const struct query_worker *worker,
                         int64_t at_ms, float out[PAST_FEATURES])
{
    bool any = past->events > 0;
    double recency = any ? (double)(at_ms - past->last_ms) / (double)DAY_MS : LONG_AGO_DAYS;
    double tenure = any ? (double)(at_ms - past->first_ms) / (double)DAY_MS : 0;
    double values[PAST_FEATURES] = {
        [PAST_RECENCY] = log1p(recency),
        [PAST_NEW] = !any,
        [PAST_COUNT] = log_count(past->events),
        [PAST_DAYS] = log_count(past->days),
        [PAST_TENURE] = log1p(tenure),
        [PAST_WEEK] = log_count(past->in_week),
        [PAST_MONTH] = log_count(past->in_month),
        [PAST_FEEDBACK] = log_count(past->feedback),
        [PAST_SCORED] = past->scored,
        [PAST_LAST] = past->scored ? past->last_score : 0.5,
        [PAST_ASKED] = log_count(past->asked),
        [PAST_KNOWN] =
            store_customer_known(worker->exec->snapshot, worker->rows->customers[past->c]),
    };
    values[PAST_RECENCY_2] = values[PAST_RECENCY] * values[PAST_RECENCY];
    values[PAST_COUNT_2] = values[PAST_COUNT] * values[PAST_COUNT];
    values[PAST_TENURE_2] = values[PAST_TENURE] * values[PAST_TENURE];
    for (size_t i = 0; i < PAST_EVENTS; i++) {
        values[PAST_EVENT + i] = log_count(past->counts[i]);
    }
    for (size_t i = 0; i < PAST_CHANNELS; i++) {
        values[PAST_CHANNEL + i] = past->channel == i;
    }
    for (size_t i = 0; i < PAST_FEATURES; i++) {
        out[i] = (float)values[i];
    }
}
