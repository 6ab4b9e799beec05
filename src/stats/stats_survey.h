/* stats_survey.h — whom to ask, and what those who were asked and did not answer do to a score.
 *
 * What: post-stratification (Cochran 1977, 5A), raking of tables and of weights (Deming & Stephan 1940),
 *   inverse propensity weights after Hajek (1971), trimmed at a multiple of their median; doubly robust
 *   estimates (AIPW: Robins, Rotnitzky & Zhao 1994); bounds that assume nothing (Manski 1989); sizes of
 *   samples with finite populations (Cochran 1977), Neyman's allocation (1934); whether a contact rule lets
 *   somebody be asked.
 * Owner: the caller's arrays; room in between comes from the arena.   Threads: pure.
 * Failure: FAIL_INPUT, naming row, cell or margin; for margins that cannot be met, which one.
 *   FAIL_CANCELLED.
 * Limits/cost: linear in rows, times some passes (raking at most STATS_RAKE_PASSES_MAX).
 * Units: shares 0 to 1, values in those of the outcome, days.
 * Example: if (!stats_ipw_mean(arena, y, p, n, 5, 0.95, &mean, fail)) return false;
 * Not here: how propensities are learnt (stats_nonresponse.h); Kish's effective n and design effect stand in
 *   struct stats_weighted (stats_score.h).
 */
#pragma once

#include "base_mem.h"
#include "stats_score.h"

struct base_cancel; /* asked between passes; NULL: never */

/* ---- weights -------------------------------------------------------------------------------------- */

struct stats_stratum {
    double share;             /* in the population; those of all strata add up to 1 */
    double n, mean, variance; /* of those who answered */
};
/* sum W y, with variance sum W^2 s^2/n. A stratum with a share and nobody in it is an error: it is to be
   joined with a neighbour. */
bool stats_poststratify(const struct stats_stratum *strata, size_t count, double confidence,
                        struct stats_score *out, struct fail *fail) MUST_USE;

#define STATS_RAKE_AXES_MAX 4
#define STATS_RAKE_PASSES_MAX 10000
/* Targets of the sums over all axes but `axes` (rising), one for each combination, last axis fastest. */
struct stats_margin {
    size_t axes[STATS_RAKE_AXES_MAX];
    size_t axis_count;
    const double *targets;
};
/* Scales the cells of a table of `axis_count` axes (last axis fastest) in place until every margin fits to
   1e-10 of the total; empty cells stay empty. `cells` are as they came when it fails. */
bool stats_rake_table(struct arena *arena, double *cells, const size_t *sizes, size_t axis_count,
                      const struct stats_margin *margins, size_t margin_count,
                      struct base_cancel *cancel, struct fail *fail) MUST_USE;

/* One question that people are weighted by: each row's answer, and the answers' shares (adding up to 1). */
struct stats_factor {
    const size_t *levels;
    const double *shares;
    size_t level_count;
};
/* Weights that add up to `total` and meet all shares; `trim` > 0 cuts at that multiple of their median and
   rakes again, so that no weight is much above it. */
bool stats_rake_weights(struct arena *arena, const struct stats_factor *factors,
                        size_t factor_count, size_t rows, double total, double trim,
                        double *weights, struct base_cancel *cancel, struct fail *fail) MUST_USE;
/* Cuts weights above `multiple` of their median; gives how many were. */
bool stats_trim(struct arena *arena, double *weights, size_t count, double multiple,
                size_t *out_cut, struct fail *fail) MUST_USE;

/* ---- who did not answer --------------------------------------------------------------------------- */

/* sum(y/p) / sum(1/p) over those who answered; `trim` as above, 0: none. */
bool stats_ipw_mean(struct arena *arena, const double *y, const double *propensity, size_t count,
                    double trim, double confidence, struct stats_weighted *out,
                    struct fail *fail) MUST_USE;

/* All who were asked: right if either the propensities or the predictions are. */
struct stats_asked {
    const double *y; /* read where answered only */
    const bool *answered;
    const double *propensity; /* above 0, at most 1 */
    const double *predicted;  /* of y, for everybody */
    size_t count;
};
struct stats_doubly_robust {
    double value, se, low, high;
    double n_effective, deff; /* of the weights of those who answered */
    size_t trimmed;
    double silent,
        silent_se; /* the same estimate for those who did not answer alone; value, se where all did */
};
/* The mean over all of m + w (y - m), w the (trimmed) weights of those who answered, scaled to add up to the
   count; the interval by the spread of these terms. */
bool stats_aipw(struct arena *arena, const struct stats_asked *asked, double trim,
                double confidence, struct stats_doubly_robust *out, struct fail *fail) MUST_USE;
/* The mean of all if everybody silent had said `lowest`, and `highest`. */
bool stats_worst_case(double mean, double answered, double asked, double lowest, double highest,
                      struct stats_interval *out, struct fail *fail) MUST_USE;

/* ---- sampling ------------------------------------------------------------------------------------- */

/* How many answers give a share its margin; `population` 0: without end. Rounded up. */
bool stats_sample_size(double share, double margin, double confidence, uint64_t population,
                       uint64_t *out, struct fail *fail) MUST_USE;
/* n_h = n N_h S_h / sum N S, not rounded. */
bool stats_neyman(double n, const double *sizes, const double *deviations, size_t count,
                  double *out, struct fail *fail) MUST_USE;

struct stats_contact_cap {
    double window_days; /* contacts in (today - window, today] */
    size_t most;        /* as many of them allow no further one */
};
enum stats_contact {
    STATS_CONTACT_ELIGIBLE,
    STATS_CONTACT_WAITING, /* fewer than min_days_between since the last one */
    STATS_CONTACT_CAPPED,  /* by the cap of the place given */
};
/* The first rule that says no, the waiting time before the caps, these in their order. Later days than
   `today` do not count. */
enum stats_contact stats_contact_allowed(const double *contact_days, size_t count, double today,
                                         double min_days_between,
                                         const struct stats_contact_cap *caps, size_t cap_count,
                                         size_t *out_cap);
