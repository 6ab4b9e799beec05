/* What lies in state goes by its age: a clock that is set by hand, the whole program behind its operations. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>

#include <cmocka.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "app.h"
#include "base_clock.h"
#include "base_json.h"
#include "state_db.h"
#include "../../support/scratch.h"

#define DAY_MS INT64_C(86400000)
#define START_MS INT64_C(1770000000000)

struct fixture {
    char root[SCRATCH_BYTES];
    struct base_clock_test clock;
    struct app *app;
    struct arena *arena;
    struct fail fail;
};

static void open_app(struct fixture *fixture)
{
    const struct app_options options = {.data = fixture->root, .clock = &fixture->clock.clock};
    if (!app_open(&options, &fixture->app, &fixture->fail)) {
        fail_msg("%s", fixture->fail.message);
    }
}

static int set_up(void **state)
{
    struct fixture *fixture = base_alloc_zero(sizeof *fixture);
    fixture->arena = arena_new(NULL);
    base_clock_test_init(&fixture->clock, START_MS);
    *state = fixture;
    if (!scratch_make(fixture->root)) {
        return -1;
    }
    open_app(fixture);
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    app_close(fixture->app);
    bool removed = scratch_remove(fixture->root);
    arena_free(fixture->arena);
    base_free(fixture);
    return removed ? 0 : -1;
}

static void step(struct fixture *fixture, int64_t days)
{
    base_clock_test_step(&fixture->clock, days * DAY_MS);
}

static const char *call(struct fixture *fixture, const char *operation, const char *input)
{
    struct base_buf out = {0};
    struct app_caller caller = app_operator();
    if (!app_call(fixture->app, &caller, str_from_c(operation), str_from_c(input), &out,
                  &fixture->fail)) {
        fail_msg("%s %s: %s", operation, input, fixture->fail.message);
    }
    const char *text = str_copy_c(fixture->arena, base_buf_view(&out));
    base_buf_done(&out);
    return text;
}

static int64_t number_of(const char *json, const char *name)
{
    struct json_parser *parser = json_parser_new();
    struct json_value root, value;
    struct fail fail;
    assert_true(json_parse(parser, str_from_c(json), &root, &fail));
    if (!json_member(root, str_from_c(name), &value) || json_type_of(value) != JSON_INT) {
        fail_msg("no number \"%s\" in %s", name, json);
    }
    int64_t number = json_int(value);
    json_parser_free(parser);
    return number;
}

static int64_t count(struct fixture *fixture, const char *sql)
{
    struct state_link *link CLEANUP(state_link_done) = NULL;
    int64_t found = -1;
    assert_true(state_read(app_state(fixture->app), &link, &fixture->fail));
    assert_true(state_count(link, sql, &found, &fixture->fail));
    return found;
}

static void change(struct fixture *fixture, const char *sql)
{
    struct state_link *link = NULL;
    assert_true(state_write(app_state(fixture->app), &link, &fixture->fail));
    if (!state_run(link, sql, NULL, 0, &fixture->fail)) {
        fail_msg("%s: %s", sql, fixture->fail.message);
    }
    assert_true(state_commit(&link, &fixture->fail));
}

static void publish(struct fixture *fixture)
{
    call(fixture, "survey.add",
         "{\"id\":\"s\",\"definition\":{\"name\":\"S\",\"ways\":[\"link\",\"api\"],\"questions\":["
         "{\"id\":\"n\",\"type\":\"nps\",\"title\":\"T\"},"
         "{\"id\":\"o\",\"type\":\"open\",\"title\":\"T\"}]}}");
    call(fixture, "survey.publish", "{\"id\":\"s\"}");
}

static void answer(struct fixture *fixture, const char *user)
{
    call(fixture, "survey.respond",
         str_copy_c(fixture->arena,
                    str_format(fixture->arena,
                               "{\"id\":\"s\",\"userId\":\"%s\",\"message_id\":\"m-%s\","
                               "\"answers\":{\"n\":9,\"o\":\"words of %s\"}}",
                               user, user, user)));
}

/* Somebody whom the program took for a machine, and at whom nobody has looked. */
static void make_suspect(struct fixture *fixture, const char *user)
{
    struct arena *arena = fixture->arena;
    answer(fixture, user);
    change(fixture, str_copy_c(arena, str_format(arena,
                                                 "UPDATE survey_responses SET status = 'suspect',"
                                                 " reasons = 'rate' || char(10), parts = 0"
                                                 " WHERE user = '%s'",
                                                 user)));
}

static const char *note(struct fixture *fixture)
{
    struct json_parser *parser = json_parser_new();
    struct json_value root, jobs, job, name, text;
    const char *found = NULL;
    assert_true(json_parse(parser, str_from_c(call(fixture, "jobs", "{}")), &root, &fixture->fail));
    assert_true(json_member(root, STR("jobs"), &jobs));
    for (struct json_iter it = json_iter_of(jobs); json_next(&it, NULL, &job);) {
        if (json_member(job, STR("name"), &name) && str_is(json_string(name), "retention") &&
            json_member(job, STR("note"), &text)) {
            found = str_copy_c(fixture->arena, json_string(text));
        }
    }
    json_parser_free(parser);
    assert_non_null(found);
    return found;
}

static int64_t count_refused(struct fixture *fixture)
{
    struct json_parser *parser = json_parser_new();
    struct json_value root, total, refused;
    assert_true(
        json_parse(parser, str_from_c(call(fixture, "ledger", "{}")), &root, &fixture->fail));
    assert_true(json_member(root, STR("total"), &total));
    assert_true(json_member(total, STR("refused"), &refused));
    int64_t found = json_int(refused);
    json_parser_free(parser);
    return found;
}

static void run_job(struct fixture *fixture)
{
    call(fixture, "job.run", "{\"name\":\"retention\"}");
}

/* In the files of the state, the log of its changes too. */
static bool holds(struct fixture *fixture, const char *word)
{
    static const char *const names[] = {"state.db", "state.db-wal"};
    static char bytes[1 << 23];
    bool found = false;
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        char path[SCRATCH_BYTES + 32];
        snprintf(path, sizeof path, "%s/%s", fixture->root, names[i]);
        FILE *file = fopen(path, "rb");
        size_t size = file == NULL ? 0 : fread(bytes, 1, sizeof bytes, file);
        assert_true(size < sizeof bytes && (i > 0 || size > 0));
        if (file != NULL) {
            fclose(file);
        }
        found = found || memmem(bytes, size, word, strlen(word)) != NULL;
    }
    return found;
}

static void what_no_rule_speaks_of_is_kept(void **state)
{
    struct fixture *fixture = *state;
    publish(fixture);
    answer(fixture, "ann");
    step(fixture, 3000);
    int64_t lines = count(fixture, "SELECT count(*) FROM audit");
    run_job(fixture);
    assert_int_equal(count(fixture, "SELECT count(*) FROM survey_responses"), 1);
    assert_int_equal(count(fixture, "SELECT count(*) FROM audit"), lines);
    assert_string_equal(note(fixture),
                        "0 events, the words of 0, 0 rows of the quarantine, 0 customers, 0 "
                        "responses to surveys (0 had waited for a person), 0 personal links, 0 "
                        "lines of the audit trail");
}

static void responses_go_by_their_age_and_what_they_told_stays(void **state)
{
    struct fixture *fixture = *state;
    publish(fixture);
    answer(fixture, "ann");
    make_suspect(fixture, "zed");
    call(fixture, "survey.link",
         "{\"id\":\"s\",\"anonymous\":1,\"expires\":\"2026-02-02T12:00:00Z\"}");
    step(fixture, 300);
    answer(fixture, "bob");
    make_suspect(fixture, "yan");
    int64_t refused = count_refused(fixture);
    call(fixture, "retention.save", "{\"responses_days\":400}");
    step(fixture, 101);
    const char *would = call(fixture, "retention.preview", "{}");
    assert_int_equal(number_of(would, "responses"), 2);
    assert_int_equal(number_of(would, "suspects"), 1);
    assert_int_equal(number_of(would, "links"), 1);
    assert_int_equal(number_of(would, "audit"), 0);
    assert_true(holds(fixture, "words of zed"));
    run_job(fixture);
    assert_non_null(strstr(note(fixture), "2 responses to surveys (1 had waited for a person), 1 "
                                          "personal links"));
    assert_int_equal(count(fixture, "SELECT count(*) FROM survey_responses WHERE user IN"
                                    " ('bob', 'yan')"),
                     2);
    assert_int_equal(count(fixture, "SELECT count(*) FROM survey_responses"), 2);
    assert_false(holds(fixture, "words of zed"));
    assert_false(holds(fixture, "zed"));
    assert_true(holds(fixture, "words of yan")); /* waits on */
    /* Told: in the ledger, in the trail; and what was on the timeline still is. */
    assert_int_equal(count_refused(fixture), refused + 1);
    assert_int_equal(count(fixture, "SELECT count(*) FROM audit WHERE action = 'retention.cut' AND"
                                    " actor = 'server' AND detail ->> 'responses' = 2 AND"
                                    " detail ->> 'suspects' = 1 AND detail ->> 'events' = 0"),
                     1);
    assert_int_equal(number_of(call(fixture, "survey.responses", "{\"id\":\"s\"}"), "total"), 4);
    /* Once more takes nothing, and says nothing. */
    run_job(fixture);
    assert_int_equal(count_refused(fixture), refused + 1);
    assert_int_equal(count(fixture, "SELECT count(*) FROM audit WHERE action = 'retention.cut'"),
                     1);
    would = call(fixture, "retention.preview", "{}");
    assert_int_equal(number_of(would, "responses"), 0);
}

static void the_audit_trail_goes_by_its_age_and_what_is_left_holds(void **state)
{
    struct fixture *fixture = *state;
    for (int i = 0; i < 10; i++) {
        call(fixture, "segment.save",
             str_copy_c(fixture->arena, str_format(fixture->arena,
                                                   "{\"name\":\"qzsegment%d\",\"segment\":"
                                                   "{\"did\":{\"event\":\"Visit\"}}}",
                                                   i)));
        call(fixture, "retention.save", "{\"audit_days\":90}");
        step(fixture, 10);
    }
    step(fixture, 40); /* the first was 140 days ago */
    int64_t lines = count(fixture, "SELECT count(*) FROM audit");
    int64_t old = number_of(call(fixture, "retention.preview", "{}"), "audit");
    assert_true(old >= 5 && old < lines);
    run_job(fixture);
    char expected[64];
    snprintf(expected, sizeof expected, ", %lld lines of the audit trail", (long long)old);
    assert_non_null(strstr(note(fixture), expected));
    assert_int_equal(count(fixture, "SELECT count(*) FROM audit"), lines - old + 1);
    for (int round = 0; round < 2; round++) {
        const char *verified = call(fixture, "erasure.verify", "{}");
        assert_int_equal(number_of(verified, "audit_broken"), 0);
        assert_int_equal(number_of(verified, "audit_removed"), old);
        assert_int_equal(number_of(verified, "audit_lines"), lines - old + 1);
        assert_non_null(strstr(verified, "\"audit_cut\":\"2026-"));
        app_close(fixture->app);
        open_app(fixture);
    }
    assert_int_equal(count(fixture, "SELECT count(*) FROM audit WHERE action = 'audit.cut' AND"
                                    " actor = 'server'"),
                     1);
    change(fixture, "DELETE FROM audit WHERE id = (SELECT min(id) FROM audit)");
    assert_int_not_equal(number_of(call(fixture, "erasure.verify", "{}"), "audit_broken"), 0);
}

/* A trail that somebody changed stays as it is; the job says so, and all else goes and is told. */
static void a_changed_trail_stops_its_own_cut_only(void **state)
{
    struct fixture *fixture = *state;
    struct base_buf out = {0};
    struct app_caller caller = app_operator();
    publish(fixture);
    answer(fixture, "ann");
    call(fixture, "retention.save", "{\"audit_days\":90,\"responses_days\":30}");
    step(fixture, 200);
    change(fixture, "UPDATE audit SET object = 'x' WHERE id = 1");
    int64_t lines = count(fixture, "SELECT count(*) FROM audit");
    assert_false(app_call(fixture->app, &caller, STR("job.run"), STR("{\"name\":\"retention\"}"),
                          &out, &fixture->fail));
    base_buf_done(&out);
    assert_non_null(strstr(fixture->fail.message, "line 1 of the audit trail does not fit"));
    assert_int_equal(count(fixture, "SELECT count(*) FROM survey_responses"), 0);
    assert_int_equal(count(fixture, "SELECT count(*) FROM audit"), lines + 1);
    assert_int_equal(count(fixture, "SELECT count(*) FROM audit WHERE action = 'retention.cut' AND"
                                    " detail ->> 'responses' = 1"),
                     1);
}

/* In a process of its own, which is killed after so many microseconds. */
static void run_and_kill(struct fixture *fixture, useconds_t after_us)
{
    app_close(fixture->app);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        struct base_buf out = {0};
        struct app_caller caller = app_operator();
        open_app(fixture);
        bool done = app_call(fixture->app, &caller, STR("job.run"), STR("{\"name\":\"retention\"}"),
                             &out, &fixture->fail);
        if (done) {
            pause();
        }
        _exit(1); /* the job failed: seen below, as it is not the kill that ended the child */
    }
    int status;
    usleep(after_us);
    assert_int_equal(kill(child, SIGKILL), 0);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status));
    open_app(fixture);
}

/* A run with what there is of 6,000 old responses, killed later and later until nothing is left; whether one was killed
   between its first and its last transaction. */
static bool kill_until_all_is_gone(struct fixture *fixture)
{
    int64_t before = -1;
    bool partly = false;
    change(fixture,
           "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 6000)"
           " INSERT INTO survey_responses SELECT 'r' || i, 's', 1, 1, 'link', 'en', 'qzgone' || i,"
           " NULL, iif(i % 3 = 0, 'suspect', 'settled'), '', 1, 1, 1, 1, 1 FROM n");
    change(fixture, "INSERT INTO survey_answers SELECT id, 'n', 1, '9', 0 FROM survey_responses"
                    " WHERE status = 'suspect'");
    for (useconds_t after_us = 4000; before != 0; after_us += after_us / 4) {
        assert_true(after_us < 60000000);
        run_and_kill(fixture, after_us);
        int64_t left = count(fixture, "SELECT count(*) FROM survey_responses");
        partly = partly || (left > 0 && left < 6000);
        assert_true(before < 0 || left <= before);
        before = left;
        assert_int_equal(count(fixture, "SELECT count(*) FROM survey_answers WHERE response NOT IN"
                                        " (SELECT id FROM survey_responses)"),
                         0);
        assert_int_equal(count(fixture, "SELECT count(*) FROM survey_answers JOIN survey_responses"
                                        " ON id = response WHERE status = 'discarded'"),
                         0);
        assert_int_equal(number_of(call(fixture, "erasure.verify", "{}"), "audit_broken"), 0);
    }
    return partly;
}

static void killed_in_the_middle_all_is_whole_and_the_next_run_ends_it(void **state)
{
    struct fixture *fixture = *state;
    bool partly = false;
    publish(fixture);
    call(fixture, "retention.save", "{\"audit_days\":90,\"responses_days\":400}");
    step(fixture, 500);
    call(fixture, "retention.save", "{\"audit_days\":90,\"responses_days\":400}");
    for (int tries = 0; tries < 20 && !partly; tries++) {
        partly = kill_until_all_is_gone(fixture);
    }
    assert_true(partly);
    run_job(fixture);
    assert_int_equal(number_of(call(fixture, "erasure.verify", "{}"), "audit_broken"), 0);
    assert_true(number_of(call(fixture, "erasure.verify", "{}"), "audit_removed") > 0);
    assert_false(holds(fixture, "qzgone"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_no_rule_speaks_of_is_kept),
        TEST(responses_go_by_their_age_and_what_they_told_stays),
        TEST(the_audit_trail_goes_by_its_age_and_what_is_left_holds),
        TEST(a_changed_trail_stops_its_own_cut_only),
        TEST(killed_in_the_middle_all_is_whole_and_the_next_run_ends_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
