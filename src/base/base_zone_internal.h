/* base_zone_internal.h — a zone's insides; for the base_zone*.c and base_interval.c only.
 *
 * What: a zone is a sorted table of the instants at which its offset changes. A footer with summer
 *   time is written out for 400 years, after which the calendar, and so the rule, repeats: later
 *   instants are looked up that many years earlier.
 * Owner: the zone's arena holds everything.   Threads: immutable once made.
 * Failure: as in base_zone.h.   Limits/cost: zone_span_at is a binary search.
 * Units: *_s seconds UTC since 1970 (instants) or east of UTC (offsets).
 * Example: struct zone_span span = zone_span_at(zone, at_s); local_s = at_s + span.offset_s;
 * Not here: what callers outside base may use (base_zone.h).
 */
#pragma once

#include "base_zone.h"

#define ZONE_CYCLE_S ((int64_t)146097 * 86400) /* 400 years */
/* Offsets lie strictly between -26 and 26 hours (RFC 8536, section 3.2). */
#define ZONE_OFFSET_MOST_S ((int32_t)26 * 3600)
/* The years 0000 to 10000: one more at each end than callers may name. */
#define ZONE_S_FIRST ((int64_t)-62167219200)
#define ZONE_S_END ((int64_t)253433923200)

struct zone {
    struct arena *arena; /* NULL: static */
    struct str name;
    int32_t first_offset_s; /* before all changes */
    size_t count;
    const int64_t *at_s;     /* rising */
    const int32_t *offset_s; /* from then on; differs from the one before */
    bool cyclic;             /* from cycle_s on (and before, if cyclic_before) all repeats */
    bool cyclic_before;
    int64_t cycle_s;
    const int64_t *skipped; /* local dates that never were, as days since 1970; rising */
    size_t skipped_count;
};

/* A stretch with one offset: begin_s <= instant < end_s; INT64_MIN, INT64_MAX where it is open. */
struct zone_span {
    int64_t begin_s;
    int64_t end_s;
    int32_t offset_s;
};
struct zone_span zone_span_at(const struct zone *zone, int64_t at_s);
/* Keeps *span while it holds the instant, else looks up: cheap for runs of near instants. */
void zone_span_move(const struct zone *zone, int64_t at_s, struct zone_span *span);
/* As zone_day_begin, in seconds; *span is moved (zone_span_move) to shortly before. */
int64_t zone_day_begin_s(const struct zone *zone, int64_t days, struct zone_span *span);

struct zone_rule_date {
    enum { ZONE_RULE_WEEKDAY, ZONE_RULE_NO_LEAP, ZONE_RULE_DAY } form; /* Mm.w.d, Jn, n */
    int month, week, day;
    int32_t time_s; /* after midnight by the clock before the change; may be negative */
};
/* A POSIX TZ string as RFC 8536, section 3.3, has it. */
struct zone_rule {
    int32_t standard_s;
    bool has_summer;
    int32_t summer_s;
    struct zone_rule_date begin, end; /* of summer time */
};
bool zone_rule_parse(struct str text, struct zone_rule *out);
/* Seconds from 1970-01-01T00:00 by the local clock that shows until then. */
int64_t zone_rule_local_s(const struct zone_rule_date *date, int year);
