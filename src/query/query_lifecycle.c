/* Lifecycle: who is new, returning, resurrected or dormant, interval by interval. */
#include "query_lifecycle.h"

#include "query_answer.h"
#include "query_compare.h"
#include "query_kind.h"

static const char *const state_names[LIFECYCLE_STATES] = {"new", "returning", "resurrected",
                                                          "dormant"};

/* ---- reading ---- */

enum own_member { EVENT, WHERE, INTERVAL, COMPARE, OPEN, OWN_COUNT };
static const char *const own_names[OWN_COUNT] = {"event", "where", "interval", "compare", "open"};

enum open_member { OPEN_INTERVAL, OPEN_STATE, OPEN_COUNT };
static const char *const open_names[OPEN_COUNT] = {"interval", "state"};

/* First and last interval count whole. */
static struct query_range whole_range(const struct lifecycle_body *body)
{
    return (struct query_range){.from_ms = body->intervals.begins[0],
                                .to_ms = body->intervals.begins[body->intervals.count]};
}

static bool lay(struct query_parser *parser, void *into, const struct query_range *range,
                struct fail *fail)
{
    struct lifecycle_body *body = into;
    if (!query_parse_intervals(parser, body->interval, range, &body->intervals, fail)) {
        return false;
    }
    /* By what lies just before it, as a zone may have skipped the date in between. */
    body->before_ms =
        zone_interval_begin(parser->plan->zone, body->interval, body->intervals.begins[0] - 1);
    return true;
}

static bool parse_matcher(struct query_parser *parser, const struct query_member *own,
                          struct lifecycle_body *body, struct fail *fail)
{
    uint32_t matcher;
    if (!query_parse_matcher_beside(parser, &own[EVENT], &own[WHERE], &matcher, fail)) {
        return false;
    }
    INVARIANT(matcher == 0);
    const struct query_matcher *all = &parser->plan->matchers[matcher];
    body->first_is_first_seen = all->every_own && all->event_count == 0 && all->where.count == 0;
    parser->plan->wants_facts = parser->plan->wants_facts || body->first_is_first_seen;
    return true;
}

static bool parse_open(struct query_parser *parser, const struct query_member *open,
                       struct fail *fail)
{
    struct query_member members[QUERY_OPEN_COMMON_COUNT + OPEN_COUNT];
    const struct query_member *own = members + QUERY_OPEN_COMMON_COUNT;
    struct query_path path = query_path_in(NULL, open->name);
    struct query_path state_path = query_path_in(&path, open_names[OPEN_STATE]);
    int64_t from_ms, to_ms;
    size_t state;
    if (!query_parse_open(parser, open, open_names, OPEN_COUNT, members, fail)) {
        return false;
    }
    struct lifecycle_body *body = parser->body;
    struct query_range whole = whole_range(body);
    if (!query_parse_open_interval(parser, &own[OPEN_INTERVAL], &path, body->interval, &whole,
                                   &body->intervals, &from_ms, &to_ms, fail) ||
        !query_read_needed(&path, &own[OPEN_STATE], "new, returning, resurrected or dormant",
                           fail) ||
        !query_read_choice(own[OPEN_STATE].value, &state_path, state_names, LIFECYCLE_STATES,
                           &state, fail)) {
        return false;
    }
    body->open.state = (enum lifecycle_state)state;
    body->open.by_interval =
        own[OPEN_INTERVAL].place != 0 && json_type_of(own[OPEN_INTERVAL].value) != JSON_NULL;
    body->open.interval = zone_intervals_find(&body->intervals, from_ms);
    return query_parse_open_list(parser, members, !body->open.by_interval, fail);
}

static bool lifecycle_parse(struct query_parser *parser, struct json_value root, struct fail *fail)
{
    struct query_member members[QUERY_COMMON_COUNT + OWN_COUNT];
    const struct query_member *own = members + QUERY_COMMON_COUNT;
    struct lifecycle_body *body = query_parse_body(parser, sizeof *body);
    return query_parse_common(parser, root, own_names, OWN_COUNT, members, fail) &&
           parse_matcher(parser, own, body, fail) &&
           query_parse_interval(&own[INTERVAL], INTERVAL_DAY, &body->interval, fail) &&
           lay(parser, body, &parser->plan->range, fail) &&
           query_parse_common_segment(parser, members, fail) &&
           query_parse_compare(parser, &own[COMPARE], lay, fail) &&
           (own[OPEN].place == 0 || parse_open(parser, &own[OPEN], fail));
}

/* ---- counting ---- */

static const struct lifecycle_body *body_of(const struct query_worker *worker)
{
    return worker->exec->plan->body;
}

static struct query_pass pass_of(const struct lifecycle_body *body)
{
    return (struct query_pass){
        .from_ms = body->first_is_first_seen ? body->before_ms : INT64_MIN,
        .to_ms = body->intervals.begins[body->intervals.count],
        .matchers = 1,
    };
}

static void walk(const struct query_worker *worker, uint32_t c,
                 void (*is)(void *context, size_t interval, enum lifecycle_state state),
                 void *context)
{
    const struct lifecycle_body *body = body_of(worker);
    const struct store_rows *rows = worker->rows;
    struct lifecycle_rows own = {
        .ts_ms = rows->ts_ms,
        .masks = worker->masks,
        .begin = rows->row_begin[c],
        .end = rows->row_begin[c + 1],
        .was_there = body->first_is_first_seen && rows->first_seen_ms[c] < body->before_ms,
    };
    lifecycle_walk(body, &own, is, context);
}

static bool start(struct query_worker *worker, struct fail *fail)
{
    size_t counters = body_of(worker)->intervals.count * LIFECYCLE_STATES;
    worker->state = arena_array(worker->arena, counters, sizeof(uint64_t), fail);
    return worker->state != NULL;
}

static void count_one(void *context, size_t interval, enum lifecycle_state state)
{
    ((uint64_t *)context)[interval * LIFECYCLE_STATES + (size_t)state]++;
}

static bool customer(struct query_worker *worker, uint32_t c, struct fail *fail)
{
    (void)fail;
    walk(worker, c, count_one, worker->state);
    return true;
}

static bool write_range(struct query_exec *exec, const void *shown, const void **out_shown,
                        struct json_writer *w, struct fail *fail)
{
    (void)shown;
    (void)out_shown;
    const struct query_plan *plan = exec->plan;
    const struct lifecycle_body *body = plan->body;
    struct query_pass pass = pass_of(body);
    struct query_workers workers = {.list = NULL};
    pass.start = start;
    pass.customer = customer;
    if (!query_pass_run(exec, &pass, &workers, fail)) {
        return false;
    }
    const uint64_t *counts = query_workers_sum(&workers, body->intervals.count * LIFECYCLE_STATES);
    query_answer_labels(w, "intervals", plan, body->interval, &body->intervals);
    for (size_t state = 0; state < LIFECYCLE_STATES; state++) {
        json_name_c(w, state_names[state]);
        json_begin_array(w);
        for (size_t i = 0; i < body->intervals.count; i++) {
            json_write_uint(w, counts[i * LIFECYCLE_STATES + state]);
        }
        json_end_array(w);
    }
    query_workers_free(&workers);
    return true;
}

static void write_partial(const struct query_plan *plan, struct json_writer *w)
{
    const struct lifecycle_body *body = plan->body;
    struct query_range whole = whole_range(body);
    query_answer_partial(w, plan, body->interval, &body->intervals, &whole);
}

static bool lifecycle_run(struct query_exec *exec, struct json_writer *w, struct fail *fail)
{
    static const struct query_part part = {.write = write_range, .partial = write_partial};
    return query_part_write(exec, &part, w, fail);
}

/* ---- open ---- */

struct sought {
    const struct lifecycle_body *body;
    uint64_t found;
};

static void note_one(void *context, size_t interval, enum lifecycle_state state)
{
    struct sought *sought = context;
    if (state == sought->body->open.state &&
        (!sought->body->open.by_interval || interval == sought->body->open.interval)) {
        sought->found++;
    }
}

/* Opened over all intervals, each customer carries in how many of them it was so. */
static bool open_belongs(struct query_worker *worker, uint32_t c, bool *out,
                         struct store_value *out_value, struct fail *fail)
{
    (void)fail;
    struct sought sought = {.body = body_of(worker)};
    walk(worker, c, note_one, &sought);
    *out = sought.found > 0;
    *out_value = store_value_uint(sought.found);
    return true;
}

static bool lifecycle_open(struct query_exec *exec, struct query_list_job *job, struct fail *fail)
{
    (void)fail;
    const struct lifecycle_body *body = exec->plan->body;
    const int64_t *begins = body->intervals.begins;
    bool one = body->open.by_interval;
    job->pass = pass_of(body);
    job->with_value = !one;
    job->said_from_ms = begins[one ? body->open.interval : 0];
    job->said_to_ms = begins[one ? body->open.interval + 1 : body->intervals.count];
    job->belongs = open_belongs;
    return true;
}

const struct query_kind query_kind_lifecycle = {
    .name = "lifecycle", .parse = lifecycle_parse, .run = lifecycle_run, .open = lifecycle_open};
