/* One customer and one segment: the same engine over one timeline, on the caller's thread. */
#include "query_exec.h"

static bool found(struct query_worker *worker, uint32_t c, struct fail *fail)
{
    (void)c;
    (void)fail;
    worker->state = worker; /* not NULL: in the segment */
    return true;
}

bool query_decide(struct query_backend *backend, const struct query_plan *plan,
                  const struct query_run *run, uint32_t customer, bool *out, struct fail *fail)
{
    struct query_exec exec;
    struct query_run one = *run;
    struct query_pass pass = {
        .every_customer = true, .only = &customer, .only_count = 1, .customer = found};
    struct query_workers workers = {0};
    one.threads = 1;
    bool ok = query_exec_init(&exec, backend, plan, &one, fail) &&
              query_pass_run(&exec, &pass, &workers, fail);
    if (ok) {
        *out = workers.list[0]->state != NULL;
        query_workers_free(&workers);
    }
    query_exec_done(&exec);
    return ok;
}
