/* From counts to scores with their uncertainty. */
#include "query_score.h"

#include "stats_compare.h"

#define CONFIDENCE 0.95
#define ALPHA 0.05
/* The comparison is sharpest where both ranges together have about so many answers; it must not follow the
   answers that came, or it would not be valid at every look. */
#define TUNING_N 1000

const struct score_scale score_scales[] = {[SCORE_NPS] = {0, 10, 9},
                                           [SCORE_CSAT] = {1, 5, 4},
                                           [SCORE_CES] = {1, 7, 0},
                                           [SCORE_STARS] = {1, 5, 0}};
const char *const score_ways[WAYS] = {"asked", "shown", "started", "finished", "silent"};

static uint64_t count_from(const struct score_body *body, const struct score_cell *cell,
                           unsigned level)
{
    uint64_t count = 0;
    for (; level <= score_scales[body->metric].high; level++) {
        count += cell->levels[level];
    }
    return count;
}

uint64_t score_cell_n(const struct score_body *body, const struct score_cell *cell)
{
    return count_from(body, cell, score_scales[body->metric].low);
}

void score_cell_merge(struct score_cell *into, const struct score_cell *from)
{
    for (size_t i = 0; i < SCORE_LEVELS; i++) {
        into->levels[i] += from->levels[i];
    }
    for (size_t i = 0; i < WAYS; i++) {
        into->ways[i] += from->ways[i];
    }
}

static bool is_enough(const struct score_body *body, const struct score_cell *cell)
{
    uint64_t n = score_cell_n(body, cell);
    return n >= body->least && n >= SCORE_LEAST_MIN;
}

static bool compute(const struct score_body *body, const struct score_cell *cell,
                    struct stats_score *out, struct fail *fail)
{
    const struct score_scale *scale = &score_scales[body->metric];
    switch (body->metric) {
    case SCORE_NPS:
        return stats_score_nps(cell->levels, CONFIDENCE, out, fail);
    case SCORE_CSAT:
        return stats_score_share(count_from(body, cell, scale->from), score_cell_n(body, cell),
                                 CONFIDENCE, out, fail);
    case SCORE_CES:
    case SCORE_STARS:
        break;
    }
    return stats_score_mean(cell->levels + scale->low, scale->high - scale->low + 1, scale->low,
                            CONFIDENCE, out, fail);
}

static void write_number(struct json_writer *w, const char *name, bool is_there, double value)
{
    json_name_c(w, name);
    if (is_there) {
        json_write_double(w, value);
    } else {
        json_write_null(w);
    }
}

bool score_cell_write(const struct score_body *body, const struct score_cell *cell,
                      const struct query_score_adjusted *adjusted, size_t at, struct json_writer *w,
                      struct fail *fail)
{
    const struct score_scale *scale = &score_scales[body->metric];
    struct stats_score score = {0};
    bool enough = is_enough(body, cell);
    if (enough && !compute(body, cell, &score, fail)) {
        return false;
    }
    json_begin_object(w);
    write_number(w, "value", enough, score.value);
    json_name_c(w, "n");
    json_write_uint(w, score_cell_n(body, cell));
    write_number(w, "low", enough, score.low);
    write_number(w, "high", enough, score.high);
    json_name_c(w, "distribution");
    json_begin_object(w);
    for (unsigned level = scale->low; level <= scale->high; level++) {
        char name[4] = {(char)('0' + level % 10), 0};
        json_name_c(w, level == 10 ? "10" : name);
        json_write_uint(w, cell->levels[level]);
    }
    json_end_object(w);
    for (size_t i = 0; i < WAYS; i++) {
        json_name_c(w, score_ways[i]);
        json_write_uint(w, cell->ways[i]);
    }
    if (adjusted != NULL) {
        query_score_adjusted_write(w, adjusted, at);
    }
    json_end_object(w);
    return true;
}

/* ---- differences ---- */

static bool arm_of(const struct score_body *body, const struct score_cell *cell,
                   struct stats_arm *out, struct fail *fail)
{
    const struct score_scale *scale = &score_scales[body->metric];
    switch (body->metric) {
    case SCORE_NPS:
        return stats_arm_of_nps(stats_nps_of(cell->levels), out, fail);
    case SCORE_CSAT:
        return stats_arm_of_share((double)count_from(body, cell, scale->from),
                                  (double)score_cell_n(body, cell), out, fail);
    case SCORE_CES:
    case SCORE_STARS:
        break;
    }
    return stats_arm_of_answers(cell->levels + scale->low, scale->high - scale->low + 1, scale->low,
                                out, fail);
}

bool score_cell_compare(const struct score_body *body, const struct score_cell *before,
                        const struct score_cell *now, struct score_difference *out,
                        struct fail *fail)
{
    struct stats_arm a, b;
    *out = (struct score_difference){.has_value = is_enough(body, before) && is_enough(body, now)};
    if (!out->has_value) {
        return true;
    }
    if (!arm_of(body, before, &a, fail) || !arm_of(body, now, &b, fail)) {
        return false;
    }
    out->value = b.mean - a.mean;
    if (a.n + b.n < STATS_SEQUENTIAL_N_MIN || !(a.variance + b.variance > 0)) {
        return true; /* too early, or nothing varies: no test */
    }
    struct stats_difference found;
    struct stats_sequential options = {.alpha = ALPHA, .tuning_n = TUNING_N};
    if (!stats_compare_sequential(&a, &b, &options, &found, fail)) {
        return false;
    }
    out->has_test = true;
    out->low = found.low;
    out->high = found.high;
    out->p = found.p_value;
    return true;
}

bool score_differences_adjust(struct score_difference *list, size_t count, struct arena *arena,
                              struct fail *fail)
{
    double *p = arena_array(arena, count, sizeof *p, fail);
    double *adjusted = arena_array(arena, count, sizeof *adjusted, fail);
    size_t *order = arena_array(arena, count, sizeof *order, fail);
    if (p == NULL || adjusted == NULL || order == NULL) {
        return false;
    }
    size_t tests = 0;
    for (size_t i = 0; i < count; i++) {
        if (list[i].has_test) {
            p[tests++] = list[i].p;
        }
    }
    if (tests == 0) {
        return true;
    }
    if (!stats_adjust_bh(p, tests, order, adjusted, fail)) {
        return false;
    }
    tests = 0;
    for (size_t i = 0; i < count; i++) {
        if (list[i].has_test) {
            list[i].p = adjusted[tests++];
        }
    }
    return true;
}

void score_difference_write(struct json_writer *w, const struct score_difference *difference)
{
    json_name_c(w, "difference");
    if (!difference->has_value) {
        json_write_null(w);
        return;
    }
    json_begin_object(w);
    write_number(w, "value", true, difference->value);
    write_number(w, "low", difference->has_test, difference->low);
    write_number(w, "high", difference->has_test, difference->high);
    write_number(w, "p", difference->has_test, difference->p);
    json_name_c(w, "clear");
    json_write_bool(w, difference->has_test && difference->p <= ALPHA);
    json_end_object(w);
}
