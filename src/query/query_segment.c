#include "query_segment.h"

#include "query_condition.h"
#include "query_narrow.h"
#include "stats_sum.h"

/* What the events that count have shown so far. */
struct aggregate {
    uint64_t events, numbers;
    struct stats_sum sum;
    struct store_value least, greatest;
};

static void add_number(struct stats_sum *sum, struct store_value value)
{
    if (value.kind == STORE_INT) {
        stats_sum_add_int(sum, value.i);
    } else if (value.kind == STORE_UINT) {
        stats_sum_add_uint(sum, value.u);
    } else {
        stats_sum_add(sum, value.d);
    }
}

static void add_row(struct query_worker *worker, const struct query_segment *did, uint32_t c,
                    uint32_t row, struct aggregate *aggregate)
{
    const struct store_value *values;
    uint32_t count = query_row_values(worker, did->aggregate_of, c, row, &values);
    for (uint32_t i = 0; i < count; i++) {
        if (!store_value_is_number(values[i])) {
            continue;
        }
        if (did->aggregate == QUERY_AGGREGATE_SUM || did->aggregate == QUERY_AGGREGATE_AVG) {
            add_number(&aggregate->sum, values[i]);
        }
        if (aggregate->numbers == 0 || query_number_compare(values[i], aggregate->least) < 0) {
            aggregate->least = values[i];
        }
        if (aggregate->numbers == 0 || query_number_compare(values[i], aggregate->greatest) > 0) {
            aggregate->greatest = values[i];
        }
        aggregate->numbers++;
    }
}

static bool aggregate_holds(const struct query_segment *did, const struct aggregate *aggregate)
{
    if (did->aggregate != QUERY_AGGREGATE_SUM && aggregate->numbers == 0) {
        return false;
    }
    struct store_value value = aggregate->least;
    if (did->aggregate == QUERY_AGGREGATE_MAX) {
        value = aggregate->greatest;
    } else if (did->aggregate == QUERY_AGGREGATE_SUM) {
        value = store_value_double(stats_sum_value(&aggregate->sum));
    } else if (did->aggregate == QUERY_AGGREGATE_AVG) {
        value = store_value_double(stats_sum_value(&aggregate->sum) / (double)aggregate->numbers);
    }
    return query_comparison_holds(&did->times, value);
}

/* From the newest on, as predicates ask for what was lately; no further than until more events change nothing: then there
   are more than the number that they are compared with. */
static uint64_t count_did(const struct query_worker *worker, const struct query_segment *did,
                          uint32_t c)
{
    const struct store_rows *rows = worker->rows;
    int64_t now_ms = worker->exec->plan->now_ms;
    uint64_t events = 0;
    uint32_t begin = rows->row_begin[c];
    for (uint32_t row = rows->row_begin[c + 1]; row > begin; row--) {
        int64_t ts_ms = rows->ts_ms[row - 1];
        if (ts_ms < did->since_ms) {
            break;
        }
        if ((worker->masks[row - 1] >> did->matcher & 1U) != 0 && ts_ms <= now_ms) {
            events++;
            if (query_number_compare(store_value_uint(events), did->times.value) > 0) {
                break;
            }
        }
    }
    return events;
}

static bool did_holds(struct query_worker *worker, const struct query_segment *did, uint32_t c)
{
    const struct store_rows *rows = worker->rows;
    int64_t now_ms = worker->exec->plan->now_ms;
    struct aggregate aggregate;
    if (did->aggregate == QUERY_AGGREGATE_COUNT) {
        uint64_t events = count_did(worker, did, c);
        return query_comparison_holds(&did->times, store_value_uint(events));
    }
    memset(&aggregate, 0, sizeof aggregate);
    for (uint32_t row = rows->row_begin[c]; row < rows->row_begin[c + 1]; row++) {
        if ((worker->masks[row] >> did->matcher & 1U) != 0 && rows->ts_ms[row] >= did->since_ms &&
            rows->ts_ms[row] <= now_ms) {
            add_row(worker, did, c, row, &aggregate);
        }
    }
    return aggregate_holds(did, &aggregate);
}

/* An event of the predicate's matcher, between its beginning and now. */
static bool counts(const struct query_worker *worker, const struct query_segment *segment,
                   uint32_t row)
{
    int64_t ts_ms = worker->rows->ts_ms[row];
    return (worker->masks[row] >> segment->matcher & 1U) != 0 && ts_ms >= segment->since_ms &&
           ts_ms <= worker->exec->plan->now_ms;
}

/* Has a chain of events gone through all steps inside the window? Of the chains that have reached a step, only
   the one that began last need be known: later events have the most time left from there. */
static bool sequence_holds(const struct query_worker *worker, const struct query_segment *sequence,
                           uint32_t c)
{
    const struct store_rows *rows = worker->rows;
    const uint64_t steps = (UINT64_C(1) << sequence->step_count) - 1U;
    const uint32_t last = sequence->step_count - 1;
    int64_t began_ms[QUERY_STEPS_MAX];
    uint64_t reached = 0;
    for (uint32_t row = rows->row_begin[c]; row < rows->row_begin[c + 1]; row++) {
        int64_t ts_ms = rows->ts_ms[row];
        uint64_t bits = query_row_mask(worker, row) >> sequence->matcher & steps;
        if (ts_ms < sequence->since_ms || ts_ms > worker->exec->plan->now_ms) {
            continue;
        }
        /* Where an event may come next, now; so from the last step down: it takes a chain one step on. */
        bits &= reached << 1 | 1U;
        while (bits != 0) {
            uint32_t step = 63U - (uint32_t)__builtin_clzll(bits);
            bits &= ~(UINT64_C(1) << step);
            began_ms[step] = step == 0 ? ts_ms : began_ms[step - 1];
            reached |= UINT64_C(1) << step;
            if (step == last && ts_ms - began_ms[step] <= sequence->window_ms) {
                return true;
            }
        }
    }
    return false;
}

static bool said_holds(struct query_worker *worker, const struct query_segment *said, uint32_t c)
{
    const struct store_rows *rows = worker->rows;
    const struct query_text *text = worker->exec->plan->text;
    for (uint32_t row = rows->row_begin[c]; row < rows->row_begin[c + 1]; row++) {
        const struct store_value *value;
        if (!counts(worker, said, row) || query_row_values(worker, said->of, c, row, &value) == 0) {
            continue;
        }
        struct query_hit hit = {.matches = true};
        if (said->search != NULL) {
            text->look(said->search, store_value_text(*value), &hit);
        }
        if (hit.matches) {
            return true;
        }
    }
    return false;
}

static bool score_holds(struct query_worker *worker, const struct query_segment *score, uint32_t c)
{
    const struct store_rows *rows = worker->rows;
    bool any = false, holds = false;
    for (uint32_t row = rows->row_begin[c]; row < rows->row_begin[c + 1]; row++) {
        const struct store_value *value;
        if (!counts(worker, score, row) ||
            query_row_values(worker, score->of, c, row, &value) == 0) {
            continue;
        }
        if (any && score->which == QUERY_FIRST) {
            break;
        }
        bool now = query_comparison_holds(&score->times, *value);
        holds = score->which == QUERY_ANY_OF_THEM ? holds || now : now;
        any = true;
    }
    return any && holds;
}

/* Built-in traits look at all events, but this predicate only at those up to now: the first of all is the
   first up to now, or lies after it and there is none. */
static bool first_seen_holds(struct query_worker *worker, const struct query_segment *segment,
                             uint32_t c)
{
    int64_t first_ms = worker->rows->first_seen_ms[c];
    const struct query_plan *plan = worker->exec->plan;
    if (first_ms == STORE_NO_TIME || first_ms > plan->now_ms) {
        return false;
    }
    struct civil local = zone_local(plan->zone, first_ms);
    int64_t day = time_days_from_civil(local.year, local.month, local.day);
    return query_comparison_holds(&segment->days, store_value_int(day));
}

static bool trait_holds(struct query_worker *worker, const struct query_clause *clause, uint32_t c)
{
    for (uint32_t i = 0; i < clause->count; i++) {
        if (query_leaf_holds_for_customer(worker, &clause->leaves[i], c)) {
            return true;
        }
    }
    return false;
}

/* Nesting is bounded by QUERY_SEGMENT_DEPTH_MAX. */
bool query_segment_holds(struct query_worker *worker, const struct query_segment *segment,
                         uint32_t c)
{
    switch (segment->predicate) {
    case QUERY_ALL:
    case QUERY_ANY:
        for (uint32_t i = 0; i < segment->child_count; i++) {
            bool holds = query_segment_holds(worker, segment->children[i], c);
            if (holds == (segment->predicate == QUERY_ANY)) {
                return holds;
            }
        }
        return segment->predicate == QUERY_ALL;
    case QUERY_NOT:
        return !query_segment_holds(worker, segment->children[0], c);
    case QUERY_DID:
        return did_holds(worker, segment, c);
    case QUERY_SEQUENCE:
        return sequence_holds(worker, segment, c);
    case QUERY_TRAIT:
        return trait_holds(worker, &segment->clause, c);
    case QUERY_FIRST_SEEN:
        return first_seen_holds(worker, segment, c);
    case QUERY_SAID:
        return said_holds(worker, segment, c);
    case QUERY_SCORED:
        return score_holds(worker, segment, c);
    }
    return false;
}

static void add_needs(const struct query_segment *segment, uint64_t *matchers, int64_t *since_ms)
{
    if (segment->predicate == QUERY_DID || segment->predicate == QUERY_SEQUENCE ||
        segment->predicate == QUERY_SAID || segment->predicate == QUERY_SCORED) {
        uint32_t count = segment->predicate == QUERY_SEQUENCE ? segment->step_count : 1;
        *matchers |= ((UINT64_C(1) << count) - 1U) << segment->matcher;
        *since_ms = segment->since_ms < *since_ms ? segment->since_ms : *since_ms;
    }
    for (uint32_t i = 0; i < segment->child_count; i++) {
        add_needs(segment->children[i], matchers, since_ms);
    }
}

/* Is nobody in the segment without an event that one of its predicates counts? */
bool query_segment_needs_rows(const struct query_segment *segment)
{
    bool any = false, every = segment->child_count > 0;
    for (uint32_t i = 0; i < segment->child_count; i++) {
        bool needs = query_segment_needs_rows(segment->children[i]);
        any = any || needs;
        every = every && needs;
    }
    switch (segment->predicate) {
    case QUERY_ALL:
        return any;
    case QUERY_ANY:
        return every;
    case QUERY_DID:
        return segment->aggregate == QUERY_AGGREGATE_COUNT ||
                       segment->aggregate == QUERY_AGGREGATE_SUM
                   ? !query_comparison_holds(&segment->times, store_value_uint(0))
                   : true;
    case QUERY_SEQUENCE:
    case QUERY_SAID:
    case QUERY_SCORED:
        return true;
    case QUERY_NOT:
    case QUERY_TRAIT:
    case QUERY_FIRST_SEEN:
        break;
    }
    return false;
}

void query_segment_needs(const struct query_segment *segment, uint64_t *out_matchers,
                         int64_t *out_since_ms)
{
    *out_matchers = 0;
    *out_since_ms = INT64_MAX;
    if (segment != NULL) {
        add_needs(segment, out_matchers, out_since_ms);
    }
}
