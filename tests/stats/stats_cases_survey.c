/* survey.* */
#include "stats_cases.h"
#include "stats_survey.h"

static bool run_poststratify(struct stats_case *c, struct fail *fail)
{
    struct json_value strata, one;
    double confidence;
    struct stats_score score;
    if (!case_input(c, "strata", &strata, fail) ||
        !case_double(c, "confidence", &confidence, fail)) {
        return false;
    }
    struct stats_stratum *list = arena_array(c->arena, json_count(strata), sizeof *list, fail);
    size_t count = 0;
    if (list == NULL) {
        return false;
    }
    for (struct json_iter it = json_iter_of(strata); json_next(&it, NULL, &one); count++) {
        if (!case_member_double(one, "share", &list[count].share, fail) ||
            !case_member_double(one, "n", &list[count].n, fail) ||
            !case_member_double(one, "mean", &list[count].mean, fail) ||
            !case_member_double(one, "var", &list[count].variance, fail)) {
            return false;
        }
    }
    if (!stats_poststratify(list, count, confidence, &score, fail)) {
        return false;
    }
    case_give(c, "mean", score.value);
    case_give(c, "se", score.se);
    case_give(c, "low", score.low);
    case_give(c, "high", score.high);
    return true;
}

/* The sizes of nested lists. */
static size_t axes_of(struct json_value table, size_t *sizes)
{
    size_t axes = 0;
    struct json_value first = table;
    while (axes < STATS_RAKE_AXES_MAX && json_type_of(first) == JSON_ARRAY) {
        sizes[axes++] = json_count(first);
        struct json_iter it = json_iter_of(first);
        if (!json_next(&it, NULL, &first)) {
            break;
        }
    }
    return axes;
}

static bool rake(struct stats_case *c, const struct stats_margin *margins, size_t margin_count,
                 struct fail *fail)
{
    struct json_value table;
    double *cells;
    size_t sizes[STATS_RAKE_AXES_MAX] = {0}, count, cell_count = 1;
    if (!case_input(c, "table", &table, fail) ||
        !case_list(c, table, "table", &cells, &count, fail)) {
        return false;
    }
    size_t axes = axes_of(table, sizes);
    for (size_t i = 0; i < axes; i++) {
        cell_count *= sizes[i];
    }
    if (count != cell_count) {
        return fail_set(fail, FAIL_INPUT, "the table is not rectangular");
    }
    if (!stats_rake_table(c->arena, cells, sizes, axes, margins, margin_count, NULL, fail)) {
        return false;
    }
    case_give_list(c, "table", cells, count);
    return true;
}

static bool run_rake(struct stats_case *c, struct fail *fail)
{
    double *rows, *columns;
    size_t row_count, column_count;
    if (!case_doubles(c, "row_targets", &rows, &row_count, fail) ||
        !case_doubles(c, "col_targets", &columns, &column_count, fail)) {
        return false;
    }
    const struct stats_margin margins[] = {{{0}, 1, rows}, {{1}, 1, columns}};
    return rake(c, margins, 2, fail);
}

/* "0", "0,1", "axis2"; where there is no digit, "i", "ij". */
static void axes_named(struct str key, struct stats_margin *margin)
{
    bool digits = false;
    for (size_t i = 0; i < key.len; i++) {
        digits = digits || (key.data[i] >= '0' && key.data[i] <= '2');
    }
    for (size_t i = 0; i < key.len && margin->axis_count < STATS_RAKE_AXES_MAX; i++) {
        char first = digits ? '0' : 'i';
        if (key.data[i] >= first && key.data[i] <= first + 2) {
            margin->axes[margin->axis_count++] = (size_t)(key.data[i] - first);
        }
    }
}

/* Targets keyed by the axes that stay. */
static bool run_rake_3d(struct stats_case *c, struct fail *fail)
{
    struct stats_margin margins[8] = {{{0}, 0, NULL}};
    struct json_value targets, value;
    struct str key;
    size_t count = 0;
    if (!case_input(c, "targets", &targets, fail)) {
        return false;
    }
    for (struct json_iter it = json_iter_of(targets); json_next(&it, &key, &value); count++) {
        double *list;
        size_t length;
        if (count == ARRAY_LEN(margins)) {
            return fail_set(fail, FAIL_INPUT, "more than %zu margins", ARRAY_LEN(margins));
        }
        axes_named(key, &margins[count]);
        if (!case_list(c, value, "targets", &list, &length, fail)) {
            return false;
        }
        margins[count].targets = list;
    }
    return rake(c, margins, count, fail);
}

/* Level numbers of one column, in the order of the targets' names. */
static bool factor_of(struct stats_case *c, struct json_value respondents, size_t column,
                      struct json_value targets, struct stats_factor *out, struct fail *fail)
{
    size_t rows = json_count(respondents), row = 0, levels = json_count(targets), level = 0;
    size_t *numbers = arena_array(c->arena, rows, sizeof *numbers, fail);
    double *shares = arena_array(c->arena, levels, sizeof *shares, fail);
    struct str *names = arena_array(c->arena, levels, sizeof *names, fail);
    struct json_value value, cell;
    if (numbers == NULL || shares == NULL || names == NULL) {
        return false;
    }
    for (struct json_iter it = json_iter_of(targets); json_next(&it, &names[level], &value);
         level++) {
        if (!case_number(value, "targets", &shares[level], fail)) {
            return false;
        }
    }
    for (struct json_iter it = json_iter_of(respondents); json_next(&it, NULL, &value); row++) {
        struct json_iter cells = json_iter_of(value);
        for (size_t i = 0; i <= column; i++) {
            if (!json_next(&cells, NULL, &cell)) {
                return fail_set(fail, FAIL_INPUT, "respondent %zu is too short", row);
            }
        }
        numbers[row] = levels; /* found to be none of them by the raking itself */
        for (level = 0; level < levels && json_type_of(cell) == JSON_STRING; level++) {
            numbers[row] = str_equal(names[level], json_string(cell)) ? level : numbers[row];
        }
    }
    *out = (struct stats_factor){numbers, shares, levels};
    return true;
}

static bool score_column(struct stats_case *c, struct json_value respondents, size_t column,
                         double *out, struct fail *fail)
{
    struct json_value row, cell;
    size_t at = 0;
    (void)c;
    for (struct json_iter it = json_iter_of(respondents); json_next(&it, NULL, &row); at++) {
        struct json_iter cells = json_iter_of(row);
        double score;
        for (size_t i = 0; i <= column; i++) {
            if (!json_next(&cells, NULL, &cell)) {
                return fail_set(fail, FAIL_INPUT, "respondent %zu is too short", at);
            }
        }
        if (!case_number(cell, "score", &score, fail)) {
            return false;
        }
        out[at] = score >= 9 ? 100 : score >= 7 ? 0 : -100;
    }
    return true;
}

static bool run_rake_nps(struct stats_case *c, struct fail *fail)
{
    struct json_value respondents, columns, targets, name, levels;
    struct stats_factor factors[8];
    size_t factor_count = 0, at = 0, rows;
    double total;
    if (!case_input(c, "respondents", &respondents, fail) ||
        !case_input(c, "columns", &columns, fail) || !case_input(c, "targets", &targets, fail) ||
        !case_double(c, "weights_sum_to", &total, fail)) {
        return false;
    }
    rows = json_count(respondents);
    double *values = arena_array(c->arena, rows, sizeof *values, fail);
    double *weights = arena_array(c->arena, rows, sizeof *weights, fail);
    if (values == NULL || weights == NULL) {
        return false;
    }
    for (struct json_iter it = json_iter_of(columns); json_next(&it, NULL, &name); at++) {
        if (json_member(targets, json_string(name), &levels)) {
            if (factor_count == ARRAY_LEN(factors) ||
                !factor_of(c, respondents, at, levels, &factors[factor_count++], fail)) {
                return false;
            }
        } else if (!score_column(c, respondents, at, values, fail)) {
            return false;
        }
    }
    struct stats_weighted weighted, plain;
    double *ones = arena_array(c->arena, rows, sizeof *ones, fail);
    if (ones == NULL) {
        return false;
    }
    for (size_t i = 0; i < rows; i++) {
        ones[i] = 1;
    }
    if (!stats_rake_weights(c->arena, factors, factor_count, rows, total, 0, weights, NULL, fail) ||
        !stats_weighted_mean(values, weights, rows, 0.95, &weighted, fail) ||
        !stats_weighted_mean(values, ones, rows, 0.95, &plain, fail)) {
        return false;
    }
    case_give_list(c, "weights", weights, rows);
    case_give(c, "weighted_nps", weighted.value);
    case_give(c, "unweighted_nps", plain.value);
    case_give(c, "kish_deff", weighted.deff);
    case_give(c, "effective_n", weighted.n_effective);
    return true;
}

static bool run_ipw(struct stats_case *c, struct fail *fail)
{
    double *y, *propensity, trim = 0;
    size_t count, others;
    struct json_value value;
    struct stats_weighted mean;
    if (!case_doubles(c, "y", &y, &count, fail) ||
        !case_doubles(c, "response_propensity", &propensity, &others, fail)) {
        return false;
    }
    if (json_member(c->inputs, STR("trim_at_multiple_of_median"), &value) &&
        json_type_of(value) != JSON_NULL && !case_number(value, "trim", &trim, fail)) {
        return false;
    }
    if (count != others) {
        return fail_set(fail, FAIL_INPUT, "y and response_propensity differ in length");
    }
    if (!stats_ipw_mean(c->arena, y, propensity, count, trim, 0.95, &mean, fail)) {
        return false;
    }
    case_give(c, "mean", mean.value);
    case_give(c, "kish_deff", mean.deff);
    return true;
}

static bool run_sample_size(struct stats_case *c, struct fail *fail)
{
    double share, margin, confidence, sizes[64];
    struct json_value populations, one;
    size_t count = 0;
    if (!case_double(c, "p", &share, fail) || !case_double(c, "margin", &margin, fail) ||
        !case_double(c, "confidence", &confidence, fail) ||
        !case_input(c, "population", &populations, fail)) {
        return false;
    }
    if (json_type_of(populations) != JSON_ARRAY || json_count(populations) > ARRAY_LEN(sizes)) {
        return fail_set(fail, FAIL_INPUT, "population is no array of at most 64");
    }
    for (struct json_iter it = json_iter_of(populations); json_next(&it, NULL, &one); count++) {
        double population = 0;
        uint64_t n;
        if ((json_type_of(one) != JSON_NULL &&
             !case_number(one, "population", &population, fail)) ||
            !stats_sample_size(share, margin, confidence, (uint64_t)population, &n, fail)) {
            return false;
        }
        sizes[count] = (double)n;
    }
    case_give_list(c, "n", sizes, count);
    return true;
}

static bool run_neyman(struct stats_case *c, struct fail *fail)
{
    double *sizes, *deviations, n;
    size_t count, others;
    if (!case_doubles(c, "N", &sizes, &count, fail) ||
        !case_doubles(c, "S", &deviations, &others, fail) || !case_double(c, "n", &n, fail)) {
        return false;
    }
    double *out = arena_array(c->arena, count, sizeof *out, fail);
    if (count != others) {
        return fail_set(fail, FAIL_INPUT, "N and S differ in length");
    }
    if (out == NULL || !stats_neyman(n, sizes, deviations, count, out, fail)) {
        return false;
    }
    case_give_list(c, "n_h", out, count);
    return true;
}

static bool run_fatigue(struct stats_case *c, struct fail *fail)
{
    struct json_value rules, caps;
    double *days, *pairs, today, between = 0;
    size_t count, length, cap;
    struct stats_contact_cap list[32];
    if (!case_doubles(c, "contact_days", &days, &count, fail) ||
        !case_double(c, "today", &today, fail) || !case_input(c, "rules", &rules, fail) ||
        !case_member_double(rules, "min_days_between", &between, fail) ||
        !case_member(rules, "caps", &caps, fail) ||
        !case_list(c, caps, "caps", &pairs, &length, fail)) {
        return false;
    }
    if (length % 2 != 0 || length / 2 > ARRAY_LEN(list)) {
        return fail_set(fail, FAIL_INPUT, "caps are no pairs of days and number");
    }
    for (size_t i = 0; i < length / 2; i++) {
        list[i] = (struct stats_contact_cap){pairs[2 * i], (size_t)pairs[2 * i + 1]};
    }
    enum stats_contact contact =
        stats_contact_allowed(days, count, today, between, list, length / 2, &cap);
    case_give(c, "eligible", contact == STATS_CONTACT_ELIGIBLE);
    case_give_word(
        c, "reason",
        contact == STATS_CONTACT_ELIGIBLE ? STR("eligible")
        : contact == STATS_CONTACT_WAITING
            ? STR("min_days_between")
            : str_format(c->arena, "cap_%zu_in_%g", list[cap].most, list[cap].window_days));
    return true;
}

const struct case_method case_methods_survey[] = {
    {"survey.poststratify", run_poststratify},
    {"survey.rake", run_rake},
    {"survey.rake_3d", run_rake_3d},
    {"survey.rake_nps", run_rake_nps},
    {"survey.ipw_mean", run_ipw},
    {"survey.sample_size", run_sample_size},
    {"survey.neyman_allocation", run_neyman},
    {"survey.fatigue_eligible", run_fatigue},
    {NULL, NULL},
};
