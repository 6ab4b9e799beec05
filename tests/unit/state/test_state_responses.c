/* Responses to surveys and personal links that are past their time: what goes, and what stays. */

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "state_responses.h"

struct fixture {
    char directory[64];
    struct state *state;
    struct arena *arena;
};

static int set_up(void **state)
{
    struct fixture *fixture = base_alloc_zero(sizeof *fixture);
    struct state_options options = {.clock = NULL};
    struct fail fail;
    snprintf(fixture->directory, sizeof fixture->directory, "/tmp/firsthand-state-XXXXXX");
    assert_non_null(mkdtemp(fixture->directory));
    fixture->arena = arena_new(NULL);
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

static int64_t count(struct fixture *fixture, const char *sql)
{
    struct state_link *link CLEANUP(state_link_done) = NULL;
    struct fail fail;
    int64_t found = -1;
    assert_true(state_read(fixture->state, &link, &fail));
    assert_true(state_count(link, sql, &found, &fail));
    return found;
}

/* The rows of `sql`, one text each, with a blank behind each. */
static const char *texts(struct fixture *fixture, const char *sql)
{
    struct state_link *link CLEANUP(state_link_done) = NULL;
    struct state_rows *rows CLEANUP(state_rows_done) = NULL;
    struct fail fail;
    struct str all = STR("");
    bool row = true;
    assert_true(state_read(fixture->state, &link, &fail));
    assert_true(state_select(link, sql, NULL, 0, &rows, &fail));
    while (row) {
        assert_true(state_next(rows, &row, &fail));
        if (row) {
            all = str_format(fixture->arena, "%.*s%.*s ", STR_ARG(all),
                             STR_ARG(state_get_text(rows, 0, fixture->arena)));
        }
    }
    return str_copy_c(fixture->arena, all);
}

#define RESPONSES "SELECT id FROM survey_responses ORDER BY id"
#define LINKS "SELECT response FROM survey_links ORDER BY response"

/* Answers to 20,001 responses: one call takes those of 10,000, and the next those of others. */
static void forgetting_answers_goes_on_until_none_is_left(void **context)
{
    struct fixture *fixture = *context;
    struct fail fail;
    int64_t pruned = -1;
    run(fixture,
        "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20001)"
        " INSERT INTO survey_responses SELECT 'r' || i, 's', 1, 1, 'link', 'en', 'u' || i, NULL,"
        " 'settled', '', 1, 10, 10, i, 10 FROM n");
    run(fixture, "INSERT INTO survey_answers SELECT id, 'q', 1, '7', 1 FROM survey_responses");
    for (int64_t left = 20001; left > 0; left -= pruned) {
        assert_int_equal(count(fixture, "SELECT count(*) FROM survey_answers"), left);
        assert_true(state_responses_prune(fixture->state, 100000, &pruned, &fail));
        assert_int_equal(pruned, left < STATE_PRUNED_AT_ONCE ? left : STATE_PRUNED_AT_ONCE);
    }
    assert_int_equal(count(fixture, "SELECT count(*) FROM survey_answers"), 0);
    assert_int_equal(count(fixture, "SELECT count(*) FROM survey_responses"), 20001);
}

static void make_some(struct fixture *fixture)
{
    run(fixture, "INSERT INTO surveys VALUES ('live', 'live', NULL, 1, 'me', 1, 1),"
                 " ('over', 'closed', NULL, 1, 'me', 1, 1)");
    /* id, survey, version, wave, way, language, user, anonymous, status, reasons, parts, created, shown, answered,
       finished */
    run(fixture,
        "INSERT INTO survey_responses VALUES"
        " ('discarded', 'live', 1, 1, 'hosted', 'en', NULL, 'a', 'discarded', '', 0, 10, 0, 20, 0),"
        " ('finished-late', 'live', 1, 1, 'link', 'en', 'b', NULL, 'settled', '', 1, 10, 10, 20, "
        "100),"
        " ('linked', 'live', 1, 1, 'link', 'en', 'c', NULL, 'settled', '', 1, 10, 10, 20, 30),"
        " ('open', 'live', 1, 1, 'link', 'en', 'd', NULL, 'open', '', 0, 10, 10, 20, 0),"
        " ('pending', 'live', 1, 1, 'link', 'en', 'e', NULL, 'settled', '', 1, 10, 10, 20, 30),"
        " ('settled', 'live', 1, 1, 'widget', 'en', 'f', NULL, 'settled', '', 1, 10, 10, 20, 30),"
        " ('suspect', 'live', 1, 1, 'hosted', 'en', NULL, 'g', 'suspect', 'rate', 0, 10, 0, 20, 0),"
        " ('suspect-young', 'live', 1, 1, 'hosted', 'en', NULL, 'h', 'suspect', '', 0, 10, 0, 100, "
        "0),"
        " ('young', 'live', 1, 1, 'link', 'en', 'i', NULL, 'settled', '', 1, 10, 10, 100, 0)");
    run(fixture, "INSERT INTO survey_parts VALUES ('pending', 1, '{}', 1, 30)");
    run(fixture, "INSERT INTO survey_answers VALUES ('suspect', 'q', 1, '\"words\"', 0),"
                 " ('suspect-young', 'q', 1, '\"words\"', 0), ('settled', 'q', 1, '7', 1)");
    /* survey, token_hash, customer, response, wave, once, created, expires, revoked */
    run(fixture,
        "INSERT INTO survey_links (survey, token_hash, customer, response, wave, once, created_ms,"
        " expires_ms, revoked_ms) VALUES"
        " ('live', x'01', 'c', 'linked', 1, 0, 5, 0, 0),"
        " ('live', x'02', 'u', 'unused', 1, 0, 5, 0, 0),"
        " ('live', x'03', 'u', 'unused-expired', 1, 0, 5, 50, 0),"
        " ('live', x'04', 'u', 'unused-expires-later', 1, 0, 5, 100, 0),"
        " ('live', x'05', 'u', 'unused-revoked', 1, 0, 5, 0, 50),"
        " ('live', x'06', 'u', 'unused-revoked-late', 1, 0, 5, 0, 100),"
        " ('over', x'07', 'u', 'unused-of-closed', 1, 0, 5, 0, 0),"
        " ('over', x'08', 'u', 'unused-of-closed-young', 1, 0, 100, 0, 0),"
        " ('live', x'09', 'i', 'young', 1, 0, 5, 50, 0),"
        " ('live', x'0a', 'd', 'open', 1, 0, 5, 50, 0)");
}

static void what_was_silent_for_long_goes_and_all_else_stays(void **context)
{
    struct fixture *fixture = *context;
    struct state_responses_old old, gone, nothing;
    struct fail fail;
    int64_t discarded = -1;
    make_some(fixture);
    assert_true(state_responses_old_count(fixture->state, 100, &old, &fail));
    assert_int_equal(old.responses, 3); /* discarded, linked, settled */
    assert_int_equal(old.suspects, 1);
    assert_int_equal(old.links, 4);
    assert_int_equal(count(fixture, "SELECT count(*) FROM survey_responses"), 9); /* counted only */
    assert_true(state_suspects_old_discard(fixture->state, 100, &discarded, &fail));
    assert_int_equal(discarded, 1);
    assert_string_equal(texts(fixture, "SELECT response FROM survey_answers ORDER BY response"),
                        "settled suspect-young ");
    assert_string_equal(texts(fixture, "SELECT id FROM survey_responses WHERE status = 'discarded'"
                                       " ORDER BY id"),
                        "discarded suspect ");
    assert_true(state_responses_old_remove(fixture->state, 100, &gone, &fail));
    assert_int_equal(gone.responses, 4);
    assert_int_equal(gone.links, 4);
    assert_string_equal(texts(fixture, RESPONSES),
                        "finished-late open pending suspect-young young ");
    assert_string_equal(texts(fixture, LINKS), "open unused unused-expires-later "
                                               "unused-of-closed-young unused-revoked-late young ");
    assert_string_equal(texts(fixture, "SELECT response FROM survey_answers"), "suspect-young ");
    assert_true(state_responses_old_remove(fixture->state, 100, &nothing, &fail));
    assert_int_equal(nothing.responses + nothing.links, 0);
    assert_true(state_suspects_old_discard(fixture->state, 100, &discarded, &fail));
    assert_int_equal(discarded, 0);
    assert_true(state_responses_old_count(fixture->state, 100, &nothing, &fail));
    assert_int_equal(nothing.responses + nothing.suspects + nothing.links, 0);
}

/* The log of changes is emptied in between: what is left lies in the file itself. */
static bool file_holds(struct fixture *fixture, const char *what)
{
    char path[128];
    static char bytes[1 << 22];
    bool emptied = false;
    struct fail fail;
    assert_true(state_scrub(fixture->state, &emptied, &fail));
    assert_true(emptied);
    snprintf(path, sizeof path, "%s/state.db", fixture->directory);
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    size_t size = fread(bytes, 1, sizeof bytes, file);
    fclose(file);
    assert_in_range(size, 4096, sizeof bytes - 1);
    return memmem(bytes, size, what, strlen(what)) != NULL;
}

static void no_byte_of_what_went_is_left_in_the_file(void **context)
{
    struct fixture *fixture = *context;
    struct state_responses_old gone;
    struct fail fail;
    run(fixture, "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3000)"
                 " INSERT INTO survey_responses SELECT 'r' || i, 's', 1, 1, 'link', 'en',"
                 " iif(i % 3 = 0, 'qzkept', 'qzgone') || i, NULL, 'settled', '', 1, 10, 10,"
                 " iif(i % 3 = 0, 1000, 50), 10 FROM n");
    run(fixture, "INSERT INTO survey_answers SELECT id, 'q', 1, '\"qzsaid' || id || '\"', 1"
                 " FROM survey_responses WHERE answered_ms = 50");
    assert_true(file_holds(fixture, "qzgone"));
    assert_true(file_holds(fixture, "qzsaid"));
    for (int64_t left = 2000; left > 0; left -= STATE_RESPONSES_AT_ONCE) {
        assert_true(state_responses_old_remove(fixture->state, 100, &gone, &fail));
        assert_int_equal(gone.responses, STATE_RESPONSES_AT_ONCE);
    }
    assert_false(file_holds(fixture, "qzgone"));
    assert_false(file_holds(fixture, "qzsaid"));
    assert_true(file_holds(fixture, "qzkept"));
}

static void a_part_gets_the_number_behind_all_of_its_response(void **context)
{
    struct fixture *fixture = *context;
    struct fail fail;
    int64_t part = 0;
    run(fixture, "INSERT INTO survey_responses VALUES ('r', 's', 1, 1, 'link', 'en', 'a', NULL,"
                 " 'settled', '', 2, 10, 10, 20, 30)");
    run(fixture, "INSERT INTO survey_parts VALUES ('r', 1, '{}', 0, 20), ('r', 2, '{}', 1, 30)");
    run(fixture, "INSERT INTO survey_answers VALUES ('r', 'p', 1, '1', 1), ('r', 'q', 1, '2', 2)");
    assert_true(state_part_renumber(fixture->state, STR("r"), 1, &part, &fail));
    assert_int_equal(part, 3);
    assert_string_equal(texts(fixture, "SELECT part || at_ms FROM survey_parts ORDER BY part"),
                        "230 320 ");
    assert_string_equal(
        texts(fixture, "SELECT question || part FROM survey_answers ORDER BY question"), "p3 q2 ");
    assert_int_equal(count(fixture, "SELECT parts FROM survey_responses"), 3);
    assert_false(state_part_renumber(fixture->state, STR("none"), 1, &part, &fail));
    assert_int_equal(fail.code, FAIL_ABSENT);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(forgetting_answers_goes_on_until_none_is_left),
        TEST(what_was_silent_for_long_goes_and_all_else_stays),
        TEST(no_byte_of_what_went_is_left_in_the_file),
        TEST(a_part_gets_the_number_behind_all_of_its_response),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
