#include "query_counted.h"

/* ---- may it be? ------------------------------------------------------------------------------------------------ */

struct needs {
    uint32_t columns[STORE_COUNTED_PROPERTIES_MAX];
    unsigned count;
    bool rows; /* more is asked of a row than its counters know */
};

static void need(const struct query_plan *plan, struct query_name name, struct needs *needs)
{
    unsigned at = 0;
    if (name.from == QUERY_FROM_NOTHING || name.from == QUERY_FROM_EVENT) {
        return;
    }
    if (name.from != QUERY_FROM_ROW_COLUMN ||
        plan->columns[name.column].of != STORE_COLUMN_PROPERTY) {
        needs->rows = true;
        return;
    }
    while (at < needs->count && needs->columns[at] != name.column) {
        at++;
    }
    if (at == STORE_COUNTED_PROPERTIES_MAX) {
        needs->rows = true;
    } else if (at == needs->count) {
        needs->columns[needs->count++] = name.column;
    }
}

static void need_where(const struct query_plan *plan, const struct query_where *where,
                       struct needs *needs)
{
    for (uint32_t i = 0; i < where->count; i++) {
        for (uint32_t k = 0; k < where->clauses[i].count; k++) {
            need(plan, where->clauses[i].leaves[k].name, needs);
        }
    }
}

static struct needs find_needs(const struct query_exec *exec, const struct query_pass *pass)
{
    const struct query_plan *plan = exec->plan;
    struct needs needs = {.rows = plan->segment != NULL || exec->accounts != NULL ||
                                  exec->merge_count > 0 || plan->wants_facts || pass->every_event ||
                                  pass->every_customer || pass->only != NULL};
    if (plan->breakdown != NULL) {
        need(plan, plan->breakdown->name, &needs);
    }
    for (uint32_t m = 0; m < plan->matcher_count; m++) {
        if ((pass->matchers >> m & 1U) != 0) {
            needs.rows = needs.rows || plan->matchers[m].bears != QUERY_BEARS_ANYTHING;
            need_where(plan, &plan->matchers[m].where, &needs);
        }
    }
    return needs;
}

bool query_counted_needs_more(const struct query_exec *exec, const struct query_pass *pass)
{
    struct needs needs = find_needs(exec, pass);
    return needs.rows || needs.count > 0;
}

/* What the rows of a code are marked with: those of the code that it is shown as. */
static bool is_wanted(const struct query_exec *exec, const struct query_pass *pass, uint32_t code)
{
    uint32_t shown = exec->code_shown == NULL ? code : exec->code_shown[code];
    return (exec->code_masks[shown] & pass->matchers) != 0;
}

bool query_counted_choose(struct query_exec *exec, struct query_pass *pass, const int64_t *edges,
                          size_t stretch_count,
                          bool (*take)(struct query_worker *worker, const uint64_t *counts,
                                       struct fail *fail),
                          struct fail *fail)
{
    struct needs needs = find_needs(exec, pass);
    struct store_counts *counts;
    if (needs.rows || stretch_count == 0) {
        return true;
    }
    struct query_counted *counted = arena_array(exec->arena, 1, sizeof *counted, fail);
    uint8_t *wanted = arena_array(exec->arena, exec->code_count, 1, fail);
    if (counted == NULL || wanted == NULL) {
        return false;
    }
    for (uint32_t code = 0; code < exec->code_count; code++) {
        wanted[code] = is_wanted(exec, pass, code);
    }
    counted->asked = (struct store_counting){.wanted = wanted,
                                             .code_count = exec->code_count,
                                             .property_count = needs.count,
                                             .edges = edges,
                                             .stretch_count = stretch_count};
    for (unsigned p = 0; p < needs.count; p++) {
        counted->columns[p] = needs.columns[p];
        counted->asked.properties[p] = exec->plan->columns[needs.columns[p]].name;
    }
    if (!store_counts_find(exec->snapshot, &counted->asked, exec->arena, &counts, fail)) {
        return false;
    }
    counted->counts = counts;
    counted->matchers = pass->matchers;
    counted->take = take;
    pass->counted = store_counts_segments(counts) != NULL ? counted : NULL;
    return true;
}

/* ---- taking it --------------------------------------------------------------------------------------------------- */

struct walking {
    struct query_worker *worker;
    const struct query_counted *counted;
    struct store_column *columns; /* of a row: all that a scan would give */
};

/* One row that stands for all with these values. */
static bool take_one(void *context, const struct store_counted *one, struct fail *fail)
{
    static const uint32_t begin[2] = {0, 1};
    static const uint32_t none = 0;
    struct walking *walking = context;
    const struct query_counted *counted = walking->counted;
    struct query_worker *worker = walking->worker;
    if (worker->stop || base_cancel_due(worker->cancel, fail)) {
        return worker->stop;
    }
    for (unsigned p = 0; p < counted->asked.property_count; p++) {
        bool missing = one->values[p].kind == STORE_NULL;
        walking->columns[counted->columns[p]] = (struct store_column){
            .count = missing ? 0 : 1, .at = &none, .last = &none, .values = &one->values[p]};
    }
    const struct store_rows rows = {.customer_count = 1,
                                    .customers = &none,
                                    .row_begin = begin,
                                    .row_count = 1,
                                    .ts_ms = counted->asked.edges,
                                    .events = &one->event,
                                    .columns = walking->columns};
    bool ok = query_worker_show(worker, &rows, counted->matchers, fail) &&
              counted->take(worker, one->counts, fail);
    worker->rows = NULL;
    return ok;
}

bool query_counted_walk(struct query_worker *worker, struct fail *fail)
{
    const struct query_counted *counted = worker->pass->counted;
    struct walking walking = {.worker = worker, .counted = counted};
    walking.columns =
        arena_array(worker->arena, worker->exec->scan_column_count, sizeof *walking.columns, fail);
    return walking.columns != NULL && store_counts_walk(counted->counts, take_one, &walking, fail);
}
