/* Many values are counted by their first bits, those that begin as the wanted one does are put together, and among them is
 * searched by Hoare's selection, the middle of three as pivot: in place, so that no memory is taken past the budget.
 */
#include "query_select.h"

#include <stdint.h>
#include <string.h>

#define PREFIX_BITS 14U /* sign, exponent and two bits: 64 KB of counts */
#define COUNTED_FROM ((size_t)4096)

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

/* In the order of the numbers, which are no NaN: the first bits of its form as an unsigned number. */
static inline uint32_t prefix_of(double value)
{
    uint64_t bits;
    value += 0.0; /* there is one zero */
    memcpy(&bits, &value, sizeof bits);
    uint64_t ordered = bits ^ ((uint64_t)((int64_t)bits >> 63) | UINT64_C(1) << 63);
    return (uint32_t)(ordered >> (64 - PREFIX_BITS));
}

/* Puts values of prefixes [from, to] in front of the others; returns how many. */
static size_t bring_forward(double *values, size_t count, uint32_t from, uint32_t to)
{
    size_t found = 0;
    for (size_t i = 0; i < count; i++) { /* without a jump, which could not be foretold */
        double value = values[i];
        uint32_t prefix = prefix_of(value);
        values[i] = values[found];
        values[found] = value;
        found += prefix >= from && prefix <= to;
    }
    return found;
}

/* Puts the values that begin as the k-th does between those that are less and those that are more: [*out_low, *out_high]. */
static void narrow(double *values, size_t count, size_t k, size_t *out_low, size_t *out_high)
{
    uint32_t counts[(size_t)1 << PREFIX_BITS] = {0};
    size_t below = 0;
    for (size_t i = 0; i < count; i++) {
        counts[prefix_of(values[i])]++;
    }
    uint32_t prefix = 0;
    while (below + counts[prefix] <= k) {
        below += counts[prefix++];
    }
    if (below > 0) {
        (void)bring_forward(values, count, 0, prefix - 1);
    }
    (void)bring_forward(values + below, count - below, prefix, prefix);
    *out_low = below;
    *out_high = below + counts[prefix] - 1;
}

double query_select(double *values, size_t count, size_t k)
{
    size_t low = 0, high = count - 1;
    if (count >= COUNTED_FROM && count <= UINT32_MAX) {
        narrow(values, count, k, &low, &high);
    }
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
