#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "app_jobs.h"
#include "base_log.h"
#include "../../support/scratch.h"

#define NOON_MS 1800000000000LL

static struct {
    _Atomic int runs;
    _Atomic bool failing, waiting;
    _Atomic bool inside;
} seen;

static bool counts(struct app_job_run *run, struct fail *fail)
{
    seen.runs++;
    if (seen.failing) {
        return fail_set(fail, FAIL_IO, "the feed answered 500");
    }
    run->note = STR("2 feeds, 5 new items");
    return true;
}

/* Runs until it is told to stop. */
static bool endless(struct app_job_run *run, struct fail *fail)
{
    seen.inside = true;
    while (!base_cancel_due(run->cancel, fail)) {
        seen.waiting = true;
    }
    return false;
}

static const struct app_job table[] = {
    {"feeds", 60000, counts, "Reads feeds.", NULL, false},
    {"endless", 3600000, endless, "Never ends by itself.", NULL, false},
};

struct world {
    char directory[SCRATCH_BYTES];
    struct state *state;
    struct base_clock_test clock;
    struct base_random_seeded random;
    struct app_jobs *jobs;
};

static void begin(struct world *world)
{
    struct fail fail;
    struct app_jobs_options options = {.state = world->state,
                                       .clock = &world->clock.clock,
                                       .random = &world->random.random,
                                       .table = table,
                                       .count = 1};
    assert_true(app_jobs_new(&options, &world->jobs, &fail));
}

static int set_up(void **state)
{
    static struct world world;
    struct fail fail;
    world = (struct world){.jobs = NULL};
    assert_true(scratch_make(world.directory));
    base_clock_test_init(&world.clock, NOON_MS);
    base_random_seed(&world.random, 7);
    struct state_options options = {.clock = &world.clock.clock};
    assert_true(state_open(world.directory, &options, &world.state, &fail));
    seen.runs = 0;
    seen.failing = seen.waiting = seen.inside = false;
    begin(&world);
    *state = &world;
    return 0;
}

static int tear_down(void **state)
{
    struct world *world = *state;
    app_jobs_free(world->jobs);
    state_close(world->state);
    assert_true(scratch_remove(world->directory));
    return 0;
}

static struct app_job_row row_of(struct world *world, struct arena *arena)
{
    struct fail fail;
    struct app_job_row *rows;
    assert_true(app_jobs_list(world->jobs, arena, &rows, &fail));
    return rows[0];
}

static void a_job_that_never_ran_begins_within_a_minute(void **state)
{
    struct world *world = *state;
    struct arena *arena CLEANUP(arena_free_at) = arena_new(NULL);
    struct app_job_row row = row_of(world, arena);
    assert_true(row.last.next_ms >= NOON_MS && row.last.next_ms <= NOON_MS + 60000);
    assert_int_equal(row.last.runs, 0);
    base_clock_test_step(&world->clock, 60000);
    int64_t next_ms = app_jobs_run_due(world->jobs, false);
    assert_int_equal(seen.runs, 1);
    /* The next is an interval on, a tenth to either side. */
    assert_true(next_ms >= NOON_MS + 60000 + 54000 && next_ms <= NOON_MS + 60000 + 66000);
    row = row_of(world, arena);
    assert_int_equal(row.last.failures, 0);
    assert_true(str_is(row.last.note, "2 feeds, 5 new items"));
    app_jobs_run_due(world->jobs, false);
    assert_int_equal(seen.runs, 1);
}

static void a_failing_job_waits_longer_each_time_and_recovers(void **state)
{
    struct world *world = *state;
    struct arena *arena CLEANUP(arena_free_at) = arena_new(NULL);
    seen.failing = true;
    int64_t before_ms = 0;
    base_clock_test_step(&world->clock, 60000);
    for (int i = 1; i <= 5; i++) {
        int64_t now_ms = base_now_ms(&world->clock.clock);
        int64_t wait_ms = app_jobs_run_due(world->jobs, false) - now_ms;
        assert_int_equal(seen.runs, i);
        assert_true(wait_ms > before_ms);
        before_ms = wait_ms;
        base_clock_test_step(&world->clock, wait_ms);
    }
    assert_true(before_ms > 20 * 60000);
    struct app_job_row row = row_of(world, arena);
    assert_int_equal(row.last.failures, 5);
    assert_true(str_is(row.last.why, "the feed answered 500"));
    assert_int_equal(row.last.good_ms, 0);
    seen.failing = false;
    int64_t now_ms = base_now_ms(&world->clock.clock);
    assert_true(app_jobs_run_due(world->jobs, false) - now_ms <= 66000);
    row = row_of(world, arena);
    assert_int_equal(row.last.failures, 0);
    assert_null(row.last.why.data);
    assert_int_equal(row.last.good_ms, now_ms);
}

static void the_wait_after_failures_has_an_end(void **state)
{
    struct world *world = *state;
    seen.failing = true;
    base_clock_test_step(&world->clock, 60000);
    for (int i = 0; i < 40; i++) {
        int64_t wait_ms = app_jobs_run_due(world->jobs, false) - base_now_ms(&world->clock.clock);
        assert_in_range(wait_ms, 1, 7 * 3600 * 1000);
        base_clock_test_step(&world->clock, wait_ms);
    }
    assert_int_equal(seen.runs, 40);
}

static void the_schedule_survives_a_restart(void **state)
{
    struct world *world = *state;
    struct arena *arena CLEANUP(arena_free_at) = arena_new(NULL);
    base_clock_test_step(&world->clock, 60000);
    int64_t next_ms = app_jobs_run_due(world->jobs, false);
    app_jobs_free(world->jobs);
    base_clock_test_step(&world->clock, 1000);
    begin(world);
    struct app_job_row row = row_of(world, arena);
    assert_int_equal(row.last.next_ms, next_ms);
    assert_int_equal(row.last.runs, 1);
    assert_int_equal(row.last.last_ms, NOON_MS + 60000);
    assert_true(str_is(row.last.note, "2 feeds, 5 new items"));
    /* Long after it was due, it runs once, not once for every time that was missed. */
    base_clock_test_step(&world->clock, 86400000);
    app_jobs_run_due(world->jobs, false);
    assert_int_equal(seen.runs, 2);
}

static void a_clock_set_back_does_not_silence_a_job(void **state)
{
    struct world *world = *state;
    struct arena *arena CLEANUP(arena_free_at) = arena_new(NULL);
    base_clock_test_step(&world->clock, 60000);
    app_jobs_run_due(world->jobs, false);
    app_jobs_free(world->jobs);
    base_clock_test_step(&world->clock, -30LL * 86400000);
    begin(world);
    assert_in_range(row_of(world, arena).last.next_ms - base_now_ms(&world->clock.clock), 0, 60000);
}

static void a_job_can_be_run_by_hand_and_an_unknown_one_is_named(void **state)
{
    struct world *world = *state;
    struct fail fail;
    assert_true(app_jobs_run(world->jobs, STR("feeds"), 0, &fail));
    assert_int_equal(seen.runs, 1);
    assert_false(app_jobs_run(world->jobs, STR("feds"), 0, &fail));
    assert_int_equal(fail.code, FAIL_ABSENT);
    seen.failing = true;
    assert_false(app_jobs_run(world->jobs, STR("feeds"), 0, &fail));
    assert_int_equal(fail.code, FAIL_IO);
    assert_string_equal(fail.message, "the feed answered 500");
}

static void a_hastened_job_is_due_at_once(void **state)
{
    struct world *world = *state;
    base_clock_test_step(&world->clock, 60000);
    app_jobs_run_due(world->jobs, false);
    app_jobs_hasten(world->jobs, "feeds");
    app_jobs_run_due(world->jobs, false);
    assert_int_equal(seen.runs, 2);
}

static struct world *hastening;

static bool hastens_itself(struct app_job_run *run, struct fail *fail)
{
    (void)run;
    (void)fail;
    if (seen.runs++ == 0) {
        app_jobs_hasten(hastening->jobs, "feeds");
    }
    return true;
}

static void a_job_hastened_while_it_runs_is_due_again_at_its_end(void **state)
{
    struct world *world = *state;
    struct fail fail;
    static const struct app_job again[] = {
        {"feeds", 60000, hastens_itself, "Reads feeds.", NULL, false}};
    app_jobs_free(world->jobs);
    struct app_jobs_options options = {.state = world->state,
                                       .clock = &world->clock.clock,
                                       .random = &world->random.random,
                                       .table = again,
                                       .count = 1};
    assert_true(app_jobs_new(&options, &world->jobs, &fail));
    hastening = world;
    base_clock_test_step(&world->clock, 60000);
    app_jobs_run_due(world->jobs, false);
    assert_int_equal(seen.runs, 2);
}

static void spin(void *context)
{
    struct world *world = context;
    struct fail fail;
    assert_false(app_jobs_run(world->jobs, STR("endless"), 0, &fail));
}

static void no_job_runs_twice_at_once_and_stopping_cancels(void **state)
{
    struct world *world = *state;
    struct fail fail;
    app_jobs_free(world->jobs);
    struct app_jobs_options options = {.state = world->state,
                                       .clock = &world->clock.clock,
                                       .random = &world->random.random,
                                       .table = table,
                                       .count = 2};
    assert_true(app_jobs_new(&options, &world->jobs, &fail));
    struct base_thread thread = {0};
    assert_true(base_thread_start(&thread, "by-hand", spin, world, &fail));
    while (!seen.inside) { /* spins */
    }
    assert_false(app_jobs_run(world->jobs, STR("endless"), 0, &fail));
    assert_int_equal(fail.code, FAIL_BUSY);
    assert_true(app_jobs_run(world->jobs, STR("feeds"), 0, &fail));
    app_jobs_stop(world->jobs);
    base_thread_join(&thread);
    assert_false(app_jobs_run(world->jobs, STR("feeds"), 0, &fail));
    assert_int_equal(fail.code, FAIL_BUSY);
    /* Cut short by the stop: no failure, and due again. */
    struct arena *arena CLEANUP(arena_free_at) = arena_new(NULL);
    struct app_job_row *rows;
    assert_true(app_jobs_list(world->jobs, arena, &rows, &fail));
    assert_int_equal(rows[1].last.runs, 0);
}

static void the_thread_runs_what_is_due(void **state)
{
    struct world *world = *state;
    struct fail fail;
    app_jobs_free(world->jobs);
    struct app_jobs_options options = {.state = world->state,
                                       .clock = base_clock_real(),
                                       .random = base_random_system(),
                                       .table = table,
                                       .count = 1};
    assert_true(app_jobs_new(&options, &world->jobs, &fail));
    assert_true(app_jobs_start(world->jobs, &fail));
    app_jobs_hasten(world->jobs, "feeds");
    while (seen.runs == 0) {
    }
    app_jobs_hasten(world->jobs, "feeds");
    while (seen.runs < 2) {
    }
    app_jobs_stop(world->jobs);
}

static void wait_for(_Atomic bool *what)
{
    while (!*what) { /* spins */
    }
}

static const struct app_job two_lanes[] = {
    {"feeds", 60000, counts, "Reads feeds.", NULL, false},
    {"endless", 3600000, endless, "Takes hours.", NULL, true},
};

static void begin_with(struct world *world, const struct app_job *jobs, size_t count,
                       const struct base_clock *clock)
{
    struct fail fail;
    app_jobs_free(world->jobs);
    struct app_jobs_options options = {.state = world->state,
                                       .clock = clock,
                                       .random = base_random_system(),
                                       .table = jobs,
                                       .count = count};
    assert_true(app_jobs_new(&options, &world->jobs, &fail));
}

static void a_job_that_takes_hours_keeps_no_other_waiting(void **state)
{
    struct world *world = *state;
    struct fail fail;
    begin_with(world, two_lanes, 2, base_clock_real());
    assert_true(app_jobs_start(world->jobs, &fail));
    app_jobs_hasten(world->jobs, "endless");
    wait_for(&seen.inside);
    app_jobs_hasten(world->jobs, "feeds");
    while (seen.runs == 0) { /* while the other goes on */
    }
    assert_false(app_jobs_run(world->jobs, STR("endless"), 0, &fail));
    assert_int_equal(fail.code, FAIL_BUSY);
    app_jobs_stop(world->jobs);
}

static void each_thread_takes_its_own_jobs_only(void **state)
{
    struct world *world = *state;
    begin_with(world, (const struct app_job[]){{"feeds", 60000, counts, "", NULL, true}}, 1,
               &world->clock.clock);
    base_clock_test_step(&world->clock, 60000);
    assert_int_equal(app_jobs_run_due(world->jobs, false), INT64_MAX);
    assert_int_equal(seen.runs, 0);
    (void)app_jobs_run_due(world->jobs, true);
    assert_int_equal(seen.runs, 1);
    /* The table must stay, and this one does not. */
    app_jobs_free(world->jobs);
    world->jobs = NULL;
}

static void what_is_asked_for_waits_for_its_turn_once_and_runs_even_if_not_by_itself(void **state)
{
    struct world *world = *state;
    struct fail fail;
    struct arena *arena CLEANUP(arena_free_at) = arena_new(NULL);
    static const struct app_job by_hand[] = {{"feeds", 0, counts, "Reads feeds.", NULL, false}};
    begin_with(world, by_hand, 1, &world->clock.clock);
    assert_int_equal(app_jobs_run_due(world->jobs, false), INT64_MAX);
    assert_true(app_jobs_request(world->jobs, STR("feeds"), &fail));
    assert_true(row_of(world, arena).requested);
    assert_false(app_jobs_request(world->jobs, STR("feeds"), &fail));
    assert_int_equal(fail.code, FAIL_BUSY);
    assert_false(app_jobs_request(world->jobs, STR("fleets"), &fail));
    assert_int_equal(fail.code, FAIL_ABSENT);
    assert_int_equal(app_jobs_run_due(world->jobs, false), INT64_MAX);
    assert_int_equal(seen.runs, 1);
    assert_false(row_of(world, arena).requested);
}

static int64_t every;

static int64_t as_set(const struct app *app)
{
    (void)app;
    return every;
}

static void an_interval_may_be_a_setting_and_0_is_never_but_by_hand(void **state)
{
    struct world *world = *state;
    struct fail fail;
    struct arena *arena = arena_new(NULL);
    struct app_job_row *rows;
    static const struct app_job set[] = {{"feeds", 0, counts, "Reads feeds.", as_set, false}};
    struct app_jobs_options options = {.state = world->state,
                                       .clock = &world->clock.clock,
                                       .random = &world->random.random,
                                       .table = set,
                                       .count = 1};
    app_jobs_free(world->jobs);
    every = 0;
    assert_true(app_jobs_new(&options, &world->jobs, &fail));
    base_clock_test_step(&world->clock, 100 * 3600000LL);
    assert_int_equal(app_jobs_run_due(world->jobs, false), INT64_MAX);
    assert_int_equal(seen.runs, 0);
    assert_true(app_jobs_list(world->jobs, arena, &rows, &fail));
    assert_int_equal(rows[0].every_ms, 0);
    assert_true(app_jobs_run(world->jobs, STR("feeds"), 0, &fail));
    assert_int_equal(seen.runs, 1);
    every = 3600000;
    app_jobs_free(world->jobs); /* the setting is read at a start */
    assert_true(app_jobs_new(&options, &world->jobs, &fail));
    base_clock_test_step(&world->clock, 2 * 3600000LL);
    (void)app_jobs_run_due(world->jobs, false);
    assert_int_equal(seen.runs, 2);
    arena_free(arena);
}

int main(void)
{
    base_log_set(LOG_ERROR, LOG_FORM_LOGFMT, 2, base_clock_real()); /* failing is what is tested */
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(an_interval_may_be_a_setting_and_0_is_never_but_by_hand,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_job_that_never_ran_begins_within_a_minute, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_failing_job_waits_longer_each_time_and_recovers, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(the_wait_after_failures_has_an_end, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_schedule_survives_a_restart, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_clock_set_back_does_not_silence_a_job, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_job_can_be_run_by_hand_and_an_unknown_one_is_named,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_hastened_job_is_due_at_once, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_job_hastened_while_it_runs_is_due_again_at_its_end,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(no_job_runs_twice_at_once_and_stopping_cancels, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(the_thread_runs_what_is_due, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_job_that_takes_hours_keeps_no_other_waiting, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(each_thread_takes_its_own_jobs_only, set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            what_is_asked_for_waits_for_its_turn_once_and_runs_even_if_not_by_itself, set_up,
            tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
