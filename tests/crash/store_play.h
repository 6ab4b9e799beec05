/* store_play.h — a script played by a store that suffers, beside one that does not.
 *
 * What: steps are done by a store on a disk with faults; what was acknowledged, or turns out to have happened, is told
 *   to a plain one, that is never sealed nor restarted. The two are compared.
 * Owner: play_begin/play_end.   Threads: the test's.   Failure: fails the test.
 * Limits/cost: some milliseconds a script.   Units: none.
 * Example: see test_store_cut.c.   Not here: the steps (store_world.h), the faults (disk_sim.h).
 */
#pragma once

#include "store_world.h"

#define PLAY_STEPS 24U

struct play {
    struct world world;
    struct disk_sim *sim;
    struct store *store;        /* NULL where opening it failed */
    struct disk_sim *plain_sim; /* of the store without faults */
    struct store *plain;
    size_t done;                /* steps whose outcome is settled */
    void (*aside)(bool begins); /* called around what the plain one does; may be NULL */
};

/* [i]: of a store that was told the first i steps of the script, and is neither sealed nor restarted. */
void play_digests(struct world *world, struct base_hash128 out[PLAY_STEPS + 1]);
void play_begin(struct play *play, uint64_t seed);
void play_end(struct play *play);
/* Goes on until the end or until the store's disk fails; the step that failed is play->done then. */
bool play_on(struct play *play, struct fail *fail);
/* After the store was opened again: did the step that failed happen all the same? Then compares. */
void play_settle(struct play *play);
/* The power goes, and comes again. */
void play_cut(struct play *play, uint64_t seed);
