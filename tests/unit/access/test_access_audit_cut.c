/* The old end of the trail is cut; what is left still shows whatever else was done to it. */
#include "access_fixture.h"

#include "base_mention.h"
#include "state_forget.h"
#include "state_settings.h"

#define DAY_MS INT64_C(86400000)

static int64_t now(const struct fixture *fixture)
{
    return base_now_ms(&fixture->clock.clock);
}

static void write_one(struct fixture *fixture, const char *action)
{
    const struct access_identity by = access_operator();
    struct fail fail;
    assert_true(access_audit(fixture->access, &by, action, STR("thing"), STR("{}"), &fail));
}

/* One line a day: 1 to `count`. */
static void write_lines(struct fixture *fixture, int count)
{
    for (int i = 0; i < count; i++) {
        write_one(fixture, "thing.save");
        base_clock_test_step(&fixture->clock, DAY_MS);
    }
}

static int64_t cut(struct fixture *fixture, int64_t before_ms)
{
    const struct access_identity by = access_operator();
    int64_t removed = -1;
    int64_t would = -1;
    struct fail fail;
    assert_true(access_audit_old(fixture->access, before_ms, &would, &fail));
    if (!access_audit_cut(fixture->access, &by, before_ms, &removed, &fail)) {
        fail_msg("%s", fail.message);
    }
    assert_int_equal(would, removed);
    return removed;
}

static struct access_audit_state look(struct fixture *fixture)
{
    struct access_audit_state trail;
    struct fail fail;
    assert_true(access_audit_verify(fixture->access, &trail, &fail));
    return trail;
}

static void run(struct fixture *fixture, const char *sql)
{
    struct state_link *link = NULL;
    struct fail fail;
    assert_true(state_write(fixture->state, &link, &fail));
    if (!state_run(link, sql, NULL, 0, &fail)) {
        fail_msg("%s: %s", sql, fail.message);
    }
    assert_true(state_commit(&link, &fail));
}

/* Statements with ';' between them. */
static void run_all(struct fixture *fixture, const char *sql)
{
    struct str rest = str_from_c(sql);
    struct str one;
    while (str_next_part(&rest, ';', &one)) {
        run(fixture, str_copy_c(fixture->arena, one));
    }
}

/* Which line does not fit after `sql`? Then all is as it was before. */
static int64_t broken_by(struct fixture *fixture, const char *sql)
{
    run(fixture, "CREATE TABLE kept AS SELECT * FROM audit");
    run_all(fixture, sql);
    int64_t broken = look(fixture).broken_id;
    run(fixture, "DELETE FROM audit");
    run(fixture, "INSERT INTO audit SELECT * FROM kept");
    run(fixture, "DROP TABLE kept");
    assert_int_equal(look(fixture).broken_id, 0);
    return broken;
}

static void what_is_left_after_a_cut_holds(void **context)
{
    struct fixture *fixture = *context;
    write_lines(fixture, 10);
    assert_int_equal(look(fixture).cut_ms, 0);
    assert_int_equal(cut(fixture, START_MS), 0);
    assert_int_equal(look(fixture).lines, 10); /* nothing is old, and nothing is said of it */
    assert_int_equal(cut(fixture, START_MS + 4 * DAY_MS), 4);
    struct access_audit_state trail = look(fixture);
    assert_int_equal(trail.broken_id, 0);
    assert_int_equal(trail.lines, 7);
    assert_int_equal(trail.removed, 4);
    assert_int_equal(trail.cut_ms, now(fixture));
    write_lines(fixture, 3);
    assert_int_equal(cut(fixture, START_MS + 6 * DAY_MS), 2);
    trail = look(fixture);
    assert_int_equal(trail.broken_id, 0);
    assert_int_equal(trail.removed, 6);
    assert_int_equal(trail.lines, 9);
    /* It lasts. */
    close_access(fixture);
    open_access(fixture);
    assert_int_equal(look(fixture).removed, 6);
    assert_int_equal(look(fixture).broken_id, 0);
}

static void a_trail_of_old_lines_alone_is_cut_to_the_line_that_says_so(void **context)
{
    struct fixture *fixture = *context;
    write_lines(fixture, 5);
    base_clock_test_step(&fixture->clock, 100 * DAY_MS);
    assert_int_equal(cut(fixture, now(fixture) - 50 * DAY_MS), 5);
    assert_int_equal(look(fixture).lines, 1);
    /* A line that tells of a cut is no reason for the next. */
    base_clock_test_step(&fixture->clock, 100 * DAY_MS);
    assert_int_equal(cut(fixture, now(fixture) - 50 * DAY_MS), 0);
    write_one(fixture, "thing.save");
    base_clock_test_step(&fixture->clock, 100 * DAY_MS);
    assert_int_equal(cut(fixture, now(fixture) - 50 * DAY_MS), 2);
    struct access_audit_state trail = look(fixture);
    assert_int_equal(trail.broken_id, 0);
    assert_int_equal(trail.lines, 1);
    assert_int_equal(trail.removed, 7);
}

static void whatever_else_is_done_to_a_cut_trail_is_found(void **context)
{
    struct fixture *fixture = *context;
    write_lines(fixture, 10);
    assert_int_equal(cut(fixture, START_MS + 3 * DAY_MS), 3); /* 4 to 10, and 11 says so */
    write_one(fixture, "thing.delete");
    /* Edits: of what lines speak of, of when, of whom, of hashes. */
    assert_int_equal(broken_by(fixture, "UPDATE audit SET object = 'x' WHERE id = 4"), 4);
    assert_int_equal(broken_by(fixture, "UPDATE audit SET at_ms = at_ms + 1 WHERE id = 4"), 4);
    assert_int_equal(broken_by(fixture, "UPDATE audit SET actor = 'x' WHERE id = 7"), 7);
    assert_int_equal(broken_by(fixture, "UPDATE audit SET hash = zeroblob(32) WHERE id = 7"), 7);
    /* Cuts that nobody asked for: more of the old end, the middle, the line that says so, all but one. */
    assert_int_equal(broken_by(fixture, "DELETE FROM audit WHERE id = 4"), 5);
    assert_int_equal(broken_by(fixture, "DELETE FROM audit WHERE id < 9"), 9);
    assert_int_equal(broken_by(fixture, "DELETE FROM audit WHERE id = 8"), 9);
    assert_int_equal(broken_by(fixture, "DELETE FROM audit WHERE id = 11"), 4);
    assert_int_equal(broken_by(fixture, "DELETE FROM audit WHERE id > 10"), 4);
    assert_int_equal(broken_by(fixture, "DELETE FROM audit WHERE id <> 11"), 11);
    /* Swaps. */
    assert_int_equal(broken_by(fixture,
                               "UPDATE audit SET id = 0 WHERE id = 7;UPDATE audit SET id = 7"
                               " WHERE id = 8;UPDATE audit SET id = 8 WHERE id = 0"),
                     7);
    assert_int_equal(broken_by(fixture,
                               "UPDATE audit SET id = 0 WHERE id = 4;UPDATE audit SET id = 4"
                               " WHERE id = 5;UPDATE audit SET id = 5 WHERE id = 0"),
                     4);
    /* Lines put back, or in front, or numbered anew. */
    assert_int_equal(broken_by(fixture, "INSERT INTO audit SELECT 3, at_ms, actor, action, object,"
                                        " detail, hash, content, salt FROM audit WHERE id = 4"),
                     3);
    assert_int_equal(broken_by(fixture, "UPDATE audit SET id = id - 3 WHERE id < 7"), 1);
    assert_int_equal(look(fixture).lines, 9);
}

static void a_trail_that_was_never_cut_may_not_begin_later(void **context)
{
    struct fixture *fixture = *context;
    write_lines(fixture, 5);
    assert_int_equal(broken_by(fixture, "DELETE FROM audit WHERE id < 3"), 3);
    assert_int_equal(broken_by(fixture, "UPDATE audit SET action = 'audit.cut' WHERE id = 5"), 5);
}

/* A line of the program's own form, in the right place of the chain, with what somebody else wants it to say. */
static void forge(struct fixture *fixture, const char *detail)
{
    const struct access_identity by = access_operator();
    struct fail fail;
    assert_true(access_audit(fixture->access, &by, ACCESS_AUDIT_CUT, STR("audit"),
                             str_from_c(detail), &fail));
}

/* "hash" of a line and "seal" of the line that tells of the cut. */
static const char *text_of(struct fixture *fixture, const char *sql)
{
    struct state_link *link CLEANUP(state_link_done) = NULL;
    struct state_rows *rows CLEANUP(state_rows_done) = NULL;
    struct fail fail;
    bool row = false;
    assert_true(state_read(fixture->state, &link, &fail));
    assert_true(state_select(link, sql, NULL, 0, &rows, &fail));
    assert_true(state_next(rows, &row, &fail));
    assert_true(row);
    return str_copy_c(fixture->arena, state_get_text(rows, 0, fixture->arena));
}

static void a_forged_line_about_a_cut_is_found(void **context)
{
    static const char *const others[] = {"", "{}", "[]", "{\"last\":6}", "{\"last\":\"6\"}"};
    struct fixture *fixture = *context;
    write_lines(fixture, 10);
    assert_int_equal(cut(fixture, START_MS + 3 * DAY_MS), 3);
    const char *seal =
        text_of(fixture, "SELECT detail ->> 'seal' FROM audit WHERE action = 'audit.cut'");
    const char *hash = text_of(fixture, "SELECT lower(hex(hash)) FROM audit WHERE id = 6");
    run(fixture, "CREATE TABLE honest AS SELECT * FROM audit");
    for (int i = 0; i < (int)ARRAY_LEN(others) + 3; i++) {
        char detail[400];
        const char *text = i < (int)ARRAY_LEN(others) ? others[i] : detail;
        int shape = i - (int)ARRAY_LEN(others);
        /* The right hash of line 6 with the seal of another cut, without one, and with a hash that is none. */
        snprintf(detail, sizeof detail, "{\"last\":6,\"hash\":\"%s\",\"seal\":%s%s%s}",
                 shape == 2 ? "6" : hash, shape == 1 ? "" : "\"", shape == 1 ? "null" : seal,
                 shape == 1 ? "" : "\"");
        run(fixture, "DELETE FROM audit WHERE id <= 6");
        forge(fixture, text);
        assert_int_not_equal(look(fixture).broken_id, 0);
        run(fixture, "DELETE FROM audit");
        run(fixture, "INSERT INTO audit SELECT * FROM honest");
        assert_int_equal(look(fixture).broken_id, 0);
        /* Nor where nothing was cut: the line itself is what does not fit. */
        forge(fixture, text);
        assert_int_not_equal(look(fixture).broken_id, 0);
        run(fixture, "DELETE FROM audit WHERE id = 12");
    }
    /* What the line says may not be changed either, nor sealed with another secret. */
    assert_int_equal(broken_by(fixture, "UPDATE audit SET detail = json_set(detail, '$.last', 5),"
                                        " salt = NULL WHERE id = 11"),
                     4);
    run(fixture, "UPDATE settings SET value = 'ff' WHERE name = '" STATE_SETTING_AUDIT_KEY "'");
    assert_int_not_equal(look(fixture).broken_id, 0);
    run(fixture, "DELETE FROM settings WHERE name = '" STATE_SETTING_AUDIT_KEY "'");
    assert_int_not_equal(look(fixture).broken_id, 0);
}

/* Each line fits; but no cut of this program's says so. */
static void a_line_about_a_cut_that_was_none_is_found(void **context)
{
    struct fixture *fixture = *context;
    write_lines(fixture, 5);
    forge(fixture, "{\"last\":0,\"hash\":\"\",\"seal\":\"\"}");
    assert_int_equal(look(fixture).broken_id, 6);
}

static void a_trail_that_does_not_hold_is_not_cut(void **context)
{
    struct fixture *fixture = *context;
    const struct access_identity by = access_operator();
    int64_t removed = -1;
    struct fail fail;
    write_lines(fixture, 10);
    run(fixture, "UPDATE audit SET object = 'x' WHERE id = 2");
    assert_false(access_audit_cut(fixture->access, &by, START_MS + 5 * DAY_MS, &removed, &fail));
    assert_int_equal(fail.code, FAIL_CORRUPT);
    assert_int_equal(removed, -1);
    assert_non_null(strstr(fail.message, "line 2 of the audit trail does not fit"));
    assert_string_equal(text_of(fixture, "SELECT '' || count(*) FROM audit"), "10");
}

/* A clock that ran ahead for one line keeps what stands behind it longer; one that fell back takes nothing young. */
static void no_young_line_goes_whatever_the_clock_was(void **context)
{
    struct fixture *fixture = *context;
    write_lines(fixture, 2);
    base_clock_test_step(&fixture->clock, 1000 * DAY_MS);
    write_one(fixture, "thing.save"); /* 3 */
    base_clock_test_step(&fixture->clock, -1000 * DAY_MS);
    write_lines(fixture, 3);
    base_clock_test_step(&fixture->clock, 50 * DAY_MS);
    assert_int_equal(cut(fixture, now(fixture) - 10 * DAY_MS), 2);
    assert_int_equal(look(fixture).broken_id, 0);
    base_clock_test_step(&fixture->clock, 1000 * DAY_MS);
    assert_int_equal(cut(fixture, now(fixture) - 10 * DAY_MS), 5);
    assert_int_equal(look(fixture).broken_id, 0);
}

static void a_long_trail_is_cut_in_pieces_each_of_which_holds(void **context)
{
    static const int64_t pieces[] = {40, 40, 20, 0};
    struct fixture *fixture = *context;
    const struct access_identity by = access_operator();
    const struct access_options few = {.weak_hash_for_tests = true, .audit_cut_max = 40};
    int64_t removed = -1;
    struct fail fail;
    write_lines(fixture, 100);
    int64_t before_ms = now(fixture);
    base_clock_test_step(&fixture->clock, DAY_MS);
    access_close(fixture->access);
    assert_true(access_open(fixture->state, &few, &fixture->access, &fail));
    for (size_t i = 0; i < ARRAY_LEN(pieces); i++) {
        assert_true(access_audit_cut(fixture->access, &by, before_ms, &removed, &fail));
        assert_int_equal(removed, pieces[i]);
        assert_int_equal(look(fixture).broken_id, 0);
    }
    assert_int_equal(look(fixture).removed, 100);
    assert_int_equal(look(fixture).lines, 3);
}

static void erasing_a_person_leaves_the_line_about_the_cut(void **context)
{
    struct fixture *fixture = *context;
    struct fail fail;
    struct state_forgotten forgotten;
    struct base_mention *mention = NULL;
    write_lines(fixture, 10);
    assert_int_equal(cut(fixture, START_MS + 4 * DAY_MS), 4);
    /* Customers may be called anything: here, as the numbers and words of that line. */
    const struct str names[] = {STR("4"), STR("audit"),
                                str_from_c(text_of(fixture, "SELECT detail ->> 'hash' FROM audit"
                                                            " WHERE action = 'audit.cut'"))};
    assert_true(base_mention_new(names, ARRAY_LEN(names), &mention, &fail));
    const struct state_forget forget = {
        .mention = mention, .receipt = STR("er_1"), .by = STR("me"), .now_ms = 1};
    assert_true(state_forget(fixture->state, &forget, &forgotten, &fail));
    base_mention_free(mention);
    assert_int_equal(look(fixture).broken_id, 0);
    assert_int_equal(look(fixture).removed, 4);
}

static void no_byte_of_a_removed_line_is_left_in_the_file(void **context)
{
    struct fixture *fixture = *context;
    const struct access_identity by = access_operator();
    static char bytes[1 << 22];
    struct fail fail;
    char path[128];
    bool emptied = false;
    for (int i = 0; i < 600; i++) {
        assert_true(access_audit(fixture->access, &by, "thing.save",
                                 i < 400 ? STR("qzgone") : STR("qzkept"), STR("{}"), &fail));
        base_clock_test_step(&fixture->clock, DAY_MS);
    }
    assert_int_equal(cut(fixture, START_MS + 400 * DAY_MS), 400);
    assert_true(state_scrub(fixture->state, &emptied, &fail));
    assert_true(emptied);
    snprintf(path, sizeof path, "%s/state.db", fixture->directory);
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    size_t size = fread(bytes, 1, sizeof bytes, file);
    fclose(file);
    assert_null(memmem(bytes, size, "qzgone", 6));
    assert_non_null(memmem(bytes, size, "qzkept", 6));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_is_left_after_a_cut_holds),
        TEST(a_trail_of_old_lines_alone_is_cut_to_the_line_that_says_so),
        TEST(whatever_else_is_done_to_a_cut_trail_is_found),
        TEST(a_trail_that_was_never_cut_may_not_begin_later),
        TEST(a_forged_line_about_a_cut_is_found),
        TEST(a_line_about_a_cut_that_was_none_is_found),
        TEST(a_trail_that_does_not_hold_is_not_cut),
        TEST(no_young_line_goes_whatever_the_clock_was),
        TEST(a_long_trail_is_cut_in_pieces_each_of_which_holds),
        TEST(erasing_a_person_leaves_the_line_about_the_cut),
        TEST(no_byte_of_a_removed_line_is_left_in_the_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
