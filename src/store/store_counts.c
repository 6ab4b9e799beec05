/* store_counts.c — rows of events in stretches of time, from the counters kept with the segments. */
#include "store_segment.h"

struct counting {
    const struct store_event_counting *asked;
    uint64_t *counts;
    size_t stretch; /* of the line before: lines ascend by time */
};

static bool asks_for(const struct counting *counting, uint32_t event, uint64_t **out)
{
    const struct store_event_counting *asked = counting->asked;
    if (event >= asked->code_count || asked->line_of[event] == 0) {
        return false;
    }
    *out = counting->counts + (size_t)(asked->line_of[event] - 1) * asked->stretch_count;
    return true;
}

/* The stretch that an instant lies in; false where it lies in none. */
static bool find_stretch(struct counting *counting, int64_t ts_ms)
{
    const int64_t *edges = counting->asked->edges;
    size_t low = 0, high = counting->asked->stretch_count;
    if (ts_ms < edges[0] || ts_ms >= edges[high]) {
        return false;
    }
    if (ts_ms >= edges[counting->stretch] && ts_ms < edges[counting->stretch + 1]) {
        return true;
    }
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        if (edges[middle] <= ts_ms) {
            low = middle;
        } else {
            high = middle;
        }
    }
    counting->stretch = low;
    return true;
}

/* False where a line's rows may lie in more than one of the stretches, or in part outside of all. */
static bool add_line(struct counting *counting, const struct store_statistic_counter *line,
                     int64_t length_ms)
{
    const int64_t *edges = counting->asked->edges;
    int64_t from_ms = line->stretch * length_ms, last_ms = from_ms + length_ms - 1;
    uint64_t *counts;
    if (!asks_for(counting, line->event, &counts)) {
        return true;
    }
    if (!find_stretch(counting, from_ms)) {
        return last_ms < edges[0] || from_ms >= edges[counting->asked->stretch_count];
    }
    if (last_ms >= edges[counting->stretch + 1]) {
        return false;
    }
    counts[counting->stretch] += line->rows;
    return true;
}

static bool add_segment(struct counting *counting, const struct store_segment *segment,
                        bool *out_known, struct fail *fail)
{
    CLEANUP(arena_free_at) struct arena *arena = arena_new(NULL);
    const struct store_segment_info *info = store_segment_info(segment);
    const int64_t *edges = counting->asked->edges;
    struct store_statistic_counter *lines;
    size_t count;
    if (info->ts_max_ms < edges[0] || info->ts_min_ms >= edges[counting->asked->stretch_count]) {
        return true;
    }
    if (!store_segment_counters(segment, arena, &lines, &count, fail)) {
        return false;
    }
    int64_t length_ms = store_segment_stretch_ms(segment);
    for (size_t i = 0; i < count && *out_known; i++) {
        *out_known = add_line(counting, &lines[i], length_ms);
    }
    return true;
}

static void add_fresh(struct counting *counting, const struct store_fresh_view *view)
{
    for (uint32_t i = 0; i < view->count; i++) {
        const struct store_row *row = store_fresh_row(view->fresh, i);
        uint64_t *counts;
        if (asks_for(counting, row->event, &counts) && find_stretch(counting, row->ts_ms)) {
            counts[counting->stretch]++;
        }
    }
}

bool store_event_counts(const struct store_snapshot *snapshot,
                        const struct store_event_counting *asked, struct arena *arena,
                        uint64_t **out, bool *out_known, struct fail *fail)
{
    struct counting counting = {.asked = asked};
    size_t cells;
    if (__builtin_mul_overflow(asked->line_count, asked->stretch_count, &cells)) {
        return fail_set(fail, FAIL_LIMIT, "too many counters are asked for");
    }
    counting.counts = arena_array(arena, cells, sizeof *counting.counts, fail);
    if (counting.counts == NULL) {
        return false;
    }
    *out = counting.counts;
    *out_known = true;
    for (size_t s = 0; s < snapshot->segment_count && *out_known; s++) {
        if (!add_segment(&counting, snapshot->segments[s], out_known, fail)) {
            return false;
        }
    }
    for (size_t v = 0; v < snapshot->fresh_count && *out_known; v++) {
        add_fresh(&counting, &snapshot->fresh[v]);
    }
    return true;
}
