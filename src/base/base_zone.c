#include "base_zone.h"

#include "base_checked.h"
#include "base_time_internal.h"
#include "base_zone_internal.h"

static const struct zone utc = {.name = {"UTC", 3}};

const struct zone *zone_utc(void)
{
    return &utc;
}

struct str zone_name(const struct zone *zone)
{
    return zone->name;
}

/* How many changes are at or before the instant. */
static size_t changes_until(const struct zone *zone, int64_t at_s)
{
    const int64_t *base = zone->at_s;
    size_t left = zone->count;
    while (left > 0) {
        size_t half = left / 2;
        if (base[half] <= at_s) {
            base += half + 1;
            left -= half + 1;
        } else {
            left = half;
        }
    }
    return zone->count == 0 ? 0 : (size_t)(base - zone->at_s);
}

struct zone_span zone_span_at(const struct zone *zone, int64_t at_s)
{
    int64_t shift = 0;
    if (zone->cyclic &&
        (at_s >= zone->cycle_s + ZONE_CYCLE_S || (zone->cyclic_before && at_s < zone->cycle_s))) {
        shift = time_floor_div(at_s - zone->cycle_s, ZONE_CYCLE_S) * ZONE_CYCLE_S;
    }
    size_t i = changes_until(zone, at_s - shift);
    struct zone_span span = {INT64_MIN, INT64_MAX, zone->first_offset_s};
    if (i > 0) {
        span.begin_s = zone->at_s[i - 1] + shift;
        span.offset_s = zone->offset_s[i - 1];
    }
    if (i < zone->count) {
        span.end_s = zone->at_s[i] + shift;
    }
    return span;
}

void zone_span_move(const struct zone *zone, int64_t at_s, struct zone_span *span)
{
    if (at_s < span->begin_s || at_s >= span->end_s) {
        *span = zone_span_at(zone, at_s);
    }
}

int32_t zone_offset_s(const struct zone *zone, int64_t ts_ms)
{
    return zone_span_at(zone, time_floor_div(ts_ms, 1000)).offset_s;
}

struct civil zone_local(const struct zone *zone, int64_t ts_ms)
{
    int64_t local_ms;
    if (!base_i64_add(ts_ms, (int64_t)zone_offset_s(zone, ts_ms) * 1000, &local_ms)) {
        local_ms = ts_ms; /* 292 million years away */
    }
    return time_civil_from_ms(local_ms);
}

int64_t zone_instant(const struct zone *zone, const struct civil *local)
{
    int64_t local_ms = time_ms_from_civil(local);
    int64_t local_s = time_floor_div(local_ms, 1000);
    if (local_s < ZONE_S_FIRST || local_s >= ZONE_S_END) {
        return local_ms;
    }
    int64_t ms = time_floor_mod(local_ms, 1000);
    int64_t skipped_s = 0;
    bool skipped = false;
    struct zone_span span = zone_span_at(zone, local_s - ZONE_OFFSET_MOST_S);
    for (;;) {
        int64_t at_s = local_s - span.offset_s;
        if (at_s >= span.begin_s && at_s < span.end_s) {
            return at_s * 1000 + ms;
        }
        /* The clock stood before this reading when the span ended; does the next begin behind it? */
        if (span.end_s > local_s + ZONE_OFFSET_MOST_S) {
            break;
        }
        int32_t before_s = span.offset_s;
        span = zone_span_at(zone, span.end_s);
        if (!skipped && at_s >= span.begin_s && local_s < span.begin_s + span.offset_s) {
            skipped = true;
            skipped_s = local_s - before_s;
        }
    }
    INVARIANT(skipped);
    return skipped_s * 1000 + ms;
}
