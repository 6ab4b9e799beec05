/* Trends that need few rows: counts of events, from what the store has counted by the hour (query_counted.h), and numbers of
   customers, by the day (query_daily.h). */
#include "query_counted.h"
#include "query_daily.h"
#include "query_trend.h"

static void add(const struct trend_body *body, struct trend_tally *tally, uint64_t series,
                const uint64_t *counts)
{
    for (uint64_t left = series; left != 0; left &= left - 1) {
        size_t s = (size_t)__builtin_ctzll(left);
        if (s >= tally->series_count) {
            return; /* ranking looks at the first series alone */
        }
        for (size_t i = 0; i < body->intervals.count; i++) {
            trend_cell(tally, s, tally->stride == 1 ? 0 : i)->count += counts[i];
        }
    }
}

static bool take(struct query_worker *worker, const uint64_t *counts, struct fail *fail)
{
    const struct trend_body *body = worker->exec->plan->body;
    struct query_tally_state *state = query_tally_state(worker);
    struct query_groups *groups = &state->groups;
    uint64_t series = worker->masks[0] & body->matchers;
    if (series == 0) {
        return true;
    }
    if (state->whole != NULL) {
        add(body, state->whole, series, counts);
    }
    if (groups->spec.by == NULL) {
        return true;
    }
    if (!query_groups_of_row(groups, worker, 0, 0, fail)) {
        return false;
    }
    for (size_t i = 0; i < groups->id_count; i++) {
        void *tally;
        if (!query_tally_at(worker, groups->ids[i], &tally, fail)) {
            return false;
        }
        add(body, tally, series, counts);
    }
    worker->stop = groups->overflow;
    return true;
}

/* The intervals as far as they lie in the range. */
static const int64_t *list_edges(struct query_exec *exec, const struct trend_body *body,
                                 struct fail *fail)
{
    const struct query_range *range = &exec->plan->range;
    size_t count = body->intervals.count;
    int64_t *edges = arena_array(exec->arena, count + 1, sizeof *edges, fail);
    for (size_t i = 0; edges != NULL && i <= count; i++) {
        int64_t at_ms = body->intervals.begins[i];
        at_ms = at_ms < range->from_ms ? range->from_ms : at_ms;
        edges[i] = at_ms > range->to_ms ? range->to_ms : at_ms;
    }
    return edges;
}

static bool measures(const struct trend_body *body, enum trend_measure measure)
{
    bool all = true;
    for (size_t s = 0; s < body->series_count; s++) {
        all = all && body->series[s].measure == measure;
    }
    return all;
}

static bool take_customers(struct query_worker *worker, const struct query_daily *daily,
                           struct fail *fail)
{
    const struct trend_body *body = worker->exec->plan->body;
    struct query_tally_state *state = query_tally_state(worker);
    (void)fail;
    for (size_t s = 0; s < body->series_count; s++) {
        for (size_t i = 0; i <= daily->stretch_count; i++) {
            trend_cell(state->whole, s, i)->customers += daily->counts[s][i];
        }
    }
    return true;
}

bool trend_choose_counted(struct query_exec *exec, struct query_pass *pass, struct fail *fail)
{
    const struct trend_body *body = exec->plan->body;
    bool counts = measures(body, TREND_COUNT);
    bool customers = measures(body, TREND_CUSTOMERS) && exec->plan->breakdown == NULL;
    if (!counts && !customers) {
        return true;
    }
    const int64_t *edges = list_edges(exec, body, fail);
    if (edges == NULL) {
        return false;
    }
    return counts
               ? query_counted_choose(exec, pass, edges, body->intervals.count, take, fail)
               : query_daily_choose(exec, pass, edges, body->intervals.count, take_customers, fail);
}
