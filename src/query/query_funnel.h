/* query_funnel.h — the plan of a funnel, and the walk of one customer through it.
 *
 * What: from an entry (an event of the range that matches step 1) each step is reached by the first later
 *   event that may be taken, inside the window. Which rows each step's events are is marked for a whole batch, a bit each
 *   (query_places.h), so that "the first after" is a look at bits, and rows of no step cost next to nothing.
 * Owner: a walk belongs to a worker; paths are values.   Threads: the worker's.
 * Failure: FAIL_LIMIT.   Limits/cost: QUERY_STEPS_MAX steps; O(steps) searches an entry, squared at worst with "any"
 *   and optional steps: linear in the events of a customer, whatever they are (bench/funnel-walk.mjs).
 * Units: *_ms.   Example: query_funnel.c.   Not here: groups and counting.
 */
#pragma once

#include "query_funnel_plain.h"
#include "query_places.h"

#define FUNNEL_NOT_REACHED QUERY_NO_ROW

enum funnel_order { FUNNEL_ORDERED, FUNNEL_STRICT, FUNNEL_ANY };
enum funnel_attribution { FUNNEL_ENTRY, FUNNEL_FIRST, FUNNEL_LAST, FUNNEL_STEP };
struct funnel_exclude { /* ends an entry whose level is in [from, to) */
    uint32_t from, to;
};
struct funnel_body { /* step s (0-based) is matcher s, exclusion e is matcher step_count + e */
    uint32_t step_count, exclude_count;
    uint32_t optional; /* bit s */
    struct str labels[QUERY_STEPS_MAX];
    struct funnel_exclude excludes[QUERY_MATCHERS_MAX];
    int64_t window_ms;
    enum funnel_order order;
    bool entries; /* counted instead of customers */
    enum funnel_attribution attribution;
    uint32_t attribution_step; /* 0-based */
    struct {
        uint32_t step; /* 0-based */
        bool dropped;
    } open;
};

/* Do steps come in order, all of them needed, nothing excluded, and customers counted (query_funnel_plain.h)? */
bool funnel_is_plain(const struct funnel_body *body);
/* The nearest earlier required step; in order "any" the reach before. Not for step 0. */
uint32_t funnel_step_before(const struct funnel_body *body, uint32_t step);

/* Which rows bear a value of the breakdown, as far as was looked. Entries come in rising order, and so do the ends
   of their windows: no row is looked at twice, however many windows it lies in. */
struct funnel_valued {
    uint32_t next;  /* the first row not looked at yet */
    uint32_t found; /* the last row with a value before it; FUNNEL_NOT_REACHED: none yet */
};
struct funnel_walk {
    uint64_t batch; /* that the rows are marked of */
    uint32_t customer;
    uint32_t begin, end; /* rows of the customer that is walked */
    uint64_t *entries;   /* marked rows of step 1 in the range */
    struct query_places by_matcher[QUERY_MATCHERS_MAX];
    struct query_places any_step; /* in order "strict" */
    /* All paths of the batch's customers: where the funnel is plain, and customers are counted. */
    bool has_chosen;
    struct funnel_plain plain;
    struct funnel_chosen chosen;
    struct funnel_valued valued;
};
/* Takes in the worker's rows, if it has not yet. A zeroed walk is one for a new worker. */
bool funnel_walk_batch(struct funnel_walk *walk, const struct funnel_body *body,
                       const struct query_range *range, const struct query_worker *worker,
                       struct fail *fail) MUST_USE;
/* And goes to customer `c` of them. */
bool funnel_walk_load(struct funnel_walk *walk, const struct funnel_body *body,
                      const struct query_range *range, const struct query_worker *worker,
                      uint32_t c, struct fail *fail) MUST_USE;

struct funnel_path {
    uint32_t level;                    /* number of the highest step reached; "any": how many */
    uint32_t last;                     /* row of the last reached */
    uint32_t reached[QUERY_STEPS_MAX]; /* by step the row; "any": by reach */
};
/* The path of the entry at row `entry`. */
void funnel_walk_from(struct funnel_walk *walk, const struct funnel_body *body,
                      const int64_t *ts_ms, uint32_t entry, struct funnel_path *out);
/* Has the customer entered at all? Most have not where step 1 is rare. */
bool funnel_walk_enters(const struct funnel_walk *walk);
/* The customer's one path: of the highest level, the earliest entry. False: did not enter. */
bool funnel_walk_best(struct funnel_walk *walk, const struct funnel_body *body,
                      const int64_t *ts_ms, struct funnel_path *out);
/* Entries one after the other, each after the last reach of the one before. *at: walk->begin at first. */
bool funnel_walk_next_entry(struct funnel_walk *walk, const struct funnel_body *body,
                            const int64_t *ts_ms, uint32_t *at, struct funnel_path *out);

struct query_parser;
bool funnel_parse(struct query_parser *parser, struct json_value root, struct fail *fail) MUST_USE;
