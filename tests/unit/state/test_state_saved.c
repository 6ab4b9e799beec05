/* Settings, segments, views, sources. */

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "state_catalogue.h"
#include "state_dashboards.h"
#include "state_erasures.h"
#include "state_internal.h"
#include "state_segments.h"
#include "state_settings.h"
#include "state_sources.h"
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

static void setting_never_set_is_what_the_caller_says(void **context)
{
    struct fixture *fixture = *context;
    struct fail fail;
    struct str value;
    assert_true(state_setting_get(fixture->state, STATE_SETTING_TIMEZONE, STR("UTC"),
                                  fixture->arena, &value, &fail));
    assert_true(str_is(value, "UTC"));
    assert_true(
        state_setting_put(fixture->state, STATE_SETTING_TIMEZONE, STR("Europe/Oslo"), &fail));
    assert_true(state_setting_get(fixture->state, STATE_SETTING_TIMEZONE, STR("UTC"),
                                  fixture->arena, &value, &fail));
    assert_true(str_is(value, "Europe/Oslo"));
}

static void settings_are_changed_together(void **context)
{
    struct fixture *fixture = *context;
    struct fail fail;
    struct str value;
    struct state_setting two[] = {{STATE_SETTING_ORGANISATION, STR("Fjordline")},
                                  {STATE_SETTING_TIMEZONE, STR("Europe/Oslo")}};
    assert_true(state_settings_put(fixture->state, two, 2, &fail));
    struct state_setting broken[] = {{STATE_SETTING_ORGANISATION, STR("Other")},
                                     {STATE_SETTING_TIMEZONE, {NULL, 0}}};
    assert_false(state_settings_put(fixture->state, broken, 2, &fail));
    assert_true(state_setting_get(fixture->state, STATE_SETTING_ORGANISATION, STR("?"),
                                  fixture->arena, &value, &fail));
    assert_true(str_is(value, "Fjordline"));
}

static void segments_are_replaced_by_name_and_listed_in_order(void **context)
{
    struct fixture *fixture = *context;
    struct fail fail = {0};
    struct state_segment *list;
    size_t count;
    assert_true(state_segment_put(fixture->state, STR("b"), STR("{}"), STR("Ada"), &fail));
    assert_true(state_segment_put(fixture->state, STR("a"), STR("{}"), STR("Ada"), &fail));
    base_clock_test_step(&fixture->clock, 5000);
    assert_true(state_segment_put(fixture->state, STR("b"), STR("{\"x\":1}"), STR("Bo"), &fail));
    assert_true(state_segments_list(fixture->state, fixture->arena, &list, &count, &fail));
    assert_int_equal(count, 2);
    assert_true(str_is(list[0].name, "a"));
    assert_true(str_is(list[1].definition, "{\"x\":1}"));
    assert_true(str_is(list[1].owner, "Bo"));
    assert_int_equal(list[1].updated_ms, 1700000005000);
}

static void segment_that_is_none_is_not_found(void **context)
{
    struct fixture *fixture = *context;
    struct fail fail = {0};
    struct state_segment segment;
    bool found = true;
    assert_true(
        state_segment_find(fixture->state, STR("x"), fixture->arena, &segment, &found, &fail));
    assert_false(found);
    assert_false(state_segment_delete(fixture->state, STR("x"), &fail));
    assert_int_equal(fail.code, FAIL_ABSENT);
}

static void segment_needs_a_name(void **context)
{
    struct fixture *fixture = *context;
    struct fail fail = {0};
    assert_false(state_segment_put(fixture->state, STR(""), STR("{}"), STR("Ada"), &fail));
    assert_int_equal(fail.code, FAIL_INPUT);
    assert_string_equal(fail.pointer, "/name");
    assert_false(state_segment_put(fixture->state, STR("\xff"), STR("{}"), STR("Ada"), &fail));
    assert_int_equal(fail.code, FAIL_INPUT);
}

static void views_are_added_changed_deleted(void **context)
{
    struct fixture *fixture = *context;
    struct fail fail = {0};
    struct state_view view = {
        .name = STR("v"), .page = STR("trends"), .query = STR("{}"), .owner = STR("Ada")};
    struct state_view *list;
    size_t count;
    int64_t id = 0;
    assert_true(state_view_add(fixture->state, &view, &id, &fail));
    view.id = id;
    view.name = STR("w");
    assert_true(state_view_put(fixture->state, &view, &fail));
    assert_true(state_views_list(fixture->state, fixture->arena, &list, &count, &fail));
    assert_int_equal(count, 1);
    assert_true(str_is(list[0].name, "w"));
    assert_int_equal(list[0].id, id);
    assert_true(state_view_delete(fixture->state, id, &fail));
    assert_false(state_view_delete(fixture->state, id, &fail));
    assert_int_equal(fail.code, FAIL_ABSENT);
    assert_false(state_view_put(fixture->state, &view, &fail));
    assert_int_equal(fail.code, FAIL_ABSENT);
}

static void source_keeps_its_channel(void **context)
{
    struct fixture *fixture = *context;
    struct fail fail = {0};
    struct state_source source;
    bool found = false;
    assert_true(state_source_put(fixture->state, STR("web"), STR("web"), (struct str){0}, &fail));
    assert_true(
        state_source_put(fixture->state, STR("shop"), (struct str){0}, (struct str){0}, &fail));
    assert_true(
        state_source_find(fixture->state, STR("web"), fixture->arena, &source, &found, &fail));
    assert_true(found);
    assert_true(str_is(source.default_channel, "web"));
    assert_int_equal(source.keys, 0);
    assert_true(
        state_source_find(fixture->state, STR("shop"), fixture->arena, &source, &found, &fail));
    assert_null(source.default_channel.data);
    assert_false(
        state_source_put(fixture->state, STR("a\nb"), (struct str){0}, (struct str){0}, &fail));
    assert_int_equal(fail.code, FAIL_INPUT);
}

static void quota_is_what_was_written_last(void **context)
{
    struct fixture *fixture = *context;
    struct fail fail = {0};
    struct state_quota quota = {1, 1, 1, 1};
    assert_true(state_quota_find(fixture->state, STR("web"), &quota, &fail));
    assert_int_equal(quota.day_end_ms + quota.day_events, 0);
    for (int64_t round = 1; round <= 2; round++) {
        const struct state_quota written = {round * 10, round * 20, round * 30, round * 40};
        assert_true(state_quota_put(fixture->state, STR("web"), &written, &fail));
        assert_true(state_quota_find(fixture->state, STR("web"), &quota, &fail));
        assert_memory_equal(&quota, &written, sizeof quota);
    }
    assert_true(state_quota_find(fixture->state, STR("app"), &quota, &fail));
    assert_int_equal(quota.minute_events, 0);
}

static void source_keeps_what_a_change_leaves_out(void **context)
{
    struct fixture *fixture = *context;
    struct fail fail = {0};
    struct state_source source;
    struct str none = {0};
    bool found = false;
    assert_true(state_source_put(fixture->state, STR("web"), STR("web"), none, &fail));
    assert_true(
        state_source_find(fixture->state, STR("web"), fixture->arena, &source, &found, &fail));
    assert_true(str_is(source.settings, "{}"));
    assert_true(
        state_source_put(fixture->state, STR("web"), none, STR("{\"zone\":\"UTC\"}"), &fail));
    assert_true(
        state_source_find(fixture->state, STR("web"), fixture->arena, &source, &found, &fail));
    assert_true(str_is(source.default_channel, "web"));
    assert_true(str_is(source.settings, "{\"zone\":\"UTC\"}"));
    assert_true(state_source_put(fixture->state, STR("web"), STR(""), none, &fail));
    assert_true(
        state_source_find(fixture->state, STR("web"), fixture->arena, &source, &found, &fail));
    assert_null(source.default_channel.data);
    assert_true(str_is(source.settings, "{\"zone\":\"UTC\"}"));
}

static void a_wish_to_be_erased_is_one_until_it_is_closed(void **context)
{
    struct fixture *fixture = *context;
    struct fail fail = {0};
    struct state_erasure first, again, found;
    struct state_erasure *list;
    size_t count;
    int64_t open;
    bool is;
    struct str ann = STR("user:ann");
    assert_true(state_erasure_add(fixture->state, ann, 1000, 5000, &first, &fail));
    assert_true(state_erasure_add(fixture->state, ann, 2000, 9000, &again, &fail));
    assert_int_equal(again.id, first.id);
    assert_int_equal(again.due_ms, 5000);
    assert_true(state_erasure_add(fixture->state, STR("user:bea"), 500, 4000, &again, &fail));
    assert_true(state_erasures_list(fixture->state, true, 0, 10, fixture->arena, &list, &count,
                                    &open, &fail));
    assert_int_equal(count, 2);
    assert_int_equal(open, 2);
    assert_true(str_is(list[0].customer, "user:bea")); /* what is due first */
    assert_true(
        state_erasure_close(fixture->state, first.id, STR("Ada"), STR("done"), 6000, &fail));
    assert_false(
        state_erasure_close(fixture->state, first.id, STR("Ada"), (struct str){0}, 7000, &fail));
    assert_int_equal(fail.code, FAIL_CONFLICT);
    assert_false(state_erasure_close(fixture->state, 99, STR("Ada"), (struct str){0}, 7000, &fail));
    assert_int_equal(fail.code, FAIL_ABSENT);
    assert_true(state_erasure_find(fixture->state, ann, fixture->arena, &found, &is, &fail));
    assert_true(is && found.closed_ms == 6000 && str_is(found.closed_by, "Ada") &&
                str_is(found.note, "done"));
    /* Once more: a new one, and the newest counts. */
    assert_true(state_erasure_add(fixture->state, ann, 8000, 9000, &again, &fail));
    assert_true(again.id != first.id);
    assert_true(state_erasure_find(fixture->state, ann, fixture->arena, &found, &is, &fail));
    assert_true(is && found.id == again.id && found.closed_ms == 0);
    assert_true(state_erasures_list(fixture->state, false, 2, 10, fixture->arena, &list, &count,
                                    &open, &fail));
    assert_int_equal(count, 1); /* the closed one comes last */
    assert_int_equal(list[0].id, first.id);
    assert_true(
        state_erasure_find(fixture->state, STR("user:x"), fixture->arena, &found, &is, &fail));
    assert_false(is);
}

static void an_entry_of_the_catalogue_is_replaced_and_taken_out_when_it_says_nothing(void **context)
{
    struct fixture *fixture = *context;
    struct fail fail = {0};
    struct state_catalogue_entry *list, found;
    size_t count;
    bool is;
    struct str none = {NULL, 0};
    struct state_catalogue_entry entry = {.kind = STR("property"),
                                          .name = STR("price"),
                                          .owner = STR("Ada"),
                                          .description = STR("With tax."),
                                          .expected = STR("{\"type\":\"number\"}"),
                                          .updated_by = STR("Ada")};
    assert_true(state_catalogue_put(fixture->state, &entry, &fail));
    entry.kind = STR("trait");
    entry.expected = none;
    assert_true(state_catalogue_put(fixture->state, &entry, &fail));
    assert_true(state_catalogue_list(fixture->state, none, fixture->arena, &list, &count, &fail));
    assert_int_equal(count, 2);
    assert_true(str_is(list[0].kind, "property") && str_is(list[0].description, "With tax."));
    assert_true(list[1].expected.data == NULL && list[1].updated_ms == 1700000000000);
    assert_true(
        state_catalogue_list(fixture->state, STR("trait"), fixture->arena, &list, &count, &fail));
    assert_int_equal(count, 1);
    entry.owner = STR("");
    entry.description = STR("");
    assert_true(state_catalogue_put(fixture->state, &entry, &fail));
    assert_true(state_catalogue_find(fixture->state, STR("trait"), STR("price"), fixture->arena,
                                     &found, &is, &fail));
    assert_false(is);
    assert_true(state_catalogue_find(fixture->state, STR("property"), STR("price"), fixture->arena,
                                     &found, &is, &fail));
    assert_true(is && str_is(found.expected, "{\"type\":\"number\"}"));
    entry.kind = STR("planet");
    entry.owner = STR("Ada");
    assert_false(state_catalogue_put(fixture->state, &entry, &fail));
    assert_int_equal(fail.code, FAIL_CONFLICT);
}

static void a_dashboard_keeps_its_owner_and_is_listed_without_its_definition(void **context)
{
    struct fixture *fixture = *context;
    struct fail fail = {0};
    struct state_dashboard first = {
        .name = STR("a"), .definition = STR("{\"tiles\":[]}"), .owner = STR("Ada")};
    struct state_dashboard second = {
        .name = STR("b"), .definition = STR("{}"), .owner = STR("Bo"), .pinned = true};
    struct state_dashboard found, *list;
    size_t count;
    assert_true(state_dashboard_add(fixture->state, &first, &first.id, &fail));
    assert_true(state_dashboard_add(fixture->state, &second, &second.id, &fail));
    assert_true(state_dashboards_list(fixture->state, fixture->arena, &list, &count, &fail));
    assert_int_equal(count, 2);
    assert_true(list[0].id == second.id && list[0].definition.data == NULL);
    first.name = STR("c");
    first.owner = STR("Eve");
    assert_true(state_dashboard_put(fixture->state, &first, &fail));
    assert_true(state_dashboard_find(fixture->state, first.id, fixture->arena, &found, &fail));
    assert_true(str_is(found.name, "c") && str_is(found.owner, "Ada"));
    assert_true(str_is(found.definition, "{\"tiles\":[]}"));
    first.name = STR("");
    assert_false(state_dashboard_put(fixture->state, &first, &fail));
    assert_string_equal(fail.pointer, "/name");
    first.name = STR("c");
    assert_true(state_dashboard_delete(fixture->state, first.id, &fail));
    assert_false(state_dashboard_delete(fixture->state, first.id, &fail));
    assert_int_equal(fail.code, FAIL_ABSENT);
    assert_false(state_dashboard_put(fixture->state, &first, &fail));
    assert_int_equal(fail.code, FAIL_ABSENT);
}

static void a_list_is_whole_however_long(void **context)
{
    struct fixture *fixture = *context;
    struct fail fail = {0};
    struct state_segment *list;
    size_t count;
    for (int i = 0; i < 70; i++) {
        char name[16];
        snprintf(name, sizeof name, "s%02d", i);
        assert_true(
            state_segment_put(fixture->state, str_from_c(name), STR("{}"), STR("Ada"), &fail));
    }
    assert_true(state_segments_list(fixture->state, fixture->arena, &list, &count, &fail));
    assert_int_equal(count, 70);
    for (int i = 0; i < 70; i++) {
        char name[16];
        snprintf(name, sizeof name, "s%02d", i);
        assert_true(str_is(list[i].name, name));
    }
}

static void read_name(const struct state_rows *rows, struct arena *arena, void *out)
{
    *(struct str *)out = state_get_text(rows, 0, arena);
}

static void a_full_table_takes_no_more(void **context)
{
    struct fixture *fixture = *context;
    struct fail fail = {0};
    static const struct state_saved two = {"settings", "SELECT count(*) FROM settings", 2,
                                           sizeof(struct str), read_name};
    static const char insert[] = "INSERT INTO settings (name, value) VALUES (?1, 'x')";
    static const char *const names[] = {"a", "b", "c"};
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        struct state_value value = state_text(str_from_c(names[i]));
        assert_int_equal(state_saved_add(fixture->state, &two, insert, &value, 1, NULL, &fail),
                         i < 2);
    }
    assert_int_equal(fail.code, FAIL_LIMIT);
    assert_string_equal(fail.message, "there are 2 settings, and no room for more");
    struct str *list;
    size_t count;
    assert_true(state_saved_list(fixture->state, &two, "SELECT name FROM settings ORDER BY name",
                                 NULL, 0, fixture->arena, &list, &count, &fail));
    assert_int_equal(count, 2);
    assert_true(str_is(list[1], "b"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(setting_never_set_is_what_the_caller_says),
        TEST(settings_are_changed_together),
        TEST(segments_are_replaced_by_name_and_listed_in_order),
        TEST(segment_that_is_none_is_not_found),
        TEST(segment_needs_a_name),
        TEST(views_are_added_changed_deleted),
        TEST(source_keeps_its_channel),
        TEST(source_keeps_what_a_change_leaves_out),
        TEST(quota_is_what_was_written_last),
        TEST(a_wish_to_be_erased_is_one_until_it_is_closed),
        TEST(a_dashboard_keeps_its_owner_and_is_listed_without_its_definition),
        TEST(a_list_is_whole_however_long),
        TEST(a_full_table_takes_no_more),
        TEST(an_entry_of_the_catalogue_is_replaced_and_taken_out_when_it_says_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
