#include "query_score_place.h"

void score_places_init(struct score_places *places, struct query_worker *worker)
{
    *places = (struct score_places){.unasked = 0};
    query_vec_init(&places->list, worker->arena, worker->exec->budget, sizeof(struct score_asking));
}

int64_t score_places_end_ms(const struct query_exec *exec)
{
    int64_t after_now_ms = query_ms_add(exec->plan->now_ms, 1);
    return exec->plan->range.to_ms > after_now_ms ? exec->plan->range.to_ms : after_now_ms;
}

static bool in_range(const struct query_worker *worker, uint32_t row)
{
    const struct query_range *range = &worker->exec->plan->range;
    int64_t ts_ms = worker->rows->ts_ms[row];
    return ts_ms >= range->from_ms && ts_ms < range->to_ms;
}

/* ---- was anybody asked? --------------------------------------------------------------------------- */

static bool seek_asked(struct query_worker *worker, uint32_t c, struct fail *fail)
{
    const struct query_score_adjust *adjust = worker->pass->context;
    const uint64_t asked = UINT64_C(1) << adjust->asked;
    (void)fail;
    for (uint32_t row = worker->rows->row_begin[c]; row < worker->rows->row_begin[c + 1]; row++) {
        worker->stop = worker->stop || ((worker->masks[row] & asked) != 0 && in_range(worker, row));
    }
    return true;
}

bool score_places_were_asked(struct query_exec *exec, const struct query_score_adjust *adjust,
                             bool *out, struct fail *fail)
{
    const struct query_pass pass = {.from_ms = exec->plan->range.from_ms,
                                    .to_ms = exec->plan->range.to_ms,
                                    .matchers = UINT64_C(1) << adjust->asked,
                                    .customer = seek_asked,
                                    .context = adjust};
    struct query_workers workers = {.list = NULL};
    if (!query_pass_run(exec, &pass, &workers, fail)) {
        return false;
    }
    *out = workers.stopped;
    query_workers_free(&workers);
    return true;
}

/* ---- who was asked --------------------------------------------------------------------------------- */

static struct str response_at(struct query_worker *worker, const struct query_score_adjust *adjust,
                              uint32_t c, uint32_t row)
{
    const struct store_value *values;
    return query_row_values(worker, adjust->response, c, row, &values) > 0 &&
                   values[0].kind == STORE_STRING
               ? store_value_text(values[0])
               : (struct str){NULL, 0};
}

/* The asking that an answer is to; NULL where there is none. */
static struct score_asking *asking_of(const struct query_vec *askings, uint32_t row,
                                      struct str response)
{
    struct score_asking *list = askings->data;
    for (size_t i = askings->count; i-- > 0;) {
        if (response.data != NULL) {
            if (list[i].response.data != NULL && str_equal(list[i].response, response)) {
                return &list[i];
            }
        } else if (list[i].row < row && !list[i].answered) {
            return &list[i];
        }
    }
    return NULL;
}

static bool add(struct score_places *places, struct score_asking place, struct fail *fail)
{
    struct score_asking *slot = query_vec_add(&places->list, fail);
    if (slot == NULL) {
        return false;
    }
    *slot = place;
    return true;
}

static bool find_asked(struct score_places *places, struct query_worker *worker,
                       const struct query_score_adjust *adjust, uint32_t c, struct fail *fail)
{
    const struct store_rows *rows = worker->rows;
    const int64_t end_ms = score_places_end_ms(worker->exec);
    const uint64_t asked = UINT64_C(1) << adjust->asked, answer = UINT64_C(1) << adjust->answer;
    for (uint32_t row = rows->row_begin[c]; row < rows->row_begin[c + 1]; row++) {
        if ((worker->masks[row] & asked) != 0 && in_range(worker, row) &&
            !add(places,
                 (struct score_asking){.row = row,
                                       .at_ms = rows->ts_ms[row],
                                       .response = response_at(worker, adjust, c, row)},
                 fail)) {
            return false;
        }
    }
    for (uint32_t row = rows->row_begin[c]; row < rows->row_begin[c + 1]; row++) {
        if ((worker->masks[row] & answer) == 0 || rows->ts_ms[row] >= end_ms) {
            continue;
        }
        struct score_asking *asking =
            asking_of(&places->list, row, response_at(worker, adjust, c, row));
        if (asking == NULL) {
            places->unasked += in_range(worker, row);
        } else if (!asking->answered) {
            asking->answered = true;
            asking->answer_row = row;
        }
    }
    return true;
}

/* ---- who was active --------------------------------------------------------------------------------- */

/* The customer's last answer in the range counts; who has none is silent. */
static bool find_active(struct score_places *places, struct query_worker *worker,
                        const struct query_score_adjust *adjust, uint32_t c, struct fail *fail)
{
    const struct query_exec *exec = worker->exec;
    const struct store_rows *rows = worker->rows;
    uint32_t end = rows->row_begin[c + 1], answer = end, entry = end;
    for (uint32_t row = rows->row_begin[c]; row < end; row++) {
        uint32_t code = rows->events[row];
        if (!in_range(worker, row) || code >= exec->code_count || !exec->code_is_own[code]) {
            continue;
        }
        if ((worker->masks[row] & UINT64_C(1) << adjust->answer) != 0) {
            answer = row;
        } else {
            entry = entry == end ? row : entry;
        }
    }
    if (answer == end && entry == end) {
        return true;
    }
    bool answered = answer != end;
    uint32_t seen = entry == end || (answered && answer < entry) ? answer : entry;
    return add(places,
               (struct score_asking){.row = answered ? answer : entry,
                                     .answer_row = answer,
                                     .at_ms = rows->ts_ms[seen] + (seen == entry),
                                     .answered = answered},
               fail);
}

bool score_places_find(struct score_places *places, struct query_worker *worker,
                       const struct query_score_adjust *adjust, bool were_asked, uint32_t c,
                       struct fail *fail)
{
    places->list.count = 0;
    return were_asked ? find_asked(places, worker, adjust, c, fail)
                      : find_active(places, worker, adjust, c, fail);
}
