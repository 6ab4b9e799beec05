/* The file behind everything that is not an event: transactions, versions, copies, damage. */

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base_thread.h"
#include "state_internal.h"
#include "state_pages.h"

struct fixture {
    char directory[64];
    char path[96];
    struct state *state;
    struct arena *arena;
};

static int set_up(void **state)
{
    struct fixture *fixture = base_alloc_zero(sizeof *fixture);
    struct fail fail;
    snprintf(fixture->directory, sizeof fixture->directory, "/tmp/firsthand-state-XXXXXX");
    assert_non_null(mkdtemp(fixture->directory));
    snprintf(fixture->path, sizeof fixture->path, "%s/state.db", fixture->directory);
    fixture->arena = arena_new(NULL);
    assert_true(state_open(fixture->directory, NULL, &fixture->state, &fail));
    *state = fixture;
    return 0;
}

static void remove_file(const struct fixture *fixture, const char *name)
{
    char path[160];
    snprintf(path, sizeof path, "%s/%s", fixture->directory, name);
    unlink(path);
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    state_close(fixture->state);
    char before[64];
    snprintf(before, sizeof before, "state.db.before-%d", state_schema.version + 1);
    const char *const names[] = {"state.db", "state.db-wal", "state.db-shm", "copy.db", before};
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        remove_file(fixture, names[i]);
    }
    assert_int_equal(rmdir(fixture->directory), 0);
    arena_free(fixture->arena);
    base_free(fixture);
    return 0;
}

static bool put(struct state_link *link, const char *name, const char *value, struct fail *fail)
{
    struct state_value values[] = {state_text(str_from_c(name)), state_text(str_from_c(value))};
    return state_run(link, "INSERT INTO settings (name, value) VALUES (?1, ?2)", values, 2, fail);
}

static int64_t settings_count(struct state *state)
{
    struct fail fail;
    struct state_link *link = NULL;
    int64_t count = -1;
    assert_true(state_read(state, &link, &fail));
    assert_true(state_count(link, "SELECT count(*) FROM settings", &count, &fail));
    state_link_done(&link);
    return count;
}

static void state_keeps_what_was_committed(void **context)
{
    struct fixture *fixture = *context;
    struct fail fail;
    struct state_link *link = NULL;
    assert_true(state_write(fixture->state, &link, &fail));
    assert_true(put(link, "a", "1", &fail));
    assert_true(state_commit(&link, &fail));
    assert_null(link);
    state_close(fixture->state);
    fixture->state = NULL;
    assert_true(state_open(fixture->directory, NULL, &fixture->state, &fail));
    assert_int_equal(settings_count(fixture->state), 1);
}

static void state_undoes_what_was_not_committed(void **context)
{
    struct fixture *fixture = *context;
    struct fail fail;
    struct state_link *link = NULL;
    assert_true(state_write(fixture->state, &link, &fail));
    assert_true(put(link, "a", "1", &fail));
    state_link_done(&link);
    assert_int_equal(settings_count(fixture->state), 0);
}

static void state_reader_sees_one_moment(void **context)
{
    struct fixture *fixture = *context;
    struct fail fail;
    struct state_link *reader = NULL;
    struct state_link *writer = NULL;
    int64_t count = -1;
    assert_true(state_read(fixture->state, &reader, &fail));
    assert_true(state_count(reader, "SELECT count(*) FROM settings", &count, &fail));
    assert_int_equal(count, 0);
    assert_true(state_write(fixture->state, &writer, &fail));
    assert_true(put(writer, "a", "1", &fail));
    assert_true(state_commit(&writer, &fail));
    assert_true(state_count(reader, "SELECT count(*) FROM settings", &count, &fail));
    assert_int_equal(count, 0);
    state_link_done(&reader);
    assert_int_equal(settings_count(fixture->state), 1);
}

static void state_reader_cannot_write(void **context)
{
    struct fixture *fixture = *context;
    struct fail fail = {0};
    struct state_link *link = NULL;
    assert_true(state_read(fixture->state, &link, &fail));
    assert_false(put(link, "a", "1", &fail));
    state_link_done(&link);
    assert_int_equal(settings_count(fixture->state), 0);
}

static void state_names_a_broken_rule_a_conflict(void **context)
{
    struct fixture *fixture = *context;
    struct fail fail = {0};
    struct state_link *link = NULL;
    assert_true(state_write(fixture->state, &link, &fail));
    assert_true(put(link, "a", "1", &fail));
    assert_false(put(link, "a", "2", &fail));
    assert_int_equal(fail.code, FAIL_CONFLICT);
    struct state_value key[] = {state_text(STR("no such source")), state_blob(STR("x"))};
    assert_false(state_run(link,
                           "INSERT INTO keys (kind, name, source, token_hash, prefix, origins,"
                           " scopes, created_ms, last_used_ms, revoked_ms, expires_ms)"
                           " VALUES ('write', 'n', ?1, ?2, 'p', '', '', 0, 0, 0, 0)",
                           key, 2, &fail));
    assert_int_equal(fail.code, FAIL_CONFLICT);
    state_link_done(&link);
}

static void state_refuses_a_secret_key_that_can_be_read(void **context)
{
    struct fixture *fixture = *context;
    struct fail fail = {0};
    struct state_link *link = NULL;
    assert_true(state_write(fixture->state, &link, &fail));
    assert_true(
        state_run(link, "INSERT INTO sources (name, created_ms) VALUES ('s', 0)", NULL, 0, &fail));
    assert_false(state_run(link,
                           "INSERT INTO keys (kind, name, source, token_hash, shown, prefix,"
                           " origins, scopes, created_ms, last_used_ms, revoked_ms, expires_ms)"
                           " VALUES ('secret', 'n', 's', x'00', 'sk_1', 'p', '', '', 0, 0, 0, 0)",
                           NULL, 0, &fail));
    assert_int_equal(fail.code, FAIL_CONFLICT);
    state_link_done(&link);
}

static void state_values_come_back_as_they_went_in(void **context)
{
    struct fixture *fixture = *context;
    struct fail fail;
    struct state_link *link = NULL;
    struct state_rows *rows = NULL;
    bool row = false;
    struct state_value values[] = {
        state_int(INT64_MIN),       state_double(0.1),         state_null(),
        state_text(STR("a\0b")),    state_blob(STR("\xff\0")), state_text(STR("")),
        state_text((struct str){0})};
    assert_true(state_read(fixture->state, &link, &fail));
    assert_true(state_select(link, "SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7", values, ARRAY_LEN(values),
                             &rows, &fail));
    assert_true(state_next(rows, &row, &fail));
    assert_true(row);
    assert_true(state_get_int(rows, 0) == INT64_MIN);
    assert_true(state_get_double(rows, 1) == 0.1);
    assert_true(state_is_null(rows, 2));
    assert_true(str_equal(state_get_text(rows, 3, fixture->arena), STR("a\0b")));
    assert_true(str_equal(state_get_blob(rows, 4, fixture->arena), STR("\xff\0")));
    struct str empty = state_get_text(rows, 5, fixture->arena);
    assert_non_null(empty.data);
    assert_int_equal(empty.len, 0);
    assert_null(state_get_text(rows, 6, fixture->arena).data);
    assert_true(state_next(rows, &row, &fail));
    assert_false(row);
    state_rows_done(&rows);
    state_link_done(&link);
}

static void state_runs_one_statement_twice_at_once(void **context)
{
    struct fixture *fixture = *context;
    struct fail fail;
    struct state_link *link = NULL;
    struct state_rows *outer = NULL;
    struct state_rows *inner = NULL;
    bool row = false;
    static const char sql[] = "SELECT 1 UNION SELECT 2";
    assert_true(state_read(fixture->state, &link, &fail));
    assert_true(state_select(link, sql, NULL, 0, &outer, &fail));
    assert_true(state_next(outer, &row, &fail));
    assert_true(state_select(link, sql, NULL, 0, &inner, &fail));
    assert_true(state_next(inner, &row, &fail));
    assert_int_equal(state_get_int(inner, 0), 1);
    assert_true(state_next(outer, &row, &fail));
    assert_int_equal(state_get_int(outer, 0), 2);
    state_rows_done(&inner);
    state_rows_done(&outer);
    state_link_done(&link);
}

static void state_file_is_its_owners_alone(void **context)
{
    struct fixture *fixture = *context;
    struct stat there;
    assert_int_equal(stat(fixture->path, &there), 0);
    assert_int_equal(there.st_mode & 0777, 0600);
}

static void state_copies_itself_whole(void **context)
{
    struct fixture *fixture = *context;
    struct fail fail = {0};
    struct state_link *link = NULL;
    char copy[128];
    assert_true(state_write(fixture->state, &link, &fail));
    assert_true(put(link, "a", "1", &fail));
    assert_true(state_commit(&link, &fail));
    snprintf(copy, sizeof copy, "%s/copy.db", fixture->directory);
    assert_true(state_backup(fixture->state, copy, NULL, &fail));
    assert_false(state_backup(fixture->state, copy, NULL, &fail));
    assert_int_equal(fail.code, FAIL_CONFLICT);
    state_close(fixture->state);
    fixture->state = NULL;
    assert_int_equal(rename(copy, fixture->path), 0);
    assert_true(state_open(fixture->directory, NULL, &fixture->state, &fail));
    assert_int_equal(settings_count(fixture->state), 1);
}

static void set_version(struct fixture *fixture, int version)
{
    char sql[64];
    sqlite3 *db = NULL;
    snprintf(sql, sizeof sql, "PRAGMA user_version = %d", version);
    assert_int_equal(sqlite3_open_v2(fixture->path, &db, SQLITE_OPEN_READWRITE, state_pages_vfs()),
                     SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

static void state_refuses_a_file_of_a_newer_version(void **context)
{
    struct fixture *fixture = *context;
    struct fail fail = {0};
    state_close(fixture->state);
    fixture->state = NULL;
    set_version(fixture, 999);
    assert_false(state_open(fixture->directory, NULL, &fixture->state, &fail));
    assert_int_equal(fail.code, FAIL_CONFLICT);
    assert_non_null(strstr(fail.message, "newer"));
    assert_null(fixture->state);
}

static void state_refuses_a_file_that_is_no_database(void **context)
{
    struct fixture *fixture = *context;
    struct fail fail = {0};
    state_close(fixture->state);
    fixture->state = NULL;
    FILE *file = fopen(fixture->path, "wb");
    assert_non_null(file);
    for (int i = 0; i < 4096; i++) {
        assert_true(fputc('x', file) == 'x');
    }
    assert_int_equal(fclose(file), 0);
    assert_false(state_open(fixture->directory, NULL, &fixture->state, &fail));
    assert_int_equal(fail.code, FAIL_CORRUPT);
}

#define STEPS_MAX 64

/* The file as it is now with one setting, and then a step of the test's own. */
static bool open_with_step(struct fixture *fixture, const char *step, struct fail *fail)
{
    struct state_link *link = NULL;
    if (fixture->state != NULL) {
        assert_true(state_write(fixture->state, &link, fail));
        assert_true(put(link, "a", "1", fail));
        assert_true(state_commit(&link, fail));
        state_close(fixture->state);
        fixture->state = NULL;
    }
    const char *steps[STEPS_MAX];
    assert_true(state_schema.version < STEPS_MAX);
    memcpy(steps, state_schema.steps, (size_t)state_schema.version * sizeof *steps);
    steps[state_schema.version] = step;
    struct state_schema schema = {steps, state_schema.version + 1};
    return state_open_schema(fixture->directory, NULL, &schema, &fixture->state, fail);
}

static void state_moves_forward_after_a_copy(void **context)
{
    struct fixture *fixture = *context;
    struct fail fail = {0};
    struct state_link *link = NULL;
    int64_t count = -1;
    char copy[128];
    assert_true(open_with_step(fixture, "CREATE TABLE extra (a INTEGER) STRICT", &fail));
    assert_true(state_read(fixture->state, &link, &fail));
    assert_true(state_count(link, "SELECT count(*) FROM extra", &count, &fail));
    assert_int_equal(count, 0);
    state_link_done(&link);
    assert_int_equal(settings_count(fixture->state), 1);
    state_close(fixture->state);
    fixture->state = NULL;
    /* The copy is the file as it was: this version opens it, and not the one that was moved. */
    assert_false(state_open(fixture->directory, NULL, &fixture->state, &fail));
    assert_int_equal(fail.code, FAIL_CONFLICT);
    snprintf(copy, sizeof copy, "%s.before-%d", fixture->path, state_schema.version + 1);
    assert_int_equal(rename(copy, fixture->path), 0);
    assert_true(state_open(fixture->directory, NULL, &fixture->state, &fail));
    assert_int_equal(settings_count(fixture->state), 1);
}

static void state_step_that_fails_leaves_the_file_as_it_was(void **context)
{
    struct fixture *fixture = *context;
    struct fail fail = {0};
    assert_false(
        open_with_step(fixture, "CREATE TABLE extra (a INTEGER) STRICT; DELETE FROM none", &fail));
    char words[64];
    snprintf(words, sizeof words, "from version %d to %d", state_schema.version,
             state_schema.version + 1);
    assert_non_null(strstr(fail.message, words));
    assert_true(state_open(fixture->directory, NULL, &fixture->state, &fail));
    assert_int_equal(settings_count(fixture->state), 1);
    /* Tried again, with the step mended: the copy of the first attempt is in nobody's way. */
    state_close(fixture->state);
    fixture->state = NULL;
    assert_true(open_with_step(fixture, "CREATE TABLE extra (a INTEGER) STRICT", &fail));
    assert_int_equal(settings_count(fixture->state), 1);
}

static void note_problem(void *context, const char *what)
{
    (void)what;
    ++*(int *)context;
}

static void state_verify_finds_nothing_wrong_with_a_sound_file(void **context)
{
    struct fixture *fixture = *context;
    struct fail fail;
    int problems = 0;
    assert_true(state_verify(fixture->state, note_problem, &problems, &fail));
    assert_int_equal(problems, 0);
    bool emptied = false;
    assert_true(state_scrub(fixture->state, &emptied, &fail));
    assert_true(emptied);
}

static void an_overwritten_page_is_found_when_the_file_is_opened(void **context)
{
    struct fixture *fixture = *context;
    struct fail fail;
    struct state_link *link = NULL;
    assert_true(state_write(fixture->state, &link, &fail));
    for (int i = 0; i < 2000; i++) {
        char name[32];
        snprintf(name, sizeof name, "name %d", i);
        assert_true(put(link, name, "a value that fills pages", &fail));
    }
    assert_true(state_commit(&link, &fail));
    state_close(fixture->state);
    fixture->state = NULL;
    FILE *file = fopen(fixture->path, "r+b");
    assert_non_null(file);
    assert_int_equal(fseek(file, -2048, SEEK_END), 0);
    for (int i = 0; i < 2048; i++) {
        assert_true(fputc(0xee, file) == 0xee);
    }
    assert_int_equal(fclose(file), 0);
    assert_false(state_open(fixture->directory, NULL, &fixture->state, &fail));
    assert_int_equal(fail.code, FAIL_CORRUPT);
    assert_non_null(strstr(fail.message, "state.db is damaged: "));
    fixture->state = NULL;
}

static void
the_log_is_emptied_once_nobody_reads_from_it_and_it_is_said_where_somebody_does(void **context)
{
    struct fixture *fixture = *context;
    struct fail fail;
    struct state_link *reader = NULL, *writer = NULL;
    int64_t count;
    bool emptied = true;
    state_close(fixture->state);
    struct state_options impatient = {.wait_ms = 10};
    assert_true(state_open(fixture->directory, &impatient, &fixture->state, &fail));
    assert_true(state_read(fixture->state, &reader, &fail));
    assert_true(state_count(reader, "SELECT count(*) FROM settings", &count, &fail));
    assert_true(state_write(fixture->state, &writer, &fail));
    assert_true(put(writer, "later", "than what is read", &fail));
    assert_true(state_commit(&writer, &fail));
    assert_true(state_scrub(fixture->state, &emptied, &fail));
    assert_false(emptied);
    /* The writer was given back meanwhile. */
    assert_true(state_write(fixture->state, &writer, &fail));
    state_link_done(&writer);
    state_link_done(&reader);
    assert_true(state_scrub(fixture->state, &emptied, &fail));
    assert_true(emptied);
    struct stat status;
    char log[128];
    snprintf(log, sizeof log, "%s-wal", fixture->path);
    assert_int_equal(stat(log, &status), 0);
    assert_int_equal(status.st_size, 0);
}

struct adder {
    struct state *state;
    int which;
    bool ok;
};

static void add_some(void *context)
{
    struct adder *adder = context;
    struct fail fail;
    adder->ok = true;
    for (int i = 0; i < 20 && adder->ok; i++) {
        char name[32];
        struct state_link *link = NULL;
        snprintf(name, sizeof name, "%d/%d", adder->which, i);
        adder->ok = state_write(adder->state, &link, &fail) && put(link, name, "x", &fail) &&
                    state_commit(&link, &fail);
        state_link_done(&link);
    }
}

static void state_writers_take_turns(void **context)
{
    struct fixture *fixture = *context;
    struct fail fail;
    struct adder adders[4];
    struct base_thread threads[4] = {0};
    for (int i = 0; i < 4; i++) {
        adders[i] = (struct adder){fixture->state, i, false};
        assert_true(base_thread_start(&threads[i], "adder", add_some, &adders[i], &fail));
    }
    for (int i = 0; i < 4; i++) {
        base_thread_join(&threads[i]);
        assert_true(adders[i].ok);
    }
    assert_int_equal(settings_count(fixture->state), 80);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(state_keeps_what_was_committed),
        TEST(state_undoes_what_was_not_committed),
        TEST(state_reader_sees_one_moment),
        TEST(state_reader_cannot_write),
        TEST(state_names_a_broken_rule_a_conflict),
        TEST(state_refuses_a_secret_key_that_can_be_read),
        TEST(state_values_come_back_as_they_went_in),
        TEST(state_runs_one_statement_twice_at_once),
        TEST(state_file_is_its_owners_alone),
        TEST(state_copies_itself_whole),
        TEST(state_refuses_a_file_of_a_newer_version),
        TEST(state_refuses_a_file_that_is_no_database),
        TEST(state_moves_forward_after_a_copy),
        TEST(state_step_that_fails_leaves_the_file_as_it_was),
        TEST(state_verify_finds_nothing_wrong_with_a_sound_file),
        TEST(an_overwritten_page_is_found_when_the_file_is_opened),
        TEST(the_log_is_emptied_once_nobody_reads_from_it_and_it_is_said_where_somebody_does),
        TEST(state_writers_take_turns),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
