

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "base_time.h"

static void civil_dates_and_days_agree_over_four_centuries(void **state)
{
    (void)state;
    static const int lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    int64_t days = time_days_from_civil(1, 1, 1);
    assert_int_equal(days, -719162);
    for (int year = 1; year <= 801; year++) {
        for (int month = 1; month <= 12; month++) {
            bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
            int length = lengths[month - 1] + (month == 2 && leap ? 1 : 0);
            for (int day = 1; day <= length; day++, days++) {
                int y, m, d;
                time_civil_from_days(days, &y, &m, &d);
                assert_int_equal(time_days_from_civil(year, month, day), days);
                assert_true(y == year && m == month && d == day);
            }
        }
    }
    assert_int_equal(time_days_from_civil(1970, 1, 1), 0);
    assert_int_equal(time_days_from_civil(2000, 3, 1), 11017);
    assert_int_equal(time_days_from_civil(9999, 12, 31), 2932896);
}

static void instants_before_1970_keep_their_milliseconds(void **state)
{
    (void)state;
    struct civil civil = time_civil_from_ms(-1);
    assert_int_equal(civil.year, 1969);
    assert_int_equal(civil.month, 12);
    assert_int_equal(civil.day, 31);
    assert_int_equal(civil.hour, 23);
    assert_int_equal(civil.minute, 59);
    assert_int_equal(civil.second, 59);
    assert_int_equal(civil.ms, 999);
    assert_int_equal(time_ms_from_civil(&civil), -1);
}

static void extreme_instants_are_written_without_overflow(void **state)
{
    (void)state;
    char out[TIME_RFC3339_BYTES];
    assert_int_equal(time_format_rfc3339(INT64_MAX, out), 29);
    assert_string_equal(out, "292278994-08-17T07:12:55.807Z");
    assert_int_equal(time_format_rfc3339(INT64_MIN, out), 30);
    assert_string_equal(out, "-292275055-05-16T16:47:04.192Z");
    struct civil far = {.year = INT32_MAX, .month = 1, .day = 1};
    assert_int_equal(time_ms_from_civil(&far), INT64_MAX);
    far.year = INT32_MIN;
    assert_int_equal(time_ms_from_civil(&far), INT64_MIN);
}

static void validity_knows_leap_years_and_ranges(void **state)
{
    (void)state;
    struct civil good = {2024, 2, 29, 23, 59, 59, 999};
    assert_true(time_civil_valid(&good));
    static const struct civil bad[] = {
        {2023, 2, 29, 0, 0, 0, 0}, {1900, 2, 29, 0, 0, 0, 0}, {2024, 0, 1, 0, 0, 0, 0},
        {2024, 13, 1, 0, 0, 0, 0}, {2024, 4, 31, 0, 0, 0, 0}, {2024, 4, 0, 0, 0, 0, 0},
        {0, 1, 1, 0, 0, 0, 0},     {10000, 1, 1, 0, 0, 0, 0}, {2024, 1, 1, 24, 0, 0, 0},
        {2024, 1, 1, 0, 60, 0, 0}, {2024, 1, 1, 0, 0, 60, 0}, {2024, 1, 1, 0, 0, 0, 1000},
        {2024, 1, 1, -1, 0, 0, 0}, {2024, 1, 1, 0, 0, 0, -1},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_false(time_civil_valid(&bad[i]));
    }
}

static void rfc3339_is_read_to_the_millisecond(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *utc;
    } cases[] = {
        {"2026-05-01T09:30:00Z", "2026-05-01T09:30:00.000Z"},
        {"2026-05-01t09:30:00z", "2026-05-01T09:30:00.000Z"},
        {"2026-05-01 09:30:00+02:00", "2026-05-01T07:30:00.000Z"},
        {"2026-05-01T09:30:00-23:59", "2026-05-02T09:29:00.000Z"},
        {"2026-05-01T09:30:00.1Z", "2026-05-01T09:30:00.100Z"},
        {"2026-05-01T09:30:00.123999999999Z", "2026-05-01T09:30:00.123Z"},
        {"1969-12-31T23:59:59.999Z", "1969-12-31T23:59:59.999Z"},
        {"2016-12-31T23:59:60Z", "2017-01-01T00:00:00.000Z"},
        {"2016-12-31T15:59:60.5-08:00", "2017-01-01T00:00:00.500Z"},
        {"2024-02-29T00:00:00-00:00", "2024-02-29T00:00:00.000Z"},
        {"0001-01-01T00:00:00Z", "0001-01-01T00:00:00.000Z"},
        {"9999-12-31T23:59:59.999Z", "9999-12-31T23:59:59.999Z"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int64_t ms;
        char out[TIME_RFC3339_BYTES];
        assert_true(time_parse_rfc3339(str_from_c(cases[i].text), &ms));
        assert_int_equal(time_format_rfc3339(ms, out), 24);
        assert_string_equal(out, cases[i].utc);
    }
}

static void rfc3339_refuses_what_is_not_one(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",
        "2026-05-01",
        "2026-05-01T09:30:00",
        "2026-05-01T09:30Z",
        "2026-05-01T09:30:00.Z",
        "2026-05-01T09:30:00,5Z",
        "2026-05-01T09:30:00+0200",
        "2026-05-01T09:30:00+02",
        "2026-05-01T09:30:00+24:00",
        "2026-05-01T09:30:00+02:60",
        "2026-05-01T09:30:00Z ",
        " 2026-05-01T09:30:00Z",
        "2026-05-01_09:30:00Z",
        "2026-02-29T09:30:00Z",
        "2026-05-01T24:00:00Z",
        "2026-05-01T09:60:00Z",
        "2026-05-01T09:30:61Z",
        "26-05-01T09:30:00Z",
        "2026-5-01T09:30:00Z",
        "0000-05-01T09:30:00Z",
        "+2026-05-01T09:30:00Z",
        "0001-01-01T00:00:00+00:01",
        "9999-12-31T23:59:59-00:01",
        "9999-12-31T23:59:60Z",
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        int64_t ms = 42;
        assert_false(time_parse_rfc3339(str_from_c(bad[i]), &ms));
        assert_int_equal(ms, 42);
    }
    int64_t ms;
    assert_false(time_parse_rfc3339((struct str){NULL, 0}, &ms));
}

static void dates_are_ten_bytes_and_real(void **state)
{
    (void)state;
    struct civil civil;
    char out[16];
    assert_true(time_parse_date(STR("2024-02-29"), &civil));
    assert_int_equal(civil.hour, 0);
    assert_int_equal(time_format_date(&civil, out), 10);
    assert_string_equal(out, "2024-02-29");
    static const char *const bad[] = {
        "2023-02-29", "2024-2-29", "2024-02-29 ", "20240229", "2024-02-29T00:00:00Z",
        "2024/02/29", ""};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_false(time_parse_date(str_from_c(bad[i]), &civil));
    }
    struct civil early = {.year = 7, .month = 1, .day = 2};
    time_format_date(&early, out);
    assert_string_equal(out, "0007-01-02");
}

static void durations_are_elapsed_time(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t ms;
    } cases[] = {
        {"0ms", 0},          {"15ms", 15},
        {"30s", 30000},      {"5m", 300000},
        {"2h", 7200000},     {"1d", 86400000},
        {"7d", 604800000},   {"2w", 1209600000},
        {"007d", 604800000}, {"9223372036854775807ms", INT64_MAX},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int64_t ms;
        assert_true(time_parse_duration(str_from_c(cases[i].text), &ms));
        assert_int_equal(ms, cases[i].ms);
    }
    static const char *const bad[] = {
        "",
        "d",
        "7",
        "7 d",
        "-7d",
        "+7d",
        "1.5d",
        "7D",
        "7d ",
        "7days",
        "7mo",
        "7y",
        "9223372036854775808ms",
        "9223372036854775807s",
        "99999999999999999999w",
        "15250284453w",
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        int64_t ms = 42;
        assert_false(time_parse_duration(str_from_c(bad[i]), &ms));
        assert_int_equal(ms, 42);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(civil_dates_and_days_agree_over_four_centuries),
        cmocka_unit_test(instants_before_1970_keep_their_milliseconds),
        cmocka_unit_test(extreme_instants_are_written_without_overflow),
        cmocka_unit_test(validity_knows_leap_years_and_ranges),
        cmocka_unit_test(rfc3339_is_read_to_the_millisecond),
        cmocka_unit_test(rfc3339_refuses_what_is_not_one),
        cmocka_unit_test(dates_are_ten_bytes_and_real),
        cmocka_unit_test(durations_are_elapsed_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
