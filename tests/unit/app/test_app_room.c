/* Watermarks and ballast, on a simulated disk of a given size. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "app_config.h"
#include "app_room.h"
#include "disk_sim.h"

#define MB UINT64_C(1000000)

struct world {
    struct disk_sim *sim;
    struct disk *disk;
    struct base_clock_test clock;
    struct app_config config;
    struct app_room *room;
};

static void begin(struct world *world)
{
    struct fail fail;
    world->sim = disk_sim_new(1);
    world->disk = disk_sim_disk(world->sim);
    base_clock_test_init(&world->clock, 1780000000000);
    disk_sim_set_capacity(world->sim, 100 * MB);
    world->config = (struct app_config){
        .disk_low = STR("20%"), .disk_full = STR("10MB"), .ballast = STR("4MB")};
    assert_true(
        app_room_open(world->disk, &world->config, &world->clock.clock, &world->room, &fail));
}

static void end(struct world *world)
{
    app_room_free(world->room);
    disk_sim_free(world->sim);
}

static void fill_to(struct world *world, uint64_t free_bytes)
{
    struct disk_room now;
    struct disk_file *file = NULL;
    struct fail fail;
    static char bytes[1000000];
    assert_true(disk_open(world->disk, "filler", DISK_CREATE, &file, &fail));
    assert_true(disk_truncate(file, 0, &fail));
    assert_true(disk_measure(world->disk, &now, &fail));
    for (uint64_t at = 0, wanted = now.free_bytes - free_bytes; at < wanted;) {
        size_t len = wanted - at < sizeof bytes ? (size_t)(wanted - at) : sizeof bytes;
        assert_true(disk_write_at(file, at, bytes, len, &fail));
        at += len;
    }
    disk_close(file);
    base_clock_test_step(&world->clock, APP_ROOM_LOOK_US / 1000);
}

static bool has_ballast(struct world *world)
{
    struct disk_file *file = NULL;
    struct fail fail;
    bool there = disk_open(world->disk, APP_ROOM_BALLAST_PATH, DISK_READ, &file, &fail);
    disk_close(file);
    return there;
}

static void sizes_are_bytes_or_a_part_of_the_disk(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        uint64_t bytes;
    } good[] = {{"0", 0},
                {"17", 17},
                {"3B", 3},
                {"2 KB", 2000},
                {"512MB", 512 * MB},
                {"1GB", 1000 * MB},
                {"2TB", 2000000 * MB},
                {"5%", 50},
                {"0%", 0},
                {"100%", 1000}};
    static const char *const bad[] = {"",     "MB",   "-1MB", "1.5GB", "5 PB",
                                      "101%", "1mb ", "1 2B", "%",     "18446744073709551615KB"};
    struct fail fail = {0};
    for (size_t i = 0; i < ARRAY_LEN(good); i++) {
        uint64_t bytes = 1;
        assert_true(app_room_parse(str_from_c(good[i].text), "ballast", 1000, &bytes, &fail));
        assert_int_equal(bytes, good[i].bytes);
    }
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        uint64_t bytes;
        assert_false(app_room_parse(str_from_c(bad[i]), "ballast", 1000, &bytes, &fail));
        assert_int_equal(fail.code, FAIL_INPUT);
        assert_non_null(strstr(fail.message, "ballast is"));
    }
}

static void below_the_first_watermark_work_waits_and_below_the_second_events_do(void **state)
{
    (void)state;
    struct world world;
    struct fail fail = {0};
    begin(&world);
    assert_int_equal(app_room_look(world.room).low_bytes, 20 * MB);
    assert_true(app_room_may_work(world.room, &fail));
    fill_to(&world, 20 * MB);
    assert_true(app_room_may_work(world.room, &fail));
    fill_to(&world, 20 * MB - 1);
    assert_int_equal(app_room_look(world.room).state, APP_ROOM_LOW);
    assert_false(app_room_may_work(world.room, &fail));
    assert_int_equal(fail.code, FAIL_LIMIT);
    assert_true(app_room_may_store(world.room, 0, &fail));
    fill_to(&world, 10 * MB - 1);
    assert_int_equal(app_room_look(world.room).state, APP_ROOM_FULL);
    assert_false(app_room_may_store(world.room, 0, &fail));
    assert_int_equal(fail.code, FAIL_LIMIT);
    fill_to(&world, 30 * MB);
    assert_int_equal(app_room_look(world.room).state, APP_ROOM_GOOD);
    assert_true(app_room_may_store(world.room, 0, &fail));
    end(&world);
}

static void what_waits_to_be_sealed_needs_room_too(void **state)
{
    (void)state;
    struct world world;
    struct fail fail;
    begin(&world);
    fill_to(&world, 15 * MB);
    assert_true(app_room_may_store(world.room, 5 * MB, &fail));
    assert_false(app_room_may_store(world.room, 5 * MB + 1, &fail));
    end(&world);
}

static void room_is_measured_again_after_a_tenth_of_a_second(void **state)
{
    (void)state;
    struct world world;
    struct fail fail;
    begin(&world);
    assert_int_equal(app_room_look(world.room).state, APP_ROOM_GOOD);
    fill_to(&world, 1);
    assert_int_equal(app_room_look(world.room).state, APP_ROOM_FULL);
    assert_true(disk_remove(world.disk, "filler", &fail));
    assert_int_equal(app_room_look(world.room).state, APP_ROOM_FULL); /* within it */
    base_clock_test_step(&world.clock, APP_ROOM_LOOK_US / 1000);
    assert_int_equal(app_room_look(world.room).state, APP_ROOM_GOOD);
    end(&world);
}

static void
the_ballast_is_thrown_off_for_removals_only_and_only_when_hardly_anything_is_left(void **state)
{
    (void)state;
    struct world world;
    struct fail fail;
    begin(&world);
    app_room_tend(world.room);
    assert_true(has_ballast(&world));
    assert_int_equal(app_room_look(world.room).ballast_bytes, 4 * MB);
    fill_to(&world, 2 * MB);
    app_room_for_removal(world.room);
    assert_true(has_ballast(&world));
    fill_to(&world, MB / 2);
    app_room_tend(world.room);
    assert_true(has_ballast(&world));
    app_room_for_removal(world.room);
    assert_false(has_ballast(&world));
    assert_int_equal(app_room_look(world.room).ballast_bytes, 0);
    assert_int_equal(app_room_look(world.room).free_bytes, 4 * MB + MB / 2);
    app_room_tend(world.room); /* no room for it yet */
    assert_false(has_ballast(&world));
    assert_true(disk_remove(world.disk, "filler", &fail));
    app_room_tend(world.room);
    assert_true(has_ballast(&world));
    end(&world);
}

static void a_ballast_of_an_earlier_start_is_found_and_resized(void **state)
{
    (void)state;
    struct world world;
    struct fail fail;
    begin(&world);
    app_room_tend(world.room);
    app_room_free(world.room);
    world.config.ballast = STR("1MB");
    assert_true(app_room_open(world.disk, &world.config, &world.clock.clock, &world.room, &fail));
    assert_int_equal(app_room_look(world.room).ballast_bytes, 4 * MB);
    app_room_tend(world.room);
    assert_int_equal(app_room_look(world.room).ballast_bytes, 1 * MB);
    app_room_free(world.room);
    world.config.ballast = STR("0");
    assert_true(app_room_open(world.disk, &world.config, &world.clock.clock, &world.room, &fail));
    app_room_tend(world.room);
    assert_false(has_ballast(&world));
    end(&world);
}

static void a_disk_that_cannot_be_measured_counts_as_one_with_room(void **state)
{
    (void)state;
    struct world world;
    struct fail fail;
    begin(&world);
    disk_sim_fail(world.sim,
                  &(struct disk_sim_fault){.at = 1, .kind = DISK_SIM_OFF, .any_call = true});
    assert_true(app_room_may_store(world.room, 0, &fail));
    end(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sizes_are_bytes_or_a_part_of_the_disk),
        cmocka_unit_test(below_the_first_watermark_work_waits_and_below_the_second_events_do),
        cmocka_unit_test(what_waits_to_be_sealed_needs_room_too),
        cmocka_unit_test(room_is_measured_again_after_a_tenth_of_a_second),
        cmocka_unit_test(
            the_ballast_is_thrown_off_for_removals_only_and_only_when_hardly_anything_is_left),
        cmocka_unit_test(a_ballast_of_an_earlier_start_is_found_and_resized),
        cmocka_unit_test(a_disk_that_cannot_be_measured_counts_as_one_with_room),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
