

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "base_zone.h"

#define HOUR_MS 3600000

static const struct zone *zone_of(const char *name)
{
    const struct zone *zone;
    struct fail fail;
    if (!zone_find(str_from_c(name), &zone, &fail)) {
        fail_msg("%s", fail.message);
    }
    return zone;
}

static int64_t instant(const char *text)
{
    int64_t ms;
    if (!time_parse_rfc3339(str_from_c(text), &ms)) {
        fail_msg("%s", text);
    }
    return ms;
}

static void assert_instant(int64_t ms, const char *expected)
{
    char out[TIME_RFC3339_BYTES];
    time_format_rfc3339(ms, out);
    assert_string_equal(out, expected);
}

/* The labels of all intervals from `from` to `to`, separated by spaces. */
static void assert_labels(const char *name, enum interval interval, const char *from,
                          const char *to, const char *expected)
{
    const struct zone *zone = zone_of(name);
    struct arena *arena = arena_new(NULL);
    struct zone_intervals intervals;
    struct fail fail;
    if (!zone_intervals(zone, interval, instant(from), instant(to), 1000, arena, &intervals,
                        &fail)) {
        fail_msg("%s", fail.message);
    }
    char labels[2048];
    size_t len = 0;
    for (size_t i = 0; i < intervals.count; i++) {
        assert_true(len + ZONE_LABEL_BYTES + 1 < sizeof labels);
        if (i > 0) {
            labels[len++] = ' ';
        }
        len += zone_interval_label(zone, interval, intervals.begins[i], labels + len);
    }
    labels[len] = '\0';
    assert_string_equal(labels, expected);
    arena_free(arena);
}

/* The day that holds an instant: when it begins and how many minutes it lasts. */
static void assert_day(const char *name, const char *at, const char *begin, int minutes)
{
    const struct zone *zone = zone_of(name);
    int64_t begin_ms = zone_interval_begin(zone, INTERVAL_DAY, instant(at));
    assert_instant(begin_ms, begin);
    assert_int_equal(zone_interval_next(zone, INTERVAL_DAY, instant(at)) - begin_ms,
                     (int64_t)minutes * 60000);
}

static void names_of_intervals_are_read_and_written(void **state)
{
    (void)state;
    static const char *const names[] = {"hour", "day", "week", "month", "quarter"};
    for (size_t i = 0; i < 5; i++) {
        enum interval interval;
        assert_true(interval_parse(str_from_c(names[i]), &interval));
        assert_int_equal(interval, i);
        assert_string_equal(interval_name(interval), names[i]);
    }
    enum interval interval = INTERVAL_WEEK;
    assert_false(interval_parse(STR("days"), &interval));
    assert_false(interval_parse(STR("Day"), &interval));
    assert_false(interval_parse(STR(""), &interval));
    assert_int_equal(interval, INTERVAL_WEEK);
}

static void utc_intervals_are_the_calendar(void **state)
{
    (void)state;
    assert_labels("UTC", INTERVAL_HOUR, "2026-02-28T22:59:59.999Z", "2026-03-01T00:00:00.001Z",
                  "2026-02-28T22:00:00+00:00 2026-02-28T23:00:00+00:00 2026-03-01T00:00:00+00:00");
    assert_labels("UTC", INTERVAL_DAY, "2024-02-28T00:00:00Z", "2024-03-02T00:00:00Z",
                  "2024-02-28 2024-02-29 2024-03-01");
    assert_labels("UTC", INTERVAL_WEEK, "2026-01-01T00:00:00Z", "2026-01-12T00:00:00.001Z",
                  "2025-12-29 2026-01-05 2026-01-12");
    assert_labels("UTC", INTERVAL_MONTH, "2025-11-30T00:00:00Z", "2026-01-01T00:00:00Z",
                  "2025-11-01 2025-12-01");
    assert_labels("UTC", INTERVAL_QUARTER, "2025-12-31T23:59:59.999Z", "2026-04-01T00:00:00.001Z",
                  "2025-10-01 2026-01-01 2026-04-01");
    assert_labels("UTC", INTERVAL_WEEK, "1969-12-28T00:00:00Z", "1970-01-05T00:00:00.001Z",
                  "1969-12-22 1969-12-29 1970-01-05");
}

static void a_repeated_hour_is_two_intervals(void **state)
{
    (void)state;
    assert_labels("America/New_York", INTERVAL_HOUR, "2025-11-02T00:30:00-04:00",
                  "2025-11-02T02:00:00-05:00",
                  "2025-11-02T00:00:00-04:00 2025-11-02T01:00:00-04:00 2025-11-02T01:00:00-05:00");
    assert_labels("America/New_York", INTERVAL_HOUR, "2025-03-09T01:30:00-05:00",
                  "2025-03-09T04:00:00-04:00",
                  "2025-03-09T01:00:00-05:00 2025-03-09T03:00:00-04:00");
    assert_labels("Antarctica/Troll", INTERVAL_HOUR, "2024-03-31T00:00:00Z", "2024-03-31T02:00:00Z",
                  "2024-03-31T00:00:00+00:00 2024-03-31T03:00:00+02:00");
    assert_labels("Antarctica/Troll", INTERVAL_HOUR, "2024-10-27T00:00:00Z", "2024-10-27T03:00:00Z",
                  "2024-10-27T02:00:00+02:00 2024-10-27T01:00:00+00:00 2024-10-27T02:00:00+00:00");
}

static void half_hour_changes_make_hours_of_ninety_minutes(void **state)
{
    (void)state;
    assert_labels("Australia/Lord_Howe", INTERVAL_HOUR, "2024-10-06T01:00:00+10:30",
                  "2024-10-06T04:00:00+11:00",
                  "2024-10-06T01:00:00+10:30 2024-10-06T03:00:00+11:00");
    const struct zone *zone = zone_of("Australia/Lord_Howe");
    int64_t spring = instant("2024-10-06T01:10:00+10:30");
    assert_int_equal(zone_interval_next(zone, INTERVAL_HOUR, spring) -
                         zone_interval_begin(zone, INTERVAL_HOUR, spring),
                     90 * 60000);
    /* In the stretch after the jump, 02:30 to 03:00, the hour is still that of 01:00. */
    assert_instant(zone_interval_begin(zone, INTERVAL_HOUR, instant("2024-10-06T02:40:00+11:00")),
                   "2024-10-05T14:30:00.000Z");
    int64_t autumn = instant("2024-04-07T01:45:00+10:30");
    assert_instant(zone_interval_begin(zone, INTERVAL_HOUR, autumn), "2024-04-06T14:00:00.000Z");
    assert_instant(zone_interval_next(zone, INTERVAL_HOUR, autumn), "2024-04-06T15:30:00.000Z");
}

static void an_hour_ends_only_when_the_clock_shows_a_whole_one(void **state)
{
    (void)state;
    /* Nepal went from +05:30 to +05:45 at midnight: 23:59:59 was followed by 00:15:00. */
    assert_labels("Asia/Kathmandu", INTERVAL_HOUR, "1985-12-31T22:00:00+05:30",
                  "1986-01-01T02:00:00+05:45",
                  "1985-12-31T22:00:00+05:30 1985-12-31T23:00:00+05:30 1986-01-01T01:00:00+05:45");
    assert_day("Asia/Kathmandu", "1986-01-01T00:15:00+05:45", "1985-12-31T18:30:00.000Z",
               24 * 60 - 15);
}

static void hours_in_local_mean_time_are_labelled_with_their_instant(void **state)
{
    (void)state;
    const struct zone *zone = zone_of("Europe/Amsterdam");
    int64_t begin = zone_interval_begin(zone, INTERVAL_HOUR, instant("1850-06-01T10:30:00Z"));
    struct civil local = zone_local(zone, begin);
    assert_true(local.minute == 0 && local.second == 0);
    char label[ZONE_LABEL_BYTES];
    size_t len = zone_interval_label(zone, INTERVAL_HOUR, begin, label);
    int64_t read;
    assert_true(time_parse_rfc3339(str_of(label, len), &read));
    assert_int_equal(read, begin);
}

static void skipped_dates_are_no_intervals(void **state)
{
    (void)state;
    assert_labels("Pacific/Apia", INTERVAL_DAY, "2011-12-29T00:00:00-10:00",
                  "2012-01-01T00:00:00+14:00", "2011-12-29 2011-12-31");
    assert_day("Pacific/Apia", "2011-12-30T09:59:59Z", "2011-12-29T10:00:00.000Z", 24 * 60);
    assert_day("Pacific/Apia", "2011-12-30T10:00:00Z", "2011-12-30T10:00:00.000Z", 24 * 60);
    assert_labels("Pacific/Kwajalein", INTERVAL_DAY, "1993-08-20T12:00:00-12:00",
                  "1993-08-22T12:00:00+12:00", "1993-08-20 1993-08-22");
    assert_labels("Asia/Manila", INTERVAL_DAY, "1844-12-30T12:00:00-15:56",
                  "1845-01-01T12:00:00+08:04", "1844-12-30 1845-01-01");
    const struct zone *apia = zone_of("Pacific/Apia");
    int64_t skipped = time_days_from_civil(2011, 12, 30);
    assert_int_equal(zone_day_begin(apia, skipped), zone_day_begin(apia, skipped + 1));
    assert_int_not_equal(zone_day_begin(apia, skipped), zone_day_begin(apia, skipped - 1));
}

static void a_date_that_came_twice_is_one_day(void **state)
{
    (void)state;
    /* Samoa went back across the date line at the end of 4 July 1892, and had it again. */
    const struct zone *apia = zone_of("Pacific/Apia");
    int64_t fourth = zone_day_begin(apia, time_days_from_civil(1892, 7, 4));
    int64_t fifth = zone_day_begin(apia, time_days_from_civil(1892, 7, 5));
    assert_int_equal(fifth - fourth, 48 * HOUR_MS);
    assert_int_equal(zone_interval_begin(apia, INTERVAL_DAY, fourth + 30 * HOUR_MS), fourth);
    assert_int_equal(zone_interval_next(apia, INTERVAL_DAY, fourth + 30 * HOUR_MS), fifth);
}

static void a_day_without_midnight_begins_at_one(void **state)
{
    (void)state;
    assert_day("America/Sao_Paulo", "2017-10-15T12:00:00-02:00", "2017-10-15T03:00:00.000Z",
               23 * 60);
    assert_day("Africa/Cairo", "2024-04-26T12:00:00+03:00", "2024-04-25T22:00:00.000Z", 23 * 60);
    assert_day("Africa/Cairo", "2024-04-25T21:59:59.999Z", "2024-04-24T22:00:00.000Z", 24 * 60);
    assert_day("Asia/Beirut", "2024-03-31T12:00:00+03:00", "2024-03-30T22:00:00.000Z", 23 * 60);
    assert_labels("Africa/Cairo", INTERVAL_DAY, "2024-04-25T00:00:00+02:00",
                  "2024-04-28T00:00:00+03:00", "2024-04-25 2024-04-26 2024-04-27");
}

static void a_day_whose_midnight_is_repeated_begins_at_the_first(void **state)
{
    (void)state;
    /* 01:00 back to 00:00 */
    assert_day("America/Havana", "2024-11-03T00:30:00-05:00", "2024-11-03T04:00:00.000Z", 25 * 60);
    /* 24:00 back to 23:00: the day before is the long one */
    assert_day("Asia/Beirut", "2024-10-26T23:30:00+02:00", "2024-10-25T21:00:00.000Z", 25 * 60);
    assert_day("America/Asuncion", "2012-04-07T23:30:00-04:00", "2012-04-07T03:00:00.000Z",
               25 * 60);
    /* 00:01 back to 23:01 of the day before: the new date had been shown, so its day has begun */
    assert_day("America/St_Johns", "2006-10-29T02:30:59Z", "2006-10-29T02:30:00.000Z", 25 * 60);
    assert_day("America/St_Johns", "2006-10-28T23:30:00-03:30", "2006-10-29T02:30:00.000Z",
               25 * 60);
    assert_day("America/St_Johns", "2006-10-29T02:29:59.999Z", "2006-10-28T02:30:00.000Z", 24 * 60);
}

static void summer_time_makes_long_and_short_days(void **state)
{
    (void)state;
    assert_day("Europe/London", "2026-03-29T12:00:00Z", "2026-03-29T00:00:00.000Z", 23 * 60);
    assert_day("Europe/London", "2026-10-25T12:00:00Z", "2026-10-24T23:00:00.000Z", 25 * 60);
    assert_day("Europe/Dublin", "2026-10-25T12:00:00Z", "2026-10-24T23:00:00.000Z", 25 * 60);
    assert_day("Africa/Casablanca", "2025-02-23T12:00:00Z", "2025-02-22T23:00:00.000Z", 25 * 60);
    assert_labels("Europe/London", INTERVAL_WEEK, "2026-03-23T00:00:00Z", "2026-04-05T23:00:00Z",
                  "2026-03-23 2026-03-30");
    assert_labels("Europe/London", INTERVAL_MONTH, "2026-03-31T22:59:59Z", "2026-03-31T23:00:01Z",
                  "2026-03-01 2026-04-01");
    assert_labels("Europe/London", INTERVAL_QUARTER, "2026-03-31T22:59:59Z", "2026-03-31T23:00:01Z",
                  "2026-01-01 2026-04-01");
}

static void steps_count_intervals_that_are(void **state)
{
    (void)state;
    const struct zone *apia = zone_of("Pacific/Apia");
    int64_t at = instant("2012-01-01T12:00:00+14:00");
    assert_int_equal(zone_interval_step(apia, INTERVAL_DAY, at, 0),
                     zone_day_begin(apia, time_days_from_civil(2012, 1, 1)));
    assert_int_equal(zone_interval_step(apia, INTERVAL_DAY, at, -2),
                     zone_day_begin(apia, time_days_from_civil(2011, 12, 29)));
    assert_int_equal(
        zone_interval_step(apia, INTERVAL_DAY, instant("2011-12-29T12:00:00-10:00"), 3),
        zone_day_begin(apia, time_days_from_civil(2012, 1, 2)));
    assert_int_equal(zone_interval_step(apia, INTERVAL_DAY, at, -367),
                     zone_day_begin(apia, time_days_from_civil(2010, 12, 29)));
    const struct zone *london = zone_of("Europe/London");
    int64_t now = instant("2026-05-15T12:34:56Z");
    assert_instant(zone_interval_step(london, INTERVAL_WEEK, now, -7), "2026-03-23T00:00:00.000Z");
    assert_instant(zone_interval_step(london, INTERVAL_MONTH, now, -5), "2025-12-01T00:00:00.000Z");
    assert_instant(zone_interval_step(london, INTERVAL_QUARTER, now, 3),
                   "2027-01-01T00:00:00.000Z");
    assert_instant(zone_interval_step(london, INTERVAL_HOUR, now, -24 * 60),
                   "2026-03-16T12:00:00.000Z");
    /* Steps over hours of ninety minutes count each once. */
    const struct zone *howe = zone_of("Australia/Lord_Howe");
    assert_instant(
        zone_interval_step(howe, INTERVAL_HOUR, instant("2024-10-06T03:59:00+11:00"), -1),
        "2024-10-05T14:30:00.000Z");
    assert_instant(zone_interval_step(howe, INTERVAL_HOUR, instant("2024-10-06T00:59:00+10:30"), 2),
                   "2024-10-05T16:00:00.000Z");
}

static void far_steps_and_instants_saturate(void **state)
{
    (void)state;
    static const char *const names[] = {"UTC", "Europe/London", "Pacific/Apia",
                                        "Africa/Casablanca"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const struct zone *zone = zone_of(names[i]);
        for (int k = INTERVAL_HOUR; k <= INTERVAL_QUARTER; k++) {
            enum interval interval = (enum interval)k;
            assert_int_equal(zone_interval_step(zone, interval, 0, INT64_MIN), INT64_MIN);
            assert_int_equal(zone_interval_step(zone, interval, 0, INT64_MAX), INT64_MAX);
            assert_int_equal(zone_interval_begin(zone, interval, INT64_MIN), INT64_MIN);
            assert_int_equal(zone_interval_next(zone, interval, INT64_MAX), INT64_MAX);
            assert_true(zone_interval_next(zone, interval, INT64_MIN) > INT64_MIN);
            assert_true(zone_interval_begin(zone, interval, INT64_MAX) < INT64_MAX);
        }
        char label[ZONE_LABEL_BYTES];
        assert_true(zone_interval_label(zone, INTERVAL_HOUR, INT64_MIN, label) > 0);
        assert_true(zone_interval_label(zone, INTERVAL_HOUR, INT64_MAX, label) > 0);
        zone_offset_s(zone, INT64_MIN);
        zone_offset_s(zone, INT64_MAX);
        zone_local(zone, INT64_MIN);
        zone_local(zone, INT64_MAX);
        assert_int_equal(zone_day_begin(zone, INT64_MIN), INT64_MIN);
        assert_int_equal(zone_day_begin(zone, INT64_MAX), INT64_MAX);
    }
}

static void ranges_give_what_they_touch_and_no_more(void **state)
{
    (void)state;
    struct arena *arena = arena_new(NULL);
    struct zone_intervals days;
    struct fail fail;
    int64_t from = instant("2026-05-01T00:00:00Z"), day = 24 * HOUR_MS;
    assert_true(
        zone_intervals(zone_utc(), INTERVAL_DAY, from, from + 3 * day, 3, arena, &days, &fail));
    assert_int_equal(days.count, 3);
    assert_int_equal(days.begins[0], from);
    assert_int_equal(days.begins[3], from + 3 * day);
    assert_int_equal(zone_intervals_find(&days, from - 1), SIZE_MAX);
    assert_int_equal(zone_intervals_find(&days, from), 0);
    assert_int_equal(zone_intervals_find(&days, from + day - 1), 0);
    assert_int_equal(zone_intervals_find(&days, from + day), 1);
    assert_int_equal(zone_intervals_find(&days, from + 3 * day - 1), 2);
    assert_int_equal(zone_intervals_find(&days, from + 3 * day), SIZE_MAX);

    assert_true(zone_intervals(zone_utc(), INTERVAL_DAY, from, from, 3, arena, &days, &fail));
    assert_int_equal(days.count, 0);
    assert_int_equal(zone_intervals_find(&days, from), SIZE_MAX);
    assert_true(zone_intervals(zone_utc(), INTERVAL_DAY, from, from - day, 3, arena, &days, &fail));
    assert_int_equal(days.count, 0);
    arena_free(arena);
}

static void too_many_intervals_are_refused(void **state)
{
    (void)state;
    struct arena *arena = arena_new(NULL);
    struct zone_intervals out = {.count = 42};
    struct fail fail;
    int64_t from = instant("2026-05-01T00:00:00Z");
    assert_false(zone_intervals(zone_utc(), INTERVAL_DAY, from, from + 3 * 24 * HOUR_MS + 1, 3,
                                arena, &out, &fail));
    assert_int_equal(fail.code, FAIL_LIMIT);
    assert_int_equal(out.count, 42);
    assert_false(zone_intervals(zone_utc(), INTERVAL_HOUR, INT64_MIN, from, 3, arena, &out, &fail));
    assert_int_equal(fail.code, FAIL_INPUT);
    assert_false(zone_intervals(zone_utc(), INTERVAL_HOUR, from, INT64_MAX, 3, arena, &out, &fail));
    assert_int_equal(fail.code, FAIL_INPUT);
    arena_free(arena);

    struct base_budget *budget = base_budget_new(4096);
    arena = arena_new(budget);
    assert_false(zone_intervals(zone_utc(), INTERVAL_HOUR, from, from + (int64_t)10000 * HOUR_MS,
                                SIZE_MAX - 1, arena, &out, &fail));
    assert_int_equal(fail.code, FAIL_LIMIT);
    arena_free(arena);
    base_budget_free(budget);
}

static void all_years_can_be_asked_for(void **state)
{
    (void)state;
    struct arena *arena = arena_new(NULL);
    struct zone_intervals quarters;
    struct fail fail;
    const struct zone *zone = zone_of("Pacific/Auckland");
    assert_true(zone_intervals(
        zone, INTERVAL_QUARTER, zone_day_begin(zone, time_days_from_civil(1, 1, 1)),
        zone_day_begin(zone, time_days_from_civil(10000, 1, 1)), 39996, arena, &quarters, &fail));
    assert_int_equal(quarters.count, 39996);
    char label[ZONE_LABEL_BYTES];
    zone_interval_label(zone, INTERVAL_QUARTER, quarters.begins[39995], label);
    assert_string_equal(label, "9999-10-01");
    zone_interval_label(zone, INTERVAL_QUARTER, quarters.begins[0], label);
    assert_string_equal(label, "0001-01-01");
    arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_of_intervals_are_read_and_written),
        cmocka_unit_test(utc_intervals_are_the_calendar),
        cmocka_unit_test(a_repeated_hour_is_two_intervals),
        cmocka_unit_test(half_hour_changes_make_hours_of_ninety_minutes),
        cmocka_unit_test(an_hour_ends_only_when_the_clock_shows_a_whole_one),
        cmocka_unit_test(hours_in_local_mean_time_are_labelled_with_their_instant),
        cmocka_unit_test(skipped_dates_are_no_intervals),
        cmocka_unit_test(a_date_that_came_twice_is_one_day),
        cmocka_unit_test(a_day_without_midnight_begins_at_one),
        cmocka_unit_test(a_day_whose_midnight_is_repeated_begins_at_the_first),
        cmocka_unit_test(summer_time_makes_long_and_short_days),
        cmocka_unit_test(steps_count_intervals_that_are),
        cmocka_unit_test(far_steps_and_instants_saturate),
        cmocka_unit_test(ranges_give_what_they_touch_and_no_more),
        cmocka_unit_test(too_many_intervals_are_refused),
        cmocka_unit_test(all_years_can_be_asked_for),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
