/* Funnels: counting paths, in groups. */
#include "query_funnel.h"

#include "query_answer.h"
#include "query_compare.h"
#include "query_kind.h"
#include "query_narrow.h"
#include "query_tally.h"
#include "query_times.h"

struct funnel_tally {
    uint64_t counts[QUERY_STEPS_MAX];
    struct query_times *times[QUERY_STEPS_MAX]; /* since the step before; NULL: none yet */
};

static const struct funnel_body *body_of(const struct query_worker *worker)
{
    return worker->exec->plan->body;
}

static bool make(struct query_worker *worker, void **out, struct fail *fail)
{
    *out = arena_array(worker->arena, 1, sizeof(struct funnel_tally), fail);
    return *out != NULL;
}

static bool times_of(struct query_worker *worker, struct funnel_tally *tally, uint32_t step,
                     struct query_times **out, struct fail *fail)
{
    if (tally->times[step] == NULL) {
        struct query_times *times = arena_array(worker->arena, 1, sizeof *times, fail);
        if (times == NULL) {
            return false;
        }
        query_times_init(times, worker->arena, worker->exec->budget);
        tally->times[step] = times;
    }
    *out = tally->times[step];
    return true;
}

static bool merge(struct query_worker *worker, void *into, const void *from, struct fail *fail)
{
    struct funnel_tally *to = into;
    const struct funnel_tally *other = from;
    for (uint32_t s = 0; s < body_of(worker)->step_count; s++) {
        struct query_times *times;
        to->counts[s] += other->counts[s];
        if (other->times[s] != NULL && (!times_of(worker, to, s, &times, fail) ||
                                        !query_times_append(times, other->times[s], fail))) {
            return false;
        }
    }
    return true;
}

static bool rank(struct query_worker *worker, const void *tally, double *out, struct fail *fail)
{
    (void)worker;
    (void)fail;
    *out = (double)((const struct funnel_tally *)tally)->counts[0];
    return true;
}

static bool start(struct query_worker *worker, void **out_own, struct fail *fail)
{
    *out_own = arena_array(worker->arena, 1, sizeof(struct funnel_walk), fail);
    return *out_own != NULL;
}

static bool count_path(struct query_worker *worker, struct funnel_tally *tally,
                       const struct funnel_path *path, struct fail *fail)
{
    const struct funnel_body *body = body_of(worker);
    const int64_t *ts_ms = worker->rows->ts_ms;
    tally->counts[0]++;
    if (query_tally_job(worker)->rank_only) {
        return true;
    }
    for (uint32_t s = 1; s < path->level; s++) {
        struct query_times *times;
        if (path->reached[s] == FUNNEL_NOT_REACHED) {
            continue;
        }
        tally->counts[s]++;
        int64_t since_ms = ts_ms[path->reached[funnel_step_before(body, s)]];
        if (!times_of(worker, tally, s, &times, fail) ||
            !query_times_add(times, ts_ms[path->reached[s]] - since_ms, fail)) {
            return false;
        }
    }
    return true;
}

/* Are all paths of a batch counted at once, groups aside? Then all its customers are, whoever has a path. */
static bool counts_all(const struct query_plan *plan)
{
    const struct funnel_body *body = plan->body;
    return funnel_is_plain(body) && plan->segment == NULL &&
           body->window_ms <= QUERY_TIMES_BRIEF_MAX;
}

static bool counts_batches(struct query_worker *worker)
{
    return counts_all(worker->exec->plan) && !query_tally_job(worker)->rank_only;
}

static bool count_batch(struct query_worker *worker, struct funnel_walk *walk, struct fail *fail)
{
    const struct funnel_body *body = body_of(worker);
    const struct store_rows *rows = worker->rows;
    struct funnel_tally *tally = query_tally_state(worker)->whole;
    struct query_times *times[QUERY_STEPS_MAX];
    struct query_times_room room[QUERY_STEPS_MAX];
    struct funnel_pauses pauses = {.counts = {0}};
    for (uint32_t s = 1; s < body->step_count; s++) {
        size_t most = (size_t)rows->customer_count + FUNNEL_PAUSES_SPARE;
        if (!times_of(worker, tally, s, &times[s], fail) ||
            !query_times_room(times[s], most, &room[s], fail)) {
            return false;
        }
        pauses.times_ms[s] = room[s].brief;
    }
    funnel_pauses(&walk->plain, &walk->chosen, &pauses);
    for (uint32_t c = 0; c < rows->customer_count; c++) {
        tally->counts[0] += walk->chosen.levels[c] > 0;
    }
    for (uint32_t s = 1; s < body->step_count; s++) {
        tally->counts[s] += pauses.counts[s];
        room[s].brief_count = pauses.counts[s];
        query_times_added(times[s], &room[s]);
    }
    return true;
}

/* ---- the group of a path ---- */

/* Is the row the customer's own, with a value of the breakdown? */
static bool has_value(struct query_worker *worker, uint32_t c, uint32_t row)
{
    const struct store_value *values;
    uint32_t code = worker->rows->events[row];
    return code < worker->exec->code_count && worker->exec->code_is_own[code] &&
           query_row_values(worker, worker->exec->plan->breakdown->name, c, row, &values) > 0;
}

/* The first or last row with a value from the entry to the end of its window. */
static uint32_t valued_row(struct query_worker *worker, uint32_t c, struct funnel_valued *valued,
                           uint32_t entry)
{
    const struct funnel_body *body = body_of(worker);
    const struct store_rows *rows = worker->rows;
    bool is_first = body->attribution == FUNNEL_FIRST;
    bool found = valued->found != FUNNEL_NOT_REACHED && valued->found >= entry;
    int64_t until_ms = query_ms_add(rows->ts_ms[entry], body->window_ms);
    uint32_t row = valued->next > entry ? valued->next : entry;
    for (; row < rows->row_begin[c + 1] && rows->ts_ms[row] <= until_ms && !(found && is_first);
         row++) {
        if (has_value(worker, c, row)) {
            valued->found = row;
            found = true;
        }
    }
    valued->next = row;
    return found ? valued->found : FUNNEL_NOT_REACHED;
}

/* The row whose value of the breakdown counts; FUNNEL_NOT_REACHED: none. */
static uint32_t attributed_row(struct query_worker *worker, uint32_t c, struct funnel_walk *walk,
                               const struct funnel_path *path)
{
    const struct funnel_body *body = body_of(worker);
    if (body->attribution == FUNNEL_STEP) {
        return path->reached[body->attribution_step];
    }
    if (body->attribution == FUNNEL_ENTRY ||
        query_name_is_of_customer(worker->exec->plan->breakdown->name)) {
        return path->reached[0];
    }
    return valued_row(worker, c, &walk->valued, path->reached[0]);
}

static bool count_groups(struct query_worker *worker, uint32_t c, const struct funnel_path *path,
                         struct fail *fail)
{
    struct query_tally_state *state = query_tally_state(worker);
    if (!counts_batches(worker) && !count_path(worker, state->whole, path, fail)) {
        return false;
    }
    if (state->groups.spec.by == NULL) {
        return true;
    }
    uint32_t row = attributed_row(worker, c, state->own, path);
    if (!(row == FUNNEL_NOT_REACHED ? query_groups_of_nothing(&state->groups, fail)
                                    : query_groups_of_row(&state->groups, worker, c, row, fail))) {
        return false;
    }
    for (size_t i = 0; i < state->groups.id_count; i++) {
        void *tally;
        if (!query_tally_at(worker, state->groups.ids[i], &tally, fail) ||
            !count_path(worker, tally, path, fail)) {
            return false;
        }
    }
    return true;
}

/* Takes in the batch, and where that can be done, counts it. */
static bool take_batch(struct query_worker *worker, struct funnel_walk *walk, struct fail *fail)
{
    return walk->batch == worker->batch ||
           (funnel_walk_batch(walk, body_of(worker), &worker->exec->plan->range, worker, fail) &&
            (!counts_batches(worker) || count_batch(worker, walk, fail)));
}

static bool narrow_batch(struct query_worker *worker, struct fail *fail)
{
    return take_batch(worker, query_tally_state(worker)->own, fail);
}

static bool customer(struct query_worker *worker, uint32_t c, struct fail *fail)
{
    const struct funnel_body *body = body_of(worker);
    const struct query_range *range = &worker->exec->plan->range;
    struct funnel_walk *walk = query_tally_state(worker)->own;
    const int64_t *ts_ms = worker->rows->ts_ms;
    struct funnel_path path;
    if (!take_batch(worker, walk, fail)) {
        return false;
    }
    if (counts_batches(worker) && query_tally_job(worker)->spec.by == NULL) {
        return true; /* with its batch */
    }
    if (!funnel_walk_load(walk, body, range, worker, c, fail)) {
        return false;
    }
    if (!funnel_walk_enters(walk)) {
        return true;
    }
    if (!body->entries) {
        return !funnel_walk_best(walk, body, ts_ms, &path) || count_groups(worker, c, &path, fail);
    }
    for (uint32_t at = walk->begin; funnel_walk_next_entry(walk, body, ts_ms, &at, &path);) {
        if (!count_groups(worker, c, &path, fail)) {
            return false;
        }
    }
    return true;
}

/* ---- the answer ---- */

static void write_rate(struct json_writer *w, const char *name, uint64_t part, uint64_t of)
{
    json_name_c(w, name);
    if (of == 0) {
        json_write_null(w);
    } else {
        json_write_double(w, (double)part / (double)of);
    }
}

static void write_steps(struct json_writer *w, const struct funnel_body *body,
                        const struct funnel_tally *tally)
{
    json_name_c(w, "steps");
    json_begin_array(w);
    for (uint32_t s = 0; s < body->step_count; s++) {
        uint32_t before = s == 0 ? 0 : funnel_step_before(body, s);
        struct query_times *times = tally->times[s];
        json_begin_object(w);
        json_name_c(w, "step");
        json_write_uint(w, s + 1);
        json_name_c(w, "label");
        json_write_str(w, body->labels[s]);
        json_name_c(w, "count");
        json_write_uint(w, tally->counts[s]);
        write_rate(w, "rate_from_start", tally->counts[s], tally->counts[0]);
        write_rate(w, "rate_from_previous", tally->counts[s], tally->counts[before]);
        json_name_c(w, "median_ms_from_previous");
        if (times == NULL || query_times_count(times) == 0) {
            json_write_null(w);
        } else {
            static const unsigned middle = 50;
            int64_t median_ms;
            query_times_percentiles(times, &middle, 1, &median_ms);
            json_write_int(w, median_ms);
        }
        json_end_object(w);
    }
    json_end_array(w);
}

static const struct query_tally_ops ops = {
    .make = make, .merge = merge, .rank = rank, .start = start, .customer = customer};

static void prepare(const struct query_plan *plan, struct query_tally_job *job)
{
    const struct funnel_body *body = plan->body;
    uint32_t matchers = body->step_count + body->exclude_count;
    bool looks_around = plan->breakdown != NULL &&
                        !query_name_is_of_customer(plan->breakdown->name) &&
                        (body->attribution == FUNNEL_FIRST || body->attribution == FUNNEL_LAST);
    *job = (struct query_tally_job){
        .ops = &ops,
        .whole = true,
        .foldable = true,
        .cells = QUERY_STEPS_MAX,
        .pass = {.from_ms = plan->range.from_ms,
                 .to_ms = query_ms_add(plan->range.to_ms, body->window_ms),
                 .matchers = matchers == 64 ? UINT64_MAX : (UINT64_C(1) << matchers) - 1U,
                 .every_event = looks_around},
        .spec = {.by = plan->breakdown},
    };
}

static bool write_range(struct query_exec *exec, const void *shown, const void **out_shown,
                        struct json_writer *w, struct fail *fail)
{
    const struct funnel_body *body = exec->plan->body;
    struct query_tally_job job;
    struct query_tallies tallies = {.whole = NULL};
    prepare(exec->plan, &job);
    job.pass.narrow = QUERY_NARROW_MASKS;
    if (counts_all(exec->plan) && exec->plan->breakdown == NULL) {
        job.pass.narrow_batch = narrow_batch;
    }
    bool ok = query_tally_run(exec, &job, shown, &tallies, fail);
    if (ok) {
        write_steps(w, body, tallies.whole);
    }
    if (ok && exec->plan->breakdown != NULL) {
        json_name_c(w, "groups");
        json_begin_array(w);
        for (size_t g = 0; g < tallies.count; g++) {
            json_begin_object(w);
            json_name_c(w, "group");
            json_write_str(w, tallies.names[g]);
            write_steps(w, body, tallies.by_group[g]);
            json_end_object(w);
        }
        json_end_array(w);
    }
    *out_shown = query_tallies_groups(exec, &tallies);
    query_tallies_free(&tallies);
    return ok;
}

static bool funnel_run(struct query_exec *exec, struct json_writer *w, struct fail *fail)
{
    static const struct query_part part = {.write = write_range};
    return query_part_write(exec, &part, w, fail);
}

/* ---- open ---- */

static bool in_cell(const struct funnel_body *body, const struct funnel_path *path)
{
    uint32_t step = body->open.step;
    if (!body->open.dropped) {
        return path->reached[step] != FUNNEL_NOT_REACHED;
    }
    return path->level <= step &&
           path->reached[funnel_step_before(body, step)] != FUNNEL_NOT_REACHED;
}

static bool in_group(struct query_worker *worker, uint32_t c, const struct funnel_path *path,
                     bool *out, struct fail *fail)
{
    if (query_list_job(worker)->spec.by == NULL) {
        *out = true;
        return true;
    }
    uint32_t row = attributed_row(worker, c, query_list_state(worker)->own, path);
    return row == FUNNEL_NOT_REACHED ? query_list_nothing_in_group(worker, out, fail)
                                     : query_list_in_group(worker, c, row, out, fail);
}

static bool open_belongs(struct query_worker *worker, uint32_t c, bool *out,
                         struct store_value *out_value, struct fail *fail)
{
    const struct funnel_body *body = body_of(worker);
    const struct query_range *range = &worker->exec->plan->range;
    struct funnel_walk *walk = query_list_state(worker)->own;
    const int64_t *ts_ms = worker->rows->ts_ms;
    struct funnel_path path;
    uint64_t entries = 0;
    *out = false;
    if (!funnel_walk_load(walk, body, range, worker, c, fail)) {
        return false;
    }
    if (!funnel_walk_enters(walk)) {
        return true;
    }
    bool first = true;
    uint32_t at = walk->begin;
    while (body->entries ? funnel_walk_next_entry(walk, body, ts_ms, &at, &path)
                         : first && funnel_walk_best(walk, body, ts_ms, &path)) {
        first = false;
        bool grouped = false;
        if (in_cell(body, &path) && !in_group(worker, c, &path, &grouped, fail)) {
            return false;
        }
        entries += grouped ? 1 : 0;
    }
    *out = entries > 0;
    *out_value = store_value_uint(entries);
    return true;
}

static bool funnel_open(struct query_exec *exec, struct query_list_job *job, struct fail *fail)
{
    const struct funnel_body *body = exec->plan->body;
    struct query_tally_job counting;
    prepare(exec->plan, &counting);
    job->pass = counting.pass;
    job->with_value = body->entries;
    job->said_from_ms = exec->plan->range.from_ms;
    job->said_to_ms = exec->plan->range.to_ms;
    job->start = start;
    job->belongs = open_belongs;
    return query_list_group(exec, prepare, job, fail);
}

const struct query_kind query_kind_funnel = {
    .name = "funnel", .parse = funnel_parse, .run = funnel_run, .open = funnel_open};
