/* Every state that a cut can leave, as far as they can be told apart: before each call that changes the disk the
   pending changes are dropped, torn and reordered in as many ways as are found, and each different disk is recovered and
   compared. A script is played once for all of its states: what was played is not played again for each. */
#include "store_play.h"

#include "base_mem.h"

#define MOMENT_STATES_MAX 40U /* before one call */
#define REPEATS_MAX 8U        /* so many known states in a row end a moment */
#define AGAIN_EVERY 16U       /* of so many states one is opened twice more, and read through */

/* States that were looked at: a table of hashes, none of them 0. */
struct seen {
    uint64_t *slots;
    size_t count, size; /* size: a power of two */
};

struct look {
    struct world *world;
    struct disk_sim *sim;
    struct base_hash128 *digests; /* [i]: of a store that knows the first i steps */
    size_t done;                  /* steps that were acknowledged */
    bool under_way;               /* one more may have happened */
    uint64_t seed, moments, states;
    struct seen seen;
};

/* False where it was there. */
static bool seen_add(struct seen *seen, uint64_t hash)
{
    if (2 * seen->count >= seen->size) {
        struct seen larger = {.size = seen->size == 0 ? 1024 : 2 * seen->size};
        larger.slots = base_alloc_zero(larger.size * sizeof *larger.slots);
        for (size_t i = 0; i < seen->size; i++) {
            if (seen->slots[i] != 0) {
                (void)seen_add(&larger, seen->slots[i]);
            }
        }
        base_free(seen->slots);
        *seen = larger;
    }
    hash |= 1;
    size_t at = (size_t)(hash >> 20) & (seen->size - 1);
    while (seen->slots[at] != 0 && seen->slots[at] != hash) {
        at = (at + 1) & (seen->size - 1);
    }
    bool added = seen->slots[at] == 0;
    seen->slots[at] = hash;
    seen->count += added;
    return added;
}

static bool is_right(const struct look *look, struct base_hash128 digest)
{
    return world_digests_equal(digest, look->digests[look->done]) ||
           (look->under_way && world_digests_equal(digest, look->digests[look->done + 1]));
}

static void recover(struct look *look, struct disk_sim *after)
{
    struct store *store = world_open(look->world, after);
    struct base_hash128 digest = world_digest(store);
    store_close(store);
    if (!is_right(look, digest)) {
        fail_msg("script %d: before change %d of the disk, in step %d, a cut leaves what never was",
                 (int)look->seed, (int)look->moments, (int)look->done);
    }
    if (look->states % AGAIN_EVERY == 0) { /* what recovery left is a store like any other */
        world_verify(after);
        store = world_open(look->world, after);
        assert_true(world_digests_equal(digest, world_digest(store)));
        store_close(store);
    }
}

static void look_at_states(void *context)
{
    struct look *look = context;
    unsigned repeats = 0;
    look->moments++;
    for (unsigned i = 0; i < MOMENT_STATES_MAX && repeats < REPEATS_MAX; i++) {
        struct disk_sim *after =
            disk_sim_cut(look->sim, (look->seed << 32) + look->moments * MOMENT_STATES_MAX + i);
        uint64_t position = look->done * 2 + look->under_way;
        if (seen_add(&look->seen,
                     base_hash64(&position, sizeof position, disk_sim_digest(after)))) {
            recover(look, after);
            look->states++;
            repeats = 0;
        } else {
            repeats++;
        }
        disk_sim_free(after);
    }
}

static void play(struct look *look)
{
    struct fail fail;
    struct store *store = NULL;
    disk_sim_watch(look->sim, look_at_states, look);
    store = world_open(look->world, look->sim);
    for (; look->done < look->world->step_count; look->done++) {
        const struct world_step *step = &look->world->steps[look->done];
        look->under_way = true;
        if (step->kind == WORLD_REOPEN) {
            store_close(store);
            store = world_open(look->world, look->sim);
        } else if (!world_do(look->world, store, step, &fail)) {
            fail_msg("%s", fail.message);
        }
        look->under_way = false;
    }
    store_close(store);
    look_at_states(look);
    disk_sim_watch(look->sim, NULL, NULL);
}

static void every_state_that_a_cut_can_leave_has_what_was_acknowledged_once(void **state)
{
    (void)state;
    const struct world_seeds seeds = world_seeds(10);
    for (uint64_t seed = seeds.first; seed <= seeds.last; seed++) {
        struct world world;
        world_init(&world, seed + 1000000, PLAY_STEPS);
        struct base_hash128 digests[PLAY_STEPS + 1];
        struct look look = {
            .world = &world, .sim = disk_sim_new(seed), .digests = digests, .seed = seed};
        play_digests(&world, digests);
        play(&look);
        assert_true(look.moments > 20 && look.states > 20);
        world_tried.states += look.states;
        base_free(look.seen.slots);
        disk_sim_free(look.sim);
        world_done(&world);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_state_that_a_cut_can_leave_has_what_was_acknowledged_once),
    };
    return world_run(tests);
}
