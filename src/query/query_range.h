/* query_range.h — ranges of time to compare with.
 *
 * What: for "compare": the range before a range, the same one a year earlier, and the one before it that begins on the
 *   same day of the week. Exactly what is which stands in docs/reference/questions.md.
 * Owner: values.   Threads: values.
 * Failure: false where there is no such range: before the year 1, or nothing but dates that the zone skipped.
 * Limits/cost: a few calendar steps.
 * Units: *_ms.
 * Example: struct query_range before; if (!query_range_compared(zone, &range, QUERY_COMPARE_YEAR, &before)) ...
 * Not here: reading ranges (query_parse_range.c), calendars (base_zone.h).
 */
#pragma once

#include "query_plan.h"

enum query_compare { QUERY_COMPARE_PREVIOUS, QUERY_COMPARE_YEAR, QUERY_COMPARE_WEEKDAY };
bool query_range_compared(const struct zone *zone, const struct query_range *range,
                          enum query_compare compare, struct query_range *out) MUST_USE;
