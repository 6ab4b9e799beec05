/* Calls of the system are interrupted, and read and write less than they were asked, once or again and again, while a
   directory is opened, written, sealed, merged, erased from, backed up and restored on a real disk: nobody notices. */
#include "interrupts.h"
#include "store_play.h"

#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "backup.h"
#include "base_buf.h"
#include "scratch.h"
#include "state_db.h"
#include "state_settings.h"

#define ONCE_PLACES 24U /* of each script, and of each kind, in an ordinary run */
#define SETTING_BYTES 20000U

/* What there is in the end. */
struct outcome {
    struct base_hash128 played, merged, erased, restored;
    uint64_t state; /* of what it says */
    uint64_t gone, calls;
};

struct life {
    struct world world;
    char folder[SCRATCH_BYTES];
    struct arena *arena;
    struct disk *data;
    struct store *store;
};

static void must(bool ok, const struct fail *fail)
{
    if (!ok) {
        fail_msg("%s", fail->message);
    }
}

static char *path_of(struct life *life, const char *name)
{
    return str_copy_c(life->arena, str_format(life->arena, "%s/%s", life->folder, name));
}

static struct disk *disk_at(struct life *life, const char *name)
{
    struct fail fail;
    struct disk *disk = NULL;
    must(base_make_dirs(path_of(life, name), &fail), &fail);
    must(disk_real(path_of(life, name), &disk, &fail), &fail);
    return disk;
}

static struct store *store_at(struct life *life, struct disk *disk)
{
    struct store_options options = {
        .clock = &life->world.clock.clock, .no_keeper = true, .fresh_rows_max = 1024};
    struct store *store = NULL;
    struct fail fail;
    must(store_open(disk, &options, &store, &fail), &fail);
    return store;
}

static void play(struct life *life)
{
    struct fail fail;
    life->store = store_at(life, life->data);
    for (size_t i = 0; i < life->world.step_count; i++) {
        if (life->world.steps[i].kind == WORLD_REOPEN) {
            store_close(life->store);
            life->store = store_at(life, life->data);
        } else {
            must(world_do(&life->world, life->store, &life->world.steps[i], &fail), &fail);
        }
    }
}

static uint64_t erase_somebody(struct life *life)
{
    struct fail fail;
    struct store_gone gone = {0};
    struct store_snapshot *snapshot = store_snapshot_take(life->store);
    uint32_t customer = STORE_NO_CUSTOMER;
    for (unsigned i = 0; i < WORLD_POOL && customer == STORE_NO_CUSTOMER; i++) {
        store_customer_lookup(snapshot, str_format(life->arena, "user:u%u", i), &customer);
    }
    store_snapshot_unref(snapshot);
    assert_int_not_equal(customer, STORE_NO_CUSTOMER);
    must(store_erase(life->store,
                     &(struct store_erasure){.customers = &customer, .customer_count = 1}, &gone,
                     &fail),
         &fail);
    return gone.rows;
}

static void say(void *context, const char *path, const char *what)
{
    (void)context;
    print_error("%s: %s\n", path, what);
}

static struct base_hash128 back_up_and_restore(struct life *life)
{
    struct fail fail;
    struct disk *target = disk_at(life, "backups"), *into = disk_at(life, "restored");
    struct store_hold *held = NULL;
    struct backup_generation made;
    struct backup_verify_result verified;
    must(store_hold_take(life->store, &held, &fail), &fail);
    const struct backup_source source = {
        .hold = held, .disk = life->data, .moment_ms = 1000, .version = STR("test")};
    for (int again = 0; again < 2; again++) { /* the second reads what the first wrote */
        must(backup_make(target, &source, &(struct backup_options){.read_back = true}, life->arena,
                         &made, &fail),
             &fail);
    }
    store_hold_free(held);
    must(backup_verify(target, 0, NULL, say, NULL, &verified, &fail), &fail);
    assert_int_equal(verified.problems, 0);
    must(backup_restore(target, &made, into, NULL, &fail), &fail);
    struct store *restored = store_at(life, into);
    struct base_hash128 digest = world_digest(restored);
    store_close(restored);
    disk_free(into);
    disk_free(target);
    return digest;
}

static void no_problem(struct life *life)
{
    struct fail fail;
    struct store_verify_result result;
    must(store_verify(life->data, say, NULL, &result, &fail), &fail);
    assert_int_equal(result.problems, 0);
}

static void say_of_state(void *context, const char *what)
{
    (void)context;
    print_error("state.db: %s\n", what);
}

/* state.db, written in small and in large, emptied of its log, copied, opened again. */
static uint64_t keep_state(struct life *life)
{
    struct fail fail;
    struct state *state = NULL;
    struct state_verify_result verified;
    struct str said;
    bool emptied;
    char *large = base_alloc_zero(SETTING_BYTES);
    memset(large, 'x', SETTING_BYTES);
    must(state_open(path_of(life, "data"), NULL, &state, &fail), &fail);
    for (unsigned i = 0; i < 8; i++) {
        const char *name = str_format(life->arena, "setting.%u", i).data;
        large[i] = 'y';
        must(state_setting_put(state, name, str_of(large, SETTING_BYTES >> i), &fail), &fail);
    }
    base_free(large);
    must(state_scrub(state, &emptied, &fail), &fail);
    must(state_backup(state, path_of(life, "copy.db"), NULL, &fail), &fail);
    must(state_setting_put(state, "last", STR("word"), &fail), &fail);
    state_close(state);
    must(state_open(path_of(life, "data"), NULL, &state, &fail), &fail);
    struct base_buf all CLEANUP(base_buf_done) = {.limit = (size_t)1 << 20};
    for (unsigned i = 0; i < 8; i++) {
        const char *name = str_format(life->arena, "setting.%u", i).data;
        must(state_setting_get(state, name, STR("none"), life->arena, &said, &fail), &fail);
        base_buf_str(&all, said);
    }
    must(state_setting_get(state, "last", STR("none"), life->arena, &said, &fail), &fail);
    base_buf_str(&all, said);
    state_close(state);
    must(state_verify_file(path_of(life, "data"), say_of_state, NULL, &verified, &fail), &fail);
    assert_int_equal(verified.problems, 0);
    must(base_buf_ok(&all, &fail), &fail);
    return base_hash64(all.data, all.len, 0);
}

/* *out_happened: how many calls were not as usual. */
static struct outcome live(uint64_t seed, const struct interrupts *wanted, uint64_t *out_happened)
{
    struct life life = {.arena = arena_new(NULL)};
    struct outcome outcome;
    struct fail fail;
    world_init(&life.world, seed, PLAY_STEPS);
    assert_true(scratch_make(life.folder));
    interrupts_ask(wanted);
    life.data = disk_at(&life, "data");
    play(&life);
    outcome.played = world_digest(life.store);
    must(store_seal(life.store, &fail), &fail);
    must(store_merge(life.store, true, &fail), &fail);
    outcome.merged = world_digest(life.store);
    outcome.gone = erase_somebody(&life);
    outcome.erased = world_digest(life.store);
    outcome.restored = back_up_and_restore(&life);
    store_close(life.store);
    no_problem(&life);
    outcome.state = keep_state(&life);
    disk_free(life.data);
    *out_happened = interrupts_happened();
    outcome.calls = interrupts_calls();
    interrupts_ask(NULL);
    assert_true(scratch_remove(life.folder));
    arena_free(life.arena);
    world_done(&life.world);
    return outcome;
}

static void is_same(const struct outcome *is, const struct outcome *should)
{
    assert_true(world_digests_equal(is->played, should->played));
    assert_true(world_digests_equal(is->merged, should->merged));
    assert_true(world_digests_equal(is->erased, should->erased));
    assert_true(world_digests_equal(is->restored, should->restored));
    assert_int_equal(is->gone, should->gone);
    assert_int_equal(is->state, should->state);
}

static void calls_that_are_never_as_usual_change_nothing(void **state)
{
    (void)state;
    const struct world_seeds seeds = world_seeds(2);
    for (uint64_t seed = seeds.first; seed <= seeds.last; seed++) {
        uint64_t happened;
        struct outcome quiet = live(seed + 4000000, NULL, &happened);
        assert_int_equal(happened, 0);
        assert_true(quiet.gone > 0);
        for (enum interrupts_kind kind = INTERRUPTS_EINTR; kind <= INTERRUPTS_BOTH; kind++) {
            const struct interrupts always = {.kind = kind, .seed = seed};
            struct outcome outcome = live(seed + 4000000, &always, &happened);
            is_same(&outcome, &quiet);
            assert_true(happened > 100);
        }
    }
}

/* At random calls of the script, out of all that it makes. */
static void once_each(uint64_t seed, enum interrupts_kind kind)
{
    uint64_t happened;
    const struct interrupts never = {.kind = kind, .at = UINT64_MAX};
    struct outcome quiet = live(seed, &never, &happened);
    uint64_t calls = quiet.calls;
    assert_int_equal(happened, 0);
    assert_true(calls > 100);
    for (uint64_t i = 0; i < ONCE_PLACES; i++) {
        const struct interrupts once = {
            .kind = kind, .at = 1 + base_hash64(&i, sizeof i, seed) % calls, .seed = seed};
        struct outcome outcome = live(seed, &once, &happened);
        is_same(&outcome, &quiet);
        world_tried.interrupts += happened;
    }
}

static void a_call_that_is_once_not_as_usual_changes_nothing(void **state)
{
    (void)state;
    const struct world_seeds seeds = world_seeds(1);
    for (uint64_t seed = seeds.first; seed <= seeds.last; seed++) {
        once_each(seed + 4500000, INTERRUPTS_EINTR);
        once_each(seed + 4500000, INTERRUPTS_SHORT);
    }
}

int main(void)
{
    /* In memory where that is possible: SQLite's syncs would take most of the time, and prove nothing here. */
    if (access("/dev/shm", W_OK) == 0) {
        (void)setenv("TMPDIR", "/dev/shm", 0);
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(calls_that_are_never_as_usual_change_nothing),
        cmocka_unit_test(a_call_that_is_once_not_as_usual_changes_nothing),
    };
    return world_run(tests);
}
