/* Hoare's selection, the middle of three as pivot: in place, so that no memory is taken past the budget. */
#include "query_select.h"

static double middle_of(double a, double b, double c)
{
    if (a < b) {
        return b < c ? b : a < c ? c : a;
    }
    return a < c ? a : b < c ? c : b;
}

/* Parts [low, high] about a pivot: up to *out_left all are at most it, from *out_right on at least. */
static void part(double *values, size_t low, size_t high, size_t *out_left, size_t *out_right)
{
    double pivot = middle_of(values[low], values[low + (high - low) / 2], values[high]);
    size_t i = low, j = high + 1; /* j is one above the place looked at, so that it may reach 0 */
    while (i < j) {
        while (values[i] < pivot) {
            i++;
        }
        while (values[j - 1] > pivot) {
            j--;
        }
        if (i < j) {
            double swap = values[i];
            values[i++] = values[j - 1];
            values[--j] = swap;
        }
    }
    *out_left = j;
    *out_right = i;
}

size_t query_nearest_rank(size_t count, unsigned percent)
{
    size_t rank = (count * percent + 99) / 100;
    return rank == 0 ? 0 : rank - 1;
}

double query_select(double *values, size_t count, size_t k)
{
    size_t low = 0, high = count - 1;
    while (low < high) {
        size_t left, right;
        part(values, low, high, &left, &right);
        if (k < left) {
            high = left - 1;
        } else if (k >= right) {
            low = right;
        } else {
            break; /* equal to the pivot */
        }
    }
    return values[k];
}
