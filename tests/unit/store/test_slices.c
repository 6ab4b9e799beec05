/* A customer of very many rows comes in slices: none too large, all rows once and in order, wherever the sources' times lie. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "store_lab.h"
#include "store_scan.h"

#define BATCH_ROWS 100U
#define BATCH_MOST (4U * BATCH_ROWS) /* customers are not cut below */
#define LONG 3U                      /* the customer of most rows */
#define START_MS 1700000000000

static struct fail fail;

static void add_rows(struct lab *lab, size_t count, int64_t from_ms, int64_t step_ms)
{
    struct store_row row = {.source = lab_name(lab, STORE_FAMILY_SOURCE, "site"),
                            .channel = STORE_NO_CODE,
                            .scale = STORE_NO_CODE,
                            .client_ts_ms = STORE_NO_TIME,
                            .sent_at_ms = STORE_NO_TIME};
    for (size_t i = 0; i < count; i++) {
        row.original = i % 40 == 0 ? (uint32_t)(i / 40 % 9) : LONG;
        row.ts_ms = START_MS + from_ms + (int64_t)i * step_ms;
        row.received_at_ms = row.ts_ms;
        row.event = lab_name(lab, STORE_FAMILY_EVENT, i % 3 == 0 ? "Bought" : "Viewed");
        lab_add(lab, &row);
    }
}

static bool wanted(const struct store_scan_options *options, const struct store_row *row)
{
    bool in_time = (options->from_ms == 0 && options->to_ms == 0) ||
                   (row->ts_ms >= options->from_ms && row->ts_ms < options->to_ms);
    return in_time && (options->event_count == 0 || row->event == options->events[0]);
}

/* Reads all in slices, and compares it with the sorted list. */
static void check(struct lab *lab, const struct store_scan_options *options)
{
    struct store_snapshot snapshot;
    lab_snapshot(lab, &snapshot);
    struct store_sources sources;
    lab_must(store_sources_of(&snapshot, &sources, &fail), &fail);
    const struct store_read_column arrival = {.of = STORE_READ_ARRIVAL, .name = STORE_NO_CODE};
    struct store_scan *scan;
    struct store_cursor *cursor;
    lab_must(store_scan_over(&sources, options, &arrival, 1, &scan, &fail), &fail);
    store_scan_slice(scan);
    lab_must(store_cursor_new(scan, NULL, &cursor, &fail), &fail);
    CLEANUP(arena_free_at) struct arena *arena = arena_new(NULL);
    const struct store_row **sorted = lab_sorted(lab, arena);
    size_t at = 0;
    for (;;) {
        const struct store_rows *rows;
        lab_must(store_cursor_next(cursor, &rows, &fail), &fail);
        if (rows->customer_count == 0) {
            break;
        }
        assert_true(rows->row_count <= BATCH_MOST);
        for (uint32_t c = 0; c < rows->customer_count; c++) {
            for (uint32_t r = rows->row_begin[c]; r < rows->row_begin[c + 1]; r++, at++) {
                while (at < lab->row_count && !wanted(options, sorted[at])) {
                    at++;
                }
                assert_true(at < lab->row_count);
                assert_int_equal(rows->customers[c], lab_root(lab, sorted[at]->original));
                assert_int_equal(rows->columns[0].values[r].i, sorted[at]->arrival);
            }
        }
    }
    while (at < lab->row_count && !wanted(options, sorted[at])) {
        at++;
    }
    assert_int_equal(at, lab->row_count);
    store_cursor_free(cursor);
    store_scan_free(scan);
    lab_snapshot_done(&snapshot);
}

static void check_all(struct lab *lab)
{
    const uint32_t bought = lab_name(lab, STORE_FAMILY_EVENT, "Bought");
    const struct store_scan_options all = {.batch_rows = BATCH_ROWS};
    const struct store_scan_options some = {.batch_rows = BATCH_ROWS,
                                            .events = &bought,
                                            .event_count = 1,
                                            .from_ms = START_MS,
                                            .to_ms = START_MS + 70001};
    check(lab, &all);
    check(lab, &some);
}

static void sources_one_after_the_other(void **state)
{
    (void)state;
    struct lab *lab = lab_new(1, 10);
    add_rows(lab, 9000, 0, 10);
    lab_seal(lab);
    add_rows(lab, 3000, 90000, 10);
    lab_seal(lab);
    add_rows(lab, 5000, 120000, 10);
    check_all(lab);
    lab_free(lab);
}

static void all_rows_of_one_time(void **state)
{
    (void)state;
    struct lab *lab = lab_new(2, 10);
    add_rows(lab, 3000, 70000, 0);
    lab_seal(lab);
    add_rows(lab, 9000, 70000, 0);
    lab_seal(lab);
    add_rows(lab, 2000, 70000, 0);
    check_all(lab);
    lab_free(lab);
}

static void sources_beside_each_other(void **state)
{
    (void)state;
    struct lab *lab = lab_new(3, 10);
    add_rows(lab, 4000, 0, 20);
    lab_seal(lab);
    add_rows(lab, 200, 40000, 1); /* too few for a step, */
    lab_seal(lab);
    add_rows(lab, 6000, 0, 13); /* ties with others, */
    add_rows(lab, 500, 260, 0); /* and many at once between them */
    lab_seal(lab);
    add_rows(lab, 3000, 30000, 10);
    check_all(lab);
    lab_merge(lab, 0, 3);
    check_all(lab);
    lab_free(lab);
}

static void fresh_rows_alone(void **state)
{
    (void)state;
    struct lab *lab = lab_new(4, 10);
    add_rows(lab, 7000, 0, 5);
    check_all(lab);
    lab_seal(lab);
    check_all(lab);
    lab_free(lab);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sources_one_after_the_other),
        cmocka_unit_test(all_rows_of_one_time),
        cmocka_unit_test(sources_beside_each_other),
        cmocka_unit_test(fresh_rows_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
