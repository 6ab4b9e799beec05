/* Writing a segment: on one thread and on two, to a disk that fails, and given up on the way. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "store_bulk.h"
#include "store_lab.h"

static void a_write_that_fails_leaves_no_file(void **state)
{
    (void)state;
    struct lab *lab = lab_new(53, 40);
    lab_add_random(lab, 300);
    const struct store_fresh_view fresh = {lab->fresh, store_fresh_count(lab->fresh)};
    const struct store_segment_build build = {.disk = lab->disk,
                                              .names = lab->names,
                                              .view = lab->view,
                                              .fresh = &fresh,
                                              .fresh_count = 1};
    bool done = false;
    for (uint64_t at = 1; !done; at++) {
        struct fail fail;
        struct store_segment_info info = {.id = 7};
        disk_sim_fail(lab->sim, &(struct disk_sim_fault){.at = at, .kind = DISK_SIM_ENOSPC});
        done = store_segment_write(&build, &info, &fail);
        assert_true(done || fail.code == FAIL_LIMIT);
        disk_sim_fail(lab->sim, NULL);
        struct arena *arena = arena_new(NULL);
        struct str *names;
        size_t count;
        if (disk_list(lab->disk, "segments", arena, &names, &count, &fail)) {
            assert_int_equal(count, done ? 1 : 0);
        }
        arena_free(arena);
        assert_true(at < 50);
    }
    lab_free(lab);
}

/* Two segments of some blocks each, and what merges them. */
static struct lab *lab_of_many_blocks(struct store_segment_build *out)
{
    struct lab *lab = lab_new(56, 4000);
    for (int i = 0; i < 2; i++) {
        lab_add_random(lab, 110000);
        lab_seal(lab);
    }
    *out = (struct store_segment_build){.disk = lab->disk,
                                        .names = lab->names,
                                        .view = lab->view,
                                        .segments = lab->segments,
                                        .segment_count = 2};
    return lab;
}

/* With a second thread and without. */
static void must_be_the_same_file(struct lab *lab, struct store_segment_build build)
{
    struct str files[2];
    struct arena *arena = arena_new(NULL);
    for (int i = 0; i < 2; i++) {
        struct fail fail;
        struct store_segment_info info = {.id = 7};
        build.apart = i == 1;
        lab_must(store_segment_write(&build, &info, &fail), &fail);
        assert_int_equal(info.rows, 220000);
        lab_must(disk_read_whole(lab->disk, "segments/0000000000000007.seg", arena, SIZE_MAX,
                                 &files[i], &fail),
                 &fail);
    }
    assert_true(str_equal(files[0], files[1]));
    arena_free(arena);
}

static void a_second_thread_writes_the_same_file(void **state)
{
    (void)state;
    struct store_segment_build build;
    struct lab *lab = lab_of_many_blocks(&build);
    must_be_the_same_file(lab, build);
    struct store_bulk *bulk = store_bulk_new((uint32_t)lab->row_count, lab->rows[0].arrival);
    for (size_t i = 0; i < lab->row_count; i++) {
        struct fail fail;
        lab_must(store_bulk_append(bulk, &lab->rows[i], &fail), &fail);
    }
    must_be_the_same_file(
        lab, (struct store_segment_build){
                 .disk = lab->disk, .names = lab->names, .view = lab->view, .bulk = bulk});
    store_bulk_free(bulk);
    lab_free(lab);
}

static void what_fails_on_a_second_thread_is_said(void **state)
{
    (void)state;
    struct store_segment_build build;
    struct lab *lab = lab_of_many_blocks(&build);
    bool done = false;
    uint64_t at = 1;
    build.apart = true;
    for (; !done; at++) {
        struct fail fail;
        struct store_segment_info info = {.id = 7};
        disk_sim_fail(lab->sim, &(struct disk_sim_fault){.at = at, .kind = DISK_SIM_ENOSPC});
        done = store_segment_write(&build, &info, &fail);
        assert_true(done || fail.code == FAIL_LIMIT);
        disk_sim_fail(lab->sim, NULL);
        struct disk_file *file;
        assert_int_equal(
            disk_open(lab->disk, "segments/0000000000000007.seg", DISK_READ, &file, &fail), done);
        if (done) {
            disk_close(file);
        }
    }
    assert_true(at > 5); /* blocks were among what failed */
    lab_free(lab);
}

/* Adds a row of a customer with one string. */
static void add_note(struct lab *lab, uint32_t customer, const char *note)
{
    struct store_cell cell = {lab_name(lab, STORE_FAMILY_PROPERTY, "note"),
                              store_value_str(str_of(note, strlen(note)))};
    struct store_row row = {.event = lab_name(lab, STORE_FAMILY_EVENT, "Wrote"),
                            .source = lab_name(lab, STORE_FAMILY_SOURCE, "site"),
                            .channel = STORE_NO_CODE,
                            .scale = STORE_NO_CODE,
                            .client_ts_ms = STORE_NO_TIME,
                            .sent_at_ms = STORE_NO_TIME,
                            .original = customer,
                            .ts_ms = 1700000000000 + (int64_t)lab->row_count,
                            .properties = &cell,
                            .property_count = 1};
    lab_add(lab, &row);
}

/* "a b c": the dictionary of the only segment, in its order. */
static struct str notes_of(struct lab *lab, struct arena *arena)
{
    struct fail fail;
    struct store_dictionary dictionary = {0};
    struct base_buf text CLEANUP(base_buf_done) = {0};
    struct store_segment_column *column = store_segment_column_find(
        lab->segments[0], STORE_SEGMENT_PROPERTY, lab_name(lab, STORE_FAMILY_PROPERTY, "note"));
    assert_non_null(column);
    lab_must(store_segment_dictionary(lab->segments[0], column, &dictionary, &fail), &fail);
    for (uint32_t i = 0; i < dictionary.count; i++) {
        base_buf_str(&text, i > 0 ? STR(" ") : STR(""));
        base_buf_str(&text, store_value_text(store_dictionary_value(&dictionary, i)));
    }
    return str_copy(arena, base_buf_view(&text));
}

static void dictionaries_count_what_segments_have_as_codes_and_as_text(void **state)
{
    (void)state;
    struct arena *arena = arena_new(NULL);
    struct lab *lab = lab_new(57, 10);
    /* "rare" is one customer's here, "often" and "some" are shared. */
    for (uint32_t i = 0; i < 3; i++) {
        add_note(lab, 1, "often");
        add_note(lab, 2, "often");
        add_note(lab, 1, "rare");
    }
    add_note(lab, 3, "some");
    add_note(lab, 4, "some");
    lab_seal(lab);
    assert_string_equal(notes_of(lab, arena).data, "often some");
    /* And here "some" stands alone, by its bytes, while "other" is shared. */
    for (uint32_t i = 0; i < 4; i++) {
        add_note(lab, 5, "some");
        add_note(lab, 6, "other");
        add_note(lab, 7, "other");
    }
    add_note(lab, 2, "rare");
    add_note(lab, 8, "mine");
    lab_seal(lab);
    lab_merge(lab, 0, 2);
    assert_string_equal(notes_of(lab, arena).data, "other often some rare");
    lab_join(lab, 7, 6);
    lab_merge(lab, 0, 1);
    assert_string_equal(notes_of(lab, arena).data, "often some rare");
    lab_free(lab);
    arena_free(arena);
}

static void a_cancelled_merge_stops(void **state)
{
    (void)state;
    struct lab *lab = lab_new(55, 40);
    struct fail fail;
    lab_add_random(lab, 100);
    lab_seal(lab);
    lab_add_random(lab, 100);
    lab_seal(lab);
    struct base_cancel cancel = {.clock = base_clock_real()};
    base_cancel_now(&cancel);
    const struct store_segment_build build = {.disk = lab->disk,
                                              .names = lab->names,
                                              .view = lab->view,
                                              .segments = lab->segments,
                                              .segment_count = 2,
                                              .cancel = &cancel};
    struct store_segment_info info = {.id = 7};
    assert_false(store_segment_write(&build, &info, &fail));
    assert_int_equal(fail.code, FAIL_CANCELLED);
    lab_free(lab);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_write_that_fails_leaves_no_file),
        cmocka_unit_test(a_second_thread_writes_the_same_file),
        cmocka_unit_test(what_fails_on_a_second_thread_is_said),
        cmocka_unit_test(dictionaries_count_what_segments_have_as_codes_and_as_text),
        cmocka_unit_test(a_cancelled_merge_stops),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
