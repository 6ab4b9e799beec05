/* Power cuts and failing calls at every kind of moment. What was acknowledged is there, once; what was not is
   there as a whole or not at all; and the store is in all things as one that never saw a fault. */
#include "store_world.h"

#define STEPS 24U

struct run {
    struct world world;
    struct disk_sim *sim;
    struct store *store;
    struct disk_sim *plain_sim; /* of the store without faults: never sealed, never restarted */
    struct store *plain;
    size_t done; /* steps whose outcome is settled */
};

static void run_begin(struct run *run, uint64_t seed)
{
    world_init(&run->world, seed, STEPS);
    run->sim = disk_sim_new(seed);
    run->store = world_open(&run->world, run->sim);
    run->plain_sim = disk_sim_new(seed);
    run->plain = world_open(&run->world, run->plain_sim);
    run->done = 0;
}

static void run_end(struct run *run)
{
    store_close(run->store);
    world_verify(run->sim);
    store_close(run->plain);
    disk_sim_free(run->sim);
    disk_sim_free(run->plain_sim);
    world_done(&run->world);
}

static bool changes_what_is_known(const struct world_step *step)
{
    return step->kind == WORLD_SUBMIT || step->kind == WORLD_JOIN || step->kind == WORLD_SPLIT;
}

static void tell_plain(struct run *run, const struct world_step *step)
{
    struct fail fail;
    if (changes_what_is_known(step) && !world_do(&run->world, run->plain, step, &fail)) {
        fail_msg("without faults: %s", fail.message);
    }
}

/* Goes on until the end or until the store's disk fails; the step that failed is run->done then. */
static bool go_on(struct run *run, struct fail *fail)
{
    for (; run->done < run->world.step_count; run->done++) {
        const struct world_step *step = &run->world.steps[run->done];
        if (step->kind == WORLD_REOPEN) {
            store_close(run->store);
            run->store = NULL;
            if (!world_try_open(&run->world, run->sim, &run->store, fail)) {
                run->store = NULL;
                return false;
            }
            continue;
        }
        if (!world_do(&run->world, run->store, step, fail)) {
            return false;
        }
        tell_plain(run, step);
    }
    return true;
}

/* After the store was opened again: did the step that failed happen all the same? */
static void settle(struct run *run)
{
    const struct world_step *step = &run->world.steps[run->done];
    if (run->done < run->world.step_count && changes_what_is_known(step)) {
        bool happened = !world_digests_equal(world_digest(run->store), world_digest(run->plain));
        if (happened) {
            tell_plain(run, step);
        }
        run->done += happened;
    }
    world_same(&run->world, run->store, run->plain);
}

/* ---- power cuts ---------------------------------------------------------------------------------------- */

static void cut_and_open(struct run *run, uint64_t seed)
{
    struct disk_sim *after = disk_sim_cut(run->sim, seed);
    world_tried.cuts++;
    store_close(run->store);
    disk_sim_free(run->sim);
    run->sim = after;
    run->store = world_open(&run->world, run->sim);
}

static void a_power_cut_loses_nothing_acknowledged(void **state)
{
    (void)state;
    const struct world_seeds seeds = world_seeds(150);
    for (uint64_t seed = seeds.first; seed <= seeds.last; seed++) {
        struct run run;
        struct fail fail;
        struct base_random_seeded random;
        base_random_seed(&random, seed * 7919);
        run_begin(&run, seed);
        for (int cuts = 0; cuts < 3; cuts++) {
            struct disk_sim_fault fault = {
                .at = 1 + base_random_below(&random.random, 120),
                .kind = DISK_SIM_OFF,
            };
            disk_sim_fail(run.sim, &fault);
            (void)go_on(&run, &fail);
            cut_and_open(&run, seed * 31 + (uint64_t)cuts);
            settle(&run);
        }
        disk_sim_fail(run.sim, NULL);
        if (!go_on(&run, &fail)) {
            fail_msg("seed %d: %s", (int)seed, fail.message);
        }
        world_same(&run.world, run.store, run.plain);
        run_end(&run);
    }
}

/* A disk that is full now and then: what fails did not happen, and the store goes on with what comes next, until the
   power goes. */
static void what_found_no_room_never_happened(void **state)
{
    (void)state;
    const struct world_seeds seeds = world_seeds(120);
    for (uint64_t seed = seeds.first; seed <= seeds.last; seed++) {
        struct run run;
        struct fail fail;
        struct base_random_seeded random;
        base_random_seed(&random, seed * 104729);
        run_begin(&run, seed + 20000);
        while (run.done < run.world.step_count) {
            struct disk_sim_fault fault = {
                .at = 1 + base_random_below(&random.random, 30),
                .kind = DISK_SIM_ENOSPC,
            };
            disk_sim_fail(run.sim, &fault);
            if (go_on(&run, &fail)) {
                break;
            }
            if (run.store == NULL || fail.code == FAIL_IO) {
                disk_sim_fail(run.sim, NULL);
                store_close(run.store);
                run.store = world_open(&run.world, run.sim);
                settle(&run);
                continue;
            }
            assert_int_equal(fail.code, FAIL_LIMIT);
            run.done++;
            world_same(&run.world, run.store, run.plain);
            if (base_random_below(&random.random, 4) == 0) {
                cut_and_open(&run, seed);
                world_same(&run.world, run.store, run.plain);
            }
        }
        disk_sim_fail(run.sim, NULL);
        cut_and_open(&run, seed);
        world_same(&run.world, run.store, run.plain);
        run_end(&run);
    }
}

/* A cut while nothing is under way must not be able to take anything, whatever was synced or not. */
static void a_power_cut_at_rest_changes_nothing(void **state)
{
    (void)state;
    const struct world_seeds seeds = world_seeds(60);
    for (uint64_t seed = seeds.first; seed <= seeds.last; seed++) {
        struct run run;
        struct fail fail;
        run_begin(&run, seed + 5000);
        if (!go_on(&run, &fail)) {
            fail_msg("%s", fail.message);
        }
        cut_and_open(&run, seed);
        world_same(&run.world, run.store, run.plain);
        run_end(&run);
    }
}

/* ---- every call fails once -------------------------------------------------------------------------------- */

/* Plays a script with one fault at call `at`; false when the script ended before. */
static bool play_with_fault(uint64_t seed, uint64_t at, enum disk_sim_fault_kind kind)
{
    struct run run;
    struct fail fail;
    run_begin(&run, seed);
    struct disk_sim_fault fault = {.at = at, .kind = kind};
    disk_sim_fail(run.sim, &fault);
    bool failed = !go_on(&run, &fail);
    bool happened = disk_sim_fault_happened(run.sim);
    world_tried.faults += happened;
    assert_true(happened || !failed);
    disk_sim_fail(run.sim, NULL);
    if (failed && run.store != NULL) {
        /* reading goes on */
        struct store_snapshot *snapshot = store_snapshot_take(run.store);
        assert_int_equal(store_snapshot_events(snapshot),
                         run.done == 0 ? 0 : store_snapshot_events(snapshot));
        store_snapshot_unref(snapshot);
    }
    store_close(run.store);
    run.store = world_open(&run.world, run.sim);
    settle(&run);
    if (!go_on(&run, &fail)) {
        fail_msg("after the fault: %s", fail.message);
    }
    world_same(&run.world, run.store, run.plain);
    run_end(&run);
    return happened;
}

static void any_call_may_fail_once(void **state)
{
    (void)state;
    static const enum disk_sim_fault_kind kinds[] = {DISK_SIM_EIO, DISK_SIM_ENOSPC, DISK_SIM_OFF};
    const struct world_seeds seeds = world_seeds(1);
    for (uint64_t seed = 899 + seeds.first; seed <= 899 + seeds.last; seed++) {
        for (size_t k = 0; k < ARRAY_LEN(kinds); k++) {
            uint64_t at = 1;
            while (play_with_fault(seed, at, kinds[k])) {
                at++;
            }
            assert_true(at > 40); /* the script does touch the disk */
        }
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
        cmocka_unit_test(any_call_may_fail_once),
        cmocka_unit_test(a_full_disk_refuses_and_recovers_without_a_restart),
    };
    return world_run(tests);
}
