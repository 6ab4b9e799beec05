/* stats_dist.h — normal, t, chi-square, beta and gamma: cdf, survival function, quantile; ln gamma; 2F1.
 *
 * What: the numerical base of every interval and test. Both tails are computed for themselves, so that a
 *   p-value of 1e-100 is right: never 1 - cdf by the caller.
 *   Methods: normal tails by erfc; regularised gamma by its series and continued fraction, incomplete beta
 *   by its continued fraction (Lentz 1976; Abramowitz & Stegun 6.5, 26.5.8), their leading factors by
 *   saddle points (Loader 2000), which keeps them exact for large parameters; quantiles by bisection over
 *   the doubles themselves, so that they invert the cdf to its last bit; 2F1 by its series, after Euler's
 *   transformation where that converges faster (Abramowitz & Stegun 15.1.1, 15.3.3).
 * Owner: numbers in, numbers out.   Threads: pure.
 * Failure: FAIL_INPUT for parameters outside their domain (naming them), FAIL_LIMIT for what no double can
 *   say or where a series is too long. What is returned with success is never NaN.
 * Limits/cost: parameters up to STATS_DIST_PARAMETER_MAX; a cdf some us at most (longer for parameters above
 *   1e6), a quantile 64 of them.
 * Units: none; probabilities are 0 to 1.
 * Example: double p; if (!stats_t_sf(2.2, 10.5, &p, fail)) return false;
 * Not here: intervals and tests made of these (stats_score.h, stats_compare.h).
 */
#pragma once

#include <stdbool.h>

#include "base_fail.h"

#define STATS_DIST_PARAMETER_MAX 1e10

/* Defined for every x but NaN (INVARIANT), infinities included. */
double stats_normal_cdf(double x);
double stats_normal_sf(double x);
double stats_normal_density(double x);
/* All quantiles: 0 < p < 1; the value below which p of the distribution lies. */
bool stats_normal_quantile(double p, double *out, struct fail *fail) MUST_USE;
/* The z of a two-sided interval: 1.96 for a confidence of 0.95. */
bool stats_normal_z(double confidence, double *out, struct fail *fail) MUST_USE;

bool stats_t_cdf(double x, double df, double *out, struct fail *fail) MUST_USE;
bool stats_t_sf(double x, double df, double *out, struct fail *fail) MUST_USE;
bool stats_t_quantile(double p, double df, double *out, struct fail *fail) MUST_USE;

bool stats_chi2_cdf(double x, double df, double *out, struct fail *fail) MUST_USE;
bool stats_chi2_sf(double x, double df, double *out, struct fail *fail) MUST_USE;
bool stats_chi2_quantile(double p, double df, double *out, struct fail *fail) MUST_USE;

/* The regularised incomplete gamma functions P and Q: shape a, scale 1. */
bool stats_gamma_cdf(double x, double a, double *out, struct fail *fail) MUST_USE;
bool stats_gamma_sf(double x, double a, double *out, struct fail *fail) MUST_USE;
bool stats_gamma_quantile(double p, double a, double *out, struct fail *fail) MUST_USE;

/* The regularised incomplete beta function I_x(a, b) and its complement. */
bool stats_beta_cdf(double x, double a, double b, double *out, struct fail *fail) MUST_USE;
bool stats_beta_sf(double x, double a, double b, double *out, struct fail *fail) MUST_USE;
bool stats_beta_quantile(double p, double a, double b, double *out, struct fail *fail) MUST_USE;

bool stats_lgamma(double x, double *out, struct fail *fail) MUST_USE; /* x > 0 */
/* Gauss's hypergeometric function for real parameters, c > 0 and 0 <= z < 1. */
bool stats_hyp2f1(double a, double b, double c, double z, double *out, struct fail *fail) MUST_USE;
