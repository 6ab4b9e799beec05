/* stats_metrics.h — how good a prediction was.
 *
 * What: outcomes y (0 or 1) beside scores or probabilities. AUC by ranks, ties counting half (Hanley & McNeil
 *   1982); average precision as the step sum over distinct scores; Brier (1950); log loss with p kept 1e-15
 *   from 0 and 1; lift among the highest scores; expected calibration error over equal bins (Naeini 2015).
 * Owner: the caller's arrays; the arena is given back as it was but for what it has taken.
 * Threads: pure.
 * Failure: FAIL_INPUT naming the row; so where one of the two outcomes does not occur and the measure needs it.
 * Limits/cost: n log n where ranks are needed, else one pass.   Units: shares; log loss in nats.
 * Example: struct stats_ranking r; if (!stats_metrics_ranking(arena, y, score, n, &r, fail)) return false;
 * Not here: making predictions (stats_logistic.h) or mending them (stats_calibration.h).
 */
#pragma once

#include "base_mem.h"

struct stats_ranking {
    double auc;
    double average_precision;
};
bool stats_metrics_ranking(struct arena *arena, const double *y, const double *score, size_t count,
                           struct stats_ranking *out, struct fail *fail) MUST_USE;
/* The share of y among the `share` of all with the highest scores (ties: the earlier row first; at least
   one row, rounded to the nearest), over the share of y among all. */
bool stats_metrics_lift(struct arena *arena, const double *y, const double *score, size_t count,
                        double share, double *out, struct fail *fail) MUST_USE;
bool stats_metrics_brier(const double *y, const double *p, size_t count, double *out,
                         struct fail *fail) MUST_USE;
bool stats_metrics_log_loss(const double *y, const double *p, size_t count, double *out,
                            struct fail *fail) MUST_USE;
#define STATS_METRICS_BINS_MAX 1000
bool stats_metrics_calibration_error(const double *y, const double *p, size_t count, size_t bins,
                                     double *out, struct fail *fail) MUST_USE;
