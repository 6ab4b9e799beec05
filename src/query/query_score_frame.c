/* What was learnt from the frame, and the estimate of each cell. */
#include "query_score_frame.h"

struct cell {
    bool known;
    struct stats_nonresponse found;
    size_t places;
};
struct query_score_adjusted {
    struct cell *cells; /* of each interval, then of the whole range */
};

bool query_score_is_over(struct query_exec *exec, const struct fail *why, struct fail *fail)
{
    struct fail due;
    bool over = why->code != FAIL_INPUT && why->code != FAIL_LIMIT;
    if (over || (exec->cancel != NULL && base_cancel_due(exec->cancel, &due))) {
        *fail = *why;
        return true;
    }
    return false;
}

bool query_score_frame_learn(struct query_exec *exec, struct query_score_frame *frame,
                             struct fail *fail)
{
    const struct stats_nonresponse_options options = {.cancel = exec->cancel};
    struct fail why;
    if (!frame->was_asked) {
        query_exec_warn(exec,
                        "adjusted: nobody was asked in the range, so everybody who was active "
                        "in it counts as having been able to answer; only the whole range is "
                        "adjusted");
    } else if (frame->unasked > 0) {
        query_exec_warn(
            exec,
            "adjusted: %llu answers of the range belong to no asking in it and are left "
            "out of the adjusted score",
            (unsigned long long)frame->unasked);
    }
    if (frame->no_groups) {
        query_exec_warn(exec, "adjusted: who did not answer has no value of the breakdown; only a "
                              "breakdown by the customer's own can be adjusted where nobody was "
                              "asked");
    }
    if (frame->data.rows == 0) {
        query_exec_warn(exec, "adjusted: nobody could have answered in the range");
        return true;
    }
    frame->learnt =
        stats_nonresponse_learn(exec->arena, &frame->data, &options, &frame->model, &why);
    if (!frame->learnt) {
        if (query_score_is_over(exec, &why, fail)) {
            return false;
        }
        query_exec_warn(exec, "adjusted: cannot be estimated: %s", why.message);
    }
    return true;
}

/* The places of a group, in order; all where `group` is SIZE_MAX. */
static bool places_of(struct query_exec *exec, const struct query_score_frame *frame, size_t group,
                      size_t **out, size_t *out_count, struct fail *fail)
{
    const struct score_belongs *belongs = frame->belongs->data;
    size_t most = group == SIZE_MAX ? frame->data.rows : frame->belongs->count;
    size_t *places = arena_array(exec->arena, most, sizeof *places, fail);
    size_t count = 0;
    if (places == NULL) {
        return false;
    }
    for (size_t i = 0; i < most; i++) {
        if (group == SIZE_MAX) {
            places[count++] = i;
        } else if (belongs[i].group == group) {
            places[count++] = belongs[i].place;
        }
    }
    *out = places;
    *out_count = count;
    return true;
}

static bool estimate(struct query_exec *exec, const struct query_score_frame *frame,
                     const size_t *places, size_t count, struct cell *out, struct fail *fail)
{
    const struct stats_nonresponse_options options = {.cancel = exec->cancel};
    struct arena *arena = arena_new(exec->budget);
    struct fail why;
    bool found = count > 0 && stats_nonresponse_of(arena, &frame->data, &frame->model, places,
                                                   count, &options, &out->found, &why);
    bool over = count > 0 && !found && query_score_is_over(exec, &why, fail);
    out->places = count;
    out->known = found && out->found.answered >= frame->least;
    arena_free(arena);
    return !over;
}

/* The places by interval, each part in their order: begin[i] to begin[i + 1]. */
static bool by_interval(struct query_exec *exec, const struct query_score_frame *frame,
                        const size_t *places, size_t count, size_t **out, size_t **out_begin,
                        struct fail *fail)
{
    size_t *sorted = arena_array(exec->arena, count, sizeof *sorted, fail);
    size_t *begin = arena_array(exec->arena, frame->interval_count + 2, sizeof *begin, fail);
    if (sorted == NULL || begin == NULL) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        begin[frame->interval[places[i]] + 2]++;
    }
    for (size_t i = 2; i < frame->interval_count + 2; i++) {
        begin[i] += begin[i - 1];
    }
    for (size_t i = 0; i < count; i++) {
        sorted[begin[frame->interval[places[i]] + 1]++] = places[i];
    }
    *out = sorted;
    *out_begin = begin;
    return true;
}

static void warn_total(struct query_exec *exec, const struct query_score_frame *frame,
                       const struct cell *total)
{
    if (!total->known) {
        uint64_t least = frame->least > STATS_SCORE_N_MIN ? frame->least : STATS_SCORE_N_MIN;
        query_exec_warn(exec, "adjusted: of fewer than %llu answers no score is shown",
                        (unsigned long long)least);
    }
    if (total->known && total->found.deff > STATS_NONRESPONSE_DEFF_MAX) {
        query_exec_warn(exec,
                        "adjusted: few stand for many: the weights make %zu answers worth %.0f "
                        "(design effect %.1f)",
                        total->found.answered, total->found.n_effective, total->found.deff);
    }
}

bool query_score_adjust_cells(struct query_exec *exec, const struct query_score_frame *frame,
                              size_t group, struct query_score_adjusted **out, struct fail *fail)
{
    struct query_score_adjusted *adjusted = arena_array(exec->arena, 1, sizeof *adjusted, fail);
    size_t *places, *sorted, *begin, count;
    if (adjusted == NULL) {
        return false;
    }
    adjusted->cells =
        arena_array(exec->arena, frame->interval_count + 1, sizeof *adjusted->cells, fail);
    if (adjusted->cells == NULL) {
        return false;
    }
    *out = adjusted;
    if (!frame->learnt || (group != SIZE_MAX && frame->no_groups)) {
        return true;
    }
    struct cell *total = &adjusted->cells[frame->interval_count];
    if (!places_of(exec, frame, group, &places, &count, fail) ||
        !estimate(exec, frame, places, count, total, fail)) {
        return false;
    }
    warn_total(exec, frame, total);
    if (!frame->was_asked) {
        return true;
    }
    if (!by_interval(exec, frame, places, count, &sorted, &begin, fail)) {
        return false;
    }
    for (size_t i = 0; i < frame->interval_count; i++) {
        if (!estimate(exec, frame, sorted + begin[i], begin[i + 1] - begin[i], &adjusted->cells[i],
                      fail)) {
            return false;
        }
    }
    return true;
}

static void number(struct json_writer *w, const char *name, double value)
{
    json_name_c(w, name);
    json_write_double(w, value);
}

void query_score_adjusted_write(struct json_writer *w, const struct query_score_adjusted *adjusted,
                                size_t at)
{
    const struct cell *cell = &adjusted->cells[at];
    const struct stats_nonresponse *found = &cell->found;
    json_name_c(w, "adjusted");
    if (!cell->known) {
        json_write_null(w);
        return;
    }
    json_begin_object(w);
    number(w, "value", found->value);
    number(w, "low", found->low);
    number(w, "high", found->high);
    number(w, "n_effective", found->n_effective);
    number(w, "worst_low", found->worst.low);
    number(w, "worst_high", found->worst.high);
    json_name_c(w, "frame");
    json_write_uint(w, cell->places);
    json_name_c(w, "answered");
    json_write_uint(w, found->answered);
    number(w, "raw", found->raw);
    number(w, "weighted", found->weighted);
    number(w, "deff", found->deff);
    json_name_c(w, "silent");
    if (cell->places == found->answered) {
        json_write_null(w);
    } else {
        json_begin_object(w);
        number(w, "value", found->silent);
        number(w, "low", found->silent_low);
        number(w, "high", found->silent_high);
        json_name_c(w, "n");
        json_write_uint(w, cell->places - found->answered);
        json_end_object(w);
    }
    json_end_object(w);
}
