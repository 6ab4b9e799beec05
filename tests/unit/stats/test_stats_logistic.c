/* clang-format off */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include <math.h>
#include <string.h>

#include "base_random.h"
#include "base_thread.h"
#include "stats_calibration.h"
#include "stats_logistic.h"
#include "stats_matrix.h"
#include "stats_metrics.h"

static void near(double found, double expected, double absolute)
{
    if (!(fabs(found - expected) <= absolute)) {
        print_error("found %.17g, expected %.17g +- %g\n", found, expected, absolute);
        fail();
    }
}

static void a_factor_solves_and_inverts(void **state)
{
    (void)state;
    struct fail fail;
    const double a[] = {4, 2, 0.6, 2, 5, 1, 0.6, 1, 3};
    double factor[9], inverse[9], x[] = {1, 2, 3};
    memcpy(factor, a, sizeof a);
    assert_true(stats_cholesky(factor, 3, &fail));
    stats_cholesky_solve(factor, 3, x);
    for (size_t i = 0; i < 3; i++) {
        near(a[3 * i] * x[0] + a[3 * i + 1] * x[1] + a[3 * i + 2] * x[2], (double)i + 1, 1e-13);
    }
    stats_cholesky_inverse(factor, 3, inverse);
    for (size_t i = 0; i < 3; i++) {
        for (size_t j = 0; j < 3; j++) {
            double sum = 0;
            for (size_t k = 0; k < 3; k++) {
                sum += a[3 * i + k] * inverse[3 * k + j];
            }
            near(sum, i == j, 1e-13);
        }
    }
    double twice[] = {1, 1, 1, 1};
    assert_false(stats_cholesky(twice, 2, &fail));
    assert_non_null(strstr(fail.message, "column 1"));
    double broken[] = {(double)NAN};
    assert_false(stats_cholesky(broken, 1, &fail));
    assert_false(stats_cholesky(broken, 0, &fail));
}

static void the_maximum_has_no_slope(void **state)
{
    (void)state;
    struct fail fail;
    CLEANUP(arena_free_at) struct arena *arena = arena_new(NULL);
    struct base_random_seeded seeded;
    base_random_seed(&seeded, 4);
    enum { ROWS = 300, COLUMNS = 3 };
    double x[ROWS * COLUMNS], y[ROWS], weights[ROWS];
    for (size_t i = 0; i < ROWS; i++) {
        double eta = -0.3;
        for (size_t j = 0; j < COLUMNS; j++) {
            x[i * COLUMNS + j] = (base_random_unit(&seeded.random) - 0.5) * pow(10, (double)j);
            eta += x[i * COLUMNS + j] / pow(10, (double)j);
        }
        y[i] = base_random_unit(&seeded.random) < stats_logistic_of(eta) ? 1 : 0.25;
        weights[i] = 0.5 + base_random_unit(&seeded.random);
    }
    const struct stats_logistic_data data = {x, y, weights, ROWS, COLUMNS};
    for (int standardise = 0; standardise < 2; standardise++) {
        struct stats_logistic model;
        const struct stats_logistic_options options = {.lambda = 0.7, .standardise = standardise};
        assert_true(stats_logistic_fit(arena, &data, &options, &model, &fail));
        double gradient[COLUMNS + 1] = {0};
        for (size_t i = 0; i < ROWS; i++) {
            double off = weights[i] * (y[i] - stats_logistic_predict(&model, x + i * COLUMNS));
            gradient[0] += off;
            for (size_t j = 0; j < COLUMNS; j++) {
                gradient[j + 1] += off * (x[i * COLUMNS + j] - model.mean[j]) / model.scale[j];
            }
        }
        near(gradient[0], 0, 1e-8);
        for (size_t j = 1; j <= COLUMNS; j++) {
            near(gradient[j], 0.7 * model.coefficients[j], 1e-8);
        }
    }
}

static void a_penalty_keeps_separated_data_finite(void **state)
{
    (void)state;
    struct fail fail;
    CLEANUP(arena_free_at) struct arena *arena = arena_new(NULL);
    const double x[] = {1, 7, 2, 7, 3, 7, 4, 7}, y[] = {0, 0, 1, 1};
    const struct stats_logistic_data data = {x, y, NULL, 4, 2};
    struct stats_logistic model;
    assert_false(
        stats_logistic_fit(arena, &data, &(struct stats_logistic_options){0}, &model, &fail));
    assert_int_equal(fail.code, FAIL_INPUT);
    assert_non_null(strstr(fail.message, "penalty"));
    const struct stats_logistic_data first = {(const double[]){1, 2, 3, 4}, y, NULL, 4, 1};
    assert_false(
        stats_logistic_fit(arena, &first, &(struct stats_logistic_options){0}, &model, &fail));
    assert_true(stats_logistic_fit(
        arena, &data, &(struct stats_logistic_options){.lambda = 1, .standardise = true}, &model,
        &fail));
    assert_true(model.coefficients[1] > 0 && model.coefficients[1] < 3);
    assert_true(model.coefficients[2] == 0); /* a constant column */
    /* Numbers near the edge of doubles: an error or a model, never a NaN. */
    const double huge[] = {1e300, -1e300, 1e-300, 3};
    const struct stats_logistic_data wide = {huge, y, NULL, 4, 1};
    assert_false(stats_logistic_fit(
        arena, &wide, &(struct stats_logistic_options){.lambda = 1, .standardise = true}, &model,
        &fail));
}

static void bad_rows_are_named(void **state)
{
    (void)state;
    struct fail fail;
    CLEANUP(arena_free_at) struct arena *arena = arena_new(NULL);
    struct stats_logistic model;
    const struct stats_logistic_options options = {.lambda = 1};
    const double x[] = {1, (double)NAN, 3}, fine[] = {1, 2, 3}, y[] = {0, 1, 1}, bad[] = {0, 1, 2};
    const double ones[] = {1, 1, 1}, weights[] = {1, -1, 1};
    const struct stats_logistic_data rows[] = {{x, y, NULL, 3, 1},
                                               {fine, bad, NULL, 3, 1},
                                               {fine, ones, NULL, 3, 1},
                                               {fine, y, weights, 3, 1},
                                               {fine, y, NULL, 0, 1}};
    const char *const said[] = {"row 1, column 0", "row 2", "all of y is 1", "weight of row 1",
                                "all of y is 0"};
    for (size_t i = 0; i < 5; i++) {
        assert_false(stats_logistic_fit(arena, &rows[i], &options, &model, &fail));
        assert_non_null(strstr(fail.message, said[i]));
    }
    const struct stats_logistic_data good = {fine, y, NULL, 3, 1};
    assert_false(stats_logistic_fit(
        arena, &good, &(struct stats_logistic_options){.lambda = (double)NAN}, &model, &fail));
    struct base_cancel cancel = {0};
    base_cancel_now(&cancel);
    assert_false(stats_logistic_fit(
        arena, &good, &(struct stats_logistic_options){.lambda = 1, .cancel = &cancel}, &model,
        &fail));
    assert_int_equal(fail.code, FAIL_CANCELLED);
}

static void ranks_count_ties_half(void **state)
{
    (void)state;
    struct fail fail;
    CLEANUP(arena_free_at) struct arena *arena = arena_new(NULL);
    const double y[] = {0, 0, 1, 1}, score[] = {.1, .4, .35, .8}, flat[] = {1, 1, 1, 1};
    struct stats_ranking ranking;
    assert_true(stats_metrics_ranking(arena, y, score, 4, &ranking, &fail));
    near(ranking.auc, 0.75, 1e-15);
    near(ranking.average_precision, 5.0 / 6, 1e-15);
    assert_true(stats_metrics_ranking(arena, y, flat, 4, &ranking, &fail));
    near(ranking.auc, 0.5, 1e-15);
    near(ranking.average_precision, 0.5, 1e-15);
    assert_false(stats_metrics_ranking(arena, y, score, 2, &ranking, &fail)); /* zeros alone */
    const double half[] = {0, 0.5}, nan[] = {(double)NAN, 1, 2, 3};
    double value;
    assert_false(stats_metrics_brier(half, half, 2, &value, &fail));
    assert_false(stats_metrics_ranking(arena, y, nan, 4, &ranking, &fail));
    assert_false(stats_metrics_log_loss(y, nan, 4, &value, &fail));
    assert_true(stats_metrics_log_loss(y, y, 4, &value, &fail));
    assert_true(value >= 0 && value < 1e-14);
    assert_true(stats_metrics_lift(arena, y, score, 4, 0.25, &value, &fail));
    near(value, 2, 1e-15);
    assert_true(stats_metrics_calibration_error(y, y, 4, 10, &value, &fail));
    near(value, 0, 1e-15);
    assert_false(stats_metrics_calibration_error(y, y, 4, 0, &value, &fail));
    assert_false(stats_metrics_calibration_error(y, y, 0, 5, &value, &fail));
}

static void isotonic_steps_rise_whatever_the_order_of_rows(void **state)
{
    (void)state;
    struct fail fail;
    CLEANUP(arena_free_at) struct arena *arena = arena_new(NULL);
    const double x[] = {3, 1, 2, 2, 5, 4}, y[] = {0.2, 0.1, 0.6, 0.2, 0.9, 1},
                 weights[] = {1, 1, 1, 1, 3, 1};
    double fitted[6];
    assert_true(stats_isotonic(arena, x, y, NULL, 6, fitted, &fail));
    near(fitted[1], 0.1, 1e-15);
    near(fitted[2], 1.0 / 3, 1e-15); /* 2, 2 and 3 are pooled */
    near(fitted[3], 1.0 / 3, 1e-15);
    near(fitted[0], 1.0 / 3, 1e-15);
    near(fitted[4], 0.95, 1e-15);
    assert_true(stats_isotonic(arena, x, y, weights, 6, fitted, &fail));
    near(fitted[4], 3.7 / 4, 1e-15);
    const double zero[] = {1, 1, 0, 1, 1, 1};
    assert_false(stats_isotonic(arena, x, y, zero, 6, fitted, &fail));
    assert_true(stats_isotonic(arena, x, y, NULL, 0, fitted, &fail));
}

static void platt_mends_a_score_that_is_too_sure(void **state)
{
    (void)state;
    struct fail fail;
    CLEANUP(arena_free_at) struct arena *arena = arena_new(NULL);
    struct base_random_seeded seeded;
    base_random_seed(&seeded, 1999);
    enum { ROWS = 20000 };
    static double score[ROWS], y[ROWS], p[ROWS];
    for (size_t i = 0; i < ROWS; i++) {
        double logit = 4 * base_random_unit(&seeded.random) - 2;
        score[i] = 3 * logit + 1; /* three times too sure, and too high */
        y[i] = base_random_unit(&seeded.random) < stats_logistic_of(logit);
    }
    struct stats_platt platt;
    assert_true(stats_platt_fit(arena, score, y, ROWS, 0, &platt, &fail));
    near(platt.slope, 1.0 / 3, 0.02);
    near(platt.intercept, -1.0 / 3, 0.05);
    for (size_t i = 0; i < ROWS; i++) {
        p[i] = stats_platt_of(&platt, score[i]);
    }
    double error;
    assert_true(stats_metrics_calibration_error(y, p, ROWS, 10, &error, &fail));
    assert_true(error < 0.02);
    const double apart[] = {1, 2, 3, 4}, sure[] = {0, 0, 1, 1};
    assert_false(stats_platt_fit(arena, apart, sure, 4, 0, &platt, &fail));
    assert_true(stats_platt_fit(arena, apart, sure, 4, 1, &platt, &fail));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_factor_solves_and_inverts),
        cmocka_unit_test(the_maximum_has_no_slope),
        cmocka_unit_test(a_penalty_keeps_separated_data_finite),
        cmocka_unit_test(bad_rows_are_named),
        cmocka_unit_test(ranks_count_ties_half),
        cmocka_unit_test(isotonic_steps_rise_whatever_the_order_of_rows),
        cmocka_unit_test(platt_mends_a_score_that_is_too_sure),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
