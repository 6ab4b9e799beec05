/* store_world.h — a random workload for a store, and the comparison of two stores that saw the same.
 *
 * What: a script of steps follows from a seed: batches with every kind of verdict, identities that meet, joins and
 *   splits by hand, seals, merges, restarts. A store that went through power cuts is compared with one that
 *   was only ever told what was acknowledged, and never sealed anything.
 * Owner: the arena.   Threads: the test's.   Failure: fails the test.
 * Limits/cost: some milliseconds a script.   Units: *_ms UTC.
 * Example: see test_store_cut.c.   Not here: faults (disk_sim.h).
 */
#pragma once

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>

#include <cmocka.h>

#include "base_hash.h"
#include "base_random.h"
#include "disk_sim.h"
#include "store.h"
#include "store_scan.h"

enum world_step_kind {
    WORLD_SUBMIT,
    WORLD_JOIN,
    WORLD_SPLIT,
    WORLD_SEAL,
    WORLD_MERGE,
    WORLD_REOPEN,
};
#define WORLD_POOL 12U /* so many names there are of each kind */
struct world_step {
    enum world_step_kind kind;
    const struct store_item *items;
    size_t count;
    struct str from, into;
};
struct world {
    struct arena *arena;
    struct base_clock_test clock;
    struct base_random_seeded random;
    struct world_step *steps;
    size_t step_count;
};

void world_init(struct world *world, uint64_t seed, size_t steps);
void world_done(struct world *world);
struct store *world_open(struct world *world, struct disk_sim *sim); /* or fails the test */
bool world_try_open(struct world *world, struct disk_sim *sim, struct store **out,
                    struct fail *fail);
/* Does a step; false where the store refused it because of its disk, and then *fail says why. What it refuses for
   other reasons (nobody to join) counts as done. Reopening is for the caller. */
bool world_do(struct world *world, struct store *store, const struct world_step *step,
              struct fail *fail);
/* Fails the test where the two differ in anything that a question could show. */
void world_same(struct world *world, struct store *a, struct store *b);
/* All that world_same compares and more, of one store; for many comparisons with the same. Fails the test where the
   ledger does not add up. */
struct base_hash128 world_digest(struct store *store);
bool world_try_digest(struct store *store, struct base_hash128 *out,
                      struct fail *fail); /* what cannot be read fails */
bool world_digests_equal(struct base_hash128 a, struct base_hash128 b);
/* The seeds of a random test. FIRSTHAND_CRASH_RUNS makes them so many times as many; FIRSTHAND_CRASH_FROM passes over
   so many times those of an ordinary run, so that a long run can be made in pieces. */
struct world_seeds {
    uint64_t first, last;
};
struct world_seeds world_seeds(uint64_t ordinary);
/* For a test without seeds: it is played in the first piece of a long run only, so that nothing is counted twice. */
void world_only_in_first_piece(void);
/* What was tried in this process; ./check crash adds them up. */
struct world_tried {
    unsigned long long cuts;     /* of power: states of a disk that were opened after one */
    unsigned long long faults;   /* calls of the disk that were made to fail */
    unsigned long long memory;   /* allocations that were made to fail */
    unsigned long long states;   /* different ones that a cut may leave, recovered and compared */
    unsigned long long erasures; /* of a person, whose bytes were looked for afterwards */
    unsigned long long flips;    /* bits that turned at rest, and pages that became zeros */
    unsigned long long
        interrupts; /* a call of the system, in a script, that was interrupted or did less than it was asked */
};
extern struct world_tried world_tried;
/* Runs the tests; then says what was tried: "crash: 450 cuts, 380 faults, 0 memory faults, 0 states, 0 erasures, 0 flips, 0 interrupts". For main. */
#define world_run(tests) world_say_tried(cmocka_run_group_tests(tests, NULL, NULL))
int world_say_tried(int failed);
/* Fails the test where a closed store is not sound. */
void world_verify(struct disk_sim *sim);
