/* One timeline, row by row: which matchers each row fits, and what some names hold there. */
#include "query_exec.h"
#include "query_parse.h"

struct moments_body {
    const struct query_name *names;
    size_t count;
};

bool query_moments_plan(const struct query_env *env, struct json_value matchers,
                        const struct str *names, size_t name_count, struct arena *arena,
                        struct query_plan **out, struct fail *fail)
{
    struct query_parser parser;
    struct json_value one;
    uint32_t place = 0, number;
    if (!query_parser_init(&parser, env, arena, fail)) {
        return false;
    }
    INVARIANT(name_count <= QUERY_MOMENT_NAMES_MAX && json_type_of(matchers) == JSON_ARRAY);
    for (struct json_iter it = json_iter_of(matchers); json_next(&it, NULL, &one); place++) {
        struct query_path at = query_path_at(NULL, place);
        if (!query_parse_matcher_object(&parser, one, &at, &number, fail)) {
            return false;
        }
        INVARIANT(number == place);
    }
    /* The first column says in which order rows of equal times came. */
    query_parse_quiet_column(&parser, STORE_COLUMN_ARRIVAL, STR(""));
    struct query_name *parsed = arena_array(arena, name_count, sizeof *parsed, fail);
    struct moments_body *body = arena_small(arena, sizeof *body);
    for (size_t i = 0; parsed != NULL && i < name_count; i++) {
        if (!query_parse_name(&parser, names[i], NULL, &parsed[i], fail)) {
            return false;
        }
    }
    *body = (struct moments_body){parsed, name_count};
    parser.plan->body = body;
    *out = parser.plan;
    return parsed != NULL;
}

struct moments {
    struct query_moment *at;
    size_t count;
    struct arena *arena; /* the caller's */
    uint32_t arrivals;   /* of the plan's columns */
};

/* Values die with the batch: texts are copied. */
static bool keep(struct moments *m, const struct store_value *values, uint32_t count,
                 struct query_moment_values *out, struct fail *fail)
{
    if (count == 0) {
        return true;
    }
    struct store_value *kept = arena_array(m->arena, count, sizeof *kept, fail);
    for (uint32_t i = 0; kept != NULL && i < count; i++) {
        kept[i] = values[i];
        if (values[i].kind == STORE_STRING) {
            char *text = arena_alloc(m->arena, values[i].len, fail);
            if (text == NULL) {
                return false;
            }
            memcpy(text, values[i].s, values[i].len);
            kept[i].s = text;
        }
    }
    *out = (struct query_moment_values){kept, count};
    return kept != NULL;
}

static bool keep_row(struct query_worker *worker, struct moments *m, uint32_t c, uint32_t row,
                     struct fail *fail)
{
    const struct moments_body *body = worker->exec->plan->body;
    const struct store_rows *rows = worker->rows;
    const struct store_column *arrivals = &rows->columns[m->arrivals];
    struct query_moment *moment = &m->at[m->count++];
    uint32_t at = query_column_seek(arrivals, &worker->hints[m->arrivals], row);
    INVARIANT(at < arrivals->count && arrivals->at[at] == row);
    *moment = (struct query_moment){
        .ts_ms = rows->ts_ms[row],
        .arrival = (uint64_t)arrivals->values[at].i,
        .event = query_event_name(worker->exec, rows->events[row]),
        .fits = worker->masks[row],
    };
    for (size_t i = 0; i < body->count; i++) {
        const struct store_value *values = NULL;
        uint32_t count = query_row_values(worker, body->names[i], c, row, &values);
        if (!keep(m, values, count, &moment->values[i], fail)) {
            return false;
        }
    }
    return true;
}

static bool keep_customer(struct query_worker *worker, uint32_t c, struct fail *fail)
{
    struct moments *m = *(struct moments *const *)worker->pass->context;
    uint32_t begin = worker->rows->row_begin[c], end = worker->rows->row_begin[c + 1];
    m->at = arena_array(m->arena, end - begin, sizeof *m->at, fail);
    for (uint32_t row = begin; row < end; row++) {
        if (m->at == NULL || !keep_row(worker, m, c, row, fail)) {
            return false;
        }
    }
    return m->at != NULL;
}

static uint32_t arrivals_of(const struct query_plan *plan)
{
    uint32_t i = 0;
    while (plan->columns[i].of != STORE_COLUMN_ARRIVAL) {
        i++;
    }
    return i;
}

bool query_moments(struct query_backend *backend, const struct query_plan *plan,
                   const struct query_run *run, uint32_t customer, struct arena *arena,
                   struct query_moment **out, size_t *out_count, struct fail *fail)
{
    struct query_exec exec;
    struct query_run one = *run;
    struct moments m = {.arena = arena, .arrivals = arrivals_of(plan)};
    struct moments *context = &m;
    struct query_pass pass = {
        .matchers = plan->matcher_count == 0 ? 0 : UINT64_MAX >> (64 - plan->matcher_count),
        .every_event = true,
        .with_bookkeeping = true,
        .only = &customer,
        .only_count = 1,
        .customer = keep_customer,
        .context = &context,
    };
    struct query_workers workers = {0};
    one.threads = 1;
    bool ok = query_exec_init(&exec, backend, plan, &one, fail) &&
              query_pass_run(&exec, &pass, &workers, fail);
    query_workers_free(&workers);
    query_exec_done(&exec);
    if (ok) {
        *out = m.at;
        *out_count = m.count;
    }
    return ok;
}
