/* Power cuts and failing calls at every kind of moment. What was acknowledged is there, once; what was not is
   there as a whole or not at all; and the store is in all things as one that never saw a fault. */
#include "store_play.h"

/* ---- power cuts ---------------------------------------------------------------------------------------- */

static void a_power_cut_loses_nothing_acknowledged(void **state)
{
    (void)state;
    const struct world_seeds seeds = world_seeds(150);
    for (uint64_t seed = seeds.first; seed <= seeds.last; seed++) {
        struct play play;
        struct fail fail;
        struct base_random_seeded random;
        base_random_seed(&random, seed * 7919);
        play_begin(&play, seed);
        for (int cuts = 0; cuts < 3; cuts++) {
            struct disk_sim_fault fault = {
                .at = 1 + base_random_below(&random.random, 120),
                .kind = DISK_SIM_OFF,
            };
            disk_sim_fail(play.sim, &fault);
            (void)play_on(&play, &fail);
            play_cut(&play, seed * 31 + (uint64_t)cuts);
            play_settle(&play);
        }
        disk_sim_fail(play.sim, NULL);
        if (!play_on(&play, &fail)) {
            fail_msg("seed %d: %s", (int)seed, fail.message);
        }
        world_same(&play.world, play.store, play.plain);
        play_end(&play);
    }
}

/* A disk that is full now and then: what fails did not happen, and the store goes on with what comes next, until the
   power goes. */
static void what_found_no_room_never_happened(void **state)
{
    (void)state;
    const struct world_seeds seeds = world_seeds(120);
    for (uint64_t seed = seeds.first; seed <= seeds.last; seed++) {
        struct play play;
        struct fail fail;
        struct base_random_seeded random;
        base_random_seed(&random, seed * 104729);
        play_begin(&play, seed + 20000);
        while (play.done < play.world.step_count) {
            struct disk_sim_fault fault = {
                .at = 1 + base_random_below(&random.random, 30),
                .kind = DISK_SIM_ENOSPC,
            };
            disk_sim_fail(play.sim, &fault);
            if (play_on(&play, &fail)) {
                break;
            }
            if (play.store == NULL || fail.code == FAIL_IO) {
                disk_sim_fail(play.sim, NULL);
                store_close(play.store);
                play.store = world_open(&play.world, play.sim);
                play_settle(&play);
                continue;
            }
            assert_int_equal(fail.code, FAIL_LIMIT);
            play.done++;
            world_same(&play.world, play.store, play.plain);
            if (base_random_below(&random.random, 4) == 0) {
                play_cut(&play, seed);
                world_same(&play.world, play.store, play.plain);
            }
        }
        disk_sim_fail(play.sim, NULL);
        play_cut(&play, seed);
        world_same(&play.world, play.store, play.plain);
        play_end(&play);
    }
}

/* A cut while nothing is under way must not be able to take anything, whatever was synced or not. */
static void a_power_cut_at_rest_changes_nothing(void **state)
{
    (void)state;
    const struct world_seeds seeds = world_seeds(60);
    for (uint64_t seed = seeds.first; seed <= seeds.last; seed++) {
        struct play play;
        struct fail fail;
        play_begin(&play, seed + 5000);
        if (!play_on(&play, &fail)) {
            fail_msg("%s", fail.message);
        }
        play_cut(&play, seed);
        world_same(&play.world, play.store, play.plain);
        play_end(&play);
    }
}

/* ---- a disk without room ------------------------------------------------------------------------------------ */

static void a_full_disk_refuses_and_recovers_without_a_restart(void **state)
{
    (void)state;
    struct world world;
    struct fail fail;
    world_init(&world, 42, 200);
    struct disk_sim *sim = disk_sim_new(42);
    struct store *store = world_open(&world, sim);
    struct disk_sim *plain_sim = disk_sim_new(42);
    struct store *plain = world_open(&world, plain_sim);
    disk_sim_set_capacity(sim, 6000);
    size_t refused = 0;
    for (size_t i = 0; i < world.step_count; i++) {
        const struct world_step *step = &world.steps[i];
        if (step->kind != WORLD_SUBMIT) {
            continue;
        }
        if (refused == 3) {
            disk_sim_set_capacity(sim, 1U << 30);
        }
        if (world_do(&world, store, step, &fail)) {
            assert_true(world_do(&world, plain, step, &fail));
        } else {
            assert_int_equal(fail.code, FAIL_LIMIT);
            refused++;
        }
    }
    assert_int_equal(refused, 3);
    world_same(&world, store, plain);
    store_close(store);
    store = world_open(&world, sim);
    world_same(&world, store, plain);
    store_close(store);
    store_close(plain);
    disk_sim_free(sim);
    disk_sim_free(plain_sim);
    world_done(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_power_cut_loses_nothing_acknowledged),
        cmocka_unit_test(a_power_cut_at_rest_changes_nothing),
        cmocka_unit_test(what_found_no_room_never_happened),
        cmocka_unit_test(a_full_disk_refuses_and_recovers_without_a_restart),
    };
    return world_run(tests);
}
