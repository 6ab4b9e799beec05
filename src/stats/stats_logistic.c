#include "stats_logistic.h"

#include <math.h>
#include <string.h>

#include "base_thread.h"
#include "stats_matrix.h"

#define STEPS_MAX 100
#define HALVINGS_MAX 40
#define STEP_DONE 1e-10
#define ROWS_PER_LOOK 4096 /* between questions whether to stop */

double stats_logistic_of(double x)
{
    if (x >= 0) {
        return 1 / (1 + exp(-x));
    }
    double e = exp(x);
    return e / (1 + e);
}

double stats_logit(double p)
{
    return log(p) - log1p(-p);
}

/* ln(1 + exp(x)) */
static double softplus(double x)
{
    return x > 0 ? x + log1p(exp(-x)) : log1p(exp(x));
}

struct work {
    const struct stats_logistic_data *data;
    const struct stats_logistic_options *options;
    struct stats_logistic *model;
    double *row;      /* 1 and the standardised columns */
    double *gradient; /* all of n = columns + 1 */
    double *step;
    double *hessian; /* n * n, lower triangle */
    double *trial;
    size_t n;
};

static bool look(const struct work *work, size_t row, struct fail *fail)
{
    struct base_cancel *cancel = work->options->cancel;
    return row % ROWS_PER_LOOK != 0 || cancel == NULL || !base_cancel_due(cancel, fail);
}

static void standardised(const struct stats_logistic *model, const double *from, double *into)
{
    into[0] = 1;
    for (size_t j = 0; j < model->columns; j++) {
        into[j + 1] = (from[j] - model->mean[j]) / model->scale[j];
    }
}

static double dot(const double *a, const double *b, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++) {
        sum += a[i] * b[i];
    }
    return sum;
}

static double penalty(const struct work *work, const double *b)
{
    return work->options->lambda / 2 * dot(b + 1, b + 1, work->n - 1);
}

static double weight_of(const struct stats_logistic_data *data, size_t row)
{
    return data->weights == NULL ? 1 : data->weights[row];
}

/* The log likelihood at b, without the penalty. */
static bool likelihood(const struct work *work, const double *b, double *out, struct fail *fail)
{
    const struct stats_logistic_data *data = work->data;
    double sum = 0;
    for (size_t i = 0; i < data->rows; i++) {
        if (!look(work, i, fail)) {
            return false;
        }
        standardised(work->model, data->x + i * data->columns, work->row);
        double eta = dot(work->row, b, work->n);
        sum += weight_of(data, i) * (data->y[i] * eta - softplus(eta));
    }
    *out = sum;
    return true;
}

/* Gradient and the negative Hessian, both of the penalised likelihood, at the model's coefficients. */
static bool derive(const struct work *work, struct fail *fail)
{
    const struct stats_logistic_data *data = work->data;
    size_t n = work->n;
    memset(work->gradient, 0, n * sizeof(double));
    memset(work->hessian, 0, n * n * sizeof(double));
    for (size_t i = 0; i < data->rows; i++) {
        if (!look(work, i, fail)) {
            return false;
        }
        standardised(work->model, data->x + i * data->columns, work->row);
        double p = stats_logistic_of(dot(work->row, work->model->coefficients, n));
        double w = weight_of(data, i);
        double slope = w * (data->y[i] - p), curve = w * p * (1 - p);
        for (size_t j = 0; j < n; j++) {
            double scaled = curve * work->row[j];
            work->gradient[j] += slope * work->row[j];
            for (size_t k = 0; k <= j; k++) {
                work->hessian[j * n + k] += scaled * work->row[k];
            }
        }
    }
    for (size_t j = 1; j < n; j++) {
        work->gradient[j] -= work->options->lambda * work->model->coefficients[j];
        work->hessian[j * n + j] += work->options->lambda;
    }
    return true;
}

static bool check_rows(const struct stats_logistic_data *data, struct fail *fail)
{
    double total = 0, positive = 0;
    for (size_t i = 0; i < data->rows; i++) {
        double w = weight_of(data, i);
        if (!(data->y[i] >= 0 && data->y[i] <= 1)) {
            return fail_set(fail, FAIL_INPUT, "y of row %zu is %g, expected 0 to 1", i, data->y[i]);
        }
        if (!(w >= 0 && isfinite(w))) {
            return fail_set(fail, FAIL_INPUT, "the weight of row %zu is %g, expected at least 0", i,
                            w);
        }
        for (size_t j = 0; j < data->columns; j++) {
            if (!isfinite(data->x[i * data->columns + j])) {
                return fail_set(fail, FAIL_INPUT, "row %zu, column %zu is not a finite number", i,
                                j);
            }
        }
        total += w;
        positive += w * data->y[i];
    }
    if (!(positive > 0 && positive < total && isfinite(total))) {
        return fail_set(fail, FAIL_INPUT, "all of y is %s: there is nothing to tell apart",
                        positive > 0 ? "1" : "0");
    }
    return true;
}

/* Means and population deviations, weighted, in two passes. */
static bool scale_columns(const struct stats_logistic_data *data, struct stats_logistic *model,
                          struct fail *fail)
{
    double total = 0;
    for (size_t i = 0; i < data->rows; i++) {
        total += weight_of(data, i);
    }
    for (size_t j = 0; j < data->columns; j++) {
        double sum = 0, squares = 0, least = HUGE_VAL, most = -HUGE_VAL;
        for (size_t i = 0; i < data->rows; i++) {
            double x = data->x[i * data->columns + j];
            sum += weight_of(data, i) / total * x;
            least = fmin(least, x);
            most = fmax(most, x);
        }
        for (size_t i = 0; i < data->rows; i++) {
            double off = data->x[i * data->columns + j] - sum;
            squares += weight_of(data, i) / total * off * off;
        }
        if (!isfinite(squares)) {
            return fail_set(fail, FAIL_INPUT, "column %zu spreads beyond doubles", j);
        }
        /* A constant stays exactly 0, whatever rounding made of its mean. */
        model->mean[j] = least == most ? least : sum;
        model->scale[j] = least == most || squares <= 0 ? 1 : sqrt(squares);
    }
    return true;
}

/* Follows the Newton step as far as it climbs; false with `fail` only when cancelled. */
static bool climb(const struct work *work, double *objective, double *out_moved, struct fail *fail)
{
    double *b = work->model->coefficients, share = 1;
    for (int halving = 0; halving < HALVINGS_MAX; halving++, share /= 2) {
        double value, moved = 0;
        for (size_t j = 0; j < work->n; j++) {
            work->trial[j] = b[j] + share * work->step[j];
            moved = fmax(moved, fabs(share * work->step[j]));
        }
        if (!likelihood(work, work->trial, &value, fail)) {
            return false;
        }
        double reached = value - penalty(work, work->trial);
        /* At the top rounding makes equals differ by a hair: such a step is taken, and is the last. */
        if (reached >= *objective - 1e-12 * (1 + fabs(*objective))) {
            memcpy(b, work->trial, work->n * sizeof(double));
            *objective = reached;
            work->model->log_likelihood = value;
            *out_moved = moved;
            return true;
        }
    }
    *out_moved = 0; /* no direction climbs: this is the top, to working accuracy */
    return true;
}

static bool newton(const struct work *work, struct fail *fail)
{
    struct stats_logistic *model = work->model;
    double objective;
    if (!likelihood(work, model->coefficients, &objective, fail)) {
        return false;
    }
    model->log_likelihood = objective;
    for (model->steps = 1; model->steps <= STEPS_MAX; model->steps++) {
        double moved;
        if (!derive(work, fail)) {
            return false;
        }
        memcpy(work->step, work->gradient, work->n * sizeof(double));
        if (!stats_cholesky(work->hessian, work->n, fail)) {
            return fail_at(fail, "the columns separate y or repeat each other; a penalty helps");
        }
        stats_cholesky_solve(work->hessian, work->n, work->step);
        if (!climb(work, &objective, &moved, fail)) {
            return false;
        }
        if (moved < STEP_DONE) {
            return true;
        }
    }
    return fail_set(fail, FAIL_INPUT,
                    "no maximum after %d steps: the columns separate y; a penalty helps",
                    STEPS_MAX);
}

static bool prepare(struct arena *arena, struct work *work, struct fail *fail)
{
    struct stats_logistic *model = work->model;
    size_t n = work->n, columns = model->columns;
    model->coefficients = arena_array(arena, n, sizeof(double), fail);
    model->se = arena_array(arena, n, sizeof(double), fail);
    model->mean = arena_array(arena, columns, sizeof(double), fail);
    model->scale = arena_array(arena, columns, sizeof(double), fail);
    work->row = arena_array(arena, n, sizeof(double), fail);
    work->gradient = arena_array(arena, n, sizeof(double), fail);
    work->step = arena_array(arena, n, sizeof(double), fail);
    work->trial = arena_array(arena, n, sizeof(double), fail);
    work->hessian = arena_array(arena, n * n, sizeof(double), fail);
    if (model->coefficients == NULL || model->se == NULL || model->mean == NULL ||
        model->scale == NULL || work->row == NULL || work->gradient == NULL || work->step == NULL ||
        work->trial == NULL || work->hessian == NULL) {
        return false;
    }
    for (size_t j = 0; j < columns; j++) {
        model->scale[j] = 1;
    }
    return true;
}

bool stats_logistic_fit(struct arena *arena, const struct stats_logistic_data *data,
                        const struct stats_logistic_options *options, struct stats_logistic *out,
                        struct fail *fail)
{
    if (data->columns >= STATS_MATRIX_MAX) {
        return fail_set(fail, FAIL_LIMIT, "%zu columns, at most %d", data->columns,
                        STATS_MATRIX_MAX - 1);
    }
    if (!(options->lambda >= 0 && isfinite(options->lambda))) {
        return fail_set(fail, FAIL_INPUT, "lambda is %g, expected at least 0", options->lambda);
    }
    struct stats_logistic model = {.columns = data->columns};
    struct work work = {.data = data, .options = options, .model = &model, .n = data->columns + 1};
    if (!check_rows(data, fail) || !prepare(arena, &work, fail) ||
        (options->standardise && !scale_columns(data, &model, fail)) || !newton(&work, fail)) {
        return false;
    }
    /* The factor is the last one; what it was made at is within STEP_DONE of the maximum. */
    double *inverse = arena_array(arena, work.n * work.n, sizeof(double), fail);
    if (inverse == NULL) {
        return false;
    }
    stats_cholesky_inverse(work.hessian, work.n, inverse);
    for (size_t j = 0; j < work.n; j++) {
        model.se[j] = sqrt(inverse[j * work.n + j]);
        if (!isfinite(model.coefficients[j]) || !isfinite(model.se[j])) {
            return fail_set(fail, FAIL_INPUT, "column %zu leads beyond doubles", j);
        }
    }
    *out = model;
    return true;
}

double stats_logistic_predict(const struct stats_logistic *model, const double *row)
{
    double eta = model->coefficients[0];
    for (size_t j = 0; j < model->columns; j++) {
        eta += model->coefficients[j + 1] * ((row[j] - model->mean[j]) / model->scale[j]);
    }
    return stats_logistic_of(eta);
}
