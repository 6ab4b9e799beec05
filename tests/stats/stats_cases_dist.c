/* dist.*: lists of arguments in, a list of values out. */
#include "stats_cases.h"
#include "stats_dist.h"

#define ARGUMENTS_MAX 4

typedef bool (*distribution)(const double *arguments, double *out, struct fail *fail);

/* Calls `of` with the i-th of each list, for each i. */
static bool each(struct stats_case *c, const char *const *keys, const char *result, distribution of,
                 struct fail *fail)
{
    double *lists[ARGUMENTS_MAX], arguments[ARGUMENTS_MAX];
    size_t count = 0, keys_count = 0;
    for (; keys_count < ARGUMENTS_MAX && keys[keys_count] != NULL; keys_count++) {
        size_t here;
        if (!case_doubles(c, keys[keys_count], &lists[keys_count], &here, fail)) {
            return false;
        }
        if (keys_count > 0 && here != count) {
            return fail_set(fail, FAIL_INPUT, "%s has %zu numbers, %s %zu", keys[keys_count], here,
                            keys[0], count);
        }
        count = here;
    }
    double *values = arena_array(c->arena, count, sizeof *values, fail);
    if (values == NULL) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        for (size_t k = 0; k < keys_count; k++) {
            arguments[k] = lists[k][i];
        }
        if (!of(arguments, &values[i], fail)) {
            return fail_at(fail, "[%zu]", i);
        }
    }
    case_give_list(c, result, values, count);
    return true;
}

static bool norm_ppf(const double *a, double *out, struct fail *fail)
{
    return stats_normal_quantile(a[0], out, fail);
}

static bool norm_cdf(const double *a, double *out, struct fail *fail)
{
    (void)fail;
    *out = stats_normal_cdf(a[0]);
    return true;
}

static bool t_cdf(const double *a, double *out, struct fail *fail)
{
    return stats_t_cdf(a[0], a[1], out, fail);
}

static bool t_ppf(const double *a, double *out, struct fail *fail)
{
    return stats_t_quantile(a[0], a[1], out, fail);
}

static bool chi2_sf(const double *a, double *out, struct fail *fail)
{
    return stats_chi2_sf(a[0], a[1], out, fail);
}

static bool beta_cdf(const double *a, double *out, struct fail *fail)
{
    return stats_beta_cdf(a[0], a[1], a[2], out, fail);
}

static bool beta_ppf(const double *a, double *out, struct fail *fail)
{
    return stats_beta_quantile(a[0], a[1], a[2], out, fail);
}

static bool gamma_p(const double *a, double *out, struct fail *fail)
{
    return stats_gamma_cdf(a[0], a[1], out, fail);
}

static bool lgamma_of(const double *a, double *out, struct fail *fail)
{
    return stats_lgamma(a[0], out, fail);
}

static bool hyp2f1(const double *a, double *out, struct fail *fail)
{
    return stats_hyp2f1(a[0], a[1], a[2], a[3], out, fail);
}

static bool run_norm_ppf(struct stats_case *c, struct fail *fail)
{
    return each(c, (const char *const[]){"p", NULL}, "x", norm_ppf, fail);
}

static bool run_norm_cdf(struct stats_case *c, struct fail *fail)
{
    return each(c, (const char *const[]){"x", NULL}, "p", norm_cdf, fail);
}

static bool run_t_cdf(struct stats_case *c, struct fail *fail)
{
    return each(c, (const char *const[]){"x", "df", NULL}, "p", t_cdf, fail);
}

static bool run_t_ppf(struct stats_case *c, struct fail *fail)
{
    return each(c, (const char *const[]){"p", "df", NULL}, "x", t_ppf, fail);
}

static bool run_chi2_sf(struct stats_case *c, struct fail *fail)
{
    return each(c, (const char *const[]){"x", "df", NULL}, "p", chi2_sf, fail);
}

static bool run_beta_cdf(struct stats_case *c, struct fail *fail)
{
    return each(c, (const char *const[]){"x", "a", "b", NULL}, "p", beta_cdf, fail);
}

static bool run_beta_ppf(struct stats_case *c, struct fail *fail)
{
    return each(c, (const char *const[]){"p", "a", "b", NULL}, "x", beta_ppf, fail);
}

static bool run_gamma_p(struct stats_case *c, struct fail *fail)
{
    return each(c, (const char *const[]){"x", "a", NULL}, "p", gamma_p, fail);
}

static bool run_lgamma(struct stats_case *c, struct fail *fail)
{
    return each(c, (const char *const[]){"x", NULL}, "y", lgamma_of, fail);
}

static bool run_hyp2f1(struct stats_case *c, struct fail *fail)
{
    return each(c, (const char *const[]){"a", "b", "c", "z"}, "y", hyp2f1, fail);
}

const struct case_method case_methods_dist[] = {
    {"dist.norm_ppf", run_norm_ppf},
    {"dist.norm_cdf", run_norm_cdf},
    {"dist.t_cdf", run_t_cdf},
    {"dist.t_ppf", run_t_ppf},
    {"dist.chi2_sf", run_chi2_sf},
    {"dist.beta_cdf", run_beta_cdf},
    {"dist.beta_ppf", run_beta_ppf},
    {"dist.gamma_p", run_gamma_p},
    {"dist.lgamma", run_lgamma},
    {"dist.hyp2f1", run_hyp2f1},
    {NULL, NULL},
};
