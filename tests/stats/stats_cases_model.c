/* model.logistic*, metrics.*, calibration.* */
#include "stats_calibration.h"
#include "stats_cases.h"
#include "stats_logistic.h"
#include "stats_metrics.h"

static bool fit(struct stats_case *c, double lambda, bool standardise, struct fail *fail)
{
    struct json_value rows;
    struct stats_logistic_data data = {.weights = NULL};
    struct stats_logistic model;
    double *x, *y;
    size_t cells, count;
    if (!case_input(c, "X", &rows, fail) || !case_list(c, rows, "X", &x, &cells, fail) ||
        !case_doubles(c, "y", &y, &count, fail)) {
        return false;
    }
    data.rows = json_count(rows);
    if (data.rows == 0 || data.rows != count || cells % data.rows != 0) {
        return fail_set(fail, FAIL_INPUT, "X and y do not fit together");
    }
    data.columns = cells / data.rows;
    data.x = x;
    data.y = y;
    if (!stats_logistic_fit(
            c->arena, &data,
            &(struct stats_logistic_options){.lambda = lambda, .standardise = standardise}, &model,
            fail)) {
        return false;
    }
    case_give_list(c, "coef", model.coefficients, model.columns + 1);
    case_give_list(c, "se", model.se, model.columns + 1);
    case_give(c, "log_likelihood", model.log_likelihood);
    return true;
}

static bool run_logistic(struct stats_case *c, struct fail *fail)
{
    struct json_value value;
    double lambda = 0;
    if (json_member(c->inputs, STR("l2"), &value) && !case_number(value, "l2", &lambda, fail)) {
        return false;
    }
    return fit(c, lambda, false, fail);
}

static bool run_logistic_l2(struct stats_case *c, struct fail *fail)
{
    double lambda;
    return case_double(c, "lambda", &lambda, fail) && fit(c, lambda, true, fail);
}

/* y and a second list of the same length. */
static bool pairs(struct stats_case *c, const char *key, double **y, double **other, size_t *count,
                  struct fail *fail)
{
    size_t others;
    if (!case_doubles(c, "y", y, count, fail) || !case_doubles(c, key, other, &others, fail)) {
        return false;
    }
    return *count == others || fail_set(fail, FAIL_INPUT, "y and %s differ in length", key);
}

static bool run_auc(struct stats_case *c, struct fail *fail)
{
    double *y, *score;
    size_t count;
    struct stats_ranking ranking;
    if (!pairs(c, "score", &y, &score, &count, fail) ||
        !stats_metrics_ranking(c->arena, y, score, count, &ranking, fail)) {
        return false;
    }
    case_give(c, "auc", ranking.auc);
    case_give(c, "average_precision", ranking.average_precision);
    return true;
}

static bool run_brier(struct stats_case *c, struct fail *fail)
{
    double *y, *p, value;
    size_t count;
    if (!pairs(c, "p", &y, &p, &count, fail) || !stats_metrics_brier(y, p, count, &value, fail)) {
        return false;
    }
    case_give(c, "brier", value);
    return true;
}

static bool run_log_loss(struct stats_case *c, struct fail *fail)
{
    double *y, *p, value;
    size_t count;
    if (!pairs(c, "p", &y, &p, &count, fail) ||
        !stats_metrics_log_loss(y, p, count, &value, fail)) {
        return false;
    }
    case_give(c, "log_loss", value);
    return true;
}

static bool run_lift(struct stats_case *c, struct fail *fail)
{
    double *y, *score, share, value;
    size_t count;
    if (!pairs(c, "score", &y, &score, &count, fail) || !case_double(c, "fraction", &share, fail) ||
        !stats_metrics_lift(c->arena, y, score, count, share, &value, fail)) {
        return false;
    }
    case_give(c, "lift", value);
    return true;
}

static bool run_ece(struct stats_case *c, struct fail *fail)
{
    double *y, *p, value;
    size_t count;
    uint64_t bins;
    if (!pairs(c, "p", &y, &p, &count, fail) ||
        !case_member_count(c->inputs, "bins", &bins, fail) ||
        !stats_metrics_calibration_error(y, p, count, bins, &value, fail)) {
        return false;
    }
    case_give(c, "ece", value);
    return true;
}

static bool run_isotonic(struct stats_case *c, struct fail *fail)
{
    double *y, *x;
    size_t count;
    if (!pairs(c, "x", &y, &x, &count, fail)) {
        return false;
    }
    double *fitted = arena_array(c->arena, count, sizeof *fitted, fail);
    if (fitted == NULL || !stats_isotonic(c->arena, x, y, NULL, count, fitted, fail)) {
        return false;
    }
    case_give_list(c, "fitted", fitted, count);
    return true;
}

static bool run_platt(struct stats_case *c, struct fail *fail)
{
    double *y, *score;
    size_t count;
    struct stats_platt platt;
    if (!pairs(c, "score", &y, &score, &count, fail) ||
        !stats_platt_fit(c->arena, score, y, count, 0, &platt, fail)) {
        return false;
    }
    case_give(c, "intercept", platt.intercept);
    case_give(c, "slope", platt.slope);
    return true;
}

const struct case_method case_methods_model[] = {
    {"model.logistic", run_logistic},   {"model.logistic_l2", run_logistic_l2},
    {"metrics.auc", run_auc},           {"metrics.brier", run_brier},
    {"metrics.log_loss", run_log_loss}, {"metrics.lift_at_k", run_lift},
    {"calibration.ece", run_ece},       {"calibration.isotonic", run_isotonic},
    {"calibration.platt", run_platt},   {NULL, NULL},
};
