/* clang-format off */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include <math.h>
#include <string.h>

#include "stats_dist.h"

static void near(double found, double expected, double relative)
{
    if (!(fabs(found - expected) <= relative * fabs(expected))) {
        print_error("found %.17g, expected %.17g\n", found, expected);
        fail();
    }
}

static void tails_stay_exact_far_out(void **state)
{
    (void)state;
    struct fail fail;
    double p;
    near(stats_normal_sf(8), 6.22096057427178e-16, 1e-12);
    near(stats_normal_sf(38), 2.885428351e-316, 1e-8);
    near(stats_normal_cdf(-8), 6.22096057427178e-16, 1e-12);
    assert_true(stats_chi2_sf(50, 10, &p, &fail));
    near(p, 2.66908342490e-07, 1e-9);
    assert_true(stats_chi2_sf(2000, 2, &p, &fail)); /* exp(-1000) */
    assert_true(p == 0);
    assert_true(stats_chi2_sf(1400, 2, &p, &fail));
    near(p, exp(-700), 1e-12);
    assert_true(
        stats_t_sf(1e6, 3, &p, &fail)); /* 2 sqrt(3) / pi / x^3 * 3 ... , by the power law */
    double q;
    assert_true(stats_t_sf(2e6, 3, &q, &fail));
    near(p / q, 8, 1e-9);
}

static void both_tails_add_up(void **state)
{
    (void)state;
    struct fail fail;
    const double parameters[] = {1e-3, 0.243, 1, 7.3, 250, 1e5, 1e8};
    for (size_t i = 0; i < 7; i++) {
        for (size_t j = 0; j < 7; j++) {
            double a = parameters[i], b = parameters[j], lower, upper;
            double x = a / (a + b);
            assert_true(stats_beta_cdf(x, a, b, &lower, &fail));
            assert_true(stats_beta_sf(x, a, b, &upper, &fail));
            near(lower + upper, 1, 1e-14);
            assert_true(lower >= 0 && upper >= 0);
            assert_true(stats_beta_cdf(1 - x, b, a, &lower, &fail)); /* I_x(a,b) = 1 - I_1-x(b,a) */
            near(1 + lower, 1 + upper, 1e-7);
        }
        double lower, upper;
        assert_true(stats_gamma_cdf(parameters[i], parameters[i], &lower, &fail));
        assert_true(stats_gamma_sf(parameters[i], parameters[i], &upper, &fail));
        near(lower + upper, 1, 1e-14);
    }
}

static void large_parameters_become_normal(void **state)
{
    (void)state;
    struct fail fail;
    double p;
    assert_true(stats_t_sf(1.96, 1e9, &p, &fail));
    near(p, stats_normal_sf(1.96), 1e-8);
    assert_true(
        stats_gamma_sf(1e8 + 1e4, 1e8, &p, &fail)); /* one standard deviation up, some skew */
    near(p, stats_normal_sf(1), 1e-4);
    assert_true(stats_beta_sf(0.5, 1e8, 1e8, &p, &fail));
    near(p, 0.5, 1e-9);
}

static void exact_values_where_they_are_known(void **state)
{
    (void)state;
    struct fail fail;
    double p;
    assert_true(stats_beta_cdf(0.2, 2, 3, &p, &fail));
    near(p, 0.1808, 1e-14);
    assert_true(stats_beta_cdf(0.5, 0.5, 0.5, &p, &fail));
    near(p, 0.5, 1e-14);
    assert_true(stats_t_cdf(1, 1, &p, &fail));
    near(p, 0.75, 1e-14);
    assert_true(stats_t_cdf(-1, 1, &p, &fail));
    near(p, 0.25, 1e-14);
    assert_true(stats_t_cdf(0, 5, &p, &fail));
    near(p, 0.5, 1e-15);
    assert_true(stats_gamma_cdf(1, 1, &p, &fail));
    near(p, 1 - exp(-1), 1e-14);
    assert_true(stats_gamma_sf(HUGE_VAL, 3, &p, &fail) && p == 0);
    assert_true(stats_gamma_cdf(0, 3, &p, &fail) && p == 0);
    assert_true(stats_beta_cdf(1, 2, 3, &p, &fail) && p == 1);
    assert_true(stats_t_sf(-HUGE_VAL, 3, &p, &fail) && p == 1);
    assert_true(stats_lgamma(0.5, &p, &fail));
    near(p, 0.57236494292470008, 1e-14);
    assert_true(stats_hyp2f1(1, 1, 2, 0.5, &p, &fail)); /* -ln(1 - z)/z */
    near(p, 2 * log(2), 1e-14);
    assert_true(stats_hyp2f1(1, 1, 2, 0.9999, &p, &fail));
    near(p, -log(0.0001) / 0.9999, 1e-11);
    assert_true(stats_hyp2f1(3, 2, 2, 0.75, &p, &fail)); /* (1 - z)^-3 */
    near(p, 64, 1e-13);
}

static void quantiles_invert_the_cdf(void **state)
{
    (void)state;
    struct fail fail;
    const double levels[] = {1e-12, 1e-6, 0.025, 0.3, 0.5, 0.8, 0.975, 0.9999};
    for (size_t i = 0; i < 8; i++) {
        double p = levels[i], x, back;
        assert_true(stats_normal_quantile(p, &x, &fail));
        near(stats_normal_cdf(x), p, 1e-12);
        const double parameters[] = {0.4, 1, 7.3, 4000};
        for (size_t j = 0; j < 4; j++) {
            assert_true(stats_t_quantile(p, parameters[j], &x, &fail));
            assert_true(stats_t_cdf(x, parameters[j], &back, &fail));
            near(back, p, 1e-10);
            assert_true(stats_chi2_quantile(p, parameters[j], &x, &fail));
            assert_true(stats_chi2_cdf(x, parameters[j], &back, &fail));
            near(back, p, 1e-10);
            assert_true(stats_beta_quantile(p, parameters[j], 3, &x, &fail));
            assert_true(stats_beta_cdf(x, parameters[j], 3, &back, &fail));
            near(back, p, 1e-9);
        }
    }
    double x;
    assert_true(stats_normal_quantile(0.5, &x, &fail) && x == 0);
    assert_true(stats_normal_z(0.95, &x, &fail));
    near(x, 1.959963984540054, 1e-13);
}

static void wrong_parameters_are_named_and_nothing_is_written(void **state)
{
    (void)state;
    struct fail fail;
    double out = 42;
    assert_false(stats_normal_quantile(0, &out, &fail));
    assert_int_equal(fail.code, FAIL_INPUT);
    assert_false(stats_normal_quantile(1, &out, &fail));
    assert_false(stats_normal_quantile((double)NAN, &out, &fail));
    assert_false(stats_normal_z(1, &out, &fail));
    assert_false(stats_t_cdf(1, 0, &out, &fail));
    assert_non_null(strstr(fail.message, "df"));
    assert_false(stats_t_sf((double)NAN, 3, &out, &fail));
    assert_false(stats_chi2_sf(1, -1, &out, &fail));
    assert_false(stats_gamma_quantile(0.5, 1e11, &out, &fail));
    assert_false(stats_beta_cdf(0.5, 1, (double)NAN, &out, &fail));
    assert_false(stats_beta_sf((double)NAN, 1, 1, &out, &fail));
    assert_false(stats_lgamma(0, &out, &fail));
    assert_false(stats_lgamma(1e308, &out, &fail));
    assert_int_equal(fail.code, FAIL_LIMIT);
    assert_false(stats_hyp2f1(1, 1, 2, 1, &out, &fail));
    assert_false(stats_hyp2f1(1, 1, 0, 0.5, &out, &fail));
    assert_false(stats_hyp2f1(1, 1, 2, 1 - 1e-15, &out, &fail));
    assert_int_equal(fail.code, FAIL_LIMIT);
    assert_false(stats_t_quantile(1e-300, 0.1, &out, &fail)); /* beyond the largest double */
    assert_int_equal(fail.code, FAIL_LIMIT);
    assert_true(out == 42);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tails_stay_exact_far_out),
        cmocka_unit_test(both_tails_add_up),
        cmocka_unit_test(large_parameters_become_normal),
        cmocka_unit_test(exact_values_where_they_are_known),
        cmocka_unit_test(quantiles_invert_the_cdf),
        cmocka_unit_test(wrong_parameters_are_named_and_nothing_is_written),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
