/* Plain funnels, customer by customer; and the choice between this way and vectors. */
#include "query_funnel_plain.h"

#include "base_cpu.h"
#include "query_places.h"

struct
    path { /* that keeps to the window: some entry, and the earliest row of a level that it reaches */
    uint32_t start, last;
};

static bool in_time(const struct funnel_plain *plain, uint32_t start, uint32_t last)
{
    return plain->ts_ms[last] - plain->ts_ms[start] <= plain->window_ms;
}

/* The latest entry from which `row`, of step `step`, can be reached; there is one. */
static uint32_t latest_start(const struct funnel_plain *plain, uint32_t step, uint32_t row)
{
    while (step > 0) {
        row = query_places_before(plain->steps[--step], row);
    }
    return row;
}

/* The earliest row of step `step` from entries at `from` or later, and the first of these; false where there is none. */
static bool earliest_path(const struct funnel_plain *plain, uint32_t step, uint32_t from,
                          uint32_t end, struct path *out)
{
    uint32_t row = query_places_next(plain->steps[0], from, end);
    out->start = row;
    for (uint32_t s = 1; s <= step && row < end; s++) {
        row = query_places_next(plain->steps[s], row + 1, end);
    }
    out->last = row;
    return row < end;
}

/* Goes on to step `step`; from *path, or else from a later entry. */
static bool reach(const struct funnel_plain *plain, uint32_t step, uint32_t end, struct path *path)
{
    struct path next = {path->start, query_places_next(plain->steps[step], path->last + 1, end)};
    bool there = next.last < end;
    while (there && !in_time(plain, next.start, next.last)) {
        next.start = latest_start(plain, step, next.last);
        if (in_time(plain, next.start, next.last)) {
            break;
        }
        there = earliest_path(plain, step, next.start + 1, end, &next);
    }
    *path = there ? next : *path;
    return there;
}

/* The first entry from `first` on that is in time for path->last, as path->start is. */
static uint32_t first_in_time(const struct funnel_plain *plain, uint32_t first,
                              const struct path *path)
{
    if (in_time(plain, first, path->last)) {
        return first;
    }
    uint32_t low = first + 1, high = path->start;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        bool is = in_time(plain, middle, path->last);
        low = is ? low : middle + 1;
        high = is ? middle : high;
    }
    return query_places_next(plain->steps[0], low, path->start + 1);
}

void funnel_choose_portable(const struct funnel_plain *plain, struct funnel_chosen *chosen)
{
    for (uint32_t c = 0; c < plain->customer_count; c++) {
        uint32_t end = plain->row_begin[c + 1], level = 0;
        uint32_t first = query_places_next(plain->steps[0], plain->row_begin[c], end);
        struct path path = {first, first};
        if (first < end) {
            level = 1;
            while (level < plain->step_count && reach(plain, level, end, &path)) {
                level++;
            }
        }
        chosen->levels[c] = level;
        chosen->entries[c] = level > 1 ? first_in_time(plain, first, &path) : first;
    }
}

void funnel_pauses_portable(const struct funnel_plain *plain, const struct funnel_chosen *chosen,
                            struct funnel_pauses *out)
{
    for (uint32_t c = 0; c < plain->customer_count; c++) {
        uint32_t row = chosen->entries[c];
        for (uint32_t s = 1; s < chosen->levels[c]; s++) {
            uint32_t next = query_places_next(plain->steps[s], row + 1, plain->row_begin[c + 1]);
            out->times_ms[s][out->counts[s]++] = (uint32_t)(plain->ts_ms[next] - plain->ts_ms[row]);
            row = next;
        }
    }
}

void funnel_choose(const struct funnel_plain *plain, uint32_t *room, struct funnel_chosen *chosen)
{
    (void)room; /* the portable way needs none */
    BASE_CPU_CALL_AVX512(funnel_choose, (plain, room, chosen),
                         funnel_choose_portable(plain, chosen));
}

void funnel_pauses(const struct funnel_plain *plain, const struct funnel_chosen *chosen,
                   struct funnel_pauses *out)
{
    BASE_CPU_CALL_AVX512(funnel_pauses, (plain, chosen, out),
                         funnel_pauses_portable(plain, chosen, out));
}
