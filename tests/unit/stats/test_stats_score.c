/* clang-format off */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include <math.h>

#include "stats_compare.h"

static void near(double found, double expected, double absolute)
{
    if (!(fabs(found - expected) <= absolute)) {
        print_error("found %.17g, expected %.17g\n", found, expected);
        fail();
    }
}

static void nps_counts_promoters_less_detractors(void **state)
{
    (void)state;
    struct fail fail;
    const uint64_t answers[11] = {1, 0, 0, 1, 0, 0, 1, 1, 2, 2, 2};
    struct stats_nps counts = stats_nps_of(answers);
    assert_int_equal(counts.promoters, 4);
    assert_int_equal(counts.passives, 3);
    assert_int_equal(counts.detractors, 3);
    struct stats_score score;
    assert_true(stats_score_nps(answers, 0.95, &score, &fail));
    near(score.value, 10, 1e-12);
    assert_true(score.low < 10 && score.high > 10);
}

static void nps_intervals_are_those_published(void **state)
{
    (void)state;
    struct fail fail;
    struct stats_score wald;
    struct stats_interval adjusted;
    struct stats_nps counts = {50, 30, 20};
    assert_true(stats_nps_wald(counts, 0.95, &wald, &fail));
    assert_true(stats_nps_adjusted(counts, 0.95, &adjusted, &fail));
    near(wald.se, 7.81024967591, 1e-9);
    near(wald.low, 14.692191925, 1e-9);
    near(adjusted.low, 14.0511301788, 1e-9);
    near(adjusted.high, 44.2012970057, 1e-9);
    const uint64_t all_ten[11] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 7};
    struct stats_score shown;
    assert_true(stats_score_nps(all_ten, 0.95, &shown, &fail));
    assert_true(shown.value == 100 && shown.high == 100 && shown.low < 90);
    uint64_t n;
    assert_true(stats_nps_required(0.5, 0.2, 5, 0.95, &n, &fail));
    assert_int_equal(n, 938);
}

static void shares_stay_within_their_scale(void **state)
{
    (void)state;
    struct fail fail;
    struct stats_interval of;
    for (uint64_t n = 1; n < 60; n++) {
        for (uint64_t x = 0; x <= n; x++) {
            double p = (double)x / (double)n;
            assert_true(stats_share_wilson(x, n, 0.95, &of, &fail));
            assert_true(of.low >= 0 && of.low <= p && of.high >= p && of.high <= 1);
            assert_true(stats_share_agresti_coull(x, n, 0.95, &of, &fail));
            assert_true(of.low >= 0 && of.low <= p && of.high >= p && of.high <= 1);
            if (n % 7 == 0) {
                assert_true(stats_share_exact(x, n, 0.95, &of, &fail));
                assert_true(of.low >= 0 && of.low <= p && of.high >= p && of.high <= 1);
                assert_true((x == 0) == (of.low == 0) && (x == n) == (of.high == 1));
            }
        }
    }
}

static void means_have_t_intervals(void **state)
{
    (void)state;
    struct fail fail;
    const double values[] = {5, 4, 4, 3, 5, 2, 5, 4, 1, 5, 4, 3};
    const uint64_t answers[] = {1, 1, 2, 4, 4};
    struct stats_score score;
    assert_true(stats_mean_t(values, 12, 0.95, &score, &fail));
    near(score.low, 2.93160760844, 1e-9);
    near(score.high, 4.56839239156, 1e-9);
    assert_true(stats_score_mean(answers, 5, 1, 0.95, &score, &fail));
    near(score.value, 3.75, 1e-12);
    near(score.low, 2.93160760844, 1e-9);
    const uint64_t extremes[] = {1, 0, 0, 0, 1};
    assert_true(stats_score_mean(extremes, 5, 1, 0.95, &score, &fail));
    assert_true(score.low == 1 && score.high == 5);
    const uint64_t alike[] = {0, 0, 0, 9, 0};
    assert_true(stats_score_mean(alike, 5, 1, 0.95, &score, &fail));
    assert_true(score.value == 4 && score.low == 4 && score.high == 4);
}

static void weights_count_as_much_as_they_weigh(void **state)
{
    (void)state;
    struct fail fail;
    const double values[] = {100, 0, -100, 100};
    const double equal[] = {3, 3, 3, 3}, some[] = {2, 0, 1, 0}, none[] = {0, 0, 0, 0};
    struct stats_weighted mean;
    assert_true(stats_weighted_mean(values, equal, 4, 0.95, &mean, &fail));
    near(mean.value, 25, 1e-12);
    near(mean.deff, 1, 1e-12);
    near(mean.n_effective, 4, 1e-12);
    assert_true(stats_weighted_mean(values, some, 4, 0.95, &mean, &fail));
    near(mean.value, 100.0 / 3, 1e-12);
    near(mean.n_effective, 9.0 / 5, 1e-12);
    assert_false(stats_weighted_mean(values, none, 4, 0.95, &mean, &fail));
    const double huge[] = {1e308, 1e308, 1e308, 1e308};
    assert_false(stats_weighted_mean(values, huge, 4, 0.95, &mean, &fail));
    const double negative[] = {1, -1, 1, 1};
    assert_false(stats_weighted_mean(values, negative, 4, 0.95, &mean, &fail));
}

static void what_has_no_answer_is_an_error(void **state)
{
    (void)state;
    struct fail fail;
    const uint64_t nobody[11] = {0}, one[5] = {0, 0, 1, 0, 0};
    struct stats_score score = {1, 2, 3, 4};
    struct stats_interval of;
    struct stats_difference difference;
    uint64_t n;
    assert_false(stats_score_nps(nobody, 0.95, &score, &fail));
    assert_int_equal(fail.code, FAIL_INPUT);
    assert_false(stats_score_share(0, 0, 0.95, &score, &fail));
    assert_false(stats_score_share(3, 2, 0.95, &score, &fail));
    assert_false(stats_score_share(1, 2, 1.5, &score, &fail));
    assert_false(stats_score_mean(one, 5, 1, 0.95, &score, &fail));
    assert_false(stats_share_exact(1, 0, 0.95, &of, &fail));
    assert_false(stats_nps_required(0.7, 0.5, 5, 0.95, &n, &fail));
    assert_false(stats_nps_required(0.5, 0.2, 0, 0.95, &n, &fail));
    const double broken[] = {1, (double)NAN, 2};
    assert_false(stats_mean_t(broken, 3, 0.95, &score, &fail));
    struct stats_arm still = {0, 0, 50}, moving = {10, 90, 50};
    assert_false(stats_compare_z(&still, &still, 0.95, &difference, &fail));
    assert_false(
        stats_compare_welch(&still, &moving, 0.05, true, STATS_TWO_SIDED, &difference, &fail));
    assert_false(stats_compare_sequential(&still, &still, &(struct stats_sequential){0},
                                          &difference, &fail));
    assert_false(stats_compare_shares((struct stats_share_count){3, 3},
                                      (struct stats_share_count){4, 4}, 0.95, &difference, &fail));
    assert_true(score.value == 1 && score.high == 4);
}

static void differences_are_those_published(void **state)
{
    (void)state;
    struct fail fail;
    struct stats_arm a, b;
    struct stats_difference found;
    assert_true(stats_arm_of_nps((struct stats_nps){250, 150, 100}, &a, &fail));
    assert_true(stats_arm_of_nps((struct stats_nps){290, 140, 70}, &b, &fail));
    assert_true(stats_compare_z(&a, &b, 0.95, &found, &fail));
    near(found.estimate, 14, 1e-9);
    near(found.se, 4.76738922262, 1e-9);
    near(found.p_value, 0.00331812781741, 1e-11);
    assert_true(stats_arm_of_share(500, 10000, &a, &fail));
    assert_true(stats_arm_of_share(590, 10000, &b, &fail));
    assert_true(stats_compare_sequential(&a, &b, &(struct stats_sequential){0}, &found, &fail));
    near(found.p_value, 0.126579527966, 1e-9);
    near(found.low, -0.00103696474729, 1e-11);
    assert_true(stats_arm_of_sums(1396.87, 52377.9767, 3407, &a, &fail));
    assert_true(stats_arm_of_sums(2422.7, 134698.29, 3461, &b, &fail));
    assert_true(stats_compare_welch(&a, &b, 0.05, true, STATS_TWO_SIDED, &found, &fail));
    near(found.p_value, 0.0619118274562, 1e-9);
    assert_true(stats_compare_welch(&a, &b, 0.05, false, STATS_GREATER, &found, &fail));
    assert_true(isinf(found.high) && isfinite(found.low));
}

static void several_tests_are_adjusted_in_their_own_order(void **state)
{
    (void)state;
    struct fail fail;
    const double p[] = {.898, .138, .007, .964, .538, .006, .138};
    const double bh[] = {.964, .2415, .0245, .964, .7532, .0245, .2415};
    size_t order[7];
    double adjusted[7];
    assert_true(stats_adjust_bh(p, 7, order, adjusted, &fail));
    for (size_t i = 0; i < 7; i++) {
        near(adjusted[i], bh[i], 1e-12);
    }
    const double q[] = {.01, .04, .03, .005, .55, .6};
    const double holm[] = {.05, .12, .12, .03, 1, 1};
    assert_true(stats_adjust_holm(q, 6, order, adjusted, &fail));
    for (size_t i = 0; i < 6; i++) {
        near(adjusted[i], holm[i], 1e-12);
    }
    assert_true(stats_adjust_bh(p, 0, order, adjusted, &fail));
    const double wrong[] = {0.5, 1.5};
    assert_false(stats_adjust_bh(wrong, 2, order, adjusted, &fail));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nps_counts_promoters_less_detractors),
        cmocka_unit_test(nps_intervals_are_those_published),
        cmocka_unit_test(shares_stay_within_their_scale),
        cmocka_unit_test(means_have_t_intervals),
        cmocka_unit_test(weights_count_as_much_as_they_weigh),
        cmocka_unit_test(what_has_no_answer_is_an_error),
        cmocka_unit_test(differences_are_those_published),
        cmocka_unit_test(several_tests_are_adjusted_in_their_own_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
