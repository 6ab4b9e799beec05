#include "stats_metrics.h"

#include <math.h>

#include "stats_order.h"

#define LOG_LOSS_MARGIN 1e-15

/* How many are 1; `p` is NULL where scores may be any number. */
static bool check(const double *y, const double *p, const double *score, size_t count, double *out,
                  struct fail *fail)
{
    double ones = 0;
    if (count == 0) {
        return fail_set(fail, FAIL_INPUT, "there are no rows");
    }
    for (size_t i = 0; i < count; i++) {
        if (y[i] != 0 && y[i] != 1) {
            return fail_set(fail, FAIL_INPUT, "y of row %zu is %g, expected 0 or 1", i, y[i]);
        }
        if (p != NULL && !(p[i] >= 0 && p[i] <= 1)) {
            return fail_set(fail, FAIL_INPUT, "p of row %zu is %g, expected 0 to 1", i, p[i]);
        }
        if (score != NULL && isnan(score[i])) {
            return fail_set(fail, FAIL_INPUT, "the score of row %zu is not a number", i);
        }
        ones += y[i];
    }
    *out = ones;
    return true;
}

bool stats_metrics_ranking(struct arena *arena, const double *y, const double *score, size_t count,
                           struct stats_ranking *out, struct fail *fail)
{
    double ones;
    if (!check(y, NULL, score, count, &ones, fail)) {
        return false;
    }
    double zeros = (double)count - ones;
    if (!(ones > 0 && zeros > 0)) {
        return fail_set(fail, FAIL_INPUT, "all of y is %d: there are no pairs to rank", ones > 0);
    }
    size_t *order = arena_array(arena, count, sizeof *order, fail);
    if (order == NULL) {
        return false;
    }
    stats_order(score, count, true, order);
    double pairs = 0, precision = 0, found = 0, passed = 0;
    for (size_t i = 0; i < count;) {
        double tied_ones = 0, tied_zeros = 0;
        double level = score[order[i]];
        for (; i < count && score[order[i]] == level; i++) {
            *(y[order[i]] == 1 ? &tied_ones : &tied_zeros) += 1;
        }
        pairs += tied_zeros * (found + tied_ones / 2);
        found += tied_ones;
        passed += tied_ones + tied_zeros;
        precision += tied_ones / ones * (found / passed);
    }
    *out = (struct stats_ranking){pairs / ones / zeros, precision};
    return true;
}

bool stats_metrics_lift(struct arena *arena, const double *y, const double *score, size_t count,
                        double share, double *out, struct fail *fail)
{
    double ones;
    if (!check(y, NULL, score, count, &ones, fail)) {
        return false;
    }
    if (!(share > 0 && share <= 1)) {
        return fail_set(fail, FAIL_INPUT, "the share is %g, expected above 0, at most 1", share);
    }
    if (!(ones > 0)) {
        return fail_set(fail, FAIL_INPUT, "all of y is 0: there is nothing to lift");
    }
    size_t *order = arena_array(arena, count, sizeof *order, fail);
    if (order == NULL) {
        return false;
    }
    stats_order(score, count, true, order);
    size_t top = (size_t)floor(share * (double)count + 0.5);
    top = top < 1 ? 1 : top > count ? count : top;
    double hits = 0;
    for (size_t i = 0; i < top; i++) {
        hits += y[order[i]];
    }
    *out = hits / (double)top / (ones / (double)count);
    return true;
}

bool stats_metrics_brier(const double *y, const double *p, size_t count, double *out,
                         struct fail *fail)
{
    double ones, sum = 0;
    if (!check(y, p, NULL, count, &ones, fail)) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        sum += (p[i] - y[i]) * (p[i] - y[i]);
    }
    *out = sum / (double)count;
    return true;
}

bool stats_metrics_log_loss(const double *y, const double *p, size_t count, double *out,
                            struct fail *fail)
{
    double ones, sum = 0;
    if (!check(y, p, NULL, count, &ones, fail)) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        double kept = fmin(fmax(p[i], LOG_LOSS_MARGIN), 1 - LOG_LOSS_MARGIN);
        sum -= y[i] == 1 ? log(kept) : log1p(-kept);
    }
    *out = sum / (double)count;
    return true;
}

bool stats_metrics_calibration_error(const double *y, const double *p, size_t count, size_t bins,
                                     double *out, struct fail *fail)
{
    double ones;
    if (!check(y, p, NULL, count, &ones, fail)) {
        return false;
    }
    if (bins < 1 || bins > STATS_METRICS_BINS_MAX) {
        return fail_set(fail, FAIL_INPUT, "%zu bins, expected 1 to %d", bins,
                        STATS_METRICS_BINS_MAX);
    }
    double gaps[STATS_METRICS_BINS_MAX] = {0}; /* of each bin: sum of p less sum of y */
    for (size_t i = 0; i < count; i++) {
        size_t bin = (size_t)(p[i] * (double)bins);
        gaps[bin < bins ? bin : bins - 1] += p[i] - y[i];
    }
    double sum = 0;
    for (size_t bin = 0; bin < bins; bin++) {
        sum += fabs(gaps[bin]);
    }
    *out = sum / (double)count;
    return true;
}
