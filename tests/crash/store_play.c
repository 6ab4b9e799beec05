#include "store_play.h"

void play_begin(struct play *play, uint64_t seed)
{
    world_init(&play->world, seed, PLAY_STEPS);
    play->sim = disk_sim_new(seed);
    play->store = world_open(&play->world, play->sim);
    play->plain_sim = disk_sim_new(seed);
    play->plain = world_open(&play->world, play->plain_sim);
    play->done = 0;
    play->aside = NULL;
}

void play_end(struct play *play)
{
    store_close(play->store);
    world_verify(play->sim);
    store_close(play->plain);
    disk_sim_free(play->sim);
    disk_sim_free(play->plain_sim);
    world_done(&play->world);
}

static bool changes_what_is_known(const struct world_step *step)
{
    return step->kind == WORLD_SUBMIT || step->kind == WORLD_JOIN || step->kind == WORLD_SPLIT;
}

static void tell_plain(struct play *play, const struct world_step *step)
{
    struct fail fail;
    if (!changes_what_is_known(step)) {
        return;
    }
    if (play->aside != NULL) {
        play->aside(true);
    }
    if (!world_do(&play->world, play->plain, step, &fail)) {
        fail_msg("without faults: %s", fail.message);
    }
    if (play->aside != NULL) {
        play->aside(false);
    }
}

/* Goes on until the end or until the store's disk fails; the step that failed is play->done then. */
bool play_on(struct play *play, struct fail *fail)
{
    for (; play->done < play->world.step_count; play->done++) {
        const struct world_step *step = &play->world.steps[play->done];
        if (step->kind == WORLD_REOPEN) {
            store_close(play->store);
            play->store = NULL;
            if (!world_try_open(&play->world, play->sim, &play->store, fail)) {
                play->store = NULL;
                return false;
            }
            continue;
        }
        if (!world_do(&play->world, play->store, step, fail)) {
            return false;
        }
        tell_plain(play, step);
    }
    return true;
}

/* After the store was opened again: did the step that failed happen all the same? */
void play_settle(struct play *play)
{
    const struct world_step *step = &play->world.steps[play->done];
    if (play->done < play->world.step_count && changes_what_is_known(step)) {
        bool happened = !world_digests_equal(world_digest(play->store), world_digest(play->plain));
        if (happened) {
            tell_plain(play, step);
        }
        play->done += happened;
    }
    world_same(&play->world, play->store, play->plain);
}

void play_cut(struct play *play, uint64_t seed)
{
    struct disk_sim *after = disk_sim_cut(play->sim, seed);
    world_tried.cuts++;
    store_close(play->store);
    disk_sim_free(play->sim);
    play->sim = after;
    play->store = world_open(&play->world, play->sim);
}

void play_digests(struct world *world, struct base_hash128 out[PLAY_STEPS + 1])
{
    struct disk_sim *sim = disk_sim_new(1);
    struct store *plain = world_open(world, sim);
    struct fail fail;
    assert_int_equal(world->step_count, PLAY_STEPS);
    out[0] = world_digest(plain);
    for (size_t i = 0; i < PLAY_STEPS; i++) {
        const struct world_step *step = &world->steps[i];
        out[i + 1] = out[i];
        if (changes_what_is_known(step)) {
            if (!world_do(world, plain, step, &fail)) {
                fail_msg("without faults: %s", fail.message);
            }
            out[i + 1] = world_digest(plain);
        }
    }
    store_close(plain);
    disk_sim_free(sim);
}
