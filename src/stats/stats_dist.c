#include "stats_dist.h"

#include <float.h>
#include <math.h>
#include <stdint.h>
#include <string.h>

#define HALF_LN_2PI 0.91893853320467274178
#define SQRT_HALF 0.70710678118654752440
#define TINY 1e-300 /* Lentz: what a vanishing denominator becomes */

/* A continued fraction or series of parameter k needs some multiple of sqrt(k) terms: 1e5 at the largest. */
#define TERMS_MAX 4000000
#define HYP_TERMS_MAX 20000000

/* ---- leading factors ------------------------------------------------------------------------------ */

/* lgamma writes to a global; this one does not. */
static double ln_gamma(double x)
{
    int sign;
    return lgamma_r(x, &sign);
}

/* ln z! less Stirling's formula for it. */
static double stirling_error(double z)
{
    if (z < 16) {
        return ln_gamma(z + 1) - (z + 0.5) * log(z) + z - HALF_LN_2PI;
    }
    double r = 1 / (z * z);
    return (1.0 / 12 - (1.0 / 360 - (1.0 / 1260 - (1.0 / 1680 - r / 1188) * r) * r) * r) / z;
}

/* x ln(x/m) + m - x without cancellation (Loader's "bd0"); x, m > 0. */
static double deviance(double x, double m)
{
    if (fabs(x - m) >= 0.1 * (x + m)) {
        return x * log(x / m) + m - x;
    }
    double v = (x - m) / (x + m);
    double sum = (x - m) * v;
    double term = 2 * x * v;
    for (int j = 1; j < 1000; j++) {
        term *= v * v;
        double next = sum + term / (2 * j + 1);
        if (next == sum) {
            break;
        }
        sum = next;
    }
    return sum;
}

/* x^a e^-x / Gamma(a + 1) */
static double poisson_factor(double a, double x)
{
    return exp(-stirling_error(a) - deviance(a, x) - HALF_LN_2PI) / sqrt(a);
}

/* x^a y^b / (a B(a, b)), y = 1 - x */
static double binomial_factor(double a, double b, double x, double y)
{
    double n = a + b;
    double ln = stirling_error(n) - stirling_error(a) - stirling_error(b) - deviance(a, n * x) -
                deviance(b, n * y) - HALF_LN_2PI;
    return exp(ln) * sqrt(n / a / b) * b / n;
}

/* ---- both tails ----------------------------------------------------------------------------------- */

/* A distribution on x >= 0, given by both its tails. */
struct law {
    void (*tails)(const struct law *law, double x, double *lower, double *upper);
    double a, b;
};

/* Whether rounding let a tail leave 0..1. */
static double within(double p)
{
    return p < 0 ? 0 : p > 1 ? 1 : p;
}

static double gamma_series(double a, double x)
{
    double sum = 1, term = 1;
    for (int k = 1; k < TERMS_MAX && term > sum * (DBL_EPSILON / 4); k++) {
        term *= x / (a + k);
        sum += term;
    }
    return sum;
}

static double gamma_fraction(double a, double x)
{
    double b = x + 1 - a;
    double c = 1 / TINY;
    double d = 1 / b;
    double h = d;
    for (int k = 1; k < TERMS_MAX; k++) {
        double numerator = -k * (k - a);
        b += 2;
        d = numerator * d + b;
        d = fabs(d) < TINY ? TINY : d;
        c = b + numerator / c;
        c = fabs(c) < TINY ? TINY : c;
        d = 1 / d;
        double step = c * d;
        h *= step;
        if (fabs(step - 1) < DBL_EPSILON) {
            break;
        }
    }
    return h;
}

static void gamma_tails(const struct law *law, double x, double *lower, double *upper)
{
    double a = law->a;
    if (x <= 0 || isinf(x)) {
        *lower = x > 0;
        *upper = x <= 0;
        return;
    }
    double factor = poisson_factor(a, x);
    if (x < a + 1) {
        *lower = within(factor * gamma_series(a, x));
        *upper = 1 - *lower;
    } else {
        *upper = within(factor * a * gamma_fraction(a, x));
        *lower = 1 - *upper;
    }
}

/* The continued fraction of I_x(a, b) for x below the mean or so. */
static double beta_fraction(double a, double b, double x)
{
    double c = 1;
    double d = 1 - (a + b) * x / (a + 1);
    d = 1 / (fabs(d) < TINY ? TINY : d);
    double h = d;
    for (int k = 1; k < TERMS_MAX; k++) {
        double even = k * (b - k) * x / ((a + 2 * k - 1) * (a + 2 * k));
        double odd = -(a + k) * (a + b + k) * x / ((a + 2 * k) * (a + 2 * k + 1));
        d = 1 + even * d;
        c = 1 + even / c;
        d = 1 / (fabs(d) < TINY ? TINY : d);
        c = fabs(c) < TINY ? TINY : c;
        h *= d * c;
        d = 1 + odd * d;
        c = 1 + odd / c;
        d = 1 / (fabs(d) < TINY ? TINY : d);
        c = fabs(c) < TINY ? TINY : c;
        h *= d * c;
        if (fabs(d * c - 1) < DBL_EPSILON) {
            break;
        }
    }
    return h;
}

/* x and y = 1 - x are both given, so that neither loses digits. */
static void beta_both(double a, double b, double x, double y, double *lower, double *upper)
{
    if (x <= 0 || y <= 0) {
        *lower = x > 0;
        *upper = x <= 0;
    } else if (x < (a + 1) / (a + b + 2)) {
        *lower = within(binomial_factor(a, b, x, y) * beta_fraction(a, b, x));
        *upper = 1 - *lower;
    } else {
        *upper = within(binomial_factor(b, a, y, x) * beta_fraction(b, a, y));
        *lower = 1 - *upper;
    }
}

static void beta_tails(const struct law *law, double x, double *lower, double *upper)
{
    beta_both(law->a, law->b, x, 1 - x, lower, upper);
}

/* |T|, for T of Student's distribution with a degrees of freedom. */
static void t_tails(const struct law *law, double x, double *lower, double *upper)
{
    double ratio = x / sqrt(law->a);
    double square = ratio * ratio;
    double inner = isinf(square) ? 1 : square / (1 + square);
    beta_both(0.5, law->a / 2, inner, 1 / (1 + square), lower, upper);
}

static void normal_tails(const struct law *law, double x, double *lower, double *upper)
{
    (void)law;
    *upper = erfc(x * SQRT_HALF);
    *lower = erf(x * SQRT_HALF);
}

/* ---- quantiles ------------------------------------------------------------------------------------ */

static double of_bits(uint64_t bits)
{
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static uint64_t to_bits(double value)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

/* The least x >= 0 whose lower tail reaches p, or whose upper tail has fallen to p. Non-negative doubles
   are ordered like their bits, so 64 halvings find it whatever its size, and no starting value can fail. */
static bool solve(const struct law *law, double p, bool upper_tail, double top, double *out,
                  struct fail *fail)
{
    uint64_t low = 0, high = to_bits(top);
    double lower, upper;
    while (high - low > 1) {
        uint64_t middle = low + (high - low) / 2;
        law->tails(law, of_bits(middle), &lower, &upper);
        bool reached = upper_tail ? upper <= p : lower >= p;
        *(reached ? &high : &low) = middle;
    }
    double x = of_bits(high);
    law->tails(law, x, &lower, &upper);
    double found = upper_tail ? upper : lower;
    /* Where one double's step is more than that, x is the nearest there is, unless x ran off the doubles. */
    if (x >= DBL_MAX || (x > 1 && fabs(found - p) > 1e-6 * p)) {
        return fail_set(fail, FAIL_LIMIT, "the quantile of %g is beyond the largest double", p);
    }
    *out = x;
    return true;
}

static bool solve_positive(const struct law *law, double p, double top, double *out,
                           struct fail *fail)
{
    return p <= 0.5 ? solve(law, p, false, top, out, fail)
                    : solve(law, 1 - p, true, top, out, fail);
}

/* `law` is that of |X|, X symmetric about 0. */
static bool solve_symmetric(const struct law *law, double p, double *out, struct fail *fail)
{
    if (p == 0.5) {
        *out = 0;
        return true;
    }
    double x;
    double tail = p < 0.5 ? p : 1 - p;
    if (!solve(law, 2 * tail, true, DBL_MAX, &x, fail)) {
        return false;
    }
    *out = p < 0.5 ? -x : x;
    return true;
}

/* ---- domains -------------------------------------------------------------------------------------- */

static bool check_parameter(const char *name, double value, struct fail *fail)
{
    if (!(value > 0 && value <= STATS_DIST_PARAMETER_MAX)) {
        return fail_set(fail, FAIL_INPUT, "%s is %g, expected a number above 0 and at most %g",
                        name, value, STATS_DIST_PARAMETER_MAX);
    }
    return true;
}

static bool check_probability(double p, struct fail *fail)
{
    if (!(p > 0 && p < 1)) {
        return fail_set(fail, FAIL_INPUT,
                        "p is %g, expected a number between 0 and 1, both excluded", p);
    }
    return true;
}

static bool check_x(double x, struct fail *fail)
{
    return isnan(x) ? fail_set(fail, FAIL_INPUT, "x is not a number") : true;
}

/* ---- the faces ------------------------------------------------------------------------------------ */

double stats_normal_cdf(double x)
{
    return stats_normal_sf(-x);
}

double stats_normal_sf(double x)
{
    INVARIANT(!isnan(x));
    return 0.5 * erfc(x * SQRT_HALF);
}

double stats_normal_density(double x)
{
    INVARIANT(!isnan(x));
    return exp(-0.5 * x * x - HALF_LN_2PI);
}

bool stats_normal_quantile(double p, double *out, struct fail *fail)
{
    const struct law law = {normal_tails, 0, 0};
    return check_probability(p, fail) && solve_symmetric(&law, p, out, fail);
}

bool stats_normal_z(double confidence, double *out, struct fail *fail)
{
    if (!(confidence > 0 && confidence < 1)) {
        return fail_set(fail, FAIL_INPUT, "confidence is %g, expected a number between 0 and 1",
                        confidence);
    }
    return stats_normal_quantile(0.5 + confidence / 2, out, fail);
}

/* One side of a symmetric law from that of |X|; `upper` asks for P(X > x). */
static bool t_side(double x, double df, bool upper_side, double *out, struct fail *fail)
{
    if (!check_x(x, fail) || !check_parameter("df", df, fail)) {
        return false;
    }
    const struct law law = {t_tails, df, 0};
    double lower, upper;
    t_tails(&law, fabs(x), &lower, &upper);
    *out = (x > 0) == upper_side ? upper / 2 : 0.5 + lower / 2;
    return true;
}

bool stats_t_cdf(double x, double df, double *out, struct fail *fail)
{
    return t_side(x, df, false, out, fail);
}

bool stats_t_sf(double x, double df, double *out, struct fail *fail)
{
    return t_side(x, df, true, out, fail);
}

bool stats_t_quantile(double p, double df, double *out, struct fail *fail)
{
    const struct law law = {t_tails, df, 0};
    return check_parameter("df", df, fail) && check_probability(p, fail) &&
           solve_symmetric(&law, p, out, fail);
}

static bool gamma_side(double x, double a, bool upper_side, double *out, struct fail *fail)
{
    const struct law law = {gamma_tails, a, 0};
    double lower, upper;
    gamma_tails(&law, x, &lower, &upper);
    *out = upper_side ? upper : lower;
    (void)fail;
    return true;
}

bool stats_gamma_cdf(double x, double a, double *out, struct fail *fail)
{
    return check_x(x, fail) && check_parameter("a", a, fail) && gamma_side(x, a, false, out, fail);
}

bool stats_gamma_sf(double x, double a, double *out, struct fail *fail)
{
    return check_x(x, fail) && check_parameter("a", a, fail) && gamma_side(x, a, true, out, fail);
}

bool stats_gamma_quantile(double p, double a, double *out, struct fail *fail)
{
    const struct law law = {gamma_tails, a, 0};
    return check_parameter("a", a, fail) && check_probability(p, fail) &&
           solve_positive(&law, p, DBL_MAX, out, fail);
}

bool stats_chi2_cdf(double x, double df, double *out, struct fail *fail)
{
    return check_x(x, fail) && check_parameter("df", df, fail) &&
           gamma_side(x / 2, df / 2, false, out, fail);
}

bool stats_chi2_sf(double x, double df, double *out, struct fail *fail)
{
    return check_x(x, fail) && check_parameter("df", df, fail) &&
           gamma_side(x / 2, df / 2, true, out, fail);
}

bool stats_chi2_quantile(double p, double df, double *out, struct fail *fail)
{
    double half;
    if (!check_parameter("df", df, fail) || !stats_gamma_quantile(p, df / 2, &half, fail)) {
        return false;
    }
    *out = 2 * half;
    return true;
}

static bool check_beta(double a, double b, struct fail *fail)
{
    return check_parameter("a", a, fail) && check_parameter("b", b, fail);
}

bool stats_beta_cdf(double x, double a, double b, double *out, struct fail *fail)
{
    double upper;
    if (!check_x(x, fail) || !check_beta(a, b, fail)) {
        return false;
    }
    beta_both(a, b, x, 1 - x, out, &upper);
    return true;
}

bool stats_beta_sf(double x, double a, double b, double *out, struct fail *fail)
{
    double lower;
    if (!check_x(x, fail) || !check_beta(a, b, fail)) {
        return false;
    }
    beta_both(a, b, x, 1 - x, &lower, out);
    return true;
}

bool stats_beta_quantile(double p, double a, double b, double *out, struct fail *fail)
{
    const struct law law = {beta_tails, a, b};
    return check_beta(a, b, fail) && check_probability(p, fail) &&
           solve_positive(&law, p, 1, out, fail);
}

bool stats_lgamma(double x, double *out, struct fail *fail)
{
    if (!(x > 0 && x <= DBL_MAX)) {
        return fail_set(fail, FAIL_INPUT, "x is %g, expected a number above 0", x);
    }
    double value = ln_gamma(x);
    if (isinf(value)) {
        return fail_set(fail, FAIL_LIMIT, "ln gamma of %g is beyond the largest double", x);
    }
    *out = value;
    return true;
}

/* The series, its rounding carried along (Kahan). */
static bool hyp_series(double a, double b, double c, double z, double *out, struct fail *fail)
{
    double sum = 1, carry = 0, term = 1;
    for (int k = 0; k < HYP_TERMS_MAX; k++) {
        term *= (a + k) * (b + k) / ((c + k) * (1.0 + k)) * z;
        double part = term - carry;
        double next = sum + part;
        carry = (next - sum) - part;
        sum = next;
        if (!isfinite(sum)) {
            return fail_set(fail, FAIL_LIMIT, "2F1 is beyond the largest double");
        }
        /* From here on the terms fall at least like the powers of z times this ratio. */
        double ratio = fabs((a + k + 1) * (b + k + 1) / ((c + k + 1) * (2.0 + k)) * z);
        if (ratio < 1 && fabs(term) <= fabs(sum) * (1 - ratio) * (DBL_EPSILON / 8)) {
            *out = sum;
            return true;
        }
    }
    return fail_set(fail, FAIL_LIMIT, "2F1 at z %.17g does not converge in %d terms", z,
                    HYP_TERMS_MAX);
}

bool stats_hyp2f1(double a, double b, double c, double z, double *out, struct fail *fail)
{
    if (!(fabs(a) <= STATS_DIST_PARAMETER_MAX && fabs(b) <= STATS_DIST_PARAMETER_MAX)) {
        return fail_set(fail, FAIL_INPUT, "a, b are %g, %g, expected numbers", a, b);
    }
    if (!check_parameter("c", c, fail)) {
        return false;
    }
    if (!(z >= 0 && z < 1)) {
        return fail_set(fail, FAIL_INPUT, "z is %g, expected a number from 0 to below 1", z);
    }
    if (c - a - b >= 0) {
        return hyp_series(a, b, c, z, out, fail);
    }
    double series;
    if (!hyp_series(c - a, c - b, c, z, &series, fail)) {
        return false;
    }
    double value = exp((c - a - b) * log1p(-z)) * series;
    if (!isfinite(value)) {
        return fail_set(fail, FAIL_LIMIT, "2F1 is beyond the largest double");
    }
    *out = value;
    return true;
}
