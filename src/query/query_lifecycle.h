/* query_lifecycle.h — the plan of a lifecycle question, and what one customer was in each interval.
 *
 * What: in each calendar interval of the range, whole, who did it is new (never before), returning (also in the
 *   interval before) or resurrected (earlier only); who did it in the interval before and not in this one is
 *   dormant. One of the four at most.
 * Owner: the plan's arena.   Threads: immutable after parsing; a walk keeps nothing.
 * Failure: none.   Limits/cost: one pass over the customer's rows; QUERY_INTERVALS_MAX.
 * Units: *_ms.   Example: query_lifecycle.c.   Not here: counting, opening.
 */
#pragma once

#include "query_exec.h"

enum lifecycle_state {
    LIFECYCLE_NEW,
    LIFECYCLE_RETURNING,
    LIFECYCLE_RESURRECTED,
    LIFECYCLE_DORMANT,
    LIFECYCLE_STATES,
};
struct lifecycle_body {
    enum interval interval;
    struct zone_intervals intervals; /* the answer's */
    int64_t before_ms;               /* begin of the interval before the first of them */
    /* What counts is what first_seen looks at: no row before `before_ms` is read to know who was there. */
    bool first_is_first_seen;
    struct {
        enum lifecycle_state state;
        bool by_interval; /* else all of them */
        size_t interval;
    } open;
};

struct lifecycle_rows { /* of one customer */
    const int64_t *ts_ms;
    const uint64_t *masks; /* bit 0: counts */
    uint32_t begin, end;
    bool was_there; /* known to have done it before before_ms, whatever the rows say */
};
/* Calls `is` for each interval of the answer in which the customer is any of the four, ascending. */
void lifecycle_walk(const struct lifecycle_body *body, const struct lifecycle_rows *rows,
                    void (*is)(void *context, size_t interval, enum lifecycle_state state),
                    void *context);
