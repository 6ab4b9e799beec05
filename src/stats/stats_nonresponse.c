#include "stats_nonresponse.h"

#include <math.h>
#include <string.h>

#include "base_thread.h"
#include "stats_calibration.h"
#include "stats_dist.h"
#include "stats_logistic.h"
#include "stats_matrix.h"
#include "stats_metrics.h"

#define FOLDS 5
#define LAMBDA 1
/* No row is so unlikely to answer that its weight is past all doubles; trimming does the rest. */
#define PROPENSITY_MIN 1e-6

struct work {
    struct arena *arena;
    const struct stats_nonresponse_frame *frame;
    struct base_cancel *cancel;
    double *row;           /* one row of features */
    double *fit_x, *fit_y; /* what a model learns from */
    double *propensity, *predicted;
    size_t answered;
};

/* ---- models over parts of the frame --------------------------------------------------------------- */

/* Which rows a model learns from. */
struct part {
    bool answered_only;
    size_t without_fold; /* FOLDS: none is left out */
};

/* Scattered, so that thinning by any step meets all folds. */
static size_t fold_of(size_t answer)
{
    return (size_t)((answer * UINT64_C(0x9E3779B97F4A7C15)) >> 40) % FOLDS;
}

static void load_row(const struct work *work, size_t row)
{
    const float *from = work->frame->features + row * work->frame->columns;
    for (size_t j = 0; j < work->frame->columns; j++) {
        work->row[j] = (double)from[j];
    }
}

/* 0 to 1 over the scale. */
static double scaled(const struct stats_nonresponse_frame *frame, size_t row)
{
    return (frame->y[row] - frame->lowest) / (frame->highest - frame->lowest);
}

/* Fits over the rows of a part, thinned evenly to STATS_NONRESPONSE_FIT_MAX. *out_known is false where all
   outcomes are alike, and *out_level then says which. */
static bool fit(struct work *work, struct part part, struct stats_logistic *out, bool *out_known,
                double *out_level, struct fail *fail)
{
    const struct stats_nonresponse_frame *frame = work->frame;
    double *x = work->fit_x, *y = work->fit_y;
    size_t rows = part.answered_only ? work->answered : frame->rows;
    size_t step = (rows + STATS_NONRESPONSE_FIT_MAX - 1) / STATS_NONRESPONSE_FIT_MAX;
    size_t used = 0, seen = 0;
    double sum = 0;
    for (size_t row = 0; row < frame->rows; row++) {
        if (part.answered_only && !frame->answered[row]) {
            continue;
        }
        size_t place = seen++;
        if (place % step != 0 || fold_of(place) == part.without_fold) {
            continue;
        }
        load_row(work, row);
        memcpy(x + used * frame->columns, work->row, frame->columns * sizeof *x);
        y[used] = part.answered_only ? scaled(frame, row) : frame->answered[row];
        sum += y[used++];
    }
    *out_level = used > 0 ? sum / (double)used : 0;
    *out_known = sum > 0 && sum < (double)used;
    const struct stats_logistic_data data = {
        .x = x, .y = y, .rows = used, .columns = frame->columns};
    const struct stats_logistic_options options = {
        .lambda = LAMBDA, .standardise = true, .cancel = work->cancel};
    return !*out_known || stats_logistic_fit(work->arena, &data, &options, out, fail);
}

/* ---- who answers ---------------------------------------------------------------------------------- */

static bool learn_propensity(struct work *work, double *out_auc, struct fail *fail)
{
    const struct stats_nonresponse_frame *frame = work->frame;
    struct stats_logistic model;
    bool known;
    double level;
    if (!fit(work, (struct part){false, FOLDS}, &model, &known, &level, fail)) {
        return false;
    }
    double *answered = arena_array(work->arena, frame->rows, sizeof *answered, fail);
    if (answered == NULL) {
        return false;
    }
    for (size_t row = 0; row < frame->rows; row++) {
        load_row(work, row);
        double p = known ? stats_logistic_predict(&model, work->row) : level;
        work->propensity[row] = fmax(p, PROPENSITY_MIN);
        answered[row] = frame->answered[row];
    }
    *out_auc = 0.5;
    if (work->answered == frame->rows) {
        return true;
    }
    struct stats_ranking ranking;
    if (!stats_metrics_ranking(work->arena, answered, work->propensity, frame->rows, &ranking,
                               fail)) {
        return false;
    }
    *out_auc = ranking.auc;
    return true;
}

/* ---- what they would say -------------------------------------------------------------------------- */

/* Logit of a prediction, kept where it is finite. */
static double finite_logit(double p)
{
    return stats_logit(fmin(fmax(p, 1e-9), 1 - 1e-9));
}

/* Logits of the answers' predictions, each by the model that has not seen it. */
static bool cross_predict(struct work *work, double *logits, struct fail *fail)
{
    for (size_t fold = 0; fold < FOLDS; fold++) {
        struct stats_logistic model;
        bool known;
        double level;
        if (!fit(work, (struct part){true, fold}, &model, &known, &level, fail)) {
            return false;
        }
        for (size_t row = 0, answer = 0; row < work->frame->rows; row++) {
            if (!work->frame->answered[row]) {
                continue;
            }
            if (fold_of(answer) == fold) {
                load_row(work, row);
                logits[answer] =
                    finite_logit(known ? stats_logistic_predict(&model, work->row) : level);
            }
            answer++;
        }
    }
    return true;
}

static bool learn_outcome(struct work *work, struct fail *fail)
{
    const struct stats_nonresponse_frame *frame = work->frame;
    double span = frame->highest - frame->lowest, level;
    double *logits = arena_array(work->arena, work->answered, sizeof *logits, fail);
    double *y = arena_array(work->arena, work->answered, sizeof *y, fail);
    struct stats_logistic model;
    struct stats_platt platt = {0, 1};
    bool known;
    if (logits == NULL || y == NULL ||
        !fit(work, (struct part){true, FOLDS}, &model, &known, &level, fail)) {
        return false;
    }
    if (known) {
        for (size_t row = 0, answer = 0; row < frame->rows; row++) {
            if (frame->answered[row]) {
                y[answer++] = scaled(frame, row);
            }
        }
        if (!cross_predict(work, logits, fail) ||
            !stats_platt_fit(work->arena, logits, y, work->answered, LAMBDA, &platt, fail)) {
            return false;
        }
    }
    for (size_t row = 0, answer = 0; row < frame->rows; row++) {
        double p = level;
        if (known && frame->answered[row]) {
            p = stats_platt_of(&platt, logits[answer++]);
        } else if (known) {
            load_row(work, row);
            p = stats_platt_of(&platt, finite_logit(stats_logistic_predict(&model, work->row)));
        }
        work->predicted[row] = frame->lowest + span * p;
    }
    return true;
}

/* ---- the whole ------------------------------------------------------------------------------------ */

static bool check_frame(struct work *work, struct fail *fail)
{
    const struct stats_nonresponse_frame *frame = work->frame;
    if (!(frame->lowest < frame->highest) || frame->columns == 0 ||
        frame->columns >= STATS_MATRIX_MAX) {
        return fail_set(fail, FAIL_INTERNAL, "a frame of %zu features on a scale from %g to %g",
                        frame->columns, frame->lowest, frame->highest);
    }
    for (size_t row = 0; row < frame->rows; row++) {
        if (!frame->answered[row]) {
            continue;
        }
        if (!(frame->y[row] >= frame->lowest && frame->y[row] <= frame->highest)) {
            return fail_set(fail, FAIL_INPUT, "an answer of %g on a scale from %g to %g",
                            frame->y[row], frame->lowest, frame->highest);
        }
        work->answered++;
    }
    if (work->answered < STATS_NONRESPONSE_ANSWERS_MIN) {
        return fail_set(fail, FAIL_INPUT, "%zu answered, and at least %d are needed",
                        work->answered, STATS_NONRESPONSE_ANSWERS_MIN);
    }
    return true;
}

static double clamp(double value, const struct stats_nonresponse_frame *frame)
{
    return fmin(fmax(value, frame->lowest), frame->highest);
}

/* The rows of a part, side by side; of those who answered once more, for the plain weights. */
struct chosen {
    double *y, *propensity, *predicted, *said, *said_propensity;
    bool *answered;
    size_t answered_count;
    double sum;
};

static bool choose(struct arena *arena, const struct stats_nonresponse_frame *frame,
                   const struct stats_nonresponse_model *model, const size_t *rows, size_t count,
                   struct chosen *out, struct fail *fail)
{
    double *room = arena_array(arena, count, 5 * sizeof *room, fail);
    bool *answered = arena_array(arena, count, sizeof *answered, fail);
    if (room == NULL || answered == NULL) {
        return false;
    }
    *out = (struct chosen){.y = room,
                           .propensity = room + count,
                           .predicted = room + 2 * count,
                           .said = room + 3 * count,
                           .said_propensity = room + 4 * count,
                           .answered = answered};
    for (size_t i = 0; i < count; i++) {
        size_t row = rows == NULL ? i : rows[i];
        INVARIANT(row < frame->rows);
        out->answered[i] = frame->answered[row];
        out->propensity[i] = model->propensity[row];
        out->predicted[i] = model->predicted[row];
        if (frame->answered[row]) {
            out->y[i] = frame->y[row];
            out->said[out->answered_count] = frame->y[row];
            out->said_propensity[out->answered_count++] = model->propensity[row];
            out->sum += frame->y[row];
        }
    }
    return true;
}

static bool check_answers(size_t answered, size_t least, struct fail *fail)
{
    return answered >= least
               ? true
               : fail_set(fail, FAIL_INPUT, "%zu answered, and at least %zu are needed", answered,
                          least);
}

bool stats_nonresponse_of(struct arena *arena, const struct stats_nonresponse_frame *frame,
                          const struct stats_nonresponse_model *model, const size_t *rows,
                          size_t row_count, const struct stats_nonresponse_options *options,
                          struct stats_nonresponse *out, struct fail *fail)
{
    double trim = options->trim > 0 ? options->trim : STATS_NONRESPONSE_TRIM;
    double confidence = options->confidence > 0 ? options->confidence : 0.95;
    size_t count = rows == NULL ? frame->rows : row_count;
    struct chosen part;
    struct stats_doubly_robust robust;
    struct stats_weighted weighted;
    struct stats_interval worst;
    double z;
    if (!choose(arena, frame, model, rows, count, &part, fail) ||
        !check_answers(part.answered_count, STATS_SCORE_N_MIN, fail)) {
        return false;
    }
    const struct stats_asked asked = {part.y, part.answered, part.propensity, part.predicted,
                                      count};
    double raw = part.sum / (double)part.answered_count;
    if (!stats_normal_z(confidence, &z, fail) ||
        !stats_aipw(arena, &asked, trim, confidence, &robust, fail) ||
        !stats_ipw_mean(arena, part.said, part.said_propensity, part.answered_count, trim,
                        confidence, &weighted, fail) ||
        !stats_worst_case(clamp(raw, frame), (double)part.answered_count, (double)count,
                          frame->lowest, frame->highest, &worst, fail)) {
        return false;
    }
    *out = (struct stats_nonresponse){
        .raw = raw,
        .value = clamp(robust.value, frame),
        .low = clamp(robust.low, frame),
        .high = clamp(robust.high, frame),
        .weighted = weighted.value,
        .n_effective = robust.n_effective,
        .deff = robust.deff,
        .worst = worst,
        .silent = clamp(robust.silent, frame),
        .silent_low = clamp(robust.silent - z * robust.silent_se, frame),
        .silent_high = clamp(robust.silent + z * robust.silent_se, frame),
        .auc = model->auc,
        .answered = part.answered_count,
        .trimmed = robust.trimmed,
    };
    return true;
}

bool stats_nonresponse_learn(struct arena *arena, const struct stats_nonresponse_frame *frame,
                             const struct stats_nonresponse_options *options,
                             struct stats_nonresponse_model *out, struct fail *fail)
{
    struct work work = {.arena = arena, .frame = frame, .cancel = options->cancel};
    if (!check_frame(&work, fail)) {
        return false;
    }
    size_t most = frame->rows < STATS_NONRESPONSE_FIT_MAX ? frame->rows : STATS_NONRESPONSE_FIT_MAX;
    work.row = arena_array(arena, frame->columns, sizeof(double), fail);
    work.fit_x = arena_array(arena, most, frame->columns * sizeof(double), fail);
    work.fit_y = arena_array(arena, most, sizeof(double), fail);
    work.propensity = arena_array(arena, frame->rows, sizeof(double), fail);
    work.predicted = arena_array(arena, frame->rows, sizeof(double), fail);
    double auc;
    if (work.row == NULL || work.fit_x == NULL || work.fit_y == NULL || work.propensity == NULL ||
        work.predicted == NULL || !learn_propensity(&work, &auc, fail) ||
        !learn_outcome(&work, fail)) {
        return false;
    }
    *out = (struct stats_nonresponse_model){work.propensity, work.predicted, auc};
    return true;
}

bool stats_nonresponse(struct arena *arena, const struct stats_nonresponse_frame *frame,
                       const struct stats_nonresponse_options *options,
                       struct stats_nonresponse *out, struct fail *fail)
{
    struct stats_nonresponse_model model;
    return stats_nonresponse_learn(arena, frame, options, &model, fail) &&
           stats_nonresponse_of(arena, frame, &model, NULL, 0, options, out, fail);
}
