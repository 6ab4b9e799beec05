#include "query_places.h"

#include "query_narrow.h"

uint64_t *query_places_room(const struct query_worker *worker, struct fail *fail)
{
    size_t words = query_mark_words(worker->rows->row_count);
    uint64_t *room = arena_array(worker->scratch, words + 2, sizeof *room, fail);
    return room == NULL ? NULL : room + 1;
}

bool query_places_mark(const struct query_worker *worker, uint32_t matcher,
                       struct query_places *out, struct fail *fail)
{
    uint32_t rows = worker->rows->row_count;
    uint64_t *words = query_places_room(worker, fail);
    *out = (struct query_places){.words = words, .rows = rows};
    if (words == NULL) {
        return false;
    }
    if (worker->labels == NULL) {
        query_mark_masks(worker->masks, matcher, rows, words);
        return true;
    }
    uint8_t table[QUERY_LABELS_MAX] = {0};
    for (uint32_t label = 1; label < worker->labels->count; label++) {
        table[label] = worker->labels->masks[label] >> matcher & 1U;
    }
    query_mark_rows(table, worker->rows->labels, rows, words);
    return true;
}

static void clear(uint64_t *words, uint32_t row)
{
    words[row / QUERY_MARK_ROWS] &= ~(UINT64_C(1) << row % QUERY_MARK_ROWS);
}

/* A customer's rows are in order of time: mostly its first and its last one say it of all. */
void query_places_clip(uint64_t *words, const struct store_rows *rows,
                       const struct query_range *range)
{
    for (uint32_t c = 0; c < rows->customer_count; c++) {
        uint32_t row = rows->row_begin[c], end = rows->row_begin[c + 1];
        for (; row < end && rows->ts_ms[row] < range->from_ms; row++) {
            clear(words, row);
        }
        for (; end > row && rows->ts_ms[end - 1] >= range->to_ms; end--) {
            clear(words, end - 1);
        }
    }
}
