/* stats_compare.h — is the difference real: two scores, several segments, many looks.
 *
 * What: two arms (periods, segments, variants) as mean, variance and n; the difference b - a with its
 *   interval and p-value.
 *   Methods: z with unpooled variances (NPS, shares); Welch's t (1947) for means; the asymptotic confidence
 *   sequence (Waudby-Smith, Arbour, Sinha, Kennedy & Ramdas 2021, arXiv:2103.06476, eq. 9, 134, 155) for
 *   whoever looks every day: its interval holds at all times at once, so that stopping when it leaves 0 is
 *   no mistake. Two shares: pooled z; Newcombe's hybrid score and Agresti & Caffo's intervals. Several tests:
 *   Benjamini & Hochberg (1995), Holm (1979). Mixture SPRT (Johari, Pekelis & Walsh 2017).
 * Owner: values; arrays are the caller's.   Threads: pure.
 * Failure: FAIL_INPUT, naming the number; also where nothing varies or a relative difference has a mean of
 *   0 below it, so that no NaN comes out.
 * Limits/cost: some us; adjusting k p-values sorts them.   Units: those of the arms; p-values are 0 to 1.
 * Example: stats_arm_of_nps(april, &a, fail) && stats_arm_of_nps(may, &b, fail) &&
 *          stats_compare_sequential(&a, &b, &(struct stats_sequential){.alpha = 0.05}, &d, fail)
 * Not here: who was assigned, and planning of experiments (experiment).
 */
#pragma once

#include <stddef.h>

#include "stats_score.h"

/* Looks at fewer than this, both arms together, are "too early" for the sequence's theory. */
#define STATS_SEQUENTIAL_N_MIN 100
#define STATS_SEQUENTIAL_TUNING_N 5000

struct stats_arm {
    double mean;
    double variance; /* of one answer */
    double n;
};

/* In points; variance p + d - (p - d)^2. */
bool stats_arm_of_nps(struct stats_nps counts, struct stats_arm *out, struct fail *fail) MUST_USE;
/* Variance p(1 - p). */
bool stats_arm_of_share(double successes, double n, struct stats_arm *out,
                        struct fail *fail) MUST_USE;
/* Sample variance from sums; n at least 2. */
bool stats_arm_of_sums(double sum, double sum_squares, double n, struct stats_arm *out,
                       struct fail *fail) MUST_USE;
/* Sample variance of answers on a scale that begins at `lowest`; at least 2 answers. */
bool stats_arm_of_answers(const uint64_t *answers, size_t levels, double lowest,
                          struct stats_arm *out, struct fail *fail) MUST_USE;

enum stats_side {
    STATS_TWO_SIDED,
    STATS_GREATER, /* is b above a? The interval has no upper end (HUGE_VAL) */
    STATS_LESS,
};

struct stats_difference {
    double estimate; /* b - a, or (b - a)/|a| */
    double se;
    double statistic; /* estimate/se; for the sequence rho */
    double df;        /* Welch's; 0 where it is none */
    double p_value;
    double low, high;
};

bool stats_compare_z(const struct stats_arm *a, const struct stats_arm *b, double confidence,
                     struct stats_difference *out, struct fail *fail) MUST_USE;
bool stats_compare_welch(const struct stats_arm *a, const struct stats_arm *b, double alpha,
                         bool relative, enum stats_side side, struct stats_difference *out,
                         struct fail *fail) MUST_USE;

struct stats_sequential {
    double alpha; /* 0: 0.05 */
    double
        tuning_n; /* at which n, both arms together, it is narrowest; 0: STATS_SEQUENTIAL_TUNING_N */
    bool relative;
    enum stats_side side;
};
/* The p-value is valid whenever it is looked at, and whenever one stops. (One-sided: 1, read the
   interval.) */
bool stats_compare_sequential(const struct stats_arm *a, const struct stats_arm *b,
                              const struct stats_sequential *options, struct stats_difference *out,
                              struct fail *fail) MUST_USE;
/* The mixture likelihood ratio of an estimate against no effect; its p-value is min(1, 1/ratio). */
bool stats_msprt(double estimate, double variance_of_estimate, double tau2, double *out,
                 struct fail *fail) MUST_USE;

struct stats_share_count {
    uint64_t successes, n;
};
/* Pooled z and its p-value, with the unpooled interval. */
bool stats_compare_shares(struct stats_share_count a, struct stats_share_count b, double confidence,
                          struct stats_difference *out, struct fail *fail) MUST_USE;
bool stats_compare_newcombe(struct stats_share_count a, struct stats_share_count b,
                            double confidence, struct stats_interval *out,
                            struct fail *fail) MUST_USE;
bool stats_compare_agresti_caffo(struct stats_share_count a, struct stats_share_count b,
                                 double confidence, struct stats_interval *out,
                                 struct fail *fail) MUST_USE;

/* Adjusted p-values in the order of the input, for comparing with the level itself: Benjamini & Hochberg
   holds the share of false alarms among alarms, Holm the chance of any. `order` is room for as many. */
bool stats_adjust_bh(const double *p_values, size_t count, size_t *order, double *adjusted,
                     struct fail *fail) MUST_USE;
bool stats_adjust_holm(const double *p_values, size_t count, size_t *order, double *adjusted,
                       struct fail *fail) MUST_USE;
