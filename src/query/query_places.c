#include "query_places.h"

#include "query_narrow.h"

bool query_places_mark(const struct query_worker *worker, uint32_t matcher,
                       struct query_places *out, struct fail *fail)
{
    uint32_t rows = worker->rows->row_count;
    uint64_t *words = arena_array(worker->scratch, query_mark_words(rows), sizeof *words, fail);
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
