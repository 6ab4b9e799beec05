#include "stats_compare.h"

#include <math.h>

#include "stats_dist.h"
#include "stats_order.h"

/* ---- arms ----------------------------------------------------------------------------------------- */

bool stats_arm_of_nps(struct stats_nps counts, struct stats_arm *out, struct fail *fail)
{
    struct stats_score score;
    if (!stats_nps_wald(counts, 0.95, &score, fail)) {
        return false;
    }
    double n = (double)counts.promoters + (double)counts.passives + (double)counts.detractors;
    *out = (struct stats_arm){score.value, score.se * score.se * n, n};
    return true;
}

bool stats_arm_of_share(double successes, double n, struct stats_arm *out, struct fail *fail)
{
    if (!(n > 0 && isfinite(n) && successes >= 0 && successes <= n)) {
        return fail_set(fail, FAIL_INPUT, "%g successes of %g, expected some of at least 1",
                        successes, n);
    }
    double p = successes / n;
    *out = (struct stats_arm){p, p * (1 - p), n};
    return true;
}

bool stats_arm_of_sums(double sum, double sum_squares, double n, struct stats_arm *out,
                       struct fail *fail)
{
    if (!(n >= 2 && isfinite(n)) || !isfinite(sum) || !isfinite(sum_squares)) {
        return fail_set(fail, FAIL_INPUT,
                        "sum %g, sum of squares %g, n %g, expected finite sums of at least 2", sum,
                        sum_squares, n);
    }
    double mean = sum / n;
    double variance = (sum_squares - sum * mean) / (n - 1);
    if (!isfinite(variance)) {
        return fail_set(fail, FAIL_INPUT, "the variance is beyond the largest double");
    }
    *out = (struct stats_arm){mean, variance, n};
    return true;
}

bool stats_arm_of_answers(const uint64_t *answers, size_t levels, double lowest,
                          struct stats_arm *out, struct fail *fail)
{
    double n = 0, sum = 0, squares = 0;
    for (size_t i = 0; i < levels; i++) {
        n += (double)answers[i];
        sum += (double)answers[i] * (double)i;
    }
    if (n < 2) {
        return fail_set(fail, FAIL_INPUT, "a variance needs at least 2 answers, here are %g", n);
    }
    for (size_t i = 0; i < levels; i++) {
        double off = (double)i - sum / n;
        squares += (double)answers[i] * off * off;
    }
    *out = (struct stats_arm){lowest + sum / n, squares / (n - 1), n};
    return true;
}

/* ---- the difference of two ------------------------------------------------------------------------ */

/* estimate and se; also what each arm adds to the variance, before it is made relative. */
static bool difference(const struct stats_arm *a, const struct stats_arm *b, bool relative,
                       struct stats_difference *out, struct fail *fail)
{
    if (!(a->n > 0 && b->n > 0) || !isfinite(a->mean) || !isfinite(b->mean)) {
        return fail_set(fail, FAIL_INPUT, "an arm is empty or its mean is not finite");
    }
    double va = a->variance / a->n, vb = b->variance / b->n;
    if (!(va >= 0 && vb >= 0 && va + vb > 0 && isfinite(va + vb))) {
        return fail_set(fail, FAIL_INPUT, "variances are %g and %g: nothing varies, or no variance",
                        a->variance, b->variance);
    }
    double estimate = b->mean - a->mean, variance = va + vb;
    if (relative) {
        double base = fabs(a->mean);
        if (!(base > 0)) {
            return fail_set(fail, FAIL_INPUT,
                            "a relative difference needs a first mean other than 0");
        }
        /* The delta method: b/|a| varies with both. */
        estimate /= base;
        variance = vb / (base * base) + va / (base * base) * (b->mean / base) * (b->mean / base);
    }
    double se = sqrt(variance);
    if (!isfinite(estimate) || !isfinite(se) || !(se > 0)) {
        return fail_set(fail, FAIL_INPUT, "the means are too far apart for a relative difference");
    }
    *out = (struct stats_difference){.estimate = estimate, .se = se, .statistic = estimate / se};
    return true;
}

bool stats_compare_z(const struct stats_arm *a, const struct stats_arm *b, double confidence,
                     struct stats_difference *out, struct fail *fail)
{
    double z;
    struct stats_difference found;
    if (!stats_normal_z(confidence, &z, fail) || !difference(a, b, false, &found, fail)) {
        return false;
    }
    found.p_value = 2 * stats_normal_sf(fabs(found.statistic));
    found.low = found.estimate - z * found.se;
    found.high = found.estimate + z * found.se;
    *out = found;
    return true;
}

static bool check_alpha(double alpha, struct fail *fail)
{
    return alpha > 0 && alpha < 1
               ? true
               : fail_set(fail, FAIL_INPUT, "alpha is %g, expected a number between 0 and 1",
                          alpha);
}

bool stats_compare_welch(const struct stats_arm *a, const struct stats_arm *b, double alpha,
                         bool relative, enum stats_side side, struct stats_difference *out,
                         struct fail *fail)
{
    struct stats_difference found;
    if (!check_alpha(alpha, fail) || !difference(a, b, relative, &found, fail)) {
        return false;
    }
    if (a->n < 2 || b->n < 2) {
        return fail_set(fail, FAIL_INPUT,
                        "a t test needs at least 2 in each arm, here are %g and %g", a->n, b->n);
    }
    /* Welch and Satterthwaite, on shares of the whole so that no square overflows. */
    double va = a->variance / a->n, vb = b->variance / b->n;
    double share = va / (va + vb);
    double df = 1 / (share * share / (a->n - 1) + (1 - share) * (1 - share) / (b->n - 1));
    double t, p;
    df = df > 1e9 ? 1e9 : df;
    if (!stats_t_quantile(side == STATS_TWO_SIDED ? 1 - alpha / 2 : 1 - alpha, df, &t, fail) ||
        !stats_t_sf(side == STATS_TWO_SIDED ? fabs(found.statistic)
                    : side == STATS_GREATER ? found.statistic
                                            : -found.statistic,
                    df, &p, fail)) {
        return false;
    }
    found.df = df;
    found.p_value = side == STATS_TWO_SIDED ? 2 * p : p;
    found.low = side == STATS_LESS ? -HUGE_VAL : found.estimate - t * found.se;
    found.high = side == STATS_GREATER ? HUGE_VAL : found.estimate + t * found.se;
    *out = found;
    return true;
}

bool stats_compare_sequential(const struct stats_arm *a, const struct stats_arm *b,
                              const struct stats_sequential *options, struct stats_difference *out,
                              struct fail *fail)
{
    double alpha = options->alpha == 0 ? 0.05 : options->alpha;
    double tuning = options->tuning_n == 0 ? STATS_SEQUENTIAL_TUNING_N : options->tuning_n;
    struct stats_difference found;
    if (!check_alpha(alpha, fail) || !difference(a, b, options->relative, &found, fail)) {
        return false;
    }
    if (!(tuning >= 1 && tuning <= 1e15)) {
        return fail_set(fail, FAIL_INPUT, "tuning_n is %g, expected 1 to 1e15", tuning);
    }
    bool two_sided = options->side == STATS_TWO_SIDED;
    double spent = two_sided ? alpha : 2 * alpha;
    if (spent >= 1) {
        return fail_set(fail, FAIL_INPUT, "alpha is %g, a one-sided one is below 0.5", alpha);
    }
    double n = a->n + b->n;
    double rho2 = (-2 * log(spent) + log(-2 * log(spent) + 1)) / tuning;
    double grown = n * rho2 + 1; /* n rho^2 + 1 */
    double ln = two_sided ? log(sqrt(grown) / alpha) : log1p(sqrt(grown) / (2 * alpha));
    /* sqrt(n se^2) sqrt(2 grown ln / (n rho)^2) */
    double half = found.se * sqrt(2 * grown * ln / (n * rho2));
    double exponent = rho2 * n * found.statistic * found.statistic / (2 * grown);
    found.p_value = two_sided ? fmin(1, exp(0.5 * log(grown) - exponent)) : 1;
    found.statistic = sqrt(rho2);
    found.low = options->side == STATS_LESS ? -HUGE_VAL : found.estimate - half;
    found.high = options->side == STATS_GREATER ? HUGE_VAL : found.estimate + half;
    *out = found;
    return true;
}

bool stats_msprt(double estimate, double variance_of_estimate, double tau2, double *out,
                 struct fail *fail)
{
    if (!(variance_of_estimate > 0 && tau2 > 0 && isfinite(variance_of_estimate + tau2)) ||
        !isfinite(estimate)) {
        return fail_set(fail, FAIL_INPUT,
                        "estimate %g, variance %g, tau^2 %g, expected finite, above 0", estimate,
                        variance_of_estimate, tau2);
    }
    double v = variance_of_estimate;
    double ratio = sqrt(v / (v + tau2)) * exp(tau2 / (v + tau2) * estimate / v * estimate / 2);
    if (!isfinite(ratio)) {
        return fail_set(fail, FAIL_LIMIT, "the likelihood ratio is beyond the largest double");
    }
    *out = ratio;
    return true;
}

/* ---- two shares ----------------------------------------------------------------------------------- */

static bool check_shares(struct stats_share_count a, struct stats_share_count b, struct fail *fail)
{
    if (a.n == 0 || b.n == 0 || a.successes > a.n || b.successes > b.n) {
        return fail_set(fail, FAIL_INPUT, "a share has no n, or more successes than n");
    }
    return true;
}

bool stats_compare_shares(struct stats_share_count a, struct stats_share_count b, double confidence,
                          struct stats_difference *out, struct fail *fail)
{
    double z;
    if (!check_shares(a, b, fail) || !stats_normal_z(confidence, &z, fail)) {
        return false;
    }
    double na = (double)a.n, nb = (double)b.n;
    double pa = (double)a.successes / na, pb = (double)b.successes / nb;
    double pooled = ((double)a.successes + (double)b.successes) / (na + nb);
    double se = sqrt(pooled * (1 - pooled) * (1 / na + 1 / nb));
    if (!(se > 0)) {
        return fail_set(fail, FAIL_INPUT, "both shares are %g: nothing varies", pooled);
    }
    double unpooled = sqrt(pa * (1 - pa) / na + pb * (1 - pb) / nb);
    double estimate = pb - pa;
    *out = (struct stats_difference){.estimate = estimate,
                                     .se = unpooled,
                                     .statistic = estimate / se,
                                     .p_value = 2 * stats_normal_sf(fabs(estimate / se)),
                                     .low = estimate - z * unpooled,
                                     .high = estimate + z * unpooled};
    return true;
}

bool stats_compare_newcombe(struct stats_share_count a, struct stats_share_count b,
                            double confidence, struct stats_interval *out, struct fail *fail)
{
    struct stats_interval of_a, of_b;
    if (!check_shares(a, b, fail) ||
        !stats_share_wilson(a.successes, a.n, confidence, &of_a, fail) ||
        !stats_share_wilson(b.successes, b.n, confidence, &of_b, fail)) {
        return false;
    }
    double pa = (double)a.successes / (double)a.n, pb = (double)b.successes / (double)b.n;
    *out = (struct stats_interval){pb - pa - hypot(pb - of_b.low, of_a.high - pa),
                                   pb - pa + hypot(of_b.high - pb, pa - of_a.low)};
    return true;
}

bool stats_compare_agresti_caffo(struct stats_share_count a, struct stats_share_count b,
                                 double confidence, struct stats_interval *out, struct fail *fail)
{
    double z;
    if (!check_shares(a, b, fail) || !stats_normal_z(confidence, &z, fail)) {
        return false;
    }
    double na = (double)a.n + 2, nb = (double)b.n + 2;
    double pa = ((double)a.successes + 1) / na, pb = ((double)b.successes + 1) / nb;
    double half = z * sqrt(pa * (1 - pa) / na + pb * (1 - pb) / nb);
    *out = (struct stats_interval){pb - pa - half, pb - pa + half};
    return true;
}

/* ---- several tests -------------------------------------------------------------------------------- */

static bool sorted(const double *p, size_t count, size_t *order, struct fail *fail)
{
    for (size_t i = 0; i < count; i++) {
        if (!(p[i] >= 0 && p[i] <= 1)) {
            return fail_set(fail, FAIL_INPUT, "p-value %zu is %g, expected 0 to 1", i, p[i]);
        }
    }
    stats_order(p, count, false, order);
    return true;
}

bool stats_adjust_bh(const double *p_values, size_t count, size_t *order, double *adjusted,
                     struct fail *fail)
{
    if (!sorted(p_values, count, order, fail)) {
        return false;
    }
    double least = 1;
    for (size_t rank = count; rank-- > 0;) {
        least = fmin(least, p_values[order[rank]] * (double)count / (double)(rank + 1));
        adjusted[order[rank]] = least;
    }
    return true;
}

bool stats_adjust_holm(const double *p_values, size_t count, size_t *order, double *adjusted,
                       struct fail *fail)
{
    if (!sorted(p_values, count, order, fail)) {
        return false;
    }
    double most = 0;
    for (size_t rank = 0; rank < count; rank++) {
        most = fmax(most, fmin(1, p_values[order[rank]] * (double)(count - rank)));
        adjusted[order[rank]] = most;
    }
    return true;
}
