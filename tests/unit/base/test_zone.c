

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "base_buf.h"
#include "base_thread.h"
#include "base_zone.h"

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

/* --- zones by name --- */

static void zones_are_found_by_name_and_kept(void **state)
{
    (void)state;
    const struct zone *zone = zone_of("Europe/London");
    assert_true(str_is(zone_name(zone), "Europe/London"));
    assert_ptr_equal(zone_of("Europe/London"), zone);
    assert_ptr_equal(zone_of("UTC"), zone_utc());
    assert_true(str_is(zone_name(zone_of("Etc/GMT+5")), "Etc/GMT+5"));
    assert_true(
        str_is(zone_name(zone_of("America/Argentina/Ushuaia")), "America/Argentina/Ushuaia"));
}

static const char *const shared_names[] = {
    "Africa/Lagos",   "America/Lima",  "America/Toronto", "Asia/Seoul",      "Asia/Karachi",
    "Atlantic/Faroe", "Europe/Madrid", "Europe/Vienna",   "Indian/Maldives", "Pacific/Guam"};
#define SHARED_NAMES (sizeof shared_names / sizeof *shared_names)

struct finder {
    struct base_thread thread;
    const struct zone *zones[SHARED_NAMES];
};

static void find_shared(void *context)
{
    struct finder *finder = context;
    for (size_t i = 0; i < SHARED_NAMES; i++) {
        struct fail fail;
        INVARIANT(zone_find(str_from_c(shared_names[i]), &finder->zones[i], &fail));
    }
}

static void threads_that_find_a_zone_at_once_get_the_same(void **state)
{
    (void)state;
    static struct finder finders[4];
    struct fail fail;
    for (size_t i = 0; i < 4; i++) {
        assert_true(
            base_thread_start(&finders[i].thread, "finder", find_shared, &finders[i], &fail));
    }
    for (size_t i = 0; i < 4; i++) {
        base_thread_join(&finders[i].thread);
    }
    for (size_t i = 0; i < SHARED_NAMES; i++) {
        for (size_t k = 0; k < 4; k++) {
            assert_ptr_equal(finders[k].zones[i], zone_of(shared_names[i]));
        }
    }
}

static void wrong_names_are_refused_with_the_nearest(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        const char *says;
    } bad[] = {
        {"Europe/Lodnon", "did you mean \"Europe/London\""},
        {"europe/london", "did you mean \"Europe/London\""},
        {"America/New York", "did you mean \"America/New_York\""},
        {"Asia/Calcuta", "did you mean \"Asia/Calcutta\""},
        {"Kathmandu", "did you mean \"Asia/Kathmandu\""},
        {"Mars/Olympus_Mons", "is no time zone"},
        {"", "IANA name"},
        {"Europe", "is no time zone"},
        {"Europe/", "is no time zone"},
        {"../zoneinfo/Europe/London", "is no time zone"},
        {"Europe/../Europe/London", "is no time zone"},
        {"/usr/share/zoneinfo/Europe/London", "is no time zone"},
        {"/etc/passwd", "is no time zone"},
        {"tzdata.zi", "is no time zone"},
        {"zone1970.tab", "is no time zone"},
        {"right/Europe/London", "is no time zone"},
        {"posix/Europe/London", "is no time zone"},
        {"localtime", "is no time zone"},
        {"Europe/London\n", "IANA name"},
        {"Europe/L\xC3\xB6ndon", "IANA name"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        const struct zone *zone = NULL;
        struct fail fail = {.code = FAIL_NONE};
        assert_false(zone_find(str_from_c(bad[i].name), &zone, &fail));
        assert_int_equal(fail.code, FAIL_INPUT);
        if (strstr(fail.message, bad[i].says) == NULL) {
            fail_msg("%s: %s", bad[i].name, fail.message);
        }
        assert_null(zone);
    }
    const struct zone *zone = NULL;
    struct fail fail;
    char longer[200];
    memset(longer, 'A', sizeof longer);
    assert_false(zone_find(str_of(longer, sizeof longer), &zone, &fail));
    assert_int_equal(fail.code, FAIL_INPUT);
    assert_false(zone_find(str_of("Europe/London\0x", 15), &zone, &fail));
    assert_false(zone_find((struct str){NULL, 0}, &zone, &fail));
}

/* --- offsets and readings --- */

static void offsets_follow_history_and_rules(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        const char *at;
        int32_t offset_s;
    } cases[] = {
        {"Europe/London", "1800-01-01T00:00:00Z", -75},
        {"Europe/London", "1970-06-01T00:00:00Z", 3600},
        {"Europe/London", "2026-03-29T00:59:59.999Z", 0},
        {"Europe/London", "2026-03-29T01:00:00Z", 3600},
        {"Europe/London", "2500-07-01T00:00:00Z", 3600},
        {"Europe/London", "9999-07-01T00:00:00Z", 3600},
        {"Europe/London", "9999-12-31T00:00:00Z", 0},
        {"Europe/Dublin", "2100-07-01T00:00:00Z", 3600},
        {"Europe/Dublin", "2100-01-01T00:00:00Z", 0},
        {"Asia/Kathmandu", "2026-01-01T00:00:00Z", 20700},
        {"Australia/Lord_Howe", "2300-01-01T00:00:00Z", 39600},
        {"Australia/Lord_Howe", "2300-07-01T00:00:00Z", 37800},
        {"Antarctica/Troll", "2026-07-01T00:00:00Z", 7200},
        {"Africa/Casablanca", "2026-03-01T00:00:00Z", 0},
        {"Africa/Casablanca", "2026-07-01T00:00:00Z", 3600},
        {"Pacific/Apia", "2011-12-30T09:59:59.999Z", -36000},
        {"Pacific/Apia", "2011-12-30T10:00:00Z", 50400},
        {"Etc/GMT+5", "2026-01-01T00:00:00Z", -18000},
        {"America/Nuuk", "2050-07-01T00:00:00Z", -3600},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_int_equal(zone_offset_s(zone_of(cases[i].name), instant(cases[i].at)),
                         cases[i].offset_s);
    }
    struct civil local = zone_local(zone_of("Asia/Kathmandu"), instant("2025-12-31T23:30:00.25Z"));
    assert_int_equal(local.year, 2026);
    assert_int_equal(local.hour, 5);
    assert_int_equal(local.minute, 15);
    assert_int_equal(local.ms, 250);
}

static void readings_that_occur_twice_are_the_first(void **state)
{
    (void)state;
    struct civil repeated = {2025, 11, 2, 1, 30, 0, 7};
    assert_instant(zone_instant(zone_of("America/New_York"), &repeated),
                   "2025-11-02T05:30:00.007Z");
    struct civil day = {1892, 7, 4, 12, 0, 0, 0};
    assert_int_equal(
        zone_offset_s(zone_of("Pacific/Apia"), zone_instant(zone_of("Pacific/Apia"), &day)), 45184);
}

static void skipped_readings_take_the_offset_before_the_gap(void **state)
{
    (void)state;
    struct civil skipped = {2025, 3, 9, 2, 30, 0, 0};
    assert_instant(zone_instant(zone_of("America/New_York"), &skipped), "2025-03-09T07:30:00.000Z");
    struct civil edge = {2025, 3, 9, 2, 0, 0, 0};
    assert_instant(zone_instant(zone_of("America/New_York"), &edge), "2025-03-09T07:00:00.000Z");
    struct civil after = {2025, 3, 9, 3, 0, 0, 0};
    assert_instant(zone_instant(zone_of("America/New_York"), &after), "2025-03-09T07:00:00.000Z");
    struct civil day = {2011, 12, 30, 12, 0, 0, 0};
    assert_instant(zone_instant(zone_of("Pacific/Apia"), &day), "2011-12-30T22:00:00.000Z");
    struct civil far = {2500, 3, 28, 1, 30, 0, 0};
    assert_instant(zone_instant(zone_of("Europe/London"), &far), "2500-03-28T01:30:00.000Z");
}

/* --- files --- */

static void put_big(struct base_buf *out, uint64_t value, int bytes)
{
    for (int shift = (bytes - 1) * 8; shift >= 0; shift -= 8) {
        base_buf_byte(out, (char)(unsigned char)(value >> shift));
    }
}

/* What a file of ours holds; every test spoils one thing. */
struct file {
    char version;
    uint32_t leaps, chars, indicators;
    size_t times, types;
    int64_t at[4];
    uint8_t index[4];
    int32_t offset[4];
    const char *footer;
};

static void put_block(struct base_buf *out, const struct file *file, int time_bytes)
{
    base_buf_c(out, "TZif");
    base_buf_byte(out, file->version);
    for (int i = 0; i < 15; i++) {
        base_buf_byte(out, '\0');
    }
    put_big(out, file->indicators, 4);
    put_big(out, file->indicators, 4);
    put_big(out, file->leaps, 4);
    put_big(out, file->times, 4);
    put_big(out, file->types, 4);
    put_big(out, file->chars, 4);
    for (size_t i = 0; i < file->times; i++) {
        put_big(out, (uint64_t)file->at[i], time_bytes);
    }
    for (size_t i = 0; i < file->times; i++) {
        base_buf_byte(out, (char)file->index[i]);
    }
    for (size_t i = 0; i < file->types; i++) {
        put_big(out, (uint32_t)file->offset[i], 4);
        base_buf_byte(out, '\0');
        base_buf_byte(out, '\0');
    }
    for (uint32_t i = 0; i < file->chars; i++) {
        base_buf_byte(out, i + 1 == file->chars ? '\0' : 'A');
    }
    for (uint32_t i = 0; i < file->leaps; i++) {
        put_big(out, 0, time_bytes);
        put_big(out, 0, 4);
    }
    for (uint32_t i = 0; i < 2 * file->indicators; i++) {
        base_buf_byte(out, '\0');
    }
}

static bool decode(const struct file *file, struct zone **out, struct fail *fail)
{
    struct base_buf bytes = {.limit = 4096};
    put_block(&bytes, file, 4);
    if (file->version != '\0') {
        put_block(&bytes, file, 8);
        base_buf_printf(&bytes, "\n%s\n", file->footer);
    }
    bool taken = zone_decode(STR("Test/Zone"), base_buf_view(&bytes), out, fail);
    base_buf_done(&bytes);
    return taken;
}

static const struct file plain = {.version = '2',
                                  .chars = 4,
                                  .times = 2,
                                  .types = 3,
                                  .at = {0, 1000000},
                                  .index = {1, 2},
                                  .offset = {-100, 3600, 7200},
                                  .footer = "XXX-2"};

static void files_of_all_versions_are_read(void **state)
{
    (void)state;
    static const char versions[] = {'\0', '2', '3', '4'};
    for (size_t i = 0; i < sizeof versions; i++) {
        struct file file = plain;
        file.version = versions[i];
        struct zone *zone;
        struct fail fail;
        assert_true(decode(&file, &zone, &fail));
        assert_true(str_is(zone_name(zone), "Test/Zone"));
        assert_int_equal(zone_offset_s(zone, -1), -100);
        assert_int_equal(zone_offset_s(zone, 0), 3600);
        assert_int_equal(zone_offset_s(zone, 999999999), 3600);
        assert_int_equal(zone_offset_s(zone, 1000000000), 7200);
        zone_free(zone);
    }
}

static void broken_files_are_refused(void **state)
{
    (void)state;
    struct file files[12];
    for (size_t i = 0; i < 12; i++) {
        files[i] = plain;
    }
    files[0].version = '5';
    files[1].leaps = 1;
    files[2].chars = 0;
    files[3].types = 0;
    files[4].indicators = 2;
    files[5].index[1] = 3;
    files[6].at[1] = 0;
    files[7].offset[2] = 26 * 3600;
    files[8].offset[0] = INT32_MIN;
    files[9].footer = "nonsense!";
    files[10].footer = "XXX0YYY-24,M3.1.0,M10.1.0";
    files[11].footer = "XXX-2YYY";
    for (size_t i = 0; i < 12; i++) {
        struct zone *zone = NULL;
        struct fail fail = {.code = FAIL_NONE};
        if (decode(&files[i], &zone, &fail)) {
            fail_msg("file %zu taken", i);
        }
        assert_int_equal(fail.code, FAIL_CORRUPT);
        assert_null(zone);
    }
    struct file indicators = plain;
    indicators.indicators = 3;
    struct zone *zone;
    struct fail fail;
    assert_true(decode(&indicators, &zone, &fail));
    zone_free(zone);
}

static void cut_files_are_refused_at_every_byte(void **state)
{
    (void)state;
    struct base_buf bytes = {.limit = 4096};
    put_block(&bytes, &plain, 4);
    put_block(&bytes, &plain, 8);
    base_buf_c(&bytes, "\nXXX-2\n");
    struct zone *zone;
    struct fail fail;
    for (size_t len = 0; len < bytes.len; len++) {
        assert_false(zone_decode(STR("X"), str_of(bytes.data, len), &zone, &fail));
        assert_int_equal(fail.code, FAIL_CORRUPT);
    }
    assert_true(zone_decode(STR("X"), base_buf_view(&bytes), &zone, &fail));
    zone_free(zone);
    base_buf_done(&bytes);
}

/* --- footers --- */

static struct zone *zone_of_rule(const char *footer)
{
    struct file file = {.version = '3', .chars = 4, .types = 1, .footer = footer};
    struct zone *zone;
    struct fail fail;
    if (!decode(&file, &zone, &fail)) {
        fail_msg("%s: %s", footer, fail.message);
    }
    return zone;
}

static void assert_change(const struct zone *zone, const char *at, int32_t before, int32_t after)
{
    assert_int_equal(zone_offset_s(zone, instant(at) - 1), before);
    assert_int_equal(zone_offset_s(zone, instant(at)), after);
}

static void footers_hold_for_all_times_where_there_are_no_changes(void **state)
{
    (void)state;
    struct zone *zone = zone_of_rule("EST5EDT,M3.2.0,M11.1.0");
    assert_change(zone, "2025-03-09T07:00:00Z", -18000, -14400);
    assert_change(zone, "2025-11-02T06:00:00Z", -14400, -18000);
    assert_change(zone, "1625-03-09T07:00:00Z", -18000, -14400);
    assert_change(zone, "0001-03-11T07:00:00Z", -18000, -14400);
    assert_change(zone, "9999-11-07T06:00:00Z", -14400, -18000);
    zone_free(zone);
}

static void footers_know_all_forms_of_dates_and_wide_hours(void **state)
{
    (void)state;
    struct zone *zone = zone_of_rule("XXX0YYY,J60/0,J365/23"); /* 1 March, 31 December */
    assert_change(zone, "2024-03-01T00:00:00Z", 0, 3600);
    assert_change(zone, "2023-03-01T00:00:00Z", 0, 3600);
    assert_change(zone, "2024-12-31T22:00:00Z", 3600, 0);
    zone_free(zone);
    zone = zone_of_rule("XXX0YYY,59/0,300/0"); /* counts 29 February */
    assert_change(zone, "2024-02-29T00:00:00Z", 0, 3600);
    assert_change(zone, "2023-03-01T00:00:00Z", 0, 3600);
    zone_free(zone);
    zone = zone_of_rule("<-02>2<-01>,M3.5.0/-1,M10.5.0/0"); /* Nuuk: on Saturday evening */
    assert_change(zone, "2024-03-31T01:00:00Z", -7200, -3600);
    assert_change(zone, "2024-10-27T01:00:00Z", -3600, -7200);
    zone_free(zone);
    zone = zone_of_rule("IST-2IDT,M3.4.4/50,M10.4.4/50"); /* two days and two hours later */
    assert_change(zone, "2024-03-30T00:00:00Z", 7200, 10800);
    zone_free(zone);
    zone = zone_of_rule("XXX-1:30:15YYY-2:45,M4.1.6/-167:59:59,M9.5.3/167");
    assert_change(zone, "2024-03-29T22:29:46Z", 5415,
                  9900); /* 6 April less 168 hours, at +1:30:15 */
    zone_free(zone);
    zone = zone_of_rule("IST-1GMT0,M10.5.0,M3.5.0/1"); /* Dublin: "summer" is winter */
    assert_change(zone, "2024-03-31T01:00:00Z", 0, 3600);
    assert_change(zone, "2024-10-27T01:00:00Z", 3600, 0);
    zone_free(zone);
}

static void summer_time_all_year_has_no_changes(void **state)
{
    (void)state;
    struct zone *zone = zone_of_rule("XXX3EDT4,0/0,J365/23");
    for (int year = 1990; year < 2030; year++) {
        struct civil edge = {.year = year, .month = 1, .day = 1};
        int64_t at = time_ms_from_civil(&edge);
        for (int hour = -12; hour <= 12; hour++) {
            assert_int_equal(zone_offset_s(zone, at + (int64_t)hour * 3600000), -14400);
        }
    }
    zone_free(zone);
}

static void odd_footers_are_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "XX0",
        "XXX",
        "XXX25",
        "XXX0YYY",
        "XXX0YYY,",
        "XXX0YYY,M3.2.0",
        "XXX0YYY,M13.2.0,M11.1.0",
        "XXX0YYY,M0.2.0,M11.1.0",
        "XXX0YYY,M3.6.0,M11.1.0",
        "XXX0YYY,M3.0.0,M11.1.0",
        "XXX0YYY,M3.2.7,M11.1.0",
        "XXX0YYY,J0,M11.1.0",
        "XXX0YYY,J366,M11.1.0",
        "XXX0YYY,366,M11.1.0",
        "XXX0YYY,M3.2.0/168,M11.1.0",
        "XXX0YYY,M3.2.0/-168,M11.1.0",
        "XXX0YYY,M3.2.0/2:60,M11.1.0",
        "XXX0YYY,M3.2.0,M11.1.0x",
        "<XXX0",
        "<XX>0",
        " ",
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct file file = {.version = '2', .chars = 4, .types = 1, .footer = bad[i]};
        struct zone *zone;
        struct fail fail = {.code = FAIL_NONE};
        if (decode(&file, &zone, &fail)) {
            fail_msg("%s taken", bad[i]);
        }
        assert_int_equal(fail.code, FAIL_CORRUPT);
    }
}

static void a_skipped_monday_begins_its_week_on_tuesday(void **state)
{
    (void)state;
    /* 1970-01-05 was a Monday: the clock goes from its midnight straight to that of the 6th. */
    struct file file = plain;
    file.times = 1;
    file.types = 2;
    file.at[0] = 4 * 86400 + 43200;
    file.index[0] = 1;
    file.offset[0] = -43200;
    file.offset[1] = 43200;
    file.footer = "XXX-12";
    struct zone *zone;
    struct fail fail;
    assert_true(decode(&file, &zone, &fail));
    int64_t jump = file.at[0] * 1000;
    char label[ZONE_LABEL_BYTES];
    assert_int_equal(zone_interval_begin(zone, INTERVAL_WEEK, jump), jump);
    assert_int_equal(zone_interval_next(zone, INTERVAL_WEEK, jump - 1), jump);
    zone_interval_label(zone, INTERVAL_WEEK, jump, label);
    assert_string_equal(label, "1970-01-06");
    assert_instant(zone_interval_step(zone, INTERVAL_WEEK, jump, 1), "1970-01-11T12:00:00.000Z");
    assert_int_equal(zone_interval_step(zone, INTERVAL_DAY, jump, -1), jump - 86400000);
    zone_free(zone);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(zones_are_found_by_name_and_kept),
        cmocka_unit_test(threads_that_find_a_zone_at_once_get_the_same),
        cmocka_unit_test(wrong_names_are_refused_with_the_nearest),
        cmocka_unit_test(offsets_follow_history_and_rules),
        cmocka_unit_test(readings_that_occur_twice_are_the_first),
        cmocka_unit_test(skipped_readings_take_the_offset_before_the_gap),
        cmocka_unit_test(files_of_all_versions_are_read),
        cmocka_unit_test(broken_files_are_refused),
        cmocka_unit_test(cut_files_are_refused_at_every_byte),
        cmocka_unit_test(footers_hold_for_all_times_where_there_are_no_changes),
        cmocka_unit_test(footers_know_all_forms_of_dates_and_wide_hours),
        cmocka_unit_test(summer_time_all_year_has_no_changes),
        cmocka_unit_test(odd_footers_are_refused),
        cmocka_unit_test(a_skipped_monday_begins_its_week_on_tuesday),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
