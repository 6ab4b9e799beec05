/* Counters of hours over many months, against the list of rows: there are more of each event than are read at a time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>

#include "base_bytes.h"
#include "store_lab.h"
#include "store_segment.h"

#define HOUR STORE_SEGMENT_HOUR_MS
#define START INT64_C(1774569600000)
#define HOURS 2200 /* three months */
#define EVENTS 3

static const char *const events[EVENTS] = {"Viewed", "Bought", "Returned"};

static void add_row(struct lab *lab, uint32_t event, int64_t ts_ms)
{
    struct store_row row = {.original = (uint32_t)(ts_ms / 1000 % 97),
                            .ts_ms = ts_ms,
                            .received_at_ms = ts_ms,
                            .client_ts_ms = STORE_NO_TIME,
                            .sent_at_ms = STORE_NO_TIME,
                            .event = event,
                            .source = lab_name(lab, STORE_FAMILY_SOURCE, "site"),
                            .channel = STORE_NO_CODE,
                            .scale = STORE_NO_CODE};
    lab_add(lab, &row);
}

/* In no hour all events; "Returned" has none in the last three of all. */
static struct lab *lab_of_months(void)
{
    struct lab *lab = lab_new(51, 97);
    for (uint32_t event = 0; event < EVENTS; event++) {
        assert_int_equal(lab_name(lab, STORE_FAMILY_EVENT, events[event]), event);
    }
    for (int64_t hour = 0; hour < HOURS; hour++) {
        for (uint32_t event = 0; event < EVENTS; event++) {
            bool none = event == hour % 5 || (event == 2 && hour >= HOURS - 3);
            for (uint64_t i = none ? 0 : 1 + lab_dice(lab, 3); i > 0; i--) {
                add_row(lab, event, START + hour * HOUR + (int64_t)lab_dice(lab, (uint64_t)HOUR));
            }
        }
    }
    lab_seal(lab);
    return lab;
}

static uint64_t count_rows(const struct lab *lab, uint32_t event, int64_t from_ms, int64_t to_ms)
{
    uint64_t count = 0;
    for (size_t i = 0; i < lab->row_count; i++) {
        count += lab->rows[i].event == event && lab->rows[i].ts_ms >= from_ms &&
                 lab->rows[i].ts_ms < to_ms;
    }
    return count;
}

struct comparison {
    const struct lab *lab;
    const struct store_counting *asked;
    uint32_t told; /* events */
};

static bool compare(void *context, const struct store_counted *counted, struct fail *fail)
{
    struct comparison *comparison = context;
    const struct store_counting *asked = comparison->asked;
    (void)fail;
    for (size_t i = 0; i < asked->stretch_count; i++) {
        assert_int_equal(counted->counts[i], count_rows(comparison->lab, counted->event,
                                                        asked->edges[i], asked->edges[i + 1]));
    }
    comparison->told++;
    return true;
}

/* How many events the counters tell of; each number must be that of the rows. */
static uint32_t ask(struct lab *lab, const uint8_t *wanted, const int64_t *edges, size_t count)
{
    struct fail fail;
    struct store_snapshot snapshot;
    struct store_counts *counts;
    struct arena *arena = arena_new(NULL);
    const struct store_counting asked = {
        .wanted = wanted, .code_count = EVENTS, .edges = edges, .stretch_count = count};
    struct comparison comparison = {lab, &asked, 0};
    lab_snapshot(lab, &snapshot);
    lab_must(store_counts_find(&snapshot, &asked, arena, &counts, &fail), &fail);
    if (store_counts_segments(counts) != NULL) {
        lab_must(store_counts_walk(counts, compare, &comparison, &fail), &fail);
    }
    lab_snapshot_done(&snapshot);
    arena_free(arena);
    return comparison.told;
}

static void hours_of_months_are_counted_for_each_event(void **state)
{
    (void)state;
    struct lab *lab = lab_of_months();
    static const uint8_t wanted[][EVENTS] = {{1, 0, 0}, {0, 1, 0}, {0, 0, 1}, {1, 0, 1}, {1, 1, 1}};
    static const uint32_t told[] = {1, 1, 1, 2, 3};
    const int64_t edges[] = {START + 7 * HOUR, START + 300 * HOUR, START + 1500 * HOUR,
                             START + (HOURS + 24) * HOUR};
    for (size_t i = 0; i < ARRAY_LEN(told); i++) {
        assert_int_equal(ask(lab, wanted[i], edges, 3), told[i]);
        assert_int_equal(ask(lab, wanted[i], edges + 1, 1), told[i]);
    }
    lab_free(lab);
}

/* The hour that is cut in two lies behind those that are read first; whether it matters is a question of the event. */
static void an_edge_within_an_hour_matters_where_the_event_has_rows_in_it(void **state)
{
    (void)state;
    struct lab *lab = lab_of_months();
    static const uint8_t viewed[EVENTS] = {1, 0, 0}, returned[EVENTS] = {0, 0, 1},
                         all[EVENTS] = {1, 1, 1};
    const int64_t edges[] = {START, START + (HOURS - 2) * HOUR + 1800000, START + HOURS * HOUR};
    assert_int_not_equal((HOURS - 2) % 5, 0); /* so there are views in it */
    assert_int_equal(ask(lab, viewed, edges, 2), 0);
    assert_int_equal(ask(lab, all, edges, 2), 0);
    assert_int_equal(ask(lab, returned, edges, 2), 1);
    lab_free(lab);
}

static void take_problem(void *context, const char *path, const char *what)
{
    (void)path;
    (void)snprintf(context, 200, "%s", what);
}

/* Writes the file anew with one byte of its counters changed, all checksums made to fit, and verifies it. */
static void check_changed(struct lab *lab, struct str file, size_t at, uint8_t change,
                          char what[200])
{
    struct fail fail;
    struct disk_file *handle;
    struct store_segment *segment;
    char path[STORE_SEGMENT_PATH_BYTES];
    uint64_t problems = 0;
    uint8_t *data = (uint8_t *)(uintptr_t)file.data;
    uint8_t *footer = data + base_get_u64(data + file.len - 32);
    uint8_t *piece = lab_section(footer, STORE_SEGMENT_TAG_STATISTICS) + 24;
    data[at] ^= change;
    base_put_u64(piece + 16,
                 base_hash64(data + base_get_u64(piece), (size_t)base_get_u64(piece + 8), 0));
    base_put_u64(data + file.len - 16, base_hash64(footer, base_get_u64(data + file.len - 24), 0));
    struct store_segment_info info = *store_segment_info(lab->segments[0]);
    store_segment_path(info.id, path);
    lab_must(disk_open(lab->disk, path, DISK_CREATE, &handle, &fail), &fail);
    lab_must(disk_write_at(handle, 0, data, file.len, &fail), &fail);
    disk_close(handle);
    info.checksum = base_get_u64(data + file.len - 16);
    data[at] ^= change;
    what[0] = '\0';
    lab_must(store_segment_open(lab->disk, lab->names, &info, &segment, &fail), &fail);
    lab_must(store_segment_check(segment, take_problem, what, &problems, &fail), &fail);
    store_segment_unref(segment);
}

static void verify_recounts_hours_and_tells_of_damage(void **state)
{
    (void)state;
    struct fail fail;
    struct str file;
    char path[STORE_SEGMENT_PATH_BYTES], what[200];
    struct lab *lab = lab_of_months();
    struct arena *arena = arena_new(NULL);
    store_segment_path(store_segment_info(lab->segments[0])->id, path);
    lab_must(disk_read_whole(lab->disk, path, arena, 1 << 24, &file, &fail), &fail);
    const uint8_t *data = (const uint8_t *)file.data;
    const uint8_t *piece =
        lab_section((uint8_t *)(uintptr_t)data + base_get_u64(data + file.len - 32),
                    STORE_SEGMENT_TAG_STATISTICS) +
        24;
    size_t begin = (size_t)base_get_u64(piece);
    size_t last = begin + (size_t)base_get_u64(piece + 8) - 1; /* of the rows of the last hours */
    check_changed(lab, file, last, 0, what);
    assert_string_equal(what, "");
    check_changed(lab, file, last, 1, what);
    assert_string_equal(what, "the counters of events are not those of the rows");
    /* Codes of events are runs: with another base of their values the last one is that of no name. */
    size_t ends = begin + 8 + 4 + 16; /* behind the two numbers, the length and the head */
    check_changed(lab, file, ends + 4 + base_get_u32(data + ends) + 8, 1, what);
    assert_non_null(strstr(what, "counters of events: an event without a name"));
    check_changed(lab, file, begin, 1, what);
    assert_non_null(strstr(what, "counters of events: lines do not add up"));
    arena_free(arena);
    lab_free(lab);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hours_of_months_are_counted_for_each_event),
        cmocka_unit_test(an_edge_within_an_hour_matters_where_the_event_has_rows_in_it),
        cmocka_unit_test(verify_recounts_hours_and_tells_of_damage),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
