/* base_time.h — instants as text: RFC 3339, strptime patterns, durations.
 *
 * What: instants are int64_t milliseconds UTC since 1970 (proleptic Gregorian, no leap seconds: a
 *   second :60 is read as the next one).
 * Owner: the caller's buffers.   Threads: safe.   Failure: parsers return false; out untouched.
 * Limits/cost: years 0001 to 9999.   Units: *_ms.
 * Example: if (!time_parse_rfc3339(text, &ts_ms)) ...
 * Not here: zones and calendar intervals (base_zone.h).
 */
#pragma once

#include "base_str.h"

struct civil {            /* a local date and clock reading; no zone */
    int year, month, day; /* month 1..12 */
    int hour, minute, second, ms;
};

/* Days since 1970-01-01 of a date, and back (Hinnant, "chrono-compatible low-level date algorithms"). */
int64_t time_days_from_civil(int year, int month, int day);
void time_civil_from_days(int64_t days, int *year, int *month, int *day);
/* Reads the clock as if it were UTC, and back. */
int64_t time_ms_from_civil(const struct civil *civil);
struct civil time_civil_from_ms(int64_t ms);
bool time_civil_valid(const struct civil *civil);

/* RFC 3339 with offset, "T", "t" or space, any digits of fraction (cut to ms). */
bool time_parse_rfc3339(struct str text, int64_t *out_ms);
/* "2026-05-01" and nothing else. */
bool time_parse_date(struct str text, struct civil *out);
/* "2026-05-01T09:30:00.000Z": 24 bytes and a NUL into `out`. */
#define TIME_RFC3339_BYTES 32
size_t time_format_rfc3339(int64_t ms, char out[TIME_RFC3339_BYTES]);
/* "2026-05-01" */
size_t time_format_date(const struct civil *civil, char out[16]);

/* What a pattern or a usual form found: a local reading, or an instant where the text has an offset
   or is a count of seconds. */
struct time_reading {
    bool has_instant;
    int64_t instant_ms;
    struct civil local; /* when !has_instant */
};
/* strptime patterns: %Y %y %m %d %e %H %I %M %S %f %p %b %B %h %a %A %j %z %Z(UTC,GMT,Z) %T %F %D %R %s %n %t %%,
   English names, any case; also "unix", "unix_ms", "rfc3339". %S takes a fraction. */
bool time_parse_pattern(struct str text, struct str pattern, struct time_reading *out);
/* FAIL_INPUT naming the unknown conversion. */
bool time_pattern_valid(struct str pattern, struct fail *fail) MUST_USE;
/* RFC 3339 (offset optional), "2026-05-01", "2026-05-01 09:30[:00[.123]]", "2026/05/01 ...",
   "01.05.2026 ...", Unix seconds (9 to 11 digits) or milliseconds (12 to 14 digits). Forms that could
   be read two ways (05/01/2026) are not taken. */
bool time_parse_usual(struct str text, struct time_reading *out);

/* QUERIES.md: a whole number and one of ms s m h d w. At least 0; 1d is 86,400,000 ms. */
bool time_parse_duration(struct str text, int64_t *out_ms);
