/* Who was asked and never began to answer: one customer at a time. */
#include <stdlib.h>

#include "query_score.h"

bool score_own_new(struct query_worker *worker, void **out, struct fail *fail)
{
    struct score_own *own = arena_array(worker->arena, 1, sizeof *own, fail);
    if (own == NULL) {
        return false;
    }
    own->started = arena_small(worker->arena, sizeof *own->started);
    query_vec_init(own->started, worker->arena, worker->exec->budget, sizeof(struct score_started));
    *out = own;
    return true;
}

/* The response that an event belongs to; data NULL: none is named. */
static struct str response_of(struct query_worker *worker, uint32_t c, uint32_t row)
{
    const struct score_body *body = worker->exec->plan->body;
    const struct store_value *value;
    uint32_t count = query_row_values(worker, body->response, c, row, &value);
    return count > 0 && value->kind == STORE_STRING ? store_value_text(*value)
                                                    : (struct str){NULL, 0};
}

static int compare_started(const void *a, const void *b)
{
    const struct score_started *x = a, *y = b;
    int order = str_compare(x->response, y->response);
    return order != 0 ? order : x->row < y->row ? -1 : x->row > y->row ? 1 : 0;
}

bool score_own_load(struct query_worker *worker, struct score_own *own, uint32_t c,
                    struct fail *fail)
{
    const struct store_rows *rows = worker->rows;
    own->started->count = 0;
    own->has_last = false;
    for (uint32_t row = rows->row_begin[c]; row < rows->row_begin[c + 1]; row++) {
        if ((worker->masks[row] & SCORE_BIT(SCORE_REPLIED)) == 0 ||
            rows->ts_ms[row] > worker->exec->plan->now_ms) {
            continue;
        }
        own->last_row = row;
        own->has_last = true;
        struct str response = response_of(worker, c, row);
        if (response.data == NULL) {
            continue;
        }
        struct score_started *started = query_vec_add(own->started, fail);
        if (started == NULL) {
            return false;
        }
        *started = (struct score_started){response, row};
    }
    if (own->started->count > 1) {
        qsort(own->started->data, own->started->count, sizeof(struct score_started),
              compare_started);
    }
    return true;
}

bool score_is_silent(struct query_worker *worker, const struct score_own *own, uint32_t c,
                     uint32_t row)
{
    struct score_started sought = {response_of(worker, c, row), row};
    if (sought.response.data == NULL) {
        return !own->has_last || own->last_row < row;
    }
    const struct score_started *list = own->started->data;
    size_t low = 0, high = own->started->count; /* the first behind (response, row) */
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (compare_started(&list[middle], &sought) <= 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low == own->started->count || !str_equal(list[low].response, sought.response);
}
