/* How backups stand: what is said of them as hours pass, tries fail and lists are damaged. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>

#include "app_backup.h"
#include "app_internal.h"
#include "base_log.h"
#include "../../support/scratch.h"

#define NOON_MS 1800000000000LL
#define HOUR_MS 3600000LL

struct world {
    char data[SCRATCH_BYTES], target[SCRATCH_BYTES];
    struct arena *arena;
    struct base_clock_test clock;
    struct app *app;
};
static struct fail fail;
#define OK(call)                                                                                   \
    do {                                                                                           \
        if (!(call)) {                                                                             \
            fail_msg("%s: %s", #call, fail.message);                                               \
        }                                                                                          \
    } while (0)

static int set_up(void **state)
{
    static struct world world;
    world = (struct world){.arena = arena_new(NULL)};
    assert_true(scratch_make(world.data) && scratch_make(world.target));
    base_clock_test_init(&world.clock, NOON_MS);
    *state = &world;
    return 0;
}

static int tear_down(void **state)
{
    struct world *world = *state;
    app_close(world->app);
    arena_free(world->arena);
    assert_true(scratch_remove(world->data) && scratch_remove(world->target));
    return 0;
}

static void write_file(struct world *world, const char *folder, const char *name, const char *text)
{
    FILE *file = fopen(str_format(world->arena, "%s/%s", folder, name).data, "we");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static void begin(struct world *world, const char *settings)
{
    struct app_options options = {.data = world->data, .clock = &world->clock.clock};
    write_file(world, world->data, "firsthand.conf", settings);
    OK(app_open(&options, &world->app, &fail));
}

/* With a backup an hour, and a restore test a day. */
static void begin_set(struct world *world)
{
    begin(world, str_format(world->arena,
                            "backup_directory = %s\nbackup_every_hours = 1\n"
                            "restore_test_every_days = 1\n",
                            world->target)
                     .data);
}

static bool run(struct world *world, const char *job)
{
    return app_jobs_run(world->app->jobs, str_from_c(job), 0, &fail);
}

static struct app_backup_now look(struct world *world)
{
    struct app_backup_now now;
    OK(app_backup_look(world->app, world->arena, &now, &fail));
    return now;
}

static void step(struct world *world, int64_t hours)
{
    base_clock_test_step(&world->clock, hours * HOUR_MS);
}

static void without_a_directory_there_are_none_and_that_is_said(void **state)
{
    struct world *world = *state;
    begin(world, "");
    struct app_backup_now now = look(world);
    assert_int_equal(now.backups, APP_BACKUP_OFF);
    assert_int_equal(now.tests, APP_BACKUP_OFF);
    assert_int_equal(now.count, 0);
    struct base_buf out = {0};
    struct app_caller caller = app_operator();
    OK(app_call(world->app, &caller, STR("backups"), STR("{}"), &out, &fail));
    struct str said = base_buf_view(&out);
    assert_true(str_find(said, STR("\"directory\":null")) < said.len);
    assert_true(str_find(said, STR("\"state\":\"off\"")) < said.len);
    base_buf_done(&out);
}

static void a_backup_is_late_after_two_intervals_and_not_before(void **state)
{
    struct world *world = *state;
    begin_set(world);
    assert_int_equal(look(world).backups, APP_BACKUP_NONE);
    OK(run(world, "backups"));
    struct app_backup_now now = look(world);
    assert_int_equal(now.backups, APP_BACKUP_GOOD);
    assert_int_equal(now.tests, APP_BACKUP_NONE);
    assert_int_equal(now.newest->number, 1);
    step(world, 2);
    assert_int_equal(look(world).backups, APP_BACKUP_GOOD);
    base_clock_test_step(&world->clock, 1);
    assert_int_equal(look(world).backups, APP_BACKUP_LATE);
    OK(run(world, "backups"));
    assert_int_equal(look(world).backups, APP_BACKUP_GOOD);
}

static void
a_restore_test_is_late_after_two_intervals_and_fails_when_what_it_reads_is_damaged(void **state)
{
    struct world *world = *state;
    begin_set(world);
    OK(run(world, "backups"));
    OK(run(world, "restore-test"));
    assert_int_equal(look(world).tests, APP_BACKUP_GOOD);
    step(world, 48);
    assert_int_equal(look(world).tests, APP_BACKUP_GOOD);
    step(world, 1);
    assert_int_equal(look(world).tests, APP_BACKUP_LATE);
    OK(run(world, "restore-test"));
    write_file(world, world->target, "generations/0000000001.json", "{}");
    assert_false(run(world, "restore-test"));
    struct app_backup_now now = look(world);
    assert_int_equal(now.tests, APP_BACKUP_FAILING);
    /* Nothing that can be read is left, whatever the job said an hour ago. */
    assert_int_equal(now.backups, APP_BACKUP_NONE);
    assert_null(now.newest);
    assert_int_equal(now.count, 1);
    assert_non_null(now.generations[0].damaged);
}

static void a_try_that_fails_is_said_with_its_reason(void **state)
{
    struct world *world = *state;
    begin_set(world);
    write_file(world, world->target, "letters.txt", "of others");
    assert_false(run(world, "backups"));
    struct app_backup_now now = look(world);
    assert_int_equal(now.backups, APP_BACKUP_FAILING);
    assert_true(str_find(now.backup_job->last.why, STR("holds other things than backups")) <
                now.backup_job->last.why.len);
}

static void where_lists_are_gone_there_is_no_backup_whatever_was_done_before(void **state)
{
    struct world *world = *state;
    begin_set(world);
    OK(run(world, "backups"));
    assert_int_equal(rename(str_format(world->arena, "%s/generations", world->target).data,
                            str_format(world->arena, "%s/away", world->target).data),
                     0);
    assert_int_equal(look(world).backups, APP_BACKUP_NONE);
}

int main(void)
{
    base_log_set(LOG_ERROR, LOG_FORM_LOGFMT, 2, base_clock_real());
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(without_a_directory_there_are_none_and_that_is_said, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_backup_is_late_after_two_intervals_and_not_before, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(
            a_restore_test_is_late_after_two_intervals_and_fails_when_what_it_reads_is_damaged,
            set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_try_that_fails_is_said_with_its_reason, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(
            where_lists_are_gone_there_is_no_backup_whatever_was_done_before, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
