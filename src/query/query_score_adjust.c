/* Who was asked, what they had done before, and what they said. */
#include "query_score_frame.h"

#include <math.h>
#include <stdlib.h>

#include "base_thread.h"
#include "query_group.h"
#include "query_score_place.h"

/* ---- the plan ------------------------------------------------------------------------------------- */

static double nps_counts_as(double answer)
{
    return answer >= 9 ? 100 : answer >= 7 ? 0 : -100;
}

static double csat_counts_as(double answer)
{
    return answer >= 4;
}

static double mean_counts_as(double answer)
{
    return answer;
}

static const struct {
    double scale_lowest, scale_highest, lowest, highest;
    double (*counts_as)(double answer);
} scales[QUERY_METRICS] = {
    /* as query_metrics: nps, csat, ces, stars */
    {0, 10, -100, 100, nps_counts_as},
    {1, 5, 0, 1, csat_counts_as},
    {1, 7, 1, 7, mean_counts_as},
    {1, 5, 1, 5, mean_counts_as},
};

void query_score_adjust_parse(struct query_parser *parser, size_t metric,
                              struct query_score_adjust *into)
{
    INVARIANT(metric < QUERY_METRICS);
    into->channel = (struct query_name){
        QUERY_FROM_ROW_COLUMN, query_parse_quiet_column(parser, STORE_COLUMN_CHANNEL, STR(""))};
    into->scale_lowest = scales[metric].scale_lowest;
    into->scale_highest = scales[metric].scale_highest;
    into->lowest = scales[metric].lowest;
    into->highest = scales[metric].highest;
    into->counts_as = scales[metric].counts_as;
}

/* ---- gathering ------------------------------------------------------------------------------------ */

struct job {
    const struct query_score_adjust *adjust;
    const struct zone_intervals *intervals;
    struct query_groups_spec groups;
    struct past_columns columns;
    bool was_asked;
};

static const struct job *job_of(const struct query_worker *worker)
{
    return worker->pass->context;
}

struct gather { /* of a worker */
    struct query_vec places, members;
    struct score_places found; /* of one customer */
    struct query_groups groups;
    struct score_past past;
};

static bool start(struct query_worker *worker, struct fail *fail)
{
    struct gather *gather = arena_array(worker->arena, 1, sizeof *gather, fail);
    if (gather == NULL) {
        return false;
    }
    struct base_budget *budget = worker->exec->budget;
    query_vec_init(&gather->places, worker->arena, budget, sizeof(struct score_place));
    query_vec_init(&gather->members, worker->arena, budget, sizeof(struct score_member));
    score_places_init(&gather->found, worker);
    worker->state = gather;
    return job_of(worker)->groups.by == NULL ||
           query_groups_init(&gather->groups, &job_of(worker)->groups, worker->arena, fail);
}

/* What was said at a row of the answer's matcher. */
static double said_at(struct query_worker *worker, uint32_t c, uint32_t row)
{
    const struct query_score_adjust *adjust = job_of(worker)->adjust;
    const struct store_value *values;
    double said = query_row_values(worker, adjust->score, c, row, &values) > 0
                      ? store_value_number(values[0])
                      : adjust->scale_lowest;
    return adjust->counts_as(fmin(fmax(said, adjust->scale_lowest), adjust->scale_highest));
}

/* A customer's place in the frame, the `ordinal`th. */
static bool add_place(struct query_worker *worker, uint32_t c, const struct score_asking *asking,
                      uint32_t ordinal, struct fail *fail)
{
    const struct job *job = job_of(worker);
    struct gather *gather = worker->state;
    struct score_place *place = query_vec_add(&gather->places, fail);
    if (place == NULL) {
        return false;
    }
    *place =
        (struct score_place){.customer = worker->rows->customers[c],
                             .ordinal = ordinal,
                             .answered = asking->answered,
                             .said = asking->answered ? said_at(worker, c, asking->answer_row) : 0};
    if (job->was_asked) {
        place->interval = (uint32_t)zone_intervals_find(job->intervals, asking->at_ms);
    }
    score_past_advance(&gather->past, &job->columns, worker, asking->at_ms);
    score_past_features(&gather->past, worker, asking->at_ms, place->features);
    if (job->groups.by == NULL) {
        return true;
    }
    uint32_t number = place->customer;
    if (!query_groups_of_row(&gather->groups, worker, c, asking->row, fail)) {
        return false;
    }
    for (size_t i = 0; i < gather->groups.id_count; i++) {
        struct score_member *member = query_vec_add(&gather->members, fail);
        if (member == NULL) {
            return false;
        }
        *member = (struct score_member){number, ordinal, gather->groups.ids[i]};
    }
    return true;
}

static bool customer(struct query_worker *worker, uint32_t c, struct fail *fail)
{
    const struct job *job = job_of(worker);
    struct gather *gather = worker->state;
    score_past_begin(&gather->past, worker, c);
    if (!score_places_find(&gather->found, worker, job->adjust, job->was_asked, c, fail)) {
        return false;
    }
    const struct score_asking *list = gather->found.list.data;
    for (size_t i = 0; i < gather->found.list.count; i++) {
        if (!add_place(worker, c, &list[i], (uint32_t)i, fail)) {
            return false;
        }
    }
    return true;
}

/* ---- the frame ------------------------------------------------------------------------------------ */

static int compare_places(const void *a, const void *b)
{
    const struct score_place *const *x = a, *const *y = b;
    if ((*x)->customer != (*y)->customer) {
        return (*x)->customer < (*y)->customer ? -1 : 1;
    }
    return (*x)->ordinal < (*y)->ordinal ? -1 : (*x)->ordinal > (*y)->ordinal;
}

/* Where a member's place stands in the sorted list. */
static size_t place_of(const struct score_place *const *list, size_t count,
                       const struct score_member *member)
{
    const struct score_place wanted = {.customer = member->customer, .ordinal = member->ordinal};
    const struct score_place *key = &wanted;
    size_t low = 0, high = count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (compare_places(&list[middle], &key) < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

/* Groups by their number in the answer; with bins the table's numbers are the edges'. */
static size_t group_of(const struct query_groups *table, const struct query_score_groups *groups,
                       uint32_t id)
{
    struct str name = query_groups_name(table, id);
    if (table->spec.by->edge_count == 0) {
        return id;
    }
    for (size_t g = 0; g < groups->count; g++) {
        if (str_equal(groups->names[g], name)) {
            return g;
        }
    }
    return SIZE_MAX;
}

static bool take_members(const struct query_workers *workers,
                         const struct query_score_groups *groups,
                         const struct score_place *const *list, struct query_score_frame *frame,
                         struct fail *fail)
{
    for (int i = 0; i < workers->count; i++) {
        const struct gather *gather = workers->list[i]->state;
        const struct score_member *members = gather->members.data;
        for (size_t k = 0; k < gather->members.count; k++) {
            size_t group = group_of(&gather->groups, groups, members[k].group);
            if (group >= groups->count) {
                continue;
            }
            struct score_belongs *one = query_vec_add(frame->belongs, fail);
            if (one == NULL) {
                return false;
            }
            *one = (struct score_belongs){(uint32_t)group,
                                          (uint32_t)place_of(list, frame->data.rows, &members[k])};
        }
    }
    return true;
}

static int compare_belongs(const void *a, const void *b)
{
    const struct score_belongs *x = a, *y = b;
    if (x->group != y->group) {
        return x->group < y->group ? -1 : 1;
    }
    return x->place < y->place ? -1 : x->place > y->place;
}

/* From the workers' lists to one table in the order of customers. */
static bool settle(struct query_exec *exec, const struct query_workers *workers,
                   const struct query_score_groups *groups, struct query_score_frame *frame,
                   struct fail *fail)
{
    size_t count = 0;
    for (int i = 0; i < workers->count; i++) {
        const struct gather *gather = workers->list[i]->state;
        count += gather->places.count;
        frame->unasked += gather->found.unasked;
    }
    const struct score_place **list = arena_array(exec->arena, count, sizeof *list, fail);
    float *features = arena_array(exec->arena, count, PAST_FEATURES * sizeof *features, fail);
    bool *answered = arena_array(exec->arena, count, sizeof *answered, fail);
    double *said = arena_array(exec->arena, count, sizeof *said, fail);
    frame->interval = arena_array(exec->arena, count, sizeof *frame->interval, fail);
    if (list == NULL || features == NULL || answered == NULL || said == NULL ||
        frame->interval == NULL) {
        return false;
    }
    size_t at = 0;
    for (int i = 0; i < workers->count; i++) {
        const struct gather *gather = workers->list[i]->state;
        const struct score_place *places = gather->places.data;
        for (size_t k = 0; k < gather->places.count; k++) {
            list[at++] = &places[k];
        }
    }
    qsort(list, count, sizeof *list, compare_places);
    for (size_t i = 0; i < count; i++) {
        memcpy(features + i * PAST_FEATURES, list[i]->features, sizeof list[i]->features);
        answered[i] = list[i]->answered;
        said[i] = list[i]->said;
        frame->interval[i] = list[i]->interval;
        frame->answered += answered[i];
    }
    frame->data.features = features;
    frame->data.answered = answered;
    frame->data.y = said;
    frame->data.rows = count;
    if (!take_members(workers, groups, list, frame, fail)) {
        return false;
    }
    if (frame->belongs->count > 0) {
        qsort(frame->belongs->data, frame->belongs->count, frame->belongs->size, compare_belongs);
    }
    return true;
}

static bool gather_frame(struct query_exec *exec, const struct job *job,
                         const struct query_score_groups *groups, struct query_score_frame *frame,
                         struct fail *fail)
{
    const struct query_pass pass = {.from_ms = INT64_MIN,
                                    .to_ms = score_places_end_ms(exec),
                                    .matchers = job->columns.asked | job->columns.answer,
                                    .every_event = true,
                                    .start = start,
                                    .customer = customer,
                                    .context = job};
    struct query_workers workers = {.list = NULL};
    bool ok =
        query_pass_run(exec, &pass, &workers, fail) && settle(exec, &workers, groups, frame, fail);
    query_workers_free(&workers);
    return ok;
}

bool query_score_adjust_run(struct query_exec *exec, const struct query_score_adjust *adjust,
                            const struct zone_intervals *intervals,
                            const struct query_score_groups *groups, struct query_score_frame **out,
                            struct fail *fail)
{
    const struct query_breakdown *by = exec->plan->breakdown;
    struct job job = {
        .adjust = adjust,
        .intervals = intervals,
        .groups = {.by = by,
                   .names = groups->names,
                   .count = groups->count - (groups->has_other ? 1 : 0),
                   .with_other = groups->has_other},
        .columns = {.asked = UINT64_C(1) << adjust->asked,
                    .answer = UINT64_C(1) << adjust->answer,
                    .score = adjust->score,
                    .channel = adjust->channel,
                    .lowest = adjust->scale_lowest,
                    .highest = adjust->scale_highest},
    };
    struct query_score_frame *frame = arena_array(exec->arena, 1, sizeof *frame, fail);
    if (frame == NULL || !past_columns_choose(exec, &job.columns, fail) ||
        !score_places_were_asked(exec, adjust, &job.was_asked, fail)) {
        return false;
    }
    frame->belongs = arena_array(exec->arena, 1, sizeof *frame->belongs, fail);
    if (frame->belongs == NULL) {
        return false;
    }
    query_vec_init(frame->belongs, exec->arena, exec->budget, sizeof(struct score_belongs));
    frame->data = (struct stats_nonresponse_frame){
        .columns = PAST_FEATURES, .lowest = adjust->lowest, .highest = adjust->highest};
    frame->was_asked = job.was_asked;
    frame->least = adjust->least;
    frame->interval_count = intervals->count;
    /* Who did not answer has no event that could bear a value of the event's own. */
    frame->no_groups = by != NULL && !job.was_asked && !query_name_is_of_customer(by->name);
    *out = frame;
    struct fail why;
    if (gather_frame(exec, &job, groups, frame, &why)) {
        return query_score_frame_learn(exec, frame, fail);
    }
    query_exec_warn(exec, "adjusted: cannot be estimated: %s", why.message);
    return !query_score_is_over(exec, &why, fail);
}
