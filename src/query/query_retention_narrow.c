/* Retention of narrow rows: the periods in which a customer came back are bits of one word. */
#include "query_interval.h"
#include "query_narrow.h"
#include "query_retention.h"

#define PERIODS_MAX 64U

struct retention_narrow {
    struct query_interval_table intervals;
    uint8_t starts[QUERY_LABELS_MAX]; /* by label, 0 or 1 */
    uint8_t returns[QUERY_LABELS_MAX];
};

bool retention_narrow_fits(const struct retention_body *body)
{
    return !body->unbounded && !body->every && body->periods <= PERIODS_MAX;
}

bool retention_narrow_new(struct query_worker *worker, struct retention_narrow **out,
                          struct fail *fail)
{
    const struct retention_body *body = worker->exec->plan->body;
    const struct query_labels *labels = worker->labels;
    struct retention_narrow *narrow = arena_array(worker->arena, 1, sizeof *narrow, fail);
    if (narrow == NULL ||
        !query_interval_table_make(&body->intervals, worker->arena, &narrow->intervals, fail)) {
        return false;
    }
    for (uint32_t label = 1; label < labels->count; label++) {
        narrow->starts[label] = (labels->masks[label] >> RETENTION_START & 1U) != 0;
        narrow->returns[label] = (labels->masks[label] >> RETENTION_RETURN & 1U) != 0;
    }
    *out = narrow;
    return true;
}

static uint32_t interval_of(const struct retention_narrow *narrow,
                            const struct retention_body *body, int64_t ts_ms)
{
    return narrow->intervals.of_slice != NULL
               ? query_interval_of(&narrow->intervals, ts_ms)
               : (uint32_t)zone_intervals_find(&body->intervals, ts_ms);
}

uint64_t retention_narrow_walk(const struct retention_narrow *narrow,
                               const struct query_worker *worker, uint32_t c, size_t *out_cohort)
{
    const struct retention_body *body = worker->exec->plan->body;
    const struct query_range *range = &worker->exec->plan->range;
    const struct store_rows *rows = worker->rows;
    const int64_t *ts_ms = rows->ts_ms;
    const uint8_t *labels = rows->labels;
    uint32_t end = rows->row_begin[c + 1];
    uint32_t row = rows->row_begin[c];
    *out_cohort = SIZE_MAX;
    while (row < end && (narrow->starts[labels[row]] == 0 || ts_ms[row] < range->from_ms ||
                         ts_ms[row] >= range->to_ms)) {
        row++;
    }
    if (row == end) {
        return 0;
    }
    uint32_t cohort = interval_of(narrow, body, ts_ms[row]);
    int64_t end_ms = body->intervals.begins[cohort + body->periods];
    uint64_t came = 0;
    for (row++; row < end && ts_ms[row] < end_ms; row++) {
        uint32_t period = interval_of(narrow, body, ts_ms[row]) - cohort;
        came |= (uint64_t)narrow->returns[labels[row]] << period;
    }
    *out_cohort = cohort;
    return came;
}
