/* stats_calibration.h — making predicted shares say what happens.
 *
 * What: isotonic regression by pooling adjacent violators (Ayer, Brunk, Ewing, Reid & Silverman 1955), and
 *   Platt's sigmoid on one score (Platt 1999), by maximum likelihood without smoothing of targets.
 *   Which: isotonic from some 1,000 rows, Platt below (Niculescu-Mizil & Caruana 2005).
 * Owner: the caller's arrays; room in between comes from the arena.   Threads: pure.
 * Failure: FAIL_INPUT naming the row; FAIL_LIMIT over the arena's budget.
 * Limits/cost: n log n; Platt some ten passes.   Units: shares.
 * Example: if (!stats_isotonic(arena, score, y, NULL, n, fitted, fail)) return false;
 * Not here: folds (whoever calibrates does so on rows that the model has not seen).
 */
#pragma once

#include "base_mem.h"

/* fitted[i] is the value at x[i] of the rising steps nearest to y (weighted squares; `weights` NULL: equal).
   Rows of equal x share one value. */
bool stats_isotonic(struct arena *arena, const double *x, const double *y, const double *weights,
                    size_t count, double *fitted, struct fail *fail) MUST_USE;

/* p = 1/(1 + exp(-(intercept + slope * score))) */
struct stats_platt {
    double intercept, slope;
};
/* `lambda` holds the slope (per standard deviation of the score) down where the rows separate; 0: none. */
bool stats_platt_fit(struct arena *arena, const double *score, const double *y, size_t count,
                     double lambda, struct stats_platt *out, struct fail *fail) MUST_USE;
double stats_platt_of(const struct stats_platt *platt, double score);
