/* The group of an opened cell. */
#include "query_list.h"
#include "query_tally.h"

static bool rank_asked(struct query_exec *exec,
                       void (*prepare)(const struct query_plan *plan, struct query_tally_job *job),
                       struct query_tallies *out, struct fail *fail)
{
    const struct query_plan *plan = exec->plan;
    struct query_tally_job ranking;
    exec->plan = plan->asked != NULL ? plan->asked : plan;
    prepare(exec->plan, &ranking);
    bool ok = query_tally_rank(exec, &ranking, out, fail);
    exec->plan = plan;
    return ok;
}

bool query_list_group(struct query_exec *exec,
                      void (*prepare)(const struct query_plan *plan, struct query_tally_job *job),
                      struct query_list_job *job, struct fail *fail)
{
    const struct query_breakdown *by = exec->plan->breakdown;
    const struct str *group = exec->plan->open_group;
    if (group == NULL) {
        return true; /* all groups: each customer once */
    }
    job->spec = (struct query_groups_spec){.by = by, .names = group, .count = 1};
    job->wanted_group = 0;
    if (by->edge_count > 0) {
        uint32_t bin = by->edge_count + 1; /* "(none)" */
        for (uint32_t i = 0; i <= by->edge_count; i++) {
            bin = str_equal(*group, by->bins[i]) ? i : bin;
        }
        job->wanted_group = bin;
        return true;
    }
    if (!str_is(*group, QUERY_GROUP_OTHER)) {
        return true;
    }
    struct query_tallies ranked = {.whole = NULL};
    bool ok = rank_asked(exec, prepare, &ranked, fail);
    if (ok) {
        size_t count = ranked.count - (ranked.has_other ? 1 : 0);
        job->spec.names = ranked.names;
        job->spec.count = count;
        job->spec.with_other = ranked.has_other;
        job->wanted_group = ranked.has_other ? (uint32_t)count : QUERY_NO_GROUP;
    }
    query_tallies_free(&ranked);
    return ok;
}
