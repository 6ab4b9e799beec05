#include "stats_matrix.h"

#include <float.h>
#include <math.h>
#include <string.h>

/* What is left of a diagonal element below this share of it is rounding, no column of its own. */
#define PIVOT_MIN (64 * DBL_EPSILON)

bool stats_cholesky(double *matrix, size_t n, struct fail *fail)
{
    if (n == 0 || n > STATS_MATRIX_MAX) {
        return fail_set(fail, FAIL_LIMIT, "a matrix of %zu columns, at most %d", n,
                        STATS_MATRIX_MAX);
    }
    for (size_t j = 0; j < n; j++) {
        double *row = matrix + j * n;
        double pivot = row[j];
        for (size_t k = 0; k < j; k++) {
            pivot -= row[k] * row[k];
        }
        if (!(pivot > PIVOT_MIN * row[j]) || !isfinite(pivot)) {
            return fail_set(fail, FAIL_INPUT,
                            "column %zu says nothing that those before it do not say", j);
        }
        double root = sqrt(pivot);
        row[j] = root;
        for (size_t i = j + 1; i < n; i++) {
            double *below = matrix + i * n;
            double sum = below[j];
            for (size_t k = 0; k < j; k++) {
                sum -= below[k] * row[k];
            }
            below[j] = sum / root;
        }
    }
    return true;
}

void stats_cholesky_solve(const double *factor, size_t n, double *vector)
{
    for (size_t i = 0; i < n; i++) {
        for (size_t k = 0; k < i; k++) {
            vector[i] -= factor[i * n + k] * vector[k];
        }
        vector[i] /= factor[i * n + i];
    }
    for (size_t i = n; i-- > 0;) {
        for (size_t k = i + 1; k < n; k++) {
            vector[i] -= factor[k * n + i] * vector[k];
        }
        vector[i] /= factor[i * n + i];
    }
}

void stats_cholesky_inverse(const double *factor, size_t n, double *out)
{
    /* The inverse is symmetric: each solved column is written as a row. */
    memset(out, 0, n * n * sizeof *out);
    for (size_t i = 0; i < n; i++) {
        out[i * n + i] = 1;
        stats_cholesky_solve(factor, n, out + i * n);
    }
}
