/* stats_matrix.h — small dense linear algebra: Cholesky, for normal equations and Newton steps.
 *
 * What: symmetric positive definite systems, row after row in one array. The factor L of A = L L'
 *   (Golub & Van Loan, "Matrix Computations", 4.2) stands in the lower triangle of what was A.
 * Owner: the caller's arrays.   Threads: pure.
 * Failure: FAIL_INPUT where the matrix is not positive definite to working accuracy (columns that say the
 *   same), naming the column.
 * Limits/cost: n at most STATS_MATRIX_MAX; n^3/3 for the factor, n^2 a solution.
 * Units: none.
 * Example: if (!stats_cholesky(h, n, fail)) return false; stats_cholesky_solve(h, n, gradient);
 * Not here: sparse or large systems, eigenvalues.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base_fail.h"

#define STATS_MATRIX_MAX 256

bool stats_cholesky(double *matrix, size_t n, struct fail *fail) MUST_USE;
/* vector becomes the solution of L L' x = vector. */
void stats_cholesky_solve(const double *factor, size_t n, double *vector);
/* The whole inverse of L L' into `out` (n * n); needs no further room. */
void stats_cholesky_inverse(const double *factor, size_t n, double *out);
