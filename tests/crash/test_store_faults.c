/* Every call of the disk fails, once or from then on, reading too; every allocation whose size follows from data fails
   once. The caller is told, nothing of what failed is seen, reading goes on as far as the disk does, and what was
   acknowledged is there after the next start. */
#include "memory_faults.h"
#include "store_play.h"

struct way {
    enum disk_sim_fault_kind kind;
    bool any_call, for_good;
};

static bool as_plain(const struct play *play)
{
    return world_digests_equal(world_digest(play->store), world_digest(play->plain));
}

/* After a fault the store is asked for more without a restart: it does it, or takes no more at all. */
static void go_on_without_restart(struct play *play)
{
    struct fail fail;
    if (!play_on(play, &fail)) {
        assert_int_equal(fail.code, FAIL_IO);
    }
}

static void restart_and_end(struct play *play)
{
    struct fail fail;
    store_close(play->store);
    play->store = world_open(&play->world, play->sim);
    play_settle(play);
    if (!play_on(play, &fail)) {
        fail_msg("after the fault: %s", fail.message);
    }
    world_same(&play->world, play->store, play->plain);
    play_end(play);
}

/* Plays a script with a fault at call `at`; false when the script ended before. */
static bool play_with_fault(uint64_t seed, uint64_t at, const struct way *way)
{
    struct play play;
    struct fail fail;
    play_begin(&play, seed);
    const struct disk_sim_fault fault = {
        .at = at, .kind = way->kind, .any_call = way->any_call, .for_good = way->for_good};
    disk_sim_fail(play.sim, &fault);
    bool failed = !play_on(&play, &fail);
    bool happened = disk_sim_fault_happened(play.sim);
    world_tried.faults += happened;
    assert_true(happened || !failed);
    if (failed) {
        assert_true(fail.code == FAIL_IO || fail.code == FAIL_LIMIT);
        assert_true(strlen(fail.message) > 0);
    }
    if (failed && play.store != NULL && !way->any_call && way->kind != DISK_SIM_OFF) {
        assert_true(as_plain(&play)); /* reading goes on, and nothing of the step is seen */
    }
    disk_sim_fail(play.sim, NULL);
    if (failed && play.store != NULL && at % 2 == 0 && way->kind != DISK_SIM_OFF) {
        go_on_without_restart(&play);
    }
    restart_and_end(&play);
    return happened;
}

static void every_call_of(const struct way *way)
{
    const struct world_seeds seeds = world_seeds(1);
    for (uint64_t seed = 899 + seeds.first; seed <= 899 + seeds.last; seed++) {
        uint64_t at = 1;
        while (play_with_fault(seed, at, way)) {
            at++;
        }
        assert_true(at > 20); /* the script does touch the disk */
    }
}

static void every_change_may_fail_once(void **state)
{
    (void)state;
    every_call_of(&(struct way){.kind = DISK_SIM_EIO});
    every_call_of(&(struct way){.kind = DISK_SIM_ENOSPC});
    every_call_of(&(struct way){.kind = DISK_SIM_OFF});
}

static void every_change_may_fail_for_good(void **state)
{
    (void)state;
    every_call_of(&(struct way){.kind = DISK_SIM_EIO, .for_good = true});
    every_call_of(&(struct way){.kind = DISK_SIM_ENOSPC, .for_good = true});
}

static void every_call_may_fail_reading_too(void **state)
{
    (void)state;
    every_call_of(&(struct way){.kind = DISK_SIM_EIO, .any_call = true});
    every_call_of(&(struct way){.kind = DISK_SIM_EIO, .any_call = true, .for_good = true});
}

/* ---- opening ------------------------------------------------------------------------------------------- */

static bool first_opening_with_fault(uint64_t at, bool for_good)
{
    struct world world;
    struct fail fail;
    struct store *store = NULL;
    struct disk_sim *sim = disk_sim_new(at);
    world_init(&world, at, 0);
    disk_sim_fail(sim, &(struct disk_sim_fault){.at = at, .any_call = true, .for_good = for_good});
    bool ok = world_try_open(&world, sim, &store, &fail);
    bool happened = disk_sim_fault_happened(sim);
    world_tried.faults += happened;
    assert_true(happened || ok);
    if (ok) {
        store_close(store);
    }
    disk_sim_fail(sim, NULL);
    store = world_open(&world, sim);
    struct store_status status;
    store_status_read(store, &status);
    assert_int_equal(status.events, 0);
    store_close(store);
    disk_sim_free(sim);
    world_done(&world);
    return happened;
}

static void the_first_opening_may_fail_at_any_call_and_the_next_one_is_clean(void **state)
{
    (void)state;
    for (int for_good = 0; for_good < 2; for_good++) {
        uint64_t at = 1;
        while (first_opening_with_fault(at, for_good == 1)) {
            at++;
        }
        assert_true(at > 10);
    }
}

/* ---- memory -------------------------------------------------------------------------------------------- */

static bool play_without_memory(uint64_t seed, uint64_t at)
{
    struct play play;
    struct fail fail;
    play_begin(&play, seed);
    play.aside = memory_faults_aside;
    memory_faults_at(at);
    bool failed = !play_on(&play, &fail);
    bool happened = memory_faults_end();
    world_tried.memory += happened;
    assert_true(happened || !failed);
    if (failed) {
        assert_int_equal(fail.code, FAIL_NO_MEMORY);
    }
    if (failed && play.store != NULL) {
        assert_true(as_plain(&play));
        if (!play_on(&play, &fail)) { /* there is memory again: no restart is needed */
            fail_msg("after memory was short: %s", fail.message);
        }
    }
    restart_and_end(&play);
    return happened;
}

static void every_allocation_that_follows_from_data_may_fail(void **state)
{
    (void)state;
    const struct world_seeds seeds = world_seeds(1);
    for (uint64_t seed = 899 + seeds.first; seed <= 899 + seeds.last; seed++) {
        uint64_t at = 1;
        while (play_without_memory(seed, at)) {
            at++;
        }
        assert_true(at > 100);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_change_may_fail_once),
        cmocka_unit_test(every_change_may_fail_for_good),
        cmocka_unit_test(every_call_may_fail_reading_too),
        cmocka_unit_test(the_first_opening_may_fail_at_any_call_and_the_next_one_is_clean),
        cmocka_unit_test(every_allocation_that_follows_from_data_may_fail),
    };
    return world_run(tests);
}
