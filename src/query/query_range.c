#include "query_range.h"

#define DAYS_OF_WEEK 7
#define DAY_MS INT64_C(86400000)
#define WEEK_MS (DAYS_OF_WEEK * DAY_MS)
#define WEEKS_OF_YEAR 52 /* so that weeks stay whole; at most two days off the date */
#define MONTHS_OF_YEAR 12

/* The first and last date of a range that is whole dates: as in the question, or as the clocks of the zone show. */
static void dates_of(const struct zone *zone, const struct query_range *range, int64_t *out_from,
                     int64_t *out_to)
{
    *out_from = range->from_day;
    *out_to = range->to_day;
    if (range->form != QUERY_RANGE_DATES) {
        struct civil from = zone_local(zone, range->from_ms);
        struct civil to = zone_local(zone, range->to_ms - 1);
        *out_from = time_days_from_civil(from.year, from.month, from.day);
        *out_to = time_days_from_civil(to.year, to.month, to.day);
    }
}

static bool is_whole_dates(const struct query_range *range)
{
    return range->form == QUERY_RANGE_DATES ||
           (range->form == QUERY_RANGE_UNITS && range->unit != INTERVAL_HOUR);
}

static struct query_range of_dates(const struct zone *zone, int64_t from_day, int64_t to_day)
{
    return (struct query_range){.from_ms = zone_day_begin(zone, from_day),
                                .to_ms = zone_day_begin(zone, to_day + 1),
                                .form = QUERY_RANGE_DATES,
                                .from_day = from_day,
                                .to_day = to_day};
}

/* Of two ends that were moved each for itself. Within an hour that a zone has twice they may have changed places, and
   on 29 February they may have met: then it is as long as it was. */
static struct query_range of_ends(const struct query_range *range, int64_t from_ms, int64_t to_ms)
{
    return (struct query_range){
        .from_ms = from_ms,
        .to_ms = to_ms > from_ms ? to_ms : query_ms_add(from_ms, range->to_ms - range->from_ms),
        .form = QUERY_RANGE_INSTANTS};
}

static struct query_range steps_back(const struct zone *zone, const struct query_range *range,
                                     enum interval unit, int64_t steps)
{
    struct query_range before = *range;
    before.from_ms = zone_interval_step(zone, unit, range->from_ms, -steps);
    before.to_ms = zone_interval_step(zone, unit, range->to_ms, -steps);
    return before;
}

/* ---- the range before ---- */

static struct query_range range_before(const struct zone *zone, const struct query_range *range)
{
    struct query_range before = *range;
    before.to_ms = range->from_ms;
    switch (range->form) {
    case QUERY_RANGE_UNITS:
        before.from_ms = zone_interval_step(zone, range->unit, range->from_ms, -range->units);
        break;
    case QUERY_RANGE_DATES:
        before.to_day = range->from_day - 1;
        before.from_day = range->from_day - (range->to_day - range->from_day + 1);
        before.from_ms = zone_day_begin(zone, before.from_day);
        break;
    case QUERY_RANGE_INSTANTS:
        before.from_ms = range->from_ms - (range->to_ms - range->from_ms);
        break;
    }
    return before;
}

/* ---- a year before ---- */

static void year_back(struct civil *date)
{
    date->year--;
    if (date->month == 2 && date->day == 29) { /* no two leap years follow each other */
        date->day = 28;
    }
}

static int64_t date_year_back(int64_t days)
{
    struct civil date = {0};
    time_civil_from_days(days, &date.year, &date.month, &date.day);
    year_back(&date);
    return time_days_from_civil(date.year, date.month, date.day);
}

static int64_t instant_year_back(const struct zone *zone, int64_t at_ms)
{
    struct civil reading = zone_local(zone, at_ms);
    year_back(&reading);
    return zone_instant(zone, &reading);
}

static struct query_range range_year_back(const struct zone *zone, const struct query_range *range)
{
    int64_t from_day, to_day;
    if (range->form == QUERY_RANGE_UNITS && range->unit == INTERVAL_WEEK) {
        return steps_back(zone, range, INTERVAL_WEEK, WEEKS_OF_YEAR);
    }
    if (range->form == QUERY_RANGE_UNITS && range->unit > INTERVAL_WEEK) {
        return steps_back(zone, range, INTERVAL_MONTH, MONTHS_OF_YEAR);
    }
    if (is_whole_dates(range)) {
        dates_of(zone, range, &from_day, &to_day);
        return of_dates(zone, date_year_back(from_day), date_year_back(to_day));
    }
    return of_ends(range, instant_year_back(zone, range->from_ms),
                   instant_year_back(zone, range->to_ms));
}

/* ---- as few whole weeks before as lie behind each other ---- */

static int64_t instant_weeks_back(const struct zone *zone, int64_t at_ms, int64_t weeks)
{
    struct civil reading = zone_local(zone, at_ms);
    struct civil back = time_civil_from_ms(time_ms_from_civil(&reading) - weeks * WEEK_MS);
    return zone_instant(zone, &back);
}

static struct query_range range_weeks_back(const struct zone *zone, const struct query_range *range)
{
    if (is_whole_dates(range)) {
        int64_t from_day, to_day;
        dates_of(zone, range, &from_day, &to_day);
        int64_t weeks = (to_day - from_day) / DAYS_OF_WEEK + 1;
        return of_dates(zone, from_day - weeks * DAYS_OF_WEEK, to_day - weeks * DAYS_OF_WEEK);
    }
    /* Clocks were moved by less than two days in all between the ends: begin with too few. */
    int64_t weeks = (range->to_ms - range->from_ms - 2 * DAY_MS) / WEEK_MS;
    weeks = weeks < 1 ? 1 : weeks;
    while (instant_weeks_back(zone, range->to_ms, weeks) > range->from_ms) {
        weeks++;
    }
    return of_ends(range, instant_weeks_back(zone, range->from_ms, weeks),
                   instant_weeks_back(zone, range->to_ms, weeks));
}

bool query_range_compared(const struct zone *zone, const struct query_range *range,
                          enum query_compare compare, struct query_range *out)
{
    switch (compare) {
    case QUERY_COMPARE_PREVIOUS:
        *out = range_before(zone, range);
        break;
    case QUERY_COMPARE_YEAR:
        *out = range_year_back(zone, range);
        break;
    case QUERY_COMPARE_WEEKDAY:
        *out = range_weeks_back(zone, range);
        break;
    }
    return out->from_ms < out->to_ms && out->from_ms >= time_days_from_civil(1, 1, 1) * DAY_MS;
}
