/* Trends that need no row: counts of events, from the counters that the store keeps by the hour. */
#include "query_trend.h"

/* Whoever and wherever an event is, it counts; and all that is asked of it is its name and its time. */
static bool needs_rows(const struct query_exec *exec, const struct trend_body *body)
{
    const struct query_plan *plan = exec->plan;
    if (plan->breakdown != NULL || plan->segment != NULL || plan->per_account ||
        body->has_sessions) {
        return true;
    }
    for (size_t s = 0; s < body->series_count; s++) {
        const struct query_matcher *matcher = &plan->matchers[s]; /* series i is matcher i */
        if (body->series[s].measure != TREND_COUNT || matcher->where.count > 0 ||
            matcher->bears != QUERY_BEARS_ANYTHING) {
            return true;
        }
    }
    return false;
}

/* What the rows of a code are marked with: those of the code that it is shown as. */
static uint64_t series_of(const struct query_exec *exec, const struct trend_body *body,
                          uint32_t code)
{
    uint32_t shown = exec->code_shown == NULL ? code : exec->code_shown[code];
    return exec->code_masks[shown] & body->matchers;
}

/* Events that count in the same series share a line. */
struct chosen {
    struct store_event_counting asked;
    uint64_t *series; /* by line */
};

static bool choose_events(struct query_exec *exec, const struct trend_body *body,
                          struct chosen *chosen, struct fail *fail)
{
    struct store_event_counting *asked = &chosen->asked;
    uint32_t *line_of = arena_array(exec->arena, exec->code_count, sizeof *line_of, fail);
    chosen->series = arena_array(exec->arena, exec->code_count, sizeof *chosen->series, fail);
    if (line_of == NULL || chosen->series == NULL) {
        return false;
    }
    asked->line_count = 0;
    for (uint32_t code = 0; code < exec->code_count; code++) {
        uint64_t series = series_of(exec, body, code);
        size_t line = 0;
        while (line < asked->line_count && chosen->series[line] != series) {
            line++;
        }
        if (series != 0) {
            chosen->series[line] = series;
            asked->line_count = line == asked->line_count ? line + 1 : asked->line_count;
            line_of[code] = (uint32_t)line + 1;
        }
    }
    asked->line_of = line_of;
    asked->code_count = exec->code_count;
    return true;
}

/* The intervals as far as they lie in the range. */
static bool choose_edges(struct query_exec *exec, const struct trend_body *body,
                         struct store_event_counting *asked, struct fail *fail)
{
    const struct query_range *range = &exec->plan->range;
    size_t count = body->intervals.count;
    int64_t *edges = arena_array(exec->arena, count + 1, sizeof *edges, fail);
    if (edges == NULL) {
        return false;
    }
    for (size_t i = 0; i <= count; i++) {
        int64_t at_ms = body->intervals.begins[i];
        at_ms = at_ms < range->from_ms ? range->from_ms : at_ms;
        edges[i] = at_ms > range->to_ms ? range->to_ms : at_ms;
    }
    asked->edges = edges;
    asked->stretch_count = count;
    return true;
}

bool trend_counted(struct query_exec *exec, struct trend_tally **out, struct fail *fail)
{
    const struct trend_body *body = exec->plan->body;
    struct chosen chosen;
    struct trend_tally *tally;
    uint64_t *counts;
    bool known;
    *out = NULL;
    if (needs_rows(exec, body) || body->intervals.count == 0) {
        return true;
    }
    if (!choose_events(exec, body, &chosen, fail) ||
        !choose_edges(exec, body, &chosen.asked, fail) ||
        !store_event_counts(exec->snapshot, &chosen.asked, exec->arena, &counts, &known, fail)) {
        return false;
    }
    if (!known) {
        return true;
    }
    size_t stretches = chosen.asked.stretch_count;
    if (!trend_tally_new(body, stretches, false, exec->arena, &tally, fail)) {
        return false;
    }
    for (size_t line = 0; line < chosen.asked.line_count; line++) {
        for (uint64_t left = chosen.series[line]; left != 0; left &= left - 1) {
            size_t series = (size_t)__builtin_ctzll(left);
            for (size_t i = 0; i < stretches; i++) {
                trend_cell(tally, series, i)->count += counts[line * stretches + i];
            }
        }
    }
    *out = tally;
    return true;
}
