/* Stickiness: customers by the number of intervals in which they did it. */
#include "query_answer.h"
#include "query_compare.h"
#include "query_kind.h"

enum own_member { EVENT, WHERE, INTERVAL, COMPARE, OPEN, OWN_COUNT };
static const char *const own_names[OWN_COUNT] = {"event", "where", "interval", "compare", "open"};

struct stickiness_body {
    enum interval interval;
    struct zone_intervals intervals;
    size_t open; /* so many intervals */
};

/* ---- reading ---- */

static bool lay(struct query_parser *parser, void *into, const struct query_range *range,
                struct fail *fail)
{
    struct stickiness_body *body = into;
    return query_parse_intervals(parser, body->interval, range, &body->intervals, fail);
}

static bool parse_open(struct query_parser *parser, const struct query_member *open,
                       struct fail *fail)
{
    static const char *const names[] = {"intervals"};
    struct query_member members[QUERY_OPEN_COMMON_COUNT + ARRAY_LEN(names)];
    const struct query_member *own = members + QUERY_OPEN_COMMON_COUNT;
    struct query_path path = query_path_in(NULL, open->name);
    struct query_path at = query_path_in(&path, names[0]);
    int64_t intervals;
    if (!query_parse_open(parser, open, names, ARRAY_LEN(names), members, fail)) {
        return false;
    }
    struct stickiness_body *body = parser->body;
    if (!query_read_needed(&path, &own[0], "in how many intervals", fail) ||
        !query_read_whole(own[0].value, &at, 1, (int64_t)body->intervals.count, &intervals, fail)) {
        return false;
    }
    body->open = (size_t)intervals;
    return query_parse_open_list(parser, members, false, fail);
}

static bool stickiness_parse(struct query_parser *parser, struct json_value root, struct fail *fail)
{
    struct query_member members[QUERY_COMMON_COUNT + OWN_COUNT];
    const struct query_member *own = members + QUERY_COMMON_COUNT;
    struct stickiness_body *body = query_parse_body(parser, sizeof *body);
    uint32_t matcher;
    if (!query_parse_common(parser, root, own_names, OWN_COUNT, members, fail) ||
        !query_parse_matcher_beside(parser, &own[EVENT], &own[WHERE], &matcher, fail)) {
        return false;
    }
    INVARIANT(matcher == 0);
    return query_parse_interval(&own[INTERVAL], INTERVAL_DAY, &body->interval, fail) &&
           lay(parser, body, &parser->plan->range, fail) &&
           query_parse_common_segment(parser, members, fail) &&
           query_parse_compare(parser, &own[COMPARE], lay, fail) &&
           (own[OPEN].place == 0 || parse_open(parser, &own[OPEN], fail));
}

/* ---- counting ---- */

static const struct stickiness_body *body_of(const struct query_worker *worker)
{
    return worker->exec->plan->body;
}

static struct query_pass pass_of(const struct query_plan *plan)
{
    return (struct query_pass){
        .from_ms = plan->range.from_ms, .to_ms = plan->range.to_ms, .matchers = 1};
}

static size_t intervals_of(const struct query_worker *worker, uint32_t c)
{
    const struct stickiness_body *body = body_of(worker);
    const struct query_range *range = &worker->exec->plan->range;
    const struct store_rows *rows = worker->rows;
    int64_t after_ms = range->from_ms; /* end of the last interval counted */
    size_t count = 0;
    for (uint32_t row = rows->row_begin[c]; row < rows->row_begin[c + 1]; row++) {
        int64_t at_ms = rows->ts_ms[row];
        if ((worker->masks[row] & 1U) == 0 || at_ms < after_ms || at_ms >= range->to_ms) {
            continue;
        }
        after_ms = body->intervals.begins[zone_intervals_find(&body->intervals, at_ms) + 1];
        count++;
    }
    return count;
}

static bool start(struct query_worker *worker, struct fail *fail)
{
    worker->state =
        arena_array(worker->arena, body_of(worker)->intervals.count, sizeof(uint64_t), fail);
    return worker->state != NULL;
}

static bool customer(struct query_worker *worker, uint32_t c, struct fail *fail)
{
    (void)fail;
    size_t intervals = intervals_of(worker, c);
    if (intervals > 0) {
        ((uint64_t *)worker->state)[intervals - 1]++;
    }
    return true;
}

static bool write_range(struct query_exec *exec, const void *shown, const void **out_shown,
                        struct json_writer *w, struct fail *fail)
{
    (void)shown;
    (void)out_shown;
    const struct query_plan *plan = exec->plan;
    const struct stickiness_body *body = plan->body;
    struct query_pass pass = pass_of(plan);
    struct query_workers workers = {.list = NULL};
    pass.start = start;
    pass.customer = customer;
    if (!query_pass_run(exec, &pass, &workers, fail)) {
        return false;
    }
    const uint64_t *counts = query_workers_sum(&workers, body->intervals.count);
    json_name_c(w, "counts");
    json_begin_array(w);
    for (size_t i = 0; i < body->intervals.count; i++) {
        json_begin_object(w);
        json_name_c(w, "intervals");
        json_write_uint(w, i + 1);
        json_name_c(w, "customers");
        json_write_uint(w, counts[i]);
        json_end_object(w);
    }
    json_end_array(w);
    query_workers_free(&workers);
    return true;
}

static void write_partial(const struct query_plan *plan, struct json_writer *w)
{
    const struct stickiness_body *body = plan->body;
    query_answer_partial(w, plan, body->interval, &body->intervals, &plan->range);
}

static bool stickiness_run(struct query_exec *exec, struct json_writer *w, struct fail *fail)
{
    static const struct query_part part = {.write = write_range, .partial = write_partial};
    return query_part_write(exec, &part, w, fail);
}

/* ---- open ---- */

static bool open_belongs(struct query_worker *worker, uint32_t c, bool *out,
                         struct store_value *out_value, struct fail *fail)
{
    (void)out_value;
    (void)fail;
    *out = intervals_of(worker, c) == body_of(worker)->open;
    return true;
}

static bool stickiness_open(struct query_exec *exec, struct query_list_job *job, struct fail *fail)
{
    (void)fail;
    job->pass = pass_of(exec->plan);
    job->said_from_ms = exec->plan->range.from_ms;
    job->said_to_ms = exec->plan->range.to_ms;
    job->belongs = open_belongs;
    return true;
}

const struct query_kind query_kind_stickiness = {.name = "stickiness",
                                                 .parse = stickiness_parse,
                                                 .run = stickiness_run,
                                                 .open = stickiness_open};
