/* Scores: counted by interval and group, shown with their uncertainty. */
#include "query_score.h"

#include "query_answer.h"
#include "query_compare.h"
#include "query_kind.h"
#include "query_score_place.h"
#include "query_tally.h"

struct score_tally {
    struct score_cell *cells; /* by interval; NULL when ranking */
    uint64_t answers;
};

static const struct score_body *body_of(const struct query_worker *worker)
{
    return worker->exec->plan->body;
}

static bool make(struct query_worker *worker, void **out, struct fail *fail)
{
    struct score_tally *tally = arena_array(worker->arena, 1, sizeof *tally, fail);
    if (tally == NULL) {
        return false;
    }
    if (!query_tally_job(worker)->rank_only) {
        tally->cells = arena_array(worker->arena, body_of(worker)->intervals.count,
                                   sizeof *tally->cells, fail);
        if (tally->cells == NULL) {
            return false;
        }
    }
    *out = tally;
    return true;
}

static bool merge(struct query_worker *worker, void *into, const void *from, struct fail *fail)
{
    (void)fail;
    struct score_tally *to = into;
    const struct score_tally *other = from;
    to->answers += other->answers;
    for (size_t i = 0; to->cells != NULL && i < body_of(worker)->intervals.count; i++) {
        score_cell_merge(&to->cells[i], &other->cells[i]);
    }
    return true;
}

static bool rank(struct query_worker *worker, const void *tally, double *out, struct fail *fail)
{
    (void)worker;
    (void)fail;
    *out = (double)((const struct score_tally *)tally)->answers;
    return true;
}

/* What one event counts as: the matchers that it fits, and whether an asking stayed without answer. */
struct counted {
    uint64_t bits;
    bool is_silent, is_answer;
    unsigned level;
};

static void count(struct score_tally *tally, size_t interval, const struct counted *event)
{
    static const enum score_matcher matchers[] = {SCORE_ASKED, SCORE_SHOWN, SCORE_STARTED,
                                                  SCORE_FINISHED};
    tally->answers += event->is_answer ? 1 : 0;
    if (tally->cells == NULL) {
        return;
    }
    struct score_cell *cell = &tally->cells[interval];
    if (event->is_answer) {
        cell->levels[event->level]++;
    }
    for (size_t i = 0; i < ARRAY_LEN(matchers); i++) {
        cell->ways[i] += (event->bits & SCORE_BIT(matchers[i])) != 0 ? 1 : 0;
    }
    cell->ways[WAY_SILENT] += event->is_silent ? 1 : 0;
}

static struct counted look_at(struct query_worker *worker, const struct score_own *own, uint32_t c,
                              uint32_t row)
{
    const struct score_body *body = body_of(worker);
    struct counted event = {.bits = worker->masks[row]};
    const struct store_value *value;
    event.is_answer = (event.bits & SCORE_BIT(SCORE_ANSWER)) != 0 &&
                      query_row_values(worker, body->score, c, row, &value) > 0 &&
                      score_level(body, *value, &event.level);
    event.is_silent =
        (event.bits & SCORE_BIT(SCORE_ASKED)) != 0 && score_is_silent(worker, own, c, row);
    return event;
}

static bool count_row(struct query_worker *worker, size_t interval, uint32_t c, uint32_t row,
                      struct fail *fail)
{
    struct query_tally_state *state = query_tally_state(worker);
    struct counted event = look_at(worker, state->own, c, row);
    if (state->groups.spec.by == NULL) {
        count(state->whole, interval, &event);
        return true;
    }
    if (!query_groups_of_row(&state->groups, worker, c, row, fail)) {
        return false;
    }
    for (size_t g = 0; g < state->groups.id_count; g++) {
        void *tally;
        if (!query_tally_at(worker, state->groups.ids[g], &tally, fail)) {
            return false;
        }
        count(tally, interval, &event);
    }
    return true;
}

#define COUNTED_MATCHERS                                                                           \
    (SCORE_BIT(SCORE_ANSWER) | SCORE_BIT(SCORE_ASKED) | SCORE_BIT(SCORE_SHOWN) |                   \
     SCORE_BIT(SCORE_STARTED) | SCORE_BIT(SCORE_FINISHED))

static bool customer(struct query_worker *worker, uint32_t c, struct fail *fail)
{
    const struct score_body *body = body_of(worker);
    const struct query_range *range = &worker->exec->plan->range;
    const struct store_rows *rows = worker->rows;
    if (!score_own_load(worker, query_tally_state(worker)->own, c, fail)) {
        return false;
    }
    for (uint32_t row = rows->row_begin[c]; row < rows->row_begin[c + 1]; row++) {
        int64_t ts_ms = rows->ts_ms[row];
        if ((worker->masks[row] & COUNTED_MATCHERS) == 0 || ts_ms < range->from_ms) {
            continue;
        }
        if (ts_ms >= range->to_ms) {
            break;
        }
        if (!count_row(worker, zone_intervals_find(&body->intervals, ts_ms), c, row, fail)) {
            return false;
        }
    }
    return true;
}

static const struct query_tally_ops ops = {
    .make = make, .merge = merge, .rank = rank, .start = score_own_new, .customer = customer};

static void prepare(const struct query_plan *plan, struct query_tally_job *job)
{
    const struct score_body *body = plan->body;
    /* Up to now: who was asked in the range may have answered after it. */
    int64_t after_now_ms = query_ms_add(plan->now_ms, 1);
    *job = (struct query_tally_job){
        .ops = &ops,
        .whole = plan->breakdown == NULL,
        .foldable = true,
        .cells = body->intervals.count * (SCORE_LEVELS + WAYS),
        .pass = {.from_ms = plan->range.from_ms,
                 .to_ms = plan->range.to_ms > after_now_ms ? plan->range.to_ms : after_now_ms,
                 .matchers = COUNTED_MATCHERS | SCORE_BIT(SCORE_REPLIED)},
        .spec = {.by = plan->breakdown},
    };
}

/* ---- the answer ---- */

static const struct score_tally *tally_of(const struct query_tallies *tallies, bool grouped,
                                          size_t g)
{
    return grouped ? tallies->by_group[g] : tallies->whole;
}

static struct score_cell total_of(const struct score_body *body, const struct score_tally *tally)
{
    struct score_cell total = {0};
    for (size_t i = 0; i < body->intervals.count; i++) {
        score_cell_merge(&total, &tally->cells[i]);
    }
    return total;
}

/* What stands beside the counts of the asked range; each NULL where there is none. */
struct beside {
    const struct query_score_frame *frame;      /* of what is adjusted */
    const struct score_difference *differences; /* from the range compared with, by group */
};

static bool write_group(struct query_exec *exec, const struct query_tallies *tallies, size_t g,
                        const struct beside *beside, struct json_writer *w, struct fail *fail)
{
    const struct score_body *body = exec->plan->body;
    bool grouped = exec->plan->breakdown != NULL;
    const struct score_tally *tally = tally_of(tallies, grouped, g);
    struct query_score_adjusted *adjusted = NULL;
    if (beside->frame != NULL &&
        !query_score_adjust_cells(exec, beside->frame, grouped ? g : SIZE_MAX, &adjusted, fail)) {
        return false;
    }
    json_begin_object(w);
    json_name_c(w, "group");
    if (grouped) {
        json_write_str(w, tallies->names[g]);
    } else {
        json_write_null(w);
    }
    json_name_c(w, "values");
    json_begin_array(w);
    for (size_t i = 0; i < body->intervals.count; i++) {
        if (!score_cell_write(body, &tally->cells[i], adjusted, i, w, fail)) {
            return false;
        }
    }
    json_end_array(w);
    struct score_cell total = total_of(body, tally);
    json_name_c(w, "total");
    if (!score_cell_write(body, &total, adjusted, body->intervals.count, w, fail)) {
        return false;
    }
    if (beside->differences != NULL) {
        score_difference_write(w, &beside->differences[g]);
    }
    json_end_object(w);
    return true;
}

/* "intervals", "series" of exec->plan's range. */
static bool write_tallies(struct query_exec *exec, const struct query_tallies *tallies,
                          const struct beside *beside, struct json_writer *w, struct fail *fail)
{
    const struct score_body *body = exec->plan->body;
    size_t count = exec->plan->breakdown != NULL ? tallies->count : 1;
    query_answer_labels(w, "intervals", exec->plan, body->interval, &body->intervals);
    json_name_c(w, "series");
    json_begin_array(w);
    for (size_t g = 0; g < count; g++) {
        if (!write_group(exec, tallies, g, beside, w, fail)) {
            return false;
        }
    }
    json_end_array(w);
    return true;
}

static void write_partial(const struct query_plan *plan, struct json_writer *w)
{
    const struct score_body *body = plan->body;
    query_answer_partial(w, plan, body->interval, &body->intervals, &plan->range);
}

static bool compare(struct query_exec *exec, const struct query_tallies *now,
                    const struct query_tallies *before, const struct score_difference **out,
                    struct fail *fail)
{
    const struct query_plan *plan = exec->plan;
    bool grouped = plan->breakdown != NULL;
    size_t count_of = grouped ? now->count : 1;
    struct score_difference *list = arena_array(exec->arena, count_of, sizeof *list, fail);
    if (list == NULL) {
        return false;
    }
    for (size_t g = 0; g < count_of; g++) {
        struct score_cell a = total_of(plan->previous->body, tally_of(before, grouped, g));
        struct score_cell b = total_of(plan->body, tally_of(now, grouped, g));
        if (!score_cell_compare(plan->body, &a, &b, &list[g], fail)) {
            return false;
        }
    }
    *out = list;
    return score_differences_adjust(list, count_of, exec->arena, fail);
}

static bool run_previous(struct query_exec *exec, const struct query_tallies *asked,
                         struct query_tallies *out, struct fail *fail)
{
    const struct query_plan *plan = exec->plan;
    struct query_tally_job job;
    exec->plan = plan->previous;
    prepare(exec->plan, &job);
    bool ok = query_tally_run(exec, &job, asked, out, fail);
    exec->plan = plan;
    return ok;
}

static bool write_previous(struct query_exec *exec, const struct query_tallies *tallies,
                           struct json_writer *w, struct fail *fail)
{
    const struct query_plan *plan = exec->plan;
    const struct beside nothing = {NULL, NULL};
    json_name_c(w, "previous");
    json_begin_object(w);
    exec->plan = plan->previous;
    bool ok = write_tallies(exec, tallies, &nothing, w, fail);
    write_partial(exec->plan, w);
    query_part_range(w, exec->plan);
    exec->plan = plan;
    json_end_object(w);
    return ok;
}

/* The asked range bears the differences from the other one, so that both are counted before either is written. */
static bool write_compared(struct query_exec *exec, const struct query_tallies *tallies,
                           struct beside *beside, struct json_writer *w, struct fail *fail)
{
    struct query_tallies previous = {.whole = NULL};
    bool ok = run_previous(exec, tallies, &previous, fail) &&
              compare(exec, tallies, &previous, &beside->differences, fail) &&
              write_tallies(exec, tallies, beside, w, fail) &&
              write_previous(exec, &previous, w, fail);
    query_tallies_free(&previous);
    return ok;
}

/* The frame of all groups together; NULL where nothing is to be adjusted. */
static bool adjust(struct query_exec *exec, const struct score_body *body,
                   const struct query_tallies *tallies, const struct query_score_frame **out,
                   struct fail *fail)
{
    const struct query_score_groups groups = {tallies->names, tallies->count, tallies->has_other};
    struct query_score_frame *frame = NULL;
    if (body->adjusted &&
        !query_score_adjust_run(exec, &body->adjust, &body->intervals, &groups, &frame, fail)) {
        return false;
    }
    *out = frame;
    return true;
}

static bool score_run(struct query_exec *exec, struct json_writer *w, struct fail *fail)
{
    const struct score_body *body = exec->plan->body;
    struct beside beside = {NULL, NULL};
    struct query_tally_job job;
    struct query_tallies tallies = {.whole = NULL};
    prepare(exec->plan, &job);
    json_name_c(w, "metric");
    json_write_c(w, query_metrics[body->metric]);
    json_name_c(w, "least");
    json_write_uint(w, body->least);
    bool ok = query_tally_run(exec, &job, NULL, &tallies, fail) &&
              adjust(exec, body, &tallies, &beside.frame, fail) &&
              (exec->plan->previous != NULL ? write_compared(exec, &tallies, &beside, w, fail)
                                            : write_tallies(exec, &tallies, &beside, w, fail));
    if (ok) {
        write_partial(exec->plan, w);
    }
    query_tallies_free(&tallies);
    return ok;
}

/* ---- open ---- */

/* How often the customer is counted in the opened number by this event: 0 or 1. */
static bool is_in_cell(struct query_worker *worker, const struct score_own *own, uint32_t c,
                       uint32_t row)
{
    static const enum score_matcher matchers[WAYS] = {SCORE_ASKED, SCORE_SHOWN, SCORE_STARTED,
                                                      SCORE_FINISHED, SCORE_ASKED};
    const struct score_body *body = worker->exec->plan->body;
    const struct store_value *value;
    unsigned level;
    if (body->open.what == SCORE_OPEN_WAY) {
        return (worker->masks[row] & SCORE_BIT(matchers[body->open.way])) != 0 &&
               (body->open.way != WAY_SILENT || score_is_silent(worker, own, c, row));
    }
    return (worker->masks[row] & SCORE_BIT(SCORE_ANSWER)) != 0 &&
           query_row_values(worker, body->score, c, row, &value) > 0 &&
           score_level(body, *value, &level) && level >= body->open.low && level <= body->open.high;
}

static bool open_belongs(struct query_worker *worker, uint32_t c, bool *out,
                         struct store_value *out_value, struct fail *fail)
{
    const struct score_body *body = worker->exec->plan->body;
    const struct store_rows *rows = worker->rows;
    struct score_own *own = query_list_state(worker)->own;
    uint64_t parts = 0;
    if (!score_own_load(worker, own, c, fail)) {
        return false;
    }
    for (uint32_t row = rows->row_begin[c]; row < rows->row_begin[c + 1]; row++) {
        bool in_group;
        if (rows->ts_ms[row] < body->open.from_ms || rows->ts_ms[row] >= body->open.to_ms ||
            !is_in_cell(worker, own, c, row)) {
            continue;
        }
        if (!query_list_in_group(worker, c, row, &in_group, fail)) {
            return false;
        }
        parts += in_group ? 1 : 0;
    }
    *out = parts > 0;
    *out_value = store_value_uint(parts);
    return true;
}

/* ---- open: who is behind the adjusted score ---- */

struct opened_frame { /* the context of the list */
    bool were_asked;
};

static bool frame_new(struct query_worker *worker, void **out, struct fail *fail)
{
    struct score_places *places = arena_array(worker->arena, 1, sizeof *places, fail);
    if (places != NULL) {
        score_places_init(places, worker);
    }
    *out = places;
    return places != NULL;
}

static bool frame_belongs(struct query_worker *worker, uint32_t c, bool *out,
                          struct store_value *out_value, struct fail *fail)
{
    const struct score_body *body = worker->exec->plan->body;
    const struct opened_frame *frame = query_list_job(worker)->context;
    struct score_places *places = query_list_state(worker)->own;
    uint64_t parts = 0;
    if (!score_places_find(places, worker, &body->adjust, frame->were_asked, c, fail)) {
        return false;
    }
    const struct score_asking *list = places->list.data;
    for (size_t i = 0; i < places->list.count; i++) {
        bool in_group;
        int64_t ts_ms = worker->rows->ts_ms[list[i].row];
        if (ts_ms < body->open.from_ms || ts_ms >= body->open.to_ms ||
            (body->open.frame != SCORE_FRAME_ALL &&
             list[i].answered != (body->open.frame == SCORE_FRAME_ANSWERED))) {
            continue;
        }
        if (!query_list_in_group(worker, c, list[i].row, &in_group, fail)) {
            return false;
        }
        parts += in_group ? 1 : 0;
    }
    *out = parts > 0;
    *out_value = store_value_uint(parts);
    return true;
}

/* The places that the estimate was made of, found by the same rules. */
static bool open_frame(struct query_exec *exec, struct query_list_job *job, struct fail *fail)
{
    const struct score_body *body = exec->plan->body;
    const struct query_score_adjust *adjust = &body->adjust;
    struct opened_frame *frame = arena_array(exec->arena, 1, sizeof *frame, fail);
    if (frame == NULL || !score_places_were_asked(exec, adjust, &frame->were_asked, fail)) {
        return false;
    }
    job->pass.to_ms = score_places_end_ms(exec);
    job->pass.matchers = UINT64_C(1) << adjust->asked | UINT64_C(1) << adjust->answer;
    job->pass.every_event = true;
    job->context = frame;
    job->start = frame_new;
    job->belongs = frame_belongs;
    return true;
}

static bool score_open(struct query_exec *exec, struct query_list_job *job, struct fail *fail)
{
    const struct score_body *body = exec->plan->body;
    struct query_tally_job counting;
    prepare(exec->plan, &counting);
    job->pass = counting.pass;
    job->pass.from_ms = body->open.from_ms;
    if (body->open.what == SCORE_OPEN_ANSWERS || body->open.what == SCORE_OPEN_LEVELS) {
        job->pass.matchers = SCORE_BIT(SCORE_ANSWER);
    }
    job->with_value = true;
    job->other_number = !body->open.is_number;
    job->said_from_ms = body->open.from_ms;
    job->said_to_ms = body->open.to_ms;
    job->start = score_own_new;
    job->belongs = open_belongs;
    return (body->open.what != SCORE_OPEN_FRAME || open_frame(exec, job, fail)) &&
           query_list_group(exec, prepare, job, fail);
}

const struct query_kind query_kind_score = {.name = "score",
                                            .counts_no_customers = true,
                                            .parse = score_parse,
                                            .run = score_run,
                                            .open = score_open};
