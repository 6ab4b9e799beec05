#include "stats_score.h"

#include <math.h>

#include "stats_dist.h"

#define COUNT_MAX (UINT64_C(1) << 53)

static double clamp(double value, double low, double high)
{
    return value < low ? low : value > high ? high : value;
}

/* ---- NPS ------------------------------------------------------------------------------------------ */

struct stats_nps stats_nps_of(const uint64_t answers[STATS_NPS_LEVELS])
{
    struct stats_nps counts = {0, 0, 0};
    for (size_t level = 0; level < STATS_NPS_LEVELS; level++) {
        *(level >= 9   ? &counts.promoters
          : level >= 7 ? &counts.passives
                       : &counts.detractors) += answers[level];
    }
    return counts;
}

static bool check_nps(struct stats_nps counts, struct fail *fail)
{
    if (counts.promoters >= COUNT_MAX || counts.passives >= COUNT_MAX ||
        counts.detractors >= COUNT_MAX) {
        return fail_set(fail, FAIL_INPUT, "a count of answers is 2^53 or more");
    }
    if (counts.promoters + counts.passives + counts.detractors == 0) {
        return fail_set(fail, FAIL_INPUT, "there are no answers");
    }
    return true;
}

/* The variance of one answer in points, when p promote and d detract. */
static double nps_variance(double p, double d)
{
    double difference = p - d;
    double variance = p + d - difference * difference;
    return 1e4 * (variance > 0 ? variance : 0);
}

bool stats_nps_wald(struct stats_nps counts, double confidence, struct stats_score *out,
                    struct fail *fail)
{
    double z;
    if (!check_nps(counts, fail) || !stats_normal_z(confidence, &z, fail)) {
        return false;
    }
    double n = (double)counts.promoters + (double)counts.passives + (double)counts.detractors;
    double p = (double)counts.promoters / n;
    double d = (double)counts.detractors / n;
    double se = sqrt(nps_variance(p, d) / n);
    double value = 100 * ((double)counts.promoters - (double)counts.detractors) / n;
    *out = (struct stats_score){value, se, value - z * se, value + z * se};
    return true;
}

bool stats_nps_adjusted(struct stats_nps counts, double confidence, struct stats_interval *out,
                        struct fail *fail)
{
    double z;
    if (!check_nps(counts, fail) || !stats_normal_z(confidence, &z, fail)) {
        return false;
    }
    double n = (double)counts.promoters + (double)counts.passives + (double)counts.detractors + 3;
    double p = ((double)counts.promoters + 0.75) / n;
    double d = ((double)counts.detractors + 0.75) / n;
    double half = z * sqrt(nps_variance(p, d) / n);
    double centre = 100 * (p - d);
    *out = (struct stats_interval){centre - half, centre + half};
    return true;
}

bool stats_nps_required(double promoter_share, double detractor_share, double margin,
                        double confidence, uint64_t *out, struct fail *fail)
{
    double z;
    if (!(promoter_share >= 0 && detractor_share >= 0 && promoter_share + detractor_share <= 1)) {
        return fail_set(fail, FAIL_INPUT,
                        "shares of promoters and detractors are %g and %g, expected two from 0 "
                        "that add up to at most 1",
                        promoter_share, detractor_share);
    }
    if (!(margin > 0 && margin <= 200)) {
        return fail_set(fail, FAIL_INPUT, "margin is %g, expected points above 0, at most 200",
                        margin);
    }
    if (!stats_normal_z(confidence, &z, fail)) {
        return false;
    }
    double n = ceil(z * z * nps_variance(promoter_share, detractor_share) / (margin * margin));
    if (n >= (double)COUNT_MAX) {
        return fail_set(fail, FAIL_LIMIT, "a margin of %g points needs 2^53 answers or more",
                        margin);
    }
    *out = n < 1 ? 1 : (uint64_t)n;
    return true;
}

/* ---- shares --------------------------------------------------------------------------------------- */

static bool check_share(uint64_t successes, uint64_t n, struct fail *fail)
{
    if (n == 0 || n >= COUNT_MAX) {
        return fail_set(fail, FAIL_INPUT, n == 0 ? "n is 0" : "n is 2^53 or more");
    }
    if (successes > n) {
        return fail_set(fail, FAIL_INPUT, "there are more successes than n");
    }
    return true;
}

static struct stats_interval within_share(double centre, double half)
{
    return (struct stats_interval){clamp(centre - half, 0, 1), clamp(centre + half, 0, 1)};
}

bool stats_share_wilson(uint64_t successes, uint64_t n, double confidence,
                        struct stats_interval *out, struct fail *fail)
{
    double z;
    if (!check_share(successes, n, fail) || !stats_normal_z(confidence, &z, fail)) {
        return false;
    }
    double count = (double)n;
    double p = (double)successes / count;
    double scale = 1 + z * z / count;
    double centre = (p + z * z / (2 * count)) / scale;
    double half = z / scale * sqrt(p * (1 - p) / count + z * z / (4 * count * count));
    struct stats_interval interval = within_share(centre, half);
    /* Exact ends, which rounding would miss by a hair. */
    *out = (struct stats_interval){successes == 0 ? 0 : interval.low,
                                   successes == n ? 1 : interval.high};
    return true;
}

bool stats_share_agresti_coull(uint64_t successes, uint64_t n, double confidence,
                               struct stats_interval *out, struct fail *fail)
{
    double z;
    if (!check_share(successes, n, fail) || !stats_normal_z(confidence, &z, fail)) {
        return false;
    }
    double count = (double)n + z * z;
    double p = ((double)successes + z * z / 2) / count;
    *out = within_share(p, z * sqrt(p * (1 - p) / count));
    return true;
}

bool stats_share_exact(uint64_t successes, uint64_t n, double confidence,
                       struct stats_interval *out, struct fail *fail)
{
    double z;
    if (!check_share(successes, n, fail) || !stats_normal_z(confidence, &z, fail)) {
        return false;
    }
    if ((double)n > STATS_DIST_PARAMETER_MAX) {
        return fail_set(fail, FAIL_LIMIT, "n is above %g, too large for the exact interval",
                        STATS_DIST_PARAMETER_MAX);
    }
    double tail = (1 - confidence) / 2;
    double x = (double)successes, rest = (double)(n - successes);
    struct stats_interval interval = {0, 1};
    if ((successes > 0 && !stats_beta_quantile(tail, x, rest + 1, &interval.low, fail)) ||
        (successes < n && !stats_beta_quantile(1 - tail, x + 1, rest, &interval.high, fail))) {
        return false;
    }
    *out = interval;
    return true;
}

/* ---- means ---------------------------------------------------------------------------------------- */

static bool t_interval(double mean, double se, double df, double confidence,
                       struct stats_score *out, struct fail *fail)
{
    double z, t;
    if (!stats_normal_z(confidence, &z, fail) ||
        !stats_t_quantile(0.5 + confidence / 2, df, &t, fail)) {
        return false;
    }
    *out = (struct stats_score){mean, se, mean - t * se, mean + t * se};
    return true;
}

bool stats_mean_t(const double *values, size_t count, double confidence, struct stats_score *out,
                  struct fail *fail)
{
    if (count < 2) {
        return fail_set(fail, FAIL_INPUT, "a mean's interval needs at least 2 values, here are %zu",
                        count);
    }
    double mean = 0, squares = 0; /* Welford 1962 */
    for (size_t i = 0; i < count; i++) {
        double delta = values[i] - mean;
        mean += delta / (double)(i + 1);
        squares += delta * (values[i] - mean);
    }
    double n = (double)count;
    double se = sqrt(squares / (n - 1) / n);
    if (!isfinite(mean) || !isfinite(se)) {
        return fail_set(fail, FAIL_INPUT,
                        "a value is not finite, or their spread is beyond doubles");
    }
    return t_interval(mean, se, n - 1, confidence, out, fail);
}

/* ---- as they are shown ---------------------------------------------------------------------------- */

bool stats_score_nps(const uint64_t answers[STATS_NPS_LEVELS], double confidence,
                     struct stats_score *out, struct fail *fail)
{
    struct stats_nps counts = stats_nps_of(answers);
    struct stats_score plain;
    struct stats_interval interval;
    if (!stats_nps_wald(counts, confidence, &plain, fail) ||
        !stats_nps_adjusted(counts, confidence, &interval, fail)) {
        return false;
    }
    *out = (struct stats_score){plain.value, plain.se, clamp(interval.low, -100, 100),
                                clamp(interval.high, -100, 100)};
    return true;
}

bool stats_score_share(uint64_t successes, uint64_t n, double confidence, struct stats_score *out,
                       struct fail *fail)
{
    struct stats_interval interval;
    if (!stats_share_wilson(successes, n, confidence, &interval, fail)) {
        return false;
    }
    double p = (double)successes / (double)n;
    *out = (struct stats_score){p, sqrt(p * (1 - p) / (double)n), interval.low, interval.high};
    return true;
}

bool stats_score_mean(const uint64_t *answers, size_t levels, double lowest, double confidence,
                      struct stats_score *out, struct fail *fail)
{
    /* Whole numbers, hence exact, and the same whatever the order in which answers came. */
    double n = 0, sum = 0;
    for (size_t i = 0; i < levels; i++) {
        n += (double)answers[i];
        sum += (double)answers[i] * (double)i;
    }
    if (n < 2 || n >= (double)COUNT_MAX) {
        return fail_set(fail, FAIL_INPUT, "a mean's interval needs 2 to 2^53 answers, here are %g",
                        n);
    }
    double mean = sum / n, squares = 0;
    for (size_t i = 0; i < levels; i++) {
        double off = (double)i - mean;
        squares += (double)answers[i] * off * off;
    }
    struct stats_score score;
    if (!t_interval(lowest + mean, sqrt(squares / (n - 1) / n), n - 1 < 1e9 ? n - 1 : 1e9,
                    confidence, &score, fail)) {
        return false;
    }
    double highest = lowest + (double)levels - 1;
    score.low = clamp(score.low, lowest, highest);
    score.high = clamp(score.high, lowest, highest);
    *out = score;
    return true;
}

/* ---- weighted ------------------------------------------------------------------------------------- */

bool stats_weighted_mean(const double *values, const double *weights, size_t count,
                         double confidence, struct stats_weighted *out, struct fail *fail)
{
    double z, total = 0, squares = 0, sum = 0;
    if (!stats_normal_z(confidence, &z, fail)) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        if (!(weights[i] >= 0 && isfinite(weights[i])) || !isfinite(values[i])) {
            return fail_set(
                fail, FAIL_INPUT,
                "value %zu is %g with weight %g, expected finite ones, no weight below 0", i,
                values[i], weights[i]);
        }
        total += weights[i];
        squares += weights[i] * weights[i];
        sum += weights[i] * values[i];
    }
    if (!(total > 0)) {
        return fail_set(fail, FAIL_INPUT, "no weight is above 0");
    }
    double mean = sum / total, spread = 0;
    for (size_t i = 0; i < count; i++) {
        double off = weights[i] / total * (values[i] - mean);
        spread += off * off;
    }
    double share = squares / total / total;
    double se = sqrt(spread);
    if (!isfinite(mean) || !isfinite(se) || !(share > 0) || !isfinite(share)) {
        return fail_set(fail, FAIL_INPUT, "weights and values are too far apart for doubles");
    }
    *out = (struct stats_weighted){mean,          se,        mean - z * se,
                                   mean + z * se, 1 / share, (double)count * share};
    return true;
}
