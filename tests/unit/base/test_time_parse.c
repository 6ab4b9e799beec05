

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "base_time.h"

/* Writes a reading: an instant ends in Z, a local one does not. */
static const char *shown(const struct time_reading *reading, char out[TIME_RFC3339_BYTES])
{
    int64_t ms = reading->has_instant ? reading->instant_ms : time_ms_from_civil(&reading->local);
    size_t len = time_format_rfc3339(ms, out);
    if (!reading->has_instant) {
        out[len - 1] = '\0';
    }
    return out;
}

static void check_pattern(const char *text, const char *pattern, const char *expected)
{
    struct time_reading reading;
    struct fail fail;
    char out[TIME_RFC3339_BYTES];
    if (!time_pattern_valid(str_from_c(pattern), &fail)) {
        fail_msg("pattern %s: %s", pattern, fail.message);
    }
    bool taken = time_parse_pattern(str_from_c(text), str_from_c(pattern), &reading);
    if (expected == NULL) {
        if (taken) {
            fail_msg("%s taken by %s as %s", text, pattern, shown(&reading, out));
        }
        return;
    }
    if (!taken) {
        fail_msg("%s not taken by %s", text, pattern);
    }
    assert_string_equal(shown(&reading, out), expected);
}

static void patterns_read_local_clocks(void **state)
{
    (void)state;
    check_pattern("2011-03-04 05:06:07", "%Y-%m-%d %H:%M:%S", "2011-03-04T05:06:07.000");
    check_pattern("2011-03-04 05:06:07.89", "%Y-%m-%d %H:%M:%S", "2011-03-04T05:06:07.890");
    check_pattern("2011-03-04 05:06:07,891234", "%Y-%m-%d %H:%M:%S", "2011-03-04T05:06:07.891");
    check_pattern("2011-03-04 05:06:07.891234", "%F %H:%M:%S.%f", "2011-03-04T05:06:07.891");
    check_pattern("2011-03-04 05:06:07", "%F %T", "2011-03-04T05:06:07.000");
    check_pattern("2011-03-04 05:06:07.5", "%F %T", "2011-03-04T05:06:07.500");
    check_pattern("12/1/2010 8:26", "%m/%d/%Y %H:%M", "2010-12-01T08:26:00.000");
    check_pattern("12/01/10 8:26", "%D %R", "2010-12-01T08:26:00.000");
    check_pattern("20110304050607", "%Y%m%d%H%M%S", "2011-03-04T05:06:07.000");
    check_pattern("20110304050607891", "%Y%m%d%H%M%S%f", "2011-03-04T05:06:07.891");
    check_pattern("2011063", "%Y%j", "2011-03-04T00:00:00.000");
    check_pattern("2012-366", "%Y-%j", "2012-12-31T00:00:00.000");
    check_pattern("2011-03", "%Y-%m", "2011-03-01T00:00:00.000");
    check_pattern("04.03.11", "%d.%m.%y", "2011-03-04T00:00:00.000");
    check_pattern("04.03.69", "%d.%m.%y", "1969-03-04T00:00:00.000");
    check_pattern("04.03.68", "%d.%m.%y", "2068-03-04T00:00:00.000");
    check_pattern("100% 2011-03-04", "100%% %F", "2011-03-04T00:00:00.000");
    check_pattern("2011-03-04 23:59:60", "%F %T", "2011-03-05T00:00:00.000");
    check_pattern("2011-03-04\t \n05", "%F%n%t%H", "2011-03-04T05:00:00.000");
    check_pattern("2015 July 5", "%Y %B %d", "2015-07-05T00:00:00.000");
}

static void patterns_read_english_names_in_any_case(void **state)
{
    (void)state;
    check_pattern("Fri Mar  4 05:06:07 2011", "%a %b %e %H:%M:%S %Y", "2011-03-04T05:06:07.000");
    check_pattern("FRIDAY, 4 march 2011", "%A, %d %B %Y", "2011-03-04T00:00:00.000");
    check_pattern("4-DEC-2011", "%d-%h-%Y", "2011-12-04T00:00:00.000");
    check_pattern("may 2011", "%b %Y", "2011-05-01T00:00:00.000");
    check_pattern("Junes 2011", "%b %Y", NULL);
    check_pattern("Foo 4 2011", "%b %d %Y", NULL);
}

static void halves_of_the_day_count_from_twelve(void **state)
{
    (void)state;
    check_pattern("3/4/2011 12:00 AM", "%m/%d/%Y %I:%M %p", "2011-03-04T00:00:00.000");
    check_pattern("3/4/2011 12:30 pm", "%m/%d/%Y %I:%M %p", "2011-03-04T12:30:00.000");
    check_pattern("3/4/2011 1:30PM", "%m/%d/%Y %I:%M %p", "2011-03-04T13:30:00.000");
    check_pattern("3/4/2011 11:59 am", "%m/%d/%Y %I:%M %p", "2011-03-04T11:59:00.000");
    check_pattern("3/4/2011 13:00 PM", "%m/%d/%Y %I:%M %p", NULL);
    check_pattern("3/4/2011 0:00 AM", "%m/%d/%Y %I:%M %p", NULL);
}

static void offsets_make_instants(void **state)
{
    (void)state;
    check_pattern("2011-03-04 05:06:07 +0200", "%F %T %z", "2011-03-04T03:06:07.000Z");
    check_pattern("2011-03-04 05:06:07-03:30", "%F %T%z", "2011-03-04T08:36:07.000Z");
    check_pattern("2011-03-04 05:06:07+02", "%F %T%z", "2011-03-04T03:06:07.000Z");
    check_pattern("2011-03-04 05:06:07Z", "%F %T%z", "2011-03-04T05:06:07.000Z");
    check_pattern("2011-03-04 05:06:07 utc", "%F %T %Z", "2011-03-04T05:06:07.000Z");
    check_pattern("2011-03-04 05:06:07 GMT", "%F %T %Z", "2011-03-04T05:06:07.000Z");
    check_pattern("2011-03-04 05:06:07 CET", "%F %T %Z", NULL);
    check_pattern("2011-03-04 05:06:07 +2", "%F %T %z", NULL);
    check_pattern("9999-12-31 23:59:59 -0100", "%F %T %z", NULL);
}

static void counts_since_1970_are_instants(void **state)
{
    (void)state;
    check_pattern("1299215167", "unix", "2011-03-04T05:06:07.000Z");
    check_pattern("1299215167.8919", "unix", "2011-03-04T05:06:07.891Z");
    check_pattern("-1.5", "unix", "1969-12-31T23:59:58.500Z");
    check_pattern("-0.5", "unix", "1969-12-31T23:59:59.500Z");
    check_pattern("1299215167891", "unix_ms", "2011-03-04T05:06:07.891Z");
    check_pattern("-1", "unix_ms", "1969-12-31T23:59:59.999Z");
    check_pattern("1299215167", "%s", "2011-03-04T05:06:07.000Z");
    check_pattern("@1299215167.25", "@%s.%f", "2011-03-04T05:06:07.250Z");
    check_pattern("2011-03-04T05:06:07+01:00", "rfc3339", "2011-03-04T04:06:07.000Z");
    check_pattern("", "unix", NULL);
    check_pattern("1299215167.", "unix", NULL);
    check_pattern("1e9", "unix", NULL);
    check_pattern("1299215167 ", "unix", NULL);
    check_pattern("99999999999999999", "unix", NULL);
    check_pattern("9223372036854775807", "unix", NULL);
    check_pattern("9223372036854775807", "unix_ms", NULL);
    check_pattern("253402300800", "unix", NULL);
    check_pattern("253402300799", "unix", "9999-12-31T23:59:59.000Z");
}

static void patterns_refuse_text_that_does_not_fit(void **state)
{
    (void)state;
    check_pattern("2011-03-04 05:06:07x", "%F %T", NULL);
    check_pattern("2011-03-04 05:06", "%F %T", NULL);
    check_pattern("x2011-03-04", "%F", NULL);
    check_pattern("2011-02-29", "%F", NULL);
    check_pattern("2011-13-01", "%F", NULL);
    check_pattern("2011-04-00", "%F", NULL);
    check_pattern("2011-366", "%Y-%j", NULL);
    check_pattern("2011-000", "%Y-%j", NULL);
    check_pattern("11-03-04", "%F", NULL);
    check_pattern("2011-03-04 24:00", "%F %R", NULL);
    check_pattern("2011-03-04 05:06:61", "%F %T", NULL);
    check_pattern("", "%F", NULL);
    check_pattern("9999-12-31 23:59:60", "%F %T", NULL);
}

static void a_failed_parse_leaves_the_reading_alone(void **state)
{
    (void)state;
    struct time_reading reading = {.has_instant = true, .instant_ms = 42};
    assert_false(time_parse_pattern(STR("2011-02-30"), STR("%F"), &reading));
    assert_false(time_parse_usual(STR("2011-02-30"), &reading));
    assert_true(reading.has_instant);
    assert_int_equal(reading.instant_ms, 42);
}

static void unusable_patterns_are_named(void **state)
{
    (void)state;
    static const struct {
        const char *pattern;
        const char *says;
    } bad[] = {
        {"%Y-%Q", "%Q"},       {"%Y-%m-%", "ends"},   {"%H:%M", "no year"},
        {"", "no year"},       {"%Y %d", "no month"}, {"%F %I:%M", "%p"},
        {"%F %H:%M %p", "%I"}, {"%Y%\x01", "byte 1"}, {"%Y%\xC3\xA9", "byte 195"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct fail fail = {.code = FAIL_NONE};
        assert_false(time_pattern_valid(str_from_c(bad[i].pattern), &fail));
        assert_int_equal(fail.code, FAIL_INPUT);
        assert_non_null(strstr(fail.message, bad[i].says));
    }
    struct time_reading reading;
    assert_false(time_parse_pattern(STR("2011x"), STR("%Y%Q"), &reading));
    assert_false(time_parse_pattern(STR("2011"), STR("%Y%"), &reading));
}

static void check_usual(const char *text, const char *expected)
{
    struct time_reading reading;
    char out[TIME_RFC3339_BYTES];
    bool taken = time_parse_usual(str_from_c(text), &reading);
    if (taken != (expected != NULL)) {
        fail_msg("%s: %s", text, taken ? shown(&reading, out) : "not taken");
    }
    if (taken) {
        assert_string_equal(shown(&reading, out), expected);
    }
}

static void usual_forms_are_recognised(void **state)
{
    (void)state;
    check_usual("2026-05-01T09:30:00Z", "2026-05-01T09:30:00.000Z");
    check_usual("2026-05-01T09:30:00.5+02:00", "2026-05-01T07:30:00.500Z");
    check_usual("2026-05-01 09:30:00+00", "2026-05-01T09:30:00.000Z");
    check_usual("2026-05-01 09:30:00 +0200", "2026-05-01T07:30:00.000Z");
    check_usual("2026-05-01 09:30:00 UTC", "2026-05-01T09:30:00.000Z");
    check_usual("2026-05-01T09:30:00", "2026-05-01T09:30:00.000");
    check_usual("2026-05-01", "2026-05-01T00:00:00.000");
    check_usual("2026-05-01 09:30", "2026-05-01T09:30:00.000");
    check_usual("2026-05-01 09:30:15", "2026-05-01T09:30:15.000");
    check_usual("2026-05-01 09:30:15.123456", "2026-05-01T09:30:15.123");
    check_usual("2026/05/01", "2026-05-01T00:00:00.000");
    check_usual("2026/05/01 9:30", "2026-05-01T09:30:00.000");
    check_usual("01.05.2026", "2026-05-01T00:00:00.000");
    check_usual("1.5.2026 09:30:15", "2026-05-01T09:30:15.000");
    check_usual("1777627800", "2026-05-01T09:30:00.000Z");
    check_usual("999999999", "2001-09-09T01:46:39.000Z");
    check_usual("99999999999", "5138-11-16T09:46:39.000Z");
    check_usual("100000000000", "1973-03-03T09:46:40.000Z");
    check_usual("1777627800123", "2026-05-01T09:30:00.123Z");
}

static void forms_with_two_readings_are_not_taken(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "05/01/2026",
        "05-01-2026",
        "1/5/26",
        "01.05.26",
        "20260501",
        "2026",
        "2026-05",
        "2026-05/01",
        "2026-02-30",
        "2026-05-01 ",
        "",
        "-1777627800",
        "177762780012345",
        "12345678",
        "2026-05-01 9",
        "now",
        "2026-05-01T",
        "2026-05-01 25:00",
        "2026-05-01 +02",
        "2026-05-01 09:30 +UTC",
        "2026.05.01",
        "2026-05-01 09:30 CET",
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        check_usual(bad[i], NULL);
    }
    struct time_reading reading;
    assert_false(time_parse_usual((struct str){NULL, 0}, &reading));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(patterns_read_local_clocks),
        cmocka_unit_test(patterns_read_english_names_in_any_case),
        cmocka_unit_test(halves_of_the_day_count_from_twelve),
        cmocka_unit_test(offsets_make_instants),
        cmocka_unit_test(counts_since_1970_are_instants),
        cmocka_unit_test(patterns_refuse_text_that_does_not_fit),
        cmocka_unit_test(a_failed_parse_leaves_the_reading_alone),
        cmocka_unit_test(unusable_patterns_are_named),
        cmocka_unit_test(usual_forms_are_recognised),
        cmocka_unit_test(forms_with_two_readings_are_not_taken),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
