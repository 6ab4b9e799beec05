/* Retention of narrow rows: the periods in which a customer came back are bits of one word, and who never started is passed
   over without a look at its rows. */
#include "query_marks.h"
#include "query_narrow.h"
#include "query_retention.h"

#define PERIODS_MAX 64U

struct retention_narrow {
    struct query_slots intervals;
    int32_t from, to;                 /* slots of the range */
    uint8_t starts[QUERY_LABELS_MAX]; /* by label, 0 or 1 */
    uint8_t returns[QUERY_LABELS_MAX];
    uint64_t batch; /* that the rows are marked of */
    uint64_t *start_rows, *return_rows;
};

bool retention_narrow_fits(const struct query_plan *plan)
{
    const struct retention_body *body = plan->body;
    return !body->unbounded && !body->every && body->periods <= PERIODS_MAX &&
           query_slots_fit(&body->intervals, plan->range.from_ms, plan->range.to_ms);
}

bool retention_narrow_new(struct query_worker *worker, struct retention_narrow **out,
                          struct fail *fail)
{
    const struct query_plan *plan = worker->exec->plan;
    const struct retention_body *body = plan->body;
    const struct query_labels *labels = worker->labels;
    struct retention_narrow *narrow = arena_array(worker->arena, 1, sizeof *narrow, fail);
    if (narrow == NULL ||
        !query_slots_make(&body->intervals, worker->arena, &narrow->intervals, fail)) {
        return false;
    }
    narrow->from = query_slot_at(plan->range.from_ms);
    narrow->to = query_slot_at(plan->range.to_ms);
    for (uint32_t label = 1; label < labels->count; label++) {
        narrow->starts[label] = (labels->masks[label] >> RETENTION_START & 1U) != 0;
        narrow->returns[label] = (labels->masks[label] >> RETENTION_RETURN & 1U) != 0;
    }
    *out = narrow;
    return true;
}

/* Once a batch. */
static bool mark_batch(struct retention_narrow *narrow, const struct query_worker *worker,
                       struct fail *fail)
{
    const struct store_rows *rows = worker->rows;
    size_t words = query_mark_words(rows->row_count);
    narrow->batch = worker->batch;
    narrow->start_rows = arena_array(worker->scratch, words, sizeof(uint64_t), fail);
    narrow->return_rows = arena_array(worker->scratch, words, sizeof(uint64_t), fail);
    if (narrow->start_rows == NULL || narrow->return_rows == NULL) {
        return false;
    }
    query_mark_rows(narrow->starts, rows->labels, rows->row_count, narrow->start_rows);
    query_mark_rows(narrow->returns, rows->labels, rows->row_count, narrow->return_rows);
    return true;
}

bool retention_narrow_walk(struct retention_narrow *narrow, const struct query_worker *worker,
                           uint32_t c, uint64_t *out_came, size_t *out_cohort, struct fail *fail)
{
    const struct retention_body *body = worker->exec->plan->body;
    const struct store_rows *rows = worker->rows;
    const int32_t *slots = rows->slots;
    *out_came = 0;
    *out_cohort = SIZE_MAX;
    if (narrow->batch != worker->batch && !mark_batch(narrow, worker, fail)) {
        return false;
    }
    uint32_t end = rows->row_begin[c + 1];
    uint32_t row = query_mark_next(narrow->start_rows, rows->row_begin[c], end);
    while (row < end && (slots[row] < narrow->from || slots[row] >= narrow->to)) {
        row = query_mark_next(narrow->start_rows, row + 1, end);
    }
    if (row < end) {
        uint32_t cohort = query_slots_interval(&narrow->intervals, slots[row]);
        int32_t end_slot = query_slot_at(body->intervals.begins[cohort + body->periods]);
        *out_came = query_intervals_met(&narrow->intervals, cohort, slots, narrow->return_rows,
                                        row + 1, end, end_slot);
        *out_cohort = cohort;
    }
    return true;
}
