/* Scans: whatever the layout, what comes is what sorting all rows gives. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "store_lab.h"

static void check_many(struct lab *lab, int scans)
{
    struct store_snapshot snapshot;
    lab_snapshot(lab, &snapshot);
    for (int i = 0; i < scans; i++) {
        lab_check_random_scan(lab, &snapshot);
    }
    lab_snapshot_done(&snapshot);
}

static void scan_of_nothing_ends_at_once(void **state)
{
    (void)state;
    struct lab *lab = lab_new(1, 10);
    check_many(lab, 5);
    lab_free(lab);
}

static void scan_of_fresh_rows_is_what_sorting_gives(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 6; seed++) {
        struct lab *lab = lab_new(seed, seed % 2 == 0 ? 20 : 700);
        lab_add_random(lab, 1 + seed * 300);
        check_many(lab, 12);
        lab_join(lab, 3, 5);
        lab_join(lab, 5, 7);
        check_many(lab, 6);
        lab_split(lab, 5);
        check_many(lab, 6);
        lab_free(lab);
    }
}

static void scan_of_one_segment_is_what_sorting_gives(void **state)
{
    (void)state;
    for (uint64_t seed = 11; seed <= 16; seed++) {
        struct lab *lab = lab_new(seed, seed % 2 == 0 ? 20 : 2000);
        lab_add_random(lab, seed * 200);
        lab_seal(lab);
        check_many(lab, 15);
        lab_free(lab);
    }
}

/* A long life: rows, joins, splits, seals and merges in any order. */
static void live(uint64_t seed, uint32_t customers, size_t rows, int steps)
{
    struct lab *lab = lab_new(seed, customers);
    for (int step = 0; step < steps; step++) {
        switch (base_random_below(lab->random, 6)) {
        case 0:
        case 1:
            lab_add_random(lab, base_random_below(lab->random, rows));
            break;
        case 2:
            for (int i = 0; i < 3; i++) {
                lab_join(lab, (uint32_t)base_random_below(lab->random, customers),
                         (uint32_t)base_random_below(lab->random, customers));
            }
            break;
        case 3:
            lab_split(lab, (uint32_t)base_random_below(lab->random, customers));
            break;
        case 4:
            lab_seal(lab);
            break;
        default:
            if (lab->segment_count > 1) {
                size_t count = 1 + base_random_below(lab->random, lab->segment_count);
                size_t first = base_random_below(lab->random, lab->segment_count - count + 1);
                lab_merge(lab, first, count);
            }
            break;
        }
        check_many(lab, 4);
    }
    lab_free(lab);
}

static void scan_after_joins_splits_seals_and_merges_is_what_sorting_gives(void **state)
{
    (void)state;
    for (uint64_t seed = 21; seed <= 32; seed++) {
        live(seed, seed % 3 == 0 ? 12 : 150, 400, 24);
    }
}

static void scan_over_many_blocks_is_what_sorting_gives(void **state)
{
    (void)state;
    struct lab *lab = lab_new(41, 3000);
    lab_add_random(lab, 90000);
    lab_seal(lab);
    lab_add_random(lab, 70000);
    check_many(lab, 3);
    lab_seal(lab);
    lab_merge(lab, 0, 2);
    assert_int_equal(store_segment_block_count(lab->segments[0]), 3);
    lab_join(lab, 2999, 4);
    lab_join(lab, 17, 1200);
    check_many(lab, 6);
    lab_free(lab);
}

static void customer_over_many_blocks_comes_whole(void **state)
{
    (void)state;
    struct lab *lab = lab_new(51, 10);
    struct store_row row = {.source = lab_name(lab, STORE_FAMILY_SOURCE, "site"),
                            .channel = STORE_NO_CODE,
                            .scale = STORE_NO_CODE,
                            .client_ts_ms = STORE_NO_TIME,
                            .sent_at_ms = STORE_NO_TIME};
    for (size_t seal = 0; seal < 3; seal++) {
        for (size_t i = 0; i < 180000; i++) {
            row.original = i % 100 == 0 ? (uint32_t)(i / 100 % 9) : 4;
            row.ts_ms = 1700000000000 + (int64_t)(i * 7919 % 180000) * 10;
            row.received_at_ms = row.ts_ms + 5;
            row.event = lab_name(lab, STORE_FAMILY_EVENT, i % 7 == 0 ? "Bought" : "Viewed");
            lab_add(lab, &row);
        }
        lab_seal(lab);
    }
    lab_merge(lab, 0, 3); /* goes through the slices of a long customer */
    struct store_snapshot snapshot;
    lab_snapshot(lab, &snapshot);
    const struct store_scan_options all = {.want_facts = true, .batch_rows = 1000};
    assert_int_equal(lab_check_scan(lab, &snapshot, &all), 540000);
    lab_snapshot_done(&snapshot);
    lab_free(lab);
}

/* So many names of events that they fit the vectors' table, a byte, or neither. */
static void labels_of_any_number_of_events_are_what_sorting_gives(void **state)
{
    (void)state;
    static const unsigned name_counts[] = {40, 128, 129, 256, 257, 400};
    for (size_t n = 0; n < ARRAY_LEN(name_counts); n++) {
        struct lab *lab = lab_new(61 + n, 60);
        struct store_row row = {.source = lab_name(lab, STORE_FAMILY_SOURCE, "site"),
                                .channel = STORE_NO_CODE,
                                .scale = STORE_NO_CODE,
                                .client_ts_ms = STORE_NO_TIME,
                                .sent_at_ms = STORE_NO_TIME};
        for (size_t i = 0; i < 9000; i++) {
            char name[16];
            uint64_t rare =
                lab_dice(lab, 3) == 0 ? lab_dice(lab, name_counts[n]) : lab_dice(lab, 3);
            (void)snprintf(name, sizeof name, "event %u",
                           i < name_counts[n] ? (unsigned)i : (unsigned)rare);
            row.original = (uint32_t)lab_dice(lab, 60);
            row.ts_ms = 1700000000000 + (int64_t)lab_dice(lab, 5000000);
            row.received_at_ms = row.ts_ms + 5;
            row.event = lab_name(lab, STORE_FAMILY_EVENT, name);
            lab_add(lab, &row);
            if (i == 5000 || i == 8000) {
                lab_seal(lab);
            }
        }
        uint8_t labels[512];
        for (size_t e = 0; e < ARRAY_LEN(labels); e++) {
            labels[e] = (uint8_t)(lab_dice(lab, 3) == 0 ? 0 : 1 + lab_dice(lab, 255));
        }
        labels[lab_name(lab, STORE_FAMILY_EVENT, "event 0")] = 7; /* a frequent one */
        struct store_snapshot snapshot;
        lab_snapshot(lab, &snapshot);
        const struct store_scan_options labelled = {
            .labels = labels, .label_count = ARRAY_LEN(labels), .batch_rows = 700};
        const struct store_scan_options late = {.labels = labels,
                                                .label_count = ARRAY_LEN(labels),
                                                .from_ms = 1700001000000,
                                                .to_ms = 1700003000000};
        assert_true(lab_check_scan(lab, &snapshot, &labelled) > 1500);
        assert_true(lab_check_scan(lab, &snapshot, &late) > 500);
        lab_snapshot_done(&snapshot);
        lab_free(lab);
    }
}

/* Customers with a plan each, which some of them change, and a device that is now this one, now that one. */
static void add_shoppers(struct lab *lab, size_t rows, int64_t from_ms)
{
    static const char *const plans[] = {"free", "basic", "pro", "team"};
    static const char *const devices[] = {"phone", "desktop", "tv"};
    struct store_row row = {.source = lab_name(lab, STORE_FAMILY_SOURCE, "site"),
                            .channel = STORE_NO_CODE,
                            .scale = STORE_NO_CODE,
                            .client_ts_ms = STORE_NO_TIME,
                            .sent_at_ms = STORE_NO_TIME};
    struct store_cell cells[] = {{lab_name(lab, STORE_FAMILY_PROPERTY, "plan"), {0}},
                                 {lab_name(lab, STORE_FAMILY_PROPERTY, "device"), {0}}};
    row.properties = cells;
    row.property_count = ARRAY_LEN(cells);
    for (size_t i = 0; i < rows; i++) {
        row.original = (uint32_t)lab_dice(lab, 900);
        row.ts_ms = from_ms + (int64_t)lab_dice(lab, 1000000000);
        row.received_at_ms = row.ts_ms + 5;
        row.event = lab_name(lab, STORE_FAMILY_EVENT, lab_dice(lab, 3) == 0 ? "Bought" : "Viewed");
        bool changed = row.original % 10 == 0 && row.ts_ms > from_ms + 500000;
        cells[0].value = store_value_str(str_from_c(plans[(row.original + changed) % 4]));
        cells[1].value = store_value_str(str_from_c(devices[lab_dice(lab, 20) % 3]));
        lab_add(lab, &row);
    }
}

/* Entries of the first column over a whole scan, and the rows that came. */
static size_t entries_of(struct lab *lab, const struct store_scan_options *options,
                         size_t *out_rows)
{
    struct store_snapshot snapshot;
    struct store_scan *scan;
    struct store_cursor *cursor;
    const struct store_rows *rows;
    struct fail fail;
    size_t entries = 0;
    struct base_budget *budget = base_budget_new((size_t)1 << 30);
    lab_snapshot(lab, &snapshot);
    lab_must(store_scan_new(&snapshot, options, &scan, &fail), &fail);
    lab_must(store_cursor_new(scan, budget, &cursor, &fail), &fail);
    *out_rows = 0;
    do {
        lab_must(store_cursor_next(cursor, &rows, &fail), &fail);
        entries += rows->customer_count > 0 ? rows->columns[0].count : 0;
        *out_rows += rows->row_count;
    } while (rows->customer_count > 0);
    store_cursor_free(cursor);
    store_scan_free(scan);
    lab_snapshot_done(&snapshot);
    base_budget_free(budget);
    return entries;
}

static void rows_one_after_the_other_that_share_a_string_come_as_one_entry(void **state)
{
    (void)state;
    struct lab *lab = lab_new(61, 900);
    const struct store_column_ref columns[] = {
        {STORE_COLUMN_PROPERTY, STR("plan")},
        {STORE_COLUMN_PROPERTY, STR("device")},
        {STORE_COLUMN_CHANNEL, STR("")},
    };
    add_shoppers(lab, 100000, 1700000000000);
    lab_seal(lab);
    uint32_t viewed = lab_name(lab, STORE_FAMILY_EVENT, "Viewed");
    struct store_scan_options options = {
        .columns = columns, .column_count = ARRAY_LEN(columns), .runs = true};
    size_t rows;
    assert_true(entries_of(lab, &options, &rows) < 2000);
    assert_int_equal(rows, 100000);
    options.runs = false;
    assert_int_equal(entries_of(lab, &options, &rows), rows);
    options.runs = true;
    for (int step = 0; step < 5; step++) {
        struct store_snapshot snapshot;
        lab_snapshot(lab, &snapshot);
        for (uint32_t batch = 0; batch < 3; batch++) {
            options.batch_rows = batch * 700;
            options.events = batch == 1 ? NULL : &viewed;
            options.event_count = 1;
            options.from_ms = batch == 2 ? 1700000000000 : 0;
            options.to_ms = batch == 2 ? 1700000600000 : 0;
            (void)lab_check_scan(lab, &snapshot, &options);
        }
        lab_snapshot_done(&snapshot);
        if (step == 0) { /* pieces that lie in each other */
            add_shoppers(lab, 20000, 1700000000000);
        } else if (step == 1) {
            lab_seal(lab);
        } else if (step == 2) {
            lab_join(lab, 800, 5);
        } else {
            lab_merge(lab, 0, 2);
            add_shoppers(lab, 100, 1700000000000);
            lab_seal(lab);
        }
    }
    lab_free(lab);
}

static void segments_of_other_times_are_passed_over_but_for_their_customers(void **state)
{
    (void)state;
    struct lab *lab = lab_new(71, 900);
    const struct store_column_ref columns[] = {
        {STORE_COLUMN_PROPERTY, STR("plan")},
        {STORE_COLUMN_TRAIT, STR("plan")},
        {STORE_COLUMN_TRAIT_SENT, STR("plan")},
    };
    for (int64_t month = 0; month < 4; month++) {
        lab_add_random(lab, 200); /* at all times */
        lab_seal(lab);
        add_shoppers(lab, 300, 1800000000000 + month * 2000000000);
        lab_seal(lab);
    }
    lab_join(lab, 800, 5);
    add_shoppers(lab, 100, 1800000000000 + 4 * INT64_C(2000000000));
    struct store_snapshot snapshot;
    lab_snapshot(lab, &snapshot);
    for (unsigned chosen = 0; chosen < 32; chosen++) {
        const struct store_scan_options options = {
            .columns = columns + chosen % 2,
            .column_count = chosen / 2 % 2 + 1,
            .from_ms = 1800000000000 + 2000000000,
            .to_ms = 1800000000000 + (chosen / 4 % 2 == 0 ? 1 : 3) * INT64_C(2000000000),
            .every_customer = chosen / 8 % 2 == 1,
            .want_facts = chosen / 16 == 1,
        };
        (void)lab_check_scan(lab, &snapshot, &options);
    }
    lab_snapshot_done(&snapshot);
    lab_free(lab);
}

static void scan_over_its_budget_says_so(void **state)
{
    (void)state;
    struct lab *lab = lab_new(61, 100);
    lab_add_random(lab, 5000);
    lab_seal(lab);
    struct store_snapshot snapshot;
    lab_snapshot(lab, &snapshot);
    const struct store_column_ref column = {STORE_COLUMN_MESSAGE_ID, {NULL, 0}};
    const struct store_scan_options options = {.columns = &column, .column_count = 1};
    for (size_t bytes = 1000; bytes < 100000; bytes += 9000) {
        struct fail fail;
        struct base_budget *budget = base_budget_new(bytes);
        struct store_scan *scan;
        struct store_cursor *cursor;
        const struct store_rows *rows;
        lab_must(store_scan_new(&snapshot, &options, &scan, &fail), &fail);
        lab_must(store_cursor_new(scan, budget, &cursor, &fail), &fail);
        assert_false(store_cursor_next(cursor, &rows, &fail));
        assert_int_equal(fail.code, FAIL_LIMIT);
        store_cursor_free(cursor);
        store_scan_free(scan);
        assert_int_equal(base_budget_used(budget), 0);
        base_budget_free(budget);
    }
    lab_snapshot_done(&snapshot);
    lab_free(lab);
}

static void cancelled_scan_stops(void **state)
{
    (void)state;
    struct lab *lab = lab_new(62, 100);
    lab_add_random(lab, 500);
    struct store_snapshot snapshot;
    struct base_cancel cancel = {.clock = base_clock_real()};
    struct store_scan *scan;
    struct store_cursor *cursor;
    const struct store_rows *rows;
    struct fail fail;
    lab_snapshot(lab, &snapshot);
    const struct store_scan_options options = {.cancel = &cancel};
    lab_must(store_scan_new(&snapshot, &options, &scan, &fail), &fail);
    lab_must(store_cursor_new(scan, NULL, &cursor, &fail), &fail);
    base_cancel_now(&cancel);
    assert_false(store_cursor_next(cursor, &rows, &fail));
    assert_int_equal(fail.code, FAIL_CANCELLED);
    store_cursor_free(cursor);
    store_scan_free(scan);
    lab_snapshot_done(&snapshot);
    lab_free(lab);
}

/* Cursors that find something, if as many are there as units and one more, and each reads once. */
static size_t cursors_that_find(struct store_snapshot *snapshot,
                                const struct store_scan_options *options, size_t *out_units)
{
    struct store_cursor *cursors[64];
    struct store_scan *scan;
    struct fail fail;
    size_t found = 0;
    lab_must(store_scan_new(snapshot, options, &scan, &fail), &fail);
    *out_units = store_scan_units(scan);
    assert_true(*out_units < ARRAY_LEN(cursors));
    for (size_t i = 0; i <= *out_units; i++) {
        const struct store_rows *rows;
        lab_must(store_cursor_new(scan, NULL, &cursors[i], &fail), &fail);
        lab_must(store_cursor_next(cursors[i], &rows, &fail), &fail);
        found += rows->customer_count > 0;
    }
    for (size_t i = 0; i <= *out_units; i++) {
        store_cursor_free(cursors[i]);
    }
    store_scan_free(scan);
    return found;
}

static void scan_has_as_many_units_as_cursors_find_something(void **state)
{
    (void)state;
    struct lab *lab = lab_new(63, 900);
    static const uint32_t one[] = {5};
    static const uint8_t left_out[1] = {1};
    add_shoppers(lab, 20000, 1700000000000);
    lab_seal(lab);
    struct store_snapshot snapshot;
    size_t units;
    lab_snapshot(lab, &snapshot);
    assert_int_equal(snapshot.segment_count, 1);
    struct store_scan_options options = {0};
    assert_int_equal(cursors_that_find(&snapshot, &options, &units), 1);
    assert_int_equal(units, 1);
    options.batch_rows = 4000;
    size_t found = cursors_that_find(&snapshot, &options, &units);
    assert_int_equal(found, units);
    assert_true(units > 1);
    options.customers = one;
    options.customer_count = 1;
    assert_int_equal(cursors_that_find(&snapshot, &options, &units), 1);
    assert_int_equal(units, 1);
    options = (struct store_scan_options){
        .from_ms = 1, .to_ms = INT64_MAX, .without = left_out, .without_fresh = true};
    assert_int_equal(cursors_that_find(&snapshot, &options, &units), 0);
    assert_int_equal(units, 0);
    lab_snapshot_done(&snapshot);
    lab_free(lab);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(scan_has_as_many_units_as_cursors_find_something),
        cmocka_unit_test(scan_of_nothing_ends_at_once),
        cmocka_unit_test(scan_of_fresh_rows_is_what_sorting_gives),
        cmocka_unit_test(scan_of_one_segment_is_what_sorting_gives),
        cmocka_unit_test(scan_after_joins_splits_seals_and_merges_is_what_sorting_gives),
        cmocka_unit_test(scan_over_many_blocks_is_what_sorting_gives),
        cmocka_unit_test(customer_over_many_blocks_comes_whole),
        cmocka_unit_test(labels_of_any_number_of_events_are_what_sorting_gives),
        cmocka_unit_test(rows_one_after_the_other_that_share_a_string_come_as_one_entry),
        cmocka_unit_test(segments_of_other_times_are_passed_over_but_for_their_customers),
        cmocka_unit_test(scan_over_its_budget_says_so),
        cmocka_unit_test(cancelled_scan_stops),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
