/* stats_score.h — scores with their uncertainty: NPS, shares (CSAT), means (CES, stars), weighted means.
 *
 * What: counts in, a value with its interval out. Shares are 0 to 1, NPS -100 to 100, means on their scale.
 *   Methods: NPS as the difference of two shares of a trinomial, adjusted Wald: 3/4 of an answer added to
 *   promoters and to detractors, 3 to all (Rocks 2016, The American Statistician 70); plain Wald beside it.
 *   Shares: Wilson (1927), Agresti & Coull (1998), Clopper & Pearson (1934, by beta quantiles). Means:
 *   Student's t. Weighted: Hajek's mean with linearised variance, Kish's effective n (Kish 1965).
 * Owner: values.   Threads: pure.
 * Failure: FAIL_INPUT, naming the number that is wrong; so for what has no answer (an empty sample, one
 *   value where a spread is needed). What is returned with success is finite.
 * Limits/cost: some us (an interval of Clopper & Pearson some 100). Counts below 2^53.
 * Units: see above; confidence 0.95 is 95 %.
 * Example: struct stats_score s; if (!stats_score_nps(answers, 0.95, &s, fail)) return false;
 * Not here: differences of scores (stats_compare.h), who did not answer (stats_survey.h).
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base_fail.h"

/* Fewer answers than this are shown as counts, not as a score. */
#define STATS_SCORE_N_MIN 5

struct stats_interval {
    double low, high;
};

/* What a score is shown as: kept within its scale. */
struct stats_score {
    double value, se, low, high;
};

struct stats_nps {
    uint64_t promoters, passives, detractors;
};

#define STATS_NPS_LEVELS 11 /* answers 0 to 10 */

/* 9 and 10 promote, 7 and 8 are passive, 0 to 6 detract. */
struct stats_nps stats_nps_of(const uint64_t answers[STATS_NPS_LEVELS]);
/* Both in points, around the score itself and around the adjusted one; not cut at +-100, and needing at
   least one answer. */
bool stats_nps_wald(struct stats_nps counts, double confidence, struct stats_score *out,
                    struct fail *fail) MUST_USE;
bool stats_nps_adjusted(struct stats_nps counts, double confidence, struct stats_interval *out,
                        struct fail *fail) MUST_USE;
/* How many answers give a margin of +- `margin` points where the shares are as told; rounded up. */
bool stats_nps_required(double promoter_share, double detractor_share, double margin,
                        double confidence, uint64_t *out, struct fail *fail) MUST_USE;

bool stats_share_wilson(uint64_t successes, uint64_t n, double confidence,
                        struct stats_interval *out, struct fail *fail) MUST_USE;
bool stats_share_agresti_coull(uint64_t successes, uint64_t n, double confidence,
                               struct stats_interval *out, struct fail *fail) MUST_USE;
bool stats_share_exact(uint64_t successes, uint64_t n, double confidence,
                       struct stats_interval *out, struct fail *fail) MUST_USE;

/* The three as they are shown. The score of NPS with its adjusted interval; a share with Wilson's; the mean
   of a scale whose first level is `lowest` with a t interval (at least two answers). Each needs an answer;
   the caller decides at which n to show none (STATS_SCORE_N_MIN). */
bool stats_score_nps(const uint64_t answers[STATS_NPS_LEVELS], double confidence,
                     struct stats_score *out, struct fail *fail) MUST_USE;
bool stats_score_share(uint64_t successes, uint64_t n, double confidence, struct stats_score *out,
                       struct fail *fail) MUST_USE;
bool stats_score_mean(const uint64_t *answers, size_t levels, double lowest, double confidence,
                      struct stats_score *out, struct fail *fail) MUST_USE;

/* The t interval around the mean of any numbers (two at least), uncut. */
bool stats_mean_t(const double *values, size_t count, double confidence, struct stats_score *out,
                  struct fail *fail) MUST_USE;

/* sum w x / sum w. Weights are finite and not negative, at least one above 0. */
struct stats_weighted {
    double value, se, low, high;
    double n_effective; /* (sum w)^2 / sum w^2 */
    double deff;        /* n sum w^2 / (sum w)^2: 1 for equal weights */
};
bool stats_weighted_mean(const double *values, const double *weights, size_t count,
                         double confidence, struct stats_weighted *out, struct fail *fail) MUST_USE;
