/* Backups of a store that goes on meanwhile, and of targets whose power is cut, that fail, and that rot. What was
   restored is in all things as the store was at the moment of the backup, or nothing claims to be a backup. */
#include "store_world.h"

#include <stdio.h>

#include "backup.h"

#define STEPS 24U

struct run {
    struct world world;
    struct disk_sim *sim;
    struct store *store;
    size_t done; /* steps */
    struct disk_sim *target;
    struct arena *arena;
};

static void run_begin(struct run *run, uint64_t seed)
{
    world_init(&run->world, seed, STEPS);
    run->sim = disk_sim_new(seed);
    run->store = world_open(&run->world, run->sim);
    run->done = 0;
    run->target = disk_sim_new(seed + 1);
    run->arena = arena_new(NULL);
}

static void run_end(struct run *run)
{
    store_close(run->store);
    disk_sim_free(run->sim);
    disk_sim_free(run->target);
    arena_free(run->arena);
    world_done(&run->world);
}

/* Plays the next steps; a hold must outlive no reopening, so these wait where `held`. */
static void play(struct run *run, size_t steps, bool held)
{
    for (size_t i = 0; i < steps && run->done < run->world.step_count; i++) {
        const struct world_step *step = &run->world.steps[run->done];
        struct fail fail;
        if (step->kind != WORLD_REOPEN) {
            if (!world_do(&run->world, run->store, step, &fail)) {
                fail_msg("%s", fail.message);
            }
        } else if (!held) {
            store_close(run->store);
            run->store = world_open(&run->world, run->sim);
        } else {
            return;
        }
        run->done++;
    }
}

static void seal(struct run *run)
{
    struct fail fail;
    if (!store_seal(run->store, &fail)) {
        fail_msg("%s", fail.message);
    }
}

/* A store that was told the first `steps` steps, and never sealed anything. */
static struct store *plain_until(struct run *run, size_t steps, struct disk_sim **out_sim)
{
    struct fail fail;
    *out_sim = disk_sim_new(7);
    struct store *plain = world_open(&run->world, *out_sim);
    for (size_t i = 0; i < steps; i++) {
        const struct world_step *step = &run->world.steps[i];
        if ((step->kind == WORLD_SUBMIT || step->kind == WORLD_JOIN || step->kind == WORLD_SPLIT) &&
            !world_do(&run->world, plain, step, &fail)) {
            fail_msg("%s", fail.message);
        }
    }
    return plain;
}

static struct store_hold *hold(struct run *run)
{
    struct store_hold *held = NULL;
    struct fail fail;
    if (!store_hold_take(run->store, &held, &fail)) {
        fail_msg("%s", fail.message);
    }
    return held;
}

static bool make(struct run *run, struct disk *target, const struct store_hold *held, uint64_t keep,
                 struct backup_generation *out, struct fail *fail)
{
    struct backup_source source = {
        .hold = held, .disk = disk_sim_disk(run->sim), .moment_ms = 1000, .version = STR("test")};
    return backup_make(target, &source, &(struct backup_options){.keep = keep}, run->arena, out,
                       fail);
}

/* Makes one while nothing else happens. */
static struct backup_generation make_now(struct run *run, uint64_t keep)
{
    struct backup_generation made = {0};
    struct fail fail;
    struct store_hold *held = hold(run);
    if (!make(run, disk_sim_disk(run->target), held, keep, &made, &fail)) {
        fail_msg("%s", fail.message);
    }
    store_hold_free(held);
    return made;
}

static void say(void *context, const char *path, const char *what)
{
    (void)context;
    print_error("%s: %s\n", path, what);
}

static void count_only(void *context, const char *path, const char *what)
{
    (void)context;
    (void)path;
    (void)what;
}

static void sound_target(struct disk_sim *target)
{
    struct backup_verify_result result;
    struct fail fail;
    if (!backup_verify(disk_sim_disk(target), 0, NULL, say, NULL, &result, &fail)) {
        fail_msg("%s", fail.message);
    }
    assert_int_equal(result.problems, 0);
}

static struct backup_generation find(struct run *run, uint64_t number)
{
    struct backup_generation generation = {0};
    struct fail fail;
    if (!backup_find(disk_sim_disk(run->target), number, run->arena, &generation, &fail)) {
        fail_msg("%s", fail.message);
    }
    return generation;
}

/* The generation, restored, is as the store was after `steps` steps. */
static void restored_is(struct run *run, uint64_t number, size_t steps)
{
    struct backup_generation generation = find(run, number);
    struct disk_sim *into = disk_sim_new(99);
    struct disk_sim *plain_sim;
    struct fail fail;
    if (!backup_restore(disk_sim_disk(run->target), &generation, disk_sim_disk(into), NULL,
                        &fail)) {
        fail_msg("%s", fail.message);
    }
    world_verify(into);
    struct disk_sim *after = disk_sim_cut(into, steps); /* it was durable when it was said so */
    struct store *restored = world_open(&run->world, after);
    struct store *plain = plain_until(run, steps, &plain_sim);
    struct store_snapshot *snapshot = store_snapshot_take(restored);
    assert_int_equal(store_snapshot_events(snapshot), generation.events);
    assert_int_equal(store_snapshot_customers(snapshot), generation.customers);
    store_snapshot_unref(snapshot);
    world_same(&run->world, restored, plain);
    store_close(restored);
    store_close(plain);
    disk_sim_free(into);
    disk_sim_free(after);
    disk_sim_free(plain_sim);
}

static size_t objects(struct run *run)
{
    struct str *names;
    size_t count = 0;
    struct fail fail;
    if (!disk_list(disk_sim_disk(run->target), "objects", run->arena, &names, &count, &fail)) {
        fail_msg("%s", fail.message);
    }
    return count;
}

/* ---- without faults --------------------------------------------------------------------------------------- */

static void what_is_restored_is_the_moment_of_the_backup_while_the_store_went_on(void **state)
{
    (void)state;
    const struct world_seeds seeds = world_seeds(60);
    for (uint64_t seed = seeds.first; seed <= seeds.last; seed++) {
        struct run run;
        struct fail fail;
        struct base_random_seeded random;
        size_t moments[4];
        base_random_seed(&random, seed);
        run_begin(&run, seed + 300);
        for (size_t i = 0; i < ARRAY_LEN(moments); i++) {
            struct backup_generation made;
            play(&run, 1 + base_random_below(&random.random, 6), false);
            moments[i] = run.done;
            struct store_hold *held = hold(&run);
            play(&run, base_random_below(&random.random, 6), true);
            seal(&run); /* journals that are held lose their names */
            if (!store_merge(run.store, true, &fail) ||
                !make(&run, disk_sim_disk(run.target), held, 0, &made, &fail)) {
                fail_msg("%s", fail.message);
            }
            store_hold_free(held);
            assert_int_equal(made.number, i + 1);
        }
        for (size_t i = 0; i < ARRAY_LEN(moments); i++) {
            restored_is(&run, i + 1, moments[i]);
        }
        sound_target(run.target);
        run_end(&run);
    }
}

static void a_second_backup_copies_only_what_is_new(void **state)
{
    (void)state;
    struct run run;
    run_begin(&run, 4);
    play(&run, 10, false);
    seal(&run);
    struct backup_generation first = make_now(&run, 0);
    struct backup_generation second = make_now(&run, 0);
    assert_int_equal(first.copied, first.bytes);
    assert_int_equal(second.copied, 0);
    play(&run, 4, false);
    struct backup_generation third = make_now(&run, 0);
    assert_true(third.copied > 0 && third.copied < third.bytes);
    run_end(&run);
}

static void old_generations_go_with_what_only_they_named(void **state)
{
    (void)state;
    struct run run;
    run_begin(&run, 5);
    size_t last = 0;
    for (size_t i = 0; i < 5; i++) {
        play(&run, 3, false);
        seal(&run);
        last = run.done;
        (void)make_now(&run, 2);
    }
    struct backup_generation *all;
    size_t count;
    struct fail fail;
    assert_true(backup_list(disk_sim_disk(run.target), run.arena, &all, &count, &fail));
    assert_int_equal(count, 2);
    assert_int_equal(all[0].number, 4);
    sound_target(run.target);
    restored_is(&run, 5, last);
    (void)make_now(&run, 1);
    assert_int_equal(objects(&run), find(&run, 0).count);
    run_end(&run);
}

static void a_target_takes_one_directory(void **state)
{
    (void)state;
    struct run run, other;
    struct fail fail = {0};
    struct backup_generation made;
    run_begin(&run, 6);
    run_begin(&other, 7);
    (void)make_now(&run, 0);
    struct store_hold *held = hold(&other);
    assert_false(make(&other, disk_sim_disk(run.target), held, 0, &made, &fail));
    assert_int_equal(fail.code, FAIL_CONFLICT);
    store_hold_free(held);
    run_end(&run);
    run_end(&other);
}

static size_t journals(struct run *run)
{
    struct str *names;
    size_t count = 0;
    struct fail fail;
    if (!disk_list(disk_sim_disk(run->sim), "journal", run->arena, &names, &count, &fail)) {
        fail_msg("%s", fail.message);
    }
    return count;
}

static void journals_stay_while_they_are_held_and_go_with_the_last_hold(void **state)
{
    (void)state;
    struct run run;
    run_begin(&run, 40);
    play(&run, 6, true);
    struct store_hold *first = hold(&run);
    play(&run, 3, true);
    seal(&run);
    struct store_hold *second = hold(&run);
    play(&run, 3, true);
    seal(&run);
    assert_int_equal(journals(&run), 3);
    store_hold_free(first);
    assert_int_equal(journals(&run), 2);
    store_hold_free(second);
    assert_int_equal(journals(&run), 1);
    run_end(&run);
}

/* ---- the target's power, and its calls ----------------------------------------------------------------------- */

/* A backup with a fault at call `at`, and then another without; false where there was no such call. */
static bool backup_with_fault(uint64_t seed, uint64_t at, enum disk_sim_fault_kind kind, bool any)
{
    struct run run;
    struct fail fail;
    struct backup_generation made;
    run_begin(&run, seed);
    play(&run, 6, false);
    seal(&run);
    size_t first = run.done;
    (void)make_now(&run, 0);
    play(&run, 6, false);
    size_t second = run.done;
    struct store_hold *held = hold(&run);
    disk_sim_fail(run.target, &(struct disk_sim_fault){.at = at, .kind = kind, .any_call = any});
    bool ok = make(&run, disk_sim_disk(run.target), held, 0, &made, &fail);
    bool happened = disk_sim_fault_happened(run.target);
    world_tried.faults += happened && kind != DISK_SIM_OFF;
    world_tried.cuts += happened && kind == DISK_SIM_OFF;
    assert_true(ok || happened);
    disk_sim_fail(run.target, NULL);
    if (kind == DISK_SIM_OFF) {
        struct disk_sim *after = disk_sim_cut(run.target, seed * 31 + at);
        disk_sim_free(run.target);
        run.target = after;
    }
    sound_target(run.target);
    restored_is(&run, 1, first);
    uint64_t newest = find(&run, 0).number;
    assert_true(newest == 2 || (newest == 1 && !ok));
    if (newest == 2) {
        restored_is(&run, 2, second);
    }
    if (!make(&run, disk_sim_disk(run.target), held, 1, &made, &fail)) {
        fail_msg("after the fault: %s", fail.message);
    }
    sound_target(run.target);
    restored_is(&run, 0, second);
    assert_int_equal(objects(&run), made.count); /* nothing of what was cut is left */
    store_hold_free(held);
    run_end(&run);
    return happened;
}

static void a_backup_that_is_cut_is_none_and_the_next_one_is_whole(void **state)
{
    (void)state;
    const struct world_seeds seeds = world_seeds(3);
    for (uint64_t seed = seeds.first; seed <= seeds.last; seed++) {
        uint64_t at = 1;
        while (backup_with_fault(seed, at, DISK_SIM_OFF, false)) {
            at++;
        }
        assert_true(at > 10);
    }
}

static void any_call_of_the_target_may_fail(void **state)
{
    (void)state;
    world_only_in_first_piece();
    static const enum disk_sim_fault_kind kinds[] = {DISK_SIM_EIO, DISK_SIM_ENOSPC};
    for (size_t k = 0; k < ARRAY_LEN(kinds); k++) {
        uint64_t at = 1;
        while (backup_with_fault(11, at, kinds[k], true)) {
            at++;
        }
        assert_true(at > 20);
    }
}

static void any_call_of_the_directory_may_fail_while_it_is_copied(void **state)
{
    (void)state;
    world_only_in_first_piece();
    struct run run;
    struct fail fail;
    struct backup_generation made;
    run_begin(&run, 40);
    play(&run, 6, true);
    seal(&run);
    play(&run, 3, true);
    size_t done = run.done;
    bool happened = true;
    /* A seal that finds no room leaves a journal beside the one that is written. */
    disk_sim_fail(run.sim,
                  &(struct disk_sim_fault){.at = 6, .kind = DISK_SIM_ENOSPC, .for_good = true});
    assert_false(store_seal(run.store, &fail));
    disk_sim_fail(run.sim, NULL);
    assert_true(journals(&run) > 1);
    assert_true(
        disk_write_whole(disk_sim_disk(run.sim), "other", STR("no file of the store"), &fail));
    const struct backup_file other = {
        .path = "other", .disk = disk_sim_disk(run.sim), .at = "other"};
    for (uint64_t at = 1; happened; at++) {
        struct store_hold *held = NULL;
        struct backup_source source = {.disk = disk_sim_disk(run.sim),
                                       .files = &other,
                                       .file_count = 1,
                                       .version = STR("test")};
        disk_sim_fail(run.sim,
                      &(struct disk_sim_fault){.at = at, .kind = DISK_SIM_EIO, .any_call = true});
        bool ok = store_hold_take(run.store, &held, &fail);
        source.hold = held;
        ok = ok && backup_make(disk_sim_disk(run.target), &source, &(struct backup_options){0},
                               run.arena, &made, &fail);
        happened = disk_sim_fault_happened(run.sim);
        world_tried.faults += happened;
        disk_sim_fail(run.sim, NULL);
        assert_true(ok || happened);
        assert_true(ok || fail.code == FAIL_IO);
        store_hold_free(held);
    }
    restored_is(&run, 0, done);
    run_end(&run);
}

static bool keep_one_with_fault(uint64_t at)
{
    struct run run;
    struct fail fail;
    struct backup_generation made;
    run_begin(&run, 13);
    play(&run, 6, true);
    (void)make_now(&run, 0);
    play(&run, 4, true);
    seal(&run);
    size_t done = run.done;
    struct store_hold *held = hold(&run);
    disk_sim_fail(run.target,
                  &(struct disk_sim_fault){.at = at, .kind = DISK_SIM_EIO, .any_call = true});
    bool ok = make(&run, disk_sim_disk(run.target), held, 1, &made, &fail);
    bool happened = disk_sim_fault_happened(run.target);
    world_tried.faults += happened;
    assert_true(ok || happened);
    disk_sim_fail(run.target, NULL);
    sound_target(run.target);
    if (!make(&run, disk_sim_disk(run.target), held, 1, &made, &fail)) {
        fail_msg("after the fault: %s", fail.message);
    }
    sound_target(run.target);
    restored_is(&run, 0, done);
    assert_int_equal(objects(&run), made.count);
    store_hold_free(held);
    run_end(&run);
    return happened;
}

static void an_old_generation_may_fail_to_go_at_any_call(void **state)
{
    (void)state;
    world_only_in_first_piece();
    uint64_t at = 1;
    while (keep_one_with_fault(at)) {
        at++;
    }
    assert_true(at > 20);
}

/* ---- restoring ------------------------------------------------------------------------------------------------- */

static bool is_marked(struct disk_sim *sim)
{
    struct disk_file *file = NULL;
    struct fail fail;
    bool there = disk_open(disk_sim_disk(sim), BACKUP_RESTORING_PATH, DISK_READ, &file, &fail);
    disk_close(file);
    return there;
}

static bool has_manifest(struct disk_sim *sim)
{
    struct disk_file *file = NULL;
    struct fail fail;
    bool there = disk_open(disk_sim_disk(sim), "MANIFEST", DISK_READ, &file, &fail);
    disk_close(file);
    return there;
}

static void same_as_plain(struct run *run, struct disk_sim *sim, size_t steps)
{
    struct disk_sim *plain_sim;
    struct store *restored = world_open(&run->world, sim);
    struct store *plain = plain_until(run, steps, &plain_sim);
    world_same(&run->world, restored, plain);
    store_close(restored);
    store_close(plain);
    world_verify(sim);
    disk_sim_free(plain_sim);
}

static bool restore_with_fault(struct run *run, size_t first, size_t second, uint64_t at,
                               enum disk_sim_fault_kind kind, bool any)
{
    struct fail fail;
    struct backup_generation older = find(run, 1), newer = find(run, 2);
    struct disk *target = disk_sim_disk(run->target);
    struct disk_sim *into = disk_sim_new(at);
    disk_sim_fail(into, &(struct disk_sim_fault){.at = at, .kind = kind, .any_call = any});
    bool ok = backup_restore(target, &older, disk_sim_disk(into), NULL, &fail);
    bool happened = disk_sim_fault_happened(into);
    world_tried.faults += happened && kind != DISK_SIM_OFF;
    world_tried.cuts += happened && kind == DISK_SIM_OFF;
    assert_true(ok || happened);
    disk_sim_fail(into, NULL);
    struct disk_sim *after = kind == DISK_SIM_OFF ? disk_sim_cut(into, at * 17) : into;
    /* Marked, or nothing there yet, or whole. */
    assert_true(!ok || !is_marked(after));
    if (!is_marked(after) && has_manifest(after)) {
        same_as_plain(run, after, first);
    }
    /* Another generation over what is there. */
    if (!backup_restore(target, &newer, disk_sim_disk(after), NULL, &fail)) {
        fail_msg("%s", fail.message);
    }
    same_as_plain(run, after, second);
    if (after != into) {
        disk_sim_free(after);
    }
    disk_sim_free(into);
    return happened;
}

static void a_restore_that_is_cut_is_marked_and_can_be_done_again(void **state)
{
    (void)state;
    world_only_in_first_piece();
    static const struct {
        enum disk_sim_fault_kind kind;
        bool any;
    } faults[] = {{DISK_SIM_OFF, false}, {DISK_SIM_EIO, true}, {DISK_SIM_ENOSPC, true}};
    struct run run;
    run_begin(&run, 21);
    play(&run, 8, false);
    seal(&run);
    play(&run, 3, false);
    size_t first = run.done;
    (void)make_now(&run, 0);
    play(&run, 5, false);
    seal(&run);
    size_t second = run.done;
    (void)make_now(&run, 0);
    for (size_t i = 0; i < ARRAY_LEN(faults); i++) {
        uint64_t at = 1;
        while (restore_with_fault(&run, first, second, at, faults[i].kind, faults[i].any)) {
            at++;
        }
        assert_true(at > 10);
    }
    run_end(&run);
}

/* Everything that reads a backup, with a fault at the call; false where there was no such call. */
static bool read_with_fault(struct run *run, uint64_t at, int how)
{
    struct fail fail;
    struct disk *target = disk_sim_disk(run->target);
    struct backup_generation generation = find(run, 0);
    struct backup_verify_result result = {0};
    struct disk_sim *into = disk_sim_new(at);
    struct str bytes;
    bool there;
    disk_sim_fail(run->target,
                  &(struct disk_sim_fault){.at = at, .kind = DISK_SIM_EIO, .any_call = true});
    bool ok = how == 0   ? backup_restore(target, &generation, disk_sim_disk(into), NULL, &fail)
              : how == 1 ? backup_verify(target, 0, NULL, count_only, NULL, &result, &fail)
                         : backup_read(target, &generation, generation.entries[0].path.data,
                                       1U << 20, run->arena, &bytes, &there, &fail);
    bool happened = disk_sim_fault_happened(run->target);
    world_tried.faults += happened;
    disk_sim_fail(run->target, NULL);
    assert_int_equal(happened, !ok || result.problems > 0); /* it is said */
    disk_sim_free(into);
    return happened;
}

static void reading_a_backup_says_what_cannot_be_read(void **state)
{
    (void)state;
    world_only_in_first_piece();
    struct run run;
    run_begin(&run, 22);
    play(&run, 8, false);
    seal(&run);
    (void)make_now(&run, 0);
    for (int how = 0; how < 3; how++) {
        uint64_t at = 1;
        while (read_with_fault(&run, at, how)) {
            at++;
        }
        assert_true(at > 2);
    }
    run_end(&run);
}

static struct base_hash128 digest_until(struct run *run, size_t steps)
{
    struct disk_sim *sim;
    struct store *plain = plain_until(run, steps, &sim);
    struct base_hash128 digest = world_digest(plain);
    store_close(plain);
    disk_sim_free(sim);
    return digest;
}

static void one_of_two(struct run *run, struct disk_sim *sim, size_t first, size_t second)
{
    struct store *store = world_open(&run->world, sim);
    struct base_hash128 digest = world_digest(store);
    store_close(store);
    assert_true(world_digests_equal(digest, digest_until(run, first)) ||
                world_digests_equal(digest, digest_until(run, second)));
}

/* The second restore is over what the first one left. */
static bool restore_over_with_fault(struct run *run, size_t first, size_t second, uint64_t at)
{
    struct fail fail;
    struct backup_generation older = find(run, 1), newer = find(run, 2);
    struct disk *target = disk_sim_disk(run->target);
    struct disk_sim *into = disk_sim_new(at);
    assert_true(backup_restore(target, &older, disk_sim_disk(into), NULL, &fail));
    disk_sim_fail(into, &(struct disk_sim_fault){.at = at, .any_call = true});
    bool ok = backup_restore(target, &newer, disk_sim_disk(into), NULL, &fail);
    bool happened = disk_sim_fault_happened(into);
    world_tried.faults += happened;
    disk_sim_fail(into, NULL);
    assert_true(ok || happened);
    if (!ok && has_manifest(into) && !is_marked(into)) {
        one_of_two(run, into, first, second); /* nothing was touched yet, or all is there */
    }
    assert_true(backup_restore(target, &newer, disk_sim_disk(into), NULL, &fail));
    same_as_plain(run, into, second);
    disk_sim_free(into);
    return happened;
}

static void a_restore_over_another_may_fail_at_any_call(void **state)
{
    (void)state;
    world_only_in_first_piece();
    struct run run;
    run_begin(&run, 23);
    play(&run, 8, false);
    seal(&run);
    size_t first = run.done;
    (void)make_now(&run, 0);
    play(&run, 8, false);
    seal(&run);
    (void)make_now(&run, 0);
    uint64_t at = 1;
    while (restore_over_with_fault(&run, first, run.done, at)) {
        at++;
    }
    assert_true(at > 20);
    run_end(&run);
}

/* ---- rot -------------------------------------------------------------------------------------------------------- */

static void flip(struct disk_sim *sim, const char *path, uint64_t seed)
{
    struct disk_file *file = NULL;
    struct fail fail;
    uint64_t size;
    size_t got;
    uint8_t byte;
    assert_true(disk_open(disk_sim_disk(sim), path, DISK_WRITE, &file, &fail));
    assert_true(disk_size(file, &size, &fail));
    uint64_t at = seed * 2654435761U % size;
    world_tried.flips++;
    assert_true(disk_read_at(file, at, &byte, 1, &got, &fail));
    byte = (uint8_t)(byte ^ 1U << (seed % 8));
    assert_true(disk_write_at(file, at, &byte, 1, &fail));
    disk_close(file);
}

struct named {
    const char *path;
    size_t times;
};

static void note_named(void *context, const char *path, const char *what)
{
    struct named *named = context;
    (void)what;
    named->times += strcmp(path, named->path) == 0;
}

static void flipped_bit_is_named(struct run *run, const char *path, uint64_t seed)
{
    struct named named = {path, 0};
    struct backup_verify_result result;
    struct fail fail = {0};
    struct arena *arena = arena_new(NULL);
    struct backup_generation generation;
    flip(run->target, path, seed);
    if (!backup_verify(disk_sim_disk(run->target), 0, NULL, note_named, &named, &result, &fail)) {
        fail_msg("%s", fail.message);
    }
    assert_int_equal(result.problems, 1);
    assert_int_equal(named.times, 1);
    struct disk_sim *into = disk_sim_new(1);
    bool restored =
        backup_find(disk_sim_disk(run->target), 0, arena, &generation, &fail) &&
        backup_restore(disk_sim_disk(run->target), &generation, disk_sim_disk(into), NULL, &fail);
    assert_false(restored);
    assert_int_equal(fail.code, FAIL_CORRUPT);
    assert_non_null(strstr(fail.message, path));
    disk_sim_free(into);
    flip(run->target, path, seed); /* as it was */
    arena_free(arena);
}

static void a_flipped_bit_is_found_and_named(void **state)
{
    (void)state;
    struct run run;
    run_begin(&run, 31);
    play(&run, 10, false);
    seal(&run);
    play(&run, 3, false);
    struct backup_generation made = make_now(&run, 0);
    const struct world_seeds seeds = world_seeds(40);
    for (uint64_t seed = seeds.first; seed <= seeds.last; seed++) {
        for (size_t i = 0; i < made.count; i++) {
            char path[200];
            snprintf(path, sizeof path, "objects/%.*s", STR_ARG(made.entries[i].object));
            flipped_bit_is_named(&run, path, seed + i);
        }
        flipped_bit_is_named(&run, "generations/0000000001.json", seed);
    }
    sound_target(run.target);
    run_end(&run);
}

static void a_damaged_object_is_copied_again_by_a_backup_that_reads_back(void **state)
{
    (void)state;
    struct run run;
    struct fail fail;
    struct backup_verify_result result;
    run_begin(&run, 32);
    play(&run, 10, false);
    seal(&run);
    struct backup_generation made = make_now(&run, 0);
    for (size_t i = 0; i < made.count; i++) {
        char path[200];
        snprintf(path, sizeof path, "objects/%.*s", STR_ARG(made.entries[i].object));
        flip(run.target, path, i);
    }
    assert_true(
        backup_verify(disk_sim_disk(run.target), 0, NULL, count_only, NULL, &result, &fail));
    assert_int_equal(result.problems, made.count);
    struct store_hold *held = hold(&run);
    struct backup_source source = {
        .hold = held, .disk = disk_sim_disk(run.sim), .version = STR("test")};
    assert_true(backup_make(disk_sim_disk(run.target), &source,
                            &(struct backup_options){.read_back = true}, run.arena, &made, &fail));
    store_hold_free(held);
    sound_target(run.target); /* both generations: they name the same objects */
    restored_is(&run, 1, run.done);
    run_end(&run);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_restored_is_the_moment_of_the_backup_while_the_store_went_on),
        cmocka_unit_test(a_second_backup_copies_only_what_is_new),
        cmocka_unit_test(old_generations_go_with_what_only_they_named),
        cmocka_unit_test(a_target_takes_one_directory),
        cmocka_unit_test(journals_stay_while_they_are_held_and_go_with_the_last_hold),
        cmocka_unit_test(a_backup_that_is_cut_is_none_and_the_next_one_is_whole),
        cmocka_unit_test(any_call_of_the_target_may_fail),
        cmocka_unit_test(any_call_of_the_directory_may_fail_while_it_is_copied),
        cmocka_unit_test(an_old_generation_may_fail_to_go_at_any_call),
        cmocka_unit_test(reading_a_backup_says_what_cannot_be_read),
        cmocka_unit_test(a_restore_that_is_cut_is_marked_and_can_be_done_again),
        cmocka_unit_test(a_restore_over_another_may_fail_at_any_call),
        cmocka_unit_test(a_flipped_bit_is_found_and_named),
        cmocka_unit_test(a_damaged_object_is_copied_again_by_a_backup_that_reads_back),
    };
    return world_run(tests);
}
