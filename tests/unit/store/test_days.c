/* Days of events: customers as segments count them by day, against the list of rows. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>

#include "base_bytes.h"
#include "base_zone.h"
#include "store_daily.h"
#include "store_lab.h"

#define DAY INT64_C(86400000)
#define START INT64_C(1774569600000) /* 2026-03-27: the clocks change in Europe on the 29th */
#define DAYS 12
#define ROWS 60000U
#define CUSTOMERS 3000U

static const char *const events[] = {"Viewed", "Bought", "identify"};

static const struct zone *zone_named(const char *name)
{
    const struct zone *zone;
    struct fail fail;
    lab_must(zone_find(str_from_c(name), &zone, &fail), &fail);
    return zone;
}

static void add_row(struct lab *lab, uint32_t customer, const char *event, int64_t ts_ms)
{
    struct store_row row = {.original = customer,
                            .ts_ms = ts_ms,
                            .received_at_ms = ts_ms,
                            .client_ts_ms = STORE_NO_TIME,
                            .sent_at_ms = STORE_NO_TIME,
                            .event = lab_name(lab, STORE_FAMILY_EVENT, event),
                            .source = lab_name(lab, STORE_FAMILY_SOURCE, "site"),
                            .channel = STORE_NO_CODE,
                            .scale = STORE_NO_CODE};
    lab_add(lab, &row);
}

static void add_rows(struct lab *lab, size_t count, uint32_t customers, uint64_t days)
{
    for (size_t i = 0; i < count; i++) {
        int64_t ts_ms = START + (int64_t)lab_dice(lab, days * (uint64_t)DAY);
        uint64_t dice = lab_dice(lab, 16);
        add_row(lab, (uint32_t)lab_dice(lab, customers),
                events[dice < 11   ? 0
                       : dice < 15 ? 1
                                   : 2],
                ts_ms);
    }
}

static struct lab *lab_of(uint64_t seed, const char *zone)
{
    struct lab *lab = lab_new(seed, CUSTOMERS);
    lab->zone = zone_named(zone);
    add_rows(lab, ROWS, CUSTOMERS, DAYS);
    lab_seal(lab);
    lab_merge(lab, 0, 1); /* what is made of segments has days */
    return lab;
}

static void tell(void *context, const char *path, const char *what)
{
    (void)path;
    (void)snprintf(context, 200, "%s", what);
}

/* What `verify` says of a segment; empty where all is well. */
static void check(struct store_segment *segment, char what[200])
{
    struct fail fail;
    uint64_t problems = 0;
    what[0] = '\0';
    lab_must(store_segment_check(segment, tell, what, &problems, &fail), &fail);
}

/* ---- the naive truth ---------------------------------------------------------------------------------------- */

static bool is_among(const uint32_t *list, size_t count, uint32_t number)
{
    bool found = false;
    for (size_t i = 0; i < count && !found; i++) {
        found = list[i] == number;
    }
    return found;
}

/* Customers with a wanted row between the two, all of them or only those of a list. */
static uint64_t customers_by_rows(const struct lab *lab, const uint8_t *wanted, int64_t from_ms,
                                  int64_t to_ms, const uint32_t *only, size_t only_count)
{
    uint8_t *seen = calloc(lab->customers, 1);
    uint64_t count = 0;
    assert_non_null(seen);
    for (size_t i = 0; i < lab->row_count; i++) {
        const struct store_row *row = &lab->rows[i];
        if (row->ts_ms < from_ms || row->ts_ms >= to_ms || wanted[row->event] == 0) {
            continue;
        }
        uint32_t root = lab_root(lab, row->original);
        if (seen[root] == 0 && (only == NULL || is_among(only, only_count, root))) {
            seen[root] = 1;
            count++;
        }
    }
    free(seen);
    return count;
}

enum outcome { NOBODY_TELLS, NOT_KNOWN, TOLD };

/* Asks for stretches and compares with the rows. *out_rest is how many are left to be read. */
static enum outcome ask(struct lab *lab, const uint8_t *wanted, const int64_t *edges,
                        size_t stretches, size_t *out_rest)
{
    struct fail fail;
    struct store_snapshot snapshot;
    struct store_daily *daily;
    uint64_t counts[64];
    bool known = false;
    struct arena *arena = arena_new(NULL);
    lab_snapshot(lab, &snapshot);
    lab_must(store_daily_open(&snapshot, edges[0], edges[stretches], NULL, arena, &daily, &fail),
             &fail);
    enum outcome outcome = daily == NULL ? NOBODY_TELLS : NOT_KNOWN;
    if (daily != NULL) {
        const struct store_daily_question question = {
            .wanted = wanted,
            .code_count = store_names_count(lab->names, STORE_FAMILY_EVENT),
            .edges = edges,
            .stretch_count = stretches};
        assert_true(stretches < ARRAY_LEN(counts));
        lab_must(store_daily_count(daily, &question, counts, &known, &fail), &fail);
        const uint32_t *rest = store_daily_rest(daily, out_rest);
        for (size_t i = 0; known && i <= stretches; i++) {
            int64_t from_ms = edges[i == stretches ? 0 : i];
            int64_t to_ms = edges[i == stretches ? i : i + 1];
            assert_int_equal(counts[i] +
                                 customers_by_rows(lab, wanted, from_ms, to_ms, rest, *out_rest),
                             customers_by_rows(lab, wanted, from_ms, to_ms, NULL, 0));
        }
        outcome = known ? TOLD : NOT_KNOWN;
    }
    lab_snapshot_done(&snapshot);
    arena_free(arena);
    return outcome;
}

/* Stretches of so many days each, from that day of the lab's zone on. */
static enum outcome ask_days(struct lab *lab, const uint8_t *wanted, int64_t from, int64_t step,
                             size_t stretches, size_t *out_rest)
{
    int64_t edges[64];
    for (size_t i = 0; i <= stretches; i++) {
        edges[i] = zone_day_begin(lab->zone, START / DAY + from + (int64_t)i * step);
    }
    return ask(lab, wanted, edges, stretches, out_rest);
}

static const uint8_t viewed[] = {1, 0, 0}, bought[] = {0, 1, 0}, both[] = {1, 1, 0},
                     bookkeeping[] = {0, 0, 1}, all[] = {1, 1, 1};

static void name_events(struct lab *lab)
{
    for (size_t e = 0; e < ARRAY_LEN(events); e++) { /* codes as in the lists above */
        assert_int_equal(lab_name(lab, STORE_FAMILY_EVENT, events[e]), e);
    }
}

/* ---- tests ------------------------------------------------------------------------------------------------------- */

static void days_count_as_the_rows_do(void **state)
{
    (void)state;
    static const char *const zones[] = {"UTC", "Europe/Amsterdam", "Asia/Kolkata",
                                        "Australia/Lord_Howe"};
    for (size_t z = 0; z < ARRAY_LEN(zones); z++) {
        char what[200];
        size_t rest;
        struct lab *lab = lab_new(20 + z, CUSTOMERS);
        lab->zone = zone_named(zones[z]);
        name_events(lab);
        add_rows(lab, ROWS, CUSTOMERS, DAYS);
        lab_seal(lab);
        lab_merge(lab, 0, 1);
        check(lab->segments[0], what);
        assert_string_equal(what, "");
        assert_true(store_segment_days(lab->segments[0]) >= DAYS);
        assert_int_equal(ask_days(lab, viewed, 0, 1, DAYS, &rest), TOLD);
        assert_int_equal(rest, 0);
        assert_int_equal(ask_days(lab, bought, -3, 1, DAYS + 9, &rest), TOLD);
        assert_int_equal(ask_days(lab, bookkeeping, 2, 3, 3, &rest), TOLD);
        assert_int_equal(ask_days(lab, both, 5, 2, 2, &rest), TOLD); /* all but bookkeeping */
        assert_int_equal(ask_days(lab, all, 0, 1, 3, &rest), NOT_KNOWN);
        assert_int_equal(ask_days(lab, viewed, 4, 4, 1, &rest), TOLD);
        lab_free(lab);
    }
}

static void edges_within_days_are_not_known(void **state)
{
    (void)state;
    size_t rest;
    struct lab *lab = lab_new(31, CUSTOMERS);
    lab->zone = zone_named("Europe/Amsterdam");
    name_events(lab);
    add_rows(lab, ROWS, CUSTOMERS, DAYS);
    lab_seal(lab);
    lab_merge(lab, 0, 1);
    int64_t edges[] = {START - DAY, START + 2 * DAY, START + 20 * DAY}; /* UTC */
    assert_int_equal(ask(lab, viewed, edges, 2, &rest), NOT_KNOWN);
    edges[1] = zone_day_begin(lab->zone, START / DAY + 2);
    assert_int_equal(ask(lab, viewed, edges, 2, &rest),
                     TOLD); /* outside of all rows they may lie */
    edges[2] = START + 5 * DAY + 1;
    assert_int_equal(ask(lab, viewed, edges, 2, &rest), NOT_KNOWN);
    edges[0] = START + 100 * DAY;
    edges[1] = START + 101 * DAY;
    assert_int_equal(ask(lab, viewed, edges, 1, &rest), NOBODY_TELLS);
    lab_free(lab);
}

static void who_has_rows_elsewhere_or_was_joined_is_read(void **state)
{
    (void)state;
    size_t rest;
    char what[200];
    struct lab *lab = lab_new(32, CUSTOMERS);
    lab->zone = zone_named("UTC");
    name_events(lab);
    add_rows(lab, ROWS, CUSTOMERS, DAYS);
    lab_join(lab, 7, 8);
    lab_join(lab, 9, 8);
    lab_seal(lab);
    lab_merge(lab, 0, 1);
    add_rows(lab, 50, 200, DAYS); /* a segment without days, of some of the same */
    lab_seal(lab);
    add_rows(lab, 50, CUSTOMERS, DAYS); /* and fresh rows */
    assert_int_equal(ask_days(lab, viewed, 0, 1, DAYS, &rest), TOLD);
    assert_in_range(rest, 50, 100);
    for (uint32_t i = 0; i < 40; i++) {
        uint32_t child = 100 + 2 * i;
        lab_join(lab, lab_root(lab, child), lab_root(lab, child + 1 + (i % 7 == 0)));
    }
    lab_split(lab, 7); /* of what was joined when the segment was laid out */
    assert_int_equal(ask_days(lab, viewed, 0, 1, DAYS, &rest), TOLD);
    assert_int_equal(ask_days(lab, both, 1, 5, 2, &rest), TOLD);
    assert_int_equal(ask_days(lab, bought, 3, 1, 4, &rest), TOLD);
    assert_true(rest > 80);
    lab_seal(lab);
    lab_merge(lab, 0, lab->segment_count);
    check(lab->segments[0], what);
    assert_string_equal(what, "");
    assert_int_equal(ask_days(lab, bought, 0, 1, DAYS, &rest), TOLD);
    assert_int_equal(rest, 0);
    lab_free(lab);
}

static void too_many_who_must_be_read_do_not_pay(void **state)
{
    (void)state;
    size_t rest;
    struct lab *lab = lab_of(33, "UTC");
    add_rows(lab, 2 * CUSTOMERS, CUSTOMERS, DAYS);
    assert_int_equal(ask_days(lab, viewed, 0, 1, 3, &rest), NOBODY_TELLS);
    lab_seal(lab);
    assert_int_equal(ask_days(lab, viewed, 0, 1, 3, &rest), NOBODY_TELLS);
    lab_merge(lab, 0, 2);
    assert_int_equal(ask_days(lab, viewed, 0, 1, 3, &rest), TOLD);
    for (uint32_t i = 0; i + 1 < CUSTOMERS; i += 2) {
        lab_join(lab, i, i + 1);
    }
    assert_int_equal(ask_days(lab, viewed, 0, 1, 3, &rest), NOBODY_TELLS);
    lab_free(lab);
}

static void few_rows_many_years_or_odd_zones_have_no_days(void **state)
{
    (void)state;
    struct lab *lab = lab_new(34, CUSTOMERS);
    lab->zone = zone_named("UTC");
    add_rows(lab, 5000, CUSTOMERS, 3);
    lab_seal(lab);
    lab_merge(lab, 0, 1);
    assert_int_equal(store_segment_days(lab->segments[0]), 0); /* read as soon */
    add_rows(lab, ROWS, CUSTOMERS, DAYS);
    add_row(lab, 1, "Viewed", START - (STORE_DAYS_MAX + 1) * DAY);
    lab_seal(lab);
    lab_merge(lab, 0, 2);
    assert_int_equal(store_segment_days(lab->segments[0]), 0);
    lab_free(lab);
    lab = lab_new(35, CUSTOMERS);
    lab->zone = zone_named("Africa/Monrovia"); /* 44 minutes and a half from UTC until 1972 */
    for (uint32_t i = 0; i < ROWS; i++) {
        add_row(lab, i % CUSTOMERS, "Viewed", (int64_t)(i % 9) * DAY);
    }
    lab_seal(lab);
    lab_merge(lab, 0, 1);
    assert_int_equal(store_segment_days(lab->segments[0]), 0);
    lab->zone = NULL;
    lab_merge(lab, 0, 1);
    assert_int_equal(store_segment_days(lab->segments[0]), 0);
    lab->zone = zone_named("UTC");
    lab_merge(lab, 0, 1);
    assert_int_equal(store_segment_days(lab->segments[0]), 9);
    lab_free(lab);
}

/* As many cells as pairs of days are not worth it for an event of which few days of customers are known. */
static void an_event_of_few_rows_has_no_days(void **state)
{
    (void)state;
    size_t rest;
    const struct store_days_set *sets;
    struct lab *lab = lab_new(36, CUSTOMERS);
    lab->zone = zone_named("UTC");
    name_events(lab);
    for (uint32_t i = 0; i < ROWS; i++) {
        add_row(lab, i % CUSTOMERS, "Viewed", START + (int64_t)(i % 5) * DAY);
    }
    for (uint32_t i = 0; i < 12; i++) {
        add_row(lab, i, "Bought", START + (int64_t)(i % 6) * DAY);
    }
    add_row(lab, 0, "Bought", START + 7 * DAY);
    lab_seal(lab);
    lab_merge(lab, 0, 1);
    assert_int_equal(store_segment_days_sets(lab->segments[0], &sets), 2);
    assert_int_equal(sets[0].event, STORE_NO_CODE);
    assert_int_equal(sets[1].event, 0);
    assert_int_equal(ask_days(lab, viewed, 0, 1, 6, &rest), TOLD);
    assert_int_equal(ask_days(lab, both, 0, 1, 6, &rest), TOLD);
    assert_int_equal(ask_days(lab, bought, 0, 1, 6, &rest), NOT_KNOWN);
    assert_int_equal(ask_days(lab, bookkeeping, 0, 1, 6, &rest), TOLD); /* nobody */
    lab_free(lab);
}

/* ---- damage ------------------------------------------------------------------------------------------- */

/* Writes the file anew with one change, all checksums made to fit, and opens it. */
static bool open_changed(struct lab *lab, struct str file, size_t at, uint8_t change,
                         struct store_segment **out, struct fail *fail)
{
    struct disk_file *handle;
    char path[STORE_SEGMENT_PATH_BYTES];
    uint8_t *data = (uint8_t *)(uintptr_t)file.data;
    uint8_t *footer = data + base_get_u64(data + file.len - 32);
    uint8_t *days = lab_section(footer, STORE_SEGMENT_TAG_DAYS);
    uint8_t *places[] = {days + 8, days + STORE_DAYS_HEAD_BYTES + 8};
    uint64_t begins[] = {base_get_u64(places[0]), base_get_u64(places[1])};
    uint64_t lengths[] = {base_get_u64(places[0] + 8), base_get_u64(places[1] + 8)};
    data[at] ^= change;
    for (size_t i = 0; i < ARRAY_LEN(places); i++) {
        base_put_u64(places[i] + 16, base_hash64(data + begins[i], (size_t)lengths[i], 0));
    }
    base_put_u64(data + file.len - 16, base_hash64(footer, base_get_u64(data + file.len - 24), 0));
    store_segment_path(2, path);
    lab_must(disk_open(lab->disk, path, DISK_CREATE, &handle, fail), fail);
    lab_must(disk_write_at(handle, 0, data, file.len, fail), fail);
    disk_close(handle);
    struct store_segment_info info = *store_segment_info(lab->segments[0]);
    info.checksum = base_get_u64(data + file.len - 16);
    data[at] ^= change;
    return store_segment_open(lab->disk, lab->names, &info, out, fail);
}

static void verify_recounts_days_and_tells_of_damage(void **state)
{
    (void)state;
    struct fail fail;
    struct store_segment *segment;
    struct str file;
    char path[STORE_SEGMENT_PATH_BYTES], what[200];
    struct lab *lab = lab_of(37, "UTC");
    struct arena *arena = arena_new(NULL);
    store_segment_path(2, path);
    lab_must(disk_read_whole(lab->disk, path, arena, 1 << 24, &file, &fail), &fail);
    const uint8_t *data = (const uint8_t *)file.data;
    const uint8_t *days = lab_section(
        (uint8_t *)(uintptr_t)data + base_get_u64(data + file.len - 32), STORE_SEGMENT_TAG_DAYS);
    const uint8_t *set = days + STORE_DAYS_HEAD_BYTES;
    size_t cells = (size_t)(base_get_u64(set + 8) + base_get_u64(set + 16)) - 1;
    while (data[cells] == 0) {
        cells--;
    }
    lab_must(open_changed(lab, file, cells, 1, &segment, &fail), &fail);
    check(segment, what);
    assert_string_equal(what, "the days of events are not those of the rows");
    store_segment_unref(segment);
    /* Days that do not hold all rows: the base of the run of their beginnings, moved by a day or more. */
    size_t base = (size_t)base_get_u64(days + 8) + 4 + 8;
    lab_must(open_changed(lab, file, base + 4, 1, &segment, &fail), &fail);
    check(segment, what);
    assert_non_null(strstr(what, "days of events: they do not ascend, or rows lie outside"));
    store_segment_unref(segment);
    /* Numbers that cannot be are refused at once: how many days and sets, places past the end, a code. */
    const size_t places[] = {3, 7, 15, 23};
    for (size_t i = 0; i < ARRAY_LEN(places); i++) {
        assert_false(
            open_changed(lab, file, (size_t)(days - data) + places[i], 0x70, &segment, &fail));
        assert_int_equal(fail.code, FAIL_CORRUPT);
    }
    assert_false(open_changed(lab, file, (size_t)(set - data), 0x70, &segment, &fail));
    assert_int_equal(fail.code, FAIL_CORRUPT);
    assert_false(open_changed(lab, file, (size_t)(set - data) + 4, 1, &segment, &fail));
    assert_int_equal(fail.code, FAIL_CORRUPT);
    arena_free(arena);
    lab_free(lab);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(days_count_as_the_rows_do),
        cmocka_unit_test(edges_within_days_are_not_known),
        cmocka_unit_test(who_has_rows_elsewhere_or_was_joined_is_read),
        cmocka_unit_test(too_many_who_must_be_read_do_not_pay),
        cmocka_unit_test(few_rows_many_years_or_odd_zones_have_no_days),
        cmocka_unit_test(an_event_of_few_rows_has_no_days),
        cmocka_unit_test(verify_recounts_days_and_tells_of_damage),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
