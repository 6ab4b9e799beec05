/* store_walk.c — every wanted row as a whole event, in bounded memory. */
#include "store_whole.h"

struct store_walk {
    struct store_snapshot *snapshot;
    struct store_sources sources;
    struct arena *arena; /* as long as the walk */
    struct arena *batch; /* until the next call */
    struct store_whole_columns columns;
    struct store_scan *scan;
    struct store_cursor *cursor;
    struct store_words words; /* which the scan leaves in their heaps */
    struct str source;
    uint32_t batch_rows;
    const struct store_rows
        *rows; /* what is left of the cursor's batch: from row `at`, of customer `c` on */
    uint32_t at, c;
};

static bool open_scan(struct store_walk *walk, const struct store_walk_options *options,
                      struct base_budget *budget, struct fail *fail)
{
    const struct store_scan_options scan = {
        .events = options->events,
        .event_count = options->event_count,
        .from_ms = options->from_ms,
        .to_ms = options->to_ms,
        .customers = options->customers,
        .customer_count = options->customer_count,
        .batch_rows = walk->batch_rows,
        .cancel = options->cancel,
    };
    if (!store_sources_of(walk->snapshot, &walk->sources, fail) ||
        !store_whole_columns(&walk->sources, walk->arena, &walk->columns, fail) ||
        !store_scan_over(&walk->sources, &scan, walk->columns.columns, walk->columns.count,
                         &walk->scan, fail)) {
        return false;
    }
    store_scan_slice(walk->scan);
    store_scan_leave_words(walk->scan);
    store_words_init(&walk->words, walk->sources.segments, walk->sources.segment_count);
    return store_cursor_new(walk->scan, budget, &walk->cursor, fail);
}

bool store_walk_new(struct store_snapshot *snapshot, const struct store_walk_options *options,
                    struct base_budget *budget, struct store_walk **out, struct fail *fail)
{
    struct store_walk *walk = base_alloc_zero(sizeof *walk);
    walk->snapshot = snapshot;
    walk->arena = arena_new(budget);
    walk->batch = arena_new(budget);
    walk->batch_rows = options->batch_rows == 0 ? STORE_WALK_ROWS : options->batch_rows;
    walk->source =
        options->source.data == NULL ? options->source : str_copy(walk->arena, options->source);
    if (!open_scan(walk, options, budget, fail)) {
        store_walk_free(walk);
        return false;
    }
    *out = walk;
    return true;
}

void store_walk_free(struct store_walk *walk)
{
    if (walk == NULL) {
        return;
    }
    store_cursor_free(walk->cursor);
    store_scan_free(walk->scan);
    store_words_done(&walk->words);
    arena_free(walk->batch);
    arena_free(walk->arena);
    base_free(walk);
}

static bool wanted(const struct store_walk *walk, const struct store_event *event)
{
    return (walk->source.data == NULL || str_equal(event->source, walk->source));
}

/* Rows [at, at + count) of the cursor's batch; those that are wanted are kept. */
static bool make(struct store_walk *walk, uint32_t count, struct store_walk_row **out,
                 size_t *out_count, struct fail *fail)
{
    struct store_whole m = {.sources = &walk->sources,
                            .rows = walk->rows,
                            .first = walk->at,
                            .count = count,
                            .arena = walk->batch,
                            .words = &walk->words};
    m.out = arena_array(walk->batch, count, sizeof *m.out, fail);
    struct store_walk_row *rows = arena_array(walk->batch, count, sizeof *rows, fail);
    if (m.out == NULL || rows == NULL || !store_whole_make(&m, &walk->columns, fail)) {
        return false;
    }
    size_t kept = 0;
    for (uint32_t r = 0; r < count; r++) {
        while (walk->rows->row_begin[walk->c + 1] <= walk->at + r) {
            walk->c++;
        }
        if (wanted(walk, &m.out[r].event)) {
            rows[kept++] = (struct store_walk_row){walk->rows->customers[walk->c], m.out[r]};
        }
    }
    walk->at += count;
    *out = rows;
    *out_count = kept;
    return true;
}

bool store_walk_next(struct store_walk *walk, const struct store_walk_row **out, size_t *out_count,
                     struct fail *fail)
{
    struct store_walk_row *rows = NULL;
    size_t count = 0;
    while (count == 0) {
        arena_reset(walk->batch);
        if (walk->rows == NULL || walk->at == walk->rows->row_count) {
            if (!store_cursor_next(walk->cursor, &walk->rows, fail)) {
                return false;
            }
            walk->at = 0;
            walk->c = 0;
            if (walk->rows->customer_count == 0) {
                break;
            }
        }
        uint32_t most = walk->rows->row_count - walk->at;
        most = most < walk->batch_rows ? most : walk->batch_rows;
        if (most > 0 && (!store_whole_fit(walk->rows, walk->columns.count, walk->at, most,
                                          walk->batch, &most, fail) ||
                         !make(walk, most, &rows, &count, fail))) {
            return false;
        }
    }
    *out = rows;
    *out_count = count;
    return true;
}
