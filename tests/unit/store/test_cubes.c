/* Cubes: rows of segments by event, values of properties and hour, against the list of rows. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>

#include "base_bytes.h"
#include "store_lab.h"

#define HOUR INT64_C(3600000)
#define PAGE (HOUR * STORE_CUBE_PAGE)
#define START                                                                                      \
    (INT64_C(1700000000000) / PAGE * PAGE + 100 * HOUR) /* 156 hours from the page's end */
#define ROWS 110000U /* enough for every cube of two events over some hours */

enum { PLAN, LEVEL, ODD, TWICE, MANY, PROPERTIES };
static const char *const names[PROPERTIES] = {"plan", "level", "odd", "twice", "many"};
static const char *const plans[] = {"free", "pro", "", "team"};

static struct store_value value_of(struct lab *lab, int property, char text[24])
{
    switch (property) {
    case PLAN:
        return store_value_str(str_from_c(plans[lab_dice(lab, 4)]));
    case LEVEL:
        return store_value_int((int64_t)lab_dice(lab, 3) - 1);
    case ODD: /* every kind; one looks like another */
        switch (lab_dice(lab, 5)) {
        case 0:
            return store_value_bool(lab_dice(lab, 2) == 0);
        case 1:
            return store_value_double(0.5);
        case 2:
            return store_value_uint(UINT64_MAX);
        case 3:
            return store_value_int(1);
        default:
            return store_value_str(STR("1"));
        }
    default:
        (void)snprintf(text, 24, "value %d", (int)lab_dice(lab, 400));
        return property == MANY ? store_value_str(str_from_c(text)) : store_value_bool(true);
    }
}

/* Rows over so many hours, most of them of one event; "twice" may stand twice in a row, "many" has 400 values. */
static void add_rows(struct lab *lab, size_t count, uint64_t hours, bool with_odd_ones)
{
    for (size_t i = 0; i < count; i++) {
        struct store_cell cells[PROPERTIES + 1];
        char texts[PROPERTIES + 1][24];
        uint32_t cell_count = 0;
        for (int p = 0; p < PROPERTIES; p++) {
            for (int times = p == TWICE && lab_dice(lab, 50) == 0 ? 2 : 1; times > 0; times--) {
                if (lab_dice(lab, 5) != 0 && (p < TWICE || with_odd_ones)) {
                    cells[cell_count] =
                        (struct store_cell){lab_name(lab, STORE_FAMILY_PROPERTY, names[p]),
                                            value_of(lab, p, texts[cell_count])};
                    cell_count++;
                }
            }
        }
        struct store_row row = {
            .original = (uint32_t)lab_dice(lab, lab->customers),
            .ts_ms = START + (int64_t)lab_dice(lab, hours * (uint64_t)HOUR),
            .client_ts_ms = STORE_NO_TIME,
            .sent_at_ms = STORE_NO_TIME,
            .event = lab_name(lab, STORE_FAMILY_EVENT, lab_dice(lab, 3) == 0 ? "Bought" : "Viewed"),
            .source = lab_name(lab, STORE_FAMILY_SOURCE, "site"),
            .channel = STORE_NO_CODE,
            .scale = STORE_NO_CODE,
            .properties = cells,
            .property_count = cell_count};
        if (row.event == lab_name(lab, STORE_FAMILY_EVENT, "Bought") && lab_dice(lab, 2) == 0) {
            row.property_count = 0;
        }
        row.received_at_ms = row.ts_ms;
        lab_add(lab, &row);
    }
}

/* Seals, and writes the segment once more: what is made of segments has cubes. */
static void seal(struct lab *lab)
{
    lab_seal(lab);
    lab_merge(lab, lab->segment_count - 1, 1);
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
    assert_int_equal(problems > 0, what[0] != '\0');
}

static bool has_value(const struct lab *lab, const struct store_row *row, struct str property,
                      struct store_value value)
{
    for (uint32_t i = 0; i < row->property_count; i++) {
        const struct store_cell *cell = &row->properties[i];
        if (str_equal(store_names_get(lab->names, STORE_FAMILY_PROPERTY, cell->name), property)) {
            return lab_same_value(cell->value, value);
        }
    }
    return value.kind == STORE_NULL;
}

struct comparison {
    const struct lab *lab;
    const struct store_counting *asked;
    uint64_t rows;
    uint32_t *begin; /* by stretch and event: the places of its rows are from here on in `sorted` */
    uint32_t *sorted;
    bool *taken; /* rows that were counted already, by place of the row */
};

/* The stretch of a row that is wanted; their number for others. */
static size_t stretch_of(const struct store_counting *asked, const struct store_row *row)
{
    size_t s = 0;
    while (s < asked->stretch_count &&
           (asked->wanted[row->event] == 0 || row->ts_ms < asked->edges[s] ||
            row->ts_ms >= asked->edges[s + 1])) {
        s++;
    }
    return s;
}

/* Returns how many rows are wanted. */
static uint32_t sort_rows(struct comparison *comparison, struct arena *arena)
{
    struct fail fail;
    const struct lab *lab = comparison->lab;
    const struct store_counting *asked = comparison->asked;
    uint32_t places = (uint32_t)asked->stretch_count * asked->code_count, at = 0;
    /* The values of fresh rows are not looked at. */
    size_t end = asked->property_count == 0 ? lab->row_count : lab->fresh_from;
    comparison->begin = arena_array(arena, places + 1, sizeof(uint32_t), &fail);
    comparison->sorted = arena_array(arena, lab->row_count + 1, sizeof(uint32_t), &fail);
    comparison->taken = arena_array(arena, lab->row_count + 1, sizeof(bool), &fail);
    for (uint32_t place = 0; place < places; place++) {
        comparison->begin[place] = at;
        for (uint32_t i = 0; i < end; i++) {
            const struct store_row *row = &lab->rows[i];
            if (row->event == place % asked->code_count &&
                stretch_of(asked, row) == place / asked->code_count) {
                comparison->sorted[at++] = i;
            }
        }
    }
    comparison->begin[places] = at;
    return at;
}

/* The rows must be so many: each must be counted once, and as what it is. */
static bool compare(void *context, const struct store_counted *counted, struct fail *fail)
{
    struct comparison *comparison = context;
    const struct store_counting *asked = comparison->asked;
    uint64_t before = comparison->rows;
    (void)fail;
    for (size_t s = 0; s < asked->stretch_count; s++) {
        uint64_t left = counted->counts[s];
        size_t place = s * asked->code_count + counted->event;
        for (uint32_t k = comparison->begin[place]; k < comparison->begin[place + 1] && left > 0;
             k++) {
            uint32_t i = comparison->sorted[k];
            bool is = !comparison->taken[i];
            for (unsigned p = 0; p < asked->property_count && is; p++) {
                is = has_value(comparison->lab, &comparison->lab->rows[i], asked->properties[p],
                               counted->values[p]);
            }
            comparison->taken[i] = comparison->taken[i] || is;
            left -= is;
        }
        assert_int_equal(left, 0);
        comparison->rows += counted->counts[s];
    }
    assert_true(comparison->rows > before); /* what has no rows would be a group without any */
    return true;
}

/* Counts, and compares with the rows where a segment can tell. Returns how many can. */
static size_t count(struct lab *lab, const struct store_counting *asked)
{
    struct fail fail;
    struct store_snapshot snapshot;
    struct store_counts *counts;
    struct arena *arena = arena_new(NULL);
    lab_snapshot(lab, &snapshot);
    lab_must(store_counts_find(&snapshot, asked, arena, &counts, &fail), &fail);
    const uint8_t *segments = store_counts_segments(counts);
    size_t known = 0;
    for (size_t s = 0; segments != NULL && s < lab->segment_count; s++) {
        known += segments[s];
    }
    struct comparison comparison = {.lab = lab, .asked = asked};
    uint32_t wanted = sort_rows(&comparison, arena);
    lab_must(store_counts_walk(counts, compare, &comparison, &fail), &fail);
    if (known == lab->segment_count) {
        assert_int_equal(comparison.rows, wanted);
    }
    lab_snapshot_done(&snapshot);
    arena_free(arena);
    return known;
}

/* All events, stretches of some hours that leave out the first and the last; of these properties. */
static size_t count_by(struct lab *lab, int a, int b, int64_t shift_ms)
{
    static const uint8_t wanted[] = {1, 1, 1, 1};
    int64_t edges[6];
    for (int i = 0; i < 6; i++) {
        edges[i] = START + (1 + i * 7) * HOUR + shift_ms;
    }
    struct store_counting asked = {.wanted = wanted,
                                   .code_count = store_names_count(lab->names, STORE_FAMILY_EVENT),
                                   .edges = edges,
                                   .stretch_count = 5};
    assert_true(asked.code_count <= ARRAY_LEN(wanted));
    const int properties[] = {a, b};
    for (size_t i = 0; i < 2; i++) {
        if (properties[i] != PROPERTIES) {
            asked.properties[asked.property_count++] = str_from_c(names[properties[i]]);
        }
    }
    return count(lab, &asked);
}

static void cubes_count_as_the_rows_do(void **state)
{
    (void)state;
    char what[200];
    struct lab *lab = lab_new(7, 500);
    add_rows(lab, ROWS, 40, false);
    seal(lab);
    add_rows(lab, ROWS, 40, false);
    seal(lab);
    for (int merged = 0; merged < 2; merged++) {
        size_t all = merged == 0 ? 2 : 1;
        if (merged == 1) {
            lab_merge(lab, 0, 2);
        }
        assert_int_equal(lab->segment_count, all);
        for (size_t s = 0; s < all; s++) {
            check(lab->segments[s], what);
            assert_string_equal(what, "");
        }
        assert_int_equal(count_by(lab, PROPERTIES, PROPERTIES, 0), all);
        assert_int_equal(count_by(lab, PLAN, PROPERTIES, 0), all);
        assert_int_equal(count_by(lab, ODD, PROPERTIES, 0), all);
        assert_int_equal(count_by(lab, PLAN, LEVEL, 0), all);
        assert_int_equal(count_by(lab, LEVEL, PLAN, 0), all);
        assert_int_equal(count_by(lab, MANY, PLAN, 0), all); /* nothing bears it here */
        assert_int_equal(count_by(lab, MANY, PROPERTIES, 0), all);
        assert_int_equal(count_by(lab, PLAN, PROPERTIES, HOUR / 2), 0);
        assert_int_equal(count_by(lab, PROPERTIES, PROPERTIES, HOUR / 2), 0);
    }
    lab_free(lab);
}

static void rows_that_came_since_and_segments_without_cubes_are_left_to_a_scan(void **state)
{
    (void)state;
    struct lab *lab = lab_new(8, 300);
    add_rows(lab, ROWS, 40, false);
    seal(lab);
    add_rows(lab, 300, 40, false); /* too few for a cube */
    seal(lab);
    add_rows(lab, 300, 40, false);
    assert_int_equal(count_by(lab, PLAN, LEVEL, 0), 1);
    assert_int_equal(count_by(lab, PROPERTIES, PROPERTIES, 0), 2);
    lab_free(lab);
}

static void properties_of_many_values_or_several_of_a_row_have_no_cubes(void **state)
{
    (void)state;
    char what[200];
    struct lab *lab = lab_new(9, 300);
    add_rows(lab, ROWS, 40, true);
    seal(lab);
    check(lab->segments[0], what);
    assert_string_equal(what, "");
    assert_int_equal(count_by(lab, PLAN, LEVEL, 0), 1);
    assert_int_equal(count_by(lab, TWICE, PROPERTIES, 0), 0);
    assert_int_equal(count_by(lab, MANY, PROPERTIES, 0), 0);
    assert_int_equal(count_by(lab, PLAN, MANY, 0), 0);
    lab_free(lab);
}

static void cells_stay_fewer_than_rows_whatever_the_hours(void **state)
{
    (void)state;
    const struct store_cube *cubes;
    struct fail fail;
    struct lab *lab = lab_new(10, 300);
    add_rows(lab, 20000, 24 * 365, false); /* hardly two rows of an event and a plan in an hour */
    seal(lab);
    assert_int_equal(store_segment_cubes(lab->segments[0], &cubes), 0);
    assert_int_equal(count_by(lab, PLAN, PROPERTIES, 0), 0);
    add_rows(lab, 200000, 24 * 30, false);
    seal(lab);
    uint32_t cube_count = store_segment_cubes(lab->segments[1], &cubes);
    assert_true(cube_count > 0);
    struct arena *arena = arena_new(NULL);
    uint64_t cells = 0;
    for (uint32_t c = 0; c < cube_count; c++) {
        struct store_cube_pages pages;
        lab_must(store_segment_cube_open(lab->segments[1], &cubes[c], arena, &pages, &fail), &fail);
        cells += pages.cells.count;
    }
    assert_true(cells <= 200000 / 2);
    arena_free(arena);
    lab_free(lab);
}

static void one_row_of_another_age_makes_no_cube_larger_than_its_pages(void **state)
{
    (void)state;
    char what[200];
    struct lab *lab = lab_new(11, 300);
    add_rows(lab, ROWS, 40, false);
    struct store_row old = {.original = 1,
                            .event = lab_name(lab, STORE_FAMILY_EVENT, "Viewed"),
                            .source = lab_name(lab, STORE_FAMILY_SOURCE, "site"),
                            .ts_ms = -5 * HOUR - 1,
                            .client_ts_ms = STORE_NO_TIME,
                            .sent_at_ms = STORE_NO_TIME,
                            .channel = STORE_NO_CODE,
                            .scale = STORE_NO_CODE};
    lab_add(lab, &old);
    seal(lab);
    check(lab->segments[0], what);
    assert_string_equal(what, "");
    assert_int_equal(count_by(lab, PLAN, LEVEL, 0), 1);
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
    uint8_t *cubes = lab_section(footer, STORE_SEGMENT_TAG_CUBES);
    uint8_t *cube = cubes + 8 + (size_t)base_get_u32(cubes) * 32;
    const uint8_t *bytes = data + base_get_u64(cube + 16);
    size_t length = base_get_u64(cube + 24);
    data[at] ^= change;
    base_put_u64(cube + 32, base_hash64(bytes, length, 0));
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

static void verify_recounts_cubes_and_tells_of_damage(void **state)
{
    (void)state;
    struct fail fail;
    struct store_segment *segment;
    struct str file;
    char path[STORE_SEGMENT_PATH_BYTES], what[200];
    struct lab *lab = lab_new(12, 100);
    struct arena *arena = arena_new(NULL);
    add_rows(lab, ROWS, 10, false);
    seal(lab);
    store_segment_path(2, path);
    lab_must(disk_read_whole(lab->disk, path, arena, 1 << 24, &file, &fail), &fail);
    const uint8_t *data = (const uint8_t *)file.data;
    const uint8_t *cubes = lab_section(
        (uint8_t *)(uintptr_t)data + base_get_u64(data + file.len - 32), STORE_SEGMENT_TAG_CUBES);
    const uint8_t *cube = cubes + 8 + (size_t)base_get_u32(cubes) * 32;
    size_t cells = (size_t)(base_get_u64(cube + 16) + base_get_u64(cube + 24)) - 1;
    while (data[cells] == 0) {
        cells--;
    }
    lab_must(open_changed(lab, file, cells, 1, &segment, &fail), &fail);
    check(segment, what);
    assert_string_equal(what, "the cubes are not those of the rows");
    store_segment_unref(segment);
    /* Numbers that cannot be are refused at once: the event, a property, a place past the end. */
    const size_t places[] = {3, 7, 11, 15, 23, 31};
    for (size_t i = 0; i < ARRAY_LEN(places); i++) {
        assert_false(
            open_changed(lab, file, (size_t)(cube - data) + places[i], 0x70, &segment, &fail));
        assert_int_equal(fail.code, FAIL_CORRUPT);
    }
    arena_free(arena);
    lab_free(lab);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cubes_count_as_the_rows_do),
        cmocka_unit_test(rows_that_came_since_and_segments_without_cubes_are_left_to_a_scan),
        cmocka_unit_test(properties_of_many_values_or_several_of_a_row_have_no_cubes),
        cmocka_unit_test(cells_stay_fewer_than_rows_whatever_the_hours),
        cmocka_unit_test(one_row_of_another_age_makes_no_cube_larger_than_its_pages),
        cmocka_unit_test(verify_recounts_cubes_and_tells_of_damage),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
