/* query_range.h — ranges of time, as plans have them.
 *
 * What: the range before a range (for "compare"), and which intervals are partial.
 * Owner: values.   Threads: values.   Failure: none.   Limits/cost: a few calendar steps.
 * Units: *_ms.   Example: struct query_range before = query_range_previous(zone, &range);
 * Not here: reading ranges (query_parse_range.c), calendars (base_zone.h).
 */
#pragma once

#include "query_plan.h"

struct query_range query_range_previous(const struct zone *zone, const struct query_range *range);
