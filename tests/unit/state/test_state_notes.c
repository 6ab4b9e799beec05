/* Notes on time, and views that are pinned. */

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "state_notes.h"
#include "state_views.h"

struct fixture {
    char directory[64];
    struct base_clock_test clock;
    struct state *state;
    struct arena *arena;
};

static int set_up(void **state)
{
    struct fixture *fixture = base_alloc_zero(sizeof *fixture);
    struct fail fail;
    snprintf(fixture->directory, sizeof fixture->directory, "/tmp/firsthand-state-XXXXXX");
    assert_non_null(mkdtemp(fixture->directory));
    fixture->arena = arena_new(NULL);
    base_clock_test_init(&fixture->clock, 1700000000000);
    struct state_options options = {.clock = &fixture->clock.clock};
    assert_true(state_open(fixture->directory, &options, &fixture->state, &fail));
    *state = fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    char path[128];
    static const char *const names[] = {"state.db", "state.db-wal", "state.db-shm"};
    state_close(fixture->state);
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        snprintf(path, sizeof path, "%s/%s", fixture->directory, names[i]);
        unlink(path);
    }
    assert_int_equal(rmdir(fixture->directory), 0);
    arena_free(fixture->arena);
    base_free(fixture);
    return 0;
}

static void pinned_views_stand_first_and_keep_their_owner(void **context)
{
    struct fixture *fixture = *context;
    struct fail fail;
    struct state_view first = {
        .name = STR("a"), .page = STR("p"), .query = STR("{}"), .owner = STR("Ada")};
    struct state_view second = first, *list;
    size_t count;
    second.owner = STR("Bo");
    assert_true(state_view_add(fixture->state, &first, &first.id, &fail));
    assert_true(state_view_add(fixture->state, &second, &second.id, &fail));
    second.pinned = true;
    second.owner = STR("Cy"); /* who changes it does not become its owner */
    assert_true(state_view_put(fixture->state, &second, &fail));
    assert_true(state_views_list(fixture->state, fixture->arena, &list, &count, &fail));
    assert_int_equal(count, 2);
    assert_int_equal(list[0].id, second.id);
    assert_true(list[0].pinned && !list[1].pinned);
    assert_true(str_is(list[0].owner, "Bo"));
}

static size_t notes_in(struct fixture *fixture, int64_t from_ms, int64_t to_ms, struct str kind,
                       struct state_note **list, int64_t *total)
{
    struct fail fail;
    size_t count;
    assert_true(state_notes_list(fixture->state, from_ms, to_ms, kind, fixture->arena, list, &count,
                                 total, &fail));
    return count;
}

static void notes_are_found_where_any_part_of_them_lies(void **context)
{
    struct fixture *fixture = *context;
    struct fail fail;
    struct str any = {0};
    struct state_note moment = {
        .at_ms = 1000, .kind = STR("release"), .text = STR("v2"), .owner = STR("Ada")};
    struct state_note stretch = {.at_ms = 500,
                                 .until_ms = 2000,
                                 .kind = STR("incident"),
                                 .text = STR("down"),
                                 .owner = STR("Bo")};
    struct state_note *list;
    int64_t total;
    assert_true(state_note_add(fixture->state, &moment, &moment.id, &fail));
    assert_true(state_note_add(fixture->state, &stretch, &stretch.id, &fail));
    assert_int_equal(notes_in(fixture, INT64_MIN, INT64_MAX, any, &list, &total), 2);
    assert_int_equal(list[0].id, stretch.id); /* by time */
    assert_true(str_is(list[1].text, "v2") && list[1].until_ms == 0);
    /* The end of a range and the end of a stretch are no part of it. */
    assert_int_equal(notes_in(fixture, 0, 500, any, &list, &total), 0);
    assert_int_equal(notes_in(fixture, 0, 501, any, &list, &total), 1);
    assert_int_equal(notes_in(fixture, 1001, 5000, any, &list, &total), 1);
    assert_int_equal(list[0].id, stretch.id);
    assert_int_equal(notes_in(fixture, 2000, 5000, any, &list, &total), 0);
    assert_int_equal(notes_in(fixture, 1000, 1001, STR("release"), &list, &total), 1);
    assert_int_equal(total, 1);
    assert_int_equal(notes_in(fixture, 0, 9000, STR("campaign"), &list, &total), 0);
}

static void notes_are_changed_and_deleted_and_what_is_wrong_is_said(void **context)
{
    struct fixture *fixture = *context;
    struct fail fail;
    struct state_note note = {
        .at_ms = 1000, .kind = STR("relaese"), .text = STR("v2"), .owner = STR("Ada")};
    struct state_note found;
    char text[STATE_NOTE_TEXT_BYTES_MAX + 1];
    assert_false(state_note_add(fixture->state, &note, &note.id, &fail));
    assert_string_equal(fail.pointer, "/kind");
    assert_non_null(strstr(fail.message, "did you mean \"release\"?"));
    note.kind = STR("release");
    note.until_ms = 1000;
    assert_false(state_note_add(fixture->state, &note, &note.id, &fail));
    assert_string_equal(fail.pointer, "/until");
    note.until_ms = 0;
    memset(text, 'x', sizeof text);
    note.text = (struct str){text, sizeof text};
    assert_false(state_note_add(fixture->state, &note, &note.id, &fail));
    assert_string_equal(fail.pointer, "/text");
    note.text.len--;
    assert_true(state_note_add(fixture->state, &note, &note.id, &fail));
    note.owner = STR("Bo");
    note.text = STR("v2 for all");
    base_clock_test_step(&fixture->clock, 5000);
    assert_true(state_note_put(fixture->state, &note, &fail));
    assert_true(state_note_find(fixture->state, note.id, fixture->arena, &found, &fail));
    assert_true(str_is(found.text, "v2 for all") && str_is(found.owner, "Ada"));
    assert_int_equal(found.updated_ms, 1700000005000);
    assert_true(state_note_delete(fixture->state, note.id, &fail));
    assert_false(state_note_delete(fixture->state, note.id, &fail));
    assert_int_equal(fail.code, FAIL_ABSENT);
    assert_false(state_note_put(fixture->state, &note, &fail));
    assert_false(state_note_find(fixture->state, note.id, fixture->arena, &found, &fail));
    assert_int_equal(fail.code, FAIL_ABSENT);
}

static void a_list_of_notes_ends_with_the_newest_and_says_how_many_there_are(void **context)
{
    struct fixture *fixture = *context;
    struct fail fail;
    struct str any = {0};
    struct state_note note = {.kind = STR("other"), .text = STR("x"), .owner = STR("Ada")};
    struct state_note *list;
    int64_t total;
    for (int i = 0; i < STATE_NOTES_LISTED_MAX + 3; i++) {
        note.at_ms = i;
        assert_true(state_note_add(fixture->state, &note, &note.id, &fail));
    }
    assert_int_equal(notes_in(fixture, 0, 100000, any, &list, &total), STATE_NOTES_LISTED_MAX);
    assert_int_equal(total, STATE_NOTES_LISTED_MAX + 3);
    assert_int_equal(list[0].at_ms, 3);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(pinned_views_stand_first_and_keep_their_owner),
        TEST(notes_are_found_where_any_part_of_them_lies),
        TEST(notes_are_changed_and_deleted_and_what_is_wrong_is_said),
        TEST(a_list_of_notes_ends_with_the_newest_and_says_how_many_there_are),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
