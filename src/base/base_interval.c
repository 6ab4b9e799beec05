/* Calendar intervals of a zone: hours, days, weeks, months, quarters.
 *
 * Everything rests on one function of the zone, begin(date): the first instant at which the local
 * clock shows the date or a later one. It never falls from one date to the next, so the days
 * [begin(d), begin(d + 1)) have no gaps and do not overlap, whatever the clock does; a date that was
 * skipped has begin(d) = begin(d + 1) and no instants. Weeks, months and quarters begin with days.
 */
#include "base_checked.h"
#include "base_time_internal.h"
#include "base_zone_internal.h"

#define HOUR_S ((int64_t)3600)
/* More hours than there are in the years we take: further steps leave them anyway. */
#define STEPS_MOST ((int64_t)100000000)

static const char *const names[] = {[INTERVAL_HOUR] = "hour",
                                    [INTERVAL_DAY] = "day",
                                    [INTERVAL_WEEK] = "week",
                                    [INTERVAL_MONTH] = "month",
                                    [INTERVAL_QUARTER] = "quarter"};

bool interval_parse(struct str name, enum interval *out)
{
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        if (str_is(name, names[i])) {
            *out = (enum interval)i;
            return true;
        }
    }
    return false;
}

const char *interval_name(enum interval interval)
{
    return names[interval];
}

int64_t zone_day_begin_s(const struct zone *zone, int64_t days, struct zone_span *span)
{
    int64_t midnight_s = days * TIME_S_A_DAY;
    /* Before this no offset lets the clock show the date; soon after it shows it or a later one. */
    zone_span_move(zone, midnight_s - ZONE_OFFSET_MOST_S, span);
    struct zone_span at = *span;
    for (;;) {
        int64_t begin_s = midnight_s - at.offset_s;
        if (begin_s < at.begin_s) {
            begin_s = at.begin_s;
        }
        if (begin_s < at.end_s) {
            return begin_s;
        }
        at = zone_span_at(zone, at.end_s);
    }
}

static int64_t limit(int64_t value, int64_t least, int64_t most)
{
    return value < least ? least : value > most ? most : value;
}

/* Outside the years that we take there is only "before" and "after". */
static int64_t ms_of(int64_t at_s)
{
    if (at_s < ZONE_S_FIRST) {
        return INT64_MIN;
    }
    return at_s > ZONE_S_END ? INT64_MAX : at_s * 1000;
}

int64_t zone_day_begin(const struct zone *zone, int64_t days)
{
    days = limit(days, ZONE_S_FIRST / TIME_S_A_DAY - 2, ZONE_S_END / TIME_S_A_DAY + 2);
    struct zone_span span = {0};
    return ms_of(zone_day_begin_s(zone, days, &span));
}

/* The latest date that has begun by now. It is the one the clock shows, but after a midnight was
   repeated: then the clock may have shown a later one already. */
static int64_t day_begun(const struct zone *zone, int64_t at_s)
{
    struct zone_span span = zone_span_at(zone, at_s);
    int64_t days = time_floor_div(at_s + span.offset_s, TIME_S_A_DAY);
    while (span.begin_s > at_s - 2 * (int64_t)ZONE_OFFSET_MOST_S) {
        span = zone_span_at(zone, span.begin_s - 1);
        int64_t shown = time_floor_div(span.end_s - 1 + span.offset_s, TIME_S_A_DAY);
        days = shown > days ? shown : days;
    }
    return days;
}

/* First date of the week, month or quarter of a date. */
static int64_t first_day(enum interval interval, int64_t days)
{
    int year, month, day;
    switch (interval) {
    case INTERVAL_WEEK:
        return days - time_floor_mod(days + 3, 7); /* 1970-01-01 was a Thursday */
    case INTERVAL_MONTH:
    case INTERVAL_QUARTER:
        time_civil_from_days(days, &year, &month, &day);
        if (interval == INTERVAL_QUARTER) {
            month -= (month - 1) % 3;
        }
        return time_days_from_civil(year, month, 1);
    case INTERVAL_HOUR:
    case INTERVAL_DAY:
    default:
        return days;
    }
}

/* The first date `steps` away from a first date, by the calendar alone. */
static int64_t step_days(enum interval interval, int64_t days, int64_t steps)
{
    int year, month, day;
    switch (interval) {
    case INTERVAL_WEEK:
        return days + 7 * steps;
    case INTERVAL_MONTH:
    case INTERVAL_QUARTER: {
        time_civil_from_days(days, &year, &month, &day);
        int64_t months =
            (int64_t)year * 12 + month - 1 + steps * (interval == INTERVAL_QUARTER ? 3 : 1);
        return time_days_from_civil((int)time_floor_div(months, 12),
                                    (int)time_floor_mod(months, 12) + 1, 1);
    }
    case INTERVAL_HOUR:
    case INTERVAL_DAY:
    default:
        return days + steps;
    }
}

/* As step_days for days, not counting dates that the zone skipped. */
static int64_t step_real_days(const struct zone *zone, int64_t days, int64_t steps)
{
    int64_t target = days + steps;
    for (size_t i = 0; steps > 0 && i < zone->skipped_count; i++) {
        if (zone->skipped[i] > days && zone->skipped[i] <= target) {
            target++;
        }
    }
    for (size_t i = zone->skipped_count; steps < 0 && i > 0; i--) {
        if (zone->skipped[i - 1] < days && zone->skipped[i - 1] >= target) {
            target--;
        }
    }
    return target;
}

/* The whole hour at or before an instant, as the span that holds the instant shows them. */
static int64_t hour_within(const struct zone_span *span, int64_t at_s)
{
    return at_s - time_floor_mod(at_s + span->offset_s, HOUR_S);
}

static int64_t hour_begin(const struct zone *zone, int64_t at_s)
{
    struct zone_span span = zone_span_at(zone, at_s);
    int64_t hour_s = hour_within(&span, at_s);
    while (hour_s < span.begin_s) {
        int64_t last_s = span.begin_s - 1;
        span = zone_span_at(zone, last_s);
        hour_s = hour_within(&span, last_s);
    }
    return hour_s;
}

static int64_t hour_next(const struct zone *zone, int64_t at_s, struct zone_span *span)
{
    zone_span_move(zone, at_s, span);
    int64_t hour_s = hour_within(span, at_s) + HOUR_S;
    while (hour_s >= span->end_s) {
        *span = zone_span_at(zone, span->end_s);
        hour_s = hour_within(span, span->begin_s + HOUR_S - 1);
    }
    return hour_s;
}

/* From one beginning of an hour to another, a whole span at a time. */
static int64_t hour_step(const struct zone *zone, int64_t hour_s, int64_t steps)
{
    while (steps > 0 && hour_s < ZONE_S_END) {
        struct zone_span span = zone_span_at(zone, hour_s);
        if (hour_s + steps * HOUR_S < span.end_s) {
            return hour_s + steps * HOUR_S;
        }
        int64_t inside = (span.end_s - 1 - hour_s) / HOUR_S;
        hour_s = hour_next(zone, hour_s + inside * HOUR_S, &span);
        steps -= inside + 1;
    }
    while (steps < 0 && hour_s >= ZONE_S_FIRST) {
        struct zone_span span = zone_span_at(zone, hour_s);
        if (hour_s + steps * HOUR_S >= span.begin_s) {
            return hour_s + steps * HOUR_S;
        }
        int64_t inside = (hour_s - span.begin_s) / HOUR_S;
        hour_s = hour_begin(zone, hour_s - inside * HOUR_S - 1);
        steps += inside + 1;
    }
    return hour_s;
}

int64_t zone_interval_begin(const struct zone *zone, enum interval interval, int64_t ts_ms)
{
    int64_t at_s = time_floor_div(ts_ms, 1000);
    if (at_s < ZONE_S_FIRST) {
        return INT64_MIN;
    }
    at_s = at_s > ZONE_S_END ? ZONE_S_END : at_s;
    if (interval == INTERVAL_HOUR) {
        return ms_of(hour_begin(zone, at_s));
    }
    struct zone_span span = {0};
    return ms_of(zone_day_begin_s(zone, first_day(interval, day_begun(zone, at_s)), &span));
}

int64_t zone_interval_next(const struct zone *zone, enum interval interval, int64_t ts_ms)
{
    int64_t at_s = time_floor_div(ts_ms, 1000);
    if (at_s >= ZONE_S_END) {
        return INT64_MAX;
    }
    at_s = at_s < ZONE_S_FIRST ? ZONE_S_FIRST : at_s;
    struct zone_span span = {0};
    if (interval == INTERVAL_HOUR) {
        return ms_of(hour_next(zone, at_s, &span));
    }
    int64_t days = step_days(interval, first_day(interval, day_begun(zone, at_s)), 1);
    return ms_of(zone_day_begin_s(zone, days, &span));
}

int64_t zone_interval_step(const struct zone *zone, enum interval interval, int64_t ts_ms,
                           int64_t steps)
{
    int64_t at_s = limit(time_floor_div(ts_ms, 1000), ZONE_S_FIRST, ZONE_S_END);
    steps = limit(steps, -STEPS_MOST, STEPS_MOST);
    if (interval == INTERVAL_HOUR) {
        return ms_of(hour_step(zone, hour_begin(zone, at_s), steps));
    }
    int64_t days = first_day(interval, day_begun(zone, at_s));
    days = interval == INTERVAL_DAY ? step_real_days(zone, days, steps)
                                    : step_days(interval, days, steps);
    struct zone_span span = {0};
    return ms_of(zone_day_begin_s(zone, days, &span));
}

/* Walks from one beginning to the next. */
struct walk {
    const struct zone *zone;
    enum interval interval;
    int64_t days; /* first date of the interval; not for hours */
    struct zone_span span;
};

static int64_t walk_next(struct walk *walk, int64_t begin_s)
{
    if (walk->interval == INTERVAL_HOUR) {
        return hour_next(walk->zone, begin_s, &walk->span);
    }
    int64_t next_s;
    do { /* once, but over a skipped date */
        walk->days = step_days(walk->interval, walk->days, 1);
        next_s = zone_day_begin_s(walk->zone, walk->days, &walk->span);
    } while (next_s <= begin_s);
    return next_s;
}

static int64_t walk_begin(struct walk *walk, int64_t at_s)
{
    if (walk->interval == INTERVAL_HOUR) {
        return hour_begin(walk->zone, at_s);
    }
    walk->days = first_day(walk->interval, day_begun(walk->zone, at_s));
    return zone_day_begin_s(walk->zone, walk->days, &walk->span);
}

/* Room for the beginnings between two instants: a guess, for memory alone. */
static size_t guess_count(enum interval interval, int64_t from_s, int64_t to_s, size_t most)
{
    static const int64_t least_s[] = {[INTERVAL_HOUR] = HOUR_S,
                                      [INTERVAL_DAY] = TIME_S_A_DAY,
                                      [INTERVAL_WEEK] = 7 * TIME_S_A_DAY,
                                      [INTERVAL_MONTH] = 28 * TIME_S_A_DAY,
                                      [INTERVAL_QUARTER] = 90 * TIME_S_A_DAY};
    size_t guess = (size_t)((to_s - from_s) / least_s[interval]) + 16;
    return guess < most ? guess : most;
}

static bool grow(struct arena *arena, int64_t **begins, size_t *room, struct fail *fail)
{
    int64_t *more = arena_array(arena, *room * 2, sizeof *more, fail);
    if (more == NULL) {
        return false;
    }
    memcpy(more, *begins, *room * sizeof *more);
    *begins = more;
    *room *= 2;
    return true;
}

bool zone_intervals(const struct zone *zone, enum interval interval, int64_t from_ms, int64_t to_ms,
                    size_t most, struct arena *arena, struct zone_intervals *out, struct fail *fail)
{
    int64_t from_s = time_floor_div(from_ms, 1000), to_s = time_floor_div(to_ms, 1000);
    if (from_s < ZONE_S_FIRST || to_s >= ZONE_S_END) {
        return fail_set(fail, FAIL_INPUT, "instants must lie in the years 0001 to 9999");
    }
    size_t room = guess_count(interval, from_s, to_s < from_s ? from_s : to_s, most) + 1;
    int64_t *begins = arena_array(arena, room, sizeof *begins, fail);
    if (begins == NULL) {
        return false;
    }
    struct walk walk = {.zone = zone, .interval = interval};
    int64_t at_s = walk_begin(&walk, from_s);
    size_t count = 0;
    begins[0] = at_s * 1000;
    while (from_ms < to_ms && begins[count] < to_ms) {
        if (count == most) {
            return fail_set(fail, FAIL_LIMIT, "more than %zu intervals (%s)", most,
                            interval_name(interval));
        }
        if (count + 1 == room && !grow(arena, &begins, &room, fail)) {
            return false;
        }
        at_s = walk_next(&walk, at_s);
        begins[++count] = at_s * 1000;
    }
    *out = (struct zone_intervals){begins, count};
    return true;
}

#define GUESS_STEPS 4

size_t zone_intervals_find(const struct zone_intervals *intervals, int64_t ts_ms)
{
    const int64_t *begins = intervals->begins;
    size_t count = intervals->count;
    if (count == 0 || ts_ms < begins[0] || ts_ms >= begins[count]) {
        return SIZE_MAX;
    }
    /* Intervals are nearly equal: where it would lie among equal ones is right or next to it. */
    double share = (double)(ts_ms - begins[0]) / (double)(begins[count] - begins[0]);
    size_t i = (size_t)(share * (double)count);
    i = i < count ? i : count - 1;
    for (int step = 0; step < GUESS_STEPS; step++) {
        if (ts_ms < begins[i]) {
            i--;
        } else if (ts_ms >= begins[i + 1]) {
            i++;
        } else {
            return i;
        }
    }
    size_t low = 0, high = count; /* begins[low] <= ts_ms < begins[high] */
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        if (begins[middle] <= ts_ms) {
            low = middle;
        } else {
            high = middle;
        }
    }
    return low;
}

static char *put_pair(char *at, int64_t value)
{
    *at++ = (char)('0' + (char)(value / 10 % 10));
    *at++ = (char)('0' + (char)(value % 10));
    return at;
}

static char *put_offset(char *at, int32_t offset_s)
{
    int32_t minutes = (offset_s < 0 ? -offset_s : offset_s) / 60;
    *at++ = offset_s < 0 && minutes > 0 ? '-' : '+';
    at = put_pair(at, minutes / 60);
    *at++ = ':';
    return put_pair(at, minutes % 60);
}

size_t zone_interval_label(const struct zone *zone, enum interval interval, int64_t begin_ms,
                           char out[ZONE_LABEL_BYTES])
{
    int64_t at_s = limit(time_floor_div(begin_ms, 1000), ZONE_S_FIRST, ZONE_S_END);
    int32_t offset_s = zone_span_at(zone, at_s).offset_s;
    if (interval == INTERVAL_HOUR) {
        /* RFC 3339 knows no seconds in an offset, but local mean time had them: the label then names
           the same instant by the offset cut to minutes. */
        offset_s -= offset_s % 60;
    }
    struct civil civil = time_civil_from_ms((at_s + offset_s) * 1000);
    size_t len = time_format_date(&civil, out);
    if (interval != INTERVAL_HOUR) {
        return len;
    }
    char *at = out + len;
    *at++ = 'T';
    at = put_pair(at, civil.hour);
    *at++ = ':';
    at = put_pair(at, civil.minute);
    *at++ = ':';
    at = put_pair(at, civil.second);
    at = put_offset(at, offset_s);
    *at = '\0';
    return (size_t)(at - out);
}
