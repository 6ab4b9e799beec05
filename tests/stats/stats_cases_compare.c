/* ab.*, as far as stats_compare.h goes. */
#include "stats_cases.h"
#include "stats_compare.h"

static bool is_proportion(struct json_value arm)
{
    struct json_value type;
    return json_member(arm, STR("type"), &type) && json_type_of(type) == JSON_STRING &&
           str_is(json_string(type), "proportion");
}

/* Sums, a proportion, or raw values. */
static bool arm_of(struct stats_case *c, const char *key, struct stats_arm *out, struct fail *fail)
{
    struct json_value arm, values;
    double sum, squares = 0, n;
    if (!case_input(c, key, &arm, fail)) {
        return false;
    }
    if (json_member(arm, STR("values"), &values)) {
        double *list;
        size_t count;
        struct stats_score mean;
        if (!case_list(c, values, "values", &list, &count, fail) ||
            !stats_mean_t(list, count, 0.95, &mean, fail)) {
            return false;
        }
        *out = (struct stats_arm){mean.value, mean.se * mean.se * (double)count, (double)count};
        return true;
    }
    if (!case_member_double(arm, "sum", &sum, fail) || !case_member_double(arm, "n", &n, fail)) {
        return false;
    }
    return is_proportion(arm) ? stats_arm_of_share(sum, n, out, fail)
                              : case_member_double(arm, "sum_squares", &squares, fail) &&
                                    stats_arm_of_sums(sum, squares, n, out, fail);
}

static bool word_input(struct stats_case *c, const char *key, struct str *out, struct fail *fail)
{
    struct json_value value;
    if (!case_input(c, key, &value, fail)) {
        return false;
    }
    if (json_type_of(value) != JSON_STRING) {
        return fail_set(fail, FAIL_INPUT, "%s is no string", key);
    }
    *out = json_string(value);
    return true;
}

static bool side_input(struct stats_case *c, enum stats_side *out, bool *relative,
                       struct fail *fail)
{
    struct str side, difference;
    if (!word_input(c, "alternative", &side, fail) ||
        !word_input(c, "difference", &difference, fail)) {
        return false;
    }
    *out = str_is(side, "greater") ? STATS_GREATER
           : str_is(side, "less")  ? STATS_LESS
                                   : STATS_TWO_SIDED;
    *relative = str_is(difference, "relative");
    return true;
}

static void give_difference(struct stats_case *c, const struct stats_difference *found)
{
    case_give(c, "estimate", found->estimate);
    case_give(c, "se", found->se);
    case_give(c, "p_value", found->p_value);
    case_give(c, "low", found->low);
    case_give(c, "high", found->high);
}

static bool run_welch(struct stats_case *c, struct fail *fail)
{
    struct stats_arm a, b;
    double alpha;
    enum stats_side side;
    bool relative;
    struct stats_difference found;
    if (!arm_of(c, "a", &a, fail) || !arm_of(c, "b", &b, fail) ||
        !case_double(c, "alpha", &alpha, fail) || !side_input(c, &side, &relative, fail) ||
        !stats_compare_welch(&a, &b, alpha, relative, side, &found, fail)) {
        return false;
    }
    give_difference(c, &found);
    case_give(c, "df", found.df);
    return true;
}

static bool run_sequential(struct stats_case *c, struct fail *fail)
{
    struct stats_arm a, b;
    struct stats_sequential options = {0};
    struct stats_difference found;
    if (!arm_of(c, "a", &a, fail) || !arm_of(c, "b", &b, fail) ||
        !case_double(c, "alpha", &options.alpha, fail) ||
        !case_double(c, "tuning_n", &options.tuning_n, fail) ||
        !side_input(c, &options.side, &options.relative, fail) ||
        !stats_compare_sequential(&a, &b, &options, &found, fail)) {
        return false;
    }
    give_difference(c, &found);
    case_give(c, "rho", found.statistic);
    return true;
}

static bool run_msprt(struct stats_case *c, struct fail *fail)
{
    double estimate, variance, tau2, ratio;
    if (!case_double(c, "estimate", &estimate, fail) ||
        !case_double(c, "variance_of_estimate", &variance, fail) ||
        !case_double(c, "tau2", &tau2, fail) ||
        !stats_msprt(estimate, variance, tau2, &ratio, fail)) {
        return false;
    }
    case_give(c, "lambda", ratio);
    case_give(c, "p_value_at_this_look", ratio > 1 ? 1 / ratio : 1);
    return true;
}

static bool shares_of(struct stats_case *c, struct stats_share_count *a,
                      struct stats_share_count *b, double *confidence, struct fail *fail)
{
    struct json_value of_a, of_b;
    return case_input(c, "a", &of_a, fail) && case_input(c, "b", &of_b, fail) &&
           case_member_count(of_a, "x", &a->successes, fail) &&
           case_member_count(of_a, "n", &a->n, fail) &&
           case_member_count(of_b, "x", &b->successes, fail) &&
           case_member_count(of_b, "n", &b->n, fail) &&
           case_double(c, "confidence", confidence, fail);
}

static bool run_two_proportion(struct stats_case *c, struct fail *fail)
{
    struct stats_share_count a, b;
    double confidence;
    struct stats_difference found;
    if (!shares_of(c, &a, &b, &confidence, fail) ||
        !stats_compare_shares(a, b, confidence, &found, fail)) {
        return false;
    }
    case_give(c, "difference", found.estimate);
    case_give(c, "z_pooled", found.statistic);
    case_give(c, "p_value_pooled", found.p_value);
    case_give(c, "wald_low", found.low);
    case_give(c, "wald_high", found.high);
    return true;
}

static bool run_two_proportion_ci(struct stats_case *c, struct fail *fail)
{
    struct stats_share_count a, b;
    double confidence;
    struct stats_difference wald;
    struct stats_interval newcombe, agresti_caffo;
    if (!shares_of(c, &a, &b, &confidence, fail) ||
        !stats_compare_shares(a, b, confidence, &wald, fail) ||
        !stats_compare_newcombe(a, b, confidence, &newcombe, fail) ||
        !stats_compare_agresti_caffo(a, b, confidence, &agresti_caffo, fail)) {
        return false;
    }
    case_give_list(c, "wald", (const double[]){wald.low, wald.high}, 2);
    case_give_list(c, "newcombe", (const double[]){newcombe.low, newcombe.high}, 2);
    case_give_list(c, "agresti_caffo", (const double[]){agresti_caffo.low, agresti_caffo.high}, 2);
    return true;
}

static bool run_multiple(struct stats_case *c, struct fail *fail)
{
    double *p;
    size_t count;
    struct str method;
    if (!case_doubles(c, "p_values", &p, &count, fail) || !word_input(c, "method", &method, fail)) {
        return false;
    }
    double *adjusted = arena_array(c->arena, count, sizeof *adjusted, fail);
    size_t *order = arena_array(c->arena, count, sizeof *order, fail);
    if (adjusted == NULL || order == NULL ||
        !(str_is(method, "holm") ? stats_adjust_holm(p, count, order, adjusted, fail)
                                 : stats_adjust_bh(p, count, order, adjusted, fail))) {
        return false;
    }
    case_give_list(c, "adjusted", adjusted, count);
    return true;
}

const struct case_method case_methods_compare[] = {
    {"ab.welch", run_welch},
    {"ab.sequential", run_sequential},
    {"ab.msprt", run_msprt},
    {"ab.two_proportion", run_two_proportion},
    {"ab.two_proportion_ci", run_two_proportion_ci},
    {"ab.multiple_testing", run_multiple},
    {NULL, NULL},
};
