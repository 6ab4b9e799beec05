/* A large import and faults at every kind of moment. What was sealed of it is there, a whole beginning, and nothing else;
   what it leaves is in all things as if its events had come one batch after the other through the journal; and brought
   once more, each record is stored once. */
#include "store_submit.h"
#include "store_world.h"

#include <string.h>

#define STEPS 16U
#define ROUNDS                                                                                     \
    2U /* the same events are imported so many times: as they have ids, the second finds the first's */

struct run {
    struct world world;
    struct disk_sim *sim;
    struct store *store;
    struct disk_sim *
        plain_sim; /* of a store that is told the same through the journal, as far as it is durable */
    struct store *plain;
    uint64_t imports; /* begun */
    size_t sealed;    /* steps of the import under way that are durable */
    size_t sealing;   /* steps that are in the seal that was tried last */
    bool ended;
};

static void must(bool ok, const struct fail *fail)
{
    if (!ok) {
        fail_msg("%s", fail->message);
    }
}

/* ---- what is imported --------------------------------------------------------------------------------- */

/* The step's items, as those of an import: each has an id, the sender's or its own. */
static struct store_item *items_of(struct run *run, size_t step, uint64_t import)
{
    struct fail fail;
    const struct world_step *from = &run->world.steps[step];
    struct store_item *items = arena_alloc(run->world.arena, from->count * sizeof *items, &fail);
    must(items != NULL, &fail);
    memcpy(items, from->items, from->count * sizeof *items);
    for (size_t i = 0; i < from->count; i++) {
        items[i].import = import;
        items[i].from_import = true;
        items[i].mends = 0;
        if (items[i].event.message_id.len == 0) {
            items[i].record_id =
                str_format(run->world.arena, "row-%u-%u", (unsigned)step, (unsigned)i);
        }
    }
    return items;
}

/* ---- importing ------------------------------------------------------------------------------------------ */

static void run_begin(struct run *run, uint64_t seed)
{
    *run = (struct run){0};
    world_init(&run->world, seed, STEPS);
    run->sim = disk_sim_new(seed);
    run->store = world_open(&run->world, run->sim);
    run->plain_sim = disk_sim_new(seed);
    run->plain = world_open(&run->world, run->plain_sim);
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

/* Tells the plain store what has become durable. */
static void catch_up(struct run *run, size_t until)
{
    struct fail fail;
    for (; run->sealed < until; run->sealed++) {
        const struct world_step *step = &run->world.steps[run->sealed];
        if (step->kind == WORLD_SUBMIT) {
            struct store_item *items = items_of(run, run->sealed, run->imports);
            must(store_submit(run->plain, items, step->count, &fail), &fail);
        }
    }
}

static bool begin_import(struct run *run, struct fail *fail)
{
    uint64_t number;
    struct fail plainly;
    if (!store_import_begin(run->store, STR("file"), STR("a"), &number, fail)) {
        return false;
    }
    must(store_import_begin(run->plain, STR("file"), STR("a"), &number, &plainly), &plainly);
    run->imports++;
    assert_int_equal(number, run->imports);
    run->sealed = 0;
    run->sealing = 0;
    run->ended = false;
    return true;
}

/* One import of all steps, beginning to end. False where the disk failed; what was durable then is settled later. */
static bool import_all(struct run *run, struct fail *fail)
{
    if (!begin_import(run, fail)) {
        return false;
    }
    for (size_t i = 0; i < run->world.step_count; i++) {
        const struct world_step *step = &run->world.steps[i];
        if (step->kind == WORLD_SUBMIT) {
            struct store_item *items = items_of(run, i, run->imports);
            must(store_bulk_may(items, step->count), fail);
            if (!submit_bulk(run->store, items, step->count, fail)) {
                return false;
            }
        }
        run->sealing = i + 1;
        if (step->kind == WORLD_SEAL || step->kind == WORLD_MERGE) {
            if (!store_seal(run->store, fail)) {
                return false;
            }
            catch_up(run, i + 1);
            world_same(&run->world, run->store, run->plain);
        }
    }
    if (!store_import_end(run->store, run->imports, false, fail)) {
        return false;
    }
    struct fail plainly;
    catch_up(run, run->world.step_count);
    must(store_import_end(run->plain, run->imports, false, &plainly), &plainly);
    run->ended = true;
    world_same(&run->world, run->store, run->plain);
    return true;
}

static uint64_t received(struct store *store)
{
    struct arena *arena = arena_new(NULL);
    struct store_ledger ledger;
    struct fail fail;
    must(store_ledger_read(store, arena, &ledger, &fail), &fail);
    arena_free(arena);
    return ledger.total.received;
}

static uint64_t listed(struct store *store)
{
    struct arena *arena = arena_new(NULL);
    struct store_import *list;
    size_t count;
    struct fail fail;
    must(store_import_list(store, arena, &list, &count, &fail), &fail);
    arena_free(arena);
    return count;
}

/* After the store was opened again: the seal that was under way happened as a whole, or not at all. */
static void settle(struct run *run)
{
    struct fail fail;
    uint64_t number;
    if (listed(run->store) >
        run->imports) { /* its beginning was durable, but the store could not say so */
        must(store_import_begin(run->plain, STR("file"), STR("a"), &number, &fail), &fail);
        run->imports++;
        run->sealed = 0;
        run->sealing = 0;
        run->ended = false;
    }
    if (!run->ended && received(run->store) != received(run->plain)) {
        catch_up(run, run->sealing);
    }
    /* Nobody goes on with it. */
    if (!run->ended && run->imports > 0) {
        must(store_import_end(run->plain, run->imports, true, &fail), &fail);
    }
    run->ended = true;
    world_same(&run->world, run->store, run->plain);
}

static void cut_and_open(struct run *run, uint64_t seed)
{
    struct disk_sim *after = disk_sim_cut(run->sim, seed);
    world_tried.cuts++;
    store_close(run->store);
    disk_sim_free(run->sim);
    run->sim = after;
    run->store = world_open(&run->world, run->sim);
}

static uint64_t stored_rows(struct store *store)
{
    struct store_status status;
    store_status_read(store, &status);
    return status.events;
}

static struct store_import newest(struct run *run)
{
    struct store_import *list;
    size_t count;
    struct fail fail;
    must(store_import_list(run->store, run->world.arena, &list, &count, &fail), &fail);
    assert_true(count > 0);
    return list[0];
}

/* Brought once more, whole: a further time all that was stored is a duplicate. Only what was quarantined may be good by
   then, as customers that a record names may have been joined by a later one. */
static void bring_all_and_again(struct run *run)
{
    struct fail fail;
    must(import_all(run, &fail), &fail);
    uint64_t rows = stored_rows(run->store);
    struct store_import once = newest(run);
    must(import_all(run, &fail), &fail);
    struct store_import again = newest(run);
    assert_true(again.stored <= once.quarantined);
    assert_true(again.duplicate >= once.stored + once.duplicate);
    assert_int_equal(stored_rows(run->store), rows + again.stored);
}

/* ---- the tests ------------------------------------------------------------------------------------------ */

static void a_large_import_leaves_what_a_journal_would_have_left(void **state)
{
    (void)state;
    const struct world_seeds seeds = world_seeds(40);
    for (uint64_t seed = seeds.first; seed <= seeds.last; seed++) {
        struct run run;
        run_begin(&run, seed + 300);
        bring_all_and_again(&run);
        run_end(&run);
    }
}

static void a_power_cut_leaves_a_whole_beginning_of_it(void **state)
{
    (void)state;
    const struct world_seeds seeds = world_seeds(60);
    for (uint64_t seed = seeds.first; seed <= seeds.last; seed++) {
        struct run run;
        struct fail fail;
        struct base_random_seeded random;
        base_random_seed(&random, seed * 7919);
        run_begin(&run, seed);
        for (int cuts = 0; cuts < 3; cuts++) {
            struct disk_sim_fault fault = {.at = 1 + base_random_below(&random.random, 200),
                                           .kind = DISK_SIM_OFF};
            disk_sim_fail(run.sim, &fault);
            while (import_all(&run, &fail) && run.imports % ROUNDS != 0) {
            }
            cut_and_open(&run, seed * 31 + (uint64_t)cuts);
            settle(&run);
        }
        disk_sim_fail(run.sim, NULL);
        bring_all_and_again(&run);
        run_end(&run);
    }
}

/* Plays an import with one fault at call `at`; false when it ended before. */
static bool play_with_fault(uint64_t seed, uint64_t at, enum disk_sim_fault_kind kind)
{
    struct run run;
    struct fail fail;
    run_begin(&run, seed);
    struct disk_sim_fault fault = {.at = at, .kind = kind};
    disk_sim_fail(run.sim, &fault);
    bool failed = !import_all(&run, &fail);
    bool happened = disk_sim_fault_happened(run.sim);
    world_tried.faults += happened;
    assert_true(happened || !failed);
    disk_sim_fail(run.sim, NULL);
    store_close(run.store);
    run.store = world_open(&run.world, run.sim);
    settle(&run);
    must(import_all(&run, &fail), &fail);
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
            assert_true(at > 40); /* it does touch the disk */
        }
    }
}

/* Taken back, the store is as before it; a cut in the middle leaves one or the other. */
static void taking_one_back_is_whole_or_not_at_all(void **state)
{
    (void)state;
    const struct world_seeds seeds = world_seeds(60);
    for (uint64_t seed = seeds.first; seed <= seeds.last; seed++) {
        struct run run;
        struct fail fail;
        struct base_random_seeded random;
        struct store_import_gone gone;
        base_random_seed(&random, seed * 104729);
        run_begin(&run, seed + 7000);
        must(import_all(&run, &fail), &fail);
        struct disk_sim_fault fault = {.at = 1 + base_random_below(&random.random, 60),
                                       .kind = DISK_SIM_OFF};
        disk_sim_fail(run.sim, &fault);
        (void)!store_import_undo(run.store, 1, &gone, &fail);
        cut_and_open(&run, seed);
        disk_sim_fail(run.sim, NULL);
        assert_true(stored_rows(run.store) == 0 ||
                    stored_rows(run.store) == stored_rows(run.plain));
        if (stored_rows(run.store) > 0) {
            world_same(&run.world, run.store, run.plain);
            must(store_import_undo(run.store, 1, &gone, &fail), &fail);
        }
        must(store_import_undo(run.plain, 1, &gone, &fail), &fail);
        world_same(&run.world, run.store, run.plain);
        must(import_all(&run, &fail), &fail); /* the same file can be brought again */
        run_end(&run);
    }
}

/* Takes an import back with a fault at call `at`; false where that makes fewer calls. */
static bool undo_with_fault(uint64_t at, const struct disk_sim_fault *how)
{
    struct run run;
    struct fail fail;
    struct store_import_gone gone;
    struct disk_sim_fault fault = *how;
    run_begin(&run, 7000);
    must(import_all(&run, &fail), &fail);
    fault.at = at;
    disk_sim_fail(run.sim, &fault);
    bool ok = store_import_undo(run.store, 1, &gone, &fail);
    bool happened = disk_sim_fault_happened(run.sim);
    world_tried.faults += happened;
    assert_true(ok || happened);
    disk_sim_fail(run.sim, NULL);
    store_close(run.store);
    run.store = world_open(&run.world, run.sim);
    if (stored_rows(run.store) > 0) { /* not at all */
        assert_false(ok);
        world_same(&run.world, run.store, run.plain);
        must(store_import_undo(run.store, 1, &gone, &fail), &fail);
    }
    must(store_import_undo(run.plain, 1, &gone, &fail), &fail);
    world_same(&run.world, run.store, run.plain);
    run_end(&run);
    return happened;
}

static void taking_one_back_may_fail_at_any_call(void **state)
{
    (void)state;
    world_only_in_first_piece();
    static const struct disk_sim_fault ways[] = {
        {.kind = DISK_SIM_EIO},
        {.kind = DISK_SIM_ENOSPC},
        {.kind = DISK_SIM_EIO, .for_good = true},
        {.kind = DISK_SIM_ENOSPC, .for_good = true},
        {.kind = DISK_SIM_EIO, .any_call = true},
    };
    for (size_t i = 0; i < ARRAY_LEN(ways); i++) {
        uint64_t at = 1;
        while (undo_with_fault(at, &ways[i])) {
            at++;
        }
        assert_true(at > 10);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_large_import_leaves_what_a_journal_would_have_left),
        cmocka_unit_test(a_power_cut_leaves_a_whole_beginning_of_it),
        cmocka_unit_test(any_call_may_fail_once),
        cmocka_unit_test(taking_one_back_is_whole_or_not_at_all),
        cmocka_unit_test(taking_one_back_may_fail_at_any_call),
    };
    return world_run(tests);
}
