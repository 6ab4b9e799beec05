/* Whom and when, without a question: what exports take from the language. */
#include <stdlib.h>

#include "query_exec.h"
#include "query_parse.h"

enum scope_member { RANGE, TIMEZONE, SEGMENT, AS_OF, SCOPE_COUNT };

static void find_members(struct json_value root, struct query_member *members)
{
    struct str name;
    struct json_value value;
    uint32_t place = 0;
    for (struct json_iter it = json_iter_of(root); json_next(&it, &name, &value);) {
        place++;
        for (size_t i = 0; i < SCOPE_COUNT; i++) {
            if (str_is(name, members[i].name) && json_type_of(value) != JSON_NULL) {
                members[i].value = value;
                members[i].place = place;
            }
        }
    }
}

bool query_scope_parse(const struct query_env *env, struct json_value root, struct arena *arena,
                       struct query_scope *out, struct fail *fail)
{
    struct query_member members[SCOPE_COUNT] = {[RANGE] = {.name = "range"},
                                                [TIMEZONE] = {.name = "timezone"},
                                                [SEGMENT] = {.name = "segment"},
                                                [AS_OF] = {.name = "as_of"}};
    struct query_parser parser;
    struct query_path as_of = query_path_in(NULL, "as_of"), at = query_path_in(NULL, "segment");
    find_members(root, members);
    if (!query_parser_init(&parser, env, arena, fail)) {
        return false;
    }
    struct query_plan *plan = parser.plan;
    if ((members[AS_OF].place != 0 &&
         !query_read_instant(members[AS_OF].value, &as_of, &plan->now_ms, fail)) ||
        !query_parse_timezone(&parser, &members[TIMEZONE], fail) ||
        (members[RANGE].place != 0 && !query_parse_range(&parser, &members[RANGE], fail)) ||
        (members[SEGMENT].place != 0 &&
         !query_parse_segment(&parser, members[SEGMENT].value, &at, &plan->segment, fail))) {
        return false;
    }
    *out = (struct query_scope){
        .ranged = members[RANGE].place != 0,
        .from_ms = plan->range.from_ms,
        .to_ms = plan->range.to_ms,
        .segment = plan->segment == NULL ? NULL : plan,
    };
    return true;
}

/* ---- who is in a segment ------------------------------------------------------------------------------ */

static bool start(struct query_worker *worker, struct fail *fail)
{
    (void)fail;
    struct query_vec *found = arena_small(worker->arena, sizeof *found);
    query_vec_init(found, worker->arena, worker->exec->budget, sizeof(uint32_t));
    worker->state = found;
    return true;
}

static bool found(struct query_worker *worker, uint32_t c, struct fail *fail)
{
    uint32_t *at = query_vec_add(worker->state, fail);
    if (at == NULL) {
        return false;
    }
    *at = worker->rows->customers[c];
    return true;
}

static int compare_numbers(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

static bool gather(const struct query_workers *workers, struct arena *arena, uint32_t **out,
                   size_t *out_count, struct fail *fail)
{
    size_t count = 0;
    for (int i = 0; i < workers->count; i++) {
        const struct query_vec *part = workers->list[i]->state;
        count += part->count;
    }
    uint32_t *all = arena_alloc(arena, (count + 1) * sizeof *all, fail);
    if (all == NULL) {
        return false;
    }
    size_t at = 0;
    for (int i = 0; i < workers->count; i++) {
        const struct query_vec *part = workers->list[i]->state;
        if (part->count > 0) {
            memcpy(all + at, part->data, part->count * sizeof *all);
        }
        at += part->count;
    }
    if (count > 0) {
        qsort(all, count, sizeof *all, compare_numbers);
    }
    *out = all;
    *out_count = count;
    return true;
}

bool query_segment_customers(struct query_backend *backend, const struct query_plan *plan,
                             const struct query_run *run, struct arena *arena, uint32_t **out,
                             size_t *out_count, struct fail *fail)
{
    struct query_exec exec;
    const struct query_pass pass = {.every_customer = true, .start = start, .customer = found};
    struct query_workers workers = {0};
    bool ok = query_exec_init(&exec, backend, plan, run, fail) &&
              query_pass_run(&exec, &pass, &workers, fail) &&
              gather(&workers, arena, out, out_count, fail);
    query_workers_free(&workers);
    query_exec_done(&exec);
    return ok;
}
