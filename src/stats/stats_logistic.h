/* stats_logistic.h — logistic regression with an L2 penalty, for propensities and for shares.
 *
 * What: maximises sum w (y ln p + (1 - y) ln(1 - p)) - lambda/2 |b|^2, the intercept free, by Newton's steps
 *   (iteratively reweighted least squares) that are halved until they climb. y may be any share from 0 to 1
 *   (fractional logit: Papke & Wooldridge 1996). Columns can be standardised by their population deviation,
 *   so that one penalty fits all; a constant column then gets coefficient 0.
 *   Sources: Hosmer & Lemeshow 2000; Hoerl & Kennard 1970, le Cessie & van Houwelingen 1992 (ridge).
 * Owner: the model's arrays lie in the caller's arena.   Threads: pure; one arena, one thread.
 * Failure: FAIL_INPUT naming row and column of what is no number; also where without a penalty the data
 *   separate, or columns repeat each other. FAIL_LIMIT over the arena's budget. FAIL_CANCELLED.
 * Limits/cost: columns below STATS_MATRIX_MAX; each of some ten steps is rows * columns^2 / 2.
 * Units: coefficients are per (standardised) unit of their column.
 * Example: stats_logistic_fit(arena, &data, &(struct stats_logistic_options){.lambda = 1, .standardise = true},
 *                             &model, fail) ... p = stats_logistic_predict(&model, row);
 * Not here: how good it is (stats_metrics.h), calibration (stats_calibration.h).
 */
#pragma once

#include "base_mem.h"

struct base_cancel;

struct stats_logistic_data {
    const double *x;       /* rows * columns, row after row */
    const double *y;       /* 0 to 1 */
    const double *weights; /* NULL: all 1 */
    size_t rows, columns;
};

struct stats_logistic_options {
    double lambda;
    bool standardise;
    struct base_cancel *cancel; /* NULL: cannot be cancelled */
};

struct stats_logistic {
    size_t columns;
    double *coefficients;  /* the intercept, then one a column */
    double *se;            /* of the same, by the inverse of the (penalised) information */
    double *mean, *scale;  /* of the columns; 0 and 1 where they were not standardised */
    double log_likelihood; /* without the penalty */
    int steps;
};

bool stats_logistic_fit(struct arena *arena, const struct stats_logistic_data *data,
                        const struct stats_logistic_options *options, struct stats_logistic *out,
                        struct fail *fail) MUST_USE;
/* Of a row of finite numbers; 0 to 1, both possible. */
double stats_logistic_predict(const struct stats_logistic *model, const double *row);
/* 1/(1 + exp(-x)), and its inverse for 0 < p < 1. */
double stats_logistic_of(double x);
double stats_logit(double p);
