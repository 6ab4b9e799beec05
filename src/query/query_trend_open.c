/* Opening a cell of a trend. */
#include "query_list.h"
#include "query_trend.h"

/* What the customer's events in the cell have come to. */
struct part {
    uint64_t events, numbers, sessions;
    uint64_t last_session;
    struct trend_cell sum;
};

static bool add_part(struct query_worker *worker, const struct trend_series *series,
                     uint64_t session, uint32_t c, uint32_t row, struct part *part,
                     struct fail *fail)
{
    part->events++;
    if (series->measure == TREND_SESSIONS && session != part->last_session) {
        part->last_session = session;
        part->sessions++;
    }
    if (series->measure < TREND_SUM) {
        return true;
    }
    const struct store_value *values;
    uint32_t count = query_row_values(worker, series->of, c, row, &values);
    for (uint32_t i = 0; i < count; i++) {
        if (!store_value_is_number(values[i])) {
            continue;
        }
        part->numbers++;
        if (series->measure == TREND_SUM &&
            !trend_cell_add_number(worker, TREND_SUM, &part->sum, values[i], fail)) {
            return false;
        }
    }
    return true;
}

static bool open_belongs(struct query_worker *worker, uint32_t c, bool *out,
                         struct store_value *out_value, struct fail *fail)
{
    const struct trend_body *body = worker->exec->plan->body;
    const struct trend_series *series = &body->series[body->open.series];
    const struct store_rows *rows = worker->rows;
    struct trend_own *own = query_list_state(worker)->own;
    uint64_t bit = UINT64_C(1) << body->open.series;
    struct part part;
    memset(&part, 0, sizeof part);
    memset(own->session, 0, sizeof own->session);
    for (uint32_t row = rows->row_begin[c]; row < rows->row_begin[c + 1]; row++) {
        if (rows->ts_ms[row] < body->open.from_ms || rows->ts_ms[row] >= body->open.to_ms) {
            continue;
        }
        if (series->measure == TREND_SESSIONS) {
            trend_run_sessions(worker, body, own, row);
        }
        bool in_group;
        if ((worker->masks[row] & bit) == 0) {
            continue;
        }
        if (!query_list_in_group(worker, c, row, &in_group, fail)) {
            return false;
        }
        if (in_group &&
            !add_part(worker, series, own->session[body->open.series], c, row, &part, fail)) {
            return false;
        }
    }
    *out = series->measure >= TREND_SUM ? part.numbers > 0 : part.events > 0;
    if (series->measure == TREND_SUM) {
        part.sum.count = part.numbers;
        *out_value = trend_cell_value(series, &part.sum);
    } else if (series->measure == TREND_SESSIONS) {
        *out_value = store_value_uint(part.sessions);
    } else {
        *out_value = store_value_uint(part.events);
    }
    return true;
}

bool trend_open(struct query_exec *exec, struct query_list_job *job, struct fail *fail)
{
    const struct trend_body *body = exec->plan->body;
    const struct trend_series *series = &body->series[body->open.series];
    job->with_value = trend_open_has_value(series->measure);
    job->other_number = (!job->with_value && series->measure != TREND_CUSTOMERS) ||
                        body->formula != NULL || body->rolling > 1;
    job->said_from_ms = body->open.from_ms;
    job->said_to_ms = body->open.to_ms;
    job->start = trend_own_new;
    job->belongs = open_belongs;
    job->pass = (struct query_pass){.from_ms = body->open.from_ms,
                                    .to_ms = body->open.to_ms,
                                    .matchers = UINT64_C(1) << body->open.series,
                                    .every_event = series->measure == TREND_SESSIONS};
    return query_list_group(exec, trend_prepare, job, fail);
}
