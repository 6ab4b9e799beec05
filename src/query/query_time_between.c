/* The time between an event and the first of another kind after it. */
#include "query_answer.h"
#include "query_compare.h"
#include "query_kind.h"
#include "query_narrow.h"
#include "query_pairs.h"
#include "query_places.h"

enum matcher { FROM_MATCHER, TO_MATCHER, MATCHERS }; /* numbers of the matchers */
enum own_member { FROM, TO, WINDOW, COMPARE, OPEN, OWN_COUNT };
static const char *const own_names[OWN_COUNT] = {"from", "to", "window", "compare", "open"};

#define SECOND INT64_C(1000)
#define MINUTE (60 * SECOND)
#define HOUR (60 * MINUTE)
#define DAY (24 * HOUR)

/* Lower edges; the last bin has no upper one. */
static const int64_t edges_ms[] = {0,    SECOND,   10 * SECOND, MINUTE,  5 * MINUTE, 30 * MINUTE,
                                   HOUR, 6 * HOUR, DAY,         3 * DAY, 7 * DAY,    30 * DAY};
#define BINS ARRAY_LEN(edges_ms)

static const unsigned percents[] = {50, 75, 90, 99};
static const char *const percent_names[ARRAY_LEN(percents)] = {"p50", "p75", "p90", "p99"};

struct time_between_body {
    int64_t window_ms; /* INT64_MAX: none */
    struct {
        bool by_bin; /* else all pairs */
        size_t bin;
    } open;
};
struct time_between_places {
    uint64_t batch; /* that they are of */
    struct query_places of[MATCHERS];
};
struct time_between_state { /* of a worker */
    struct time_between_places places;
    uint64_t customers;
    uint64_t bins[BINS];
    struct query_times times; /* one for each pair */
};

/* ---- reading ---- */

static bool parse_ends(struct query_parser *parser, const struct query_member *member,
                       enum matcher expected, struct fail *fail)
{
    struct query_path at = query_path_in(NULL, member->name);
    uint32_t matcher;
    if (!query_read_needed(NULL, member, "a matcher", fail) ||
        !query_parse_matcher_object(parser, member->value, &at, &matcher, fail)) {
        return false;
    }
    INVARIANT(matcher == (uint32_t)expected);
    return true;
}

static bool parse_window(const struct query_member *member, struct time_between_body *body,
                         struct fail *fail)
{
    struct query_path at = query_path_in(NULL, member->name);
    body->window_ms = INT64_MAX;
    return member->place == 0 || query_read_duration(member->value, &at, &body->window_ms, fail);
}

static bool parse_open(struct query_parser *parser, const struct query_member *open,
                       struct time_between_body *body, struct fail *fail)
{
    static const char *const names[] = {"bin"};
    struct query_member members[QUERY_OPEN_COMMON_COUNT + ARRAY_LEN(names)];
    const struct query_member *own = members + QUERY_OPEN_COMMON_COUNT;
    struct query_path path = query_path_in(NULL, open->name);
    struct query_path at = query_path_in(&path, names[0]);
    int64_t bin = 0;
    if (!query_parse_open(parser, open, names, ARRAY_LEN(names), members, fail)) {
        return false;
    }
    body->open.by_bin = own[0].place != 0;
    if (body->open.by_bin && !query_read_whole(own[0].value, &at, 0, BINS - 1, &bin, fail)) {
        return false;
    }
    body->open.bin = (size_t)bin;
    return query_parse_open_list(parser, members, true, fail);
}

static bool time_between_parse(struct query_parser *parser, struct json_value root,
                               struct fail *fail)
{
    struct query_member members[QUERY_COMMON_COUNT + OWN_COUNT];
    const struct query_member *own = members + QUERY_COMMON_COUNT;
    struct time_between_body *body = query_parse_body(parser, sizeof *body);
    return query_parse_common(parser, root, own_names, OWN_COUNT, members, fail) &&
           parse_ends(parser, &own[FROM], FROM_MATCHER, fail) &&
           parse_ends(parser, &own[TO], TO_MATCHER, fail) &&
           parse_window(&own[WINDOW], body, fail) &&
           query_parse_common_segment(parser, members, fail) &&
           query_parse_compare(parser, &own[COMPARE], NULL, fail) &&
           (own[OPEN].place == 0 || parse_open(parser, &own[OPEN], body, fail));
}

/* ---- pairs ---- */

static const struct time_between_body *body_of(const struct query_worker *worker)
{
    return worker->exec->plan->body;
}

static struct query_pass pass_of(const struct query_plan *plan)
{
    const struct time_between_body *body = plan->body;
    return (struct query_pass){.from_ms = plan->range.from_ms,
                               .to_ms = query_ms_add(plan->range.to_ms, body->window_ms),
                               .matchers = (1U << MATCHERS) - 1U};
}

static bool mark_batch(const struct query_worker *worker, struct time_between_places *places,
                       struct fail *fail)
{
    for (uint32_t m = 0; m < MATCHERS; m++) {
        if (!query_places_mark(worker, m, &places->of[m], fail)) {
            return false;
        }
    }
    query_places_clip(places->of[FROM_MATCHER].words, worker->rows, &worker->exec->plan->range);
    places->batch = worker->batch;
    return true;
}

/* Only the rows of the first event are looked at, and of each the next of the second. */
static inline __attribute__((always_inline)) bool
each_pair(struct query_worker *worker, struct time_between_places *places, uint32_t c,
          bool (*pair)(void *context, int64_t time_ms, struct fail *fail), void *context,
          struct fail *fail)
{
    const int64_t *ts_ms = worker->rows->ts_ms;
    const uint32_t end = worker->rows->row_begin[c + 1];
    if (places->batch != worker->batch && !mark_batch(worker, places, fail)) {
        return false;
    }
    const uint64_t *from = places->of[FROM_MATCHER].words;
    for (uint32_t row = query_mark_next(from, worker->rows->row_begin[c], end); row < end;
         row = query_mark_next(from, row + 1, end)) {
        uint32_t to = query_places_after(&places->of[TO_MATCHER], row, end);
        if (to == QUERY_NO_ROW) {
            break;
        }
        if (ts_ms[to] - ts_ms[row] <= body_of(worker)->window_ms &&
            !pair(context, ts_ms[to] - ts_ms[row], fail)) {
            return false;
        }
    }
    return true;
}

static size_t bin_of(int64_t time_ms)
{
    size_t bin = 0;
    for (size_t i = 1; i < BINS; i++) { /* without a jump: they differ from pair to pair */
        bin += time_ms >= edges_ms[i];
    }
    return bin;
}

/* ---- counting ---- */

static bool start(struct query_worker *worker, struct fail *fail)
{
    struct time_between_state *state = arena_array(worker->arena, 1, sizeof *state, fail);
    if (state == NULL) {
        return false;
    }
    query_times_init(&state->times, worker->arena, worker->exec->budget);
    worker->state = state;
    return true;
}

static bool count_pair(void *context, int64_t time_ms, struct fail *fail)
{
    struct time_between_state *state = context;
    state->bins[bin_of(time_ms)]++;
    return query_times_add(&state->times, time_ms, fail);
}

static bool customer(struct query_worker *worker, uint32_t c, struct fail *fail)
{
    struct time_between_state *state = worker->state;
    size_t before = query_times_count(&state->times);
    if (!each_pair(worker, &state->places, c, count_pair, state, fail)) {
        return false;
    }
    state->customers += query_times_count(&state->times) > before ? 1 : 0;
    return true;
}

static bool narrow_batch(struct query_worker *worker, struct fail *fail)
{
    struct time_between_state *state = worker->state;
    struct query_times *times = &state->times;
    const size_t brief = times->brief.count, longer = times->longer.count;
    if (!mark_batch(worker, &state->places, fail)) {
        return false;
    }
    const struct query_pairs pairs = {.from = state->places.of[FROM_MATCHER].words,
                                      .to = state->places.of[TO_MATCHER].words,
                                      .rows = worker->rows,
                                      .window_ms = body_of(worker)->window_ms};
    if (!query_pairs_find(&pairs, worker, times, &state->customers, fail)) {
        return false;
    }
    for (size_t i = brief; i < times->brief.count; i++) {
        state->bins[bin_of(((const uint32_t *)times->brief.data)[i])]++;
    }
    for (size_t i = longer; i < times->longer.count; i++) {
        state->bins[bin_of((int64_t)((const double *)times->longer.data)[i])]++;
    }
    return true;
}

static bool merge(struct query_workers *workers, struct fail *fail)
{
    struct time_between_state *into = workers->list[0]->state;
    for (int i = 1; i < workers->count; i++) {
        const struct time_between_state *from = workers->list[i]->state;
        into->customers += from->customers;
        for (size_t bin = 0; bin < BINS; bin++) {
            into->bins[bin] += from->bins[bin];
        }
        if (!query_times_append(&into->times, &from->times, fail)) {
            return false;
        }
    }
    query_workers_keep_first(workers);
    return true;
}

static void write_histogram(struct json_writer *w, const struct time_between_state *state)
{
    json_name_c(w, "histogram");
    json_begin_array(w);
    for (size_t bin = 0; bin < BINS; bin++) {
        json_begin_object(w);
        json_name_c(w, "from_ms");
        json_write_int(w, edges_ms[bin]);
        json_name_c(w, "to_ms");
        if (bin + 1 < BINS) {
            json_write_int(w, edges_ms[bin + 1]);
        } else {
            json_write_null(w);
        }
        json_name_c(w, "count");
        json_write_uint(w, state->bins[bin]);
        json_end_object(w);
    }
    json_end_array(w);
}

static void write_times(struct json_writer *w, struct time_between_state *state)
{
    size_t count = query_times_count(&state->times);
    json_name_c(w, "count");
    json_write_uint(w, count);
    json_name_c(w, "customers");
    json_write_uint(w, state->customers);
    int64_t times_ms[ARRAY_LEN(percents)];
    if (count > 0) {
        query_times_percentiles(&state->times, percents, ARRAY_LEN(percents), times_ms);
    }
    for (size_t i = 0; i < ARRAY_LEN(percents); i++) {
        json_name_c(w, percent_names[i]);
        if (count == 0) {
            json_write_null(w);
        } else {
            json_write_int(w, times_ms[i]);
        }
    }
    write_histogram(w, state);
}

static bool write_range(struct query_exec *exec, const void *shown, const void **out_shown,
                        struct json_writer *w, struct fail *fail)
{
    (void)shown;
    (void)out_shown;
    struct query_pass pass = pass_of(exec->plan);
    struct query_workers workers = {.list = NULL};
    pass.start = start;
    pass.customer = customer;
    pass.narrow = QUERY_NARROW_MASKS;
    pass.narrow_batch = narrow_batch;
    bool ok = query_pass_run(exec, &pass, &workers, fail) && merge(&workers, fail);
    if (ok) {
        write_times(w, workers.list[0]->state);
    }
    query_workers_free(&workers);
    return ok;
}

static bool time_between_run(struct query_exec *exec, struct json_writer *w, struct fail *fail)
{
    static const struct query_part part = {.write = write_range};
    return query_part_write(exec, &part, w, fail);
}

/* ---- open ---- */

struct sought {
    const struct time_between_body *body;
    uint64_t found;
};

static bool note_pair(void *context, int64_t time_ms, struct fail *fail)
{
    struct sought *sought = context;
    (void)fail;
    if (!sought->body->open.by_bin || bin_of(time_ms) == sought->body->open.bin) {
        sought->found++;
    }
    return true;
}

static bool open_start(struct query_worker *worker, void **out_own, struct fail *fail)
{
    *out_own = arena_array(worker->arena, 1, sizeof(struct time_between_places), fail);
    return *out_own != NULL;
}

static bool open_belongs(struct query_worker *worker, uint32_t c, bool *out,
                         struct store_value *out_value, struct fail *fail)
{
    struct sought sought = {.body = body_of(worker)};
    if (!each_pair(worker, query_list_state(worker)->own, c, note_pair, &sought, fail)) {
        return false;
    }
    *out = sought.found > 0;
    *out_value = store_value_uint(sought.found);
    return true;
}

static bool time_between_open(struct query_exec *exec, struct query_list_job *job,
                              struct fail *fail)
{
    (void)fail;
    job->pass = pass_of(exec->plan);
    job->with_value = true;
    job->said_from_ms = exec->plan->range.from_ms;
    job->said_to_ms = exec->plan->range.to_ms;
    job->start = open_start;
    job->belongs = open_belongs;
    return true;
}

const struct query_kind query_kind_time_between = {.name = "time_between",
                                                   .parse = time_between_parse,
                                                   .run = time_between_run,
                                                   .open = time_between_open};
