/* Segments: what is written is what is read, damage is found, and few stay after merging. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>

#include "base_bytes.h"
#include "store_lab.h"

struct told {
    unsigned problems;
    char last[600];
};

static void take_problem(void *context, const char *path, const char *what)
{
    struct told *told = context;
    told->problems++;
    (void)snprintf(told->last, sizeof told->last, "%s: %s", path, what);
}

static unsigned check_segment(struct store_segment *segment)
{
    struct fail fail;
    struct told told = {0};
    uint64_t problems = 0;
    lab_must(store_segment_check(segment, take_problem, &told, &problems, &fail), &fail);
    assert_int_equal(problems, told.problems);
    if (problems > 0) {
        print_message("%s\n", told.last);
    }
    return told.problems;
}

static void sound_segments_check_out(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 8; seed++) {
        struct lab *lab = lab_new(seed, seed % 2 == 0 ? 9 : 300);
        for (int i = 0; i < 4; i++) {
            lab_add_random(lab, 100 + seed * 100);
            lab_join(lab, (uint32_t)i, (uint32_t)i + 3);
            lab_seal(lab);
            assert_int_equal(check_segment(lab->segments[i]), 0);
            lab_split(lab, (uint32_t)i / 2);
        }
        lab_merge(lab, 0, 4);
        assert_int_equal(check_segment(lab->segments[0]), 0);
        lab_free(lab);
    }
}

static void segment_of_many_blocks_checks_out(void **state)
{
    (void)state;
    struct lab *lab = lab_new(9, 500);
    lab_add_random(lab, 140000);
    lab_seal(lab);
    assert_int_equal(store_segment_block_count(lab->segments[0]), 3);
    assert_int_equal(check_segment(lab->segments[0]), 0);
    lab_free(lab);
}

static void info_tells_what_the_file_holds(void **state)
{
    (void)state;
    struct lab *lab = lab_new(10, 50);
    lab_join(lab, 4, 5);
    lab_add_random(lab, 1000);
    lab_seal(lab);
    lab_add_random(lab, 500);
    lab_seal(lab);
    const struct store_segment_info *info = store_segment_info(lab->segments[1]);
    assert_int_equal(info->id, 2);
    assert_int_equal(info->rows, 500);
    assert_int_equal(info->arrival_min, 1001);
    assert_int_equal(info->arrival_max, 1500);
    assert_int_equal(info->identity_position, 1);
    int64_t least = INT64_MAX;
    int64_t most = INT64_MIN;
    uint8_t seen[50] = {0};
    uint64_t customers = 0;
    for (size_t i = 1000; i < 1500; i++) {
        const struct store_row *row = &lab->rows[i];
        least = row->ts_ms < least ? row->ts_ms : least;
        most = row->ts_ms > most ? row->ts_ms : most;
        customers += seen[lab_root(lab, row->original)]++ == 0;
    }
    assert_int_equal(info->ts_min_ms, least);
    assert_int_equal(info->ts_max_ms, most);
    assert_int_equal(info->customers, customers);
    lab_free(lab);
}

/* The example of docs/formats/segment.md. A change of its bytes is a change of the format: it needs a new version, a
   word in the document, and a new file beside this one, which must stay readable. */
static void the_golden_file_is_written_and_read_byte_for_byte(void **state)
{
    (void)state;
    struct lab *lab = lab_new(1, 10);
    struct fail fail;
    struct store_cell cell = {lab_name(lab, STORE_FAMILY_PROPERTY, "colour"),
                              store_value_str(STR("red"))};
    struct store_row row = {.event = lab_name(lab, STORE_FAMILY_EVENT, "Viewed"),
                            .source = lab_name(lab, STORE_FAMILY_SOURCE, "site"),
                            .channel = STORE_NO_CODE,
                            .scale = STORE_NO_CODE,
                            .client_ts_ms = STORE_NO_TIME,
                            .sent_at_ms = STORE_NO_TIME,
                            .properties = &cell};
    static const struct {
        uint32_t customer, properties;
        int64_t ts_ms;
    } rows[] = {{3, 1, 1700000000000}, {5, 1, 1700000001000}, {3, 0, 1700000060000}};
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        row.original = rows[i].customer;
        row.property_count = rows[i].properties;
        row.ts_ms = rows[i].ts_ms;
        row.received_at_ms = row.ts_ms + 40;
        lab_add(lab, &row);
    }
    lab_seal(lab);
    struct arena *arena = arena_new(NULL);
    struct disk *golden;
    struct str written;
    struct str kept;
    lab_must(disk_real(GOLDEN_FOLDER, &golden, &fail), &fail);
    lab_must(disk_read_whole(golden, "segment-3.seg", arena, 1 << 20, &kept, &fail), &fail);
    lab_must(disk_read_whole(lab->disk, "segments/0000000000000001.seg", arena, 1 << 20, &written,
                             &fail),
             &fail);
    assert_int_equal(written.len, kept.len);
    assert_memory_equal(written.data, kept.data, kept.len);
    assert_int_equal(check_segment(lab->segments[0]), 0);
    disk_free(golden);
    arena_free(arena);
    lab_free(lab);
}

/* ---- merging ------------------------------------------------------------------------------------------ */

/* All that a scan shows of two segments, value by value. */
static void assert_same_rows(struct lab *a, struct lab *b)
{
    struct store_snapshot snapshots[2];
    struct lab *labs[2] = {a, b};
    static const struct store_column_ref columns[] = {
        {STORE_COLUMN_PROPERTY, {"colour", 6}}, {STORE_COLUMN_PROPERTY, {"anything", 8}},
        {STORE_COLUMN_PROPERTY, {"price", 5}},  {STORE_COLUMN_PROPERTY, {"tags.list", 9}},
        {STORE_COLUMN_MESSAGE_ID, {NULL, 0}},   {STORE_COLUMN_TEXT, {NULL, 0}},
        {STORE_COLUMN_TRAIT, {"plan", 4}},      {STORE_COLUMN_SCORE, {NULL, 0}},
        {STORE_COLUMN_RECEIVED_AT, {NULL, 0}},
    };
    for (int i = 0; i < 2; i++) {
        lab_snapshot(labs[i], &snapshots[i]);
        const struct store_scan_options options = {.columns = columns,
                                                   .column_count = ARRAY_LEN(columns),
                                                   .every_customer = true,
                                                   .want_facts = true};
        assert_int_equal(lab_check_scan(labs[i], &snapshots[i], &options), labs[i]->row_count);
        lab_snapshot_done(&snapshots[i]);
    }
}

static void merging_gives_what_sealing_at_once_gives(void **state)
{
    (void)state;
    for (uint64_t seed = 20; seed < 24; seed++) {
        struct lab *pieces = lab_new(seed, 200);
        struct lab *whole = lab_new(seed, 200);
        for (uint32_t i = 0; i < 5; i++) {
            lab_add_random(pieces, 700);
            lab_seal(pieces);
            lab_join(pieces, i, i + 20);
            lab_add_random(whole, 700);
            lab_join(whole, i, i + 20);
        }
        lab_merge(pieces, 1, 3);
        lab_merge(pieces, 0, 3);
        lab_seal(whole);
        const struct store_segment_info *a = store_segment_info(pieces->segments[0]);
        const struct store_segment_info *b = store_segment_info(whole->segments[0]);
        assert_int_equal(a->rows, b->rows);
        assert_int_equal(a->customers, b->customers);
        assert_int_equal(a->ts_min_ms, b->ts_min_ms);
        assert_int_equal(a->arrival_max, b->arrival_max);
        assert_int_equal(a->identity_position, b->identity_position);
        assert_int_equal(a->bytes, b->bytes); /* the same rows in the same order, encoded alike */
        assert_int_equal(check_segment(pieces->segments[0]), 0);
        assert_same_rows(pieces, whole);
        lab_free(pieces);
        lab_free(whole);
    }
}

static void a_string_of_one_customer_is_in_no_dictionary(void **state)
{
    (void)state;
    struct lab *lab = lab_new(30, 10);
    uint32_t name = lab_name(lab, STORE_FAMILY_PROPERTY, "note");
    struct store_cell cell = {name, store_value_str(STR("my secret"))};
    struct store_row row = {.event = lab_name(lab, STORE_FAMILY_EVENT, "Viewed"),
                            .source = lab_name(lab, STORE_FAMILY_SOURCE, "site"),
                            .channel = STORE_NO_CODE,
                            .scale = STORE_NO_CODE,
                            .client_ts_ms = STORE_NO_TIME,
                            .sent_at_ms = STORE_NO_TIME,
                            .properties = &cell,
                            .property_count = 1};
    for (int i = 0; i < 50; i++) { /* many times, but by one customer under two numbers */
        row.original = i % 2 == 0 ? 3 : 4;
        row.ts_ms = 1700000000000 + i;
        lab_add(lab, &row);
    }
    lab_seal(lab); /* as two customers they share it */
    const struct store_segment_column *column =
        store_segment_column_find(lab->segments[0], STORE_SEGMENT_PROPERTY, name);
    assert_int_equal(column->dictionary_count, 1);
    lab_join(lab, 3, 4);
    lab_merge(lab, 0, 1);
    column = store_segment_column_find(lab->segments[0], STORE_SEGMENT_PROPERTY, name);
    assert_int_equal(column->dictionary_count, 0);
    lab_split(lab, 3);
    lab_merge(lab, 0, 1); /* and as two again, told apart by the numbers they were stored under */
    column = store_segment_column_find(lab->segments[0], STORE_SEGMENT_PROPERTY, name);
    assert_int_equal(column->dictionary_count, 1);
    assert_int_equal(check_segment(lab->segments[0]), 0);
    lab_free(lab);
}

static void nothing_is_worth_merging_among_few_of_different_sizes(void **state)
{
    (void)state;
    size_t first;
    size_t count;
    const struct store_segment_info infos[] = {
        {.rows = 1000000}, {.rows = 100000}, {.rows = 10000}, {.rows = 1000}};
    assert_false(store_merge_choose(infos, NULL, 0, false, &first, &count));
    assert_false(store_merge_choose(infos, NULL, 1, false, &first, &count));
    assert_false(store_merge_choose(infos, NULL, 4, false, &first, &count));
}

static void four_alike_are_merged(void **state)
{
    (void)state;
    size_t first;
    size_t count;
    const struct store_segment_info infos[] = {
        {.rows = 1000000}, {.rows = 3000}, {.rows = 2000}, {.rows = 1000}, {.rows = 900}};
    assert_true(store_merge_choose(infos, NULL, 5, false, &first, &count));
    assert_int_equal(first, 1);
    assert_int_equal(count, 4);
}

static void many_of_different_sizes_are_merged_where_it_costs_least(void **state)
{
    (void)state;
    size_t first;
    size_t count;
    struct store_segment_info infos[11];
    for (size_t i = 0; i < 11; i++) {
        infos[i] = (struct store_segment_info){.rows = UINT64_C(1) << (3 * (11 - i))};
    }
    assert_true(store_merge_choose(infos, NULL, 11, false, &first, &count));
    assert_int_equal(first, 9);
    assert_int_equal(count, 2);
    infos[10].rows = STORE_SEGMENT_ROWS_MAX; /* never more than a segment may hold */
    infos[9].rows = STORE_SEGMENT_ROWS_MAX;
    assert_true(store_merge_choose(infos, NULL, 11, false, &first, &count));
    assert_true(first + count <= 9);
}

static void in_quiet_times_all_become_one_where_that_is_worth_it(void **state)
{
    (void)state;
    size_t first;
    size_t count;
    struct store_segment_info infos[] = {{.rows = 1000}, {.rows = 8000}, {.rows = 0}};
    assert_true(store_merge_choose(infos, NULL, 2, true, &first, &count));
    assert_int_equal(first, 0);
    assert_int_equal(count, 2);
    assert_false(store_merge_choose(infos, NULL, 2, false, &first, &count));
    assert_false(store_merge_choose(infos, NULL, 1, true, &first, &count));
    infos[0].rows = 999; /* less than an eighth */
    assert_false(store_merge_choose(infos, NULL, 2, true, &first, &count));
    infos[2].rows = 1;
    assert_true(store_merge_choose(infos, NULL, 3, true, &first, &count));
    assert_int_equal(count, 3);
    infos[2].rows = STORE_SEGMENT_ROWS_MAX; /* never more than a segment may hold */
    assert_false(store_merge_choose(infos, NULL, 3, true, &first, &count));
}

/* A column of a block may take 4 GiB: what might exceed that stays apart, and all else is merged beside it. */
static void what_is_too_wordy_together_stays_apart(void **state)
{
    (void)state;
    size_t first;
    size_t count;
    struct store_segment_info infos[12] = {{.rows = 1000}, {.rows = 1000}, {.rows = 1000},
                                           {.rows = 1000}, {.rows = 1000}, {.rows = 1000}};
    uint64_t hefts[12] = {0, STORE_MERGE_HEFT_MAX / 2, STORE_MERGE_HEFT_MAX / 2 - 3, 1, 1, 1};
    assert_true(store_merge_choose(infos, hefts, 6, true, &first, &count));
    assert_int_equal(first, 0);
    assert_int_equal(count, 6);
    hefts[5] = 2;                                                           /* one byte too many */
    assert_true(store_merge_choose(infos, hefts, 6, true, &first, &count)); /* four alike */
    assert_int_equal(first, 1);
    assert_int_equal(count, 4);
    hefts[1] = STORE_MERGE_HEFT_MAX;
    assert_true(store_merge_choose(infos, hefts, 6, true, &first, &count));
    assert_int_equal(first, 2);
    assert_int_equal(count, 4);
    assert_false(store_merge_choose(infos, hefts, 5, true, &first, &count));
    for (size_t i = 0; i < 12; i++) { /* no two of them: many stay, and nothing is tried in vain */
        infos[i] = (struct store_segment_info){.rows = UINT64_C(1) << 2 * i};
        hefts[i] = STORE_MERGE_HEFT_MAX / 2 + 1;
    }
    assert_false(store_merge_choose(infos, hefts, 12, false, &first, &count));
    hefts[7] = 0; /* but for one, which its smaller neighbour costs least */
    assert_true(store_merge_choose(infos, hefts, 12, false, &first, &count));
    assert_int_equal(first, 6);
    assert_int_equal(count, 2);
}

/* As a store lives: seals of one size; merges whenever there is something to merge. */
static void segments_stay_few_and_rows_are_rewritten_rarely(void **state)
{
    (void)state;
    struct store_segment_info infos[400] = {0};
    size_t segments = 0;
    uint64_t rows = 0;
    uint64_t rewritten = 0;
    size_t most = 0;
    for (uint64_t seal = 0; seal < 4000; seal++) {
        infos[segments++] = (struct store_segment_info){.rows = 200000 + seal * 7919 % 100000};
        rows += infos[segments - 1].rows;
        size_t first;
        size_t count;
        while (store_merge_choose(infos, NULL, segments, false, &first, &count)) {
            assert_true(count > 1 && first + count <= segments);
            for (size_t i = 1; i < count; i++) {
                infos[first].rows += infos[first + i].rows;
            }
            rewritten += infos[first].rows;
            memmove(&infos[first + 1], &infos[first + count],
                    (segments - first - count) * sizeof *infos);
            segments -= count - 1;
        }
        most = segments > most ? segments : most;
    }
    assert_true(rows > 900000000);
    print_message("at most %zu segments, each row rewritten %.1f times\n", most,
                  (double)rewritten / (double)rows);
    assert_true(most <= 10);
    assert_true(rewritten < rows * 7);
}

/* ---- names -------------------------------------------------------------------------------------------- */

static struct store_name find_name(const struct store_name *names, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++) {
        if (str_is(names[i].name, name)) {
            return names[i];
        }
    }
    return (struct store_name){0};
}

static void names_are_counted_over_segments_and_fresh_rows(void **state)
{
    (void)state;
    struct fail fail;
    struct lab *lab = lab_new(40, 60);
    for (int i = 0; i < 3; i++) {
        lab_add_random(lab, 800);
        if (i < 2) {
            lab_seal(lab);
        }
    }
    struct store_snapshot snapshot;
    struct arena *arena = arena_new(NULL);
    lab_snapshot(lab, &snapshot);
    for (int bought = 0; bought < 2; bought++) {
        for (int kind = STORE_NAME_EVENT; kind <= STORE_NAME_SOURCE; kind++) {
            struct store_name *names;
            size_t count;
            struct str event = bought ? STR("Bought") : str_of(NULL, 0);
            lab_must(store_names(&snapshot, (enum store_name_kind)kind, event, arena, &names,
                                 &count, &fail),
                     &fail);
            assert_true(count > 0);
            for (size_t i = 1; i < count; i++) {
                assert_true(names[i - 1].rows > names[i].rows ||
                            (names[i - 1].rows == names[i].rows &&
                             str_compare(names[i - 1].name, names[i].name) < 0));
            }
        }
        struct store_name *names;
        size_t count;
        lab_must(store_names(&snapshot, STORE_NAME_PROPERTY,
                             bought ? STR("Bought") : str_of(NULL, 0), arena, &names, &count,
                             &fail),
                 &fail);
        uint64_t rows = 0;
        int64_t first = INT64_MAX;
        uint32_t colour = lab_name(lab, STORE_FAMILY_PROPERTY, "colour");
        for (size_t i = 0; i < lab->row_count; i++) {
            const struct store_row *row = &lab->rows[i];
            bool has = false;
            for (uint32_t p = 0; p < row->property_count; p++) {
                has |= row->properties[p].name == colour;
            }
            if (has && (!bought || row->event == lab_name(lab, STORE_FAMILY_EVENT, "Bought"))) {
                rows++;
                first = row->ts_ms < first ? row->ts_ms : first;
            }
        }
        const struct store_name found = find_name(names, count, "colour");
        assert_int_equal(found.rows, rows);
        assert_int_equal(found.first_ms, first);
    }
    struct store_name *names;
    size_t count;
    lab_must(store_names_events(&snapshot, STORE_NAME_PROPERTY, STR("colour"), arena, &names,
                                &count, &fail),
             &fail);
    assert_true(count > 1);
    for (size_t i = 0; i < count; i++) {
        struct store_name *of_event;
        size_t of_event_count;
        lab_must(store_names(&snapshot, STORE_NAME_PROPERTY, names[i].name, arena, &of_event,
                             &of_event_count, &fail),
                 &fail);
        struct store_name same = find_name(of_event, of_event_count, "colour");
        assert_int_equal(names[i].rows, same.rows);
        assert_int_equal(names[i].first_ms, same.first_ms);
        assert_int_equal(names[i].last_ms, same.last_ms);
    }
    lab_must(store_names_events(&snapshot, STORE_NAME_TRAIT, STR("no such trait"), arena, &names,
                                &count, &fail),
             &fail);
    assert_int_equal(count, 0);
    lab_must(store_names(&snapshot, STORE_NAME_TRAIT, STR("no such event"), arena, &names, &count,
                         &fail),
             &fail);
    assert_int_equal(count, 0);
    lab_snapshot_done(&snapshot);
    arena_free(arena);
    lab_free(lab);
}

/* Rows of the lab with the event, in [from, to). */
static uint64_t count_rows(const struct lab *lab, uint32_t event, int64_t from_ms, int64_t to_ms)
{
    uint64_t count = 0;
    for (size_t i = 0; i < lab->row_count; i++) {
        count += lab->rows[i].event == event && lab->rows[i].ts_ms >= from_ms &&
                 lab->rows[i].ts_ms < to_ms;
    }
    return count;
}

struct summing {
    const struct store_counting *asked;
    uint64_t sums[8][6]; /* by event and stretch */
};

static bool sum_up(void *context, const struct store_counted *counted, struct fail *fail)
{
    struct summing *summing = context;
    (void)fail;
    for (size_t i = 0; i < summing->asked->stretch_count; i++) {
        summing->sums[counted->event][i] += counted->counts[i];
    }
    return true;
}

static void rows_of_an_hour_are_counted_without_reading_them(void **state)
{
    (void)state;
    enum { HOUR = 3600000 };
    struct fail fail;
    struct lab *lab = lab_new(41, 60);
    for (int i = 0; i < 3; i++) {
        lab_add_random(lab, 800);
        if (i < 2) {
            lab_seal(lab);
        }
    }
    int64_t least = INT64_MAX, most = INT64_MIN;
    for (size_t i = 0; i < lab->row_count; i++) {
        least = lab->rows[i].ts_ms < least ? lab->rows[i].ts_ms : least;
        most = lab->rows[i].ts_ms > most ? lab->rows[i].ts_ms : most;
    }
    struct store_snapshot snapshot;
    struct arena *arena = arena_new(NULL);
    lab_snapshot(lab, &snapshot);
    uint32_t codes = store_names_count(lab->names, STORE_FAMILY_EVENT);
    static const uint8_t wanted[8] = {0, 1, 1, 1, 1, 1, 1, 1}; /* the first is not asked for */
    uint64_t all = 0;
    assert_true(codes > 2 && codes <= ARRAY_LEN(wanted));
    int64_t first = store_stretch_of(least, HOUR) * HOUR,
            step = ((most - first) / HOUR / 7 + 1) * HOUR;
    int64_t edges[7];
    for (int i = 0; i < 7; i++) { /* begin inside, end inside, the third stretch is empty */
        edges[i] = first + step * (i < 3 ? i : i - 1);
    }
    for (int inside = 0; inside < 2; inside++) {
        edges[1] += inside; /* now it cuts an hour in two */
        const struct store_counting asked = {
            .wanted = wanted, .code_count = codes, .edges = edges, .stretch_count = 6};
        struct summing summing = {.asked = &asked};
        struct store_counts *counts;
        lab_must(store_counts_find(&snapshot, &asked, arena, &counts, &fail), &fail);
        const uint8_t *segments = store_counts_segments(counts);
        assert_true(store_counts_fresh(counts));
        bool cut = false;
        for (uint32_t code = 1; code < codes; code++) {
            cut |= count_rows(lab, code, edges[1] - 1, edges[1] - 1 + HOUR) > 0;
        }
        assert_true((segments != NULL && segments[0] && segments[1]) == (inside == 0 || !cut));
        lab_must(store_counts_walk(counts, sum_up, &summing, &fail), &fail);
        for (uint32_t code = 0; inside == 0 && code < codes; code++) {
            for (int i = 0; i < 6; i++) {
                uint64_t rows = code == 0 ? 0 : count_rows(lab, code, edges[i], edges[i + 1]);
                assert_int_equal(summing.sums[code][i], rows);
                all += rows;
            }
        }
    }
    assert_true(all > 0);
    lab_snapshot_done(&snapshot);
    arena_free(arena);
    lab_free(lab);
}

/* ---- damage ------------------------------------------------------------------------------------------- */

static void change_byte(struct lab *lab, const char *path, uint64_t at)
{
    struct fail fail;
    struct disk_file *file;
    uint8_t byte;
    size_t got;
    lab_must(disk_open(lab->disk, path, DISK_WRITE, &file, &fail), &fail);
    lab_must(disk_read_at(file, at, &byte, 1, &got, &fail), &fail);
    byte ^= 0x5A;
    lab_must(disk_write_at(file, at, &byte, 1, &fail), &fail);
    disk_close(file);
}

static void every_changed_byte_is_found(void **state)
{
    (void)state;
    struct lab *lab = lab_new(50, 40);
    struct fail fail;
    lab_add_random(lab, 600);
    lab_seal(lab);
    const struct store_segment_info info = *store_segment_info(lab->segments[0]);
    char path[STORE_SEGMENT_PATH_BYTES];
    store_segment_path(info.id, path);
    unsigned unfound = 0;
    for (uint64_t at = 0; at < info.bytes; at += 1 + base_random_below(lab->random, 60)) {
        struct store_segment *segment;
        change_byte(lab, path, at);
        if (store_segment_open(lab->disk, lab->names, &info, &segment, &fail)) {
            struct told told = {0};
            uint64_t problems = 0;
            lab_must(store_segment_check(segment, take_problem, &told, &problems, &fail), &fail);
            unfound += problems == 0;
            store_segment_unref(segment);
        } else {
            assert_int_equal(fail.code, FAIL_CORRUPT);
            assert_true(str_find(str_from_c(fail.message), str_from_c(path)) == 0);
        }
        change_byte(lab, path, at);
    }
    /* Only the zero bytes between chunks are under no checksum. */
    assert_true(unfound < 30);
    assert_int_equal(check_segment(lab->segments[0]), 0);
    lab_free(lab);
}

static void a_file_cut_short_is_refused(void **state)
{
    (void)state;
    struct lab *lab = lab_new(51, 40);
    struct fail fail;
    lab_add_random(lab, 100);
    lab_seal(lab);
    const struct store_segment_info info = *store_segment_info(lab->segments[0]);
    char path[STORE_SEGMENT_PATH_BYTES];
    store_segment_path(info.id, path);
    struct disk_file *file;
    lab_must(disk_open(lab->disk, path, DISK_WRITE, &file, &fail), &fail);
    static const uint64_t cuts[] = {1, 31, 32, 100, 1000};
    for (size_t i = 0; i < ARRAY_LEN(cuts); i++) {
        struct store_segment *segment;
        lab_must(disk_truncate(file, info.bytes - cuts[i], &fail), &fail);
        assert_false(store_segment_open(lab->disk, lab->names, &info, &segment, &fail));
        assert_int_equal(fail.code, FAIL_CORRUPT);
    }
    disk_close(file);
    lab_free(lab);
}

static void another_segment_under_the_name_is_refused(void **state)
{
    (void)state;
    struct lab *lab = lab_new(52, 40);
    struct fail fail;
    struct store_segment *segment;
    lab_add_random(lab, 100);
    lab_seal(lab);
    lab_add_random(lab, 100);
    lab_seal(lab);
    struct store_segment_info info = *store_segment_info(lab->segments[0]);
    info.checksum++;
    assert_false(store_segment_open(lab->disk, lab->names, &info, &segment, &fail));
    assert_int_equal(fail.code, FAIL_CORRUPT);
    info.id = 3;
    lab_must(disk_rename(lab->disk, "segments/0000000000000001.seg",
                         "segments/0000000000000003.seg", &fail),
             &fail);
    assert_false(store_segment_open(lab->disk, lab->names, &info, &segment, &fail));
    assert_int_equal(fail.code, FAIL_CORRUPT);
    info.id = 9;
    assert_false(store_segment_open(lab->disk, lab->names, &info, &segment, &fail));
    assert_int_equal(fail.code, FAIL_ABSENT);
    lab_free(lab);
}

static void a_doomed_segment_goes_with_its_last_reference(void **state)
{
    (void)state;
    struct lab *lab = lab_new(54, 40);
    struct fail fail;
    struct disk_file *file;
    lab_add_random(lab, 100);
    lab_seal(lab);
    struct store_segment *segment = store_segment_ref(lab->segments[0]);
    store_segment_doom(segment);
    lab->segment_count = 0;
    store_segment_unref(segment);
    lab_must(disk_open(lab->disk, "segments/0000000000000001.seg", DISK_READ, &file, &fail), &fail);
    disk_close(file);
    assert_int_equal(check_segment(segment), 0);
    store_segment_unref(segment);
    assert_false(disk_open(lab->disk, "segments/0000000000000001.seg", DISK_READ, &file, &fail));
    assert_int_equal(fail.code, FAIL_ABSENT);
    lab_free(lab);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sound_segments_check_out),
        cmocka_unit_test(segment_of_many_blocks_checks_out),
        cmocka_unit_test(info_tells_what_the_file_holds),
        cmocka_unit_test(the_golden_file_is_written_and_read_byte_for_byte),
        cmocka_unit_test(merging_gives_what_sealing_at_once_gives),
        cmocka_unit_test(a_string_of_one_customer_is_in_no_dictionary),
        cmocka_unit_test(nothing_is_worth_merging_among_few_of_different_sizes),
        cmocka_unit_test(four_alike_are_merged),
        cmocka_unit_test(many_of_different_sizes_are_merged_where_it_costs_least),
        cmocka_unit_test(in_quiet_times_all_become_one_where_that_is_worth_it),
        cmocka_unit_test(what_is_too_wordy_together_stays_apart),
        cmocka_unit_test(segments_stay_few_and_rows_are_rewritten_rarely),
        cmocka_unit_test(names_are_counted_over_segments_and_fresh_rows),
        cmocka_unit_test(rows_of_an_hour_are_counted_without_reading_them),
        cmocka_unit_test(every_changed_byte_is_found),
        cmocka_unit_test(a_file_cut_short_is_refused),
        cmocka_unit_test(another_segment_under_the_name_is_refused),
        cmocka_unit_test(a_doomed_segment_goes_with_its_last_reference),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
