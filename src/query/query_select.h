/* query_select.h — percentiles by nearest rank, of numbers in no order.
 *
 * What: the k-th smallest of a list, found in place; and which k a percentile is: the smallest value with at
 *   least that share of all at or below it (of two middles the lower).
 * Owner: the caller's list, whose order changes.   Threads: the caller's.   Failure: none.
 * Limits/cost: linear on average; no memory.   Units: as the list; times in ms are exact in a double.
 * Example: median = query_select(times, count, query_nearest_rank(count, 50));
 * Not here: numbers that no double holds (query_trend_cell.c).
 */
#pragma once

#include <stddef.h>

/* Index of the percentile among `count` values in order; 0 of none. */
size_t query_nearest_rank(size_t count, unsigned percent);
/* The k-th smallest (from 0), k < count. It stands at its place then, with none greater before it and none less behind: who
   looks for a greater k next need only look at the values from there on. */
double query_select(double *values, size_t count, size_t k);
