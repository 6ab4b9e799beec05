/* One customer's intervals: no store, no counting. */
#include "query_lifecycle.h"

/* Intervals are numbered from 1 here, so that 0 is the one before the answer's first. */
static size_t place_of(const struct lifecycle_body *body, size_t last, int64_t at_ms)
{
    const int64_t *begins = body->intervals.begins;
    if (at_ms < begins[0]) {
        return 0;
    }
    if (last < body->intervals.count && at_ms < begins[last + 1]) {
        return last + 1; /* mostly the next one */
    }
    return zone_intervals_find(&body->intervals, at_ms) + 1;
}

void lifecycle_walk(const struct lifecycle_body *body, const struct lifecycle_rows *rows,
                    void (*is)(void *context, size_t interval, enum lifecycle_state state),
                    void *context)
{
    const int64_t *begins = body->intervals.begins;
    size_t count = body->intervals.count, last = 0;
    bool was_there = rows->was_there, placed = false;
    for (uint32_t row = rows->begin; row < rows->end; row++) {
        int64_t at_ms = rows->ts_ms[row];
        if ((rows->masks[row] & 1U) == 0 || (placed && at_ms < begins[last])) {
            continue; /* once an interval is enough */
        }
        if (at_ms < body->before_ms) {
            was_there = true;
            continue;
        }
        if (at_ms >= begins[count]) {
            break;
        }
        size_t place = place_of(body, last, at_ms);
        if (placed && place > last + 1) {
            is(context, last, LIFECYCLE_DORMANT);
        }
        if (place > 0) {
            is(context, place - 1,
               placed && place == last + 1 ? LIFECYCLE_RETURNING
               : was_there || placed       ? LIFECYCLE_RESURRECTED
                                           : LIFECYCLE_NEW);
        }
        last = place;
        placed = true;
    }
    if (placed && last < count) {
        is(context, last, LIFECYCLE_DORMANT);
    }
}
