/* base_zone.h — IANA time zones and calendar intervals.
 *
 * What: reads TZif (RFC 8536, versions 1 to 4, with the POSIX footer for later years) from the system's
 *   tzdata. Intervals follow the query contract: a day begins at the first instant at which the local
 *   clock shows that date or a later one, and lasts until the next begins; a date the zone skipped is
 *   no interval; an hour begins at each instant at which the local clock shows a whole hour.
 * Owner: zones are cached for the life of the process.   Threads: all safe; zones are immutable.
 * Failure: FAIL_INPUT for a name that is none, with the nearest; FAIL_CORRUPT for a broken file.
 * Limits/cost: a look-up is a binary search over transitions. Years 0001 to 9999.
 * Units: *_ms UTC.
 * Example: const struct zone *zone; if (!zone_find(STR("Europe/London"), &zone, fail)) ...
 * Not here: text forms (base_time.h).
 */
#pragma once

#include "base_time.h"

struct zone;

bool zone_find(struct str name, const struct zone **out, struct fail *fail) MUST_USE;
const struct zone *zone_utc(void);
struct str zone_name(const struct zone *zone);
/* From bytes of a TZif file, for tests and fuzzing; never cached. */
bool zone_decode(struct str name, struct str bytes, struct zone **out, struct fail *fail) MUST_USE;
void zone_free(struct zone *zone); /* only what zone_decode made */

/* Seconds east of UTC at an instant. */
int32_t zone_offset_s(const struct zone *zone, int64_t ts_ms);
struct civil zone_local(const struct zone *zone, int64_t ts_ms);
/* The instant of a local reading: one that occurs twice is its first, one that was skipped is read
   with the offset before the gap (RFC 5545 section 3.3.5). */
int64_t zone_instant(const struct zone *zone, const struct civil *local);

enum interval { INTERVAL_HOUR, INTERVAL_DAY, INTERVAL_WEEK, INTERVAL_MONTH, INTERVAL_QUARTER };
bool interval_parse(struct str name, enum interval *out);
const char *interval_name(enum interval interval);

/* First instant at which the local clock shows `days` (since 1970-01-01, a local date) or later. */
int64_t zone_day_begin(const struct zone *zone, int64_t days);
/* Beginning of the interval that holds the instant, and of the next one after it. Outside the years
   0000 to 10000 time is one stretch: INT64_MIN is where it begins, INT64_MAX the next. */
int64_t zone_interval_begin(const struct zone *zone, enum interval interval, int64_t ts_ms);
int64_t zone_interval_next(const struct zone *zone, enum interval interval, int64_t ts_ms);
/* Beginning of the interval `steps` (may be negative) away from the one that holds the instant;
   INT64_MIN or INT64_MAX when that leaves those years. */
int64_t zone_interval_step(const struct zone *zone, enum interval interval, int64_t ts_ms,
                           int64_t steps);

/* All intervals that [from_ms, to_ms) touches: `begins` has count + 1 entries, the last is the end of
   the last interval; none where to_ms is not after from_ms. FAIL_LIMIT past `most`, FAIL_INPUT outside
   those years. */
struct zone_intervals {
    int64_t *begins;
    size_t count;
};
bool zone_intervals(const struct zone *zone, enum interval interval, int64_t from_ms, int64_t to_ms,
                    size_t most, struct arena *arena, struct zone_intervals *out,
                    struct fail *fail) MUST_USE;
/* Index of the interval that holds the instant, or SIZE_MAX outside all of them. A few ns: a guess by
   proportion is right or nearly so; a binary search where it is not. */
size_t zone_intervals_find(const struct zone_intervals *intervals, int64_t ts_ms);
/* "2026-05-01", hours "2026-05-01T09:00:00+02:00", into `out`; returns the length. The label is the
   local date on which the interval begins. In local mean time, whose offsets have seconds that RFC 3339
   cannot write, an hour's label names its instant by the offset cut to minutes. */
#define ZONE_LABEL_BYTES 40
size_t zone_interval_label(const struct zone *zone, enum interval interval, int64_t begin_ms,
                           char out[ZONE_LABEL_BYTES]);
