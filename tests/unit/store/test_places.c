/* Places of events: which rows of a block are those of a less frequent event, and narrow rows that are read by them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>

#include "base_bytes.h"
#include "store_lab.h"

#define START (INT64_C(1700000000000) / STORE_SLOT_MS * STORE_SLOT_MS)
#define DAY (INT64_C(86400000))
#define EVENTS 12U

static uint32_t event_code(struct lab *lab, uint32_t event)
{
    char name[16];
    (void)snprintf(name, sizeof name, "event %u", (unsigned)event);
    return lab_name(lab, STORE_FAMILY_EVENT, name);
}

/* Event 0 is half of all, each further one rarer. */
static uint32_t random_event(struct lab *lab)
{
    uint32_t event = 0;
    while (event < EVENTS - 1 && lab_dice(lab, 2) == 0) {
        event++;
    }
    return event;
}

static void add_row(struct lab *lab, uint32_t event, int64_t ts_ms)
{
    struct store_row row = {.original = (uint32_t)lab_dice(lab, lab->customers),
                            .event = event_code(lab, event),
                            .source = lab_name(lab, STORE_FAMILY_SOURCE, "site"),
                            .ts_ms = ts_ms,
                            .received_at_ms = ts_ms,
                            .client_ts_ms = STORE_NO_TIME,
                            .sent_at_ms = STORE_NO_TIME,
                            .channel = STORE_NO_CODE,
                            .scale = STORE_NO_CODE};
    lab_add(lab, &row);
}

/* `step_ms`: times are multiples of it; 1: any. */
static void add_rows(struct lab *lab, size_t count, uint64_t days, int64_t step_ms)
{
    for (size_t i = 0; i < count; i++) {
        int64_t at_ms = (int64_t)lab_dice(lab, days * (uint64_t)DAY);
        add_row(lab, random_event(lab), START + at_ms / step_ms * step_ms);
    }
}

/* Compares all tables of the segment with the names and times of its rows; returns how many events they list. */
static uint32_t check_tables(const struct store_segment *segment)
{
    struct fail fail;
    uint32_t listed = 0;
    const struct store_segment_column *events =
        store_segment_column_find(segment, STORE_SEGMENT_EVENT, STORE_NO_CODE);
    const struct store_segment_column *ts =
        store_segment_column_find(segment, STORE_SEGMENT_TS, STORE_NO_CODE);
    uint32_t *codes = base_alloc_zero(STORE_SEGMENT_BLOCK_ROWS * sizeof *codes);
    uint32_t *rows = base_alloc_zero(STORE_SEGMENT_BLOCK_ROWS * sizeof *rows);
    int32_t *slots = base_alloc_zero(STORE_SEGMENT_BLOCK_ROWS * sizeof *slots);
    int32_t *of_rows = base_alloc_zero(STORE_SEGMENT_BLOCK_ROWS * sizeof *of_rows);
    for (uint32_t b = 0; b < store_segment_block_count(segment); b++) {
        struct store_places_table table;
        struct store_ints ints;
        bool found, same;
        uint32_t count = store_segment_block_rows(segment, b);
        lab_must(store_segment_places(segment, b, &table, &fail), &fail);
        lab_must(store_segment_ints_open(segment, events, b, &ints, &found, &fail), &fail);
        lab_must(store_ints_read_codes(&ints, 0, count, UINT32_MAX, codes, &fail), &fail);
        lab_must(store_segment_ints_open(segment, ts, b, &ints, &found, &fail), &fail);
        lab_must(store_ints_read_slots(&ints, 0, count, of_rows, &fail), &fail);
        listed += table.count;
        for (uint32_t e = 0; e < table.count; e++) {
            uint32_t code = store_places_code(&table, e);
            struct store_event_places places;
            assert_int_equal(store_places_find(&table, code), e);
            lab_must(store_places_open(segment, &table, e, &places, &fail), &fail);
            lab_must(
                store_places_read(segment, &table, &places, 0, places.count, rows, slots, &fail),
                &fail);
            uint32_t at = 0;
            for (uint32_t row = 0; row < count; row++) {
                if (codes[row] == code) {
                    assert_true(at < places.count);
                    assert_int_equal(rows[at], row);
                    assert_int_equal(slots[at++], of_rows[row]);
                }
            }
            assert_int_equal(at, places.count);
            assert_true(places.count <= count / 8);
        }
        assert_int_equal(store_places_find(&table, 1000000), table.count);
        int64_t *ts_ms = base_alloc_zero(count * sizeof *ts_ms);
        lab_must(store_ints_read(&ints, 0, count, ts_ms, &fail), &fail);
        lab_must(store_segment_check_places(segment, b, codes, ts_ms, &same, &fail), &fail);
        assert_true(same);
        base_free(ts_ms);
    }
    base_free(codes);
    base_free(rows);
    base_free(slots);
    base_free(of_rows);
    return listed;
}

static void places_are_those_of_the_rows_and_of_all_but_frequent_events(void **state)
{
    (void)state;
    struct lab *lab = lab_new(1, 500);
    add_rows(lab, 4000, 100, 1);
    lab_seal(lab);
    assert_int_equal(check_tables(lab->segments[0]), 0); /* too few rows to be worth it */
    add_rows(lab, 70000, 100, 1);
    lab_seal(lab);
    /* Half, a quarter and an eighth are frequent (an eighth may be a little less); one block has all events, the other few rows. */
    uint32_t listed = check_tables(lab->segments[1]);
    assert_in_range(listed, 2 * (EVENTS - 4), 2 * (EVENTS - 2));
    lab_merge(lab, 0, 2);
    assert_in_range(check_tables(lab->segments[0]), 2 * (EVENTS - 4), 2 * (EVENTS - 2));
    lab_free(lab);
}

static void a_block_with_times_beyond_all_slots_has_no_places(void **state)
{
    (void)state;
    struct lab *lab = lab_new(2, 50);
    add_rows(lab, 5000, 10, 1);
    add_row(lab, 5, INT64_C(4000000000000000));
    lab_seal(lab);
    assert_int_equal(check_tables(lab->segments[0]), 0);
    lab_free(lab);
}

static void the_first_codes_alone_are_listed_where_there_are_very_many(void **state)
{
    (void)state;
    struct lab *lab = lab_new(3, 50);
    for (uint32_t i = 0; i < 3 * STORE_PLACES_EVENTS_MAX; i++) {
        add_row(lab, i, START + (int64_t)i * 1000);
        add_row(lab, i % STORE_PLACES_EVENTS_MAX, START + (int64_t)i * 1000);
    }
    lab_seal(lab);
    assert_int_equal(check_tables(lab->segments[0]), STORE_PLACES_EVENTS_MAX);
    lab_free(lab);
}

/* Narrow rows of these events in every way, against the list of rows. Returns the rows of the first scan. */
static uint64_t check_narrow(struct lab *lab, struct store_snapshot *snapshot, uint32_t first,
                             uint32_t end, uint32_t batch_rows)
{
    uint8_t labels[64] = {0};
    for (uint32_t event = first; event < end; event++) {
        labels[event_code(lab, event)] = (uint8_t)(1 + event);
    }
    struct store_scan_options options = {
        .labels = labels, .label_count = ARRAY_LEN(labels), .batch_rows = batch_rows};
    uint64_t rows = lab_check_scan(lab, snapshot, &options);
    static const int64_t times[][2] = {{START + 3 * DAY, START + 9 * DAY}, /* slots' borders */
                                       {START + 3 * DAY + 1, START + 9 * DAY - 77}, /* others */
                                       {START + 5 * DAY + 5, START + 5 * DAY + 6},
                                       {START + 5000 * DAY, START + 5001 * DAY}};
    for (size_t t = 0; t < ARRAY_LEN(times); t++) {
        for (int slots = 0; slots < 2; slots++) {
            options.from_ms = times[t][0];
            options.to_ms = times[t][1];
            options.slots = slots == 1;
            (void)lab_check_scan(lab, snapshot, &options);
        }
    }
    options.from_ms = options.to_ms = 0;
    uint64_t in_slots = lab_check_scan(lab, snapshot, &options);
    assert_int_equal(in_slots, rows);
    return rows;
}

static void check_all_narrow(struct lab *lab)
{
    struct store_snapshot snapshot;
    lab_snapshot(lab, &snapshot);
    for (uint32_t event = 3; event < EVENTS; event++) {
        assert_true(check_narrow(lab, &snapshot, event, event + 1, 0) > 0);
    }
    (void)check_narrow(lab, &snapshot, 4, 6, 0);
    (void)check_narrow(lab, &snapshot, 4, EVENTS, 3000);
    (void)check_narrow(lab, &snapshot, 5, EVENTS, 70);
    (void)check_narrow(lab, &snapshot, 2, 5, 0); /* one of them is not listed everywhere */
    lab_snapshot_done(&snapshot);
}

static void narrow_rows_by_places_are_what_sorting_gives(void **state)
{
    (void)state;
    static const int64_t steps[] = {1, 1000, 3 * STORE_SLOT_MS}; /* in two parts, and not */
    for (size_t s = 0; s < ARRAY_LEN(steps); s++) {
        struct lab *lab = lab_new(10 + s, 400);
        add_rows(lab, 90000, 20, steps[s]);
        lab_seal(lab);
        check_all_narrow(lab);
        add_rows(lab, 9000, 20, steps[s]);
        lab_seal(lab); /* two that have places, */
        add_rows(lab, 300, 20, steps[s]);
        lab_seal(lab); /* one that has none, */
        add_rows(lab, 300, 20, steps[s]);
        check_all_narrow(lab); /* and fresh rows */
        for (uint32_t c = 0; c < 20; c++) {
            lab_join(lab, 2 * c + 1, 2 * c + 100);
        }
        check_all_narrow(lab);
        lab_free(lab);
    }
}

struct sides {          /* of rows, whatever their order */
    uint64_t customers; /* a sum over customer, label and how many cuts are not behind the row */
    uint64_t times;     /* a sum over times */
    uint64_t rows;
};

static struct sides find_sides(struct store_snapshot *snapshot,
                               const struct store_scan_options *options, const int64_t *cuts,
                               size_t cut_count)
{
    struct fail fail;
    struct store_scan *scan;
    struct store_cursor *cursor;
    const struct store_rows *rows;
    struct sides sides = {0};
    lab_must(store_scan_new(snapshot, options, &scan, &fail), &fail);
    lab_must(store_cursor_new(scan, NULL, &cursor, &fail), &fail);
    for (;;) {
        lab_must(store_cursor_next(cursor, &rows, &fail), &fail);
        if (rows->customer_count == 0) {
            break;
        }
        for (uint32_t c = 0; c < rows->customer_count; c++) {
            for (uint32_t row = rows->row_begin[c]; row < rows->row_begin[c + 1]; row++) {
                uint32_t key[3] = {rows->customers[c], rows->labels[row], 0};
                for (size_t i = 0; i < cut_count; i++) {
                    key[2] += cuts[i] <= rows->ts_ms[row];
                }
                sides.customers += base_hash64(key, sizeof key, 0);
                sides.times += (uint64_t)rows->ts_ms[row];
                sides.rows++;
            }
        }
    }
    store_cursor_free(cursor);
    store_scan_free(scan);
    return sides;
}

/* Rows with any times of their slots are on the sides of the cuts, and of the edges, on which the whole times are. */
static void check_cuts(struct lab *lab, bool joined)
{
    struct store_snapshot snapshot;
    uint8_t labels[64] = {0};
    lab_snapshot(lab, &snapshot);
    for (uint32_t event = 4; event < 7; event++) {
        labels[event_code(lab, event)] = (uint8_t)event;
    }
    for (int round = 0; round < 12; round++) {
        int64_t cuts[4];
        int64_t step = round % 4 == 0 ? STORE_SLOT_MS : 1;
        for (size_t i = 0; i < ARRAY_LEN(cuts); i++) {
            cuts[i] = START + (int64_t)lab_dice(lab, (uint64_t)(20 * DAY)) / step * step;
        }
        /* Some are the instant of a row, or the one behind it. */
        cuts[2] = lab->rows[lab_dice(lab, lab->row_count)].ts_ms;
        cuts[3] = lab->rows[lab_dice(lab, lab->row_count)].ts_ms + 1;
        struct store_scan_options options = {.labels = labels, .label_count = ARRAY_LEN(labels)};
        if (round % 3 != 0) {
            options.from_ms = cuts[0] < cuts[1] ? cuts[0] : cuts[1];
            options.to_ms = cuts[0] < cuts[1] ? cuts[1] : cuts[0];
        }
        struct sides whole = find_sides(&snapshot, &options, cuts + 2, 2);
        options.cuts = cuts + 2;
        options.cut_count = 2;
        struct sides coarse = find_sides(&snapshot, &options, cuts + 2, 2);
        assert_int_equal(coarse.rows, whole.rows);
        assert_int_equal(coarse.customers, whole.customers);
        assert_true(joined || whole.rows < 100 ||
                    coarse.times < whole.times); /* it did leave them */
    }
    lab_snapshot_done(&snapshot);
}

static void times_that_need_only_be_told_apart_somewhere_are_told_apart_there(void **state)
{
    (void)state;
    struct lab *lab = lab_new(40, 400);
    add_rows(lab, 60000, 20, 1);
    lab_seal(lab);
    check_cuts(lab, false);
    add_rows(lab, 9000, 20, 1);
    lab_seal(lab);
    add_rows(lab, 300, 20, 1); /* fresh */
    check_cuts(lab, false);
    for (uint32_t c = 0; c < 20; c++) {
        lab_join(lab, 2 * c + 1, 2 * c + 100);
    }
    check_cuts(lab, true);
    lab_free(lab);
}

static void spans_far_from_each_other_are_found(void **state)
{
    (void)state;
    struct lab *lab = lab_new(20, 20000); /* three rows each */
    add_rows(lab, 60000, 20, 1);
    for (uint32_t i = 0; i < 7; i++) {
        add_row(lab, 13, START + 5 * DAY + i);
    }
    lab_seal(lab);
    struct store_snapshot snapshot;
    lab_snapshot(lab, &snapshot);
    assert_int_equal(check_narrow(lab, &snapshot, 13, 14, 0), 7);
    assert_int_equal(check_narrow(lab, &snapshot, 13, 14, 5000), 7);
    lab_snapshot_done(&snapshot);
    lab_free(lab);
}

/* ---- damage ------------------------------------------------------------------------------------------- */

static char told[200];

static void tell(void *context, const char *path, const char *what)
{
    (void)context;
    (void)path;
    (void)snprintf(told, sizeof told, "%s", what);
}

/* Writes the file anew with one change at `at` of the first block's chunk (or, from the section on, of the footer), the checksums
   made to fit, and opens it. */
static bool open_changed(struct lab *lab, struct str file, bool in_chunk, size_t at, uint8_t change,
                         struct store_segment **out, struct fail *fail)
{
    struct disk_file *handle;
    char path[STORE_SEGMENT_PATH_BYTES];
    uint8_t *data = (uint8_t *)(uintptr_t)file.data;
    uint8_t *footer = data + base_get_u64(data + file.len - 32);
    uint8_t *section = lab_section(footer, STORE_SEGMENT_TAG_PLACES);
    uint8_t *bytes = data + base_get_u64(section);
    uint8_t *place = in_chunk ? bytes + at : section + at;
    uint64_t checksum = base_get_u64(section + 16);
    *place ^= change;
    if (in_chunk) {
        base_put_u64(section + 16, base_hash64(bytes, base_get_u64(section + 8), 0));
    }
    base_put_u64(data + file.len - 16, base_hash64(footer, base_get_u64(data + file.len - 24), 0));
    store_segment_path(store_segment_info(lab->segments[0])->id, path);
    lab_must(disk_open(lab->disk, path, DISK_CREATE, &handle, fail), fail);
    lab_must(disk_write_at(handle, 0, data, file.len, fail), fail);
    disk_close(handle);
    struct store_segment_info info = *store_segment_info(lab->segments[0]);
    info.checksum = base_get_u64(data + file.len - 16);
    *place ^= change;
    base_put_u64(section + 16, checksum);
    return store_segment_open(lab->disk, lab->names, &info, out, fail);
}

static void damage_is_told_and_never_read_past_the_end(void **state)
{
    (void)state;
    struct fail fail;
    struct store_segment *segment;
    struct str file;
    char path[STORE_SEGMENT_PATH_BYTES];
    struct lab *lab = lab_new(30, 100);
    struct arena *arena = arena_new(NULL);
    add_rows(lab, 6000, 10, 1);
    lab_seal(lab);
    store_segment_path(store_segment_info(lab->segments[0])->id, path);
    lab_must(disk_read_whole(lab->disk, path, arena, 1 << 24, &file, &fail), &fail);
    /* Section: a chunk that lies outside of the file. */
    assert_false(open_changed(lab, file, false, 6, 0x70, &segment, &fail));
    assert_int_equal(fail.code, FAIL_CORRUPT);
    assert_non_null(strstr(fail.message, "places of events"));
    /* Any bit of the chunk: it is found by verify, or it says the same as before (what is unused of the last byte). */
    struct store_places_table table;
    lab_must(store_segment_places(lab->segments[0], 0, &table, &fail), &fail);
    size_t bytes = table.lists_bytes + ((size_t)table.count + 1) * STORE_PLACES_ENTRY_BYTES;
    uint32_t found = 0, tried = 0;
    for (size_t at = 0; at < bytes; at += 1 + lab_dice(lab, 12)) {
        uint64_t problems = 0;
        uint8_t change = (uint8_t)(1U << lab_dice(lab, 8));
        lab_must(open_changed(lab, file, true, at, change, &segment, &fail), &fail);
        lab_must(store_segment_check(segment, tell, NULL, &problems, &fail), &fail);
        found += problems > 0;
        tried++;
        store_segment_unref(segment);
    }
    assert_true(tried > 100 && found > tried * 9 / 10);
    /* A scan over a damaged one fails or gives rows; it does not read past anything (under ASan and UBSan). */
    struct store_segment *whole = lab->segments[0];
    for (size_t at = 0; at < bytes; at += 1 + lab_dice(lab, 40)) {
        struct store_snapshot snapshot;
        uint8_t labels[64] = {0};
        labels[event_code(lab, 4)] = 1;
        labels[event_code(lab, 5)] = 2;
        lab_must(
            open_changed(lab, file, true, at, (uint8_t)(1U << lab_dice(lab, 8)), &segment, &fail),
            &fail);
        lab->segments[0] = segment;
        lab_snapshot(lab, &snapshot);
        const struct store_scan_options options = {
            .labels = labels, .label_count = ARRAY_LEN(labels), .slots = lab_dice(lab, 2) == 0};
        struct store_scan *scan;
        struct store_cursor *cursor;
        const struct store_rows *rows;
        lab_must(store_scan_new(&snapshot, &options, &scan, &fail), &fail);
        lab_must(store_cursor_new(scan, NULL, &cursor, &fail), &fail);
        bool ok;
        do {
            ok = store_cursor_next(cursor, &rows, &fail);
        } while (ok && rows->customer_count > 0);
        assert_true(ok || fail.code == FAIL_CORRUPT);
        store_cursor_free(cursor);
        store_scan_free(scan);
        lab_snapshot_done(&snapshot);
        lab->segments[0] = whole;
        store_segment_unref(segment);
    }
    arena_free(arena);
    lab_free(lab);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(places_are_those_of_the_rows_and_of_all_but_frequent_events),
        cmocka_unit_test(a_block_with_times_beyond_all_slots_has_no_places),
        cmocka_unit_test(the_first_codes_alone_are_listed_where_there_are_very_many),
        cmocka_unit_test(narrow_rows_by_places_are_what_sorting_gives),
        cmocka_unit_test(times_that_need_only_be_told_apart_somewhere_are_told_apart_there),
        cmocka_unit_test(spans_far_from_each_other_are_found),
        cmocka_unit_test(damage_is_told_and_never_read_past_the_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
