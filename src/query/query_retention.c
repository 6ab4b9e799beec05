/* Retention: cohorts and their returns, in groups. */
#include "query_retention.h"

#include "query_answer.h"
#include "query_compare.h"
#include "query_kind.h"
#include "query_tally.h"

struct retention_tally {
    uint64_t *sizes;    /* by cohort; ranking alone: one sum */
    uint64_t *returned; /* cohort by cohort, `periods` each; NULL when ranking */
};

static const struct retention_body *body_of(const struct query_worker *worker)
{
    return worker->exec->plan->body;
}

static bool make(struct query_worker *worker, void **out, struct fail *fail)
{
    const struct retention_body *body = body_of(worker);
    bool rank_only = query_tally_job(worker)->rank_only;
    struct retention_tally *tally = arena_array(worker->arena, 1, sizeof *tally, fail);
    if (tally == NULL) {
        return false;
    }
    tally->sizes =
        arena_array(worker->arena, rank_only ? 1 : body->cohorts, sizeof *tally->sizes, fail);
    if (!rank_only) {
        tally->returned = arena_array(worker->arena, body->cohorts * body->periods,
                                      sizeof *tally->returned, fail);
    }
    if (tally->sizes == NULL || (!rank_only && tally->returned == NULL)) {
        return false;
    }
    *out = tally;
    return true;
}

static bool merge(struct query_worker *worker, void *into, const void *from, struct fail *fail)
{
    (void)fail;
    const struct retention_body *body = body_of(worker);
    struct retention_tally *to = into;
    const struct retention_tally *other = from;
    if (query_tally_job(worker)->rank_only) {
        to->sizes[0] += other->sizes[0];
        return true;
    }
    for (size_t i = 0; i < body->cohorts; i++) {
        to->sizes[i] += other->sizes[i];
    }
    for (size_t i = 0; i < body->cohorts * body->periods; i++) {
        to->returned[i] += other->returned[i];
    }
    return true;
}

static bool rank(struct query_worker *worker, const void *tally, double *out, struct fail *fail)
{
    (void)fail;
    const struct retention_tally *one = tally;
    size_t count = query_tally_job(worker)->rank_only ? 1 : body_of(worker)->cohorts;
    uint64_t sum = 0;
    for (size_t i = 0; i < count; i++) {
        sum += one->sizes[i];
    }
    *out = (double)sum;
    return true;
}

static bool start(struct query_worker *worker, void **out_own, struct fail *fail)
{
    struct retention_narrow *narrow;
    if (worker->labels != NULL) {
        if (!retention_narrow_new(worker, &narrow, fail)) {
            return false;
        }
        *out_own = narrow;
        return true;
    }
    struct retention_history *history;
    if (!retention_history_new(worker->arena, worker->exec->budget, &history, fail)) {
        return false;
    }
    *out_own = history;
    return true;
}

static void add_one(void *context, size_t period)
{
    ((uint64_t *)context)[period]++;
}

static void count_start(const struct query_worker *worker, const struct retention_history *history,
                        const struct retention_start *one, struct retention_tally *tally)
{
    const struct retention_body *body = body_of(worker);
    if (query_tally_job(worker)->rank_only) {
        tally->sizes[0]++;
        return;
    }
    tally->sizes[one->cohort]++;
    retention_periods(history, body, one, add_one, tally->returned + one->cohort * body->periods);
}

static bool load(struct query_worker *worker, struct retention_history *history, uint32_t c,
                 struct fail *fail)
{
    const struct store_rows *rows = worker->rows;
    return retention_history_load(history, body_of(worker), &worker->exec->plan->range, rows->ts_ms,
                                  worker->masks, rows->row_begin[c], rows->row_begin[c + 1], fail);
}

static bool customer(struct query_worker *worker, uint32_t c, struct fail *fail)
{
    struct query_tally_state *state = query_tally_state(worker);
    struct retention_history *history = state->own;
    if (!load(worker, history, c, fail)) {
        return false;
    }
    const struct retention_start *starts = history->starts->data;
    for (size_t i = 0; i < history->starts->count; i++) {
        count_start(worker, history, &starts[i], state->whole);
        if (state->groups.spec.by == NULL) {
            continue;
        }
        if (!query_groups_of_row(&state->groups, worker, c, starts[i].row, fail)) {
            return false;
        }
        for (size_t g = 0; g < state->groups.id_count; g++) {
            void *tally;
            if (!query_tally_at(worker, state->groups.ids[g], &tally, fail)) {
                return false;
            }
            count_start(worker, history, &starts[i], tally);
        }
    }
    return true;
}

/* The same of narrow rows, which have no groups. */
static bool narrow_customer(struct query_worker *worker, uint32_t c, struct fail *fail)
{
    struct query_tally_state *state = query_tally_state(worker);
    struct retention_tally *tally = state->whole;
    const size_t periods = body_of(worker)->periods;
    size_t cohort;
    uint64_t came;
    if (!retention_narrow_walk(state->own, worker, c, &came, &cohort, fail)) {
        return false;
    }
    if (cohort == SIZE_MAX) {
        return true;
    }
    uint64_t *returned = tally->returned + cohort * periods;
    tally->sizes[cohort]++;
    for (size_t n = 0; n < periods; n++) {
        returned[n] += came >> n & 1U;
    }
    return true;
}

static const struct query_tally_ops ops = {
    .make = make, .merge = merge, .rank = rank, .start = start, .customer = customer};

static void prepare(const struct query_plan *plan, struct query_tally_job *job)
{
    const struct retention_body *body = plan->body;
    *job = (struct query_tally_job){
        .ops = &ops,
        .whole = true,
        .foldable = true,
        .cells = body->cohorts * (body->periods + 1),
        .pass = {.from_ms = plan->range.from_ms,
                 .to_ms =
                     body->unbounded ? INT64_MAX : body->intervals.begins[body->intervals.count],
                 .matchers = 1U << RETENTION_START | 1U << RETENTION_RETURN},
        .spec = {.by = plan->breakdown},
    };
}

/* ---- the answer ---- */

static void write_cohorts(struct json_writer *w, const struct query_plan *plan,
                          const struct retention_tally *tally)
{
    const struct retention_body *body = plan->body;
    json_name_c(w, "cohorts");
    json_begin_array(w);
    for (size_t i = 0; i < body->cohorts; i++) {
        char text[ZONE_LABEL_BYTES];
        size_t len =
            zone_interval_label(plan->zone, body->interval, body->intervals.begins[i], text);
        json_begin_object(w);
        json_name_c(w, "start");
        json_write_str(w, str_of(text, len));
        json_name_c(w, "size");
        json_write_uint(w, tally->sizes[i]);
        json_name_c(w, "returned");
        json_begin_array(w);
        for (size_t n = 0; n < body->periods; n++) {
            if (body->intervals.begins[i + n] > plan->now_ms) {
                json_write_null(w);
            } else {
                json_write_uint(w, tally->returned[i * body->periods + n]);
            }
        }
        json_end_array(w);
        json_end_object(w);
    }
    json_end_array(w);
}

static bool write_range(struct query_exec *exec, const void *shown, const void **out_shown,
                        struct json_writer *w, struct fail *fail)
{
    const struct query_plan *plan = exec->plan;
    struct query_tally_job job;
    struct query_tallies tallies = {.whole = NULL};
    prepare(plan, &job);
    if (retention_narrow_fits(plan)) {
        job.pass.slots = true;
        job.pass.narrow = QUERY_NARROW_MASKS;
        job.pass.narrow_customer = narrow_customer;
    }
    bool ok = query_tally_run(exec, &job, shown, &tallies, fail);
    if (ok) {
        write_cohorts(w, plan, tallies.whole);
    }
    if (ok && plan->breakdown != NULL) {
        json_name_c(w, "groups");
        json_begin_array(w);
        for (size_t g = 0; g < tallies.count; g++) {
            json_begin_object(w);
            json_name_c(w, "group");
            json_write_str(w, tallies.names[g]);
            write_cohorts(w, plan, tallies.by_group[g]);
            json_end_object(w);
        }
        json_end_array(w);
    }
    *out_shown = query_tallies_groups(exec, &tallies);
    query_tallies_free(&tallies);
    return ok;
}

static void write_partial(const struct query_plan *plan, struct json_writer *w)
{
    const struct retention_body *body = plan->body;
    struct zone_intervals cohorts = {body->intervals.begins, body->cohorts};
    query_answer_partial(w, plan, body->interval, &cohorts, &plan->range);
}

static bool retention_run(struct query_exec *exec, struct json_writer *w, struct fail *fail)
{
    static const struct query_part part = {.write = write_range, .partial = write_partial};
    return query_part_write(exec, &part, w, fail);
}

/* ---- open ---- */

struct sought {
    size_t period;
    bool found;
};

static void note_period(void *context, size_t period)
{
    struct sought *sought = context;
    sought->found = sought->found || sought->period == period;
}

static bool open_belongs(struct query_worker *worker, uint32_t c, bool *out,
                         struct store_value *out_value, struct fail *fail)
{
    const struct retention_body *body = body_of(worker);
    struct retention_history *history = query_list_state(worker)->own;
    (void)out_value;
    *out = false;
    if (!load(worker, history, c, fail)) {
        return false;
    }
    const struct retention_start *starts = history->starts->data;
    for (size_t i = 0; i < history->starts->count; i++) {
        if (starts[i].cohort != body->open.cohort) {
            continue;
        }
        struct sought sought = {.period = body->open.period};
        retention_periods(history, body, &starts[i], note_period, &sought);
        if (body->open.by_period && sought.found == body->open.gone) {
            return true;
        }
        return query_list_in_group(worker, c, starts[i].row, out, fail);
    }
    return true;
}

static bool retention_open(struct query_exec *exec, struct query_list_job *job, struct fail *fail)
{
    const struct retention_body *body = exec->plan->body;
    const int64_t *begins = body->intervals.begins;
    struct query_tally_job counting;
    prepare(exec->plan, &counting);
    job->pass = counting.pass;
    job->said_from_ms = begins[body->open.cohort];
    job->said_to_ms = begins[body->open.cohort + body->open.period + 1];
    job->start = start;
    job->belongs = open_belongs;
    return query_list_group(exec, prepare, job, fail);
}

const struct query_kind query_kind_retention = {
    .name = "retention", .parse = retention_parse, .run = retention_run, .open = retention_open};
