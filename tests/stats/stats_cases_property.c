/* property.*: what holds on the whole, by simulation with a fixed seed. */
#include <math.h>

#include "base_random.h"
#include "stats_cases.h"
#include "stats_compare.h"
#include "stats_dist.h"

#define RUNS 20000

/* Marsaglia's polar method, one of the pair. */
static double normal(struct base_random *random)
{
    for (;;) {
        double x = 2 * base_random_unit(random) - 1, y = 2 * base_random_unit(random) - 1;
        double s = x * x + y * y;
        if (s > 0 && s < 1) {
            return x * sqrt(-2 * log(s) / s);
        }
    }
}

/* How often a score's intervals hold the truth. */
static bool coverage(const double *shares, size_t n, double confidence, struct base_random *random,
                     double *adjusted_share, double *wald_share, struct fail *fail)
{
    double truth = 100 * (shares[0] - shares[2]);
    size_t adjusted_hits = 0, wald_hits = 0;
    for (int run = 0; run < RUNS; run++) {
        struct stats_nps counts = {0, 0, 0};
        struct stats_interval adjusted;
        struct stats_score wald;
        for (size_t i = 0; i < n; i++) {
            double dice = base_random_unit(random);
            *(dice < shares[0]               ? &counts.promoters
              : dice < shares[0] + shares[1] ? &counts.passives
                                             : &counts.detractors) += 1;
        }
        if (!stats_nps_adjusted(counts, confidence, &adjusted, fail) ||
            !stats_nps_wald(counts, confidence, &wald, fail)) {
            return false;
        }
        adjusted_hits += adjusted.low <= truth && truth <= adjusted.high;
        wald_hits += wald.low <= truth && truth <= wald.high;
    }
    *adjusted_share = (double)adjusted_hits / RUNS;
    *wald_share = (double)wald_hits / RUNS;
    return true;
}

static bool run_coverage(struct stats_case *c, struct fail *fail)
{
    double *shares, *sizes, confidence, adjusted[16], wald[16];
    size_t cells, count;
    struct base_random_seeded seeded;
    base_random_seed(&seeded, 2016);
    if (!case_doubles(c, "shares_promoter_passive_detractor", &shares, &cells, fail) ||
        !case_doubles(c, "n", &sizes, &count, fail) ||
        !case_double(c, "confidence", &confidence, fail)) {
        return false;
    }
    if (cells != 3 * count || count > ARRAY_LEN(adjusted)) {
        return fail_set(fail, FAIL_INPUT, "shares and n do not fit together");
    }
    for (size_t i = 0; i < count; i++) {
        if (!coverage(shares + 3 * i, (size_t)sizes[i], confidence, &seeded.random, &adjusted[i],
                      &wald[i], fail)) {
            return false;
        }
    }
    case_give_list(c, "adjwald", adjusted, count);
    case_give_list(c, "wald", wald, count);
    return true;
}

static bool run_peeking(struct stats_case *c, struct fail *fail)
{
    double *looks, rates[16], z;
    size_t count;
    struct base_random_seeded seeded;
    base_random_seed(&seeded, 1969);
    if (!case_doubles(c, "looks", &looks, &count, fail) || !stats_normal_z(0.95, &z, fail)) {
        return false;
    }
    if (count > ARRAY_LEN(rates)) {
        return fail_set(fail, FAIL_INPUT, "more than %zu numbers of looks", ARRAY_LEN(rates));
    }
    for (size_t i = 0; i < count; i++) {
        size_t alarms = 0;
        for (int run = 0; run < RUNS; run++) {
            double sum = 0;
            bool alarm = false;
            for (size_t look = 1; look <= (size_t)looks[i]; look++) {
                sum += normal(&seeded.random);
                alarm = alarm || fabs(sum) > z * sqrt((double)look);
            }
            alarms += alarm;
        }
        rates[i] = (double)alarms / RUNS;
    }
    case_give_list(c, "false_positive_rate", rates, count);
    return true;
}

/* Two arms of n/2 with variance 1/4 make a difference of variance 1/n: that of a mean of n. */
static bool run_sequential(struct stats_case *c, struct fail *fail)
{
    double every, most, tuning;
    size_t alarms = 0;
    struct base_random_seeded seeded;
    base_random_seed(&seeded, 2103);
    if (!case_double(c, "looks_every", &every, fail) || !case_double(c, "max_n", &most, fail) ||
        !case_double(c, "tuning_n", &tuning, fail)) {
        return false;
    }
    if (!(every >= 1 && most >= every && most / every <= 10000)) {
        return fail_set(fail, FAIL_INPUT, "looks every %g up to %g", every, most);
    }
    for (int run = 0; run < RUNS; run++) {
        double sum = 0;
        for (double n = every; n <= most; n += every) {
            sum += sqrt(every) * normal(&seeded.random);
            struct stats_arm a = {0, 0.25, n / 2}, b = {sum / n, 0.25, n / 2};
            struct stats_difference found;
            if (!stats_compare_sequential(&a, &b, &(struct stats_sequential){.tuning_n = tuning},
                                          &found, fail)) {
                return false;
            }
            if (found.low > 0 || found.high < 0) {
                alarms++;
                break;
            }
        }
    }
    case_give(c, "false_positive_rate_at_most", (double)alarms / RUNS);
    case_give(c, "simulated", (double)alarms / RUNS);
    return true;
}

const struct case_method case_methods_property[] = {
    {"property.nps_coverage", run_coverage},
    {"property.peeking", run_peeking},
    {"property.sequential_type1", run_sequential},
    {NULL, NULL},
};
