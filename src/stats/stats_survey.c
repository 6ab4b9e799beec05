#include "stats_survey.h"

#include <math.h>

#include "stats_dist.h"
#include "stats_order.h"

#define SHARES_OFF_MAX 1e-6

bool stats_poststratify(const struct stats_stratum *strata, size_t count, double confidence,
                        struct stats_score *out, struct fail *fail)
{
    double z, shares = 0, mean = 0, variance = 0;
    if (!stats_normal_z(confidence, &z, fail)) {
        return false;
    }
    for (size_t h = 0; h < count; h++) {
        const struct stats_stratum *s = &strata[h];
        if (!(s->share >= 0 && s->share <= 1 && s->n >= 0)) {
            return fail_set(fail, FAIL_INPUT,
                            "stratum %zu: share %g of n %g, expected 0 to 1, n from 0", h, s->share,
                            s->n);
        }
        shares += s->share;
        if (s->share == 0) {
            continue;
        }
        if (!(s->n > 0)) {
            return fail_set(
                fail, FAIL_INPUT,
                "stratum %zu has a share of %g and nobody in it: join it with a neighbour", h,
                s->share);
        }
        if (!isfinite(s->mean) || !(s->variance >= 0 && isfinite(s->variance))) {
            return fail_set(fail, FAIL_INPUT,
                            "stratum %zu: mean %g, variance %g, expected finite ones", h, s->mean,
                            s->variance);
        }
        mean += s->share * s->mean;
        variance += s->share * s->share * s->variance / s->n;
    }
    if (!(fabs(shares - 1) <= SHARES_OFF_MAX)) {
        return fail_set(fail, FAIL_INPUT, "the strata's shares add up to %g, expected 1", shares);
    }
    double se = sqrt(variance);
    if (!isfinite(mean) || !isfinite(se)) {
        return fail_set(fail, FAIL_INPUT, "the strata's means are beyond doubles");
    }
    *out = (struct stats_score){mean, se, mean - z * se, mean + z * se};
    return true;
}

bool stats_trim(struct arena *arena, double *weights, size_t count, double multiple,
                size_t *out_cut, struct fail *fail)
{
    if (!(multiple > 0 && isfinite(multiple))) {
        return fail_set(fail, FAIL_INPUT, "trimming at %g medians, expected a multiple above 0",
                        multiple);
    }
    size_t *order = arena_array(arena, count, sizeof *order, fail);
    if (order == NULL) {
        return false;
    }
    *out_cut = 0;
    if (count == 0) {
        return true;
    }
    stats_order(weights, count, false, order);
    double most = multiple * stats_order_median(weights, count, order);
    for (size_t i = 0; i < count; i++) {
        if (weights[i] > most) {
            weights[i] = most;
            *out_cut += 1;
        }
    }
    return true;
}

/* ---- who did not answer --------------------------------------------------------------------------- */

static bool check_propensity(double p, size_t row, struct fail *fail)
{
    if (!(p > 0 && p <= 1)) {
        return fail_set(fail, FAIL_INPUT,
                        "the propensity of row %zu is %g, expected above 0, at most 1", row, p);
    }
    return true;
}

bool stats_ipw_mean(struct arena *arena, const double *y, const double *propensity, size_t count,
                    double trim, double confidence, struct stats_weighted *out, struct fail *fail)
{
    size_t cut;
    double *weights = arena_array(arena, count, sizeof *weights, fail);
    if (weights == NULL) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        if (!check_propensity(propensity[i], i, fail)) {
            return false;
        }
        weights[i] = 1 / propensity[i];
    }
    if (trim > 0 && !stats_trim(arena, weights, count, trim, &cut, fail)) {
        return false;
    }
    return stats_weighted_mean(y, weights, count, confidence, out, fail);
}

/* The weights of those who answered, in their order; `y` likewise. */
static bool answered_weights(struct arena *arena, const struct stats_asked *asked, double trim,
                             double **out, size_t *out_count, size_t *out_cut, struct fail *fail)
{
    size_t answered = 0;
    double *weights = arena_array(arena, asked->count, sizeof *weights, fail);
    if (weights == NULL) {
        return false;
    }
    for (size_t i = 0; i < asked->count; i++) {
        if (!check_propensity(asked->propensity[i], i, fail)) {
            return false;
        }
        if (!isfinite(asked->predicted[i]) || (asked->answered[i] && !isfinite(asked->y[i]))) {
            return fail_set(fail, FAIL_INPUT,
                            "row %zu: outcome or prediction is not a finite number", i);
        }
        if (asked->answered[i]) {
            weights[answered++] = 1 / asked->propensity[i];
        }
    }
    *out_cut = 0;
    if (trim > 0 && !stats_trim(arena, weights, answered, trim, out_cut, fail)) {
        return false;
    }
    *out = weights;
    *out_count = answered;
    return true;
}

bool stats_aipw(struct arena *arena, const struct stats_asked *asked, double trim,
                double confidence, struct stats_doubly_robust *out, struct fail *fail)
{
    double z, *weights;
    size_t answered, cut;
    if (!stats_normal_z(confidence, &z, fail) ||
        !answered_weights(arena, asked, trim, &weights, &answered, &cut, fail)) {
        return false;
    }
    if (answered < 2) {
        return fail_set(fail, FAIL_INPUT, "%zu answered, expected at least 2", answered);
    }
    double total = 0, squares = 0, n = (double)asked->count;
    for (size_t i = 0; i < answered; i++) {
        total += weights[i];
        squares += weights[i] * weights[i];
    }
    double sum = 0, of_answered = 0;
    for (size_t i = 0, k = 0; i < asked->count; i++) {
        sum += asked->predicted[i];
        if (asked->answered[i]) {
            sum += weights[k++] * (n / total) * (asked->y[i] - asked->predicted[i]);
            of_answered += asked->y[i];
        }
    }
    double mean = sum / n, silent_n = n - (double)answered;
    double silent = silent_n > 0 ? (sum - of_answered) / silent_n : mean;
    double spread = 0, silent_spread = 0;
    for (size_t i = 0, k = 0; i < asked->count; i++) {
        double term = asked->predicted[i] - mean, of_silent = asked->predicted[i] - silent;
        if (asked->answered[i]) {
            double weight = weights[k++] * (n / total);
            double residual = asked->y[i] - asked->predicted[i];
            term += weight * residual;
            of_silent =
                (weight - 1) * residual; /* what was said is known: only the rest is guessed */
        }
        spread += term * term;
        silent_spread += of_silent * of_silent;
    }
    double se = sqrt(spread / n / (n - 1));
    struct stats_doubly_robust found = {.value = mean,
                                        .se = se,
                                        .low = mean - z * se,
                                        .high = mean + z * se,
                                        .n_effective = total / squares * total,
                                        .deff = (double)answered * squares / total / total,
                                        .trimmed = cut,
                                        .silent = silent,
                                        .silent_se =
                                            silent_n > 0 ? sqrt(silent_spread) / silent_n : se};
    if (!isfinite(found.value) || !isfinite(found.se) || !isfinite(found.silent) ||
        !isfinite(found.silent_se) || !isfinite(found.n_effective) || !isfinite(found.deff)) {
        return fail_set(fail, FAIL_INPUT, "weights and outcomes are too far apart for doubles");
    }
    *out = found;
    return true;
}

bool stats_worst_case(double mean, double answered, double asked, double lowest, double highest,
                      struct stats_interval *out, struct fail *fail)
{
    if (!(answered >= 0 && asked >= answered && asked > 0 && isfinite(asked))) {
        return fail_set(fail, FAIL_INPUT, "%g answered of %g who were asked", answered, asked);
    }
    if (!(lowest <= highest && isfinite(lowest) && isfinite(highest)) ||
        (answered > 0 && !(mean >= lowest && mean <= highest))) {
        return fail_set(fail, FAIL_INPUT, "the mean is %g on a scale from %g to %g", mean, lowest,
                        highest);
    }
    double share = answered / asked;
    double known = answered > 0 ? share * mean : 0;
    *out = (struct stats_interval){known + (1 - share) * lowest, known + (1 - share) * highest};
    return true;
}

/* ---- sampling ------------------------------------------------------------------------------------- */

bool stats_sample_size(double share, double margin, double confidence, uint64_t population,
                       uint64_t *out, struct fail *fail)
{
    double z;
    if (!(share >= 0 && share <= 1) || !(margin > 0 && margin <= 1)) {
        return fail_set(fail, FAIL_INPUT,
                        "a share of %g with margin %g, expected 0 to 1, margin above 0", share,
                        margin);
    }
    if (!stats_normal_z(confidence, &z, fail)) {
        return false;
    }
    double n = z * z * share * (1 - share) / (margin * margin);
    if (population > 0 && n > 1) {
        n /= 1 + (n - 1) / (double)population;
    }
    n = ceil(n);
    if (n >= 0x1p53) {
        return fail_set(fail, FAIL_LIMIT, "a margin of %g needs 2^53 answers or more", margin);
    }
    *out = n < 1 ? 1 : (uint64_t)n;
    return true;
}

bool stats_neyman(double n, const double *sizes, const double *deviations, size_t count,
                  double *out, struct fail *fail)
{
    double total = 0;
    for (size_t h = 0; h < count; h++) {
        if (!(sizes[h] >= 0 && deviations[h] >= 0 && isfinite(sizes[h] * deviations[h]))) {
            return fail_set(fail, FAIL_INPUT,
                            "stratum %zu: size %g, deviation %g, expected at least 0", h, sizes[h],
                            deviations[h]);
        }
        total += sizes[h] * deviations[h];
    }
    if (!(n >= 0 && isfinite(n)) || !(total > 0 && isfinite(total))) {
        return fail_set(fail, FAIL_INPUT, "n is %g over strata that vary by %g in all", n, total);
    }
    for (size_t h = 0; h < count; h++) {
        out[h] = sizes[h] * deviations[h] / total * n;
    }
    return true;
}

enum stats_contact stats_contact_allowed(const double *contact_days, size_t count, double today,
                                         double min_days_between,
                                         const struct stats_contact_cap *caps, size_t cap_count,
                                         size_t *out_cap)
{
    for (size_t i = 0; i < count; i++) {
        if (contact_days[i] <= today && today - contact_days[i] < min_days_between) {
            return STATS_CONTACT_WAITING;
        }
    }
    for (size_t c = 0; c < cap_count; c++) {
        size_t within = 0;
        for (size_t i = 0; i < count; i++) {
            within += contact_days[i] <= today && contact_days[i] > today - caps[c].window_days;
        }
        if (within >= caps[c].most) {
            *out_cap = c;
            return STATS_CONTACT_CAPPED;
        }
    }
    return STATS_CONTACT_ELIGIBLE;
}
