/* Every call of the disk fails, once or from then on, reading too; every allocation whose size follows from data fails
   once. The caller is told, nothing of what failed is seen, reading goes on as far as the disk does, and what was
   acknowledged is there after the next start. */
#include <stdio.h>

#include "memory_faults.h"
#include "store_dedup_write.h"
#include "store_play.h"

struct way {
    enum disk_sim_fault_kind kind;
    bool any_call, for_good;
};

static bool as_plain(const struct play *play)
{
    return world_digests_equal(world_digest(play->store), world_digest(play->plain));
}

/* After a fault the store is asked for more without a restart, until another fault comes. */
static void go_on_without_restart(struct play *play, uint64_t second)
{
    struct fail fail;
    disk_sim_fail(play->sim, &(struct disk_sim_fault){.at = second, .kind = DISK_SIM_EIO});
    if (!play_on(play, &fail)) {
        assert_int_equal(fail.code, FAIL_IO);
    }
    disk_sim_fail(play->sim, NULL);
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
        go_on_without_restart(&play, 1 + at / 2 % 6);
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

/* Opens what a cut left, with a fault; false where opening makes fewer calls. Then without: what is there is `expected`. */
static bool open_after_cut(struct world *world, struct disk_sim *sim, uint64_t at, bool for_good,
                           struct base_hash128 expected)
{
    struct fail fail;
    struct store *store = NULL;
    struct disk_sim *after = disk_sim_cut(sim, 1);
    disk_sim_fail(after,
                  &(struct disk_sim_fault){.at = at, .any_call = true, .for_good = for_good});
    bool ok = world_try_open(world, after, &store, &fail);
    bool happened = disk_sim_fault_happened(after);
    world_tried.faults += happened;
    assert_true(ok || (happened && fail.code == FAIL_IO));
    disk_sim_fail(after, NULL);
    if (ok) {
        assert_true(world_digests_equal(world_digest(store), expected));
        store_close(store);
    }
    store = world_open(world, after);
    assert_true(world_digests_equal(world_digest(store), expected));
    store_close(store);
    world_verify(after);
    disk_sim_free(after);
    return happened;
}

static void open_after_cut_at_every_call(struct world *world, struct disk_sim *sim)
{
    struct disk_sim *after = disk_sim_cut(sim, 1);
    struct store *store = world_open(world, after);
    struct base_hash128 expected = world_digest(store);
    store_close(store);
    disk_sim_free(after);
    for (int for_good = 0; for_good < 2; for_good++) {
        uint64_t at = 1;
        while (open_after_cut(world, sim, at, for_good == 1, expected)) {
            at++;
        }
        assert_true(at > 10);
    }
}

static void opening_after_a_cut_may_fail_at_any_call(void **state)
{
    (void)state;
    const struct world_seeds seeds = world_seeds(24);
    for (uint64_t seed = 1299 + seeds.first; seed <= 1299 + seeds.last; seed++) {
        struct play play;
        struct fail fail;
        play_begin(&play, seed);
        const struct disk_sim_fault cut = {.at = 1 + seed * 7919 % 80, .kind = DISK_SIM_OFF};
        disk_sim_fail(play.sim, &cut);
        (void)play_on(&play, &fail);
        open_after_cut_at_every_call(&play.world, play.sim);
        disk_sim_fail(play.sim, NULL);
        restart_and_end(&play);
    }
}

static void opening_after_a_cut_of_the_first_opening_may_fail_at_any_call(void **state)
{
    (void)state;
    world_only_in_first_piece();
    for (uint64_t cut = 1; cut <= 25; cut++) {
        struct world world;
        struct fail fail;
        struct store *store = NULL;
        struct disk_sim *sim = disk_sim_new(cut);
        world_init(&world, cut, 0);
        disk_sim_fail(sim, &(struct disk_sim_fault){.at = cut, .kind = DISK_SIM_OFF});
        if (world_try_open(&world, sim, &store, &fail)) {
            store_close(store);
        }
        open_after_cut_at_every_call(&world, sim);
        disk_sim_free(sim);
        world_done(&world);
    }
}

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
    world_only_in_first_piece();
    for (int for_good = 0; for_good < 2; for_good++) {
        uint64_t at = 1;
        while (first_opening_with_fault(at, for_good == 1)) {
            at++;
        }
        assert_true(at > 10);
    }
}

/* ---- what random scripts seldom come to ------------------------------------------------------------------ */

static void must(bool ok, const struct fail *fail)
{
    if (!ok) {
        fail_msg("%s", fail->message);
    }
}

/* Does the next steps of the script that submit something. */
static void submit_some(struct play *play, size_t count)
{
    struct fail fail;
    for (; count > 0 && play->done < play->world.step_count; play->done++) {
        const struct world_step *step = &play->world.steps[play->done];
        if (step->kind == WORLD_SUBMIT) {
            must(world_do(&play->world, play->store, step, &fail), &fail);
            must(world_do(&play->world, play->plain, step, &fail), &fail);
            count--;
        }
    }
}

static bool merge_with_fault(uint64_t at, bool any_call)
{
    struct play play;
    struct fail fail;
    play_begin(&play, 77);
    for (int i = 0; i < 4; i++) {
        submit_some(&play, 2);
        must(store_seal(play.store, &fail), &fail);
    }
    disk_sim_fail(play.sim, &(struct disk_sim_fault){.at = at, .any_call = any_call});
    bool ok = store_merge(play.store, true, &fail);
    bool happened = disk_sim_fault_happened(play.sim);
    world_tried.faults += happened;
    assert_true(ok || happened);
    disk_sim_fail(play.sim, NULL);
    assert_true(as_plain(&play));
    restart_and_end(&play);
    return happened;
}

static void a_merge_may_fail_at_any_call(void **state)
{
    (void)state;
    world_only_in_first_piece();
    for (int any_call = 0; any_call < 2; any_call++) {
        uint64_t at = 1;
        while (merge_with_fault(at, any_call == 1)) {
            at++;
        }
        assert_true(at > 20);
    }
}

/* So many texts that cannot be compressed by much make a column of a block whose pages go to the file before its beginning does. */
#define LONG_TEXTS 900U
#define LONG_BYTES 8000U

static void submit_long_text(struct store *store, struct base_random_seeded *seeded,
                             uint32_t number)
{
    struct fail fail;
    char *text = base_alloc_zero(LONG_BYTES);
    base_random_fill(&seeded->random, text, LONG_BYTES);
    for (size_t i = 0; i < LONG_BYTES; i++) {
        text[i] = (char)(' ' + ((unsigned char)text[i] & 63U));
    }
    char user[16];
    (void)snprintf(user, sizeof user, "u%u", (unsigned)(number % 50));
    const struct store_identifier id = {STR("user"), str_from_c(user)};
    const int64_t ts_ms = INT64_C(1700000000000) + number;
    struct store_item item = {.event = {.source = STR("calls"),
                                        .event = STR("Called"),
                                        .ts_ms = ts_ms,
                                        .received_at_ms = ts_ms,
                                        .client_ts_ms = STORE_NO_TIME,
                                        .sent_at_ms = STORE_NO_TIME,
                                        .text = {text, LONG_BYTES},
                                        .identifiers = &id,
                                        .identifier_count = 1}};
    must(store_submit(store, &item, 1, &fail), &fail);
    assert_int_equal(item.verdict, STORE_STORED);
    base_free(text);
}

/* Two segments of such texts, on a disk from which the power went since. */
static struct disk_sim *disk_of_long_texts(struct world *world)
{
    struct fail fail;
    struct base_random_seeded seeded;
    struct disk_sim *sim = disk_sim_new(80);
    world_init(world, 80, 0);
    struct store *store = world_open(world, sim);
    base_random_seed(&seeded, 80);
    for (uint32_t number = 0; number < LONG_TEXTS; number++) {
        submit_long_text(store, &seeded, number);
        if ((number + 1) % (LONG_TEXTS / 2) == 0) {
            must(store_seal(store, &fail), &fail);
        }
    }
    store_close(store);
    return sim;
}

static bool merge_long_texts_with_fault(struct world *world, struct disk_sim *sim, uint64_t at,
                                        bool any_call)
{
    struct fail fail;
    struct disk_sim *after = disk_sim_cut(sim, 1);
    struct store *store = world_open(world, after);
    struct base_hash128 expected = world_digest(store);
    disk_sim_fail(after, &(struct disk_sim_fault){.at = at, .any_call = any_call});
    bool ok = store_merge(store, true, &fail);
    bool happened = disk_sim_fault_happened(after);
    world_tried.faults += happened;
    assert_true(ok || (happened && fail.code == FAIL_IO));
    disk_sim_fail(after, NULL);
    assert_true(world_digests_equal(world_digest(store), expected));
    must(store_merge(store, true, &fail), &fail); /* and no restart is needed */
    assert_true(world_digests_equal(world_digest(store), expected));
    store_close(store);
    store = world_open(world, after);
    assert_true(world_digests_equal(world_digest(store), expected));
    store_close(store);
    world_verify(after);
    disk_sim_free(after);
    return happened;
}

static void a_merge_of_long_texts_may_fail_at_any_call(void **state)
{
    (void)state;
    world_only_in_first_piece();
    struct world world;
    struct disk_sim *sim = disk_of_long_texts(&world);
    for (int any_call = 0; any_call < 2; any_call++) {
        uint64_t at = 1;
        while (merge_long_texts_with_fault(&world, sim, at, any_call == 1)) {
            at++;
        }
        assert_true(at > 10);
    }
    disk_sim_free(sim);
    world_done(&world);
}

/* What was written of a frame is cut off, and that must last before the journal is closed. */
/* So many keys are more than a writer holds back: its filter is made of what is read out of the file. */
#define MANY_KEYS 120000U

static bool write_keys_with_fault(uint64_t at)
{
    struct fail fail;
    struct store_dedup_writing writing;
    struct store_run_info info;
    struct store_run *run;
    struct disk_sim *sim = disk_sim_new(81);
    struct disk *disk = disk_sim_disk(sim);
    must(disk_make_dir(disk, store_run_folder(STORE_RUN_DEDUP), &fail), &fail);
    disk_sim_fail(sim, &(struct disk_sim_fault){.at = at, .any_call = true});
    bool ok = store_dedup_write_begin(disk, 9, MANY_KEYS, 5, 1005, false, &writing, &fail);
    if (ok) {
        for (uint32_t i = 0; i < MANY_KEYS; i++) {
            const struct store_dedup_key key = {((uint64_t)i << 40) + i, (uint16_t)i};
            store_dedup_write_put(&writing, key, 5 + i % 1000);
        }
        ok = store_dedup_write_finish(&writing, &info, &fail);
    }
    bool happened = disk_sim_fault_happened(sim);
    world_tried.faults += happened;
    assert_true(ok != happened);
    disk_sim_fail(sim, NULL);
    if (ok) { /* whole */
        must(store_run_open(disk, STORE_RUN_DEDUP, &info, &run, &fail), &fail);
        store_run_unref(run);
    } else {
        assert_int_equal(fail.code, FAIL_IO);
    }
    disk_sim_free(sim);
    return happened;
}

static void keys_that_are_read_back_may_fail_at_any_call(void **state)
{
    (void)state;
    world_only_in_first_piece();
    uint64_t at = 1;
    while (write_keys_with_fault(at)) {
        at++;
    }
    assert_true(at > 10);
}

static void a_frame_that_was_cut_off_must_be_gone_for_good_before_a_seal(void **state)
{
    (void)state;
    world_only_in_first_piece();
    struct play play;
    struct fail fail;
    play_begin(&play, 78);
    submit_some(&play, 3);
    while (play.world.steps[play.done].kind != WORLD_SUBMIT) {
        play.done++;
    }
    disk_sim_fail(play.sim, &(struct disk_sim_fault){.at = 1, .kind = DISK_SIM_ENOSPC});
    assert_false(world_do(&play.world, play.store, &play.world.steps[play.done], &fail));
    assert_int_equal(fail.code, FAIL_LIMIT);
    disk_sim_fail(play.sim, &(struct disk_sim_fault){.at = 1, .kind = DISK_SIM_EIO});
    assert_false(store_seal(play.store, &fail));
    assert_true(disk_sim_fault_happened(play.sim));
    world_tried.faults += 2;
    disk_sim_fail(play.sim, NULL);
    assert_true(as_plain(&play));
    restart_and_end(&play);
}

static void count_problem(void *context, const char *path, const char *what)
{
    (void)path;
    (void)what;
    ++*(size_t *)context;
}

static void looking_at_an_open_store_says_what_cannot_be_read(void **state)
{
    (void)state;
    world_only_in_first_piece();
    struct play play;
    struct fail fail;
    uint64_t files;
    unsigned silent =
        0; /* after all was looked at, old journals are looked for, to be removed: that may wait */
    bool happened = true;
    play_begin(&play, 79);
    submit_some(&play, 3);
    must(store_seal(play.store, &fail), &fail);
    submit_some(&play, 1);
    for (uint64_t at = 1; happened; at++) {
        size_t problems = 0;
        disk_sim_fail(play.sim, &(struct disk_sim_fault){.at = at, .any_call = true});
        bool ok = store_look(play.store, count_problem, &problems, &files, &fail);
        happened = disk_sim_fault_happened(play.sim);
        world_tried.faults += happened;
        bool said = !ok || problems > 0;
        assert_true(happened || !said);
        silent += happened && !said;
        assert_true(happened || at > 10);
    }
    assert_true(silent <= 1);
    disk_sim_fail(play.sim, NULL);
    restart_and_end(&play);
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
    if (failed && fail.code != FAIL_NO_MEMORY) {
        fail_msg("said to be something else: %s", fail.message);
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
        assert_true(at >
                    50); /* the script does need memory; the shortest one met so far 73 times */
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_change_may_fail_once),
        cmocka_unit_test(every_change_may_fail_for_good),
        cmocka_unit_test(every_call_may_fail_reading_too),
        cmocka_unit_test(opening_after_a_cut_may_fail_at_any_call),
        cmocka_unit_test(opening_after_a_cut_of_the_first_opening_may_fail_at_any_call),
        cmocka_unit_test(a_merge_may_fail_at_any_call),
        cmocka_unit_test(a_merge_of_long_texts_may_fail_at_any_call),
        cmocka_unit_test(keys_that_are_read_back_may_fail_at_any_call),
        cmocka_unit_test(a_frame_that_was_cut_off_must_be_gone_for_good_before_a_seal),
        cmocka_unit_test(looking_at_an_open_store_says_what_cannot_be_read),
        cmocka_unit_test(the_first_opening_may_fail_at_any_call_and_the_next_one_is_clean),
        cmocka_unit_test(every_allocation_that_follows_from_data_may_fail),
    };
    return world_run(tests);
}
