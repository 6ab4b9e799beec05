/* Zones and intervals against two oracles: the C library's localtime_r, and the words of the query
   contract taken literally, minute by minute around changes of the clock. */

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base_zone.h"

#define HOUR_S ((int64_t)3600)
#define DAY_S ((int64_t)86400)
#define CHANGES_MAX 1024
#define WINDOW_MINUTES_MAX (24 * 24 * 60)

static const char *const zone_names[] = {
    "Africa/Abidjan",
    "Africa/Cairo",
    "Africa/Casablanca",
    "Africa/El_Aaiun",
    "Africa/Juba",
    "Africa/Monrovia",
    "Africa/Windhoek",
    "America/Adak",
    "America/Anchorage",
    "America/Asuncion",
    "America/Bogota",
    "America/Caracas",
    "America/Chicago",
    "America/Havana",
    "America/Juneau",
    "America/Los_Angeles",
    "America/Metlakatla",
    "America/Mexico_City",
    "America/New_York",
    "America/Nuuk",
    "America/Port-au-Prince",
    "America/Santiago",
    "America/Sao_Paulo",
    "America/Scoresbysund",
    "America/St_Johns",
    "Antarctica/Casey",
    "Antarctica/Troll",
    "Asia/Amman",
    "Asia/Beirut",
    "Asia/Colombo",
    "Asia/Dhaka",
    "Asia/Gaza",
    "Asia/Jerusalem",
    "Asia/Kathmandu",
    "Asia/Kolkata",
    "Asia/Manila",
    "Asia/Pyongyang",
    "Asia/Singapore",
    "Asia/Tehran",
    "Asia/Tokyo",
    "Atlantic/Azores",
    "Australia/Eucla",
    "Australia/Lord_Howe",
    "Australia/Sydney",
    "EST5EDT",
    "Etc/GMT+12",
    "Etc/GMT-14",
    "Europe/Amsterdam",
    "Europe/Berlin",
    "Europe/Dublin",
    "Europe/Istanbul",
    "Europe/Lisbon",
    "Europe/London",
    "Europe/Moscow",
    "Pacific/Apia",
    "Pacific/Auckland",
    "Pacific/Chatham",
    "Pacific/Easter",
    "Pacific/Fiji",
    "Pacific/Kiritimati",
    "Pacific/Kwajalein",
    "Pacific/Norfolk",
    "Pacific/Pitcairn",
    "Pacific/Tongatapu",
    "UTC",
};
#define ZONES (sizeof zone_names / sizeof *zone_names)

static uint64_t seed = 88172645463325252U;

static int64_t random_below(int64_t bound)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return (int64_t)(seed % (uint64_t)bound);
}

static const struct zone *use_zone(const char *name)
{
    const struct zone *zone;
    struct fail fail;
    if (!zone_find(str_from_c(name), &zone, &fail)) {
        fail_msg("%s", fail.message);
    }
    assert_int_equal(setenv("TZ", name, 1), 0);
    tzset();
    return zone;
}

static int64_t libc_offset_s(int64_t at_s)
{
    time_t at = (time_t)at_s;
    struct tm tm;
    assert_non_null(localtime_r(&at, &tm));
    return tm.tm_gmtoff;
}

static int64_t year_s(int year)
{
    return time_days_from_civil(year, 1, 1) * DAY_S;
}

/* The instants from 1840 to 2110 at which the library's offset changes in one zone. */
struct changes {
    size_t count;
    int64_t at_s[CHANGES_MAX];
};
static struct changes all_changes[ZONES];

static void find_changes(struct changes *changes)
{
    int64_t before = libc_offset_s(year_s(1840));
    for (int64_t at_s = year_s(1840); at_s < year_s(2110); at_s += 31 * HOUR_S) {
        int64_t offset = libc_offset_s(at_s);
        if (offset == before) {
            continue;
        }
        int64_t low = at_s - 31 * HOUR_S, high = at_s; /* the change lies in (low, high] */
        while (high - low > 1) {
            int64_t middle = low + (high - low) / 2;
            if (libc_offset_s(middle) == before) {
                low = middle;
            } else {
                high = middle;
            }
        }
        assert_true(changes->count < CHANGES_MAX);
        changes->at_s[changes->count++] = high;
        before = offset;
    }
}

static int find_all_changes(void **state)
{
    (void)state;
    for (size_t i = 0; i < ZONES; i++) {
        use_zone(zone_names[i]);
        find_changes(&all_changes[i]);
    }
    return 0;
}

static void assert_same_offset(const struct zone *zone, int64_t at_s)
{
    if (zone_offset_s(zone, at_s * 1000) != libc_offset_s(at_s)) {
        fail_msg("%.*s at %lld: %d, library %lld", STR_ARG(zone_name(zone)), (long long)at_s,
                 (int)zone_offset_s(zone, at_s * 1000), (long long)libc_offset_s(at_s));
    }
}

static void offsets_are_those_of_the_c_library(void **state)
{
    (void)state;
    for (size_t i = 0; i < ZONES; i++) {
        const struct zone *zone = use_zone(zone_names[i]);
        const int64_t *changes = all_changes[i].at_s;
        for (size_t k = 0; k < all_changes[i].count; k++) {
            assert_same_offset(zone, changes[k] - 1);
            assert_same_offset(zone, changes[k]);
            assert_int_equal(zone_offset_s(zone, changes[k] * 1000 - 1),
                             libc_offset_s(changes[k] - 1));
        }
        for (int k = 0; k < 5000; k++) {
            assert_same_offset(zone, year_s(1800) + random_below(year_s(2200) - year_s(1800)));
        }
        for (int k = 0; k < 500; k++) {
            assert_same_offset(zone, year_s(2200) + random_below(year_s(9999) - year_s(2200)));
        }
    }
}

/* What the contract says, read off the library's clock one minute after the other. */
struct window {
    int64_t from_s;
    size_t minutes;
    int64_t local_s[WINDOW_MINUTES_MAX];
};

static void fill_window(struct window *window, int64_t around_s, int64_t days)
{
    window->from_s = around_s - days * DAY_S;
    window->minutes = (size_t)(2 * days * DAY_S / 60);
    assert_true(window->minutes <= WINDOW_MINUTES_MAX);
    for (size_t i = 0; i < window->minutes; i++) {
        int64_t at_s = window->from_s + (int64_t)i * 60;
        window->local_s[i] = at_s + libc_offset_s(at_s);
    }
}

static int64_t floor_day(int64_t local_s)
{
    return local_s / DAY_S - (local_s % DAY_S < 0 ? 1 : 0);
}

/* True when the date begins an interval of that length. */
static bool begins_unit(enum interval interval, int64_t days)
{
    int year, month, day;
    time_civil_from_days(days, &year, &month, &day);
    switch (interval) {
    case INTERVAL_WEEK:
        return ((days + 3) % 7 + 7) % 7 == 0;
    case INTERVAL_MONTH:
        return day == 1;
    case INTERVAL_QUARTER:
        return day == 1 && month % 3 == 1;
    case INTERVAL_HOUR:
    case INTERVAL_DAY:
    default:
        return true;
    }
}

/* Begins in the window by the letter: for days, the first minute that shows the date or later. */
static size_t literal_begins(const struct window *window, enum interval interval, int64_t *out)
{
    size_t count = 0;
    int64_t latest = floor_day(window->local_s[0]);
    for (size_t i = 0; i < window->minutes; i++) {
        int64_t local_s = window->local_s[i], at_s = window->from_s + (int64_t)i * 60;
        if (interval == INTERVAL_HOUR) {
            if (local_s % HOUR_S == 0) {
                out[count++] = at_s;
            }
            continue;
        }
        bool begins = false;
        for (; latest < floor_day(local_s); latest++) {
            begins = begins || begins_unit(interval, latest + 1);
        }
        if (begins) {
            out[count++] = at_s;
        }
    }
    return count;
}

static void assert_holds(const struct zone *zone, enum interval interval, int64_t ts_ms,
                         int64_t begin_ms, int64_t end_ms)
{
    if (zone_interval_begin(zone, interval, ts_ms) != begin_ms ||
        zone_interval_next(zone, interval, ts_ms) != end_ms) {
        char text[TIME_RFC3339_BYTES], begin[TIME_RFC3339_BYTES];
        time_format_rfc3339(ts_ms, text);
        time_format_rfc3339(begin_ms, begin);
        fail_msg("%.*s: the %s of %s begins at %s", STR_ARG(zone_name(zone)),
                 interval_name(interval), text, begin);
    }
}

static void assert_literal(const struct zone *zone, const struct window *window,
                           enum interval interval)
{
    static int64_t literal[WINDOW_MINUTES_MAX];
    size_t count = literal_begins(window, interval, literal);
    int64_t change_s = window->from_s + (int64_t)window->minutes / 2 * 60;
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(zone_interval_begin(zone, interval, literal[i] * 1000), literal[i] * 1000);
        assert_int_equal(zone_interval_next(zone, interval, literal[i] * 1000 - 1),
                         literal[i] * 1000);
    }
    for (size_t i = 0; i + 1 < count; i++) {
        int64_t begin_ms = literal[i] * 1000, end_ms = literal[i + 1] * 1000;
        assert_holds(zone, interval, begin_ms, begin_ms, end_ms);
        assert_holds(zone, interval, end_ms - 1, begin_ms, end_ms);
        assert_holds(zone, interval, begin_ms + random_below(end_ms - begin_ms), begin_ms, end_ms);
        /* Every minute of the hours around the change. */
        for (int64_t at_s = change_s - 3 * HOUR_S; at_s < change_s + 3 * HOUR_S; at_s += 60) {
            if (at_s >= literal[i] && at_s < literal[i + 1]) {
                assert_holds(zone, interval, at_s * 1000, begin_ms, end_ms);
            }
        }
    }
}

/* The window must be one of whole minutes, or the scan would miss whole hours. */
static bool in_whole_minutes(const struct window *window)
{
    for (size_t i = 0; i < window->minutes; i++) {
        if (window->local_s[i] % 60 != 0) {
            return false;
        }
    }
    return true;
}

#define SCANS_A_ZONE 12

static void intervals_are_the_contract_read_minute_by_minute(void **state)
{
    (void)state;
    static struct window window;
    size_t scanned = 0;
    for (size_t i = 0; i < ZONES; i++) {
        const struct zone *zone = use_zone(zone_names[i]);
        const int64_t *changes = all_changes[i].at_s;
        size_t count = all_changes[i].count;
        size_t step = count / SCANS_A_ZONE + 1;
        for (size_t k = count % step; k < count; k += step) {
            fill_window(&window, changes[k], 3);
            if (!in_whole_minutes(&window)) {
                continue;
            }
            scanned++;
            assert_literal(zone, &window, INTERVAL_HOUR);
            assert_literal(zone, &window, INTERVAL_DAY);
        }
    }
    assert_true(scanned > 400);
}

static void famous_changes_are_the_contract_too(void **state)
{
    (void)state;
    static const struct {
        const char *zone;
        const char *around;
    } cases[] = {
        {"Pacific/Apia", "2011-12-30T10:00:00Z"},
        {"Pacific/Kwajalein", "1993-08-21T12:00:00Z"},
        {"Pacific/Kiritimati", "1994-12-31T10:00:00Z"},
        {"America/Sao_Paulo", "2017-10-15T03:00:00Z"},
        {"Africa/Cairo", "2024-04-25T22:00:00Z"},
        {"Africa/Cairo", "2024-10-31T21:00:00Z"},
        {"America/Havana", "2024-11-03T05:00:00Z"},
        {"America/Asuncion", "2012-04-08T03:00:00Z"},
        {"America/St_Johns", "2006-10-29T02:31:00Z"},
        {"America/St_Johns", "1988-04-03T03:31:00Z"},
        {"Asia/Beirut", "2024-10-26T21:00:00Z"},
        {"Asia/Kathmandu", "1985-12-31T18:30:00Z"},
        {"Asia/Pyongyang", "2018-05-04T15:00:00Z"},
        {"America/Caracas", "2016-05-01T07:00:00Z"},
        {"Australia/Lord_Howe", "2024-04-06T15:00:00Z"},
        {"Australia/Lord_Howe", "2024-10-05T15:30:00Z"},
        {"Antarctica/Troll", "2024-03-31T01:00:00Z"},
        {"Antarctica/Casey", "2010-03-04T15:00:00Z"},
        {"Europe/Dublin", "2024-10-27T01:00:00Z"},
        {"Africa/Casablanca", "2025-02-23T02:00:00Z"},
        {"America/Scoresbysund", "2024-10-27T01:00:00Z"},
        {"Asia/Gaza", "2023-04-29T00:00:00Z"},
    };
    static struct window window;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct zone *zone = use_zone(cases[i].zone);
        int64_t around_ms;
        assert_true(time_parse_rfc3339(str_from_c(cases[i].around), &around_ms));
        assert_int_not_equal(zone_offset_s(zone, around_ms - 1), zone_offset_s(zone, around_ms));
        fill_window(&window, around_ms / 1000, 12);
        assert_true(in_whole_minutes(&window));
        for (int k = INTERVAL_HOUR; k <= INTERVAL_QUARTER; k++) {
            assert_literal(zone, &window, (enum interval)k);
        }
    }
}

static void days_of_long_ago_begin_when_the_date_shows(void **state)
{
    (void)state;
    /* Local mean times have seconds: one change each, second by second. */
    static const struct {
        const char *zone;
        int year, month, day;
    } cases[] = {
        {"Asia/Manila", 1844, 12, 31},    {"Pacific/Apia", 1892, 7, 5},
        {"Europe/Amsterdam", 1892, 5, 1}, {"America/New_York", 1883, 11, 18},
        {"America/Juneau", 1867, 10, 19},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct zone *zone = use_zone(cases[i].zone);
        int64_t first = time_days_from_civil(cases[i].year, cases[i].month, cases[i].day) - 1;
        int64_t begins[4] = {0};
        size_t found = 0;
        for (int64_t at_s = (first - 2) * DAY_S; found < 4; at_s++) {
            while (found < 4 && at_s + libc_offset_s(at_s) >= (first + (int64_t)found) * DAY_S) {
                begins[found++] = at_s;
            }
        }
        for (int k = 0; k < 4; k++) {
            assert_int_equal(zone_day_begin(zone, first + k), begins[k] * 1000);
        }
    }
}

static void assert_partition(const struct zone *zone, enum interval interval, int64_t from_ms,
                             int64_t to_ms)
{
    struct arena *arena = arena_new(NULL);
    struct zone_intervals all;
    struct fail fail;
    if (!zone_intervals(zone, interval, from_ms, to_ms, 1U << 20, arena, &all, &fail)) {
        fail_msg("%s", fail.message);
    }
    assert_true(all.count > 0);
    assert_true(all.begins[0] <= from_ms && from_ms < all.begins[1]);
    assert_true(all.begins[all.count - 1] < to_ms && to_ms <= all.begins[all.count]);
    for (size_t i = 0; i < all.count; i++) {
        int64_t begin = all.begins[i], next = all.begins[i + 1];
        assert_true(begin < next);
        int64_t inside = begin + random_below(next - begin);
        assert_int_equal(zone_interval_begin(zone, interval, inside), begin);
        assert_int_equal(zone_interval_next(zone, interval, inside), next);
        assert_int_equal(zone_intervals_find(&all, begin), i);
        assert_int_equal(zone_intervals_find(&all, inside), i);
        assert_int_equal(zone_intervals_find(&all, next - 1), i);
        size_t other = (size_t)random_below((int64_t)all.count + 1);
        int64_t steps = (int64_t)other - (int64_t)i;
        assert_int_equal(zone_interval_step(zone, interval, inside, steps), all.begins[other]);
    }
    arena_free(arena);
}

static void intervals_partition_time_and_all_calls_agree(void **state)
{
    (void)state;
    for (size_t i = 0; i < ZONES; i++) {
        const struct zone *zone = use_zone(zone_names[i]);
        int64_t from_ms = (year_s(1840) + random_below(year_s(2150) - year_s(1840))) * 1000;
        assert_partition(zone, INTERVAL_HOUR, from_ms, from_ms + (400 * DAY_S + 1) * 1000);
        assert_partition(zone, INTERVAL_DAY, year_s(2010) * 1000, year_s(2013) * 1000);
        assert_partition(zone, INTERVAL_DAY, from_ms, from_ms + 1500 * DAY_S * 1000 + 1);
        assert_partition(zone, INTERVAL_WEEK, year_s(1840) * 1000, year_s(2150) * 1000);
        assert_partition(zone, INTERVAL_MONTH, year_s(1840) * 1000, year_s(2150) * 1000);
        if (i % 8 == 0) {
            assert_partition(zone, INTERVAL_QUARTER, year_s(1) * 1000, year_s(10000) * 1000);
        }
    }
}

/* The first instant at which the library's clock shows a reading: each offset of the days around is
   tried. */
static bool libc_first(int64_t local_s, int64_t *out)
{
    bool found = false;
    for (int64_t at_s = local_s - 26 * HOUR_S; at_s <= local_s + 26 * HOUR_S; at_s += 1200) {
        int64_t candidate_s = local_s - libc_offset_s(at_s);
        if (candidate_s + libc_offset_s(candidate_s) == local_s && (!found || candidate_s < *out)) {
            *out = candidate_s;
            found = true;
        }
    }
    return found;
}

static void readings_come_back_unless_skipped(void **state)
{
    (void)state;
    for (size_t i = 0; i < ZONES; i++) {
        const struct zone *zone = use_zone(zone_names[i]);
        const int64_t *changes = all_changes[i].at_s;
        size_t count = all_changes[i].count;
        for (size_t k = 0; k < count + 20; k++) {
            int64_t around_s = k < count ? changes[k] : year_s(1800) + random_below(year_s(2100));
            int64_t local_s =
                around_s + zone_offset_s(zone, around_s * 1000) - 7200 + random_below(14400);
            struct civil local = time_civil_from_ms(local_s * 1000 + 5);
            int64_t at_ms = zone_instant(zone, &local);
            struct civil back = zone_local(zone, at_ms);
            int64_t back_ms = time_ms_from_civil(&back);
            int64_t back_s = (back_ms - 5) / 1000;
            int64_t first_s = 0;
            bool exists = libc_first(local_s, &first_s);
            if (exists) {
                assert_int_equal(back_s, local_s);
                assert_int_equal(at_ms, first_s * 1000 + 5);
            } else {
                assert_int_not_equal(back_s, local_s);
                /* As far behind the gap as the reading is: by the offset before. */
                assert_int_equal(
                    at_ms - 5,
                    (local_s - zone_offset_s(zone, at_ms - (back_s - local_s) * 1000)) * 1000);
            }
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(offsets_are_those_of_the_c_library),
        cmocka_unit_test(intervals_are_the_contract_read_minute_by_minute),
        cmocka_unit_test(famous_changes_are_the_contract_too),
        cmocka_unit_test(days_of_long_ago_begin_when_the_date_shows),
        cmocka_unit_test(intervals_partition_time_and_all_calls_agree),
        cmocka_unit_test(readings_come_back_unless_skipped),
    };
    return cmocka_run_group_tests(tests, find_all_changes, NULL);
}
