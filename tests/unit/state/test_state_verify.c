/* Is the file whole? Each way in which it can be broken is named, and the file is left as it was. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <sqlite3.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "state_internal.h"
#include "state_pages.h"
#include "../../support/scratch.h"

struct world {
    char directory[SCRATCH_BYTES];
    char path[SCRATCH_BYTES + 16];
    char said[4096];
    struct state_verify_result result;
};
static struct fail fail;

static int set_up(void **state)
{
    static struct world world;
    struct state *made;
    world = (struct world){0};
    assert_true(scratch_make(world.directory));
    snprintf(world.path, sizeof world.path, "%s/state.db", world.directory);
    assert_true(state_open(world.directory, NULL, &made, &fail));
    state_close(made);
    *state = &world;
    return 0;
}

static int tear_down(void **state)
{
    struct world *world = *state;
    assert_true(scratch_remove(world->directory));
    return 0;
}

static void note(void *context, const char *what)
{
    struct world *world = context;
    size_t len = strlen(world->said);
    snprintf(world->said + len, sizeof world->said - len, "%s\n", what);
}

static void verify(struct world *world)
{
    world->said[0] = '\0';
    if (!state_verify_file(world->directory, note, world, &world->result, &fail)) {
        fail_msg("%s", fail.message);
    }
}

/* As nobody should: with another program, and no rule in its way. */
static void damage(struct world *world, const char *sql)
{
    sqlite3 *db = NULL;
    char *error = NULL;
    assert_int_equal(sqlite3_open_v2(world->path, &db, SQLITE_OPEN_READWRITE, state_pages_vfs()),
                     SQLITE_OK);
    if (sqlite3_exec(db, sql, NULL, NULL, &error) != SQLITE_OK) {
        fail_msg("%s: %s", sql, error);
    }
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

static void finds(struct world *world, const char *what)
{
    verify(world);
    if (strstr(world->said, what) == NULL) {
        fail_msg("expected \"%s\", got: %s", what, world->said);
    }
    assert_true(world->result.problems > 0);
}

static void in_a_sound_file_nothing_is_found_and_nothing_is_written(void **state)
{
    struct world *world = *state;
    struct stat before, after;
    assert_int_equal(stat(world->path, &before), 0);
    verify(world);
    assert_string_equal(world->said, "");
    assert_int_equal(world->result.problems, 0);
    assert_false(world->result.none);
    assert_int_equal(world->result.bytes, before.st_size);
    assert_int_equal(stat(world->path, &after), 0);
    assert_true(memcmp(&before.st_mtim, &after.st_mtim, sizeof before.st_mtim) == 0);
}

static void a_file_that_is_missing_is_said_to_be_none(void **state)
{
    struct world *world = *state;
    assert_int_equal(unlink(world->path), 0);
    assert_false(state_is_there(world->directory));
    verify(world);
    assert_true(world->result.none);
    assert_int_equal(world->result.problems, 0);
    assert_false(state_is_there(world->directory)); /* nor is one made */
}

static void an_empty_file_is_said_to_be_none(void **state)
{
    struct world *world = *state;
    assert_int_equal(truncate(world->path, 0), 0);
    verify(world);
    assert_true(world->result.none);
    assert_int_equal(world->result.problems, 0);
}

static void what_is_no_database_is_damaged(void **state)
{
    struct world *world = *state;
    FILE *file = fopen(world->path, "r+be");
    assert_non_null(file);
    assert_true(fputs("this is a letter to a friend", file) >= 0);
    assert_int_equal(fclose(file), 0);
    finds(world, "not a database");
}

static void each_page_that_is_overwritten_is_found(void **state)
{
    struct world *world = *state;
    struct stat status;
    static unsigned char kept[4096], junk[4096];
    memset(junk, 0xee, sizeof junk);
    assert_int_equal(stat(world->path, &status), 0);
    assert_true(status.st_size > 10 * 4096);
    for (long at = 0; at < status.st_size; at += 4096) {
        FILE *file = fopen(world->path, "r+be");
        assert_non_null(file);
        assert_int_equal(fseek(file, at, SEEK_SET), 0);
        assert_int_equal(fread(kept, 1, sizeof kept, file), sizeof kept);
        assert_int_equal(fseek(file, at, SEEK_SET), 0);
        assert_int_equal(fwrite(junk, 1, sizeof junk, file), sizeof junk);
        assert_int_equal(fflush(file), 0);
        verify(world);
        if (world->result.problems == 0) {
            fail_msg("the page at %ld", at);
        }
        struct state *opened = NULL;
        assert_false(state_open(world->directory, NULL, &opened, &fail));
        assert_int_equal(fail.code, FAIL_CORRUPT);
        assert_int_equal(fseek(file, at, SEEK_SET), 0);
        assert_int_equal(fwrite(kept, 1, sizeof kept, file), sizeof kept);
        assert_int_equal(fclose(file), 0);
    }
    verify(world);
    assert_int_equal(world->result.problems, 0);
}

static void a_file_that_was_cut_is_found(void **state)
{
    struct world *world = *state;
    struct stat status;
    assert_int_equal(stat(world->path, &status), 0);
    assert_int_equal(truncate(world->path, status.st_size / 2), 0);
    verify(world);
    assert_true(world->result.problems > 0);
}

static void tables_that_are_not_those_of_its_version_are_found(void **state)
{
    struct world *world = *state;
    damage(world, "DROP INDEX notes_at");
    finds(world, "its tables are not those that its version has");
    damage(world, "CREATE INDEX notes_at ON notes (at_ms)");
    verify(world);
    assert_string_equal(world->said, "");
    damage(world, "CREATE TABLE extra (a)");
    finds(world, "its tables are not those that its version has");
}

static void the_file_of_another_program_or_of_a_newer_version_is_named(void **state)
{
    struct world *world = *state;
    struct state *opened = NULL;
    damage(world, "PRAGMA application_id = 7");
    finds(world, "its head is not that of a file of firsthand");
    assert_false(state_open(world->directory, NULL, &opened, &fail));
    assert_int_equal(fail.code, FAIL_CONFLICT);
    assert_non_null(strstr(fail.message, "another program"));
    damage(world, "PRAGMA application_id = 1718121332; PRAGMA user_version = 1000");
    finds(world, "newer version of firsthand (1000, this one knows ");
}

static void a_file_of_an_older_version_is_sound(void **state)
{
    struct world *world = *state;
    const struct state_schema older = {state_schema.steps, 5};
    struct state *made;
    assert_int_equal(unlink(world->path), 0);
    assert_true(state_open_schema(world->directory, NULL, &older, &made, &fail));
    state_close(made);
    verify(world);
    assert_string_equal(world->said, "");
}

static void rows_that_refer_to_nothing_are_found(void **state)
{
    struct world *world = *state;
    damage(world, "PRAGMA foreign_keys = OFF;"
                  "INSERT INTO sessions VALUES (1, x'01', 99, 0, 0, 'a browser')");
    finds(world, "a row of sessions refers to nothing");
}

static void what_no_rule_of_the_schema_says_is_looked_at_too(void **state)
{
    struct world *world = *state;
    damage(world, "INSERT INTO surveys VALUES ('nps', 'live', NULL, 3, 'Ada', 0, 0)");
    finds(world, "survey nps has no version 3");
    damage(world, "DELETE FROM surveys;"
                  "INSERT INTO audit VALUES (1, 0, 'a', 'b', 'c', 'd', x'00', NULL, NULL),"
                  " (3, 0, 'a', 'b', 'c', 'd', x'00', NULL, NULL)");
    finds(world, "line 2 of the audit trail is missing");
    damage(world, "DELETE FROM audit; INSERT INTO jobs VALUES ('feeds', 0, 5, 0, 9, 0, 3, '', '')");
    finds(world, "the log of jobs has a run of feeds that is none");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(in_a_sound_file_nothing_is_found_and_nothing_is_written),
        TEST(a_file_that_is_missing_is_said_to_be_none),
        TEST(an_empty_file_is_said_to_be_none),
        TEST(what_is_no_database_is_damaged),
        TEST(each_page_that_is_overwritten_is_found),
        TEST(a_file_that_was_cut_is_found),
        TEST(tables_that_are_not_those_of_its_version_are_found),
        TEST(the_file_of_another_program_or_of_a_newer_version_is_named),
        TEST(a_file_of_an_older_version_is_sound),
        TEST(rows_that_refer_to_nothing_are_found),
        TEST(what_no_rule_of_the_schema_says_is_looked_at_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
