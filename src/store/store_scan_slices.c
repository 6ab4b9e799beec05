/* store_scan_slices.c — a customer of very many rows, in several batches.
 *
 * A slice has, of each source, those rows that come next in the order of all: by time, then by source. It ends before
 * the row that is a step further in one of them, whichever of these comes first; so it has no more than a step of any
 * source, also where a million rows have one time, or where sources lie one after the other in time.
 */
#include "store_scan_cursor.h"

/* Place of a row in the order of all. */
struct cut {
    int64_t ts_ms;
    size_t source; /* segments, then the fresh rows */
    uint32_t row;
};

static struct store_slice *slice_of(const struct store_cursor *cursor, size_t source)
{
    return (struct store_slice *)cursor->slices.data + source;
}

static bool row_ts(const struct store_cursor *cursor, size_t source, uint32_t row, int64_t *out,
                   struct fail *fail)
{
    const struct store_read_plan *plan = &cursor->plan;
    if (source == plan->segment_count) {
        *out = plan->fresh->ts_ms[row];
        return true;
    }
    return store_segment_row_ts(plan->segments[source], row, out, fail);
}

/* The earliest of the rows that are a step further; false in *out_any where the rest is no more than that. */
static bool choose_cut(const struct store_cursor *cursor, struct cut *out, bool *out_any,
                       struct fail *fail)
{
    *out_any = false;
    for (size_t s = 0; s <= cursor->plan.segment_count; s++) {
        const struct store_slice *slice = slice_of(cursor, s);
        if (slice->end - slice->at <= cursor->slice_step) {
            continue;
        }
        struct cut cut = {.source = s, .row = slice->at + cursor->slice_step};
        if (!row_ts(cursor, s, cut.row, &cut.ts_ms, fail)) {
            return false;
        }
        if (!*out_any || cut.ts_ms < out->ts_ms) { /* of one time: the earlier source */
            *out = cut;
            *out_any = true;
        }
    }
    return true;
}

/* The first of the source's rows that come behind the cut. */
static bool find_end(const struct store_cursor *cursor, size_t source, const struct cut *cut,
                     uint32_t *out, struct fail *fail)
{
    const struct store_slice *slice = slice_of(cursor, source);
    uint32_t low = slice->at;
    uint32_t left = slice->end - slice->at;
    uint32_t high = low + (left < cursor->slice_step ? left : cursor->slice_step);
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        int64_t ts_ms;
        if (!row_ts(cursor, source, middle, &ts_ms, fail)) {
            return false;
        }
        if (ts_ms < cut->ts_ms || (ts_ms == cut->ts_ms && source < cut->source)) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    *out = low;
    return true;
}

/* The source gives the batch rows [slice->at, end). */
static void give(struct store_cursor *cursor, size_t source, uint32_t end)
{
    struct store_slice *slice = slice_of(cursor, source);
    struct store_batch *batch = &cursor->batch;
    bool any = end > slice->at;
    if (source == cursor->plan.segment_count) {
        batch->fresh.count = any;
        batch->fresh.row_first = slice->at;
        batch->fresh.row_end = end;
    } else {
        struct store_spans *spans = &cursor->spans[source];
        spans->count = any;
        if (any) {
            struct store_span *span = spans->spans.data;
            span->begin = slice->at;
            span->end = end;
        }
    }
    batch->rows += end - slice->at;
    slice->at = end;
    cursor->slicing |= end < slice->end;
}

bool store_slices_next(struct store_cursor *cursor, struct fail *fail)
{
    struct cut cut = {0};
    bool any;
    if (!choose_cut(cursor, &cut, &any, fail)) {
        return false;
    }
    cursor->slicing = false;
    cursor->batch.rows = 0;
    for (size_t s = 0; s <= cursor->plan.segment_count; s++) {
        uint32_t end = slice_of(cursor, s)->end;
        if (any && s == cut.source) {
            end = cut.row;
        } else if (any && !find_end(cursor, s, &cut, &end, fail)) {
            return false;
        }
        give(cursor, s, end);
    }
    return true;
}

bool store_slices_start(struct store_cursor *cursor, struct fail *fail)
{
    const struct store_read_plan *plan = &cursor->plan;
    const struct store_batch *batch = &cursor->batch;
    size_t sources = 0;
    if (!store_vec_room(&cursor->slices, plan->segment_count + 1, sizeof(struct store_slice),
                        cursor->budget, fail)) {
        return false;
    }
    for (size_t s = 0; s < plan->segment_count; s++) {
        const struct store_span *span = cursor->spans[s].spans.data;
        bool any = cursor->spans[s].count > 0;
        *slice_of(cursor, s) =
            any ? (struct store_slice){span->begin, span->end} : (struct store_slice){0};
        sources += any;
    }
    struct store_slice *fresh = slice_of(cursor, plan->segment_count);
    *fresh = (struct store_slice){0};
    if (batch->fresh.count > 0) {
        const uint32_t *begin = &plan->fresh->begin[batch->fresh.from];
        *fresh = (struct store_slice){begin[0], begin[1]};
        sources++;
    }
    INVARIANT(sources > 0);
    uint32_t step = cursor->scan->batch_rows / (uint32_t)sources;
    cursor->slice_step = step > 0 ? step : 1;
    return store_slices_next(cursor, fail);
}
