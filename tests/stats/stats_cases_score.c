/* nps.*, csat.* */
#include "stats_cases.h"
#include "stats_compare.h"

static bool counts_of(struct json_value object, struct stats_nps *out, struct fail *fail)
{
    return case_member_count(object, "promoters", &out->promoters, fail) &&
           case_member_count(object, "passives", &out->passives, fail) &&
           case_member_count(object, "detractors", &out->detractors, fail);
}

static bool run_nps_ci(struct stats_case *c, struct fail *fail)
{
    struct stats_nps counts;
    double confidence;
    struct stats_score wald;
    struct stats_interval adjusted;
    if (!counts_of(c->inputs, &counts, fail) || !case_double(c, "confidence", &confidence, fail) ||
        !stats_nps_wald(counts, confidence, &wald, fail) ||
        !stats_nps_adjusted(counts, confidence, &adjusted, fail)) {
        return false;
    }
    case_give(c, "nps", wald.value);
    case_give(c, "wald_se", wald.se);
    case_give(c, "wald_low", wald.low);
    case_give(c, "wald_high", wald.high);
    case_give(c, "adjwald_low", adjusted.low);
    case_give(c, "adjwald_high", adjusted.high);
    return true;
}

static bool run_nps_diff(struct stats_case *c, struct fail *fail)
{
    struct json_value a, b;
    struct stats_nps counts_a, counts_b;
    struct stats_arm arm_a, arm_b;
    struct stats_difference found;
    double confidence;
    if (!case_input(c, "a", &a, fail) || !case_input(c, "b", &b, fail) ||
        !counts_of(a, &counts_a, fail) || !counts_of(b, &counts_b, fail) ||
        !case_double(c, "confidence", &confidence, fail) ||
        !stats_arm_of_nps(counts_a, &arm_a, fail) || !stats_arm_of_nps(counts_b, &arm_b, fail) ||
        !stats_compare_z(&arm_a, &arm_b, confidence, &found, fail)) {
        return false;
    }
    case_give(c, "difference", found.estimate);
    case_give(c, "se", found.se);
    case_give(c, "z", found.statistic);
    case_give(c, "p_value", found.p_value);
    case_give(c, "low", found.low);
    case_give(c, "high", found.high);
    return true;
}

/* How often each level from `lowest` was answered. */
static bool tally(const double *scores, size_t count, double lowest, uint64_t *levels,
                  size_t level_count, struct fail *fail)
{
    for (size_t i = 0; i < count; i++) {
        double level = scores[i] - lowest;
        if (!(level >= 0 && level < (double)level_count && level == (double)(size_t)level)) {
            return fail_set(fail, FAIL_INPUT,
                            "score %zu is %g, expected a whole number on its scale", i, scores[i]);
        }
        levels[(size_t)level]++;
    }
    return true;
}

static bool run_nps_scores(struct stats_case *c, struct fail *fail)
{
    double *scores;
    size_t count;
    uint64_t levels[STATS_NPS_LEVELS] = {0};
    struct stats_score score;
    if (!case_doubles(c, "scores", &scores, &count, fail) ||
        !tally(scores, count, 0, levels, STATS_NPS_LEVELS, fail) ||
        !stats_score_nps(levels, 0.95, &score, fail)) {
        return false;
    }
    struct stats_nps counts = stats_nps_of(levels);
    case_give(c, "promoters", (double)counts.promoters);
    case_give(c, "passives", (double)counts.passives);
    case_give(c, "detractors", (double)counts.detractors);
    case_give(c, "nps", score.value);
    return true;
}

static bool run_nps_required(struct stats_case *c, struct fail *fail)
{
    double promoters, detractors, margin, confidence;
    uint64_t n;
    if (!case_double(c, "promoter_share", &promoters, fail) ||
        !case_double(c, "detractor_share", &detractors, fail) ||
        !case_double(c, "margin_nps_points", &margin, fail) ||
        !case_double(c, "confidence", &confidence, fail) ||
        !stats_nps_required(promoters, detractors, margin, confidence, &n, fail)) {
        return false;
    }
    case_give(c, "n", (double)n);
    return true;
}

static void give_interval(struct stats_case *c, const char *key, struct stats_interval interval)
{
    case_give_list(c, key, (const double[]){interval.low, interval.high}, 2);
}

static bool run_proportion(struct stats_case *c, struct fail *fail)
{
    uint64_t successes, n;
    double confidence;
    struct stats_interval wilson, agresti_coull, exact;
    if (!case_member_count(c->inputs, "successes", &successes, fail) ||
        !case_member_count(c->inputs, "n", &n, fail) ||
        !case_double(c, "confidence", &confidence, fail) ||
        !stats_share_wilson(successes, n, confidence, &wilson, fail) ||
        !stats_share_agresti_coull(successes, n, confidence, &agresti_coull, fail) ||
        !stats_share_exact(successes, n, confidence, &exact, fail)) {
        return false;
    }
    give_interval(c, "wilson", wilson);
    give_interval(c, "agresti_coull", agresti_coull);
    give_interval(c, "clopper_pearson", exact);
    return true;
}

static bool run_mean(struct stats_case *c, struct fail *fail)
{
    double *scores, confidence;
    size_t count;
    struct stats_score score;
    if (!case_doubles(c, "scores", &scores, &count, fail) ||
        !case_double(c, "confidence", &confidence, fail) ||
        !stats_mean_t(scores, count, confidence, &score, fail)) {
        return false;
    }
    case_give(c, "mean", score.value);
    case_give(c, "se", score.se);
    case_give(c, "low", score.low);
    case_give(c, "high", score.high);
    return true;
}

static bool run_top2box(struct stats_case *c, struct fail *fail)
{
    double *scores, confidence, scale_max;
    size_t count;
    struct stats_score score;
    if (!case_doubles(c, "scores", &scores, &count, fail) ||
        !case_double(c, "confidence", &confidence, fail) ||
        !case_double(c, "scale_max", &scale_max, fail)) {
        return false;
    }
    uint64_t successes = 0;
    for (size_t i = 0; i < count; i++) {
        successes += scores[i] >= scale_max - 1;
    }
    if (!stats_score_share(successes, count, confidence, &score, fail)) {
        return false;
    }
    case_give(c, "successes", (double)successes);
    case_give(c, "n", (double)count);
    case_give(c, "share", score.value);
    give_interval(c, "wilson", (struct stats_interval){score.low, score.high});
    return true;
}

const struct case_method case_methods_score[] = {
    {"nps.ci", run_nps_ci},
    {"nps.diff_test", run_nps_diff},
    {"nps.from_scores", run_nps_scores},
    {"nps.required_n", run_nps_required},
    {"csat.proportion_ci", run_proportion},
    {"csat.mean_ci", run_mean},
    {"csat.top2box", run_top2box},
    {NULL, NULL},
};
